//! Why a number is whose it is: how it is read, what Desk is asked for it, who is known here, and which rule decides.
//!
//! Owns the explanation as data, in codes; it is made with the code that serves calls. Must not know calls, windows or
//! words, or who may ask.

use std::cmp::Reverse;

use deskring_domain::{Agreement, Difference, Plan, Reading, StoredNumber};
use deskring_store::{CachedRecord, IndexedRecord, Journal, RecordCode};
use deskring_zoho_desk::{Account, Contact, Error, Form, PhoneField, SEARCH_CREDITS};
use serde::{Deserialize, Serialize};

use crate::clock::wall_ms;
use crate::index::{self, Query};
use crate::lookup::{Found, Given, Lookup, Search, steps};

/// Records that only look alike are shown up to this many.
const MOST_OTHERS: usize = 20;

/// Where records are found.
const SOURCES: [&str; 2] = ["index", "desk"];

/// Everything about a number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// As asked.
    pub number: String,
    /// The caller's number is hidden: there is nothing to look for.
    pub withheld: bool,
    /// What it means, in international form.
    pub e164: Option<String>,
    /// As people of its country write it.
    pub written: String,
    /// How it was read, in order.
    pub readings: Vec<ReadingView>,
    /// What Desk is asked, in order.
    pub searches: Vec<SearchView>,
    /// What became of asking Desk: `not_asked`, `answered`, `failed`, or `off` where there is no Desk.
    pub desk: String,
    /// Code of why, with `failed` and `off`.
    pub cause: Option<String>,
    /// Credits that this cost.
    pub spent: u64,
    /// Credits that all searches cost, when none before the last finds anybody.
    pub most_credits: u64,
    /// Desk is asked for every call, also for those whom the index knows.
    pub always_query: bool,
    /// Records on this computer that end like the number, and were compared; `None` without an index.
    pub alike: Option<usize>,
    /// An answer of a short while ago; an empty one says that nobody has the number.
    pub kept: Option<Vec<RecordName>>,
    /// Whom somebody chose for this number.
    pub choice: Option<RecordName>,
    /// Records that have the number, then those that only look alike.
    pub hits: Vec<HitView>,
    /// So many more look alike.
    pub others: usize,
    /// Whose number it is, by those who know; the kept answer is told, and not counted here.
    pub decision: DecisionView,
}

/// A way to read the number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReadingView {
    /// What was read.
    pub text: String,
    /// What was done for that.
    pub steps: Vec<StepView>,
    /// What it means, in international form.
    pub means: Option<String>,
    /// `taken`, `no_number` or `later`.
    pub verdict: String,
}

/// Something that was done to read a number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepView {
    /// Code, family `lab-step`.
    pub code: String,
    /// With which digits.
    pub value: String,
}

/// A request to Desk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SearchView {
    /// Searches of the same step are sent together, those of the next only when nobody was found.
    pub step: usize,
    /// `contact` or `account`.
    pub kind: String,
    /// `phone`, `mobile` or `any`.
    pub field: String,
    /// The texts that are searched; a `*` in front stands for anything.
    pub texts: Vec<String>,
    /// Path and parameters, as they are sent.
    pub target: String,
    /// `not_asked`, `answered`, `failed` or `not_needed`.
    pub state: String,
    /// How many records came, before they were compared.
    pub hits: Option<usize>,
    /// Code of why it failed.
    pub cause: Option<String>,
}

/// A record by its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RecordName {
    /// `contact` or `account`.
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The company of a contact.
    pub account: Option<String>,
}

/// A record that was compared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HitView {
    /// Who it is.
    #[serde(flatten)]
    pub record: RecordName,
    /// Where it was found: `index`, `desk`.
    pub sources: Vec<String>,
    /// Its number fields.
    pub fields: Vec<FieldView>,
    /// Whether it has the number.
    pub counts: bool,
    /// Code of the rule by which it has it, family `lab-rule`, or of why it does not count, family `lab-not`.
    pub why: String,
    /// Its last change in Desk.
    pub changed_ms: Option<i64>,
}

/// A field of a record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldView {
    /// `phone` or `mobile`.
    pub field: String,
    /// As stored.
    pub stored: String,
    /// Each number in it.
    pub numbers: Vec<ComparedView>,
}

/// A stored number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ComparedView {
    /// As stored.
    pub text: String,
    /// What it means, in international form.
    pub means: Option<String>,
    /// Whether it is the number that was asked for.
    pub same: bool,
    /// By which rule, or why not; as [`HitView::why`].
    pub why: String,
}

/// Whose number it is.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct DecisionView {
    /// `withheld`, `one`, `several`, `chosen`, `nobody`, `ask_desk` or `failed`.
    pub code: String,
    /// Who answered: `index` or `desk`.
    pub by: Option<String>,
    /// With `one` and `chosen`: who it is.
    pub record: Option<RecordName>,
    /// By which rule, family `lab-rule`.
    pub rule: Option<String>,
    /// How many have the number.
    pub count: usize,
}

/// What an explanation is made of.
pub(crate) struct Bench<'a> {
    pub(crate) plan: &'a Plan,
    /// What asks Desk, or the code of why nothing does.
    pub(crate) lookup: Result<&'a Lookup, &'a str>,
    pub(crate) journal: Option<&'a Journal>,
    pub(crate) query: Query,
}

impl Explanation {
    /// What is known without asking Desk. Blocks.
    pub(crate) fn of(number: &str, bench: &Bench<'_>) -> Self {
        let reading = bench.plan.read(number);
        let searches: Vec<SearchView> = match bench.lookup {
            Ok(lookup) => searches(&reading, lookup),
            Err(_) => Vec::new(),
        };
        let mut explained = Self {
            number: reading.raw().to_owned(),
            withheld: reading.is_withheld(),
            e164: reading.e164().map(str::to_owned),
            written: reading.for_people(bench.plan),
            readings: readings(number, bench.plan),
            desk: if bench.lookup.is_ok() { "not_asked" } else { "off" }.to_owned(),
            cause: bench.lookup.err().map(str::to_owned),
            spent: 0,
            most_credits: SEARCH_CREDITS * count(searches.len()),
            searches,
            always_query: bench.query == Query::Always,
            alike: None,
            kept: None,
            choice: None,
            hits: Vec::new(),
            others: 0,
            decision: DecisionView::default(),
        };
        if !explained.withheld {
            explained.remember(&reading, bench.journal);
            explained.look_here(&reading, bench.lookup.ok());
        }
        explained.decide();
        explained
    }

    /// Asks Desk, as it is asked for a call that nobody here knows.
    pub(crate) async fn ask(&mut self, lookup: &Lookup) {
        let reading = lookup.plan.read(&self.number);
        self.desk = "answered".to_owned();
        let mut next = 0;
        for step in steps(&reading, &lookup.plan) {
            let answers = lookup.ask_together(&step).await;
            let is_found = !lookup.found_in(&reading, &answers).is_empty();
            for answer in &answers {
                self.take(next, answer, &reading, lookup);
                next += 1;
            }
            let failed = answers.iter().any(Result::is_err);
            if is_found {
                self.searches.iter_mut().skip(next).for_each(|rest| rest.state = "not_needed".to_owned());
            } else if failed {
                self.desk = "failed".to_owned();
            }
            if is_found || failed {
                break;
            }
        }
        self.decide();
    }

    fn take(&mut self, search: usize, answer: &Result<Given, Error>, reading: &Reading, lookup: &Lookup) {
        let Some(view) = self.searches.get_mut(search) else { return };
        let hits: Vec<HitView> = match answer {
            Ok(Given::Contacts(all)) => all.iter().map(|it| of_contact(it, reading, lookup)).collect(),
            Ok(Given::Accounts(all)) => all.iter().map(|it| of_account(it, reading, lookup)).collect(),
            Err(error) => {
                let cause = error.kind().code().to_owned();
                view.state = "failed".to_owned();
                view.cause = Some(cause.clone());
                self.cause = Some(cause);
                return;
            }
        };
        view.state = "answered".to_owned();
        view.hits = Some(hits.len());
        self.spent += SEARCH_CREDITS;
        hits.into_iter().for_each(|hit| self.add(hit, "desk"));
    }

    fn remember(&mut self, reading: &Reading, journal: Option<&Journal>) {
        let Some(journal) = journal else { return };
        let kept = journal.cache_get(reading.key(), wall_ms());
        self.kept = told(kept).flatten().map(|kept| kept.into_iter().map(of_cache).collect());
        let choices = told(journal.choices()).unwrap_or_default();
        let mine = choices.into_iter().find(|choice| choice.number_key == reading.key());
        self.choice = mine.map(|choice| RecordName {
            kind: choice.record.kind,
            id: choice.record.id,
            name: choice.name.unwrap_or_default(),
            account: None,
        });
    }

    fn look_here(&mut self, reading: &Reading, lookup: Option<&Lookup>) {
        let Some(lookup) = lookup else { return };
        let Some(index) = &lookup.index else { return };
        let keys: Vec<String> = reading.index_keys(&lookup.plan).into_iter().collect();
        let records = told(index.whose(&keys)).unwrap_or_default();
        self.alike = Some(records.len());
        records.iter().for_each(|record| self.add(of_index(record, reading, lookup), "index"));
    }

    /// A record that two places give in the same way is one.
    fn add(&mut self, hit: HitView, source: &str) {
        let same = |known: &&mut HitView| known.record == hit.record && known.fields == hit.fields;
        let known = match self.hits.iter_mut().find(same) {
            Some(known) => known,
            None => {
                self.hits.push(hit);
                let Some(last) = self.hits.last_mut() else { return };
                last
            }
        };
        if !known.sources.iter().any(|known| known == source) {
            known.sources.push(source.to_owned());
        }
    }

    /// The same order as for a call: the index, where it may answer; else Desk; the index again where Desk cannot.
    fn decide(&mut self) {
        let of_contacts = self.of_contacts();
        for hit in &mut self.hits {
            let Some(rule) = hit.rule().map(str::to_owned) else { continue };
            hit.counts = SOURCES.iter().any(|source| hit.counts_in(source, &of_contacts));
            hit.why = if hit.counts { rule } else { "contacts_first".to_owned() };
        }
        self.hits.sort_by_key(|hit| (!hit.counts, Reverse(hit.changed_ms)));
        let counting = self.hits.iter().filter(|hit| hit.counts).count();
        self.others += self.hits.len().saturating_sub(counting + MOST_OTHERS);
        self.hits.truncate(counting + MOST_OTHERS);
        let is_here = self.those_of("index").next().is_some();
        let by = match self.desk.as_str() {
            _ if is_here && !self.always_query => Some("index"),
            "answered" => Some("desk"),
            "failed" | "off" if is_here => Some("index"),
            _ => None,
        };
        let code = match self.desk.as_str() {
            _ if self.withheld => "withheld",
            "failed" | "off" => "failed",
            _ => "ask_desk",
        };
        self.decision = match by.filter(|_| !self.withheld) {
            Some(by) => self.decision_of(by),
            None => DecisionView { code: code.to_owned(), ..DecisionView::default() },
        };
    }

    fn decision_of(&self, by: &str) -> DecisionView {
        let found: Vec<&HitView> = self.those_of(by).collect();
        let is_chosen = |hit: &&HitView| {
            self.choice
                .as_ref()
                .is_some_and(|choice| (&choice.kind, &choice.id) == (&hit.record.kind, &hit.record.id))
        };
        let (code, hit) = match found.as_slice() {
            [] => ("nobody", None),
            [one] => ("one", Some(*one)),
            several => match several.iter().copied().find(is_chosen) {
                Some(chosen) => ("chosen", Some(chosen)),
                None => ("several", None),
            },
        };
        DecisionView {
            code: code.to_owned(),
            by: Some(by.to_owned()),
            record: hit.map(|hit| hit.record.clone()),
            rule: hit.map(|hit| hit.why.clone()),
            count: found.len(),
        }
    }

    fn those_of<'a>(&'a self, source: &'a str) -> impl Iterator<Item = &'a HitView> {
        let of_contacts = self.of_contacts();
        self.hits.iter().filter(move |hit| hit.rule().is_some() && hit.counts_in(source, &of_contacts))
    }

    /// Where a contact has the number: there accounts do not count.
    fn of_contacts(&self) -> Vec<&'static str> {
        let has = |source: &&str| {
            self.hits.iter().any(|hit| hit.is_contact() && hit.is_from(source) && hit.rule().is_some())
        };
        SOURCES.into_iter().filter(has).collect()
    }
}

impl HitView {
    /// By which rule it has the number.
    fn rule(&self) -> Option<&str> {
        let mut numbers = self.fields.iter().flat_map(|field| &field.numbers);
        numbers.find(|one| one.same).map(|one| one.why.as_str())
    }

    fn is_contact(&self) -> bool {
        self.record.kind == "contact"
    }

    fn is_from(&self, source: &str) -> bool {
        self.sources.iter().any(|known| known == source)
    }

    fn counts_in(&self, source: &str, of_contacts: &[&str]) -> bool {
        self.is_from(source) && (self.is_contact() || !of_contacts.contains(&source))
    }
}

impl RecordName {
    pub(crate) fn of(found: Found) -> Self {
        Self {
            kind: crate::view::record_kind(found.record.kind).to_owned(),
            id: found.record.id,
            name: found.record.name,
            account: found.record.company,
        }
    }
}

fn readings(number: &str, plan: &Plan) -> Vec<ReadingView> {
    let all = plan.interpretations(number).into_iter();
    let step = |step: deskring_domain::Step| StepView {
        code: step.code().to_owned(),
        value: step.value().to_owned(),
    };
    all.map(|one| ReadingView {
        text: one.text,
        steps: one.steps.into_iter().map(step).collect(),
        means: one.means,
        verdict: one.verdict.code().to_owned(),
    })
    .collect()
}

fn searches(reading: &Reading, lookup: &Lookup) -> Vec<SearchView> {
    let mut all = Vec::new();
    for (step, together) in steps(reading, &lookup.plan).into_iter().enumerate() {
        for search in together {
            let target = lookup.target(&search).unwrap_or_default();
            let (kind, field, texts) = match search {
                Search::Contacts(field, forms) => {
                    ("contact", field.parameter(), forms.iter().map(text).collect())
                }
                Search::Accounts(text) => ("account", "any", vec![text]),
            };
            all.push(SearchView {
                step: step + 1,
                kind: kind.to_owned(),
                field: field.to_owned(),
                texts,
                target,
                state: "not_asked".to_owned(),
                hits: None,
                cause: None,
            });
        }
    }
    all
}

fn text(form: &Form) -> String {
    match form {
        Form::Exact(text) => text.clone(),
        Form::EndsWith(ending) => format!("*{ending}"),
    }
}

fn of_index(record: &IndexedRecord, reading: &Reading, lookup: &Lookup) -> HitView {
    match record.kind {
        RecordCode::Contact => of_contact(&index::contact(record), reading, lookup),
        RecordCode::Account => of_account(&index::account(record), reading, lookup),
    }
}

fn of_contact(contact: &Contact, reading: &Reading, lookup: &Lookup) -> HitView {
    let record = lookup.of_contact(contact);
    let fields = [(PhoneField::Phone, &contact.phone), (PhoneField::Mobile, &contact.mobile)];
    let name =
        RecordName { kind: "contact".to_owned(), id: record.id, name: record.name, account: record.company };
    hit(
        name,
        fields.map(|(field, stored)| (field.parameter(), stored.as_deref())),
        reading,
        lookup,
        record.changed_ms,
    )
}

fn of_account(account: &Account, reading: &Reading, lookup: &Lookup) -> HitView {
    let record = lookup.of_account(account);
    let name = RecordName { kind: "account".to_owned(), id: record.id, name: record.name, account: None };
    hit(name, [(PhoneField::Phone.parameter(), account.phone.as_deref())], reading, lookup, record.changed_ms)
}

fn hit<const FIELDS: usize>(
    record: RecordName,
    fields: [(&str, Option<&str>); FIELDS],
    reading: &Reading,
    lookup: &Lookup,
    changed_ms: Option<i64>,
) -> HitView {
    let fields: Vec<(FieldView, Vec<StoredNumber>)> = fields
        .into_iter()
        .filter_map(|(field, stored)| Some((field, stored?)))
        .map(|(field, stored)| {
            let compared = reading.compared_with(stored, &lookup.plan);
            let numbers = compared.iter().map(compared_view).collect();
            (FieldView { field: field.to_owned(), stored: stored.to_owned(), numbers }, compared)
        })
        .collect();
    let verdicts = || fields.iter().flat_map(|(_, compared)| compared).map(|one| one.verdict);
    let rule = verdicts().find_map(Result::ok);
    let ending = verdicts().any(|verdict| verdict == Err(Difference::OnlyEnding));
    let why = match rule {
        Some(rule) => Agreement::code(rule),
        None if ending => Difference::OnlyEnding.code(),
        None => verdicts().find_map(Result::err).unwrap_or(Difference::NoDigits).code(),
    };
    HitView {
        record,
        sources: Vec::new(),
        fields: fields.into_iter().map(|(field, _)| field).collect(),
        counts: rule.is_some(),
        why: why.to_owned(),
        changed_ms,
    }
}

fn compared_view(one: &StoredNumber) -> ComparedView {
    let why = match one.verdict {
        Ok(rule) => rule.code(),
        Err(difference) => difference.code(),
    };
    ComparedView {
        text: one.text.clone(),
        means: one.means.clone(),
        same: one.verdict.is_ok(),
        why: why.to_owned(),
    }
}

fn of_cache(record: CachedRecord) -> RecordName {
    RecordName {
        kind: record.kind,
        id: record.id,
        name: record.name.unwrap_or_default(),
        account: record.account,
    }
}

/// What cannot be read costs its part of the explanation only.
fn told<T>(read: Result<T, deskring_store::StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, "a part of an explanation cannot be read")).ok()
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
