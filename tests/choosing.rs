//! Whose call it is when several have the number: the agent's choice, over real sockets and across restarts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::Command;
use e2e::Rig;

const NUMBER: &str = "13800138000";

/// Two contacts with one number; their ids with their pages.
async fn twins() -> (Rig, [(String, String); 2]) {
    let rig = Rig::running().await;
    let twins = [("Lin", "+8613800138000"), ("Mei", "138-0013-8000")].map(|(name, mobile)| {
        let contact = serde_json::json!({ "lastName": name, "mobile": mobile });
        let id = rig.simulator.desk().add_contact(contact);
        let page = rig.simulator.desk().web_url(&id);
        (id, page)
    });
    (rig, twins)
}

async fn several(rig: &Rig, call: &str) {
    rig.view_where(|view| {
        view.calls.iter().chain(&view.recent).any(|known| known.call == call && known.who.state == "several")
    })
    .await;
}

fn choose(call: &str, id: &str) -> Command {
    Command::Choose { call: call.to_owned(), kind: "contact".to_owned(), id: id.to_owned() }
}

/// Ends a call that only rang.
async fn ends(rig: &Rig, call: &str) -> deskring_engine::view::CallView {
    rig.simulator.pbx().hang_up(call, "caller").await;
    rig.closed(call).await
}

#[tokio::test]
async fn the_chosen_contact_s_page_opens_and_opens_by_rule_the_next_time() {
    let (rig, [_, (mei, page)]) = twins().await;
    let first = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    several(&rig, &first).await;
    rig.send(choose(&first, &mei)).await;
    rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() == 1).await;
    let closed = ends(&rig, &first).await;
    assert_eq!((closed.why.code.as_str(), closed.chosen.unwrap().among), ("opened_by_agent", 2));
    assert_eq!(closed.who.records[0].id, mei);
    let second = rig.simulator.pbx().call_in("+86 138-0013-8000", "1001").await;
    rig.desktop.wait_for("the second tab", |recorded| recorded.opened.len() == 2).await;
    let closed = ends(&rig, &second).await;
    assert_eq!(closed.why.code, "opened_by_rule");
    assert!(closed.chosen.unwrap().earlier);
    assert_eq!(rig.desktop.opened(), [page.clone(), page]);
}

#[tokio::test]
async fn a_choice_outlives_a_restart_and_can_be_forgotten() {
    let (mut rig, [(lin, page), _]) = twins().await;
    let first = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    several(&rig, &first).await;
    rig.send(choose(&first, &lin)).await;
    rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() == 1).await;
    ends(&rig, &first).await;
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    let second = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    rig.desktop.wait_for("the second tab", |recorded| recorded.opened.len() == 2).await;
    ends(&rig, &second).await;
    assert_eq!(rig.desktop.opened(), [page.clone(), page]);
    rig.send(Command::ForgetChoice { number: "138 0013 8000".into() }).await;
    let third = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    several(&rig, &third).await;
    assert_eq!(ends(&rig, &third).await.why.code, "several_matches");
    assert_eq!(rig.desktop.opened().len(), 2);
}

#[tokio::test]
async fn a_call_of_the_history_gets_its_contact_after_a_restart() {
    let (mut rig, [_, (mei, page)]) = twins().await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    several(&rig, &call).await;
    ends(&rig, &call).await;
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    rig.send(choose(&call, &mei)).await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
    let view = rig.view_where(|view| view.recent.iter().any(|past| past.chosen.is_some())).await;
    assert_eq!(view.recent[0].who.records[0].id, mei);
}

#[tokio::test]
async fn a_contact_that_does_not_have_the_number_can_be_chosen_too() {
    let (rig, _) = twins().await;
    let page = rig.contact("Ana", "+8613900139000");
    let id = page.rsplit('/').next().unwrap().to_owned();
    let call = rig.simulator.pbx().call_in("13700137000", "1001").await;
    rig.view_where(|view| view.calls.iter().any(|known| known.who.state == "nobody")).await;
    rig.send(choose(&call, &id)).await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
}

#[tokio::test]
async fn missed_calls_are_counted_until_looked_at_or_called_back() {
    let (mut rig, _) = twins().await;
    for number in [NUMBER, "13900139001"] {
        let call = rig.simulator.pbx().call_in(number, "1001").await;
        rig.phase(&call, "ringing").await;
        ends(&rig, &call).await;
    }
    rig.view_where(|view| view.missed == 2).await;
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    rig.view_where(|view| view.missed == 2).await;
    let back = rig.simulator.pbx().call_out("1001", NUMBER).await;
    rig.simulator.pbx().remote_ring(&back).await;
    rig.view_where(|view| view.missed == 1).await;
    rig.simulator.pbx().hang_up(&back, "1001").await;
    rig.send(Command::SeenMissed).await;
    rig.view_where(|view| view.missed == 0).await;
}
