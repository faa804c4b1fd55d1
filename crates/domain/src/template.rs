//! Texts with variables in them: the subjects and descriptions that are written to Desk about a call. Owns what a
//! template means and what it becomes.
//! Must not know: where a text goes and how long it may be there, where values come from, words for people.
//!
//! The syntax is that of the PBX's own templates, which is Go's: `{{Call_From}}` or `{{ .Call_From }}`,
//! `{{if .Note}}…{{else}}…{{end}}`, functions and pipes. It is read generously, because people copy it from manuals;
//! what the person who writes a template gets wrong is told by [`Template::parse`] with its place, and harms nobody
//! at run time ([`Template::lenient`]).
//!
//! Values are what callers and customers wrote. They are never read as templates, and never as markup.

mod clean;
mod fault;
mod function;
mod lex;
mod parse;
mod time;
mod value;
mod variable;

use std::collections::BTreeSet;

pub use self::clean::Escape;
pub use self::fault::{Place, TemplateError, TemplateErrorKind};
pub use self::function::Function;
pub use self::value::{Named, Values};
pub use self::variable::Variable;

use self::clean::{clean, text_into, value_into};
use self::value::Value;

/// A text with variables, ready to be filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    nodes: Vec<Node>,
}

/// A part of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Node {
    /// What the author wrote, as it is.
    Text(String),
    /// What an expression says.
    Output(Expr),
    /// The first branch whose condition holds, or the last list when none does.
    If(Vec<(Expr, Vec<Node>)>, Vec<Node>),
}

/// Something with a value.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Expr {
    Text(String),
    Number(i64),
    Variable(Variable),
    /// A name that nobody knows: nothing at run time.
    Unknown,
    Call(Function, Vec<Expr>),
}

impl Template {
    /// Reads a template as its author's checker.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn parse(text: &str) -> Result<Template, Vec<TemplateError>> {
        let (nodes, errors) = parse::parse(text);
        if errors.is_empty() { Ok(Template { nodes }) } else { Err(errors) }
    }

    /// Reads a template as well as it can be read: unknown variables stand for nothing, and what cannot be read at
    /// all stays in the text as it was written.
    pub fn lenient(text: &str) -> Template {
        Template { nodes: parse::parse(text).0 }
    }

    /// The text with these values. Never fails; what is not known of a call leaves nothing.
    pub fn render(&self, values: &Values, escape: Escape) -> String {
        let mut out = String::new();
        render(&self.nodes, values, escape, &mut out);
        out
    }

    /// The variables that stand in this template. All there are: [`Variable::ALL`].
    pub fn variables(&self) -> BTreeSet<Variable> {
        let mut found = BTreeSet::new();
        in_nodes(&self.nodes, &mut found);
        found
    }
}

fn render(nodes: &[Node], values: &Values, escape: Escape, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => text_into(text, escape, out),
            Node::Output(expr) => value_into(&expr.value(values).text(values), escape, out),
            Node::If(branches, otherwise) => {
                let branch = branches.iter().find(|(condition, _)| condition.value(values).holds());
                render(branch.map_or(otherwise, |(_, nodes)| nodes), values, escape, out);
            }
        }
    }
}

impl Expr {
    fn value(&self, values: &Values) -> Value {
        match self {
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Number(number) => Value::Number(*number),
            Expr::Variable(variable) => match values.get(*variable) {
                // Cleaned before functions see it, so that none of them makes anything of what is invisible.
                Value::Text(text) => Value::of(Some(clean(&text))),
                other => other,
            },
            Expr::Unknown => Value::Nothing,
            Expr::Call(function, arguments) => {
                let arguments: Vec<Value> = arguments.iter().map(|argument| argument.value(values)).collect();
                function.call(&arguments, values)
            }
        }
    }
}

fn in_nodes(nodes: &[Node], found: &mut BTreeSet<Variable>) {
    for node in nodes {
        match node {
            Node::Text(_) => {}
            Node::Output(expr) => in_expr(expr, found),
            Node::If(branches, otherwise) => {
                for (condition, nodes) in branches {
                    in_expr(condition, found);
                    in_nodes(nodes, found);
                }
                in_nodes(otherwise, found);
            }
        }
    }
}

fn in_expr(expr: &Expr, found: &mut BTreeSet<Variable>) {
    match expr {
        Expr::Text(_) | Expr::Number(_) | Expr::Unknown => {}
        Expr::Variable(variable) => {
            found.insert(*variable);
        }
        Expr::Call(_, arguments) => arguments.iter().for_each(|argument| in_expr(argument, found)),
    }
}

#[cfg(test)]
mod tests;
