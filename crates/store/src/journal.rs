//! Owns the rows of calls, how long they are kept, and the memory of opened tabs.
//! Must not know: what the codes in a row mean.

use std::fmt;
use std::path::Path;

use deskring_redact::{mask_name, mask_number};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use crate::db::{Db, StoreError};
use crate::history::{self, HistoryQuery};

/// The newest calls are kept whatever their age: so many.
pub const KEPT_CALLS: usize = 500;
/// No more calls than this are kept, however young.
pub const MOST_CALLS: usize = 20_000;

/// The journal of a profile: calls, opened tabs, the contact cache, choices and drafts. Blocking; a row takes well
/// under a millisecond, a search for text in a full journal some tens of them.
#[derive(Debug)]
pub struct Journal {
    pub(crate) db: Db,
}

/// One call of one extension. Words are the engine's codes; times are milliseconds since 1970 (UTC).
/// `Debug` masks number, name, company and note.
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
    /// The number in the one form in which the writer compares numbers (E.164 or bare digits).
    pub number_key: Option<String>,
    /// The other party's name.
    pub name: Option<String>,
    /// The other party's company.
    pub company: Option<String>,
    /// The record it was matched with.
    pub record: Option<RecordRef>,
    /// Phase code.
    pub phase: String,
    /// Outcome code, at the end.
    pub outcome: Option<String>,
    /// Whether it counts as missed, and has been looked at.
    pub missed: Missed,
    /// How far it is known whose number it is: the writer's code.
    pub who: Option<String>,
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
    /// What the agent says it was about: a code from the organization's list.
    pub disposition: Option<String>,
    /// What the agent wrote down.
    pub note: Option<String>,
    /// Everything the writer wants back, as JSON; the other columns are for finding rows.
    pub detail: Option<String>,
}

/// Whether a call was missed. The writer says [`Missed::No`] or [`Missed::Unseen`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Missed {
    /// Not missed, or still going on.
    #[default]
    No,
    /// Missed, and nobody has looked at it.
    Unseen,
    /// Missed, then looked at or called back.
    Seen,
}

impl Missed {
    fn columns(self) -> (bool, bool) {
        match self {
            Missed::No => (false, false),
            Missed::Unseen => (true, false),
            Missed::Seen => (true, true),
        }
    }

    fn from_columns(missed: bool, seen: bool) -> Missed {
        match (missed, seen) {
            (false, _) => Missed::No,
            (true, false) => Missed::Unseen,
            (true, true) => Missed::Seen,
        }
    }
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
            .field("number_key", &self.number_key.as_deref().map(mask_number))
            .field("name", &self.name.as_deref().map(mask_name))
            .field("company", &self.company.as_deref().map(mask_name))
            .field("record", &self.record)
            .field("who", &self.who)
            .field("phase", &self.phase)
            .field("outcome", &self.outcome)
            .field("missed", &self.missed)
            .field("reason", &self.reason)
            .field("started_ms", &self.started_ms)
            .field("answered_ms", &self.answered_ms)
            .field("ended_ms", &self.ended_ms)
            .field("timings", &self.timings)
            .field("disposition", &self.disposition)
            .field("note", &self.note.as_deref().map(mask_name))
            .finish_non_exhaustive()
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
        let db = Db::open(dir)?;
        db.read(history::teach)?;
        Ok(Journal { db })
    }

    /// Waits for what is being read or written, then closes the file. Whatever still holds the journal is refused
    /// from then on with [`StoreError::Unusable`].
    pub fn close(&self) {
        self.db.close();
    }

    /// Where the damaged file of the last run was kept, if there was one; to be told to the user.
    pub fn set_aside(&self) -> Option<&Path> {
        self.db.set_aside()
    }

    /// Writes the row of a call and an extension, replacing what is known of it. A missed call once seen stays
    /// seen; a row without disposition or note leaves those of [`Journal::keep_wrap_up`] alone.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn record(&self, call: &CallRow) -> Result<(), StoreError> {
        self.db.write(|transaction| write_call(transaction, call))
    }

    /// The last calls, the youngest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn recent(&self, limit: usize) -> Result<Vec<CallRow>, StoreError> {
        self.history(&HistoryQuery { limit, ..HistoryQuery::default() })
    }

    /// The row of a call and an extension.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn call(&self, call_id: &str, extension: &str) -> Result<Option<CallRow>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached("SELECT * FROM calls WHERE call_id = ?1 AND extension = ?2")?
                .query_row((call_id, extension), call_row)
                .optional()
        })
    }

    /// The rows of a call, one for each extension that it rang.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn rows_of(&self, call_id: &str) -> Result<Vec<CallRow>, StoreError> {
        self.db.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT * FROM calls WHERE call_id = ?1 ORDER BY extension")?;
            query.query_map([call_id], call_row)?.collect()
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

    /// Forgets calls and tabs from before then, and cached records last seen before then. Of the calls, the newest
    /// [`KEPT_CALLS`] stay whatever their age, and no more than [`MOST_CALLS`] however young (give or take calls of
    /// the same millisecond).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn forget_older_than(&self, before_ms: i64) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            // Without that many calls there is no such call, and nothing is older than it.
            transaction.execute(
                "DELETE FROM calls WHERE started_ms < ?1
                 AND started_ms < (SELECT started_ms FROM calls ORDER BY started_ms DESC LIMIT 1 OFFSET ?2)",
                (before_ms, history::rows(KEPT_CALLS - 1)),
            )?;
            transaction.execute(
                "DELETE FROM calls
                 WHERE started_ms < (SELECT started_ms FROM calls ORDER BY started_ms DESC LIMIT 1 OFFSET ?1)",
                [history::rows(MOST_CALLS - 1)],
            )?;
            transaction.execute("DELETE FROM pops WHERE at_ms < ?1", [before_ms])?;
            transaction.execute("DELETE FROM records WHERE found_ms < ?1", [before_ms])?;
            transaction.execute("DELETE FROM lookups WHERE at_ms < ?1", [before_ms])?;
            Ok(())
        })
    }
}

/// Writes the row of a call, as [`Journal::record`] says.
pub(crate) fn write_call(transaction: &Transaction<'_>, call: &CallRow) -> rusqlite::Result<()> {
    let record = call.record.as_ref();
    let (missed, seen) = call.missed.columns();
    transaction.execute(
                "INSERT INTO calls (call_id, extension, direction, number, number_key, name, company, record_kind,
                    record_id, record_url, who, phase, outcome, missed, seen, reason, started_ms, answered_ms, ended_ms,
                    notification_ms, lookup_ms, tab_ms, disposition, note, detail)
                 VALUES (:call_id, :extension, :direction, :number, :number_key, :name, :company, :record_kind,
                    :record_id, :record_url, :who, :phase, :outcome, :missed, :seen, :reason, :started_ms, :answered_ms,
                    :ended_ms, :notification_ms, :lookup_ms, :tab_ms, :disposition, :note, :detail)
                 ON CONFLICT (call_id, extension) DO UPDATE SET
                    direction = excluded.direction,
                    number = excluded.number,
                    number_key = excluded.number_key,
                    name = excluded.name,
                    company = excluded.company,
                    record_kind = excluded.record_kind,
                    record_id = excluded.record_id,
                    record_url = excluded.record_url,
            who = excluded.who,
                    phase = excluded.phase,
                    outcome = excluded.outcome,
                    missed = excluded.missed,
                    seen = max(seen, excluded.seen),
                    reason = excluded.reason,
                    started_ms = excluded.started_ms,
                    answered_ms = excluded.answered_ms,
                    ended_ms = excluded.ended_ms,
                    notification_ms = excluded.notification_ms,
                    lookup_ms = excluded.lookup_ms,
                    tab_ms = excluded.tab_ms,
                    disposition = coalesce(excluded.disposition, disposition),
                    note = coalesce(excluded.note, note),
                    detail = excluded.detail",
                named_params! {
                    ":call_id": call.call_id,
                    ":extension": call.extension,
                    ":direction": call.direction,
                    ":number": call.number,
                    ":number_key": call.number_key,
                    ":name": call.name,
                    ":company": call.company,
                    ":record_kind": record.map(|record| &record.kind),
                    ":record_id": record.map(|record| &record.id),
                    ":record_url": record.and_then(|record| record.web_url.as_ref()),
                    ":who": call.who,
            ":phase": call.phase,
                    ":outcome": call.outcome,
                    ":missed": missed,
                    ":seen": seen,
                    ":reason": call.reason,
                    ":started_ms": call.started_ms,
                    ":answered_ms": call.answered_ms,
                    ":ended_ms": call.ended_ms,
                    ":notification_ms": call.timings.notification,
                    ":lookup_ms": call.timings.lookup,
                    ":tab_ms": call.timings.tab,
                    ":disposition": call.disposition,
                    ":note": call.note,
                    ":detail": call.detail,
                },
            )?;
    Ok(())
}

pub(crate) fn call_row(row: &Row<'_>) -> rusqlite::Result<CallRow> {
    let kind: Option<String> = row.get("record_kind")?;
    let id: Option<String> = row.get("record_id")?;
    let web_url = row.get("record_url")?;
    Ok(CallRow {
        call_id: row.get("call_id")?,
        extension: row.get("extension")?,
        direction: row.get("direction")?,
        number: row.get("number")?,
        number_key: row.get("number_key")?,
        name: row.get("name")?,
        company: row.get("company")?,
        record: kind.zip(id).map(|(kind, id)| RecordRef { kind, id, web_url }),
        who: row.get("who")?,
        phase: row.get("phase")?,
        outcome: row.get("outcome")?,
        missed: Missed::from_columns(row.get("missed")?, row.get("seen")?),
        reason: row.get("reason")?,
        started_ms: row.get("started_ms")?,
        answered_ms: row.get("answered_ms")?,
        ended_ms: row.get("ended_ms")?,
        timings: CallTimings {
            notification: row.get("notification_ms")?,
            lookup: row.get("lookup_ms")?,
            tab: row.get("tab_ms")?,
        },
        disposition: row.get("disposition")?,
        note: row.get("note")?,
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
        row.number_key = row.number.clone();
        row.name = Some("Max Muster".into());
        row.company = Some("Muster AG".into());
        row.disposition = Some("billing".into());
        row.note = Some("Muster asks again".into());
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
    fn the_youngest_calls_come_first() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        for (id, at) in [("a", 1), ("c", 3), ("b", 2)] {
            journal.record(&call(id, at)).unwrap();
        }
        assert_eq!(ids(&journal, 2), ["c", "b"]);
        assert_eq!(ids(&journal, 9), ["c", "b", "a"]);
    }

    #[test]
    fn old_calls_are_forgotten_but_never_the_newest_five_hundred() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        many(&journal, 600);
        for at in [1, 2, 3] {
            journal.mark_popped(&at.to_string(), at).unwrap();
        }
        journal.forget_older_than(3).unwrap();
        assert_eq!(journal.popped_since(0).unwrap(), ["3"]);
        assert_eq!(ids(&journal, 999).len(), 598, "only those before then");
        journal.forget_older_than(10_000).unwrap();
        let kept = ids(&journal, 999);
        assert_eq!((kept.len(), kept.first().unwrap().as_str()), (KEPT_CALLS, "600"));
        assert_eq!(kept.last().unwrap(), "101");
    }

    #[test]
    fn there_is_an_end_also_to_young_calls() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        many(&journal, 20_010);
        journal.forget_older_than(0).unwrap();
        let kept = ids(&journal, 99_999);
        assert_eq!(kept.len(), MOST_CALLS);
        assert_eq!(kept.last().unwrap(), "11");
    }

    /// Calls named 1, 2, 3 … that began at 1, 2, 3 ….
    fn many(journal: &Journal, calls: i64) {
        journal
            .db
            .write(|transaction| {
                transaction.execute(
                    "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                     INSERT INTO calls (call_id, extension, direction, phase, started_ms)
                     SELECT CAST(i AS TEXT), '1001', 'inbound', 'over', i FROM n",
                    [calls],
                )
            })
            .unwrap();
    }

    fn ids(journal: &Journal, limit: usize) -> Vec<String> {
        journal.recent(limit).unwrap().into_iter().map(|call| call.call_id).collect()
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
