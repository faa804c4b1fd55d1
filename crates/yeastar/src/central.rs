//! Who writes calls down, where a gateway stands before the PBX.
//!
//! Owns: the word of a gateway about it, in the answer to a subscription, and its event about a record it has made. A PBX
//! says neither. Must not know: what is written, or where.

use serde_json::{Value, json};

use crate::event::{integer, string};

/// A gateway writes calls down for all of its agents: those that begin in this time, on the PBX's clock, which is also
/// the clock of a call's id. So everybody agrees on whose a call is, whenever they hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CentralWriting {
    /// First second, since 1970.
    pub since_s: i64,
    /// First second that is not its any more; nothing while it goes on.
    pub until_s: Option<i64>,
}

impl CentralWriting {
    /// Whether the gateway writes the calls that begin now.
    pub fn goes_on(self) -> bool {
        self.until_s.is_none()
    }

    /// Whether a call that began in this second is the gateway's.
    pub fn has(self, began_s: i64) -> bool {
        began_s >= self.since_s && self.until_s.is_none_or(|until| began_s < until)
    }

    /// The answer to a subscription, as the PBX gives it, with this word in it.
    pub fn answer(central: Option<CentralWriting>) -> String {
        match central {
            None => json!({ "errcode": 0, "errmsg": "SUCCESS" }),
            Some(CentralWriting { since_s, until_s }) => json!({
                "errcode": 0, "errmsg": "SUCCESS",
                "deskring": { "writes": { "since": since_s, "until": until_s } },
            }),
        }
        .to_string()
    }

    pub(crate) fn read(answer: &str) -> Option<CentralWriting> {
        let answer: Value = serde_json::from_str(answer).ok()?;
        let writes = answer.pointer("/deskring/writes")?;
        Some(CentralWriting { since_s: integer(writes, "since")?, until_s: integer(writes, "until") })
    }
}

/// A gateway has made a record for the other side of a call, whom nobody knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordMade {
    /// The call.
    pub call_id: String,
    /// Kind of the record; the one who writes and the one who hears agree on the word.
    pub kind: String,
    /// Its id where it was made.
    pub id: String,
}

impl RecordMade {
    /// Number of the event: no PBX has one like it. It goes to whoever hears of calls.
    pub const EVENT: i64 = 99_001;

    pub(crate) fn encode(&self) -> Value {
        json!({ "call_id": self.call_id, "kind": self.kind, "id": self.id })
    }

    pub(crate) fn read(msg: &Value) -> Option<RecordMade> {
        Some(RecordMade {
            call_id: string(msg, "call_id")?,
            kind: string(msg, "kind")?,
            id: string(msg, "id")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gateway_says_is_what_its_agents_hear() {
        for central in [
            None,
            Some(CentralWriting { since_s: 1_790_000_000, until_s: None }),
            Some(CentralWriting { since_s: 1_790_000_000, until_s: Some(1_790_000_500) }),
        ] {
            assert_eq!(CentralWriting::read(&CentralWriting::answer(central)), central);
        }
    }

    #[test]
    fn a_call_is_its_from_the_first_second_and_not_in_the_last() {
        let central = CentralWriting { since_s: 10, until_s: Some(20) };
        assert_eq!([9, 10, 19, 20].map(|second| central.has(second)), [false, true, true, false]);
    }
}
