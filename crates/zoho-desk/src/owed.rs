//! Owns what is written about a call: tickets and call activities. Each request goes out once; a second one follows
//! only a clear refusal of the first.
//! Must not know: why something is written, or what became of earlier tries (see `look.rs` for finding those).

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::Desk;
use crate::cut::{marked_html, marked_plain, plain};
use crate::error::{Error, FieldProblem, Kind};
use crate::form::{EntryForm, FormField, Module, Requirement};
use crate::records::{
    AccountId, AgentId, CallActivityId, ContactId, DepartmentId, Record, Ticket, TicketId, link, text,
};
use crate::write::{Body, FieldValue, LONGEST_TEXT, is_number};

/// Longer subjects are cut. The description permits 1,000 for tickets and 300 for calls; nobody reads more than a line,
/// and one-line fields of layouts commonly end here.
const LONGEST_SUBJECT: usize = 255;
/// QUIRK(zoho): somebody's integration had its calls refused with 400 until it cut their descriptions to this.
const SHORT_DESCRIPTION: usize = 500;

/// A short line that is the same in every try to write one record, and in no other record: what a lost answer is looked
/// for by. It stands at the end of the description, so it should be one that people do not mind.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Marker(String);

impl Marker {
    /// 8 to 100 letters, digits, single blanks and `. , : ; / # ( ) + - _`, neither a blank nor a sign first: what no
    /// HTML editor rewrites. `None` for anything else.
    pub fn new(line: &str) -> Option<Marker> {
        let plain = |c: char| c.is_ascii_alphanumeric() || " .,:;/#()+-_".contains(c);
        let fits = (8..=100).contains(&line.len()) && line.chars().all(plain);
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let words = ends(line.chars().next()) && line.trim_end() == line && !line.contains("  ");
        (fits && words).then(|| Marker(line.to_owned()))
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A ticket to be created. `Debug` shows nothing of the person or the call.
#[derive(Clone, Eq, PartialEq)]
pub struct NewTicket {
    /// Whose it is. A contact is created before: Zoho's sources disagree whether one can be described here.
    pub contact: ContactId,
    /// Where it goes.
    pub department: DepartmentId,
    /// Mandatory; one line, cut to 255 characters.
    pub subject: String,
    /// HTML: texts in it are to be escaped. Cut to what Zoho takes.
    pub description: String,
    /// Its marker; written below the description.
    pub marker: Marker,
    /// The number of the call. One that Zoho would refuse is left out.
    pub phone: Option<String>,
    /// How it came in, `Phone` in an English portal. Left out when the portal has no such channel.
    pub channel: Option<String>,
    /// Who works on it.
    pub assignee: Option<AgentId>,
    /// The company, where it is not the contact's own.
    pub account: Option<AccountId>,
    /// The other fields of the [form](Desk::form_in) by API name; those that begin with `cf_` go into `cf`.
    pub extra: BTreeMap<String, FieldValue>,
}

/// A call activity to be created. `Debug` shows nothing of the person or the call.
#[derive(Clone, Eq, PartialEq)]
pub struct NewCall {
    /// Whose it is: mandatory, and a contact. There is no field for an account, nor for the number.
    pub contact: ContactId,
    /// Where it is kept.
    pub department: DepartmentId,
    /// Mandatory; one line, cut to 255 characters.
    pub subject: String,
    /// Plain text. Cut to what Zoho takes.
    pub description: String,
    /// Its marker; written below the description.
    pub marker: Marker,
    /// Which way the call went.
    pub direction: CallDirection,
    /// Whether anybody spoke.
    pub status: CallStatus,
    /// When it began, in milliseconds since 1970 (UTC).
    pub started_ms: i64,
    /// How long was spoken, in seconds; 0 for a missed call.
    pub duration_s: u64,
    /// Who spoke, or missed it.
    pub owner: Option<AgentId>,
    /// The ticket it belongs to.
    pub ticket: Option<TicketId>,
    /// The other fields of the [form](Desk::form_in) by API name; those that begin with `cf_` go into `cf`.
    pub extra: BTreeMap<String, FieldValue>,
}

/// Which way a call went.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum CallDirection {
    /// To us.
    Inbound,
    /// From us.
    Outbound,
}

impl CallDirection {
    /// QUIRK(zoho): a capital letter is refused.
    fn word(self) -> &'static str {
        match self {
            CallDirection::Inbound => "inbound",
            CallDirection::Outbound => "outbound",
        }
    }
}

/// What a call activity says of its call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum CallStatus {
    /// Somebody spoke.
    Completed,
    /// Nobody did.
    Missed,
}

impl CallStatus {
    fn word(self) -> &'static str {
        match self {
            CallStatus::Completed => "Completed",
            CallStatus::Missed => "Missed",
        }
    }
}

/// A call activity in Desk. `Debug` shows id and time only.
#[derive(Clone, Eq, PartialEq)]
pub struct CallActivity {
    /// The id.
    pub id: CallActivityId,
    /// The subject.
    pub subject: Option<String>,
    /// Whose it is; merging contacts changes it.
    pub contact: Option<ContactId>,
    /// Which way it went, when Desk tells one of the two.
    pub direction: Option<CallDirection>,
    /// When the call began, in milliseconds since 1970 (UTC).
    pub started_ms: Option<i64>,
    /// The page of the record; to be checked by [`Desk::page`] before it is opened.
    pub web_url: Option<Url>,
}

impl Desk {
    /// Creates a ticket: 1 credit. The contact's list has it at once, the search only after some minutes.
    ///
    /// QUIRK(zoho): channels are named per portal. When the channel is all that Desk refuses, the ticket goes out once
    /// more without it.
    ///
    /// # Errors
    /// [`Kind::BadRequest`], without sending anything, with all [fields](Error::fields) that cannot be right;
    /// [`Kind::Invalid`] with the fields that Desk refused or misses, which [`EntryForm::label`] translates;
    /// [`Kind::AnswerLost`] when the ticket may have been created all the same: [`Desk::find_ticket`] tells; otherwise
    /// any.
    pub async fn create_ticket(&self, new: &NewTicket) -> Result<Ticket, Error> {
        let body = new.body()?;
        match self.create(Module::Tickets, body.clone()).await {
            Err(error) if new.channel.is_some() && only_of(&error, "channel") => {
                self.create(Module::Tickets, without(body, "channel")).await
            }
            answer => answer,
        }
    }

    /// Creates a call activity: 1 credit.
    ///
    /// All of what either of Zoho's sources calls mandatory is sent. QUIRK(zoho): a call that is refused with 400 goes
    /// out once more with a shorter description.
    ///
    /// # Errors
    /// As [`Desk::create_ticket`], with [`Desk::find_call`]; [`CallActivities::told_by`](crate::CallActivities::told_by)
    /// says what an error means for all other calls.
    pub async fn create_call(&self, new: &NewCall) -> Result<CallActivity, Error> {
        let (body, shorter) = (new.body(LONGEST_TEXT)?, new.body(SHORT_DESCRIPTION)?);
        let may_help = body != shorter;
        match self.create(Module::Calls, body).await {
            Err(error) if error.status() == Some(400) && may_help => {
                self.create(Module::Calls, shorter).await
            }
            answer => answer,
        }
    }
}

/// Whether this one field is all that Desk refused.
fn only_of(error: &Error, field: &str) -> bool {
    *error.kind() == Kind::Invalid
        && !error.fields().is_empty()
        && error.fields().iter().all(|refused| refused.api_name() == field)
}

fn without(mut body: Value, key: &str) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.remove(key);
    }
    body
}

impl NewTicket {
    fn body(&self) -> Result<Value, Error> {
        let mut body = Body::default();
        body.id("contactId", Some(self.contact.as_str()));
        body.id("departmentId", Some(self.department.as_str()));
        body.mandatory("subject", &subject(&self.subject), LONGEST_SUBJECT);
        body.put(
            "description",
            &marked_html(&self.description, self.marker.as_str(), LONGEST_TEXT),
            LONGEST_TEXT,
        );
        if let Some(phone) = self.phone.as_deref().filter(|phone| is_number(phone, 120)) {
            body.put("phone", phone, 120);
        }
        body.put("channel", self.channel.as_deref().unwrap_or_default().trim(), LONGEST_SUBJECT);
        body.id("assigneeId", self.assignee.as_ref().map(AgentId::as_str));
        body.id("accountId", self.account.as_ref().map(AccountId::as_str));
        body.extra(Module::Tickets, &self.extra);
        body.finish()
    }

    /// The mandatory fields of the layout for which this ticket has nothing: to be told, by their labels, before Desk
    /// refuses it.
    pub fn unfilled<'a>(&self, form: &'a EntryForm) -> Vec<&'a FormField> {
        unfilled(form, self.body())
    }
}

impl NewCall {
    fn body(&self, longest: usize) -> Result<Value, Error> {
        let mut body = Body::default();
        body.id("contactId", Some(self.contact.as_str()));
        body.id("departmentId", Some(self.department.as_str()));
        body.mandatory("subject", &subject(&self.subject), LONGEST_SUBJECT);
        body.put(
            "description",
            &marked_plain(&self.description, self.marker.as_str(), longest),
            LONGEST_TEXT,
        );
        body.value("direction", json!(self.direction.word()));
        body.value("status", json!(self.status.word()));
        body.value("duration", json!(self.duration_s));
        match desk_time(self.started_ms) {
            Some(time) => body.value("startTime", json!(time)),
            None => body.refuse("startTime", FieldProblem::Invalid),
        }
        body.id("ownerId", self.owner.as_ref().map(AgentId::as_str));
        body.id("ticketId", self.ticket.as_ref().map(TicketId::as_str));
        body.extra(Module::Calls, &self.extra);
        body.finish()
    }

    /// The mandatory fields of the layout for which this call has nothing: to be told, by their labels, before Desk
    /// refuses it.
    pub fn unfilled<'a>(&self, form: &'a EntryForm) -> Vec<&'a FormField> {
        unfilled(form, self.body(LONGEST_TEXT))
    }
}

/// A subject as it is sent.
pub(crate) fn subject(text: &str) -> String {
    plain(&text.replace(char::is_control, " "), LONGEST_SUBJECT)
}

fn unfilled(form: &EntryForm, body: Result<Value, Error>) -> Vec<&FormField> {
    let body = body.unwrap_or_default();
    let has = |field: &FormField| {
        body.get(&field.api_name).or_else(|| body.get("cf")?.get(&field.api_name)).is_some()
    };
    form.fields.iter().filter(|field| field.required == Requirement::Required && !has(field)).collect()
}

/// Milliseconds since 1970 as Zoho writes them.
pub(crate) fn desk_time(ms: i64) -> Option<String> {
    let time = Timestamp::from_millisecond(ms).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// A time of Zoho's in milliseconds since 1970.
///
/// QUIRK(zoho): examples have epoch milliseconds where the rules demand a text; the fraction is optional.
pub(crate) fn ms_of(time: &str) -> Option<i64> {
    match time.parse::<Timestamp>() {
        Ok(time) => Some(time.as_millisecond()),
        Err(_) => time.parse().ok(),
    }
}

impl Record for CallActivity {
    fn decode(row: &Value) -> Option<CallActivity> {
        Some(CallActivity {
            id: CallActivityId::new(text(row, "id")?),
            subject: text(row, "subject"),
            contact: text(row, "contactId").map(ContactId::new),
            direction: match text(row, "direction").unwrap_or_default().to_ascii_lowercase().as_str() {
                "inbound" => Some(CallDirection::Inbound),
                "outbound" => Some(CallDirection::Outbound),
                _ => None,
            },
            started_ms: text(row, "startTime").as_deref().and_then(ms_of),
            web_url: link(row, "webUrl"),
        })
    }
}

impl fmt::Debug for NewTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTicket")
            .field("contact", &self.contact)
            .field("department", &self.department)
            .field("marker", &self.marker)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCall")
            .field("contact", &self.contact)
            .field("department", &self.department)
            .field("marker", &self.marker)
            .field("started_ms", &self.started_ms)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CallActivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallActivity")
            .field("id", &self.id)
            .field("started_ms", &self.started_ms)
            .finish_non_exhaustive()
    }
}
