//! Owns the memory of which record an agent chose for a number that several have.
//! Must not know: how numbers are normalized (the key is the caller's: E.164 or bare digits).

use std::fmt;

use deskring_redact::{mask_name, mask_number};
use rusqlite::{OptionalExtension, Row};

use crate::db::StoreError;
use crate::journal::{Journal, RecordRef};

/// A remembered choice. `Debug` masks number and name.
#[derive(Clone, Eq, PartialEq)]
pub struct Choice {
    /// The number, as [`Journal::remember_choice`] got it.
    pub number_key: String,
    /// The chosen record.
    pub record: RecordRef,
    /// The record's name, while the contact cache or a call with this number still has it.
    pub name: Option<String>,
    /// When it was chosen, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice")
            .field("number_key", &mask_number(&self.number_key))
            .field("record", &self.record)
            .field("name", &self.name.as_deref().map(mask_name))
            .field("at_ms", &self.at_ms)
            .finish()
    }
}

impl Journal {
    /// Remembers the record chosen for a number, instead of the one chosen before.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn remember_choice(
        &self,
        number_key: &str,
        record: &RecordRef,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO choices (number_key, record_kind, record_id, record_url, at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (number_key, &record.kind, &record.id, &record.web_url, at_ms),
            )?;
            Ok(())
        })
    }

    /// The record chosen for a number. It may be gone in Desk: ask before relying on it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn choice(&self, number_key: &str) -> Result<Option<RecordRef>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT record_kind, record_id, record_url FROM choices WHERE number_key = ?1",
                )?
                .query_row([number_key], chosen)
                .optional()
        })
    }

    /// All choices, the youngest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn choices(&self) -> Result<Vec<Choice>, StoreError> {
        self.db.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT record_kind, record_id, record_url, number_key, at_ms, coalesce(
                    (SELECT name FROM records WHERE kind = record_kind AND id = record_id AND name IS NOT NULL
                     ORDER BY found_ms DESC LIMIT 1),
                    (SELECT name FROM calls WHERE calls.number_key = choices.number_key
                        AND calls.record_kind = choices.record_kind AND calls.record_id = choices.record_id
                        AND name IS NOT NULL
                     ORDER BY started_ms DESC LIMIT 1))
                 FROM choices ORDER BY at_ms DESC, number_key",
            )?;
            let choice = |row: &Row<'_>| {
                Ok(Choice {
                    number_key: row.get(3)?,
                    record: chosen(row)?,
                    name: row.get(5)?,
                    at_ms: row.get(4)?,
                })
            };
            query.query_map([], choice)?.collect()
        })
    }

    /// Forgets the choice for a number; the agent is asked again at its next call. Choices of a record that is gone
    /// are forgotten by [`Journal::cache_forget_record`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn forget_choice(&self, number_key: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute("DELETE FROM choices WHERE number_key = ?1", [number_key])?;
            Ok(())
        })
    }

    /// Forgets every choice.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn forget_all_choices(&self) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute("DELETE FROM choices", [])?;
            Ok(())
        })
    }
}

fn chosen(row: &Row<'_>) -> rusqlite::Result<RecordRef> {
    Ok(RecordRef { kind: row.get(0)?, id: row.get(1)?, web_url: row.get(2)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contacts::{CachedRecord, Source};
    use crate::journal::CallRow;

    const NUMBER: &str = "+498912345678";

    fn record(kind: &str, id: &str) -> RecordRef {
        RecordRef {
            kind: kind.into(),
            id: id.into(),
            web_url: Some(format!("https://desk.example.com/{id}")),
        }
    }

    fn numbers(journal: &Journal) -> Vec<String> {
        journal.choices().unwrap().into_iter().map(|choice| choice.number_key).collect()
    }

    #[test]
    fn the_last_choice_for_a_number_holds_until_it_is_forgotten_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.choice(NUMBER).unwrap(), None);
        journal.remember_choice(NUMBER, &record("contact", "1"), 10).unwrap();
        journal.remember_choice(NUMBER, &record("account", "2"), 20).unwrap();
        journal.remember_choice("+15550100042", &record("contact", "3"), 15).unwrap();
        drop(journal);
        let journal = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.choice(NUMBER).unwrap(), Some(record("account", "2")));
        assert_eq!(numbers(&journal), [NUMBER, "+15550100042"]);
        journal.forget_choice(NUMBER).unwrap();
        assert_eq!(journal.choice(NUMBER).unwrap(), None);
        assert_eq!(numbers(&journal), ["+15550100042"]);
        journal.forget_all_choices().unwrap();
        assert_eq!(numbers(&journal), [""; 0]);
    }

    #[test]
    fn a_record_that_is_gone_is_nobodys_choice() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        journal.remember_choice("+1", &record("contact", "7"), 1).unwrap();
        journal.remember_choice("+2", &record("contact", "7"), 2).unwrap();
        journal.remember_choice("+3", &record("account", "7"), 3).unwrap();
        journal.remember_choice("+4", &record("contact", "8"), 4).unwrap();
        journal.cache_forget_record("contact", "7").unwrap();
        assert_eq!(numbers(&journal), ["+4", "+3"]);
    }

    #[test]
    fn a_choice_is_listed_with_the_name_last_known() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        journal.remember_choice(NUMBER, &record("contact", "7"), 1).unwrap();
        let name = || journal.choices().unwrap().into_iter().next().unwrap().name;
        assert_eq!(name(), None);
        let call = CallRow {
            call_id: "a".into(),
            number_key: Some(NUMBER.into()),
            name: Some("Max Muster".into()),
            record: Some(record("contact", "7")),
            ..CallRow::default()
        };
        journal.record(&call).unwrap();
        let other =
            CallRow { call_id: "b".into(), name: Some("Erika".into()), record: None, started_ms: 5, ..call };
        journal.record(&other).unwrap();
        assert_eq!(name().as_deref(), Some("Max Muster"));
        let cached = CachedRecord {
            kind: "contact".into(),
            id: "7".into(),
            name: Some("Max Beispiel".into()),
            account: None,
            web_url: None,
            email: None,
            changed_ms: None,
            source: Source::Found,
        };
        journal.cache_put(NUMBER, &[cached], 10).unwrap();
        assert_eq!(name().as_deref(), Some("Max Beispiel"));
        let shown = format!("{:?}", journal.choices().unwrap());
        assert!(
            !shown.contains("Beispiel") && !shown.contains("49891") && !shown.contains("desk."),
            "{shown}"
        );
    }
}
