//! Owns credits and concurrency: what a request costs, what an edition allows.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::switches::Fault;
use crate::net::lock;

#[derive(Default)]
pub(crate) struct Limits {
    in_flight: AtomicUsize,
    most: AtomicUsize,
    searches: AtomicUsize,
    faults: Mutex<VecDeque<Fault>>,
    /// For requests that change something.
    write_faults: Mutex<VecDeque<Fault>>,
}

/// Counts a request while it lives.
pub(crate) struct InFlight<'a> {
    limits: &'a Limits,
    /// This request among those running now, counted from one.
    pub(crate) place: usize,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.limits.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Limits {
    pub(crate) fn enter(&self) -> InFlight<'_> {
        let place = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(place, Ordering::SeqCst);
        InFlight { limits: self, place }
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    pub(crate) fn count_search(&self) {
        self.searches.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn searches(&self) -> usize {
        self.searches.load(Ordering::SeqCst)
    }

    pub(crate) fn plan_faults(&self, count: usize, fault: Fault) {
        lock(&self.faults).extend(std::iter::repeat_n(fault, count));
    }

    pub(crate) fn plan_write_faults(&self, count: usize, fault: Fault) {
        lock(&self.write_faults).extend(std::iter::repeat_n(fault, count));
    }

    pub(crate) fn clear_faults(&self) {
        lock(&self.faults).clear();
        lock(&self.write_faults).clear();
    }

    pub(crate) fn next_fault(&self, method: &str) -> Option<Fault> {
        let writes = matches!(method, "POST" | "PATCH");
        let of_writes = writes.then(|| lock(&self.write_faults).pop_front()).flatten();
        of_writes.or_else(|| lock(&self.faults).pop_front())
    }

    pub(crate) fn planned(&self) -> usize {
        lock(&self.faults).len() + lock(&self.write_faults).len()
    }
}

/// Requests an edition allows at once.
pub(crate) fn concurrency(edition: &str) -> usize {
    let edition = edition.to_uppercase();
    if edition.contains("FREE") {
        5
    } else if edition.contains("EXPRESS") || edition.contains("STANDARD") {
        10
    } else if edition.contains("PROFESSIONAL") {
        15
    } else {
        25
    }
}

/// What kind of work a request is, for its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Fetch by id, create, update.
    One,
    /// List or search.
    List,
    /// Delete, per record.
    Delete,
}

/// The price of a request in credits. QUIRK(zoho): lists cost more the deeper one pages.
pub(crate) fn credits(weight: Weight, from: u64, records: u64) -> u64 {
    match weight {
        Weight::One => 1,
        Weight::Delete => 6 * records.max(1),
        Weight::List => match from {
            0..=2000 => 3,
            2001..=3000 => 5,
            3001..=4000 => 10,
            4001..=4500 => 50,
            _ => 100,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_costs_three_credits_and_more_the_deeper_one_pages() {
        assert_eq!(credits(Weight::One, 0, 0), 1);
        assert_eq!(credits(Weight::List, 0, 0), 3);
        assert_eq!(credits(Weight::List, 2000, 0), 3);
        assert!(credits(Weight::List, 2001, 0) > 3);
        assert_eq!(credits(Weight::Delete, 0, 2), 12);
    }

    #[test]
    fn the_most_requests_at_once_are_remembered() {
        let limits = Limits::default();
        {
            let _one = limits.enter();
            assert_eq!(limits.enter().place, 2);
        }
        assert_eq!(limits.enter().place, 1);
        assert_eq!(limits.most(), 2);
    }
}
