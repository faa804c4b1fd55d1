//! Where log lines go: stderr, and a file a day in the profile's log folder. Owns the filter. Nothing above
//! DEBUG carries a number, a name or a secret; that is the duty of whoever writes a line.

use std::path::PathBuf;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

/// Overrides the filter, for example `deskring=debug`.
const VARIABLE: &str = "DESKRING_LOG";
const FILTER: &str = "warn,deskring=info";
const DAYS: usize = 7;
/// Lines that wait for the disk. The library's own limit reserves 4 MiB for them.
const LINES: usize = 1024;

/// Starts logging. The file is written while the guard lives. A window writes to stderr only: its life is
/// short and the engine logs what matters.
pub(crate) fn start(folder: Option<PathBuf>, window: bool) -> Option<WorkerGuard> {
    let wanted = std::env::var(VARIABLE).ok().filter(|wanted| EnvFilter::try_new(wanted).is_ok());
    let wanted = wanted.as_deref().unwrap_or(FILTER);
    let filter = EnvFilter::new(format!("{wanted},{}", deskring_engine::LOG_LIMITS));
    let to_stderr = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let file = folder.filter(|_| !window).and_then(|folder| {
        std::fs::create_dir_all(&folder).ok()?;
        let rolling = RollingFileAppender::builder().rotation(Rotation::DAILY).max_log_files(DAYS);
        rolling.filename_prefix("deskring").filename_suffix("log").build(folder).ok()
    });
    let (to_file, guard) = match file {
        Some(file) => {
            let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(LINES).finish(file);
            (Some(fmt::layer().with_writer(writer).with_ansi(false)), Some(guard))
        }
        None => (None, None),
    };
    let started = tracing_subscriber::registry().with(filter).with(to_stderr).with(to_file).try_init();
    if started.is_err() {
        return None;
    }
    guard
}
