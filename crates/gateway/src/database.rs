//! Where the state is kept: SQLite in a folder, or PostgreSQL for gateways on more than one machine.
//!
//! Owns: connections, migrations, and one way to say a statement to both. Must not know: what is kept.
//!
//! A statement is one text for both, with `$1` for its first value, and is written as both understand it.

mod postgres;
mod sqlite;

use std::fmt;
use std::path::PathBuf;

pub(crate) use postgres::Line;
pub use postgres::Server;

/// The newest schema that this version knows.
const SCHEMA: i64 = 1;

/// Where it is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file in this folder, for one gateway.
    Folder(PathBuf),
    /// A server, for any number of gateways.
    Server(Box<Server>),
}

/// Why a statement was not carried out, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite says so.
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
    /// PostgreSQL says so, or is not there.
    #[error("PostgreSQL: {}", postgres::words(.0))]
    Postgres(tokio_postgres::Error),
    /// PostgreSQL did not answer, or its answer was not waited for.
    #[error("the database does not answer")]
    NoAnswer,
    /// A column is not of the type that was expected.
    #[error("the database holds something else than this version expects")]
    Shape,
    /// A newer version has changed the tables.
    #[error("a newer version of deskring-gateway has used this database: install that version here as well")]
    Newer,
    /// Another gateway serves, or none; what only the one that serves may write was not written.
    #[error("another gateway serves")]
    Fenced,
}

impl Error {
    /// Whether the same may work a moment later without anybody doing anything about it.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Error::Postgres(error) => !postgres::is_turned_away(error),
            Error::NoAnswer | Error::Fenced => true,
            Error::Sqlite(_) | Error::Shape | Error::Newer => false,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        Error::Sqlite(error)
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Error {
        Error::Postgres(error)
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(sqlite::File),
    Postgres(postgres::Pool),
}

impl Database {
    /// A file is opened and created; a server is not asked before the first statement.
    ///
    /// # Errors
    /// In words for an administrator.
    pub(crate) fn open(place: &Place) -> anyhow::Result<Database> {
        Ok(match place {
            Place::Folder(folder) => Database::Sqlite(sqlite::File::open(folder)?),
            Place::Server(server) => Database::Postgres(postgres::Pool::new(server)?),
        })
    }

    /// Makes the tables what this version expects.
    ///
    /// # Errors
    /// The database failed, or a newer version has changed it.
    pub(crate) async fn migrate(&self) -> Result<(), Error> {
        match self {
            Database::Sqlite(file) => file.migrate().await,
            Database::Postgres(pool) => pool.migrate().await,
        }
    }

    /// Says one statement.
    ///
    /// # Errors
    /// See [`Error`].
    pub(crate) async fn ask(
        &self,
        statement: &'static str,
        values: impl Into<Vec<Value>> + Send,
    ) -> Result<Vec<Row>, Error> {
        self.session().await?.ask(statement, values.into()).await
    }

    /// Begins a transaction. It is rolled back unless it is committed.
    ///
    /// # Errors
    /// See [`Error`].
    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        let mut session = self.session().await?;
        match &mut session {
            Session::Sqlite(session) => session.begin().await?,
            Session::Postgres(session) => session.begin().await?,
        }
        Ok(Transaction(session))
    }

    async fn session(&self) -> Result<Session, Error> {
        Ok(match self {
            Database::Sqlite(file) => Session::Sqlite(file.session().await),
            Database::Postgres(pool) => Session::Postgres(Box::new(pool.session().await?)),
        })
    }
}

/// Several statements, of which all count or none.
pub(crate) struct Transaction(Session);

impl Transaction {
    /// Says one statement.
    ///
    /// # Errors
    /// See [`Error`]; then there is nothing but to give up.
    pub(crate) async fn ask(
        &mut self,
        statement: &'static str,
        values: impl Into<Vec<Value>> + Send,
    ) -> Result<Vec<Row>, Error> {
        self.0.ask(statement, values.into()).await
    }

    /// Tells everybody on this database, once it is committed. On SQLite there is nobody else.
    ///
    /// # Errors
    /// See [`Error`].
    pub(crate) async fn announce(&mut self, text: &str) -> Result<(), Error> {
        match &mut self.0 {
            Session::Sqlite(_) => Ok(()),
            Session::Postgres(session) => session.ask(postgres::ANNOUNCE, vec![text.into()]).await.map(drop),
        }
    }

    /// Makes it count.
    ///
    /// # Errors
    /// After [`Error::NoAnswer`] it may count or not; else it does not.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        match &mut self.0 {
            Session::Sqlite(session) => session.commit().await,
            Session::Postgres(session) => session.commit().await,
        }
    }
}

/// A connection while it is in use. At its end, whatever was begun and not committed is rolled back.
enum Session {
    Sqlite(sqlite::Session),
    Postgres(Box<postgres::Session>),
}

impl Session {
    async fn ask(&mut self, statement: &'static str, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        match self {
            Session::Sqlite(session) => session.ask(statement, values).await,
            Session::Postgres(session) => session.ask(statement, values).await,
        }
    }
}

/// What both know of values.
#[derive(Clone)]
pub(crate) enum Value {
    Nothing,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Libraries write down what they send.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// One row of an answer.
pub(crate) struct Row(Vec<Value>);

impl Row {
    /// The value of a column, counted from 0.
    ///
    /// # Errors
    /// There is no such column, or it is of another type.
    pub(crate) fn get<T: TryFrom<Value, Error = Error>>(&self, column: usize) -> Result<T, Error> {
        self.0.get(column).cloned().ok_or(Error::Shape)?.try_into()
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Integer(value)
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Value {
        value.map_or(Value::Nothing, Value::Integer)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<[u8; 32]> for Value {
    fn from(value: [u8; 32]) -> Value {
        Value::Bytes(value.to_vec())
    }
}

impl TryFrom<Value> for i64 {
    type Error = Error;

    fn try_from(value: Value) -> Result<i64, Error> {
        if let Value::Integer(value) = value { Ok(value) } else { Err(Error::Shape) }
    }
}

impl TryFrom<Value> for Option<i64> {
    type Error = Error;

    fn try_from(value: Value) -> Result<Option<i64>, Error> {
        if let Value::Nothing = value { Ok(None) } else { value.try_into().map(Some) }
    }
}

impl TryFrom<Value> for String {
    type Error = Error;

    fn try_from(value: Value) -> Result<String, Error> {
        if let Value::Text(value) = value { Ok(value) } else { Err(Error::Shape) }
    }
}

impl TryFrom<Value> for [u8; 32] {
    type Error = Error;

    fn try_from(value: Value) -> Result<[u8; 32], Error> {
        if let Value::Bytes(value) = value {
            value.try_into().map_err(|_| Error::Shape)
        } else {
            Err(Error::Shape)
        }
    }
}
