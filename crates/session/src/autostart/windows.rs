//! The list of Windows: the user's `Run` key, and what Task Manager says of it.

use std::path::Path;

use windows_registry::CURRENT_USER;

use super::{ARGUMENT, Autostart, SessionError, unwritable};
use crate::{NAME, Places};

const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
const APPROVED: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";

pub(super) fn state(_places: &Places, program: &Path) -> Autostart {
    let Ok(line) = CURRENT_USER.open(RUN).and_then(|key| key.get_string(NAME)) else { return Autostart::Off };
    // The first byte is odd once somebody has switched it off in Task Manager or in Settings.
    let approval = CURRENT_USER.open(APPROVED).and_then(|key| key.get_value(NAME));
    if approval.is_ok_and(|value| value.first().is_some_and(|first| first & 1 == 1)) {
        return Autostart::Off;
    }
    let found = line.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or(&line);
    if program.to_str().is_some_and(|program| program.eq_ignore_ascii_case(found)) {
        Autostart::On
    } else {
        Autostart::Broken { program: found.to_owned() }
    }
}

pub(super) fn add(_places: &Places, _program: &Path, path: &str) -> Result<(), SessionError> {
    // A path on Windows cannot hold a quote.
    let line = format!("\"{path}\" {ARGUMENT}");
    let written = CURRENT_USER.create(RUN).and_then(|key| key.set_string(NAME, line));
    written.map_err(|error| unwritable(RUN)(error.into()))?;
    forget(APPROVED)
}

pub(super) fn remove(_places: &Places) -> Result<(), SessionError> {
    forget(RUN)?;
    forget(APPROVED)
}

fn forget(key: &str) -> Result<(), SessionError> {
    if CURRENT_USER.open(key).and_then(|key| key.get_value(NAME)).is_err() {
        return Ok(());
    }
    let removed = CURRENT_USER.options().write().open(key).and_then(|key| key.remove_value(NAME));
    removed.map_err(|error| unwritable(key)(error.into()))
}
