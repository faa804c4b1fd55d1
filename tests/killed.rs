//! The program is killed again and again while a thousand calls come in, and every call is written to Desk once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::{Rig, on_profile, until};
use serde_json::{Value, json};

const CALLS: usize = 1_000;
/// Customers who call, by turns.
const CUSTOMERS: usize = 40;
/// Calls between one kill and the next.
const BATCH: usize = 50;
/// All is written within this time of the last kill, or never will be.
const PATIENCE: Duration = Duration::from_secs(240);

/// The PBX's id of the call that a record is about.
fn call_of(record: &Value) -> String {
    let description = record["description"].as_str().unwrap_or_default();
    let after = description.split("Deskring: call ").nth(1).unwrap_or_else(|| panic!("{record}"));
    after.split([' ', ',', '<']).next().unwrap().to_owned()
}

fn times(records: &[Value]) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    records.iter().for_each(|record| *times.entry(call_of(record)).or_default() += 1);
    times
}

#[tokio::test]
async fn a_thousand_calls_are_written_once_however_often_the_program_is_killed() {
    let rig = Rig::idle().await;
    rig.set(|settings| {
        settings["tickets"] = json!({ "enabled": true });
        settings["call_log"] = json!({ "enabled": true });
    });
    let number = |customer: usize| format!("138{customer:08}");
    for customer in 0..CUSTOMERS {
        rig.contact(&format!("Customer {customer}"), &format!("+86{}", number(customer)));
    }
    let pbx = rig.simulator.pbx();
    let start = || on_profile(&rig, "deskring-cli", &["run"]).spawn().unwrap();
    let mut program = start();
    // What was before the first connection is not its business.
    until("the program knows since when", || {
        let journal = deskring_store::Journal::open(rig.profile.path()).unwrap();
        journal.fact("calls_known_until").unwrap().is_some()
    })
    .await;
    let mut calls = Vec::new();
    let mut round: u64 = 0;
    while calls.len() < CALLS {
        for place in 0..BATCH.min(CALLS - calls.len()) {
            let call = pbx.call_in(&number(calls.len() % CUSTOMERS), "1001").await;
            if place % 3 != 0 {
                pbx.answer(&call, "1001").await;
            }
            pbx.hang_up(&call, "caller").await;
            calls.push(call);
        }
        // From right after the last frame to long after the first record went out.
        round += 1;
        tokio::time::sleep(Duration::from_millis(round * 397 % 6_000)).await;
        program.start_kill().unwrap();
        program.wait().await.unwrap();
        program = start();
    }
    let began = Instant::now();
    let desk = rig.simulator.desk();
    while began.elapsed() < PATIENCE {
        let (tickets, activities) = (desk.records("tickets"), desk.records("calls"));
        if times(&tickets).len() >= CALLS && times(&activities).len() >= CALLS {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for module in ["tickets", "calls"] {
        let times = times(&desk.records(module));
        let lost: Vec<_> = calls.iter().filter(|call| !times.contains_key(*call)).collect();
        let doubled: Vec<_> = times.iter().filter(|(_, times)| **times != 1).collect();
        assert!(lost.is_empty() && doubled.is_empty(), "{module}: lost {lost:?}, doubled {doubled:?}");
    }
    program.start_kill().unwrap();
}
