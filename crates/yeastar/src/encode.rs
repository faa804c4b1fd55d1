//! The PBX's words, spoken: what was decoded, as the PBX would have said it.
//!
//! Owns: the shape of event frames, call objects, rows of the call log and of contacts, for a server that stands between
//! a PBX and its clients. Whatever was not understood is not repeated. The inverse of `event` and `call_log`; must
//! not know who listens.

use serde_json::{Map, Value, json};

use crate::{
    call_log::LoggedCall,
    central::RecordMade,
    directory::{Extension, Feature},
    event::{Call, CallRecord, Event, Member, Party},
    phonebook::{Entry, Members, NumberKind, Phonebook},
};

impl Event {
    /// Its number; also the topic to subscribe to.
    pub fn kind(&self) -> i64 {
        match self {
            Event::ExtensionRegistration { .. } => 30007,
            Event::ExtensionCallState { .. } => 30008,
            Event::CallState(_) => 30011,
            Event::CallEnded(_) => 30012,
            Event::Transferred(_) => 30013,
            Event::Forwarded(_) => 30014,
            Event::CallFailed { .. } => 30015,
            Event::ExtensionChanged { .. } => 30022,
            Event::AgentRingTimeout { .. } => 30026,
            Event::RecordMade(_) => RecordMade::EVENT,
            Event::Other { kind } => *kind,
        }
    }

    /// The text frame of the event socket. Nothing for an event we do not understand.
    pub fn encode(&self, serial: &str) -> Option<String> {
        let msg = match self {
            Event::CallState(call) | Event::Transferred(call) | Event::Forwarded(call) => call.encode(),
            Event::CallEnded(record) => record_30012(record),
            Event::CallFailed { call_id, reason, members } => {
                json!({ "call_id": call_id, "reason": reason.raw, "members": all(members) })
            }
            Event::ExtensionCallState { extension, status } => {
                json!({ "extension": extension, "status": capital(status.word()) })
            }
            // Where the phone is, is nobody's business.
            Event::ExtensionRegistration { extension, endpoint, registration } => json!({
                "extension": extension, "kind": capital(endpoint.word()),
                "status": capital(registration.word()), "registered_ip": "",
            }),
            Event::AgentRingTimeout { queue, agent, caller, call_id } => json!({
                "queue_number": queue, "agent_number": agent,
                "caller_number": caller, "call_id": call_id,
            }),
            Event::ExtensionChanged { extension, change } => {
                json!({ "ext_number": extension, "option": change_word(change) })
            }
            Event::RecordMade(made) => made.encode(),
            Event::Other { .. } => return None,
        };
        // QUIRK(yeastar): JSON inside a string.
        Some(json!({ "type": self.kind(), "sn": serial, "msg": msg.to_string() }).to_string())
    }
}

impl Call {
    /// `{call_id, members}`, as in 30011 and `call/query`.
    pub fn encode(&self) -> Value {
        json!({ "call_id": self.id, "members": all(&self.members) })
    }
}

impl LoggedCall {
    /// A row of `cdr/list` and `cdr/search`.
    pub fn encode(&self) -> Value {
        let record = &self.record;
        let started = self.started_at.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let side = |number: &Option<String>, name: &Option<String>| match (number, name) {
            (Some(number), Some(name)) => format!("{name}<{number}>"),
            (number, name) => number.as_ref().or(name.as_ref()).cloned().unwrap_or_default(),
        };
        without_null(json!({
            "uid": record.uid, "call_id": record.call_id, "time": record.started,
            "timestamp": started.map(|since| since.as_secs()),
            "call_from": side(&record.from, &self.from_name), "call_to": side(&record.to, &self.to_name),
            "call_from_number": record.from, "call_from_name": self.from_name,
            "call_to_number": record.to, "call_to_name": self.to_name,
            "duration": record.duration, "talk_duration": record.talk_duration,
            "ring_duration": record.agent_ring_seconds,
            "disposition": record.status.word().to_ascii_uppercase(), "call_type": capital(record.kind.word()),
            "src_trunk": record.source_trunk, "dst_trunk": record.destination_trunk,
            "did_number": record.did_number, "did_name": record.did_name,
            "record_file": record.recording, "call_note_id": record.call_note_id, "reason": self.reason,
        }))
    }
}

impl Extension {
    /// A row of `extension/list`. Never where its phones are registered.
    pub fn encode(&self) -> Value {
        without_null(json!({
            "id": self.id, "number": self.number, "caller_id_name": self.name, "email_addr": self.email,
            "mobile_number": self.mobile, "presence_status": self.presence,
        }))
    }
}

impl Entry {
    /// A row of `company_contact/list`, `company_contact/search`, and the `data` of `company_contact/get`.
    pub fn encode(&self) -> Value {
        let books: Vec<Value> = self.books.iter().map(|book| json!({ "id": book.0 })).collect();
        let mut row = json!({
            "id": self.id.0, "contact_name": self.name, "company": self.company, "email": self.email,
            "remark": self.remark, "phonebook_list": books,
        });
        if let Value::Object(fields) = &mut row {
            for kind in NumberKind::ALL {
                let number = self.numbers.get(&kind).cloned().unwrap_or_default();
                fields.insert(kind.names().0.to_owned(), number.into());
            }
        }
        row
    }
}

impl Phonebook {
    /// A row of `phonebook/list`.
    pub fn encode(&self) -> Value {
        let select = match self.members {
            Members::Everybody => "sel_all",
            Members::Chosen => "sel_specific",
        };
        without_null(
            json!({ "id": self.id.0, "name": self.name, "member_select": select, "total": self.count }),
        )
    }
}

impl Feature {
    /// A row of `queue/list`, `ringgroup/list` and `ivr/list`.
    pub fn encode(&self) -> Value {
        without_null(json!({ "id": self.id, "number": self.number, "name": self.name }))
    }
}

fn all(members: &[Member]) -> Vec<Value> {
    members.iter().map(member).collect()
}

fn member(member: &Member) -> Value {
    let status = member.status.word().to_ascii_uppercase();
    let (path, channel) = (member.path.as_deref().unwrap_or_default(), &member.channel);
    let leg = |from: &str, to: &str, trunk: &str| {
        json!({ "from": from, "to": to, "trunk_name": trunk, "channel_id": channel, "member_status": status,
            "call_path": path })
    };
    match &member.party {
        Party::Extension { number } => json!({ "extension": {
            "number": number, "channel_id": channel, "member_status": status, "call_path": path,
        } }),
        Party::Inbound { from, to, trunk } => json!({ "inbound": leg(from, to, trunk) }),
        Party::Outbound { from, to, trunk } => json!({ "outbound": leg(from, to, trunk) }),
    }
}

fn record_30012(record: &CallRecord) -> Value {
    without_null(json!({
        "call_id": record.call_id, "uid": record.uid, "time_start": record.started,
        "call_from": record.from, "call_to": record.to,
        "call_duration": record.duration, "talk_duration": record.talk_duration,
        "src_trunk_name": record.source_trunk, "dst_trunk_name": record.destination_trunk,
        "status": record.status.word().to_ascii_uppercase(), "type": capital(record.kind.word()),
        "recording": record.recording, "did_number": record.did_number, "did_name": record.did_name,
        "agent_ring_time": record.agent_ring_seconds, "call_note_id": record.call_note_id,
    }))
}

fn change_word(change: &crate::event::ExtensionChange) -> String {
    change.word().to_ascii_uppercase()
}

/// `ringing` as the PBX writes it.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The PBX leaves out what it does not know.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Frame;

    fn again(frame: &str) -> Event {
        let Frame::Event(event) = Frame::decode(frame) else { panic!("{frame}") };
        event
    }

    #[test]
    fn what_is_repeated_says_the_same() {
        for frame in [
            r#"{"type":30011,"sn":"A","msg":"{\"call_id\":\"1.2\",\"members\":[{\"inbound\":{\"from\":\"12125550147\",\"to\":\"2002\",\"trunk_name\":\"T\",\"channel_id\":\"PJSIP/trunk-T-endpoint-000000b5\",\"member_status\":\"ALERT\",\"call_path\":\"6400\"}},{\"extension\":{\"number\":\"2002\",\"channel_id\":\"PJSIP/2002-000000b6\",\"member_status\":\"RING\",\"call_path\":\" \"}}]}"}"#,
            r#"{"type":30013,"msg":{"call_id":"1.2","members":[{"outbound":{"from":"2002","to":"x","channel_id":"c","member_status":"EARLYMEDIA"}}]}}"#,
            r#"{"type":30014,"msg":{"call_id":"1.2","members":[]}}"#,
            r#"{"type":30015,"msg":{"call_id":"1.2","reason":"486 Busy Here","members":null}}"#,
            r#"{"type":30012,"msg":{"call_id":"1.2","uid":"u","time_start":"2026-09-24 00:04:18","call_from":"0111050596","call_to":"1002","call_duration":"11","talk_duration":0,"status":"NO ANSWER","type":"Inbound","did_number":"555000"}}"#,
            r#"{"type":30008,"msg":{"extension":"2002","status":"Ringing"}}"#,
            r#"{"type":30007,"msg":{"extension":"2002","kind":"Sip","status":"Unregistered","registered_ip":"10.0.0.9"}}"#,
            r#"{"type":30022,"msg":{"ext_number":"2002","option":"UPDATE"}}"#,
            r#"{"type":99001,"msg":"{\"call_id\":\"1.2\",\"kind\":\"contact\",\"id\":\"189200000000422001\"}"}"#,
            r#"{"type":30026,"msg":{"queue_number":"6400","agent_number":"2002","caller_number":"12125550147","call_id":"1.2"}}"#,
        ] {
            let event = again(frame);
            let repeated = event.encode("SN").unwrap();
            assert_eq!(again(&repeated), event, "{repeated}");
            assert!(!repeated.contains("10.0.0.9"));
        }
        assert_eq!(Event::Other { kind: 30040 }.encode("SN"), None);
    }
}
