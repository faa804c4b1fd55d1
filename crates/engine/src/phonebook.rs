//! Copies records of Desk to a phonebook of the PBX, one way: those of calls, and all of them when somebody asks for it.
//! Owns the order of things and when something is tried again; [`book`] owns what is asked of the PBX, [`person`] what a
//! record becomes. Must not know calls.
//!
//! The PBX has no idempotency key, so every entry carries a mark in its remark, and only marked ones are changed. Before
//! an entry is created its row says that it may be there; after a lost answer or a crash the mark is looked for first.
//! Of two entries for one record the one with the lower id stays, whoever made it: each program that made one looks
//! afterwards, and whoever was later sees both.

mod book;
mod person;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use deskring_domain::{Plan, RecordKind};
use deskring_store::settings::SyncModule;
use deskring_store::{Journal, Settings, StoreError};
use deskring_yeastar as pbx;
use deskring_zoho_desk::{self as desk, AccountId, ContactId, WalkEnd, WalkMark};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::clock::wall_ms;
use crate::connect;
use crate::lookup::Lookup;
use crate::view::{self, SyncView};
use book::{Book, How, Put, Stock};
use person::Source;

/// A fact: the copying of all records that was begun, and how far it is.
const ROUND: &str = "phonebook_round";
/// A fact: the key of the phonebook that was written to last.
const BOOK: &str = "phonebook";
/// After a failure that may pass by itself.
const PAUSE: Duration = Duration::from_secs(10);
/// After one that a person has to mend; links tell when they are back.
const LONG_PAUSE: Duration = Duration::from_secs(60);
/// A view is told at most so often.
const TELL: Duration = Duration::from_millis(250);
/// A record that cannot be copied is tried so often.
const MOST_ATTEMPTS: u32 = 5;

/// What is wanted, from the settings.
#[derive(Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) kind: RecordKind,
    /// The name of the phonebook.
    pub(crate) phonebook: String,
    /// Which PBX, so that ids of another one mean nothing.
    pub(crate) address: String,
    plan: Plan,
    pub(crate) dry_run: bool,
}

/// What the settings want; `None` for nothing.
pub(crate) fn wanted(settings: &Settings) -> Option<Wanted> {
    let sync = &settings.contact_sync;
    (sync.enabled && settings.desk.enabled).then_some(())?;
    Some(Wanted {
        kind: match sync.module {
            SyncModule::Contacts => RecordKind::Contact,
            SyncModule::Accounts => RecordKind::Account,
        },
        phonebook: sync.phonebook.clone().filter(|name| !name.trim().is_empty())?.trim().to_owned(),
        address: settings.pbx.url.clone()?,
        plan: connect::plan(settings),
        dry_run: settings.desk.dry_run,
    })
}

/// The key of the phonebook that is written to.
pub(crate) fn current(journal: &Journal) -> Option<String> {
    journal.fact(BOOK).ok().flatten()
}

/// What the copying works with; changes with settings and links.
#[derive(Clone, Default)]
pub(crate) struct Wiring {
    pub(crate) wanted: Option<Wanted>,
    /// Nothing while the PBX does not answer.
    pub(crate) pbx: Option<pbx::Pbx>,
    /// Nothing while Desk does not answer.
    pub(crate) desk: Option<Lookup>,
}

/// What a person, or a call, wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wish {
    /// All records, from where the last round ended.
    Everything,
    /// No more.
    Stop,
    /// There is something new to be copied.
    Look,
}

/// Copying all records.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Round {
    state: RoundState,
    /// The key of the phonebook it is for.
    book: String,
    kind: String,
    mark: String,
    copied: u64,
    same: u64,
    skipped: u64,
    failed: u64,
    /// The four counts when the mark was kept: what came after it is seen again.
    at_mark: [u64; 4],
    began_ms: i64,
    /// How many records there were then, where Desk says so.
    #[serde(default)]
    total: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RoundState {
    Running,
    Stopped,
    Done,
}

/// Why nothing can be copied now.
#[derive(Debug)]
enum Halt {
    /// For a while.
    Wait { side: &'static str, cause: String, detail: Option<String>, pause: Duration },
    /// Until somebody changes something.
    Refused { cause: &'static str, detail: Option<String> },
}

impl Halt {
    fn of_desk(error: &desk::Error) -> Self {
        let pause = match error.retry() {
            desk::Retry::After(pause) => pause,
            desk::Retry::Backoff | desk::Retry::Unknown => PAUSE,
            desk::Retry::Never | desk::Retry::SignIn => LONG_PAUSE,
        };
        let (cause, detail) = (error.kind().code().to_owned(), error.code().map(str::to_owned));
        Halt::Wait { side: "desk", cause, detail, pause }
    }

    fn of_pbx(error: &pbx::Error) -> Self {
        if error.kind() == &pbx::Kind::TooOld {
            return Halt::Refused { cause: "no_phonebooks", detail: connect::pbx_detail(error) };
        }
        if error.is_not_permitted() {
            return Halt::Refused { cause: "not_permitted", detail: None };
        }
        let pause = match error.retry() {
            pbx::Retry::After(pause) => pause,
            pbx::Retry::Backoff | pbx::Retry::Unknown => PAUSE,
            pbx::Retry::Never | pbx::Retry::SignIn => LONG_PAUSE,
        };
        let cause = connect::pbx_cause(error.kind()).to_owned();
        Halt::Wait { side: "pbx", cause, detail: connect::pbx_detail(error), pause }
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "what stands in the phonebook cannot be kept");
        Halt::Wait { side: "computer", cause: "not_kept".into(), detail: None, pause: LONG_PAUSE }
    }
}

/// What there is to do.
enum Work {
    /// One record of a call.
    Record(deskring_store::ToSync),
    /// A step of the round.
    Round,
    /// Nothing before then.
    Nothing { until_ms: Option<i64> },
}

/// Where a round is. What is kept of it on the disk is enough to begin again at the first step.
enum Step {
    /// Everything that stands in the phonebook is looked at: who is ours, and who stands there twice.
    Stock(Stock),
    /// The records of Desk, page by page.
    /// A walk shows some records twice, one page after the other; they count once.
    Walk { page: VecDeque<Source>, next: WalkMark, end: WalkEnd, seen: [BTreeSet<String>; 2] },
    /// As the first one, for what came in between.
    Tidy(Stock),
}

/// Copies for one profile. [`Copier::run`] is to be called once.
pub(crate) struct Copier {
    journal: Arc<Journal>,
    wiring: watch::Receiver<Wiring>,
    wishes: mpsc::UnboundedReceiver<Wish>,
    tell: mpsc::UnboundedSender<SyncView>,
    round: Option<Round>,
    step: Option<Step>,
    book: Option<Book>,
    view: SyncView,
    told: Option<Instant>,
    /// Records looked at since the program began to, for the speed.
    seen: u64,
    since: Instant,
}

impl Copier {
    pub(crate) fn new(
        journal: Arc<Journal>,
        wiring: watch::Receiver<Wiring>,
        wishes: mpsc::UnboundedReceiver<Wish>,
        tell: mpsc::UnboundedSender<SyncView>,
    ) -> Self {
        let round = journal.fact(ROUND).ok().flatten().and_then(|text| serde_json::from_str(&text).ok());
        Self {
            journal,
            wiring,
            wishes,
            tell,
            round,
            step: None,
            book: None,
            view: SyncView::default(),
            told: None,
            seen: 0,
            since: Instant::now(),
        }
    }

    /// Copies for as long as somebody holds the wiring. May end anywhere: the next one looks first.
    pub(crate) async fn run(mut self) {
        loop {
            let wiring = self.wiring.borrow_and_update().clone();
            let pause = match self.go_on(&wiring).await {
                Ok(pause) => pause,
                Err(Halt::Wait { side, cause, detail, pause }) => {
                    self.halted("waiting", side, &cause, detail);
                    Some(pause)
                }
                Err(Halt::Refused { cause, detail }) => {
                    self.halted("refused", "phonebook", cause, detail);
                    Some(LONG_PAUSE)
                }
            };
            self.write_view(&wiring, pause);
            let wake = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                wish = self.wishes.recv() => match wish {
                    Some(wish) => self.take(wish),
                    None => return,
                },
                changed = self.wiring.changed() => if changed.is_err() { return },
                () = wake => {}
            }
        }
    }

    fn take(&mut self, wish: Wish) {
        self.view.cause = None;
        let stored = match wish {
            Wish::Look => return,
            Wish::Stop => {
                self.step = None;
                self.set_round(|round| round.state = RoundState::Stopped)
            }
            Wish::Everything => {
                (self.seen, self.since) = (0, Instant::now());
                match self.round.as_ref().map(|round| round.state) {
                    Some(RoundState::Running) => Ok(()),
                    Some(RoundState::Stopped) => self.set_round(|round| round.state = RoundState::Running),
                    Some(RoundState::Done) | None => {
                        self.round = Some(Round {
                            state: RoundState::Running,
                            book: String::new(),
                            kind: String::new(),
                            mark: WalkMark::BEGINNING.to_string(),
                            copied: 0,
                            same: 0,
                            skipped: 0,
                            failed: 0,
                            at_mark: [0; 4],
                            began_ms: wall_ms(),
                            total: None,
                        });
                        self.set_round(|_| {})
                    }
                }
            }
        };
        if let Err(error) = stored {
            tracing::warn!(%error, "the progress of copying is not kept");
        }
    }

    /// Works until there is nothing to do, or something stands in the way. Gives how long there is nothing.
    async fn go_on(&mut self, wiring: &Wiring) -> Result<Option<Duration>, Halt> {
        let Some(wanted) = &wiring.wanted else {
            (self.book, self.step) = (None, None);
            self.view = SyncView::default();
            return Ok(None);
        };
        self.view.state = "idle".into();
        if wanted.dry_run {
            return Err(Halt::Refused { cause: "dry_run", detail: None });
        }
        loop {
            let work = self.work()?;
            let (Some(client), Some(lookup)) = (&wiring.pbx, &wiring.desk) else {
                if let Work::Nothing { .. } = work {
                    return Ok(None);
                }
                let side = if wiring.pbx.is_none() { "pbx" } else { "desk" };
                let cause = "not_connected".to_owned();
                return Err(Halt::Wait { side, cause, detail: None, pause: LONG_PAUSE });
            };
            match work {
                Work::Nothing { until_ms } => {
                    self.view.state = "idle".into();
                    let wait = |until: i64| u64::try_from(until - wall_ms()).unwrap_or(0);
                    return Ok(until_ms.map(|until| Duration::from_millis(wait(until).max(50))));
                }
                Work::Record(row) => {
                    self.view.state = "copying".into();
                    self.book(client, wanted).await?;
                    self.copy_one(lookup, wanted, &row).await?;
                }
                Work::Round => {
                    self.view.state = "running".into();
                    self.book(client, wanted).await?;
                    self.go_round(lookup, wanted).await?;
                }
            }
            (self.view.cause, self.view.retry_at_ms) = (None, None);
            self.write_view(wiring, None);
            // Whoever wants something else is heard between two records.
            while let Ok(wish) = self.wishes.try_recv() {
                self.take(wish);
            }
            if self.wiring.has_changed().unwrap_or(true) {
                return Ok(Some(Duration::ZERO));
            }
        }
    }

    fn work(&self) -> Result<Work, Halt> {
        let next = self.journal.next_to_sync()?;
        match next {
            Some(row) if row.due_ms <= wall_ms() => Ok(Work::Record(row)),
            _ if self.is_running() => Ok(Work::Round),
            next => Ok(Work::Nothing { until_ms: next.map(|row| row.due_ms) }),
        }
    }

    fn is_running(&self) -> bool {
        self.round.as_ref().is_some_and(|round| round.state == RoundState::Running)
    }

    /// The phonebook that is wanted, found or made, and ours.
    async fn book(&mut self, client: &pbx::Pbx, wanted: &Wanted) -> Result<(), Halt> {
        if self.book.as_ref().is_none_or(|book| !book.is(client, wanted)) {
            (self.book, self.step) = (None, None);
            let book = Book::open(client, wanted, self.journal.clone()).await?;
            self.journal.keep_fact(BOOK, book.key())?;
            self.book = Some(book);
        }
        Ok(())
    }

    async fn copy_one(
        &mut self,
        lookup: &Lookup,
        wanted: &Wanted,
        row: &deskring_store::ToSync,
    ) -> Result<(), Halt> {
        let done = |copier: &Self| copier.journal.sync_done(&row.kind, &row.id).map_err(Halt::from);
        // The module was changed since.
        if view::record_kind_of(&row.kind) != Some(wanted.kind) {
            return done(self);
        }
        let answer = match wanted.kind {
            RecordKind::Contact => {
                let contact = lookup.desk.contact(&ContactId::new(row.id.clone())).await;
                contact.map(|contact| Source::of_contact(&contact))
            }
            RecordKind::Account => {
                let account = lookup.desk.account(&AccountId::new(row.id.clone())).await;
                account.map(|account| Source::of_account(&account))
            }
        };
        let source = match answer {
            Ok(source) => source,
            // What Desk no longer has stays on the PBX as it is.
            Err(error) if error.kind() == &desk::Kind::Gone => return done(self),
            Err(error) => return Err(Halt::of_desk(&error)),
        };
        let Some(book) = &mut self.book else { return Ok(()) };
        match book.put(&source, &wanted.plan, How::Alone).await? {
            Put::Copied | Put::Same | Put::Skipped => done(self),
            Put::Failed if row.attempts >= MOST_ATTEMPTS => done(self),
            Put::Failed => Ok(self.journal.sync_again(&row.kind, &row.id, wall_ms() + 60_000)?),
            Put::Later(pause) => {
                let due_ms = wall_ms() + i64::try_from(pause.as_millis()).unwrap_or(0);
                Ok(self.journal.sync_again(&row.kind, &row.id, due_ms)?)
            }
        }
    }

    /// One step of the round: a page of a list, or one record.
    async fn go_round(&mut self, lookup: &Lookup, wanted: &Wanted) -> Result<(), Halt> {
        let (Some(book), Some(round)) = (&mut self.book, &mut self.round) else { return Ok(()) };
        let kind = view::record_kind(wanted.kind);
        if (round.book.as_str(), round.kind.as_str()) != (book.key(), kind) {
            // Another phonebook or module than it was begun for: from the beginning.
            round.mark = WalkMark::BEGINNING.to_string();
            (round.book, round.kind) = (book.key().to_owned(), kind.to_owned());
            round.at_mark = [0; 4];
            self.step = None;
        }
        match self.step.get_or_insert_with(|| Step::Stock(book.stock())) {
            Step::Stock(stock) => {
                if book.take_stock(stock).await? {
                    [round.copied, round.same, round.skipped, round.failed] = round.at_mark;
                    let next = round.mark.parse().unwrap_or(WalkMark::BEGINNING);
                    self.step = Some(Step::Walk {
                        page: VecDeque::new(),
                        next,
                        end: WalkEnd::More,
                        seen: <[BTreeSet<String>; 2]>::default(),
                    });
                }
                Ok(())
            }
            Step::Walk { page, next, end, seen: [before, now] } => {
                if let Some(source) = page.front() {
                    let put = book.put(source, &wanted.plan, How::AmongMany).await?;
                    let counted = before.contains(&source.id) || !now.insert(source.id.clone());
                    match put {
                        Put::Same | Put::Skipped if counted => {}
                        Put::Copied => round.copied += 1,
                        Put::Same => round.same += 1,
                        Put::Skipped => round.skipped += 1,
                        Put::Failed => round.failed += 1,
                        Put::Later(pause) => {
                            let due_ms = wall_ms() + i64::try_from(pause.as_millis()).unwrap_or(0);
                            self.journal.sync_again(kind, &source.id, due_ms)?;
                        }
                    }
                    self.seen += 1;
                    page.pop_front();
                    return Ok(());
                }
                *before = std::mem::take(now);
                // The page is done: this far it need not be walked again.
                round.mark = next.to_string();
                round.at_mark = [round.copied, round.same, round.skipped, round.failed];
                self.journal.keep_fact(ROUND, &serde_json::to_string(round).unwrap_or_default())?;
                if *end == WalkEnd::Reached {
                    self.step = Some(Step::Tidy(book.stock()));
                    return Ok(());
                }
                let failed = |error: desk::Error| Halt::of_desk(&error);
                let is_first = *next == WalkMark::BEGINNING;
                let count = match wanted.kind {
                    RecordKind::Contact => {
                        let read = lookup.desk.walk_contacts(*next).await.map_err(failed)?;
                        (*next, *end) = (read.next, read.end);
                        page.extend(read.records.iter().map(Source::of_contact));
                        read.count
                    }
                    RecordKind::Account => {
                        let read = lookup.desk.walk_accounts(*next).await.map_err(failed)?;
                        (*next, *end) = (read.next, read.end);
                        page.extend(read.records.iter().map(Source::of_account));
                        read.count
                    }
                };
                if is_first {
                    round.total = count;
                }
                Ok(())
            }
            Step::Tidy(stock) => {
                if book.take_stock(stock).await? {
                    self.step = None;
                    self.set_round(|round| round.state = RoundState::Done)?;
                }
                Ok(())
            }
        }
    }

    fn set_round(&mut self, change: impl FnOnce(&mut Round)) -> Result<(), StoreError> {
        let Some(round) = &mut self.round else { return Ok(()) };
        change(round);
        self.journal.keep_fact(ROUND, &serde_json::to_string(round).unwrap_or_default())
    }

    fn halted(&mut self, state: &str, side: &str, cause: &str, detail: Option<String>) {
        self.view.state = state.into();
        self.view.side = Some(side.into());
        self.view.cause = Some(cause.into());
        self.view.detail = detail;
        self.told = None;
    }

    fn write_view(&mut self, wiring: &Wiring, pause: Option<Duration>) {
        if self.told.is_some_and(|told| told.elapsed() < TELL) && self.view.state == "running" {
            return;
        }
        self.told = Some(Instant::now());
        let view = &mut self.view;
        let wait = |pause: Duration| wall_ms() + i64::try_from(pause.as_millis()).unwrap_or(0);
        view.retry_at_ms = pause.filter(|_| view.cause.is_some() && view.state == "waiting").map(wait);
        view.phonebook = wiring.wanted.as_ref().map(|wanted| wanted.phonebook.clone());
        view.waiting = self.journal.count_to_sync().unwrap_or(0);
        view.credits_left = wiring.desk.as_ref().and_then(|lookup| lookup.desk.credits()).map(|c| c.left);
        view.step = self.step.as_ref().map(|step| {
            match step {
                Step::Stock(_) => "looking",
                Step::Walk { .. } => "copying",
                Step::Tidy(_) => "tidying",
            }
            .to_owned()
        });
        let minutes = self.since.elapsed().as_secs_f64() / 60.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let speed = (self.seen as f64 / minutes.max(1.0 / 60.0)) as u64;
        view.per_minute = (view.state == "running").then_some(speed);
        if let Some(round) = &self.round {
            (view.copied, view.same) = (round.copied, round.same);
            (view.skipped, view.failed, view.total) = (round.skipped, round.failed, round.total);
            view.began_ms = Some(round.began_ms);
            view.round = Some(
                match round.state {
                    RoundState::Running => "running",
                    RoundState::Stopped => "stopped",
                    RoundState::Done => "done",
                }
                .to_owned(),
            );
        }
        // An error means that the loop has ended.
        let _ = self.tell.send(view.clone());
    }
}
