//! Desk's part: from the way there to the binding of my extensions.
//!
//! Owns: which question a failure answers, and in which order credits are spent. Must not know: the protocol, and
//! the PBX.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deskring_session as session;
use deskring_store::Settings;
use deskring_zoho_desk as desk;
use tokio::time::timeout;
use url::Url;

use super::super::Admin;
use super::{CLOCK_OFF_SECONDS, KEYCHAIN_WITHIN, Line};
use crate::connect;
use crate::outbox;
use crate::view::{Finding, FindingState};

const ORDER: [&str; 11] = [
    "proxy",
    "desk_reach",
    "clock",
    "desk_region",
    "desk_sign_in",
    "desk_organization",
    "desk_scopes",
    "desk_calls",
    "desk_fields",
    "desk_credits",
    "binding",
];
/// One of the two servers to say what time it is.
const CLOCK_WITHIN: Duration = Duration::from_secs(4);
/// Everything.
const WITHIN: Duration = Duration::from_secs(11);
/// Fewer credits than this will not last the day of a busy team.
const CREDITS_LOW: u64 = 1000;

impl Admin {
    pub(super) async fn helpdesk(self: &Arc<Self>, settings: &Settings) -> Vec<Finding> {
        let mut line = Line::new(&ORDER);
        if !settings.desk.enabled {
            line.say("desk_settings", FindingState::Skipped, "desk_disabled", &[]);
            return line.found;
        }
        let hosts = match connect::hosts(settings) {
            Ok(_) if settings.desk.client_id.is_none() => Err("desk_client_id_missing"),
            hosts => hosts,
        };
        match hosts {
            Err(code) => line.fail("desk_settings", code, &[]),
            Ok(hosts) => {
                if self.clients().await.by_gateway {
                    line.ok("desk_writing", "gateway_writes", &[]);
                }
                let asked = self.ask_desk(&mut line, settings, &hosts);
                if timeout(WITHIN, asked).await.is_err()
                    && let Some(check) = line.first_open()
                {
                    line.fail(check, "timed_out", &values(host(&hosts.desk)));
                }
            }
        }
        line.finish()
    }

    async fn ask_desk(self: &Arc<Self>, line: &mut Line, settings: &Settings, hosts: &desk::Hosts) {
        if !look_around(line, hosts).await {
            return;
        }
        let client = match timeout(KEYCHAIN_WITHIN, self.desk()).await {
            Err(_) => return line.fail("desk_sign_in", "keychain_locked", &[]),
            Ok(Err(fault)) => return line.fail("desk_sign_in", &fault.code, &values(host(&hosts.desk))),
            Ok(Ok(client)) => client,
        };
        match client.organizations().await {
            Ok(organizations) => signed_in(line, settings, &client, &organizations).await,
            Err(error) => failed(line, "desk_sign_in", &error, &client),
        }
    }
}

/// Proxy, name, way, certificate and clock in one request without a token; whether Zoho could be reached.
pub(super) async fn look_around(line: &mut Line, hosts: &desk::Hosts) -> bool {
    // Everything on this computer is asked without one.
    let proxy = if hosts.loopback() { None } else { session::proxy_for(&hosts.accounts) };
    match &proxy {
        None => line.ok("proxy", "proxy_none", &[]),
        Some(proxy) => line.ok("proxy", "proxy_used", &[("proxy", proxy)]),
    }
    let timings = desk::Timings { read: CLOCK_WITHIN, connect: CLOCK_WITHIN, ..desk::Timings::default() };
    match desk::server_clock(hosts, timings).await {
        Ok(theirs) => {
            line.ok("desk_reach", "reached", &values(host(&hosts.accounts)));
            clock(line, SystemTime::now(), theirs);
            true
        }
        Err(error) => {
            line.fail("desk_reach", error.kind().code(), &values(host(&hosts.accounts)));
            if let Some(proxy) = &proxy {
                line.warn("proxy", "proxy_in_the_way", &[("proxy", proxy)]);
            }
            false
        }
    }
}

/// Our clock beside another that is right.
fn clock(line: &mut Line, ours: SystemTime, theirs: SystemTime) {
    let (apart, sign) = match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, ""),
        Err(behind) => (behind.duration(), "-"),
    };
    if apart.as_secs() > CLOCK_OFF_SECONDS {
        line.warn("clock", "clock_off", &[("seconds", &format!("{sign}{}", apart.as_secs()))]);
    } else {
        line.ok("clock", "clock_good", &[]);
    }
}

async fn signed_in(
    line: &mut Line,
    settings: &Settings,
    client: &desk::Desk,
    organizations: &[desk::Organization],
) {
    line.ok("desk_region", "region_good", &values(host(&client.hosts().accounts)));
    line.ok("desk_sign_in", "signed_in", &[]);
    let chosen = connect::chosen(organizations, client.chosen_organization());
    let of_chosen = chosen.and_then(|chosen| client.in_organization(chosen.id.clone()).ok());
    let (Some(chosen), Some(client)) = (chosen, of_chosen) else {
        return line.fail("desk_organization", "organization_none", &[]);
    };
    let name = [("name", chosen.name.as_deref().unwrap_or(chosen.id.as_str()))];
    match settings.desk.organization_id.as_deref() {
        Some(wanted) if wanted != chosen.id.as_str() => {
            line.fail("desk_organization", "organization_unknown", &name);
        }
        Some(_) | None => line.ok("desk_organization", "organization_good", &name),
    }
    let rights = async {
        let scopes = client.missing_scopes().await;
        let lacks_calls = scopes.as_ref().is_ok_and(|missing| missing.contains(&"Desk.calls.READ"));
        let calls = if scopes.is_err() {
            None
        } else if lacks_calls {
            Some(Ok(desk::CallActivities::NoScope))
        } else {
            Some(client.can_write_calls().await)
        };
        (scopes, calls)
    };
    let ((scopes, calls), bound, unfilled) =
        tokio::join!(rights, bound(settings, &client), unfilled(settings, &client));
    match scopes {
        Ok(missing) if missing.is_empty() => line.ok("desk_scopes", "scopes_good", &[]),
        Ok(missing) => line.fail("desk_scopes", "scopes_missing", &[("scopes", &missing.join(", "))]),
        Err(error) => failed(line, "desk_scopes", &error, &client),
    }
    let edition = [("edition", chosen.edition.as_str())];
    match calls {
        Some(Ok(desk::CallActivities::Available)) => line.ok("desk_calls", "calls_available", &edition),
        Some(Ok(desk::CallActivities::NotInEdition)) => {
            line.warn("desk_calls", "calls_not_in_edition", &edition);
        }
        Some(Ok(desk::CallActivities::NoScope)) => line.warn("desk_calls", "calls_no_scope", &edition),
        Some(Ok(desk::CallActivities::NotPermitted)) => {
            line.warn("desk_calls", "calls_not_permitted", &edition);
        }
        Some(Err(error)) => failed(line, "desk_calls", &error, &client),
        None => {}
    }
    match unfilled {
        Ok(None) => line.ok("desk_fields", "nothing_written", &[]),
        Ok(Some(fields)) if fields.is_empty() => line.ok("desk_fields", "fields_good", &[]),
        Ok(Some(fields)) => line.warn("desk_fields", "fields_missing", &[("fields", &fields.join(", "))]),
        Err(error) => failed(line, "desk_fields", &error, &client),
    }
    match bound {
        Ok(Binding::Unasked) => {}
        Ok(Binding::Good) => line.ok("binding", "binding_good", &[]),
        Ok(Binding::Missing(extensions)) => {
            line.warn("binding", "binding_missing", &[("extensions", &extensions)]);
        }
        Ok(Binding::UnknownAgent(extensions)) => {
            line.warn("binding", "binding_unknown_agent", &[("extensions", &extensions)]);
        }
        Err(error) => failed(line, "binding", &error, &client),
    }
    match client.credits().map(|credits| credits.left) {
        None => line.not_told("desk_credits"),
        Some(0) => line.fail("desk_credits", "credits_used_up", &[]),
        Some(left) => {
            let text = left.to_string();
            let values = [("left", text.as_str())];
            if left < CREDITS_LOW {
                line.warn("desk_credits", "credits_low", &values);
            } else {
                line.ok("desk_credits", "credits_good", &values);
            }
        }
    }
}

/// How my extensions and Desk's agents belong together; extensions as they are told.
enum Binding {
    /// There is no extension.
    Unasked,
    Good,
    Missing(String),
    UnknownAgent(String),
}

async fn bound(settings: &Settings, client: &desk::Desk) -> Result<Binding, desk::Error> {
    let mine = &settings.pbx.extensions;
    if mine.is_empty() {
        return Ok(Binding::Unasked);
    }
    let agent_of = |extension: &String| {
        let mut rows = settings.bindings.iter().filter(|row| row.extension.as_ref() == Some(extension));
        rows.find_map(|row| row.agent_id.as_deref())
    };
    let those = |wanted: &dyn Fn(&String) -> bool| -> Vec<&str> {
        mine.iter().filter(|extension| wanted(extension)).map(String::as_str).collect()
    };
    let unbound = those(&|extension| agent_of(extension).is_none());
    if !unbound.is_empty() {
        return Ok(Binding::Missing(unbound.join(", ")));
    }
    let agents = client.agents().await?;
    let is_known = |agent: Option<&str>| agents.iter().any(|known| Some(known.id.as_str()) == agent);
    let unknown = those(&|extension| !is_known(agent_of(extension)));
    Ok(if unknown.is_empty() { Binding::Good } else { Binding::UnknownAgent(unknown.join(", ")) })
}

/// Labels of fields that Desk demands and no rule fills in, of every kind of record that the rules write; `None` where
/// they write nothing.
async fn unfilled(settings: &Settings, client: &desk::Desk) -> Result<Option<Vec<String>>, desk::Error> {
    let department = settings.desk.department_id.as_deref().map(desk::DepartmentId::new);
    let wanted = outbox::modules(settings);
    let mut missing = Vec::new();
    for module in &wanted {
        let department = match module {
            desk::Module::Contacts | desk::Module::Accounts => None,
            desk::Module::Tickets | desk::Module::Calls => department.as_ref(),
        };
        let form = client.form_in(*module, department).await?;
        let required = form.fields.iter().filter(|field| field.required == desk::Requirement::Required);
        let unfilled = required.filter(|field| !outbox::fills_in(*module, &field.api_name));
        missing.extend(unfilled.map(|field| field.label.clone()));
    }
    Ok((!wanted.is_empty()).then_some(missing))
}

/// Says a failure where it belongs: a token that is refused when agents are read is not a fault of the binding.
fn failed(line: &mut Line, asked: &'static str, error: &desk::Error, client: &desk::Desk) {
    let hosts = client.hosts();
    let check = match error.kind() {
        desk::Kind::NameNotFound
        | desk::Kind::Refused
        | desk::Kind::TimedOut
        | desk::Kind::Unreachable
        | desk::Kind::Tls => "desk_reach",
        desk::Kind::ClientUnknown => "desk_region",
        desk::Kind::SignedOut | desk::Kind::ClientSecretWrong | desk::Kind::Throttled => "desk_sign_in",
        desk::Kind::OtherOrganization => "desk_organization",
        desk::Kind::MissingScope => {
            // Zoho looks at the scope only after it has taken the token.
            line.ok("desk_region", "region_good", &values(host(&hosts.accounts)));
            line.ok("desk_sign_in", "signed_in", &[]);
            "desk_scopes"
        }
        desk::Kind::CreditsExhausted => return line.fail("desk_credits", "credits_used_up", &[]),
        desk::Kind::Forbidden
        | desk::Kind::EditionLimit
        | desk::Kind::Gone
        | desk::Kind::Invalid
        | desk::Kind::BadRequest
        | desk::Kind::TooManyRequests
        | desk::Kind::ServerError
        | desk::Kind::Malformed
        | desk::Kind::AnswerLost
        | desk::Kind::Other => asked,
    };
    let host = if check == "desk_region" { host(&hosts.accounts) } else { host(&hosts.desk) };
    line.fail(check, error.kind().code(), &values(host));
}

fn values(host: &str) -> [(&str, &str); 2] {
    [("system", "desk"), ("host", host)]
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock_finding(ours: u64, theirs: u64) -> Finding {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut line = Line::new(&[]);
        clock(&mut line, at(ours), at(theirs));
        line.finish().remove(0)
    }

    #[test]
    fn a_clock_is_off_when_it_is_more_than_a_minute_ahead_or_behind() {
        for (ours, theirs, seconds) in [
            (1_000, 1_000, None),
            (1_060, 1_000, None),
            (1_000, 1_060, None),
            (1_061, 1_000, Some("61")),
            (1_000, 1_061, Some("-61")),
            (90_000, 1_000, Some("89000")),
        ] {
            let finding = clock_finding(ours, theirs);
            let (state, code) = match seconds {
                None => (FindingState::Ok, "clock_good"),
                Some(_) => (FindingState::Warn, "clock_off"),
            };
            assert_eq!((finding.state, finding.code.as_str()), (state, code), "{ours} {theirs}");
            assert_eq!(finding.values.get("seconds").map(String::as_str), seconds);
        }
    }
}
