//! The list of Linux desktops: a file for each program, after the XDG Autostart specification.
//!
//! `auto-launch` 0.6 does not quote the path, so that one with a blank never starts.
//! <https://specifications.freedesktop.org/autostart-spec/latest/>

use std::path::{Path, PathBuf};

use super::{ARGUMENT, Autostart, SessionError, remove_file, replace};
use crate::entry::{Entry, is_same, started};
use crate::{NAME, Places};

pub(super) fn state(places: &Places, program: &Path) -> Autostart {
    let everywhere = places.config_home.iter().chain(&places.config_dirs);
    // The first file counts, and hides those behind it.
    let Some(entry) = everywhere.map(|folder| file(folder)).find_map(|file| Entry::read(&file)) else {
        return Autostart::Off;
    };
    if is_off(&entry) || !entry.is_for(places.desktops()) {
        return Autostart::Off;
    }
    match entry.program() {
        Some(found) if is_same(&found, program) => Autostart::On,
        found => Autostart::Broken { program: found.unwrap_or_default() },
    }
}

pub(super) fn add(places: &Places, program: &Path, path: &str) -> Result<(), SessionError> {
    let started =
        started(path).ok_or_else(|| SessionError::UnusableProgram { program: program.to_owned() })?;
    let exec = format!("Exec={started} {ARGUMENT}\n");
    replace(&own_file(places)?, content(&exec, "X-GNOME-Autostart-enabled=true\n").as_bytes())
}

pub(super) fn remove(places: &Places) -> Result<(), SessionError> {
    let own = own_file(places)?;
    if places.config_dirs.iter().any(|folder| file(folder).is_file()) {
        // Only a file of the user's own hides the one for everybody.
        return replace(&own, content("", "Hidden=true\n").as_bytes());
    }
    remove_file(&own)
}

fn own_file(places: &Places) -> Result<PathBuf, SessionError> {
    places.config_home.as_deref().map(file).ok_or(SessionError::NoHome)
}

fn file(folder: &Path) -> PathBuf {
    folder.join("autostart").join(format!("{NAME}.desktop"))
}

fn content(exec: &str, state: &str) -> String {
    format!(
        "[Desktop Entry]\nType=Application\nName={NAME}\n{exec}Icon=deskring\nTerminal=false\n\
         StartupNotify=false\n{state}"
    )
}

/// The specification's way, then what the session tools of GNOME, Cinnamon and MATE write.
fn is_off(entry: &Entry) -> bool {
    entry.says("Hidden", "true")
        || ["X-GNOME-Autostart-enabled", "X-MATE-Autostart-enabled"]
            .iter()
            .any(|key| entry.says(key, "false"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
