//! Desk as the sender sees it: look for a record, create it. Owns what an error of Desk means for a row.

use deskring_domain::RecordKind;
use deskring_zoho_desk::{
    CallActivities, Error, FieldProblem, Look, Module, NewAccount, NewCall, NewContact, NewTicket, Reach,
    Retry,
};
use url::Url;

use super::kind;
use crate::assist::{FieldView, field_view};
use crate::lookup::{Fresh, Lookup};

/// A record in Desk that keeps a promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Made {
    pub(crate) id: String,
    /// Its page, unchecked.
    pub(crate) page: Option<String>,
}

/// Why a request came to nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) retry: Retry,
    /// API names of the refused fields, with what is wrong.
    pub(crate) fields: Vec<(String, &'static str)>,
    /// What it says about all call activities.
    pub(crate) calls: Option<CallActivities>,
}

/// Who has a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Holder {
    /// This record, of the wanted kind.
    One(Made),
    /// Records of which none can be taken for the one: of the other kind, or several.
    Others,
    /// Nobody.
    Nobody,
    /// Too much was created lately to tell.
    Unsure,
}

/// What the sender asks of Desk. Each request goes out once.
pub(crate) trait Helpdesk: Send + Sync + 'static {
    /// Who has a number, those created since then included whom the search does not know yet.
    fn holder(
        &self,
        number: &str,
        kind: RecordKind,
        since_ms: i64,
    ) -> impl Future<Output = Result<Holder, Failure>> + Send;
    fn create_contact(&self, new: &NewContact) -> impl Future<Output = Result<Made, Failure>> + Send;
    fn create_account(&self, new: &NewAccount) -> impl Future<Output = Result<Made, Failure>> + Send;
    fn find_ticket(
        &self,
        new: &NewTicket,
        since_ms: i64,
    ) -> impl Future<Output = Result<Look<Made>, Failure>> + Send;
    fn create_ticket(&self, new: &NewTicket) -> impl Future<Output = Result<Made, Failure>> + Send;
    fn find_call(&self, new: &NewCall) -> impl Future<Output = Result<Look<Made>, Failure>> + Send;
    fn create_call(&self, new: &NewCall) -> impl Future<Output = Result<Made, Failure>> + Send;
    /// What the organization calls these fields of a kind of row, and what goes in; without those it cannot tell.
    fn fields(
        &self,
        kind: &str,
        department: Option<&str>,
        names: &[String],
    ) -> impl Future<Output = Vec<FieldView>> + Send;
    /// Whether call activities can be written at all.
    fn calls(&self) -> impl Future<Output = Result<CallActivities, Failure>> + Send;
}

impl Failure {
    fn of(error: &Error) -> Self {
        let fields = error.fields().iter().map(|field| {
            let problem = match field.problem {
                FieldProblem::Missing => "missing",
                FieldProblem::Invalid => "invalid",
                FieldProblem::Duplicate => "duplicate",
                FieldProblem::Other => "other",
            };
            (field.api_name().to_owned(), problem)
        });
        Self {
            code: error.kind().code(),
            retry: error.retry(),
            fields: fields.collect(),
            calls: CallActivities::told_by(error),
        }
    }
}

fn failed(error: Error) -> Failure {
    let failure = Failure::of(&error);
    tracing::info!(%error, code = failure.code, "Desk did not take a record");
    failure
}

fn made(id: &str, page: Option<&Url>) -> Made {
    Made { id: id.to_owned(), page: page.map(|page| page.as_str().to_owned()) }
}

impl Helpdesk for Lookup {
    async fn holder(&self, number: &str, kind: RecordKind, since_ms: i64) -> Result<Holder, Failure> {
        let reading = self.plan.read(number);
        let mut found: Vec<_> =
            self.find(number).await.map_err(failed)?.into_iter().map(|found| found.record).collect();
        let mut whole = true;
        if found.is_empty() {
            let newest = self.desk.newest_contacts(since_ms).await.map_err(failed)?;
            whole &= newest.reach == Reach::Whole;
            let with = newest.records.iter().filter_map(|contact| self.check_contact(&reading, contact));
            found.extend(with.map(|found| found.record));
        }
        if found.is_empty() && kind == RecordKind::Account {
            let newest = self.desk.newest_accounts(since_ms).await.map_err(failed)?;
            whole &= newest.reach == Reach::Whole;
            let with = newest.records.iter().filter_map(|account| self.check_account(&reading, account));
            found.extend(with.map(|found| found.record));
        }
        Ok(match found.as_slice() {
            [one] if one.kind == kind => Holder::One(Made { id: one.id.clone(), page: one.page.clone() }),
            [_, ..] => Holder::Others,
            [] if whole => Holder::Nobody,
            [] => Holder::Unsure,
        })
    }

    async fn create_contact(&self, new: &NewContact) -> Result<Made, Failure> {
        let contact = self.desk.create_contact(new).await.map_err(failed)?;
        Ok(made(contact.id.as_str(), contact.web_url.as_ref()))
    }

    async fn create_account(&self, new: &NewAccount) -> Result<Made, Failure> {
        let account = self.desk.create_account(new).await.map_err(failed)?;
        Ok(made(account.id.as_str(), account.web_url.as_ref()))
    }

    async fn find_ticket(&self, new: &NewTicket, since_ms: i64) -> Result<Look<Made>, Failure> {
        Ok(match self.desk.find_ticket(new, since_ms).await.map_err(failed)? {
            Look::Found(ticket) => Look::Found(made(ticket.id.as_str(), ticket.web_url.as_ref())),
            Look::Absent => Look::Absent,
            Look::Unsure => Look::Unsure,
        })
    }

    async fn create_ticket(&self, new: &NewTicket) -> Result<Made, Failure> {
        let ticket = self.desk.create_ticket(new).await.map_err(failed)?;
        Ok(made(ticket.id.as_str(), ticket.web_url.as_ref()))
    }

    async fn find_call(&self, new: &NewCall) -> Result<Look<Made>, Failure> {
        Ok(match self.desk.find_call(new).await.map_err(failed)? {
            Look::Found(call) => Look::Found(made(call.id.as_str(), call.web_url.as_ref())),
            Look::Absent => Look::Absent,
            Look::Unsure => Look::Unsure,
        })
    }

    async fn create_call(&self, new: &NewCall) -> Result<Made, Failure> {
        let call = self.desk.create_call(new).await.map_err(failed)?;
        Ok(made(call.id.as_str(), call.web_url.as_ref()))
    }

    async fn fields(&self, kind: &str, department: Option<&str>, names: &[String]) -> Vec<FieldView> {
        let (module, department) = match kind {
            kind::CONTACT => (Module::Contacts, None),
            kind::ACCOUNT => (Module::Accounts, None),
            kind::TICKET => (Module::Tickets, department),
            kind::ACTIVITY => (Module::Calls, department),
            _ => return Vec::new(),
        };
        let mut known = Vec::new();
        for fresh in [Fresh::No, Fresh::Yes] {
            match self.form(module, department, fresh).await {
                Ok(form) => {
                    known = names.iter().filter_map(|name| form.field(name).map(field_view)).collect()
                }
                Err(error) => tracing::debug!(%error, "the layout cannot be read"),
            }
            // One that is not known may be new in the layout.
            if known.len() == names.len() {
                break;
            }
        }
        known
    }

    async fn calls(&self) -> Result<CallActivities, Failure> {
        self.desk.can_write_calls().await.map_err(failed)
    }
}
