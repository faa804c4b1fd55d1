//! Whose number it is, through engine and Desk: every way a caller's number arrives × every way it may be stored,
//! lookalikes, companies, the cache, and a Desk that is slow, broken or away while the phone rings.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use deskring_engine::view::{AppView, CallView, LinkState};
use deskring_engine::{Command, Report};
use deskring_simulator::Fault;
use deskring_store::Journal;
use e2e::Rig;
use serde_json::json;
use tokio::task::JoinSet;

const LIN: &str = "13800138000";

async fn rig() -> Rig {
    let rig = Rig::running_with(|settings| settings["numbers"]["outside_line_prefix"] = json!("9")).await;
    rig.simulator.desk().set(|switches| switches.credits_left = u64::MAX / 2);
    rig
}

async fn ask(rig: &Rig, number: &str) -> Report {
    rig.handle().look_up(number.to_owned()).await.unwrap()
}

/// Every caller's form finds every stored form, in both phone fields; returns what was not found.
async fn misses(callers: &[&str], stored: &[&str]) -> Vec<String> {
    let rig = rig().await;
    let desk = rig.simulator.desk();
    let mut misses = Vec::new();
    for stored in stored {
        for field in ["phone", "mobile"] {
            let id = desk.add_contact(json!({ "lastName": "Lin", field: stored }));
            for caller in callers {
                let found = ask(&rig, caller).await.matches;
                match found.as_slice() {
                    [hit] if hit.id == id => {
                        assert_eq!((hit.field.as_str(), hit.stored.as_str()), (field, *stored))
                    }
                    _ => misses.push(format!("{caller} does not find {field} {stored:?}: {found:?}")),
                }
            }
            desk.remove_contact(&id);
        }
    }
    misses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mobile_number_is_found_however_it_arrives_and_however_it_is_stored() {
    let misses = misses(
        &[
            "13800138000",
            "+8613800138000",
            "008613800138000",
            "8613800138000",
            "013800138000",
            "913800138000",
            "138-0013-8000",
            "１３８００１３８０００",
        ],
        &[
            "13800138000",
            "+8613800138000",
            "008613800138000",
            "8613800138000",
            "013800138000",
            "138 0013 8000",
            "138-0013-8000",
            "+86 138 0013 8000",
            "+86-138-0013-8000",
            "+86 13800138000",
            "(+86) 13800138000",
            "(138) 0013-8000",
            "86-138-0013-8000",
        ],
    );
    assert_eq!(misses.await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_of_the_home_area_is_found_however_it_arrives_and_however_it_is_stored() {
    let misses = misses(
        &[
            "05925503309",
            "0592-5503309",
            "+865925503309",
            "00865925503309",
            "5503309",
            "9,05925503309",
            "905925503309",
            "０５９２５５０３３０９",
        ],
        &[
            "05925503309",
            "0592-5503309",
            "0592 5503309",
            "0592-550-3309",
            "+865925503309",
            "+86 592 550 3309",
            "+86-592-5503309",
            "00865925503309",
            "(0592) 5503309",
            "(0592)550-3309",
            "+86 (592) 550 3309",
            "5503309",
            "550-3309",
            "550 3309",
        ],
    );
    assert_eq!(misses.await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_number_is_found_however_it_arrives_and_however_it_is_stored() {
    let misses = misses(
        &["+12125550100", "0012125550100", "12125550100", "9,0012125550100"],
        &[
            "+12125550100",
            "0012125550100",
            "12125550100",
            "2125550100",
            "+1 212 555 0100",
            "+1 (212) 555-0100",
            "+1-212-555-0100",
            "1-212-555-0100",
            "(212) 555-0100",
            "212-555-0100",
            "212.555.0100",
        ],
    );
    assert_eq!(misses.await, Vec::<String>::new());
}

#[tokio::test]
async fn a_service_number_is_found_as_it_is() {
    let four_hundred = misses(
        &["4008001234", "400-800-1234", "+864008001234"],
        &["4008001234", "400-800-1234", "400 800 1234", "+864008001234"],
    );
    assert_eq!(four_hundred.await, Vec::<String>::new());
    assert_eq!(misses(&["95588"], &["95588"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookalikes_are_not_found() {
    let rig = rig().await;
    let desk = rig.simulator.desk();
    for stored in [
        "13900138000",
        "+1 380 013 8000",
        "0138000",
        "138000",
        "8000",
        "23800138000",
        "138001380001",
        "0591-5503309",
        "+865915503309",
        "15503309",
        "+49 592 5503309",
        "+12135550100",
        "(213) 555-0100",
        "0592-5501001",
        "10010",
        "0592-95588",
        "no phone",
    ] {
        desk.add_contact(json!({ "lastName": "Almost", "phone": stored }));
        desk.add_contact(json!({ "lastName": "Almost", "mobile": stored }));
        desk.add_account(json!({ "accountName": "Almost Ltd", "phone": stored }));
    }
    for caller in
        [LIN, "+8613800138000", "05925503309", "5503309", "+12125550100", "1001", "95588", "anonymous", ""]
    {
        let report = ask(&rig, caller).await;
        assert_eq!(report.matches, [], "{caller}");
    }
}

#[tokio::test]
async fn a_withheld_number_and_a_colleague_are_not_searched() {
    let rig = rig().await;
    rig.contact("Front desk", "1002");
    let before = rig.simulator.desk().searches();
    assert_eq!(ask(&rig, "anonymous").await.matches, []);
    let withheld = rig.simulator.pbx().call_in("anonymous", "1001").await;
    rig.view_where(|view| view.calls.iter().any(|call| call.who.state == "withheld")).await;
    let inside = rig.simulator.pbx().call_internal("1002", "1001").await;
    rig.phase(&inside, "ringing").await;
    rig.simulator.pbx().hang_up(&inside, "1002").await;
    rig.simulator.pbx().hang_up(&withheld, "caller").await;
    assert_eq!(rig.closed(&inside).await.why.code, "internal");
    assert_eq!(rig.closed(&withheld).await.why.code, "number_withheld");
    assert_eq!(rig.simulator.desk().searches(), before);
}

#[tokio::test]
async fn a_contact_with_the_number_in_both_fields_is_one_contact() {
    let rig = rig().await;
    let id = rig
        .simulator
        .desk()
        .add_contact(json!({ "lastName": "Lin", "phone": "+8613800138000", "mobile": "138-0013-8000" }));
    let matches = ask(&rig, LIN).await.matches;
    assert_eq!((matches.len(), &matches[0].id), (1, &id));
}

#[tokio::test]
async fn several_records_are_told_newest_change_first() {
    let rig = rig().await;
    for (name, changed) in [
        ("Old", "2024-01-05T09:10:11.000Z"),
        ("New", "2026-01-05T09:10:11.000Z"),
        ("Mid", "2025-01-05T09:10:11.000Z"),
    ] {
        rig.simulator.desk().add_contact(json!({ "lastName": name, "mobile": LIN, "modifiedTime": changed }));
    }
    let names: Vec<_> = ask(&rig, LIN).await.matches.into_iter().map(|hit| hit.name).collect();
    assert_eq!(names, ["New", "Mid", "Old"]);
}

#[tokio::test]
async fn a_company_number_opens_the_account_when_no_contact_has_it() {
    let rig = rig().await;
    let desk = rig.simulator.desk();
    let account = desk.add_account(json!({ "accountName": "Acme Fittings", "phone": "+865925503300" }));
    let call = rig.simulator.pbx().call_in("05925503300", "1001").await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, desk.web_url(&account));
    let view = rig.view_where(|view| view.calls.iter().any(|known| known.call == call)).await;
    let record = &view.calls[0].who.records[0];
    assert_eq!((record.kind.as_str(), record.name.as_str()), ("account", "Acme Fittings"));
    // A person at the company is the better answer.
    let contact =
        desk.add_contact(json!({ "lastName": "Mei", "phone": "0592-5503300", "accountId": account }));
    let matches = ask(&rig, "05925503300").await.matches;
    assert_eq!(matches.iter().map(|hit| &hit.id).collect::<Vec<_>>(), [&contact]);
    assert_eq!(matches[0].account.as_deref(), Some("Acme Fittings"));
}

#[tokio::test]
async fn a_hit_whose_number_field_is_hidden_counts_for_nothing() {
    let rig = rig().await;
    rig.contact("Lin", LIN);
    rig.simulator.desk().set(|switches| switches.hide_mobile = true);
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.view_where(|view| current(view, &call).is_some_and(|known| known.who.state == "nobody")).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    assert_eq!(rig.closed(&call).await.why.code, "no_match");
    assert!(rig.desktop.opened().is_empty());
}

#[tokio::test]
async fn without_a_web_address_the_contact_s_page_is_built_from_the_portal() {
    let rig = rig().await;
    rig.simulator.desk().set(|switches| switches.hide_web_url = true);
    let id = rig.simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": LIN }));
    rig.simulator.pbx().call_in(LIN, "1001").await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    let expected = format!(
        "{}/agent/{}/all/contacts/details/{id}",
        rig.simulator.desk_url(),
        deskring_simulator::PORTAL
    );
    assert_eq!(recorded.opened[0].0, expected);
}

// The cache.

#[tokio::test]
async fn a_second_call_in_another_notation_costs_no_search() {
    let mut rig = rig().await;
    rig.contact("Lin", "+86 138 0013 8000");
    let pbx = rig.simulator.pbx();
    let mut tabs = 0;
    let mut searches = None;
    for number in [LIN, "+8613800138000", "008613800138000", "013800138000"] {
        let call = pbx.call_in(number, "1001").await;
        tabs += 1;
        rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() == tabs).await;
        let now = rig.simulator.desk().searches();
        assert_eq!(*searches.get_or_insert(now), now, "{number}");
        pbx.hang_up(&call, "caller").await;
    }
    // Nor after a restart.
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    pbx.call_in(LIN, "1001").await;
    rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() == tabs + 1).await;
    assert_eq!(Some(rig.simulator.desk().searches()), searches);
    let opened: BTreeSet<_> = rig.desktop.opened().into_iter().collect();
    assert_eq!(opened.len(), 1);
}

#[tokio::test]
async fn a_miss_is_remembered_for_a_minute_and_a_person_who_asks_is_always_told_the_truth() {
    let mut rig = rig().await;
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.view_where(|view| current(view, &call).is_some_and(|known| known.who.state == "nobody")).await;
    let searches = rig.simulator.desk().searches();
    rig.contact("Lin", LIN);
    let again = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.view_where(|view| current(view, &again).is_some_and(|known| known.who.state == "nobody")).await;
    assert_eq!(rig.simulator.desk().searches(), searches, "remembered");
    assert_eq!(ask(&rig, LIN).await.matches.len(), 1, "asked by hand");
    rig.stop().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let now = i64::try_from(now).unwrap();
    let journal = Journal::open(rig.profile.path()).unwrap();
    let known = |at| journal.cache_get("+8613800138000", at).unwrap().map(|records| records.len());
    assert_eq!((known(now), known(now + 60_000)), (Some(0), None));
}

// A Desk that does not answer as it should, while the phone rings.

#[tokio::test]
async fn an_accident_on_the_way_to_desk_costs_no_tab() {
    let mut accidents = JoinSet::new();
    for fault in [
        Fault::Reset,
        Fault::TruncatedJson,
        Fault::Status(500),
        Fault::Status(503),
        Fault::TooManyRequests,
        Fault::Html401,
    ] {
        accidents.spawn(async move {
            let rig = rig().await;
            rig.contact("Lin", LIN);
            rig.simulator.desk().fault_next(1, fault);
            let call = rig.simulator.pbx().call_in(LIN, "1001").await;
            rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
            rig.simulator.pbx().hang_up(&call, "caller").await;
            assert_eq!(rig.closed(&call).await.why.code, "opened_by_rule", "{fault:?}");
            assert_eq!(rig.desktop.opened().len(), 1, "{fault:?}");
        });
    }
    accidents.join_all().await;
}

#[tokio::test]
async fn a_desk_slower_than_four_seconds_is_asked_again_while_it_rings() {
    let rig = rig().await;
    let page = rig.contact("Lin", LIN);
    rig.simulator.desk().set(|switches| switches.delay_ms = 3_600_000);
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    let view = rig
        .view_where(|view| current(view, &call).is_some_and(|known| known.why.code == "lookup_failed"))
        .await;
    let failed = current(&view, &call).unwrap();
    assert_eq!(failed.why.detail.as_deref(), Some("timed_out"));
    assert_eq!((failed.who.state.as_str(), failed.button_off.as_deref()), ("searching", None));
    assert!(rig.desktop.now().notices[0].0.number == LIN, "the notice did not wait");
    rig.simulator.desk().set(|switches| switches.delay_ms = 0);
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = rig.closed(&call).await;
    assert_eq!(closed.why.code, "opened_by_rule");
    let timing = closed.timing;
    assert!(timing.notice_ms.unwrap() < 1000, "{timing:?}");
    assert!(
        timing.lookup_ms.unwrap() >= 4000 && timing.tab_ms.unwrap() >= timing.lookup_ms.unwrap(),
        "{timing:?}"
    );
    rig.view_where(|view| view.desk.state == LinkState::Up).await;
}

#[tokio::test]
async fn a_desk_that_comes_back_while_it_rings_opens_the_tab_late() {
    let rig = rig().await;
    let page = rig.contact("Lin", LIN);
    rig.simulator.stop_desk().await;
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.view_where(|view| {
        view.desk.state == LinkState::Down
            && current(view, &call).is_some_and(|known| known.why.code == "lookup_failed")
    })
    .await;
    rig.simulator.start_desk().await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.why.code.as_str(), closed.outcome.as_deref()), ("opened_by_rule", Some("missed")));
    assert!(closed.timing.tab_ms.unwrap() >= 1000, "{:?}", closed.timing);
}

#[tokio::test]
async fn a_desk_that_stays_away_is_the_reason_and_the_button_tries_once_more() {
    let rig = rig().await;
    let page = rig.contact("Lin", LIN);
    rig.simulator.stop_desk().await;
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.simulator.pbx().answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    rig.view_where(|view| current(view, &call).is_some_and(|known| known.why.code == "lookup_failed")).await;
    rig.simulator.pbx().hang_up(&call, "1001").await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.why.code.as_str(), closed.outcome.as_deref()), ("lookup_failed", Some("answered")));
    assert!(closed.why.detail.is_some() && closed.button_off.is_none(), "{closed:?}");
    assert!(rig.desktop.opened().is_empty());
    rig.simulator.start_desk().await;
    rig.send(Command::Open { call: Some(call.clone()) }).await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
}

#[tokio::test]
async fn used_up_credits_are_the_reason_and_nothing_more_is_sent() {
    let rig = rig().await;
    rig.contact("Lin", LIN);
    rig.simulator.desk().set(|switches| switches.credits_left = 0);
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.view_where(|view| current(view, &call).is_some_and(|known| known.who.state == "failed")).await;
    let sent = rig.simulator.desk().requests().len();
    let again = rig.simulator.pbx().call_in("13800138001", "1001").await;
    rig.view_where(|view| current(view, &again).is_some_and(|known| known.who.state == "failed")).await;
    assert_eq!(rig.simulator.desk().requests().len(), sent);
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = rig.closed(&call).await;
    assert_eq!(
        (closed.why.code.as_str(), closed.why.detail.as_deref()),
        ("lookup_failed", Some("credits_exhausted"))
    );
}

fn current<'a>(view: &'a AppView, call: &str) -> Option<&'a CallView> {
    view.calls.iter().chain(&view.recent).find(|known| known.call == call)
}
