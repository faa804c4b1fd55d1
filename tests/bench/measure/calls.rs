//! From the PBX's event to what the agent sees, in one process: real sockets, a real profile, a desktop that
//! only writes down the moment. Must not measure anything but time.
//!
//! The clock starts before the simulated PBX writes the ring frame and stops when the engine asks for the
//! notification or the tab, so the frame's way over the socket and through TLS is in every figure.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use deskring_simulator::Options;
use e2e::Rig;

use super::Effort;
use super::figure::{Figure, Limit, Times};

/// Callers whose contacts are known here.
const CALLERS: usize = 20;
const NOTIFIED_MS: f64 = 50.0;
const OPENED_MS: f64 = 20.0;
/// Ten calls a second are more than any agent gets, and few enough that their records do not pile up.
const PACE: Duration = Duration::from_millis(100);
/// How long Desk takes for an answer.
const DELAYS_MS: [u64; 2] = [0, 300];

/// The contact was asked for a moment ago.
pub(crate) async fn cached(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let mut rig = rig().await;
    let callers = callers(&rig, CALLERS);
    for caller in &callers {
        one(&rig, caller).await?;
    }
    let searches = rig.simulator.desk().searches();
    let (mut notified, mut opened) = (Times::default(), Times::default());
    let mut pace = tokio::time::interval(PACE);
    for caller in callers.iter().cycle().take(effort.calls) {
        pace.tick().await;
        let call = one(&rig, caller).await?;
        notified.push(call.notified);
        opened.push(call.opened);
    }
    ensure!(rig.simulator.desk().searches() == searches, "Desk was asked for a contact that was cached");
    rig.stop().await;
    Ok(vec![
        Figure::of_times(
            "PBX event → notification requested",
            &notified,
            Limit::AtMost(NOTIFIED_MS),
            "ten calls a second to one extension; until the desktop is asked to show the notification",
        ),
        Figure::of_times(
            "PBX event → tab asked for, contact cached",
            &opened,
            Limit::AtMost(OPENED_MS),
            "the same calls, of 20 callers looked up before; until the browser is asked for the page",
        ),
    ])
}

/// Every caller is new, so Desk is asked for each.
pub(crate) async fn live(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for delay_ms in DELAYS_MS {
        let mut rig = rig().await;
        rig.simulator.desk().set(|switches| switches.delay_ms = delay_ms);
        let mut opened = Times::default();
        let mut pace = tokio::time::interval(PACE);
        for caller in callers(&rig, effort.calls) {
            pace.tick().await;
            opened.push(one(&rig, &caller).await?.opened);
        }
        rig.stop().await;
        let delay = Duration::from_millis(delay_ms).as_secs_f64() * 1000.0;
        figures.push(Figure::of_times(
            &format!("PBX event → tab asked for, Desk answers after {delay_ms} ms"),
            &opened,
            Limit::AtMost(delay + OPENED_MS),
            "calls of as many different callers, none cached; the limit is Desk's delay and 20 ms",
        ));
    }
    Ok(figures)
}

struct Caller {
    number: String,
    page: String,
}

struct Measured {
    notified: Duration,
    opened: Duration,
}

async fn rig() -> Rig {
    let mut rig = Rig::idle_with(Options { pbx_tls: true, ..Options::default() }).await;
    rig.start().await;
    rig.ready().await;
    rig
}

fn callers(rig: &Rig, count: usize) -> Vec<Caller> {
    let one = |index| {
        let number = format!("1380{:07}", 1_000_000 + index);
        Caller { page: rig.contact("Lin", &format!("+86{number}")), number }
    };
    (0..count).map(one).collect()
}

/// One call until the engine knows that it is over. Its record settles beside the next calls, as it does on a
/// busy day.
async fn one(rig: &Rig, caller: &Caller) -> anyhow::Result<Measured> {
    let before = rig.desktop.now().opened.len();
    let began = Instant::now();
    let call = rig.simulator.pbx().call_in(&caller.number, "1001").await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() > before).await;
    let (page, opened) = recorded.opened.get(before).context("a tab")?;
    ensure!(*page == caller.page, "the tab of another contact");
    let mut notices = recorded.notices.iter();
    let (_, notified) = notices.find(|(notice, _)| notice.call.as_str() == call).context("a notification")?;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.phase(&call, "over").await;
    Ok(Measured { notified: notified.duration_since(began), opened: opened.duration_since(began) })
}
