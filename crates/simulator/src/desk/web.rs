//! Owns what a browser sees: the accounts server with its consent page, and the pretend Desk page.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::oauth::{OAuth, Wish};
use super::records::{Module, text};
use super::switches::{Consent, ScopeRefusal};
use super::{Core, DESK_CLIENT_ID, PORTAL};
use crate::http::{self, Call, random_text};
use crate::net::lock;

const DESK_PAGE: &str = include_str!("../../page/desk.html");
const DESK_SCRIPT: &str = include_str!("../../page/desk.js");
const DESK_STYLE: &str = include_str!("../../page/desk.css");
const CONSENT_PAGE: &str = include_str!("../../page/consent.html");
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new().fallback(accounts).with_state(core)
}

fn guarded(mut response: Response, policy: &'static str) -> Response {
    let head = response.headers_mut();
    head.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    head.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    head.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn accounts(State(core): State<Arc<Core>>, request: Request) -> Response {
    let call = Call::read(request).await;
    let id = core.journal.arrived(call.record("accounts"));
    let (response, outcome) = match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/oauth/v2/auth") => (authorize(&core, &call), String::new()),
        ("GET", "/oauth/v2/consent") => (decide(&core, &call), String::new()),
        ("GET", "/oauth/serverinfo") => {
            let body = json!({ "result": "success", "locations": { "us": core.accounts_url } });
            (http::json(200, &body), String::new())
        }
        ("POST", "/oauth/v2/token") => token(&core, &call),
        ("POST", "/oauth/v2/token/revoke") => {
            let token = parameters(&call).remove("token").unwrap_or_default();
            let (status, body) = lock(&core.oauth).revoke(&token);
            (http::json(status, &body), text(&body, "error").to_owned())
        }
        _ => (http::html(404, "<!doctype html><title>Not found</title>"), "404".to_owned()),
    };
    core.journal.answered(id, Some(response.status().as_u16()), &outcome);
    response
}

/// Query and form together; the token endpoint takes both.
fn parameters(call: &Call) -> BTreeMap<String, String> {
    let mut all = call.query.clone();
    all.extend(url::form_urlencoded::parse(call.body.as_bytes()).into_owned());
    all
}

fn token(core: &Core, call: &Call) -> (Response, String) {
    let switches = core.switches();
    if let Some(status) = switches.token_endpoint_status {
        return (http::html(status, "<html><body>Simulated failure</body></html>"), "fault".to_owned());
    }
    let (status, body) = lock(&core.oauth).token(&parameters(call), &switches);
    (http::json(status, &body), text(&body, "error").to_owned())
}

/// Errors of the request itself are shown by Zoho and never reach the program that waits.
fn refused() -> Response {
    http::html(
        400,
        "<!doctype html><title>ERROR</title><h1>Invalid request</h1><p>The client, the redirect \
        address or a scope is not right.</p>",
    )
}

fn authorize(core: &Core, call: &Call) -> Response {
    let switches = core.switches();
    let field = |name: &str| call.parameter(name).unwrap_or_default();
    let right = field("client_id") == DESK_CLIENT_ID
        && field("response_type") == "code"
        && OAuth::redirect_allowed(field("redirect_uri"), &switches);
    if !right {
        return refused();
    }
    if !OAuth::scopes_known(field("scope"), &switches) {
        return match switches.scope_refusal {
            ScopeRefusal::OwnPage => refused(),
            ScopeRefusal::Redirect => redirect(&call.query, &[("error", "invalid_scope")]),
        };
    }
    match switches.consent {
        Consent::Approve => grant(core, &call.query),
        Consent::Refuse => refuse(&call.query),
        Consent::AskPage => {
            let ticket = random_text(24);
            lock(&core.wishes).insert(ticket.clone(), call.query.clone());
            // The ticket is letters and digits, so it can stand in the page as it is.
            let page = CONSENT_PAGE.replace("{{ticket}}", &ticket);
            guarded(
                http::with_type(200, "text/html;charset=UTF-8", page),
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
            )
        }
    }
}

fn decide(core: &Core, call: &Call) -> Response {
    let wish = lock(&core.wishes).remove(call.parameter("ticket").unwrap_or_default());
    match wish {
        None => refused(),
        Some(wish) if call.parameter("answer") == Some("accept") => grant(core, &wish),
        Some(wish) => refuse(&wish),
    }
}

fn redirect(wish: &BTreeMap<String, String>, answer: &[(&str, &str)]) -> Response {
    let Some(mut target) = wish.get("redirect_uri").and_then(|uri| url::Url::parse(uri).ok()) else {
        return refused();
    };
    {
        let mut query = target.query_pairs_mut();
        if let Some(state) = wish.get("state") {
            query.append_pair("state", state);
        }
        query.extend_pairs(answer);
    }
    let mut response = http::empty(302);
    if let Ok(value) = HeaderValue::from_str(target.as_str()) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

fn grant(core: &Core, wish: &BTreeMap<String, String>) -> Response {
    let switches = core.switches();
    let field = |name: &str| wish.get(name).map(String::as_str).unwrap_or_default();
    let challenge = wish.get("code_challenge").map(|challenge| {
        let method = wish.get("code_challenge_method").map_or("plain", String::as_str);
        (challenge.clone(), method.to_owned())
    });
    let code = lock(&core.oauth).consent(&Wish {
        redirect_uri: field("redirect_uri"),
        scope: field("scope"),
        offline: field("access_type") == "offline",
        prompt_consent: field("prompt") == "consent",
        challenge,
    });
    let server = switches.accounts_server.as_deref().unwrap_or(&core.accounts_url);
    redirect(wish, &[("code", &code), ("location", &switches.location), ("accounts-server", server)])
}

fn refuse(wish: &BTreeMap<String, String>) -> Response {
    redirect(wish, &[("error", "access_denied")])
}

/// Everything on the Desk port that is not the API.
pub(crate) fn desk_page(core: &Core, call: &Call) -> Response {
    if call.method != "GET" {
        return http::empty(405);
    }
    let response = match call.path.as_str() {
        path if path == format!("/support/{PORTAL}/ShowHomePage.do") => http::html(200, DESK_PAGE),
        "/simulator/desk.js" => http::with_type(200, "text/javascript;charset=UTF-8", DESK_SCRIPT),
        "/simulator/desk.css" => http::with_type(200, "text/css;charset=UTF-8", DESK_STYLE),
        path => match path.strip_prefix("/simulator/record/") {
            Some(id) => record(core, id),
            // The customers' help center; agents have no business there.
            None => http::html(404, "<!doctype html><title>Not found</title><p>Nothing is here."),
        },
    };
    guarded(response, PAGE_POLICY)
}

/// A record with what belongs to it, for the pretend page only.
fn record(core: &Core, id: &str) -> Response {
    let records = lock(&core.records);
    let Some((module, value)) = records.any(id) else { return http::json(404, &json!({ "missing": true })) };
    let key = match module {
        Module::Contacts => "contactId",
        Module::Accounts => "accountId",
        Module::Tickets | Module::Comments => "ticketId",
        Module::Calls => "callId",
    };
    let related = |module: Module| -> Vec<Value> {
        records.all(module).filter(|row| text(row, key) == id).cloned().collect()
    };
    let account = records.get(Module::Accounts, text(value, "accountId")).cloned();
    let contact = records.get(Module::Contacts, text(value, "contactId")).cloned();
    let body = json!({
        "module": module.word(), "record": value, "account": account, "contact": contact,
        "tickets": related(Module::Tickets), "calls": related(Module::Calls),
        "contacts": if module == Module::Accounts { related(Module::Contacts) } else { Vec::new() },
        "comments": related(Module::Comments),
    });
    http::json(200, &body)
}
