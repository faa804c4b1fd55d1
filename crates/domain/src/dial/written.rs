//! From a text that is a number to the number, its extension and what is pressed after the answer. Shared by links and
//! typed texts.

use super::link::LinkFault;
use super::mark::{Mark, mark};
use super::shown::Shown;
use crate::number::digits_of;

/// An extension has at most so many digits; more after an `x` are another number.
const LONGEST_EXTENSION: usize = 11;
/// More is no code of a conference.
const LONGEST_POST_DIAL: usize = 64;
/// So many digits stand before letters that spell a number: `800-FLOWERS`. Fewer are a house or a room.
const FEWEST_BEFORE_LETTERS: usize = 3;
/// A number spelled in letters is a full one.
const SPELLED: std::ops::RangeInclusive<usize> = 7..=15;
/// One or two digits before a pause open an outside line: `9,0592 550 3309`.
const LONGEST_LINE_ACCESS: usize = 2;
/// Italy and San Marino dial the zero of an area code from abroad, too.
const KEEP_TRUNK_ZERO: [&str; 2] = ["39", "378"];
/// What people write before an extension; the escapes are the usual Chinese words: to transfer, extension, inside
/// line, number.
const EXTENSION_MARKS: [&str; 12] = [
    "extension",
    "extn",
    "ext",
    "x",
    "\u{8f6c}",
    "\u{8f49}",
    "\u{5206}\u{673a}",
    "\u{5206}\u{6a5f}",
    "\u{5185}\u{7ebf}",
    "\u{5167}\u{7dda}",
    "\u{53f7}",
    "\u{865f}",
];

/// A number and what was written with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Written {
    pub(super) shown: Shown,
    pub(super) ext: Option<String>,
    pub(super) post_dial: String,
}

impl Written {
    /// # Errors
    /// See [`LinkFault`].
    pub(super) fn read(text: &str) -> Result<Self, LinkFault> {
        let (text, ext) = split_extension(text);
        let plain = without_trunk_zero(plain(text)?);
        let (number, after) = split_at_pause(&plain);
        Ok(Self { shown: Shown::of(&spelled_out(number)?)?, ext, post_dial: post_dial(after)? })
    }
}

/// `+1 212 555 0100 ext. 12` as the number and `12`. Read from the end: digits, and a word before them. An extension
/// alone is the number.
fn split_extension(text: &str) -> (&str, Option<String>) {
    let joins = |c: char| c.is_whitespace() || matches!(c, '.' | ':' | '=' | '-' | '\u{ff1a}');
    let end = text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ')' | '\u{ff09}' | ']'));
    let before = end.trim_end_matches(char::is_numeric);
    let ext = end.strip_prefix(before).unwrap_or_default();
    let mut number = before.trim_end_matches(joins);
    let mut is_marked = false;
    while let Some(shorter) = EXTENSION_MARKS.iter().find_map(|word| before_word(number, word)) {
        (number, is_marked) = (shorter.trim_end_matches(joins), true);
    }
    let digits = digits_of(ext);
    if !is_marked || !(1..=LONGEST_EXTENSION).contains(&digits.len()) {
        (text, None)
    } else if number.contains(char::is_numeric) {
        (number, Some(digits))
    } else if number.is_empty() {
        (ext, None)
    } else {
        (text, None)
    }
}

/// The text before a word it ends with; `x` is not a word at the end of another one.
fn before_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (before, end) = text.split_at_checked(text.len().checked_sub(word.len())?)?;
    let is_part = word.is_ascii() && before.ends_with(|c: char| c.is_ascii_alphabetic());
    (end.eq_ignore_ascii_case(word) && !is_part).then_some(before)
}

/// The text in ASCII, without what cannot be seen.
fn plain(text: &str) -> Result<String, LinkFault> {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match mark(c).ok_or(LinkFault::NotANumber)? {
            Mark::Dialable(c) | Mark::Separator(c) | Mark::Pause(c) | Mark::Letter(c) => plain.push(c),
            Mark::Nothing => {}
        }
    }
    Ok(plain)
}

/// `+49 (0)30` without the zero that is only dialed at home.
fn without_trunk_zero(plain: String) -> String {
    let Some((country, rest)) = plain.split_once("(0)") else { return plain };
    let country = country.trim();
    let digits = digits_of(country);
    let code = match digits.strip_prefix("00") {
        Some(code) if !country.starts_with('+') => code,
        Some(_) | None if country.contains('+') => digits.as_str(),
        Some(_) | None => return plain,
    };
    if (1..=3).contains(&code.len()) && !KEEP_TRUNK_ZERO.contains(&code) {
        format!("{country} {rest}")
    } else {
        plain
    }
}

/// The number, and what comes from the first pause on. `p` and `w` are pauses only where nothing but digits follows:
/// elsewhere they spell.
fn split_at_pause(plain: &str) -> (&str, &str) {
    for (at, c) in plain.char_indices() {
        let Some((before, after)) = plain.split_at_checked(at) else { continue };
        let digits = before.chars().filter(char::is_ascii_digit).count();
        let is_pause = match c {
            ',' => before.starts_with('+') || digits == 0 || digits > LONGEST_LINE_ACCESS,
            ';' => true,
            'p' | 'P' | 'w' | 'W' => {
                let spells = |c: char| c.is_ascii_alphabetic() && !matches!(c, 'p' | 'P' | 'w' | 'W');
                digits > 0 && !before.contains(|c: char| c.is_ascii_alphabetic()) && !after.contains(spells)
            }
            _ => false,
        };
        if is_pause {
            return (before, after);
        }
    }
    (plain, "")
}

/// `800-FLOWERS` in digits, by the letters of a telephone's keys (ITU-T E.161).
fn spelled_out(number: &str) -> Result<String, LinkFault> {
    let Some(first) = number.find(|c: char| c.is_ascii_alphabetic()) else { return Ok(number.to_owned()) };
    let (before, letters) = number.split_at_checked(first).ok_or(LinkFault::NotANumber)?;
    let count = |text: &str, wanted: fn(&char) -> bool| text.chars().filter(wanted).count();
    let digits = count(before, char::is_ascii_digit);
    let total = digits + count(letters, char::is_ascii_alphabetic);
    let mixed = letters.contains(|c: char| c.is_ascii_digit());
    if digits < FEWEST_BEFORE_LETTERS || mixed || !SPELLED.contains(&total) {
        return Err(LinkFault::NotANumber);
    }
    Ok(number.chars().map(key_of).collect())
}

fn key_of(c: char) -> char {
    match c.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        other => other,
    }
}

/// What is pressed after the answer: digits, `*`, `#`, with `,` for a pause and `;` for waiting. Empty when there is
/// nothing to press.
pub(super) fn post_dial(text: &str) -> Result<String, LinkFault> {
    let mut keys = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' | '*' | '#' | ',' | ';' => keys.push(c),
            'p' | 'P' => keys.push(','),
            'w' | 'W' => keys.push(';'),
            ' ' | '-' | '.' | '(' | ')' => {}
            _ => return Err(LinkFault::NotANumber),
        }
    }
    if keys.len() > LONGEST_POST_DIAL {
        return Err(LinkFault::TooLong);
    }
    let pressed = keys.trim_end_matches([',', ';']);
    Ok(pressed.to_owned())
}
