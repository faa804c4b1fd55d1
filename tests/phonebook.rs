//! Records of Desk get to a phonebook of the PBX once, and nothing else there is touched. Over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::time::Duration;

use deskring_engine::admin::{Answer, NotSyncedView, Want};
use deskring_engine::view::SyncView;
use deskring_engine::{AppView, Engine, Handle};
use deskring_store::{Environment, Keychain, SecretsConfig};
use e2e::{Recorder, Rig, eventually, on_profile, secrets, until};
use serde_json::{Value, json};

const NUMBER: &str = "13800138000";
const E164: &str = "+8613800138000";
const BOOK: &str = "Helpdesk";

fn copying(settings: &mut Value) {
    settings["contact_sync"] = json!({ "enabled": true, "module": "contacts", "phonebook": BOOK });
}

fn entries(rig: &Rig) -> Vec<Value> {
    rig.simulator.pbx().company_contacts()
}

/// A missed call of this number.
async fn call(rig: &Rig) {
    let pbx = rig.simulator.pbx();
    let call = pbx.call_in(NUMBER, "1001").await;
    rig.phase(&call, "ringing").await;
    rig.view_where(|view| view.calls.iter().any(|on| on.call == call && on.who.state != "searching")).await;
    pbx.hang_up(&call, "caller").await;
    rig.closed(&call).await;
}

fn writes(rig: &Rig) -> usize {
    let requests = rig.simulator.pbx().requests();
    let writes = ["company_contact/create", "company_contact/update", "company_contact/delete"];
    requests.iter().filter(|request| writes.iter().any(|write| request.path.ends_with(write))).count()
}

/// Nothing waits to be copied, and nothing is being copied.
fn at_rest(view: &AppView) -> bool {
    view.sync.state == "idle" && view.sync.waiting == 0
}

fn numbers(entry: &Value) -> BTreeMap<String, String> {
    let numbers = entry["number_list"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    numbers.iter().map(|number| (text(&number["num_type"]), text(&number["number"]))).collect()
}

#[tokio::test]
async fn a_call_copies_its_contact_once_and_a_later_one_what_has_changed() {
    let rig = Rig::running_with(copying).await;
    let desk = rig.simulator.desk();
    let id = desk.add_contact(json!({
        "firstName": "芳", "lastName": "王", "email": "fang@example.com", "mobile": E164, "phone": "0592-5503309",
    }));
    call(&rig).await;
    until("the contact is on the PBX", || !entries(&rig).is_empty()).await;
    rig.view_where(at_rest).await;
    let all = entries(&rig);
    assert_eq!(all.len(), 1, "{all:?}");
    let first = all[0].clone();
    assert_eq!((&first["first_name"], &first["last_name"]), (&json!("芳"), &json!("王")));
    assert_eq!(first["remark"], format!("Deskring contact {id}"));
    assert_eq!(first["phonebook_list"][0]["name"], BOOK);
    let expected = [("business_number", "+865925503309"), ("mobile_number", E164)];
    assert_eq!(numbers(&first), expected.map(|(kind, number)| (kind.to_owned(), number.to_owned())).into());
    // Again, and nothing has changed.
    let before = writes(&rig);
    call(&rig).await;
    rig.view_where(at_rest).await;
    assert_eq!((entries(&rig), writes(&rig)), (all, before));
    // Another name, and no mail address any more.
    desk.change_contact(&id, json!({ "firstName": "小芳", "email": null, "phone": null }));
    call(&rig).await;
    until("the entry was written anew", || entries(&rig)[0]["first_name"] == "小芳").await;
    rig.view_where(at_rest).await;
    let changed = entries(&rig);
    assert_eq!((changed.len(), &changed[0]["id"], &changed[0]["email"]), (1, &first["id"], &json!("")));
    assert_eq!(numbers(&changed[0]).into_keys().collect::<Vec<_>>(), ["mobile_number"]);
}

#[tokio::test]
async fn what_is_not_ours_is_never_touched() {
    let rig = Rig::running_with(copying).await;
    let pbx = rig.simulator.pbx();
    let body =
        json!({ "first_name": "By hand", "number_list": [{ "num_type": "mobile_number", "number": E164 }] });
    pbx.by_hand("company_contact/create", &body).unwrap();
    rig.contact("Wang", E164);
    call(&rig).await;
    until("the contact is on the PBX", || entries(&rig).len() == 2).await;
    rig.view_where(at_rest).await;
    assert_eq!(entries(&rig)[0]["first_name"], "By hand");
    // Somebody makes our entry theirs.
    let mut ours = entries(&rig)[1].clone();
    ours["remark"] = json!("mine now");
    ours["phonebook_id_list"] = json!([ours["phonebook_list"][0]["id"]]);
    pbx.by_hand("company_contact/update", &ours).unwrap();
    let id = rig.simulator.desk().records("contacts").last().unwrap()["id"].as_str().unwrap().to_owned();
    rig.simulator.desk().change_contact(&id, json!({ "lastName": "Li" }));
    call(&rig).await;
    rig.view_where(at_rest).await;
    let reasons = eventually("it is told", async || {
        let rows = not_synced(&rig.handle()).await;
        (!rows.is_empty()).then_some(rows)
    });
    assert_eq!(reasons.await[0].reason, "taken");
    assert_eq!((entries(&rig).len(), &entries(&rig)[1]["remark"]), (2, &json!("mine now")));
    assert_eq!(entries(&rig)[1]["first_name"], "Wang");
}

#[tokio::test]
async fn a_phonebook_with_somebody_else_in_it_is_refused() {
    let rig = Rig::running_with(copying).await;
    let pbx = rig.simulator.pbx();
    let book = pbx.by_hand("phonebook/create", &json!({ "name": BOOK })).unwrap()["id"].clone();
    let body = json!({ "first_name": "By hand", "phonebook_id_list": [book],
        "number_list": [{ "num_type": "mobile_number", "number": E164 }] });
    pbx.by_hand("company_contact/create", &body).unwrap();
    rig.contact("Wang", E164);
    call(&rig).await;
    rig.view_where(|view| view.sync.cause.as_deref() == Some("not_empty")).await;
    assert_eq!((entries(&rig).len(), writes(&rig)), (1, 0));
    assert!(rig.handle().view().borrow().sync.state == "refused");
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_entry() {
    let rig = Rig::running_with(copying).await;
    let pbx = rig.simulator.pbx();
    pbx.set(|switches| switches.lost_answers = vec!["company_contact/create".into()]);
    rig.contact("Wang", E164);
    call(&rig).await;
    until("the contact is on the PBX", || !entries(&rig).is_empty()).await;
    rig.view_where(|view| view.sync.state == "idle" && view.sync.waiting == 1).await;
    pbx.set(|switches| switches.lost_answers.clear());
    rig.view_where(at_rest).await;
    assert_eq!(entries(&rig).len(), 1);
}

#[tokio::test]
async fn what_a_call_owes_the_phonebook_waits_for_a_pbx_that_is_away() {
    let mut rig = Rig::running_with(copying).await;
    rig.contact("Wang", E164);
    rig.simulator.pbx().set(|switches| {
        switches.refusals.insert("phonebook/list".into(), -2);
    });
    call(&rig).await;
    rig.view_where(|view| view.sync.state == "waiting" && view.sync.waiting == 1).await;
    rig.kill().await;
    rig.simulator.pbx().set(|switches| switches.refusals.clear());
    rig.start().await;
    rig.ready().await;
    until("the contact is on the PBX", || entries(&rig).len() == 1).await;
}

async fn not_synced(handle: &Handle) -> Vec<NotSyncedView> {
    match handle.ask(Want::NotSynced { offset: 0 }).await.unwrap() {
        Answer::NotSynced { rows, .. } => rows,
        other => panic!("{other:?}"),
    }
}

/// As many contacts, and one without any number.
fn people(rig: &Rig, count: usize) {
    for contact in rig.simulator.desk().records("contacts") {
        rig.simulator.desk().remove_contact(contact["id"].as_str().unwrap());
    }
    for at in 0..count {
        let contact = json!({ "lastName": format!("Person {at}"), "mobile": format!("+86138{at:08}") });
        rig.simulator.desk().add_contact(contact);
    }
    rig.simulator.desk().add_contact(json!({ "lastName": "Silent" }));
}

/// Each once, and nobody else.
fn once_each(rig: &Rig, count: usize) {
    let mut marks = BTreeMap::<String, usize>::new();
    for entry in entries(rig) {
        *marks.entry(entry["remark"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let twice: Vec<_> = marks.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "twice: {twice:?}");
    let mut expected: Vec<String> = rig
        .simulator
        .desk()
        .records("contacts")
        .iter()
        .filter(|contact| contact["lastName"] != "Silent")
        .map(|contact| format!("Deskring contact {}", contact["id"].as_str().unwrap()))
        .collect();
    expected.sort();
    assert_eq!((marks.into_keys().collect::<Vec<_>>(), expected.len()), (expected, count));
}

async fn done(handle: &Handle, patience: Duration) -> SyncView {
    let mut views = handle.view();
    let waiting = async {
        views
            .wait_for(|view| view.sync.round.as_deref() == Some("done") && at_rest(view))
            .await
            .unwrap()
            .clone()
    };
    match tokio::time::timeout(patience, waiting).await {
        Ok(view) => view.sync.clone(),
        Err(_) => panic!("never done: {:?}", handle.view().borrow().sync),
    }
}

#[tokio::test]
async fn everything_is_copied_and_who_is_not_is_told() {
    let rig = Rig::running_with(copying).await;
    people(&rig, 20);
    rig.handle().ask(Want::SyncNow).await.unwrap();
    let view = done(&rig.handle(), Duration::from_secs(60)).await;
    assert_eq!((view.copied, view.same, view.skipped, view.failed), (20, 0, 1, 0));
    assert!(view.credits_left.is_some());
    once_each(&rig, 20);
    let rows = not_synced(&rig.handle()).await;
    let told: Vec<_> = rows.iter().map(|row| (row.label.as_deref(), row.reason.as_str())).collect();
    assert_eq!(told, [(Some("Silent"), "no_number")]);
    // Once more: nothing is written.
    let before = writes(&rig);
    rig.handle().ask(Want::SyncNow).await.unwrap();
    rig.view_where(|view| view.sync.round.as_deref() == Some("done") && view.sync.same == 20).await;
    assert_eq!(writes(&rig), before);
}

#[tokio::test]
async fn stopped_it_stays_so_over_a_restart_and_goes_on_from_there() {
    let mut rig = Rig::running_with(copying).await;
    people(&rig, 30);
    rig.handle().ask(Want::SyncNow).await.unwrap();
    until("some are copied", || entries(&rig).len() > 5).await;
    rig.handle().ask(Want::StopSync).await.unwrap();
    rig.view_where(|view| view.sync.round.as_deref() == Some("stopped") && view.sync.state == "idle").await;
    let stopped_at = entries(&rig).len();
    assert!(stopped_at < 30);
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    rig.view_where(|view| view.sync.round.as_deref() == Some("stopped")).await;
    rig.handle().ask(Want::SyncNow).await.unwrap();
    let view = done(&rig.handle(), Duration::from_secs(60)).await;
    assert_eq!((view.copied + view.same, view.skipped), (30, 1));
    once_each(&rig, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_killed_while_it_copies_leaves_each_once() {
    killed(60, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: ./dev soak"]
async fn a_thousand_contacts_and_a_program_that_is_killed_again_and_again_exactly_once() {
    killed(1_000, 12).await;
}

async fn killed(count: usize, kills: usize) {
    let mut rig = Rig::idle().await;
    rig.set(copying);
    people(&rig, count);
    let start = |rig: &Rig| {
        let mut command = on_profile(rig, "deskring-cli", &["run"]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let mut program = start(&rig);
    eventually("it takes the wish", async || {
        let sync = on_profile(&rig, "deskring-cli", &["sync", "now"]).output().await.unwrap();
        sync.status.success().then_some(())
    })
    .await;
    for round in 1..=kills {
        let wanted = count * round / (kills + 1);
        let waiting = async {
            let mut looks = tokio::time::interval(Duration::from_millis(5));
            while entries(&rig).len() < wanted {
                looks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), waiting).await.expect("it goes on by itself");
        program.kill().await.unwrap();
        program = start(&rig);
    }
    // The end is watched from within.
    let waiting = async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        while entries(&rig).len() < count {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(400), waiting).await.expect("all are copied");
    program.kill().await.unwrap();
    rig.start().await;
    rig.ready().await;
    done(&rig.handle(), Duration::from_secs(120)).await;
    once_each(&rig, count);
}

#[tokio::test]
async fn two_programs_that_copy_at_once_leave_each_once() {
    let rig = Rig::running_with(copying).await;
    people(&rig, 25);
    let profile = tempfile::tempdir().unwrap();
    std::fs::copy(rig.profile.path().join("settings.json"), profile.path().join("settings.json")).unwrap();
    let environment = secrets().into_iter().map(|(name, value)| (name, value.into())).collect();
    let config = SecretsConfig {
        keychain: Keychain::Off,
        environment: Environment::Given(environment),
        ..SecretsConfig::new(profile.path(), "deskring-test")
    };
    let paths = e2e::paths(profile.path());
    let engine = Engine::prepare_with(paths, config, std::sync::Arc::new(Recorder::default())).unwrap();
    let other = engine.handle();
    let running = tokio::spawn(engine.run());
    rig.handle().ask(Want::SyncNow).await.unwrap();
    other.ask(Want::SyncNow).await.unwrap();
    done(&rig.handle(), Duration::from_secs(120)).await;
    done(&other, Duration::from_secs(120)).await;
    once_each(&rig, 25);
    assert_eq!(rig.simulator.pbx().phonebooks().iter().filter(|book| book["name"] == BOOK).count(), 1);
    // Each of them knows the one that stayed.
    let before = writes(&rig);
    other.ask(Want::SyncNow).await.unwrap();
    rig.handle().ask(Want::SyncNow).await.unwrap();
    done(&rig.handle(), Duration::from_secs(60)).await;
    done(&other, Duration::from_secs(60)).await;
    once_each(&rig, 25);
    assert!(writes(&rig) - before <= 25, "they do not fight: {}", writes(&rig) - before);
    other.stop().await;
    running.await.unwrap();
}

#[tokio::test]
async fn a_company_is_copied_under_its_name_by_call_and_with_all_others() {
    let mut rig = Rig::idle().await;
    rig.set(|settings| {
        settings["contact_sync"] = json!({ "enabled": true, "module": "accounts", "phonebook": BOOK });
    });
    rig.start().await;
    rig.ready().await;
    let desk = rig.simulator.desk();
    let id = desk.add_account(json!({ "accountName": "示例有限公司", "phone": E164 }));
    desk.add_account(json!({ "accountName": "Silent Ltd" }));
    // A person of the same number is none of the module.
    rig.contact("Wang", "+8613900139000");
    call(&rig).await;
    until("the company is on the PBX", || entries(&rig).len() == 1).await;
    rig.view_where(at_rest).await;
    let entry = entries(&rig)[0].clone();
    assert_eq!((&entry["first_name"], &entry["company"]), (&json!("示例有限公司"), &json!("示例有限公司")));
    assert_eq!(entry["remark"], format!("Deskring account {id}"));
    assert_eq!(numbers(&entry), BTreeMap::from([("business_number".to_owned(), E164.to_owned())]));
    for at in 0..5 {
        let phone = format!("+1 212 555 01{at:02} ext 7");
        desk.add_account(json!({ "accountName": format!("Example {at}"), "phone": phone }));
    }
    rig.handle().ask(Want::SyncNow).await.unwrap();
    let view = done(&rig.handle(), Duration::from_secs(60)).await;
    assert_eq!((view.copied, view.same, view.skipped, view.total), (5, 1, 1, Some(7)));
    assert_eq!(entries(&rig).len(), 6);
    assert_eq!(not_synced(&rig.handle()).await[0].reason, "no_number");
}

#[tokio::test]
async fn copying_waits_for_desk_and_goes_on_from_where_it_was() {
    let rig = Rig::running_with(copying).await;
    people(&rig, 12);
    rig.simulator.desk().set(|switches| switches.delay_ms = 5);
    rig.handle().ask(Want::SyncNow).await.unwrap();
    until("some are copied", || entries(&rig).len() > 3).await;
    rig.simulator.desk().fault_next(100_000, deskring_simulator::Fault::Status(503));
    // Whom Desk has already told is copied all the same; then it waits.
    rig.view_where(|view| view.sync.state == "waiting" && view.sync.side.as_deref() == Some("desk")).await;
    rig.simulator.desk().clear_faults();
    done(&rig.handle(), Duration::from_secs(90)).await;
    once_each(&rig, 12);
}

#[tokio::test]
async fn a_phonebook_that_takes_no_more_or_nobody_says_so() {
    for (code, cause) in [(60002, "full"), (40001, "takes_nobody")] {
        let rig = Rig::running_with(copying).await;
        rig.contact("Wang", E164);
        rig.simulator.pbx().set(|switches| {
            switches.refusals.insert("company_contact/create".into(), code);
        });
        call(&rig).await;
        let view = rig.view_where(|view| view.sync.state == "refused").await;
        assert_eq!(view.sync.cause.as_deref(), Some(cause), "{code}");
        assert!(entries(&rig).is_empty());
        // What is owed is still owed when somebody has made room.
        rig.simulator.pbx().set(|switches| switches.refusals.clear());
        rig.handle().ask(Want::SyncNow).await.unwrap();
        until("it is copied", || entries(&rig).len() == 1).await;
    }
}

#[tokio::test]
async fn an_entry_that_the_phone_system_says_is_there_is_looked_for_and_not_made_again() {
    let rig = Rig::running_with(copying).await;
    rig.contact("Wang", E164);
    rig.simulator.pbx().set(|switches| {
        switches.refusals.insert("company_contact/create".into(), 40003);
    });
    call(&rig).await;
    let told = eventually("it is told", async || {
        let rows = not_synced(&rig.handle()).await;
        (!rows.is_empty()).then_some(rows)
    });
    assert_eq!(told.await[0].reason, "refused");
    assert!(entries(&rig).is_empty());
}

#[tokio::test]
async fn the_doctor_says_how_the_copies_are() {
    let mut rig = Rig::idle().await;
    rig.set(copying);
    rig.contact("Wang", E164);
    rig.start_indexing().await;
    rig.ready().await;
    rig.view_where(|view| view.index.state == "fresh").await;
    let finding = async |check: &str| {
        let Answer::Doctor { findings } = rig.handle().ask(Want::Doctor).await.unwrap() else {
            panic!("{check}")
        };
        findings.into_iter().find(|finding| finding.check == check).map(|finding| finding.code)
    };
    assert_eq!(finding("index").await.as_deref(), Some("index_good"));
    assert_eq!(finding("phonebook").await.as_deref(), Some("phonebook_good"));
    let pbx = rig.simulator.pbx();
    let book = pbx.by_hand("phonebook/create", &json!({ "name": BOOK })).unwrap()["id"].clone();
    let body = json!({ "first_name": "By hand", "phonebook_id_list": [book],
        "number_list": [{ "num_type": "mobile_number", "number": E164 }] });
    pbx.by_hand("company_contact/create", &body).unwrap();
    call(&rig).await;
    rig.view_where(|view| view.sync.state == "refused").await;
    assert_eq!(finding("phonebook").await.as_deref(), Some("phonebook_refused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_begins_it_tells_how_it_goes_and_stops_it() {
    let rig = Rig::idle().await;
    rig.set(copying);
    people(&rig, 40);
    let mut command = on_profile(&rig, "deskring-cli", &["run"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut program = command.spawn().unwrap();
    let sync = async |what: &str| {
        let mut command = on_profile(&rig, "deskring-cli", &["sync", what]);
        let output =
            command.envs([("LC_ALL", "en_US.UTF-8"), ("LANG", "en_US.UTF-8")]).output().await.unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    eventually("it takes the wish", async || sync("now").await).await;
    until("some are copied", || entries(&rig).len() > 3).await;
    let under_way = sync("status").await.expect("it tells");
    assert!(under_way.contains(BOOK) && under_way.contains("of 41"), "{under_way}");
    sync("stop").await.expect("it stops");
    let told = async || sync("status").await.filter(|told| told.contains("stopped"));
    eventually("it says that it is stopped", told).await;
    assert!(entries(&rig).len() < 40);
    program.kill().await.unwrap();
}
