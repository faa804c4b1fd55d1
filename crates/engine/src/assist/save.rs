//! Creating a contact or an account from a form, and giving a number to one that is there. Nothing is created twice:
//! whoever has the number or the mail address already is offered instead, also one that a colleague made a moment ago,
//! and a form whose answer was lost looks first. Must not know how a form is drawn.

use std::collections::BTreeMap;

use deskring_domain::{Choice, Line, Plan, Reading, Record, RecordKind};
use deskring_zoho_desk::{
    Account, AccountId, Contact, ContactId, EntryForm, Error, FieldError, FieldKind, FieldProblem,
    FieldValue, Kind, NewAccount, NewContact, NumberAdded, PhoneField, Retry,
};

use super::wire::{Answer, Draft, DraftAccount, FieldFault};
use super::{Assist, form, journal, module, of_desk};
use crate::admin::Fault;
use crate::clock::wall_ms;
use crate::lookup::Lookup;
use crate::view::{self, RecordView};

/// Records created since are looked through; Desk's search learns of them minutes later.
const FRESH_MS: i64 = 30 * 60 * 1000;
/// Companies that are looked at when one is to be created.
const NAMED_ALIKE: usize = 20;

/// What a form is about, and what it takes to save it.
struct Saving<'a> {
    lookup: &'a Lookup,
    form: &'a EntryForm,
    reading: &'a Reading,
}

impl Assist {
    pub(super) async fn save(&self, draft: Draft, anyway: bool) -> Result<Answer, Fault> {
        let _one_at_a_time = self.saving.lock().await;
        let kind = view::record_kind_of(&draft.kind).ok_or_else(|| Fault::new("bad_request"))?;
        if !form::is_form(&draft.key) {
            return Err(Fault::new("bad_request"));
        }
        // First of all it is kept as it is now, with what became of it before.
        let mut draft = self.kept(draft).await?;
        let lookup = self.desk().await?;
        let form = self.form(module(&draft.kind)?).await?;
        let reading = lookup.plan.read(&draft.number);
        let saving = Saving { lookup: &lookup, form: &form, reading: &reading };
        if !anyway {
            let there = saving.who_is_there(&draft, kind).await.map_err(|error| of_desk(&error))?;
            if !there.is_empty() {
                return Ok(exists(&there));
            }
        }
        let saved = match kind {
            RecordKind::Contact => self.save_contact(&saving, &mut draft).await,
            RecordKind::Account => self.save_account(&saving, &mut draft).await,
        };
        match saved {
            Ok(record) => {
                let number_key = if has_number(&draft, &lookup.plan, &reading) { reading.key() } else { "" };
                let (call, key) = (draft.call.clone(), Some(draft.key.clone()));
                self.belongs(&call, record, number_key.to_owned(), Choice::Created, key).await
            }
            Err(Refusal::Fields(fields)) => Ok(Answer::Refused { fields }),
            Err(Refusal::Duplicate(error)) => {
                let there = saving.same_mail(&draft).await;
                if there.is_empty() { Ok(refused(&error)) } else { Ok(exists(&there)) }
            }
            Err(Refusal::Fault(fault)) => Err(fault),
        }
    }

    async fn save_contact(&self, saving: &Saving<'_>, draft: &mut Draft) -> Result<Record, Refusal> {
        let account = self.company(saving, draft).await?;
        let value = |name: &str| draft.values.get(name).cloned();
        let new = NewContact {
            last_name: value("lastName").unwrap_or_default(),
            first_name: value("firstName"),
            phone: number(value("phone"), &saving.lookup.plan),
            mobile: number(value("mobile"), &saving.lookup.plan),
            email: value("email").map(|email| email.trim().to_owned()).filter(|email| !email.is_empty()),
            account,
            description: value("description"),
            extra: extra(draft, saving.form),
        };
        self.mark_sent(draft, true).await?;
        match saving.lookup.desk.create_contact(&new).await {
            Ok(contact) => {
                let mut record = saving.lookup.of_contact(&contact);
                // Desk answers without the company's name.
                record.company =
                    record.company.or(draft.account.as_ref().map(|account| account.name.clone()));
                Ok(record)
            }
            Err(error) => Err(self.refusal(draft, &error).await),
        }
    }

    async fn save_account(&self, saving: &Saving<'_>, draft: &mut Draft) -> Result<Record, Refusal> {
        let value = |name: &str| draft.values.get(name).cloned();
        let new = NewAccount {
            name: value("accountName").unwrap_or_default(),
            phone: number(value("phone"), &saving.lookup.plan),
            description: value("description"),
            extra: extra(draft, saving.form),
        };
        self.mark_sent(draft, true).await?;
        match saving.lookup.desk.create_account(&new).await {
            Ok(account) => Ok(saving.lookup.of_account(&account)),
            Err(error) => Err(self.refusal(draft, &error).await),
        }
    }

    /// The company of a new contact. One that is to be created is created first, and known from then on, should the
    /// contact fail.
    async fn company(&self, saving: &Saving<'_>, draft: &mut Draft) -> Result<Option<AccountId>, Refusal> {
        let Some(company) = draft.account.clone() else { return Ok(None) };
        if let Some(id) = company.id {
            return Ok(Some(AccountId::new(id)));
        }
        let name = company.name.trim().to_owned();
        if name.is_empty() {
            draft.account = None;
            return Ok(None);
        }
        let desk = &saving.lookup.desk;
        let known = desk.find_accounts(&name, NAMED_ALIKE).await.map_err(Refusal::of)?;
        let newest = desk.newest_accounts(wall_ms() - FRESH_MS).await.map_err(Refusal::of)?.records;
        let same = |account: &&Account| {
            account.name.as_deref().is_some_and(|known| known.trim().to_lowercase() == name.to_lowercase())
        };
        let id = match known.iter().chain(&newest).find(same) {
            Some(account) => account.id.clone(),
            None => {
                let new = NewAccount { name: name.clone(), ..NewAccount::default() };
                match desk.create_account(&new).await {
                    Ok(account) => account.id,
                    Err(error) if !error.fields().is_empty() => {
                        let code = error.fields().first().map_or("invalid", |field| code(field.problem));
                        let fault = FieldFault { name: "account".to_owned(), code: code.to_owned() };
                        return Err(Refusal::Fields(vec![fault]));
                    }
                    Err(error) => return Err(Refusal::of(error)),
                }
            }
        };
        draft.account = Some(DraftAccount { id: Some(id.to_string()), name });
        self.keep(draft).await.map_err(Refusal::Fault)?;
        Ok(Some(id))
    }

    /// What a failed creation means, and whether the form may have been saved all the same.
    async fn refusal(&self, draft: &mut Draft, error: &Error) -> Refusal {
        if error.retry() != Retry::Unknown
            && let Err(fault) = self.mark_sent(draft, false).await
        {
            return fault;
        }
        if error.is_duplicate() {
            return Refusal::Duplicate(error.clone());
        }
        match error.kind() {
            Kind::Invalid | Kind::BadRequest if !error.fields().is_empty() => Refusal::Fields(faults(error)),
            _ => Refusal::Fault(of_desk(error)),
        }
    }

    async fn mark_sent(&self, draft: &mut Draft, sent: bool) -> Result<(), Refusal> {
        draft.sent = sent;
        self.keep(draft).await.map_err(Refusal::Fault)
    }

    async fn kept(&self, draft: Draft) -> Result<Draft, Fault> {
        self.blocking(move |clients| {
            let journal = journal(clients)?;
            let before = journal.draft(&draft.key)?.and_then(|kept| form::read(&kept.json));
            let sent = before.is_some_and(|before| before.sent);
            let draft = Draft { sent, ..draft };
            journal.keep_draft(&draft.key, &form::write(&draft), wall_ms())?;
            Ok(draft)
        })
        .await
    }

    async fn keep(&self, draft: &Draft) -> Result<(), Fault> {
        let draft = draft.clone();
        self.blocking(move |clients| {
            Ok(journal(clients)?.keep_draft(&draft.key, &form::write(&draft), wall_ms())?)
        })
        .await
    }

    // A number for a record that is there.

    pub(super) async fn add_number(
        &self,
        call: &str,
        kind: &str,
        id: &str,
        field: Option<&str>,
    ) -> Result<Answer, Fault> {
        let _one_at_a_time = self.saving.lock().await;
        let kind = view::record_kind_of(kind).ok_or_else(|| Fault::new("bad_request"))?;
        let wanted = match field {
            None => None,
            Some("phone") => Some(PhoneField::Phone),
            Some("mobile") => Some(PhoneField::Mobile),
            Some(_) => return Err(Fault::new("bad_request")),
        };
        let known = self.call(call).await?;
        let lookup = self.desk().await?;
        let reading = lookup.plan.read(&known.number);
        if reading.is_withheld() {
            return Err(Fault::new("no_number"));
        }
        let added = match kind {
            RecordKind::Contact => add_to_contact(&lookup, id, &reading, wanted).await,
            RecordKind::Account => add_to_account(&lookup, id, &reading).await,
        };
        match added.map_err(|error| of_desk(&error))? {
            Added::There(record) => {
                self.belongs(
                    call,
                    record,
                    reading.key().to_owned(),
                    Choice::Picked,
                    Some(form::key_of(&known.number_key, call)),
                )
                .await
            }
            Added::Nowhere(record) => Ok(Answer::Occupied { record: RecordView::of(&record) }),
        }
    }
}

impl Saving<'_> {
    /// Who has the number or the mail address already. The search knows everybody but those of the last minutes; the
    /// list of the newest knows those.
    async fn who_is_there(&self, draft: &Draft, kind: RecordKind) -> Result<Vec<Record>, Error> {
        let mut there: Vec<Record> = Vec::new();
        let mut add = |record: Record| {
            if !there.iter().any(|known| (known.kind, &known.id) == (record.kind, &record.id)) {
                there.push(record);
            }
        };
        if has_number(draft, &self.lookup.plan, self.reading) {
            self.lookup.find(self.reading.raw()).await?.into_iter().for_each(|found| add(found.record));
        }
        self.same_mail(draft).await.into_iter().for_each(&mut add);
        match kind {
            RecordKind::Contact => {
                for contact in self.lookup.desk.newest_contacts(wall_ms() - FRESH_MS).await?.records {
                    let same_number = self.lookup.check_contact(self.reading, &contact).is_some();
                    // Whether this is what was sent, only a person can say.
                    let same_name = draft.sent && is_same_name(draft, &contact);
                    if same_number || same_name || is_same_mail(draft, contact.email.as_deref()) {
                        add(self.lookup.of_contact(&contact));
                    }
                }
            }
            RecordKind::Account => {
                for account in self.lookup.desk.newest_accounts(wall_ms() - FRESH_MS).await?.records {
                    let name = draft.values.get("accountName").map(|name| name.trim());
                    let same_name = draft.sent && name.is_some() && account.name.as_deref() == name;
                    if same_name || self.lookup.check_account(self.reading, &account).is_some() {
                        add(self.lookup.of_account(&account));
                    }
                }
            }
        }
        Ok(there)
    }

    /// Contacts with the mail address of the form. Nobody where there is none, or none that can be asked for.
    async fn same_mail(&self, draft: &Draft) -> Vec<Record> {
        let Some(email) = mail(draft) else { return Vec::new() };
        match self.lookup.desk.contacts_with_email(email).await {
            Ok(contacts) => contacts.iter().map(|contact| self.lookup.of_contact(contact)).collect(),
            Err(error) => {
                tracing::debug!(%error, "nobody was looked for by mail address");
                Vec::new()
            }
        }
    }
}

/// Why nothing was created.
enum Refusal {
    Fields(Vec<FieldFault>),
    /// Another record has a value that must be unique.
    Duplicate(Error),
    Fault(Fault),
}

impl Refusal {
    #[allow(clippy::needless_pass_by_value, reason = "for map_err")]
    fn of(error: Error) -> Self {
        Self::Fault(of_desk(&error))
    }
}

/// What became of a number.
enum Added {
    There(Record),
    /// Other numbers stand in every field, or nobody may see them.
    Nowhere(Record),
}

async fn add_to_contact(
    lookup: &Lookup,
    id: &str,
    reading: &Reading,
    wanted: Option<PhoneField>,
) -> Result<Added, Error> {
    let fields = match (wanted, reading.line()) {
        (Some(field), _) => vec![field],
        (None, Line::Mobile) => vec![PhoneField::Mobile, PhoneField::Phone],
        (None, Line::Other) => vec![PhoneField::Phone, PhoneField::Mobile],
    };
    let mut refused = None;
    for field in fields {
        match lookup.desk.add_number(&ContactId::new(id), field, reading.key()).await? {
            NumberAdded::Saved(contact) | NumberAdded::Present(contact) => {
                return Ok(Added::There(lookup.of_contact(&contact)));
            }
            NumberAdded::Occupied(contact) | NumberAdded::Hidden(contact) => refused = Some(contact),
        }
    }
    match refused {
        Some(contact) => Ok(Added::Nowhere(lookup.of_contact(&contact))),
        None => Ok(Added::Nowhere(lookup.record(RecordKind::Contact, id).await?)),
    }
}

async fn add_to_account(lookup: &Lookup, id: &str, reading: &Reading) -> Result<Added, Error> {
    Ok(match lookup.desk.add_account_number(&AccountId::new(id), reading.key()).await? {
        NumberAdded::Saved(account) | NumberAdded::Present(account) => {
            Added::There(lookup.of_account(&account))
        }
        NumberAdded::Occupied(account) | NumberAdded::Hidden(account) => {
            Added::Nowhere(lookup.of_account(&account))
        }
    })
}

/// Whether the form still says that the record has the call's number.
fn has_number(draft: &Draft, plan: &Plan, reading: &Reading) -> bool {
    let is_it = |name: &str| draft.values.get(name).is_some_and(|value| reading.is_in(value, plan));
    is_it("phone") || is_it("mobile")
}

/// A number as Desk takes it: in international form where it is a full one, otherwise as it was typed. What cannot be a
/// number is refused there.
fn number(typed: Option<String>, plan: &Plan) -> Option<String> {
    let typed = typed.map(|typed| typed.trim().to_owned()).filter(|typed| !typed.is_empty())?;
    let reading = plan.read(&typed);
    Some(reading.e164().map_or(typed, str::to_owned))
}

fn mail(draft: &Draft) -> Option<&str> {
    draft.values.get("email").map(|email| email.trim()).filter(|email| !email.is_empty())
}

fn is_same_mail(draft: &Draft, email: Option<&str>) -> bool {
    matches!((mail(draft), email), (Some(mine), Some(theirs)) if mine.eq_ignore_ascii_case(theirs.trim()))
}

fn is_same_name(draft: &Draft, contact: &Contact) -> bool {
    let typed =
        |name: &str| draft.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    typed("lastName").is_some()
        && typed("lastName") == contact.last_name.as_deref()
        && typed("firstName") == contact.first_name.as_deref()
}

/// The fields that have no place of their own, by what the layout says they are.
fn extra(draft: &Draft, form: &EntryForm) -> BTreeMap<String, FieldValue> {
    let own =
        ["firstName", "lastName", "accountName", "accountId", "email", "phone", "mobile", "description"];
    let mut extra = BTreeMap::new();
    for field in &form.fields {
        let Some(value) = draft.values.get(&field.api_name) else { continue };
        if own.contains(&field.api_name.as_str()) || value.trim().is_empty() {
            continue;
        }
        let value = match &field.kind {
            FieldKind::Number => FieldValue::Number(value.trim().to_owned()),
            FieldKind::Boolean => FieldValue::Boolean(value == "true"),
            FieldKind::Text | FieldKind::Email | FieldKind::Phone | FieldKind::Url | FieldKind::Date => {
                FieldValue::Text(value.trim().to_owned())
            }
            // Compared exactly by Desk.
            FieldKind::Picklist(_) => FieldValue::Text(value.clone()),
            FieldKind::Lookup | FieldKind::Other(_) => continue,
        };
        extra.insert(field.api_name.clone(), value);
    }
    extra
}

fn exists(there: &[Record]) -> Answer {
    Answer::Exists { records: there.iter().map(RecordView::of).collect() }
}

fn refused(error: &Error) -> Answer {
    Answer::Refused { fields: faults(error) }
}

fn faults(error: &Error) -> Vec<FieldFault> {
    let fault = |field: &FieldError| FieldFault {
        name: field.api_name().to_owned(),
        code: code(field.problem).to_owned(),
    };
    error.fields().iter().map(fault).collect()
}

fn code(problem: FieldProblem) -> &'static str {
    match problem {
        FieldProblem::Missing => "missing",
        FieldProblem::Invalid | FieldProblem::Other => "invalid",
        FieldProblem::Duplicate => "duplicate",
    }
}
