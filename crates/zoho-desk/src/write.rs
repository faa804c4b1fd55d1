//! Owns what a person writes: contacts and accounts, new or with one number more. Each request goes out once.
//! Must not know: who typed it, where a draft is kept.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Number, Value};

use crate::Desk;
use crate::error::{Error, FieldError, FieldProblem, Kind};
use crate::form::{Module, is_custom};
use crate::http::{Action, Request, Verb};
use crate::records::{Account, AccountId, Contact, ContactId, Record, gone, living, one, text};
use crate::search::PhoneField;

/// The longest text Zoho takes anywhere.
pub(crate) const LONGEST_TEXT: usize = 65_535;

/// A contact to be created. `Debug` shows nothing of the person.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct NewContact {
    /// Mandatory, at most 200 characters.
    pub last_name: String,
    /// At most 40 characters.
    pub first_name: Option<String>,
    /// `+` and digits only: the write pattern refuses parentheses. At most 50 characters.
    pub phone: Option<String>,
    /// Same.
    pub mobile: Option<String>,
    /// Mail address, at most 255 characters.
    pub email: Option<String>,
    /// The company. A new one is created first, by [`Desk::create_account`]: Zoho takes no name here.
    pub account: Option<AccountId>,
    /// Notes, at most 65,535 characters.
    pub description: Option<String>,
    /// The other fields of the [form](Desk::form) by API name; those that begin with `cf_` go into `cf`.
    pub extra: BTreeMap<String, FieldValue>,
}

/// An account to be created. `Debug` shows nothing of the company.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct NewAccount {
    /// Mandatory, at most 200 characters.
    pub name: String,
    /// `+` and digits only, at most 30 characters.
    pub phone: Option<String>,
    /// Notes, at most 65,535 characters.
    pub description: Option<String>,
    /// The other fields of the [form](Desk::form) by API name; those that begin with `cf_` go into `cf`.
    pub extra: BTreeMap<String, FieldValue>,
}

/// What a person entered into a field of a form. A blank text or number is not sent.
#[derive(Clone, Eq, PartialEq)]
pub enum FieldValue {
    /// A text, an address, a choice (exactly as the form has it) or a date (`yyyy-MM-dd`).
    Text(String),
    /// A number as text, `-12.5`: digits with a point.
    Number(String),
    /// Yes or no.
    Boolean(bool),
}

/// What became of a number that was to be added to a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NumberAdded<T> {
    /// It was written; the record as it is now.
    Saved(T),
    /// The same digits stand there already; nothing was written.
    Present(T),
    /// Another number stands there; nothing was written. The person may choose the other field.
    Occupied(T),
    /// The agent may not see the field, so it may hold a number; nothing was written.
    Hidden(T),
}

impl fmt::Debug for NewContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewContact").field("account", &self.account).finish_non_exhaustive()
    }
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccount").finish_non_exhaustive()
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FieldValue::Text(_) => "Text(…)",
            FieldValue::Number(_) => "Number(…)",
            FieldValue::Boolean(_) => "Boolean(…)",
        })
    }
}

impl Desk {
    /// Creates a contact: 1 credit, never repeated by itself. The search finds it only after some minutes.
    ///
    /// QUIRK(zoho): a contact takes the id of its account only, so a new company costs a request of its own, and
    /// whoever asks for both keeps the id of the first in case the second fails.
    ///
    /// # Errors
    /// [`Kind::BadRequest`], without sending anything, with all [fields](Error::fields) that cannot be right: missing
    /// or overlong, a number with other characters than `+ 0–9 - . /` and blank, an API name that Zoho does not list;
    /// [`Kind::Invalid`] with the fields that Desk refused, see [`Error::is_duplicate`]; [`Kind::AnswerLost`] when the
    /// record may have been created all the same; otherwise any.
    pub async fn create_contact(&self, new: &NewContact) -> Result<Contact, Error> {
        let mut body = Body::default();
        body.mandatory("lastName", &new.last_name, 200);
        body.line("firstName", new.first_name.as_deref(), 40);
        body.number("phone", new.phone.as_deref(), 50);
        body.number("mobile", new.mobile.as_deref(), 50);
        body.line("email", new.email.as_deref(), 255);
        body.id("accountId", new.account.as_ref().map(AccountId::as_str));
        body.notes(new.description.as_deref());
        body.extra(Module::Contacts, &new.extra);
        self.create(Module::Contacts, body.finish()?).await
    }

    /// Creates an account: 1 credit, never repeated by itself. The search finds it only after some minutes.
    ///
    /// # Errors
    /// As [`Desk::create_contact`].
    pub async fn create_account(&self, new: &NewAccount) -> Result<Account, Error> {
        let mut body = Body::default();
        body.mandatory("accountName", &new.name, 200);
        body.number("phone", new.phone.as_deref(), 30);
        body.notes(new.description.as_deref());
        body.extra(Module::Accounts, &new.extra);
        self.create(Module::Accounts, body.finish()?).await
    }

    /// Writes a number into a field of a contact that has none there: 2 credits, a look and a change. The change is
    /// never repeated by itself. Zoho has no condition for a change, so a number that somebody writes between the
    /// two is lost.
    ///
    /// # Errors
    /// [`Kind::BadRequest`], without sending anything, for a number that Zoho would refuse; [`Kind::Gone`] when there
    /// is no such contact (any more); [`Kind::AnswerLost`] when the number may have been written all the same (asking
    /// again then finds it [there](NumberAdded::Present)); otherwise any.
    pub async fn add_number(
        &self,
        contact: &ContactId,
        field: PhoneField,
        number: &str,
    ) -> Result<NumberAdded<Contact>, Error> {
        if !contact.is_digits() {
            return Err(Error::refused_here("contactId"));
        }
        let include = vec![("include", "accounts,owner".to_owned())];
        self.add(Module::Contacts, contact.as_str(), include, (field.parameter(), number, 50)).await
    }

    /// Writes the number of an account that has none: 2 credits, otherwise as [`Desk::add_number`]. An account has
    /// one number only, of at most 30 characters.
    ///
    /// # Errors
    /// As [`Desk::add_number`].
    pub async fn add_account_number(
        &self,
        account: &AccountId,
        number: &str,
    ) -> Result<NumberAdded<Account>, Error> {
        if !account.is_digits() {
            return Err(Error::refused_here("accountId"));
        }
        self.add(Module::Accounts, account.as_str(), Vec::new(), ("phone", number, 30)).await
    }

    async fn add<T: Record>(
        &self,
        module: Module,
        id: &str,
        include: Vec<(&'static str, String)>,
        (key, number, longest): (&str, &str, usize),
    ) -> Result<NumberAdded<T>, Error> {
        let mut body = Body::default();
        body.number(key, Some(number), longest);
        let body = body.finish()?;
        let path = [module.word(), id];
        let before = self.http.send(self.read(&path, include)?).await.map_err(gone)?;
        let record = living(&before)?;
        match before.get(key) {
            // QUIRK(zoho): an empty field is null; one that the agent may not see is missing.
            None => return Ok(NumberAdded::Hidden(record)),
            Some(_) => match text(&before, key) {
                None => {}
                Some(stored) if digits(&stored) == digits(number) => return Ok(NumberAdded::Present(record)),
                Some(_) => return Ok(NumberAdded::Occupied(record)),
            },
        }
        let after = self.write(Verb::Patch, &path, body).await?;
        // The change is answered without the records around it, such as the contact's account.
        saved(&over(before, after)).map(NumberAdded::Saved)
    }

    pub(crate) async fn create<T: Record>(&self, module: Module, body: Value) -> Result<T, Error> {
        saved(&self.write(Verb::Post, &[module.word()], body).await?)
    }

    async fn write(&self, verb: Verb, path: &[&str], body: Value) -> Result<Value, Error> {
        let request = Request {
            action: Action::Write(verb, body),
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
            query: Vec::new(),
            organization: self.organization_header()?,
        };
        let answer = self.http.send(request).await?;
        // Done, but what is it now? The same question as a lost answer.
        if text(&answer, "id").is_none() { Err(Error::new(Kind::AnswerLost)) } else { Ok(answer) }
    }
}

fn saved<T: Record>(answer: &Value) -> Result<T, Error> {
    one(answer).map_err(|error| error.with_kind(Kind::AnswerLost))
}

/// A record with what a change of it answered.
fn over(mut before: Value, after: Value) -> Value {
    if let (Some(before), Value::Object(after)) = (before.as_object_mut(), after) {
        before.extend(after.into_iter().filter(|(_, value)| !value.is_null()));
    }
    before
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Keys beside those with a place of their own in [`NewContact`] and [`NewAccount`], and the longest text of each;
/// 0 is any. Zoho refuses unlisted ones.
pub(crate) fn further_keys(module: Module) -> &'static [(&'static str, usize)] {
    match module {
        Module::Contacts => &[
            ("secondaryEmail", 100),
            ("type", 0),
            ("title", 100),
            ("street", 250),
            ("city", 100),
            ("state", 100),
            ("country", 100),
            ("zip", 0),
            ("twitter", 0),
            ("facebook", 0),
            ("ownerId", 0),
            ("layoutId", 0),
            ("language", 0),
        ],
        Module::Accounts => &[
            ("website", 0),
            ("email", 0),
            ("street", 0),
            ("city", 0),
            ("state", 0),
            ("country", 0),
            ("code", 0),
            ("fax", 0),
            ("industry", 0),
            ("annualrevenue", 0),
            ("ownerId", 0),
            ("layoutId", 0),
        ],
        Module::Tickets => &[
            ("email", 150),
            ("channel", 0),
            ("status", 0),
            ("priority", 0),
            ("classification", 0),
            ("category", 0),
            ("subCategory", 0),
            ("assigneeId", 0),
            ("teamId", 0),
            ("productId", 0),
            ("accountId", 0),
            ("language", 0),
            ("dueDate", 0),
            ("layoutId", 0),
        ],
        Module::Calls => &[
            ("priority", 0),
            ("ownerId", 0),
            ("teamId", 0),
            ("ticketId", 0),
            ("recordingUrl", 2500),
            ("layoutId", 0),
        ],
    }
}

/// A body in the making, with everything that is wrong with it so far: a form shows all of it at once.
#[derive(Default)]
pub(crate) struct Body {
    keys: Map<String, Value>,
    problems: Vec<FieldError>,
}

impl Body {
    pub(crate) fn mandatory(&mut self, key: &str, text: &str, longest: usize) {
        if text.trim().is_empty() {
            self.refuse(key, FieldProblem::Missing);
        }
        self.line(key, Some(text), longest);
    }

    /// A text of one line. Line breaks and other control characters come from pasting and become blanks.
    fn line(&mut self, key: &str, text: Option<&str>, longest: usize) {
        let line = text.unwrap_or_default().replace(char::is_control, " ");
        self.put(key, line.trim(), longest);
    }

    fn notes(&mut self, text: Option<&str>) {
        self.put("description", text.unwrap_or_default().trim(), LONGEST_TEXT);
    }

    pub(crate) fn put(&mut self, key: &str, text: &str, longest: usize) {
        if text.chars().count() > longest {
            self.refuse(key, FieldProblem::Invalid);
        } else if !text.is_empty() {
            self.keys.insert(key.to_owned(), text.into());
        }
    }

    fn number(&mut self, key: &str, number: Option<&str>, longest: usize) {
        let Some(number) = number else { return };
        if is_number(number, longest) {
            self.keys.insert(key.to_owned(), number.into());
        } else {
            self.refuse(key, FieldProblem::Invalid);
        }
    }

    pub(crate) fn id(&mut self, key: &str, id: Option<&str>) {
        match id {
            Some(id) if !AccountId::new(id).is_digits() => self.refuse(key, FieldProblem::Invalid),
            Some(id) => self.put(key, id, LONGEST_TEXT),
            None => {}
        }
    }

    pub(crate) fn value(&mut self, key: &str, value: Value) {
        self.keys.insert(key.to_owned(), value);
    }

    pub(crate) fn extra(&mut self, module: Module, extra: &BTreeMap<String, FieldValue>) {
        let mut custom = Map::new();
        for (name, value) in extra {
            let further = further_keys(module).iter().find(|(key, _)| key == name);
            let own = is_custom(name);
            let longest = further.map(|(_, longest)| *longest).filter(|longest| *longest > 0);
            let longest = longest.unwrap_or(LONGEST_TEXT);
            match value.json(longest) {
                _ if further.is_none() && !own => self.refuse(name, FieldProblem::Invalid),
                Err(Unfit) if own => self.refuse(&format!("cf/{name}"), FieldProblem::Invalid),
                Err(Unfit) => self.refuse(name, FieldProblem::Invalid),
                Ok(None) => {}
                Ok(Some(value)) => {
                    let into = if own { &mut custom } else { &mut self.keys };
                    into.insert(name.clone(), value);
                }
            }
        }
        if !custom.is_empty() {
            self.keys.insert("cf".to_owned(), Value::Object(custom));
        }
    }

    pub(crate) fn refuse(&mut self, field: &str, problem: FieldProblem) {
        self.problems.push(FieldError { field: field.to_owned(), problem });
    }

    pub(crate) fn finish(self) -> Result<Value, Error> {
        if self.problems.is_empty() {
            Ok(Value::Object(self.keys))
        } else {
            Err(Error::refused_fields(self.problems))
        }
    }
}

/// Whether Zoho takes this text for a number.
///
/// QUIRK(zoho): parentheses can be read but not written.
pub(crate) fn is_number(number: &str, longest: usize) -> bool {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '/' | ' ');
    number.contains(|c: char| c.is_ascii_digit()) && number.len() <= longest && number.chars().all(plain)
}

/// The value cannot be sent.
struct Unfit;

impl FieldValue {
    /// The value as Zoho takes it; `None` for nothing entered.
    fn json(&self, longest: usize) -> Result<Option<Value>, Unfit> {
        match self {
            FieldValue::Text(text) if text.chars().count() > longest => Err(Unfit),
            FieldValue::Text(text) if text.trim().is_empty() => Ok(None),
            FieldValue::Text(text) => Ok(Some(text.as_str().into())),
            FieldValue::Number(number) if number.trim().is_empty() => Ok(None),
            FieldValue::Number(number) => match number.trim().parse::<Number>() {
                Ok(number) => Ok(Some(Value::Number(number))),
                Err(_) => Err(Unfit),
            },
            FieldValue::Boolean(yes) => Ok(Some((*yes).into())),
        }
    }
}
