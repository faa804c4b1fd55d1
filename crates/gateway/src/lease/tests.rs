use super::*;
use crate::database::Error;
use crate::state::keep;
use crate::test_server::Postgres;

/// A gateway as far as the lease goes.
struct Candidate {
    lease: Lease,
    keeper: Keeper,
    _notices: mpsc::Receiver<Notice>,
}

fn candidate(postgres: &Postgres) -> Candidate {
    let place = Place::Server(Box::new(Server::new(&postgres.url(), None, None).unwrap()));
    let (lease, candidacy) = Lease::new(&place, &Database::open(&place).unwrap());
    let (keeper, notices) = candidacy.unwrap().begin();
    Candidate { lease, keeper, _notices: notices }
}

impl Candidate {
    async fn won(&self) -> Term {
        timeout(Duration::from_secs(30), self.lease.won()).await.expect("a term")
    }
}

async fn value(lease: &Lease) -> Option<String> {
    let rows = lease.database.ask("SELECT value FROM kept WHERE name = $1", ["a".into()]).await.unwrap();
    rows.first().map(|row| row.get(0).unwrap())
}

#[tokio::test]
async fn of_many_one_has_a_term_and_who_died_is_followed_by_another() {
    let postgres = Postgres::start().await;
    let first = candidate(&postgres);
    let term = first.won().await;
    let others = [candidate(&postgres), candidate(&postgres)];
    for other in &others {
        timeout(Duration::from_secs(10), async {
            while !other.lease.is_database_there() {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap();
        assert!(other.lease.term().is_none());
    }
    // Nobody renews it any more, and nobody gives it back.
    drop(first.keeper);
    let next = tokio::select! {
        next = others[0].won() => next,
        next = others[1].won() => next,
    };
    assert!(first.lease.term().is_none(), "its term was over before the next began");
    timeout(Duration::from_secs(1), first.lease.over(term)).await.unwrap();
    assert!(next.epoch() > term.epoch());
    assert_eq!(others.iter().filter(|other| other.lease.term().is_some()).count(), 1);
}

#[tokio::test]
async fn a_write_under_a_term_that_has_ended_is_refused() {
    let postgres = Postgres::start().await;
    let first = candidate(&postgres);
    let term = first.won().await;
    let mut write = first.lease.begin(term).await.unwrap();
    keep(&mut write, "a", Some("of the first")).await.unwrap();
    write.commit().await.unwrap();
    first.keeper.give_back().await;
    let second = candidate(&postgres);
    second.won().await;
    assert!(matches!(first.lease.begin(term).await, Err(Error::Fenced)));
    assert_eq!(value(&second.lease).await.as_deref(), Some("of the first"));
}

#[tokio::test]
async fn nobody_takes_over_in_the_middle_of_a_write() {
    let postgres = Postgres::start().await;
    let first = candidate(&postgres);
    let term = first.won().await;
    drop(first.keeper);
    let mut write = first.lease.begin(term).await.unwrap();
    first.lease.database.ask("UPDATE lease SET until = clock_timestamp()", []).await.unwrap();
    let second = candidate(&postgres);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let waits = async {
        // It goes on writing: a write that stands still is another story.
        while first.lease.database.ask(waiting, []).await.unwrap()[0].get::<i64>(0).unwrap() == 0 {
            keep(&mut write, "a", Some("of the first")).await.unwrap();
        }
    };
    timeout(Duration::from_secs(20), waits).await.expect("it waits for the write");
    assert!(second.lease.term().is_none());
    write.commit().await.unwrap();
    second.won().await;
    assert_eq!(value(&second.lease).await.as_deref(), Some("of the first"));
}

#[tokio::test]
async fn a_write_that_stands_still_holds_nobody_up_and_does_not_count() {
    let postgres = Postgres::start().await;
    let first = candidate(&postgres);
    let term = first.won().await;
    drop(first.keeper);
    let mut write = first.lease.begin(term).await.unwrap();
    keep(&mut write, "a", Some("of the first")).await.unwrap();
    postgres.say("UPDATE lease SET until = clock_timestamp()");
    let second = candidate(&postgres);
    second.won().await;
    assert!(write.commit().await.is_err());
    assert_eq!(value(&second.lease).await, None);
}
