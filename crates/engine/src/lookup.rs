//! Whose number is this: the order in which Desk is asked, and the check that makes a hit count.
//!
//! One request for each phone field with every usual written form, then one with the number's ending, then
//! the accounts. A hit counts only when its stored number, read by the same plan, is the caller's. Must not
//! know calls, the cache or who asks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deskring_domain::{Again, LookupFailure, Plan, Reading, Record, RecordKind};
use deskring_store::Index;
use deskring_zoho_desk::{
    Account, AccountId, Contact, ContactId, DepartmentId, Desk, EntryForm, Error, Form, Kind, Module,
    NameOrder, Origin, PhoneField, Retry,
};
use tokio::time::Instant;
use url::Url;

use crate::connect::Organization;
use crate::index;

/// A record that has the number, and how it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The record.
    pub record: Record,
    /// The field of Desk that holds the number.
    pub field: &'static str,
    /// That field as stored.
    pub stored: String,
    /// Last change in Desk, sorts as text.
    pub modified: Option<String>,
}

/// Asks Desk whose number it is.
#[derive(Clone)]
pub struct Lookup {
    pub(crate) desk: Desk,
    pub(crate) plan: Plan,
    pub(crate) names: NameOrder,
    /// The organization's own host name, when it has one.
    pub(crate) custom_domain: Option<String>,
    /// The organization's name in addresses.
    pub(crate) portal: Option<String>,
    /// Its layouts, by module and department.
    pub(crate) forms: Forms,
    /// Who is known on this computer.
    pub(crate) index: Option<Arc<Index>>,
}

/// Layouts that were read, and when.
pub(crate) type Forms = Arc<Mutex<BTreeMap<(&'static str, Option<String>), (Instant, EntryForm)>>>;

/// Whether a layout must have been read just now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fresh {
    /// One of the last day will do.
    No,
    /// It must.
    Yes,
}

/// A layout of an organization seldom changes.
const FORM_FRESH: Duration = Duration::from_secs(24 * 3600);

/// More hits than this are not looked at: the number is a switchboard's or the search went wrong.
const MOST_HITS: usize = 50;

impl Lookup {
    /// Every record that has the number, newest change first; empty when there is none.
    ///
    /// # Errors
    /// When Desk could not answer; a partial answer that found somebody counts as an answer.
    pub async fn find(&self, number: &str) -> Result<Vec<Found>, Error> {
        let reading = self.plan.read(number);
        if reading.is_withheld() {
            return Ok(Vec::new());
        }
        let exact = reading.written_forms(&self.plan).into_iter().map(Form::Exact).collect();
        let found = self.contacts(&reading, exact).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        let endings: Vec<Form> = reading.endings().into_iter().map(Form::EndsWith).collect();
        if !endings.is_empty() {
            let found = self.contacts(&reading, endings).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        self.accounts(&reading).await
    }

    /// One record, whatever its numbers.
    ///
    /// # Errors
    /// When Desk does not have it, or could not answer.
    pub(crate) async fn record(&self, kind: RecordKind, id: &str) -> Result<Record, Error> {
        let read = match kind {
            RecordKind::Contact => self.desk.contact(&ContactId::new(id.to_owned())).await.map(|contact| {
                self.note(vec![index::record_of_contact(&contact)]);
                self.of_contact(&contact)
            }),
            RecordKind::Account => self.desk.account(&AccountId::new(id.to_owned())).await.map(|account| {
                self.note(vec![index::record_of_account(&account)]);
                self.of_account(&account)
            }),
        };
        if let Err(error) = &read
            && *error.kind() == Kind::Gone
        {
            self.note_gone(kind, id);
        }
        read
    }

    /// What a record is asked for, by the layout of the organization, or of one of its departments.
    ///
    /// # Errors
    /// When Desk could not answer.
    pub(crate) async fn form(
        &self,
        module: Module,
        department: Option<&str>,
        fresh: Fresh,
    ) -> Result<EntryForm, Error> {
        let key = (module.word(), department.map(str::to_owned));
        let known = self.forms.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let (Fresh::No, Some((at, form))) = (fresh, known)
            && at.elapsed() < FORM_FRESH
        {
            return Ok(form);
        }
        let department = department.map(DepartmentId::new);
        let form = self.desk.form_in(module, department.as_ref()).await?;
        if form.origin == Origin::Layout {
            let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
            forms.insert(key, (Instant::now(), form.clone()));
        }
        Ok(form)
    }

    /// What became known of the organization.
    pub(crate) fn set_organization(&mut self, organization: Organization) {
        self.portal = organization.portal;
        self.custom_domain = organization.custom_domain;
    }

    /// The address, when it is one of Desk's.
    pub(crate) fn checked_page(&self, address: &str) -> Option<String> {
        match self.desk.hosts().page_from(address, self.custom_domain.as_deref()) {
            Ok(page) => Some(page.as_str().to_owned()),
            Err(refused) => {
                tracing::warn!(reason = refused.code(), "a record's address is not one of Desk's");
                None
            }
        }
    }

    async fn contacts(&self, reading: &Reading, forms: Vec<Form>) -> Result<Vec<Found>, Error> {
        let (phone, mobile) = tokio::join!(
            self.desk.search_contacts(PhoneField::Phone, &forms, MOST_HITS),
            self.desk.search_contacts(PhoneField::Mobile, &forms, MOST_HITS),
        );
        let mut found = BTreeMap::new();
        let mut failure = None;
        for answer in [phone, mobile] {
            match answer {
                Ok(contacts) => {
                    self.note(contacts.iter().map(index::record_of_contact).collect());
                    for contact in contacts {
                        if let Some(hit) = self.check_contact(reading, &contact) {
                            found.insert(contact.id.as_str().to_owned(), hit);
                        }
                    }
                }
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(newest_first(found)),
        }
    }

    /// QUIRK(zoho): accounts have no search by phone, so any field is searched, for two forms.
    async fn accounts(&self, reading: &Reading) -> Result<Vec<Found>, Error> {
        let mut found = BTreeMap::new();
        for form in reading.written_forms(&self.plan).into_iter().filter(|form| form.len() >= 3).take(2) {
            let accounts = self.desk.search_accounts(&form, MOST_HITS).await?;
            self.note(accounts.iter().map(index::record_of_account).collect());
            for account in accounts {
                if let Some(hit) = self.check_account(reading, &account) {
                    found.insert(account.id.as_str().to_owned(), hit);
                }
            }
            if !found.is_empty() {
                break;
            }
        }
        Ok(newest_first(found))
    }

    pub(crate) fn check_contact(&self, reading: &Reading, contact: &Contact) -> Option<Found> {
        let fields = [("phone", &contact.phone), ("mobile", &contact.mobile)];
        let (field, stored) = fields.into_iter().find_map(|(field, stored)| {
            stored.as_ref().filter(|stored| reading.is_in(stored, &self.plan)).map(|stored| (field, stored))
        })?;
        Some(Found {
            record: self.of_contact(contact),
            field,
            stored: stored.clone(),
            modified: contact.modified.clone(),
        })
    }

    pub(crate) fn of_contact(&self, contact: &Contact) -> Record {
        let page = self.page(contact.web_url.as_ref(), |portal| {
            self.desk.contact_page(portal, &contact.id).ok().map(|page| page.as_str().to_owned())
        });
        Record {
            kind: RecordKind::Contact,
            id: contact.id.as_str().to_owned(),
            name: contact.name(self.names),
            company: contact.account.as_ref().and_then(|account| account.name.clone()),
            page,
            email: contact.email.clone(),
            changed_ms: milliseconds(contact.modified.as_deref()),
        }
    }

    pub(crate) fn check_account(&self, reading: &Reading, account: &Account) -> Option<Found> {
        let stored = account.phone.as_ref().filter(|stored| reading.is_in(stored, &self.plan))?;
        Some(Found {
            record: self.of_account(account),
            field: "account",
            stored: stored.clone(),
            modified: account.modified.clone(),
        })
    }

    pub(crate) fn of_account(&self, account: &Account) -> Record {
        let page = self.page(account.web_url.as_ref(), |portal| {
            self.desk.hosts().account_page(portal, &account.id).ok().map(|page| page.as_str().to_owned())
        });
        Record {
            kind: RecordKind::Account,
            id: account.id.as_str().to_owned(),
            name: account.name.clone().unwrap_or_default(),
            company: None,
            page,
            email: account.email.clone(),
            changed_ms: milliseconds(account.modified.as_deref()),
        }
    }

    /// The checked address of a record; `None` when it is not one of Desk's.
    fn page(&self, given: Option<&Url>, built: impl Fn(&str) -> Option<String>) -> Option<String> {
        match given {
            Some(url) => self.checked_page(url.as_str()),
            None => self.portal.as_deref().and_then(built),
        }
    }
}

/// A time of Desk, `2026-11-26T06:43:56.000Z`.
pub(crate) fn milliseconds(time: Option<&str>) -> Option<i64> {
    time?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

fn newest_first(found: BTreeMap<String, Found>) -> Vec<Found> {
    let mut found: Vec<Found> = found.into_values().collect();
    found.sort_by(|a, b| b.modified.cmp(&a.modified));
    found
}

/// What a failed lookup means for the core.
pub(crate) fn failure(error: &Error) -> LookupFailure {
    let again = match error.retry() {
        Retry::Backoff | Retry::Unknown => Again::Soon,
        Retry::Never | Retry::After(_) | Retry::SignIn => Again::Useless,
    };
    LookupFailure { code: error.kind().code(), again }
}

/// A lookup as shown to a person who asks about a number.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// The number as asked.
    pub number: String,
    /// What it means here, in international form.
    pub e164: Option<String>,
    /// The written forms that were asked for.
    pub forms: Vec<String>,
    /// Who has it, newest change first.
    pub matches: Vec<Hit>,
}

/// One record of a [`Report`].
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Hit {
    /// `contact` or `account`.
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The company of a contact.
    pub account: Option<String>,
    /// Address of its page; `None` when it is not one of Desk's.
    pub web_url: Option<String>,
    /// The field of Desk that holds the number.
    pub field: String,
    /// That field as stored.
    pub stored: String,
    /// The written form that found it; a leading `*` is a wildcard.
    pub form: String,
}

impl Lookup {
    /// The same as [`Lookup::find`], told with the forms.
    ///
    /// # Errors
    /// As [`Lookup::find`].
    pub async fn report(&self, number: &str) -> Result<Report, Error> {
        let reading = self.plan.read(number);
        let forms = if reading.is_withheld() { Vec::new() } else { reading.written_forms(&self.plan) };
        let endings = reading.endings();
        let matches = self.find(number).await?;
        let matches = matches
            .into_iter()
            .map(|found| Hit {
                kind: crate::view::record_kind(found.record.kind).to_owned(),
                form: form_of(&found, &forms, &endings),
                id: found.record.id,
                name: found.record.name,
                account: found.record.company,
                web_url: found.record.page,
                field: found.field.to_owned(),
                stored: found.stored,
            })
            .collect();
        Ok(Report { number: number.to_owned(), e164: reading.e164().map(str::to_owned), forms, matches })
    }
}

/// Which form Desk matched with the stored text; Desk itself does not say.
fn form_of(found: &Found, forms: &[String], endings: &[String]) -> String {
    if let Some(form) = forms.iter().find(|form| form.eq_ignore_ascii_case(&found.stored)) {
        return form.clone();
    }
    match endings.iter().find(|ending| found.stored.ends_with(ending.as_str())) {
        Some(ending) => format!("*{ending}"),
        None => forms.first().cloned().unwrap_or_default(),
    }
}
