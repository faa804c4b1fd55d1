//! `deskring-cli run` as a process: its memory at rest, and a PBX so busy that 2,000 events of other people's
//! calls come in each second. Must not look into the process other than the system and its output do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use deskring_simulator::Pbx;
use serde_json::Value;
use tokio::sync::watch;

use super::Effort;
use super::figure::{COUNT, Figure, Limit, Times};
use super::process::{self, Lines, PATIENCE, until};
use super::stage::Stage;

const MEMORY_MIB: f64 = 20.0;
const GROWTH_MIB: f64 = 5.0;
const FRAMES_PER_SECOND: u32 = 2000;
/// Below this the storm was none: the simulator did not keep its pace.
const PACE: f64 = 0.98;
const CORE_PERCENT: f64 = 25.0;

/// Memory at rest.
pub(crate) async fn memory(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::set().await?;
    let program = stage.start("deskring-cli", &["run", "--json"])?;
    stage.connected().await?;
    tokio::time::sleep(effort.idle).await;
    let memory = process::memory(program.pid)?;
    program.end().await?;
    let how = "PSS in smaps_rollup of the process and its descendants, connected, after a rest";
    let figure =
        Figure::of_value("memory of `deskring-cli run`", memory.pss, "MiB", Limit::AtMost(MEMORY_MIB), how);
    Ok(vec![figure.with(&format!("private {:.1} MiB, after {} s", memory.private, effort.idle.as_secs()))])
}

/// Other people's calls, with some of mine between them.
pub(crate) async fn storm(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::set().await?;
    let callers: Vec<Caller> = (0..effort.storm_calls).map(|index| Caller::new(&stage, index)).collect();
    let last = Caller::new(&stage, effort.storm_calls);
    let mut program = stage.start("deskring-cli", &["run", "--json"])?;
    let pid = program.pid;
    let told = Arc::new(Told::by(program.output.take().context("its output")?));
    stage.connected().await?;
    tokio::time::sleep(effort.idle).await;

    let length = Duration::from_secs(effort.storm_seconds.into());
    let pbx = stage.simulator.pbx();
    let handed = pbx.frames_sent();
    let start = process::memory(pid)?;
    let (used, began) = (process::processor(pid)?, Instant::now());
    let raging = tokio::spawn({
        let pbx = pbx.clone();
        async move { (pbx.storm(FRAMES_PER_SECOND, effort.storm_seconds).await, began.elapsed()) }
    });
    let halfway = tokio::spawn(async move {
        tokio::time::sleep(length / 2).await;
        process::memory(pid)
    });
    let mut mine = Vec::new();
    for (index, caller) in (0_u32..).zip(&callers) {
        // In the middle of its share of the storm.
        let due = began + length * (2 * index + 1) / (2 * effort.storm_calls);
        let (pbx, told, number) = (pbx.clone(), told.clone(), caller.number.clone());
        mine.push(tokio::spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            my_call(&pbx, &told, &number).await
        }));
    }
    let (sent, lasted) = raging.await?;
    ensure!(pbx.frames_sent() - handed >= sent, "the program's socket did not get every event");
    // Its event is behind all the others, so with its tab all of them have been read.
    let call = pbx.call_in(&last.number, "1001").await;
    told.wait("opened the last call's tab", &call, opened).await?;
    let used = process::processor(pid)?.saturating_sub(used);
    let read = began.elapsed();
    let middle = halfway.await??;
    let end = process::memory(pid)?;

    let mut tabs = Times::default();
    let mut lost = Vec::new();
    for call in mine {
        match call.await? {
            Ok(tab) => tabs.push(tab),
            Err(error) => lost.push(format!("{error:#}")),
        }
    }
    // The browser is a process of its own and may be a moment behind. One that is missing is told below.
    let expected = callers.len() + 1;
    let _ = until("came every tab", async || (stage.opened().len() >= expected).then_some(())).await;
    let tabs_asked = stage.opened();
    let wrong = callers.iter().chain([&last]).filter(|caller| caller.tabs(&tabs_asked) != 1).count();
    ensure!(tabs_asked.len() == expected || wrong > 0, "tabs nobody asked for: {tabs_asked:?}");
    program.end().await?;

    let core = used.as_secs_f64() / read.as_secs_f64() * 100.0;
    let pace = f64::from(u32::try_from(sent)?) / lasted.as_secs_f64();
    let growth = middle.pss.max(end.pss) - start.pss;
    let calls = effort.storm_calls;
    let losses = f64::from(u32::try_from(lost.len().max(wrong))?);
    Ok(vec![
        Figure::of_value(
            &format!("storm of {FRAMES_PER_SECOND} events/s for {} s: processor", effort.storm_seconds),
            core,
            "% of a core",
            Limit::AtMost(CORE_PERCENT),
            "utime + stime in /proc/PID/stat of `deskring-cli run --json`, until the last event was read",
        ),
        Figure::of_value(
            "storm: pace of the events",
            pace,
            "events/s",
            Limit::AtLeast(f64::from(FRAMES_PER_SECOND) * PACE),
            "events the simulated PBX handed to the socket; a slower storm would prove nothing",
        ),
        Figure::of_value(
            "storm: memory growth",
            growth,
            "MiB",
            Limit::AtMost(GROWTH_MIB),
            "PSS before, halfway and after; the larger of the two later ones less the first",
        )
        .with(&format!("PSS {:.1}, {:.1}, {:.1} MiB", start.pss, middle.pss, end.pss)),
        Figure::of_value(
            &format!("storm: calls of my extension lost, of {calls}"),
            losses,
            COUNT,
            Limit::AtMost(0.0),
            "calls spread over the storm; each must open its own contact's page once and close as answered",
        )
        .with(&lost.first().cloned().unwrap_or_else(|| "each page opened once".to_owned())),
        Figure::of_times(
            "storm: PBX event → tab asked for, told by the program",
            &tabs,
            Limit::None,
            "those calls, looked up live; until the program's line about the tab is read",
        ),
    ])
}

struct Caller {
    number: String,
    page: String,
}

impl Caller {
    fn new(stage: &Stage, index: u32) -> Self {
        let number = format!("1390{:07}", 1_000_000 + index);
        Self { page: stage.contact(&format!("+86{number}")), number }
    }

    fn tabs(&self, asked: &[String]) -> usize {
        asked.iter().filter(|page| **page == self.page).count()
    }
}

/// Rings, is answered and hangs up; gives the time until the program says that the tab was opened.
async fn my_call(pbx: &Pbx, told: &Told, number: &str) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let call = pbx.call_in(number, "1001").await;
    let tab = told.wait("opened my call's tab", &call, opened).await?;
    pbx.answer(&call, "1001").await;
    pbx.hang_up(&call, "1001").await;
    told.wait("closed my call as answered", &call, |about| {
        about.get("closed") == Some(&true.into()) && about.get("outcome") == Some(&"answered".into())
    })
    .await?;
    Ok(tab.duration_since(began))
}

fn opened(about: &Value) -> bool {
    about.pointer("/why/code") == Some(&"opened_by_rule".into())
}

/// What the program has told of calls, for as many readers as there are calls.
struct Told {
    lines: watch::Receiver<Vec<(Instant, Value)>>,
}

impl Told {
    fn by(mut output: Lines) -> Self {
        let (sender, lines) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Some((at, line)) = output.next().await {
                let line: Option<Value> = serde_json::from_str(&line).ok();
                let Some(about) = line.and_then(|mut line| Some(line.get_mut("call")?.take())) else {
                    continue;
                };
                sender.send_modify(|lines| lines.push((at, about)));
            }
        });
        Self { lines }
    }

    async fn wait(&self, what: &str, call: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Instant> {
        let find = |lines: &Vec<(Instant, Value)>| {
            let found =
                lines.iter().find(|(_, about)| about.get("call") == Some(&call.into()) && wanted(about));
            found.map(|(at, _)| *at)
        };
        let mut lines = self.lines.clone();
        let found = tokio::time::timeout(PATIENCE, lines.wait_for(|lines| find(lines).is_some())).await;
        let lines = found.map_err(|_| anyhow!("the program never {what}"))?.context("the program ended")?;
        find(&lines).context("a line was lost")
    }
}
