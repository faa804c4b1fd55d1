//! The small window as an agent uses it during calls: whose call it is when several have the number, what was missed.
//! The real window in WebKit on a real engine and simulator.
//!
//! Needs the session that `./dev test` makes; without a display every test says so and passes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::AppView;
use deskring_local_api::Server;
use e2e::Rig;
use e2e::screen::{Keyboard, Look, Screen, turn};
use serde_json::json;

const NUMBER: &str = "13800138000";

/// An engine with a door for windows, and two contacts with one number; their pages.
async fn twins() -> (Rig, Server, [String; 2]) {
    let rig = Rig::running().await;
    let server = Server::start(rig.handle(), &rig.paths()).unwrap();
    let pages = [
        rig.contact("Lin <img src=x onerror=alert(1)>", "+8613800138000"),
        rig.contact("陈静", "138-0013-8000"),
    ];
    (rig, server, pages)
}

/// Whose call it is, as the engine says.
fn name<'a>(view: &'a AppView, call: &str) -> Option<&'a str> {
    let known = view.calls.iter().chain(&view.recent).find(|known| known.call == call)?;
    known.who.records.first().filter(|_| known.who.state == "known").map(|record| record.name.as_str())
}

/// Presses a key on whatever has the focus, as the page hears it.
async fn key(screen: &Screen, key: &str) {
    let script = "(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', \
        { key: arguments[0], bubbles: true, cancelable: true })); return true";
    screen.ask(script, &[json!(key)]).await;
}

async fn choosing(look: Look, chosen: &str, forget: &str) {
    let (rig, _server, pages) = twins().await;
    let screen = Screen::open(&rig, "panel", look).await;
    let first = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.sees(".card .chooser .match", "Lin <img src=x").await;
    screen.sees(".card .chooser .match", "陈静").await;
    assert_eq!(
        screen.ask("return document.querySelectorAll('img').length", &[]).await,
        0,
        "a name became markup"
    );
    let violations = screen.audit().await;
    assert!(violations.is_empty(), "{violations:#?}");
    let height = "return document.querySelector('.chooser .keys').getBoundingClientRect().height";
    assert_eq!(screen.ask(height, &[]).await.as_f64(), Some(36.0), "as high as the button that was there");
    screen.shoot("panel-chooser").await;
    // The list is in the order of the engine; the digit of the second name.
    let place = "const at = [...document.querySelectorAll('.card .match')].findIndex((it) => \
        it.innerText.includes('陈静')); return String(at + 1)";
    let digit = screen.ask(place, &[]).await;
    key(&screen, digit.as_str().unwrap()).await;
    let recorded = rig.desktop.wait_for("the chosen page", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, pages[1]);
    rig.view_where(|view| name(view, &first) == Some("陈静")).await;
    screen.sees(".card", chosen).await;
    rig.simulator.pbx().hang_up(&first, "caller").await;
    rig.closed(&first).await;
    let second = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    rig.desktop.wait_for("the page by rule", |recorded| recorded.opened.len() == 2).await;
    screen.shoot("panel-chosen-earlier").await;
    screen.press(".card button.forget").await;
    screen.sees("body", forget).await;
    rig.simulator.pbx().hang_up(&second, "caller").await;
    rig.closed(&second).await;
    rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.shows(".card .chooser .match").await;
    assert_eq!(rig.desktop.opened().len(), 2, "nothing opens by itself any more");
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_matches_are_chosen_by_a_digit_and_forgotten_in_english() {
    let test = "several_matches_are_chosen_by_a_digit_and_forgotten_in_english";
    let Some(_turn) = turn(test, Keyboard::Shared).await else { return };
    choosing(Look::ENGLISH, "you chose 陈静", "Forgotten").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_matches_are_chosen_by_a_digit_and_forgotten_in_chinese() {
    let test = "several_matches_are_chosen_by_a_digit_and_forgotten_in_chinese";
    let Some(_turn) = turn(test, Keyboard::Shared).await else { return };
    choosing(Look::CHINESE, "你选择了 陈静", "已清除").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_call_is_chosen_for_later_and_marked_as_seen() {
    let test = "a_missed_call_is_chosen_for_later_and_marked_as_seen";
    let Some(_turn) = turn(test, Keyboard::Shared).await else { return };
    let (rig, _server, pages) = twins().await;
    let screen = Screen::open(&rig, "panel", Look::ENGLISH).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "6400").await;
    screen.sees(".card", "via Support").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    screen.sees("#missed", "1 missed").await;
    // A list that somebody was looking at when the call ended is open already.
    let open = "const button = document.querySelector('.row button.open'); \
        if (button?.ariaExpanded === 'false') button.click(); return button !== null";
    screen.when("the row of the call", open, &[]).await;
    screen.sees(".row .chooser .match", "陈静").await;
    let pick = "[...document.querySelectorAll('.row .match')].find((it) => it.innerText.includes('陈静')).click(); \
        return true";
    screen.ask(pick, &[]).await;
    let recorded = rig.desktop.wait_for("the chosen page", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, pages[1]);
    rig.view_where(|view| name(view, &call) == Some("陈静")).await;
    screen.ask("document.querySelector('#seen-missed').click(); return true", &[]).await;
    rig.view_where(|view| view.missed == 0).await;
    // Where a desktop shows no tray, the settings are reached from here.
    screen.press("#settings").await;
    rig.desktop.wait_for("the settings asked for", |recorded| recorded.windows == 1).await;
    screen.close().await;
}
