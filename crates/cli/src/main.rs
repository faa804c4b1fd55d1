//! `deskring-cli`: the same engine without a desktop (`run`), and a client of a running one.
//!
//! Owns arguments, exit codes and the one-line errors. What is printed about calls is in [`say`].

mod dial;
mod lab;
mod lookup;
mod outbox;
mod run;
mod say;
mod set_up;
mod status;
mod sync;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use deskring_engine::Paths;

/// Yeastar calls open the caller's Zoho Desk contact: from a terminal.
#[derive(Debug, Parser)]
#[command(name = "deskring-cli", version, about, max_term_width = 100)]
struct Arguments {
    /// Profile folder with settings.json; the tray app's when left out
    #[arg(long, global = true, value_name = "DIR")]
    profile: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the extension and open tabs, without a desktop
    Run {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show links, current calls and recent ones of the running Deskring
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print again whenever something changes
        #[arg(long)]
        watch: bool,
    },
    /// Connect to a gateway by the link that its administrator gave you
    Connect(set_up::Connect),
    /// Keep the client secret of the PBX or of Zoho, read from standard input
    Secret {
        #[command(subcommand)]
        command: set_up::SecretCommand,
    },
    /// Sign in to Zoho Desk, switch it off and on, disconnect it
    Desk {
        #[command(subcommand)]
        command: set_up::DeskCommand,
    },
    /// Say which extension belongs to which agent of Zoho Desk
    Bind(set_up::Bind),
    /// Change, check, take along and take over settings
    Settings {
        #[command(subcommand)]
        command: set_up::SettingsCommand,
    },
    /// Check everything a call needs, and say how to mend what is wrong
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// See what is to be written to Zoho Desk, and mend what was not
    Outbox {
        #[command(subcommand)]
        command: outbox::OutboxCommand,
    },
    /// Copy contacts of Zoho Desk to the phonebook of the PBX
    Sync {
        #[command(subcommand)]
        command: sync::SyncCommand,
    },
    /// Have your phone ring and then call a number
    ///
    /// Ends when the call is over: 0 it was answered, 3 it was not, 4 the phone system could not put it through, 1 it was
    /// not dialed.
    Dial {
        /// As written anywhere; an extension; a tel: link
        #[arg(allow_hyphen_values = true)]
        number: String,
        /// Answer yes to the question whether to dial it
        #[arg(long)]
        yes: bool,
        /// End as soon as the phone system has taken the call
        #[arg(long)]
        no_wait: bool,
    },
    /// Answer the browser's extension: started by the browser
    #[command(hide = true)]
    BrowserHost {
        /// Who asks, as the browser says
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        arguments: Vec<String>,
    },
    /// Find whose number this is in Zoho Desk
    Lookup {
        /// As dialed, or as written anywhere
        #[arg(allow_hyphen_values = true)]
        number: String,
        /// Say how it is read, what Zoho Desk is asked, who was compared and which rule decides
        #[arg(long)]
        explain: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what other rules for numbers would have changed for the last 500 calls; changes nothing
    WhatIf(lab::Rules),
}

/// How a command prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Text,
    Json,
}

impl From<bool> for Format {
    fn from(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr();
    match start(arguments) {
        Ok(code) => code,
        Err(error) => {
            say::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let paths = paths(arguments.profile)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        match arguments.command {
            Command::Run { json } => run::run(paths, json.into()).await,
            Command::Status { json, watch: false } => status::once(&paths, json.into()).await,
            Command::Status { json, watch: true } => status::watch(&paths, json.into()).await,
            Command::Connect(connect) => set_up::connect(paths, connect).await,
            Command::Secret { command } => set_up::secret(paths, command).await,
            Command::Desk { command } => set_up::desk(paths, command).await,
            Command::Bind(bind) => set_up::bind(paths, bind).await,
            Command::Settings { command } => set_up::settings(paths, command).await,
            Command::Doctor { json } => set_up::doctor(paths, json.into()).await,
            Command::Outbox { command } => outbox::outbox(paths, command).await,
            Command::Sync { command } => sync::sync(&paths, command).await,
            Command::Dial { number, yes, no_wait } => dial::dial(&paths, number, yes, no_wait).await,
            Command::BrowserHost { arguments } => {
                deskring_local_api::browser::answer(&paths, &arguments, std::io::stdin(), std::io::stdout())
                    .await
                    .context("the browser has gone")?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Lookup { number, explain: true, json } => {
                lab::explain(&paths, number, json.into()).await
            }
            Command::WhatIf(rules) => lab::what_if(&paths, rules).await,
            Command::Lookup { number, explain: false, json } => {
                lookup::lookup(&paths, &number, json.into()).await
            }
        }
    })?;
    // A browser that is still being started must not keep us.
    runtime.shutdown_background();
    Ok(code)
}

fn paths(profile: Option<PathBuf>) -> anyhow::Result<Paths> {
    let profile = match profile {
        Some(folder) => folder,
        None => directories::ProjectDirs::from("org", "Deskring", "Deskring")
            .context("this user has no home folder; name a profile with --profile")?
            .config_dir()
            .to_owned(),
    };
    Ok(Paths::for_profile(&profile))
}

fn log_to_stderr() {
    let wanted = std::env::var("DESKRING_LOG").unwrap_or_else(|_| "warn".to_owned());
    let filter = tracing_subscriber::EnvFilter::new(format!("{wanted},{}", deskring_engine::LOG_LIMITS));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
