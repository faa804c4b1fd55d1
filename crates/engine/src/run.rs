//! The loop: one place that takes what comes in, asks the core, and does what the core wants, in order.
//!
//! Nothing here waits on the network: lookups, tabs and resyncs run beside the loop and come back as messages.
//! Must not decide anything about a call; that is the core's.

mod acting;
mod agent;
mod central;
mod copying;
mod dialing;
mod filling;
mod indexing;
mod owed;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use deskring_domain::{
    Act, Again, CallId, Choice, DeskUse, Effect, Entry, Extension, Input, LookupFailure, Machine, Match, Now,
    OpenFailure, OpenedBy, Pause, Record, RecordKind, Who,
};
use deskring_store::{Consent, Environment, Keychain, Mirror, ProfileLock, Secret, SecretsConfig};
use deskring_yeastar as pbx;
use deskring_zoho_desk as desk;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::admin::{Admin, Finding};
use crate::assist::Assist;
use crate::clock::{Clock, wall_ms};
use crate::connect::{self, Connections, Organization, Paths};
use crate::desktop::{Desktop, Happening};
use crate::from_pbx;
use crate::handle::{Command, Handle, Message};
use crate::history::{History, News, RECENT, Tab};
use crate::links::{DeskLink, Line, PbxLink};
use crate::lookup::{self, Found, Report};
use crate::manners::{Manners, Paused};
use crate::margin::{self, Margin};
use crate::names::{self, Names};
use crate::outbox;
use crate::phonebook;
use crate::view::{
    self, AppView, CallView, DraftView, InvitationView, LinkState, LinkView, OutboxView, PopupView,
    ProblemView, RecordView, ShortcutState, ShortcutView, SignInView, SpokeView, TicketsView, WrapUpView,
};

/// Taken from the PBX in one go before a view is published.
const BATCH: usize = 128;
/// Of a gateway's thousand calls at once, a view is much work, and nobody watches them ring.
const GATEWAY_PACE: Duration = Duration::from_millis(250);
/// How often the clocks are compared to notice that the machine slept.
const SLEEP_CHECK: Duration = Duration::from_secs(10);
const SLEPT: Duration = Duration::from_secs(3);
/// How long to wait before a locked keychain is asked again.
const KEYCHAIN_AGAIN: Duration = Duration::from_secs(30);

pub(crate) use self::acting::ActWish;

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

/// What comes back from work beside the loop.
enum Back {
    Connected {
        reading: u64,
        connections: Box<Connections>,
        applied: Option<oneshot::Sender<()>>,
    },
    Resynced(Result<Vec<pbx::Call>, pbx::Error>),
    LookedUp {
        call: CallId,
        number: String,
        attempt: u8,
        link: u64,
        answer: Result<Vec<Found>, desk::Error>,
    },
    Chosen {
        call: CallId,
        record: Record,
    },
    Opened {
        call: CallId,
        by: OpenedBy,
        result: Result<(), String>,
    },
    DeskChecked {
        link: u64,
        answer: Result<Organization, desk::Error>,
    },
    Names(names::Read),
    /// Tickets of a record, for a call of theirs.
    Tickets {
        call: String,
        whose: (RecordKind, String),
        tickets: TicketsView,
    },
    /// Who spoke with a caller, as the PBX wrote down.
    Spoke {
        call: String,
        spoke: SpokeView,
    },
    Checked(Vec<Finding>),
    /// Calls of my extensions, as the PBX wrote them down until then.
    Logged {
        until_ms: i64,
        calls: filling::Logged,
    },
    /// Who a caller of a past call was.
    Named {
        call: String,
        extension: String,
        records: Vec<Record>,
    },
    /// Some have been named, or not; there may be others.
    NameOthers {
        failed: bool,
    },
    /// A record was made for the number of a call.
    Made {
        call: CallId,
        record: Record,
    },
    /// The PBX did something to a call, or not.
    Acted {
        wish: acting::ActWish,
        act: Act,
        answer: Result<(), pbx::Error>,
    },
    /// The gateway has a note of the agent's.
    Noted {
        name: String,
        text: String,
    },
    /// The PBX took a number, or not.
    Dialed {
        id: u64,
        answer: Result<Option<String>, pbx::Error>,
    },
}

/// An engine on one profile. Holds the profile's lock while it lives.
pub struct Engine {
    paths: Paths,
    secrets: SecretsConfig,
    desktop: Arc<dyn Desktop>,
    clock: Clock,
    machine: Machine,
    history: History,
    pbx: PbxLink,
    desk: DeskLink,
    told: Told,
    margin: Margin,
    owing: owed::Owing,
    dialing: dialing::Dialing,
    acting: acting::Acting,
    indexing: indexing::Indexing,
    indexed: mpsc::UnboundedReceiver<view::IndexView>,
    copying: copying::Copying,
    copied: mpsc::UnboundedReceiver<view::SyncView>,
    /// Whether all calls are known since the PBX is in reach.
    filled_in: bool,
    /// When the PBX's call details are read once more.
    read_up_at: Option<Instant>,
    /// When Desk is asked again for callers whom it could not name.
    name_at: Option<Instant>,
    /// Calls whose caller Desk has been asked for again since it answers.
    tried: BTreeSet<(String, String)>,
    handle: Handle,
    messages: mpsc::Receiver<Message>,
    back: mpsc::UnboundedReceiver<Back>,
    back_sender: mpsc::UnboundedSender<Back>,
    view: watch::Sender<Arc<AppView>>,
    dirty: Dirty,
    /// No view comes sooner than this after the one before.
    pace: Duration,
    published: Instant,
    resync: Resync,
    /// When the profile is read again because its keychain was locked.
    reconnect_at: Option<Instant>,
    slept: Duration,
    /// How many times the profile was begun to be read, and which reading is in force.
    readings: u64,
    in_force: u64,
    _lock: ProfileLock,
}

/// What a view shows beside links and calls.
struct Told {
    problems: Vec<ProblemView>,
    findings: Vec<Finding>,
    /// What became of the shortcut's keys.
    shortcut: ShortcutState,
    language: String,
    sign_in: Option<SignInView>,
    invitation: Option<InvitationView>,
    names: Names,
    manners: Manners,
    /// Forms begun, and the one that is being filled in.
    drafts: Vec<DraftView>,
    form: Option<String>,
    outbox: OutboxView,
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
        Self::on(paths, secrets, desktop, central::Part::Agent, None, None)
    }

    /// The engine of a gateway: writes to Desk for all of its extensions, hears of calls over a link that the gateway has
    /// anyway, and keeps secrets in a file of the profile, because a server has no keychain to ask. Its journal is kept by
    /// a mirror first, where several machines may take turns.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn of_gateway(
        paths: Paths,
        line: Line,
        given: BTreeMap<String, Secret>,
        mirror: Option<Arc<dyn Mirror>>,
        desktop: Arc<dyn Desktop>,
    ) -> Result<Self, StartError> {
        let secrets = SecretsConfig {
            keychain: Keychain::Off,
            consent: Consent::Granted,
            environment: Environment::Given(given),
            ..connect::secrets(&paths)
        };
        Self::on(paths, secrets, desktop, central::Part::Gateway, Some(line), mirror)
    }

    fn on(
        paths: Paths,
        secrets: SecretsConfig,
        desktop: Arc<dyn Desktop>,
        part: central::Part,
        line: Option<Line>,
        mirror: Option<Arc<dyn Mirror>>,
    ) -> Result<Self, StartError> {
        let lock = connect::lock(&paths)?;
        let loaded = deskring_store::settings::load_with(&paths.profile, &paths.policy)?;
        let now_ms = wall_ms();
        let (history, broken) = History::open(&paths.profile, mirror, now_ms);
        let told = Told {
            problems: connect::problems(&loaded).into_iter().chain(broken).collect(),
            findings: Vec::new(),
            shortcut: ShortcutState::Waiting,
            language: connect::language(&loaded.settings),
            sign_in: None,
            invitation: None,
            names: Names::default(),
            manners: Manners::of(&loaded.settings),
            drafts: Vec::new(),
            form: None,
            outbox: OutboxView::default(),
        };
        let opened = history.opened_tabs(now_ms).into_iter().map(CallId::new);
        let machine = Machine::new(connect::setup(&loaded.settings), opened);
        let (pbx, desk) = connect::first_views(&loaded.settings, now_ms);
        let (pbx, desk) = (PbxLink::new(pbx, line), DeskLink::new(desk));
        let (message_sender, messages) = mpsc::channel(64);
        let (back_sender, back) = mpsc::unbounded_channel();
        let margin = Margin::default();
        let (indexing, indexed) = indexing::Indexing::new();
        let (mut copying, copied) = copying::Copying::new();
        copying.wanted = phonebook::wanted(&loaded.settings);
        let first = app_view(&machine, &history, &pbx, &desk, &told, &margin);
        let (view, views) = watch::channel(Arc::new(first));
        let admin = Admin::of_engine(paths.clone(), secrets.clone(), desktop.clone(), message_sender.clone());
        let assist = Assist::new(message_sender.clone(), views.clone(), desktop.clone());
        let mut engine = Self {
            paths,
            secrets,
            desktop,
            clock: Clock::start(),
            machine,
            history,
            pbx,
            desk,
            told,
            margin,
            filled_in: false,
            read_up_at: None,
            name_at: None,
            tried: BTreeSet::new(),
            dialing: dialing::Dialing::default(),
            acting: acting::Acting::default(),
            indexing,
            indexed,
            copying,
            copied,
            owing: owed::Owing::new(
                outbox::rules(&loaded.settings),
                outbox::writing(&loaded.settings),
                central::Central::new(part),
            ),
            handle: Handle::new(message_sender, views, admin, assist),
            messages,
            back,
            back_sender,
            view,
            dirty: Dirty::No,
            pace: match part {
                central::Part::Agent => Duration::ZERO,
                central::Part::Gateway => GATEWAY_PACE,
            },
            published: Instant::now(),
            resync: Resync::Idle,
            reconnect_at: None,
            slept: Duration::ZERO,
            readings: 0,
            in_force: 0,
            _lock: lock,
        };
        engine.recall_central(loaded.settings.pbx.url);
        engine.read_forms();
        engine.read_outbox();
        engine.publish();
        Ok(engine)
    }

    /// A way to talk to this engine, before and while it runs.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs until [`Handle::stop`]. Must be called inside a Tokio runtime.
    pub async fn run(mut self) -> Stopped {
        self.connect(None);
        let (mut written, mut sending) = self.start_sender();
        self.start_copier();
        let mut sleep_check = tokio::time::interval(SLEEP_CHECK);
        sleep_check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let (deadline, check_at, reconnect_at) = (self.deadline(), self.desk.check_at, self.reconnect_at);
            let (read_up_at, dial_until) = (self.read_up_at, self.dialing.deadline());
            let name_at = self.name_at;
            let publish_at = (self.dirty == Dirty::Yes).then(|| self.published + self.pace);
            tokio::select! {
                biased;
                message = self.messages.recv() => match message {
                    Some(Message::Stop) | None => break,
                    Some(Message::Command(command)) => self.on_command(command),
                    Some(Message::LookUp { number, reply }) => self.on_look_up(number, reply),
                    Some(Message::Clients { reply }) => {
                        let _ = reply.send(self.clients());
                    }
                    Some(Message::SignIn(view)) => {
                        self.told.sign_in = Some(view);
                        self.dirty = Dirty::Yes;
                    }
                    Some(Message::Invited(view)) => {
                        self.told.invitation = view;
                        self.dirty = Dirty::Yes;
                    }
                    Some(Message::Reload { applied }) => self.connect(Some(applied)),
                    Some(Message::ForgetContacts) => {
                        self.history.forget_contacts();
                        self.forget_index();
                        self.read_forms();
                    }
                    Some(Message::RebuildIndex) => self.rebuild_index(),
                    Some(Message::FormsChanged) => self.read_forms(),
                    Some(Message::OutboxChanged) => {
                        self.read_outbox();
                        self.wake_sender();
                    }
                    Some(Message::Copies(wish)) => self.wish_copies(wish),
                    Some(Message::Belongs(belongs)) => self.belongs(*belongs),
                    Some(Message::Act { wish, reply }) => self.on_act(wish, reply),
                    Some(Message::Dial { text, by, extension, reply }) => {
                        self.on_dial(&text, by, extension, reply);
                    }
                },
                Some(back) = self.back.recv() => self.on_back(back),
                Some(done) = written.recv() => self.on_done(done),
                Some(view) = self.indexed.recv() => self.on_index(view),
                Some(view) = self.copied.recv() => self.on_copied(view),
                () = until(deadline) => {
                    self.tell(self.clock.now(), Input::Tick);
                    // A pause may have ended, which no effect tells.
                    self.dirty = Dirty::Yes;
                }
                () = until(check_at) => self.check_desk(),
                () = until(read_up_at) => {
                    self.read_up_at = None;
                    self.read_up_on_calls();
                }
                () = until(dial_until) => self.on_dial_deadline(),
                () = until(name_at) => self.name_all(),
                () = until(reconnect_at) => {
                    self.reconnect_at = None;
                    self.connect(None);
                }
                _ = sleep_check.tick() => self.notice_sleep(),
                () = until(publish_at) => {}
                feed = self.pbx.next() => self.on_feed(feed),
            }
            if self.pace.is_zero() || self.published.elapsed() >= self.pace {
                self.publish();
            }
        }
        sending.shutdown().await;
        // The windows' helpers may hold it a moment longer than this engine holds the profile.
        if let Some(journal) = self.history.journal() {
            journal.close();
        }
        Stopped
    }

    fn deadline(&self) -> Option<Instant> {
        let at = self.machine.next_deadline()?;
        Some(Instant::now() + at.saturating_sub(self.clock.now().mono))
    }

    // What comes in.

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
            Command::Choose { call, kind, id } => self.choose(CallId::new(call), &kind, &id),
            Command::ForgetChoice { number } => {
                self.history.forget_choice(self.machine.setup().plan.read(&number).key());
            }
            Command::SeenMissed => {
                self.history.seen_missed();
                self.dirty = Dirty::Yes;
            }
            Command::BeginForm { call, extension, kind } => {
                self.begin_form(&call, &extension, kind.as_deref())
            }
            Command::ContinueForm { key } => {
                self.told.form = Some(key);
                self.read_forms();
            }
            Command::CloseForm => self.close_form(),
            Command::WrapUp { call, extension, disposition, note } => {
                self.wrap_up(&call, &extension, WrapUpView { asked: false, disposition, note });
            }
            Command::SkipWrapUp { call, extension } => {
                self.wrap_up(&call, &extension, WrapUpView::default());
            }
            Command::TypeNumber => self.on_type_number(),
            Command::ConfirmDial { id } => self.confirm_dial(id),
            Command::DismissDial { id } => self.dismiss_dial(id),
            Command::ShortcutIs { state } => {
                self.told.shortcut = state;
                self.dirty = Dirty::Yes;
            }
            Command::Wake => self.wake(),
            Command::Reload => self.connect(None),
            Command::Show { window } => self.desktop.show_window(window),
        }
    }

    fn on_look_up(&self, number: String, reply: oneshot::Sender<Result<Report, String>>) {
        let Some(lookup) = self.desk.lookup.clone() else {
            let cause = self.desk.view.cause.clone().unwrap_or_else(|| "desk_not_set_up".into());
            // An error means that nobody waits any more; so below.
            let _ = reply.send(Err(cause));
            return;
        };
        tokio::spawn(async move {
            let report = lookup.report(&number).await;
            let _ = reply.send(report.map_err(|error| error.kind().code().to_owned()));
        });
    }

    fn on_feed(&mut self, first: pbx::Feed) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(feed) = next else { return };
            self.on_one(feed);
            next = self.pbx.try_next();
        }
        if let Some(feed) = next {
            self.on_one(feed);
        }
    }

    fn on_one(&mut self, feed: pbx::Feed) {
        match feed {
            pbx::Feed::Up { calls, central } => {
                self.learn_central(central);
                self.change_pbx(PbxLink::up);
                self.read_names();
                self.tell(self.clock.now(), from_pbx::resync(calls));
                self.go_on_dialing();
                self.send_notes();
                self.read_up_on_calls();
                self.read_up_at = Some(Instant::now() + filling::READ_AGAIN);
            }
            pbx::Feed::Down { error, retry_in } => {
                self.know_calls_until_now();
                self.filled_in = false;
                self.change_pbx(|link| link.down(&error, retry_in));
            }
            pbx::Feed::Event { event, received } => {
                match &event {
                    pbx::Event::CallEnded(record) => self.told.names.learn(record),
                    pbx::Event::RecordMade(made) => self.hear_of_record(made),
                    _ => {}
                }
                let failed = match &event {
                    pbx::Event::CallFailed { call_id, reason, members } => {
                        Some((call_id.clone(), from_pbx::failure(reason), members.clone()))
                    }
                    _ => None,
                };
                if let Some(input) = from_pbx::input(event) {
                    self.tell(self.clock.at(received), input);
                }
                if let Some((call, reason, members)) = failed {
                    self.on_call_failed(&call, reason, &members);
                }
            }
        }
    }

    fn on_back(&mut self, back: Back) {
        let now = self.clock.now();
        match back {
            Back::Connected { reading, connections, applied } => {
                // Two readings may come back in the other order; the later one saw the newer files.
                if reading > self.in_force {
                    self.in_force = reading;
                    self.on_connected(*connections);
                }
                if let Some(applied) = applied {
                    let _ = applied.send(());
                }
            }
            Back::Resynced(answer) => {
                self.resync = Resync::Idle;
                match answer {
                    Ok(calls) => self.tell(now, from_pbx::resync(calls)),
                    Err(error) => tracing::info!(%error, "the PBX did not say which calls there are"),
                }
            }
            Back::LookedUp { call, number, attempt, link, answer } => {
                let current = link == self.desk.generation;
                let answer = match answer {
                    Ok(found) => {
                        if current {
                            self.change_desk(DeskLink::answers);
                            let reading = self.machine.setup().plan.read(&number);
                            // Whom the index has need not lie here as well.
                            let kept =
                                if self.is_indexed() && !found.is_empty() { None } else { Some(&found) };
                            if let Some(found) = kept {
                                self.history.remember(reading.key(), found, now.wall_ms);
                            }
                        }
                        let mut records: Vec<Record> = found.into_iter().map(|found| found.record).collect();
                        if records.is_empty() {
                            records = self.made_meanwhile(&number);
                        }
                        Ok(self.matched(&number, records))
                    }
                    Err(error) if current => {
                        self.change_desk(|link| link.fails(&error));
                        Err(lookup::failure(&error))
                    }
                    // Another link is there by now: it may know.
                    Err(error) => Err(LookupFailure { again: Again::Soon, ..lookup::failure(&error) }),
                };
                self.tell(now, Input::LookedUp { call, attempt, answer });
            }
            Back::Chosen { call, record } => self.choose_record(call, record, Choice::Picked),
            Back::Opened { call, by, result } => {
                let result = result.map_err(|error| {
                    tracing::warn!(error, "the browser could not be started");
                    OpenFailure::Browser
                });
                self.tell(now, Input::Opened { call, by, result });
            }
            Back::DeskChecked { link, .. } if link != self.desk.generation => {}
            Back::DeskChecked { answer: Ok(organization), .. } => {
                if let Some(lookup) = &mut self.desk.lookup {
                    lookup.set_organization(organization.clone());
                }
                self.on_organization(&organization);
                self.change_desk(DeskLink::answers);
            }
            Back::DeskChecked { answer: Err(error), .. } => self.change_desk(|link| link.fails(&error)),
            Back::Logged { until_ms, calls } => self.on_logged(until_ms, calls),
            Back::Named { call, extension, records } => self.on_named(&call, &extension, records),
            Back::NameOthers { failed } => self.on_some_named(failed),
            Back::Made { call, record } => self.on_made(&call, &record),
            Back::Dialed { id, answer } => self.on_dialed(id, answer),
            Back::Noted { name, text } => self.on_noted(&name, &text),
            Back::Acted { wish, act, answer } => self.on_acted(wish, act, answer),
            Back::Names(read) => {
                if let Some(serial) = read.serial.clone() {
                    self.learn_serial(serial);
                }
                self.told.names.put(read);
                self.rewire();
                self.dirty = Dirty::Yes;
            }
            Back::Tickets { call, whose, tickets } => {
                self.margin.put_tickets(&call, &whose, tickets);
                self.dirty = Dirty::Yes;
            }
            Back::Spoke { call, spoke } => {
                self.margin.put_spoke(&call, spoke);
                self.dirty = Dirty::Yes;
            }
            Back::Checked(findings) => {
                if findings != self.told.findings {
                    self.desktop.happened(&Happening::Checked(&findings));
                    self.told.findings = findings;
                    self.dirty = Dirty::Yes;
                }
            }
        }
    }

    fn on_connected(&mut self, connections: Connections) {
        self.told.problems.retain(|problem| problem.key == "deskring.db");
        self.told.problems.extend(connections.problems);
        if let Some(language) = connections.language {
            self.told.language = language;
        }
        if let Some(manners) = connections.manners {
            if manners.shortcut != self.told.manners.shortcut {
                self.told.shortcut = ShortcutState::Waiting;
            }
            self.told.manners = manners;
        }
        if let Some((rules, writing)) = connections.owed {
            self.change_owing(rules, writing);
        }
        if let Some(wanted) = connections.copies {
            self.copying.wanted = wanted;
        }
        self.recall_central(connections.address);
        self.dirty = Dirty::Yes;
        let Some(mut setup) = connections.setup else { return };
        let others_join = self.pbx.is_given() && setup.mine != self.machine.setup().mine;
        self.change_pbx(|link| link.set(connections.pbx, connections.pbx_key));
        self.change_desk(|link| link.set(connections.desk, connections.desk_key));
        self.change_index(connections.index);
        let locked = |link: &LinkView| link.cause.as_deref() == Some("keychain_locked");
        if locked(&self.pbx.view) || locked(&self.desk.view) {
            // Started before its user has opened the keychain, as happens at log-in.
            self.reconnect_at = Some(Instant::now() + KEYCHAIN_AGAIN);
        }
        setup.rules.pause = self.machine.setup().rules.pause;
        if self.desk.lookup.is_none() && setup.rules.desk == DeskUse::On {
            setup.rules.desk = DeskUse::NotSetUp;
        }
        self.tell(self.clock.now(), Input::Settings(setup));
        if others_join {
            // A link of our own would begin anew and hear of their calls.
            self.ask_pbx();
        }
    }

    // What goes to the core, and what the core wants.

    /// Gives an input to the core and does what it wants, until nothing is left to do. How calls stand is kept and told
    /// last, and once: what is known at once, such as whose number it is, does not wait for the disk.
    fn tell(&mut self, now: Now, input: Input) {
        let mut inputs = VecDeque::from([input]);
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(input) = inputs.pop_front() {
            for effect in self.machine.handle(now, input) {
                let Effect::Journal(entry) = effect else {
                    inputs.extend(self.perform(effect));
                    continue;
                };
                entries
                    .retain(|earlier| (&earlier.call, &earlier.extension) != (&entry.call, &entry.extension));
                entries.push(*entry);
            }
        }
        for entry in entries {
            self.follow(&entry);
        }
    }

    /// A call of mine stands like this now.
    fn follow(&mut self, entry: &Entry) {
        self.acting.follow(entry);
        self.look_around(entry);
        let mut view = call_view(entry, &self.machine, &self.told, &self.margin);
        if self.keep(entry, &mut view) == News::Yes {
            self.desktop.happened(&Happening::Call(&view));
        }
        self.copy_record_of(entry);
        self.see_dialed_call();
        self.dirty = Dirty::Yes;
    }

    /// Does it, or begins to. What is known at once goes back to the core.
    fn perform(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::Notify(mut notice) => {
                if let Some(name) = notice.path.as_deref().and_then(|path| self.told.names.of(path)) {
                    notice.path = Some(name.to_owned());
                }
                let setup = self.machine.setup();
                let paused = if setup.rules.is_paused(wall_ms()) { Paused::Yes } else { Paused::No };
                let mut manner = self.told.manners.now(paused);
                manner.refusal = self.refusal(&notice.call);
                self.desktop.notify(&notice, &setup.plan, manner);
                self.dirty = Dirty::Yes;
                return Some(Input::Notified { call: notice.call });
            }
            Effect::Withdraw { call } => self.desktop.withdraw(&call),
            Effect::LookUp { call, number, attempt } => return self.look_up(call, number, attempt),
            Effect::Open { call, record, by } => return self.open(call, record.page, by),
            Effect::Journal(entry) => self.follow(&entry),
            Effect::AskPbx => self.ask_pbx(),
            Effect::RememberChoice { number, record } => {
                let reading = self.machine.setup().plan.read(&number);
                self.history.remember_choice(reading.key(), &RecordView::of(&record), wall_ms());
            }
        }
        None
    }

    /// The records of a number, with what somebody chose for it before.
    fn matched(&self, number: &str, records: Vec<Record>) -> Match {
        let found = Match::of(records);
        if !matches!(found, Match::Several(_)) {
            return found;
        }
        let reading = self.machine.setup().plan.read(number);
        match self.history.choice(reading.key()) {
            Some((kind, id)) => found.with_earlier_choice(kind, &id),
            None => found,
        }
    }

    /// A record that the call knows is taken at once; another one is read from Desk first.
    fn choose(&mut self, call: CallId, kind: &str, id: &str) {
        let Some(kind) = view::record_kind_of(kind) else { return };
        if let Some(record) = self.record_of(call.as_str(), kind, id) {
            return self.choose_record(call, record, Choice::Picked);
        }
        let Some(lookup) = self.desk.lookup.clone() else { return };
        let (back, id) = (self.back_sender.clone(), id.to_owned());
        tokio::spawn(async move {
            match lookup.record(kind, &id).await {
                Ok(record) => {
                    let _ = back.send(Back::Chosen { call, record });
                }
                Err(error) => tracing::warn!(%error, "the chosen record cannot be read"),
            }
        });
    }

    /// One of the records that a call has, also one that the core has forgotten: then its address is checked anew,
    /// because settings may have changed since.
    fn record_of(&self, call: &str, kind: RecordKind, id: &str) -> Option<Record> {
        let entries = self.machine.entries();
        let mut live = entries.iter().filter(|entry| entry.call.as_str() == call).peekable();
        if live.peek().is_none() {
            let past = self.history.find(call)?;
            let known = past.who.records.iter().find(|known| known.is(kind, id))?;
            let checked = |page: &String| self.desk.lookup.as_ref()?.checked_page(page);
            return Some(Record { page: known.page.as_ref().and_then(checked), ..known.record(kind) });
        }
        live.find_map(|entry| {
            let records: &[Record] = match &entry.who {
                Who::Several(records) => records,
                Who::Known(record) => std::slice::from_ref(record),
                Who::NotAsked | Who::Searching | Who::Nobody | Who::Withheld | Who::Failed(_) => &[],
            };
            records.iter().find(|record| record.kind == kind && record.id == id).cloned()
        })
    }

    fn look_up(&self, call: CallId, number: String, attempt: u8) -> Option<Input> {
        let Some(lookup) = self.desk.lookup.clone() else {
            let answer = Err(LookupFailure { code: "desk_not_ready", again: Again::Soon });
            return Some(Input::LookedUp { call, attempt, answer });
        };
        let reading = self.machine.setup().plan.read(&number);
        let recalled = self.history.recall(reading.key(), &lookup, wall_ms());
        if let Some(records) = recalled.filter(|records| self.may_recall(&lookup, &number, records)) {
            return Some(Input::LookedUp { call, attempt, answer: Ok(self.matched(&number, records)) });
        }
        self.find(lookup, call, number, attempt)
    }

    /// What was created for a number while Desk was asked: its search knows that only later.
    fn made_meanwhile(&self, number: &str) -> Vec<Record> {
        let Some(lookup) = &self.desk.lookup else { return Vec::new() };
        let reading = self.machine.setup().plan.read(number);
        self.history.recall(reading.key(), lookup, wall_ms()).unwrap_or_default()
    }

    fn open(&self, call: CallId, page: Option<String>, by: OpenedBy) -> Option<Input> {
        let Some(page) = page else {
            return Some(Input::Opened { call, by, result: Err(OpenFailure::Refused) });
        };
        let by_rule = matches!(by, OpenedBy::Rule(_));
        if by_rule && self.history.open_tab(call.as_str(), wall_ms()) == Tab::OpenedBefore {
            return Some(Input::Opened { call, by, result: Err(OpenFailure::BeforeRestart) });
        }
        let (desktop, back) = (self.desktop.clone(), self.back_sender.clone());
        tokio::task::spawn_blocking(move || {
            let result = desktop.open(&page);
            let _ = back.send(Back::Opened { call, by, result });
        });
        None
    }

    fn is_known(&self, call: &str) -> bool {
        self.machine.entries().iter().any(|entry| entry.call.as_str() == call)
    }

    /// The page of a call that the core has forgotten, from the history. Its address is checked anew, because
    /// settings may have changed since.
    fn open_past(&self, call: &str) {
        let past = self.history.find(call);
        let page = past.as_ref().and_then(CallView::record).and_then(|record| record.page.as_deref());
        let (Some(lookup), Some(page)) = (&self.desk.lookup, page) else { return };
        if let Some(page) = lookup.checked_page(page) {
            self.open(CallId::new(call), Some(page), OpenedBy::Agent);
        }
    }

    fn read_names(&mut self) {
        let Some(client) = self.pbx.client().cloned() else { return };
        if self.told.names.are_due() {
            let back = self.back_sender.clone();
            tokio::spawn(async move {
                let _ = back.send(Back::Names(names::read(&client).await));
            });
        }
    }

    fn ask_pbx(&mut self) {
        let (Some(client), Resync::Idle) = (self.pbx.client().cloned(), self.resync) else { return };
        self.resync = Resync::Asked;
        let back = self.back_sender.clone();
        tokio::spawn(async move {
            let _ = back.send(Back::Resynced(client.calls().await));
        });
    }

    // The links.

    /// Reads the secrets, which may take a while, and connects with them.
    fn connect(&mut self, applied: Option<oneshot::Sender<()>>) {
        self.readings += 1;
        let reading = self.readings;
        let (paths, secrets) = (self.paths.clone(), self.secrets.clone());
        let back = self.back_sender.clone();
        tokio::task::spawn_blocking(move || {
            let connections = Box::new(connect::connect(&paths, secrets));
            let _ = back.send(Back::Connected { reading, connections, applied });
        });
    }

    fn check_desk(&mut self) {
        self.desk.check_at = None;
        let Some(lookup) = self.desk.lookup.clone() else { return };
        let (back, link) = (self.back_sender.clone(), self.desk.generation);
        tokio::spawn(async move {
            let answer = connect::organization(&lookup.desk).await;
            let _ = back.send(Back::DeskChecked { link, answer });
        });
    }

    fn notice_sleep(&mut self) {
        self.keep_unkept();
        if self.pbx.view.state == LinkState::Up {
            self.send_notes();
        }
        self.know_calls_until_now();
        let slept = self.clock.slept();
        if slept.saturating_sub(self.slept) >= SLEPT {
            self.wake();
        }
        self.slept = slept;
    }

    fn wake(&mut self) {
        if let Some(client) = self.pbx.client() {
            client.wake();
        }
        self.keep_unkept();
        self.wake_sender();
        if self.desk.view.state != LinkState::Up {
            self.check_desk();
        }
        let (admin, back) = (self.handle.admin().clone(), self.back_sender.clone());
        tokio::spawn(async move {
            let _ = back.send(Back::Checked(admin.quick_check().await));
        });
    }

    fn change_pbx(&mut self, change: impl FnOnce(&mut PbxLink)) {
        let before = self.pbx.view.clone();
        change(&mut self.pbx);
        if self.pbx.view.is_news_after(&before) {
            self.desktop.happened(&Happening::Pbx(&self.pbx.view));
        }
        self.dirty = Dirty::Yes;
    }

    fn change_desk(&mut self, change: impl FnOnce(&mut DeskLink)) {
        let before = self.desk.view.clone();
        change(&mut self.desk);
        // Each answer of Desk comes this way; only a link that goes up or down is news for the sender.
        if self.desk.view.state != before.state {
            self.rewire();
            if self.desk.view.state == LinkState::Up {
                self.name_all();
            }
        }
        if self.desk.view.is_news_after(&before) {
            self.desktop.happened(&Happening::Desk(&self.desk.view));
        }
        self.dirty = Dirty::Yes;
    }

    fn publish(&mut self) {
        if std::mem::replace(&mut self.dirty, Dirty::No) == Dirty::Yes {
            self.published = Instant::now();
            self.count_outbox();
            let mut view =
                app_view(&self.machine, &self.history, &self.pbx, &self.desk, &self.told, &self.margin);
            for call in &mut view.calls {
                let (id, me) = (CallId::new(call.call.clone()), Extension::new(call.extension.clone()));
                self.acting.write(call, &self.machine.controls(&id, &me));
            }
            self.dialing.write(&mut view);
            view.index = self.indexing.view.clone();
            self.wire_copier();
            view.sync = self.copying.view.clone();
            self.view.send_replace(Arc::new(view));
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// A call that the core knows, with what stands in its margin.
fn call_view(entry: &Entry, machine: &Machine, told: &Told, margin: &Margin) -> CallView {
    let mut view = CallView::of(entry, &machine.setup().plan, &told.names);
    margin.write(&mut view, &told.manners, &told.names);
    view
}

fn app_view(
    machine: &Machine,
    history: &History,
    pbx: &PbxLink,
    desk: &DeskLink,
    told: &Told,
    margin: &Margin,
) -> AppView {
    let setup = machine.setup();
    let open = machine.entries().into_iter().filter(|entry| !entry.closed);
    let open = open.map(|entry| call_view(entry, machine, told, margin));
    let (over, calls): (Vec<CallView>, Vec<CallView>) = open.partition(CallView::is_over);
    // After a restart the history knows a call that is still on as cut off; the call itself knows better.
    let is_on = |known: &CallView| {
        over.iter().chain(&calls).any(|on| (&on.call, &on.extension) == (&known.call, &known.extension))
    };
    let now_ms = wall_ms();
    let done: Vec<CallView> = history.recent().filter(|known| !is_on(known)).cloned().collect();
    let mut recent: Vec<CallView> = over.into_iter().rev().chain(done).collect();
    recent.sort_by_key(|past| std::cmp::Reverse(past.began_ms));
    recent.truncate(RECENT);
    recent.iter_mut().for_each(|past| margin::refresh(past, &told.manners, now_ms));
    AppView {
        version: env!("CARGO_PKG_VERSION").into(),
        pbx: pbx.view.clone(),
        desk: desk.view.clone(),
        extensions: setup.mine.iter().map(|me| me.as_str().to_owned()).collect(),
        popup: PopupView::of(&setup.rules, now_ms),
        calls,
        recent,
        missed: history.missed(),
        problems: told.problems.iter().cloned().chain(history.trouble()).collect(),
        findings: told.findings.clone(),
        language: told.language.clone(),
        sign_in: told.sign_in.clone(),
        invitation: told.invitation.clone(),
        caller_shown: told.manners.caller.code().into(),
        drafts: told.drafts.clone(),
        form: told.form.clone(),
        dispositions: told.manners.dispositions.clone(),
        outbox: told.outbox.clone(),
        dial: None,
        shortcut: ShortcutView { keys: told.manners.shortcut.clone(), state: told.shortcut },
        history: history.changes(),
        index: view::IndexView::default(),
        sync: view::SyncView::default(),
    }
}
