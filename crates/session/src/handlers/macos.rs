//! The choice of macOS: the system keeps it, and lists what a bundle's `Info.plist` declares.

use std::path::{Path, PathBuf};

use super::{Places, SessionError, TelHandler};

pub(super) const DEFAULT_COMMAND: Option<&str> = None;

pub(super) fn default_for_tel(_places: &Places) -> TelHandler {
    TelHandler::Unknown
}

pub(super) fn takes_links(_places: &Places, _program: &Path) -> bool {
    true
}

pub(super) fn offer(_places: &Places, _program: &Path, _path: &str) -> Result<(), SessionError> {
    Ok(())
}

pub(super) fn page(_places: &Places) -> Option<(PathBuf, &'static [&'static str])> {
    None
}
