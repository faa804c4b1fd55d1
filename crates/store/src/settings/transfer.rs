//! Owns taking settings from one computer to another, without secrets.
//! Must not know: where the document travels.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::change::{self, Changed, Refusal};
use super::check::carries_user_info;
use super::document;
use super::layers::{Layers, looks_secret};
use super::{FILE, ProblemKind, SettingsError, VERSION};
use crate::file;

/// The values in force, every key present, to be imported elsewhere: without unknown keys that look like secrets,
/// and without addresses that carry a password.
///
/// # Errors
/// As [`load_with`](super::load_with).
pub fn export(dir: &Path, policy: &Path) -> Result<Value, SettingsError> {
    let mut settings = Layers::read(dir, Some(policy))?.in_force()?;
    settings.version = VERSION;
    let desk = &mut settings.desk;
    for address in [&mut settings.pbx.url, &mut desk.accounts_url, &mut desk.desk_url] {
        address.take_if(|text| carries_user_info(text));
    }
    let mut document = Value::Object(document::full(&settings));
    remove_secrets(&mut document);
    Ok(document)
}

/// Takes exported settings over, as a [`change`](super::change()) of every key that is in the document; what is not
/// in it stays. Unknown keys are kept, and reported as those of a file are. Keys that the policy sets are skipped.
/// Refused as a whole: what [`change`](super::change()) refuses, a document of a newer version, and one that holds
/// what looks like a secret. The present file is kept as `settings.json.before-import-<n>`.
///
/// # Errors
/// As [`change`](super::change()).
pub fn import(dir: &Path, policy: &Path, document: &Value) -> Result<Changed, SettingsError> {
    let _turn = change::turn(dir)?;
    let before = Layers::read(dir, Some(policy))?;
    let mut after = before.clone();
    let mut refused = foreign(document);
    let mut skipped = Vec::new();
    if refused.is_empty() {
        let document = match document::found_version(document) {
            Some(older) if older < u64::from(VERSION) => document::migrate(document.clone(), older),
            Some(_) | None => document.clone(),
        };
        let (mut changes, not_sections) = take_over(&mut after.own, document);
        let locked = after.locked();
        changes.retain(|key, _| {
            !locked.contains(key) || {
                skipped.push(key.clone());
                false
            }
        });
        refused = change::apply(&mut after, &changes)?;
        refused.extend(not_sections);
    }
    if refused.is_empty() && before.own != after.own {
        let path = dir.join(FILE);
        file::keep_copy(&path, "before-import")
            .map_err(|source| SettingsError::NotSaved { file: path, source })?;
    }
    Ok(Changed { skipped, ..change::finish(dir, before, after, refused)? })
}

/// What makes a document none of ours, whatever its values are.
fn foreign(document: &Value) -> Vec<Refusal> {
    let Some(map) = document.as_object() else { return vec![Refusal::new("", ProblemKind::WrongValue)] };
    let mut refused = Vec::new();
    match map.get("version").map(Value::as_u64) {
        Some(None) => refused.push(Refusal::new("version", ProblemKind::WrongValue)),
        Some(Some(found)) if found > u64::from(VERSION) => {
            // Nothing else in it can be judged.
            return vec![Refusal::new("version", ProblemKind::NewerVersion)];
        }
        Some(Some(_)) | None => {}
    }
    refused.extend(
        secret_keys(document).into_iter().map(|key| Refusal::new(key, ProblemKind::SecretInSettings)),
    );
    refused
}

/// Copies the unknown keys and tells the values of the known ones.
fn take_over(own: &mut Map<String, Value>, document: Value) -> (BTreeMap<String, Value>, Vec<Refusal>) {
    let (known, mut changes, mut not_sections) = (document::known_keys(), BTreeMap::new(), Vec::new());
    let Value::Object(document) = document else { return (changes, not_sections) };
    for (name, value) in document {
        let is_section =
            known.iter().any(|key| key.split_once('.').is_some_and(|(section, _)| section == name));
        match value {
            _ if name == "version" => {}
            value if known.contains(&name) => {
                changes.insert(name, value);
            }
            Value::Object(section) if is_section => {
                for (leaf, value) in section {
                    let key = format!("{name}.{leaf}");
                    if known.contains(&key) {
                        changes.insert(key, value);
                    } else if let Value::Object(section) =
                        own.entry(&name).or_insert_with(|| Value::Object(Map::new()))
                    {
                        section.insert(leaf, value);
                    }
                }
            }
            _ if is_section => not_sections.push(Refusal::new(name, ProblemKind::WrongValue)),
            value => {
                own.insert(name, value);
            }
        }
    }
    (changes, not_sections)
}

/// Where a value has keys that look like secrets, dotted.
pub(super) fn secret_keys(value: &Value) -> Vec<String> {
    let inside = |name: String, value: &Value| {
        let mut paths = secret_keys(value);
        for path in &mut paths {
            *path = format!("{name}{}{path}", if path.starts_with('[') { "" } else { "." });
        }
        paths
    };
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(
                |(key, value)| {
                    if looks_secret(key) { vec![key.clone()] } else { inside(key.clone(), value) }
                },
            )
            .collect(),
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(at, value)| inside(format!("[{at}]"), value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn remove_secrets(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !looks_secret(key));
            map.values_mut().for_each(remove_secrets);
        }
        Value::Array(list) => list.iter_mut().for_each(remove_secrets),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
