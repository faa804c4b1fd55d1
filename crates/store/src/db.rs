//! Owns the SQLite file: opening, migrating, setting a broken one aside, and what its errors mean.
//! Must not know: which tables there are.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::file;
use crate::mirror::{self, Mirror, MirrorFault, Mirrored};

pub(crate) const FILE: &str = "deskring.db";
/// Another process (the command line) may hold the file for a moment.
const PATIENCE: Duration = Duration::from_secs(2);

/// One frozen file per step; the schema's version is the number of steps taken.
const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
];

/// Why the database could not do it. The engine goes on without a journal, but says so.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Written by a newer version of the program; left alone.
    #[error("the database was written by a newer version ({found}, this one knows {known})")]
    Newer {
        /// Version in the file.
        found: u32,
        /// Newest version known here.
        known: u32,
    },
    /// The file or its folder cannot be written.
    #[error("the database cannot be written")]
    ReadOnly(#[source] rusqlite::Error),
    /// The disk is full.
    #[error("the disk is full")]
    Full(#[source] rusqlite::Error),
    /// Another process holds it for too long.
    #[error("the database is in use")]
    Busy(#[source] rusqlite::Error),
    /// The file broke while in use; the next start sets it aside.
    #[error("the database is damaged")]
    Damaged(#[source] rusqlite::Error),
    /// The file cannot be opened or moved.
    #[error("the database file cannot be used")]
    Unusable(#[source] io::Error),
    /// A text too long to be kept; nothing was changed.
    #[error("{bytes} bytes are too many, at most {most} are kept")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The longest that is kept.
        most: usize,
    },
    /// The second home of the journal did not take it, so the file did not either.
    #[error("the journal's mirror failed")]
    Mirror(#[source] MirrorFault),
    /// Anything else SQLite says.
    #[error("the database failed")]
    Other(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(fault: rusqlite::Error) -> StoreError {
        match fault.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                StoreError::ReadOnly(fault)
            }
            Some(ErrorCode::DiskFull) => StoreError::Full(fault),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(fault),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(fault),
            _ => StoreError::Other(fault),
        }
    }
}

/// A migrated database. One connection behind a lock: the engine writes a few rows per call.
#[derive(Debug)]
pub(crate) struct Db {
    /// Nothing after [`Db::close`].
    connection: Mutex<Option<Connection>>,
    set_aside: Option<PathBuf>,
    mirrored: OnceLock<Mirrored>,
}

impl Db {
    pub(crate) fn open(dir: &Path) -> Result<Db, StoreError> {
        file::private_folder(dir).map_err(StoreError::Unusable)?;
        let path = dir.join(FILE);
        match connect(&path) {
            Ok(connection) => Ok(Db::of(connection, None)),
            Err(StoreError::Damaged(fault)) => {
                let kept = set_aside(&path).map_err(StoreError::Unusable)?;
                tracing::warn!(%fault, "the database was damaged and has been set aside");
                Ok(Db::of(connect(&path)?, Some(kept)))
            }
            Err(error) => Err(error),
        }
    }

    fn of(connection: Connection, set_aside: Option<PathBuf>) -> Db {
        Db { connection: Mutex::new(Some(connection)), set_aside, mirrored: OnceLock::new() }
    }

    /// Every write from now on goes to a mirror first.
    pub(crate) fn mirror(&self, mirror: Arc<dyn Mirror>) -> Result<(), StoreError> {
        let mut guard = self.lock();
        let mirrored = Mirrored::begin(open_one(&mut guard)?, mirror)?;
        // A second one cannot begin: the first one's tables are there.
        drop(self.mirrored.set(mirrored));
        Ok(())
    }

    pub(crate) fn mirrored(&self) -> Option<&Mirrored> {
        self.mirrored.get()
    }

    pub(crate) fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Waits for what is running, then closes the file; whoever comes later is refused.
    pub(crate) fn close(&self) {
        drop(self.lock().take());
    }

    /// Runs `work` in one transaction; an error undoes all of it.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        run(open_one(&mut self.lock())?, self.mirrored(), work)
    }

    /// The same, and a power cut right afterwards cannot take it back. Costs a wait for the disk.
    pub(crate) fn write_durably<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut guard = self.lock();
        let connection = open_one(&mut guard)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let result = run(connection, self.mirrored(), work);
        // Without it every later write waits for the disk as well, and nothing else.
        drop(connection.pragma_update(None, "synchronous", "NORMAL"));
        result
    }

    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        Ok(work(open_one(&mut self.lock())?)?)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_one(connection: &mut Option<Connection>) -> Result<&mut Connection, StoreError> {
    connection.as_mut().ok_or_else(|| StoreError::Unusable(io::Error::other("it was closed")))
}

pub(crate) fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn run<T>(
    connection: &mut Connection,
    mirrored: Option<&Mirrored>,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    if let Some(mirrored) = mirrored {
        return mirror::run(connection, mirrored, work);
    }
    let transaction = begin(connection)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// The newest version of the tables.
pub(crate) fn newest() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// A new file with the tables of a version, empty.
pub(crate) fn create(dir: &Path, version: u32) -> Result<Connection, StoreError> {
    if version > newest() {
        return Err(StoreError::Newer { found: version, known: newest() });
    }
    file::private_folder(dir).map_err(StoreError::Unusable)?;
    let mut connection = open(&dir.join(FILE))?;
    migrate(&mut connection, version)?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = open(path)?;
    // The file holds months of calls at most, so this is a matter of milliseconds.
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(StoreError::Damaged(rusqlite::Error::SqliteFailure(damaged, None)));
    }
    migrate(&mut connection, newest())?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    private_file(path);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // NORMAL in WAL mode: a power cut can lose the last moment, never the file.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, version: u32) -> Result<(), StoreError> {
    // Immediate: of two processes that start together, one migrates and the other finds it done.
    let transaction = begin(connection)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest() });
    }
    for step in MIGRATIONS.iter().take(version as usize).skip(found as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", version.max(found))?;
    transaction.commit()?;
    Ok(())
}

/// Creates the file for its owner only: it holds numbers and names. SQLite gives its side files the same rights.
/// A failure shows when SQLite opens the file.
pub(crate) fn private_file(path: &Path) {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

/// With its side files: a log left behind would be replayed into the new database.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let kept = file::set_aside(path, "corrupt")?;
    for suffix in ["-wal", "-shm"] {
        let side = file::with_suffix(path, suffix);
        if side.try_exists()? {
            std::fs::rename(side, file::with_suffix(&kept, suffix))?;
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn count(db: &Db) -> i64 {
        db.read(|connection| connection.query_row("SELECT count(*) FROM calls", [], |row| row.get(0)))
            .unwrap()
    }

    #[test]
    fn a_new_folder_gets_a_private_database() {
        let dir = tempfile::tempdir().unwrap();
        let profile = dir.path().join("profile");
        let db = Db::open(&profile).unwrap();
        assert_eq!(count(&db), 0);
        assert_eq!(db.set_aside(), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&profile), 0o700);
            assert_eq!(mode(&profile.join(FILE)), 0o600);
            assert_eq!(mode(&profile.join("deskring.db-wal")), 0o600);
        }
        let mode: String =
            db.read(|connection| connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))).unwrap();
        assert_eq!(mode, "wal");
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let before = fs::read(&path).unwrap();
        match Db::open(dir.path()) {
            Err(StoreError::Newer { found: 99, known }) if known as usize == MIGRATIONS.len() => {}
            other => panic!("{other:?}"),
        }
        let version: u32 =
            Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, 99);
        assert!(!before.is_empty());
    }

    #[test]
    fn a_damaged_database_is_kept_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        for round in 1..=2 {
            fs::write(dir.path().join(FILE), format!("not a database, round {round}. ").repeat(100)).unwrap();
            fs::write(dir.path().join("deskring.db-wal"), "an old log").unwrap();
            let db = Db::open(dir.path()).unwrap();
            assert_eq!(count(&db), 0);
            let kept = dir.path().join(format!("deskring.db.corrupt-{round}"));
            assert_eq!(db.set_aside(), Some(kept.as_path()));
            assert!(fs::read_to_string(&kept).unwrap().contains(&format!("round {round}")));
        }
    }

    #[test]
    fn damage_in_the_middle_is_found_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        {
            let db = Db::open(dir.path()).unwrap();
            db.write(|transaction| {
                for call in 0..2000 {
                    transaction
                        .execute("INSERT INTO pops VALUES (?1, ?2)", (format!("call-{call}"), call))?;
                }
                Ok(())
            })
            .unwrap();
        }
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4096].fill(0xA5);
        fs::write(&path, bytes).unwrap();
        let db = Db::open(dir.path()).unwrap();
        assert!(db.set_aside().is_some());
    }

    #[test]
    fn a_closed_database_is_one_whole_file_and_refuses_latecomers() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path()).unwrap();
        db.write(|transaction| transaction.execute("INSERT INTO pops VALUES ('call', 1)", [])).unwrap();
        db.close();
        assert!(!dir.path().join("deskring.db-wal").exists());
        let late = db.write(|transaction| transaction.execute("INSERT INTO pops VALUES ('late', 1)", []));
        assert!(matches!(late, Err(StoreError::Unusable(_))), "{late:?}");
        db.close();
        let again = Db::open(dir.path()).unwrap();
        let kept: String = again
            .read(|connection| connection.query_row("SELECT call_id FROM pops", [], |row| row.get(0)))
            .unwrap();
        assert_eq!(kept, "call");
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_an_error_and_no_panic() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(FILE)).unwrap();
        assert!(matches!(Db::open(dir.path()), Err(StoreError::ReadOnly(_))));
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(matches!(Db::open(&dir.path().join("file")), Err(StoreError::Unusable(_))));
    }

    #[test]
    fn a_full_disk_is_an_error_that_undoes_the_whole_write() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path()).unwrap();
        db.read(|connection| connection.pragma_update(None, "max_page_count", 1)).unwrap();
        let result = db.write(|transaction| {
            for call in 0..2000 {
                transaction.execute("INSERT INTO pops VALUES (?1, ?2)", (format!("call-{call}"), call))?;
            }
            Ok(())
        });
        assert!(matches!(result, Err(StoreError::Full(_))), "{result:?}");
        let left: i64 = db
            .read(|connection| connection.query_row("SELECT count(*) FROM pops", [], |row| row.get(0)))
            .unwrap();
        assert_eq!(left, 0);
    }
}
