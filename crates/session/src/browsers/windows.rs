//! Keys in the user's registry, each with the path of a manifest.

use std::path::PathBuf;

use windows_registry::CURRENT_USER;
use windows_registry::LOCAL_MACHINE;

use super::{Browser, HOST};
use crate::autostart::{remove_file, replace, unwritable};
use crate::{Places, SessionError};

pub(super) fn user(_places: &Places, browser: Browser) -> Option<String> {
    let file = CURRENT_USER.open(key(browser)).and_then(|key| key.get_string("")).ok()?;
    std::fs::read_to_string(file).ok()
}

pub(super) fn system(_places: &Places, browser: Browser) -> Option<String> {
    let file = LOCAL_MACHINE.open(key(browser)).and_then(|key| key.get_string("")).ok()?;
    std::fs::read_to_string(file).ok()
}

pub(super) fn is_there(_places: &Places, browser: Browser) -> bool {
    CURRENT_USER.open(vendor(browser)).is_ok()
}

pub(super) fn add(places: &Places, browser: Browser, manifest: &str) -> Result<(), SessionError> {
    let file = file(places, browser).ok_or(SessionError::NoHome)?;
    replace(&file, manifest.as_bytes())?;
    let write = || CURRENT_USER.create(key(browser))?.set_string("", file.display().to_string());
    write().map_err(|error| unwritable(key(browser))(error.into()))
}

pub(super) fn remove(places: &Places, browser: Browser) -> Result<(), SessionError> {
    if CURRENT_USER.open(key(browser)).is_ok() {
        CURRENT_USER.remove_tree(key(browser)).map_err(|error| unwritable(key(browser))(error.into()))?;
    }
    remove_file(&file(places, browser).ok_or(SessionError::NoHome)?)
}

fn vendor(browser: Browser) -> &'static str {
    match browser {
        Browser::Chromium => r"Software\Chromium",
        Browser::Chrome => r"Software\Google\Chrome",
        Browser::Edge => r"Software\Microsoft\Edge",
        Browser::Firefox => r"Software\Mozilla",
    }
}

fn key(browser: Browser) -> String {
    format!(r"{}\NativeMessagingHosts\{HOST}", vendor(browser))
}

fn file(places: &Places, browser: Browser) -> Option<PathBuf> {
    let folder = places.local_data.as_ref()?.join("Deskring");
    Some(folder.join(format!("{HOST}.{}.json", browser.code())))
}
