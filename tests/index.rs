//! The index of people: a caller has a name without Desk, whatever the form of the stored number; built in the background,
//! resumed after a kill, kept fresh, and gone when it is to be gone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::assist::{Answer, Purpose, Sources, Want};
use deskring_engine::view::CallView;
use deskring_simulator::Fault;
use e2e::{Rig, until};
use serde_json::{Value, json};

/// An engine on these settings, whose index is whole.
async fn indexed(rig: &mut Rig, change: impl FnOnce(&mut Value)) {
    rig.set(change);
    rig.start_indexing().await;
    rig.ready().await;
    whole(rig).await;
}

async fn whole(rig: &Rig) {
    rig.view_where(|view| view.index.state == "fresh").await;
}

/// A call that rings and ends; what became of it.
async fn rings(rig: &Rig, number: &str) -> CallView {
    let call = rig.simulator.pbx().call_in(number, "1001").await;
    rig.view_where(|view| {
        view.calls.iter().any(|known| known.call == call && known.who.state != "searching")
    })
    .await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await
}

fn name(call: &CallView) -> &str {
    call.who.records.first().map_or("", |record| record.name.as_str())
}

fn desk_requests(rig: &Rig) -> usize {
    rig.simulator.desk().requests().iter().filter(|request| request.side == "desk").count()
}

fn number_searches(rig: &Rig) -> usize {
    let by_number = |query: &str| query.contains("phone=") || query.contains("mobile=");
    rig.simulator.desk().requests().iter().filter(|request| by_number(&request.query)).count()
}

fn index_file(rig: &Rig) -> std::path::PathBuf {
    rig.profile.path().join("index.db")
}

#[tokio::test]
async fn a_caller_is_named_and_opened_with_desk_away_whatever_the_stored_form() {
    let mut rig = Rig::idle().await;
    let stored = [
        ("(212) 555-0100", "+1 212 555 0100"),
        ("138-0013-8000 ext 2", "13800138000"),
        (
            "\u{ff0b}\u{ff14}\u{ff14} \u{ff12}\u{ff10} \u{ff17}\u{ff19}\u{ff14}\u{ff16} \u{ff10}\u{ff19}\u{ff15}\u{ff18}",
            "+442079460958",
        ),
        ("+1 212.555.0101 / +1 212-555-0102", "+12125550102"),
        ("0086 592 5503309", "05925503309"),
        ("550 3310", "+865925503310"),
        ("+865925503311", "5503311"),
        ("12125550103", "0012125550103"),
    ];
    for (number, (form, _)) in stored.iter().enumerate() {
        let contact = json!({ "lastName": format!("Form{number}"), "phone": form });
        rig.simulator.desk().add_contact(contact);
    }
    let account = json!({ "accountName": "Acme Ltd", "phone": "+44 20 7946 0001; +44 20 7946 0002" });
    rig.simulator.desk().add_account(account);
    indexed(&mut rig, |_| {}).await;
    let people = rig.view_where(|view| view.index.people == 9).await.index.clone();
    assert!(people.spent > 0 && people.spent <= people.budget, "{people:?}");

    rig.simulator.desk().fault_next(100_000, Fault::Status(503));
    let before = desk_requests(&rig);
    for (number, (_, caller)) in stored.iter().enumerate() {
        let call = rings(&rig, caller).await;
        assert_eq!(name(&call), format!("Form{number}"), "{caller}");
        assert_eq!(call.why.code, "opened_by_rule");
    }
    let call = rings(&rig, "+442079460002").await;
    assert_eq!((name(&call), call.who.records[0].kind.as_str()), ("Acme Ltd", "account"));
    assert_eq!(number_searches(&rig), 0);
    assert!(desk_requests(&rig) >= before);
}

#[tokio::test]
async fn desk_is_asked_for_whom_the_index_does_not_know_and_the_answer_stays_in_it() {
    let mut rig = Rig::idle().await;
    indexed(&mut rig, |_| {}).await;
    rig.contact("Late", "13800138000");
    assert_eq!(name(&rings(&rig, "13800138000").await), "Late");
    let asked = number_searches(&rig);
    assert!(asked > 0);
    assert_eq!(name(&rings(&rig, "+86 138 0013 8000").await), "Late");
    assert_eq!(number_searches(&rig), asked, "the second time nobody was asked");
}

#[tokio::test]
async fn always_query_asks_desk_for_every_call_and_the_index_stands_in_for_it() {
    let mut rig = Rig::idle().await;
    rig.contact("Known", "13800138000");
    indexed(&mut rig, |settings| settings["contact_sync"] = json!({ "always_query": true })).await;
    assert_eq!(name(&rings(&rig, "13800138000").await), "Known");
    let asked = number_searches(&rig);
    assert_eq!(name(&rings(&rig, "13800138000").await), "Known");
    assert!(number_searches(&rig) > asked && asked > 0);
    rig.simulator.desk().fault_next(100_000, Fault::Status(503));
    assert_eq!(name(&rings(&rig, "13800138000").await), "Known");
}

#[tokio::test]
async fn a_build_that_is_killed_goes_on_and_nobody_is_there_twice() {
    let mut rig = Rig::idle().await;
    for number in 0..600 {
        let at = format!("2026-01-05T09:{:02}:{:02}.000Z", number / 60, number % 60);
        let phone = format!("+1 212 555 {number:04}");
        rig.simulator.desk().add_contact(json!({ "lastName": "Many", "phone": phone, "modifiedTime": at }));
    }
    rig.simulator.desk().set(|switches| switches.delay_ms = 15);
    for pages in 1..5 {
        rig.start_indexing().await;
        let seen = walks(&rig);
        until("a page of the walk", || walks(&rig) > seen + pages % 2).await;
        rig.kill().await;
    }
    rig.simulator.desk().set(|switches| switches.delay_ms = 0);
    rig.start_indexing().await;
    whole(&rig).await;
    assert_eq!(rig.view_where(|view| view.index.people > 0).await.index.people, 600);
    // Seven pages, the account's, and for each kill one that may have been lost.
    assert!(walks(&rig) <= 8 + 4 * 2, "{} requests", walks(&rig));
}

fn walks(rig: &Rig) -> usize {
    rig.simulator
        .desk()
        .requests()
        .iter()
        .filter(|request| request.query.contains("modifiedTimeRange"))
        .count()
}

#[tokio::test]
async fn another_plan_of_numbers_is_read_from_what_is_here() {
    let mut rig = Rig::idle().await;
    rig.simulator.desk().add_contact(json!({ "lastName": "Near", "phone": "5550100" }));
    indexed(&mut rig, |_| {}).await;
    assert_eq!(rings(&rig, "+12125550100").await.who.state, "nobody");
    rig.stop().await;
    let asked = walks(&rig);
    rig.simulator.desk().index_now();
    indexed(&mut rig, |settings| settings["numbers"] = json!({ "country": "US", "area_code": "212" })).await;
    rig.simulator.desk().fault_next(100_000, Fault::Status(503));
    assert_eq!(name(&rings(&rig, "+12125550100").await), "Near");
    assert_eq!(walks(&rig), asked);
}

#[tokio::test]
async fn the_budget_of_a_day_ends_the_building_for_the_day() {
    let mut rig = Rig::idle().await;
    for number in 0..400 {
        let at = format!("2026-01-05T09:{:02}:{:02}.000Z", number / 60, number % 60);
        rig.simulator.desk().add_contact(json!({ "lastName": "Many", "modifiedTime": at }));
    }
    rig.set(|settings| settings["contact_sync"] = json!({ "index_credits": 7 }));
    rig.start_indexing().await;
    let view = rig.view_where(|view| view.index.state == "paused").await;
    assert_eq!(view.index.cause.as_deref(), Some("index_budget"));
    assert_eq!((view.index.spent, walks(&rig)), (6, 2));
}

#[tokio::test]
async fn whoever_is_in_it_is_suggested_by_name_with_desk_away() {
    let mut rig = Rig::idle().await;
    let desk = rig.simulator.desk();
    desk.add_contact(json!({ "firstName": "三", "lastName": "张", "mobile": "13800138001" }));
    desk.add_account(json!({ "accountName": "Acme Ltd", "phone": "+1 212-555-0101" }));
    indexed(&mut rig, |settings| settings["contact_sync"] = json!({ "always_query": true })).await;
    rig.simulator.desk().fault_next(100_000, Fault::Status(503));
    for (text, number) in [("zs", "138 0013 8001"), ("acme", "+1 212-555-0101"), ("8001", "138 0013 8001")] {
        for sources in [Sources::Known, Sources::Desk] {
            let want = Want::Suggest { text: text.to_owned(), purpose: Purpose::Dial, r#in: sources };
            let Answer::Suggestions { rows, .. } = rig.handle().assist(want).await.unwrap() else {
                panic!("{text}")
            };
            assert_eq!(rows.len(), 1, "{text}: {rows:?}");
            assert_eq!(rows[0].number_text, number);
        }
    }
}

#[tokio::test]
async fn nothing_is_left_when_it_is_switched_off() {
    let mut rig = Rig::idle().await;
    rig.contact("Known", "13800138000");
    indexed(&mut rig, |_| {}).await;
    assert!(index_file(&rig).exists());
    rig.set(|settings| settings["contact_sync"] = json!({ "index": "off" }));
    rig.send(deskring_engine::Command::Reload).await;
    rig.view_where(|view| view.index.state == "off").await;
    until("the file is gone", || !index_file(&rig).exists()).await;
    // Without it Desk is asked, as ever.
    assert_eq!(name(&rings(&rig, "13800138000").await), "Known");
    assert!(number_searches(&rig) > 0);
}

#[tokio::test]
async fn nobody_is_left_when_desk_is_disconnected() {
    let mut rig = Rig::idle().await;
    rig.contact("Known", "13800138000");
    indexed(&mut rig, |_| {}).await;
    rig.handle().ask(deskring_engine::admin::Want::Disconnect).await.unwrap();
    rig.view_where(|view| view.index.people == 0 && view.index.state != "fresh").await;
    let key = deskring_store::IndexKey::read(&"0123456789abcdef".repeat(4).into()).unwrap();
    let left = || deskring_store::Index::open(rig.profile.path(), &key).unwrap().size().unwrap().contacts;
    until("nobody is known any more", || left() == 0).await;
    rig.stop().await;
}

/// Every way in which one number is stored and shown, of a home in China with the area code 592 and 9 for a line out.
fn ways(number: usize) -> Vec<Vec<String>> {
    let wide = |text: &str| -> String {
        text.chars()
            .map(|it| it.to_digit(10).and_then(|it| char::from_u32(0xFF10 + it)).unwrap_or(it))
            .collect()
    };
    let (mobile, local, us) =
        (format!("1380013{number:04}"), format!("5503{number:03}"), format!("555-01{number:02}"));
    vec![
        vec![
            mobile.clone(),
            format!("+86{mobile}"),
            format!("0086{mobile}"),
            format!("86{mobile}"),
            format!("0{mobile}"),
            format!("{}-{}-{}", &mobile[..3], &mobile[3..7], &mobile[7..]),
            wide(&mobile),
            format!("{mobile} ext 2"),
        ],
        vec![
            format!("0592-{local}"),
            format!("+86592{local}"),
            local.clone(),
            format!("9,0592{local}"),
            wide(&format!("0592{local}")),
            format!("0592-{local} / +86 10 6000 {number:04}"),
        ],
        vec![
            format!("+1 (212) {us} x12"),
            format!("+1212{us}").replace('-', ""),
            format!("001212{us}").replace('-', ""),
        ],
        vec![format!("400-123-{number:04}"), format!("400123{number:04}")],
        vec![format!("95{number:03}")],
    ]
}

/// How a phone system shows it: without words and blanks.
fn shown(way: &str) -> bool {
    way.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '+' | '-' | ','))
}

#[tokio::test]
async fn every_way_to_write_a_number_names_its_person_who_calls_and_who_is_called() {
    let mut rig = Rig::idle().await;
    let kinds = ways(0).len();
    let mut people = Vec::new();
    for kind in 0..kinds {
        for way in 0..ways(0)[kind].len() {
            let number = people.len() + 10;
            let stored = ways(number)[kind][way].clone();
            let last_name = format!("Way{number}");
            rig.simulator.desk().add_contact(json!({ "lastName": last_name, "phone": stored }));
            people.push((last_name, stored, ways(number)[kind].clone()));
        }
    }
    indexed(&mut rig, |settings| {
        settings["numbers"] = json!({ "country": "CN", "area_code": "592", "outside_line_prefix": "9" });
    })
    .await;
    rig.simulator.desk().fault_next(1_000_000, Fault::Status(503));
    for (last_name, stored, ways) in people {
        for way in ways.iter().filter(|way| shown(way)) {
            for called in [false, true] {
                let pbx = rig.simulator.pbx();
                let call =
                    if called { pbx.call_out("1001", way).await } else { pbx.call_in(way, "1001").await };
                if called {
                    pbx.remote_ring(&call).await;
                }
                let named = |view: &deskring_engine::AppView| {
                    view.calls.iter().find(|known| known.call == call && known.who.state == "known").cloned()
                };
                let view = rig.view_where(|view| named(view).is_some()).await;
                assert_eq!(name(&named(&view).unwrap()), last_name, "{stored} is stored, {way} is shown");
                pbx.hang_up(&call, if called { "1001" } else { "caller" }).await;
            }
        }
    }
    // Nobody is looked for where there is no number, or one of the house.
    assert_eq!(rings(&rig, "").await.who.state, "withheld");
    assert_eq!(number_searches(&rig), 0);
}

#[tokio::test]
async fn who_was_deleted_in_desk_is_gone_when_all_are_read_anew_and_when_their_page_is_missed() {
    let mut rig = Rig::idle().await;
    let desk = rig.simulator.desk();
    let [stays, goes] = ["13800138000", "13800138001"]
        .map(|mobile| desk.add_contact(json!({ "lastName": "Known", "mobile": mobile })));
    indexed(&mut rig, |_| {}).await;
    let before = rig.view_where(|view| view.index.total.is_some()).await.index.clone();
    assert_eq!((before.people, before.total), (2, Some(2)));
    // Whose page is missed is forgotten by itself, and is nobody's when they call again.
    let third = rig.simulator.desk().add_contact(json!({ "lastName": "Short", "mobile": "13800138002" }));
    assert_eq!(name(&rings(&rig, "13800138002").await), "Short");
    rig.simulator.desk().remove_contact(&third);
    let mut calls = 0;
    while rings(&rig, "13800138002").await.who.state != "nobody" {
        calls += 1;
        assert!(calls < 5, "still theirs");
    }
    rig.simulator.desk().remove_contact(&goes);
    rig.handle().ask(deskring_engine::admin::Want::RebuildIndex).await.unwrap();
    rig.view_where(|view| view.index.state == "fresh" && view.index.people == 1).await;
    assert_eq!(rings(&rig, "13800138001").await.who.state, "nobody");
    assert_eq!(rings(&rig, "13800138000").await.who.records[0].id, stays);
}
