//! Files in each browser's own folder.

use std::path::{Path, PathBuf};

use super::{Browser, HOST};
use crate::autostart::{remove_file, replace};
use crate::{Places, SessionError};

pub(super) fn user(places: &Places, browser: Browser) -> Option<String> {
    std::fs::read_to_string(file(places, browser)?).ok()
}

pub(super) fn system(places: &Places, browser: Browser) -> Option<String> {
    let folder = match (cfg!(target_os = "macos"), browser) {
        (false, Browser::Chromium) => "etc/chromium/native-messaging-hosts",
        (false, Browser::Chrome) => "etc/opt/chrome/native-messaging-hosts",
        (false, Browser::Edge) => "etc/opt/edge/native-messaging-hosts",
        (false, Browser::Firefox) => "usr/lib/mozilla/native-messaging-hosts",
        (true, Browser::Chromium) => "Library/Application Support/Chromium/NativeMessagingHosts",
        (true, Browser::Chrome) => "Library/Google/Chrome/NativeMessagingHosts",
        (true, Browser::Edge) => "Library/Microsoft/Edge/NativeMessagingHosts",
        (true, Browser::Firefox) => "Library/Application Support/Mozilla/NativeMessagingHosts",
    };
    std::fs::read_to_string(places.root.join(folder).join(format!("{HOST}.json"))).ok()
}

pub(super) fn is_there(places: &Places, browser: Browser) -> bool {
    folder(places, browser).is_some_and(|folder| folder.is_dir())
}

pub(super) fn add(places: &Places, browser: Browser, manifest: &str) -> Result<(), SessionError> {
    replace(&file(places, browser).ok_or(SessionError::NoHome)?, manifest.as_bytes())
}

pub(super) fn remove(places: &Places, browser: Browser) -> Result<(), SessionError> {
    remove_file(&file(places, browser).ok_or(SessionError::NoHome)?)
}

fn file(places: &Places, browser: Browser) -> Option<PathBuf> {
    let hosts = match (cfg!(target_os = "macos"), browser) {
        (false, Browser::Firefox) => "native-messaging-hosts",
        (false, Browser::Chromium | Browser::Chrome | Browser::Edge) | (true, _) => "NativeMessagingHosts",
    };
    Some(folder(places, browser)?.join(hosts).join(format!("{HOST}.json")))
}

/// Where a browser keeps what is this user's.
fn folder(places: &Places, browser: Browser) -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        let support = places.home.as_deref()?.join("Library/Application Support");
        return Some(support.join(match browser {
            Browser::Chromium => "Chromium",
            Browser::Chrome => "Google/Chrome",
            Browser::Edge => "Microsoft Edge",
            Browser::Firefox => "Mozilla",
        }));
    }
    let below = |name: &str| places.config_home.as_deref().map(|config: &Path| config.join(name));
    match browser {
        Browser::Chromium => below("chromium"),
        Browser::Chrome => below("google-chrome"),
        Browser::Edge => below("microsoft-edge"),
        Browser::Firefox => places.home.as_ref().map(|home| home.join(".mozilla")),
    }
}
