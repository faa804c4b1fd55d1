//! Owns `index.db`: everybody whom Desk knows, by number, so that a caller has a name without any network.
//! Must not know: how numbers are normalized (the keys are the caller's), who asks Desk, when.
//!
//! A copy of other people's data, so nothing in it can be read without the key, which lies with the secrets: a number is
//! kept as a keyed hash, the person as one sealed blob. What can be seen is how many people there are, Desk's ids of them
//! and the size of each blob. The file is never backed up or repaired: one that is damaged, or was made with another key,
//! is made anew.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use deskring_redact::{ExposeSecret, Secret};
use hmac::{Hmac, Mac};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};
use sha2::Sha256;

use crate::db::StoreError;
use crate::file;

const FILE: &str = "index.db";
/// The command line may hold the file for a moment.
const PATIENCE: Duration = Duration::from_secs(2);
/// Records with one key that are looked at. More share an ending by accident.
pub const MOST_HOLDERS: u32 = 200;
/// Of a keyed hash; a wrong hit is found out when the number is compared.
const HASH_BYTES: usize = 8;
const NONCE_BYTES: usize = 24;
/// Rows that are opened between two looks at the clock.
const BATCH: u32 = 256;
const VERSION: &str = "1";

const SCHEMA: &str = "
    CREATE TABLE people (kind INTEGER NOT NULL, id NOT NULL, round INTEGER NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (kind, id)) WITHOUT ROWID;
    CREATE TABLE numbers (hash BLOB NOT NULL, kind INTEGER NOT NULL, id NOT NULL,
        PRIMARY KEY (hash, kind, id)) WITHOUT ROWID;
    CREATE TABLE pages (place INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE proof (sealed BLOB NOT NULL);
";

/// The key of an index: 32 bytes. Its text form goes to the secrets.
#[derive(Clone, Debug)]
pub struct IndexKey(Secret);

impl IndexKey {
    /// A new one, from the system's random numbers.
    pub fn fresh() -> IndexKey {
        let bytes: [u8; 32] = rand::random();
        IndexKey(Secret::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
    }

    /// One that was kept; `None` when the text is none.
    pub fn read(text: &Secret) -> Option<IndexKey> {
        let whole = text.expose_secret();
        (whole.len() == 64 && whole.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| IndexKey(text.clone()))
    }

    /// The form to keep.
    pub fn text(&self) -> &Secret {
        &self.0
    }

    /// A key of its own for each use.
    fn derive(&self, usage: &[u8]) -> Option<[u8; 32]> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.expose_secret().as_bytes()).ok()?;
        mac.update(usage);
        Some(mac.finalize().into_bytes().into())
    }
}

/// Somebody in the index, as Desk has them. `Debug` shows the id only.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Person {
    /// Kind code (`contact`, `account`).
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name, or the name of an account.
    pub last_name: Option<String>,
    /// The company of a contact.
    pub company: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Number as stored.
    pub phone: Option<String>,
    /// Mobile number as stored.
    pub mobile: Option<String>,
    /// The page, unchecked.
    pub web_url: Option<String>,
    /// Last change, milliseconds since 1970.
    pub modified_ms: Option<i64>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Person {
    /// The fields that may hold numbers.
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        [&self.phone, &self.mobile].into_iter().flatten().map(String::as_str)
    }
}

/// Between the fields of a sealed person, because there are half a million: a character that no field has.
const BETWEEN: char = '\u{1f}';

/// The index of one profile.
pub struct Index {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Beginnings of web addresses; a person's own begins with one of them and ends with the id.
    pages: Mutex<Vec<String>>,
    cipher: XChaCha20Poly1305,
    hash_key: [u8; 32],
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

impl Index {
    /// Opens the index of a profile, or makes it anew: when there is none, and when it cannot be read with this key.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn open(dir: &Path, key: &IndexKey) -> Result<Index, StoreError> {
        file::private_folder(dir).map_err(StoreError::Unusable)?;
        match Index::open_as_it_is(dir, key) {
            Ok(Some(index)) => return Ok(index),
            Ok(None) => {}
            Err(StoreError::Damaged(fault)) => tracing::warn!(%fault, "the index was damaged"),
            Err(error) => return Err(error),
        }
        Index::remove(dir)?;
        let index = Index::connect(dir, key)?;
        let proof = index.seal(VERSION.as_bytes(), b"proof")?;
        index.write(|transaction| {
            transaction.execute_batch(SCHEMA)?;
            transaction.execute("INSERT INTO proof VALUES (?1)", [proof])?;
            Ok(())
        })?;
        Ok(index)
    }

    /// Deletes the index of a profile. No file is no error.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn remove(dir: &Path) -> Result<(), StoreError> {
        let path = dir.join(FILE);
        for path in [file::with_suffix(&path, "-wal"), file::with_suffix(&path, "-shm"), path] {
            match std::fs::remove_file(path) {
                Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::Unusable(fault));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Puts people in, each in place of what was known of them, and what else is to be true afterwards: all of it or
    /// nothing. `keys` says under which keys a stored field is found.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing has changed then.
    pub fn put(
        &self,
        people: &[Person],
        facts: &[(&str, &str)],
        round: u32,
        keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let result = self.write(|transaction| {
            for person in people {
                self.take_out(transaction, &person.kind, &person.id, &keys)?;
                let sealed = self.seal_person(transaction, person)?;
                transaction
                    .prepare_cached("INSERT INTO people (kind, id, round, sealed) VALUES (?1, ?2, ?3, ?4)")?
                    .execute((kind_number(&person.kind), id_value(&person.id), round, sealed))?;
                self.put_numbers(transaction, person, &keys)?;
            }
            for (name, value) in facts {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO facts VALUES (?1, ?2)")?
                    .execute((name, value))?;
            }
            Ok(())
        });
        if result.is_err() {
            // A beginning of an address may have been counted that is not there now.
            self.read_pages()?;
        }
        result
    }

    /// Takes somebody out whom Desk does not have any more.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn forget(
        &self,
        kind: &str,
        id: &str,
        keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| self.take_out(transaction, kind, id, &keys))
    }

    /// Takes everybody of a kind out who did not come by in this round or a later one: Desk does not have them any more.
    /// How many.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn forget_before(
        &self,
        kind: &str,
        round: u32,
        keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<usize, StoreError> {
        self.write(|transaction| {
            let gone: Vec<Sql> = transaction
                .prepare("SELECT id FROM people WHERE kind = ?1 AND round < ?2")?
                .query_map((kind_number(kind), round), |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for id in &gone {
                self.take_out(transaction, kind, &id_text(id), &keys)?;
            }
            Ok(gone.len())
        })
    }

    /// Everybody with one of these keys, at most [`MOST_HOLDERS`]. Whether they have the number is for the caller to
    /// compare: a key is only a part of one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn whose(&self, keys: &BTreeSet<String>) -> Result<Vec<Person>, StoreError> {
        let connection = self.lock();
        let mut found: Vec<Person> = Vec::new();
        let mut query = connection.prepare_cached(
            "SELECT people.kind, people.id, sealed FROM numbers
             JOIN people ON people.kind = numbers.kind AND people.id = numbers.id
             WHERE hash = ?1 LIMIT ?2",
        )?;
        for key in keys {
            let mut rows = query.query((self.hash(key).as_slice(), MOST_HOLDERS))?;
            while let Some(row) = rows.next()? {
                let sealed: Vec<u8> = row.get(2)?;
                let person = self.unseal_person(row.get(0)?, &row.get(1)?, &sealed);
                found.extend(person.filter(|person| !found.contains(person)));
            }
        }
        Ok(found)
    }

    /// Whoever fits, at most `limit`, as far as that can be found out until the deadline. Opens one row after the other,
    /// because no name is on the disk in a way that could be searched; so not on a thread that others wait for.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn people(
        &self,
        mut fits: impl FnMut(&Person) -> bool,
        limit: usize,
        deadline: Instant,
    ) -> Result<Vec<Person>, StoreError> {
        let mut found = Vec::new();
        let mut after: Option<(i64, Sql)> = None;
        while found.len() < limit && Instant::now() < deadline {
            let rows = self.rows_after(after.as_ref())?;
            let Some(last) = rows.last() else { break };
            after = Some((last.0, last.1.clone()));
            for (kind, id, sealed) in &rows {
                if let Some(person) = self.unseal_person(*kind, id, sealed)
                    && found.len() < limit
                    && fits(&person)
                {
                    found.push(person);
                }
            }
        }
        Ok(found)
    }

    /// Makes all keys anew, after the plan of numbers has changed; then `facts` are true. Between its steps others get
    /// their turn, and until its end a number may not be found.
    ///
    /// # Errors
    /// See [`StoreError`]; then it is to be done again.
    pub fn make_keys_anew(
        &self,
        facts: &[(&str, &str)],
        keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| Ok(transaction.execute_batch("DELETE FROM numbers")?))?;
        let mut after: Option<(i64, Sql)> = None;
        loop {
            let rows = self.rows_after(after.as_ref())?;
            let Some(last) = rows.last() else { break };
            after = Some((last.0, last.1.clone()));
            self.write(|transaction| {
                for (kind, id, sealed) in &rows {
                    if let Some(person) = self.unseal_person(*kind, id, sealed) {
                        self.put_numbers(transaction, &person, &keys)?;
                    }
                }
                Ok(())
            })?;
        }
        self.put(&[], facts, 0, keys)
    }

    /// How many people there are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn count(&self) -> Result<u64, StoreError> {
        let count: i64 = self.lock().query_row("SELECT count(*) FROM people", [], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Something that was to be true.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .lock()
            .prepare_cached("SELECT value FROM facts WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    }

    /// The size of the file, in bytes.
    pub fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    // What follows knows the file's form.

    fn connect(dir: &Path, key: &IndexKey) -> Result<Index, StoreError> {
        let path = dir.join(FILE);
        crate::db::private_file(&path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // Nobody is to find in free pages whom Desk does not have any more.
        connection.pragma_update(None, "secure_delete", "ON")?;
        let unusable = || StoreError::Unusable(std::io::Error::other("the key cannot be used"));
        let cipher_key = key.derive(b"people").ok_or_else(unusable)?;
        Ok(Index {
            path,
            connection: Mutex::new(connection),
            pages: Mutex::default(),
            cipher: XChaCha20Poly1305::new(&cipher_key.into()),
            hash_key: key.derive(b"numbers").ok_or_else(unusable)?,
        })
    }

    /// `None`: there is none that this key opens.
    fn open_as_it_is(dir: &Path, key: &IndexKey) -> Result<Option<Index>, StoreError> {
        let index = Index::connect(dir, key)?;
        let has_proof = "SELECT 1 FROM sqlite_master WHERE name = 'proof'";
        if index.lock().query_row(has_proof, [], |_| Ok(())).optional()?.is_none() {
            return Ok(None);
        }
        let proof: Option<Vec<u8>> =
            index.lock().query_row("SELECT sealed FROM proof", [], |row| row.get(0)).optional()?;
        let opens = proof.and_then(|proof| index.unseal(&proof, b"proof"));
        if opens.as_deref() != Some(VERSION.as_bytes()) {
            return Ok(None);
        }
        index.read_pages()?;
        Ok(Some(index))
    }

    fn read_pages(&self) -> Result<(), StoreError> {
        let sealed: Vec<Vec<u8>> = self
            .lock()
            .prepare_cached("SELECT sealed FROM pages ORDER BY place")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let open = |sealed: &Vec<u8>| {
            let text = self.unseal(sealed, b"page")?;
            String::from_utf8(text).ok()
        };
        *self.pages.lock().unwrap_or_else(PoisonError::into_inner) =
            sealed.iter().map(|sealed| open(sealed).unwrap_or_default()).collect();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    fn rows_after(&self, after: Option<&(i64, Sql)>) -> Result<Vec<(i64, Sql, Vec<u8>)>, StoreError> {
        let connection = self.lock();
        let (kind, id) = after.cloned().unwrap_or((-1, Sql::Integer(0)));
        let mut query = connection.prepare_cached(
            "SELECT kind, id, sealed FROM people WHERE (kind, id) > (?1, ?2)
             ORDER BY kind, id LIMIT ?3",
        )?;
        let rows = query.query_map((kind, id, BATCH), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn take_out(
        &self,
        transaction: &Transaction<'_>,
        kind: &str,
        id: &str,
        keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let (kind, id) = (kind_number(kind), id_value(id));
        let sealed: Option<Vec<u8>> = transaction
            .prepare_cached("SELECT sealed FROM people WHERE kind = ?1 AND id = ?2")?
            .query_row((kind, &id), |row| row.get(0))
            .optional()?;
        let Some(sealed) = sealed else { return Ok(()) };
        if let Some(known) = self.unseal_person(kind, &id, &sealed) {
            let mut delete = transaction
                .prepare_cached("DELETE FROM numbers WHERE hash = ?1 AND kind = ?2 AND id = ?3")?;
            for key in known.numbers().flat_map(&keys) {
                delete.execute((self.hash(&key).as_slice(), kind, &id))?;
            }
        }
        transaction.prepare_cached("DELETE FROM people WHERE kind = ?1 AND id = ?2")?.execute((kind, &id))?;
        Ok(())
    }

    fn put_numbers(
        &self,
        transaction: &Transaction<'_>,
        person: &Person,
        keys: impl Fn(&str) -> BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO numbers VALUES (?1, ?2, ?3)")?;
        for key in person.numbers().flat_map(keys) {
            insert.execute((self.hash(&key).as_slice(), kind_number(&person.kind), id_value(&person.id)))?;
        }
        Ok(())
    }

    fn seal_person(&self, transaction: &Transaction<'_>, person: &Person) -> Result<Vec<u8>, StoreError> {
        let whole = person.web_url.as_deref();
        let beginning = whole.and_then(|url| url.strip_suffix(person.id.as_str()));
        let page = match beginning {
            Some(beginning) => self.page(transaction, beginning)?.to_string(),
            None => whole.unwrap_or_default().to_owned(),
        };
        let modified = person.modified_ms.map(|ms| ms.to_string());
        let fields = [
            person.first_name.as_deref(),
            person.last_name.as_deref(),
            person.company.as_deref(),
            person.email.as_deref(),
            person.phone.as_deref(),
            person.mobile.as_deref(),
            modified.as_deref(),
            Some(page.as_str()),
        ];
        let fields = fields.map(|field| field.unwrap_or_default().replace(BETWEEN, " "));
        let text = fields.join(&BETWEEN.to_string());
        self.seal(text.as_bytes(), &label(kind_number(&person.kind), &person.id))
    }

    fn unseal_person(&self, kind: i64, id: &Sql, sealed: &[u8]) -> Option<Person> {
        let id = id_text(id);
        let text = self.unseal(sealed, &label(kind, &id))?;
        let text = String::from_utf8(text).ok()?;
        let mut fields =
            text.split(BETWEEN).map(|field| Some(field.to_owned()).filter(|field| !field.is_empty()));
        let mut next = || fields.next();
        let (first_name, last_name, company, email) = (next()?, next()?, next()?, next()?);
        let (phone, mobile, modified, page) = (next()?, next()?, next()?, next()?);
        // The place of a beginning, or the whole address.
        let web_url = page.and_then(|page| match page.parse::<usize>() {
            Ok(place) => {
                let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
                pages.get(place).filter(|beginning| !beginning.is_empty()).map(|page| format!("{page}{id}"))
            }
            Err(_) => Some(page),
        });
        Some(Person {
            kind: kind_code(kind).to_owned(),
            id,
            first_name,
            last_name,
            company,
            email,
            phone,
            mobile,
            web_url,
            modified_ms: modified.and_then(|ms| ms.parse().ok()),
        })
    }

    /// The place of the beginning of an address; a new one is put down.
    fn page(&self, transaction: &Transaction<'_>, beginning: &str) -> Result<usize, StoreError> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = pages.iter().position(|known| known == beginning) {
            return Ok(place);
        }
        let sealed = self.seal(beginning.as_bytes(), b"page")?;
        let place = i64::try_from(pages.len()).unwrap_or(i64::MAX);
        transaction.execute("INSERT INTO pages (place, sealed) VALUES (?1, ?2)", (place, sealed))?;
        pages.push(beginning.to_owned());
        Ok(pages.len() - 1)
    }

    /// With a nonce of its own in front. `label` ties it to its place: a blob of another row does not open there.
    fn seal(&self, text: &[u8], label: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: text, aad: label })
            .map_err(|_| StoreError::Unusable(std::io::Error::other("a record cannot be sealed")))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unseal(&self, sealed: &[u8], label: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: label }).ok()
    }

    fn hash(&self, key: &str) -> Vec<u8> {
        // A key of any length is a key: this cannot fail, and an empty hash finds nobody.
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.hash_key) else {
            return Vec::new();
        };
        mac.update(key.as_bytes());
        mac.finalize().into_bytes().iter().take(HASH_BYTES).copied().collect()
    }
}

fn label(kind: i64, id: &str) -> Vec<u8> {
    format!("{kind}/{id}").into_bytes()
}

fn kind_number(kind: &str) -> i64 {
    match kind {
        "account" => 1,
        _ => 0,
    }
}

fn kind_code(kind: i64) -> &'static str {
    if kind == 1 { "account" } else { "contact" }
}

/// An id of digits is a number, which is a third of the bytes.
fn id_value(id: &str) -> Sql {
    match id.parse::<i64>() {
        Ok(number) if number.to_string() == id => Sql::Integer(number),
        _ => Sql::Text(id.to_owned()),
    }
}

fn id_text(id: &Sql) -> String {
    match id {
        Sql::Integer(number) => number.to_string(),
        Sql::Text(text) => text.clone(),
        Sql::Null | Sql::Real(_) | Sql::Blob(_) => String::new(),
    }
}

#[cfg(test)]
mod tests;
