//! The choice of Linux desktops, after the specification of associations between MIME types and programs.
//!
//! Read here rather than asked of `xdg-mime`, which is a shell script that starts tools of its desktop.
//! <https://specifications.freedesktop.org/mime-apps-spec/latest/>

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Places, SCHEMES, SessionError, TelHandler};
use crate::NAME;
use crate::autostart::replace;
use crate::entry::{Entry, is_same, started};

const TYPE: &str = "x-scheme-handler/tel";
/// The file name of our program; the names of entries differ between packages.
const PROGRAM: &str = "deskring";
/// Pages on which default programs are chosen, by a name that desktops have, with the program that shows each.
const PAGES: [(&str, &str, &[&str]); 6] = [
    ("GNOME", "gnome-control-center", &["default-apps"]),
    ("Unity", "gnome-control-center", &["default-apps"]),
    ("KDE", "systemsettings", &["kcm_componentchooser"]),
    ("KDE", "systemsettings5", &["kcm_componentchooser"]),
    ("XFCE", "xfce4-mime-settings", &[]),
    ("X-Cinnamon", "cinnamon-settings", &["default"]),
];

pub(super) const DEFAULT_COMMAND: Option<&str> =
    Some("xdg-mime default Deskring.desktop x-scheme-handler/tel");

pub(super) fn default_for_tel(places: &Places) -> TelHandler {
    let Some((id, entry)) = chosen(places) else { return TelHandler::None };
    let program = entry.program().unwrap_or_default();
    if Path::new(&program).file_name().is_some_and(|name| name == PROGRAM) {
        return TelHandler::Ours;
    }
    TelHandler::Other(entry.text("Name").filter(|name| !name.trim().is_empty()).unwrap_or(id))
}

fn chosen(places: &Places) -> Option<(String, Entry)> {
    let installed = |id: &str| Some((id.to_owned(), entry(places, id)?));
    let lists: Vec<Entry> = lists(places).iter().filter_map(|file| Entry::read(file)).collect();
    if let Some(default) =
        lists.iter().flat_map(|list| list.list("Default Applications", TYPE)).find_map(installed)
    {
        return Some(default);
    }
    // Nobody chose: whoever says that it can, unless a list that is more important took that back.
    let mut removed = HashSet::new();
    for list in &lists {
        let mut added = list.list("Added Associations", TYPE).filter(|id| !removed.contains(*id));
        if let Some(found) = added.find_map(installed) {
            return Some(found);
        }
        removed.extend(list.list("Removed Associations", TYPE));
    }
    let caches: Vec<Entry> =
        applications(places).filter_map(|folder| Entry::read(&folder.join("mimeinfo.cache"))).collect();
    let mut able = caches.iter().flat_map(|cache| cache.list("MIME Cache", TYPE));
    able.find_map(|id| (!removed.contains(id)).then(|| installed(id)).flatten())
}

/// Every place where a choice may be written, the most important first.
fn lists(places: &Places) -> Vec<PathBuf> {
    let names = places.desktops().map(|name| format!("{}-mimeapps.list", name.to_ascii_lowercase()));
    let names: Vec<String> =
        names.filter(|name| !name.contains('/')).chain(["mimeapps.list".to_owned()]).collect();
    let config = places.config_home.iter().chain(&places.config_dirs).cloned();
    let folders: Vec<PathBuf> = config.chain(applications(places)).collect();
    folders.iter().flat_map(|folder| names.iter().map(move |name| folder.join(name))).collect()
}

fn applications(places: &Places) -> impl Iterator<Item = PathBuf> {
    places.data_home.iter().chain(&places.data_dirs).map(|folder| folder.join("applications"))
}

/// The entry with this id; `None` when it is not installed. A hyphen in an id may stand for a folder.
fn entry(places: &Places, id: &str) -> Option<Entry> {
    if id.contains('/') {
        return None;
    }
    let in_folder = id.replacen('-', "/", 1);
    let found = applications(places)
        .flat_map(|folder| [folder.join(id), folder.join(&in_folder)])
        .find_map(|file| Entry::read(&file))?;
    (!found.says("Hidden", "true")).then_some(found)
}

pub(super) fn takes_links(places: &Places, program: &Path) -> bool {
    let Some(entry) = entry(places, &format!("{NAME}.desktop")) else { return false };
    let takes = entry.list("Desktop Entry", "MimeType").any(|kind| kind == TYPE);
    takes && entry.program().is_some_and(|found| is_same(&found, program))
}

/// Under the name that the package's entry has: whoever installs the package later has one entry, not two, and a choice
/// that was made stays.
pub(super) fn offer(places: &Places, program: &Path, path: &str) -> Result<(), SessionError> {
    let folder = places.data_home.as_deref().ok_or(SessionError::NoHome)?.join("applications");
    let started =
        started(path).ok_or_else(|| SessionError::UnusableProgram { program: program.to_owned() })?;
    let kinds: String = SCHEMES.iter().map(|scheme| format!("x-scheme-handler/{scheme};")).collect();
    let entry = format!(
        "[Desktop Entry]\nType=Application\nName={NAME}\nExec={started} %u\nIcon=deskring\nTerminal=false\n\
         Categories=Office;Telephony;\nStartupNotify=false\nMimeType={kinds}\n"
    );
    replace(&folder.join(format!("{NAME}.desktop")), entry.as_bytes())?;
    index(places, &folder);
    Ok(())
}

/// Desktops without the tool read the entries themselves.
fn index(places: &Places, folder: &Path) {
    let Some(tool) = places.program("update-desktop-database") else { return };
    let mut command = Command::new(tool);
    let indexed =
        command.arg(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match indexed {
        Ok(status) if status.success() => {}
        other => tracing::debug!(?other, "the list of programs for links was not renewed"),
    }
}

pub(super) fn page(places: &Places) -> Option<(PathBuf, &'static [&'static str])> {
    places.desktops().find_map(|name| {
        let pages = PAGES.iter().filter(|(desktop, ..)| desktop.eq_ignore_ascii_case(name));
        pages.into_iter().find_map(|(_, program, arguments)| Some((places.program(program)?, *arguments)))
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
