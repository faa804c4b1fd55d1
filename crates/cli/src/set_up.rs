//! Setting up from a terminal: the same questions as the settings window asks, put to the running engine when there
//! is one, and answered here when there is none.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use deskring_engine::admin::{
    Answer, BindBy, Directory, Fault, FindingState, InvitedBy, KeptSecret, SettingsView, Typed, Want,
};
use deskring_engine::view::SignInView;
use deskring_engine::{Admin, Paths, Scopes};
use deskring_local_api::{Client, ClientError};
use serde_json::{Value, json};

use crate::Format;
use crate::run::Terminal;
use crate::say::{self, Voice};

/// No secret of a PBX or of Zoho comes near this.
const LONGEST_SECRET: u64 = 4096;
/// No settings come near this.
const LONGEST_FILE: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The link, or "-" to read it from standard input; its code works once
    #[arg(long, value_name = "LINK")]
    invite: String,
    /// The SHA-256 of the gateway's certificate, compared with the administrator's, where no authority vouches for it
    #[arg(long, value_name = "SHA256")]
    trust: Option<String>,
    /// Where there is no keychain, keep the secret in a file that only you can read
    #[arg(long)]
    allow_file: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Keep a secret; it is read from standard input and never an argument
    Set {
        /// Whose
        which: Which,
        /// Where there is no keychain, keep it in a file that only you can read
        #[arg(long)]
        allow_file: bool,
    },
}

/// A secret that a person has.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Which {
    /// The PBX's API client
    Pbx,
    /// Zoho's API client
    Desk,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeskCommand {
    /// Sign in with the browser of this computer
    SignIn {
        /// Only print the address, open no browser
        #[arg(long)]
        no_browser: bool,
        /// For when Zoho shows "invalid scope"
        #[arg(long)]
        other_scopes: bool,
        /// Where there is no keychain, keep the sign-in in a file that only you can read
        #[arg(long)]
        allow_file: bool,
    },
    /// Connected, disabled, sign-in needed, or not connected
    Status,
    /// Stop all work with Zoho Desk; everything is kept
    Disable,
    /// Work with Zoho Desk again
    Enable,
    /// Give the sign-in back and clear the settings of Zoho Desk
    Disconnect {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Bind {
    /// Bind agents and extensions with the same mail address
    #[arg(long)]
    by_email: bool,
    /// Bind agents whose record in Zoho Desk names the extension
    #[arg(long)]
    by_extn: bool,
    /// Show agents and their extensions
    #[arg(long)]
    list: bool,
    /// Bind these; AGENT is Zoho Desk's id or mail address, empty to unbind
    #[arg(value_name = "EXT=AGENT")]
    pairs: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Print the settings, without secrets
    Export,
    /// Take settings over from a file, or from standard input with "-"
    Import {
        /// What `export` printed
        file: PathBuf,
    },
    /// Say what is wrong with the settings
    Check,
    /// Change settings, such as popup.trigger=answer
    Set {
        /// A text, or JSON; empty for the default
        #[arg(value_name = "KEY=VALUE", required = true)]
        changes: Vec<String>,
    },
}

pub(crate) async fn connect(paths: Paths, connect: Connect) -> anyhow::Result<ExitCode> {
    let link = match connect.invite.as_str() {
        "-" => read_all(std::io::stdin().lock(), LONGEST_SECRET)?,
        link => link.to_owned(),
    };
    let want = Want::Enroll {
        by: InvitedBy::Link(Typed(link.trim().to_owned().into())),
        trusted_certificate: connect.trust,
        file_permitted: connect.allow_file,
    };
    let voice = say::voice(&paths);
    match ask(&paths, want).await? {
        Answer::Enrolled { extension, test } => {
            print(&voice.with("cli-connected", "extension", &extension))?;
            match test.cause {
                None => Ok(ExitCode::SUCCESS),
                Some(code) => Err(said(&voice, &Fault { code, detail: test.detail })),
            }
        }
        Answer::PbxTest(test) => {
            let sha256 = test.certificate.map(|certificate| certificate.sha256).unwrap_or_default();
            bail!("{}", voice.with("cli-connect-certificate", "sha256", &sha256))
        }
        _ => unexpected(),
    }
}

pub(crate) async fn secret(paths: Paths, command: SecretCommand) -> anyhow::Result<ExitCode> {
    let SecretCommand::Set { which, allow_file } = command;
    let secret = match which {
        Which::Pbx => KeptSecret::Pbx,
        Which::Desk => KeptSecret::Desk,
    };
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(say::voice(&paths).text("cli-secret-prompt"))?
    } else {
        read_all(std::io::stdin().lock(), LONGEST_SECRET)?
    };
    let text = Typed(text.into());
    let want = Want::KeepSecret { secret, text, file_permitted: allow_file };
    match ask(&paths, want).await? {
        Answer::Settings(view) => {
            let name = match which {
                Which::Pbx => "pbx_client_secret",
                Which::Desk => "desk_client_secret",
            };
            let place = view.secrets.get(name).cloned().flatten().unwrap_or_default();
            print(&say::voice(&paths).with("cli-secret-kept", "place", &place))
        }
        _ => unexpected(),
    }
}

pub(crate) async fn desk(paths: Paths, command: DeskCommand) -> anyhow::Result<ExitCode> {
    let voice = say::voice(&paths);
    match command {
        DeskCommand::SignIn { no_browser, other_scopes, allow_file } => {
            let browser = if no_browser { Browser::ByHand } else { Browser::Opened };
            sign_in(&paths, &voice, browser, other_scopes, allow_file).await
        }
        DeskCommand::Status => status(&paths, &voice).await,
        DeskCommand::Disable => change(&paths, &voice, [("desk.enabled".into(), json!(false))].into()).await,
        DeskCommand::Enable => change(&paths, &voice, [("desk.enabled".into(), json!(true))].into()).await,
        DeskCommand::Disconnect { yes } => {
            if !yes && !agreed(&voice)? {
                bail!("{}", voice.text("cli-nothing-done"));
            }
            settings_answer(ask(&paths, Want::Disconnect).await?)?;
            print(&voice.text("cli-disconnected"))
        }
    }
}

/// Who opens the page to agree on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Browser {
    Opened,
    ByHand,
}

async fn sign_in(
    paths: &Paths,
    voice: &Voice,
    browser: Browser,
    other_scopes: bool,
    file_permitted: bool,
) -> anyhow::Result<ExitCode> {
    let show = |address: &str| {
        hint(&voice.with("cli-sign-in-open", "port", &port_of(address)));
        // Nobody reads any more: the browser may still come back.
        let _ = writeln!(std::io::stdout(), "{address}");
        if browser == Browser::Opened
            && let Err(error) = webbrowser::open(address)
        {
            tracing::debug!(%error, "the browser could not be started");
        }
    };
    let mut client = match Client::connect(paths).await {
        Ok(client) => client,
        Err(ClientError::NotRunning) => {
            let scopes = if other_scopes { Scopes::ActivitiesCalls } else { Scopes::Calls };
            let admin = Admin::alone(paths.clone(), Arc::new(Terminal::new(paths, Format::Text)));
            admin.sign_in_here(scopes, file_permitted, show).await.map_err(|fault| said(voice, &fault))?;
            return print(&voice.text("sign-in-title-success"));
        }
        Err(other) => return Err(other.into()),
    };
    let asked = client.set_up(Want::SignIn { other_scopes, file_permitted }).await;
    let address = match asked.map_err(|error| refused(voice, error))? {
        Answer::SignIn { address } => address,
        _ => return unexpected(),
    };
    show(&address);
    let mut shown = address;
    let mut views = client.watch().await?;
    while let Some(view) = views.next().await {
        match view.sign_in {
            Some(SignInView::Done) => return print(&voice.text("sign-in-title-success")),
            Some(SignInView::Failed { cause, detail }) => {
                return Err(said(voice, &Fault { code: cause, detail }));
            }
            // Asked again with another name of a permission: a new page, opened by the engine's desktop.
            Some(SignInView::Waiting { address, .. }) if address != shown => {
                // As above.
                let _ = writeln!(std::io::stdout(), "{address}");
                shown = address;
            }
            Some(SignInView::Waiting { .. }) | None => {}
        }
    }
    Err(anyhow!(voice.cause("not_running")))
}

/// Where the browser comes back to, from the address it is sent to.
fn port_of(address: &str) -> String {
    let rest = address.split_once("localhost%3A").map_or("", |(_, rest)| rest);
    rest.chars().take_while(char::is_ascii_digit).collect()
}

async fn status(paths: &Paths, voice: &Voice) -> anyhow::Result<ExitCode> {
    match Client::connect(paths).await {
        Ok(mut client) => print(&voice.desk_status(&client.view().await?.desk)),
        Err(ClientError::NotRunning) => {
            let view = settings_answer(ask(paths, Want::Settings).await?)?;
            let enabled = view.settings.pointer("/desk/enabled").and_then(Value::as_bool).unwrap_or(true);
            let signed_in = view.secrets.get("desk_refresh_token").is_some_and(Option::is_some);
            let known = view.settings.pointer("/desk/client_id").is_some_and(|id| !id.is_null());
            let key = match (enabled, signed_in, known) {
                (false, _, _) => "settings-status-disabled",
                (true, true, _) => "cli-desk-signed-in",
                (true, false, true) => "settings-status-sign-in-needed",
                (true, false, false) => "settings-status-not-connected",
            };
            print(&voice.text(key))
        }
        Err(other) => Err(other.into()),
    }
}

pub(crate) async fn bind(paths: Paths, bind: Bind) -> anyhow::Result<ExitCode> {
    let voice = say::voice(&paths);
    if bind.by_email || bind.by_extn {
        let by = if bind.by_email { BindBy::Email } else { BindBy::Extn };
        let Answer::Bound { bound, ambiguous } = ask(&paths, Want::Bind { by }).await? else {
            return unexpected();
        };
        return print(&voice.bound(&bound, &ambiguous));
    }
    let Answer::Directory(directory) = ask(&paths, Want::Directory).await? else { return unexpected() };
    if bind.list {
        return print(&voice.directory(&directory));
    }
    let rows = bindings(&directory, &bind.pairs).map_err(|pair| {
        let problem = voice.with("cli-bind-wrong", "pair", &pair);
        anyhow!(problem)
    })?;
    change(&paths, &voice, [("bindings".into(), rows)].into()).await
}

/// The bindings with these put in or taken away; an agent may be named by its mail address.
fn bindings(directory: &Directory, pairs: &[String]) -> Result<Value, String> {
    let mut rows: BTreeMap<String, String> =
        directory.bindings.iter().map(|row| (row.extension.clone(), row.agent_id.clone())).collect();
    for pair in pairs {
        let (extension, agent) = pair.split_once('=').ok_or_else(|| pair.clone())?;
        let (extension, agent) = (extension.trim(), agent.trim());
        if agent.is_empty() {
            rows.remove(extension);
            continue;
        }
        let by_mail = directory
            .agents
            .iter()
            .find(|known| known.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(agent)));
        let id = by_mail.map_or(agent, |known| known.id.as_str());
        let known = directory.agents_cause.is_some() || directory.agents.iter().any(|known| known.id == id);
        if !known {
            return Err(pair.clone());
        }
        rows.insert(extension.to_owned(), id.to_owned());
    }
    let rows = rows.into_iter().map(|(extension, id)| json!({ "extension": extension, "agent_id": id }));
    Ok(rows.collect())
}

pub(crate) async fn settings(paths: Paths, command: SettingsCommand) -> anyhow::Result<ExitCode> {
    let voice = say::voice(&paths);
    match command {
        SettingsCommand::Export => match ask(&paths, Want::Export).await? {
            Answer::Document { document } => print(&serde_json::to_string_pretty(&document)?),
            _ => unexpected(),
        },
        SettingsCommand::Import { file } => {
            let text = if file.as_os_str() == "-" {
                read_all(std::io::stdin().lock(), LONGEST_FILE)?
            } else {
                let opened = std::fs::File::open(&file);
                read_all(opened.with_context(|| file.display().to_string())?, LONGEST_FILE)?
            };
            let document = serde_json::from_str(text.trim_start_matches('\u{feff}'))
                .with_context(|| file.display().to_string())?;
            let mut view = settings_answer(ask(&paths, Want::Import { document }).await?)?;
            // What the policy sets stays as it is; the rest was taken over.
            view.refused.retain(|problem| {
                let locked = problem.code == "locked";
                if locked {
                    hint(&voice.problem(problem));
                }
                !locked
            });
            report(&voice, &view)
        }
        SettingsCommand::Check => {
            let view = settings_answer(ask(&paths, Want::Settings).await?)?;
            if view.problems.is_empty() {
                return print(&voice.text("cli-settings-good"));
            }
            let lines: Vec<String> = view.problems.iter().map(|problem| voice.problem(problem)).collect();
            print(&lines.join("\n"))?;
            Ok(ExitCode::FAILURE)
        }
        SettingsCommand::Set { changes } => {
            let mut values = BTreeMap::new();
            for text in &changes {
                let (key, value) = text
                    .split_once('=')
                    .ok_or_else(|| anyhow!(voice.with("cli-change-wrong", "change", text)))?;
                values.insert(key.trim().to_owned(), value_of(value));
            }
            change(&paths, &voice, values).await
        }
    }
}

/// `true`, `["1001"]` and the like are JSON, everything else is a text. A number is a text, too: digits are what
/// extensions, prefixes and ids are made of.
pub(crate) fn value_of(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    match serde_json::from_str(text) {
        Ok(Value::Number(_)) | Err(_) => Value::String(text.to_owned()),
        Ok(value) => value,
    }
}

async fn change(paths: &Paths, voice: &Voice, changes: BTreeMap<String, Value>) -> anyhow::Result<ExitCode> {
    report(voice, &settings_answer(ask(paths, Want::Change { changes }).await?)?)
}

/// What was not taken; then nothing was saved.
fn report(voice: &Voice, view: &SettingsView) -> anyhow::Result<ExitCode> {
    if view.refused.is_empty() {
        return print(&voice.text("cli-saved"));
    }
    let lines: Vec<String> = view.refused.iter().map(|problem| voice.problem(problem)).collect();
    bail!("{}", lines.join("; "))
}

pub(crate) async fn doctor(paths: Paths, format: Format) -> anyhow::Result<ExitCode> {
    let Answer::Doctor { findings } = ask(&paths, Want::Doctor).await? else { return unexpected() };
    match format {
        Format::Text => print(&say::voice(&paths).findings(&findings))?,
        Format::Json => print(&serde_json::to_string(&findings)?)?,
    };
    let failed = findings.iter().any(|finding| finding.state == FindingState::Fail);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Asks the running engine; without one, does it here.
pub(crate) async fn ask(paths: &Paths, want: Want) -> anyhow::Result<Answer> {
    let voice = || say::voice(paths);
    match Client::connect(paths).await {
        Ok(mut client) => client.set_up(want).await.map_err(|error| refused(&voice(), error)),
        Err(ClientError::NotRunning) => {
            let admin = Admin::alone(paths.clone(), Arc::new(Terminal::new(paths, Format::Text)));
            admin.ask(want).await.map_err(|fault| said(&voice(), &fault))
        }
        Err(other) => Err(other.into()),
    }
}

pub(crate) fn refused(voice: &Voice, error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Refused(fault) => said(voice, &fault),
        other => other.into(),
    }
}

pub(crate) fn said(voice: &Voice, fault: &Fault) -> anyhow::Error {
    let cause = voice.cause(&fault.code);
    match &fault.detail {
        Some(detail) => anyhow!("{cause} ({detail})"),
        None => anyhow!(cause),
    }
}

fn settings_answer(answer: Answer) -> anyhow::Result<SettingsView> {
    match answer {
        Answer::Settings(view) => Ok(*view),
        _ => unexpected(),
    }
}

pub(crate) fn unexpected<T>() -> anyhow::Result<T> {
    bail!("the running Deskring answered another question")
}

fn read_all(reader: impl std::io::Read, limit: u64) -> anyhow::Result<String> {
    let mut text = String::new();
    let count = reader.take(limit + 1).read_to_string(&mut text)?;
    if count as u64 > limit {
        bail!("more than {limit} bytes");
    }
    Ok(text)
}

/// For a person only: standard output may be read by a program.
pub(crate) fn hint(text: &str) {
    // Nowhere left to say it.
    let _ = writeln!(std::io::stderr(), "{text}");
}

pub(crate) fn print(text: &str) -> anyhow::Result<ExitCode> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

fn agreed(voice: &Voice) -> anyhow::Result<bool> {
    hint(&voice.text("cli-disconnect-question"));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let answer = answer.trim().to_lowercase();
    Ok(voice.text("cli-yes").split_whitespace().any(|yes| yes == answer))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use deskring_engine::admin::{AgentView, BindingView};

    use super::*;

    #[test]
    fn a_value_is_json_where_it_is_json_and_digits_stay_text() {
        assert_eq!(value_of("true"), json!(true));
        assert_eq!(value_of(r#"["1001","1002"]"#), json!(["1001", "1002"]));
        assert_eq!(value_of("592"), json!("592"));
        assert_eq!(value_of("https://pbx.example.com"), json!("https://pbx.example.com"));
        assert_eq!(value_of(""), Value::Null);
    }

    #[test]
    fn agents_are_named_by_id_or_mail_address_and_unknown_ones_refused() {
        let directory = Directory {
            agents: vec![AgentView {
                id: "7".into(),
                name: "Ana".into(),
                email: Some("ana@example.com".into()),
                extn: None,
            }],
            bindings: vec![BindingView { extension: "1001".into(), agent_id: "5".into() }],
            ..Directory::default()
        };
        let bound = |pairs: &[&str]| {
            bindings(&directory, &pairs.iter().map(|pair| (*pair).to_owned()).collect::<Vec<_>>())
        };
        let both =
            json!([{ "extension": "1001", "agent_id": "5" }, { "extension": "1002", "agent_id": "7" }]);
        assert_eq!(bound(&["1002=Ana@example.com"]).unwrap(), both);
        assert_eq!(bound(&["1002 = 7"]).unwrap(), both);
        assert_eq!(bound(&["1001="]).unwrap(), json!([]));
        assert_eq!(bound(&["1002=9"]).unwrap_err(), "1002=9");
        assert_eq!(bound(&["1002"]).unwrap_err(), "1002");
    }
}
