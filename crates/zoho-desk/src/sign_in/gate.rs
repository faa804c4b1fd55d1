//! Owns the answer to each request of a browser: whether it is the one that was waited for, and what it is shown.
//! Must not know: sockets, the accounts server.
//!
//! Everything that comes here is hostile until its `state` is right: any page in any browser on this computer can
//! send requests to localhost.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use deskring_redact::Secret;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use oauth2::CsrfToken;
use tokio::sync::{oneshot, watch};
use tokio::task;

use super::{Door, PATH, Pages};

/// What the awaited request brought.
pub(super) enum Arrival {
    Code {
        code: Secret,
        /// As it came: to be checked before anything is sent there.
        accounts_server: Option<String>,
    },
    /// As it came.
    Error(String),
}

/// How the sign-in ended, for the page in the browser.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Success,
    Refused,
    Failed,
}

pub(super) struct Gate {
    host: String,
    state: CsrfToken,
    pages: Pages,
    /// Gone once it was used: only one arrival counts.
    claim: Mutex<Option<oneshot::Sender<Arrival>>>,
    verdicts: watch::Receiver<Option<Verdict>>,
    /// The connections with the right state. They are kept until they have their answer.
    expected: Mutex<BTreeSet<task::Id>>,
}

impl Gate {
    pub(super) fn new(
        door: Door,
        state: CsrfToken,
        pages: Pages,
        claim: oneshot::Sender<Arrival>,
        verdicts: watch::Receiver<Option<Verdict>>,
    ) -> Gate {
        let (host, claim) = (door.host(), Mutex::new(Some(claim)));
        Gate { host, state, pages, claim, verdicts, expected: Mutex::default() }
    }

    /// Whether this connection waits for the outcome.
    pub(super) fn expects(&self, connection: task::Id) -> bool {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).contains(&connection)
    }

    /// Answers a request; the awaited one, and any repetition of it, when the outcome is known.
    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Response<String> {
        if !self.meant_for_us(request) {
            return page(StatusCode::MISDIRECTED_REQUEST, String::new());
        }
        if request.uri().path() != PATH {
            return page(StatusCode::NOT_FOUND, self.pages.wrong.clone());
        }
        match *request.method() {
            Method::GET => {}
            // Somebody looks ahead; the browser itself comes later.
            Method::HEAD => return page(StatusCode::OK, String::new()),
            _ => {
                let mut response = page(StatusCode::METHOD_NOT_ALLOWED, self.pages.wrong.clone());
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                return response;
            }
        }
        let Some(arrival) = self.read(request.uri().query().unwrap_or_default()) else {
            return page(StatusCode::BAD_REQUEST, self.pages.wrong.clone());
        };
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).insert(task::id());
        if let Some(claim) = self.claim.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Nobody receives it once the patience has ended; then the connection ends as well.
            let _ = claim.send(arrival);
        }
        let mut verdicts = self.verdicts.clone();
        let verdict = verdicts.wait_for(Option::is_some).await.ok().and_then(|verdict| *verdict);
        let shown = match verdict {
            Some(Verdict::Success) => &self.pages.success,
            Some(Verdict::Refused) => &self.pages.refused,
            Some(Verdict::Failed) | None => &self.pages.failed,
        };
        page(StatusCode::OK, shown.clone())
    }

    /// A page of a foreign name that resolves to this computer (DNS rebinding) has that name in `Host`.
    fn meant_for_us<B>(&self, request: &Request<B>) -> bool {
        let mut hosts = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        let ours = |name: &[u8]| name.eq_ignore_ascii_case(self.host.as_bytes());
        ours(host.as_bytes())
            && request.uri().authority().is_none_or(|authority| ours(authority.as_str().as_bytes()))
    }

    /// `None` when it is not the redirect of this sign-in.
    fn read(&self, query: &str) -> Option<Arrival> {
        let (mut state, mut code, mut error, mut accounts_server) = (None, None, None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut state,
                "code" => &mut code,
                "error" => &mut error,
                "accounts-server" => &mut accounts_server,
                _ => continue,
            };
            // Zoho sends each once; of two, one is somebody else's.
            if slot.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        // Compares hashes, so the time it takes tells nothing about the state.
        if CsrfToken::new(state?) != self.state {
            return None;
        }
        match (code, error) {
            (_, Some(error)) => Some(Arrival::Error(error)),
            (Some(code), None) if !code.is_empty() => {
                Some(Arrival::Code { code: Secret::from(code), accounts_server })
            }
            (_, None) => None,
        }
    }
}

fn page(status: StatusCode, html: String) -> Response<String> {
    let mut response = Response::new(html);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (CACHE_CONTROL, "no-store"),
        // The address of the page has the code in it.
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
