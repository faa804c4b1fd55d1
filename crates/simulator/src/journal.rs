//! Owns what the simulator remembers and tells: requests, frames sent, and the live feed of the page.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use crate::net::lock;

/// Enough for the longest test and for a day of trying things out by hand.
const KEPT: usize = 20_000;
const SHOWN: usize = 500;

/// One HTTP request as it arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// Counts up over both sides of one simulator.
    pub id: u64,
    /// `pbx`, `accounts` or `desk`.
    pub side: &'static str,
    /// `GET`, `POST` …
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The raw query without the question mark; `""` when there is none.
    pub query: String,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The `orgId` header, Desk only.
    pub org_id: Option<String>,
    /// When it arrived, ISO 8601.
    pub at: String,
    /// The body as text.
    pub body: String,
    /// The HTTP status answered; `None` while the answer is pending or when there was none.
    pub status: Option<u16>,
    /// The vendor's error in the answer (`errcode` of the PBX, `errorCode` of Desk), for reading along.
    pub outcome: String,
}

impl Request {
    /// The body as JSON, `Null` when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// A query parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// The memory of one simulator, shared by its servers.
pub(crate) struct Journal {
    next: AtomicU64,
    requests: Mutex<VecDeque<Request>>,
    lines: Mutex<VecDeque<Value>>,
    feed: broadcast::Sender<String>,
    changed: watch::Sender<u64>,
}

impl Journal {
    pub(crate) fn new() -> Journal {
        Journal {
            next: AtomicU64::new(1),
            requests: Mutex::default(),
            lines: Mutex::default(),
            feed: broadcast::channel(4096).0,
            changed: watch::channel(0).0,
        }
    }

    /// Remembers a request on arrival, so that a test also sees the one that never got an answer.
    pub(crate) fn arrived(&self, mut request: Request) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        request.id = id;
        request.at = Timestamp::now().to_string();
        let mut requests = lock(&self.requests);
        if requests.len() >= KEPT {
            requests.pop_front();
        }
        requests.push_back(request);
        drop(requests);
        self.touch();
        id
    }

    pub(crate) fn answered(&self, id: u64, status: Option<u16>, outcome: &str) {
        let mut requests = lock(&self.requests);
        // Answers come soon after their request, so the search starts at the end.
        let Some(request) = requests.iter_mut().rev().find(|request| request.id == id) else { return };
        request.status = status;
        request.outcome = outcome.to_owned();
        let line = json!({
            "what": "request", "at": request.at, "side": request.side, "method": request.method,
            "path": request.path, "query": shorten(&hide_token(&request.query)),
            "body": shorten(&request.body), "status": request.status, "outcome": request.outcome,
        });
        drop(requests);
        self.line(line);
    }

    pub(crate) fn line(&self, line: Value) {
        let text = line.to_string();
        let mut lines = lock(&self.lines);
        if lines.len() >= SHOWN {
            lines.pop_front();
        }
        lines.push_back(line);
        drop(lines);
        let _ = self.feed.send(text);
        self.touch();
    }

    pub(crate) fn frame(&self, kind: i64, text: &str) {
        let at = Timestamp::now().to_string();
        self.line(json!({ "what": "frame", "at": at, "side": "pbx", "kind": kind, "text": shorten(text) }));
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        lock(&self.lines).iter().cloned().collect()
    }

    pub(crate) fn requests(&self, wanted: impl Fn(&Request) -> bool) -> Vec<Request> {
        lock(&self.requests).iter().filter(|request| wanted(request)).cloned().collect()
    }

    pub(crate) fn feed(&self) -> broadcast::Receiver<String> {
        self.feed.subscribe()
    }

    /// Says that something a page or a waiting test looks at has changed.
    pub(crate) fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn forget(&self) {
        lock(&self.requests).clear();
        lock(&self.lines).clear();
        self.touch();
    }
}

/// The page is shown to people: the token in each PBX address is noise there.
fn hide_token(query: &str) -> String {
    query.split('&').filter(|part| !part.starts_with("access_token=")).collect::<Vec<_>>().join("&")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(1200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
