//! What outlives a restart: agents, their tokens, and codes by which a new agent introduces itself.
//!
//! Owns: what is in the database and the shape of credentials. Secrets are kept as password hashes (Argon2id), tokens and codes,
//! which are random and long, as SHA-256. Must not know: HTTP, calls, the PBX.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use deskring_redact::{ExposeSecret, Secret};
use rand::Rng;
use rand::distr::Alphanumeric;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::book::Extension;
use crate::database::{Database, Error, Place, Row, Transaction};
use crate::lease::{Lease, Term};

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
/// What is announced of a credential whose connections are to end, before its Client ID.
pub(crate) const ENDED: &str = "end ";
const KEPT: &str = "SELECT value FROM kept WHERE name = $1";

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
    /// By which token.
    pub token: TokenId,
}

/// Identity of an access token, which is not the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenId(pub(crate) [u8; 32]);

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
    Database(#[source] Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Database(error)
    }
}

/// What is kept. Cheap to clone.
#[derive(Clone)]
pub struct State {
    database: Database,
    checks: Arc<Semaphore>,
    /// The hash of a secret that nobody has.
    nobody: Arc<str>,
}

impl State {
    /// Opens what is at a place; creates what is not.
    ///
    /// # Errors
    /// In words for an administrator: it cannot be used, or a newer version has used it.
    pub async fn open(place: &Place) -> anyhow::Result<State> {
        let state = State::at(Database::open(place)?)?;
        let ready = state.database.migrate().await;
        ready.context(
            "the database cannot be used; look at [database] and `state` in the configuration file",
        )?;
        Ok(state)
    }

    /// On a database whose tables are somebody else's business.
    pub(crate) fn at(database: Database) -> anyhow::Result<State> {
        Ok(State {
            database,
            checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
            nobody: hash(&random(48))?.into(),
        })
    }

    /// A new credential for an extension.
    ///
    /// # Errors
    /// The database failed.
    pub async fn add(&self, extension: &Extension, now: i64) -> anyhow::Result<Credentials> {
        let (client, secret) = (ClientId(random(24)), random(48));
        let hashed = blocking({
            let secret = secret.clone();
            move || hash(&secret)
        });
        let statement = "INSERT INTO agents (client, extension, secret, added) VALUES ($1, $2, $3, $4)";
        let values = [client.0.as_str().into(), extension.as_str().into(), hashed.await?.into(), now.into()];
        self.database.ask(statement, values).await?;
        Ok(Credentials { client, secret: Secret::from(secret) })
    }

    /// Copies the credentials of another database, with their secrets. What is here already stays as it is. How many
    /// came.
    ///
    /// # Errors
    /// One of the databases failed; then none came.
    pub async fn import(&self, from: &State) -> anyhow::Result<usize> {
        let rows = from.database.ask("SELECT client, extension, secret, added, seen FROM agents", []).await?;
        let mut transaction = self.database.begin().await?;
        let mut came = 0;
        for row in &rows {
            let [client, extension, secret] = [row.get::<String>(0)?, row.get(1)?, row.get(2)?];
            let (added, seen): (i64, Option<i64>) = (row.get(3)?, row.get(4)?);
            let statement = "INSERT INTO agents (client, extension, secret, added, seen)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (client) DO NOTHING RETURNING client";
            let values = [client.into(), extension.into(), secret.into(), added.into(), seen.into()];
            came += transaction.ask(statement, values).await?.len();
        }
        transaction.commit().await?;
        Ok(came)
    }

    /// All credentials, by extension.
    ///
    /// # Errors
    /// The database failed.
    pub async fn agents(&self) -> anyhow::Result<Vec<Agent>> {
        let statement = "SELECT client, extension, added, seen FROM agents ORDER BY extension, added, client";
        let rows = self.database.ask(statement, []).await?;
        Ok(rows.iter().map(agent).collect::<Result<_, _>>()?)
    }

    /// Ends credentials and their tokens: one, or all of an extension. Which they were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke(&self, client_or_extension: &str) -> anyhow::Result<Vec<ClientId>> {
        let mut transaction = self.database.begin().await?;
        let who = || [client_or_extension.into()];
        let statement = "DELETE FROM agents WHERE client = $1 OR extension = $1 RETURNING client";
        let rows = transaction.ask(statement, who()).await?;
        let gone = rows.iter().map(|row| row.get(0).map(ClientId)).collect::<Result<Vec<_>, _>>()?;
        // Their tokens go with them, see the schema; so do the codes of the extension.
        transaction.ask("DELETE FROM invitations WHERE extension = $1", who()).await?;
        for client in &gone {
            transaction.announce(&format!("{ENDED}{}", client.0)).await?;
        }
        transaction.commit().await?;
        Ok(gone)
    }

    /// A new secret for a credential; its tokens end.
    ///
    /// # Errors
    /// The database failed; nothing when there is no such credential.
    pub async fn rotate(&self, client: &ClientId) -> anyhow::Result<Option<Credentials>> {
        let secret = random(48);
        let hashed = blocking({
            let secret = secret.clone();
            move || hash(&secret)
        });
        let who = client.0.as_str();
        let values = [who.into(), hashed.await?.into()];
        let mut transaction = self.database.begin().await?;
        let statement = "UPDATE agents SET secret = $2 WHERE client = $1 RETURNING client";
        if transaction.ask(statement, values).await?.is_empty() {
            return Ok(None);
        }
        transaction.ask("DELETE FROM tokens WHERE client = $1", [who.into()]).await?;
        transaction.announce(&format!("{ENDED}{who}")).await?;
        transaction.commit().await?;
        Ok(Some(Credentials { client: client.clone(), secret: Secret::from(secret) }))
    }

    /// A code that becomes a credential of this extension, once, within a day.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invite(&self, extension: &Extension, now: i64) -> anyhow::Result<Secret> {
        let code = random(32);
        let statement = "INSERT INTO invitations (code, extension, until) VALUES ($1, $2, $3)";
        let values = [digest(&code).into(), extension.as_str().into(), (now + seconds(INVITED)).into()];
        self.database.ask(statement, values).await?;
        Ok(Secret::from(code))
    }

    /// The credential that a code becomes, and for which extension.
    ///
    /// # Errors
    /// See [`Refused`]; a code is used up also when the answer is lost.
    pub async fn enroll(&self, code: &str, now: i64) -> anyhow::Result<Option<(Extension, Credentials)>> {
        let statement = "DELETE FROM invitations WHERE code = $1 AND until > $2 RETURNING extension";
        let rows = self.database.ask(statement, [digest(code).into(), now.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let extension = Extension::new(&row.get::<String>(0)?);
        let credentials = self.add(&extension, now).await?;
        Ok(Some((extension, credentials)))
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
        let who = client.0.as_str();
        let known = self.database.ask("SELECT secret FROM agents WHERE client = $1", [who.into()]).await?;
        let known: Option<String> = known.first().map(|row| row.get(0)).transpose()?;
        let hash = self.verified(known, secret).await.ok_or(Refused::Unknown)?;
        let mut transaction = self.database.begin().await?;
        // The agent's row is taken first: two that ask at once are counted one after the other, and a secret that was
        // replaced since it was looked at is worth nothing.
        let statement = "UPDATE agents SET seen = $3 WHERE client = $1 AND secret = $2 RETURNING extension";
        let rows = transaction.ask(statement, [who.into(), hash.into(), now.into()]).await?;
        let extension: String = rows.first().ok_or(Refused::Unknown)?.get(0)?;
        transaction.ask("DELETE FROM tokens WHERE refresh_until <= $1", [now.into()]).await?;
        let statement = "SELECT count(*) FROM tokens WHERE client = $1 AND access_until > $2";
        let rows = transaction.ask(statement, [who.into(), now.into()]).await?;
        let live: i64 = rows.first().ok_or(Refused::Unknown)?.get(0)?;
        if live >= PAIRS {
            return Err(Refused::TooMany);
        }
        let granted = write_pair(&mut transaction, client, &extension, now).await?;
        transaction.commit().await?;
        Ok(granted)
    }

    /// The next pair. The access token before it is good until its end, for what is under way.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn renew(&self, refresh: &str, now: i64) -> Result<(Holder, Pair), Refused> {
        let mut transaction = self.database.begin().await?;
        let statement = "UPDATE tokens SET refresh = NULL, refresh_until = access_until
             WHERE refresh = $1 AND refresh_until > $2
             RETURNING client, (SELECT extension FROM agents WHERE agents.client = tokens.client)";
        let rows = transaction.ask(statement, [digest(refresh).into(), now.into()]).await?;
        let row = rows.first().ok_or(Refused::Unknown)?;
        let (client, extension) = (ClientId(row.get(0)?), row.get::<String>(1)?);
        let granted = write_pair(&mut transaction, &client, &extension, now).await?;
        let statement = "UPDATE agents SET seen = $2 WHERE client = $1";
        transaction.ask(statement, [client.0.as_str().into(), now.into()]).await?;
        transaction.commit().await?;
        Ok(granted)
    }

    /// Whose this access token is.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn holder(&self, access: &str, now: i64) -> Result<Holder, Refused> {
        let token = TokenId(digest(access));
        let statement = "SELECT client, extension, access_until FROM tokens JOIN agents USING (client)
             WHERE access = $1 AND access_until > $2";
        let rows = self.database.ask(statement, [token.0.into(), now.into()]).await?;
        let row = rows.first().ok_or(Refused::Unknown)?;
        Ok(Holder {
            client: ClientId(row.get(0)?),
            extension: Extension::new(&row.get::<String>(1)?),
            until: row.get(2)?,
            token,
        })
    }

    /// Every access token that is good.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn tokens(&self, now: i64) -> Result<HashSet<TokenId>, Error> {
        let rows =
            self.database.ask("SELECT access FROM tokens WHERE access_until > $1", [now.into()]).await?;
        rows.iter().map(|row| row.get(0).map(TokenId)).collect()
    }

    /// Ends a pair.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn give_back(&self, access: &str) -> Result<(), Refused> {
        let statement = "DELETE FROM tokens WHERE access = $1 RETURNING client";
        let ended = self.database.ask(statement, [digest(access).into()]).await?;
        if ended.is_empty() { Err(Refused::Unknown) } else { Ok(()) }
    }

    /// What is kept for the PBX's client under this name.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn kept(&self, name: &str) -> Result<Option<String>, Error> {
        let rows = self.database.ask(KEPT, [name.into()]).await?;
        rows.first().map(|row| row.get(0)).transpose()
    }

    /// The hash, if this is its secret. Also for nobody, so that the time tells nothing.
    async fn verified(&self, hash: Option<String>, secret: &Secret) -> Option<String> {
        // The gate is never closed.
        let _permit = self.checks.acquire().await.ok();
        let (nobody, secret) = (self.nobody.clone(), secret.clone());
        blocking(move || {
            let is_right = verify(hash.as_deref().unwrap_or(&nobody), secret.expose_secret());
            hash.filter(|_| is_right)
        })
        .await
    }
}

/// What is kept under a name.
///
/// # Errors
/// The database failed.
pub(crate) async fn kept(transaction: &mut Transaction, name: &str) -> Result<Option<String>, Error> {
    let rows = transaction.ask(KEPT, [name.into()]).await?;
    rows.first().map(|row| row.get(0)).transpose()
}

/// Keeps something under a name in a term of ours, or forgets it.
///
/// # Errors
/// The database failed, or it is somebody else's term.
pub(crate) async fn keep_in(lease: &Lease, term: Term, name: &str, value: Option<&str>) -> Result<(), Error> {
    let mut transaction = lease.begin(term).await?;
    keep(&mut transaction, name, value).await?;
    transaction.commit().await
}

/// Keeps something under a name, or forgets it.
///
/// # Errors
/// The database failed.
pub(crate) async fn keep(
    transaction: &mut Transaction,
    name: &str,
    value: Option<&str>,
) -> Result<(), Error> {
    let Some(value) = value else {
        return transaction.ask("DELETE FROM kept WHERE name = $1", [name.into()]).await.map(drop);
    };
    let statement = "INSERT INTO kept (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    transaction.ask(statement, [name.into(), value.into()]).await.map(drop)
}

async fn write_pair(
    transaction: &mut Transaction,
    client: &ClientId,
    extension: &str,
    now: i64,
) -> Result<(Holder, Pair), Refused> {
    let (access, refresh) = (random(32), random(32));
    let (token, until) = (TokenId(digest(&access)), now + seconds(ACCESS));
    let statement = "INSERT INTO tokens (access, refresh, client, access_until, refresh_until)
         VALUES ($1, $2, $3, $4, $5)";
    let who = client.0.as_str().into();
    let ends = now + seconds(REFRESH);
    transaction
        .ask(statement, [token.0.into(), digest(&refresh).into(), who, until.into(), ends.into()])
        .await?;
    let holder = Holder { client: client.clone(), extension: Extension::new(extension), until, token };
    Ok((holder, Pair { access: Secret::from(access), refresh: Secret::from(refresh) }))
}

fn agent(row: &Row) -> Result<Agent, Error> {
    Ok(Agent {
        client: ClientId(row.get(0)?),
        extension: Extension::new(&row.get::<String>(1)?),
        added: row.get(2)?,
        seen: row.get(3)?,
    })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
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
pub(crate) fn random(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000;

    async fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&Place::Folder(folder.path().to_owned())).await.unwrap();
        (folder, state)
    }

    async fn holds(state: &State, pair: &Pair, now: i64) -> bool {
        state.holder(pair.access.expose_secret(), now).await.is_ok()
    }

    #[tokio::test]
    async fn a_secret_opens_its_own_extension_and_is_kept_as_a_hash() {
        let (folder, state) = state().await;
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
        let again = State::open(&Place::Folder(folder.path().to_owned())).await.unwrap();
        assert!(holds(&again, &pair, NOW).await);
        drop(again);
        let file = std::fs::read(folder.path().join("gateway.db")).unwrap();
        for secret in [&mine.secret, &pair.access, &pair.refresh] {
            let secret = secret.expose_secret().as_bytes();
            assert!(!file.windows(secret.len()).any(|part| part == secret));
        }
    }
}
