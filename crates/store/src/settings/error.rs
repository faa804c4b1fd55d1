//! Owns why settings were not read or written, for a person to act on.
//! Must not know: how they are read.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::VERSION;

/// Why settings were not read or written.
#[derive(Debug)]
pub enum SettingsError {
    /// The file exists and cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be. It is left as it is.
    Malformed {
        /// The file.
        file: PathBuf,
        /// Line, from 1; 0 when the place is not known.
        line: usize,
        /// Column, from 1; 0 when the place is not known.
        column: usize,
        /// The key, such as `pbx.extensions[0]`; empty for a mistake in the notation itself.
        key: String,
        /// What the reader expected, in English; may quote the value.
        detail: String,
    },
    /// Written by a newer version. It is left as it is.
    Newer {
        /// The file.
        file: PathBuf,
        /// Version in the file.
        found: u64,
    },
    /// The new file could not be written; the old one is whole.
    NotSaved {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingsError::Unreadable { file, .. } => write!(f, "{}: cannot be read", file.display()),
            SettingsError::Malformed { file, line, column, key, detail } => {
                write!(f, "{}:{line}:{column}: ", file.display())?;
                if !key.is_empty() {
                    write!(f, "{key}: ")?;
                }
                f.write_str(detail)
            }
            SettingsError::Newer { file, found } => {
                write!(f, "{}: version {found} is newer than {VERSION}", file.display())
            }
            SettingsError::NotSaved { file, .. } => write!(f, "{}: cannot be written", file.display()),
        }
    }
}

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SettingsError::Unreadable { source, .. } | SettingsError::NotSaved { source, .. } => Some(source),
            SettingsError::Malformed { .. } | SettingsError::Newer { .. } => None,
        }
    }
}
