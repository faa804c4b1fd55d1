//! Merges what the PBX reports of a call, leg by leg, and reads off what it means for one extension.
//!
//! QUIRK(yeastar): it is not documented whether a frame lists every party or only those that changed, so a
//! member missing from a frame has *not* hung up. A leg goes only forward (ringing, connected, gone);
//! repeats and late frames change nothing. Must not know rules, Desk or timers.

use std::collections::{BTreeMap, BTreeSet};

use crate::call::{Channel, Direction, Extension, LegReport, Other, Party, Phase, Status};
use crate::control::Controls;
use crate::owed::Involved;

/// Everything known of one call, keyed by channel.
#[derive(Clone, Default, Debug)]
pub struct Legs {
    legs: BTreeMap<Channel, Leg>,
    /// Counts frames, so that "before" and "after" inside a call need no clock.
    step: u64,
}

#[derive(Clone, Debug)]
struct Leg {
    party: Party,
    role: Role,
    state: State,
    path: Option<String>,
    appeared: u64,
    connected: Option<u64>,
    /// When it hung up.
    ended: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Caller,
    Callee,
    /// First seen when already held, or with a word we do not know.
    NotSaid,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Present, nothing else known.
    Unclear,
    Ringback,
    Ringing,
    Connected,
    Held,
    /// Not in a resync any more. A live report brings it back: the resync may have been older than it.
    Lost,
    /// Hung up, for good.
    Gone,
}

impl State {
    fn is_up(self) -> bool {
        matches!(self, Self::Connected | Self::Held)
    }
    fn is_live(self) -> bool {
        !matches!(self, Self::Lost | Self::Gone)
    }
}

/// What the call means for one extension.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// `None` while nobody but my own phone has been reported.
    pub direction: Option<Direction>,
    /// The other side.
    pub other: Other,
    /// My phase.
    pub phase: Phase,
    /// Whether I was ever connected to somebody.
    pub talked: bool,
    /// Who else took it after it began to ring here.
    pub taken_by: Option<Taker>,
    /// Queue, ring group or IVR number my leg came through.
    pub path: Option<String>,
    /// The number the caller dialed.
    pub did: Option<String>,
}

/// Somebody else who took a call that rang at my phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taker {
    /// Another phone of this PBX.
    Colleague(Extension),
    /// A number outside to which the call was forwarded.
    Outside,
}

impl Taker {
    /// The colleague's extension.
    pub fn extension(&self) -> Option<&Extension> {
        match self {
            Self::Colleague(extension) => Some(extension),
            Self::Outside => None,
        }
    }
}

impl Legs {
    /// Takes in one frame. `talked` of an extension is kept by the caller of [`Legs::seen`], so a frame
    /// that is merged must be read before the next one.
    pub fn merge(&mut self, reports: &[LegReport]) {
        self.step += 1;
        for report in reports {
            self.merge_one(report);
        }
    }

    /// A resync lists every party of a call: whoever is missing from it is not there any more.
    pub fn merge_complete(&mut self, reports: &[LegReport]) {
        self.merge(reports);
        for (channel, leg) in &mut self.legs {
            if leg.state.is_live() && !reports.iter().any(|r| r.channel == *channel) {
                leg.state = State::Lost;
            }
        }
    }

    /// The whole call is missing from a resync.
    pub fn lose_all(&mut self) {
        for leg in self.legs.values_mut().filter(|leg| leg.state.is_live()) {
            leg.state = State::Lost;
        }
    }

    /// The PBX says by other means (a record, an idle phone) that this extension is out.
    pub fn drop_extension(&mut self, extension: &Extension) {
        for leg in self.legs.values_mut().filter(|leg| leg.is(extension)) {
            leg.state = State::Gone;
            leg.ended.get_or_insert(self.step);
        }
    }

    /// Whether any party is still there.
    pub fn is_live(&self) -> bool {
        self.legs.values().any(|leg| leg.state.is_live())
    }

    /// Which extensions ever took part.
    pub fn extensions(&self) -> BTreeSet<&Extension> {
        let extensions = self.legs.values().filter_map(|leg| match &leg.party {
            Party::Extension(extension) => Some(extension),
            Party::Inbound { .. } | Party::Outbound { .. } => None,
        });
        extensions.collect()
    }

    /// Which extensions ever took part, and who of them spoke.
    pub fn involved(&self) -> Involved {
        let mut all = BTreeMap::new();
        for leg in self.legs.values() {
            if let Party::Extension(extension) = &leg.party {
                let first = leg.connected.unwrap_or(u64::MAX);
                all.entry(extension.clone())
                    .and_modify(|known: &mut u64| *known = first.min(*known))
                    .or_insert(first);
            }
        }
        let talked = |extension: &Extension| self.seen(extension).is_some_and(|seen| seen.talked);
        let mut spoke: Vec<(u64, Extension)> = all
            .iter()
            .filter(|(extension, first)| **first != u64::MAX && talked(extension))
            .map(|(extension, first)| (*first, extension.clone()))
            .collect();
        spoke.sort();
        Involved {
            all: all.into_keys().collect(),
            spoke: spoke.into_iter().map(|(_, extension)| extension).collect(),
        }
    }

    fn merge_one(&mut self, report: &LegReport) {
        let step = self.step;
        let leg = self.legs.entry(report.channel.clone()).or_insert_with(|| Leg {
            party: report.party.clone(),
            role: Role::NotSaid,
            state: State::Unclear,
            path: None,
            appeared: step,
            connected: None,
            ended: None,
        });
        if leg.state == State::Gone {
            return;
        }
        leg.fill_in(&report.party);
        if report.path.is_some() {
            leg.path.clone_from(&report.path);
        }
        if leg.role == Role::NotSaid {
            leg.role = match report.status {
                Status::Alert | Status::Answered => Role::Caller,
                Status::Ring | Status::EarlyMedia | Status::Answer => Role::Callee,
                Status::Hold | Status::Bye | Status::Unknown => Role::NotSaid,
            };
        }
        leg.state = match (report.status, leg.state) {
            (Status::Bye, _) => State::Gone,
            (Status::Unknown, State::Lost) => State::Unclear,
            (Status::Unknown, state) => state,
            (Status::Hold, _) => State::Held,
            (Status::Answer | Status::Answered, _) => State::Connected,
            // A ringing that arrives after the answer is late.
            (Status::Alert | Status::Ring | Status::EarlyMedia, state) if state.is_up() => state,
            (Status::Alert, _) => State::Ringback,
            (Status::Ring | Status::EarlyMedia, _) => State::Ringing,
        };
        if leg.state.is_up() && leg.connected.is_none() {
            leg.connected = Some(step);
        }
        if leg.state == State::Gone {
            leg.ended = Some(step);
        }
    }

    /// What the call means for `me`; `None` when I never took part.
    pub fn seen(&self, me: &Extension) -> Option<Seen> {
        let mine: Vec<&Leg> = self.legs.values().filter(|leg| leg.is(me)).collect();
        let first = mine.iter().min_by_key(|leg| leg.appeared)?;
        let others = self.others(me, &mine);
        let trunk: Vec<&Leg> =
            others.iter().copied().filter(|leg| matches!(leg.party, Party::Inbound { .. })).collect();
        let direction = self.direction(first, &others);
        // Between the other side's hang-up and mine I am still talking, to nobody.
        let alone = !others.iter().any(|other| other.state.is_live());
        let talks = |leg: &&Leg| {
            leg.state.is_up()
                && (others.iter().any(|o| talking(leg, o)) || (alone && ever_talked(leg, &others)))
        };
        let phase = if mine.iter().any(talks) {
            let held = mine.iter().chain(&others).any(|leg| leg.state == State::Held);
            if held { Phase::Held } else { Phase::Talking }
        } else if mine.iter().any(|leg| leg.state == State::Ringing) {
            Phase::Ringing
        } else if mine.iter().any(|leg| leg.state.is_live()) {
            Phase::Dialing
        } else {
            Phase::Over
        };
        Some(Seen {
            direction,
            other: other_side(direction, &others),
            phase,
            talked: mine.iter().any(|leg| ever_talked(leg, &others)),
            taken_by: self.taken_by(me, first),
            // A colleague's path is the colleague's: a conference they joined is not where the call came through.
            path: mine.iter().chain(&trunk).find_map(|leg| leg.path.clone()),
            did: trunk.iter().find_map(|leg| match &leg.party {
                Party::Inbound { to, .. } => Some(to.clone()),
                Party::Extension(_) | Party::Outbound { .. } => None,
            }),
        })
    }

    /// Whether `me` is all that was ever reported of the call and was rung without answering, as by a call that was
    /// dialed from the computer. Who dials on the phone calls, and is not rung.
    pub fn only_rang(&self, me: &Extension) -> bool {
        !self.legs.is_empty()
            && self.legs.values().all(|leg| leg.is(me) && leg.role != Role::Caller && leg.connected.is_none())
    }

    /// What `me` can do with the call, and by which legs.
    pub fn controls(&self, me: &Extension) -> Controls {
        let phase = self.seen(me).map_or(Phase::Over, |seen| seen.phase);
        // I may have several legs: a queue rings me twice, or two of my phones ring and one has been picked up.
        let bears_phase = |leg: &Leg| match phase {
            Phase::Ringing => leg.state == State::Ringing,
            Phase::Dialing => leg.state.is_live(),
            Phase::Talking | Phase::Held => leg.state.is_up(),
            Phase::Over => false,
        };
        let mine = self.legs.iter().filter(|(_, leg)| leg.is(me) && bears_phase(leg));
        let Some((channel, mine)) = mine.max_by_key(|(_, leg)| leg.appeared) else {
            return Controls::default();
        };
        let faces_me = |other: &Leg| match phase {
            Phase::Dialing => other.state.is_live(),
            // Those who ring beside me, or still ring when I have answered, are colleagues of the same queue.
            Phase::Ringing | Phase::Talking | Phase::Held | Phase::Over => talking(mine, other),
        };
        let mut others = self.legs.iter().filter(|(_, leg)| !leg.is(me) && faces_me(leg));
        let other = match (others.next(), others.next()) {
            (Some((only, _)), None) => Some(only.clone()),
            (None, _) | (Some(_), Some(_)) => None,
        };
        Controls::new(phase, channel.clone(), other)
    }

    /// The parties my part of the call was with. Who joins after I have left (the caller I asked back about and
    /// handed over, when my consultation's id is the one that goes on) does not turn it into another call.
    fn others(&self, me: &Extension, mine: &[&Leg]) -> Vec<&Leg> {
        let all = || self.legs.values().filter(|leg| !leg.is(me));
        let left = mine.iter().map(|leg| leg.ended).collect::<Option<Vec<u64>>>();
        let Some(left) = left.and_then(|ends| ends.into_iter().max()) else { return all().collect() };
        let met: Vec<&Leg> = all().filter(|leg| leg.appeared <= left).collect();
        // Met nobody: my phone was reported alone, and the other side is told late.
        if met.is_empty() { all().collect() } else { met }
    }

    fn direction(&self, first: &Leg, others: &[&Leg]) -> Option<Direction> {
        let inbound = others.iter().any(|leg| matches!(leg.party, Party::Inbound { .. }));
        let outbound = others.iter().any(|leg| matches!(leg.party, Party::Outbound { .. }));
        match (inbound, outbound) {
            // Both: a call that came in and was sent out again. The one who dialed out sees an outgoing call.
            (true, true) if first.role == Role::Caller => Some(Direction::Outbound),
            (true, _) => Some(Direction::Inbound),
            (false, true) => Some(Direction::Outbound),
            (false, false) if others.is_empty() => None,
            (false, false) => Some(Direction::Internal),
        }
    }

    /// Another extension that picked up after it had begun to ring at mine. The colleague who called me, and
    /// the one who talked before the call was passed on, did not take it from me.
    fn taken_by(&self, me: &Extension, first: &Leg) -> Option<Taker> {
        let caller =
            self.legs.iter().filter(|(_, leg)| leg.role == Role::Caller).min_by_key(|(_, l)| l.appeared);
        let caller = caller.map(|(channel, _)| channel);
        let trunk_call = self.legs.values().any(|leg| matches!(leg.party, Party::Inbound { .. }));
        self.legs.iter().find_map(|(channel, leg)| match &leg.party {
            _ if leg.connected.is_none_or(|at| at < first.appeared) => None,
            Party::Extension(other) if other != me && (trunk_call || Some(channel) != caller) => {
                Some(Taker::Colleague(other.clone()))
            }
            Party::Outbound { .. } if trunk_call => Some(Taker::Outside),
            Party::Extension(_) | Party::Inbound { .. } | Party::Outbound { .. } => None,
        })
    }
}

impl Leg {
    fn is(&self, extension: &Extension) -> bool {
        matches!(&self.party, Party::Extension(number) if number == extension)
    }

    /// A later frame may know a number that an earlier one left empty; it never changes a known one.
    fn fill_in(&mut self, seen: &Party) {
        match (&mut self.party, seen) {
            (
                Party::Inbound { from, to, trunk } | Party::Outbound { from, to, trunk },
                Party::Inbound { from: new_from, to: new_to, trunk: new_trunk }
                | Party::Outbound { from: new_from, to: new_to, trunk: new_trunk },
            ) => {
                for (known, new) in [(from, new_from), (to, new_to), (trunk, new_trunk)] {
                    if known.is_empty() {
                        known.clone_from(new);
                    }
                }
            }
            (Party::Extension(_), _) | (_, Party::Extension(_)) => {}
        }
    }
}

/// Whether two connected-looking legs are a conversation. An IVR or queue that answered is not a leg of its
/// own, so my answer counts as soon as the caller's leg is there, even when the frame that says `ANSWERED`
/// of it is still under way. My own phone being up is not enough: a dial rings me first.
fn talking(mine: &Leg, other: &Leg) -> bool {
    other.state.is_up() || (mine.role == Role::Callee && other.state == State::Ringback)
}

fn ever_talked(mine: &Leg, others: &[&Leg]) -> bool {
    mine.connected.is_some_and(|_| {
        others.iter().any(|other| {
            other.connected.is_some() || (mine.role == Role::Callee && other.role == Role::Caller)
        })
    })
}

fn other_side(direction: Option<Direction>, others: &[&Leg]) -> Other {
    let first = |wanted: fn(&Party) -> Option<Other>| {
        others
            .iter()
            .filter_map(|leg| wanted(&leg.party).map(|other| (leg.appeared, leg.state.is_live(), other)))
            .min_by_key(|(appeared, live, _)| (!*live, *appeared))
            .map(|(_, _, other)| other)
    };
    let found = match direction {
        Some(Direction::Inbound) => first(|party| match party {
            Party::Inbound { from, .. } => Some(Other::Outside(from.clone())),
            Party::Extension(_) | Party::Outbound { .. } => None,
        }),
        Some(Direction::Outbound) => first(|party| match party {
            Party::Outbound { to, .. } => Some(Other::Outside(to.clone())),
            Party::Extension(_) | Party::Inbound { .. } => None,
        }),
        Some(Direction::Internal) => first(|party| match party {
            Party::Extension(number) => Some(Other::Colleague(number.clone())),
            Party::Inbound { .. } | Party::Outbound { .. } => None,
        }),
        None => None,
    };
    found.unwrap_or(Other::NotReported)
}
