//! The two catalogs say the same things, and there are words for every code of the engine.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};

use deskring_wording::{Language, Part, Value, Words, key_of};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

/// Each message with its placeholders.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let entries = Part::ALL.into_iter().flat_map(|part| {
        let parsed = parser::parse(language.catalog(part));
        parsed.unwrap_or_else(|(_, errors)| panic!("{language:?} {part:?}: {errors:?}")).body
    });
    let mut all = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Message(message) => {
                let mut names = BTreeSet::new();
                collect(message.value.as_ref().expect("a message has a value"), &mut names);
                let before = all.insert(message.id.name.to_owned(), names);
                assert!(before.is_none(), "{language:?}: {} is there twice", message.id.name);
            }
            Entry::Junk { content } => panic!("{language:?}: {content}"),
            _ => {}
        }
    }
    all
}

fn collect(pattern: &Pattern<&str>, names: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            match expression {
                Expression::Inline(inline) => collect_inline(inline, names),
                Expression::Select { selector, variants } => {
                    collect_inline(selector, names);
                    variants.iter().for_each(|variant| collect(&variant.value, names));
                }
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, names: &mut BTreeSet<String>) {
    if let InlineExpression::VariableReference { id } = inline {
        names.insert(id.name.to_owned());
    }
}

#[test]
fn both_languages_have_the_same_keys_and_placeholders() {
    let [english, chinese] = Language::ALL.map(messages);
    assert_eq!(english.keys().collect::<Vec<_>>(), chinese.keys().collect::<Vec<_>>());
    for (key, names) in &english {
        assert_eq!(names, &chinese[key], "{key}");
    }
}

#[test]
fn every_message_can_be_written_with_texts_and_with_numbers() {
    for language in Language::ALL {
        let words = Words::with_parts(language, &Part::ALL);
        for (key, names) in messages(language) {
            for value in [Value::from("A"), Value::from(0), Value::from(1), Value::from(7)] {
                let values: Vec<(&str, Value<'_>)> =
                    names.iter().map(|name| (name.as_str(), value.clone())).collect();
                let text = words.with(&key, &values);
                assert!(
                    !text.is_empty() && text != key && !text.contains(['{', '}', '$']),
                    "{language:?} {key}: {text}"
                );
            }
        }
    }
}

/// The engine's codes by family. A new code of the engine is added here and to both catalogs.
const CODES: &[(&str, &[&str])] = &[
    ("outbox-what", &["contact", "account", "ticket", "call_activity", "other"]),
    ("outbox-state", &["pending", "claimed", "unknown", "sent", "wedged", "blocked", "discarded", "dry"]),
    ("outbox-field", &["missing", "invalid", "duplicate", "other"]),
    (
        "outbox-why",
        &[
            "invalid",
            "no_department",
            "several_matches",
            "forbidden",
            "missing_scope",
            "signed_in_elsewhere",
            "unsure",
            "unreadable",
            "unknown_kind",
            "bad_call_id",
            "pbx_not_known",
            "not_in_edition",
            "no_scope",
            "not_permitted",
            "by_hand",
            "parent_discarded",
            "interrupted",
            "contact_gone",
            "no_contact",
        ],
    ),
    (
        "outbox-do",
        &[
            "invalid",
            "no_department",
            "several_matches",
            "forbidden",
            "missing_scope",
            "signed_in_elsewhere",
            "edition_limit",
            "gone",
            "unsure",
            "unreadable",
            "other",
        ],
    ),
    ("phase", &["ringing", "dialing", "talking", "held", "over"]),
    ("direction", &["inbound", "outbound", "internal"]),
    ("outcome", &["answered", "missed", "answered_elsewhere", "voicemail", "failed", "not_seen"]),
    ("who", &["not_asked", "searching", "known", "several", "nobody", "withheld", "failed"]),
    ("record", &["contact", "account"]),
    ("suggest-kind", &["extension", "recent", "contact", "account"]),
    (
        "why",
        &[
            "opened_by_rule",
            "opened_by_agent",
            "undecided",
            "internal",
            "outbound",
            "manual_mode",
            "switched_off",
            "paused",
            "desk_disabled",
            "desk_not_set_up",
            "number_withheld",
            "number_not_reported",
            "no_match",
            "several_matches",
            "lookup_failed",
            "answered_elsewhere",
            "not_answered",
            "ended_before_match",
            "opened_before_restart",
            "address_refused",
            "browser_failed",
            "link_was_down",
            "call_not_reported",
            "chosen",
            "chosen_earlier",
        ],
    ),
    (
        "off",
        &[
            "internal",
            "number_not_reported",
            "address_refused",
            "several_matches",
            "no_match",
            "number_withheld",
            "desk_not_in_use",
        ],
    ),
    ("index", &["off", "building", "fresh", "paused"]),
    ("sync", &["off", "idle", "copying", "running", "waiting", "refused"]),
    ("sync-round", &["running", "stopped", "done"]),
    ("sync-step", &["looking", "copying", "tidying"]),
    ("not-synced", &["no_name", "no_number", "taken", "refused"]),
    (
        "cause",
        &[
            "no_phonebooks",
            "holds_everybody",
            "not_empty",
            "full",
            "takes_nobody",
            "not_created",
            "dry_run",
            "not_connected",
            "not_kept",
            "no_index",
            "sync_off",
            "not_permitted",
        ],
    ),
    ("cause", &["index_budget", "few_credits", "index_not_opened", "index_not_written", "off"]),
    (
        "cause",
        &[
            "invitation_wrong",
            "invitation_refused",
            "invitation_locked",
            "invitation_no_gateway",
            "set_by_policy",
        ],
    ),
    ("link-state", &["not_set_up", "disabled", "connecting", "up", "down", "stopped"]),
    ("popup", &["automatic", "manual", "off"]),
    (
        "cause",
        &[
            // Of the PBX client.
            "name_not_found",
            "refused",
            "timed_out",
            "unreachable",
            "unknown_certificate",
            "changed_certificate",
            "tls",
            "credentials",
            "address_blocked",
            "address_not_allowed",
            "too_many_tokens",
            "token_expired",
            "too_old",
            "parameter",
            "not_found",
            "malformed",
            "silent",
            "closed",
            "handshake",
            "signed_out",
            "other",
            // Of the Desk client.
            "client_unknown",
            "client_secret_wrong",
            "throttled",
            "missing_scope",
            "other_organization",
            "forbidden",
            "edition_limit",
            "gone",
            "invalid",
            "bad_request",
            "too_many_requests",
            "credits_exhausted",
            "server_error",
            "answer_lost",
            // Of the engine.
            "desk_not_ready",
            "desk_not_set_up",
            "desk_disabled",
            "not_running",
            "pbx_address_missing",
            "pbx_address_wrong",
            "pbx_certificate_wrong",
            "pbx_client_id_missing",
            "pbx_secret_missing",
            "extension_missing",
            "desk_address_wrong",
            "desk_client_id_missing",
            "desk_secret_missing",
            "desk_sign_in_missing",
            "keychain_locked",
            "keychain_failed",
            // Of numbers that are to be called.
            "unknown_scheme",
            "not_a_dial_link",
            "no_number",
            "not_a_number",
            "several_numbers",
            "feature_code",
            "bad_escape",
            "password",
            "too_long",
            "number_too_long",
            "too_many_dials",
            "no_extension",
            "dial_changed",
            "call_failed",
            "act_not_now",
            "not_allowed",
            "pbx_not_connected",
        ],
    ),
    (
        "failure",
        &[
            "no_dial_permission",
            "outbound_restricted",
            "congestion",
            "do_not_disturb",
            "unreachable",
            "busy",
            "not_found",
            "gone",
            "timed_out",
            "unavailable",
            "incomplete",
            "declined",
            "own_phone",
            "own_phone_busy",
            "own_phone_declined",
            "own_phone_do_not_disturb",
            "own_phone_timed_out",
            "own_phone_unreachable",
        ],
    ),
    ("act", &["decline", "hang_up", "hold", "resume", "transfer", "mute", "unmute"]),
    (
        "dial-doubt",
        &[
            "emergency",
            "feature_code",
            "premium",
            "shared_cost",
            "satellite",
            "every_call",
            "new_number",
            "unseen",
        ],
    ),
    (
        "problem",
        &[
            "missing",
            "not_an_address",
            "not_encrypted",
            "user_info",
            "not_digits",
            "too_long",
            "duplicate",
            "not_a_country",
            "not_a_fingerprint",
            "not_a_time",
            "not_a_prefix",
            "not_a_shortcut",
            "does_not_fit",
            "wrong_value",
            "locked",
            "unknown_key",
            "secret_in_settings",
            "settings_unreadable",
            "settings_malformed",
            "settings_newer",
            "journal_unusable",
            "journal_was_damaged",
            "journal_newer",
            "journal_read_only",
            "journal_full",
            "journal_busy",
            "journal_damaged",
        ],
    ),
    (
        "settings-flaw",
        &[
            "unclosed",
            "empty",
            "unknown_variable",
            "unknown_function",
            "open_quote",
            "unexpected",
            "unsupported",
            "arguments",
            "no_condition",
            "no_end",
            "stray_else",
            "stray_end",
            "too_deep",
        ],
    ),
    ("settings-preview", &["last_call", "example"]),
    ("lab-decision", &["withheld", "one", "several", "chosen", "nobody", "ask_desk", "failed"]),
    ("lab-verdict", &["taken", "no_number", "later"]),
    (
        "lab-step",
        &[
            "extension",
            "outside_line",
            "international_prefix",
            "trunk",
            "area_code",
            "country_code",
            "bare_country_code",
            "home_country",
        ],
    ),
    ("lab-search", &["not_asked", "not_needed", "failed", "answered"]),
    ("lab-search-field", &["phone", "mobile", "any"]),
    ("lab-source", &["index", "desk"]),
    ("lab-field", &["phone", "mobile"]),
    ("lab-rule", &["same_number", "national", "written_form", "same_digits"]),
    ("lab-not", &["no_digits", "only_ending", "other_number", "contacts_first"]),
    ("lab-change", &["gained", "lost", "ambiguous", "clear", "others"]),
    ("cause", &["not_a_country"]),
];

/// What the doctor looks at.
const CHECKS: &[&str] = &[
    "settings",
    "policy",
    "keychain",
    "notifications",
    "tray",
    "tel_links",
    "autostart",
    "pbx_settings",
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
    "desk_settings",
    "proxy",
    "desk_reach",
    "clock",
    "desk_region",
    "desk_sign_in",
    "desk_organization",
    "desk_scopes",
    "desk_calls",
    "desk_writing",
    "desk_credits",
    "binding",
    "index",
    "phonebook",
];

/// What the doctor finds and nobody needs to mend.
const GOOD: &[&str] = &[
    "after_failure",
    "not_told",
    "settings_good",
    "policy_in_force",
    "keychain_works",
    "notifications_with_buttons",
    "notifications_native",
    "tray_shown",
    "tel_links_ours",
    "autostart_on",
    "autostart_off",
    "name_found",
    "reached",
    "certificate_trusted",
    "certificate_pinned",
    "certificate_not_needed",
    "credentials_accepted",
    "rights_good",
    "firmware_good",
    "clock_good",
    "extensions_known",
    "extension_monitor_on",
    "trunk_monitor_on",
    "events_come",
    "desk_disabled",
    "proxy_none",
    "proxy_used",
    "region_good",
    "signed_in",
    "organization_good",
    "scopes_good",
    "calls_available",
    "gateway_writes",
    "credits_good",
    "binding_good",
    "index_good",
    "index_reads",
    "index_unwanted",
    "index_no_key",
    "phonebook_unwanted",
    "phonebook_good",
];

/// What the doctor finds and says how to mend.
const BAD: &[&str] = &[
    "settings_problem",
    "settings_unreadable",
    "settings_malformed",
    "settings_newer",
    "keychain_absent",
    "keychain_locked",
    "keychain_failed",
    "secrets_file_not_private",
    "secrets_file_malformed",
    "secrets_file_unusable",
    "notifications_without_buttons",
    "notifications_held_back",
    "notifications_absent",
    "tray_not_shown",
    "tel_links_elsewhere",
    "tel_links_nobody",
    "autostart_lost",
    "autostart_elsewhere",
    "name_not_found",
    "refused",
    "timed_out",
    "unreachable",
    "closed",
    "tls",
    "malformed",
    "other",
    "pbx_address_missing",
    "pbx_address_wrong",
    "pbx_client_id_missing",
    "pbx_secret_missing",
    "pbx_certificate_wrong",
    "unknown_certificate",
    "changed_certificate",
    "credentials",
    "address_blocked",
    "address_not_allowed",
    "too_many_tokens",
    "token_expired",
    "too_old",
    "parameter",
    "not_found",
    "signed_out",
    "firmware_old",
    "pbx_clock_off",
    "extension_missing",
    "extensions_unknown",
    "extension_monitor_off",
    "trunk_monitor_off",
    "silent",
    "handshake",
    "desk_address_wrong",
    "desk_client_id_missing",
    "desk_secret_missing",
    "desk_sign_in_missing",
    "proxy_in_the_way",
    "clock_off",
    "client_unknown",
    "client_secret_wrong",
    "throttled",
    "organization_none",
    "organization_unknown",
    "other_organization",
    "scopes_missing",
    "missing_scope",
    "forbidden",
    "edition_limit",
    "gone",
    "invalid",
    "bad_request",
    "too_many_requests",
    "server_error",
    "answer_lost",
    "calls_not_in_edition",
    "calls_no_scope",
    "calls_not_permitted",
    "credits_low",
    "credits_used_up",
    "binding_missing",
    "binding_unknown_agent",
    "index_spent",
    "index_stands",
    "phonebook_waits",
    "phonebook_refused",
];

#[test]
fn every_finding_of_the_doctor_has_words_and_every_bad_one_says_what_to_do() {
    for language in Language::ALL {
        let words = Words::with_parts(language, &Part::ALL);
        let families = [("doctor-check", CHECKS), ("doctor", GOOD), ("doctor", BAD), ("doctor-fix", BAD)];
        for (family, codes) in families {
            for code in codes {
                assert!(words.has(&key_of(family, code)), "{language:?}: {family} {code}");
            }
        }
    }
}

#[test]
fn every_code_has_words_in_every_language() {
    for language in Language::ALL {
        let words = Words::with_parts(language, &Part::ALL);
        for (family, codes) in CODES {
            for code in *codes {
                assert!(words.has(&key_of(family, code)), "{language:?}: {family} {code}");
            }
        }
    }
}

/// Keys that occur in the code of the faces, in Rust and JavaScript: `text("key"`, `with("key"`.
#[test]
fn every_key_that_is_used_has_words() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let known = messages(Language::English);
    let mut used = BTreeSet::new();
    for folder in ["src-tauri/src", "ui", "ui/js", "crates/cli/src"] {
        let Ok(files) = std::fs::read_dir(root.join(folder)) else { continue };
        for file in files.flatten().map(|entry| entry.path()) {
            if file.extension().is_some_and(|kind| kind == "rs" || kind == "js" || kind == "html") {
                used.extend(keys_in(&std::fs::read_to_string(&file).unwrap()));
            }
        }
    }
    assert!(!used.is_empty(), "the faces use words");
    let unknown: Vec<_> = used.iter().filter(|key| !known.contains_key(*key)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

fn keys_in(source: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for opening in ["words.text(\"", "words.with(\"", "words.has(\"", "data-words=\"", "data-words-label=\""]
    {
        for (at, _) in source.match_indices(opening) {
            let rest = &source[at + opening.len()..];
            keys.extend(rest.split('"').next().map(str::to_owned));
        }
    }
    keys
}
