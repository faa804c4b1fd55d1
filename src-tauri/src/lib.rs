//! The tray app. Owns what a desktop is made of: the tray, notifications, windows, start and end of the
//! processes. Must not decide anything about a call: it draws the engine's views and sends commands.
//!
//! One binary, two processes. Without `--window` it is the tray process: it holds the engine and never loads
//! a web view. With `--window` it is one window: it talks to the engine through the local socket and takes all
//! its memory with it when it closes.

mod browser;
mod desktop;
mod link;
mod logging;
mod notice;
mod opener;
mod phrases;
mod shortcut;
mod spoken;
mod start;
mod tray;
mod window;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use deskring_engine::{Paths, Window};
use directories::ProjectDirs;

/// Watches your extension and opens the caller's Zoho Desk contact.
#[derive(Parser, Debug)]
#[command(name = "deskring", version)]
pub struct Arguments {
    /// Start without asking a running Deskring for its window; for starting at sign-in.
    #[arg(long)]
    hidden: bool,
    /// Keep settings and history in this folder instead of the usual one.
    #[arg(long, value_name = "DIR")]
    profile: Option<PathBuf>,
    /// Be a window of the running Deskring.
    #[arg(long, value_name = "WINDOW")]
    window: Option<Kind>,
    /// With a window: the language to begin in, until the running Deskring says otherwise.
    #[arg(long, hide = true, requires = "window", default_value = "system")]
    language: String,
    /// The tray process holds the other end of stdin: a line brings the window to the front, the end closes it.
    #[arg(long, hide = true, requires = "window")]
    follow_stdin: bool,
    /// Call the number that is selected, or else copied, after asking; for a key of the desktop's own settings.
    #[arg(long, conflicts_with_all = ["window", "links"])]
    dial_selection: bool,
    /// Call the number of this link (tel:, callto:, sip:, sips: or deskring:), here or in a running Deskring; the link of a
    /// gateway's administrator shows the settings and asks whether to connect.
    #[arg(value_name = "URL", conflicts_with = "window")]
    links: Vec<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// The current call, recent calls and connections.
    Panel,
    /// Set-up and every setting.
    Settings,
}

impl From<Kind> for Window {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Panel => Self::Panel,
            Kind::Settings => Self::Settings,
        }
    }
}

/// Runs until the end. `began` is when the process did.
pub fn run(began: Instant, arguments: &Arguments) -> ExitCode {
    let Some(profile) = arguments.profile.clone().or_else(usual_profile) else {
        return failed("this account has no home folder; name one with --profile DIR");
    };
    if !has_display() {
        return failed(
            "no display (neither DISPLAY nor WAYLAND_DISPLAY is set); run `deskring-cli run` instead",
        );
    }
    let paths = Paths::for_profile(&profile);
    let logs = log_folder(arguments);
    let _log = logging::start(logs.clone(), arguments.window.is_some());
    let end = match arguments.window {
        Some(kind) => window::run(kind.into(), paths, logs, &arguments.language, arguments.follow_stdin),
        None => start::run(began, paths, arguments.hidden, wanted(arguments)),
    };
    match end {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("{error:#}")),
    }
}

/// When a browser started this process for our extension, its one message is answered, and nothing else is done.
pub fn answer_browser(arguments: &[String]) -> Option<ExitCode> {
    deskring_local_api::browser::is_browser(arguments).then(|| match browser::answer(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("{error:#}")),
    })
}

fn wanted(arguments: &Arguments) -> Option<link::Link> {
    if arguments.dial_selection {
        return Some(link::Link::of_selection(shortcut::selected()));
    }
    link::one_of(&arguments.links)
}

fn usual_profile() -> Option<PathBuf> {
    Some(project()?.config_dir().to_owned())
}

fn project() -> Option<ProjectDirs> {
    ProjectDirs::from("org", "Deskring", "Deskring")
}

/// Beside a profile that was named, otherwise where the system keeps logs.
fn log_folder(arguments: &Arguments) -> Option<PathBuf> {
    if let Some(profile) = &arguments.profile {
        return Some(profile.join("logs"));
    }
    let project = project()?;
    Some(project.state_dir().unwrap_or_else(|| project.cache_dir()).join("logs"))
}

/// The toolkit panics without one.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

fn failed(why: &str) -> ExitCode {
    tracing::error!("{why}");
    // Nobody is left to tell when this fails.
    let _ = writeln!(std::io::stderr(), "deskring: {why}");
    ExitCode::FAILURE
}

/// Builds an app. The toolkit panics where a display is named but cannot be used; that becomes an error.
fn built(build: impl FnOnce() -> tauri::Result<tauri::App>) -> anyhow::Result<tauri::App> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let app = std::panic::catch_unwind(std::panic::AssertUnwindSafe(build));
    std::panic::set_hook(hook);
    match app {
        Ok(app) => Ok(app?),
        Err(_) => {
            Err(anyhow::anyhow!("the display cannot be used; without one run `deskring-cli run` instead"))
        }
    }
}

/// Everything Tauri made at build time; only here, so that it is in the binary once.
fn context() -> tauri::Context {
    tauri::generate_context!()
}
