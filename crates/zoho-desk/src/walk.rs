//! Owns the walk over all contacts or accounts of a portal, page by page, in the order of their last change.
//! Must not know: what becomes of the records, when it is a good time to ask, who counts credits.
//!
//! Zoho's pages end at an offset of 999 or 4,999 (the sources disagree), and every page beyond the 2,000th row costs
//! more. So a page begins at the time where the last one ended instead: the offset stays small, each page costs 3
//! credits, and the place reached is a time that outlives a restart. A record that changes meanwhile moves to the end
//! of the order, where the walk still comes by: none is left out, and one may come twice. The end of one walk is the
//! beginning of the next, which brings what has changed since.

use std::fmt;
use std::str::FromStr;

use crate::Desk;
use crate::error::{Error, Kind};
use crate::owed::{desk_time, ms_of};
use crate::records::{Account, Contact, Record, list, rows, text};
use crate::search::LARGEST_PAGE;

/// Zoho's smallest page where it cuts a limit: fewer rows than this are the last ones.
const SMALLEST_PAGE: usize = 10;
/// Every source permits an offset up to here. A larger one is tried, and may be refused.
const SAFE_OFFSET: u32 = 999;
/// No source permits a larger one.
const LAST_OFFSET: u32 = 4_999;
/// Before the first portal: 2000-01-01.
const BEGINNING_MS: i64 = 946_684_800_000;
/// After the last change: a range needs an end, and this computer's clock may be wrong.
const FOR_EVER: &str = "2100-01-01T00:00:00.000Z";
/// Zoho keeps times in seconds.
const SECOND_MS: i64 = 1000;

/// A place in a walk. As text (`to_string`, `parse`) it can be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct WalkMark {
    /// A whole second, in milliseconds since 1970. Everything that changed before is behind.
    since_ms: i64,
    /// Rows from there on that are behind as well.
    offset: u32,
}

/// Whether there is more behind a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum WalkEnd {
    /// There may be.
    More,
    /// These were the last ones, for now.
    Reached,
}

/// One page of a walk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WalkPage<T> {
    /// The records, without those in the trash. Some may have come before; nobody may have.
    pub records: Vec<T>,
    /// Where the next page begins; when the end is reached, where a later walk begins.
    pub next: WalkMark,
    /// Whether there is more.
    pub end: WalkEnd,
    /// How many records there are from the asked place on, where Desk counts them.
    pub count: Option<u64>,
    /// A second, in milliseconds since 1970, in which more records were changed than Desk lists: those beyond its
    /// last page are left out. They come when they change again.
    pub crowded_ms: Option<i64>,
}

impl WalkMark {
    /// The beginning of everything.
    pub const BEGINNING: WalkMark = WalkMark { since_ms: BEGINNING_MS, offset: 0 };

    /// The place at a time.
    pub fn at(ms: i64) -> WalkMark {
        WalkMark { since_ms: ms.max(BEGINNING_MS) / SECOND_MS * SECOND_MS, offset: 0 }
    }

    /// The time up to which everything is behind, in milliseconds since 1970.
    pub fn ms(self) -> i64 {
        self.since_ms
    }
}

impl fmt::Display for WalkMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.since_ms, self.offset)
    }
}

/// A text that is no mark.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a place in a walk")]
pub struct NoMark;

impl FromStr for WalkMark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<WalkMark, NoMark> {
        let (since, offset) = text.split_once('+').ok_or(NoMark)?;
        let since: i64 = since.parse().map_err(|_| NoMark)?;
        let offset: u32 = offset.parse().map_err(|_| NoMark)?;
        if since != WalkMark::at(since).since_ms || offset > LAST_OFFSET {
            return Err(NoMark);
        }
        Ok(WalkMark { since_ms: since, offset })
    }
}

impl Desk {
    /// Contacts from a place on, in the order of their last change: one request, 3 credits (more only where thousands
    /// changed within one second). Comes from the index of the search, which lags by some minutes: a later walk begins
    /// as much earlier.
    ///
    /// # Errors
    /// Any; the same mark may be asked for again. [`Kind::Malformed`] for an answer in another order, with which
    /// nobody can tell what is missing.
    pub async fn walk_contacts(&self, mark: WalkMark) -> Result<WalkPage<Contact>, Error> {
        self.walk("contacts", mark).await
    }

    /// The same for accounts.
    ///
    /// # Errors
    /// As [`Desk::walk_contacts`].
    pub async fn walk_accounts(&self, mark: WalkMark) -> Result<WalkPage<Account>, Error> {
        self.walk("accounts", mark).await
    }

    async fn walk<T: Record>(&self, module: &str, mark: WalkMark) -> Result<WalkPage<T>, Error> {
        // A millisecond earlier: whether a range has its first moment in it is not documented.
        let since = desk_time(mark.since_ms - 1).ok_or_else(|| Error::refused_here("modifiedTimeRange"))?;
        let range = format!("{since},{FOR_EVER}");
        let mut query = vec![("modifiedTimeRange", range), ("sortBy", "modifiedTime".to_owned())];
        if mark.offset > 0 {
            // Sources disagree whether the first row is 0 or 1: one may come twice, none is left out.
            query.push(("from", mark.offset.to_string()));
        }
        query.push(("limit", LARGEST_PAGE.to_string()));
        let answer = match self.http.send(self.read(&[module, "search"], query)?).await {
            // Beyond the last page that this portal gives, and still within the same second.
            Err(error) if error.status() == Some(422) && mark.offset > SAFE_OFFSET => {
                return Ok(past_crowd(mark, Vec::new()));
            }
            answer => answer?,
        };
        let records = list(&answer)?;
        let rows = rows(&answer)?;
        let count = answer.get("count").and_then(whole);
        let times: Vec<i64> = rows.iter().filter_map(|row| ms_of(&text(row, "modifiedTime")?)).collect();
        if !times.is_sorted() {
            return Err(Error::new(Kind::Malformed));
        }
        if rows.len() < SMALLEST_PAGE {
            let last = times.last().map_or(mark.since_ms, |last| mark.since_ms.max(*last));
            return Ok(WalkPage {
                records,
                next: WalkMark::at(last),
                end: WalkEnd::Reached,
                count,
                crowded_ms: None,
            });
        }
        // Without any time nobody knows where to go on.
        let last = times.last().ok_or_else(|| Error::new(Kind::Malformed))?;
        let reached = WalkMark::at(*last);
        if reached.since_ms > mark.since_ms {
            return Ok(WalkPage { records, next: reached, end: WalkEnd::More, count, crowded_ms: None });
        }
        let offset = mark.offset + u32::try_from(rows.len().min(LARGEST_PAGE)).unwrap_or(0);
        if offset > LAST_OFFSET {
            return Ok(past_crowd(mark, records));
        }
        let next = WalkMark { offset, ..mark };
        Ok(WalkPage { records, next, end: WalkEnd::More, count, crowded_ms: None })
    }
}

/// A number, also one that was written as a text.
fn whole(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Goes on behind a second that has more than Desk lists.
fn past_crowd<T>(mark: WalkMark, records: Vec<T>) -> WalkPage<T> {
    WalkPage {
        records,
        next: WalkMark::at(mark.since_ms + SECOND_MS),
        end: WalkEnd::More,
        count: None,
        crowded_ms: Some(mark.since_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_nothing_else_is_one() {
        let mark = WalkMark { since_ms: 1_750_000_010_000, offset: 198 };
        assert_eq!(mark.to_string().parse(), Ok(mark));
        for odd in ["", "1", "+", "1750000010001+0", "-1+0", "1750000010000+9999", "1750000010000+-1"] {
            assert_eq!(odd.parse::<WalkMark>(), Err(NoMark), "{odd}");
        }
    }
}
