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

/// One request of a lookup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Search {
    /// Contacts with one of these forms in this field.
    Contacts(PhoneField, Vec<Form>),
    /// Accounts with this text anywhere.
    Accounts(String),
}

/// What Desk gave for it, unchecked.
pub(crate) enum Given {
    Contacts(Vec<Contact>),
    Accounts(Vec<Account>),
}

/// The searches for a number, in order. Those of a step are sent together, and the next step only when nobody has the
/// number so far.
pub(crate) fn steps(reading: &Reading, plan: &Plan) -> Vec<Vec<Search>> {
    if reading.is_withheld() {
        return Vec::new();
    }
    let in_both = |forms: Vec<Form>| {
        [PhoneField::Phone, PhoneField::Mobile].map(|field| Search::Contacts(field, forms.clone())).to_vec()
    };
    let written = reading.written_forms(plan);
    let endings: Vec<Form> = reading.endings().into_iter().map(Form::EndsWith).collect();
    let mut steps = vec![in_both(written.iter().cloned().map(Form::Exact).collect())];
    if !endings.is_empty() {
        steps.push(in_both(endings));
    }
    // QUIRK(zoho): accounts have no search by phone, so any field is searched, for two forms.
    let forms = written.into_iter().filter(|form| form.len() >= 3).take(2);
    steps.extend(forms.map(|form| vec![Search::Accounts(form)]));
    steps
}

/// More hits than this are not looked at: the number is a switchboard's or the search went wrong.
const MOST_HITS: usize = 50;

impl Lookup {
    /// Every record that has the number, newest change first; empty when there is none.
    ///
    /// # Errors
    /// When Desk could not answer; a partial answer that found somebody counts as an answer.
    pub async fn find(&self, number: &str) -> Result<Vec<Found>, Error> {
        let reading = self.plan.read(number);
        for step in steps(&reading, &self.plan) {
            let answers = self.ask_together(&step).await;
            let found = self.found_in(&reading, &answers);
            if !found.is_empty() {
                return Ok(found);
            }
            if let Some(error) = answers.into_iter().find_map(Result::err) {
                return Err(error);
            }
        }
        Ok(Vec::new())
    }

    /// The answers, in the order of the searches.
    pub(crate) async fn ask_together(&self, searches: &[Search]) -> Vec<Result<Given, Error>> {
        if let [one, other] = searches {
            let (one, other) = tokio::join!(self.ask(one), self.ask(other));
            return vec![one, other];
        }
        let mut answers = Vec::new();
        for search in searches {
            answers.push(self.ask(search).await);
        }
        answers
    }

    async fn ask(&self, search: &Search) -> Result<Given, Error> {
        match search {
            Search::Contacts(field, forms) => {
                let contacts = self.desk.search_contacts(*field, forms, MOST_HITS).await?;
                self.note(contacts.iter().map(index::record_of_contact).collect());
                Ok(Given::Contacts(contacts))
            }
            Search::Accounts(form) => {
                let accounts = self.desk.search_accounts(form, MOST_HITS).await?;
                self.note(accounts.iter().map(index::record_of_account).collect());
                Ok(Given::Accounts(accounts))
            }
        }
    }

    /// Those that really have the number, newest change first.
    pub(crate) fn found_in(&self, reading: &Reading, answers: &[Result<Given, Error>]) -> Vec<Found> {
        let hits = answers.iter().flatten().flat_map(|given| -> Vec<Found> {
            match given {
                Given::Contacts(all) => all.iter().filter_map(|it| self.check_contact(reading, it)).collect(),
                Given::Accounts(all) => all.iter().filter_map(|it| self.check_account(reading, it)).collect(),
            }
        });
        newest_first(hits.map(|hit| (hit.record.id.clone(), hit)).collect())
    }

    /// What a search sends, behind the host; `None` when it cannot be sent.
    pub(crate) fn target(&self, search: &Search) -> Option<String> {
        let target = match search {
            Search::Contacts(field, forms) => self.desk.contacts_target(*field, forms, MOST_HITS),
            Search::Accounts(form) => self.desk.accounts_target(form, MOST_HITS),
        };
        target.ok()
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
