//! Growing pauses with jitter.
//!
//! Owns: how long to wait before the next attempt. Pure but for chance. Must not know: what is attempted.

use std::time::Duration;

use crate::{config::Timings, pbx::jittered};

/// How long the link counts as "down for a moment only".
pub(super) const AT_FIRST: Duration = Duration::from_secs(60);

/// Growing pauses with jitter.
#[derive(Debug)]
pub(super) struct Backoff {
    min: Duration,
    max: Duration,
    max_at_first: Duration,
    attempts: u32,
    waited: Duration,
}

impl Backoff {
    pub(super) fn new(timings: &Timings) -> Backoff {
        Backoff {
            min: timings.reconnect_min,
            max: timings.reconnect_max,
            max_at_first: timings.reconnect_max_at_first.min(timings.reconnect_max),
            attempts: 0,
            waited: Duration::ZERO,
        }
    }

    pub(super) fn next(&mut self) -> Duration {
        let cap = if self.waited < AT_FIRST { self.max_at_first } else { self.max };
        let factor = 1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX);
        let pause = jittered(self.min.saturating_mul(factor).min(cap));
        self.attempts = self.attempts.saturating_add(1).min(31);
        self.waited = self.waited.saturating_add(pause);
        pause
    }

    pub(super) fn reset(&mut self) {
        (self.attempts, self.waited) = (0, Duration::ZERO);
    }
}
