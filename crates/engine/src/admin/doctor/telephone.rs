//! The PBX's part: from its name to the round trip of an event.
//!
//! Owns: which question a failure answers. Must not know: the protocol, and this computer.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deskring_store::Settings;
use deskring_yeastar as pbx;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::super::Admin;
use super::super::pbx::{Borrowed, Examined};
use super::{CLOCK_OFF_SECONDS, KEYCHAIN_WITHIN, Line};
use crate::connect;
use crate::view::Finding;

const ORDER: [&str; 11] = [
    "pbx_name",
    "pbx_reach",
    "pbx_certificate",
    "pbx_credentials",
    "pbx_rights",
    "pbx_firmware",
    "pbx_clock",
    "pbx_extensions",
    "pbx_extension_monitor",
    "pbx_trunk_monitor",
    "pbx_events",
];
/// All answers of the API.
const API_WITHIN: Duration = Duration::from_secs(5);
/// Those and the event socket.
const ALL_WITHIN: Duration = Duration::from_secs(8);

impl Admin {
    pub(super) async fn telephone(self: &Arc<Self>, settings: &Settings) -> Vec<Finding> {
        let mut line = Line::new(&ORDER);
        match timeout(KEYCHAIN_WITHIN, self.pbx()).await {
            Err(_) => line.fail("pbx_settings", "keychain_locked", &[]),
            Ok(Err(fault)) => line.fail("pbx_settings", &fault.code, &[("system", "pbx"), ("errcode", "-")]),
            Ok(Ok((client, given))) => {
                self.ask_pbx(&mut line, settings, &client, &given).await;
                given.give_back().await;
            }
        }
        line.finish()
    }

    async fn ask_pbx(&self, line: &mut Line, settings: &Settings, client: &pbx::Pbx, given: &Borrowed) {
        let address = settings.pbx.url.as_deref().unwrap_or_default();
        match self.examine(address, client, given, &settings.pbx.extensions, API_WITHIN).await {
            Some(examined) => ask(line, settings, client, &examined).await,
            None => line.fail("pbx_credentials", "credentials", &[("system", "pbx"), ("tries", "0")]),
        }
    }
}

async fn ask(line: &mut Line, settings: &Settings, client: &pbx::Pbx, examined: &Examined) {
    let deadline = Instant::now() + ALL_WITHIN;
    let site = client.site();
    let url = Url::parse(&site.address.to_string()).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let found = &examined.examination;
    let signed_in = found.information.is_some() || found.monitors.is_some() || !found.extensions.is_empty();
    let failed = found.error.as_ref().map(|error| match step(error.kind()) {
        "pbx_credentials" if signed_in => ("pbx_rights", error),
        step => (step, error),
    });
    let way = ORDER.iter().take(5).take_while(|check| failed.is_none_or(|(failed, _)| failed != **check));
    for check in way {
        line.ok(check, good(check, &site), &[("system", "pbx"), ("host", host)]);
    }
    if let Some((check, error)) = failed {
        let mut values = values(host, error);
        if let Some(left) = examined.tries_left {
            values.push(("tries", left.to_string()));
        }
        line.fail(check, connect::pbx_cause(error.kind()), &borrowed(&values));
    }
    if !signed_in {
        return;
    }
    about(line, settings, found);
    let trial = match timeout_at(deadline, client.try_socket()).await {
        Ok(trial) => trial.map_err(|error| (connect::pbx_cause(error.kind()), values(host, &error))),
        Err(_) => Err(("silent", vec![("system", "pbx".to_owned()), ("host", host.to_owned())])),
    };
    match trial {
        Ok(trial) => {
            line.ok("pbx_events", "events_come", &[("ms", &trial.round_trip.as_millis().to_string())]);
        }
        Err((cause, values)) => line.fail("pbx_events", cause, &borrowed(&values)),
    }
}

fn borrowed<'a>(values: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    values.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn about(line: &mut Line, settings: &Settings, found: &pbx::Examination) {
    if let Some(information) = &found.information {
        let firmware = information.firmware.as_deref().unwrap_or("?");
        let model = information.model.as_deref().unwrap_or("PBX");
        let needed = information.is_too_old();
        let values = [("firmware", firmware), ("model", model), ("needed", needed.unwrap_or_default())];
        match needed {
            None => line.ok("pbx_firmware", "firmware_good", &values),
            Some(_) => line.warn("pbx_firmware", "firmware_old", &values),
        }
        match information.clock_offset(SystemTime::now()) {
            Some(seconds) if seconds.unsigned_abs() > CLOCK_OFF_SECONDS => {
                line.warn("pbx_clock", "pbx_clock_off", &[("seconds", &seconds.to_string())]);
            }
            Some(_) => line.ok("pbx_clock", "clock_good", &[]),
            None => line.not_told("pbx_clock"),
        }
    }
    let known: Vec<&str> = found.extensions.iter().map(|extension| extension.number.as_str()).collect();
    if settings.pbx.extensions.is_empty() {
        line.fail("pbx_extensions", "extension_missing", &[]);
    } else if !found.missing.is_empty() {
        line.fail("pbx_extensions", "extensions_unknown", &[("extensions", &found.missing.join(", "))]);
    } else if !known.is_empty() {
        line.ok("pbx_extensions", "extensions_known", &[("extensions", &known.join(", "))]);
    }
    let Some(monitors) = &found.monitors else { return };
    match monitors.extensions {
        pbx::Monitor::On => line.ok("pbx_extension_monitor", "extension_monitor_on", &[]),
        pbx::Monitor::Unknown => line.not_told("pbx_extension_monitor"),
        pbx::Monitor::Off => {
            let off = monitors.extensions_off.join(", ");
            line.warn("pbx_extension_monitor", "extension_monitor_off", &[("extensions", &off)]);
        }
    }
    match monitors.trunks {
        pbx::Monitor::On => line.ok("pbx_trunk_monitor", "trunk_monitor_on", &[]),
        pbx::Monitor::Unknown => line.not_told("pbx_trunk_monitor"),
        // Perhaps no call of mine comes over that one.
        pbx::Monitor::Off => {
            let off = monitors.trunks_off.join(", ");
            line.warn("pbx_trunk_monitor", "trunk_monitor_off", &[("trunks", &off)]);
        }
    }
}

/// Which question a failure answers.
fn step(kind: &pbx::Kind) -> &'static str {
    match kind {
        pbx::Kind::NameNotFound => "pbx_name",
        pbx::Kind::Refused | pbx::Kind::TimedOut | pbx::Kind::Unreachable | pbx::Kind::Closed => "pbx_reach",
        pbx::Kind::UnknownCertificate { .. } | pbx::Kind::ChangedCertificate { .. } | pbx::Kind::Tls => {
            "pbx_certificate"
        }
        pbx::Kind::Credentials { .. }
        | pbx::Kind::AddressBlocked
        | pbx::Kind::AddressNotAllowed
        | pbx::Kind::TooManyTokens
        | pbx::Kind::TokenExpired
        | pbx::Kind::TooOld
        | pbx::Kind::Parameter
        | pbx::Kind::NotFound
        | pbx::Kind::Malformed
        | pbx::Kind::Silent
        | pbx::Kind::Handshake { .. }
        | pbx::Kind::SignedOut
        | pbx::Kind::Other => "pbx_credentials",
    }
}

/// What a person needs besides the cause.
fn values(host: &str, error: &pbx::Error) -> Vec<(&'static str, String)> {
    let mut values = vec![("system", "pbx".to_owned()), ("host", host.to_owned())];
    match error.kind() {
        pbx::Kind::UnknownCertificate { fingerprint, reason, .. } => {
            values.extend([("sha256", fingerprint.to_string()), ("reason", distrust(*reason).to_owned())]);
        }
        pbx::Kind::ChangedCertificate { expected, found, .. } => {
            values.extend([("sha256", found.to_string()), ("expected", expected.to_string())]);
        }
        pbx::Kind::Credentials { .. } => {}
        pbx::Kind::Handshake { status } => values.push(("status", status.to_string())),
        _ => {
            let code = error.code().map_or_else(|| "-".to_owned(), |code| code.to_string());
            values.push(("errcode", code));
        }
    }
    values
}

fn distrust(reason: pbx::Distrust) -> &'static str {
    match reason {
        pbx::Distrust::UnknownIssuer => "unknown_issuer",
        pbx::Distrust::WrongName => "wrong_name",
        pbx::Distrust::Expired => "expired",
        pbx::Distrust::NotYetValid => "not_yet_valid",
        pbx::Distrust::Other => "other",
    }
}

/// The code of a part of the way that is as it should be.
fn good(check: &str, site: &pbx::Site) -> &'static str {
    let is_plain = site.address.to_string().starts_with("http:");
    let is_pinned = site.trusted_certificate.is_some();
    match check {
        "pbx_name" => "name_found",
        "pbx_reach" => "reached",
        "pbx_credentials" => "credentials_accepted",
        "pbx_rights" => "rights_good",
        _ if is_plain => "certificate_not_needed",
        _ if is_pinned => "certificate_pinned",
        _ => "certificate_trusted",
    }
}
