//! Sends what is owed to Desk: at most two rows at once, each looked for first when it may be there already. Owns when a
//! row is tried again. Must not know what a row says.
//!
//! A row is on the disk as claimed before its request goes out, and stays so until the answer is on the disk too. So
//! whatever ends the program, the next run finds it and looks in Desk before it sends again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deskring_domain::{Now, RecordKind};
use deskring_store::{Doubt, Enqueued, Entry, Journal, NewEntry, Settled, StoreError};
use deskring_zoho_desk::{CallActivities, Look, Retry};
use serde_json::json;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::Payload;
use super::compose::{Facts, NotSent, Request, Writing, compose, started_ms};
use super::hand::RefusedField;
use super::helpdesk::{Failure, Helpdesk, Holder, Made};

/// Rows that are being sent at once.
const IN_FLIGHT: usize = 2;
/// A row that others write too is theirs and ours by turns: a slot for each place, round and round, on clocks that are
/// about right. Whoever looks and finds nothing has written it before the next one looks.
pub(crate) const SLOT: Duration = Duration::from_secs(60);
/// Places there are: the one whose turn it is, those who stand in, and one for whoever needs the record.
const SLOTS: i64 = 4;
/// A send begins only this early in its slot. What is left is enough for a request that times out, and for one that
/// arrives late. So soon after a promise, too, the one whose turn it is writes without a look.
pub(crate) const EARLY: Duration = Duration::from_secs(20);
/// Growing pauses between tries.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// After a lost answer, so that a request which is still on its way does not arrive after the look.
const BEFORE_A_LOOK: Duration = Duration::from_secs(15);
/// The same when the program ended while it was sending: the request may have had its whole time before it.
pub(super) const AFTER_A_CRASH: Duration = Duration::from_secs(30);
/// The sign-in is being put right; the link tells when it is.
const SIGN_IN_PAUSE: Duration = Duration::from_secs(60);
/// The search knows everybody who is older.
const INDEXED: Duration = Duration::from_secs(30 * 60);
/// What is not known yet will be soon.
const NOT_KNOWN_PAUSE: Duration = Duration::from_secs(15);
/// A disk that cannot be written is tried again after this.
const DISK_PAUSE: Duration = Duration::from_secs(30);

/// What the sender works with; changes with settings and links.
pub(crate) struct Wiring<D> {
    /// Nothing while nobody is signed in, or Desk does not answer.
    pub(crate) helpdesk: Option<Arc<D>>,
    pub(crate) writing: Arc<Writing>,
}

impl<D> Clone for Wiring<D> {
    fn clone(&self) -> Self {
        Self { helpdesk: self.helpdesk.clone(), writing: self.writing.clone() }
    }
}

/// What became of a row.
#[derive(Debug)]
pub(crate) struct Done {
    /// As it was claimed.
    pub(crate) row: Entry,
    pub(crate) settled: Settled,
    /// What was learned of all call activities.
    pub(crate) calls: Option<CallActivities>,
}

/// Rows that were promised in this run, and until when: whose turn it is writes them without a look.
#[derive(Clone, Default)]
pub(crate) struct Fresh(Arc<Mutex<BTreeMap<String, Duration>>>);

impl Fresh {
    /// Of these rows, those that are new and ours to write. One that is due later has its time until then, and others
    /// wait longer, too.
    pub(crate) fn add(&self, rows: &[NewEntry], became: &[Enqueued], now: Now) {
        let mut fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.retain(|_, until| now.mono < *until);
        for (row, became) in rows.iter().zip(became) {
            if matches!(became, Enqueued::New(_)) && row.doubt == Doubt::None {
                let wait = u64::try_from(row.due_ms.saturating_sub(now.wall_ms)).unwrap_or(0);
                fresh.insert(row.key.clone(), now.mono + Duration::from_millis(wait) + EARLY);
            }
        }
    }

    fn has(&self, key: &str, now: Now) -> bool {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.get(key).is_some_and(|until| now.mono < *until)
    }
}

/// Tells what is known of the call of a row.
pub(crate) type Teller = Arc<dyn Fn(&Journal, &Entry, &Payload, &Writing) -> Facts + Send + Sync>;
/// Reads the clocks.
pub(crate) type Clocks = Arc<dyn Fn() -> Now + Send + Sync>;

/// The sender of one profile. Cheap to clone; [`Sender::run`] is to be called once.
pub(crate) struct Sender<D> {
    pub(crate) journal: Arc<Journal>,
    pub(crate) wiring: watch::Receiver<Wiring<D>>,
    /// Told when there is something new to be sent.
    pub(crate) wake: Arc<Notify>,
    pub(crate) fresh: Fresh,
    pub(crate) clocks: Clocks,
    pub(crate) teller: Teller,
    pub(crate) done: mpsc::UnboundedSender<Done>,
}

impl<D> Clone for Sender<D> {
    fn clone(&self) -> Self {
        Self {
            journal: self.journal.clone(),
            wiring: self.wiring.clone(),
            wake: self.wake.clone(),
            fresh: self.fresh.clone(),
            clocks: self.clocks.clone(),
            teller: self.teller.clone(),
            done: self.done.clone(),
        }
    }
}

impl<D: Helpdesk> Sender<D> {
    /// Sends for as long as somebody holds the wiring. What is in flight when it is dropped is looked for by the next
    /// one.
    pub(crate) async fn run(mut self) {
        let (now_ms, look_ms) = (self.now().wall_ms, self.after(AFTER_A_CRASH));
        if let Some(interrupted) = noted(self.blocking(move |journal| journal.recover(now_ms, look_ms)).await)
            && interrupted > 0
        {
            tracing::info!(interrupted, "the last run was sending when it ended; Desk is asked first");
        }
        let mut sending = JoinSet::new();
        loop {
            let next = self.claim(&mut sending).await;
            let wiring = &mut self.wiring;
            tokio::select! {
                Some(_) = sending.join_next() => {}
                () = self.wake.notified() => {}
                changed = wiring.changed() => if changed.is_err() { return },
                () = until(next) => {}
            }
        }
    }

    fn now(&self) -> Now {
        (self.clocks)()
    }

    /// Begins to send what is due; how long to wait for what is not.
    async fn claim(&mut self, sending: &mut JoinSet<()>) -> Option<Duration> {
        let wiring = self.wiring.borrow_and_update().clone();
        let helpdesk = wiring.helpdesk?;
        let now_ms = self.now().wall_ms;
        let claimed = self.blocking(move |journal| {
            let claimed = journal.claim(now_ms, IN_FLIGHT)?;
            Ok((claimed, journal.next_due_ms(now_ms)?))
        });
        let Some((claimed, next)) = noted(claimed.await) else { return Some(DISK_PAUSE) };
        for row in claimed {
            let (sender, helpdesk, writing) = (self.clone(), helpdesk.clone(), wiring.writing.clone());
            sending.spawn(async move { sender.send(row, &*helpdesk, &writing).await });
        }
        // With both hands full, the end of one is waited for, not the time of another.
        let wait = next.filter(|_| sending.len() < IN_FLIGHT)?.saturating_sub(now_ms);
        Some(Duration::from_millis(u64::try_from(wait).unwrap_or(0)).max(Duration::from_millis(1)))
    }

    async fn send(&self, row: Entry, helpdesk: &D, writing: &Arc<Writing>) {
        let (settled, calls) = self.outcome(&row, helpdesk, writing).await;
        loop {
            let (key, how, now_ms) = (row.key.clone(), settled.clone(), self.now().wall_ms);
            if noted(self.blocking(move |journal| journal.settle(&key, &how, now_ms)).await).is_some() {
                break;
            }
            // Until then it stays claimed: nobody sends it again.
            tokio::time::sleep(DISK_PAUSE).await;
        }
        // An error means that the loop has ended.
        let _ = self.done.send(Done { row, settled, calls });
    }

    async fn outcome(
        &self,
        row: &Entry,
        helpdesk: &D,
        writing: &Arc<Writing>,
    ) -> (Settled, Option<CallActivities>) {
        let Ok(payload) = serde_json::from_str::<Payload>(&row.payload) else {
            return (Settled::Wedged { reason: "unreadable".into(), detail: None }, None);
        };
        let (told, payload_told, contact_row) = (row.clone(), payload.clone(), payload.contact_row.clone());
        let (teller, writing_told) = (self.teller.clone(), writing.clone());
        let read = self.blocking(move |journal| {
            let facts = teller(journal, &told, &payload_told, &writing_told);
            let contact = match contact_row {
                Some(key) => journal.entry(&key)?.and_then(|entry| entry.remote_id),
                None => None,
            };
            Ok((facts, contact))
        });
        let Some((facts, contact)) = noted(read.await) else {
            return (self.again(DISK_PAUSE, "disk"), None);
        };
        let request = match compose(row, &payload, contact.as_deref(), &facts, writing) {
            Ok(request) => request,
            Err(NotSent::Later(code)) => return (self.again(NOT_KNOWN_PAUSE, code), None),
            Err(NotSent::Wedged(code)) => {
                return (Settled::Wedged { reason: code.into(), detail: None }, None);
            }
            Err(NotSent::Never(code)) => return (Settled::Discarded { reason: code.into() }, None),
        };
        let late = payload.shared && !self.fresh.has(&row.key, self.now());
        let look = row.doubt == Doubt::MaybeSent || late;
        // A promise of the future was made before the clock was set back.
        let turn_ms = row.created_ms.min(self.now().wall_ms) + slots_ms(payload.place);
        // Others need a contact: it is looked for at any time, and only written by turns.
        let is_contact = matches!(row.kind.as_str(), super::kind::CONTACT | super::kind::ACCOUNT);
        if late
            && !is_contact
            && let Some(wait) = until_turn(payload.place, turn_ms, self.now().wall_ms)
        {
            return (self.again(wait, "others_turn"), None);
        }
        // A record of this call is not older than the call, and our first try is not older than the promise.
        let began_ms = started_ms(&row.call_id).unwrap_or(facts.began_ms);
        let since_ms = began_ms.min(row.first_ms.unwrap_or(row.created_ms)).min(row.created_ms);
        let turn = Turn { look, late, turn_ms, since_ms };
        match self.deliver(row, &payload, request, turn, helpdesk).await {
            Ok(Delivered::There(made)) => (Settled::Sent { remote_id: made.id, remote_url: made.page }, None),
            Ok(Delivered::NotNow(wait, code)) => (self.again(wait, code), None),
            Ok(Delivered::AskAPerson(code)) => (Settled::Wedged { reason: code.into(), detail: None }, None),
            Err((failure, writes)) => self.failed(row, &payload, failure, writes, helpdesk, writing).await,
        }
    }

    async fn deliver(
        &self,
        row: &Entry,
        payload: &Payload,
        request: Request,
        turn: Turn,
        helpdesk: &D,
    ) -> Result<Delivered, (Failure, Writes)> {
        let Turn { look, late, turn_ms, since_ms } = turn;
        // The look may have taken so long that it is somebody else's turn.
        let too_late = || {
            let wait = until_turn(payload.place, turn_ms, self.now().wall_ms).filter(|_| late)?;
            Some(Delivered::NotNow(wait, "others_turn"))
        };
        let reading = |failure| (failure, Writes::No);
        let writing = |failure| (failure, Writes::Yes);
        let there = |look| match look {
            Look::Found(made) => Some(Delivered::There(made)),
            Look::Unsure => Some(Delivered::AskAPerson("unsure")),
            Look::Absent => None,
        };
        let made = match request {
            Request::Contact(_) | Request::Account(_) => {
                let kind = match request {
                    Request::Contact(_) => RecordKind::Contact,
                    _ => RecordKind::Account,
                };
                // Always: a colleague, or another call of the number, may have made it a moment ago.
                let since_ms = since_ms - i64::try_from(INDEXED.as_millis()).unwrap_or(0);
                match helpdesk.holder(&payload.number, kind, since_ms).await.map_err(reading)? {
                    Holder::One(made) => return Ok(Delivered::There(made)),
                    Holder::Others => return Ok(Delivered::AskAPerson("several_matches")),
                    Holder::Unsure => return Ok(Delivered::NotNow(INDEXED, "unsure")),
                    Holder::Nobody => {}
                }
                if let Some(too_late) = too_late() {
                    return Ok(too_late);
                }
                match &request {
                    Request::Account(new) => helpdesk.create_account(new).await.map_err(writing)?,
                    Request::Contact(new) => helpdesk.create_contact(new).await.map_err(writing)?,
                    Request::Ticket(_) | Request::Call(_) => {
                        return Ok(Delivered::AskAPerson("unknown_kind"));
                    }
                }
            }
            Request::Ticket(new) => {
                if look
                    && let Some(there) = there(helpdesk.find_ticket(&new, since_ms).await.map_err(reading)?)
                {
                    return Ok(there);
                }
                if let Some(too_late) = too_late() {
                    return Ok(too_late);
                }
                helpdesk.create_ticket(&new).await.map_err(writing)?
            }
            Request::Call(new) => {
                if look && let Some(there) = there(helpdesk.find_call(&new).await.map_err(reading)?) {
                    return Ok(there);
                }
                if let Some(too_late) = too_late() {
                    return Ok(too_late);
                }
                helpdesk.create_call(&new).await.map_err(writing)?
            }
        };
        tracing::info!(kind = row.kind, id = made.id, "written to Desk");
        Ok(Delivered::There(made))
    }

    async fn failed(
        &self,
        row: &Entry,
        payload: &Payload,
        failure: Failure,
        writes: Writes,
        helpdesk: &D,
        writing: &Writing,
    ) -> (Settled, Option<CallActivities>) {
        let code = failure.code;
        if let (super::kind::ACTIVITY, Some(_)) = (row.kind.as_str(), failure.calls)
            // A 404 may mean the contact as well; a read without a contact tells which.
            && let Ok(calls) = helpdesk.calls().await
            && calls != CallActivities::Available
        {
            return (Settled::Discarded { reason: calls.code().into() }, Some(calls));
        }
        let settled = match (failure.retry, writes) {
            (Retry::Unknown, Writes::Yes) => {
                Settled::Unknown { due_ms: self.after(BEFORE_A_LOOK), reason: code.into() }
            }
            (Retry::Unknown | Retry::Backoff, _) => self.again(pause(row.attempts), code),
            (Retry::After(wait), _) => self.again(wait, code),
            (Retry::SignIn, _) => self.again(SIGN_IN_PAUSE, code),
            // Somebody deleted the contact that this program made or found: nobody wants records of it.
            (Retry::Never, _) if code == "gone" && payload.contact_row.is_some() => {
                Settled::Discarded { reason: "contact_gone".into() }
            }
            (Retry::Never, _) => {
                let names: Vec<String> = failure.fields.iter().map(|(name, _)| name.clone()).collect();
                let known = match names.is_empty() {
                    true => Vec::new(),
                    false => helpdesk.fields(&row.kind, writing.department.as_deref(), &names).await,
                };
                let refused = |(name, problem): &(String, &'static str)| {
                    let known = known.iter().find(|field| field.name == *name);
                    RefusedField {
                        name: name.clone(),
                        label: known.map_or_else(|| name.clone(), |field| field.label.clone()),
                        problem: (*problem).to_owned(),
                        kind: known.map(|field| field.kind.clone()),
                        choices: known.map(|field| field.choices.clone()).unwrap_or_default(),
                    }
                };
                let fields: Vec<_> = failure.fields.iter().map(refused).collect();
                let detail = json!({ "code": code, "fields": fields }).to_string();
                Settled::Wedged { reason: code.into(), detail: Some(detail) }
            }
        };
        (settled, None)
    }

    fn again(&self, wait: Duration, reason: &str) -> Settled {
        Settled::Again { due_ms: self.after(wait), reason: reason.to_owned() }
    }

    fn after(&self, wait: Duration) -> i64 {
        self.now().wall_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Journal) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let journal = self.journal.clone();
        match tokio::task::spawn_blocking(move || work(&journal)).await {
            Ok(result) => result,
            // A panic in the database's own code is no reason for one here.
            Err(failed) => Err(StoreError::Unusable(std::io::Error::other(failed))),
        }
    }
}

enum Delivered {
    There(Made),
    NotNow(Duration, &'static str),
    AskAPerson(&'static str),
}

/// How a row is sent.
#[derive(Clone, Copy)]
struct Turn {
    /// Desk is looked through first.
    look: bool,
    /// Others may be writing it, each in their slots.
    late: bool,
    /// Ours are not before this.
    turn_ms: i64,
    /// It is not older.
    since_ms: i64,
}

/// How long until a record may be written from this place: in its next slot, and not before `turn_ms`. Nothing early in
/// a slot.
fn until_turn(place: u8, turn_ms: i64, wall_ms: i64) -> Option<Duration> {
    let early = i64::try_from(EARLY.as_millis()).unwrap_or(0);
    let at_ms = wall_ms.max(turn_ms);
    let since = (at_ms - slots_ms(place)).rem_euclid(SLOTS * slots_ms(1));
    let wait = if since < early { at_ms - wall_ms } else { at_ms - wall_ms + SLOTS * slots_ms(1) - since };
    u64::try_from(wait).ok().filter(|wait| *wait > 0).map(Duration::from_millis)
}

/// So many slots, in milliseconds.
fn slots_ms(slots: u8) -> i64 {
    i64::try_from(SLOT.as_millis()).unwrap_or(0) * i64::from(slots)
}

/// Whether the request that failed would have written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writes {
    Yes,
    No,
}

/// Before the next try, after so many.
fn pause(attempts: u32) -> Duration {
    let growing =
        FIRST_PAUSE.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
    growing.min(LONGEST_PAUSE)
}

async fn until(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

fn noted<T>(result: Result<T, StoreError>) -> Option<T> {
    result.inspect_err(|error| tracing::warn!(%error, "the outbox cannot be used")).ok()
}
