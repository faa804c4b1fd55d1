//! Owns what a person sees of the outbox and does with it, also from another process than the one that sends.
//! Must not know: sending.

use rusqlite::{OptionalExtension, named_params};

use super::row::{ENTRY, entry};
use super::{Entry, EntryState, below, discard, state};
use crate::db::StoreError;
use crate::history::rows;
use crate::journal::Journal;

/// Which rows. Conditions add up; the default is the newest 500 of all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutboxQuery {
    /// In one of these states; none given = any.
    pub states: Vec<EntryState>,
    /// About this call.
    pub call_id: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// After skipping so many of the newest.
    pub offset: usize,
}

impl Default for OutboxQuery {
    fn default() -> OutboxQuery {
        OutboxQuery { states: Vec::new(), call_id: None, limit: 500, offset: 0 }
    }
}

/// How many rows are in which state.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct OutboxCounts {
    /// To be sent.
    pub pending: u64,
    /// Being sent.
    pub claimed: u64,
    /// To be looked for.
    pub unknown: u64,
    /// In Desk.
    pub sent: u64,
    /// Waiting for a person.
    pub wedged: u64,
    /// Waiting for a wedged one.
    pub blocked: u64,
    /// Given up.
    pub discarded: u64,
    /// Only shown.
    pub dry: u64,
}

impl OutboxCounts {
    /// How many are still to be written.
    pub fn unfinished(self) -> u64 {
        self.pending + self.claimed + self.unknown + self.wedged + self.blocked
    }
}

/// What became of a person's wish.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Touched {
    /// It was done.
    Done,
    /// No row has this key.
    NoSuchEntry,
    /// It is being sent at this moment; ask again in a moment.
    InFlight,
    /// It is sent, given up, or was never to be sent.
    Finished,
    /// It waits for its parent, which is wedged; that one is to be retried.
    Blocked,
}

impl Journal {
    /// The rows that fit, the youngest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn outbox(&self, query: &OutboxQuery) -> Result<Vec<Entry>, StoreError> {
        let codes: Vec<_> = query.states.iter().map(|state| state.code()).collect();
        let states = (!codes.is_empty()).then(|| serde_json::json!(codes).to_string());
        self.db.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{ENTRY}
                 WHERE (:states IS NULL OR o.state IN (SELECT value FROM json_each(:states)))
                    AND (:call_id IS NULL OR o.call_id = :call_id)
                 ORDER BY o.seq DESC LIMIT :limit OFFSET :offset"
            ))?;
            let found = statement.query_map(
                named_params! {
                    ":states": states,
                    ":call_id": query.call_id,
                    ":limit": rows(query.limit),
                    ":offset": rows(query.offset),
                },
                entry,
            )?;
            found.collect()
        })
    }

    /// The row under a key.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached(&format!("{ENTRY} WHERE o.key = ?1"))?
                .query_row([key], entry)
                .optional()
        })
    }

    /// How many rows are in which state.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        self.db.read(|connection| {
            let mut counts = OutboxCounts::default();
            let mut statement =
                connection.prepare_cached("SELECT state, count(*) FROM outbox GROUP BY state")?;
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                let count = row.get::<_, i64>(1)?.unsigned_abs();
                match row.get(0)? {
                    EntryState::Pending => counts.pending = count,
                    EntryState::Claimed => counts.claimed = count,
                    EntryState::Unknown => counts.unknown = count,
                    EntryState::Sent => counts.sent = count,
                    EntryState::Wedged => counts.wedged = count,
                    EntryState::Blocked => counts.blocked = count,
                    EntryState::Discarded => counts.discarded = count,
                    EntryState::Dry => counts.dry = count,
                }
            }
            Ok(counts)
        })
    }

    /// Makes a row due now, and counts its attempts anew. A wedged one goes back to what it was, and what it blocked
    /// waits for it again; one that may be in Desk is still looked for first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn retry(&self, key: &str, now_ms: i64) -> Result<Touched, StoreError> {
        self.db.write(|transaction| {
            let refused = match state(transaction, key)? {
                None => Some(Touched::NoSuchEntry),
                Some(EntryState::Claimed) => Some(Touched::InFlight),
                Some(EntryState::Blocked) => Some(Touched::Blocked),
                Some(EntryState::Sent | EntryState::Discarded | EntryState::Dry) => Some(Touched::Finished),
                Some(EntryState::Pending | EntryState::Unknown | EntryState::Wedged) => None,
            };
            if let Some(refused) = refused {
                return Ok(refused);
            }
            transaction.execute(
                "UPDATE outbox SET state = iif(doubtful, 'unknown', 'pending'), attempts = 0, due_ms = ?2,
                    changed_ms = ?2 WHERE key = ?1",
                (key, now_ms),
            )?;
            below(transaction, key, "state = 'pending' WHERE state = 'blocked'", now_ms)?;
            Ok(Touched::Done)
        })
    }

    /// Replaces what is to be written; how the row stands does not change. If it may be in Desk already, what is found
    /// there is the old text, and stays so.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn edit(&self, key: &str, payload: &str, now_ms: i64) -> Result<Touched, StoreError> {
        self.db.write(|transaction| {
            if let Some(refused) = settled(state(transaction, key)?) {
                return Ok(refused);
            }
            transaction.execute(
                "UPDATE outbox SET payload = ?2, changed_ms = ?3 WHERE key = ?1",
                (key, payload, now_ms),
            )?;
            Ok(Touched::Done)
        })
    }

    /// Gives up a row, and with it all that depend on it: a ticket cannot be without its contact. The key stays used.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn discard(&self, key: &str, reason: &str, now_ms: i64) -> Result<Touched, StoreError> {
        self.db.write(|transaction| {
            if let Some(refused) = settled(state(transaction, key)?) {
                return Ok(refused);
            }
            discard(transaction, key, reason, now_ms)?;
            Ok(Touched::Done)
        })
    }

    /// Gives up everything that is not finished and not being sent, as after signing in to another organization: its
    /// ids mean nothing there. How many rows that were.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn discard_unfinished(&self, reason: &str, now_ms: i64) -> Result<usize, StoreError> {
        self.db.write(|transaction| {
            transaction.execute(
                "UPDATE outbox SET state = 'discarded', reason = ?1, detail = NULL, changed_ms = ?2
                 WHERE state IN ('pending', 'unknown', 'wedged', 'blocked')",
                (reason, now_ms),
            )
        })
    }
}

/// Why a row can be neither edited nor given up, if it cannot.
fn settled(state: Option<EntryState>) -> Option<Touched> {
    match state {
        None => Some(Touched::NoSuchEntry),
        Some(EntryState::Claimed) => Some(Touched::InFlight),
        Some(EntryState::Sent | EntryState::Discarded | EntryState::Dry) => Some(Touched::Finished),
        Some(EntryState::Pending | EntryState::Unknown | EntryState::Wedged | EntryState::Blocked) => None,
    }
}
