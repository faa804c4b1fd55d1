//! The PBX client over real sockets: one token and its life, the link and everything that may happen to it,
//! broken answers, and whom it trusts. Durations of the protocol are shortened; the order of things is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use deskring_simulator::{
    BadToken, EmptyCalls, Expiry, HttpFault, Message, Mute, Options, Request, Simulator, TrunkMonitor,
};
use deskring_yeastar::{
    Address, AutoAnswer, Call, Config, Dial, Error, Event, Examination, Feed, Fingerprint, Kind, Monitor,
    Pbx, Retry, Status, Timings, TokenStore, Transfer,
};
use e2e::{Memory, PATIENCE, pbx_config, until};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The protocol in a hurry, but patient with a busy machine.
fn quick() -> Timings {
    Timings {
        heartbeat: Duration::from_millis(100),
        dead_after: Duration::from_secs(10),
        answer_timeout: Duration::from_secs(5),
        reconnect_min: Duration::from_millis(10),
        reconnect_max: Duration::from_millis(200),
        reconnect_max_at_first: Duration::from_millis(50),
        request_timeout: Duration::from_secs(5),
        repeat_min: Duration::from_millis(5),
        too_many_tokens_min: Duration::from_millis(200),
        too_many_tokens_max: Duration::from_millis(400),
        blocked: Duration::from_millis(300),
        drain: Duration::from_millis(500),
        requests_per_second: 1000,
        ..Timings::default()
    }
}

async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

fn config(simulator: &Simulator, timings: Timings) -> Config {
    Config { timings, ..pbx_config(simulator) }
}

fn client(simulator: &Simulator, memory: &Arc<Memory>) -> Pbx {
    Pbx::new(config(simulator, quick()), memory.clone()).unwrap()
}

fn asked(simulator: &Simulator, endpoint: &str) -> Vec<Request> {
    let path = format!("/openapi/v1.0/{endpoint}");
    simulator.pbx().requests().into_iter().filter(|request| request.path == path).collect()
}

/// How often the client signed in, and how often it refreshed.
fn tokens(simulator: &Simulator) -> (usize, usize) {
    (asked(simulator, "get_token").len(), asked(simulator, "refresh_token").len())
}

/// A running link.
struct Link {
    client: Pbx,
    feed: mpsc::Receiver<Feed>,
    task: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Link {
    fn of(client: Pbx) -> Link {
        let (sender, feed) = mpsc::channel(4096);
        let runner = client.clone();
        let task = tokio::spawn(async move { runner.run(sender).await });
        Link { client, feed, task }
    }

    fn new(simulator: &Simulator, memory: &Arc<Memory>, timings: Timings) -> Link {
        Link::of(Pbx::new(config(simulator, timings), memory.clone()).unwrap())
    }

    async fn up(simulator: &Simulator) -> Link {
        let mut link = Link::new(simulator, &Memory::new(), quick());
        link.next_up().await;
        link
    }

    async fn next(&mut self) -> Feed {
        let next = tokio::time::timeout(PATIENCE, self.feed.recv()).await;
        next.expect("the link says something").expect("the link runs")
    }

    /// Skips what is told before the link is up.
    async fn next_up(&mut self) -> Vec<Call> {
        loop {
            if let Feed::Up { calls, .. } = self.next().await {
                return calls;
            }
        }
    }

    async fn next_down(&mut self) -> (Error, Option<Duration>) {
        loop {
            if let Feed::Down { error, retry_in } = self.next().await {
                return (error, retry_in);
            }
        }
    }

    /// The id of the next call that is reported. A loss of the link fails.
    async fn next_call(&mut self) -> String {
        loop {
            match self.next().await {
                Feed::Event { event: Event::CallState(call), .. } => return call.id,
                Feed::Event { .. } | Feed::Up { .. } => {}
                Feed::Down { error, .. } => panic!("the link went down: {error:?}"),
            }
        }
    }

    /// Whether events come, after however many ups and downs.
    async fn delivers(&mut self, simulator: &Simulator) {
        let pbx = simulator.pbx();
        let arrived = async {
            for round in 0.. {
                let id = format!("9.{round}");
                pbx.send_event(30011, ring(&id)).await;
                let next = tokio::time::timeout(Duration::from_millis(200), async {
                    loop {
                        if let Feed::Event { event: Event::CallState(call), .. } = self.next().await
                            && call.id.starts_with("9.")
                        {
                            return;
                        }
                    }
                });
                if next.await.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, arrived).await.expect("events come again");
    }
}

fn ring(id: &str) -> serde_json::Value {
    json!({ "call_id": id, "members": [{ "extension": {
        "number": "1001", "channel_id": format!("PJSIP/1001-{id}"), "member_status": "RING", "call_path": "" } }] })
}

fn dial() -> Dial {
    Dial {
        caller: "1001".to_owned(),
        callee: "13800138000".to_owned(),
        permission: None,
        auto_answer: AutoAnswer::No,
    }
}

// The token.

#[tokio::test]
async fn thirty_requests_at_once_share_one_token_and_all_name_themselves() {
    let simulator = simulator().await;
    let link = Link::up(&simulator).await;
    let requests: Vec<_> = (0..30)
        .map(|_| {
            let client = link.client.clone();
            tokio::spawn(async move { client.calls().await })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap().unwrap(), []);
    }
    assert_eq!((tokens(&simulator), simulator.pbx().live_tokens()), ((1, 0), 1));
    let requests = simulator.pbx().requests();
    assert!(requests.iter().any(|request| request.path.ends_with("/subscribe")));
    for request in requests {
        assert_eq!(request.user_agent.as_deref(), Some("OpenAPI"), "{}", request.path);
    }
}

#[tokio::test]
async fn a_restarted_program_goes_on_with_the_token_it_had() {
    let simulator = simulator().await;
    let memory = Memory::new();
    for _ in 0..5 {
        client(&simulator, &memory).calls().await.unwrap();
    }
    assert_eq!((tokens(&simulator), simulator.pbx().live_tokens()), ((1, 0), 1));
}

#[tokio::test]
async fn a_token_is_refreshed_after_five_sixths_of_its_life_and_never_bought_anew() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| switches.token_seconds = 3);
    let started = Instant::now();
    let mut link = Link::new(&simulator, &Memory::new(), quick());
    link.next_up().await;
    until("a refresh", || tokens(&simulator).1 == 1).await;
    let at = started.elapsed();
    assert!(at >= Duration::from_millis(2450), "refreshed after {at:?}");
    until("a second refresh", || tokens(&simulator).1 == 2).await;
    assert_eq!(tokens(&simulator).0, 1);
    assert_eq!(simulator.pbx().live_tokens(), 1);
}

#[tokio::test]
async fn a_refused_refresh_signs_in_once() {
    let simulator = simulator().await;
    let client = client(&simulator, &Memory::new());
    client.calls().await.unwrap();
    simulator.pbx().revoke_everything();
    client.calls().await.unwrap();
    client.calls().await.unwrap();
    assert_eq!(tokens(&simulator), (2, 1));
}

#[tokio::test]
async fn a_pair_that_is_too_old_to_be_refreshed_is_not_offered() {
    let simulator = simulator().await;
    let memory = Memory::new();
    client(&simulator, &memory).calls().await.unwrap();
    let mut pair = memory.pair().unwrap();
    pair.issued_at -= Duration::from_secs(90_000);
    pair.access_expires_at = pair.issued_at + Duration::from_secs(1800);
    pair.refresh_expires_at = pair.issued_at + Duration::from_secs(86_400);
    memory.save(&pair);
    client(&simulator, &memory).calls().await.unwrap();
    assert_eq!(tokens(&simulator), (2, 0));
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_ends_in_one_sign_in() {
    let simulator = simulator().await;
    let memory = Memory::new();
    client(&simulator, &memory).calls().await.unwrap();
    let mut pair = memory.pair().unwrap();
    pair.access_expires_at = SystemTime::now();
    memory.save(&pair);
    simulator.pbx().set(|switches| switches.http_fault = HttpFault::Reset);
    let client = client(&simulator, &memory);
    let error = client.calls().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::Closed, Retry::Backoff));
    simulator.pbx().set(|switches| switches.http_fault = HttpFault::None);
    client.calls().await.unwrap();
    let (gets, refreshes) = tokens(&simulator);
    assert!(refreshes <= 2 && gets <= 3, "{gets} sign-ins and {refreshes} refreshes");
    assert!(simulator.pbx().live_tokens() <= 2);
}

#[tokio::test]
async fn wrong_credentials_are_tried_twice_and_never_again_whoever_asks() {
    let simulator = simulator().await;
    let wrong = Config { client_secret: "not-the-secret".to_owned().into(), ..config(&simulator, quick()) };
    let mut link = Link::of(Pbx::new(wrong, Memory::new()).unwrap());
    let (error, retry_in) = link.next_down().await;
    assert_eq!(error.kind(), &Kind::Credentials { tries_left: 1 });
    assert!(retry_in.is_some());
    let (error, retry_in) = link.next_down().await;
    assert_eq!((error.kind(), retry_in), (&Kind::Credentials { tries_left: 0 }, None));
    for _ in 0..5 {
        link.client.wake();
        let (error, retry_in) = link.next_down().await;
        assert_eq!((error.kind(), retry_in), (&Kind::Credentials { tries_left: 0 }, None));
        let error = link.client.calls().await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (&Kind::Credentials { tries_left: 0 }, Retry::Never));
    }
    assert_eq!(tokens(&simulator), (2, 0));
    assert!(!simulator.pbx().blocked(), "the address stays out of the block list");
}

#[tokio::test]
async fn with_all_tokens_taken_it_waits_and_then_comes_up_by_itself() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| switches.max_tokens = 1);
    let other = client(&simulator, &Memory::new());
    other.calls().await.unwrap();
    let mut link = Link::new(&simulator, &Memory::new(), quick());
    let (error, retry_in) = link.next_down().await;
    assert_eq!(error.kind(), &Kind::TooManyTokens);
    assert!(retry_in.is_some_and(|pause| pause <= Duration::from_millis(200)), "{retry_in:?}");
    let before = tokens(&simulator).0;
    let error = link.client.calls().await.unwrap_err();
    assert!(matches!(error.retry(), Retry::After(_)), "{error:?}");
    assert!(tokens(&simulator).0 <= before + 1);
    other.sign_out().await.unwrap();
    link.next_up().await;
    assert_eq!(simulator.pbx().live_tokens(), 1);
}

#[tokio::test]
async fn a_blocked_address_is_left_alone_for_the_whole_pause() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| switches.lockout_after = 1);
    let wrong = Config { client_secret: "not-the-secret".to_owned().into(), ..config(&simulator, quick()) };
    Pbx::new(wrong, Memory::new()).unwrap().calls().await.unwrap_err();
    assert!(simulator.pbx().blocked());
    let patient = Timings { blocked: Duration::from_secs(660), ..quick() };
    let client = Pbx::new(config(&simulator, patient), Memory::new()).unwrap();
    for _ in 0..5 {
        let error = client.calls().await.unwrap_err();
        assert_eq!(error.kind(), &Kind::AddressBlocked);
        assert!(
            matches!(error.retry(), Retry::After(pause) if pause > Duration::from_secs(600)),
            "{error:?}"
        );
        client.wake();
    }
    assert_eq!(asked(&simulator, "get_token").len(), 2, "one by the other client, one by this");
    // With a short pause the link comes up by itself once an administrator has lifted the block.
    simulator.pbx().set(|switches| switches.lockout_seconds = 0);
    let mut link = Link::new(&simulator, &Memory::new(), quick());
    assert_eq!(link.next_down().await.0.kind(), &Kind::AddressBlocked);
    simulator.pbx().unblock();
    link.next_up().await;
}

#[tokio::test]
async fn an_address_that_is_not_allowed_waits_for_a_person() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| switches.ip_forbidden = true);
    let mut link = Link::new(&simulator, &Memory::new(), quick());
    let (error, retry_in) = link.next_down().await;
    assert_eq!((error.kind(), retry_in), (&Kind::AddressNotAllowed, None));
    assert_eq!(link.client.calls().await.unwrap_err().kind(), &Kind::AddressNotAllowed);
    assert_eq!(tokens(&simulator), (1, 0));
    simulator.pbx().set(|switches| switches.ip_forbidden = false);
    link.client.wake();
    link.next_up().await;
}

#[tokio::test]
async fn signing_out_gives_the_token_back_and_asks_for_no_other() {
    let simulator = simulator().await;
    let memory = Memory::new();
    let mut link = Link::of(client(&simulator, &memory));
    link.next_up().await;
    link.client.sign_out().await.unwrap();
    assert!(memory.pair().is_none());
    assert_eq!(simulator.pbx().live_tokens(), 0);
    while link.next_down().await.1.is_some() {}
    assert_eq!(link.client.calls().await.unwrap_err().kind(), &Kind::SignedOut);
    assert_eq!(tokens(&simulator), (1, 0));
}

#[tokio::test]
async fn a_refresh_that_kills_the_old_token_costs_no_second_sign_in() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| {
        switches.refresh_kills_old_access = true;
        switches.token_seconds = 2;
    });
    let mut link = Link::new(&simulator, &Memory::new(), quick());
    link.next_up().await;
    let call = simulator.pbx().call_in("13800138000", "1001").await;
    until("two refreshes", || tokens(&simulator).1 >= 2).await;
    link.delivers(&simulator).await;
    assert_eq!(tokens(&simulator).0, 1);
    let calls = link.client.calls().await.unwrap();
    assert_eq!(calls[0].id, call);
}

#[tokio::test]
async fn a_program_whose_token_another_one_killed_comes_back() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| switches.get_token_invalidates = true);
    let mut link = Link::up(&simulator).await;
    client(&simulator, &Memory::new()).calls().await.unwrap();
    until("a refresh in vain, then one sign-in", || tokens(&simulator) == (3, 1)).await;
    link.delivers(&simulator).await;
    assert_eq!(tokens(&simulator), (3, 1));
}

// The link.

#[tokio::test]
async fn an_up_carries_the_calls_of_the_moment() {
    for empty in [EmptyCalls::NoData, EmptyCalls::Code60001] {
        let simulator = simulator().await;
        simulator.pbx().set(|switches| switches.empty_calls = empty);
        let mut idle = Link::new(&simulator, &Memory::new(), quick());
        assert_eq!(idle.next_up().await, []);
        let call = simulator.pbx().call_in("13800138000", "1001").await;
        simulator.pbx().answer(&call, "1001").await;
        let mut link = Link::new(&simulator, &Memory::new(), quick());
        let calls = link.next_up().await;
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].id, call);
        let states: Vec<_> = calls[0].members.iter().map(|member| member.status.clone()).collect();
        assert_eq!(states, [Status::Answered, Status::Answer]);
    }
}

#[tokio::test]
async fn a_socket_that_plays_dead_is_found_and_replaced() {
    for mute in [Mute::Heartbeats, Mute::Everything] {
        let simulator = simulator().await;
        let timings = Timings {
            heartbeat: Duration::from_millis(50),
            answer_timeout: Duration::from_millis(400),
            request_timeout: Duration::from_millis(600),
            ..quick()
        };
        let mut link = Link::new(&simulator, &Memory::new(), timings);
        link.next_up().await;
        simulator.pbx().mute(mute);
        let (error, retry_in) = link.next_down().await;
        assert_eq!(error.kind(), &Kind::Silent, "{mute:?}");
        assert!(retry_in.is_some());
        simulator.pbx().mute(Mute::Nothing);
        link.delivers(&simulator).await;
        // Silence is blamed on the token once at most.
        let (gets, refreshes) = tokens(&simulator);
        assert!(gets == 1 && refreshes <= 1, "{mute:?}: {gets} sign-ins, {refreshes} refreshes");
    }
}

#[tokio::test]
async fn a_wake_finds_a_dead_socket_without_waiting_for_the_next_heartbeat() {
    let simulator = simulator().await;
    let timings = Timings {
        heartbeat: Duration::from_secs(600),
        dead_after: Duration::from_secs(600),
        answer_timeout: Duration::from_millis(300),
        ..quick()
    };
    let mut link = Link::new(&simulator, &Memory::new(), timings);
    link.next_up().await;
    simulator.pbx().mute(Mute::Everything);
    link.client.wake();
    assert_eq!(link.next_down().await.0.kind(), &Kind::Silent);
    simulator.pbx().mute(Mute::Nothing);
    link.delivers(&simulator).await;
}

#[tokio::test]
async fn the_link_survives_a_pbx_that_restarts() {
    let simulator = simulator().await;
    let mut link = Link::up(&simulator).await;
    for _ in 0..3 {
        simulator.stop_pbx().await;
        let (error, _) = link.next_down().await;
        assert_eq!(error.kind(), &Kind::Closed);
        let (error, retry_in) = link.next_down().await;
        assert_eq!((error.kind(), error.retry()), (&Kind::Refused, Retry::Backoff));
        assert!(retry_in.is_some_and(|pause| pause <= Duration::from_millis(200)), "{retry_in:?}");
        simulator.start_pbx().await;
        link.next_up().await;
    }
    link.delivers(&simulator).await;
    assert_eq!(tokens(&simulator), (1, 0));
}

#[tokio::test]
async fn a_socket_that_is_cut_is_opened_again_with_the_same_token() {
    let simulator = simulator().await;
    let mut link = Link::up(&simulator).await;
    for _ in 0..5 {
        let call = simulator.pbx().call_in("13800138000", "1001").await;
        simulator.pbx().drop_sockets().await;
        assert_eq!(link.next_down().await.0.kind(), &Kind::Closed);
        let calls = link.next_up().await;
        assert!(calls.iter().any(|known| known.id == call));
        simulator.pbx().hang_up(&call, "caller").await;
    }
    assert_eq!(tokens(&simulator), (1, 0));
}

#[tokio::test]
async fn a_kept_token_the_socket_refuses_is_refreshed_once() {
    for reading in [BadToken::RejectHandshake, BadToken::OpenThenFrame] {
        let simulator = simulator().await;
        let memory = Memory::new();
        client(&simulator, &memory).calls().await.unwrap();
        simulator.pbx().set(|switches| switches.bad_token_at_connect = reading);
        simulator.pbx().expire_access_tokens();
        let mut link = Link::of(client(&simulator, &memory));
        link.next_up().await;
        link.delivers(&simulator).await;
        assert_eq!(tokens(&simulator), (1, 1), "{reading:?}");
    }
}

#[tokio::test]
async fn a_token_that_ends_under_an_open_socket_is_refreshed_however_the_pbx_says_so() {
    for expiry in [Expiry::FrameThenClose, Expiry::FrameThenSilence, Expiry::Silence] {
        for reading in [BadToken::RejectHandshake, BadToken::OpenThenFrame] {
            let simulator = simulator().await;
            simulator.pbx().set(|switches| {
                switches.expiry_on_socket = expiry;
                switches.bad_token_at_connect = reading;
            });
            let timings = Timings { answer_timeout: Duration::from_millis(400), ..quick() };
            let mut link = Link::new(&simulator, &Memory::new(), timings);
            link.next_up().await;
            let call = simulator.pbx().call_in("13800138000", "1001").await;
            assert_eq!(link.next_call().await, call);
            simulator.pbx().expire_access_tokens();
            until("a refresh", || tokens(&simulator).1 > 0).await;
            link.delivers(&simulator).await;
            assert_eq!(tokens(&simulator), (1, 1), "{expiry:?} {reading:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_frame_is_lost_while_sockets_change_because_their_token_ends() {
    let simulator = simulator().await;
    // Half a life is left for the change, so that a busy machine does not make it late.
    simulator.pbx().set(|switches| switches.token_seconds = 3);
    let timings = Timings { refresh_after: 0.5, ..quick() };
    let mut link = Link::new(&simulator, &Memory::new(), timings);
    link.next_up().await;
    let pbx = simulator.pbx();
    let talking = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(4));
        let (mut sent, mut more) = (0_u32, 100);
        // Three changes of socket with a call's frames coming all the time, and some more after the last one.
        while more > 0 {
            pace.tick().await;
            pbx.send_event(30011, ring(&format!("7.{sent}"))).await;
            sent += 1;
            let path = "/openapi/v1.0/refresh_token";
            if pbx.requests().iter().filter(|request| request.path == path).count() >= 3 {
                more -= 1;
            }
        }
        sent
    });
    let mut heard = BTreeSet::new();
    let mut sent = None;
    let all = tokio::time::timeout(PATIENCE, async {
        let mut talking = talking;
        while sent.is_none_or(|sent| heard.len() < sent as usize) {
            tokio::select! {
                done = &mut talking, if sent.is_none() => sent = Some(done.unwrap()),
                next = link.feed.recv() => match next.unwrap() {
                    Feed::Event { event: Event::CallState(call), .. } => { heard.insert(call.id); }
                    Feed::Down { error, .. } => panic!("the link went down: {error:?}"),
                    Feed::Event { .. } | Feed::Up { .. } => {}
                },
            }
        }
    });
    if all.await.is_err() {
        panic!("{} of {sent:?} frames were heard", heard.len());
    }
    let opened = asked(&simulator, "subscribe").len();
    assert!(opened >= 4, "{opened} sockets");
    assert_eq!(tokens(&simulator).0, 1);
    until("the old sockets are closed", || simulator.pbx().sockets() == 1).await;
}

#[tokio::test]
async fn nonsense_on_the_socket_costs_only_itself() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| switches.hello_frame = true);
    let mut link = Link::up(&simulator).await;
    let pbx = simulator.pbx();
    let huge = format!("{{\"type\":30011,\"msg\":\"{}\"}}", "x".repeat(900_000));
    let deep = format!("{{\"type\":30011,\"msg\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    for nonsense in [
        "{{{",
        "",
        "null",
        "[]",
        "17",
        "heartbeat",
        "\u{0}\u{1b}[2J",
        r#"{"type":"30011"}"#,
        r#"{"type":30011}"#,
        r#"{"type":30011,"msg":"{"}"#,
        r#"{"type":30011,"msg":{"call_id":"","members":{}}}"#,
        r#"{"type":30011,"msg":"{\"call_id\":\"1.1\",\"members\":[{\"extension\":{}},{\"a\":1,\"b\":2},null,\"x\"]}"}"#,
        r#"{"type":30012,"msg":{"call_duration":"many"}}"#,
        r#"{"type":99999999999999999999,"msg":{}}"#,
        r#"{"type":-1,"msg":{}}"#,
        r#"{"type":30099,"msg":"{\"new\":true}"}"#,
        huge.as_str(),
        deep.as_str(),
    ] {
        pbx.send(nonsense).await;
    }
    pbx.send_event(30031, json!({ "message": "not ours" })).await;
    for message in [Message::Object, Message::String] {
        pbx.set(|switches| switches.message = message);
        let id = format!("8.{}", u8::from(message == Message::String));
        pbx.send_event(30011, ring(&id)).await;
        loop {
            let heard = link.next_call().await;
            if heard == id {
                break;
            }
            assert_eq!(heard, "1.1", "a call without members that can be read");
        }
    }
    assert_eq!(tokens(&simulator), (1, 0));
}

#[tokio::test]
async fn a_firmware_that_does_not_know_an_event_is_asked_for_fewer() {
    for unknown in [vec![30026], vec![30007, 30014]] {
        let simulator = simulator().await;
        simulator.pbx().set(|switches| switches.unknown_topics = unknown);
        let mut link = Link::up(&simulator).await;
        let call = simulator.pbx().call_in("13800138000", "1001").await;
        assert_eq!(link.next_call().await, call);
    }
}

// Acting on calls.

/// A caller from outside talks to 1001: the call, the caller's channel, and 1001's.
async fn talking(simulator: &Simulator, client: &Pbx) -> (String, String, String) {
    let call = simulator.pbx().call_in("13800138000", "1001").await;
    simulator.pbx().answer(&call, "1001").await;
    let members = client.calls().await.unwrap().remove(0).members;
    let [caller, mine] = members.as_slice() else { panic!("{members:?}") };
    (call, caller.channel.clone(), mine.channel.clone())
}

fn to_a_colleague(moved: &str) -> Transfer {
    Transfer { moved: moved.to_owned(), number: "1002".to_owned(), permission: "1001".to_owned() }
}

#[tokio::test]
async fn muting_reaches_the_member_and_changes_nothing_the_pbx_tells() {
    let simulator = simulator().await;
    let client = client(&simulator, &Memory::new());
    let (call, _, mine) = talking(&simulator, &client).await;
    let before = client.calls().await.unwrap();
    client.mute(&mine).await.unwrap();
    assert_eq!(simulator.pbx().muted_channels(&call), std::slice::from_ref(&mine));
    assert_eq!(client.calls().await.unwrap(), before);
    client.unmute(&mine).await.unwrap();
    assert!(simulator.pbx().muted_channels(&call).is_empty());
}

#[tokio::test]
async fn a_caller_is_sent_to_a_colleague_and_keeps_the_channel_whatever_the_call_is_called_then() {
    for keeps in [true, false] {
        let simulator = simulator().await;
        simulator.pbx().set(|switches| switches.transfer_keeps_call_id = keeps);
        let client = client(&simulator, &Memory::new());
        let (call, caller, _) = talking(&simulator, &client).await;
        client.transfer_blind(&to_a_colleague(&caller)).await.unwrap();
        let calls = client.calls().await.unwrap();
        let [after] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!(after.id == call, keeps);
        assert_eq!(after.members[0].channel, caller);
        let states: Vec<_> = after.members.iter().map(|member| member.status.clone()).collect();
        assert_eq!(states, [Status::Answered, Status::Ring]);
    }
}

#[tokio::test]
async fn a_refused_act_keeps_the_code_of_the_pbx_and_leaves_the_call_alone() {
    let simulator = simulator().await;
    let client = client(&simulator, &Memory::new());
    let (_, caller, mine) = talking(&simulator, &client).await;
    let before = client.calls().await.unwrap();
    let said = |error: Error| (error.kind().clone(), error.code().unwrap(), error.retry());
    let nobody = "PJSIP/1001-ffffffff";
    let not_found = (Kind::NotFound, 60001, Retry::Never);
    assert_eq!(said(client.mute(nobody).await.unwrap_err()), not_found);
    assert_eq!(said(client.unmute(nobody).await.unwrap_err()), not_found);
    assert_eq!(said(client.transfer_blind(&to_a_colleague(nobody)).await.unwrap_err()), not_found);
    // The channel is that of the member to be moved.
    let error = client.transfer_blind(&to_a_colleague(&mine)).await.unwrap_err();
    assert_eq!(said(error), (Kind::Parameter, 40002, Retry::Never));
    simulator.pbx().set(|switches| switches.unknown_interfaces = vec!["call/mute".to_owned()]);
    assert_eq!(said(client.mute(&mine).await.unwrap_err()), (Kind::TooOld, 10001, Retry::Never));
    let refusals = BTreeMap::from([("call/transfer".to_owned(), 70099)]);
    simulator.pbx().set(|switches| switches.refusals = refusals);
    let error = client.transfer_blind(&to_a_colleague(&caller)).await.unwrap_err();
    assert_eq!(said(error), (Kind::Other, 70099, Retry::Never));
    assert_eq!(client.calls().await.unwrap(), before);
}

// Broken answers.

#[tokio::test]
async fn a_broken_answer_is_an_error_of_its_kind_and_over_when_it_is_over() {
    for (fault, kind, attempts) in [
        (HttpFault::Html, Kind::Malformed, 1),
        (HttpFault::Garbage, Kind::Malformed, 1),
        (HttpFault::Status(500), Kind::Malformed, 1),
        (HttpFault::Status(404), Kind::Malformed, 1),
        (HttpFault::Reset, Kind::Closed, 3),
    ] {
        let simulator = simulator().await;
        let client = client(&simulator, &Memory::new());
        client.calls().await.unwrap();
        simulator.pbx().set(|switches| switches.http_fault = fault);
        let before = asked(&simulator, "call/query").len();
        let error = client.calls().await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (&kind, Retry::Backoff), "{fault:?}");
        assert_eq!(asked(&simulator, "call/query").len() - before, attempts, "{fault:?}");
        // A write is never repeated by itself.
        let error = client.dial(&dial()).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (&kind, Retry::Unknown), "{fault:?}");
        assert_eq!(asked(&simulator, "call/dial").len(), 1, "{fault:?}");
        simulator.pbx().set(|switches| switches.http_fault = HttpFault::None);
        client.calls().await.unwrap();
        assert_eq!(tokens(&simulator), (1, 0), "{fault:?}");
    }
}

#[tokio::test]
async fn a_pbx_that_takes_too_long_has_timed_out() {
    let simulator = simulator().await;
    let timings = Timings { request_timeout: Duration::from_millis(300), ..quick() };
    let client = Pbx::new(config(&simulator, timings), Memory::new()).unwrap();
    client.calls().await.unwrap();
    simulator.pbx().set(|switches| switches.delay_ms = 3_600_000);
    let error = client.calls().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::TimedOut, Retry::Backoff));
    assert_eq!(client.dial(&dial()).await.unwrap_err().retry(), Retry::Unknown);
}

// Whom it trusts.

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused_with_its_fingerprint_before_anything_is_said() {
    let simulator = Simulator::start(Options { pbx_tls: true, ..Options::default() }).await.unwrap();
    let shown: Fingerprint = simulator.pbx_certificate_sha256().unwrap().parse().unwrap();
    let untrusting = Config { trusted_certificate: None, ..config(&simulator, quick()) };
    let client = Pbx::new(untrusting, Memory::new()).unwrap();
    let error = client.calls().await.unwrap_err();
    assert_eq!(error.retry(), Retry::Never);
    assert!(
        matches!(error.kind(), Kind::UnknownCertificate { fingerprint, .. } if *fingerprint == shown),
        "{error:?}"
    );
    let mut link = Link::of(client);
    let (error, retry_in) = link.next_down().await;
    assert!(
        matches!(error.kind(), Kind::UnknownCertificate { fingerprint, .. } if *fingerprint == shown),
        "{error:?}"
    );
    assert!(retry_in.is_some(), "it may be the portal of a hotel");
    assert!(simulator.pbx().requests().is_empty());
}

#[tokio::test]
async fn the_trusted_certificate_is_enough_for_requests_and_for_the_socket() {
    let simulator = Simulator::start(Options { pbx_tls: true, ..Options::default() }).await.unwrap();
    let mut link = Link::up(&simulator).await;
    let call = simulator.pbx().call_in("13800138000", "1001").await;
    assert_eq!(link.next_call().await, call);
    assert_eq!(link.client.calls().await.unwrap()[0].id, call);
}

#[tokio::test]
async fn another_certificate_than_the_trusted_one_is_refused_on_both_ways_in() {
    let simulator = Simulator::start(Options { pbx_tls: true, ..Options::default() }).await.unwrap();
    let found: Fingerprint = simulator.pbx_certificate_sha256().unwrap().parse().unwrap();
    let expected: Fingerprint = "ab".repeat(32).parse().unwrap();
    let wrong = Config { trusted_certificate: Some(expected), ..config(&simulator, quick()) };
    // With a token in hand only the socket is left to refuse.
    let memory = Memory::new();
    client(&simulator, &memory).calls().await.unwrap();
    let before = simulator.pbx().requests().len();
    let client = Pbx::new(wrong, memory).unwrap();
    let changed = |error: Error| {
        matches!(error.kind(), Kind::ChangedCertificate { expected: trusted, found: shown, .. }
            if (*trusted, *shown) == (expected, found))
    };
    assert!(changed(client.calls().await.unwrap_err()));
    let mut link = Link::of(client);
    assert!(changed(link.next_down().await.0));
    assert_eq!(simulator.pbx().requests().len(), before);
}

// What one look at it finds.

/// As long as a person may wait for the test of a connection.
const WITHIN: Duration = Duration::from_secs(5);

/// Looks at a PBX as a person does who tests what was typed: with the vendor's own timings and a client of its own.
async fn look(config: Config) -> Examination {
    let config = Config { timings: Timings::default(), ..config };
    let client = Pbx::new(config, Memory::new()).unwrap();
    let began = Instant::now();
    let found = client.examine(&["1001".to_owned(), "1999".to_owned()], WITHIN).await;
    let _ = client.sign_out().await;
    assert!(began.elapsed() < WITHIN + Timings::default().sign_out, "{found:?}");
    assert!(found.took <= WITHIN + Duration::from_millis(500), "{found:?}");
    found
}

async fn cause(config: Config) -> Kind {
    let found = look(config).await;
    assert!(
        found.information.is_none() && found.extensions.is_empty() && found.missing.is_empty(),
        "{found:?}"
    );
    found.error.expect("a cause").kind().clone()
}

fn at(address: &str, config: Config) -> Config {
    Config { address: Address::parse(address).unwrap(), ..config }
}

#[tokio::test]
async fn a_look_at_a_pbx_in_order_finds_everything_and_keeps_no_token() {
    let simulator = simulator().await;
    let found = look(config(&simulator, quick())).await;
    assert!(found.error.is_none(), "{found:?}");
    let information = found.information.unwrap();
    assert_eq!((information.model.as_deref(), information.is_too_old()), (Some("P560"), None));
    assert!(information.clock_offset(SystemTime::now()).unwrap().abs() <= 5);
    let mine: Vec<_> =
        found.extensions.iter().map(|known| (known.number.as_str(), known.name.as_deref())).collect();
    assert_eq!(mine, [("1001", Some("Ana Agent"))]);
    assert_eq!(found.missing, ["1999"]);
    assert_eq!(found.monitors.unwrap().trunks, Monitor::On);
    assert_eq!((tokens(&simulator), simulator.pbx().live_tokens()), ((1, 0), 0));
}

#[tokio::test]
async fn a_look_beside_a_link_uses_the_token_there_is() {
    let simulator = simulator().await;
    let mut link = Link::up(&simulator).await;
    for _ in 0..10 {
        let found = link.client.examine(&["1001".to_owned()], WITHIN).await;
        assert!(found.error.is_none() && found.missing.is_empty(), "{found:?}");
    }
    assert_eq!(tokens(&simulator), (1, 0));
    link.delivers(&simulator).await;
}

#[tokio::test]
async fn nine_tests_in_a_row_use_up_none_of_the_eight_tokens() {
    let simulator = simulator().await;
    for _ in 0..9 {
        let client = client(&simulator, &Memory::new());
        assert!(client.examine(&[], WITHIN).await.error.is_none());
        client.sign_out().await.unwrap();
    }
    assert_eq!((tokens(&simulator), simulator.pbx().live_tokens()), ((9, 0), 0));
}

#[tokio::test]
async fn switches_that_are_off_are_found_and_those_the_firmware_hides_are_unknown() {
    let simulator = simulator().await;
    let client = client(&simulator, &Memory::new());
    let monitors = client.monitors().await.unwrap();
    assert_eq!((monitors.extensions, monitors.trunks), (Monitor::On, Monitor::On));
    simulator.pbx().set(|switches| {
        switches.extension_monitor = false;
        switches.trunk_monitor = TrunkMonitor::MembersMissing;
    });
    let monitors = client.monitors().await.unwrap();
    assert_eq!((monitors.extensions, monitors.trunks), (Monitor::Off, Monitor::Off));
    assert!(monitors.extensions_off.contains(&"1001".to_owned()) && monitors.extensions_off.len() > 1);
    assert_eq!(monitors.trunks_off, ["SIP-Trunk"]);
    // One look asks about my extensions only.
    let found = client.examine(&["1001".to_owned()], WITHIN).await;
    assert_eq!(found.monitors.unwrap().extensions_off, ["1001"]);
    let hidden = ["extension_status_monitor/list", "trunk_status_monitor/list"].map(str::to_owned);
    simulator.pbx().set(|switches| switches.unknown_interfaces = hidden.to_vec());
    let found = client.examine(&["1001".to_owned()], WITHIN).await;
    let monitors = found.monitors.unwrap();
    assert_eq!((monitors.extensions, monitors.trunks), (Monitor::Unknown, Monitor::Unknown));
    assert!(found.error.is_none(), "{:?}", found.error);
}

#[tokio::test]
async fn an_old_firmware_and_a_wrong_clock_are_found() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| {
        switches.firmware = "83.20.0.1".to_owned();
        switches.clock_ahead_seconds = -3600;
    });
    let information = look(config(&simulator, quick())).await.information.unwrap();
    assert_eq!(information.is_too_old(), Some("83.21.0.66"));
    let offset = information.clock_offset(SystemTime::now()).unwrap();
    assert!((-3605..=-3599).contains(&offset), "{offset}");
}

#[tokio::test]
async fn wrong_credentials_are_told_with_the_tries_left_and_do_not_lock_us_out() {
    let simulator = simulator().await;
    let wrong = Config { client_secret: "not-the-secret".to_owned().into(), ..config(&simulator, quick()) };
    let client = Pbx::new(wrong, Memory::new()).unwrap();
    for tries_left in [1, 0, 0] {
        let found = client.examine(&["1001".to_owned()], WITHIN).await;
        assert_eq!(found.error.unwrap().kind(), &Kind::Credentials { tries_left });
    }
    assert_eq!(asked(&simulator, "get_token").len(), 2);
    assert!(!simulator.pbx().blocked());
}

#[tokio::test]
async fn every_refusal_of_the_pbx_is_a_cause_of_its_own() {
    let simulator = simulator().await;
    let pbx = simulator.pbx();
    let ours = || config(&simulator, quick());
    let wrong_id = Config { client_id: "nobody".to_owned(), ..ours() };
    assert_eq!(cause(wrong_id.clone()).await, Kind::Credentials { tries_left: 1 });

    pbx.set(|switches| switches.lockout_after = 1);
    cause(wrong_id).await;
    assert_eq!(cause(ours()).await, Kind::AddressBlocked);
    pbx.unblock();

    pbx.set(|switches| switches.ip_forbidden = true);
    assert_eq!(cause(ours()).await, Kind::AddressNotAllowed);
    pbx.set(|switches| switches.ip_forbidden = false);

    pbx.set(|switches| switches.max_tokens = 0);
    assert_eq!(cause(ours()).await, Kind::TooManyTokens);
    pbx.set(|switches| switches.max_tokens = 8);

    pbx.set(|switches| switches.unknown_interfaces = vec!["get_token".to_owned()]);
    assert_eq!(cause(ours()).await, Kind::TooOld);
    pbx.set(|switches| switches.unknown_interfaces.clear());

    for (fault, kind) in [
        (HttpFault::Html, Kind::Malformed),
        (HttpFault::Status(404), Kind::Malformed),
        (HttpFault::Status(401), Kind::Credentials { tries_left: 1 }),
        (HttpFault::Reset, Kind::Closed),
    ] {
        pbx.set(|switches| switches.http_fault = fault);
        assert_eq!(cause(ours()).await, kind, "{fault:?}");
    }
    pbx.set(|switches| switches.http_fault = HttpFault::None);
    assert!(look(ours()).await.error.is_none(), "all of it is over when it is over");
}

#[tokio::test]
async fn an_address_where_no_pbx_answers_is_a_cause_of_its_own() {
    let simulator = simulator().await;
    let ours = || config(&simulator, quick());
    assert_eq!(cause(at("https://no-such-pbx.invalid:8088", ours())).await, Kind::NameNotFound);
    // `https` to a port that speaks `http`.
    let https = simulator.pbx_url().replace("http:", "https:");
    assert_eq!(cause(at(&https, ours())).await, Kind::Tls);
    assert!(simulator.pbx().requests().is_empty(), "nothing was said in the clear");
    simulator.stop_pbx().await;
    assert_eq!(cause(ours()).await, Kind::Refused);
    // A port that accepts and never says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for scheme in ["http", "https"] {
        let address = format!("{scheme}://{}", silent.local_addr().unwrap());
        let client = Pbx::new(at(&address, ours()), Memory::new()).unwrap();
        let found = client.examine(&[], Duration::from_millis(300)).await;
        assert_eq!(found.error.unwrap().kind(), &Kind::TimedOut, "{scheme}");
        assert!(found.took < Duration::from_secs(3), "{:?}", found.took);
    }
}

#[tokio::test]
async fn a_certificate_is_shown_to_the_person_who_decides() {
    let simulator = Simulator::start(Options { pbx_tls: true, ..Options::default() }).await.unwrap();
    let shown: Fingerprint = simulator.pbx_certificate_sha256().unwrap().parse().unwrap();
    let trusting = |trusted_certificate| Config { trusted_certificate, ..config(&simulator, quick()) };
    let Kind::UnknownCertificate { fingerprint, certificate, .. } = cause(trusting(None)).await else {
        panic!()
    };
    assert_eq!((fingerprint, certificate.fingerprint), (shown, shown));
    assert!(
        certificate.subject.as_deref().is_some_and(|subject| subject.starts_with("CN=")),
        "{certificate:?}"
    );
    assert_eq!(certificate.issuer, certificate.subject);
    assert!(certificate.not_before.unwrap() < SystemTime::now());
    assert!(certificate.not_after.unwrap() > SystemTime::now());

    let other: Fingerprint = "ab".repeat(32).parse().unwrap();
    let Kind::ChangedCertificate { expected, found, certificate: changed } =
        cause(trusting(Some(other))).await
    else {
        panic!()
    };
    assert_eq!((expected, found, changed), (other, shown, certificate));
    // `http` to a port that speaks TLS.
    let plain = simulator.pbx_url().replace("https:", "http:");
    let error = look(at(&plain, trusting(None))).await.error.unwrap();
    assert_eq!(error.kind(), &Kind::Malformed, "{error:?}");
    assert!(simulator.pbx().requests().is_empty());
    assert!(look(trusting(Some(shown))).await.error.is_none());
}

#[tokio::test]
async fn a_sign_in_that_succeeds_too_late_is_given_back_all_the_same() {
    let simulator = simulator().await;
    simulator.pbx().set(|switches| switches.delay_ms = 500);
    let timings = Timings { sign_out: Duration::from_millis(50), ..quick() };
    let client = Pbx::new(config(&simulator, timings), Memory::new()).unwrap();
    let found = client.examine(&[], Duration::from_millis(200)).await;
    assert_eq!(found.error.unwrap().kind(), &Kind::TimedOut);
    let began = Instant::now();
    assert_eq!(client.sign_out().await.unwrap_err().kind(), &Kind::TimedOut);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    until("the late token is given back", || !asked(&simulator, "del_token").is_empty()).await;
    until("no token is left", || simulator.pbx().live_tokens() == 0).await;
    assert_eq!(tokens(&simulator), (1, 0));
    assert_eq!(client.calls().await.unwrap_err().kind(), &Kind::SignedOut);
}

#[tokio::test]
async fn a_trial_of_the_socket_leaves_the_link_and_the_token_alone() {
    let simulator = simulator().await;
    let mut link = Link::up(&simulator).await;
    let trial = link.client.try_socket().await.unwrap();
    assert!(trial.round_trip < Duration::from_secs(5), "{trial:?}");
    until("the second socket is closed", || simulator.pbx().sockets() == 1).await;
    assert_eq!(asked(&simulator, "subscribe").len(), 2);
    link.delivers(&simulator).await;
    assert_eq!(tokens(&simulator), (1, 0));
}

#[tokio::test]
async fn a_trial_of_a_socket_that_does_not_work_says_why() {
    let simulator = simulator().await;
    let timings = Timings { answer_timeout: Duration::from_millis(500), ..quick() };
    let client = Pbx::new(config(&simulator, timings), Memory::new()).unwrap();
    client.calls().await.unwrap();
    simulator.pbx().mute(Mute::Heartbeats);
    assert_eq!(client.try_socket().await.unwrap_err().kind(), &Kind::Silent);
    simulator.pbx().mute(Mute::Everything);
    let began = Instant::now();
    assert_eq!(
        client.try_socket().await.unwrap_err().kind(),
        &Kind::TimedOut,
        "no answer to the subscription"
    );
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    simulator.pbx().mute(Mute::Nothing);
    client.try_socket().await.unwrap();
    until("all sockets are closed", || simulator.pbx().sockets() == 0).await;
    simulator.stop_pbx().await;
    assert_eq!(client.try_socket().await.unwrap_err().kind(), &Kind::Refused);
}
