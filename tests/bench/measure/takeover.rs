//! Two gateways on one PostgreSQL server, and the one that serves is killed while calls are on: what becomes of them in
//! Desk, and how soon the other one serves. Must not look into the processes.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use deskring_gateway::{Extension, Place, Server, State, wall_seconds};
use deskring_simulator::{
    CLIENT_ID, CLIENT_SECRET, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, Options, Simulator,
};
use e2e::marked;
use e2e::postgres::Postgres;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::Effort;
use super::figure::{COUNT, Figure, Limit};
use super::process::{Program, until, until_within};

const TAKEOVER_SECONDS: f64 = 10.0;
const AGENTS: u32 = 50;
const CALLERS: u32 = 100;
/// More calls of one second than this, and nobody can tell which of them are in Desk already.
const PACE: Duration = Duration::from_millis(35);
const MODULES: [&str; 2] = ["tickets", "calls"];
/// Nothing more is written for so long: that was all.
const AT_REST: Duration = Duration::from_secs(120);

/// The leader is killed with all calls begun, half of them over, and about to be written.
pub(crate) async fn takeover(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let house = House::build().await?;
    let leader = house.gateway()?;
    house.is_served().await?;
    let second = house.gateway()?;
    // Calls of the second in which the leader begins are the agents' apps'.
    let now = wall_seconds();
    until("has a second passed", async || (wall_seconds() > now + 1).then_some(())).await?;

    let pbx = house.simulator.pbx();
    let mut calls = Vec::new();
    let mut pace = tokio::time::interval(PACE);
    for at in 0..effort.calls_on {
        pace.tick().await;
        let extension = extension(at % AGENTS);
        let call = pbx.call_in(&number(at % CALLERS), &extension).await;
        if at % 4 > 0 {
            pbx.answer(&call, &extension).await;
        }
        calls.push(call);
    }
    let (before, after) = calls.split_at(calls.len() / 2);
    for call in before {
        pbx.hang_up(call, "caller").await;
    }
    until("does it write", async || house.written().into_iter().any(|written| written > 0).then_some(()))
        .await?;
    leader.kill().await?;
    let killed = Instant::now();
    let (there, away) = after.split_at(after.len() / 2);
    // Some end while nobody serves.
    for call in away {
        pbx.hang_up(call, "caller").await;
    }
    house.is_served().await?;
    let back = killed.elapsed();
    for call in there {
        pbx.hang_up(call, "caller").await;
    }
    house.is_at_rest(calls.len()).await;
    second.end().await?;

    let wanted: BTreeSet<&String> = calls.iter().collect();
    let (mut lost, mut doubled) = (0, 0);
    for module in MODULES {
        let found = marked(&house.simulator, module);
        lost += wanted.iter().filter(|call| !found.contains_key(**call)).count();
        doubled += found.values().map(|times| times - 1).sum::<usize>();
    }
    let how = format!(
        "{} calls begun, half of them just over; each owes a ticket and a call activity; two gateways, one PostgreSQL",
        calls.len()
    );
    Ok(vec![
        Figure::of_value(
            "gateway: records lost or doubled when its leader is killed",
            f64::from(u32::try_from(lost + doubled)?),
            COUNT,
            Limit::AtMost(0.0),
            &how,
        )
        .with(&format!("{lost} lost, {doubled} doubled")),
        Figure::of_value(
            "gateway: from its leader's kill to another one at the PBX",
            back.as_secs_f64(),
            "s",
            Limit::AtMost(TAKEOVER_SECONDS),
            "the same kill, until the other one has subscribed to the PBX's events",
        ),
    ])
}

/// A simulated PBX and Desk, and a database with everybody admitted.
struct House {
    simulator: Simulator,
    postgres: Postgres,
    folder: TempDir,
}

impl House {
    async fn build() -> anyhow::Result<House> {
        let simulator = Simulator::start(Options::default()).await?;
        let postgres = Postgres::start().await;
        simulator.desk().set(|switches| switches.credits_left = 10_000_000);
        for at in 0..CALLERS {
            let contact = json!({ "lastName": format!("Person {at}"), "phone": format!("+{}", number(at)) });
            simulator.desk().add_contact(contact);
        }
        let place = Place::Server(Box::new(Server::new(&postgres.url(), None, None)?));
        let state = State::open(&place).await?;
        let mut bindings = Vec::new();
        for at in 0..AGENTS {
            let (extension, email) = (extension(at), format!("a{at}@example.com"));
            simulator.pbx().add_extension(&extension, &format!("Agent {extension}"), &email).await;
            state.add(&Extension::new(&extension), wall_seconds()).await?;
            let agent = json!({ "firstName": "Agent", "lastName": extension, "emailId": email });
            bindings.push(json!({ "extension": extension, "agent_id": simulator.desk().add_agent(agent) }));
        }
        let mut rules = e2e::settings(&simulator);
        let ours = json!({
            "numbers": { "country": "US", "area_code": "", "outside_line_prefix": "" },
            "tickets": { "enabled": true }, "call_log": { "enabled": true }, "bindings": bindings,
        });
        if let (Some(rules), Value::Object(ours)) = (rules.as_object_mut(), ours) {
            rules.extend(ours);
        }
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("desk.json"), rules.to_string())?;
        Ok(House { simulator, postgres, folder })
    }

    /// One more machine.
    fn gateway(&self) -> anyhow::Result<Program> {
        let at = || format!("127.0.0.1:{}", e2e::free_port());
        let agents = at();
        let folder = self.folder.path().join(agents.replace(':', "-"));
        std::fs::create_dir(&folder)?;
        let text = format!(
            "listen = \"{agents}\"\nmonitor = \"{}\"\nstate = {:?}\n[database]\nurl = {:?}\n\
             [pbx]\naddress = {:?}\nclient_id = {CLIENT_ID:?}\n[desk]\nsettings = {:?}\n",
            at(),
            folder.join("state"),
            self.postgres.url(),
            self.simulator.pbx_url(),
            self.folder.path().join("desk.json"),
        );
        let config = folder.join("gateway.toml");
        std::fs::write(&config, text)?;
        let mut command = Command::new(e2e::program("deskring-gateway"));
        command.arg("--config").arg::<&Path>(&config).arg("serve").env("DESKRING_LOG", "warn").envs([
            ("DESKRING_GATEWAY_PBX_SECRET", CLIENT_SECRET),
            ("DESKRING_GATEWAY_DESK_SECRET", DESK_CLIENT_SECRET),
            ("DESKRING_GATEWAY_DESK_REFRESH_TOKEN", DESK_REFRESH_TOKEN),
        ]);
        Program::start(command).context("deskring-gateway")
    }

    async fn is_served(&self) -> anyhow::Result<()> {
        let pbx = self.simulator.pbx();
        until_within(AT_REST, "was the PBX subscribed to", async || {
            (pbx.subscribed_sockets() == 1).then_some(())
        })
        .await
    }

    /// Calls that are in each module.
    fn written(&self) -> [usize; 2] {
        MODULES.map(|module| marked(&self.simulator, module).len())
    }

    /// Until all are there, or nothing comes any more.
    async fn is_at_rest(&self, calls: usize) {
        let mut looks = tokio::time::interval(Duration::from_millis(250));
        let (mut last, mut since) = ([0, 0], Instant::now());
        while last != [calls, calls] && since.elapsed() < AT_REST {
            looks.tick().await;
            let now = self.written();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }
}

fn extension(at: u32) -> String {
    (3001 + at).to_string()
}

/// Kept free for stories.
fn number(at: u32) -> String {
    format!("121255501{at:02}")
}
