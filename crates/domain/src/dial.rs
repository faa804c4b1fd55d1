//! Click to call: what a clicked link or a typed text asks to be called, what exactly is dialed for it, and whether
//! somebody is asked first. Owns the way from a text to the digits the PBX is told.
//! Must not know: who clicked, how links arrive, the PBX, words for people.
//!
//! One rule holds by construction: **what is dialed is what is shown**. [`DialLink`] and [`Dialed`] keep one text made
//! of dialable characters and separators, show that text, and dial it without its separators. There is no second
//! string that could say something else.
//!
//! Read in this order: [`DialLink`] (a link or a typed text), [`Outgoing`] (under a plan it becomes [`Dialed`]),
//! [`Caution`] (what is not dialed unasked), [`Confirm`] (whether to ask), [`Throttle`] (how often).

mod caution;
mod confirm;
mod emergency;
mod escape;
mod link;
mod mark;
mod outgoing;
mod shown;
mod throttle;
mod typed;
mod written;

#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod tests;

pub use self::caution::Caution;
pub use self::confirm::{Confirm, Consent, Doubt, Known, Origin};
pub use self::link::{DialLink, LinkFault, Scheme};
pub use self::outgoing::{BadPrefix, DialKind, Dialed, Outgoing, TooLong};
pub use self::throttle::{Pass, Throttle};
