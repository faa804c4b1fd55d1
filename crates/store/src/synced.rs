//! Owns which records of Desk stand in a phonebook of the PBX, as which entry, and which are to be copied there.
//! Must not know: what is in an entry, or how two of them are compared.

use std::fmt;

use deskring_redact::mask_name;
use rusqlite::{OptionalExtension, Row};

use crate::db::StoreError;
use crate::journal::Journal;

/// A record of Desk in a phonebook. `Debug` masks the label.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct SyncedRow {
    /// Kind code (`contact`, `account`).
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// The PBX's id of its entry, once known.
    pub entry: Option<i64>,
    /// What was last written, in the writer's form; nothing while it is being created.
    pub written: Option<String>,
    /// Why it was not copied.
    pub reason: Option<String>,
    /// By what a person knows it; only with a reason.
    pub label: Option<String>,
}

impl fmt::Debug for SyncedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncedRow")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("entry", &self.entry)
            .field("reason", &self.reason)
            .field("label", &self.label.as_deref().map(mask_name))
            .finish_non_exhaustive()
    }
}

/// A record that is to be copied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToSync {
    /// Kind code.
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// Not before, in milliseconds since 1970 (UTC).
    pub due_ms: i64,
    /// How often it was tried in vain.
    pub attempts: u32,
}

impl Journal {
    /// What is known of a record in a phonebook.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn synced(&self, book: &str, kind: &str, id: &str) -> Result<Option<SyncedRow>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT kind, id, entry, written, reason, label FROM synced
                     WHERE book = ?1 AND kind = ?2 AND id = ?3",
                )?
                .query_row((book, kind, id), synced_row)
                .optional()
        })
    }

    /// Keeps what is known of a record in a phonebook, in place of what was known.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_synced(&self, book: &str, row: &SyncedRow) -> Result<(), StoreError> {
        self.keep_all_synced(book, std::slice::from_ref(row))
    }

    /// The same for several, all of them or none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_all_synced(&self, book: &str, rows: &[SyncedRow]) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO synced (book, kind, id, entry, written, reason, label)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for row in rows {
                insert.execute((
                    book,
                    &row.kind,
                    &row.id,
                    row.entry,
                    &row.written,
                    &row.reason,
                    &row.label,
                ))?;
            }
            Ok(())
        })
    }

    /// The records that were not copied, by kind and id.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn not_synced(&self, book: &str, offset: usize, limit: usize) -> Result<Vec<SyncedRow>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT kind, id, entry, written, reason, label FROM synced
                     WHERE book = ?1 AND reason IS NOT NULL ORDER BY kind, id LIMIT ?2 OFFSET ?3",
                )?
                .query_map((book, whole(limit), whole(offset)), synced_row)?
                .collect()
        })
    }

    /// How many records have an entry, and how many a reason why not.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn count_synced(&self, book: &str) -> Result<(u64, u64), StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(*) FILTER (WHERE entry IS NOT NULL), count(*) FILTER (WHERE reason IS NOT NULL)
                     FROM synced WHERE book = ?1",
                )?
                .query_row([book], |row| Ok((count(row, 0)?, count(row, 1)?)))
        })
    }

    /// A record is to be copied; one that is already to be is tried then at the latest.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn sync_later(&self, kind: &str, id: &str, due_ms: i64) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO to_sync (kind, id, due_ms, attempts) VALUES (?1, ?2, ?3, 0)
                     ON CONFLICT (kind, id) DO UPDATE SET due_ms = min(due_ms, excluded.due_ms)",
                )?
                .execute((kind, id, due_ms))?;
            Ok(())
        })
    }

    /// The record that is to be copied next.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn next_to_sync(&self) -> Result<Option<ToSync>, StoreError> {
        self.db.read(|connection| {
            let next = |row: &Row<'_>| {
                Ok(ToSync { kind: row.get(0)?, id: row.get(1)?, due_ms: row.get(2)?, attempts: row.get(3)? })
            };
            connection
                .prepare_cached(
                    "SELECT kind, id, due_ms, attempts FROM to_sync ORDER BY due_ms, kind, id LIMIT 1",
                )?
                .query_row([], next)
                .optional()
        })
    }

    /// How many are to be copied.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn count_to_sync(&self) -> Result<u64, StoreError> {
        self.db
            .read(|connection| connection.query_row("SELECT count(*) FROM to_sync", [], |row| count(row, 0)))
    }

    /// It did not work: not before then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn sync_again(&self, kind: &str, id: &str, due_ms: i64) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO to_sync (kind, id, due_ms, attempts) VALUES (?1, ?2, ?3, 1)
                     ON CONFLICT (kind, id) DO UPDATE SET due_ms = excluded.due_ms, attempts = attempts + 1",
                )?
                .execute((kind, id, due_ms))?;
            Ok(())
        })
    }

    /// It was copied, or never will be.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn sync_done(&self, kind: &str, id: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM to_sync WHERE kind = ?1 AND id = ?2")?
                .execute((kind, id))?;
            Ok(())
        })
    }
}

fn synced_row(row: &Row<'_>) -> rusqlite::Result<SyncedRow> {
    Ok(SyncedRow {
        kind: row.get(0)?,
        id: row.get(1)?,
        entry: row.get(2)?,
        written: row.get(3)?,
        reason: row.get(4)?,
        label: row.get(5)?,
    })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(|count: i64| u64::try_from(count).unwrap_or(0))
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, entry: Option<i64>, reason: Option<&str>) -> SyncedRow {
        SyncedRow {
            kind: "contact".into(),
            id: id.into(),
            entry,
            written: Some("hash".into()),
            reason: reason.map(Into::into),
            label: reason.map(|_| "Wang Fang".into()),
        }
    }

    #[test]
    fn a_record_has_one_row_in_each_phonebook() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        journal.keep_synced("a", &row("1", None, Some("no_number"))).unwrap();
        journal.keep_synced("a", &row("2", Some(7), None)).unwrap();
        journal.keep_synced("b", &row("1", Some(8), None)).unwrap();
        assert_eq!(journal.count_synced("a").unwrap(), (1, 1));
        let listed = journal.not_synced("a", 0, 10).unwrap();
        assert_eq!(listed, [row("1", None, Some("no_number"))]);
        assert!(!format!("{listed:?}").contains("Fang"));
        assert!(journal.not_synced("a", 1, 10).unwrap().is_empty());
        journal.keep_synced("a", &row("1", Some(9), None)).unwrap();
        assert_eq!(journal.count_synced("a").unwrap(), (2, 0));
        assert_eq!(journal.synced("a", "contact", "1").unwrap().unwrap().entry, Some(9));
        assert_eq!(journal.synced("a", "account", "1").unwrap(), None);
    }

    #[test]
    fn what_is_to_be_copied_waits_once_for_each_record_and_survives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        journal.sync_later("contact", "1", 50).unwrap();
        journal.sync_later("contact", "2", 40).unwrap();
        journal.sync_again("contact", "2", 90).unwrap();
        journal.sync_later("contact", "1", 60).unwrap();
        drop(journal);
        let journal = Journal::open(dir.path()).unwrap();
        let next = journal.next_to_sync().unwrap().unwrap();
        assert_eq!((next.id.as_str(), next.due_ms, next.attempts), ("1", 50, 0));
        journal.sync_done("contact", "1").unwrap();
        let next = journal.next_to_sync().unwrap().unwrap();
        assert_eq!((next.id.as_str(), next.due_ms, next.attempts), ("2", 90, 1));
        assert_eq!(journal.count_to_sync().unwrap(), 1);
    }
}
