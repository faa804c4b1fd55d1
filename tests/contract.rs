//! What the Desk client sends, compared with Zoho's own description of its API: paths, query parameters, their
//! limits and words, and the keys of bodies. The description is not ours to ship, so this runs only where extracts
//! of it are at hand: in the folder `DESKRING_ZOHO_OAS`, or beside the workspace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskring_simulator::{
    AGENT_ID, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, ORGANIZATION_ID,
    Options, Request, Simulator,
};
use deskring_zoho_desk::{
    AccountId, AgentId, CallDirection, CallStatus, Config, ContactId, DepartmentId, Desk, FieldValue,
    ForgetTokens, Form, Hosts, Look, Marker, Module, NewAccount, NewCall, NewContact, NewTicket,
    OrganizationId, PhoneField, Timings,
};
use serde_json::{Value, json};

fn extracts() -> PathBuf {
    match std::env::var_os("DESKRING_ZOHO_OAS") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/zoho-oas"),
    }
}

/// One operation of the description.
#[derive(Debug)]
struct Operation {
    methods: Vec<String>,
    path: Vec<String>,
    parameters: Vec<Value>,
    body: Option<Value>,
}

fn operations(folder: &Path) -> Vec<Operation> {
    let mut operations = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if !path.to_string_lossy().ends_with(".extract.json") {
            continue;
        }
        let extract: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for (name, operation) in extract["operations"].as_object().into_iter().flatten() {
            let Some((methods, path)) = name.split_once(' ') else { continue };
            let body = match path {
                "/api/v1/accounts" | "/api/v1/accounts/{accountId}" => extract.get("account_write").cloned(),
                "/api/v1/tickets" => extract.get("ticket_write").cloned(),
                "/api/v1/calls" => extract.get("call_write").cloned(),
                // "Any subset of the create body".
                "/api/v1/contacts/{contactId}" => {
                    extract["operations"]["POST /api/v1/contacts"].get("body").cloned()
                }
                _ => operation.get("body").cloned(),
            };
            operations.push(Operation {
                methods: methods.split('|').map(str::to_owned).collect(),
                path: path.split('/').map(str::to_owned).collect(),
                parameters: operation["params"].as_array().cloned().unwrap_or_default(),
                body,
            });
        }
    }
    assert!(operations.len() > 40, "the extracts in {} are not what they were", folder.display());
    operations
}

impl Operation {
    /// How many words of the path are the request's own; `None` when it is another operation.
    fn fits(&self, request: &Request) -> Option<usize> {
        let words: Vec<&str> = request.path.split('/').collect();
        let same = |(pattern, word): (&String, &&str)| pattern.starts_with('{') || pattern == word;
        let fits = self.methods.contains(&request.method)
            && words.len() == self.path.len()
            && self.path.iter().zip(&words).all(same);
        fits.then(|| self.path.iter().zip(&words).filter(|(pattern, word)| pattern == *word).count())
    }
}

/// What is wrong with a request, in words.
fn faults(operations: &[Operation], request: &Request) -> Vec<String> {
    let mut known: Vec<_> =
        operations.iter().filter_map(|known| Some((known.fits(request)?, known))).collect();
    known.sort_by_key(|(literal, _)| std::cmp::Reverse(*literal));
    let best = known.first().map(|(literal, _)| *literal);
    let known: Vec<_> =
        known.into_iter().filter(|(literal, _)| Some(*literal) == best).map(|(_, known)| known).collect();
    if known.is_empty() {
        return vec!["no such operation".to_owned()];
    }
    let mut faults = Vec::new();
    for pair in request.query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap();
        let value = request.parameter(name).unwrap();
        let listed = known
            .iter()
            .flat_map(|known| &known.parameters)
            .find(|parameter| parameter["name"].as_str().or(parameter.as_str()) == Some(name));
        match listed {
            None => faults.push(format!("parameter {name} is not listed")),
            Some(listed) => faults.extend(wrong(listed, &value).map(|why| format!("{name}={value}: {why}"))),
        }
    }
    if let Some(body) = request.json().as_object() {
        let listed = known.iter().find_map(|known| known.body.as_ref());
        for (key, value) in body {
            match listed.and_then(|listed| listed.get(key)) {
                None => faults.push(format!("key {key} is not listed")),
                Some(limit) => {
                    let longest = limit.as_str().and_then(|text| text.strip_prefix("<="));
                    let longest: Option<usize> = longest
                        .and_then(|text| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
                    let length = value.as_str().unwrap_or_default().chars().count();
                    if longest.is_some_and(|longest| length > longest) {
                        faults.push(format!("{key} is too long: {length}"));
                    }
                }
            }
        }
    }
    faults
}

/// Compares a value with what the description says of its parameter.
fn wrong(parameter: &Value, value: &str) -> Option<String> {
    let kind = parameter["type"].as_str().unwrap_or_default();
    let bound = |name: &str| parameter[name].as_u64();
    if kind == "int" {
        let Ok(number) = value.parse::<u64>() else { return Some("not a number".to_owned()) };
        if bound("min").is_some_and(|min| number < min) || bound("max").is_some_and(|max| number > max) {
            return Some("out of bounds".to_owned());
        }
    }
    if value.split(',').count() > 30 {
        return Some("more than 30 values".to_owned());
    }
    if let Some((shortest, longest)) = kind.split_once("..")
        && let (Ok(shortest), Ok(longest)) = (shortest.parse::<usize>(), longest.parse::<usize>())
        && !(shortest..=longest).contains(&value.chars().count())
    {
        return Some("too short or too long".to_owned());
    }
    let name = parameter["name"].as_str().unwrap_or_default();
    if matches!(name, "include" | "sortBy") && !kind.contains('…') {
        let words: Vec<&str> = kind.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        let unknown = value.split(',').find(|word| !words.contains(&word.trim_start_matches('-')))?;
        return Some(format!("{unknown} is not one of {kind}"));
    }
    None
}

/// Everything the client can send, once.
async fn session() -> Vec<Request> {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let sim = simulator.desk();
    let region = json!({ "apiName": "cf_region", "displayLabel": "Region" });
    sim.set(|switches| {
        switches.contact_fields = vec![region.clone()];
        switches.account_fields = vec![region];
        switches.hide_layout_api_names = true;
    });
    let config = Config {
        hosts: Hosts::custom(&simulator.accounts_url(), &simulator.desk_url()).unwrap(),
        client_id: DESK_CLIENT_ID.to_owned(),
        client_secret: DESK_CLIENT_SECRET.to_owned().into(),
        refresh_token: DESK_REFRESH_TOKEN.to_owned().into(),
        organization: Some(OrganizationId::new(ORGANIZATION_ID)),
        department: Some(DepartmentId::new(DEPARTMENT_ID)),
        timings: Timings::default(),
    };
    let desk = Desk::new(config, Arc::new(ForgetTokens)).unwrap();
    let account = AccountId::new(sim.add_account(json!({ "accountName": "Acme" })));
    let contact =
        ContactId::new(sim.add_contact(json!({ "lastName": "Lin", "accountId": account.as_str() })));
    desk.organizations().await.unwrap();
    desk.organization(&OrganizationId::new(ORGANIZATION_ID)).await.unwrap();
    desk.my_info().await.unwrap();
    desk.contact(&contact).await.unwrap();
    desk.account(&account).await.unwrap();
    desk.tickets_of(&contact, 1000).await.unwrap();
    let forms: Vec<_> = (0..30).map(|n| Form::Exact(format!("+8613800138{n:03}"))).collect();
    desk.search_contacts(PhoneField::Phone, &forms, 1000).await.unwrap();
    desk.search_contacts(PhoneField::Mobile, &[Form::EndsWith("5503309".to_owned())], 0).await.unwrap();
    desk.search_accounts("+86", 1000).await.unwrap();
    desk.search_accounts(&"x".repeat(100), 5).await.unwrap();
    let new = NewContact {
        last_name: "L".repeat(200),
        first_name: Some("Jing".to_owned()),
        phone: Some("+865925503309".to_owned()),
        mobile: Some("+8613800138000".to_owned()),
        email: Some("lin@example.com".to_owned()),
        account: Some(account.clone()),
        description: Some("met at the fair".to_owned()),
        extra: ["secondaryEmail", "type", "title", "street", "city", "state", "country", "zip", "twitter"]
            .into_iter()
            .chain(["facebook", "language", "cf_region"])
            .map(|key| (key.to_owned(), FieldValue::Text("a@example.com".to_owned())))
            .collect(),
    };
    desk.create_contact(&new).await.unwrap();
    let company = NewAccount {
        name: "A".repeat(200),
        phone: Some("+865925503309".to_owned()),
        description: Some("met at the fair".to_owned()),
        extra: ["website", "email", "street", "city", "state", "country", "code", "fax", "industry"]
            .into_iter()
            .chain(["annualrevenue", "cf_region"])
            .map(|key| (key.to_owned(), FieldValue::Text("https://example.com/a@b.example".to_owned())))
            .collect(),
    };
    desk.create_account(&company).await.unwrap();
    desk.form(Module::Contacts).await.unwrap();
    desk.form(Module::Accounts).await.unwrap();
    desk.add_number(&contact, PhoneField::Mobile, "+8613800138000").await.unwrap();
    desk.add_account_number(&account, "+865925503300").await.unwrap();
    for text in ["li", "Jing Lin", "陈静", "lin@exa", "+86 138-0013", "Müller & Co (HK)"] {
        desk.find_contacts(text, 10).await.unwrap();
        desk.find_accounts(text, 1000).await.unwrap();
    }
    desk.contacts_with_email("lin@example.com").await.unwrap();
    desk.open_tickets(&contact, 50).await.unwrap();
    desk.last_ticket(&contact).await.unwrap();
    owed(&desk, &contact, &account).await;
    // The tickets of an account are left out: the extract names the operation without its parameters.
    sim.requests().into_iter().filter(|request| request.side == "desk").collect()
}

/// What is written about a call, and the look for it.
async fn owed(desk: &Desk, contact: &ContactId, account: &AccountId) {
    let department = DepartmentId::new(DEPARTMENT_ID);
    let marker = |call: &str| Marker::new(&format!("Call {call} (Deskring)")).unwrap();
    let texts = |keys: &[&str]| {
        keys.iter().map(|key| ((*key).to_owned(), FieldValue::Text("a@example.com".to_owned()))).collect()
    };
    let ticket = NewTicket {
        contact: contact.clone(),
        department: department.clone(),
        subject: "S".repeat(2_000),
        description: "<br>&amp;".repeat(20_000),
        marker: marker("1767604200.12"),
        phone: Some("+865925503309".to_owned()),
        channel: Some("Phone".to_owned()),
        assignee: Some(AgentId::new(AGENT_ID)),
        account: Some(account.clone()),
        extra: texts(&[
            "email",
            "status",
            "priority",
            "classification",
            "category",
            "subCategory",
            "language",
        ]),
    };
    let written = desk.create_ticket(&ticket).await.unwrap();
    let other = NewTicket { marker: marker("1767604200.13"), ..ticket };
    assert_eq!(desk.find_ticket(&other, 0).await.unwrap(), Look::Absent);
    let call = NewCall {
        contact: contact.clone(),
        department: department.clone(),
        subject: "S".repeat(400),
        description: "d".repeat(70_000),
        marker: marker("1767604200.12"),
        direction: CallDirection::Outbound,
        status: CallStatus::Missed,
        started_ms: 1_767_604_200_000,
        duration_s: 0,
        owner: Some(AgentId::new(AGENT_ID)),
        ticket: Some(written.id),
        extra: texts(&["priority"]),
    };
    let written = desk.create_call(&call).await.unwrap();
    assert_eq!(desk.find_call(&call).await.unwrap(), Look::Found(written));
    desk.newest_contacts(0).await.unwrap();
    desk.newest_accounts(0).await.unwrap();
    for module in [Module::Tickets, Module::Calls] {
        desk.form_in(module, Some(&department)).await.unwrap();
    }
}

#[tokio::test]
async fn everything_the_desk_client_sends_is_in_zoho_s_own_description() {
    let folder = extracts();
    if !folder.is_dir() {
        println!("skipped: no extracts of Zoho's description in {}", folder.display());
        return;
    }
    let operations = operations(&folder);
    let sent = session().await;
    assert_eq!(sent.len(), 54);
    let mut wrong = Vec::new();
    for request in &sent {
        for fault in faults(&operations, request) {
            wrong.push(format!("{} {}?{}: {fault}", request.method, request.path, request.query));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // The comparison itself notices what it is there for.
    let search = sent.iter().find(|request| request.path.ends_with("/contacts/search")).unwrap();
    for query in ["sortOrder=asc", "limit=101", "limit=many", "sortBy=name", "_all=ab"] {
        let request = Request { query: query.to_owned(), ..search.clone() };
        assert_eq!(faults(&operations, &request).len(), 1, "{query}");
    }
    let elsewhere = Request { path: "/api/v1/contacts/1/calls".to_owned(), ..search.clone() };
    assert_eq!(faults(&operations, &elsewhere), ["no such operation"]);
}
