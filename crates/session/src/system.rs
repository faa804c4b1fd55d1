//! What the system tells of itself: waking up, another network, and whether anything shows tray icons. Where
//! the system says nothing of the kind, nothing happens; the engine notices a dead link by itself, later.

#[cfg(target_os = "linux")]
pub use linux::{has_tray_host, woke_up};
#[cfg(not(target_os = "linux"))]
pub use other::{has_tray_host, woke_up};

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use futures_util::StreamExt as _;
    use futures_util::stream::{Select, select};
    use zbus::names::BusName;
    use zbus::{Connection, MatchRule, Message, MessageStream};

    /// A panel that starts together with us needs a moment.
    const TRAY_HOST_PATIENCE: Duration = Duration::from_secs(6);
    /// NetworkManager's "connected", at least to the local network. A PBX is often there.
    const CONNECTED: u32 = 50;
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";

    pub(super) type Changes = Select<MessageStream, MessageStream>;

    /// Calls `wake` after each sleep and each change of the network. Ends when the system cannot tell.
    pub async fn woke_up(wake: impl Fn()) {
        let followed = async {
            let connection = Connection::system().await?;
            follow(changes(&connection).await?, wake).await;
            Ok::<(), zbus::Error>(())
        };
        if let Err(error) = followed.await {
            tracing::debug!(%error, "the system does not tell of sleep and networks");
        }
    }

    pub(super) async fn changes(connection: &Connection) -> zbus::Result<Changes> {
        let sleep = signals(
            connection,
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "PrepareForSleep",
        );
        let network = signals(
            connection,
            "/org/freedesktop/NetworkManager",
            "org.freedesktop.NetworkManager",
            "StateChanged",
        );
        Ok(select(sleep.await?, network.await?))
    }

    pub(super) async fn follow(mut changes: Changes, wake: impl Fn()) {
        while let Some(Ok(message)) = changes.next().await {
            if is_wake(&message) {
                tracing::info!("woke up, or another network");
                wake();
            }
        }
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

    /// Whether something on this desktop shows tray icons, after waiting up to six seconds for it to start. A host
    /// that comes later still gets the icon. Windows and macOS always have one.
    pub async fn has_tray_host() -> bool {
        let Ok(connection) = Connection::session().await else { return false };
        is_watched(&connection, TRAY_HOST_PATIENCE).await
    }

    pub(super) async fn is_watched(connection: &Connection, patience: Duration) -> bool {
        let Ok(bus) = zbus::fdo::DBusProxy::new(connection).await else { return false };
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let Ok(name) = BusName::try_from(WATCHER) else { return false };
            if bus.name_has_owner(name).await.unwrap_or(false) {
                return true;
            }
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(patience / 6).await;
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// Would call `wake` after each sleep and each change of the network; here nobody tells, and it ends at once.
    pub async fn woke_up(_wake: impl Fn()) {}

    /// Whether something on this desktop shows tray icons.
    pub async fn has_tray_host() -> bool {
        true
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[path = "system_tests.rs"]
mod tests;
