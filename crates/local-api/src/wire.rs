//! What goes over the socket. A connection begins with the server's [`Hello`]; then every line from the
//! client is an [`Ask`] and every line back a [`Tell`] with the same id.

use deskring_engine::admin::{self, Want};
use deskring_engine::{AppView, Command, Report, assist};
use serde::{Deserialize, Serialize};

/// Raised when a line changes its meaning. A client of another protocol is told so and let go.
pub const PROTOCOL: u32 = 1;
/// Settings to be imported are the longest request; a longer line is not from a friend.
pub const LONGEST_LINE: usize = 1024 * 1024;
/// A view with many calls is larger than any request.
pub const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// The first line from the server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// The engine's version.
    pub deskring: String,
    /// See [`PROTOCOL`].
    pub protocol: u32,
    /// The process that runs the engine.
    pub pid: u32,
}

/// A line from the client.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// Chosen by the client, repeated in every answer.
    pub id: u64,
    /// What is wanted.
    #[serde(flatten)]
    pub what: What,
}

/// What a client may want.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum What {
    /// The view now.
    View,
    /// The view now and each time it changes. A slow reader gets the newest, not every one.
    Watch,
    /// Do something.
    Command {
        /// What.
        command: Command,
    },
    /// Whose number is this?
    LookUp {
        /// As a person or a program wrote it.
        number: String,
    },
    /// Set something up.
    SetUp {
        /// What.
        want: Want,
    },
    /// Something about calls and customers.
    Assist {
        /// What.
        want: assist::Want,
    },
}

/// A line from the server.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Tell {
    /// Which [`Ask`] this answers.
    pub id: u64,
    /// The answer.
    #[serde(flatten)]
    pub what: Answer,
}

/// An answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "snake_case")]
pub enum Answer {
    /// The view.
    View {
        /// What there is to see.
        view: Box<AppView>,
    },
    /// The command was taken.
    Done,
    /// Who has the number.
    Report {
        /// The records.
        report: Report,
    },
    /// What was wanted of setting up.
    SetUp {
        /// The answer.
        answer: Box<admin::Answer>,
    },
    /// What was wanted of calls and customers.
    Assist {
        /// The answer.
        answer: Box<assist::Answer>,
    },
    /// It cannot be done; a code of the catalogs.
    Failed {
        /// Such as `timed_out` or `bad_request`.
        code: String,
        /// Details that are not translated.
        #[serde(default)]
        detail: Option<String>,
    },
}
