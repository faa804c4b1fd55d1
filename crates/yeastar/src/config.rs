//! What the client is told at birth.
//!
//! Owns: the settings of one PBX connection and every duration the protocol knows. Must not know: where the
//! settings come from, or where tokens are kept.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use deskring_redact::{ExposeSecret, Secret};
use serde_json::{Value, json};

use crate::{address::Address, sites::Site, tls::Fingerprint};

/// Which PBX, as whom, and how patiently.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the PBX listens.
    pub address: Address,
    /// Client ID of the API application (PBX: Integrations > API).
    pub client_id: String,
    /// Client Secret of the API application.
    pub client_secret: Secret,
    /// Accept exactly this certificate, and ask the system about no other. `None`: the system decides.
    pub trusted_certificate: Option<Fingerprint>,
    /// Where the same system is reached as well: gateways on one database. One that is away, stands by or shows a
    /// certificate that is not trusted there is passed over.
    pub others: Vec<Site>,
    /// Durations; [`Timings::default`] is what the protocol wants.
    pub timings: Timings,
}

/// Every duration of the protocol. The defaults are the protocol's; tests shorten them.
#[derive(Clone, Debug, PartialEq)]
pub struct Timings {
    /// Pause between heartbeats on the event socket. The PBX closes after 60 s without any.
    pub heartbeat: Duration,
    /// No frame at all for this long: the socket is dead.
    pub dead_after: Duration,
    /// A heartbeat unanswered for this long: the socket is dead.
    pub answer_timeout: Duration,
    /// Renew the access token after this fraction (0 to 1) of its life: 25 of 30 minutes.
    pub refresh_after: f64,
    /// First pause before reconnecting.
    pub reconnect_min: Duration,
    /// Longest pause before reconnecting, and how long a link must stay up to begin anew with the first one.
    pub reconnect_max: Duration,
    /// Longest pause while the link has been down for less than a minute: a laptop that wakes or changes its
    /// network should be back at once.
    pub reconnect_max_at_first: Duration,
    /// How long one request, the opening of the socket or a subscription may take.
    pub request_timeout: Duration,
    /// First pause before a read is repeated after a transport fault.
    pub repeat_min: Duration,
    /// First pause when all tokens of the application are in use; doubles.
    pub too_many_tokens_min: Duration,
    /// Longest such pause.
    pub too_many_tokens_max: Duration,
    /// Pause after the PBX blocked our address.
    pub blocked: Duration,
    /// How long a replaced socket may still deliver what was under way.
    pub drain: Duration,
    /// How long signing out may keep its caller. The token is given back all the same, behind the caller's back.
    pub sign_out: Duration,
    /// Requests per second. The PBX documents no limit; be gentle.
    pub requests_per_second: usize,
    /// Requests under way at once.
    pub requests_at_once: usize,
}

impl Default for Timings {
    fn default() -> Timings {
        Timings {
            heartbeat: Duration::from_secs(25),
            dead_after: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(20),
            refresh_after: 25.0 / 30.0,
            reconnect_min: Duration::from_secs(1),
            reconnect_max: Duration::from_secs(60),
            reconnect_max_at_first: Duration::from_secs(5),
            request_timeout: Duration::from_secs(10),
            repeat_min: Duration::from_millis(300),
            too_many_tokens_min: Duration::from_secs(5 * 60),
            too_many_tokens_max: Duration::from_secs(30 * 60),
            blocked: Duration::from_secs(11 * 60),
            drain: Duration::from_secs(2),
            sign_out: Duration::from_secs(3),
            requests_per_second: 5,
            requests_at_once: 2,
        }
    }
}

/// An access token, its refresh token and their lives. `Debug` shows the lives only.
#[derive(Clone)]
pub struct TokenPair {
    /// Goes into the query of every request.
    pub access: Secret,
    /// Buys the next pair.
    pub refresh: Secret,
    /// End of the access token (30 minutes after issue).
    pub access_expires_at: SystemTime,
    /// End of the refresh token (24 hours after issue).
    pub refresh_expires_at: SystemTime,
    /// When the pair was asked for, by our clock.
    pub issued_at: SystemTime,
}

impl TokenPair {
    /// As a store keeps it. The owner is the PBX and the application it is of.
    pub fn to_text(&self, owner: &str) -> Secret {
        let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let text = json!({
            "owner": owner,
            "access": self.access.expose_secret(),
            "refresh": self.refresh.expose_secret(),
            "issued_at_s": seconds(self.issued_at),
            "access_expires_at_s": seconds(self.access_expires_at),
            "refresh_expires_at_s": seconds(self.refresh_expires_at),
        });
        text.to_string().into()
    }

    /// What was kept; nothing when it is another owner's.
    pub fn from_text(text: &str, owner: &str) -> Option<TokenPair> {
        let kept: Value = serde_json::from_str(text).ok()?;
        let text = |key: &str| kept.get(key)?.as_str();
        let at = |key: &str| Some(UNIX_EPOCH + Duration::from_secs(kept.get(key)?.as_u64()?));
        if text("owner")? != owner {
            return None;
        }
        Some(TokenPair {
            access: text("access")?.to_owned().into(),
            refresh: text("refresh")?.to_owned().into(),
            access_expires_at: at("access_expires_at_s")?,
            refresh_expires_at: at("refresh_expires_at_s")?,
            issued_at: at("issued_at_s")?,
        })
    }
}

impl fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPair")
            .field("issued_at", &self.issued_at)
            .field("access_expires_at", &self.access_expires_at)
            .field("refresh_expires_at", &self.refresh_expires_at)
            .finish_non_exhaustive()
    }
}

/// Keeps the token pair over a restart, because the PBX grants 8 access tokens per application and a token
/// that is forgotten blocks one of them for half an hour.
///
/// The caller keys the store by (PBX, client id). The methods may block for a moment: they are called on a
/// blocking thread. A failure to keep is the store's to report; the client goes on with what it has.
pub trait TokenStore: Send + Sync {
    /// The pair that was saved last, if any.
    fn load(&self) -> Option<TokenPair>;
    /// Replaces the pair.
    fn save(&self, pair: &TokenPair);
    /// Forgets the pair.
    fn clear(&self);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_was_kept_is_its_owners_and_nobody_elses() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let pair = TokenPair {
            access: "a".to_owned().into(),
            refresh: "r".to_owned().into(),
            access_expires_at: at(1_790_001_800),
            refresh_expires_at: at(1_790_086_400),
            issued_at: at(1_790_000_000),
        };
        let text = pair.to_text("https://pbx.example.com me");
        let again = TokenPair::from_text(text.expose_secret(), "https://pbx.example.com me").unwrap();
        assert_eq!((again.access.expose_secret(), again.refresh.expose_secret()), ("a", "r"));
        assert_eq!(again.access_expires_at, pair.access_expires_at);
        assert_eq!((again.refresh_expires_at, again.issued_at), (pair.refresh_expires_at, pair.issued_at));
        assert!(TokenPair::from_text(text.expose_secret(), "https://other.example.com me").is_none());
        assert!(TokenPair::from_text("{}", "").is_none());
    }
}
