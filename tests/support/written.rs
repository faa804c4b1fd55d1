//! What is in the simulator's Desk of calls: each ticket and call activity once, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use deskring_simulator::Simulator;
use deskring_store::{EntryState, Journal, OutboxQuery};

const MODULES: [&str; 2] = ["tickets", "calls"];

/// How often each call is in the records of a module, by the marker; a call that is not there is missing.
pub fn marked(simulator: &Simulator, module: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for record in simulator.desk().records(module) {
        let text = record["description"].as_str().unwrap();
        let (_, marker) = text.split_once("Deskring: call ").expect("every record has its marker");
        let call = marker.split([' ', ',', '<']).next().unwrap();
        *found.entry(call.to_owned()).or_default() += 1;
    }
    found
}

/// Waits until as many calls are in both modules; the time is up when nothing has changed for so long.
pub async fn written(
    simulator: &Simulator,
    wanted: usize,
    at_rest: Duration,
    what_else: impl Fn() -> String,
) {
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    let (mut last, mut since) = ([0, 0], Instant::now());
    loop {
        looks.tick().await;
        let now = MODULES.map(|module| marked(simulator, module).len());
        if now == [wanted, wanted] {
            return;
        }
        if now != last {
            (last, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < at_rest, "only {now:?} of {wanted} are written; {}", what_else());
    }
}

/// These calls are in both modules, no others, and none twice.
pub fn once_each(simulator: &Simulator, calls: &BTreeSet<String>) {
    for module in MODULES {
        let found = marked(simulator, module);
        let doubled: Vec<_> = found.iter().filter(|(_, times)| **times > 1).collect();
        assert!(doubled.is_empty(), "{module} twice: {doubled:?}");
        let lost: Vec<_> = calls.iter().filter(|call| !found.contains_key(*call)).collect();
        assert!(lost.is_empty(), "{module} missing: {lost:?}");
        assert_eq!(found.len(), calls.len(), "{module} of no call");
    }
}

/// What a profile has not written, for the message of a failed test.
pub fn unwritten(profile: &Path) -> String {
    let states = EntryState::ALL.into_iter().filter(|state| *state != EntryState::Sent).collect();
    let query = OutboxQuery { states, limit: 20, ..OutboxQuery::default() };
    Journal::open(profile)
        .and_then(|journal| journal.outbox(&query))
        .map_or_else(|e| e.to_string(), |rows| format!("{rows:#?}"))
}
