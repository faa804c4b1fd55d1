//! The simulator as a program, for trying Deskring out by hand.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use deskring_simulator::{
    AGENT_ID, CLIENT_ID, CLIENT_SECRET, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET,
    DESK_REFRESH_TOKEN, ORGANIZATION_ID, Options, Seed, Simulator,
};
use serde_json::json;

/// A Yeastar PBX and a Zoho Desk on loopback.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Port of the PBX; 0 takes any free one.
    #[arg(long, default_value_t = 18088)]
    pbx_port: u16,
    /// Port of the accounts server.
    #[arg(long, default_value_t = 18443)]
    accounts_port: u16,
    /// Port of Desk.
    #[arg(long, default_value_t = 18444)]
    desk_port: u16,
    /// Port of the control page.
    #[arg(long, default_value_t = 18080)]
    control_port: u16,
    /// Speak TLS on the PBX port, with a self-signed certificate.
    #[arg(long)]
    pbx_tls: bool,
    /// Start without the demo contacts.
    #[arg(long)]
    empty: bool,
    /// Write a ready settings.json and secrets.env for Deskring into this directory.
    #[arg(long, value_name = "DIR")]
    print_settings: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let simulator = Simulator::start(Options {
        pbx_port: arguments.pbx_port,
        accounts_port: arguments.accounts_port,
        desk_port: arguments.desk_port,
        control_port: arguments.control_port,
        pbx_tls: arguments.pbx_tls,
        seed: if arguments.empty { Seed::Empty } else { Seed::Demo },
    })
    .await?;
    if let Some(directory) = &arguments.print_settings {
        write_settings(directory, &simulator)
            .with_context(|| format!("writing settings into {}", directory.display()))?;
    }
    let ready = json!({
        "pbx": simulator.pbx_url(), "accounts": simulator.accounts_url(), "desk": simulator.desk_url(),
        "control": simulator.control_url(), "pbx_certificate_sha256": simulator.pbx_certificate_sha256(),
    });
    // One line for scripts that wait for it, so it must leave the buffer at once.
    let mut out = std::io::stdout().lock();
    writeln!(out, "{ready}")?;
    out.flush()?;
    drop(out);
    wait_for_the_end().await
}

fn write_settings(directory: &Path, simulator: &Simulator) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory)?;
    let settings = json!({
        "version": 1,
        "pbx": {
            "url": simulator.pbx_url(), "client_id": CLIENT_ID, "extensions": ["1001"],
            "trusted_certificate": simulator.pbx_certificate_sha256(),
        },
        "numbers": { "country": "CN", "area_code": "592", "outside_line_prefix": "" },
        "desk": {
            "data_center": "custom", "accounts_url": simulator.accounts_url(), "desk_url": simulator.desk_url(),
            "client_id": DESK_CLIENT_ID, "organization_id": ORGANIZATION_ID, "department_id": DEPARTMENT_ID,
            "enabled": true,
        },
        "bindings": [{ "extension": "1001", "agent_id": AGENT_ID }],
        "popup": { "mode": "automatic", "trigger": "ring" },
    });
    std::fs::write(directory.join("settings.json"), format!("{settings:#}\n"))?;
    let secrets = format!(
        "export DESKRING_PBX_CLIENT_SECRET='{CLIENT_SECRET}'\n\
         export DESKRING_DESK_CLIENT_SECRET='{DESK_CLIENT_SECRET}'\n\
         export DESKRING_DESK_REFRESH_TOKEN='{DESK_REFRESH_TOKEN}'\n"
    );
    let path = directory.join("secrets.env");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&path)?;
    #[cfg(unix)]
    {
        // `mode` counts only for a file that is new.
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    file.write_all(secrets.as_bytes())?;
    Ok(())
}

#[cfg(unix)]
async fn wait_for_the_end() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

#[cfg(not(unix))]
async fn wait_for_the_end() -> anyhow::Result<()> {
    tokio::signal::ctrl_c().await?;
    Ok(())
}
