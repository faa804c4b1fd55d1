//! Owns `/api/v1`: the gates every request passes, and the work of each operation.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{Purpose, id_text, problems};
use super::limits::{concurrency, credits};
use super::records::{Indexed, Module, Records, merge, only, text};
use super::routes::{Op, Route, route};
use super::search::Condition;
use super::switches::{DeskSwitches, Fault};
use super::{AGENT_ID, Core, ORGANIZATION_ID, PORTAL, Write, layouts, search, web};
use crate::clock::desk_time;
use crate::http::{self, Call};
use crate::net::{Peer, lock};

pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new().fallback(answer).with_state(core)
}

/// Status and body; no body means an empty one.
type Reply = (u16, Option<Value>);

fn error(status: u16, code: &str, message: &str) -> Reply {
    (status, Some(json!({ "errorCode": code, "message": message })))
}

fn not_found() -> Reply {
    error(404, "URL_NOT_FOUND", "The URL you requested could not be found.")
}

fn unprocessable(parameter: &str) -> Reply {
    let message = format!("The value passed for the '{parameter}' query parameter is invalid.");
    error(422, "UNPROCESSABLE_ENTITY", &message)
}

fn invalid_data(errors: Vec<Value>) -> Reply {
    let message = "The data is invalid due to validation restrictions";
    (422, Some(json!({ "errorCode": "INVALID_DATA", "message": message, "errors": errors })))
}

fn too_many_at_once() -> Reply {
    let message = "The maximum number of Concurrent API Calls that can be made has been exceeded.";
    error(429, "TOO_MANY_REQUESTS", message)
}

fn credits_gone() -> Reply {
    error(429, "THRESHOLD_EXCEEDED", "The API credits of this day are used up.")
}

/// What the gates add to an answer's head.
#[derive(Default)]
struct Meter {
    weight: Option<u64>,
    remaining: Option<u64>,
    retry_after: Option<u64>,
}

async fn answer(
    State(core): State<Arc<Core>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let call = Call::read(request).await;
    let Some(path) = call.path.strip_prefix("/api/v1/") else { return web::desk_page(&core, &call) };
    let path = path.trim_end_matches('/').to_owned();
    let id = core.journal.arrived(call.record("desk"));
    let in_flight = core.limits.enter();
    let switches = core.switches();
    let fault = core.limits.next_fault(&call.method);
    let delay = switches.delay_ms + if let Some(Fault::Delay(late)) = fault { late } else { 0 };
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let mut meter = Meter::default();
    let reply = match fault {
        Some(Fault::Reset) => {
            core.journal.answered(id, None, "reset");
            peer.scissors.cut();
            drop(in_flight);
            return http::never().await;
        }
        Some(Fault::Status(500)) => {
            let message = "An internal server error occurred while performing this operation.";
            error(500, "INTERNAL_SERVER_ERROR", message)
        }
        Some(Fault::Status(code)) => {
            core.journal.answered(id, Some(code), "fault");
            return http::html(code, "<html><body><h1>Simulated failure</h1></body></html>");
        }
        Some(Fault::Html401) => return html_401(&core, id),
        Some(Fault::TooManyRequests) => too_many_at_once(),
        Some(Fault::CreditsExhausted { retry_after }) => {
            meter = Meter { weight: Some(1), remaining: Some(0), retry_after: Some(retry_after) };
            credits_gone()
        }
        None | Some(Fault::Delay(_) | Fault::TruncatedJson | Fault::LostAnswer) => {
            let lost = fault == Some(Fault::LostAnswer);
            gates(&core, &call, &path, &switches, in_flight.place, lost, &mut meter)
        }
    };
    drop(in_flight);
    let (status, body) = reply;
    let outcome = body.as_ref().map(|body| text(body, "errorCode").to_owned()).unwrap_or_default();
    if fault == Some(Fault::LostAnswer) {
        core.journal.answered(id, None, "answer lost");
        peer.scissors.cut();
        return http::never().await;
    }
    if status == 401 && switches.html_401 {
        return html_401(&core, id);
    }
    core.journal.answered(id, Some(status), &outcome);
    let mut response = match body {
        // QUIRK(zoho): nothing found is 204 without a byte.
        None => http::empty(status),
        Some(body) if fault == Some(Fault::TruncatedJson) => {
            let mut text = body.to_string();
            let half = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            text.truncate(half);
            http::with_type(status, "application/json;charset=UTF-8", text)
        }
        Some(body) => http::json(status, &body),
    };
    let head = response.headers_mut();
    let mut put = |name: &'static str, value: Option<u64>| {
        if let Some(value) = value {
            head.insert(name, HeaderValue::from(value));
        }
    };
    put("x-rate-limit-request-weight-v3", meter.weight);
    put("x-rate-limit-remaining-v3", meter.remaining);
    put("retry-after", meter.retry_after);
    response
}

fn html_401(core: &Core, id: u64) -> Response {
    core.journal.answered(id, Some(401), "html");
    http::html(
        401,
        "<!doctype html><html><head><title>Error 401</title></head><body>Unauthorized</body></html>",
    )
}

fn gates(
    core: &Core,
    call: &Call,
    path: &str,
    switches: &DeskSwitches,
    place: usize,
    lost: bool,
    meter: &mut Meter,
) -> Reply {
    let Some(authorization) = call.header("authorization") else {
        return error(401, "UNAUTHORIZED", "You are not authenticated to perform this operation.");
    };
    let token = authorization
        .strip_prefix("Zoho-oauthtoken ")
        .or_else(|| authorization.strip_prefix("Bearer "))
        .unwrap_or_default();
    let Some(mut scopes) = lock(&core.oauth).scopes_of(token) else {
        return error(401, "INVALID_OAUTH", "The OAuth Token you provided is invalid.");
    };
    if let Some(forced) = &switches.scopes {
        scopes = forced.iter().cloned().collect();
    }
    let segments: Vec<String> = path.split('/').map(http::decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let route = match route(&call.method, &segments) {
        Ok(route) => route,
        Err(405) => return error(405, "METHOD_NOT_ALLOWED", "The method is not allowed here."),
        Err(_) => return not_found(),
    };
    if let Some(refusal) = check_organization(call, &route.op, switches) {
        return refusal;
    }
    if !allowed(&route, &scopes) {
        return error(403, "SCOPE_MISMATCH", "The token does not have the scope for this operation.");
    }
    let edition_limit = switches.concurrency.unwrap_or_else(|| concurrency(&switches.edition));
    if place > edition_limit {
        return too_many_at_once();
    }
    let body = if matches!(call.method.as_str(), "POST" | "PATCH") { call.json() } else { Value::Null };
    let from = call.parameter("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let records =
        body.as_object().and_then(|body| body.values().find_map(Value::as_array)).map_or(1, Vec::len);
    let price = credits(route.weight, from, records as u64);
    meter.weight = Some(price);
    match core.pay(price) {
        Ok(left) => meter.remaining = Some(left),
        Err(left) => {
            meter.remaining = Some(left);
            meter.retry_after = Some(switches.credits_retry_after);
            return credits_gone();
        }
    }
    // QUIRK(zoho): a parameter the operation does not know is refused.
    if let Some(extra) = call.query.keys().find(|name| !route.parameters.contains(&name.as_str())) {
        let message = format!("Extra query parameter '{extra}' is present in the input.");
        return error(422, "UNPROCESSABLE_ENTITY", &message);
    }
    if matches!(call.method.as_str(), "POST" | "PATCH") {
        if call.body.trim().is_empty() {
            return error(422, "EMPTY_PAYLOAD", "The payload is empty.");
        }
        if !call.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            return error(415, "UNSUPPORTED_MEDIA_TYPE", "The media type is not supported.");
        }
        if !body.is_object() {
            return error(400, "BAD_REQUEST", "The request is malformed.");
        }
    }
    if let Some(refusal) = check_calls(&route.op, switches) {
        return refusal;
    }
    let mut desk = Work { core, call, switches, body, lost, records: &mut lock(&core.records) };
    desk.perform(&route)
}

fn allowed(route: &Route, scopes: &BTreeSet<String>) -> bool {
    let has = |wanted: &str| {
        let all = wanted.rsplit_once('.').map(|(group, _)| format!("{group}.ALL")).unwrap_or_default();
        scopes.contains(wanted) || scopes.contains(&all)
    };
    route.scopes.iter().all(|any| any.iter().any(|scope| has(scope)))
}

fn check_organization(call: &Call, op: &Op, switches: &DeskSwitches) -> Option<Reply> {
    match call.header("orgid") {
        None if *op == Op::Organizations || !switches.org_id_required => None,
        None => Some(error(422, "UNPROCESSABLE_ENTITY", "The header 'orgId' is missing in the input.")),
        // QUIRK(zoho): a value that is no number breaks the server.
        Some(id) if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) => Some(error(
            500,
            "INTERNAL_SERVER_ERROR",
            "An internal server error occurred while performing this operation.",
        )),
        Some(id) if id != ORGANIZATION_ID => {
            let message = "The OAuthToken is not valid for specified organization.";
            Some(error(403, "OAUTH_ORG_MISMATCH", message))
        }
        Some(_) => None,
    }
}

fn check_calls(op: &Op, switches: &DeskSwitches) -> Option<Reply> {
    let about_calls = matches!(
        op,
        Op::List(Module::Calls)
            | Op::Create(Module::Calls)
            | Op::Get(Module::Calls, _)
            | Op::Update(Module::Calls, _)
            | Op::Search(Module::Calls)
            | Op::CallsOf(_)
    );
    if !about_calls {
        return None;
    }
    if switches.edition.to_uppercase().contains("FREE") {
        return Some((
            403,
            Some(json!({
                "errorCode": "LICENSE_ACCESS_LIMITED",
                "message": "Your Zoho Desk Edition does not support this feature/operation.",
                "maxAllowedEntity": "0", "feature": "AGENTS", "editionType": "FREE", "isTrial": false,
            })),
        ));
    }
    switches
        .calls_forbidden
        .then(|| error(403, "FORBIDDEN", "You are not authorized to access this resource."))
}

/// One request past the gates.
struct Work<'a> {
    core: &'a Core,
    call: &'a Call,
    switches: &'a DeskSwitches,
    body: Value,
    lost: bool,
    records: &'a mut Records,
}

impl Work<'_> {
    fn perform(&mut self, route: &Route) -> Reply {
        let ids = self.call.parameter("ids").unwrap_or_default().split(',');
        for id in self.call.path.split('/').chain(ids) {
            self.records.wake(id);
        }
        if let Some(contact) = self.body.get("contactId") {
            self.records.wake(&id_text(contact));
        }
        match &route.op {
            Op::Organizations => (200, Some(json!({ "data": [self.organization()] }))),
            Op::Organization(id) if id == ORGANIZATION_ID => (200, Some(self.organization())),
            Op::Departments => {
                let enabled = self.call.parameter("isEnabled");
                let is = |row: &Value| {
                    row.get("isEnabled").is_some_and(|flag| Some(&*flag.to_string()) == enabled)
                };
                let rows = self.records.departments.iter().filter(|row| enabled.is_none() || is(row));
                self.page(route, rows.cloned().collect())
            }
            Op::MyDepartments => {
                let me = self.records.agent(AGENT_ID).and_then(|agent| agent.get("associatedDepartmentIds"));
                let mine = me.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let rows = self.records.departments.iter();
                data(rows.filter(|row| row.get("id").is_some_and(|id| mine.contains(id))).cloned().collect())
            }
            Op::Department(id) => {
                self.records.department(id).map_or_else(not_found, |row| (200, Some(row.clone())))
            }
            Op::Organization(_) => not_found(),
            Op::MyInfo => self.agent(|agent| text(agent, "id") == AGENT_ID, not_found()),
            Op::Agent(id) => self.agent(|agent| text(agent, "id") == id, not_found()),
            Op::AgentByEmail(mail) => {
                self.agent(|agent| text(agent, "emailId").eq_ignore_ascii_case(mail), (204, None))
            }
            Op::AgentByZuid(zuid) => self.agent(|agent| text(agent, "zuid") == zuid, (204, None)),
            Op::Agents => self.agents(route),
            Op::AgentsByIds => {
                let ids: Vec<&str> = self.call.parameter("agentIds").unwrap_or_default().split(',').collect();
                let rows = self.records.agents.iter().filter(|agent| ids.contains(&text(agent, "id")));
                data(rows.cloned().collect())
            }
            Op::List(module) => self.list(route, *module),
            Op::Create(module) => self.create(*module),
            Op::Get(module, id) => match self.records.get(*module, id) {
                Some(record) => (200, Some(self.records.view(record, &self.include(), self.switches))),
                None => not_found(),
            },
            Op::Update(module, id) => self.update(*module, id),
            Op::Search(module) => self.search(*module),
            Op::ContactsByIds => {
                let ids: Vec<&str> = self.call.parameter("ids").unwrap_or_default().split(',').collect();
                if ids.len() > 20 {
                    return unprocessable("ids");
                }
                let found = ids.iter().filter_map(|id| self.records.get(Module::Contacts, id));
                data(found.map(|row| self.records.view(row, &self.include(), self.switches)).collect())
            }
            Op::TicketsOf(module, id) => self.tickets_of(route, *module, id),
            Op::ContactsOf(id) => {
                let rows = self.records.all(Module::Contacts).filter(|row| text(row, "accountId") == id);
                let rows = rows.map(|row| {
                    let mut row = self.records.view(row, &self.include(), self.switches);
                    let mapping = json!({ "mappingInfo": {
                        "mappingId": id, "mappingType": "PRIMARY", "isAccountTicketsViewable": false } });
                    merge(&mut row, mapping);
                    row
                });
                let rows = rows.collect();
                self.page(route, rows)
            }
            Op::Statistics(id) => self.statistics(id),
            Op::History => (204, None),
            Op::Trash(module) => self.trash(*module),
            Op::Comment(ticket) => self.comment(ticket),
            Op::Comments(ticket) => {
                let rows = self.records.all(Module::Comments).filter(|row| text(row, "ticketId") == ticket);
                let rows = rows.cloned().collect();
                self.page(route, rows)
            }
            Op::CallsOf(ticket) => {
                let rows = self.records.all(Module::Calls).filter(|row| text(row, "ticketId") == ticket);
                let rows = rows.map(|row| self.call_row(row)).collect();
                self.page(route, rows)
            }
            Op::Layouts | Op::Layout(_) | Op::Fields if self.switches.layout_refusal.is_some() => {
                match self.switches.layout_refusal.as_deref() {
                    None | Some("") => (204, None),
                    Some(code) => error(403, code, "The layouts cannot be read."),
                }
            }
            Op::Layouts => match self.call.parameter("module") {
                None => unprocessable("module"),
                Some(module) => self.page(route, vec![layouts::card(module)]),
            },
            Op::Layout(id) => (200, Some(layouts::layout(id, self.switches))),
            Op::Fields => match self.call.parameter("module") {
                None => unprocessable("module"),
                Some(module) => data(layouts::fields(module, self.switches)),
            },
        }
    }

    fn include(&self) -> Vec<&str> {
        self.call.parameter("include").map(|include| include.split(',').collect()).unwrap_or_default()
    }

    fn organization(&self) -> Value {
        json!({
            "id": ORGANIZATION_ID, "companyName": "Sample Ltd", "portalName": PORTAL, "alias": "sample",
            "portalURL": format!("{}/support/{PORTAL}", self.core.desk_url), "edition": self.switches.edition,
            "isDefault": true, "isAdminInOrg": true, "isSandboxPortal": false, "timeZone": "Asia/Shanghai",
            "undocumentedKey": { "revision": "1" },
        })
    }

    fn agent(&self, wanted: impl Fn(&Value) -> bool, otherwise: Reply) -> Reply {
        match self.records.agents.iter().find(|agent| wanted(agent)) {
            Some(agent) => (200, Some(agent.clone())),
            None => otherwise,
        }
    }

    fn agents(&self, route: &Route) -> Reply {
        let wanted = self.call.parameter("searchStr").unwrap_or_default().trim_matches('*').to_lowercase();
        let fields: Vec<&str> = match self.call.parameter("fieldName") {
            Some(fields) => fields.split(',').collect(),
            None => vec!["firstName", "lastName", "emailId", "name"],
        };
        let status = self.call.parameter("status");
        let rows = self
            .records
            .agents
            .iter()
            .filter(|agent| fields.iter().any(|field| text(agent, field).to_lowercase().contains(&wanted)))
            .filter(|agent| status.is_none_or(|status| text(agent, "status") == status));
        self.page(route, rows.cloned().collect())
    }

    /// Cuts a list to the page asked for; an empty one is 204.
    fn page(&self, route: &Route, rows: Vec<Value>) -> Reply {
        let base = u64::from(self.switches.list_base);
        let default = match route.largest_page {
            200 => 10,
            _ => 25,
        };
        let (from, limit) = match self.paging(base, default, 4999, route.largest_page) {
            Ok(paging) => paging,
            Err(reply) => return reply,
        };
        let skip = usize::try_from(from.saturating_sub(base)).unwrap_or(usize::MAX);
        data(rows.into_iter().skip(skip).take(limit).collect())
    }

    fn paging(&self, first: u64, default: u64, last: u64, largest: u64) -> Result<(u64, usize), Reply> {
        let number = |name: &str, default: u64| match self.call.parameter(name) {
            None => Ok(default),
            Some(text) => text.parse::<u64>().map_err(|_| unprocessable(name)),
        };
        let from = number("from", first)?;
        if from > last {
            let message = format!("The value passed for field 'from' exceeds the range of '0-{last}'.");
            return Err(error(422, "UNPROCESSABLE_ENTITY", &message));
        }
        let limit = number("limit", default)?;
        if largest > 0 && (limit == 0 || limit > largest) {
            return Err(unprocessable("limit"));
        }
        Ok((from, usize::try_from(limit).unwrap_or(usize::MAX)))
    }

    fn sort(&self, rows: &mut [Value], known: &[&str]) -> Result<(), Reply> {
        let Some(sort) = self.call.parameter("sortBy") else { return Ok(()) };
        let (descending, key) = match sort.strip_prefix('-') {
            Some(key) => (true, key),
            None => (false, sort),
        };
        if !known.contains(&key) {
            return Err(unprocessable("sortBy"));
        }
        if key == "relevance" {
            return Ok(());
        }
        // Records of the same second keep the order of their ids.
        let order = |row: &Value| (text(row, key).to_lowercase(), text(row, "id").to_owned());
        rows.sort_by_key(order);
        if descending {
            rows.reverse();
        }
        Ok(())
    }

    /// QUIRK(zoho): calls in lists have no duration, description or cf unless `fields` asks for them.
    fn call_row(&self, call: &Value) -> Value {
        let mut row = self.records.view(call, &self.include(), self.switches);
        if let Some(row) = row.as_object_mut() {
            for key in ["duration", "description", "cf"] {
                row.remove(key);
            }
        }
        row
    }

    fn list(&mut self, route: &Route, module: Module) -> Reply {
        let fields: Option<Vec<&str>> =
            self.call.parameter("fields").map(|fields| fields.split(',').collect());
        if fields.as_ref().is_some_and(|fields| fields.len() > 30) {
            return unprocessable("fields");
        }
        let filter = |name: &str| self.call.parameter(name).filter(|value| !value.is_empty());
        let departments = filter("departmentId").or_else(|| filter("departmentIds"));
        let assignee = filter("assignee");
        let mut rows: Vec<Value> = self
            .records
            .all(module)
            .filter(|row| {
                module == Module::Contacts
                    || module == Module::Accounts
                    || departments.is_none_or(|ids| ids.split(',').any(|id| id == text(row, "departmentId")))
            })
            .filter(|row| {
                let owner = if module == Module::Calls { "ownerId" } else { "assigneeId" };
                assignee.is_none_or(|ids| ids.split(',').any(|id| id == text(row, owner)))
            })
            .cloned()
            .collect();
        let sorts: &[&str] = match module {
            Module::Contacts => {
                &["firstName", "lastName", "phone", "email", "account", "createdTime", "modifiedTime"]
            }
            Module::Accounts => &["accountName", "phone", "createdTime", "modifiedTime"],
            Module::Tickets => &["dueDate", "createdTime", "recentThread", "modifiedTime"],
            Module::Calls | Module::Comments => &["startTime", "createdTime"],
        };
        if let Err(reply) = self.sort(&mut rows, sorts) {
            return reply;
        }
        let rows = rows.iter().map(|row| match (&fields, module) {
            (Some(fields), _) => {
                let mut kept = vec!["id"];
                kept.extend(fields);
                only(&self.records.view(row, &self.include(), self.switches), &kept)
            }
            (None, Module::Calls) => self.call_row(row),
            (None, _) => self.records.view(row, &self.include(), self.switches),
        });
        self.page(route, rows.collect())
    }

    fn search(&mut self, module: Module) -> Reply {
        self.core.limits.count_search();
        let (from, limit) = match self.paging(0, 10, 999, 100) {
            Ok(paging) => paging,
            Err(reply) => return reply,
        };
        let conditions = match search::conditions(module, self.call) {
            Ok(conditions) => conditions,
            Err(parameter) => return unprocessable(&parameter),
        };
        let rows = self.records.searchable(module);
        let mut found: Vec<Value> = rows
            .into_iter()
            .filter(|row| {
                let account = self.records.get(Module::Accounts, text(row, "accountId"));
                let account = account.map(|account| text(account, "accountName")).unwrap_or_default();
                let contact = self.records.get(Module::Contacts, text(row, "contactId"));
                let contact = contact.map(|contact| text(contact, "lastName")).unwrap_or_default();
                conditions.iter().all(|condition| condition.holds(row, account, contact))
            })
            .collect();
        let skip = usize::try_from(from).unwrap_or(usize::MAX);
        let unseen = match module {
            Module::Contacts => self.search_crowd(&conditions, skip.saturating_add(limit), &mut found),
            _ => 0,
        };
        if let Err(reply) = self.sort(&mut found, search::sorts(module)) {
            return reply;
        }
        let count = found.len() + unseen;
        let rows: Vec<Value> = found
            .iter()
            .skip(skip)
            .take(limit)
            .map(|row| self.records.view(row, &["account", "owner"], self.switches))
            .collect();
        if rows.is_empty() { (204, None) } else { (200, Some(json!({ "data": rows, "count": count }))) }
    }

    /// Adds those of the crowd who fit, in the order of their changes, as far as a page of that order can show them.
    /// Returns how many more there are.
    fn search_crowd(&self, conditions: &[Condition], most: usize, found: &mut Vec<Value>) -> usize {
        let crowd = &self.records.crowd;
        let range = conditions.iter().find_map(Condition::changed_between);
        let (people, all) = match range {
            _ if crowd.size() == 0 => return 0,
            Some((from, until)) if conditions.len() == 1 => crowd.changed(from, until, most),
            _ => {
                let numbers = conditions.iter().flat_map(Condition::numbers);
                let mut people: Vec<Value> = numbers.filter_map(|number| crowd.with_number(number)).collect();
                people.dedup();
                people.retain(|person| conditions.iter().all(|condition| condition.holds(person, "", "")));
                let all = people.len();
                (people, all)
            }
        };
        let unseen = all.saturating_sub(people.len());
        found.extend(people.into_iter().map(|person| self.records.asleep(person)));
        unseen
    }

    fn tickets_of(&mut self, route: &Route, module: Module, id: &str) -> Reply {
        if self.records.get(module, id).is_none() {
            return not_found();
        }
        let key = if module == Module::Contacts { "contactId" } else { "accountId" };
        let mut rows: Vec<Value> =
            self.records.all(Module::Tickets).filter(|row| text(row, key) == id).cloned().collect();
        let sorts = ["createdTime", "modifiedTime", "responseDueDate", "customerResponseTime"];
        if let Err(reply) = self.sort(&mut rows, &sorts) {
            return reply;
        }
        let rows = rows.iter().map(|row| self.records.view(row, &self.include(), self.switches)).collect();
        self.page(route, rows)
    }

    fn statistics(&self, id: &str) -> Reply {
        let tickets: Vec<&Value> = self
            .records
            .all(Module::Tickets)
            .filter(|row| text(row, "contactId") == id || text(row, "accountId") == id)
            .collect();
        let open = tickets.iter().filter(|row| text(row, "statusType") == "Open").count();
        // QUIRK(zoho): counts are digits in strings.
        let body = json!({
            "openTickets": open.to_string(), "closedTickets": (tickets.len() - open).to_string(),
            "totalTickets": tickets.len().to_string(), "spamTickets": "0", "onholdTickets": "0",
            "overdueTickets": "0", "escalatedTickets": "0", "firstResponseTime": "0", "responseTime": "0",
            "resolutionTime": "0", "customerHappiness": { "badCount": "0", "goodCount": "0", "okCount": "0" },
            "channelWiseCount": { "Phone": tickets.len().to_string() },
        });
        (200, Some(body))
    }

    fn lag(&self) -> Indexed {
        match self.switches.index_lag_seconds {
            0 => Indexed::AtOnce,
            seconds => Indexed::After(Duration::from_secs(seconds)),
        }
    }

    fn wrote(&self, module: Module, id: &str) {
        lock(&self.core.writes).push(Write {
            at: Timestamp::now().to_string(),
            method: self.call.method.clone(),
            path: self.call.path.trim_start_matches("/api/v1").to_owned(),
            module: module.word(),
            id: id.to_owned(),
            body: self.body.clone(),
            answer_lost: self.lost,
        });
    }

    /// The body with ids as strings, as they are stored.
    fn cleaned(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(object) = body.as_object_mut() {
            for (key, value) in object.iter_mut() {
                if key.ends_with("Id") && value.is_number() {
                    *value = json!(id_text(value));
                }
            }
        }
        body
    }

    fn create(&mut self, module: Module) -> Reply {
        let problems = problems(module, Purpose::Create, &self.body, self.records, self.switches);
        if !problems.is_empty() {
            return invalid_data(problems);
        }
        let mut given = self.cleaned();
        if module == Module::Tickets {
            self.inline_contact(&mut given);
            let contact = self.records.get(Module::Contacts, text(&given, "contactId"));
            let account = contact.and_then(|contact| contact.get("accountId")).cloned();
            if let Some(account) = account
                && text(&given, "accountId").is_empty()
            {
                merge(&mut given, json!({ "accountId": account }));
            }
        }
        let lag = self.lag();
        let record = self.records.insert(module, given, lag);
        self.wrote(module, text(&record, "id"));
        // QUIRK(zoho): a create answers 200, not 201.
        (200, Some(self.records.view(&record, &[], self.switches)))
    }

    /// A ticket may bring its contact along; one with the same e-mail is reused.
    fn inline_contact(&mut self, ticket: &mut Value) {
        let Some(contact) = ticket.get("contact").cloned().filter(Value::is_object) else { return };
        let mail = text(&contact, "email").to_lowercase();
        let known = self
            .records
            .all(Module::Contacts)
            .find(|row| !mail.is_empty() && text(row, "email").to_lowercase() == mail)
            .map(|row| text(row, "id").to_owned());
        let id = known.unwrap_or_else(|| {
            let lag = self.lag();
            text(&self.records.insert(Module::Contacts, contact, lag), "id").to_owned()
        });
        if let Some(ticket) = ticket.as_object_mut() {
            ticket.remove("contact");
            ticket.insert("contactId".to_owned(), json!(id));
        }
    }

    fn update(&mut self, module: Module, id: &str) -> Reply {
        if self.records.get(module, id).is_none() {
            return not_found();
        }
        let problems = problems(module, Purpose::Change, &self.body, self.records, self.switches);
        if !problems.is_empty() {
            return invalid_data(problems);
        }
        let lag = self.lag();
        let change = self.cleaned();
        let Some(record) = self.records.update(module, id, change, lag) else { return not_found() };
        self.wrote(module, id);
        (200, Some(self.records.view(&record, &[], self.switches)))
    }

    fn trash(&mut self, module: Module) -> Reply {
        let key = match module {
            Module::Contacts => "contactIds",
            Module::Accounts => "accountIds",
            Module::Tickets => "ticketIds",
            Module::Calls | Module::Comments => "entityIds",
        };
        let Some(ids) = self.body.get(key).and_then(Value::as_array).filter(|ids| ids.len() <= 50) else {
            return invalid_data(vec![super::checks::problem(key, "missing")]);
        };
        let ids: Vec<String> = ids.iter().map(id_text).collect();
        if ids.iter().any(|id| self.records.get(module, id).is_none()) {
            return not_found();
        }
        for id in &ids {
            self.records.trash(module, id);
            self.wrote(module, id);
        }
        (204, None)
    }

    fn comment(&mut self, ticket: &str) -> Reply {
        if self.records.get(Module::Tickets, ticket).is_none() {
            return not_found();
        }
        let problems = problems(Module::Comments, Purpose::Create, &self.body, self.records, self.switches);
        if !problems.is_empty() {
            return invalid_data(problems);
        }
        let mut given = self.cleaned();
        let now = desk_time(Timestamp::now());
        merge(&mut given, json!({ "ticketId": ticket, "commenterId": AGENT_ID, "commentedTime": now }));
        let record = self.records.insert(Module::Comments, given, Indexed::AtOnce);
        self.wrote(Module::Comments, text(&record, "id"));
        (200, Some(record))
    }
}

fn data(rows: Vec<Value>) -> Reply {
    if rows.is_empty() { (204, None) } else { (200, Some(json!({ "data": rows }))) }
}
