//! What the PBX says over its event socket, decoded.
//!
//! Owns: the shape of every frame and of the call objects that `call/query` shares with them. Pure: text in,
//! values out, no input/output. Must not know: connections, tokens, and what a call means to us.
//!
//! The rule of this file is that a frame costs at most itself. Unknown types, statuses and fields are kept or
//! skipped, numbers may be text, `msg` may be text or an object, `members` may be missing.
//!
//! Source: Yeastar developer guide, "Event summary" and the page of each event; frames seen on real boxes.

use std::fmt;

use deskring_redact::{mask_name, mask_number};
use serde_json::Value;

use crate::central::RecordMade;

/// Texts are cut here. Real ones are far shorter; a caller's name is not worth a megabyte.
const TEXT_LIMIT_CHARS: usize = 2048;

/// Something happened on the PBX. `Debug` masks numbers and names.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// 30011: the state of some or all members of a call. May repeat, may come late, may leave out members
    /// that are still there: merge by [`Member::channel`].
    CallState(Call),
    /// 30012: the record of a call that ended; one to several per call. May come before the last 30011.
    CallEnded(Box<CallRecord>),
    /// 30013: an extension user transferred the call. Names no target: follow the next [`Event::CallState`].
    Transferred(Call),
    /// 30014: the call was forwarded. Names no target: follow the next [`Event::CallState`].
    Forwarded(Call),
    /// 30015: the call could not be made or delivered.
    CallFailed {
        /// The call as in 30011.
        call_id: String,
        /// Why.
        reason: FailureReason,
        /// Who took part; often nobody.
        members: Vec<Member>,
    },
    /// 30008: a monitored extension rings, is busy or is idle.
    ExtensionCallState {
        /// Extension number.
        extension: String,
        /// Its state.
        status: ExtensionStatus,
    },
    /// 30007: a phone or a Linkus client of an extension came or went.
    ExtensionRegistration {
        /// Extension number.
        extension: String,
        /// What came or went.
        endpoint: Endpoint,
        /// Which of both.
        registration: Registration,
    },
    /// 30026: a queue called an agent, who did not answer.
    AgentRingTimeout {
        /// Queue number.
        queue: String,
        /// Extension number of the agent.
        agent: String,
        /// Caller's number.
        caller: Option<String>,
        /// The call as in 30011.
        call_id: Option<String>,
    },
    /// 30022: an extension was created, changed or deleted: read the directory again.
    ExtensionChanged {
        /// Extension number.
        extension: String,
        /// What was done to it.
        change: ExtensionChange,
    },
    /// A gateway's word, not a PBX's: it has made a record for a call.
    RecordMade(RecordMade),
    /// Any other type of event. Never an error.
    Other {
        /// Its number.
        kind: i64,
    },
}

/// A call and its members, from 30011, 30013, 30014 and `call/query`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `<epoch seconds>.<sequence>`; unique per call.
    pub id: String,
    /// The members the PBX mentioned, in its order; in `call/query` all of them, caller first. In an event a
    /// missing member is not gone.
    pub members: Vec<Member>,
}

/// One party of a call. `Debug` masks numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub party: Party,
    /// Channel, `PJSIP/{extension}-{8 hex}` or `PJSIP/trunk-{name}-endpoint-{8 hex}`: the key of the member
    /// within a call and the handle for call control. Empty when the PBX left it out.
    pub channel: String,
    /// State of this member, not of the call. `Other("")` when the PBX left it out.
    pub status: Status,
    /// Number of the queue, ring group, IVR, … passed through.
    pub path: Option<String>,
}

/// Who a member is. `Debug` masks numbers.
#[derive(Clone, PartialEq, Eq)]
pub enum Party {
    /// An extension of this PBX.
    Extension {
        /// Extension number.
        number: String,
    },
    /// The trunk leg of a call that came in.
    Inbound {
        /// Caller's number.
        from: String,
        /// Dialed number (DID) or destination.
        to: String,
        /// Trunk name.
        trunk: String,
    },
    /// The trunk leg of a call that goes out.
    Outbound {
        /// Extension or presented number.
        from: String,
        /// Dialed number.
        to: String,
        /// Trunk name.
        trunk: String,
    },
}

/// `member_status`, read without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is the caller and hears ringback.
    Alert,
    /// It is the callee and rings.
    Ring,
    /// Outbound only: the remote side rings (SIP 183).
    EarlyMedia,
    /// It is the caller and its call was answered.
    Answered,
    /// It is the callee and answered.
    Answer,
    /// Held.
    Hold,
    /// It hung up.
    Bye,
    /// Not known: keep the state before.
    Other(String),
}

/// Why a call failed (30015).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureReason {
    /// What they mean; `None` for words that are not documented.
    pub kind: Option<FailureKind>,
    /// The PBX's words, including its spelling mistakes.
    pub raw: String,
}

/// What the documented reasons of a failed call mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The extension may not call outside.
    NoDialPermission,
    /// A rule of the PBX limits how many calls, or when, the extension makes outside.
    OutboundRestricted,
    /// No line is free.
    Congestion,
    /// The called phone is not to be disturbed.
    DoNotDisturb,
    /// The line, or the phone at its end, cannot be reached.
    Unreachable,
    /// They are busy.
    Busy,
    /// Nobody has the number.
    NotFound,
    /// The number is not in use any more.
    Gone,
    /// The other side did not react.
    TimedOut,
    /// The phone is off, or nobody is signed in at it.
    Unavailable,
    /// Digits are missing.
    Incomplete,
    /// They refused the call.
    Declined,
}

/// State of an extension (30008).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionStatus {
    /// A call comes in.
    Ringing,
    /// It places a call or talks.
    Busy,
    /// Nothing.
    Idle,
    /// Not known.
    Other(String),
}

/// Kind of a phone or client (30007).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A SIP phone.
    Sip,
    /// Linkus on a mobile phone.
    Mobile,
    /// Linkus Desktop.
    Desktop,
    /// Linkus Web.
    Web,
    /// Linkus on a tablet.
    Pad,
    /// Not known.
    Other(String),
}

/// Came or went (30007).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// It can be called.
    Registered,
    /// It cannot.
    Unregistered,
    /// Not known.
    Other(String),
}

/// What was done to an extension (30022).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionChange {
    /// `CREATE`
    Created,
    /// `UPDATE`
    Updated,
    /// `DELETE`
    Deleted,
    /// Not known.
    Other(String),
}

/// The record of an ended call (30012). Every field may be missing. `Debug` masks numbers and names.
///
/// A call may end with several records, one per leg: tell them apart by (`call_id`, `uid`, `from`, `to`,
/// `started`), and do not take an answered IVR or queue leg for a person who answered.
#[derive(Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The call as in 30011.
    pub call_id: Option<String>,
    /// Id of the record, the same as in the PBX's call log.
    pub uid: Option<String>,
    /// Calling number.
    pub from: Option<String>,
    /// Called number.
    pub to: Option<String>,
    /// Start, `YYYY-MM-DD HH:mm:ss` in the PBX's local time without zone, as sent.
    pub started: Option<String>,
    /// Seconds from start to end.
    pub duration: Option<u32>,
    /// Seconds from answer to end; may be above 0 for a voicemail.
    pub talk_duration: Option<u32>,
    /// How it ended.
    pub status: RecordStatus,
    /// Direction.
    pub kind: RecordKind,
    /// Trunk it came in by.
    pub source_trunk: Option<String>,
    /// Trunk it went out by.
    pub destination_trunk: Option<String>,
    /// Dialed number (DID).
    pub did_number: Option<String>,
    /// Name of the DID.
    pub did_name: Option<String>,
    /// File name of the recording.
    pub recording: Option<String>,
    /// Seconds the agent's phone rang before it was answered (queues).
    pub agent_ring_seconds: Option<u32>,
    /// Id of the call note.
    pub call_note_id: Option<String>,
}

/// How a recorded call ended, read without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordStatus {
    /// `ANSWERED`
    Answered,
    /// `NO ANSWER`
    NoAnswer,
    /// `BUSY`
    Busy,
    /// `VOICEMAIL`
    Voicemail,
    /// `FAILED`
    Failed,
    /// `ABANDONED`
    Abandoned,
    /// Not known; empty when the PBX left it out.
    Other(String),
}

/// Direction of a recorded call, read without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// From outside.
    Inbound,
    /// To outside.
    Outbound,
    /// Between extensions.
    Internal,
    /// Not known; empty when the PBX left it out.
    Other(String),
}

/// A text frame, classified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The answer to our heartbeat.
    HeartbeatAnswer,
    /// An answer without `type`: to our subscription, or the word that the token ended.
    Answer {
        code: i64,
        text: String,
    },
    Event(Event),
    /// Not a frame of this protocol, or a known event without what makes it one. Costs itself only.
    Bad(&'static str),
}

impl Frame {
    /// Classifies a text frame in the order that tells all of them apart.
    pub(crate) fn decode(text: &str) -> Frame {
        if text.trim().eq_ignore_ascii_case("heartbeat response") {
            return Frame::HeartbeatAnswer;
        }
        // The parser gives up at a depth of 128, so nesting cannot exhaust the stack.
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return Frame::Bad("not JSON") };
        let kind = integer(&frame, "type");
        if frame.get("type").is_none()
            && let Some(code) = integer(&frame, "errcode")
        {
            return Frame::Answer { code, text: string(&frame, "errmsg").unwrap_or_default() };
        }
        let Some(kind) = kind else { return Frame::Bad("neither event nor answer") };
        match event(kind, frame.get("msg")) {
            Some(event) => Frame::Event(event),
            None => Frame::Bad("event without its essentials"),
        }
    }
}

fn event(kind: i64, msg: Option<&Value>) -> Option<Event> {
    if !matches!(kind, 30007 | 30008 | 30011..=30015 | 30022 | 30026 | RecordMade::EVENT) {
        return Some(Event::Other { kind });
    }
    // QUIRK(yeastar): `msg` is JSON inside a string on the wire, an object in the pages of newer events.
    let parsed;
    let msg = match msg? {
        Value::String(inner) => {
            parsed = serde_json::from_str::<Value>(inner).ok()?;
            &parsed
        }
        msg => msg,
    };
    if !msg.is_object() {
        return None;
    }
    Some(match kind {
        30007 => Event::ExtensionRegistration {
            extension: extension(msg)?,
            endpoint: Endpoint::read(string(msg, "kind")),
            registration: Registration::read(string(msg, "status")),
        },
        30008 => Event::ExtensionCallState {
            extension: extension(msg)?,
            status: ExtensionStatus::read(string(msg, "status")),
        },
        30011 => Event::CallState(Call::read(msg)?),
        30012 => Event::CallEnded(Box::new(CallRecord::read(msg)?)),
        30013 => Event::Transferred(Call::read(msg)?),
        30014 => Event::Forwarded(Call::read(msg)?),
        30015 => {
            let Call { id, members } = Call::read(msg)?;
            Event::CallFailed { call_id: id, reason: FailureReason::read(string(msg, "reason")), members }
        }
        30022 => Event::ExtensionChanged {
            extension: extension(msg)?,
            change: ExtensionChange::read(string(msg, "option")),
        },
        30026 => Event::AgentRingTimeout {
            queue: string(msg, "queue_number")?,
            agent: string(msg, "agent_number")?,
            caller: string(msg, "caller_number"),
            call_id: string(msg, "call_id"),
        },
        RecordMade::EVENT => Event::RecordMade(RecordMade::read(msg)?),
        kind => Event::Other { kind },
    })
}

/// QUIRK(yeastar): the extension is `extension` in 30007 and 30008, `ext_number` in 30022, `ext_num` elsewhere.
fn extension(msg: &Value) -> Option<String> {
    ["extension", "ext_number", "ext_num"].iter().find_map(|name| string(msg, name))
}

impl Call {
    /// Reads `{call_id, members}`; nothing without an id.
    pub(crate) fn read(value: &Value) -> Option<Call> {
        let members = match value.get("members") {
            Some(Value::Array(members)) => members.iter().filter_map(Member::read).collect(),
            Some(member @ Value::Object(_)) => Member::read(member).into_iter().collect(),
            // QUIRK(yeastar): null in 30015 when the call never had a member.
            _ => Vec::new(),
        };
        Some(Call { id: string(value, "call_id")?, members })
    }
}

impl Member {
    /// Reads an element of `members`: an object with exactly one key that names the party.
    fn read(value: &Value) -> Option<Member> {
        let object = value.as_object()?;
        let mut keys = object.iter();
        let (Some((name, body)), None) = (keys.next(), keys.next()) else { return None };
        if !body.is_object() {
            return None;
        }
        let field = |name| string(body, name).unwrap_or_default();
        let party = match name.as_str() {
            "extension" => Party::Extension { number: string(body, "number")? },
            "inbound" => Party::Inbound { from: field("from"), to: field("to"), trunk: field("trunk_name") },
            "outbound" => {
                Party::Outbound { from: field("from"), to: field("to"), trunk: field("trunk_name") }
            }
            _ => return None,
        };
        Some(Member {
            party,
            channel: field("channel_id"),
            status: Status::read(string(body, "member_status")),
            // QUIRK(yeastar): "" or " " when the call passed through nothing.
            path: string(body, "call_path"),
        })
    }
}

impl CallRecord {
    /// Reads a record; nothing when it names neither a call nor itself.
    fn read(msg: &Value) -> Option<CallRecord> {
        let (call_id, uid) = (string(msg, "call_id"), string(msg, "uid"));
        if call_id.is_none() && uid.is_none() {
            return None;
        }
        Some(CallRecord {
            call_id,
            uid,
            from: string(msg, "call_from"),
            to: string(msg, "call_to"),
            started: string(msg, "time_start"),
            duration: seconds(msg, "call_duration"),
            talk_duration: seconds(msg, "talk_duration"),
            status: RecordStatus::read(string(msg, "status")),
            kind: RecordKind::read(string(msg, "type")),
            source_trunk: string(msg, "src_trunk_name"),
            destination_trunk: string(msg, "dst_trunk_name"),
            did_number: string(msg, "did_number"),
            did_name: string(msg, "did_name"),
            recording: string(msg, "recording"),
            agent_ring_seconds: seconds(msg, "agent_ring_time"),
            call_note_id: string(msg, "call_note_id"),
        })
    }
}

impl FailureReason {
    fn read(raw: Option<String>) -> FailureReason {
        let raw = raw.unwrap_or_default();
        FailureReason { kind: FailureKind::read(&raw), raw }
    }
}

impl FailureKind {
    /// For catalogs and protocols.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoDialPermission => "no_dial_permission",
            Self::OutboundRestricted => "outbound_restricted",
            Self::Congestion => "congestion",
            Self::DoNotDisturb => "do_not_disturb",
            Self::Unreachable => "unreachable",
            Self::Busy => "busy",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::TimedOut => "timed_out",
            Self::Unavailable => "unavailable",
            Self::Incomplete => "incomplete",
            Self::Declined => "declined",
        }
    }

    /// By the code of SIP that the words begin with, else by the words.
    fn read(raw: &str) -> Option<Self> {
        let raw = raw.trim();
        let words = raw.trim_start_matches(|c: char| c.is_ascii_digit());
        let by_code = match raw.strip_suffix(words).unwrap_or_default() {
            "404" | "604" => Some(Self::NotFound),
            "408" => Some(Self::TimedOut),
            "410" => Some(Self::Gone),
            "480" => Some(Self::Unavailable),
            "484" => Some(Self::Incomplete),
            "486" | "600" => Some(Self::Busy),
            "603" => Some(Self::Declined),
            _ => None,
        };
        by_code.or_else(|| match words.trim().to_ascii_lowercase().as_str() {
            "no dial permission" => Some(Self::NoDialPermission),
            // QUIRK(yeastar): published with this mistake; spelled rightly it would mean the same.
            "no outbound restrictin" | "no outbound restriction" => Some(Self::OutboundRestricted),
            "circuit/channel congestion" => Some(Self::Congestion),
            "dnd" => Some(Self::DoNotDisturb),
            "line unreachable" => Some(Self::Unreachable),
            "user busy" | "busy here" => Some(Self::Busy),
            "not found" => Some(Self::NotFound),
            _ => None,
        })
    }
}

/// A closed list of words of the PBX, read without regard to case, with room for words we do not know.
macro_rules! words {
    ($type:ident { $($word:literal => $variant:ident),+ $(,)? }) => {
        impl $type {
            pub(crate) fn read(word: Option<String>) -> $type {
                let word = word.unwrap_or_default();
                match word.to_ascii_lowercase().as_str() {
                    $($word => $type::$variant,)+
                    _ => $type::Other(word),
                }
            }

            /// The word, in lower case unless it is one we do not know.
            #[allow(unreachable_patterns, reason = "some words mean the same")]
            pub(crate) fn word(&self) -> &str {
                match self {
                    $($type::$variant => $word,)+
                    $type::Other(word) => word,
                }
            }
        }
    };
}

words!(Status {
    "alert" => Alert,
    "ring" => Ring,
    "earlymedia" => EarlyMedia,
    "answered" => Answered,
    "answer" => Answer,
    "hold" => Hold,
    "bye" => Bye,
});
words!(ExtensionStatus { "ringing" => Ringing, "busy" => Busy, "idle" => Idle });
words!(Endpoint { "sip" => Sip, "mobile" => Mobile, "desktop" => Desktop, "web" => Web, "pad" => Pad });
words!(Registration { "registered" => Registered, "unregistered" => Unregistered });
words!(ExtensionChange { "create" => Created, "update" => Updated, "delete" => Deleted });
words!(RecordStatus {
    "answered" => Answered,
    "no answer" => NoAnswer,
    "no_answer" => NoAnswer,
    "noanswer" => NoAnswer,
    "busy" => Busy,
    "voicemail" => Voicemail,
    "failed" => Failed,
    "abandoned" => Abandoned,
});
words!(RecordKind { "inbound" => Inbound, "outbound" => Outbound, "internal" => Internal });

/// A text or a number as text, trimmed, without control characters, cut at a limit; blank is nothing.
pub(crate) fn string(value: &Value, name: &str) -> Option<String> {
    let text = match value.get(name)? {
        Value::String(text) => {
            text.trim().chars().filter(|c| !c.is_control()).take(TEXT_LIMIT_CHARS).collect()
        }
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    if text.is_empty() { None } else { Some(text) }
}

/// An integer, sent as a number or as text.
pub(crate) fn integer(value: &Value, name: &str) -> Option<i64> {
    match value.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn seconds(value: &Value, name: &str) -> Option<u32> {
    integer(value, name).and_then(|seconds| u32::try_from(seconds).ok())
}

/// Prints what it wraps without quotes: a mask is not a value.
struct Plain(String);

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn number(number: &str) -> Plain {
    Plain(mask_number(number))
}

fn optional(value: &Option<String>) -> Plain {
    Plain(value.as_deref().map_or_else(|| "-".to_owned(), mask_number))
}

/// A channel holds the number of its extension; its last part is enough to follow it in a log.
pub(crate) fn mask_channel(channel: &str) -> String {
    channel.rsplit_once('-').map_or_else(String::new, |(_, tail)| format!("…-{tail}"))
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::CallState(call) => f.debug_tuple("CallState").field(call).finish(),
            Event::CallEnded(record) => f.debug_tuple("CallEnded").field(record).finish(),
            Event::Transferred(call) => f.debug_tuple("Transferred").field(call).finish(),
            Event::Forwarded(call) => f.debug_tuple("Forwarded").field(call).finish(),
            Event::CallFailed { call_id, reason, members } => f
                .debug_struct("CallFailed")
                .field("call_id", call_id)
                .field("reason", reason)
                .field("members", members)
                .finish(),
            Event::ExtensionCallState { extension, status } => f
                .debug_struct("ExtensionCallState")
                .field("extension", &number(extension))
                .field("status", status)
                .finish(),
            Event::ExtensionRegistration { extension, endpoint, registration } => f
                .debug_struct("ExtensionRegistration")
                .field("extension", &number(extension))
                .field("endpoint", endpoint)
                .field("registration", registration)
                .finish(),
            Event::AgentRingTimeout { queue, agent, caller, call_id } => f
                .debug_struct("AgentRingTimeout")
                .field("queue", &number(queue))
                .field("agent", &number(agent))
                .field("caller", &optional(caller))
                .field("call_id", call_id)
                .finish(),
            Event::ExtensionChanged { extension, change } => f
                .debug_struct("ExtensionChanged")
                .field("extension", &number(extension))
                .field("change", change)
                .finish(),
            Event::RecordMade(made) => f.debug_tuple("RecordMade").field(made).finish(),
            Event::Other { kind } => f.debug_struct("Other").field("kind", kind).finish(),
        }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("party", &self.party)
            .field("channel", &Plain(mask_channel(&self.channel)))
            .field("status", &self.status)
            .field("path", &optional(&self.path))
            .finish()
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut trunk_leg = |name, from: &str, to: &str| {
            f.debug_struct(name).field("from", &number(from)).field("to", &number(to)).finish_non_exhaustive()
        };
        match self {
            Party::Inbound { from, to, trunk: _ } => trunk_leg("Inbound", from, to),
            Party::Outbound { from, to, trunk: _ } => trunk_leg("Outbound", from, to),
            Party::Extension { number: extension } => write!(f, "Extension({})", mask_number(extension)),
        }
    }
}

impl fmt::Debug for CallRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRecord")
            .field("call_id", &self.call_id)
            .field("uid", &self.uid)
            .field("from", &optional(&self.from))
            .field("to", &optional(&self.to))
            .field("started", &self.started)
            .field("duration", &self.duration)
            .field("talk_duration", &self.talk_duration)
            .field("status", &self.status)
            .field("kind", &self.kind)
            .field("did_number", &optional(&self.did_number))
            .field("did_name", &self.did_name.as_deref().map(mask_name))
            .field("agent_ring_seconds", &self.agent_ring_seconds)
            // The name of a recording is made of the numbers.
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
