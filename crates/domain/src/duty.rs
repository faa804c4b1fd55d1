//! What the agent is told and shown of a call: whose number it is, the notice, the entry in the history. Data
//! only; the rules are in [`crate::machine`] and [`crate::pop`].

use crate::call::{CallId, CallRecord, Direction, Extension, Other, Outcome, Phase};
use crate::pop::Why;

/// A contact or an account in Desk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Which of the two.
    pub kind: RecordKind,
    /// Desk's id: digits that exceed 2^53.
    pub id: String,
    /// Name as Desk gives it; may be empty.
    pub name: String,
    /// The company of a contact.
    pub company: Option<String>,
    /// The address of its page, checked to be Desk's; `None` when it was refused.
    pub page: Option<String>,
    /// Mail address, where it is known.
    pub email: Option<String>,
    /// Last change in Desk, milliseconds since 1970, where it is known.
    pub changed_ms: Option<i64>,
}

/// Desk's two kinds of customer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RecordKind {
    /// A person.
    Contact,
    /// A company.
    Account,
}

/// Whose number it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Match {
    /// Nobody's.
    Nobody,
    /// One record's.
    One(Record),
    /// Several records'; never empty, never one.
    Several(Vec<Record>),
    /// Several records', and the agent chose this one for the number in an earlier call.
    Chosen {
        /// The one.
        record: Record,
        /// How many have the number, this one included; never less than two.
        among: usize,
    },
}

impl Match {
    /// From the records that were found.
    pub fn of(mut records: Vec<Record>) -> Self {
        match (records.len(), records.pop()) {
            (1, Some(only)) => Self::One(only),
            (_, Some(last)) => {
                records.push(last);
                Self::Several(records)
            }
            (_, None) => Self::Nobody,
        }
    }

    /// The same match, knowing which record the agent chose for this number earlier. A choice decides between
    /// several only, and decides nothing once the record no longer has the number.
    #[must_use]
    pub fn with_earlier_choice(self, kind: RecordKind, id: &str) -> Self {
        match self {
            Self::Several(records) => {
                let chosen = records.iter().find(|record| record.kind == kind && record.id == id).cloned();
                match chosen {
                    Some(record) => Self::Chosen { record, among: records.len() },
                    None => Self::Several(records),
                }
            }
            Self::Nobody | Self::One(_) | Self::Chosen { .. } => self,
        }
    }
}

/// An incoming call as the agent is told of it. Text is composed by whoever shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Which call; a later notice of the same call replaces the earlier.
    pub call: CallId,
    /// The number as the PBX gave it; may be empty.
    pub number: String,
    /// Who it is, as far as known.
    pub who: Who,
    /// Queue, ring group or IVR it came through.
    pub path: Option<String>,
}

/// Who the other side is, as far as known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Not asked: internal, or Desk is not in use.
    NotAsked,
    /// The answer is under way.
    Searching,
    /// Found, or chosen by the agent.
    Known(Record),
    /// Several; the agent chooses.
    Several(Vec<Record>),
    /// Nobody has this number.
    Nobody,
    /// The number is withheld.
    Withheld,
    /// Desk could not be asked.
    Failed(&'static str),
}

/// My part of a call, for history, tray and windows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Which call.
    pub call: CallId,
    /// Which of my extensions.
    pub extension: Extension,
    /// `None` while not known.
    pub direction: Option<Direction>,
    /// The other side.
    pub other: Other,
    /// Who that is.
    pub who: Who,
    /// Set when that is so because the agent chose it.
    pub chosen: Option<Chosen>,
    /// Queue, ring group or IVR number.
    pub path: Option<String>,
    /// The number the caller dialed.
    pub did: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// How it came out; may still change until `closed`.
    pub outcome: Option<Outcome>,
    /// What became of the tab; may still change until `closed`.
    pub why: Why,
    /// First report, wall clock in ms since 1970.
    pub began_ms: i64,
    /// When I was first connected.
    pub answered_ms: Option<i64>,
    /// When my part ended.
    pub over_ms: Option<i64>,
    /// How long things took.
    pub timing: Timing,
    /// What the PBX wrote down of my part; of several legs, the one that was spoken on longest.
    pub record: Option<CallRecord>,
    /// Nothing more is expected.
    pub closed: bool,
}

/// The agent chose whose call it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// How many records had the number as far as was known then; 0 when Desk had found none or not answered.
    pub among: usize,
    /// In which call.
    pub when: ChosenWhen,
}

/// In which call the agent chose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChosenWhen {
    /// In this one.
    Now,
    /// In an earlier one of the same number.
    Earlier,
}

/// Milliseconds from the event that showed the call.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Timing {
    /// Until the notification service was asked.
    pub notified_ms: Option<u32>,
    /// Until it was known whose number it is.
    pub looked_up_ms: Option<u32>,
    /// Until the browser was asked for the tab.
    pub opened_ms: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: RecordKind, id: &str) -> Record {
        Record {
            kind,
            id: id.into(),
            name: format!("Record {id}"),
            company: None,
            page: None,
            email: None,
            changed_ms: None,
        }
    }

    #[test]
    fn an_earlier_choice_decides_between_several_records() {
        let (lin, mei) = (record(RecordKind::Contact, "1"), record(RecordKind::Contact, "2"));
        let found = Match::of(vec![lin, mei.clone()]).with_earlier_choice(RecordKind::Contact, "2");
        assert_eq!(found, Match::Chosen { record: mei, among: 2 });
    }

    #[test]
    fn an_earlier_choice_that_no_longer_has_the_number_decides_nothing() {
        let (lin, mei) = (record(RecordKind::Contact, "1"), record(RecordKind::Contact, "2"));
        let several = Match::of(vec![lin.clone(), mei]);
        assert_eq!(several.clone().with_earlier_choice(RecordKind::Contact, "3"), several);
        assert_eq!(several.clone().with_earlier_choice(RecordKind::Account, "1"), several);
        let one = Match::of(vec![lin]);
        assert_eq!(one.clone().with_earlier_choice(RecordKind::Contact, "1"), one);
        assert_eq!(Match::Nobody.with_earlier_choice(RecordKind::Contact, "1"), Match::Nobody);
    }
}
