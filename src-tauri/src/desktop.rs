//! The engine's desktop: hands tabs to the browser, notices to their thread, windows to their opener, and
//! writes the log of the day. Must not wait: only `open` may block.

use std::sync::Arc;

use deskring_engine::domain::{CallId, Notice, Plan};
use deskring_engine::view::{CallView, LinkView};
use deskring_engine::{Desktop, Happening};
use deskring_wording::Words;

use crate::notice::{self, Notices};
use crate::opener::Opener;

/// What the engine is given.
pub(crate) struct TrayDesktop {
    pub(crate) words: Arc<Words>,
    pub(crate) notices: Notices,
    pub(crate) opener: Opener,
}

impl Desktop for TrayDesktop {
    fn open(&self, address: &str) -> Result<(), String> {
        let opened = webbrowser::open(address).map_err(|error| error.to_string());
        reap::ended(self.opener.window());
        opened
    }

    fn notify(&self, notice: &Notice, plan: &Plan) {
        self.notices.show(&notice.call, notice::text(notice, plan, &self.words));
    }

    fn withdraw(&self, call: &CallId) {
        self.notices.withdraw(call);
    }

    fn happened(&self, happening: &Happening<'_>) {
        match happening {
            Happening::Pbx(link) => log_link("PBX", link),
            Happening::Desk(link) => log_link("Zoho Desk", link),
            Happening::Call(call) => {
                if call.phase == "talking" {
                    self.notices.calm(&call.call);
                }
                log_call(call);
            }
        }
    }

    fn show_window(&self) {
        self.opener.show();
    }
}

fn log_call(call: &CallView) {
    tracing::info!(
        call = call.call,
        direction = call.direction,
        phase = call.phase,
        outcome = call.outcome,
        why = call.why.code,
        notice_ms = call.timing.notice_ms,
        lookup_ms = call.timing.lookup_ms,
        tab_ms = call.timing.tab_ms,
        "call"
    );
}

fn log_link(name: &str, link: &LinkView) {
    tracing::info!(link = name, state = ?link.state, cause = link.cause, detail = link.detail, "link");
}

/// QUIRK(webbrowser): starts the browser's command and does not wait for it, so each tab would leave a zombie
/// until Deskring ends. Those of earlier tabs are buried at the next one.
#[cfg(target_os = "linux")]
mod reap {
    use rustix::process::{Pid, WaitOptions, waitpid};

    /// Buries what has ended of our children, except the window, which somebody waits for.
    pub(super) fn ended(window: Option<u32>) {
        let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return };
        let lists = threads
            .flatten()
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
        for list in lists {
            for child in list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()) {
                if window == Some(child.cast_unsigned()) {
                    continue;
                }
                if let Some(pid) = Pid::from_raw(child)
                    && let Err(error) = waitpid(Some(pid), WaitOptions::NOHANG)
                {
                    tracing::trace!(%error, "somebody else waited for a child");
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod reap {
    pub(super) fn ended(_window: Option<u32>) {}
}
