//! Real Chromium, driven through WebDriver: with a profile of its own, links of a page going to the system, and our
//! extension where a test wants it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::process::{Child, Command};

use crate::{eventually, free_port};

/// Follows from `key` in the manifest; the app's host lets nobody else in.
pub const EXTENSION_ID: &str = "ofmpganmididbhnkgkohehbhhnbbagkf";

/// A browser; it ends when this is dropped.
pub struct Chromium {
    pub page: Client,
    _driver: Child,
}

/// Whether there is a browser with its driver; says so when a test is skipped for want of one.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub fn has_chromium(test: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap();
    let found = |name: &str| std::env::split_paths(&paths).any(|folder| folder.join(name).is_file());
    let has = found("chromium") && found("chromedriver");
    if !has {
        eprintln!("skipped: {test}: no chromium with its driver; ./dev test brings them");
    }
    has
}

impl Chromium {
    /// Opens the browser with this profile folder and further arguments. Links of the `schemes` on pages of `origin` go
    /// to the system, as if somebody had said "always allow" when the browser asked. `surround` gives it its environment.
    pub async fn open(
        profile: &Path,
        arguments: &[String],
        (origin, schemes): (&str, &[&str]),
        surround: impl FnOnce(&mut Command),
    ) -> Chromium {
        let port = free_port();
        let mut driver = Command::new("chromedriver");
        driver.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        surround(driver.kill_on_drop(true));
        let driver = driver.spawn().unwrap();
        // Tests run as root in a container, too; the browser ends when its driver is killed.
        let mut all: Vec<String> =
            ["--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"]
                .map(str::to_owned)
                .into();
        all.push(format!("--user-data-dir={}", profile.display()));
        all.extend_from_slice(arguments);
        let allowed: Map<String, Value> =
            schemes.iter().map(|scheme| ((*scheme).to_owned(), json!(true))).collect();
        let wanted = json!({ "goog:chromeOptions": {
            "args": all,
            "prefs": { "protocol_handler": { "allowed_origin_protocol_pairs": { (origin): allowed } } },
        }});
        let page = eventually("a session with the browser", async || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted.as_object().unwrap().clone());
            builder.connect(&format!("http://127.0.0.1:{port}")).await.ok()
        })
        .await;
        Chromium { page, _driver: driver }
    }

    /// Changes what the extension keeps, as its settings page does.
    pub async fn keep(&self, changes: Value) {
        self.page.goto(&format!("chrome-extension://{EXTENSION_ID}/settings.html")).await.unwrap();
        let script = "chrome.storage.local.set(arguments[0]).then(arguments[1])";
        self.page.execute_async(script, vec![changes]).await.unwrap();
    }
}

/// Puts our extension into a folder and gives the arguments that load it. Pages on loopback count as Desk, and talking to
/// the app is permitted: the browser's own questions have no door for tests.
pub fn extension(folder: &Path) -> Vec<String> {
    let extension = folder.join("extension");
    copy(&root().join("extension"), &extension);
    let manifest = extension.join("manifest.json");
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&manifest).unwrap()).unwrap();
    let pages = json!("http://127.0.0.1/*");
    value["host_permissions"].as_array_mut().unwrap().push(pages.clone());
    value["content_scripts"][0]["matches"].as_array_mut().unwrap().push(pages);
    value["permissions"].as_array_mut().unwrap().push(json!("nativeMessaging"));
    value["optional_permissions"] = json!([]);
    std::fs::write(manifest, value.to_string()).unwrap();
    vec![
        format!("--disable-extensions-except={}", extension.display()),
        format!("--load-extension={}", extension.display()),
    ]
}

/// Of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
