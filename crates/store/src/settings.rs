//! Owns `settings.json`: reading it with errors a person can act on, writing it in one step, changing single keys,
//! the policy file that wins over it, and checking its values.
//! Must not know: what a setting does, or the words for a problem (codes only).
//!
//! Rules: every key is optional; unknown keys are kept on saving and reported; a file that cannot be read is
//! never overwritten by reading it, and kept when a new one is saved; a file of a newer version is refused.
//! Defaults are those of the PBX maker's own Zoho Desk integration: pop-up automatically at ring, all else off.

mod change;
mod check;
mod document;
mod error;
mod layers;
mod lenient;
mod shape;
mod tidy;
mod transfer;
mod v1;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::file;

pub use self::change::{Changed, Refusal, change};
pub use self::check::{Problem, ProblemKind, check};
pub use self::error::SettingsError;
pub use self::layers::policy_file;
pub use self::shape::{
    Binding, CallDirection, CallLog, CallerShown, ClickToCall, ClientType, ContactSync, DataCenter, Desk,
    DialConfirmation, General, IndexKept, Language, NameOrder, NewContactMode, NewContacts, NoticeLevel,
    Notifications, Numbers, Pbx, Popup, PopupMode, PopupTrigger, RecordKind, Settings, SyncModule,
    TicketCall, TicketMoment, Tickets,
};
pub use self::transfer::{export, import};

use self::layers::Layers;

/// Name of the file in the profile folder.
pub const FILE: &str = "settings.json";
/// The version this program writes.
pub const VERSION: u32 = 1;

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The settings in force: the user's, those of the policy over them, defaults filled in.
    pub settings: Settings,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
    /// Keys that the policy sets, dotted, such as `pbx.url`; a list such as `bindings` is one key.
    pub locked: BTreeSet<String>,
    /// The policy file, when there is one.
    pub policy: Option<PathBuf>,
    /// The user's part, defaults filled in.
    pub own: Settings,
}

/// Something odd in a file that could be read. Keys of the policy begin with its name: `policy.json popup.triger`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Warning {
    /// A key nobody reads, such as `popup.triger`.
    UnknownKey(String),
    /// An unknown key that looks like a secret, such as `desk.client_secret`: it does not belong in this file.
    SecretInSettings(String),
}

/// Reads the settings of a profile folder, without any policy. No file means defaults.
///
/// # Errors
/// See [`SettingsError`]; the file is never changed.
pub fn load(dir: &Path) -> Result<Loaded, SettingsError> {
    Layers::read(dir, None)?.loaded()
}

/// Reads the settings of a profile folder and lays those of a policy file over them, see [`policy_file`]. Neither
/// has to be there.
///
/// # Errors
/// See [`SettingsError`], which names the file at fault; no file is ever changed.
pub fn load_with(dir: &Path, policy: &Path) -> Result<Loaded, SettingsError> {
    Layers::read(dir, Some(policy))?.loaded()
}

/// Writes all settings of a profile folder in one step, for the owner's eyes only. For settings made anew: a file
/// that is there is better changed by [`change`], which loses nothing. One that cannot be understood is kept as
/// `settings.json.unreadable-<n>`. The settings are the user's own ([`Loaded::own`]), never those in force, which
/// hold the policy's values.
///
/// # Errors
/// [`SettingsError::Newer`] when the present file is of a newer version, [`SettingsError::NotSaved`] otherwise;
/// the present file stays whole.
pub fn save(dir: &Path, settings: &Settings) -> Result<(), SettingsError> {
    let file = dir.join(FILE);
    let not_saved = |source| SettingsError::NotSaved { file: file.clone(), source };
    file::private_folder(dir).map_err(not_saved)?;
    match document::read(&file) {
        Ok(_) => {}
        Err(error @ SettingsError::Newer { .. }) => return Err(error),
        Err(SettingsError::Malformed { .. }) => {
            let kept = file::set_aside(&file, "unreadable").map_err(not_saved)?;
            tracing::warn!(file = %kept.display(), "the old settings could not be understood and are kept");
        }
        Err(SettingsError::Unreadable { source, .. } | SettingsError::NotSaved { source, .. }) => {
            return Err(not_saved(source));
        }
    }
    change::write(dir, &document::full(settings))
}

#[cfg(test)]
mod tests;
