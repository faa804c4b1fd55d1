//! Owns the local memory of who has which number, so that a second call costs no search and a record just
//! created is found before Desk's search knows it.
//! Must not know: how numbers are normalized (the key is the caller's: E.164 or bare digits) or records fetched.

use std::fmt;

use deskring_redact::mask_name;
use rusqlite::{Connection, Row};

use crate::db::StoreError;
use crate::journal::Journal;

/// How long an answer with records is good: 15 minutes.
pub const HIT_MS: i64 = 15 * 60 * 1000;
/// How long "nobody has this number" is good: one minute, because the agent may be creating the contact.
pub const MISS_MS: i64 = 60 * 1000;
/// How long a record created here is known without Desk's search, whose index lags by minutes: 15 minutes.
pub const CREATED_MS: i64 = 15 * 60 * 1000;

/// A contact or account under a number. `Debug` masks names.
#[derive(Clone, Eq, PartialEq)]
pub struct CachedRecord {
    /// Kind code (`contact`, `account`).
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its company's name.
    pub account: Option<String>,
    /// Its page, unchecked.
    pub web_url: Option<String>,
    /// Its mail address.
    pub email: Option<String>,
    /// Its last change in Desk, milliseconds since 1970.
    pub changed_ms: Option<i64>,
    /// Where we know it from.
    pub source: Source,
}

/// Where a cached record comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// Desk's search found it.
    Found,
    /// Created from here; the search may not know it yet.
    Created,
}

impl Source {
    fn code(self) -> &'static str {
        match self {
            Source::Found => "found",
            Source::Created => "created",
        }
    }
}

impl fmt::Debug for CachedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedRecord")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("name", &self.name.as_deref().map(mask_name))
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Remembers the answer of a search: these records, in this order of insertion, or nobody. Records found
    /// before are replaced; those created here in the last 15 minutes stay.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn cache_put(&self, number: &str, records: &[CachedRecord], now_ms: i64) -> Result<(), StoreError> {
        let good_for = if records.is_empty() { MISS_MS } else { HIT_MS };
        self.db.write(|transaction| {
            transaction.execute(
                "DELETE FROM records WHERE number = ?1 AND NOT (source = 'created' AND found_ms BETWEEN ?2 AND ?3)",
                (number, now_ms - CREATED_MS + 1, now_ms),
            )?;
            for record in records {
                insert(transaction, number, record, now_ms)?;
            }
            transaction.execute(
                "INSERT OR REPLACE INTO lookups (number, at_ms, expires_ms) VALUES (?1, ?2, ?3)",
                (number, now_ms, now_ms + good_for),
            )?;
            Ok(())
        })
    }

    /// Remembers a record created under a number, beside those known already.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn cache_created(&self, number: &str, record: &CachedRecord, now_ms: i64) -> Result<(), StoreError> {
        let record = CachedRecord { source: Source::Created, ..record.clone() };
        self.db.write(|transaction| insert(transaction, number, &record, now_ms))
    }

    /// What is known of a number: `None` = ask Desk; an empty list = Desk was asked just now and knows nobody.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn cache_get(&self, number: &str, now_ms: i64) -> Result<Option<Vec<CachedRecord>>, StoreError> {
        self.db.read(|connection| {
            // An answer from the future comes from a clock that was set back: nobody knows its age.
            let answered = connection
                .prepare_cached(
                    "SELECT 1 FROM lookups WHERE number = ?1 AND at_ms <= ?2 AND expires_ms > ?2",
                )?
                .exists((number, now_ms))?;
            let mut query = connection.prepare_cached(
                "SELECT kind, id, name, account, web_url, email, changed_ms, source FROM records
                 WHERE number = ?1 AND found_ms <= ?2 AND (?3 OR (source = 'created' AND found_ms > ?4))
                 ORDER BY rowid",
            )?;
            let records: Vec<CachedRecord> = query
                .query_map((number, now_ms, answered, now_ms - CREATED_MS), cached_record)?
                .collect::<rusqlite::Result<_>>()?;
            Ok((answered || !records.is_empty()).then_some(records))
        })
    }

    /// Records with the numbers they were found under, whatever their age; the last found first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn cached_records(&self, limit: u32) -> Result<Vec<(String, CachedRecord)>, StoreError> {
        self.db.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT kind, id, name, account, web_url, email, changed_ms, source, number FROM records
                 ORDER BY found_ms DESC, rowid DESC LIMIT ?1",
            )?;
            query.query_map([limit], |row| Ok((row.get(8)?, cached_record(row)?)))?.collect()
        })
    }

    /// Forgets everything about a number, so that the next call asks Desk.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn cache_forget(&self, number: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute("DELETE FROM records WHERE number = ?1", [number])?;
            transaction.execute("DELETE FROM lookups WHERE number = ?1", [number])?;
            Ok(())
        })
    }

    /// Forgets a record that Desk no longer has, the answers it was part of, and the choices that fell on it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn cache_forget_record(&self, kind: &str, id: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute(
                "DELETE FROM lookups WHERE number IN (SELECT number FROM records WHERE kind = ?1 AND id = ?2)",
                (kind, id),
            )?;
            transaction.execute("DELETE FROM records WHERE kind = ?1 AND id = ?2", (kind, id))?;
            transaction
                .execute("DELETE FROM choices WHERE record_kind = ?1 AND record_id = ?2", (kind, id))?;
            Ok(())
        })
    }

    /// Forgets everything, as after signing in to another organization.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn cache_clear(&self) -> Result<(), StoreError> {
        self.db.write(|transaction| transaction.execute_batch("DELETE FROM records; DELETE FROM lookups;"))
    }

    /// Forgets what is known of people beside their calls: this cache, choices, drafts and what was written to Desk
    /// (not what still is to be). For disconnecting from Desk, and for somebody's wish to be forgotten.
    ///
    /// # Errors
    /// See [`StoreError`]; then nothing is forgotten.
    pub fn forget_people(&self) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute_batch(
                "DELETE FROM records; DELETE FROM lookups; DELETE FROM choices; DELETE FROM drafts;
                 DELETE FROM to_sync; UPDATE synced SET label = NULL;
                 UPDATE outbox SET payload = '', detail = NULL WHERE state IN ('sent', 'discarded', 'dry');",
            )
        })
    }
}

fn insert(connection: &Connection, number: &str, record: &CachedRecord, now_ms: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO records
                (number, kind, id, name, account, web_url, email, changed_ms, found_ms, source)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute((
            number,
            &record.kind,
            &record.id,
            &record.name,
            &record.account,
            &record.web_url,
            &record.email,
            record.changed_ms,
            now_ms,
            record.source.code(),
        ))?;
    Ok(())
}

fn cached_record(row: &Row<'_>) -> rusqlite::Result<CachedRecord> {
    let source: String = row.get(7)?;
    Ok(CachedRecord {
        kind: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        account: row.get(3)?,
        web_url: row.get(4)?,
        email: row.get(5)?,
        changed_ms: row.get(6)?,
        source: if source == Source::Created.code() { Source::Created } else { Source::Found },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{CallRow, RecordRef};

    const NUMBER: &str = "+498912345678";

    fn record(id: &str) -> CachedRecord {
        CachedRecord {
            kind: "contact".into(),
            id: id.into(),
            name: Some("Max Muster".into()),
            account: Some("Muster AG".into()),
            web_url: Some("https://desk.example.com/1".into()),
            email: Some("max@example.com".into()),
            changed_ms: Some(1_790_000_000_000),
            source: Source::Found,
        }
    }

    fn journal() -> (tempfile::TempDir, Journal) {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        (dir, journal)
    }

    fn ids(journal: &Journal, now: i64) -> Option<String> {
        let records = journal.cache_get(NUMBER, now).unwrap()?;
        Some(records.into_iter().map(|record| record.id).collect())
    }

    #[test]
    fn an_answer_with_several_records_is_kept_for_a_while() {
        let (_dir, journal) = journal();
        assert_eq!(ids(&journal, 0), None);
        journal.cache_put(NUMBER, &[record("2"), record("1")], 1_000).unwrap();
        assert_eq!(journal.cache_get(NUMBER, 1_000).unwrap().unwrap(), [record("2"), record("1")]);
        assert_eq!(ids(&journal, 999 + HIT_MS).as_deref(), Some("21"));
        assert_eq!(ids(&journal, 1_000 + HIT_MS), None);
        assert_eq!(journal.cache_get("+1", 1_000).unwrap(), None);
    }

    #[test]
    fn nobody_is_an_answer_too_but_a_short_one() {
        let (_dir, journal) = journal();
        journal.cache_put(NUMBER, &[], 1_000).unwrap();
        assert_eq!(ids(&journal, 999 + MISS_MS).as_deref(), Some(""));
        assert_eq!(ids(&journal, 1_000 + MISS_MS), None);
    }

    #[test]
    fn a_created_record_outlives_the_empty_answers_of_a_lagging_search() {
        let (_dir, journal) = journal();
        journal.cache_put(NUMBER, &[], 0).unwrap();
        journal.cache_created(NUMBER, &record("7"), 1_000).unwrap();
        assert_eq!(ids(&journal, 2_000).as_deref(), Some("7"));
        journal.cache_put(NUMBER, &[], 500_000).unwrap();
        assert_eq!(ids(&journal, 999 + CREATED_MS).as_deref(), Some("7"));
        assert_eq!(ids(&journal, 1_000 + CREATED_MS), None);
        journal.cache_put(NUMBER, &[], 1_000 + CREATED_MS).unwrap();
        assert_eq!(ids(&journal, 1_000 + CREATED_MS).as_deref(), Some(""), "the search had its time");
    }

    #[test]
    fn a_search_that_knows_the_created_record_takes_over() {
        let (_dir, journal) = journal();
        journal.cache_created(NUMBER, &record("7"), 0).unwrap();
        journal.cache_put(NUMBER, &[record("7"), record("8")], 10).unwrap();
        let records = journal.cache_get(NUMBER, 20).unwrap().unwrap();
        assert_eq!(records, [record("7"), record("8")]);
    }

    #[test]
    fn a_record_that_is_gone_takes_its_answers_with_it() {
        let (_dir, journal) = journal();
        journal.cache_put(NUMBER, &[record("1"), record("2")], 0).unwrap();
        journal.cache_forget_record("contact", "1").unwrap();
        assert_eq!(ids(&journal, 1), None);
        journal.cache_put(NUMBER, &[record("2")], 2).unwrap();
        journal.cache_forget(NUMBER).unwrap();
        assert_eq!(ids(&journal, 3), None);
        journal.cache_put(NUMBER, &[record("2")], 4).unwrap();
        journal.cache_clear().unwrap();
        assert_eq!(ids(&journal, 5), None);
    }

    #[test]
    fn people_are_forgotten_and_their_calls_are_not() {
        let (_dir, journal) = journal();
        journal.cache_put(NUMBER, &[record("1")], 0).unwrap();
        let chosen = RecordRef { kind: "contact".into(), id: "1".into(), web_url: None };
        journal.remember_choice(NUMBER, &chosen, 0).unwrap();
        journal.keep_draft("call-1", "{}", 0).unwrap();
        let call =
            CallRow { call_id: "call-1".into(), name: Some("Max Muster".into()), ..CallRow::default() };
        journal.record(&call).unwrap();
        journal.forget_people().unwrap();
        assert_eq!(ids(&journal, 1), None);
        assert_eq!(journal.choices().unwrap(), []);
        assert_eq!(journal.drafts().unwrap(), []);
        assert_eq!(journal.recent(9).unwrap(), [call]);
    }

    #[test]
    fn an_answer_from_the_future_is_not_trusted() {
        let (_dir, journal) = journal();
        journal.cache_put(NUMBER, &[record("1")], 1_000_000).unwrap();
        assert_eq!(ids(&journal, 10), None);
    }

    #[test]
    fn debug_output_names_nobody() {
        assert!(!format!("{:?}", record("1")).contains("uster"));
    }
}
