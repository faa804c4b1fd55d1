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

use crate::{error::Error, event::string, http::Ask, pbx::Pbx};

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

    /// Hangs up the member with this channel (`call/hangup`).
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

    async fn channel(&self, endpoint: &'static str, channel: &str) -> Result<(), Error> {
        self.0.ask(Ask::write(endpoint, json!({"channel_id": channel}))).await.map(drop)
    }
}
