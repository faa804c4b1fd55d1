//! Names behind the numbers: extensions, queues, ring groups, IVRs, and the PBX itself.
//!
//! Owns: the directory requests and their paging, read leniently. Must not know: how long an answer is kept, or
//! who asks.
//!
//! Source: Yeastar developer guide, "Extension", "Queue", "Ring group", "IVR", "System".

use std::{collections::HashSet, fmt, time::SystemTime};

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

/// The oldest firmware of each family that has the interface we use. Appliance and cloud: the first with an API.
/// Software: what Yeastar's manual of the Zoho Desk integration asks for.
const NEEDED_FIRMWARE: [&str; 3] = ["37.7.0.16", "83.21.0.66", "84.7.0.17"];

impl Information {
    /// The firmware that would be needed, when this one is older. A firmware that is not told, not four numbers or
    /// of a family we have never heard of is not called too old.
    pub fn is_too_old(&self) -> Option<&'static str> {
        let has = version(self.firmware.as_deref()?)?;
        let of_family = |needed: &[u32; 4]| needed.first() == has.first();
        let (needed, text) = NEEDED_FIRMWARE
            .into_iter()
            .filter_map(|text| Some((version(text)?, text)))
            .find(|(needed, _)| of_family(needed))?;
        (has < needed).then_some(text)
    }

    /// How many seconds the PBX's clock is ahead of ours (behind: negative), when the PBX tells its time. `now` is
    /// our time when the answer arrived; both sides count full seconds and the way takes its time, so a second or
    /// two mean nothing.
    pub fn clock_offset(&self, now: SystemTime) -> Option<i64> {
        let ours = match now.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).ok()?,
            Err(before) => -i64::try_from(before.duration().as_secs()).ok()?,
        };
        self.timestamp?.checked_sub(ours)
    }
}

/// `37.23.0.123` as numbers that compare as versions do.
fn version(text: &str) -> Option<[u32; 4]> {
    let parts: Option<Vec<u32>> = text.trim().split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
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

    /// The first rows of a list.
    pub(crate) async fn first_rows(&self, ask: Ask, most: usize) -> Result<Vec<Value>, Error> {
        Ok(self.page_of(ask, 1, most.clamp(1, PAGE_ROWS)).await?.rows)
    }

    /// One page of a list, counted from 1.
    pub(crate) async fn page(&self, ask: Ask, number: usize) -> Result<Page, Error> {
        self.page_of(ask, number, PAGE_ROWS).await
    }

    pub(crate) async fn page_of(&self, ask: Ask, number: usize, rows: usize) -> Result<Page, Error> {
        match self.ask(ask.with("page", number).with("page_size", rows)).await {
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
    pub(crate) total: Option<usize>,
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

pub(crate) fn number(row: &Value) -> Option<String> {
    ["number", "ext_number", "ext_num"].iter().find_map(|field| string(row, field))
}

fn name(row: &Value) -> Option<String> {
    ["name", "caller_id_name", "display_name"].iter().find_map(|field| string(row, field))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn with(firmware: Option<&str>, timestamp: Option<i64>) -> Information {
        Information { firmware: firmware.map(str::to_owned), timestamp, ..Information::default() }
    }

    #[test]
    fn a_firmware_is_too_old_below_what_its_family_needs() {
        for (firmware, needed) in [
            ("37.7.0.15", Some("37.7.0.16")),
            ("37.7.0.16", None),
            ("37.23.0.123", None),
            ("37.6.99.99", Some("37.7.0.16")),
            ("83.9.0.66", Some("83.21.0.66")),
            (" 83.21.0.66 ", None),
            ("83.21.0.65", Some("83.21.0.66")),
            ("84.7.0.16", Some("84.7.0.17")),
            ("84.10.0.1", None),
        ] {
            assert_eq!(with(Some(firmware), None).is_too_old(), needed, "{firmware}");
        }
    }

    #[test]
    fn a_firmware_we_cannot_judge_is_not_called_too_old() {
        for firmware in [
            "",
            "37",
            "37.1",
            "37.1.0",
            "37.1.0.1-beta",
            "30.1.0.1",
            "85.0.0.1",
            "37.1.0.99999999999",
            "37.1.0.1.5",
            "v37.1.0.1",
        ] {
            assert_eq!(with(Some(firmware), None).is_too_old(), None, "{firmware}");
        }
        assert_eq!(Information::default().is_too_old(), None);
    }

    #[test]
    fn the_clocks_are_compared_in_seconds() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_900);
        for (timestamp, offset) in [
            (Some(1_790_000_000), Some(0)),
            (Some(1_790_000_125), Some(125)),
            (Some(1_789_996_400), Some(-3600)),
            (Some(i64::MIN), None),
            (None, None),
        ] {
            assert_eq!(with(None, timestamp).clock_offset(now), offset, "{timestamp:?}");
        }
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(10);
        assert_eq!(with(None, Some(5)).clock_offset(before), Some(15));
    }

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
