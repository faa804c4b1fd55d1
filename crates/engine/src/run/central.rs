//! Whose a call is, where a gateway writes calls down for its agents: the agent's program leaves those to it, and the
//! gateway's own engine writes those and no others. Which they are, the gateway says with the link, before any event; it
//! is remembered for a time when the gateway is away.
//!
//! Also takes to the gateway what an agent said of such a call, and hears from it of the record it made for one. Must not
//! know what is owed for a call.

use deskring_domain::CallId;
use deskring_store::Journal;
use deskring_yeastar as pbx;
use deskring_yeastar::CentralWriting;
use serde::{Deserialize, Serialize};

use super::{Back, Engine};
use crate::outbox::started_ms;
use crate::view::{CallView, WrapUpView, record_kind_of};

/// A fact: the gateway's word, and the address that said it.
const WORD: &str = "central_writing";
/// Names of facts that are notes on their way to the gateway.
const NOTE: &str = "note_to_gateway/";

/// Which calls this engine writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// An agent's: all but the gateway's.
    Agent,
    /// The gateway's, and no others.
    Gateway,
}

/// What is known of a gateway that writes.
pub(super) struct Central {
    part: Part,
    /// Where the PBX, or the gateway, is.
    address: Option<String>,
    word: Option<CentralWriting>,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    address: String,
    since_s: i64,
    until_s: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Waiting {
    call: String,
    disposition: Option<String>,
    text: Option<String>,
}

impl Central {
    pub(super) fn new(part: Part) -> Self {
        Self { part, address: None, word: None }
    }

    /// Whether this engine owes Desk what is to be written of a call.
    pub(super) fn leaves_to_us(&self, call: &str) -> bool {
        let is_gateways = self.word.is_some_and(|word| match started_ms(call) {
            Some(began_ms) => word.has(began_ms / 1000),
            // An id without a time in it: nothing tells but what is so now.
            None => word.goes_on(),
        });
        match self.part {
            Part::Agent => !is_gateways,
            Part::Gateway => is_gateways,
        }
    }

    /// Whether nobody else writes what we write.
    pub(super) fn is_sole(&self) -> bool {
        self.part == Part::Gateway
    }

    /// Whether somebody else writes what happens now.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.part == Part::Agent && self.word.is_some_and(CentralWriting::goes_on)
    }
}

impl Engine {
    /// The settings name this address. What it said last is in force until it can be heard.
    pub(super) fn recall_central(&mut self, address: Option<String>) {
        if address.is_none() || address == self.owing.central.address {
            return;
        }
        let remembered =
            self.history.fact(WORD).and_then(|text| serde_json::from_str::<Remembered>(&text).ok());
        let word = remembered.filter(|known| Some(&known.address) == address.as_ref());
        self.owing.central.word =
            word.map(|known| CentralWriting { since_s: known.since_s, until_s: known.until_s });
        self.owing.central.address = address;
    }

    /// The gateway has said who writes; a PBX says nothing.
    pub(super) fn learn_central(&mut self, word: Option<CentralWriting>) {
        if self.owing.central.word != word {
            self.owing.central.word = word;
            self.read_outbox();
        }
        let Some(address) = self.owing.central.address.clone() else { return };
        let kept = word.and_then(|word| {
            let CentralWriting { since_s, until_s } = word;
            serde_json::to_string(&Remembered { address, since_s, until_s }).ok()
        });
        // Nothing to remember is remembered as such: an earlier word is not in force any more.
        self.history.keep_fact(WORD, &kept.unwrap_or_default());
    }

    /// The gateway has made a record for a caller whom nobody knew. Of other calls nobody but us makes any.
    pub(super) fn hear_of_record(&mut self, made: &pbx::RecordMade) {
        let is_unknown =
            |view: CallView| matches!(view.who.state.as_str(), "nobody" | "searching" | "failed");
        if !self.owing.central.leaves_to_us(&made.call_id)
            && self.call_view_of(&made.call_id).is_some_and(is_unknown)
            && let Some(kind) = record_kind_of(&made.kind)
        {
            self.read_made(CallId::new(&made.call_id), kind, made.id.clone());
        }
    }

    /// The agent has said something of a call. Kept until the gateway has it.
    pub(super) fn note_for_gateway(&mut self, call: &str, extension: &str, said: &WrapUpView) {
        if self.owing.central.part == Part::Gateway || self.owing.central.leaves_to_us(call) {
            return;
        }
        let waiting =
            Waiting { call: call.to_owned(), disposition: said.disposition.clone(), text: said.note.clone() };
        let Ok(text) = serde_json::to_string(&waiting) else { return };
        self.history.keep_fact(&format!("{NOTE}{call}/{extension}"), &text);
        self.send_notes();
    }

    /// Takes to the gateway what it has not got yet.
    pub(super) fn send_notes(&mut self) {
        let (Some(client), Some(journal)) = (self.pbx.client().cloned(), self.history.journal()) else {
            return;
        };
        let waiting = journal.facts_named(NOTE).unwrap_or_default();
        if waiting.is_empty() {
            return;
        }
        let back = self.back_sender.clone();
        tokio::spawn(async move {
            for (name, text) in waiting {
                let Ok(Waiting { call, disposition, text: said }) = serde_json::from_str(&text) else {
                    continue;
                };
                let note = pbx::Note { call, disposition, text: said };
                match client.note(&note).await {
                    Ok(()) => {}
                    // It will never take it: it has stopped to write, or does not know the call.
                    Err(error) if error.retry() == pbx::Retry::Never => {
                        tracing::warn!(%error, "the gateway does not take a note");
                    }
                    Err(error) => {
                        tracing::info!(%error, "a note waits for the gateway");
                        return;
                    }
                }
                // An error means that the loop has ended; the note is sent once more then, which does no harm.
                let _ = back.send(Back::Noted { name, text });
            }
        });
    }

    /// The gateway has a note, unless the agent said something else meanwhile.
    pub(super) fn on_noted(&self, name: &str, text: &str) {
        let is_same = |journal: &Journal| journal.fact(name).is_ok_and(|kept| kept.as_deref() == Some(text));
        if let Some(journal) = self.history.journal()
            && is_same(journal)
            && let Err(error) = journal.forget_fact(name)
        {
            tracing::warn!(%error, "a note is not forgotten and will be sent again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_somebodys_and_nobodys_twice() {
        let word = Some(CentralWriting { since_s: 1_790_000_000, until_s: Some(1_790_000_100) });
        for word in [None, word, word.map(|word| CentralWriting { until_s: None, ..word })] {
            let [agent, gateway] =
                [Part::Agent, Part::Gateway].map(|part| Central { word, ..Central::new(part) });
            for call in ["1789999999.7", "1790000000.1", "1790000099.1", "1790000100.1", "no-time"] {
                assert_ne!(agent.leaves_to_us(call), gateway.leaves_to_us(call), "{call} {word:?}");
            }
        }
    }

    #[test]
    fn without_a_gateway_an_agent_writes_everything() {
        let central = Central::new(Part::Agent);
        assert!(central.leaves_to_us("1790000000.1") && central.leaves_to_us("no-time"));
        assert!(!central.is_elsewhere());
    }
}
