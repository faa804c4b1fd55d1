//! Opens the window as a process of its own, brings it to the front when it is open already, and closes it at
//! the end. Must not know what a window shows.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use deskring_engine::Paths;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

/// A window that does not close by itself within this time is ended.
const PATIENCE: Duration = Duration::from_millis(400);
/// No window.
const NONE: u32 = 0;

/// Asks for the window. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Opener {
    requests: mpsc::UnboundedSender<()>,
    window: Arc<AtomicU32>,
}

/// The other end, to be run by the process's runtime.
pub(crate) struct Requests {
    requests: mpsc::UnboundedReceiver<()>,
    window: Arc<AtomicU32>,
}

pub(crate) fn opener() -> (Opener, Requests) {
    let (sender, requests) = mpsc::unbounded_channel();
    let window = Arc::new(AtomicU32::new(NONE));
    (Opener { requests: sender, window: window.clone() }, Requests { requests, window })
}

impl Opener {
    /// Shows the window, soon.
    pub(crate) fn show(&self) {
        // An error means that the process is ending.
        let _ = self.requests.send(());
    }

    /// The window's process, while there is one.
    pub(crate) fn window(&self) -> Option<u32> {
        Some(self.window.load(Ordering::Acquire)).filter(|pid| *pid != NONE)
    }
}

struct Open {
    child: Child,
    orders: ChildStdin,
}

/// Serves requests until `end`, then closes what is open. One window at a time; its process is reaped.
pub(crate) async fn serve(mut requests: Requests, paths: &Paths, end: impl Future<Output = ()>) {
    tokio::pin!(end);
    let mut open: Option<Open> = None;
    loop {
        tokio::select! {
            () = &mut end => break,
            request = requests.requests.recv() => match request {
                Some(()) => open = present(open.take(), paths, &requests.window).await,
                None => break,
            },
            status = ended(&mut open) => {
                tracing::debug!(?status, "the window closed");
                requests.window.store(NONE, Ordering::Release);
                open = None;
            }
        }
    }
    if let Some(Open { mut child, orders }) = open {
        // Its stdin ends, so it closes by itself.
        drop(orders);
        if tokio::time::timeout(PATIENCE, child.wait()).await.is_err()
            && let Err(error) = child.kill().await
        {
            tracing::debug!(%error, "the window had ended");
        }
    }
}

async fn present(open: Option<Open>, paths: &Paths, window: &AtomicU32) -> Option<Open> {
    if let Some(mut open) = open
        && open.orders.write_all(b"present\n").await.is_ok()
    {
        return Some(open);
    }
    match start(paths, window) {
        Ok(open) => Some(open),
        Err(error) => {
            tracing::error!(%error, "the window could not be started");
            None
        }
    }
}

fn start(paths: &Paths, window: &AtomicU32) -> std::io::Result<Open> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--window", "panel", "--follow-stdin", "--profile"]).arg(&paths.profile);
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    window.store(child.id().unwrap_or(NONE), Ordering::Release);
    match child.stdin.take() {
        Some(orders) => Ok(Open { child, orders }),
        None => Err(std::io::ErrorKind::BrokenPipe.into()),
    }
}

async fn ended(open: &mut Option<Open>) -> std::io::Result<std::process::ExitStatus> {
    match open {
        Some(open) => open.child.wait().await,
        None => std::future::pending().await,
    }
}
