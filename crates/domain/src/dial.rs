//! Click to call: what a clicked link or a typed text asks to be called, what exactly is dialed for it, and whether
//! somebody is asked first. Owns the way from a text to the digits the PBX is told.
//! Must not know: who clicked, how links arrive, the PBX, words for people.
//!
//! One rule holds by construction: **what is dialed is what is shown**. [`DialLink`] keeps one text made of dialable
//! characters and separators, shows that text, and is dialed without its separators. There is no second string that
//! could say something else.

mod escape;
mod link;
mod mark;
mod shown;
mod typed;
mod written;

#[cfg(test)]
mod tests;

pub use self::link::{DialLink, LinkFault, Scheme};
