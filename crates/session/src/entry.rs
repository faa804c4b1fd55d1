//! Files of groups with keys and values, after the Desktop Entry specification: read leniently, and one command
//! line written and compared. Must not know: which file means what.
//!
//! <https://specifications.freedesktop.org/desktop-entry-spec/latest/>

use std::fs;
use std::path::Path;

const MAIN_GROUP: &str = "Desktop Entry";

/// One file. A line that cannot be read costs that line only.
pub(crate) struct Entry(String);

impl Entry {
    /// `None` where there is no file, or none that may be read.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        // Also keeps away from a pipe that nobody fills.
        if !path.is_file() {
            return None;
        }
        Some(Self(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned()))
    }

    /// The value as it stands in the file; of several the last.
    pub(crate) fn value(&self, group: &str, key: &str) -> Option<&str> {
        let mut inside = false;
        let mut found = None;
        for line in self.0.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[') {
                inside = name.strip_suffix(']') == Some(group);
            } else if inside
                && let Some((name, value)) = line.split_once('=')
                && name.trim_end() == key
            {
                found = Some(value.trim_start());
            }
        }
        found
    }

    /// The parts of a list, those without content left out.
    pub(crate) fn list(&self, group: &str, key: &str) -> impl Iterator<Item = &str> {
        self.value(group, key).unwrap_or_default().split(';').map(str::trim).filter(|part| !part.is_empty())
    }

    /// A text of the main group.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.value(MAIN_GROUP, key).map(unescaped)
    }

    /// Whether the main group says exactly this of a key.
    pub(crate) fn says(&self, key: &str, value: &str) -> bool {
        self.value(MAIN_GROUP, key) == Some(value)
    }

    /// Whether the entry counts on a desktop with these names.
    pub(crate) fn is_for<'a>(&self, mut desktops: impl Iterator<Item = &'a str>) -> bool {
        let only: Vec<&str> = self.list(MAIN_GROUP, "OnlyShowIn").collect();
        let not: Vec<&str> = self.list(MAIN_GROUP, "NotShowIn").collect();
        let first_named = desktops.find(|name| only.contains(name) || not.contains(name));
        first_named.map_or(only.is_empty(), |name| only.contains(&name))
    }

    /// The program that `Exec` starts, as it is written there: a path or a name, that behind an `env`. `None` when
    /// there is none.
    pub(crate) fn program(&self) -> Option<String> {
        let exec = self.text("Exec")?;
        let mut words = arguments(&exec).into_iter();
        let first = words.next()?;
        if first == "env" || first == "/usr/bin/env" {
            words.find(|word| !word.contains('='))
        } else {
            Some(first)
        }
    }
}

/// Whether what an entry starts is this program.
pub(crate) fn is_same(found: &str, program: &Path) -> bool {
    let found = Path::new(found);
    if found.components().count() == 1 {
        // A bare name is looked for when it is started; then it is ours.
        return program.file_name() == Some(found.as_os_str());
    }
    found == program
        || matches!((found.canonicalize(), program.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The start of an `Exec` line for a program; `None` for a path that cannot stand in one.
///
/// GLib looks for the program before it turns `%%` into `%`, and does not find it; for an argument it does it in time.
/// To `env`, what has an equals sign is no program.
pub(crate) fn started(path: &str) -> Option<String> {
    let through = match (path.contains('%'), path.contains('=')) {
        (false, _) => "",
        (true, false) => "env ",
        (true, true) => return None,
    };
    Some(format!("{through}{}", quoted(path)))
}

/// One argument of `Exec`, as it must stand in the file. It cannot hold control characters.
///
/// Two layers: the argument is quoted for the command line, and what comes of it is escaped like every text.
fn quoted(argument: &str) -> String {
    let mut line = String::from('"');
    for c in argument.chars() {
        match c {
            '"' | '`' | '$' | '\\' => line.extend(['\\', c]),
            '%' => line.push_str("%%"),
            _ => line.push(c),
        }
    }
    line.push('"');
    line.replace('\\', r"\\")
}

fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('s') => text.push(' '),
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('\\') | None => text.push('\\'),
                Some(other) => text.extend(['\\', other]),
            },
            _ => text.push(c),
        }
    }
    text
}

/// As desktops read it, which is more generous than the specification: quotes of both kinds, anywhere. Empty
/// arguments are left out.
fn arguments(line: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let Some(argument) = arguments.last_mut() else { break };
        match (quote, c) {
            (None, ' ' | '\t' | '\n') => arguments.push(String::new()),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None | Some('"'), '\\') => argument.extend(chars.next()),
            (_, '%') => {
                // `%%` is a percent sign; any other code stands for a file or an address.
                if chars.next() == Some('%') {
                    argument.push('%');
                }
            }
            _ => argument.push(c),
        }
    }
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(exec: &str) -> Option<String> {
        Entry(format!("[Desktop Entry]\nExec={exec}\n")).program()
    }

    #[test]
    fn a_quoted_argument_is_escaped_in_both_layers() {
        assert_eq!(quoted("/opt/a b"), r#""/opt/a b""#);
        assert_eq!(quoted(r#"$`"\%"#), r#""\\$\\`\\"\\\\%%""#);
    }

    #[test]
    fn what_was_quoted_is_read_back() {
        for path in ["/usr/bin/deskring", r#"/opt/it's "5%" of $HOME\`x`/桌面 铃/deskring"#, "/a b/%U"] {
            assert_eq!(program(&format!("{} --hidden", quoted(path))).as_deref(), Some(path));
        }
    }

    #[test]
    fn programs_are_read_as_other_writers_put_them() {
        assert_eq!(program("deskring --hidden").as_deref(), Some("deskring"));
        assert_eq!(program(r"/opt/a\\ b/deskring %U").as_deref(), Some("/opt/a b/deskring"));
        assert_eq!(program("'/opt/a b'/deskring").as_deref(), Some("/opt/a b/deskring"));
        assert_eq!(program("env LANG=C \"/opt/a b\" --hidden").as_deref(), Some("/opt/a b"));
        for nothing in ["", "\"\"", "%U", "env LANG=C"] {
            assert_eq!(program(nothing), None, "{nothing}");
        }
        assert_eq!(program("\"/opt/never closed").as_deref(), Some("/opt/never closed"));
    }

    #[test]
    fn keys_of_another_group_and_comments_do_not_count() {
        let entry = Entry(
            "Exec=a\n# Exec=b\n[Desktop Entry]\nbroken\nExec = c\nExec[zh_CN]=d\n[Desktop Action x]\nExec=e\n"
                .into(),
        );
        assert_eq!(entry.program().as_deref(), Some("c"));
        assert!(!entry.says("Exec", "a"));
    }

    #[test]
    fn an_entry_may_be_for_some_desktops_only() {
        let entry = |line: &str| Entry(format!("[Desktop Entry]\n{line}\n"));
        let names = || ["ubuntu", "GNOME"].into_iter();
        assert!(entry("").is_for(names()));
        assert!(entry("OnlyShowIn=KDE;GNOME;").is_for(names()));
        assert!(!entry("OnlyShowIn=KDE;").is_for(names()));
        assert!(!entry("OnlyShowIn=KDE;").is_for([].into_iter()));
        assert!(!entry("NotShowIn=GNOME;").is_for(names()));
        assert!(entry("NotShowIn=KDE;").is_for(names()));
    }
}
