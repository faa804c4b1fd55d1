//! Starting at sign-in: whether Deskring does, and setting it.
//!
//! Owns: our own entry in the list of what the session starts. Must not know: settings, or which program is asked
//! for; its path is passed in.

#[cfg(target_os = "macos")]
#[path = "autostart/macos.rs"]
mod list;
#[cfg(windows)]
#[path = "autostart/windows.rs"]
mod list;
#[cfg(target_os = "linux")]
#[path = "autostart/xdg.rs"]
mod list;

use std::io;
use std::path::{Path, PathBuf};

use crate::Places;

/// Keeps the program in the tray; a stable part of our command line.
const ARGUMENT: &str = "--hidden";

/// Whether the session starts Deskring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Autostart {
    /// It starts the program that was asked for.
    On,
    /// It does not, because nobody wanted it or because somebody switched it off in the desktop's own tool.
    Off,
    /// It would start another program under our name: a version that was moved or removed, mostly.
    Broken {
        /// What it would start, as it is written there; empty when that cannot be read.
        program: String,
    },
}

/// When Deskring is to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// With each sign-in, in the tray only.
    AtLogin,
    /// When a person starts it.
    ByHand,
}

/// Why the session could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Nobody knows where this account keeps its files.
    #[error("this account has no home folder")]
    NoHome,
    /// The session could not start this program.
    #[error("{} is no program that a session can start", program.display())]
    UnusableProgram {
        /// What was asked for.
        program: PathBuf,
    },
    /// The list of what starts, or of what takes links, cannot be written.
    #[error("{place} cannot be written")]
    Unwritable {
        /// The file or registry key.
        place: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// This system has no page to choose default programs on, or does not say where.
    #[error("no page for default programs is known here")]
    NoPage,
    /// A program of the system's did not start.
    #[error("{program} does not start")]
    NotStarted {
        /// Its name.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl SessionError {
    /// For wording and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoHome => "no_home",
            Self::UnusableProgram { .. } => "unusable_program",
            Self::Unwritable { .. } => "autostart_unwritable",
            Self::NoPage => "no_default_apps_page",
            Self::NotStarted { .. } => "not_started",
        }
    }
}

/// Whether signing in starts `program`. Blocks on a few small files or registry keys.
pub fn starts_at_login(places: &Places, program: &Path) -> Autostart {
    list::state(places, program)
}

/// Makes signing in start `program` (an absolute path) with `--hidden`, or not. Blocks on a few small files or
/// registry keys. What a person switched off elsewhere is switched on again, and an entry for another program is
/// replaced.
pub fn start_at_login(places: &Places, start: Start, program: &Path) -> Result<(), SessionError> {
    match start {
        Start::AtLogin => list::add(places, program, written(program)?),
        Start::ByHand => list::remove(places),
    }
}

/// The path as it can be written into a list. A program that was replaced while it ran is no file any more.
pub(crate) fn written(program: &Path) -> Result<&str, SessionError> {
    let usable =
        |path: &&str| !path.contains(char::is_control) && !path.contains(char::REPLACEMENT_CHARACTER);
    let path = program.to_str().filter(usable).filter(|_| program.is_absolute() && program.is_file());
    path.ok_or_else(|| SessionError::UnusableProgram { program: program.to_owned() })
}

pub(crate) fn unwritable(place: impl std::fmt::Display) -> impl FnOnce(io::Error) -> SessionError {
    move |source| SessionError::Unwritable { place: place.to_string(), source }
}

/// Puts a file there in one step; the old one stays whole when anything fails.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), SessionError> {
    use std::io::Write as _;

    let write = || {
        let folder = path.parent().ok_or(io::ErrorKind::NotADirectory)?;
        let mut making = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut making, 0o700);
        making.recursive(true).create(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(unwritable(path.display()))
}

pub(crate) fn remove_file(path: &Path) -> Result<(), SessionError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(path.display())(error)),
        _ => Ok(()),
    }
}
