//! What a clicked link asks for: `tel:`, `callto:`, `sip:`, and the program's own `deskring:`.
//!
//! Links are written by strangers. They are read as RFC 3966 (tel) and RFC 3261 §19.1 (sip) say, with the mistakes
//! people make in pages; what is left is only a number, an extension and keys to press later.

use super::escape::decoded;
use super::shown::Shown;
use super::written::{Written, post_dial};

/// Longer texts are not read at all.
pub(super) const LONGEST_TEXT: usize = 512;

/// A wish to call a number, however it came: see [`parse`](DialLink::parse) and [`typed`](DialLink::typed).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DialLink {
    pub(super) scheme: Option<Scheme>,
    pub(super) shown: Shown,
    pub(super) ext: Option<String>,
    pub(super) post_dial: String,
}

/// The kinds of links that can be dialed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// `tel:`, RFC 3966.
    Tel,
    /// `callto:`, as Skype and older programs write it.
    Callto,
    /// `sip:` whose user is a number.
    Sip,
    /// `sips:`, as `sip:`.
    Sips,
    /// `deskring:`, our own.
    Deskring,
}

/// Why nothing can be dialed for a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkFault {
    /// No link, or one that is none of ours.
    UnknownScheme,
    /// A `deskring:` link for something else.
    NotADialLink,
    /// There is no digit.
    NoNumber,
    /// Something in it cannot be a number.
    NotANumber,
    /// More than one number.
    SeveralNumbers,
    /// Keys for the PBX, such as `*73`: a page could forward all calls with them.
    FeatureCode,
    /// A percent escape that is none, or not UTF-8.
    BadEscape,
    /// A `sip:` link with a password; it is no business of ours.
    Password,
    /// Longer than any number or link.
    TooLong,
}

impl LinkFault {
    /// For catalogs and protocols.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownScheme => "unknown_scheme",
            Self::NotADialLink => "not_a_dial_link",
            Self::NoNumber => "no_number",
            Self::NotANumber => "not_a_number",
            Self::SeveralNumbers => "several_numbers",
            Self::FeatureCode => "feature_code",
            Self::BadEscape => "bad_escape",
            Self::Password => "password",
            Self::TooLong => "too_long",
        }
    }
}

impl Scheme {
    /// By the text before the colon, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let is = |scheme: &str| name.eq_ignore_ascii_case(scheme);
        match () {
            () if is("tel") => Some(Self::Tel),
            () if is("callto") => Some(Self::Callto),
            () if is("sip") => Some(Self::Sip),
            () if is("sips") => Some(Self::Sips),
            () if is("deskring") => Some(Self::Deskring),
            () => None,
        }
    }
}

impl DialLink {
    /// Reads a link.
    ///
    /// `tel:+1-212-555-0100;ext=12`, `callto:+12125550100`, `sip:+12125550100@pbx.example;user=phone`,
    /// `deskring:dial?number=%2B12125550100`, `deskring:+12125550100`; `//` after the colon and the case of the scheme
    /// do not matter. `;phone-context=+1-212` completes a local number, one with a domain leaves it local; other
    /// parameters are ignored. Percent escapes are decoded once.
    ///
    /// # Errors
    /// When it is not such a link, or asks for something that no link may ask for: see [`LinkFault`].
    pub fn parse(text: &str) -> Result<Self, LinkFault> {
        if text.len() > LONGEST_TEXT {
            return Err(LinkFault::TooLong);
        }
        let (name, rest) = text.trim().split_once(':').ok_or(LinkFault::UnknownScheme)?;
        let scheme = Scheme::named(name).ok_or(LinkFault::UnknownScheme)?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let address = rest.split_once('?').map_or(rest, |(address, _)| address);
        let link = match scheme {
            Scheme::Tel | Scheme::Callto => Self::subscriber(scheme, &pieces(address)?),
            Scheme::Sip | Scheme::Sips => Self::sip(scheme, address),
            Scheme::Deskring => Self::deskring(rest),
        }?;
        if link.is_code() { Err(LinkFault::FeatureCode) } else { Ok(link) }
    }

    /// What kind of link it was; none when it was typed.
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// The number for people: digits, a leading `+`, single separators. `*` and `#` only where somebody typed them.
    pub fn shown(&self) -> &str {
        self.shown.as_str()
    }

    /// The same without its separators, at most 24 digits and a `+`: what is asked to be called, before any plan.
    pub fn number(&self) -> String {
        self.shown.dialed()
    }

    /// The extension written after the number, at most 11 digits, for people to ask for. It is not dialed.
    pub fn ext(&self) -> Option<&str> {
        self.ext.as_deref()
    }

    /// What is to be pressed after the answer, at most 64 of `0`–`9`, `*`, `#`, `,` (a pause) and `;` (waiting). It is
    /// shown to the agent and neither dialed nor sent: a link could press keys of the PBX with it.
    pub fn post_dial(&self) -> Option<&str> {
        Some(self.post_dial.as_str()).filter(|keys| !keys.is_empty())
    }

    /// Whether it has `*` or `#`, which only a person may type.
    pub fn is_code(&self) -> bool {
        self.shown.is_code()
    }

    /// `number;parameter=value`, without its escapes.
    fn subscriber(scheme: Scheme, pieces: &[String]) -> Result<Self, LinkFault> {
        let (number, parameters) = pieces.split_first().ok_or(LinkFault::NoNumber)?;
        let (mut ext, mut context, mut keys) = (None, None, String::new());
        for parameter in parameters {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "ext" => ext = Some(digits_only(value)?),
                "phone-context" => context = context.or(Some(value)),
                // RFC 2806, the older tel.
                "postd" => keys.push_str(&post_dial(value)?),
                // `+12125550100;123`, as telephones write "wait, then 123".
                keyed if keyed.starts_with(|c: char| c.is_ascii_digit()) && value.is_empty() => {
                    keys.push(';');
                    keys.push_str(&post_dial(keyed)?);
                }
                _ => {}
            }
        }
        let in_context = match context {
            Some(context) if !number.trim_start().starts_with('+') => {
                format!("{} {number}", prefix_of_context(context)?)
            }
            Some(_) | None => number.clone(),
        };
        let written = Written::read(&in_context)?;
        Ok(Self {
            scheme: Some(scheme),
            shown: written.shown,
            ext: written.ext.or(ext),
            post_dial: post_dial(&(written.post_dial + &keys))?,
        })
    }

    /// `number@host;parameters`. The host says nothing: it is my PBX that calls.
    fn sip(scheme: Scheme, address: &str) -> Result<Self, LinkFault> {
        let user = match address.split_once('@') {
            Some((_, host)) if host.contains('@') => return Err(LinkFault::NotANumber),
            Some((user, _)) if user.contains(':') => return Err(LinkFault::Password),
            Some((user, _)) => user,
            // A host alone is no number, also when it is made of digits: `192.0.2.1`.
            None if address.contains(['.', ':', '[']) => return Err(LinkFault::NotANumber),
            None => address,
        };
        let pieces = pieces(user)?;
        let is_name = |number: &String| number.contains(char::is_alphabetic);
        if pieces.first().is_some_and(is_name) {
            return Err(LinkFault::NotANumber);
        }
        Self::subscriber(scheme, &pieces)
    }

    /// `dial?number=…` or the number itself.
    fn deskring(rest: &str) -> Result<Self, LinkFault> {
        let (action, query) = rest.split_once('?').unwrap_or((rest, ""));
        let action = action.trim_end_matches('/');
        if action.is_empty() {
            return Err(LinkFault::NotADialLink);
        }
        if !action.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Self::subscriber(Scheme::Deskring, &pieces(action)?);
        }
        if !action.eq_ignore_ascii_case("dial") {
            return Err(LinkFault::NotADialLink);
        }
        let values = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut numbers = values.filter(|(name, _)| *name == "number").map(|(_, value)| value);
        let number = numbers.next().ok_or(LinkFault::NoNumber)?;
        if numbers.next().is_some() {
            return Err(LinkFault::SeveralNumbers);
        }
        let number = decoded(&blanks(number))?;
        let pieces: Vec<String> = number.split(';').map(str::to_owned).collect();
        Self::subscriber(Scheme::Deskring, &pieces)
    }
}

/// What semicolons divide, each without its escapes: an escaped semicolon divides nothing.
fn pieces(address: &str) -> Result<Vec<String>, LinkFault> {
    address.split(';').map(decoded).collect()
}

/// Forms write a blank as `+`; in front it is what the author of a link forgot to escape.
fn blanks(value: &str) -> String {
    let (sign, rest) = match value.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", value),
    };
    format!("{sign}{}", rest.replace('+', " "))
}

/// `+1-212` of `phone-context=+1-212`; nothing of a domain.
fn prefix_of_context(context: &str) -> Result<&str, LinkFault> {
    let all = |text: &str, may: &[char]| text.chars().all(|c| c.is_ascii_digit() || may.contains(&c));
    let is_domain = context.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    match context.strip_prefix('+') {
        Some(digits) if all(digits, &['-', '.', '(', ')']) => Ok(context),
        None if is_domain && !context.is_empty() => Ok(""),
        Some(_) | None => Err(LinkFault::NotANumber),
    }
}

/// The digits of `ext=`.
fn digits_only(value: &str) -> Result<String, LinkFault> {
    let digits: String = value.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect();
    let is_ext = (1..=11).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    is_ext.then_some(digits).ok_or(LinkFault::NotANumber)
}
