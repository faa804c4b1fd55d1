//! The link: the event socket and everything that keeps it alive.
//!
//! Owns: the order of things (open, ask for the calls, tell, tend, lose, wait, open again) and what the link
//! tells. Must not know: how a token is renewed, what an event means.
//!
//! One future, no tasks: dropping [`run`] drops the sockets.

mod backoff;
mod opening;
mod serving;
mod trial;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout},
};

pub use self::trial::SocketTrial;
use self::{
    backoff::Backoff,
    opening::{Line, Mood, Opening, Topics, open},
    serving::{Serving, next_of, opened},
};
use crate::{
    central::CentralWriting,
    error::{Error, Kind, Retry},
    event::{Call, Event},
    pbx::{Core, jittered},
};

/// What the link tells. Order matters: see [`Pbx::run`](crate::Pbx::run).
#[derive(Clone, Debug)]
pub enum Feed {
    /// Subscribed, and the PBX told its calls of this moment. What is not among them is over.
    Up {
        /// The calls.
        calls: Vec<Call>,
        /// Who writes calls down; a gateway's word, a PBX has none.
        central: Option<CentralWriting>,
    },
    /// Events may be missed from here to the next `Up`. Repeated after every failed attempt.
    Down {
        /// Why.
        error: Error,
        /// When the next attempt begins; `None`: not before [`Pbx::wake`](crate::Pbx::wake) or a new client
        /// with other settings.
        retry_in: Option<Duration>,
    },
    /// Something happened.
    Event {
        /// What.
        event: Event,
        /// When its frame was read.
        received: std::time::Instant,
    },
}

/// So many decoded events may wait for the receiver before the socket is left unread.
const PENDING: usize = 256;
/// A second wake within this time does not restart an attempt that has just begun.
const WAKE_PAUSE: Duration = Duration::from_secs(1);
/// Runs the link until nobody listens.
pub(crate) async fn run(core: Arc<Core>, feed: mpsc::Sender<Feed>) {
    let mut link = Link { backoff: Backoff::new(&core.timings), core, feed, mood: Mood::FRESH };
    let mut opening = None;
    loop {
        let lost = match link.establish(opening.take()).await {
            Err(error) => Lost { error, opening: None },
            Ok(Start::NobodyListens) => return,
            Ok(Start::Up(line, calls)) => {
                tracing::info!(address = %link.core.sites.current().site.address, "the link is up");
                let since = Instant::now();
                let end = link.serve(*line, calls).await;
                if since.elapsed() >= link.core.timings.reconnect_max {
                    link.backoff.reset();
                }
                match end {
                    End::NobodyListens => return,
                    End::Lost(lost) => lost,
                }
            }
        };
        opening = lost.opening;
        // The next socket is being opened already: nothing to wait for.
        let retry_in = if opening.is_some() { Some(Duration::ZERO) } else { link.retry_in(&lost.error) };
        tracing::info!(address = %link.core.sites.current().site.address, error = %lost.error, ?retry_in, "the link is down");
        if link.feed.send(Feed::Down { error: lost.error, retry_in }).await.is_err() {
            return;
        }
        if opening.is_none() {
            let pause = async {
                match retry_in {
                    Some(pause) => sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = pause => {}
                () = link.core.wake.notified() => link.backoff.reset(),
                () = link.feed.closed() => return,
            }
        }
    }
}

struct Link {
    core: Arc<Core>,
    feed: mpsc::Sender<Feed>,
    backoff: Backoff,
    mood: Mood,
}

enum Start {
    Up(Box<Line>, Vec<Call>),
    NobodyListens,
}

enum End {
    Lost(Lost),
    NobodyListens,
}

struct Lost {
    error: Error,
    /// The next socket, when one was being opened as this one was lost.
    opening: Option<Opening>,
}

impl Link {
    /// Opens, subscribes, and asks for the calls.
    async fn establish(&mut self, opening: Option<Opening>) -> Result<Start, Error> {
        let mut opening = opening.unwrap_or_else(|| self.open(None));
        let mut since = Instant::now();
        let line = loop {
            tokio::select! {
                (result, mood) = &mut opening => {
                    self.mood = mood;
                    match result? {
                        Some(line) => break line,
                        // A renewal that found nothing to renew just as the old socket was lost.
                        None => opening = self.open(None),
                    }
                }
                () = self.core.wake.notified() => {
                    // The attempt may hang on a network that is gone.
                    if since.elapsed() >= WAKE_PAUSE {
                        opening = self.open(None);
                        since = Instant::now();
                    }
                }
                () = self.feed.closed() => return Ok(Start::NobodyListens),
            }
        };
        // The socket is not read meanwhile: events wait in it, in order, without a buffer of ours.
        let patience = self.core.timings.request_timeout * 2;
        let calls = match timeout(patience, self.core.calls()).await {
            Ok(Ok(calls)) => calls,
            // Events without a snapshot are better than neither.
            Ok(Err(error)) if error.kind() == &Kind::TooOld => {
                tracing::warn!(%error, "this PBX cannot tell its current calls");
                Vec::new()
            }
            Ok(Err(error)) => return Err(error),
            Err(elapsed) => return Err(Error::because(Kind::TimedOut, elapsed)),
        };
        self.mood = Mood::FRESH;
        Ok(Start::Up(Box::new(line), calls))
    }

    /// Begins to open a socket; with `instead_of`, only when there is a newer token than that generation.
    fn open(&self, instead_of: Option<u64>) -> Opening {
        Box::pin(open(self.core.clone(), self.mood, instead_of))
    }

    /// When to try again after an error.
    fn retry_in(&mut self, error: &Error) -> Option<Duration> {
        let slowly = self.core.timings.reconnect_max;
        match error.kind() {
            Kind::Credentials { tries_left: 0 } | Kind::AddressNotAllowed | Kind::SignedOut => None,
            // Somebody has to act, or it is a portal of a hotel network: no token leaves before TLS is
            // satisfied, so looking again now and then costs nothing.
            Kind::UnknownCertificate { .. }
            | Kind::ChangedCertificate { .. }
            | Kind::Tls
            | Kind::TooOld
            | Kind::Parameter => Some(jittered(slowly)),
            Kind::NameNotFound
            | Kind::Refused
            | Kind::TimedOut
            | Kind::Unreachable
            | Kind::Credentials { .. }
            | Kind::AddressBlocked
            | Kind::TooManyTokens
            | Kind::TokenExpired
            | Kind::NotFound
            | Kind::Malformed
            | Kind::Silent
            | Kind::Closed
            | Kind::Handshake { .. }
            | Kind::Other => match error.retry() {
                Retry::After(pause) => Some(pause),
                Retry::Never | Retry::Backoff | Retry::SignIn | Retry::Unknown => Some(self.backoff.next()),
            },
        }
    }

    /// Tends an open socket until it is lost.
    async fn serve(&mut self, line: Line, calls: Vec<Call>) -> End {
        let mut post = VecDeque::from([Feed::Up { calls, central: line.central }]);
        let mut serving = Serving::new(line, &mut post, &self.core);
        let lost = loop {
            let readable = post.len() < PENDING;
            serving.reading(readable);
            let alarm = serving.alarm();
            tokio::select! {
                permit = self.feed.reserve(), if !post.is_empty() => match (permit, post.pop_front()) {
                    (Ok(permit), Some(item)) => permit.send(item),
                    (Ok(_), None) => {}
                    (Err(_), _) => return End::NobodyListens,
                },
                () = self.feed.closed(), if post.is_empty() => return End::NobodyListens,
                message = serving.line.socket.next(), if readable => {
                    if let Err(error) = serving.message(message, &mut post).await {
                        break error;
                    }
                }
                message = next_of(&mut serving.old), if readable => serving.late(message, &mut post),
                (result, mood) = opened(&mut serving.opening) => {
                    self.mood = if matches!(result, Ok(Some(_))) { Mood::FRESH } else { mood };
                    serving.opening = None;
                    if let Err(error) = serving.changed(result, &mut post).await {
                        break error;
                    }
                }
                () = self.core.wake.notified() => {
                    if let Err(error) = serving.beat().await {
                        break error;
                    }
                    serving.renew_not_before = Instant::now();
                }
                _ = serving.standing.changed() => {}
                () = sleep_until(alarm) => {}
            }
            if let Err(error) = serving.check().await {
                break error;
            }
            if serving.renewal_due() {
                serving.opening = Some(self.open(Some(serving.line.generation)));
            }
        };
        if lost.is_standing_by() {
            self.core.sites.leave(serving.line.site);
        }
        if lost.kind() == &Kind::TokenExpired {
            self.mood.rejected = Some(serving.line.generation);
        }
        if lost.code().is_some() && lost.kind() != &Kind::TokenExpired {
            // Perhaps a late refusal of a topic.
            self.mood.topics = serving.line.topics.fewer().unwrap_or(Topics::Core);
        }
        let opening = serving.opening.take();
        // What was received before the loss is told before the loss.
        for item in post {
            if self.feed.send(item).await.is_err() {
                return End::NobodyListens;
            }
        }
        End::Lost(Lost { error: lost, opening })
    }
}

#[cfg(test)]
mod tests;
