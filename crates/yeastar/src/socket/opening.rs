//! One event socket: connect, shake hands, subscribe.
//!
//! Owns: everything up to a subscribed socket, the blame for a refusal (token, topics or PBX), and the reading
//! of a single message. Must not know: how long a socket lives, or when to try again.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use deskring_redact::{ExposeSecret, SafeUrl};
use futures_util::{SinkExt, StreamExt};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header},
        protocol::WebSocketConfig,
    },
};

use super::Feed;
use crate::{
    address::{Address, Scheme},
    central::CentralWriting,
    error::{Error, Kind, Question},
    event::{Event, Frame},
    http::{USER_AGENT, look_up},
    pbx::Core,
    sites::{self, is_of_site, more_telling},
    token::{Access, Want},
};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
pub(super) type Opening = Pin<Box<dyn Future<Output = (Result<Option<Line>, Error>, Mood)> + Send>>;

/// A gateway that does not hear the PBX closes its sockets with this code.
const TRY_ELSEWHERE: u16 = 1013;
/// A frame above this size is no event.
pub(super) const FRAME_LIMIT_BYTES: usize = 1 << 20;

/// What is subscribed: everything, or less for a firmware that refuses a number it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topics {
    All,
    Calls,
    Core,
}

impl Topics {
    pub(super) fn subscription(self) -> &'static str {
        match self {
            Topics::All => r#"{"topic_list":[30007,30008,30011,30012,30013,30014,30015,30022,30026]}"#,
            Topics::Calls => r#"{"topic_list":[30011,30012,30013,30014,30015]}"#,
            Topics::Core => r#"{"topic_list":[30011,30012]}"#,
        }
    }

    pub(super) fn fewer(self) -> Option<Topics> {
        match self {
            Topics::All => Some(Topics::Calls),
            Topics::Calls => Some(Topics::Core),
            Topics::Core => None,
        }
    }
}

/// Whether a refused socket may still be blamed on the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Renew the token and try again.
    Possible,
    /// A fresh token was refused as well, so it is the PBX; do not wear out tokens.
    Spent,
}

/// What one attempt to open leaves to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mood {
    pub(super) topics: Topics,
    doubt: Doubt,
    /// Generation of a token the PBX called expired.
    pub(super) rejected: Option<u64>,
}

impl Mood {
    pub(super) const FRESH: Mood = Mood { topics: Topics::All, doubt: Doubt::Possible, rejected: None };
}

/// A socket that is open and subscribed.
pub(super) struct Line {
    pub(super) socket: Socket,
    /// At which site.
    pub(super) site: usize,
    pub(super) generation: u64,
    pub(super) topics: Topics,
    /// Events that came before or instead of the answer to the subscription.
    pub(super) early: Vec<Feed>,
    /// What a gateway said in that answer.
    pub(super) central: Option<CentralWriting>,
}

/// Opens a socket and subscribes. A refusal that may be the token's fault costs one renewal and one more try.
pub(super) async fn open(
    core: Arc<Core>,
    mut mood: Mood,
    instead_of: Option<u64>,
) -> (Result<Option<Line>, Error>, Mood) {
    let result = async {
        let want = mood.rejected.take().map_or(Want::Valid, Want::Instead);
        let access = core.tokens.access(want).await?;
        if instead_of == Some(access.generation) {
            return Ok(None);
        }
        let (mut access, mut failed) = (access, None);
        for (index, site) in core.sites.round() {
            // What is asked about the token is asked there.
            core.sites.stay(index);
            match open_at(&core, (index, site), &mut access, &mut mood).await {
                Err(error) if is_of_site(&error) => failed = Some(more_telling(failed, error)),
                outcome => return outcome.map(Some),
            }
        }
        Err(failed.unwrap_or_else(|| Error::new(Kind::Unreachable)))
    }
    .await;
    (result, mood)
}

/// One socket at one site, with another token when this one may be the reason that there is none.
async fn open_at(
    core: &Core,
    site: (usize, &sites::Line),
    access: &mut Access,
    mood: &mut Mood,
) -> Result<Line, Error> {
    let error = match attempt(core, site, access, mood).await {
        Ok(line) => return Ok(line),
        Err(error) => error,
    };
    // QUIRK(yeastar): a bad token is refused in the handshake with any status, or the socket opens and
    // says 10004, or closes, or perhaps says nothing at all.
    let blame_token = match error.kind() {
        Kind::TokenExpired => true,
        // Said before anybody looked at a token: by a gateway that does not serve, or a proxy before one.
        Kind::Handshake { status: 502..=504 } => false,
        Kind::Handshake { .. } | Kind::Closed | Kind::Silent => mood.doubt == Doubt::Possible,
        _ => false,
    };
    // Of the doubtful ones only those that got as far as to show the token.
    if !blame_token || error.is_before_token() || error.is_standing_by() {
        return Err(error);
    }
    mood.doubt = Doubt::Spent;
    *access = core.tokens.access(Want::Instead(access.generation)).await?;
    attempt(core, site, access, mood).await
}

/// One socket with one token.
async fn attempt(
    core: &Core,
    (index, site): (usize, &sites::Line),
    access: &Access,
    mood: &mut Mood,
) -> Result<Line, Error> {
    let (patience, address) = (core.timings.request_timeout, &site.site.address);
    let stream = reach(core, address).await.map_err(Error::before_token)?;
    let url = address.socket(access.token.expose_secret());
    let mut request = url.as_str().into_client_request().map_err(Error::socket)?;
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(0)
        .max_message_size(Some(FRAME_LIMIT_BYTES))
        .max_frame_size(Some(FRAME_LIMIT_BYTES));
    let connector = match address.scheme() {
        Scheme::Tls => Connector::Rustls(site.tls.clone()),
        Scheme::Plain => Connector::Plain,
    };
    tracing::debug!(url = %SafeUrl(&url), "opening the event socket");
    let handshake = client_async_tls_with_config(request, stream, Some(config), Some(connector));
    let mut socket = match timeout(patience, handshake).await {
        Ok(Ok((socket, _))) => socket,
        Ok(Err(error)) => return Err(Error::socket(error)),
        Err(elapsed) => return Err(Error::because(Kind::TimedOut, elapsed)),
    };
    match timeout(patience, subscribe(&mut socket, &mut mood.topics, patience)).await {
        Ok(Ok((early, central))) => {
            let (generation, topics) = (access.generation, mood.topics);
            Ok(Line { socket, site: index, generation, topics, early, central })
        }
        Ok(Err(error)) => Err(error),
        Err(elapsed) => Err(Error::because(Kind::Silent, elapsed)),
    }
}

/// Looks up and connects, one address after the other, each with its share of the time.
async fn reach(core: &Core, address: &Address) -> Result<TcpStream, Error> {
    let patience = core.timings.request_timeout / core.sites.count();
    let (host, port) = address.host_and_port();
    let addresses = match timeout(patience, look_up(&host, port)).await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(Error::because(Kind::NameNotFound, error)),
        Err(elapsed) => return Err(Error::because(Kind::TimedOut, elapsed)),
    };
    let share = patience / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut last = Error::new(Kind::Unreachable);
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Heartbeats are small and must not wait for company.
                let _ = stream.set_nodelay(true);
                let pace = if core.sites.count() > 1 { TOGETHER } else { ALONE };
                if let Err(error) = watch_over(&stream, pace) {
                    tracing::debug!(%error, "only the heartbeat tells when the other side is gone");
                }
                return Ok(stream);
            }
            Ok(Err(error)) => last = Error::io(error),
            Err(elapsed) => last = Error::because(Kind::TimedOut, elapsed),
        }
    }
    Err(last)
}

/// How the operating system finds out that the other side vanished without a word: its power failed, a cable was pulled.
/// The heartbeat would find out, too, but later.
#[derive(Clone, Copy)]
struct Pace {
    /// So long after its last sign of life it is asked for another one.
    idle: Duration,
    /// As often as this.
    again: Duration,
    /// So many times.
    times: u32,
}

/// Somebody else takes over within ten seconds, so it pays to look often.
const TOGETHER: Pace = Pace { idle: Duration::from_secs(4), again: Duration::from_secs(2), times: 3 };
/// There is nowhere else to go. Still sooner than the next heartbeat, whose own way would have to be waited for.
const ALONE: Pace = Pace { idle: Duration::from_secs(10), again: Duration::from_secs(3), times: 3 };

fn watch_over(stream: &TcpStream, pace: Pace) -> std::io::Result<()> {
    let Pace { idle, again, times } = pace;
    let socket = SockRef::from(stream);
    socket
        .set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(again).with_retries(times))?;
    // The same for what was sent and is not confirmed: while it waits, nobody is asked for a sign of life.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(idle + again * times))?;
    Ok(())
}

/// Subscribes and waits for the answer, with fewer topics when the PBX refuses. Returns the events that came
/// in its place: without a subscription there would be none.
async fn subscribe(
    socket: &mut Socket,
    topics: &mut Topics,
    patience: Duration,
) -> Result<(Vec<Feed>, Option<CentralWriting>), Error> {
    say(socket, topics.subscription(), patience).await?;
    loop {
        let Incoming::Text(text) = incoming(socket.next().await)? else { continue };
        match Frame::decode(&text) {
            Frame::Answer { code: 0, .. } => return Ok((Vec::new(), CentralWriting::read(&text))),
            Frame::Event(event) => return Ok((vec![received(event)], None)),
            Frame::HeartbeatAnswer | Frame::Bad(_) => {}
            Frame::Answer { code: -3, .. } => say(socket, topics.subscription(), patience).await?,
            Frame::Answer { code, text } => {
                let error = Error::answer(code, &text, Question::Api);
                // Neither the token nor the address is a question of topics.
                let of_topics = !matches!(code, 10004..=10006 | 60002 | 70000..=79999);
                match topics.fewer().filter(|_| of_topics) {
                    // Remembered, in case the PBX closes now: the next attempt begins with fewer.
                    Some(fewer) => *topics = fewer,
                    None => return Err(error),
                }
                tracing::debug!(%error, ?topics, "subscribing to fewer events");
                say(socket, topics.subscription(), patience).await?;
            }
        }
    }
}

pub(super) enum Incoming {
    Text(tungstenite::Utf8Bytes),
    /// Nothing to read, but somebody is there.
    Life,
}

pub(super) fn incoming(message: Option<Result<Message, tungstenite::Error>>) -> Result<Incoming, Error> {
    match message {
        None => Err(Error::new(Kind::Closed)),
        Some(Err(error)) => Err(Error::socket(error)),
        Some(Ok(Message::Text(text))) => Ok(Incoming::Text(text)),
        Some(Ok(Message::Close(frame))) => {
            let code = frame.map_or(0, |frame| u16::from(frame.code));
            let error = Error::because(Kind::Closed, CloseCode(code));
            Err(if code == TRY_ELSEWHERE { error.standing_by() } else { error })
        }
        // The library answers a ping by itself. Binary frames are not of this protocol.
        Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
            Ok(Incoming::Life)
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("close code {0}")]
struct CloseCode(u16);

pub(super) fn received(event: Event) -> Feed {
    tracing::trace!(?event, "event");
    Feed::Event { event, received: Instant::now().into_std() }
}

pub(super) async fn say(socket: &mut Socket, text: &'static str, patience: Duration) -> Result<(), Error> {
    match timeout(patience, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Error::socket(error)),
        Err(_) => Err(Error::new(Kind::Silent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_gateway_that_vanished_is_known_to_be_gone_in_about_the_time_of_a_takeover() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        watch_over(&stream, TOGETHER).unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        let asked = socket.tcp_keepalive_interval().unwrap() * socket.tcp_keepalive_retries().unwrap();
        let silent = socket.tcp_keepalive_time().unwrap() + asked;
        assert_eq!(silent, Duration::from_secs(10));
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(silent));
    }
}
