//! An unknown caller becomes a contact: forms that survive everything, never a second record for one number, Desk's
//! refusals beside their fields. Over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::assist::{Answer, Draft, DraftAccount, FieldFault, Want};
use deskring_engine::{AppView, Command};
use deskring_simulator::Fault;
use e2e::Rig;
use serde_json::json;

const NUMBER: &str = "13800138000";
const E164: &str = "+8613800138000";

/// Contacts are created by hand.
async fn manual() -> Rig {
    Rig::running_with(|settings| settings["new_contacts"] = json!({ "mode": "manual", "kind": "contact" }))
        .await
}

/// A call of somebody nobody knows.
async fn unknown(rig: &Rig) -> String {
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    rig.view_where(|view| view.calls.iter().any(|known| known.call == call && known.can_create)).await;
    call
}

async fn begin(rig: &Rig, call: &str) -> Draft {
    rig.send(Command::BeginForm { call: call.into(), extension: "1001".into(), kind: None }).await;
    let view = rig.view_where(|view| view.form.is_some()).await;
    draft(rig, view.form.as_deref().unwrap()).await.unwrap()
}

async fn draft(rig: &Rig, key: &str) -> Option<Draft> {
    match rig.handle().assist(Want::Draft { key: key.into() }).await.unwrap() {
        Answer::Draft { draft } => draft,
        other => panic!("{other:?}"),
    }
}

async fn save(rig: &Rig, draft: &Draft) -> Answer {
    rig.handle().assist(Want::Save { draft: draft.clone(), anyway: false }).await.unwrap()
}

fn with(draft: &Draft, values: &[(&str, &str)]) -> Draft {
    let mut draft = draft.clone();
    draft.values.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    draft
}

fn named(view: &AppView, call: &str) -> Option<String> {
    let known = view.calls.iter().chain(&view.recent).find(|known| known.call == call)?;
    known.record().map(|record| record.name.clone())
}

fn contacts(rig: &Rig) -> usize {
    rig.simulator.desk().records("contacts").len()
}

#[tokio::test]
async fn the_form_has_the_number_in_international_form_and_the_saved_contact_s_page_opens() {
    let rig = manual().await;
    let call = unknown(&rig).await;
    let form = begin(&rig, &call).await;
    assert_eq!(form.values["mobile"], E164);
    let form =
        with(&form, &[("lastName", "王"), ("firstName", "芳"), ("description", "calls about\ntwo things")]);
    let Answer::Saved { record } = save(&rig, &form).await else { panic!() };
    assert_eq!(record.name, "王芳");
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, rig.simulator.desk().web_url(&record.id));
    let view = rig.view_where(|view| named(view, &call).as_deref() == Some("王芳")).await;
    assert_eq!((view.form.as_deref(), view.drafts.len()), (None, 0), "the form is done with");
    let written = rig.simulator.desk().writes();
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].body["mobile"], E164);
    assert_eq!(written[0].body["description"], "calls about\ntwo things");
    // Desk's search knows the contact only later; the next call is named all the same.
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    let again = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    rig.view_where(|view| named(view, &again).as_deref() == Some("王芳")).await;
}

#[tokio::test]
async fn nothing_is_offered_where_new_contacts_are_not_wanted() {
    let rig = Rig::running().await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    let view = rig
        .view_where(|view| view.calls.iter().any(|known| known.call == call && known.who.state == "nobody"))
        .await;
    assert!(!view.calls[0].can_create);
}

#[tokio::test]
async fn a_form_survives_the_end_of_the_call_a_closed_window_and_a_restart() {
    let mut rig = manual().await;
    let call = unknown(&rig).await;
    let form = with(&begin(&rig, &call).await, &[("lastName", "Mu")]);
    rig.handle().assist(Want::KeepDraft { draft: form.clone() }).await.unwrap();
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    rig.send(Command::CloseForm).await;
    rig.view_where(|view| view.form.is_none() && view.drafts.len() == 1 && view.drafts[0].name == "Mu").await;
    rig.kill().await;
    rig.start().await;
    rig.ready().await;
    rig.view_where(|view| view.drafts.len() == 1 && view.form.is_none()).await;
    rig.send(Command::ContinueForm { key: form.key.clone() }).await;
    rig.view_where(|view| view.form.as_ref() == Some(&form.key)).await;
    let kept = draft(&rig, &form.key).await.unwrap();
    assert_eq!(kept.values, form.values);
    let Answer::Saved { record } = save(&rig, &kept).await else { panic!() };
    // The call is over and of an earlier run; it belongs to the contact all the same.
    let view = rig.view_where(|view| named(view, &call).is_some()).await;
    assert_eq!(view.recent[0].who.records[0].id, record.id);
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, rig.simulator.desk().web_url(&record.id));
}

#[tokio::test]
async fn a_form_in_which_nothing_was_typed_leaves_nothing_behind() {
    let rig = manual().await;
    let call = unknown(&rig).await;
    let form = begin(&rig, &call).await;
    rig.send(Command::CloseForm).await;
    rig.view_where(|view| view.form.is_none() && view.drafts.is_empty()).await;
    // What the window was still about to keep does not bring it back.
    rig.handle().assist(Want::KeepDraft { draft: with(&form, &[("lastName", "late")]) }).await.unwrap();
    assert_eq!(draft(&rig, &form.key).await, None);
}

#[tokio::test]
async fn what_desk_refuses_stands_beside_its_field_and_nothing_typed_is_lost() {
    let rig = manual().await;
    rig.simulator.desk().set(|desk| {
        desk.contact_fields = vec![
            json!({ "apiName": "cf_region", "displayLabel": "Region", "isMandatory": true, "type": "Picklist",
                "allowedValues": ["North", "South"] }),
            json!({ "apiName": "cf_age", "displayLabel": "Age", "isMandatory": true, "type": "Number" }),
        ];
    });
    let call = unknown(&rig).await;
    let Answer::Form { fields, documented } =
        rig.handle().assist(Want::Form { kind: "contact".into() }).await.unwrap()
    else {
        panic!()
    };
    assert!(!documented);
    let region = fields.iter().find(|field| field.name == "cf_region").unwrap();
    assert_eq!((region.label.as_str(), region.kind.as_str(), region.required), ("Region", "choice", true));
    assert_eq!(region.choices, ["North", "South"]);
    let form = begin(&rig, &call).await;
    let refused = |name: &str, code: &str| FieldFault { name: name.into(), code: code.into() };
    let Answer::Refused { fields } = save(&rig, &form).await else { panic!() };
    assert_eq!(fields, [refused("lastName", "missing")]);
    let form = with(&form, &[("lastName", "Wang"), ("cf_region", "North")]);
    let Answer::Refused { fields } = save(&rig, &form).await else { panic!() };
    assert_eq!(fields, [refused("cf_age", "missing")]);
    let kept = draft(&rig, &form.key).await.unwrap();
    assert_eq!((kept.values["lastName"].as_str(), kept.sent), ("Wang", false));
    let form = with(&form, &[("cf_age", "x")]);
    let Answer::Refused { fields } = save(&rig, &form).await else { panic!() };
    assert_eq!(fields, [refused("cf_age", "invalid")]);
    let Answer::Saved { record } = save(&rig, &with(&form, &[("cf_age", "41")])).await else { panic!() };
    let saved = rig.simulator.desk().record(&record.id).unwrap();
    assert_eq!(saved["cf"], json!({ "cf_region": "North", "cf_age": 41 }));
    assert_eq!(contacts(&rig), 1);
}

#[tokio::test]
async fn a_contact_that_a_colleague_made_a_moment_ago_is_offered_instead() {
    let rig = manual().await;
    let call = unknown(&rig).await;
    let form = with(&begin(&rig, &call).await, &[("lastName", "Wang")]);
    let id = rig.simulator.desk().add_fresh_contact(json!({ "lastName": "Wáng", "phone": "138 0013 8000" }));
    let Answer::Exists { records } = save(&rig, &form).await else { panic!() };
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].id, id);
    assert_eq!(contacts(&rig), 1);
    // The person knows better: it is somebody else with the same number.
    let anyway = rig.handle().assist(Want::Save { draft: form, anyway: true }).await.unwrap();
    assert!(matches!(anyway, Answer::Saved { .. }), "{anyway:?}");
    assert_eq!(contacts(&rig), 2);
}

#[tokio::test]
async fn the_same_mail_address_is_offered_instead_also_when_only_desk_finds_it() {
    let rig = manual().await;
    let call = unknown(&rig).await;
    let form = with(&begin(&rig, &call).await, &[("lastName", "Wang"), ("email", "wang@example.com")]);
    let id = rig.simulator.desk().add_contact(json!({ "lastName": "Wang", "email": "Wang@example.com" }));
    let Answer::Exists { records } = save(&rig, &form).await else { panic!() };
    assert_eq!(records[0].id, id);
    rig.simulator.desk().set(|desk| desk.refuse_duplicate_email = true);
    let anyway = rig.handle().assist(Want::Save { draft: form, anyway: true }).await.unwrap();
    assert!(matches!(&anyway, Answer::Exists { records } if records[0].id == id), "{anyway:?}");
    assert_eq!(contacts(&rig), 1);
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_before_anything_is_sent_again() {
    let mut rig = manual().await;
    let call = unknown(&rig).await;
    let form = with(&begin(&rig, &call).await, &[("lastName", "Wang")]);
    // The creation is done, and its answer lost.
    rig.simulator.desk().fault_next_writes(1, Fault::LostAnswer);
    let lost = rig.handle().assist(Want::Save { draft: form.clone(), anyway: false }).await.unwrap_err();
    assert_eq!((lost.code.as_str(), contacts(&rig)), ("answer_lost", 1));
    assert!(draft(&rig, &form.key).await.unwrap().sent);
    rig.kill().await;
    rig.start().await;
    rig.ready().await;
    let kept = draft(&rig, &form.key).await.unwrap();
    let Answer::Exists { records } = save(&rig, &kept).await else { panic!() };
    assert_eq!(records[0].name, "Wang");
    assert_eq!(contacts(&rig), 1);
}

#[tokio::test]
async fn two_presses_of_save_make_one_contact() {
    let rig = manual().await;
    let call = unknown(&rig).await;
    let form = with(&begin(&rig, &call).await, &[("lastName", "Wang")]);
    let (one, other) = tokio::join!(save(&rig, &form), save(&rig, &form));
    assert!(matches!(one, Answer::Saved { .. }), "{one:?}");
    assert!(matches!(&other, Answer::Exists { records } if records.len() == 1), "{other:?}");
    assert_eq!(contacts(&rig), 1);
}

#[tokio::test]
async fn a_new_company_is_created_once_and_kept_when_the_contact_fails() {
    let rig = manual().await;
    let call = unknown(&rig).await;
    let mut form = begin(&rig, &call).await;
    form.account = Some(DraftAccount { id: None, name: "Lotus Trading".into() });
    let Answer::Refused { fields } = save(&rig, &form).await else { panic!() };
    assert_eq!(fields[0].name, "lastName");
    let accounts = || rig.simulator.desk().records("accounts");
    assert_eq!(accounts().len(), 1);
    let kept = draft(&rig, &form.key).await.unwrap();
    let id = kept.account.as_ref().unwrap().id.clone().unwrap();
    let Answer::Saved { record } = save(&rig, &with(&kept, &[("lastName", "Wang")])).await else { panic!() };
    assert_eq!(record.company.as_deref(), Some("Lotus Trading"));
    assert_eq!(rig.simulator.desk().record(&record.id).unwrap()["accountId"], id.as_str());
    // The window that did not hear of the company asks for it by name once more.
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    let second = rig.simulator.pbx().call_in("13900139000", "1001").await;
    rig.view_where(|view| view.calls.iter().any(|known| known.call == second && known.can_create)).await;
    let mut form = with(&begin(&rig, &second).await, &[("lastName", "Li")]);
    form.account = Some(DraftAccount { id: None, name: "lotus trading".into() });
    assert!(matches!(save(&rig, &form).await, Answer::Saved { .. }));
    assert_eq!(accounts().len(), 1);
}

#[tokio::test]
async fn an_account_can_be_made_of_an_unknown_number() {
    let rig = Rig::running_with(|settings| {
        settings["new_contacts"] = json!({ "mode": "automatic", "kind": "account", "call_types": [] });
    })
    .await;
    let call = unknown(&rig).await;
    let form = begin(&rig, &call).await;
    assert_eq!((form.kind.as_str(), form.values["phone"].as_str()), ("account", E164));
    let Answer::Saved { record } = save(&rig, &with(&form, &[("accountName", "Lotus Trading")])).await else {
        panic!()
    };
    assert_eq!((record.kind.as_str(), record.name.as_str()), ("account", "Lotus Trading"));
    rig.view_where(|view| named(view, &call).as_deref() == Some("Lotus Trading")).await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, rig.simulator.desk().web_url(&record.id));
}

#[tokio::test]
async fn the_number_is_added_to_a_contact_that_is_there() {
    let rig = manual().await;
    let desk = rig.simulator.desk();
    let free = desk.add_contact(json!({ "lastName": "Free", "phone": "0592 550 1111" }));
    let half = desk.add_contact(json!({ "lastName": "Half", "mobile": "13900000000" }));
    let full =
        desk.add_contact(json!({ "lastName": "Full", "mobile": "13900000000", "phone": "0592 550 2222" }));
    let call = unknown(&rig).await;
    let Answer::Records { records } =
        rig.handle().assist(Want::Find { text: "Hal".into(), kind: None }).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(records.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), [half.as_str()]);
    let add = async |id: &str| {
        let want = Want::AddNumber { call: call.clone(), kind: "contact".into(), id: id.into(), field: None };
        rig.handle().assist(want).await.unwrap()
    };
    assert!(matches!(add(&full).await, Answer::Occupied { record } if record.id == full));
    assert!(matches!(add(&half).await, Answer::Saved { record } if record.id == half));
    assert_eq!(desk.record(&half).unwrap()["phone"], E164, "its mobile number was there already");
    rig.view_where(|view| named(view, &call).as_deref() == Some("Half")).await;
    assert!(matches!(add(&free).await, Answer::Saved { record } if record.id == free));
    assert_eq!(desk.record(&free).unwrap()["mobile"], E164);
    // Once more: the number is there, nothing is written.
    let writes = desk.writes().len();
    assert!(matches!(add(&free).await, Answer::Saved { .. }));
    assert_eq!(desk.writes().len(), writes);
}

#[tokio::test]
async fn the_form_is_there_when_the_layout_and_desk_are_not() {
    let rig = manual().await;
    let call = unknown(&rig).await;
    let form = with(&begin(&rig, &call).await, &[("lastName", "Wang")]);
    rig.simulator.desk().fault_next(40, Fault::Status(503));
    let Answer::Form { fields, documented } =
        rig.handle().assist(Want::Form { kind: "contact".into() }).await.unwrap()
    else {
        panic!()
    };
    assert!(documented && fields.iter().any(|field| field.name == "lastName" && field.required));
    let fault = rig.handle().assist(Want::Save { draft: form.clone(), anyway: false }).await.unwrap_err();
    assert_eq!(fault.code, "server_error");
    rig.simulator.desk().clear_faults();
    assert_eq!(draft(&rig, &form.key).await.unwrap().values["lastName"], "Wang");
    assert!(matches!(save(&rig, &form).await, Answer::Saved { .. }));
}

#[tokio::test]
async fn hostile_forms_are_refused_or_kept_as_text() {
    let rig = manual().await;
    let call = unknown(&rig).await;
    let form = begin(&rig, &call).await;
    for key in ["", "settings", "form ", "../x", &format!("form {}", "x".repeat(300))] {
        let draft = Draft { key: key.into(), ..form.clone() };
        let kept = rig.handle().assist(Want::KeepDraft { draft }).await;
        assert!(kept.is_err() || key == "form ", "{key:?}");
    }
    let long = with(&form, &[("description", &"x".repeat(70_000))]);
    assert_eq!(rig.handle().assist(Want::KeepDraft { draft: long }).await.unwrap_err().code, "too_long");
    let name = format!("<img src=x>\u{202e}{}", "王".repeat(150));
    let Answer::Saved { record } = save(&rig, &with(&form, &[("lastName", &name)])).await else { panic!() };
    assert!(record.name.starts_with("<img src=x>"));
    rig.view_where(|view| named(view, &call).is_some()).await;
}
