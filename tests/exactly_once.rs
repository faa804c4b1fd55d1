//! One record for each promise, whatever is killed and however many look on: over real sockets, with real processes and
//! files. What takes hours is in the engine's simulation in virtual time. Here is a small round of each; the large ones
//! take many minutes and are run by `./dev soak`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::Duration;

use deskring_engine::{AppView, Engine, Handle};
use deskring_simulator::{ByeMode, FrameMode, Options, Pbx, Simulator};
use deskring_store::{Environment, Keychain, SecretsConfig};
use e2e::{Recorder, Rig, on_profile, once_each, secrets, unwritten, written};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Kept free for stories: the last two digits of 555-01xx in a few areas.
fn number(at: usize) -> String {
    let areas = ["212", "305", "415", "512"];
    format!("{}55501{:02}", areas[at / 100], at % 100)
}

fn everything(settings: &mut Value) {
    settings["numbers"] = json!({ "country": "US", "area_code": "", "outside_line_prefix": "" });
    settings["new_contacts"] = json!({ "mode": "automatic", "kind": "contact" });
    settings["tickets"] = json!({ "enabled": true });
    settings["call_log"] = json!({ "enabled": true });
}

/// Records that were made for numbers, by name.
fn made_for_numbers(simulator: &Simulator) -> BTreeMap<String, usize> {
    let mut made = BTreeMap::new();
    for contact in simulator.desk().records("contacts") {
        let name = contact["lastName"].as_str().unwrap_or_default();
        if name.starts_with("Automatic New Contact") {
            *made.entry(name.to_owned()).or_default() += 1;
        }
    }
    made
}

/// Which callers Desk does not know. Their contacts are written by turns, which may take minutes when a program was
/// killed, or when somebody else was to write one.
#[derive(Clone, Copy)]
enum Unknown {
    /// None.
    Nobody,
    /// Of the calls that nobody answers, all.
    Unanswered,
    /// Every other one.
    Half,
}

impl Unknown {
    fn calls(self, at: usize) -> bool {
        match self {
            Unknown::Nobody => false,
            Unknown::Unanswered => at.is_multiple_of(3),
            Unknown::Half => at.is_multiple_of(2),
        }
    }
}

/// Makes the other callers known; how many those are not.
fn know(simulator: &Simulator, numbers: usize, unknown: Unknown) -> usize {
    let mut left = 0;
    for at in 0..numbers {
        if unknown.calls(at) {
            left += 1;
        } else {
            let contact = json!({ "lastName": format!("Person {at}"), "phone": format!("+1{}", number(at)) });
            simulator.desk().add_contact(contact);
        }
    }
    left
}

/// Numbers that call.
const NUMBERS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    kill(120, 6, Unknown::Nobody).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: ./dev soak"]
async fn a_thousand_calls_and_a_program_that_is_killed_again_and_again() {
    kill(1_000, 25, Unknown::Half).await;
}

async fn kill(all: usize, kills: usize, unknown: Unknown) {
    let rig = Rig::idle().await;
    rig.set(everything);
    know(&rig.simulator, NUMBERS, unknown);
    let mut program = start(&rig);
    rig.simulator.pbx().wait_subscribed(1).await;
    let mut calls = BTreeSet::new();
    // As many in a second as a large company has.
    let mut pace = tokio::time::interval(Duration::from_millis(40));
    let each = all / kills;
    for round in 0..kills {
        let doomed = round * 7 % each;
        for nth in 0..each {
            pace.tick().await;
            let at = round * each + nth;
            calls.insert(
                play(&rig.simulator.pbx(), &number(at * 37 % NUMBERS), "1001", !at.is_multiple_of(3)).await,
            );
            if nth == doomed {
                // Its end is not waited for: calls go on meanwhile.
                program.start_kill().unwrap();
            }
            if nth == (doomed + 3).min(each - 1) {
                program.wait().await.unwrap();
                program = start(&rig);
            }
        }
    }
    written(&rig.simulator, all, Duration::from_secs(300), || unwritten(rig.profile.path())).await;
    once_each(&rig.simulator, &calls);
    assert!(made_for_numbers(&rig.simulator).values().all(|times| *times == 1));
    program.kill().await.unwrap();
}

fn start(rig: &Rig) -> tokio::process::Child {
    on_profile(rig, "deskring-cli", &["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// A call that is answered or not.
async fn play(pbx: &Pbx, from: &str, to: &str, answered: bool) -> String {
    let call = pbx.call_in(from, to).await;
    if answered {
        pbx.answer(&call, to).await;
    }
    pbx.hang_up(&call, "caller").await;
    call
}

/// One agent's engine on a profile of its own.
struct Agent {
    extension: String,
    profile: TempDir,
    handle: Handle,
    // Until the end of the test.
    _running: tokio::task::JoinHandle<deskring_engine::Stopped>,
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_queue_call_that_several_agents_see_each_record_is_written_once() {
    watch(5, 20, Unknown::Unanswered, Until::Written).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a quarter of an hour: ./dev soak"]
async fn fifty_agents_see_two_hundred_queue_calls_and_write_each_once() {
    watch(50, 200, Unknown::Half, Until::NobodyIsToWrite).await;
}

/// How long the agents are watched.
#[derive(PartialEq)]
enum Until {
    /// Everything is in Desk.
    Written,
    /// And those who stand in for others have looked, and found it.
    NobodyIsToWrite,
}

async fn watch(many: usize, queue_calls: usize, unknown: Unknown, until: Until) {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let agents = agents(&simulator, many).await;
    let unknown = know(&simulator, queue_calls, unknown);
    let (mut calls, mut last) = (BTreeSet::new(), String::new());
    let mut pace = tokio::time::interval(Duration::from_millis(500));
    for at in 0..queue_calls {
        pace.tick().await;
        let pbx = simulator.pbx();
        let call = pbx.call_in(&number(at), "6450").await;
        if !at.is_multiple_of(3) {
            pbx.answer(&call, &agents[at * 13 % many].extension).await;
        }
        pbx.hang_up(&call, "caller").await;
        last.clone_from(&call);
        calls.insert(call);
    }
    let first = agents[0].profile.path();
    written(&simulator, queue_calls, Duration::from_secs(300), || unwritten(first)).await;
    // Everybody has seen every call to its end.
    for agent in &agents {
        saw_the_end(agent, &last).await;
    }
    let once = || {
        once_each(&simulator, &calls);
        let made = made_for_numbers(&simulator);
        assert_eq!((made.len(), made.values().sum::<usize>()), (unknown, unknown), "{made:?}");
    };
    once();
    if until == Until::NobodyIsToWrite {
        for agent in &agents {
            let rest = |view: &AppView| view.outbox.pending == 0 && view.outbox.wedged == 0;
            let mut views = agent.handle.view();
            let waited = tokio::time::timeout(Duration::from_secs(1_800), views.wait_for(|view| rest(view)));
            assert!(waited.await.is_ok(), "never at rest: {}", unwritten(agent.profile.path()));
        }
        once();
    }
}

async fn agents(simulator: &Simulator, many: usize) -> Vec<Agent> {
    let pbx = simulator.pbx();
    pbx.set(|switches| {
        // A real one admits eight.
        switches.max_tokens = 10 * many;
        // Fifty lines in each frame for fifty programs are more than a test's computer likes.
        switches.frame_mode = FrameMode::Delta;
        switches.bye_mode = ByeMode::SingleFrame;
        switches.extension_monitor = false;
    });
    simulator.desk().set(|switches| {
        switches.concurrency = Some(10 * many);
        // A day's worth of a large team, in minutes.
        switches.credits_left = 10_000_000;
    });
    let extensions: Vec<String> = (0..many).map(|at| (2001 + at).to_string()).collect();
    for extension in &extensions {
        pbx.add_extension(extension, &format!("Agent {extension}"), &format!("a{extension}@example.com"))
            .await;
    }
    pbx.add_queue("6450", "Everybody", &extensions);
    let bindings: Vec<Value> = extensions
        .iter()
        .map(|extension| {
            let email = format!("a{extension}@example.com");
            let id = simulator
                .desk()
                .add_agent(json!({ "firstName": "Agent", "lastName": extension, "emailId": email }));
            json!({ "extension": extension, "agent_id": id })
        })
        .collect();
    let mut agents = Vec::new();
    for extension in extensions {
        let profile = tempfile::tempdir().unwrap();
        let mut settings = e2e::settings(simulator);
        everything(&mut settings);
        settings["pbx"]["extensions"] = json!([extension]);
        settings["bindings"] = json!(bindings);
        std::fs::write(profile.path().join("settings.json"), settings.to_string()).unwrap();
        let mut secrets = secrets();
        secrets.insert("DESKRING_DESK_REFRESH_TOKEN".to_owned(), simulator.desk().sign_in_another());
        let environment = secrets.into_iter().map(|(name, value)| (name, value.into())).collect();
        let config = SecretsConfig {
            keychain: Keychain::Off,
            environment: Environment::Given(environment),
            ..SecretsConfig::new(profile.path(), "deskring-test")
        };
        let desktop = std::sync::Arc::new(Recorder::default());
        let engine = Engine::prepare_with(e2e::paths(profile.path()), config, desktop).unwrap();
        let handle = engine.handle();
        agents.push(Agent { extension, profile, handle, _running: tokio::spawn(engine.run()) });
    }
    for agent in &agents {
        let up = |view: &AppView| {
            let up = deskring_engine::view::LinkState::Up;
            view.pbx.state == up && view.desk.state == up
        };
        let mut views = agent.handle.view();
        tokio::time::timeout(e2e::PATIENCE, views.wait_for(|view| up(view)))
            .await
            .expect("both links come up")
            .unwrap();
    }
    pbx.wait_subscribed(many).await;
    agents
}

async fn saw_the_end(agent: &Agent, last: &str) {
    let mut views = agent.handle.view();
    let over = |view: &AppView| {
        view.calls.is_empty() && view.recent.iter().any(|past| past.call == last && past.closed)
    };
    let seen = tokio::time::timeout(e2e::PATIENCE, views.wait_for(|view| over(view))).await.is_ok();
    let view = agent.handle.view().borrow().clone();
    let (on, past) = (&view.calls, view.recent.iter().find(|past| past.call == last));
    let newest = view.recent.first().map(|past| &past.call);
    assert!(
        seen,
        "{} never saw {last} end: {past:#?}; on {on:#?}; newest {newest:?}; {:?}",
        agent.extension, view.pbx
    );
}
