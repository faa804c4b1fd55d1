//! Which program a browser starts for our extension (native messaging), and making it Deskring.
//!
//! Owns: the hosts' manifests, where each browser looks for them, and who our extension is. Must not know: messages, or
//! which profile is asked.
//!
//! <https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging>

#[cfg(windows)]
#[path = "browsers/windows.rs"]
mod list;
#[cfg(unix)]
#[path = "browsers/unix.rs"]
mod list;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::autostart::written;
use crate::{Places, SessionError};

/// Our extension in Chromium and its kin, by the key of its manifest.
pub const OUR_ORIGIN: &str = "chrome-extension://ofmpganmididbhnkgkohehbhhnbbagkf/";
/// Our extension in Firefox.
pub const OUR_FIREFOX_ID: &str = "click-to-call@deskring.com";
/// The host's name.
const HOST: &str = "com.deskring.host";

/// A browser that can be told of a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Browser {
    /// Chromium.
    Chromium,
    /// Google Chrome.
    Chrome,
    /// Microsoft Edge.
    Edge,
    /// Firefox.
    Firefox,
}

impl Browser {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Chromium, Self::Chrome, Self::Edge, Self::Firefox];

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Chrome => "chrome",
            Self::Edge => "edge",
            Self::Firefox => "firefox",
        }
    }
}

/// What a browser starts for our extension.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hosting {
    /// The program that was asked for, by this user's list.
    User,
    /// The same, by the list for everybody.
    System,
    /// Another program under our name.
    Elsewhere {
        /// As it is written there.
        program: String,
    },
    /// Nothing.
    No,
}

/// The browsers of this user, and those that everybody's list tells of us, with what they start. Blocks on a few small
/// files or registry keys.
pub fn browser_hosts(places: &Places, program: &Path) -> Vec<(Browser, Hosting)> {
    let with = |browser| {
        // A browser looks at its user's list first.
        let (user, system) = (list::user(places, browser), list::system(places, browser));
        let hosting = match (user.as_deref().map(hosted), system.as_deref().map(hosted)) {
            (Some(found), _) if is_same(&found, program) => Hosting::User,
            (Some(found), _) => Hosting::Elsewhere { program: found },
            (None, Some(found)) if is_same(&found, program) => Hosting::System,
            (None, Some(found)) => Hosting::Elsewhere { program: found },
            (None, None) if list::is_there(places, browser) => Hosting::No,
            (None, None) => return None,
        };
        Some((browser, hosting))
    };
    Browser::ALL.into_iter().filter_map(with).collect()
}

/// Has the browsers of this user start `program` (an absolute path) for our extension, and for no other. Blocks.
///
/// # Errors
/// See [`SessionError`].
pub fn offer_to_browsers(places: &Places, program: &Path) -> Result<(), SessionError> {
    let path = written(program)?;
    let mut there = Browser::ALL.into_iter().filter(|browser| list::is_there(places, *browser));
    there.try_for_each(|browser| list::add(places, browser, &manifest(browser, path)))
}

/// Takes this user's browsers' entries away; what the package installed for everybody stays. Blocks.
///
/// # Errors
/// See [`SessionError`].
pub fn withdraw_from_browsers(places: &Places) -> Result<(), SessionError> {
    Browser::ALL.into_iter().try_for_each(|browser| list::remove(places, browser))
}

fn manifest(browser: Browser, path: &str) -> String {
    let mut manifest =
        json!({ "name": HOST, "description": "Deskring click to call", "path": path, "type": "stdio" });
    let (key, ours) = match browser {
        Browser::Chromium | Browser::Chrome | Browser::Edge => ("allowed_origins", OUR_ORIGIN),
        Browser::Firefox => ("allowed_extensions", OUR_FIREFOX_ID),
    };
    if let Some(manifest) = manifest.as_object_mut() {
        manifest.insert(key.to_owned(), json!([ours]));
    }
    format!("{manifest:#}\n")
}

/// The program of a manifest; empty when that cannot be read.
fn hosted(manifest: &str) -> String {
    let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
    manifest.get("path").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn is_same(found: &str, program: &Path) -> bool {
    let found = PathBuf::from(found);
    found == program
        || matches!((found.canonicalize(), program.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[path = "browsers/tests.rs"]
mod tests;
