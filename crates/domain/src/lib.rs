//! The call core: what the PBX reports becomes calls, calls become duties (a notice, a lookup, a tab),
//! and every call ends with one reason.
//!
//! Pure: no I/O, no clock, no async, no serialization. Time is an argument, so hours of phone traffic are
//! tested in milliseconds and a replay is identical. Must not know the PBX's wire format, Zoho Desk's, or
//! any desktop.
//!
//! Read in this order: [`call`] (the words), [`tracker`] (merging what the PBX says), [`pop`] (when a tab
//! opens and why not), [`machine`] (the one place where state changes), [`number`] (what a number means),
//! [`owed`] (what is written to Desk), [`template`] (what is said there), [`dial`] (what is called at a click),
//! [`control`] (what can be done with a call), [`seek`] (whom a typed text means), [`what_if`] (what other rules for
//! numbers would change).

pub mod call;
pub mod control;
pub mod dial;
pub mod duty;
pub mod machine;
pub mod number;
pub mod owed;
pub mod pop;
pub mod seek;
pub mod template;
mod tracked;
pub mod tracker;
pub mod what_if;

pub use call::{
    CallId, CallRecord, Channel, Direction, Extension, FailedSide, FailureReason, LegReport, Other, Outcome,
    Party, Phase, RecordStatus, Status,
};
pub use control::{Act, Controls};
pub use dial::{
    BadPrefix, Caution, Confirm, Consent, DialKind, DialLink, Dialed, Doubt, Known, LinkFault, Origin,
    Outgoing, Pass, Scheme, Throttle, TooLong,
};
pub use duty::{Chosen, ChosenWhen, Entry, Match, Notice, Record, RecordKind, Timing, Who};
pub use machine::{Again, Choice, Effect, Input, LookupFailure, Machine, Now, OpenFailure, Setup};
pub use number::{
    Agreement, Difference, Interpretation, Line, Plan, Reading, Step, StoredNumber, Tariff, Verdict,
};
pub use owed::{
    ActivityRule, ContactRule, Involved, Owed, OwedRules, Promise, Spoken, TicketCall, TicketRule, Turn, owed,
};
pub use pop::{DeskUse, Mode, Moment, OpenedBy, Pause, Rules, Why};
pub use seek::{Fit, Sought};
pub use what_if::{Change, Counts, Tally};
