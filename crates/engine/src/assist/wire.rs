//! What an agent asks about calls and customers, and what comes back: codes and plain values, the same for the window
//! and the local socket. Must not know how any of it is done.
//!
//! Times are milliseconds since 1970 (UTC). Fields of Desk go by their API names, such as `lastName`.

use std::collections::BTreeMap;
use std::fmt;

use deskring_redact::Pii;
use serde::{Deserialize, Serialize};

use crate::outbox::hand::{OutboxAsk, OutboxRowView};
use crate::view::{CallView, DialView, RecordView};

/// What is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "snake_case")]
pub enum Want {
    /// Calls that are over, the youngest first; answered by [`Answer::History`].
    History {
        /// Which.
        #[serde(flatten)]
        page: HistoryPage,
    },
    /// What a new record is asked for; answered by [`Answer::Form`]. Kept for a day.
    Form {
        /// `contact` or `account`.
        kind: String,
    },
    /// A form begun earlier; answered by [`Answer::Draft`].
    Draft {
        /// Its name, as [`DraftView::key`](crate::view::DraftView::key).
        key: String,
    },
    /// Keeps what was typed so far; answered by [`Answer::Done`].
    KeepDraft {
        /// The form.
        draft: Draft,
    },
    /// Forgets a form; answered by [`Answer::Done`].
    DiscardDraft {
        /// Its name.
        key: String,
    },
    /// Creates what a form says; the call belongs to it then, and its page opens. Answered by [`Answer::Saved`],
    /// [`Answer::Exists`] or [`Answer::Refused`].
    Save {
        /// The form as it is now; it is kept first.
        draft: Draft,
        /// Create it although there is somebody like it.
        #[serde(default)]
        anyway: bool,
    },
    /// Customers by what a person types; answered by [`Answer::Records`], contacts first.
    Find {
        /// A part of a name, company, mail address or number.
        text: String,
        /// `contact`, `account`, or both.
        #[serde(default)]
        kind: Option<String>,
    },
    /// Whom a person may mean who types a name or number; answered by [`Answer::Suggestions`].
    Suggest {
        /// What was typed so far.
        text: String,
        /// What for.
        purpose: Purpose,
        /// Where to look.
        r#in: Sources,
    },
    /// Writes a call's number into a record that does not have it; the call belongs to it then, and its page opens.
    /// Answered by [`Answer::Saved`] or [`Answer::Occupied`].
    AddNumber {
        /// The PBX's id of the call.
        call: String,
        /// `contact` or `account`.
        kind: String,
        /// Desk's id.
        id: String,
        /// `phone` or `mobile`; for the one that fits the number, nothing.
        #[serde(default)]
        field: Option<String>,
    },
    /// What helps to choose among records; answered by [`Answer::About`]. A few credits for each, so ask only for
    /// those a person sees.
    About {
        /// Which.
        records: Vec<RecordKey>,
    },
    /// Opens the open ticket that was changed last of a call's customer, or else their last one; answered by
    /// [`Answer::Done`]. The fault is `no_ticket` when there is none.
    OpenTicket {
        /// The PBX's id of the call.
        call: String,
    },
    /// Has my phone ring and then calls a number; answered by [`Answer::Dial`]. What a link or a page asks for and cannot
    /// be dialed is shown to the agent as well.
    Dial {
        /// A link (`tel:`, `callto:`, `sip:`, `deskring:`) where one was clicked, else what was typed.
        text: String,
        /// Who wants it.
        by: DialBy,
    },
    /// Does something to a call of mine that is on, one of [`CallView::acts`]; answered by [`Answer::Done`]. The fault is
    /// `act_not_now` when it is not one of them any more.
    Act {
        /// The PBX's id of the call.
        call: String,
        /// Which of my extensions has it.
        extension: String,
        /// Its code.
        act: String,
        /// With `transfer`: where to, as somebody wrote it.
        #[serde(default)]
        number: Option<String>,
    },
    /// Has my phone ring and then calls the other side of a call; answered by [`Answer::Done`].
    CallBack {
        /// The PBX's id of the call.
        call: String,
        /// Which of my extensions had it.
        extension: String,
    },
    /// Something of what is owed to Desk; answered as it says.
    Outbox {
        /// What.
        ask: OutboxAsk,
    },
}

/// Who wants a number to be called.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum DialBy {
    /// The agent, in the program itself.
    #[default]
    Person,
    /// A link from anywhere.
    Link,
    /// A button of the browser's extension in a page.
    Page {
        /// The page's host.
        host: String,
    },
    /// The global shortcut, with what was selected or copied.
    Clipboard,
}

/// What a number is typed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To call it.
    Dial,
    /// To send a call to it.
    Transfer,
}

/// Where somebody is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sources {
    /// In what is known here: answered at once.
    Known,
    /// Also in Desk, where the settings say so: a few credits, so ask only when somebody stops typing.
    Desk,
}

/// Which calls.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryFilter {
    /// All of them.
    #[default]
    All,
    /// Those I missed.
    Missed,
    /// Those of numbers that nobody in Desk has.
    Unknown,
}

/// A part of the history. `Debug` masks the text.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryPage {
    /// Which calls.
    pub filter: HistoryFilter,
    /// A part of name, company or number; empty for any.
    pub text: String,
    /// After skipping so many of the youngest.
    pub offset: usize,
    /// At most so many; cut to 1–100.
    pub limit: usize,
}

impl fmt::Debug for HistoryPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryPage")
            .field("filter", &self.filter)
            .field("text", &Pii::new(&self.text))
            .field("offset", &self.offset)
            .field("limit", &self.limit)
            .finish()
    }
}

/// A record by its id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordKey {
    /// `contact` or `account`.
    pub kind: String,
    /// Desk's id.
    pub id: String,
}

/// A form that somebody fills in. `Debug` shows nothing of the person.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Its name: one for each number, or for each call without a number.
    pub key: String,
    /// The call it belongs to.
    pub call: String,
    /// Which of my extensions had the call.
    pub extension: String,
    /// The number as the PBX gave it; may be empty.
    pub number: String,
    /// `contact` or `account`.
    pub kind: String,
    /// What was typed, by API name. A yes is `true`. The company of a contact is not here, but in `account`.
    pub values: BTreeMap<String, String>,
    /// The company of a contact.
    pub account: Option<DraftAccount>,
    /// It was sent once and nobody knows what became of it; set by the engine.
    pub sent: bool,
}

/// The company of a new contact: one that Desk has, or one that is to be created with it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftAccount {
    /// Desk's id; `None` to create it.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("call", &self.call).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for DraftAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DraftAccount").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What comes back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Calls, the youngest first.
    History {
        /// As many as were wanted.
        calls: Vec<CallView>,
        /// There are more.
        more: bool,
    },
    /// What a record is asked for.
    Form {
        /// In the order of the organization's layout. The company of a contact is `accountId`.
        fields: Vec<FieldView>,
        /// The layout could not be read: these are the fields every organization has, without their own labels.
        documented: bool,
    },
    /// A form begun earlier; `None` when it was saved or discarded.
    Draft {
        /// The form.
        draft: Option<Draft>,
    },
    /// It is in Desk now, and the call belongs to it.
    Saved {
        /// The record.
        record: RecordView,
    },
    /// Nothing was created: there is somebody with this number or mail address, perhaps made by a colleague just now.
    Exists {
        /// The records.
        records: Vec<RecordView>,
    },
    /// Nothing was created: Desk, or the check before it, refuses these fields.
    Refused {
        /// Every one of them.
        fields: Vec<FieldFault>,
    },
    /// Nothing was written: both fields hold other numbers, or cannot be seen.
    Occupied {
        /// The record.
        record: RecordView,
    },
    /// Records that fit.
    Records {
        /// Contacts first.
        records: Vec<RecordView>,
    },
    /// Whom somebody may mean.
    Suggestions {
        /// The best first, at most eight. What is known here comes first and does not move when Desk has answered.
        rows: Vec<SuggestionView>,
        /// Whether customers of Desk are among them.
        desk: DeskPart,
    },
    /// What helps to choose. Records that could not be asked for are missing.
    About {
        /// In no order.
        records: Vec<AboutView>,
    },
    /// It is dialed, or waits for an answer or for the PBX.
    Dial {
        /// As [`AppView::dial`](crate::AppView::dial); with the id 0 when it is the wish of a moment ago again, which has
        /// come to its end.
        dial: Box<DialView>,
    },
    /// Rows of the outbox, the youngest first.
    Outbox {
        /// As many as were wanted.
        rows: Vec<OutboxRowView>,
        /// There are more.
        more: bool,
    },
    /// A row of the outbox.
    OutboxRow {
        /// With all it carries.
        row: Box<OutboxRowView>,
    },
    /// Rows of the outbox are sent again.
    Retried {
        /// How many.
        count: u64,
    },
    /// It is done.
    Done,
}

/// Somebody with a number, or a number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestionView {
    /// `extension`, `recent` (a number of an earlier call), `contact` or `account`.
    pub kind: String,
    /// Whose number it is, where that is known.
    pub name: Option<String>,
    /// The company of a person.
    pub company: Option<String>,
    /// What to hand to [`Want::Dial`] or [`Want::Act`].
    pub number: String,
    /// The same as people here write it: what is dialed is what it shows.
    pub number_text: String,
}

impl fmt::Debug for SuggestionView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuggestionView").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What Desk has to do with suggestions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DeskPart {
    /// It is not asked; customers known here are among them.
    Off,
    /// It is to be asked as well: [`Sources::Desk`].
    NotAsked,
    /// It has answered.
    Answered,
    /// It has not.
    Failed {
        /// Code of why.
        cause: String,
    },
}

/// One field of a form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldView {
    /// Zoho's name of it.
    pub name: String,
    /// What the organization calls it; the API name where nothing is told.
    pub label: String,
    /// `text`, `lines`, `number`, `email`, `phone`, `url`, `date`, `boolean`, `choice`, `account`, or `other`: a kind
    /// that can be filled in only in Desk.
    pub kind: String,
    /// Desk refuses a record without it.
    pub required: bool,
    /// The most characters.
    pub max_length: Option<usize>,
    /// With `choice`: what to choose from; empty when Desk does not tell.
    pub choices: Vec<String>,
}

/// Why a field was refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldFault {
    /// Its API name; `account` for the company that was to be created.
    pub name: String,
    /// `missing`, `invalid` or `duplicate`.
    pub code: String,
}

/// What helps to choose among records.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AboutView {
    /// `contact` or `account`.
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// Subject of the ticket that was changed last.
    pub ticket: Option<String>,
    /// Whether that ticket is open.
    pub ticket_open: bool,
    /// When it, or the record, was changed last.
    pub active_ms: Option<i64>,
}
