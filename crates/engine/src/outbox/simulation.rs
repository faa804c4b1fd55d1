//! The whole line from a promise to a record in virtual time, against a Desk that loses answers, forgets to answer,
//! refuses, and learns of new contacts late, with programs that are killed between any two steps, come back, and have
//! colleagues who write the same. Any seed can be played again: `DESKRING_SEED=7 cargo test -p deskring-engine sim`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deskring_domain::template::{Template, Values};
use deskring_domain::{
    ActivityRule, CallId, ContactRule, Direction, Entry, Extension, Involved, Now, Other, Outcome, OwedRules,
    Phase, Record, RecordKind, TicketCall, TicketRule, Timing, Who, Why, owed,
};
use deskring_store::{EntryState, Journal, OutboxQuery, Run};
use deskring_zoho_desk::{CallActivities, Look, NewAccount, NewCall, NewContact, NewTicket, Retry};
use fastrand::Rng;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::compose::{Facts, Writing};
use super::helpdesk::{Failure, Helpdesk, Holder, Made};
use super::sender::{Done, Fresh, Sender, Wiring};
use super::{Plan, contact_key};
use crate::assist::FieldView;

/// In the normal run.
const SEEDS: u64 = 10_000;
/// The client gives up after this long.
const TIMEOUT: Duration = Duration::from_secs(15);
/// A request that the client gave up may still arrive for so long.
const STRAY: u64 = 10_000;
/// When the world began, in milliseconds since 1970.
const START_MS: i64 = 1_764_150_000_000;
const QUEUE: &str = "6400";

/// Desk.
#[derive(Default)]
struct Records {
    next: u64,
    /// Number, when it was created.
    contacts: BTreeMap<String, (String, Instant)>,
    /// Marker and contact.
    tickets: BTreeMap<String, (String, String)>,
    calls: BTreeMap<String, (String, String)>,
}

#[derive(Clone)]
struct World {
    records: Arc<Mutex<Records>>,
    rng: Arc<Mutex<Rng>>,
    /// Of a hundred requests, so many come to grief; none from `calm` on.
    trouble: u32,
    calm: Instant,
    /// How long the search does not know a new contact.
    lag: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    None,
    /// Done or not, the answer says that the server failed.
    ServerError {
        done: bool,
    },
    Busy,
    Exhausted,
    SignedOut,
    Unreachable,
    /// Done, and the answer is lost.
    Lost,
    /// The client has given up when it is done.
    Stray,
}

impl World {
    fn pick(&self, below: u32) -> u32 {
        self.rng.lock().unwrap().u32(0..below)
    }

    fn fault(&self) -> Fault {
        if Instant::now() >= self.calm || self.pick(100) >= self.trouble {
            return Fault::None;
        }
        match self.pick(8) {
            0 => Fault::ServerError { done: false },
            1 => Fault::ServerError { done: true },
            2 => Fault::Busy,
            3 => Fault::Exhausted,
            4 => Fault::SignedOut,
            5 => Fault::Unreachable,
            6 => Fault::Lost,
            _ => Fault::Stray,
        }
    }

    async fn latency(&self) {
        sleep(Duration::from_millis(u64::from(self.pick(400)) + 20)).await;
    }

    async fn read<T>(&self, read: impl FnOnce(&Records) -> T) -> Result<T, Failure> {
        self.latency().await;
        match self.fault() {
            Fault::None => Ok(read(&self.records.lock().unwrap())),
            Fault::Exhausted => Err(failure("credits_exhausted", Retry::After(Duration::from_secs(900)))),
            Fault::SignedOut => Err(failure("signed_out", Retry::SignIn)),
            Fault::Lost | Fault::Stray => {
                sleep(TIMEOUT).await;
                Err(failure("timed_out", Retry::Backoff))
            }
            Fault::ServerError { .. } | Fault::Busy | Fault::Unreachable => {
                Err(failure("server_error", Retry::Backoff))
            }
        }
    }

    /// The request is on its way: whoever sent it may be gone when it arrives.
    async fn write(
        &self,
        write: impl FnOnce(&mut Records) -> String + Send + 'static,
    ) -> Result<Made, Failure> {
        let fault = self.fault();
        let (world, pause) = (self.clone(), u64::from(self.pick(u32::try_from(STRAY).unwrap())));
        let arrives = tokio::spawn(async move {
            world.latency().await;
            if fault == Fault::Stray {
                sleep(TIMEOUT + Duration::from_millis(pause)).await;
            }
            let done =
                matches!(fault, Fault::None | Fault::Lost | Fault::Stray | Fault::ServerError { done: true });
            done.then(|| write(&mut world.records.lock().unwrap()))
        });
        if matches!(fault, Fault::Lost | Fault::Stray) {
            sleep(TIMEOUT).await;
            return Err(failure("answer_lost", Retry::Unknown));
        }
        let made = arrives.await.unwrap();
        self.latency().await;
        match (fault, made) {
            (Fault::None, Some(id)) => Ok(Made { id, page: None }),
            (Fault::Busy, _) => Err(failure("too_many_requests", Retry::Backoff)),
            (Fault::Exhausted, _) => {
                Err(failure("credits_exhausted", Retry::After(Duration::from_secs(900))))
            }
            (Fault::SignedOut, _) => Err(failure("signed_out", Retry::SignIn)),
            (Fault::Unreachable, _) => Err(failure("unreachable", Retry::Backoff)),
            _ => Err(failure("server_error", Retry::Unknown)),
        }
    }

    /// The contact of a number, if the search or the list of the newest knows it.
    fn contact(&self, records: &Records, number: &str, newest: bool) -> Option<String> {
        let known = |since: &Instant| newest || since.elapsed() >= self.lag;
        let found = records.contacts.iter().find(|(_, (of, since))| of == number && known(since));
        found.map(|(id, _)| id.clone())
    }
}

fn failure(code: &'static str, retry: Retry) -> Failure {
    Failure { code, retry, fields: Vec::new(), calls: None }
}

impl Records {
    fn id(&mut self) -> String {
        self.next += 1;
        self.next.to_string()
    }
}

fn found(records: &BTreeMap<String, (String, String)>, marker: &str) -> Look<Made> {
    let found = records.iter().find(|(_, (known, _))| known == marker);
    found.map_or(Look::Absent, |(id, _)| Look::Found(Made { id: id.clone(), page: None }))
}

impl Helpdesk for World {
    async fn holder(&self, number: &str, _: RecordKind, _: i64) -> Result<Holder, Failure> {
        let world = self.clone();
        let found = self.read(|records| world.contact(records, number, true)).await?;
        Ok(found.map_or(Holder::Nobody, |id| Holder::One(Made { id, page: None })))
    }

    async fn create_contact(&self, new: &NewContact) -> Result<Made, Failure> {
        let number = new.phone.clone().or(new.mobile.clone()).unwrap_or_default();
        self.write(move |records| {
            let id = records.id();
            records.contacts.insert(id.clone(), (number, Instant::now()));
            id
        })
        .await
    }

    async fn create_account(&self, _: &NewAccount) -> Result<Made, Failure> {
        Err(failure("bad_request", Retry::Never))
    }

    async fn find_ticket(&self, new: &NewTicket, _: i64) -> Result<Look<Made>, Failure> {
        self.read(|records| found(&records.tickets, new.marker.as_str())).await
    }

    async fn create_ticket(&self, new: &NewTicket) -> Result<Made, Failure> {
        let row = (new.marker.as_str().to_owned(), new.contact.as_str().to_owned());
        self.write(move |records| {
            let id = records.id();
            records.tickets.insert(id.clone(), row);
            id
        })
        .await
    }

    async fn find_call(&self, new: &NewCall) -> Result<Look<Made>, Failure> {
        self.read(|records| found(&records.calls, new.marker.as_str())).await
    }

    async fn create_call(&self, new: &NewCall) -> Result<Made, Failure> {
        let row = (new.marker.as_str().to_owned(), new.contact.as_str().to_owned());
        self.write(move |records| {
            let id = records.id();
            records.calls.insert(id.clone(), row);
            id
        })
        .await
    }

    async fn fields(&self, _: &str, _: Option<&str>, _: &[String]) -> Vec<FieldView> {
        Vec::new()
    }

    async fn calls(&self) -> Result<CallActivities, Failure> {
        Ok(CallActivities::Available)
    }
}

/// A call as the PBX knows it.
#[derive(Clone, Debug)]
struct Call {
    id: String,
    number: String,
    rang: BTreeSet<Extension>,
    spoke: Option<Extension>,
}

impl Call {
    fn involved(&self) -> Involved {
        Involved { all: self.rang.clone(), spoke: self.spoke.clone().into_iter().collect() }
    }

    /// Whose records there must be.
    fn of(&self) -> &Extension {
        self.spoke.as_ref().or(self.rang.first()).unwrap()
    }

    /// As an extension has it, when it is over.
    fn entry(&self, me: &Extension, who: Who, began_ms: i64) -> Entry {
        let outcome = match &self.spoke {
            Some(spoke) if spoke == me => Outcome::Answered,
            Some(spoke) => Outcome::AnsweredElsewhere(Some(spoke.clone())),
            None => Outcome::Missed,
        };
        Entry {
            call: CallId::new(self.id.clone()),
            extension: me.clone(),
            direction: Some(Direction::Inbound),
            other: Other::Outside(self.number.clone()),
            who,
            chosen: None,
            path: Some(QUEUE.to_owned()).filter(|_| self.rang.len() > 1),
            did: None,
            phase: Phase::Over,
            outcome: Some(outcome),
            why: Why::Undecided,
            began_ms,
            answered_ms: None,
            over_ms: None,
            timing: Timing::default(),
            record: None,
            closed: true,
        }
    }
}

/// One agent's program.
struct Program {
    me: Extension,
    profile: PathBuf,
    skew_ms: i64,
    /// Whether the agent is asked what came of a call.
    asked: bool,
    running: Option<Running>,
    /// Calls that it has seen or read up on.
    told: BTreeSet<String>,
}

struct Running {
    journal: Arc<Journal>,
    wake: Arc<Notify>,
    fresh: Fresh,
    task: JoinHandle<()>,
    _wiring: watch::Sender<Wiring<World>>,
    _done: mpsc::UnboundedReceiver<Done>,
}

fn rules() -> OwedRules {
    OwedRules {
        contacts: Some(ContactRule { kind: RecordKind::Contact, inbound: true, outbound: true }),
        tickets: Some(TicketRule::After([TicketCall::InboundAnswered, TicketCall::InboundMissed].into())),
        activities: Some(ActivityRule { skip_missed_if_answered_elsewhere: true }),
        bound: BTreeSet::new(),
        sole: false,
    }
}

fn writing() -> Writing {
    let text = |text: &str| Template::lenient(text);
    Writing {
        run: Run::Live,
        department: Some("1".into()),
        agents: BTreeMap::new(),
        ticket_subject: text("{{Communication_Type}}"),
        ticket_description: text("{{Call_From}}"),
        call_subject: text("Extension Call"),
        call_description: text("{{Call_From}}"),
        serial: Some("3633D2199".into()),
        no_calls: None,
        names: BTreeMap::new(),
        plan: deskring_domain::Plan::new("US", "", "").unwrap(),
    }
}

impl Program {
    fn wall_ms(&self, began: Instant) -> i64 {
        START_MS + self.skew_ms + i64::try_from(began.elapsed().as_millis()).unwrap()
    }

    fn start(&mut self, world: &World, began: Instant) {
        let journal = Arc::new(Journal::open(&self.profile).unwrap());
        let (wiring, wires) =
            watch::channel(Wiring { helpdesk: Some(Arc::new(world.clone())), writing: Arc::new(writing()) });
        let (done, dones) = mpsc::unbounded_channel();
        let (wake, fresh) = (Arc::new(Notify::new()), Fresh::default());
        let skew_ms = self.skew_ms;
        let sender = Sender {
            journal: journal.clone(),
            wiring: wires,
            wake: wake.clone(),
            fresh: fresh.clone(),
            clocks: Arc::new(move || {
                let mono = began.elapsed();
                Now { mono, wall_ms: START_MS + skew_ms + i64::try_from(mono.as_millis()).unwrap() }
            }),
            teller: Arc::new(|_, _, _, _| Facts { values: Values::default(), began_ms: START_MS, talk_s: 1 }),
            done,
        };
        let task = tokio::spawn(sender.run());
        self.running = Some(Running { journal, wake, fresh, task, _wiring: wiring, _done: dones });
    }

    /// As `kill -9`: nothing is told, and what was to be written to the disk next is not.
    fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
        }
    }

    /// It sees a call end, or reads of it later. Told twice, it owes nothing more.
    fn tell(&mut self, call: &Call, filled_in: bool, world: &World, began: Instant) {
        let wall_ms = self.wall_ms(began);
        let Some(running) = &self.running else { return };
        self.told.insert(call.id.clone());
        let own = running.journal.entry(&contact_key(&call.number)).unwrap().and_then(|row| row.remote_id);
        let known = own.or_else(|| world.contact(&world.records.lock().unwrap(), &call.number, false));
        let who = known.map_or(Who::Nobody, |id| {
            Who::Known(Record {
                kind: RecordKind::Contact,
                id,
                name: String::new(),
                company: None,
                page: None,
                email: None,
                changed_ms: None,
            })
        });
        let entry = call.entry(&self.me, who, wall_ms);
        let promises = owed(&entry, &call.involved(), &BTreeSet::from([self.me.clone()]), &rules());
        let plan = Plan {
            number_key: &call.number,
            run: Run::Live,
            asked: self.asked,
            filled_in,
            ticket_stands: true,
            now_ms: wall_ms,
        };
        let rows = plan.rows(&entry, &promises);
        let now = Now { mono: began.elapsed(), wall_ms };
        let became = running.journal.enqueue(&rows, wall_ms).unwrap();
        running.fresh.add(&rows, &became, now);
        running.wake.notify_one();
    }
}

/// Plays one seed; what is wrong with the records at its end.
fn play(seed: u64, base: &Path, empty: &Path) -> Vec<String> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // One thread, so that what a killed program had begun on the disk is over before the next one looks at it.
    let runtime = runtime.enable_time().start_paused(true).max_blocking_threads(1).build().unwrap();
    runtime.block_on(play_in_time(seed, base, empty))
}

async fn play_in_time(seed: u64, base: &Path, empty: &Path) -> Vec<String> {
    let mut rng = Rng::with_seed(seed);
    let began = Instant::now();
    // Most stories are short, and some have many people in them.
    let (most_programs, most_steps) = if (seed / 2).is_multiple_of(4) { (3, 9) } else { (2, 6) };
    let world = World {
        records: Arc::default(),
        rng: Arc::new(Mutex::new(Rng::with_seed(seed ^ 0x5eed))),
        trouble: rng.u32(0..70),
        calm: began + Duration::from_secs(2 * 3600),
        lag: Duration::from_secs(rng.u64(0..600)),
    };
    let mut programs: Vec<Program> = (0..rng.u32(1..=most_programs))
        .map(|place| {
            let profile = base.join(format!("{seed}-{place}"));
            std::fs::create_dir_all(&profile).unwrap();
            std::fs::copy(empty.join("deskring.db"), profile.join("deskring.db")).unwrap();
            Program {
                me: Extension::new(format!("{}", 1001 + place)),
                profile,
                skew_ms: rng.i64(-2000..2000),
                asked: rng.bool(),
                running: None,
                told: BTreeSet::new(),
            }
        })
        .collect();
    programs.iter_mut().for_each(|program| program.start(&world, began));
    let mut calls: Vec<Call> = Vec::new();
    for step in 0..rng.u32(2..most_steps) {
        match rng.u32(0..10) {
            0..=3 if calls.len() < 2 => {
                let rang: BTreeSet<Extension> =
                    programs.iter().filter(|_| rng.bool()).map(|program| program.me.clone()).collect();
                if rang.is_empty() {
                    continue;
                }
                let spoke = rng.usize(0..=rang.len());
                calls.push(Call {
                    id: format!(
                        "{}.{step}",
                        START_MS / 1000 + i64::try_from(began.elapsed().as_secs()).unwrap()
                    ),
                    number: format!("+1202555{:04}", 100 + calls.len()),
                    spoke: rang.iter().nth(spoke).cloned(),
                    rang,
                });
                let call = calls.last().unwrap().clone();
                for program in programs.iter_mut().filter(|program| call.rang.contains(&program.me)) {
                    program.tell(&call, false, &world, began);
                }
            }
            // The PBX tells it again.
            4 => {
                if let Some(call) = rng.choice(&calls).cloned() {
                    for program in &mut programs {
                        if program.told.contains(&call.id) {
                            program.tell(&call, false, &world, began);
                        }
                    }
                }
            }
            5 | 6 => {
                let place = rng.usize(0..programs.len());
                programs.get_mut(place).unwrap().kill();
            }
            7 => {
                let place = rng.usize(0..programs.len());
                let program = programs.get_mut(place).unwrap();
                if program.running.is_none() {
                    come_back(program, &calls, &world, began);
                }
            }
            _ => {}
        }
        let longest = *rng.choice(&[1_u64, 100, 2_000, 60_000, 900_000]).unwrap();
        sleep(Duration::from_millis(rng.u64(0..longest))).await;
    }
    for program in programs.iter_mut().filter(|program| program.running.is_none()) {
        come_back(program, &calls, &world, began);
    }
    sleep(Duration::from_secs(24 * 3600)).await;
    let wrong = wrong(&calls, &world, &programs);
    programs.iter_mut().for_each(Program::kill);
    for program in &programs {
        std::fs::remove_dir_all(&program.profile).unwrap();
    }
    wrong
}

/// It starts again and reads up on the calls of its extension.
fn come_back(program: &mut Program, calls: &[Call], world: &World, began: Instant) {
    program.start(world, began);
    let missed: Vec<Call> = calls
        .iter()
        .filter(|call| call.rang.contains(&program.me) && !program.told.contains(&call.id))
        .cloned()
        .collect();
    for call in missed {
        program.tell(&call, true, world, began);
    }
}

fn wrong(calls: &[Call], world: &World, programs: &[Program]) -> Vec<String> {
    let records = world.records.lock().unwrap();
    let mut wrong = Vec::new();
    for call in calls {
        let contacts: Vec<&String> = records
            .contacts
            .iter()
            .filter(|(_, (number, _))| *number == call.number)
            .map(|(id, _)| id)
            .collect();
        if contacts.len() != 1 {
            wrong.push(format!("{call:?} has {} contacts", contacts.len()));
        }
        let of_call = |records: &BTreeMap<String, (String, String)>, marker: &str| {
            let of_call = records.values().filter(|(known, _)| known == marker);
            of_call.map(|(_, contact)| contact.clone()).collect::<Vec<_>>()
        };
        let ticket = format!("Deskring: call {}, PBX 3633D2199", call.id);
        let activity = format!("Deskring: call {} of {}, PBX 3633D2199", call.id, call.of());
        for (what, there) in
            [("tickets", of_call(&records.tickets, &ticket)), ("calls", of_call(&records.calls, &activity))]
        {
            if there.len() != 1 || there.first() != contacts.first().copied() {
                wrong.push(format!("{call:?} has the {what} {there:?}, its contact is {contacts:?}"));
            }
        }
    }
    for kind in [&records.tickets, &records.calls] {
        if kind.len() != calls.len() {
            wrong.push(format!("{} records for {} calls", kind.len(), calls.len()));
        }
    }
    for program in programs {
        let rows = program.running.as_ref().unwrap().journal.outbox(&OutboxQuery::default()).unwrap();
        let open = rows.iter().filter(|row| row.state != EntryState::Sent);
        wrong.extend(open.map(|row| format!("{}: {row:?}", program.me)));
    }
    wrong
}

#[test]
fn every_promise_is_kept_once_whatever_goes_wrong() {
    // A memory disk where there is one: the order of what is written is tested, not the disk.
    let shared = Path::new("/dev/shm");
    let base = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() }.unwrap();
    let empty = base.path().join("empty");
    drop(Journal::open(&empty).unwrap());
    let seeds: Vec<u64> = match std::env::var("DESKRING_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => {
            (0..std::env::var("DESKRING_SEEDS").map_or(SEEDS, |seeds| seeds.parse().unwrap())).collect()
        }
    };
    let lanes = std::thread::available_parallelism().map_or(1, usize::from);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let lane = |lane: usize| {
            let seeds = seeds.iter().skip(lane).step_by(lanes);
            let (base, empty) = (base.path(), &empty);
            scope.spawn(move || {
                let played = seeds.map(|seed| (*seed, play(*seed, base, empty)));
                let failed = played.filter(|(_, wrong)| !wrong.is_empty()).take(3);
                failed.map(|(seed, wrong)| format!("DESKRING_SEED={seed}: {wrong:#?}")).collect::<Vec<_>>()
            })
        };
        let lanes: Vec<_> = (0..lanes).map(lane).collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
