//! The choice of Windows, and our own entry among the programs that can be chosen there, both in the user's registry.
//!
//! <https://learn.microsoft.com/windows/win32/shell/default-programs>

use std::path::{Path, PathBuf};

use windows_registry::{CURRENT_USER, Result};

use super::{Places, SCHEMES, SessionError, TelHandler};
use crate::NAME;
use crate::autostart::unwritable;

const CHOICE: &str = r"Software\Microsoft\Windows\Shell\Associations\UrlAssociations\tel\UserChoice";
const CLASSES: &str = r"Software\Classes";
/// What is started for a link.
const LINK: &str = "Deskring.Link";
const CAPABILITIES: &str = r"Software\Deskring\Capabilities";
const REGISTERED: &str = r"Software\RegisteredApplications";
/// Nobody else's, so that it needs no choice.
const OWN_SCHEME: &str = "deskring";

pub(super) const DEFAULT_COMMAND: Option<&str> = None;

pub(super) fn default_for_tel(_places: &Places) -> TelHandler {
    match CURRENT_USER.open(CHOICE).and_then(|key| key.get_string("ProgId")) {
        Ok(id) if id.starts_with(NAME) => TelHandler::Ours,
        Ok(id) => TelHandler::Other(id),
        Err(_) => TelHandler::None,
    }
}

pub(super) fn takes_links(_places: &Places, program: &Path) -> bool {
    let registered = CURRENT_USER.open(REGISTERED).and_then(|key| key.get_string(NAME));
    let line = CURRENT_USER.open(command_of(LINK)).and_then(|key| key.get_string(""));
    let ours = program.to_str().map(command_line);
    registered.is_ok() && line.ok().zip(ours).is_some_and(|(line, ours)| line.eq_ignore_ascii_case(&ours))
}

pub(super) fn offer(_places: &Places, _program: &Path, path: &str) -> std::result::Result<(), SessionError> {
    write(path).map_err(|error| unwritable(REGISTERED)(error.into()))
}

fn write(path: &str) -> Result<()> {
    for class in [LINK, OWN_SCHEME] {
        let key = CURRENT_USER.create(format!(r"{CLASSES}\{class}"))?;
        key.set_string("", "URL:Deskring")?;
        key.set_string("URL Protocol", "")?;
        CURRENT_USER.create(command_of(class))?.set_string("", command_line(path))?;
    }
    let capabilities = CURRENT_USER.create(CAPABILITIES)?;
    capabilities.set_string("ApplicationName", NAME)?;
    capabilities.set_string("ApplicationDescription", NAME)?;
    let schemes = CURRENT_USER.create(format!(r"{CAPABILITIES}\URLAssociations"))?;
    for scheme in SCHEMES {
        schemes.set_string(scheme, LINK)?;
    }
    // Last, so that what is listed is whole.
    CURRENT_USER.create(REGISTERED)?.set_string(NAME, CAPABILITIES)
}

fn command_of(class: &str) -> String {
    format!(r"{CLASSES}\{class}\shell\open\command")
}

/// Behind `--` nothing is an option: a link with a quote in it could otherwise bring some along.
fn command_line(path: &str) -> String {
    format!("\"{path}\" -- \"%1\"")
}

pub(super) fn page(_places: &Places) -> Option<(PathBuf, &'static [&'static str])> {
    Some(("explorer.exe".into(), &["ms-settings:defaultapps"]))
}
