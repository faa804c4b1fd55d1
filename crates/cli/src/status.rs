//! `status`: what a running engine shows.

use std::io::Write;
use std::process::ExitCode;

use deskring_engine::{AppView, Paths};
use deskring_local_api::Client;

use crate::Format;
use crate::say::{self, Voice};

pub(crate) async fn once(paths: &Paths, format: Format) -> anyhow::Result<ExitCode> {
    let view = Client::connect(paths).await?.view().await?;
    print(&say::voice(paths), &view, format)?;
    Ok(ExitCode::SUCCESS)
}

/// Until the engine ends or nobody reads any more.
pub(crate) async fn watch(paths: &Paths, format: Format) -> anyhow::Result<ExitCode> {
    let voice = say::voice(paths);
    let mut watch = Client::connect(paths).await?.watch().await?;
    while let Some(view) = watch.next().await {
        if print(&voice, &view, format).is_err() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(voice: &Voice, view: &AppView, format: Format) -> anyhow::Result<()> {
    let text = match format {
        Format::Text => voice.view(view),
        Format::Json => serde_json::to_string(view)?,
    };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
