//! A PostgreSQL server of a test's own, from the programs of the system, on loopback.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{PATIENCE, free_port, is_free};

/// PostgreSQL does not run as root: then it runs as this user, `nobody`.
const NOBODY: u32 = 65534;

/// A server with one empty database, for a user `deskring` without a password.
pub struct Postgres {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Postgres {
    /// Makes and starts it.
    pub async fn start() -> Postgres {
        let folder = tempfile::tempdir().unwrap();
        if rustix::process::geteuid().is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut postgres = Postgres { folder, port: free_port(), server: None };
        let made = postgres
            .program("initdb")
            .args(["--username=deskring", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(postgres.folder.path().join("data"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        postgres.go_on().await;
        postgres
    }

    /// Where programs find it.
    pub fn url(&self) -> String {
        format!("postgres://deskring@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it again.
    pub async fn go_on(&mut self) {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let mut server = self.program("postgres");
        server
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .arg("-k")
            .arg(self.folder.path())
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-F"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.server = Some(server.spawn().unwrap());
        let ready = tokio::time::timeout(PATIENCE, async {
            while !self.log().contains("ready to accept connections") {
                tokio::task::yield_now().await;
            }
        });
        assert!(ready.await.is_ok(), "{}", self.log());
    }

    /// Stops it; who is connected is cut off.
    pub async fn stop(&mut self) {
        self.end();
        assert!(is_free(self.port));
    }

    /// Says a statement as an administrator.
    pub fn say(&self, statement: &str) {
        let said = self
            .program("psql")
            .args(["-v", "ON_ERROR_STOP=1", "-c", statement, &self.url()])
            .output()
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }

    fn end(&mut self) {
        if let Some(mut server) = self.server.take() {
            // As an administrator's "immediate": its children end with it.
            let _ = kill_process(Pid::from_child(&server), Signal::QUIT);
            let _ = server.wait();
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(find(name));
        command.current_dir(self.folder.path());
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
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
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = std::env::split_paths(&path)
        .chain(versions.map(|version| version.path().join("bin")))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("there is no {name}: install PostgreSQL, or run ./dev setup"))
}
