//! Numbers become calls: from links, from what a person types, from a page. The engine over real sockets; the
//! simulator's phone rings, or does not and it is said why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::assist::{Answer, DeskPart, DialBy, Purpose, Sources, SuggestionView, Want};
use deskring_engine::view::DialView;
use deskring_engine::{AppView, Command};
use deskring_local_api::Server;
use deskring_simulator::Fault;
use e2e::{PATIENCE, Rig, on_profile, until};
use serde_json::{Value, json};

const NUMBER: &str = "+44 7700 900126";

async fn dial(rig: &Rig, text: &str, by: DialBy) -> Result<DialView, String> {
    match rig.handle().assist(Want::Dial { text: text.to_owned(), by }).await {
        Ok(Answer::Dial { dial }) => Ok(*dial),
        Ok(other) => panic!("{other:?}"),
        Err(fault) => Err(fault.code),
    }
}

/// What the PBX was asked to dial.
fn dialed(rig: &Rig) -> Vec<String> {
    let requests = rig.simulator.pbx().requests();
    let dials = requests.iter().filter(|request| request.path.ends_with("/call/dial"));
    dials
        .map(|request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!((&body["caller"], &body["dial_permission"]), (&json!("1001"), &json!("1001")));
            body["callee"].as_str().unwrap().to_owned()
        })
        .collect()
}

async fn rings(rig: &Rig, calls: usize) -> String {
    until("my phone rings", || rig.simulator.pbx().calls().len() == calls).await;
    rig.simulator.pbx().calls().pop().unwrap()
}

#[tokio::test]
async fn what_a_person_types_is_dialed_and_the_call_speaks_for_itself() {
    let rig = Rig::running().await;
    let taken = dial(&rig, "0592 550-3301", DialBy::Person).await.unwrap();
    assert_eq!((taken.state.as_str(), taken.shown.replace(' ', "")), ("dialing", "05925503301".to_owned()));
    let call = rings(&rig, 1).await;
    assert_eq!(dialed(&rig), ["05925503301"]);
    // While only my phone rings the PBX does not say who is called; the card does.
    let on =
        |view: &AppView| view.dial.as_ref().is_some_and(|dial| dial.call.is_some()) && !view.calls.is_empty();
    let view = rig.view_where(on).await;
    let card = &view.calls[0];
    let told = (card.direction.as_deref(), card.phase.as_str(), card.number_text.as_str());
    assert_eq!(told, (Some("outbound"), "dialing", "0592 550 3301"));
    let pbx = rig.simulator.pbx();
    pbx.answer(&call, "1001").await;
    pbx.remote_ring(&call).await;
    pbx.remote_answer(&call).await;
    rig.phase(&call, "talking").await;
    rig.view_where(|view| view.dial.is_none()).await;
    pbx.hang_up(&call, "1001").await;
    let past = rig.closed(&call).await;
    assert_eq!((past.direction.as_deref(), past.outcome.as_deref()), (Some("outbound"), Some("answered")));
    // My own phone rang first, and that was no incoming call.
    let desktop = rig.desktop.now();
    assert!(desktop.notices.is_empty() && desktop.opened.is_empty());
}

#[tokio::test]
async fn a_link_to_a_new_number_asks_and_to_a_known_one_dials() {
    let rig = Rig::running().await;
    let asking = dial(&rig, "tel:+1-212-555-0123;ext=2", DialBy::Link).await.unwrap();
    assert_eq!((asking.state.as_str(), asking.reason.as_deref()), ("asking", Some("new_number")));
    assert_eq!(asking.shown.replace(' ', ""), "0012125550123");
    assert_eq!((asking.ext.as_deref(), asking.abroad), (Some("2"), true));
    until("the window is shown", || rig.desktop.now().windows == 1).await;
    assert!(dialed(&rig).is_empty());
    // A wish of before is not confirmed by this one's id, nor by any other.
    rig.send(Command::ConfirmDial { id: asking.id + 1 }).await;
    rig.send(Command::ConfirmDial { id: asking.id }).await;
    let call = rings(&rig, 1).await;
    assert_eq!(dialed(&rig), ["0012125550123"]);
    rig.simulator.pbx().answer(&call, "1001").await;
    rig.simulator.pbx().remote_answer(&call).await;
    rig.simulator.pbx().hang_up(&call, "1001").await;
    rig.closed(&call).await;
    // Called before, it is not asked about again.
    until("the same number is another wish", || true).await;
    let again =
        rig.handle().assist(Want::Dial { text: "callto:+12125550123".into(), by: DialBy::Link }).await;
    assert!(again.is_ok());
    until("it was dialed again", || dialed(&rig).len() == 2).await;
}

#[tokio::test]
async fn a_question_can_be_answered_with_no() {
    let rig = Rig::running().await;
    let asking = dial(&rig, "tel:+447700900126", DialBy::Link).await.unwrap();
    rig.send(Command::DismissDial { id: asking.id }).await;
    rig.view_where(|view| view.dial.is_none()).await;
    rig.send(Command::ConfirmDial { id: asking.id }).await;
    rig.send(Command::SeenMissed).await;
    assert!(dialed(&rig).is_empty());
}

#[tokio::test]
async fn a_double_click_dials_once() {
    let rig = Rig::running_with(|settings| settings["click_to_call"] = json!({ "confirm": "never" })).await;
    for _ in 0..3 {
        dial(&rig, NUMBER, DialBy::Person).await.unwrap();
    }
    rings(&rig, 1).await;
    assert_eq!(dialed(&rig).len(), 1);
}

#[tokio::test]
async fn a_click_on_one_number_between_two_on_another_is_not_taken_for_it() {
    let rig = Rig::running().await;
    let asked = async |number: &str| dial(&rig, &format!("tel:{number}"), DialBy::Link).await.unwrap();
    let first = asked("+12125550123").await;
    assert_eq!(asked("+12125550123").await.id, first.id, "a double click");
    let other = asked("+12125550124").await;
    // The question about the first was given up for the other's: it is asked again, and not answered with the other.
    let again = asked("+12125550123").await;
    assert!(again.id > other.id);
    assert_eq!((again.state.as_str(), &again.shown), ("asking", &first.shown));
    // What is being dialed is not dialed again for a click, whatever came between.
    rig.send(Command::ConfirmDial { id: again.id }).await;
    let other = asked("+12125550124").await;
    assert_eq!(other.state, "asking");
    let late = asked("+12125550123").await;
    assert_ne!(late.id, other.id);
    until("one number is dialed", || dialed(&rig) == ["0012125550123"]).await;
}

#[tokio::test]
async fn a_number_is_typed_in_the_window_unless_it_asks_about_one() {
    let rig = Rig::running().await;
    rig.send(Command::TypeNumber).await;
    let typing = rig.view_where(|view| view.dial.is_some()).await.dial.clone().unwrap();
    assert_eq!(typing.state, "typing");
    until("the window is shown", || rig.desktop.now().windows == 1).await;
    rig.send(Command::DismissDial { id: typing.id }).await;
    rig.view_where(|view| view.dial.is_none()).await;
    let asking = dial(&rig, "tel:+12125550123", DialBy::Link).await.unwrap();
    rig.send(Command::TypeNumber).await;
    until("the window is shown again", || rig.desktop.now().windows == 3).await;
    assert_eq!(rig.view_where(|_| true).await.dial.as_ref().map(|dial| dial.id), Some(asking.id));
}

#[tokio::test]
async fn an_extension_is_dialed_as_it_is_and_emergency_and_premium_numbers_ask_always() {
    let rig = Rig::running_with(|settings| {
        settings["click_to_call"] = json!({ "confirm": "never" });
        settings["numbers"]["outside_line_prefix"] = json!("9");
    })
    .await;
    rig.simulator.pbx().wait_subscribed(1).await;
    // The names of the PBX's numbers are read when it is connected to.
    e2e::eventually("the PBX's numbers are known", async || {
        let taken = dial(&rig, "1002", DialBy::Person).await.ok()?;
        (taken.shown == "1002").then_some(())
    })
    .await;
    let asking = dial(&rig, "110", DialBy::Person).await.unwrap();
    assert_eq!((asking.state.as_str(), asking.reason.as_deref()), ("asking", Some("emergency")));
    assert_eq!(asking.shown, "110");
}

#[tokio::test]
async fn what_a_page_may_not_dial_is_refused_and_shown() {
    let rig = Rig::running().await;
    for (text, code) in [
        ("tel:*73", "feature_code"),
        ("tel:%2A21%23", "feature_code"),
        ("javascript:alert(1)", "unknown_scheme"),
        ("tel:", "no_number"),
        ("tel:$(touch%20/tmp/x)", "not_a_number"),
        ("deskring:settings", "not_a_dial_link"),
        (&format!("tel:{}", "1".repeat(600)), "too_long"),
    ] {
        assert_eq!(dial(&rig, text, DialBy::Link).await, Err(code.to_owned()), "{text}");
        let view = rig.view_where(|view| view.dial.is_some()).await.dial.clone().unwrap();
        assert_eq!((view.state.as_str(), view.reason.as_deref()), ("failed", Some(code)));
    }
    // Six new numbers within a minute: the sixth is one too many.
    for at in 0..5 {
        dial(&rig, &format!("tel:+4477009001{at:02}"), DialBy::Link).await.unwrap();
    }
    assert_eq!(dial(&rig, "tel:+447700900199", DialBy::Link).await, Err("too_many_dials".to_owned()));
    assert_eq!(
        dial(&rig, "+447700900126", DialBy::Page { host: "x.example".into() }).await,
        Err("not_allowed".into())
    );
    assert!(dialed(&rig).is_empty());
}

#[tokio::test]
async fn a_page_s_button_dials_where_that_is_allowed() {
    let rig = Rig::running_with(|settings| {
        settings["click_to_call"] = json!({ "confirm": "new_numbers", "allow_native_messaging": true });
    })
    .await;
    let by = DialBy::Page { host: "desk.example.com".into() };
    let asking = dial(&rig, "+447700900126;ext=204", by).await.unwrap();
    assert_eq!((asking.state.as_str(), asking.host.as_deref()), ("asking", Some("desk.example.com")));
    assert_eq!(asking.ext.as_deref(), Some("204"));
}

#[tokio::test]
async fn a_link_waits_for_the_pbx() {
    let mut rig = Rig::idle().await;
    rig.set(|settings| settings["click_to_call"] = json!({ "confirm": "never" }));
    rig.simulator.stop_pbx().await;
    rig.start().await;
    let waiting = dial(&rig, NUMBER, DialBy::Person).await.unwrap();
    assert_eq!(waiting.state, "waiting");
    rig.simulator.start_pbx().await;
    rig.send(Command::Wake).await;
    rings(&rig, 1).await;
    assert_eq!(dialed(&rig), ["00447700900126"]);
}

#[tokio::test]
async fn only_my_extension_can_be_the_caller() {
    let rig = Rig::running().await;
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    let back = |extension: &str| Want::CallBack { call: call.clone(), extension: extension.to_owned() };
    assert_eq!(rig.handle().assist(back("1002")).await.unwrap_err().code, "no_extension");
    assert_eq!(rig.handle().assist(back("1001")).await, Ok(Answer::Done));
    until("the caller is called back", || dialed(&rig).len() == 1).await;
}

#[tokio::test]
async fn a_call_that_the_pbx_cannot_make_says_why() {
    let rig = Rig::running_with(|settings| settings["pbx"]["extensions"] = json!(["1005"])).await;
    let taken = rig.handle().assist(Want::Dial { text: NUMBER.into(), by: DialBy::Person }).await;
    assert!(taken.is_ok());
    let told = |view: &AppView| {
        let dial = view.dial.as_ref().is_some_and(|dial| dial.state == "failed" && dial.detail.is_some());
        dial || view.recent.iter().any(|past| past.outcome.as_deref() == Some("failed"))
    };
    rig.view_where(told).await;
}

#[tokio::test]
async fn every_reason_of_the_pbx_for_a_failed_call_is_a_code_and_an_unknown_one_stays_in_its_words() {
    let rig = Rig::running_with(|settings| settings["click_to_call"] = json!({ "confirm": "never" })).await;
    let pbx = rig.simulator.pbx();
    let reasons = [
        ("NO Dial Permission", Some("no_dial_permission")),
        ("NO Outbound Restrictin", Some("outbound_restricted")),
        ("Circuit/channel congestion", Some("congestion")),
        ("DND", Some("do_not_disturb")),
        ("Line Unreachable", Some("unreachable")),
        ("User Busy", Some("busy")),
        ("410 Gone", Some("gone")),
        ("404 NOT found", Some("not_found")),
        ("408 Request Time", Some("timed_out")),
        ("480 Temporatily Unavailable", Some("unavailable")),
        ("484 Address incomplete", Some("incomplete")),
        ("486 Busy here", Some("busy")),
        ("603 Declined", Some("declined")),
        ("NOT found", Some("not_found")),
        ("Moon in the way", None),
    ];
    for (at, (reason, code)) in reasons.into_iter().enumerate() {
        dial(&rig, &format!("059255033{at:02}"), DialBy::Person).await.unwrap();
        until("my phone rings", || dialed(&rig).len() == at + 1 && !pbx.calls().is_empty()).await;
        let call = pbx.calls().pop().unwrap();
        pbx.answer(&call, "1001").await;
        pbx.remote_ring(&call).await;
        pbx.remote_fails(&call, reason).await;
        let past = rig.closed(&call).await;
        let told = (past.outcome.as_deref(), past.failure.as_deref(), past.outcome_detail.as_deref());
        assert_eq!(told, (Some("failed"), code, Some(reason)));
        rig.view_where(|view| view.dial.is_none()).await;
    }
}

#[tokio::test]
async fn my_own_phone_that_does_not_take_a_dialed_call_is_said_to_be_the_cause() {
    let rig = Rig::running().await;
    dial(&rig, "0592 550 3301", DialBy::Person).await.unwrap();
    let call = rings(&rig, 1).await;
    rig.view_where(|view| !view.calls.is_empty()).await;
    rig.simulator.pbx().hang_up(&call, "1001").await;
    let past = rig.closed(&call).await;
    assert_eq!(
        (past.outcome.as_deref(), past.failure.as_deref()),
        (Some("failed"), Some("own_phone_declined"))
    );
}

/// `deskring-cli dial`; its exit code and what it said.
async fn cli(rig: &Rig, arguments: &[&str]) -> (i32, String) {
    let mut command = on_profile(rig, "deskring-cli", &[&["dial"], arguments].concat());
    let ends = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ends.unwrap_or_else(|_| panic!("{arguments:?} never ends")).unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn a_terminal_dials_and_ends_as_the_call_does() {
    let rig = Rig::running().await;
    let _server = Server::start(rig.handle(), &rig.paths()).unwrap();
    let pbx = rig.simulator.pbx();
    let answered = async {
        let call = rings(&rig, 1).await;
        pbx.answer(&call, "1001").await;
        pbx.remote_answer(&call).await;
        rig.phase(&call, "talking").await;
        pbx.hang_up(&call, "1001").await;
    };
    let ((code, said), ()) = tokio::join!(cli(&rig, &["0592 550 3301"]), answered);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Your phone rings first"), "{said}");
    let missed = async {
        let call = rings(&rig, 1).await;
        pbx.answer(&call, "1001").await;
        pbx.remote_ring(&call).await;
        rig.phase(&call, "dialing").await;
        pbx.hang_up(&call, "1001").await;
    };
    let ((code, said), ()) = tokio::join!(cli(&rig, &["0592 550 3302"]), missed);
    assert_eq!(code, 3, "{said}");
    // Nobody is there to say yes.
    let (code, said) = cli(&rig, &["tel:+12125550123"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("never called") && said.contains("--yes"), "{said}");
    let (code, said) = cli(&rig, &["nobody"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("number"), "{said}");
    assert_eq!(dialed(&rig).len(), 2);
    let (code, said) = cli(&rig, &["--yes", "--no-wait", "tel:+12125550124"]).await;
    assert_eq!((code, dialed(&rig).len()), (0, 3), "{said}");
}

/// What a browser hears from the host for a message of an extension.
async fn browser(rig: &Rig, who: &str, message: &Value) -> Value {
    use tokio::io::AsyncWriteExt as _;
    let mut command = on_profile(rig, "deskring-cli", &["browser-host", who]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut host = command.spawn().unwrap();
    let text = message.to_string();
    let mut stdin = host.stdin.take().unwrap();
    stdin.write_all(&u32::try_from(text.len()).unwrap().to_ne_bytes()).await.unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    let output = tokio::time::timeout(PATIENCE, host.wait_with_output()).await.expect("it ends").unwrap();
    let (length, answer) = output.stdout.split_at(4);
    assert_eq!(u32::from_ne_bytes(length.try_into().unwrap()) as usize, answer.len());
    serde_json::from_slice(answer).unwrap()
}

const EXTENSION: &str = "chrome-extension://ofmpganmididbhnkgkohehbhhnbbagkf/";

#[tokio::test]
async fn the_browser_s_extension_and_nobody_else_hands_numbers_over() {
    let mut rig = Rig::idle().await;
    let dial =
        |number: &str| json!({ "v": 1, "type": "dial", "number": number, "origin": "https://desk.zoho.eu" });
    let no = |code: &str| json!({ "ok": false, "code": code });
    assert_eq!(browser(&rig, EXTENSION, &dial("+12125550123")).await, no("not-running"));
    rig.start().await;
    rig.ready().await;
    let server = Server::start(rig.handle(), &rig.paths()).unwrap();
    assert_eq!(browser(&rig, EXTENSION, &dial("+12125550123")).await, no("not-allowed"));
    assert_eq!(browser(&rig, EXTENSION, &json!({ "v": 1, "type": "status" })).await, no("not-allowed"));
    rig.set(|settings| settings["click_to_call"] = json!({ "allow_native_messaging": true }));
    rig.send(Command::Reload).await;
    let status = e2e::eventually("it is allowed", async || {
        Some(browser(&rig, EXTENSION, &json!({ "v": 1, "type": "status" })).await)
            .filter(|it| it["ok"] == true)
    })
    .await;
    assert_eq!(status["country"], "CN");
    let other = "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/";
    assert_eq!(browser(&rig, other, &dial("+12125550123")).await, no("not-allowed"));
    for (message, code) in [
        (dial("*73"), "bad-number"),
        (dial("tel:+12125550123"), "bad-number"),
        (json!({ "v": 2, "type": "dial" }), "update"),
        (json!({ "v": 1, "type": "later" }), "update"),
        (json!("nothing"), "bad-message"),
    ] {
        assert_eq!(browser(&rig, EXTENSION, &message).await, no(code), "{message}");
    }
    assert_eq!(browser(&rig, EXTENSION, &dial("+12125550123;ext=204")).await, json!({ "ok": true }));
    let view = rig.view_where(|view| view.dial.is_some()).await.dial.clone().unwrap();
    assert_eq!((view.state.as_str(), view.host.as_deref()), ("asking", Some("desk.zoho.eu")));
    assert!(dialed(&rig).is_empty());
    drop(server);
}

// Suggestions

async fn suggested(
    rig: &Rig,
    text: &str,
    purpose: Purpose,
    sources: Sources,
) -> (Vec<SuggestionView>, DeskPart) {
    let want = Want::Suggest { text: text.to_owned(), purpose, r#in: sources };
    match rig.handle().assist(want).await.unwrap() {
        Answer::Suggestions { rows, desk } => (rows, desk),
        other => panic!("{other:?}"),
    }
}

/// `kind name number` of each row.
async fn lines(rig: &Rig, text: &str, purpose: Purpose, sources: Sources) -> Vec<String> {
    let line = |row: &SuggestionView| {
        format!("{} {} {}", row.kind, row.name.as_deref().unwrap_or_default(), row.number_text)
    };
    suggested(rig, text, purpose, sources).await.0.iter().map(line).collect()
}

async fn names_are_read(rig: &Rig) {
    e2e::eventually("the PBX's numbers are known", async || {
        let rows = lines(rig, "1002", Purpose::Dial, Sources::Known).await;
        (!rows.is_empty()).then_some(())
    })
    .await;
}

async fn called_by(rig: &Rig, number: &str) {
    let call = rig.simulator.pbx().call_in(number, "1001").await;
    rig.view_where(|view| view.calls.iter().any(|on| on.call == call && on.who.state != "searching")).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
}

#[tokio::test]
async fn whom_somebody_means_is_known_from_colleagues_calls_and_known_customers() {
    let rig = Rig::running().await;
    rig.contact("林小芳", "13800138000");
    called_by(&rig, "13800138000").await;
    called_by(&rig, "05925503301").await;
    names_are_read(&rig).await;
    let dial = async |text: &str| lines(&rig, text, Purpose::Dial, Sources::Desk).await;
    assert_eq!(dial("cj").await, ["extension 陈静 1003"]);
    assert_eq!(dial("chenj").await, ["extension 陈静 1003"]);
    assert_eq!(dial("lin").await, ["extension Bo Lin 1002", "recent 林小芳 138 0013 8000"]);
    assert_eq!(dial("0592 550").await, ["recent  0592 550 3301"]);
    assert_eq!(dial("+86592").await, ["recent  0592 550 3301"]);
    // To send a call to: colleagues and customers, whoever called before.
    let transfer = lines(&rig, "lin", Purpose::Transfer, Sources::Known).await;
    assert_eq!(transfer, ["extension Bo Lin 1002", "contact 林小芳 138 0013 8000"]);
    // Myself I do not call, and Desk is not asked for any of it.
    assert!(dial("ana").await.is_empty());
    let searches = rig.simulator.desk().searches();
    assert_eq!(suggested(&rig, "lin", Purpose::Dial, Sources::Desk).await.1, DeskPart::Off);
    assert_eq!(rig.simulator.desk().searches(), searches);
}

#[tokio::test]
async fn what_stands_in_a_suggestion_is_what_is_dialed() {
    let rig = Rig::running_with(|settings| {
        settings["click_to_call"] = json!({ "confirm": "never" });
        settings["contact_sync"] = json!({ "always_query": true });
        settings["numbers"]["outside_line_prefix"] = json!("9");
    })
    .await;
    let desk = rig.simulator.desk();
    desk.add_contact(
        json!({ "lastName": "Brackets", "phone": "(0592) 550-3302", "mobile": "+44 7700 900126" }),
    );
    desk.add_contact(json!({ "lastName": "Brackish", "phone": "*73", "mobile": "*21*13800138000#" }));
    names_are_read(&rig).await;
    let (rows, part) = suggested(&rig, "brack", Purpose::Dial, Sources::Desk).await;
    assert_eq!(part, DeskPart::Answered);
    let shown: Vec<&str> = rows.iter().map(|row| row.number_text.as_str()).collect();
    assert_eq!(
        shown,
        ["+44 7700 900126", "0592 550 3302"],
        "two numbers are two rows; a code is nobody's number"
    );
    for (row, digits) in rows.iter().zip(["900447700900126", "905925503302"]) {
        let wish = dial(&rig, &row.number, DialBy::Person).await.unwrap();
        assert_eq!((wish.number_text, wish.shown.replace(' ', "")), (row.number_text.clone(), digits.into()));
        until("it is dialed", || dialed(&rig).last().is_some_and(|last| last == digits)).await;
    }
    assert_eq!(lines(&rig, "bo lin", Purpose::Dial, Sources::Desk).await, ["extension Bo Lin 1002"]);
}

#[tokio::test]
async fn a_desk_that_fails_empties_nothing_and_says_why() {
    let rig = Rig::running_with(|settings| settings["contact_sync"] = json!({ "always_query": true })).await;
    rig.contact("Linda Hart", "+1 212 555 0147");
    names_are_read(&rig).await;
    let known = ["extension Bo Lin 1002".to_owned()];
    let (rows, part) = suggested(&rig, "lin", Purpose::Dial, Sources::Known).await;
    assert_eq!((rows.len(), part), (1, DeskPart::NotAsked));
    rig.simulator.desk().fault_next(40, Fault::Status(503));
    let (rows, part) = suggested(&rig, "lin", Purpose::Dial, Sources::Desk).await;
    assert_eq!(rows.len(), 1);
    assert!(matches!(part, DeskPart::Failed { .. }), "{part:?}");
    rig.simulator.desk().clear_faults();
    let rows = e2e::eventually("Desk answers", async || {
        let rows = lines(&rig, "lin", Purpose::Dial, Sources::Desk).await;
        (rows.len() == 2).then_some(rows)
    })
    .await;
    assert_eq!(rows[..1], known);
    assert_eq!(rows[1], "contact Linda Hart +1 212-555-0147");
}
