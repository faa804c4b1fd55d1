//! Opens windows as processes of their own, brings one to the front when it is open already, and closes them at
//! the end. Must not know what a window shows.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use deskring_engine::{AppView, Paths, Window};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};

/// A window that does not close by itself within this time is ended.
const PATIENCE: Duration = Duration::from_millis(400);
/// Tells WebKitGTK to draw without the graphics card: a plain page is on the screen a tenth of a second sooner, and
/// never blank for a driver's fault. Whoever has set it decides.
const COMPOSITING: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
/// No window.
const NONE: u32 = 0;

/// Asks for windows. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Opener {
    requests: mpsc::UnboundedSender<Window>,
    pids: Pids,
}

/// The other end, to be run by the process's runtime.
pub(crate) struct Requests {
    requests: mpsc::UnboundedReceiver<Window>,
    pids: Pids,
}

/// The processes of the windows.
#[derive(Clone, Default)]
struct Pids {
    panel: Arc<AtomicU32>,
    settings: Arc<AtomicU32>,
}

impl Pids {
    fn of(&self, window: Window) -> &AtomicU32 {
        match window {
            Window::Panel => &self.panel,
            Window::Settings => &self.settings,
        }
    }
}

pub(crate) fn opener() -> (Opener, Requests) {
    let (sender, requests) = mpsc::unbounded_channel();
    let pids = Pids::default();
    (Opener { requests: sender, pids: pids.clone() }, Requests { requests, pids })
}

impl Opener {
    /// Shows a window, soon.
    pub(crate) fn show(&self, window: Window) {
        // An error means that the process is ending.
        let _ = self.requests.send(window);
    }

    /// Whether this process is one of the windows.
    pub(crate) fn is_window(&self, pid: u32) -> bool {
        pid != NONE
            && [&self.pids.panel, &self.pids.settings]
                .iter()
                .any(|known| known.load(Ordering::Acquire) == pid)
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

/// What windows are started with.
struct Start<'a> {
    program: &'a Path,
    paths: &'a Paths,
    views: watch::Receiver<Arc<AppView>>,
    pids: Pids,
}

/// Serves requests until `end`, then closes what is open. One window of each kind at a time; their processes are
/// reaped. `program` is this program's file, looked up before an upgrade could replace it.
pub(crate) async fn serve(
    mut requests: Requests,
    program: &Path,
    paths: &Paths,
    views: watch::Receiver<Arc<AppView>>,
    end: impl Future<Output = ()>,
) {
    tokio::pin!(end);
    let start = Start { program, paths, views, pids: requests.pids.clone() };
    let (mut panel, mut settings) = (None, None);
    loop {
        tokio::select! {
            () = &mut end => break,
            request = requests.requests.recv() => match request {
                Some(Window::Panel) => panel = start.present(Window::Panel, panel.take()).await,
                Some(Window::Settings) => settings = start.present(Window::Settings, settings.take()).await,
                None => break,
            },
            news = news(&mut panel) => panel = start.after(Window::Panel, news, panel.take()).await,
            news = news(&mut settings) => settings = start.after(Window::Settings, news, settings.take()).await,
        }
    }
    tokio::join!(close(panel), close(settings));
}

impl Start<'_> {
    async fn after(&self, window: Window, news: News, open: Option<Open>) -> Option<Open> {
        let open = open?;
        match news {
            News::Presented => Some(Open { unanswered: open.unanswered.saturating_sub(1), ..open }),
            News::Ended => {
                self.pids.of(window).store(NONE, Ordering::Release);
                // Somebody may have asked for it while it was closing.
                if open.unanswered > 0 { self.present(window, None).await } else { None }
            }
        }
    }

    async fn present(&self, window: Window, open: Option<Open>) -> Option<Open> {
        if let Some(mut open) = open
            && open.orders.write_all(b"present\n").await.is_ok()
        {
            open.unanswered += 1;
            return Some(open);
        }
        match self.start(window) {
            Ok(open) => Some(open),
            Err(error) => {
                tracing::error!(%error, "the window could not be started");
                None
            }
        }
    }

    fn start(&self, window: Window) -> std::io::Result<Open> {
        let name = match window {
            Window::Panel => "panel",
            Window::Settings => "settings",
        };
        let language = self.views.borrow().language.clone();
        let mut command = Command::new(self.program);
        command.args(["--window", name, "--follow-stdin", "--language", &language, "--profile"]);
        command.arg(&self.paths.profile);
        if cfg!(target_os = "linux") && std::env::var_os(COMPOSITING).is_none() {
            command.env(COMPOSITING, "1");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        self.pids.of(window).store(child.id().unwrap_or(NONE), Ordering::Release);
        match (child.stdin.take(), child.stdout.take()) {
            (Some(orders), Some(answers)) => {
                Ok(Open { child, orders, answers: BufReader::new(answers).lines(), unanswered: 0 })
            }
            _ => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }
}

async fn close(open: Option<Open>) {
    let Some(Open { mut child, orders, .. }) = open else { return };
    // Its stdin ends, so it closes by itself.
    drop(orders);
    if tokio::time::timeout(PATIENCE, child.wait()).await.is_err()
        && let Err(error) = child.kill().await
    {
        tracing::debug!(%error, "the window had ended");
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
