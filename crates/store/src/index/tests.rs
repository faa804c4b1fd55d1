//! The index: what is found, what can be read without the key, and what an end at any moment leaves behind.

use super::*;

fn keys(stored: &str) -> BTreeSet<String> {
    stored.split(';').map(str::to_owned).collect()
}

fn one(key: &str) -> BTreeSet<String> {
    BTreeSet::from([key.to_owned()])
}

fn person(id: u64, phone: &str) -> Person {
    Person {
        kind: "contact".into(),
        id: id.to_string(),
        first_name: Some("Max".into()),
        last_name: Some(format!("Muster{id}")),
        company: Some("Muster AG".into()),
        email: Some("max@example.com".into()),
        phone: Some(phone.into()),
        mobile: None,
        web_url: Some(format!("https://desk.example.com/support/sample/ShowHomePage.do#Contacts/dv/{id}")),
        modified_ms: Some(1_790_000_000_000),
    }
}

fn ids(people: Vec<Person>) -> Vec<String> {
    people.into_iter().map(|person| person.id).collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[test]
fn everybody_with_a_number_is_found_as_they_were_put_in() {
    let dir = tempfile::tempdir().unwrap();
    let key = IndexKey::fresh();
    let account = Person { kind: "account".into(), ..person(1, "111;222") };
    let odd = Person { id: "hex-7".into(), web_url: None, ..person(7, "222") };
    {
        let index = Index::open(dir.path(), &key).unwrap();
        index.put(&[person(1, "111"), account.clone(), odd.clone()], &[("mark", "5")], 1, keys).unwrap();
    }
    let index = Index::open(dir.path(), &IndexKey::read(key.text()).unwrap()).unwrap();
    assert_eq!(index.whose(&one("111")).unwrap(), [person(1, "111"), account.clone()]);
    assert_eq!(index.whose(&one("222")).unwrap(), [odd, account]);
    assert_eq!(index.whose(&one("22")).unwrap(), []);
    assert_eq!((index.count().unwrap(), index.fact("mark").unwrap().as_deref()), (3, Some("5")));
}

#[test]
fn a_changed_number_is_not_found_under_the_old_one_and_nobody_is_there_twice() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), &IndexKey::fresh()).unwrap();
    index.put(&[person(1, "111"), person(1, "111")], &[], 1, keys).unwrap();
    index.put(&[person(1, "333")], &[], 1, keys).unwrap();
    assert_eq!(ids(index.whose(&one("111")).unwrap()), [""; 0]);
    assert_eq!(ids(index.whose(&one("333")).unwrap()), ["1"]);
    index.forget("contact", "1", keys).unwrap();
    assert_eq!(ids(index.whose(&one("333")).unwrap()), [""; 0]);
    let left: i64 = index.lock().query_row("SELECT count(*) FROM numbers", [], |row| row.get(0)).unwrap();
    assert_eq!((left, index.count().unwrap()), (0, 0));
}

#[test]
fn who_does_not_come_by_in_a_later_round_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), &IndexKey::fresh()).unwrap();
    index.put(&[person(1, "111"), person(2, "111")], &[], 1, keys).unwrap();
    index.put(&[person(2, "111")], &[], 2, keys).unwrap();
    assert_eq!(index.forget_before("account", 2, keys).unwrap(), 0);
    assert_eq!(index.forget_before("contact", 2, keys).unwrap(), 1);
    assert_eq!(ids(index.whose(&one("111")).unwrap()), ["2"]);
}

#[test]
fn people_are_found_by_anything_until_the_limit_or_the_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), &IndexKey::fresh()).unwrap();
    let mut all: Vec<Person> = (1..=1000).map(|id| person(id, "1")).collect();
    all.push(Person { kind: "account".into(), ..person(5, "1") });
    all.push(Person { id: "hex".into(), ..person(5, "1") });
    index.put(&all, &[], 1, keys).unwrap();
    let named = |name: &str| {
        let fits = |person: &Person| person.last_name.as_deref() == Some(name);
        ids(index.people(fits, 9, soon()).unwrap())
    };
    assert_eq!(named("Muster777"), ["777"]);
    assert_eq!(named("Muster5"), ["5", "hex", "5"], "both kinds, and ids that are no numbers");
    assert_eq!(index.people(|_| true, 7, soon()).unwrap().len(), 7);
    assert_eq!(index.people(|_| true, 7, Instant::now()).unwrap().len(), 0);
}

#[test]
fn new_keys_take_the_place_of_the_old() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), &IndexKey::fresh()).unwrap();
    let all: Vec<Person> = (1..=600).map(|id| person(id, &format!("n{id}"))).collect();
    index.put(&all, &[], 1, keys).unwrap();
    index.make_keys_anew(&[("plan", "b")], |stored| one(&format!("b{stored}"))).unwrap();
    assert_eq!(ids(index.whose(&one("n600")).unwrap()), [""; 0]);
    assert_eq!(ids(index.whose(&one("bn600")).unwrap()), ["600"]);
    assert_eq!(index.fact("plan").unwrap().as_deref(), Some("b"));
}

#[test]
fn nothing_of_a_person_can_be_read_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), &IndexKey::fresh()).unwrap();
    index.put(&[person(1, "+12125550100")], &[], 1, |_| one("5550100")).unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for word in ["Muster", "Max", "example.com", "5550100"] {
            assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{word}");
        }
    }
    assert!(!format!("{:?} {index:?}", person(1, "+12125550100")).contains("uster"));
}

#[test]
fn another_key_or_a_damaged_file_begins_anew_and_removing_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let key = IndexKey::fresh();
    let fill = |key: &IndexKey| {
        let index = Index::open(dir.path(), key).unwrap();
        let before = index.count().unwrap();
        index.put(&[person(1, "111")], &[], 1, keys).unwrap();
        before
    };
    assert_eq!(fill(&key), 0);
    assert_eq!(fill(&key), 1, "the same key opens it");
    assert_eq!(fill(&IndexKey::fresh()), 0);
    std::fs::write(dir.path().join(FILE), "not a database. ".repeat(500)).unwrap();
    assert_eq!(fill(&key), 0);
    Index::remove(dir.path()).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    Index::remove(dir.path()).unwrap();
    assert!(IndexKey::read(&Secret::from("short".to_owned())).is_none());
}

#[test]
fn a_blob_of_another_row_does_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), &IndexKey::fresh()).unwrap();
    index.put(&[person(1, "111"), person(2, "222")], &[], 1, keys).unwrap();
    let swap = "UPDATE people SET sealed = (SELECT sealed FROM people WHERE id = 2) WHERE id = 1";
    index.lock().execute_batch(swap).unwrap();
    assert_eq!(ids(index.whose(&one("111")).unwrap()), [""; 0]);
    assert_eq!(ids(index.whose(&one("222")).unwrap()), ["2"]);
}

/// An end of the program is an end of the transaction: it is tried after every statement of one.
#[test]
fn an_end_at_any_moment_leaves_a_page_whole_or_absent_with_its_mark() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), &IndexKey::fresh()).unwrap();
    index.put(&[person(1, "111")], &[("mark", "1")], 1, keys).unwrap();
    let page = [person(1, "999"), person(2, "222")];
    for rows in 0..=page.len() {
        let interrupted: Result<(), StoreError> = index.write(|transaction| {
            for person in &page[..rows] {
                index.take_out(transaction, &person.kind, &person.id, keys)?;
                let sealed = index.seal_person(transaction, person)?;
                transaction.execute(
                    "INSERT INTO people (kind, id, round, sealed) VALUES (0, ?1, 2, ?2)",
                    (id_value(&person.id), sealed),
                )?;
                index.put_numbers(transaction, person, keys)?;
            }
            Err(StoreError::Unusable(std::io::Error::other("killed")))
        });
        assert!(interrupted.is_err());
        assert_eq!(ids(index.whose(&one("111")).unwrap()), ["1"], "after {rows} rows");
        assert_eq!((index.count().unwrap(), index.fact("mark").unwrap().as_deref()), (1, Some("1")));
    }
    index.put(&page, &[("mark", "2")], 1, keys).unwrap();
    index.put(&page, &[("mark", "2")], 1, keys).unwrap();
    assert_eq!((index.count().unwrap(), index.fact("mark").unwrap().as_deref()), (2, Some("2")));
    assert_eq!(ids(index.whose(&one("999")).unwrap()), ["1"]);
}

#[test]
fn a_contact_takes_less_than_two_hundred_bytes_beside_its_names() {
    let dir = tempfile::tempdir().unwrap();
    let people = 20_000_u64;
    let full = |id: u64| Person {
        mobile: Some(format!("+1 917 555 {:04}", id % 10_000)),
        ..person(189_200_000_000_000_000 + id * 17, &format!("+1 212 555 {id:06}"))
    };
    let names = |person: &Person| {
        [&person.first_name, &person.last_name, &person.company, &person.email]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum::<usize>()
    };
    let index = Index::open(dir.path(), &IndexKey::fresh()).unwrap();
    let mut named = 0;
    for page in (0..people).collect::<Vec<_>>().chunks(99) {
        let page: Vec<Person> = page.iter().map(|id| full(*id)).collect();
        named += page.iter().map(names).sum::<usize>();
        index.put(&page, &[], 1, keys).unwrap();
    }
    index.lock().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let each = (index.bytes() - named as u64) / people;
    assert!(each <= 200, "{each} bytes");
}
