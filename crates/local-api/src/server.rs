//! Serves a running engine. A client that reads slowly, sends garbage or never reads harms only itself: each
//! has a task of its own, a limit on what it may send, and a limit on how long it may not read.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use deskring_engine::{Handle, Paths};
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::tokio::Listener as _;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::transport;
use crate::wire::{Answer, Ask, Hello, LONGEST_LINE, PROTOCOL, Tell, What};

/// Windows, command lines and a browser's host; many more are a mistake.
const MOST_CLIENTS: usize = 32;
/// Who does not read for this long is let go.
const PATIENCE: Duration = Duration::from_secs(5);
/// Answers that wait for a slow client before its questions are no longer read.
const QUEUE: usize = 16;
/// Lines that cannot be read before a client is let go.
const MOST_MISTAKES: usize = 8;

/// Serves until it is dropped.
#[derive(Debug)]
pub struct Server {
    task: JoinHandle<()>,
    paths: Paths,
}

impl Server {
    /// Opens the socket of a profile and serves its engine. Must be called inside a Tokio runtime, by the
    /// process that holds the engine.
    ///
    /// # Errors
    /// When the socket cannot be made, for example because the runtime folder is somebody else's.
    pub fn start(handle: Handle, paths: &Paths) -> io::Result<Self> {
        let listener = transport::listen(paths)?;
        let task = tokio::spawn(accept(listener, handle, paths.clone()));
        Ok(Self { task, paths: paths.clone() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        // Gone at once, so that nobody connects to an engine that is ending. Pipes vanish by themselves.
        if let Err(error) = std::fs::remove_file(self.paths.runtime.join("engine.sock")) {
            tracing::trace!(%error, "the socket was gone already");
        }
    }
}

async fn accept(listener: Listener, handle: Handle, paths: Paths) {
    let places = Arc::new(Semaphore::new(MOST_CLIENTS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%error, "a client could not be let in");
                // Out of file descriptors, most likely: let some be closed first.
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        if !transport::is_same_user(&stream, &paths) {
            tracing::warn!("another user tried to use the local socket and was turned away");
            continue;
        }
        let handle = handle.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, handle).await {
                tracing::debug!(%error, "a client left");
            }
            drop(place);
        });
    }
}

async fn serve(stream: Stream, handle: Handle) -> io::Result<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let (answers, mut queue) = mpsc::channel::<Tell>(QUEUE);
    let hello = Hello {
        deskring: handle.view().borrow().version.clone(),
        protocol: PROTOCOL,
        pid: std::process::id(),
    };
    write(&mut writer, &hello).await?;
    let writing = async {
        while let Some(tell) = queue.recv().await {
            write(&mut writer, &tell).await?;
        }
        Ok::<(), io::Error>(())
    };
    // Whichever ends first ends the other: a client that went away, or one that does not read.
    tokio::select! {
        read = read(BufReader::new(reader), handle, answers) => read,
        written = writing => written,
    }
}

async fn read(
    mut reader: impl AsyncBufReadExt + Unpin,
    handle: Handle,
    answers: mpsc::Sender<Tell>,
) -> io::Result<()> {
    let mut mistakes = 0;
    let mut line = Vec::new();
    // Dropped with this function, which ends every watch and lookup of this client.
    let mut work = tokio::task::JoinSet::new();
    loop {
        line.clear();
        let limit = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
        let count = (&mut reader).take(limit).read_until(b'\n', &mut line).await?;
        if count == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end"));
        }
        match serde_json::from_slice::<Ask>(&line) {
            Ok(ask) => {
                work.spawn(answer(ask, handle.clone(), answers.clone()));
            }
            Err(error) => {
                mistakes += 1;
                // Its own words may quote a secret that came where another word belongs.
                let (column, error) = (error.column(), error.classify());
                tracing::debug!(column, ?error, "a client sent something that is not a question");
                let what = failed("bad_request");
                if mistakes > MOST_MISTAKES || answers.send(Tell { id: 0, what }).await.is_err() {
                    return Ok(());
                }
            }
        }
        while work.try_join_next().is_some() {}
        // Questions without end, none answered yet: the client reads no answers.
        while work.len() > QUEUE {
            work.join_next().await;
        }
    }
}

async fn answer(ask: Ask, handle: Handle, answers: mpsc::Sender<Tell>) {
    let id = ask.id;
    let tell = |what| answers.send(Tell { id, what });
    let what = match ask.what {
        What::View => Answer::View { view: Box::new(handle.view().borrow().as_ref().clone()) },
        What::Watch => {
            let mut views = handle.view();
            views.mark_changed();
            while views.changed().await.is_ok() {
                let view = views.borrow_and_update().as_ref().clone();
                if tell(Answer::View { view: Box::new(view) }).await.is_err() {
                    return;
                }
            }
            failed("not_running")
        }
        What::Command { command } => {
            if handle.send(command).await {
                Answer::Done
            } else {
                failed("not_running")
            }
        }
        What::LookUp { number } => match handle.look_up(number).await {
            Ok(report) => Answer::Report { report },
            Err(code) => failed(&code),
        },
        // To its end, also when the client leaves meanwhile: half a disconnection helps nobody.
        What::SetUp { want } => match tokio::spawn(async move { handle.ask(want).await }).await {
            Ok(Ok(answer)) => Answer::SetUp { answer: Box::new(answer) },
            Ok(Err(fault)) => Answer::Failed { code: fault.code, detail: fault.detail },
            Err(_) => failed("other"),
        },
        // Likewise: a contact that is half created is a contact nobody knows of.
        What::Assist { want } => match tokio::spawn(async move { handle.assist(want).await }).await {
            Ok(Ok(answer)) => Answer::Assist { answer: Box::new(answer) },
            Ok(Err(fault)) => Answer::Failed { code: fault.code, detail: fault.detail },
            Err(_) => failed("other"),
        },
    };
    // An error means that the client has left.
    let _ = tell(what).await;
}

fn failed(code: &str) -> Answer {
    Answer::Failed { code: code.to_owned(), detail: None }
}

async fn write(writer: &mut (impl AsyncWriteExt + Unpin), message: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    match tokio::time::timeout(PATIENCE, writer.write_all(&line)).await {
        Ok(written) => written,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")),
    }
}
