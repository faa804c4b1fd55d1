//! SQLite in a folder.
//!
//! Owns: the file, its one connection, and whose turn it is. Must not know: what is kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Error, Row, SCHEMA, Value};

/// In the folder.
const FILE: &str = "gateway.db";
/// From one schema to the next.
const MIGRATIONS: [&str; SCHEMA as usize] = [include_str!("../migrations/1-sqlite.sql")];
/// Another program, an administrator's, may be writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// The file.
#[derive(Clone)]
pub(crate) struct File(Arc<Mutex<Connection>>);

/// The connection while it is in use; nothing after a statement that was not waited for.
pub(super) struct Session(Option<Turn>);

/// Whose turn it is. A transaction that is open at its end is rolled back.
struct Turn(OwnedMutexGuard<Connection>);

impl File {
    /// Opens or creates it.
    pub(super) fn open(folder: &Path) -> anyhow::Result<File> {
        let path = folder.join(FILE);
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        private(&path).with_context(|| format!("opening {}", path.display()))?;
        let connection = Connection::open(&path).with_context(|| format!("opening {}", path.display()))?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        Ok(File(Arc::new(Mutex::new(connection))))
    }

    pub(super) async fn session(&self) -> Session {
        Session(Some(Turn(self.0.clone().lock_owned().await)))
    }

    pub(super) async fn migrate(&self) -> Result<(), Error> {
        let mut session = self.session().await;
        session.begin().await?;
        session.run(migrate).await?;
        session.commit().await
    }
}

impl Session {
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        // Who waits for its turn to write must not have read before.
        self.run(|connection| Ok(connection.execute_batch("BEGIN IMMEDIATE")?)).await
    }

    pub(super) async fn ask(
        &mut self,
        statement: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        self.run(move |connection| {
            // To SQLite `$1` is a name, not a number.
            let mut statement = connection.prepare_cached(&statement.replace('$', "?"))?;
            let columns = statement.column_count();
            let rows = statement.query_map(params_from_iter(values), |row| {
                let values = (0..columns).map(|column| Ok(value(row.get_ref(column)?)));
                Ok(Row(values.collect::<rusqlite::Result<_>>()?))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        self.run(|connection| Ok(connection.execute_batch("COMMIT")?)).await
    }

    /// The turn goes along: when its user does not wait any longer, it ends with the work.
    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.0.take().ok_or(Error::NoAnswer)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&turn.0);
            (turn, done)
        });
        match done.await {
            Ok((turn, done)) => {
                self.0 = Some(turn);
                done
            }
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction was not rolled back");
        }
    }
}

fn migrate(connection: &Connection) -> Result<(), Error> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(version).unwrap_or_default();
    for next in MIGRATIONS.get(done..).ok_or(Error::Newer)? {
        connection.execute_batch(next)?;
    }
    Ok(connection.pragma_update(None, "user_version", SCHEMA)?)
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        // There is no column of this type.
        ValueRef::Null | ValueRef::Real(_) => Value::Nothing,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Value::Nothing => rusqlite::types::Null.to_sql(),
            Value::Integer(value) => value.to_sql(),
            Value::Text(value) => value.to_sql(),
            Value::Bytes(value) => value.to_sql(),
        }
    }
}

/// Readable by its owner only, from the first byte on.
fn private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_is_given_up_leaves_nothing_behind_and_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::open(folder.path()).unwrap();
        file.migrate().await.unwrap();
        let write = "INSERT INTO kept (name, value) VALUES ($1, $2)";
        let mut session = file.session().await;
        session.begin().await.unwrap();
        session.ask(write, vec!["a".into(), "b".into()]).await.unwrap();
        drop(session);
        assert!(file.session().await.ask("SELECT name FROM kept", Vec::new()).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::open(folder.path()).unwrap();
        file.migrate().await.unwrap();
        file.migrate().await.unwrap();
        file.0.lock().await.pragma_update(None, "user_version", SCHEMA + 1).unwrap();
        assert!(matches!(file.migrate().await, Err(Error::Newer)));
    }
}
