//! What the system tells of itself: waking up, another network, and whether anything shows tray icons. Where
//! the system says nothing of the kind, nothing happens; the engine notices a dead link by itself, later.

use std::time::Duration;

/// A panel that starts together with us needs a moment.
const TRAY_HOST_PATIENCE: Duration = Duration::from_secs(6);

#[cfg(target_os = "linux")]
pub(crate) use linux::{has_tray_host, woke_up};
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{has_tray_host, woke_up};

#[cfg(target_os = "linux")]
mod linux {
    use futures_util::StreamExt as _;
    use futures_util::stream::select;
    use zbus::names::BusName;
    use zbus::{Connection, MatchRule, Message, MessageStream};

    use super::TRAY_HOST_PATIENCE;

    /// NetworkManager's "connected", at least to the local network. A PBX is often there.
    const CONNECTED: u32 = 50;
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";

    /// Calls `wake` after each sleep and each change of the network. Ends when the system cannot tell.
    pub(crate) async fn woke_up(wake: impl Fn()) {
        if let Err(error) = listen(wake).await {
            tracing::debug!(%error, "the system does not tell of sleep and networks");
        }
    }

    async fn listen(wake: impl Fn()) -> zbus::Result<()> {
        let connection = Connection::system().await?;
        let sleep = signals(
            &connection,
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "PrepareForSleep",
        );
        let network = signals(
            &connection,
            "/org/freedesktop/NetworkManager",
            "org.freedesktop.NetworkManager",
            "StateChanged",
        );
        let mut changes = select(sleep.await?, network.await?);
        while let Some(Ok(message)) = changes.next().await {
            if is_wake(&message) {
                tracing::info!("woke up, or another network");
                wake();
            }
        }
        Ok(())
    }

    async fn signals(
        connection: &Connection,
        path: &'static str,
        interface: &'static str,
        member: &'static str,
    ) -> zbus::Result<MessageStream> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .path(path)?
            .interface(interface)?
            .member(member)?
            .build();
        MessageStream::for_match_rule(rule, connection, None).await
    }

    fn is_wake(message: &Message) -> bool {
        if let Ok(going_to_sleep) = message.body().deserialize::<bool>() {
            return !going_to_sleep;
        }
        message.body().deserialize::<u32>().is_ok_and(|state| state >= CONNECTED)
    }

    /// Whether something on this desktop shows tray icons, after waiting a moment for it to start. A host that
    /// comes later still gets the icon.
    pub(crate) async fn has_tray_host() -> bool {
        let Ok(connection) = Connection::session().await else { return false };
        let Ok(bus) = zbus::fdo::DBusProxy::new(&connection).await else { return false };
        let deadline = tokio::time::Instant::now() + TRAY_HOST_PATIENCE;
        loop {
            let Ok(name) = BusName::try_from(WATCHER) else { return false };
            if bus.name_has_owner(name).await.unwrap_or(false) {
                return true;
            }
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(TRAY_HOST_PATIENCE / 6).await;
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    pub(crate) async fn woke_up(_wake: impl Fn()) {}

    pub(crate) async fn has_tray_host() -> bool {
        true
    }
}
