//! Owns the loopback ports: listening, TLS, closing a port and opening it again, and cutting a connection
//! in the middle. It knows nothing of what is spoken over them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Locks, also after another thread panicked while holding the lock: a failed test must not hide the next.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Line {
    cut: AtomicBool,
    reading: AtomicWaker,
    writing: AtomicWaker,
}

/// Cuts one connection from afar; the peer sees a reset.
#[derive(Clone, Default)]
pub(crate) struct Scissors(Arc<Line>);

impl Scissors {
    pub(crate) fn cut(&self) {
        self.0.cut.store(true, Ordering::SeqCst);
        self.0.reading.wake();
        self.0.writing.wake();
    }

    fn is_cut(&self) -> bool {
        self.0.cut.load(Ordering::SeqCst)
    }
}

/// What a handler learns about the connection a request came over.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) scissors: Scissors,
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Peer {
        Peer { address: *stream.remote_addr(), scissors: stream.io().scissors().clone() }
    }
}

/// A TCP stream that can be cut.
pub(crate) struct Wire {
    tcp: TcpStream,
    scissors: Scissors,
}

impl Wire {
    fn reset(&self) -> io::Error {
        // Without lingering the kernel answers with RST, which is what a dying peer looks like.
        let _ = self.tcp.set_zero_linger();
        io::ErrorKind::ConnectionReset.into()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.scissors.0.reading.register(cx.waker());
        if self.scissors.is_cut() {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.scissors.0.writing.register(cx.waker());
        if self.scissors.is_cut() {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.scissors.is_cut() {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.scissors.is_cut() {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// A connection, plain or with TLS.
pub(crate) enum Stream {
    Plain(Wire),
    Tls(Box<TlsStream<Wire>>),
}

impl Stream {
    fn scissors(&self) -> &Scissors {
        match self {
            Stream::Plain(wire) => &wire.scissors,
            Stream::Tls(stream) => &stream.get_ref().0.scissors,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(wire) => Pin::new(wire).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(wire) => Pin::new(wire).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(wire) => Pin::new(wire).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(wire) => Pin::new(wire).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

type Lines = Arc<Mutex<Vec<Weak<Line>>>>;
type Accepted = (Stream, SocketAddr);

/// The listening side of a port.
pub(crate) struct Door {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
    lines: Lines,
    shaken: (mpsc::Sender<Accepted>, mpsc::Receiver<Accepted>),
}

impl axum::serve::Listener for Door {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            let arrived = tokio::select! {
                arrived = self.tcp.accept() => arrived,
                Some(ready) = self.shaken.1.recv() => return ready,
            };
            let Ok((tcp, address)) = arrived else { continue };
            let _ = tcp.set_nodelay(true);
            let scissors = Scissors::default();
            {
                let mut lines = lock(&self.lines);
                lines.retain(|line| line.strong_count() > 0);
                lines.push(Arc::downgrade(&scissors.0));
            }
            let wire = Wire { tcp, scissors };
            let Some(tls) = self.tls.clone() else { return (Stream::Plain(wire), address) };
            // A client that never finishes its handshake must not keep the others waiting.
            let ready = self.shaken.0.clone();
            tokio::spawn(async move {
                if let Ok(stream) = tls.accept(wire).await {
                    let _ = ready.send((Stream::Tls(Box::new(stream)), address)).await;
                }
            });
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// One port of the simulator: open or closed, always under the same number.
pub(crate) struct Port {
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    app: Router,
    lines: Lines,
    serving: Mutex<Option<JoinHandle<()>>>,
}

impl Port {
    /// Takes a loopback port (0 = any) without answering on it yet.
    pub(crate) async fn listen(port: u16) -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
    }

    pub(crate) fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, app: Router) -> io::Result<Port> {
        let address = listener.local_addr()?;
        let port = Port { address, tls, app, lines: Lines::default(), serving: Mutex::new(None) };
        port.start(listener);
        Ok(port)
    }

    fn start(&self, tcp: TcpListener) {
        let door = Door { tcp, tls: self.tls.clone(), lines: self.lines.clone(), shaken: mpsc::channel(64) };
        let service = self.app.clone().into_make_service_with_connect_info::<Peer>();
        let task = tokio::spawn(async move {
            let _ = axum::serve(door, service).await;
        });
        *lock(&self.serving) = Some(task);
    }

    /// Connection refused from now on; open connections are reset.
    pub(crate) async fn close(&self) {
        let task = lock(&self.serving).take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
        self.cut_all();
    }

    /// Opens the same port again. Does nothing while it is open.
    pub(crate) async fn open(&self) -> io::Result<()> {
        if lock(&self.serving).is_some() {
            return Ok(());
        }
        let listener = TcpListener::bind(self.address).await?;
        self.start(listener);
        Ok(())
    }

    pub(crate) fn is_open(&self) -> bool {
        lock(&self.serving).is_some()
    }

    fn cut_all(&self) {
        let lines = std::mem::take(&mut *lock(&self.lines));
        for line in lines.iter().filter_map(Weak::upgrade) {
            Scissors(line).cut();
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.serving).take() {
            task.abort();
        }
        self.cut_all();
    }
}
