//! Putting it together: listeners, TLS, the PBX's link, the administrator's word, and a graceful end.
//!
//! Owns: what runs, and in which order it stops. Must not know: what is served.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use deskring_redact::ExposeSecret;
use deskring_yeastar::{Pbx, TokenPair, TokenStore};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixListener;
use tokio::task::JoinSet;

use crate::api::{BODY_LIMIT_BYTES, From, Gateway, router};
use crate::config::Config;
use crate::guard::Guard;
use crate::hub::{Ending, Hub};
use crate::metrics::Metrics;
use crate::state::{ClientId, State};
use crate::upstream::Upstream;

/// In the state folder: one line `end CLIENT` for each credential whose sockets are to be ended.
pub const CONTROL_SOCKET: &str = "control.sock";
/// A connection that has said nothing whole by then is closed.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// Requests under way may finish for so long at the end.
const STOPPING: Duration = Duration::from_secs(5);

/// A gateway that runs.
pub struct Running {
    /// Where agents connect; the port is a real one.
    pub agents: SocketAddr,
    /// Where health and metrics are.
    pub monitor: SocketAddr,
    gateway: Arc<Gateway>,
    handles: [Handle<SocketAddr>; 2],
    tls: Option<(RustlsConfig, crate::config::Tls)>,
    servers: JoinSet<()>,
    tasks: JoinSet<()>,
}

/// Starts it. Returns when agents can connect; the PBX may still be away.
///
/// # Errors
/// In words for an administrator: what of the settings cannot be used, or which port is taken.
pub async fn start(config: &Config, environment: &BTreeMap<String, String>) -> anyhow::Result<Running> {
    let state = State::open(&config.state)?;
    let metrics = Arc::new(Metrics::default());
    let pbx = config.pbx(environment)?;
    let kept = Arc::new(Kept { state: state.clone(), owner: format!("{} {}", pbx.address, pbx.client_id) });
    let pbx = Pbx::new(pbx, kept).context("the PBX's client cannot be made")?;
    let gateway = Arc::new(Gateway {
        state,
        hub: Hub::new(metrics.clone()),
        upstream: Upstream::new(pbx),
        guard: Guard::default(),
        metrics,
        public: config.public_url.clone(),
        directory: config.directory.clone(),
    });
    let (mut servers, mut tasks) = (JoinSet::new(), JoinSet::new());
    let tls = match &config.tls {
        None => None,
        Some(files) => {
            let read = RustlsConfig::from_pem_file(&files.certificate, &files.key).await;
            Some((read.context("the files under [tls] cannot be used")?, files.clone()))
        }
    };
    let proxies: Arc<[IpAddr]> = config.trusted_proxies.clone().into();
    let agents = router(gateway.clone())
        .merge(health().with_state(gateway.clone()))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(middleware::from_fn_with_state(proxies, who));
    let monitor = health().route("/metrics", routing::get(figures)).with_state(gateway.clone());
    let (agents_at, agents_handle) =
        listen(config.listen, agents, tls.as_ref().map(|(tls, _)| tls.clone()), &mut servers).await?;
    let (monitor_at, monitor_handle) = listen(config.monitor, monitor, None, &mut servers).await?;
    let control = config.state.join(CONTROL_SOCKET);
    let control =
        take_control(&control).with_context(|| format!("cannot listen at {}", control.display()))?;
    tasks.spawn(obey(control, gateway.clone()));
    let running = gateway.clone();
    tasks.spawn(async move { running.upstream.run(&running.hub).await });
    Ok(Running {
        agents: agents_at,
        monitor: monitor_at,
        gateway,
        handles: [agents_handle, monitor_handle],
        tls,
        servers,
        tasks,
    })
}

impl Running {
    /// Reads the certificate files again. Connections that are open keep theirs.
    ///
    /// # Errors
    /// The files cannot be used; those of before stay in force.
    pub async fn reload(&self) -> anyhow::Result<()> {
        if let Some((tls, files)) = &self.tls {
            let read = tls.reload_from_pem_file(&files.certificate, &files.key).await;
            read.context("the files under [tls] cannot be used; those of before stay in force")?;
        }
        Ok(())
    }

    /// Tells the agents, finishes what is under way, gives the PBX its token back.
    pub async fn stop(mut self) {
        self.gateway.hub.down();
        self.gateway.hub.end(None, Ending::Stopping);
        for handle in &self.handles {
            handle.graceful_shutdown(Some(STOPPING));
        }
        if let Err(error) = self.gateway.upstream.pbx.sign_out().await {
            tracing::debug!(%error, "the PBX's token was not given back");
        }
        while self.servers.join_next().await.is_some() {}
        self.tasks.shutdown().await;
    }
}

async fn listen(
    at: SocketAddr,
    router: Router,
    tls: Option<RustlsConfig>,
    servers: &mut JoinSet<()>,
) -> anyhow::Result<(SocketAddr, Handle<SocketAddr>)> {
    let socket = std::net::TcpListener::bind(at).with_context(|| format!("cannot listen at {at}"))?;
    let at = socket.local_addr()?;
    let handle = Handle::new();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (of_server, first) = (handle.clone(), FIRST_REQUEST);
    match tls {
        Some(tls) => {
            let mut server =
                axum_server::from_tcp_rustls(socket, tls)?.handle(of_server).first_request_timeout(first);
            server.http_builder().http1().header_read_timeout(first);
            servers.spawn(async move { ended(server.serve(service).await) });
        }
        None => {
            let mut server = axum_server::from_tcp(socket)?.handle(of_server).first_request_timeout(first);
            server.http_builder().http1().header_read_timeout(first);
            servers.spawn(async move { ended(server.serve(service).await) });
        }
    }
    Ok((at, handle))
}

fn ended(result: std::io::Result<()>) {
    if let Err(error) = result {
        tracing::error!(%error, "a listener ended");
    }
}

fn health() -> Router<Arc<Gateway>> {
    Router::new().route("/healthz", routing::get(async || "ok\n")).route("/readyz", routing::get(ready))
}

async fn ready(Shared(gateway): Shared<Arc<Gateway>>) -> Response {
    if gateway.hub.is_up() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the PBX is away\n").into_response()
    }
}

async fn figures(Shared(gateway): Shared<Arc<Gateway>>) -> Response {
    let kind = [("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (kind, gateway.metrics.text()).into_response()
}

/// Whose request it is, by address: the peer's, or what a trusted proxy says of it.
async fn who(
    Shared(proxies): Shared<Arc<[IpAddr]>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = peer.ip().to_canonical();
    let forwarded =
        request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    // The last one that no trusted proxy added: whatever stands before it, a client may have made up.
    let chain: Vec<IpAddr> =
        forwarded.flat_map(|value| value.split(',')).filter_map(|text| text.trim().parse().ok()).collect();
    let from = if proxies.contains(&peer) {
        chain.into_iter().rev().find(|address| !proxies.contains(address)).unwrap_or(peer)
    } else {
        peer
    };
    request.extensions_mut().insert(From(from));
    next.run(request).await
}

/// Who may write to the state folder may speak here; a socket of a gateway that was killed is in the way.
fn take_control(path: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

async fn obey(listener: UnixListener, gateway: Arc<Gateway>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Ok(Some(line))) = tokio::time::timeout(FIRST_REQUEST, lines.next_line()).await {
            if let Some(client) = line.strip_prefix("end ") {
                gateway.hub.end(Some(&ClientId(client.to_owned())), Ending::Revoked);
            }
        }
    }
}

/// The PBX's token, kept in the database.
struct Kept {
    state: State,
    /// A token of another PBX or application is none of ours.
    owner: String,
}

const PBX_TOKEN: &str = "pbx_token";

#[derive(Serialize, Deserialize)]
struct Stored {
    owner: String,
    access: String,
    refresh: String,
    issued_at_s: u64,
    access_expires_at_s: u64,
    refresh_expires_at_s: u64,
}

impl TokenStore for Kept {
    fn load(&self) -> Option<TokenPair> {
        let stored: Stored = serde_json::from_str(&self.state.kept(PBX_TOKEN)?).ok()?;
        (stored.owner == self.owner).then(|| TokenPair {
            access: stored.access.into(),
            refresh: stored.refresh.into(),
            access_expires_at: at(stored.access_expires_at_s),
            refresh_expires_at: at(stored.refresh_expires_at_s),
            issued_at: at(stored.issued_at_s),
        })
    }

    fn save(&self, pair: &TokenPair) {
        let stored = Stored {
            owner: self.owner.clone(),
            access: pair.access.expose_secret().to_owned(),
            refresh: pair.refresh.expose_secret().to_owned(),
            issued_at_s: seconds(pair.issued_at),
            access_expires_at_s: seconds(pair.access_expires_at),
            refresh_expires_at_s: seconds(pair.refresh_expires_at),
        };
        self.state.keep(PBX_TOKEN, serde_json::to_string(&stored).ok().as_deref());
    }

    fn clear(&self) {
        self.state.keep(PBX_TOKEN, None);
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
