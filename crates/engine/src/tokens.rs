//! The clients' short-lived tokens, kept among the profile's secrets, so that a restart costs no sign-in: the PBX
//! allows eight tokens, Zoho ten token requests in ten minutes. Must not know what a token opens.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deskring_store::{ExposeSecret, Secret, SecretName, Secrets};
use deskring_yeastar as pbx;
use deskring_zoho_desk as desk;
use serde::{Deserialize, Serialize};

/// Keeps the PBX's token pair in the profile's secrets.
pub(crate) struct PbxTokens {
    pub(crate) secrets: Arc<Secrets>,
    /// A pair of another PBX or client is none of ours.
    pub(crate) owner: String,
}

impl pbx::TokenStore for PbxTokens {
    fn load(&self) -> Option<pbx::TokenPair> {
        pbx::TokenPair::from_text(read(&self.secrets, SecretName::PbxSession)?.expose_secret(), &self.owner)
    }

    fn save(&self, pair: &pbx::TokenPair) {
        write(&self.secrets, SecretName::PbxSession, &pair.to_text(&self.owner));
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
        let kept = read(&self.secrets, SecretName::DeskSession)?;
        let stored: StoredToken = serde_json::from_str(kept.expose_secret()).ok()?;
        (stored.owner == self.owner)
            .then(|| desk::AccessToken { token: stored.token.into(), expires_at: time(stored.expires_at_s) })
    }

    fn save(&self, token: &desk::AccessToken) {
        let stored = StoredToken {
            owner: self.owner.clone(),
            token: token.token.expose_secret().to_owned(),
            expires_at_s: seconds(token.expires_at),
        };
        let Ok(text) = serde_json::to_string(&stored) else { return };
        write(&self.secrets, SecretName::DeskSession, &text.into());
    }

    fn clear(&self) {
        forget(&self.secrets, SecretName::DeskSession);
    }
}

fn read(secrets: &Secrets, name: SecretName) -> Option<Secret> {
    let kept = secrets.get(name).inspect_err(|error| {
        tracing::warn!(%error, name = name.code(), "a kept session cannot be read");
    });
    kept.ok()?
}

fn write(secrets: &Secrets, name: SecretName, session: &Secret) {
    if let Err(error) = secrets.set(name, session) {
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
