//! The border between the PBX's words and the core's.

use deskring_domain::{self as domain, Channel, Extension, Input, LegReport};
use deskring_yeastar as pbx;

/// What an event means for the core; `None` for events that change no call.
pub(crate) fn input(event: pbx::Event) -> Option<Input> {
    match event {
        pbx::Event::CallState(call) | pbx::Event::Transferred(call) | pbx::Event::Forwarded(call) => {
            let (call, legs) = legs(call);
            Some(Input::Legs { call, legs })
        }
        pbx::Event::CallEnded(record) => {
            let call = domain::CallId::new(record.call_id.clone()?);
            Some(Input::Ended { call, record: record_of(*record) })
        }
        pbx::Event::CallFailed { call_id, reason, members } => Some(Input::Failed {
            call: domain::CallId::new(call_id),
            reason: failure(&reason),
            legs: members.into_iter().filter_map(leg).collect(),
        }),
        pbx::Event::ExtensionCallState { extension, status } => {
            let extension = Extension::new(extension);
            match status {
                pbx::ExtensionStatus::Idle => Some(Input::Idle { extension }),
                pbx::ExtensionStatus::Ringing | pbx::ExtensionStatus::Busy => Some(Input::Busy { extension }),
                pbx::ExtensionStatus::Other(_) => None,
            }
        }
        pbx::Event::ExtensionRegistration { .. }
        | pbx::Event::AgentRingTimeout { .. }
        | pbx::Event::ExtensionChanged { .. }
        | pbx::Event::RecordMade(_)
        | pbx::Event::Other { .. } => None,
    }
}

/// Whose side it was, the core finds out.
pub(crate) fn failure(reason: &pbx::FailureReason) -> domain::FailureReason {
    domain::FailureReason {
        code: reason.kind.map(pbx::FailureKind::code),
        text: reason.raw.clone(),
        side: domain::FailedSide::Theirs,
    }
}

/// The answer to "which calls are there now".
pub(crate) fn resync(calls: Vec<pbx::Call>) -> Input {
    Input::Resynced { calls: calls.into_iter().map(legs).collect() }
}

fn legs(call: pbx::Call) -> (domain::CallId, Vec<LegReport>) {
    (domain::CallId::new(call.id), call.members.into_iter().filter_map(leg).collect())
}

/// A member without a channel cannot be told from another and is left out; the next frame has it.
fn leg(member: pbx::Member) -> Option<LegReport> {
    if member.channel.is_empty() {
        return None;
    }
    Some(LegReport {
        party: match member.party {
            pbx::Party::Extension { number } => domain::Party::Extension(Extension::new(number)),
            pbx::Party::Inbound { from, to, trunk } => domain::Party::Inbound { from, to, trunk },
            pbx::Party::Outbound { from, to, trunk } => domain::Party::Outbound { from, to, trunk },
        },
        channel: Channel::new(member.channel),
        status: match member.status {
            pbx::Status::Alert => domain::Status::Alert,
            pbx::Status::Ring => domain::Status::Ring,
            pbx::Status::EarlyMedia => domain::Status::EarlyMedia,
            pbx::Status::Answered => domain::Status::Answered,
            pbx::Status::Answer => domain::Status::Answer,
            pbx::Status::Hold => domain::Status::Hold,
            pbx::Status::Bye => domain::Status::Bye,
            pbx::Status::Other(_) => domain::Status::Unknown,
        },
        path: member.path,
    })
}

/// The trunk that a call came in or went out by.
pub(crate) fn trunk(record: &pbx::CallRecord, direction: Option<domain::Direction>) -> Option<String> {
    let (first, other) = match direction {
        Some(domain::Direction::Outbound) => (&record.destination_trunk, &record.source_trunk),
        Some(domain::Direction::Inbound | domain::Direction::Internal) | None => {
            (&record.source_trunk, &record.destination_trunk)
        }
    };
    first.clone().or_else(|| other.clone())
}

fn record_of(record: pbx::CallRecord) -> domain::CallRecord {
    let direction = match record.kind {
        pbx::RecordKind::Inbound => Some(domain::Direction::Inbound),
        pbx::RecordKind::Outbound => Some(domain::Direction::Outbound),
        pbx::RecordKind::Internal => Some(domain::Direction::Internal),
        pbx::RecordKind::Other(_) => None,
    };
    let trunk = trunk(&record, direction);
    domain::CallRecord {
        uid: record.uid.unwrap_or_default(),
        from: record.from.unwrap_or_default(),
        to: record.to.unwrap_or_default(),
        status: match record.status {
            pbx::RecordStatus::Answered => domain::RecordStatus::Answered,
            pbx::RecordStatus::NoAnswer => domain::RecordStatus::NoAnswer,
            pbx::RecordStatus::Busy => domain::RecordStatus::Busy,
            pbx::RecordStatus::Voicemail => domain::RecordStatus::Voicemail,
            pbx::RecordStatus::Failed => domain::RecordStatus::Failed,
            pbx::RecordStatus::Abandoned => domain::RecordStatus::Abandoned,
            pbx::RecordStatus::Other(_) => domain::RecordStatus::Unknown,
        },
        direction,
        duration_s: record.duration.map_or(0, u64::from),
        talk_duration_s: record.talk_duration.map_or(0, u64::from),
        ring_s: record.agent_ring_seconds.map(u64::from),
        trunk,
        recording: record.recording,
        started: record.started.unwrap_or_default(),
    }
}
