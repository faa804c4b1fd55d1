//! The policy file over the user's own.

use std::collections::BTreeMap;

use super::change::{document, refused};
use super::*;

const POLICY: &str = r#"{"version":1,
 "pbx":{"url":"https://pbx.example.com:8088","trusted_certificate":null,"adress":1},
 "bindings":[{"extension":"1001","agent_id":"3"}],
 "desk":{"client_secret":"s"},
 "popup":{"mode":"manual"}}"#;

/// A profile, and a policy beside it.
fn folders(own: &str, policy: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = folder(own);
    let file = dir.path().join("policy.json");
    fs::write(&file, policy).unwrap();
    (dir, file)
}

#[test]
fn the_policy_wins_and_locks_what_it_sets() {
    let own = r#"{"pbx":{"url":"https://mine.example.com","client_id":"c","trusted_certificate":"aa"},
        "popup":{"trigger":"answer"}}"#;
    let (dir, policy) = folders(own, POLICY);
    let loaded = load_with(dir.path(), &policy).unwrap();
    let settings = &loaded.settings;
    assert_eq!(settings.pbx.url.as_deref(), Some("https://pbx.example.com:8088"));
    assert_eq!(settings.pbx.trusted_certificate, None, "null sets a key too");
    assert_eq!(settings.pbx.client_id.as_deref(), Some("c"));
    assert_eq!((settings.popup.mode, settings.popup.trigger), (PopupMode::Manual, PopupTrigger::Answer));
    assert_eq!(settings.bindings.len(), 1);
    let locked: Vec<_> = loaded.locked.iter().map(String::as_str).collect();
    assert_eq!(locked, ["bindings", "pbx.trusted_certificate", "pbx.url", "popup.mode"]);
    assert_eq!(loaded.policy.as_deref(), Some(policy.as_path()));
    assert_eq!(loaded.own, load(dir.path()).unwrap().settings);
    assert_eq!(
        loaded.warnings,
        [
            Warning::UnknownKey("policy.json pbx.adress".into()),
            Warning::SecretInSettings("policy.json desk.client_secret".into()),
        ]
    );
}

#[test]
fn a_machine_without_a_policy_is_the_usual_one() {
    let dir = folder(r#"{"popup":{"mode":"off"}}"#);
    let loaded = load_with(dir.path(), &dir.path().join("missing/policy.json")).unwrap();
    assert_eq!(loaded, load(dir.path()).unwrap());
    assert!(loaded.locked.is_empty() && loaded.policy.is_none());
    assert_eq!(load_with(dir.path(), Path::new("")).unwrap(), loaded);
}

#[test]
fn a_malformed_policy_is_named_and_so_is_a_newer_one() {
    for content in ["{ broken", r#"{"popup":{"mode":"automatc"}}"#, r#"{"popup":null}"#, r#"{"version":2}"#] {
        let (dir, policy) = folders("{}", content);
        let Err(SettingsError::Malformed { file, .. } | SettingsError::Newer { file, .. }) =
            load_with(dir.path(), &policy)
        else {
            panic!("{content} was taken");
        };
        assert_eq!(file, policy);
        assert!(super::super::change(dir.path(), &policy, &BTreeMap::new()).is_err());
    }
    let dir = folder("{}");
    assert!(matches!(
        load_with(dir.path(), dir.path()),
        Err(SettingsError::Unreadable { file, .. }) if file == dir.path()
    ));
}

#[test]
fn what_the_policy_sets_is_neither_changed_nor_copied_into_the_users_file() {
    let (dir, policy) = folders(r#"{"pbx":{"url":"https://mine.example.com"}}"#, POLICY);
    let mut wanted: BTreeMap<String, Value> = BTreeMap::new();
    for key in ["pbx.url", "bindings", "pbx.trusted_certificate", "popup.mode"] {
        wanted.insert(key.into(), Value::Null);
    }
    let changed = super::super::change(dir.path(), &policy, &wanted).unwrap();
    assert_eq!(
        refused(&changed),
        ["bindings: locked", "pbx.trusted_certificate: locked", "pbx.url: locked", "popup.mode: locked"]
    );
    let rows = r#"{"bindings":[{"extension":"1001","agent_id":"x"}]}"#;
    fs::write(dir.path().join("other.json"), rows).unwrap();
    let wanted_rows = BTreeMap::from([("bindings".to_owned(), json!([]))]);
    let changed = super::super::change(dir.path(), &dir.path().join("other.json"), &wanted_rows).unwrap();
    assert_eq!(refused(&changed), ["bindings: locked"], "the policy's own mistake is not the user's");
    let wanted = BTreeMap::from([("popup.trigger".to_owned(), json!("answer"))]);
    let changed = super::super::change(dir.path(), &policy, &wanted).unwrap();
    assert_eq!(refused(&changed), [""; 0]);
    assert_eq!(changed.loaded, load_with(dir.path(), &policy).unwrap());
    assert_eq!(
        document(dir.path()),
        json!({"version": 1, "pbx": {"url": "https://mine.example.com"}, "popup": {"trigger": "answer"}})
    );
}

#[test]
fn a_value_that_does_not_go_with_the_policy_is_refused() {
    let (dir, policy) = folders("{}", r#"{"tickets":{"enabled":true,"when":"before_call"}}"#);
    let wanted = BTreeMap::from([("tickets.call_types".to_owned(), json!(["inbound_missed"]))]);
    let changed = super::super::change(dir.path(), &policy, &wanted).unwrap();
    assert_eq!(refused(&changed), ["tickets.call_types: does_not_fit"]);
}

#[test]
fn the_policy_has_one_place_on_each_system() {
    let file = policy_file();
    assert!(file.is_absolute() && file.ends_with("policy.json"));
    if cfg!(target_os = "linux") {
        assert_eq!(file, Path::new("/etc/deskring/policy.json"));
    }
}
