//! Owns what people and clients do to calls. Each act changes the model and returns the frames it causes.

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use super::calls::{Call, Direction, Event, Exchange, Leg, Party, Role, Status};
use super::directory::Target;
use super::switches::{HoldShownBy, PbxSwitches};

/// An inbound call in detail.
#[derive(Clone, Debug, Default)]
pub struct CallIn {
    /// The caller's number as the trunk presents it; `anonymous` for a hidden one.
    pub from: String,
    /// Extension, queue, ring group or menu.
    pub to: String,
    /// The dialled number; the PBX's own by default.
    pub did: Option<String>,
    /// The trunk; the PBX's own by default.
    pub trunk: Option<String>,
}

/// Something done to a live call.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Ring { extension: String },
    StopRinging { extension: String },
    Answer { extension: String },
    IvrAnswer { ivr: String },
    RemoteRing,
    RemoteEarlyMedia,
    RemoteAnswer,
    RemoteFails { reason: String },
    Hold { extension: String },
    Resume { extension: String },
    Mute { channel: String },
    Unmute { channel: String },
    HangUp { who: String },
    HangUpChannel { channel: String },
    Voicemail,
    PickUp { by: String },
    Forward { from: String, to: String },
    BlindTransfer { by: String, to: String, told: Told },
    AttendedTransfer { by: String, to: String },
    CompleteTransfer { by: String },
    CancelTransfer { by: String },
    Conference { extensions: Vec<String> },
    AcceptInbound,
    RefuseInbound,
    LetTimePass { seconds: i64 },
}

/// Whether a transfer is reported with 30013. QUIRK(yeastar): those made through the API are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    ByEvent,
    Silently,
}

type Events = Vec<Event>;

impl Exchange {
    pub(crate) fn call_in(
        &mut self,
        detail: &CallIn,
        switches: &PbxSwitches,
    ) -> anyhow::Result<(String, Events)> {
        let mut out = Vec::new();
        let mut call = self.open(Direction::Inbound, &detail.from, &detail.to);
        call.did = detail.did.clone().unwrap_or_else(|| self.directory.did.clone());
        let trunk = detail.trunk.clone().unwrap_or_else(|| self.directory.trunk.clone());
        let party = Party::Inbound { from: detail.from.clone(), to: call.did.clone(), trunk };
        let leg = self.leg(party, Role::Caller, Status::Alert, "");
        let id = call.id.clone();
        if switches.control_inbound {
            let msg = json!({ "call_id": id, "members": [leg.member()] });
            call.waiting_for = Some(detail.to.clone());
            call.legs.push(leg);
            self.calls.push(call);
            out.push(Event { kind: 30016, msg });
            return Ok((id, out));
        }
        self.calls.push(call);
        if switches.alert_frame {
            self.join(&id, vec![leg], &[], switches, &mut out)?;
        } else {
            self.call_mut(&id)?.legs.push(leg);
        }
        let target = self.directory.target(&detail.to);
        self.ring_target(&id, target, switches, &mut out)?;
        Ok((id, out))
    }

    pub(crate) fn call_out(
        &mut self,
        extension: &str,
        number: &str,
        switches: &PbxSwitches,
    ) -> anyhow::Result<(String, Events)> {
        let mut out = Vec::new();
        let call = self.open(Direction::Outbound, extension, number);
        let id = call.id.clone();
        self.calls.push(call);
        let leg = self.leg(Party::Extension(extension.to_owned()), Role::Caller, Status::Alert, "");
        self.join(&id, vec![leg], &[], switches, &mut out)?;
        Ok((id, out))
    }

    pub(crate) fn call_internal(
        &mut self,
        from: &str,
        to: &str,
        switches: &PbxSwitches,
    ) -> anyhow::Result<(String, Events)> {
        let mut out = Vec::new();
        let call = self.open(Direction::Internal, from, to);
        let id = call.id.clone();
        self.calls.push(call);
        let leg = self.leg(Party::Extension(from.to_owned()), Role::Caller, Status::Alert, "");
        self.call_mut(&id)?.legs.push(leg);
        let target = self.directory.target(to);
        self.ring_target(&id, target, switches, &mut out)?;
        Ok((id, out))
    }

    /// `call/dial`: the caller's own phone rings first.
    pub(crate) fn dial(
        &mut self,
        caller: &str,
        callee: &str,
        permission: &str,
        auto_answer: bool,
        switches: &PbxSwitches,
    ) -> anyhow::Result<(String, Events)> {
        let mut out = Vec::new();
        let outside = matches!(self.directory.target(callee), Target::Outside(_));
        let direction = if outside { Direction::Outbound } else { Direction::Internal };
        let mut call = self.open(direction, caller, callee);
        let id = call.id.clone();
        if outside && !self.directory.may_dial_out(permission) {
            // QUIRK(yeastar): the request itself succeeds; the refusal comes as an event.
            out.push(failed(&id, "NO Dial Permission", Value::Null));
            return Ok((id, out));
        }
        call.dial = Some(callee.to_owned());
        self.calls.push(call);
        let leg = self.leg(Party::Extension(caller.to_owned()), Role::Caller, Status::Ring, "");
        self.join(&id, vec![leg], &[], switches, &mut out)?;
        if auto_answer || switches.phone_answers_itself {
            let (_, events) = self.act(&id, &Act::Answer { extension: caller.to_owned() }, switches)?;
            out.extend(events);
        }
        Ok((id, out))
    }

    /// Performs an act; returns the id the call goes on under, or the id of a new consult call.
    pub(crate) fn act(
        &mut self,
        id: &str,
        act: &Act,
        switches: &PbxSwitches,
    ) -> anyhow::Result<(String, Events)> {
        let mut out = Vec::new();
        let mut result = id.to_owned();
        match act {
            Act::Ring { extension } => self.ring(id, extension, switches, &mut out)?,
            Act::StopRinging { extension } => self.stop_ringing(id, extension, switches, &mut out)?,
            Act::Answer { extension } => self.answer(id, extension, switches, &mut out)?,
            Act::IvrAnswer { ivr } => {
                let call = self.call_mut(id)?;
                let caller =
                    call.find(|leg| leg.is_live() && leg.role == Role::Caller).context("no caller")?;
                call.group = Some(ivr.clone());
                if let Some(leg) = call.legs.get_mut(caller) {
                    leg.path.clone_from(ivr);
                }
                self.change(id, &[(caller, Status::Answered)], &[], switches, &mut out)?;
            }
            Act::RemoteRing => self.remote(id, Status::Ring, switches, &mut out)?,
            Act::RemoteEarlyMedia => self.remote(id, Status::EarlyMedia, switches, &mut out)?,
            Act::RemoteAnswer => self.remote(id, Status::Answer, switches, &mut out)?,
            Act::RemoteFails { reason } => self.remote_fails(id, reason, switches, &mut out)?,
            Act::Hold { extension } => self.hold(id, extension, switches, &mut out)?,
            Act::Resume { extension } => self.resume(id, extension, switches, &mut out)?,
            // QUIRK(yeastar): no status stands for "muted", so nothing is sent.
            Act::Mute { channel } => self.speaker(id, channel)?.muted = true,
            Act::Unmute { channel } => self.speaker(id, channel)?.muted = false,
            Act::HangUp { who } => {
                let leg = self.who(id, who)?;
                self.hang_up(id, leg, switches, &mut out)?;
            }
            Act::HangUpChannel { channel } => {
                let leg = self.call(id)?.find(|leg| leg.is_live() && leg.channel == *channel);
                self.hang_up(id, leg.context("no such channel")?, switches, &mut out)?;
            }
            Act::Voicemail => {
                let call = self.call_mut(id)?;
                call.voicemail = true;
                let caller =
                    call.find(|leg| leg.is_live() && leg.role == Role::Caller).context("no caller")?;
                let ringing = call.indexes(|leg| leg.role == Role::Callee && leg.status.is_ringing());
                self.change(id, &[], &ringing, switches, &mut out)?;
                self.change(id, &[(caller, Status::Answered)], &[], switches, &mut out)?;
            }
            Act::PickUp { by } => self.pick_up(id, by, switches, &mut out)?,
            Act::Forward { from, to } => {
                let call = self.call(id)?;
                let leg = call.live_extension(from).context("that extension is not in the call")?;
                let msg = json!({ "call_id": id, "members": call.members() });
                out.push(Event { kind: 30014, msg });
                self.change(id, &[], &[leg], switches, &mut out)?;
                let target = self.directory.target(to);
                self.ring_target(id, target, switches, &mut out)?;
            }
            Act::BlindTransfer { by, to, told } => {
                result = self.blind_transfer(id, by, to, *told, switches, &mut out)?;
            }
            Act::AttendedTransfer { by, to } => {
                self.hold(id, by, switches, &mut out)?;
                let outside = matches!(self.directory.target(to), Target::Outside(_));
                let direction = if outside { Direction::Outbound } else { Direction::Internal };
                let mut consult = self.open(direction, by, to);
                consult.consults = Some((id.to_owned(), by.clone()));
                result = consult.id.clone();
                let leg = self.leg(Party::Extension(by.clone()), Role::Caller, Status::Alert, "");
                consult.legs.push(leg);
                self.calls.push(consult);
                let target = self.directory.target(to);
                self.ring_target(&result, target, switches, &mut out)?;
            }
            Act::CompleteTransfer { by } => result = self.complete_transfer(id, by, switches, &mut out)?,
            Act::CancelTransfer { by } => {
                let consult = self.consult(id, by)?;
                let legs = self.call(&consult)?.indexes(Leg::is_live);
                self.change(&consult, &[], &legs, switches, &mut out)?;
                self.resume(id, by, switches, &mut out)?;
            }
            Act::Conference { extensions } => self.conference(id, extensions, switches, &mut out)?,
            Act::AcceptInbound => {
                let waiting = self.call_mut(id)?.waiting_for.take().context("the call is not waiting")?;
                if switches.alert_frame {
                    self.join(id, Vec::new(), &[0], switches, &mut out)?;
                }
                let target = self.directory.target(&waiting);
                self.ring_target(id, target, switches, &mut out)?;
            }
            Act::RefuseInbound => {
                let call = self.call_mut(id)?;
                ensure!(call.waiting_for.take().is_some(), "the call is not waiting");
                let legs = call.indexes(Leg::is_live);
                self.change(id, &[], &legs, switches, &mut out)?;
            }
            Act::LetTimePass { seconds } => {
                let call = self.call_mut(id)?;
                let past = jiff::SignedDuration::from_secs(*seconds);
                call.started = call.started.saturating_sub(past)?;
                for leg in &mut call.legs {
                    leg.since = leg.since.saturating_sub(past)?;
                    leg.answered = leg.answered.map(|at| at.saturating_sub(past)).transpose()?;
                    leg.ended = leg.ended.map(|at| at.saturating_sub(past)).transpose()?;
                }
            }
        }
        Ok((result, out))
    }

    fn ring(
        &mut self,
        id: &str,
        extension: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let path = self.call(id)?.group.clone().unwrap_or_default();
        let party = Party::Extension(extension.to_owned());
        let leg = self.leg(party, Role::Callee, Status::Ring, &path);
        self.join(id, vec![leg], &[], switches, out)
    }

    fn stop_ringing(
        &mut self,
        id: &str,
        extension: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let call = self.call(id)?;
        let leg = call
            .find(|leg| leg.extension() == Some(extension) && leg.status.is_ringing())
            .context("that extension does not ring")?;
        let queue =
            call.group.clone().filter(|group| self.directory.queues.iter().any(|q| q.number == *group));
        let caller = call.from.clone();
        self.change(id, &[], &[leg], switches, out)?;
        if let Some(queue) = queue {
            let msg = json!({
                "queue_number": queue, "agent_number": extension, "caller_number": caller, "call_id": id,
            });
            out.push(Event { kind: 30026, msg });
        }
        Ok(())
    }

    fn answer(
        &mut self,
        id: &str,
        extension: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let call = self.call_mut(id)?;
        let leg = call
            .find(|leg| leg.extension() == Some(extension) && leg.status.is_ringing())
            .context("that extension does not ring")?;
        let first_of_dial = call.legs.get(leg).is_some_and(|leg| leg.role == Role::Caller);
        if first_of_dial {
            let callee = call.dial.take();
            self.change(id, &[(leg, Status::Answered)], &[], switches, out)?;
            if let Some(callee) = callee {
                let target = self.directory.target(&callee);
                self.ring_target(id, target, switches, out)?;
            }
            return Ok(());
        }
        let mut changes: Vec<(usize, Status)> = caller_connects(call);
        changes.push((leg, Status::Answer));
        let others = call.indexes(|other| other.role == Role::Callee && other.status.is_ringing());
        let others: Vec<usize> = others.into_iter().filter(|other| *other != leg).collect();
        self.change(id, &changes, &others, switches, out)
    }

    fn remote(
        &mut self,
        id: &str,
        status: Status,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let call = self.call(id)?;
        let outbound = |leg: &Leg| leg.is_live() && matches!(leg.party, Party::Outbound { .. });
        if call.find(outbound).is_none() {
            let party = Party::Outbound {
                from: call.from.clone(),
                to: call.to.clone(),
                trunk: self.directory.trunk.clone(),
            };
            let first = if status == Status::Answer { Status::Ring } else { status };
            let leg = self.leg(party, Role::Callee, first, "");
            self.join(id, vec![leg], &[], switches, out)?;
        }
        let call = self.call(id)?;
        // After a transfer there may be two, and the one that was moved has answered long ago.
        let leg = call
            .find(|leg| outbound(leg) && leg.status.is_ringing())
            .or_else(|| call.find(outbound))
            .context("no outbound leg")?;
        let mut changes = if status == Status::Answer { caller_connects(call) } else { Vec::new() };
        changes.push((leg, status));
        self.change(id, &changes, &[], switches, out)
    }

    fn remote_fails(
        &mut self,
        id: &str,
        reason: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let call = self.call_mut(id)?;
        call.failure = Some(reason.to_owned());
        // QUIRK(yeastar): `members` is null for a number nobody knows.
        let members = if reason == "NOT found" { Value::Null } else { json!(call.members()) };
        out.push(failed(id, reason, members));
        let mut leaving = call.indexes(|leg| leg.is_live() && leg.role == Role::Callee);
        leaving.extend(call.indexes(|leg| leg.is_live() && leg.role == Role::Caller));
        self.change(id, &[], &leaving, switches, out)
    }

    fn hold(
        &mut self,
        id: &str,
        extension: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let call = self.call_mut(id)?;
        let holder = call.live_extension(extension).context("that extension is not in the call")?;
        let held = call.indexes(|leg| leg.status.is_connected());
        ensure!(held.contains(&holder), "that extension does not talk");
        let shown: Vec<usize> = held
            .into_iter()
            .filter(|index| match switches.hold_shown_by {
                HoldShownBy::Holder => *index == holder,
                HoldShownBy::Held => *index != holder,
                HoldShownBy::Both => true,
            })
            .collect();
        let mut changes = Vec::new();
        for index in shown {
            if let Some(leg) = call.legs.get_mut(index)
                && leg.status != Status::Hold
            {
                leg.before_hold = Some(leg.status);
                changes.push((index, Status::Hold));
            }
        }
        self.change(id, &changes, &[], switches, out)
    }

    fn resume(
        &mut self,
        id: &str,
        extension: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let call = self.call_mut(id)?;
        ensure!(call.live_extension(extension).is_some(), "that extension is not in the call");
        let changes = unheld(call);
        self.change(id, &changes, &[], switches, out)
    }

    /// The party with this channel, when it is one the others can hear.
    fn speaker(&mut self, id: &str, channel: &str) -> anyhow::Result<&mut Leg> {
        let speaks = |leg: &&mut Leg| leg.channel == channel && leg.status.is_connected();
        self.call_mut(id)?.legs.iter_mut().find(speaks).context("that party does not talk")
    }

    /// Finds a party by `caller`, `callee` or an extension's number.
    fn who(&self, id: &str, who: &str) -> anyhow::Result<usize> {
        let call = self.call(id)?;
        let found = match who {
            "caller" => call.find(|leg| leg.is_live() && leg.role == Role::Caller),
            "callee" => call
                .find(|leg| leg.role == Role::Callee && leg.status.is_connected())
                .or_else(|| call.find(|leg| leg.is_live() && leg.role == Role::Callee)),
            extension => call.live_extension(extension),
        };
        found.with_context(|| format!("{who} is not in call {id}"))
    }

    fn hang_up(
        &mut self,
        id: &str,
        leg: usize,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let call = self.call_mut(id)?;
        let Some(leaver) = call.legs.get_mut(leg) else { bail!("no such party") };
        let rings = leaver.status.is_ringing();
        let others: Vec<usize> =
            call.indexes(Leg::is_live).into_iter().filter(|other| *other != leg).collect();
        let still = |call: &Call, wanted: fn(&Leg) -> bool| {
            others.iter().filter(|other| call.legs.get(**other).is_some_and(wanted)).count()
        };
        let role = call.legs.get(leg).map(|leg| leg.role);
        if rings && role == Some(Role::Caller) {
            // QUIRK(yeastar): when the agent's own leg of a dial fails, the customer was never dialled.
            call.failure = Some("603 Declined".to_owned());
            let mut gone = call.legs.get(leg).cloned().context("no such party")?;
            gone.set(Status::Bye);
            out.push(failed(id, "603 Declined", json!([gone.member()])));
            let mut leaving = vec![leg];
            leaving.extend(others);
            return self.change(id, &[], &leaving, switches, out);
        }
        if rings {
            if let Some(leaver) = call.legs.get_mut(leg) {
                leaver.declined = true;
            }
            let goes_on = still(call, |leg| leg.role == Role::Callee) > 0 || call.group.is_some();
            let mut leaving = vec![leg];
            if !goes_on {
                leaving.extend(others);
            }
            return self.change(id, &[], &leaving, switches, out);
        }
        let mut leaving = vec![leg];
        if still(call, |leg| leg.status.is_connected()) < 2 {
            leaving.extend(others);
        }
        self.change(id, &[], &leaving, switches, out)
    }

    fn pick_up(
        &mut self,
        id: &str,
        by: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        let path = self.call(id)?.group.clone().unwrap_or_default();
        let leg = self.leg(Party::Extension(by.to_owned()), Role::Callee, Status::Answer, &path);
        let call = self.call_mut(id)?;
        let ringing = call.indexes(|leg| leg.role == Role::Callee && leg.status.is_ringing());
        let connecting = caller_connects(call);
        let mut changed = Vec::new();
        for (index, status) in connecting {
            if let Some(leg) = call.legs.get_mut(index) {
                leg.set(status);
                changed.push(index);
            }
        }
        self.join(id, vec![leg], &changed, switches, out)?;
        self.change(id, &[], &ringing, switches, out)
    }

    fn blind_transfer(
        &mut self,
        id: &str,
        by: &str,
        to: &str,
        told: Told,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<String> {
        let call = self.call(id)?;
        let talks = |leg: &Leg| leg.extension() == Some(by) && leg.status.is_connected();
        ensure!(call.find(talks).is_some(), "that extension does not talk");
        let target = self.directory.target(to);
        if matches!(target, Target::Outside(_)) && !self.directory.may_dial_out(by) {
            // Inferred from `call/dial`: the request itself succeeds, and nobody is moved.
            out.push(failed(id, "NO Dial Permission", json!(call.members())));
            return Ok(id.to_owned());
        }
        if told == Told::ByEvent {
            out.push(Event { kind: 30013, msg: json!({ "call_id": id, "members": call.members() }) });
        }
        let id = self.leave_behind(id, by, switches, out)?;
        self.ring_target(&id, target, switches, out)?;
        Ok(id)
    }

    /// Lets `by` go and keeps the other parties, under the same or a new call id.
    fn leave_behind(
        &mut self,
        id: &str,
        by: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<String> {
        let mut moved = None;
        if !switches.transfer_keeps_call_id {
            let mut next = self.call(id)?.clone();
            next.id = self.next_id();
            let call = self.call_mut(id)?;
            next.legs = call
                .legs
                .iter()
                .filter(|leg| leg.is_live() && leg.extension() != Some(by))
                .cloned()
                .map(|leg| Leg { told: false, ..leg })
                .collect();
            call.legs.retain(|leg| !leg.is_live() || leg.extension() == Some(by));
            moved = Some(next);
        }
        let call = self.call_mut(id)?;
        let changes = unheld_except(call, by);
        let leaver = call.live_extension(by).context("that extension is not in the call")?;
        self.change(id, &changes, &[leaver], switches, out)?;
        let Some(mut next) = moved else { return Ok(id.to_owned()) };
        for (index, status) in unheld(&next) {
            if let Some(leg) = next.legs.get_mut(index) {
                leg.set(status);
            }
        }
        let id = next.id.clone();
        self.calls.push(next);
        Ok(id)
    }

    fn consult(&self, id: &str, by: &str) -> anyhow::Result<String> {
        self.calls
            .iter()
            .find(|call| call.consults.as_ref().is_some_and(|(of, who)| of == id && who == by))
            .map(|call| call.id.clone())
            .with_context(|| format!("{by} has not asked back about call {id}"))
    }

    fn complete_transfer(
        &mut self,
        id: &str,
        by: &str,
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<String> {
        let consult = self.consult(id, by)?;
        let msg = json!({ "call_id": id, "members": self.call(id)?.members() });
        out.push(Event { kind: 30013, msg });
        // Both ids exist; which one goes on is not documented, so the switch decides.
        let (stays, ends) =
            if switches.transfer_keeps_call_id { (id, consult.as_str()) } else { (consult.as_str(), id) };
        let ending = self.call_mut(ends)?;
        let mut moved: Vec<Leg> =
            ending.legs.iter().filter(|leg| leg.is_live() && leg.extension() != Some(by)).cloned().collect();
        ending.legs.retain(|leg| !leg.is_live() || leg.extension() == Some(by));
        for leg in &mut moved {
            if leg.status == Status::Hold {
                let before = leg.before_hold.take().unwrap_or(Status::Answer);
                leg.set(before);
            }
        }
        let (from, to) = (ending.from.clone(), ending.to.clone());
        let ended = ending.live_extension(by).context("the transferor is not in the call")?;
        let staying = self.call_mut(stays)?;
        staying.consults = None;
        if !switches.transfer_keeps_call_id {
            (staying.from, staying.to) = (from, to);
            staying.direction = Direction::Inbound;
        }
        let changes = unheld_except(staying, by);
        let leaver = staying.live_extension(by).context("the transferor is not in the call")?;
        self.change(stays, &changes, &[leaver], switches, out)?;
        self.change(ends, &[], &[ended], switches, out)?;
        self.join(stays, moved, &[], switches, out)?;
        Ok(stays.to_owned())
    }

    fn conference(
        &mut self,
        id: &str,
        extensions: &[String],
        switches: &PbxSwitches,
        out: &mut Events,
    ) -> anyhow::Result<()> {
        const ROOM: &str = "6800";
        let missing: Vec<String> = {
            let call = self.call(id)?;
            extensions.iter().filter(|number| call.live_extension(number).is_none()).cloned().collect()
        };
        let legs: Vec<Leg> = missing
            .into_iter()
            .map(|number| self.leg(Party::Extension(number), Role::Callee, Status::Answer, ROOM))
            .collect();
        let call = self.call_mut(id)?;
        let present = call.indexes(Leg::is_live);
        for index in &present {
            if let Some(leg) = call.legs.get_mut(*index) {
                leg.path = ROOM.to_owned();
                if leg.status.is_ringing() {
                    leg.set(Status::Answer);
                } else if leg.status == Status::Alert {
                    leg.set(Status::Answered);
                }
            }
        }
        self.join(id, legs, &present, switches, out)?;
        let msg = json!({ "call_id": id, "members": self.call(id)?.members() });
        out.push(Event { kind: 30024, msg });
        Ok(())
    }
}

fn failed(id: &str, reason: &str, members: Value) -> Event {
    Event { kind: 30015, msg: json!({ "call_id": id, "reason": reason, "members": members }) }
}

fn caller_connects(call: &Call) -> Vec<(usize, Status)> {
    call.indexes(|leg| leg.role == Role::Caller && leg.status == Status::Alert)
        .into_iter()
        .map(|index| (index, Status::Answered))
        .collect()
}

fn unheld(call: &Call) -> Vec<(usize, Status)> {
    unheld_except(call, "")
}

/// What each held party goes back to, but for the one who is about to leave.
fn unheld_except(call: &Call, leaver: &str) -> Vec<(usize, Status)> {
    call.indexes(|leg| leg.status == Status::Hold && leg.extension() != Some(leaver))
        .into_iter()
        .filter_map(|index| {
            let leg = call.legs.get(index)?;
            let plain = if leg.role == Role::Caller { Status::Answered } else { Status::Answer };
            Some((index, leg.before_hold.unwrap_or(plain)))
        })
        .collect()
}
