//! One phonebook of the PBX as ours: found or made, looked through, written to. Owns which requests it takes, and that no
//! entry without our mark is touched. Must not know where records come from.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;
use std::time::Duration;

use deskring_domain::Plan;
use deskring_store::{Journal, SyncedRow};
use deskring_yeastar::{Entries, Entry, EntryId, Kind, Members, Pbx, Person, Phonebook, PhonebookId, Retry};
use tokio::time::{Interval, MissedTickBehavior};

use super::person::{self, Source};
use super::{Halt, Wanted};
use crate::connect;
use crate::view;

/// Of the five requests a second that the PBX gets, one stays free for calls.
const PACE: Duration = Duration::from_millis(250);
/// After a lost answer, so that a request which is still on its way does not arrive after the look.
const BEFORE_A_LOOK: Duration = Duration::from_secs(15);
/// Somebody else creates entries as well: so many times it is looked first.
const WARY: u32 = 200;

/// What became of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Put {
    /// Created or written anew.
    Copied,
    /// It stood there already.
    Same,
    /// It becomes no entry; the row says why.
    Skipped,
    /// The PBX refused it; the row says why.
    Failed,
    /// Nobody knows: to be tried again after this.
    Later(Duration),
}

/// How many are copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// One, for a call: looked for before and after.
    Alone,
    /// All of them, between two looks at everything.
    AmongMany,
}

/// A look at everything in a phonebook.
pub(super) struct Stock {
    entries: Entries,
    doubles: Vec<(Entry, EntryId)>,
}

/// A phonebook that is ours to write to.
pub(super) struct Book {
    client: Pbx,
    journal: Arc<Journal>,
    id: PhonebookId,
    key: String,
    name: String,
    pace: Interval,
    last_made: Option<EntryId>,
    wary: u32,
}

impl Book {
    /// Finds it by its name, or makes it.
    pub(super) async fn open(client: &Pbx, wanted: &Wanted, journal: Arc<Journal>) -> Result<Self, Halt> {
        let found = match named(client, &wanted.phonebook).await? {
            Some(found) => found,
            None => make(client, &wanted.phonebook).await?,
        };
        if found.members == Members::Everybody {
            return Err(Halt::Refused { cause: "holds_everybody", detail: None });
        }
        let key = format!("{}#{}", wanted.address, found.id.0);
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut book = Self {
            client: client.clone(),
            journal,
            id: found.id,
            key,
            name: wanted.phonebook.clone(),
            pace,
            last_made: None,
            wary: 0,
        };
        if book.journal.fact(&book.claim())?.is_none() {
            if found.count != Some(0) {
                let mut stock = book.stock();
                while !book.look_at_page(&mut stock, Unmarked::Refuse).await? {}
            }
            book.journal.keep_fact(&book.claim(), "ours")?;
        }
        Ok(book)
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn is(&self, client: &Pbx, wanted: &Wanted) -> bool {
        let address = self.key.rsplit_once('#').map(|(address, _)| address);
        self.name == wanted.phonebook
            && address == Some(wanted.address.as_str())
            && self.client.is_same_as(client)
    }

    /// A fact: it was empty, or nobody but us had written to it.
    fn claim(&self) -> String {
        format!("phonebook_ours {}", self.key)
    }

    pub(super) fn stock(&self) -> Stock {
        Stock { entries: self.client.entries(), doubles: Vec::new() }
    }

    /// Looks at the next page, or ends one double. Gives whether that was all.
    pub(super) async fn take_stock(&mut self, stock: &mut Stock) -> Result<bool, Halt> {
        if let Some((one, other)) = stock.doubles.last().cloned() {
            self.end_double(&one, other).await?;
            stock.doubles.pop();
            return Ok(false);
        }
        let ended = self.look_at_page(stock, Unmarked::Leave).await?;
        Ok(ended && stock.doubles.is_empty())
    }

    async fn look_at_page(&mut self, stock: &mut Stock, unmarked: Unmarked) -> Result<bool, Halt> {
        self.pace.tick().await;
        let page = stock.entries.next().await.map_err(|error| Halt::of_pbx(&error))?;
        let Some(page) = page else { return Ok(true) };
        let mut adopted = BTreeMap::new();
        for entry in page.into_iter().filter(|entry| entry.books.contains(&self.id)) {
            let Some((kind, id)) = person::marked(&entry) else {
                match unmarked {
                    Unmarked::Leave => continue,
                    Unmarked::Refuse => return Err(Halt::Refused { cause: "not_empty", detail: None }),
                }
            };
            let row = self.journal.synced(&self.key, view::record_kind(kind), &id)?;
            match row.as_ref().and_then(|row| row.entry) {
                Some(known) if known != entry.id.0 => stock.doubles.push((entry, EntryId(known))),
                Some(_) => {}
                None => match adopted.entry((kind, id)) {
                    btree_map::Entry::Vacant(free) => {
                        free.insert(entry);
                    }
                    btree_map::Entry::Occupied(taken) => stock.doubles.push((entry, taken.get().id)),
                },
            }
        }
        // At once: a transaction for each of a thousand would keep calls waiting.
        let rows: Vec<SyncedRow> = adopted.values().filter_map(ours).collect();
        self.journal.keep_all_synced(&self.key, &rows)?;
        Ok(false)
    }

    /// Two entries for one record, as it seems: the lower id stays.
    async fn end_double(&mut self, one: &Entry, other: EntryId) -> Result<(), Halt> {
        self.pace.tick().await;
        let halt = |error| Halt::of_pbx(&error);
        let other = self.client.entry(other).await.map_err(halt)?;
        let other = other.filter(|other| person::marked(other) == person::marked(one));
        let Some(other) = other else { return self.adopt(one) };
        let (stays, goes) = if one.id < other.id { (one, &other) } else { (&other, one) };
        self.pace.tick().await;
        self.client.delete_entry(goes.id).await.map_err(halt)?;
        if stays.id == one.id { self.adopt(one) } else { Ok(()) }
    }

    /// It is ours, and this is what it says.
    fn adopt(&self, entry: &Entry) -> Result<(), Halt> {
        match ours(entry) {
            Some(row) => Ok(self.journal.keep_synced(&self.key, &row)?),
            None => Ok(()),
        }
    }

    /// Has the entry of a record say what the record says.
    pub(super) async fn put(&mut self, source: &Source, plan: &Plan, how: How) -> Result<Put, Halt> {
        let kind = view::record_kind(source.kind);
        let known = self.journal.synced(&self.key, kind, &source.id)?;
        let mut row = known.clone().unwrap_or_else(|| SyncedRow {
            kind: kind.to_owned(),
            id: source.id.clone(),
            ..SyncedRow::default()
        });
        (row.reason, row.label) = (None, None);
        let person = match source.person(plan) {
            Ok(person) => person,
            Err(reason) => return self.leave_out(row, source, reason, how).await,
        };
        if let (Some(_), Some(written)) = (row.entry, &row.written)
            && person::says(written, &person)
        {
            return Ok(Put::Same);
        }
        if let Some(entry) = row.entry {
            self.breathe(how).await;
            let there = self.client.entry(EntryId(entry)).await.map_err(|error| Halt::of_pbx(&error))?;
            match there {
                Some(entry) if person::marked(&entry).is_none() => {
                    return self.not_copied(row, source, "taken", Put::Skipped);
                }
                Some(entry) => return self.update(row, source, person, &entry, how).await,
                // Somebody deleted it.
                None => row.entry = None,
            }
        }
        // A row without an entry may have one on the PBX all the same.
        let wary = how == How::Alone || known.is_some() || self.wary > 0;
        self.wary = self.wary.saturating_sub(1);
        if wary && let Some(entry) = self.look(source, &person, how).await? {
            row.entry = Some(entry.id.0);
            if person::says(&person::found(&entry), &person) {
                row.written = Some(person::written(&person));
                self.journal.keep_synced(&self.key, &row)?;
                return Ok(Put::Same);
            }
            return self.update(row, source, person, &entry, how).await;
        }
        self.create(row, source, person, how).await
    }

    async fn create(
        &mut self,
        row: SyncedRow,
        source: &Source,
        person: Person,
        how: How,
    ) -> Result<Put, Halt> {
        let mut row = SyncedRow { entry: None, written: None, ..row };
        self.journal.keep_synced(&self.key, &row)?;
        self.breathe(how).await;
        let made = match self.client.create_entry(&person, self.id).await {
            Ok(made) => made,
            Err(error) if error.is_duplicate() => None,
            Err(error) => return self.refused(row, source, &error),
        };
        // Ids count up: one that is not the next tells of somebody else.
        if let (Some(last), Some(made)) = (self.last_made, made)
            && made.0 != last.0 + 1
        {
            self.wary = WARY;
        }
        self.last_made = made.or(self.last_made);
        row.entry = made.map(|made| made.0);
        row.written = made.map(|_| person::written(&person));
        self.journal.keep_synced(&self.key, &row)?;
        if made.is_none() || how == How::Alone || self.wary > 0 {
            match self.look(source, &person, how).await? {
                Some(entry) if Some(entry.id) != made => self.adopt(&entry)?,
                Some(_) => {}
                None if made.is_none() => return self.not_copied(row, source, "refused", Put::Failed),
                // The search does not have it yet; it was made all the same.
                None => {}
            }
        }
        Ok(Put::Copied)
    }

    async fn update(
        &mut self,
        mut row: SyncedRow,
        source: &Source,
        person: Person,
        entry: &Entry,
        how: How,
    ) -> Result<Put, Halt> {
        // Until the answer is here, nobody knows what it says.
        row.written = None;
        self.journal.keep_synced(&self.key, &row)?;
        let mut books = entry.books.clone();
        if !books.contains(&self.id) {
            books.push(self.id);
        }
        let kept = Person { remark: entry.remark.clone(), ..person };
        self.breathe(how).await;
        if let Err(error) = self.client.update_entry(entry.id, &kept, &books).await {
            return self.refused(row, source, &error);
        }
        row.written = Some(person::written(&kept));
        self.journal.keep_synced(&self.key, &row)?;
        Ok(Put::Copied)
    }

    /// The PBX did not do it, or nobody knows.
    fn refused(&self, row: SyncedRow, source: &Source, error: &deskring_yeastar::Error) -> Result<Put, Halt> {
        if error.retry() == Retry::Unknown {
            return Ok(Put::Later(BEFORE_A_LOOK));
        }
        if error.is_full() {
            return Err(Halt::Refused { cause: "full", detail: connect::pbx_detail(error) });
        }
        if error.is_not_permitted() {
            return Err(Halt::of_pbx(error));
        }
        match error.kind() {
            Kind::NotFound => Ok(Put::Later(BEFORE_A_LOOK)),
            Kind::Parameter => self.not_copied(row, source, "refused", Put::Failed),
            // A phonebook that takes nobody, such as one that another system fills.
            Kind::Other if self.journal.count_synced(&self.key)?.0 == 0 => {
                Err(Halt::Refused { cause: "takes_nobody", detail: connect::pbx_detail(error) })
            }
            Kind::Other => self.not_copied(row, source, "refused", Put::Failed),
            _ => Err(Halt::of_pbx(error)),
        }
    }

    /// An entry of ours for a record that can be none any more is deleted: its numbers would name the wrong person.
    async fn leave_out(
        &mut self,
        mut row: SyncedRow,
        source: &Source,
        reason: &'static str,
        how: How,
    ) -> Result<Put, Halt> {
        if let Some(entry) = row.entry {
            let halt = |error| Halt::of_pbx(&error);
            self.breathe(how).await;
            let there = self.client.entry(EntryId(entry)).await.map_err(halt)?;
            if there.is_some_and(|there| person::marked(&there).is_some()) {
                self.breathe(how).await;
                self.client.delete_entry(EntryId(entry)).await.map_err(halt)?;
            }
            (row.entry, row.written) = (None, None);
        }
        self.not_copied(row, source, reason, Put::Skipped)
    }

    fn not_copied(
        &self,
        row: SyncedRow,
        source: &Source,
        reason: &'static str,
        put: Put,
    ) -> Result<Put, Halt> {
        let row = SyncedRow { reason: Some(reason.to_owned()), label: Some(source.label()), ..row };
        self.journal.keep_synced(&self.key, &row)?;
        Ok(put)
    }

    /// The entry of a record, by its mark. Of several the lowest id stays, and the others go.
    async fn look(&mut self, source: &Source, person: &Person, how: How) -> Result<Option<Entry>, Halt> {
        let halt = |error| Halt::of_pbx(&error);
        let mark = Some((source.kind, source.id.clone()));
        // Which fields the PBX searches is not documented; numbers are what its search is for.
        let texts = [Some(person::mark(source.kind, &source.id)), person.numbers.values().next().cloned()];
        let mut ours: Vec<Entry> = Vec::new();
        for text in texts.into_iter().flatten() {
            self.breathe(how).await;
            let found = self.client.search_entries(&text).await.map_err(halt)?;
            ours.extend(
                found
                    .into_iter()
                    .filter(|entry| entry.books.contains(&self.id) && person::marked(entry) == mark),
            );
            if !ours.is_empty() {
                break;
            }
        }
        ours.sort_by_key(|entry| entry.id);
        for double in ours.iter().skip(1) {
            self.breathe(how).await;
            self.client.delete_entry(double.id).await.map_err(halt)?;
        }
        Ok(ours.into_iter().next())
    }

    async fn breathe(&mut self, how: How) {
        if how == How::AmongMany {
            self.pace.tick().await;
        }
    }
}

/// What is kept of an entry of ours; nothing of another one.
fn ours(entry: &Entry) -> Option<SyncedRow> {
    let (kind, id) = person::marked(entry)?;
    Some(SyncedRow {
        kind: view::record_kind(kind).to_owned(),
        id,
        entry: Some(entry.id.0),
        written: Some(person::found(entry)),
        ..SyncedRow::default()
    })
}

/// What is done about an entry that nobody of us made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unmarked {
    Leave,
    Refuse,
}

/// The phonebook of a name; of several the lowest id.
pub(crate) async fn named(client: &Pbx, name: &str) -> Result<Option<Phonebook>, Halt> {
    let all = client.phonebooks().await.map_err(|error| Halt::of_pbx(&error))?;
    Ok(all.into_iter().filter(|book| book.name == name).min_by_key(|book| book.id))
}

async fn make(client: &Pbx, name: &str) -> Result<Phonebook, Halt> {
    let made = client.create_phonebook(name).await;
    // Also after a lost answer: the list tells whether it is there.
    if let Some(found) = named(client, name).await? {
        // Somebody else made one at the same moment: ours is the empty one that nobody will find.
        if let Ok(Some(made)) = made
            && made > found.id
        {
            client.delete_phonebook(made).await.map_err(|error| Halt::of_pbx(&error))?;
        }
        return Ok(found);
    }
    Err(match made {
        Err(error) if error.code().is_some() && !error.is_not_permitted() => {
            Halt::Refused { cause: "not_created", detail: connect::pbx_detail(&error) }
        }
        Err(error) => Halt::of_pbx(&error),
        Ok(_) => Halt::Refused { cause: "not_created", detail: None },
    })
}
