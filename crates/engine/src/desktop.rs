//! What the engine needs of the computer it runs on. The tray app, the command line and the tests each bring
//! their own.

use deskring_domain::{CallId, Notice, Plan};

use crate::view::{CallView, LinkView};

/// The agent's desktop. Only `open` may block; it is called on a thread of its own.
pub trait Desktop: Send + Sync + 'static {
    /// Opens an address, already checked to be Desk's, in the system's browser.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn open(&self, address: &str) -> Result<(), String>;

    /// Asks for the notice of a call to be shown, or replaced. Returns at once. The plan is for writing the
    /// number the way people here read it.
    fn notify(&self, notice: &Notice, plan: &Plan);

    /// Asks for the notice of a call to be taken away. Returns at once.
    fn withdraw(&self, call: &CallId);

    /// Something happened that a log of the day would mention. Returns at once.
    fn happened(&self, happening: &Happening<'_>);

    /// A second start, or a command, asks for the window. Returns at once. Nothing where there is no screen.
    fn show_window(&self) {}
}

/// One line of a log of the day.
#[derive(Debug)]
pub enum Happening<'a> {
    /// The link to the PBX changed.
    Pbx(&'a LinkView),
    /// The link to Desk changed.
    Desk(&'a LinkView),
    /// A call of mine came to another phase, a tab was opened, or it was closed with its reason.
    Call(&'a CallView),
}
