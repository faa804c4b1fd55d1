//! What the loop does so that a number gets called: one wish at a time, from the text somebody clicked or typed to the
//! call that the PBX makes of it. The core's `dial` decides what is dialed and whether to ask; here is the waiting for
//! the PBX, for the person, and for the call. Must not know where links come from.

use std::time::Duration;

use deskring_domain::{
    Consent, DialLink, Dialed, Entry, Extension, FailedSide, FailureReason, Known, LinkFault, Origin, Other,
    Pass, Phase, Throttle,
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

/// What somebody wants to be called, and the wishes before it.
#[derive(Default)]
pub(super) struct Dialing {
    throttle: Throttle,
    latest: u64,
    wish: Option<Wish>,
}

struct Wish {
    view: DialView,
    /// Nothing where it could not even be read.
    order: Option<Order>,
    /// Waits no longer than this.
    until: Option<Instant>,
}

#[derive(Clone)]
struct Order {
    link: DialLink,
    origin: Origin,
    /// Which of my extensions calls.
    extension: Extension,
}

impl Dialing {
    pub(super) fn view(&self) -> Option<DialView> {
        self.wish.as_ref().map(|wish| wish.view.clone())
    }

    /// What somebody wants, and the other side of the call that is being made of it: while only my own phone rings, the
    /// PBX does not report who will be called.
    pub(super) fn write(&self, view: &mut AppView) {
        let Some(wish) = &self.wish else { return };
        let is_it =
            |call: &&mut CallView| Some(&call.call) == wish.view.call.as_ref() && call.direction.is_none();
        if let Some(call) = view.calls.iter_mut().find(is_it) {
            call.direction = Some("outbound".into());
            call.number_text.clone_from(&wish.view.number_text);
            if call.phase == "ringing" {
                call.phase = "dialing".into();
            }
            // My own phone rings: refusing it is giving up the call.
            call.acts.iter_mut().filter(|act| *act == "decline").for_each(|act| *act = "hang_up".into());
        }
        view.dial = Some(wish.view.clone());
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.wish.as_ref()?.until
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
                let view = DialView {
                    id: self.dialing.latest,
                    state: "failed".into(),
                    reason: Some(fault.code.clone()),
                    detail: fault.detail.clone(),
                    by: code.into(),
                    host: host(&origin),
                    ..DialView::default()
                };
                self.show_wish(Wish { view, order: None, until: None });
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
            Pass::Same => return Ok(self.dialing.view().unwrap_or_default()),
            Pass::TooMany { wait } => {
                let seconds = wait.as_secs().max(1).to_string();
                return Err(Fault { code: "too_many_dials".into(), detail: Some(seconds) });
            }
        }
        self.dialing.latest += 1;
        let view = DialView {
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
        let order = Some(Order { link, origin: origin.clone(), extension });
        self.show_wish(Wish { view, order, until: None });
        self.go_on_dialing();
        Ok(self.dialing.view().unwrap_or_default())
    }

    pub(super) fn dialed(&self, link: &DialLink) -> Result<Dialed, Fault> {
        let setup = self.machine.setup();
        let is_internal = |digits: &str| {
            self.told.names.of(digits).is_some() || setup.mine.iter().any(|mine| mine.as_str() == digits)
        };
        let dialed = self.told.manners.outgoing.dial(link, &setup.plan, is_internal);
        dialed.map_err(|_| Fault::new("number_too_long"))
    }

    fn name_of(&self, key: &str) -> Option<String> {
        let cached = self.history.named(key, wall_ms());
        cached.filter(|name| !name.trim().is_empty())
    }

    fn show_wish(&mut self, wish: Wish) {
        self.dialing.wish = Some(wish);
        self.dirty = Dirty::Yes;
    }

    /// The PBX may be in reach by now: asks, or dials.
    pub(super) fn go_on_dialing(&mut self) {
        let Some(wish) = &self.dialing.wish else { return };
        let (true, Some(order)) = (matches!(wish.view.state.as_str(), "" | "waiting"), wish.order.clone())
        else {
            return;
        };
        if self.pbx.view.state != LinkState::Up {
            let until = wish.until.unwrap_or_else(|| Instant::now() + WAIT_FOR_PBX);
            return self.change_wish("waiting", Some(until));
        }
        // Names of the PBX's own numbers may have come meanwhile.
        let dialed = match self.dialed(&order.link) {
            Ok(dialed) => dialed,
            Err(fault) => return self.fail_wish(&fault.code, fault.detail),
        };
        if let Some(wish) = &mut self.dialing.wish {
            (wish.view.shown, wish.view.number_text) = (dialed.shown().to_owned(), dialed.written.clone());
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
                self.change_wish("asking", None);
                if let Some(wish) = &mut self.dialing.wish {
                    wish.view.reason = Some(doubt.code().to_owned());
                }
                self.desktop.show_window(Window::Panel);
            }
        }
    }

    /// Somebody said yes.
    pub(super) fn confirm_dial(&mut self, id: u64) {
        let asked =
            self.dialing.wish.as_ref().filter(|wish| wish.view.id == id && wish.view.state == "asking");
        let Some((order, shown)) =
            asked.and_then(|wish| Some((wish.order.clone()?, wish.view.shown.clone())))
        else {
            return;
        };
        match self.dialed(&order.link) {
            // What was shown is what is dialed, or somebody must look again.
            Ok(dialed) if dialed.shown() == shown => self.place(&dialed),
            Ok(_) => self.fail_wish("dial_changed", None),
            Err(fault) => self.fail_wish(&fault.code, fault.detail),
        }
    }

    /// Somebody said no, or has seen how it came out. A call that is being made is not ended by this.
    pub(super) fn dismiss_dial(&mut self, id: u64) {
        if self.dialing.wish.as_ref().is_some_and(|wish| wish.view.id == id) {
            self.dialing.wish = None;
            self.dirty = Dirty::Yes;
        }
    }

    fn place(&mut self, dialed: &Dialed) {
        let wish = self.dialing.wish.as_ref().and_then(|wish| Some((wish.view.id, wish.order.clone()?)));
        let (Some(client), Some((id, order))) = (self.pbx.client().cloned(), wish) else {
            return self.fail_wish("pbx_not_connected", None);
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
        self.change_wish("dialing", Some(Instant::now() + WAIT_FOR_CALL));
    }

    pub(super) fn on_dialed(&mut self, id: u64, answer: Result<Option<String>, pbx::Error>) {
        let Some(wish) = self.dialing.wish.as_mut().filter(|wish| wish.view.id == id) else { return };
        match answer {
            Ok(call) => {
                wish.view.call = call;
                self.dirty = Dirty::Yes;
                self.see_dialed_call();
            }
            Err(error) => {
                let detail = connect::pbx_detail(&error);
                self.fail_wish(connect::pbx_cause(error.kind()), detail);
            }
        }
    }

    /// The call is on: from now on it speaks for itself.
    pub(super) fn see_dialed_call(&mut self) {
        let Some(call) = self.dialing.wish.as_ref().and_then(|wish| wish.view.call.as_deref()) else {
            return;
        };
        let speaks = |entry: &Entry| entry.other != Other::NotReported || entry.phase == Phase::Over;
        let entries = self.machine.entries();
        if entries.iter().any(|entry| entry.call.as_str() == call && speaks(entry)) {
            self.dialing.wish = None;
            self.dirty = Dirty::Yes;
        }
    }

    /// The PBX could not put a call through. Where it never reported the call, only this tells.
    pub(super) fn on_call_failed(&mut self, call: &str, mut reason: FailureReason, members: &[pbx::Member]) {
        let is_it = self.dialing.wish.as_ref().is_some_and(|wish| wish.view.call.as_deref() == Some(call));
        if !is_it || self.is_known(call) {
            return;
        }
        if matches!(members, [pbx::Member { party: pbx::Party::Extension { .. }, .. }]) {
            reason.side = FailedSide::Mine;
        }
        let failure = failure_code(&reason);
        self.fail_wish("call_failed", Some(reason.text));
        if let Some(wish) = &mut self.dialing.wish {
            wish.view.failure = failure;
        }
    }

    /// Waited long enough.
    pub(super) fn on_dial_deadline(&mut self) {
        match self.dialing.wish.as_ref().map(|wish| wish.view.state.clone()).as_deref() {
            Some("waiting") => {
                self.fail_wish("pbx_not_connected", None);
                self.desktop.show_window(Window::Panel);
            }
            Some("dialing") => {
                self.dialing.wish = None;
                self.dirty = Dirty::Yes;
            }
            Some(_) | None => {}
        }
    }

    fn change_wish(&mut self, state: &str, until: Option<Instant>) {
        if let Some(wish) = &mut self.dialing.wish {
            wish.view.state = state.to_owned();
            (wish.view.reason, wish.view.detail, wish.view.failure) = (None, None, None);
            wish.until = until;
        }
        self.dirty = Dirty::Yes;
    }

    fn fail_wish(&mut self, code: &str, detail: Option<String>) {
        self.change_wish("failed", None);
        if let Some(wish) = &mut self.dialing.wish {
            tracing::info!(code, "a number could not be dialed");
            (wish.view.reason, wish.view.detail) = (Some(code.to_owned()), detail);
        }
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
