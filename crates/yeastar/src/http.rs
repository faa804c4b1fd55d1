//! One request to the PBX and its answer.
//!
//! Owns: the HTTP client, the envelope `{errcode, errmsg, …}`, the limits we keep (requests at once and per
//! second, 16 MiB per answer) and the lookup of the host name. Must not know: when a token is renewed, or
//! what is asked.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use deskring_redact::{ExposeSecret, SafeUrl, Secret};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::ClientConfig;
use serde_json::Value;
use tokio::{
    sync::{Mutex, Semaphore},
    time::Instant,
};

use crate::{
    config::Timings,
    error::{Effect, Error, Kind, LookupFailed, Question, Retry},
    event::{integer, string},
    sites::{Line, Sites, is_of_site, more_telling},
};

/// QUIRK(yeastar): a request without `User-Agent` is answered 40002. This is the vendor's example value.
pub(crate) const USER_AGENT: &str = "OpenAPI";

const ANSWER_LIMIT_BYTES: usize = 16 << 20;

/// The transport. Cheap to clone; all clones keep the limits together.
#[derive(Clone)]
pub(crate) struct Http {
    sites: Arc<Sites>,
    blocked: Duration,
    gate: Arc<Semaphore>,
    pace: Arc<Pace>,
}

/// A request as a value.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Path below `openapi/v1.0/`.
    pub(crate) endpoint: &'static str,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) question: Question,
    pub(crate) effect: Effect,
}

/// The PBX knows these two; deleting is a GET.
#[derive(Clone)]
pub(crate) enum Method {
    Get,
    Post(Value),
}

impl Ask {
    pub(crate) fn read(endpoint: &'static str) -> Ask {
        let (question, effect) = (Question::Api, Effect::Read);
        Ask { method: Method::Get, endpoint, query: Vec::new(), question, effect }
    }

    pub(crate) fn write(endpoint: &'static str, body: Value) -> Ask {
        let (question, effect) = (Question::Api, Effect::Write);
        Ask { method: Method::Post(body), endpoint, query: Vec::new(), question, effect }
    }

    pub(crate) fn token(endpoint: &'static str, body: Value) -> Ask {
        Ask { question: Question::Token, ..Ask::write(endpoint, body) }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Ask {
        self.query.push((name, value.to_string()));
        self
    }
}

impl Http {
    pub(crate) fn new(sites: Arc<Sites>, timings: &Timings) -> Http {
        Http {
            sites,
            blocked: timings.blocked,
            gate: Arc::new(Semaphore::new(timings.requests_at_once.max(1))),
            pace: Arc::new(Pace::new(timings.requests_per_second)),
        }
    }

    /// Sends once and returns the answer's object, `errcode` 0. Of several sites each is asked once, until one answers.
    ///
    /// # Errors
    /// Transport faults, and an `errcode` other than 0 as [`Error::answer`].
    pub(crate) async fn exchange(&self, ask: &Ask, token: Option<&Secret>) -> Result<Value, Error> {
        let mut failed = None;
        for (index, line) in self.sites.round() {
            match self.exchange_at(line, ask, token).await {
                Err(error) if is_of_site(&error) => failed = Some(more_telling(failed, error)),
                outcome => {
                    self.sites.stay(index);
                    return outcome;
                }
            }
        }
        Err(failed.unwrap_or_else(|| Error::new(Kind::Unreachable)))
    }

    async fn exchange_at(&self, line: &Line, ask: &Ask, token: Option<&Secret>) -> Result<Value, Error> {
        // The gate is never closed; a closed one would only mean no limit.
        let _permit = self.gate.acquire().await.ok();
        self.pace.wait().await;
        let mut url = line.site.address.endpoint(ask.endpoint);
        if !ask.query.is_empty() || token.is_some() {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(&ask.query);
            if let Some(token) = token {
                query.append_pair("access_token", token.expose_secret());
            }
        }
        let request = match &ask.method {
            Method::Get => line.client.get(url.clone()),
            Method::Post(body) => line.client.post(url.clone()).json(body),
        };
        let outcome = self.receive(request, ask).await;
        match &outcome {
            Ok(_) => tracing::trace!(url = %SafeUrl(&url), "answered"),
            Err(error) => tracing::debug!(url = %SafeUrl(&url), %error, "request failed"),
        }
        outcome
    }

    async fn receive(&self, request: reqwest::RequestBuilder, ask: &Ask) -> Result<Value, Error> {
        let lost = |error| Error::http(error, ask.effect);
        // What arrived cannot be read: a write may have happened.
        let unreadable = |error: Error| match ask.effect {
            Effect::Read => error,
            Effect::Write => error.with_retry(Retry::Unknown),
        };
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > ANSWER_LIMIT_BYTES {
                return Err(unreadable(Error::new(Kind::Malformed)));
            }
            body.extend_from_slice(&chunk);
        }
        let answer = serde_json::from_slice::<Value>(&body).ok().filter(Value::is_object);
        let code = answer.as_ref().and_then(|answer| integer(answer, "errcode"));
        let (Some(answer), Some(code)) = (answer, code) else {
            // QUIRK(yeastar): API errors come with status 200 and an envelope. Something else answered here: a
            // reverse proxy, or a PBX that is starting. A clear refusal of our credentials stays one.
            let status = BadStatus(status.as_u16());
            return Err(match (ask.question, status.0) {
                (Question::Token, 401 | 403) => Error::answer(i64::from(status.0), "HTTP", ask.question),
                // A gateway that does not serve at present, or a proxy before one: the tokens are as they were.
                (Question::Token, 503) => {
                    Error::because(Kind::Unreachable, status).with_retry(Retry::Backoff)
                }
                // And nothing else was done either.
                (_, 503) => Error::because(Kind::Malformed, status),
                _ => unreadable(Error::because(Kind::Malformed, status)),
            });
        };
        if code == 0 {
            return Ok(answer);
        }
        let text = string(&answer, "errmsg").unwrap_or_default();
        let error = Error::answer(code, &text, ask.question);
        Err(match error.kind() {
            Kind::AddressBlocked => error.with_retry(Retry::After(blocked_for(&answer, self.blocked))),
            _ => error,
        })
    }
}

/// For one of so many sites.
pub(crate) fn client(
    tls: &Arc<ClientConfig>,
    timings: &Timings,
    sites: u32,
) -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(tls))
        .user_agent(USER_AGENT)
        // QUIRK(yeastar): the server closes every connection after its answer.
        .pool_max_idle_per_host(0)
        .http1_only()
        // The token is in the query: never carry it to where an answer points.
        .redirect(reqwest::redirect::Policy::none())
        // The event socket goes straight to the PBX; both must fail or work together.
        .no_proxy()
        .retry(reqwest::retry::never())
        .dns_resolver(Arc::new(SystemNames))
        .timeout(timings.request_timeout)
        // Shorter than the whole, so that a dead route is known to have carried no request; and so that all of them are
        // tried in the time of one.
        .connect_timeout(timings.request_timeout.mul_f32(0.8) / sites)
        .build()
        .map_err(|error| Error::because(Kind::Other, error.without_url()))
}

/// QUIRK(yeastar): one client reads `block_expire_time` from the answer; its unit is not documented. Taken as
/// seconds and only when it asks for more patience than we have anyway, up to a day.
fn blocked_for(answer: &Value, least: Duration) -> Duration {
    integer(answer, "block_expire_time")
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| *seconds <= 24 * 60 * 60)
        .map_or(least, |seconds| least.max(Duration::from_secs(seconds)))
}

/// An answer without an envelope.
#[derive(Debug, thiserror::Error)]
#[error("HTTP status {0} without an envelope")]
struct BadStatus(u16);

/// At most so many requests in any one second.
struct Pace {
    per_second: usize,
    sent: Mutex<VecDeque<Instant>>,
}

impl Pace {
    fn new(per_second: usize) -> Pace {
        Pace { per_second: per_second.max(1), sent: Mutex::new(VecDeque::new()) }
    }

    /// Returns when the next request may be sent. Waiting under the lock keeps the order of arrival.
    async fn wait(&self) {
        let mut sent = self.sent.lock().await;
        while sent.len() >= self.per_second {
            if let Some(oldest) = sent.pop_front() {
                tokio::time::sleep_until(oldest + Duration::from_secs(1)).await;
            }
        }
        sent.push_back(Instant::now());
    }
}

/// The system's name lookup, with an error of our own.
struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = look_up(name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a host name; never an empty list.
pub(crate) async fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, LookupFailed> {
    let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(LookupFailed)?.collect();
    if addresses.is_empty() {
        return Err(LookupFailed(std::io::ErrorKind::NotFound.into()));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn five_requests_go_at_once_and_the_sixth_waits() {
        let (pace, start) = (Pace::new(5), Instant::now());
        for _ in 0..5 {
            pace.wait().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        pace.wait().await;
        assert!(start.elapsed() >= Duration::from_secs(1));
    }

    #[test]
    fn a_block_lasts_at_least_as_long_as_ours_and_at_most_a_day() {
        let ours = Duration::from_secs(660);
        for (answer, seconds) in [
            (json!({}), 660),
            (json!({"block_expire_time": 10}), 660),
            (json!({"block_expire_time": "900"}), 900),
            (json!({"block_expire_time": 1_790_000_000}), 660),
            (json!({"block_expire_time": -5}), 660),
        ] {
            assert_eq!(blocked_for(&answer, ours), Duration::from_secs(seconds), "{answer}");
        }
    }
}
