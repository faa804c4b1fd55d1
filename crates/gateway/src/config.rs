//! What an administrator writes down: one file, and environment variables that win over it.
//!
//! Owns: the keys, their defaults, and what is refused at the start. Must not know: what is done with them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use deskring_redact::Secret;
use deskring_yeastar::{Address, Fingerprint};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::database::{Place, Server};

/// Everything that can be set. Unknown keys are refused: a mistyped one would silently do nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where agents connect. Without [`Tls`], on loopback only, behind a reverse proxy.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// Where `/healthz`, `/readyz` and `/metrics` are, for this machine.
    #[serde(default = "monitor")]
    pub monitor: SocketAddr,
    /// Addresses that agents use, one or several; the first is written into invitations.
    #[serde(default, deserialize_with = "addresses")]
    pub public_url: Vec<Address>,
    /// Folder of what is this machine's own, and of the database unless [`DatabaseConfig`] says otherwise.
    #[serde(default = "state")]
    pub state: PathBuf,
    /// A database that several gateways share.
    pub database: Option<DatabaseConfig>,
    /// Certificate and key.
    pub tls: Option<Tls>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub trusted_proxies: Vec<IpAddr>,
    /// The PBX and the one credential for it.
    pub pbx: PbxConfig,
    /// What agents learn of each other.
    #[serde(default)]
    pub directory: Directory,
    /// Writing to Zoho Desk for everybody. Without it the agents' apps write.
    pub desk: Option<DeskConfig>,
}

/// Certificate files, read again on SIGHUP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM with the certificate and those between it and the root.
    pub certificate: PathBuf,
    /// PEM with its key.
    pub key: PathBuf,
}

/// A PostgreSQL server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// As `libpq` knows addresses, without the password.
    pub url: String,
    /// File whose first line is the password. Or the variable `DESKRING_GATEWAY_DATABASE_PASSWORD`.
    pub password_file: Option<PathBuf>,
    /// PEM with the authority that vouches for the server, where the system does not know it.
    pub root_certificate: Option<PathBuf>,
}

/// The PBX.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PbxConfig {
    /// As in the address bar of its administration.
    pub address: String,
    /// Client ID of the API application.
    pub client_id: String,
    /// File whose first line is the Client Secret. Or the variable `DESKRING_GATEWAY_PBX_SECRET`.
    pub secret_file: Option<PathBuf>,
    /// SHA-256 of the certificate to trust, where no authority vouches for it.
    pub certificate_sha256: Option<String>,
    /// Requests per second. An agent that dials, holds or transfers makes one.
    #[serde(default = "requests_per_second")]
    pub requests_per_second: usize,
}

/// Writing to Zoho Desk for everybody.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskConfig {
    /// `false`: the agents' apps write from now on; what the gateway owes already, it still writes.
    #[serde(default = "yes")]
    pub writes: bool,
    /// Rules, texts, number plan, bindings: the file that Deskring's settings window exports.
    pub settings: PathBuf,
    /// File whose first line is the Client Secret of Zoho's API console. Or the variable `DESKRING_GATEWAY_DESK_SECRET`.
    pub secret_file: Option<PathBuf>,
}

/// What agents learn of each other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Whether mobile numbers are in the list of extensions.
    #[serde(default)]
    pub mobile_numbers: bool,
    /// Whether agents' apps may copy contacts of Desk to the PBX: create entries, and change those that Deskring made.
    #[serde(default)]
    pub agents_write_contacts: bool,
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8480))
}

fn monitor() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8481))
}

fn state() -> PathBuf {
    PathBuf::from("/var/lib/deskring-gateway")
}

fn requests_per_second() -> usize {
    20
}

fn yes() -> bool {
    true
}

/// A secret in a file that a key names.
pub(crate) fn first_line(path: &Path, key: &str) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {key} {}", path.display()))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// One text, also with commas, or a list of them.
fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Address>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Many(Vec<String>),
    }
    let written = match Written::deserialize(deserializer)? {
        Written::One(text) => vec![text],
        Written::Many(texts) => texts,
    };
    let texts = written.iter().flat_map(|text| text.split(',')).filter(|text| !text.trim().is_empty());
    texts
        .map(|text| Address::parse(text).map_err(|error| D::Error::custom(format!("{text:?}: {error}"))))
        .collect()
}

impl Config {
    /// Reads a file, then the variables `DESKRING_GATEWAY_LISTEN`, `_MONITOR`, `_STATE`, `_PUBLIC_URL`,
    /// `_PBX_ADDRESS`, `_PBX_CLIENT_ID` and `_DATABASE_URL`.
    ///
    /// # Errors
    /// In words for an administrator: the file cannot be read, a key is unknown or missing, a value is impossible.
    pub fn load(path: &Path, environment: &BTreeMap<String, String>) -> anyhow::Result<Config> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Config::read(&text, environment).with_context(|| format!("in {}", path.display()))
    }

    /// The same, from a text.
    ///
    /// # Errors
    /// See [`Config::load`].
    pub fn read(text: &str, environment: &BTreeMap<String, String>) -> anyhow::Result<Config> {
        let mut table: toml::Table = text.parse()?;
        for (variable, keys) in [
            ("LISTEN", &["listen"][..]),
            ("MONITOR", &["monitor"]),
            ("STATE", &["state"]),
            ("PUBLIC_URL", &["public_url"]),
            ("PBX_ADDRESS", &["pbx", "address"]),
            ("PBX_CLIENT_ID", &["pbx", "client_id"]),
            ("DATABASE_URL", &["database", "url"]),
        ] {
            let Some(value) = environment.get(&format!("DESKRING_GATEWAY_{variable}")) else { continue };
            set(&mut table, keys, value);
        }
        let config: Config = table.try_into()?;
        ensure!(
            config.tls.is_some() || config.listen.ip().is_loopback(),
            "listen = \"{}\" would send secrets in the clear. Name certificate files under [tls], or listen on \
             127.0.0.1 and put a reverse proxy with TLS in front",
            config.listen
        );
        ensure!(config.pbx.requests_per_second > 0, "pbx.requests_per_second must be at least 1");
        Ok(config)
    }

    /// Where the state is kept.
    ///
    /// # Errors
    /// The address is none, or would send secrets in the clear; a file cannot be read.
    pub fn database(&self, environment: &BTreeMap<String, String>) -> anyhow::Result<Place> {
        let Some(database) = &self.database else { return Ok(Place::Folder(self.state.clone())) };
        let password = match (environment.get("DESKRING_GATEWAY_DATABASE_PASSWORD"), &database.password_file)
        {
            (Some(password), _) => Some(password.clone()),
            (None, Some(path)) => Some(first_line(path, "database.password_file")?),
            // The server may know this machine's user otherwise.
            (None, None) => None,
        };
        let password = password.map(Secret::from);
        let server = Server::new(&database.url, password.as_ref(), database.root_certificate.as_deref())?;
        Ok(Place::Server(Box::new(server)))
    }

    /// The PBX client's settings.
    ///
    /// # Errors
    /// The address or the fingerprint is none, or there is no secret.
    pub fn pbx(&self, environment: &BTreeMap<String, String>) -> anyhow::Result<deskring_yeastar::Config> {
        let secret = match (environment.get("DESKRING_GATEWAY_PBX_SECRET"), &self.pbx.secret_file) {
            (Some(secret), _) => secret.clone(),
            (None, Some(path)) => first_line(path, "pbx.secret_file")?,
            (None, None) => bail!("the Client Secret of the PBX is missing: set pbx.secret_file"),
        };
        ensure!(!secret.is_empty(), "the Client Secret of the PBX is empty");
        let trusted_certificate = match &self.pbx.certificate_sha256 {
            Some(text) => Some(text.parse::<Fingerprint>().context("pbx.certificate_sha256")?),
            None => None,
        };
        let timings = deskring_yeastar::Timings {
            requests_per_second: self.pbx.requests_per_second,
            requests_at_once: 8,
            ..deskring_yeastar::Timings::default()
        };
        Ok(deskring_yeastar::Config {
            address: Address::parse(&self.pbx.address).context("pbx.address")?,
            client_id: self.pbx.client_id.clone(),
            client_secret: Secret::from(secret),
            trusted_certificate,
            others: Vec::new(),
            timings,
        })
    }
}

fn set(table: &mut toml::Table, keys: &[&str], value: &str) {
    let [key, rest @ ..] = keys else { return };
    if rest.is_empty() {
        table.insert((*key).to_owned(), toml::Value::String(value.to_owned()));
    } else if let toml::Value::Table(inner) =
        table.entry((*key).to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()))
    {
        set(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[pbx]\naddress = \"https://pbx.example.com:8088\"\nclient_id = \"id\"\n";

    fn read(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
        let environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(text, &environment)
    }

    #[test]
    fn the_least_that_can_be_written_is_safe() {
        let config = read(LEAST, &[]).unwrap();
        assert!(config.listen.ip().is_loopback() && config.monitor.ip().is_loopback());
        assert!(!config.directory.mobile_numbers);
        assert!(config.pbx(&BTreeMap::new()).unwrap_err().to_string().contains("pbx.secret_file"));
    }

    #[test]
    fn the_example_is_a_configuration() {
        let config = read(include_str!("../../../packaging/gateway.toml"), &[]).unwrap();
        assert_eq!(config.public_url.len(), 1);
        assert!(config.tls.is_some() && !config.directory.agents_write_contacts);
    }

    #[test]
    fn secrets_never_travel_in_the_clear() {
        let open = format!("listen = \"0.0.0.0:8443\"\n{LEAST}");
        assert!(read(&open, &[]).unwrap_err().to_string().contains("[tls]"));
        let closed = format!("{open}\n[tls]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\n");
        assert!(read(&closed, &[]).is_ok());
    }

    #[test]
    fn the_state_is_in_the_folder_unless_a_server_is_named() {
        let here = read(LEAST, &[]).unwrap().database(&BTreeMap::new()).unwrap();
        assert!(matches!(here, Place::Folder(folder) if folder == state()));
        let text = format!("{LEAST}[database]\nurl = \"postgres://deskring@db.example.com/deskring\"\n");
        let there = read(&text, &[]).unwrap().database(&BTreeMap::new()).unwrap();
        assert!(matches!(there, Place::Server(_)));
        let there = read(LEAST, &[("DESKRING_GATEWAY_DATABASE_URL", "postgres://db.example.com/deskring")]);
        assert!(matches!(there.unwrap().database(&BTreeMap::new()).unwrap(), Place::Server(_)));
        let text = format!("{text}password_file = \"/nowhere\"\n");
        let error = read(&text, &[]).unwrap().database(&BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("database.password_file"));
    }

    #[test]
    fn agents_may_have_one_address_or_several_and_never_an_open_one() {
        let public = |line: &str| read(&format!("{line}\n{LEAST}"), &[]);
        assert!(public("").unwrap().public_url.is_empty());
        assert_eq!(public("public_url = \"https://gw.example.com:8443/\"").unwrap().public_url.len(), 1);
        let two = public("public_url = [\"https://gw1.example.com\", \"https://gw2.example.com\"]").unwrap();
        let shown: Vec<String> = two.public_url.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["https://gw1.example.com", "https://gw2.example.com"]);
        let from_outside =
            [("DESKRING_GATEWAY_PUBLIC_URL", "https://gw3.example.com, https://gw4.example.com")];
        assert_eq!(read(LEAST, &from_outside).unwrap().public_url.len(), 2);
        for wrong in ["http://gw.example.com", "gw.example.com", "https://gw.example.com/path"] {
            let error = public(&format!("public_url = {wrong:?}")).unwrap_err();
            assert!(format!("{error:#}").contains(wrong), "{error:#}");
        }
    }

    #[test]
    fn variables_win_and_mistyped_keys_are_refused() {
        let config = read(
            LEAST,
            &[
                ("DESKRING_GATEWAY_LISTEN", "127.0.0.1:1"),
                ("DESKRING_GATEWAY_PBX_ADDRESS", "https://other.example.com"),
            ],
        )
        .unwrap();
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.pbx.address, "https://other.example.com");
        let error = read(&format!("{LEAST}requests = 3\n"), &[]).unwrap_err();
        assert!(format!("{error:#}").contains("requests"), "{error:#}");
    }
}
