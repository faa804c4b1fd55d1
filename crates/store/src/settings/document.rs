//! Owns reading a file of settings, as it stands and as it is meant, and finding keys in it.
//! Must not know: which file it is, writing.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Settings, SettingsError, VERSION, v1};

/// A file as it stands, brought to this version.
pub(super) type Document = Map<String, Value>;

/// Reads a file and makes sure that it holds settings; `None` when there is none.
pub(super) fn read(file: &Path) -> Result<Option<Document>, SettingsError> {
    match fs::read(file) {
        Ok(bytes) => parse(file, &bytes).map(Some),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SettingsError::Unreadable { file: file.to_owned(), source }),
    }
}

fn parse(file: &Path, bytes: &[u8]) -> Result<Document, SettingsError> {
    // Windows editors put a byte order mark in front.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let malformed = |fault: &serde_json::Error, key: String| SettingsError::Malformed {
        file: file.to_owned(),
        line: fault.line(),
        column: fault.column(),
        key,
        detail: without_place(fault),
    };
    let document: Value = serde_json::from_slice(bytes).map_err(|fault| malformed(&fault, String::new()))?;
    let found = found_version(&document);
    if let Some(found) = found.filter(|found| *found > u64::from(VERSION)) {
        return Err(SettingsError::Newer { file: file.to_owned(), found });
    }
    let (document, read) = match found {
        Some(older) if older < u64::from(VERSION) => {
            let migrated = migrate(document, older);
            (migrated.clone(), serde_path_to_error::deserialize::<_, Settings>(migrated))
        }
        // This version, no version, or one that is no number: read from the text, which knows its lines.
        _ => {
            let mut reader = serde_json::Deserializer::from_slice(bytes);
            (document, serde_path_to_error::deserialize(&mut reader))
        }
    };
    read.map_err(|fault| malformed(fault.inner(), key(fault.path())))?;
    match document {
        Value::Object(document) => Ok(document),
        // Not reached: settings are read from nothing but objects.
        _ => Ok(Document::new()),
    }
}

/// What a document means: tidied, defaults filled in.
pub(super) fn settings(document: &Document) -> Result<Settings, serde_json::Error> {
    Settings::deserialize(Value::Object(document.clone()))
}

pub(super) fn found_version(document: &Value) -> Option<u64> {
    document.get("version")?.as_u64()
}

/// One frozen step per version, each knowing only the shape before and after it.
pub(super) fn migrate(mut document: Value, found: u64) -> Value {
    if found < 1 {
        v1::from_unversioned(&mut document);
    }
    document
}

fn key(path: &serde_path_to_error::Path) -> String {
    let key = path.to_string();
    if key == "." { String::new() } else { key }
}

/// serde_json appends the place to its text; it is told apart already.
fn without_place(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    let place = format!(" at line {} column {}", fault.line(), fault.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// Settings with every key present.
pub(super) fn full(settings: &Settings) -> Document {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        // Structs of texts, lists and codes: there is nothing in them that JSON could not say.
        Ok(_) | Err(_) => Document::new(),
    }
}

/// Every key that can be changed or locked, dotted. A list such as `bindings` is one.
pub(super) fn known_keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (name, value) in full(&Settings::default()) {
        match value {
            Value::Object(section) => keys.extend(section.keys().map(|leaf| format!("{name}.{leaf}"))),
            _ => keys.extend((name != "version").then_some(name)),
        }
    }
    keys
}

/// The value of a known key.
pub(super) fn get<'a>(document: &'a Document, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => document.get(key),
        Some((section, leaf)) => document.get(section)?.get(leaf),
    }
}

/// Sets a known key; `null` takes it away.
pub(super) fn set(document: &mut Document, key: &str, value: Value) {
    let Some((section, leaf)) = key.split_once('.') else {
        place(document, key, value);
        return;
    };
    let entry = document.entry(section).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = entry {
        place(inner, leaf, value);
        if inner.is_empty() {
            document.remove(section);
        }
    }
}

fn place(map: &mut Map<String, Value>, key: &str, value: Value) {
    if value.is_null() {
        map.remove(key);
    } else {
        map.insert(key.to_owned(), value);
    }
}
