//! A figure: what was measured, what it may be at most, and how both are told. Owns the arithmetic of
//! samples. Must not know where a sample comes from.

use std::fmt;
use std::time::Duration;

/// The unit of what has no fractions.
pub(crate) const COUNT: &str = "calls";

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) what: String,
    /// The measured value, as told.
    pub(crate) value: String,
    /// The promise, as told; empty when there is none.
    pub(crate) limit: String,
    /// Whether the promise was kept.
    pub(crate) verdict: Verdict,
    /// How it was measured.
    pub(crate) how: String,
}

/// What became of a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Kept.
    Met,
    /// Not kept, or it could not be found out.
    Missed,
    /// There is no limit.
    Unlimited,
}

impl Verdict {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "MISSED",
            Self::Unlimited => "-",
        }
    }

    fn of(kept: bool) -> Self {
        if kept { Self::Met } else { Self::Missed }
    }
}

/// What a value may be at most.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// For 95 of 100 samples, or for a single value.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// It is only told.
    None,
}

impl Figure {
    /// A figure of many samples in milliseconds; the limit is for the 95th percentile.
    pub(crate) fn of_times(what: &str, times: &Times, limit: Limit, how: &str) -> Self {
        let (limit, verdict) = told(limit, times.percentile(95), "p95 ", "ms");
        let value = format!(
            "p50 {}, p95 {}, max {} ms ({} samples)",
            number(times.percentile(50)),
            number(times.percentile(95)),
            number(times.percentile(100)),
            times.0.len()
        );
        Self { what: what.to_owned(), value, limit, verdict, how: how.to_owned() }
    }

    /// A single value with its unit.
    pub(crate) fn of_value(what: &str, value: f64, unit: &str, limit: Limit, how: &str) -> Self {
        let (limit, verdict) = told(limit, value, "", unit);
        let value = format!("{} {unit}", if unit == COUNT { format!("{value:.0}") } else { number(value) });
        Self { what: what.to_owned(), value, limit, verdict, how: how.to_owned() }
    }

    /// Says more about the value.
    pub(crate) fn with(mut self, more: &str) -> Self {
        self.value = format!("{} ({more})", self.value);
        self
    }

    /// A subject that could not be measured counts as missed.
    pub(crate) fn impossible(what: &str, why: &str) -> Self {
        let value = format!("not measured: {why}");
        Self {
            what: what.to_owned(),
            value,
            limit: String::new(),
            verdict: Verdict::Missed,
            how: String::new(),
        }
    }

    /// Whether the exit code tells of it.
    pub(crate) fn is_missed(&self) -> bool {
        self.verdict == Verdict::Missed
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<6}  {:<62}  {}", self.verdict.word(), self.what, self.value)?;
        if self.limit.is_empty() { Ok(()) } else { write!(f, "; limit {}", self.limit) }
    }
}

fn told(limit: Limit, value: f64, of: &str, unit: &str) -> (String, Verdict) {
    match limit {
        Limit::AtMost(most) => (format!("{of}≤ {} {unit}", plain(most)), Verdict::of(value <= most)),
        Limit::AtLeast(least) => (format!("{of}≥ {} {unit}", plain(least)), Verdict::of(value >= least)),
        Limit::None => (String::new(), Verdict::Unlimited),
    }
}

fn number(value: f64) -> String {
    if value.abs() < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}

fn plain(value: f64) -> String {
    format!("{value}")
}

/// Samples in milliseconds.
#[derive(Clone, Default, Debug)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Adds one.
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1000.0);
    }

    /// The smallest sample that so many of a hundred do not exceed; 0 without samples.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut times = Times::default();
        for ms in (1..=200).rev() {
            times.push(Duration::from_millis(ms));
        }
        let close = |percent, ms: f64| (times.percentile(percent) - ms).abs() < 1e-6;
        assert!(close(50, 100.0) && close(95, 190.0) && close(100, 200.0));
        assert!(Times::default().percentile(95).abs() < 1e-6);
    }

    #[test]
    fn a_limit_is_met_when_the_value_is_just_it() {
        let figure = |value, limit| Figure::of_value("x", value, "MiB", limit, "").verdict;
        assert_eq!(figure(20.0, Limit::AtMost(20.0)), Verdict::Met);
        assert_eq!(figure(20.1, Limit::AtMost(20.0)), Verdict::Missed);
        assert_eq!(figure(19.9, Limit::AtLeast(20.0)), Verdict::Missed);
        assert_eq!(figure(1e9, Limit::None), Verdict::Unlimited);
    }
}
