//! Owns the two loopback sockets of a sign-in and the connections through them: how many, how long, how large.
//! Must not know: what a request means (that is `gate.rs`).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::Door;
use super::fault::{SignInError, SignInFault};
use super::gate::Gate;
use crate::error::{Error, Kind};

/// One more, and the oldest is dropped. A browser needs two or three.
const MOST_CONNECTIONS: usize = 64;
/// From the first byte of a connection to the end of its head. A browser sends it whole.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
/// Of a head; bodies are never read.
const LARGEST_HEAD: usize = 16 * 1024;
/// Longer than the exchange of a code can take.
const LONGEST_CONNECTION: Duration = Duration::from_secs(60);
/// For the browser to take its page when all is over.
const FAREWELL: Duration = Duration::from_secs(1);
/// After an accept that failed, most likely because this process has no file handle left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// `localhost` is resolved to either address, so both are listened on.
pub(super) struct Listener {
    v4: TcpListener,
    v6: Option<TcpListener>,
    connections: JoinSet<()>,
    /// The same, oldest first.
    by_age: VecDeque<AbortHandle>,
}

impl Listener {
    pub(super) async fn bind(door: Door) -> Result<Listener, SignInError> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, door.port)).await.map_err(|fault| {
            if is_taken(&fault) {
                SignInFault::PortInUse.into()
            } else {
                SignInError::from(Error::from_source(Kind::Other, fault))
            }
        })?;
        let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, door.port)).await {
            Ok(socket) => Some(socket),
            Err(fault) if is_taken(&fault) => return Err(SignInFault::PortInUse.into()),
            Err(fault) => {
                tracing::debug!(%fault, "no IPv6 here");
                None
            }
        };
        Ok(Listener { v4, v6, connections: JoinSet::new(), by_age: VecDeque::new() })
    }

    /// Takes connections until dropped, which loses none.
    pub(super) async fn serve(&mut self, gate: &Arc<Gate>) -> Infallible {
        loop {
            match self.accept().await {
                Ok(stream) => self.admit(stream, gate),
                Err(fault) => {
                    tracing::debug!(%fault, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Closes both ports at once and waits, briefly, until those who are owed a page have it.
    pub(super) async fn close(self, gate: &Gate) {
        let Listener { v4, v6, mut connections, by_age } = self;
        drop((v4, v6));
        for stranger in by_age.iter().filter(|connection| !gate.expects(connection.id())) {
            stranger.abort();
        }
        let gone = async { while connections.join_next().await.is_some() {} };
        if timeout(FAREWELL, gone).await.is_err() {
            tracing::debug!("the browser did not take its page");
        }
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        let v6 = async {
            match &self.v6 {
                Some(socket) => socket.accept().await,
                None => std::future::pending().await,
            }
        };
        let (stream, _) = tokio::select! {
            accepted = self.v4.accept() => accepted,
            accepted = v6 => accepted,
        }?;
        Ok(stream)
    }

    fn admit(&mut self, stream: TcpStream, gate: &Arc<Gate>) {
        while self.connections.try_join_next().is_some() {}
        self.by_age.retain(|connection| !connection.is_finished());
        if self.by_age.len() >= MOST_CONNECTIONS {
            let oldest = self.by_age.iter().position(|connection| !gate.expects(connection.id()));
            if let Some(oldest) = oldest.and_then(|position| self.by_age.remove(position)) {
                oldest.abort();
            }
        }
        self.by_age.push_back(self.connections.spawn(talk(stream, Arc::clone(gate))));
    }
}

/// One request, one answer.
async fn talk(stream: TcpStream, gate: Arc<Gate>) {
    let service = service_fn(|request| {
        let gate = Arc::clone(&gate);
        async move { Ok::<_, Infallible>(gate.answer(&request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(LARGEST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(LONGEST_CONNECTION, connection).await {
        Ok(Ok(())) => {}
        // Not what it was: that is chosen by whoever connected.
        Ok(Err(_)) => tracing::debug!("a connection brought no request"),
        Err(_) => tracing::debug!("a connection took too long"),
    }
}

/// On Windows, a port that another program holds for itself alone is "not permitted".
fn is_taken(fault: &io::Error) -> bool {
    matches!(fault.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}
