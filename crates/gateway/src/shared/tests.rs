use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::database::Server;
use crate::lease::{Candidacy, Keeper};
use crate::test_server::Postgres;

struct Machine {
    place: Place,
    lease: Lease,
    keeper: Keeper,
    profile: tempfile::TempDir,
}

async fn machine(postgres: &Postgres) -> (Machine, Term) {
    let place = Place::Server(Box::new(Server::new(&postgres.url(), None, None).unwrap()));
    let (lease, candidacy) = Lease::new(&place, &Database::open(&place).unwrap());
    let (keeper, _) = candidacy.map(Candidacy::begin).unwrap();
    let term = timeout(Duration::from_secs(30), lease.won()).await.expect("a term");
    (Machine { place, lease, keeper, profile: tempfile::tempdir().unwrap() }, term)
}

impl Machine {
    /// The journal as the engine has it in a term.
    async fn journal(&self, term: Term) -> Arc<Journal> {
        take_over(&self.lease, term, self.profile.path()).await.unwrap();
        let journal = Arc::new(Journal::open(self.profile.path()).unwrap());
        journal.mirror(Arc::new(Shared::begin(&self.place, &self.lease, term).unwrap())).unwrap();
        journal
    }
}

fn sorted(journal: &Journal) -> Vec<Change> {
    let mut all = journal.everything().unwrap();
    all.sort();
    all
}

/// As the engine does: never on a thread that others wait for.
async fn keep_fact(journal: &Arc<Journal>, name: &str, value: &str) -> bool {
    let (journal, name, value) = (journal.clone(), name.to_owned(), value.to_owned());
    tokio::task::spawn_blocking(move || journal.keep_fact(&name, &value).is_ok()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_has_everything_and_who_did_serve_changes_nothing_any_more() {
    let postgres = Postgres::start().await;
    let (first, term) = machine(&postgres).await;
    // What was there before several shared it comes along.
    Journal::open(first.profile.path()).unwrap().keep_fact("old", "kept").unwrap();
    let before = first.journal(term).await;
    for number in 0..50 {
        assert!(keep_fact(&before, &format!("fact {number}"), "one").await);
    }
    assert!(keep_fact(&before, "fact 7", "another").await);
    let known = share_sign_in(&first.lease, term, first.profile.path(), None).await.unwrap();
    assert_eq!(known, None);
    fs::create_dir(first.profile.path().join("secrets")).unwrap();
    fs::write(first.profile.path().join("secrets").join(SECRETS), "{\"signed\": \"in\"}").unwrap();
    share_sign_in(&first.lease, term, first.profile.path(), known).await.unwrap();

    first.keeper.give_back().await;
    let (second, next) = machine(&postgres).await;
    let after = second.journal(next).await;
    assert_eq!(sorted(&after), sorted(&before));
    assert_eq!(after.fact("fact 7").unwrap().as_deref(), Some("another"));
    assert_eq!(after.fact("old").unwrap().as_deref(), Some("kept"));
    let sign_in = fs::read_to_string(second.profile.path().join("secrets").join(SECRETS)).unwrap();
    assert_eq!(sign_in, "{\"signed\": \"in\"}");

    assert!(!keep_fact(&before, "late", "too").await, "its turn is over");
    assert_eq!(before.fact("late").unwrap(), None, "nor is it in its own file");
    assert!(keep_fact(&after, "new", "here").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_takes_nothing_and_the_file_does_not_either() {
    let mut postgres = Postgres::start().await;
    let (machine, term) = machine(&postgres).await;
    let journal = machine.journal(term).await;
    assert!(keep_fact(&journal, "a", "1").await);
    postgres.stop();
    assert!(!keep_fact(&journal, "b", "2").await);
    assert_eq!(journal.fact("b").unwrap(), None);
    postgres.go_on().await;
    let again = timeout(Duration::from_secs(30), async {
        loop {
            let term = machine.lease.won().await;
            if take_over(&machine.lease, term, machine.profile.path()).await.is_ok() {
                return Journal::open(machine.profile.path()).unwrap();
            }
        }
    });
    assert_eq!(again.await.unwrap().fact("a").unwrap().as_deref(), Some("1"));
}
