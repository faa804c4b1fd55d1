//! Which of the gateways on one database serves: the one that holds the lease.
//!
//! Owns: taking it, renewing it, knowing when it is over, giving it back; and that what only one may write is written
//! by that one. Must not know: what serving is.
//!
//! The lease ends by the database's clock. Whether we still hold it is decided by our own, from before we asked and a
//! margin earlier, so that nobody else's turn begins before ours is over, also when we were stopped in between. On
//! SQLite there is nobody else, and it never ends.

use std::future::{pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

use boot_time::Instant;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::database::{Database, Error, Line, Place, Server, Transaction, Value};
use crate::state::{ClientId, ENDED, random};

/// How long nobody else can take it after it was renewed.
const VALID: Duration = Duration::from_secs(6);
/// So much earlier we stop: clocks do not run alike, and stopping takes a moment.
const MARGIN: Duration = Duration::from_secs(1);
/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(1);
/// How often it is looked whether it has become free, and whether a database is there again.
const TRIED: Duration = Duration::from_millis(500);
/// Announced when it is given back.
const FREE: &str = "free";
const NOTICES: usize = 256;

const TAKE: &str = "UPDATE lease SET epoch = epoch + 1, holder = $1,
         until = clock_timestamp() + $2::bigint * interval '1 millisecond'
     WHERE until <= clock_timestamp() OR holder = $1 RETURNING epoch";
const RENEW: &str = "UPDATE lease SET until = clock_timestamp() + $2::bigint * interval '1 millisecond'
     WHERE holder = $1 AND epoch = $3 AND until > clock_timestamp() RETURNING epoch";
const GIVE_BACK: &str = "UPDATE lease SET until = clock_timestamp() WHERE holder = $1 RETURNING epoch";
/// Nobody takes the lease until the transaction that says this has ended.
const FENCE: &str = "SELECT epoch FROM lease WHERE epoch = $1 AND until > clock_timestamp() FOR KEY SHARE";

/// A time of serving.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    /// Grows with every change of who serves. Who writes under an older one writes nothing.
    epoch: i64,
    /// Nothing where it never ends.
    until: Option<Instant>,
}

/// How things are.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    term: Option<Term>,
    is_database_there: bool,
}

/// What others on this database have done.
#[derive(Debug)]
pub(crate) enum Notice {
    /// The connections of a credential are to end.
    Ended(ClientId),
    /// There may have been something; nobody listened.
    Missed,
}

/// What we know of it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lease {
    database: Database,
    standing: watch::Receiver<Standing>,
}

/// What it takes to try for it.
pub(crate) struct Candidacy {
    server: Server,
    database: Database,
    holder: String,
    standing: watch::Sender<Standing>,
}

/// What sees to it from then on.
pub(crate) struct Keeper {
    database: Database,
    holder: String,
    standing: watch::Sender<Standing>,
    task: JoinSet<()>,
}

impl Lease {
    /// Where several gateways may serve, also what is to be begun to try for it.
    pub(crate) fn new(place: &Place, database: &Database) -> (Lease, Option<Candidacy>) {
        let alone = Standing { term: Some(Term { epoch: 0, until: None }), is_database_there: true };
        let (sender, standing) = watch::channel(match place {
            Place::Folder(_) => alone,
            Place::Server(_) => Standing::default(),
        });
        let lease = Lease { database: database.clone(), standing };
        let Place::Server(server) = place else { return (lease, None) };
        let candidacy = Candidacy {
            server: (**server).clone(),
            database: database.clone(),
            holder: random(16),
            standing: sender,
        };
        (lease, Some(candidacy))
    }

    /// The term that is ours at this moment.
    pub(crate) fn term(&self) -> Option<Term> {
        self.standing.borrow().term.filter(|term| !term.is_over())
    }

    /// Whether the database answered last.
    pub(crate) fn is_database_there(&self) -> bool {
        self.standing.borrow().is_database_there
    }

    /// Waits for a term of ours.
    pub(crate) async fn won(&self) -> Term {
        let mut standing = self.standing.clone();
        loop {
            if let Some(term) = self.term() {
                return term;
            }
            if standing.changed().await.is_err() {
                // Nobody tries for it any more.
                return pending().await;
            }
        }
    }

    /// Waits until that term is over. It looks at the clock whenever it is polled: after a pause, a timer is not the
    /// first to notice.
    pub(crate) async fn over(&self, term: Term) {
        let mut waiting = std::pin::pin!(self.ended(term));
        poll_fn(|context| if self.is_ours(term) { waiting.as_mut().poll(context) } else { Poll::Ready(()) })
            .await;
    }

    /// Begins a transaction that counts only if that term is ours until its end.
    ///
    /// # Errors
    /// [`Error::Fenced`] when it is not, or the database failed.
    pub(crate) async fn begin(&self, term: Term) -> Result<Transaction, Error> {
        let mut transaction = self.database.begin().await?;
        if term.until.is_some() && transaction.ask(FENCE, [term.epoch.into()]).await?.is_empty() {
            return Err(Error::Fenced);
        }
        Ok(transaction)
    }

    /// The same, for who asks another connection to the database.
    pub(crate) fn on(&self, database: Database) -> Lease {
        Lease { database, standing: self.standing.clone() }
    }

    fn is_ours(&self, term: Term) -> bool {
        self.term().is_some_and(|held| held.epoch == term.epoch)
    }

    async fn ended(&self, term: Term) {
        let mut standing = self.standing.clone();
        loop {
            let held = *standing.borrow_and_update();
            let Some(held) = held.term.filter(|held| held.epoch == term.epoch) else { return };
            let Some(left) = held.left() else { return pending().await };
            if left.is_zero() {
                return;
            }
            // It is renewed, or it ends; who nobody renews for any more waits for the end.
            if let Ok(Err(_)) = timeout(left, standing.changed()).await {
                sleep(left).await;
            }
        }
    }
}

impl Term {
    /// For those who read what was written.
    pub(crate) fn epoch(self) -> i64 {
        self.epoch
    }

    fn is_over(self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// Nothing where it never ends.
    fn left(self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }
}

impl Keeper {
    /// Ends our term, so that the next one begins at once. Whatever was done in it must have ended.
    pub(crate) async fn give_back(mut self) {
        self.task.shutdown().await;
        self.standing.send_replace(Standing::default());
        let given = async {
            let mut transaction = self.database.begin().await?;
            transaction.ask(GIVE_BACK, [self.holder.into()]).await?;
            transaction.announce(FREE).await?;
            transaction.commit().await
        };
        if let Err(error) = given.await {
            tracing::warn!(%error, "the lease was not given back; it ends by itself");
        }
    }
}

impl Candidacy {
    /// Begins to try for it, and to hear what others do. Not before we could serve: nobody else does meanwhile.
    pub(crate) fn begin(self) -> (Keeper, mpsc::Receiver<Notice>) {
        let (told, notices) = mpsc::channel(NOTICES);
        let (database, holder, standing) =
            (self.database.clone(), self.holder.clone(), self.standing.clone());
        let task = JoinSet::from_iter([Keeping { of: self, told }.run()]);
        (Keeper { database, holder, standing, task }, notices)
    }
}

struct Keeping {
    of: Candidacy,
    told: mpsc::Sender<Notice>,
}

impl Keeping {
    async fn run(self) {
        let (mut said, mut is_current) = (None, false);
        loop {
            let Err(error) = self.on_a_line(&mut is_current).await;
            self.of.standing.send_modify(|standing| standing.is_database_there = false);
            let words = error.to_string();
            if said.as_ref() != Some(&words) {
                tracing::error!(error = words, "the database is away");
            }
            said = Some(words);
            sleep(TRIED).await;
        }
    }

    /// Until there is no line any more, or the database fails otherwise.
    async fn on_a_line(&self, is_current: &mut bool) -> Result<std::convert::Infallible, Error> {
        if !*is_current {
            self.of.database.migrate().await?;
            *is_current = true;
        }
        let mut line = self.of.server.line().await?;
        // Who stops hears nothing any more.
        let _ = self.told.send(Notice::Missed).await;
        loop {
            let asked = Instant::now();
            let ours = self.of.standing.borrow().term.filter(|term| !term.is_over());
            let epoch = self.ask(&line, ours).await?;
            let term = epoch.map(|epoch| Term { epoch, until: Some(asked + (VALID - MARGIN)) });
            self.of.standing.send_replace(Standing { term, is_database_there: true });
            let pause = if term.is_some() { RENEWED } else { TRIED };
            if let Ok(ended) = timeout(pause, self.hear(&mut line)).await {
                ended?;
            }
        }
    }

    /// The epoch of our term, if one is ours now.
    async fn ask(&self, line: &Line, ours: Option<Term>) -> Result<Option<i64>, Error> {
        let valid = i64::try_from(VALID.as_millis()).unwrap_or(i64::MAX);
        let mut values: Vec<Value> = vec![self.of.holder.as_str().into(), valid.into()];
        let rows = match ours {
            None => line.ask(TAKE, values).await?,
            Some(term) => {
                values.push(term.epoch.into());
                line.ask(RENEW, values).await?
            }
        };
        rows.first().map(|row| row.get(0)).transpose()
    }

    /// Until the lease has become free.
    async fn hear(&self, line: &mut Line) -> Result<(), Error> {
        loop {
            let told = line.hear().await.ok_or(Error::NoAnswer)?;
            if told == FREE {
                return Ok(());
            }
            if let Some(client) = told.strip_prefix(ENDED) {
                // Where too many wait, all of it is looked up, on another line.
                let notice = Notice::Ended(ClientId(client.to_owned()));
                self.told.try_send(notice).map_err(|_| Error::NoAnswer)?;
            }
        }
    }
}

#[cfg(test)]
mod tests;
