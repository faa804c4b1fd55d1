//! The gateway between a simulated PBX and agents: real sockets, real programs. Who may hear and do what, and what
//! happens when somebody forges, does not read, is revoked, or the PBX goes away.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![cfg(unix)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deskring_gateway::{Config, Credentials, Extension, Place, Running, State, wall_seconds};
use deskring_redact::ExposeSecret;
use deskring_simulator::{CLIENT_ID, CLIENT_SECRET, Options, Simulator};
use deskring_yeastar::{Address, Call, Event, Feed, Kind, Pbx, Timings};
use e2e::gateway::{App, Front, Gate, line_where};
use e2e::{Memory, PATIENCE, Rig, until};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// A simulated PBX, a gateway before it, and as many extensions as wanted.
struct House {
    simulator: Simulator,
    folder: TempDir,
    running: Option<Running>,
    state: State,
}

const NUMBER: &str = "12125550147";

async fn house(extensions: &[&str]) -> House {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    for extension in extensions {
        let email = format!("a{extension}@example.com");
        simulator.pbx().add_extension(extension, &format!("Agent {extension}"), &email).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut house = House {
        state: State::open(&Place::Folder(folder.path().to_owned())).await.unwrap(),
        simulator,
        folder,
        running: None,
    };
    house.start().await;
    house.simulator.pbx().wait_subscribed(1).await;
    house
}

impl House {
    async fn start(&mut self) {
        let text = format!(
            "listen = \"127.0.0.1:0\"\nmonitor = \"127.0.0.1:0\"\nstate = {:?}\n\
             [pbx]\naddress = {:?}\nclient_id = {CLIENT_ID:?}\nrequests_per_second = 500\n",
            self.folder.path(),
            self.simulator.pbx_url(),
        );
        let environment =
            BTreeMap::from([("DESKRING_GATEWAY_PBX_SECRET".to_owned(), CLIENT_SECRET.to_owned())]);
        let config = Config::read(&text, &environment).unwrap();
        self.running = Some(deskring_gateway::start(&config, &environment).await.unwrap());
        let ready = format!("http://{}/readyz", self.running().monitor);
        let waited = tokio::time::timeout(PATIENCE, async {
            while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::task::yield_now().await;
            }
        });
        waited.await.expect("the gateway is ready");
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    fn url(&self) -> String {
        format!("http://{}", self.running().agents)
    }

    async fn admit(&self, extension: &str) -> Credentials {
        self.state.add(&Extension::new(extension), wall_seconds()).await.unwrap()
    }

    /// An agent's app as far as the PBX sees it.
    async fn agent(&self, extension: &str) -> Agent {
        let credentials = self.admit(extension).await;
        let client = self.client(&credentials);
        let (sender, feed) = mpsc::channel(256);
        let link = client.clone();
        let task = tokio::spawn(async move { link.run(sender).await });
        let mut agent = Agent { client, credentials, feed, task };
        agent.up().await;
        agent
    }

    fn client(&self, credentials: &Credentials) -> Pbx {
        let config = deskring_yeastar::Config {
            address: Address::parse(&self.url()).unwrap(),
            client_id: credentials.client.0.clone(),
            client_secret: credentials.secret.clone(),
            trusted_certificate: None,
            others: Vec::new(),
            timings: Timings {
                reconnect_min: Duration::from_millis(50),
                reconnect_max_at_first: Duration::from_millis(100),
                requests_per_second: 1000,
                ..Timings::default()
            },
        };
        Pbx::new(config, Arc::new(Memory::default())).unwrap()
    }

    /// A request without any politeness of the client.
    async fn ask(&self, endpoint: &str, query: &str, body: Option<Value>) -> Value {
        let address = format!("{}/openapi/v1.0/{endpoint}?{query}", self.url());
        let client = reqwest::Client::new();
        let request = match body {
            Some(body) => client.post(address).json(&body),
            None => client.get(address),
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        answer.json().await.unwrap_or_else(|_| panic!("{endpoint}: {status} without an envelope"))
    }

    async fn token(&self, credentials: &Credentials) -> String {
        let answer = self.ask("get_token", "", Some(sign_in(credentials))).await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

fn sign_in(credentials: &Credentials) -> Value {
    json!({ "username": credentials.client.0, "password": credentials.secret.expose_secret() })
}

struct Agent {
    client: Pbx,
    credentials: Credentials,
    feed: mpsc::Receiver<Feed>,
    task: tokio::task::JoinHandle<()>,
}

impl Agent {
    async fn next(&mut self) -> Feed {
        tokio::time::timeout(PATIENCE, self.feed.recv())
            .await
            .expect("something comes")
            .expect("the link runs")
    }

    async fn up(&mut self) -> Vec<Call> {
        loop {
            if let Feed::Up { calls, .. } = self.next().await {
                return calls;
            }
        }
    }

    /// The next event that is one.
    async fn event(&mut self) -> Event {
        loop {
            match self.next().await {
                Feed::Event { event, .. } => return event,
                Feed::Up { .. } => {}
                Feed::Down { error, .. } => panic!("{error}"),
            }
        }
    }

    async fn call_where(&mut self, wanted: impl Fn(&Call) -> bool) -> Call {
        loop {
            if let Event::CallState(call) = self.event().await
                && wanted(&call)
            {
                return call;
            }
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn is_of(call: &Call, number: &str) -> bool {
    call.members.iter().any(
        |member| matches!(&member.party, deskring_yeastar::Party::Extension { number: has } if has == number),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_agents_work_through_one_credential_of_a_pbx_that_grants_eight() {
    let extensions: Vec<String> = (2001..=2012).map(|number| number.to_string()).collect();
    let house = house(&extensions.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(house.simulator.pbx().switches().max_tokens, 8);
    let mut agents = Vec::new();
    for extension in &extensions {
        let credentials = house.admit(extension).await;
        agents.push((extension, App::start(&house.simulator, &house.url(), extension, &credentials)));
    }
    for (_, app) in &mut agents {
        line_where(&mut app.lines, |line| line["event"] == "pbx" && line["link"]["state"] == "up").await;
    }
    assert_eq!(house.simulator.pbx().live_tokens(), 1);
    let mut calls = BTreeMap::new();
    for extension in &extensions {
        calls.insert(extension, house.simulator.pbx().call_in(NUMBER, extension).await);
    }
    for call in calls.values() {
        house.simulator.pbx().hang_up(call, "caller").await;
    }
    for (extension, app) in &mut agents {
        let seen = line_where(&mut app.lines, |line| {
            // Until its own call is over, whatever it prints is of that call.
            assert!(line["call"].is_null() || line["call"]["call"] == calls[*extension].as_str(), "{line}");
            line["call"]["closed"] == true
        });
        assert_eq!(seen.await["call"]["outcome"], "missed");
    }
}

#[tokio::test]
async fn an_agent_hears_the_whole_of_its_own_calls_and_nothing_of_others() {
    let house = house(&["2001", "2002"]).await;
    let (mut one, mut two) = (house.agent("2001").await, house.agent("2002").await);
    let pbx = house.simulator.pbx();
    let first = pbx.call_in(NUMBER, "2001").await;
    let rings = one.call_where(|call| call.id == first && is_of(call, "2001")).await;
    assert_eq!(rings.members.len(), 2, "with its caller: {rings:?}");
    pbx.answer(&first, "2001").await;
    pbx.hang_up(&first, "caller").await;
    // The next thing the other hears is of its own call: nothing of the first one came before it.
    let second = pbx.call_in(NUMBER, "2002").await;
    loop {
        match two.event().await {
            Event::CallState(call) => {
                assert_eq!(call.id, second);
                if is_of(&call, "2002") {
                    break;
                }
            }
            Event::ExtensionCallState { extension, .. } => assert_eq!(extension, "2002"),
            other => panic!("{other:?}"),
        }
    }
    let ended = loop {
        if let Event::CallEnded(record) = one.event().await {
            break record;
        }
    };
    assert_eq!(ended.call_id.as_deref(), Some(first.as_str()));
    // Asked for, too.
    assert!(one.client.calls().await.unwrap().is_empty());
    assert_eq!(two.client.calls().await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_a_queue_call_everybody_learns_who_answered() {
    let house = house(&["2001", "2002"]).await;
    let pbx = house.simulator.pbx();
    pbx.add_queue("6450", "Everybody", &["2001".to_owned(), "2002".to_owned()]);
    let (mut one, mut two) = (house.agent("2001").await, house.agent("2002").await);
    let call = pbx.call_in(NUMBER, "6450").await;
    one.call_where(|state| state.id == call && is_of(state, "2001")).await;
    two.call_where(|state| state.id == call && is_of(state, "2002")).await;
    pbx.answer(&call, "2001").await;
    let answered = |state: &Call| {
        state.members.iter().any(|member| {
            member.channel.contains("2001") && member.status == deskring_yeastar::Status::Answer
        })
    };
    two.call_where(|state| state.id == call && answered(state)).await;
}

#[tokio::test]
async fn every_endpoint_refuses_what_is_another_s() {
    let house = house(&["2001", "2002"]).await;
    let (me, mut other) = (house.admit("2001").await, house.agent("2002").await);
    let token = format!("access_token={}", house.token(&me).await);
    let pbx = house.simulator.pbx();
    // A call of the other, and one that is over.
    let before = pbx.call_in(NUMBER, "2002").await;
    pbx.hang_up(&before, "caller").await;
    let call = pbx.call_in(NUMBER, "2002").await;
    pbx.answer(&call, "2002").await;
    let talks = other
        .call_where(|state| {
            let own = |member: &deskring_yeastar::Member| member.channel.contains("2002");
            state.id == call
                && state
                    .members
                    .iter()
                    .any(|member| own(member) && member.status == deskring_yeastar::Status::Answer)
        })
        .await;
    let asked_before = pbx.requests().len();
    for member in &talks.members {
        for endpoint in ["hangup", "hold", "unhold", "mute", "unmute"] {
            let body = json!({ "channel_id": member.channel });
            let refused = house.ask(&format!("call/{endpoint}"), &token, Some(body)).await;
            assert_eq!(refused["errcode"], 60001, "{endpoint}");
        }
        let body = json!({ "type": "blind", "channel_id": member.channel, "number": "2001", "dial_permission": "2001" });
        assert_eq!(house.ask("call/transfer", &token, Some(body)).await["errcode"], 60001);
        let body = json!({ "type": "blind", "channel_id": member.channel, "number": "2001", "dial_permission": "2002" });
        assert_eq!(house.ask("call/transfer", &token, Some(body)).await["errcode"], 40002);
    }
    for body in [
        json!({ "caller": "2002", "callee": NUMBER }),
        json!({ "caller": "2001", "callee": NUMBER, "dial_permission": "2002" }),
        json!({ "callee": NUMBER }),
        json!({ "caller": ["2001", "2002"], "callee": NUMBER }),
        json!({ "caller": "2001", "callee": "1 2" }),
        json!({ "caller": "2001", "callee": "9".repeat(65) }),
    ] {
        assert_eq!(house.ask("call/dial", &token, Some(body)).await["errcode"], 40002);
    }
    for query in ["", "&call_id=", "&extension=2002", "&number=2002", "&from=2002"] {
        let mut query = format!("{token}{query}");
        if query.ends_with("call_id=") {
            query.push_str(&call);
        }
        let answer = house.ask("call/query", &query, None).await;
        assert_eq!((&answer["errcode"], &answer["data"]), (&json!(0), &Value::Null));
    }
    for endpoint in ["cdr/list", "cdr/search"] {
        for query in [
            "",
            "&call_to=2002",
            "&extension_group=1&enable_fuzzy_search=1",
            "&page_size=10000&status=ANSWERED",
        ] {
            let answer = house.ask(endpoint, &format!("{token}{query}"), None).await;
            assert_eq!(
                (&answer["errcode"], &answer["total_number"]),
                (&json!(0), &json!(0)),
                "{endpoint}{query}"
            );
        }
    }
    let rows = house.ask("extension/list", &token, None).await;
    assert!(rows["total_number"].as_i64().unwrap() >= 2);
    let text = rows.to_string();
    assert!(!text.contains("mobile_number") && !text.contains("online_status"), "{text}");
    // Whatever else a PBX would answer.
    for endpoint in [
        "extension/getpassword",
        "recording/list",
        "recording/download",
        "system/get_menuoptions",
        "queue/call_status",
        "call/accept_inbound",
        "extension_status_monitor/list",
        "company_contact/query",
        "phonebook/delete",
        "phonebook/update",
        "a/b/c/d",
    ] {
        assert_eq!(house.ask(endpoint, &token, None).await["errcode"], 10001, "{endpoint}");
        assert_eq!(house.ask(endpoint, &token, Some(json!({}))).await["errcode"], 10001, "{endpoint}");
    }
    // Nothing of all that reached the PBX but what the gateway reads for all.
    let reached: Vec<String> =
        pbx.requests().split_off(asked_before).into_iter().map(|request| request.path).collect();
    assert!(
        reached.iter().all(|path| path.ends_with("/list") || path.ends_with("cdr/search")),
        "{reached:?}"
    );
    // And without a token there is nothing at all.
    for query in ["", "access_token=", "access_token=0123456789abcdef0123456789abcdef"] {
        assert_eq!(house.ask("extension/list", query, None).await["errcode"], 10004);
    }
}

#[tokio::test]
async fn an_agent_dials_and_acts_as_its_own_extension() {
    let house = house(&["2001"]).await;
    let mut me = house.agent("2001").await;
    let dial = deskring_yeastar::Dial {
        caller: "2001".to_owned(),
        callee: NUMBER.to_owned(),
        permission: None,
        auto_answer: deskring_yeastar::AutoAnswer::No,
    };
    let call = me.client.dial(&dial).await.unwrap().expect("the call has an id");
    let mine = me.call_where(|state| state.id == call && is_of(state, "2001")).await;
    let channel = mine.members.iter().find(|member| member.channel.contains("2001")).unwrap().channel.clone();
    me.client.hang_up(&channel).await.unwrap();
    me.call_where(|state| {
        state.id == call && state.members.iter().any(|member| member.status == deskring_yeastar::Status::Bye)
    })
    .await;
    assert!(house.simulator.pbx().calls().is_empty());
}

#[tokio::test]
async fn who_is_revoked_is_out_within_a_second() {
    let house = house(&["2001"]).await;
    let mut me = house.agent("2001").await;
    let began = Instant::now();
    let gone = house.state.revoke("2001").await.unwrap();
    let mut control =
        std::os::unix::net::UnixStream::connect(house.folder.path().join(deskring_gateway::CONTROL_SOCKET))
            .unwrap();
    std::io::Write::write_all(&mut control, format!("end {}\n", gone[0].0).as_bytes()).unwrap();
    let down = loop {
        if let Feed::Down { error, .. } = me.next().await {
            break error;
        }
    };
    assert_eq!(down.kind(), &Kind::Closed);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(me.client.calls().await.is_err());
    assert_eq!(house.ask("get_token", "", Some(sign_in(&me.credentials))).await["errcode"], 40005);
}

#[tokio::test]
async fn wrong_secrets_are_locked_here_and_never_reach_the_pbx() {
    let house = house(&["2001"]).await;
    let right = house.admit("2001").await;
    let signed_in =
        house.simulator.pbx().requests().iter().filter(|request| request.path.ends_with("get_token")).count();
    let wrong = json!({ "username": right.client.0, "password": "guessed" });
    for _ in 0..5 {
        assert_eq!(house.ask("get_token", "", Some(wrong.clone())).await["errcode"], 40005);
    }
    let locked = house.ask("get_token", "", Some(sign_in(&right))).await;
    assert_eq!(locked["errcode"], 70004);
    assert!(locked["block_expire_time"].as_i64().unwrap() > 0);
    let now =
        house.simulator.pbx().requests().iter().filter(|request| request.path.ends_with("get_token")).count();
    assert_eq!((now, house.simulator.pbx().blocked()), (signed_in, false));
}

#[tokio::test]
async fn tokens_outlive_the_gateway_and_calls_in_progress_go_on() {
    let mut house = house(&["2001"]).await;
    let me = house.admit("2001").await;
    let token = format!("access_token={}", house.token(&me).await);
    let call = house.simulator.pbx().call_in(NUMBER, "2001").await;
    house.simulator.pbx().answer(&call, "2001").await;
    house.running.take().unwrap().stop().await;
    house.start().await;
    let answer = house.ask("call/query", &token, None).await;
    assert_eq!(answer["data"][0]["call_id"], call.as_str(), "{answer}");
}

#[tokio::test]
async fn a_short_outage_of_the_pbx_is_told_as_what_happened_meanwhile() {
    let house = house(&["2001"]).await;
    let mut me = house.agent("2001").await;
    let pbx = house.simulator.pbx();
    let call = pbx.call_in(NUMBER, "2001").await;
    me.call_where(|state| is_of(state, "2001")).await;
    // The caller gives up while nobody listens.
    pbx.drop_sockets().await;
    pbx.hang_up(&call, "caller").await;
    let over = me.call_where(|state| {
        state.members.iter().all(|member| member.status == deskring_yeastar::Status::Bye)
    });
    assert_eq!(over.await.id, call);
}

#[tokio::test]
async fn who_does_not_read_is_ended_and_nobody_waits_for_it() {
    let house = house(&["2001", "2002"]).await;
    let (sleeper, mut awake) = (house.agent("2001").await, house.agent("2002").await);
    let figures = || async {
        reqwest::get(format!("http://{}/metrics", house.running().monitor))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    // Its feed is not drained: its client stops reading the socket.
    let pbx = house.simulator.pbx();
    let flood = |number: u64| {
        let filler = "x".repeat(2000);
        json!({ "call_id": format!("9.{number}"), "members": [{ "extension": {
            "number": "2001", "channel_id": format!("PJSIP/2001-{number}{filler}"), "member_status": "RING", "call_path": "" } }] })
    };
    let mut sent = 0;
    while !figures().await.contains("slow_sockets_total 1") {
        for _ in 0..500 {
            pbx.send_event(30011, flood(sent)).await;
            sent += 1;
        }
        assert!(sent < 100_000, "it is never ended");
    }
    let call = pbx.call_in(NUMBER, "2002").await;
    awake.call_where(|state| state.id == call).await;
    drop(sleeper);
}

#[tokio::test]
async fn what_is_no_frame_and_what_is_too_large_costs_its_sender_only() {
    let house = house(&["2001"]).await;
    let me = house.admit("2001").await;
    let token = format!("access_token={}", house.token(&me).await);
    let large = reqwest::Client::new()
        .post(format!("{}/openapi/v1.0/call/dial?{token}", house.url()))
        .body("x".repeat(1 << 20))
        .send()
        .await
        .unwrap();
    assert_eq!(large.status().as_u16(), 413);
    // The PBX may talk nonsense as well.
    let mut agent = house.agent("2001").await;
    let pbx = house.simulator.pbx();
    for frame in [
        "",
        "[]",
        "{\"type\":30011}",
        "{\"type\":30011,\"msg\":\"{\"}",
        "{\"type\":99999,\"msg\":{}}",
        "\u{feff}",
    ] {
        pbx.send(frame).await;
    }
    let call = pbx.call_in(NUMBER, "2001").await;
    agent.call_where(|state| state.id == call).await;
    until("the gateway is well", || house.simulator.pbx().live_tokens() == 1).await;
}

const ALLOWED: &str = "[directory]\nagents_write_contacts = true\n";

/// What an app would write for a contact of Desk.
fn contact(remark: &str, books: &[i64]) -> Value {
    json!({
        "first_name": "Fang", "last_name": "Wang", "company": "", "email": "", "remark": remark,
        "number_list": [{ "num_type": "mobile_number", "number": "+8613800138000" }], "phonebook_id_list": books,
    })
}

/// The gateway's answers to one agent.
struct Asker<'a> {
    gate: &'a Gate,
    token: String,
}

impl<'a> Asker<'a> {
    async fn new(gate: &'a Gate, extension: &str) -> Asker<'a> {
        let credentials = gate.admit(extension).await;
        let mut asker = Asker { gate, token: String::new() };
        let answer = asker.ask("get_token", Some(sign_in(&credentials))).await;
        asker.token = format!("access_token={}", answer["access_token"].as_str().unwrap());
        asker
    }

    async fn ask(&self, endpoint: &str, body: Option<Value>) -> Value {
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        let address = format!("{}/openapi/v1.0/{endpoint}{joint}{}", self.gate.url, self.token);
        let client = reqwest::Client::new();
        let request = match body {
            Some(body) => client.post(address).json(&body),
            None => client.get(address),
        };
        request.send().await.unwrap().json().await.unwrap_or_else(|_| panic!("{endpoint}: no envelope"))
    }

    async fn code(&self, endpoint: &str, body: Option<Value>) -> i64 {
        self.ask(endpoint, body).await["errcode"].as_i64().unwrap()
    }
}

#[tokio::test]
async fn everybody_reads_company_contacts_and_nobody_writes_them_unless_allowed() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let by_hand = simulator.pbx().by_hand("company_contact/create", &contact("By hand", &[])).unwrap();
    let gate = Gate::open(&simulator, Front::Plain).await;
    let agent = Asker::new(&gate, "2001").await;
    let listed = agent.ask("company_contact/list?page=1&page_size=1000", None).await;
    assert_eq!(
        (&listed["total_number"], &listed["data"][0]["contact_name"]),
        (&json!(1), &json!("Fang Wang"))
    );
    let found = agent.ask("company_contact/search?search_value=13800138000", None).await;
    assert_eq!(found["data"], listed["data"]);
    let one = agent.ask(&format!("company_contact/get?id={}", by_hand["id"]), None).await;
    assert_eq!(one["data"]["mobile"], "+8613800138000");
    assert_eq!(agent.code("phonebook/list", None).await, 0);
    for forged in ["0", "-1", "1%3B2", "x", "99999999999999999999", ""] {
        let code = agent.code(&format!("company_contact/get?id={forged}"), None).await;
        assert!(code == 40002 || code == 60001, "{forged}: {code}");
    }
    let before = simulator.pbx().company_contacts();
    let ours = contact("Deskring contact 1", &[1]);
    for (endpoint, body) in [
        ("phonebook/create", Some(json!({ "name": "Helpdesk", "member_select": "sel_specific" }))),
        ("company_contact/create", Some(ours.clone())),
        ("company_contact/update", Some(ours)),
        ("company_contact/delete?id=1", None),
    ] {
        assert_eq!(agent.code(endpoint, body).await, deskring_yeastar::NOT_PERMITTED, "{endpoint}");
    }
    assert_eq!((simulator.pbx().company_contacts(), simulator.pbx().phonebooks().len()), (before, 0));
}

#[tokio::test]
async fn an_agent_writes_what_deskring_made_and_never_somebody_else_s_entry() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let gate = Gate::with(&simulator, Front::Plain, ALLOWED).await;
    let agent = Asker::new(&gate, "2001").await;
    let book = agent
        .ask("phonebook/create", Some(json!({ "name": "Helpdesk", "member_select": "sel_specific" })))
        .await["id"]
        .as_i64()
        .unwrap();
    let everybody = json!({ "name": "All", "member_select": "sel_all" });
    assert_eq!(agent.code("phonebook/create", Some(everybody)).await, 40002);
    let theirs = simulator.pbx().by_hand("company_contact/create", &contact("By hand", &[book])).unwrap();
    let theirs = theirs["id"].as_i64().unwrap();
    let made = agent.ask("company_contact/create", Some(contact("Deskring contact 7", &[book]))).await;
    let made = made["id"].as_i64().unwrap();
    let before = simulator.pbx().company_contacts();
    let with_id = |id: Value, remark: &str| {
        let mut body = contact(remark, &[book]);
        body["id"] = id;
        Some(body)
    };
    for (endpoint, body) in [
        // Somebody else's, also under our mark.
        ("company_contact/update", with_id(json!(theirs), "Deskring contact 7")),
        ("company_contact/update", with_id(json!(theirs), "By hand")),
        (&*format!("company_contact/delete?id={theirs}"), None),
        // Ours, made to be nobody's or another record's.
        ("company_contact/update", with_id(json!(made), "")),
        ("company_contact/update", with_id(json!(made), "Deskring contact 8")),
        // Without a mark, into no phonebook or two.
        ("company_contact/create", Some(contact("By hand", &[book]))),
        ("company_contact/create", Some(contact("Deskring contact 9", &[]))),
        ("company_contact/create", Some(contact("Deskring contact 9", &[book, 1]))),
        // No ids.
        ("company_contact/update", with_id(json!("1 OR 1"), "Deskring contact 7")),
        ("company_contact/update", with_id(Value::Null, "Deskring contact 7")),
        ("company_contact/update", with_id(json!(-1), "Deskring contact 7")),
        ("company_contact/delete?id=", None),
        ("company_contact/delete", None),
    ] {
        assert_ne!(agent.code(endpoint, body.clone()).await, 0, "{endpoint} {body:?}");
        assert_eq!(simulator.pbx().company_contacts(), before, "{endpoint} {body:?}");
    }
    assert_eq!(
        agent.code("company_contact/update", with_id(json!(made), "Deskring contact 7 noted")).await,
        0
    );
    assert_eq!(agent.code(&format!("company_contact/delete?id={made}"), None).await, 0);
    assert_eq!(simulator.pbx().company_contacts().len(), 1);
}

/// An app that copies contacts, connected through a gateway.
async fn copying_app(more: &str) -> (Rig, Gate) {
    let mut rig = Rig::idle().await;
    let gate = Gate::with(&rig.simulator, Front::Plain, more).await;
    let credentials = gate.admit("1001").await;
    rig.set(|settings| {
        settings["pbx"] =
            json!({ "url": gate.url, "client_id": credentials.client.0, "extensions": ["1001"] });
        settings["contact_sync"] = json!({ "enabled": true, "module": "contacts", "phonebook": "Helpdesk" });
    });
    let mut secrets = e2e::secrets();
    let secret = credentials.secret.expose_secret().to_owned();
    secrets.insert("DESKRING_PBX_CLIENT_SECRET".to_owned(), secret);
    rig.start_with(secrets).await;
    rig.ready().await;
    (rig, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_copies_contacts_through_a_gateway_that_allows_it() {
    let (rig, _gate) = copying_app(ALLOWED).await;
    let id = rig.simulator.desk().add_contact(json!({ "lastName": "Wang", "mobile": "+8613800138000" }));
    rig.handle().ask(deskring_engine::admin::Want::SyncNow).await.unwrap();
    let entries = || rig.simulator.pbx().company_contacts();
    let is_there = || entries().iter().any(|entry| entry["remark"] == format!("Deskring contact {id}"));
    until("the contact is on the PBX", is_there).await;
    rig.view_where(|view| view.sync.state == "idle" && view.sync.round.as_deref() == Some("done")).await;
    // A call of somebody who has changed writes them anew, to the same entry.
    let before = entries().len();
    rig.simulator.desk().change_contact(&id, json!({ "lastName": "Li" }));
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    rig.view_where(|view| view.calls.iter().any(|on| on.call == call && on.who.state == "known")).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    until("the entry is written anew", || entries().iter().any(|entry| entry["first_name"] == "Li")).await;
    assert_eq!(entries().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_says_why_when_the_gateway_does_not_allow_it() {
    let (rig, _gate) = copying_app("").await;
    rig.contact("Wang", "+8613800138000");
    rig.handle().ask(deskring_engine::admin::Want::SyncNow).await.unwrap();
    let refused = |view: &deskring_engine::AppView| {
        view.sync.state == "refused" && view.sync.cause.as_deref() == Some("not_permitted")
    };
    rig.view_where(refused).await;
    assert!(rig.simulator.pbx().company_contacts().is_empty());
}
