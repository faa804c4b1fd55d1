//! The doctor against a simulator that something is wrong with: each fault is named where it is, and nowhere else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use deskring_engine::Command;
use deskring_engine::admin::{Answer, Finding, FindingState, Want};
use deskring_simulator::{
    AGENT_ID, CLIENT_SECRET, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, Fault, HttpFault, Mute, Options,
    TrunkMonitor,
};
use deskring_wording::{Language, Part, Words, key_of};
use e2e::{PATIENCE, Rig, on_profile, until};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// What depends on the desktop of whoever runs the tests.
const OF_THE_DESKTOP: [&str; 5] = ["keychain", "notifications", "tray", "tel_links", "autostart"];

async fn check(rig: &Rig) -> Vec<Finding> {
    let engine = rig.handle();
    let asked = tokio::time::timeout(PATIENCE, engine.ask(Want::Doctor));
    let Answer::Doctor { findings } = asked.await.expect("the doctor ends").unwrap() else {
        panic!("another answer")
    };
    sayable(&findings);
    findings
}

/// Everybody gets a whole sentence, and advice where something is wrong.
fn sayable(findings: &[Finding]) {
    for language in Language::ALL {
        let words = Words::with_parts(language, &[Part::Shared, Part::Doctor]);
        for finding in findings {
            let values: Vec<_> =
                finding.values.iter().map(|(name, value)| (name.as_str(), value.clone().into())).collect();
            let mut keys = vec![key_of("doctor-check", &finding.check), key_of("doctor", &finding.code)];
            if finding.state >= FindingState::Warn {
                keys.push(key_of("doctor-fix", &finding.code));
            }
            for key in keys {
                let text = words.with(&key, &values);
                assert!(text != key && !text.contains(['{', '}', '$']), "{language:?} {key}: {text}");
            }
        }
    }
}

/// With an engine on these settings, whose links need not be up.
async fn spoiled(change: impl FnOnce(&mut Value)) -> Rig {
    let mut rig = Rig::idle().await;
    rig.set(change);
    rig.start().await;
    rig
}

/// `deskring-cli doctor --json` without an engine.
async fn program(rig: &Rig, variables: &[(&str, &str)]) -> (Option<i32>, Vec<Finding>) {
    let mut command = on_profile(rig, "deskring-cli", &["doctor", "--json"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Output { status, stdout, stderr } =
        tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").unwrap();
    let findings: Vec<Finding> = serde_json::from_slice(&stdout).unwrap_or_else(|error| {
        panic!("{error}: {} {}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
    });
    sayable(&findings);
    (status.code(), findings)
}

fn of<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    let mut these = findings.iter().filter(|finding| finding.check == check);
    let finding = these.next().unwrap_or_else(|| panic!("{check} is not in {findings:#?}"));
    assert!(these.next().is_none(), "{check} is there twice: {findings:#?}");
    finding
}

/// This is found, and nothing else of PBX, Desk and settings is wrong.
#[track_caller]
fn found(findings: &[Finding], check: &str, state: FindingState, code: &str) -> Finding {
    let finding = of(findings, check);
    assert_eq!((finding.state, finding.code.as_str()), (state, code), "{findings:#?}");
    let wrong: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.state >= FindingState::Warn)
        .map(|finding| finding.check.as_str())
        .filter(|other| !OF_THE_DESKTOP.contains(other) && *other != check)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} are wrong as well: {findings:#?}");
    finding.clone()
}

#[track_caller]
fn fails(findings: &[Finding], check: &str, code: &str) -> Finding {
    found(findings, check, FindingState::Fail, code)
}

#[track_caller]
fn warns(findings: &[Finding], check: &str, code: &str) -> Finding {
    found(findings, check, FindingState::Warn, code)
}

#[track_caller]
fn skipped(findings: &[Finding], checks: &[&str]) {
    for check in checks {
        let finding = of(findings, check);
        assert_eq!(
            (finding.state, finding.code.as_str()),
            (FindingState::Skipped, "after_failure"),
            "{check}"
        );
    }
}

fn sign_ins(rig: &Rig) -> usize {
    rig.simulator.pbx().requests().iter().filter(|asked| asked.path.ends_with("/get_token")).count()
}

#[tokio::test]
async fn where_nothing_is_wrong_everything_is_well_and_told_in_order() {
    let mut rig = Rig::idle().await;
    rig.start_indexing().await;
    rig.ready().await;
    rig.view_where(|view| view.index.state == "fresh").await;
    let findings = check(&rig).await;
    let told: Vec<(&str, &str)> = findings
        .iter()
        .filter(|finding| !OF_THE_DESKTOP.contains(&finding.check.as_str()))
        .inspect(|finding| assert_eq!(finding.state, FindingState::Ok, "{finding:?}"))
        .map(|finding| (finding.check.as_str(), finding.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("settings", "settings_good"),
            ("pbx_name", "name_found"),
            ("pbx_reach", "reached"),
            ("pbx_certificate", "certificate_not_needed"),
            ("pbx_credentials", "credentials_accepted"),
            ("pbx_rights", "rights_good"),
            ("pbx_firmware", "firmware_good"),
            ("pbx_clock", "clock_good"),
            ("pbx_extensions", "extensions_known"),
            ("pbx_extension_monitor", "extension_monitor_on"),
            ("pbx_trunk_monitor", "trunk_monitor_on"),
            ("pbx_events", "events_come"),
            ("proxy", "proxy_none"),
            ("desk_reach", "reached"),
            ("clock", "clock_good"),
            ("desk_region", "region_good"),
            ("desk_sign_in", "signed_in"),
            ("desk_organization", "organization_good"),
            ("desk_scopes", "scopes_good"),
            ("desk_calls", "calls_available"),
            ("desk_fields", "nothing_written"),
            ("desk_credits", "credits_good"),
            ("binding", "binding_good"),
            ("index", "index_good"),
            ("phonebook", "phonebook_unwanted"),
        ]
    );
}

#[tokio::test]
async fn a_running_engine_s_tokens_are_used_and_few_credits_are_spent() {
    let rig = Rig::running().await;
    let before =
        (sign_ins(&rig), rig.simulator.pbx().live_tokens(), rig.simulator.desk().live_access_tokens());
    for _ in 0..2 {
        let credits = rig.simulator.desk().switches().credits_left;
        check(&rig).await;
        let spent = credits - rig.simulator.desk().switches().credits_left;
        assert!((1..20).contains(&spent), "{spent} credits");
    }
    let after =
        (sign_ins(&rig), rig.simulator.pbx().live_tokens(), rig.simulator.desk().live_access_tokens());
    assert_eq!(before, after);
}

#[tokio::test]
async fn without_an_engine_the_token_is_given_back_and_no_person_or_secret_is_in_the_report() {
    let rig = Rig::idle().await;
    let (code, findings) = program(&rig, &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")]).await;
    assert_eq!((sign_ins(&rig), rig.simulator.pbx().live_tokens()), (1, 0));
    assert_eq!(of(&findings, "pbx_events").state, FindingState::Ok);
    // No notification service is a failure, and the program says so to scripts.
    assert_eq!(code, Some(1));
    let report = serde_json::to_string(&findings).unwrap();
    let token = rig.simulator.pbx().requests().iter().find_map(|asked| asked.parameter("access_token"));
    let profile = rig.profile.path().display().to_string();
    let secret =
        [CLIENT_SECRET, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, &token.unwrap(), "Ana", "agent@", &profile];
    for private in secret {
        assert!(!report.contains(private), "{private} is in {report}");
    }
}

#[tokio::test]
async fn a_desktop_without_a_bus_has_no_keychain_no_notifications_and_no_tray() {
    let rig = Rig::idle().await;
    let (_, findings) = program(&rig, &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")]).await;
    for (check, state, code) in [
        ("keychain", FindingState::Warn, "keychain_absent"),
        ("notifications", FindingState::Fail, "notifications_absent"),
        ("tray", FindingState::Warn, "tray_not_shown"),
    ] {
        let finding = of(&findings, check);
        assert_eq!((finding.state, finding.code.as_str()), (state, code));
    }
}

#[tokio::test]
async fn the_system_s_keychain_that_cannot_be_reached_is_absent() {
    let rig = Rig::idle().await;
    let variables = [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"), ("DESKRING_KEYCHAIN", "system")];
    let (_, findings) = program(&rig, &variables).await;
    let finding = of(&findings, "keychain");
    assert_eq!((finding.state, finding.code.as_str()), (FindingState::Warn, "keychain_absent"));
}

#[tokio::test]
async fn phone_links_and_starting_at_login_are_read_from_the_user_s_own_folders() {
    let rig = Rig::idle().await;
    rig.set(|settings| settings["general"] = json!({ "start_at_login": true }));
    let home = rig.profile.path().join("home");
    let applications = home.join("share/applications");
    std::fs::create_dir_all(&applications).unwrap();
    std::fs::create_dir_all(home.join("config")).unwrap();
    let dialer =
        "[Desktop Entry]\nType=Application\nName=Dialer\nExec=dialer %u\nMimeType=x-scheme-handler/tel;\n";
    std::fs::write(applications.join("dialer.desktop"), dialer).unwrap();
    let list = "[Default Applications]\nx-scheme-handler/tel=dialer.desktop\n";
    std::fs::write(home.join("config/mimeapps.list"), list).unwrap();
    let (config, share) = (home.join("config"), home.join("share"));
    let variables = [
        ("XDG_CONFIG_HOME", config.to_str().unwrap()),
        ("XDG_DATA_HOME", share.to_str().unwrap()),
        ("XDG_CONFIG_DIRS", "/nonexistent"),
        ("XDG_DATA_DIRS", "/nonexistent"),
    ];
    let (_, findings) = program(&rig, &variables).await;
    let links = of(&findings, "tel_links");
    assert_eq!((links.state, links.code.as_str()), (FindingState::Warn, "tel_links_elsewhere"));
    assert_eq!(links.values["program"], "Dialer");
    let autostart = of(&findings, "autostart");
    assert_eq!((autostart.state, autostart.code.as_str()), (FindingState::Warn, "autostart_lost"));
}

#[tokio::test]
async fn a_pbx_whose_name_nobody_knows() {
    let rig = spoiled(|settings| settings["pbx"]["url"] = json!("https://no-such-pbx.invalid:8088")).await;
    let findings = check(&rig).await;
    let finding = fails(&findings, "pbx_name", "name_not_found");
    assert_eq!(finding.values["host"], "no-such-pbx.invalid");
    skipped(&findings, &["pbx_reach", "pbx_certificate", "pbx_credentials", "pbx_events"]);
}

#[tokio::test]
async fn a_port_where_no_pbx_listens() {
    let rig = spoiled(|_| {}).await;
    rig.simulator.stop_pbx().await;
    let findings = check(&rig).await;
    fails(&findings, "pbx_reach", "refused");
    assert_eq!(of(&findings, "pbx_name").code, "name_found");
    skipped(&findings, &["pbx_certificate", "pbx_credentials", "pbx_events"]);
}

async fn encrypted(trusted: Value) -> (Rig, Vec<Finding>) {
    let mut rig = Rig::idle_with(Options { pbx_tls: true, ..Options::default() }).await;
    rig.set(|settings| {
        if trusted != json!("this") {
            settings["pbx"]["trusted_certificate"] = trusted;
        }
    });
    rig.start().await;
    let findings = check(&rig).await;
    (rig, findings)
}

#[tokio::test]
async fn a_self_signed_certificate_that_nobody_trusts() {
    let (rig, findings) = encrypted(Value::Null).await;
    let finding = fails(&findings, "pbx_certificate", "unknown_certificate");
    assert_eq!(finding.values["sha256"].replace(':', ""), rig.simulator.pbx_certificate_sha256().unwrap());
    assert_eq!(finding.values["reason"], "unknown_issuer");
    assert_eq!(of(&findings, "pbx_reach").code, "reached");
    skipped(&findings, &["pbx_credentials", "pbx_events"]);
}

#[tokio::test]
async fn a_certificate_that_is_not_the_trusted_one() {
    let (rig, findings) = encrypted(json!("00".repeat(32))).await;
    let finding = fails(&findings, "pbx_certificate", "changed_certificate");
    assert_eq!(finding.values["sha256"].replace(':', ""), rig.simulator.pbx_certificate_sha256().unwrap());
    assert_eq!(finding.values["expected"].replace(':', ""), "00".repeat(32));
}

#[tokio::test]
async fn a_certificate_that_is_trusted_by_its_fingerprint_is_well() {
    let (_rig, findings) = encrypted(json!("this")).await;
    assert_eq!(of(&findings, "pbx_certificate").code, "certificate_pinned");
    assert_eq!(of(&findings, "pbx_events").code, "events_come");
}

#[tokio::test]
async fn a_wrong_client_secret_of_the_pbx_is_tried_once() {
    let rig = Rig::idle().await;
    let (_, findings) = program(&rig, &[("DESKRING_PBX_CLIENT_SECRET", "not-the-secret")]).await;
    let finding = of(&findings, "pbx_credentials");
    assert_eq!((finding.state, finding.code.as_str()), (FindingState::Fail, "credentials"));
    assert_eq!(of(&findings, "pbx_certificate").state, FindingState::Ok);
    skipped(&findings, &["pbx_rights", "pbx_extensions", "pbx_events"]);
    assert_eq!(sign_ins(&rig), 1, "each try counts against this computer");
}

#[tokio::test]
async fn an_address_that_the_pbx_blocks() {
    let mut rig = Rig::idle().await;
    rig.simulator.pbx().set(|switches| switches.lockout_after = 1);
    program(&rig, &[("DESKRING_PBX_CLIENT_SECRET", "not-the-secret")]).await;
    assert!(rig.simulator.pbx().blocked());
    rig.start().await;
    fails(&check(&rig).await, "pbx_credentials", "address_blocked");
}

#[tokio::test]
async fn an_address_that_is_not_on_the_allow_list() {
    let mut rig = Rig::idle().await;
    rig.simulator.pbx().set(|switches| switches.ip_forbidden = true);
    rig.start().await;
    fails(&check(&rig).await, "pbx_credentials", "address_not_allowed");
}

#[tokio::test]
async fn an_application_whose_tokens_are_all_taken() {
    let mut rig = Rig::idle().await;
    rig.simulator.pbx().set(|switches| switches.max_tokens = 0);
    rig.start().await;
    fails(&check(&rig).await, "pbx_credentials", "too_many_tokens");
}

#[tokio::test]
async fn something_that_answers_but_is_no_pbx() {
    for fault in [HttpFault::Html, HttpFault::Garbage, HttpFault::Status(502)] {
        let mut rig = Rig::idle().await;
        rig.simulator.pbx().set(|switches| switches.http_fault = fault);
        rig.start().await;
        fails(&check(&rig).await, "pbx_credentials", "malformed");
    }
}

#[tokio::test]
async fn a_pbx_that_cuts_every_connection() {
    let mut rig = Rig::idle().await;
    rig.simulator.pbx().set(|switches| switches.http_fault = HttpFault::Reset);
    rig.start().await;
    fails(&check(&rig).await, "pbx_reach", "closed");
}

#[tokio::test]
async fn an_api_that_lacks_one_right_still_tells_the_rest() {
    let rig = Rig::running().await;
    let lacks = || vec!["extension/list".to_owned()];
    rig.simulator.pbx().set(|switches| switches.unknown_interfaces = lacks());
    let findings = check(&rig).await;
    fails(&findings, "pbx_rights", "too_old");
    assert_eq!(of(&findings, "pbx_firmware").code, "firmware_good");
    assert_eq!(of(&findings, "pbx_events").code, "events_come");
    skipped(&findings, &["pbx_extensions"]);
}

#[tokio::test]
async fn a_firmware_that_is_too_old() {
    let rig = Rig::running().await;
    rig.simulator.pbx().set(|switches| switches.firmware = "37.6.0.1".to_owned());
    let finding = warns(&check(&rig).await, "pbx_firmware", "firmware_old");
    assert_eq!(finding.values["firmware"], "37.6.0.1");
    assert!(finding.values["needed"].starts_with("37."), "{finding:?}");
}

#[tokio::test]
async fn a_clock_of_the_pbx_that_is_an_hour_ahead() {
    let rig = Rig::running().await;
    rig.simulator.pbx().set(|switches| switches.clock_ahead_seconds = 3600);
    let finding = warns(&check(&rig).await, "pbx_clock", "pbx_clock_off");
    let seconds: i64 = finding.values["seconds"].parse().unwrap();
    assert!((3590..=3610).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn an_extension_that_the_pbx_does_not_have() {
    let rig = spoiled(|settings| {
        settings["pbx"]["extensions"] = json!(["1001", "7777"]);
        settings["bindings"] =
            json!([{ "extension": "1001", "agent_id": AGENT_ID }, { "extension": "7777", "agent_id": AGENT_ID }]);
    })
    .await;
    let finding = fails(&check(&rig).await, "pbx_extensions", "extensions_unknown");
    assert_eq!(finding.values["extensions"], "7777");
}

#[tokio::test]
async fn no_extension_at_all() {
    let rig = spoiled(|settings| settings["pbx"]["extensions"] = json!([])).await;
    let findings = check(&rig).await;
    let finding = of(&findings, "pbx_extensions");
    assert_eq!((finding.state, finding.code.as_str()), (FindingState::Fail, "extension_missing"));
    skipped(&findings, &["binding"]);
}

#[tokio::test]
async fn extensions_and_trunks_that_are_not_monitored_are_told_apart() {
    let rig = Rig::running().await;
    rig.simulator.pbx().set(|switches| switches.extension_monitor = false);
    let finding = warns(&check(&rig).await, "pbx_extension_monitor", "extension_monitor_off");
    assert_eq!(finding.values["extensions"], "1001");
    rig.simulator.pbx().set(|switches| {
        switches.extension_monitor = true;
        switches.trunk_monitor = TrunkMonitor::NoFrames;
    });
    let finding = warns(&check(&rig).await, "pbx_trunk_monitor", "trunk_monitor_off");
    assert!(!finding.values["trunks"].is_empty());
}

#[tokio::test]
async fn an_event_socket_that_says_nothing() {
    let rig = Rig::running().await;
    rig.simulator.pbx().mute(Mute::Heartbeats);
    let began = Instant::now();
    let findings = check(&rig).await;
    fails(&findings, "pbx_events", "silent");
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_pbx_without_address_client_or_secret() {
    for (key, value, code) in
        [("url", json!(""), "pbx_address_missing"), ("client_id", json!(""), "pbx_client_id_missing")]
    {
        let rig = spoiled(|settings| settings["pbx"][key] = value).await;
        let findings = check(&rig).await;
        let finding = of(&findings, "pbx_settings");
        assert_eq!((finding.state, finding.code.as_str()), (FindingState::Fail, code));
        skipped(&findings, &["pbx_name", "pbx_events"]);
    }
    let rig = Rig::idle().await;
    let (_, findings) = program(&rig, &[("DESKRING_PBX_CLIENT_SECRET", "")]).await;
    assert_eq!(of(&findings, "pbx_settings").code, "pbx_secret_missing");
}

#[tokio::test]
async fn a_desk_whose_name_nobody_knows() {
    let rig = spoiled(|settings| {
        settings["desk"]["accounts_url"] = json!("https://no-such-accounts.invalid");
        settings["desk"]["desk_url"] = json!("https://no-such-desk.invalid");
    })
    .await;
    let findings = check(&rig).await;
    let finding = fails(&findings, "desk_reach", "name_not_found");
    assert_eq!(finding.values["host"], "no-such-accounts.invalid");
    skipped(&findings, &["clock", "desk_sign_in", "desk_credits", "binding"]);
}

#[tokio::test]
async fn a_desk_that_refuses_connections() {
    let rig = spoiled(|_| {}).await;
    rig.simulator.stop_desk().await;
    fails(&check(&rig).await, "desk_reach", "refused");
}

#[tokio::test]
async fn custom_addresses_of_desk_that_are_none() {
    let rig = spoiled(|settings| settings["desk"]["desk_url"] = json!("nonsense")).await;
    let findings = check(&rig).await;
    let finding = of(&findings, "desk_settings");
    assert_eq!((finding.state, finding.code.as_str()), (FindingState::Fail, "desk_address_wrong"));
    assert_eq!(of(&findings, "settings").code, "settings_problem");
    skipped(&findings, &["desk_reach", "binding"]);
}

#[tokio::test]
async fn a_sign_in_that_was_revoked() {
    let rig = Rig::running().await;
    rig.simulator.desk().revoke();
    let findings = check(&rig).await;
    fails(&findings, "desk_sign_in", "signed_out");
    assert_eq!(of(&findings, "desk_reach").code, "reached");
    skipped(&findings, &["desk_organization", "desk_scopes", "binding"]);
}

#[tokio::test]
async fn a_wrong_client_secret_of_zoho() {
    let rig = Rig::idle().await;
    let (_, findings) = program(&rig, &[("DESKRING_DESK_CLIENT_SECRET", "not-the-secret")]).await;
    let finding = of(&findings, "desk_sign_in");
    assert_eq!((finding.state, finding.code.as_str()), (FindingState::Fail, "client_secret_wrong"));
}

#[tokio::test]
async fn nobody_has_signed_in_yet() {
    let rig = Rig::idle().await;
    let (_, findings) = program(&rig, &[("DESKRING_DESK_REFRESH_TOKEN", "")]).await;
    let finding = of(&findings, "desk_sign_in");
    assert_eq!((finding.state, finding.code.as_str()), (FindingState::Fail, "desk_sign_in_missing"));
}

#[tokio::test]
async fn another_data_center_than_the_application_s() {
    let mut rig = Rig::idle().await;
    rig.simulator.desk().set(|switches| switches.wrong_data_center = true);
    rig.start().await;
    let findings = check(&rig).await;
    let finding = fails(&findings, "desk_region", "client_unknown");
    assert_eq!(finding.values["host"], "127.0.0.1");
    skipped(&findings, &["desk_sign_in", "desk_scopes"]);
}

fn scopes(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[tokio::test]
async fn permissions_that_the_sign_in_lacks() {
    let rig = Rig::running().await;
    let given = ["Desk.basic.READ", "Desk.settings.READ", "Desk.contacts.READ", "Desk.search.READ"];
    rig.simulator.desk().set(|switches| switches.scopes = scopes(&given));
    let findings = check(&rig).await;
    let finding = of(&findings, "desk_scopes");
    assert_eq!((finding.state, finding.code.as_str()), (FindingState::Fail, "scopes_missing"));
    assert_eq!(finding.values["scopes"], "Desk.tickets.READ, Desk.calls.READ");
    assert_eq!(of(&findings, "desk_sign_in").code, "signed_in");
    assert_eq!(of(&findings, "desk_calls").code, "calls_no_scope");
}

#[tokio::test]
async fn not_even_the_permission_to_ask_who_one_is() {
    let rig = Rig::running().await;
    rig.simulator.desk().set(|switches| switches.scopes = scopes(&["Desk.tickets.READ"]));
    let findings = check(&rig).await;
    fails(&findings, "desk_scopes", "missing_scope");
    assert_eq!(of(&findings, "desk_sign_in").code, "signed_in");
}

#[tokio::test]
async fn an_edition_without_call_activities() {
    let mut rig = Rig::idle().await;
    rig.simulator.desk().set(|switches| switches.edition = "FREE".to_owned());
    rig.start().await;
    let finding = warns(&check(&rig).await, "desk_calls", "calls_not_in_edition");
    assert_eq!(finding.values["edition"], "FREE");
}

#[tokio::test]
async fn a_profile_that_forbids_calls() {
    let rig = Rig::running().await;
    rig.simulator.desk().set(|switches| switches.calls_forbidden = true);
    warns(&check(&rig).await, "desk_calls", "calls_not_permitted");
}

#[tokio::test]
async fn fields_that_desk_demands_and_no_rule_fills_in() {
    let rig = Rig::running_with(|settings| {
        settings["new_contacts"] = json!({ "mode": "automatic", "kind": "contact" });
        settings["tickets"] = json!({ "enabled": true });
        settings["call_log"] = json!({ "enabled": true });
    })
    .await;
    assert_eq!(of(&check(&rig).await, "desk_fields").code, "fields_good");
    rig.simulator.desk().set(|switches| {
        switches.mandatory_ticket_field = Some("cf_region".to_owned());
        switches.contact_fields = vec![json!({ "apiName": "email", "isMandatory": true })];
    });
    let finding = warns(&check(&rig).await, "desk_fields", "fields_missing");
    assert_eq!(finding.values["fields"], "Email, Region");
}

#[tokio::test]
async fn credits_that_run_out_or_are_used_up() {
    let rig = Rig::running().await;
    rig.simulator.desk().set(|switches| switches.credits_left = 500);
    let finding = warns(&check(&rig).await, "desk_credits", "credits_low");
    let left: u64 = finding.values["left"].parse().unwrap();
    assert!((400..500).contains(&left), "{left}");
    rig.simulator.desk().set(|switches| switches.credits_left = 0);
    let findings = check(&rig).await;
    fails(&findings, "desk_credits", "credits_used_up");
}

#[tokio::test]
async fn an_organization_that_is_not_the_sign_in_s() {
    let rig = spoiled(|settings| settings["desk"]["organization_id"] = json!("700000099")).await;
    let finding = fails(&check(&rig).await, "desk_organization", "organization_unknown");
    assert_eq!(finding.values["name"], "Sample Ltd");
}

#[tokio::test]
async fn a_desk_that_has_an_accident() {
    let rig = Rig::running().await;
    rig.simulator.desk().fault_next(50, Fault::Status(500));
    fails(&check(&rig).await, "desk_sign_in", "server_error");
}

#[tokio::test]
async fn an_extension_without_an_agent() {
    let rig = spoiled(|settings| settings["bindings"] = json!([])).await;
    let finding = warns(&check(&rig).await, "binding", "binding_missing");
    assert_eq!(finding.values["extensions"], "1001");
}

#[tokio::test]
async fn an_extension_whose_agent_is_gone() {
    let rig = spoiled(|settings| {
        settings["bindings"] = json!([{ "extension": "1001", "agent_id": "189200000000099999" }]);
    })
    .await;
    warns(&check(&rig).await, "binding", "binding_unknown_agent");
}

#[tokio::test]
async fn a_desk_that_is_switched_off_is_left_in_peace() {
    let rig = spoiled(|settings| settings["desk"]["enabled"] = json!(false)).await;
    let findings = check(&rig).await;
    let finding = found(&findings, "desk_settings", FindingState::Skipped, "desk_disabled");
    assert!(finding.values.is_empty());
    assert!(!findings.iter().any(|finding| finding.check == "desk_reach"));
    assert!(rig.simulator.desk().requests().is_empty());
}

#[tokio::test]
async fn settings_that_cannot_be_understood_are_told_by_place_without_what_stands_there() {
    let rig = Rig::running().await;
    let file = rig.profile.path().join("settings.json");
    std::fs::write(&file, "{\n  \"version\": 1,\n  \"pbx\": \"my-s3cret\"\n}").unwrap();
    let findings = check(&rig).await;
    let finding = fails(&findings, "settings", "settings_malformed");
    assert_eq!(finding.values["file"], "settings.json");
    assert!(finding.values["place"].starts_with("3:"), "{finding:?}");
    assert!(!serde_json::to_string(&findings).unwrap().contains("my-s3cret"));
    assert!(findings.iter().any(|finding| finding.check == "keychain"), "the computer can be looked at");
}

#[tokio::test]
async fn a_setting_that_cannot_work() {
    let rig = spoiled(|settings| settings["numbers"]["country"] = json!("XX")).await;
    let finding = warns(&check(&rig).await, "settings", "settings_problem");
    assert_eq!(finding.values["key"], "numbers.country");
}

#[tokio::test]
async fn a_policy_file_is_named_without_its_folder() {
    let rig = Rig::running().await;
    std::fs::write(rig.paths().policy, r#"{ "version": 1, "popup": { "trigger": "answer" } }"#).unwrap();
    let findings = check(&rig).await;
    assert_eq!(of(&findings, "policy").values["file"], "policy.json");
    std::fs::write(rig.paths().policy, "{").unwrap();
    let finding = fails(&check(&rig).await, "settings", "settings_malformed");
    assert_eq!(finding.values["file"], "policy.json");
}

/// Zoho's own servers behind a proxy that is not there: nothing leaves this computer.
#[tokio::test]
async fn a_proxy_that_is_in_the_way() {
    let rig = Rig::idle().await;
    rig.set(|settings| {
        settings["desk"]["data_center"] = json!("eu");
        settings["desk"]["accounts_url"] = Value::Null;
        settings["desk"]["desk_url"] = Value::Null;
    });
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = format!("http://ana:s3cret@{closed}");
    let (_, findings) = program(&rig, &[("HTTPS_PROXY", &proxy)]).await;
    let finding = of(&findings, "proxy");
    assert_eq!((finding.state, finding.code.as_str()), (FindingState::Warn, "proxy_in_the_way"));
    assert_eq!(finding.values["proxy"], closed.to_string());
    let reach = of(&findings, "desk_reach");
    assert_eq!((reach.state, reach.code.as_str()), (FindingState::Fail, "refused"));
    // The PBX is asked without a proxy.
    assert_eq!(of(&findings, "pbx_events").code, "events_come");
}

#[tokio::test]
async fn when_nobody_answers_the_report_is_there_within_twelve_seconds() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let rig = spoiled(|settings| {
        settings["pbx"]["url"] = json!(address);
        settings["desk"]["accounts_url"] = json!(address);
        settings["desk"]["desk_url"] = json!(address);
    })
    .await;
    let began = Instant::now();
    let findings = check(&rig).await;
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    for check in ["pbx_reach", "desk_reach"] {
        let finding = of(&findings, check);
        assert_eq!(
            (finding.state, finding.code.as_str()),
            (FindingState::Fail, "timed_out"),
            "{findings:#?}"
        );
    }
}

/// Answers everything with the time of a day long ago, as a server of Zoho's would appear to a clock that is far
/// ahead.
async fn long_ago() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = "HTTP/1.1 200 OK\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn a_clock_of_this_computer_that_is_far_ahead_of_zoho_s_is_told_also_after_sleep() {
    let accounts = long_ago().await;
    let rig = spoiled(|settings| settings["desk"]["accounts_url"] = json!(accounts)).await;
    let findings = check(&rig).await;
    let clock = of(&findings, "clock");
    assert_eq!((clock.state, clock.code.as_str()), (FindingState::Warn, "clock_off"));
    assert!(clock.values["seconds"].parse::<i64>().unwrap() > 60);
    rig.send(Command::Wake).await;
    let view = rig.view_where(|view| !view.findings.is_empty()).await;
    sayable(&view.findings);
    let told: Vec<&str> = view.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(told, ["clock_off"]);
}

#[tokio::test]
async fn after_sleep_only_one_question_without_a_token_is_asked() {
    let rig = Rig::running().await;
    let (signed_in, tokens) = (sign_ins(&rig), rig.simulator.pbx().live_tokens());
    let clock_asked = || {
        let asked = rig.simulator.desk().requests();
        asked.iter().filter(|asked| asked.path == "/oauth/serverinfo").count()
    };
    assert_eq!(clock_asked(), 0);
    rig.send(Command::Wake).await;
    until("the clock was asked", || clock_asked() == 1).await;
    assert!(rig.handle().view().borrow().findings.is_empty());
    assert_eq!((sign_ins(&rig), rig.simulator.pbx().live_tokens()), (signed_in, tokens));
}
