//! Owns the search by what a person types: names, companies, mail addresses, parts of numbers. And the search for
//! somebody with the same mail address.
//! Must not know: windows, how often somebody types.
//!
//! These go out as other reads, so that typing never takes the slot of a ringing call's search.

use std::collections::BTreeSet;

use crate::Desk;
use crate::error::Error;
use crate::records::{Account, Contact, NameOrder, list};
use crate::search::{LARGEST_PAGE, PhoneField, distinct, page};

/// Fewer characters match half the portal. With the star that is sent behind them they are the three that Zoho
/// demands.
const SHORTEST: usize = 2;
/// Nobody types more; a pasted text is cut.
const LONGEST: usize = 100;
/// Fewer digits of a number match half the portal.
const SHORTEST_NUMBER: usize = 3;

impl Desk {
    /// Contacts by what somebody typed: a beginning of a name, a company or a mail address, or a part of a number. The
    /// last changed first; `limit` is cut to 1–99. Fewer than two usable characters ask nothing and find nobody.
    ///
    /// Credits: 3 for a mail address and for a single word, 6 (two requests) for a number, for several words and for
    /// a name in Chinese characters.
    ///
    /// QUIRK(zoho): some characters are operators of the search, others are refused, and nothing escapes either. The
    /// text up to the first of them is sent, and the hits are compared with all of it here.
    ///
    /// # Errors
    /// Any. Nothing that a person can type is an error.
    pub async fn find_contacts(&self, text: &str, limit: usize) -> Result<Vec<Contact>, Error> {
        let Some(typed) = Typed::new(text) else { return Ok(Vec::new()) };
        let rows = if typed.whole { limit } else { LARGEST_PAGE };
        let ask = |parameter, value: String| self.contacts_by(parameter, value, rows);
        let mut found = match typed.meaning() {
            Meaning::Mail(beginning) => ask("email", format!("{beginning}*")).await?,
            Meaning::Number(parts) => {
                let parts = starred("*", &parts);
                let phone = ask(PhoneField::Phone.parameter(), parts.clone());
                let (mut found, more) = tokio::try_join!(phone, ask(PhoneField::Mobile.parameter(), parts))?;
                found.extend(more);
                found
            }
            Meaning::Word(word) => ask("_all", format!("{word}*")).await?,
            Meaning::Name(orders) => {
                let any = ask("_all", format!("{}*", typed.sent));
                let (mut found, more) = tokio::try_join!(ask("fullName", starred("", &orders)), any)?;
                found.extend(more);
                found
            }
        };
        found.retain(|contact| {
            let company = contact.account.as_ref().and_then(|account| account.name.as_deref());
            let email = contact.email.as_deref();
            typed.fits(&[
                Some(&contact.name(NameOrder::ByScript)),
                Some(&spaced_name(contact)),
                company,
                email,
            ])
        });
        Ok(newest(found, limit, |contact| (contact.modified.clone(), contact.id.clone())))
    }

    /// Accounts whose name begins with what somebody typed: 3 credits. The last changed first; `limit` is cut to
    /// 1–99. Fewer than two usable characters ask nothing and find nobody. Characters as in
    /// [`Desk::find_contacts`].
    ///
    /// # Errors
    /// Any. Nothing that a person can type is an error.
    pub async fn find_accounts(&self, text: &str, limit: usize) -> Result<Vec<Account>, Error> {
        let Some(typed) = Typed::new(text) else { return Ok(Vec::new()) };
        let rows = if typed.whole { limit } else { LARGEST_PAGE };
        let query = vec![
            ("accountName", format!("{}*", typed.sent)),
            ("sortBy", "-modifiedTime".to_owned()),
            ("limit", page(rows)),
        ];
        let mut found: Vec<Account> =
            list(&self.http.send(self.read(&["accounts", "search"], query)?).await?)?;
        found.retain(|account| typed.fits(&[account.name.as_deref()]));
        Ok(newest(found, limit, |account| (account.modified.clone(), account.id.clone())))
    }

    /// Contacts with this mail address, the last changed first: 3 credits. To be asked before a contact is created
    /// and after Desk refused one as a [duplicate](Error::is_duplicate). A record of the last minutes is not found.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::Kind::BadRequest) with the field `email`, without sending anything, for what is no
    /// address or has characters that the search refuses or takes for operators; otherwise any.
    pub async fn contacts_with_email(&self, email: &str) -> Result<Vec<Contact>, Error> {
        let email = email.trim();
        let parts = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
        let plain = email.chars().all(|c| passes(c) && !c.is_whitespace() && !is_invisible(c));
        if !parts || !plain || email.chars().count() > 255 {
            return Err(Error::refused_here("email"));
        }
        let found = self.contacts_by("email", email.to_owned(), LARGEST_PAGE).await?;
        Ok(newest(found, LARGEST_PAGE, |contact| (contact.modified.clone(), contact.id.clone())))
    }

    async fn contacts_by(
        &self,
        parameter: &'static str,
        value: String,
        limit: usize,
    ) -> Result<Vec<Contact>, Error> {
        let query = vec![(parameter, value), ("sortBy", "-modifiedTime".to_owned()), ("limit", page(limit))];
        list(&self.http.send(self.read(&["contacts", "search"], query)?).await?)
    }
}

/// What somebody typed, as far as it can be asked for.
struct Typed {
    /// A part of it without operators and refused characters.
    sent: String,
    /// Whether that is all of it; otherwise hits are to be compared with the words.
    whole: bool,
    /// All of it without invisible characters.
    text: String,
}

/// What a text looks like.
#[derive(Debug, Eq, PartialEq)]
enum Meaning {
    /// The beginning of a mail address.
    Mail(String),
    /// A number as it may be written, in several ways.
    Number(Vec<String>),
    /// One word: of a name, a company, anything.
    Word(String),
    /// A name in several orders of its parts.
    Name(Vec<String>),
}

impl Typed {
    fn new(text: &str) -> Option<Typed> {
        let visible: String = text
            .chars()
            .filter(|c| !is_invisible(*c))
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let text: String = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().take(LONGEST).collect();
        let text = text.trim().to_owned();
        let mut runs = text.split(|c| !passes(c)).map(str::trim);
        let sent =
            runs.find(|run| run.chars().filter(|c| c.is_alphanumeric()).count() >= SHORTEST)?.to_owned();
        Some(Typed { whole: sent == text, sent, text })
    }

    fn meaning(&self) -> Meaning {
        let digits: String = self.text.chars().filter(char::is_ascii_digit).collect();
        let of_number = |c: char| c.is_ascii_digit() || "+-./() ".contains(c);
        if digits.len() >= SHORTEST_NUMBER && self.text.chars().all(of_number) {
            // A number may be stored with its blanks, without them, or with a country code for its zeros.
            let national = digits.trim_start_matches('0').to_owned();
            let as_typed = if self.whole { self.sent.clone() } else { digits.clone() };
            let mut parts = vec![as_typed, digits, national];
            parts.retain(|part| part.len() >= SHORTEST_NUMBER);
            distinct(&mut parts, Clone::clone);
            return Meaning::Number(parts);
        }
        if self.whole && self.sent.contains('@') && !self.sent.starts_with('@') && !self.sent.contains(' ') {
            return Meaning::Mail(self.sent.clone());
        }
        let orders = orders(&self.sent);
        if orders.len() > 1 { Meaning::Name(orders) } else { Meaning::Word(self.sent.clone()) }
    }

    /// Whether a hit for a part of the text is one for all of it.
    fn fits(&self, values: &[Option<&str>]) -> bool {
        if self.whole || matches!(self.meaning(), Meaning::Number(_)) {
            return true;
        }
        let hit = values.iter().flatten().copied().collect::<Vec<_>>().join(" ").to_lowercase();
        let text = self.text.to_lowercase();
        text.split(|c: char| !c.is_alphanumeric()).all(|word| hit.contains(word))
    }
}

/// A full name with its parts in the orders in which Desk may have them: given name first.
fn orders(text: &str) -> Vec<String> {
    let mut orders = vec![text.to_owned()];
    if let (Some((first, after)), Some((before, last))) = (text.split_once(' '), text.rsplit_once(' ')) {
        orders.push(format!("{after} {first}"));
        orders.push(format!("{last} {before}"));
    } else if text.chars().all(is_han) {
        // Written last name first and without a blank; last names have one character or two.
        for (at, _) in text.char_indices().skip(1).take(2) {
            let (last, first) = text.split_at(at);
            orders.push(format!("{first} {last}"));
        }
    }
    distinct(&mut orders, Clone::clone);
    orders
}

/// Joined by Zoho's "or", each with a star behind it.
fn starred(before: &str, values: &[String]) -> String {
    values.iter().map(|value| format!("{before}{value}*")).collect::<Vec<_>>().join(",")
}

fn spaced_name(contact: &Contact) -> String {
    [contact.first_name.as_deref(), contact.last_name.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// What the search takes and takes literally. `, * ? $ { }` are operators; of the others below U+0080 only these
/// pass its pattern.
fn passes(c: char) -> bool {
    !c.is_ascii() || c.is_ascii_alphanumeric() || "_+-.@:'/! ".contains(c)
}

/// Characters that change how others are read and leave no mark themselves: they come along when text is copied.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

/// The last changed first, each once, at most so many.
fn newest<T, I: Ord>(mut found: Vec<T>, limit: usize, key: impl Fn(&T) -> (Option<String>, I)) -> Vec<T> {
    let mut seen = BTreeSet::new();
    found.retain(|item| seen.insert(key(item).1));
    found.sort_by_cached_key(|item| std::cmp::Reverse(key(item).0));
    found.truncate(limit.clamp(1, LARGEST_PAGE));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> Option<Meaning> {
        Typed::new(text).map(|typed| typed.meaning())
    }

    fn sent(text: &str) -> Option<String> {
        Typed::new(text).map(|typed| typed.sent)
    }

    #[test]
    fn a_text_is_taken_for_what_it_looks_like() {
        let list = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        assert_eq!(meaning("lin@exa"), Some(Meaning::Mail("lin@exa".into())));
        assert_eq!(meaning("@exa"), Some(Meaning::Word("@exa".into())));
        assert_eq!(meaning("+49 89"), Some(Meaning::Number(list(&["+49 89", "4989"]))));
        assert_eq!(meaning("(089) 123"), Some(Meaning::Number(list(&["089123", "89123"]))));
        assert_eq!(meaning("42"), Some(Meaning::Word("42".into())));
        assert_eq!(meaning(" Li "), Some(Meaning::Word("Li".into())));
        assert_eq!(meaning("Jing  Lin"), Some(Meaning::Name(list(&["Jing Lin", "Lin Jing"]))));
        assert_eq!(
            meaning("Ana del Mar"),
            Some(Meaning::Name(list(&["Ana del Mar", "del Mar Ana", "Mar Ana del"])))
        );
        assert_eq!(meaning("陈静"), Some(Meaning::Name(list(&["陈静", "静 陈"]))));
        assert_eq!(meaning("欧阳静"), Some(Meaning::Name(list(&["欧阳静", "阳静 欧", "静 欧阳"]))));
    }

    #[test]
    fn operators_and_refused_characters_are_never_sent() {
        for (text, wanted) in [
            ("", None),
            (" a ", None),
            ("**", None),
            ("--", None),
            ("${notempty}", Some("notempty")),
            ("Müller & Co (HK)", Some("Müller")),
            ("(HK) Trading", Some("HK")),
            ("a*b?Acme", Some("Acme")),
            ("Lin, Jing", Some("Lin")),
            ("<b>Acme</b>", Some("Acme")),
            ("A\u{202e}cme\u{200b}\n\tLtd\u{0}", Some("Acme Ltd")),
            ("O'Neil", Some("O'Neil")),
        ] {
            assert_eq!(sent(text).as_deref(), wanted, "{text:?}");
        }
        assert_eq!(sent(&"长".repeat(300)).unwrap().chars().count(), LONGEST);
    }

    #[test]
    fn hits_for_a_part_are_compared_with_all_of_it() {
        let typed = Typed::new("Müller & Co (HK)").unwrap();
        assert!(!typed.whole);
        assert!(typed.fits(&[Some("MÜLLER & Co. (HK) Ltd")]));
        assert!(!typed.fits(&[Some("Müller GmbH"), None]));
    }
}
