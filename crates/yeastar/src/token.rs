//! The access token: one per process, renewed in time, never asked for more often than the PBX forgives.
//!
//! Owns: the decision which step comes next ([`next`], pure, time is an argument) and the actor that takes it,
//! one exchange at a time, keeping the result over a restart. Must not know: what the token is used for.
//!
//! What the rules protect against: the PBX grants 8 access tokens per application; five wrong authentications
//! in a row block our address; a refresh whose answer is lost may have ended the old pair.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use deskring_redact::{ExposeSecret, Secret};
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, watch},
    time::timeout,
};

use crate::{
    config::{Timings, TokenPair, TokenStore},
    error::{Error, Kind, Retry},
    event::{integer, string},
    http::{Ask, Http},
};

/// Wrong credentials in a row before this client stops for good. The PBX blocks our address at five, and a
/// restart of the program or another client behind the same address counts, too.
const TRIES: u8 = 2;
/// So many wrong authentications in a row, of all clients behind one address, and the PBX blocks that address.
/// Source: Yeastar developer guide, "Get API access token".
pub const TRIES_UNTIL_BLOCKED: u8 = 5;
/// A pair from the future was issued by a clock that has since been set back.
const CLOCK_SLACK: Duration = Duration::from_secs(60);
/// Lives the vendor documents, for an answer that leaves them out.
const ACCESS_SECONDS: u64 = 1800;
const REFRESH_SECONDS: u64 = 86400;

/// Which step comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The access token is good.
    Use,
    /// Exchange the pair for a new one.
    Refresh,
    /// Sign in with client id and secret.
    Get,
    /// Nothing may be asked now.
    Refuse(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    TooManyTokens(Duration),
    AddressBlocked(Duration),
    AddressNotAllowed,
    CredentialsSpent,
    SignedOut,
}

/// All the decision depends on.
#[derive(Clone, Debug, PartialEq)]
struct State {
    life: Option<Life>,
    access: Trust,
    refresh: Trust,
    /// Wrong credentials in a row.
    failures: u8,
    obstacle: Obstacle,
    /// Next pause for [`Obstacle::TooManyTokens`].
    too_many_pause: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    issued_at: SystemTime,
    refresh_due_at: SystemTime,
    access_expires_at: SystemTime,
    refresh_expires_at: SystemTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Good,
    /// The answer that would tell was lost.
    Uncertain,
    Rejected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    None,
    TooManyTokens {
        since: SystemTime,
        pause: Duration,
    },
    AddressBlocked {
        since: SystemTime,
        pause: Duration,
    },
    /// Until somebody says that the network or the allow-list changed.
    AddressNotAllowed,
    SignedOut,
}

/// Decides. A pause is measured from its start in both directions, so that a clock that is set back cannot
/// prolong it.
fn next(now: SystemTime, state: &State) -> Step {
    let life = state.life.as_ref().filter(|life| life.issued_at <= now + CLOCK_SLACK);
    let usable = life.is_some_and(|life| state.access == Trust::Good && now < life.access_expires_at);
    // A pair whose clock is wrong can still be exchanged.
    let refreshable = state.life.as_ref().is_some_and(|life| now < life.refresh_expires_at);
    let or_use = |refusal| if usable { Step::Use } else { Step::Refuse(refusal) };

    if state.obstacle == Obstacle::SignedOut {
        return Step::Refuse(Refusal::SignedOut);
    }
    if usable && life.is_some_and(|life| now < life.refresh_due_at) {
        return Step::Use;
    }
    match state.obstacle {
        Obstacle::AddressBlocked { since, pause } => {
            if let Some(left) = left(now, since, pause) {
                return or_use(Refusal::AddressBlocked(left));
            }
        }
        Obstacle::AddressNotAllowed => return or_use(Refusal::AddressNotAllowed),
        Obstacle::TooManyTokens { since, pause } => {
            if let Some(left) = left(now, since, pause) {
                // Refreshing takes no further token, so even a pair whose last exchange is uncertain is worth it.
                return match state.refresh {
                    Trust::Good | Trust::Uncertain if refreshable => Step::Refresh,
                    _ => or_use(Refusal::TooManyTokens(left)),
                };
            }
        }
        Obstacle::SignedOut | Obstacle::None => {}
    }
    if refreshable && state.refresh == Trust::Good {
        return Step::Refresh;
    }
    if state.failures >= TRIES { or_use(Refusal::CredentialsSpent) } else { Step::Get }
}

/// What is left of a pause.
fn left(now: SystemTime, since: SystemTime, pause: Duration) -> Option<Duration> {
    let passed = match now.duration_since(since) {
        Ok(passed) => passed,
        Err(back) => back.duration(),
    };
    pause.checked_sub(passed).filter(|left| !left.is_zero())
}

impl State {
    fn new(timings: &Timings) -> State {
        State {
            life: None,
            access: Trust::Rejected,
            refresh: Trust::Rejected,
            failures: 0,
            obstacle: Obstacle::None,
            too_many_pause: timings.too_many_tokens_min,
        }
    }

    fn adopt(&mut self, life: Life) {
        self.life = Some(life);
        self.access = Trust::Good;
        self.refresh = Trust::Good;
    }

    /// A new pair arrived: everything that was in the way is over.
    fn granted(&mut self, life: Life, timings: &Timings) {
        *self = State::new(timings);
        self.adopt(life);
    }

    /// The PBX may or may not have exchanged the pair. One more try is allowed, when nothing else is.
    fn refresh_lost(&mut self) {
        self.refresh = match self.refresh {
            Trust::Good => Trust::Uncertain,
            Trust::Uncertain | Trust::Rejected => Trust::Rejected,
        };
    }

    fn refresh_rejected(&mut self) {
        self.refresh = Trust::Rejected;
    }

    /// An answer that stops token requests of both kinds. Says whether it was one.
    fn obstructed(&mut self, now: SystemTime, error: &Error, timings: &Timings) -> bool {
        match (error.kind(), error.retry()) {
            (Kind::AddressBlocked, retry) => {
                let pause = if let Retry::After(pause) = retry { pause } else { timings.blocked };
                self.obstacle = Obstacle::AddressBlocked { since: now, pause };
                true
            }
            (Kind::AddressNotAllowed, _) => {
                self.obstacle = Obstacle::AddressNotAllowed;
                true
            }
            _ => false,
        }
    }

    /// The PBX answered `get_token` with an error code: what it means for the next one.
    fn get_refused(&mut self, now: SystemTime, error: Error, timings: &Timings) -> Error {
        if self.obstructed(now, &error, timings) {
            return error;
        }
        match (error.kind(), error.code()) {
            (Kind::TooManyTokens, _) => {
                let pause = self.too_many_pause;
                self.obstacle = Obstacle::TooManyTokens { since: now, pause };
                self.too_many_pause = pause.saturating_mul(2).min(timings.too_many_tokens_max);
                error.with_retry(Retry::After(pause))
            }
            // The API is switched off, or the PBX is in trouble: nothing was wrong with the credentials.
            (Kind::TooOld, _) => error,
            (_, Some(-2)) => error.with_retry(Retry::Backoff),
            (kind, _) => {
                // QUIRK(yeastar): the code for wrong credentials is not documented. Whatever else the PBX
                // answers may count towards its lock-out, so it counts here.
                self.failures = self.failures.saturating_add(1);
                let tries_left = TRIES.saturating_sub(self.failures);
                let kind = match kind {
                    Kind::Parameter => Kind::Parameter,
                    _ => Kind::Credentials { tries_left },
                };
                error.with_kind(kind)
            }
        }
    }
}

impl Refusal {
    fn into_error(self) -> Error {
        match self {
            Refusal::TooManyTokens(left) => Error::new(Kind::TooManyTokens).with_retry(Retry::After(left)),
            Refusal::AddressBlocked(left) => Error::new(Kind::AddressBlocked).with_retry(Retry::After(left)),
            Refusal::AddressNotAllowed => Error::new(Kind::AddressNotAllowed),
            Refusal::CredentialsSpent => Error::new(Kind::Credentials { tries_left: 0 }),
            Refusal::SignedOut => Error::new(Kind::SignedOut),
        }
    }
}

/// A token in use, with the number by which its user reports it.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) token: Secret,
    pub(crate) generation: u64,
}

/// What kind of token is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// Any good one.
    Valid,
    /// Another one: the PBX refused this generation.
    Instead(u64),
}

/// Which token is current, for those who hold one open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) generation: u64,
    pub(crate) refresh_due_at: Option<SystemTime>,
}

/// The actor. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tokens(Arc<Shared>);

struct Shared {
    http: Http,
    client_id: String,
    client_secret: Secret,
    timings: Timings,
    store: Arc<dyn TokenStore>,
    /// Held over an exchange: this is what makes it single-flight.
    inner: Mutex<Inner>,
    standing: watch::Sender<Standing>,
    /// Somebody said that the world changed.
    told: AtomicBool,
}

struct Inner {
    state: State,
    pair: Option<TokenPair>,
    generation: u64,
    loaded: bool,
}

impl Tokens {
    pub(crate) fn new(
        http: Http,
        client_id: String,
        client_secret: Secret,
        timings: Timings,
        store: Arc<dyn TokenStore>,
    ) -> Tokens {
        let state = State::new(&timings);
        Tokens(Arc::new(Shared {
            http,
            client_id,
            client_secret,
            timings,
            store,
            inner: Mutex::new(Inner { state, pair: None, generation: 0, loaded: false }),
            standing: watch::Sender::new(Standing { generation: 0, refresh_due_at: None }),
            told: AtomicBool::new(false),
        }))
    }

    /// A token. Exchanges run in a task of their own: a caller who loses patience must not lose the answer,
    /// because the pair it replaces may be dead.
    pub(crate) async fn access(&self, want: Want) -> Result<Access, Error> {
        let shared = self.0.clone();
        join(tokio::spawn(async move { shared.access(want).await })).await
    }

    /// The network or the settings of the PBX may have changed: an address that was not allowed may be. Wrong
    /// credentials stay wrong.
    pub(crate) fn told(&self) {
        self.0.told.store(true, Ordering::Release);
    }

    /// What is in hand may be older than what is kept. What was refused for other reasons stays so.
    pub(crate) async fn read_again(&self) {
        let mut inner = self.0.inner.lock().await;
        inner.loaded = false;
        inner.pair = None;
        inner.state.life = None;
    }

    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.0.standing.subscribe()
    }

    /// Gives the token back to the PBX and forgets it. Afterwards nothing is asked any more. The task outlives a
    /// caller who waits no longer: an exchange that is under way may still bring a token, and that one, too, is
    /// given back.
    pub(crate) async fn sign_out(&self) -> Result<(), Error> {
        let shared = self.0.clone();
        let task = tokio::spawn(async move { shared.sign_out().await });
        match timeout(self.0.timings.sign_out, join(task)).await {
            Ok(result) => result,
            Err(elapsed) => Err(Error::because(Kind::TimedOut, elapsed)),
        }
    }
}

async fn join<T>(task: tokio::task::JoinHandle<Result<T, Error>>) -> Result<T, Error> {
    match task.await {
        Ok(result) => result,
        // The runtime is shutting down.
        Err(error) => Err(Error::because(Kind::Closed, error)),
    }
}

impl Shared {
    async fn access(self: &Arc<Shared>, want: Want) -> Result<Access, Error> {
        let mut inner = self.inner.lock().await;
        self.load(&mut inner).await;
        if want == Want::Instead(inner.generation) {
            inner.state.access = Trust::Rejected;
        }
        if self.told.swap(false, Ordering::AcqRel) && inner.state.obstacle == Obstacle::AddressNotAllowed {
            inner.state.obstacle = Obstacle::None;
        }
        // Refresh, sign in, refresh an uncertain pair, use: no way is longer.
        for _ in 0..5 {
            let pair = inner.pair.clone();
            match (next(SystemTime::now(), &inner.state), pair) {
                (Step::Use, Some(pair)) => {
                    return Ok(Access { token: pair.access, generation: inner.generation });
                }
                (Step::Refuse(refusal), _) => return Err(refusal.into_error()),
                (Step::Refresh, Some(pair)) => self.refresh(&mut inner, &pair).await?,
                (Step::Get | Step::Use | Step::Refresh, _) => self.get(&mut inner).await?,
            }
        }
        Err(Error::new(Kind::TokenExpired))
    }

    async fn load(&self, inner: &mut Inner) {
        if inner.loaded {
            return;
        }
        let store = self.store.clone();
        let loaded = tokio::task::spawn_blocking(move || store.load()).await;
        inner.loaded = true;
        if let Ok(Some(pair)) = loaded {
            inner.state.adopt(life(&pair, &self.timings));
            self.publish(inner, pair);
        }
    }

    async fn refresh(&self, inner: &mut Inner, pair: &TokenPair) -> Result<(), Error> {
        let issued_at = SystemTime::now();
        let ask = Ask::token("refresh_token", json!({"refresh_token": pair.refresh.expose_secret()}));
        match self.http.exchange(&ask, None).await {
            Ok(answer) => match read_pair(&answer, issued_at) {
                Some(pair) => self.granted(inner, pair).await,
                None => inner.state.refresh_lost(),
            },
            Err(error) if error.code().is_some() => {
                if inner.state.obstructed(issued_at, &error, &self.timings) {
                    return Ok(());
                }
                tracing::debug!(%error, "the PBX does not refresh the token");
                inner.state.refresh_rejected();
                let store = self.store.clone();
                let _ = tokio::task::spawn_blocking(move || store.clear()).await;
            }
            Err(error) if error.retry() == Retry::Unknown => {
                tracing::debug!(%error, "the answer to a refresh was lost");
                inner.state.refresh_lost();
            }
            // The request never left: the pair is as good as before, and perhaps good enough.
            Err(error) => {
                let now = SystemTime::now();
                let trusted = inner.state.access == Trust::Good;
                match &mut inner.state.life {
                    // Do not ask again for a moment: every call would wait for the same dead route.
                    Some(life) if trusted && now < life.access_expires_at && life.issued_at <= now => {
                        life.refresh_due_at = now + self.timings.reconnect_max_at_first;
                    }
                    _ => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn get(&self, inner: &mut Inner) -> Result<(), Error> {
        let issued_at = SystemTime::now();
        let ask = Ask::token(
            "get_token",
            json!({"username": self.client_id, "password": self.client_secret.expose_secret()}),
        );
        match self.http.exchange(&ask, None).await {
            Ok(answer) => {
                let pair = read_pair(&answer, issued_at).ok_or_else(|| Error::new(Kind::Malformed))?;
                self.granted(inner, pair).await;
                Ok(())
            }
            Err(error) if error.code().is_some() => {
                let error = inner.state.get_refused(issued_at, error, &self.timings);
                // With all tokens taken, the old pair may still be good for something: let `next` decide.
                if error.kind() == &Kind::TooManyTokens { Ok(()) } else { Err(error) }
            }
            // Signing in twice is signing in: at worst a token is lost for half an hour.
            Err(error) if error.retry() == Retry::Unknown => Err(error.with_retry(Retry::Backoff)),
            Err(error) => Err(error),
        }
    }

    async fn granted(&self, inner: &mut Inner, pair: TokenPair) {
        inner.state.granted(life(&pair, &self.timings), &self.timings);
        let (store, saved) = (self.store.clone(), pair.clone());
        // Published only once it is kept, so that a crash in between cannot lose a token that is in use.
        let _ = tokio::task::spawn_blocking(move || store.save(&saved)).await;
        self.publish(inner, pair);
    }

    fn publish(&self, inner: &mut Inner, pair: TokenPair) {
        inner.pair = Some(pair);
        inner.generation += 1;
        self.standing.send_replace(Standing {
            generation: inner.generation,
            refresh_due_at: inner.state.life.map(|life| life.refresh_due_at),
        });
    }

    async fn sign_out(&self) -> Result<(), Error> {
        let mut inner = self.inner.lock().await;
        self.load(&mut inner).await;
        inner.state.obstacle = Obstacle::SignedOut;
        inner.generation += 1;
        self.standing.send_replace(Standing { generation: inner.generation, refresh_due_at: None });
        let pair = inner.pair.take().filter(|pair| SystemTime::now() < pair.access_expires_at);
        let answer = match pair {
            Some(pair) => self.http.exchange(&Ask::read("del_token"), Some(&pair.access)).await.map(drop),
            None => Ok(()),
        };
        let store = self.store.clone();
        let _ = tokio::task::spawn_blocking(move || store.clear()).await;
        match answer {
            // Already dead is as good as given back.
            Err(error) if error.kind() == &Kind::TokenExpired => Ok(()),
            answer => answer,
        }
    }
}

fn life(pair: &TokenPair, timings: &Timings) -> Life {
    let span = pair.access_expires_at.duration_since(pair.issued_at).unwrap_or_default();
    let fraction =
        if timings.refresh_after.is_finite() { timings.refresh_after.clamp(0.0, 1.0) } else { 1.0 };
    Life {
        issued_at: pair.issued_at,
        refresh_due_at: pair.issued_at + span.mul_f64(fraction),
        access_expires_at: pair.access_expires_at,
        refresh_expires_at: pair.refresh_expires_at,
    }
}

/// Reads a token answer. The lives begin when the question was sent, which errs on the safe side.
fn read_pair(answer: &Value, issued_at: SystemTime) -> Option<TokenPair> {
    let seconds = |name, default| {
        let sent = integer(answer, name).and_then(|seconds| u64::try_from(seconds).ok());
        // A life of a year is long enough for arithmetic that cannot overflow.
        Duration::from_secs(sent.filter(|seconds| (1..=31_536_000).contains(seconds)).unwrap_or(default))
    };
    Some(TokenPair {
        access: Secret::from(string(answer, "access_token")?),
        refresh: Secret::from(string(answer, "refresh_token")?),
        access_expires_at: issued_at + seconds("access_token_expire_time", ACCESS_SECONDS),
        refresh_expires_at: issued_at + seconds("refresh_token_expire_time", REFRESH_SECONDS),
        issued_at,
    })
}

/// The error of a token request that was refused, for tests of the pure part.
#[cfg(test)]
fn refused(code: i64) -> Error {
    Error::answer(code, "WORDS", crate::error::Question::Token)
}

#[cfg(test)]
mod tests;
