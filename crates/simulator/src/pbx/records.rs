//! Owns call records: the rows of a finished call, event 30012 and the rows of `cdr/*` and `recording/*`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::calls::{Call, Direction, Leg, Party, Role};
use super::directory::Directory;
use super::switches::PbxSwitches;
use crate::clock::pbx_time;

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: usize,
    pub(crate) call_id: String,
    pub(crate) uid: String,
    pub(crate) time: Timestamp,
    pub(crate) from: String,
    pub(crate) from_name: String,
    pub(crate) to: String,
    pub(crate) to_name: String,
    pub(crate) duration: i64,
    pub(crate) ring: i64,
    pub(crate) talk: i64,
    pub(crate) status: String,
    pub(crate) direction: Direction,
    pub(crate) src_trunk: String,
    pub(crate) dst_trunk: String,
    pub(crate) did: String,
    pub(crate) recording: String,
    pub(crate) agent_ring_time: i64,
    /// The row that says how the call went as a whole.
    pub(crate) summary: bool,
}

/// The rows of one call. QUIRK(yeastar): one row per leg (menu, queue, each agent tried), all with one uid.
pub(crate) fn rows(call: &Call, directory: &Directory, known: usize, switches: &PbxSwitches) -> Vec<Record> {
    let now = Timestamp::now();
    let trunk = |wanted: fn(&Party) -> Option<&String>| {
        call.legs.iter().find_map(|leg| wanted(&leg.party)).cloned().unwrap_or_default()
    };
    let src_trunk = trunk(|party| match party {
        Party::Inbound { trunk, .. } => Some(trunk),
        Party::Extension(_) | Party::Outbound { .. } => None,
    });
    let dst_trunk = trunk(|party| match party {
        Party::Outbound { trunk, .. } => Some(trunk),
        Party::Extension(_) | Party::Inbound { .. } => None,
    });
    let blank = |to: &str| Record {
        id: 0,
        call_id: call.id.clone(),
        uid: call.uid.clone(),
        time: call.started,
        from: call.from.clone(),
        from_name: directory.name(&call.from),
        to: to.to_owned(),
        to_name: directory.name(to),
        duration: seconds(call.started, now),
        ring: 0,
        talk: 0,
        status: overall(call).to_owned(),
        direction: call.direction,
        src_trunk: src_trunk.clone(),
        dst_trunk: dst_trunk.clone(),
        did: call.did.clone(),
        recording: String::new(),
        agent_ring_time: 0,
        summary: false,
    };
    let mut rows = Vec::new();
    if let Some(group) = &call.group {
        let callers = call.legs.iter().find(|leg| leg.role == Role::Caller);
        let mut row = blank(group);
        row.talk = callers.and_then(|leg| leg.answered).map_or(0, |at| seconds(at, now));
        // A queue or menu that only played music has "answered", though no human did.
        if callers.is_some_and(|leg| leg.answered.is_some()) && !call.voicemail {
            row.status = "ANSWERED".to_owned();
        }
        rows.push(row);
    }
    for leg in call.legs.iter().filter(|leg| leg.role == Role::Callee) {
        let to = match &leg.party {
            Party::Extension(number) => number,
            Party::Inbound { to, .. } | Party::Outbound { to, .. } => to,
        };
        let mut row = blank(to);
        // An agent who transferred the call talked until then, not until its end.
        let ended = leg.ended.unwrap_or(now);
        row.duration = seconds(leg.since, ended);
        row.ring = leg.answered.map_or(row.duration, |at| seconds(leg.since, at));
        row.talk = leg.answered.map_or(0, |at| seconds(at, ended));
        row.status = leg_status(call, leg).to_owned();
        if call.voicemail && leg.answered.is_none() {
            row.talk = caller_talk(call, now);
        }
        if leg.answered.is_some() {
            if switches.record_calls {
                let start = pbx_time(call.started, switches.utc_offset_minutes, "YYYYMMDDHHmmss");
                let kind = call.direction.word();
                row.recording = format!("{start}-{}-{}-{to}-{kind}.wav", call.id, call.from);
            }
            if call.group.is_some() {
                row.agent_ring_time = row.ring;
            }
        }
        rows.push(row);
    }
    if rows.is_empty() {
        let mut row = blank(&call.to);
        row.talk = if call.voicemail { caller_talk(call, now) } else { 0 };
        rows.push(row);
    }
    let best = rows
        .iter()
        .enumerate()
        .filter(|(index, row)| row.status == "ANSWERED" && !(call.group.is_some() && *index == 0))
        .max_by_key(|(_, row)| row.talk)
        .map_or_else(|| if call.group.is_some() { 0 } else { rows.len() - 1 }, |(index, _)| index);
    for (index, row) in rows.iter_mut().enumerate() {
        row.id = known + index + 1;
        row.summary = index == best;
    }
    // A queue's own row says ANSWERED although nobody talked; as the whole call's result that would be wrong.
    if let Some(row) = rows.get_mut(best)
        && !call.legs.iter().any(|leg| leg.role == Role::Callee && leg.answered.is_some())
    {
        row.status = overall(call).to_owned();
    }
    rows
}

/// The rows that become 30012 frames, at most `limit`, the telling one always among them.
pub(crate) fn told(rows: &[Record], limit: usize) -> Vec<Record> {
    let Some(summary) = rows.iter().find(|row| row.summary) else { return Vec::new() };
    if limit == 0 {
        return Vec::new();
    }
    let mut told: Vec<Record> = rows.iter().filter(|row| !row.summary).take(limit - 1).cloned().collect();
    told.push(summary.clone());
    told.sort_by_key(|row| row.id);
    told
}

fn caller_talk(call: &Call, now: Timestamp) -> i64 {
    call.legs
        .iter()
        .find(|leg| leg.role == Role::Caller)
        .and_then(|leg| leg.answered)
        .map_or(0, |at| seconds(at, now))
}

fn overall(call: &Call) -> &'static str {
    if let Some(reason) = &call.failure {
        let lower = reason.to_lowercase();
        return if lower.contains("busy") || lower.contains("dnd") || lower.starts_with("603") {
            "BUSY"
        } else if lower.starts_with("480") || lower.starts_with("408") {
            "NO ANSWER"
        } else {
            "FAILED"
        };
    }
    let callees = || call.legs.iter().filter(|leg| leg.role == Role::Callee);
    if callees().any(|leg| leg.answered.is_some()) {
        "ANSWERED"
    } else if call.voicemail {
        "VOICEMAIL"
    } else if callees().any(|leg| leg.declined) {
        "BUSY"
    } else {
        "NO ANSWER"
    }
}

fn leg_status(call: &Call, leg: &Leg) -> &'static str {
    if leg.answered.is_some() {
        "ANSWERED"
    } else if leg.declined {
        "BUSY"
    } else if call.voicemail {
        "VOICEMAIL"
    } else if call.failure.is_some() {
        overall(call)
    } else {
        "NO ANSWER"
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()).max(0)
}

fn labelled(name: &str, number: &str) -> String {
    if name.is_empty() { number.to_owned() } else { format!("{name}<{number}>") }
}

impl Record {
    /// `msg` of event 30012.
    pub(crate) fn notification(&self, switches: &PbxSwitches) -> Value {
        json!({
            "call_id": self.call_id,
            "time_start": pbx_time(self.time, switches.utc_offset_minutes, "YYYY-MM-DD HH:mm:ss"),
            "call_from": self.from, "call_to": self.to,
            "call_duration": self.duration, "talk_duration": self.talk,
            "src_trunk_name": self.src_trunk, "dst_trunk_name": self.dst_trunk, "pin_code": "",
            "status": self.status, "type": self.direction.word(), "recording": self.recording,
            "did_number": self.did, "did_name": switches.did_name, "agent_ring_time": self.agent_ring_time,
            "uid": self.uid, "call_note_id": "", "enb_call_note": 4, "is_display": 1, "realclidnum": "",
        })
    }

    /// A row of `cdr/list` and `cdr/search`.
    pub(crate) fn row(&self, switches: &PbxSwitches) -> Value {
        let format = format!("{} {}", switches.date_format, switches.time_format);
        json!({
            "id": self.id, "new_id": self.id.to_string(), "uid": self.uid, "call_id": self.call_id,
            "time": pbx_time(self.time, switches.utc_offset_minutes, &format),
            "timestamp": self.time.as_second(),
            "call_from": labelled(&self.from_name, &self.from), "call_to": labelled(&self.to_name, &self.to),
            "call_from_number": self.from, "call_from_name": self.from_name,
            "call_to_number": self.to, "call_to_name": self.to_name,
            "duration": self.duration, "ring_duration": self.ring, "talk_duration": self.talk,
            "disposition": self.status, "call_type": self.direction.word(),
            "src_addr": "192.0.2.9", "src_trunk": self.src_trunk, "dst_trunk": self.dst_trunk,
            "did_number": self.did, "did_name": switches.did_name, "dod_number": "", "record_file": self.recording,
            "reason": "", "pin_code": "", "call_note": "", "call_note_id": "", "enb_call_note": 4,
        })
    }

    /// A row of `recording/list` and `recording/search`.
    pub(crate) fn recording_row(&self, switches: &PbxSwitches) -> Value {
        let format = format!("{} {}", switches.date_format, switches.time_format);
        json!({
            "id": self.id, "uid": self.uid, "call_id": self.call_id,
            "time": pbx_time(self.time, switches.utc_offset_minutes, &format),
            "call_from": labelled(&self.from_name, &self.from), "call_to": labelled(&self.to_name, &self.to),
            "call_from_number": self.from, "call_from_name": self.from_name,
            "call_to_number": self.to, "call_to_name": self.to_name,
            "duration": self.talk, "size": 44 + self.talk.saturating_mul(16_000),
            "call_type": self.direction.word(), "file": self.recording,
        })
    }
}
