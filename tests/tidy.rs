//! The house itself: who may depend on whom, and rules that a compiler does not check.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Direct dependencies of each of our packages, without those for tests only.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut all = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let names = package["dependencies"].as_array().unwrap().iter();
        let names = names.filter(|dependency| dependency["kind"] != "dev");
        let names = names.map(|dependency| dependency["name"].as_str().unwrap().to_owned());
        all.insert(package["name"].as_str().unwrap().to_owned(), names.collect());
    }
    all
}

/// Files that git keeps, by their path from the root.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(PathBuf::from)
        .filter(|path| root().join(path).is_file())
        .collect()
}

fn files_with(ending: &str, below: &str) -> Vec<(PathBuf, String)> {
    files()
        .into_iter()
        .filter(|path| path.starts_with(below) && path.extension().is_some_and(|e| e == ending))
        .map(|path| (path.clone(), std::fs::read_to_string(root().join(&path)).unwrap()))
        .collect()
}

#[test]
fn leaves_are_strangers_and_only_the_engine_joins_them() {
    let all = dependencies();
    let leaves = ["deskring-domain", "deskring-yeastar", "deskring-zoho-desk", "deskring-store"];
    for leaf in leaves {
        let ours: Vec<&String> = all[leaf].iter().filter(|name| name.starts_with("deskring")).collect();
        assert!(ours.iter().all(|name| *name == "deskring-redact"), "{leaf} knows {ours:?}");
    }
    for (package, names) in &all {
        let joins = leaves.iter().filter(|leaf| names.contains(**leaf)).count();
        let may = matches!(package.as_str(), "deskring-engine" | "e2e");
        assert!(may || joins <= 1, "{package} joins several leaves");
    }
    let simulator: Vec<&String> =
        all["deskring-simulator"].iter().filter(|name| name.starts_with("deskring")).collect();
    assert!(simulator.is_empty(), "the simulator must not share our mistakes: {simulator:?}");
}

#[test]
fn each_heavy_dependency_has_one_home() {
    let all = dependencies();
    for (dependency, homes) in [
        ("tauri", &["deskring"][..]),
        ("global-hotkey", &["deskring"]),
        ("arboard", &["deskring"]),
        ("notify-rust", &["deskring"]),
        ("webbrowser", &["deskring", "deskring-cli"]),
        ("reqwest", &["deskring-yeastar", "deskring-zoho-desk"]),
        ("tokio-tungstenite", &["deskring-yeastar", "e2e"]),
        ("rusqlite", &["deskring-store", "deskring-gateway"]),
        ("tokio-postgres", &["deskring-gateway"]),
        ("keyring", &["deskring-store"]),
        ("rlibphonenumber", &["deskring-domain"]),
        ("directories", &["deskring", "deskring-cli"]),
    ] {
        let found: Vec<&String> =
            all.iter().filter(|(_, names)| names.contains(dependency)).map(|(name, _)| name).collect();
        assert!(found.iter().all(|name| homes.contains(&name.as_str())), "{dependency} is used by {found:?}");
    }
}

#[test]
fn the_core_is_pure() {
    for (path, text) in files_with("rs", "crates/domain/src") {
        for word in ["async fn", "Instant::now", "SystemTime", "Serialize", "std::fs", "std::net", "println!"]
        {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn the_window_never_turns_data_into_markup_and_talks_to_its_process_in_one_file() {
    let scripts = files_with("js", "ui/js");
    assert!(!scripts.is_empty());
    for (path, text) in scripts {
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
        let may = path.ends_with("backend.js");
        assert!(may || !text.contains("__TAURI__"), "{} knows Tauri", path.display());
    }
}

#[test]
fn the_extension_never_turns_pages_into_markup_and_talks_to_the_app_in_one_file() {
    let scripts = files_with("js", "extension");
    let scripts = scripts.into_iter().filter(|(path, _)| !path.starts_with("extension/vendor"));
    for (path, text) in scripts {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "fetch(",
            "XMLHttpRequest",
        ] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
        let may = path.ends_with("background.js");
        assert!(may || !text.contains("sendNativeMessage"), "{} knows the app", path.display());
    }
}

#[test]
fn the_extension_s_words_are_the_same_in_both_languages() {
    let keys = |language: &str| -> BTreeSet<String> {
        let path = root().join("extension/_locales").join(language).join("messages.json");
        let words: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        words.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys("en"), keys("zh_CN"));
}

#[test]
fn the_extension_works_on_every_desk_host_and_no_other() {
    let manifest = std::fs::read_to_string(root().join("extension/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let mut wanted: Vec<Value> = deskring_zoho_desk::DataCenter::ALL
        .into_iter()
        .map(|data_center| format!("{}*", data_center.desk()).into())
        .collect();
    let mut found = manifest["host_permissions"].as_array().unwrap().clone();
    assert_eq!(manifest["content_scripts"][0]["matches"], manifest["host_permissions"]);
    wanted.sort_by_key(Value::to_string);
    found.sort_by_key(Value::to_string);
    assert_eq!(found, wanted);
}

#[test]
fn every_source_file_says_what_it_owns() {
    for path in files().iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let tests_beside_code = path.file_name().is_some_and(|name| name == "tests.rs");
        assert!(first.starts_with("//!") || tests_beside_code, "{} has no header", path.display());
    }
}

#[test]
fn words_for_people_stand_in_the_catalogs_only() {
    // Chinese text is the surest sign of a sentence that escaped the catalogs.
    let han = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}');
    for path in files() {
        let code = path.extension().is_some_and(|e| e == "rs" || e == "js" || e == "html");
        let exempt =
            ["tests", "crates/simulator", "crates/domain/src/number.rs", "ui/vendor", "extension/vendor"];
        if !code || exempt.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        let line = product.lines().find(|line| line.chars().any(han) && !line.trim_start().starts_with("//"));
        let in_tests = path.components().any(|part| {
            let part = part.as_os_str().to_string_lossy();
            part == "tests" || part.trim_end_matches(".rs").ends_with("tests")
        });
        assert!(in_tests || line.is_none(), "{}: {line:?}", path.display());
    }
}

#[test]
fn the_glossary_s_forbidden_names_are_not_used() {
    let forbidden = ["Manager", "Helper", "Util", "Processor"];
    for (path, text) in files_with("rs", "crates").into_iter().chain(files_with("rs", "src-tauri")) {
        for line in text.lines() {
            let line = line.trim_start();
            let defines =
                ["pub struct ", "struct ", "pub enum ", "enum ", "pub trait ", "trait ", "mod ", "pub mod "];
            if let Some(name) = defines.iter().find_map(|word| line.strip_prefix(word)) {
                let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let bad = forbidden.iter().find(|word| name.ends_with(**word));
                assert!(bad.is_none(), "{}: {name}", path.display());
            }
        }
    }
}
