//! Secrets and people stay out of the logs: days with calls, lookups, renewed tokens and every kind of failure
//! are logged at the most talkative level the product permits, and everything that was said is searched.
//!
//! One test, because a process has one logger.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use deskring_engine::assist::{Answer, HistoryPage, Want};
use deskring_engine::view::LinkState;
use deskring_engine::{Command, LOG_LIMITS};
use deskring_simulator::{
    BadToken, CLIENT_SECRET, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, Expiry, Fault, HttpFault, Message,
    Options,
};
use e2e::{Rig, until};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<u8>>>);

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Ear {
    type Writer = Ear;

    fn make_writer(&'a self) -> Ear {
        self.clone()
    }
}

impl Ear {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A caller nobody knows, and what is typed about them.
const UNKNOWN: &str = "13900137770";
const TYPED: &str = "Formfixture";
const PEOPLE: [(&str, &str); 5] = [
    ("Linfixture", "13800138000"),
    ("Meifixture <script>", "05925503309"),
    ("Otto\nFixture", "+12125550147"),
    ("名字夹具", "008613900139001"),
    ("Switchboard Fixture GmbH", "4008001234"),
];

/// What must not be said: each person's name and every notation of their number, and all secrets.
fn unspeakable(rig: &Rig) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = [
        CLIENT_SECRET,
        DESK_CLIENT_SECRET,
        DESK_REFRESH_TOKEN,
        "wrong-secret-fixture",
        TYPED,
        "3900137770",
        "139 0013",
    ]
    .map(str::to_owned)
    .into();
    for (name, number) in PEOPLE {
        words.extend(name.split_whitespace().filter(|word| word.chars().count() >= 4).map(str::to_owned));
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        words.insert(digits[digits.len() - 7..].to_owned());
        words.insert(number.to_owned());
    }
    words.extend(
        [
            "138 0013",
            "138-0013",
            "592-550",
            "592 550",
            "555-01",
            "555 01",
            "+1 212",
            "800 123",
            "fixture@example",
        ]
        .map(str::to_owned),
    );
    // Tokens as they went over the wire.
    for request in rig.simulator.pbx().requests() {
        words.extend(request.parameter("access_token"));
        words.extend(request.json()["refresh_token"].as_str().map(str::to_owned));
    }
    words
}

fn said<'a>(lines: &'a [Value], words: &BTreeSet<String>) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for line in lines {
        let text = line.to_string();
        found.extend(words.iter().filter(|word| text.contains(*word)).map(|word| (word.clone(), line)));
        // Any token of the accounts server, also one that no request of ours shows.
        let token = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
            .find(|word| word.starts_with("1000.") && word.len() > 20);
        found.extend(token.map(|token| (token.to_owned(), line)));
    }
    found
}

async fn fill(rig: &Rig) {
    for (name, number) in &PEOPLE[..4] {
        rig.simulator.desk().add_contact(json!({
            "lastName": name, "mobile": number, "email": "fixture@example.com",
        }));
    }
    let (name, number) = PEOPLE[4];
    rig.simulator.desk().add_account(json!({ "accountName": name, "phone": number }));
}

/// A day without accidents: calls in every direction, a lookup by hand, a second start.
async fn good_day(rig: &mut Rig) {
    let pbx = rig.simulator.pbx();
    for (index, (_, number)) in PEOPLE.iter().enumerate() {
        let call = pbx.call_in(number, if index % 2 == 0 { "1001" } else { "6400" }).await;
        rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() > index).await;
        pbx.answer(&call, "1001").await;
        rig.phase(&call, "talking").await;
        pbx.hold(&call, "1001").await;
        rig.phase(&call, "held").await;
        pbx.resume(&call, "1001").await;
        pbx.hang_up(&call, "caller").await;
        rig.phase(&call, "over").await;
        assert_eq!(rig.handle().look_up((*number).to_owned()).await.unwrap().matches.len(), 1);
    }
    new_contact(rig).await;
    let out = pbx.call_out("1001", PEOPLE[0].1).await;
    pbx.remote_ring(&out).await;
    pbx.remote_fails(&out, "486 Busy Here").await;
    let inside = pbx.call_internal("1002", "1001").await;
    rig.phase(&inside, "ringing").await;
    pbx.hang_up(&inside, "1002").await;
    rig.send(Command::Open { call: None }).await;
    rig.send(Command::Pause { minutes: Some(5) }).await;
    rig.send(Command::Resume).await;
    rig.send(Command::Wake).await;
    rig.send(Command::Reload).await;
    rig.closed(&inside).await;
    rig.closed(&out).await;
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    rig.stop().await;
}

/// An unknown caller becomes a contact, with a note after the call; searches and the history.
async fn new_contact(rig: &Rig) {
    let pbx = rig.simulator.pbx();
    let call = pbx.call_in(UNKNOWN, "1001").await;
    rig.view_where(|view| view.calls.iter().any(|known| known.call == call && known.can_create)).await;
    pbx.answer(&call, "1001").await;
    rig.send(Command::BeginForm { call: call.clone(), extension: "1001".into(), kind: None }).await;
    let view = rig.view_where(|view| view.form.is_some()).await;
    let ask = async |want: Want| rig.handle().assist(want).await.unwrap();
    let Answer::Draft { draft: Some(mut draft) } = ask(Want::Draft { key: view.form.clone().unwrap() }).await
    else {
        panic!()
    };
    draft.values.insert("firstName".into(), TYPED.into());
    draft.values.insert("email".into(), format!("{TYPED}@example.com"));
    ask(Want::KeepDraft { draft: draft.clone() }).await;
    ask(Want::Form { kind: "contact".into() }).await;
    ask(Want::Find { text: TYPED.into(), kind: None }).await;
    ask(Want::History { page: HistoryPage { text: TYPED.into(), ..HistoryPage::default() } }).await;
    assert!(matches!(ask(Want::Save { draft: draft.clone(), anyway: false }).await, Answer::Refused { .. }));
    draft.values.insert("lastName".into(), TYPED.into());
    assert!(matches!(ask(Want::Save { draft, anyway: false }).await, Answer::Saved { .. }));
    pbx.hang_up(&call, "caller").await;
    let note = Some(format!("{TYPED} wants it"));
    rig.send(Command::WrapUp { call: call.clone(), extension: "1001".into(), disposition: None, note }).await;
    rig.closed(&call).await;
    let add = Want::AddNumber { call, kind: "contact".into(), id: "1".into(), field: None };
    assert!(rig.handle().assist(add).await.is_err());
}

/// Everything that can go wrong, one after the other.
async fn bad_day(rig: &mut Rig) {
    let (pbx, desk) = (rig.simulator.pbx(), rig.simulator.desk());
    rig.start().await;
    rig.ready().await;
    let mut number = 0;
    let mut fresh = || {
        number += 1;
        format!("1390013{number:04}")
    };
    for expiry in [Expiry::FrameThenClose, Expiry::FrameThenSilence] {
        pbx.set(|switches| {
            switches.expiry_on_socket = expiry;
            switches.bad_token_at_connect = BadToken::OpenThenFrame;
        });
        let before = pbx.requests().len();
        pbx.expire_access_tokens();
        until("a refresh", || {
            pbx.requests()[before..].iter().any(|request| request.path.ends_with("/refresh_token"))
        })
        .await;
        pbx.wait_subscribed(1).await;
    }
    pbx.revoke_everything();
    pbx.drop_sockets().await;
    until("a sign-in", || {
        pbx.requests().iter().filter(|request| request.path.ends_with("/get_token")).count() >= 2
    })
    .await;
    rig.ready().await;
    let person = PEOPLE[0].1;
    for frame in [
        format!("{{\"type\":30011,\"msg\":\"{person}"),
        format!("{person} Linfixture {{{{{{"),
        json!({ "type": 30011, "msg": { "call_id": "", "members": [{ "inbound": { "from": person } }] } })
            .to_string(),
        json!({ "errcode": 40002, "errmsg": "PARAMETER ERROR", "value": person }).to_string(),
    ] {
        pbx.send(&frame).await;
    }
    rig.ready().await;
    pbx.set(|switches| switches.message = Message::Object);
    for fault in [HttpFault::Html, HttpFault::Garbage, HttpFault::Reset, HttpFault::Status(500)] {
        pbx.set(|switches| switches.http_fault = fault);
        pbx.drop_sockets().await;
        rig.view_where(|view| view.pbx.state == LinkState::Down).await;
        pbx.set(|switches| switches.http_fault = HttpFault::None);
        rig.send(Command::Wake).await;
        rig.ready().await;
    }
    for (count, fault) in [
        (3, Fault::Reset),
        (3, Fault::Status(500)),
        (3, Fault::TruncatedJson),
        (1, Fault::Html401),
        (3, Fault::TooManyRequests),
    ] {
        desk.fault_next(count, fault);
        let call = pbx.call_in(&fresh(), "1001").await;
        rig.view_where(|view| {
            view.calls.iter().any(|known| known.call == call && known.who.state == "nobody")
        })
        .await;
        desk.clear_faults();
        pbx.hang_up(&call, "caller").await;
    }
    desk.add_contact(json!({ "lastName": "Linfixture", "mobile": "13900139999", "webUrl": "https://evil.example/13900139999" }));
    let call = pbx.call_in("13900139999", "1001").await;
    rig.view_where(|view| view.calls.iter().any(|known| known.call == call && known.who.state == "known"))
        .await;
    rig.desktop.break_browser();
    let call = pbx.call_in(PEOPLE[1].1, "1001").await;
    rig.view_where(|view| {
        view.calls.iter().any(|known| known.call == call && known.why.code == "browser_failed")
    })
    .await;
    desk.revoke();
    pbx.call_in(&fresh(), "1001").await;
    rig.view_where(|view| view.desk.state == LinkState::Stopped).await;
    rig.simulator.stop_pbx().await;
    rig.view_where(|view| view.pbx.state == LinkState::Down).await;
    rig.simulator.start_pbx().await;
    rig.view_where(|view| view.pbx.state == LinkState::Up).await;
    std::fs::write(
        rig.profile.path().join("settings.json"),
        "{ \"pbx\": { \"secret\": \"wrong-secret-fixture\" ",
    )
    .unwrap();
    rig.send(Command::Reload).await;
    rig.view_where(|view| !view.problems.is_empty()).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_and_nobody_is_named_in_the_logs_and_a_good_day_logs_no_error() {
    let ear = Ear::default();
    let filter = EnvFilter::new(format!("trace,{LOG_LIMITS}"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(ear.clone()).init();

    let mut rig = Rig::running_with(|settings| {
        settings["new_contacts"] = json!({ "mode": "manual" });
        settings["call_log"] = json!({ "wrap_up": true });
    })
    .await;
    fill(&rig).await;
    good_day(&mut rig).await;
    let lines = ear.lines();
    let bad: Vec<_> =
        lines.iter().filter(|line| matches!(line["level"].as_str(), Some("ERROR" | "WARN"))).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    bad_day(&mut rig).await;
    let mut untrusted = Rig::idle_with(Options { pbx_tls: true, ..Options::default() }).await;
    untrusted.set(|settings| settings["pbx"]["trusted_certificate"] = Value::Null);
    untrusted.start().await;
    untrusted.view_where(|view| view.pbx.state == LinkState::Down).await;
    untrusted.stop().await;

    let lines = ear.lines();
    for target in ["deskring_yeastar", "deskring_zoho_desk", "deskring_engine"] {
        let heard = lines.iter().filter(|line| line["target"].as_str().unwrap().starts_with(target)).count();
        assert!(heard > 3, "{target} said nothing, so this test proves nothing of it");
    }
    let words = unspeakable(&rig);
    assert!(words.len() > 20, "{words:?}");
    let found = said(&lines, &words);
    assert!(found.is_empty(), "{} of {} lines say what they must not: {found:#?}", found.len(), lines.len());
    // The last digits of a number are for those who look for a fault, not for the log of every day.
    let masked: Vec<_> = lines
        .iter()
        .filter(|line| matches!(line["level"].as_str(), Some("ERROR" | "WARN" | "INFO")))
        .filter(|line| line.to_string().contains("•••"))
        .collect();
    assert!(masked.is_empty(), "{masked:#?}");
}
