//! The single place where state changes: inputs in, effects out, one call at a time.
//!
//! A call owes the agent a notice and, by the rules, one tab; the duty belongs to a call *and* an extension.
//! Effects are values with the call's id and are safe to perform twice. Iterated collections are ordered, so
//! a replay of the same inputs is identical. Must not perform anything and must not read a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::call::{
    CallId, CallRecord, Direction, Extension, FailureReason, LegReport, Other, Outcome, Phase, RecordStatus,
    Status,
};
use crate::number::Plan;
use crate::pop::{Answer, Decision, DeskUse, Facts, Moment, OpenedBy, Pause, Rules, Why};
use crate::tracker::{Legs, Seen};

/// A reading of the clocks, taken once for each input by whoever runs the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Time since some fixed start, counting sleep. Never goes back.
    pub mono: Duration,
    /// Milliseconds since 1970 (UTC). May jump.
    pub wall_ms: i64,
}

/// What the machine is told about this agent.
#[derive(Clone, Debug)]
pub struct Setup {
    /// My extensions; usually one.
    pub mine: BTreeSet<Extension>,
    /// When tabs open.
    pub rules: Rules,
    /// How numbers are written here.
    pub plan: Plan,
}

/// A contact or an account in Desk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Which of the two.
    pub kind: RecordKind,
    /// Desk's id: digits that exceed 2^53.
    pub id: String,
    /// Name as Desk gives it; may be empty.
    pub name: String,
    /// The company of a contact.
    pub company: Option<String>,
    /// The address of its page, checked to be Desk's; `None` when it was refused.
    pub page: Option<String>,
}

/// Desk's two kinds of customer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RecordKind {
    /// A person.
    Contact,
    /// A company.
    Account,
}

/// Whose number it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Match {
    /// Nobody's.
    Nobody,
    /// One record's.
    One(Record),
    /// Several records'; never empty, never one.
    Several(Vec<Record>),
}

impl Match {
    /// From the records that were found.
    pub fn of(mut records: Vec<Record>) -> Self {
        match (records.len(), records.pop()) {
            (1, Some(only)) => Self::One(only),
            (_, Some(last)) => {
                records.push(last);
                Self::Several(records)
            }
            (_, None) => Self::Nobody,
        }
    }
}

/// Everything that can happen to the machine.
#[derive(Clone, Debug)]
pub enum Input {
    /// The PBX reported a call's state, a transfer or a forward.
    Legs {
        /// Which call.
        call: CallId,
        /// Its legs, all or some.
        legs: Vec<LegReport>,
    },
    /// A call detail record came in. There may be several for one call.
    Ended {
        /// Which call.
        call: CallId,
        /// The row.
        record: CallRecord,
    },
    /// The PBX could not put a call through.
    Failed {
        /// Which call.
        call: CallId,
        /// Why.
        reason: FailureReason,
        /// Legs as of then; often none.
        legs: Vec<LegReport>,
    },
    /// The PBX says an extension is idle, or not idle any more.
    Idle {
        /// Which extension.
        extension: Extension,
    },
    /// The PBX says an extension rings or talks.
    Busy {
        /// Which extension.
        extension: Extension,
    },
    /// The link is up and these are all calls the PBX has now.
    Resynced {
        /// Complete calls.
        calls: Vec<(CallId, Vec<LegReport>)>,
    },
    /// The answer to [`Effect::LookUp`].
    LookedUp {
        /// Which call.
        call: CallId,
        /// The attempt it answers.
        attempt: u8,
        /// The records, or why there is no answer.
        answer: Result<Match, LookupFailure>,
    },
    /// The agent pressed the Helpdesk button.
    OpenRequested {
        /// Which call; `None` is the current one, or the last.
        call: Option<CallId>,
    },
    /// The notice of a call was handed to the notification service.
    Notified {
        /// Which call.
        call: CallId,
    },
    /// What became of [`Effect::Open`].
    Opened {
        /// Which call.
        call: CallId,
        /// Who wanted it.
        by: OpenedBy,
        /// Whether the browser took it.
        result: Result<(), OpenFailure>,
    },
    /// Pop-ups are paused or resumed.
    Paused(Option<Pause>),
    /// The settings changed.
    Settings(Setup),
    /// A deadline passed.
    Tick,
}

/// Why a lookup has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LookupFailure {
    /// Stable code for the words a person reads.
    pub code: &'static str,
    /// Whether asking again soon can help.
    pub again: Again,
}

/// Whether asking again soon can help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Again {
    /// A passing fault.
    Soon,
    /// Only when something else changes first.
    Useless,
}

/// Why a page was not opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenFailure {
    /// A tab for this call had been opened before a restart.
    BeforeRestart,
    /// The address is not one of Desk's.
    Refused,
    /// The browser could not be started.
    Browser,
}

/// What the machine wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Show or replace the notice of a call.
    Notify(Notice),
    /// Take the notice of a call away.
    Withdraw {
        /// Which call.
        call: CallId,
    },
    /// Find out whose number this is; answer with [`Input::LookedUp`].
    LookUp {
        /// Which call.
        call: CallId,
        /// The number as the PBX gave it.
        number: String,
        /// To be repeated in the answer.
        attempt: u8,
    },
    /// Open the record's page, at most once for each call by rule; answer with [`Input::Opened`].
    Open {
        /// Which call.
        call: CallId,
        /// The record; its page is present.
        record: Record,
        /// Who wants it.
        by: OpenedBy,
    },
    /// Store what is known of my part of a call.
    Journal(Box<Entry>),
    /// Ask the PBX for its current calls; answer with [`Input::Resynced`].
    AskPbx,
}

/// An incoming call as the agent is told of it. Text is composed by whoever shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Which call; a later notice of the same call replaces the earlier.
    pub call: CallId,
    /// The number as the PBX gave it; may be empty.
    pub number: String,
    /// Who it is, as far as known.
    pub who: Who,
    /// Queue, ring group or IVR it came through.
    pub path: Option<String>,
}

/// Who the other side is, as far as known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Not asked: internal, or Desk is not in use.
    NotAsked,
    /// The answer is under way.
    Searching,
    /// Found.
    Known(Record),
    /// Several; the agent chooses.
    Several(Vec<Record>),
    /// Nobody has this number.
    Nobody,
    /// The number is withheld.
    Withheld,
    /// Desk could not be asked.
    Failed(&'static str),
}

/// My part of a call, for history, tray and windows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Which call.
    pub call: CallId,
    /// Which of my extensions.
    pub extension: Extension,
    /// `None` while not known.
    pub direction: Option<Direction>,
    /// The other side.
    pub other: Other,
    /// Who that is.
    pub who: Who,
    /// Queue, ring group or IVR number.
    pub path: Option<String>,
    /// The number the caller dialed.
    pub did: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// How it came out; may still change until `closed`.
    pub outcome: Option<Outcome>,
    /// What became of the tab; may still change until `closed`.
    pub why: Why,
    /// First report, wall clock in ms since 1970.
    pub began_ms: i64,
    /// When I was first connected.
    pub answered_ms: Option<i64>,
    /// When my part ended.
    pub over_ms: Option<i64>,
    /// How long things took.
    pub timing: Timing,
    /// Nothing more is expected.
    pub closed: bool,
}

/// Milliseconds from the event that showed the call.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Timing {
    /// Until the notification service was asked.
    pub notified_ms: Option<u32>,
    /// Until it was known whose number it is.
    pub looked_up_ms: Option<u32>,
    /// Until the browser was asked for the tab.
    pub opened_ms: Option<u32>,
}

/// Rows of one call keep coming for a while after its last frame.
const SETTLE: Duration = Duration::from_secs(4);
/// A call with a frame this fresh is not ended by a resync that may be older than the frame.
const FRESH: Duration = Duration::from_secs(3);
/// An idle phone ends its calls only after this long without contradiction.
const IDLE: Duration = Duration::from_secs(5);
/// A phone that rings alone: the PBX is asked who calls.
const NOT_REPORTED: Duration = Duration::from_secs(2);
/// Longest plausible ringing, and longest call the PBX allows by default; then the PBX is asked.
const RING_CHECK: Duration = Duration::from_secs(180);
const TALK_CHECK: Duration = Duration::from_secs(3 * 3600);
/// A closed call is remembered this long, so that a late frame does not start it anew.
const KEEP_CLOSED: Duration = Duration::from_secs(3600);
const PRUNE: Duration = Duration::from_secs(600);
/// Waits before asking Desk again, while the call lasts.
const LOOK_AGAIN: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(6)];

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Timer {
    Settle(CallId),
    Check(CallId),
    AskAbout(CallId),
    NotReported(CallId),
    LookAgain(CallId),
    Idle(Extension),
    AskAgain,
    PauseEnds,
    Prune,
}

/// The call core. See the module's documentation.
#[derive(Debug)]
pub struct Machine {
    setup: Setup,
    calls: BTreeMap<CallId, Tracked>,
    /// Calls whose tab was opened before this machine was made.
    opened_earlier: BTreeSet<CallId>,
    timers: BTreeMap<Timer, Duration>,
}

#[derive(Debug)]
struct Tracked {
    legs: Legs,
    duties: BTreeMap<Extension, Duty>,
    lookup: Lookup,
    pop: Pop,
    wanted: Wanted,
    records: Vec<CallRecord>,
    failure: Option<FailureReason>,
    notice: Option<Notice>,
    last_frame: Duration,
    /// Set when the end was learned from a resync, not from the PBX's own report.
    end_not_seen: bool,
    closed_at: Option<Duration>,
    timing: Timing,
}

#[derive(Debug)]
struct Duty {
    began: Now,
    /// When the other side was first reported: the start of all timing.
    shown: Option<Now>,
    answered_ms: Option<i64>,
    over_ms: Option<i64>,
    seen: Seen,
    /// A tab would have opened but for this; the reason, should the call end so.
    held_back: Option<Why>,
    entry: Option<Entry>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Lookup {
    NotAsked,
    Withheld,
    Asked(u8),
    Found(Match),
    /// No answer; it is asked again soon.
    Again(u8, LookupFailure),
    Failed(u8, LookupFailure),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Pop {
    None,
    Asked,
    Done(OpenedBy),
    Failed(Why),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wanted {
    No,
    ByAgent,
}

impl Tracked {
    fn new(now: Now) -> Self {
        Self {
            legs: Legs::default(),
            duties: BTreeMap::new(),
            lookup: Lookup::NotAsked,
            pop: Pop::None,
            wanted: Wanted::No,
            records: Vec::new(),
            failure: None,
            notice: None,
            last_frame: now.mono,
            end_not_seen: false,
            closed_at: None,
            timing: Timing::default(),
        }
    }

    fn is_over_for_me(&self) -> bool {
        self.duties.values().all(|duty| duty.seen.phase == Phase::Over)
    }

    fn is_talking(&self) -> bool {
        self.duties.values().any(|duty| matches!(duty.seen.phase, Phase::Talking | Phase::Held))
    }

    /// When a call has lasted so long that its end was probably missed.
    fn check_at(&self) -> Duration {
        let began = self.duties.values().map(|duty| duty.began.mono).min().unwrap_or_default();
        began + if self.is_talking() { TALK_CHECK } else { RING_CHECK }
    }

    fn outside_number(&self) -> Option<&str> {
        self.duties.values().find_map(|duty| match &duty.seen.other {
            Other::Outside(number) => Some(number.as_str()),
            Other::Colleague(_) | Other::NotReported => None,
        })
    }

    fn answer(&self) -> Answer {
        match &self.lookup {
            Lookup::NotAsked | Lookup::Asked(_) => Answer::Pending,
            Lookup::Withheld => Answer::Withheld,
            Lookup::Found(Match::Nobody) => Answer::Nobody,
            Lookup::Found(Match::One(record)) if record.page.is_some() => Answer::One,
            Lookup::Found(Match::One(_)) => Answer::OneRefused,
            Lookup::Found(Match::Several(records)) => Answer::Several(records.len()),
            Lookup::Again(_, failure) | Lookup::Failed(_, failure) => Answer::Failed(failure.code),
        }
    }

    fn who(&self) -> Who {
        match &self.lookup {
            Lookup::NotAsked => Who::NotAsked,
            Lookup::Withheld => Who::Withheld,
            Lookup::Asked(_) | Lookup::Again(..) => Who::Searching,
            Lookup::Found(Match::Nobody) => Who::Nobody,
            Lookup::Found(Match::One(record)) => Who::Known(record.clone()),
            Lookup::Found(Match::Several(records)) => Who::Several(records.clone()),
            Lookup::Failed(_, failure) => Who::Failed(failure.code),
        }
    }

    /// The only record, when its page may be opened.
    fn page(&self) -> Option<&Record> {
        match &self.lookup {
            Lookup::Found(Match::One(record)) if record.page.is_some() => Some(record),
            Lookup::Found(_) | Lookup::NotAsked | Lookup::Withheld => None,
            Lookup::Asked(_) | Lookup::Again(..) | Lookup::Failed(..) => None,
        }
    }

    fn since_shown(&self, now: Now) -> Option<u32> {
        let shown = self.duties.values().filter_map(|duty| duty.shown).map(|at| at.mono).min()?;
        Some(u32::try_from(now.mono.saturating_sub(shown).as_millis()).unwrap_or(u32::MAX))
    }

    /// Where trunks are not monitored, only the record of the ended call tells who the other side was.
    fn fill_in_from_records(&self, me: &Extension, seen: &mut Seen) {
        if seen.direction.is_some() {
            return;
        }
        if let Some(row) = self.records.iter().find(|row| row.names(me)) {
            seen.direction = row.direction;
            seen.other = other_side(me, row);
            seen.talked = row.status == RecordStatus::Answered && row.talk_duration_s > 0;
        }
    }

    fn outcome(&self, extension: &Extension, duty: &Duty) -> Option<Outcome> {
        if duty.seen.phase != Phase::Over {
            return None;
        }
        let own_row = self.records.iter().find(|row| row.names(extension));
        let row = own_row.or_else(|| self.records.iter().max_by_key(|row| row.talk_duration_s));
        // An IVR or a queue that answered is a row too, so a row counts as my answer only when it names me.
        let answered_by_row =
            own_row.is_some_and(|row| row.status == RecordStatus::Answered && row.talk_duration_s > 0);
        if duty.seen.talked || (answered_by_row && self.end_not_seen) {
            return Some(Outcome::Answered);
        }
        if let (Some(reason), Some(Direction::Outbound) | None) = (&self.failure, duty.seen.direction) {
            return Some(Outcome::Failed(Some(reason.clone())));
        }
        if duty.seen.direction == Some(Direction::Outbound) {
            return Some(match row.map(|row| row.status) {
                Some(RecordStatus::Busy | RecordStatus::Failed) => Outcome::Failed(None),
                None if self.end_not_seen => Outcome::NotSeen,
                _ => Outcome::Missed,
            });
        }
        if let Some(other) = &duty.seen.taken_by {
            return Some(Outcome::AnsweredElsewhere(other.extension().cloned()));
        }
        match row.map(|row| row.status) {
            Some(RecordStatus::Voicemail) => Some(Outcome::Voicemail),
            None if self.end_not_seen => Some(Outcome::NotSeen),
            _ => Some(Outcome::Missed),
        }
    }
}

impl Machine {
    /// A machine without calls. `opened_earlier` are calls whose tab was already opened before a restart.
    pub fn new(setup: Setup, opened_earlier: impl IntoIterator<Item = CallId>) -> Self {
        Self {
            setup,
            calls: BTreeMap::new(),
            opened_earlier: opened_earlier.into_iter().collect(),
            timers: BTreeMap::new(),
        }
    }

    /// When [`Input::Tick`] is due, on the monotonic clock; `None` when nothing is waited for.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.values().min().copied()
    }

    /// My part of every call that is not closed, then of those closed within the last hour; oldest first.
    pub fn entries(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self
            .calls
            .values()
            .flat_map(|call| call.duties.values())
            .filter_map(|duty| duty.entry.as_ref())
            .collect();
        entries.sort_by_key(|entry| (entry.began_ms, entry.call.clone()));
        entries
    }

    /// What the machine was last told.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Calls in memory, others' included; for the memory bound.
    pub fn tracked(&self) -> usize {
        self.calls.len()
    }

    /// Takes one input and says what is to be done, in order.
    #[must_use]
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Legs { call, legs } => self.on_legs(now, &call, &legs, &mut effects),
            Input::Ended { call, record } => self.on_record(now, &call, record, &mut effects),
            Input::Failed { call, reason, legs } => {
                self.on_legs(now, &call, &legs, &mut effects);
                if let Some(tracked) = self.calls.get_mut(&call) {
                    tracked.failure = Some(reason);
                    self.review(now, &call, &mut effects);
                }
            }
            Input::Idle { extension } => {
                if self.setup.mine.contains(&extension) {
                    self.timers.entry(Timer::Idle(extension)).or_insert(now.mono + IDLE);
                }
            }
            Input::Busy { extension } => {
                self.timers.remove(&Timer::Idle(extension));
            }
            Input::Resynced { calls } => self.on_resync(now, calls, &mut effects),
            Input::LookedUp { call, attempt, answer } => {
                self.on_looked_up(now, &call, attempt, answer, &mut effects);
            }
            Input::OpenRequested { call } => self.on_open_requested(now, call, &mut effects),
            Input::Notified { call } => {
                if let Some(tracked) = self.calls.get_mut(&call) {
                    tracked.timing.notified_ms = tracked.timing.notified_ms.or(tracked.since_shown(now));
                    self.review(now, &call, &mut effects);
                }
            }
            Input::Opened { call, by, result } => self.on_opened(now, &call, by, result, &mut effects),
            Input::Paused(pause) => {
                self.setup.rules.pause = pause;
                self.timers.remove(&Timer::PauseEnds);
                if let Some(Pause::Until(end_ms)) = pause {
                    let left = u64::try_from(end_ms - now.wall_ms).unwrap_or(0);
                    self.timers.insert(Timer::PauseEnds, now.mono + Duration::from_millis(left));
                }
                self.review_all(now, &mut effects);
            }
            Input::Settings(setup) => {
                self.setup = setup;
                self.review_all(now, &mut effects);
            }
            Input::Tick => self.on_tick(now, &mut effects),
        }
        effects
    }

    fn on_legs(&mut self, now: Now, id: &CallId, legs: &[LegReport], effects: &mut Vec<Effect>) {
        if !self.calls.contains_key(id) && legs.iter().all(|leg| leg.status == Status::Bye) {
            // The tail of a call that is already forgotten, or was never seen.
            return;
        }
        let tracked = self.calls.entry(id.clone()).or_insert_with(|| Tracked::new(now));
        if tracked.closed_at.is_some() {
            return;
        }
        tracked.last_frame = now.mono;
        tracked.legs.merge(legs);
        self.after_frame(now, id, effects);
    }

    /// A frame of a call was merged: others' finished calls are forgotten, mine are reviewed.
    fn after_frame(&mut self, now: Now, id: &CallId, effects: &mut Vec<Effect>) {
        let Some(tracked) = self.calls.get(id) else { return };
        if tracked.legs.involves(self.setup.mine.iter()) {
            self.review(now, id, effects);
        } else if !tracked.legs.is_live() {
            self.calls.remove(id);
        }
        self.timers.entry(Timer::Prune).or_insert(now.mono + PRUNE);
    }

    fn on_record(&mut self, now: Now, id: &CallId, record: CallRecord, effects: &mut Vec<Effect>) {
        let mine: Vec<Extension> = self.setup.mine.iter().filter(|me| record.names(me)).cloned().collect();
        if !self.calls.contains_key(id) {
            // Began and ended while nobody looked: all that is known is this row.
            if mine.is_empty() {
                return;
            }
            let mut tracked = Tracked::new(now);
            tracked.end_not_seen = true;
            for me in &mine {
                tracked.duties.insert(me.clone(), Duty::from_record(now, me, &record));
            }
            self.calls.insert(id.clone(), tracked);
        }
        let Some(tracked) = self.calls.get_mut(id) else { return };
        if tracked.closed_at.is_some() {
            return;
        }
        tracked.last_frame = now.mono;
        for me in &mine {
            tracked.legs.drop_extension(me);
        }
        if !tracked.records.contains(&record) {
            tracked.records.push(record);
        }
        if !tracked.duties.is_empty() {
            if tracked.legs.is_live() {
                // Some leg's row while another is up: an IVR or queue leg may end before the call does. Or a
                // transferred caller went on under another id and will never hang up under this one.
                self.timers.entry(Timer::AskAbout(id.clone())).or_insert(now.mono + SETTLE);
            }
            self.review(now, id, effects);
        } else if !self.calls.get(id).is_some_and(|call| call.legs.is_live()) {
            self.calls.remove(id);
        }
    }

    fn on_resync(&mut self, now: Now, calls: Vec<(CallId, Vec<LegReport>)>, effects: &mut Vec<Effect>) {
        let present: BTreeSet<CallId> = calls.iter().map(|(id, _)| id.clone()).collect();
        for (id, legs) in calls {
            let tracked = self.calls.entry(id.clone()).or_insert_with(|| Tracked::new(now));
            if tracked.closed_at.is_some() {
                continue;
            }
            if now.mono.saturating_sub(tracked.last_frame) < FRESH {
                tracked.legs.merge(&legs);
            } else {
                tracked.legs.merge_complete(&legs);
            }
            self.after_frame(now, &id, effects);
        }
        let absent: Vec<CallId> =
            self.calls.iter().filter(|(id, _)| !present.contains(id)).map(|(id, _)| id.clone()).collect();
        for id in absent {
            let Some(tracked) = self.calls.get_mut(&id) else { continue };
            if tracked.closed_at.is_some() || !tracked.legs.is_live() {
                continue;
            }
            if now.mono.saturating_sub(tracked.last_frame) < FRESH {
                self.timers.entry(Timer::AskAgain).or_insert(now.mono + FRESH);
                continue;
            }
            tracked.end_not_seen = tracked.end_not_seen || !tracked.is_over_for_me();
            tracked.legs.lose_all();
            tracked.last_frame = now.mono;
            self.after_frame(now, &id, effects);
        }
    }

    fn on_looked_up(
        &mut self,
        now: Now,
        id: &CallId,
        attempt: u8,
        answer: Result<Match, LookupFailure>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(tracked) = self.calls.get_mut(id) else { return };
        if tracked.lookup != Lookup::Asked(attempt) {
            return;
        }
        match answer {
            Ok(found) => {
                tracked.lookup = Lookup::Found(found);
                tracked.timing.looked_up_ms = tracked.since_shown(now);
            }
            Err(failure) => {
                let wait = LOOK_AGAIN.get(usize::from(attempt));
                tracked.lookup = match (failure.again, wait, tracked.is_over_for_me()) {
                    (Again::Soon, Some(wait), false) => {
                        self.timers.insert(Timer::LookAgain(id.clone()), now.mono + *wait);
                        Lookup::Again(attempt, failure)
                    }
                    (Again::Soon | Again::Useless, _, _) => Lookup::Failed(attempt, failure),
                };
            }
        }
        self.review(now, id, effects);
    }

    fn on_open_requested(&mut self, now: Now, id: Option<CallId>, effects: &mut Vec<Effect>) {
        let Some(id) = id.or_else(|| self.current_call()) else { return };
        let Some(tracked) = self.calls.get_mut(&id) else { return };
        if let Lookup::Failed(attempt, _) | Lookup::Again(attempt, _) = tracked.lookup {
            self.ask_again(&id, attempt.wrapping_add(1), effects);
        }
        if let Some(tracked) = self.calls.get_mut(&id) {
            tracked.wanted = Wanted::ByAgent;
        }
        self.review(now, &id, effects);
    }

    /// The call the agent means by "this one": the newest that is still on, else the newest.
    fn current_call(&self) -> Option<CallId> {
        self.calls
            .iter()
            .filter_map(|(id, call)| {
                call.duties.values().map(|duty| duty.began.mono).max().map(|at| (id, call, at))
            })
            .max_by_key(|(_, call, at)| (!call.is_over_for_me(), *at))
            .map(|(id, _, _)| id.clone())
    }

    fn on_opened(
        &mut self,
        now: Now,
        id: &CallId,
        by: OpenedBy,
        result: Result<(), OpenFailure>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(tracked) = self.calls.get_mut(id) else { return };
        match result {
            Ok(()) => {
                tracked.timing.opened_ms = tracked.timing.opened_ms.or(tracked.since_shown(now));
                // A tab the rule opened stays the reason when the agent opens it once more.
                if !matches!(tracked.pop, Pop::Done(OpenedBy::Rule(_))) {
                    tracked.pop = Pop::Done(by);
                }
            }
            Err(failure) => {
                tracked.pop = Pop::Failed(match failure {
                    OpenFailure::BeforeRestart => Why::OpenedBeforeRestart,
                    OpenFailure::Refused => Why::AddressRefused,
                    OpenFailure::Browser => Why::BrowserFailed,
                });
            }
        }
        self.review(now, id, effects);
    }

    fn on_tick(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let due: Vec<Timer> =
            self.timers.iter().filter(|(_, at)| **at <= now.mono).map(|(timer, _)| timer.clone()).collect();
        for timer in due {
            self.timers.remove(&timer);
            match timer {
                Timer::Settle(id) => self.close(now, &id, effects),
                Timer::AskAbout(id) | Timer::NotReported(id) => {
                    if self.calls.get(&id).is_some_and(|call| call.legs.is_live()) {
                        ask_pbx(effects);
                    }
                }
                Timer::Check(id) => {
                    let Some(tracked) = self.calls.get(&id) else { continue };
                    let next = tracked.check_at();
                    if next <= now.mono {
                        ask_pbx(effects);
                    }
                    self.timers.insert(Timer::Check(id), next.max(now.mono + RING_CHECK));
                }
                Timer::LookAgain(id) => {
                    if let Some(Lookup::Again(attempt, _)) =
                        self.calls.get(&id).map(|call| call.lookup.clone())
                    {
                        self.ask_again(&id, attempt + 1, effects);
                    }
                }
                Timer::Idle(extension) => self.on_idle(now, &extension, effects),
                Timer::AskAgain => ask_pbx(effects),
                Timer::PauseEnds => {
                    self.setup.rules.pause = None;
                    self.review_all(now, effects);
                }
                Timer::Prune => self.prune(now),
            }
        }
    }

    fn on_idle(&mut self, now: Now, extension: &Extension, effects: &mut Vec<Effect>) {
        let stuck: Vec<CallId> = self
            .calls
            .iter()
            .filter(|(_, call)| call.duties.get(extension).is_some_and(|duty| duty.seen.phase != Phase::Over))
            .map(|(id, _)| id.clone())
            .collect();
        for id in stuck {
            if let Some(tracked) = self.calls.get_mut(&id) {
                tracked.legs.drop_extension(extension);
            }
            self.review(now, &id, effects);
            // The rest of the call is only known to the PBX.
            ask_pbx(effects);
        }
    }

    fn ask_again(&mut self, id: &CallId, attempt: u8, effects: &mut Vec<Effect>) {
        let Some(tracked) = self.calls.get_mut(id) else { return };
        let Some(number) = tracked.outside_number().map(str::to_owned) else { return };
        tracked.lookup = Lookup::Asked(attempt);
        self.timers.remove(&Timer::LookAgain(id.clone()));
        effects.push(Effect::LookUp { call: id.clone(), number, attempt });
    }

    fn review_all(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let open: Vec<CallId> = self
            .calls
            .iter()
            .filter(|(_, call)| call.closed_at.is_none())
            .map(|(id, _)| id.clone())
            .collect();
        for id in open {
            self.after_frame(now, &id, effects);
        }
    }

    /// Brings everything owed for a call in line with what is known of it. Calling it twice changes nothing.
    fn review(&mut self, now: Now, id: &CallId, effects: &mut Vec<Effect>) {
        let setup = &self.setup;
        let Some(tracked) = self.calls.get_mut(id) else { return };
        for me in &setup.mine {
            let Some(mut seen) = tracked.legs.seen(me) else { continue };
            tracked.fill_in_from_records(me, &mut seen);
            let duty = tracked.duties.entry(me.clone()).or_insert_with(|| Duty::new(now, seen.clone()));
            duty.update(now, seen);
        }
        if tracked.closed_at.is_none() {
            look_up(tracked, setup, id, effects);
            notice(tracked, id, effects);
        }
        let why = pop(tracked, setup, &self.opened_earlier, now, id, effects);
        let open = tracked.closed_at.is_none();
        if open && !tracked.legs.is_live() {
            self.timers.insert(Timer::Settle(id.clone()), tracked.last_frame + SETTLE);
        } else if open {
            self.timers.remove(&Timer::Settle(id.clone()));
        }
        let alone =
            tracked.duties.values().any(|d| d.seen.direction.is_none() && d.seen.phase == Phase::Ringing);
        if open && alone {
            let began = tracked.duties.values().map(|duty| duty.began.mono).min().unwrap_or(now.mono);
            if began + NOT_REPORTED > now.mono {
                self.timers.insert(Timer::NotReported(id.clone()), began + NOT_REPORTED);
            }
        } else {
            self.timers.remove(&Timer::NotReported(id.clone()));
        }
        // Also when only others are left in it: their hang-up may be lost, or told under another call id.
        if open && tracked.legs.is_live() {
            self.timers.entry(Timer::Check(id.clone())).or_insert_with(|| tracked.check_at());
        } else {
            self.timers.remove(&Timer::Check(id.clone()));
        }
        journal(tracked, id, &why, effects);
    }

    fn close(&mut self, now: Now, id: &CallId, effects: &mut Vec<Effect>) {
        let Some(tracked) = self.calls.get_mut(id) else { return };
        if tracked.legs.is_live() || tracked.closed_at.is_some() {
            return;
        }
        tracked.closed_at = Some(now.mono);
        self.timers.remove(&Timer::AskAbout(id.clone()));
        self.timers.remove(&Timer::LookAgain(id.clone()));
        self.review(now, id, effects);
    }

    fn prune(&mut self, now: Now) {
        let timers = &mut self.timers;
        self.calls.retain(|id, call| {
            let keep = match call.closed_at {
                Some(at) => now.mono.saturating_sub(at) < KEEP_CLOSED,
                // Others' calls whose end was never reported.
                None => !call.duties.is_empty() || now.mono.saturating_sub(call.last_frame) < TALK_CHECK,
            };
            if !keep {
                timers.remove(&Timer::Settle(id.clone()));
            }
            keep
        });
        if !self.calls.is_empty() {
            self.timers.insert(Timer::Prune, now.mono + PRUNE);
        }
    }
}

impl Duty {
    fn new(now: Now, seen: Seen) -> Self {
        Self { began: now, shown: None, answered_ms: None, over_ms: None, seen, held_back: None, entry: None }
    }

    fn from_record(now: Now, me: &Extension, record: &CallRecord) -> Self {
        let seen = Seen {
            direction: record.direction,
            other: other_side(me, record),
            phase: Phase::Over,
            talked: false,
            taken_by: None,
            path: None,
            did: None,
        };
        let mut duty = Self::new(now, seen.clone());
        duty.update(now, seen);
        duty
    }

    fn update(&mut self, now: Now, seen: Seen) {
        if self.shown.is_none() && seen.direction.is_some() {
            self.shown = Some(now);
        }
        if seen.talked && self.answered_ms.is_none() {
            self.answered_ms = Some(now.wall_ms);
        }
        if seen.phase == Phase::Over {
            self.over_ms.get_or_insert(now.wall_ms);
        } else {
            // A queue may ring me a second time in the same call.
            self.over_ms = None;
        }
        self.seen = seen;
    }
}

fn other_side(me: &Extension, record: &CallRecord) -> Other {
    let far = if record.from == me.as_str() { &record.to } else { &record.from };
    match record.direction {
        Some(Direction::Internal) => Other::Colleague(Extension::new(far.clone())),
        Some(Direction::Inbound | Direction::Outbound) => Other::Outside(far.clone()),
        None => Other::NotReported,
    }
}

fn ask_pbx(effects: &mut Vec<Effect>) {
    if !effects.contains(&Effect::AskPbx) {
        effects.push(Effect::AskPbx);
    }
}

/// Asks whose number it is, once, as soon as an outside number is known. Internal numbers are never asked.
fn look_up(tracked: &mut Tracked, setup: &Setup, id: &CallId, effects: &mut Vec<Effect>) {
    if tracked.lookup != Lookup::NotAsked || setup.rules.desk != DeskUse::On {
        return;
    }
    let Some(number) = tracked.outside_number().map(str::to_owned) else { return };
    if setup.plan.read(&number).is_withheld() {
        tracked.lookup = Lookup::Withheld;
    } else {
        tracked.lookup = Lookup::Asked(0);
        effects.push(Effect::LookUp { call: id.clone(), number, attempt: 0 });
    }
}

/// The notice of an incoming outside call: shown when it rings here, replaced when more is known, taken away
/// when it is over for me. It stays while I talk, because its button opens the page.
fn notice(tracked: &mut Tracked, id: &CallId, effects: &mut Vec<Effect>) {
    let inbound = |duty: &&Duty| duty.seen.direction == Some(Direction::Inbound);
    let rings = tracked.duties.values().filter(inbound).any(|duty| duty.seen.phase == Phase::Ringing);
    if rings || (tracked.is_talking() && tracked.notice.is_some()) {
        let notice = Notice {
            call: id.clone(),
            number: tracked.outside_number().unwrap_or_default().to_owned(),
            who: tracked.who(),
            path: tracked.duties.values().find_map(|duty| duty.seen.path.clone()),
        };
        if tracked.notice.as_ref() != Some(&notice) {
            // First, so that the agent sees the call before anything else is done for it.
            effects.insert(0, Effect::Notify(notice.clone()));
            tracked.notice = Some(notice);
        }
    } else if tracked.notice.take().is_some() {
        effects.push(Effect::Withdraw { call: id.clone() });
    }
}

/// Opens the tab when it is due and says what became of it so far.
fn pop(
    tracked: &mut Tracked,
    setup: &Setup,
    opened_earlier: &BTreeSet<CallId>,
    now: Now,
    id: &CallId,
    effects: &mut Vec<Effect>,
) -> BTreeMap<Extension, Why> {
    if let (Wanted::ByAgent, Some(record)) = (tracked.wanted, tracked.page().cloned()) {
        tracked.wanted = Wanted::No;
        if tracked.pop == Pop::None {
            // The agent's own tab is the call's tab; the rule does not add a second.
            tracked.pop = Pop::Asked;
        }
        effects.push(Effect::Open { call: id.clone(), record, by: OpenedBy::Agent });
    }
    let answer = tracked.answer();
    let mut reasons = BTreeMap::new();
    let closed = tracked.closed_at.is_some();
    let page = tracked.page().cloned();
    for (me, duty) in &mut tracked.duties {
        let facts = Facts {
            direction: duty.seen.direction,
            phase: duty.seen.phase,
            talked: duty.seen.talked,
            taken_by: duty.seen.taken_by.clone(),
            answer,
            wall_ms: now.wall_ms,
        };
        let decision = setup.rules.decide(&facts);
        let why = match (&tracked.pop, decision) {
            (Pop::Done(by), _) => Why::Opened(*by),
            (Pop::Failed(why), _) => why.clone(),
            (Pop::Asked, _) => Why::Undecided,
            (Pop::None, Decision::No(why)) => {
                if why == Why::Paused {
                    duty.held_back = Some(why.clone());
                }
                why
            }
            (Pop::None, _) if opened_earlier.contains(id) => Why::OpenedBeforeRestart,
            (Pop::None, _) if tracked.end_not_seen => Why::LinkWasDown,
            // The answer came after everything was settled.
            (Pop::None, Decision::Open) if closed => Why::EndedBeforeMatch,
            (Pop::None, Decision::Open) => match page.clone() {
                Some(record) => {
                    let by = OpenedBy::Rule(setup.rules.moment);
                    effects.push(Effect::Open { call: id.clone(), record, by });
                    tracked.pop = Pop::Asked;
                    Why::Undecided
                }
                None => Why::AddressRefused,
            },
            (Pop::None, Decision::Wait(why)) => waiting(duty.held_back.clone().unwrap_or(why), duty, closed),
        };
        reasons.insert(me.clone(), why);
    }
    reasons
}

/// While a call is on, "not yet" is not a reason; these are already certain, or what the agent acts on.
fn waiting(why: Why, duty: &Duty, closed: bool) -> Why {
    let tell_now = matches!(why, Why::SeveralMatches(_) | Why::NoMatch | Why::LookupFailed(_));
    if closed || tell_now || duty.seen.phase == Phase::Over { why } else { Why::Undecided }
}

/// Stores what changed of my part of the call.
fn journal(tracked: &mut Tracked, id: &CallId, why: &BTreeMap<Extension, Why>, effects: &mut Vec<Effect>) {
    let mut entries = Vec::new();
    for (me, duty) in &tracked.duties {
        entries.push(Entry {
            call: id.clone(),
            extension: me.clone(),
            direction: duty.seen.direction,
            other: duty.seen.other.clone(),
            who: tracked.who(),
            path: duty.seen.path.clone(),
            did: duty.seen.did.clone(),
            phase: duty.seen.phase,
            outcome: tracked.outcome(me, duty),
            why: why.get(me).cloned().unwrap_or(Why::Undecided),
            began_ms: duty.began.wall_ms,
            answered_ms: duty.answered_ms,
            over_ms: duty.over_ms,
            timing: tracked.timing,
            closed: tracked.closed_at.is_some(),
        });
    }
    for entry in entries {
        if let Some(duty) = tracked.duties.get_mut(&entry.extension)
            && duty.entry.as_ref() != Some(&entry)
        {
            effects.push(Effect::Journal(Box::new(entry.clone())));
            duty.entry = Some(entry);
        }
    }
}

/// The moment at which the rule opened, for tests and views.
pub fn moment_of(by: OpenedBy) -> Option<Moment> {
    match by {
        OpenedBy::Rule(moment) => Some(moment),
        OpenedBy::Agent => None,
    }
}
