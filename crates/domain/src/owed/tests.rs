use super::*;
use crate::call::CallId;
use crate::duty::{Record, Timing};
use crate::pop::Why;

fn extension(number: &str) -> Extension {
    Extension::new(number)
}

fn extensions(numbers: &[&str]) -> BTreeSet<Extension> {
    numbers.iter().map(|number| extension(number)).collect()
}

fn record(kind: RecordKind) -> Who {
    Who::Known(Record {
        kind,
        id: "1".into(),
        name: "Mei".into(),
        company: None,
        page: None,
        email: None,
        changed_ms: None,
    })
}

/// A call from outside to 1001 that is over.
fn entry(outcome: Outcome) -> Entry {
    Entry {
        call: CallId::new("1764150000.1"),
        extension: extension("1001"),
        direction: Some(Direction::Inbound),
        other: Other::Outside("+12025550123".into()),
        who: record(RecordKind::Contact),
        chosen: None,
        path: None,
        did: None,
        phase: Phase::Over,
        outcome: Some(outcome),
        why: Why::Undecided,
        began_ms: 0,
        answered_ms: None,
        over_ms: None,
        timing: Timing::default(),
        record: None,
        closed: true,
    }
}

fn queued(extension: &str, outcome: Outcome) -> Entry {
    Entry { extension: Extension::new(extension), path: Some("6400".into()), ..entry(outcome) }
}

fn rules() -> OwedRules {
    let all = [
        TicketCall::InboundAnswered,
        TicketCall::InboundMissed,
        TicketCall::OutboundAnswered,
        TicketCall::OutboundMissed,
    ];
    OwedRules {
        contacts: Some(ContactRule { kind: RecordKind::Contact, inbound: true, outbound: true }),
        tickets: Some(TicketRule::After(all.into())),
        activities: Some(ActivityRule { skip_missed_if_answered_elsewhere: true }),
        bound: BTreeSet::new(),
        sole: false,
    }
}

fn of(entry: &Entry, involved: &Involved, rules: &OwedRules) -> Vec<(Owed, String, Turn)> {
    let mine = BTreeSet::from([entry.extension.clone()]);
    let promises = owed(entry, involved, &mine, rules);
    promises.into_iter().map(|promise| (promise.what, promise.of.to_string(), promise.turn)).collect()
}

fn alone(entry: &Entry) -> Involved {
    let me = entry.extension.clone();
    let spoke = if entry.outcome == Some(Outcome::Answered) { vec![me.clone()] } else { Vec::new() };
    Involved { all: BTreeSet::from([me]), spoke }
}

fn stand_in(place: u8) -> Turn {
    Turn::StandIn(place)
}

#[test]
fn a_contacts_call_owes_a_ticket_and_an_activity_when_it_is_over() {
    let answered = entry(Outcome::Answered);
    let (ticket, activity) = (Owed::Ticket, Owed::Activity(Spoken::Completed));
    let owed = of(&answered, &alone(&answered), &rules());
    assert_eq!(owed, [(ticket, "1001".into(), Turn::Alone), (activity, "1001".into(), Turn::Alone)]);
    let missed = entry(Outcome::Missed);
    let owed = of(&missed, &alone(&missed), &rules());
    assert_eq!(owed.last().unwrap().0, Owed::Activity(Spoken::Missed));
    let still_on = Entry { closed: false, outcome: None, phase: Phase::Talking, ..answered };
    assert_eq!(of(&still_on, &alone(&still_on), &rules()), []);
}

#[test]
fn a_ticket_before_the_call_is_owed_as_soon_as_it_is_known_whose_call_it_is() {
    let rules = OwedRules {
        tickets: Some(TicketRule::Before { inbound: true, outbound: false }),
        ..OwedRules::default()
    };
    let ringing = Entry { closed: false, outcome: None, phase: Phase::Ringing, ..entry(Outcome::Missed) };
    assert_eq!(of(&ringing, &alone(&ringing), &rules), [(Owed::Ticket, "1001".into(), Turn::Alone)]);
    let searching = Entry { who: Who::Searching, ..ringing.clone() };
    assert_eq!(of(&searching, &alone(&searching), &rules), []);
    let dialing = Entry { direction: Some(Direction::Outbound), ..ringing };
    assert_eq!(of(&dialing, &alone(&dialing), &rules), []);
}

#[test]
fn only_calls_of_the_chosen_kinds_become_tickets() {
    for (direction, outcome, kind) in [
        (Direction::Inbound, Outcome::Answered, TicketCall::InboundAnswered),
        (Direction::Inbound, Outcome::AnsweredElsewhere(None), TicketCall::InboundAnswered),
        (Direction::Inbound, Outcome::Voicemail, TicketCall::InboundMissed),
        (Direction::Outbound, Outcome::Answered, TicketCall::OutboundAnswered),
        (Direction::Outbound, Outcome::Failed(None), TicketCall::OutboundMissed),
    ] {
        let call = Entry { direction: Some(direction), ..entry(outcome) };
        for wanted in [
            TicketCall::InboundAnswered,
            TicketCall::InboundMissed,
            TicketCall::OutboundAnswered,
            TicketCall::OutboundMissed,
        ] {
            let rules =
                OwedRules { tickets: Some(TicketRule::After([wanted].into())), ..OwedRules::default() };
            assert_eq!(
                of(&call, &alone(&call), &rules).len(),
                usize::from(wanted == kind),
                "{call:?} {wanted:?}"
            );
        }
    }
}

#[test]
fn an_unknown_number_becomes_a_record_first_and_an_account_has_no_ticket() {
    let unknown = Entry { who: Who::Nobody, ..entry(Outcome::Answered) };
    let what =
        |rules: &OwedRules| of(&unknown, &alone(&unknown), rules).into_iter().map(|owed| owed.0).collect();
    let contact: Vec<Owed> = what(&rules());
    let expected = [Owed::Contact(RecordKind::Contact), Owed::Ticket, Owed::Activity(Spoken::Completed)];
    assert_eq!(contact, expected);
    let rule = ContactRule { kind: RecordKind::Account, inbound: true, outbound: false };
    let account: Vec<Owed> = what(&OwedRules { contacts: Some(rule), ..rules() });
    assert_eq!(account, [Owed::Contact(RecordKind::Account)]);
    let only_outbound = ContactRule { kind: RecordKind::Contact, inbound: false, outbound: true };
    for contacts in [None, Some(only_outbound)] {
        let none: Vec<Owed> = what(&OwedRules { contacts, ..rules() });
        assert_eq!(none, [], "{contacts:?}");
    }
}

#[test]
fn nothing_is_owed_where_it_is_not_known_whose_call_it_is() {
    let known = entry(Outcome::Answered);
    let several = Who::Several(Vec::new());
    for who in [Who::NotAsked, Who::Searching, several, Who::Withheld, Who::Failed("timed_out")] {
        let call = Entry { who, ..known.clone() };
        assert_eq!(of(&call, &alone(&call), &rules()), [], "{call:?}");
    }
    let internal = Entry {
        direction: Some(Direction::Internal),
        other: Other::Colleague(extension("1002")),
        ..known.clone()
    };
    assert_eq!(of(&internal, &alone(&internal), &rules()), []);
    let account = Entry { who: record(RecordKind::Account), ..known };
    assert_eq!(of(&account, &alone(&account), &rules()), []);
}

#[test]
fn a_call_whose_end_nobody_saw_waits_for_the_call_details() {
    let cut_off = entry(Outcome::NotSeen);
    assert_eq!(of(&cut_off, &alone(&cut_off), &rules()), []);
}

#[test]
fn of_a_queue_call_the_one_who_answered_writes_and_two_others_stand_in() {
    let involved =
        Involved { all: extensions(&["1001", "1002", "1003", "1004"]), spoke: vec![extension("1003")] };
    let elsewhere = || Outcome::AnsweredElsewhere(Some(extension("1003")));
    let turns: Vec<(usize, Option<Turn>)> =
        [("1003", Outcome::Answered), ("1001", elsewhere()), ("1002", elsewhere()), ("1004", elsewhere())]
            .into_iter()
            .map(|(me, outcome)| {
                let owed = of(&queued(me, outcome), &involved, &rules());
                assert!(owed.iter().all(|(_, whose, _)| whose == "1003"), "{owed:?}");
                (owed.len(), owed.first().map(|owed| owed.2))
            })
            .collect();
    let expected = [(2, Some(Turn::First)), (2, Some(stand_in(1))), (2, Some(stand_in(2))), (0, None)];
    assert_eq!(turns, expected);
}

#[test]
fn of_a_queue_call_that_nobody_answered_the_lowest_bound_extension_writes() {
    let involved = Involved { all: extensions(&["999", "1001", "1002"]), spoke: Vec::new() };
    let rules = OwedRules { bound: extensions(&["1001", "1002"]), ..rules() };
    let activity = |me: &str| of(&queued(me, Outcome::Missed), &involved, &rules).pop();
    let missed = Owed::Activity(Spoken::Missed);
    assert_eq!(activity("1001"), Some((missed, "1001".into(), Turn::First)));
    assert_eq!(activity("999"), Some((missed, "1001".into(), stand_in(1))));
    assert_eq!(activity("1002"), Some((missed, "1001".into(), stand_in(2))));
}

#[test]
fn who_knows_only_their_own_agent_lets_the_lowest_extension_write() {
    let involved = Involved { all: extensions(&["1001", "1002"]), spoke: Vec::new() };
    for (me, turn) in [("1001", Turn::First), ("1002", stand_in(1))] {
        let rules = OwedRules { bound: extensions(&[me]), ..rules() };
        let owed = of(&queued(me, Outcome::Missed), &involved, &rules);
        assert!(!owed.is_empty());
        assert!(owed.iter().all(|owed| (owed.1.as_str(), owed.2) == ("1001", turn)), "{owed:?}");
    }
}

#[test]
fn without_the_rule_everyone_who_missed_it_has_a_record_of_their_own() {
    let involved = Involved { all: extensions(&["1001", "1002"]), spoke: vec![extension("1001")] };
    let rules = OwedRules {
        activities: Some(ActivityRule { skip_missed_if_answered_elsewhere: false }),
        ..OwedRules::default()
    };
    let missed = queued("1002", Outcome::AnsweredElsewhere(Some(extension("1001"))));
    let owed = of(&missed, &involved, &rules);
    assert_eq!(owed, [(Owed::Activity(Spoken::Missed), "1002".into(), Turn::Alone)]);
}

#[test]
fn a_call_that_was_passed_on_has_one_ticket_and_an_activity_of_each_who_spoke() {
    let involved =
        Involved { all: extensions(&["1001", "1002"]), spoke: vec![extension("1002"), extension("1001")] };
    let owed = of(&entry(Outcome::Answered), &involved, &rules());
    let expected = [
        (Owed::Ticket, "1002".into(), stand_in(1)),
        (Owed::Activity(Spoken::Completed), "1001".into(), Turn::Alone),
    ];
    assert_eq!(owed, expected);
}

#[test]
fn a_record_that_others_are_to_create_is_waited_for_by_whoever_needs_it() {
    let involved =
        Involved { all: extensions(&["1001", "1002", "1003", "1004"]), spoke: vec![extension("1004")] };
    let unknown = Entry { who: Who::Nobody, ..queued("1004", Outcome::Answered) };
    let owed = of(&unknown, &involved, &rules());
    assert_eq!(owed.first(), Some(&(Owed::Contact(RecordKind::Contact), "1001".into(), stand_in(3))));
    assert_eq!(owed.len(), 3);
    let ringing = Entry { closed: false, outcome: None, phase: Phase::Ringing, ..unknown };
    let nobody = Involved { spoke: Vec::new(), ..involved };
    assert_eq!(of(&ringing, &nobody, &rules()), [], "three others are before it");
}

#[test]
fn whoever_writes_for_everybody_takes_no_turns() {
    let involved = Involved { all: extensions(&["999", "1001", "1002"]), spoke: vec![extension("1002")] };
    let rules = OwedRules { bound: extensions(&["1001", "1002"]), sole: true, ..rules() };
    let mine = rules.bound.clone();
    let turns_of = |entry: &Entry, involved: &Involved| {
        let promises = owed(entry, involved, &mine, &rules);
        promises.into_iter().map(|one| (one.what, one.of.to_string(), one.turn)).collect::<Vec<_>>()
    };
    let expected = [
        (Owed::Contact(RecordKind::Contact), "1001".into(), Turn::Alone),
        (Owed::Ticket, "1002".into(), Turn::Alone),
        (Owed::Activity(Spoken::Completed), "1002".into(), Turn::Alone),
    ];
    let elsewhere = || Outcome::AnsweredElsewhere(Some(extension("1002")));
    for (me, outcome) in [("1001", elsewhere()), ("1002", Outcome::Answered)] {
        let entry = Entry { who: Who::Nobody, ..queued(me, outcome) };
        assert_eq!(turns_of(&entry, &involved), expected, "{me}");
    }
    // 999 has no agent.
    let nobody = Involved { spoke: Vec::new(), ..involved };
    let missed = turns_of(&queued("1001", Outcome::Missed), &nobody);
    assert!(missed.iter().all(|one| (one.1.as_str(), one.2) == ("1001", Turn::Alone)), "{missed:?}");
}
