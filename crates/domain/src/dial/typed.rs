//! What a person typed, pasted or selected: read as leniently as people write.

use super::link::{DialLink, LONGEST_TEXT, LinkFault, Scheme};
use super::written::Written;

/// Two parts with so many digits each are two numbers, not one with a slash or a pause in it.
const FULL_NUMBER: usize = 7;
/// `5503309/10`: another ending of the same number.
const OTHER_ENDING: usize = 2;

impl DialLink {
    /// Reads what somebody typed in the dial box or a terminal, or selected somewhere: digits of any script, any
    /// punctuation, `+49 (0)30`, `ext 2`, `x12`, `#12` after a blank, a label before a colon (`Tel: …`), letters
    /// (`1-800-FLOWERS`). A text that is a link is read as one, with what links may not do.
    ///
    /// Codes such as `*73` are read here: a person may dial them ([`is_code`](DialLink::is_code)).
    ///
    /// # Errors
    /// When it is no number, or several: see [`LinkFault`].
    pub fn typed(text: &str) -> Result<Self, LinkFault> {
        if text.len() > LONGEST_TEXT {
            return Err(LinkFault::TooLong);
        }
        let mut text = text.trim_matches(is_around);
        if let Some((label, rest)) = text.split_once([':', '\u{ff1a}']) {
            if Scheme::named(label).is_some() && !rest.starts_with(char::is_whitespace) {
                return Self::parse(text);
            }
            if !label.contains(char::is_numeric) {
                text = rest.trim_matches(is_around);
            }
        }
        if are_several(text) {
            return Err(LinkFault::SeveralNumbers);
        }
        let text: String = text
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .filter(|c| !c.is_control())
            .collect();
        let (number, ext) = split_hash(&text);
        let written = Written::read(number)?;
        Ok(Self {
            scheme: None,
            shown: written.shown,
            ext: written.ext.or(ext),
            post_dial: written.post_dial,
        })
    }
}

/// Blanks, quotes and brackets around a selected number.
fn is_around(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '"' | '\'' | '<' | '>' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}')
}

fn digits(text: &str) -> usize {
    text.chars().filter(|c| c.is_numeric()).count()
}

/// Several lines, or a list. A pause is written without a blank after it: `+12125550100,123456789` is one number.
fn are_several(text: &str) -> bool {
    let lines = text.split(['\n', '\r', '|', '\u{3001}']).filter(|line| digits(line) > 0).count() > 1;
    let listed = [", ", "; ", "\u{ff0c}", "\u{ff1b}"].into_iter().any(|mark| {
        text.split_once(mark)
            .is_some_and(|(one, other)| digits(one) >= FULL_NUMBER && digits(other) >= FULL_NUMBER)
    });
    // `030/123456` is one number, `5503309/5503310` and `5503309/10` are two.
    let slashed = text.split_once(['/', '\u{ff0f}']).is_some_and(|(one, other)| {
        let other = digits(other);
        digits(one) >= FULL_NUMBER && (other >= FULL_NUMBER || (1..=OTHER_ENDING).contains(&other))
    });
    lines || listed || slashed
}

/// `+1 212 555 0100 #12` as the number and its extension; `*21*2125550100#` is a code.
fn split_hash(text: &str) -> (&str, Option<String>) {
    match text.split_once(" #") {
        Some((number, ext))
            if digits(number) >= FULL_NUMBER
                && !number.contains(['*', '#'])
                && (1..=FULL_NUMBER).contains(&ext.len())
                && ext.chars().all(|c| c.is_ascii_digit()) =>
        {
            (number, Some(ext.to_owned()))
        }
        Some(_) | None => (text, None),
    }
}
