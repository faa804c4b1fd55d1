//! Owns what can be wrong with a template, where, and what was probably meant.
//! Must not know: how a template is read.

use std::ops::Range;

use super::function::Function;
use super::lex::KEYWORDS;
use super::variable::{Variable, folded};

/// Something wrong with a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateError {
    /// What.
    pub kind: TemplateErrorKind,
    /// Where.
    pub place: Place,
    /// The known name nearest to the one that was written, if any is near.
    pub suggestion: Option<&'static str>,
}

/// Where something stands in a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The bytes of the text; never empty, never in the middle of a character.
    pub span: Range<usize>,
}

/// What can be wrong with a template.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TemplateErrorKind {
    /// `{{` without `}}`.
    Unclosed,
    /// Nothing between `{{` and `}}`.
    Empty,
    /// A variable that does not exist.
    UnknownVariable,
    /// A function that does not exist.
    UnknownFunction,
    /// A text without its closing quote.
    OpenQuote,
    /// A character that has no meaning here.
    Unexpected,
    /// A word of Go's templates that is not supported (`range`, `with`, …).
    Unsupported,
    /// Too few or too many arguments for a function, or arguments for something that takes none.
    Arguments,
    /// `if` without a condition.
    NoCondition,
    /// `if` without `end`.
    NoEnd,
    /// `else` outside `if`, or after the last `else`.
    StrayElse,
    /// `end` without `if`.
    StrayEnd,
    /// Too many `if`s or brackets inside each other.
    TooDeep,
}

impl TemplateErrorKind {
    /// A stable code for translations.
    pub fn code(self) -> &'static str {
        match self {
            TemplateErrorKind::Unclosed => "unclosed",
            TemplateErrorKind::Empty => "empty",
            TemplateErrorKind::UnknownVariable => "unknown_variable",
            TemplateErrorKind::UnknownFunction => "unknown_function",
            TemplateErrorKind::OpenQuote => "open_quote",
            TemplateErrorKind::Unexpected => "unexpected",
            TemplateErrorKind::Unsupported => "unsupported",
            TemplateErrorKind::Arguments => "arguments",
            TemplateErrorKind::NoCondition => "no_condition",
            TemplateErrorKind::NoEnd => "no_end",
            TemplateErrorKind::StrayElse => "stray_else",
            TemplateErrorKind::StrayEnd => "stray_end",
            TemplateErrorKind::TooDeep => "too_deep",
        }
    }
}

impl TemplateError {
    pub(super) fn new(kind: TemplateErrorKind, text: &str, span: Range<usize>) -> TemplateError {
        let suggestion = match kind {
            TemplateErrorKind::UnknownVariable | TemplateErrorKind::UnknownFunction => {
                nearest(text.get(span.clone()).unwrap_or_default())
            }
            TemplateErrorKind::Unclosed
            | TemplateErrorKind::Empty
            | TemplateErrorKind::OpenQuote
            | TemplateErrorKind::Unexpected
            | TemplateErrorKind::Unsupported
            | TemplateErrorKind::Arguments
            | TemplateErrorKind::NoCondition
            | TemplateErrorKind::NoEnd
            | TemplateErrorKind::StrayElse
            | TemplateErrorKind::StrayEnd
            | TemplateErrorKind::TooDeep => None,
        };
        TemplateError { kind, place: Place::of(text, span), suggestion }
    }
}

impl Place {
    fn of(text: &str, span: Range<usize>) -> Place {
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        Place { line: before.matches('\n').count() + 1, column: line.chars().count() + 1, span }
    }
}

/// The known name nearest to a written one: a third of its letters may be wrong.
fn nearest(written: &str) -> Option<&'static str> {
    let written = folded(written);
    let names = Variable::ALL.iter().map(|variable| variable.name());
    let names = names.chain(Function::ALL.iter().map(|function| function.name())).chain(KEYWORDS);
    let distance = |name: &str| strsim::osa_distance(&folded(name), &written);
    let (distance, name) = names.map(|name| (distance(name), name)).min_by_key(|(distance, _)| *distance)?;
    // Half a name is far from all of them and means one: `From`, `Name`.
    let part = || {
        Variable::ALL.iter().find(|variable| written.len() > 2 && folded(variable.name()).ends_with(&written))
    };
    if distance <= (written.chars().count() / 3).max(1) {
        Some(name)
    } else {
        part().map(|variable| variable.name())
    }
}
