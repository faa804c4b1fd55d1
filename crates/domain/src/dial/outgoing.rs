//! From a wish to what the PBX is told: the number plan, prefixes, and what kind of number it is.

use super::caution::Caution;
use super::emergency;
use super::link::DialLink;
use super::shown::Shown;
use crate::number::Plan;

/// QUIRK(yeastar): `call/dial` does not say how long a callee may be. The PBX's own lists of numbers to dial take 31
/// characters (administrator guide, "Speed Dial Number Parameters").
const LONGEST_CALLEE: usize = 31;
/// No country has a longer international prefix, also with a carrier's code in it.
const LONGEST_PREFIX: usize = 8;

/// How calls leave the PBX.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    international_prefix: String,
}

/// The international prefix is neither `+` nor one to eight digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadPrefix;

/// With its prefixes the number is longer than the PBX takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLong;

/// Where a number leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DialKind {
    /// To the PBX itself: an extension it knows, or a code.
    Internal,
    /// Over a trunk.
    Outside,
}

/// A number ready to be dialed. Its number is what it shows, without separators; nothing else can be dialed for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dialed {
    shown: Shown,
    /// As people of its country write it: `+1 212-555-0100`. For reading; [`shown`](Dialed::shown) is what is dialed.
    pub written: String,
    /// By what it is compared and remembered: the international form where it is known, else the digits.
    pub key: String,
    /// Where it leads.
    pub kind: DialKind,
    /// Why it is not dialed without asking.
    pub caution: Option<Caution>,
    /// Whether the plan knows what it means. What is not understood is dialed as it is written.
    pub understood: bool,
    /// Whether it belongs to another country than ours, as far as that is known.
    pub abroad: bool,
}

impl Dialed {
    /// What goes to the PBX as callee: one to 31 of `0`–`9`, `+`, `*`, `#`; `*` and `#` only where a person typed them.
    pub fn number(&self) -> String {
        self.shown.dialed()
    }

    /// The same with blanks, prefixes included: `9 00 1 212 555 0100`. Show it to whoever is asked.
    pub fn shown(&self) -> &str {
        self.shown.as_str()
    }
}

impl Default for Outgoing {
    fn default() -> Self {
        Self { international_prefix: "00".to_owned() }
    }
}

impl Outgoing {
    /// With what the PBX expects before a country code: `00`, `011`, `+`.
    ///
    /// # Errors
    /// When it is neither a `+` nor one to eight digits.
    pub fn new(international_prefix: &str) -> Result<Self, BadPrefix> {
        let prefix = international_prefix.trim();
        let are_digits =
            (1..=LONGEST_PREFIX).contains(&prefix.len()) && prefix.chars().all(|c| c.is_ascii_digit());
        let is_prefix = prefix == "+" || are_digits;
        is_prefix.then(|| Self { international_prefix: prefix.to_owned() }).ok_or(BadPrefix)
    }

    /// What is dialed for a wish. `is_internal` says which digits are numbers of the PBX itself: extensions, queues,
    /// ring groups, IVRs. They are dialed as they are; so are emergency numbers, with or without the prefix of an
    /// outside line: somebody who needs help gets what was typed, and the PBX has rules of its own for them. An
    /// emergency number of the home country is one even where an extension has the same digits.
    ///
    /// # Errors
    /// When it becomes longer than the PBX takes.
    pub fn dial(
        &self,
        link: &DialLink,
        plan: &Plan,
        is_internal: impl Fn(&str) -> bool,
    ) -> Result<Dialed, TooLong> {
        let number = link.number();
        let as_written = |kind, caution, understood| Dialed {
            shown: link.shown.clone(),
            written: link.shown().to_owned(),
            key: number.clone(),
            kind,
            caution,
            understood,
            abroad: false,
        };
        if link.is_code() {
            return Ok(as_written(DialKind::Internal, Some(Caution::FeatureCode), true));
        }
        let country = plan.country();
        let is_local = !number.starts_with('+');
        let is_mine = is_local && is_internal(&number);
        // Without a country the emergency numbers of all countries count, and many of them are somebody's extension.
        let is_certain = |digits: &str| country.is_some() || emergency::is_everywhere(digits);
        let calls_for_help = |digits: &str| {
            emergency::is_emergency(country.as_deref(), digits) && (is_certain(digits) || !is_mine)
        };
        if is_local
            && (calls_for_help(&number) || plan.without_outside_line(&number).is_some_and(calls_for_help))
        {
            return Ok(as_written(DialKind::Outside, Some(Caution::Emergency), true));
        }
        if is_mine {
            return Ok(as_written(DialKind::Internal, None, true));
        }
        let reading = plan.read(link.shown());
        let groups = reading.dialed_in_groups(plan, &self.international_prefix);
        let dialed = Dialed {
            shown: Shown::of_groups(&groups),
            written: reading.for_people(plan),
            key: reading.key().to_owned(),
            kind: DialKind::Outside,
            caution: Caution::of(&reading, plan, &self.international_prefix),
            understood: reading.e164().is_some(),
            abroad: reading.is_abroad(plan),
        };
        let length = dialed.number().len();
        if (1..=LONGEST_CALLEE).contains(&length) { Ok(dialed) } else { Err(TooLong) }
    }
}
