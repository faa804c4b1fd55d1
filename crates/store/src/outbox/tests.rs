//! The outbox on real files, and against a model of it in a dozen lines.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::journal::Missed;

fn journal() -> (tempfile::TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    (dir, journal)
}

fn owed(key: &str, call: &str, parent: Option<&str>) -> NewEntry {
    NewEntry {
        key: key.into(),
        call_id: call.into(),
        extension: "1001".into(),
        kind: "ticket".into(),
        payload: format!(r#"{{"subject":"{key} for Muster"}}"#),
        depends_on: parent.map(Into::into),
        due_ms: 0,
        doubt: Doubt::None,
        run: Run::Live,
    }
}

fn call(id: &str) -> CallRow {
    CallRow { call_id: id.into(), extension: "1001".into(), phase: "over".into(), ..CallRow::default() }
}

fn sent(id: &str) -> Settled {
    Settled::Sent { remote_id: id.into(), remote_url: Some(format!("https://desk.example.com/{id}")) }
}

fn wedged() -> Settled {
    Settled::Wedged { reason: "invalid".into(), detail: Some(r#"[{"field":"subject"}]"#.into()) }
}

fn unknown(due_ms: i64) -> Settled {
    Settled::Unknown { due_ms, reason: "answer_lost".into() }
}

fn again(due_ms: i64) -> Settled {
    Settled::Again { due_ms, reason: "server_error".into() }
}

fn claim(journal: &Journal, now: i64) -> String {
    keys(journal.claim(now, 2).unwrap())
}

fn keys(entries: Vec<Entry>) -> String {
    entries.into_iter().map(|entry| entry.key).collect::<Vec<_>>().join(" ")
}

fn states(journal: &Journal) -> String {
    let mut rows = journal.outbox(&OutboxQuery::default()).unwrap();
    rows.reverse();
    rows.iter().map(|row| format!("{}:{}", row.key, row.state.code())).collect::<Vec<_>>().join(" ")
}

/// A contact, its ticket and its call activity, of one call.
fn chain(journal: &Journal) {
    let entries = [
        owed("contact", "a", None),
        owed("ticket", "a", Some("contact")),
        owed("activity", "a", Some("contact")),
    ];
    let new = Enqueued::New(EntryState::Pending);
    assert_eq!(journal.record_with(&call("a"), &entries, 1).unwrap(), [new, new, new]);
}

#[test]
fn a_call_and_what_it_makes_us_owe_are_written_together_or_not_at_all() {
    let (dir, journal) = journal();
    chain(&journal);
    let orphan = owed("orphan", "b", Some("nobody"));
    let result = journal.record_with(&call("b"), &[owed("fine", "b", None), orphan], 1);
    assert!(matches!(result, Err(StoreError::Other(_))), "{result:?}");
    drop(journal);
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(journal.recent(9).unwrap().len(), 1);
    assert_eq!(states(&journal), "contact:pending ticket:pending activity:pending");
    journal.db.read(|connection| connection.pragma_update(None, "max_page_count", 1)).unwrap();
    let large = NewEntry { payload: "x".repeat(1_000_000), ..owed("large", "c", None) };
    assert!(matches!(journal.record_with(&call("c"), &[large], 1), Err(StoreError::Full(_))));
    assert_eq!(journal.recent(9).unwrap().len(), 1);
}

#[test]
fn a_promise_is_made_once_however_often_the_call_is_told() {
    let (dir, journal) = journal();
    chain(&journal);
    let second = NewEntry { payload: "other".into(), due_ms: 99, ..owed("contact", "z", None) };
    let known = journal.enqueue(std::slice::from_ref(&second), 5).unwrap();
    assert_eq!(known, [Enqueued::Known(EntryState::Pending)]);
    assert_eq!(claim(&journal, 10), "contact");
    assert_eq!(
        journal.enqueue(std::slice::from_ref(&second), 11).unwrap(),
        [Enqueued::Known(EntryState::Claimed)]
    );
    journal.settle("contact", &sent("7"), 12).unwrap();
    drop(journal);
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(journal.enqueue(&[second], 13).unwrap(), [Enqueued::Known(EntryState::Sent)]);
    let row = journal.entry("contact").unwrap().unwrap();
    assert_eq!((row.call_id.as_str(), row.payload.as_str()), ("a", r#"{"subject":"contact for Muster"}"#));
}

#[test]
fn children_follow_their_parent_with_its_id_and_a_call_keeps_its_order() {
    let (_dir, journal) = journal();
    chain(&journal);
    journal.enqueue(&[owed("elsewhere", "b", None), owed("third", "c", None)], 2).unwrap();
    assert_eq!(claim(&journal, 10), "contact elsewhere", "two at once");
    assert_eq!(claim(&journal, 10), "");
    assert!(journal.settle("contact", &sent("7"), 11).unwrap());
    let ticket = journal.claim(12, 2).unwrap().remove(0);
    assert_eq!((ticket.key.as_str(), ticket.parent_id.as_deref()), ("ticket", Some("7")));
    assert_eq!((ticket.doubt, ticket.attempts, ticket.first_ms), (Doubt::None, 1, Some(12)));
    journal.settle("elsewhere", &sent("8"), 13).unwrap();
    assert_eq!(claim(&journal, 13), "third", "the activity waits for the ticket of its call");
    journal.settle("ticket", &again(500), 14).unwrap();
    assert_eq!(claim(&journal, 20), "", "also while the ticket waits for its time");
    assert_eq!(journal.next_due_ms(20).unwrap(), Some(500));
    assert_eq!(claim(&journal, 500), "ticket");
    journal.settle("ticket", &sent("9"), 501).unwrap();
    assert_eq!(claim(&journal, 502), "activity");
    assert!(!journal.settle("ticket", &wedged(), 503).unwrap(), "once is once");
    let row = journal.entry("ticket").unwrap().unwrap();
    assert_eq!((row.state, row.remote_id.as_deref(), row.reason), (EntryState::Sent, Some("9"), None));
    assert_eq!(row.remote_url.as_deref(), Some("https://desk.example.com/9"));
    assert_eq!((row.first_ms, row.claimed_ms, row.attempts), (Some(12), Some(500), 2));
}

#[test]
fn what_was_being_sent_when_the_program_ended_is_looked_for() {
    let (dir, journal) = journal();
    chain(&journal);
    claim(&journal, 10);
    drop(journal);
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(claim(&journal, 20), "", "somebody must say that the sender is gone");
    assert_eq!(journal.recover(20, 20).unwrap(), 1);
    assert_eq!(journal.recover(21, 21).unwrap(), 0);
    let row = journal.claim(22, 2).unwrap().remove(0);
    assert_eq!((row.key.as_str(), row.doubt, row.first_ms), ("contact", Doubt::MaybeSent, Some(10)));
    assert_eq!(row.reason.as_deref(), Some(INTERRUPTED));
    journal.settle("contact", &again(30), 23).unwrap();
    assert_eq!(journal.entry("contact").unwrap().unwrap().state, EntryState::Unknown, "the doubt lasts");
    claim(&journal, 30);
    journal.settle("contact", &sent("7"), 31).unwrap();
    assert_eq!(journal.entry("contact").unwrap().unwrap().doubt, Doubt::None);
}

#[test]
fn an_unknown_row_stays_one_through_wedging_and_retrying() {
    let (_dir, journal) = journal();
    journal.enqueue(&[owed("a", "a", None)], 0).unwrap();
    claim(&journal, 1);
    journal.settle("a", &unknown(5), 2).unwrap();
    assert_eq!(journal.retry("a", 3).unwrap(), Touched::Done);
    assert_eq!(journal.claim(3, 2).unwrap()[0].doubt, Doubt::MaybeSent);
    journal.settle("a", &wedged(), 4).unwrap();
    assert_eq!(journal.retry("a", 5).unwrap(), Touched::Done);
    let row = journal.entry("a").unwrap().unwrap();
    assert_eq!((row.state, row.doubt, row.attempts), (EntryState::Unknown, Doubt::MaybeSent, 0));
}

#[test]
fn a_wedged_row_blocks_its_children_and_nobody_else() {
    let (_dir, journal) = journal();
    chain(&journal);
    journal.enqueue(&[owed("comment", "b", Some("ticket")), owed("alone", "a", None)], 2).unwrap();
    claim(&journal, 10);
    journal.settle("contact", &wedged(), 11).unwrap();
    assert_eq!(
        states(&journal),
        "contact:wedged ticket:blocked activity:blocked comment:blocked alone:pending"
    );
    assert_eq!(claim(&journal, 12), "alone", "of the same call, but no child");
    assert_eq!(
        journal.enqueue(&[owed("late", "a", Some("ticket"))], 13).unwrap(),
        [Enqueued::New(EntryState::Blocked)]
    );
    assert_eq!(journal.retry("ticket", 14).unwrap(), Touched::Blocked);
    assert_eq!(journal.edit("contact", "{}", 14).unwrap(), Touched::Done);
    let row = journal.entry("contact").unwrap().unwrap();
    assert_eq!((row.payload.as_str(), row.detail.as_deref()), ("{}", Some(r#"[{"field":"subject"}]"#)));
    assert_eq!(journal.retry("contact", 15).unwrap(), Touched::Done);
    assert_eq!(
        states(&journal),
        "contact:pending ticket:pending activity:pending comment:pending alone:claimed late:pending"
    );
}

#[test]
fn who_gives_up_a_contact_gives_up_its_ticket() {
    let (_dir, journal) = journal();
    chain(&journal);
    assert_eq!(journal.discard("contact", "by_hand", 5).unwrap(), Touched::Done);
    assert_eq!(states(&journal), "contact:discarded ticket:discarded activity:discarded");
    assert_eq!(journal.entry("ticket").unwrap().unwrap().reason.as_deref(), Some(PARENT_DISCARDED));
    let late = [owed("late", "a", Some("ticket"))];
    assert_eq!(journal.enqueue(&late, 6).unwrap(), [Enqueued::New(EntryState::Discarded)]);
    for touched in
        [journal.retry("ticket", 7), journal.edit("ticket", "{}", 7), journal.discard("ticket", "x", 7)]
    {
        assert_eq!(touched.unwrap(), Touched::Finished);
    }
    assert_eq!((claim(&journal, 99), journal.next_due_ms(99).unwrap()), (String::new(), None));
    chain_again_is_known(&journal);
}

fn chain_again_is_known(journal: &Journal) {
    let entries = [owed("contact", "a", None), owed("ticket", "a", Some("contact"))];
    let known = Enqueued::Known(EntryState::Discarded);
    assert_eq!(journal.record_with(&call("a"), &entries, 9).unwrap(), [known, known]);
}

#[test]
fn a_sender_may_give_up_what_turned_out_to_be_impossible() {
    let (_dir, journal) = journal();
    chain(&journal);
    claim(&journal, 1);
    journal.settle("contact", &Settled::Discarded { reason: "not_in_edition".into() }, 2).unwrap();
    assert_eq!(states(&journal), "contact:discarded ticket:discarded activity:discarded");
}

#[test]
fn a_dry_row_is_shown_and_never_sent_and_neither_are_its_children() {
    let (_dir, journal) = journal();
    let dry = |key, parent| NewEntry { run: Run::Dry, ..owed(key, "a", parent) };
    journal.enqueue(&[dry("contact", None), owed("ticket", "a", Some("contact"))], 1).unwrap();
    assert_eq!(states(&journal), "contact:dry ticket:dry");
    assert_eq!(claim(&journal, 99), "");
    let live = journal.enqueue(&[owed("contact", "a", None)], 2).unwrap();
    assert_eq!(live, [Enqueued::Known(EntryState::Dry)], "switching it off writes nothing belatedly");
    assert_eq!(journal.retry("contact", 3).unwrap(), Touched::Finished);
    let next = [owed("contact", "b", None), owed("ticket b", "b", Some("contact"))];
    let wanted = journal.enqueue(&next, 4).unwrap();
    assert_eq!(wanted, [Enqueued::New(EntryState::Pending); 2], "the number calls again, and is wanted now");
    assert_eq!(states(&journal), "contact:pending ticket:dry ticket b:pending");
    assert_eq!(claim(&journal, 5), "contact");
}

#[test]
fn a_person_in_another_process_and_a_sender_do_not_get_in_each_other_s_way() {
    let (dir, engine) = journal();
    chain(&engine);
    engine.enqueue(&[owed("other", "b", None)], 1).unwrap();
    let person = Journal::open(dir.path()).unwrap();
    assert_eq!(keys(person.claim(5, 1).unwrap()), "contact");
    assert_eq!(claim(&engine, 5), "other", "no row is claimed twice");
    assert_eq!(person.edit("contact", "{}", 6).unwrap(), Touched::InFlight);
    assert_eq!(person.discard("contact", "by_hand", 6).unwrap(), Touched::InFlight);
    assert_eq!(person.retry("contact", 6).unwrap(), Touched::InFlight);
    assert_eq!(person.retry("nobody", 6).unwrap(), Touched::NoSuchEntry);
    engine.settle("contact", &wedged(), 7).unwrap();
    assert_eq!(person.discard("contact", "by_hand", 8).unwrap(), Touched::Done);
    assert_eq!(person.discard("other", "by_hand", 8).unwrap(), Touched::InFlight);
    engine.settle("other", &unknown(9), 8).unwrap();
    assert_eq!(person.discard("other", "by_hand", 9).unwrap(), Touched::Done);
    assert_eq!((claim(&engine, 99), engine.outbox_counts().unwrap().discarded), (String::new(), 4));
}

#[test]
fn many_senders_claim_each_row_once() {
    let (dir, journal) = journal();
    let many: Vec<_> = (0..60).map(|n| owed(&format!("k{n}"), &format!("c{n}"), None)).collect();
    journal.enqueue(&many, 0).unwrap();
    let claimed: Vec<String> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|_| {
                let own = Journal::open(dir.path()).unwrap();
                scope.spawn(move || {
                    let mut keys = Vec::new();
                    loop {
                        let batch = own.claim(1, 99).unwrap();
                        if batch.is_empty() {
                            return keys;
                        }
                        keys.extend(batch.into_iter().map(|entry| entry.key));
                    }
                })
            })
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    let distinct: std::collections::BTreeSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), distinct.len()), (60, 60));
}

#[test]
fn a_clock_that_is_set_back_makes_nothing_wait() {
    let (_dir, journal) = journal();
    let day = 24 * 3600 * 1000;
    journal.enqueue(&[owed("a", "a", None)], day).unwrap();
    claim(&journal, day);
    journal.settle("a", &again(day + 60_000), day).unwrap();
    assert_eq!(claim(&journal, day + 1), "");
    assert_eq!(journal.next_due_ms(1_000).unwrap(), Some(1_000));
    assert_eq!(claim(&journal, 1_000), "a");
}

#[test]
fn old_promises_are_remembered_as_long_as_their_calls() {
    let (_dir, journal) = journal();
    chain(&journal);
    let others =
        [owed("told", "told", None), owed("child", "other", Some("told")), owed("open", "open", None)];
    journal.enqueue(&others, 1).unwrap();
    assert_eq!(claim(&journal, 2), "contact told");
    for key in ["contact", "told"] {
        journal.settle(key, &sent("7"), 3).unwrap();
    }
    assert_eq!(journal.prune_outbox(3).unwrap(), 0);
    let payload = |key: &str| journal.entry(key).unwrap().unwrap().payload;
    assert!(!payload("contact").is_empty());
    assert_eq!(journal.prune_outbox(1_000).unwrap(), 0, "one has its call, one has a child");
    assert_eq!(payload("contact"), "");
    assert_eq!(journal.entry("contact").unwrap().unwrap().remote_id.as_deref(), Some("7"));
    assert!(!payload("ticket").is_empty(), "unfinished, however old");
    assert_eq!(keys(journal.claim(4, 1).unwrap()), "ticket");
    assert_eq!(journal.discard_unfinished("other_organization", 4).unwrap(), 3);
    assert_eq!(
        states(&journal),
        "contact:sent ticket:claimed activity:discarded told:sent child:discarded open:discarded"
    );
    assert_eq!(journal.prune_outbox(1_000).unwrap(), 3, "told goes after its child");
    journal.db.write(|transaction| transaction.execute("DELETE FROM calls", [])).unwrap();
    assert_eq!(journal.prune_outbox(1_000).unwrap(), 1);
    assert_eq!(states(&journal), "contact:sent ticket:claimed");
}

#[test]
fn people_are_forgotten_where_nothing_is_owed_any_more() {
    let (_dir, journal) = journal();
    chain(&journal);
    claim(&journal, 1);
    journal.settle("contact", &sent("7"), 2).unwrap();
    journal.forget_people().unwrap();
    let payload = |key: &str| journal.entry(key).unwrap().unwrap().payload;
    assert!(payload("contact").is_empty() && payload("ticket").contains("Muster"));
}

#[test]
fn the_outbox_is_read_page_by_page_by_state_and_by_call() {
    let (_dir, journal) = journal();
    chain(&journal);
    journal.enqueue(&[owed("other", "b", None)], 2).unwrap();
    claim(&journal, 3);
    let all = OutboxQuery::default;
    let found = |query: OutboxQuery| keys(journal.outbox(&query).unwrap());
    assert_eq!(found(all()), "other activity ticket contact");
    assert_eq!(found(OutboxQuery { limit: 2, offset: 1, ..all() }), "activity ticket");
    assert_eq!(found(OutboxQuery { states: vec![EntryState::Claimed], ..all() }), "other contact");
    assert_eq!(
        found(OutboxQuery {
            states: vec![EntryState::Claimed, EntryState::Pending],
            call_id: Some("a".into()),
            ..all()
        }),
        "activity ticket contact"
    );
    assert_eq!(
        journal.outbox_counts().unwrap(),
        OutboxCounts { pending: 2, claimed: 2, ..OutboxCounts::default() }
    );
    assert_eq!(journal.outbox_counts().unwrap().unfinished(), 4);
}

#[test]
fn a_row_names_nobody_in_a_log() {
    let new = NewEntry { key: "contact/+498912345678".into(), ..owed("x", "a", None) };
    let (_dir, journal) = journal();
    journal.enqueue(std::slice::from_ref(&new), 0).unwrap();
    let row = journal.claim(1, 1).unwrap();
    let shown = format!("{new:?} {row:?} {:?} {:?}", wedged(), sent("7"));
    assert!(!shown.contains("Muster") && !shown.contains("49891"), "{shown}");
}

#[test]
fn the_questions_of_the_sender_go_by_an_index() {
    let (_dir, journal) = journal();
    let plan: Vec<String> = journal
        .db
        .read(|connection| {
            let question = format!(
                "EXPLAIN QUERY PLAN SELECT o.seq FROM outbox AS o LEFT JOIN outbox AS p ON p.key = o.depends_on
                 WHERE {READY}"
            );
            connection.prepare(&question)?.query_map([], |row| row.get(3))?.collect()
        })
        .unwrap();
    assert!(plan.iter().all(|step| !step.contains("SCAN")), "{plan:?}");
}

#[test]
fn a_call_row_written_with_promises_is_the_one_written_without() {
    let (_dir, journal) = journal();
    let row = CallRow { missed: Missed::Unseen, number: Some("+498912345678".into()), ..call("a") };
    journal.record_with(&row, &[], 1).unwrap();
    assert_eq!(journal.recent(1).unwrap(), [row]);
}

/// What anybody could do at any moment.
#[derive(Clone, Debug)]
enum Act {
    Enqueue { key: usize, call: usize, parent: Option<usize>, wait: i64, run: Run },
    Claim { most: usize },
    Settle { key: usize, how: usize, wait: i64 },
    Retry { key: usize },
    Edit { key: usize },
    Discard { key: usize },
    Crash,
    Pass { ms: i64 },
    Prune,
}

fn act() -> impl Strategy<Value = Act> {
    let key = 0..8_usize;
    let wait = 0..2_000_i64;
    let run = prop_oneof![9 => Just(Run::Live), 1 => Just(Run::Dry)];
    prop_oneof![
        6 => (key.clone(), 0..3_usize, prop::option::of(key.clone()), wait.clone(), run)
            .prop_map(|(key, call, parent, wait, run)| Act::Enqueue { key, call, parent, wait, run }),
        6 => (0..4_usize).prop_map(|most| Act::Claim { most }),
        8 => (key.clone(), 0..6_usize, wait).prop_map(|(key, how, wait)| Act::Settle { key, how, wait }),
        2 => key.clone().prop_map(|key| Act::Retry { key }),
        1 => key.clone().prop_map(|key| Act::Edit { key }),
        1 => key.prop_map(|key| Act::Discard { key }),
        1 => Just(Act::Crash),
        4 => (-3_000..5_000_i64).prop_map(|ms| Act::Pass { ms }),
        1 => Just(Act::Prune),
    ]
}

/// The outbox as it is meant: rows in the order of their promises. That a row is blocked is not kept, but found by
/// looking upwards.
#[derive(Default)]
struct Model {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    key: usize,
    call: usize,
    parent: Option<usize>,
    state: EntryState,
    doubtful: bool,
    attempts: u32,
    due: i64,
    changed: i64,
    payload: String,
    id: Option<String>,
}

impl Model {
    fn at(&self, key: usize) -> Option<usize> {
        self.rows.iter().position(|row| row.key == key)
    }

    fn parent(&self, row: &Row) -> Option<&Row> {
        row.parent.map(|parent| &self.rows[self.at(parent).unwrap()])
    }

    fn shown(&self, row: &Row) -> EntryState {
        let mut above = self.parent(row);
        while let (EntryState::Pending, Some(parent)) = (row.state, above) {
            if parent.state == EntryState::Wedged {
                return EntryState::Blocked;
            }
            above = self.parent(parent);
        }
        row.state
    }

    fn under(&self, row: &Row, key: usize) -> bool {
        self.parent(row).is_some_and(|parent| parent.key == key || self.under(parent, key))
    }

    fn ready(&self, row: &Row) -> bool {
        let open = |state| matches!(state, EntryState::Pending | EntryState::Unknown);
        let of_call = || self.rows.iter().filter(|other| other.call == row.call);
        open(self.shown(row))
            && self.parent(row).is_none_or(|parent| parent.state == EntryState::Sent)
            && !of_call().any(|other| other.state == EntryState::Claimed)
            && !of_call().take_while(|other| other.key != row.key).any(|other| open(self.shown(other)))
    }

    fn discard(&mut self, key: usize, now: i64) {
        let gone: Vec<usize> = (0..self.rows.len())
            .filter(|&at| {
                let row = &self.rows[at];
                let unsent = matches!(self.shown(row), EntryState::Pending | EntryState::Blocked);
                row.key == key || (self.under(row, key) && unsent)
            })
            .collect();
        for at in gone {
            (self.rows[at].state, self.rows[at].changed) = (EntryState::Discarded, now);
        }
    }
}

fn finished(state: EntryState) -> bool {
    matches!(state, EntryState::Sent | EntryState::Discarded | EntryState::Dry)
}

fn name(key: usize) -> String {
    format!("k{key}")
}

/// Does the same to both.
fn perform(act: Act, dir: &std::path::Path, journal: &mut Journal, model: &mut Model, now: &mut i64) {
    match act {
        Act::Enqueue { key, call, parent, wait, run } => {
            let parent = parent.filter(|parent| *parent != key && model.at(*parent).is_some());
            let new = NewEntry {
                call_id: call.to_string(),
                due_ms: *now + wait,
                run,
                ..owed(&name(key), "", parent.map(name).as_deref())
            };
            let result = journal.enqueue(std::slice::from_ref(&new), *now).unwrap().remove(0);
            if let Some(at) = model.at(key) {
                let known = &model.rows[at];
                let again = known.state == EntryState::Dry && known.call != call;
                if again && run == Run::Live && parent.is_none() {
                    let payload = new.payload;
                    let due = new.due_ms;
                    let state = EntryState::Pending;
                    model.rows[at] =
                        Row { call, parent, state, due, changed: *now, payload, ..known.clone() };
                    assert_eq!(result, Enqueued::New(state));
                } else {
                    assert_eq!(result, Enqueued::Known(model.shown(known)));
                }
                return;
            }
            let above = parent.map(|parent| model.rows[model.at(parent).unwrap()].state);
            let state = match (run, above) {
                (Run::Dry, _) | (_, Some(EntryState::Dry)) => EntryState::Dry,
                (_, Some(EntryState::Discarded)) => EntryState::Discarded,
                _ => EntryState::Pending,
            };
            let row = Row {
                key,
                call,
                parent,
                state,
                doubtful: false,
                attempts: 0,
                due: new.due_ms,
                changed: *now,
                payload: new.payload,
                id: None,
            };
            model.rows.push(row);
            assert_eq!(result, Enqueued::New(model.shown(model.rows.last().unwrap())));
        }
        Act::Claim { most } => {
            let claimed = journal.claim(*now, most).unwrap();
            let busy = model.rows.iter().filter(|row| row.state == EntryState::Claimed).count();
            let due: Vec<usize> = (0..model.rows.len())
                .filter(|&at| model.ready(&model.rows[at]))
                .filter(|&at| model.rows[at].due <= *now || model.rows[at].changed > *now)
                .take(most.saturating_sub(busy))
                .collect();
            let expected: Vec<_> = due
                .iter()
                .map(|&at| {
                    (name(model.rows[at].key), model.parent(&model.rows[at]).and_then(|p| p.id.clone()))
                })
                .collect();
            let found: Vec<_> = claimed.into_iter().map(|entry| (entry.key, entry.parent_id)).collect();
            assert_eq!(found, expected);
            for at in due {
                let row = &mut model.rows[at];
                (row.state, row.changed) = (EntryState::Claimed, *now);
                row.attempts += 1;
            }
        }
        Act::Settle { key, how, wait } => {
            let due = *now + wait;
            let how = match how {
                0 | 1 => sent(&format!("r{key}")),
                2 => again(due),
                3 => unknown(due),
                4 => wedged(),
                _ => Settled::Discarded { reason: "x".into() },
            };
            let done = journal.settle(&name(key), &how, *now).unwrap();
            let at = model.at(key).filter(|&at| model.rows[at].state == EntryState::Claimed);
            assert_eq!(done, at.is_some());
            let Some(at) = at else { return };
            let row = &mut model.rows[at];
            row.changed = *now;
            match how {
                Settled::Sent { remote_id, .. } => {
                    (row.state, row.doubtful, row.id) = (EntryState::Sent, false, Some(remote_id));
                }
                Settled::Again { .. } => {
                    row.state = if row.doubtful { EntryState::Unknown } else { EntryState::Pending };
                    row.due = due;
                }
                Settled::Unknown { .. } => {
                    (row.state, row.doubtful, row.due) = (EntryState::Unknown, true, due);
                }
                Settled::Wedged { .. } => {
                    row.state = EntryState::Wedged;
                    touch_below(model, key, *now);
                }
                Settled::Discarded { .. } => model.discard(key, *now),
            }
        }
        Act::Retry { key } => {
            let touched = journal.retry(&name(key), *now).unwrap();
            let at = model.at(key);
            let expected = match at.map(|at| model.shown(&model.rows[at])) {
                None => Touched::NoSuchEntry,
                Some(EntryState::Claimed) => Touched::InFlight,
                Some(EntryState::Blocked) => Touched::Blocked,
                Some(state) if finished(state) => Touched::Finished,
                Some(_) => Touched::Done,
            };
            assert_eq!(touched, expected);
            if let (Some(at), Touched::Done) = (at, touched) {
                let unblocked = model.rows[at].state == EntryState::Wedged;
                if unblocked {
                    touch_below(model, key, *now);
                }
                let row = &mut model.rows[at];
                row.state = if row.doubtful { EntryState::Unknown } else { EntryState::Pending };
                (row.attempts, row.due, row.changed) = (0, *now, *now);
            }
        }
        Act::Edit { key } | Act::Discard { key } => {
            let edits = matches!(act, Act::Edit { .. });
            let touched = if edits {
                journal.edit(&name(key), "edited", *now).unwrap()
            } else {
                journal.discard(&name(key), "by_hand", *now).unwrap()
            };
            let at = model.at(key);
            let expected = match at.map(|at| model.rows[at].state) {
                None => Touched::NoSuchEntry,
                Some(EntryState::Claimed) => Touched::InFlight,
                Some(state) if finished(state) => Touched::Finished,
                Some(_) => Touched::Done,
            };
            assert_eq!(touched, expected);
            match (at, touched) {
                (Some(at), Touched::Done) if edits => {
                    (model.rows[at].payload, model.rows[at].changed) = ("edited".into(), *now);
                }
                (Some(_), Touched::Done) => model.discard(key, *now),
                _ => {}
            }
        }
        Act::Crash => {
            *journal = Journal::open(dir).unwrap();
            let claimed = model.rows.iter_mut().filter(|row| row.state == EntryState::Claimed);
            let mut count = 0;
            for row in claimed {
                (row.state, row.doubtful, row.due, row.changed) = (EntryState::Unknown, true, *now, *now);
                count += 1;
            }
            assert_eq!(journal.recover(*now, *now).unwrap(), count);
        }
        Act::Pass { ms } => *now += ms,
        Act::Prune => {
            journal.prune_outbox(*now).unwrap();
            for row in &mut model.rows {
                if finished(row.state) && row.changed < *now {
                    row.payload = String::new();
                }
            }
            // Nothing here has a call row, so a finished row goes unless one that stays needs it.
            let mut at = model.rows.len();
            while at > 0 {
                at -= 1;
                let row = model.rows[at].clone();
                let needed = model.rows.iter().any(|child| child.parent == Some(row.key));
                if finished(row.state) && row.changed < *now && !needed {
                    model.rows.remove(at);
                }
            }
        }
    }
}

/// A row is changed when it becomes blocked, and when it is so no longer.
fn touch_below(model: &mut Model, key: usize, now: i64) {
    for at in 0..model.rows.len() {
        if model.rows[at].state == EntryState::Pending && model.under(&model.rows[at], key) {
            model.rows[at].changed = now;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_anybody_does_the_file_is_as_the_model_says(acts in prop::collection::vec(act(), 1..80)) {
        let (dir, mut journal) = journal();
        let mut model = Model::default();
        let mut now = 1_000_000;
        for act in acts {
            perform(act, dir.path(), &mut journal, &mut model, &mut now);
            let mut found = journal.outbox(&OutboxQuery::default()).unwrap();
            found.reverse();
            let found: Vec<_> = found
                .into_iter()
                .map(|e| (e.key, e.state, e.doubt == Doubt::MaybeSent, e.attempts, e.due_ms, e.changed_ms, e.payload, e.remote_id))
                .collect();
            let expected: Vec<_> = model
                .rows
                .iter()
                .map(|r| {
                    let state = model.shown(r);
                    (name(r.key), state, r.doubtful, r.attempts, r.due, r.changed, r.payload.clone(), r.id.clone())
                })
                .collect();
            prop_assert_eq!(&found, &expected);
            let due = model.rows.iter().filter(|row| model.ready(row));
            let due = due.map(|row| if row.changed > now { now } else { row.due }).min();
            prop_assert_eq!(journal.next_due_ms(now).unwrap(), due);
            let mut in_flight = BTreeMap::new();
            for row in model.rows.iter().filter(|row| row.state == EntryState::Claimed) {
                *in_flight.entry(row.call).or_insert(0) += 1;
                let above = model.parent(row);
                prop_assert!(above.is_none_or(|parent| parent.state == EntryState::Sent));
            }
            prop_assert!(in_flight.values().all(|count| *count == 1), "one at once for each call");
        }
    }
}

#[test]
fn what_somebody_else_may_have_written_is_looked_for_before_the_first_send() {
    let (_dir, journal) = journal();
    journal.enqueue(&[NewEntry { doubt: Doubt::MaybeSent, ..owed("ticket", "a", None) }], 1).unwrap();
    let row = journal.claim(2, 2).unwrap().pop().unwrap();
    assert_eq!((row.doubt, row.attempts), (Doubt::MaybeSent, 1));
    let later = Settled::Again { due_ms: 3, reason: "unreachable".into() };
    journal.settle("ticket", &later, 2).unwrap();
    assert_eq!(journal.claim(3, 2).unwrap().pop().unwrap().doubt, Doubt::MaybeSent);
}
