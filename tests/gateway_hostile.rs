//! Bad input to the gateway, from both sides, and what an administrator does to it while it runs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![cfg(unix)]

use std::sync::Arc;
use std::time::Duration;

use deskring_gateway::Credentials;
use deskring_simulator::{Options, Simulator};
use deskring_yeastar::{Address, Event, Feed, Fingerprint, Pbx, Timings};
use e2e::gateway::{Front, Gate};
use e2e::{Memory, PATIENCE};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const HALF_OPEN: usize = 1_000;

async fn simulator() -> Simulator {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    simulator.pbx().add_extension("2001", "Agent", "agent@example.com").await;
    simulator
}

/// An app as far as the gateway sees it, which trusts this certificate.
fn app(gate: &Gate, credentials: &Credentials, trusted: Option<&str>) -> Pbx {
    let config = deskring_yeastar::Config {
        address: Address::parse(&gate.url).unwrap(),
        trusted_certificate: trusted.map(|text| text.parse::<Fingerprint>().unwrap()),
        others: Vec::new(),
        client_id: credentials.client.0.clone(),
        client_secret: credentials.secret.clone(),
        timings: Timings {
            reconnect_min: Duration::from_millis(50),
            reconnect_max_at_first: Duration::from_millis(100),
            requests_per_second: 1000,
            ..Timings::default()
        },
    };
    Pbx::new(config, Arc::new(Memory::default())).unwrap()
}

/// Events of calls with this caller, from now on.
async fn listening(app: &Pbx) -> mpsc::Receiver<Feed> {
    let (sender, mut feed) = mpsc::channel(256);
    let link = app.clone();
    tokio::spawn(async move { link.run(sender).await });
    let up = async { while !matches!(feed.recv().await.expect("the link runs"), Feed::Up { .. }) {} };
    tokio::time::timeout(PATIENCE, up).await.expect("it comes up");
    feed
}

async fn hears_of(feed: &mut mpsc::Receiver<Feed>, call: &str) {
    let heard = async {
        loop {
            match feed.recv().await.expect("the link runs") {
                Feed::Event { event: Event::CallState(state), .. } if state.id == call => return,
                Feed::Down { error, .. } => panic!("{error}"),
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("it hears of the call");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_finishes_a_request_is_closed_and_keeps_nobody_waiting() {
    let simulator = simulator().await;
    let gate = Gate::open(&simulator, Front::Plain).await;
    let app = app(&gate, &gate.admit("2001").await, None);
    let mut feed = listening(&app).await;
    let at = gate.url.trim_start_matches("http://").to_owned();
    let beginnings =
        ["", "G", "GET /openapi/v1.0/call/query HTTP/1.1\r\nhost: x\r\nx-slow: ", "\u{16}\u{3}\u{1}"];
    let mut open = Vec::new();
    for number in 0..HALF_OPEN {
        let mut stream = TcpStream::connect(&at).await.unwrap();
        stream.write_all(beginnings[number % beginnings.len()].as_bytes()).await.unwrap();
        open.push(stream);
    }
    let call = simulator.pbx().call_in("12125550147", "2001").await;
    hears_of(&mut feed, &call).await;
    assert_eq!(app.calls().await.unwrap().len(), 1);
    for mut stream in open {
        let mut rest = Vec::new();
        // Closed in good order, or not: but closed.
        let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "one is still open");
    }
    simulator.pbx().answer(&call, "2001").await;
    hears_of(&mut feed, &call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_phone_system_sends_calls_are_told_as_before() {
    let simulator = simulator().await;
    let gate = Gate::open(&simulator, Front::Plain).await;
    let app = app(&gate, &gate.admit("2001").await, None);
    let mut feed = listening(&app).await;
    let pbx = simulator.pbx();
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let long = json!({ "type": 30011, "sn": "1", "msg": { "call_id": "x".repeat(200_000), "members": [] } });
    for garbage in [
        "",
        "null",
        "[]",
        "{\"type\":30011,\"msg\":\"{\"}",
        "{\"type\":\"\u{0}\",\"msg\":{}}",
        "{\"type\":30011,\"sn\":\"1\",\"msg\":{\"call_id\":7,\"members\":\"none\"}}",
        "{\"type\":30011,\"sn\":\"1\",\"msg\":{\"call_id\":\"1\",\"members\":[{\"extension\":{\"number\":{}}},3,null]}}",
        "{\"type\":99999999999999999999,\"msg\":{}}",
        &deep,
        &long.to_string(),
    ] {
        pbx.send(garbage).await;
    }
    let call = pbx.call_in("12125550147", "2001").await;
    hears_of(&mut feed, &call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_changes_nothing() {
    let simulator = simulator().await;
    let mut gate = Gate::open(&simulator, Front::SelfSigned).await;
    let credentials = gate.admit("2001").await;
    let before = gate.sha256.clone().unwrap();
    let old = app(&gate, &credentials, Some(&before));
    let mut feed = listening(&old).await;
    let after = gate.renew_certificate();
    gate.reload().await.unwrap();
    app(&gate, &credentials, Some(&after)).calls().await.unwrap();
    assert!(
        app(&gate, &credentials, Some(&before)).calls().await.is_err(),
        "the old one is not shown any more"
    );
    // Who is connected stays so.
    let call = simulator.pbx().call_in("12125550147", "2001").await;
    hears_of(&mut feed, &call).await;
    gate.break_certificate();
    let refused = gate.reload().await.unwrap_err();
    assert!(format!("{refused:#}").contains("[tls]"), "{refused:#}");
    app(&gate, &credentials, Some(&after)).calls().await.unwrap();
}
