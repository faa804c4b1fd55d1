//! Owns the history of calls and the memory of opened tabs.
//! Must not know: what the codes in a row mean.

use std::fmt;
use std::path::Path;

use deskring_redact::{mask_name, mask_number};
use rusqlite::{Row, named_params};

use crate::db::{Db, StoreError};

/// The journal of a profile: calls, opened tabs, and the contact cache. Blocking; a row takes well under a
/// millisecond.
#[derive(Debug)]
pub struct Journal {
    pub(crate) db: Db,
}

/// One call of one extension. Words are the engine's codes; times are milliseconds since 1970 (UTC).
/// `Debug` masks number and name.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct CallRow {
    /// The PBX's id of the call.
    pub call_id: String,
    /// The watched extension.
    pub extension: String,
    /// Direction code.
    pub direction: String,
    /// The other party's number, if shown.
    pub number: Option<String>,
    /// The other party's name.
    pub name: Option<String>,
    /// The record it was matched with.
    pub record: Option<RecordRef>,
    /// Phase code.
    pub phase: String,
    /// Outcome code, at the end.
    pub outcome: Option<String>,
    /// Why a page was opened or not.
    pub reason: Option<String>,
    /// First seen.
    pub started_ms: i64,
    /// Answered.
    pub answered_ms: Option<i64>,
    /// Ended.
    pub ended_ms: Option<i64>,
    /// How long things took.
    pub timings: CallTimings,
    /// Everything the writer wants back, as JSON; the other columns are for finding rows.
    pub detail: Option<String>,
}

/// The matched record of a call.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct RecordRef {
    /// Kind code (`contact`, `account`).
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// Its page, unchecked.
    pub web_url: Option<String>,
}

/// Milliseconds from the event that announced the call.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CallTimings {
    /// To the notification.
    pub notification: Option<i64>,
    /// To the answer of the lookup.
    pub lookup: Option<i64>,
    /// To the tab.
    pub tab: Option<i64>,
}

impl fmt::Debug for CallRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRow")
            .field("call_id", &self.call_id)
            .field("extension", &self.extension)
            .field("direction", &self.direction)
            .field("number", &self.number.as_deref().map(mask_number))
            .field("name", &self.name.as_deref().map(mask_name))
            .field("record", &self.record)
            .field("phase", &self.phase)
            .field("outcome", &self.outcome)
            .field("reason", &self.reason)
            .field("started_ms", &self.started_ms)
            .field("answered_ms", &self.answered_ms)
            .field("ended_ms", &self.ended_ms)
            .field("timings", &self.timings)
            .finish()
    }
}

impl fmt::Debug for RecordRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordRef").field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens or creates the journal in a profile folder. A damaged file is set aside and a new one begun, see
    /// [`Journal::set_aside`].
    ///
    /// # Errors
    /// See [`StoreError`]; the caller can go on without a journal.
    pub fn open(dir: &Path) -> Result<Journal, StoreError> {
        Ok(Journal { db: Db::open(dir)? })
    }

    /// Where the damaged file of the last run was kept, if there was one; to be told to the user.
    pub fn set_aside(&self) -> Option<&Path> {
        self.db.set_aside()
    }

    /// Writes the row of a call and an extension, replacing what is known of it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn record(&self, call: &CallRow) -> Result<(), StoreError> {
        let record = call.record.as_ref();
        self.db.write(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO calls (call_id, extension, direction, number, name, record_kind, record_id,
                    record_url, phase, outcome, reason, started_ms, answered_ms, ended_ms, notification_ms,
                    lookup_ms, tab_ms, detail)
                 VALUES (:call_id, :extension, :direction, :number, :name, :record_kind, :record_id, :record_url,
                    :phase, :outcome, :reason, :started_ms, :answered_ms, :ended_ms, :notification_ms, :lookup_ms,
                    :tab_ms, :detail)",
                named_params! {
                    ":call_id": call.call_id,
                    ":extension": call.extension,
                    ":direction": call.direction,
                    ":number": call.number,
                    ":name": call.name,
                    ":record_kind": record.map(|record| &record.kind),
                    ":record_id": record.map(|record| &record.id),
                    ":record_url": record.and_then(|record| record.web_url.as_ref()),
                    ":phase": call.phase,
                    ":outcome": call.outcome,
                    ":reason": call.reason,
                    ":started_ms": call.started_ms,
                    ":answered_ms": call.answered_ms,
                    ":ended_ms": call.ended_ms,
                    ":notification_ms": call.timings.notification,
                    ":lookup_ms": call.timings.lookup,
                    ":tab_ms": call.timings.tab,
                    ":detail": call.detail,
                },
            )?;
            Ok(())
        })
    }

    /// The last calls, the youngest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn recent(&self, limit: usize) -> Result<Vec<CallRow>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.db.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM calls ORDER BY started_ms DESC, call_id DESC, extension LIMIT ?1",
            )?;
            query.query_map([limit], call_row)?.collect()
        })
    }

    /// Remembers that the page of a call is being opened: `true` for the first who asks, `false` ever after,
    /// also in another process and after a restart.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn mark_popped(&self, call_id: &str, at_ms: i64) -> Result<bool, StoreError> {
        self.db.write(|transaction| {
            let added = transaction
                .execute("INSERT OR IGNORE INTO pops (call_id, at_ms) VALUES (?1, ?2)", (call_id, at_ms))?;
            Ok(added == 1)
        })
    }

    /// The calls whose pages were opened since then, the oldest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn popped_since(&self, since_ms: i64) -> Result<Vec<String>, StoreError> {
        self.db.read(|connection| {
            let mut query = connection
                .prepare_cached("SELECT call_id FROM pops WHERE at_ms >= ?1 ORDER BY at_ms, call_id")?;
            query.query_map([since_ms], |row| row.get(0))?.collect()
        })
    }

    /// Forgets calls and tabs from before then, and cached records last seen before then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn forget_older_than(&self, before_ms: i64) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute("DELETE FROM calls WHERE started_ms < ?1", [before_ms])?;
            transaction.execute("DELETE FROM pops WHERE at_ms < ?1", [before_ms])?;
            transaction.execute("DELETE FROM records WHERE found_ms < ?1", [before_ms])?;
            transaction.execute("DELETE FROM lookups WHERE at_ms < ?1", [before_ms])?;
            Ok(())
        })
    }
}

fn call_row(row: &Row<'_>) -> rusqlite::Result<CallRow> {
    let kind: Option<String> = row.get("record_kind")?;
    let id: Option<String> = row.get("record_id")?;
    let web_url = row.get("record_url")?;
    Ok(CallRow {
        call_id: row.get("call_id")?,
        extension: row.get("extension")?,
        direction: row.get("direction")?,
        number: row.get("number")?,
        name: row.get("name")?,
        record: kind.zip(id).map(|(kind, id)| RecordRef { kind, id, web_url }),
        phase: row.get("phase")?,
        outcome: row.get("outcome")?,
        reason: row.get("reason")?,
        started_ms: row.get("started_ms")?,
        answered_ms: row.get("answered_ms")?,
        ended_ms: row.get("ended_ms")?,
        timings: CallTimings {
            notification: row.get("notification_ms")?,
            lookup: row.get("lookup_ms")?,
            tab: row.get("tab_ms")?,
        },
        detail: row.get("detail")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, started_ms: i64) -> CallRow {
        CallRow {
            call_id: id.into(),
            extension: "1001".into(),
            direction: "inbound".into(),
            number: Some("+498912345678".into()),
            phase: "ringing".into(),
            started_ms,
            ..CallRow::default()
        }
    }

    #[test]
    fn a_call_is_written_again_as_it_goes_on_and_comes_back_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut row = call("a", 1_000);
        let journal = Journal::open(dir.path()).unwrap();
        journal.record(&row).unwrap();
        row.phase = "ended".into();
        row.name = Some("Max Muster".into());
        row.record = Some(RecordRef {
            kind: "contact".into(),
            id: "1892000000042032".into(),
            web_url: Some("https://desk.example.com/1".into()),
        });
        row.outcome = Some("answered".into());
        row.reason = Some("one match".into());
        (row.answered_ms, row.ended_ms) = (Some(2_000), Some(3_000));
        row.timings = CallTimings { notification: Some(12), lookup: Some(400), tab: Some(450) };
        journal.record(&row).unwrap();
        let other = CallRow { extension: "1002".into(), ..call("a", 1_000) };
        journal.record(&other).unwrap();
        drop(journal);
        let journal = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.recent(10).unwrap(), [row.clone(), other]);
        let shown = format!("{row:?}");
        assert!(!shown.contains("Muster") && !shown.contains("49891"), "{shown}");
    }

    #[test]
    fn the_youngest_calls_come_first_and_old_ones_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        for (id, at) in [("a", 1), ("c", 3), ("b", 2)] {
            journal.record(&call(id, at)).unwrap();
            journal.mark_popped(id, at).unwrap();
        }
        let ids = |limit| {
            journal.recent(limit).unwrap().into_iter().map(|call| call.call_id).collect::<Vec<_>>().join("")
        };
        assert_eq!(ids(2), "cb");
        journal.forget_older_than(3).unwrap();
        assert_eq!(ids(9), "c");
        assert_eq!(journal.popped_since(0).unwrap(), ["c"]);
    }

    #[test]
    fn a_call_pops_once_also_across_processes_and_restarts() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        assert!(journal.mark_popped("a", 10).unwrap());
        assert!(!journal.mark_popped("a", 11).unwrap());
        let second = Journal::open(dir.path()).unwrap();
        assert!(!second.mark_popped("a", 12).unwrap());
        assert!(second.mark_popped("b", 13).unwrap());
        drop((journal, second));
        let journal = Journal::open(dir.path()).unwrap();
        assert!(!journal.mark_popped("b", 99).unwrap());
        assert_eq!(journal.popped_since(0).unwrap(), ["a", "b"]);
        assert_eq!(journal.popped_since(13).unwrap(), ["b"]);
    }
}
