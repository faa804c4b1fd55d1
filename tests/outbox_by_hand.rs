//! What a person sees of the outbox and does with it: through a running engine, from a terminal with and without one, in
//! English and in Chinese.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::process::Stdio;

use deskring_engine::assist::{Answer, Want};
use deskring_engine::outbox_by_hand::{OutboxAsk, OutboxEdit};
use deskring_engine::view::{CallView, OutboxRowView};
use deskring_local_api::Server;
use deskring_store::{CallRow, Doubt, Journal, NewEntry, Run, Settled};
use e2e::{PATIENCE, Rig, on_profile};
use serde_json::{Value, json};

const NUMBER: &str = "13800138000";

/// How `deskring-cli` ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    error: String,
}

impl Said {
    #[track_caller]
    fn good(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        self.out.trim()
    }

    #[track_caller]
    fn bad(&self) -> &str {
        assert_eq!(self.code, 1, "{self:?}");
        self.error.trim()
    }
}

async fn cli(rig: &Rig, language: &str, arguments: &[&str]) -> Said {
    let mut command = on_profile(rig, "deskring-cli", &[&["outbox"], arguments].concat());
    command.env("LANG", language).env("LC_ALL", language).stdin(Stdio::null());
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), error: text(output.stderr) }
}

async fn english(rig: &Rig, arguments: &[&str]) -> Said {
    cli(rig, "en_US.UTF-8", arguments).await
}

async fn rows(rig: &Rig, arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(english(rig, &[&["list", "--json"], arguments].concat()).await.good()).unwrap()
}

fn journal(rig: &Rig) -> Journal {
    Journal::open(rig.profile.path()).unwrap()
}

fn entry(key: &str, call: &str, kind: &str, parent: Option<&str>) -> NewEntry {
    let payload = json!({ "of": "1001", "number": NUMBER, "number_key": "+8613800138000",
        "direction": "inbound", "contact": "1" });
    NewEntry {
        key: key.into(),
        call_id: call.into(),
        extension: "1001".into(),
        kind: kind.into(),
        payload: payload.to_string(),
        depends_on: parent.map(str::to_owned),
        due_ms: 0,
        doubt: Doubt::None,
        run: Run::Live,
    }
}

/// A call that is over, and what it owes: a ticket that Desk refused, and an activity that needs it.
fn refused(rig: &Rig) -> Journal {
    let journal = journal(rig);
    let call = CallRow {
        call_id: "7.1".into(),
        extension: "1001".into(),
        direction: "inbound".into(),
        number: Some(NUMBER.into()),
        name: Some("Lin \u{1b}[31mMei".into()),
        phase: "over".into(),
        ..CallRow::default()
    };
    let owed = [
        entry("ticket/7.1", "7.1", "ticket", None),
        entry("call/7.1/1001", "7.1", "call_activity", Some("ticket/7.1")),
    ];
    journal.record_with(&call, &owed, 1).unwrap();
    assert_eq!(journal.claim(1, 1).unwrap().len(), 1);
    let fields = json!([{ "name": "cf_region", "label": "Region", "problem": "missing" },
        { "name": "cf_size", "label": "Size", "problem": "of a newer engine" }]);
    let detail = Some(json!({ "code": "INVALID_DATA", "fields": fields }).to_string());
    let wedged = Settled::Wedged { reason: "invalid".into(), detail };
    assert!(journal.settle("ticket/7.1", &wedged, 2).unwrap());
    journal
}

/// Another ticket, refused for another reason.
fn refused_too(journal: &Journal, key: &str, reason: &str) {
    journal.enqueue(&[entry(key, "8.1", "ticket", None)], 3).unwrap();
    assert_eq!(journal.claim(3, 1).unwrap().len(), 1);
    let wedged = Settled::Wedged { reason: reason.into(), detail: None };
    assert!(journal.settle(key, &wedged, 4).unwrap());
}

/// An engine that sends nothing, so that rows stay as a person leaves them.
async fn quiet(rig: &mut Rig) -> Server {
    rig.set(|settings| settings["desk"]["enabled"] = json!(false));
    rig.start().await;
    Server::start(rig.handle(), &rig.paths()).unwrap()
}

// From a terminal

/// The same with and without an engine.
async fn by_terminal(rig: &Rig) {
    let listed = english(rig, &["list"]).await;
    let expected = "call/7.1/1001: Call log entry for Lin [31mMei · 13800138000 (waiting for another entry)\n    \
        Waits for ticket/7.1\n\
        ticket/7.1: Ticket for Lin [31mMei · 13800138000 (not written)\n    \
        Zoho Desk does not accept these fields: Region must be filled in; Size is refused\n    \
        → Correct the fields and send it again.";
    assert_eq!(listed.good(), expected, "without what would write into a terminal");
    let chinese = cli(rig, "zh_CN.UTF-8", &["list", "--state", "wedged"]).await;
    let expected = "ticket/7.1：Lin [31mMei · 13800138000 的工单（未写入）\n    \
        Zoho Desk 不接受这些字段：必须填写“Region”; “Size”被拒绝\n    → 修改这些字段后重新写入。";
    assert_eq!(chinese.good(), expected);
    assert_eq!(rows(rig, &["--state", "sent"]).await, Vec::<Value>::new());
    assert_eq!(rows(rig, &["--call", "7.2"]).await, Vec::<Value>::new());
    let ticket = &rows(rig, &["--state", "wedged", "--call", "7.1"]).await[0];
    assert_eq!((&ticket["key"], &ticket["number"]), (&json!("ticket/7.1"), &json!(NUMBER)));
    assert_eq!(ticket["fields"][0]["label"], "Region");

    // What cannot be done.
    let no_such = english(rig, &["show", "ticket/9.9"]).await;
    assert_eq!(no_such.bad(), "deskring-cli: there is no such entry");
    let blocked = english(rig, &["retry", "call/7.1/1001"]).await;
    let expected =
        "deskring-cli: call/7.1/1001: it waits for another entry; do something about that one (ticket/7.1)";
    assert_eq!(blocked.bad(), expected);
    let owned = english(rig, &["edit", "ticket/7.1", "--set", "number=1"]).await;
    assert_eq!(owned.bad(), "deskring-cli: this field cannot be changed here (number)");
    english(rig, &["edit", "ticket/7.1", "--set", "subject"]).await.bad();
    for wrong in [&["edit", "ticket/7.1"][..], &["retry"], &["retry", "x", "--all-wedged"], &["discard"]] {
        assert_eq!(english(rig, wrong).await.code, 2, "{wrong:?}");
    }

    // What can.
    let set = ["--set", "cf_region=North", "--set", "subject=An invoice", "--set", "cf_size=3"];
    let edited = english(rig, &[&["edit", "ticket/7.1"], &set[..]].concat()).await;
    assert!(edited.good().starts_with("Changed."), "{edited:?}");
    english(rig, &["edit", "ticket/7.1", "--unset", "cf_size"]).await.good();
    let shown: Value =
        serde_json::from_str(english(rig, &["show", "ticket/7.1", "--json"]).await.good()).unwrap();
    assert_eq!(shown["payload"]["subject"], "An invoice");
    assert_eq!(shown["payload"]["extra"], json!({ "cf_region": "North" }));
    assert_eq!((&shown["payload"]["contact"], &shown["state"]), (&json!("1"), &json!("wedged")));
    let shown = english(rig, &["show", "ticket/7.1"]).await;
    assert!(shown.good().contains("Tried 1 time\n") && shown.good().contains("\"North\""), "{shown:?}");
    let retried = english(rig, &["retry", "ticket/7.1"]).await;
    assert_eq!(retried.good(), "1 entry is sent again.");
    let states = |rows: &[Value]| rows.iter().map(|row| row["state"].clone()).collect::<Vec<_>>();
    assert_eq!(states(&rows(rig, &[]).await), ["pending", "pending"], "what it blocked, too");
    let some = english(rig, &["discard", "ticket/9.9", "ticket/7.1"]).await;
    assert_eq!(some.bad(), "deskring-cli: ticket/9.9: there is no such entry");
    assert_eq!(some.out.trim(), "1 entry is discarded, with those that need it.", "one fault keeps no other");
    let finished = english(rig, &["discard", "ticket/7.1"]).await;
    assert_eq!(finished.bad(), "deskring-cli: ticket/7.1: it is written or discarded already");
    assert_eq!(states(&rows(rig, &[]).await), ["discarded", "discarded"]);
    let none = english(rig, &["retry", "--all-wedged"]).await;
    assert_eq!(none.good(), "Nothing is waiting for you.");
}

#[tokio::test]
async fn entries_are_listed_changed_retried_and_discarded_from_a_terminal_without_an_engine() {
    let rig = Rig::idle().await;
    assert_eq!(english(&rig, &["list"]).await.good(), "Nothing here.");
    assert!(!rig.profile.path().join("deskring.db").exists(), "looking makes nothing");
    refused(&rig);
    by_terminal(&rig).await;
    // A killed engine was sending it; nobody does any more.
    let journal = journal(&rig);
    journal.enqueue(&[entry("ticket/8.1", "8.1", "ticket", None)], 3).unwrap();
    assert_eq!(journal.claim(3, 1).unwrap().len(), 1);
    let retried = english(&rig, &["retry", "ticket/8.1"]).await;
    assert_eq!(retried.good(), "1 entry is sent again.");
    assert_eq!(retried.error.trim(), "It is sent when Deskring runs.");
    assert_eq!(rows(&rig, &["--call", "8.1"]).await[0]["state"], "unknown", "it is looked for first");
}

#[tokio::test]
async fn entries_are_listed_changed_retried_and_discarded_from_a_terminal_through_the_engine() {
    let mut rig = Rig::idle().await;
    let journal = refused(&rig);
    let _server = quiet(&mut rig).await;
    by_terminal(&rig).await;
    refused_too(&journal, "ticket/8.1", "no_department");
    refused_too(&journal, "ticket/8.2", "of_a_newer_engine");
    let listed = english(&rig, &["list", "--state", "wedged"]).await;
    for words in ["No department is chosen", "Choose the department", "(of_a_newer_engine)", "Retry. If"] {
        assert!(listed.good().contains(words), "{words}: {listed:?}");
    }
    assert_eq!(english(&rig, &["retry", "--all-wedged"]).await.good(), "2 entries are sent again.");
    rig.view_where(|view| view.outbox.wedged == 0 && view.outbox.pending == 2).await;
}

#[tokio::test]
async fn a_profile_that_an_unreachable_engine_has_is_left_alone() {
    let mut rig = Rig::idle().await;
    refused(&rig);
    rig.set(|settings| settings["desk"]["enabled"] = json!(false));
    rig.start().await;
    let refused = english(&rig, &["discard", "ticket/7.1"]).await;
    assert!(refused.bad().contains("another Deskring works on this profile"), "{refused:?}");
    rig.stop().await;
    english(&rig, &["discard", "ticket/7.1"]).await.good();
}

// Through the engine

async fn asked(rig: &Rig, ask: OutboxAsk) -> Result<Answer, String> {
    rig.handle().assist(Want::Outbox { ask }).await.map_err(|fault| fault.code)
}

#[tokio::test]
async fn the_view_shows_what_waits_for_a_person_and_follows_what_they_do() {
    let mut rig = Rig::idle().await;
    let journal = refused(&rig);
    let _server = quiet(&mut rig).await;
    let view = rig.view_where(|view| view.outbox.wedged == 1).await;
    let OutboxRowView { key, number, name, payload, fields, .. } = &view.outbox.rows[0];
    assert_eq!((key.as_str(), number.as_str()), ("ticket/7.1", NUMBER));
    assert_eq!((name.is_some(), payload, fields.len()), (true, &Value::Null, 2));
    assert_eq!((view.outbox.pending, view.outbox.blocked), (0, 1));
    let status = on_profile(&rig, "deskring-cli", &["status"]).output().await.unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("! 1 entry was not written to Zoho Desk\n"), "{status}");
    asked(&rig, OutboxAsk::Retry { key: "ticket/7.1".into() }).await.unwrap();
    rig.view_where(|view| view.outbox.wedged == 0 && view.outbox.pending == 2).await;
    assert_eq!(journal.claim(i64::MAX, 1).unwrap().len(), 1);
    for ask in [
        OutboxAsk::Retry { key: "ticket/7.1".into() },
        OutboxAsk::Discard { key: "ticket/7.1".into() },
        OutboxAsk::Edit(OutboxEdit { key: "ticket/7.1".into(), ..OutboxEdit::default() }),
    ] {
        assert_eq!(asked(&rig, ask).await.unwrap_err(), "entry_in_flight");
    }
    let sent = Settled::Sent { remote_id: "9".into(), remote_url: Some("https://desk.example.com/9".into()) };
    assert!(journal.settle("ticket/7.1", &sent, 5).unwrap());
    let Ok(Answer::OutboxRow { row }) = asked(&rig, OutboxAsk::Show { key: "ticket/7.1".into() }).await
    else {
        panic!("no row");
    };
    let record = row.record.unwrap();
    assert_eq!((record.kind.as_str(), record.id.as_str()), ("ticket", "9"));
    assert_eq!(record.url, None, "an address that cannot be checked is not handed on");
    asked(&rig, OutboxAsk::Discard { key: "call/7.1/1001".into() }).await.unwrap();
    rig.view_where(|view| view.outbox.pending == 0).await;
}

#[tokio::test]
async fn a_corrected_ticket_gets_to_desk_without_a_restart() {
    let mut rig = Rig::idle().await;
    let contact = rig.simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": "+8613800138000" }));
    let journal = refused(&rig);
    for key in ["ticket/7.1", "call/7.1/1001"] {
        let mut payload: Value = serde_json::from_str(&journal.entry(key).unwrap().unwrap().payload).unwrap();
        payload["contact"] = json!(contact);
        journal.edit(key, &payload.to_string(), 3).unwrap();
    }
    rig.set(|settings| settings["tickets"] = json!({ "enabled": true }));
    rig.start().await;
    rig.ready().await;
    let set = [("subject".to_owned(), json!("Corrected")), ("cf_region".to_owned(), json!("North"))].into();
    let edit = OutboxEdit { key: "ticket/7.1".into(), set, unset: Vec::new() };
    asked(&rig, OutboxAsk::Edit(edit)).await.unwrap();
    assert!(rig.simulator.desk().records("tickets").is_empty(), "changing alone sends nothing");
    asked(&rig, OutboxAsk::Retry { key: "ticket/7.1".into() }).await.unwrap();
    let ticket = e2e::eventually("the ticket is in Desk", async || {
        rig.simulator.desk().records("tickets").into_iter().next()
    })
    .await;
    assert_eq!((&ticket["subject"], &ticket["contactId"]), (&json!("Corrected"), &json!(contact)));
    assert_eq!(ticket["cf"]["cf_region"], "North");
    // And what waited for it.
    let activity = e2e::eventually("the call activity is in Desk", async || {
        rig.simulator.desk().records("calls").into_iter().next()
    })
    .await;
    assert_eq!(activity["ticketId"], ticket["id"]);
    let is_empty = |view: &deskring_engine::AppView| (view.outbox.wedged, view.outbox.pending) == (0, 0);
    assert!(rig.view_where(is_empty).await.outbox.rows.is_empty());
    let Ok(Answer::OutboxRow { row }) = asked(&rig, OutboxAsk::Show { key: "ticket/7.1".into() }).await
    else {
        panic!("no row");
    };
    assert_eq!(row.record.map(|record| record.id), ticket["id"].as_str().map(str::to_owned));
}

#[tokio::test]
async fn a_number_is_shown_as_the_call_shows_it() {
    let mut rig = Rig::running().await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    rig.phase(&call, "ringing").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let CallView { number_text, .. } = rig.closed(&call).await;
    rig.stop().await;
    let journal = journal(&rig);
    journal.enqueue(&[entry("ticket/x", &call, "ticket", None)], 3).unwrap();
    assert_eq!(journal.claim(3, 1).unwrap().len(), 1);
    let wedged = Settled::Wedged { reason: "other".into(), detail: Some("not JSON".into()) };
    journal.settle("ticket/x", &wedged, 4).unwrap();
    let _server = quiet(&mut rig).await;
    let view = rig.view_where(|view| view.outbox.wedged == 1).await;
    assert_eq!(view.outbox.rows[0].number_text, number_text);
    assert_eq!(number_text, "138 0013 8000");
}
