//! What is owed to Desk gets there once: contacts, tickets and call activities by the rules. Over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::Command;
use deskring_engine::assist::{Answer, Want};
use deskring_engine::outbox_by_hand::OutboxAsk;
use deskring_engine::view::OutboxRowView;
use deskring_simulator::{AGENT_ID, Fault};
use deskring_store::{EntryState, Journal, OutboxQuery};
use e2e::{Rig, eventually, until};
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

/// What is owed for a call, the first promise first.
async fn owed(rig: &Rig, call: &str) -> Vec<OutboxRowView> {
    let ask = OutboxAsk::List { states: Vec::new(), call: Some(call.to_owned()), offset: 0, limit: 10 };
    match rig.handle().assist(Want::Outbox { ask }).await.unwrap() {
        Answer::Outbox { mut rows, .. } => {
            rows.reverse();
            rows
        }
        other => panic!("{other:?}"),
    }
}

fn writes(rig: &Rig) -> usize {
    let requests = rig.simulator.desk().requests();
    requests.iter().filter(|request| request.method == "POST" && request.path.starts_with("/api/")).count()
}

#[tokio::test]
async fn a_dry_run_shows_what_would_be_written_and_writes_nothing() {
    let rig = Rig::running_with(|settings| {
        everything(settings);
        settings["desk"]["dry_run"] = json!(true);
    })
    .await;
    let call = answered(&rig).await;
    let rows = owed(&rig, &call).await;
    let seen: Vec<_> = rows.iter().map(|row| (row.kind.as_str(), row.state.as_str())).collect();
    assert_eq!(seen, [("contact", "dry"), ("ticket", "dry"), ("call_activity", "dry")]);
    let said = |row: &OutboxRowView| (row.subject.clone().unwrap(), row.description.clone());
    assert_eq!(said(&rows[0]), (format!("Automatic New Contact {E164}"), None));
    let (subject, description) = said(&rows[1]);
    assert_eq!(subject, format!("Inbound ANSWERED - from {NUMBER}"));
    let description = description.unwrap();
    assert!(!description.contains("<br") && description.contains(NUMBER), "for reading: {description}");
    assert!(rig.handle().view().borrow().outbox.dry_run);
    assert_eq!(writes(&rig), 0);
    // Switched off, the call of before stays as it was, and the number that calls again gets its contact.
    rig.set(everything);
    rig.send(Command::Reload).await;
    rig.view_where(|view| !view.outbox.dry_run).await;
    answered(&rig).await;
    written(&rig, 1, 1).await;
    let ticket = &records(&rig, "tickets")[0];
    let named = format!("Automatic New Contact {E164}");
    let contacts = records(&rig, "contacts");
    let made: Vec<&Value> = contacts.iter().filter(|contact| contact["lastName"] == named).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(ticket["contactId"], made[0]["id"]);
    let states: Vec<_> = owed(&rig, &call).await.into_iter().map(|row| row.state).collect();
    assert_eq!(states, ["dry", "dry"]);
}

#[tokio::test]
async fn a_dry_run_holds_back_what_was_promised_before_it() {
    let rig = Rig::running_with(everything).await;
    rig.contact("Wang", E164);
    rig.simulator.stop_desk().await;
    rig.view_where(|view| view.desk.state == deskring_engine::view::LinkState::Up).await;
    let call = answered(&rig).await;
    rig.set(|settings| {
        everything(settings);
        settings["desk"]["dry_run"] = json!(true);
    });
    rig.send(Command::Reload).await;
    rig.view_where(|view| view.outbox.dry_run).await;
    rig.simulator.start_desk().await;
    rig.send(Command::Wake).await;
    // The caller is named now, and that is all.
    rig.view_where(|view| view.recent.iter().any(|past| past.call == call && past.who.state == "known"))
        .await;
    assert_eq!(writes(&rig), 0);
}

#[tokio::test]
async fn a_refused_field_is_named_as_the_organization_does() {
    let rig = Rig::running_with(everything).await;
    rig.contact("Wang", E164);
    rig.simulator.desk().set(|desk| desk.mandatory_ticket_field = Some("cf_region".to_owned()));
    let call = answered(&rig).await;
    let refused = eventually("the ticket is refused", async || {
        owed(&rig, &call).await.into_iter().find(|row| row.state == "wedged")
    })
    .await;
    let fields: Vec<_> =
        refused.fields.iter().map(|it| (&*it.name, &*it.label, it.kind.as_deref())).collect();
    assert_eq!(fields, [("cf_region", "Region", Some("text"))]);
}

#[tokio::test]
async fn what_the_pbx_wrote_down_is_in_the_texts() {
    let rig = Rig::running_with(|settings| {
        settings["tickets"] = json!({ "enabled": true, "subject": "{{Trunk}}|{{Recording}}",
            "description": "{{Call_From}}" });
    })
    .await;
    rig.contact("Wang", E164);
    rig.simulator.pbx().set(|pbx| pbx.record_calls = true);
    let call = answered(&rig).await;
    written(&rig, 1, 0).await;
    let subject = records(&rig, "tickets")[0]["subject"].as_str().unwrap().to_owned();
    let (trunk, recording) = subject.split_once('|').unwrap();
    assert!(!trunk.is_empty(), "{subject}");
    assert!(recording.contains(&call), "{subject}");
    let details = rig.closed(&call).await.details.unwrap();
    assert_eq!((details.trunk.as_deref(), details.recording.as_deref()), (Some(trunk), Some(recording)));
}
