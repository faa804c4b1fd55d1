//! How often calls may be wished for: a double click is one wish, and nobody outside can ring my phone all day.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::confirm::Origin;
use crate::machine::Now;

/// Within this time the same number is the same wish.
const SAME_WISH: Duration = Duration::from_secs(2);
/// So many wishes from outside the program …
const MOST_FROM_OUTSIDE: usize = 5;
/// … in this time. Those that are asked about count: a page must not fill the screen with questions either.
const WINDOW: Duration = Duration::from_secs(60);

/// The wishes of the last minute. Ask it before anybody is asked.
#[derive(Clone, Default, Debug)]
pub struct Throttle {
    /// When each number was last wished for, on the clock of [`Now::mono`].
    latest: BTreeMap<String, Duration>,
    /// When links and pages wished for calls, at most five.
    from_outside: VecDeque<Duration>,
}

/// Whether a wish counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pass {
    /// It does.
    Go,
    /// It is the one before it again; nothing more is to be done.
    Same,
    /// Too many came from outside.
    TooMany {
        /// The next one counts after this time.
        wait: Duration,
    },
}

impl Throttle {
    /// Takes a wish for a number, by its [`key`](super::Dialed::key). What does not count is forgotten.
    pub fn pass(&mut self, now: Now, origin: &Origin, key: &str) -> Pass {
        let age = |at: Duration| now.mono.saturating_sub(at);
        self.latest.retain(|_, at| age(*at) < SAME_WISH);
        self.from_outside.retain(|at| age(*at) < WINDOW);
        if self.latest.contains_key(key) {
            return Pass::Same;
        }
        match origin {
            Origin::Link | Origin::Page { .. } => {
                if let Some(oldest) = self.from_outside.front().copied()
                    && self.from_outside.len() >= MOST_FROM_OUTSIDE
                {
                    return Pass::TooMany { wait: WINDOW.saturating_sub(age(oldest)) };
                }
                self.from_outside.push_back(now.mono);
            }
            // These take a person at the keyboard.
            Origin::Person | Origin::Clipboard => {}
        }
        self.latest.insert(key.to_owned(), now.mono);
        Pass::Go
    }

    /// A wish for this number was given up before it was dialed: the next one is another one.
    pub fn forget(&mut self, key: &str) {
        self.latest.remove(key);
    }
}
