//! The choice of Linux desktops, after the specification of associations between MIME types and programs.
//!
//! Read here rather than asked of `xdg-mime`, which is a shell script that starts tools of its desktop.
//! <https://specifications.freedesktop.org/mime-apps-spec/latest/>

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{Places, TelHandler};
use crate::entry::Entry;

const TYPE: &str = "x-scheme-handler/tel";
/// The file name of our program; the names of entries differ between packages.
const PROGRAM: &str = "deskring";

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

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
