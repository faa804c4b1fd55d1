//! Owns the search rules: exact on the stored string, wildcards, commas, and what is refused.

use jiff::Timestamp;
use serde_json::Value;

use super::records::{Module, text};
use crate::clock::parse_desk_time;
use crate::http::Call;

const MOST_VALUES: usize = 30;

/// Why a search is refused: the parameter.
pub(crate) type Refused = String;

/// Parameters each module's search takes beside paging and ranges.
pub(crate) fn parameters(module: Module) -> &'static [&'static str] {
    match module {
        Module::Contacts => {
            &["id", "email", "phone", "mobile", "accountName", "firstName", "lastName", "fullName", "_all"]
        }
        Module::Accounts => &["id", "accountName", "_all"],
        Module::Tickets => &[
            "id",
            "ticketNumber",
            "subject",
            "description",
            "status",
            "priority",
            "assigneeId",
            "departmentId",
            "channel",
            "contactId",
            "contactName",
            "accountId",
            "accountName",
            "email",
            "phone",
            "_all",
        ],
        Module::Calls => {
            &["id", "subject", "status", "direction", "contactId", "departmentId", "ownerId", "_all"]
        }
        Module::Comments => &[],
    }
}

pub(crate) fn sorts(module: Module) -> &'static [&'static str] {
    match module {
        Module::Contacts => &["relevance", "modifiedTime", "createdTime", "lastName", "firstName"],
        Module::Accounts => &["relevance", "modifiedTime", "createdTime", "accountName"],
        Module::Tickets | Module::Calls | Module::Comments => &["relevance", "modifiedTime", "createdTime"],
    }
}

/// One condition of a search; several must all hold.
pub(crate) struct Condition {
    field: String,
    values: Vec<String>,
}

/// Reads and checks all conditions of a request.
pub(crate) fn conditions(module: Module, call: &Call) -> Result<Vec<Condition>, Refused> {
    let mut conditions = Vec::new();
    for (name, value) in &call.query {
        let known = parameters(module).contains(&name.as_str());
        let custom = name.starts_with("customField");
        let range = matches!(name.as_str(), "createdTimeRange" | "modifiedTimeRange");
        if !known && !custom && !range {
            continue;
        }
        let length = value.chars().count();
        let shortest = match name.as_str() {
            "_all" | "accountName" => 3,
            _ => 1,
        };
        let longest = if name == "accountName" { 500 } else { 1000 };
        // QUIRK(zoho): parentheses, number sign and ampersand do not pass the pattern.
        if value.contains(['(', ')', '#', '&']) || length < shortest || length > longest {
            return Err(name.clone());
        }
        let values: Vec<String> = value.split(',').map(|value| value.trim().to_lowercase()).collect();
        if values.len() > MOST_VALUES {
            return Err(name.clone());
        }
        if range {
            let times: Vec<_> = value.split(',').map(parse_desk_time).collect();
            if times.len() != 2 || times.iter().any(Option::is_none) {
                return Err(name.clone());
            }
            // Times keep their capitals.
            let values = value.split(',').map(str::to_owned).collect();
            conditions.push(Condition { field: name.clone(), values });
            continue;
        }
        if custom && !value.contains(':') {
            return Err(name.clone());
        }
        conditions.push(Condition { field: name.clone(), values });
    }
    if conditions.is_empty() {
        return Err("_all".to_owned());
    }
    Ok(conditions)
}

impl Condition {
    /// `names` gives the related account's and contact's names.
    pub(crate) fn holds(&self, record: &Value, account_name: &str, contact_name: &str) -> bool {
        match self.field.as_str() {
            "createdTimeRange" => self.in_range(text(record, "createdTime")),
            "modifiedTimeRange" => self.in_range(text(record, "modifiedTime")),
            "fullName" => {
                let name = format!("{} {}", text(record, "firstName"), text(record, "lastName"));
                self.any(name.trim(), Star::End)
            }
            "accountName" if record.get("accountName").is_none() => self.any(account_name, Star::End),
            "contactName" => self.any(contact_name, Star::End),
            "_all" => {
                let strings = record.as_object().into_iter().flat_map(|object| object.values());
                strings.filter_map(Value::as_str).any(|value| !value.is_empty() && self.any(value, Star::End))
                    || (!account_name.is_empty() && self.any(account_name, Star::End))
            }
            custom if custom.starts_with("customField") => self.values.iter().any(|value| {
                let Some((field, wanted)) = value.split_once(':') else { return false };
                let fields = record.get("cf").and_then(Value::as_object).into_iter().flatten();
                fields.filter(|(name, _)| name.to_lowercase() == field).any(|(_, stored)| {
                    stored.as_str().is_some_and(|stored| fits(wanted, &stored.to_lowercase(), Star::End))
                })
            }),
            // QUIRK(zoho): only phone and mobile take a star at the beginning.
            field @ ("phone" | "mobile") => self.any(text(record, field), Star::BothEnds),
            field => self.any(text(record, field), Star::End),
        }
    }

    /// The two moments of a range of changes.
    pub(crate) fn changed_between(&self) -> Option<(Timestamp, Timestamp)> {
        let moment = |at: usize| self.values.get(at).and_then(|text| parse_desk_time(text));
        (self.field == "modifiedTimeRange").then(|| Some((moment(0)?, moment(1)?)))?
    }

    /// The numbers that are searched for.
    pub(crate) fn numbers(&self) -> &[String] {
        if matches!(self.field.as_str(), "phone" | "mobile") { &self.values } else { &[] }
    }

    fn any(&self, stored: &str, star: Star) -> bool {
        let stored = stored.to_lowercase();
        self.values.iter().any(|wanted| fits(wanted, &stored, star))
    }

    fn in_range(&self, stored: &str) -> bool {
        let mut times = self.values.iter().map(|time| parse_desk_time(time));
        let (from, until) = (times.next().flatten(), times.next().flatten());
        let stored = parse_desk_time(stored);
        stored.is_some_and(|at| from.is_some_and(|from| at >= from) && until.is_some_and(|until| at <= until))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Star {
    End,
    BothEnds,
}

/// QUIRK(zoho): the stored string counts, blanks and dashes and all; nothing is normalized.
fn fits(wanted: &str, stored: &str, star: Star) -> bool {
    match wanted {
        "${empty}" => return stored.is_empty(),
        "${notempty}" => return !stored.is_empty(),
        _ => {}
    }
    if stored.is_empty() {
        return false;
    }
    let (open_start, rest) = match wanted.strip_prefix('*') {
        Some(rest) if star == Star::BothEnds => (true, rest),
        _ => (false, wanted),
    };
    let (open_end, core) = match rest.strip_suffix('*') {
        Some(core) => (true, core),
        None => (false, rest),
    };
    match (open_start, open_end) {
        (true, true) => stored.contains(core),
        (true, false) => stored.ends_with(core),
        (false, true) => stored.starts_with(core),
        (false, false) => stored == core,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderMap;
    use serde_json::json;

    fn search(query: &str, contact: &Value) -> Result<bool, Refused> {
        let call = Call {
            method: "GET".to_owned(),
            path: String::new(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            raw_query: query.to_owned(),
            headers: HeaderMap::new(),
            body: String::new(),
        };
        let conditions = conditions(Module::Contacts, &call)?;
        Ok(conditions.iter().all(|condition| condition.holds(contact, "Acme Ltd", "")))
    }

    fn contact() -> Value {
        json!({
            "firstName": "Max", "lastName": "Muster", "phone": "+1 212-555-0101", "mobile": "+12125550102",
            "email": "max@example.com", "createdTime": "2026-01-05T09:10:11.000Z", "cf": { "cf_code": "Blue" },
        })
    }

    #[test]
    fn a_number_is_found_only_as_it_is_stored() {
        assert_eq!(search("mobile=%2B12125550102", &contact()), Ok(true));
        assert_eq!(search("mobile=12125550102", &contact()), Ok(false));
        assert_eq!(search("phone=%2B12125550101", &contact()), Ok(false));
        assert_eq!(search("phone=%2B1+212-555-0101", &contact()), Ok(true));
        assert_eq!(search("lastName=MUSTER", &contact()), Ok(true), "letters match in any case");
    }

    #[test]
    fn a_star_works_at_the_end_and_for_numbers_also_at_the_start() {
        assert_eq!(search("mobile=*5550102", &contact()), Ok(true));
        assert_eq!(search("mobile=%2B1212*", &contact()), Ok(true));
        assert_eq!(search("mobile=*555*", &contact()), Ok(true));
        assert_eq!(search("lastName=Mus*", &contact()), Ok(true));
        assert_eq!(search("lastName=*uster", &contact()), Ok(false));
    }

    #[test]
    fn a_comma_is_or_up_to_thirty_and_several_parameters_are_and() {
        assert_eq!(search("mobile=0,1,%2B12125550102", &contact()), Ok(true));
        assert_eq!(search("mobile=%2B12125550102&phone=0", &contact()), Ok(false));
        let many = vec!["1"; 31].join(",");
        assert_eq!(search(&format!("mobile={many}"), &contact()), Err("mobile".to_owned()));
    }

    #[test]
    fn forbidden_characters_and_short_or_missing_words_are_refused() {
        for query in ["phone=(212)", "phone=%23", "_all=ab", ""] {
            assert!(search(query, &contact()).is_err(), "{query}");
        }
    }

    #[test]
    fn names_of_the_account_custom_fields_and_times_can_be_searched() {
        assert_eq!(search("accountName=acme*", &contact()), Ok(true));
        assert_eq!(search("customField1=cf_code:blue", &contact()), Ok(true));
        assert_eq!(search("_all=max@example.com", &contact()), Ok(true));
        assert_eq!(search("phone=%24%7Bnotempty%7D", &contact()), Ok(true));
        let range = "createdTimeRange=2026-01-05T00:00:00.000Z,2026-01-06T00:00:00.000Z";
        assert_eq!(search(range, &contact()), Ok(true));
        assert!(search("createdTimeRange=yesterday,today", &contact()).is_err());
    }
}
