//! The PBX's side: its one link, its lists and its call log, asked once for all agents.
//!
//! Owns: who asks the PBX what and how often. Must not know: agents' sockets, HTTP.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use deskring_yeastar::{Error, Event, Feature, Feed, Information, LoggedCall, Pbx};
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

use crate::book::{Extension, legs};
use crate::hub::{Ending, Hub};
use crate::writer::Relay;

/// An outage of the PBX is kept from the agents for so long.
const GRACE: Duration = Duration::from_secs(20);
/// The lists are read again after this, and when an extension changed.
const LISTS_FRESH: Duration = Duration::from_secs(10 * 60);
/// The PBX's clock is in it, so an old answer would be a wrong one.
const INFORMATION_FRESH: Duration = Duration::from_secs(2);
/// The call log is read again no sooner than this.
const LOG_FRESH: Duration = Duration::from_secs(3);
/// Rows of calls that began so long before the last look may still change or appear.
const LOG_OVERLAP: Duration = Duration::from_secs(4 * 60 * 60);
/// The log is not read further back, whoever asks.
const LOG_REACHES: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// What all agents share of the PBX.
pub(crate) struct Upstream {
    /// The client.
    pub pbx: Pbx,
    lists: Mutex<Option<(Instant, Arc<Lists>)>>,
    lists_changed: AtomicBool,
    information: Mutex<Option<(Instant, Information)>>,
    log: Mutex<Log>,
}

/// Names behind numbers.
pub(crate) struct Lists {
    pub(crate) extensions: Vec<deskring_yeastar::Extension>,
    pub(crate) queues: Vec<Feature>,
    pub(crate) ring_groups: Vec<Feature>,
    pub(crate) ivrs: Vec<Feature>,
}

#[derive(Default)]
struct Log {
    /// Newest first.
    rows: Vec<LoggedCall>,
    /// How far back they reach.
    since: Option<SystemTime>,
    read: Option<(Instant, SystemTime)>,
}

impl Upstream {
    /// Nothing is asked yet.
    pub(crate) fn new(pbx: Pbx) -> Upstream {
        Upstream {
            pbx,
            lists: Mutex::new(None),
            lists_changed: AtomicBool::new(false),
            information: Mutex::new(None),
            log: Mutex::new(Log::default()),
        }
    }

    /// Runs the link and tells the hub and the writer, until this future is dropped.
    pub(crate) async fn run(&self, hub: &Hub, mut writer: Relay) {
        let (feed, mut events) = mpsc::channel(1024);
        let link = self.pbx.run(feed);
        tokio::pin!(link);
        let mut given_up_at: Option<Instant> = None;
        loop {
            let give_up = async {
                match given_up_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut link => return,
                () = give_up => {
                    given_up_at = None;
                    hub.end(None, Ending::NoPbx);
                }
                feed = events.recv() => match feed {
                    None => return,
                    Some(Feed::Up { calls, .. }) => {
                        given_up_at = None;
                        // A PBX that does not tell these has its calls all the same.
                        let (serial, clock) = match self.information().await {
                            Ok(Information { serial, timestamp, .. }) => (serial, timestamp),
                            Err(_) => (None, None),
                        };
                        let central = writer.turn(clock.unwrap_or_else(crate::wall_seconds)).await;
                        // Agents hear who writes before they hear of a call.
                        hub.greet(central);
                        writer.tell(&Feed::Up { calls: calls.clone(), central }, hub);
                        hub.up(serial, calls);
                        tracing::info!("the PBX is there");
                    }
                    Some(Feed::Down { error, retry_in }) => {
                        writer.tell(&Feed::Down { error: error.clone(), retry_in }, hub);
                        if hub.is_up() {
                            given_up_at = Some(Instant::now() + GRACE);
                        }
                        hub.down();
                        tracing::warn!(%error, ?retry_in, "the PBX is away");
                    }
                    Some(Feed::Event { event, received }) => {
                        writer.tell(&Feed::Event { event: event.clone(), received }, hub);
                        if matches!(event, Event::ExtensionChanged { .. }) {
                            self.lists_changed.store(true, Ordering::Relaxed);
                        }
                        hub.hear(event);
                    }
                },
            }
        }
    }

    /// Extensions, queues, ring groups and IVRs.
    ///
    /// # Errors
    /// The PBX could not be asked for its extensions; the other lists may be missing in a firmware.
    pub(crate) async fn lists(&self) -> Result<Arc<Lists>, Error> {
        let mut kept = self.lists.lock().await;
        let changed = self.lists_changed.swap(false, Ordering::Relaxed);
        if let Some((at, lists)) = &*kept
            && !changed
            && at.elapsed() < LISTS_FRESH
        {
            return Ok(lists.clone());
        }
        let extensions =
            self.pbx.extensions().await.inspect_err(|_| self.lists_changed.store(true, Ordering::Relaxed))?;
        let lists = Arc::new(Lists {
            extensions,
            queues: self.pbx.queues().await.unwrap_or_default(),
            ring_groups: self.pbx.ring_groups().await.unwrap_or_default(),
            ivrs: self.pbx.ivrs().await.unwrap_or_default(),
        });
        *kept = Some((Instant::now(), lists.clone()));
        Ok(lists)
    }

    /// The PBX about itself.
    ///
    /// # Errors
    /// It could not be asked.
    pub(crate) async fn information(&self) -> Result<Information, Error> {
        let mut kept = self.information.lock().await;
        if let Some((at, information)) = &*kept
            && at.elapsed() < INFORMATION_FRESH
        {
            return Ok(information.clone());
        }
        let information = self.pbx.information().await?;
        *kept = Some((Instant::now(), information.clone()));
        Ok(information)
    }

    /// The rows of the call log that are of this extension, newest first.
    ///
    /// # Errors
    /// The PBX could not be asked.
    pub(crate) async fn log_of(
        &self,
        extension: &Extension,
        since: SystemTime,
    ) -> Result<Vec<LoggedCall>, Error> {
        let since = since.max(SystemTime::now() - LOG_REACHES);
        let mut log = self.log.lock().await;
        let from = match (log.since, log.read) {
            (Some(reaches), Some((at, _))) if reaches <= since && at.elapsed() < LOG_FRESH => None,
            (Some(reaches), Some((_, read))) if reaches <= since => {
                Some(read.checked_sub(LOG_OVERLAP).unwrap_or(reaches))
            }
            _ => Some(since),
        };
        if let Some(from) = from {
            let now = (Instant::now(), SystemTime::now());
            let fresh = self.pbx.logged_calls(from).await?;
            log.take(fresh, from, now);
        }
        let is_its = |row: &&LoggedCall| {
            legs(&row.record).any(|leg| leg == *extension) && row.started_at.is_none_or(|at| at >= since)
        };
        Ok(log.rows.iter().filter(is_its).cloned().collect())
    }
}

impl Log {
    fn take(&mut self, fresh: Vec<LoggedCall>, from: SystemTime, now: (Instant, SystemTime)) {
        let reaches = now.1 - LOG_REACHES;
        // What was read anew is replaced; a row without a start may be anywhere.
        let old = std::mem::take(&mut self.rows)
            .into_iter()
            .filter(|row| row.started_at.is_some_and(|at| at < from && at >= reaches));
        let mut seen = HashSet::new();
        self.rows =
            fresh.into_iter().chain(old).filter(|row| seen.insert(row.encode().to_string())).collect();
        self.since = Some(self.since.map_or(from, |before| before.min(from)).max(reaches));
        self.read = Some(now);
    }
}
