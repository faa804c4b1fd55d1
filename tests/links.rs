//! Links that go down and come back, programs that are killed, accounts that are signed out, and data from
//! outside that would like to open something else than a page of Desk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::view::{AppView, CallView, LinkState};
use deskring_engine::{AppView as View, Command};
use deskring_simulator::{Mute, Options};
use e2e::{Rig, until};
use serde_json::{Value, json};

const LIN: &str = "13800138000";

fn known<'a>(view: &'a AppView, call: &str) -> Option<&'a CallView> {
    view.calls.iter().chain(&view.recent).find(|known| known.call == call)
}

async fn tabs(rig: &Rig, count: usize) {
    rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() >= count).await;
}

async fn pbx_is(rig: &Rig, state: LinkState) -> std::sync::Arc<View> {
    rig.view_where(|view| view.pbx.state == state).await
}

async fn pbx_goes_down(rig: &Rig) {
    rig.simulator.stop_pbx().await;
    pbx_is(rig, LinkState::Down).await;
}

async fn pbx_comes_back(rig: &Rig) {
    rig.simulator.start_pbx().await;
    pbx_is(rig, LinkState::Up).await;
}

fn sign_ins(rig: &Rig) -> usize {
    rig.simulator.pbx().requests().iter().filter(|request| request.path.ends_with("/get_token")).count()
}

// The link to the PBX.

#[tokio::test]
async fn a_call_that_began_while_the_link_was_down_is_announced_and_opened_when_it_is_back() {
    let rig = Rig::running().await;
    let page = rig.contact("Lin", "+8613800138000");
    pbx_goes_down(&rig).await;
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    pbx_comes_back(&rig).await;
    tabs(&rig, 1).await;
    assert_eq!(rig.desktop.opened(), [page]);
    assert_eq!(rig.desktop.now().notices[0].0.number, LIN);
    rig.simulator.pbx().answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.outcome.as_deref(), closed.why.code.as_str()), (Some("answered"), "opened_by_rule"));
    assert_eq!(sign_ins(&rig), 1);
}

#[tokio::test]
async fn a_call_answered_while_the_link_was_down_opens_its_tab_late() {
    let rig = Rig::running_with(|settings| settings["popup"]["trigger"] = json!("answer")).await;
    rig.contact("Lin", "+8613800138000");
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.phase(&call, "ringing").await;
    pbx_goes_down(&rig).await;
    rig.simulator.pbx().answer(&call, "1001").await;
    assert!(rig.desktop.opened().is_empty());
    pbx_comes_back(&rig).await;
    tabs(&rig, 1).await;
    rig.phase(&call, "talking").await;
    rig.simulator.pbx().hang_up(&call, "1001").await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.outcome.as_deref(), closed.why.code.as_str()), (Some("answered"), "opened_by_rule"));
    assert_eq!(rig.desktop.opened().len(), 1);
}

#[tokio::test]
async fn a_call_that_ended_while_the_link_was_down_is_closed_and_says_so() {
    let rig = Rig::running_with(|settings| settings["popup"]["trigger"] = json!("answer")).await;
    rig.contact("Lin", "+8613800138000");
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.phase(&call, "ringing").await;
    pbx_goes_down(&rig).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    pbx_comes_back(&rig).await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.outcome.as_deref(), closed.why.code.as_str()), (Some("not_seen"), "link_was_down"));
    assert!(rig.desktop.opened().is_empty());
    assert_eq!(rig.desktop.now().withdrawn, [call]);
}

#[tokio::test]
async fn a_call_i_talk_in_survives_cut_sockets_with_one_notice_and_one_tab() {
    let rig = Rig::running().await;
    rig.contact("Lin", "+8613800138000");
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    tabs(&rig, 1).await;
    let downs = |rig: &Rig| rig.desktop.now().log.iter().filter(|line| line.starts_with("pbx Down")).count();
    for round in 1..=3 {
        rig.simulator.pbx().drop_sockets().await;
        rig.desktop.wait_for("down", |_| downs(&rig) >= round).await;
        pbx_is(&rig, LinkState::Up).await;
        if round == 1 {
            rig.simulator.pbx().answer(&call, "1001").await;
        }
        rig.phase(&call, "talking").await;
    }
    assert!(rig.desktop.now().withdrawn.is_empty());
    rig.simulator.pbx().hang_up(&call, "1001").await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.outcome.as_deref(), closed.why.code.as_str()), (Some("answered"), "opened_by_rule"));
    assert_eq!((rig.desktop.opened().len(), rig.desktop.now().withdrawn.len()), (1, 1));
    assert_eq!(sign_ins(&rig), 1);
}

#[tokio::test]
async fn a_wake_over_a_dead_socket_finds_the_call_that_was_missed() {
    let rig = Rig::running().await;
    rig.contact("Lin", "+8613800138000");
    rig.simulator.pbx().mute(Mute::Everything);
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.send(Command::Wake).await;
    // The old socket stays mute; what is opened from now on speaks.
    rig.simulator.pbx().drop_sockets().await;
    rig.simulator.pbx().mute(Mute::Nothing);
    tabs(&rig, 1).await;
    rig.phase(&call, "ringing").await;
}

#[tokio::test]
async fn a_pbx_that_refuses_connections_is_tried_again_until_it_answers() {
    let mut rig = Rig::idle().await;
    rig.simulator.stop_pbx().await;
    rig.start().await;
    // The system may take one more connection for a listener that is just closing, and reset it.
    let view = rig
        .view_where(|view| view.pbx.state == LinkState::Down && view.pbx.cause.as_deref() == Some("refused"))
        .await;
    assert!(view.pbx.retry_at_ms.is_some_and(|at| at >= view.pbx.since_ms));
    rig.simulator.start_pbx().await;
    rig.ready().await;
}

#[tokio::test]
async fn a_pbx_without_an_address_is_down_with_its_cause_and_a_retry() {
    let mut rig = Rig::idle().await;
    rig.set(|settings| settings["pbx"]["url"] = json!("https://pbx.invalid:8088"));
    rig.start().await;
    let view = pbx_is(&rig, LinkState::Down).await;
    assert_eq!(view.pbx.cause.as_deref(), Some("name_not_found"));
    assert!(view.pbx.retry_at_ms.is_some());
    // The right address takes effect without a restart.
    rig.set(|_| {});
    rig.send(Command::Reload).await;
    rig.ready().await;
}

#[tokio::test]
async fn wrong_credentials_stop_the_link_before_the_pbx_blocks_the_address() {
    let mut rig = Rig::idle().await;
    rig.set(|settings| settings["pbx"]["client_id"] = json!("somebody-else"));
    rig.start().await;
    let view = pbx_is(&rig, LinkState::Stopped).await;
    assert_eq!((view.pbx.cause.as_deref(), view.pbx.detail.as_deref()), (Some("credentials"), Some("0")));
    assert_eq!(view.pbx.retry_at_ms, None);
    for _ in 0..3 {
        rig.send(Command::Wake).await;
        rig.send(Command::Reload).await;
    }
    rig.set(|_| {});
    rig.send(Command::Reload).await;
    rig.ready().await;
    assert_eq!(sign_ins(&rig), 3, "two in vain and the right one");
    assert!(!rig.simulator.pbx().blocked());
}

#[tokio::test]
async fn an_unknown_certificate_is_shown_and_trusted_by_its_fingerprint() {
    let mut rig = Rig::idle_with(Options { pbx_tls: true, ..Options::default() }).await;
    rig.set(|settings| settings["pbx"]["trusted_certificate"] = Value::Null);
    rig.start().await;
    let view = pbx_is(&rig, LinkState::Down).await;
    assert_eq!(view.pbx.cause.as_deref(), Some("unknown_certificate"));
    assert_eq!(view.pbx.detail, rig.simulator.pbx_certificate_sha256());
    rig.set(|_| {});
    rig.send(Command::Reload).await;
    rig.ready().await;
    rig.contact("Lin", "+8613800138000");
    rig.simulator.pbx().call_in(LIN, "1001").await;
    tabs(&rig, 1).await;
}

// Killed and started again.

#[tokio::test]
async fn killed_and_started_again_while_it_rings_there_is_no_second_tab_and_no_second_token() {
    let mut rig = Rig::running().await;
    rig.contact("Lin", "+8613800138000");
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    tabs(&rig, 1).await;
    for _ in 0..3 {
        rig.kill().await;
        rig.start().await;
        rig.ready().await;
        rig.phase(&call, "ringing").await;
        let state = |view: &AppView| known(view, &call).map(|known| known.who.state.clone());
        rig.view_where(|view| state(view).as_deref() == Some("known")).await;
    }
    rig.simulator.pbx().answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = rig.closed(&call).await;
    assert_eq!(
        (closed.outcome.as_deref(), closed.why.code.as_str()),
        (Some("answered"), "opened_before_restart")
    );
    assert_eq!(rig.desktop.opened().len(), 1);
    assert_eq!((sign_ins(&rig), rig.simulator.pbx().live_tokens()), (1, 1));
}

#[tokio::test]
async fn killed_before_desk_answered_the_tab_opens_after_the_start() {
    let mut rig = Rig::running().await;
    let page = rig.contact("Lin", "+8613800138000");
    rig.simulator.desk().set(|switches| switches.delay_ms = 3_600_000);
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    until("a search", || {
        rig.simulator.desk().requests().iter().any(|request| request.path.ends_with("/search"))
    })
    .await;
    rig.kill().await;
    rig.simulator.desk().set(|switches| switches.delay_ms = 0);
    rig.start().await;
    tabs(&rig, 1).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    assert_eq!(rig.closed(&call).await.why.code, "opened_by_rule");
    assert_eq!(rig.desktop.opened(), [page]);
}

#[tokio::test]
async fn killed_and_started_after_the_call_it_is_in_the_history_once_and_closed() {
    let mut rig = Rig::running().await;
    rig.contact("Lin", "+8613800138000");
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    tabs(&rig, 1).await;
    rig.view_where(|view| known(view, &call).is_some_and(|known| known.why.code == "opened_by_rule")).await;
    rig.kill().await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.start().await;
    rig.ready().await;
    let view = rig.handle().view().borrow().clone();
    let rows: Vec<_> = view.recent.iter().filter(|known| known.call == call).collect();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].closed && view.calls.is_empty());
    assert_eq!(rig.desktop.opened().len(), 1);
}

// Desk.

#[tokio::test]
async fn a_signed_out_desk_is_said_once_and_calls_are_still_announced() {
    let mut rig = Rig::idle().await;
    rig.contact("Lin", "+8613800138000");
    rig.simulator.desk().revoke();
    rig.start().await;
    let view = rig.view_where(|view| view.desk.state == LinkState::Stopped).await;
    assert_eq!((view.desk.cause.as_deref(), view.desk.retry_at_ms), (Some("signed_out"), None));
    pbx_is(&rig, LinkState::Up).await;
    for number in [LIN, "13800138001", "13800138002"] {
        let call = rig.simulator.pbx().call_in(number, "1001").await;
        rig.desktop
            .wait_for("a notice", |recorded| {
                recorded.notices.iter().any(|(notice, _)| notice.number == number)
            })
            .await;
        rig.view_where(|view| known(view, &call).is_some_and(|known| known.who.state == "failed")).await;
        rig.simulator.pbx().hang_up(&call, "caller").await;
        let closed = rig.closed(&call).await;
        assert_eq!(
            (closed.why.code.as_str(), closed.why.detail.as_deref()),
            ("lookup_failed", Some("signed_out"))
        );
    }
    let asked = rig.simulator.desk().requests().iter().filter(|request| request.side == "accounts").count();
    assert_eq!(asked, 1, "the accounts server was asked once");
}

#[tokio::test]
async fn an_account_revoked_during_the_day_stops_the_link_at_the_next_call() {
    let rig = Rig::running().await;
    rig.contact("Lin", "+8613800138000");
    rig.simulator.desk().revoke();
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    let view = rig.view_where(|view| view.desk.state == LinkState::Stopped).await;
    assert_eq!(view.desk.cause.as_deref(), Some("signed_out"));
    assert!(rig.desktop.now().notices.iter().any(|(notice, _)| notice.number == LIN));
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.outcome.as_deref(), closed.why.code.as_str()), (Some("missed"), "lookup_failed"));
}

#[tokio::test]
async fn a_disabled_desk_is_not_asked_and_calls_are_still_announced() {
    let mut rig = Rig::idle().await;
    rig.set(|settings| settings["desk"]["enabled"] = json!(false));
    rig.contact("Lin", "+8613800138000");
    rig.start().await;
    rig.view_where(|view| view.pbx.state == LinkState::Up && view.desk.state == LinkState::Disabled).await;
    let call = rig.simulator.pbx().call_in(LIN, "1001").await;
    rig.desktop.wait_for("a notice", |recorded| !recorded.notices.is_empty()).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    assert_eq!(rig.closed(&call).await.why.code, "desk_disabled");
    assert!(rig.simulator.desk().requests().is_empty());
}

#[tokio::test]
async fn a_desk_that_is_away_at_the_start_is_found_when_it_comes() {
    let mut rig = Rig::idle().await;
    rig.simulator.stop_desk().await;
    rig.start().await;
    let view = rig.view_where(|view| view.desk.state == LinkState::Down).await;
    assert!(view.desk.retry_at_ms.is_some());
    rig.simulator.start_desk().await;
    rig.ready().await;
}

// What comes from outside.

#[tokio::test]
async fn names_that_would_like_to_be_more_than_names_open_only_their_own_page() {
    let rig = Rig::running().await;
    let names = [
        "<img src=x onerror=alert(1)>".to_owned(),
        "\"><script>alert(1)</script>".to_owned(),
        "$(calc.exe) `id` %COMSPEC% {{.Number}}".to_owned(),
        "Line\nfeed\r\n\u{0}\u{7}\u{1b}[31m".to_owned(),
        "\u{202e}moc.live\u{202c}\u{200f}".to_owned(),
        "长".repeat(300),
        " ".to_owned(),
    ];
    for (index, name) in names.iter().enumerate() {
        let number = format!("1390013900{index}");
        let page = rig.contact(name, &number);
        let call = rig.simulator.pbx().call_in(&number, "1001").await;
        tabs(&rig, index + 1).await;
        assert_eq!(rig.desktop.opened().last(), Some(&page), "{name:?}");
        let view =
            rig.view_where(|view| known(view, &call).is_some_and(|known| known.who.state == "known")).await;
        // What is shown, stored and sent to a window survives the way there.
        let text = serde_json::to_string(known(&view, &call).unwrap()).unwrap();
        let back: CallView = serde_json::from_str(&text).unwrap();
        assert_eq!(&back, known(&view, &call).unwrap());
    }
}

#[tokio::test]
async fn numbers_that_would_like_to_be_more_than_numbers_do_no_harm() {
    let rig = Rig::running().await;
    rig.contact("Lin", "+8613800138000");
    let pbx = rig.simulator.pbx();
    let hostile = [
        "13900000001;phone-context=x",
        "13900000002&sortBy=evil",
        "<b>13900000003</b>",
        "\"13900000004'",
        "1390\n0000\r\n005",
        "*139*",
        "${notempty}",
        "1,2,3",
        "(139) 000#00&6",
        "'; DROP TABLE calls;--9",
        "\u{202e}13900000007",
        &"9".repeat(4000),
        "Ünïcödé",
        " ",
    ];
    let mut calls = Vec::new();
    for number in hostile {
        calls.push(pbx.call_in(number, "1001").await);
    }
    for call in &calls {
        let done = |known: &CallView| !["not_asked", "searching"].contains(&known.who.state.as_str());
        rig.view_where(|view| known(view, call).is_some_and(done)).await;
        pbx.hang_up(call, "caller").await;
    }
    for call in &calls {
        let closed = rig.closed(call).await;
        assert!(["no_match", "number_withheld"].contains(&closed.why.code.as_str()), "{closed:?}");
    }
    for request in rig.simulator.desk().requests() {
        assert!(
            request.status.is_some_and(|status| status < 300),
            "{} {}: {}",
            request.path,
            request.query,
            request.outcome
        );
    }
    assert!(rig.desktop.opened().is_empty());
    // And the line still works.
    pbx.call_in(LIN, "1001").await;
    tabs(&rig, 1).await;
}

#[tokio::test]
async fn nothing_but_pages_of_desk_is_ever_opened() {
    let rig = Rig::running().await;
    let desk = rig.simulator.desk_url();
    let host = desk.trim_start_matches("http://").to_owned();
    let addresses = [
        "javascript:alert(document.domain)//".to_owned() + &desk,
        "data:text/html,<script>alert(1)</script>".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https://evil.example/".to_owned(),
        format!("http://{host}@evil.example/"),
        format!("http://user:pass@{host}/"),
        format!("http://evil.example/?{desk}"),
        format!("http://evil.example#{host}"),
        "http://127.0.0.1.evil.example/".to_owned(),
        "http://127.0.0.1:1/support".to_owned(),
        rig.simulator.accounts_url(),
        rig.simulator.control_url(),
        format!("https://{host}/"),
        format!("{desk}/%0d%0aLocation:%20evil"),
        "ms-settings:privacy".to_owned(),
    ];
    let mut calls = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        let number = format!("139000001{index:02}");
        rig.simulator.desk().add_contact(json!({ "lastName": "Eve", "mobile": number, "webUrl": address }));
        calls.push(rig.simulator.pbx().call_in(&number, "1001").await);
    }
    for (call, address) in calls.iter().zip(&addresses) {
        let view =
            rig.view_where(|view| known(view, call).is_some_and(|known| known.who.state == "known")).await;
        let off = known(&view, call).unwrap().button_off.as_deref();
        assert_eq!(off, Some("address_refused"), "{address}");
        rig.send(Command::Open { call: Some(call.clone()) }).await;
        rig.simulator.pbx().hang_up(call, "caller").await;
    }
    for (call, address) in calls.iter().zip(&addresses) {
        let closed = rig.closed(call).await;
        assert_eq!(closed.why.code, "address_refused", "{address}");
        assert_eq!(closed.who.records[0].page, None, "{address}");
    }
    assert!(rig.desktop.opened().is_empty());
}
