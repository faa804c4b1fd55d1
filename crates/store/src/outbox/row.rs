//! Owns how a row of the outbox is read.
//! Must not know: what is done with it.

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::{Doubt, Entry, EntryState};

/// Reads entries `o` with their parents `p`.
pub(super) const ENTRY: &str = "SELECT o.*, p.remote_id AS parent_id
    FROM outbox AS o LEFT JOIN outbox AS p ON p.key = o.depends_on";

impl EntryState {
    /// All states.
    pub const ALL: [EntryState; 8] = [
        EntryState::Pending,
        EntryState::Claimed,
        EntryState::Unknown,
        EntryState::Sent,
        EntryState::Wedged,
        EntryState::Blocked,
        EntryState::Discarded,
        EntryState::Dry,
    ];

    /// A stable code for files and translations.
    pub fn code(self) -> &'static str {
        match self {
            EntryState::Pending => "pending",
            EntryState::Claimed => "claimed",
            EntryState::Unknown => "unknown",
            EntryState::Sent => "sent",
            EntryState::Wedged => "wedged",
            EntryState::Blocked => "blocked",
            EntryState::Discarded => "discarded",
            EntryState::Dry => "dry",
        }
    }
}

impl FromSql for EntryState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<EntryState> {
        let code = value.as_str()?;
        EntryState::ALL.into_iter().find(|state| state.code() == code).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for EntryState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.code().into())
    }
}

pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let doubtful: bool = row.get("doubtful")?;
    Ok(Entry {
        key: row.get("key")?,
        call_id: row.get("call_id")?,
        extension: row.get("extension")?,
        kind: row.get("kind")?,
        payload: row.get("payload")?,
        depends_on: row.get("depends_on")?,
        parent_id: row.get("parent_id")?,
        state: row.get("state")?,
        doubt: if doubtful { Doubt::MaybeSent } else { Doubt::None },
        attempts: row.get("attempts")?,
        due_ms: row.get("due_ms")?,
        first_ms: row.get("first_ms")?,
        claimed_ms: row.get("claimed_ms")?,
        remote_id: row.get("remote_id")?,
        remote_url: row.get("remote_url")?,
        reason: row.get("reason")?,
        detail: row.get("detail")?,
        created_ms: row.get("created_ms")?,
        changed_ms: row.get("changed_ms")?,
    })
}
