//! `dial`: a number becomes a call of the running engine, and the command ends as the call does.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::bail;
use deskring_engine::assist::{Answer, DialBy, Want};
use deskring_engine::view::{CallView, DialView};
use deskring_engine::{AppView, Command, Paths};
use deskring_local_api::Client;

use crate::say::{self, Voice};
use crate::set_up::{print, refused, unexpected};

/// The call was not answered.
const NOT_ANSWERED: u8 = 3;
/// The PBX could not put it through.
const NOT_PUT_THROUGH: u8 = 4;

pub(crate) async fn dial(
    paths: &Paths,
    number: String,
    yes: bool,
    no_wait: bool,
) -> anyhow::Result<ExitCode> {
    let voice = say::voice(paths);
    let mut client = Client::connect(paths).await?;
    // Calls of before are not this one.
    let before = client.view().await?;
    let is_link =
        number.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphabetic()));
    let by = if is_link { DialBy::Link } else { DialBy::Person };
    let answer = client.assist(Want::Dial { text: number, by }).await;
    let Answer::Dial { dial } = answer.map_err(|error| refused(&voice, error))? else { return unexpected() };
    // The same wish as one of a moment ago, which has become a call already.
    if dial.id == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let mut watch = Client::connect(paths).await?.watch().await?;
    let mut wish = Following { id: dial.id, call: dial.call.clone(), said: String::new() };
    while let Some(view) = watch.next().await {
        match view.dial.as_ref().filter(|dial| dial.id == wish.id) {
            Some(dial) => {
                wish.call = dial.call.clone().or(wish.call);
                wish.say(&voice, dial)?;
                match dial.state.as_str() {
                    "asking" => {
                        let id = wish.id;
                        let agreed = if yes { Ok(true) } else { agreed(&voice, dial) };
                        if !matches!(agreed, Ok(true)) {
                            client.command(Command::DismissDial { id }).await?;
                            return agreed.map(|_| ExitCode::FAILURE);
                        }
                        client.command(Command::ConfirmDial { id }).await?;
                    }
                    "dialing" if no_wait && dial.call.is_some() => return Ok(ExitCode::SUCCESS),
                    "failed" => return Ok(ExitCode::FAILURE),
                    _ => {}
                }
            }
            None => match wish.call(&view, &before) {
                Some(_) if no_wait => return Ok(ExitCode::SUCCESS),
                Some(call) if call.closed => return print_end(&voice, call),
                Some(_) => {}
                // Neither a wish nor a call: another one has taken its place.
                None if view.dial.is_some() => return Ok(ExitCode::FAILURE),
                None => {}
            },
        }
    }
    Ok(ExitCode::FAILURE)
}

/// A wish on its way.
struct Following {
    id: u64,
    /// The PBX's id, where it has told it.
    call: Option<String>,
    said: String,
}

impl Following {
    fn say(&mut self, voice: &Voice, dial: &DialView) -> anyhow::Result<()> {
        let text = voice.dial(dial);
        if dial.state != "asking" && text != self.said {
            writeln!(std::io::stdout(), "{text}")?;
            self.said = text;
        }
        Ok(())
    }

    /// The call that came of it: the one that the PBX named, else the first new one from here.
    fn call<'a>(&self, view: &'a AppView, before: &AppView) -> Option<&'a CallView> {
        let mut all = view.calls.iter().chain(&view.recent);
        match &self.call {
            Some(id) => all.find(|call| call.call == *id),
            None => {
                let known = |call: &CallView| {
                    before.calls.iter().chain(&before.recent).any(|old| old.call == call.call)
                };
                all.find(|call| call.direction.as_deref() != Some("inbound") && !known(call))
            }
        }
    }
}

fn print_end(voice: &Voice, call: &CallView) -> anyhow::Result<ExitCode> {
    print(&voice.call(call))?;
    Ok(match call.outcome.as_deref() {
        Some("answered") => ExitCode::SUCCESS,
        Some("failed") => NOT_PUT_THROUGH.into(),
        Some(_) | None => NOT_ANSWERED.into(),
    })
}

/// Asks the person at the terminal.
fn agreed(voice: &Voice, dial: &DialView) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("{} {}", voice.dial(dial), voice.text("cli-dial-not-a-terminal"));
    }
    write!(std::io::stdout(), "{} ", voice.with("cli-dial-yes-or-no", "question", &voice.dial(dial)))?;
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let answer = line.trim().to_lowercase();
    Ok(voice.text("cli-dial-yes-words").split_whitespace().any(|yes| yes == answer))
}
