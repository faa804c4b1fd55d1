use std::fs;

use proptest::prelude::*;

use super::*;

fn key() -> IndexKey {
    IndexKey::read(&IndexKey::generate()).unwrap()
}

fn open(dir: &Path, key: &IndexKey) -> Index {
    Index::open(dir, key).unwrap()
}

fn person(id: &str, name: &str) -> IndexedRecord {
    IndexedRecord {
        id: id.to_owned(),
        first_name: Some("Mei".to_owned()),
        last_name: Some(name.to_owned()),
        company: Some("Lotus Trading".to_owned()),
        email: Some("mei@example.com".to_owned()),
        page: Some(format!("https://desk.example.com/agent/org/support/contacts/details/{id}")),
        numbers: vec![IndexedNumber { field: "phone".to_owned(), stored: "(212) 555-0100".to_owned() }],
        changed_ms: Some(1_790_000_000_000),
        ..IndexedRecord::default()
    }
}

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn put(index: &Index, record: &IndexedRecord, of: &[&str]) {
    index.write(&IndexBatch { put: vec![(record, keys(of))], ..IndexBatch::default() }).unwrap();
}

#[test]
fn a_record_is_found_by_each_of_its_keys_as_it_was_put_also_after_a_restart() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key());
    let mei = person("123456000000012345", "Lin");
    // Ids that are no numbers, or not as numbers are written.
    let odd = [
        person("0123", "Zero"),
        person("abc-1", "Letters"),
        person("99999999999999999999", "Long"),
        person("", "None"),
    ];
    let account =
        IndexedRecord { kind: RecordCode::Account, page: None, ..person("123456000000012345", "Acme") };
    {
        let index = open(dir.path(), &key);
        put(&index, &mei, &["+12125550100", "+12125550101", "+12125550100"]);
        put(&index, &account, &["+12125550100"]);
        for odd in &odd {
            put(&index, odd, &["+12125550102"]);
        }
    }
    let index = open(dir.path(), &key);
    assert_eq!(index.whose(&keys(&["+12125550101"])).unwrap(), std::slice::from_ref(&mei));
    let mut both = index.whose(&keys(&["+12125550100", "+12125550101"])).unwrap();
    both.sort_by_key(|record| record.kind);
    assert_eq!(both, [mei.clone(), account.clone()]);
    assert_eq!(index.whose(&keys(&["+12125550102"])).unwrap().len(), odd.len());
    for odd in &odd {
        assert_eq!(index.record(odd.kind, &odd.id).unwrap().as_ref(), Some(odd));
    }
    let size = index.size().unwrap();
    assert_eq!((size.contacts, size.accounts), (5, 1));
    assert!(index.whose(&keys(&["+12125550199"])).unwrap().is_empty());
}

#[test]
fn a_changed_record_is_found_by_its_new_numbers_only() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key());
    let index = open(dir.path(), &key);
    put(&index, &person("1", "Lin"), &["a", "b"]);
    put(&index, &person("1", "Wang"), &["b", "c"]);
    assert!(index.whose(&keys(&["a"])).unwrap().is_empty());
    for key in ["b", "c"] {
        assert_eq!(index.whose(&keys(&[key])).unwrap(), [person("1", "Wang")]);
    }
    index.write(&IndexBatch { forget: vec![(RecordCode::Contact, "1")], ..IndexBatch::default() }).unwrap();
    assert!(index.whose(&keys(&["b", "c"])).unwrap().is_empty());
    assert_eq!(index.size().unwrap().contacts, 0);
}

#[test]
fn without_the_key_the_file_says_nothing_and_another_key_begins_anew() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key());
    let record = person("123456000000012345", "Featherstonehaugh");
    put(&open(dir.path(), &key), &record, &["+12125550100"]);
    let mut bytes = fs::read(dir.path().join(INDEX_FILE)).unwrap();
    bytes.extend(fs::read(dir.path().join("index.db-wal")).unwrap_or_default());
    for secret in ["Featherstonehaugh", "Lotus", "mei@", "2125550100", "555-0100", "desk.example.com"] {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
    }
    let other = open(dir.path(), &self::key());
    assert!(other.whose(&keys(&["+12125550100"])).unwrap().is_empty());
    assert_eq!(other.size().unwrap().contacts, 0);
}

#[test]
fn a_file_that_is_no_index_or_of_another_version_is_made_anew() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key());
    fs::write(dir.path().join(INDEX_FILE), "not a database. ".repeat(100)).unwrap();
    put(&open(dir.path(), &key), &person("1", "Lin"), &["a"]);
    Connection::open(dir.path().join(INDEX_FILE)).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let index = open(dir.path(), &key);
    assert_eq!(index.size().unwrap().contacts, 0);
    put(&index, &person("1", "Lin"), &["a"]);
    index.clear().unwrap();
    assert!(index.whose(&keys(&["a"])).unwrap().is_empty());
    put(&index, &person("1", "Lin"), &["a"]);
    assert_eq!(index.whose(&keys(&["a"])).unwrap(), [person("1", "Lin")]);
    drop(index);
    Index::remove(dir.path()).unwrap();
    Index::remove(dir.path()).unwrap();
    assert!(!dir.path().join(INDEX_FILE).exists());
}

#[test]
fn a_batch_is_all_or_nothing_and_its_marks_go_with_it() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key());
    let index = open(dir.path(), &key);
    let (one, two) = (person("1", "Lin"), person("2", "Wang"));
    let batch = IndexBatch {
        put: vec![(&one, keys(&["a"])), (&two, keys(&["b"]))],
        marks: vec![("walk", Some("7".to_owned()))],
        ..IndexBatch::default()
    };
    index
        .lock()
        .as_ref()
        .unwrap()
        .connection
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON marks BEGIN SELECT raise(ABORT, 'full'); END;")
        .unwrap();
    assert!(index.write(&batch).is_err());
    assert_eq!((index.size().unwrap().contacts, index.mark("walk").unwrap()), (0, None));
    index.lock().as_ref().unwrap().connection.execute_batch("DROP TRIGGER full;").unwrap();
    index.write(&batch).unwrap();
    assert_eq!((index.size().unwrap().contacts, index.mark("walk").unwrap().as_deref()), (2, Some("7")));
    assert_eq!(index.record(RecordCode::Contact, "2").unwrap(), Some(two.clone()));
    index.write(&IndexBatch { marks: vec![("walk", None)], ..IndexBatch::default() }).unwrap();
    assert_eq!(index.mark("walk").unwrap(), None);
}

#[test]
fn people_are_found_within_the_time_there_is() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key());
    let index = open(dir.path(), &key);
    let all: Vec<IndexedRecord> = (1..=50).map(|id| person(&id.to_string(), &format!("Lin {id}"))).collect();
    let batch =
        IndexBatch { put: all.iter().map(|record| (record, Vec::new())).collect(), ..IndexBatch::default() };
    index.write(&batch).unwrap();
    let later = Instant::now() + Duration::from_secs(60);
    let ends = |record: &IndexedRecord| record.last_name.as_deref().is_some_and(|name| name.ends_with('7'));
    let scan = index.people(ends, 3, later).unwrap();
    assert_eq!((scan.found.len(), scan.complete), (3, true));
    let scan = index.people(|_| true, 100, Instant::now()).unwrap();
    assert_eq!((scan.found.len(), scan.complete), (0, false));
    // Bit by bit, each once.
    let (mut place, mut seen) = (i64::MIN, Vec::new());
    loop {
        let rows = index.after(place, 7).unwrap();
        let Some((last, _)) = rows.last() else { break };
        place = *last;
        seen.extend(rows.into_iter().map(|(_, record)| record));
    }
    seen.sort_by_key(|record| record.id.parse::<u32>().unwrap());
    assert_eq!(seen, all);
}

#[test]
fn a_key_is_what_was_made() {
    let text = IndexKey::generate();
    assert!(IndexKey::read(&text).is_some());
    for wrong in ["", "00", &"g".repeat(64), &"0".repeat(65)] {
        assert!(IndexKey::read(&Secret::from(wrong.to_owned())).is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is put and taken away in whatever order, under whatever keys: what is found is what a map would hold.
    #[test]
    fn it_holds_what_a_map_would(
        steps in prop::collection::vec((0_u8..3, 0_u8..4, prop::collection::vec(0_u8..5, 0..4), ".{0,12}"), 1..40)
    ) {
        let (dir, key) = (tempfile::tempdir().unwrap(), key());
        let mut index = open(dir.path(), &key);
        let mut model: HashMap<String, (IndexedRecord, Vec<String>)> = HashMap::new();
        for (what, who, numbers, name) in steps {
            let id = ["7", "x", "007", "123456000000012345"][usize::from(who)];
            let of: Vec<String> = numbers.iter().map(|number| format!("+1212555010{number}")).collect();
            match what {
                0 => {
                    let record = person(id, &name);
                    index.write(&IndexBatch { put: vec![(&record, of.clone())], ..IndexBatch::default() }).unwrap();
                    model.insert(id.to_owned(), (record, of));
                }
                1 => {
                    index.write(&IndexBatch { forget: vec![(RecordCode::Contact, id)], ..IndexBatch::default() }).unwrap();
                    model.remove(id);
                }
                _ => {
                    drop(index);
                    index = open(dir.path(), &key);
                }
            }
            for number in 0..5 {
                let wanted = format!("+1212555010{number}");
                let mut found = index.whose(std::slice::from_ref(&wanted)).unwrap();
                found.sort_by(|one, other| one.id.cmp(&other.id));
                let mut held: Vec<IndexedRecord> =
                    model.values().filter(|(_, of)| of.contains(&wanted)).map(|(record, _)| record.clone()).collect();
                held.sort_by(|one, other| one.id.cmp(&other.id));
                prop_assert_eq!(found, held);
            }
        }
    }
}

#[test]
fn one_that_is_still_held_does_no_harm_to_its_successor() {
    let dir = tempfile::tempdir().unwrap();
    let (before, after) = (key(), key());
    let held = open(dir.path(), &before);
    put(&held, &person("1", "Before"), &["1"]);
    held.close();
    let fresh = open(dir.path(), &after);
    assert!(matches!(held.whose(&keys(&["1"])), Err(StoreError::Unusable(_))));
    drop(held);
    put(&fresh, &person("2", "After"), &["2"]);
    drop(fresh);
    assert_eq!(open(dir.path(), &after).whose(&keys(&["2"])).unwrap().len(), 1);
}
