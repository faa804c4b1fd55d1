//! What the PBX wrote down about calls, for the time nobody listened.
//!
//! Owns: the request for the call log and its rows. Must not know: which calls are whose, or what was seen
//! already.
//!
//! Source: Yeastar developer guide, "CDR", API v1.0.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use deskring_redact::mask_name;
use serde_json::Value;

use crate::{
    error::{Error, Kind},
    event::{CallRecord, RecordKind, RecordStatus, integer, string},
    http::Ask,
    pbx::Pbx,
};

/// The PBX's clock may be ahead of ours; nothing is written down before it happened.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// A row of the call log. One call has one row per leg (IVR, queue, agent) with the same `uid` and `call_id`.
/// `Debug` masks numbers and names.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedCall {
    /// The leg, in the shape of event 30012. [`CallRecord::started`] is in the display format of the PBX,
    /// [`CallRecord::agent_ring_seconds`] is the ringing of this leg.
    pub record: CallRecord,
    /// Start.
    pub started_at: Option<SystemTime>,
    /// Caller's name.
    pub from_name: Option<String>,
    /// Name of the called extension, queue, IVR, …
    pub to_name: Option<String>,
    /// Who ended the call or why it failed, in the PBX's words.
    pub reason: Option<String>,
}

impl fmt::Debug for LoggedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedCall")
            .field("record", &self.record)
            .field("started_at", &self.started_at)
            .field("from_name", &self.from_name.as_deref().map(mask_name))
            .field("to_name", &self.to_name.as_deref().map(mask_name))
            .finish_non_exhaustive()
    }
}

impl Pbx {
    /// The rows of calls that started at `since` or later, newest first, up to now (`cdr/search`). Rows without
    /// a readable start are included: better twice than never.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn logged_calls(&self, since: SystemTime) -> Result<Vec<LoggedCall>, Error> {
        let search = newest_first(Ask::read("cdr/search"))
            .with("start_time", seconds(since))
            .with("end_time", seconds(SystemTime::now() + AHEAD));
        let rows = match self.0.rows(search).await {
            // QUIRK(yeastar): the pages document times in the display format, real boxes want seconds since
            // 1970 and answer 40002 to the other. The newest page of the whole list needs neither.
            Err(error) if error.kind() == &Kind::Parameter => {
                self.0.page(newest_first(Ask::read("cdr/list")), 1).await?.rows
            }
            rows => rows?,
        };
        let since = UNIX_EPOCH + Duration::from_secs(seconds(since));
        let read = rows.iter().map(read).filter(|call| call.started_at.is_none_or(|at| at >= since));
        Ok(read.collect())
    }

    /// The newest rows of the whole log (`cdr/list`), at most a page of them.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn newest_logged(&self, most: usize) -> Result<Vec<LoggedCall>, Error> {
        Ok(self.0.first_rows(newest_first(Ask::read("cdr/list")), most).await?.iter().map(read).collect())
    }

    /// The newest rows of calls from this number and of calls to it (`cdr/search`), so many of each. The PBX compares
    /// with the number as it was shown or dialed.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn logged_with(&self, number: &str, most: usize) -> Result<Vec<LoggedCall>, Error> {
        let of = |side: &'static str| newest_first(Ask::read("cdr/search")).with(side, number);
        let mut rows = self.0.first_rows(of("call_from"), most).await?;
        rows.extend(self.0.first_rows(of("call_to"), most).await?);
        Ok(rows.iter().map(read).collect())
    }
}

fn newest_first(ask: Ask) -> Ask {
    ask.with("sort_by", "time").with("order_by", "desc")
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn read(row: &Value) -> LoggedCall {
    let party = |name: &str| Party::read(row, name);
    let (from, to) = (party("call_from"), party("call_to"));
    let started_at = integer(row, "timestamp")
        .and_then(|seconds| u64::try_from(seconds).ok())
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    let short = |name| integer(row, name).and_then(|seconds| u32::try_from(seconds).ok());
    LoggedCall {
        record: CallRecord {
            call_id: string(row, "call_id"),
            uid: string(row, "uid"),
            from: from.number,
            to: to.number,
            started: string(row, "time"),
            duration: short("duration"),
            talk_duration: short("talk_duration"),
            status: RecordStatus::read(string(row, "disposition")),
            kind: RecordKind::read(string(row, "call_type")),
            source_trunk: string(row, "src_trunk"),
            destination_trunk: string(row, "dst_trunk"),
            did_number: string(row, "did_number").or_else(|| string(row, "did")),
            did_name: string(row, "did_name"),
            recording: string(row, "record_file"),
            agent_ring_seconds: short("ring_duration"),
            call_note_id: string(row, "call_note_id"),
        },
        started_at,
        from_name: from.name,
        to_name: to.name,
        reason: string(row, "reason"),
    }
}

/// One side of a row: `call_from_number` and `call_from_name`, or both in `call_from` as `Name<number>`.
struct Party {
    number: Option<String>,
    name: Option<String>,
}

impl Party {
    fn read(row: &Value, field: &str) -> Party {
        let both = string(row, field).unwrap_or_default();
        let (name, number) = match both.strip_suffix('>').and_then(|both| both.rsplit_once('<')) {
            Some((name, number)) => (name.trim(), number.trim()),
            None => ("", both.as_str()),
        };
        let present = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Party {
            number: string(row, &format!("{field}_number")).or_else(|| present(number)),
            name: string(row, &format!("{field}_name")).or_else(|| present(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::fake::{Fake, Reply, quick, refusal};

    #[test]
    fn both_sides_are_read_from_either_form() {
        for (row, number, name) in [
            (json!({"call_from": "Ana<2002>"}), Some("2002"), Some("Ana")),
            (json!({"call_from": "Queue <A><6400>"}), Some("6400"), Some("Queue <A>")),
            (json!({"call_from": "5550100"}), Some("5550100"), None),
            (json!({"call_from": "<5550100>", "call_from_name": "Bo"}), Some("5550100"), Some("Bo")),
            (json!({"call_from": "x", "call_from_number": 2002}), Some("2002"), None),
            (json!({}), None, None),
        ] {
            let party = Party::read(&row, "call_from");
            assert_eq!((party.number.as_deref(), party.name.as_deref()), (number, name), "{row}");
        }
    }

    #[tokio::test]
    async fn the_log_is_searched_by_seconds_and_else_listed_and_filtered() {
        let row = |uid: &str, timestamp: u64| {
            json!({"uid": uid, "call_id": "1.1", "timestamp": timestamp, "call_from": "Ana<2002>",
                "call_to_number": "5550100", "disposition": "NO ANSWER", "call_type": "Outbound", "duration": 9})
        };
        let rows = json!({"errcode": 0, "total_number": 2, "data": [row("new", 1_790_000_100), row("old", 1_790_000_000)]});
        let mut searched = 0;
        let pbx = Fake::start(move |asked| match asked.endpoint.as_str() {
            "cdr/search" => {
                assert!(asked.head.contains("start_time=1790000050&"), "{}", asked.head);
                searched += 1;
                if searched == 1 { Reply::Json(rows.clone()) } else { refusal(40002) }
            }
            "cdr/list" => Reply::Json(rows.clone()),
            _ => Reply::Default,
        })
        .await;
        let handle = pbx.pbx(quick(), Arc::default());
        for listed in [0, 1] {
            let calls = handle.logged_calls(UNIX_EPOCH + Duration::from_secs(1_790_000_050)).await.unwrap();
            assert_eq!(calls.len(), 1);
            assert_eq!(calls[0].record.uid.as_deref(), Some("new"));
            assert_eq!(calls[0].record.status, RecordStatus::NoAnswer);
            assert_eq!(pbx.count("cdr/list"), listed);
        }
    }
}
