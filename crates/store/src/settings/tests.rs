//! Reading and writing the file.

mod change;
mod policy;
mod transfer;

use std::fs;

use serde_json::{Value, json};

use super::*;

fn folder(content: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE), content).unwrap();
    dir
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// `line:column key` of the error.
fn place(content: &str) -> String {
    let dir = folder(content);
    match load(dir.path()) {
        Err(SettingsError::Malformed { file, line, column, key, detail }) => {
            assert_eq!(file, dir.path().join(FILE));
            assert!(!detail.is_empty() && !detail.contains("line"), "{detail}");
            assert_eq!(fs::read_to_string(file).unwrap(), content, "left untouched");
            format!("{line}:{column} {key}").trim_end().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_file_means_the_defaults_of_the_pbx_maker() {
    let dir = tempfile::tempdir().unwrap();
    let loaded = load(&dir.path().join("missing")).unwrap();
    let settings = loaded.settings;
    assert_eq!(loaded.warnings, []);
    assert_eq!(settings, Settings::default());
    assert_eq!((settings.popup.mode, settings.popup.trigger), (PopupMode::Automatic, PopupTrigger::Ring));
    assert_eq!(settings.new_contacts.mode, NewContactMode::Off);
    assert!(settings.desk.enabled && !settings.tickets.enabled && !settings.call_log.enabled);
    assert_eq!(settings.numbers.country, None);
    assert_eq!(
        (settings.desk.client_type, settings.general.language),
        (ClientType::Server, Language::System)
    );
    assert!(!settings.call_log.wrap_up && !settings.general.start_at_login);
    assert_eq!(settings.click_to_call.confirm, DialConfirmation::NewNumbers);
    assert!(!settings.click_to_call.allow_native_messaging);
    let notices = settings.notifications;
    assert_eq!((notices.level, notices.caller), (NoticeLevel::Normal, CallerShown::Name));
    assert_eq!(load(folder("{}").path()).unwrap().settings, Settings::default());
}

#[test]
fn a_full_file_is_read_and_comes_back_the_same() {
    let content = r#"{"version":1,
 "pbx":{"url":"https://pbx.example.com:8088","client_id":"c","extensions":["1001"],"trusted_certificate":null},
 "numbers":{"country":"CN","area_code":"592","outside_line_prefix":""},
 "desk":{"data_center":"custom","client_type":"desktop","redirect_port":"５３６８３ ",
   "accounts_url":"https://a.example","desk_url":"https://d.example","client_id":"x",
   "organization_id":"1","department_id":"2","enabled":false,"dry_run":true},
 "bindings":[{"extension":"1001","agent_id":"3"}],
 "popup":{"mode":"manual","trigger":"hangup"},
 "new_contacts":{"mode":"automatic","kind":"account","call_types":["inbound"]},
 "tickets":{"enabled":true,"when":"before_call","call_types":["inbound","outbound"],"subject":"s","description":"d"},
 "call_log":{"enabled":true,"subject":"s","description":"d","skip_missed_if_answered_elsewhere":false,
   "wrap_up":true,"dispositions":["Sold","再联系"]},
 "contact_sync":{"enabled":true,"module":"accounts","phonebook":"p","always_query":true},
 "click_to_call":{"confirm":"always","international_prefix":"00","shortcut":"Ctrl+Alt+D","allow_native_messaging":true},
 "notifications":{"level":"insistent","caller":"masked_number","quiet_from":"22:00","quiet_until":"07:30"},
 "general":{"language":"zh-CN","start_at_login":true}}"#;
    let dir = folder(content);
    let loaded = load(dir.path()).unwrap();
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.settings.desk.data_center, DataCenter::Custom);
    assert_eq!(loaded.settings.numbers.outside_line_prefix, None);
    assert_eq!(loaded.settings.tickets.when, TicketMoment::BeforeCall);
    assert_eq!(loaded.settings.desk.client_type, ClientType::Desktop);
    assert_eq!(loaded.settings.desk.redirect_port, 53683);
    assert_eq!(loaded.settings.call_log.dispositions, ["Sold", "再联系"]);
    assert_eq!(loaded.settings.click_to_call.confirm, DialConfirmation::Always);
    assert_eq!(loaded.settings.notifications.caller, CallerShown::MaskedNumber);
    assert_eq!(loaded.settings.general.language, Language::Chinese);
    assert_eq!(loaded.own, loaded.settings, "nothing lies over it");
    save(dir.path(), &loaded.settings).unwrap();
    assert_eq!(load(dir.path()).unwrap(), loaded);
}

#[test]
fn a_number_where_a_text_is_expected_is_taken() {
    let dir = folder(
        r#"{"pbx":{"extensions":[1001," 1002 "]},"bindings":[{"extension":1001,"agent_id":9007199254740993}]}"#,
    );
    let settings = load(dir.path()).unwrap().settings;
    assert_eq!(settings.pbx.extensions, ["1001", "1002"]);
    assert_eq!(settings.bindings[0].agent_id.as_deref(), Some("9007199254740993"));
}

#[test]
fn what_a_hand_wrote_is_read_as_what_it_means() {
    let dir = folder(
        r#"{"pbx":{"url":" https://pbx.example.com:8088/\n","extensions":"1001, 1002；１００３"},
            "numbers":{"country":"cn","area_code":"\u202e０５９２"},
            "notifications":{"quiet_from":"9:00","quiet_until":"１７：３０"},
            "tickets":{"subject":"a\nb","description":"a\r\nb\u0007"},
            "call_log":{"dispositions":[" Sold\t"]}}"#,
    );
    let settings = load(dir.path()).unwrap().settings;
    assert_eq!(settings.pbx.url.as_deref(), Some("https://pbx.example.com:8088"));
    assert_eq!(settings.pbx.extensions, ["1001", "1002", "1003"]);
    assert_eq!(settings.numbers.country.as_deref(), Some("CN"));
    assert_eq!(settings.numbers.area_code.as_deref(), Some("0592"));
    assert_eq!(settings.notifications.quiet_from.as_deref(), Some("09:00"));
    assert_eq!(settings.notifications.quiet_until.as_deref(), Some("17:30"));
    assert_eq!((settings.tickets.subject.as_str(), settings.tickets.description.as_str()), ("a b", "a\nb"));
    assert_eq!(settings.call_log.dispositions, ["Sold"]);
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    assert!(load(folder("\u{feff}{\"version\":1}").path()).is_ok());
}

#[test]
fn a_mistake_is_named_by_line_column_and_key() {
    assert_eq!(place("{\n \"pbx\": {\n  \"extensions\": [\"1001\", true]\n }\n}"), "3:29 pbx.extensions[1]");
    assert_eq!(place("{\n \"popup\": {\"mode\": \"automatc\"}\n}"), "2:29 popup.mode");
    assert_eq!(
        place("{\n \"bindings\": [{\"extension\": {}}]\n}").split(' ').next_back().unwrap(),
        "bindings[0].extension"
    );
    assert_eq!(place("{\n \"pbx\": {,}\n}"), "2:10", "a mistake in the notation has no key");
    assert_eq!(place(""), "1:0");
    assert_eq!(place("[]").split(' ').count(), 1);
    assert!(place("{\"version\": \"one\"}").ends_with("version"));
    let dir = folder("{\"desk\": 7}");
    let text = load(dir.path()).unwrap_err().to_string();
    assert!(text.contains("settings.json:1:") && text.contains("desk"), "{text}");
}

#[test]
fn a_newer_file_is_neither_read_nor_overwritten() {
    let content = r#"{"version":2,"pbx":"a new shape"}"#;
    let dir = folder(content);
    assert!(matches!(load(dir.path()), Err(SettingsError::Newer { found: 2, .. })));
    assert!(matches!(save(dir.path(), &Settings::default()), Err(SettingsError::Newer { .. })));
    assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), content);
    assert_eq!(names(dir.path()), [FILE]);
}

#[test]
fn an_older_file_is_migrated() {
    let loaded = load(folder(r#"{"version":0,"pbx":{"client_id":"c"}}"#).path()).unwrap();
    assert_eq!((loaded.settings.version, loaded.settings.pbx.client_id.as_deref()), (1, Some("c")));
}

#[test]
fn unknown_keys_are_reported_and_kept() {
    let dir = folder(
        r#"{"future":{"x":[1]},"popup":{"triger":"ring"},"desk":{"client_secret":"s"},"bindings":[{"note":1}],
           "general":{"langauge":"en"}}"#,
    );
    let loaded = load(dir.path()).unwrap();
    assert_eq!(
        loaded.warnings,
        [
            Warning::UnknownKey("future".into()),
            Warning::SecretInSettings("desk.client_secret".into()),
            Warning::UnknownKey("bindings[0].note".into()),
            Warning::UnknownKey("popup.triger".into()),
            Warning::UnknownKey("general.langauge".into()),
        ]
    );
    save(dir.path(), &loaded.settings).unwrap();
    let saved: Value = serde_json::from_slice(&fs::read(dir.path().join(FILE)).unwrap()).unwrap();
    assert_eq!(saved["future"]["x"][0], 1);
    assert_eq!(saved["popup"]["triger"], "ring");
}

#[test]
fn saving_keeps_a_file_that_could_not_be_understood() {
    let dir = folder("{ broken");
    save(dir.path(), &Settings::default()).unwrap();
    assert_eq!(names(dir.path()), [FILE, "settings.json.unreadable-1"]);
    assert_eq!(fs::read_to_string(dir.path().join("settings.json.unreadable-1")).unwrap(), "{ broken");
    assert!(load(dir.path()).is_ok());
}

#[test]
fn a_failed_save_leaves_the_old_file_whole_and_nothing_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let blocked = dir.path().join("profile");
    fs::create_dir_all(blocked.join(FILE).join("not a file")).unwrap();
    assert!(matches!(save(&blocked, &Settings::default()), Err(SettingsError::NotSaved { .. })));
    assert_eq!(names(&blocked), [FILE]);
    assert!(file::replace(&blocked, FILE, b"x").is_err(), "the rename itself fails");
    assert_eq!(names(&blocked), [FILE], "and the temporary file is gone");
}

#[cfg(unix)]
#[test]
fn a_saved_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("profile");
    save(&profile, &Settings::default()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&profile), mode(&profile.join(FILE))), (0o700, 0o600));
}
