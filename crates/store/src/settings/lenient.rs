//! Owns reading text as a hand wrote it: `"extensions": [1001]`, blanks, what was pasted along.
//! Must not know: which keys there are.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::tidy;

struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }
}

/// Takes one text apart.
struct ManyVisitor(fn(&str) -> Vec<String>);

impl<'de> Visitor<'de> for ManyVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(self.0(text))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<String>, E> {
        Ok(vec![number.to_string()])
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
        let mut all = Vec::new();
        while let Some(text) = list.next_element::<Text>()? {
            all.extend(self.0(&text.0));
        }
        Ok(all)
    }
}

/// A list, or one text with all of them.
pub(super) fn extensions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(ManyVisitor(tidy::extensions))
}

/// A list, or one text with all of them.
pub(super) fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(ManyVisitor(tidy::addresses))
}

/// A list of one-line texts for people.
pub(super) fn list_of_lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<Text>::deserialize(deserializer)?;
    Ok(texts.iter().map(|text| tidy::line(&text.0)).collect())
}

/// One line for people.
pub(super) fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(tidy::line(&Text::deserialize(deserializer)?.0))
}

/// Lines for people.
pub(super) fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(tidy::lines(&Text::deserialize(deserializer)?.0))
}

/// A port, also as a text.
pub(super) fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let text = tidy::technical(&Text::deserialize(deserializer)?.0);
    text.parse().map_err(|_| D::Error::custom("a port is a number up to 65535"))
}

/// Credits a day, also as a text.
pub(super) fn credits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let text = tidy::technical(&Text::deserialize(deserializer)?.0);
    text.parse().map_err(|_| D::Error::custom("credits are a number up to 65535"))
}

/// Texts that may be missing; null and what is empty after tidying mean "not set".
macro_rules! optional {
    ($($(#[$doc:meta])* $name:ident by $tidy:path;)*) => {$(
        $(#[$doc])*
        pub(super) fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
            let text = Option::<Text>::deserialize(deserializer)?;
            Ok(text.map(|text| $tidy(&text.0)).filter(|text| !text.is_empty()))
        }
    )*};
}

optional! {
    /// An id, digits, a prefix.
    technical by tidy::technical;
    /// The address of a server.
    address by tidy::address;
    /// The code of a country.
    country by tidy::country;
    /// A fingerprint.
    fingerprint by tidy::fingerprint;
    /// A time of the day.
    time by tidy::time;
    /// A keyboard shortcut.
    shortcut by tidy::shortcut;
    /// One line for people.
    optional_line by tidy::line;
}
