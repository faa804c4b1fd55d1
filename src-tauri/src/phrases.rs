//! Sentences about a view, for the menu and notifications. Owns how text from outside is made harmless: a
//! caller's name and number are whatever the caller wants them to be.

use deskring_engine::view::{CallView, LinkState, LinkView, RecordView};
use deskring_wording::{Value, Words};

/// A name longer than this says nothing more.
pub(crate) const NAME: usize = 60;
pub(crate) const NUMBER: usize = 32;

/// One readable line: no control characters, no marks that turn text around, no line breaks, at most `most`
/// characters.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|&c| !is_hidden(c)).collect();
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length + 1 >= most {
                line.truncate(line.trim_end().len());
                line.push('…');
                return line;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}

/// Direction marks and invisible characters that could make one name look like another. Joiners stay:
/// Persian and emoji need them.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The record, when there is exactly one.
pub(crate) fn only_record(call: &CallView) -> Option<&RecordView> {
    match call.who.records.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// Name, company, number, or what stands for it.
pub(crate) fn caller(call: &CallView, words: &Words) -> String {
    if call.who.state == "hidden" {
        let is_out = call.direction.as_deref() == Some("outbound");
        return words.text(if is_out { "caller-hidden-outbound" } else { "caller-hidden-inbound" });
    }
    let record = only_record(call);
    let name = record.map(|record| clean(&record.name, NAME)).unwrap_or_default();
    if !name.is_empty() {
        return name;
    }
    let company = record.and_then(|record| record.company.as_deref()).map(|company| clean(company, NAME));
    if let Some(company) = company.filter(|company| !company.is_empty()) {
        return company;
    }
    let colleague = call.colleague.as_deref().map(|name| clean(name, NAME)).unwrap_or_default();
    if !colleague.is_empty() {
        return colleague;
    }
    let number = clean(&call.number_text, NUMBER);
    if call.who.state == "withheld" {
        words.text("caller-withheld")
    } else if number.is_empty() {
        words.text("caller-unknown")
    } else if call.direction.as_deref() == Some("internal") {
        words.with("caller-extension", &[("number", number.into())])
    } else {
        number
    }
}

/// A record in a list: name and company, or what there is.
pub(crate) fn record(record: &RecordView, words: &Words) -> String {
    let name = clean(&record.name, NAME);
    let company = clean(record.company.as_deref().unwrap_or_default(), NAME);
    let parts: Vec<&str> =
        [name.as_str(), company.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { words.of_code("record", &record.kind, &[]) } else { parts.join(" · ") }
}

/// The caller, with the number when a name comes first.
pub(crate) fn caller_and_number(call: &CallView, words: &Words) -> String {
    let caller = caller(call, words);
    let number = clean(&call.number_text, NUMBER);
    if only_record(call).is_none() || number.is_empty() || caller == number {
        caller
    } else {
        format!("{caller} · {number}")
    }
}

/// `Ringing: Wang Fang · 138 0013 8000`
pub(crate) fn state_of_call(call: &CallView, words: &Words) -> String {
    let phase = words.of_code("phase", &call.phase, &[]);
    words.with("tray-call", &[("phase", phase.into()), ("caller", caller_and_number(call, words).into())])
}

/// Why the Helpdesk button is disabled; `None` when it works.
pub(crate) fn button_off(call: &CallView, words: &Words) -> Option<String> {
    call.button_off.as_deref().map(|code| words.of_code("off", code, &[]))
}

/// `PBX: connection refused`
pub(crate) fn link(name: &'static str, link: &LinkView, words: &Words) -> String {
    let state = match link.state {
        LinkState::NotSetUp => "not_set_up",
        LinkState::Disabled => "disabled",
        LinkState::Connecting => "connecting",
        LinkState::Up => "up",
        LinkState::Down => "down",
        LinkState::Stopped => "stopped",
    };
    let text = match &link.cause {
        Some(cause) => words.of_code("cause", cause, &[]),
        None => words.of_code("link-state", state, &[]),
    };
    words.with("link-line", &[("link", words.text(name).into()), ("state", Value::from(text))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_becomes_one_readable_line() {
        assert_eq!(clean("  Wang\n\t Fang\u{7} ", 60), "Wang Fang");
        assert_eq!(clean("\u{202e}gnaF\u{2066}x\u{200b}y", 60), "gnaFxy");
        assert_eq!(
            clean("<b>bold</b> & co", 60),
            "<b>bold</b> & co",
            "escaping is the last step, and not here"
        );
        assert_eq!(clean("", 60), "");
        assert_eq!(clean("\u{200f}\u{1}", 60), "");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let long = "王".repeat(300);
        let cut = clean(&long, 60);
        assert_eq!(cut.chars().count(), 60);
        assert!(cut.ends_with('…'));
        assert_eq!(clean(&"a".repeat(59), 60).len(), 59);
        assert_eq!(clean("abcd efgh", 6), "abcd…");
    }
}
