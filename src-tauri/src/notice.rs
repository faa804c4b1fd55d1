//! Notices of incoming calls: what they say (a pure function), and the one thread that shows them. The engine
//! is never made to wait: orders go through a channel.
//!
//! A notice is replaced in place, withdrawn with its call, and not shown again once a person has closed it.

#[cfg(not(target_os = "linux"))]
#[path = "notice/other.rs"]
mod service;
#[cfg(target_os = "linux")]
#[path = "notice/xdg.rs"]
mod service;

use std::path::PathBuf;
use std::sync::mpsc as std_mpsc;
use std::time::Duration;

use deskring_engine::domain::{CallId, Notice, Plan, Record, Who};
use deskring_engine::{Caller, Creation, Level, Manner, Refusal};
use deskring_wording::Words;
use tokio::sync::mpsc;

use crate::phrases::{NUMBER, clean};

/// A notice is as wide as its title on some desktops.
const NAME: usize = 40;
/// Queue numbers are short; names of queues may not be.
const PATH: usize = 24;
/// Everything shown is taken away within this time at the end.
const END: Duration = Duration::from_millis(500);

/// What a notice says: plain text, to be escaped by whoever shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Text {
    pub(crate) title: String,
    /// The title once I have answered.
    pub(crate) talking: String,
    pub(crate) lines: Vec<String>,
    /// What a press on its button does, and what stands on it; `None` when there is nothing to do.
    pub(crate) button: Option<(Deed, String)>,
    /// What stands on the button that ends the call, while it rings and once I have answered.
    pub(crate) end: Option<EndWords>,
}

/// The words of the button that ends a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct EndWords {
    pub(crate) ringing: String,
    pub(crate) talking: String,
}

/// What a press does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Deed {
    /// Opens the contact.
    Open,
    /// Begins a form for a new contact.
    Create,
    /// Shows the window: to choose among several, or just to look.
    Show,
    /// Refuses a call that rings.
    Decline,
    /// Ends a call that I have answered.
    HangUp,
}

/// Somebody pressed a notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Press {
    pub(crate) call: CallId,
    pub(crate) deed: Deed,
}

/// The words of a notice, with only what the core knows by now, and of it what others may see.
pub(crate) fn text(notice: &Notice, plan: &Plan, manner: Manner, words: &Words) -> Text {
    let number = manner.caller.of_number(&clean(&plan.read(&notice.number).for_people(plan), NUMBER));
    let record = match &notice.who {
        Who::Known(record) => Some(record),
        Who::NotAsked | Who::Searching | Who::Several(_) | Who::Nobody | Who::Withheld | Who::Failed(_) => {
            None
        }
    };
    let record = record.filter(|_| manner.caller == Caller::Name);
    let name = record.map(name).unwrap_or_default();
    let caller = match (name.is_empty(), number.is_empty() || notice.who == Who::Withheld) {
        (false, _) => Some(name.as_str()),
        (true, false) => Some(number.as_str()),
        (true, true) => None,
    };
    let title = match caller {
        _ if manner.caller == Caller::Hidden => words.text("caller-hidden-inbound"),
        Some(caller) => words.with("notice-title", &[("caller", caller.into())]),
        None => words.text("notice-title-withheld"),
    };
    let caller = match caller {
        _ if manner.caller == Caller::Hidden => words.text("caller-hidden-inbound"),
        Some(caller) => caller.to_owned(),
        None => words.text("caller-withheld"),
    };
    let phase = words.text("phase-talking");
    let talking = words.with("tray-call", &[("phase", phase.into()), ("caller", caller.into())]);
    let company = record.and_then(|record| record.company.as_deref());
    let company = company.map(|company| clean(company, NAME)).filter(|company| *company != name);
    let first = [company.unwrap_or_default(), if name.is_empty() { String::new() } else { number }];
    let path = notice.path.as_deref().map(|path| clean(path, PATH)).filter(|path| !path.is_empty());
    let path = path.map(|path| words.with("call-path", &[("path", path.into())]));
    let second = [about(&notice.who, words).unwrap_or_default(), path.unwrap_or_default()];
    let lines = match manner.caller {
        Caller::Hidden => Vec::new(),
        Caller::Name | Caller::MaskedNumber => {
            [joined(&first), joined(&second)].into_iter().filter(|line| !line.is_empty()).collect()
        }
    };
    let button = match &notice.who {
        // Pressed while searching, it opens when the answer comes; after a failure it asks once more.
        Who::Searching | Who::Failed(_) => Some((Deed::Open, "notice-open")),
        Who::Known(record) => record.page.is_some().then_some((Deed::Open, "notice-open")),
        Who::Several(_) => Some((Deed::Show, "notice-choose")),
        Who::Nobody => (manner.creation == Creation::Offered).then_some((Deed::Create, "notice-create")),
        Who::NotAsked | Who::Withheld => None,
    };
    let end = (manner.refusal == Refusal::Offered)
        .then(|| EndWords { ringing: words.text("act-decline"), talking: words.text("act-hang-up") });
    Text { title, talking, lines, button: button.map(|(deed, label)| (deed, words.text(label))), end }
}

fn name(record: &Record) -> String {
    let name = clean(&record.name, NAME);
    if name.is_empty() { clean(record.company.as_deref().unwrap_or_default(), NAME) } else { name }
}

fn about(who: &Who, words: &Words) -> Option<String> {
    match who {
        Who::NotAsked | Who::Known(_) | Who::Withheld => None,
        Who::Searching => Some(words.text("who-searching")),
        Who::Several(records) => Some(words.with("who-several", &[("count", records.len().into())])),
        Who::Nobody => Some(words.text("who-nobody")),
        Who::Failed(cause) => {
            let cause = words.of_code("cause", cause, &[]);
            Some(words.with("who-failed", &[("cause", cause.into())]))
        }
    }
}

fn joined(parts: &[String]) -> String {
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

/// Puts our picture where services can read it: a Deskring that is not installed has none by name.
fn picture(file: PathBuf) -> Option<PathBuf> {
    let written = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = written.and_then(|()| std::fs::write(&file, include_bytes!("../../icons/app-64.png")));
    if let Err(error) = written {
        tracing::debug!(%error, "notices go without a picture");
        return None;
    }
    Some(file)
}

enum Order {
    Show { call: CallId, text: Text, level: Level },
    Withdraw { call: CallId },
    Calm { call: String },
    Say { title: String, body: String },
    End { done: std_mpsc::Sender<()> },
}

/// The thread that shows notices. Cheap to clone; the thread ends with the process.
#[derive(Clone)]
pub(crate) struct Notices(mpsc::UnboundedSender<Order>);

impl Notices {
    /// Starts the thread. Presses come out of the second. `icon` is where a picture for
    /// them is put.
    pub(crate) fn start(icon: PathBuf) -> std::io::Result<(Self, mpsc::UnboundedReceiver<Press>)> {
        let (sender, orders) = mpsc::unbounded_channel();
        let (presses, pressed) = mpsc::unbounded_channel();
        let run = move || service::run(orders, presses, picture(icon));
        std::thread::Builder::new().name("notices".into()).spawn(run)?;
        Ok((Self(sender), pressed))
    }

    /// Shows the notice of a call, or replaces it.
    pub(crate) fn show(&self, call: &CallId, text: Text, level: Level) {
        self.order(Order::Show { call: call.clone(), text, level });
    }

    /// Takes the notice of a call away.
    pub(crate) fn withdraw(&self, call: &CallId) {
        self.order(Order::Withdraw { call: call.clone() });
    }

    /// I have answered: the notice of a call need not stay in sight any more.
    pub(crate) fn calm(&self, call: &str) {
        self.order(Order::Calm { call: call.to_owned() });
    }

    /// Says something that is not about a call.
    pub(crate) fn say(&self, title: String, body: String) {
        self.order(Order::Say { title, body });
    }

    /// Takes away the notices of all calls. Waits for that, but not long.
    pub(crate) fn end(&self) {
        let (done, ended) = std_mpsc::channel();
        self.order(Order::End { done });
        if ended.recv_timeout(END).is_err() {
            tracing::debug!("the notification service does not answer; its notices stay");
        }
    }

    fn order(&self, order: Order) {
        if self.0.send(order).is_err() {
            tracing::debug!("the notification thread has ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use deskring_engine::domain::RecordKind;
    use deskring_wording::Language;

    use super::*;

    fn wang() -> Record {
        Record {
            kind: RecordKind::Contact,
            id: "1".into(),
            name: "Wang Fang".into(),
            company: Some("Acme".into()),
            page: Some("https://desk.zoho.com/x".into()),
            email: None,
            changed_ms: None,
        }
    }

    fn said(number: &str, who: Who, path: Option<&str>) -> Text {
        let notice =
            Notice { call: CallId::new("1.1"), number: number.into(), who, path: path.map(str::to_owned) };
        text(&notice, &Plan::default(), manner(Caller::Name), &Words::of(Language::English))
    }

    fn manner(caller: Caller) -> Manner {
        Manner { level: Level::Normal, caller, creation: Creation::Offered, refusal: Refusal::Offered }
    }

    #[test]
    fn a_known_caller_is_named_first() {
        let text = said("+8613800138000", Who::Known(wang()), Some("6400"));
        assert_eq!(text.title, "Wang Fang is calling");
        assert_eq!(text.talking, "Talking: Wang Fang");
        assert_eq!(text.lines.len(), 2, "{text:?}");
        assert!(text.lines[0].starts_with("Acme · +86"), "{text:?}");
        assert_eq!(text.lines[1], "via 6400");
        assert_eq!(text.button, Some((Deed::Open, "Open contact".into())));
    }

    #[test]
    fn before_the_answer_there_is_the_number() {
        let text = said("+8613800138000", Who::Searching, None);
        assert!(text.title.starts_with("+86") && text.title.ends_with("is calling"), "{text:?}");
        assert_eq!(text.lines, ["Looking up the contact…"]);
        assert!(text.button.is_some(), "it opens when the answer comes");
    }

    #[test]
    fn the_button_does_what_can_be_done() {
        let pressed = |who: Who| said("123", who, None).button.map(|(deed, _)| deed);
        assert_eq!(pressed(Who::Nobody), Some(Deed::Create));
        assert_eq!(pressed(Who::Several(vec![wang(), wang()])), Some(Deed::Show));
        let off = Manner { creation: Creation::Off, ..manner(Caller::Name) };
        let notice = Notice { call: CallId::new("1.1"), number: "1".into(), who: Who::Nobody, path: None };
        assert_eq!(text(&notice, &Plan::default(), off, &Words::of(Language::English)).button, None);
    }

    #[test]
    fn a_call_can_be_ended_where_the_phone_system_can_do_it() {
        let said = |refusal| {
            let notice =
                Notice { call: CallId::new("1.1"), number: "1".into(), who: Who::NotAsked, path: None };
            let manner = Manner { refusal, ..manner(Caller::Hidden) };
            text(&notice, &Plan::default(), manner, &Words::of(Language::English)).end
        };
        let words = EndWords { ringing: "Decline".into(), talking: "Hang up".into() };
        assert_eq!((said(Refusal::Offered), said(Refusal::Off)), (Some(words), None));
    }

    #[test]
    fn others_see_no_more_than_the_setting_permits() {
        let words = Words::of(Language::English);
        for who in [Who::Known(wang()), Who::Searching, Who::Several(vec![wang(), wang()])] {
            let notice = Notice {
                call: CallId::new("1.1"),
                number: "+8613800138042".into(),
                who,
                path: Some("6400".into()),
            };
            let masked = text(&notice, &Plan::default(), manner(Caller::MaskedNumber), &words);
            assert_eq!(masked.title, "•••42 is calling");
            let hidden = text(&notice, &Plan::default(), manner(Caller::Hidden), &words);
            assert_eq!((hidden.title.as_str(), hidden.lines.len()), ("Incoming call", 0));
            for shown in [masked, hidden].map(|text| format!("{text:?}")) {
                assert!(
                    !shown.contains("Wang") && !shown.contains("Acme") && !shown.contains("138"),
                    "{shown}"
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_opened_has_no_button() {
        for who in [Who::Withheld, Who::NotAsked] {
            assert_eq!(said("123", who.clone(), None).button, None, "{who:?}");
        }
        let refused = Record { page: None, ..wang() };
        assert_eq!(said("123", Who::Known(refused), None).button, None);
    }

    #[test]
    fn a_withheld_number_is_said_plainly() {
        assert_eq!(said("", Who::Withheld, None).title, "Incoming call, number withheld");
        assert_eq!(said("anonymous", Who::Withheld, None).title, "Incoming call, number withheld");
    }

    #[test]
    fn a_record_without_a_name_is_its_company_and_that_is_said_once() {
        let record = Record { name: " ".into(), ..wang() };
        let text = said("123", Who::Known(record), None);
        assert_eq!(text.title, "Acme is calling");
        assert!(!text.lines[0].contains("Acme"), "{text:?}");
    }

    #[test]
    fn long_and_hostile_names_stay_readable() {
        let record = Record { name: format!("{}\n\u{202e}<b>", "x".repeat(300)), ..wang() };
        let text = said("123", Who::Known(record), None);
        assert!(text.title.chars().count() <= NAME + " is calling".len(), "{text:?}");
        assert!(!text.title.contains(['\n', '\u{202e}']));
    }
}
