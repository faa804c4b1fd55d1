//! Names behind the numbers: extensions, queues, ring groups, IVRs, and the PBX itself.
//!
//! Owns: the directory requests and their paging, read leniently. Must not know: how long an answer is kept, or
//! who asks.
//!
//! Source: Yeastar developer guide, "Extension", "Queue", "Ring group", "IVR", "System".

use std::{collections::HashSet, fmt};

use deskring_redact::{mask_name, mask_number};
use serde_json::Value;

use crate::{
    error::{Error, Kind},
    event::{integer, string},
    http::Ask,
    pbx::{Core, Pbx},
};

const PAGE_ROWS: usize = 1000;
/// More pages than the largest PBX has rows for.
const PAGES: usize = 50;

/// The PBX about itself (`system/information`). Every field may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Information {
    /// Name the administrator gave it.
    pub device_name: Option<String>,
    /// `P560`, …
    pub model: Option<String>,
    /// Serial number: the identity of this PBX.
    pub serial: Option<String>,
    /// Firmware, `37.…` appliance, `83.…` software, `84.…` cloud.
    pub firmware: Option<String>,
    /// Local time in the display format, as sent.
    pub system_time: Option<String>,
    /// The same moment in seconds since 1970, for the offset of the PBX's local time.
    pub timestamp: Option<i64>,
    /// Display format of dates, for example `DD/MM/YYYY`.
    pub date_format: Option<String>,
    /// Display format of times, for example `hh:mm:ss PM`.
    pub time_format: Option<String>,
    /// Seconds since its start.
    pub uptime_seconds: Option<i64>,
}

/// An extension of the PBX. `Debug` masks numbers and names.
#[derive(Clone, PartialEq, Eq)]
pub struct Extension {
    /// Internal id, by which queues name their agents.
    pub id: Option<i64>,
    /// Extension number.
    pub number: String,
    /// Caller ID name.
    pub name: Option<String>,
    /// Mail address; left out by the PBX when empty.
    pub email: Option<String>,
    /// Mobile number.
    pub mobile: Option<String>,
    /// Presence, as sent: `available`, `do_not_disturb`, …
    pub presence: Option<String>,
}

/// A queue, ring group or IVR: what [`Member::path`](crate::Member::path) names by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Internal id.
    pub id: Option<i64>,
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: Option<String>,
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extension")
            .field("id", &self.id)
            .field("number", &mask_number(&self.number))
            .field("name", &self.name.as_deref().map(mask_name))
            .field("presence", &self.presence)
            .finish_non_exhaustive()
    }
}

impl Pbx {
    /// The PBX about itself; also the test of a connection.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn information(&self) -> Result<Information, Error> {
        let answer = self.0.ask(Ask::read("system/information")).await?;
        let data = answer.get("data").filter(|data| data.is_object()).unwrap_or(&answer);
        Ok(Information {
            device_name: string(data, "device_name"),
            model: string(data, "model_name"),
            serial: string(data, "sn"),
            firmware: string(data, "firmware_version"),
            system_time: string(data, "system_time"),
            timestamp: integer(data, "timestamp"),
            date_format: string(data, "system_date_format"),
            time_format: string(data, "system_time_format"),
            uptime_seconds: integer(data, "up_time"),
        })
    }

    /// All extensions, in the order of the PBX. Rows without a number are skipped.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn extensions(&self) -> Result<Vec<Extension>, Error> {
        let rows = self.0.rows(Ask::read("extension/list")).await?;
        let read = |row: &Value| {
            Some(Extension {
                id: integer(row, "id"),
                number: number(row)?,
                name: name(row),
                email: string(row, "email_addr"),
                mobile: string(row, "mobile_number"),
                presence: string(row, "presence_status"),
            })
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// All queues.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn queues(&self) -> Result<Vec<Feature>, Error> {
        self.0.features("queue/list").await
    }

    /// All ring groups.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn ring_groups(&self) -> Result<Vec<Feature>, Error> {
        self.0.features("ringgroup/list").await
    }

    /// All IVRs.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn ivrs(&self) -> Result<Vec<Feature>, Error> {
        self.0.features("ivr/list").await
    }
}

impl Core {
    async fn features(&self, endpoint: &'static str) -> Result<Vec<Feature>, Error> {
        let read =
            |row: &Value| Some(Feature { id: integer(row, "id"), number: number(row)?, name: name(row) });
        Ok(self.rows(Ask::read(endpoint)).await?.iter().filter_map(read).collect())
    }

    /// All pages of a list.
    pub(crate) async fn rows(&self, ask: Ask) -> Result<Vec<Value>, Error> {
        let (mut rows, mut seen) = (Vec::new(), HashSet::new());
        for number in 1..=PAGES {
            let page = match self.page(ask.clone(), number).await {
                // QUIRK(yeastar): paging is not documented for every list; ask for the whole one instead.
                Err(error) if error.kind() == &Kind::Parameter && number == 1 => {
                    return self.ask(ask).await.map(into_rows);
                }
                page => page?,
            };
            let received = page.rows.len();
            // A firmware that ignores `page` sends the same rows for ever.
            let fresh: Vec<_> = page.rows.into_iter().filter(|row| seen.insert(row.to_string())).collect();
            let repeated = fresh.is_empty();
            rows.extend(fresh);
            let complete = match page.total {
                Some(total) => rows.len() >= total,
                None => received < PAGE_ROWS,
            };
            if complete || repeated {
                break;
            }
        }
        Ok(rows)
    }

    /// One page of a list, counted from 1.
    pub(crate) async fn page(&self, ask: Ask, number: usize) -> Result<Page, Error> {
        match self.ask(ask.with("page", number).with("page_size", PAGE_ROWS)).await {
            Ok(answer) => {
                let total = integer(&answer, "total_number").and_then(|total| usize::try_from(total).ok());
                Ok(Page { rows: into_rows(answer), total })
            }
            Err(error) if error.kind() == &Kind::NotFound => Ok(Page { rows: Vec::new(), total: Some(0) }),
            Err(error) => Err(error),
        }
    }
}

/// A page of a list.
pub(crate) struct Page {
    pub(crate) rows: Vec<Value>,
    total: Option<usize>,
}

/// QUIRK(yeastar): the rows are under `data`, or under `queue_list` and the like; an empty list is left out.
fn into_rows(answer: Value) -> Vec<Value> {
    let Value::Object(mut answer) = answer else { return Vec::new() };
    answer.remove("invalid_param_list");
    if let Some(Value::Array(rows)) = answer.remove("data") {
        return rows;
    }
    let list = answer.into_iter().find_map(|(name, value)| match value {
        Value::Array(rows) if name.ends_with("list") => Some(rows),
        _ => None,
    });
    list.unwrap_or_default()
}

fn number(row: &Value) -> Option<String> {
    ["number", "ext_number", "ext_num"].iter().find_map(|field| string(row, field))
}

fn name(row: &Value) -> Option<String> {
    ["name", "caller_id_name", "display_name"].iter().find_map(|field| string(row, field))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_found_under_their_names() {
        let row = json!({"number": "6400"});
        for (answer, count) in [
            (json!({"errcode": 0, "data": [row, row]}), 2),
            (json!({"errcode": 0, "queue_list": [row], "total_number": 1}), 1),
            (json!({"errcode": 0, "invalid_param_list": [row]}), 0),
            (json!({"errcode": 0}), 0),
            (json!({"errcode": 0, "data": null}), 0),
        ] {
            assert_eq!(into_rows(answer.clone()).len(), count, "{answer}");
        }
    }
}
