//! Owns the journal's second home: every transaction is kept elsewhere before it is in the file, as rows by table and
//! key, and a file is made anew from those rows.
//! Must not know: where that is, or what a table means.
//!
//! For a service of which several machines may hold the work in turn: who takes over restores the file and goes on, and
//! nothing that was promised is missing. Triggers that live with the connection note each changed row, whatever statement
//! changed it; so no write can be forgotten here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Transaction, params_from_iter};
use serde_json::{Map, Value};

use crate::db::{self, Db, StoreError};
use crate::file;
use crate::journal::Journal;

/// Where changes are kept before they are in the file.
pub trait Mirror: Send + Sync {
    /// Keeps the changes of one transaction: all of them, or none. Later changes of a row replace earlier ones.
    ///
    /// # Errors
    /// See [`MirrorFault`]; then they are not in the file either.
    fn commit(&self, changes: &[Change]) -> Result<(), MirrorFault>;

    /// The file may be behind what is kept here: nothing is written to either any more, until the file is restored. Told
    /// once.
    fn file_is_behind(&self) {}
}

/// Why changes were not kept.
#[derive(Debug, thiserror::Error)]
pub enum MirrorFault {
    /// Not one of them was: the work may be tried again.
    #[error("the changes were refused")]
    NotKept(#[source] std::io::Error),
    /// Perhaps they were. Nothing is written any more: the file must be restored first.
    #[error("nobody knows whether the changes were kept")]
    Unknown(#[source] std::io::Error),
}

/// A row as it is now. `Debug` shows where it stands, not what it says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Name of the table.
    pub table: String,
    /// Values of the primary key, a JSON array.
    pub key: String,
    /// The whole row, a JSON object; nothing when it is gone.
    pub row: Option<String>,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change")
            .field("table", &self.table)
            .field("gone", &self.row.is_none())
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Version of the tables, to be kept beside mirrored rows.
    pub fn schema_version() -> u32 {
        db::newest()
    }

    /// Has every transaction from now on kept by a mirror first. What is there already is told by [`Journal::everything`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn mirror(&self, mirror: Arc<dyn Mirror>) -> Result<(), StoreError> {
        self.db.mirror(mirror)
    }

    /// Every row there is: what an empty mirror is filled with.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn everything(&self) -> Result<Vec<Change>, StoreError> {
        self.db.read(|connection| {
            let mut all = Vec::new();
            for table in tables(connection)? {
                let sql = format!(
                    "SELECT {}, {} FROM {} AS mirrored_row",
                    table.key("mirrored_row"),
                    table.row("mirrored_row"),
                    table.name
                );
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map([], |row| {
                    Ok(Change { table: table.name.clone(), key: row.get(0)?, row: Some(row.get(1)?) })
                })?;
                for row in rows {
                    all.push(row?);
                }
            }
            Ok(all)
        })
    }

    /// Makes the journal of a profile anew from rows that a mirror kept under this version of the tables. A file that is
    /// there is replaced; when this fails, none is there.
    ///
    /// Rows of an older version become those of this one; the mirror then has to be filled anew.
    ///
    /// # Errors
    /// See [`StoreError`]: of a newer version, or rows that do not fit the tables.
    pub fn restore(dir: &Path, version: u32, rows: &[Change]) -> Result<Journal, StoreError> {
        let path = dir.join(db::FILE);
        remove(&path).map_err(StoreError::Unusable)?;
        let made = db::create(dir, version).and_then(|mut connection| {
            let transaction = connection.transaction()?;
            // A child may come before its parent.
            transaction.pragma_update(None, "defer_foreign_keys", "ON")?;
            for change in rows {
                put(&transaction, change)?;
            }
            transaction.commit()?;
            Ok(())
        });
        match made.and_then(|()| Journal::open(dir)) {
            Ok(journal) => Ok(journal),
            Err(error) => {
                // Half a journal would be taken for a whole one.
                remove(&path).map_err(StoreError::Unusable)?;
                Err(error)
            }
        }
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    for file in [path.to_owned(), file::with_suffix(path, "-wal"), file::with_suffix(path, "-shm")] {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn put(transaction: &Transaction<'_>, change: &Change) -> Result<(), StoreError> {
    let Some(row) = &change.row else { return Ok(()) };
    let row: Map<String, Value> = serde_json::from_str(row).map_err(|error| foreign(&error))?;
    // Names of columns become part of a statement: only those that the table has.
    let known = Table::read(transaction, &change.table)?.columns();
    if row.is_empty() || !row.keys().all(|column| known.contains(column)) {
        return Err(foreign("a table or column that is not known"));
    }
    let columns: Vec<&str> = row.keys().map(String::as_str).collect();
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    let sql = format!("INSERT INTO {} ({}) VALUES ({})", change.table, columns.join(", "), places.join(", "));
    let values = row.values().map(value).collect::<Result<Vec<Sql>, StoreError>>()?;
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

fn value(value: &Value) -> Result<Sql, StoreError> {
    match value {
        Value::Null => Ok(Sql::Null),
        Value::String(text) => Ok(Sql::Text(text.clone())),
        Value::Number(number) => number.as_i64().map(Sql::Integer).ok_or_else(|| foreign("not an integer")),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(foreign("neither text nor integer")),
    }
}

/// Rows that are not what this program's tables hold.
fn foreign(why: impl ToString) -> StoreError {
    StoreError::Unusable(std::io::Error::new(std::io::ErrorKind::InvalidData, why.to_string()))
}

/// A mirror that is in use, and whether the file may be behind it.
pub(crate) struct Mirrored {
    mirror: Arc<dyn Mirror>,
    diverged: AtomicBool,
}

impl std::fmt::Debug for Mirrored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirrored").field("diverged", &self.diverged).finish_non_exhaustive()
    }
}

impl Mirrored {
    /// Prepares a connection.
    pub(crate) fn begin(connection: &Connection, mirror: Arc<dyn Mirror>) -> Result<Mirrored, StoreError> {
        // Otherwise a row that is replaced by another with the same unique value is gone without a word.
        connection.pragma_update(None, "recursive_triggers", "ON")?;
        connection.execute_batch(
            "CREATE TEMP TABLE mirrored (
                seq INTEGER PRIMARY KEY, tbl TEXT NOT NULL, key TEXT NOT NULL, row TEXT
            ) STRICT",
        )?;
        for table in tables(connection)? {
            connection.execute_batch(&table.triggers())?;
        }
        Ok(Mirrored { mirror, diverged: AtomicBool::new(false) })
    }

    /// Nothing is written while the file may be behind the mirror.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.diverged.load(Ordering::SeqCst) {
            return Err(StoreError::Mirror(MirrorFault::Unknown(std::io::Error::other(
                "an earlier change may be there and not here",
            ))));
        }
        Ok(())
    }

    /// Hands over what the transaction has changed. It is to be undone when this fails.
    pub(crate) fn hand_over(&self, transaction: &Transaction<'_>) -> Result<Handed, StoreError> {
        let changes = collect(transaction)?;
        if changes.is_empty() {
            return Ok(Handed::Nothing);
        }
        match self.mirror.commit(&changes) {
            Ok(()) => Ok(Handed::Kept),
            Err(fault) => {
                if let MirrorFault::Unknown(_) = fault {
                    self.diverge();
                }
                Err(StoreError::Mirror(fault))
            }
        }
    }

    /// The mirror has what the file did not take.
    pub(crate) fn diverge(&self) {
        self.diverged.store(true, Ordering::SeqCst);
        self.mirror.file_is_behind();
    }
}

/// What came of handing over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handed {
    /// Nothing was changed.
    Nothing,
    /// The mirror has it.
    Kept,
}

/// The last state of each changed row.
fn collect(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Change>> {
    let mut last: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
    let mut statement = transaction.prepare_cached("SELECT tbl, key, row FROM temp.mirrored ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        last.insert((row.get(0)?, row.get(1)?), row.get(2)?);
    }
    transaction.prepare_cached("DELETE FROM temp.mirrored")?.execute([])?;
    Ok(last.into_iter().map(|((table, key), row)| Change { table, key, row }).collect())
}

/// A table as the file describes it.
struct Table {
    name: String,
    names: Vec<String>,
    key: Vec<String>,
    /// Rows have a number beside the key, and some questions are answered in its order.
    numbered: bool,
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<Table>> {
    let names = connection
        .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")?
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    names.iter().map(|name| Table::read(connection, name)).collect()
}

impl Table {
    /// One without columns when there is none of this name.
    fn read(connection: &Connection, name: &str) -> rusqlite::Result<Table> {
        let columns = connection
            .prepare_cached("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?
            .query_map([name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        let mut key: Vec<_> = columns.iter().filter(|(_, place)| *place > 0).collect();
        key.sort_by_key(|(_, place)| *place);
        let numbered = connection
            .prepare_cached("SELECT NOT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1")?
            .query_map([name], |row| row.get(0))?
            .next()
            .transpose()?;
        Ok(Table {
            name: name.to_owned(),
            key: key.into_iter().map(|(name, _)| name.clone()).collect(),
            names: columns.into_iter().map(|(name, _)| name).collect(),
            numbered: numbered.unwrap_or(false),
        })
    }

    fn columns(self) -> BTreeSet<String> {
        let number = self.numbered.then(|| "rowid".to_owned());
        self.names.into_iter().chain(number).collect()
    }

    fn key(&self, of: &str) -> String {
        let columns: Vec<String> = self.key.iter().map(|column| format!("{of}.{column}")).collect();
        format!("json_array({})", columns.join(", "))
    }

    fn row(&self, of: &str) -> String {
        let number = self.numbered.then_some("rowid");
        let columns = self.names.iter().map(String::as_str).chain(number);
        let columns: Vec<String> = columns.map(|column| format!("'{column}', {of}.{column}")).collect();
        format!("json_object({})", columns.join(", "))
    }

    fn triggers(&self) -> String {
        let Table { name, .. } = self;
        let (old, new, row) = (self.key("OLD"), self.key("NEW"), self.row("NEW"));
        let gone = format!("INSERT INTO mirrored (tbl, key) VALUES ('{name}', {old});");
        let there = format!("INSERT INTO mirrored (tbl, key, row) VALUES ('{name}', {new}, {row});");
        format!(
            "CREATE TEMP TRIGGER mirrored_{name}_insert AFTER INSERT ON main.{name} BEGIN {there} END;
             CREATE TEMP TRIGGER mirrored_{name}_update AFTER UPDATE ON main.{name} BEGIN {gone} {there} END;
             CREATE TEMP TRIGGER mirrored_{name}_delete AFTER DELETE ON main.{name} BEGIN {gone} END;"
        )
    }
}

/// Runs `work` in one transaction that a mirror keeps first.
pub(crate) fn run<T>(
    connection: &mut Connection,
    mirrored: &Mirrored,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    mirrored.check()?;
    let transaction = db::begin(connection)?;
    let result = work(&transaction)?;
    let handed = mirrored.hand_over(&transaction)?;
    transaction.commit().inspect_err(|_| {
        if handed == Handed::Kept {
            mirrored.diverge();
        }
    })?;
    Ok(result)
}

impl Db {
    /// Whether the file may be behind its mirror; then nothing is written any more.
    pub(crate) fn is_diverged(&self) -> bool {
        self.mirrored().is_some_and(|mirrored| mirrored.check().is_err())
    }
}

impl Journal {
    /// Whether a mirror may have what this file has not: nothing is written any more, and the file must be restored.
    pub fn is_diverged(&self) -> bool {
        self.db.is_diverged()
    }
}

#[cfg(test)]
mod tests;
