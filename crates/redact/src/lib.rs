//! Values that hide themselves when printed: secrets, personal data and addresses with secrets in them.
//!
//! Owns: the rules for what a log line may show. Must not know: where the values come from or go to.
//!
//! Three kinds, three rules:
//! * [`Secret`] (tokens, passwords) prints nothing of its content;
//! * [`Pii`] (numbers, names) prints a mask from which nobody can be called or recognized;
//! * [`SafeUrl`] prints an address without user information and without the values of its query, because
//!   the PBX socket address and the OAuth redirect both carry a secret there.

use std::fmt;

pub use secrecy::{ExposeSecret, SecretString as Secret};
use url::Url;

/// What stands for everything that was left out of a number or a name.
const MASK: &str = "•••";
/// What stands for a part of an address that was left out.
const CUT: &str = "…";

/// Personal data: a telephone number, a name, a mail address. `Debug` and `Display` show a mask.
///
/// The mask is chosen by content: text that looks like a number becomes [`mask_number`], all other text
/// becomes [`mask_name`]. There is no `Deref` and no `AsRef`: reading the value is a visible decision
/// ([`Pii::expose`]).
///
/// ```
/// use deskring_redact::Pii;
/// assert_eq!(format!("{:?}", Pii::new("+1 555 010 0042")), "•••42");
/// assert_eq!(Pii::new("Ana Diaz").to_string(), "A•••");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Pii<T> {
        Pii(value)
    }

    /// The value itself, for using it, never for printing it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the value out of the wrapper.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Pii<T> {
        Pii(value)
    }
}

impl<T: AsRef<str>> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(self.0.as_ref()))
    }
}

impl<T: AsRef<str>> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(self.0.as_ref()))
    }
}

/// Masks a telephone number: `•••` and at most the last two digits, whatever the length and punctuation.
///
/// Of three digits only the last one stays, of two or fewer none: a short number would otherwise be shown
/// whole. An empty number stays empty, so that a log line can tell "no number" from "a number".
pub fn mask_number(number: &str) -> String {
    if number.trim().is_empty() {
        return String::new();
    }
    let digits: Vec<char> = number.chars().filter(|c| c.is_numeric()).collect();
    let keep = match digits.len() {
        0..=2 => 0,
        3 => 1,
        _ => 2,
    };
    let tail: String = digits.iter().skip(digits.len() - keep).collect();
    format!("{MASK}{tail}")
}

/// Masks a name: its first character (when that is a letter or digit) and `•••`. An empty name stays empty.
pub fn mask_name(name: &str) -> String {
    match name.trim().chars().next() {
        None => String::new(),
        // A control or formatting character must not reach a terminal or a log viewer.
        Some(first) if first.is_alphanumeric() => format!("{first}{MASK}"),
        Some(_) => MASK.to_owned(),
    }
}

/// Number or name? Dialable characters only, with at least one digit, is a number.
fn mask(text: &str) -> String {
    let dialable = |c: char| c.is_numeric() || c.is_whitespace() || "+-()./*#".contains(c);
    if text.chars().all(dialable) && text.chars().any(char::is_numeric) {
        mask_number(text)
    } else {
        mask_name(text)
    }
}

/// Prints an address without anything secret: no user information, every value of the query and the whole
/// fragment replaced by `…`. Names of query parameters stay; a query without `=` counts as a value. Of an
/// address without authority (`tel:`, `mailto:`) only the scheme stays, because its path is the number.
///
/// ```
/// use deskring_redact::SafeUrl;
/// let url = url::Url::parse("wss://pbx.example:8088/openapi/v1.0/subscribe?access_token=abc").unwrap();
/// assert_eq!(SafeUrl(&url).to_string(), "wss://pbx.example:8088/openapi/v1.0/subscribe?access_token=…");
/// ```
#[derive(Clone, Copy)]
pub struct SafeUrl<'a>(pub &'a Url);

impl fmt::Display for SafeUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        write!(f, "{}:", url.scheme())?;
        if url.cannot_be_a_base() {
            return f.write_str(CUT);
        }
        if let Some(host) = url.host_str() {
            write!(f, "//{host}")?;
            if let Some(port) = url.port() {
                write!(f, ":{port}")?;
            }
        }
        f.write_str(url.path())?;
        if let Some(query) = url.query() {
            f.write_str("?")?;
            for (index, pair) in query.split('&').enumerate() {
                if index > 0 {
                    f.write_str("&")?;
                }
                match pair.split_once('=') {
                    Some((name, _)) => write!(f, "{name}={CUT}")?,
                    None => f.write_str(CUT)?,
                }
            }
        }
        if url.fragment().is_some() {
            write!(f, "#{CUT}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SafeUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_nothing_of_its_content() {
        let secret = Secret::from("hunter2hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.expose_secret(), "hunter2hunter2");
    }

    #[test]
    fn a_number_keeps_at_most_its_last_two_digits() {
        let cases = [
            ("+1 (555) 010-0042", "•••42"),
            ("2002", "•••02"),
            ("112", "•••2"),
            ("42", "•••"),
            ("7", "•••"),
            ("anonymous", "•••"),
            ("٠١٢٣٤٥", "•••٤٥"),
            ("", ""),
            ("  ", ""),
        ];
        for (number, masked) in cases {
            assert_eq!(mask_number(number), masked, "{number:?}");
        }
    }

    #[test]
    fn a_name_keeps_its_first_character() {
        let cases = [
            ("Ana Diaz", "A•••"),
            ("  王小明", "王•••"),
            ("", ""),
            ("\u{202e}evil", "•••"),
            ("\u{1b}[31m", "•••"),
            ("<b>", "•••"),
        ];
        for (name, masked) in cases {
            assert_eq!(mask_name(name), masked, "{name:?}");
        }
    }

    #[test]
    fn personal_data_is_masked_by_what_it_is() {
        let cases = [
            ("+49 30 901820", "•••20"),
            ("*43#", "•••"),
            ("ana@example.com", "a•••"),
            ("O'Neil", "O•••"),
            ("", ""),
        ];
        for (value, masked) in cases {
            assert_eq!(format!("{}", Pii::new(value)), masked, "{value:?}");
            assert_eq!(format!("{:?}", Pii::new(value.to_owned())), masked, "{value:?}");
        }
        assert_eq!(Pii::new("x").expose(), &"x");
        assert_eq!(Pii::from("x".to_owned()).into_inner(), "x");
    }

    #[test]
    fn an_address_shows_no_user_and_no_value() {
        let cases = [
            ("https://pbx.example:8088/", "https://pbx.example:8088/"),
            (
                "https://user:pass@pbx.example/a/b?access_token=s3cret&x=1",
                "https://pbx.example/a/b?access_token=…&x=…",
            ),
            ("https://desk.example/cb?s3cret", "https://desk.example/cb?…"),
            ("https://desk.example/cb?a=b=s3cret", "https://desk.example/cb?a=…"),
            ("https://desk.example/cb?", "https://desk.example/cb?…"),
            ("https://desk.example/cb#access_token=s3cret", "https://desk.example/cb#…"),
            ("deskring://oauth/done?code=s3cret&state=s3cret", "deskring://oauth/done?code=…&state=…"),
            ("http://[::1]:80/x", "http://[::1]/x"),
            ("tel:+15550100042", "tel:…"),
            ("mailto:ana@example.com?subject=s3cret", "mailto:…"),
        ];
        for (raw, safe) in cases {
            let url = Url::parse(raw).unwrap();
            assert_eq!(SafeUrl(&url).to_string(), safe);
            assert_eq!(format!("{:?}", SafeUrl(&url)), safe);
            assert!(!safe.contains("s3cret"));
        }
    }
}
