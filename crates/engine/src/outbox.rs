//! What is owed to Desk, as rows: their names, what they carry, and how promises of the core become rows. `compose`
//! turns a row into a request, `sender` sends it, `helpdesk` is Desk as the sender sees it. Must not decide what is
//! owed; that is the core's.
//!
//! A row carries who it is about and what a person changed by hand. Its texts are made when it is sent, from the call
//! as it is known then: the note after a call is in it, and a retry a day later tells the same call.

mod compose;
pub mod hand;
mod helpdesk;
mod rules;
mod sender;
#[cfg(test)]
mod simulation;

use std::collections::BTreeMap;
use std::time::Duration;

use deskring_domain::template::Values;
use deskring_domain::{Direction, Entry, Other, Owed, Promise, RecordKind, Spoken, Turn, Who};
use deskring_store::{Doubt, Entry as Row, Journal, NewEntry, Run};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub(crate) use self::compose::{Facts, Writing, started_ms, with_note};
pub(crate) use self::rules::{fills_in, modules, rules, writing};
pub(crate) use self::sender::{Done, Fresh, Sender, Wiring};
use crate::history::stored_view;
use crate::values::values;
use crate::view;

/// Kind codes of rows.
pub(crate) mod kind {
    pub(crate) const CONTACT: &str = "contact";
    pub(crate) const ACCOUNT: &str = "account";
    pub(crate) const TICKET: &str = "ticket";
    pub(crate) const ACTIVITY: &str = "call_activity";
}

/// How long a call activity waits for what the agent is asked after the call.
const WRAP_UP: Duration = Duration::from_secs(10 * 60);

/// What a row carries. `subject`, `description` and `extra` are what a person changed by hand.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// The extension whose record it is.
    pub(crate) of: String,
    /// The other side's number as the PBX gave it.
    pub(crate) number: String,
    /// The number as it is compared.
    pub(crate) number_key: String,
    /// `inbound`, `outbound`.
    pub(crate) direction: String,
    /// Desk's id of the contact, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contact: Option<String>,
    /// Otherwise the row that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contact_row: Option<String>,
    /// Of a call activity: whether somebody spoke.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) spoke: bool,
    /// Somebody else writes the same when this one comes late.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) shared: bool,
    /// Our place among those who write it: 0 is the one whose turn it is.
    #[serde(default)]
    pub(crate) place: u8,
    /// Filled in later from the PBX's call details.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) filled_in: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) extra: BTreeMap<String, serde_json::Value>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The row that makes the record of a number; one for each number, ever.
pub(crate) fn contact_key(number_key: &str) -> String {
    format!("contact/{number_key}")
}

/// The row of a call's ticket.
pub(crate) fn ticket_key(call: &str) -> String {
    format!("ticket/{call}")
}

/// The row of a call activity of an extension.
pub(crate) fn activity_key(call: &str, extension: &str) -> String {
    format!("call/{call}/{extension}")
}

/// How promises become rows.
pub(crate) struct Plan<'a> {
    /// The number as it is compared.
    pub(crate) number_key: &'a str,
    /// Only to be shown.
    pub(crate) run: Run,
    /// Whether the agent is asked what came of the call.
    pub(crate) asked: bool,
    /// Whether the call was learned from the PBX's call details, so that others may have written it long ago.
    pub(crate) filled_in: bool,
    /// Whether a call activity can hang on the call's ticket: it cannot when that is refused or given up.
    pub(crate) ticket_stands: bool,
    pub(crate) now_ms: i64,
}

impl Plan<'_> {
    /// The rows of these promises, parents first. Each keeps its name however often it is planned.
    pub(crate) fn rows(&self, entry: &Entry, promises: &[Promise]) -> Vec<NewEntry> {
        let Other::Outside(number) = &entry.other else { return Vec::new() };
        let call = entry.call.as_str();
        let known = match &entry.who {
            Who::Known(record) if record.kind == RecordKind::Contact => Some(record.id.clone()),
            _ => None,
        };
        let contact_row = known.is_none().then(|| contact_key(self.number_key));
        let has_ticket = self.ticket_stands
            && promises.iter().any(|one| one.what == Owed::Ticket && !matches!(one.turn, Turn::StandIn(_)));
        let mut rows = Vec::new();
        for promise in promises {
            let (key, kind, depends_on) = match promise.what {
                Owed::Contact(RecordKind::Contact) => (contact_key(self.number_key), kind::CONTACT, None),
                Owed::Contact(RecordKind::Account) => (contact_key(self.number_key), kind::ACCOUNT, None),
                Owed::Ticket => (ticket_key(call), kind::TICKET, contact_row.clone()),
                Owed::Activity(_) => {
                    let parent = if has_ticket { Some(ticket_key(call)) } else { contact_row.clone() };
                    (activity_key(call, promise.of.as_str()), kind::ACTIVITY, parent)
                }
            };
            let place = match promise.turn {
                Turn::StandIn(place) => place,
                Turn::Alone | Turn::First => 0,
            };
            let spoke = promise.what == Owed::Activity(Spoken::Completed);
            let payload = Payload {
                of: promise.of.as_str().to_owned(),
                number: number.clone(),
                number_key: self.number_key.to_owned(),
                direction: view::direction_code(entry.direction.unwrap_or(Direction::Inbound)).to_owned(),
                contact: known.clone(),
                contact_row: contact_row.clone(),
                spoke,
                shared: promise.turn != Turn::Alone,
                place,
                filled_in: self.filled_in,
                ..Payload::default()
            };
            let wait = match promise.turn {
                // Not before the agent has said what came of it, or will not any more.
                Turn::StandIn(place) if spoke => WRAP_UP + sender::SLOT * u32::from(place),
                // It may be there already, and what hangs on it waits.
                Turn::StandIn(_) if matches!(promise.what, Owed::Contact(_)) => sender::EARLY,
                Turn::StandIn(place) => sender::SLOT * u32::from(place),
                Turn::Alone | Turn::First if spoke && self.asked => WRAP_UP,
                Turn::Alone | Turn::First => Duration::ZERO,
            };
            let elsewhere = matches!(promise.turn, Turn::StandIn(_)) || self.filled_in;
            rows.push(NewEntry {
                key,
                call_id: call.to_owned(),
                extension: entry.extension.as_str().to_owned(),
                kind: kind.to_owned(),
                payload: serde_json::to_string(&payload).unwrap_or_default(),
                depends_on,
                due_ms: self.now_ms + i64::try_from(wait.as_millis()).unwrap_or(0),
                doubt: if elsewhere { Doubt::MaybeSent } else { Doubt::None },
                run: self.run,
            });
        }
        rows
    }
}

/// What is known of the call of a row, told as whose record it is would tell it.
pub(crate) fn facts(journal: &Journal, row: &Row, payload: &Payload, writing: &Writing) -> Facts {
    let rows = journal.rows_of(&row.call_id).unwrap_or_default();
    // Of several extensions of ours, whose record it is knows best.
    let of = |extension: &str| rows.iter().find(|known| known.extension == extension);
    let own = of(&payload.of).or_else(|| of(&row.extension)).or(rows.first());
    let Some((known, mut view)) = own.and_then(|known| Some((known, stored_view(known)?))) else {
        return Facts { values: Values::default(), began_ms: row.created_ms, talk_s: 0 };
    };
    // The columns are newer than the view: they are what the agent said last.
    let said = view.wrap_up.get_or_insert_default();
    said.note = known.note.clone().or(said.note.take());
    said.disposition = known.disposition.clone().or(said.disposition.take());
    if view.extension != payload.of {
        view.extension.clone_from(&payload.of);
        // Written down of my leg, not of theirs.
        view.details = None;
        if view.outcome.as_deref() == Some("answered_elsewhere") {
            view.outcome = Some("answered".to_owned());
        }
    }
    let agent = writing.names.get(&payload.of).map(String::as_str);
    let values = values(&view, agent, &TimeZone::system());
    Facts { began_ms: view.began_ms, talk_s: values.talk_s.unwrap_or(0), values }
}
