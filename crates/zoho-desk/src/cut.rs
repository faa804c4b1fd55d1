//! Owns how a text is made to fit, and how a marker is put into one and found again.
//! Must not know: which record it belongs to.
//!
//! Lengths are counted in UTF-16 units, as Java counts: never fewer than characters, so both readings of Zoho's limits
//! are kept.

/// A plain text of at most so many units, with `…` where something is missing.
pub(crate) fn plain(text: &str, longest: usize) -> String {
    let text = text.trim();
    if units(text) <= longest {
        return text.to_owned();
    }
    let mut left = longest.saturating_sub(1);
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if c.len_utf16() > left {
            break;
        }
        left -= c.len_utf16();
        end = at + c.len_utf8();
    }
    // Not in the middle of a composed sign.
    let kept = text.get(..end).unwrap_or_default().trim_end_matches('\u{200d}');
    format!("{}…", kept.trim_end())
}

/// The same for HTML: never cut inside a tag or an entity.
pub(crate) fn html(text: &str, longest: usize) -> String {
    let text = text.trim();
    if units(text) <= longest {
        return text.to_owned();
    }
    let mut left = longest.saturating_sub(1);
    let mut end = 0;
    let mut inside = None;
    for (at, c) in text.char_indices() {
        if c.len_utf16() > left {
            break;
        }
        left -= c.len_utf16();
        inside = match (inside, c) {
            (None, '<') => Some('>'),
            (None, '&') => Some(';'),
            (Some(close), c) if c == close => None,
            // A lone ampersand is none of an entity.
            (Some(';'), c) if !(c.is_ascii_alphanumeric() || c == '#') => None,
            (inside, _) => inside,
        };
        if inside.is_none() {
            end = at + c.len_utf8();
        }
    }
    format!("{}…", text.get(..end).unwrap_or_default().trim_end())
}

/// A text with the marker in a line of its own at its end, where it is not cut off.
pub(crate) fn marked_plain(text: &str, marker: &str, longest: usize) -> String {
    marked(plain(text, longest.saturating_sub(units(marker) + 2)), "\n\n", marker)
}

/// The same for HTML.
pub(crate) fn marked_html(text: &str, marker: &str, longest: usize) -> String {
    marked(html(text, longest.saturating_sub(units(marker) + 8)), "<br><br>", marker)
}

fn marked(text: String, between: &str, marker: &str) -> String {
    if matches!(text.as_str(), "" | "…") { marker.to_owned() } else { format!("{text}{between}{marker}") }
}

/// Whether a stored text has the marker in it. The text may be plain or HTML, and Desk may have rewritten its tags and
/// blanks; the marker is a whole word, so that call 1.2 is not taken for call 1.23.
pub(crate) fn has_marker(text: &str, marker: &str) -> bool {
    let text = visible(text);
    let word = |c: char| c.is_alphanumeric();
    text.match_indices(marker).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + marker.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(word) && !after.is_some_and(word)
    })
}

/// The text without tags, each run of blanks as one.
fn visible(text: &str) -> String {
    let text = text.replace("&nbsp;", " ").replace("&#160;", " ");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at(open);
        out.push_str(before);
        match tag.find('>') {
            Some(close) => {
                if !is_inline(tag.get(1..close).unwrap_or_default()) {
                    out.push(' ');
                }
                rest = tag.get(close + 1..).unwrap_or_default();
            }
            None => {
                rest = tag;
                break;
            }
        }
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether words on both sides of a tag are one. Desk makes links of what looks like a number or an address.
fn is_inline(tag: &str) -> bool {
    let name: String =
        tag.chars().skip_while(|c| *c == '/').take_while(char::is_ascii_alphanumeric).collect();
    ["a", "b", "em", "font", "i", "mark", "small", "span", "strong", "u"]
        .contains(&name.to_ascii_lowercase().as_str())
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_it_can_be() {
        for (text, longest, expected) in [
            ("short", 5, "short"),
            ("  short ", 5, "short"),
            ("too long", 5, "too…"),
            ("客户来电", 3, "客户…"),
            ("ab😀", 4, "ab😀"),
            ("ab😀c", 4, "ab…"),
            ("a👩\u{200d}🔧🔧", 6, "a👩…"),
            ("", 5, ""),
        ] {
            assert_eq!(plain(text, longest), expected, "{text}");
            assert!(units(&plain(text, longest)) <= longest);
        }
    }

    #[test]
    fn html_is_cut_between_tags_and_entities() {
        for (text, longest, expected) in [
            ("a &lt; b", 8, "a &lt; b"),
            ("a &lt; bcd", 5, "a…"),
            ("a<br>b<br>cccc", 8, "a<br>b…"),
            ("a & b & c & d", 6, "a & b…"),
            ("<b>", 2, "…"),
        ] {
            assert_eq!(html(text, longest), expected, "{text}");
        }
    }

    #[test]
    fn a_marker_is_never_cut_off() {
        let long = "x&amp;".repeat(100);
        for longest in [20, 50, 100] {
            let marked = marked_html(&long, "Call 1.2", longest);
            assert!(marked.ends_with("Call 1.2") && units(&marked) <= longest, "{marked}");
            assert!(has_marker(&marked, "Call 1.2"));
            let marked = marked_plain(&long, "Call 1.2", longest);
            assert!(marked.ends_with("Call 1.2") && units(&marked) <= longest, "{marked}");
        }
        assert_eq!(marked_html("", "Call 1.2", 100), "Call 1.2");
        assert_eq!(marked_plain("spoke", "Call 1.2", 100), "spoke\n\nCall 1.2");
    }

    #[test]
    fn a_marker_is_found_as_a_whole_word_however_desk_rewrote_the_text() {
        for (text, found) in [
            ("spoke\n\nCall 1.2", true),
            ("<div>spoke<br/>Call&nbsp;1.2</div>", true),
            ("Call\n  1.2, and more", true),
            ("a < b Call 1.2", true),
            ("Call 1.23", false),
            ("Recall 1.2", false),
            ("Call 11.2", false),
            ("Call <b>1.2</b>", true),
            ("<p>Call <a href=\"tel:1\">1</a>.2</p>", true),
            ("spoke<br>Call 1.2<br>bye", true),
            ("Call <A>1.2</A>3", false),
            ("", false),
        ] {
            assert_eq!(has_marker(text, "Call 1.2"), found, "{text}");
        }
    }
}
