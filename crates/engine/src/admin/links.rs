//! Links to phone numbers and the browser's extension: who takes them, and what a person can do about it.
//!
//! The choice is read here, as the doctor reads it; only the desktop changes anything.

use std::sync::Arc;

use deskring_session::{self as session, Hosting, Places, TelHandler};

use super::doctor::tray_app;
use super::{Admin, Answer, BrowserHost, BrowserView, Fault, LinksView, TelLinks};
use crate::desktop::Desktop;

impl Admin {
    pub(super) async fn links(self: &Arc<Self>) -> Result<Answer, Fault> {
        self.blocking(|_| {
            let places = Places::of_system();
            let (tel, program) = match session::default_for_tel(&places) {
                TelHandler::Ours => (TelLinks::Ours, None),
                TelHandler::Other(program) => (TelLinks::Elsewhere, Some(program)),
                TelHandler::None => (TelLinks::Nobody, None),
                TelHandler::Unknown => (TelLinks::Unknown, None),
            };
            let candidate = tray_app().is_some_and(|program| session::takes_links(&places, &program));
            let page = session::has_default_apps_page(&places);
            let command = session::DEFAULT_COMMAND.map(str::to_owned);
            Ok(Answer::Links(LinksView { tel, program, candidate, page, command }))
        })
        .await
    }

    pub(super) async fn browsers(self: &Arc<Self>) -> Result<Answer, Fault> {
        self.blocking(|_| {
            let program = tray_app().unwrap_or_default();
            let found = session::browser_hosts(&Places::of_system(), &program).into_iter();
            let browsers = found.map(|(browser, hosting)| {
                let (host, program) = match hosting {
                    Hosting::User => (BrowserHost::User, None),
                    Hosting::System => (BrowserHost::System, None),
                    Hosting::Elsewhere { program } => (BrowserHost::Elsewhere, Some(program)),
                    Hosting::No => (BrowserHost::No, None),
                };
                BrowserView { browser: browser.code().to_owned(), host, program }
            });
            Ok(Answer::Browsers { browsers: browsers.collect() })
        })
        .await
    }

    pub(super) async fn on_desktop(
        self: &Arc<Self>,
        work: impl FnOnce(&dyn Desktop) -> Result<(), &'static str> + Send + 'static,
    ) -> Result<(), Fault> {
        self.blocking(move |admin| work(admin.desktop.as_ref()).map_err(Fault::new)).await
    }
}
