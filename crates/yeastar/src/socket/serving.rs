//! A socket that is up.
//!
//! Owns: the heartbeat, the verdict that a socket is dead, and the change of sockets before a token ends. Must
//! not know: what to do when the socket is lost.

use std::{collections::VecDeque, sync::Arc, time::SystemTime};

use futures_util::StreamExt;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::{self, Message};

use super::{
    Feed,
    opening::{Incoming, Line, Mood, Opening, Socket, incoming, received, say},
};
use crate::{
    config::Timings,
    error::{Error, Kind, Question},
    event::Frame,
    pbx::{Core, jittered},
    token::Standing,
};

/// The state of a link that is up.
pub(super) struct Serving {
    core: Arc<Core>,
    pub(super) line: Line,
    /// The replaced socket and how long it may still deliver.
    pub(super) old: Option<(Socket, Instant)>,
    pub(super) opening: Option<Opening>,
    pub(super) standing: watch::Receiver<Standing>,
    pub(super) renew_not_before: Instant,
    last_frame: Instant,
    /// When the first heartbeat was sent that is not answered yet.
    unanswered: Option<Instant>,
    next_beat: Instant,
    reading: bool,
    bad_frames: u64,
}

impl Serving {
    pub(super) fn new(mut line: Line, post: &mut VecDeque<Feed>, core: &Arc<Core>) -> Serving {
        let now = Instant::now();
        post.extend(line.early.drain(..));
        Serving {
            core: core.clone(),
            line,
            old: None,
            opening: None,
            standing: core.tokens.standing(),
            renew_not_before: now,
            last_frame: now,
            unanswered: None,
            next_beat: now + core.timings.heartbeat,
            reading: true,
            bad_frames: 0,
        }
    }

    pub(super) fn timings(&self) -> &Timings {
        &self.core.timings
    }

    /// While the receiver is behind, the socket is not read and its silence proves nothing.
    pub(super) fn reading(&mut self, reading: bool) {
        if reading && !self.reading {
            let now = Instant::now();
            self.last_frame = now;
            self.unanswered = self.unanswered.map(|_| now);
            if let Some((_, until)) = &mut self.old {
                *until = now + self.core.timings.drain;
            }
        }
        self.reading = reading;
    }

    /// When [`check`](Serving::check) or [`renewal_due`](Serving::renewal_due) has something to do next.
    pub(super) fn alarm(&self) -> Instant {
        let mut alarm = self.next_beat;
        if self.reading {
            alarm = alarm.min(self.last_frame + self.timings().dead_after);
            if let Some(since) = self.unanswered {
                alarm = alarm.min(since + self.timings().answer_timeout);
            }
            if let Some((_, until)) = &self.old {
                alarm = alarm.min(*until);
            }
        }
        if self.opening.is_none()
            && let Some(at) = self.renewal_at()
        {
            alarm = alarm.min(at.max(self.renew_not_before));
        }
        alarm
    }

    pub(super) fn renewal_at(&self) -> Option<Instant> {
        let standing = *self.standing.borrow();
        if standing.generation != self.line.generation {
            // Renewed behind our back; whether the old token still feeds this socket is not documented.
            return Some(Instant::now());
        }
        let left = standing.refresh_due_at?.duration_since(SystemTime::now()).unwrap_or_default();
        Some(Instant::now() + left)
    }

    pub(super) fn renewal_due(&self) -> bool {
        let now = Instant::now();
        self.opening.is_none()
            && now >= self.renew_not_before
            && self.renewal_at().is_some_and(|at| at <= Instant::now())
    }

    /// Sends what is due and notices what is overdue.
    pub(super) async fn check(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        if self.reading {
            if let Some((mut socket, _)) = self.old.take_if(|(_, until)| *until <= now) {
                let _ = timeout(self.timings().drain, socket.close(None)).await;
            }
            let unanswered = self
                .unanswered
                .is_some_and(|since| now.duration_since(since) >= self.timings().answer_timeout);
            if unanswered || now.duration_since(self.last_frame) >= self.timings().dead_after {
                return Err(Error::new(Kind::Silent));
            }
        }
        if self.next_beat <= now { self.beat().await } else { Ok(()) }
    }

    pub(super) async fn beat(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        self.next_beat = now + self.timings().heartbeat;
        self.unanswered.get_or_insert(now);
        let patience = self.timings().answer_timeout;
        say(&mut self.line.socket, "heartbeat", patience).await
    }

    /// A message of the current socket.
    pub(super) async fn message(
        &mut self,
        message: Option<Result<Message, tungstenite::Error>>,
        post: &mut VecDeque<Feed>,
    ) -> Result<(), Error> {
        let text = match incoming(message)? {
            Incoming::Text(text) => text,
            Incoming::Life => {
                self.last_frame = Instant::now();
                return Ok(());
            }
        };
        self.last_frame = Instant::now();
        match Frame::decode(&text) {
            Frame::HeartbeatAnswer => self.unanswered = None,
            Frame::Event(event) => post.push_back(received(event)),
            Frame::Answer { code: 0, .. } => {}
            // QUIRK(yeastar): the subscription was lost, the socket was not.
            Frame::Answer { code: -3, .. } => {
                let patience = self.timings().answer_timeout;
                say(&mut self.line.socket, self.line.topics.subscription(), patience).await?;
            }
            Frame::Answer { code, text } => return Err(Error::answer(code, &text, Question::Api)),
            Frame::Bad(why) => {
                self.bad_frames += 1;
                tracing::debug!(why, count = self.bad_frames, bytes = text.len(), "frame ignored");
            }
        }
        Ok(())
    }

    /// A message of the replaced socket.
    pub(super) fn late(
        &mut self,
        message: Option<Result<Message, tungstenite::Error>>,
        post: &mut VecDeque<Feed>,
    ) {
        match incoming(message) {
            Ok(Incoming::Text(text)) => {
                if let Frame::Event(event) = Frame::decode(&text) {
                    post.push_back(received(event));
                }
            }
            Ok(Incoming::Life) => {}
            Err(_) => self.old = None,
        }
    }

    /// The next socket is open, or is not.
    pub(super) async fn changed(
        &mut self,
        result: Result<Option<Line>, Error>,
        post: &mut VecDeque<Feed>,
    ) -> Result<(), Error> {
        match result {
            Ok(Some(mut line)) => {
                post.extend(line.early.drain(..));
                std::mem::swap(&mut self.line, &mut line);
                let now = Instant::now();
                // Not closed at once: what is under way in it may be in no other socket, and a PBX need not send
                // the rest of its queue to somebody who is leaving.
                self.old = Some((line.socket, now + self.timings().drain));
                (self.last_frame, self.unanswered) = (now, None);
                self.next_beat = now + self.timings().heartbeat;
                tracing::debug!("changed to a socket with the next token");
            }
            Ok(None) => self.renew_not_before = Instant::now() + self.timings().reconnect_max_at_first,
            Err(error) if error.kind() == &Kind::SignedOut => return Err(error),
            // The current socket stays as long as the PBX lets it.
            Err(error) => {
                tracing::debug!(%error, "cannot change sockets yet");
                self.renew_not_before = Instant::now() + jittered(self.timings().reconnect_max);
            }
        }
        Ok(())
    }
}

pub(super) async fn next_of(
    old: &mut Option<(Socket, Instant)>,
) -> Option<Result<Message, tungstenite::Error>> {
    match old {
        Some((socket, _)) => socket.next().await,
        None => std::future::pending().await,
    }
}

pub(super) async fn opened(opening: &mut Option<Opening>) -> (Result<Option<Line>, Error>, Mood) {
    match opening {
        Some(opening) => opening.await,
        None => std::future::pending().await,
    }
}
