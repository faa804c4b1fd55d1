//! Two gateways on one PostgreSQL server, as programs of their own: one serves, the other takes over, whatever happens
//! to the first, to the database, or to the credentials of an agent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use deskring_gateway::{Credentials, Extension, Place, Server, State, wall_seconds};
use deskring_redact::ExposeSecret;
use deskring_simulator::{CLIENT_ID, CLIENT_SECRET, Options, Simulator};
use deskring_yeastar::{Address, Call, Event, Feed, Pbx, Timings};
use e2e::gateway::{App, line_where};
use e2e::postgres::Postgres;
use e2e::{Memory, PATIENCE, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc;

const NUMBER: &str = "12125550147";
/// The others serve by then, whatever happened.
const TAKEOVER: Duration = Duration::from_secs(10);

/// A PBX, a database, and gateways.
struct Cluster {
    simulator: Simulator,
    postgres: Postgres,
    state: State,
    gateways: Vec<Gateway>,
}

/// One gateway on a machine of its own.
struct Gateway {
    program: tokio::process::Child,
    agents: String,
    monitor: String,
    folder: TempDir,
    log: Arc<Mutex<Vec<Value>>>,
}

async fn cluster(gateways: usize) -> Cluster {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    for extension in ["2001", "2002"] {
        let email = format!("a{extension}@example.com");
        simulator.pbx().add_extension(extension, &format!("Agent {extension}"), &email).await;
    }
    let postgres = Postgres::start().await;
    let place = Place::Server(Box::new(Server::new(&postgres.url(), None, None).unwrap()));
    let mut cluster =
        Cluster { state: State::open(&place).await.unwrap(), simulator, postgres, gateways: Vec::new() };
    for _ in 0..gateways {
        let gateway = Gateway::start(&cluster.simulator, &cluster.postgres.url()).await;
        cluster.gateways.push(gateway);
    }
    cluster
}

impl Cluster {
    /// The one that serves, and the others.
    async fn roles(&self) -> (&Gateway, Vec<&Gateway>) {
        let leader = eventually("one serves", async || {
            for gateway in &self.gateways {
                if gateway.readiness().await == Some((200, "ready\n".to_owned())) {
                    return Some(gateway);
                }
            }
            None
        });
        let leader = leader.await;
        (leader, self.gateways.iter().filter(|other| !std::ptr::eq(*other, leader)).collect())
    }

    async fn admit(&self, extension: &str) -> Credentials {
        self.state.add(&Extension::new(extension), wall_seconds()).await.unwrap()
    }

    fn asked(&self, endpoint: &str) -> usize {
        let requests = self.simulator.pbx().requests();
        requests.iter().filter(|request| request.path.ends_with(endpoint)).count()
    }
}

impl Gateway {
    async fn start(simulator: &Simulator, database: &str) -> Gateway {
        let folder = configured(simulator, database);
        let mut program = command(&folder).arg("serve").stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
        let log: Arc<Mutex<Vec<Value>>> = Arc::default();
        let written = log.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                written.lock().unwrap().push(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        let serving = eventually("it listens", async || {
            let log = log.lock().unwrap();
            log.iter().find(|line| line["fields"]["message"] == "serving").cloned()
        });
        let serving = serving.await;
        let at = |name: &str| format!("http://{}", serving["fields"][name].as_str().unwrap());
        Gateway { agents: at("agents"), monitor: at("monitor"), program, folder, log }
    }

    /// What it has logged of everything there is to log.
    fn logged(&self) -> String {
        self.log.lock().unwrap().iter().map(Value::to_string).collect()
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.program.id().expect("it runs")).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// What an administrator types on this machine.
    async fn administer(&self, arguments: &[&str]) -> String {
        let output = command(&self.folder).arg("agent").args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn readiness(&self) -> Option<(u16, String)> {
        get(&format!("{}/readyz", self.monitor)).await
    }

    async fn is_ready_within(&self, patience: Duration, since: Instant) {
        let ready = async || self.readiness().await.filter(|(status, _)| *status == 200);
        eventually("it serves", ready).await;
        assert!(since.elapsed() < patience, "{:?}; {:#?}", since.elapsed(), self.log.lock().unwrap());
    }

    async fn says(&self, words: &str) {
        let said =
            async || self.readiness().await.filter(|(status, said)| *status == 503 && said.contains(words));
        eventually(words, said).await;
    }

    async fn ask(&self, endpoint: &str, query: &str, body: Option<Value>) -> (u16, Value) {
        let address = format!("{}/openapi/v1.0/{endpoint}?{query}", self.agents);
        let client = reqwest::Client::new();
        let request = match body {
            Some(body) => client.post(address).json(&body),
            None => client.get(address),
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    async fn token(&self, credentials: &Credentials) -> String {
        let body =
            json!({ "username": credentials.client.0, "password": credentials.secret.expose_secret() });
        let (_, answer) = self.ask("get_token", "", Some(body)).await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// An agent's app as far as the PBX sees it. Its tokens are kept elsewhere, as in a profile.
    async fn agent(&self, credentials: &Credentials, tokens: &Arc<Memory>) -> Agent {
        let config = deskring_yeastar::Config {
            address: Address::parse(&self.agents).unwrap(),
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
        let client = Pbx::new(config, tokens.clone()).unwrap();
        let (sender, feed) = mpsc::channel(256);
        let task = tokio::spawn(async move { client.run(sender).await });
        Agent { feed, task }
    }
}

/// A folder with a configuration file.
fn configured(simulator: &Simulator, database: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "listen = \"127.0.0.1:0\"\nmonitor = \"127.0.0.1:0\"\nstate = {:?}\n\
         [database]\nurl = {database:?}\n\
         [pbx]\naddress = {:?}\nclient_id = {CLIENT_ID:?}\nrequests_per_second = 500\n",
        folder.path().join("state"),
        simulator.pbx_url(),
    );
    std::fs::write(folder.path().join("gateway.toml"), text).unwrap();
    folder
}

fn command(folder: &TempDir) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(e2e::program("deskring-gateway"));
    command
        .arg("--config")
        .arg(folder.path().join("gateway.toml"))
        .env("DESKRING_GATEWAY_PBX_SECRET", CLIENT_SECRET)
        .env("DESKRING_LOG", "trace")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn get(address: &str) -> Option<(u16, String)> {
    let answer = reqwest::get(address).await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

struct Agent {
    feed: mpsc::Receiver<Feed>,
    task: tokio::task::JoinHandle<()>,
}

impl Agent {
    async fn next(&mut self) -> Feed {
        let next = tokio::time::timeout(PATIENCE, self.feed.recv()).await;
        next.expect("something comes").expect("the link runs")
    }

    async fn up(&mut self) -> Vec<Call> {
        loop {
            if let Feed::Up { calls, .. } = self.next().await {
                return calls;
            }
        }
    }

    async fn down(&mut self) {
        while !matches!(self.next().await, Feed::Down { .. }) {}
    }

    async fn hears_of(&mut self, call: &str) {
        loop {
            match self.next().await {
                Feed::Event { event: Event::CallState(state), .. } if state.id == call => return,
                Feed::Event { .. } | Feed::Up { .. } => {}
                Feed::Down { error, .. } => panic!("{error}"),
            }
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn are(calls: &[Call], ids: &[&str]) -> bool {
    calls.iter().map(|call| call.id.as_str()).eq(ids.iter().copied())
}

#[tokio::test]
async fn of_two_gateways_one_has_the_pbx_and_the_other_sends_agents_on() {
    let cluster = cluster(2).await;
    let (leader, others) = cluster.roles().await;
    let other = others[0];
    other.says("another gateway serves").await;
    assert_eq!(get(&format!("{}/healthz", other.monitor)).await, Some((200, "ok\n".to_owned())));
    let figures = async |gateway: &Gateway| get(&format!("{}/metrics", gateway.monitor)).await.unwrap().1;
    assert!(figures(leader).await.contains("deskring_gateway_serves 1\n"));
    let of_other = figures(other).await;
    for line in ["deskring_gateway_serves 0\n", "deskring_gateway_database_up 1\n"] {
        assert!(of_other.contains(line), "{of_other}");
    }
    // Whatever was given out by one is good at the other, were it to serve.
    let me = cluster.admit("2001").await;
    let token = format!("access_token={}", leader.token(&me).await);
    assert_eq!(leader.ask("call/query", &token, None).await.1["errcode"], 0);
    for endpoint in ["call/query", "extension/list", "subscribe"] {
        assert_eq!(other.ask(endpoint, &token, None).await, (503, Value::Null), "{endpoint}");
    }
    let body = json!({ "caller": "2001", "callee": NUMBER });
    assert_eq!(other.ask("call/dial", &token, Some(body)).await, (503, Value::Null));
    let pbx = cluster.simulator.pbx();
    assert_eq!((pbx.live_tokens(), cluster.asked("get_token"), cluster.asked("call/dial")), (1, 1, 0));
}

#[tokio::test]
async fn when_the_one_that_serves_is_killed_another_does_and_calls_go_on() {
    let cluster = cluster(2).await;
    let (leader, others) = cluster.roles().await;
    let (me, tokens) = (cluster.admit("2001").await, Memory::new());
    let mut agent = leader.agent(&me, &tokens).await;
    agent.up().await;
    let pbx = cluster.simulator.pbx();
    let call = pbx.call_in(NUMBER, "2001").await;
    pbx.answer(&call, "2001").await;
    agent.hears_of(&call).await;
    leader.signal(Signal::KILL);
    let killed = Instant::now();
    agent.down().await;
    drop(agent);
    others[0].is_ready_within(TAKEOVER, killed).await;
    // With the tokens it has: nobody signed in anew, neither the agent nor the gateway.
    let had = tokens.pair().unwrap().access;
    let mut agent = others[0].agent(&me, &tokens).await;
    assert!(are(&agent.up().await, &[&call]));
    assert_eq!(tokens.pair().unwrap().access.expose_secret(), had.expose_secret());
    pbx.hang_up(&call, "caller").await;
    agent.hears_of(&call).await;
    assert_eq!((pbx.live_tokens(), cluster.asked("get_token")), (1, 1));
    let secrets = [me.secret.expose_secret(), had.expose_secret(), "argon2id", CLIENT_SECRET, NUMBER];
    for gateway in &cluster.gateways {
        let log = gateway.logged();
        assert!(secrets.iter().all(|secret| !log.contains(secret)), "{log}");
    }
}

#[tokio::test]
async fn of_many_calls_in_progress_none_is_lost_and_none_told_twice() {
    const AGENTS: usize = 50;
    let cluster = cluster(2).await;
    let (pbx, mut agents) = (cluster.simulator.pbx(), Vec::new());
    let (leader, others) = cluster.roles().await;
    for number in 3001..=3000 + AGENTS {
        let extension = number.to_string();
        pbx.add_extension(&extension, "Agent", &format!("a{extension}@example.com")).await;
        let (credentials, tokens) = (cluster.admit(&extension).await, Memory::new());
        leader.agent(&credentials, &tokens).await.up().await;
        agents.push((extension, credentials, tokens, BTreeSet::new()));
    }
    for turn in 0..20 {
        if turn == 10 {
            leader.signal(Signal::KILL);
        }
        for (extension, _, _, calls) in &mut agents {
            let call = pbx.call_in(NUMBER, extension).await;
            if turn % 2 == 0 {
                pbx.answer(&call, extension).await;
            }
            calls.insert(call);
        }
    }
    // Also what ends while nobody serves.
    for (_, _, _, calls) in &mut agents {
        let ended = calls.pop_first().unwrap();
        pbx.hang_up(&ended, "caller").await;
    }
    others[0].is_ready_within(PATIENCE, Instant::now()).await;
    for (extension, credentials, tokens, calls) in &agents {
        let told = others[0].agent(credentials, tokens).await.up().await;
        let ids: BTreeSet<String> = told.iter().map(|call| call.id.clone()).collect();
        assert_eq!((&ids, told.len()), (calls, calls.len()), "{extension}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_behind_a_balancer_goes_on_with_its_call_when_the_gateway_dies() {
    let cluster = cluster(2).await;
    let (leader, others) = cluster.roles().await;
    let me = cluster.admit("2001").await;
    let address = balancer(&cluster.gateways).await;
    let mut app = App::start(&cluster.simulator, &address, "2001", &me);
    let is_link = |line: &Value, state: &str| line["event"] == "pbx" && line["link"]["state"] == state;
    line_where(&mut app.lines, |line| is_link(line, "up")).await;
    let pbx = cluster.simulator.pbx();
    let call = pbx.call_in(NUMBER, "2001").await;
    pbx.answer(&call, "2001").await;
    line_where(&mut app.lines, |line| line["call"]["phase"] == "talking").await;
    leader.signal(Signal::KILL);
    let killed = Instant::now();
    line_where(&mut app.lines, |line| !line["link"].is_null() && !is_link(line, "up")).await;
    others[0].is_ready_within(TAKEOVER, killed).await;
    line_where(&mut app.lines, |line| {
        assert_ne!(line["call"]["closed"], true, "{line}");
        is_link(line, "up")
    })
    .await;
    pbx.hang_up(&call, "caller").await;
    let closed = line_where(&mut app.lines, |line| line["call"]["closed"] == true).await;
    assert_eq!((&closed["call"]["call"], &closed["call"]["outcome"]), (&json!(call), &json!("answered")));
}

/// As a load balancer does it: asks who is ready, and joins the connection to that one.
async fn balancer(gateways: &[Gateway]) -> String {
    let gateways: Vec<(String, String)> =
        gateways.iter().map(|gateway| (gateway.agents.clone(), gateway.monitor.clone())).collect();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut app, _)) = listener.accept().await {
            let gateways = gateways.clone();
            tokio::spawn(async move {
                for (agents, monitor) in &gateways {
                    if get(&format!("{monitor}/readyz")).await.is_some_and(|(status, _)| status == 200) {
                        let at = agents.trim_start_matches("http://");
                        let mut gateway = tokio::net::TcpStream::connect(at).await?;
                        tokio::io::copy_bidirectional(&mut app, &mut gateway).await?;
                        break;
                    }
                }
                std::io::Result::Ok(())
            });
        }
    });
    address
}

#[tokio::test]
async fn one_that_is_stopped_in_good_order_hands_over_at_once() {
    let cluster = cluster(2).await;
    let (leader, others) = cluster.roles().await;
    others[0].says("another gateway serves").await;
    let holder = cluster.postgres.say("SELECT holder FROM lease");
    leader.signal(Signal::TERM);
    let ended = async || get(&format!("{}/healthz", leader.monitor)).await.is_none().then_some(());
    eventually("it has ended", ended).await;
    // Its lease would have gone on for some seconds.
    let is_free = format!("SELECT holder <> '{holder}' OR until <= clock_timestamp() FROM lease");
    assert_eq!(cluster.postgres.say(&is_free), "t");
    others[0].is_ready_within(PATIENCE, Instant::now()).await;
    assert_eq!((cluster.simulator.pbx().live_tokens(), cluster.asked("get_token")), (1, 1));
}

#[tokio::test]
async fn one_that_stood_still_does_not_serve_when_it_goes_on() {
    let cluster = cluster(2).await;
    let (leader, others) = cluster.roles().await;
    let (me, tokens) = (cluster.admit("2001").await, Memory::new());
    let token = format!("access_token={}", leader.token(&me).await);
    let mut agent = leader.agent(&me, &tokens).await;
    agent.up().await;
    leader.signal(Signal::STOP);
    let stopped = Instant::now();
    // What reaches it meanwhile waits at its door.
    let body = json!({ "caller": "2001", "callee": NUMBER });
    let late = async {
        let dialed = leader.ask("call/dial", &token, Some(body));
        dialed.await
    };
    let (late, call) = tokio::join!(late, async {
        let call = cluster.simulator.pbx().call_in(NUMBER, "2001").await;
        others[0].is_ready_within(TAKEOVER, stopped).await;
        leader.signal(Signal::CONT);
        call
    });
    assert_eq!(late, (503, Value::Null));
    // Not a word of what the PBX had told it.
    let next = agent.next().await;
    assert!(matches!(next, Feed::Down { .. }), "{next:?}");
    drop(agent);
    leader.says("another gateway serves").await;
    assert_eq!(cluster.asked("call/dial"), 0);
    let mut agent = others[0].agent(&me, &tokens).await;
    assert!(are(&agent.up().await, &[&call]));
    assert_eq!(cluster.simulator.pbx().live_tokens(), 1);
}

#[tokio::test]
async fn one_that_alone_loses_the_database_leaves_the_agents_to_the_other() {
    let mut cluster = cluster(0).await;
    let mut wires = [Wire::to(&cluster.postgres), Wire::to(&cluster.postgres)];
    for wire in &wires {
        let gateway = Gateway::start(&cluster.simulator, &wire.url()).await;
        cluster.gateways.push(gateway);
    }
    let (leader, others) = cluster.roles().await;
    let (me, tokens) = (cluster.admit("2001").await, Memory::new());
    let mut agent = leader.agent(&me, &tokens).await;
    agent.up().await;
    let its = usize::from(std::ptr::eq(leader, &cluster.gateways[1]));
    wires[its].cut();
    agent.down().await;
    drop(agent);
    leader.says("the database is away").await;
    others[0].is_ready_within(PATIENCE, Instant::now()).await;
    let call = cluster.simulator.pbx().call_in(NUMBER, "2001").await;
    assert!(are(&others[0].agent(&me, &tokens).await.up().await, &[&call]));
    // It comes back as one of those that stand by.
    wires[its].mend();
    leader.says("another gateway serves").await;
    assert_eq!((cluster.simulator.pbx().live_tokens(), cluster.asked("get_token")), (1, 1));
}

/// One gateway's way to the database.
struct Wire {
    folder: TempDir,
    to: PathBuf,
    running: Option<tokio::task::JoinHandle<()>>,
}

impl Wire {
    fn to(postgres: &Postgres) -> Wire {
        let mut wire = Wire { folder: tempfile::tempdir().unwrap(), to: postgres.socket(), running: None };
        wire.mend();
        wire
    }

    fn url(&self) -> String {
        format!("postgres://deskring@{}/postgres", self.folder.path().to_str().unwrap().replace('/', "%2F"))
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    fn mend(&mut self) {
        let listener = tokio::net::UnixListener::bind(self.socket()).unwrap();
        let to = self.to.clone();
        self.running = Some(tokio::spawn(async move {
            // All of them end with this.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut from, _)) = listener.accept().await {
                let to = to.clone();
                connections.spawn(async move {
                    let mut to = tokio::net::UnixStream::connect(to).await?;
                    tokio::io::copy_bidirectional(&mut from, &mut to).await
                });
            }
        }));
    }

    fn cut(&mut self) {
        std::fs::remove_file(self.socket()).unwrap();
        self.running.take().unwrap().abort();
    }
}

#[tokio::test]
async fn a_database_that_was_away_is_found_again_and_nobody_has_lost_a_call() {
    let mut cluster = cluster(1).await;
    cluster.roles().await;
    let (me, tokens) = (cluster.admit("2001").await, Memory::new());
    let mut agent = cluster.gateways[0].agent(&me, &tokens).await;
    agent.up().await;
    cluster.postgres.stop();
    // As long as nobody else can serve, events go on.
    let first = cluster.simulator.pbx().call_in(NUMBER, "2001").await;
    agent.hears_of(&first).await;
    agent.down().await;
    cluster.gateways[0].says("the database is away").await;
    let (status, _) = cluster.gateways[0].ask("get_token", "", Some(json!({}))).await;
    assert_eq!(status, 503);
    let second = cluster.simulator.pbx().call_in(NUMBER, "2001").await;
    cluster.simulator.pbx().hang_up(&first, "caller").await;
    cluster.postgres.go_on().await;
    // By itself, with the tokens it has.
    assert!(are(&agent.up().await, &[&second]));
    assert_eq!(cluster.asked("get_token"), 1);
    let log = cluster.gateways[0].log.lock().unwrap().clone();
    let errors: Vec<&Value> = log.iter().filter(|line| line["level"] == "ERROR").collect();
    assert!(
        !errors.is_empty() && errors.iter().all(|line| line.to_string().contains("database")),
        "{errors:#?}"
    );
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_no_better_than_one_that_is_away() {
    let mut cluster = cluster(1).await;
    cluster.roles().await;
    let me = cluster.admit("2001").await;
    let token = format!("access_token={}", cluster.gateways[0].token(&me).await);
    let mut agent = cluster.gateways[0].agent(&me, &Memory::new()).await;
    agent.up().await;
    cluster.postgres.freeze();
    // Nobody is kept waiting for it.
    assert_eq!(cluster.gateways[0].ask("call/query", &token, None).await, (503, Value::Null));
    agent.down().await;
    cluster.gateways[0].says("the database is away").await;
    let call = cluster.simulator.pbx().call_in(NUMBER, "2001").await;
    cluster.postgres.thaw();
    assert!(are(&agent.up().await, &[&call]));
}

#[tokio::test]
async fn who_is_revoked_on_another_machine_is_out_within_a_second() {
    let cluster = cluster(2).await;
    let (leader, others) = cluster.roles().await;
    let me = cluster.admit("2001").await;
    let mut agent = leader.agent(&me, &Memory::new()).await;
    agent.up().await;
    let told = others[0].administer(&["revoke", "2001"]).await;
    let revoked = Instant::now();
    assert_eq!(told, format!("revoked\t{}\n", me.client.0));
    agent.down().await;
    assert!(revoked.elapsed() < Duration::from_secs(1), "{:?}", revoked.elapsed());
    assert!(others[0].administer(&["list"]).await.is_empty());
    let added = others[0].administer(&["add", "2002"]).await;
    assert!(added.contains("Client Secret"), "{added}");
    assert!(leader.administer(&["list"]).await.starts_with("2002\t"));
}

#[tokio::test]
async fn the_agents_of_a_single_gateway_keep_their_credentials_when_it_gets_a_second() {
    let cluster = cluster(1).await;
    let (leader, _) = cluster.roles().await;
    let before = State::open(&Place::Folder(leader.folder.path().join("state"))).await.unwrap();
    let me = before.add(&Extension::new("2001"), wall_seconds()).await.unwrap();
    assert_eq!(leader.administer(&["import"]).await, "copied\t1\n");
    leader.token(&me).await;
    // Nobody comes twice.
    let (listed, again) = (leader.administer(&["list"]).await, leader.administer(&["import"]).await);
    assert_eq!((again.as_str(), leader.administer(&["list"]).await), ("copied\t0\n", listed));
}

#[tokio::test]
async fn what_was_revoked_while_nobody_listened_ends_when_somebody_does() {
    let cluster = cluster(1).await;
    let (leader, _) = cluster.roles().await;
    let (one, two) = (cluster.admit("2001").await, cluster.admit("2002").await);
    let (mut gone, mut stays) =
        (leader.agent(&one, &Memory::new()).await, leader.agent(&two, &Memory::new()).await);
    gone.up().await;
    stays.up().await;
    cluster.postgres.say("DELETE FROM agents WHERE extension = '2001'");
    cluster.postgres.say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%lease%' AND pid <> pg_backend_pid()");
    gone.down().await;
    let call = cluster.simulator.pbx().call_in(NUMBER, "2002").await;
    stays.hears_of(&call).await;
}

#[tokio::test]
async fn who_lost_the_lease_steps_down_at_once() {
    let cluster = cluster(1).await;
    let (leader, _) = cluster.roles().await;
    let me = cluster.admit("2001").await;
    let mut agent = leader.agent(&me, &Memory::new()).await;
    agent.up().await;
    cluster.postgres.say(
        "UPDATE lease SET epoch = epoch + 1, holder = 'other', until = clock_timestamp() + interval '1 hour'",
    );
    agent.down().await;
    leader.says("another gateway serves").await;
    cluster.postgres.say("UPDATE lease SET until = clock_timestamp()");
    agent.up().await;
}

#[tokio::test]
async fn one_that_starts_without_its_database_waits_for_it() {
    let mut cluster = cluster(0).await;
    cluster.postgres.stop();
    let gateway = Gateway::start(&cluster.simulator, &cluster.postgres.url()).await;
    gateway.says("the database is away").await;
    assert_eq!(get(&format!("{}/healthz", gateway.monitor)).await, Some((200, "ok\n".to_owned())));
    cluster.postgres.go_on().await;
    gateway.is_ready_within(PATIENCE, Instant::now()).await;
}

#[tokio::test]
async fn what_no_waiting_mends_is_said_at_the_start() {
    let cluster = cluster(1).await;
    let unknown = cluster.postgres.url().replace("/postgres", "/nowhere");
    let folder = configured(&cluster.simulator, &unknown);
    let refused = async |folder: &TempDir, arguments: &[&str]| {
        let output = command(folder).args(arguments).output().await.unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    for arguments in [&["serve"][..], &["agent", "list"]] {
        let words = refused(&folder, arguments).await;
        assert!(words.contains("[database]") && words.contains("\"nowhere\" does not exist"), "{words}");
    }
    // Nor do two share what is one machine's own.
    let words = refused(&cluster.gateways[0].folder, &["serve"]).await;
    assert!(words.contains("another deskring-gateway runs"), "{words}");
}
