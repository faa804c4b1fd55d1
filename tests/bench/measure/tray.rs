//! The tray app as a process in a desktop session: how soon its icon is there, what it costs at rest, and
//! what a window costs while and after it is open. Must not look into the process other than the system does.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use deskring_engine::{Command, Window};

use super::Effort;
use super::figure::{Figure, Limit, Times};
use super::process::{self, Program, until};
use super::session::{self, TrayWatch};
use super::stage::Stage;

const READY_MS: f64 = 300.0;
const WINDOW_MS: f64 = 700.0;
const MEMORY_MIB: f64 = 60.0;
const GROWTH_MIB: f64 = 5.0;
/// A page has drawn itself and its processes have settled.
const SETTLED: Duration = Duration::from_secs(2);

/// From the start to the icon.
pub(crate) async fn start(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::set().await?;
    let mut watch = TrayWatch::begin().await?;
    let (mut inside, mut outside) = (Times::default(), Times::default());
    for round in 0..=effort.starts {
        let mut program = stage.start("deskring", &["--hidden"])?;
        let registered = watch.registered_by(program.pid).await?;
        let (_, ready) = program.log.find("said \"tray ready\"", ready).await?;
        // The first one reads the program from the disk.
        if round > 0 {
            outside.push(registered.duration_since(program.began));
            inside.push(ready);
        }
        stage.connected().await?;
        program.end().await?;
    }
    Ok(vec![
        Figure::of_times(
            "tray app: start → tray ready",
            &inside,
            Limit::AtMost(READY_MS),
            "warm starts with a profile; its own log line \"tray ready\", counted from main()",
        ),
        Figure::of_times(
            "tray app: start → icon registered",
            &outside,
            Limit::AtMost(READY_MS),
            "the same starts; from before the process is made until its StatusNotifierItem is announced",
        ),
    ])
}

/// `… tray ready ms=42`
fn ready(line: &str) -> Option<Duration> {
    let rest = line.split_once("tray ready")?.1;
    let ms = rest.split_whitespace().find_map(|field| field.strip_prefix("ms="))?;
    ms.parse().ok().map(Duration::from_millis)
}

/// Memory and processor without a window, then with one, then after it.
pub(crate) async fn rest_and_window(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::set().await?;
    let mut program = stage.start("deskring", &["--hidden"])?;
    let pid = program.pid;
    program.log.find("said \"tray ready\"", ready).await?;
    stage.connected().await?;
    tokio::time::sleep(effort.idle).await;
    let before = process::memory(pid)?;
    let (used, began) = (process::processor(pid)?, Instant::now());
    tokio::time::sleep(effort.rest).await;
    let used = process::processor(pid)?.saturating_sub(used);
    let core = used.as_secs_f64() / began.elapsed().as_secs_f64() * 100.0;

    let mut mapped = Times::default();
    let mut open = None;
    for _ in 0..effort.windows {
        let asked = Instant::now();
        let mut client = stage.client().await?;
        client.command(Command::Show { window: Window::Panel }).await?;
        let window = until("came a window", async || window_of(&program).await).await?;
        mapped.push(asked.elapsed());
        tokio::time::sleep(SETTLED).await;
        open = Some(process::memory(pid)?);
        // Written down while they are below the tray's process: a web process may outlive the window's.
        let processes = process::family(pid)?.split_off(1);
        session::close(&window).await?;
        let gone = async || processes.iter().all(|process| !process::runs(*process)).then_some(());
        until("ended the window's processes", gone).await?;
    }
    tokio::time::sleep(effort.idle).await;
    let after = process::memory(pid)?;
    program.end().await?;

    let open = open.context("no window was opened")?;
    let idle = effort.idle.as_secs();
    Ok(vec![
        Figure::of_value(
            "tray app: memory, no window",
            before.pss,
            "MiB",
            Limit::AtMost(MEMORY_MIB),
            "PSS in smaps_rollup of the process and its descendants, connected, no window yet, after a rest",
        )
        .with(&format!("private {:.1} MiB, after {idle} s", before.private)),
        Figure::of_value(
            "tray app: memory more after a window than before",
            after.pss - before.pss,
            "MiB",
            Limit::AtMost(GROWTH_MIB),
            "the same after the window was opened and closed as a user closes it, and another rest",
        )
        .with(&format!("{:.1} MiB after {} opened and closed", after.pss, effort.windows)),
        Figure::of_value(
            "tray app: memory while its window is open",
            open.pss,
            "MiB",
            Limit::None,
            "the same while the window is open, its web processes included",
        )
        .with(&format!("{} processes", open.processes)),
        Figure::of_value(
            "tray app: processor at rest",
            core,
            "% of a core",
            Limit::None,
            "utime + stime in /proc/PID/stat, connected, no window",
        )
        .with(&format!("over {} s", effort.rest.as_secs())),
        Figure::of_times(
            "tray app: window asked for → on the screen",
            &mapped,
            Limit::AtMost(WINDOW_MS),
            "from the command on the local socket until xdotool sees the window; a look takes some 10 ms",
        ),
    ])
}

/// The window is a process of its own below the tray's.
async fn window_of(program: &Program) -> Option<String> {
    for child in process::family(program.pid).ok()?.into_iter().skip(1) {
        if let Some(window) = session::window_of(child).await {
            return Some(window);
        }
    }
    None
}
