//! The words of a call: ids, parties, what the PBX reports of a leg, and what that means for one of my
//! extensions. Data only; the rules that turn reports into phases are in [`crate::tracker`].

use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as the PBX sent it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// The text as the PBX sent it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The PBX's name for a call, unique per PBX: `<epoch seconds>.<sequence>`.
    CallId
);
text_id!(
    /// The PBX's name for one leg of a call; also the handle for call control.
    Channel
);
text_id!(
    /// An internal number of the PBX, such as `1001`.
    Extension
);

/// Who is at the end of a leg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Party {
    /// A phone of this PBX.
    Extension(Extension),
    /// The outside caller of a call that came in over a trunk.
    Inbound {
        /// The caller's number as the trunk delivered it.
        from: String,
        /// The number that was dialed (DID) or where the PBX sent it.
        to: String,
        /// The trunk's name.
        trunk: String,
    },
    /// The outside party of a call that went out over a trunk.
    Outbound {
        /// The extension or the presented number.
        from: String,
        /// The number that was dialed.
        to: String,
        /// The trunk's name.
        trunk: String,
    },
}

/// What the PBX reports of one leg. The caller's words and the callee's differ, and that difference is the
/// only thing that tells who called whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// The caller hears ringback.
    Alert,
    /// The callee rings.
    Ring,
    /// The far end of an outgoing call rings and sends sound.
    EarlyMedia,
    /// The caller's call was answered.
    Answered,
    /// The callee answered.
    Answer,
    /// Held, or holding: the PBX does not say which.
    Hold,
    /// Hung up.
    Bye,
    /// A word this version does not know; it changes nothing.
    Unknown,
}

/// One leg as one frame reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegReport {
    /// Who.
    pub party: Party,
    /// The leg's identity; a leg keeps it for life and it is never used again.
    pub channel: Channel,
    /// What is said of it.
    pub status: Status,
    /// Number of the queue, ring group, IVR or conference it came through.
    pub path: Option<String>,
}

/// Which way a call goes, seen from my extension.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From outside to us.
    Inbound,
    /// From us to outside.
    Outbound,
    /// Between extensions.
    Internal,
}

/// What the PBX says of my part of a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// My phone rings.
    Ringing,
    /// I called and nobody has answered yet (also: my own phone is up and the far end is being called).
    Dialing,
    /// Two people are connected, one of them me.
    Talking,
    /// As talking, with either side on hold.
    Held,
    /// My part is over; the call may go on without me.
    Over,
}

/// The other side of my call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Other {
    /// A number outside, as the PBX gave it (may be empty when withheld).
    Outside(String),
    /// A colleague.
    Colleague(Extension),
    /// Not reported (yet): a dial that has only rung my own phone, or a trunk that is not monitored.
    NotReported,
}

/// How my part of a call came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// I spoke with the other side.
    Answered,
    /// Nobody took it (inbound, internal) or the far end did not pick up (outbound).
    Missed,
    /// It rang here and somebody else took it; the extension when known.
    AnsweredElsewhere(Option<Extension>),
    /// The caller was sent to voicemail.
    Voicemail,
    /// An outgoing call failed.
    Failed(Option<FailureReason>),
    /// It ended while the link to the PBX was down, so nobody here saw how.
    NotSeen,
}

/// Why the PBX says a call failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailureReason {
    /// A code such as `busy`; `None` for words that nobody knows.
    pub code: Option<&'static str>,
    /// The PBX's own words.
    pub text: String,
    /// Whose side it was.
    pub side: FailedSide,
}

/// Whose side failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailedSide {
    /// My own phone, which rings first when a call is dialed from the computer: nobody else was called.
    Mine,
    /// The other one, or somewhere between us.
    Theirs,
}

/// The disposition in a call detail record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordStatus {
    /// Somebody, or something such as an IVR, answered.
    Answered,
    /// Nobody did.
    NoAnswer,
    /// Busy, rejected or do-not-disturb.
    Busy,
    /// Voicemail took it.
    Voicemail,
    /// It could not be put through.
    Failed,
    /// The caller gave up in a queue.
    Abandoned,
    /// A word this version does not know.
    Unknown,
}

/// A row of call details. A call may have one for each leg; times are seconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallRecord {
    /// The PBX's id of the record; the rows of one call share it on some firmware.
    pub uid: String,
    /// Caller number or name, as sent.
    pub from: String,
    /// Callee number or name, as sent.
    pub to: String,
    /// How it came out.
    pub status: RecordStatus,
    /// Which way, when the PBX says.
    pub direction: Option<Direction>,
    /// From start to end.
    pub duration_s: u64,
    /// From answer to end; may be above zero for voicemail.
    pub talk_duration_s: u64,
    /// How long this phone rang, where the PBX says.
    pub ring_s: Option<u64>,
    /// Name of the trunk that it came in or went out by.
    pub trunk: Option<String>,
    /// File name of the recording.
    pub recording: Option<String>,
    /// Start in the PBX's local time, as sent.
    pub started: String,
}

impl CallRecord {
    /// Whether this row is about the given extension.
    pub fn names(&self, extension: &Extension) -> bool {
        self.from == extension.as_str() || self.to == extension.as_str()
    }
}
