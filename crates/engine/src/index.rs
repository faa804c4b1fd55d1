//! Who has which number, on this computer: asked before Desk is, filled from Desk in the background, kept fresh.
//!
//! Must not know calls. Opening, and when to build, is the loop's; what a hit is worth, the lookup's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use deskring_domain::{Plan, Reading, RecordKind};
use deskring_store::{
    Index, IndexBatch, IndexKey, IndexedNumber, IndexedRecord, RecordCode, SecretName, Secrets, Settings,
    StoreError,
};
use deskring_zoho_desk::{
    Account, AccountId, AccountRef, Contact, ContactId, Error, Retry, WalkEnd, WalkMark, WalkPage,
};
use tokio::sync::mpsc;
use url::Url;

use crate::clock::wall_ms;
use crate::lookup::{Found, Lookup, milliseconds};
use crate::view::IndexView;

/// Desk's search knows of a change only after a while, so each poll begins this much before the last one's end.
const LAG_MS: i64 = 30 * 60 * 1000;
/// Two requests of 3 credits every 90 minutes are 96 credits a day.
const QUIET: Duration = Duration::from_secs(90 * 60);
/// While things change.
const BUSY: Duration = Duration::from_secs(15 * 60);
const DAY_MS: i64 = 24 * 3600 * 1000;
/// What one page costs.
const PAGE_CREDITS: u64 = 3;
/// With fewer credits left the rest of the day is for calls.
const FLOOR: u64 = 1_000;
const FEW_CREDITS: Duration = Duration::from_secs(30 * 60);
/// Pauses after a failure that may pass by itself.
const AGAIN: [Duration; 4] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
];
/// Only a new link helps, and that begins anew.
const LONG: Duration = Duration::from_secs(3600);
/// Counting reads the whole file.
const COUNT_AFTER: usize = 25;
const REKEYED_AT_ONCE: u32 = 200;
/// Fields of a record in the index.
const PHONE: &str = "phone";
const MOBILE: &str = "mobile";

/// How the index is to be kept.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// Its key, or the code of why there is no index.
    pub key: Result<IndexKey, &'static str>,
    /// Credits a day.
    pub budget: u64,
    /// Names the plan of numbers that the keys were made by.
    pub plan: String,
    /// Whether Desk is asked for every call.
    pub query: Query,
}

/// When Desk is asked for a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Query {
    Always,
    /// When nobody is known here.
    WhenUnknown,
}

/// By setting: the person's wish was that nothing is kept.
pub(crate) const OFF: &str = "off";

/// Reads, or makes, what an index needs. Blocks while the keychain asks its user.
pub(crate) fn wanted(settings: &Settings, secrets: &Secrets) -> Wanted {
    let sync = &settings.contact_sync;
    let numbers = &settings.numbers;
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    Wanted {
        key: match sync.index {
            deskring_store::settings::IndexKept::Off => Err(OFF),
            deskring_store::settings::IndexKept::Encrypted => key(secrets),
        },
        budget: u64::from(sync.index_credits),
        plan: [&numbers.country, &numbers.area_code, &numbers.outside_line_prefix].map(part).join("/"),
        query: if sync.always_query { Query::Always } else { Query::WhenUnknown },
    }
}

fn key(secrets: &Secrets) -> Result<IndexKey, &'static str> {
    let kept = secrets.get(SecretName::IndexKey).map_err(|error| error.code())?;
    if let Some(key) = kept.as_ref().and_then(IndexKey::read) {
        return Ok(key);
    }
    let text = IndexKey::generate();
    secrets.set(SecretName::IndexKey, &text).map_err(|error| error.code())?;
    IndexKey::read(&text).ok_or("index_not_opened")
}

impl Lookup {
    /// Who has the number, as far as this computer knows; no network.
    pub(crate) fn known(&self, number: &str) -> Vec<Found> {
        let Some(index) = &self.index else { return Vec::new() };
        let reading = self.plan.read(number);
        if reading.is_withheld() {
            return Vec::new();
        }
        let keys: Vec<String> = reading.index_keys(&self.plan).into_iter().collect();
        let records = index.whose(&keys).unwrap_or_else(|error| {
            tracing::warn!(%error, "the index cannot be read");
            Vec::new()
        });
        self.found_among(&reading, &records)
    }

    /// Those of the index that really have the number: contacts, else accounts; newest change first.
    pub(crate) fn found_among(&self, reading: &Reading, records: &[IndexedRecord]) -> Vec<Found> {
        let (contacts, accounts): (Vec<&IndexedRecord>, Vec<&IndexedRecord>) =
            records.iter().partition(|record| record.kind == RecordCode::Contact);
        let mut found: Vec<Found> =
            contacts.iter().filter_map(|record| self.check_contact(reading, &contact(record))).collect();
        if found.is_empty() {
            found =
                accounts.iter().filter_map(|record| self.check_account(reading, &account(record))).collect();
        }
        found.sort_by(|a, b| b.modified.cmp(&a.modified));
        found
    }

    /// Desk has shown these records: so they are now.
    pub(crate) fn note(&self, records: Vec<IndexedRecord>) {
        let Some(index) = self.index.clone().filter(|_| !records.is_empty()) else { return };
        let plan = self.plan.clone();
        // Beside the answer: nobody waits for a disk.
        tokio::task::spawn_blocking(move || {
            if let Err(error) = put(&index, &plan, &records, &[]) {
                tracing::warn!(%error, "an answer of Desk is not kept in the index");
            }
        });
    }

    /// Desk does not have it any more.
    pub(crate) fn note_gone(&self, kind: RecordKind, id: &str) {
        let Some(index) = self.index.clone() else { return };
        let kind = match kind {
            RecordKind::Contact => RecordCode::Contact,
            RecordKind::Account => RecordCode::Account,
        };
        let id = id.to_owned();
        tokio::task::spawn_blocking(move || {
            let batch = IndexBatch { forget: vec![(kind, &id)], ..IndexBatch::default() };
            if let Err(error) = index.write(&batch) {
                tracing::warn!(%error, "a record that is gone stays in the index");
            }
        });
    }
}

pub(crate) fn record_of_contact(contact: &Contact) -> IndexedRecord {
    IndexedRecord {
        kind: RecordCode::Contact,
        id: contact.id.as_str().to_owned(),
        first_name: contact.first_name.clone(),
        last_name: contact.last_name.clone(),
        company: contact.account.as_ref().and_then(|account| account.name.clone()),
        email: contact.email.clone(),
        page: contact.web_url.as_ref().map(Url::to_string),
        numbers: numbers([(PHONE, &contact.phone), (MOBILE, &contact.mobile)]),
        changed_ms: milliseconds(contact.modified.as_deref()),
    }
}

pub(crate) fn record_of_account(account: &Account) -> IndexedRecord {
    IndexedRecord {
        kind: RecordCode::Account,
        id: account.id.as_str().to_owned(),
        first_name: None,
        last_name: account.name.clone(),
        company: None,
        email: account.email.clone(),
        page: account.web_url.as_ref().map(Url::to_string),
        numbers: numbers([(PHONE, &account.phone)]),
        changed_ms: milliseconds(account.modified.as_deref()),
    }
}

fn numbers<const FIELDS: usize>(fields: [(&str, &Option<String>); FIELDS]) -> Vec<IndexedNumber> {
    let field = |(field, stored): (&str, &Option<String>)| {
        stored.clone().map(|stored| IndexedNumber { field: field.to_owned(), stored })
    };
    fields.into_iter().filter_map(field).collect()
}

fn number(record: &IndexedRecord, field: &str) -> Option<String> {
    record.numbers.iter().find(|number| number.field == field).map(|number| number.stored.clone())
}

pub(crate) fn contact(record: &IndexedRecord) -> Contact {
    Contact {
        id: ContactId::new(record.id.clone()),
        first_name: record.first_name.clone(),
        last_name: record.last_name.clone(),
        email: record.email.clone(),
        phone: number(record, PHONE),
        mobile: number(record, MOBILE),
        account: record
            .company
            .clone()
            .map(|name| AccountRef { id: AccountId::new(String::new()), name: Some(name) }),
        web_url: record.page.as_deref().and_then(|url| Url::parse(url).ok()),
        modified: modified(record),
    }
}

pub(crate) fn account(record: &IndexedRecord) -> Account {
    Account {
        id: AccountId::new(record.id.clone()),
        name: record.last_name.clone(),
        phone: number(record, PHONE),
        email: record.email.clone(),
        website: None,
        web_url: record.page.as_deref().and_then(|url| Url::parse(url).ok()),
        modified: modified(record),
    }
}

fn modified(record: &IndexedRecord) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(record.changed_ms?).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// All of it or nothing, each record in place of what was known of it, under the keys of this plan.
fn put(index: &Index, plan: &Plan, records: &[IndexedRecord], marks: &[Mark]) -> Result<(), StoreError> {
    let keys = |record: &IndexedRecord| {
        let keys: BTreeSet<String> =
            record.numbers.iter().flat_map(|number| plan.index_keys_in(&number.stored)).collect();
        keys.into_iter().collect()
    };
    index.write(&IndexBatch {
        put: records.iter().map(|record| (record, keys(record))).collect(),
        forget: Vec::new(),
        marks: marks.iter().map(|(name, value)| (name.as_str(), Some(value.clone()))).collect(),
    })
}

/// Makes the keys of everybody anew, bit by bit: between two bits others get their turn.
fn make_keys_anew(index: &Index, plan: &Plan, name: String) -> Result<(), StoreError> {
    let mut place = i64::MIN;
    loop {
        let rows = index.after(place, REKEYED_AT_ONCE)?;
        let Some((last, _)) = rows.last() else { break };
        place = *last;
        let records: Vec<IndexedRecord> = rows.into_iter().map(|(_, record)| record).collect();
        put(index, plan, &records, &[])?;
    }
    put(index, plan, &[], &[("plan".to_owned(), name)])
}

/// Something that is to be true together with what is put.
type Mark = (String, String);

/// A module of Desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Contact,
    Account,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Contact, Kind::Account];

    fn code(self) -> &'static str {
        match self {
            Kind::Contact => "contact",
            Kind::Account => "account",
        }
    }

    fn mark(self, name: &str) -> String {
        format!("{}.{name}", self.code())
    }
}

/// Fills an index and keeps it fresh, beside the loop, until it is dropped.
pub(crate) struct Builder {
    pub index: Arc<Index>,
    pub lookup: Lookup,
    pub budget: u64,
    pub plan: String,
    pub tell: mpsc::UnboundedSender<IndexView>,
}

/// Why a builder waits.
enum Pause {
    Nothing,
    Because(&'static str),
}

impl Builder {
    pub(crate) async fn run(self) {
        let mut people = self.count().await;
        let mut quiet = QUIET;
        let (mut failures, mut pages) = (0, 0);
        loop {
            let wait = match self.step(&mut quiet).await {
                Ok(None) => {
                    failures = 0;
                    pages += 1;
                    if pages % COUNT_AFTER == 1 {
                        people = self.count().await;
                    }
                    self.show("building", None, people);
                    continue;
                }
                Ok(Some((wait, pause))) => {
                    people = self.count().await;
                    match pause {
                        Pause::Nothing => self.show("fresh", None, people),
                        Pause::Because(cause) => self.show("paused", Some(cause), people),
                    }
                    wait
                }
                Err(Failure::Desk(error)) => {
                    self.show("paused", Some(error.kind().code()), people);
                    failures += 1;
                    match error.retry() {
                        Retry::After(wait) => wait,
                        Retry::Backoff | Retry::Unknown => {
                            AGAIN.get(failures - 1).or(AGAIN.last()).copied().unwrap_or(LONG)
                        }
                        Retry::Never | Retry::SignIn => LONG,
                    }
                }
                Err(Failure::Store(error)) => {
                    tracing::warn!(%error, "the index cannot be written");
                    self.show("paused", Some("index_not_written"), people);
                    LONG
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// One page, or how long there is nothing to do.
    async fn step(&self, quiet: &mut Duration) -> Result<Option<(Duration, Pause)>, Failure> {
        let now_ms = wall_ms();
        if self.mark("plan")?.as_deref() != Some(self.plan.as_str()) {
            let (index, plan, name) = (self.index.clone(), self.lookup.plan.clone(), self.plan.clone());
            blocking(move || make_keys_anew(&index, &plan, name)).await?;
        }
        if self.spent(now_ms) + PAGE_CREDITS > self.budget {
            return Ok(Some((until_tomorrow(now_ms), Pause::Because("index_budget"))));
        }
        if self.lookup.desk.credits().is_some_and(|credits| credits.left < FLOOR) {
            return Ok(Some((FEW_CREDITS, Pause::Because("few_credits"))));
        }
        for kind in Kind::ALL {
            if let Some(mark) = self.walk_mark(kind)? {
                self.walk(kind, mark, now_ms).await?;
                return Ok(None);
            }
        }
        let polled_ms = self.number("polled_ms")?.unwrap_or(0);
        let due_ms = polled_ms + ms(*quiet);
        // A time in the future comes from a clock that was set back.
        if due_ms > now_ms && polled_ms <= now_ms {
            let wait = Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(0));
            return Ok(Some((wait, Pause::Nothing)));
        }
        let mut changed = Changed::No;
        for kind in Kind::ALL {
            if self.poll(kind, now_ms).await? == Changed::Yes {
                changed = Changed::Yes;
            }
        }
        *quiet = next_quiet(*quiet, changed);
        self.put(Vec::new(), vec![("polled_ms".to_owned(), now_ms.to_string())]).await?;
        Ok(None)
    }

    /// Where the walk over everything goes on; `None` when it has come to its end.
    fn walk_mark(&self, kind: Kind) -> Result<Option<WalkMark>, Failure> {
        match self.mark(&kind.mark("walk"))?.as_deref() {
            None => Ok(Some(WalkMark::BEGINNING)),
            Some("done") => Ok(None),
            Some(mark) => Ok(Some(mark.parse().unwrap_or(WalkMark::BEGINNING))),
        }
    }

    async fn walk(&self, kind: Kind, mark: WalkMark, now_ms: i64) -> Result<(), Failure> {
        let page = self.page(kind, mark).await?;
        let mut marks = vec![self.spend(now_ms)];
        if let Some(count) = page.count.filter(|_| mark == WalkMark::BEGINNING) {
            marks.push((kind.mark("total"), count.to_string()));
        }
        match page.end {
            WalkEnd::More => marks.push((kind.mark("walk"), page.next.to_string())),
            WalkEnd::Reached => {
                marks.push((kind.mark("walk"), "done".to_owned()));
                marks.push((kind.mark("fresh"), page.next.to_string()));
                marks.push(("polled_ms".to_owned(), now_ms.to_string()));
            }
        }
        self.put(page.records, marks).await
    }

    /// What has changed since the last time.
    async fn poll(&self, kind: Kind, now_ms: i64) -> Result<Changed, Failure> {
        let fresh: WalkMark = match self.mark(&kind.mark("fresh"))? {
            Some(mark) => mark.parse().unwrap_or(WalkMark::BEGINNING),
            None => WalkMark::BEGINNING,
        };
        let mut mark = WalkMark::at(fresh.ms() - LAG_MS);
        let mut changed = Changed::No;
        loop {
            let page = self.page(kind, mark).await?;
            if page.records.iter().any(|record| record.changed_ms > Some(fresh.ms())) {
                changed = Changed::Yes;
            }
            mark = page.next;
            let marks = vec![self.spend(now_ms), (kind.mark("fresh"), mark.max(fresh).to_string())];
            self.put(page.records, marks).await?;
            if page.end == WalkEnd::Reached || self.spent(now_ms) + PAGE_CREDITS > self.budget {
                return Ok(changed);
            }
        }
    }

    async fn page(&self, kind: Kind, mark: WalkMark) -> Result<WalkPage<IndexedRecord>, Error> {
        fn records<T>(page: WalkPage<T>, record: impl Fn(&T) -> IndexedRecord) -> WalkPage<IndexedRecord> {
            if let Some(second) = page.crowded_ms {
                tracing::warn!(second, "Desk does not list all that were changed within one second");
            }
            WalkPage {
                records: page.records.iter().map(record).collect(),
                next: page.next,
                end: page.end,
                count: page.count,
                crowded_ms: page.crowded_ms,
            }
        }
        match kind {
            Kind::Contact => {
                self.lookup.desk.walk_contacts(mark).await.map(|page| records(page, record_of_contact))
            }
            Kind::Account => {
                self.lookup.desk.walk_accounts(mark).await.map(|page| records(page, record_of_account))
            }
        }
    }

    async fn put(&self, records: Vec<IndexedRecord>, marks: Vec<Mark>) -> Result<(), Failure> {
        let (index, plan) = (self.index.clone(), self.lookup.plan.clone());
        blocking(move || put(&index, &plan, &records, &marks)).await
    }

    fn mark(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.index.mark(name)?)
    }

    fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        Ok(self.mark(name)?.and_then(|text| text.parse().ok()))
    }

    /// How many there were when the reading began; nothing before both modules were asked.
    fn total(&self) -> Option<u64> {
        let of = |kind: Kind| self.number(&kind.mark("total")).ok().flatten();
        let [contacts, accounts] = Kind::ALL.map(of);
        // The second module is counted when the first one is read.
        u64::try_from(contacts?.saturating_add(accounts.unwrap_or(0))).ok()
    }

    /// What the index has cost today.
    fn spent(&self, now_ms: i64) -> u64 {
        spent(&self.index, now_ms)
    }

    /// The mark that one page more was paid for.
    fn spend(&self, now_ms: i64) -> (String, String) {
        let paid = self.lookup.desk.credits().map_or(PAGE_CREDITS, |credits| credits.last_weight);
        ("spent".to_owned(), format!("{} {}", now_ms / DAY_MS, self.spent(now_ms) + paid.max(PAGE_CREDITS)))
    }

    async fn count(&self) -> u64 {
        let index = self.index.clone();
        tokio::task::spawn_blocking(move || index.size().map_or(0, |size| size.contacts + size.accounts))
            .await
            .map_or(0, u64::from)
    }

    fn show(&self, state: &str, cause: Option<&str>, people: u64) {
        // An error means that the loop has ended.
        let _ = self.tell.send(IndexView {
            state: state.to_owned(),
            cause: cause.map(str::to_owned),
            people,
            total: self.total(),
            as_of_ms: self.number("polled_ms").ok().flatten(),
            spent: self.spent(wall_ms()),
            budget: self.budget,
        });
    }
}

/// How long to wait for the next poll.
fn next_quiet(quiet: Duration, changed: Changed) -> Duration {
    match changed {
        Changed::Yes => BUSY,
        Changed::No => (quiet * 2).min(QUIET),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Changed {
    No,
    Yes,
}

#[derive(Debug)]
enum Failure {
    Desk(Error),
    Store(StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Desk(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

async fn blocking(work: impl FnOnce() -> Result<(), StoreError> + Send + 'static) -> Result<(), Failure> {
    let ended = |_| StoreError::Unusable(std::io::Error::other("the work was given up"));
    Ok(tokio::task::spawn_blocking(work).await.map_err(ended)??)
}

fn spent(index: &Index, now_ms: i64) -> u64 {
    let mark = index.mark("spent").ok().flatten();
    mark.and_then(|mark| {
        let (day, credits) = mark.split_once(' ')?;
        (day == (now_ms / DAY_MS).to_string()).then(|| credits.parse().ok())?
    })
    .unwrap_or(0)
}

fn until_tomorrow(now_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(DAY_MS - now_ms.rem_euclid(DAY_MS)).unwrap_or(0))
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_on_which_nothing_changes_costs_less_than_a_hundred_credits() {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        for begins_busy in [false, true] {
            let mut quiet = if begins_busy { BUSY } else { QUIET };
            // A busy day ends first; the next one is counted.
            for _ in 0..4 {
                quiet = next_quiet(quiet, Changed::No);
            }
            let (mut clock, mut credits) = (Duration::ZERO, 0);
            while clock < DAY {
                credits += PAGE_CREDITS * Kind::ALL.len() as u64;
                quiet = next_quiet(quiet, Changed::No);
                clock += quiet;
            }
            assert!(credits <= 100, "{credits}");
        }
    }
}
