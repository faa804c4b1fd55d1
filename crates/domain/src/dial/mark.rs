//! What a character of a written number is for. Everything that is not listed here is no part of a number.

use crate::number::{digits_of, is_invisible};

/// A character of a written number, as ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// `0`–`9`, `+`, `*`, `#`.
    Dialable(char),
    /// Helps reading: blank, `-`, `.`, `/`, `(`, `)`.
    Separator(char),
    /// `,` for a pause, `;` for waiting.
    Pause(char),
    /// `A`–`Z` in any case.
    Letter(char),
    /// Changes how text looks and not what it says.
    Nothing,
}

/// What a character is for, or nothing when it has no place in a number. Reads the digits of every script, full-width
/// forms, and the dashes and blanks people's programs put into numbers.
pub(super) fn mark(c: char) -> Option<Mark> {
    let c = match c {
        // Full-width forms stand at a fixed distance from ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        other => other,
    };
    match c {
        '0'..='9' | '+' | '*' | '#' => Some(Mark::Dialable(c)),
        ' ' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Some(Mark::Separator(' '))
        }
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{fe58}' | '\u{fe63}' => {
            Some(Mark::Separator('-'))
        }
        '.' | '\u{b7}' | '\u{2022}' | '\u{2024}' | '\u{30fb}' => Some(Mark::Separator('.')),
        '/' => Some(Mark::Separator('/')),
        '(' | '[' => Some(Mark::Separator('(')),
        ')' | ']' => Some(Mark::Separator(')')),
        ',' | ';' => Some(Mark::Pause(c)),
        'a'..='z' | 'A'..='Z' => Some(Mark::Letter(c)),
        c if c.is_control() => None,
        c if is_invisible(c) => Some(Mark::Nothing),
        // Digits of other scripts.
        c if c.is_numeric() => digits_of(c.encode_utf8(&mut [0; 4])).chars().next().map(Mark::Dialable),
        _ => None,
    }
}
