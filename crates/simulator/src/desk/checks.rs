//! Owns what a body must look like: mandatory keys, lengths, characters, and references to other records.

use serde_json::{Value, json};

use super::layouts;
use super::records::{Module, Records, text};
use super::switches::DeskSwitches;
use crate::clock::parse_desk_time;

/// One row of `errors[]`.
pub(crate) fn problem(field: &str, kind: &str) -> Value {
    json!({ "fieldName": format!("/{field}"), "errorType": kind, "errorMessage": "" })
}

/// Whether the body makes a record or changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Create,
    Change,
}

/// Key and longest value in characters; 0 = no limit of length.
fn keys(module: Module, purpose: Purpose) -> Vec<(&'static str, usize)> {
    let place = if purpose == Purpose::Create { 100 } else { 30 };
    match module {
        Module::Contacts => vec![
            ("lastName", 200),
            ("firstName", 40),
            ("email", 255),
            ("secondaryEmail", 100),
            ("phone", 50),
            ("mobile", 50),
            ("accountId", 0),
            ("ownerId", 0),
            ("type", 0),
            ("title", 100),
            ("street", 250),
            ("city", place),
            ("state", place),
            ("country", place),
            ("zip", 0),
            ("description", 65_535),
            ("twitter", 0),
            ("facebook", 0),
            ("cf", 0),
            ("customFields", 0),
            ("layoutId", 0),
            ("language", 0),
        ],
        Module::Accounts => vec![
            ("accountName", 200),
            ("phone", 30),
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
            ("description", 65_535),
            ("ownerId", 0),
            ("cf", 0),
            ("layoutId", 0),
            ("associatedSLAIds", 0),
        ],
        Module::Tickets => vec![
            ("departmentId", 0),
            ("contactId", 0),
            ("contact", 0),
            ("subject", 1000),
            ("description", 65_535),
            ("phone", 120),
            ("email", 150),
            ("channel", 0),
            ("status", 0),
            ("priority", 0),
            ("assigneeId", 0),
            ("teamId", 0),
            ("category", 0),
            ("subCategory", 0),
            ("classification", 0),
            ("productId", 0),
            ("language", 0),
            ("dueDate", 0),
            ("accountId", 0),
            ("layoutId", 0),
            ("secondaryContacts", 0),
            ("uploads", 0),
            ("cf", 0),
            ("entitySkills", 0),
            ("ticketCreationType", 0),
            ("resolution", 0),
        ],
        Module::Calls => vec![
            ("subject", 300),
            ("contactId", 0),
            ("departmentId", 0),
            ("startTime", 0),
            ("direction", 0),
            ("duration", 0),
            ("status", 0),
            ("priority", 0),
            ("ownerId", 0),
            ("ticketId", 0),
            ("teamId", 0),
            ("description", 65_535),
            ("layoutId", 0),
            ("recordingUrl", 2500),
            ("cf", 0),
            ("reminder", 0),
        ],
        Module::Comments => {
            vec![("content", 32_000), ("isPublic", 0), ("contentType", 0), ("attachmentIds", 0)]
        }
    }
}

fn mandatory(module: Module) -> &'static [&'static str] {
    match module {
        Module::Contacts => &["lastName"],
        Module::Accounts => &["accountName"],
        Module::Tickets => &["departmentId", "subject"],
        // The description asks for five, the documentation for all seven.
        Module::Calls => {
            &["contactId", "departmentId", "subject", "startTime", "direction", "duration", "status"]
        }
        Module::Comments => &["content"],
    }
}

/// What the write pattern of numbers lets pass: no parentheses, number sign or ampersand.
fn number_allowed(number: &str) -> bool {
    number.chars().all(|letter| {
        letter.is_ascii_alphanumeric()
            || letter.is_whitespace()
            || "_+-.$@?,;:'/!".contains(letter)
            || !letter.is_ascii()
    })
}

/// All problems of a body, in the order of the keys.
pub(crate) fn problems(
    module: Module,
    purpose: Purpose,
    body: &Value,
    records: &Records,
    switches: &DeskSwitches,
) -> Vec<Value> {
    let mut problems = Vec::new();
    let present = |key: &str| body.get(key).is_some_and(|value| !value.is_null() && value != "");
    if purpose == Purpose::Create {
        for key in mandatory(module) {
            if !present(key) {
                problems.push(problem(key, "missing"));
            }
        }
        if module == Module::Tickets {
            if !present("contactId") && !present("contact") {
                problems.push(problem("contactId", "missing"));
            }
            if let Some(field) = &switches.mandatory_ticket_field
                && body.get("cf").and_then(|cf| cf.get(field)).is_none_or(Value::is_null)
            {
                problems.push(problem(&format!("cf/{field}"), "missing"));
            }
        }
    }
    if matches!(module, Module::Contacts | Module::Accounts) {
        problems.extend(of_layout(module, purpose, body, switches));
    }
    let known = keys(module, purpose);
    let empty = serde_json::Map::new();
    for (key, value) in body.as_object().unwrap_or(&empty) {
        let Some((_, longest)) = known.iter().find(|(name, _)| name == key) else {
            if switches.strict_bodies {
                problems.push(problem(key, "invalid"));
            }
            continue;
        };
        if value.is_null() || value == "" {
            if purpose == Purpose::Change && mandatory(module).contains(&key.as_str()) {
                problems.push(problem(key, "invalid"));
            }
            continue;
        }
        let length = value.as_str().map_or(0, |text| text.chars().count());
        let too_long = *longest > 0 && length > *longest;
        if too_long || !valid(module, key, value, records) {
            problems.push(problem(key, "invalid"));
        }
    }
    if module == Module::Contacts
        && switches.refuse_duplicate_email
        && purpose == Purpose::Create
        && present("email")
        && records
            .all(Module::Contacts)
            .any(|other| text(other, "email").eq_ignore_ascii_case(text(body, "email")))
    {
        problems.push(problem("email", "duplicate"));
    }
    problems
}

/// What the organization's layout says about a body beyond what Desk itself demands.
fn of_layout(module: Module, purpose: Purpose, body: &Value, switches: &DeskSwitches) -> Vec<Value> {
    let mut problems = Vec::new();
    let fields = layouts::fields(module.word(), switches);
    for field in &fields {
        let name = text(field, "apiName");
        let custom = name.starts_with("cf_");
        let value = if custom { body.get("cf").and_then(|cf| cf.get(name)) } else { body.get(name) };
        let value = value.filter(|value| !value.is_null() && *value != "");
        let place = if custom { format!("cf/{name}") } else { name.to_owned() };
        let told = mandatory(module).contains(&name);
        let demanded = field.get("isMandatory").and_then(Value::as_bool).unwrap_or_default();
        let choices = field.get("allowedValues").and_then(Value::as_array).filter(|list| !list.is_empty());
        match value {
            None if demanded && !told && purpose == Purpose::Create => {
                problems.push(problem(&place, "missing"))
            }
            Some(value) if choices.is_some_and(|choices| !choices.contains(value)) => {
                problems.push(problem(&place, "invalid"));
            }
            None | Some(_) => {}
        }
    }
    let custom = body.get("cf").and_then(Value::as_object);
    for name in custom.into_iter().flat_map(|custom| custom.keys()) {
        if switches.strict_bodies && !fields.iter().any(|field| text(field, "apiName") == name) {
            problems.push(problem(&format!("cf/{name}"), "invalid"));
        }
    }
    problems
}

/// An id as a digit string or an integer.
pub(crate) fn id_text(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
}

fn valid(module: Module, key: &str, value: &Value, records: &Records) -> bool {
    let string = value.as_str();
    match key {
        "phone" | "mobile" => string.is_some_and(number_allowed),
        "email" | "secondaryEmail" => {
            string.is_some_and(|mail| mail.split_once('@').is_some_and(|(_, host)| host.contains('.')))
        }
        "accountId" => records.get(Module::Accounts, &id_text(value)).is_some(),
        "contactId" => records.get(Module::Contacts, &id_text(value)).is_some(),
        "ticketId" => records.get(Module::Tickets, &id_text(value)).is_some(),
        "ownerId" | "assigneeId" => records.agent(&id_text(value)).is_some(),
        "departmentId" => records.department(&id_text(value)).is_some(),
        "website" | "recordingUrl" => string.is_some_and(|address| url::Url::parse(address).is_ok()),
        "cf" | "customFields" => value.is_object(),
        "contact" => {
            let last = value.get("lastName").and_then(Value::as_str);
            last.is_some_and(|name| !name.is_empty())
        }
        "direction" if module == Module::Calls => matches!(string, Some("inbound" | "outbound")),
        "status" if module == Module::Calls => {
            matches!(string, Some("Completed" | "Scheduled" | "Missed" | "Canceled" | "In Progress"))
        }
        "startTime" | "dueDate" => string.is_some_and(|time| parse_desk_time(time).is_some()),
        "duration" => {
            let digits = id_text(value);
            !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
        }
        "contentType" => matches!(string, Some("plainText" | "html")),
        "isPublic" => value.is_boolean(),
        "zip" => value.is_string() || value.is_number(),
        "secondaryContacts" | "uploads" | "entitySkills" | "associatedSLAIds" | "attachmentIds"
        | "reminder" => value.is_array(),
        "layoutId" | "teamId" | "productId" => value.is_string() || value.is_number(),
        _ => value.is_string(),
    }
}
