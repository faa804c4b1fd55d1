//! What is known of a caller from before: their tickets, and who spoke with them. Must not know windows.

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use deskring_domain::{Entry, Extension, Other, RecordKind};
use deskring_yeastar as pbx;
use deskring_zoho_desk::{AccountId, ContactId, Error, OpenTickets};

use crate::lookup::Lookup;
use crate::view::{SpokeView, TicketsView, WrapUpView};

/// Tickets that are looked at; the price is the same for all of them.
const TICKETS: usize = 50;
/// Rows of the PBX's log that are looked at, each way.
const LOGGED: usize = 20;
/// No note is longer: it becomes a part of a text in Desk.
const LONGEST_NOTE: usize = 10_000;
const LONGEST_DISPOSITION: usize = 200;

pub(crate) fn outside_number(entry: &Entry) -> Option<&str> {
    match &entry.other {
        Other::Outside(number) => Some(number),
        Other::Colleague(_) | Other::NotReported => None,
    }
}

/// The last midnight on this computer's clock.
pub(crate) fn midnight_ms() -> i64 {
    let now = jiff::Zoned::now();
    now.start_of_day().unwrap_or(now).timestamp().as_millisecond()
}

pub(crate) async fn open_tickets(
    lookup: &Lookup,
    (kind, id): &(RecordKind, String),
) -> Result<OpenTickets, Error> {
    match kind {
        RecordKind::Contact => lookup.desk.open_tickets(&ContactId::new(id.clone()), TICKETS).await,
        RecordKind::Account => {
            lookup.desk.open_tickets_of_account(&AccountId::new(id.clone()), TICKETS).await
        }
    }
}

pub(crate) fn tickets_view(tickets: &OpenTickets) -> TicketsView {
    TicketsView {
        open: tickets.count,
        more: tickets.more,
        newest: tickets.newest.as_ref().and_then(|ticket| ticket.subject.clone().or(ticket.number.clone())),
    }
}

/// Who spoke with a number last, before this call, as the PBX wrote down. Nothing where it does not tell: an
/// application may lack the right to its log.
pub(crate) async fn who_spoke(
    client: &pbx::Pbx,
    call: &str,
    number: &str,
    mine: &BTreeSet<Extension>,
) -> Option<SpokeView> {
    let logged = client.logged_with(number, LOGGED).await;
    let logged = logged.inspect_err(|error| tracing::debug!(%error, "who spoke is not known")).ok()?;
    let spoke = |row: &pbx::LoggedCall| {
        let record = &row.record;
        let is_talk = record.status == pbx::RecordStatus::Answered && record.talk_duration.unwrap_or(0) > 0;
        if !is_talk || record.call_id.as_deref() == Some(call) {
            return None;
        }
        let (extension, name) = if record.from.as_deref() == Some(number) {
            (record.to.clone()?, row.to_name.clone())
        } else {
            (record.from.clone()?, row.from_name.clone())
        };
        let at = row.started_at?.duration_since(UNIX_EPOCH).ok()?;
        let me = mine.contains(&Extension::new(extension.clone()));
        Some(SpokeView { at_ms: i64::try_from(at.as_millis()).ok()?, extension, name, me })
    };
    logged.iter().filter_map(spoke).max_by_key(|spoke| spoke.at_ms)
}

/// What a person typed, without blank texts and without more than is kept.
pub(crate) fn tidy(said: WrapUpView) -> WrapUpView {
    let text = |text: Option<String>, longest: usize| {
        let cut: String = text.as_deref().unwrap_or_default().trim().chars().take(longest).collect();
        Some(cut).filter(|text| !text.is_empty())
    };
    WrapUpView {
        asked: said.asked,
        disposition: text(said.disposition, LONGEST_DISPOSITION),
        note: text(said.note, LONGEST_NOTE),
    }
}
