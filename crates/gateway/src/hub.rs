//! Who listens: the sockets of the agents, and the calls they are told of.
//!
//! Owns: the one lock under which a call changes and its listeners are told, so that whoever asks for the calls after
//! subscribing misses nothing and hears nothing twice. Nobody waits for anybody: a socket that does not keep up is
//! ended. Must not know: HTTP, tokens, how a socket is served.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::ws::Utf8Bytes;
use deskring_yeastar::{Call, CentralWriting, Event, RecordMade};
use tokio::sync::{mpsc, watch};

use crate::book::{Book, Delivery, Extension, Reach};
use crate::metrics::Metrics;
use crate::state::{ClientId, Holder, TokenId};

/// Frames that may wait for a socket. A call of a large queue makes a dozen.
const WAITING: usize = 64;
/// Between a token's look-up and its socket there is less than this.
const OPENING: Duration = Duration::from_secs(60);
/// Every topic there is; what an agent subscribes to is kept as bits of these.
const TOPICS: [i64; 9] = [30007, 30008, 30011, 30012, 30013, 30014, 30015, 30022, 30026];

/// How calls stand.
const CALLS: i64 = 30011;

/// Why a socket was ended from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its credential was revoked or renewed.
    Revoked,
    /// It does not read.
    TooSlow,
    /// Nobody knows what happens on the PBX at present.
    NoPbx,
    /// It is no longer this gateway that serves.
    Standby,
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
    /// Credentials whose sockets were ended just now: one of them may still be on its way.
    ended: HashMap<ClientId, Instant>,
    /// Serial number of the PBX, in every frame.
    serial: String,
    is_up: bool,
    /// The answer to a subscription.
    greeting: Utf8Bytes,
}

struct Line {
    id: u64,
    client: ClientId,
    token: TokenId,
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
            ended: HashMap::new(),
            serial: String::new(),
            is_up: false,
            greeting: CentralWriting::answer(None).into(),
        };
        Hub { inner: Arc::new(Mutex::new(inner)), metrics }
    }

    /// A socket for an agent whose token was looked up from that moment on; nothing while the PBX is away, or when its
    /// sockets were ended meanwhile.
    pub(crate) fn listen(&self, holder: &Holder, looked_up: Instant) -> Option<Listener> {
        let Holder { client, extension, token, .. } = holder;
        let mut inner = self.lock();
        if !inner.is_up || inner.ended.get(client).is_some_and(|ended| *ended >= looked_up) {
            return None;
        }
        let (sender, frames) = mpsc::channel(WAITING);
        let (ending_sender, ending) = watch::channel(None);
        inner.next += 1;
        let id = inner.next;
        let line = Line {
            id,
            client: client.clone(),
            token: *token,
            topics: 0,
            frames: sender,
            ending: ending_sender,
        };
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
        if let Some(client) = of {
            let ended = &mut self.lock().ended;
            ended.retain(|_, at| at.elapsed() < OPENING);
            ended.insert(client.clone(), Instant::now());
        }
        self.end_where(why, |line| of.is_none_or(|client| *client == line.client));
    }

    /// Ends the sockets of tokens.
    pub(crate) fn end_tokens(&self, tokens: &HashSet<TokenId>, why: Ending) {
        self.end_where(why, |line| tokens.contains(&line.token));
    }

    /// The tokens of all sockets.
    pub(crate) fn tokens(&self) -> HashSet<TokenId> {
        self.lock().lines.values().flatten().map(|line| line.token).collect()
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

    /// See [`Book::made`].
    pub(crate) fn made(&self, made: RecordMade) {
        let mut inner = self.lock();
        let deliveries = inner.book.made(made);
        self.deliver(&mut inner, deliveries);
    }

    fn end_where(&self, why: Ending, is_meant: impl Fn(&Line) -> bool) {
        let mut inner = self.lock();
        for lines in inner.lines.values_mut() {
            lines.retain(|line| {
                let ends = is_meant(line);
                if ends {
                    line.ending.send_replace(Some(why));
                }
                !ends
            });
        }
        inner.lines.retain(|_, lines| !lines.is_empty());
    }

    fn deliver(&self, inner: &mut Inner, deliveries: Vec<Delivery>) {
        let Inner { lines, serial, .. } = inner;
        for Delivery { to, event } in deliveries {
            let topic = match &event {
                // A PBX would refuse a topic it does not know: whoever hears of calls hears of this.
                Event::RecordMade(_) => bit(CALLS),
                event => bit(event.kind()),
            };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_revoked_while_its_token_was_looked_up_gets_no_socket() {
        let hub = Hub::new(Arc::default());
        hub.up(None, Vec::new());
        let holder = Holder {
            client: ClientId("a".into()),
            extension: Extension::new("2001"),
            until: i64::MAX,
            token: TokenId([0; 32]),
        };
        let before = Instant::now();
        assert!(hub.listen(&holder, before).is_some());
        hub.end(Some(&holder.client), Ending::Revoked);
        assert!(hub.listen(&holder, before).is_none());
        assert!(hub.listen(&Holder { client: ClientId("b".into()), ..holder.clone() }, before).is_some());
        // A token that is good after that was given afterwards.
        assert!(hub.listen(&holder, Instant::now() + Duration::from_nanos(1)).is_some());
    }

    #[test]
    fn only_the_sockets_of_tokens_that_are_gone_are_ended() {
        let hub = Hub::new(Arc::default());
        hub.up(None, Vec::new());
        let listen = |token: u8| {
            let holder = Holder {
                client: ClientId("a".into()),
                extension: Extension::new("2001"),
                until: i64::MAX,
                token: TokenId([token; 32]),
            };
            hub.listen(&holder, Instant::now()).unwrap()
        };
        let (gone, stays) = (listen(1), listen(2));
        hub.end_tokens(&HashSet::from([TokenId([1; 32])]), Ending::Revoked);
        assert_eq!((*gone.ending.borrow(), *stays.ending.borrow()), (Some(Ending::Revoked), None));
        assert_eq!(hub.tokens(), HashSet::from([TokenId([2; 32])]));
    }
}
