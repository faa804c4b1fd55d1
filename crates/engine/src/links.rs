//! The two links as the loop holds them: a running client, where it stands, and when it is tried again. Owns
//! the waiting; the clients own their protocols.

use std::time::Duration;

use deskring_yeastar as pbx;
use deskring_zoho_desk as desk;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::clock::wall_ms;
use crate::connect;
use crate::lookup::Lookup;
use crate::view::{LinkState, LinkView};

/// Events wait here when the loop is busy; the socket then waits too, and nothing is dropped.
const FEED: usize = 1024;
/// Pauses before Desk is asked whether it is back; a call asks at once.
const DESK_AGAIN: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(300),
];

/// The link to the PBX.
pub(crate) struct PbxLink {
    running: Option<Running>,
    pub(crate) view: LinkView,
    /// Of the settings it was made with.
    key: u64,
    /// How many times in a row the PBX has refused the credentials.
    pub(crate) refusals: u8,
}

/// A link that somebody else runs.
#[derive(Debug)]
pub struct Line {
    /// To ask with.
    pub client: pbx::Pbx,
    /// What the link says, from its next [`Up`](pbx::Feed::Up).
    pub feed: mpsc::Receiver<pbx::Feed>,
}

struct Running {
    client: pbx::Pbx,
    feed: mpsc::Receiver<pbx::Feed>,
    /// Nothing where somebody else runs it.
    task: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl PbxLink {
    /// Not there yet, or given.
    pub(crate) fn new(view: LinkView, given: Option<Line>) -> Self {
        let running = given.map(|Line { client, feed }| Running { client, feed, task: None });
        Self { running, view, key: 0, refusals: 0 }
    }

    /// Whether somebody else runs it. Then the settings do not change it.
    pub(crate) fn is_given(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.task.is_none())
    }

    /// Puts new settings in force; a link whose settings did not change is not torn down.
    pub(crate) fn set(&mut self, client: Result<pbx::Pbx, LinkView>, key: u64) {
        match client {
            _ if self.is_given() => {}
            Ok(_) if self.running.is_some() && self.key == key => {}
            Ok(client) => {
                let (sender, feed) = mpsc::channel(FEED);
                let runner = client.clone();
                let task = Some(tokio::spawn(async move { runner.run(sender).await }));
                self.running = Some(Running { client, feed, task });
                self.view = LinkView::plain(LinkState::Connecting, wall_ms());
                self.refusals = 0;
            }
            Err(reason) => {
                self.running = None;
                self.view = reason;
            }
        }
        self.key = key;
    }

    pub(crate) fn client(&self) -> Option<&pbx::Pbx> {
        self.running.as_ref().map(|running| &running.client)
    }

    /// The next thing the PBX says; waits for ever where there is no link.
    pub(crate) async fn next(&mut self) -> pbx::Feed {
        match &mut self.running {
            Some(running) => match running.feed.recv().await {
                Some(feed) => feed,
                // The link's task ended; it is replaced when the settings change.
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }

    /// What the PBX has said already.
    pub(crate) fn try_next(&mut self) -> Option<pbx::Feed> {
        self.running.as_mut()?.feed.try_recv().ok()
    }

    pub(crate) fn up(&mut self) {
        let several = self.client().filter(|client| client.has_several_sites());
        let address = several.map(|client| client.site().address.to_string());
        self.view = LinkView { address, ..LinkView::plain(LinkState::Up, wall_ms()) };
        self.refusals = 0;
    }

    pub(crate) fn down(&mut self, error: &pbx::Error, retry_in: Option<Duration>) {
        if let pbx::Kind::Credentials { .. } = error.kind() {
            self.refusals = self.refusals.saturating_add(1);
        }
        tracing::info!(%error, ?retry_in, "the link to the PBX is down");
        self.view = down(connect::pbx_cause(error.kind()), connect::pbx_detail(error), retry_in);
    }
}

/// The link to Desk.
pub(crate) struct DeskLink {
    pub(crate) lookup: Option<Lookup>,
    pub(crate) view: LinkView,
    key: u64,
    /// Which link this is: what was asked over an earlier one says nothing about it.
    pub(crate) generation: u64,
    /// When to ask whether it is back.
    pub(crate) check_at: Option<Instant>,
    failures: usize,
}

impl DeskLink {
    pub(crate) fn new(view: LinkView) -> Self {
        Self { lookup: None, view, key: 0, generation: 0, check_at: None, failures: 0 }
    }

    /// As [`PbxLink::set`]; a new link is to be checked at once.
    pub(crate) fn set(&mut self, lookup: Result<Lookup, LinkView>, key: u64) {
        match lookup {
            Ok(_) if self.lookup.is_some() && self.key == key => {}
            Ok(lookup) => {
                self.generation += 1;
                self.lookup = Some(lookup);
                self.view = LinkView::plain(LinkState::Connecting, wall_ms());
                self.failures = 0;
                self.check_at = Some(Instant::now());
            }
            Err(reason) => {
                self.generation += 1;
                self.lookup = None;
                self.view = reason;
                self.check_at = None;
            }
        }
        self.key = key;
    }

    pub(crate) fn answers(&mut self) {
        (self.check_at, self.failures) = (None, 0);
        if self.view.state != LinkState::Up {
            self.view = LinkView::plain(LinkState::Up, wall_ms());
        }
    }

    pub(crate) fn fails(&mut self, error: &desk::Error) {
        let wait = match error.retry() {
            desk::Retry::Never | desk::Retry::SignIn => None,
            desk::Retry::After(wait) => Some(wait),
            desk::Retry::Backoff | desk::Retry::Unknown => {
                DESK_AGAIN.get(self.failures).or(DESK_AGAIN.last()).copied()
            }
        };
        self.failures += 1;
        self.check_at = wait.map(|wait| Instant::now() + wait);
        self.view = down(error.kind().code(), error.code().map(str::to_owned), wait);
    }
}

fn down(cause: &str, detail: Option<String>, retry_in: Option<Duration>) -> LinkView {
    let now_ms = wall_ms();
    LinkView {
        state: if retry_in.is_some() { LinkState::Down } else { LinkState::Stopped },
        cause: Some(cause.to_owned()),
        detail,
        retry_at_ms: retry_in.map(|wait| now_ms + i64::try_from(wait.as_millis()).unwrap_or(0)),
        since_ms: now_ms,
        address: None,
    }
}
