//! Who listens: the sockets of the agents, and the calls they are told of.
//!
//! Owns: the one lock under which a call changes and its listeners are told, so that whoever asks for the calls after
//! subscribing misses nothing and hears nothing twice. Nobody waits for anybody: a socket that does not keep up is
//! ended. Must not know: HTTP, tokens, how a socket is served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::ws::Utf8Bytes;
use deskring_yeastar::{Call, CentralWriting, Event};
use tokio::sync::{mpsc, watch};

use crate::book::{Book, Delivery, Extension, Reach};
use crate::metrics::Metrics;
use crate::state::ClientId;

/// Frames that may wait for a socket. A call of a large queue makes a dozen.
const WAITING: usize = 64;
/// Every topic there is; what an agent subscribes to is kept as bits of these.
const TOPICS: [i64; 9] = [30007, 30008, 30011, 30012, 30013, 30014, 30015, 30022, 30026];

/// Why a socket was ended from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its credential was revoked or renewed.
    Revoked,
    /// It does not read.
    TooSlow,
    /// Nobody knows what happens on the PBX at present.
    NoPbx,
    /// The gateway stops.
    Stopping,
}

/// The switchboard. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub {
    inner: Arc<Mutex<Inner>>,
    metrics: Arc<Metrics>,
}

struct Inner {
    book: Book,
    lines: HashMap<Extension, Vec<Line>>,
    next: u64,
    /// Serial number of the PBX, in every frame.
    serial: String,
    is_up: bool,
    /// The answer to a subscription.
    greeting: Utf8Bytes,
}

struct Line {
    id: u64,
    client: ClientId,
    topics: u16,
    frames: mpsc::Sender<Utf8Bytes>,
    ending: watch::Sender<Option<Ending>>,
}

/// One socket's end of a line; leaving the scope hangs up.
pub(crate) struct Listener {
    hub: Hub,
    extension: Extension,
    id: u64,
    pub(crate) frames: mpsc::Receiver<Utf8Bytes>,
    pub(crate) ending: watch::Receiver<Option<Ending>>,
}

impl Hub {
    /// With nobody on it.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Hub {
        let inner = Inner {
            book: Book::default(),
            lines: HashMap::new(),
            next: 0,
            serial: String::new(),
            is_up: false,
            greeting: CentralWriting::answer(None).into(),
        };
        Hub { inner: Arc::new(Mutex::new(inner)), metrics }
    }

    /// A socket for an extension; nothing while the PBX is away.
    pub(crate) fn listen(&self, extension: &Extension, client: &ClientId) -> Option<Listener> {
        let mut inner = self.lock();
        if !inner.is_up {
            return None;
        }
        let (sender, frames) = mpsc::channel(WAITING);
        let (ending_sender, ending) = watch::channel(None);
        inner.next += 1;
        let id = inner.next;
        let line = Line { id, client: client.clone(), topics: 0, frames: sender, ending: ending_sender };
        inner.lines.entry(extension.clone()).or_default().push(line);
        self.metrics.agents.inc();
        Some(Listener { hub: self.clone(), extension: extension.clone(), id, frames, ending })
    }

    /// The PBX told something.
    pub(crate) fn hear(&self, event: Event) {
        let began = Instant::now();
        let mut inner = self.lock();
        let deliveries = inner.book.hear(event, began);
        self.deliver(&mut inner, deliveries);
        drop(inner);
        self.metrics.events.inc();
        self.metrics.fan_out.observe(began.elapsed().as_secs_f64());
    }

    /// The PBX is there, and these are its calls.
    pub(crate) fn up(&self, serial: Option<String>, calls: Vec<Call>) {
        let mut inner = self.lock();
        if let Some(serial) = serial {
            inner.serial = serial;
        }
        inner.is_up = true;
        let deliveries = inner.book.resync(calls, Instant::now());
        self.deliver(&mut inner, deliveries);
        self.metrics.pbx_up.set(1);
    }

    /// Nobody knows what happens on the PBX. Sockets stay for a moment: most outages are shorter than the way of
    /// thousands of agents back.
    pub(crate) fn down(&self) {
        self.lock().is_up = false;
        self.metrics.pbx_up.set(0);
    }

    /// Whether the PBX's events arrive.
    pub(crate) fn is_up(&self) -> bool {
        self.lock().is_up
    }

    /// Ends the sockets of a credential, or all.
    pub(crate) fn end(&self, of: Option<&ClientId>, why: Ending) {
        let mut inner = self.lock();
        for lines in inner.lines.values_mut() {
            lines.retain(|line| {
                let is_meant = of.is_none_or(|client| *client == line.client);
                if is_meant {
                    line.ending.send_replace(Some(why));
                }
                !is_meant
            });
        }
        inner.lines.retain(|_, lines| !lines.is_empty());
    }

    /// What is said to who subscribes, from now on.
    pub(crate) fn greet(&self, central: Option<CentralWriting>) {
        self.lock().greeting = CentralWriting::answer(central).into();
    }

    /// All calls.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.lock().book.calls()
    }

    /// The calls an extension takes part in.
    pub(crate) fn calls_of(&self, extension: &Extension) -> Vec<Call> {
        self.lock().book.calls_of(extension)
    }

    /// See [`Book::own`].
    pub(crate) fn own(&self, extension: &Extension, channel: &str) -> Reach {
        self.lock().book.own(extension, channel)
    }

    /// See [`Book::may_move`].
    pub(crate) fn may_move(&self, extension: &Extension, channel: &str) -> Reach {
        self.lock().book.may_move(extension, channel)
    }

    /// See [`Book::dialed`].
    pub(crate) fn dialed(&self, call: &str, by: &Extension) {
        let mut inner = self.lock();
        let deliveries = inner.book.dialed(call, by, Instant::now());
        self.deliver(&mut inner, deliveries);
    }

    fn deliver(&self, inner: &mut Inner, deliveries: Vec<Delivery>) {
        let Inner { lines, serial, .. } = inner;
        for Delivery { to, event } in deliveries {
            let topic = bit(event.kind());
            let mut frame: Option<Utf8Bytes> = None;
            for extension in to {
                let Some(listening) = lines.get_mut(&extension) else { continue };
                listening.retain(|line| {
                    if line.topics & topic == 0 {
                        return true;
                    }
                    // Made once, for all of them; what has no topic has no frame either.
                    let frame = frame.get_or_insert_with(|| event.encode(serial).unwrap_or_default().into());
                    match line.frames.try_send(frame.clone()) {
                        Ok(()) => {
                            self.metrics.delivered.inc();
                            true
                        }
                        Err(_) => {
                            line.ending.send_replace(Some(Ending::TooSlow));
                            self.metrics.too_slow.inc();
                            false
                        }
                    }
                });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// What it wants to hear from now on; a list replaces the one before. The answer.
    pub(crate) fn subscribe(&self, topics: &[i64]) -> Utf8Bytes {
        let bits = topics.iter().fold(0, |bits, topic| bits | bit(*topic));
        let mut inner = self.hub.lock();
        let lines = inner.lines.get_mut(&self.extension);
        if let Some(line) = lines.and_then(|lines| lines.iter_mut().find(|line| line.id == self.id)) {
            line.topics = bits;
        }
        inner.greeting.clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        if let Some(lines) = inner.lines.get_mut(&self.extension) {
            lines.retain(|line| line.id != self.id);
            if lines.is_empty() {
                inner.lines.remove(&self.extension);
            }
        }
        self.hub.metrics.agents.dec();
    }
}

fn bit(topic: i64) -> u16 {
    TOPICS.iter().position(|known| *known == topic).map_or(0, |at| 1 << at)
}
