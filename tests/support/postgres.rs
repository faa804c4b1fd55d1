//! A PostgreSQL server of a test's own, from the programs of the system, on loopback.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// PostgreSQL does not run as root: then it runs as this user, `nobody`.
const NOBODY: u32 = 65534;
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with one empty database, for a user `deskring` without a password.
pub struct Postgres {
    folder: TempDir,
    /// Where it listens beside its socket in the folder, with the certificate there.
    port: Option<u16>,
    server: Option<Child>,
    frozen: Vec<Pid>,
}

impl Postgres {
    /// Makes and starts one that listens at a socket in its folder only.
    pub async fn start() -> Postgres {
        let mut postgres = Postgres::make();
        postgres.go_on().await;
        postgres
    }

    /// Makes and starts one that listens on 127.0.0.1 as well, with this certificate and key (PEM).
    pub async fn start_with_tls(certificate: &str, key: &str) -> Postgres {
        let mut postgres = Postgres::make();
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = postgres.folder.path().join("data").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            own(&path);
        }
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        postgres.port = Some(free.local_addr().unwrap().port());
        drop(free);
        postgres.go_on().await;
        postgres
    }

    fn make() -> Postgres {
        let folder = tempfile::tempdir().unwrap();
        own(folder.path());
        let postgres = Postgres { folder, port: None, server: None, frozen: Vec::new() };
        let made = postgres
            .program("initdb")
            .args([
                "--username=deskring",
                "--auth=trust",
                "--no-sync",
                "--wal-segsize=1",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(postgres.folder.path().join("data"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        postgres
    }

    /// Where programs on this machine find it.
    pub fn url(&self) -> String {
        let folder = self.folder.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://deskring@{folder}:{}/postgres", self.port.unwrap_or(5432))
    }

    /// The socket behind that.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(format!(".s.PGSQL.{}", self.port.unwrap_or(5432)))
    }

    /// Where others would.
    pub fn url_on(&self, host: &str) -> String {
        format!("postgres://deskring@{host}:{}/postgres?sslmode=require", self.port.unwrap())
    }

    /// Starts it again.
    pub async fn go_on(&mut self) {
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let mut server = self.program("postgres");
        server.arg("-D").arg(self.folder.path().join("data")).arg("-k").arg(self.folder.path()).arg("-F");
        match self.port {
            // The socket's name has the usual port in it, all the same.
            None => server.args(["-h", ""]),
            Some(port) => server.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-l"]),
        };
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.server = Some(server.spawn().unwrap());
        let ready = tokio::time::timeout(PATIENCE, async {
            while !self.log().contains("ready to accept connections") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(ready.await.is_ok(), "{}", self.log());
    }

    /// Stops it; who is connected is cut off.
    pub fn stop(&mut self) {
        self.end();
    }

    /// From now on it answers nothing, and ends no connection. [`Postgres::stop`] and [`Postgres::thaw`] end that.
    pub fn freeze(&mut self) {
        let parts = self.say("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
        let parts = parts.lines().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap());
        self.frozen = self.server.iter().map(Pid::from_child).chain(parts).collect();
        self.tell(Signal::STOP);
    }

    /// It goes on where it was.
    pub fn thaw(&mut self) {
        self.tell(Signal::CONT);
        self.frozen.clear();
    }

    fn tell(&self, signal: Signal) {
        for part in &self.frozen {
            // Some end by themselves.
            let _ = kill_process(*part, signal);
        }
    }

    /// Says a statement as an administrator; gives what is in its rows.
    pub fn say(&self, statement: &str) -> String {
        let said = self
            .program("psql")
            .args(["-v", "ON_ERROR_STOP=1", "-A", "-t", "-q", "-c", statement, &self.url()])
            .output()
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    }

    fn end(&mut self) {
        self.thaw();
        if let Some(mut server) = self.server.take() {
            // As an administrator's "immediate": its children end with it.
            let _ = kill_process(Pid::from_child(&server), Signal::QUIT);
            let _ = server.wait();
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(find(name));
        command.current_dir(self.folder.path());
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

/// Whoever the server runs as must own what is its own.
fn own(path: &std::path::Path) {
    if geteuid().is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end();
    }
}

/// In the search path, or where Debian keeps what must not be there.
fn find(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = std::env::split_paths(&path)
        .chain(versions.map(|version| version.path().join("bin")))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("there is no {name}: install PostgreSQL, or run ./dev setup"))
}
