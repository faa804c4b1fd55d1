//! The writer's journal where several gateways share a database: each change is there before it is in the file, and who
//! takes over makes the file anew.
//!
//! Owns: those rows, and the sign-in to Desk beside them. Only who serves writes them: each transaction is begun for a
//! term of the lease. Must not know: what a row says.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, mpsc as waiting};

use anyhow::Context;
use deskring_engine::{Change, Journal, Mirror, MirrorFault};
use tokio::sync::{Notify, mpsc};

use crate::database::{Database, Error, Place, Row, Transaction};
use crate::lease::{Lease, Term};
use crate::state::{keep, keep_in, kept};

/// Version of the journal's tables that the rows are of.
const VERSION: &str = "journal_version";
/// What lies in the file of the profile's secrets.
const SIGN_IN: &str = "desk_sign_in";
/// That file, in their folder.
const SECRETS: &str = "secrets.json";
/// Rows that are read at once: an answer is not waited for longer than a lease is renewed.
const AT_ONCE: i64 = 2_000;

const READ: &str =
    "SELECT tbl, key, value FROM journal WHERE (tbl, key) > ($1, $2) ORDER BY tbl, key LIMIT $3";
const PUT: &str = "INSERT INTO journal (tbl, key, value) VALUES ($1, $2, $3)
     ON CONFLICT (tbl, key) DO UPDATE SET value = excluded.value";
const TAKE: &str = "DELETE FROM journal WHERE tbl = $1 AND key = $2";

/// Keeps what a journal changes, in the database, for a term.
pub(crate) struct Shared {
    requests: mpsc::UnboundedSender<Request>,
    behind: Arc<Notify>,
}

struct Request {
    changes: Vec<Change>,
    answer: waiting::SyncSender<Result<(), MirrorFault>>,
}

impl Shared {
    /// Begins to. Whoever changes the journal waits on a thread of its own choice, and the database is asked on another:
    /// otherwise a runtime with few threads would wait for itself.
    ///
    /// # Errors
    /// The database cannot be opened, or there can be no thread.
    pub(crate) fn begin(place: &Place, lease: &Lease, term: Term) -> anyhow::Result<Shared> {
        let (requests, mut asked) = mpsc::unbounded_channel::<Request>();
        let (place, lease) = (place.clone(), lease.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("journal".to_owned()).spawn(move || {
            runtime.block_on(async move {
                // Connections of its own: those of the others live in their runtime.
                let lease = Database::open(&place).map(|database| lease.on(database));
                while let Some(Request { changes, answer }) = asked.recv().await {
                    let written = match &lease {
                        Ok(lease) => write(lease, term, &changes).await,
                        Err(error) => Err(MirrorFault::NotKept(io::Error::other(error.to_string()))),
                    };
                    // Who asked may have given up.
                    let _ = answer.send(written);
                }
            });
        })?;
        Ok(Shared { requests, behind: Arc::default() })
    }

    /// Told when the file must be made anew.
    pub(crate) fn behind(&self) -> Arc<Notify> {
        self.behind.clone()
    }
}

impl Mirror for Shared {
    fn commit(&self, changes: &[Change]) -> Result<(), MirrorFault> {
        let (answer, answered) = waiting::sync_channel(1);
        let gone = || io::Error::other("the gateway stops");
        let request = Request { changes: changes.to_vec(), answer };
        self.requests.send(request).map_err(|_| MirrorFault::NotKept(gone()))?;
        answered.recv().unwrap_or_else(|_| Err(MirrorFault::Unknown(gone())))
    }

    fn file_is_behind(&self) {
        self.behind.notify_one();
    }
}

async fn write(lease: &Lease, term: Term, changes: &[Change]) -> Result<(), MirrorFault> {
    let not_kept = |error: Error| MirrorFault::NotKept(io::Error::other(error));
    let mut transaction = lease.begin(term).await.map_err(not_kept)?;
    for change in changes {
        put(&mut transaction, change).await.map_err(not_kept)?;
    }
    transaction.commit().await.map_err(|error| match error {
        Error::NoAnswer => MirrorFault::Unknown(io::Error::other(error)),
        error => MirrorFault::NotKept(io::Error::other(error)),
    })
}

async fn put(transaction: &mut Transaction, change: &Change) -> Result<(), Error> {
    let (table, key) = (change.table.as_str(), change.key.as_str());
    match &change.row {
        Some(row) => transaction.ask(PUT, [table.into(), key.into(), row.as_str().into()]).await,
        None => transaction.ask(TAKE, [table.into(), key.into()]).await,
    }
    .map(drop)
}

/// Makes the journal of a profile what the last one who served has left, and gives the profile its sign-in. Where nobody
/// has shared anything yet, what is in the profile is shared from now on.
///
/// # Errors
/// The database or the file failed, or a newer version has written the rows.
pub(crate) async fn take_over(lease: &Lease, term: Term, profile: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(profile)?;
    let mut transaction = lease.begin(term).await?;
    let version = kept(&mut transaction, VERSION).await?.map(|text| text.parse::<u32>()).transpose()?;
    let now = Journal::schema_version();
    let journal = match version {
        Some(version) => Journal::restore(profile, version, &everything(&mut transaction).await?),
        None => Journal::open(profile),
    };
    let journal = journal.context("the writer's journal")?;
    if version != Some(now) {
        transaction.ask("DELETE FROM journal", []).await?;
        for change in journal.everything()? {
            put(&mut transaction, &change).await?;
        }
        keep(&mut transaction, VERSION, Some(&now.to_string())).await?;
    }
    journal.close();
    if let Some(sign_in) = kept(&mut transaction, SIGN_IN).await? {
        let folder = profile.join("secrets");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut options = fs::OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(folder.join(SECRETS));
        io::Write::write_all(&mut file?, sign_in.as_bytes())?;
    }
    Ok(transaction.commit().await?)
}

/// Shares the sign-in when it is another than `known`; what it is now.
///
/// # Errors
/// The database failed.
pub(crate) async fn share_sign_in(
    lease: &Lease,
    term: Term,
    profile: &Path,
    known: Option<String>,
) -> Result<Option<String>, Error> {
    let now = fs::read_to_string(profile.join("secrets").join(SECRETS)).ok();
    if now == known {
        return Ok(known);
    }
    keep_in(lease, term, SIGN_IN, now.as_deref()).await?;
    Ok(now)
}

async fn everything(transaction: &mut Transaction) -> Result<Vec<Change>, Error> {
    let mut all: Vec<Change> = Vec::new();
    loop {
        let (table, key) = all.last().map_or(("", ""), |last| (last.table.as_str(), last.key.as_str()));
        let rows = transaction.ask(READ, [table.into(), key.into(), AT_ONCE.into()]).await?;
        if rows.is_empty() {
            return Ok(all);
        }
        for row in &rows {
            all.push(change(row)?);
        }
    }
}

fn change(row: &Row) -> Result<Change, Error> {
    Ok(Change { table: row.get(0)?, key: row.get(1)?, row: Some(row.get(2)?) })
}

#[cfg(test)]
mod tests;
