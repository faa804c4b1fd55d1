//! Which call is whose: the calls of the PBX, and for each event the extensions that may see it.
//!
//! Owns: who takes part in a call, and what of the PBX's frames they are told. Pure: events in, deliveries out. Must
//! not know agents, sockets or tokens.
//!
//! The PBX may tell a call bit by bit, and an extension that joins late has not heard the beginning. So a state is
//! told whole, with every member that is there, whatever the PBX's frame held.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deskring_redact::mask_number;
use deskring_yeastar::{Call, CallRecord, Event, Member, Party, RecordKind, RecordMade, Status};

/// Who left a call still hears for so long how it went on: that a colleague answered comes after the last ring.
const FAREWELL: Duration = Duration::from_secs(10);
/// A call that is over is known for so long: its records come later.
const OVER: Duration = Duration::from_secs(120);
/// A failure that names nobody waits so long for the answer to the request that caused it.
const ORPHANED: Duration = Duration::from_secs(15);
/// Of those no more than this are kept.
const ORPHANS: usize = 256;

/// Number of an extension. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension(Arc<str>);

impl Extension {
    /// As it is.
    pub fn new(number: &str) -> Extension {
        Extension(number.into())
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({})", mask_number(&self.0))
    }
}

/// An event, and who may see it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Each once.
    pub to: Vec<Extension>,
    /// What they are told.
    pub event: Event,
}

/// Whether a channel may be acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It may.
    Yes,
    /// There is no such channel, or it is not theirs: they are told the same.
    No,
}

/// The calls of the PBX.
#[derive(Debug, Default)]
pub(crate) struct Book {
    calls: HashMap<String, Known>,
    /// Calls that are over, the first to be forgotten first.
    over: VecDeque<(Instant, String)>,
    orphans: VecDeque<(Instant, String, Event)>,
}

#[derive(Debug, Default)]
struct Known {
    /// Those who are there, in the order they came.
    members: Vec<Member>,
    /// Everybody who ever was, and since when they are gone.
    took_part: HashMap<Extension, Option<Instant>>,
    /// When it is to be forgotten.
    over: Option<Instant>,
}

impl Book {
    /// Something happened on the PBX.
    pub(crate) fn hear(&mut self, event: Event, now: Instant) -> Vec<Delivery> {
        self.forget(now);
        match event {
            Event::CallState(call) => self.state(call, now).into_iter().collect(),
            Event::Transferred(call) => self.report(call, now, Event::Transferred),
            Event::Forwarded(call) => self.report(call, now, Event::Forwarded),
            Event::CallEnded(record) => {
                let mut to: BTreeSet<Extension> = BTreeSet::new();
                if let Some(known) = record.call_id.as_ref().and_then(|id| self.calls.get(id)) {
                    to.extend(known.took_part.keys().cloned());
                }
                // A leg names its extensions even when nobody saw the call.
                to.extend(legs(&record));
                if let Some(id) = record.call_id.clone() {
                    self.close(&id, now);
                }
                told(to, Event::CallEnded(record))
            }
            Event::CallFailed { call_id, reason, members } => {
                let mut to = extensions(&members);
                let known = self.calls.get(&call_id);
                to.extend(known.into_iter().flat_map(|known| known.took_part.keys().cloned()));
                let failed = Event::CallFailed { call_id: call_id.clone(), reason, members };
                if to.is_empty() {
                    if self.orphans.len() == ORPHANS {
                        self.orphans.pop_front();
                    }
                    self.orphans.push_back((now + ORPHANED, call_id, failed));
                    return Vec::new();
                }
                told(to, failed)
            }
            Event::ExtensionCallState { ref extension, .. }
            | Event::ExtensionRegistration { ref extension, .. }
            | Event::ExtensionChanged { ref extension, .. } => {
                told([Extension::new(extension)].into(), event)
            }
            Event::AgentRingTimeout { ref agent, .. } => told([Extension::new(agent)].into(), event),
            // Only we say such a thing.
            Event::RecordMade(_) | Event::Other { .. } => Vec::new(),
        }
    }

    /// The calls of this moment: what happened while nobody listened is told as if it happened now.
    pub(crate) fn resync(&mut self, calls: Vec<Call>, now: Instant) -> Vec<Delivery> {
        self.forget(now);
        let mut deliveries = Vec::new();
        let there: HashMap<&str, BTreeSet<&str>> = calls
            .iter()
            .map(|call| {
                (call.id.as_str(), call.members.iter().map(|member| member.channel.as_str()).collect())
            })
            .collect();
        let gone: Vec<Call> = self
            .calls
            .iter()
            .filter_map(|(id, known)| {
                let still = there.get(id.as_str());
                let is_gone =
                    |member: &&Member| !still.is_some_and(|still| still.contains(member.channel.as_str()));
                let bye = |member: &Member| Member { status: Status::Bye, ..member.clone() };
                let members: Vec<_> = known.members.iter().filter(is_gone).map(bye).collect();
                (!members.is_empty()).then(|| Call { id: id.clone(), members })
            })
            .collect();
        for call in gone.into_iter().chain(calls) {
            deliveries.extend(self.state(call, now));
        }
        deliveries
    }

    /// An extension made a call, as the PBX answered; what was said of that call before the answer came.
    pub(crate) fn dialed(&mut self, call: &str, by: &Extension, now: Instant) -> Vec<Delivery> {
        self.calls.entry(call.to_owned()).or_default().took_part.entry(by.clone()).or_insert(None);
        let mut deliveries = Vec::new();
        self.orphans.retain(|(_, id, event)| {
            let is_its = id == call;
            if is_its {
                deliveries.push(Delivery { to: vec![by.clone()], event: event.clone() });
            }
            !is_its
        });
        // One that never gets a member is forgotten like one that is over.
        if self.calls.get(call).is_some_and(|known| known.members.is_empty()) {
            self.close(call, now);
        }
        deliveries
    }

    /// A record was made for the other side of a call: all who took part hear of it, however long ago they left.
    pub(crate) fn made(&self, made: RecordMade) -> Vec<Delivery> {
        let known = self.calls.get(&made.call_id);
        let to = known.into_iter().flat_map(|known| known.took_part.keys().cloned()).collect();
        told(to, Event::RecordMade(made))
    }

    /// All calls of this moment.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let live = self.calls.iter().filter(|(_, known)| !known.members.is_empty());
        live.map(|(id, known)| Call { id: id.clone(), members: known.members.clone() }).collect()
    }

    /// The calls an extension takes part in now.
    pub(crate) fn calls_of(&self, extension: &Extension) -> Vec<Call> {
        let mut calls: Vec<Call> = self
            .calls
            .iter()
            .filter(|(_, known)| known.members.iter().any(|member| is(member, extension)))
            .map(|(id, known)| Call { id: id.clone(), members: known.members.clone() })
            .collect();
        calls.sort_by(|one, other| one.id.cmp(&other.id));
        calls
    }

    /// Whether this channel is the extension's own.
    pub(crate) fn own(&self, extension: &Extension, channel: &str) -> Reach {
        let own = |member: &Member| member.channel == channel && is(member, extension);
        self.reach(|known| known.members.iter().any(own))
    }

    /// Whether the extension may send this party elsewhere: the one other member of a call in which it talks.
    pub(crate) fn may_move(&self, extension: &Extension, channel: &str) -> Reach {
        self.reach(|known| {
            let (mine, others): (Vec<&Member>, Vec<&Member>) =
                known.members.iter().partition(|member| is(member, extension));
            let talks = mine
                .iter()
                .any(|member| matches!(member.status, Status::Answer | Status::Answered | Status::Hold));
            talks && matches!(others.as_slice(), [other] if other.channel == channel)
        })
    }

    fn reach(&self, may: impl Fn(&Known) -> bool) -> Reach {
        if self.calls.values().any(may) { Reach::Yes } else { Reach::No }
    }

    fn state(&mut self, call: Call, now: Instant) -> Option<Delivery> {
        let Call { id, members } = call;
        let known = self.calls.entry(id.clone()).or_default();
        for member in members {
            if let Party::Extension { number } = &member.party {
                let gone = (member.status == Status::Bye).then_some(now);
                known.took_part.insert(Extension::new(number), gone);
            }
            match known.members.iter_mut().find(|before| same(before, &member)) {
                // QUIRK(yeastar): a state we do not know keeps the one before.
                Some(before) if matches!(member.status, Status::Other(_)) => {
                    *before = Member { status: before.status.clone(), ..member };
                }
                Some(before) => *before = member,
                None => known.members.push(member),
            }
        }
        let whole = Call { id: id.clone(), members: known.members.clone() };
        known.members.retain(|member| member.status != Status::Bye);
        let is_over = known.members.is_empty();
        if !is_over {
            known.over = None;
        }
        let to: Vec<Extension> = listeners(known, now).cloned().collect();
        if is_over {
            self.close(&id, now);
        }
        (!to.is_empty()).then_some(Delivery { to, event: Event::CallState(whole) })
    }

    /// 30013 and 30014: reports with members, which change nothing.
    fn report(&self, call: Call, now: Instant, event: impl FnOnce(Call) -> Event) -> Vec<Delivery> {
        let mut to = extensions(&call.members);
        let known = self.calls.get(&call.id);
        to.extend(known.into_iter().flat_map(|known| listeners(known, now).cloned()));
        told(to, event(call))
    }

    fn close(&mut self, id: &str, now: Instant) {
        if let Some(known) = self.calls.get_mut(id) {
            known.over = Some(now + OVER);
            self.over.push_back((now + OVER, id.to_owned()));
        }
    }

    fn forget(&mut self, now: Instant) {
        while self.over.front().is_some_and(|(at, _)| *at <= now) {
            let Some((at, id)) = self.over.pop_front() else { break };
            // One with members goes on: a record tells of a leg, or the PBX uses its number again.
            if self.calls.get(&id).is_some_and(|known| known.over == Some(at) && known.members.is_empty()) {
                self.calls.remove(&id);
            }
        }
        while self.orphans.front().is_some_and(|(at, ..)| *at <= now) {
            self.orphans.pop_front();
        }
    }
}

/// The extensions that a record is of. A caller from outside may show any number, an extension's too.
pub(crate) fn legs(record: &CallRecord) -> impl Iterator<Item = Extension> {
    let (from, to) = match record.kind {
        RecordKind::Inbound => (None, record.to.as_deref()),
        RecordKind::Outbound => (record.from.as_deref(), None),
        RecordKind::Internal => (record.from.as_deref(), record.to.as_deref()),
        RecordKind::Other(_) => (None, None),
    };
    from.into_iter().chain(to).map(Extension::new)
}

fn is(member: &Member, extension: &Extension) -> bool {
    matches!(&member.party, Party::Extension { number } if number == extension.as_str())
}

/// Whether both are one member: the channel tells, or the party where the PBX left the channel out.
fn same(one: &Member, other: &Member) -> bool {
    one.channel == other.channel && (!one.channel.is_empty() || one.party == other.party)
}

fn extensions(members: &[Member]) -> BTreeSet<Extension> {
    let number = |member: &Member| match &member.party {
        Party::Extension { number } => Some(Extension::new(number)),
        Party::Inbound { .. } | Party::Outbound { .. } => None,
    };
    members.iter().filter_map(number).collect()
}

/// Those who are there, and those who have just left.
fn listeners(known: &Known, now: Instant) -> impl Iterator<Item = &Extension> {
    let hears = move |gone: &Option<Instant>| gone.is_none_or(|gone| now.duration_since(gone) <= FAREWELL);
    known.took_part.iter().filter(move |(_, gone)| hears(gone)).map(|(extension, _)| extension)
}

fn told(to: BTreeSet<Extension>, event: Event) -> Vec<Delivery> {
    if to.is_empty() { Vec::new() } else { vec![Delivery { to: to.into_iter().collect(), event }] }
}

#[cfg(test)]
mod tests;
