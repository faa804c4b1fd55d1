//! One call as the machine keeps it, and what is owed for it: the lookup, the notice, the tab, the entry. Each of
//! these brings what is owed in line with what is known; doing it twice changes nothing. Must not know other
//! calls or timers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::call::{
    CallId, CallRecord, Direction, Extension, FailureReason, Other, Outcome, Phase, RecordStatus,
};
use crate::duty::{Chosen, ChosenWhen, Entry, Match, Notice, Record, Timing, Who};
use crate::machine::{Effect, LookupFailure, Now, RING_CHECK, Setup, TALK_CHECK};
use crate::number::Plan;
use crate::pop::{Answer, Decision, DeskUse, Facts, OpenedBy, Why};
use crate::tracker::{Legs, Seen};

#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) legs: Legs,
    pub(crate) duties: BTreeMap<Extension, Duty>,
    pub(crate) lookup: Lookup,
    pub(crate) pop: Pop,
    pub(crate) wanted: Wanted,
    pub(crate) records: Vec<CallRecord>,
    pub(crate) failure: Option<FailureReason>,
    pub(crate) notice: Option<Notice>,
    pub(crate) last_frame: Duration,
    /// How the end was learned.
    pub(crate) end: End,
    pub(crate) closed_at: Option<Duration>,
    pub(crate) timing: Timing,
}

#[derive(Debug)]
pub(crate) struct Duty {
    pub(crate) began: Now,
    /// When the other side was first reported: the start of all timing.
    pub(crate) shown: Option<Now>,
    pub(crate) answered_ms: Option<i64>,
    pub(crate) over_ms: Option<i64>,
    pub(crate) seen: Seen,
    /// A tab would have opened but for this; the reason, should the call end so.
    pub(crate) held_back: Option<Why>,
    pub(crate) entry: Option<Entry>,
}

/// How the end of a call was learned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The PBX told it, or has not yet.
    Reported,
    /// A resync no longer had the call: it ended while the link was down.
    NotSeen,
    /// Its record was the first that was ever heard of it.
    OnlyRecord,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Lookup {
    NotAsked,
    Withheld,
    Asked(u8),
    Found(Match),
    /// No answer; it is asked again soon.
    Again(u8, LookupFailure),
    Failed(u8, LookupFailure),
    /// The agent has said it. No answer that is still under way changes that.
    Chosen {
        record: Record,
        /// How many records were known to have the number.
        among: usize,
    },
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Pop {
    None,
    Asked,
    Done(OpenedBy),
    Failed(Why),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    No,
    ByAgent,
}

impl Tracked {
    pub(crate) fn new(now: Now) -> Self {
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
            end: End::Reported,
            closed_at: None,
            timing: Timing::default(),
        }
    }

    pub(crate) fn is_over_for_me(&self) -> bool {
        self.duties.values().all(|duty| duty.seen.phase == Phase::Over)
    }

    pub(crate) fn is_talking(&self) -> bool {
        self.duties.values().any(|duty| matches!(duty.seen.phase, Phase::Talking | Phase::Held))
    }

    /// When a call has lasted so long that its end was probably missed.
    pub(crate) fn check_at(&self) -> Duration {
        let began = self.duties.values().map(|duty| duty.began.mono).min().unwrap_or_default();
        began + if self.is_talking() { TALK_CHECK } else { RING_CHECK }
    }

    pub(crate) fn outside_number(&self) -> Option<&str> {
        self.duties.values().find_map(|duty| match &duty.seen.other {
            Other::Outside(number) => Some(number.as_str()),
            Other::Colleague(_) | Other::NotReported => None,
        })
    }

    pub(crate) fn answer(&self) -> Answer {
        match &self.lookup {
            Lookup::NotAsked | Lookup::Asked(_) => Answer::Pending,
            Lookup::Withheld => Answer::Withheld,
            Lookup::Found(Match::Nobody) => Answer::Nobody,
            Lookup::Found(Match::One(record) | Match::Chosen { record, .. })
            | Lookup::Chosen { record, .. } => match &record.page {
                Some(_) => Answer::One,
                None => Answer::OneRefused,
            },
            Lookup::Found(Match::Several(records)) => Answer::Several(records.len()),
            Lookup::Again(_, failure) | Lookup::Failed(_, failure) => Answer::Failed(failure.code),
        }
    }

    pub(crate) fn who(&self) -> Who {
        match &self.lookup {
            Lookup::NotAsked => Who::NotAsked,
            Lookup::Withheld => Who::Withheld,
            Lookup::Asked(_) | Lookup::Again(..) => Who::Searching,
            Lookup::Found(Match::Nobody) => Who::Nobody,
            Lookup::Found(Match::One(record) | Match::Chosen { record, .. })
            | Lookup::Chosen { record, .. } => Who::Known(record.clone()),
            Lookup::Found(Match::Several(records)) => Who::Several(records.clone()),
            Lookup::Failed(_, failure) => Who::Failed(failure.code),
        }
    }

    /// The only record, or the chosen one, when its page may be opened.
    pub(crate) fn page(&self) -> Option<&Record> {
        match &self.lookup {
            Lookup::Found(Match::One(record) | Match::Chosen { record, .. })
            | Lookup::Chosen { record, .. } => Some(record).filter(|record| record.page.is_some()),
            Lookup::Found(Match::Nobody | Match::Several(_)) | Lookup::NotAsked | Lookup::Withheld => None,
            Lookup::Asked(_) | Lookup::Again(..) | Lookup::Failed(..) => None,
        }
    }

    /// How many records are known to have the number.
    pub(crate) fn matches(&self) -> usize {
        match &self.lookup {
            Lookup::Found(Match::One(_)) => 1,
            Lookup::Found(Match::Several(records)) => records.len(),
            Lookup::Found(Match::Chosen { among, .. }) | Lookup::Chosen { among, .. } => *among,
            Lookup::Found(Match::Nobody) | Lookup::NotAsked | Lookup::Withheld => 0,
            Lookup::Asked(_) | Lookup::Again(..) | Lookup::Failed(..) => 0,
        }
    }

    pub(crate) fn chosen(&self) -> Option<Chosen> {
        let when = match &self.lookup {
            Lookup::Chosen { .. } => ChosenWhen::Now,
            Lookup::Found(Match::Chosen { .. }) => ChosenWhen::Earlier,
            Lookup::Found(Match::Nobody | Match::One(_) | Match::Several(_)) => return None,
            Lookup::NotAsked | Lookup::Withheld => return None,
            Lookup::Asked(_) | Lookup::Again(..) | Lookup::Failed(..) => return None,
        };
        Some(Chosen { among: self.matches(), when })
    }

    pub(crate) fn since_shown(&self, now: Now) -> Option<u32> {
        let shown = self.duties.values().filter_map(|duty| duty.shown).map(|at| at.mono).min()?;
        Some(u32::try_from(now.mono.saturating_sub(shown).as_millis()).unwrap_or(u32::MAX))
    }

    fn own_records(&self, me: &Extension) -> impl Iterator<Item = &CallRecord> {
        self.records.iter().filter(|row| row.names(me))
    }

    /// Where trunks are not monitored, only the record of the ended call tells who the other side was.
    pub(crate) fn fill_in_from_records(&self, me: &Extension, seen: &mut Seen) {
        if seen.direction.is_some() {
            return;
        }
        if let Some(row) = self.own_records(me).next() {
            seen.direction = row.direction;
            seen.other = other_side(me, row);
            seen.talked = row.status == RecordStatus::Answered && row.talk_duration_s > 0;
        }
    }

    pub(crate) fn outcome(&self, extension: &Extension, duty: &Duty) -> Option<Outcome> {
        if duty.seen.phase != Phase::Over {
            return None;
        }
        let own_row = self.own_records(extension).next();
        let row = own_row.or_else(|| self.records.iter().max_by_key(|row| row.talk_duration_s));
        // An IVR or a queue that answered is a row too, so a row counts as my answer only when it names me.
        let answered_by_row =
            own_row.is_some_and(|row| row.status == RecordStatus::Answered && row.talk_duration_s > 0);
        if duty.seen.talked || (answered_by_row && self.end != End::Reported) {
            return Some(Outcome::Answered);
        }
        if let (Some(reason), Some(Direction::Outbound) | None) = (&self.failure, duty.seen.direction) {
            return Some(Outcome::Failed(Some(reason.clone())));
        }
        if duty.seen.direction == Some(Direction::Outbound) {
            return Some(match row.map(|row| row.status) {
                Some(RecordStatus::Busy | RecordStatus::Failed) => Outcome::Failed(None),
                None if self.end == End::NotSeen => Outcome::NotSeen,
                _ => Outcome::Missed,
            });
        }
        if let Some(other) = &duty.seen.taken_by {
            return Some(Outcome::AnsweredElsewhere(other.extension().cloned()));
        }
        match row.map(|row| row.status) {
            Some(RecordStatus::Voicemail) => Some(Outcome::Voicemail),
            None if self.end == End::NotSeen => Some(Outcome::NotSeen),
            _ => Some(Outcome::Missed),
        }
    }
}

impl Duty {
    pub(crate) fn new(now: Now, seen: Seen) -> Self {
        Self { began: now, shown: None, answered_ms: None, over_ms: None, seen, held_back: None, entry: None }
    }

    pub(crate) fn from_record(now: Now, me: &Extension, record: &CallRecord) -> Self {
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

    pub(crate) fn update(&mut self, now: Now, seen: Seen) {
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

pub(crate) fn other_side(me: &Extension, record: &CallRecord) -> Other {
    let far = if record.from == me.as_str() { &record.to } else { &record.from };
    match record.direction {
        Some(Direction::Internal) => Other::Colleague(Extension::new(far.clone())),
        Some(Direction::Inbound | Direction::Outbound) => Other::Outside(far.clone()),
        None => Other::NotReported,
    }
}

/// Asks whose number it is, once, as soon as an outside number is known. Internal numbers are never asked.
pub(crate) fn look_up(tracked: &mut Tracked, setup: &Setup, id: &CallId, effects: &mut Vec<Effect>) {
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

/// Keeps a choice for the next call of the number. A withheld number and a colleague have none to keep it for.
pub(crate) fn remember(tracked: &Tracked, plan: &Plan, record: &Record) -> Option<Effect> {
    let number = tracked.outside_number().filter(|number| !plan.read(number).is_withheld())?;
    Some(Effect::RememberChoice { number: number.to_owned(), record: record.clone() })
}

/// The notice of an incoming outside call: shown when it rings here, replaced when more is known, taken away
/// when it is over for me. It stays while I talk, because its button opens the page.
pub(crate) fn notice(tracked: &mut Tracked, id: &CallId, effects: &mut Vec<Effect>) {
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
pub(crate) fn pop(
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
            (Pop::None, _) if tracked.end == End::NotSeen => Why::LinkWasDown,
            (Pop::None, _) if tracked.end == End::OnlyRecord => Why::CallNotReported,
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
pub(crate) fn waiting(why: Why, duty: &Duty, closed: bool) -> Why {
    let tell_now = matches!(why, Why::SeveralMatches(_) | Why::NoMatch | Why::LookupFailed(_));
    if closed || tell_now || duty.seen.phase == Phase::Over { why } else { Why::Undecided }
}

/// Stores what changed of my part of the call.
pub(crate) fn journal(
    tracked: &mut Tracked,
    id: &CallId,
    why: &BTreeMap<Extension, Why>,
    effects: &mut Vec<Effect>,
) {
    let mut entries = Vec::new();
    for (me, duty) in &tracked.duties {
        entries.push(Entry {
            call: id.clone(),
            extension: me.clone(),
            direction: duty.seen.direction,
            other: duty.seen.other.clone(),
            who: tracked.who(),
            chosen: tracked.chosen(),
            path: duty.seen.path.clone(),
            did: duty.seen.did.clone(),
            phase: duty.seen.phase,
            outcome: tracked.outcome(me, duty),
            why: why.get(me).cloned().unwrap_or(Why::Undecided),
            began_ms: duty.began.wall_ms,
            answered_ms: duty.answered_ms,
            over_ms: duty.over_ms,
            timing: tracked.timing,
            record: tracked.own_records(me).max_by_key(|row| row.talk_duration_s).cloned(),
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
