//! Owns an owner-only file of secrets: `{"version": 1, "secrets": {"name": "value"}}`.
//! Must not know: when it may be used.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use deskring_redact::{ExposeSecret, Secret};
use serde_json::{Map, Value, json};

use super::{SecretName, SecretsError};
use crate::file;

const VERSION: u64 = 1;

pub(super) struct Vault {
    dir: PathBuf,
    name: &'static str,
}

impl Vault {
    pub(super) fn new(dir: PathBuf, name: &'static str) -> Vault {
        Vault { dir, name }
    }

    pub(super) fn exists(&self) -> Result<bool, SecretsError> {
        self.path().try_exists().map_err(SecretsError::FileUnusable)
    }

    pub(super) fn get(&self, name: SecretName) -> Result<Option<Secret>, SecretsError> {
        // The file is replaced in one step, so it is whole without a turn.
        let secrets = self.read()?;
        let value = secrets.get(name.code()).and_then(Value::as_str);
        Ok(value.map(|value| Secret::from(value.to_owned())))
    }

    pub(super) fn set(&self, name: SecretName, secret: &Secret) -> Result<(), SecretsError> {
        let _turn = self.turn().map_err(SecretsError::FileUnusable)?;
        let mut secrets = self.read()?;
        secrets.insert(name.code().to_owned(), Value::from(secret.expose_secret()));
        self.write(secrets)
    }

    pub(super) fn delete(&self, name: SecretName) -> Result<(), SecretsError> {
        if !self.exists()? {
            return Ok(());
        }
        let _turn = self.turn().map_err(SecretsError::FileUnusable)?;
        let mut secrets = self.read()?;
        if secrets.remove(name.code()).is_none() {
            return Ok(());
        }
        if secrets.is_empty() {
            // An empty file would still count as consent.
            return fs::remove_file(self.path()).map_err(SecretsError::FileUnusable);
        }
        self.write(secrets)
    }

    /// Reading, changing and writing is one step, also for others who have the file open: a settings window's helper,
    /// the command line. Ends with the file that is given back.
    fn turn(&self) -> io::Result<File> {
        file::private_folder(&self.dir)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let turn = options.open(self.dir.join(format!("{}.lock", self.name)))?;
        turn.lock()?;
        Ok(turn)
    }

    fn path(&self) -> PathBuf {
        self.dir.join(self.name)
    }

    fn read(&self) -> Result<Map<String, Value>, SecretsError> {
        let path = self.path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
            Err(fault) => return Err(SecretsError::FileUnusable(fault)),
        };
        private(&path)?;
        // The reader's own error is not kept: it may quote a secret.
        let mut document: Value = serde_json::from_slice(&bytes).map_err(|_| SecretsError::FileMalformed)?;
        if document.get("version").and_then(Value::as_u64) != Some(VERSION) {
            return Err(SecretsError::FileMalformed);
        }
        match document.get_mut("secrets").map(Value::take) {
            Some(Value::Object(secrets)) => Ok(secrets),
            _ => Err(SecretsError::FileMalformed),
        }
    }

    fn write(&self, secrets: Map<String, Value>) -> Result<(), SecretsError> {
        let unusable = SecretsError::FileUnusable;
        file::private_folder(&self.dir).map_err(unusable)?;
        let content = serde_json::to_vec_pretty(&json!({"version": VERSION, "secrets": secrets}))
            .map_err(|fault| unusable(fault.into()))?;
        file::replace(&self.dir, self.name, &content).map_err(unusable)
    }
}

#[cfg(unix)]
fn private(path: &Path) -> Result<(), SecretsError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(SecretsError::FileUnusable)?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(SecretsError::FileNotPrivate) }
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), SecretsError> {
    Ok(())
}
