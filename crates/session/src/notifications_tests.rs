//! Against services on a bus of our own, and against the session's when there is one.

use zbus::zvariant::OwnedValue;

use super::linux::{in_time, inhibited, service};
use super::*;
use crate::private_bus::PrivateBus;

struct Pretended {
    capabilities: &'static [&'static str],
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Pretended {
    fn get_server_information(&self) -> (&str, &str, &str, &str) {
        ("Pretended", "Example", "1.2.3", "1.2")
    }

    fn get_capabilities(&self) -> Vec<&str> {
        self.capabilities.to_vec()
    }
}

struct Quiet {
    inhibited: bool,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Quiet {
    #[zbus(property)]
    fn inhibited(&self) -> bool {
        self.inhibited
    }
}

struct Silent;

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Silent {
    async fn get_server_information(&self) -> OwnedValue {
        std::future::pending().await
    }
}

async fn serve(bus: &PrivateBus, interface: impl zbus::object_server::Interface) -> zbus::Connection {
    let builder = bus.builder().name("org.freedesktop.Notifications").unwrap();
    builder.serve_at("/org/freedesktop/Notifications", interface).unwrap().build().await.unwrap()
}

#[tokio::test]
async fn a_service_says_who_it_is() {
    let Some(bus) = PrivateBus::start() else { return };
    let _served = serve(&bus, Pretended { capabilities: &["body", "actions"] }).await;
    let found = service(&bus.connect().await).await.unwrap();
    assert_eq!((&*found.name, &*found.vendor, &*found.version), ("Pretended", "Example", "1.2.3"));
    assert_eq!(found.capabilities, ["body", "actions"]);
}

#[tokio::test]
async fn a_service_has_buttons_when_it_says_actions() {
    for (capabilities, buttons) in [(&["body", "actions"], true), (&["body", "action-icons"], false)] {
        let Some(bus) = PrivateBus::start() else { return };
        let _served = serve(&bus, Pretended { capabilities }).await;
        assert_eq!(service(&bus.connect().await).await.unwrap().has_buttons(), buttons);
    }
}

#[tokio::test]
async fn without_a_service_there_is_none() {
    let Some(bus) = PrivateBus::start() else { return };
    let connection = bus.connect().await;
    assert_eq!(in_time(service(&connection)).await, None);
    assert_eq!(in_time(inhibited(&connection)).await, None);
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_given_up() {
    let Some(bus) = PrivateBus::start() else { return };
    let _silent = serve(&bus, Silent).await;
    assert_eq!(in_time(service(&bus.connect().await)).await, None);
}

#[tokio::test]
async fn quiet_is_known_where_the_service_tells() {
    for wanted in [true, false] {
        let Some(bus) = PrivateBus::start() else { return };
        let _served = serve(&bus, Quiet { inhibited: wanted }).await;
        assert_eq!(in_time(inhibited(&bus.connect().await)).await, Some(wanted));
    }
}

#[tokio::test]
async fn quiet_is_unknown_where_the_service_does_not_tell() {
    let Some(bus) = PrivateBus::start() else { return };
    let _served = serve(&bus, Pretended { capabilities: &[] }).await;
    assert_eq!(in_time(inhibited(&bus.connect().await)).await, None);
}

#[tokio::test]
async fn the_session_s_own_service_is_understood() {
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        eprintln!("skipped: no session bus");
        return;
    }
    match notification_service().await {
        Notifications::Service(found) => {
            assert!(!found.name.is_empty());
            assert!(found.capabilities.iter().any(|capability| capability == "body"), "{found:?}");
        }
        Notifications::Absent => eprintln!("skipped: no notification service"),
        Notifications::Native => panic!("not on Linux"),
    }
}
