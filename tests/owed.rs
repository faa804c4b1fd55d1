//! What is owed to Desk gets there once: contacts, tickets and call activities by the rules. Over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::Command;
use deskring_simulator::{AGENT_ID, Fault};
use deskring_store::{EntryState, Journal, OutboxQuery};
use e2e::{Rig, until};
use serde_json::{Value, json};

const NUMBER: &str = "13800138000";
const E164: &str = "+8613800138000";

/// Everything is written after a call.
fn everything(settings: &mut Value) {
    settings["new_contacts"] = json!({ "mode": "automatic", "kind": "contact" });
    settings["tickets"] = json!({ "enabled": true });
    settings["call_log"] = json!({ "enabled": true });
}

fn records(rig: &Rig, module: &str) -> Vec<Value> {
    rig.simulator.desk().records(module)
}

async fn written(rig: &Rig, tickets: usize, calls: usize) {
    until("everything owed is in Desk", || {
        records(rig, "tickets").len() >= tickets && records(rig, "calls").len() >= calls
    })
    .await;
}

/// A call that is answered and over.
async fn answered(rig: &Rig) -> String {
    let pbx = rig.simulator.pbx();
    let call = pbx.call_in(NUMBER, "1001").await;
    rig.phase(&call, "ringing").await;
    pbx.answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    pbx.hang_up(&call, "caller").await;
    rig.closed(&call).await;
    call
}

#[tokio::test]
async fn an_answered_call_of_a_contact_becomes_a_ticket_and_a_call_activity() {
    let rig = Rig::running_with(everything).await;
    let contact = rig.simulator.desk().add_contact(json!({ "lastName": "Wang", "mobile": E164 }));
    let call = answered(&rig).await;
    written(&rig, 1, 1).await;
    let (tickets, calls) = (records(&rig, "tickets"), records(&rig, "calls"));
    assert_eq!((tickets.len(), calls.len()), (1, 1));
    let (ticket, activity) = (&tickets[0], &calls[0]);
    assert_eq!((&ticket["contactId"], &activity["contactId"]), (&json!(contact), &json!(contact)));
    assert_eq!((&ticket["assigneeId"], &activity["ownerId"]), (&json!(AGENT_ID), &json!(AGENT_ID)));
    assert_eq!(activity["ticketId"], ticket["id"]);
    assert_eq!((&activity["status"], &activity["direction"]), (&json!("Completed"), &json!("inbound")));
    assert_eq!(ticket["subject"], format!("Inbound ANSWERED - from Wang<{NUMBER}>"));
    let marker = format!("Deskring: call {call}");
    assert!(ticket["description"].as_str().unwrap().contains(&marker), "{ticket}");
    assert!(activity["description"].as_str().unwrap().contains(&marker), "{activity}");
}

#[tokio::test]
async fn an_unknown_number_becomes_a_contact_at_ring_and_the_call_is_its() {
    let rig = Rig::running_with(everything).await;
    let call = answered(&rig).await;
    written(&rig, 1, 1).await;
    let contacts = records(&rig, "contacts");
    let named: Vec<&Value> = contacts
        .iter()
        .filter(|contact| contact["lastName"] == format!("Automatic New Contact {E164}"))
        .collect();
    assert_eq!(named.len(), 1, "{contacts:?}");
    assert_eq!(named[0]["mobile"], E164);
    assert_eq!(records(&rig, "tickets")[0]["contactId"], named[0]["id"]);
    assert_eq!(records(&rig, "calls")[0]["contactId"], named[0]["id"]);
    // It was there while the phone rang, so its page opened by the rule.
    let page = rig.simulator.desk().web_url(named[0]["id"].as_str().unwrap());
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
    // The search does not know it yet, and the next call makes no second one.
    let again = answered(&rig).await;
    assert_ne!(again, call);
    written(&rig, 2, 2).await;
    assert_eq!(records(&rig, "contacts").len(), contacts.len());
}

#[tokio::test]
async fn what_is_owed_survives_a_desk_that_is_away_and_a_restart() {
    let mut rig = Rig::running_with(everything).await;
    rig.contact("Wang", E164);
    rig.simulator.desk().fault_next_writes(1, Fault::Status(503));
    answered(&rig).await;
    // Whether it was done, nobody knows.
    let journal = Journal::open(rig.profile.path()).unwrap();
    until("the first try has failed", || {
        let rows = journal.outbox(&OutboxQuery::default()).unwrap();
        rows.iter().any(|row| row.state == EntryState::Unknown)
    })
    .await;
    rig.simulator.stop_desk().await;
    rig.kill().await;
    rig.simulator.start_desk().await;
    rig.start().await;
    rig.ready().await;
    written(&rig, 1, 1).await;
    rig.send(Command::Reload).await;
    assert_eq!((records(&rig, "tickets").len(), records(&rig, "calls").len()), (1, 1));
}

#[tokio::test]
async fn a_hidden_number_and_a_colleague_owe_nothing() {
    let rig = Rig::running_with(everything).await;
    let pbx = rig.simulator.pbx();
    let call = pbx.call_in("", "1001").await;
    rig.phase(&call, "ringing").await;
    pbx.hang_up(&call, "caller").await;
    rig.closed(&call).await;
    rig.contact("Wang", E164);
    answered(&rig).await;
    written(&rig, 1, 1).await;
    assert_eq!((records(&rig, "tickets").len(), records(&rig, "calls").len()), (1, 1));
}

#[tokio::test]
async fn a_call_while_the_program_was_off_is_filled_in_once() {
    let mut rig = Rig::running_with(everything).await;
    rig.contact("Wang", E164);
    answered(&rig).await;
    written(&rig, 1, 1).await;
    rig.stop().await;
    let pbx = rig.simulator.pbx();
    let missed = pbx.call_in(NUMBER, "1001").await;
    pbx.hang_up(&missed, "caller").await;
    rig.start().await;
    rig.ready().await;
    written(&rig, 2, 2).await;
    let calls = records(&rig, "calls");
    let of_missed: Vec<&Value> = calls
        .iter()
        .filter(|call| call["description"].as_str().unwrap().contains(&format!("call {missed}")))
        .collect();
    assert_eq!(of_missed.len(), 1, "{calls:?}");
    assert_eq!(of_missed[0]["status"], "Missed");
    let filled_in = |view: &deskring_engine::AppView| {
        view.recent.iter().any(|past| past.call == missed && past.filled_in && past.who.state == "known")
    };
    rig.view_where(filled_in).await;
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    let next = answered(&rig).await;
    assert_ne!(next, missed);
    written(&rig, 3, 3).await;
    assert_eq!((records(&rig, "tickets").len(), records(&rig, "calls").len()), (3, 3));
}

#[tokio::test]
async fn a_caller_whom_desk_could_not_name_is_written_down_when_it_can() {
    let rig = Rig::running_with(everything).await;
    rig.contact("Wang", E164);
    rig.simulator.stop_desk().await;
    answered(&rig).await;
    rig.simulator.start_desk().await;
    rig.send(Command::Wake).await;
    written(&rig, 1, 1).await;
}

#[tokio::test]
async fn an_edition_without_call_activities_is_asked_once() {
    let rig = Rig::running_with(everything).await;
    rig.contact("Wang", E164);
    rig.simulator.desk().set(|desk| desk.edition = "FREE".to_owned());
    answered(&rig).await;
    written(&rig, 1, 0).await;
    answered(&rig).await;
    written(&rig, 2, 0).await;
    let tried = || {
        let requests = rig.simulator.desk().requests();
        requests.iter().filter(|request| request.method == "POST" && request.path.ends_with("/calls")).count()
    };
    until("the first call activity was tried", || tried() > 0).await;
    answered(&rig).await;
    written(&rig, 3, 0).await;
    assert_eq!((tried(), records(&rig, "calls").len()), (1, 0));
}
