//! Owns a crowd: contacts by the hundred thousand, each made when somebody asks for it, so that a portal of any size
//! fits in little memory. They are found by the time of their change and by their number, and read by id; one that is
//! read or written by id is an ordinary record from then on. Must not know requests.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::desk_time;

/// Above 2^53 like all ids, and none of another record.
const FIRST_ID: u64 = 9_100_000_000_000_000;
/// When the first of them was changed last; the next ones follow.
const BEGAN: i64 = 1_577_836_800;
const SECONDS_BETWEEN: i64 = 10;
const LARGEST: u32 = 10_000_000;
const FAMILIES: [&str; 8] = ["Lin", "Wang", "Muster", "Smith", "Garcia", "Chen", "Okafor", "Zhang"];
const GIVEN: [&str; 6] = ["Anna", "Bo", "Carla", "Da", "Erik", "Fang"];

#[derive(Default)]
pub(crate) struct Crowd {
    size: u32,
    /// Those who are ordinary records now.
    woken: BTreeSet<u32>,
}

impl Crowd {
    /// So many people, in place of those of before.
    pub(crate) fn of(size: u32) -> Crowd {
        Crowd { size: size.min(LARGEST), woken: BTreeSet::new() }
    }

    /// How many there are.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// What is special about one of them.
    pub(crate) fn person(at: u32) -> Value {
        let pick = |list: &[&'static str]| list.get(at as usize % list.len()).copied().unwrap_or_default();
        let family = pick(&FAMILIES);
        let changed = desk_time(Timestamp::from_second(second(at)).unwrap_or_default());
        json!({
            "id": (FIRST_ID + u64::from(at)).to_string(), "firstName": pick(&GIVEN), "lastName": format!("{family} {at}"),
            "email": format!("{}.{at}@example.com", family.to_lowercase()), "mobile": Crowd::number(at),
            "createdTime": changed, "modifiedTime": changed,
        })
    }

    /// The number as it is stored: forms of the same mobile range, two numbers in one field among them.
    pub(crate) fn number(at: u32) -> String {
        let digits = format!("{at:08}");
        let (high, low) = digits.split_at(4);
        match at % 6 {
            0 => format!("+86138{digits}"),
            1 => format!("138-{high}-{low}"),
            2 => format!("0086 138 {high} {low}"),
            3 => format!("138{digits} ext 2"),
            4 => format!("+86 138 {high} {low} / +86 139 {high} {low}"),
            _ => format!("138 {high} {low}").chars().map(wide).collect(),
        }
    }

    /// Makes an ordinary record of one, once: what is special about it.
    pub(crate) fn wake(&mut self, id: &str) -> Option<Value> {
        let at = u32::try_from(id.parse::<u64>().ok()?.checked_sub(FIRST_ID)?).ok()?;
        (at < self.size && self.woken.insert(at)).then(|| Crowd::person(at))
    }

    /// Those who were changed between two moments, in that order: at most so many of them, and how many there are.
    pub(crate) fn changed(&self, from: Timestamp, until: Timestamp, most: usize) -> (Vec<Value>, usize) {
        let Range { start, end } = self.between(from, until);
        let asleep = (start..end).filter(|at| !self.woken.contains(at));
        let awake = self.woken.range(start..end.max(start)).count();
        let all = usize::try_from(end.saturating_sub(start)).unwrap_or(0).saturating_sub(awake);
        (asleep.take(most).map(Crowd::person).collect(), all)
    }

    /// Who may have a number with these digits at its end.
    pub(crate) fn with_number(&self, wanted: &str) -> Option<Value> {
        let digits: Vec<char> = wanted.chars().filter(char::is_ascii_digit).collect();
        let ending: String = digits.get(digits.len().checked_sub(8)?..)?.iter().collect();
        let at = ending.parse::<u32>().ok()?;
        (at < self.size && !self.woken.contains(&at)).then(|| Crowd::person(at))
    }

    fn between(&self, from: Timestamp, until: Timestamp) -> Range<u32> {
        let place = |seconds: i64| u32::try_from(seconds.max(0)).unwrap_or(u32::MAX).min(self.size);
        // The first one that is not before, and the first one that is behind.
        let start = (from.as_second() - BEGAN + SECONDS_BETWEEN - 1).div_euclid(SECONDS_BETWEEN);
        let end = (until.as_second() - BEGAN).div_euclid(SECONDS_BETWEEN) + 1;
        place(start)..place(end)
    }
}

fn second(at: u32) -> i64 {
    BEGAN + SECONDS_BETWEEN * i64::from(at)
}

/// A full-width digit.
fn wide(letter: char) -> char {
    letter.to_digit(10).and_then(|digit| char::from_u32(0xFF10 + digit)).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_walk_by_time_meets_everybody_once() {
        let crowd = Crowd::of(1_000);
        let (mut since, mut met) = (BEGAN - 1, Vec::new());
        loop {
            let (page, _) = crowd.changed(at(since), at(i64::from(u32::MAX)), 99);
            let Some(last) = page.last() else { break };
            since =
                crate::clock::parse_desk_time(last["modifiedTime"].as_str().unwrap()).unwrap().as_second()
                    + 1;
            met.extend(page.iter().map(|person| person["id"].as_str().unwrap().to_owned()));
        }
        assert_eq!(met.len(), 1_000);
        met.dedup();
        assert_eq!(met.len(), 1_000);
        assert_eq!(crowd.changed(at(BEGAN), at(BEGAN + 25), 99).1, 3);
    }

    #[test]
    fn who_is_awake_is_not_in_the_crowd() {
        let mut crowd = Crowd::of(10);
        let id = (FIRST_ID + 3).to_string();
        assert!(crowd.wake(&id).is_some());
        assert!(crowd.wake(&id).is_none() && crowd.wake(&(FIRST_ID + 10).to_string()).is_none());
        assert_eq!(crowd.changed(at(0), at(i64::from(u32::MAX)), 99).1, 9);
        assert!(crowd.with_number("13800000003").is_none());
        assert_eq!(crowd.with_number("*00000004").unwrap()["id"], (FIRST_ID + 4).to_string());
    }
}
