//! The loop: one place that takes what comes in, asks the core, and does what the core wants, in order.
//!
//! Nothing here waits on the network: lookups, tabs and token refreshes run beside the loop and come back as
//! messages. Must not decide anything about a call; that is the core's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use deskring_domain::machine::OpenFailure;
use deskring_domain::{CallId, DeskUse, Effect, Entry, Input, Machine, Match, OpenedBy, Pause};
use deskring_store::{CallRow, CallTimings, Journal, ProfileLock, RecordRef, SecretsConfig};
use deskring_yeastar as pbx;
use deskring_zoho_desk as desk;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::clock::{Clock, wall_ms};
use crate::connect::{self, Connections, Paths};
use crate::desktop::{Desktop, Happening};
use crate::lookup::{self, Found, Lookup, Report};
use crate::view::{AppView, CallView, LinkState, LinkView, PopupView, ProblemView};
use crate::{from_pbx, view};

/// How many finished calls a view carries.
const RECENT: usize = 50;
/// Events wait here when the loop is busy; the socket then waits too, and nothing is dropped.
const FEED: usize = 1024;
/// Taken from the feed in one go before a view is published.
const BATCH: usize = 128;
/// How often the clocks are compared to notice that the machine slept.
const SLEEP_CHECK: Duration = Duration::from_secs(10);
const SLEPT: Duration = Duration::from_secs(3);
/// Pauses before Desk is asked whether it is back; a call asks at once.
const DESK_AGAIN: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(300),
];
/// How long to wait before a locked keychain is asked again.
const KEYCHAIN_AGAIN: Duration = Duration::from_secs(30);
/// Tabs opened longer ago than this belong to no call that could still ring.
const POPS_MATTER_MS: i64 = 24 * 3600 * 1000;
/// Calls are kept this long.
const KEEP_MS: i64 = 30 * 24 * 3600 * 1000;

/// What a person, or a program on their behalf, wants of a running engine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Open the contact of this call, or of the current or last one.
    Open {
        /// The PBX's id of the call.
        call: Option<String>,
    },
    /// No pop-ups for a while, or until resumed.
    Pause {
        /// How long.
        minutes: Option<u32>,
    },
    /// Pop-ups again.
    Resume,
    /// The machine woke up or its network changed: check the links now.
    Wake,
    /// Read the settings file again.
    Reload,
    /// Show the window to the person at the screen.
    Show,
}

/// Why an engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings cannot be used; the text names file, line and key.
    #[error(transparent)]
    Settings(#[from] deskring_store::SettingsError),
    /// Another engine runs on this profile.
    #[error("another Deskring already runs on this profile{}", .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Running {
        /// Its process, when known.
        pid: Option<u32>,
    },
    /// The profile folder cannot be used.
    #[error("the profile folder {path} cannot be used: {source}")]
    Profile {
        /// Which folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The loop ended; every state is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stopped;

/// A way to talk to a running engine. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    messages: mpsc::Sender<Message>,
    view: watch::Receiver<Arc<AppView>>,
}

impl Handle {
    /// The view now, and a way to wait for the next.
    pub fn view(&self) -> watch::Receiver<Arc<AppView>> {
        self.view.clone()
    }

    /// Sends a command. Returns whether the engine still runs.
    pub async fn send(&self, command: Command) -> bool {
        self.messages.send(Message::Command(command)).await.is_ok()
    }

    /// Sends a command from a place that must not wait.
    pub fn try_send(&self, command: Command) -> bool {
        self.messages.try_send(Message::Command(command)).is_ok()
    }

    /// Asks whose number this is, the way a call would, but without the cache.
    ///
    /// # Errors
    /// The code of the cause; `not_running` when the engine has stopped.
    pub async fn look_up(&self, number: String) -> Result<Report, String> {
        let (reply, answer) = oneshot::channel();
        let sent = self.messages.send(Message::LookUp { number, reply }).await;
        if sent.is_err() {
            return Err("not_running".into());
        }
        answer.await.unwrap_or_else(|_| Err("not_running".into()))
    }

    /// Ends the loop; the engine's `run` returns soon.
    pub async fn stop(&self) {
        // An error means that it has ended already.
        let _ = self.messages.send(Message::Stop).await;
    }
}

enum Message {
    Command(Command),
    LookUp { number: String, reply: oneshot::Sender<Result<Report, String>> },
    Stop,
}

/// What comes back from work beside the loop.
enum Back {
    Connected(Box<Connections>),
    Resynced(Result<Vec<pbx::Call>, pbx::Error>),
    LookedUp { call: CallId, number: String, attempt: u8, answer: Result<Vec<Found>, desk::Error> },
    Opened { call: CallId, by: OpenedBy, result: Result<(), String> },
    DeskChecked(Result<connect::Organization, desk::Error>),
}

/// An engine on one profile. Holds the profile's lock while it lives.
pub struct Engine {
    paths: Paths,
    desktop: Arc<dyn Desktop>,
    clock: Clock,
    machine: Machine,
    journal: Option<Journal>,
    handle: Handle,
    messages: mpsc::Receiver<Message>,
    back: mpsc::UnboundedReceiver<Back>,
    back_sender: mpsc::UnboundedSender<Back>,
    view: watch::Sender<Arc<AppView>>,
    pbx: Option<PbxLink>,
    desk: Option<Lookup>,
    pbx_view: LinkView,
    desk_view: LinkView,
    problems: Vec<ProblemView>,
    recent: VecDeque<CallView>,
    said: BTreeMap<(String, String), CallView>,
    desk_again: Option<tokio::time::Instant>,
    desk_attempts: usize,
    reconnect: Option<tokio::time::Instant>,
    pbx_key: u64,
    desk_key: u64,
    secrets: SecretsConfig,
    resyncing: Resync,
    slept: Duration,
    dirty: Dirty,
    _lock: ProfileLock,
}

struct PbxLink {
    client: pbx::Pbx,
    feed: mpsc::Receiver<pbx::Feed>,
    task: JoinHandle<()>,
}

impl Drop for PbxLink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Resync {
    Idle,
    Asked,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dirty {
    No,
    Yes,
}

impl Engine {
    /// Takes the profile's lock, reads settings and history, and prepares a loop. Contacts nobody yet.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn prepare(paths: Paths, desktop: Arc<dyn Desktop>) -> Result<Self, StartError> {
        let secrets = connect::secrets(&paths);
        Self::prepare_with(paths, secrets, desktop)
    }

    /// As [`Engine::prepare`], with secrets from elsewhere.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn prepare_with(
        paths: Paths,
        secrets: SecretsConfig,
        desktop: Arc<dyn Desktop>,
    ) -> Result<Self, StartError> {
        let lock = connect::lock(&paths)?;
        let loaded = deskring_store::settings::load(&paths.profile)?;
        let clock = Clock::start();
        let now_ms = wall_ms();
        let journal = match Journal::open(&paths.profile) {
            Ok(journal) => Some(journal),
            Err(error) => {
                tracing::error!(%error, "the journal cannot be used: calls still pop, nothing is remembered");
                None
            }
        };
        let mut problems = connect::problems(&loaded);
        if journal.is_none() {
            problems.push(ProblemView { key: "deskring.db".into(), code: "journal_unusable".into() });
        } else if journal.as_ref().is_some_and(|journal| journal.set_aside().is_some()) {
            problems.push(ProblemView { key: "deskring.db".into(), code: "journal_was_damaged".into() });
        }
        let (opened, recent) = match &journal {
            Some(journal) => (
                journal.popped_since(now_ms - POPS_MATTER_MS).unwrap_or_default(),
                journal.recent(RECENT).unwrap_or_default(),
            ),
            None => Default::default(),
        };
        if let Some(journal) = &journal
            && let Err(error) = journal.forget_older_than(now_ms - KEEP_MS)
        {
            tracing::warn!(%error, "old calls could not be forgotten");
        }
        let setup = connect::setup(&loaded.settings);
        let machine = Machine::new(setup, opened.into_iter().map(CallId::new));
        let (message_sender, messages) = mpsc::channel(64);
        let (back_sender, back) = mpsc::unbounded_channel();
        let (pbx_view, desk_view) = connect::first_views(&loaded.settings, now_ms);
        let recent: VecDeque<CallView> = recent.iter().filter_map(stored_view).collect();
        let first = AppView {
            version: env!("CARGO_PKG_VERSION").into(),
            pbx: pbx_view.clone(),
            desk: desk_view.clone(),
            extensions: machine.setup().mine.iter().map(|me| me.as_str().to_owned()).collect(),
            popup: PopupView::of(&machine.setup().rules, now_ms),
            calls: Vec::new(),
            recent: recent.iter().cloned().collect(),
            problems: problems.clone(),
        };
        let (view, view_receiver) = watch::channel(Arc::new(first));
        Ok(Self {
            paths,
            desktop,
            clock,
            machine,
            journal,
            handle: Handle { messages: message_sender, view: view_receiver },
            messages,
            back,
            back_sender,
            view,
            pbx: None,
            desk: None,
            pbx_view,
            desk_view,
            problems,
            recent,
            said: BTreeMap::new(),
            desk_again: None,
            desk_attempts: 0,
            reconnect: None,
            pbx_key: 0,
            desk_key: 0,
            secrets,
            resyncing: Resync::Idle,
            slept: Duration::ZERO,
            dirty: Dirty::No,
            _lock: lock,
        })
    }

    /// A way to talk to this engine, before and while it runs.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs until [`Handle::stop`]. Must be called inside a Tokio runtime.
    pub async fn run(mut self) -> Stopped {
        self.connect();
        let mut sleep_check = tokio::time::interval(SLEEP_CHECK);
        sleep_check.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let deadline = self.deadline();
            let (desk_again, reconnect) = (self.desk_again, self.reconnect);
            tokio::select! {
                biased;
                message = self.messages.recv() => match message {
                    Some(Message::Stop) | None => break,
                    Some(Message::Command(command)) => self.on_command(command),
                    Some(Message::LookUp { number, reply }) => self.on_look_up(number, reply),
                },
                Some(back) = self.back.recv() => self.on_back(back),
                () = sleep_until(deadline) => {
                    self.tell(self.clock.now(), Input::Tick);
                    // A pause may have ended, which no effect tells.
                    self.dirty = Dirty::Yes;
                }
                () = sleep_until(reconnect) => {
                    self.reconnect = None;
                    self.connect();
                }
                () = sleep_until(desk_again) => self.check_desk(),
                _ = sleep_check.tick() => self.notice_sleep(),
                Some(feed) = next(&mut self.pbx) => self.on_feed(feed),
            }
            self.publish();
        }
        Stopped
    }

    fn deadline(&self) -> Option<tokio::time::Instant> {
        let at = self.machine.next_deadline()?;
        Some(tokio::time::Instant::now() + at.saturating_sub(self.clock.now().mono))
    }

    /// Reads the secrets, which may take a while, and connects with them.
    fn connect(&self) {
        let (paths, secrets) = (self.paths.clone(), self.secrets.clone());
        let back = self.back_sender.clone();
        tokio::task::spawn_blocking(move || {
            let connections = connect::connect(&paths, secrets);
            // An error means that the loop has ended.
            let _ = back.send(Back::Connected(Box::new(connections)));
        });
    }

    fn on_command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Open { call: Some(call) } if !self.is_known(&call) => self.open_past(&call),
            Command::Open { call } => self.tell(now, Input::OpenRequested { call: call.map(CallId::new) }),
            Command::Pause { minutes } => {
                let pause = match minutes {
                    None => Pause::UntilResumed,
                    Some(minutes) => Pause::Until(now.wall_ms + i64::from(minutes) * 60_000),
                };
                self.tell(now, Input::Paused(Some(pause)));
                self.dirty = Dirty::Yes;
            }
            Command::Resume => {
                self.tell(now, Input::Paused(None));
                self.dirty = Dirty::Yes;
            }
            Command::Wake => self.wake(),
            Command::Reload => self.connect(),
            Command::Show => self.desktop.show_window(),
        }
    }

    fn is_known(&self, call: &str) -> bool {
        self.machine.entries().iter().any(|entry| entry.call.as_str() == call)
    }

    /// The page of a call that the core has forgotten, from the history. Its address is checked anew, because
    /// settings may have changed since.
    fn open_past(&self, call: &str) {
        let Some(lookup) = &self.desk else { return };
        let past = self.recent.iter().find(|past| past.call == call);
        let [record] = past.map(|past| past.who.records.as_slice()).unwrap_or_default() else { return };
        let Some(page) = record.page.as_deref() else { return };
        match lookup.desk.hosts().page_from(page, lookup.custom_domain.as_deref()) {
            Ok(page) => {
                let call = CallId::new(call);
                self.open(call, Some(page.as_str().to_owned()), OpenedBy::Agent);
            }
            Err(refused) => tracing::warn!(reason = refused.code(), "a past call's page is not one of Desk's"),
        }
    }

    fn on_look_up(&self, number: String, reply: oneshot::Sender<Result<Report, String>>) {
        let Some(lookup) = self.desk.clone() else {
            let cause = self.desk_view.cause.clone().unwrap_or_else(|| "desk_not_set_up".into());
            // An error means that nobody waits any more; so below.
            let _ = reply.send(Err(cause));
            return;
        };
        tokio::spawn(async move {
            let _ = reply
                .send(lookup.report(&number).await.map_err(|error| lookup::code(error.kind()).to_owned()));
        });
    }

    fn on_feed(&mut self, first: pbx::Feed) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(feed) = next else { break };
            self.on_one(feed);
            next = self.pbx.as_mut().and_then(|link| link.feed.try_recv().ok());
        }
        if let Some(feed) = next {
            self.on_one(feed);
        }
    }

    fn on_one(&mut self, feed: pbx::Feed) {
        match feed {
            pbx::Feed::Up { calls } => {
                self.set_pbx(LinkView::plain(LinkState::Up, wall_ms()));
                self.tell(self.clock.now(), from_pbx::resync(calls));
            }
            pbx::Feed::Down { error, retry_in } => {
                tracing::info!(%error, ?retry_in, "the link to the PBX is down");
                let now_ms = wall_ms();
                let retry_at_ms = retry_in.map(|wait| now_ms + i64::try_from(wait.as_millis()).unwrap_or(0));
                self.set_pbx(LinkView {
                    state: if retry_in.is_some() { LinkState::Down } else { LinkState::Stopped },
                    cause: Some(connect::pbx_cause(error.kind()).into()),
                    detail: connect::pbx_detail(&error),
                    retry_at_ms,
                    since_ms: now_ms,
                });
            }
            pbx::Feed::Event { event, received } => {
                if let Some(input) = from_pbx::input(event) {
                    self.tell(self.clock.at(received), input);
                }
            }
        }
    }

    fn on_back(&mut self, back: Back) {
        let now = self.clock.now();
        match back {
            Back::Connected(connections) => self.on_connected(*connections),
            Back::Resynced(answer) => {
                self.resyncing = Resync::Idle;
                match answer {
                    Ok(calls) => self.tell(now, from_pbx::resync(calls)),
                    Err(error) => tracing::info!(%error, "the PBX did not say which calls there are"),
                }
            }
            Back::LookedUp { call, number, attempt, answer } => {
                let answer = match answer {
                    Ok(found) => {
                        self.desk_answers();
                        self.remember(&number, &found);
                        Ok(Match::of(found.into_iter().map(|found| found.record).collect()))
                    }
                    Err(error) => {
                        self.desk_fails(&error);
                        Err(lookup::failure(&error))
                    }
                };
                self.tell(now, Input::LookedUp { call, attempt, answer });
            }
            Back::Opened { call, by, result } => {
                let result = result.map_err(|error| {
                    tracing::warn!(error, "the browser could not be started");
                    OpenFailure::Browser
                });
                self.tell(now, Input::Opened { call, by, result });
            }
            Back::DeskChecked(Ok(organization)) => {
                if let Some(lookup) = &mut self.desk {
                    lookup.portal = organization.portal;
                    lookup.custom_domain = organization.custom_domain;
                }
                self.desk_answers();
            }
            Back::DeskChecked(Err(error)) => self.desk_fails(&error),
        }
    }

    /// New settings: links whose settings did not change are kept.
    fn on_connected(&mut self, connections: Connections) {
        let now_ms = wall_ms();
        self.problems.retain(|problem| problem.key == "deskring.db");
        self.problems.extend(connections.problems);
        self.dirty = Dirty::Yes;
        let Some(setup) = connections.setup else { return };
        match connections.pbx {
            // Nothing changed for this link: it is not torn down.
            Ok(_) if self.pbx.is_some() && self.pbx_key == connections.pbx_key => {}
            Ok(client) => {
                let (sender, feed) = mpsc::channel(FEED);
                let runner = client.clone();
                let task = tokio::spawn(async move { runner.run(sender).await });
                self.pbx = Some(PbxLink { client, feed, task });
                self.set_pbx(LinkView::plain(LinkState::Connecting, now_ms));
            }
            Err(reason) => {
                self.pbx = None;
                self.set_pbx(reason);
            }
        }
        match connections.desk {
            Ok(_) if self.desk.is_some() && self.desk_key == connections.desk_key => {}
            Ok(lookup) => {
                self.desk = Some(lookup);
                self.set_desk(LinkView::plain(LinkState::Connecting, now_ms));
                self.check_desk();
            }
            Err(reason) => {
                self.desk = None;
                self.set_desk(reason);
            }
        }
        (self.pbx_key, self.desk_key) = (connections.pbx_key, connections.desk_key);
        let locked = |link: &LinkView| link.cause.as_deref() == Some("keychain_locked");
        if locked(&self.pbx_view) || locked(&self.desk_view) {
            // Started before its user has opened the keychain, as happens at log-in.
            self.reconnect = Some(tokio::time::Instant::now() + KEYCHAIN_AGAIN);
        }
        let pause = self.machine.setup().rules.pause;
        let mut setup = setup;
        setup.rules.pause = pause;
        if self.desk.is_none() && setup.rules.desk == DeskUse::On {
            setup.rules.desk = DeskUse::NotSetUp;
        }
        self.tell(self.clock.now(), Input::Settings(setup));
    }

    /// Gives an input to the core and does what it wants, until nothing is left to do.
    fn tell(&mut self, now: deskring_domain::Now, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.machine.handle(now, input) {
                if let Some(next) = self.perform(effect) {
                    inputs.push_back(next);
                }
            }
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::Notify(notice) => {
                self.desktop.notify(&notice, &self.machine.setup().plan);
                self.dirty = Dirty::Yes;
                Some(Input::Notified { call: notice.call })
            }
            Effect::Withdraw { call } => {
                self.desktop.withdraw(&call);
                None
            }
            Effect::LookUp { call, number, attempt } => self.look_up(call, number, attempt),
            Effect::Open { call, record, by } => self.open(call, record.page, by),
            Effect::Journal(entry) => {
                self.journal(&entry);
                None
            }
            Effect::AskPbx => {
                self.resync();
                None
            }
        }
    }

    fn look_up(&self, call: CallId, number: String, attempt: u8) -> Option<Input> {
        let Some(lookup) = self.desk.clone() else {
            let failure = deskring_domain::machine::LookupFailure {
                code: "desk_not_ready",
                again: deskring_domain::machine::Again::Soon,
            };
            return Some(Input::LookedUp { call, attempt, answer: Err(failure) });
        };
        if let Some(records) = self.recall(&number, &lookup) {
            return Some(Input::LookedUp { call, attempt, answer: Ok(Match::of(records)) });
        }
        let back = self.back_sender.clone();
        tokio::spawn(async move {
            let answer = lookup.find(&number).await;
            // An error means that the loop has ended; so everywhere below.
            let _ = back.send(Back::LookedUp { call, number, attempt, answer });
        });
        None
    }

    fn open(&self, call: CallId, page: Option<String>, by: OpenedBy) -> Option<Input> {
        let Some(page) = page else {
            return Some(Input::Opened { call, by, result: Err(OpenFailure::Refused) });
        };
        if let OpenedBy::Rule(_) = by {
            // Before the tab, not after: after a crash in between there is no tab rather than two.
            let first = self.journal.as_ref().map(|journal| journal.mark_popped(call.as_str(), wall_ms()));
            match first {
                Some(Ok(false)) => {
                    return Some(Input::Opened { call, by, result: Err(OpenFailure::BeforeRestart) });
                }
                Some(Err(error)) => tracing::warn!(%error, "the opened tab is not remembered"),
                Some(Ok(true)) | None => {}
            }
        }
        let (desktop, back) = (self.desktop.clone(), self.back_sender.clone());
        tokio::task::spawn_blocking(move || {
            let result = desktop.open(&page);
            let _ = back.send(Back::Opened { call, by, result });
        });
        None
    }

    fn journal(&mut self, entry: &Entry) {
        self.dirty = Dirty::Yes;
        let view = CallView::of(entry, &self.machine.setup().plan);
        if let Some(journal) = &self.journal
            && let Err(error) = journal.record(&row(&view))
        {
            tracing::warn!(%error, "the call is not remembered");
        }
        let key = (view.call.clone(), view.extension.clone());
        let before = self.said.get(&key);
        let news = before.is_none_or(|before| {
            before.phase != view.phase || before.closed != view.closed || before.why.code != view.why.code
        });
        if news {
            self.desktop.happened(&Happening::Call(&view));
        }
        if view.closed {
            self.said.remove(&key);
            self.recent.retain(|known| (&known.call, &known.extension) != (&view.call, &view.extension));
            self.recent.push_front(view);
            self.recent.truncate(RECENT);
        } else {
            self.said.insert(key, view);
        }
    }

    fn resync(&mut self) {
        let (Some(link), Resync::Idle) = (&self.pbx, self.resyncing) else { return };
        self.resyncing = Resync::Asked;
        let (client, back) = (link.client.clone(), self.back_sender.clone());
        tokio::spawn(async move {
            let _ = back.send(Back::Resynced(client.calls().await));
        });
    }

    fn notice_sleep(&mut self) {
        let slept = self.clock.slept();
        if slept.saturating_sub(self.slept) >= SLEPT {
            self.wake();
        }
        self.slept = slept;
    }

    fn wake(&mut self) {
        if let Some(link) = &self.pbx {
            link.client.wake();
        }
        if self.desk.is_some() && self.desk_view.state != LinkState::Up {
            self.check_desk();
        }
    }

    fn check_desk(&mut self) {
        self.desk_again = None;
        let Some(lookup) = self.desk.clone() else { return };
        let back = self.back_sender.clone();
        tokio::spawn(async move {
            let _ = back.send(Back::DeskChecked(connect::organization(&lookup.desk).await));
        });
    }

    fn desk_answers(&mut self) {
        self.desk_again = None;
        self.desk_attempts = 0;
        if self.desk_view.state != LinkState::Up {
            self.set_desk(LinkView::plain(LinkState::Up, wall_ms()));
        }
    }

    fn desk_fails(&mut self, error: &desk::Error) {
        let now_ms = wall_ms();
        let wait = match error.retry() {
            desk::Retry::Never | desk::Retry::SignIn => None,
            desk::Retry::After(wait) => Some(wait),
            desk::Retry::Backoff | desk::Retry::Unknown => {
                DESK_AGAIN.get(self.desk_attempts).or(DESK_AGAIN.last()).copied()
            }
        };
        self.desk_attempts += 1;
        self.desk_again = wait.map(|wait| tokio::time::Instant::now() + wait);
        self.set_desk(LinkView {
            state: if wait.is_some() { LinkState::Down } else { LinkState::Stopped },
            cause: Some(lookup::code(error.kind()).into()),
            detail: error.code().map(str::to_owned),
            retry_at_ms: wait.map(|wait| now_ms + i64::try_from(wait.as_millis()).unwrap_or(0)),
            since_ms: now_ms,
        });
    }

    fn set_pbx(&mut self, link: LinkView) {
        if (link.state, &link.cause) != (self.pbx_view.state, &self.pbx_view.cause) {
            self.desktop.happened(&Happening::Pbx(&link));
        }
        self.pbx_view = link;
        self.dirty = Dirty::Yes;
    }

    fn set_desk(&mut self, link: LinkView) {
        if (link.state, &link.cause) != (self.desk_view.state, &self.desk_view.cause) {
            self.desktop.happened(&Happening::Desk(&link));
        }
        self.desk_view = link;
        self.dirty = Dirty::Yes;
    }

    fn remember(&self, number: &str, found: &[Found]) {
        let Some(journal) = &self.journal else { return };
        let reading = self.machine.setup().plan.read(number);
        let records: Vec<_> = found.iter().map(connect::cached).collect();
        if let Err(error) = journal.cache_put(reading.key(), &records, wall_ms()) {
            tracing::warn!(%error, "the answer is not remembered");
        }
    }

    fn recall(&self, number: &str, lookup: &Lookup) -> Option<Vec<deskring_domain::Record>> {
        let journal = self.journal.as_ref()?;
        let reading = self.machine.setup().plan.read(number);
        let cached = journal.cache_get(reading.key(), wall_ms()).ok()??;
        Some(cached.into_iter().filter_map(|cached| connect::uncached(cached, lookup)).collect())
    }

    fn publish(&mut self) {
        if std::mem::replace(&mut self.dirty, Dirty::No) == Dirty::No {
            return;
        }
        let setup = self.machine.setup();
        let mut calls = Vec::new();
        let mut recent: Vec<CallView> = Vec::new();
        for entry in self.machine.entries().into_iter().filter(|entry| !entry.closed) {
            let view = CallView::of(entry, &setup.plan);
            if view.is_over() { recent.push(view) } else { calls.push(view) }
        }
        recent.reverse();
        recent.extend(self.recent.iter().cloned());
        recent.truncate(RECENT);
        self.view.send_replace(Arc::new(AppView {
            version: env!("CARGO_PKG_VERSION").into(),
            pbx: self.pbx_view.clone(),
            desk: self.desk_view.clone(),
            extensions: setup.mine.iter().map(|me| me.as_str().to_owned()).collect(),
            popup: PopupView::of(&setup.rules, wall_ms()),
            calls,
            recent,
            problems: self.problems.clone(),
        }));
    }
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn next(link: &mut Option<PbxLink>) -> Option<pbx::Feed> {
    match link {
        Some(link) => match link.feed.recv().await {
            Some(feed) => Some(feed),
            // The link's task ended; it is replaced when the settings change.
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

fn row(view: &CallView) -> CallRow {
    let record = match view.who.records.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    CallRow {
        call_id: view.call.clone(),
        extension: view.extension.clone(),
        direction: view.direction.clone().unwrap_or_default(),
        number: Some(view.number.clone()).filter(|number| !number.is_empty()),
        name: record.map(|record| record.name.clone()),
        record: record.map(|record| RecordRef {
            kind: record.kind.clone(),
            id: record.id.clone(),
            web_url: record.page.clone(),
        }),
        phase: view.phase.clone(),
        outcome: view.outcome.clone(),
        reason: Some(view.why.code.clone()),
        started_ms: view.began_ms,
        answered_ms: view.answered_ms,
        ended_ms: view.over_ms,
        timings: CallTimings {
            notification: view.timing.notice_ms.map(i64::from),
            lookup: view.timing.lookup_ms.map(i64::from),
            tab: view.timing.tab_ms.map(i64::from),
        },
        detail: serde_json::to_string(view).ok(),
    }
}

/// A call of an earlier run. One that was cut off by a crash counts as over: nobody will hear of it again.
fn stored_view(row: &CallRow) -> Option<CallView> {
    let mut view: CallView = serde_json::from_str(row.detail.as_deref()?).ok()?;
    if !view.closed {
        view.phase = view::phase(deskring_domain::Phase::Over).into();
        view.closed = true;
    }
    Some(view)
}
