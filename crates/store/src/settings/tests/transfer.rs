//! From one computer to another.

use super::change::{document, refused};
use super::*;

fn nowhere() -> PathBuf {
    PathBuf::from("/nonexistent/policy.json")
}

#[test]
fn settings_move_to_another_computer_without_secrets() {
    let here = folder(
        r#"{"pbx":{"url":"https://a:b@pbx.example.com","client_id":"c","extensions":["1001"]},
            "desk":{"client_secret":"s3cret","note":"kept"},"numbers":{"country":"CN"},
            "future":{"x":[{"api_token":"s3cret","y":1}]},"tickets":{"subject":"{{Call_From}}"}}"#,
    );
    let exported = export(here.path(), &nowhere()).unwrap();
    let text = exported.to_string();
    assert!(!text.contains("s3cret") && !text.contains("a:b@"), "{text}");
    assert_eq!(exported["version"], 1);
    assert_eq!(exported["popup"]["mode"], "automatic", "every key is there");
    assert_eq!(exported["future"]["x"][0]["y"], 1);

    let there = folder(r#"{"desk":{"client_id":"theirs"},"popup":{"mode":"off"},"other":1}"#);
    let before = fs::read_to_string(there.path().join(FILE)).unwrap();
    let changed = import(there.path(), &nowhere(), &exported).unwrap();
    assert_eq!((refused(&changed), changed.skipped), (vec![], vec![]));
    let settings = changed.loaded.settings;
    assert_eq!(settings.pbx.extensions, ["1001"]);
    assert_eq!(settings.popup.mode, PopupMode::Automatic, "an exported default is a value");
    assert_eq!(settings.desk.client_id, None);
    assert_eq!(document(there.path())["desk"]["note"], "kept");
    assert_eq!(document(there.path())["other"], 1, "what is not in the document stays");
    assert!(changed.loaded.warnings.contains(&Warning::UnknownKey("desk.note".into())));
    assert_eq!(names(there.path()), [FILE, "settings.json.before-import-1", "settings.lock"]);
    assert_eq!(fs::read_to_string(there.path().join("settings.json.before-import-1")).unwrap(), before);

    import(there.path(), &nowhere(), &json!({"popup": {"mode": "off"}})).unwrap();
    import(there.path(), &nowhere(), &json!({"popup": {"mode": "off"}})).unwrap();
    assert_eq!(
        names(there.path()),
        [FILE, "settings.json.before-import-1", "settings.json.before-import-2", "settings.lock"],
        "one copy for each import that changed something"
    );
}

#[test]
fn an_import_is_refused_as_a_whole() {
    let content = r#"{"popup":{"mode":"off"}}"#;
    for (given, expected) in [
        (json!([]), vec![": wrong_value"]),
        (json!({"version": 2, "popup": 1}), vec!["version: settings_newer"]),
        (json!({"version": "1"}), vec!["version: wrong_value"]),
        (
            json!({"desk": {"client_secret": "s"}, "x": [{"a": {"Access_Token": "t"}}], "popup": {"mode": "manual"}}),
            vec!["desk.client_secret: secret_in_settings", "x[0].a.Access_Token: secret_in_settings"],
        ),
        (json!({"pbx": 7, "popup": {"mode": "manual"}}), vec!["pbx: wrong_value"]),
        (
            json!({"pbx": {"url": "http://pbx.example.com"}, "popup": {"mode": "x"}}),
            vec!["popup.mode: wrong_value", "pbx.url: not_encrypted"],
        ),
    ] {
        let dir = folder(content);
        let changed = import(dir.path(), &nowhere(), &given).unwrap();
        assert_eq!(refused(&changed), expected, "{given}");
        assert_eq!(changed.loaded.settings.popup.mode, PopupMode::Off);
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), content);
        assert_eq!(names(dir.path()), [FILE, "settings.lock"]);
    }
}

#[test]
fn an_import_leaves_what_the_policy_sets() {
    let dir = folder("{}");
    let policy = dir.path().join("policy.json");
    fs::write(&policy, r#"{"popup":{"mode":"off"}}"#).unwrap();
    let given = json!({"version": 0, "popup": {"mode": "manual", "trigger": "answer"}});
    let changed = import(dir.path(), &policy, &given).unwrap();
    assert_eq!((refused(&changed), changed.skipped), (vec![], vec!["popup.mode".to_owned()]));
    assert_eq!(document(dir.path()), json!({"version": 1, "popup": {"trigger": "answer"}}));
    let exported = export(dir.path(), &policy).unwrap();
    assert_eq!(exported["popup"]["mode"], "off", "what is in force is exported");
}

#[test]
fn no_known_key_is_taken_for_a_secret() {
    assert!(
        super::super::transfer::secret_keys(&Value::Object(super::super::document::full(
            &Settings::default()
        )))
        .is_empty()
    );
}
