//! Writing to Zoho Desk for all agents: one engine without a person.
//!
//! Owns: that engine, its profile folder, whose calls it writes and since when. It hears what the gateway hears over the
//! PBX's one link, and asks with the gateway's own client: it has no credential of its own, so there is none that an
//! agent could come by. Must not know: what is owed for a call, HTTP.
//!
//! Since when it writes is a second on the PBX's clock, and a call's id begins with one: calls that began before it are
//! the agents' apps', those from then on are the writer's. So nobody has to hand anything over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use deskring_engine::domain::{CallId, Notice, Plan, RecordKind};
use deskring_engine::view::{LinkView, record_kind};
use deskring_engine::{
    AppView, Command, Desktop, Engine, Handle, Happening, Line, Manner, Mirror, Paths, Secret, SignInEnd,
    Stopped,
};
use deskring_local_api::Server;
use deskring_wording::{Language, Words};
use deskring_yeastar::{CentralWriting, Feed, Note, Pbx, RecordMade};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::book::Extension;
use crate::config::{Config, DeskConfig};
use crate::database::{self, Place};
use crate::hub::Hub;
use crate::lease::{Lease, Term};
use crate::metrics::Metrics;
use crate::shared::{self, Shared};
use crate::state::{State, keep_in};

/// Events that may wait for the engine. It writes each to the disk, and a disk may stand still for a while.
const WAITING: usize = 64 << 10;
/// Agents are added by another program: this often it is looked who there is.
const LOOK: Duration = Duration::from_secs(2);
/// How soon a database is asked again that did not answer.
const AGAIN: Duration = Duration::from_millis(250);
/// Longest wait for the engine at the end. What it does not finish, its next run finds.
const GOODBYE: Duration = Duration::from_secs(5);
/// Name of what is kept about since when it writes.
const TURN: &str = "desk_writes";

/// Where the writer's profile is.
pub fn writer_paths(state: &Path) -> Paths {
    let profile = state.join("writer");
    Paths { runtime: profile.join("run"), policy: profile.join("policy.json"), profile }
}

/// What it takes to write, whenever it is our turn.
pub(crate) struct Writing {
    desk: Option<Desk>,
    state: State,
    lease: Lease,
    place: Place,
    pbx: Pbx,
    metrics: Arc<Metrics>,
}

struct Desk {
    hub: Hub,
    profile: Arc<Profile>,
    secrets: BTreeMap<String, Secret>,
    writes: bool,
}

/// The writer while it is our turn, for those who ask something of it.
#[derive(Default)]
pub(crate) struct Slot(Mutex<Option<Arc<Writer>>>);

/// The engine that writes. Ends with [`Writer::stop`], or at once when nobody has it any more.
pub(crate) struct Writer {
    handle: Handle,
    profile: Arc<Profile>,
    look: Arc<Notify>,
    /// Told when its file is behind what is shared, and it must begin anew.
    behind: Option<Arc<Notify>>,
    running: Mutex<Option<Running>>,
}

struct Running {
    engine: JoinHandle<Stopped>,
    /// What runs beside it.
    beside: Vec<JoinHandle<()>>,
    /// The door for the administrator's commands.
    _door: Server,
}

/// What the link says, on its way to the writer; nobody waits for it.
pub(crate) struct Relay {
    state: State,
    lease: Lease,
    term: Term,
    writes: bool,
    feed: Option<mpsc::Sender<Feed>>,
    word: Option<CentralWriting>,
    /// Something did not fit in: it is told all calls anew.
    missed: bool,
}

impl Writing {
    /// As the configuration wants it.
    ///
    /// # Errors
    /// In words for an administrator: what of the settings for Desk cannot be used.
    pub(crate) fn new(
        config: &Config,
        environment: &BTreeMap<String, String>,
        (place, lease, state): (Place, Lease, State),
        pbx: Pbx,
        hub: Hub,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Writing> {
        let desk = match &config.desk {
            None => None,
            Some(desk) => {
                let profile = Arc::new(Profile::of(config, desk));
                // What is wrong with them is said now, and not when it is our turn.
                profile.write_again()?;
                profile
                    .paths
                    .check()
                    .with_context(|| format!("the settings in {}", desk.settings.display()))?;
                Some(Desk { hub, profile, secrets: desk.secrets(environment)?, writes: desk.writes })
            }
        };
        Ok(Writing { desk, state, lease, place, pbx, metrics })
    }

    /// Starts the engine where the configuration has one, and the relay that feeds it, for a term.
    ///
    /// # Errors
    /// The database or the profile cannot be used.
    pub(crate) async fn begin(&self, term: Term) -> anyhow::Result<(Option<Arc<Writer>>, Relay)> {
        let (state, lease) = (self.state.clone(), self.lease.clone());
        let mut relay = Relay { state, lease, term, writes: false, feed: None, word: None, missed: false };
        let Some(desk) = &self.desk else { return Ok((None, relay)) };
        let (feed, events) = mpsc::channel(WAITING);
        (relay.feed, relay.writes) = (Some(feed), desk.writes);
        let profile = desk.profile.clone();
        let shared = match &self.place {
            Place::Folder(_) => None,
            Place::Server(_) => {
                shared::take_over(&self.lease, term, &profile.paths.profile).await?;
                Some(Shared::begin(&self.place, &self.lease, term)?)
            }
        };
        profile.write(&admitted(&self.state).await?)?;
        let behind = shared.as_ref().map(Shared::behind);
        let mirror = shared.map(|shared| Arc::new(shared) as Arc<dyn Mirror>);
        let line = Line { client: self.pbx.clone(), feed: events };
        let paths = profile.paths.clone();
        let engine = Engine::of_gateway(
            paths,
            line,
            desk.secrets.clone(),
            mirror,
            Arc::new(Switchboard(desk.hub.clone())),
        );
        let engine = engine.with_context(|| format!("the settings in {}", profile.settings.display()))?;
        let handle = engine.handle();
        for problem in &handle.view().borrow().problems {
            tracing::warn!(key = problem.key, code = problem.code, "the settings for Desk have a mistake");
        }
        let door = Server::start(handle.clone(), &profile.paths).context("the writer's socket")?;
        let look = Arc::new(Notify::new());
        let follow = follow(profile.clone(), self.state.clone(), handle.clone(), look.clone());
        let mut beside =
            vec![tokio::spawn(follow), tokio::spawn(count(handle.clone(), self.metrics.clone()))];
        if behind.is_some() {
            beside.push(tokio::spawn(share_sign_in(profile.clone(), self.lease.clone(), term)));
        }
        let running = Running { engine: tokio::spawn(engine.run()), beside, _door: door };
        let running = Mutex::new(Some(running));
        Ok((Some(Arc::new(Writer { handle, profile, look, behind, running })), relay))
    }
}

impl Slot {
    /// The one of our turn.
    pub(crate) fn get(&self) -> Option<Arc<Writer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another one, or none; the one of before.
    pub(crate) fn put(&self, writer: Option<Arc<Writer>>) -> Option<Arc<Writer>> {
        std::mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), writer)
    }
}

impl Writer {
    /// Waits until it must begin anew.
    pub(crate) async fn is_behind(&self) {
        match &self.behind {
            Some(behind) => behind.notified().await,
            None => std::future::pending().await,
        }
    }

    /// This extension's agent has come: its calls are written from now on, and not only when somebody looks again.
    pub(crate) fn meet(&self, extension: &Extension) {
        let known = self.profile.extensions.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(extension.as_str()) {
            self.look();
        }
    }

    /// There may be other agents than before.
    pub(crate) fn look(&self) {
        self.look.notify_one();
    }

    /// Reads the administrator's settings again.
    ///
    /// # Errors
    /// They cannot be used; those of before stay in force.
    pub(crate) async fn reload(&self) -> anyhow::Result<()> {
        self.profile.write_again()?;
        self.handle.send(Command::Reload).await;
        Ok(())
    }

    /// What an agent said of a call of theirs. Whether it was taken.
    pub(crate) async fn note(&self, of: &Extension, note: Note) -> bool {
        let Note { call, disposition, text: note } = note;
        // Kept with the extension's own part of the call, where there is one: nobody can speak for another.
        self.handle.send(Command::WrapUp { call, extension: of.as_str().to_owned(), disposition, note }).await
    }

    /// Ends it in good order. What is under way is found by the next run.
    pub(crate) async fn stop(&self) {
        let Some(Running { mut engine, beside, .. }) = self.take() else { return };
        beside.iter().for_each(JoinHandle::abort);
        self.handle.stop().await;
        if tokio::time::timeout(GOODBYE, &mut engine).await.is_err() {
            engine.abort();
        }
    }

    /// Ends it at once: it is somebody else's turn. Waits until nothing of it runs any more.
    pub(crate) async fn abandon(&self) {
        let Some(Running { engine, beside, .. }) = self.take() else { return };
        beside.iter().for_each(JoinHandle::abort);
        engine.abort();
        let _ = tokio::time::timeout(GOODBYE, engine).await;
    }

    fn take(&self) -> Option<Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(running) = self.take() {
            running.engine.abort();
            running.beside.iter().for_each(JoinHandle::abort);
        }
    }
}

impl Relay {
    /// The PBX is there: who writes from now on. `pbx_s` is its clock, in seconds since 1970. Waits for a database that is
    /// away: nobody is told anything that a restart would not know.
    pub(crate) async fn turn(&mut self, pbx_s: i64) -> Option<CentralWriting> {
        let turn = loop {
            match self.kept_turn(pbx_s).await {
                Ok(turn) => break turn,
                Err(error) => tracing::warn!(%error, "since when the gateway writes is not known"),
            }
            tokio::time::sleep(AGAIN).await;
        };
        self.word = turn.map(|Turn { since_s, until_s }| CentralWriting { since_s, until_s });
        self.word
    }

    async fn kept_turn(&self, pbx_s: i64) -> Result<Option<Turn>, database::Error> {
        let before = self.state.kept(TURN).await?;
        let before = before.and_then(|text| serde_json::from_str::<Turn>(&text).ok());
        let turn = Turn::after(before, self.writes, pbx_s);
        if turn != before {
            // Without it a restart would take calls from the agents that they have begun to write.
            let text = turn.and_then(|turn| serde_json::to_string(&turn).ok());
            keep_in(&self.lease, self.term, TURN, text.as_deref()).await?;
        }
        Ok(turn)
    }

    /// Hands it on, before the hub hears it.
    pub(crate) fn tell(&mut self, feed: &Feed, hub: &Hub) {
        let Some(writer) = &self.feed else { return };
        if self.missed && hub.is_up() && writer.capacity() > writer.max_capacity() / 2 {
            let up = Feed::Up { calls: hub.calls(), central: self.word };
            self.missed = writer.try_send(up).is_err();
        }
        if !self.missed && writer.try_send(feed.clone()).is_err() {
            self.missed = true;
            tracing::warn!("the writer does not keep up; it will be told all calls anew");
        }
    }
}

/// Since when it writes, and until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Turn {
    since_s: i64,
    until_s: Option<i64>,
}

impl Turn {
    /// From the second that follows: a call of this one may have been seen by an agent's app already.
    fn after(before: Option<Turn>, writes: bool, now_s: i64) -> Option<Turn> {
        match before {
            Some(Turn { until_s: None, .. }) if writes => before,
            Some(Turn { since_s, until_s: None }) => {
                Some(Turn { since_s, until_s: Some(since_s.max(now_s + 1)) })
            }
            _ if writes => Some(Turn { since_s: now_s + 1, until_s: None }),
            // What is left of it is still written.
            before => before,
        }
    }
}

/// The profile folder: the administrator's settings, with the gateway's own over them.
struct Profile {
    paths: Paths,
    settings: PathBuf,
    pbx: Map<String, Value>,
    extensions: Mutex<BTreeSet<String>>,
}

impl Profile {
    fn of(config: &Config, desk: &DeskConfig) -> Profile {
        Profile {
            paths: writer_paths(&config.state),
            settings: desk.settings.clone(),
            pbx: [
                ("url", Some(&config.pbx.address)),
                ("client_id", Some(&config.pbx.client_id)),
                ("trusted_certificate", config.pbx.certificate_sha256.as_ref()),
            ]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), json!(value)))
            .collect(),
            extensions: Mutex::default(),
        }
    }

    /// For these extensions. Whether that is news.
    fn write(&self, extensions: &BTreeSet<String>) -> anyhow::Result<bool> {
        let mut known = self.extensions.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == *extensions && self.paths.policy.exists() {
            return Ok(false);
        }
        self.put(extensions)?;
        known.clone_from(extensions);
        Ok(true)
    }

    fn write_again(&self) -> anyhow::Result<()> {
        self.put(&self.extensions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, extensions: &BTreeSet<String>) -> anyhow::Result<()> {
        let name = self.settings.display();
        let text = fs::read_to_string(&self.settings);
        let text = text.with_context(|| format!("cannot read desk.settings {name}"))?;
        let foreign = || format!("desk.settings {name} is not what Deskring exports");
        let exported: Map<String, Value> = serde_json::from_str(&text).with_context(foreign)?;
        let mut settings = without_nothing(exported);
        let mut pbx = self.pbx.clone();
        pbx.insert("extensions".to_owned(), json!(extensions));
        settings.insert("pbx".to_owned(), pbx.into());
        let desk = settings.entry("desk").or_insert_with(|| json!({}));
        desk.as_object_mut().with_context(foreign)?.insert("enabled".to_owned(), json!(true));
        // Nobody sits here.
        settings.insert("popup".to_owned(), json!({ "mode": "off" }));
        settings.insert("general".to_owned(), json!({ "start_at_login": false }));
        let folder = &self.paths.profile;
        replace(folder, &self.paths.policy, &settings)
            .with_context(|| format!("cannot write to {}", folder.display()))
    }
}

/// Keys that were never set are left to be set here, such as the organization that is signed in to.
fn without_nothing(map: Map<String, Value>) -> Map<String, Value> {
    let set = map.into_iter().filter(|(_, value)| !value.is_null());
    set.map(|(key, value)| match value {
        Value::Object(section) => (key, without_nothing(section).into()),
        value => (key, value),
    })
    .collect()
}

fn replace(folder: &Path, file: &Path, content: &Map<String, Value>) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let fresh = file.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut written = options.create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
    written.write_all(&serde_json::to_vec(content)?)?;
    written.sync_all()?;
    fs::rename(fresh, file)
}

/// Every extension with a credential.
async fn admitted(state: &State) -> anyhow::Result<BTreeSet<String>> {
    Ok(state.agents().await?.into_iter().map(|agent| agent.extension.as_str().to_owned()).collect())
}

/// Who is admitted has its calls written, from then on.
async fn follow(profile: Arc<Profile>, state: State, handle: Handle, look: Arc<Notify>) {
    loop {
        // Whichever comes first.
        let _ = tokio::time::timeout(LOOK, look.notified()).await;
        match admitted(&state).await.and_then(|extensions| profile.write(&extensions)) {
            Ok(false) => {}
            Ok(true) => {
                handle.send(Command::Reload).await;
            }
            Err(error) => tracing::error!("the writer does not know of all agents: {error:#}"),
        }
    }
}

/// Whoever takes over is signed in as we are.
async fn share_sign_in(profile: Arc<Profile>, lease: Lease, term: Term) {
    let mut known = None;
    loop {
        match shared::share_sign_in(&lease, term, &profile.paths.profile, known.clone()).await {
            Ok(now) => known = now,
            Err(error) => tracing::debug!(%error, "the sign-in to Desk is not shared yet"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Keeps the figures.
async fn count(handle: Handle, metrics: Arc<Metrics>) {
    let mut views = handle.view();
    views.mark_changed();
    while views.changed().await.is_ok() {
        let AppView { outbox, desk, .. } = &**views.borrow_and_update();
        let figure = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        metrics.desk_up.set(i64::from(desk.state == deskring_engine::view::LinkState::Up));
        metrics.outbox_waiting.set(figure(outbox.pending + outbox.blocked));
        metrics.outbox_wedged.set(figure(outbox.wedged));
        metrics.outbox_written.set(figure(outbox.sent));
    }
}

/// A server shows nothing and opens nothing; it tells the agents' apps.
struct Switchboard(Hub);

impl Desktop for Switchboard {
    fn open(&self, _: &str) -> Result<(), String> {
        Err("a server has no browser".to_owned())
    }

    fn notify(&self, _: &Notice, _: &Plan, _: Manner) {}

    fn withdraw(&self, _: &CallId) {}

    fn happened(&self, happening: &Happening<'_>) {
        match happening {
            Happening::Desk(LinkView { state, cause, detail, .. }) => {
                tracing::info!(?state, cause, detail, "the link to Desk");
            }
            // The gateway tells of the PBX itself, and calls are no business of its log.
            Happening::Pbx(_) | Happening::Call(_) | Happening::Checked(_) => {}
        }
    }

    fn record_made(&self, call: &CallId, kind: RecordKind, id: &str) {
        let (call_id, kind) = (call.as_str().to_owned(), record_kind(kind).to_owned());
        self.0.made(RecordMade { call_id, kind, id: id.to_owned() });
    }

    fn sign_in_page(&self, end: SignInEnd) -> String {
        let [title, text] =
            ["sign-in-title", "sign-in-text"].map(|family| deskring_wording::key_of(family, end.code()));
        deskring_wording::page(
            &Words::with_parts(Language::English, &deskring_wording::Part::ALL),
            &title,
            &text,
        )
    }
}

impl DeskConfig {
    /// What the engine would otherwise find in its environment.
    fn secrets(&self, environment: &BTreeMap<String, String>) -> anyhow::Result<BTreeMap<String, Secret>> {
        let mut secrets = BTreeMap::new();
        let mut give = |name: &str, secret: String| secrets.insert(name.to_owned(), Secret::from(secret));
        match (environment.get("DESKRING_GATEWAY_DESK_SECRET"), &self.secret_file) {
            (Some(secret), _) => drop(give("DESKRING_DESK_CLIENT_SECRET", secret.clone())),
            (None, Some(path)) => {
                let secret = crate::config::first_line(path, "desk.secret_file")?;
                drop(give("DESKRING_DESK_CLIENT_SECRET", secret));
            }
            (None, None) => {}
        }
        if let Some(token) = environment.get("DESKRING_GATEWAY_DESK_REFRESH_TOKEN") {
            give("DESKRING_DESK_REFRESH_TOKEN", token.clone());
        }
        Ok(secrets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_writer_that_does_not_keep_up_is_told_all_calls_anew_and_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (feed, mut events) = mpsc::channel(4);
        let place = Place::Folder(folder.path().to_owned());
        let (state, word) = (State::open(&place).await.unwrap(), None);
        let (lease, _) = Lease::new(&place, &database::Database::open(&place).unwrap());
        let term = lease.term().unwrap();
        let mut relay = Relay { state, lease, term, writes: true, feed: Some(feed), word, missed: false };
        let hub = Hub::new(Arc::default());
        hub.up(None, Vec::new());
        let word = relay.turn(1_790_000_000).await;
        let event = |number: usize| {
            let event = deskring_yeastar::Event::Other { kind: i64::try_from(number).unwrap() };
            Feed::Event { event, received: std::time::Instant::now() }
        };
        for number in 0..10 {
            relay.tell(&event(number), &hub);
        }
        for _ in 0..4 {
            assert!(matches!(events.try_recv().unwrap(), Feed::Event { .. }));
        }
        assert!(events.try_recv().is_err(), "the rest was not kept");
        relay.tell(&event(10), &hub);
        let Feed::Up { central, .. } = events.try_recv().unwrap() else { panic!("all calls come first") };
        assert_eq!((central, word.unwrap().since_s), (word, 1_790_000_001));
        assert!(matches!(events.try_recv().unwrap(), Feed::Event { .. }), "then what happens now");
    }

    #[test]
    fn a_turn_begins_and_ends_once_and_outlives_restarts() {
        let on = Turn::after(None, true, 100);
        assert_eq!(on, Some(Turn { since_s: 101, until_s: None }));
        assert_eq!(Turn::after(on, true, 500), on, "a restart");
        let off = Turn::after(on, false, 200);
        assert_eq!(off, Some(Turn { since_s: 101, until_s: Some(201) }));
        assert_eq!(Turn::after(off, false, 900), off, "another restart");
        assert_eq!(Turn::after(off, true, 300), Some(Turn { since_s: 301, until_s: None }));
        assert_eq!(Turn::after(None, false, 100), None);
        // A clock that was set back ends no turn before it began.
        assert_eq!(Turn::after(on, false, 7), Some(Turn { since_s: 101, until_s: Some(101) }));
    }

    #[test]
    fn the_gateways_own_settings_win_and_what_is_not_set_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("desk.json");
        let exported = json!({
            "version": 1, "pbx": { "url": "https://other.example.com", "extensions": ["9"] },
            "desk": { "organization_id": null, "department_id": "7" }, "popup": { "mode": "automatic" },
            "tickets": { "enabled": true },
        });
        fs::write(&settings, exported.to_string()).unwrap();
        let paths = writer_paths(folder.path());
        let pbx = Map::from_iter([("url".to_owned(), json!("https://pbx.example.com:8088"))]);
        let profile = Profile { paths, settings, pbx, extensions: Mutex::default() };
        let extensions = BTreeSet::from(["1001".to_owned()]);
        assert!(profile.write(&extensions).unwrap());
        assert!(!profile.write(&extensions).unwrap(), "no news");
        let written: Value = serde_json::from_slice(&fs::read(&profile.paths.policy).unwrap()).unwrap();
        assert_eq!(written["pbx"]["url"], "https://pbx.example.com:8088");
        assert_eq!(written["pbx"]["extensions"], json!(["1001"]));
        assert_eq!(written["popup"]["mode"], "off");
        assert_eq!(written["desk"], json!({ "department_id": "7", "enabled": true }));
        assert_eq!(written["tickets"]["enabled"], true);
    }
}
