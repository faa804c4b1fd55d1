//! Against private folders.

use std::fs;

use serde_json::{Value, json};

use super::*;

fn in_folder(root: &Path) -> Places {
    Places::of(|name| match name {
        "HOME" => Some(root.join("home").into_os_string()),
        _ => None,
    })
    .below(root)
}

fn read(file: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn only_browsers_that_are_there_are_told_and_only_of_our_extension() {
    let folder = tempfile::tempdir().unwrap();
    let (root, home) = (folder.path(), folder.path().join("home"));
    let program = root.join("deskring");
    fs::copy("/bin/true", &program).unwrap();
    for browser in [".config/chromium", ".config/microsoft-edge", ".mozilla"] {
        fs::create_dir_all(home.join(browser)).unwrap();
    }
    let places = in_folder(root);
    let there = [Browser::Chromium, Browser::Edge, Browser::Firefox];
    let all = |hosting: Hosting| there.map(|browser| (browser, hosting.clone())).to_vec();
    assert_eq!(browser_hosts(&places, &program), all(Hosting::No));

    offer_to_browsers(&places, &program).unwrap();
    assert_eq!(browser_hosts(&places, &program), all(Hosting::User));
    let chromium = read(home.join(".config/chromium/NativeMessagingHosts/com.deskring.host.json"));
    assert_eq!(chromium["path"], json!(program));
    assert_eq!(chromium["allowed_origins"], json!(["chrome-extension://ofmpganmididbhnkgkohehbhhnbbagkf/"]));
    let firefox = read(home.join(".mozilla/native-messaging-hosts/com.deskring.host.json"));
    assert_eq!(firefox["allowed_extensions"], json!(["click-to-call@deskring.com"]));
    assert_eq!(firefox["allowed_origins"], Value::Null);
    assert!(!home.join(".config/google-chrome").exists(), "a browser that is not there");

    let elsewhere = Hosting::Elsewhere { program: program.display().to_string() };
    assert_eq!(browser_hosts(&places, Path::new("/usr/bin/other")), all(elsewhere));
    withdraw_from_browsers(&places).unwrap();
    withdraw_from_browsers(&places).unwrap();
    assert_eq!(browser_hosts(&places, &program), all(Hosting::No));
}

#[test]
fn the_package_tells_its_browsers_of_the_program_that_it_installs() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("usr/bin/deskring");
    let tauri: Value = serde_json::from_str(include_str!("../../../../tauri.conf.json")).unwrap();
    let files = tauri["bundle"]["linux"]["deb"]["files"].as_object().unwrap();
    for (place, source) in files {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(source.as_str().unwrap());
        let text = fs::read_to_string(source).unwrap();
        let firefox = place.contains("mozilla");
        let browser = if firefox { Browser::Firefox } else { Browser::Chromium };
        let wanted: Value = serde_json::from_str(&manifest(browser, "/usr/bin/deskring")).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), wanted, "{place}");
        let place = folder.path().join(place.trim_start_matches('/'));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    let found = browser_hosts(&in_folder(folder.path()), Path::new("/usr/bin/deskring"));
    assert_eq!(found, Browser::ALL.map(|browser| (browser, Hosting::System)));
    let other = browser_hosts(&in_folder(folder.path()), &program);
    assert!(other.iter().all(|(_, hosting)| matches!(hosting, Hosting::Elsewhere { .. })), "{other:?}");
}

#[test]
fn a_program_that_is_not_there_is_not_offered() {
    let folder = tempfile::tempdir().unwrap();
    let refused = offer_to_browsers(&in_folder(folder.path()), Path::new("/nowhere/deskring"));
    assert!(matches!(refused, Err(SessionError::UnusableProgram { .. })));
}
