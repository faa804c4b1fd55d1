use serde_json::json;

use super::{backoff::AT_FIRST, opening::FRAME_LIMIT_BYTES, *};
use crate::{
    Status, Timings,
    fake::{Fake, Reply, Wire, next, quick, refusal, tokens},
};

async fn up(feed: &mut mpsc::Receiver<Feed>) -> Vec<Call> {
    match next(feed).await {
        Feed::Up { calls, .. } => calls,
        other => panic!("{other:?}"),
    }
}

async fn down(feed: &mut mpsc::Receiver<Feed>) -> (Error, Option<Duration>) {
    match next(feed).await {
        Feed::Down { error, retry_in } => (error, retry_in),
        other => panic!("{other:?}"),
    }
}

async fn ringing(feed: &mut mpsc::Receiver<Feed>) -> String {
    match next(feed).await {
        Feed::Event { event: Event::CallState(call), .. } => call.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_link_subscribes_asks_for_the_calls_and_forwards_events() {
    let mut pbx = Fake::start(|asked| match asked.endpoint.as_str() {
        "call/query" => Reply::Json(json!({"errcode": 0, "data": [{"call_id": "1.1", "members": [
            {"extension": {"number": "2002", "channel_id": "PJSIP/2002-1", "member_status": "ANSWER"}}]}]})),
        _ => Reply::Default,
    })
    .await;
    let (_handle, mut feed) = pbx.link(quick());
    let mut wire = pbx.socket().await;
    assert_eq!(wire.token, "access-1");
    assert!(wire.head.to_ascii_lowercase().contains("user-agent: openapi"), "{}", wire.head);
    assert_eq!(wire.hear().await, Topics::All.subscription());
    wire.say(r#"{"errcode":0,"errmsg":"SUCCESS"}"#).await;
    // Already there when the calls are asked for: told after them.
    wire.ring("1.2").await;
    let calls = up(&mut feed).await;
    assert_eq!((calls[0].id.as_str(), &calls[0].members[0].status), ("1.1", &Status::Answer));
    assert_eq!(ringing(&mut feed).await, "1.2");
    wire.ring("1.3").await;
    assert_eq!(ringing(&mut feed).await, "1.3");
    for asked in [pbx.asked("get_token"), pbx.asked("call/query")].concat() {
        assert!(asked.head.to_ascii_lowercase().contains("user-agent: openapi"), "{}", asked.head);
    }
    assert_eq!(pbx.asked("get_token")[0].body, json!({"username": "client-id", "password": "client-s3cret"}));
}

#[tokio::test]
async fn a_socket_that_does_not_answer_the_heartbeat_is_dead() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let timings = Timings {
        heartbeat: Duration::from_millis(20),
        answer_timeout: Duration::from_millis(60),
        ..quick()
    };
    let (_handle, mut feed) = pbx.link(timings);
    let mut wire = pbx.subscribed().await;
    up(&mut feed).await;
    assert_eq!(wire.hear().await, "heartbeat");
    let (error, retry_in) = down(&mut feed).await;
    assert_eq!(error.kind(), &Kind::Silent);
    assert!(retry_in.is_some());
    pbx.subscribed().await.beat();
    up(&mut feed).await;
    assert_eq!(pbx.count("get_token"), 1);
}

#[tokio::test]
async fn an_answered_heartbeat_keeps_the_link() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let timings = Timings {
        heartbeat: Duration::from_millis(5),
        answer_timeout: Duration::from_millis(500),
        ..quick()
    };
    let (_handle, mut feed) = pbx.link(timings);
    let mut wire = pbx.subscribed().await;
    up(&mut feed).await;
    for _ in 0..20 {
        assert_eq!(wire.hear().await, "heartbeat");
        wire.say("heartbeat response").await;
    }
    wire.ring("1.1").await;
    assert_eq!(ringing(&mut feed).await, "1.1");
}

#[tokio::test]
async fn a_token_the_socket_calls_expired_is_renewed_once_without_going_down() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let (_handle, mut feed) = pbx.link(quick());
    let mut wire = pbx.socket().await;
    wire.hear().await;
    wire.say(r#"{"errcode":10004,"errmsg":"TOKEN EXPIRED"}"#).await;
    assert_eq!(pbx.subscribed().await.token, "access-2");
    up(&mut feed).await;
    assert_eq!((pbx.count("get_token"), pbx.count("refresh_token")), (1, 1));
}

#[tokio::test]
async fn a_refused_handshake_costs_one_renewal_and_no_more() {
    let pbx = Fake::start(|asked| match asked.endpoint.as_str() {
        "subscribe" => Reply::Status(400),
        _ => Reply::Default,
    })
    .await;
    let (_handle, mut feed) = pbx.link(quick());
    for _ in 0..4 {
        assert_eq!(down(&mut feed).await.0.kind(), &Kind::Handshake { status: 400 });
    }
    assert_eq!((pbx.count("get_token"), pbx.count("refresh_token")), (1, 1));
}

#[tokio::test]
async fn where_nobody_serves_at_present_the_token_is_not_to_blame() {
    let pbx = Fake::start(|asked| match asked.endpoint.as_str() {
        "subscribe" => Reply::Status(503),
        _ => Reply::Default,
    })
    .await;
    let (_handle, mut feed) = pbx.link(quick());
    for _ in 0..3 {
        assert_eq!(down(&mut feed).await.0.kind(), &Kind::Handshake { status: 503 });
    }
    assert_eq!((pbx.count("get_token"), pbx.count("refresh_token")), (1, 0));
}

#[tokio::test]
async fn a_token_that_ends_on_an_open_link_is_renewed_and_the_calls_are_asked_again() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let (_handle, mut feed) = pbx.link(quick());
    let mut wire = pbx.subscribed().await;
    up(&mut feed).await;
    wire.say(r#"{"errcode":10004,"errmsg":"TOKEN EXPIRED"}"#).await;
    assert_eq!(down(&mut feed).await.0.kind(), &Kind::TokenExpired);
    assert_eq!(pbx.subscribed().await.token, "access-2");
    up(&mut feed).await;
    assert_eq!(pbx.count("call/query"), 2);
}

#[tokio::test]
async fn sockets_change_before_the_token_ends_and_nothing_is_lost() {
    let mut count = 0;
    let mut pbx = Fake::start(move |asked| match asked.endpoint.as_str() {
        "get_token" => Reply::Json(tokens("short", 1)),
        "refresh_token" => {
            count += 1;
            Reply::Json(tokens(&format!("long-{count}"), 1800))
        }
        _ => Reply::Default,
    })
    .await;
    let (_handle, mut feed) = pbx.link(Timings { refresh_after: 0.3, ..quick() });
    let mut first = pbx.subscribed().await;
    assert_eq!(first.token, "access-short");
    up(&mut feed).await;
    let mut second = pbx.socket().await;
    assert_eq!(second.token, "access-long-1");
    second.hear().await;
    // The first one is still the link.
    first.ring("1.1").await;
    assert_eq!(ringing(&mut feed).await, "1.1");
    second.say(r#"{"errcode":0,"errmsg":"SUCCESS"}"#).await;
    first.ring("1.2").await;
    second.ring("1.3").await;
    let mut ids = [ringing(&mut feed).await, ringing(&mut feed).await];
    ids.sort();
    assert_eq!(ids, ["1.2", "1.3"]);
    first.closed().await;
    second.ring("1.4").await;
    assert_eq!(ringing(&mut feed).await, "1.4");
    assert_eq!((pbx.count("call/query"), pbx.count("get_token"), pbx.count("refresh_token")), (1, 1, 1));
}

#[tokio::test]
async fn fewer_events_are_subscribed_when_the_pbx_refuses() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let (_handle, mut feed) = pbx.link(quick());
    let mut wire = pbx.socket().await;
    assert_eq!(wire.hear().await, Topics::All.subscription());
    wire.say(r#"{"errcode":40002,"errmsg":"PARAMETER ERROR"}"#).await;
    assert_eq!(wire.hear().await, Topics::Calls.subscription());
    wire.say(r#"{"errcode":0}"#).await;
    up(&mut feed).await;
    drop(wire);
    down(&mut feed).await;
    // And when it closes after its refusal, the next attempt begins with fewer.
    let mut wire = pbx.socket().await;
    assert_eq!(wire.hear().await, Topics::All.subscription());
    wire.say(r#"{"errcode":40002,"errmsg":"PARAMETER ERROR"}"#).await;
    drop(wire);
    let mut wire = pbx.socket().await;
    assert_eq!(wire.hear().await, Topics::Calls.subscription());
    wire.say(r#"{"errcode":0}"#).await;
    loop {
        if let Feed::Up { .. } = next(&mut feed).await {
            break;
        }
    }
}

#[tokio::test]
async fn wrong_credentials_stop_the_link_after_two_tries_whoever_asks() {
    let pbx = Fake::start(|asked| match asked.endpoint.as_str() {
        "get_token" => refusal(40005),
        _ => Reply::Default,
    })
    .await;
    let (handle, mut feed) = pbx.link(quick());
    let (error, retry_in) = down(&mut feed).await;
    assert_eq!((error.kind(), retry_in.is_some()), (&Kind::Credentials { tries_left: 1 }, true));
    assert_eq!(error.to_string(), "the PBX refused client id or client secret, 1 tries left: 40005 WORDS");
    let (error, retry_in) = down(&mut feed).await;
    assert_eq!((error.kind(), retry_in), (&Kind::Credentials { tries_left: 0 }, None));
    handle.wake();
    let (error, retry_in) = down(&mut feed).await;
    assert_eq!((error.kind(), retry_in), (&Kind::Credentials { tries_left: 0 }, None));
    assert_eq!(handle.calls().await.unwrap_err().kind(), &Kind::Credentials { tries_left: 0 });
    assert_eq!(pbx.count("get_token"), 2);
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_asked_again_when_somebody_says_so() {
    let mut allowed = false;
    let mut pbx = Fake::start(move |asked| match asked.endpoint.as_str() {
        "get_token" if !std::mem::replace(&mut allowed, true) => refusal(70087),
        _ => Reply::Default,
    })
    .await;
    let (handle, mut feed) = pbx.link(quick());
    let (error, retry_in) = down(&mut feed).await;
    assert_eq!((error.kind(), retry_in), (&Kind::AddressNotAllowed, None));
    assert_eq!(handle.calls().await.unwrap_err().kind(), &Kind::AddressNotAllowed);
    assert_eq!(pbx.count("get_token"), 1);
    handle.wake();
    pbx.subscribed().await.beat();
    up(&mut feed).await;
}

#[tokio::test]
async fn waking_retries_at_once_when_down_and_sends_a_heartbeat_when_up() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let never = Duration::from_secs(3600);
    let timings = Timings {
        reconnect_min: never,
        reconnect_max: never,
        reconnect_max_at_first: never,
        heartbeat: never,
        dead_after: never,
        ..quick()
    };
    let (handle, mut feed) = pbx.link(timings);
    let mut wire = pbx.subscribed().await;
    up(&mut feed).await;
    handle.wake();
    assert_eq!(wire.hear().await, "heartbeat");
    wire.say("heartbeat response").await;
    drop(wire);
    let (error, retry_in) = down(&mut feed).await;
    assert!(retry_in.unwrap() >= never / 2, "{error}");
    handle.wake();
    pbx.subscribed().await.beat();
    up(&mut feed).await;
}

#[tokio::test]
async fn a_slow_receiver_gets_every_event_in_order() {
    const EVENTS: usize = 3000;
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let (_handle, mut feed) = pbx.link(quick());
    let mut wire = pbx.subscribed().await;
    let sending = tokio::spawn(async move {
        for index in 0..EVENTS {
            wire.ring(&index.to_string()).await;
        }
        wire
    });
    up(&mut feed).await;
    for index in 0..EVENTS {
        assert_eq!(ringing(&mut feed).await, index.to_string());
        tokio::task::yield_now().await;
    }
    drop(sending);
}

#[tokio::test]
async fn a_bad_frame_costs_itself_and_a_huge_one_the_socket() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let (_handle, mut feed) = pbx.link(quick());
    let mut wire = pbx.subscribed().await;
    up(&mut feed).await;
    for bad in ["", "{", "heartbeat", r#"{"type":30011}"#, r#"{"type":30011,"msg":"{"}"#, "[1]"] {
        wire.say(bad).await;
    }
    wire.ring("1.1").await;
    assert_eq!(ringing(&mut feed).await, "1.1");
    wire.say(r#"{"errcode":-3}"#).await;
    assert_eq!(wire.hear().await, Topics::All.subscription());
    let huge = "x".repeat(2 * FRAME_LIMIT_BYTES);
    let sending = tokio::spawn(async move { wire.say(&huge).await });
    assert_eq!(down(&mut feed).await.0.kind(), &Kind::Malformed);
    drop(sending);
    let wire: Wire = pbx.subscribed().await;
    up(&mut feed).await;
    wire.beat();
}

#[tokio::test]
async fn the_link_ends_when_nobody_listens() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let (sender, mut feed) = mpsc::channel(8);
    let handle = pbx.pbx(quick(), std::sync::Arc::default());
    let link = tokio::spawn(async move { handle.run(sender).await });
    pbx.subscribed().await.beat();
    up(&mut feed).await;
    drop(feed);
    timeout(crate::fake::PATIENCE, link).await.expect("the end in time").unwrap();
}

#[tokio::test]
async fn signing_out_gives_the_token_back_and_takes_the_link_down() {
    let mut pbx = Fake::start(|_| Reply::Default).await;
    let (handle, mut feed) = pbx.link(quick());
    pbx.subscribed().await.beat();
    up(&mut feed).await;
    handle.sign_out().await.unwrap();
    let (error, retry_in) = down(&mut feed).await;
    assert_eq!((error.kind(), retry_in), (&Kind::SignedOut, None));
    assert_eq!(pbx.asked("del_token")[0].token, "access-1");
    assert_eq!(handle.calls().await.unwrap_err().kind(), &Kind::SignedOut);
}

#[test]
fn pauses_grow_with_jitter_stay_short_at_first_and_begin_anew() {
    let mut backoff = Backoff::new(&Timings::default());
    let (mut waited, mut last) = (Duration::ZERO, Duration::ZERO);
    for attempt in 0..100_u32 {
        let pause = backoff.next();
        let cap = if waited < AT_FIRST { 5 } else { 60 };
        let full = Duration::from_secs(2_u64.saturating_pow(attempt).min(cap));
        assert!(pause <= full && pause >= full / 2, "{attempt}: {pause:?}");
        waited += pause;
        last = pause;
    }
    assert!(last >= Duration::from_secs(30));
    backoff.reset();
    assert!(backoff.next() <= Duration::from_secs(1));
}
