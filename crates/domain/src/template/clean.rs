//! Owns how texts and values become part of a result: what is escaped, and what is left out because it is invisible
//! or turns the text around it.
//! Must not know: variables.

/// What a result is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Escape {
    /// Plain text.
    None,
    /// HTML: values are escaped, line breaks become `<br>`. What the template's author wrote may be markup and stays.
    Html,
}

/// Adds what the author wrote.
pub(super) fn text_into(text: &str, escape: Escape, out: &mut String) {
    match escape {
        Escape::None => out.push_str(text),
        Escape::Html => out.push_str(&text.replace("\r\n", "\n").replace(['\r', '\n'], "<br>")),
    }
}

/// Adds a value.
pub(super) fn value_into(value: &str, escape: Escape, out: &mut String) {
    let value = clean(value);
    match escape {
        Escape::None => out.push_str(&value),
        Escape::Html => {
            for c in value.chars() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    // Quotes too: an author may put a value into an attribute.
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    '\n' => out.push_str("<br>"),
                    other => out.push(other),
                }
            }
        }
    }
}

/// A value without what cannot be seen or reorders what can. Line breaks stay, as one character.
pub(super) fn clean(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push(' '),
            c if c.is_control() || is_hidden(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Marks of writing direction, which can make one number look like another, and characters without a shape. The two
/// joiners stay: languages and emoji are written with them.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
