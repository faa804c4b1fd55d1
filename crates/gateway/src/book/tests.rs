use deskring_yeastar::{FailureKind, FailureReason, RecordStatus};
use proptest::prelude::*;

use super::*;

fn extension(number: &str, status: Status) -> Member {
    let party = Party::Extension { number: number.to_owned() };
    Member { party, channel: format!("PJSIP/{number}-1"), status, path: None }
}

fn caller(status: Status) -> Member {
    let (from, to) = ("12125550147".to_owned(), "5550100".to_owned());
    let party = Party::Inbound { from, to, trunk: "Trunk".to_owned() };
    Member { party, channel: "PJSIP/trunk-T-endpoint-1".to_owned(), status, path: None }
}

fn state(id: &str, members: Vec<Member>) -> Event {
    Event::CallState(Call { id: id.to_owned(), members })
}

fn record(id: &str, from: &str, to: &str) -> Event {
    Event::CallEnded(Box::new(CallRecord {
        call_id: Some(id.to_owned()),
        uid: None,
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        started: None,
        duration: None,
        talk_duration: None,
        status: RecordStatus::Answered,
        kind: RecordKind::Inbound,
        source_trunk: None,
        destination_trunk: None,
        did_number: None,
        did_name: None,
        recording: None,
        agent_ring_seconds: None,
        call_note_id: None,
    }))
}

fn who(deliveries: &[Delivery]) -> Vec<Vec<&str>> {
    let names = |delivery: &'_ Delivery| {
        let mut names: Vec<String> = delivery.to.iter().map(|to| to.as_str().to_owned()).collect();
        names.sort();
        names
    };
    deliveries
        .iter()
        .map(|delivery| {
            let names = names(delivery);
            let mut to: Vec<&str> = delivery.to.iter().map(Extension::as_str).collect();
            to.sort_unstable();
            assert_eq!(names, to);
            to
        })
        .collect()
}

fn members(delivery: &Delivery) -> &[Member] {
    match &delivery.event {
        Event::CallState(call) => &call.members,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_joins_late_hears_of_everybody_and_nobody_else_hears_anything() {
    let (mut book, now) = (Book::default(), Instant::now());
    assert!(book.hear(state("1", vec![caller(Status::Alert)]), now).is_empty());
    let rings = book.hear(state("1", vec![extension("2001", Status::Ring)]), now);
    assert_eq!(who(&rings), [["2001"]]);
    assert_eq!(members(&rings[0]), [caller(Status::Alert), extension("2001", Status::Ring)]);
    assert!(book.calls_of(&Extension::new("2002")).is_empty());
    assert_eq!(book.calls_of(&Extension::new("2001")).len(), 1);
}

#[test]
fn those_whose_phones_stopped_ringing_learn_who_answered_and_no_more() {
    let (mut book, now) = (Book::default(), Instant::now());
    let ring = |number| extension(number, Status::Ring);
    book.hear(state("1", vec![caller(Status::Alert), ring("2001"), ring("2002")]), now);
    book.hear(state("1", vec![extension("2002", Status::Bye)]), now);
    let answered = book.hear(state("1", vec![extension("2001", Status::Answer)]), now);
    assert_eq!(who(&answered), [["2001", "2002"]]);
    let later = book.hear(state("1", vec![extension("2001", Status::Hold)]), now + FAREWELL + FAREWELL);
    assert_eq!(who(&later), [["2001"]]);
    // The record says that it was answered elsewhere, an hour later as well.
    let over = book.hear(record("1", "12125550147", "2001"), now + Duration::from_secs(3600));
    assert_eq!(who(&over), [["2001", "2002"]]);
}

#[test]
fn a_record_of_a_call_that_nobody_saw_reaches_its_legs() {
    let (mut book, now) = (Book::default(), Instant::now());
    assert_eq!(who(&book.hear(record("9", "12125550147", "2003"), now)), [["2003"]]);
    // Somebody outside who shows a colleague's number is not that colleague.
    assert_eq!(who(&book.hear(record("8", "2004", "2003"), now)), [["2003"]]);
}

#[test]
fn a_failure_that_names_nobody_reaches_who_dialed() {
    let (mut book, now) = (Book::default(), Instant::now());
    let failed = || Event::CallFailed {
        call_id: "7".to_owned(),
        reason: FailureReason { kind: Some(FailureKind::Busy), raw: "486 Busy here".to_owned() },
        members: Vec::new(),
    };
    let me = Extension::new("2001");
    assert!(book.hear(failed(), now).is_empty());
    assert_eq!(who(&book.dialed("7", &me, now)), [["2001"]]);
    assert!(book.dialed("7", &me, now).is_empty(), "once");
    assert_eq!(who(&book.hear(failed(), now)), [["2001"]], "and after the answer at once");
    assert!(book.hear(failed(), now + OVER + OVER).is_empty(), "not for ever");
}

#[test]
fn what_happened_while_nobody_listened_is_told_afterwards() {
    let (mut book, now) = (Book::default(), Instant::now());
    book.hear(state("1", vec![caller(Status::Answered), extension("2001", Status::Answer)]), now);
    book.hear(state("2", vec![caller(Status::Alert), extension("2002", Status::Ring)]), now);
    let there = Call {
        id: "2".to_owned(),
        members: vec![caller(Status::Answered), extension("2002", Status::Answer)],
    };
    let told = book.resync(vec![there.clone()], now);
    let ended = told.iter().find(|delivery| delivery.to == [Extension::new("2001")]).unwrap();
    assert!(members(ended).iter().all(|member| member.status == Status::Bye));
    let goes_on = told.iter().find(|delivery| delivery.to == [Extension::new("2002")]).unwrap();
    assert_eq!(members(goes_on), there.members);
    assert!(book.calls_of(&Extension::new("2001")).is_empty());
}

#[test]
fn only_the_own_channel_may_be_acted_on_and_only_the_one_i_talk_with_moved() {
    let (mut book, now) = (Book::default(), Instant::now());
    let (me, other) = (Extension::new("2001"), Extension::new("2002"));
    let (mine, theirs) = ("PJSIP/2001-1", "PJSIP/trunk-T-endpoint-1");
    book.hear(state("1", vec![caller(Status::Alert), extension("2001", Status::Ring)]), now);
    assert_eq!(
        (book.own(&me, mine), book.own(&me, theirs), book.own(&other, mine)),
        (Reach::Yes, Reach::No, Reach::No)
    );
    assert_eq!(book.may_move(&me, theirs), Reach::No, "it only rings");
    book.hear(state("1", vec![caller(Status::Answered), extension("2001", Status::Answer)]), now);
    assert_eq!(book.may_move(&me, theirs), Reach::Yes);
    assert_eq!((book.may_move(&other, theirs), book.may_move(&me, mine)), (Reach::No, Reach::No));
    book.hear(state("1", vec![extension("2002", Status::Answer)]), now);
    assert_eq!(book.may_move(&me, theirs), Reach::No, "a conference is not one's own");
    book.hear(state("1", vec![extension("2001", Status::Bye)]), now);
    assert_eq!(book.own(&me, mine), Reach::No, "it is gone");
}

proptest! {
    /// Whatever the PBX says, in whatever order: nobody hears of a call that never had them.
    #[test]
    fn nobody_hears_of_calls_of_others(
        frames in prop::collection::vec((0_u8..4, prop::collection::vec((0_u8..5, 0_u8..6), 0..4), 0_u64..40), 0..60)
    ) {
        let mut book = Book::default();
        let mut now = Instant::now();
        let mut had: HashMap<String, BTreeSet<Extension>> = HashMap::new();
        for (call, parties, later) in frames {
            now += Duration::from_secs(later);
            let id = call.to_string();
            let members: Vec<Member> = parties
                .into_iter()
                .map(|(who, status)| {
                    let status = [Status::Ring, Status::Alert, Status::Answer, Status::Hold, Status::Bye, Status::Other(String::new())]
                        [usize::from(status)].clone();
                    if who == 4 { caller(status) } else { extension(&format!("200{who}"), status) }
                })
                .collect();
            had.entry(id.clone()).or_default().extend(extensions(&members));
            for delivery in book.hear(state(&id, members), now) {
                prop_assert!(!delivery.to.is_empty());
                for to in &delivery.to {
                    prop_assert!(had[&id].contains(to));
                }
            }
            for number in 0..4 {
                let me = Extension::new(&format!("200{number}"));
                for call in book.calls_of(&me) {
                    prop_assert!(had[&call.id].contains(&me));
                }
            }
        }
    }
}

/// As above with ten million frames of 2,000 extensions in 4,000 calls at a time, with transfers, records and failures
/// between them.
#[test]
#[ignore = "takes minutes: ./dev soak"]
fn ten_million_events_reach_nobody_else_exactly_once() {
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    const FRAMES: u32 = 10_000_000;
    const LIFE: u32 = 8;
    let someone = |random: &mut StdRng| (10_000 + random.random_range(0..2_000)).to_string();
    let mut random = StdRng::seed_from_u64(8);
    let (mut book, mut now) = (Book::default(), Instant::now());
    // Of each call its number, its age, and who ever was in it.
    let mut calls: Vec<(u32, u32, BTreeSet<Extension>)> =
        (0..4_000).map(|at| (at, 0, BTreeSet::new())).collect();
    let mut next = 4_000;
    let (mut told, mut wrong) = (0_u64, 0_u64);
    for frame in 0..FRAMES {
        now += Duration::from_micros(500);
        let at = random.random_range(0..calls.len());
        let (number, age, had) = &mut calls[at];
        *age += 1;
        let id = number.to_string();
        let is_last = *age == LIFE;
        let mut members = vec![caller(if is_last { Status::Bye } else { Status::Answered })];
        if is_last {
            members.extend(had.iter().map(|of| extension(of.as_str(), Status::Bye)));
        } else {
            for _ in 0..random.random_range(0..3) {
                let status = [Status::Ring, Status::Answer, Status::Hold, Status::Bye]
                    [random.random_range(0..4)]
                .clone();
                members.push(extension(&someone(&mut random), status));
            }
        }
        had.extend(extensions(&members));
        let event = match frame % 16 {
            _ if is_last => state(&id, members),
            0 => {
                let to = someone(&mut random);
                had.insert(Extension::new(&to));
                record(&id, "12125550147", &to)
            }
            1 => Event::Transferred(Call { id: id.clone(), members }),
            2 => Event::CallFailed {
                call_id: id.clone(),
                reason: FailureReason { kind: Some(FailureKind::Busy), raw: String::new() },
                members,
            },
            _ => state(&id, members),
        };
        for delivery in book.hear(event, now) {
            told += delivery.to.len() as u64;
            wrong += delivery.to.iter().filter(|to| !had.contains(*to)).count() as u64;
        }
        if is_last {
            calls[at] = (next, 0, BTreeSet::new());
            next += 1;
        }
    }
    assert!(told > u64::from(FRAMES), "{told} were told");
    assert_eq!(wrong, 0, "of {told}");
}
