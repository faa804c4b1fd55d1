//! What the end-to-end tests share: a profile made for a simulator, an engine on it, and a desktop that only
//! remembers what it was asked to do. Everything but the desktop is real: sockets, files, database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "test support"
)]

#[cfg(target_os = "linux")]
pub mod chromium;
pub mod gateway;
#[cfg(unix)]
pub mod postgres;
#[cfg(target_os = "linux")]
pub mod screen;
#[cfg(target_os = "linux")]
pub mod tray;
mod written;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use deskring_engine::domain::{CallId, Notice, Plan};
use deskring_engine::view::CallView;
use deskring_engine::{
    AppView, Autostart, Command, Desktop, Engine, Handle, Happening, Manner, Paths, SignInEnd, Stopped,
    Window,
};
use deskring_simulator::{
    AGENT_ID, CLIENT_ID, CLIENT_SECRET, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET,
    DESK_REFRESH_TOKEN, ORGANIZATION_ID, Options, Simulator,
};
use deskring_store::{Environment, Keychain, SecretsConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub use self::written::{marked, once_each, unwritten, written};

/// A condition that does not come true within this time has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A simulator, a profile for it, and (usually) a running engine.
pub struct Rig {
    pub simulator: Simulator,
    pub profile: TempDir,
    pub desktop: Arc<Recorder>,
    engine: Option<(Handle, JoinHandle<Stopped>)>,
}

/// Settings that fit a simulator; tests change what they are about.
pub fn settings(simulator: &Simulator) -> Value {
    json!({
        "version": 1,
        "pbx": { "url": simulator.pbx_url(), "client_id": CLIENT_ID, "extensions": ["1001"],
                 "trusted_certificate": simulator.pbx_certificate_sha256() },
        "numbers": { "country": "CN", "area_code": "592", "outside_line_prefix": "" },
        "desk": { "data_center": "custom", "accounts_url": simulator.accounts_url(),
                  "desk_url": simulator.desk_url(), "client_id": DESK_CLIENT_ID,
                  "organization_id": ORGANIZATION_ID, "department_id": DEPARTMENT_ID, "enabled": true },
        "bindings": [{ "extension": "1001", "agent_id": AGENT_ID }],
        "popup": { "mode": "automatic", "trigger": "ring" },
    })
}

pub fn secrets() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("DESKRING_PBX_CLIENT_SECRET".to_owned(), CLIENT_SECRET.to_owned()),
        ("DESKRING_DESK_CLIENT_SECRET".to_owned(), DESK_CLIENT_SECRET.to_owned()),
        ("DESKRING_DESK_REFRESH_TOKEN".to_owned(), DESK_REFRESH_TOKEN.to_owned()),
    ])
}

impl Rig {
    /// Simulator and profile; no engine yet.
    pub async fn idle() -> Rig {
        Rig::idle_with(Options::default()).await
    }

    pub async fn idle_with(options: Options) -> Rig {
        let simulator = Simulator::start(options).await.unwrap();
        let rig = Rig {
            profile: tempfile::tempdir().unwrap(),
            desktop: Arc::new(Recorder::default()),
            engine: None,
            simulator,
        };
        rig.set(|_| {});
        rig
    }

    /// With an engine that is subscribed and signed in.
    pub async fn running() -> Rig {
        Rig::running_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn running_with(change: impl FnOnce(&mut Value)) -> Rig {
        let mut rig = Rig::idle().await;
        rig.set(change);
        rig.start().await;
        rig.ready().await;
        rig
    }

    /// Writes the settings file anew.
    pub fn set(&self, change: impl FnOnce(&mut Value)) {
        let mut settings = settings(&self.simulator);
        change(&mut settings);
        std::fs::write(self.profile.path().join("settings.json"), settings.to_string()).unwrap();
    }

    pub fn paths(&self) -> Paths {
        paths(self.profile.path())
    }

    pub async fn start(&mut self) {
        self.start_with(secrets()).await;
    }

    /// With an index of people, for which there is no keychain here.
    pub async fn start_indexing(&mut self) {
        let mut secrets = secrets();
        secrets.insert("DESKRING_INDEX_KEY".to_owned(), "0123456789abcdef".repeat(4));
        self.start_with(secrets).await;
    }

    /// With these secrets in its environment and no others.
    pub async fn start_with(&mut self, secrets: BTreeMap<String, String>) {
        let environment = secrets.into_iter().map(|(name, value)| (name, value.into())).collect();
        let config = SecretsConfig {
            keychain: Keychain::Off,
            environment: Environment::Given(environment),
            ..SecretsConfig::new(self.profile.path(), "deskring-test")
        };
        let engine = Engine::prepare_with(self.paths(), config, self.desktop.clone()).unwrap();
        let handle = engine.handle();
        self.engine = Some((handle, tokio::spawn(engine.run())));
    }

    /// Both links up.
    pub async fn ready(&self) {
        self.view_where(|view| is_up(&view.pbx.state) && is_up(&view.desk.state)).await;
        self.simulator.pbx().wait_subscribed(1).await;
    }

    pub async fn stop(&mut self) {
        if let Some((handle, task)) = self.engine.take() {
            handle.stop().await;
            tokio::time::timeout(PATIENCE, task).await.expect("the engine stops").unwrap();
        }
    }

    /// As `kill -9` does it: nothing is told to end.
    pub async fn kill(&mut self) {
        if let Some((_, task)) = self.engine.take() {
            task.abort();
            let _ = task.await;
        }
    }

    pub fn handle(&self) -> Handle {
        self.engine.as_ref().expect("an engine runs").0.clone()
    }

    pub async fn send(&self, command: Command) {
        assert!(self.handle().send(command).await);
    }

    /// Waits for a view.
    pub async fn view_where(&self, wanted: impl Fn(&AppView) -> bool) -> Arc<AppView> {
        let mut views = self.handle().view();
        let found = tokio::time::timeout(PATIENCE, async {
            views.wait_for(|view| wanted(view)).await.expect("the engine runs").clone()
        });
        match found.await {
            Ok(view) => view,
            Err(_) => panic!("the view never came; it is {:#?}", self.handle().view().borrow()),
        }
    }

    /// Waits until a call is closed and gives its last word.
    pub async fn closed(&self, call: &str) -> CallView {
        let view = self
            .view_where(|view| view.recent.iter().any(|recent| recent.call == call && recent.closed))
            .await;
        view.recent.iter().find(|recent| recent.call == call).unwrap().clone()
    }

    /// Waits for a phase of a call.
    pub async fn phase(&self, call: &str, phase: &str) {
        self.view_where(|view| {
            view.calls.iter().chain(&view.recent).any(|known| known.call == call && known.phase == phase)
        })
        .await;
    }

    /// A contact with this number in `mobile`; returns its page.
    pub fn contact(&self, name: &str, mobile: &str) -> String {
        let id = self.simulator.desk().add_contact(json!({ "lastName": name, "mobile": mobile }));
        self.simulator.desk().web_url(&id)
    }
}

/// The paths of a profile whose socket lies inside it, so that tests cannot meet.
pub fn paths(profile: &Path) -> Paths {
    let profile = profile.canonicalize().unwrap();
    Paths { runtime: profile.join("run"), policy: profile.join("policy.json"), profile }
}

fn is_up(state: &deskring_engine::view::LinkState) -> bool {
    *state == deskring_engine::view::LinkState::Up
}

/// A desktop that does nothing and remembers everything.
#[derive(Default)]
pub struct Recorder {
    state: Mutex<Recorded>,
    changed: Notify,
}

#[derive(Default, Clone)]
pub struct Recorded {
    pub opened: Vec<(String, Instant)>,
    pub notices: Vec<(Notice, Instant)>,
    /// Of each notice.
    pub manners: Vec<Manner>,
    pub withdrawn: Vec<String>,
    pub windows: usize,
    pub autostart: Vec<Autostart>,
    pub log: Vec<String>,
    /// Makes the browser fail.
    pub browser_broken: bool,
}

impl Recorder {
    pub fn now(&self) -> Recorded {
        self.state.lock().unwrap().clone()
    }

    pub fn opened(&self) -> Vec<String> {
        self.now().opened.into_iter().map(|(address, _)| address).collect()
    }

    pub fn break_browser(&self) {
        self.state.lock().unwrap().browser_broken = true;
    }

    /// Waits until what was recorded satisfies the condition.
    pub async fn wait_for(&self, what: &str, wanted: impl Fn(&Recorded) -> bool) -> Recorded {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                let now = self.now();
                if wanted(&now) {
                    return now;
                }
                changed.await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(recorded) => recorded,
            Err(_) => panic!("never {what}; the log is {:#?}", self.now().log),
        }
    }

    fn note(&self, change: impl FnOnce(&mut Recorded)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_waiters();
    }
}

impl Desktop for Recorder {
    fn open(&self, address: &str) -> Result<(), String> {
        if self.now().browser_broken {
            return Err("no browser".into());
        }
        self.note(|recorded| recorded.opened.push((address.to_owned(), Instant::now())));
        Ok(())
    }

    fn notify(&self, notice: &Notice, _: &Plan, manner: Manner) {
        self.note(|recorded| {
            recorded.notices.push((notice.clone(), Instant::now()));
            recorded.manners.push(manner);
        });
    }

    fn withdraw(&self, call: &CallId) {
        self.note(|recorded| recorded.withdrawn.push(call.as_str().to_owned()));
    }

    fn happened(&self, happening: &Happening<'_>) {
        let line = match happening {
            Happening::Pbx(link) => format!("pbx {:?} {:?}", link.state, link.cause),
            Happening::Desk(link) => format!("desk {:?} {:?}", link.state, link.cause),
            Happening::Call(call) => format!("call {} {} {}", call.call, call.phase, call.why.code),
            Happening::Checked(findings) => format!("checked {findings:?}"),
        };
        self.note(|recorded| recorded.log.push(line));
    }

    fn show_window(&self, _: Window) {
        self.note(|recorded| recorded.windows += 1);
    }

    fn sign_in_page(&self, end: SignInEnd) -> String {
        format!("<!doctype html><title>{}</title>", end.code())
    }

    fn set_autostart(&self, autostart: Autostart) -> Result<(), &'static str> {
        self.note(|recorded| recorded.autostart.push(autostart));
        Ok(())
    }
}

/// Waits until something outside the engine's view has come true, looking often.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let reached = async {
        while !condition() {
            looks.tick().await;
        }
    };
    if tokio::time::timeout(PATIENCE, reached).await.is_err() {
        panic!("never {what}");
    }
}

/// Waits for what only asking can tell, and gives it.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(25));
        loop {
            pause.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// A token store that outlives the client, as the profile does.
#[derive(Default)]
pub struct Memory(Mutex<Option<deskring_yeastar::TokenPair>>);

impl Memory {
    pub fn new() -> Arc<Memory> {
        Arc::default()
    }

    pub fn pair(&self) -> Option<deskring_yeastar::TokenPair> {
        self.0.lock().unwrap().clone()
    }
}

impl deskring_yeastar::TokenStore for Memory {
    fn load(&self) -> Option<deskring_yeastar::TokenPair> {
        self.pair()
    }

    fn save(&self, pair: &deskring_yeastar::TokenPair) {
        *self.0.lock().unwrap() = Some(pair.clone());
    }

    fn clear(&self) {
        *self.0.lock().unwrap() = None;
    }
}

/// What a PBX client of the simulator's application needs, with the vendor's own timings.
pub fn pbx_config(simulator: &Simulator) -> deskring_yeastar::Config {
    deskring_yeastar::Config {
        address: deskring_yeastar::Address::parse(&simulator.pbx_url()).unwrap(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned().into(),
        trusted_certificate: simulator.pbx_certificate_sha256().map(|hex| hex.parse().unwrap()),
        others: Vec::new(),
        timings: deskring_yeastar::Timings::default(),
    }
}

/// A port for the browser's return, free on both addresses of localhost, and below those that the system hands out, so
/// that no other connection has it by chance.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 10_000 + u16::try_from(std::process::id() % 20_000).unwrap();
    loop {
        let port = start + NEXT.fetch_add(1, Ordering::SeqCst);
        if is_free(port) {
            return port;
        }
    }
}

/// Whether nobody listens on a port of localhost.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        && TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok()
}

/// A program of this workspace, built by `./dev test` before the tests run.
pub fn program(name: &str) -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built: run ./dev test, or cargo build --workspace first",
        path.display()
    );
    path
}

/// A program of ours on a rig's profile, in English, with the rig's secrets, without the user's keychain, and
/// with a browser that only writes down what it is asked to open: see [`opened`].
pub fn on_profile(rig: &Rig, name: &str, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(program(name));
    command.arg("--profile").arg(rig.profile.path()).args(arguments);
    surround(&mut command, rig);
    command
}

/// What [`on_profile`] gives a program besides arguments, for a program that starts ours.
pub fn surround(command: &mut tokio::process::Command, rig: &Rig) {
    command
        .envs(secrets())
        .env("DESKRING_KEYCHAIN", "off")
        .env("BROWSER", browser(rig))
        .env("LANG", "en_US.UTF-8")
        .env("LC_ALL", "en_US.UTF-8")
        // The socket inside the profile, where the rig expects it.
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
}

/// What the browser of [`on_profile`] was asked to open.
pub fn opened(rig: &Rig) -> Vec<String> {
    std::fs::read_to_string(opened_file(rig)).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn opened_file(rig: &Rig) -> PathBuf {
    rig.profile.path().join("opened.txt")
}

fn browser(rig: &Rig) -> PathBuf {
    let path = rig.profile.path().join("browser");
    if !path.exists() {
        let log = opened_file(rig);
        std::fs::write(&path, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >>'{}'\n", log.display())).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    path
}
