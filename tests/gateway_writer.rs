//! A gateway that writes to Desk for all of its agents: each record once and by nobody else, whatever is switched, killed
//! or away. Real sockets, real files; the agents' engines have the same rules on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use deskring_engine::admin::{Answer, Want};
use deskring_engine::view::LinkState;
use deskring_engine::{AppView, Command, Engine, Handle, Stopped};
use deskring_gateway::{Config, Credentials, Extension, Place, Running, State, wall_seconds, writer_paths};
use deskring_redact::ExposeSecret;
use deskring_simulator::{
    CLIENT_ID, CLIENT_SECRET, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, Fault, Options, Simulator,
};
use deskring_store::{EntryState, Environment, Journal, Keychain, OutboxQuery, SecretsConfig};
use e2e::{PATIENCE, Recorder, eventually, free_port, once_each, until, unwritten, written};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncBufReadExt as _;
use tokio::task::JoinHandle;

const AGENTS: [&str; 3] = ["2001", "2002", "2003"];
const QUEUE: &str = "6450";
const NUMBER: &str = "12125550147";
const E164: &str = "+12125550147";

/// How the gateway is configured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Desk {
    /// Without a section for Desk.
    None,
    Writes,
    /// With the section, switched off.
    Stopped,
}

/// A PBX with a queue, a Desk, and a gateway between them and the agents.
struct House {
    simulator: Simulator,
    folder: TempDir,
    port: u16,
    monitor: u16,
    state: State,
    running: Option<Running>,
    rules: Value,
}

async fn house(desk: Desk) -> House {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let members: Vec<String> = AGENTS.map(str::to_owned).into();
    for extension in &members {
        let email = format!("a{extension}@example.com");
        simulator.pbx().add_extension(extension, &format!("Agent {extension}"), &email).await;
    }
    simulator.pbx().add_queue(QUEUE, "Everybody", &members);
    simulator.desk().set(|switches| {
        switches.concurrency = Some(50);
        switches.credits_left = 10_000_000;
    });
    let bindings: Vec<Value> = members
        .iter()
        .map(|extension| {
            let email = format!("a{extension}@example.com");
            let agent = json!({ "firstName": "Agent", "lastName": extension, "emailId": email });
            json!({ "extension": extension, "agent_id": simulator.desk().add_agent(agent) })
        })
        .collect();
    let mut rules = e2e::settings(&simulator);
    rules["numbers"] = json!({ "country": "US", "area_code": "", "outside_line_prefix": "" });
    rules["new_contacts"] = json!({ "mode": "automatic", "kind": "contact" });
    rules["tickets"] = json!({ "enabled": true });
    rules["call_log"] = json!({ "enabled": true });
    rules["bindings"] = json!(bindings);
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&Place::Folder(folder.path().to_owned())).await.unwrap();
    let (port, monitor) = (free_port(), free_port());
    let mut house = House { simulator, folder, port, monitor, state, running: None, rules };
    house.write_rules();
    house.start(desk).await;
    house
}

impl House {
    fn config(&self, desk: Desk) -> String {
        let folder = self.folder.path();
        let section = match desk {
            Desk::None => String::new(),
            Desk::Writes | Desk::Stopped => {
                let (writes, settings) = (desk == Desk::Writes, folder.join("desk.json"));
                format!("[desk]\nwrites = {writes}\nsettings = {settings:?}\n")
            }
        };
        format!(
            "listen = \"127.0.0.1:{}\"\nmonitor = \"127.0.0.1:{}\"\nstate = {folder:?}\n\
             [pbx]\naddress = {:?}\nclient_id = {CLIENT_ID:?}\nrequests_per_second = 500\n{section}",
            self.port,
            self.monitor,
            self.simulator.pbx_url(),
        )
    }

    async fn start(&mut self, desk: Desk) {
        let config = Config::read(&self.config(desk), &BTreeMap::new()).unwrap();
        self.running = Some(deskring_gateway::start(&config, &secrets()).await.unwrap());
        self.is_ready().await;
    }

    async fn stop(&mut self) {
        self.running.take().unwrap().stop().await;
    }

    async fn restart(&mut self, desk: Desk) {
        self.stop().await;
        self.start(desk).await;
    }

    async fn is_ready(&self) {
        let ready = format!("http://127.0.0.1:{}/readyz", self.monitor);
        eventually("the gateway is ready", async || {
            reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
    }

    async fn figure(&self, name: &str) -> u64 {
        let figures = reqwest::get(format!("http://127.0.0.1:{}/metrics", self.monitor)).await;
        let text = figures.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("deskring_gateway_{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    async fn admit(&self, extension: &str) -> Credentials {
        self.state.add(&Extension::new(extension), wall_seconds()).await.unwrap()
    }

    /// An agent's app with the same rules as the gateway.
    async fn agent(&self, extension: &str) -> Agent {
        let credentials = self.admit(extension).await;
        let profile = tempfile::tempdir().unwrap();
        let mut settings = self.rules.clone();
        settings["pbx"] = json!({
            "url": format!("http://127.0.0.1:{}", self.port),
            "client_id": credentials.client.0, "extensions": [extension],
        });
        std::fs::write(profile.path().join("settings.json"), settings.to_string()).unwrap();
        let sign_in = self.simulator.desk().sign_in_another();
        let mut agent = Agent {
            extension: extension.to_owned(),
            credentials,
            sign_in,
            profile,
            desktop: Arc::default(),
            running: None,
        };
        agent.start();
        agent.up().await;
        agent
    }

    async fn agents(&self) -> Vec<Agent> {
        let mut agents = Vec::new();
        for extension in AGENTS {
            agents.push(self.agent(extension).await);
        }
        agents
    }

    fn write_rules(&self) {
        std::fs::write(self.folder.path().join("desk.json"), self.rules.to_string()).unwrap();
    }

    fn writer(&self) -> std::path::PathBuf {
        writer_paths(self.folder.path()).profile
    }

    /// Waits until each of these calls has a ticket and a call activity, and nothing is there twice.
    async fn written_once(&self, calls: &BTreeSet<String>) {
        let left = || unwritten(&self.writer());
        written(&self.simulator, calls.len(), Duration::from_secs(120), left).await;
        once_each(&self.simulator, calls);
    }
}

fn secrets() -> BTreeMap<String, String> {
    [
        ("DESKRING_GATEWAY_PBX_SECRET", CLIENT_SECRET),
        ("DESKRING_GATEWAY_DESK_SECRET", DESK_CLIENT_SECRET),
        ("DESKRING_GATEWAY_DESK_REFRESH_TOKEN", DESK_REFRESH_TOKEN),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// What a profile owes, or has written.
fn rows(profile: &Path, states: &[EntryState]) -> Vec<deskring_store::Entry> {
    let query = OutboxQuery { states: states.into(), limit: 500, ..OutboxQuery::default() };
    Journal::open(profile).unwrap().outbox(&query).unwrap()
}

/// The calls that a profile has, or had, to write.
fn calls_of(profile: &Path) -> BTreeSet<String> {
    rows(profile, &EntryState::ALL).into_iter().map(|row| row.call_id).collect()
}

struct Agent {
    extension: String,
    credentials: Credentials,
    sign_in: String,
    profile: TempDir,
    desktop: Arc<Recorder>,
    running: Option<(Handle, JoinHandle<Stopped>)>,
}

impl Agent {
    fn start(&mut self) {
        let secrets = [
            ("DESKRING_PBX_CLIENT_SECRET", self.credentials.secret.expose_secret()),
            ("DESKRING_DESK_CLIENT_SECRET", DESK_CLIENT_SECRET),
            ("DESKRING_DESK_REFRESH_TOKEN", &self.sign_in),
        ];
        let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned().into())).into();
        let config = SecretsConfig {
            keychain: Keychain::Off,
            environment: Environment::Given(secrets),
            ..SecretsConfig::new(self.profile.path(), "deskring-test")
        };
        let paths = e2e::paths(self.profile.path());
        let engine = Engine::prepare_with(paths, config, self.desktop.clone()).unwrap();
        self.running = Some((engine.handle(), tokio::spawn(engine.run())));
    }

    async fn stop(&mut self) {
        let (handle, task) = self.running.take().unwrap();
        handle.stop().await;
        task.await.unwrap();
    }

    fn handle(&self) -> &Handle {
        &self.running.as_ref().unwrap().0
    }

    async fn view_where(&self, what: &str, wanted: impl Fn(&AppView) -> bool) -> Arc<AppView> {
        let mut views = self.handle().view();
        let found = tokio::time::timeout(PATIENCE, views.wait_for(|view| wanted(view)))
            .await
            .map(|view| view.unwrap().clone());
        found.unwrap_or_else(|_| {
            panic!("{} never {what}: {:#?}", self.extension, self.handle().view().borrow())
        })
    }

    async fn up(&self) {
        let up = |view: &AppView| view.pbx.state == LinkState::Up && view.desk.state == LinkState::Up;
        self.view_where("comes up", up).await;
    }

    /// Has the gateway's word, and this is what it says.
    async fn hears(&self, by_gateway: bool) {
        let heard = |view: &AppView| view.pbx.state == LinkState::Up && view.outbox.by_gateway == by_gateway;
        self.view_where("hears who writes", heard).await;
    }

    async fn sees_the_end(&self, call: &str) {
        let over = |view: &AppView| view.recent.iter().any(|past| past.call == call && past.closed);
        self.view_where("sees the end", over).await;
    }

    fn wrote(&self) -> BTreeSet<String> {
        calls_of(self.profile.path())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some((_, task)) = &self.running {
            task.abort();
        }
    }
}

/// The next second of the PBX's clock, which is this computer's: until then calls are those of before.
async fn next_second() {
    let now = wall_seconds();
    until("a second has passed", || wall_seconds() > now + 1).await;
}

/// A call that is answered, or not.
async fn play(house: &House, from: &str, to: &str, answered_by: Option<&str>) -> String {
    let pbx = house.simulator.pbx();
    let call = pbx.call_in(from, to).await;
    if let Some(agent) = answered_by {
        pbx.answer(&call, agent).await;
    }
    pbx.hang_up(&call, "caller").await;
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_writes_each_record_once_and_the_agents_apps_none() {
    let house = house(Desk::Writes).await;
    let agents = house.agents().await;
    for agent in &agents {
        agent.hears(true).await;
    }
    next_second().await;
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    let mut calls = BTreeSet::new();
    calls.insert(play(&house, NUMBER, "2001", Some("2001")).await);
    calls.insert(play(&house, NUMBER, "2002", None).await);
    calls.insert(play(&house, NUMBER, QUEUE, Some("2003")).await);
    calls.insert(play(&house, NUMBER, QUEUE, None).await);
    // Two agents have the same unknown caller at once.
    let unknown = "12125550163";
    calls.insert(play(&house, unknown, "2001", Some("2001")).await);
    calls.insert(play(&house, unknown, QUEUE, Some("2002")).await);
    house.written_once(&calls).await;
    let contacts = house.simulator.desk().records("contacts");
    let made = contacts.iter().filter(|one| one["lastName"] == format!("Automatic New Contact +{unknown}"));
    assert_eq!(made.count(), 1, "{contacts:#?}");
    for agent in &agents {
        assert_eq!(agent.wrote(), BTreeSet::new(), "{} wrote", agent.extension);
    }
    assert_eq!(calls_of(&house.writer()), calls);
    let sent = rows(&house.writer(), &[EntryState::Sent]).len() as u64;
    assert_eq!(sent, 2 * calls.len() as u64 + 1);
    eventually("the figures tell", async || (house.figure("outbox_written").await == sent).then_some(()))
        .await;
    assert_eq!((house.figure("outbox_waiting").await, house.figure("outbox_wedged").await), (0, 0));
    // One token for the agents and the writer together.
    assert_eq!(house.simulator.pbx().live_tokens(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_gateway_makes_opens_at_who_has_the_call() {
    let house = house(Desk::Writes).await;
    let agents = house.agents().await;
    for agent in &agents {
        agent.hears(true).await;
    }
    next_second().await;
    let pbx = house.simulator.pbx();
    let call = pbx.call_in(NUMBER, "2001").await;
    pbx.answer(&call, "2001").await;
    agents[0].desktop.wait_for("its page opens", |recorded| !recorded.opened.is_empty()).await;
    let known = |view: &AppView| view.calls.iter().any(|live| live.call == call && live.who.state == "known");
    agents[0].view_where("knows who it is", known).await;
    let made = house.simulator.desk().records("contacts");
    let id = made.iter().find(|contact| contact["phone"] == E164).unwrap()["id"].as_str().unwrap().to_owned();
    assert!(agents[0].desktop.opened()[0].contains(&id));
    pbx.hang_up(&call, "caller").await;
    agents[0].sees_the_end(&call).await;
    house.written_once(&[call].into()).await;
    assert_eq!(agents[0].desktop.opened().len(), 1);
    for other in &agents[1..] {
        assert_eq!(other.desktop.opened(), Vec::<String>::new(), "{} has no call", other.extension);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_s_app_says_that_the_gateway_writes() {
    let house = house(Desk::Writes).await;
    let agent = house.agent("2001").await;
    agent.hears(true).await;
    let paths = e2e::paths(agent.profile.path());
    let _door = deskring_local_api::Server::start(agent.handle().clone(), &paths).unwrap();
    for (language, words) in
        [("en_US.UTF-8", "Your gateway writes to Zoho Desk"), ("zh_CN.UTF-8", "由网关写入")]
    {
        let mut status = tokio::process::Command::new(e2e::program("deskring-cli"));
        status.arg("--profile").arg(agent.profile.path()).arg("status");
        status.env("LANG", language).env("LC_ALL", language).env_remove("XDG_RUNTIME_DIR");
        let said = status.output().await.unwrap();
        assert!(String::from_utf8_lossy(&said.stdout).contains(words), "{said:?}");
    }
    let Ok(Answer::Doctor { findings }) = agent.handle().ask(Want::Doctor).await else {
        panic!("no findings")
    };
    let told = findings.iter().find(|found| found.check == "desk_writing");
    assert_eq!(told.map(|found| found.code.as_str()), Some("gateway_writes"), "{findings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_copies_to_the_phonebook_and_the_apps_do_not() {
    let mut house = house(Desk::None).await;
    house.stop().await;
    house.rules["contact_sync"] = json!({ "enabled": true, "module": "contacts", "phonebook": "Helpdesk" });
    house.write_rules();
    house.start(Desk::Writes).await;
    let agent = house.agent("2001").await;
    agent.hears(true).await;
    next_second().await;
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    let call = play(&house, NUMBER, "2001", Some("2001")).await;
    agent.sees_the_end(&call).await;
    until("the contact is on the PBX", || !house.simulator.pbx().company_contacts().is_empty()).await;
    house.written_once(&[call].into()).await;
    assert_eq!(house.simulator.pbx().company_contacts().len(), 1);
    assert_eq!(agent.handle().view().borrow().sync.state, "", "nothing is copied from there");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_signs_the_gateway_in_and_out_from_a_terminal() {
    let mut house = house(Desk::None).await;
    house.stop().await;
    // As exported from an app that was never signed in.
    house.rules["desk"]["organization_id"] = Value::Null;
    house.rules["desk"]["department_id"] = Value::Null;
    house.rules["desk"]["redirect_port"] = json!(free_port());
    house.write_rules();
    std::fs::write(house.folder.path().join("gateway.toml"), house.config(Desk::Writes)).unwrap();
    let mut program =
        gateway(&house, &["serve"]).env_remove("DESKRING_GATEWAY_DESK_REFRESH_TOKEN").spawn().unwrap();
    house.is_ready().await;
    let status = async |wanted: &str| {
        eventually(wanted, async || {
            let said = gateway(&house, &["desk", "status"]).stdout(Stdio::piped()).output().await.unwrap();
            String::from_utf8(said.stdout).unwrap().contains(wanted).then_some(())
        })
        .await;
    };
    status("sign in to Zoho Desk first").await;
    let mut sign_in = gateway(&house, &["desk", "sign-in"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = tokio::io::BufReader::new(sign_in.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("http") {
            let page = reqwest::get(&line).await.unwrap().text().await.unwrap();
            assert!(page.contains("Signed in"), "{page}");
        }
    }
    assert!(sign_in.wait().await.unwrap().success());
    status("connected").await;
    let agent = house.agent("2001").await;
    agent.hears(true).await;
    next_second().await;
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    let call = play(&house, NUMBER, "2001", Some("2001")).await;
    house.written_once(&[call].into()).await;
    status("Written    2").await;
    assert!(gateway(&house, &["desk", "sign-out"]).status().await.unwrap().success());
    status("sign in to Zoho Desk first").await;
    assert_eq!(agent.wrote(), BTreeSet::new());
    program.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answered_owns_the_record_of_a_queue_s_call() {
    let house = house(Desk::Writes).await;
    let agents = house.agents().await;
    agents[0].hears(true).await;
    next_second().await;
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    let call = play(&house, NUMBER, QUEUE, Some("2002")).await;
    agents[1].sees_the_end(&call).await;
    house.written_once(&[call].into()).await;
    let bindings = house.rules["bindings"].as_array().unwrap();
    let agent = bindings.iter().find(|row| row["extension"] == "2002").unwrap()["agent_id"].clone();
    let [activity] = house.simulator.desk().records("calls").try_into().unwrap();
    assert_eq!((&activity["ownerId"], &activity["status"]), (&agent, &json!("Completed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_while_calls_are_on_each_call_is_written_by_who_was_to_when_it_began() {
    let mut house = house(Desk::None).await;
    let agent = house.agent("2001").await;
    let pbx = house.simulator.pbx();
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    agent.hears(false).await;
    let before = play(&house, NUMBER, "2001", Some("2001")).await;
    let across = pbx.call_in(NUMBER, "2001").await;
    pbx.answer(&across, "2001").await;
    house.restart(Desk::Writes).await;
    agent.hears(true).await;
    pbx.hang_up(&across, "caller").await;
    agent.sees_the_end(&across).await;
    next_second().await;
    let central = play(&house, NUMBER, "2001", None).await;
    let back = pbx.call_in(NUMBER, "2001").await;
    pbx.answer(&back, "2001").await;
    agent.view_where("talks", |view| view.calls.iter().any(|on| on.call == back)).await;
    house.restart(Desk::Stopped).await;
    agent.hears(false).await;
    pbx.hang_up(&back, "caller").await;
    agent.sees_the_end(&back).await;
    next_second().await;
    let after = play(&house, NUMBER, "2001", Some("2001")).await;
    let all = [&before, &across, &central, &back, &after].map(String::clone);
    house.written_once(&all.into()).await;
    assert_eq!(agent.wrote(), [before, across, after].into());
    assert_eq!(calls_of(&house.writer()), [central, back].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_starts_while_the_gateway_is_away_writes_nothing() {
    let mut house = house(Desk::Writes).await;
    let mut agent = house.agent("2001").await;
    agent.hears(true).await;
    next_second().await;
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    // Desk cannot be asked whose call it is, so neither has written yet.
    house.simulator.stop_desk().await;
    let call = play(&house, NUMBER, "2001", Some("2001")).await;
    agent.sees_the_end(&call).await;
    agent.stop().await;
    house.stop().await;
    house.simulator.start_desk().await;
    agent.start();
    let named =
        |view: &AppView| view.recent.iter().any(|past| past.call == call && past.who.state == "known");
    let view = agent.view_where("names the caller", named).await;
    assert_ne!(view.pbx.state, LinkState::Up, "the gateway is away");
    assert!(view.outbox.by_gateway);
    assert_eq!(agent.wrote(), BTreeSet::new());
    // The gateway does, when it is back.
    house.start(Desk::Writes).await;
    house.written_once(&[call].into()).await;
    assert_eq!(agent.wrote(), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_who_is_not_admitted_are_not_written_until_they_are() {
    let house = house(Desk::Writes).await;
    let first = house.agent("2001").await;
    first.hears(true).await;
    next_second().await;
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    let strangers = play(&house, NUMBER, "2002", Some("2002")).await;
    let mine = play(&house, NUMBER, "2001", Some("2001")).await;
    house.written_once(&[mine.clone()].into()).await;
    // Added while a call of theirs is on.
    let on = house.simulator.pbx().call_in(NUMBER, "2002").await;
    let _second = house.agent("2002").await;
    let known = || Journal::open(&house.writer()).unwrap().call(&on, "2002").unwrap().is_some();
    until("the writer has the call", known).await;
    house.simulator.pbx().hang_up(&on, "caller").await;
    house.written_once(&[mine, on].into()).await;
    assert!(!calls_of(&house.writer()).contains(&strangers));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_notes_is_in_the_record_that_the_gateway_writes() {
    let mut house = house(Desk::None).await;
    house.stop().await;
    house.rules["call_log"]["wrap_up"] = json!(true);
    house.rules["call_log"]["dispositions"] = json!(["Sold"]);
    house.rules["call_log"]["description"] = json!("{{Disposition}}");
    house.write_rules();
    house.start(Desk::Writes).await;
    let (one, two) = (house.agent("2001").await, house.agent("2002").await);
    one.hears(true).await;
    next_second().await;
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    let call = play(&house, NUMBER, "2001", Some("2001")).await;
    one.sees_the_end(&call).await;
    let waits =
        || rows(&house.writer(), &[EntryState::Pending]).iter().any(|row| row.kind == "call_activity");
    until("the record waits for the note", waits).await;
    // A colleague has no word in it, whatever their program sends.
    let forged =
        deskring_yeastar::Note { call: call.clone(), disposition: None, text: Some("forged".into()) };
    client(&house, &two.credentials).note(&forged).await.unwrap();
    // The gateway is away when the agent has written it.
    house.stop().await;
    let note = Command::WrapUp {
        call: call.clone(),
        extension: "2001".into(),
        disposition: Some("Sold".into()),
        note: Some("Two of the blue ones".into()),
    };
    assert!(one.handle().send(note).await);
    house.start(Desk::Writes).await;
    house.written_once(&[call].into()).await;
    let [activity] = house.simulator.desk().records("calls").try_into().unwrap();
    let text = activity["description"].as_str().unwrap();
    assert!(
        text.contains("Sold") && text.contains("Two of the blue ones") && !text.contains("forged"),
        "{text}"
    );
    let kept = || Journal::open(one.profile.path()).unwrap().facts_named("note_to_gateway/").unwrap();
    until("the note is done with", || kept().is_empty()).await;
}

fn client(house: &House, credentials: &Credentials) -> deskring_yeastar::Pbx {
    let config = deskring_yeastar::Config {
        address: deskring_yeastar::Address::parse(&format!("http://127.0.0.1:{}", house.port)).unwrap(),
        client_id: credentials.client.0.clone(),
        client_secret: credentials.secret.clone(),
        trusted_certificate: None,
        others: Vec::new(),
        timings: deskring_yeastar::Timings::default(),
    };
    deskring_yeastar::Pbx::new(config, e2e::Memory::new()).unwrap()
}

#[tokio::test]
async fn a_gateway_that_does_not_write_takes_no_notes() {
    let house = house(Desk::None).await;
    let credentials = house.admit("2001").await;
    let note = deskring_yeastar::Note { call: "1790000000.1".into(), disposition: None, text: None };
    let refused = client(&house, &credentials).note(&note).await.unwrap_err();
    assert_eq!((refused.code(), refused.retry()), (Some(10001), deskring_yeastar::Retry::Never));
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_that_is_away_stops_nobody_and_is_caught_up_with() {
    let house = house(Desk::Writes).await;
    let agents = house.agents().await;
    agents[0].hears(true).await;
    next_second().await;
    house.simulator.desk().add_contact(json!({ "lastName": "Wang", "phone": E164 }));
    house.simulator.desk().fault_next_writes(1, Fault::Status(503));
    let mut calls = BTreeSet::from([play(&house, NUMBER, "2001", Some("2001")).await]);
    until("a write has failed", || house.simulator.desk().planned_faults() == 0).await;
    house.simulator.stop_desk().await;
    calls.insert(play(&house, NUMBER, QUEUE, Some("2002")).await);
    house.is_ready().await;
    agents[1].sees_the_end(calls.last().unwrap()).await;
    house.simulator.start_desk().await;
    house.written_once(&calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_under_load_loses_and_doubles_nothing() {
    let mut house = house(Desk::Writes).await;
    house.stop().await;
    std::fs::write(house.folder.path().join("gateway.toml"), house.config(Desk::Writes)).unwrap();
    let mut program = spawn(&house);
    house.is_ready().await;
    let agents = house.agents().await;
    agents[2].hears(true).await;
    next_second().await;
    for last in 0..10 {
        let contact =
            json!({ "lastName": format!("Person {last}"), "phone": format!("+121255501{last:02}") });
        house.simulator.desk().add_contact(contact);
    }
    let mut calls = BTreeSet::new();
    let mut pace = tokio::time::interval(Duration::from_millis(40));
    for at in 0..60 {
        pace.tick().await;
        let to = [AGENTS[at % 3], QUEUE][at / 3 % 2];
        let answered_by = (!at.is_multiple_of(4)).then_some(AGENTS[at % 3]);
        calls.insert(play(&house, &format!("121255501{:02}", at % 10), to, answered_by).await);
        if matches!(at, 20 | 40) {
            // Calls go on meanwhile.
            program.start_kill().unwrap();
        }
        if matches!(at, 24 | 44) {
            program.wait().await.unwrap();
            program = spawn(&house);
        }
    }
    house.written_once(&calls).await;
    for agent in &agents {
        assert_eq!(agent.wrote(), BTreeSet::new(), "{} wrote", agent.extension);
    }
    program.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: ./dev soak"]
async fn a_gateway_that_is_killed_with_a_thousand_calls_on_loses_and_doubles_nothing() {
    let mut house = house(Desk::Writes).await;
    house.stop().await;
    let pbx = house.simulator.pbx();
    let extensions: Vec<String> = (3001..=3050).map(|number| number.to_string()).collect();
    for extension in &extensions {
        pbx.add_extension(extension, &format!("Agent {extension}"), &format!("a{extension}@example.com"))
            .await;
        house.admit(extension).await;
    }
    for last in 0..100 {
        let contact =
            json!({ "lastName": format!("Person {last}"), "phone": format!("+121255501{last:02}") });
        house.simulator.desk().add_contact(contact);
    }
    std::fs::write(house.folder.path().join("gateway.toml"), house.config(Desk::Writes)).unwrap();
    let mut program = spawn(&house);
    house.is_ready().await;
    next_second().await;
    let mut calls = Vec::new();
    // Of more that began in one second, nobody could tell whether they are in Desk already.
    let mut pace = tokio::time::interval(Duration::from_millis(35));
    for at in 0..1_000 {
        pace.tick().await;
        let extension = &extensions[at % extensions.len()];
        let call = pbx.call_in(&format!("121255501{:02}", at % 100), extension).await;
        if !at.is_multiple_of(4) {
            pbx.answer(&call, extension).await;
        }
        calls.push(call);
    }
    // Half of them end before it, and it has begun to write.
    for call in &calls[..500] {
        pbx.hang_up(call, "caller").await;
    }
    until("it writes", || !house.simulator.desk().records("calls").is_empty()).await;
    program.start_kill().unwrap();
    program.wait().await.unwrap();
    for call in &calls[500..750] {
        pbx.hang_up(call, "caller").await;
    }
    program = spawn(&house);
    house.is_ready().await;
    for call in &calls[750..] {
        pbx.hang_up(call, "caller").await;
    }
    house.written_once(&calls.into_iter().collect()).await;
    program.kill().await.unwrap();
}

fn spawn(house: &House) -> tokio::process::Child {
    gateway(house, &["serve"]).spawn().unwrap()
}

/// The program itself, on the configuration in the folder.
fn gateway(house: &House, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(e2e::program("deskring-gateway"));
    command.arg("--config").arg(house.folder.path().join("gateway.toml")).args(arguments).envs(secrets());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// The gateway of a machine, and what it is to know.
struct Machine {
    program: tokio::process::Child,
    monitor: u16,
    _folder: TempDir,
}

/// Starts one of several gateways on this database; agents find it at the house's port or at another one.
fn machine(house: &House, database: &str, port: u16) -> Machine {
    let (folder, monitor) = (tempfile::tempdir().unwrap(), free_port());
    let config = format!(
        "listen = \"127.0.0.1:{port}\"\nmonitor = \"127.0.0.1:{monitor}\"\nstate = {:?}\n\
         [database]\nurl = {database:?}\n\
         [pbx]\naddress = {:?}\nclient_id = {CLIENT_ID:?}\nrequests_per_second = 500\n\
         [desk]\nsettings = {:?}\n",
        folder.path().join("state"),
        house.simulator.pbx_url(),
        house.folder.path().join("desk.json"),
    );
    std::fs::write(folder.path().join("gateway.toml"), config).unwrap();
    let mut command = tokio::process::Command::new(e2e::program("deskring-gateway"));
    command.arg("--config").arg(folder.path().join("gateway.toml")).arg("serve").envs(secrets());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    Machine { program: command.spawn().unwrap(), monitor, _folder: folder }
}

impl Machine {
    async fn serves(&self) {
        let ready = format!("http://127.0.0.1:{}/readyz", self.monitor);
        eventually("it serves", async || {
            reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_under_load_loses_and_doubles_nothing() {
    let mut house = house(Desk::None).await;
    house.stop().await;
    let postgres = e2e::postgres::Postgres::start().await;
    let place = Place::Server(Box::new(deskring_gateway::Server::new(&postgres.url(), None, None).unwrap()));
    house.state = State::open(&place).await.unwrap();
    for extension in AGENTS {
        house.admit(extension).await;
    }
    for last in 0..10 {
        let contact =
            json!({ "lastName": format!("Person {last}"), "phone": format!("+121255501{last:02}") });
        house.simulator.desk().add_contact(contact);
    }
    let mut first = machine(&house, &postgres.url(), house.port);
    first.serves().await;
    let second = machine(&house, &postgres.url(), free_port());
    next_second().await;
    let mut calls = BTreeSet::new();
    let mut pace = tokio::time::interval(Duration::from_millis(40));
    for at in 0..60 {
        pace.tick().await;
        let to = [AGENTS[at % 3], QUEUE][at / 3 % 2];
        let answered_by = (!at.is_multiple_of(4)).then_some(AGENTS[at % 3]);
        calls.insert(play(&house, &format!("121255501{:02}", at % 10), to, answered_by).await);
        if at == 30 {
            // Calls go on while nobody serves.
            first.program.kill().await.unwrap();
        }
    }
    second.serves().await;
    house.written_once(&calls).await;
}
