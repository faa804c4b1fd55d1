//! What the loop does so that what is owed to Desk gets there: rows with the calls that cause them, news for the sender,
//! and what the sender tells. Must not know how a row is sent.

use std::sync::Arc;

use deskring_domain::{CallId, Choice, Entry, Input, Involved, OwedRules, Record, Who, owed};
use deskring_store::{Entry as Row, EntryState, NewEntry, Run, Settled};
use deskring_zoho_desk::CallActivities;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::central::Central;
use super::{Back, Dirty, Engine};
use crate::clock::wall_ms;
use crate::connect::Organization;
use crate::history;
use crate::lookup::Lookup;
use crate::manners::WrapUp;
use crate::outbox::{self, Done, Fresh, Plan, Sender, Wiring, Writing};
use crate::view::{CallView, LinkState, OutboxView, WhoView};

/// Names of facts.
const PBX_SERIAL: &str = "pbx_serial";
/// The organization that rows are for.
const ORGANIZATION: &str = "organization";
/// The organization and the edition that has no call activities.
const NO_CALLS: &str = "no_call_activities";

/// What is to be written, and the line to who writes it.
pub(super) struct Owing {
    pub(super) rules: OwedRules,
    pub(super) central: Central,
    writing: Writing,
    wiring: watch::Sender<Wiring<Lookup>>,
    wake: Arc<Notify>,
    fresh: Fresh,
    /// Why no call activities can be written.
    no_calls: Option<CallActivities>,
    /// The organization that is signed in to, and its edition.
    organization: String,
    /// Whether the view's figures are of now.
    counted: bool,
}

impl Owing {
    pub(super) fn new(rules: OwedRules, writing: Writing, central: Central) -> Self {
        let (wiring, _) = watch::channel(Wiring { helpdesk: None, writing: Arc::new(writing.clone()) });
        Self {
            rules: OwedRules { sole: central.is_sole(), ..rules },
            central,
            writing,
            wiring,
            wake: Arc::default(),
            fresh: Fresh::default(),
            no_calls: None,
            organization: String::new(),
            counted: false,
        }
    }

    /// What the sender works with now.
    pub(super) fn writing(&self) -> Arc<Writing> {
        self.wiring.borrow().writing.clone()
    }
}

/// When a call is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// As it happens.
    Now,
    /// Afterwards: others may have written it long ago.
    Later,
}

impl Engine {
    /// Begins to send. Without a journal nothing is promised, so there is nothing to send.
    pub(super) fn start_sender(&mut self) -> (mpsc::UnboundedReceiver<Done>, JoinSet<()>) {
        let (done, dones) = mpsc::unbounded_channel();
        let mut sending = JoinSet::new();
        if let Some(journal) = self.history.journal() {
            let clock = self.clock;
            let sender = Sender {
                journal: journal.clone(),
                wiring: self.owing.wiring.subscribe(),
                wake: self.owing.wake.clone(),
                fresh: self.owing.fresh.clone(),
                clocks: Arc::new(move || clock.now()),
                teller: Arc::new(outbox::facts),
                done,
            };
            sending.spawn(sender.run());
        }
        (dones, sending)
    }

    /// New rules and texts from the settings.
    pub(super) fn change_owing(&mut self, rules: OwedRules, writing: Writing) {
        let serial = self.owing.writing.serial.take().or_else(|| self.history.fact(PBX_SERIAL));
        self.owing.rules = OwedRules { sole: self.owing.central.is_sole(), ..rules };
        self.owing.writing = Writing { serial, ..writing };
        self.rewire();
        self.read_outbox();
    }

    /// The PBX has said who it is; an empty text when it does not tell.
    pub(super) fn learn_serial(&mut self, serial: String) {
        if self.owing.writing.serial.as_ref() != Some(&serial) {
            self.history.keep_fact(PBX_SERIAL, &serial);
            self.owing.writing.serial = Some(serial);
            self.rewire();
        }
    }

    /// Tells the sender what it works with now. Nothing is sent while Desk does not answer, or in a dry run.
    pub(super) fn rewire(&mut self) {
        let up = self.desk.view.state == LinkState::Up;
        // What was promised before a dry run waits for its end.
        let sends = up && self.owing.writing.run == Run::Live;
        let helpdesk = self.desk.lookup.clone().filter(|_| sends).map(Arc::new);
        let named = |number: &str| Some((number.to_owned(), self.told.names.of(number)?.to_owned()));
        let writing = Arc::new(Writing {
            no_calls: self.owing.no_calls,
            names: self.told.names.extensions().filter_map(named).collect(),
            ..self.owing.writing.clone()
        });
        self.owing.wiring.send_replace(Wiring { helpdesk, writing });
    }

    /// Who is signed in to has been read. What was owed to another organization means nothing here, and what an edition
    /// lacks is remembered until there is another one.
    pub(super) fn on_organization(&mut self, organization: &Organization) {
        let known = self.history.fact(ORGANIZATION);
        if !organization.id.is_empty() && known.as_ref() != Some(&organization.id) {
            if known.is_some() {
                self.history.discard_owed("other_organization", wall_ms());
            }
            self.history.keep_fact(ORGANIZATION, &organization.id);
        }
        self.owing.organization = format!("{} {}", organization.id, organization.edition);
        let lacks = self.history.fact(NO_CALLS).is_some_and(|lacking| lacking == self.owing.organization);
        self.owing.no_calls = lacks.then_some(CallActivities::NotInEdition);
        self.rewire();
        self.read_outbox();
    }

    /// The sender is to look again what there is to do.
    pub(super) fn wake_sender(&self) {
        self.owing.wake.notify_one();
    }

    /// Keeps what is known of a call, and what it makes us owe, at once.
    pub(super) fn keep(&mut self, entry: &Entry, view: &mut CallView) -> history::News {
        // Every frame of a call comes this way; who of us is in it matters only where something may be owed.
        let matters = entry.closed || !self.owing.rules.are_empty();
        let involved = if matters { self.machine.involved(&entry.call) } else { Involved::default() };
        if entry.closed {
            view.set_involved(&involved);
            if matches!(entry.who, Who::Failed(_) | Who::Searching) {
                self.name_again_soon();
            }
        }
        let rows = self.rows(entry, &involved, view, Told::Now);
        let (news, became) = self.history.keep_with(view, &rows);
        if !became.is_empty() {
            self.owing.fresh.add(&rows, &became, self.clock.now());
            self.promised();
        }
        news
    }

    /// The same for a call that is over long since: who it was has become known only now.
    pub(super) fn keep_past(&mut self, view: &CallView, who: Who) {
        let rows = match view.entry(who) {
            Some(entry) => self.rows(&entry, &view.involved(), view, Told::Later),
            None => Vec::new(),
        };
        let became = self.history.change_with(view, &rows);
        if !became.is_empty() {
            self.promised();
        }
    }

    /// The disk may take again what it did not take before.
    pub(super) fn keep_unkept(&mut self) {
        let before = self.history.trouble();
        if before.is_some() {
            if self.history.keep_unkept() {
                self.promised();
            }
            self.dirty = Dirty::Yes;
        }
    }

    /// There are new rows.
    fn promised(&mut self) {
        self.wake_sender();
        self.read_outbox();
    }

    fn rows(&self, entry: &Entry, involved: &Involved, view: &CallView, told: Told) -> Vec<NewEntry> {
        if !self.owing.central.leaves_to_us(entry.call.as_str()) {
            return Vec::new();
        }
        let setup = self.machine.setup();
        let promises = owed(entry, involved, &setup.mine, &self.owing.rules);
        if promises.is_empty() {
            return Vec::new();
        }
        let ticket = self.history.owed_row(&outbox::ticket_key(entry.call.as_str()));
        let stands =
            |row: Row| !matches!(row.state, EntryState::Wedged | EntryState::Blocked | EntryState::Discarded);
        let said = view.wrap_up.as_ref().is_some_and(|wrap_up| !wrap_up.asked);
        let plan = Plan {
            number_key: &view.number_key,
            run: self.owing.writing.run,
            asked: self.told.manners.wrap_up == WrapUp::Asked && !said,
            filled_in: told == Told::Later,
            ticket_stands: ticket.is_none_or(stands),
            now_ms: wall_ms(),
        };
        plan.rows(entry, &promises)
    }

    /// The agent has said what came of a call: its record need not wait any longer.
    pub(super) fn hurry(&self, call: &str, extension: &str) {
        self.history.hurry(&outbox::activity_key(call, extension), wall_ms());
        self.wake_sender();
    }

    /// What is not in Desk yet is to be counted anew, with the next view.
    pub(super) fn read_outbox(&mut self) {
        self.owing.counted = false;
        self.dirty = Dirty::Yes;
    }

    /// Counts it, where that has been asked for.
    pub(super) fn count_outbox(&mut self) {
        if std::mem::replace(&mut self.owing.counted, true) {
            return;
        }
        let dry_run = self.owing.writing.run == Run::Dry;
        let no_calls = self.owing.no_calls.map(|why| why.code().to_owned());
        let by_gateway = self.owing.central.is_elsewhere();
        self.told.outbox = OutboxView { dry_run, no_calls, by_gateway, ..self.history.outbox() };
    }

    pub(super) fn on_done(&mut self, done: Done) {
        if let Some(calls) = done.calls {
            tracing::warn!(code = calls.code(), "no call activities can be written to this Desk");
            self.owing.no_calls = Some(calls);
            // A scope or a profile can be put right; an edition changes by itself.
            if calls == CallActivities::NotInEdition {
                self.history.keep_fact(NO_CALLS, &self.owing.organization);
            }
            self.rewire();
        }
        self.read_outbox();
        let Settled::Sent { remote_id, .. } = done.settled else { return };
        let kind = match done.row.kind.as_str() {
            outbox::kind::CONTACT => deskring_domain::RecordKind::Contact,
            outbox::kind::ACCOUNT => deskring_domain::RecordKind::Account,
            _ => return,
        };
        let call = CallId::new(done.row.call_id);
        self.desktop.record_made(&call, kind, &remote_id);
        self.read_made(call, kind, remote_id);
    }

    /// Reads a new record of the other side of a call, which is then whose call it is.
    pub(super) fn read_made(&self, call: CallId, kind: deskring_domain::RecordKind, id: String) {
        let Some(lookup) = self.desk.lookup.clone() else { return };
        let back = self.back_sender.clone();
        tokio::spawn(async move {
            match lookup.record(kind, &id).await {
                Ok(record) => {
                    // An error means that the loop has ended.
                    let _ = back.send(Back::Made { call, record });
                }
                Err(error) => tracing::warn!(%error, "the new record cannot be read"),
            }
        });
    }

    /// A record was made for the number of a call: that call, and others of the number, are its from now on.
    pub(super) fn on_made(&mut self, call: &CallId, record: &Record) {
        let Some(view) = self.call_view_of(call.as_str()) else { return };
        if !view.number_key.is_empty() {
            self.history.remember_created(&view.number_key, record, wall_ms());
        }
        let live: Vec<CallId> = self
            .machine
            .entries()
            .into_iter()
            .filter(|entry| {
                CallView::of(entry, &self.machine.setup().plan, &self.told.names).number_key
                    == view.number_key
            })
            .map(|entry| entry.call.clone())
            .collect();
        if !live.contains(call)
            && let Some(mut past) = self.history.find(call.as_str())
            && past.who.state == "nobody"
        {
            past.who = WhoView::of(&Who::Known(record.clone()));
            self.history.change(&past);
        }
        for call in live {
            let how = Choice::ByRule;
            self.tell(self.clock.now(), Input::Chosen { call, record: record.clone(), how });
        }
        self.dirty = Dirty::Yes;
    }
}
