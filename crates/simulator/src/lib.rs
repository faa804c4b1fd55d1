//! A Yeastar P-Series PBX and a Zoho Desk on loopback, strict where the vendors are strict.
//!
//! Tests drive it through [`Pbx`] and [`Desk`]; people through the web page on the control port; scripts
//! through the same JSON the page uses. It shares no types with the clients it is there to test.

mod clock;
mod control;
mod desk;
mod http;
mod journal;
mod net;
mod pbx;
mod seed;
#[cfg(test)]
mod wire_tests;

use std::sync::Arc;

use anyhow::Context;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, crypto};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

pub use desk::{
    AGENT_ID, Consent, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, Desk,
    DeskSwitches, Fault, ORGANIZATION_ID, PORTAL, ScopeRefusal, Write,
};
pub use journal::Request;
pub use pbx::{
    BadToken, ByeMode, CLIENT_ID, CLIENT_SECRET, CallIn, CdrTime, EmptyCalls, Expiry, FrameMode, HoldShownBy,
    HttpFault, Message, Mute, Pbx, PbxSwitches, Registration, RingFrames, SCENARIOS, TrunkMonitor,
};

use journal::Journal;
use net::Port;

/// What Desk knows at the start. The PBX is the same in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seed {
    /// No contacts, accounts or tickets.
    #[default]
    Empty,
    /// A dozen contacts with awkward names and numbers.
    Demo,
}

/// Ports (0 = any free one) and what to start with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The PBX.
    pub pbx_port: u16,
    /// The accounts server.
    pub accounts_port: u16,
    /// Desk.
    pub desk_port: u16,
    /// The control API and its page.
    pub control_port: u16,
    /// The PBX speaks TLS with a self-signed certificate made at the start.
    pub pbx_tls: bool,
    /// What Desk knows.
    pub seed: Seed,
}

/// The servers. Dropping it closes all ports and connections.
pub struct Simulator {
    pbx: Pbx,
    desk: Desk,
    ports: Arc<Ports>,
    urls: Urls,
    certificate: Option<String>,
}

pub(crate) struct Ports {
    pub(crate) pbx: Port,
    pub(crate) accounts: Port,
    pub(crate) desk: Port,
    pub(crate) control: std::sync::OnceLock<Port>,
}

#[derive(Clone, Debug)]
pub(crate) struct Urls {
    pub(crate) pbx: String,
    pub(crate) accounts: String,
    pub(crate) desk: String,
    pub(crate) control: String,
}

impl Simulator {
    /// Starts all servers on 127.0.0.1; they answer when this returns.
    pub async fn start(options: Options) -> anyhow::Result<Simulator> {
        let journal = Arc::new(Journal::new());
        let pbx_listener = Port::listen(options.pbx_port).await.context("the PBX port")?;
        let accounts_listener = Port::listen(options.accounts_port).await.context("the accounts port")?;
        let desk_listener = Port::listen(options.desk_port).await.context("the Desk port")?;
        let control_listener = Port::listen(options.control_port).await.context("the control port")?;
        let scheme = if options.pbx_tls { "https" } else { "http" };
        let urls = Urls {
            pbx: format!("{scheme}://{}", pbx_listener.local_addr()?),
            accounts: format!("http://{}", accounts_listener.local_addr()?),
            desk: format!("http://{}", desk_listener.local_addr()?),
            control: format!("http://{}", control_listener.local_addr()?),
        };
        let (tls, certificate) = if options.pbx_tls {
            let (acceptor, fingerprint) = self_signed()?;
            (Some(acceptor), Some(fingerprint))
        } else {
            (None, None)
        };
        let pbx = Pbx::new(Arc::clone(&journal));
        let desk = Desk::new(Arc::clone(&journal), urls.accounts.clone(), urls.desk.clone());
        if options.seed == Seed::Demo {
            seed::fill(&desk);
        }
        let ports = Arc::new(Ports {
            pbx: Port::serve(pbx_listener, tls, pbx::router(Arc::clone(&pbx.core)))?,
            accounts: Port::serve(accounts_listener, None, desk::accounts_router(Arc::clone(&desk.core)))?,
            desk: Port::serve(desk_listener, None, desk::desk_router(Arc::clone(&desk.core)))?,
            control: std::sync::OnceLock::new(),
        });
        let control =
            control::router(pbx.clone(), desk.clone(), journal, Arc::downgrade(&ports), urls.clone());
        let _ = ports.control.set(Port::serve(control_listener, None, control)?);
        Ok(Simulator { pbx, desk, ports, urls, certificate })
    }

    /// The PBX.
    pub fn pbx(&self) -> Pbx {
        self.pbx.clone()
    }

    /// Desk and its accounts server.
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// `http://127.0.0.1:PORT`, or `https` with TLS.
    pub fn pbx_url(&self) -> String {
        self.urls.pbx.clone()
    }

    /// Where tokens come from.
    pub fn accounts_url(&self) -> String {
        self.urls.accounts.clone()
    }

    /// Desk, without `/api/v1`.
    pub fn desk_url(&self) -> String {
        self.urls.desk.clone()
    }

    /// The control API; the page is at its root.
    pub fn control_url(&self) -> String {
        self.urls.control.clone()
    }

    /// SHA-256 of the PBX certificate's DER in lower-case hex, for pinning; `None` without TLS.
    pub fn pbx_certificate_sha256(&self) -> Option<String> {
        self.certificate.clone()
    }

    /// Closes the PBX port: connections are reset and new ones refused.
    pub async fn stop_pbx(&self) {
        self.ports.pbx.close().await;
    }

    /// Opens the PBX port again under the same number.
    #[allow(clippy::expect_used, reason = "a test cannot go on without its PBX")]
    pub async fn start_pbx(&self) {
        self.ports.pbx.open().await.expect("the PBX port opens again");
    }

    /// Closes the Desk and the accounts port.
    pub async fn stop_desk(&self) {
        self.ports.desk.close().await;
        self.ports.accounts.close().await;
    }

    /// Opens the Desk and the accounts port again under the same numbers.
    #[allow(clippy::expect_used, reason = "a test cannot go on without its Desk")]
    pub async fn start_desk(&self) {
        self.ports.desk.open().await.expect("the Desk port opens again");
        self.ports.accounts.open().await.expect("the accounts port opens again");
    }
}

/// A fresh self-signed certificate, as boxes on a local network present one, and its fingerprint.
fn self_signed() -> anyhow::Result<(TlsAcceptor, String)> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).context("making a certificate")?;
    let der = made.cert.der().clone();
    let fingerprint = Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![der], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), fingerprint))
}
