//! `run`: the engine with a browser and a terminal for a desktop.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use deskring_engine::domain::{CallId, Notice, Plan};
use deskring_engine::{Desktop, Engine, Happening, Manner, Paths, SignInEnd};
use deskring_local_api::Server;

use crate::Format;
use crate::say::{self, Voice};

/// Longest wait for the loop to end after a signal.
const GOODBYE: Duration = Duration::from_millis(1500);

/// Runs until SIGTERM or SIGINT. The PBX's token is kept for the next start.
pub(crate) async fn run(paths: Paths, format: Format) -> anyhow::Result<ExitCode> {
    let engine = Engine::prepare(paths.clone(), Arc::new(Terminal::new(&paths, format)))?;
    let handle = engine.handle();
    let problems = handle.view().borrow().problems.clone();
    if let Some(problem) = problems.iter().find(|problem| say::is_fatal(problem)) {
        bail!("{}", say::voice(&paths).problem(problem));
    }
    let server = Server::start(handle.clone(), &paths).context("the local socket cannot be opened")?;
    let mut running = tokio::spawn(engine.run());
    tokio::select! {
        _ = &mut running => {}
        signal = signalled() => {
            signal?;
            handle.stop().await;
            // The loop ends between two messages; nothing of it is worth a longer wait.
            let _ = tokio::time::timeout(GOODBYE, running).await;
        }
    }
    drop(server);
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed,
    }
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// One line for each thing that happens.
pub(crate) struct Terminal {
    format: Format,
    voice: Voice,
}

impl Terminal {
    pub(crate) fn new(paths: &Paths, format: Format) -> Self {
        Self { format, voice: say::voice(paths) }
    }
}

impl Desktop for Terminal {
    fn open(&self, address: &str) -> Result<(), String> {
        webbrowser::open(address).map_err(|error| error.to_string())
    }

    fn notify(&self, _: &Notice, _: &Plan, _: Manner) {}

    fn withdraw(&self, _: &CallId) {}

    fn sign_in_page(&self, end: SignInEnd) -> String {
        self.voice.sign_in_page(end)
    }

    fn happened(&self, happening: &Happening<'_>) {
        let line = match self.format {
            Format::Text => self.voice.happening(happening),
            Format::Json => say::happening_json(happening).to_string(),
        };
        // Whoever reads our output may have gone; the calls go on.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}
