//! The service that shows notifications: who it is, what it can, and whether it is told to be quiet.
//!
//! Owns: the questions on the session bus. Must not know: what we show; showing is the tray app's.
//!
//! <https://specifications.freedesktop.org/notification-spec/latest/>

/// Who shows notifications.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notifications {
    /// A service of the session.
    Service(NotificationService),
    /// Nobody: no session bus, no service, or one that does not answer within two seconds.
    Absent,
    /// Windows or macOS itself; it cannot be asked.
    Native,
}

/// A notification service of a Linux desktop, in its own words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotificationService {
    /// `gnome-shell`, `Plasma`, `Xfce Notify Daemon`, …
    pub name: String,
    /// Who made it.
    pub vendor: String,
    /// Its own version.
    pub version: String,
    /// What it can, such as `actions` or `body-markup`.
    pub capabilities: Vec<String>,
}

impl NotificationService {
    /// Whether its notices can have buttons.
    pub fn has_buttons(&self) -> bool {
        self.capabilities.iter().any(|capability| capability == "actions")
    }
}

/// Whether notices are held back at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DoNotDisturb {
    /// They are: a person wants quiet, or presents something.
    On,
    /// They are not.
    Off,
    /// The service does not tell. Plasma does.
    Unknown,
}

#[cfg(target_os = "linux")]
pub use linux::{do_not_disturb, notification_service};
#[cfg(not(target_os = "linux"))]
pub use other::{do_not_disturb, notification_service};

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use zbus::zvariant::OwnedValue;
    use zbus::{Connection, Message};

    use super::{DoNotDisturb, NotificationService, Notifications};

    const SERVICE: &str = "org.freedesktop.Notifications";
    const PATH: &str = "/org/freedesktop/Notifications";
    /// Nothing on a bus ends by itself.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// Who shows notifications. A service that the bus can start is started, as the first notice would.
    pub async fn notification_service() -> Notifications {
        let asked = async { service(&Connection::session().await?).await };
        in_time(asked).await.map_or(Notifications::Absent, Notifications::Service)
    }

    /// Whether notices are held back at the moment, as far as the service tells.
    pub async fn do_not_disturb() -> DoNotDisturb {
        let asked = async { inhibited(&Connection::session().await?).await };
        match in_time(asked).await {
            Some(true) => DoNotDisturb::On,
            Some(false) => DoNotDisturb::Off,
            None => DoNotDisturb::Unknown,
        }
    }

    pub(super) async fn in_time<T>(asked: impl Future<Output = zbus::Result<T>>) -> Option<T> {
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the notification service was asked in vain");
                None
            }
            Err(_) => {
                tracing::debug!("the notification service does not answer");
                None
            }
        }
    }

    pub(super) async fn service(connection: &Connection) -> zbus::Result<NotificationService> {
        let about = ask(connection, "GetServerInformation").await?;
        let (name, vendor, version, _specification): (String, String, String, String) =
            about.body().deserialize()?;
        let capabilities = ask(connection, "GetCapabilities").await?.body().deserialize()?;
        Ok(NotificationService { name, vendor, version, capabilities })
    }

    pub(super) async fn inhibited(connection: &Connection) -> zbus::Result<bool> {
        let properties = Some("org.freedesktop.DBus.Properties");
        let answer =
            connection.call_method(Some(SERVICE), PATH, properties, "Get", &(SERVICE, "Inhibited")).await?;
        let value: OwnedValue = answer.body().deserialize()?;
        Ok(value.try_into()?)
    }

    async fn ask(connection: &Connection, method: &'static str) -> zbus::Result<Message> {
        connection.call_method(Some(SERVICE), PATH, Some(SERVICE), method, &()).await
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use super::{DoNotDisturb, Notifications};

    /// Who shows notifications.
    pub async fn notification_service() -> Notifications {
        Notifications::Native
    }

    /// Whether notices are held back at the moment.
    pub async fn do_not_disturb() -> DoNotDisturb {
        DoNotDisturb::Unknown
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[path = "notifications_tests.rs"]
mod tests;
