//! What the loop does for the agent beside the core's decisions: what helps in a call, forms, what is said after a
//! call, and whose a call is when the core has forgotten it. Nothing here waits on the network.

use std::collections::{BTreeMap, BTreeSet};

use deskring_domain::{CallId, Choice, Entry, Extension, Input, OpenedBy, Record, RecordKind, Who};
use deskring_zoho_desk as desk;

use super::{Back, Dirty, Engine};
use crate::assist::{form, past};
use crate::clock::wall_ms;
use crate::handle::{Belongs, Clients};
use crate::history::History;
use crate::view::{CallView, RecordView, WrapUpView};

impl Engine {
    pub(super) fn clients(&self) -> Clients {
        Clients {
            pbx: self.pbx.client().cloned(),
            pbx_refusals: self.pbx.refusals,
            desk: self.desk.lookup.clone(),
            desk_cause: self.desk.view.cause.clone(),
            journal: self.history.journal().cloned(),
            index: self.index().cloned(),
            copies: Some((self.indexing.view.clone(), self.copying.view.clone())),
            manners: Some(self.told.manners.clone()),
            agents: self.names_of_agents(),
            mine: self.machine.setup().mine.iter().map(|mine| mine.as_str().to_owned()).collect(),
            directory: self.told.names.directory().clone(),
            plan: self.machine.setup().plan.clone(),
            writing: Some(self.owing.writing()),
            by_gateway: self.owing.central.is_elsewhere(),
        }
    }

    fn names_of_agents(&self) -> BTreeMap<String, String> {
        let mine = self.machine.setup().mine.iter().map(Extension::as_str);
        mine.filter_map(|mine| Some((mine.to_owned(), self.told.names.of(mine)?.to_owned()))).collect()
    }

    /// Begins to gather what helps in a call, once for each call and once for each record it turns out to be.
    pub(super) fn look_around(&mut self, entry: &Entry) {
        let call = entry.call.as_str();
        if entry.closed {
            let known: BTreeSet<String> =
                self.machine.entries().iter().map(|entry| entry.call.as_str().to_owned()).collect();
            self.margin.keep_only(&known);
            return;
        }
        if !self.margin.has(call) {
            let reading = match past::outside_number(entry) {
                Some(number) => self.machine.setup().plan.read(number),
                None => return,
            };
            if reading.is_withheld() {
                return;
            }
            self.margin.begin(call, self.history.context(reading.key(), call, past::midnight_ms()));
            self.ask_who_spoke(call, reading.raw());
        }
        if let Some(whose) = self.margin.wants_tickets(entry) {
            self.ask_tickets(call, whose);
        }
    }

    fn ask_who_spoke(&self, call: &str, number: &str) {
        let Some(client) = self.pbx.client().cloned() else { return };
        let mine = self.machine.setup().mine.clone();
        let (back, call, number) = (self.back_sender.clone(), call.to_owned(), number.to_owned());
        tokio::spawn(async move {
            if let Some(spoke) = past::who_spoke(&client, &call, &number, &mine).await {
                // An error means that the loop has ended; so below.
                let _ = back.send(Back::Spoke { call, spoke });
            }
        });
    }

    fn ask_tickets(&self, call: &str, whose: (RecordKind, String)) {
        let Some(lookup) = self.desk.lookup.clone() else { return };
        let (back, call) = (self.back_sender.clone(), call.to_owned());
        tokio::spawn(async move {
            match past::open_tickets(&lookup, &whose).await {
                Ok(tickets) => {
                    let tickets = past::tickets_view(&tickets);
                    let _ = back.send(Back::Tickets { call, whose, tickets });
                }
                Err(error) => {
                    // The index had somebody whom Desk has deleted: the next call is not theirs.
                    if *error.kind() == desk::Kind::Gone {
                        lookup.note_gone(whose.0, &whose.1);
                    }
                    tracing::debug!(%error, "the tickets are not known");
                }
            }
        });
    }

    // Forms.

    pub(super) fn begin_form(&mut self, call: &str, extension: &str, kind: Option<&str>) {
        let Some(view) = self.call_view_of(call) else { return };
        let wanted = kind.unwrap_or(self.told.manners.new_kind);
        if crate::view::record_kind_of(wanted).is_none() {
            return;
        }
        let key = form::key_of(&view.number_key, call);
        let begun = self.history.draft(&key).and_then(|kept| form::read(&kept.json));
        let plan = &self.machine.setup().plan;
        let draft = match begun {
            // It belongs to the call that the agent talks about now.
            Some(begun) => crate::assist::Draft { call: call.into(), extension: extension.into(), ..begun },
            None => form::begin(&key, call, extension, &view.number, wanted, plan),
        };
        self.history.keep_draft(&key, &form::write(&draft), wall_ms());
        self.told.form = Some(key);
        self.read_forms();
    }

    /// Puts the form away; one in which nothing was typed is forgotten.
    pub(super) fn close_form(&mut self) {
        let Some(key) = self.told.form.take() else { return };
        let kept = self.history.draft(&key).and_then(|kept| form::read(&kept.json));
        if kept.is_some_and(|draft| form::is_untouched(&draft, &self.machine.setup().plan)) {
            self.history.discard_draft(&key);
        }
        self.read_forms();
    }

    pub(super) fn read_forms(&mut self) {
        let plan = &self.machine.setup().plan;
        let drafts = self.history.drafts();
        self.told.drafts = drafts.iter().filter_map(|kept| form::view(kept, plan)).collect();
        let is_kept = |key: &String| self.told.drafts.iter().any(|draft| draft.key == *key);
        self.told.form = self.told.form.take().filter(is_kept);
        self.dirty = Dirty::Yes;
    }

    // After a call.

    pub(super) fn wrap_up(&mut self, call: &str, extension: &str, said: WrapUpView) {
        // A gateway's agents may say something of any call, and of none.
        if !self.is_known(call) && self.history.find_row(call, extension).is_none() {
            return;
        }
        let said = past::tidy(said);
        self.margin.say(call, extension, said.clone());
        self.history.say(call, extension, &said);
        self.note_for_gateway(call, extension, &said);
        self.hurry(call, extension);
        self.dirty = Dirty::Yes;
    }

    // Whose a call is.

    /// It was created for the call, or given its number.
    pub(super) fn belongs(&mut self, belongs: Belongs) {
        let Belongs { call, record, number_key, how, form } = belongs;
        if let Some(form) = form {
            self.history.discard_draft(&form);
            self.read_forms();
        }
        if !number_key.is_empty() {
            self.history.remember_created(&number_key, &record, wall_ms());
        }
        self.choose_record(call, record, how);
    }

    /// The call is this record's from now on, also when the core has forgotten it.
    pub(super) fn choose_record(&mut self, call: CallId, record: Record, how: Choice) {
        if self.is_known(call.as_str()) {
            return self.tell(self.clock.now(), Input::Chosen { call, record, how });
        }
        let Some(mut past) = self.history.find(call.as_str()) else { return };
        self.open(call, record.page.clone(), OpenedBy::Agent);
        let chosen = RecordView::of(&record);
        if how == Choice::Picked && !past.number_key.is_empty() && past.who.records.len() > 1 {
            self.history.remember_choice(&past.number_key, &chosen, wall_ms());
        }
        past.choose(chosen);
        self.keep_past(&past, Who::Known(record));
        self.dirty = Dirty::Yes;
    }

    /// A call, on or over, however long ago.
    pub(super) fn call_view_of(&self, call: &str) -> Option<CallView> {
        let live = self.machine.entries().into_iter().find(|entry| entry.call.as_str() == call);
        live.map(|entry| super::call_view(entry, &self.machine, &self.told, &self.margin))
            .or_else(|| History::find(&self.history, call))
    }
}
