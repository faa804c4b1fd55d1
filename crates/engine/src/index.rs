//! Who has which number, on this computer: asked before Desk is, filled from Desk in the background, kept fresh.
//!
//! Must not know calls. Opening, and when to build, is the loop's; what a hit is worth, the lookup's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use deskring_domain::Plan;
use deskring_store::{Index, IndexKey, Person, SecretName, Secrets, Settings, StoreError};
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
/// Desk tells nobody what was deleted: everything is walked again after this, and who does not come by is gone.
const SWEEP_MS: i64 = 30 * DAY_MS;
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

/// How the index is to be kept.
#[derive(Clone, Debug)]
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
    let key = IndexKey::fresh();
    secrets.set(SecretName::IndexKey, key.text()).map_err(|error| error.code())?;
    Ok(key)
}

impl Lookup {
    /// Who has the number, as far as this computer knows; no network.
    pub(crate) fn known(&self, number: &str) -> Vec<Found> {
        let Some(index) = &self.index else { return Vec::new() };
        let reading = self.plan.read(number);
        if reading.is_withheld() {
            return Vec::new();
        }
        let people = index.whose(&reading.index_keys(&self.plan)).unwrap_or_else(|error| {
            tracing::warn!(%error, "the index cannot be read");
            Vec::new()
        });
        let (accounts, contacts): (Vec<Person>, Vec<Person>) =
            people.into_iter().partition(|person| person.kind == "account");
        let mut found: Vec<Found> =
            contacts.iter().filter_map(|person| self.check_contact(&reading, &contact(person))).collect();
        if found.is_empty() {
            found =
                accounts.iter().filter_map(|person| self.check_account(&reading, &account(person))).collect();
        }
        found.sort_by(|a, b| b.modified.cmp(&a.modified));
        found
    }

    /// Desk has shown these records: so they are now.
    pub(crate) fn note(&self, people: Vec<Person>) {
        let Some(index) = self.index.clone().filter(|_| !people.is_empty()) else { return };
        let plan = self.plan.clone();
        // Beside the answer: nobody waits for a disk.
        tokio::task::spawn_blocking(move || {
            let round = rounds(&index);
            if let Err(error) = index.put(&people, &[], round, keys(&plan)) {
                tracing::warn!(%error, "an answer of Desk is not kept in the index");
            }
        });
    }

    /// Desk does not have it any more.
    pub(crate) fn note_gone(&self, kind: &'static str, id: &str) {
        let Some(index) = self.index.clone() else { return };
        let (plan, id) = (self.plan.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = index.forget(kind, &id, keys(&plan)) {
                tracing::warn!(%error, "a record that is gone stays in the index");
            }
        });
    }
}

fn keys(plan: &Plan) -> impl Fn(&str) -> BTreeSet<String> {
    move |stored| plan.index_keys_in(stored)
}

/// The later of both rounds: who was seen just now is in either.
fn rounds(index: &Index) -> u32 {
    Kind::ALL.into_iter().map(|kind| round(index, kind)).max().unwrap_or(1)
}

fn round(index: &Index, kind: Kind) -> u32 {
    let fact = index.fact(&kind.fact("round")).ok().flatten();
    fact.and_then(|round| round.parse().ok()).unwrap_or(1)
}

pub(crate) fn person_of_contact(contact: &Contact) -> Person {
    Person {
        kind: Kind::Contact.code().to_owned(),
        id: contact.id.as_str().to_owned(),
        first_name: contact.first_name.clone(),
        last_name: contact.last_name.clone(),
        company: contact.account.as_ref().and_then(|account| account.name.clone()),
        email: contact.email.clone(),
        phone: contact.phone.clone(),
        mobile: contact.mobile.clone(),
        web_url: contact.web_url.as_ref().map(Url::to_string),
        modified_ms: milliseconds(contact.modified.as_deref()),
    }
}

pub(crate) fn person_of_account(account: &Account) -> Person {
    Person {
        kind: Kind::Account.code().to_owned(),
        id: account.id.as_str().to_owned(),
        last_name: account.name.clone(),
        email: account.email.clone(),
        phone: account.phone.clone(),
        web_url: account.web_url.as_ref().map(Url::to_string),
        modified_ms: milliseconds(account.modified.as_deref()),
        ..Person::default()
    }
}

fn contact(person: &Person) -> Contact {
    Contact {
        id: ContactId::new(person.id.clone()),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        email: person.email.clone(),
        phone: person.phone.clone(),
        mobile: person.mobile.clone(),
        account: person
            .company
            .clone()
            .map(|name| AccountRef { id: AccountId::new(String::new()), name: Some(name) }),
        web_url: person.web_url.as_deref().and_then(|url| Url::parse(url).ok()),
        modified: modified(person),
    }
}

fn account(person: &Person) -> Account {
    Account {
        id: AccountId::new(person.id.clone()),
        name: person.last_name.clone(),
        phone: person.phone.clone(),
        email: person.email.clone(),
        website: None,
        web_url: person.web_url.as_deref().and_then(|url| Url::parse(url).ok()),
        modified: modified(person),
    }
}

fn modified(person: &Person) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(person.modified_ms?).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

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

    fn fact(self, name: &str) -> String {
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
        if self.fact("plan")?.as_deref() != Some(self.plan.as_str()) {
            let (index, plan, text) = (self.index.clone(), self.lookup.plan.clone(), self.plan.clone());
            blocking(move || index.make_keys_anew(&[("plan", &text)], keys(&plan))).await?;
        }
        if self.spent(now_ms) + PAGE_CREDITS > self.budget {
            return Ok(Some((until_tomorrow(now_ms), Pause::Because("index_budget"))));
        }
        if self.lookup.desk.credits().is_some_and(|credits| credits.left < FLOOR) {
            return Ok(Some((FEW_CREDITS, Pause::Because("few_credits"))));
        }
        for kind in Kind::ALL {
            if let Some(mark) = self.walk_mark(kind, now_ms)? {
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
        *quiet = if changed == Changed::Yes { BUSY } else { (*quiet * 2).min(QUIET) };
        self.put(Vec::new(), vec![("polled_ms".to_owned(), now_ms.to_string())], 1).await?;
        Ok(None)
    }

    /// Where the walk over everything goes on; `None` when there is none now.
    fn walk_mark(&self, kind: Kind, now_ms: i64) -> Result<Option<WalkMark>, Failure> {
        match self.fact(&kind.fact("walk"))?.as_deref() {
            None => Ok(Some(WalkMark::BEGINNING)),
            Some("done") => {
                let walked_ms = self.number(&kind.fact("walked_ms"))?.unwrap_or(0);
                Ok((now_ms - walked_ms > SWEEP_MS).then_some(WalkMark::BEGINNING))
            }
            Some(mark) => Ok(Some(mark.parse().unwrap_or(WalkMark::BEGINNING))),
        }
    }

    async fn walk(&self, kind: Kind, mark: WalkMark, now_ms: i64) -> Result<(), Failure> {
        let again = self.fact(&kind.fact("walk"))?.as_deref() == Some("done");
        let round = round(&self.index, kind) + u32::from(again);
        let page = self.page(kind, mark).await?;
        let mut facts = vec![self.spend(now_ms), (kind.fact("round"), round.to_string())];
        match page.end {
            WalkEnd::More => facts.push((kind.fact("walk"), page.next.to_string())),
            WalkEnd::Reached => {
                facts.push((kind.fact("walk"), "done".to_owned()));
                facts.push((kind.fact("walked_ms"), now_ms.to_string()));
                facts.push((kind.fact("fresh"), page.next.to_string()));
                facts.push(("polled_ms".to_owned(), now_ms.to_string()));
            }
        }
        self.put(page.records, facts, round).await?;
        if page.end == WalkEnd::Reached {
            let (index, plan) = (self.index.clone(), self.lookup.plan.clone());
            blocking(move || index.forget_before(kind.code(), round, keys(&plan)).map(drop)).await?;
        }
        Ok(())
    }

    /// What has changed since the last time.
    async fn poll(&self, kind: Kind, now_ms: i64) -> Result<Changed, Failure> {
        let fresh: WalkMark = match self.fact(&kind.fact("fresh"))? {
            Some(mark) => mark.parse().unwrap_or(WalkMark::BEGINNING),
            None => WalkMark::BEGINNING,
        };
        let mut mark = WalkMark::at(fresh.ms() - LAG_MS);
        let mut changed = Changed::No;
        loop {
            let page = self.page(kind, mark).await?;
            if page.records.iter().any(|person| person.modified_ms > Some(fresh.ms())) {
                changed = Changed::Yes;
            }
            mark = page.next;
            let facts = vec![self.spend(now_ms), (kind.fact("fresh"), mark.max(fresh).to_string())];
            self.put(page.records, facts, round(&self.index, kind)).await?;
            if page.end == WalkEnd::Reached || self.spent(now_ms) + PAGE_CREDITS > self.budget {
                return Ok(changed);
            }
        }
    }

    async fn page(&self, kind: Kind, mark: WalkMark) -> Result<WalkPage<Person>, Error> {
        fn people<T>(page: WalkPage<T>, person: impl Fn(&T) -> Person) -> WalkPage<Person> {
            if let Some(second) = page.crowded_ms {
                tracing::warn!(second, "Desk does not list all that were changed within one second");
            }
            WalkPage {
                records: page.records.iter().map(person).collect(),
                next: page.next,
                end: page.end,
                crowded_ms: page.crowded_ms,
            }
        }
        match kind {
            Kind::Contact => {
                self.lookup.desk.walk_contacts(mark).await.map(|page| people(page, person_of_contact))
            }
            Kind::Account => {
                self.lookup.desk.walk_accounts(mark).await.map(|page| people(page, person_of_account))
            }
        }
    }

    async fn put(
        &self,
        people: Vec<Person>,
        facts: Vec<(String, String)>,
        round: u32,
    ) -> Result<(), Failure> {
        let (index, plan) = (self.index.clone(), self.lookup.plan.clone());
        blocking(move || {
            let facts: Vec<(&str, &str)> =
                facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            index.put(&people, &facts, round, keys(&plan))
        })
        .await
    }

    fn fact(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.index.fact(name)?)
    }

    fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        Ok(self.fact(name)?.and_then(|text| text.parse().ok()))
    }

    /// What the index has cost today.
    fn spent(&self, now_ms: i64) -> u64 {
        spent(&self.index, now_ms)
    }

    /// The fact that one page more was paid for.
    fn spend(&self, now_ms: i64) -> (String, String) {
        let paid = self.lookup.desk.credits().map_or(PAGE_CREDITS, |credits| credits.last_weight);
        ("spent".to_owned(), format!("{} {}", now_ms / DAY_MS, self.spent(now_ms) + paid.max(PAGE_CREDITS)))
    }

    async fn count(&self) -> u64 {
        let index = self.index.clone();
        tokio::task::spawn_blocking(move || index.count().unwrap_or(0)).await.unwrap_or(0)
    }

    fn show(&self, state: &str, cause: Option<&str>, people: u64) {
        // An error means that the loop has ended.
        let _ = self.tell.send(IndexView {
            state: state.to_owned(),
            cause: cause.map(str::to_owned),
            people,
            as_of_ms: self.number("polled_ms").ok().flatten(),
            spent: self.spent(wall_ms()),
            budget: self.budget,
        });
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
    let fact = index.fact("spent").ok().flatten();
    fact.and_then(|fact| {
        let (day, credits) = fact.split_once(' ')?;
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
