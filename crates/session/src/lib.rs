//! The user's desktop session: what it tells of itself (sleep, tray icons, notifications, the program for `tel:`
//! links, proxies), and the three things that are set in it: starting at sign-in, being one of the programs for links, and
//! being what a browser starts for our extension.
//!
//! Owns: files, bus names, registry keys and variables of the desktops. Must not know: the engine, settings, and
//! the words people read; answers are closed enums and plain values.
//!
//! Linux is asked for real. Windows and macOS stand behind the same functions and answer what is cheap to know;
//! each function says which. Nothing here panics without a bus, a display or a home folder.

mod autostart;
mod browsers;
#[cfg(target_os = "linux")]
mod entry;
mod handlers;
mod notifications;
mod places;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod private_bus;
mod proxy;
mod system;

pub use crate::autostart::{Autostart, SessionError, Start, start_at_login, starts_at_login};
pub use crate::browsers::{
    Browser, Hosting, OUR_FIREFOX_ID, OUR_ORIGIN, browser_hosts, offer_to_browsers, withdraw_from_browsers,
};
pub use crate::handlers::{
    DEFAULT_COMMAND, SCHEMES, TelHandler, default_for_tel, has_default_apps_page, offer_for_links,
    show_default_apps, takes_links,
};
pub use crate::notifications::{
    DoNotDisturb, NotificationService, Notifications, do_not_disturb, notification_service,
};
pub use crate::places::{Places, SessionKind};
pub use crate::proxy::proxy_for;
pub use crate::system::{has_tray_host, woke_up};

/// The name of our entries in a desktop's lists: the file that the package installs is `Deskring.desktop`.
const NAME: &str = "Deskring";
