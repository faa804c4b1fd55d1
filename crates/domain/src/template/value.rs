//! Owns what is known of a call when a template is filled in, and how a value counts and is written.
//! Must not know: templates.

use std::fmt;

use super::time;
use super::variable::Variable;

/// What is known of a call. What is not known leaves nothing; so does a blank text. `Debug` shows nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// When it began, in seconds since 1970 (UTC).
    pub started_s: Option<i64>,
    /// How far the PBX's clock is ahead of UTC, in seconds.
    pub utc_offset_s: i32,
    /// How the PBX writes times, as a pattern of [`Function::TimeFormat`](super::Function::TimeFormat); without one,
    /// `yyyy-MM-dd HH:mm:ss`.
    pub time_pattern: Option<String>,
    /// Which way it went, in words.
    pub communication_type: Option<String>,
    /// How it stands, in words. Where only one of the two is known, it serves as the other.
    pub call_status: Option<String>,
    /// How it came out, in words.
    pub call_log_status: Option<String>,
    /// Who called.
    pub from: Named,
    /// Who was called.
    pub to: Named,
    /// How long was spoken, in seconds.
    pub talk_s: Option<u64>,
    /// How long it rang, in seconds.
    pub ring_s: Option<u64>,
    /// From beginning to end, in seconds.
    pub duration_s: Option<u64>,
    /// What was dialed.
    pub did: Named,
    /// The line to the outside.
    pub trunk: Option<String>,
    /// The queue or ring group.
    pub queue: Named,
    /// The agent's extension, and the agent's name.
    pub agent: Named,
    /// The recording.
    pub recording: Option<String>,
    /// What the agent wrote down.
    pub note: Option<String>,
    /// What the agent says it was about, in words.
    pub disposition: Option<String>,
    /// The PBX's id of the call.
    pub call_id: Option<String>,
}

/// Somebody or something with a name and a number, as far as known.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: Option<String>,
    /// The number.
    pub number: Option<String>,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Named").finish_non_exhaustive()
    }
}

/// The value of an expression.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Text(String),
    Number(i64),
    Truth(bool),
    /// A length of time in seconds.
    Length(i64),
    /// Seconds since 1970 (UTC).
    Moment(i64),
}

impl Value {
    /// A text; nothing for a blank one.
    pub(super) fn of(text: Option<String>) -> Value {
        text.filter(|text| !text.trim().is_empty()).map_or(Value::Nothing, Value::Text)
    }

    fn length(seconds: Option<u64>) -> Value {
        seconds.map_or(Value::Nothing, |seconds| Value::Length(i64::try_from(seconds).unwrap_or(i64::MAX)))
    }

    /// Whether `if` takes it for true: something that is neither zero nor empty, as in Go.
    pub(super) fn holds(&self) -> bool {
        match self {
            Value::Nothing => false,
            Value::Text(text) => !text.is_empty(),
            Value::Number(number) | Value::Length(number) | Value::Moment(number) => *number != 0,
            Value::Truth(truth) => *truth,
        }
    }

    /// As a number, if it is one.
    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Value::Text(text) => text.trim().parse().ok(),
            Value::Number(number) | Value::Length(number) | Value::Moment(number) => Some(*number),
            Value::Nothing | Value::Truth(_) => None,
        }
    }

    /// As people read it.
    pub(super) fn text(&self, values: &Values) -> String {
        match self {
            Value::Nothing => String::new(),
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Truth(truth) => truth.to_string(),
            Value::Length(seconds) => time::length(*seconds),
            Value::Moment(seconds) => {
                let pattern = values.time_pattern.as_deref().unwrap_or("yyyy-MM-dd HH:mm:ss");
                time::format(*seconds, values.utc_offset_s, pattern)
            }
        }
    }
}

impl Named {
    /// As the PBX's call details have it: `name<number>`, or what there is of it.
    fn both(&self) -> Value {
        match (filled(&self.name), filled(&self.number)) {
            (Some(name), Some(number)) if name != number => Value::Text(format!("{name}<{number}>")),
            (name, number) => Value::of(name.or(number)),
        }
    }

    fn name_or_number(&self) -> Value {
        Value::of(filled(&self.name).or_else(|| filled(&self.number)))
    }
}

fn filled(text: &Option<String>) -> Option<String> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

impl Values {
    pub(super) fn get(&self, variable: Variable) -> Value {
        let of = |text: &Option<String>| Value::of(text.clone());
        match variable {
            Variable::Time => self.started_s.map_or(Value::Nothing, Value::Moment),
            Variable::CallLogStatus => Value::of(filled(&self.call_log_status).or(filled(&self.call_status))),
            Variable::CallFrom => self.from.both(),
            Variable::CallTo => self.to.both(),
            Variable::TalkDuration => Value::length(self.talk_s),
            Variable::CommunicationType => of(&self.communication_type),
            Variable::CallStatus => Value::of(filled(&self.call_status).or(filled(&self.call_log_status))),
            Variable::CallFromNumber => of(&self.from.number),
            Variable::CallFromName => of(&self.from.name),
            Variable::CallToNumber => of(&self.to.number),
            Variable::CallToName => of(&self.to.name),
            Variable::RingDuration => Value::length(self.ring_s),
            Variable::CallDuration => Value::length(self.duration_s),
            Variable::Did => self.did.name_or_number(),
            Variable::DidNumber => of(&self.did.number),
            Variable::DidName => of(&self.did.name),
            Variable::Trunk => of(&self.trunk),
            Variable::Queue => self.queue.name_or_number(),
            Variable::Extension => of(&self.agent.number),
            Variable::Agent => of(&self.agent.name),
            Variable::Recording => of(&self.recording),
            Variable::Note => of(&self.note),
            Variable::Disposition => of(&self.disposition),
            Variable::CallId => of(&self.call_id),
            Variable::StartTimeUnix => self.started_s.map_or(Value::Nothing, Value::Number),
        }
    }
}
