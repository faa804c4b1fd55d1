//! What the loop does so that what is owed to Desk gets there: rows with the calls that cause them, news for the sender,
//! and what the sender tells. Must not know how a row is sent.

use std::sync::Arc;

use deskring_domain::template::Values;
use deskring_domain::{CallId, Choice, Entry, Input, Involved, OwedRules, Record, Who, owed};
use deskring_store::{Entry as Row, EntryState, Journal, NewEntry, Run, Settled};
use deskring_zoho_desk::CallActivities;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, mpsc, watch};

use super::{Back, Dirty, Engine};
use crate::clock::wall_ms;
use crate::connect::Organization;
use crate::history;
use crate::lookup::Lookup;
use crate::manners::WrapUp;
use crate::outbox::{self, Done, Facts, Fresh, Payload, Plan, Sender, Wiring, Writing};
use crate::values::values;
use crate::view::{CallView, LinkState, WhoView};

/// Names of facts.
const PBX_SERIAL: &str = "pbx_serial";
/// The organization that rows are for.
const ORGANIZATION: &str = "organization";
/// The organization and the edition that has no call activities.
const NO_CALLS: &str = "no_call_activities";

/// What is to be written, and the line to who writes it.
pub(super) struct Owing {
    pub(super) rules: OwedRules,
    writing: Writing,
    wiring: watch::Sender<Wiring<Lookup>>,
    wake: Arc<Notify>,
    fresh: Fresh,
    /// Why no call activities can be written.
    no_calls: Option<CallActivities>,
    /// The organization that is signed in to, and its edition.
    organization: String,
}

impl Owing {
    pub(super) fn new(rules: OwedRules, writing: Writing) -> Self {
        let (wiring, _) = watch::channel(Wiring { helpdesk: None, writing: Arc::new(writing.clone()) });
        Self {
            rules,
            writing,
            wiring,
            wake: Arc::default(),
            fresh: Fresh::default(),
            no_calls: None,
            organization: String::new(),
        }
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
    pub(super) fn start_sender(&mut self) -> mpsc::UnboundedReceiver<Done> {
        let (done, dones) = mpsc::unbounded_channel();
        if let Some(journal) = self.history.journal() {
            let clock = self.clock;
            let sender = Sender {
                journal: journal.clone(),
                wiring: self.owing.wiring.subscribe(),
                wake: self.owing.wake.clone(),
                fresh: self.owing.fresh.clone(),
                clocks: Arc::new(move || clock.now()),
                teller: Arc::new(facts),
                done,
            };
            tokio::spawn(sender.run());
        }
        dones
    }

    /// New rules and texts from the settings.
    pub(super) fn change_owing(&mut self, rules: OwedRules, writing: Writing) {
        let serial = self.owing.writing.serial.take().or_else(|| self.history.fact(PBX_SERIAL));
        self.owing.rules = rules;
        self.owing.writing = Writing { serial, ..writing };
        self.rewire();
    }

    /// The PBX has said who it is; an empty text when it does not tell.
    pub(super) fn learn_serial(&mut self, serial: String) {
        if self.owing.writing.serial.as_ref() != Some(&serial) {
            self.history.keep_fact(PBX_SERIAL, &serial);
            self.owing.writing.serial = Some(serial);
            self.rewire();
        }
    }

    /// Tells the sender what it works with now. Nothing is sent while Desk does not answer.
    pub(super) fn rewire(&mut self) {
        let up = self.desk.view.state == LinkState::Up;
        let helpdesk = self.desk.lookup.clone().filter(|_| up).map(Arc::new);
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

    /// There are new rows.
    fn promised(&mut self) {
        self.wake_sender();
        self.read_outbox();
    }

    fn rows(&self, entry: &Entry, involved: &Involved, view: &CallView, told: Told) -> Vec<NewEntry> {
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
            run: Run::Live,
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

    /// Counts anew what is not in Desk yet.
    pub(super) fn read_outbox(&mut self) {
        self.told.outbox = self.history.outbox();
        self.dirty = Dirty::Yes;
    }

    pub(super) fn on_done(&mut self, done: Done) {
        self.read_outbox();
        if let Some(calls) = done.calls {
            tracing::warn!(code = calls.code(), "no call activities can be written to this Desk");
            self.owing.no_calls = Some(calls);
            // A scope or a profile can be put right; an edition changes by itself.
            if calls == CallActivities::NotInEdition {
                self.history.keep_fact(NO_CALLS, &self.owing.organization);
            }
            self.rewire();
        }
        let Settled::Sent { remote_id, .. } = done.settled else { return };
        let kind = match done.row.kind.as_str() {
            outbox::kind::CONTACT => deskring_domain::RecordKind::Contact,
            outbox::kind::ACCOUNT => deskring_domain::RecordKind::Account,
            _ => return,
        };
        let Some(lookup) = self.desk.lookup.clone() else { return };
        let (back, call) = (self.back_sender.clone(), CallId::new(done.row.call_id));
        tokio::spawn(async move {
            match lookup.record(kind, &remote_id).await {
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

/// What is known of the call of a row, told as whose record it is would tell it.
fn facts(journal: &Journal, row: &Row, payload: &Payload, writing: &Writing) -> Facts {
    let rows = journal.rows_of(&row.call_id).unwrap_or_default();
    let own = rows.iter().find(|known| known.extension == row.extension).or(rows.first());
    let Some((known, mut view)) = own.and_then(|known| Some((known, history::stored_view(known)?))) else {
        return Facts { values: Values::default(), began_ms: row.created_ms, talk_s: 0 };
    };
    // The columns are newer than the view: they are what the agent said last.
    let said = view.wrap_up.get_or_insert_default();
    said.note = known.note.clone().or(said.note.take());
    said.disposition = known.disposition.clone().or(said.disposition.take());
    if view.extension != payload.of {
        view.extension.clone_from(&payload.of);
        if view.outcome.as_deref() == Some("answered_elsewhere") {
            view.outcome = Some("answered".to_owned());
        }
    }
    let agent = writing.names.get(&payload.of).map(String::as_str);
    let values = values(&view, agent, &TimeZone::system());
    Facts { began_ms: view.began_ms, talk_s: values.talk_s.unwrap_or(0), values }
}
