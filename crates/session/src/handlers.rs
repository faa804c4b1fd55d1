//! Which program a click on a `tel:` link starts, and Deskring among those that could be chosen for it.
//!
//! Owns: reading the system's choice, our own entry among the candidates, and the way to the system's page. Must not
//! know: how to become the default; that is the user's to set.

#[cfg(target_os = "macos")]
#[path = "handlers/macos.rs"]
mod choice;
#[cfg(windows)]
#[path = "handlers/windows.rs"]
mod choice;
#[cfg(target_os = "linux")]
#[path = "handlers/xdg.rs"]
mod choice;

use std::path::Path;

use crate::autostart::written;
use crate::{Places, SessionError};

/// The schemes of the links that Deskring takes; also in `packaging/`.
pub const SCHEMES: [&str; 5] = ["tel", "callto", "sip", "sips", "deskring"];

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

/// What a person types in a terminal to make Deskring, once it is listed, the program for `tel:` links.
pub const DEFAULT_COMMAND: Option<&str> = choice::DEFAULT_COMMAND;

/// Whether the system lists `program` among those that can be chosen for links. Blocks on a few small files, or on the
/// registry. On macOS every program that was opened once is listed.
pub fn takes_links(places: &Places, program: &Path) -> bool {
    choice::takes_links(places, program)
}

/// Has the system list `program` (an absolute path) among those that can be chosen for links, for this user. Changes no
/// default, except that [`SCHEMES`] has one scheme of our own. Blocks.
///
/// # Errors
/// See [`SessionError`].
pub fn offer_for_links(places: &Places, program: &Path) -> Result<(), SessionError> {
    choice::offer(places, program, written(program)?)
}

/// Whether there is a page of the system where [`show_default_apps`] leads.
pub fn has_default_apps_page(places: &Places) -> bool {
    choice::page(places).is_some()
}

/// Shows the system's own page on which a person chooses default programs. Returns when it was started.
///
/// # Errors
/// [`SessionError::NoPage`] where none is known: macOS, and some Linux desktops.
pub fn show_default_apps(places: &Places) -> Result<(), SessionError> {
    use std::process::{Command, Stdio};

    let (program, arguments) = choice::page(places).ok_or(SessionError::NoPage)?;
    let started = Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        // Somebody must wait for it, or it would be a zombie until Deskring ends.
        .and_then(|mut page| {
            std::thread::Builder::new().name("page".into()).spawn(move || drop(page.wait()))
        });
    match started {
        Ok(_) => Ok(()),
        Err(source) => Err(SessionError::NotStarted { program: program.display().to_string(), source }),
    }
}
