//! From a row to a request: what is written about a call, with the settings and the knowledge of the moment. Pure. Must
//! not know whether it is sent.

use std::collections::BTreeMap;

use deskring_domain::template::{Escape, Template, Values, Variable};
use deskring_domain::{Line, Plan};
use deskring_store::{Entry, Run};
use deskring_zoho_desk::{
    AgentId, CallActivities, CallDirection, CallStatus, ContactId, DepartmentId, FieldValue, Marker,
    NewAccount, NewCall, NewContact, NewTicket, TicketId,
};

use super::{Payload, kind};

/// How Desk's portals name calls among the ways a ticket comes in.
const CHANNEL: &str = "Phone";
/// A call id begins with the seconds since 1970 on the PBX's clock; a smaller number is none.
const YEAR_2001_S: i64 = 978_307_200;

/// What is to be written, as the settings and the PBX tell.
#[derive(Clone, Debug)]
pub(crate) struct Writing {
    /// Whether it is written at all, or only shown.
    pub(crate) run: Run,
    /// Desk's department.
    pub(crate) department: Option<String>,
    /// Desk's agents by extension.
    pub(crate) agents: BTreeMap<String, String>,
    pub(crate) ticket_subject: Template,
    pub(crate) ticket_description: Template,
    pub(crate) call_subject: Template,
    pub(crate) call_description: Template,
    /// The PBX's serial number, the same for everybody at this PBX; empty where the PBX does not tell it, `None` while
    /// it has not been asked.
    pub(crate) serial: Option<String>,
    /// Names of our extensions, as far as the PBX tells.
    pub(crate) names: BTreeMap<String, String>,
    /// Why no call activities can be written.
    pub(crate) no_calls: Option<CallActivities>,
    /// How numbers are written here.
    pub(crate) plan: Plan,
}

/// A call, as far as it is known to whoever writes about it.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) values: Values,
    /// First report on this computer's clock.
    pub(crate) began_ms: i64,
    /// How long was spoken.
    pub(crate) talk_s: u64,
}

/// What goes to Desk.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Contact(NewContact),
    Account(NewAccount),
    Ticket(NewTicket),
    Call(NewCall),
}

/// Why nothing goes to Desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotSent {
    /// Something is not known yet.
    Later(&'static str),
    /// A person must do something.
    Wedged(&'static str),
    /// It is not to be written at all.
    Never(&'static str),
}

/// The request of a row. `parent` is Desk's id of the record it hangs on; `contact` the one of the contact's row.
pub(crate) fn compose(
    row: &Entry,
    payload: &Payload,
    contact: Option<&str>,
    facts: &Facts,
    writing: &Writing,
) -> Result<Request, NotSent> {
    let contact = payload.contact.as_deref().or(contact);
    match row.kind.as_str() {
        kind::CONTACT => Ok(Request::Contact(new_contact(payload, writing))),
        kind::ACCOUNT => Ok(Request::Account(new_account(payload, writing))),
        _ => {
            let texts = texts(&row.kind, payload, facts, writing).ok_or(NotSent::Wedged("unknown_kind"))?;
            if row.kind == kind::TICKET {
                ticket(row, payload, contact, texts, writing).map(Request::Ticket)
            } else {
                activity(row, payload, contact, facts, texts, writing).map(Request::Call)
            }
        }
    }
}

/// What a person reads of a row.
pub(crate) struct Texts {
    pub(crate) subject: String,
    /// For a ticket, HTML.
    pub(crate) description: String,
}

/// What a row would say if it were sent now; nothing of a kind that this version does not know.
pub(crate) fn texts(kind: &str, payload: &Payload, facts: &Facts, writing: &Writing) -> Option<Texts> {
    let said = |own: &Option<String>, template: &Template, escape| {
        own.clone().unwrap_or_else(|| template.render(&facts.values, escape))
    };
    let (subject, description) = match kind {
        kind::CONTACT => (new_contact(payload, writing).last_name, payload.description.clone()),
        kind::ACCOUNT => (new_account(payload, writing).name, payload.description.clone()),
        kind::TICKET => (
            said(&payload.subject, &writing.ticket_subject, Escape::None),
            Some(said(&payload.description, &writing.ticket_description, Escape::Html)),
        ),
        kind::ACTIVITY => {
            let template = &writing.call_description;
            let made = || with_note(template.render(&facts.values, Escape::None), template, &facts.values);
            let description = payload.description.clone().unwrap_or_else(made);
            (said(&payload.subject, &writing.call_subject, Escape::None), Some(description))
        }
        _ => return None,
    };
    // A subject is mandatory, whatever the template leaves of it.
    let subject = if subject.trim().is_empty() { payload.number.clone() } else { subject };
    Some(Texts { subject, description: description.unwrap_or_default() })
}

/// The description of a call activity with what the agent wrote down, also where the template leaves it out.
pub(crate) fn with_note(description: String, template: &Template, values: &Values) -> String {
    match &values.note {
        Some(note) if !template.variables().contains(&Variable::Note) => format!("{description}\n\n{note}"),
        Some(_) | None => description,
    }
}

fn new_contact(payload: &Payload, writing: &Writing) -> NewContact {
    let number = number(payload, writing);
    let is_mobile = writing.plan.read(&payload.number).line() == Line::Mobile;
    let (phone, mobile) = if is_mobile { (None, Some(number.clone())) } else { (Some(number.clone()), None) };
    NewContact {
        last_name: payload.subject.clone().unwrap_or_else(|| format!("Automatic New Contact {number}")),
        phone,
        mobile,
        description: payload.description.clone(),
        extra: extra(payload),
        ..NewContact::default()
    }
}

fn new_account(payload: &Payload, writing: &Writing) -> NewAccount {
    let number = number(payload, writing);
    NewAccount {
        name: payload.subject.clone().unwrap_or_else(|| format!("Automatic New Account {number}")),
        phone: Some(number),
        description: payload.description.clone(),
        extra: extra(payload),
    }
}

fn number(payload: &Payload, writing: &Writing) -> String {
    writing.plan.read(&payload.number).key().to_owned()
}

fn ticket(
    row: &Entry,
    payload: &Payload,
    contact: Option<&str>,
    texts: Texts,
    writing: &Writing,
) -> Result<NewTicket, NotSent> {
    Ok(NewTicket {
        contact: ContactId::new(contact.ok_or(NotSent::Never("no_contact"))?),
        department: department(writing)?,
        subject: texts.subject,
        description: texts.description,
        marker: marker(&row.call_id, None, writing)?,
        phone: Some(number(payload, writing)),
        channel: Some(CHANNEL.to_owned()),
        assignee: writing.agents.get(&payload.of).map(AgentId::new),
        account: None,
        extra: extra(payload),
    })
}

fn activity(
    row: &Entry,
    payload: &Payload,
    contact: Option<&str>,
    facts: &Facts,
    texts: Texts,
    writing: &Writing,
) -> Result<NewCall, NotSent> {
    if let Some(why) = writing.no_calls {
        return Err(NotSent::Never(why.code()));
    }
    // The parent is the ticket, where there is one; the contact's own row otherwise.
    let ticket =
        row.parent_id.as_deref().filter(|_| row.depends_on.as_deref() != payload.contact_row.as_deref());
    Ok(NewCall {
        contact: ContactId::new(contact.ok_or(NotSent::Never("no_contact"))?),
        department: department(writing)?,
        subject: texts.subject,
        description: texts.description,
        marker: marker(&row.call_id, Some(&payload.of), writing)?,
        direction: if payload.direction == "outbound" {
            CallDirection::Outbound
        } else {
            CallDirection::Inbound
        },
        status: if payload.spoke { CallStatus::Completed } else { CallStatus::Missed },
        started_ms: started_ms(&row.call_id).unwrap_or(facts.began_ms),
        duration_s: if payload.spoke { facts.talk_s } else { 0 },
        owner: writing.agents.get(&payload.of).map(AgentId::new),
        ticket: ticket.map(TicketId::new),
        extra: extra(payload),
    })
}

fn department(writing: &Writing) -> Result<DepartmentId, NotSent> {
    let department = writing.department.as_deref().filter(|id| !id.is_empty());
    department.map(DepartmentId::new).ok_or(NotSent::Wedged("no_department"))
}

/// When the call began, on the PBX's clock: everybody at this PBX reads the same from its id.
pub(crate) fn started_ms(call: &str) -> Option<i64> {
    let seconds: i64 = call.split('.').next()?.parse().ok()?;
    (seconds > YEAR_2001_S).then(|| seconds.checked_mul(1000))?
}

/// The line by which a record of this call is found, whoever wrote it.
fn marker(call: &str, extension: Option<&str>, writing: &Writing) -> Result<Marker, NotSent> {
    let serial = writing.serial.as_deref().ok_or(NotSent::Later("pbx_not_known"))?;
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).collect()
    };
    let mut line = format!("Deskring: call {}", plain(call));
    if let Some(extension) = extension {
        line = format!("{line} of {}", plain(extension));
    }
    if !serial.is_empty() {
        line = format!("{line}, PBX {}", plain(serial));
    }
    line.truncate(100);
    Marker::new(&line).ok_or(NotSent::Wedged("bad_call_id"))
}

fn extra(payload: &Payload) -> BTreeMap<String, FieldValue> {
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(FieldValue::Text(text.clone())),
        serde_json::Value::Number(number) => Some(FieldValue::Number(number.to_string())),
        serde_json::Value::Bool(truth) => Some(FieldValue::Boolean(*truth)),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
    };
    payload.extra.iter().filter_map(|(name, given)| Some((name.clone(), value(given)?))).collect()
}
