//! Putting it together: listeners, TLS, whose turn it is, the PBX's link, the administrator's word, a graceful end.
//!
//! Owns: what runs, and in which order it stops. Must not know: what is served.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use deskring_redact::ExposeSecret;
use deskring_yeastar::{Pbx, TokenPair, TokenStore};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::api::{BODY_LIMIT_BYTES, From, Gateway, router};
use crate::config::Config;
use crate::database::{self, Database};
use crate::guard::Guard;
use crate::hub::{Ending, Hub};
use crate::lease::{Candidacy, Keeper, Lease, Notice, Term};
use crate::metrics::Metrics;
use crate::state::{ClientId, State, keep_in};
use crate::upstream::Upstream;
use crate::wall_seconds;
use crate::writer::{Slot, Writing};

/// In the state folder: one line `end CLIENT` for each credential whose sockets are to be ended, and `look` when agents
/// were added.
pub const CONTROL_SOCKET: &str = "control.sock";
/// In the state folder: whose it is. The operating system's lock, so a gateway that was killed leaves nothing behind.
const LOCK: &str = "gateway.lock";
/// A connection that has said nothing whole by then is closed.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// Requests under way may finish for so long at the end.
const STOPPING: Duration = Duration::from_secs(5);
/// How soon a database is asked again that did not answer.
const AGAIN: Duration = Duration::from_millis(250);

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
    keeper: Option<Keeper>,
    _folder: Folder,
}

/// Starts it. Returns when agents can connect; the PBX may still be away.
///
/// # Errors
/// In words for an administrator: what of the settings cannot be used, or which port is taken.
pub async fn start(config: &Config, environment: &BTreeMap<String, String>) -> anyhow::Result<Running> {
    let (place, pbx) = (config.database(environment)?, config.pbx(environment)?);
    let folder = take_folder(&config.state)?;
    let database = Database::open(&place)?;
    match database.migrate().await {
        Err(error) if !error.may_pass() => {
            return Err(error)
                .context("the database cannot be used; look at [database] in the configuration file");
        }
        Err(error) => tracing::warn!(%error, "waiting for the database"),
        Ok(()) => {}
    }
    let state = State::at(database.clone())?;
    let (lease, candidacy) = Lease::new(&place, &database);
    let metrics = Arc::new(Metrics::default());
    let owner = format!("{} {}", pbx.address, pbx.client_id);
    let kept = Arc::new(Kept { state: state.clone(), lease: lease.clone(), owner });
    let pbx = Pbx::new(pbx, kept).context("the PBX's client cannot be made")?;
    let ours = (place, lease.clone(), state.clone());
    let hub = Hub::new(metrics.clone());
    let writing = Writing::new(config, environment, ours, pbx.clone(), hub.clone(), metrics.clone())?;
    let gateway = Arc::new(Gateway {
        lease,
        state,
        hub,
        upstream: Upstream::new(pbx),
        guard: Guard::default(),
        metrics,
        writer: Slot::default(),
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
        .layer(middleware::from_fn_with_state(gateway.clone(), only_who_serves))
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
    let (keeper, notices) = candidacy.map(Candidacy::begin).unzip();
    if let Some(notices) = notices {
        tasks.spawn(hear_others(notices, gateway.clone()));
    }
    tasks.spawn(serve_when_it_is_our_turn(gateway.clone(), writing));
    Ok(Running {
        agents: agents_at,
        monitor: monitor_at,
        gateway,
        handles: [agents_handle, monitor_handle],
        tls,
        servers,
        tasks,
        keeper,
        _folder: folder,
    })
}

impl Running {
    /// Reads the certificate files again, and the settings for Desk. Connections that are open keep theirs.
    ///
    /// # Errors
    /// The files cannot be used; those of before stay in force.
    pub async fn reload(&self) -> anyhow::Result<()> {
        if let Some(writer) = self.gateway.writer.get() {
            writer.reload().await?;
        }
        if let Some((tls, files)) = &self.tls {
            let read = tls.reload_from_pem_file(&files.certificate, &files.key).await;
            read.context("the files under [tls] cannot be used; those of before stay in force")?;
        }
        Ok(())
    }

    /// Tells the agents, finishes what is under way, and leaves the PBX's token to the next gateway, or gives it back.
    pub async fn stop(mut self) {
        self.gateway.hub.down();
        self.gateway.hub.end(None, Ending::Stopping);
        if let Some(writer) = self.gateway.writer.put(None) {
            writer.stop().await;
        }
        for handle in &self.handles {
            handle.graceful_shutdown(Some(STOPPING));
        }
        self.tasks.shutdown().await;
        if let Some(keeper) = self.keeper {
            keeper.give_back().await;
        } else if let Err(error) = self.gateway.upstream.pbx.sign_out().await {
            tracing::debug!(%error, "the PBX's token was not given back");
        }
        while self.servers.join_next().await.is_some() {}
    }
}

/// One gateway of those on a database has the link to the PBX.
async fn serve_when_it_is_our_turn(gateway: Arc<Gateway>, writing: Writing) {
    let Gateway { lease, hub, upstream, writer, .. } = &*gateway;
    loop {
        let term = lease.won().await;
        tracing::info!(epoch = term.epoch(), "this gateway serves");
        // The one before has used it, and may have renewed it.
        upstream.pbx.read_token_again().await;
        tokio::select! {
            biased;
            () = lease.over(term) => {}
            () = serve(&gateway, &writing, term) => {}
        }
        if let Some(writer) = writer.put(None) {
            writer.abandon().await;
        }
        hub.down();
        hub.end(None, Ending::Standby);
        tracing::warn!(epoch = term.epoch(), "this gateway does not serve any more");
    }
}

/// For a term, or until the writer must begin anew.
async fn serve(gateway: &Gateway, writing: &Writing, term: Term) {
    let (writer, relay) = loop {
        match writing.begin(term).await {
            Ok(begun) => break begun,
            // Agents wait: without a word from us their apps would write as well.
            Err(error) => tracing::error!("writing to Desk cannot begin: {error:#}"),
        }
        tokio::time::sleep(AGAIN).await;
    };
    gateway.writer.put(writer.clone());
    let is_behind = async {
        match &writer {
            Some(writer) => writer.is_behind().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = gateway.upstream.run(&gateway.hub, relay) => {}
        () = is_behind => tracing::warn!("what is written to Desk is read from the database again"),
    }
}

/// What administrators did on any machine.
async fn hear_others(mut notices: mpsc::Receiver<Notice>, gateway: Arc<Gateway>) {
    while let Some(notice) = notices.recv().await {
        match notice {
            Notice::Ended(client) => gateway.hub.end(Some(&client), Ending::Revoked),
            Notice::Missed => {
                while let Err(error) = end_those_without_a_token(&gateway).await {
                    tracing::warn!(%error, "whose tokens have ended is not known");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}

async fn end_those_without_a_token(gateway: &Gateway) -> Result<(), database::Error> {
    // Looked at first: who comes later had a good one.
    let mut gone = gateway.hub.tokens();
    if !gone.is_empty() {
        let good = gateway.state.tokens(wall_seconds()).await?;
        gone.retain(|token| !good.contains(token));
        gateway.hub.end_tokens(&gone, Ending::Revoked);
    }
    Ok(())
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
    let wrong = if gateway.lease.term().is_some() {
        if gateway.hub.is_up() {
            return "ready\n".into_response();
        }
        "the PBX is away\n"
    } else if gateway.lease.is_database_there() {
        "standby: another gateway serves\n"
    } else {
        "the database is away\n"
    };
    (StatusCode::SERVICE_UNAVAILABLE, wrong).into_response()
}

async fn figures(Shared(gateway): Shared<Arc<Gateway>>) -> Response {
    let kind = [("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    gateway.metrics.serves.set(gateway.lease.term().is_some().into());
    gateway.metrics.database_up.set(gateway.lease.is_database_there().into());
    (kind, gateway.metrics.text()).into_response()
}

/// The others refuse, in a way that no PBX would: an app tries its next address, with the tokens it has.
async fn only_who_serves(Shared(gateway): Shared<Arc<Gateway>>, request: Request, next: Next) -> Response {
    match gateway.lease.term() {
        Some(_) => next.run(request).await,
        None => (StatusCode::SERVICE_UNAVAILABLE, "this gateway does not serve\n").into_response(),
    }
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

/// The state folder, while it is ours.
struct Folder(File);

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing is not enough while a program that is just being started has the file as well.
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the state folder is not given back");
        }
    }
}

/// One gateway in one folder: two would take each other's administrators, and on SQLite agents' calls.
fn take_folder(folder: &Path) -> anyhow::Result<Folder> {
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let path = folder.join(LOCK);
    let file = File::options().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Folder(file)),
        Err(TryLockError::WouldBlock) => bail!(
            "another deskring-gateway runs with the folder {}: stop it, or set `state` to another folder",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
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
            if line == "look"
                && let Some(writer) = gateway.writer.get()
            {
                writer.look();
            }
            if let Some(client) = line.strip_prefix("end ") {
                gateway.hub.end(Some(&ClientId(client.to_owned())), Ending::Revoked);
            }
        }
    }
}

/// The PBX's token, kept in the database.
struct Kept {
    state: State,
    lease: Lease,
    /// A token of another PBX or application is none of ours.
    owner: String,
}

const PBX_TOKEN: &str = "pbx_token";

impl Kept {
    fn keep(&self, value: Option<&str>) {
        if let Err(error) = self.wait(self.write(value)) {
            tracing::warn!(%error, "the PBX's token is not kept over a restart");
        }
    }

    /// Only of the gateway that serves: the token of one that did is of no use to the next.
    async fn write(&self, value: Option<&str>) -> Result<(), database::Error> {
        let term = self.lease.term().ok_or(database::Error::Fenced)?;
        keep_in(&self.lease, term, PBX_TOKEN, value).await
    }

    /// The PBX's client calls on a thread that may wait.
    fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        tokio::runtime::Handle::current().block_on(answer)
    }
}

impl TokenStore for Kept {
    fn load(&self) -> Option<TokenPair> {
        let kept = self.wait(self.state.kept(PBX_TOKEN));
        let kept = kept.inspect_err(|error| tracing::warn!(%error, "the PBX's token is not known"));
        TokenPair::from_text(&kept.ok()??, &self.owner)
    }

    fn save(&self, pair: &TokenPair) {
        self.keep(Some(pair.to_text(&self.owner).expose_secret()));
    }

    fn clear(&self) {
        self.keep(None);
    }
}
