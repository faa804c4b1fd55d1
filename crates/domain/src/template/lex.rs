//! Owns where actions begin and end in a template, and the words in them.
//! Must not know: what a word means.

use std::ops::Range;

use super::fault::TemplateErrorKind;

/// Words that build the text instead of standing for something.
pub(super) const KEYWORDS: [&str; 3] = ["if", "else", "end"];

/// A stretch of a template.
#[derive(Debug)]
pub(super) enum Piece {
    /// Text between actions.
    Text(Range<usize>),
    /// `{{…}}`: all of it, what is inside, and whether blanks before and after it go.
    Action { outer: Range<usize>, inner: Range<usize>, trims: (bool, bool) },
    /// An action that never ends, up to where the next one begins.
    Unclosed(Range<usize>),
}

/// A word of an action.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) span: Range<usize>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Word {
    /// A name after a dot: of a variable, whatever it is.
    Dotted,
    /// A name: of a variable, a function, or a keyword.
    Name,
    Text(String),
    Number(i64),
    Pipe,
    Open,
    Close,
}

pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = find(text, "{{", at) {
        if start > at {
            pieces.push(Piece::Text(at..start));
        }
        let (piece, end) = action(text, start);
        pieces.push(piece);
        at = end;
    }
    if at < text.len() {
        pieces.push(Piece::Text(at..text.len()));
    }
    pieces
}

fn find(text: &str, what: &str, from: usize) -> Option<usize> {
    text.get(from..)?.find(what).map(|at| from + at)
}

/// The action that begins at `start`, and where it ends.
fn action(text: &str, start: usize) -> (Piece, usize) {
    let Some(first_close) = find(text, "}}", start + 2) else {
        let end = find(text, "{{", start + 2).unwrap_or(text.len());
        return (Piece::Unclosed(start..end), end);
    };
    let mut at = start + 2;
    while at < first_close {
        let rest = text.get(at..first_close).unwrap_or_default();
        let Some(c) = rest.chars().next() else { break };
        // Go's way to write braces is a quoted text: {{"{{"}}.
        if rest.starts_with("{{") {
            return (Piece::Unclosed(start..at), at);
        }
        at += match quoted(rest) {
            Some((_, length)) => length,
            None => c.len_utf8(),
        };
    }
    let (mut from, mut to) = (start + 2, first_close);
    let before = text.get(from..to).is_some_and(|inner| inner.starts_with('-'));
    from += usize::from(before);
    let after = text.get(from..to).is_some_and(|inner| inner.ends_with('-'));
    to -= usize::from(after);
    let end = first_close + 2;
    (Piece::Action { outer: start..end, inner: from..to, trims: (before, after) }, end)
}

/// The words of an action.
pub(super) fn tokens(
    text: &str,
    inner: Range<usize>,
) -> Result<Vec<Token>, (TemplateErrorKind, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = inner.start;
    while let Some(rest) = text.get(at..inner.end).filter(|rest| !rest.is_empty()) {
        let Some(c) = rest.chars().next() else { break };
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (word, length) = match c {
            '|' => (Word::Pipe, 1),
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            '.' | '$' => {
                // A dot and its name, with or without a blank between them.
                let lead = rest.len() - rest.trim_start_matches(['.', '$']).trim_start().len();
                match name_length(rest.get(lead..).unwrap_or_default()) {
                    0 => return Err((TemplateErrorKind::Unexpected, at..at + c.len_utf8())),
                    length => (Word::Dotted, lead + length),
                }
            }
            c if c.is_ascii_digit() || c == '-' => {
                let digits = rest.trim_start_matches('-').chars().take_while(char::is_ascii_digit).count();
                let length = rest.len() - rest.trim_start_matches('-').len() + digits;
                match rest.get(..length).and_then(|digits| digits.parse().ok()) {
                    Some(number) => (Word::Number(number), length),
                    None => return Err((TemplateErrorKind::Unexpected, at..at + length.max(1))),
                }
            }
            c => match (quoted(rest), closing(c), name_length(rest)) {
                (Some((text, length)), ..) => (Word::Text(text), length),
                (None, Some(_), _) => return Err((TemplateErrorKind::OpenQuote, at..inner.end)),
                (None, None, 0) => return Err((TemplateErrorKind::Unexpected, at..at + c.len_utf8())),
                (None, None, length) => (Word::Name, length),
            },
        };
        tokens.push(Token { word, span: at..at + length });
        at += length;
    }
    Ok(tokens)
}

/// How many bytes of a text are its first name.
fn name_length(text: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    if text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        text.find(|c| !part(c)).unwrap_or(text.len())
    } else {
        0
    }
}

/// The quote that ends what this one begins. Those of word processors too: templates are pasted from documents.
fn closing(open: char) -> Option<char> {
    match open {
        '"' | '\'' | '`' => Some(open),
        '“' => Some('”'),
        '‘' => Some('’'),
        _ => None,
    }
}

/// The quoted text at the beginning, and its length in bytes with its quotes.
fn quoted(rest: &str) -> Option<(String, usize)> {
    let open = rest.chars().next()?;
    let close = closing(open)?;
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == close => return Some((text, at + c.len_utf8())),
            '\\' if open != '`' => match chars.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                other => text.push(other),
            },
            c => text.push(c),
        }
    }
    None
}
