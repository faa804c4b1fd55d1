//! Owns Desk's records: ids, shapes, web addresses, and what the search index knows of them when.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::crowd::Crowd;
use super::switches::DeskSwitches;
use super::{AGENT_ID, DEPARTMENT_ID, PORTAL, layouts};
use crate::clock::desk_time;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Module {
    Contacts,
    Accounts,
    Tickets,
    Calls,
    Comments,
}

impl Module {
    /// The word in web addresses.
    fn tab(self) -> &'static str {
        match self {
            Module::Contacts => "Contacts",
            Module::Accounts => "Accounts",
            Module::Tickets | Module::Comments => "Cases",
            Module::Calls => "Calls",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Module::Contacts => "contacts",
            Module::Accounts => "accounts",
            Module::Tickets => "tickets",
            Module::Calls => "calls",
            Module::Comments => "comments",
        }
    }
}

struct Record {
    module: Module,
    value: Value,
    /// What search finds; behind `value` while the index lags.
    indexed: Option<Value>,
    pending: Vec<(Instant, Value)>,
    trashed: bool,
}

/// When a change becomes searchable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Indexed {
    AtOnce,
    After(Duration),
}

pub(crate) struct Records {
    rows: BTreeMap<String, Record>,
    /// Contacts beside those.
    pub(crate) crowd: Crowd,
    pub(crate) agents: Vec<Value>,
    pub(crate) departments: Vec<Value>,
    next_id: u64,
    next_ticket: u64,
    desk_url: String,
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl Records {
    pub(crate) fn new(desk_url: String) -> Records {
        let mut records = Records {
            rows: BTreeMap::new(),
            crowd: Crowd::default(),
            agents: Vec::new(),
            departments: Vec::new(),
            // Above 2^53, so that a client that reads ids as floats is caught.
            next_id: 189_200_000_000_420_000,
            next_ticket: 101,
            desk_url,
        };
        records.add_department(json!({ "id": DEPARTMENT_ID, "name": "Support", "isDefault": true }));
        let zuid = "20001234567";
        records.add_agent(json!({
            "id": AGENT_ID, "zuid": zuid, "emailId": "agent@example.com", "firstName": "Ana", "lastName": "Agent",
            "extn": "1001",
        }));
        records.add_agent(json!({
            "emailId": "bo.lin@example.com", "firstName": "Bo", "lastName": "Lin", "extn": "1002",
        }));
        records.add_agent(json!({
            "emailId": "chen.jing@example.com", "firstName": "静", "lastName": "陈", "extn": "1003",
        }));
        records
    }

    pub(crate) fn id(&mut self) -> String {
        self.next_id += 17;
        self.next_id.to_string()
    }

    pub(crate) fn add_agent(&mut self, given: Value) -> String {
        let id = if text(&given, "id").is_empty() { self.id() } else { text(&given, "id").to_owned() };
        let name = format!("{} {}", text(&given, "firstName"), text(&given, "lastName"));
        let mut agent = json!({
            "id": id, "zuid": id, "emailId": "", "name": name.trim(), "firstName": "", "lastName": "", "phone": "",
            "mobile": "", "extn": "", "countryCode": "en_US", "photoURL": null, "status": "ACTIVE",
            "isConfirmed": true, "roleId": "189200000000006901", "profileId": "189200000000006902",
            "rolePermissionType": "Personal", "associatedDepartmentIds": [DEPARTMENT_ID],
            "timeZone": "Asia/Shanghai", "langCode": "en_US", "undocumentedKey": { "revision": "1" },
        });
        merge(&mut agent, given);
        self.agents.push(agent);
        id
    }

    pub(crate) fn add_department(&mut self, given: Value) -> String {
        let id = if text(&given, "id").is_empty() { self.id() } else { text(&given, "id").to_owned() };
        let name = text(&given, "name").to_owned();
        let mut department = json!({
            "id": id, "name": name, "nameInCustomerPortal": name, "sanitizedName": name.to_lowercase(),
            "isEnabled": true, "isDefault": false, "isVisibleInCustomerPortal": true,
            "isAssignToTeamEnabled": false, "chatStatus": "NOT_CREATED", "hasLogo": false, "creatorId": AGENT_ID,
            "description": null, "createdTime": "2025-02-01T08:00:00.000Z", "undocumentedKey": { "revision": "1" },
        });
        merge(&mut department, given);
        self.departments.push(department);
        id
    }

    pub(crate) fn department(&self, id: &str) -> Option<&Value> {
        self.departments.iter().find(|department| text(department, "id") == id)
    }

    pub(crate) fn agent(&self, id: &str) -> Option<&Value> {
        self.agents.iter().find(|agent| text(agent, "id") == id)
    }

    pub(crate) fn web_url(&self, module: Module, id: &str) -> String {
        format!("{}/support/{PORTAL}/ShowHomePage.do#{}/dv/{id}", self.desk_url, module.tab())
    }

    /// Adds a record in its full shape; `given` overrides the defaults.
    pub(crate) fn insert(&mut self, module: Module, given: Value, indexed: Indexed) -> Value {
        let id = if text(&given, "id").is_empty() { self.id() } else { text(&given, "id").to_owned() };
        let now = desk_time(Timestamp::now());
        let mut value = match module {
            Module::Contacts => contact_defaults(),
            Module::Accounts => account_defaults(),
            Module::Tickets => ticket_defaults(self.next_ticket),
            Module::Calls => call_defaults(),
            Module::Comments => json!({ "contentType": "html", "isPublic": true, "attachments": [] }),
        };
        if module == Module::Tickets {
            self.next_ticket += 1;
        }
        merge(&mut value, json!({ "id": id, "createdTime": now, "modifiedTime": now }));
        if module != Module::Comments {
            merge(&mut value, json!({ "webUrl": self.web_url(module, &id) }));
        }
        merge(&mut value, given);
        settle(module, &mut value);
        let mut record =
            Record { module, value: value.clone(), indexed: None, pending: Vec::new(), trashed: false };
        record.index(indexed);
        self.rows.insert(id, record);
        value
    }

    /// Somebody means the record of this id: one of the crowd is an ordinary one from now on.
    pub(crate) fn wake(&mut self, id: &str) {
        if let Some(person) = self.crowd.wake(id) {
            self.insert(Module::Contacts, person, Indexed::AtOnce);
        }
    }

    /// A contact of the crowd as it would be if it were an ordinary record.
    pub(crate) fn asleep(&self, person: Value) -> Value {
        let mut value = contact_defaults();
        let page = self.web_url(Module::Contacts, text(&person, "id"));
        merge(&mut value, person);
        merge(&mut value, json!({ "webUrl": page }));
        value
    }

    /// Changes a record; `None` when there is no such one.
    pub(crate) fn update(
        &mut self,
        module: Module,
        id: &str,
        change: Value,
        indexed: Indexed,
    ) -> Option<Value> {
        let record = self.rows.get_mut(id).filter(|record| record.module == module && !record.trashed)?;
        merge(&mut record.value, change);
        merge(&mut record.value, json!({ "modifiedTime": desk_time(Timestamp::now()) }));
        settle(module, &mut record.value);
        record.index(indexed);
        Some(record.value.clone())
    }

    pub(crate) fn trash(&mut self, module: Module, id: &str) -> bool {
        let found = self.rows.get_mut(id).filter(|record| record.module == module && !record.trashed);
        found.is_some_and(|record| {
            record.trashed = true;
            record.indexed = None;
            record.pending.clear();
            true
        })
    }

    pub(crate) fn get(&self, module: Module, id: &str) -> Option<&Value> {
        self.rows
            .get(id)
            .filter(|record| record.module == module && !record.trashed)
            .map(|record| &record.value)
    }

    /// Any record, for the pretend Desk page.
    pub(crate) fn any(&self, id: &str) -> Option<(Module, &Value)> {
        self.rows.get(id).filter(|record| !record.trashed).map(|record| (record.module, &record.value))
    }

    /// Live records in the order of their creation.
    pub(crate) fn all(&self, module: Module) -> impl Iterator<Item = &Value> {
        self.rows
            .values()
            .filter(move |record| record.module == module && !record.trashed)
            .map(|record| &record.value)
    }

    /// What search sees now, in the order of creation.
    pub(crate) fn searchable(&mut self, module: Module) -> Vec<Value> {
        let now = Instant::now();
        self.rows
            .values_mut()
            .filter(|record| record.module == module && !record.trashed)
            .filter_map(|record| {
                record.catch_up(now);
                record.indexed.clone()
            })
            .collect()
    }

    pub(crate) fn index_now(&mut self) {
        for record in self.rows.values_mut() {
            record.index(Indexed::AtOnce);
        }
    }

    /// A record as the API shows it: related records by `include`, hidden fields taken out.
    pub(crate) fn view(&self, value: &Value, include: &[&str], switches: &DeskSwitches) -> Value {
        let mut view = value.clone();
        let Some(object) = view.as_object_mut() else { return view };
        let related = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        for name in include {
            match *name {
                "accounts" | "account" => {
                    let account = self.get(Module::Accounts, related("accountId"));
                    let account = account.map(|account| {
                        json!({ "id": account.get("id"), "accountName": account.get("accountName"),
                            "website": account.get("website") })
                    });
                    object.insert("account".to_owned(), json!(account));
                }
                "owner" => {
                    let owner = self.agent(related("ownerId")).map(agent_card);
                    object.insert("owner".to_owned(), json!(owner));
                }
                "assignee" => {
                    let agent = [related("assigneeId"), related("ownerId")];
                    let agent = agent.iter().find_map(|id| self.agent(id)).map(agent_card);
                    object.insert("assignee".to_owned(), json!(agent));
                }
                "contacts" => {
                    let contact = self.get(Module::Contacts, related("contactId")).map(|contact| {
                        let keys = [
                            "id",
                            "firstName",
                            "lastName",
                            "email",
                            "phone",
                            "mobile",
                            "accountId",
                            "isSpam",
                        ];
                        only(contact, &keys)
                    });
                    object.insert("contact".to_owned(), json!(contact));
                }
                "departments" => {
                    object.insert("department".to_owned(), json!({ "id": DEPARTMENT_ID, "name": "Support" }));
                }
                _ => {}
            }
        }
        if switches.hide_mobile {
            object.remove("mobile");
            if let Some(contact) = object.get_mut("contact").and_then(Value::as_object_mut) {
                contact.remove("mobile");
            }
        }
        if switches.hide_web_url {
            object.remove("webUrl");
        }
        // Live answers carry keys no description names.
        object.insert("undocumentedKey".to_owned(), json!({ "revision": "1" }));
        view
    }
}

impl Record {
    fn index(&mut self, indexed: Indexed) {
        match indexed {
            Indexed::AtOnce => {
                self.indexed = Some(self.value.clone());
                self.pending.clear();
            }
            Indexed::After(lag) => self.pending.push((Instant::now() + lag, self.value.clone())),
        }
    }

    fn catch_up(&mut self, now: Instant) {
        while self.pending.first().is_some_and(|(at, _)| *at <= now) {
            self.indexed = Some(self.pending.remove(0).1);
        }
    }
}

/// Puts the keys of `change` over those of `into`.
pub(crate) fn merge(into: &mut Value, change: Value) {
    if let (Some(into), Value::Object(change)) = (into.as_object_mut(), change) {
        into.extend(change);
    }
}

pub(crate) fn only(value: &Value, keys: &[&str]) -> Value {
    let mut kept = Map::new();
    for key in keys {
        if let Some(value) = value.get(*key) {
            kept.insert((*key).to_owned(), value.clone());
        }
    }
    Value::Object(kept)
}

fn agent_card(agent: &Value) -> Value {
    only(agent, &["id", "firstName", "lastName", "emailId", "zuid", "photoURL"])
}

/// Keys that follow from others.
fn settle(module: Module, value: &mut Value) {
    match module {
        Module::Calls => {
            let open = !matches!(text(value, "status"), "Completed" | "Missed" | "Canceled");
            // QUIRK(zoho): the duration comes back as a string, whatever was sent.
            let duration = match value.get("duration") {
                Some(Value::Number(number)) => number.to_string(),
                Some(Value::String(digits)) => digits.clone(),
                _ => "0".to_owned(),
            };
            let completed =
                if open { Value::Null } else { value.get("modifiedTime").cloned().unwrap_or_default() };
            let state = if open { "Open" } else { "Closed" };
            merge(value, json!({ "statusType": state, "duration": duration, "completedTime": completed }));
        }
        Module::Tickets => {
            let kind = match text(value, "status") {
                "Closed" => "Closed",
                "On Hold" => "On Hold",
                _ => "Open",
            };
            merge(value, json!({ "statusType": kind }));
        }
        Module::Contacts | Module::Accounts | Module::Comments => {}
    }
}

fn contact_defaults() -> Value {
    json!({
        "firstName": null, "lastName": "", "email": null, "secondaryEmail": null, "phone": null, "mobile": null,
        "accountId": null, "ownerId": AGENT_ID, "type": null, "title": null, "street": null, "city": null,
        "state": null, "country": null, "zip": null, "description": null, "twitter": null, "facebook": null,
        "cf": {}, "customFields": {}, "photoURL": null, "isAnonymous": false, "isEndUser": false, "isSpam": false,
        "isDeleted": false, "isTrashed": false, "isFollowing": false, "accountCount": "0", "zohoCRMContact": null,
        "customerHappiness": { "badPercentage": "0", "okPercentage": "0", "goodPercentage": "0" },
        "layoutId": layouts::id(Module::Contacts),
    })
}

fn account_defaults() -> Value {
    json!({
        "accountName": "", "phone": null, "email": null, "website": null, "fax": null, "industry": null,
        "street": null, "city": null, "state": null, "country": null, "code": null, "description": null,
        "annualrevenue": null, "ownerId": AGENT_ID, "cf": {}, "zohoCRMAccount": null, "isFollowing": false,
        "isDeleted": false, "isTrashed": false,
        "customerHappiness": { "badPercentage": "0", "okPercentage": "0", "goodPercentage": "0" },
        "layoutId": layouts::id(Module::Accounts),
    })
}

fn ticket_defaults(number: u64) -> Value {
    json!({
        "ticketNumber": number.to_string(), "subject": "", "status": "Open", "statusType": "Open", "priority": null,
        "channel": "Phone", "departmentId": DEPARTMENT_ID, "contactId": null, "accountId": null,
        "assigneeId": null, "teamId": null, "phone": null, "email": null, "description": null, "closedTime": null,
        "dueDate": null, "customerResponseTime": desk_time(Timestamp::now()), "threadCount": "0",
        "commentCount": "0", "isSpam": false, "isArchived": false, "isTrashed": false, "isDeleted": false,
        "isEscalated": false, "isOverDue": false, "isResponseOverdue": false, "category": null, "cf": {},
        "source": { "type": "SYSTEM" }, "layoutId": layouts::id(Module::Tickets),
    })
}

fn call_defaults() -> Value {
    json!({
        "subject": "", "contactId": null, "departmentId": DEPARTMENT_ID, "ownerId": AGENT_ID, "ticketId": null,
        "teamId": null, "direction": "inbound", "duration": "0", "status": "Completed", "priority": null,
        "description": null, "startTime": null, "creatorId": AGENT_ID, "callId": null, "isCommented": false,
        "isSpam": false, "isTrashed": false, "activityTime": "0", "cf": {}, "recordingUrl": null,
        "layoutId": layouts::id(Module::Calls),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: Indexed = Indexed::After(Duration::from_secs(60));

    #[tokio::test(start_paused = true)]
    async fn search_learns_of_a_new_or_changed_record_only_after_the_lag() {
        let mut records = Records::new("http://127.0.0.1:1".to_owned());
        let contact = records.insert(Module::Contacts, json!({ "lastName": "New" }), LAG);
        let id = text(&contact, "id").to_owned();
        assert!(records.get(Module::Contacts, &id).is_some(), "by id it is there at once");
        assert!(records.searchable(Module::Contacts).is_empty());
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(text(&records.searchable(Module::Contacts)[0], "lastName"), "New");
        records.update(Module::Contacts, &id, json!({ "lastName": "Changed" }), LAG).unwrap();
        assert_eq!(text(&records.searchable(Module::Contacts)[0], "lastName"), "New");
        assert_eq!(text(records.get(Module::Contacts, &id).unwrap(), "lastName"), "Changed");
        records.index_now();
        assert_eq!(text(&records.searchable(Module::Contacts)[0], "lastName"), "Changed");
    }

    #[test]
    fn ids_are_digits_that_no_float_can_hold() {
        let mut records = Records::new(String::new());
        let id: u64 = records.id().parse().unwrap();
        assert!(id > (1 << 53));
    }
}
