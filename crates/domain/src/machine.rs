//! The single place where state changes: inputs in, effects out, one call at a time. What is owed for one call is
//! in `tracked`; here are the inputs, the timers and the memory of all calls.
//!
//! A call owes the agent a notice and, by the rules, one tab; the duty belongs to a call *and* an extension.
//! Effects are values with the call's id and are safe to perform twice. Iterated collections are ordered, so
//! a replay of the same inputs is identical. Must not perform anything and must not read a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::call::{
    CallId, CallRecord, Extension, FailedSide, FailureReason, LegReport, Outcome, Phase, Status,
};
use crate::control::Controls;
use crate::duty::{Entry, Match, Notice, Record};
use crate::number::Plan;
use crate::owed::Involved;
use crate::pop::{OpenedBy, Pause, Rules, Why};
use crate::tracked::{Duty, End, Lookup, Pop, Tracked, Wanted, journal, look_up, notice, pop, remember};

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
    /// Whose number it was, found out after all: Desk could not be asked during the call.
    NamedLater {
        /// Which call.
        call: CallId,
        /// The records.
        found: Match,
    },
    /// The agent pressed the Helpdesk button.
    OpenRequested {
        /// Which call; `None` is the current one, or the last.
        call: Option<CallId>,
    },
    /// The agent said whose call it is: from now on it belongs to this record, whatever Desk answers. Takes
    /// effect as long as the call is remembered.
    Chosen {
        /// Which call.
        call: CallId,
        /// Its address was checked when it arrived.
        record: Record,
        /// Where the record comes from.
        how: Choice,
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

/// Where the record comes from that the agent chose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// From the matches, or from a search.
    Picked,
    /// It was made for this number just now.
    Created,
    /// It was made by the administrator's rule: no choice of the agent's, so a page opens by the rules of pop-ups only.
    ByRule,
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
    /// Several records have this number and the agent chose this one: keep it for the next call of the number,
    /// in place of an earlier choice.
    RememberChoice {
        /// The number as the PBX gave it; never a withheld one.
        number: String,
        /// The record.
        record: Record,
    },
    /// Store what is known of my part of a call.
    Journal(Box<Entry>),
    /// Ask the PBX for its current calls; answer with [`Input::Resynced`].
    AskPbx,
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
pub(crate) const RING_CHECK: Duration = Duration::from_secs(180);
pub(crate) const TALK_CHECK: Duration = Duration::from_secs(3 * 3600);
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

    /// Which of our extensions took part in a call, as far as the PBX reported it; nobody in one that is forgotten.
    pub fn involved(&self, call: &CallId) -> Involved {
        let Some(tracked) = self.calls.get(call) else { return Involved::default() };
        let mut involved = tracked.legs.involved();
        for (me, duty) in &tracked.duties {
            involved.all.insert(me.clone());
            let spoke = duty.entry.as_ref().is_some_and(|entry| entry.outcome == Some(Outcome::Answered));
            if spoke && !involved.spoke.contains(me) {
                involved.spoke.push(me.clone());
            }
        }
        involved
    }

    /// What can be done with a call at this extension now, by what was reported last. Nothing when it is none of
    /// mine: the PBX has no rights per extension and would let us act on everybody's calls.
    pub fn controls(&self, call: &CallId, me: &Extension) -> Controls {
        let tracked = self.calls.get(call).filter(|_| self.setup.mine.contains(me));
        tracked.map_or_else(Controls::default, |tracked| tracked.legs.controls(me))
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
            Input::Failed { call, mut reason, legs } => {
                self.on_legs(now, &call, &legs, &mut effects);
                if let Some(tracked) = self.calls.get_mut(&call) {
                    if self.setup.mine.iter().any(|me| tracked.legs.only_rang(me)) {
                        reason.side = FailedSide::Mine;
                    }
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
            Input::NamedLater { call, found } => {
                if let Some(tracked) = self.calls.get_mut(&call)
                    && matches!(tracked.lookup, Lookup::Failed(..))
                {
                    tracked.lookup = Lookup::Found(found);
                    self.review(now, &call, &mut effects);
                }
            }
            Input::OpenRequested { call } => self.on_open_requested(now, call, &mut effects),
            Input::Chosen { call, record, how } => self.on_chosen(now, &call, record, how, &mut effects),
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
        if tracked.legs.extensions().into_iter().any(|one| self.setup.mine.contains(one)) {
            self.review(now, id, effects);
        } else if !tracked.legs.is_live() {
            self.calls.remove(id);
        }
        self.timers.entry(Timer::Prune).or_insert(now.mono + PRUNE);
    }

    fn on_record(&mut self, now: Now, id: &CallId, record: CallRecord, effects: &mut Vec<Effect>) {
        let mine: Vec<Extension> = self.setup.mine.iter().filter(|me| record.names(me)).cloned().collect();
        if !self.calls.contains_key(id) {
            // QUIRK(yeastar): calls of a trunk that is not monitored are told only when they are over.
            if mine.is_empty() {
                return;
            }
            let mut tracked = Tracked::new(now);
            tracked.end = End::OnlyRecord;
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
            if !tracked.is_over_for_me() {
                tracked.end = End::NotSeen;
            }
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

    fn on_chosen(&mut self, now: Now, id: &CallId, record: Record, how: Choice, effects: &mut Vec<Effect>) {
        let mine = |call: &&mut Tracked| !call.duties.is_empty();
        let Some(tracked) = self.calls.get_mut(id).filter(mine) else { return };
        let among = tracked.matches();
        if how == Choice::ByRule {
            // What the agent said since is worth more.
            if tracked.lookup == Lookup::Found(Match::Nobody) {
                tracked.lookup = Lookup::Found(Match::One(record));
                self.review(now, id, effects);
            }
            return;
        }
        match how {
            Choice::Picked if among > 1 => {
                // Told again for the same record: the agent may have had it forgotten meanwhile.
                effects.extend(remember(tracked, &self.setup.plan, &record));
            }
            Choice::Picked | Choice::Created | Choice::ByRule => {}
        }
        tracked.lookup = Lookup::Chosen { record, among };
        tracked.wanted = Wanted::ByAgent;
        self.timers.remove(&Timer::LookAgain(id.clone()));
        self.review(now, id, effects);
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
        // Of a gateway's thousands of extensions a handful is in one call.
        let here = tracked.legs.extensions().into_iter().filter(|one| setup.mine.contains(*one));
        let here: Vec<Extension> = here.cloned().collect();
        for me in &here {
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

fn ask_pbx(effects: &mut Vec<Effect>) {
    if !effects.contains(&Effect::AskPbx) {
        effects.push(Effect::AskPbx);
    }
}
