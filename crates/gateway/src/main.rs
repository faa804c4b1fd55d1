//! The program: serve, and what an administrator does with agents.

mod desk;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand};
use deskring_gateway::{
    CONTROL_SOCKET, ClientId, Config, Credentials, Extension, Place, State, start, wall_seconds,
};
use deskring_redact::ExposeSecret;
use deskring_yeastar::Invitation;
use tokio::signal::unix::{SignalKind, signal};

use crate::desk::DeskCommand;

/// How long a gateway that is well takes to say so.
const PATIENCE: Duration = Duration::from_secs(2);

/// One PBX credential for any number of agents, each seeing their own extension only.
#[derive(Debug, Parser)]
#[command(name = "deskring-gateway", version, about, max_term_width = 100)]
struct Arguments {
    /// The configuration file
    #[arg(
        long,
        env = "DESKRING_GATEWAY_CONFIG",
        default_value = "/etc/deskring/gateway.toml",
        global = true
    )]
    config: PathBuf,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve agents until told to stop
    Serve,
    /// Writing to Zoho Desk for everybody
    Desk {
        #[command(subcommand)]
        command: DeskCommand,
    },
    /// Ask the gateway that runs here whether it is well: exit code 0, or 1
    Health,
    /// Who may connect
    Agent {
        #[command(subcommand)]
        command: AgentCommand,
    },
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Give an extension a credential; it is shown once
    Add {
        /// Number of the extension
        extension: String,
    },
    /// Print a link by which an agent's app connects itself; it holds for a day and works once
    Invite {
        /// Number of the extension
        extension: String,
    },
    /// Show who may connect
    List,
    /// Take credentials away; their connections end at once
    Revoke {
        /// A Client ID, or an extension for all of its credentials
        who: String,
    },
    /// Copy the agents of this machine's gateway.db to the database that the configuration names now
    Import,
    /// Replace the secret of a credential; its connections end at once
    Rotate {
        /// The Client ID
        client: String,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    let config = Config::load(&arguments.config, &environment)?;
    match arguments.command {
        Command::Serve => serve(&config, &environment).await,
        Command::Health => health(config.monitor),
        Command::Agent { command } => agent(&config, &environment, command).await,
        Command::Desk { command } => desk::desk(&config, command).await,
    }
}

async fn serve(config: &Config, environment: &BTreeMap<String, String>) -> anyhow::Result<()> {
    // Below these levels the libraries print whole requests with their tokens, and statements.
    const LIMITS: &str = "tungstenite=warn,tokio_tungstenite=warn,hyper=warn,hyper_util=warn,reqwest=warn,\
                          rustls=warn,tokio_postgres=warn,deadpool=warn";
    let asked = environment.get("DESKRING_LOG").map_or("info", String::as_str);
    let filter = tracing_subscriber::EnvFilter::new(format!("{asked},{LIMITS}"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    let (mut stop, mut interrupt, mut reload) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
    let running = start(config, environment).await?;
    tracing::info!(agents = %running.agents, monitor = %running.monitor, "serving");
    loop {
        tokio::select! {
            _ = stop.recv() => break,
            _ = interrupt.recv() => break,
            _ = reload.recv() => match running.reload().await {
                Ok(()) => tracing::info!("certificate files and settings for Desk were read again"),
                Err(error) => tracing::error!("{error:#}"),
            },
        }
    }
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// For a container, in which there is nothing else to ask with.
fn health(monitor: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect_timeout(&monitor, PATIENCE).context("no gateway runs here")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    ensure!(answer.ends_with(b" 200"), "the gateway is not well");
    Ok(())
}

async fn agent(
    config: &Config,
    environment: &BTreeMap<String, String>,
    command: AgentCommand,
) -> anyhow::Result<()> {
    let state = State::open(&config.database(environment)?).await?;
    let mut out = std::io::stdout().lock();
    match command {
        AgentCommand::Add { extension } => {
            ensure!(is_extension(&extension), "{extension:?} is not the number of an extension");
            let added = state.add(&Extension::new(&extension), wall_seconds()).await?;
            tell(config, &["look".to_owned()])?;
            show(&mut out, &added)?;
        }
        AgentCommand::Invite { extension } => {
            ensure!(is_extension(&extension), "{extension:?} is not the number of an extension");
            let gateway = config.public_url.first().cloned().context(
                "no address for agents: set public_url in the configuration, such as \
                 public_url = \"https://gateway.example.com:8443\"",
            )?;
            let code = state.invite(&Extension::new(&extension), wall_seconds()).await?;
            writeln!(out, "{}", Invitation::new(gateway, code).link().expose_secret())?;
            writeln!(
                out,
                "Connects one app as extension {extension}. It holds for 24 hours, works once, and is not shown again."
            )?;
        }
        AgentCommand::List => {
            for agent in state.agents().await? {
                let seen = agent.seen.map_or_else(|| "never".to_owned(), day);
                writeln!(
                    out,
                    "{}\t{}\tadded {}\tseen {seen}",
                    agent.extension.as_str(),
                    agent.client.0,
                    day(agent.added)
                )?;
            }
        }
        AgentCommand::Revoke { who } => {
            let gone = state.revoke(&who).await?;
            ensure!(
                !gone.is_empty(),
                "nobody has the Client ID or extension {who:?}: deskring-gateway agent list"
            );
            end(config, &gone)?;
            for client in gone {
                writeln!(out, "revoked\t{}", client.0)?;
            }
        }
        AgentCommand::Import => {
            ensure!(config.database.is_some(), "the configuration names no [database] to copy to");
            let file = config.state.join("gateway.db");
            ensure!(file.is_file(), "there is no {}: nothing is to be copied", file.display());
            let came = state.import(&State::open(&Place::Folder(config.state.clone())).await?).await?;
            writeln!(out, "copied\t{came}")?;
        }
        AgentCommand::Rotate { client } => {
            let client = ClientId(client);
            let fresh = state.rotate(&client).await?;
            let fresh = fresh.with_context(|| {
                format!("nobody has the Client ID {:?}: deskring-gateway agent list", client.0)
            })?;
            end(config, &[client])?;
            show(&mut out, &fresh)?;
        }
    }
    Ok(())
}

/// Tells a gateway that runs. One that does not has no connections.
fn tell(config: &Config, lines: &[String]) -> anyhow::Result<()> {
    let Ok(mut control) = UnixStream::connect(config.state.join(CONTROL_SOCKET)) else { return Ok(()) };
    for line in lines {
        writeln!(control, "{line}").context("the running gateway does not listen; restart it")?;
    }
    Ok(())
}

fn end(config: &Config, clients: &[ClientId]) -> anyhow::Result<()> {
    let lines: Vec<String> = clients.iter().map(|client| format!("end {}", client.0)).collect();
    tell(config, &lines)
}

fn show(out: &mut impl std::io::Write, credentials: &Credentials) -> std::io::Result<()> {
    writeln!(out, "Client ID      {}", credentials.client.0)?;
    writeln!(out, "Client Secret  {}", credentials.secret.expose_secret())?;
    writeln!(out, "The secret is not shown again.")
}

fn is_extension(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.chars().all(|letter| letter.is_ascii_digit())
}

fn day(at: i64) -> String {
    jiff::Timestamp::from_second(at)
        .map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
