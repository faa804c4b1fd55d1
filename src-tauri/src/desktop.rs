//! The engine's desktop: hands tabs to the browser, notices to their thread, windows to their opener, and
//! writes the log of the day. Must not wait: only `open` may block.

use std::path::PathBuf;

use deskring_engine::admin::Finding;
use deskring_engine::domain::{CallId, Notice, Plan};
use deskring_engine::view::{CallView, LinkState, LinkView};
use deskring_engine::{Autostart, Desktop, Happening, Manner, SignInEnd, Window};
use deskring_session as session;
use deskring_wording::{key_of, page};

use crate::browser;
use crate::notice::{self, Notices};
use crate::opener::Opener;
use crate::phrases;
use crate::spoken::Spoken;

/// What the engine is given.
pub(crate) struct TrayDesktop {
    /// This program's file, looked up before an upgrade could replace it.
    pub(crate) program: PathBuf,
    pub(crate) profile: PathBuf,
    pub(crate) spoken: Spoken,
    pub(crate) notices: Notices,
    pub(crate) opener: Opener,
}

impl Desktop for TrayDesktop {
    fn open(&self, address: &str) -> Result<(), String> {
        let opened = webbrowser::open(address).map_err(|error| error.to_string());
        reap::ended(|pid| self.opener.is_window(pid));
        opened
    }

    fn notify(&self, notice: &Notice, plan: &Plan, manner: Manner) {
        let text = notice::text(notice, plan, manner, &self.spoken.words());
        self.notices.show(&notice.call, text, manner.level);
    }

    fn withdraw(&self, call: &CallId) {
        self.notices.withdraw(call);
    }

    fn happened(&self, happening: &Happening<'_>) {
        match happening {
            Happening::Pbx(link) => {
                log_link("PBX", link);
                self.ask_for_help("link-pbx", link);
            }
            Happening::Desk(link) => {
                log_link("Zoho Desk", link);
                self.ask_for_help("link-desk", link);
            }
            Happening::Checked(findings) => log_findings(findings),
            Happening::Call(call) => {
                if call.phase == "talking" {
                    self.notices.calm(&call.call);
                }
                log_call(call);
            }
        }
    }

    fn show_window(&self, window: Window) {
        self.opener.show(window);
    }

    fn sign_in_page(&self, end: SignInEnd) -> String {
        let (title, text) = (key_of("sign-in-title", end.code()), key_of("sign-in-text", end.code()));
        page(&self.spoken.words(), &title, &text)
    }

    fn set_autostart(&self, autostart: Autostart) -> Result<(), &'static str> {
        let start = match autostart {
            Autostart::AtLogin => session::Start::AtLogin,
            Autostart::ByHand => session::Start::ByHand,
        };
        session::start_at_login(&session::Places::of_system(), start, &self.program).map_err(|error| {
            tracing::warn!(%error, "starting at login could not be set");
            "autostart_failed"
        })
    }

    fn offer_for_links(&self) -> Result<(), &'static str> {
        session::offer_for_links(&session::Places::of_system(), &self.program).map_err(|error| {
            tracing::warn!(%error, "Deskring could not be listed for links");
            "links_failed"
        })
    }

    fn offer_to_browsers(&self) -> Result<(), &'static str> {
        browser::remember(&self.profile).map_err(|error| {
            tracing::warn!(%error, "the profile for browsers could not be kept");
            "browsers_failed"
        })?;
        session::offer_to_browsers(&session::Places::of_system(), &self.program).map_err(browsers_failed)
    }

    fn withdraw_from_browsers(&self) -> Result<(), &'static str> {
        session::withdraw_from_browsers(&session::Places::of_system()).map_err(browsers_failed)
    }

    fn show_default_apps(&self) -> Result<(), &'static str> {
        session::show_default_apps(&session::Places::of_system()).map_err(|error| {
            tracing::warn!(%error, "the page for default programs could not be shown");
            match error {
                session::SessionError::NoPage => "no_default_apps_page",
                _ => "default_apps_failed",
            }
        })
    }
}

fn browsers_failed(error: session::SessionError) -> &'static str {
    tracing::warn!(%error, "the browsers could not be told");
    "browsers_failed"
}

impl TrayDesktop {
    /// Said once, when a link comes to where only a person can help; the link tells no second time.
    fn ask_for_help(&self, name: &'static str, link: &LinkView) {
        if link.state != LinkState::Stopped {
            return;
        }
        let words = self.spoken.words();
        let title = words.text("notice-stopped-title");
        self.notices.say(title, phrases::link(name, link, &words));
    }
}

fn log_findings(findings: &[Finding]) {
    for finding in findings {
        tracing::info!(check = finding.check, code = finding.code, state = ?finding.state, "check");
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

    /// Buries what has ended of our children, except the windows, which somebody waits for.
    pub(super) fn ended(is_window: impl Fn(u32) -> bool) {
        let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return };
        let lists = threads
            .flatten()
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
        for list in lists {
            for child in list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()) {
                if is_window(child.cast_unsigned()) {
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
    pub(super) fn ended(_is_window: impl Fn(u32) -> bool) {}
}
