//! `sync`: copying contacts to the phonebook of the PBX, by the running engine.

use std::process::ExitCode;

use clap::Subcommand;
use deskring_engine::Paths;
use deskring_engine::admin::{Answer, NotSyncedView, Want};
use deskring_local_api::Client;

use crate::Format;
use crate::say;
use crate::set_up::{print, refused, unexpected};

#[derive(Debug, Subcommand)]
pub(crate) enum SyncCommand {
    /// Copy all contacts, from where it was stopped
    Now,
    /// Show how it goes
    Status {
        /// Name those that are not copied, and why
        #[arg(long)]
        left_out: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy no more; contacts of calls still are
    Stop,
}

pub(crate) async fn sync(paths: &Paths, command: SyncCommand) -> anyhow::Result<ExitCode> {
    let voice = say::voice(paths);
    let mut client = Client::connect(paths).await?;
    match command {
        SyncCommand::Now => match client.set_up(Want::SyncNow).await {
            Ok(_) => print(&voice.text("cli-sync-started")),
            Err(error) => Err(refused(&voice, error)),
        },
        SyncCommand::Stop => match client.set_up(Want::StopSync).await {
            Ok(_) => print(&voice.text("cli-sync-stopped")),
            Err(error) => Err(refused(&voice, error)),
        },
        SyncCommand::Status { left_out: false, json } => {
            let view = client.view().await?;
            match Format::from(json) {
                Format::Json => print(&serde_json::to_string(&view.sync)?),
                Format::Text => print(&voice.sync(&view.sync)),
            }
        }
        SyncCommand::Status { left_out: true, json } => {
            let mut all: Vec<NotSyncedView> = Vec::new();
            loop {
                let answer = client.set_up(Want::NotSynced { offset: all.len() }).await;
                let Answer::NotSynced { rows, more } = answer.map_err(|error| refused(&voice, error))? else {
                    return unexpected();
                };
                all.extend(rows);
                if !more {
                    break;
                }
            }
            match Format::from(json) {
                Format::Json => print(&serde_json::to_string(&all)?),
                Format::Text if all.is_empty() => print(&voice.text("cli-sync-none-left-out")),
                Format::Text => {
                    let lines: Vec<String> = all.iter().map(|row| voice.not_synced(row)).collect();
                    print(&lines.join("\n"))
                }
            }
        }
    }
}
