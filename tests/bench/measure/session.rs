//! The desktop session as a user's eyes: which icons the tray has, which windows are on the screen. Must not
//! know what they belong to.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use futures_util::StreamExt as _;
use tokio::process::Command;
use zbus::names::BusName;
use zbus::proxy::SignalStream;
use zbus::{Connection, Proxy};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const PATIENCE: Duration = Duration::from_secs(20);

/// Sees icons come to the tray.
pub(crate) struct TrayWatch {
    connection: Connection,
    arrivals: SignalStream<'static>,
}

impl TrayWatch {
    /// Begins to look.
    pub(crate) async fn begin() -> anyhow::Result<Self> {
        let connection = Connection::session().await.context("no session bus; run ./dev bench")?;
        let watcher = Proxy::new(&connection, WATCHER, "/StatusNotifierWatcher", WATCHER).await?;
        let host = watcher.get_property::<bool>("IsStatusNotifierHostRegistered").await;
        ensure!(host.context("this desktop has no tray; run ./dev bench")?, "no panel shows the tray");
        let arrivals = watcher.receive_signal("StatusNotifierItemRegistered").await?;
        Ok(Self { connection, arrivals })
    }

    /// The moment at which the process's icon was registered.
    pub(crate) async fn registered_by(&mut self, pid: u32) -> anyhow::Result<Instant> {
        let bus = zbus::fdo::DBusProxy::new(&self.connection).await?;
        let found = async {
            while let Some(arrival) = self.arrivals.next().await {
                let at = Instant::now();
                let item: String = arrival.body().deserialize()?;
                // The address of an item begins with the name of who owns it.
                let owner = item.split('/').next().unwrap_or_default();
                let Ok(owner) = BusName::try_from(owner) else { continue };
                if bus.get_connection_unix_process_id(owner).await.is_ok_and(|owner| owner == pid) {
                    return Ok(at);
                }
            }
            bail!("the session bus closed")
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => bail!("no icon of process {pid} came to the tray"),
        }
    }
}

/// A window on the screen that belongs to the process.
pub(crate) async fn window_of(pid: u32) -> Option<String> {
    let search = ["search", "--onlyvisible", "--pid"];
    let found = Command::new("xdotool").args(search).arg(pid.to_string()).output().await.ok()?;
    String::from_utf8(found.stdout).ok()?.lines().next().map(str::to_owned)
}

/// Closes a window as its own button does.
pub(crate) async fn close(window: &str) -> anyhow::Result<()> {
    let closed = Command::new("wmctrl").args(["-i", "-c", window]).status().await.context("wmctrl")?;
    ensure!(closed.success(), "the window manager did not close the window");
    Ok(())
}
