//! What a person sees of what is owed to Desk, and does with it: beside the loop, or alone where no engine runs. Speaks
//! in codes. Must not know how a row is sent.

use std::collections::BTreeMap;
use std::fmt;

use deskring_store::{Entry, EntryState, Journal, OutboxCounts, OutboxQuery, StoreError, Touched};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::compose::texts;
use super::sender::AFTER_A_CRASH;
use super::{Payload, Writing, facts, kind, rules};
use crate::admin::Fault;
use crate::admin::template::as_seen;
use crate::assist::Answer;
use crate::clock::wall_ms;
use crate::connect::{self, Paths};
use crate::history::stored_view;
use crate::lookup::Lookup;
use crate::manners::Caller;
use crate::run::StartError;

/// Reason of rows that a person gave up.
pub const BY_HAND: &str = "by_hand";
/// Wedged rows in a view; whoever wants the others asks for them.
const SHOWN: usize = 20;
/// Most rows of one page.
const PAGE: usize = 100;
/// Of what a row carries, a person may set these, and everything below [`EXTRA`].
const TEXTS: [&str; 2] = ["subject", "description"];
const EXTRA: &str = "extra";

/// How many rows are not in Desk yet, and those that wait for a person.
#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct OutboxView {
    /// To be sent, or being sent.
    pub pending: u64,
    /// Refused: a person must do something.
    pub wedged: u64,
    /// Waiting for a refused one.
    pub blocked: u64,
    /// The youngest of the refused ones, without their payload.
    pub rows: Vec<OutboxRowView>,
    /// A dry run is on: what the rules would write is only shown, and what was promised before waits.
    #[serde(default)]
    pub dry_run: bool,
    /// Why no call activities can be written: `not_in_edition`, `no_scope` or `not_permitted`.
    #[serde(default)]
    pub no_calls: Option<String>,
    /// A gateway writes for its agents; nothing is written from here but what is done by hand.
    #[serde(default)]
    pub by_gateway: bool,
    /// What is in Desk, as far back as it is remembered.
    #[serde(default)]
    pub sent: u64,
}

/// Something that is, or was, to be written to Desk. `Debug` shows nothing of what is written or about whom.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OutboxRowView {
    /// Its name; empty where others may look.
    pub key: String,
    /// The PBX's id of the call.
    pub call: String,
    /// Which of my extensions had it.
    pub extension: String,
    /// `contact`, `account`, `ticket` or `call_activity`.
    pub kind: String,
    /// `pending`, `claimed`, `unknown`, `sent`, `wedged`, `blocked`, `discarded` or `dry`.
    pub state: String,
    /// Code of why it is as it is.
    pub reason: Option<String>,
    /// Desk's own code, where it gave one.
    pub code: Option<String>,
    /// The fields that Desk refuses.
    pub fields: Vec<RefusedField>,
    /// The row that it waits for.
    pub waits_for: Option<String>,
    /// How often it was sent since a person last asked for it.
    pub attempts: u32,
    /// Not before.
    pub due_ms: i64,
    /// The record, when it is in Desk.
    pub record: Option<WrittenRecord>,
    /// When the promise was made.
    pub created_ms: i64,
    /// When it last changed.
    pub changed_ms: i64,
    /// The other side's name, where it is known.
    pub name: Option<String>,
    /// The other side's number.
    pub number: String,
    /// The number for reading.
    pub number_text: String,
    /// What it would say in Desk if it were written now; nothing when it is there, or given up.
    pub subject: Option<String>,
    /// The same for the longer text, without markup.
    pub description: Option<String>,
    /// What the row carries; empty in an [`AppView`](crate::AppView), and after all was done.
    pub payload: Value,
}

/// A field that Desk refuses.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct RefusedField {
    /// Zoho's name of it.
    pub name: String,
    /// What the organization calls it.
    pub label: String,
    /// `missing`, `invalid`, `duplicate` or `other`.
    pub problem: String,
    /// What goes in, as [`FieldView::kind`](crate::FieldView::kind), where the organization's layout tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What to choose from, where the layout tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// A record in Desk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WrittenRecord {
    /// As [`OutboxRowView::kind`].
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// Address of its page, where it could be checked.
    pub url: Option<String>,
}

/// What is wanted of the outbox.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum OutboxAsk {
    /// Rows, the youngest first; answered by [`Answer::Outbox`].
    List {
        /// In one of these states; none given = any.
        #[serde(default)]
        states: Vec<String>,
        /// About this call.
        #[serde(default)]
        call: Option<String>,
        /// After skipping so many of the youngest.
        #[serde(default)]
        offset: usize,
        /// At most so many; cut to 1–100.
        limit: usize,
    },
    /// One row; answered by [`Answer::OutboxRow`].
    Show {
        /// Its name.
        key: String,
    },
    /// Sends a row as soon as possible; answered by [`Answer::Done`].
    Retry {
        /// Its name.
        key: String,
    },
    /// The same for every row that waits for a person; answered by [`Answer::Retried`].
    RetryWedged,
    /// Changes what is written, and nothing else; answered by [`Answer::OutboxRow`].
    Edit(OutboxEdit),
    /// Gives up a row and all that need it; answered by [`Answer::Done`].
    Discard {
        /// Its name.
        key: String,
    },
}

/// Changes of what a row carries: `subject`, `description`, or a field of Desk by its API name. `Debug` shows no value.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OutboxEdit {
    /// The name of the row.
    pub key: String,
    /// Texts, numbers, and yes or no. An empty text clears the field. A value becomes what the field had before, a
    /// number a text for example, where that can be.
    pub set: BTreeMap<String, Value>,
    /// Fields that are to be as if nobody had set them.
    pub unset: Vec<String>,
}

impl fmt::Debug for OutboxEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set: Vec<&String> = self.set.keys().collect();
        f.debug_struct("OutboxEdit").field("set", &set).field("unset", &self.unset).finish_non_exhaustive()
    }
}

impl fmt::Debug for OutboxRowView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxRowView")
            .field("call", &self.call)
            .field("extension", &self.extension)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("reason", &self.reason)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl OutboxView {
    /// As others may see it: no names, and no more of a number than its end.
    pub(crate) fn mask(&mut self, shown: Caller) {
        for row in &mut self.rows {
            row.name = None;
            row.number = shown.of_number(&row.number);
            row.number_text = shown.of_number(&row.number_text);
            row.payload = Value::Null;
            (row.subject, row.description) = (None, None);
            // A name of a row may be made from the number.
            row.key.clear();
            row.waits_for = None;
        }
    }
}

impl OutboxAsk {
    /// Whether it changes rows.
    pub(crate) fn is_change(&self) -> bool {
        !matches!(self, Self::List { .. } | Self::Show { .. })
    }
}

/// Every state of a row, by its code.
pub fn states() -> [&'static str; EntryState::ALL.len()] {
    EntryState::ALL.map(EntryState::code)
}

/// Does what is wanted on a profile on which no engine runs.
///
/// # Errors
/// As [`Handle::assist`](crate::Handle::assist), and `profile_in_use` when an engine runs after all.
pub fn alone(paths: &Paths, ask: OutboxAsk) -> Result<Answer, Fault> {
    // Nothing was ever owed here, and asking does not make a profile.
    if !paths.profile.join("deskring.db").is_file() {
        return match ask {
            OutboxAsk::List { .. } => Ok(Answer::Outbox { rows: Vec::new(), more: false }),
            OutboxAsk::RetryWedged => Ok(Answer::Retried { count: 0 }),
            _ => Err(Fault::new("no_such_entry")),
        };
    }
    let _lock = connect::lock(paths).map_err(|error| match error {
        StartError::Running { pid } => {
            Fault { code: "profile_in_use".into(), detail: pid.map(|pid| pid.to_string()) }
        }
        StartError::Settings(_) | StartError::Profile { .. } => Fault::new("journal_unusable"),
    })?;
    let journal = Journal::open(&paths.profile)?;
    // What a killed engine was sending is being sent no longer.
    let wait = i64::try_from(AFTER_A_CRASH.as_millis()).unwrap_or(0);
    journal.recover(wall_ms(), wall_ms() + wait)?;
    let settings = deskring_store::settings::load_with(&paths.profile, &paths.policy);
    let writing = settings.ok().map(|loaded| rules::writing(&loaded.settings));
    answer(&journal, Beside { desk: None, writing: writing.as_ref() }, ask)
}

/// What is known beside the rows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// Pages are told where it can check them.
    pub(crate) desk: Option<&'a Lookup>,
    /// Texts are told where it says how they are made.
    pub(crate) writing: Option<&'a Writing>,
}

/// Does what is wanted.
pub(crate) fn answer(journal: &Journal, beside: Beside<'_>, ask: OutboxAsk) -> Result<Answer, Fault> {
    let now_ms = wall_ms();
    match ask {
        OutboxAsk::List { states, call, offset, limit } => {
            let states = states.iter().map(|code| state_of(code)).collect::<Result<Vec<_>, _>>()?;
            let limit = limit.clamp(1, PAGE);
            let query = OutboxQuery { states, call_id: call, limit: limit + 1, offset };
            let mut found = journal.outbox(&query)?;
            let more = found.len() > limit;
            found.truncate(limit);
            let rows = found.iter().map(|row| view(journal, beside, row)).collect::<Result<_, _>>()?;
            Ok(Answer::Outbox { rows, more })
        }
        OutboxAsk::Show { key } => shown(journal, beside, &key),
        OutboxAsk::Retry { key } => {
            let touched = journal.retry(&key, now_ms)?;
            done(journal, &key, touched)
        }
        OutboxAsk::RetryWedged => {
            let states = vec![EntryState::Wedged];
            let all = journal.outbox(&OutboxQuery { states, limit: usize::MAX, ..OutboxQuery::default() })?;
            let mut count = 0;
            for row in all {
                count += u64::from(journal.retry(&row.key, now_ms)? == Touched::Done);
            }
            Ok(Answer::Retried { count })
        }
        OutboxAsk::Edit(edit) => {
            let row = journal.entry(&edit.key)?.ok_or_else(|| Fault::new("no_such_entry"))?;
            let touched = match edited(&row, &edit) {
                Ok(payload) => journal.edit(&edit.key, &payload, now_ms)?,
                // That nothing of it can be changed any more says more than that it is empty.
                Err(_) if is_finished(row.state) => Touched::Finished,
                Err(fault) => return Err(fault),
            };
            done(journal, &edit.key, touched)?;
            shown(journal, beside, &edit.key)
        }
        OutboxAsk::Discard { key } => {
            let touched = journal.discard(&key, BY_HAND, now_ms)?;
            done(journal, &key, touched)
        }
    }
}

/// What a view shows of the outbox.
pub(crate) fn summary(journal: &Journal) -> Result<OutboxView, StoreError> {
    let counts = journal.outbox_counts()?;
    let mut rows = Vec::new();
    if counts.wedged > 0 {
        let states = vec![EntryState::Wedged];
        for row in journal.outbox(&OutboxQuery { states, limit: SHOWN, ..OutboxQuery::default() })? {
            rows.push(OutboxRowView { payload: Value::Null, ..view(journal, Beside::default(), &row)? });
        }
    }
    let pending = counts.pending + counts.claimed + counts.unknown;
    let OutboxCounts { wedged, blocked, sent, .. } = counts;
    Ok(OutboxView { pending, wedged, blocked, sent, rows, ..OutboxView::default() })
}

fn shown(journal: &Journal, beside: Beside<'_>, key: &str) -> Result<Answer, Fault> {
    let row = journal.entry(key)?.ok_or_else(|| Fault::new("no_such_entry"))?;
    Ok(Answer::OutboxRow { row: Box::new(view(journal, beside, &row)?) })
}

fn done(journal: &Journal, key: &str, touched: Touched) -> Result<Answer, Fault> {
    match touched {
        Touched::Done => Ok(Answer::Done),
        Touched::NoSuchEntry => Err(Fault::new("no_such_entry")),
        Touched::InFlight => Err(Fault::new("entry_in_flight")),
        Touched::Finished => Err(Fault::new("entry_finished")),
        Touched::Blocked => {
            Err(Fault { code: "entry_blocked".into(), detail: what_blocks(journal, key.to_owned())? })
        }
    }
}

/// The wedged row above a blocked one: the one to do something about.
fn what_blocks(journal: &Journal, key: String) -> Result<Option<String>, StoreError> {
    let mut key = key;
    loop {
        match journal.entry(&key)? {
            Some(Entry { state: EntryState::Blocked, depends_on: Some(parent), .. }) => key = parent,
            Some(row) if row.state == EntryState::Wedged => return Ok(Some(key)),
            Some(_) | None => return Ok(None),
        }
    }
}

fn is_finished(state: EntryState) -> bool {
    matches!(state, EntryState::Sent | EntryState::Discarded | EntryState::Dry)
}

fn state_of(code: &str) -> Result<EntryState, Fault> {
    let known = EntryState::ALL.into_iter().find(|state| state.code() == code);
    known.ok_or_else(|| Fault::new("bad_request"))
}

/// Why a row was refused, as it stands in the database.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    code: Option<String>,
    fields: Vec<RefusedField>,
}

fn view(journal: &Journal, beside: Beside<'_>, row: &Entry) -> Result<OutboxRowView, StoreError> {
    let calls = journal.rows_of(&row.call_id)?;
    let call = calls.iter().find(|call| call.extension == row.extension).or(calls.first());
    let number = call.and_then(|call| call.number.clone()).unwrap_or_default();
    let number_text = call.and_then(stored_view).map(|call| call.number_text);
    let text = |text: Option<&String>| text.filter(|text| !text.trim().is_empty()).cloned();
    let texts = match row.state {
        EntryState::Sent | EntryState::Discarded => None,
        EntryState::Pending
        | EntryState::Claimed
        | EntryState::Unknown
        | EntryState::Wedged
        | EntryState::Blocked
        | EntryState::Dry => beside.writing.and_then(|writing| {
            let payload: Payload = serde_json::from_str(&row.payload).ok()?;
            texts(&row.kind, &payload, &facts(journal, row, &payload, writing), writing)
        }),
    };
    // What cannot be read is as good as not there.
    let detail: Detail =
        row.detail.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    Ok(OutboxRowView {
        key: row.key.clone(),
        call: row.call_id.clone(),
        extension: row.extension.clone(),
        kind: row.kind.clone(),
        state: row.state.code().to_owned(),
        reason: row.reason.clone(),
        code: detail.code.filter(|code| Some(code) != row.reason.as_ref()),
        fields: detail.fields,
        waits_for: row.depends_on.clone().filter(|_| row.state == EntryState::Blocked),
        attempts: row.attempts,
        due_ms: row.due_ms,
        record: row.remote_id.as_ref().map(|id| WrittenRecord {
            kind: row.kind.clone(),
            id: id.clone(),
            url: row.remote_url.as_deref().and_then(|url| beside.desk?.checked_page(url)),
        }),
        created_ms: row.created_ms,
        changed_ms: row.changed_ms,
        name: call.and_then(|call| text(call.name.as_ref()).or_else(|| text(call.company.as_ref()))),
        number_text: number_text.filter(|text| !text.is_empty()).unwrap_or_else(|| number.clone()),
        number,
        subject: texts.as_ref().map(|texts| texts.subject.clone()),
        description: texts
            .map(
                |texts| {
                    if row.kind == kind::TICKET { as_seen(&texts.description) } else { texts.description }
                },
            )
            .filter(|text| !text.trim().is_empty()),
        payload: serde_json::from_str(&row.payload).unwrap_or_default(),
    })
}

/// What a row carries after a change; what belongs to the engine is as it was.
fn edited(row: &Entry, edit: &OutboxEdit) -> Result<String, Fault> {
    let mut payload: Map<String, Value> =
        serde_json::from_str(&row.payload).map_err(|_| Fault::new("entry_unreadable"))?;
    let unset = edit.unset.iter().map(|name| (name, None));
    let set = edit.set.iter().map(|(name, value)| (name, Some(value)));
    for (name, value) in unset.chain(set) {
        let value = value.filter(|value| **value != Value::String(String::new()) && !value.is_null());
        put(&mut payload, own_name(&row.kind, name), value)?;
    }
    Ok(Value::Object(payload).to_string())
}

/// The name of a record is its subject here.
fn own_name<'a>(kind: &str, name: &'a str) -> &'a str {
    match (kind, name) {
        (kind::CONTACT, "lastName") | (kind::ACCOUNT, "accountName") => "subject",
        (_, name) => name,
    }
}

fn put(payload: &mut Map<String, Value>, name: &str, value: Option<&Value>) -> Result<(), Fault> {
    let refused = |code: &str| Fault { code: code.into(), detail: Some(name.to_owned()) };
    if value.is_some_and(|value| value.is_array() || value.is_object()) {
        return Err(refused("value_wrong"));
    }
    if TEXTS.contains(&name) {
        match value {
            Some(value) => payload.insert(name.to_owned(), Value::String(text_of(value))),
            None => payload.remove(name),
        };
        return Ok(());
    }
    if name.is_empty() || name == EXTRA || payload.contains_key(name) {
        return Err(refused("field_not_editable"));
    }
    let extra = payload.entry(EXTRA).or_insert_with(|| Value::Object(Map::new()));
    let extra = extra.as_object_mut().ok_or_else(|| Fault::new("entry_unreadable"))?;
    match value {
        Some(value) => {
            let value = like(extra.get(name), value);
            extra.insert(name.to_owned(), value);
        }
        None => {
            extra.remove(name);
        }
    }
    Ok(())
}

/// A value as the field had one before: a text stays a text, also when it looks like a number.
fn like(before: Option<&Value>, value: &Value) -> Value {
    let read = || value.as_str().and_then(|text| serde_json::from_str::<Value>(text.trim()).ok());
    match before {
        Some(Value::String(_)) => Value::String(text_of(value)),
        Some(Value::Number(_)) => read().filter(Value::is_number).unwrap_or_else(|| value.clone()),
        Some(Value::Bool(_)) => read().filter(Value::is_boolean).unwrap_or_else(|| value.clone()),
        Some(_) | None => value.clone(),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use deskring_store::{Doubt, NewEntry, Run, Settled};
    use serde_json::json;

    use super::*;

    fn new(key: &str, parent: Option<&str>) -> NewEntry {
        NewEntry {
            key: key.into(),
            call_id: "7.1".into(),
            extension: "1001".into(),
            kind: "ticket".into(),
            payload: json!({ "of": "1001", "number": "138", "extra": { "cf_zip": "1", "cf_age": 3 } })
                .to_string(),
            depends_on: parent.map(str::to_owned),
            due_ms: 0,
            doubt: Doubt::None,
            run: Run::Live,
        }
    }

    /// `a` is wedged and blocks `b`, which blocks `c`.
    fn journal(profile: &std::path::Path) -> Journal {
        let journal = Journal::open(profile).unwrap();
        journal.enqueue(&[new("a", None), new("b", Some("a")), new("c", Some("b"))], 1).unwrap();
        assert_eq!(journal.claim(1, 1).unwrap().len(), 1);
        let fields = json!([{ "name": "cf_region", "label": "Region", "problem": "missing" }]);
        let detail = Some(json!({ "code": "INVALID_DATA", "fields": fields }).to_string());
        journal.settle("a", &Settled::Wedged { reason: "invalid".into(), detail }, 2).unwrap();
        journal
    }

    fn edit(key: &str, set: &[(&str, Value)], unset: &[&str]) -> OutboxAsk {
        OutboxAsk::Edit(OutboxEdit {
            key: key.into(),
            set: set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            unset: unset.iter().map(|name| (*name).to_owned()).collect(),
        })
    }

    fn payload(answer: Answer) -> Value {
        match answer {
            Answer::OutboxRow { row } => row.payload,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_person_sets_and_clears_what_is_theirs_and_nothing_of_the_engine() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path());
        let set = [
            ("subject", json!("Invoice")),
            ("cf_region", json!("North")),
            ("cf_zip", json!(361_000)),
            ("cf_age", json!(" 4 ")),
            ("cf_vip", json!(true)),
        ];
        let changed = payload(answer(&journal, Beside::default(), edit("a", &set, &[])).unwrap());
        let extra = json!({ "cf_region": "North", "cf_zip": "361000", "cf_age": 4, "cf_vip": true });
        let expected = json!({ "of": "1001", "number": "138", "subject": "Invoice", "extra": extra });
        assert_eq!(changed, expected);
        let cleared = answer(
            &journal,
            Beside::default(),
            edit("a", &[("cf_region", json!(""))], &["subject", "cf_vip"]),
        )
        .unwrap();
        let extra = json!({ "cf_zip": "361000", "cf_age": 4 });
        assert_eq!(payload(cleared), json!({ "of": "1001", "number": "138", "extra": extra }));
        for (name, value, code) in [
            ("number", json!("1"), "field_not_editable"),
            ("extra", json!("1"), "field_not_editable"),
            ("", json!("1"), "field_not_editable"),
            ("cf_region", json!(["North"]), "value_wrong"),
        ] {
            let fault = answer(&journal, Beside::default(), edit("a", &[(name, value)], &[])).unwrap_err();
            assert_eq!((fault.code.as_str(), fault.detail.as_deref()), (code, Some(name)));
        }
    }

    #[test]
    fn the_name_of_a_contact_is_its_subject() {
        assert_eq!(own_name("contact", "lastName"), "subject");
        assert_eq!(own_name("account", "accountName"), "subject");
        assert_eq!(own_name("ticket", "lastName"), "lastName");
    }

    #[test]
    fn what_cannot_be_done_says_why_and_what_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path());
        let fault = |ask| answer(&journal, Beside::default(), ask).unwrap_err();
        let blocked = fault(OutboxAsk::Retry { key: "c".into() });
        assert_eq!((blocked.code.as_str(), blocked.detail.as_deref()), ("entry_blocked", Some("a")));
        assert_eq!(fault(OutboxAsk::Show { key: "x".into() }).code, "no_such_entry");
        assert_eq!(fault(edit("x", &[("subject", json!("x"))], &[])).code, "no_such_entry");
        assert_eq!(
            answer(&journal, Beside::default(), OutboxAsk::RetryWedged).unwrap(),
            Answer::Retried { count: 1 }
        );
        assert_eq!(journal.claim(wall_ms(), 1).unwrap().len(), 1);
        assert_eq!(fault(OutboxAsk::Retry { key: "a".into() }).code, "entry_in_flight");
        assert_eq!(fault(OutboxAsk::Discard { key: "a".into() }).code, "entry_in_flight");
        let sent = Settled::Sent { remote_id: "9".into(), remote_url: None };
        journal.settle("a", &sent, 3).unwrap();
        assert_eq!(fault(edit("a", &[("subject", json!("x"))], &[])).code, "entry_finished");
        assert_eq!(fault(OutboxAsk::Discard { key: "a".into() }).code, "entry_finished");
        let states = vec!["strange".to_owned()];
        let strange = OutboxAsk::List { states, call: None, offset: 0, limit: 1 };
        assert_eq!(fault(strange).code, "bad_request");
    }

    #[test]
    fn pages_follow_each_other_without_gap() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path());
        let list = |states: &[&str], call: &str, offset, limit| {
            let states = states.iter().map(|state| (*state).to_owned()).collect();
            let call = Some(call.to_owned());
            match answer(&journal, Beside::default(), OutboxAsk::List { states, call, offset, limit })
                .unwrap()
            {
                Answer::Outbox { rows, more } => {
                    (rows.into_iter().map(|row| row.key).collect::<Vec<_>>().join(" "), more)
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(list(&[], "7.1", 0, 2), ("c b".to_owned(), true));
        assert_eq!(list(&[], "7.1", 2, 2), ("a".to_owned(), false));
        assert_eq!(list(&["wedged"], "7.1", 0, 2), ("a".to_owned(), false));
        assert_eq!(list(&[], "7.2", 0, 2), (String::new(), false));
    }

    #[test]
    fn a_view_counts_and_shows_what_was_refused_without_its_payload() {
        let folder = tempfile::tempdir().unwrap();
        let view = summary(&journal(folder.path())).unwrap();
        assert_eq!((view.pending, view.wedged, view.blocked), (0, 1, 2));
        let row = &view.rows[0];
        let fields = [("cf_region", "Region", "missing")];
        let seen: Vec<_> = row.fields.iter().map(|it| (&*it.name, &*it.label, &*it.problem)).collect();
        assert_eq!((&*row.key, &row.payload, row.code.as_deref()), ("a", &Value::Null, Some("INVALID_DATA")));
        assert_eq!(seen, fields);
    }

    #[test]
    fn others_see_neither_names_nor_numbers_nor_what_is_written() {
        let row = OutboxRowView {
            key: "contact/+8613800138000".into(),
            name: Some("Lindqvist".into()),
            number: "13800138000".into(),
            number_text: "138 0013 8000".into(),
            waits_for: Some("contact/+8613800138000".into()),
            payload: json!({ "subject": "Secret matter" }),
            ..OutboxRowView::default()
        };
        for (shown, end) in [(Caller::MaskedNumber, true), (Caller::Hidden, false)] {
            let mut view = OutboxView { wedged: 1, rows: vec![row.clone()], ..OutboxView::default() };
            view.mask(shown);
            let seen = serde_json::to_string(&view).unwrap();
            for secret in ["Lindqvist", "13800", "138 0013", "Secret matter"] {
                assert!(!seen.contains(secret), "{secret} in {seen}");
            }
            assert_eq!(seen.contains("00"), end, "{seen}");
        }
        assert!(!format!("{row:?}").contains("138"), "{row:?}");
    }
}
