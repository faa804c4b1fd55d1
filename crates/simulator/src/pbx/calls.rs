//! Owns the call model: parties, their states, and the frames a change of them causes. Pure but for the
//! wall clock; it knows nothing of sockets or HTTP. What people do to calls is in `acts`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::directory::{Directory, Target};
use super::records::Record;
use super::switches::{ByeMode, FrameMode, PbxSwitches, RingFrames, TrunkMonitor};

/// An event before it is written as a frame.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) kind: i64,
    pub(crate) msg: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    Extension(String),
    Inbound { from: String, to: String, trunk: String },
    Outbound { from: String, to: String, trunk: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Alert,
    Ring,
    EarlyMedia,
    Answered,
    Answer,
    Hold,
    Bye,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::Alert => "ALERT",
            Status::Ring => "RING",
            Status::EarlyMedia => "EARLYMEDIA",
            Status::Answered => "ANSWERED",
            Status::Answer => "ANSWER",
            Status::Hold => "HOLD",
            Status::Bye => "BYE",
        }
    }

    pub(crate) fn is_ringing(self) -> bool {
        matches!(self, Status::Ring | Status::EarlyMedia)
    }

    pub(crate) fn is_connected(self) -> bool {
        matches!(self, Status::Answered | Status::Answer | Status::Hold)
    }
}

/// Which side of the call a party is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Caller,
    Callee,
}

#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) channel: String,
    pub(crate) party: Party,
    pub(crate) role: Role,
    pub(crate) status: Status,
    pub(crate) before_hold: Option<Status>,
    pub(crate) path: String,
    pub(crate) since: Timestamp,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) declined: bool,
    /// By a client; no frame tells it.
    pub(crate) muted: bool,
    /// Some frame of this call has named it.
    pub(crate) told: bool,
}

impl Leg {
    pub(crate) fn set(&mut self, status: Status) {
        if status.is_connected() && self.answered.is_none() {
            self.answered = Some(Timestamp::now());
        }
        if status == Status::Bye && self.ended.is_none() {
            self.ended = Some(Timestamp::now());
        }
        self.status = status;
    }

    pub(crate) fn is_live(&self) -> bool {
        self.status != Status::Bye
    }

    pub(crate) fn extension(&self) -> Option<&str> {
        match &self.party {
            Party::Extension(number) => Some(number),
            Party::Inbound { .. } | Party::Outbound { .. } => None,
        }
    }

    pub(crate) fn is_trunk(&self) -> bool {
        self.extension().is_none()
    }

    pub(crate) fn member(&self) -> Value {
        let status = self.status.word();
        match &self.party {
            Party::Extension(number) => json!({ "extension": {
                "number": number, "channel_id": self.channel, "member_status": status, "call_path": self.path,
            }}),
            Party::Inbound { from, to, trunk } => json!({ "inbound": {
                "from": from, "to": to, "trunk_name": trunk, "channel_id": self.channel,
                "member_status": status, "call_path": self.path,
            }}),
            Party::Outbound { from, to, trunk } => json!({ "outbound": {
                "from": from, "to": to, "trunk_name": trunk, "channel_id": self.channel,
                "member_status": status, "call_path": self.path,
            }}),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    Outbound,
    Internal,
}

impl Direction {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Direction::Inbound => "Inbound",
            Direction::Outbound => "Outbound",
            Direction::Internal => "Internal",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) uid: String,
    pub(crate) direction: Direction,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) did: String,
    pub(crate) started: Timestamp,
    pub(crate) legs: Vec<Leg>,
    /// The queue, ring group or menu the call went through.
    pub(crate) group: Option<String>,
    /// `call/dial`: whom to ring when the caller's own phone has been picked up.
    pub(crate) dial: Option<String>,
    /// The call this one asks back for, and the extension that asks.
    pub(crate) consults: Option<(String, String)>,
    /// Held back for `accept_inbound`.
    pub(crate) waiting_for: Option<String>,
    pub(crate) voicemail: bool,
    pub(crate) failure: Option<String>,
}

impl Call {
    pub(crate) fn find(&self, wanted: impl Fn(&Leg) -> bool) -> Option<usize> {
        self.legs.iter().position(wanted)
    }

    pub(crate) fn live_extension(&self, number: &str) -> Option<usize> {
        self.find(|leg| leg.is_live() && leg.extension() == Some(number))
    }

    pub(crate) fn indexes(&self, wanted: impl Fn(&Leg) -> bool) -> Vec<usize> {
        self.legs.iter().enumerate().filter(|(_, leg)| wanted(leg)).map(|(index, _)| index).collect()
    }

    pub(crate) fn is_over(&self) -> bool {
        !self.legs.iter().any(Leg::is_live)
    }

    pub(crate) fn members(&self) -> Vec<Value> {
        self.legs.iter().filter(|leg| leg.is_live()).map(Leg::member).collect()
    }

    /// One 30011 frame, `None` when the trunk monitor leaves nothing of it.
    fn frame(&mut self, changed: &[usize], switches: &PbxSwitches) -> Option<Event> {
        let over_trunk = self.legs.iter().any(Leg::is_trunk);
        if over_trunk && switches.trunk_monitor == TrunkMonitor::NoFrames {
            return None;
        }
        let members: Vec<Value> = self
            .legs
            .iter_mut()
            .enumerate()
            .filter(|(index, leg)| {
                let listed = switches.frame_mode == FrameMode::Snapshot || !leg.told;
                changed.contains(index) || (listed && leg.is_live())
            })
            .filter(|(_, leg)| !leg.is_trunk() || switches.trunk_monitor == TrunkMonitor::Full)
            .map(|(_, leg)| {
                leg.told = true;
                leg.member()
            })
            .collect();
        (!members.is_empty())
            .then(|| Event { kind: 30011, msg: json!({ "call_id": self.id, "members": members }) })
    }
}

/// All calls of the PBX.
pub(crate) struct Exchange {
    pub(crate) directory: Directory,
    pub(crate) calls: Vec<Call>,
    pub(crate) records: Vec<Record>,
    sequence: u64,
    channels: u32,
    states: BTreeMap<String, &'static str>,
}

impl Exchange {
    pub(crate) fn new(directory: Directory) -> Exchange {
        Exchange {
            directory,
            calls: Vec::new(),
            records: Vec::new(),
            sequence: 280,
            channels: 0xb4,
            states: BTreeMap::new(),
        }
    }

    pub(crate) fn call(&self, id: &str) -> anyhow::Result<&Call> {
        self.calls.iter().find(|call| call.id == id).ok_or_else(|| anyhow::anyhow!("no live call {id}"))
    }

    pub(crate) fn call_mut(&mut self, id: &str) -> anyhow::Result<&mut Call> {
        self.calls.iter_mut().find(|call| call.id == id).ok_or_else(|| anyhow::anyhow!("no live call {id}"))
    }

    /// A new call id, `<epoch seconds>.<sequence>`.
    pub(crate) fn next_id(&mut self) -> String {
        self.sequence += 1;
        format!("{}.{}", Timestamp::now().as_second(), self.sequence)
    }

    pub(crate) fn open(&mut self, direction: Direction, from: &str, to: &str) -> Call {
        let id = self.next_id();
        let now = Timestamp::now();
        let uid = format!("{}{:05X}", now.strftime("%Y%m%d%H%M%S"), self.sequence);
        Call {
            id,
            uid,
            direction,
            from: from.to_owned(),
            to: to.to_owned(),
            did: String::new(),
            started: now,
            legs: Vec::new(),
            group: None,
            dial: None,
            consults: None,
            waiting_for: None,
            voicemail: false,
            failure: None,
        }
    }

    pub(crate) fn leg(&mut self, party: Party, role: Role, status: Status, path: &str) -> Leg {
        self.channels += 1;
        let channel = match &party {
            Party::Extension(number) => format!("PJSIP/{number}-{:08x}", self.channels),
            Party::Inbound { trunk, .. } | Party::Outbound { trunk, .. } => {
                format!("PJSIP/trunk-{trunk}-endpoint-{:08x}", self.channels)
            }
        };
        let now = Timestamp::now();
        Leg {
            channel,
            party,
            role,
            status,
            before_hold: None,
            path: path.to_owned(),
            since: now,
            answered: status.is_connected().then_some(now),
            ended: None,
            declined: false,
            muted: false,
            told: false,
        }
    }

    /// Adds parties and says so in one frame.
    pub(crate) fn join(
        &mut self,
        id: &str,
        legs: Vec<Leg>,
        also_changed: &[usize],
        switches: &PbxSwitches,
        out: &mut Vec<Event>,
    ) -> anyhow::Result<()> {
        let call = self.call_mut(id)?;
        let first = call.legs.len();
        let mut changed: Vec<usize> = also_changed.to_vec();
        changed.extend(first..first + legs.len());
        call.legs.extend(legs);
        out.extend(call.frame(&changed, switches));
        self.tell_states(switches, out);
        Ok(())
    }

    /// Changes states, lets parties go in the given order, and closes the call when nobody is left.
    pub(crate) fn change(
        &mut self,
        id: &str,
        changes: &[(usize, Status)],
        leaving: &[usize],
        switches: &PbxSwitches,
        out: &mut Vec<Event>,
    ) -> anyhow::Result<()> {
        let call = self.call_mut(id)?;
        let mut changed = Vec::new();
        for (index, status) in changes {
            if let Some(leg) = call.legs.get_mut(*index)
                && leg.status != *status
            {
                leg.set(*status);
                changed.push(*index);
            }
        }
        let mut frames = Vec::new();
        match switches.bye_mode {
            ByeMode::SingleFrame => {
                for index in leaving {
                    if let Some(leg) = call.legs.get_mut(*index) {
                        leg.set(Status::Bye);
                        changed.push(*index);
                    }
                }
                if !changed.is_empty() {
                    frames.extend(call.frame(&changed, switches));
                }
            }
            ByeMode::OneFramePerParty => {
                if !changed.is_empty() {
                    frames.extend(call.frame(&changed, switches));
                }
                for index in leaving {
                    if let Some(leg) = call.legs.get_mut(*index) {
                        leg.set(Status::Bye);
                    }
                    frames.extend(call.frame(&[*index], switches));
                }
            }
        }
        let details = if call.is_over() { self.close(id, switches) } else { Vec::new() };
        if switches.cdr_before_bye {
            out.extend(details);
            out.extend(frames);
            self.tell_states(switches, out);
        } else {
            out.extend(frames);
            self.tell_states(switches, out);
            out.extend(details);
        }
        Ok(())
    }

    /// Rings whatever a number stands for.
    pub(crate) fn ring_target(
        &mut self,
        id: &str,
        target: Target,
        switches: &PbxSwitches,
        out: &mut Vec<Event>,
    ) -> anyhow::Result<()> {
        match target {
            Target::Extension(number) => {
                let leg = self.leg(Party::Extension(number), Role::Callee, Status::Ring, "");
                self.join(id, vec![leg], &[], switches, out)
            }
            Target::Queue(number, members) => {
                // The queue itself answers, to play its music.
                let changed = self.through(id, &number, Some(Status::Answered))?;
                self.ring_members(id, &number, members, &changed, switches, out)
            }
            Target::RingGroup(number, members) => {
                let changed = self.through(id, &number, None)?;
                self.ring_members(id, &number, members, &changed, switches, out)
            }
            Target::Ivr(number) => {
                let changed = self.through(id, &number, Some(Status::Answered))?;
                self.join(id, Vec::new(), &changed, switches, out)
            }
            Target::Outside(number) => {
                let trunk = self.directory.trunk.clone();
                let from = self.call(id)?.from.clone();
                let party = Party::Outbound { from, to: number, trunk };
                let leg = self.leg(party, Role::Callee, Status::Ring, "");
                self.join(id, vec![leg], &[], switches, out)
            }
        }
    }

    /// Marks the caller as having passed a queue, ring group or menu.
    fn through(&mut self, id: &str, number: &str, answered: Option<Status>) -> anyhow::Result<Vec<usize>> {
        let call = self.call_mut(id)?;
        call.group = Some(number.to_owned());
        let callers = call.indexes(|leg| leg.is_live() && leg.role == Role::Caller);
        for index in &callers {
            if let Some(leg) = call.legs.get_mut(*index) {
                leg.path = number.to_owned();
                if let Some(status) = answered
                    && leg.status == Status::Alert
                {
                    leg.set(status);
                }
            }
        }
        Ok(callers)
    }

    fn ring_members(
        &mut self,
        id: &str,
        path: &str,
        members: Vec<String>,
        changed: &[usize],
        switches: &PbxSwitches,
        out: &mut Vec<Event>,
    ) -> anyhow::Result<()> {
        let legs: Vec<Leg> = members
            .into_iter()
            .map(|member| self.leg(Party::Extension(member), Role::Callee, Status::Ring, path))
            .collect();
        match switches.ring_frames {
            RingFrames::Together => self.join(id, legs, changed, switches, out),
            RingFrames::OnePerExtension => {
                for leg in legs {
                    self.join(id, vec![leg], changed, switches, out)?;
                }
                Ok(())
            }
        }
    }

    /// Writes the records of a finished call and forgets it.
    fn close(&mut self, id: &str, switches: &PbxSwitches) -> Vec<Event> {
        let Some(position) = self.calls.iter().position(|call| call.id == id) else { return Vec::new() };
        let call = self.calls.remove(position);
        let rows = super::records::rows(&call, &self.directory, self.records.len(), switches);
        let told = super::records::told(&rows, usize::from(switches.cdr_frames));
        self.records.extend(rows);
        told.into_iter().map(|row| Event { kind: 30012, msg: row.notification(switches) }).collect()
    }

    /// Sends 30008 for each extension whose state is not what was told last.
    fn tell_states(&mut self, switches: &PbxSwitches, out: &mut Vec<Event>) {
        let mut now: BTreeMap<String, &'static str> =
            self.states.keys().map(|extension| (extension.clone(), "Idle")).collect();
        for leg in self.calls.iter().flat_map(|call| &call.legs).filter(|leg| leg.is_live()) {
            let Some(extension) = leg.extension() else { continue };
            let state = if leg.status.is_ringing() { "Ringing" } else { "Busy" };
            let known = now.entry(extension.to_owned()).or_insert("Idle");
            if *known != "Busy" {
                *known = state;
            }
        }
        for (extension, state) in now {
            if self.states.get(&extension).copied().unwrap_or("Idle") != state && switches.extension_monitor {
                out.push(Event { kind: 30008, msg: json!({ "extension": extension, "status": state }) });
            }
            self.states.insert(extension, state);
        }
    }
}
