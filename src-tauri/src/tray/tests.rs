//! The tray of a view, compared as a value.

use deskring_engine::view::{
    CallView, ContextView, DialView, DraftView, LinkView, OutboxView, PauseView, PopupView, ProblemView,
    RecordView, TicketsView, TimingView, WhoView, WhyView, WrapUpView,
};
use deskring_wording::Language;

use super::*;

fn link(state: LinkState, cause: Option<&str>) -> LinkView {
    LinkView { cause: cause.map(str::to_owned), ..LinkView::plain(state, 0) }
}

fn idle() -> AppView {
    AppView {
        version: "0".into(),
        pbx: link(LinkState::Up, None),
        desk: link(LinkState::Up, None),
        extensions: vec!["1001".into()],
        popup: PopupView { mode: "automatic".into(), trigger: "ring".into(), pause: None },
        calls: Vec::new(),
        recent: Vec::new(),
        missed: 0,
        problems: Vec::new(),
        findings: Vec::new(),
        language: "system".into(),
        sign_in: None,
        invitation: None,
        caller_shown: "name".into(),
        drafts: Vec::new(),
        form: None,
        dispositions: Vec::new(),
        dial: None,
        shortcut: Default::default(),
        outbox: OutboxView::default(),
        history: 0,
        index: Default::default(),
        sync: Default::default(),
    }
}

fn call(id: &str, phase: &str, name: Option<&str>) -> CallView {
    let record = name.map(|name| RecordView {
        kind: "contact".into(),
        id: "9".into(),
        name: name.into(),
        company: None,
        page: Some("https://desk.zoho.com/9".into()),
        email: None,
        changed_ms: None,
    });
    CallView {
        call: id.into(),
        extension: "1001".into(),
        direction: Some("inbound".into()),
        number: "138".into(),
        number_text: "138".into(),
        phase: phase.into(),
        who: WhoView {
            state: if record.is_some() { "known" } else { "nobody" }.into(),
            records: record.into_iter().collect(),
            cause: None,
        },
        path: None,
        path_name: None,
        colleague: None,
        did: None,
        outcome: None,
        outcome_detail: None,
        failure: None,
        why: WhyView { code: "undecided".into(), count: None, extension: None, detail: None },
        button_off: name.is_none().then(|| "no_match".into()),
        began_ms: 0,
        answered_ms: None,
        over_ms: None,
        timing: TimingView::default(),
        closed: false,
        number_key: String::new(),
        chosen: None,
        did_name: None,
        can_create: false,
        context: None,
        wrap_up: None,
        ours: Vec::new(),
        spoke: Vec::new(),
        filled_in: false,
        details: None,
        acts: Vec::new(),
        muted: false,
    }
}

fn time(_: i64) -> String {
    "14:05".into()
}

fn lines(view: &AppView) -> Vec<String> {
    written(&menu(view, &Words::of(Language::English), &time), 0)
}

fn written(items: &[Item], depth: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for item in items {
        let indent = "  ".repeat(depth);
        match item {
            Item::Line => lines.push(format!("{indent}-")),
            Item::Do { text, act } => lines.push(format!("{indent}{text} -> {}", act.id())),
            Item::Off { text } => lines.push(format!("{indent}({text})")),
            Item::More { text, items } => {
                lines.push(format!("{indent}{text}:"));
                lines.extend(written(items, depth + 1));
            }
        }
    }
    lines
}

#[test]
fn at_rest_the_menu_says_that_all_is_well() {
    let expected = [
        "Deskring · extension 1001 -> show",
        "-",
        "(Open in Helpdesk (no call yet))",
        "(No recent calls)",
        "-",
        "Pause pop-ups:",
        "  15 minutes -> pause 15",
        "  1 hour -> pause 60",
        "  Until resumed -> pause",
        "-",
        "Dial… -> type",
        "Show window -> show",
        "Settings… -> settings",
        "Quit Deskring -> quit",
    ];
    assert_eq!(lines(&idle()), expected);
}

#[test]
fn the_last_numbers_are_called_again_each_once() {
    let mut view = idle();
    let past = |id: &str, name: Option<&str>, number: &str| CallView {
        number: number.into(),
        number_text: number.into(),
        ..call(id, "over", name)
    };
    view.recent =
        vec![past("9.1", Some("Ann"), "138"), past("8.1", None, ""), past("7.1", Some("Ann"), "138")];
    view.recent.extend((1..9).map(|n| past(&format!("6.{n}"), None, &format!("20{n}"))));
    let submenu = |view: &AppView| {
        let lines = lines(view);
        let at = lines.iter().position(|line| line == "Call again:");
        let after = at.map(|at| lines[at + 1..].iter().take_while(|line| line.starts_with("  ")).cloned());
        after.map(Iterator::collect::<Vec<_>>).unwrap_or_default()
    };
    let again = submenu(&view);
    assert_eq!(again.len(), 5);
    assert_eq!(again[0], "  Ann · 138 -> back 9.1 1001");
    assert!(again[1].ends_with("201 -> back 6.1 1001"), "{again:?}");
    let hidden = AppView { caller_shown: "hidden".into(), ..view };
    assert!(submenu(&hidden.as_others_see()).is_empty());
}

#[test]
fn a_call_can_be_held_and_hung_up_and_is_sent_on_in_the_window() {
    let mut view = idle();
    let mut talking = call("1.1", "talking", Some("Ann"));
    talking.acts = ["hang_up", "hold", "transfer", "mute"].map(str::to_owned).to_vec();
    talking.muted = true;
    view.calls = vec![talking];
    let lines = lines(&view);
    for line in [
        "Hang up -> do 1.1 1001 hang_up",
        "Hold -> do 1.1 1001 hold",
        "Transfer… -> show",
        "Unmute -> do 1.1 1001 mute",
    ] {
        assert!(lines.iter().any(|it| it == line), "{line} in {lines:#?}");
    }
    for act in ["type", "do 1.1 1001 hang_up", "dial 7", "dismiss 7"] {
        assert_eq!(Act::of_id(act).map(|act| act.id()).as_deref(), Some(act));
    }
}

#[test]
fn a_number_that_is_asked_about_can_be_answered_in_the_menu() {
    let mut view = idle();
    let number_text = "+1 212-555-0123".to_owned();
    let asking = DialView { id: 7, state: "asking".into(), number_text, ..DialView::default() };
    view.dial = Some(asking.clone());
    let asked = lines(&view).join("\n");
    for line in ["Call +1 212-555-0123?", "Call -> dial 7", "Do not call -> dismiss 7"] {
        assert!(asked.contains(line), "{line} in {asked}");
    }
    view.dial = Some(DialView { state: "failed".into(), reason: Some("no_number".into()), ..asking });
    assert!(lines(&view).join("\n").contains("Not called: there is no number to call"));
}

#[test]
fn entries_that_were_not_written_are_said_once_and_lead_to_the_window() {
    let of = |wedged| OutboxView { pending: 3, wedged, blocked: 1, ..OutboxView::default() };
    assert_eq!(lines(&AppView { outbox: of(0), ..idle() }), lines(&idle()));
    assert_eq!(icon(&AppView { outbox: of(0), ..idle() }), Icon::Idle);
    let view = AppView { outbox: of(1), ..idle() };
    assert_eq!(icon(&view), Icon::Attention);
    let entry = "1 entry was not written to Desk… -> show";
    let at = |lines: &[String]| lines.iter().position(|line| line == entry);
    let rest = lines(&view);
    assert_eq!((at(&rest), rest.len()), (Some(0), lines(&idle()).len()));
    // Something else comes first then.
    let view = AppView { calls: vec![call("7.1", "talking", Some("Lin"))], outbox: of(2), ..idle() };
    let lines = lines(&view);
    assert_eq!(icon(&view), Icon::Talking);
    assert_eq!(lines[0], "Talking: Lin · 138 -> show");
    assert!(lines.contains(&"2 entries were not written to Desk… -> show".to_owned()), "{lines:?}");
}

#[test]
fn a_call_comes_first_and_its_button_works() {
    let view = AppView { calls: vec![call("7.1", "ringing", Some("Wang Fang"))], ..idle() };
    let lines = lines(&view);
    assert_eq!(lines[0], "Ringing: Wang Fang · 138 -> show");
    assert_eq!(lines[2], "Open in Helpdesk -> open 7.1");
}

#[test]
fn a_button_that_can_do_nothing_says_why() {
    let view = AppView { calls: vec![call("7.1", "talking", None)], ..idle() };
    assert_eq!(lines(&view)[..3], ["Talking: 138 -> show", "-", "(Open in Helpdesk (no contact))"]);
}

#[test]
fn several_matches_are_listed_to_choose_from_and_the_window_has_the_rest() {
    let record = |id: usize| RecordView {
        kind: "contact".into(),
        id: id.to_string(),
        name: format!("Contact {id}"),
        company: (id == 1).then(|| "Harbor".into()),
        page: None,
        email: None,
        changed_ms: None,
    };
    let mut ringing = call("7.1", "ringing", None);
    ringing.who = WhoView { state: "several".into(), records: vec![record(1), record(2)], cause: None };
    let of_two = lines(&AppView { calls: vec![ringing.clone()], ..idle() });
    let expected = [
        "2 matches: who is it?:",
        "  Contact 1 · Harbor -> choose 7.1 contact 1",
        "  Contact 2 -> choose 7.1 contact 2",
    ];
    assert_eq!(of_two[2..5], expected);
    ringing.who.records = (1..=300).map(record).collect();
    let of_many = lines(&AppView { calls: vec![ringing], ..idle() });
    assert_eq!(of_many[11..13], ["  Contact 9 -> choose 7.1 contact 9", "  Show window -> show"]);
    let act = Act::Choose { call: "7.1".into(), kind: "contact".into(), id: "9".into() };
    assert_eq!(Act::of_id(&act.id()), Some(act));
}

#[test]
fn missed_calls_are_told_at_rest() {
    assert_eq!(lines(&AppView { missed: 2, ..idle() })[0], "2 missed calls -> show");
}

#[test]
fn of_two_calls_each_has_its_own_button() {
    let calls = vec![call("7.1", "held", Some("Wang Fang")), call("7.2", "ringing", None)];
    let expected = [
        "2 calls -> show",
        "-",
        "On hold: Wang Fang · 138 -> show",
        "Open in Helpdesk: Wang Fang -> open 7.1",
        "Ringing: 138 -> show",
        "(Open in Helpdesk: 138 (no contact))",
    ];
    assert_eq!(lines(&AppView { calls, ..idle() })[..6], expected);
}

#[test]
fn after_the_call_the_button_still_opens_it_and_ten_calls_are_listed() {
    let mut recent = vec![call("7.9", "over", Some("A & B"))];
    recent.extend((0..20).map(|index| call(&format!("6.{index}"), "over", None)));
    let lines = lines(&AppView { recent, ..idle() });
    assert_eq!(lines[2], "Open in Helpdesk: A & B -> open 7.9");
    let expected = [
        "  14:05  A & B · 138:",
        "    Open in Helpdesk -> open 7.9",
        "    Open last ticket -> ticket 7.9",
        "    Call back -> back 7.9 1001",
        "  14:05  138:",
        "    (Open in Helpdesk (no contact))",
        "    Call back -> back 6.0 1001",
    ];
    assert_eq!(lines[4..11], expected);
    assert_eq!(lines.iter().filter(|line| line.contains("14:05")).count(), 10);
}

#[test]
fn an_unknown_caller_can_be_made_a_contact_and_a_form_gone_on_with() {
    let unknown = CallView { can_create: true, ..call("7.1", "ringing", None) };
    let draft = DraftView {
        key: "form +86138".into(),
        call: "6.1".into(),
        extension: "1001".into(),
        kind: "contact".into(),
        number_text: "138".into(),
        name: "Li".into(),
        at_ms: 0,
    };
    let view = AppView { calls: vec![unknown], drafts: vec![draft], ..idle() };
    let lines = lines(&view);
    assert_eq!(lines[3], "Create contact… -> create 7.1 1001");
    assert_eq!(lines[4], "Continue the new contact: Li -> continue form +86138");
    for line in [3, 4] {
        let id = lines[line].split_once("-> ").unwrap().1;
        assert_eq!(Act::of_id(id).unwrap().id(), id);
    }
}

#[test]
fn open_tickets_and_a_note_after_the_call_are_in_the_menu() {
    let tickets = TicketsView { open: 2, more: false, newest: Some("Late\n<b>again</b>".into()) };
    let context = Some(ContextView { tickets: Some(tickets), ..ContextView::default() });
    let talking = CallView { context, ..call("7.1", "talking", Some("Wang Fang")) };
    let asked = Some(WrapUpView { asked: true, ..WrapUpView::default() });
    let over = CallView { wrap_up: asked, ..call("7.0", "over", Some("Li Na")) };
    let lines = lines(&AppView { calls: vec![talking], recent: vec![over], ..idle() });
    assert_eq!(lines[3], "2 open tickets: Late <b>again</b> -> ticket 7.1");
    assert_eq!(lines[4], "Note about the call with Li Na… -> show");
}

#[test]
fn others_see_no_more_of_a_caller_than_the_setting_permits() {
    let words = Words::of(Language::English);
    let calls = vec![CallView {
        number: "13800138042".into(),
        number_text: "138 0013 8042".into(),
        ..call("7.1", "ringing", Some("Wang Fang"))
    }];
    for (shown, expected) in [
        ("name", "Ringing: Wang Fang · 138 0013 8042"),
        ("masked_number", "Ringing: •••42"),
        ("hidden", "Ringing: Incoming call"),
    ] {
        let view = AppView { calls: calls.clone(), caller_shown: shown.into(), ..idle() };
        let face = face(&view, &words, &time);
        assert_eq!(face.tooltip, expected);
        let all = written(&face.items, 0).join("\n");
        assert_eq!(all.contains("Wang"), shown == "name", "{all}");
        assert!(all.contains("Open in Helpdesk -> open 7.1"), "{all}");
    }
}

#[test]
fn a_pause_can_be_ended_and_is_not_offered_where_nothing_pops_up() {
    let paused = |until_ms| {
        let popup = PopupView { pause: Some(PauseView { until_ms }), ..idle().popup };
        lines(&AppView { popup, ..idle() })[5].clone()
    };
    assert_eq!(paused(Some(1)), "Resume pop-ups (Pop-ups paused until 14:05) -> resume");
    assert_eq!(paused(None), "Resume pop-ups (Pop-ups are paused) -> resume");
    let manual = PopupView { mode: "manual".into(), ..idle().popup };
    assert_eq!(lines(&AppView { popup: manual, ..idle() })[5], "(Pop-ups are manual)");
}

#[test]
fn what_does_not_work_is_the_first_line() {
    let down = AppView { pbx: link(LinkState::Down, Some("refused")), ..idle() };
    assert_eq!(lines(&down)[0], "PBX: connection refused -> show");
    let with_call = AppView { calls: vec![call("7.1", "talking", None)], ..down };
    assert_eq!(lines(&with_call)[2], "Talking: 138 -> show", "the call is still to be seen");
    let signed_out = AppView { desk: link(LinkState::Stopped, Some("signed_out")), ..idle() };
    assert_eq!(lines(&signed_out)[0], "Zoho Desk: the sign-in has ended -> settings");
    let problem = ProblemView { key: "pbx.url".into(), code: "missing".into() };
    assert_eq!(
        lines(&AppView { problems: vec![problem], ..idle() })[0],
        "1 setting needs attention -> settings"
    );
}

#[test]
fn the_icon_says_it_by_its_shape() {
    let with = |phases: &[&str], pbx, desk| {
        let calls = phases.iter().map(|phase| call("7.1", phase, None)).collect();
        icon(&AppView { calls, pbx: link(pbx, None), desk: link(desk, None), ..idle() })
    };
    use LinkState::{Connecting, Disabled, Down, NotSetUp, Stopped, Up};
    assert_eq!(with(&[], Up, Up), Icon::Idle);
    assert_eq!(with(&[], Up, Connecting), Icon::Idle);
    assert_eq!(with(&[], Up, Disabled), Icon::Idle);
    assert_eq!(with(&["ringing"], Up, Up), Icon::Ringing);
    assert_eq!(with(&["talking", "ringing"], Up, Down), Icon::Ringing);
    assert_eq!(with(&["dialing"], Up, Up), Icon::Talking);
    assert_eq!(with(&["held"], Up, Stopped), Icon::Talking);
    assert_eq!(with(&[], Up, Stopped), Icon::Attention);
    assert_eq!(with(&[], Connecting, Up), Icon::Offline);
    assert_eq!(with(&["ringing"], Down, Up), Icon::Offline, "what is shown of a call may be old");
    assert_eq!(with(&[], NotSetUp, Up), Icon::Attention);
    assert_eq!(with(&[], Stopped, Up), Icon::Attention);
}

#[test]
fn every_act_survives_its_id() {
    for act in [
        Act::Show,
        Act::Open { call: "1700000000.12 x".into() },
        Act::Pause { minutes: Some(15) },
        Act::Pause { minutes: None },
        Act::Resume,
        Act::Quit,
    ] {
        assert_eq!(Act::of_id(&act.id()), Some(act));
    }
    assert_eq!(Act::of_id("nonsense"), None);
}
