//! PostgreSQL on a server.
//!
//! Owns: how it is reached and trusted, connections, and what gateways tell each other through it. No question waits
//! longer than [`PATIENCE`]. Must not know: what is kept.

use std::error::Error as _;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime};
use deskring_redact::{ExposeSecret, Secret};
use futures_util::FutureExt as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{AsyncMessage, Client, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Error, Row, SCHEMA, Value};

/// From one schema to the next.
const MIGRATIONS: [&str; SCHEMA as usize] = [include_str!("../migrations/1-postgres.sql")];
/// Two programs that start together must not both change the tables. Any number that nobody else uses.
const MIGRATING: i64 = 0x6465_736b_7269_6e67;
/// How long an answer may take, and a way to the server. Shorter than any lease.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long changing the tables may take, with the time that others need for it before.
const MIGRATION: Duration = Duration::from_secs(60);
/// A gateway that was stopped in the middle of a transaction must not hold its locks: the others wait for them.
const BEGIN: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '2s'";
const CONNECTIONS: usize = 8;
/// A statement that tells all gateways.
pub(super) const ANNOUNCE: &str = "SELECT pg_notify('deskring_gateway', $1)";
const LISTEN: &str = "LISTEN deskring_gateway; SET statement_timeout = '2s'";
/// What was told and not yet heard.
const WAITING: usize = 1024;

/// A server, and how it is trusted.
#[derive(Clone)]
pub struct Server {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

impl Server {
    /// From an address as `libpq` knows it. Its certificate is checked unless it is on this machine.
    ///
    /// # Errors
    /// In words for an administrator.
    pub fn new(
        url: &str,
        password: Option<&Secret>,
        root_certificate: Option<&Path>,
    ) -> anyhow::Result<Server> {
        // What is wrong is not repeated: a password may be in it.
        let parsed: Result<tokio_postgres::Config, _> = url.parse();
        let mut config = parsed.map_err(|_| {
            anyhow::anyhow!(
                "database.url is no address of a PostgreSQL server: postgres://USER@HOST/DATABASE"
            )
        })?;
        ensure!(
            config.get_password().is_none(),
            "the password does not belong into database.url: name a file in database.password_file, or set \
             DESKRING_GATEWAY_DATABASE_PASSWORD"
        );
        ensure!(
            !config.get_hosts().is_empty() || !config.get_hostaddrs().is_empty(),
            "database.url names no server: postgres://USER@HOST/DATABASE"
        );
        if let Some(password) = password {
            config.password(password.expose_secret());
        }
        let is_here = is_on_this_machine(&config);
        let tls = match config.get_ssl_mode() {
            SslMode::Disable | SslMode::Prefer if is_here => None,
            SslMode::Disable => anyhow::bail!(
                "database.url has sslmode=disable: agents' tokens would cross the network in the clear. Leave it out"
            ),
            _ => Some(MakeRustlsConnect::new(trust(root_certificate)?)),
        };
        config
            .ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable })
            .application_name("deskring-gateway")
            .connect_timeout(PATIENCE)
            .keepalives_idle(Duration::from_secs(10))
            .tcp_user_timeout(PATIENCE * 2);
        Ok(Server { config, tls })
    }

    /// A connection that stays open and hears what is announced.
    ///
    /// # Errors
    /// See [`Error`].
    pub(crate) async fn line(&self) -> Result<Line, Error> {
        let connecting = async {
            match &self.tls {
                None => connect(&self.config, NoTls).await,
                Some(tls) => connect(&self.config, tls.clone()).await,
            }
        };
        let connected = timeout(self.patience(), connecting).await;
        let (client, announced) = connected.map_err(|_| Error::NoAnswer)??;
        in_time(client.batch_execute(LISTEN)).await?;
        Ok(Line { client, announced })
    }

    /// For a connection: one host after the other is tried.
    fn patience(&self) -> Duration {
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len());
        PATIENCE.saturating_mul(u32::try_from(hosts).unwrap_or(u32::MAX))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}

/// A connection of one's own.
pub(crate) struct Line {
    client: Client,
    announced: mpsc::Receiver<String>,
}

impl Line {
    /// Says one statement.
    ///
    /// # Errors
    /// See [`Error`].
    pub(crate) async fn ask(
        &self,
        statement: &str,
        values: impl Into<Vec<Value>>,
    ) -> Result<Vec<Row>, Error> {
        let values = values.into();
        in_time(async { rows(&self.client.query(statement, &parameters(&values)).await?) }).await
    }

    /// What somebody announced next; nothing when the connection has ended.
    pub(crate) async fn hear(&mut self) -> Option<String> {
        self.announced.recv().await
    }
}

/// Connections, made when they are needed.
#[derive(Clone)]
pub(crate) struct Pool {
    pool: deadpool_postgres::Pool,
}

impl Pool {
    pub(super) fn new(server: &Server) -> anyhow::Result<Pool> {
        let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match &server.tls {
            None => Manager::from_config(server.config.clone(), NoTls, how),
            Some(tls) => Manager::from_config(server.config.clone(), tls.clone(), how),
        };
        let pool = deadpool_postgres::Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(server.patience()))
            .create_timeout(Some(server.patience()))
            .recycle_timeout(Some(PATIENCE));
        Ok(Pool { pool: pool.build().context("the connections to PostgreSQL cannot be set up")? })
    }

    pub(super) async fn session(&self) -> Result<Session, Error> {
        Ok(Session { connection: Some(self.pool.get().await?), is_begun: false })
    }

    pub(super) async fn migrate(&self) -> Result<(), Error> {
        let mut connection = self.pool.get().await?;
        let done = timeout(MIGRATION, migrate(&mut connection)).await.unwrap_or(Err(Error::NoAnswer));
        if done.is_err() {
            drop(Object::take(connection));
        }
        done
    }
}

async fn migrate(connection: &mut Object) -> Result<(), Error> {
    let transaction = connection.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATING]).await?;
    transaction.batch_execute("CREATE TABLE IF NOT EXISTS deskring_schema (version BIGINT NOT NULL)").await?;
    let version = "SELECT coalesce(max(version), 0) FROM deskring_schema";
    let version: i64 = transaction.query_one(version, &[]).await?.try_get(0)?;
    let done = usize::try_from(version).unwrap_or_default();
    let missing = MIGRATIONS.get(done..).ok_or(Error::Newer)?;
    for next in missing {
        transaction.batch_execute(next).await?;
    }
    if !missing.is_empty() {
        transaction.execute("INSERT INTO deskring_schema (version) VALUES ($1)", &[&SCHEMA]).await?;
    }
    Ok(transaction.commit().await?)
}

/// A connection while it is in use; none after it did not answer.
pub(super) struct Session {
    connection: Option<Object>,
    is_begun: bool,
}

impl Session {
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        self.is_begun = true;
        self.run(async |connection| Ok(connection.batch_execute(BEGIN).await?)).await
    }

    pub(super) async fn ask(&mut self, statement: &str, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.run(async |connection| {
            let prepared = connection.prepare_cached(statement).await?;
            rows(&connection.query(&prepared, &parameters(&values)).await?)
        })
        .await
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        self.run(async |connection| Ok(connection.batch_execute("COMMIT").await?)).await?;
        self.is_begun = false;
        Ok(())
    }

    async fn run<T>(&mut self, work: impl AsyncFnOnce(&Object) -> Result<T, Error>) -> Result<T, Error> {
        let done = in_time(work(self.connection.as_ref().ok_or(Error::NoAnswer)?)).await;
        if let Err(Error::NoAnswer) = done {
            // Nobody else shall wait for it. The server rolls back what was begun.
            drop(self.connection.take().map(Object::take));
        }
        done
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.as_ref().filter(|_| self.is_begun) {
            // Sent when first polled, and answered before whatever is sent next.
            let _ = connection.batch_execute("ROLLBACK").now_or_never();
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Error {
        if let PoolError::Backend(error) = error { Error::Postgres(error) } else { Error::NoAnswer }
    }
}

/// What went wrong, to its root. What the server says beside its message may hold what is kept, and is left out.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

/// Whether the server is there and does not know us, or the database, or lets us do nothing in it.
pub(super) fn is_turned_away(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| ["28", "3D", "42"].iter().any(|class| code.code().starts_with(class)))
}

async fn in_time<T, E: Into<Error>>(answer: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
    timeout(PATIENCE, answer).await.map_err(|_| Error::NoAnswer)?.map_err(Into::into)
}

async fn connect<T>(
    config: &tokio_postgres::Config,
    tls: T,
) -> Result<(Client, mpsc::Receiver<String>), Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, mut connection) = config.connect(tls).await?;
    let (sender, announced) = mpsc::channel(WAITING);
    // Ends with the client, and the receiver ends with it.
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(told) = message {
                // Who does not listen at the moment has nothing else to do with this connection either.
                if sender.send(told.payload().to_owned()).await.is_err() {
                    return;
                }
            }
        }
    });
    Ok((client, announced))
}

fn is_on_this_machine(config: &tokio_postgres::Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    })
}

/// The system's trust store, or the one certificate that an administrator named.
fn trust(root_certificate: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let Some(path) = root_certificate else {
        let system = rustls_platform_verifier::Verifier::new(provider).context(
            "the system has no certificate store: name the server's authority in database.root_certificate",
        )?;
        // "Dangerous" in the library's words; it is the verifier that all of Deskring uses.
        return Ok(config
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(system))
            .with_no_client_auth());
    };
    let wrong = || format!("database.root_certificate {} cannot be used", path.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).with_context(wrong)? {
        roots.add(certificate.with_context(wrong)?).with_context(wrong)?;
    }
    ensure!(!roots.is_empty(), "there is no certificate in database.root_certificate {}", path.display());
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn rows(rows: &[tokio_postgres::Row]) -> Result<Vec<Row>, Error> {
    let row = |row: &tokio_postgres::Row| {
        let values = row.columns().iter().enumerate().map(|(at, column)| value(row, at, column.type_()));
        Ok(Row(values.collect::<Result<_, Error>>()?))
    };
    rows.iter().map(row).collect()
}

fn value(row: &tokio_postgres::Row, at: usize, kind: &Type) -> Result<Value, Error> {
    let value = match *kind {
        Type::INT8 => row.try_get::<_, Option<_>>(at)?.map(Value::Integer),
        Type::TEXT => row.try_get::<_, Option<_>>(at)?.map(Value::Text),
        Type::BYTEA => row.try_get::<_, Option<_>>(at)?.map(Value::Bytes),
        Type::VOID => None,
        _ => return Err(Error::Shape),
    };
    Ok(value.unwrap_or(Value::Nothing))
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Nothing => Ok(IsNull::Yes),
            Value::Integer(value) => value.to_sql_checked(kind, out),
            Value::Text(value) => value.to_sql_checked(kind, out),
            Value::Bytes(value) => value.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each looks for itself.
        true
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::super::{Database, Place};
    use super::*;
    use crate::test_server::Postgres;

    fn words_of(url: &str) -> String {
        Server::new(url, None, None).unwrap_err().to_string()
    }

    #[test]
    fn the_way_to_a_server_elsewhere_is_encrypted_and_its_certificate_is_checked() {
        for elsewhere in [
            "postgres://deskring@db.example.com/deskring",
            "postgres://deskring@192.0.2.7/deskring?sslmode=prefer",
            "postgres://deskring@localhost,db.example.com/deskring",
            "host=localhost hostaddr=192.0.2.7 user=deskring",
            "postgres://deskring@127.0.0.1/deskring?sslmode=require",
        ] {
            let server = Server::new(elsewhere, None, None).unwrap();
            assert!(server.tls.is_some() && server.config.get_ssl_mode() == SslMode::Require, "{elsewhere}");
        }
        for here in [
            "postgres://deskring@127.0.0.1/deskring",
            "postgres://deskring@[::1]/deskring",
            "postgres://deskring@%2Frun%2Fpostgresql/deskring",
        ] {
            assert!(Server::new(here, None, None).unwrap().tls.is_none(), "{here}");
        }
        assert!(words_of("postgres://deskring@db.example.com/deskring?sslmode=disable").contains("sslmode"));
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        for url in [
            "postgres://deskring:hunter2@db.example.com/x",
            "postgres://deskring:hunter2@db.example.com/x?y=z",
        ] {
            assert!(!words_of(url).contains("hunter2"));
        }
        assert!(words_of("postgres://deskring:hunter2@db.example.com/x").contains("password_file"));
        let secret = Secret::from("hunter2".to_owned());
        let server = Server::new("postgres://deskring@db.example.com/x", Some(&secret), None).unwrap();
        assert!(!format!("{server:?}").contains("hunter2"));
    }

    fn database(url: &str, root_certificate: Option<&Path>) -> Database {
        let server = Server::new(url, None, root_certificate).unwrap();
        Database::open(&Place::Server(Box::new(server))).unwrap()
    }

    #[tokio::test]
    async fn programs_that_start_together_make_the_tables_once_and_leave_newer_ones_alone() {
        let postgres = Postgres::start().await;
        let several: Vec<Database> = (0..4).map(|_| database(&postgres.url(), None)).collect();
        let made = futures_util::future::join_all(several.iter().map(Database::migrate)).await;
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        assert_eq!(postgres.say("SELECT version FROM deskring_schema"), SCHEMA.to_string());
        postgres.say(&format!("INSERT INTO deskring_schema (version) VALUES ({})", SCHEMA + 1));
        assert!(matches!(several[0].migrate().await, Err(Error::Newer)));
    }

    #[tokio::test]
    async fn a_transaction_that_is_given_up_leaves_nothing_behind_and_its_connection_is_used_again() {
        let postgres = Postgres::start().await;
        let database = database(&postgres.url(), None);
        database.migrate().await.unwrap();
        for _ in 0..20 {
            let mut transaction = database.begin().await.unwrap();
            let write = "INSERT INTO kept (name, value) VALUES ($1, $2)";
            transaction.ask(write, ["a".into(), "b".into()]).await.unwrap();
        }
        assert!(database.ask("SELECT name FROM kept", []).await.unwrap().is_empty());
        let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'deskring-gateway'";
        assert_eq!(postgres.say(ours), "1");
    }

    #[tokio::test]
    async fn a_server_is_believed_only_with_a_certificate_for_its_name_by_who_may_vouch_for_it() {
        let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let postgres = Postgres::start_with_tls(&own.cert.pem(), &own.signing_key.serialize_pem()).await;
        let folder = tempfile::tempdir().unwrap();
        let (right, wrong) = (folder.path().join("right.pem"), folder.path().join("wrong.pem"));
        std::fs::write(&right, own.cert.pem()).unwrap();
        std::fs::write(&wrong, other.cert.pem()).unwrap();
        let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
             WHERE ssl AND application_name = 'deskring-gateway'";
        for (host, root) in [("localhost", None), ("localhost", Some(&*wrong)), ("127.0.0.1", Some(&*right))]
        {
            let error = database(&postgres.url_on(host), root).migrate().await.unwrap_err().to_string();
            assert!(error.contains("certificate"), "{error}");
        }
        assert_eq!(postgres.say(encrypted), "0");
        let database = database(&postgres.url_on("localhost"), Some(&right));
        database.migrate().await.unwrap();
        assert_eq!(postgres.say(encrypted), "1");
    }
}
