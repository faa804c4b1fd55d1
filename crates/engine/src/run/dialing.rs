//! What the loop does so that a number gets called: one wish at a time, from the text somebody clicked or typed to the
//! call that the PBX makes of it. The core's `dial` decides what is dialed and whether to ask; here is the waiting for
//! the PBX, for the person, and for the call. Must not know where links come from.

use std::time::Duration;

use deskring_domain::{
    Consent, DialLink, Dialed, Doubt, Entry, Extension, FailedSide, FailureReason, Known, LinkFault, Origin,
    Other, Pass, Phase, Throttle,
};
use deskring_yeastar as pbx;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Back, Dirty, Engine};
use crate::admin::Fault;
use crate::assist::DialBy;
use crate::clock::wall_ms;
use crate::connect;
use crate::handle::Window;
use crate::manners::NativeMessaging;
use crate::view::{AppView, CallView, DialView, LinkState, failure_code};

/// A link may come while the PBX is still being connected to.
const WAIT_FOR_PBX: Duration = Duration::from_secs(30);
/// A call that the PBX took and never reported.
const WAIT_FOR_CALL: Duration = Duration::from_secs(60);
/// A window that has not come up by then is not waited for.
const WAIT_FOR_WINDOW: Duration = Duration::from_secs(30);

/// What somebody wants to be called, and the wishes before it.
#[derive(Default)]
pub(super) struct Dialing {
    throttle: Throttle,
    latest: u64,
    wish: Option<Wish>,
}

struct Wish {
    /// All but the state of it.
    about: DialView,
    state: State,
    /// Nothing where there is no number, or it could not even be read.
    order: Option<Order>,
    /// Waits no longer than this.
    until: Option<Instant>,
}

/// How far a wish has come.
#[derive(Clone, PartialEq, Eq)]
enum State {
    /// Just made.
    New,
    /// Somebody wants to type a number in the window.
    Typing,
    /// Somebody must say yes.
    Asking(Doubt),
    /// The PBX is not connected.
    Waiting,
    /// My phone rings first.
    Dialing,
    Failed(Fault),
}

impl State {
    fn code(&self) -> &'static str {
        match self {
            Self::New => "",
            Self::Typing => "typing",
            Self::Asking(_) => "asking",
            Self::Waiting => "waiting",
            Self::Dialing => "dialing",
            Self::Failed(_) => "failed",
        }
    }
}

#[derive(Clone)]
struct Order {
    link: DialLink,
    /// By what the number is compared.
    key: String,
    origin: Origin,
    /// Which of my extensions calls.
    extension: Extension,
}

impl Dialing {
    pub(super) fn view(&self) -> Option<DialView> {
        self.wish.as_ref().map(Wish::view)
    }

    /// The wish for this number, as far as it is the current one.
    fn view_of(&self, key: &str) -> Option<DialView> {
        let is_it = |wish: &&Wish| wish.order.as_ref().is_some_and(|order| order.key == key);
        self.wish.as_ref().filter(is_it).map(Wish::view)
    }

    /// Another wish, or none, in place of the current one. One that was given up before it was dialed is none any more:
    /// whoever wants it again makes a new one.
    fn replace(&mut self, wish: Option<Wish>) {
        let before = std::mem::replace(&mut self.wish, wish);
        if let Some(Wish {
            order: Some(order), state: State::New | State::Asking(_) | State::Waiting, ..
        }) = before
        {
            self.throttle.forget(&order.key);
        }
    }

    /// What somebody wants, and the other side of the call that is being made of it: while only my own phone rings, the
    /// PBX does not report who will be called.
    pub(super) fn write(&self, view: &mut AppView) {
        let Some(wish) = &self.wish else { return };
        let is_it =
            |call: &&mut CallView| Some(&call.call) == wish.about.call.as_ref() && call.direction.is_none();
        if let Some(call) = view.calls.iter_mut().find(is_it) {
            call.direction = Some("outbound".into());
            call.number_text.clone_from(&wish.about.number_text);
            if call.phase == "ringing" {
                call.phase = "dialing".into();
            }
            // My own phone rings: refusing it is giving up the call.
            call.acts.iter_mut().filter(|act| *act == "decline").for_each(|act| *act = "hang_up".into());
        }
        view.dial = Some(wish.view());
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.wish.as_ref()?.until
    }
}

impl Wish {
    fn view(&self) -> DialView {
        let (reason, detail) = match &self.state {
            State::Asking(doubt) => (Some(doubt.code().to_owned()), None),
            State::Failed(fault) => (Some(fault.code.clone()), fault.detail.clone()),
            State::New | State::Typing | State::Waiting | State::Dialing => (None, None),
        };
        DialView { state: self.state.code().to_owned(), reason, detail, ..self.about.clone() }
    }
}

impl Engine {
    pub(super) fn on_dial(
        &mut self,
        text: &str,
        by: DialBy,
        extension: Option<String>,
        reply: oneshot::Sender<Result<DialView, Fault>>,
    ) {
        let code = by_code(&by);
        let origin = origin(by);
        let answer = self.wish_for(text, &origin, code, extension);
        if let Err(fault) = &answer {
            tracing::info!(by = code, code = fault.code, "nothing is dialed");
            // Whoever typed it has the answer; a link has nobody to tell.
            if origin != Origin::Person {
                self.dialing.latest += 1;
                let about = DialView {
                    id: self.dialing.latest,
                    by: code.into(),
                    host: host(&origin),
                    ..DialView::default()
                };
                let state = State::Failed(fault.clone());
                self.show_wish(Wish { about, state, order: None, until: None });
                self.desktop.show_window(Window::Panel);
            }
        }
        // An error means that nobody waits any more.
        let _ = reply.send(answer);
    }

    fn wish_for(
        &mut self,
        text: &str,
        origin: &Origin,
        by: &'static str,
        extension: Option<String>,
    ) -> Result<DialView, Fault> {
        let link = match origin {
            Origin::Link => DialLink::parse(text),
            Origin::Page { .. } if self.told.manners.native_messaging == NativeMessaging::Off => {
                return Err(Fault::new("not_allowed"));
            }
            Origin::Page { .. } => DialLink::parse(&format!("tel:{text}")),
            Origin::Person | Origin::Clipboard => DialLink::typed(text),
        };
        let link = link.map_err(|fault: LinkFault| Fault::new(fault.code()))?;
        let dialed = self.dialed(&link)?;
        let mine = &self.machine.setup().mine;
        let extension = match extension {
            Some(wanted) => mine.iter().find(|mine| mine.as_str() == wanted).cloned(),
            None => mine.first().cloned(),
        };
        let extension = extension.ok_or_else(|| Fault::new("no_extension"))?;
        match self.dialing.throttle.pass(self.clock.now(), origin, &dialed.key) {
            Pass::Go => {}
            Pass::Same => return Ok(self.dialing.view_of(&dialed.key).unwrap_or_default()),
            Pass::TooMany { wait } => {
                let seconds = wait.as_secs().max(1).to_string();
                return Err(Fault { code: "too_many_dials".into(), detail: Some(seconds) });
            }
        }
        self.dialing.latest += 1;
        let about = DialView {
            id: self.dialing.latest,
            shown: dialed.shown().to_owned(),
            number_text: dialed.written.clone(),
            name: self.name_of(&dialed.key).or_else(|| self.told.names.of(&dialed.key).map(str::to_owned)),
            ext: link.ext().map(str::to_owned),
            post_dial: link.post_dial().map(str::to_owned),
            abroad: dialed.abroad,
            by: by.into(),
            host: host(origin),
            ..DialView::default()
        };
        let order = Some(Order { link, key: dialed.key, origin: origin.clone(), extension });
        self.show_wish(Wish { about, state: State::New, order, until: None });
        self.go_on_dialing();
        Ok(self.dialing.view().unwrap_or_default())
    }

    pub(super) fn dialed(&self, link: &DialLink) -> Result<Dialed, Fault> {
        let setup = self.machine.setup();
        let is_internal = |digits: &str| {
            self.told.names.directory().has(digits) || setup.mine.iter().any(|mine| mine.as_str() == digits)
        };
        let dialed = self.told.manners.outgoing.dial(link, &setup.plan, is_internal);
        dialed.map_err(|_| Fault::new("number_too_long"))
    }

    fn name_of(&self, key: &str) -> Option<String> {
        let cached = self.history.named(key, wall_ms());
        cached.filter(|name| !name.trim().is_empty())
    }

    fn show_wish(&mut self, wish: Wish) {
        self.dialing.replace(Some(wish));
        self.dirty = Dirty::Yes;
    }

    fn end_wish(&mut self) {
        self.dialing.replace(None);
        self.dirty = Dirty::Yes;
    }

    /// The window with its box for a number to the front. A number that somebody is asked about, or waits for, stays: the
    /// window shows that.
    pub(super) fn on_type_number(&mut self) {
        let state = self.dialing.wish.as_ref().map(|wish| &wish.state);
        if matches!(state, None | Some(State::Typing | State::Dialing | State::Failed(_))) {
            self.dialing.latest += 1;
            let about = DialView { id: self.dialing.latest, by: "person".into(), ..DialView::default() };
            let until = Some(Instant::now() + WAIT_FOR_WINDOW);
            self.show_wish(Wish { about, state: State::Typing, order: None, until });
        }
        self.desktop.show_window(Window::Panel);
    }

    /// The PBX may be in reach by now: asks, or dials.
    pub(super) fn go_on_dialing(&mut self) {
        let Some(wish) = &self.dialing.wish else { return };
        let (State::New | State::Waiting, Some(order)) = (&wish.state, wish.order.clone()) else { return };
        if self.pbx.view.state != LinkState::Up {
            let until = wish.until.unwrap_or_else(|| Instant::now() + WAIT_FOR_PBX);
            return self.change_wish(State::Waiting, Some(until));
        }
        // Names of the PBX's own numbers may have come meanwhile.
        let dialed = match self.dialed(&order.link) {
            Ok(dialed) => dialed,
            Err(fault) => return self.fail_wish(fault),
        };
        if let Some(wish) = &mut self.dialing.wish {
            (wish.about.shown, wish.about.number_text) = (dialed.shown().to_owned(), dialed.written.clone());
        }
        let known = if self.history.knows(&dialed.key, wall_ms()) || self.told.names.of(&dialed.key).is_some()
        {
            Known::Yes
        } else {
            Known::No
        };
        match self.told.manners.confirm.consent(known, dialed.caution, &order.origin) {
            Consent::Given => self.place(&dialed),
            Consent::Ask(doubt) => {
                self.change_wish(State::Asking(doubt), None);
                self.desktop.show_window(Window::Panel);
            }
        }
    }

    /// Somebody said yes.
    pub(super) fn confirm_dial(&mut self, id: u64) {
        let is_asked = |wish: &&Wish| wish.about.id == id && matches!(wish.state, State::Asking(_));
        let asked = self.dialing.wish.as_ref().filter(is_asked);
        let Some((order, shown)) =
            asked.and_then(|wish| Some((wish.order.clone()?, wish.about.shown.clone())))
        else {
            return;
        };
        match self.dialed(&order.link) {
            // What was shown is what is dialed, or somebody must look again.
            Ok(dialed) if dialed.shown() == shown => self.place(&dialed),
            Ok(_) => self.fail_wish(Fault::new("dial_changed")),
            Err(fault) => self.fail_wish(fault),
        }
    }

    /// Somebody said no, or has seen how it came out. A call that is being made is not ended by this.
    pub(super) fn dismiss_dial(&mut self, id: u64) {
        if self.dialing.wish.as_ref().is_some_and(|wish| wish.about.id == id) {
            self.end_wish();
        }
    }

    fn place(&mut self, dialed: &Dialed) {
        let wish = self.dialing.wish.as_ref().and_then(|wish| Some((wish.about.id, wish.order.clone()?)));
        let (Some(client), Some((id, order))) = (self.pbx.client().cloned(), wish) else {
            return self.fail_wish(Fault::new("pbx_not_connected"));
        };
        let dial = pbx::Dial {
            caller: order.extension.as_str().to_owned(),
            callee: dialed.number(),
            permission: Some(order.extension.as_str().to_owned()),
            auto_answer: pbx::AutoAnswer::No,
        };
        let back = self.back_sender.clone();
        tokio::spawn(async move {
            // An error means that the loop has ended.
            let _ = back.send(Back::Dialed { id, answer: client.dial(&dial).await });
        });
        self.change_wish(State::Dialing, Some(Instant::now() + WAIT_FOR_CALL));
    }

    pub(super) fn on_dialed(&mut self, id: u64, answer: Result<Option<String>, pbx::Error>) {
        let Some(wish) = self.dialing.wish.as_mut().filter(|wish| wish.about.id == id) else { return };
        match answer {
            Ok(call) => {
                wish.about.call = call;
                self.dirty = Dirty::Yes;
                self.see_dialed_call();
            }
            Err(error) => {
                let code = connect::pbx_cause(error.kind()).to_owned();
                self.fail_wish(Fault { code, detail: connect::pbx_detail(&error) });
            }
        }
    }

    /// The call is on: from now on it speaks for itself.
    pub(super) fn see_dialed_call(&mut self) {
        let Some(call) = self.dialing.wish.as_ref().and_then(|wish| wish.about.call.as_deref()) else {
            return;
        };
        let speaks = |entry: &Entry| entry.other != Other::NotReported || entry.phase == Phase::Over;
        let entries = self.machine.entries();
        if entries.iter().any(|entry| entry.call.as_str() == call && speaks(entry)) {
            self.end_wish();
        }
    }

    /// The PBX could not put a call through. Where it never reported the call, only this tells.
    pub(super) fn on_call_failed(&mut self, call: &str, mut reason: FailureReason, members: &[pbx::Member]) {
        let is_it = self.dialing.wish.as_ref().is_some_and(|wish| wish.about.call.as_deref() == Some(call));
        if !is_it || self.is_known(call) {
            return;
        }
        if matches!(members, [pbx::Member { party: pbx::Party::Extension { .. }, .. }]) {
            reason.side = FailedSide::Mine;
        }
        if let Some(wish) = &mut self.dialing.wish {
            wish.about.failure = failure_code(&reason);
        }
        self.fail_wish(Fault { code: "call_failed".into(), detail: Some(reason.text) });
    }

    /// Waited long enough.
    pub(super) fn on_dial_deadline(&mut self) {
        match self.dialing.wish.as_ref().map(|wish| &wish.state) {
            Some(State::Waiting) => {
                self.fail_wish(Fault::new("pbx_not_connected"));
                self.desktop.show_window(Window::Panel);
            }
            Some(State::Dialing | State::Typing) => self.end_wish(),
            Some(State::New | State::Asking(_) | State::Failed(_)) | None => {}
        }
    }

    fn change_wish(&mut self, state: State, until: Option<Instant>) {
        if let Some(wish) = &mut self.dialing.wish {
            (wish.state, wish.until) = (state, until);
        }
        self.dirty = Dirty::Yes;
    }

    fn fail_wish(&mut self, fault: Fault) {
        tracing::info!(code = fault.code, "a number could not be dialed");
        self.change_wish(State::Failed(fault), None);
    }
}

fn by_code(by: &DialBy) -> &'static str {
    match by {
        DialBy::Person => "person",
        DialBy::Link => "link",
        DialBy::Page { .. } => "page",
        DialBy::Clipboard => "clipboard",
    }
}

fn origin(by: DialBy) -> Origin {
    match by {
        DialBy::Person => Origin::Person,
        DialBy::Link => Origin::Link,
        DialBy::Page { host } => Origin::Page { host },
        DialBy::Clipboard => Origin::Clipboard,
    }
}

fn host(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Page { host } => Some(host.clone()),
        Origin::Person | Origin::Link | Origin::Clipboard => None,
    }
}
