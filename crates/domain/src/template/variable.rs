//! Owns the names of the variables.
//! Must not know: their values.

/// What can be said of a call. Named after the PBX's manual and the columns of its call details.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Variable {
    /// When the call began, in the PBX's time.
    Time,
    /// How it came out, as the call details have it.
    CallLogStatus,
    /// Who called: `name<number>`.
    CallFrom,
    /// Who was called: `name<number>`.
    CallTo,
    /// How long was spoken, `hh:mm:ss`.
    TalkDuration,
    /// Which way it went.
    CommunicationType,
    /// How it stands.
    CallStatus,
    /// The caller's number.
    CallFromNumber,
    /// The caller's name.
    CallFromName,
    /// The called number.
    CallToNumber,
    /// The name of who was called.
    CallToName,
    /// How long it rang, `hh:mm:ss`.
    RingDuration,
    /// From beginning to end, `hh:mm:ss`.
    CallDuration,
    /// The name of the dialed number, or the number.
    Did,
    /// The number that was dialed.
    DidNumber,
    /// Its name.
    DidName,
    /// The line to the outside.
    Trunk,
    /// The queue or ring group: its name, or its number.
    Queue,
    /// The agent's extension.
    Extension,
    /// The agent's name.
    Agent,
    /// The recording.
    Recording,
    /// What the agent wrote down.
    Note,
    /// What the agent says it was about.
    Disposition,
    /// The PBX's id of the call.
    CallId,
    /// When the call began, in seconds since 1970 (UTC).
    StartTimeUnix,
}

impl Variable {
    /// All of them, those of the manual first.
    pub const ALL: [Variable; 25] = [
        Variable::Time,
        Variable::CallLogStatus,
        Variable::CallFrom,
        Variable::CallTo,
        Variable::TalkDuration,
        Variable::CommunicationType,
        Variable::CallStatus,
        Variable::CallFromNumber,
        Variable::CallFromName,
        Variable::CallToNumber,
        Variable::CallToName,
        Variable::RingDuration,
        Variable::CallDuration,
        Variable::Did,
        Variable::DidNumber,
        Variable::DidName,
        Variable::Trunk,
        Variable::Queue,
        Variable::Extension,
        Variable::Agent,
        Variable::Recording,
        Variable::Note,
        Variable::Disposition,
        Variable::CallId,
        Variable::StartTimeUnix,
    ];

    /// The name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Variable::Time => "Time",
            Variable::CallLogStatus => "Call_Log_Status",
            Variable::CallFrom => "Call_From",
            Variable::CallTo => "Call_To",
            Variable::TalkDuration => "Talk_Duration",
            Variable::CommunicationType => "Communication_Type",
            Variable::CallStatus => "Call_Status",
            Variable::CallFromNumber => "Call_From_Number",
            Variable::CallFromName => "Call_From_Name",
            Variable::CallToNumber => "Call_To_Number",
            Variable::CallToName => "Call_To_Name",
            Variable::RingDuration => "Ring_Duration",
            Variable::CallDuration => "Call_Duration",
            Variable::Did => "DID",
            Variable::DidNumber => "DID_Number",
            Variable::DidName => "DID_Name",
            Variable::Trunk => "Trunk",
            Variable::Queue => "Queue",
            Variable::Extension => "Extension",
            Variable::Agent => "Agent",
            Variable::Recording => "Recording",
            Variable::Note => "Note",
            Variable::Disposition => "Disposition",
            Variable::CallId => "Call_Id",
            Variable::StartTimeUnix => "StartTimeUnix",
        }
    }

    /// The names of the same thing in the PBX's call details.
    fn aliases(self) -> &'static [&'static str] {
        match self {
            Variable::Time => &["Start_Time", "Call_Time"],
            Variable::CommunicationType => &["Call_Type", "Direction"],
            Variable::CallStatus => &["Status"],
            Variable::CallDuration => &["Duration"],
            Variable::Queue => &["Queue_Name", "Ring_Group"],
            Variable::Extension => &["Agent_Number", "Ext_Num"],
            Variable::Agent => &["Agent_Name"],
            Variable::Recording => &["Record_File"],
            Variable::Note => &["Call_Note"],
            Variable::Trunk => &["Trunk_Name"],
            Variable::StartTimeUnix => &["Timestamp"],
            Variable::CallLogStatus
            | Variable::CallFrom
            | Variable::CallTo
            | Variable::TalkDuration
            | Variable::CallFromNumber
            | Variable::CallFromName
            | Variable::CallToNumber
            | Variable::CallToName
            | Variable::RingDuration
            | Variable::Did
            | Variable::DidNumber
            | Variable::DidName
            | Variable::Disposition
            | Variable::CallId => &[],
        }
    }

    /// The variable that is meant by a name; case, dots, blanks and underscores do not matter.
    pub fn named(name: &str) -> Option<Variable> {
        let name = folded(name);
        let is = |known: &&str| folded(known) == name;
        Variable::ALL.into_iter().find(|variable| is(&variable.name()) || variable.aliases().iter().any(is))
    }
}

/// A name as names are compared.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
