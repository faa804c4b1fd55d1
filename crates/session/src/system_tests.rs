//! Against a bus of our own, and against the session's when there is one.

use std::time::Duration;

use tokio::sync::mpsc;
use zbus::Connection;

use super::linux::{changes, follow, is_watched};
use crate::private_bus::PrivateBus;

const LONG: Duration = Duration::from_secs(20);

async fn sleep_signal(connection: &Connection, going_to_sleep: bool) {
    let (path, interface) = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
    connection.emit_signal(None::<&str>, path, interface, "PrepareForSleep", &going_to_sleep).await.unwrap();
}

async fn network_signal(connection: &Connection, state: u32) {
    let (path, interface) = ("/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager");
    connection.emit_signal(None::<&str>, path, interface, "StateChanged", &state).await.unwrap();
}

#[tokio::test]
async fn the_end_of_sleep_and_a_network_wake() {
    let Some(bus) = PrivateBus::start() else { return };
    let changes = changes(&bus.connect().await).await.unwrap();
    let (wake, mut woken) = mpsc::unbounded_channel();
    let following = tokio::spawn(follow(changes, move || wake.send(()).unwrap()));
    let system = bus.connect().await;
    sleep_signal(&system, true).await;
    sleep_signal(&system, false).await;
    network_signal(&system, 20).await;
    network_signal(&system, 70).await;
    for _ in 0..2 {
        tokio::time::timeout(LONG, woken.recv()).await.unwrap().unwrap();
    }
    // The bus keeps the order, so that going to sleep and losing the network have been heard by now.
    drop(bus);
    tokio::time::timeout(LONG, following).await.expect("ends with the bus").unwrap();
    assert_eq!(woken.recv().await, None);
}

#[tokio::test]
async fn nothing_shows_icons_until_a_host_comes() {
    let Some(bus) = PrivateBus::start() else { return };
    let connection = bus.connect().await;
    assert!(!is_watched(&connection, Duration::from_millis(60)).await);
    let waiting = tokio::spawn(async move { is_watched(&connection, LONG / 4).await });
    let host = bus.connect().await;
    host.request_name("org.kde.StatusNotifierWatcher").await.unwrap();
    assert!(tokio::time::timeout(LONG, waiting).await.unwrap().unwrap());
}

#[tokio::test]
async fn the_session_s_own_tray_host_is_found() {
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        eprintln!("skipped: no session bus");
        return;
    }
    let connection = Connection::session().await.unwrap();
    let bus = zbus::fdo::DBusProxy::new(&connection).await.unwrap();
    let names = bus.list_names().await.unwrap();
    let owned = names.iter().any(|name| name.as_str() == "org.kde.StatusNotifierWatcher");
    assert_eq!(super::has_tray_host().await, owned);
}
