//! Owns the access token: getting it, replacing it in time, and never asking more often than Zoho permits.
//! Must not know: what the token is used for.
//!
//! Zoho's limits (accounts documentation, "token limits"): 10 token requests per refresh token in 10 minutes,
//! 10 live access tokens per refresh token. Hence: one request at a time however many callers wait, tokens kept
//! across restarts, one replacement per rejected token, and a count of our own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use deskring_redact::{ExposeSecret, Secret};
use serde_json::Value;
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

use crate::error::{Error, Kind, of_token_answer};
use crate::{Config, Hosts, Timings, http};

/// A token for the REST API, good until `expires_at` (usually 60 minutes).
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token.
    pub token: Secret,
    /// When Zoho ends it, by the clock of this computer.
    pub expires_at: SystemTime,
}

/// Keeps the access token across restarts, so that restarting does not use up token requests.
///
/// The methods may block (a keychain, a file): they are called on a thread for blocking work. What they keep
/// belongs to one refresh token; the owner of the store clears it when another user signs in.
pub trait TokenStore: Send + Sync {
    /// The token saved last, expired or not.
    fn load(&self) -> Option<AccessToken>;
    /// Replaces the saved token. Failing is not fatal, so there is nothing to return.
    fn save(&self, token: &AccessToken);
    /// Forgets the saved token.
    fn clear(&self);
}

/// Keeps nothing: for tests and one-off commands.
#[derive(Clone, Copy, Debug, Default)]
pub struct ForgetTokens;

impl TokenStore for ForgetTokens {
    fn load(&self) -> Option<AccessToken> {
        None
    }
    fn save(&self, _: &AccessToken) {}
    fn clear(&self) {}
}

/// After a failed refresh in the background, the next one waits this long: the old token still works.
const BACKGROUND_PAUSE: Duration = Duration::from_secs(30);
/// How long a rejected fresh token, or a refused client, is taken for granted before Zoho is asked again.
const REJECTION_HOLDS: Duration = Duration::from_secs(60);
/// `expires_in` when the answer has none; the documented value.
const USUAL_LIFE: Duration = Duration::from_secs(3600);

/// Path of the token endpoint.
pub(crate) const TOKEN: &str = "/oauth/v2/token";

pub(crate) struct Auth {
    client: reqwest::Client,
    endpoint: Url,
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
    store: Arc<dyn TokenStore>,
    timings: Timings,
    live: RwLock<Option<Live>>,
    ledger: Arc<Mutex<Ledger>>,
    /// Finished refreshes, good or bad: a caller who waited during one takes its result.
    finished: AtomicU64,
}

#[derive(Clone)]
struct Live {
    token: AccessToken,
    due_at: SystemTime,
}

/// Whoever holds it may talk to the accounts server.
struct Ledger {
    store: StoreState,
    requests: VecDeque<Instant>,
    last_failure: Option<(Instant, Error)>,
    barrier: Option<Barrier>,
}

enum StoreState {
    Unread,
    Read,
}

/// An answer that asking again will not change.
struct Barrier {
    /// `None`: for the life of this client.
    until: Option<Instant>,
    error: Error,
}

impl Auth {
    pub(crate) fn new(client: reqwest::Client, config: &Config, store: Arc<dyn TokenStore>) -> Auth {
        Auth {
            client,
            endpoint: endpoint(&config.hosts, TOKEN),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            refresh_token: config.refresh_token.clone(),
            store,
            timings: config.timings.clone(),
            live: RwLock::new(None),
            ledger: Arc::new(Mutex::new(Ledger {
                store: StoreState::Unread,
                requests: VecDeque::new(),
                last_failure: None,
                barrier: None,
            })),
            finished: AtomicU64::new(0),
        }
    }

    /// A token that Zoho has not rejected as far as we know.
    pub(crate) async fn token(self: &Arc<Self>) -> Result<Secret, Error> {
        let now = SystemTime::now();
        match self.live() {
            Some(live) if now < live.due_at => Ok(live.token.token),
            Some(live) if now < live.token.expires_at => {
                // Nobody waits for a replacement while the old token works: a caller is on the phone.
                self.refresh_in_background();
                Ok(live.token.token)
            }
            _ => self.renew(None).await,
        }
    }

    /// Another token than this rejected one. Asks Zoho only if nobody has replaced it already.
    pub(crate) async fn replace(self: &Arc<Self>, rejected: &Secret) -> Result<Secret, Error> {
        self.renew(Some(rejected.clone())).await
    }

    /// Remembers that a token was rejected although it was fresh, so that every further request does not
    /// cost a token request.
    pub(crate) async fn fresh_token_rejected(&self, error: &Error) {
        let mut ledger = self.ledger.lock().await;
        self.set_live(None);
        ledger.barrier =
            Some(Barrier { until: Some(Instant::now() + REJECTION_HOLDS), error: error.clone() });
        self.clear_store().await;
    }

    fn live(&self) -> Option<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_live(&self, live: Option<Live>) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = live;
    }

    fn refresh_in_background(self: &Arc<Self>) {
        let Ok(mut ledger) = Arc::clone(&self.ledger).try_lock_owned() else { return };
        let failed_just_now =
            |(at, _): &(Instant, Error)| Instant::now().duration_since(*at) < BACKGROUND_PAUSE;
        if ledger.last_failure.as_ref().is_some_and(failed_just_now) {
            return;
        }
        let auth = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = auth.refresh(&mut ledger).await {
                tracing::debug!(%error, "the access token could not be replaced early");
            }
        });
    }

    async fn renew(self: &Arc<Self>, rejected: Option<Secret>) -> Result<Secret, Error> {
        let seen = self.finished.load(Ordering::Acquire);
        let auth = Arc::clone(self);
        // A task of its own: a caller who gives up must not lose the token that everybody waits for.
        let renewed = tokio::spawn(async move {
            let ledger = Arc::clone(&auth.ledger).lock_owned().await;
            auth.renew_alone(ledger, seen, rejected.as_ref()).await
        });
        renewed.await.unwrap_or_else(|fault| Err(Error::from_source(Kind::Other, fault)))
    }

    async fn renew_alone(
        &self,
        mut ledger: OwnedMutexGuard<Ledger>,
        seen: u64,
        rejected: Option<&Secret>,
    ) -> Result<Secret, Error> {
        if matches!(ledger.store, StoreState::Unread) {
            self.read_store(&mut ledger).await;
        }
        if let Some(live) = self.live() {
            let other =
                rejected.is_none_or(|rejected| rejected.expose_secret() != live.token.token.expose_secret());
            if other && SystemTime::now() < live.token.expires_at {
                return Ok(live.token.token);
            }
        }
        if self.finished.load(Ordering::Acquire) != seen
            && let Some((_, error)) = &ledger.last_failure
        {
            return Err(error.clone());
        }
        self.refresh(&mut ledger).await
    }

    async fn read_store(&self, ledger: &mut Ledger) {
        ledger.store = StoreState::Read;
        let store = Arc::clone(&self.store);
        let loaded = tokio::task::spawn_blocking(move || store.load()).await.ok().flatten();
        let Some(token) = loaded else { return };
        let now = SystemTime::now();
        // A token that claims to live longer than any of Zoho's comes from a wrong clock.
        if now < token.expires_at && token.expires_at <= now + USUAL_LIFE * 24 {
            let due_at = token.expires_at - self.timings.refresh_before_end;
            self.set_live(Some(Live { token, due_at }));
        }
    }

    async fn refresh(&self, ledger: &mut Ledger) -> Result<Secret, Error> {
        let result = self.refresh_within_limits(ledger).await;
        match &result {
            Ok(_) => {
                ledger.last_failure = None;
                ledger.barrier = None;
            }
            Err(error) => ledger.last_failure = Some((Instant::now(), error.clone())),
        }
        self.finished.fetch_add(1, Ordering::AcqRel);
        result
    }

    async fn refresh_within_limits(&self, ledger: &mut Ledger) -> Result<Secret, Error> {
        if let Some(barrier) = &ledger.barrier {
            match barrier.until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => return Err(barrier.error.clone()),
                Some(left) if !left.is_zero() => {
                    let error = barrier.error.clone();
                    let throttled = *error.kind() == Kind::Throttled;
                    return Err(if throttled { error.with_wait(left) } else { error });
                }
                Some(_) => ledger.barrier = None,
            }
        }
        let mut repeats = 1;
        loop {
            self.count_request(ledger)?;
            let error = match self.ask().await {
                Ok(live) => {
                    let token = live.token.clone();
                    self.set_live(Some(live));
                    let secret = token.token.clone();
                    // Not waited for: a keychain may ask its user first, and the caller is on the phone.
                    let store = Arc::clone(&self.store);
                    tokio::task::spawn_blocking(move || store.save(&token));
                    return Ok(secret);
                }
                Err(error) => error,
            };
            let passing = matches!(
                error.kind(),
                Kind::ServerError | Kind::Unreachable | Kind::Refused | Kind::NameNotFound
            );
            if passing && repeats > 0 {
                repeats -= 1;
                tokio::time::sleep(http::jittered(self.first_pause())).await;
                continue;
            }
            self.remember(ledger, &error).await;
            return Err(error);
        }
    }

    fn first_pause(&self) -> Duration {
        self.timings.busy_pauses.first().copied().unwrap_or_default()
    }

    /// Our own count of Zoho's window, so that we are never the one who gets throttled. It starts anew with
    /// the program; the saved token makes that harmless.
    fn count_request(&self, ledger: &mut Ledger) -> Result<(), Error> {
        let now = Instant::now();
        let window = self.timings.refresh_window;
        while ledger.requests.front().is_some_and(|at| now.duration_since(*at) >= window) {
            ledger.requests.pop_front();
        }
        if let Some(oldest) = ledger.requests.front()
            && ledger.requests.len() >= self.timings.refreshes_per_window
        {
            let left = window.saturating_sub(now.duration_since(*oldest));
            return Err(Error::new(Kind::Throttled).with_wait(left));
        }
        ledger.requests.push_back(now);
        Ok(())
    }

    async fn remember(&self, ledger: &mut Ledger, error: &Error) {
        let now = Instant::now();
        let until = match error.kind() {
            // A revoked refresh token stays revoked; signing in again makes a new client.
            Kind::SignedOut => None,
            // The console may be put right while we run.
            Kind::ClientUnknown | Kind::ClientSecretWrong => Some(now + REJECTION_HOLDS),
            Kind::Throttled => Some(now + error.wait().unwrap_or(self.timings.refresh_window)),
            _ => return,
        };
        ledger.barrier = Some(Barrier { until, error: error.clone() });
        if *error.kind() == Kind::SignedOut {
            self.set_live(None);
            self.clear_store().await;
        }
    }

    async fn clear_store(&self) {
        let store = Arc::clone(&self.store);
        if tokio::task::spawn_blocking(move || store.clear()).await.is_err() {
            tracing::warn!("the saved access token could not be forgotten");
        }
    }

    async fn ask(&self) -> Result<Live, Error> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.expose_secret()),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        let Tokens { access_token, life, .. } =
            request_token(&self.client, &self.endpoint, &form, &self.timings).await?;
        let early = self.timings.refresh_before_end.min(life / 12);
        let due_at = access_token.expires_at - early;
        Ok(Live { token: access_token, due_at })
    }
}

/// What a token request brought.
pub(crate) struct Tokens {
    pub(crate) access_token: AccessToken,
    /// How long it lives from now.
    pub(crate) life: Duration,
    /// Only in exchange for a code.
    pub(crate) refresh_token: Option<Secret>,
}

/// An address on the accounts server.
pub(crate) fn endpoint(hosts: &Hosts, path: &str) -> Url {
    let mut endpoint = hosts.accounts.clone();
    endpoint.set_path(path);
    endpoint
}

/// Asks the token endpoint once.
///
/// By hand rather than through `oauth2`. QUIRK(zoho): errors come with status 200, the throttle has an error code
/// of its own, and lives are told in seconds, in milliseconds or as text; that crate takes each of them for an
/// unreadable answer and keeps the body, tokens included, in its error.
pub(crate) async fn request_token(
    client: &reqwest::Client,
    endpoint: &Url,
    form: &[(&str, &str)],
    timings: &Timings,
) -> Result<Tokens, Error> {
    let asked_at = SystemTime::now();
    let (status, body) = post(client, endpoint, form, timings).await?;
    decode(&body, asked_at).ok_or_else(|| {
        let error = of_token_answer(status, &body, timings.refresh_window);
        // The body is never logged: on this endpoint it is made of secrets.
        tracing::debug!(status, %error, "no access token in the answer");
        error
    })
}

/// Sends a form to the accounts server; gives status and body back.
pub(crate) async fn post(
    client: &reqwest::Client,
    endpoint: &Url,
    form: &[(&str, &str)],
    timings: &Timings,
) -> Result<(u16, Vec<u8>), Error> {
    let exchange = async {
        let answer = client
            .post(endpoint.clone())
            .header(reqwest::header::ACCEPT, "application/json")
            .form(form)
            .send()
            .await
            .map_err(http::transport)?;
        let status = answer.status().as_u16();
        Ok((status, http::body(answer).await?))
    };
    tokio::time::timeout(timings.token, exchange).await.unwrap_or_else(|_| Err(Error::new(Kind::TimedOut)))
}

fn decode(body: &[u8], asked_at: SystemTime) -> Option<Tokens> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let secret = |key: &str| {
        let text = body.get(key)?.as_str().filter(|text| !text.is_empty())?;
        Some(Secret::from(text.to_owned()))
    };
    let token = secret("access_token")?;
    let number = |key: &str| match body.get(key)? {
        Value::String(text) => text.parse::<u64>().ok(),
        other => other.as_u64(),
    };
    // QUIRK(zoho): older answers carry milliseconds in `expires_in` and seconds in `expires_in_sec`.
    let life = match number("expires_in_sec").or_else(|| number("expires_in")) {
        Some(seconds @ 0..=86_400) => Duration::from_secs(seconds),
        Some(milliseconds) => Duration::from_millis(milliseconds).min(USUAL_LIFE),
        None => USUAL_LIFE,
    };
    let access_token = AccessToken { token, expires_at: asked_at + life };
    Some(Tokens { access_token, life, refresh_token: secret("refresh_token") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_token_is_read_in_every_form() {
        let life =
            |body: &str| decode(body.as_bytes(), SystemTime::now()).map(|tokens| tokens.life.as_secs());
        assert_eq!(life(r#"{"access_token":"t","expires_in":3600}"#), Some(3600));
        assert_eq!(life(r#"{"access_token":"t","expires_in":"120"}"#), Some(120));
        assert_eq!(life(r#"{"access_token":"t","expires_in":3600000,"expires_in_sec":3600}"#), Some(3600));
        assert_eq!(life(r#"{"access_token":"t","expires_in":3600000}"#), Some(3600));
        assert_eq!(life(r#"{"access_token":"t"}"#), Some(3600));
        assert_eq!(life(r#"{"access_token":""}"#), None);
        assert_eq!(life(r#"{"error":"invalid_code"}"#), None);
    }
}
