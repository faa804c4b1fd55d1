//! Owns where secrets are kept: environment, the operating system's keychain, or an owner-only file.
//! Must not know: what a secret opens.
//!
//! Order of reading: environment variable (read-only, for containers and tests), keychain, file. The file with
//! secrets is used only when it exists already or the user consented, because it is not encrypted.
//!
//! Sessions (short-lived access and refresh pairs, as JSON) go the same ways, with one difference: where there is
//! no keychain they go to an owner-only file without asking. They end by themselves within a day, and without
//! them every restart would use up one of the few sign-ins that PBX and Desk permit. That file is another one, so
//! that its existence is never taken for consent.
//!
//! On Windows the file's protection is that of the profile folder, which only its user can enter.

mod keychain;
mod vault;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deskring_redact::{ExposeSecret, Secret};

use self::keychain::{Chain, ChainError, Helper};
use self::vault::Vault;

/// What is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum SecretName {
    /// The secret of the PBX's API client.
    PbxClientSecret,
    /// The secret of Zoho's API client.
    DeskClientSecret,
    /// The user's refresh token for Desk.
    DeskRefreshToken,
    /// The PBX's access and refresh tokens, JSON.
    PbxSession,
    /// Desk's access token, JSON.
    DeskSession,
    /// What the index of people is encrypted with. Made here; without it the index is made anew.
    IndexKey,
}

/// How long a secret lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Life {
    Lasting,
    Session,
}

impl SecretName {
    /// Every name.
    pub const ALL: [SecretName; 6] = [
        SecretName::PbxClientSecret,
        SecretName::DeskClientSecret,
        SecretName::DeskRefreshToken,
        SecretName::PbxSession,
        SecretName::DeskSession,
        SecretName::IndexKey,
    ];

    /// The name in the keychain and in the file. Frozen: another word loses the secret.
    pub fn code(self) -> &'static str {
        match self {
            SecretName::PbxClientSecret => "pbx_client_secret",
            SecretName::DeskClientSecret => "desk_client_secret",
            SecretName::DeskRefreshToken => "desk_refresh_token",
            SecretName::PbxSession => "pbx_session",
            SecretName::DeskSession => "desk_session",
            SecretName::IndexKey => "index_key",
        }
    }

    /// The environment variable that wins over everything else.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            SecretName::PbxClientSecret => Some("DESKRING_PBX_CLIENT_SECRET"),
            SecretName::DeskClientSecret => Some("DESKRING_DESK_CLIENT_SECRET"),
            SecretName::DeskRefreshToken => Some("DESKRING_DESK_REFRESH_TOKEN"),
            SecretName::IndexKey => Some("DESKRING_INDEX_KEY"),
            SecretName::PbxSession | SecretName::DeskSession => None,
        }
    }

    fn life(self) -> Life {
        match self {
            SecretName::PbxClientSecret
            | SecretName::DeskClientSecret
            | SecretName::DeskRefreshToken
            | SecretName::IndexKey => Life::Lasting,
            SecretName::PbxSession | SecretName::DeskSession => Life::Session,
        }
    }
}

/// Whether the user agreed to a file that is protected by its rights only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consent {
    /// Agreed.
    Granted,
    /// Not asked, or refused.
    NotGiven,
}

/// Which keychain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keychain {
    /// That of the operating system: Secret Service, Keychain or Credential Manager.
    System,
    /// None: tests, containers, an administrator's wish.
    Off,
}

/// Where environment variables come from.
#[derive(Clone, Debug)]
pub enum Environment {
    /// This process.
    Process,
    /// These and no others.
    Given(BTreeMap<String, Secret>),
}

impl Environment {
    fn get(&self, variable: &str) -> Option<Secret> {
        match self {
            Environment::Process => std::env::var(variable).ok().map(Secret::from),
            Environment::Given(all) => all.get(variable).cloned(),
        }
        .filter(|secret| !secret.expose_secret().is_empty())
    }
}

/// How secrets are kept.
#[derive(Clone, Debug)]
pub struct SecretsConfig {
    /// The profile folder; files go to `secrets/` in it.
    pub profile_dir: PathBuf,
    /// The service name in the keychain; another one for every profile.
    pub service: String,
    /// The user's word on the file.
    pub consent: Consent,
    /// The keychain to use.
    pub keychain: Keychain,
    /// The environment to read.
    pub environment: Environment,
    /// How long a call waits for the keychain. A locked one asks the user and blocks meanwhile.
    pub patience: Duration,
}

impl SecretsConfig {
    /// The usual: this system's keychain, this process's environment, no consent, 20 seconds.
    pub fn new(profile_dir: impl Into<PathBuf>, service: impl Into<String>) -> SecretsConfig {
        SecretsConfig {
            profile_dir: profile_dir.into(),
            service: service.into(),
            consent: Consent::NotGiven,
            keychain: Keychain::System,
            environment: Environment::Process,
            patience: Duration::from_secs(20),
        }
    }
}

/// Where a secret is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// An environment variable.
    Environment,
    /// The keychain.
    Keychain,
    /// The owner-only file.
    File,
}

impl Place {
    /// A stable code for translations.
    pub fn code(self) -> &'static str {
        match self {
            Place::Environment => "environment",
            Place::Keychain => "keychain",
            Place::File => "file",
        }
    }
}

/// How the keychain does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChainState {
    /// It keeps what it is given.
    Works,
    /// It waits for its user, or its user refused.
    Locked,
    /// There is none, or it is not to be used.
    Absent,
    /// There is one and it failed.
    Failed,
}

impl ChainState {
    /// A stable code for translations.
    pub fn code(self) -> &'static str {
        match self {
            ChainState::Works => "works",
            ChainState::Locked => "locked",
            ChainState::Absent => "absent",
            ChainState::Failed => "failed",
        }
    }
}

/// Why a secret was not read or kept. Never contains one.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The keychain did not answer in time or the user did not open it; it may be locked behind a dialog.
    #[error("the keychain is locked")]
    KeychainLocked,
    /// There is a keychain and it failed.
    #[error("the keychain failed")]
    KeychainFailed,
    /// There is no keychain to keep it in, and the user has not agreed to a file.
    #[error("there is no keychain and no consent to a file")]
    ConsentNeeded,
    /// It comes from an environment variable, which wins over anything kept here.
    #[error("the secret is set by the environment")]
    SetByEnvironment,
    /// Others can read the file: it was changed by hand or copied.
    #[error("the file of secrets can be read by others")]
    FileNotPrivate,
    /// The file is not what this program wrote.
    #[error("the file of secrets is malformed")]
    FileMalformed,
    /// The file cannot be read or written.
    #[error("the file of secrets cannot be used")]
    FileUnusable(#[source] std::io::Error),
}

impl SecretsError {
    /// A stable code for translations.
    pub fn code(&self) -> &'static str {
        match self {
            SecretsError::KeychainLocked => "keychain_locked",
            SecretsError::KeychainFailed => "keychain_failed",
            SecretsError::ConsentNeeded => "consent_needed",
            SecretsError::SetByEnvironment => "set_by_environment",
            SecretsError::FileNotPrivate => "secrets_file_not_private",
            SecretsError::FileMalformed => "secrets_file_malformed",
            SecretsError::FileUnusable(_) => "secrets_file_unusable",
        }
    }
}

/// The secrets of a profile. Calls block, up to [`SecretsConfig::patience`]: not for an event loop.
pub struct Secrets {
    environment: Environment,
    chain: Helper,
    lasting: Vault,
    sessions: Vault,
    consent: Mutex<Consent>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// Prepares access; touches nothing yet, so it cannot fail or block.
    pub fn open(config: SecretsConfig) -> Secrets {
        let chain: Box<dyn Chain> = match config.keychain {
            Keychain::System => Box::new(keychain::System { service: config.service.clone() }),
            Keychain::Off => Box::new(keychain::Absent),
        };
        Secrets::with(config, chain)
    }

    fn with(config: SecretsConfig, chain: Box<dyn Chain>) -> Secrets {
        let dir = config.profile_dir.join("secrets");
        Secrets {
            environment: config.environment,
            chain: Helper::new(chain, config.patience),
            lasting: Vault::new(dir.clone(), "secrets.json"),
            sessions: Vault::new(dir, "sessions.json"),
            consent: Mutex::new(config.consent),
        }
    }

    /// Notes that the user agreed to the file, or withdrew it. An existing file stays in use either way, until
    /// its secrets are deleted.
    pub fn set_consent(&self, consent: Consent) {
        *self.consent.lock().unwrap_or_else(PoisonError::into_inner) = consent;
    }

    /// Reads a secret; `None` when it is nowhere.
    ///
    /// # Errors
    /// See [`SecretsError`]. A keychain that fails is an error only when the file does not have the secret.
    pub fn get(&self, name: SecretName) -> Result<Option<Secret>, SecretsError> {
        Ok(self.find(name)?.map(|(secret, _)| secret))
    }

    /// Where a secret is, for the settings window.
    ///
    /// # Errors
    /// As [`Secrets::get`].
    pub fn place(&self, name: SecretName) -> Result<Option<Place>, SecretsError> {
        Ok(self.find(name)?.map(|(_, place)| place))
    }

    fn find(&self, name: SecretName) -> Result<Option<(Secret, Place)>, SecretsError> {
        if let Some(secret) = self.environment_value(name) {
            return Ok(Some((secret, Place::Environment)));
        }
        let chain = self.chain.get(name.code());
        if let Ok(Some(secret)) = chain {
            return Ok(Some((secret, Place::Keychain)));
        }
        if let Some(secret) = self.vault(name).get(name)? {
            return Ok(Some((secret, Place::File)));
        }
        match chain {
            Ok(_) | Err(ChainError::Absent) => Ok(None),
            Err(ChainError::Locked) => Err(SecretsError::KeychainLocked),
            Err(ChainError::Failed | ChainError::TooLong) => Err(SecretsError::KeychainFailed),
        }
    }

    /// Whether the keychain works: keeps an entry of its own, reads it and removes it. A locked one may show its
    /// dialog, and is waited for as always.
    pub fn chain_state(&self) -> ChainState {
        match self.chain.probe() {
            Ok(()) => ChainState::Works,
            Err(ChainError::Locked) => ChainState::Locked,
            Err(ChainError::Absent) => ChainState::Absent,
            Err(ChainError::Failed | ChainError::TooLong) => ChainState::Failed,
        }
    }

    /// Keeps a secret and says where.
    ///
    /// # Errors
    /// See [`SecretsError`].
    pub fn set(&self, name: SecretName, secret: &Secret) -> Result<Place, SecretsError> {
        self.set_with(name, secret, Consent::NotGiven)
    }

    /// As [`Secrets::set`], with the user's word on the file for this one call; a consent given for all calls stands
    /// beside it.
    ///
    /// # Errors
    /// See [`SecretsError`].
    pub fn set_with(
        &self,
        name: SecretName,
        secret: &Secret,
        consent: Consent,
    ) -> Result<Place, SecretsError> {
        if self.environment_value(name).is_some() {
            return Err(SecretsError::SetByEnvironment);
        }
        match self.chain.set(name.code(), secret) {
            Ok(()) => {
                // An older copy in the file would be a second truth, and unprotected.
                self.vault(name).delete(name)?;
                Ok(Place::Keychain)
            }
            // The user decides about the keychain just now: going around it would not be consent.
            Err(ChainError::Locked) => Err(SecretsError::KeychainLocked),
            Err(ChainError::Absent | ChainError::Failed | ChainError::TooLong) => {
                if !self.file_permitted(name, consent)? {
                    return Err(SecretsError::ConsentNeeded);
                }
                self.vault(name).set(name, secret)?;
                Ok(Place::File)
            }
        }
    }

    /// Whether [`set_with`](Secrets::set_with) would keep it: for a secret that can be had once only.
    ///
    /// # Errors
    /// What it would fail with, as far as that can be told before.
    pub fn could_set(&self, name: SecretName, consent: Consent) -> Result<(), SecretsError> {
        if self.environment_value(name).is_some() {
            return Err(SecretsError::SetByEnvironment);
        }
        match self.chain_state() {
            ChainState::Works => Ok(()),
            ChainState::Locked => Err(SecretsError::KeychainLocked),
            ChainState::Absent | ChainState::Failed => {
                if self.file_permitted(name, consent)? {
                    Ok(())
                } else {
                    Err(SecretsError::ConsentNeeded)
                }
            }
        }
    }

    /// Removes a secret wherever it is kept; an environment variable stays. Absent is fine.
    ///
    /// # Errors
    /// See [`SecretsError`]; the file is cleaned even when the keychain fails.
    pub fn delete(&self, name: SecretName) -> Result<(), SecretsError> {
        let chain = self.chain.delete(name.code());
        self.vault(name).delete(name)?;
        match chain {
            Ok(()) | Err(ChainError::Absent) => Ok(()),
            Err(ChainError::Locked) => Err(SecretsError::KeychainLocked),
            Err(ChainError::Failed | ChainError::TooLong) => Err(SecretsError::KeychainFailed),
        }
    }

    fn environment_value(&self, name: SecretName) -> Option<Secret> {
        self.environment.get(name.variable()?)
    }

    fn vault(&self, name: SecretName) -> &Vault {
        match name.life() {
            Life::Lasting => &self.lasting,
            Life::Session => &self.sessions,
        }
    }

    fn file_permitted(&self, name: SecretName, for_this_call: Consent) -> Result<bool, SecretsError> {
        let for_all_calls = *self.consent.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match (name.life(), for_this_call, for_all_calls) {
            (Life::Session, _, _)
            | (Life::Lasting, Consent::Granted, _)
            | (Life::Lasting, _, Consent::Granted) => true,
            (Life::Lasting, Consent::NotGiven, Consent::NotGiven) => self.lasting.exists()?,
        })
    }
}

#[cfg(test)]
mod tests;
