//! Owns what was learned of the world and must be known when the world cannot be asked: one text under each name.
//! Must not know: what the names mean.

use rusqlite::OptionalExtension;

use crate::db::StoreError;
use crate::journal::Journal;

impl Journal {
    /// What was kept under a name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached("SELECT value FROM facts WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()
        })
    }

    /// What was kept under names that begin so, with the names, in their order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn facts_named(&self, beginning: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT name, value FROM facts WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
                )?
                .query_map([beginning], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// Keeps something under a name, in place of what was there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_fact(&self, name: &str, value: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)")?
                .execute((name, value))?;
            Ok(())
        })
    }

    /// Forgets what was kept under a name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn forget_fact(&self, name: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.prepare_cached("DELETE FROM facts WHERE name = ?1")?.execute([name])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_lasts_until_it_is_replaced_or_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.fact("serial").unwrap(), None);
        journal.keep_fact("serial", "a").unwrap();
        journal.keep_fact("serial", "b").unwrap();
        drop(journal);
        let journal = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.fact("serial").unwrap().as_deref(), Some("b"));
        journal.keep_fact("serial_of", "c").unwrap();
        let both = [("serial".to_owned(), "b".to_owned()), ("serial_of".to_owned(), "c".to_owned())];
        assert_eq!(journal.facts_named("serial").unwrap(), both);
        assert_eq!(journal.facts_named("serial_").unwrap(), both[1..]);
        journal.forget_fact("serial").unwrap();
        assert_eq!(journal.fact("serial").unwrap(), None);
    }
}
