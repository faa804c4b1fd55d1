//! What an administrator does about Zoho Desk: asks the running gateway, whose files these are.
//!
//! Owns: arguments and answers. Must not know: how signing in is done.

use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use deskring_engine::admin::{Answer, Want};
use deskring_engine::view::{LinkState, SignInView};
use deskring_gateway::{Config, writer_paths};
use deskring_local_api::{Client, ClientError};
use deskring_wording::{Language, Part, Words};

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum DeskCommand {
    /// Sign in, once, with a browser on any computer
    ///
    /// The browser comes back to port 53682 of this machine. From another computer, forward it first: ssh -L
    /// 53682:localhost:53682 THIS-MACHINE.
    SignIn {
        /// For when Zoho shows "invalid scope"
        #[arg(long)]
        other_scopes: bool,
    },
    /// Whether it is signed in, and what is not written yet
    Status,
    /// Give the sign-in back; what is owed waits
    SignOut,
}

/// Does it.
pub(crate) async fn desk(config: &Config, command: DeskCommand) -> anyhow::Result<()> {
    if config.desk.is_none() {
        bail!("the configuration has no section [desk]: this gateway does not write to Zoho Desk");
    }
    let client = match Client::connect(&writer_paths(&config.state)).await {
        Ok(client) => client,
        Err(ClientError::NotRunning) => {
            bail!("the gateway does not run on this machine, or another one serves; ask where it does")
        }
        Err(other) => return Err(other).context("run this as root, or as the user of the service"),
    };
    let mut out = std::io::stdout().lock();
    match command {
        DeskCommand::SignIn { other_scopes } => sign_in(client, other_scopes, &mut out).await,
        DeskCommand::Status => status(client, &mut out).await,
        DeskCommand::SignOut => sign_out(client, &mut out).await,
    }
}

async fn sign_in(
    mut client: Client,
    other_scopes: bool,
    out: &mut impl std::io::Write,
) -> anyhow::Result<()> {
    let want = Want::SignIn { other_scopes, file_permitted: true };
    let Answer::SignIn { address } = client.set_up(want).await.map_err(said)? else {
        bail!("the gateway is of another version; restart it");
    };
    writeln!(out, "Open this page and agree, as an agent of Zoho Desk who may write for all:\n{address}")?;
    let mut views = client.watch().await?;
    while let Some(view) = views.next().await {
        match view.sign_in {
            Some(SignInView::Done) => return Ok(writeln!(out, "Signed in.")?),
            Some(SignInView::Failed { cause, detail }) => return Err(words_for(&cause, detail.as_deref())),
            // Asked again with another name of a permission.
            Some(SignInView::Waiting { address: now, .. }) if now != address => writeln!(out, "{now}")?,
            Some(SignInView::Waiting { .. }) | None => {}
        }
    }
    Err(anyhow!("the gateway ended meanwhile; sign in again"))
}

async fn status(mut client: Client, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    let view = client.view().await?;
    let state = match (view.desk.state, &view.desk.cause) {
        (LinkState::Up, _) => "connected".to_owned(),
        (_, Some(cause)) => words_for(cause, view.desk.detail.as_deref()).to_string(),
        (_, None) => "not connected yet".to_owned(),
    };
    writeln!(out, "Zoho Desk  {state}")?;
    writeln!(out, "Waiting    {}", view.outbox.pending + view.outbox.blocked)?;
    writeln!(out, "Refused    {}", view.outbox.wedged)?;
    writeln!(out, "Written    {}", view.outbox.sent)?;
    for problem in view.problems {
        writeln!(out, "Settings   {}: {}", problem.key, words().of_code("problem", &problem.code, &[]))?;
    }
    Ok(())
}

async fn sign_out(mut client: Client, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    client.set_up(Want::Disconnect).await.map_err(said)?;
    Ok(writeln!(out, "Signed out. Nothing is written until somebody signs in again.")?)
}

fn said(error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Refused(fault) => words_for(&fault.code, fault.detail.as_deref()),
        other => other.into(),
    }
}

fn words_for(code: &str, detail: Option<&str>) -> anyhow::Error {
    let cause = words().of_code("cause", code, &[]);
    match detail {
        Some(detail) => anyhow!("{cause} ({detail})"),
        None => anyhow!(cause),
    }
}

fn words() -> Words {
    Words::with_parts(Language::English, &Part::ALL)
}
