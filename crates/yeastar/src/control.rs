//! Acting on calls.
//!
//! Owns: the call control requests. Must not know: whose calls these are. The API has no rights per extension,
//! so it is the caller who must not touch other people's calls.
//!
//! A write is never repeated by itself. When its answer is lost, [`Error::retry`] is
//! [`Retry::Unknown`](crate::Retry::Unknown): look at the calls before trying again.
//!
//! Source: Yeastar developer guide, "Call control".

use std::fmt;

use deskring_redact::mask_number;
use serde_json::json;

use crate::{
    error::Error,
    event::{mask_channel, string},
    http::Ask,
    pbx::Pbx,
};

/// A call to make. `Debug` masks numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Dial {
    /// Extension that is called first.
    pub caller: String,
    /// Extension, feature or outside number that is called when the caller answered.
    pub callee: String,
    /// Extension whose right to call outside is used. Without the right the call fails with event 30015,
    /// while this request may still succeed.
    pub permission: Option<String>,
    /// Whether the caller's phone is asked to answer by itself.
    pub auto_answer: AutoAnswer,
}

/// Whether the caller's phone is asked to answer by itself. Only some phones and Linkus Desktop do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoAnswer {
    /// It rings.
    #[default]
    No,
    /// It answers.
    Yes,
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial")
            .field("caller", &mask_number(&self.caller))
            .field("callee", &mask_number(&self.callee))
            .field("auto_answer", &self.auto_answer)
            .finish_non_exhaustive()
    }
}

/// A member of a call to be sent to another number, blindly: the transferor leaves and does not learn whether that
/// number answers. `Debug` masks numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Channel of the member that is moved: when A and B talk and B sends A to C, it is A's, not the transferor's.
    pub moved: String,
    /// Extension, feature or outside number that it is sent to.
    pub number: String,
    /// The transferor's extension; its right to call outside is used. The PBX demands it.
    pub permission: String,
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("moved", &mask_channel(&self.moved))
            .field("number", &mask_number(&self.number))
            .finish_non_exhaustive()
    }
}

/// What an agent said of a call after it. `Debug` tells only which call.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    /// Id of the call.
    pub call: String,
    /// What came of it.
    pub disposition: Option<String>,
    /// In their words.
    pub text: Option<String>,
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Pbx {
    /// Makes a call, the caller's phone first (`call/dial`). The answer means "accepted", not "rings": wait for
    /// 30011 or 30015 of the id it returns.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn dial(&self, dial: &Dial) -> Result<Option<String>, Error> {
        let mut body = json!({
            "caller": dial.caller,
            "callee": dial.callee,
            "auto_answer": match dial.auto_answer { AutoAnswer::Yes => "yes", AutoAnswer::No => "no" },
        });
        if let (Some(permission), Some(body)) = (&dial.permission, body.as_object_mut()) {
            body.insert("dial_permission".to_owned(), json!(permission));
        }
        let answer = self.0.ask(Ask::write("call/dial", body)).await?;
        Ok(string(&answer, "call_id"))
    }

    /// Hangs up the member with this channel (`call/hangup`). A member that rings declines; that is inferred, not
    /// documented.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn hang_up(&self, channel: &str) -> Result<(), Error> {
        self.channel("call/hangup", channel).await
    }

    /// Holds: the channel is the member that holds the other (`call/hold`).
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn hold(&self, channel: &str) -> Result<(), Error> {
        self.channel("call/hold", channel).await
    }

    /// Takes the other back from hold (`call/unhold`).
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn unhold(&self, channel: &str) -> Result<(), Error> {
        self.channel("call/unhold", channel).await
    }

    /// Silences the member with this channel: the others do not hear it (`call/mute`).
    ///
    /// QUIRK(yeastar): no member status stands for "muted", so neither events nor [`Pbx::calls`] tell it; whoever
    /// mutes must remember it.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn mute(&self, channel: &str) -> Result<(), Error> {
        self.channel("call/mute", channel).await
    }

    /// Lets the others hear the member again (`call/unmute`).
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn unmute(&self, channel: &str) -> Result<(), Error> {
        self.channel("call/unmute", channel).await
    }

    /// Sends a member to another number and lets the transferor go (`call/transfer`, type `blind`). The answer
    /// means "accepted"; what becomes of the call is told by 30011.
    ///
    /// QUIRK(yeastar): 30013 does not report a transfer made this way (documented for an older series), and it is
    /// not documented whether the call keeps its id.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn transfer_blind(&self, transfer: &Transfer) -> Result<(), Error> {
        let body = json!({
            "type": "blind",
            "channel_id": transfer.moved,
            "number": transfer.number,
            "dial_permission": transfer.permission,
        });
        self.0.ask(Ask::write("call/transfer", body)).await.map(drop)
    }

    /// What an agent said of a call, for a gateway that writes it down (`deskring/note`). A PBX has no such request.
    ///
    /// # Errors
    /// Transport faults and refusals. Saying it again does no harm.
    pub async fn note(&self, note: &Note) -> Result<(), Error> {
        let body = json!({ "call_id": note.call, "disposition": note.disposition, "note": note.text });
        self.0.ask(Ask::write("deskring/note", body)).await.map(drop)
    }

    async fn channel(&self, endpoint: &'static str, channel: &str) -> Result<(), Error> {
        self.0.ask(Ask::write(endpoint, json!({"channel_id": channel}))).await.map(drop)
    }
}
