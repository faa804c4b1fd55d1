//! A socket that is opened to see whether it works.
//!
//! Owns: the order of a trial and what it measures. Must not know: the link, which goes on meanwhile.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::opening::{Incoming, Line, Mood, Socket, incoming, open, say};
use crate::{
    error::{Error, Kind, Question},
    event::Frame,
    pbx::Pbx,
};

/// The event socket works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketTrial {
    /// From a heartbeat to its answer.
    pub round_trip: Duration,
}

impl Pbx {
    /// Opens a socket beside the link, subscribes to what the link subscribes to, sends a heartbeat and waits for
    /// its answer, and closes. What events come meanwhile come to the link, too, and are dropped here. Takes
    /// [`Timings::answer_timeout`](crate::Timings::answer_timeout) at most.
    ///
    /// # Errors
    /// What the link would go down with: [`Kind::Silent`] when the socket opens but does not answer,
    /// [`Kind::TimedOut`] when it does not open in time.
    pub async fn try_socket(&self) -> Result<SocketTrial, Error> {
        let patience = self.0.timings.answer_timeout;
        let deadline = Instant::now() + patience;
        let mut line = match timeout_at(deadline, open(self.0.clone(), Mood::FRESH, None)).await {
            Ok((line, _)) => line?.ok_or_else(|| Error::new(Kind::Closed))?,
            Err(elapsed) => return Err(Error::because(Kind::TimedOut, elapsed)),
        };
        let trial = match timeout_at(deadline, beat(&mut line, patience)).await {
            Ok(trial) => trial,
            Err(elapsed) => Err(Error::because(Kind::Silent, elapsed)),
        };
        // A goodbye that cannot be sent is none of the trial's business.
        let _ = timeout_at(deadline, line.socket.close(None)).await;
        trial
    }
}

async fn beat(line: &mut Line, patience: Duration) -> Result<SocketTrial, Error> {
    let asked = Instant::now();
    say(&mut line.socket, "heartbeat", patience).await?;
    answered(&mut line.socket).await?;
    Ok(SocketTrial { round_trip: asked.elapsed() })
}

async fn answered(socket: &mut Socket) -> Result<(), Error> {
    loop {
        let Incoming::Text(text) = incoming(socket.next().await)? else { continue };
        match Frame::decode(&text) {
            Frame::HeartbeatAnswer => return Ok(()),
            // QUIRK(yeastar): -3 says that the subscription was lost; the socket is as good as before.
            Frame::Event(_) | Frame::Bad(_) | Frame::Answer { code: 0 | -3, .. } => {}
            Frame::Answer { code, text } => return Err(Error::answer(code, &text, Question::Api)),
        }
    }
}
