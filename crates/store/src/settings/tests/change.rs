//! Changing single keys.

use std::collections::BTreeMap;
use std::sync::Barrier;

use super::*;

fn changes<const N: usize>(all: [(&str, Value); N]) -> BTreeMap<String, Value> {
    all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn without_policy<const N: usize>(dir: &Path, all: [(&str, Value); N]) -> Changed {
    super::change(dir, &dir.join("no policy"), &changes(all)).unwrap()
}

/// `key: code` of what was refused.
pub(super) fn refused(changed: &Changed) -> Vec<String> {
    changed.refused.iter().map(|refusal| format!("{}: {}", refusal.key, refusal.what.code())).collect()
}

pub(super) fn document(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join(FILE)).unwrap()).unwrap()
}

#[test]
fn a_change_touches_its_keys_and_no_others() {
    let dir = folder(
        r#"{"pbx":{"extensions":[1001],"client_id":" c "},"future":{"x":[1]},"popup":{"triger":1,"mode":"off"}}"#,
    );
    let changed = without_policy(
        dir.path(),
        [
            ("pbx.url", json!("https://pbx.example.com:8088/ ")),
            ("popup.mode", Value::Null),
            ("bindings", json!([{"extension": 1001, "agent_id": "３"}])),
            ("tickets.call_types", json!(["inbound_missed"])),
        ],
    );
    assert_eq!(refused(&changed), [""; 0]);
    assert_eq!(changed.loaded, load(dir.path()).unwrap());
    assert_eq!(changed.loaded.settings.popup.mode, PopupMode::Automatic);
    assert_eq!(
        document(dir.path()),
        json!({
            "version": 1,
            "pbx": {"extensions": [1001], "client_id": " c ", "url": "https://pbx.example.com:8088"},
            "future": {"x": [1]},
            "popup": {"triger": 1},
            "bindings": [{"extension": "1001", "agent_id": "3"}],
            "tickets": {"call_types": ["inbound_missed"]},
        })
    );
}

#[test]
fn back_to_the_default_leaves_no_trace() {
    let dir = folder(r#"{"version":1,"general":{"language":"en"},"pbx":{"url":"https://pbx.example.com"}}"#);
    let changed =
        without_policy(dir.path(), [("general.language", Value::Null), ("pbx.url", json!(" \u{200b}"))]);
    assert_eq!(refused(&changed), [""; 0], "what is missing may be saved");
    assert_eq!(document(dir.path()), json!({"version": 1}));
    assert!(check(&changed.loaded.settings).iter().any(|problem| problem.key == "pbx.url"));
}

#[test]
fn one_wrong_value_and_nothing_is_saved() {
    let content = r#"{"pbx":{"url":"https://pbx.example.com"}}"#;
    let dir = folder(content);
    let all = [
        ("pbx.url", json!("http://pbx.example.com")),
        ("pbx.client_id", json!("fine")),
        ("pbx.nonsense", json!(1)),
        ("pbx", json!({"url": "https://other.example.com"})),
        ("version", json!(7)),
        ("", json!("")),
        ("bindings.extension", json!("1001")),
        ("popup.mode", json!("automatc")),
        ("popup.trigger", json!({})),
        ("desk.enabled", json!("yes")),
        ("desk.redirect_port", json!(65536)),
        ("bindings", json!([{"extension": "1001", "agent_id": "x"}, {"extension": "1002", "agent_id": "y"}])),
        ("notifications.quiet_from", json!("25:00")),
    ];
    let changed = without_policy(dir.path(), all);
    assert_eq!(
        refused(&changed),
        [
            ": unknown_key",
            "bindings.extension: unknown_key",
            "desk.enabled: wrong_value",
            "desk.redirect_port: wrong_value",
            "pbx: unknown_key",
            "pbx.nonsense: unknown_key",
            "popup.mode: wrong_value",
            "popup.trigger: wrong_value",
            "version: unknown_key",
            "pbx.url: not_encrypted",
            "bindings.agent_id: not_digits",
            "notifications.quiet_from: not_a_time",
        ]
    );
    assert_eq!(changed.loaded, load(dir.path()).unwrap());
    assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), content);
}

#[test]
fn a_mistake_elsewhere_does_not_stop_a_change() {
    let dir = folder(r#"{"numbers":{"country":"CHN"}}"#);
    assert_eq!(refused(&without_policy(dir.path(), [("pbx.client_id", json!("c"))])), [""; 0]);
    assert_eq!(
        refused(&without_policy(dir.path(), [("numbers.country", json!("CHN"))])),
        ["numbers.country: not_a_country"]
    );
}

#[test]
fn a_secret_is_not_let_in_through_a_binding() {
    let dir = folder("{}");
    let row = json!([{"extension": "1001", "agent_id": "1", "client_secret": "s"}]);
    assert_eq!(refused(&without_policy(dir.path(), [("bindings", row)])), ["bindings: secret_in_settings"]);
}

#[test]
fn everything_survives_a_hostile_paste() {
    let pastes = [
        "\n",
        " \t",
        "\u{202e}\u{2066}",
        "９９９",
        "<script>alert(1)</script>",
        "{{x}}",
        "\u{0}\u{1b}[2J",
        "../../etc",
    ];
    let long = ["x".repeat(10_000), "９".repeat(10_000), "\u{202e}".repeat(10_000), "\n".repeat(10_000)];
    let dir = folder("{}");
    for paste in pastes.iter().map(|text| (*text).to_owned()).chain(long) {
        for key in document::known_keys() {
            let changed = without_policy(dir.path(), [(key.as_str(), json!(paste))]);
            if paste.len() >= 10_000 && paste.starts_with(['x', '９']) && !key.ends_with("description") {
                assert_eq!(changed.refused.len(), 1, "{key} {:?}", changed.refused);
                let code = changed.refused[0].what.code();
                assert!(["too_long", "wrong_value"].contains(&code), "{key}: {code}");
            }
            let kept = fs::read_to_string(dir.path().join(FILE)).unwrap();
            assert!(!kept.contains(['\u{202e}', '\u{2066}', '\u{1b}', '\u{0}']), "{key}: {kept}");
        }
        assert!(load(dir.path()).is_ok());
    }
}

#[test]
fn a_file_that_cannot_be_understood_is_not_changed() {
    for content in ["{ broken", r#"{"version":2}"#, r#"{"pbx":7}"#] {
        let dir = folder(content);
        let error = super::change(dir.path(), &dir.path().join("none"), &changes([("pbx.url", Value::Null)]));
        assert!(matches!(error, Err(SettingsError::Malformed { .. } | SettingsError::Newer { .. })));
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), content);
    }
}

#[test]
fn those_who_change_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("new");
    let keys = ["pbx.client_id", "numbers.area_code", "desk.client_id", "desk.organization_id"];
    let start = Barrier::new(keys.len());
    std::thread::scope(|scope| {
        for key in keys {
            let (start, profile) = (&start, &profile);
            scope.spawn(move || {
                start.wait();
                for round in 0..20 {
                    assert_eq!(refused(&without_policy(profile, [(key, json!(round.to_string()))])), [""; 0]);
                }
            });
        }
    });
    let document = document(&profile);
    for key in keys {
        assert_eq!(super::document::get(document.as_object().unwrap(), key), Some(&json!("19")), "{key}");
    }
    assert_eq!(names(&profile), [FILE, "settings.lock"]);
}

#[test]
fn a_change_that_changes_nothing_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    without_policy(dir.path(), [("pbx.url", Value::Null)]);
    assert_eq!(names(dir.path()), ["settings.lock"]);
}
