//! The one text behind "what is dialed is what is shown".

use super::link::LinkFault;

/// No number that is written down has more dialable characters: fifteen digits of a full number, and room for the
/// prefixes of carriers.
pub(super) const MOST_DIALABLE: usize = 24;

/// A number as people see it: `0`–`9`, `+`, `*`, `#`, and single separators (blank, `-`, `.`, `/`) between them. What is
/// dialed is this text without its separators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Shown(String);

impl Shown {
    /// Of a text in ASCII as [`written`](super::written) makes it. Runs of separators become the most telling one of
    /// them, so that no text can be pushed out of sight.
    ///
    /// # Errors
    /// When there is no digit, a `+` elsewhere than in front of digits, another character, or too many.
    pub(super) fn of(number: &str) -> Result<Self, LinkFault> {
        let mut text = String::new();
        let mut dialable = 0;
        let mut gap = None;
        for c in number.chars() {
            match c {
                '0'..='9' | '*' | '#' => {
                    if let Some(gap) = gap
                        && !text.is_empty()
                        && !text.ends_with('+')
                    {
                        text.push(gap);
                    }
                    text.push(c);
                    dialable += 1;
                    gap = None;
                }
                '+' if text.is_empty() => text.push(c),
                '-' => gap = Some('-'),
                '/' if gap != Some('-') => gap = Some('/'),
                '.' if !matches!(gap, Some('-' | '/')) => gap = Some('.'),
                ' ' | '(' | ')' | ',' => gap = gap.or(Some(' ')),
                '.' | '/' => {}
                _ => return Err(LinkFault::NotANumber),
            }
        }
        let shown = Self(text);
        if !shown.0.contains(|c: char| c.is_ascii_digit()) {
            return Err(LinkFault::NoNumber);
        }
        if dialable > MOST_DIALABLE {
            return Err(LinkFault::TooLong);
        }
        if shown.is_code() && shown.0.starts_with('+') {
            return Err(LinkFault::NotANumber);
        }
        Ok(shown)
    }

    /// Of what is dialed one after the other: digits, the first also `+`.
    pub(super) fn of_groups(groups: &[String]) -> Self {
        let dialable = |c: &char| c.is_ascii_digit() || *c == '+';
        let groups: Vec<String> =
            groups.iter().map(|group| group.chars().filter(dialable).collect()).collect();
        Self(groups.join(" "))
    }

    /// What people see.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// What is dialed.
    pub(super) fn dialed(&self) -> String {
        self.0.chars().filter(|c| c.is_ascii_digit() || matches!(c, '+' | '*' | '#')).collect()
    }

    /// Whether it has `*` or `#`: it speaks to the PBX, not to a person.
    pub(super) fn is_code(&self) -> bool {
        self.0.contains(['*', '#'])
    }
}
