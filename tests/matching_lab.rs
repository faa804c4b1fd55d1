//! The matching lab: why a number is whose it is, as data and in a terminal, and what other rules for numbers would have
//! changed for the last calls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::admin::{Answer, Fault, NumberRules, Want};
use deskring_engine::assist::Sources;
use deskring_engine::{ChangedView, Explanation, HitView, WhatIfPlace, WhatIfView};
use deskring_simulator::Fault as Broken;
use deskring_store::{CallRow, Journal, RecordRef};
use e2e::{PATIENCE, Rig, on_profile};
use serde_json::{Value, json};

const NOW_MS: i64 = 1_760_000_000_000;

/// An engine with a whole index, for China, Xiamen and an outside line.
async fn indexed(rig: &mut Rig) {
    rig.set(|settings| settings["numbers"]["outside_line_prefix"] = json!("9"));
    rig.start_indexing().await;
    rig.ready().await;
    rig.view_where(|view| view.index.state == "fresh").await;
}

async fn explain(rig: &Rig, number: &str, from: Sources) -> Explanation {
    let want = Want::Explain { number: number.to_owned(), r#in: from };
    match rig.handle().ask(want).await.unwrap() {
        Answer::Explanation(explanation) => *explanation,
        other => panic!("{other:?}"),
    }
}

fn searches_of_numbers(rig: &Rig) -> Vec<String> {
    let requests = rig.simulator.desk().requests();
    let by_number = |query: &str| ["phone=", "mobile=", "_all="].iter().any(|name| query.contains(name));
    requests
        .iter()
        .filter(|request| by_number(&request.query))
        .map(|request| format!("{}?{}", request.path, request.query))
        .collect()
}

fn counting(explanation: &Explanation) -> Vec<&HitView> {
    explanation.hits.iter().filter(|hit| hit.counts).collect()
}

// Why

#[tokio::test]
async fn every_form_of_a_number_is_explained_by_the_rules_that_read_it() {
    let mut rig = Rig::idle().await;
    rig.contact("Lin", "138-0013-8000");
    rig.simulator.desk().add_contact(json!({ "lastName": "Near", "phone": "(0592) 550-3309" }));
    rig.simulator.desk().add_contact(json!({ "lastName": "Far", "phone": "(212) 555-0100" }));
    indexed(&mut rig).await;
    let local = "+865925503309";
    for (number, means, steps, name, rule) in [
        ("13800138000", "+8613800138000", "home_country", "Lin", "same_number"),
        ("+8613800138000", "+8613800138000", "country_code", "Lin", "same_number"),
        ("008613800138000", "+8613800138000", "international_prefix country_code", "Lin", "same_number"),
        ("8613800138000", "+8613800138000", "bare_country_code", "Lin", "same_number"),
        ("013800138000", "+8613800138000", "trunk home_country", "Lin", "same_number"),
        ("0592-5503309", local, "trunk home_country", "Near", "same_number"),
        ("+865925503309", local, "country_code", "Near", "same_number"),
        ("5503309", local, "area_code home_country", "Near", "same_number"),
        ("9,05925503309", local, "outside_line trunk home_country", "Near", "same_number"),
        ("０５９２５５０３３０９", local, "trunk home_country", "Near", "same_number"),
        ("+1 (212) 555-0100 x12", "+12125550100", "extension country_code", "Far", "national"),
        ("400-800-1234", "+864008001234", "home_country", "", ""),
    ] {
        let told = explain(&rig, number, Sources::Known).await;
        let taken: Vec<_> = told.readings.iter().filter(|one| one.verdict == "taken").collect();
        assert_eq!(taken.len(), 1, "{number}: {told:#?}");
        let codes: Vec<&str> = taken[0].steps.iter().map(|step| step.code.as_str()).collect();
        assert_eq!((told.e164.as_deref(), codes.join(" ").as_str()), (Some(means), steps), "{number}");
        if name.is_empty() {
            assert_eq!(told.decision.code, "ask_desk", "{number}");
            continue;
        }
        let decision = &told.decision;
        assert_eq!((decision.code.as_str(), decision.by.as_deref()), ("one", Some("index")), "{number}");
        assert_eq!(decision.record.as_ref().map(|record| record.name.as_str()), Some(name), "{number}");
        assert_eq!(decision.rule.as_deref(), Some(rule), "{number}");
    }
    for short in ["95588", "1001"] {
        let told = explain(&rig, short, Sources::Known).await;
        assert!(told.e164.is_none() && !told.withheld, "{told:?}");
        assert!(told.readings.iter().all(|one| one.verdict == "no_number"), "{told:?}");
        assert_eq!(told.searches[0].texts, [short]);
    }
    let hidden = explain(&rig, "anonymous", Sources::Desk).await;
    assert_eq!((hidden.decision.code.as_str(), hidden.searches.len(), hidden.spent), ("withheld", 0, 0));
    assert_eq!(searches_of_numbers(&rig), Vec::<String>::new(), "nobody wanted Desk to be asked");
}

#[tokio::test]
async fn what_is_said_to_be_sent_is_what_desk_receives() {
    let mut rig = Rig::idle().await;
    indexed(&mut rig).await;
    let nobody = explain(&rig, "+1 (212) 555-0100 x12", Sources::Desk).await;
    assert_eq!((nobody.decision.code.as_str(), nobody.desk.as_str()), ("nobody", "answered"));
    let mut told: Vec<String> = nobody.searches.iter().map(|search| search.target.clone()).collect();
    let mut received = searches_of_numbers(&rig);
    assert_eq!(told.len(), 6);
    told.sort();
    received.sort();
    assert_eq!(told, received);
    assert!(told.iter().all(|target| target.starts_with("/api/v1/")), "{told:?}");
    assert!(nobody.searches.iter().all(|search| search.state == "answered" && search.hits == Some(0)));
    assert_eq!((nobody.spent, nobody.most_credits), (18, 18));
}

#[tokio::test]
async fn the_first_search_that_finds_somebody_is_the_last_and_the_rest_is_not_needed() {
    let rig = Rig::running().await;
    rig.simulator
        .desk()
        .add_contact(json!({ "lastName": "Lin", "mobile": "13800138000", "phone": "0592-1" }));
    let told = explain(&rig, "+86 138 0013 8000", Sources::Desk).await;
    let states: Vec<&str> = told.searches.iter().map(|search| search.state.as_str()).collect();
    assert_eq!(states, ["answered", "answered", "not_needed", "not_needed", "not_needed", "not_needed"]);
    assert_eq!((told.spent, told.alike), (6, None));
    let [hit] = counting(&told)[..] else { panic!("{told:#?}") };
    assert_eq!((hit.sources.as_slice(), hit.why.as_str()), (&["desk".to_owned()][..], "same_number"));
    let fields: Vec<_> =
        hit.fields.iter().map(|field| (field.field.as_str(), field.numbers[0].same)).collect();
    assert_eq!(fields, [("phone", false), ("mobile", true)]);
    assert_eq!((told.decision.code.as_str(), told.decision.by.as_deref()), ("one", Some("desk")));
}

#[tokio::test]
async fn who_only_looks_alike_is_shown_with_the_reason() {
    let mut rig = Rig::idle().await;
    let desk = rig.simulator.desk();
    desk.add_contact(json!({ "lastName": "Same", "phone": "0592-5503309; 138 0013 8000" }));
    desk.add_contact(json!({ "lastName": "Ends alike", "phone": "+49 592 5503309" }));
    desk.add_account(json!({ "accountName": "Same Ltd", "phone": "138-0013-8000" }));
    indexed(&mut rig).await;
    let told = explain(&rig, "13800138000", Sources::Known).await;
    assert_eq!(counting(&told).len(), 1);
    assert_eq!(told.hits[0].record.name, "Same");
    let texts: Vec<_> =
        told.hits[0].fields[0].numbers.iter().map(|one| (one.text.as_str(), one.why.as_str())).collect();
    assert_eq!(texts, [("0592-5503309", "other_number"), ("138 0013 8000", "same_number")]);
    let account = told.hits.iter().find(|hit| hit.record.kind == "account").unwrap();
    assert_eq!((account.counts, account.why.as_str()), (false, "contacts_first"));
    let told = explain(&rig, "05925503309", Sources::Known).await;
    let other = told.hits.iter().find(|hit| hit.record.name == "Ends alike").unwrap();
    assert_eq!((other.counts, other.why.as_str()), (false, "only_ending"));
}

#[tokio::test]
async fn of_several_the_one_chosen_before_decides_and_what_was_kept_is_told() {
    let rig = Rig::running().await;
    rig.contact("One", "13800138000");
    let second = rig.simulator.desk().add_contact(json!({ "lastName": "Two", "phone": "13800138000" }));
    let several = explain(&rig, "13800138000", Sources::Desk).await;
    assert_eq!((several.decision.code.as_str(), several.decision.count), ("several", 2));
    assert_eq!((several.choice, several.kept), (None, None));
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    rig.view_where(|view| view.calls.iter().any(|call| call.who.state == "several")).await;
    let choose = deskring_engine::Command::Choose { call, kind: "contact".to_owned(), id: second.clone() };
    rig.send(choose).await;
    rig.view_where(|view| view.calls.iter().any(|call| call.who.state == "known")).await;
    let chosen = explain(&rig, "13800138000", Sources::Desk).await;
    assert_eq!((chosen.decision.code.as_str(), chosen.decision.count), ("chosen", 2));
    assert_eq!(chosen.decision.record.unwrap().id, second);
    assert_eq!(chosen.choice.unwrap().id, second);
    assert_eq!(chosen.kept.map(|kept| kept.len()), Some(2), "the answer of the call");
}

#[tokio::test]
async fn a_desk_that_does_not_answer_is_said_and_the_index_stands_in() {
    let mut rig = Rig::idle().await;
    rig.contact("Lin", "13800138000");
    rig.set(|settings| settings["contact_sync"] = json!({ "always_query": true }));
    rig.start_indexing().await;
    rig.ready().await;
    rig.view_where(|view| view.index.state == "fresh").await;
    let waiting = explain(&rig, "13800138000", Sources::Known).await;
    assert!(waiting.always_query);
    assert_eq!(waiting.decision.code, "ask_desk");
    rig.simulator.desk().fault_next(1_000, Broken::Status(403));
    let told = explain(&rig, "13800138000", Sources::Desk).await;
    assert_eq!((told.desk.as_str(), told.searches[0].state.as_str()), ("failed", "failed"), "{told:#?}");
    assert!(told.cause.is_some());
    assert_eq!((told.decision.code.as_str(), told.decision.by.as_deref()), ("one", Some("index")));
    let unknown = explain(&rig, "+442079460018", Sources::Desk).await;
    assert_eq!(unknown.decision.code, "failed");
}

// What if

fn rules(country: &str, area_code: &str, outside_line: &str) -> NumberRules {
    NumberRules {
        country: Some(country.to_owned()),
        area_code: Some(area_code.to_owned()),
        outside_line_prefix: Some(outside_line.to_owned()),
        international_prefix: None,
    }
}

/// A call of before.
fn call(number: &str, at: i64) -> CallRow {
    CallRow {
        call_id: format!("call-{at}"),
        extension: "1001".to_owned(),
        direction: "inbound".to_owned(),
        number: Some(number.to_owned()),
        phase: "over".to_owned(),
        outcome: Some("answered".to_owned()),
        started_ms: NOW_MS + at,
        ended_ms: Some(NOW_MS + at),
        record: None::<RecordRef>,
        ..CallRow::default()
    }
}

fn seed(rig: &Rig, numbers: impl IntoIterator<Item = String>) {
    let journal = Journal::open(rig.profile.path()).unwrap();
    for (at, number) in (0..).zip(numbers) {
        journal.record(&call(&number, at)).unwrap();
    }
}

fn texts(numbers: &[&str]) -> Vec<String> {
    numbers.iter().map(|number| (*number).to_owned()).collect()
}

async fn one_answer(
    rig: &Rig,
    rules: NumberRules,
    from: Sources,
    place: Option<WhatIfPlace>,
) -> Result<WhatIfView, Fault> {
    match rig.handle().ask(Want::WhatIf { rules, r#in: from, place }).await? {
        Answer::WhatIf(view) => Ok(*view),
        other => panic!("{other:?}"),
    }
}

/// Until nothing is left; the rows of all answers.
async fn what_if(rig: &Rig, rules: NumberRules, from: Sources) -> (WhatIfView, Vec<ChangedView>) {
    let (mut place, mut rows) = (None, Vec::new());
    loop {
        let view = one_answer(rig, rules.clone(), from, place).await.unwrap();
        rows.extend(view.rows.clone());
        if !view.more {
            return (view, rows);
        }
        place = Some(view.place);
    }
}

fn changes(rows: &[ChangedView]) -> Vec<(&str, &str)> {
    let mut all: Vec<_> = rows.iter().map(|row| (row.number.as_str(), row.change.as_str())).collect();
    all.sort_unstable();
    all
}

/// Contacts that two plans give to different callers.
fn people(rig: &Rig) {
    let desk = rig.simulator.desk();
    desk.add_contact(json!({ "lastName": "Xiamen", "phone": "+865925503309" }));
    desk.add_contact(json!({ "lastName": "Zhangzhou", "phone": "+865965503309" }));
    desk.add_contact(json!({ "lastName": "Short", "phone": "+865925503310" }));
    desk.add_contact(json!({ "lastName": "Zhangzhou one", "phone": "0596-5503311" }));
    desk.add_contact(json!({ "lastName": "Zhangzhou two", "phone": "+865965503311" }));
    desk.add_contact(json!({ "lastName": "Mobile", "mobile": "13800138000" }));
}

const CALLERS: [&str; 8] =
    ["5503309", "5503310", "5503311", "5503311", "13800138000", "13800138000", "13800138000", "+12125550100"];

#[tokio::test]
async fn another_area_code_says_who_is_gained_lost_ambiguous_and_somebody_else() {
    let mut rig = Rig::idle().await;
    people(&rig);
    seed(&rig, texts(&CALLERS));
    {
        let journal = Journal::open(rig.profile.path()).unwrap();
        journal.record(&CallRow { direction: "internal".to_owned(), ..call("1002", 90) }).unwrap();
        journal.record(&CallRow { number: None, ..call("", 91) }).unwrap();
        // The same call on another extension.
        journal.record(&CallRow { extension: "1002".to_owned(), ..call("5503309", 0) }).unwrap();
    }
    indexed(&mut rig).await;
    let (view, rows) = what_if(&rig, rules("CN", "596", "9"), Sources::Known).await;
    assert_eq!((view.source.as_str(), view.people, view.numbers), ("index", Some(6), 5));
    assert_eq!(changes(&rows), [("5503309", "others"), ("5503310", "lost"), ("5503311", "gained")]);
    let (numbers, calls) = (view.place.tally.numbers, view.place.tally.calls);
    assert_eq!((numbers.all, calls.all), (5, 8));
    assert_eq!((calls.matched_before, calls.matched_after), (5, 6));
    assert_eq!((calls.gained, calls.lost, calls.others), (2, 1, 1));
    assert_eq!((calls.ambiguous_before, calls.ambiguous_after, calls.newly_ambiguous), (0, 2, 2));
    let others = rows.iter().find(|row| row.change == "others").unwrap();
    assert_eq!((others.before[0].name.as_str(), others.after[0].name.as_str()), ("Xiamen", "Zhangzhou"));
    assert_eq!(others.means_after.as_deref(), Some("+865965503309"));
    let gained = rows.iter().find(|row| row.change == "gained").unwrap();
    assert_eq!((gained.calls, gained.before.len(), gained.after.len()), (2, 0, 2));
    assert_eq!(searches_of_numbers(&rig), Vec::<String>::new(), "the index costs nothing");

    let (same, rows) = what_if(&rig, NumberRules::default(), Sources::Known).await;
    assert_eq!(rows, []);
    assert_eq!(same.place.tally.calls.matched_before, same.place.tally.calls.matched_after);
    let fault = one_answer(&rig, rules("Atlantis", "", ""), Sources::Known, None).await.unwrap_err();
    assert_eq!(fault.code, "not_a_country");
}

#[tokio::test]
async fn another_country_and_outside_line_are_tried_too() {
    let mut rig = Rig::idle().await;
    let desk = rig.simulator.desk();
    desk.add_contact(json!({ "lastName": "New York", "phone": "+12125550100" }));
    desk.add_contact(json!({ "lastName": "Prefix", "phone": "+865925503309" }));
    seed(&rig, texts(&["5550100", "805925503309", "805925503309"]));
    indexed(&mut rig).await;
    let (_, rows) = what_if(&rig, rules("US", "212", ""), Sources::Known).await;
    assert_eq!(changes(&rows), [("5550100", "gained")]);
    let (view, rows) = what_if(&rig, rules("CN", "592", "8"), Sources::Known).await;
    assert_eq!(changes(&rows), [("805925503309", "gained")]);
    assert_eq!((view.place.tally.calls.gained, view.place.tally.numbers.gained), (2, 1));
}

#[tokio::test]
async fn without_an_index_nothing_is_compared_until_somebody_wants_desk_to_be_asked() {
    let mut rig = Rig::idle().await;
    people(&rig);
    seed(&rig, texts(&CALLERS));
    rig.set(|settings| settings["contact_sync"] = json!({ "index": "off" }));
    rig.start().await;
    rig.ready().await;
    let asked = one_answer(&rig, rules("CN", "596", ""), Sources::Known, None).await.unwrap();
    assert_eq!((asked.source.as_str(), asked.more, asked.place.done), ("nobody", false, 0));
    assert_eq!(asked.most_credits % 3, 0);
    assert!(asked.most_credits > 0 && asked.most_credits <= 5 * 36, "{}", asked.most_credits);
    assert_eq!(searches_of_numbers(&rig), Vec::<String>::new());
    let (view, rows) = what_if(&rig, rules("CN", "596", ""), Sources::Desk).await;
    assert_eq!(view.source, "desk");
    assert_eq!(changes(&rows), [("5503309", "others"), ("5503310", "lost"), ("5503311", "gained")]);
    let spent = 3 * searches_of_numbers(&rig).len() as u64;
    assert!(spent > 0 && spent <= asked.most_credits, "{spent} of {}", asked.most_credits);
    rig.simulator.desk().set(|switches| switches.credits_left = 900);
    explain(&rig, "13800138000", Sources::Desk).await;
    let fault = one_answer(&rig, rules("CN", "596", ""), Sources::Desk, None).await.unwrap_err();
    assert_eq!(fault.code, "few_credits", "the rest of the day is for calls");
}

#[tokio::test]
async fn of_many_calls_the_last_five_hundred_count_bit_by_bit_and_none_twice() {
    let mut rig = Rig::idle().await;
    people(&rig);
    seed(&rig, (0..620).map(|number| format!("0592{:07}", 5_503_000 + number)));
    indexed(&mut rig).await;
    let mut place = None;
    let mut answers = 0;
    let view = loop {
        let view = one_answer(&rig, rules("CN", "596", "9"), Sources::Known, place).await.unwrap();
        answers += 1;
        assert_eq!(view.place.tally.numbers.all as usize, view.place.done);
        if answers == 1 {
            // A call that comes meanwhile.
            let call = rig.simulator.pbx().call_in("+12125550199", "1001").await;
            rig.simulator.pbx().hang_up(&call, "caller").await;
            rig.closed(&call).await;
        }
        if !view.more {
            break view;
        }
        place = Some(view.place);
    };
    let tally = view.place.tally;
    assert!((499..=500).contains(&tally.calls.all), "{tally:?}");
    // Of the 500 youngest: 5503120 to 5503619, with the three contacts of Xiamen and Zhangzhou among them.
    assert_eq!((tally.numbers.matched_before, tally.numbers.gained, tally.numbers.lost), (2, 0, 0));
}

// In a terminal

async fn cli(rig: &Rig, language: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = on_profile(rig, "deskring-cli", arguments);
    command.env("LANG", language).env("LC_ALL", language);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_terminal_explains_a_number_with_and_without_a_running_engine_in_both_languages() {
    let mut rig = Rig::idle().await;
    rig.simulator.desk().add_contact(json!({ "lastName": "Lin\u{1b}[31m", "phone": "0592-5503309" }));
    for engine in ["none", "running"] {
        if engine == "running" {
            rig.start().await;
            rig.ready().await;
        }
        let _server = (engine == "running")
            .then(|| deskring_local_api::Server::start(rig.handle(), &rig.paths()).unwrap());
        let (code, text, error) = cli(&rig, "en_US.UTF-8", &["lookup", "5503309", "--explain"]).await;
        assert_eq!(code, 0, "{engine}: {error}");
        for part in ["+865925503309", "592", "GET /api/v1/contacts/search?phone=", "0592-5503309", "Lin"] {
            assert!(text.contains(part), "{engine}: {part} is not in\n{text}");
        }
        assert!(text.contains("area code"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
        let (_, chinese, _) = cli(&rig, "zh_CN.UTF-8", &["lookup", "5503309", "--explain"]).await;
        assert!(chinese.contains("区号") && !chinese.contains("area code"), "{chinese}");
        let (_, json, _) = cli(&rig, "en_US.UTF-8", &["lookup", "5503309", "--explain", "--json"]).await;
        let told: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(told["decision"]["code"], "one");
        assert_eq!(told["readings"][1]["steps"][0], json!({ "code": "area_code", "value": "592" }));
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_terminal_says_what_other_rules_would_change() {
    let mut rig = Rig::idle().await;
    people(&rig);
    seed(&rig, texts(&CALLERS));
    indexed(&mut rig).await;
    let _server = deskring_local_api::Server::start(rig.handle(), &rig.paths()).unwrap();
    let arguments = ["what-if", "--area-code", "596"];
    let (code, text, error) = cli(&rig, "en_US.UTF-8", &arguments).await;
    assert_eq!(code, 0, "{error}");
    for part in ["5503309", "Xiamen", "Zhangzhou", "8", "6"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let (_, json, _) = cli(&rig, "en_US.UTF-8", &[&arguments[..], &["--json"]].concat()).await;
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["tally"]["calls"]["gained"], 2);
    assert_eq!(told["rows"].as_array().unwrap().len(), 3);
    let (code, _, error) = cli(&rig, "en_US.UTF-8", &["what-if", "--country", "Atlantis"]).await;
    assert_eq!((code, error.lines().count()), (1, 1), "{error}");
}
