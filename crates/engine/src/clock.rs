//! Reads the clocks for the core. Owns the only calls to a clock in the engine's decisions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deskring_domain::Now;

/// One start point for all monotonic readings of an engine.
///
/// `Instant` stops while a Linux or macOS machine sleeps; a call does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: boot_time::Instant,
    start_awake: std::time::Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: boot_time::Instant::now(), start_awake: std::time::Instant::now() }
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: self.start.elapsed(), wall_ms: wall_ms() }
    }

    /// The reading at an event that was received a moment ago, so that waiting in our own queue counts.
    pub(crate) fn at(&self, received: std::time::Instant) -> Now {
        let now = self.now();
        let waited = received.elapsed();
        Now {
            mono: now.mono.saturating_sub(waited),
            wall_ms: now.wall_ms - i64::try_from(waited.as_millis()).unwrap_or(0),
        }
    }

    /// How long the machine has slept in all since the start.
    pub(crate) fn slept(&self) -> Duration {
        self.start.elapsed().saturating_sub(self.start_awake.elapsed())
    }
}

/// Milliseconds since 1970 (UTC).
pub(crate) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
