//! Talking to a running engine from the same process: commands in, views out. Owns the words of that talk;
//! the loop in [`crate::run`] hears them.

use std::collections::BTreeMap;
use std::sync::Arc;

use deskring_domain::{CallId, Choice, Plan, Record};
use deskring_store::{Index, Journal};
use deskring_yeastar::Invitation;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::admin::{Admin, Answer, Fault, Want};
use crate::assist::{self, Assist, DialBy};
use crate::lookup::{Lookup, Report};
use crate::manners::Manners;
use crate::names::Directory;
use crate::outbox::Writing;
use crate::run::ActWish;
use crate::view::{AppView, DialView, IndexView, InvitationView, ShortcutState, SignInView, SyncView};

/// What a person, or a program on their behalf, wants of a running engine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Open the contact of this call, or of the current or last one.
    Open {
        /// The PBX's id of the call.
        call: Option<String>,
    },
    /// The call belongs to this record, from now on: one of several that match, or another one.
    Choose {
        /// The PBX's id of the call.
        call: String,
        /// `contact` or `account`.
        kind: String,
        /// Desk's id.
        id: String,
    },
    /// Forget which of several records was chosen for this number.
    ForgetChoice {
        /// The number, in any notation.
        number: String,
    },
    /// Missed calls have been looked at.
    SeenMissed,
    /// A form for a new contact or account, for the number of this call; one that was begun for it is gone on with.
    BeginForm {
        /// The PBX's id of the call.
        call: String,
        /// Which of my extensions has it.
        extension: String,
        /// `contact` or `account`; `None` for what the settings say.
        #[serde(default)]
        kind: Option<String>,
    },
    /// Goes on with a form begun earlier.
    ContinueForm {
        /// Its name, as [`DraftView::key`](crate::view::DraftView::key).
        key: String,
    },
    /// Puts the form away; it is kept when something was typed.
    CloseForm,
    /// What the agent says of a call.
    WrapUp {
        /// The PBX's id of the call.
        call: String,
        /// Which of my extensions had it.
        extension: String,
        /// What came of it.
        disposition: Option<String>,
        /// In their words.
        note: Option<String>,
    },
    /// The agent has nothing to say of a call.
    SkipWrapUp {
        /// The PBX's id of the call.
        call: String,
        /// Which of my extensions had it.
        extension: String,
    },
    /// Show the window with its box for a number to be typed.
    TypeNumber,
    /// Yes, dial it.
    ConfirmDial {
        /// As [`DialView::id`](crate::view::DialView::id).
        id: u64,
    },
    /// No, or: seen.
    DismissDial {
        /// As [`DialView::id`](crate::view::DialView::id).
        id: u64,
    },
    /// No pop-ups for a while, or until resumed.
    Pause {
        /// How long.
        minutes: Option<u32>,
    },
    /// Pop-ups again.
    Resume,
    /// What became of the keys that the view names; said by the tray app.
    ShortcutIs {
        /// Whether they work.
        state: ShortcutState,
    },
    /// The machine woke up or its network changed: check the links now.
    Wake,
    /// Read the settings file again.
    Reload,
    /// Show a window to the person at the screen.
    Show {
        /// Which.
        window: Window,
    },
}

/// A window of the tray app.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The current call, recent calls and connections.
    Panel,
    /// Set-up and every setting.
    Settings,
}

/// A way to talk to a running engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    messages: mpsc::Sender<Message>,
    view: watch::Receiver<Arc<AppView>>,
    admin: Arc<Admin>,
    assist: Arc<Assist>,
}

#[derive(Debug)]
pub(crate) enum Message {
    Command(Command),
    LookUp {
        number: String,
        reply: oneshot::Sender<Result<Report, String>>,
    },
    /// Which clients run, for whoever wants to ask without a token of their own.
    Clients {
        reply: oneshot::Sender<Clients>,
    },
    /// Something is to be done to a call.
    Act {
        wish: ActWish,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    /// A number is to be called; by this extension of mine, or by the first.
    Dial {
        text: String,
        by: DialBy,
        extension: Option<String>,
        reply: oneshot::Sender<Result<DialView, Fault>>,
    },
    SignIn(SignInView),
    /// A gateway's link was opened, or is answered.
    Invited(Option<InvitationView>),
    /// As [`Command::Reload`]; answered when what was read is in force.
    Reload {
        applied: oneshot::Sender<()>,
    },
    /// Desk was disconnected: nothing of its contacts stays.
    ForgetContacts,
    /// Everybody in the index is to be read anew.
    RebuildIndex,
    /// A form was kept or discarded.
    FormsChanged,
    /// Somebody wants everything copied to the phonebook, or no more.
    Copies(crate::phonebook::Wish),
    /// Somebody sent on, changed or gave up what is owed to Desk.
    OutboxChanged,
    /// A call belongs to a record that was created for it, or was given its number; its form is done with.
    Belongs(Box<Belongs>),
    Stop,
}

/// Whose call it is from now on.
#[derive(Debug)]
pub(crate) struct Belongs {
    pub(crate) call: CallId,
    pub(crate) record: Record,
    /// The number that the record has now; empty for none.
    pub(crate) number_key: String,
    pub(crate) how: Choice,
    /// The form that led to it.
    pub(crate) form: Option<String>,
}

/// What runs, and what it works with.
#[derive(Clone, Default)]
pub(crate) struct Clients {
    pub(crate) pbx: Option<deskring_yeastar::Pbx>,
    /// How many times in a row the PBX has refused its credentials.
    pub(crate) pbx_refusals: u8,
    pub(crate) desk: Option<Lookup>,
    /// Code of why there is no client for Desk.
    pub(crate) desk_cause: Option<String>,
    pub(crate) journal: Option<Arc<Journal>>,
    pub(crate) index: Option<Arc<Index>>,
    /// How the copies of Desk's records do; nothing without an engine.
    pub(crate) copies: Option<(IndexView, SyncView)>,
    pub(crate) manners: Option<Manners>,
    /// Names of my extensions, as far as they are known.
    pub(crate) agents: BTreeMap<String, String>,
    /// My extensions.
    pub(crate) mine: Vec<String>,
    /// The PBX's own numbers.
    pub(crate) directory: Arc<Directory>,
    /// How numbers are written here.
    pub(crate) plan: Plan,
    /// What is written to Desk, and how.
    pub(crate) writing: Option<Arc<Writing>>,
    /// Whether a gateway writes instead.
    pub(crate) by_gateway: bool,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

impl Handle {
    pub(crate) fn new(
        messages: mpsc::Sender<Message>,
        view: watch::Receiver<Arc<AppView>>,
        admin: Arc<Admin>,
        assist: Arc<Assist>,
    ) -> Self {
        Self { messages, view, admin, assist }
    }

    /// Asks for something of calls and customers: history, forms, searches.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn assist(&self, want: assist::Want) -> Result<assist::Answer, Fault> {
        // Links come one way, and this one is no number.
        if let assist::Want::Dial { text, by: DialBy::Link } = &want
            && Invitation::is_meant(text)
        {
            self.admin.invited(text).await;
            return Ok(assist::Answer::Done);
        }
        self.assist.ask(want).await
    }

    /// Asks for something of setting up: settings, secrets, signing in, binding, checking.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn ask(&self, want: Want) -> Result<Answer, Fault> {
        self.admin.ask(want).await
    }

    pub(crate) fn admin(&self) -> &Arc<Admin> {
        &self.admin
    }

    /// The view now, and a way to wait for the next.
    pub fn view(&self) -> watch::Receiver<Arc<AppView>> {
        self.view.clone()
    }

    /// Sends a command. Returns whether the engine still runs.
    pub async fn send(&self, command: Command) -> bool {
        self.messages.send(Message::Command(command)).await.is_ok()
    }

    /// Sends a command from a place that must not wait. Returns whether it was taken.
    pub fn try_send(&self, command: Command) -> bool {
        self.messages.try_send(Message::Command(command)).is_ok()
    }

    /// Asks whose number this is, the way a call would, but without the cache.
    ///
    /// # Errors
    /// The code of the cause; `not_running` when the engine has stopped.
    pub async fn look_up(&self, number: String) -> Result<Report, String> {
        let (reply, answer) = oneshot::channel();
        if self.messages.send(Message::LookUp { number, reply }).await.is_err() {
            return Err("not_running".into());
        }
        answer.await.unwrap_or_else(|_| Err("not_running".into()))
    }

    /// Ends the loop; the engine's `run` returns soon.
    pub async fn stop(&self) {
        // An error means that it has ended already.
        let _ = self.messages.send(Message::Stop).await;
    }
}
