//! Owns the order of the measurements, what a command line picks of them, and the exit code. Must not know
//! how anything is measured.

mod calls;
mod cli;
mod figure;
mod gateway;
mod people;
mod process;
mod report;
mod session;
mod stage;
mod takeover;
mod tray;

use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use futures_util::FutureExt as _;

use figure::Figure;

/// Measures Deskring and compares with what it promises.
#[derive(Debug, Parser)]
#[command(name = "deskring-bench", version)]
struct Arguments {
    /// Measure these only
    #[arg(value_name = "NAME", value_enum)]
    only: Vec<Subject>,
    /// Few calls, a storm of 3 seconds, short pauses; writes no file by itself
    #[arg(long)]
    quick: bool,
    /// Where the table goes; docs/performance.md when everything was measured
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Subject {
    /// From the PBX's event to the notification and to the tab, the contact being known here.
    Cached,
    /// The same when Desk must be asked.
    Live,
    /// A busy PBX's events on one `deskring-cli run`.
    Storm,
    /// Memory of `deskring-cli run` at rest.
    Cli,
    /// Half a million contacts on this computer: reading them, and naming callers by them.
    Index,
    /// As many in a phonebook of the PBX.
    Phonebook,
    /// The gateway with ten thousand agents; two on one database, of which one is killed.
    Gateway,
    /// From the start of the tray app to its icon.
    Start,
    /// Memory and processor of the tray app, and its window.
    Tray,
    /// Bytes of the programs.
    Sizes,
}

/// How much is done for each figure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Calls for each latency.
    pub(crate) calls: usize,
    /// Length of the storm in seconds.
    pub(crate) storm_seconds: u32,
    /// My own calls during the storm.
    pub(crate) storm_calls: u32,
    /// Rest before memory is read.
    pub(crate) idle: Duration,
    /// Rest over which processor time is counted.
    pub(crate) rest: Duration,
    /// Starts of the tray app.
    pub(crate) starts: usize,
    /// Windows opened and closed.
    pub(crate) windows: usize,
    /// Contacts of a large portal.
    pub(crate) people: u32,
    /// Agents of a gateway.
    pub(crate) agents: usize,
    /// Calls that are on when a gateway is killed.
    pub(crate) calls_on: u32,
}

impl Effort {
    fn full() -> Self {
        Self {
            calls: 200,
            storm_seconds: 60,
            storm_calls: 20,
            idle: Duration::from_secs(10),
            rest: Duration::from_secs(30),
            starts: 7,
            windows: 3,
            people: 500_000,
            agents: 10_000,
            calls_on: 1_000,
        }
    }

    fn quick() -> Self {
        Self {
            calls: 20,
            storm_seconds: 3,
            storm_calls: 20,
            idle: Duration::from_secs(2),
            rest: Duration::from_secs(3),
            starts: 3,
            windows: 1,
            people: 20_000,
            agents: 500,
            calls_on: 100,
        }
    }
}

pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "deskring-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let effort = if arguments.quick { Effort::quick() } else { Effort::full() };
    let everything = arguments.only.is_empty();
    let mut out = std::io::stdout();
    let mut figures = Vec::new();
    for subject in Subject::value_variants() {
        if !everything && !arguments.only.contains(subject) {
            continue;
        }
        let name = subject.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        writeln!(out, "{name}")?;
        // The rig panics when something never comes; that must not take the other figures with it.
        let measuring = AssertUnwindSafe(measure(*subject, effort)).catch_unwind();
        let measured = match runtime.block_on(measuring) {
            Ok(Ok(measured)) => measured,
            Ok(Err(error)) => vec![Figure::impossible(&name, &format!("{error:#}"))],
            Err(_) => vec![Figure::impossible(&name, "the panic above")],
        };
        for figure in &measured {
            writeln!(out, "  {figure}")?;
        }
        figures.extend(measured);
    }
    let usual = (everything && !arguments.quick).then(|| PathBuf::from("docs/performance.md"));
    if let Some(file) = arguments.out.clone().or(usual) {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, report::page(&figures, arguments.quick))
            .with_context(|| format!("writing {}", file.display()))?;
        writeln!(out, "written: {}", file.display())?;
    }
    let missed = figures.iter().filter(|figure| figure.is_missed()).count();
    if missed == 0 {
        writeln!(out, "every limit is met")?;
        Ok(ExitCode::SUCCESS)
    } else {
        writeln!(out, "{missed} missed")?;
        Ok(ExitCode::FAILURE)
    }
}

async fn measure(subject: Subject, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    match subject {
        Subject::Cached => calls::cached(effort).await,
        Subject::Live => calls::live(effort).await,
        Subject::Storm => cli::storm(effort).await,
        Subject::Cli => cli::memory(effort).await,
        Subject::Index => people::index(effort).await,
        Subject::Phonebook => people::phonebook(effort).await,
        Subject::Gateway => Ok([gateway::gateway(effort).await?, takeover::takeover(effort).await?].concat()),
        Subject::Start => tray::start(effort).await,
        Subject::Tray => tray::rest_and_window(effort).await,
        Subject::Sizes => process::sizes(),
    }
}
