//! Owns changing single keys of the user's settings: all of them or none, and nothing else in the file.
//! Must not know: who asks, or what a key does.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use serde_json::Value;

use super::document::{self, Document};
use super::layers::Layers;
use super::transfer::secret_keys;
use super::{FILE, Loaded, ProblemKind, SettingsError, VERSION, check};
use crate::file;

/// Whoever changes settings holds its lock meanwhile, so that a window and a command line lose nothing.
const LOCK_FILE: &str = "settings.lock";

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// What is in force now; as before when something was refused.
    pub loaded: Loaded,
    /// Why nothing was saved; empty when all of it was.
    pub refused: Vec<Refusal>,
    /// Keys of an imported document that the policy sets: left as they are.
    pub skipped: Vec<String>,
}

/// A value that was not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The key, dotted; of a list the column, such as `bindings.agent_id`.
    pub key: String,
    /// What is wrong.
    pub what: ProblemKind,
}

impl Refusal {
    pub(super) fn new(key: impl Into<String>, what: ProblemKind) -> Refusal {
        Refusal { key: key.into(), what }
    }
}

/// Gives keys such as `pbx.url` other values, `null` for the default. All or nothing; what other keys say stays as
/// it is written, also keys nobody knows. A value is tidied and must be one that [`check`] lets pass, but may be
/// missing: a form filled in by half is no mistake. Waits while another process changes the same profile.
///
/// # Errors
/// As [`load_with`](super::load_with), and [`SettingsError::NotSaved`]; the file stays whole.
pub fn change(
    dir: &Path,
    policy: &Path,
    changes: &BTreeMap<String, Value>,
) -> Result<Changed, SettingsError> {
    let _turn = turn(dir)?;
    let before = Layers::read(dir, Some(policy))?;
    let mut after = before.clone();
    let refused = apply(&mut after, changes)?;
    finish(dir, before, after, refused)
}

/// Holds the lock until it is dropped.
pub(super) fn turn(dir: &Path) -> Result<File, SettingsError> {
    let path = dir.join(LOCK_FILE);
    let open = || -> io::Result<File> {
        file::private_folder(dir)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(&path)?;
        lock.lock()?;
        Ok(lock)
    };
    open().map_err(|source| SettingsError::NotSaved { file: path.clone(), source })
}

/// Changes the user's document and says what must not be saved.
pub(super) fn apply(
    layers: &mut Layers,
    changes: &BTreeMap<String, Value>,
) -> Result<Vec<Refusal>, SettingsError> {
    let (known, locked) = (document::known_keys(), layers.locked());
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for (key, value) in changes {
        let tidied = if !known.contains(key) {
            Err(ProblemKind::UnknownKey)
        } else if locked.contains(key) {
            Err(ProblemKind::Locked)
        } else {
            tidied(key, value)
        };
        match tidied {
            Ok(value) => {
                document::set(&mut layers.own, key, value);
                taken.push(key.as_str());
            }
            Err(what) => refused.push(Refusal::new(key, what)),
        }
    }
    let in_force = layers.in_force()?;
    let concerned = |problem: &str| {
        taken
            .iter()
            .any(|key| problem.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let wrong = check(&in_force).into_iter().filter(|problem| problem.what != ProblemKind::Missing);
    for problem in wrong.filter(|problem| concerned(problem.key)) {
        // One for a key is enough; rows of a list share theirs.
        if refused.iter().all(|refusal| refusal.key != problem.key) {
            refused.push(Refusal::new(problem.key, problem.what));
        }
    }
    Ok(refused)
}

/// The value as the file should have it, `null` for none.
fn tidied(key: &str, value: &Value) -> Result<Value, ProblemKind> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    if !secret_keys(value).is_empty() {
        return Err(ProblemKind::SecretInSettings);
    }
    let mut only = Document::new();
    document::set(&mut only, key, value.clone());
    let settings = document::settings(&only).map_err(|_| ProblemKind::WrongValue)?;
    Ok(document::get(&document::full(&settings), key).cloned().unwrap_or_default())
}

/// Saves what changed, unless something was refused.
pub(super) fn finish(
    dir: &Path,
    before: Layers,
    after: Layers,
    refused: Vec<Refusal>,
) -> Result<Changed, SettingsError> {
    let skipped = Vec::new();
    if !refused.is_empty() {
        return Ok(Changed { loaded: before.loaded()?, refused, skipped });
    }
    if before.own != after.own {
        write(dir, &after.own)?;
    }
    Ok(Changed { loaded: after.loaded()?, refused, skipped })
}

/// Replaces the file in one step.
pub(super) fn write(dir: &Path, document: &Document) -> Result<(), SettingsError> {
    let mut document = document.clone();
    document.insert("version".to_owned(), Value::from(VERSION));
    let write = || -> io::Result<()> {
        let mut content = serde_json::to_vec_pretty(&document)?;
        content.push(b'\n');
        file::replace(dir, FILE, &content)
    };
    write().map_err(|source| SettingsError::NotSaved { file: dir.join(FILE), source })
}
