//! Owns the table of operations: path, method, scopes, allowed query parameters, price.

use super::limits::Weight;
use super::records::Module;
use super::search;

/// One operation of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Organizations,
    Organization(String),
    Departments,
    MyDepartments,
    Department(String),
    MyInfo,
    Agents,
    AgentsByIds,
    Agent(String),
    AgentByEmail(String),
    AgentByZuid(String),
    List(Module),
    Create(Module),
    Get(Module, String),
    Update(Module, String),
    Search(Module),
    ContactsByIds,
    TicketsOf(Module, String),
    ContactsOf(String),
    Statistics(String),
    History,
    Trash(Module),
    Comment(String),
    Comments(String),
    CallsOf(String),
    Layouts,
    Layout(String),
    Fields,
}

pub(crate) struct Route {
    pub(crate) op: Op,
    /// Each inner list: any one of them; all lists must be met.
    pub(crate) scopes: &'static [&'static [&'static str]],
    pub(crate) parameters: Vec<&'static str>,
    pub(crate) weight: Weight,
    pub(crate) largest_page: u64,
}

const BASIC: &[&[&str]] = &[&[
    "Desk.basic.READ",
    "Desk.settings.READ",
    "Desk.agents.READ",
    "Desk.departments.READ",
    "Desk.organization.READ",
    "Desk.layouts.READ",
]];
const SETTINGS: &[&[&str]] = &[&["Desk.settings.READ"]];
const CONTACTS_READ: &[&[&str]] = &[&["Desk.contacts.READ"]];
const CONTACTS_CREATE: &[&[&str]] = &[&["Desk.contacts.CREATE", "Desk.accounts.CREATE"]];
const CONTACTS_UPDATE: &[&[&str]] = &[&["Desk.contacts.UPDATE"]];
const CONTACTS_DELETE: &[&[&str]] = &[&["Desk.contacts.DELETE"]];
const CONTACTS_SEARCH: &[&[&str]] = &[&["Desk.contacts.READ"], &["Desk.search.READ"]];
const TICKETS_READ: &[&[&str]] = &[&["Desk.tickets.READ"]];
const TICKETS_CREATE: &[&[&str]] = &[&["Desk.tickets.CREATE"]];
const TICKETS_UPDATE: &[&[&str]] = &[&["Desk.tickets.UPDATE"]];
const TICKETS_DELETE: &[&[&str]] = &[&["Desk.tickets.DELETE"]];
const TICKETS_SEARCH: &[&[&str]] = &[&["Desk.tickets.READ"], &["Desk.search.READ"]];
const CONTACT_TICKETS: &[&[&str]] = &[&["Desk.contacts.READ"], &["Desk.tickets.READ"], &["Desk.search.READ"]];
const HISTORY: &[&[&str]] = &[&["Desk.contacts.READ"], &["Desk.tickets.READ"]];
const CALLS_READ: &[&[&str]] = &[&["Desk.calls.READ", "Desk.activities.calls.READ"]];
const CALLS_CREATE: &[&[&str]] = &[&["Desk.calls.CREATE", "Desk.activities.calls.CREATE"]];
const CALLS_UPDATE: &[&[&str]] = &[&["Desk.calls.UPDATE", "Desk.activities.calls.UPDATE"]];
const CALLS_DELETE: &[&[&str]] = &[&["Desk.calls.DELETE", "Desk.activities.calls.DELETE"]];
const CALLS_SEARCH: &[&[&str]] = &[&["Desk.calls.READ", "Desk.activities.calls.READ"], &["Desk.search.READ"]];
const TICKET_CALLS: &[&[&str]] = &[&["Desk.calls.READ", "Desk.activities.calls.READ", "Desk.tickets.READ"]];

fn module(word: &str) -> Option<Module> {
    Some(match word {
        "contacts" => Module::Contacts,
        "accounts" => Module::Accounts,
        "tickets" => Module::Tickets,
        "calls" => Module::Calls,
        _ => return None,
    })
}

fn list_parameters(module: Module) -> &'static [&'static str] {
    match module {
        Module::Contacts => &["fields", "viewId", "filterId", "include", "sortBy", "from", "limit"],
        Module::Accounts => &["fields", "viewId", "sortBy", "from", "limit"],
        Module::Tickets => &[
            "departmentId",
            "departmentIds",
            "viewId",
            "assignee",
            "channel",
            "status",
            "priority",
            "fields",
            "filters",
            "sortBy",
            "include",
            "from",
            "limit",
        ],
        Module::Calls => &[
            "viewId",
            "assignee",
            "departmentId",
            "departmentIds",
            "isCompleted",
            "startTime",
            "fields",
            "filters",
            "filterId",
            "include",
            "sortBy",
            "from",
            "limit",
        ],
        Module::Comments => &[],
    }
}

fn read(module: Module) -> &'static [&'static [&'static str]] {
    match module {
        Module::Contacts | Module::Accounts => CONTACTS_READ,
        Module::Tickets | Module::Comments => TICKETS_READ,
        Module::Calls => CALLS_READ,
    }
}

fn create(module: Module) -> &'static [&'static [&'static str]] {
    match module {
        Module::Contacts | Module::Accounts => CONTACTS_CREATE,
        Module::Tickets | Module::Comments => TICKETS_CREATE,
        Module::Calls => CALLS_CREATE,
    }
}

fn update(module: Module) -> &'static [&'static [&'static str]] {
    match module {
        Module::Contacts | Module::Accounts => CONTACTS_UPDATE,
        Module::Tickets | Module::Comments => TICKETS_UPDATE,
        Module::Calls => CALLS_UPDATE,
    }
}

fn delete(module: Module) -> &'static [&'static [&'static str]] {
    match module {
        Module::Contacts | Module::Accounts => CONTACTS_DELETE,
        Module::Tickets | Module::Comments => TICKETS_DELETE,
        Module::Calls => CALLS_DELETE,
    }
}

fn search(module: Module) -> &'static [&'static [&'static str]] {
    match module {
        Module::Contacts | Module::Accounts => CONTACTS_SEARCH,
        Module::Tickets | Module::Comments => TICKETS_SEARCH,
        Module::Calls => CALLS_SEARCH,
    }
}

/// Finds the operation; `Err` is 404 or 405.
pub(crate) fn route(method: &str, path: &[&str]) -> Result<Route, u16> {
    let route = |op, scopes, parameters: &[&'static str], weight, largest_page| {
        Ok(Route { op, scopes, parameters: parameters.to_vec(), weight, largest_page })
    };
    let get = method == "GET";
    let post = method == "POST";
    match path {
        ["organizations" | "accessibleOrganizations"] if get => {
            route(Op::Organizations, BASIC, &["orgId"], Weight::List, 0)
        }
        ["organizations", id] if get => {
            route(Op::Organization((*id).to_owned()), BASIC, &["includeCustomDomain"], Weight::One, 0)
        }
        ["departments"] if get => {
            let parameters = &["isEnabled", "searchStr", "chatStatus", "from", "limit"];
            route(Op::Departments, BASIC, parameters, Weight::List, 200)
        }
        ["myDepartments"] if get => route(Op::MyDepartments, BASIC, &[], Weight::List, 0),
        ["departmentsByIds"] if get => route(Op::Departments, BASIC, &["departmentIds"], Weight::List, 200),
        ["departments", id] if get => route(Op::Department((*id).to_owned()), BASIC, &[], Weight::One, 0),
        ["departments", _, "agents"] if get => {
            route(Op::Agents, BASIC, &["searchStr", "from", "limit"], Weight::List, 200)
        }
        ["myinfo"] if get => route(Op::MyInfo, BASIC, &["include"], Weight::One, 0),
        ["agents"] if get => {
            let parameters = &[
                "searchStr",
                "fieldName",
                "status",
                "isConfirmed",
                "isLightAgent",
                "departmentIds",
                "roleIds",
                "profileIds",
                "rolePermissionType",
                "include",
                "sortOrder",
                "from",
                "limit",
            ];
            route(Op::Agents, BASIC, parameters, Weight::List, 200)
        }
        ["agentsByIds"] if get => route(Op::AgentsByIds, BASIC, &["agentIds"], Weight::List, 0),
        ["agents", "email", email] if get => {
            route(Op::AgentByEmail((*email).to_owned()), BASIC, &[], Weight::One, 0)
        }
        ["agents", "zuid", zuid] if get => {
            route(Op::AgentByZuid((*zuid).to_owned()), BASIC, &[], Weight::One, 0)
        }
        ["agents", id] if get => route(Op::Agent((*id).to_owned()), BASIC, &["include"], Weight::One, 0),
        ["layouts"] if get => {
            let parameters = &["module", "departmentId", "status", "from", "limit"];
            route(Op::Layouts, BASIC, parameters, Weight::List, 99)
        }
        ["layouts", id] if get => route(Op::Layout((*id).to_owned()), BASIC, &[], Weight::One, 0),
        ["organizationFields" | "fields"] if get => {
            route(Op::Fields, SETTINGS, &["module", "departmentId"], Weight::List, 0)
        }
        ["contacts", "contactsByIds"] if get => {
            route(Op::ContactsByIds, CONTACTS_READ, &["ids", "include"], Weight::List, 0)
        }
        ["contacts" | "accounts", "statistics"] => Err(404),
        [word @ ("contacts" | "accounts"), id, "tickets"] if get => {
            let parameters = &["departmentId", "include", "isSpam", "sortBy", "from", "limit"];
            let module = module(word).ok_or(404_u16)?;
            route(Op::TicketsOf(module, (*id).to_owned()), CONTACT_TICKETS, parameters, Weight::List, 100)
        }
        ["accounts", id, "contacts"] if get => {
            let parameters = &["include", "from", "limit"];
            route(Op::ContactsOf((*id).to_owned()), CONTACTS_READ, parameters, Weight::List, 100)
        }
        ["contacts" | "accounts", id, "statistics"] if get => {
            route(Op::Statistics((*id).to_owned()), CONTACTS_READ, &["departmentId"], Weight::One, 0)
        }
        ["contacts" | "accounts", _, "history"] if get => {
            route(Op::History, HISTORY, &["from", "limit", "agentId", "departmentId"], Weight::List, 100)
        }
        ["tickets", id, "comments"] if post => {
            route(Op::Comment((*id).to_owned()), TICKETS_UPDATE, &[], Weight::One, 0)
        }
        ["tickets", id, "comments"] if get => {
            let parameters = &["include", "sortBy", "from", "limit"];
            route(Op::Comments((*id).to_owned()), TICKETS_READ, parameters, Weight::List, 100)
        }
        ["tickets", id, "calls" | "activities"] if get => {
            let parameters = &["limit", "from", "isSpam", "isCompleted", "include", "sortBy"];
            route(Op::CallsOf((*id).to_owned()), TICKET_CALLS, parameters, Weight::List, 100)
        }
        [word, "moveToTrash"] if post => {
            let module = module(word).ok_or(404_u16)?;
            route(Op::Trash(module), delete(module), &[], Weight::Delete, 0)
        }
        [word, "search"] if get => {
            let module = module(word).ok_or(404_u16)?;
            let mut parameters = search::parameters(module).to_vec();
            parameters.extend([
                "createdTimeRange",
                "modifiedTimeRange",
                "sortBy",
                "from",
                "limit",
                "customField1",
                "customField2",
                "customField3",
                "customField4",
                "customField5",
                "customField6",
                "customField7",
                "customField8",
                "customField9",
                "customField10",
            ]);
            route(Op::Search(module), search(module), &parameters, Weight::List, 100)
        }
        [word] => {
            let module = module(word).ok_or(404_u16)?;
            match method {
                "GET" => route(Op::List(module), read(module), list_parameters(module), Weight::List, 100),
                "POST" => route(Op::Create(module), create(module), &[], Weight::One, 0),
                _ => Err(405),
            }
        }
        [word, id] => {
            let module = module(word).ok_or(404_u16)?;
            match method {
                "GET" => route(Op::Get(module, (*id).to_owned()), read(module), &["include"], Weight::One, 0),
                "PATCH" => route(Op::Update(module, (*id).to_owned()), update(module), &[], Weight::One, 0),
                _ => Err(405),
            }
        }
        _ => Err(404),
    }
}
