//! Owns what is in force: the user's own settings, and over them those of the machine's policy file.
//! Must not know: writing.
//!
//! The policy is for convenience and against mistakes: a user who can change the program can go around it. It is
//! used whoever may write it, because the one who installs the machine answers for its folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::document::{self, Document};
use super::shape::Unknown;
use super::{FILE, Loaded, Settings, SettingsError, Warning};

/// Where the policy of this machine stands, if there is one. It has the shape of `settings.json`.
///
/// Linux `/etc/deskring/policy.json`, macOS `/Library/Application Support/Deskring/policy.json`, Windows
/// `%ProgramData%\Deskring\policy.json`.
pub fn policy_file() -> PathBuf {
    if cfg!(windows) {
        let data = std::env::var_os("ProgramData").map(PathBuf::from).filter(|path| path.is_absolute());
        data.unwrap_or_else(|| PathBuf::from(r"C:\ProgramData")).join("Deskring").join("policy.json")
    } else if cfg!(target_os = "macos") {
        PathBuf::from("/Library/Application Support/Deskring/policy.json")
    } else {
        PathBuf::from("/etc/deskring/policy.json")
    }
}

/// Both files.
#[derive(Clone)]
pub(super) struct Layers {
    file: PathBuf,
    pub(super) own: Document,
    policy: Option<(PathBuf, Document)>,
}

impl Layers {
    /// Reads them; neither has to be there.
    pub(super) fn read(dir: &Path, policy: Option<&Path>) -> Result<Layers, SettingsError> {
        let file = dir.join(FILE);
        let own = document::read(&file)?.unwrap_or_default();
        let policy = match policy {
            Some(file) => document::read(file)?.map(|document| (file.to_owned(), document)),
            None => None,
        };
        Ok(Layers { file, own, policy })
    }

    /// The keys that the policy sets, also those it sets to nothing.
    pub(super) fn locked(&self) -> BTreeSet<String> {
        let Some((_, policy)) = &self.policy else { return BTreeSet::new() };
        document::known_keys().into_iter().filter(|key| document::get(policy, key).is_some()).collect()
    }

    /// The user's values where the policy has none.
    pub(super) fn in_force(&self) -> Result<Settings, SettingsError> {
        let mut merged = self.own.clone();
        if let Some((_, policy)) = &self.policy {
            for key in self.locked() {
                let value = document::get(policy, &key).cloned().unwrap_or_default();
                document::set(&mut merged, &key, value);
            }
        }
        meaning(&self.file, &merged)
    }

    pub(super) fn loaded(self) -> Result<Loaded, SettingsError> {
        let settings = self.in_force()?;
        let own = meaning(&self.file, &self.own)?;
        let mut warnings = warnings(&own, "");
        if let Some((file, policy)) = &self.policy {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            warnings.extend(self::warnings(&meaning(file, policy)?, &format!("{name} ")));
        }
        let locked = self.locked();
        Ok(Loaded { settings, warnings, locked, policy: self.policy.map(|(file, _)| file), own })
    }
}

/// Each document was read once before, and no value depends on another: this does not fail.
fn meaning(file: &Path, document: &Document) -> Result<Settings, SettingsError> {
    document::settings(document).map_err(|fault| SettingsError::Malformed {
        file: file.to_owned(),
        line: 0,
        column: 0,
        key: String::new(),
        detail: fault.to_string(),
    })
}

fn warnings(settings: &Settings, file: &str) -> Vec<Warning> {
    let mut all = Vec::new();
    let mut section = |name: &str, unknown: &Unknown| {
        for key in unknown.keys() {
            let path = if name.is_empty() { format!("{file}{key}") } else { format!("{file}{name}.{key}") };
            all.push(if looks_secret(key) {
                Warning::SecretInSettings(path)
            } else {
                Warning::UnknownKey(path)
            });
        }
    };
    section("", &settings.unknown);
    section("pbx", &settings.pbx.unknown);
    section("numbers", &settings.numbers.unknown);
    section("desk", &settings.desk.unknown);
    for (index, binding) in settings.bindings.iter().enumerate() {
        section(&format!("bindings[{index}]"), &binding.unknown);
    }
    section("popup", &settings.popup.unknown);
    section("new_contacts", &settings.new_contacts.unknown);
    section("tickets", &settings.tickets.unknown);
    section("call_log", &settings.call_log.unknown);
    section("contact_sync", &settings.contact_sync.unknown);
    section("click_to_call", &settings.click_to_call.unknown);
    section("notifications", &settings.notifications.unknown);
    section("general", &settings.general.unknown);
    all
}

/// Whether a key sounds like something that belongs into [`Secrets`](crate::Secrets). No known key does.
pub(super) fn looks_secret(key: &str) -> bool {
    let low = key.to_ascii_lowercase();
    ["secret", "token", "passw", "passphrase", "credential", "api_key", "apikey"]
        .iter()
        .any(|word| low.contains(word))
}
