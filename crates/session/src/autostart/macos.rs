//! The list of macOS: a launch agent of the user's.

use std::path::{Path, PathBuf};

use plist::{Dictionary, Value};

use super::{ARGUMENT, Autostart, SessionError, remove_file, replace, unwritable};
use crate::Places;

const LABEL: &str = "org.deskring.Deskring";

pub(super) fn state(places: &Places, program: &Path) -> Autostart {
    let agent = file(places).ok().and_then(|file| Value::from_file(file).ok());
    let Some(agent) = agent.and_then(Value::into_dictionary) else { return Autostart::Off };
    if agent.get("Disabled").and_then(Value::as_boolean) == Some(true) {
        return Autostart::Off;
    }
    let arguments = agent.get("ProgramArguments").and_then(Value::as_array);
    let found = arguments.and_then(|all| all.first()).and_then(Value::as_string).unwrap_or_default();
    if Path::new(found) == program { Autostart::On } else { Autostart::Broken { program: found.to_owned() } }
}

pub(super) fn add(places: &Places, _program: &Path, path: &str) -> Result<(), SessionError> {
    let file = file(places)?;
    let mut agent = Dictionary::new();
    agent.insert("Label".into(), LABEL.into());
    agent.insert("ProgramArguments".into(), Value::Array(vec![path.into(), ARGUMENT.into()]));
    agent.insert("RunAtLoad".into(), true.into());
    agent.insert("ProcessType".into(), "Interactive".into());
    let mut content = Vec::new();
    let written = Value::Dictionary(agent).to_writer_xml(&mut content);
    written.map_err(|error| unwritable(file.display())(std::io::Error::other(error)))?;
    replace(&file, &content)
}

pub(super) fn remove(places: &Places) -> Result<(), SessionError> {
    remove_file(&file(places)?)
}

fn file(places: &Places) -> Result<PathBuf, SessionError> {
    let home = places.home.as_deref().ok_or(SessionError::NoHome)?;
    Ok(home.join("Library/LaunchAgents").join(format!("{LABEL}.plist")))
}
