//! What the agent is told and shown of a call: whose number it is, the notice, the entry in the history. Data
//! only; the rules are in [`crate::machine`] and [`crate::pop`].

use crate::call::{CallId, Direction, Extension, Other, Outcome, Phase};
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
    /// Found.
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
    /// Nothing more is expected.
    pub closed: bool,
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
