//! The clients' short-lived tokens, kept among the profile's secrets, so that a restart costs no sign-in: the PBX
//! allows eight tokens, Zoho ten token requests in ten minutes. Must not know what a token opens.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deskring_store::{ExposeSecret, SecretName, Secrets};
use deskring_yeastar as pbx;
use deskring_zoho_desk as desk;
use serde::{Deserialize, Serialize};

/// Keeps the PBX's token pair in the profile's secrets.
pub(crate) struct PbxTokens {
    pub(crate) secrets: Arc<Secrets>,
    /// A pair of another PBX or client is none of ours.
    pub(crate) owner: String,
}

#[derive(Serialize, Deserialize)]
struct StoredPair {
    owner: String,
    access: String,
    refresh: String,
    issued_at_s: u64,
    access_expires_at_s: u64,
    refresh_expires_at_s: u64,
}

impl pbx::TokenStore for PbxTokens {
    fn load(&self) -> Option<pbx::TokenPair> {
        let stored: StoredPair = read(&self.secrets, SecretName::PbxSession)?;
        (stored.owner == self.owner).then(|| pbx::TokenPair {
            access: stored.access.into(),
            refresh: stored.refresh.into(),
            access_expires_at: time(stored.access_expires_at_s),
            refresh_expires_at: time(stored.refresh_expires_at_s),
            issued_at: time(stored.issued_at_s),
        })
    }

    fn save(&self, pair: &pbx::TokenPair) {
        write(
            &self.secrets,
            SecretName::PbxSession,
            &StoredPair {
                owner: self.owner.clone(),
                access: pair.access.expose_secret().to_owned(),
                refresh: pair.refresh.expose_secret().to_owned(),
                issued_at_s: seconds(pair.issued_at),
                access_expires_at_s: seconds(pair.access_expires_at),
                refresh_expires_at_s: seconds(pair.refresh_expires_at),
            },
        );
    }

    fn clear(&self) {
        forget(&self.secrets, SecretName::PbxSession);
    }
}

/// Keeps Desk's access token in the profile's secrets.
pub(crate) struct DeskTokens {
    pub(crate) secrets: Arc<Secrets>,
    /// Which refresh token it was bought with.
    pub(crate) owner: String,
}

#[derive(Serialize, Deserialize)]
struct StoredToken {
    owner: String,
    token: String,
    expires_at_s: u64,
}

impl desk::TokenStore for DeskTokens {
    fn load(&self) -> Option<desk::AccessToken> {
        let stored: StoredToken = read(&self.secrets, SecretName::DeskSession)?;
        (stored.owner == self.owner)
            .then(|| desk::AccessToken { token: stored.token.into(), expires_at: time(stored.expires_at_s) })
    }

    fn save(&self, token: &desk::AccessToken) {
        let stored = StoredToken {
            owner: self.owner.clone(),
            token: token.token.expose_secret().to_owned(),
            expires_at_s: seconds(token.expires_at),
        };
        write(&self.secrets, SecretName::DeskSession, &stored);
    }

    fn clear(&self) {
        forget(&self.secrets, SecretName::DeskSession);
    }
}

fn read<T: for<'de> Deserialize<'de>>(secrets: &Secrets, name: SecretName) -> Option<T> {
    match secrets.get(name) {
        Ok(stored) => serde_json::from_str(stored?.expose_secret()).ok(),
        Err(error) => {
            tracing::warn!(%error, name = name.code(), "a kept session cannot be read");
            None
        }
    }
}

fn write<T: Serialize>(secrets: &Secrets, name: SecretName, value: &T) {
    let Ok(text) = serde_json::to_string(value) else { return };
    if let Err(error) = secrets.set(name, &text.into()) {
        tracing::warn!(%error, name = name.code(), "a session is not kept; the next start signs in anew");
    }
}

fn forget(secrets: &Secrets, name: SecretName) {
    if let Err(error) = secrets.delete(name) {
        tracing::warn!(%error, name = name.code(), "a session could not be forgotten");
    }
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
