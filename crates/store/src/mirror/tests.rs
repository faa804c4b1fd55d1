//! The mirror against real files: whatever is done to a journal, the copy made of its mirrored rows is the same.

use std::io;
use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::contacts::{CachedRecord, Source};
use crate::journal::CallRow;
use crate::outbox::{Doubt, NewEntry, Run, Settled};
use crate::synced::SyncedRow;

/// Another machine's memory.
#[derive(Default)]
struct Elsewhere {
    rows: Mutex<BTreeMap<(String, String), String>>,
    fault: Mutex<Option<MirrorFault>>,
    commits: Mutex<usize>,
    file_is_behind: Mutex<usize>,
}

impl Mirror for Elsewhere {
    fn commit(&self, changes: &[Change]) -> Result<(), MirrorFault> {
        if let Some(fault) = self.fault.lock().unwrap().take() {
            return Err(fault);
        }
        assert!(!changes.is_empty());
        *self.commits.lock().unwrap() += 1;
        let mut rows = self.rows.lock().unwrap();
        for change in changes.iter().cloned() {
            match change.row {
                Some(row) => rows.insert((change.table, change.key), row),
                None => rows.remove(&(change.table, change.key)),
            };
        }
        Ok(())
    }

    fn file_is_behind(&self) {
        *self.file_is_behind.lock().unwrap() += 1;
    }
}

impl Elsewhere {
    fn rows(&self) -> Vec<Change> {
        let rows = self.rows.lock().unwrap();
        rows.iter()
            .map(|((table, key), row)| Change {
                table: table.clone(),
                key: key.clone(),
                row: Some(row.clone()),
            })
            .collect()
    }

    fn fails_with(&self, fault: MirrorFault) {
        *self.fault.lock().unwrap() = Some(fault);
    }
}

fn mirrored() -> (tempfile::TempDir, Journal, Arc<Elsewhere>) {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let elsewhere = Arc::new(Elsewhere::default());
    journal.mirror(elsewhere.clone()).unwrap();
    (dir, journal, elsewhere)
}

fn all(journal: &Journal) -> Vec<Change> {
    let mut all = journal.everything().unwrap();
    all.sort();
    all
}

fn call(id: &str, note: &str) -> CallRow {
    CallRow {
        call_id: id.to_owned(),
        extension: "1001".to_owned(),
        phase: "over".to_owned(),
        name: Some(note.to_owned()),
        detail: Some(format!("{{\"note\":{:?}}}", note)),
        started_ms: i64::MAX - 7,
        ..CallRow::default()
    }
}

fn owed(key: &str, parent: Option<&str>) -> NewEntry {
    NewEntry {
        key: key.to_owned(),
        call_id: "1790000000.1".to_owned(),
        extension: "1001".to_owned(),
        kind: "ticket".to_owned(),
        payload: "{}".to_owned(),
        depends_on: parent.map(str::to_owned),
        due_ms: 0,
        doubt: Doubt::None,
        run: Run::Live,
    }
}

/// Something the engine does to a journal.
#[derive(Clone, Debug)]
enum Step {
    Call(u8, String),
    Owe(u8, bool),
    Claim,
    Settle(u8, bool),
    Discard(u8),
    Fact(u8, String),
    ForgetFact(u8),
    Cache(u8),
    Created(u8),
    Choice(u8),
    Draft(u8),
    Discarded(u8),
    Synced(u8),
    ToSync(u8),
    Popped(u8),
    Forget,
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4_u8, any::<String>()).prop_map(|(id, text)| Step::Call(id, text)),
        (0..6_u8, any::<bool>()).prop_map(|(id, child)| Step::Owe(id, child)),
        Just(Step::Claim),
        (0..6_u8, any::<bool>()).prop_map(|(id, sent)| Step::Settle(id, sent)),
        (0..6_u8).prop_map(Step::Discard),
        (0..3_u8, any::<String>()).prop_map(|(id, text)| Step::Fact(id, text)),
        (0..3_u8).prop_map(Step::ForgetFact),
        (0..3_u8).prop_map(Step::Cache),
        (0..3_u8).prop_map(Step::Created),
        (0..3_u8).prop_map(Step::Choice),
        (0..3_u8).prop_map(Step::Draft),
        (0..3_u8).prop_map(Step::Discarded),
        (0..3_u8).prop_map(Step::Synced),
        (0..3_u8).prop_map(Step::ToSync),
        (0..3_u8).prop_map(Step::Popped),
        Just(Step::Forget),
        Just(Step::Clear),
    ]
}

fn play(journal: &Journal, step: &Step, now: i64) {
    let key = |id: u8| format!("row {id}");
    let record = |id: u8| CachedRecord {
        kind: "contact".to_owned(),
        id: id.to_string(),
        name: Some("Wang 王".to_owned()),
        account: None,
        web_url: None,
        email: None,
        changed_ms: None,
        source: Source::Found,
    };
    match step {
        Step::Call(id, text) => journal.record(&call(&id.to_string(), text)).unwrap(),
        Step::Owe(id, child) => {
            let parent = child.then(|| key(id / 2)).filter(|parent| *parent != key(*id));
            // A child whose parent is not there is refused as a whole.
            drop(journal.enqueue(&[owed(&key(*id), parent.as_deref())], now));
        }
        Step::Claim => drop(journal.claim(now, 2).unwrap()),
        Step::Settle(id, sent) => {
            let settled = if *sent {
                Settled::Sent { remote_id: "7".to_owned(), remote_url: None }
            } else {
                Settled::Wedged { reason: "invalid".to_owned(), detail: None }
            };
            journal.settle(&key(*id), &settled, now).unwrap();
        }
        Step::Discard(id) => drop(journal.discard(&key(*id), "by_hand", now).unwrap()),
        Step::Fact(id, text) => journal.keep_fact(&id.to_string(), text).unwrap(),
        Step::ForgetFact(id) => journal.forget_fact(&id.to_string()).unwrap(),
        Step::Cache(id) => journal.cache_put(&id.to_string(), &[record(*id), record(id + 9)], now).unwrap(),
        Step::Created(id) => journal.cache_created(&id.to_string(), &record(*id), now).unwrap(),
        Step::Choice(id) => {
            let chosen = crate::journal::RecordRef { kind: "contact".into(), id: "7".into(), web_url: None };
            journal.remember_choice(&id.to_string(), &chosen, now).unwrap();
        }
        Step::Draft(id) => journal.keep_draft(&id.to_string(), "{}", now).unwrap(),
        Step::Discarded(id) => journal.discard_draft(&id.to_string()).unwrap(),
        Step::Synced(id) => {
            let row = SyncedRow { kind: "contact".into(), id: id.to_string(), ..SyncedRow::default() };
            journal.keep_synced("book", &row).unwrap();
        }
        Step::ToSync(id) => journal.sync_later("contact", &id.to_string(), now).unwrap(),
        Step::Popped(id) => drop(journal.mark_popped(&id.to_string(), now).unwrap()),
        Step::Forget => {
            journal.forget_older_than(now).unwrap();
            journal.prune_outbox(now).unwrap();
        }
        Step::Clear => journal.forget_people().unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_the_restored_copy_is_the_same(steps in prop::collection::vec(step(), 1..40)) {
        let (_dir, journal, elsewhere) = mirrored();
        for (at, step) in steps.iter().enumerate() {
            play(&journal, step, i64::try_from(at).unwrap());
            let mut rows = elsewhere.rows();
            rows.sort();
            prop_assert_eq!(&rows, &all(&journal), "after {:?}", step);
        }
        let dir = tempfile::tempdir().unwrap();
        let copy = Journal::restore(dir.path(), Journal::schema_version(), &elsewhere.rows()).unwrap();
        prop_assert_eq!(all(&copy), all(&journal));
    }
}

#[test]
fn a_transaction_that_is_undone_is_not_mirrored_and_one_that_changes_nothing_costs_nothing() {
    let (_dir, journal, elsewhere) = mirrored();
    let refused = journal.db.write(|transaction| {
        transaction.execute("INSERT INTO facts VALUES ('a', 'b')", [])?;
        transaction.execute("INSERT INTO facts VALUES ('a', 'b')", [])
    });
    assert!(refused.is_err());
    journal.forget_fact("nobody").unwrap();
    assert_eq!((elsewhere.rows(), *elsewhere.commits.lock().unwrap()), (Vec::new(), 0));
    journal.keep_fact("a", "b").unwrap();
    assert_eq!((elsewhere.rows().len(), *elsewhere.commits.lock().unwrap()), (1, 1));
}

#[test]
fn what_the_mirror_refuses_is_not_in_the_file_and_may_be_tried_again() {
    let (_dir, journal, elsewhere) = mirrored();
    elsewhere.fails_with(MirrorFault::NotKept(io::Error::other("away")));
    let refused = journal.keep_fact("a", "b");
    assert!(matches!(refused, Err(StoreError::Mirror(MirrorFault::NotKept(_)))), "{refused:?}");
    assert_eq!(journal.fact("a").unwrap(), None);
    assert!(!journal.is_diverged());
    journal.keep_fact("a", "b").unwrap();
    assert_eq!(elsewhere.rows().len(), 1);
}

#[test]
fn after_an_answer_that_was_lost_nothing_is_written_until_the_file_is_restored() {
    let (dir, journal, elsewhere) = mirrored();
    journal.keep_fact("a", "b").unwrap();
    elsewhere.fails_with(MirrorFault::Unknown(io::Error::other("no answer")));
    assert!(journal.keep_fact("a", "c").is_err());
    assert!(journal.is_diverged());
    assert!(matches!(journal.keep_fact("d", "e"), Err(StoreError::Mirror(MirrorFault::Unknown(_)))));
    assert_eq!(*elsewhere.file_is_behind.lock().unwrap(), 1, "told once");
    assert_eq!(journal.fact("a").unwrap().as_deref(), Some("b"), "reading goes on");
    drop(journal);
    let journal = Journal::restore(dir.path(), Journal::schema_version(), &elsewhere.rows()).unwrap();
    journal.keep_fact("d", "e").unwrap();
}

#[test]
fn a_file_that_is_full_after_the_mirror_took_it_is_known_to_be_behind() {
    let (_dir, journal, elsewhere) = mirrored();
    journal.keep_fact("a", "b").unwrap();
    let failed = journal.db.write(|transaction| {
        transaction.execute("INSERT INTO facts VALUES ('c', 'd')", [])?;
        // Checked when it is committed, as a full disk is.
        transaction.pragma_update(None, "defer_foreign_keys", "ON")?;
        transaction.execute(
            "INSERT INTO outbox (key, call_id, extension, kind, payload, depends_on, state, due_ms, created_ms, changed_ms)
             VALUES ('x', 'x', 'x', 'x', 'x', 'nobody', 'pending', 0, 0, 0)",
            [],
        )
    });
    assert!(failed.is_err());
    assert!(journal.is_diverged());
    assert_eq!((elsewhere.rows().len(), *elsewhere.file_is_behind.lock().unwrap()), (3, 1));
}

#[test]
fn a_mirror_that_begins_late_is_filled_with_everything() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    journal.record(&call("1790000000.1", "early")).unwrap();
    let elsewhere = Arc::new(Elsewhere::default());
    elsewhere.commit(&journal.everything().unwrap()).unwrap();
    journal.mirror(elsewhere.clone()).unwrap();
    journal.record(&call("1790000000.2", "late")).unwrap();
    assert_eq!(elsewhere.rows().len(), 2);
    assert!(journal.mirror(elsewhere).is_err(), "one is enough");
}

#[test]
fn rows_of_an_older_version_become_those_of_this_one_and_newer_ones_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let row = r#"{"call_id":"1790000000.1","extension":"1001","direction":"inbound","phase":"over","outcome":"missed","started_ms":7,"rowid":1}"#;
    let old =
        Change { table: "calls".into(), key: r#"["1790000000.1","1001"]"#.into(), row: Some(row.into()) };
    let journal = Journal::restore(dir.path(), 1, std::slice::from_ref(&old)).unwrap();
    let call = journal.call("1790000000.1", "1001").unwrap().unwrap();
    assert_eq!(call.missed, crate::journal::Missed::Seen, "as the migration does it");
    drop(journal);
    let newer = Journal::restore(dir.path(), Journal::schema_version() + 1, &[old]);
    assert!(matches!(newer, Err(StoreError::Newer { .. })), "{newer:?}");
    assert!(!dir.path().join(db::FILE).exists(), "nothing is taken for a journal");
}

#[test]
fn rows_that_are_none_of_ours_make_no_journal() {
    let dir = tempfile::tempdir().unwrap();
    for (table, row) in [
        ("facts", r#"{"name":"a","value":"b","value) VALUES (1); --":"c"}"#),
        ("nobody", r#"{"name":"a"}"#),
        ("facts", "{}"),
        ("facts", "[]"),
        ("facts", r#"{"name":"a","value":["b"]}"#),
        ("facts; DROP TABLE facts", r#"{"name":"a"}"#),
        ("sqlite_schema", r#"{"name":"a"}"#),
    ] {
        let row = Change { table: table.into(), key: "[]".into(), row: Some(row.into()) };
        assert!(Journal::restore(dir.path(), Journal::schema_version(), &[row]).is_err(), "{table}");
        assert!(!dir.path().join(db::FILE).exists());
    }
}

#[test]
fn every_table_has_a_key_and_holds_texts_and_integers_only() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let kinds = journal.db.read(|connection| {
        let all = tables(connection)?;
        assert!(all.len() > 8 && all.iter().all(|table| !table.key.is_empty()));
        connection
            .prepare("SELECT DISTINCT c.type FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE s.type = 'table' ORDER BY 1")?
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(kinds.unwrap(), ["INTEGER", "TEXT"]);
}
