//! What the engine needs of the computer it runs on. The tray app, the command line and the tests each bring
//! their own.

use deskring_domain::{CallId, Notice, Plan, RecordKind};

use crate::handle::Window;
use crate::manners::Manner;
use crate::view::Finding;
use crate::view::{CallView, LinkView};

/// The agent's desktop. Only `open` may block; it is called on a thread of its own.
pub trait Desktop: Send + Sync + 'static {
    /// Opens an address, already checked to be Desk's, in the system's browser.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn open(&self, address: &str) -> Result<(), String>;

    /// Asks for the notice of a call to be shown, or replaced, in this manner. Returns at once. The plan is for
    /// writing the number the way people here read it.
    fn notify(&self, notice: &Notice, plan: &Plan, manner: Manner);

    /// Asks for the notice of a call to be taken away. Returns at once.
    fn withdraw(&self, call: &CallId);

    /// Something happened that a log of the day would mention. Returns at once.
    fn happened(&self, happening: &Happening<'_>);

    /// A rule has made this record in Desk for the other side of a call. Returns at once. For whoever tells other
    /// programs; one that shows calls sees it there.
    fn record_made(&self, _call: &CallId, _kind: RecordKind, _id: &str) {}

    /// A second start, or a command, asks for a window. Returns at once. Nothing where there is no screen.
    fn show_window(&self, _window: Window) {}

    /// The page for a person's browser at the end of signing in: HTML, complete in itself.
    fn sign_in_page(&self, end: SignInEnd) -> String;

    /// Has Deskring start when its user signs in to the computer, or not. May block.
    ///
    /// # Errors
    /// A code of the catalogs, such as `autostart_failed`.
    fn set_autostart(&self, _autostart: Autostart) -> Result<(), &'static str> {
        Ok(())
    }

    /// Has the system list Deskring among the programs for links to phone numbers; never makes it the default. May block.
    ///
    /// # Errors
    /// A code of the catalogs, such as `links_failed`; always, where there is no tray app.
    fn offer_for_links(&self) -> Result<(), &'static str> {
        Err("links_failed")
    }

    /// Has the browsers of this user start this Deskring for our extension, on this profile. May block.
    ///
    /// # Errors
    /// A code of the catalogs, such as `browsers_failed`; always, where there is no tray app.
    fn offer_to_browsers(&self) -> Result<(), &'static str> {
        Err("browsers_failed")
    }

    /// Takes back what [`Desktop::offer_to_browsers`] did. May block.
    ///
    /// # Errors
    /// As there.
    fn withdraw_from_browsers(&self) -> Result<(), &'static str> {
        Err("browsers_failed")
    }

    /// Shows the system's page where default programs are chosen. May block.
    ///
    /// # Errors
    /// A code of the catalogs, such as `no_default_apps_page`; always, where there is no screen.
    fn show_default_apps(&self) -> Result<(), &'static str> {
        Err("no_default_apps_page")
    }
}

/// How signing in ended, as far as the browser is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInEnd {
    /// Signed in.
    Success,
    /// The person said no.
    Refused,
    /// Something went wrong; Deskring says what.
    Failed,
    /// Not a request of this sign-in.
    Stray,
}

impl SignInEnd {
    /// A stable code, with words in the catalogs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Stray => "stray",
        }
    }
}

/// Whether Deskring starts by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Autostart {
    /// When its user signs in.
    AtLogin,
    /// By hand.
    ByHand,
}

/// One line of a log of the day.
#[derive(Debug)]
pub enum Happening<'a> {
    /// The link to the PBX changed.
    Pbx(&'a LinkView),
    /// The link to Desk changed.
    Desk(&'a LinkView),
    /// The quick check after waking up found something else than before; empty when all is well again.
    Checked(&'a [Finding]),
    /// A call of mine came to another phase, it became known whose it is, a tab was opened, or it was closed with its reason.
    Call(&'a CallView),
}
