//! Owns the functions of templates: the four of the PBX, and the few of Go's that conditions need.
//! Must not know: how they are written in a template.

use std::ops::RangeInclusive;

use super::time;
use super::value::{Value, Values};

/// A function of templates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Function {
    /// `TimeFormat seconds "pattern" "1"`: a time; with `1` in UTC, else in the PBX's time.
    TimeFormat,
    /// `ToMillis seconds`: milliseconds.
    ToMillis,
    /// `Capitalize text`: with its first letter large.
    Capitalize,
    /// `UrlEncode text`: as a part of an address.
    UrlEncode,
    /// `not value`.
    Not,
    /// `eq value other …`: whether it is one of the others, without regard to case.
    Eq,
    /// `ne value other`.
    Ne,
    /// `and value …`: the first that is nothing, or the last.
    And,
    /// `or value …`: the first that is something, or the last.
    Or,
}

impl Function {
    /// All of them, those of the PBX first.
    pub const ALL: [Function; 9] = [
        Function::TimeFormat,
        Function::ToMillis,
        Function::Capitalize,
        Function::UrlEncode,
        Function::Not,
        Function::Eq,
        Function::Ne,
        Function::And,
        Function::Or,
    ];

    /// The name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Function::TimeFormat => "TimeFormat",
            Function::ToMillis => "ToMillis",
            Function::Capitalize => "Capitalize",
            Function::UrlEncode => "UrlEncode",
            Function::Not => "not",
            Function::Eq => "eq",
            Function::Ne => "ne",
            Function::And => "and",
            Function::Or => "or",
        }
    }

    pub(super) fn named(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
    }

    /// How many arguments it takes.
    pub(super) fn arguments(self) -> RangeInclusive<usize> {
        match self {
            Function::TimeFormat => 2..=3,
            Function::ToMillis | Function::Capitalize | Function::UrlEncode | Function::Not => 1..=1,
            Function::Ne => 2..=2,
            Function::Eq => 2..=usize::MAX,
            Function::And | Function::Or => 1..=usize::MAX,
        }
    }

    pub(super) fn call(self, arguments: &[Value], values: &Values) -> Value {
        let Some((first, others)) = arguments.split_first() else { return Value::Nothing };
        match self {
            Function::TimeFormat => {
                let pattern = others.first().map(|pattern| pattern.text(values)).unwrap_or_default();
                let utc = others.get(1).is_some_and(|utc| matches!(utc.text(values).trim(), "1" | "true"));
                let offset_s = if utc { 0 } else { values.utc_offset_s };
                Value::of(first.number().map(|seconds| time::format(seconds, offset_s, &pattern)))
            }
            Function::ToMillis => {
                first.number().map_or(Value::Nothing, |seconds| Value::Number(seconds.saturating_mul(1000)))
            }
            Function::Capitalize => Value::of(Some(capitalized(&first.text(values)))),
            Function::UrlEncode => Value::of(Some(url_encoded(&first.text(values)))),
            Function::Not => Value::Truth(!first.holds()),
            Function::Eq => Value::Truth(others.iter().any(|other| same(first, other, values))),
            Function::Ne => Value::Truth(!others.iter().any(|other| same(first, other, values))),
            Function::And => {
                arguments.iter().find(|value| !value.holds()).or(arguments.last()).unwrap_or(first).clone()
            }
            Function::Or => {
                arguments.iter().find(|value| value.holds()).or(arguments.last()).unwrap_or(first).clone()
            }
        }
    }
}

/// Whether two values are the same. The PBX writes its statuses in capitals, and people do not.
fn same(one: &Value, other: &Value, values: &Values) -> bool {
    match (one.number(), other.number()) {
        (Some(one), Some(other)) => one == other,
        (Some(_), None) | (None, Some(_)) | (None, None) => {
            one.text(values).to_lowercase() == other.text(values).to_lowercase()
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

fn url_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
