//! Programs from outside: started, watched, ended, and what the system says of their memory and time. Must
//! not know which program it is.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::figure::{Figure, Limit};

/// A program that does not end by itself within this time is killed.
const END: Duration = Duration::from_secs(5);
/// What does not come true within this time never will.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// `/proc/PID/stat` counts in these; it is 100 on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running program. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    /// Its process.
    pub(crate) pid: u32,
    /// Just before it was started.
    pub(crate) began: Instant,
    /// What it prints, with the moment of each line; there to be taken.
    pub(crate) output: Option<Lines>,
    /// What it logs.
    pub(crate) log: Lines,
}

/// Lines as they come.
pub(crate) struct Lines(mpsc::UnboundedReceiver<(Instant, String)>);

impl Program {
    /// Starts it with nothing on stdin.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let began = Instant::now();
        let mut child = command.spawn().context("starting the program")?;
        let pid = child.id().context("the program ended at once")?;
        let output = Some(Lines::of(child.stdout.take().context("no output")?));
        let log = Lines::of(child.stderr.take().context("no log")?);
        Ok(Self { child, pid, began, output, log })
    }

    /// Asks it to end, as a sign-out does, and waits.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill").arg("-TERM").arg(self.pid.to_string()).status().await?;
        ensure!(asked.success(), "process {} was gone already", self.pid);
        match tokio::time::timeout(END, self.child.wait()).await {
            Ok(status) => {
                ensure!(status?.success(), "the program failed at its end");
                Ok(())
            }
            Err(_) => bail!("the program did not end within {END:?} of SIGTERM"),
        }
    }
}

impl Program {
    /// Ends it as a power cut does.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("killing the program")
    }
}

impl Lines {
    fn of(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    /// The next line; `None` when the program has ended.
    pub(crate) async fn next(&mut self) -> Option<(Instant, String)> {
        self.0.recv().await
    }

    /// The first line from here on of which `pick` makes something.
    pub(crate) async fn find<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&str) -> Option<T>,
    ) -> anyhow::Result<(Instant, T)> {
        let mut last = String::new();
        let found = async {
            while let Some((at, line)) = self.next().await {
                if let Some(found) = pick(&line) {
                    return Some((at, found));
                }
                last = line;
            }
            None
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => bail!("the program ended and never {what}; its last line: {last:?}"),
            Err(_) => bail!("the program never {what}; its last line: {last:?}"),
        }
    }
}

/// Looks often until there is something.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> anyhow::Result<T> {
    until_within(PATIENCE, what, look).await
}

/// The same for what takes longer.
pub(crate) async fn until_within<T>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let found = async {
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(patience, found).await.map_err(|_| anyhow::anyhow!("never {what}"))
}

/// Memory of a process and everything it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Proportional share in MiB: pages used by several processes count in parts.
    pub(crate) pss: f64,
    /// Pages of nobody else, in MiB.
    pub(crate) private: f64,
    /// How many processes.
    pub(crate) processes: usize,
}

/// Reads the memory of a process and everything it started.
pub(crate) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let mut sum = Memory { pss: 0.0, private: 0.0, processes: 0 };
    let members = family(pid)?;
    if let Some(other) = other_deskring(&members)? {
        bail!("another Deskring runs (process {other}) and would bear part of the memory; end it first");
    }
    for member in members {
        let text = match std::fs::read_to_string(format!("/proc/{member}/smaps_rollup")) {
            Ok(text) => text,
            // A child may end while we look.
            Err(_) if member != pid => continue,
            Err(error) => return Err(error).context("reading the memory of the program"),
        };
        let of = |names: &[&str]| -> f64 {
            let rows = text.lines().filter_map(|line| {
                let (name, rest) = line.split_once(':')?;
                names
                    .contains(&name)
                    .then(|| rest.trim().trim_end_matches(" kB").parse::<f64>().ok())
                    .flatten()
            });
            rows.sum::<f64>() / 1024.0
        };
        sum.pss += of(&["Pss"]);
        sum.private += of(&["Private_Clean", "Private_Dirty"]);
        sum.processes += 1;
    }
    Ok(sum)
}

/// Processor time a process and everything it started have used, without what has ended.
pub(crate) fn processor(pid: u32) -> anyhow::Result<Duration> {
    let mut ticks = 0.0;
    for member in family(pid)? {
        let Some(stat) = Stat::of(member) else { continue };
        ticks += stat.ticks;
    }
    Ok(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
}

/// Whether the process has not ended.
pub(crate) fn runs(pid: u32) -> bool {
    Stat::of(pid).is_some()
}

/// A process and everything it started, itself first.
pub(crate) fn family(pid: u32) -> anyhow::Result<Vec<u32>> {
    ensure!(runs(pid), "process {pid} has ended");
    let mut all = BTreeSet::new();
    for found in processes()? {
        if let Some(stat) = Stat::of(found) {
            all.insert((found, stat.parent));
        }
    }
    let mut members = vec![pid];
    let mut next = 0;
    while let Some(&parent) = members.get(next) {
        members.extend(all.iter().filter(|(_, of)| *of == parent).map(|(found, _)| found));
        next += 1;
    }
    Ok(members)
}

/// One that shares the program or the libraries it loads.
fn other_deskring(family: &[u32]) -> anyhow::Result<Option<u32>> {
    Ok(processes()?.find(|pid| {
        let program = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        // One that was built anew while it runs.
        let is_ours = matches!(name.trim_end_matches(" (deleted)"), "deskring" | "deskring-cli");
        is_ours && !family.contains(pid)
    }))
}

fn processes() -> anyhow::Result<impl Iterator<Item = u32>> {
    let entries = std::fs::read_dir("/proc")?.filter_map(Result::ok);
    Ok(entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()))
}

struct Stat {
    parent: u32,
    ticks: f64,
}

impl Stat {
    /// Not of one that has ended and only waits for its parent.
    fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in parentheses and may hold anything.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let of = |index: usize| fields.get(index).copied();
        if of(0)? == "Z" {
            return None;
        }
        let ticks = of(11)?.parse::<f64>().ok()? + of(12)?.parse::<f64>().ok()?;
        Some(Self { parent: of(1)?.parse().ok()?, ticks })
    }
}

/// Bytes of the programs a user installs.
pub(crate) fn sizes() -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for name in ["deskring", "deskring-cli"] {
        let path: PathBuf = e2e::program(name);
        #[allow(clippy::cast_precision_loss, reason = "no program has 2^52 bytes")]
        let size = std::fs::metadata(&path)?.len() as f64 / 1024.0 / 1024.0;
        let what = format!("size of `{name}`");
        figures.push(Figure::of_value(&what, size, "MiB", Limit::None, "bytes of the built file"));
    }
    Ok(figures)
}
