//! `outbox`: what is to be written to Desk, and what a person does about it, put to the running engine when there is
//! one and done on the profile when there is none.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use deskring_engine::Paths;
use deskring_engine::assist::{Answer, Want};
use deskring_engine::outbox_by_hand::{self as by_hand, OutboxAsk, OutboxEdit};
use deskring_engine::view::OutboxRowView;
use deskring_local_api::{Client, ClientError};
use serde_json::Value;

use crate::Format;
use crate::say::{self, Voice};
use crate::set_up::{hint, print, refused, said, unexpected, value_of};

/// Rows that are asked for at once.
const PAGE: usize = 100;

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Print entries, the youngest first
    List {
        /// Only those in this state
        #[arg(long, value_parser = PossibleValuesParser::new(by_hand::states()))]
        state: Option<String>,
        /// Only those of this call
        #[arg(long, value_name = "ID")]
        call: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print all of an entry
    Show {
        /// Its name, as `list` prints it
        key: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send entries now
    Retry(Retry),
    /// Change what an entry says: subject, description, or a field by Zoho's name of it
    Edit(Edit),
    /// Give entries up, and with them those that need them
    Discard {
        /// Their names
        #[arg(value_name = "KEY", required = true)]
        keys: Vec<String>,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Retry {
    /// Their names
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// Every entry that was not written
    #[arg(long)]
    all_wedged: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// Its name
    key: String,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// A text, a number, true or false; a text that looks like one of these in double quotes
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// As if nobody had set it
    #[arg(long, value_name = "NAME")]
    unset: Vec<String>,
}

pub(crate) async fn outbox(paths: Paths, command: OutboxCommand) -> anyhow::Result<ExitCode> {
    let voice = say::voice(&paths);
    match command {
        OutboxCommand::List { state, call, json } => {
            list(&paths, &voice, state.into_iter().collect(), call, json.into()).await
        }
        OutboxCommand::Show { key, json } => match ask(&paths, &voice, OutboxAsk::Show { key }).await? {
            (Answer::OutboxRow { row }, _) if json => print(&serde_json::to_string(&row)?),
            (Answer::OutboxRow { row }, _) => print(&voice.outbox_entry(&row)),
            _ => unexpected(),
        },
        OutboxCommand::Retry(Retry { all_wedged: true, .. }) => {
            let (Answer::Retried { count }, by) = ask(&paths, &voice, OutboxAsk::RetryWedged).await? else {
                return unexpected();
            };
            retried(&voice, count, by)
        }
        OutboxCommand::Retry(Retry { keys, .. }) => {
            let (count, by, faults) = each(&paths, &voice, keys, |key| OutboxAsk::Retry { key }).await;
            if count > 0 {
                retried(&voice, count, by)?;
            }
            finished(&faults)
        }
        OutboxCommand::Edit(Edit { key, changes }) => {
            let set = changes.set.iter().map(|text| pair(text));
            let set = set
                .collect::<Result<_, _>>()
                .map_err(|text: &str| anyhow!(voice.with("cli-change-wrong", "change", text)))?;
            let edit = OutboxEdit { key, set, unset: changes.unset };
            match ask(&paths, &voice, OutboxAsk::Edit(edit)).await? {
                (Answer::OutboxRow { row }, _) => print(&voice.with("cli-outbox-edited", "key", &row.key)),
                _ => unexpected(),
            }
        }
        OutboxCommand::Discard { keys } => {
            let (count, _, faults) = each(&paths, &voice, keys, |key| OutboxAsk::Discard { key }).await;
            if count > 0 {
                print(&voice.count("cli-outbox-discarded", count))?;
            }
            finished(&faults)
        }
    }
}

async fn list(
    paths: &Paths,
    voice: &Voice,
    states: Vec<String>,
    call: Option<String>,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let mut all: Vec<OutboxRowView> = Vec::new();
    loop {
        let (states, call) = (states.clone(), call.clone());
        let page = OutboxAsk::List { states, call, offset: all.len(), limit: PAGE };
        let (Answer::Outbox { rows, more }, _) = ask(paths, voice, page).await? else { return unexpected() };
        all.extend(rows);
        if !more {
            break;
        }
    }
    match format {
        Format::Json => print(&serde_json::to_string(&all)?),
        Format::Text if all.is_empty() => print(&voice.text("cli-outbox-none")),
        Format::Text => {
            let rows: Vec<String> = all.iter().map(|row| voice.outbox_row(row)).collect();
            print(&rows.join("\n"))
        }
    }
}

/// Who did it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Engine,
    Us,
}

async fn ask(paths: &Paths, voice: &Voice, ask: OutboxAsk) -> anyhow::Result<(Answer, By)> {
    match Client::connect(paths).await {
        Ok(mut client) => {
            let answer = client.assist(Want::Outbox { ask }).await;
            Ok((answer.map_err(|error| refused(voice, error))?, By::Engine))
        }
        Err(ClientError::NotRunning) => {
            Ok((by_hand::alone(paths, ask).map_err(|fault| said(voice, &fault))?, By::Us))
        }
        Err(other) => Err(other.into()),
    }
}

/// One after the other; one that cannot be done keeps no other from being done.
async fn each(
    paths: &Paths,
    voice: &Voice,
    keys: Vec<String>,
    wish: impl Fn(String) -> OutboxAsk,
) -> (u64, By, Vec<String>) {
    let (mut count, mut by, mut faults) = (0, By::Engine, Vec::new());
    for key in keys {
        match ask(paths, voice, wish(key.clone())).await {
            Ok((_, done_by)) => {
                count += 1;
                by = done_by;
            }
            Err(error) => faults.push(format!("{key}: {error:#}")),
        }
    }
    (count, by, faults)
}

fn retried(voice: &Voice, count: u64, by: By) -> anyhow::Result<ExitCode> {
    if by == By::Us && count > 0 {
        hint(&voice.text("cli-outbox-waits-for-run"));
    }
    print(&voice.count("cli-outbox-retried", count))
}

fn finished(faults: &[String]) -> anyhow::Result<ExitCode> {
    if faults.is_empty() { Ok(ExitCode::SUCCESS) } else { bail!("{}", faults.join("; ")) }
}

/// A name and a value. Unlike in settings, a number is one: Desk has fields of numbers. The engine makes it a text where
/// the field had one.
fn pair(text: &str) -> Result<(String, Value), &str> {
    let (name, value) = text.split_once('=').ok_or(text)?;
    let number = serde_json::from_str(value).ok().filter(Value::is_number);
    Ok((name.trim().to_owned(), number.unwrap_or_else(|| value_of(value))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_what_it_looks_like_and_quotes_make_it_a_text() {
        let value = |text| pair(text).map(|(_, value)| value);
        assert_eq!(pair(" cf_region =North East"), Ok(("cf_region".to_owned(), json!("North East"))));
        assert_eq!(value("a=12"), Ok(json!(12)));
        assert_eq!(value("a=0592"), Ok(json!("0592")), "digits that are no number of JSON");
        assert_eq!(value("a=\"12\""), Ok(json!("12")));
        assert_eq!(value("a=true"), Ok(json!(true)));
        assert_eq!(value("a=x=y"), Ok(json!("x=y")));
        assert_eq!(value("a="), Ok(Value::Null));
        assert_eq!(value("a"), Err("a"));
    }
}
