//! What is owed to Desk for a call: contact, ticket, call activity, by the administrator's rules and from facts alone.
//!
//! Several agents' programs see the same call and none asks another, so each computes the same answer: whose record it
//! is, and whose turn it is to write it. Asked again with the same facts it answers the same; whoever keeps promises
//! keeps each once, by its name. Must not know Desk's requests, texts, or what was written already.

use std::collections::BTreeSet;

use crate::call::{Direction, Extension, Other, Outcome, Phase};
use crate::duty::{Entry, RecordKind, Who};

/// So many stand in for the one whose turn it is, in case that program does not run. More would cost too much: each
/// looks into Desk, for every call.
const MOST_STAND_INS: u8 = 2;

/// What the administrator wants to be written.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct OwedRules {
    /// Records for unknown numbers.
    pub contacts: Option<ContactRule>,
    /// Tickets.
    pub tickets: Option<TicketRule>,
    /// Call activities.
    pub activities: Option<ActivityRule>,
    /// Extensions that belong to an agent of Desk, as far as this program was told.
    pub bound: BTreeSet<Extension>,
    /// Nobody else's program writes any of this: no turns are taken.
    pub sole: bool,
}

impl OwedRules {
    /// Whether nothing is ever written.
    pub fn are_empty(&self) -> bool {
        self.contacts.is_none() && self.tickets.is_none() && self.activities.is_none()
    }
}

/// Unknown numbers become records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContactRule {
    /// Of which kind.
    pub kind: RecordKind,
    /// Of calls from outside.
    pub inbound: bool,
    /// Of calls to outside.
    pub outbound: bool,
}

/// Calls become tickets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TicketRule {
    /// As soon as it is known whose call it is.
    Before {
        /// Calls from outside.
        inbound: bool,
        /// Calls to outside.
        outbound: bool,
    },
    /// When the call is over.
    After(BTreeSet<TicketCall>),
}

/// How a call that is over counts for tickets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TicketCall {
    /// One of us spoke.
    InboundAnswered,
    /// None of us did.
    InboundMissed,
    /// They spoke with us.
    OutboundAnswered,
    /// They did not.
    OutboundMissed,
}

/// Calls are written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActivityRule {
    /// Of a queue or ring group, who missed a call that another one answered has no record of it.
    pub skip_missed_if_answered_elsewhere: bool,
}

/// Which of our extensions took part in a call.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Involved {
    /// Everyone whose phone rang or called.
    pub all: BTreeSet<Extension>,
    /// Who spoke with the other side, in that order.
    pub spoke: Vec<Extension>,
}

/// One record to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Promise {
    /// What.
    pub what: Owed,
    /// Whose record it is: who spoke, or should have.
    pub of: Extension,
    /// How long to wait first, and whether somebody else may have written it then.
    pub turn: Turn,
}

/// What kind of record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Owed {
    /// A record for the number, of this kind.
    Contact(RecordKind),
    /// A ticket of the call.
    Ticket,
    /// The call itself.
    Activity(Spoken),
}

/// What a call activity says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Spoken {
    /// Somebody spoke.
    Completed,
    /// Nobody did.
    Missed,
}

/// Whose turn it is to write a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Ours, and nobody else ever writes this one.
    Alone,
    /// Ours, at once. Whoever comes later looks first.
    First,
    /// Somebody else's, and we are the first, second or third to look whether it is there. Never 0.
    StandIn(u8),
}

/// What is owed for my part of a call, as far as is known now; parents before their children.
///
/// Owes nothing for internal calls, for callers who hide their number, while it is not known whose call it is, and when
/// several records have the number and nobody has chosen. A call whose end nobody saw owes nothing of what comes after
/// a call; the PBX's call details tell it later.
pub fn owed(
    entry: &Entry,
    involved: &Involved,
    mine: &BTreeSet<Extension>,
    rules: &OwedRules,
) -> Vec<Promise> {
    let (Some(direction), Other::Outside(_)) = (entry.direction, &entry.other) else { return Vec::new() };
    if direction == Direction::Internal {
        return Vec::new();
    }
    let call = Call { entry, involved, mine, rules, direction };
    let new = match &entry.who {
        Who::Known(record) if record.kind == RecordKind::Contact => None,
        Who::Nobody => match rules.contacts {
            Some(rule) if rule.is_for(direction) => Some(rule.kind),
            Some(_) | None => return Vec::new(),
        },
        // A ticket and a call activity belong to a contact; Desk takes no account instead.
        Who::Known(_) | Who::NotAsked | Who::Searching | Who::Several(_) => return Vec::new(),
        Who::Withheld | Who::Failed(_) => return Vec::new(),
    };
    let mut promises = Vec::new();
    if new != Some(RecordKind::Account) {
        promises.extend(call.ticket());
        promises.extend(call.activity());
    }
    if let Some(kind) = new {
        let has_children = !promises.is_empty();
        promises.splice(0..0, call.contact(kind, has_children));
    }
    promises
}

struct Call<'a> {
    entry: &'a Entry,
    involved: &'a Involved,
    mine: &'a BTreeSet<Extension>,
    rules: &'a OwedRules,
    direction: Direction,
}

impl Call<'_> {
    fn contact(&self, kind: RecordKind, has_children: bool) -> Option<Promise> {
        let first = self.first();
        // One number may ring at two of us, or in two calls: nobody is ever alone.
        let turn = match self.turn(&first) {
            Some(Turn::Alone) if !self.rules.sole => Turn::First,
            Some(turn) => turn,
            None if has_children => Turn::StandIn(MOST_STAND_INS + 1),
            None => return None,
        };
        Some(Promise { what: Owed::Contact(kind), of: first, turn })
    }

    fn ticket(&self) -> Option<Promise> {
        let wanted = match self.rules.tickets.as_ref()? {
            TicketRule::Before { inbound, outbound } => match self.direction {
                Direction::Inbound => *inbound,
                Direction::Outbound => *outbound,
                Direction::Internal => false,
            },
            TicketRule::After(calls) => calls.contains(&self.kind_after()?),
        };
        if !wanted {
            return None;
        }
        let of = match self.rules.tickets {
            Some(TicketRule::After(_)) => {
                self.involved.spoke.first().cloned().unwrap_or_else(|| self.first())
            }
            Some(TicketRule::Before { .. }) | None => self.first(),
        };
        let turn = self.turn(&of)?;
        Some(Promise { what: Owed::Ticket, of, turn })
    }

    /// How it counts, once it is over and its end was seen.
    fn kind_after(&self) -> Option<TicketCall> {
        if !self.entry.closed {
            return None;
        }
        let answered = match self.entry.outcome.as_ref()? {
            Outcome::Answered | Outcome::AnsweredElsewhere(_) => true,
            Outcome::Missed | Outcome::Voicemail | Outcome::Failed(_) => !self.involved.spoke.is_empty(),
            Outcome::NotSeen => return None,
        };
        Some(match (self.direction, answered) {
            (Direction::Outbound, true) => TicketCall::OutboundAnswered,
            (Direction::Outbound, false) => TicketCall::OutboundMissed,
            (Direction::Inbound | Direction::Internal, true) => TicketCall::InboundAnswered,
            (Direction::Inbound | Direction::Internal, false) => TicketCall::InboundMissed,
        })
    }

    fn activity(&self) -> Option<Promise> {
        let rule = self.rules.activities?;
        if !self.entry.closed || self.entry.phase != Phase::Over {
            return None;
        }
        let me = &self.entry.extension;
        let mine = |spoken| Some(Promise { what: Owed::Activity(spoken), of: me.clone(), turn: Turn::Alone });
        let is_shared = self.entry.path.is_some() && self.direction == Direction::Inbound;
        let skip = rule.skip_missed_if_answered_elsewhere && is_shared;
        match self.entry.outcome.as_ref()? {
            Outcome::NotSeen => None,
            // Others may have rung of whom nothing was heard.
            Outcome::Answered if is_shared && !self.rules.sole => {
                Some(Promise { what: Owed::Activity(Spoken::Completed), of: me.clone(), turn: Turn::First })
            }
            Outcome::Answered => mine(Spoken::Completed),
            Outcome::AnsweredElsewhere(other) if skip => {
                let of = self.involved.spoke.first().or(other.as_ref())?.clone();
                let turn = self.turn(&of)?;
                Some(Promise { what: Owed::Activity(Spoken::Completed), of, turn })
            }
            // Taken by one of us after all, as the others tell.
            Outcome::Missed if skip && !self.involved.spoke.is_empty() => {
                let of = self.involved.spoke.first()?.clone();
                let turn = self.turn(&of)?;
                Some(Promise { what: Owed::Activity(Spoken::Completed), of, turn })
            }
            Outcome::Missed | Outcome::Voicemail if skip => {
                let of = self.first();
                let turn = self.turn(&of)?;
                Some(Promise { what: Owed::Activity(Spoken::Missed), of, turn })
            }
            Outcome::AnsweredElsewhere(_) | Outcome::Missed | Outcome::Voicemail | Outcome::Failed(_) => {
                mine(Spoken::Missed)
            }
        }
    }

    /// The one whose record it is while nobody has spoken: of those who belong to an agent the lowest, else the lowest.
    ///
    /// Whoever knows no agent but their own cannot know what the others know, so there it is the lowest of all.
    fn first(&self) -> Extension {
        let knows_others = self.rules.sole || self.rules.bound.iter().any(|bound| !self.mine.contains(bound));
        let bound = |extension: &&Extension| knows_others && self.rules.bound.contains(*extension);
        let all = &self.involved.all;
        let first = all.iter().filter(bound).min_by(|a, b| ordered(a, b));
        let first = first.or_else(|| all.iter().min_by(|a, b| ordered(a, b)));
        first.unwrap_or(&self.entry.extension).clone()
    }

    /// Whose turn it is with a record of this extension; nothing when enough others stand in before us.
    fn turn(&self, of: &Extension) -> Option<Turn> {
        if self.rules.sole {
            return Some(Turn::Alone);
        }
        let others = self.involved.all.iter().any(|extension| !self.mine.contains(extension));
        if self.mine.contains(of) {
            return Some(if others { Turn::First } else { Turn::Alone });
        }
        let mut waiting: Vec<&Extension> = self.involved.all.iter().filter(|other| *other != of).collect();
        waiting.sort_by(|a, b| ordered(a, b));
        let place = waiting.iter().position(|extension| self.mine.contains(*extension)).unwrap_or(0);
        let place = u8::try_from(place + 1).ok().filter(|place| *place <= MOST_STAND_INS)?;
        Some(Turn::StandIn(place))
    }
}

/// As people order extensions: 999 before 1001.
fn ordered(a: &Extension, b: &Extension) -> std::cmp::Ordering {
    (a.as_str().len(), a.as_str()).cmp(&(b.as_str().len(), b.as_str()))
}

impl ContactRule {
    fn is_for(self, direction: Direction) -> bool {
        match direction {
            Direction::Inbound => self.inbound,
            Direction::Outbound => self.outbound,
            Direction::Internal => false,
        }
    }
}

#[cfg(test)]
mod tests;
