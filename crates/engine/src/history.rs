//! What the engine remembers: calls, opened tabs, and who had which number. On disk where that works; a disk
//! that is full or broken costs the memory, never a call.
//!
//! Must not know what a call means; it keeps views and records as they are.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use deskring_domain::{Phase, Record, RecordKind};
use deskring_store::{
    CachedRecord, CallRow, CallTimings, Draft, Enqueued, Entry, EntryState, HistoryQuery, Journal, Mirror,
    Missed, NewEntry, RecordRef, Source, StoreError,
};

use crate::clock::wall_ms;
use crate::lookup::{Found, Lookup};
use crate::outbox;
use crate::view::{
    self, CallView, ContextView, OutboxView, PastView, ProblemView, RecordView, SpokeView, WrapUpView,
};

/// How many finished calls a view carries.
pub(crate) const RECENT: usize = 50;
/// Tabs opened longer ago than this belong to no call that could still ring.
const TABS_MATTER_MS: i64 = 24 * 3600 * 1000;
/// Earlier calls of a number that are looked through.
const EARLIER: usize = 20;
/// Calls are kept this long.
const KEEP_MS: i64 = 30 * 24 * 3600 * 1000;

/// Whether a tab for a call may be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tab {
    First,
    OpenedBefore,
}

/// Whether a change of a call is worth a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    Yes,
    No,
}

pub(crate) struct History {
    journal: Option<Arc<Journal>>,
    /// Closed calls, newest first, those of earlier runs included.
    recent: VecDeque<CallView>,
    /// What was last told of each open call.
    told: BTreeMap<(String, String), CallView>,
    /// Missed calls that nobody has looked at; counted when that can have changed, because every view shows it.
    missed: u64,
    /// Raised with every change, for those who have read a part of it.
    changes: u64,
    /// Calls that the disk did not take, with what they make us owe; kept as soon as it does.
    unkept: BTreeMap<(String, String), (CallView, Vec<NewEntry>)>,
    /// Why it did not take them.
    trouble: Option<&'static str>,
    /// There was a database before this one, and it was damaged.
    replaces: Replaces,
}

/// Whether a database is in place of a damaged one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Replaces {
    Nothing,
    ADamagedOne,
}

impl History {
    /// Opens the profile's database, forgets what is too old, and says what is wrong with it. With a mirror, nothing is
    /// written that is not there first.
    pub(crate) fn open(
        profile: &Path,
        mirror: Option<Arc<dyn Mirror>>,
        now_ms: i64,
    ) -> (Self, Option<ProblemView>) {
        let mirrored = |journal: Journal| match mirror {
            Some(mirror) => journal.mirror(mirror).map(|()| journal),
            None => Ok(journal),
        };
        let journal = match Journal::open(profile).and_then(mirrored) {
            Ok(journal) => journal,
            Err(error) => {
                tracing::error!(%error, "the journal cannot be used: calls still pop, nothing is remembered");
                return (Self::with(None, VecDeque::new()), Some(problem(trouble(&error))));
            }
        };
        let damaged = journal.set_aside().is_some();
        noted("old calls could not be forgotten", journal.forget_older_than(now_ms - KEEP_MS));
        noted("what was written could not be forgotten", journal.prune_outbox(now_ms - KEEP_MS));
        let recent = noted("the history cannot be read", journal.recent(RECENT)).unwrap_or_default();
        let recent = recent.iter().filter_map(stored_view).collect();
        let mut history = Self::with(Some(Arc::new(journal)), recent);
        history.count_missed();
        if damaged {
            history.replaces = Replaces::ADamagedOne;
        }
        (history, damaged.then(|| problem("journal_was_damaged")))
    }

    fn with(journal: Option<Arc<Journal>>, recent: VecDeque<CallView>) -> Self {
        Self {
            journal,
            recent,
            told: BTreeMap::new(),
            missed: 0,
            changes: 0,
            unkept: BTreeMap::new(),
            trouble: None,
            replaces: Replaces::Nothing,
        }
    }

    /// A past call of an extension, as it was last kept: not closed when the program ended before it was.
    pub(crate) fn find_row(&self, call: &str, extension: &str) -> Option<CallView> {
        let row = noted("the call cannot be read", self.journal.as_ref()?.call(call, extension))??;
        serde_json::from_str(row.detail.as_deref()?).ok()
    }

    /// Past calls that fit.
    pub(crate) fn search(&self, query: &HistoryQuery) -> Vec<CallView> {
        let rows = self
            .journal
            .as_ref()
            .and_then(|journal| noted("the history cannot be read", journal.history(query)));
        rows.unwrap_or_default().iter().filter_map(stored_view).collect()
    }

    /// A row of what is owed to Desk.
    pub(crate) fn owed_row(&self, key: &str) -> Option<Entry> {
        noted("the outbox cannot be read", self.journal.as_ref()?.entry(key))?
    }

    /// What is owed to Desk and not there yet.
    pub(crate) fn outbox(&self) -> OutboxView {
        let read = self.journal.as_deref().map(outbox::hand::summary);
        read.and_then(|read| noted("the outbox cannot be read", read)).unwrap_or_default()
    }

    /// A row that waits for its time need not wait any longer.
    pub(crate) fn hurry(&self, key: &str, now_ms: i64) {
        let waits = |row: &Entry| row.state == EntryState::Pending && row.due_ms > now_ms;
        if let Some(journal) = &self.journal
            && self.owed_row(key).is_some_and(|row| waits(&row))
        {
            noted("the outbox cannot be changed", journal.retry(key, now_ms));
        }
    }

    /// Gives up everything that is owed and not being written.
    pub(crate) fn discard_owed(&self, reason: &str, now_ms: i64) {
        if let Some(journal) = &self.journal {
            noted("the outbox cannot be changed", journal.discard_unfinished(reason, now_ms));
        }
    }

    pub(crate) fn fact(&self, name: &str) -> Option<String> {
        noted("a fact cannot be read", self.journal.as_ref()?.fact(name))?
    }

    pub(crate) fn keep_fact(&self, name: &str, value: &str) {
        if let Some(journal) = &self.journal {
            noted("a fact is not kept", journal.keep_fact(name, value));
        }
    }

    /// The database, for those who read much of it beside the loop.
    pub(crate) fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Calls whose tab was opened lately, by this or an earlier run.
    pub(crate) fn opened_tabs(&self, now_ms: i64) -> Vec<String> {
        let Some(journal) = &self.journal else { return Vec::new() };
        noted("the opened tabs cannot be read", journal.popped_since(now_ms - TABS_MATTER_MS))
            .unwrap_or_default()
    }

    /// Remembers that a call's tab is being opened. Called before it is: after a crash in between there is no
    /// tab rather than two.
    pub(crate) fn open_tab(&self, call: &str, now_ms: i64) -> Tab {
        let Some(journal) = &self.journal else { return Tab::First };
        match noted("the opened tab is not remembered", journal.mark_popped(call, now_ms)) {
            Some(false) => Tab::OpenedBefore,
            Some(true) | None => Tab::First,
        }
    }

    /// Keeps what is known of a call, and what it makes us owe, in one transaction; what became of those rows.
    pub(crate) fn keep_with(&mut self, view: &CallView, owed: &[NewEntry]) -> (News, Vec<Enqueued>) {
        self.changes += 1;
        // What helps in a call is old when it is over.
        let view = &CallView { context: None, ..view.clone() };
        let became = self.record(view, owed);
        (self.told_of(view), became)
    }

    /// Why calls are not kept at present; nothing when all are.
    pub(crate) fn trouble(&self) -> Option<ProblemView> {
        self.trouble.map(problem)
    }

    pub(crate) fn replaces(&self) -> Replaces {
        self.replaces
    }

    /// Keeps what the disk did not take before; whether that makes us owe something.
    pub(crate) fn keep_unkept(&mut self) -> bool {
        let unkept: Vec<_> = self.unkept.values().cloned().collect();
        let mut owes = false;
        for (view, owed) in unkept {
            owes |= !self.record(&view, &owed).is_empty();
            // One that is not taken is enough.
            if self.trouble.is_some() {
                break;
            }
        }
        owes
    }

    /// A call and what it makes us owe, with what could not be kept of it before; what became of `owed`.
    fn record(&mut self, view: &CallView, owed: &[NewEntry]) -> Vec<Enqueued> {
        let Some(journal) = &self.journal else { return Vec::new() };
        let key = (view.call.clone(), view.extension.clone());
        let mut all = owed.to_vec();
        if let Some((_, before)) = self.unkept.get(&key) {
            all.extend(before.iter().filter(|row| !owed.iter().any(|new| new.key == row.key)).cloned());
        }
        match journal.record_with(&row(view), &all, wall_ms()) {
            Ok(mut became) => {
                self.unkept.remove(&key);
                if self.unkept.is_empty() {
                    self.trouble = None;
                }
                became.truncate(owed.len());
                became
            }
            Err(error) => {
                tracing::warn!(%error, "the call is not remembered yet");
                self.trouble = Some(trouble(&error));
                self.unkept.insert(key, (view.clone(), all));
                Vec::new()
            }
        }
    }

    fn told_of(&mut self, view: &CallView) -> News {
        let spoke = view.outcome.as_deref() == Some("answered");
        let called_back = spoke || view.direction.as_deref() == Some("outbound");
        if is_missed(view) {
            self.count_missed();
        } else if called_back && !view.number_key.is_empty() && self.missed > 0 {
            self.seen_number(&view.number_key);
        }
        let key = (view.call.clone(), view.extension.clone());
        let before = self.told.get(&key);
        let known = before.is_some_and(|before| {
            before.phase == view.phase
                && before.closed == view.closed
                && before.why.code == view.why.code
                && before.who.state == view.who.state
        });
        if view.closed {
            self.told.remove(&key);
            self.recent.retain(|past| (&past.call, &past.extension) != (&view.call, &view.extension));
            self.insert(view);
        } else {
            self.told.insert(key, view.clone());
        }
        if known { News::No } else { News::Yes }
    }

    /// Where it belongs: the last call to begin is first, whichever was settled last.
    fn insert(&mut self, view: &CallView) {
        let place = self.recent.iter().position(|past| past.began_ms <= view.began_ms);
        self.recent.insert(place.unwrap_or(self.recent.len()), view.clone());
        self.recent.truncate(RECENT);
    }

    pub(crate) fn recent(&self) -> impl Iterator<Item = &CallView> {
        self.recent.iter()
    }

    /// A past call, however long ago.
    pub(crate) fn find(&self, call: &str) -> Option<CallView> {
        let recent = self.recent.iter().find(|past| past.call == call).cloned();
        recent.or_else(|| {
            let rows = noted("the call cannot be read", self.journal.as_ref()?.rows_of(call))?;
            rows.iter().find_map(stored_view)
        })
    }

    /// Keeps what the agent says of a call, with it and with the row of the history.
    pub(crate) fn say(&mut self, call: &str, extension: &str, said: &WrapUpView) {
        if let Some(journal) = &self.journal {
            let (disposition, note) = (said.disposition.as_deref(), said.note.as_deref());
            noted("what was said is not kept", journal.keep_wrap_up(call, extension, disposition, note));
        }
        let past = self.recent.iter().find(|past| past.call == call && past.extension == extension).cloned();
        if let Some(past) = past.or_else(|| self.find(call)).filter(|past| past.extension == extension) {
            self.change(&CallView { wrap_up: Some(said.clone()), ..past });
        }
    }

    /// Puts a changed call in place of the one that is there; its place in the history stays.
    pub(crate) fn change(&mut self, view: &CallView) {
        self.change_with(view, &[]);
    }

    /// The same, with what the change makes us owe; what became of those rows.
    pub(crate) fn change_with(&mut self, view: &CallView, owed: &[NewEntry]) -> Vec<Enqueued> {
        self.changes += 1;
        let became = self.record(view, owed);
        let same = |past: &&mut CallView| (&past.call, &past.extension) == (&view.call, &view.extension);
        if let Some(past) = self.recent.iter_mut().find(same) {
            *past = view.clone();
        } else if view.filled_in {
            self.insert(view);
        }
        if is_missed(view) {
            self.count_missed();
        }
        became
    }

    /// What the agent's own calls tell about a number. `since_ms` is the last midnight.
    pub(crate) fn context(&self, number_key: &str, call: &str, since_ms: i64) -> ContextView {
        let Some(journal) = &self.journal else { return ContextView::default() };
        let rows = noted("earlier calls cannot be read", journal.calls_with(number_key, EARLIER));
        let rows: Vec<CallRow> =
            rows.unwrap_or_default().into_iter().filter(|row| row.call_id != call).collect();
        let today = noted("earlier calls cannot be counted", journal.count_since(number_key, since_ms));
        let counts_itself = noted("the call cannot be read", journal.rows_of(call)).is_some_and(|rows| {
            rows.iter().any(|row| row.number_key.as_deref() == Some(number_key) && row.started_ms >= since_ms)
        });
        ContextView {
            tickets: None,
            today: today.unwrap_or_default().saturating_sub(u64::from(counts_itself)),
            last: rows.first().map(|row| PastView {
                at_ms: row.started_ms,
                direction: Some(row.direction.clone()).filter(|direction| !direction.is_empty()),
                outcome: row.outcome.clone(),
            }),
            spoke: rows.iter().find(|row| row.outcome.as_deref() == Some("answered")).map(|row| SpokeView {
                at_ms: row.started_ms,
                extension: row.extension.clone(),
                name: None,
                me: true,
            }),
        }
    }

    // Forms.

    pub(crate) fn drafts(&self) -> Vec<Draft> {
        let drafts =
            self.journal.as_ref().and_then(|journal| noted("forms cannot be read", journal.drafts()));
        drafts.unwrap_or_default()
    }

    pub(crate) fn draft(&self, key: &str) -> Option<Draft> {
        noted("the form cannot be read", self.journal.as_ref()?.draft(key))?
    }

    pub(crate) fn keep_draft(&self, key: &str, json: &str, now_ms: i64) {
        if let Some(journal) = &self.journal {
            noted("the form is not kept", journal.keep_draft(key, json, now_ms));
        }
    }

    pub(crate) fn discard_draft(&self, key: &str) {
        if let Some(journal) = &self.journal {
            noted("the form is not forgotten", journal.discard_draft(key));
        }
    }

    /// Forgets who had which number, and what was chosen or begun for one.
    pub(crate) fn forget_contacts(&self) {
        if let Some(journal) = &self.journal {
            noted("the people cannot be forgotten", journal.forget_people());
        }
    }

    /// Which of several records somebody chose for this number.
    pub(crate) fn choice(&self, key: &str) -> Option<(RecordKind, String)> {
        let chosen = noted("the choice cannot be read", self.journal.as_ref()?.choice(key))??;
        Some((view::record_kind_of(&chosen.kind)?, chosen.id))
    }

    pub(crate) fn remember_choice(&self, key: &str, record: &RecordView, now_ms: i64) {
        let Some(journal) = &self.journal else { return };
        let record =
            RecordRef { kind: record.kind.clone(), id: record.id.clone(), web_url: record.page.clone() };
        noted("the choice is not remembered", journal.remember_choice(key, &record, now_ms));
    }

    pub(crate) fn forget_choice(&self, key: &str) {
        if let Some(journal) = &self.journal {
            noted("the choice is not forgotten", journal.forget_choice(key));
        }
    }

    /// How many missed calls nobody has looked at.
    pub(crate) fn missed(&self) -> u64 {
        self.missed
    }

    pub(crate) fn seen_missed(&mut self) {
        self.changes += 1;
        if let Some(journal) = &self.journal {
            noted("the missed calls stay unseen", journal.mark_all_seen());
        }
        self.count_missed();
    }

    /// Calling back counts as having looked.
    fn seen_number(&mut self, key: &str) {
        if let Some(journal) = &self.journal {
            noted("the missed calls stay unseen", journal.mark_seen_number(key));
        }
        self.count_missed();
    }

    fn count_missed(&mut self) {
        let counted = self.journal.as_deref().map(Journal::missed_unseen);
        self.missed =
            counted.and_then(|count| noted("the missed calls cannot be counted", count)).unwrap_or_default();
    }

    /// Whether a number called or was called before, or belongs to a record of Desk.
    pub(crate) fn knows(&self, key: &str, now_ms: i64) -> bool {
        self.named(key, now_ms).is_some() || self.last_with(key).is_some()
    }

    /// Whose number it is, as far as that is known without asking Desk.
    pub(crate) fn named(&self, key: &str, now_ms: i64) -> Option<String> {
        let of_call = || self.last_with(key).and_then(|call| call.name.or(call.company));
        let cached = noted("the cache cannot be read", self.journal.as_ref()?.cache_get(key, now_ms))?;
        let cached = cached.and_then(|records| match records.as_slice() {
            [only] => only.name.clone().or_else(|| only.account.clone()),
            _ => None,
        });
        cached.or_else(of_call)
    }

    fn last_with(&self, key: &str) -> Option<CallRow> {
        let calls = noted("earlier calls cannot be read", self.journal.as_ref()?.calls_with(key, 1))?;
        calls.into_iter().next()
    }

    /// Keeps Desk's answer for a number, an empty one too.
    pub(crate) fn remember(&self, number: &str, found: &[Found], now_ms: i64) {
        let Some(journal) = &self.journal else { return };
        let records: Vec<_> = found.iter().map(|found| cached(&found.record)).collect();
        noted("the answer is not remembered", journal.cache_put(number, &records, now_ms));
    }

    /// A record that was created for a number, or given it, a moment ago: Desk's search knows it only later.
    pub(crate) fn remember_created(&self, number: &str, record: &Record, now_ms: i64) {
        let Some(journal) = &self.journal else { return };
        noted("the record is not remembered", journal.cache_created(number, &cached(record), now_ms));
    }

    /// Desk's last answer for a number, while it is fresh. Addresses are checked again, because settings may
    /// have changed since.
    pub(crate) fn recall(&self, number: &str, lookup: &Lookup, now_ms: i64) -> Option<Vec<Record>> {
        let cached = noted("the cache cannot be read", self.journal.as_ref()?.cache_get(number, now_ms))??;
        Some(cached.into_iter().filter_map(|cached| uncached(cached, lookup)).collect())
    }
}

fn problem(code: &str) -> ProblemView {
    ProblemView { key: "deskring.db".into(), code: code.into() }
}

/// What is wrong with the disk, for a person.
fn trouble(error: &StoreError) -> &'static str {
    match error {
        StoreError::Newer { .. } => "journal_newer",
        StoreError::ReadOnly(_) => "journal_read_only",
        StoreError::Full(_) => "journal_full",
        StoreError::Busy(_) => "journal_busy",
        StoreError::Damaged(_) => "journal_damaged",
        StoreError::Unusable(_)
        | StoreError::Mirror(_)
        | StoreError::TooLarge { .. }
        | StoreError::Other(_) => "journal_unusable",
    }
}

fn noted<T>(what: &str, result: Result<T, StoreError>) -> Option<T> {
    result.inspect_err(|error| tracing::warn!(%error, "{what}")).ok()
}

/// Of a call out, nobody here missed anything.
fn is_missed(view: &CallView) -> bool {
    view.outcome.as_deref() == Some("missed") && view.direction.as_deref() != Some("outbound")
}

fn row(view: &CallView) -> CallRow {
    let record = match view.who.records.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    CallRow {
        call_id: view.call.clone(),
        extension: view.extension.clone(),
        direction: view.direction.clone().unwrap_or_default(),
        number: Some(view.number.clone()).filter(|number| !number.is_empty()),
        name: record.map(|record| record.name.clone()),
        record: record.map(|record| RecordRef {
            kind: record.kind.clone(),
            id: record.id.clone(),
            web_url: record.page.clone(),
        }),
        who: Some(view.who.state.clone()),
        phase: view.phase.clone(),
        outcome: view.outcome.clone(),
        reason: Some(view.why.code.clone()),
        started_ms: view.began_ms,
        answered_ms: view.answered_ms,
        ended_ms: view.over_ms,
        timings: CallTimings {
            notification: view.timing.notice_ms.map(i64::from),
            lookup: view.timing.lookup_ms.map(i64::from),
            tab: view.timing.tab_ms.map(i64::from),
        },
        detail: serde_json::to_string(view).ok(),
        number_key: Some(view.number_key.clone()).filter(|key| !key.is_empty()),
        company: record.and_then(|record| record.company.clone()),
        missed: if is_missed(view) { Missed::Unseen } else { Missed::No },
        ..CallRow::default()
    }
}

/// A call of an earlier run. One that was cut off by a crash counts as over: nobody will hear of it again.
pub(crate) fn stored_view(row: &CallRow) -> Option<CallView> {
    let mut view: CallView = serde_json::from_str(row.detail.as_deref()?).ok()?;
    if !view.closed {
        view.phase = view::phase(Phase::Over).into();
        view.closed = true;
    }
    Some(view)
}

fn cached(record: &Record) -> CachedRecord {
    CachedRecord {
        kind: view::record_kind(record.kind).to_owned(),
        id: record.id.clone(),
        name: Some(record.name.clone()),
        account: record.company.clone(),
        web_url: record.page.clone(),
        email: record.email.clone(),
        changed_ms: record.changed_ms,
        source: Source::Found,
    }
}

fn uncached(cached: CachedRecord, lookup: &Lookup) -> Option<Record> {
    let kind = view::record_kind_of(&cached.kind)?;
    let page = cached.web_url.and_then(|url| lookup.checked_page(&url));
    Some(Record {
        kind,
        id: cached.id,
        name: cached.name.unwrap_or_default(),
        company: cached.account,
        page,
        email: cached.email,
        changed_ms: cached.changed_ms,
    })
}
