//! A gateway before a simulator, with an address that agents can be given.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;

use deskring_gateway::{Config, Credentials, Extension, Place, Running, Server, State, wall_seconds};
use deskring_redact::ExposeSecret;
use deskring_simulator::{CLIENT_ID, CLIENT_SECRET, Simulator};
use deskring_yeastar::{Address, Fingerprint, Invitation};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

use crate::postgres::Postgres;
use crate::{PATIENCE, eventually, free_port};

/// Another address that it hands out; nobody is there.
pub const STANDBY: &str = "https://127.0.0.1:1";

/// How agents reach it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// On loopback, in the clear.
    Plain,
    /// With a certificate that nobody vouches for.
    SelfSigned,
}

/// An agent's app without a window, connected to a gateway only.
pub struct App {
    pub program: Child,
    /// What it prints, line by line.
    pub lines: Lines<BufReader<ChildStdout>>,
    _profile: TempDir,
}

impl App {
    pub fn start(simulator: &Simulator, url: &str, extension: &str, credentials: &Credentials) -> App {
        let profile = tempfile::tempdir().unwrap();
        let mut settings = crate::settings(simulator);
        settings["pbx"] = json!({ "url": url, "client_id": credentials.client.0, "extensions": [extension] });
        settings["desk"]["enabled"] = json!(false);
        std::fs::write(profile.path().join("settings.json"), settings.to_string()).unwrap();
        let mut program = Command::new(crate::program("deskring-cli"))
            .arg("--profile")
            .arg(profile.path())
            .args(["run", "--json"])
            .env("DESKRING_PBX_CLIENT_SECRET", credentials.secret.expose_secret())
            .env("DESKRING_KEYCHAIN", "off")
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        App { program, lines, _profile: profile }
    }
}

pub struct Gate {
    running: Option<Running>,
    pub state: State,
    pub url: String,
    pub sha256: Option<String>,
    folder: TempDir,
    config: String,
    _database: Option<Arc<Postgres>>,
}

impl Gate {
    /// Runs and has reached the PBX.
    pub async fn open(simulator: &Simulator, front: Front) -> Gate {
        Gate::with(simulator, front, "").await
    }

    /// With more lines in its configuration.
    pub async fn with(simulator: &Simulator, front: Front, more: &str) -> Gate {
        let mut gate = Gate::closed(simulator, front, more, None).await;
        gate.start().await;
        gate
    }

    /// Two on one database: the first serves, the other stands by.
    pub async fn two(simulator: &Simulator) -> (Gate, Gate) {
        let database = Arc::new(Postgres::start().await);
        let mut first = Gate::closed(simulator, Front::Plain, "", Some(database.clone())).await;
        first.start().await;
        let mut second = Gate::closed(simulator, Front::Plain, "", Some(database)).await;
        second.run().await;
        (first, second)
    }

    async fn closed(
        simulator: &Simulator,
        front: Front,
        more: &str,
        database: Option<Arc<Postgres>>,
    ) -> Gate {
        let folder = tempfile::tempdir().unwrap();
        let (port, monitor) = (free_port(), free_port());
        let (scheme, tls, sha256) = match front {
            Front::Plain => ("http", String::new(), None),
            Front::SelfSigned => {
                let (files, sha256) = certificate(&folder);
                ("https", files, Some(sha256))
            }
        };
        let url = format!("{scheme}://127.0.0.1:{port}");
        let config = format!(
            "listen = \"127.0.0.1:{port}\"\nmonitor = \"127.0.0.1:{monitor}\"\nstate = {:?}\npublic_url = [{url:?}, {STANDBY:?}]\n{tls}\n\
             [pbx]\naddress = {:?}\nclient_id = {CLIENT_ID:?}\nrequests_per_second = 500\n{more}",
            folder.path(),
            simulator.pbx_url(),
        );
        let (place, shared) = match &database {
            None => (Place::Folder(folder.path().to_owned()), String::new()),
            Some(database) => {
                let url = database.url();
                let server = Server::new(&url, None, None).unwrap();
                (Place::Server(Box::new(server)), format!("[database]\nurl = {url:?}\n"))
            }
        };
        let state = State::open(&place).await.unwrap();
        let config = format!("{config}\n{shared}");
        Gate { running: None, state, url, sha256, folder, config, _database: database }
    }

    pub async fn start(&mut self) {
        let monitor = self.run().await;
        eventually("the gateway is ready", async || is_ready(monitor).await.ok()?.then_some(())).await;
    }

    /// Without waiting for its turn.
    pub async fn run(&mut self) -> SocketAddr {
        let environment =
            BTreeMap::from([("DESKRING_GATEWAY_PBX_SECRET".to_owned(), CLIENT_SECRET.to_owned())]);
        let config = Config::read(&self.config, &environment).unwrap();
        let running = deskring_gateway::start(&config, &environment).await.unwrap();
        let monitor = running.monitor;
        self.running = Some(running);
        monitor
    }

    pub async fn stop(&mut self) {
        self.running.take().expect("it runs").stop().await;
    }

    /// As SIGHUP does.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.running.as_ref().expect("it runs").reload().await
    }

    /// Other files in place of those of before; the SHA-256 to be compared.
    pub fn renew_certificate(&mut self) -> String {
        let (_, sha256) = certificate(&self.folder);
        self.sha256 = Some(sha256.clone());
        sha256
    }

    /// Files that are none.
    pub fn break_certificate(&self) {
        std::fs::write(self.folder.path().join("certificate.pem"), "none").unwrap();
    }

    /// Its configuration, for its own program.
    pub fn config_file(&self) -> std::path::PathBuf {
        let path = self.folder.path().join("gateway.toml");
        std::fs::write(&path, &self.config).unwrap();
        path
    }

    pub async fn admit(&self, extension: &str) -> Credentials {
        self.state.add(&Extension::new(extension), wall_seconds()).await.unwrap()
    }

    /// A link for an extension.
    pub async fn invite(&self, extension: &str) -> String {
        let code = self.state.invite(&Extension::new(extension), wall_seconds()).await.unwrap();
        Invitation::new(Address::parse(&self.url).unwrap(), code).link().expose_secret().to_owned()
    }
}

async fn is_ready(monitor: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(monitor).await?;
    stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().is_some_and(|status| status.ends_with(" 200 OK")))
}

/// Files for this computer's own address, as lines of the configuration, and the SHA-256 to be compared.
fn certificate(folder: &TempDir) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let sha256 = Fingerprint::of(made.cert.der()).to_string();
    (format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n"), sha256)
}

/// The first line of a program's output that is wanted, as JSON.
pub async fn line_where(lines: &mut Lines<BufReader<ChildStdout>>, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it runs");
            let value: Value = serde_json::from_str(&line).unwrap();
            if wanted(&value) {
                return value;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("the line never came")
}
