//! Owns what the words of a template mean: expressions, conditions, and how they lie inside each other.
//! Must not know: values.

use std::ops::Range;

use super::fault::{TemplateError, TemplateErrorKind};
use super::function::Function;
use super::lex::{Piece, Token, Word, pieces, tokens};
use super::variable::Variable;
use super::{Expr, Node};

/// `if`s inside each other, and brackets inside each other. Nobody reads more.
const DEEPEST: usize = 20;
/// Nobody reads more at once.
const MOST_ERRORS: usize = 50;

/// What an action is.
enum Action {
    Output(Expr),
    If(Expr),
    ElseIf(Expr),
    Else,
    End,
    Comment,
}

/// An `if` whose `end` has not come yet.
struct Open {
    outer: Range<usize>,
    branches: Vec<(Expr, Vec<Node>)>,
    /// The condition of the branch that is being read; none after `else`.
    condition: Option<Expr>,
    /// What stands before the `if`.
    before: Vec<Node>,
}

/// The template as far as it can be read, and what is wrong with it in the order of the text.
pub(super) fn parse(text: &str) -> (Vec<Node>, Vec<TemplateError>) {
    let mut reader = Reader { text, errors: Vec::new() };
    let nodes = reader.nodes();
    reader.errors.sort_by_key(|error| error.place.span.start);
    (nodes, reader.errors)
}

/// What is wrong, and where.
type Fault = (TemplateErrorKind, Range<usize>);

struct Reader<'a> {
    text: &'a str,
    errors: Vec<TemplateError>,
}

impl Reader<'_> {
    fn report(&mut self, (kind, span): Fault) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(TemplateError::new(kind, self.text, span));
        }
    }

    fn slice(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    fn nodes(&mut self) -> Vec<Node> {
        let mut current = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        let mut trim_next = false;
        for piece in pieces(self.text) {
            let trim_this = std::mem::take(&mut trim_next);
            let (outer, inner, trims) = match piece {
                Piece::Text(span) => {
                    let text = self.slice(&span);
                    push_text(&mut current, if trim_this { text.trim_start() } else { text });
                    continue;
                }
                Piece::Unclosed(span) => {
                    self.report((TemplateErrorKind::Unclosed, span.start..span.start + 2));
                    let text = self.slice(&span).to_owned();
                    push_text(&mut current, &text);
                    continue;
                }
                Piece::Action { outer, inner, trims } => (outer, inner, trims),
            };
            let action = match self.action(&outer, inner) {
                Ok(Action::If(_)) if open.len() >= DEEPEST => {
                    Err((TemplateErrorKind::TooDeep, outer.clone()))
                }
                Ok(Action::ElseIf(_) | Action::Else)
                    if open.last().is_none_or(|open| open.condition.is_none()) =>
                {
                    Err((TemplateErrorKind::StrayElse, outer.clone()))
                }
                Ok(Action::End) if open.is_empty() => Err((TemplateErrorKind::StrayEnd, outer.clone())),
                other => other,
            };
            let action = match action {
                Ok(action) => action,
                Err(fault) => {
                    self.report(fault);
                    let text = self.slice(&outer).to_owned();
                    push_text(&mut current, &text);
                    continue;
                }
            };
            if trims.0 {
                trim_end(&mut current);
            }
            trim_next = trims.1;
            match action {
                Action::Comment => {}
                Action::Output(expr) => current.push(Node::Output(expr)),
                Action::If(condition) => {
                    let before = std::mem::take(&mut current);
                    open.push(Open { outer, branches: Vec::new(), condition: Some(condition), before });
                }
                Action::ElseIf(condition) => {
                    if let Some(open) = open.last_mut() {
                        open.branch_ends(&mut current, Some(condition));
                    }
                }
                Action::Else => {
                    if let Some(open) = open.last_mut() {
                        open.branch_ends(&mut current, None);
                    }
                }
                Action::End => {
                    if let Some(open) = open.pop() {
                        open.close(&mut current);
                    }
                }
            }
        }
        while let Some(open) = open.pop() {
            self.report((TemplateErrorKind::NoEnd, open.outer.clone()));
            open.close(&mut current);
        }
        current
    }

    fn action(&mut self, outer: &Range<usize>, inner: Range<usize>) -> Result<Action, Fault> {
        let body = self.slice(&inner).trim();
        if body.is_empty() {
            return Err((TemplateErrorKind::Empty, outer.clone()));
        }
        if body.starts_with("/*") && body.ends_with("*/") {
            return Ok(Action::Comment);
        }
        let words = tokens(self.text, inner)?;
        let (first, rest) = words.split_first().ok_or((TemplateErrorKind::Empty, outer.clone()))?;
        match self.keyword(first).as_str() {
            "if" => self.condition(first, rest).map(Action::If),
            "end" => {
                self.nothing_more(rest);
                Ok(Action::End)
            }
            "else" => match rest.split_first() {
                Some((second, rest)) if self.keyword(second) == "if" => {
                    self.condition(second, rest).map(Action::ElseIf)
                }
                Some(_) | None => {
                    self.nothing_more(rest);
                    Ok(Action::Else)
                }
            },
            "range" | "with" | "define" | "template" | "block" | "break" | "continue" => {
                Err((TemplateErrorKind::Unsupported, first.span.clone()))
            }
            _ => self.whole(&words).map(Action::Output),
        }
    }

    /// The word, if it can be a keyword.
    fn keyword(&self, token: &Token) -> String {
        if token.word == Word::Name { self.slice(&token.span).to_ascii_lowercase() } else { String::new() }
    }

    fn nothing_more(&mut self, rest: &[Token]) {
        if let Some(token) = rest.first() {
            self.report((TemplateErrorKind::Unexpected, token.span.clone()));
        }
    }

    fn condition(&mut self, keyword: &Token, rest: &[Token]) -> Result<Expr, Fault> {
        if rest.is_empty() {
            return Err((TemplateErrorKind::NoCondition, keyword.span.clone()));
        }
        self.whole(rest)
    }

    /// All words as one expression.
    fn whole(&mut self, words: &[Token]) -> Result<Expr, Fault> {
        let mut rest = words;
        let expr = self.pipeline(&mut rest, 0)?;
        match rest.first() {
            Some(token) => Err((TemplateErrorKind::Unexpected, token.span.clone())),
            None => Ok(expr),
        }
    }

    fn pipeline(&mut self, rest: &mut &[Token], depth: usize) -> Result<Expr, Fault> {
        let mut expr = self.command(rest, depth, None)?;
        while let Some((pipe, after)) = rest.split_first()
            && pipe.word == Word::Pipe
        {
            *rest = after;
            if after.is_empty() {
                return Err((TemplateErrorKind::Unexpected, pipe.span.clone()));
            }
            expr = self.command(rest, depth, Some(expr))?;
        }
        Ok(expr)
    }

    /// A function with its arguments, or one operand.
    fn command(&mut self, rest: &mut &[Token], depth: usize, piped: Option<Expr>) -> Result<Expr, Fault> {
        // Nothing to read is told by who asked: brackets that are not closed.
        let Some((first, after)) = rest.split_first() else { return Ok(Expr::Unknown) };
        let function = if first.word == Word::Name { Function::named(self.slice(&first.span)) } else { None };
        if let Some(function) = function {
            *rest = after;
            let mut arguments = Vec::new();
            while let Some(argument) = self.operand(rest, depth)? {
                arguments.push(argument);
            }
            if let Some(piped) = piped {
                // Go puts it last; this function wants its time first.
                let place = if function == Function::TimeFormat { 0 } else { arguments.len() };
                arguments.insert(place, piped);
            }
            if !function.arguments().contains(&arguments.len()) {
                return Err((TemplateErrorKind::Arguments, first.span.clone()));
            }
            return Ok(Expr::Call(function, arguments));
        }
        let end = rest.iter().position(|token| matches!(token.word, Word::Pipe | Word::Close));
        let (operands, after) = rest.split_at(end.unwrap_or(rest.len()));
        let names = operands.iter().all(|token| matches!(token.word, Word::Name | Word::Dotted));
        let known = Variable::named(self.slice(&first.span)).is_some();
        let bare = first.word == Word::Name;
        if piped.is_some() || (bare && !known && !names) {
            let kind = if bare && !known {
                TemplateErrorKind::UnknownFunction
            } else {
                TemplateErrorKind::Arguments
            };
            return Err((kind, first.span.clone()));
        }
        if names && let (Some(last), true) = (operands.last(), operands.len() > 1) {
            // A name written with blanks: {{Call From}}.
            let span = first.span.start..last.span.end;
            if let Some(variable) = Variable::named(self.slice(&span)) {
                *rest = after;
                return Ok(Expr::Variable(variable));
            }
            let kind = if known { TemplateErrorKind::Arguments } else { TemplateErrorKind::UnknownFunction };
            return Err((kind, first.span.clone()));
        }
        let expr = self.operand(rest, depth)?;
        let expr = expr.ok_or_else(|| (TemplateErrorKind::Unexpected, first.span.clone()))?;
        match rest.first().filter(|token| !matches!(token.word, Word::Pipe | Word::Close)) {
            Some(token) => Err((TemplateErrorKind::Arguments, token.span.clone())),
            None => Ok(expr),
        }
    }

    /// The next operand; none before a pipe, a closing bracket or the end.
    fn operand(&mut self, rest: &mut &[Token], depth: usize) -> Result<Option<Expr>, Fault> {
        let Some((token, after)) = rest.split_first() else { return Ok(None) };
        let expr = match &token.word {
            Word::Pipe | Word::Close => return Ok(None),
            Word::Text(text) => Expr::Text(text.clone()),
            Word::Number(number) => Expr::Number(*number),
            Word::Name | Word::Dotted => {
                let name = self.slice(&token.span);
                match Variable::named(name) {
                    Some(variable) => Expr::Variable(variable),
                    None if token.word == Word::Name && Function::named(name).is_some() => {
                        return Err((TemplateErrorKind::Arguments, token.span.clone()));
                    }
                    None => {
                        self.report((TemplateErrorKind::UnknownVariable, token.span.clone()));
                        Expr::Unknown
                    }
                }
            }
            Word::Open => {
                if depth >= DEEPEST {
                    return Err((TemplateErrorKind::TooDeep, token.span.clone()));
                }
                *rest = after;
                let expr = self.pipeline(rest, depth + 1)?;
                return match rest.split_first() {
                    Some((close, after)) if close.word == Word::Close => {
                        *rest = after;
                        Ok(Some(expr))
                    }
                    Some(_) | None => Err((TemplateErrorKind::Unexpected, token.span.clone())),
                };
            }
        };
        *rest = after;
        Ok(Some(expr))
    }
}

impl Open {
    /// The nodes read so far belong to the branch that ends here.
    fn branch_ends(&mut self, current: &mut Vec<Node>, next: Option<Expr>) {
        if let Some(condition) = self.condition.take() {
            self.branches.push((condition, std::mem::take(current)));
        }
        self.condition = next;
    }

    /// The nodes read so far are the last branch; the `if` becomes one of those before it.
    fn close(mut self, current: &mut Vec<Node>) {
        let last = std::mem::take(current);
        let otherwise = match self.condition {
            Some(condition) => {
                self.branches.push((condition, last));
                Vec::new()
            }
            None => last,
        };
        *current = self.before;
        current.push(Node::If(self.branches, otherwise));
    }
}

/// Texts beside each other become one.
fn push_text(nodes: &mut Vec<Node>, text: &str) {
    match nodes.last_mut() {
        _ if text.is_empty() => {}
        Some(Node::Text(last)) => last.push_str(text),
        Some(Node::Output(_) | Node::If(..)) | None => nodes.push(Node::Text(text.to_owned())),
    }
}

fn trim_end(nodes: &mut Vec<Node>) {
    if let Some(Node::Text(last)) = nodes.last_mut() {
        last.truncate(last.trim_end().len());
        if last.is_empty() {
            nodes.pop();
        }
    }
}
