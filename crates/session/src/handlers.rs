//! Which program a click on a `tel:` link starts.
//!
//! Owns: reading the system's choice. Must not know: how to become that program; a default is the user's to set.

#[cfg(target_os = "linux")]
#[path = "handlers/xdg.rs"]
mod choice;
#[cfg(target_os = "macos")]
mod choice {
    use super::{Places, TelHandler};

    pub(super) fn default_for_tel(_places: &Places) -> TelHandler {
        TelHandler::Unknown
    }
}
#[cfg(windows)]
mod choice {
    use windows_registry::CURRENT_USER;

    use super::{Places, TelHandler};

    const CHOICE: &str = r"Software\Microsoft\Windows\Shell\Associations\UrlAssociations\tel\UserChoice";

    pub(super) fn default_for_tel(_places: &Places) -> TelHandler {
        match CURRENT_USER.open(CHOICE).and_then(|key| key.get_string("ProgId")) {
            Ok(id) if id.starts_with(crate::NAME) => TelHandler::Ours,
            Ok(id) => TelHandler::Other(id),
            Err(_) => TelHandler::None,
        }
    }
}

use crate::Places;

/// The program for `tel:` links.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TelHandler {
    /// Deskring.
    Ours,
    /// Another one: its own name, or its id when it has no name. As its author wrote it.
    Other(String),
    /// None: a click does nothing, or asks.
    None,
    /// The system does not say (macOS).
    Unknown,
}

/// Which program `tel:` links start. Blocks on a few small files, or on the registry.
pub fn default_for_tel(places: &Places) -> TelHandler {
    choice::default_for_tel(places)
}
