//! Owns the local index of Desk's contacts and accounts: a file of its own in the profile from which a caller is named
//! without asking anybody. It can be made anew at any time, so nothing in it is worth a backup.
//! Must not know: how numbers are normalized (the keys are the caller's: E.164 or bare digits), or who fills it.
//!
//! Whoever gets the file without the key learns how many records there are, how long, and when they were written, but no
//! name and no number: a number is kept as a keyed hash, everything else of a record in a sealed box. The record's
//! number in Desk is in the clear; it says nothing without Desk.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use deskring_redact::{ExposeSecret, Secret, mask_name};
use hmac::{Hmac, Mac};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::db::StoreError;
use crate::file;

/// File in the profile folder.
pub const INDEX_FILE: &str = "index.db";
const PATIENCE: Duration = Duration::from_secs(5);
/// Another number, and the index is made anew.
const VERSION: i64 = 1;
/// What the sealed test text says; whoever cannot read it has another key.
const WITNESS: &[u8] = b"deskring index";
/// Addresses that differ in the record's number only are kept once. An organization has a handful.
const MOST_PAGES: usize = 64;
/// What stands for the record's number in them.
const PLACE: &str = "\u{0}";
const NONCE_BYTES: usize = 24;

/// The key of an index: 32 random bytes, kept among the secrets.
#[derive(Clone)]
pub struct IndexKey(Secret);

/// A contact or account with everything a call needs to know. `Debug` masks names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct IndexedRecord {
    /// Kind code (`contact`, `account`).
    pub kind: RecordCode,
    /// Desk's id.
    pub id: String,
    /// First name of a contact.
    pub first_name: Option<String>,
    /// Last name of a contact, name of an account.
    pub last_name: Option<String>,
    /// A contact's company.
    pub company: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Its page, unchecked.
    pub page: Option<String>,
    /// Its number fields as they are stored in Desk.
    pub numbers: Vec<IndexedNumber>,
    /// Its last change in Desk, milliseconds since 1970.
    pub changed_ms: Option<i64>,
}

/// Which module of Desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordCode {
    /// A person.
    #[default]
    Contact,
    /// A company.
    Account,
}

/// A number field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedNumber {
    /// Name of the field (`phone`, `mobile`).
    pub field: String,
    /// As stored.
    pub stored: String,
}

/// What one transaction does. A record that is put replaces the one of before, with its keys.
#[derive(Default)]
pub struct IndexBatch<'a> {
    /// Records, each with the keys under which it is found.
    pub put: Vec<(&'a IndexedRecord, Vec<String>)>,
    /// Records that Desk no longer has.
    pub forget: Vec<(RecordCode, &'a str)>,
    /// Notes on how far the filling has come; with nothing, one is removed.
    pub marks: Vec<(&'a str, Option<String>)>,
}

/// How much is in an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexSize {
    /// Contacts.
    pub contacts: u32,
    /// Accounts.
    pub accounts: u32,
    /// Bytes of the file, without its log.
    pub bytes: u64,
}

/// The records that fit, as far as there was time.
#[derive(Debug)]
pub struct IndexScan {
    /// Those that fit, in the order of the file.
    pub found: Vec<IndexedRecord>,
    /// Whether every record was looked at, or enough were found.
    pub complete: bool,
}

/// An open index. One connection behind a lock.
pub struct Index {
    /// Nothing after [`Index::close`].
    inner: Mutex<Option<Inner>>,
}

struct Inner {
    connection: Connection,
    seal: Seal,
    /// Addresses without the record's number, by their row; and back.
    pages: HashMap<i64, String>,
}

struct Seal {
    records: XChaCha20Poly1305,
    numbers: [u8; 32],
}

/// What is in a sealed box.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// Only where it is not the row's number.
    id: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    page: Page,
    numbers: Vec<IndexedNumber>,
    changed_ms: Option<i64>,
    /// Under which it is found, so that they can be taken away with it.
    keys: Vec<i64>,
}

#[derive(Serialize, Deserialize)]
enum Page {
    None,
    Known(i64),
    Whole(String),
}

impl IndexKey {
    /// A new one, in a form in which it can be kept as a secret.
    pub fn generate() -> Secret {
        let bytes: [u8; 32] = Key::generate().into();
        Secret::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// Reads what [`IndexKey::generate`] made; nothing when it is something else.
    pub fn read(text: &Secret) -> Option<IndexKey> {
        let hex = text.expose_secret();
        (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| IndexKey(text.clone()))
    }

    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let digits = self.0.expose_secret().as_bytes().chunks(2);
        for (byte, pair) in bytes.iter_mut().zip(digits) {
            *byte = std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .unwrap_or(0);
        }
        bytes
    }
}

impl fmt::Debug for IndexedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexedRecord")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("last_name", &self.last_name.as_deref().map(mask_name))
            .finish_non_exhaustive()
    }
}

impl RecordCode {
    /// Kind code, as in the cache and in the journal.
    pub fn code(self) -> &'static str {
        match self {
            RecordCode::Contact => "contact",
            RecordCode::Account => "account",
        }
    }

    fn bit(self) -> i64 {
        match self {
            RecordCode::Contact => 0,
            RecordCode::Account => 1,
        }
    }
}

impl Index {
    /// Opens or creates the index of a profile folder. One that cannot be read, was made with another key or by another
    /// version is removed and begun anew.
    ///
    /// # Errors
    /// See [`StoreError`]; the caller can go on without an index.
    pub fn open(dir: &Path, key: &IndexKey) -> Result<Index, StoreError> {
        file::private_folder(dir).map_err(StoreError::Unusable)?;
        let path = dir.join(INDEX_FILE);
        match Inner::open(&path, key) {
            Ok(Some(inner)) => return Ok(Index { inner: Mutex::new(Some(inner)) }),
            Ok(None) => tracing::info!("the index is of another key or version and is made anew"),
            Err(StoreError::Damaged(fault)) => {
                tracing::warn!(%fault, "the index was damaged and is made anew")
            }
            Err(error) => return Err(error),
        }
        Index::remove(dir).map_err(StoreError::Unusable)?;
        match Inner::open(&path, key)? {
            Some(inner) => Ok(Index { inner: Mutex::new(Some(inner)) }),
            None => Err(StoreError::Unusable(std::io::Error::other("a new index cannot be read"))),
        }
    }

    /// Removes the file, for a wish to have none and for disconnecting. No index of this folder may be open.
    ///
    /// # Errors
    /// Of the file system; that there is none is no error.
    pub fn remove(dir: &Path) -> std::io::Result<()> {
        let path = dir.join(INDEX_FILE);
        for path in [path.clone(), file::with_suffix(&path, "-wal"), file::with_suffix(&path, "-shm")] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// All of a batch, or nothing.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn write(&self, batch: &IndexBatch<'_>) -> Result<(), StoreError> {
        let mut guard = self.lock();
        let Inner { connection, seal, pages } = open_one(&mut guard)?;
        let mut new_pages = Vec::new();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (kind, id) in &batch.forget {
            take(&transaction, seal, seal.row(*kind, id))?;
        }
        for (record, keys) in &batch.put {
            let row = seal.row(record.kind, &record.id);
            take(&transaction, seal, row)?;
            let page = page_of(&transaction, seal, pages, &mut new_pages, record)?;
            let mut hashes: Vec<i64> = keys.iter().map(|key| seal.number(key)).collect();
            hashes.sort_unstable();
            hashes.dedup();
            for hash in &hashes {
                transaction
                    .prepare_cached("INSERT INTO numbers (number, record) VALUES (?1, ?2)")?
                    .execute((hash, row))?;
            }
            let stored = Stored {
                id: (row < 0).then(|| record.id.clone()),
                first_name: record.first_name.clone(),
                last_name: record.last_name.clone(),
                company: record.company.clone(),
                email: record.email.clone(),
                page,
                numbers: record.numbers.clone(),
                changed_ms: record.changed_ms,
                keys: hashes,
            };
            let sealed = seal.close(row, &stored)?;
            transaction
                .prepare_cached("INSERT INTO records (record, sealed) VALUES (?1, ?2)")?
                .execute((row, sealed))?;
        }
        for (name, value) in &batch.marks {
            match value {
                Some(value) => transaction
                    .prepare_cached("INSERT OR REPLACE INTO marks (name, value) VALUES (?1, ?2)")?
                    .execute((name, value))?,
                None => transaction.prepare_cached("DELETE FROM marks WHERE name = ?1")?.execute([name])?,
            };
        }
        transaction.commit()?;
        // Only now: what was undone would name rows that are not there.
        pages.extend(new_pages);
        Ok(())
    }

    /// A note of [`IndexBatch::marks`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn mark(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut guard = self.lock();
        let open = open_one(&mut guard)?;
        let mut query = open.connection.prepare_cached("SELECT value FROM marks WHERE name = ?1")?;
        Ok(query.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Every record that is kept under one of these keys, each once.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn whose(&self, keys: &[String]) -> Result<Vec<IndexedRecord>, StoreError> {
        let mut guard = self.lock();
        let open = open_one(&mut guard)?;
        let mut rows: Vec<i64> = Vec::new();
        let mut query = open.connection.prepare_cached("SELECT record FROM numbers WHERE number = ?1")?;
        for key in keys {
            for row in query.query_map([open.seal.number(key)], |row| row.get(0))? {
                rows.push(row?);
            }
        }
        rows.sort_unstable();
        rows.dedup();
        rows.into_iter().filter_map(|row| open.record(row).transpose()).collect()
    }

    /// One record.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn record(&self, kind: RecordCode, id: &str) -> Result<Option<IndexedRecord>, StoreError> {
        let mut guard = self.lock();
        let open = open_one(&mut guard)?;
        open.record(open.seal.row(kind, id))
    }

    /// Records that fit, by opening one after the other until enough are found or the time is up.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn people(
        &self,
        mut fits: impl FnMut(&IndexedRecord) -> bool,
        most: usize,
        until: Instant,
    ) -> Result<IndexScan, StoreError> {
        let mut guard = self.lock();
        let open = open_one(&mut guard)?;
        let mut query =
            open.connection.prepare_cached("SELECT record, sealed FROM records ORDER BY record")?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            if found.len() == most {
                break;
            }
            if Instant::now() >= until {
                return Ok(IndexScan { found, complete: false });
            }
            if let Some(record) = open.opened(row)?
                && fits(&record)
            {
                found.push(record);
            }
        }
        Ok(IndexScan { found, complete: true })
    }

    /// So many records after a place, and the last one's place, for going through all of them bit by bit: with other
    /// rules for numbers, or looking whether Desk still has them. Begins at `i64::MIN`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn after(&self, place: i64, most: u32) -> Result<Vec<(i64, IndexedRecord)>, StoreError> {
        let mut guard = self.lock();
        let open = open_one(&mut guard)?;
        let mut query = open.connection.prepare_cached(
            "SELECT record, sealed FROM records WHERE record > ?1 ORDER BY record LIMIT ?2",
        )?;
        let mut rows = query.query((place, most))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let place = row.get(0)?;
            if let Some(record) = open.opened(row)? {
                found.push((place, record));
            }
        }
        Ok(found)
    }

    /// How much is in it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn size(&self) -> Result<IndexSize, StoreError> {
        let mut guard = self.lock();
        let open = open_one(&mut guard)?;
        let (all, accounts): (u32, u32) = open.connection.query_row(
            "SELECT count(*), coalesce(sum(record & 1), 0) FROM records",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let of = |pragma: &str| {
            open.connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0).map(u64::from))
        };
        let bytes = of("page_count")? * of("page_size")?;
        Ok(IndexSize { contacts: all.saturating_sub(accounts), accounts, bytes })
    }

    /// Forgets everything, also what stands in the free parts of the file.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn clear(&self) -> Result<(), StoreError> {
        let mut guard = self.lock();
        let open = open_one(&mut guard)?;
        open.pages.clear();
        open.connection.execute_batch(
            "BEGIN; DELETE FROM numbers; DELETE FROM records; DELETE FROM pages; DELETE FROM marks; COMMIT; VACUUM;",
        )?;
        Ok(())
    }

    /// Waits for what is running, then closes the file; whoever comes later is refused. To be called before the file is
    /// removed or opened with another key: a connection that closes afterwards would take the new file's log with it.
    pub fn close(&self) {
        drop(self.lock().take());
    }

    fn lock(&self) -> MutexGuard<'_, Option<Inner>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_one(inner: &mut Option<Inner>) -> Result<&mut Inner, StoreError> {
    inner.as_mut().ok_or_else(|| StoreError::Unusable(std::io::Error::other("it was closed")))
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

impl Inner {
    /// Nothing when it is of another key or version.
    fn open(path: &Path, key: &IndexKey) -> Result<Option<Inner>, StoreError> {
        crate::db::private_file(path);
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A power cut can lose the last batch, and with it its mark: it is read again.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // Half a million records are not to be in memory.
        connection.pragma_update(None, "cache_size", -1024)?;
        connection.set_prepared_statement_cache_capacity(16);
        let seal = Seal::new(key);
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version == 0 {
            connection.execute_batch(
                "BEGIN;
                 CREATE TABLE records (record INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
                 CREATE TABLE numbers (number INTEGER NOT NULL, record INTEGER NOT NULL,
                    PRIMARY KEY (number, record)) STRICT, WITHOUT ROWID;
                 CREATE TABLE pages (page INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
                 CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
                 CREATE TABLE witness (sealed BLOB NOT NULL) STRICT;",
            )?;
            connection
                .execute("INSERT INTO witness (sealed) VALUES (?1)", [seal.close_bytes(0, WITNESS)?])?;
            connection.pragma_update(None, "user_version", VERSION)?;
            connection.execute_batch("COMMIT;")?;
        } else if version != VERSION {
            return Ok(None);
        }
        let witness: Vec<u8> = connection.query_row("SELECT sealed FROM witness", [], |row| row.get(0))?;
        if seal.open_bytes(0, &witness).as_deref() != Some(WITNESS) {
            return Ok(None);
        }
        let mut pages = HashMap::new();
        {
            let mut query = connection.prepare("SELECT page, sealed FROM pages")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let page: i64 = row.get(0)?;
                let text = seal.open_bytes(page, &row.get::<_, Vec<u8>>(1)?);
                if let Some(text) = text.and_then(|text| String::from_utf8(text).ok()) {
                    pages.insert(page, text);
                }
            }
        }
        Ok(Some(Inner { connection, seal, pages }))
    }

    fn record(&self, row: i64) -> Result<Option<IndexedRecord>, StoreError> {
        let mut query =
            self.connection.prepare_cached("SELECT record, sealed FROM records WHERE record = ?1")?;
        let mut rows = query.query([row])?;
        match rows.next()? {
            Some(row) => self.opened(row),
            None => Ok(None),
        }
    }

    /// A box that cannot be opened was tampered with, and is not there.
    fn opened(&self, row: &Row<'_>) -> Result<Option<IndexedRecord>, StoreError> {
        let number: i64 = row.get(0)?;
        let sealed = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let Some(stored) = self.seal.open(number, sealed) else { return Ok(None) };
        let kind = if number & 1 == 0 { RecordCode::Contact } else { RecordCode::Account };
        let id = stored.id.unwrap_or_else(|| (number >> 1).to_string());
        let page = match stored.page {
            Page::None => None,
            Page::Known(page) => self.pages.get(&page).map(|page| page.replace(PLACE, &id)),
            Page::Whole(page) => Some(page),
        };
        Ok(Some(IndexedRecord {
            kind,
            id,
            first_name: stored.first_name,
            last_name: stored.last_name,
            company: stored.company,
            email: stored.email,
            page,
            numbers: stored.numbers,
            changed_ms: stored.changed_ms,
        }))
    }
}

/// Takes a record out, with the keys that it says it has.
fn take(transaction: &Transaction<'_>, seal: &Seal, row: i64) -> Result<(), StoreError> {
    let sealed: Option<Vec<u8>> = transaction
        .prepare_cached("DELETE FROM records WHERE record = ?1 RETURNING sealed")?
        .query_row([row], |row| row.get(0))
        .optional()?;
    let Some(sealed) = sealed else { return Ok(()) };
    match seal.open(row, &sealed) {
        Some(stored) => {
            for key in stored.keys {
                transaction
                    .prepare_cached("DELETE FROM numbers WHERE number = ?1 AND record = ?2")?
                    .execute((key, row))?;
            }
        }
        // Slow, and never so unless somebody changed the file.
        None => {
            transaction.execute("DELETE FROM numbers WHERE record = ?1", [row])?;
        }
    }
    Ok(())
}

fn page_of(
    transaction: &Transaction<'_>,
    seal: &Seal,
    pages: &HashMap<i64, String>,
    new: &mut Vec<(i64, String)>,
    record: &IndexedRecord,
) -> Result<Page, StoreError> {
    let Some(page) = record.page.as_deref() else { return Ok(Page::None) };
    if record.id.is_empty() || !page.contains(&record.id) || page.contains(PLACE) {
        return Ok(Page::Whole(page.to_owned()));
    }
    let pattern = page.replace(&record.id, PLACE);
    let known =
        pages.iter().map(|(row, text)| (*row, text)).chain(new.iter().map(|(row, text)| (*row, text)));
    for (row, text) in known {
        if *text == pattern {
            return Ok(Page::Known(row));
        }
    }
    if pages.len() + new.len() >= MOST_PAGES {
        return Ok(Page::Whole(page.to_owned()));
    }
    let row = i64::try_from(pages.len() + new.len()).unwrap_or(i64::MAX) + 1;
    transaction.execute(
        "INSERT INTO pages (page, sealed) VALUES (?1, ?2)",
        (row, seal.close_bytes(row, pattern.as_bytes())?),
    )?;
    new.push((row, pattern));
    Ok(Page::Known(row))
}

impl Seal {
    fn new(key: &IndexKey) -> Seal {
        let key = key.bytes();
        let part = |name: &[u8]| -> [u8; 32] { mac(&key, &[name]) };
        Seal { records: XChaCha20Poly1305::new(&Key::from(part(b"records"))), numbers: part(b"numbers") }
    }

    fn number(&self, key: &str) -> i64 {
        first(mac(&self.numbers, &[b"number", key.as_bytes()]))
    }

    /// The row of a record: its number in Desk, which is unique in a module, and the module. Ids of another shape are
    /// hashed, below zero.
    fn row(&self, kind: RecordCode, id: &str) -> i64 {
        let number =
            id.parse::<i64>().ok().filter(|number| (1..1 << 61).contains(number) && number.to_string() == id);
        match number {
            Some(number) => (number << 1) | kind.bit(),
            None => (first(mac(&self.numbers, &[b"id", id.as_bytes()])) | i64::MIN) & !1 | kind.bit(),
        }
    }

    fn close(&self, row: i64, stored: &Stored) -> Result<Vec<u8>, StoreError> {
        let bytes = postcard::to_allocvec(stored)
            .map_err(|error| StoreError::Unusable(std::io::Error::other(error)))?;
        self.close_bytes(row, &bytes)
    }

    fn close_bytes(&self, row: i64, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce = XNonce::generate();
        // Bound to its row: a box that is moved does not open.
        let closed = self.records.encrypt(&nonce, Payload { msg: bytes, aad: &row.to_be_bytes() });
        let closed =
            closed.map_err(|_| StoreError::Unusable(std::io::Error::other("a record cannot be sealed")))?;
        Ok([nonce.as_slice(), &closed].concat())
    }

    fn open(&self, row: i64, sealed: &[u8]) -> Option<Stored> {
        postcard::from_bytes(&self.open_bytes(row, sealed)?).ok()
    }

    fn open_bytes(&self, row: i64, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, closed) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        self.records.decrypt(&nonce, Payload { msg: closed, aad: &row.to_be_bytes() }).ok()
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // Any length of key is good for this function.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
        mac.update(&[0]);
    }
    mac.finalize().into_bytes().into()
}

fn first(bytes: [u8; 32]) -> i64 {
    let mut eight = [0; 8];
    eight.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    i64::from_be_bytes(eight)
}

#[cfg(test)]
mod tests;
