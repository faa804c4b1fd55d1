//! `deskring-gateway` as a process between the simulated PBX and ten thousand agents, who are no more than a socket each
//! and listen here. Must not look into the process other than the system does.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use deskring_gateway::{Config, Extension, State, wall_seconds};
use deskring_redact::ExposeSecret;
use deskring_simulator::{CLIENT_ID, CLIENT_SECRET, Options, Simulator};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use super::Effort;
use super::figure::{COUNT, Figure, Limit, Times};
use super::process::{self, Program, until_within};

const EVENTS_PER_SECOND: u32 = 2_000;
const TICKS: u32 = 50;
/// As in a whole call: it rings, is answered, the agent leaves, all leave.
const STEPS: [(&str, &str); 4] =
    [("ALERT", "RING"), ("ANSWERED", "ANSWER"), ("ANSWERED", "BYE"), ("BYE", "BYE")];
const FAN_OUT_MS: f64 = 20.0;
const IDLE_KIB: f64 = 20.0;
const BACK_SECONDS: f64 = 60.0;
/// Apps come back spread over so many seconds.
const SPREAD: f64 = 10.0;
const HASHES_AT_ONCE: usize = 4;
const HEARTBEAT: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(120);

/// Memory of agents at rest, the way of an event, and everybody's return after a kill.
pub(crate) async fn gateway(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let house = House::build(effort.agents).await?;
    let mut program = house.start().await?;
    let empty = process::memory(program.pid)?;
    let listening = Arc::new(Listening::default());
    let mut agents = JoinSet::new();
    for (extension, token) in &house.tokens {
        let agent = Agent { address: house.address, extension: extension.clone(), token: token.clone() };
        agents.spawn(agent.listen(listening.clone(), effort.agents));
    }
    listening.all(effort.agents).await?;
    tokio::time::sleep(effort.idle).await;
    let full = process::memory(program.pid)?;
    listening.is_spread.store(true, Ordering::Relaxed);

    let used = process::processor(program.pid)?;
    let began = Instant::now();
    let sent = house.storm(&listening, effort.storm_seconds).await;
    let lasted = began.elapsed();
    until_within(PATIENCE, "heard everybody everything", async || {
        (listening.heard.load(Ordering::Relaxed) >= sent).then_some(())
    })
    .await
    .ok();
    let used = process::processor(program.pid)?.saturating_sub(used);
    let heard = listening.heard.load(Ordering::Relaxed);

    program.kill().await?;
    let killed = Instant::now();
    program = house.start().await?;
    listening.all(effort.agents).await?;
    let back = killed.elapsed();
    agents.shutdown().await;
    program.end().await?;

    let people = f64::from(u32::try_from(effort.agents)?);
    let count = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    let pace = count(sent) / lasted.as_secs_f64();
    let how = format!(
        "{} agents' sockets in this process, `deskring-gateway serve` over plain HTTP",
        effort.agents
    );
    let times = std::mem::take(&mut *lock(&listening.times));
    Ok(vec![
        Figure::of_value(
            "gateway: memory of an idle agent",
            (full.pss - empty.pss) * 1024.0 / people,
            "KiB",
            Limit::AtMost(IDLE_KIB),
            "PSS of the process with everybody subscribed less that with nobody, by agent",
        )
        .with(&format!("{:.1} MiB with everybody, {:.1} MiB with nobody", full.pss, empty.pss)),
        Figure::of_value(
            "gateway: PBX event → agent's socket, p99",
            times.percentile(99),
            "ms",
            Limit::AtMost(FAN_OUT_MS),
            &format!(
                "whole calls to random agents, for {} s; ringing and answering are timed",
                effort.storm_seconds
            ),
        )
        .with(&format!("p50 {:.2} ms, max {:.2} ms", times.percentile(50), times.percentile(100))),
        Figure::of_value(
            "gateway: pace of the events",
            pace,
            "events/s",
            Limit::AtLeast(f64::from(EVENTS_PER_SECOND) * 0.98),
            &format!("{how}; {:.0} % of a core", used.as_secs_f64() / lasted.as_secs_f64() * 100.0),
        ),
        Figure::of_value(
            "gateway: events lost or told to another extension",
            count(sent.abs_diff(heard) + listening.wrong.load(Ordering::Relaxed)),
            COUNT,
            Limit::AtMost(0.0),
            &format!("of {sent} events; each agent looks for its own extension in every frame"),
        ),
        Figure::of_value(
            "gateway: from its kill to everybody subscribed again",
            back.as_secs_f64(),
            "s",
            Limit::AtMost(BACK_SECONDS),
            &format!("agents come back spread over {SPREAD} s, as the apps do"),
        ),
    ])
}

/// A simulated PBX, a state folder with everybody admitted, a port.
struct House {
    simulator: Simulator,
    folder: TempDir,
    address: SocketAddr,
    monitor: SocketAddr,
    /// Extension and access token.
    tokens: Vec<(String, String)>,
}

impl House {
    async fn build(agents: usize) -> anyhow::Result<House> {
        let simulator = Simulator::start(Options::default()).await?;
        let at = || SocketAddr::from(([127, 0, 0, 1], e2e::free_port()));
        let mut house = House {
            simulator,
            folder: tempfile::tempdir()?,
            address: at(),
            monitor: at(),
            tokens: Vec::new(),
        };
        let text = format!(
            "listen = \"{}\"\nmonitor = \"{}\"\nstate = {:?}\n[pbx]\naddress = {:?}\nclient_id = {CLIENT_ID:?}\n",
            house.address,
            house.monitor,
            house.folder.path().join("state"),
            house.simulator.pbx_url(),
        );
        std::fs::write(house.config(), &text)?;
        let config = Config::read(&text, &BTreeMap::new())?;
        let state = State::open(&config.database(&BTreeMap::new())?).await?;
        // Each takes two password hashes with their memory: few at once.
        let mut admitted = futures_util::stream::iter(0..agents)
            .map(|number| admit(state.clone(), (10_000 + number).to_string()))
            .buffer_unordered(HASHES_AT_ONCE);
        while let Some(one) = admitted.next().await {
            house.tokens.push(one?);
        }
        drop(admitted);
        Ok(house)
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("gateway.toml")
    }

    async fn start(&self) -> anyhow::Result<Program> {
        let mut command = Command::new(e2e::program("deskring-gateway"));
        command.arg("--config").arg::<&Path>(&self.config()).arg("serve");
        command.env("DESKRING_GATEWAY_PBX_SECRET", CLIENT_SECRET).env("DESKRING_LOG", "warn");
        let program = Program::start(command).context("deskring-gateway")?;
        self.simulator.pbx().wait_subscribed(1).await;
        Ok(program)
    }

    /// Whole calls to random agents; how many events there were.
    async fn storm(&self, listening: &Listening, seconds: u32) -> u64 {
        let pbx = self.simulator.pbx();
        let mut pace = tokio::time::interval(Duration::from_secs(1) / TICKS);
        let calls_in_tick = EVENTS_PER_SECOND / TICKS / 4;
        let mut number = 0_u32;
        let mut under_way: Vec<Vec<(u32, String)>> = Vec::new();
        // In each tick new calls begin, and those of the three before go on.
        for tick in 0..seconds * TICKS + 3 {
            pace.tick().await;
            let mut fresh = Vec::new();
            if tick < seconds * TICKS {
                for _ in 0..calls_in_tick {
                    let at = number.wrapping_mul(2_654_435_761) as usize % self.tokens.len().max(1);
                    let extension =
                        self.tokens.get(at).map(|(extension, _)| extension.clone()).unwrap_or_default();
                    fresh.push((number, extension));
                    number += 1;
                }
            }
            under_way.insert(0, fresh);
            under_way.truncate(STEPS.len());
            for (step, calls) in under_way.iter().enumerate() {
                let Some((inbound, status)) = STEPS.get(step) else { continue };
                for (call, extension) in calls {
                    if step < 2 {
                        lock(&listening.sent).insert((*call, *status), Instant::now());
                    }
                    pbx.send_event(30011, event(*call, extension, inbound, status)).await;
                }
            }
        }
        u64::from(number) * STEPS.len() as u64
    }
}

async fn admit(state: State, extension: String) -> anyhow::Result<(String, String)> {
    let credentials = state.add(&Extension::new(&extension), wall_seconds()).await?;
    let granted = state.grant(&credentials.client, &credentials.secret, wall_seconds()).await;
    let (_, pair) = granted.map_err(|refused| anyhow::anyhow!("{refused}"))?;
    Ok((extension, pair.access.expose_secret().to_owned()))
}

fn event(call: u32, extension: &str, inbound: &str, status: &str) -> Value {
    json!({ "call_id": format!("1790000000.{call}"), "members": [
        { "inbound": { "from": "+12125550100", "to": "5503300", "trunk_name": "Trunk", "call_path": "",
            "channel_id": format!("PJSIP/trunk-{call:08x}"), "member_status": inbound } },
        { "extension": { "number": extension, "channel_id": format!("PJSIP/{extension}-{call:08x}"),
            "member_status": status, "call_path": "" } },
    ] })
}

/// What all agents know together.
#[derive(Default)]
struct Listening {
    subscribed: AtomicUsize,
    /// Whether those who lost their socket wait before they come back.
    is_spread: AtomicBool,
    sent: Mutex<HashMap<(u32, &'static str), Instant>>,
    times: Mutex<Times>,
    heard: AtomicU64,
    wrong: AtomicU64,
}

impl Listening {
    async fn all(&self, agents: usize) -> anyhow::Result<()> {
        until_within(PATIENCE, "subscribed everybody", async || {
            (self.subscribed.load(Ordering::Relaxed) == agents).then_some(())
        })
        .await
    }

    fn heard(&self, me: &str, text: &str) {
        let now = Instant::now();
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
        let msg = match frame.get("msg") {
            Some(Value::String(msg)) => serde_json::from_str(msg).unwrap_or_default(),
            Some(msg) => msg.clone(),
            None => return,
        };
        let members = msg.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        let mine = members.iter().find_map(|member| {
            member.get("extension").filter(|extension| extension.get("number") == Some(&json!(me)))
        });
        let Some(mine) = mine else {
            self.wrong.fetch_add(1, Ordering::Relaxed);
            return;
        };
        self.heard.fetch_add(1, Ordering::Relaxed);
        let call =
            msg.get("call_id").and_then(Value::as_str).and_then(|id| id.split_once('.')?.1.parse().ok());
        let status = mine.get("member_status").and_then(Value::as_str).unwrap_or_default();
        let step = STEPS.iter().find(|(_, known)| *known == status);
        if let (Some(call), Some((_, status))) = (call, step)
            && let Some(sent) = lock(&self.sent).remove(&(call, *status))
        {
            lock(&self.times).push(now.duration_since(sent));
        }
    }
}

struct Agent {
    address: SocketAddr,
    extension: String,
    token: String,
}

impl Agent {
    /// Until it is aborted.
    async fn listen(self, listening: Arc<Listening>, agents: usize) {
        let at: f64 = self.extension.parse().unwrap_or(0.0);
        #[allow(clippy::cast_precision_loss, reason = "nobody has 2^52 agents")]
        let place = (at - 10_000.0) / agents as f64;
        // Not all within one moment at the beginning either: the system's queue for new connections is short.
        tokio::time::sleep(Duration::from_secs_f64(place * SPREAD)).await;
        loop {
            let listened = self.once(&listening).await;
            if listened.is_ok() {
                listening.subscribed.fetch_sub(1, Ordering::Relaxed);
            }
            let spread = if listening.is_spread.load(Ordering::Relaxed) { place * SPREAD } else { 0.0 };
            tokio::time::sleep(Duration::from_secs_f64(0.2 + spread)).await;
        }
    }

    /// An error when it never was subscribed.
    async fn once(&self, listening: &Listening) -> anyhow::Result<()> {
        let url = format!("ws://{}/openapi/v1.0/subscribe?access_token={}", self.address, self.token);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await?;
        socket.send(Message::text(r#"{"topic_list":[30011]}"#)).await?;
        let answer = socket.next().await.context("an answer")??;
        ensure!(answer.to_text()?.contains("SUCCESS"), "not subscribed");
        listening.subscribed.fetch_add(1, Ordering::Relaxed);
        let mut beat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                _ = beat.tick() => if socket.send(Message::text("heartbeat")).await.is_err() { return Ok(()) },
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) if text.starts_with('{') => listening.heard(&self.extension, &text),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                    Some(Ok(_)) => {}
                },
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
