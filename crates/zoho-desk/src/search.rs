//! Owns the search for records by number: what may be asked, and in how few requests.
//! Must not know: how a number is normalized. It sends the forms it is given; whether a hit really is the
//! caller is for the caller of this code to decide.

use crate::Desk;
use crate::error::Error;
use crate::http::{Action, Request, address_of};
use crate::records::{Account, Contact, list};

/// The most values Zoho accepts in one search parameter, joined by commas.
pub const MOST_FORMS: usize = 30;
/// What one search costs.
pub const SEARCH_CREDITS: u64 = 3;
/// QUIRK(zoho): the documented maximum moved from 99 to 100 between versions.
pub(crate) const LARGEST_PAGE: usize = 99;
/// A shorter ending would match half the portal.
const SHORTEST_ENDING: usize = 3;

/// Which number of a contact is searched.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum PhoneField {
    /// The field `phone`.
    Phone,
    /// The field `mobile`.
    Mobile,
}

impl PhoneField {
    /// The API name of the field, which is also the parameter of the search.
    pub fn parameter(self) -> &'static str {
        match self {
            PhoneField::Phone => "phone",
            PhoneField::Mobile => "mobile",
        }
    }
}

/// One way a number may be stored.
///
/// QUIRK(zoho): the search compares with the stored text, not with its digits.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub enum Form {
    /// The whole stored text, such as `+498912345678`.
    Exact(String),
    /// The end of the stored text, with the blanks, dashes and dots it may be written with; sent as `*12345678`.
    /// Only `phone` and `mobile` take a star in front.
    EndsWith(String),
}

impl Form {
    /// The value to send, or `None` when it has characters the search refuses or takes for operators.
    fn value(&self) -> Option<String> {
        match self {
            Form::Exact(text) => {
                // Zoho's class also has `, * $ { } ?`, which are operators there, and letters, which no number has.
                let plain =
                    |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '/' | ' ' | '_');
                let digit = text.bytes().any(|byte| byte.is_ascii_digit());
                (digit && text.len() <= 50 && text.trim() == text && text.chars().all(plain))
                    .then(|| text.clone())
            }
            Form::EndsWith(ending) => {
                let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b' ');
                let digits = ending.bytes().filter(u8::is_ascii_digit).count();
                let whole = ending.trim() == ending && ending.bytes().all(plain);
                (whole && (SHORTEST_ENDING..=30).contains(&digits)).then(|| format!("*{ending}"))
            }
        }
    }
}

impl Desk {
    /// Contacts whose number is stored in one of these forms: one request, 3 credits. No form, no request.
    ///
    /// `limit` is cut to 1–99. Trashed and deleted contacts and doubles are left out. A new or changed record
    /// appears here only after a while (Zoho's index lags by up to some minutes).
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::Kind::BadRequest), without sending anything, for more than [`MOST_FORMS`]
    /// forms or a form with characters outside `A–Z a–z 0–9 + - . / _` and blank (parentheses among them, which
    /// Zoho answers with 422); otherwise any.
    pub async fn search_contacts(
        &self,
        field: PhoneField,
        forms: &[Form],
        limit: usize,
    ) -> Result<Vec<Contact>, Error> {
        if forms.is_empty() {
            return Ok(Vec::new());
        }
        let request = self.search(contacts_by_number(field, forms, limit)?)?;
        let mut contacts: Vec<Contact> = list(&self.http.send(request).await?)?;
        distinct(&mut contacts, |contact| contact.id.clone());
        Ok(contacts)
    }

    /// Accounts that contain this text in any field: one request, 3 credits.
    ///
    /// QUIRK(zoho): accounts cannot be searched by phone, so a number goes here and the hit's own
    /// [`Account::phone`] must be compared.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::Kind::BadRequest), without sending anything, for a text shorter than 3 or
    /// longer than 100 characters or with characters that the search refuses or takes for operators; otherwise any.
    pub async fn search_accounts(&self, text: &str, limit: usize) -> Result<Vec<Account>, Error> {
        let request = self.search(accounts_by_text(text, limit)?)?;
        let mut accounts: Vec<Account> = list(&self.http.send(request).await?)?;
        distinct(&mut accounts, |account| account.id.clone());
        Ok(accounts)
    }

    /// What [`Desk::search_contacts`] sends, for people who ask: path and parameters behind the host, encoded.
    ///
    /// # Errors
    /// As there, before sending.
    pub fn contacts_target(&self, field: PhoneField, forms: &[Form], limit: usize) -> Result<String, Error> {
        self.target(contacts_by_number(field, forms, limit)?)
    }

    /// What [`Desk::search_accounts`] sends.
    ///
    /// # Errors
    /// As there, before sending.
    pub fn accounts_target(&self, text: &str, limit: usize) -> Result<String, Error> {
        self.target(accounts_by_text(text, limit)?)
    }

    fn search(&self, Search { path, query }: Search) -> Result<Request, Error> {
        Ok(Request { action: Action::Search, path, query, organization: self.organization_header()? })
    }

    fn target(&self, Search { path, query }: Search) -> Result<String, Error> {
        let address = address_of(&self.hosts().desk, &path, &query)?;
        let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(format!("{}{query}", address.path()))
    }
}

/// What is the same for every organization.
struct Search {
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
}

fn contacts_by_number(field: PhoneField, forms: &[Form], limit: usize) -> Result<Search, Error> {
    if forms.len() > MOST_FORMS {
        return Err(Error::refused_here(field.parameter()));
    }
    let values: Option<Vec<String>> = forms.iter().map(Form::value).collect();
    let values = values.ok_or_else(|| Error::refused_here(field.parameter()))?;
    Ok(Search {
        path: vec!["contacts".into(), "search".into()],
        // `from` is left out: sources disagree whether the first page is 0 or 1.
        query: vec![(field.parameter(), values.join(",")), ("limit", page(limit))],
    })
}

fn accounts_by_text(text: &str, limit: usize) -> Result<Search, Error> {
    let text = text.trim();
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '+' | '-' | '.' | '/' | ' ' | '_' | '@' | '\'' | ':');
    if !(3..=100).contains(&text.chars().count()) || !text.chars().all(plain) {
        return Err(Error::refused_here("_all"));
    }
    Ok(Search {
        path: vec!["accounts".into(), "search".into()],
        query: vec![("_all", text.to_owned()), ("limit", page(limit))],
    })
}

pub(crate) fn page(limit: usize) -> String {
    limit.clamp(1, LARGEST_PAGE).to_string()
}

pub(crate) fn distinct<T, K: Ord>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = std::collections::BTreeSet::new();
    items.retain(|item| seen.insert(key(item)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_sent_only_in_the_permitted_characters() {
        let exact = |text: &str| Form::Exact(text.into()).value();
        assert_eq!(exact("+498912345678"), Some("+498912345678".into()));
        assert_eq!(exact("+49 89 123-45.67/8"), Some("+49 89 123-45.67/8".into()));
        for hostile in [
            "",
            " ",
            "(089) 123",
            "12#34",
            "1&2",
            "*123",
            "123*",
            "1,2",
            "${empty}",
            "12?",
            "1\n2",
            " 123",
            "++",
        ] {
            assert_eq!(exact(hostile), None, "{hostile:?}");
        }
        let ending = |digits: &str| Form::EndsWith(digits.into()).value();
        assert_eq!(ending("12345678"), Some("*12345678".into()));
        assert_eq!(ending("555-0100"), Some("*555-0100".into()));
        for hostile in ["", "12", "+123", "*123", "１２３", "123 ", "1-2", "(5) 550"] {
            assert_eq!(ending(hostile), None, "{hostile:?}");
        }
    }
}
