//! Owns what is owed to Desk until it is there: the rows of the outbox, who may send which next, and how a send comes
//! out. Exactly once is promised here as far as a file can: a promise is written together with the fact that caused
//! it, a key is never used twice, and what may have been sent is never sent again without a look.
//! Must not know: what a payload says, how it is sent, or why it failed; words are codes and JSON is text.
//!
//! ```text
//!  enqueue ─► pending ─claim─► claimed ─settle─► sent
//!                ▲ └────────────┐ │ ├─ again ──► pending (unknown, if doubtful)
//!      retry ────┤              │ │ ├─ unknown ► unknown ─claim─► claimed …   (look in Desk first)
//!                └── wedged ◄───┼─┘ └─ discard ► discarded
//!   children: blocked ◄─ wedged │
//!                     crash: claimed ─recover─► unknown
//! ```
//!
//! A row is sent only after its parent, and after all earlier rows of the same call that are still to be sent. A
//! wedged row waits for a person; it blocks its children, because a ticket cannot be without its contact, and nobody
//! else. Discarding a row discards its children too.

mod hand;
mod row;

use std::fmt;

use deskring_redact::Pii;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

use crate::db::StoreError;
use crate::history::rows;
use crate::journal::{CallRow, Journal, write_call};

pub use self::hand::{OutboxCounts, OutboxQuery, Touched};
use self::row::{ENTRY, entry};

/// Reason of rows that were discarded because their parent was.
pub const PARENT_DISCARDED: &str = "parent_discarded";
/// Reason of rows that the last run was sending when it ended.
pub const INTERRUPTED: &str = "interrupted";

/// Something to be written to Desk. `Debug` shows neither payload nor key, which may be a number.
#[derive(Clone, Eq, PartialEq)]
pub struct NewEntry {
    /// Its natural name, the same whoever makes the promise.
    pub key: String,
    /// The call it is about.
    pub call_id: String,
    /// The watched extension.
    pub extension: String,
    /// Kind code (`contact`, `account`, `ticket`, `call_activity`).
    pub kind: String,
    /// What to write, as JSON.
    pub payload: String,
    /// The key of the row whose record this one needs. It must be in the outbox, or before this one in the same batch.
    pub depends_on: Option<String>,
    /// Not to be sent before.
    pub due_ms: i64,
    /// Whether somebody else may have written it already: then it is looked for before the first send.
    pub doubt: Doubt,
    /// Whether it is sent at all.
    pub run: Run,
}

/// Whether a row is sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash)]
pub enum Run {
    /// It is.
    #[default]
    Live,
    /// It is only shown; its key is used up all the same. So are its children.
    Dry,
}

/// What became of a row that was to be put into the outbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Enqueued {
    /// It is there now, in this state.
    New(EntryState),
    /// Its key was there already, in this state; nothing was changed.
    Known(EntryState),
}

/// How a row stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum EntryState {
    /// To be sent.
    Pending,
    /// Being sent.
    Claimed,
    /// Perhaps sent: to be looked for in Desk, then perhaps to be sent again.
    Unknown,
    /// In Desk.
    Sent,
    /// Refused; a person must do something.
    Wedged,
    /// Its parent, or its parent's parent, is wedged.
    Blocked,
    /// Given up by a person or by a rule.
    Discarded,
    /// Only shown.
    Dry,
}

/// Whether a row may be in Desk already.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Doubt {
    /// It is not.
    None,
    /// A send may have arrived: look before sending.
    MaybeSent,
}

/// A row of the outbox. Times are milliseconds since 1970 (UTC). `Debug` shows nothing of what is written.
#[derive(Clone, Eq, PartialEq)]
pub struct Entry {
    /// Its natural name.
    pub key: String,
    /// The call it is about.
    pub call_id: String,
    /// The watched extension.
    pub extension: String,
    /// Kind code.
    pub kind: String,
    /// What to write, as JSON; empty when it was forgotten after all was done.
    pub payload: String,
    /// The key of the parent.
    pub depends_on: Option<String>,
    /// Desk's id of the parent's record, when it is there.
    pub parent_id: Option<String>,
    /// How it stands.
    pub state: EntryState,
    /// Whether it may be in Desk already. Lasts until it is sent.
    pub doubt: Doubt,
    /// How often it was claimed since a person last asked for it.
    pub attempts: u32,
    /// Not to be sent before.
    pub due_ms: i64,
    /// When it was first claimed: a lost record is not older.
    pub first_ms: Option<i64>,
    /// When it was last claimed.
    pub claimed_ms: Option<i64>,
    /// Desk's id of the record.
    pub remote_id: Option<String>,
    /// Its page, unchecked.
    pub remote_url: Option<String>,
    /// Why it is as it is: a code.
    pub reason: Option<String>,
    /// More about the reason, as JSON.
    pub detail: Option<String>,
    /// When the promise was made.
    pub created_ms: i64,
    /// When the row last changed.
    pub changed_ms: i64,
}

/// How a send came out.
#[derive(Clone, Eq, PartialEq)]
pub enum Settled {
    /// It is in Desk.
    Sent {
        /// Desk's id of the record.
        remote_id: String,
        /// Its page, unchecked.
        remote_url: Option<String>,
    },
    /// Nothing was written: another time. A doubtful row stays one.
    Again {
        /// Not before.
        due_ms: i64,
        /// A code.
        reason: String,
    },
    /// It may have been written.
    Unknown {
        /// Not to be looked for before.
        due_ms: i64,
        /// A code.
        reason: String,
    },
    /// It was refused, and will be until a person does something.
    Wedged {
        /// A code.
        reason: String,
        /// More about it, as JSON.
        detail: Option<String>,
    },
    /// It is not to be written after all, and neither are its children.
    Discarded {
        /// A code.
        reason: String,
    },
}

impl fmt::Debug for NewEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEntry")
            .field("key", &Pii::new(&self.key))
            .field("call_id", &self.call_id)
            .field("kind", &self.kind)
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &Pii::new(&self.key))
            .field("call_id", &self.call_id)
            .field("extension", &self.extension)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("doubt", &self.doubt)
            .field("attempts", &self.attempts)
            .field("due_ms", &self.due_ms)
            .field("remote_id", &self.remote_id)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Settled::Sent { remote_id, .. } => write!(f, "Sent({remote_id})"),
            Settled::Again { reason, .. } => write!(f, "Again({reason})"),
            Settled::Unknown { reason, .. } => write!(f, "Unknown({reason})"),
            Settled::Wedged { reason, .. } => write!(f, "Wedged({reason})"),
            Settled::Discarded { reason } => write!(f, "Discarded({reason})"),
        }
    }
}

/// What holds for a row that could be sent if it were due: it is open, its parent is in Desk, no earlier row of its call
/// is to be sent before it, and no later one is being sent, as when an earlier one was wedged until a moment ago.
const READY: &str = "o.state IN ('pending', 'unknown')
    AND (o.depends_on IS NULL OR p.state = 'sent')
    AND NOT EXISTS (SELECT 1 FROM outbox AS e WHERE e.call_id = o.call_id
        AND (e.state = 'claimed' OR (e.seq < o.seq AND e.state IN ('pending', 'unknown'))))";

impl Journal {
    /// Writes the row of a call, as [`Journal::record`], and what it makes us owe, in one transaction: there is never
    /// one without the other. What is known already stays as it is.
    ///
    /// # Errors
    /// See [`StoreError`]; then nothing was written. [`StoreError::Other`] for a parent that is not in the outbox.
    pub fn record_with(
        &self,
        call: &CallRow,
        entries: &[NewEntry],
        now_ms: i64,
    ) -> Result<Vec<Enqueued>, StoreError> {
        self.db.write(|transaction| {
            write_call(transaction, call)?;
            enqueue(transaction, entries, now_ms)
        })
    }

    /// Puts rows into the outbox without a call row of their own. What is known already stays as it is.
    ///
    /// # Errors
    /// As [`Journal::record_with`].
    pub fn enqueue(&self, entries: &[NewEntry], now_ms: i64) -> Result<Vec<Enqueued>, StoreError> {
        self.db.write(|transaction| enqueue(transaction, entries, now_ms))
    }

    /// Takes rows that are due, the oldest first, so that no more than `most_in_flight` are being sent at once. Each
    /// is to be [settled](Journal::settle); it is on the disk as claimed before this returns.
    ///
    /// A row that last changed in the future is due: the clock was set back, and its own time means nothing.
    ///
    /// # Errors
    /// See [`StoreError`]; then nothing is claimed.
    pub fn claim(&self, now_ms: i64, most_in_flight: usize) -> Result<Vec<Entry>, StoreError> {
        // Most of the time there is nothing, and nobody waits for the disk.
        if self.next_due_ms(now_ms)?.is_none_or(|due| due > now_ms) {
            return Ok(Vec::new());
        }
        self.db.write_durably(|transaction| {
            let in_flight: i64 = transaction
                .prepare_cached("SELECT count(*) FROM outbox WHERE state = 'claimed'")?
                .query_row([], |row| row.get(0))?;
            let free = rows(most_in_flight).saturating_sub(in_flight).max(0);
            let due: Vec<i64> = transaction
                .prepare_cached(&format!(
                    "SELECT o.seq FROM outbox AS o LEFT JOIN outbox AS p ON p.key = o.depends_on
                     WHERE {READY} AND (o.due_ms <= ?1 OR o.changed_ms > ?1) ORDER BY o.seq LIMIT ?2"
                ))?
                .query_map((now_ms, free), |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut claimed = Vec::new();
            for seq in due {
                transaction
                    .prepare_cached(
                        "UPDATE outbox SET state = 'claimed', attempts = attempts + 1, claimed_ms = ?2,
                            first_ms = coalesce(first_ms, ?2), changed_ms = ?2 WHERE seq = ?1",
                    )?
                    .execute((seq, now_ms))?;
                claimed.push(
                    transaction
                        .prepare_cached(&format!("{ENTRY} WHERE o.seq = ?1"))?
                        .query_row([seq], entry)?,
                );
            }
            Ok(claimed)
        })
    }

    /// Says how a claimed row came out. `false` when it is not claimed (any more); then nothing changes.
    ///
    /// # Errors
    /// See [`StoreError`]; then the row stays claimed, and the next start looks for its record.
    pub fn settle(&self, key: &str, settled: &Settled, now_ms: i64) -> Result<bool, StoreError> {
        self.db.write(|transaction| {
            if state(transaction, key)? != Some(EntryState::Claimed) {
                return Ok(false);
            }
            match settled {
                Settled::Sent { remote_id, remote_url } => {
                    transaction
                        .prepare_cached(
                            "UPDATE outbox SET state = 'sent', doubtful = 0, remote_id = ?2, remote_url = ?3,
                                reason = NULL, detail = NULL, changed_ms = ?4 WHERE key = ?1",
                        )?
                        .execute((key, remote_id, remote_url, now_ms))?;
                }
                Settled::Again { due_ms, reason } => {
                    transaction
                        .prepare_cached(
                            "UPDATE outbox SET state = iif(doubtful, 'unknown', 'pending'), due_ms = ?2,
                                reason = ?3, detail = NULL, changed_ms = ?4 WHERE key = ?1",
                        )?
                        .execute((key, due_ms, reason, now_ms))?;
                }
                Settled::Unknown { due_ms, reason } => {
                    transaction
                        .prepare_cached(
                            "UPDATE outbox SET state = 'unknown', doubtful = 1, due_ms = ?2, reason = ?3,
                                detail = NULL, changed_ms = ?4 WHERE key = ?1",
                        )?
                        .execute((key, due_ms, reason, now_ms))?;
                }
                Settled::Wedged { reason, detail } => {
                    transaction
                        .prepare_cached(
                            "UPDATE outbox SET state = 'wedged', reason = ?2, detail = ?3, changed_ms = ?4
                             WHERE key = ?1",
                        )?
                        .execute((key, reason, detail, now_ms))?;
                    below(transaction, key, "state = 'blocked' WHERE state = 'pending'", now_ms)?;
                }
                Settled::Discarded { reason } => discard(transaction, key, reason, now_ms)?,
            }
            Ok(true)
        })
    }

    /// At the start, before anything is claimed: what the last run was sending may be in Desk, or still on its way there,
    /// and is not to be looked for before `look_ms`. How many those were.
    /// Only for whoever holds the profile; beside a running engine it would make it look for what it is just sending.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn recover(&self, now_ms: i64, look_ms: i64) -> Result<usize, StoreError> {
        self.db.write(|transaction| {
            transaction.execute(
                "UPDATE outbox SET state = 'unknown', doubtful = 1, due_ms = ?3, reason = ?2, changed_ms = ?1
                 WHERE state = 'claimed'",
                (now_ms, INTERRUPTED, look_ms),
            )
        })
    }

    /// When the next row can be claimed: a time, perhaps past; nothing while all wait for others. What is in flight
    /// does not count.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn next_due_ms(&self, now_ms: i64) -> Result<Option<i64>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT min(iif(o.changed_ms > ?1, ?1, o.due_ms))
                     FROM outbox AS o LEFT JOIN outbox AS p ON p.key = o.depends_on WHERE {READY}"
                ))?
                .query_row([now_ms], |row| row.get(0))
        })
    }

    /// Forgets what was written before then, and in the end that it was: a finished row loses its payload, and goes
    /// when the journal has forgotten its call too and no row needs it. So a call that is told again, by the PBX or by
    /// its call details, owes nothing new as long as it is in the journal and at least since `before_ms`. What is not
    /// finished stays, however old. How many rows went.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn prune_outbox(&self, before_ms: i64) -> Result<usize, StoreError> {
        self.db.write(|transaction| {
            transaction.execute(
                "UPDATE outbox SET payload = '', detail = NULL
                 WHERE state IN ('sent', 'discarded', 'dry') AND changed_ms < ?1 AND payload <> ''",
                [before_ms],
            )?;
            let mut gone = 0;
            // Children first, level by level.
            loop {
                let now = transaction.execute(
                    "DELETE FROM outbox WHERE state IN ('sent', 'discarded', 'dry') AND changed_ms < ?1
                        AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.call_id = outbox.call_id)
                        AND NOT EXISTS (SELECT 1 FROM outbox AS child WHERE child.depends_on = outbox.key)",
                    [before_ms],
                )?;
                gone += now;
                if now == 0 {
                    return Ok(gone);
                }
            }
        })
    }
}

fn enqueue(
    transaction: &Transaction<'_>,
    entries: &[NewEntry],
    now_ms: i64,
) -> rusqlite::Result<Vec<Enqueued>> {
    let mut results = Vec::new();
    for new in entries {
        if let Some(known) = state(transaction, &new.key)? {
            // What was only shown for an earlier call is wanted now: the record of a number that calls again.
            let is_wanted = known == EntryState::Dry && new.run == Run::Live && new.depends_on.is_none();
            if !(is_wanted && is_of_another_call(transaction, new)?) {
                results.push(Enqueued::Known(known));
                continue;
            }
        }
        let parent = match &new.depends_on {
            None => None,
            Some(parent) => state(transaction, parent)?,
        };
        let (begins, reason) = match (new.run, parent) {
            (Run::Dry, _) | (Run::Live, Some(EntryState::Dry)) => (EntryState::Dry, None),
            (Run::Live, Some(EntryState::Wedged | EntryState::Blocked)) => (EntryState::Blocked, None),
            (Run::Live, Some(EntryState::Discarded)) => (EntryState::Discarded, Some(PARENT_DISCARDED)),
            (
                Run::Live,
                None
                | Some(EntryState::Pending | EntryState::Claimed | EntryState::Unknown | EntryState::Sent),
            ) => (EntryState::Pending, None),
        };
        transaction
            .prepare_cached(
                "INSERT INTO outbox (key, call_id, extension, kind, payload, depends_on, state, doubtful, due_ms, reason,
                    created_ms, changed_ms)
                 VALUES (:key, :call_id, :extension, :kind, :payload, :depends_on, :state, :doubtful, :due_ms,
                    :reason, :now_ms, :now_ms)
                 ON CONFLICT (key) DO UPDATE SET call_id = excluded.call_id, extension = excluded.extension,
                    kind = excluded.kind, payload = excluded.payload, depends_on = excluded.depends_on,
                    state = excluded.state, doubtful = excluded.doubtful, due_ms = excluded.due_ms,
                    reason = excluded.reason, created_ms = excluded.created_ms, changed_ms = excluded.changed_ms",
            )?
            .execute(named_params! {
                ":key": new.key,
                ":call_id": new.call_id,
                ":extension": new.extension,
                ":kind": new.kind,
                ":payload": new.payload,
                ":depends_on": new.depends_on,
                ":state": begins,
                ":doubtful": new.doubt == Doubt::MaybeSent,
                ":due_ms": new.due_ms,
                ":reason": reason,
                ":now_ms": now_ms,
            })?;
        results.push(Enqueued::New(begins));
    }
    Ok(results)
}

fn is_of_another_call(connection: &Connection, new: &NewEntry) -> rusqlite::Result<bool> {
    let call: String = connection
        .prepare_cached("SELECT call_id FROM outbox WHERE key = ?1")?
        .query_row([&new.key], |row| row.get(0))?;
    Ok(call != new.call_id)
}

fn state(connection: &Connection, key: &str) -> rusqlite::Result<Option<EntryState>> {
    connection
        .prepare_cached("SELECT state FROM outbox WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

/// Changes the rows below one: its children, theirs, and so on.
fn below(transaction: &Transaction<'_>, key: &str, change: &str, now_ms: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!(
            "WITH RECURSIVE below (key) AS (
                SELECT key FROM outbox WHERE depends_on = ?1
                UNION SELECT child.key FROM outbox AS child JOIN below ON child.depends_on = below.key)
             UPDATE outbox SET changed_ms = ?2, {change} AND key IN (SELECT key FROM below)"
        ))?
        .execute((key, now_ms))?;
    Ok(())
}

/// Gives up a row and all below it. What is below has not been sent, or this one would have been.
fn discard(transaction: &Transaction<'_>, key: &str, reason: &str, now_ms: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE outbox SET state = 'discarded', reason = ?2, detail = NULL, changed_ms = ?3 WHERE key = ?1",
        )?
        .execute((key, reason, now_ms))?;
    let change =
        format!("state = 'discarded', reason = '{PARENT_DISCARDED}' WHERE state IN ('pending', 'blocked')");
    below(transaction, key, &change, now_ms)
}

#[cfg(test)]
mod tests;
