//! Owns making pasted text what its key means: `\u{202a}ｈｔｔｐｓ：／／pbx.example.com／` is an address.
//! Must not know: which keys there are; what is too long or wrong (see `check`): nothing is cut off here.

/// What nobody sees and nobody types: joiners, soft hyphens, marks of direction, order and variation.
pub(super) fn invisible(c: char) -> bool {
    turns_direction(c)
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}')
        || matches!(c, '\u{206a}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Unicode's `Bidi_Control`: makes a text look like another one.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Chinese and Japanese keyboards write ASCII twice as wide, at a fixed distance.
fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// An id, digits, a prefix: no control, no-break blank or invisible character, no blanks around it, ASCII in its
/// usual width.
pub(super) fn technical(text: &str) -> String {
    let kept = text.chars().map(half_width).filter(|c| {
        let no_break = matches!(c, '\u{a0}' | '\u{202f}' | '\u{2028}' | '\u{2029}');
        !no_break && !c.is_control() && !invisible(*c)
    });
    kept.collect::<String>().trim().to_owned()
}

/// A technical text in which blanks mean nothing at all.
fn without_blanks(text: &str) -> String {
    technical(text).split_whitespace().collect()
}

/// The address of a server; people copy it with the slash of its start page.
pub(super) fn address(text: &str) -> String {
    technical(text).trim_end_matches('/').to_owned()
}

/// The code of a country.
pub(super) fn country(text: &str) -> String {
    technical(text).to_ascii_uppercase()
}

/// A fingerprint, also as OpenSSL prints it: `sha256 Fingerprint=AB:CD:…`.
pub(super) fn fingerprint(text: &str) -> String {
    let text = without_blanks(text);
    text.rsplit_once('=').map_or(text.as_str(), |(_, hex)| hex).to_owned()
}

/// A time of the day; the hour may lack its zero.
pub(super) fn time(text: &str) -> String {
    let text = without_blanks(text);
    if text.find(':') == Some(1) { format!("0{text}") } else { text }
}

/// A keyboard shortcut.
pub(super) fn shortcut(text: &str) -> String {
    without_blanks(text)
}

/// Extensions, one or many: `1001, 1002；1003`.
pub(super) fn extensions(text: &str) -> Vec<String> {
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '；' | '、');
    text.split(separates).map(technical).filter(|one| !one.is_empty()).collect()
}

/// Addresses of servers, one or many.
pub(super) fn addresses(text: &str) -> Vec<String> {
    extensions(text).iter().map(|one| address(one)).filter(|one| !one.is_empty()).collect()
}

/// Words for people, one line: all its characters but controls, and no blanks around it.
pub(super) fn line(text: &str) -> String {
    lines(text).replace('\n', " ").trim().to_owned()
}

/// Words for people, with `\n` between lines: all its characters but controls.
pub(super) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some('\n'),
            '\t' => Some(' '),
            _ => (!c.is_control() && !turns_direction(c)).then_some(c),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_around_a_technical_text_is_gone() {
        for pasted in [
            "\t1001\r\n",
            "\u{a0}10\u{200b}01 ",
            "\u{202e}1001\u{202c}",
            "１００１\u{3000}",
            "1\u{0}001\u{feff}",
        ] {
            assert_eq!(technical(pasted), "1001", "{pasted:?}");
        }
        assert_eq!(technical("十号"), "十号", "what is not understood is not invented");
        assert_eq!(technical("<script>alert(1)</script>"), "<script>alert(1)</script>");
    }

    #[test]
    fn each_kind_of_text_is_read_as_what_it_means() {
        assert_eq!(
            address("\u{200e}ｈｔｔｐｓ：／／pbx.example.com:8088／\n"),
            "https://pbx.example.com:8088"
        );
        assert_eq!(address(" https://pbx.example.com// "), "https://pbx.example.com");
        assert_eq!(country(" ｃｎ"), "CN");
        assert_eq!(fingerprint("sha256 Fingerprint=AB:CD\u{200b}:\nEF"), "AB:CD:EF");
        assert_eq!(fingerprint("ab cd ef"), "abcdef");
        assert_eq!(time("９：３０"), "09:30");
        assert_eq!(time("22 : 00"), "22:00");
        assert_eq!(shortcut("Ctrl + Alt + D"), "Ctrl+Alt+D");
        assert_eq!(
            extensions("1001, １００２；1003、\n1004 1005\u{3000}\u{202e}1006,,"),
            ["1001", "1002", "1003", "1004", "1005", "1006"]
        );
        assert_eq!(extensions(" \u{200b} "), [""; 0]);
    }

    #[test]
    fn words_for_people_keep_their_characters() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(
            line(&format!(" Ｃall\u{a0}from\r\n{{{{Call_From}}}}\t{family}\u{7}\u{202e} ")),
            format!("Ｃall\u{a0}from {{{{Call_From}}}} {family}")
        );
        assert_eq!(lines("a\r\nb\rc\u{2028}d\n\n e\u{1b}[31m\u{2066}"), "a\nb\nc\nd\n\n e[31m");
    }

    #[test]
    fn long_pastes_are_tidied_at_once_and_not_shortened() {
        let hostile: String = "\u{202e}９\u{200b}\n".repeat(250_000);
        let began = std::time::Instant::now();
        assert_eq!(technical(&hostile).len(), 250_000);
        assert_eq!(fingerprint(&hostile).len(), 250_000);
        assert_eq!(extensions(&hostile).len(), 250_000);
        assert_eq!(line(&hostile).chars().filter(|c| *c == '９').count(), 250_000);
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "a million characters");
    }
}
