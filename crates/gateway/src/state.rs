//! What outlives a restart: agents, their tokens, and codes by which a new agent introduces itself.
//!
//! Owns: the database and the shape of credentials. Secrets are kept as password hashes (Argon2id), tokens and codes,
//! which are random and long, as SHA-256. Must not know: HTTP, calls, the PBX.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use deskring_redact::{ExposeSecret, Secret};
use rand::Rng;
use rand::distr::Alphanumeric;
use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::book::Extension;

/// Life of an access token, as the PBX grants it.
pub(crate) const ACCESS: Duration = Duration::from_secs(30 * 60);
/// Life of a refresh token.
pub(crate) const REFRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// Live pairs of one agent, as the PBX grants them to one application.
const PAIRS: i64 = 8;
/// How long a code can be used.
const INVITED: Duration = Duration::from_secs(24 * 60 * 60);
/// Each check takes its 19 MiB and a core for a moment.
const CHECKS_AT_ONCE: usize = 2;
const FILE: &str = "gateway.db";
const SCHEMA: &str = include_str!("schema.sql");

/// Identity of an agent's credential: what its app enters as Client ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub String);

/// A credential and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// What its app enters as Client ID.
    pub client: ClientId,
    /// The one extension it sees and acts for.
    pub extension: Extension,
    /// When it was added, seconds since 1970.
    pub added: i64,
    /// When it got a token last.
    pub seen: Option<i64>,
}

/// What an app enters. The secret is told once.
pub struct Credentials {
    /// Client ID.
    pub client: ClientId,
    /// Client Secret.
    pub secret: Secret,
}

/// A pair of tokens.
pub struct Pair {
    /// For requests and the socket.
    pub access: Secret,
    /// For the next pair.
    pub refresh: Secret,
}

/// Whose request it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder {
    /// Of which credential.
    pub client: ClientId,
    /// For which extension.
    pub extension: Extension,
    /// Until when, seconds since 1970.
    pub until: i64,
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder").field("extension", &self.extension).finish_non_exhaustive()
    }
}

/// Why no token was granted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No such credential, or not this secret, or a token that is not valid any more.
    #[error("unknown or expired")]
    Unknown,
    /// The agent has as many tokens as it may have.
    #[error("too many tokens")]
    TooMany,
    /// The database cannot be used.
    #[error("the database failed")]
    Database(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Refused {
        Refused::Database(error)
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct State {
    connection: Arc<Mutex<Connection>>,
    checks: Arc<Semaphore>,
    /// The hash of a secret that nobody has.
    nobody: Arc<str>,
}

impl State {
    /// Opens or creates the database of a folder.
    ///
    /// # Errors
    /// The folder or the file cannot be used, or a newer version wrote it.
    pub fn open(folder: &Path) -> anyhow::Result<State> {
        let path = folder.join(FILE);
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        private(&path).with_context(|| format!("opening {}", path.display()))?;
        let connection = Connection::open(&path).with_context(|| format!("opening {}", path.display()))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        anyhow::ensure!(version <= 1, "a newer deskring-gateway wrote {}", path.display());
        if version == 0 {
            connection.execute_batch(SCHEMA)?;
        }
        Ok(State {
            connection: Arc::new(Mutex::new(connection)),
            checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
            nobody: hash(&random(48))?.into(),
        })
    }

    /// A new credential for an extension.
    ///
    /// # Errors
    /// The database failed.
    pub async fn add(&self, extension: &Extension, now: i64) -> anyhow::Result<Credentials> {
        let (extension, state) = (extension.clone(), self.clone());
        self.blocking(move || state.add_now(&extension, now)).await
    }

    /// All credentials, by extension.
    ///
    /// # Errors
    /// The database failed.
    pub fn agents(&self) -> anyhow::Result<Vec<Agent>> {
        let connection = self.lock();
        let mut query = connection
            .prepare("SELECT client, extension, added, seen FROM agents ORDER BY extension, added, client")?;
        let rows = query.query_map([], agent)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Ends credentials and their tokens: one, or all of an extension. Which they were.
    ///
    /// # Errors
    /// The database failed.
    pub fn revoke(&self, client_or_extension: &str) -> anyhow::Result<Vec<ClientId>> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let gone: Vec<ClientId> = transaction
            .prepare("DELETE FROM agents WHERE client = ?1 OR extension = ?1 RETURNING client")?
            .query_map([client_or_extension], |row| row.get(0).map(ClientId))?
            .collect::<Result<_, _>>()?;
        // Their tokens go with them, see the schema; so do the codes of the extension.
        transaction.execute("DELETE FROM invitations WHERE extension = ?1", [client_or_extension])?;
        transaction.commit()?;
        Ok(gone)
    }

    /// A new secret for a credential; its tokens end.
    ///
    /// # Errors
    /// The database failed; nothing when there is no such credential.
    pub async fn rotate(&self, client: &ClientId) -> anyhow::Result<Option<Credentials>> {
        let (client, state) = (client.clone(), self.clone());
        self.blocking(move || {
            let secret = random(48);
            let hash = hash(&secret)?;
            let mut connection = state.lock();
            let transaction = connection.transaction()?;
            let changed =
                transaction.execute("UPDATE agents SET secret = ?2 WHERE client = ?1", (&client.0, hash))?;
            transaction.execute("DELETE FROM tokens WHERE client = ?1", [&client.0])?;
            transaction.commit()?;
            Ok((changed == 1).then(|| Credentials { client, secret: Secret::from(secret) }))
        })
        .await
    }

    /// A code that becomes a credential of this extension, once, within a day.
    ///
    /// # Errors
    /// The database failed.
    pub fn invite(&self, extension: &Extension, now: i64) -> anyhow::Result<Secret> {
        let code = random(32);
        self.lock().execute(
            "INSERT INTO invitations (code, extension, until) VALUES (?1, ?2, ?3)",
            (digest(&code), extension.as_str(), now + seconds(INVITED)),
        )?;
        Ok(Secret::from(code))
    }

    /// The credential that a code becomes, and for which extension.
    ///
    /// # Errors
    /// See [`Refused`]; a code is used up also when the answer is lost.
    pub async fn enroll(&self, code: &str, now: i64) -> anyhow::Result<Option<(Extension, Credentials)>> {
        let (code, state) = (digest(code), self.clone());
        self.blocking(move || {
            let extension: Option<String> = state
                .lock()
                .query_row(
                    "DELETE FROM invitations WHERE code = ?1 AND until > ?2 RETURNING extension",
                    (code, now),
                    |row| row.get(0),
                )
                .optional()?;
            let Some(extension) = extension.map(|extension| Extension::new(&extension)) else {
                return Ok(None);
            };
            let credentials = state.add_now(&extension, now)?;
            Ok(Some((extension, credentials)))
        })
        .await
    }

    /// A pair of tokens for a credential and its secret. As slow for a credential that is not there.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn grant(
        &self,
        client: &ClientId,
        secret: &Secret,
        now: i64,
    ) -> Result<(Holder, Pair), Refused> {
        // The gate is never closed.
        let _permit = self.checks.acquire().await.ok();
        let (client, secret, state) = (client.clone(), secret.clone(), self.clone());
        self.blocking(move || {
            let known: Option<(String, String)> = state
                .lock()
                .query_row("SELECT extension, secret FROM agents WHERE client = ?1", [&client.0], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            // Also for nobody, so that the time tells nothing.
            let hash = known.as_ref().map_or(&*state.nobody, |(_, hash)| hash);
            let is_right = verify(hash, secret.expose_secret());
            let (Some((extension, _)), true) = (known, is_right) else { return Err(Refused::Unknown) };
            let mut connection = state.lock();
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM tokens WHERE refresh_until <= ?1", [now])?;
            let live: i64 = transaction.query_row(
                "SELECT count(*) FROM tokens WHERE client = ?1 AND access_until > ?2",
                (&client.0, now),
                |row| row.get(0),
            )?;
            if live >= PAIRS {
                return Err(Refused::TooMany);
            }
            let granted = write_pair(&transaction, &client, &extension, now)?;
            transaction.execute("UPDATE agents SET seen = ?2 WHERE client = ?1", (&client.0, now))?;
            transaction.commit()?;
            Ok(granted)
        })
        .await
    }

    /// The next pair. The access token before it is good until its end, for what is under way.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn renew(&self, refresh: &str, now: i64) -> Result<(Holder, Pair), Refused> {
        let (refresh, state) = (digest(refresh), self.clone());
        self.blocking(move || {
            let mut connection = state.lock();
            let transaction = connection.transaction()?;
            let (client, extension): (String, String) = transaction
                .query_row(
                    "UPDATE tokens SET refresh = NULL, refresh_until = access_until
                     WHERE refresh = ?1 AND refresh_until > ?2
                     RETURNING client, (SELECT extension FROM agents WHERE agents.client = tokens.client)",
                    (refresh, now),
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?
                .ok_or(Refused::Unknown)?;
            let client = ClientId(client);
            let granted = write_pair(&transaction, &client, &extension, now)?;
            transaction.execute("UPDATE agents SET seen = ?2 WHERE client = ?1", (&client.0, now))?;
            transaction.commit()?;
            Ok(granted)
        })
        .await
    }

    /// Whose this access token is.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn holder(&self, access: &str, now: i64) -> Result<Holder, Refused> {
        let (access, state) = (digest(access), self.clone());
        self.blocking(move || {
            let found = state
                .lock()
                .prepare_cached(
                    "SELECT client, extension, access_until FROM tokens JOIN agents USING (client)
                     WHERE access = ?1 AND access_until > ?2",
                )?
                .query_row((access, now), |row| {
                    Ok(Holder {
                        client: ClientId(row.get(0)?),
                        extension: Extension::new(&row.get::<_, String>(1)?),
                        until: row.get(2)?,
                    })
                })
                .optional()?;
            found.ok_or(Refused::Unknown)
        })
        .await
    }

    /// Ends a pair.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn give_back(&self, access: &str) -> Result<(), Refused> {
        let (access, state) = (digest(access), self.clone());
        self.blocking(move || {
            let ended = state.lock().execute("DELETE FROM tokens WHERE access = ?1", [access])?;
            if ended == 0 { Err(Refused::Unknown) } else { Ok(()) }
        })
        .await
    }

    fn add_now(&self, extension: &Extension, now: i64) -> anyhow::Result<Credentials> {
        let (client, secret) = (ClientId(random(24)), random(48));
        let hash = hash(&secret)?;
        self.lock().execute(
            "INSERT INTO agents (client, extension, secret, added) VALUES (?1, ?2, ?3, ?4)",
            (&client.0, extension.as_str(), hash, now),
        )?;
        Ok(Credentials { client, secret: Secret::from(secret) })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept for the PBX's client under this name.
    pub(crate) fn kept(&self, name: &str) -> Option<String> {
        self.lock().query_row("SELECT value FROM kept WHERE name = ?1", [name], |row| row.get(0)).ok()
    }

    /// Keeps it, or forgets it.
    pub(crate) fn keep(&self, name: &str, value: Option<&str>) {
        let connection = self.lock();
        let kept = match value {
            Some(value) => {
                connection.execute("INSERT OR REPLACE INTO kept (name, value) VALUES (?1, ?2)", (name, value))
            }
            None => connection.execute("DELETE FROM kept WHERE name = ?1", [name]),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "the PBX's token is not kept over a restart");
        }
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match tokio::task::spawn_blocking(work).await {
            Ok(value) => value,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
}

fn write_pair(
    connection: &Connection,
    client: &ClientId,
    extension: &str,
    now: i64,
) -> Result<(Holder, Pair), Refused> {
    let (access, refresh) = (random(32), random(32));
    let until = now + seconds(ACCESS);
    connection.execute(
        "INSERT INTO tokens (access, refresh, client, access_until, refresh_until) VALUES (?1, ?2, ?3, ?4, ?5)",
        (digest(&access), digest(&refresh), &client.0, until, now + seconds(REFRESH)),
    )?;
    let holder = Holder { client: client.clone(), extension: Extension::new(extension), until };
    Ok((holder, Pair { access: Secret::from(access), refresh: Secret::from(refresh) }))
}

fn agent(row: &Row<'_>) -> rusqlite::Result<Agent> {
    Ok(Agent {
        client: ClientId(row.get(0)?),
        extension: Extension::new(&row.get::<_, String>(1)?),
        added: row.get(2)?,
        seen: row.get(3)?,
    })
}

fn hash(secret: &str) -> anyhow::Result<String> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(secret.as_bytes(), &salt);
    Ok(hash.map_err(|error| anyhow::anyhow!("the secret cannot be hashed: {error}"))?.to_string())
}

fn verify(hash: &str, secret: &str) -> bool {
    let parsed = PasswordHash::new(hash);
    parsed.is_ok_and(|hash| Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok())
}

/// Letters and digits, as in the tokens of the PBX; 32 of them are 190 bits.
fn random(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
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

    const NOW: i64 = 1_790_000_000;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        (folder, state)
    }

    async fn holds(state: &State, pair: &Pair, now: i64) -> bool {
        state.holder(pair.access.expose_secret(), now).await.is_ok()
    }

    #[tokio::test]
    async fn a_secret_opens_its_own_extension_and_is_kept_as_a_hash() {
        let (folder, state) = state();
        let me = Extension::new("2001");
        let mine = state.add(&me, NOW).await.unwrap();
        let other = state.add(&Extension::new("2002"), NOW).await.unwrap();
        assert!(matches!(state.grant(&mine.client, &other.secret, NOW).await, Err(Refused::Unknown)));
        assert!(matches!(
            state.grant(&ClientId("nobody".into()), &mine.secret, NOW).await,
            Err(Refused::Unknown)
        ));
        let (holder, pair) = state.grant(&mine.client, &mine.secret, NOW).await.unwrap();
        assert_eq!(holder.extension, me);
        assert_eq!(state.holder(pair.access.expose_secret(), NOW).await.unwrap(), holder);
        drop(state);
        // After a restart it is still good.
        let again = State::open(folder.path()).unwrap();
        assert!(holds(&again, &pair, NOW).await);
        drop(again);
        let file = std::fs::read(folder.path().join(FILE)).unwrap();
        for secret in [&mine.secret, &pair.access, &pair.refresh] {
            let secret = secret.expose_secret().as_bytes();
            assert!(!file.windows(secret.len()).any(|part| part == secret));
        }
    }

    #[tokio::test]
    async fn tokens_end_and_are_renewed_once() {
        let (_folder, state) = state();
        let mine = state.add(&Extension::new("2001"), NOW).await.unwrap();
        let (_, first) = state.grant(&mine.client, &mine.secret, NOW).await.unwrap();
        let later = NOW + seconds(ACCESS) - 1;
        assert!(holds(&state, &first, later).await);
        assert!(!holds(&state, &first, later + 1).await);
        let (_, second) = state.renew(first.refresh.expose_secret(), later).await.unwrap();
        assert!(holds(&state, &first, later).await && holds(&state, &second, later + 60).await);
        assert!(matches!(state.renew(first.refresh.expose_secret(), later).await, Err(Refused::Unknown)));
        state.give_back(second.access.expose_secret()).await.unwrap();
        assert!(!holds(&state, &second, later).await);
        assert!(matches!(state.renew(second.refresh.expose_secret(), later).await, Err(Refused::Unknown)));
    }

    #[tokio::test]
    async fn the_ninth_pair_is_refused_until_one_ends() {
        let (_folder, state) = state();
        let mine = state.add(&Extension::new("2001"), NOW).await.unwrap();
        for _ in 0..PAIRS {
            state.grant(&mine.client, &mine.secret, NOW).await.unwrap();
        }
        assert!(matches!(state.grant(&mine.client, &mine.secret, NOW).await, Err(Refused::TooMany)));
        assert!(state.grant(&mine.client, &mine.secret, NOW + seconds(ACCESS)).await.is_ok());
    }

    #[tokio::test]
    async fn who_is_revoked_or_gets_a_new_secret_has_no_token_left() {
        let (_folder, state) = state();
        let me = Extension::new("2001");
        let (one, two) = (state.add(&me, NOW).await.unwrap(), state.add(&me, NOW).await.unwrap());
        let (_, pair) = state.grant(&one.client, &one.secret, NOW).await.unwrap();
        let fresh = state.rotate(&one.client).await.unwrap().unwrap();
        assert!(!holds(&state, &pair, NOW).await);
        assert!(matches!(state.grant(&one.client, &one.secret, NOW).await, Err(Refused::Unknown)));
        let (_, pair) = state.grant(&one.client, &fresh.secret, NOW).await.unwrap();
        let mut gone = state.revoke("2001").unwrap();
        gone.sort();
        let mut both = vec![one.client.clone(), two.client];
        both.sort();
        assert_eq!(gone, both);
        assert!(!holds(&state, &pair, NOW).await);
        assert!(matches!(state.renew(pair.refresh.expose_secret(), NOW).await, Err(Refused::Unknown)));
        assert!(state.rotate(&one.client).await.unwrap().is_none());
        assert!(state.agents().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_code_is_good_once_and_for_a_day() {
        let (_folder, state) = state();
        let me = Extension::new("2001");
        let code = state.invite(&me, NOW).unwrap();
        let late = state.invite(&me, NOW).unwrap();
        let (_, made) = state.enroll(code.expose_secret(), NOW).await.unwrap().unwrap();
        assert!(state.enroll(code.expose_secret(), NOW).await.unwrap().is_none());
        assert!(state.enroll(late.expose_secret(), NOW + seconds(INVITED)).await.unwrap().is_none());
        assert_eq!(state.grant(&made.client, &made.secret, NOW).await.unwrap().0.extension, me);
    }
}
