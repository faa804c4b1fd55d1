use std::time::Duration;

use deskring_redact::Secret;
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::{
    Config, Feed, Pbx,
    fake::{Fake, Reply, next, quick, refusal},
    http::Ask,
};

/// A running link to gateways that stand in for each other.
fn link(gateways: &[&Fake]) -> (Pbx, mpsc::Receiver<Feed>) {
    let mut sites =
        gateways.iter().map(|fake| Site { address: fake.address.clone(), trusted_certificate: None });
    let config = Config {
        address: sites.next().unwrap().address,
        client_id: "client-id".into(),
        client_secret: Secret::from("client-s3cret"),
        trusted_certificate: None,
        others: sites.collect(),
        timings: quick(),
    };
    let (pbx, (sender, receiver)) =
        (Pbx::new(config, Arc::<crate::fake::Kept>::default()).unwrap(), mpsc::channel(8));
    let running = pbx.clone();
    tokio::spawn(async move { running.run(sender).await });
    (pbx, receiver)
}

async fn up(feed: &mut mpsc::Receiver<Feed>) {
    match next(feed).await {
        Feed::Up { .. } => {}
        other => panic!("{other:?}"),
    }
}

async fn down(feed: &mut mpsc::Receiver<Feed>) -> (Kind, Option<Duration>) {
    match next(feed).await {
        Feed::Down { error, retry_in } => (error.kind().clone(), retry_in),
        other => panic!("{other:?}"),
    }
}

/// One that does not hear the PBX.
async fn standby() -> Fake {
    Fake::start(|asked| match asked.endpoint.as_str() {
        "get_token" | "refresh_token" => Reply::Default,
        _ => Reply::Status(503),
    })
    .await
}

#[test]
fn a_site_is_an_address_with_or_without_the_certificate_trusted_there() {
    let plain: Site = " https://gw.example.com:8443/ ".parse().unwrap();
    assert_eq!(
        (plain.to_string().as_str(), plain.trusted_certificate),
        ("https://gw.example.com:8443", None)
    );
    let digits = "AB:".repeat(31) + "AB";
    let pinned: Site = format!("https://gw.example.com#sha256={digits}").parse().unwrap();
    assert_eq!(pinned.to_string(), format!("https://gw.example.com#sha256={}", "ab".repeat(32)));
    assert_eq!(pinned.to_string().parse(), Ok(pinned));
    for wrong in ["https://gw.example.com#", "https://gw.example.com#sha256=ab", "https://gw.example.com#x"] {
        assert_eq!(wrong.parse::<Site>(), Err(SiteError::Certificate), "{wrong}");
    }
    assert_eq!("http://gw.example.com".parse::<Site>(), Err(AddressError::PlainHttp.into()));
}

#[test]
fn a_round_begins_with_the_one_that_answered_and_leaves_none_out() {
    let sites = ["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"];
    let sites: Vec<Site> = sites.iter().map(|text| text.parse().unwrap()).collect();
    let sites = Sites::new(sites, &Timings::default()).unwrap();
    let round = || sites.round().map(|(index, _)| index).collect::<Vec<_>>();
    assert_eq!(round(), [0, 1, 2]);
    sites.stay(2);
    assert_eq!((round(), sites.current().site.to_string()), (vec![2, 0, 1], "http://127.0.0.1:3".to_owned()));
    sites.leave(2);
    sites.leave(2);
    assert_eq!(round(), [0, 1, 2]);
}

#[tokio::test]
async fn a_gateway_that_stands_by_is_passed_over_without_a_pause_or_a_new_token() {
    let (first, mut second) = (standby().await, Fake::start(|_| Reply::Default).await);
    let (pbx, mut feed) = link(&[&first, &second]);
    let wire = second.subscribed().await;
    assert_eq!(wire.token, "access-1", "the token of the first one is good there");
    up(&mut feed).await;
    assert_eq!(pbx.site().address, second.address);
    assert_eq!(
        (first.count("get_token"), first.count("refresh_token"), second.count("get_token")),
        (1, 0, 0)
    );
    // What is asked next goes there at once.
    let asked = first.count("call/query");
    pbx.calls().await.unwrap();
    assert_eq!(first.count("call/query"), asked);
}

#[tokio::test]
async fn a_gateway_that_says_goodbye_is_left_and_one_that_answers_is_stayed_with() {
    let (mut first, mut second) =
        (Fake::start(|_| Reply::Default).await, Fake::start(|_| Reply::Default).await);
    let (pbx, mut feed) = link(&[&first, &second]);
    let mut wire = first.subscribed().await;
    up(&mut feed).await;
    wire.close(1013).await;
    assert_eq!(down(&mut feed).await.0, Kind::Closed);
    let wire = second.subscribed().await;
    up(&mut feed).await;
    assert_eq!(pbx.site().address, second.address);
    // Any other end is no reason to leave.
    drop(wire);
    assert!(down(&mut feed).await.1.is_some());
    second.subscribed().await.beat();
    up(&mut feed).await;
    assert_eq!((first.count("subscribe"), second.count("subscribe")), (1, 2));
}

#[tokio::test]
async fn a_token_that_another_gateway_does_not_know_costs_one_sign_in_there() {
    let first = Fake::start(|asked| match asked.endpoint.as_str() {
        "subscribe" => Reply::Status(503),
        _ => Reply::Default,
    })
    .await;
    let mut second = Fake::start(|asked| match asked.endpoint.as_str() {
        "refresh_token" => refusal(10005),
        _ => Reply::Default,
    })
    .await;
    let (_pbx, mut feed) = link(&[&first, &second]);
    let mut wire = second.socket().await;
    wire.hear().await;
    wire.say(r#"{"errcode":10004,"errmsg":"TOKEN EXPIRED"}"#).await;
    drop(wire);
    second.subscribed().await.beat();
    up(&mut feed).await;
    assert_eq!((first.count("get_token"), second.count("get_token")), (1, 1));
}

#[tokio::test]
async fn with_all_of_them_away_a_round_takes_one_pause() {
    let (first, second) = (standby().await, standby().await);
    let (_pbx, mut feed) = link(&[&first, &second]);
    for round in 1..=3 {
        assert_eq!(down(&mut feed).await.0, Kind::Handshake { status: 503 });
        assert_eq!((first.count("subscribe"), second.count("subscribe")), (round, round));
    }
    assert_eq!((first.count("get_token"), second.count("get_token")), (1, 0));
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again_elsewhere() {
    let lost = Fake::start(|asked| match asked.endpoint.as_str() {
        "call/dial" => Reply::Nothing,
        _ => Reply::Default,
    })
    .await;
    let (stands_by, other) = (standby().await, Fake::start(|_| Reply::Default).await);
    let dial = || Ask::write("call/dial", json!({}));
    let (pbx, _feed) = link(&[&lost, &other]);
    assert_eq!(pbx.0.ask(dial()).await.unwrap_err().retry(), Retry::Unknown);
    assert_eq!(other.count("call/dial"), 0);
    // Who says that it cannot serve has done nothing.
    let (pbx, _feed) = link(&[&stands_by, &other]);
    pbx.0.ask(dial()).await.unwrap();
    assert_eq!(other.count("call/dial"), 1);
}
