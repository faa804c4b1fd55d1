//! Owns `settings.json`: its shape, its defaults, reading it with errors a person can act on, writing it in one
//! step, and checking its values.
//! Must not know: what a setting does, or the words for a problem (codes only).
//!
//! Rules: every key is optional; unknown keys are kept on saving and reported; a file that cannot be read is
//! never overwritten by reading it, and kept when a new one is saved; a file of a newer version is refused.
//! Defaults are those of the PBX maker's own Zoho Desk integration: pop-up automatically at ring, all else off.

mod check;
mod lenient;
mod v1;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::file;

pub use self::check::{Problem, ProblemKind, check};

/// Name of the file in the profile folder.
pub const FILE: &str = "settings.json";
/// The version this program writes.
pub const VERSION: u32 = 1;

/// Keys we do not know: those of a newer version, or typing errors.
type Unknown = Map<String, Value>;

/// Everything an administrator or agent can set. Secrets are not here, see [`Secrets`](crate::Secrets).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Settings {
    /// Version of the file's shape.
    pub version: u32,
    /// The telephone system.
    pub pbx: Pbx,
    /// How numbers are read.
    pub numbers: Numbers,
    /// Zoho Desk.
    pub desk: Desk,
    /// Which Desk agent belongs to which extension.
    pub bindings: Vec<Binding>,
    /// Opening the caller's page.
    pub popup: Popup,
    /// Creating contacts for unknown numbers.
    pub new_contacts: NewContacts,
    /// Creating tickets.
    pub tickets: Tickets,
    /// Writing calls to Desk.
    pub call_log: CallLog,
    /// Copying matched contacts to the PBX.
    pub contact_sync: ContactSync,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            version: VERSION,
            pbx: Pbx::default(),
            numbers: Numbers::default(),
            desk: Desk::default(),
            bindings: Vec::new(),
            popup: Popup::default(),
            new_contacts: NewContacts::default(),
            tickets: Tickets::default(),
            call_log: CallLog::default(),
            contact_sync: ContactSync::default(),
            unknown: Unknown::new(),
        }
    }
}

/// `pbx`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Pbx {
    /// `https://pbx.example.com:8088`
    #[serde(deserialize_with = "lenient::optional_text")]
    pub url: Option<String>,
    /// Client id of the PBX's API page.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub client_id: Option<String>,
    /// The watched extensions, digits.
    #[serde(deserialize_with = "lenient::texts")]
    pub extensions: Vec<String>,
    /// SHA-256 of a certificate to be trusted although nobody vouches for it; hex, colons permitted.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub trusted_certificate: Option<String>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `numbers`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Numbers {
    /// ISO 3166 code of the country whose national notation the PBX shows. No default: a wrong one would match
    /// the wrong people.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub country: Option<String>,
    /// Area code for local numbers, without the trunk prefix.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub area_code: Option<String>,
    /// Digits dialed to get an outside line.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub outside_line_prefix: Option<String>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `desk`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Desk {
    /// Where the account lives.
    pub data_center: DataCenter,
    /// With `custom`: the accounts server.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub accounts_url: Option<String>,
    /// With `custom`: the Desk server.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub desk_url: Option<String>,
    /// Client id of Zoho's API console.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub client_id: Option<String>,
    /// The organization (portal).
    #[serde(deserialize_with = "lenient::optional_text")]
    pub organization_id: Option<String>,
    /// The department of tickets and calls.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub department_id: Option<String>,
    /// `false`: do not talk to Desk at all.
    pub enabled: bool,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk {
            data_center: DataCenter::Us,
            accounts_url: None,
            desk_url: None,
            client_id: None,
            organization_id: None,
            department_id: None,
            enabled: true,
            unknown: Unknown::new(),
        }
    }
}

/// A row of `bindings`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Binding {
    /// The extension, digits.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub extension: Option<String>,
    /// Desk's id of the agent.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub agent_id: Option<String>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `popup`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Popup {
    /// Whether a page opens by itself.
    pub mode: PopupMode,
    /// When.
    pub trigger: PopupTrigger,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for Popup {
    fn default() -> Popup {
        Popup { mode: PopupMode::Automatic, trigger: PopupTrigger::Ring, unknown: Unknown::new() }
    }
}

/// `new_contacts`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct NewContacts {
    /// Whether unknown numbers become records.
    pub mode: NewContactMode,
    /// Which kind.
    pub kind: RecordKind,
    /// With `automatic`: of which calls.
    pub call_types: Vec<CallDirection>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for NewContacts {
    fn default() -> NewContacts {
        NewContacts {
            mode: NewContactMode::Off,
            kind: RecordKind::Contact,
            call_types: vec![CallDirection::Inbound, CallDirection::Outbound],
            unknown: Unknown::new(),
        }
    }
}

/// `tickets`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Tickets {
    /// Whether calls become tickets.
    pub enabled: bool,
    /// When.
    pub when: TicketMoment,
    /// Of which calls: `inbound` and `outbound` before, the other four after the call.
    pub call_types: Vec<TicketCall>,
    /// Template.
    #[serde(deserialize_with = "lenient::text")]
    pub subject: String,
    /// Template.
    #[serde(deserialize_with = "lenient::text")]
    pub description: String,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for Tickets {
    fn default() -> Tickets {
        Tickets {
            enabled: false,
            when: TicketMoment::AfterCall,
            call_types: vec![
                TicketCall::InboundAnswered,
                TicketCall::InboundMissed,
                TicketCall::OutboundAnswered,
                TicketCall::OutboundMissed,
            ],
            subject: "{{Communication_Type}} {{Call_Status}} - from {{Call_From}}".to_owned(),
            description: "{{Communication_Type}} {{Call_Status}} - from {{Call_From}} to {{Call_To}}"
                .to_owned(),
            unknown: Unknown::new(),
        }
    }
}

/// `call_log`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct CallLog {
    /// Whether calls are written to Desk.
    pub enabled: bool,
    /// Template.
    #[serde(deserialize_with = "lenient::text")]
    pub subject: String,
    /// Template.
    #[serde(deserialize_with = "lenient::text")]
    pub description: String,
    /// Of a queue or ring group, only the agent who answered gets an entry.
    pub skip_missed_if_answered_elsewhere: bool,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for CallLog {
    fn default() -> CallLog {
        CallLog {
            enabled: false,
            subject: "Extension Call".to_owned(),
            description:
                "Call: {{Time}} {{Call_Log_Status}} from {{Call_From}} to {{Call_To}} {{Talk_Duration}}"
                    .to_owned(),
            skip_missed_if_answered_elsewhere: true,
            unknown: Unknown::new(),
        }
    }
}

/// `contact_sync`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct ContactSync {
    /// Whether matched contacts are copied to the PBX.
    pub enabled: bool,
    /// Which module of Desk.
    pub module: SyncModule,
    /// The PBX's phonebook.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub phonebook: Option<String>,
    /// Ask Desk for every call, also when the PBX knows the number.
    pub always_query: bool,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$row:meta])* $variant:ident),+ $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$row])* $variant),+ }
    )*};
}

codes! {
    /// `desk.data_center`
    DataCenter {
        /// zoho.com
        Us,
        /// zoho.eu
        Eu,
        /// zoho.in
        In,
        /// zoho.com.au
        Au,
        /// zoho.jp
        Jp,
        /// zoho.com.cn
        Cn,
        /// zohocloud.ca
        Ca,
        /// zoho.sa
        Sa,
        /// zoho.sg
        Sg,
        /// zoho.ae
        Ae,
        /// `accounts_url` and `desk_url`
        Custom,
    }
    /// `popup.mode`
    PopupMode {
        /// Opens by itself.
        Automatic,
        /// Opens when the agent says so.
        Manual,
        /// Never.
        Off,
    }
    /// `popup.trigger`
    PopupTrigger {
        /// When it rings.
        Ring,
        /// When it is answered.
        Answer,
        /// When it ends.
        Hangup,
    }
    /// `new_contacts.mode`
    NewContactMode {
        /// Never.
        Off,
        /// When the agent says so.
        Manual,
        /// By itself.
        Automatic,
    }
    /// `new_contacts.kind`
    RecordKind {
        /// A person.
        Contact,
        /// A company.
        Account,
    }
    /// `new_contacts.call_types`
    CallDirection {
        /// From outside.
        Inbound,
        /// To outside.
        Outbound,
    }
    /// `tickets.when`
    TicketMoment {
        /// When it rings or is dialed.
        BeforeCall,
        /// When it has ended.
        AfterCall,
    }
    /// `tickets.call_types`
    TicketCall {
        /// Before the call: from outside.
        Inbound,
        /// Before the call: to outside.
        Outbound,
        /// After the call.
        InboundAnswered,
        /// After the call.
        InboundMissed,
        /// After the call.
        OutboundAnswered,
        /// After the call.
        OutboundMissed,
    }
    /// `contact_sync.module`
    #[derive(Default)]
    SyncModule {
        /// People.
        #[default]
        Contacts,
        /// Companies.
        Accounts,
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The settings, defaults filled in.
    pub settings: Settings,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
}

/// Something odd in a file that could be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Warning {
    /// A key nobody reads, such as `popup.triger`.
    UnknownKey(String),
    /// An unknown key that looks like a secret, such as `desk.client_secret`: it does not belong in this file.
    SecretInSettings(String),
}

/// Why settings were not read or written.
#[derive(Debug)]
pub enum SettingsError {
    /// The file exists and cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be. It is left as it is.
    Malformed {
        /// The file.
        file: PathBuf,
        /// Line, from 1; 0 when the place is not known.
        line: usize,
        /// Column, from 1; 0 when the place is not known.
        column: usize,
        /// The key, such as `pbx.extensions[0]`; empty for a mistake in the notation itself.
        key: String,
        /// What the reader expected, in English; may quote the value.
        detail: String,
    },
    /// Written by a newer version. It is left as it is.
    Newer {
        /// The file.
        file: PathBuf,
        /// Version in the file.
        found: u64,
    },
    /// The new file could not be written; the old one is whole.
    NotSaved {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingsError::Unreadable { file, .. } => write!(f, "{}: cannot be read", file.display()),
            SettingsError::Malformed { file, line, column, key, detail } => {
                write!(f, "{}:{line}:{column}: ", file.display())?;
                if !key.is_empty() {
                    write!(f, "{key}: ")?;
                }
                f.write_str(detail)
            }
            SettingsError::Newer { file, found } => {
                write!(f, "{}: version {found} is newer than {VERSION}", file.display())
            }
            SettingsError::NotSaved { file, .. } => write!(f, "{}: cannot be written", file.display()),
        }
    }
}

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SettingsError::Unreadable { source, .. } | SettingsError::NotSaved { source, .. } => Some(source),
            SettingsError::Malformed { .. } | SettingsError::Newer { .. } => None,
        }
    }
}

/// Reads the settings of a profile folder. No file means defaults.
///
/// # Errors
/// See [`SettingsError`]; the file is never changed.
pub fn load(dir: &Path) -> Result<Loaded, SettingsError> {
    let file = dir.join(FILE);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
            return Ok(Loaded { settings: Settings::default(), warnings: Vec::new() });
        }
        Err(source) => return Err(SettingsError::Unreadable { file, source }),
    };
    let settings = parse(&file, &bytes)?;
    let warnings = warnings(&settings);
    Ok(Loaded { settings, warnings })
}

/// Writes the settings of a profile folder in one step, for the owner's eyes only. A present file that cannot be
/// understood is kept beside it as `settings.json.unreadable-<n>`.
///
/// # Errors
/// [`SettingsError::Newer`] when the present file is of a newer version, [`SettingsError::NotSaved`] otherwise;
/// the present file stays whole.
pub fn save(dir: &Path, settings: &Settings) -> Result<(), SettingsError> {
    let file = dir.join(FILE);
    let not_saved = |source| SettingsError::NotSaved { file: file.clone(), source };
    file::private_folder(dir).map_err(not_saved)?;
    let mut content = serde_json::to_vec_pretty(&Settings { version: VERSION, ..settings.clone() })
        .map_err(|fault| not_saved(fault.into()))?;
    content.push(b'\n');
    match load(dir) {
        Ok(_) => {}
        Err(error @ SettingsError::Newer { .. }) => return Err(error),
        Err(SettingsError::Malformed { .. }) => {
            let kept = file::set_aside(&file, "unreadable").map_err(not_saved)?;
            tracing::warn!(file = %kept.display(), "the old settings could not be understood and are kept");
        }
        Err(SettingsError::Unreadable { source, .. } | SettingsError::NotSaved { source, .. }) => {
            return Err(not_saved(source));
        }
    }
    file::replace(dir, FILE, &content).map_err(not_saved)
}

fn parse(file: &Path, bytes: &[u8]) -> Result<Settings, SettingsError> {
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
    match found_version(&document) {
        Some(found) if found > u64::from(VERSION) => {
            return Err(SettingsError::Newer { file: file.to_owned(), found });
        }
        Some(found) if found < u64::from(VERSION) => {
            let migrated = migrate(document, found);
            return serde_path_to_error::deserialize(migrated)
                .map_err(|fault| malformed(fault.inner(), key(fault.path())));
        }
        // This version, no version, or one that is no number: read from the text, which knows its lines.
        _ => {}
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|fault| malformed(fault.inner(), key(fault.path())))
}

fn found_version(document: &Value) -> Option<u64> {
    document.get("version")?.as_u64()
}

/// One frozen step per version, each knowing only the shape before and after it.
fn migrate(mut document: Value, found: u64) -> Value {
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

fn warnings(settings: &Settings) -> Vec<Warning> {
    let mut all = Vec::new();
    let mut section = |name: &str, unknown: &Unknown| {
        for key in unknown.keys() {
            let path = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            let low = key.to_ascii_lowercase();
            let secret = ["secret", "token", "password"].iter().any(|word| low.contains(word));
            all.push(if secret { Warning::SecretInSettings(path) } else { Warning::UnknownKey(path) });
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
    all
}

#[cfg(test)]
mod tests;
