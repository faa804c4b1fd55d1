//! Opens the window as a process of its own, brings it to the front when it is open already, and closes it at
//! the end. Must not know what a window shows.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use deskring_engine::Paths;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
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
    answers: Lines<BufReader<ChildStdout>>,
    /// Orders that the window has not confirmed: it may have been closing when they were given.
    unanswered: usize,
}

enum News {
    /// The window came to the front as ordered.
    Presented,
    /// The process ended.
    Ended,
}

/// Serves requests until `end`, then closes what is open. One window at a time; its process is reaped.
/// `program` is this program's file, looked up before an upgrade could replace it.
pub(crate) async fn serve(
    mut requests: Requests,
    program: &Path,
    paths: &Paths,
    end: impl Future<Output = ()>,
) {
    tokio::pin!(end);
    let mut open: Option<Open> = None;
    loop {
        tokio::select! {
            () = &mut end => break,
            request = requests.requests.recv() => match request {
                Some(()) => open = present(open.take(), program, paths, &requests.window).await,
                None => break,
            },
            news = news(&mut open) => match (news, open.take()) {
                (News::Presented, Some(window)) => {
                    open = Some(Open { unanswered: window.unanswered.saturating_sub(1), ..window });
                }
                (News::Ended, Some(window)) => {
                    requests.window.store(NONE, Ordering::Release);
                    // Somebody asked for it while it was closing.
                    if window.unanswered > 0 {
                        open = present(None, program, paths, &requests.window).await;
                    }
                }
                (News::Presented | News::Ended, None) => {}
            }
        }
    }
    if let Some(Open { mut child, orders, .. }) = open {
        // Its stdin ends, so it closes by itself.
        drop(orders);
        if tokio::time::timeout(PATIENCE, child.wait()).await.is_err()
            && let Err(error) = child.kill().await
        {
            tracing::debug!(%error, "the window had ended");
        }
    }
}

async fn present(open: Option<Open>, program: &Path, paths: &Paths, window: &AtomicU32) -> Option<Open> {
    if let Some(mut open) = open
        && open.orders.write_all(b"present\n").await.is_ok()
    {
        open.unanswered += 1;
        return Some(open);
    }
    match start(program, paths, window) {
        Ok(open) => Some(open),
        Err(error) => {
            tracing::error!(%error, "the window could not be started");
            None
        }
    }
}

fn start(program: &Path, paths: &Paths, window: &AtomicU32) -> std::io::Result<Open> {
    let mut command = Command::new(program);
    command.args(["--window", "panel", "--follow-stdin", "--profile"]).arg(&paths.profile);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    window.store(child.id().unwrap_or(NONE), Ordering::Release);
    match (child.stdin.take(), child.stdout.take()) {
        (Some(orders), Some(answers)) => {
            Ok(Open { child, orders, answers: BufReader::new(answers).lines(), unanswered: 0 })
        }
        _ => Err(std::io::ErrorKind::BrokenPipe.into()),
    }
}

async fn news(open: &mut Option<Open>) -> News {
    let Some(Open { child, answers, .. }) = open else { return std::future::pending().await };
    let answer = async {
        match answers.next_line().await {
            Ok(Some(_)) => {}
            // It says no more; its end is told by the other branch.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = answer => News::Presented,
        status = child.wait() => {
            tracing::debug!(?status, "the window closed");
            News::Ended
        }
    }
}
