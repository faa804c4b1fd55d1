//! Setting up below the window: what the engine answers over its local socket when somebody changes settings, keeps
//! secrets, tries a PBX, signs in, binds, disables and disconnects; and what the running engine makes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use deskring_engine::admin::{
    Answer, BindBy, BindingView, Choices, Directory, Fault, KeptSecret, PbxDraft, PbxTest, PreviewOf,
    SettingsView, Switch, TemplateKey, Typed, Want,
};
use deskring_engine::view::{LinkState, SignInView};
use deskring_engine::{Admin, AppView, Command, Engine, Handle, LOG_LIMITS, Stopped};
use deskring_local_api::{Client, ClientError, Server};
use deskring_simulator::{
    AGENT_ID, CLIENT_ID, CLIENT_SECRET, Consent, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET,
    DESK_REFRESH_TOKEN, DeskSwitches, HttpFault, ORGANIZATION_ID, Options, Request, ScopeRefusal,
};
use deskring_store::{Environment, Journal, Keychain, SecretsConfig};
use e2e::{PATIENCE, Rig, free_port, is_free, until};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

const LIN: &str = "13800138000";

/// A rig whose engine is asked over its local socket, with only these secrets in the environment and a port of its
/// own for the browser.
struct House {
    rig: Rig,
    door: u16,
    engine: Option<(Handle, JoinHandle<Stopped>, Server)>,
}

/// Which secrets come from the environment; the others are kept in the profile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Nothing,
    Pbx,
    All,
}

impl Given {
    fn environment(self) -> BTreeMap<String, deskring_store::Secret> {
        let wanted = |name: &str| match self {
            Self::Nothing => false,
            Self::Pbx => name.contains("PBX"),
            Self::All => true,
        };
        e2e::secrets()
            .into_iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, value)| (name, value.into()))
            .collect()
    }
}

impl House {
    async fn idle() -> House {
        House::idle_with(Options::default()).await
    }

    async fn idle_with(options: Options) -> House {
        let house = House { rig: Rig::idle_with(options).await, door: free_port(), engine: None };
        house.set(|_| {});
        house
    }

    /// An engine that has everything, from the environment.
    async fn running() -> House {
        let mut house = House::idle().await;
        house.start(Given::All).await;
        house.ready().await;
        house
    }

    /// An engine whose PBX works, and whose Desk has a client and its secret, but no sign-in.
    async fn signed_out() -> House {
        let mut house = House::idle().await;
        house.set(|settings| {
            settings["desk"]["organization_id"] = Value::Null;
            settings["desk"]["department_id"] = Value::Null;
        });
        house.start(Given::Pbx).await;
        house.keep(KeptSecret::Desk, DESK_CLIENT_SECRET).await;
        house.view_where(|view| view.desk.cause.as_deref() == Some("desk_sign_in_missing")).await;
        house
    }

    /// The same after signing in.
    async fn signed_in() -> House {
        let house = House::signed_out().await;
        house.sign_in().await;
        house.ready().await;
        house
    }

    fn set(&self, change: impl FnOnce(&mut Value)) {
        self.rig.set(|settings| {
            settings["desk"]["redirect_port"] = json!(self.door);
            change(settings);
        });
    }

    async fn start(&mut self, given: Given) {
        let config = SecretsConfig {
            keychain: Keychain::Off,
            environment: Environment::Given(given.environment()),
            ..SecretsConfig::new(self.rig.profile.path(), "deskring-test")
        };
        let engine = Engine::prepare_with(self.rig.paths(), config, self.rig.desktop.clone()).unwrap();
        let handle = engine.handle();
        let server = Server::start(handle.clone(), &self.rig.paths()).unwrap();
        self.engine = Some((handle, tokio::spawn(engine.run()), server));
    }

    async fn stop(&mut self) {
        let (handle, task, server) = self.engine.take().unwrap();
        handle.stop().await;
        tokio::time::timeout(PATIENCE, task).await.expect("the engine stops").unwrap();
        drop(server);
    }

    fn view(&self) -> Arc<AppView> {
        self.engine.as_ref().unwrap().0.view().borrow().clone()
    }

    async fn view_where(&self, wanted: impl Fn(&AppView) -> bool) -> Arc<AppView> {
        let mut views = self.engine.as_ref().unwrap().0.view();
        let found = tokio::time::timeout(PATIENCE, async {
            views.wait_for(|view| wanted(view)).await.expect("the engine runs").clone()
        });
        match found.await {
            Ok(view) => view,
            Err(_) => panic!("the view never came; it is {:#?}", self.view()),
        }
    }

    async fn ready(&self) {
        self.view_where(|view| view.pbx.state == LinkState::Up && view.desk.state == LinkState::Up).await;
        self.rig.simulator.pbx().wait_subscribed(1).await;
    }

    async fn client(&self) -> Client {
        Client::connect(&self.rig.paths()).await.unwrap()
    }

    async fn ask(&self, want: Want) -> Result<Answer, Fault> {
        match self.client().await.set_up(want).await {
            Ok(answer) => Ok(answer),
            Err(ClientError::Refused(fault)) => Err(fault),
            Err(other) => panic!("{other}"),
        }
    }

    async fn fault(&self, want: Want) -> String {
        self.ask(want).await.expect_err("it is refused").code
    }

    async fn settings(&self) -> SettingsView {
        settings(self.ask(Want::Settings).await.unwrap())
    }

    async fn change(&self, changes: &[(&str, Value)]) -> SettingsView {
        settings(self.ask(change(changes)).await.unwrap())
    }

    async fn keep(&self, secret: KeptSecret, text: &str) -> SettingsView {
        settings(self.ask(keep(secret, text, true)).await.unwrap())
    }

    async fn test_pbx(&self, draft: PbxDraft) -> PbxTest {
        match self.ask(Want::TestPbx { draft }).await.unwrap() {
            Answer::PbxTest(test) => *test,
            other => panic!("{other:?}"),
        }
    }

    /// What is saved for the PBX, as the settings window would hand it over.
    fn saved_pbx(&self) -> PbxDraft {
        PbxDraft {
            url: self.rig.simulator.pbx_url(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: None,
            extensions: vec!["1001".to_owned()],
            trusted_certificate: self.rig.simulator.pbx_certificate_sha256(),
            more_addresses: Vec::new(),
        }
    }

    async fn begin(&self) -> String {
        self.begin_with(false).await
    }

    async fn begin_with(&self, other_scopes: bool) -> String {
        let answer = self.ask(Want::SignIn { other_scopes, file_permitted: true }).await.unwrap();
        let Answer::SignIn { address } = answer else { panic!("{answer:?}") };
        self.view_where(
            |view| matches!(&view.sign_in, Some(SignInView::Waiting { address: shown, .. }) if *shown == address),
        )
        .await;
        address
    }

    /// How the sign-in that is under way ends.
    async fn end(&self) -> Result<(), String> {
        let view = self
            .view_where(|view| matches!(&view.sign_in, Some(SignInView::Done | SignInView::Failed { .. })))
            .await;
        match view.sign_in.clone().unwrap() {
            SignInView::Done => Ok(()),
            SignInView::Failed { cause, .. } => Err(cause),
            SignInView::Waiting { .. } => unreachable!(),
        }
    }

    async fn sign_in(&self) {
        let address = self.begin().await;
        assert_eq!(browse(&address).await, "success");
        self.end().await.unwrap();
    }

    async fn choices(&self) -> Choices {
        match self.ask(Want::Choices).await.unwrap() {
            Answer::Choices(choices) => *choices,
            other => panic!("{other:?}"),
        }
    }

    async fn directory(&self) -> Directory {
        match self.ask(Want::Directory).await.unwrap() {
            Answer::Directory(directory) => *directory,
            other => panic!("{other:?}"),
        }
    }

    async fn bind(&self, by: BindBy) -> (Vec<BindingView>, Vec<String>) {
        match self.ask(Want::Bind { by }).await.unwrap() {
            Answer::Bound { bound, ambiguous } => (bound, ambiguous),
            other => panic!("{other:?}"),
        }
    }

    /// The file as it is on the disk.
    fn file(&self) -> String {
        std::fs::read_to_string(self.rig.profile.path().join("settings.json")).unwrap()
    }

    fn policy(&self, policy: &Value) {
        std::fs::write(self.rig.paths().policy, policy.to_string()).unwrap();
    }

    fn desk_requests(&self) -> Vec<Request> {
        self.rig.simulator.desk().requests()
    }

    /// Refresh tokens that were given back.
    fn given_back(&self) -> Vec<String> {
        let all = self.desk_requests().into_iter().filter(|request| request.path == "/oauth/v2/token/revoke");
        let token = |request: Request| {
            let mut pairs = url::form_urlencoded::parse(request.body.as_bytes()).into_owned();
            pairs.find(|(name, _)| name == "token").map(|(_, token)| token)
        };
        all.filter_map(token).collect()
    }

    fn pbx_tokens_asked(&self) -> usize {
        let all = self.rig.simulator.pbx().requests();
        all.iter().filter(|request| request.path.ends_with("/get_token")).count()
    }

    /// A secret of the profile's own file.
    fn kept(&self, name: &str) -> Option<String> {
        let file = self.rig.profile.path().join("secrets/secrets.json");
        let all: Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).unwrap();
        all["secrets"][name].as_str().map(str::to_owned)
    }

    /// How often the log of the day says that Desk waits for a person.
    fn told_stopped(&self) -> usize {
        self.rig.desktop.now().log.iter().filter(|line| line.starts_with("desk Stopped")).count()
    }

    /// An incoming call opens this page.
    async fn pops(&self, page: &str) {
        let before = self.rig.desktop.opened().len();
        let call = self.rig.simulator.pbx().call_in(LIN, "1001").await;
        let recorded = self.rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() > before).await;
        assert_eq!(recorded.opened[before].0, page);
        self.rig.simulator.pbx().hang_up(&call, "caller").await;
        self.view_where(|view| view.recent.iter().any(|known| known.call == call && known.closed)).await;
    }
}

fn settings(answer: Answer) -> SettingsView {
    match answer {
        Answer::Settings(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn change(changes: &[(&str, Value)]) -> Want {
    Want::Change { changes: changes.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect() }
}

fn keep(secret: KeptSecret, text: &str, file_permitted: bool) -> Want {
    Want::KeepSecret { secret, text: Typed(text.to_owned().into()), file_permitted }
}

/// `key: code` of what was refused.
fn refused(view: &SettingsView) -> Vec<String> {
    view.refused.iter().map(|problem| format!("{}: {}", problem.key, problem.code)).collect()
}

/// Opens an address and follows redirects; gives the title of the page at the end.
async fn browse(address: &str) -> String {
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = browser.get(address).send().await.unwrap().text().await.unwrap();
    page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default().to_owned()
}

// Settings.

#[tokio::test]
async fn several_keys_change_in_one_step_and_are_in_force_without_a_restart() {
    let house = House::running().await;
    let page = house.rig.contact("Lin", "+8613800138000");
    let pbx = house.rig.simulator.pbx();
    let view = house
        .change(&[
            ("popup.mode", json!("manual")),
            ("pbx.extensions", json!("1002")),
            ("general.language", json!("zh-CN")),
            ("tickets.subject", json!(" Call\nfrom ")),
        ])
        .await;
    assert_eq!((refused(&view), view.problems.len()), (vec![], 0));
    assert_eq!(view.settings["pbx"]["extensions"], json!(["1002"]));
    assert_eq!(view.settings["tickets"]["subject"], "Call from");
    assert_eq!(view.settings["call_log"]["subject"], "Extension Call", "every key is there");
    let view = house.view_where(|view| view.language == "zh-CN").await;
    assert_eq!((view.popup.mode.as_str(), &view.extensions), ("manual", &vec!["1002".to_owned()]));
    house.ready().await;

    let call = pbx.call_in(LIN, "1002").await;
    house.view_where(|view| view.calls.iter().any(|known| known.who.state == "known")).await;
    pbx.hang_up(&call, "caller").await;
    let view = house.view_where(|view| view.recent.iter().any(|known| known.closed)).await;
    assert_eq!(
        (view.recent[0].extension.as_str(), view.recent[0].why.code.as_str()),
        ("1002", "manual_mode")
    );
    house.change(&[("popup.mode", Value::Null), ("pbx.extensions", json!(["1001"]))]).await;
    house.view_where(|view| view.popup.mode == "automatic" && view.extensions == ["1001"]).await;
    house.ready().await;
    house.pops(&page).await;
    assert_eq!(house.pbx_tokens_asked(), 1, "another extension is no other sign-in");
}

#[tokio::test]
async fn one_wrong_value_refuses_the_whole_change_and_each_has_its_code_beside_its_key() {
    let house = House::running().await;
    let before = house.file();
    let view = house
        .change(&[
            ("popup.mode", json!("manual")),
            ("popup.trigger", json!("sometimes")),
            ("pbx.url", json!("http://pbx.example.com")),
            ("pbx.extensions", json!(["1001", "1001"])),
            ("desk.redirect_port", json!(80)),
            ("pbx.no_such_key", json!(1)),
            ("pbx.client_secret", json!("hunter2")),
        ])
        .await;
    let mut found = refused(&view);
    found.sort();
    assert_eq!(
        found,
        [
            "desk.redirect_port: wrong_value",
            "pbx.client_secret: unknown_key",
            "pbx.extensions: duplicate",
            "pbx.no_such_key: unknown_key",
            "pbx.url: not_encrypted",
            "popup.trigger: wrong_value",
        ]
    );
    assert_eq!(house.file(), before);
    assert_eq!(view.settings["popup"]["mode"], "automatic");
    assert_eq!(house.view().popup.mode, "automatic");
}

#[tokio::test]
async fn the_policy_file_locks_its_keys_and_wins_also_over_a_running_engine() {
    let house = House::running().await;
    assert_eq!((house.settings().await.policy, house.settings().await.locked), (None, vec![]));
    house.policy(&json!({ "version": 1, "popup": { "mode": "off" }, "numbers": { "area_code": "10" } }));
    house.client().await.command(Command::Reload).await.unwrap();
    house.view_where(|view| view.popup.mode == "off").await;
    let view = house.change(&[("popup.mode", json!("manual")), ("popup.trigger", json!("answer"))]).await;
    assert_eq!(refused(&view), ["popup.mode: locked"]);
    assert_eq!(view.settings["popup"], json!({ "mode": "off", "trigger": "ring" }));
    assert_eq!(view.locked, ["numbers.area_code", "popup.mode"]);
    assert_eq!(view.policy, Some(house.rig.paths().policy.display().to_string()));
    let view = house.change(&[("popup.trigger", json!("answer"))]).await;
    assert_eq!(refused(&view), [""; 0]);
    house.view_where(|view| view.popup.trigger == "answer" && view.popup.mode == "off").await;
    let own: Value = serde_json::from_str(&house.file()).unwrap();
    assert_eq!(own["popup"]["mode"], "automatic", "the user's own value waits for the policy to go");
}

#[tokio::test]
async fn exported_settings_are_taken_over_by_another_profile() {
    let house = House::running().await;
    house.change(&[("popup.mode", json!("manual")), ("tickets.subject", json!("主题"))]).await;
    let answer = house.ask(Want::Export).await.unwrap();
    let Answer::Document { document } = answer else { panic!("{answer:?}") };
    for secret in [CLIENT_SECRET, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN] {
        assert!(!document.to_string().contains(secret));
    }
    let mut other = House::idle().await;
    std::fs::write(other.rig.profile.path().join("settings.json"), "{}").unwrap();
    other.policy(&json!({ "version": 1, "popup": { "trigger": "hangup" } }));
    other.start(Given::All).await;
    let view = settings(other.ask(Want::Import { document: document.clone() }).await.unwrap());
    assert_eq!(refused(&view), ["popup.trigger: locked"], "said, and the rest is taken over");
    let mut expected = document.clone();
    expected["popup"]["trigger"] = json!("hangup");
    assert_eq!(view.settings, expected);
    other.view_where(|view| view.popup.mode == "manual" && view.pbx.state == LinkState::Up).await;
    assert!(other.rig.profile.path().join("settings.json.before-import-1").exists());
}

#[tokio::test]
async fn what_is_not_exported_settings_is_refused_as_a_whole() {
    let house = House::running().await;
    let before = house.file();
    for (document, expected) in [
        (json!({ "version": 2, "popup": { "mode": "off" } }), "version: settings_newer"),
        (json!({ "version": "1" }), "version: wrong_value"),
        (
            json!({ "version": 1, "pbx": { "client_secret": "hunter2" } }),
            "pbx.client_secret: secret_in_settings",
        ),
        (json!({ "popup": { "mode": "off" }, "my_tokens": [] }), "my_tokens: secret_in_settings"),
        (json!({ "popup": { "mode": "off" }, "desk": 7 }), "desk: wrong_value"),
        (json!({ "popup": { "mode": "off", "trigger": "x" } }), "popup.trigger: wrong_value"),
        (json!([]), ": wrong_value"),
        (json!("settings"), ": wrong_value"),
        (Value::Null, ": wrong_value"),
    ] {
        let view = settings(house.ask(Want::Import { document: document.clone() }).await.unwrap());
        assert_eq!(refused(&view), [expected], "{document}");
        assert_eq!(house.file(), before, "{document}");
    }
    assert_eq!(house.view().popup.mode, "automatic");
}

const TEXTS: [&str; 25] = [
    "pbx.url",
    "pbx.more_addresses",
    "pbx.client_id",
    "pbx.extensions",
    "pbx.trusted_certificate",
    "numbers.country",
    "numbers.area_code",
    "numbers.outside_line_prefix",
    "desk.data_center",
    "desk.accounts_url",
    "desk.desk_url",
    "desk.client_id",
    "desk.redirect_port",
    "desk.organization_id",
    "desk.department_id",
    "tickets.subject",
    "tickets.description",
    "call_log.subject",
    "call_log.description",
    "contact_sync.phonebook",
    "click_to_call.international_prefix",
    "click_to_call.shortcut",
    "notifications.quiet_from",
    "popup.mode",
    "general.language",
];

#[tokio::test]
async fn whatever_is_pasted_into_a_text_is_tidied_or_refused_and_never_saved_raw() {
    let house = House::running().await;
    // Nobody is asked with these values: a PBX would lock this computer out.
    house.rig.simulator.stop_pbx().await;
    let long = "9".repeat(10_000);
    let script = "<script>alert(1)</script>\u{1b}[31m\u{7}";
    for junk in [
        "\r\n 12\n34\u{0} \n",
        "１２３４",
        &long,
        "\u{202e}12\u{2066}34\u{200f}\u{feff}",
        script,
        "\u{200b}\n ",
    ] {
        for key in TEXTS {
            let before = house.file();
            let view = house.change(&[(key, json!(junk))]).await;
            let (section, leaf) = key.split_once('.').unwrap();
            let value = &view.settings[section][leaf];
            if !view.refused.is_empty() {
                assert!(view.refused.iter().all(|problem| problem.key == key), "{key}: {:?}", view.refused);
                assert_eq!(house.file(), before, "{key}");
                continue;
            }
            let text = value.to_string();
            let people = key.contains("subject") || key.contains("description") || key.contains("phonebook");
            let bad = |c: char| {
                (c.is_control() && c != '\n')
                    || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                    || (!people && matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{200b}' | '\u{feff}'))
            };
            let plain = value.as_str().unwrap_or_default();
            assert!(!plain.contains(bad), "{key} = {text}");
            assert!(!plain.contains('\n') || key.ends_with("description"), "{key} = {text}");
            assert!(!plain.starts_with(' ') || key.ends_with("description"), "{key} = {text}");
            assert!(
                plain.len() <= 512 || key.ends_with("description"),
                "{key} is {} bytes long",
                plain.len()
            );
            let again = house.change(&[(key, value.clone())]).await;
            assert_eq!(&again.settings[section][leaf], value, "{key}: tidied once is tidied");
            house.set(|_| {});
        }
    }
    house.set(|_| {});
    house.rig.simulator.start_pbx().await;
    house.client().await.command(Command::Reload).await.unwrap();
    house.ready().await;
    assert!(!house.rig.simulator.pbx().blocked());
}

#[tokio::test]
async fn two_clients_that_change_different_keys_at_once_lose_nothing() {
    let house = House::running().await;
    let (mut left, mut right) = (house.client().await, house.client().await);
    for round in 0..20 {
        let text = format!("round {round}");
        let (one, other) = tokio::join!(
            left.set_up(change(&[("tickets.subject", json!(text)), ("popup.mode", json!("manual"))])),
            right.set_up(change(&[("call_log.subject", json!(text)), ("popup.trigger", json!("answer"))])),
        );
        assert!(refused(&settings(one.unwrap())).is_empty() && refused(&settings(other.unwrap())).is_empty());
        let saved: Value = serde_json::from_str(&house.file()).unwrap();
        assert_eq!(
            (&saved["tickets"]["subject"], &saved["call_log"]["subject"]),
            (&json!(text), &json!(text))
        );
    }
    house.view_where(|view| view.popup.mode == "manual" && view.popup.trigger == "answer").await;
}

#[tokio::test]
async fn what_a_client_asked_for_is_done_to_the_end_when_it_leaves_at_once() {
    let house = House::signed_in().await;
    house.rig.simulator.desk().set(|switches| switches.delay_ms = 100);
    let mut client = house.client().await;
    let asking = client.set_up(Want::Disconnect);
    // Long enough to be read, not to be answered.
    assert!(tokio::time::timeout(Duration::from_millis(1), asking).await.is_err());
    until("the token is on its way back", || !house.given_back().is_empty()).await;
    drop(client);
    let view = house.view_where(|view| view.desk.state == LinkState::NotSetUp).await;
    assert_eq!(view.desk.cause.as_deref(), Some("desk_client_id_missing"));
    assert_eq!(house.kept("desk_refresh_token"), None);
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_a_fault_and_left_as_they_are() {
    let house = House::running().await;
    for (content, code) in [("{\"version\":1,", "settings_malformed"), ("{\"version\":99}", "settings_newer")]
    {
        std::fs::write(house.rig.profile.path().join("settings.json"), content).unwrap();
        for want in [Want::Settings, change(&[("popup.mode", json!("off"))]), Want::Export] {
            assert_eq!(house.fault(want).await, code);
        }
        assert_eq!(house.file(), content);
    }
    assert_eq!(house.view().popup.mode, "automatic", "the last good ones stay in force");
}

// Templates.

#[tokio::test]
async fn a_template_says_the_same_with_an_engine_and_without_one() {
    let mut house = House::running().await;
    let want =
        || Want::Template { template: TemplateKey::TicketSubject, text: "{{Cal_From}}{{Call_From}}".into() };
    let tried = |answer: Answer| match answer {
        Answer::Template(view) => *view,
        other => panic!("{other:?}"),
    };
    let first = tried(house.ask(want()).await.unwrap());
    assert_eq!((first.of, first.preview.as_str()), (PreviewOf::Example, "Alex Chen<+12025550143>"));
    house.rig.contact("Ann", "+8613800138000");
    let call = house.rig.simulator.pbx().call_in("13800138000", "1001").await;
    house.view_where(|view| view.calls.iter().any(|call| call.who.state == "known")).await;
    assert_eq!(
        tried(house.ask(want()).await.unwrap()).of,
        PreviewOf::Example,
        "it does not tell yet how it ends"
    );
    house.rig.simulator.pbx().hang_up(&call, "caller").await;
    house.view_where(|view| !view.recent.is_empty()).await;
    let with = tried(house.ask(want()).await.unwrap());
    assert_eq!((with.of, with.preview.as_str()), (PreviewOf::LastCall, "Ann<13800138000>"));
    let flaw = with.flaws.first().unwrap();
    assert_eq!((flaw.code.as_str(), flaw.line, flaw.column), ("unknown_variable", 1, 3));
    assert_eq!(flaw.suggestion.as_deref(), Some("Call_From"));
    house.stop().await;
    let alone = Admin::alone(house.rig.paths(), house.rig.desktop.clone());
    assert_eq!(tried(alone.ask(want()).await.unwrap()), with);
    for masked in ["masked_number", "hidden"] {
        alone.ask(change(&[("notifications.caller", json!(masked))])).await.unwrap();
        assert_eq!(
            tried(alone.ask(want()).await.unwrap()).preview,
            first.preview,
            "{masked}: no caller is shown"
        );
    }
}

// Secrets.

#[tokio::test]
async fn without_a_keychain_a_secret_is_kept_with_consent_only_and_without_what_was_pasted_around_it() {
    let mut house = House::idle().await;
    house.start(Given::Nothing).await;
    assert_eq!(house.fault(keep(KeptSecret::Pbx, CLIENT_SECRET, false)).await, "consent_needed");
    assert_eq!(house.settings().await.secrets["pbx_client_secret"], None);
    for junk in ["", " \r\n\t", "\u{200b}\u{feff}\u{0}"] {
        assert_eq!(house.fault(keep(KeptSecret::Pbx, junk, true)).await, "secret_empty");
    }
    assert_eq!(house.fault(keep(KeptSecret::Pbx, &"x".repeat(10_000), true)).await, "secret_too_long");
    let pasted = format!("\u{feff} {CLIENT_SECRET}\u{200b}\u{a0}\r\n");
    let view = settings(house.ask(keep(KeptSecret::Pbx, &pasted, true)).await.unwrap());
    assert_eq!(view.secrets["pbx_client_secret"].as_deref(), Some("file"));
    assert_eq!(view.secrets["desk_client_secret"], None);
    assert_eq!(house.kept("pbx_client_secret").as_deref(), Some(CLIENT_SECRET));
    house.view_where(|view| view.pbx.state == LinkState::Up).await;
    // The file is there: that was agreed to once.
    let view = settings(house.ask(keep(KeptSecret::Desk, DESK_CLIENT_SECRET, false)).await.unwrap());
    assert_eq!(view.secrets["desk_client_secret"].as_deref(), Some("file"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = house.rig.profile.path().join("secrets/secrets.json");
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_secret_of_the_environment_wins_and_is_not_replaced() {
    let house = House::running().await;
    let view = house.settings().await;
    for name in ["pbx_client_secret", "desk_client_secret", "desk_refresh_token"] {
        assert_eq!(view.secrets[name].as_deref(), Some("environment"), "{name}");
    }
    for secret in [KeptSecret::Pbx, KeptSecret::Desk] {
        assert_eq!(house.fault(keep(secret, "another-secret", true)).await, "set_by_environment");
    }
    // Nobody is sent to the browser for a sign-in that could not be kept.
    let want = Want::SignIn { other_scopes: false, file_permitted: true };
    assert_eq!(house.fault(want).await, "set_by_environment");
    assert!(is_free(house.door));
}

/// Everything that was logged since it was made the listener of this process.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
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

#[tokio::test]
async fn a_typed_secret_is_nowhere_but_where_it_is_kept() {
    const FIXTURES: [&str; 3] = ["pbx-fixture-7c1e55", "desk-fixture-0b52aa", "draft-fixture-93d1f0"];
    let ear = Ear::default();
    let filter = EnvFilter::new(format!("trace,{LOG_LIMITS}"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(ear.clone()).init();
    let mut house = House::idle().await;
    house.start(Given::Nothing).await;
    let mut answers = Vec::new();
    let draft = PbxDraft { client_secret: Some(Typed(FIXTURES[2].to_owned().into())), ..house.saved_pbx() };
    let wants = [
        keep(KeptSecret::Pbx, FIXTURES[0], false),
        keep(KeptSecret::Pbx, FIXTURES[0], true),
        keep(KeptSecret::Desk, FIXTURES[1], true),
        Want::TestPbx { draft },
        Want::SignIn { other_scopes: false, file_permitted: true },
        change(&[("pbx.client_secret", json!(FIXTURES[0]))]),
        Want::Import { document: json!({ "pbx": { "client_secret": FIXTURES[0] } }) },
        Want::Settings,
        Want::Export,
        Want::Choices,
        Want::Directory,
        Want::Doctor,
    ];
    for want in wants {
        if !matches!(want, Want::Change { .. } | Want::Import { .. }) {
            answers.push(format!("{want:?}").into_bytes());
        }
        answers.push(format!("{:?}", house.ask(want).await).into_bytes());
    }
    // A confused client writes it where another word belongs.
    let confused =
        json!({ "id": 1, "ask": "set_up", "want": { "want": "keep_secret", "secret": FIXTURES[0] } });
    let mut socket =
        std::os::unix::net::UnixStream::connect(house.rig.paths().runtime.join("engine.sock")).unwrap();
    socket.write_all(format!("{confused}\n").as_bytes()).unwrap();
    let heard = ear.clone();
    until("the confused client is heard of", || {
        String::from_utf8_lossy(&heard.0.lock().unwrap()).contains("not a question")
    })
    .await;
    house.view_where(|view| view.pbx.cause.as_deref() == Some("credentials")).await;
    let view = house.view();
    answers.push(serde_json::to_vec(&*view).unwrap());
    answers.push(house.file().into_bytes());
    answers.push(format!("{:?}", house.rig.desktop.now().log).into_bytes());
    house.stop().await;
    let logged = ear.0.lock().unwrap().clone();
    assert!(logged.len() > 1000, "something is logged");
    answers.push(logged);
    for fixture in FIXTURES {
        for bytes in &answers {
            let text = String::from_utf8_lossy(bytes);
            let line = text.lines().find(|line| line.contains(fixture));
            assert_eq!(line, None, "{fixture}");
        }
    }
    let elsewhere = std::fs::read_dir(house.rig.profile.path()).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        path.is_file().then(|| std::fs::read(path).unwrap())
    });
    for bytes in elsewhere {
        assert!(FIXTURES.iter().all(|fixture| !String::from_utf8_lossy(&bytes).contains(fixture)));
    }
}

// Trying a telephone system.

#[tokio::test]
async fn a_good_pbx_is_told_with_all_a_person_asks_for_and_costs_no_token() {
    let house = House::running().await;
    let draft = house.saved_pbx();
    let began = Instant::now();
    let test = house.test_pbx(draft.clone()).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!((test.firmware.as_deref(), test.model.as_deref()), (Some("37.23.0.123"), Some("P560")));
    assert_eq!(test.extensions.len(), 1);
    assert_eq!(test.extensions[0].name.as_deref(), Some("Ana Agent"));
    assert_eq!((test.extension_monitor, test.trunk_monitor, &test.cause), (Switch::On, Switch::On, &None));
    assert_eq!(house.pbx_tokens_asked(), 1, "the engine's own token was used");

    let strange = PbxDraft { extensions: vec!["1001".into(), "7777".into()], ..draft.clone() };
    assert_eq!(house.test_pbx(strange).await.missing, ["7777"]);
    assert_eq!(house.pbx_tokens_asked(), 1);

    // Values that are not saved, or a secret typed anew, need a token, which is given back.
    let typed = PbxDraft { client_secret: Some(Typed(format!(" {CLIENT_SECRET}\n").into())), ..draft };
    assert_eq!(house.test_pbx(typed).await.cause, None);
    assert_eq!(house.pbx_tokens_asked(), 2);
    until("the token is given back", || house.rig.simulator.pbx().live_tokens() == 1).await;
    assert_eq!(house.view().pbx.state, LinkState::Up);
}

#[tokio::test]
async fn what_is_pasted_into_a_draft_is_read_as_it_would_be_saved() {
    let house = House::running().await;
    let draft = PbxDraft {
        url: format!("\u{202a}{}／\n", house.rig.simulator.pbx_url()),
        client_id: format!("\u{200b}{CLIENT_ID}\u{a0}"),
        client_secret: Some(Typed(CLIENT_SECRET.to_owned().into())),
        extensions: vec!["１００１, 1002".to_owned()],
        trusted_certificate: Some(" \n".to_owned()),
        more_addresses: Vec::new(),
    };
    let test = house.test_pbx(draft).await;
    assert_eq!((test.cause, test.missing), (None, vec![]));
    assert_eq!(
        test.extensions.iter().map(|known| known.number.as_str()).collect::<Vec<_>>(),
        ["1001", "1002"]
    );
    for (draft, code) in [
        (PbxDraft { url: " ".into(), ..house.saved_pbx() }, "pbx_address_missing"),
        (PbxDraft { url: "http://pbx.example.com".into(), ..house.saved_pbx() }, "pbx_address_wrong"),
        (
            PbxDraft { url: "https://user:pass@pbx.example.com".into(), ..house.saved_pbx() },
            "pbx_address_wrong",
        ),
        (PbxDraft { client_id: "\u{200b}".into(), ..house.saved_pbx() }, "pbx_client_id_missing"),
        (PbxDraft { trusted_certificate: Some("abc".into()), ..house.saved_pbx() }, "pbx_certificate_wrong"),
        (
            PbxDraft { client_secret: Some(Typed(" ".to_owned().into())), ..house.saved_pbx() },
            "pbx_secret_missing",
        ),
        (
            PbxDraft { client_secret: Some(Typed("x".repeat(10_000).into())), ..house.saved_pbx() },
            "secret_too_long",
        ),
    ] {
        assert_eq!(house.fault(Want::TestPbx { draft }).await, code);
    }
}

#[tokio::test]
async fn a_wrong_secret_says_how_many_tries_are_left_and_locks_nobody_out() {
    let house = House::running().await;
    let wrong = || PbxDraft { client_secret: Some(Typed("wrong".to_owned().into())), ..house.saved_pbx() };
    let right = || {
        let secret = Some(Typed(CLIENT_SECRET.to_owned().into()));
        PbxDraft { client_secret: secret, ..house.saved_pbx() }
    };
    let left = async || {
        let test = house.test_pbx(wrong()).await;
        assert_eq!(test.cause.as_deref(), Some("credentials"));
        test.tries_left.unwrap()
    };
    assert_eq!((left().await, left().await), (4, 3));
    assert_eq!(house.test_pbx(right()).await.cause, None);
    assert_eq!((left().await, left().await), (4, 3), "the PBX counts anew after a sign-in");
    assert_eq!(house.test_pbx(house.saved_pbx()).await.cause, None, "the kept one costs no try");
    assert_eq!((left().await, left().await), (2, 1));
    let asked = house.pbx_tokens_asked();
    for _ in 0..3 {
        assert_eq!(left().await, 0, "the one that would lock is not spent");
    }
    assert_eq!(house.pbx_tokens_asked(), asked);
    assert!(!house.rig.simulator.pbx().blocked());
    house.rig.simulator.pbx().revoke_everything();
    house.rig.simulator.pbx().drop_sockets().await;
    house.rig.simulator.pbx().wait_subscribed(1).await;
    assert_eq!(house.test_pbx(house.saved_pbx()).await.cause, None, "the link is not locked out");
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_shown_and_trusted_when_a_person_says_so() {
    let mut house = House::idle_with(Options { pbx_tls: true, ..Options::default() }).await;
    house.set(|settings| settings["pbx"]["trusted_certificate"] = Value::Null);
    house.start(Given::All).await;
    house.view_where(|view| view.pbx.cause.as_deref() == Some("unknown_certificate")).await;
    let sha256 = house.rig.simulator.pbx_certificate_sha256().unwrap();
    let test = house.test_pbx(PbxDraft { trusted_certificate: None, ..house.saved_pbx() }).await;
    assert_eq!(test.cause.as_deref(), Some("unknown_certificate"));
    let shown = test.certificate.unwrap();
    assert_eq!((&shown.sha256, shown.reason.as_str()), (&sha256, "unknown_issuer"));
    assert!(shown.subject.is_some() && shown.not_before_ms.unwrap() < shown.not_after_ms.unwrap());
    let accepted = PbxDraft { trusted_certificate: Some(sha256.to_uppercase()), ..house.saved_pbx() };
    assert_eq!(house.test_pbx(accepted).await.cause, None);
    let other = "ab".repeat(32);
    let changed = PbxDraft { trusted_certificate: Some(other.clone()), ..house.saved_pbx() };
    let test = house.test_pbx(changed).await;
    assert_eq!(test.cause.as_deref(), Some("changed_certificate"));
    assert_eq!((test.expected_certificate, test.certificate.unwrap().sha256), (Some(other), sha256.clone()));
    house.change(&[("pbx.trusted_certificate", json!(sha256))]).await;
    house.view_where(|view| view.pbx.state == LinkState::Up).await;
}

#[tokio::test]
async fn a_pbx_that_does_not_answer_is_told_within_five_seconds() {
    let house = House::running().await;
    house.rig.simulator.pbx().set(|switches| switches.delay_ms = 3_600_000);
    let began = Instant::now();
    let test = house.test_pbx(house.saved_pbx()).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(test.cause.as_deref(), Some("timed_out"));
}

#[tokio::test]
async fn each_refusal_of_the_pbx_has_its_own_cause() {
    type Change = fn(&mut deskring_simulator::PbxSwitches);
    let cases: [(&str, Change); 4] = [
        ("address_not_allowed", |switches| switches.ip_forbidden = true),
        ("too_many_tokens", |switches| switches.max_tokens = 1),
        ("too_old", |switches| switches.unknown_interfaces = vec!["system/information".to_owned()]),
        ("malformed", |switches| switches.http_fault = HttpFault::Html),
    ];
    for (cause, switch) in cases {
        let house = House::running().await;
        house.rig.simulator.pbx().set(switch);
        let typed = Some(Typed(CLIENT_SECRET.to_owned().into()));
        let test = house.test_pbx(PbxDraft { client_secret: typed, ..house.saved_pbx() }).await;
        assert_eq!(test.cause.as_deref(), Some(cause));
    }
}

// Signing in.

#[tokio::test]
async fn signing_in_leads_to_a_link_that_is_up_and_a_call_that_pops() {
    let house = House::signed_out().await;
    let page = house.rig.contact("Lin", "+8613800138000");
    let view = house.settings().await;
    assert_eq!(view.redirect, format!("http://localhost:{}/deskring", house.door));
    assert_eq!(view.home_page, format!("http://localhost:{}", house.door));
    let address = house.begin().await;
    assert!(!address.contains(DESK_CLIENT_SECRET));
    assert_eq!(browse(&address).await, "success");
    house.end().await.unwrap();
    house.ready().await;
    let view = house.settings().await;
    assert_eq!(view.secrets["desk_refresh_token"].as_deref(), Some("file"));
    assert_eq!(view.settings["desk"]["organization_id"], ORGANIZATION_ID);
    assert_eq!(view.settings["desk"]["department_id"], DEPARTMENT_ID);
    assert!(!serde_json::to_string(&view).unwrap().contains(&house.kept("desk_refresh_token").unwrap()));
    let exchanges = house.desk_requests().iter().filter(|request| request.path == "/oauth/v2/token").count();
    assert_eq!(exchanges, 1, "the access token that came with the code is used");
    assert!(is_free(house.door));
    house.pops(&page).await;
}

#[tokio::test]
async fn a_sign_in_that_fails_says_why_and_leaves_everything_as_it_was() {
    type Change = fn(&mut DeskSwitches);
    let cases: [(&str, &str, Change); 4] = [
        ("sign_in_refused", "refused", |switches| switches.consent = Consent::Refuse),
        ("no_refresh_token", "failed", |switches| switches.withhold_refresh_token = true),
        ("server_error", "failed", |switches| switches.token_endpoint_status = Some(503)),
        ("foreign_accounts_server", "failed", |switches| {
            switches.accounts_server = Some("https://accounts.zoho.com.example.com".to_owned());
        }),
    ];
    for (cause, title, switch) in cases {
        let house = House::signed_out().await;
        let before = house.file();
        house.rig.simulator.desk().set(switch);
        let address = house.begin().await;
        assert_eq!(browse(&address).await, title, "{cause}");
        assert_eq!(house.end().await, Err(cause.to_owned()));
        assert_eq!((house.file(), house.kept("desk_refresh_token")), (before, None), "{cause}");
        assert!(is_free(house.door), "{cause}");
        house.rig.simulator.desk().set(|switches| *switches = DeskSwitches::default());
        house.sign_in().await;
        house.ready().await;
    }
}

#[tokio::test]
async fn what_keeps_a_sign_in_from_beginning_is_said_at_once() {
    let mut house = House::idle().await;
    house.set(|settings| settings["desk"]["client_id"] = Value::Null);
    house.start(Given::Pbx).await;
    let want = || Want::SignIn { other_scopes: false, file_permitted: true };
    assert_eq!(house.fault(want()).await, "desk_client_id_missing");
    house.change(&[("desk.client_id", json!(DESK_CLIENT_ID))]).await;
    assert_eq!(house.fault(want()).await, "desk_secret_missing");
    house.keep(KeptSecret::Desk, "wrong-secret").await;
    for address in ["127.0.0.1", "::1"] {
        let other = TcpListener::bind((address, house.door)).unwrap();
        assert_eq!(house.fault(want()).await, "port_in_use", "{address}");
        drop(other);
    }
    let address = house.begin().await;
    assert_eq!(browse(&address).await, "failed");
    assert_eq!(house.end().await, Err("client_secret_wrong".to_owned()));
    house.keep(KeptSecret::Desk, DESK_CLIENT_SECRET).await;
    house.sign_in().await;
    house.ready().await;
}

#[tokio::test]
async fn a_sign_in_can_be_given_up_and_begun_anew() {
    let house = House::signed_out().await;
    assert_eq!(house.ask(Want::CancelSignIn).await, Ok(Answer::Done), "nothing to give up");
    assert_eq!(house.view().sign_in, None);
    house.begin().await;
    assert!(!is_free(house.door));
    assert_eq!(house.ask(Want::CancelSignIn).await, Ok(Answer::Done));
    assert_eq!(house.end().await, Err("sign_in_cancelled".to_owned()));
    assert!(is_free(house.door));
    let first = house.begin().await;
    let second = house.begin().await;
    assert_ne!(first, second);
    assert_eq!(browse(&first).await, "stray", "the first one's door is closed");
    assert!(matches!(house.view().sign_in, Some(SignInView::Waiting { .. })));
    assert_eq!(browse(&second).await, "success");
    house.end().await.unwrap();
}

#[tokio::test]
async fn a_second_sign_in_replaces_the_first_whose_token_is_given_back() {
    let house = House::signed_in().await;
    let first = house.kept("desk_refresh_token").unwrap();
    house.sign_in().await;
    let second = house.kept("desk_refresh_token").unwrap();
    assert_ne!(first, second);
    until("the first is given back", || house.given_back() == [first.clone()]).await;
    house.ready().await;
    assert_eq!(house.told_stopped(), 0);
}

#[tokio::test]
async fn a_token_that_could_not_be_kept_is_given_back() {
    let mut house = House::idle().await;
    house.start(Given::Pbx).await;
    house.keep(KeptSecret::Desk, DESK_CLIENT_SECRET).await;
    let address = house.begin().await;
    // The file of secrets becomes one that is not written to.
    let file = house.rig.profile.path().join("secrets/secrets.json");
    let kept = || std::fs::read_to_string(&file).is_ok_and(|text| text.contains("index_key"));
    until("the engine has nothing to keep any more", kept).await;
    std::fs::write(&file, "{").unwrap();
    browse(&address).await;
    assert_eq!(house.end().await, Err("secrets_file_malformed".to_owned()));
    until("the token is given back", || house.given_back().len() == 1).await;
}

#[tokio::test]
async fn a_console_that_does_not_know_a_scope_is_asked_for_its_other_name() {
    let house = House::signed_out().await;
    house.rig.simulator.desk().set(|switches| {
        switches.unknown_scopes = vec!["Desk.calls.CREATE".to_owned(), "Desk.calls.READ".to_owned()];
        switches.scope_refusal = ScopeRefusal::Redirect;
    });
    let first = house.begin().await;
    assert_eq!(browse(&first).await, "failed");
    let recorded = house.rig.desktop.wait_for("the other page", |recorded| recorded.opened.len() == 1).await;
    let second = &recorded.opened[0].0;
    assert!(second.contains("activities.calls"), "{second}");
    assert_eq!(browse(second).await, "success");
    house.view_where(|view| view.sign_in == Some(SignInView::Done)).await;
    house.ready().await;

    // Where Zoho tells nobody but the person, the person says so.
    house.rig.simulator.desk().set(|switches| switches.scope_refusal = ScopeRefusal::OwnPage);
    let address = house.begin_with(true).await;
    assert_eq!(browse(&address).await, "success");
    house.end().await.unwrap();
    assert_eq!(house.rig.desktop.opened().len(), 1);
}

#[tokio::test]
async fn signing_in_to_a_disabled_desk_enables_it_and_keeps_what_was_chosen() {
    let house = House::signed_out().await;
    let department = house.rig.simulator.desk().add_department(json!({ "name": "Not mine" }));
    house.change(&[("desk.enabled", json!(false)), ("desk.department_id", json!(department))]).await;
    house.view_where(|view| view.desk.state == LinkState::Disabled).await;
    house.sign_in().await;
    house.ready().await;
    let view = house.settings().await;
    assert_eq!(view.settings["desk"]["enabled"], true);
    assert_eq!(view.settings["desk"]["department_id"], DEPARTMENT_ID, "one that I belong to");
    house.change(&[("desk.department_id", json!(DEPARTMENT_ID))]).await;
    house.sign_in().await;
    assert_eq!(house.settings().await.settings["desk"]["department_id"], DEPARTMENT_ID);
}

#[tokio::test]
async fn what_the_policy_sets_is_left_alone_by_a_sign_in() {
    let house = House::signed_out().await;
    house.policy(&json!({ "desk": { "organization_id": ORGANIZATION_ID, "department_id": "4711" } }));
    house.sign_in().await;
    house.ready().await;
    let view = house.settings().await;
    assert_eq!(view.settings["desk"]["department_id"], "4711");
    let own: Value = serde_json::from_str(&house.file()).unwrap();
    assert_ne!(own["desk"]["organization_id"], ORGANIZATION_ID);
}

#[tokio::test]
async fn a_revoked_sign_in_is_told_once_and_signing_in_again_brings_desk_back() {
    let house = House::signed_in().await;
    let page = house.rig.contact("Lin", "+8613800138000");
    let pbx = house.rig.simulator.pbx();
    house.rig.simulator.desk().revoke();
    for number in ["13900000001", "13900000002", "13900000003"] {
        let call = pbx.call_in(number, "1001").await;
        house
            .view_where(|view| {
                view.calls.iter().any(|known| known.call == call && known.who.state == "failed")
            })
            .await;
        pbx.hang_up(&call, "caller").await;
    }
    let view = house.view();
    assert_eq!((view.desk.state, view.desk.cause.as_deref()), (LinkState::Stopped, Some("signed_out")));
    assert_eq!(view.desk.retry_at_ms, None);
    let asked = house.desk_requests().len();
    for command in [Command::Wake, Command::Reload] {
        house.client().await.command(command).await.unwrap();
    }
    house.settings().await;
    assert_eq!(house.told_stopped(), 1, "{:#?}", house.rig.desktop.now().log);
    let tokens =
        |requests: &[Request]| requests.iter().filter(|request| request.path == "/oauth/v2/token").count();
    assert_eq!(tokens(&house.desk_requests()[asked..]), 0, "nobody knocks at a closed door");
    house.sign_in().await;
    house.ready().await;
    house.pops(&page).await;
    assert_eq!(house.told_stopped(), 1);
}

// Agents and extensions.

#[tokio::test]
async fn organization_department_and_agent_are_there_to_choose() {
    let house = House::signed_in().await;
    house.rig.simulator.desk().add_department(json!({ "name": "Back office" }));
    let choices = house.choices().await;
    assert_eq!(choices.organizations.len(), 1);
    assert_eq!(
        (choices.organizations[0].id.as_str(), choices.organizations[0].first),
        (ORGANIZATION_ID, true)
    );
    let departments: Vec<_> =
        choices.departments.iter().map(|department| (department.name.as_str(), department.first)).collect();
    assert_eq!(departments, [("Support", true), ("Back office", false)]);
    assert_eq!(choices.edition.as_deref(), Some("PROFESSIONAL"));
    let me = choices.me.unwrap();
    assert_eq!((me.id.as_str(), me.email.as_deref()), (AGENT_ID, Some("agent@example.com")));
}

#[tokio::test]
async fn agents_and_extensions_stand_side_by_side_and_one_side_may_fail() {
    let house = House::signed_in().await;
    house.change(&[("bindings", json!([]))]).await;
    let both = house.directory().await;
    assert_eq!((both.agents.len(), both.extensions.len()), (3, 5));
    assert_eq!((both.agents_cause, both.extensions_cause), (None, None));
    assert_eq!((both.me.as_deref(), both.proposed_extension.as_deref()), (Some(AGENT_ID), Some("1001")));
    assert_eq!(house.pbx_tokens_asked(), 1);

    house.rig.simulator.stop_desk().await;
    let extensions_only = house.directory().await;
    assert_eq!((extensions_only.agents.len(), extensions_only.extensions.len()), (0, 5));
    assert!(extensions_only.agents_cause.is_some());
    assert_eq!(house.fault(Want::Bind { by: BindBy::Email }).await, extensions_only.agents_cause.unwrap());
    house.rig.simulator.start_desk().await;
    house.rig.simulator.stop_pbx().await;
    let agents_only = house.directory().await;
    assert_eq!((agents_only.agents.len(), agents_only.extensions.len()), (3, 0));
    assert!(agents_only.extensions_cause.is_some() && agents_only.agents_cause.is_none());
}

#[tokio::test]
async fn the_same_mail_address_binds_and_who_fits_twice_is_left_to_a_person() {
    let house = House::signed_in().await;
    let (desk, pbx) = (house.rig.simulator.desk(), house.rig.simulator.pbx());
    house.change(&[("bindings", json!([{ "extension": "1003", "agent_id": "4711" }]))]).await;
    let eva = desk.add_agent(json!({ "firstName": "Eva", "emailId": "EVA@Example.com" }));
    pbx.add_extension("1006", "Eva", "eva@example.COM").await;
    for number in ["1007", "1008"] {
        pbx.add_extension(number, "Twin", "twin@example.com").await;
    }
    desk.add_agent(json!({ "firstName": "Twin", "emailId": "twin@example.com" }));
    desk.add_agent(json!({ "firstName": "Off", "emailId": "", "extn": "1004" }));
    let (bound, ambiguous) = house.bind(BindBy::Email).await;
    let mut numbers: Vec<_> = bound.iter().map(|row| row.extension.as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["1001", "1002", "1006"], "1003 is bound to somebody else");
    assert!(bound.contains(&BindingView { extension: "1006".into(), agent_id: eva }));
    assert_eq!(ambiguous, ["twin@example.com"]);
    let saved = house.settings().await.settings["bindings"].as_array().unwrap().len();
    assert_eq!(saved, 4);
    let (again, _) = house.bind(BindBy::Email).await;
    assert_eq!(again, []);
    let (bound, ambiguous) = house.bind(BindBy::Extn).await;
    assert_eq!(bound.iter().map(|row| row.extension.as_str()).collect::<Vec<_>>(), ["1004"]);
    assert_eq!(ambiguous, [""; 0]);
}

#[tokio::test]
async fn bindings_that_the_policy_sets_are_not_touched() {
    let house = House::signed_in().await;
    house.policy(&json!({ "bindings": [] }));
    assert_eq!(house.fault(Want::Bind { by: BindBy::Email }).await, "locked");
}

// Disable and disconnect.

#[tokio::test]
async fn a_disabled_desk_is_not_asked_for_anything_and_goes_on_where_it_was() {
    let house = House::signed_in().await;
    let page = house.rig.contact("Lin", "+8613800138000");
    let pbx = house.rig.simulator.pbx();
    let before = house.settings().await;
    house.change(&[("desk.enabled", json!(false))]).await;
    house.view_where(|view| view.desk.state == LinkState::Disabled).await;
    let asked = house.desk_requests().len();
    let call = pbx.call_in(LIN, "1001").await;
    house.view_where(|view| view.calls.iter().any(|known| known.call == call)).await;
    pbx.answer(&call, "1001").await;
    pbx.hang_up(&call, "caller").await;
    for command in [Command::Wake, Command::Reload] {
        house.client().await.command(command).await.unwrap();
    }
    assert!(matches!(house.client().await.look_up(LIN).await, Err(ClientError::Refused(_))));
    let view = house.view_where(|view| view.recent.iter().any(|known| known.closed)).await;
    assert_eq!(view.recent[0].why.code, "desk_disabled");
    assert_eq!(house.desk_requests().len(), asked, "{:#?}", &house.desk_requests()[asked..]);
    let view = house.change(&[("desk.enabled", json!(true))]).await;
    assert_eq!((view.settings, view.secrets), (before.settings, before.secrets), "everything was kept");
    house.ready().await;
    house.pops(&page).await;
    assert_eq!(house.given_back(), [""; 0]);
}

#[tokio::test]
async fn an_answer_that_comes_after_disabling_does_not_bring_desk_back() {
    let mut house = House::idle().await;
    house.rig.simulator.desk().set(|switches| switches.delay_ms = 300);
    house.start(Given::All).await;
    until("Desk is asked", || {
        house.desk_requests().iter().any(|request| request.path.ends_with("/organizations"))
    })
    .await;
    house.change(&[("desk.enabled", json!(false))]).await;
    house.view_where(|view| view.desk.state == LinkState::Disabled).await;
    until("the answer has come", || house.desk_requests().iter().all(|request| request.status.is_some()))
        .await;
    // A whole call goes by, so the loop has heard of the answer.
    let call = house.rig.simulator.pbx().call_in(LIN, "1001").await;
    house.view_where(|view| view.calls.iter().any(|known| known.call == call)).await;
    house.rig.simulator.pbx().hang_up(&call, "caller").await;
    house.view_where(|view| view.recent.iter().any(|known| known.closed)).await;
    assert_eq!(house.view().desk.state, LinkState::Disabled);
}

#[tokio::test]
async fn disconnecting_gives_the_sign_in_back_and_clears_what_belongs_to_desk_and_nothing_else() {
    let mut house = House::signed_in().await;
    let page = house.rig.contact("Lin", "+8613800138000");
    house.pops(&page).await;
    let token = house.kept("desk_refresh_token").unwrap();
    house
        .change(&[
            ("popup.mode", json!("manual")),
            ("tickets.enabled", json!(true)),
            ("contact_sync.phonebook", json!("Customers")),
            ("click_to_call.confirm", json!("always")),
        ])
        .await;
    house.policy(&json!({ "popup": { "trigger": "answer" }, "desk": { "client_id": DESK_CLIENT_ID } }));
    let view = settings(house.ask(Want::Disconnect).await.unwrap());
    assert_eq!(refused(&view), [""; 0]);
    assert_eq!(house.given_back(), [token]);
    let now = &view.settings;
    assert_eq!((&now["popup"]["mode"], &now["popup"]["trigger"]), (&json!("automatic"), &json!("answer")));
    assert_eq!(
        (&now["tickets"]["enabled"], &now["contact_sync"]["phonebook"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(
        (&now["desk"]["client_id"], &now["desk"]["organization_id"]),
        (&json!(DESK_CLIENT_ID), &Value::Null)
    );
    assert_eq!(now["desk"]["data_center"], "us");
    assert_eq!(now["bindings"], json!([]));
    assert_eq!(now["pbx"]["extensions"], json!(["1001"]));
    assert_eq!(
        (&now["numbers"]["area_code"], &now["click_to_call"]["confirm"]),
        (&json!("592"), &json!("always"))
    );
    assert_eq!((&view.secrets["desk_client_secret"], &view.secrets["desk_refresh_token"]), (&None, &None));
    assert_eq!(view.secrets["pbx_client_secret"].as_deref(), Some("environment"));
    let view = house.view_where(|view| view.desk.state == LinkState::NotSetUp).await;
    assert_eq!((view.pbx.state, view.desk.cause.as_deref()), (LinkState::Up, Some("desk_secret_missing")));
    let asked = house.desk_requests().len();
    let call = house.rig.simulator.pbx().call_in(LIN, "1001").await;
    house.view_where(|view| view.calls.iter().any(|known| known.call == call)).await;
    let late: Vec<String> = house.desk_requests().into_iter().skip(asked).map(|late| late.path).collect();
    assert_eq!(late, [""; 0]);
    let touched: Vec<_> = house.rig.simulator.pbx().requests();
    let touched: Vec<_> = touched
        .iter()
        .map(|request| request.path.as_str())
        .filter(|path| path.contains("contact") || path.contains("phonebook"))
        .collect();
    assert_eq!(touched, [""; 0], "the PBX's phonebook is not Desk's");
    house.stop().await;
    let journal = Journal::open(house.rig.profile.path()).unwrap();
    assert_eq!(journal.cache_get("+8613800138000", 0).unwrap(), None, "no contact of Desk stays");
}

#[tokio::test]
async fn disconnecting_works_while_zoho_cannot_be_reached_and_twice() {
    let house = House::signed_in().await;
    house.rig.simulator.stop_desk().await;
    for _ in 0..2 {
        let view = settings(house.ask(Want::Disconnect).await.unwrap());
        assert_eq!(view.settings["desk"]["client_id"], Value::Null);
        assert_eq!(house.kept("desk_refresh_token"), None);
    }
    house.view_where(|view| view.desk.state == LinkState::NotSetUp).await;
}

#[tokio::test]
async fn a_policy_that_goes_with_only_some_of_the_defaults_does_not_keep_the_rest_from_being_cleared() {
    let house = House::signed_in().await;
    house.change(&[("tickets.when", json!("before_call")), ("tickets.call_types", json!(["inbound"]))]).await;
    house.policy(&json!({ "tickets": { "enabled": true, "when": "before_call" } }));
    let view = settings(house.ask(Want::Disconnect).await.unwrap());
    assert_eq!(view.settings["desk"]["client_id"], Value::Null);
    assert_eq!(view.settings["bindings"], json!([]));
    assert_eq!(view.settings["tickets"]["call_types"], json!(["inbound"]));
}

#[tokio::test]
async fn disconnecting_closes_the_door_of_a_sign_in_under_way() {
    let house = House::signed_out().await;
    house.begin().await;
    house.ask(Want::Disconnect).await.unwrap();
    assert!(is_free(house.door));
    assert_eq!(house.end().await, Err("sign_in_cancelled".to_owned()));
}
