//! Owns what an agent has typed into a form and neither saved nor discarded.
//! Must not know: what is in the form.

use std::fmt;

use deskring_redact::Pii;
use rusqlite::{OptionalExtension, Row};

use crate::db::StoreError;
use crate::journal::Journal;

/// So many drafts are kept.
pub const MOST_DRAFTS: usize = 50;
/// A draft has at most so many bytes.
pub const LARGEST_DRAFT: usize = 64 * 1024;

/// A kept form. `Debug` shows neither whose nor what.
#[derive(Clone, Eq, PartialEq)]
pub struct Draft {
    /// The caller's name for it.
    pub key: String,
    /// The form, as the caller wrote it.
    pub json: String,
    /// When it was last kept, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("key", &Pii::new(&self.key))
            .field("bytes", &self.json.len())
            .field("at_ms", &self.at_ms)
            .finish()
    }
}

impl Journal {
    /// Keeps a draft, instead of the one under the same key. Of more than [`MOST_DRAFTS`] the oldest go.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] above [`LARGEST_DRAFT`], and the draft before it stays; else see [`StoreError`].
    pub fn keep_draft(&self, key: &str, json: &str, at_ms: i64) -> Result<(), StoreError> {
        if json.len() > LARGEST_DRAFT {
            return Err(StoreError::TooLarge { bytes: json.len(), most: LARGEST_DRAFT });
        }
        let most = i64::try_from(MOST_DRAFTS).unwrap_or(i64::MAX);
        self.db.write(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO drafts (key, json, at_ms) VALUES (?1, ?2, ?3)",
                (key, json, at_ms),
            )?;
            // The new one stays, even when the clock was set back.
            transaction.execute(
                "DELETE FROM drafts WHERE key IN
                    (SELECT key FROM drafts ORDER BY key = ?1 DESC, at_ms DESC, key LIMIT -1 OFFSET ?2)",
                (key, most),
            )?;
            Ok(())
        })
    }

    /// The draft under a key.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn draft(&self, key: &str) -> Result<Option<Draft>, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached("SELECT key, json, at_ms FROM drafts WHERE key = ?1")?
                .query_row([key], draft)
                .optional()
        })
    }

    /// All drafts, the youngest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        self.db.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT key, json, at_ms FROM drafts ORDER BY at_ms DESC, key")?;
            query.query_map([], draft)?.collect()
        })
    }

    /// Forgets the draft under a key, because it was saved or thrown away.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn discard_draft(&self, key: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute("DELETE FROM drafts WHERE key = ?1", [key])?;
            Ok(())
        })
    }
}

fn draft(row: &Row<'_>) -> rusqlite::Result<Draft> {
    Ok(Draft { key: row.get(0)?, json: row.get(1)?, at_ms: row.get(2)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_survives_a_restart_until_it_is_discarded() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        journal.keep_draft("+15550100042", r#"{"last_name":"Mu"}"#, 1).unwrap();
        journal.keep_draft("+15550100042", r#"{"last_name":"Muster"}"#, 3).unwrap();
        journal.keep_draft("call-2", "{}", 2).unwrap();
        drop(journal);
        let journal = Journal::open(dir.path()).unwrap();
        let kept = Draft { key: "+15550100042".into(), json: r#"{"last_name":"Muster"}"#.into(), at_ms: 3 };
        assert_eq!(journal.draft("+15550100042").unwrap(), Some(kept.clone()));
        let keys: Vec<_> = journal.drafts().unwrap().into_iter().map(|draft| draft.key).collect();
        assert_eq!(keys, ["+15550100042", "call-2"]);
        journal.discard_draft("+15550100042").unwrap();
        assert_eq!(journal.draft("+15550100042").unwrap(), None);
        assert_eq!(journal.drafts().unwrap().len(), 1);
        let shown = format!("{kept:?}");
        assert!(!shown.contains("Muster") && !shown.contains("5550"), "{shown}");
    }

    #[test]
    fn the_oldest_draft_makes_room_and_the_new_one_stays_whatever_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        for at in 1..=MOST_DRAFTS {
            journal.keep_draft(&format!("call-{at}"), "{}", i64::try_from(at).unwrap()).unwrap();
        }
        assert_eq!(journal.drafts().unwrap().len(), MOST_DRAFTS);
        journal.keep_draft("new", "{}", 99).unwrap();
        assert_eq!(journal.draft("call-1").unwrap(), None);
        journal.keep_draft("clock set back", "{}", -5).unwrap();
        assert!(journal.draft("clock set back").unwrap().is_some());
        assert_eq!(journal.draft("call-2").unwrap(), None);
        assert!(journal.draft("call-3").unwrap().is_some());
        assert_eq!(journal.drafts().unwrap().len(), MOST_DRAFTS);
    }

    #[test]
    fn a_draft_that_is_too_large_is_refused_and_the_one_before_it_stays() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        journal.keep_draft("a", &"x".repeat(LARGEST_DRAFT), 1).unwrap();
        let result = journal.keep_draft("a", &"y".repeat(LARGEST_DRAFT + 1), 2);
        assert!(matches!(result, Err(StoreError::TooLarge { bytes: 65_537, most: 65_536 })), "{result:?}");
        assert!(journal.draft("a").unwrap().unwrap().json.starts_with('x'));
    }
}
