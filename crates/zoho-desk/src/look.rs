//! Owns the look into Desk before something is written again, or by somebody else who would write the same: lists of
//! the newest records, which do not wait for the index of the search.
//! Must not know: why a look is needed, or what number belongs to whom.
//!
//! "Not there" is a promise that a second record is none too many, so it is given only when everything that could be the
//! record has been looked at. Records in the trash count as found: somebody threw the record away, and it is not to come
//! back.

use serde_json::Value;

use crate::Desk;
use crate::cut::has_marker;
use crate::error::{Error, Kind};
use crate::owed::{CallActivity, Marker, NewCall, NewTicket, ms_of, subject};
use crate::records::{Account, Contact, Record, Ticket, gone, list, one, rows, text};
use crate::search::{LARGEST_PAGE, distinct};

/// Pages of one list that are read at most, at 3 credits each.
const MOST_PAGES: usize = 5;
/// Tickets that are fetched one by one at most, at 1 credit each.
const MOST_TICKETS: usize = 25;
/// The same for calls: all that began in the same second, as those of everybody whose phone a queue let ring.
const MOST_CALLS: usize = 100;
/// Lists end here, at growing costs [code: 422 above 4,999].
const LAST_OFFSET: usize = 4_800;
/// Rows that may be deleted while a place in a list is looked for.
const SLACK: usize = 20;
/// Times of records are Zoho's, those of our tries are this computer's. A record older than the first try is not it, and
/// this much wrong a clock may be.
const CLOCK_MS: i64 = 24 * 3600 * 1000;
/// The same where a list is read back to a time: further costs credits.
const REACH_MS: i64 = 3600 * 1000;
/// Zoho cuts times to seconds.
const SAME_MS: i64 = 1000;

/// What a look found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Look<T> {
    /// It is there.
    Found(T),
    /// It is not.
    Absent,
    /// There were too many to look at all of them. A person can tell.
    Unsure,
}

/// The newest records of a kind, the newest first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Newest<T> {
    /// The records. At least a page of them, so that a wrong clock hides nothing.
    pub records: Vec<T>,
    /// Whether all that were created since the time that was asked for are among them.
    pub reach: Reach,
}

/// How far back a list was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Reach {
    /// Back to the time that was asked for, or to the first record.
    Whole,
    /// Not so far: there are too many.
    Cut,
}

/// A list with one order.
struct Listing<'a> {
    path: &'a [&'a str],
    query: Vec<(&'static str, String)>,
    /// The time that the list is sorted by, the latest first.
    key: &'static str,
    /// It is read until it is older than this.
    until_ms: i64,
}

impl Desk {
    /// Looks for a ticket that an earlier try may have created, or another program in its place: the marker is looked for
    /// among the contact's tickets and, because that list may come from the index of the search, among all new ones.
    /// `since_ms` is the time of the first try, in milliseconds since 1970 (UTC).
    ///
    /// 4 credits when it is there and 6 when it is not, where nobody else wrote much; never more than 80.
    ///
    /// # Errors
    /// Any; nothing is known then.
    pub async fn find_ticket(&self, new: &NewTicket, since_ms: i64) -> Result<Look<Ticket>, Error> {
        if !new.contact.is_digits() {
            return Err(Error::refused_here("contactId"));
        }
        let newest = || vec![("sortBy", "-createdTime".to_owned())];
        let path = ["contacts", new.contact.as_str(), "tickets"];
        let of_contact =
            |query| Listing { path: &path, query, key: "createdTime", until_ms: since_ms - REACH_MS };
        // As everywhere: some portals want a department for this list.
        let own = match self.read_back(of_contact(newest())).await {
            Err(error) if error.status() == Some(422) => {
                let mut query = newest();
                query.push(("departmentId", new.department.to_string()));
                self.read_back(of_contact(query)).await.map_err(gone)
            }
            answer => answer.map_err(gone),
        };
        let own = match own {
            Ok(own) => Some(own),
            // Merged into another: its tickets are that one's now, and among all new ones.
            Err(error) if *error.kind() == Kind::Gone => None,
            Err(error) => return Err(error),
        };
        let merged = own.is_none();
        let (own, own_reach) = own.unwrap_or((Vec::new(), Reach::Whole));
        let sent = subject(&new.subject);
        let by_subject = |row: &Value| text(row, "subject").is_some_and(|subject| subject == sent);
        let recent = |row: &Value| time(row, "createdTime").is_none_or(|time| time >= since_ms - CLOCK_MS);
        let own = own.into_iter().filter(|row| recent(row) || by_subject(row)).collect();
        let own = match self.look_at("tickets", own, MOST_TICKETS, by_subject, &new.marker).await? {
            Look::Absent if own_reach == Reach::Cut => Look::Unsure,
            other => other,
        };
        if own != Look::Absent {
            return Ok(own);
        }
        let listing = Listing {
            path: &["tickets"],
            query: newest(),
            key: "createdTime",
            until_ms: since_ms - REACH_MS,
        };
        let (all, reach) = self.read_back(listing).await?;
        let of_contact = |row: &Value| text(row, "contactId").is_none_or(|id| id == new.contact.as_str());
        let all = all.into_iter().filter(|row| recent(row) && (of_contact(row) || by_subject(row))).collect();
        match self.look_at("tickets", all, MOST_TICKETS, by_subject, &new.marker).await? {
            // Else what the contact's own list does not know yet is young, and among those read.
            Look::Absent if reach == Reach::Cut && merged => Ok(Look::Unsure),
            other => Ok(other),
        }
    }

    /// Looks for a call activity that an earlier try may have created, or another program in its place. A call is known
    /// by the moment it began, and the marker tells calls of the same second apart.
    ///
    /// 4 credits when it is there and 3 when it is not, where nobody else wrote much. Where thousands of calls are
    /// younger, 12 questions more to find the place in the list, 3 credits each and more beyond the 2,000th.
    ///
    /// # Errors
    /// Any; nothing is known then.
    pub async fn find_call(&self, new: &NewCall) -> Result<Look<CallActivity>, Error> {
        if !new.department.is_digits() {
            return Err(Error::refused_here("departmentId"));
        }
        let listing = Listing {
            path: &["calls"],
            // By the moment it began, which no clock of this computer has a part in.
            query: vec![("departmentId", new.department.to_string()), ("sortBy", "-startTime".to_owned())],
            key: "startTime",
            until_ms: new.started_ms - SAME_MS,
        };
        let (calls, reach) = self.read_around(listing, new.started_ms + SAME_MS).await?;
        let same =
            |row: &Value| time(row, "startTime").is_none_or(|time| (time - new.started_ms).abs() <= SAME_MS);
        let calls = calls.into_iter().filter(same).collect();
        let of_contact = |row: &Value| text(row, "contactId").is_some_and(|id| id == new.contact.as_str());
        match self.look_at("calls", calls, MOST_CALLS, of_contact, &new.marker).await? {
            Look::Absent if reach == Reach::Cut => Ok(Look::Unsure),
            other => Ok(other),
        }
    }

    /// The newest contacts, at least all that were created since `since_ms` (milliseconds since 1970, UTC) if that are
    /// not too many: 3 credits for each hundred. A contact whose creation was lost is among them by its number, before
    /// the search knows it.
    ///
    /// # Errors
    /// Any.
    pub async fn newest_contacts(&self, since_ms: i64) -> Result<Newest<Contact>, Error> {
        let query = vec![("include", "accounts".to_owned()), ("sortBy", "-createdTime".to_owned())];
        self.newest("contacts", query, since_ms).await
    }

    /// The same for accounts.
    ///
    /// # Errors
    /// Any.
    pub async fn newest_accounts(&self, since_ms: i64) -> Result<Newest<Account>, Error> {
        self.newest("accounts", vec![("sortBy", "-createdTime".to_owned())], since_ms).await
    }

    async fn newest<T: Record>(
        &self,
        module: &str,
        query: Vec<(&'static str, String)>,
        since_ms: i64,
    ) -> Result<Newest<T>, Error> {
        let path = [module];
        let listing = Listing { path: &path, query, key: "createdTime", until_ms: since_ms - REACH_MS };
        let (rows, reach) = self.read_back(listing).await?;
        Ok(Newest { records: list(&serde_json::json!({ "data": rows }))?, reach })
    }

    /// Reads a list page by page until its rows are older than asked.
    async fn read_back(&self, listing: Listing<'_>) -> Result<(Vec<Value>, Reach), Error> {
        let first = self.rows_from(&listing, 0, LARGEST_PAGE).await?;
        self.read_on(&listing, 0, first).await
    }

    /// The same for the rows that are not younger than `from_ms`: what is younger is skipped, however much that is.
    async fn read_around(&self, listing: Listing<'_>, from_ms: i64) -> Result<(Vec<Value>, Reach), Error> {
        let is_younger = |rows: &[Value]| rows.last().and_then(|row| time(row, listing.key)) > Some(from_ms);
        let first = self.rows_from(&listing, 0, LARGEST_PAGE).await?;
        if first.len() < LARGEST_PAGE || !is_younger(&first) {
            return self.read_on(&listing, 0, first).await;
        }
        // Younger at `before`, not any more at `after`.
        let (mut before, mut after) = (LARGEST_PAGE - 1, LARGEST_PAGE);
        while is_younger(&self.rows_from(&listing, after, 1).await?) {
            if after == LAST_OFFSET {
                return Ok((Vec::new(), Reach::Cut));
            }
            (before, after) = (after, (after * 2).min(LAST_OFFSET));
        }
        while after - before > LARGEST_PAGE {
            let middle = usize::midpoint(before, after);
            match is_younger(&self.rows_from(&listing, middle, 1).await?) {
                true => before = middle,
                false => after = middle,
            }
        }
        let from = before.saturating_sub(SLACK);
        let there = self.rows_from(&listing, from, LARGEST_PAGE).await?;
        self.read_on(&listing, from, there).await
    }

    /// Reads on from a page that is there.
    async fn read_on(
        &self,
        listing: &Listing<'_>,
        mut from: usize,
        mut rows: Vec<Value>,
    ) -> Result<(Vec<Value>, Reach), Error> {
        let mut all: Vec<Value> = Vec::new();
        for pages in 1.. {
            let last = rows.last().and_then(|row| time(row, listing.key));
            let (full, before) = (rows.len() >= LARGEST_PAGE, all.len());
            all.extend(rows.into_iter().filter(Value::is_object));
            distinct(&mut all, |row| text(row, "id"));
            if !full || last.is_some_and(|last| last < listing.until_ms) {
                return Ok((all, Reach::Whole));
            }
            // A server that does not page sends the same rows for ever.
            if pages == MOST_PAGES || all.len() == before {
                break;
            }
            from += LARGEST_PAGE;
            rows = self.rows_from(listing, from, LARGEST_PAGE).await?;
        }
        Ok((all, Reach::Cut))
    }

    /// Rows of a list as it stands at this moment.
    async fn rows_from(&self, listing: &Listing<'_>, from: usize, limit: usize) -> Result<Vec<Value>, Error> {
        let mut query = listing.query.clone();
        if from > 0 {
            // Sources disagree whether the first row is 0 or 1: one row may come twice, none is left out.
            query.push(("from", from.to_string()));
        }
        query.push(("limit", limit.to_string()));
        let answer = self.http.send(self.read(listing.path, query)?).await?;
        Ok(rows(&answer)?.to_vec())
    }

    /// Looks for the marker in these rows, the likely ones first; fetches what a list does not tell.
    async fn look_at<T: Record>(
        &self,
        module: &str,
        mut rows: Vec<Value>,
        most: usize,
        likely: impl Fn(&Value) -> bool,
        marker: &Marker,
    ) -> Result<Look<T>, Error> {
        rows.sort_by_key(|row| !likely(row));
        if let Some(found) = rows.iter().find(|row| is_marked(row, marker)) {
            return one(found).map(Look::Found);
        }
        let many = rows.len() > most;
        for id in rows.iter().take(most).filter_map(|row| text(row, "id")) {
            if !id.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            match self.http.send(self.read(&[module, &id], Vec::new())?).await.map_err(gone) {
                Ok(row) if is_marked(&row, marker) => return one(&row).map(Look::Found),
                Ok(_) => {}
                // Deleted in between.
                Err(error) if *error.kind() == Kind::Gone => {}
                Err(error) => return Err(error),
            }
        }
        Ok(if many { Look::Unsure } else { Look::Absent })
    }
}

fn is_marked(row: &Value, marker: &Marker) -> bool {
    ["description", "subject"]
        .iter()
        .filter_map(|key| row.get(key)?.as_str())
        .any(|text| has_marker(text, marker.as_str()))
}

fn time(row: &Value, key: &str) -> Option<i64> {
    ms_of(&text(row, key)?)
}
