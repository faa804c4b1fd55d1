//! What survives a restart: the settings file, secrets, the call journal, the outbox, the contact cache and index,
//! choices, drafts and the lock that keeps a profile to one engine.
//!
//! Owns: file names and formats inside a profile folder. The folder itself is passed in, and so is the time.
//! Must not know: what a call, a contact or a setting means; codes are text here.

mod choices;
mod contacts;
mod db;
mod drafts;
mod facts;
mod file;
mod history;
mod index;
mod journal;
mod lock;
mod mirror;
mod outbox;
mod secrets;
pub mod settings;
mod synced;

pub use deskring_redact::{ExposeSecret, Secret};

pub use crate::choices::Choice;
pub use crate::contacts::{CREATED_MS, CachedRecord, HIT_MS, MISS_MS, Source};
pub use crate::db::StoreError;
pub use crate::drafts::{Draft, LARGEST_DRAFT, MOST_DRAFTS};
pub use crate::history::HistoryQuery;
pub use crate::index::{
    INDEX_FILE, Index, IndexBatch, IndexKey, IndexScan, IndexSize, IndexedNumber, IndexedRecord, RecordCode,
};
pub use crate::journal::{CallRow, CallTimings, Journal, KEPT_CALLS, MOST_CALLS, Missed, RecordRef};
pub use crate::lock::{LockError, ProfileLock};
pub use crate::mirror::{Change, Mirror, MirrorFault};
pub use crate::outbox::{
    Doubt, Enqueued, Entry, EntryState, INTERRUPTED, NewEntry, OutboxCounts, OutboxQuery, PARENT_DISCARDED,
    Run, Settled, Touched,
};
pub use crate::secrets::{
    ChainState, Consent, Environment, Keychain, Place, SecretName, Secrets, SecretsConfig, SecretsError,
};
pub use crate::settings::{Changed, Loaded, Problem, ProblemKind, Refusal, Settings, SettingsError};
pub use crate::synced::{SyncedRow, ToSync};
