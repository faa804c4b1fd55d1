//! Owns one exchange with the Desk server: slot, token, headers, time limit, repeats, credits.
//! Must not know: record shapes; what a failure means to a caller (that is `error.rs`).

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use deskring_redact::{ExposeSecret, Secret};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::Timings;
use crate::auth::Auth;
use crate::data_center::Hosts;
use crate::error::{Error, Kind, Trace, of_answer};
use crate::records::OrganizationId;

/// Requests in flight, for every edition: the smallest permits five for the whole portal, all integrations
/// together.
const SLOTS: usize = 3;
/// Of these, how many anything but a search may hold. A ringing call always finds one free of background work.
const BACKGROUND_SLOTS: usize = 2;
/// One page of records is far below; more is not an answer of Desk.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The portal's credits, as told by the last answer (headers `X-Rate-Limit-…-v3`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Credits {
    /// Left for today, for the whole portal.
    pub left: u64,
    /// What the last request cost.
    pub last_weight: u64,
}

/// A request as a value.
pub(crate) struct Request {
    pub(crate) action: Action,
    /// Path below `/api/v1`, one segment each.
    pub(crate) path: Vec<String>,
    /// Only parameters that Zoho lists for the endpoint.
    ///
    /// QUIRK(zoho): an unknown parameter is refused with 422.
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) organization: Organization,
}

/// What is done, and therefore its time limit, its slot and whether it may be repeated.
pub(crate) enum Action {
    Search,
    Read,
    Write(Verb, Value),
}

/// How something is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verb {
    /// A new record.
    Post,
    /// Some keys of a record.
    Patch,
}

/// The `orgId` header.
pub(crate) enum Organization {
    /// Only `GET /organizations`.
    None,
    This(OrganizationId),
}

pub(crate) struct Http {
    client: reqwest::Client,
    base: Url,
    auth: Arc<Auth>,
    timings: Timings,
    slots: Semaphore,
    background: Semaphore,
    credits: Mutex<Option<Credits>>,
    /// No request is sent before, because the credits of the day are used up. Wall clock: the credits come back
    /// at a time of day, also when the computer slept in between.
    silent_until: Mutex<Option<SystemTime>>,
}

/// What follows a failed attempt.
enum Next {
    Fail,
    Pause(Duration),
}

impl Http {
    pub(crate) fn new(client: reqwest::Client, hosts: &Hosts, auth: Arc<Auth>, timings: Timings) -> Http {
        Http {
            client,
            base: hosts.desk.clone(),
            auth,
            timings,
            slots: Semaphore::new(SLOTS),
            background: Semaphore::new(BACKGROUND_SLOTS),
            credits: Mutex::new(None),
            silent_until: Mutex::new(None),
        }
    }

    pub(crate) fn credits(&self) -> Option<Credits> {
        *self.credits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request until it has an answer, repeats are no use or the time is up. `Value::Null` stands for
    /// an empty answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Value, Error> {
        let deadline = Instant::now()
            + match request.action {
                Action::Search => self.timings.search,
                Action::Read => self.timings.read,
                Action::Write(..) => self.timings.write,
            };
        let mut rejected: Option<Secret> = None;
        let mut busy = self.timings.busy_pauses.iter();
        let mut repeats = self.timings.repeat_pauses.iter();
        loop {
            self.silent()?;
            let token = async {
                match &rejected {
                    None => self.auth.token().await,
                    Some(rejected) => self.auth.replace(rejected).await,
                }
            };
            let token = in_time(deadline, token).await?;
            let error = {
                let _slot = in_time(deadline, self.slot(&request.action)).await?;
                // Another request may have learned it while this one waited.
                self.silent()?;
                match timeout_at(deadline, self.attempt(&request, &token)).await {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error)) => error,
                    Err(_) => match request.action {
                        Action::Search | Action::Read => return Err(Error::new(Kind::TimedOut)),
                        Action::Write(..) => return Err(Error::new(Kind::AnswerLost)),
                    },
                }
            };
            if error.status() == Some(401) {
                if rejected.is_some() {
                    let error = error.with_kind(Kind::SignedOut);
                    self.auth.fresh_token_rejected(&error).await;
                    return Err(error);
                }
                rejected = Some(token);
                continue;
            }
            match next(&request.action, &error, &mut busy, &mut repeats) {
                Next::Pause(pause) if Instant::now() + pause < deadline => tokio::time::sleep(pause).await,
                Next::Pause(_) | Next::Fail => return Err(error),
            }
        }
    }

    async fn slot(
        &self,
        action: &Action,
    ) -> Result<(Option<SemaphorePermit<'_>>, SemaphorePermit<'_>), Error> {
        let closed = |fault| Error::from_source(Kind::Other, fault);
        let background = match action {
            Action::Search => None,
            Action::Read | Action::Write(..) => Some(self.background.acquire().await.map_err(closed)?),
        };
        Ok((background, self.slots.acquire().await.map_err(closed)?))
    }

    async fn attempt(&self, request: &Request, token: &Secret) -> Result<Value, Error> {
        let url = address(&self.base, request)?;
        let mut authorization = HeaderValue::from_str(&format!("Zoho-oauthtoken {}", token.expose_secret()))
            .map_err(|_| Error::new(Kind::SignedOut))?;
        authorization.set_sensitive(true);
        let builder = match &request.action {
            Action::Search | Action::Read => self.client.get(url),
            Action::Write(Verb::Post, body) => self.client.post(url).json(body),
            Action::Write(Verb::Patch, body) => self.client.patch(url).json(body),
        };
        let mut builder = builder.header(AUTHORIZATION, authorization).header(ACCEPT, "application/json");
        if let Organization::This(id) = &request.organization {
            builder = builder.header("orgId", id.as_str());
        }
        let place = request.path.first().map_or("", String::as_str);
        let answer = builder.send().await.map_err(|fault| lost(&request.action, transport(fault)))?;
        let status = answer.status().as_u16();
        let retry_after = seconds(answer.headers(), RETRY_AFTER.as_str()).map(Duration::from_secs);
        self.note_credits(answer.headers());
        let body = body(answer).await;
        if !(200..300).contains(&status) {
            // The status says it all when the rest of the body does not come.
            let body = body.unwrap_or_default();
            let error = of_answer(status, &body, retry_after);
            tracing::debug!(place, status, %error, body = excerpt(&body), "Desk refused");
            if *error.kind() == Kind::CreditsExhausted {
                self.be_silent(error.wait());
            }
            let done_perhaps = status >= 500 && matches!(request.action, Action::Write(..));
            return Err(if done_perhaps { error.with_trace(Trace::Possible) } else { error });
        }
        let body = body.map_err(|error| lost(&request.action, error))?;
        tracing::debug!(place, status, bytes = body.len(), "Desk answered");
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|fault| {
            // Only where it broke: the text around it is somebody's record.
            tracing::debug!(place, line = fault.line(), column = fault.column(), "no JSON from Desk");
            lost(&request.action, Error::new(Kind::Malformed).with_status(status))
        })
    }

    fn silent(&self) -> Result<(), Error> {
        let until = *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner);
        match until.and_then(|until| until.duration_since(SystemTime::now()).ok()) {
            Some(left) if !left.is_zero() => Err(Error::new(Kind::CreditsExhausted).with_wait(left)),
            _ => Ok(()),
        }
    }

    fn be_silent(&self, wait: Option<Duration>) {
        let until = wait.and_then(|wait| SystemTime::now().checked_add(wait));
        *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn note_credits(&self, headers: &HeaderMap) {
        // An unauthenticated 401 has neither header.
        if let Some(left) = seconds(headers, "X-Rate-Limit-Remaining-v3") {
            let last_weight = seconds(headers, "X-Rate-Limit-Request-Weight-v3").unwrap_or_default();
            *self.credits.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Credits { left, last_weight });
        }
    }
}

/// What follows a failed attempt other than a 401.
fn next<'a>(
    action: &Action,
    error: &Error,
    busy: &mut impl Iterator<Item = &'a Duration>,
    repeats: &mut impl Iterator<Item = &'a Duration>,
) -> Next {
    let pause = match (error.kind(), action) {
        // Refused before it was looked at, so a write may be repeated as well.
        (Kind::TooManyRequests, _) => busy.next(),
        // No idempotency key exists: a write is never repeated on its own.
        (_, Action::Write(..)) => None,
        (
            Kind::NameNotFound | Kind::Refused | Kind::Unreachable | Kind::ServerError | Kind::Malformed,
            Action::Search | Action::Read,
        ) => repeats.next(),
        (_, Action::Search | Action::Read) => None,
    };
    pause.map_or(Next::Fail, |pause| Next::Pause(jittered(*pause)))
}

/// A fault after a write was sent means that nobody knows whether it was done.
fn lost(action: &Action, error: Error) -> Error {
    match (action, error.kind()) {
        (Action::Search | Action::Read, _) => error,
        // These four are known to happen before the first byte of the request leaves.
        (Action::Write(..), Kind::NameNotFound | Kind::Refused | Kind::Tls | Kind::BadRequest) => error,
        (Action::Write(..), Kind::TimedOut) if error.status().is_none() => error,
        (Action::Write(..), _) => error.with_kind(Kind::AnswerLost),
    }
}

async fn in_time<T>(deadline: Instant, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout_at(deadline, work).await.unwrap_or_else(|_| Err(Error::new(Kind::TimedOut)))
}

/// Between half and one and a half of the pause, so that agents whose calls ring together do not retry together.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..1.5))
}

pub(crate) fn client(hosts: &Hosts, timings: &Timings) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("Deskring/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timings.connect)
        // The API does not redirect; whoever does (a captive portal) must not receive the token.
        .redirect(reqwest::redirect::Policy::none())
        .pool_idle_timeout(Duration::from_secs(90))
        .tcp_keepalive(Duration::from_secs(30))
        .dns_resolver(Arc::new(SystemNames));
    if hosts.loopback() {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|fault| Error::from_source(Kind::Tls, fault.without_url()))
}

fn address(base: &Url, request: &Request) -> Result<Url, Error> {
    address_of(base, &request.path, &request.query)
}

/// Where a request with this path and these parameters goes.
pub(crate) fn address_of(
    base: &Url,
    segments: &[String],
    query: &[(&'static str, String)],
) -> Result<Url, Error> {
    let mut url = base.clone();
    {
        let mut path = url.path_segments_mut().map_err(|()| Error::refused_here("path"))?;
        path.clear().extend(["api", "v1"]);
        for segment in segments {
            // `.` and `..` would climb, and `Url` drops them silently.
            if segment.is_empty() || segment.chars().all(|c| c == '.') {
                return Err(Error::refused_here("path"));
            }
            path.push(segment);
        }
    }
    if !query.is_empty() {
        let pairs: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        url.set_query(Some(&pairs.join("&")));
    }
    Ok(url)
}

/// QUIRK(zoho): a bare `+` would be read as a blank, so it goes as `%2B`; commas and stars, which are operators
/// of the search, stay as they are in Zoho's own samples.
fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'*' | b',' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn seconds(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

pub(crate) async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(transport)? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(Error::new(Kind::Malformed));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The first 500 bytes of an error body, without anything that could be a number or a token: no digit is shown
/// (numbers are written in groups, too), and no long run of letters and digits.
fn excerpt(body: &[u8]) -> String {
    let head = body.get(..body.len().min(500)).unwrap_or_default();
    let text = String::from_utf8_lossy(head);
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))) {
        // Error codes are long too, but have no digits.
        if word.len() > 24 && word.contains(|c: char| c.is_ascii_digit()) {
            out.push('…');
        } else {
            out.extend(word.chars().map(|c| if c.is_numeric() { '#' } else { c }));
        }
    }
    out
}

/// A fault of the way to Zoho, without its address.
pub(crate) fn transport(fault: reqwest::Error) -> Error {
    let fault = fault.without_url();
    let has = |wanted: fn(&Cause) -> bool| causes(&fault).any(wanted);
    let kind = if has(|cause| cause.is::<UnknownName>()) {
        Kind::NameNotFound
    } else if has(|cause| cause.is::<rustls::Error>()) {
        Kind::Tls
    } else if fault.is_timeout() {
        // The only limit set on the client is that of connecting; the others are ours.
        Kind::TimedOut
    } else if has(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused)
    }) {
        Kind::Refused
    } else if fault.is_builder() {
        Kind::BadRequest
    } else {
        Kind::Unreachable
    };
    Error::from_source(kind, fault)
}

type Cause = dyn std::error::Error + 'static;

/// The error and everything below it. `source` of an `io::Error` skips the error wrapped in it, and that is where
/// TLS puts its own, twice wrapped.
fn causes(error: &Cause) -> impl Iterator<Item = &Cause> {
    std::iter::successors(Some(error), |error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &Cause),
            None => error.source(),
        }
    })
}

/// The system's resolver. Ours only so that "no such name" can be told from other faults by its type: the
/// system's own error is known by its message alone.
struct SystemNames;

#[derive(Debug, thiserror::Error)]
#[error("the host name could not be resolved")]
struct UnknownName(#[source] Option<io::Error>);

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(|fault| UnknownName(Some(fault)))?
                .collect();
            if found.is_empty() {
                return Err(UnknownName(None).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &[&str], query: &[(&'static str, &str)]) -> Request {
        Request {
            action: Action::Read,
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
            query: query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            organization: Organization::None,
        }
    }

    #[test]
    fn a_plus_is_encoded_and_search_operators_are_not() {
        let base = Url::parse("https://desk.example.com/").unwrap();
        let url =
            address(&base, &request(&["contacts", "search"], &[("phone", "+4989,*12 3&x"), ("limit", "50")]))
                .unwrap();
        assert_eq!(
            url.as_str(),
            "https://desk.example.com/api/v1/contacts/search?phone=%2B4989,*12%203%26x&limit=50"
        );
    }

    #[test]
    fn a_path_cannot_be_climbed_out_of() {
        let base = Url::parse("https://desk.example.com/").unwrap();
        for hostile in ["..", ".", ""] {
            assert!(address(&base, &request(&["contacts", hostile], &[])).is_err());
        }
        let url = address(&base, &request(&["contacts", "../organizations?x#y"], &[])).unwrap();
        assert_eq!(url.path(), "/api/v1/contacts/..%2Forganizations%3Fx%23y");
    }

    #[test]
    fn an_excerpt_shows_neither_numbers_nor_tokens() {
        let shown = excerpt(
            br#"{"errorCode":"UNPROCESSABLE_ENTITY","message":"bad +49 89 12 34 1000.0a1b2c3d4e5f60718293a4b5c6d7e8f9"}"#,
        );
        assert!(shown.contains("UNPROCESSABLE_ENTITY"), "{shown}");
        assert!(!shown.contains(|c: char| c.is_ascii_digit()) && !shown.contains("b2c"), "{shown}");
        assert!(excerpt(&[0xff; 5000]).chars().count() <= 500);
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_told_apart() {
        let client =
            reqwest::Client::builder().no_proxy().dns_resolver(Arc::new(SystemNames)).build().unwrap();
        let fault = client.get("http://nobody.invalid/").send().await.unwrap_err();
        assert_eq!(*transport(fault).kind(), Kind::NameNotFound);
    }
}
