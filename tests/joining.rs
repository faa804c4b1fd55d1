//! Joining a gateway by the link that its administrator hands out: real programs and sockets, codes that are wrong, used
//! and guessed, links that pages open, certificates that nobody vouches for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![cfg(unix)]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;

use deskring_engine::admin::{Answer, Fault, InvitedBy, PbxDraft, Typed, Want};
use deskring_engine::assist::{self, DialBy};
use deskring_engine::view::{InvitationView, LinkState};
use deskring_engine::{Admin, Engine, Handle};
use deskring_simulator::{Options, Simulator};
use deskring_store::{Environment, Keychain, SecretsConfig};
use e2e::gateway::{Front, Gate, STANDBY};
use e2e::{PATIENCE, Recorder, paths};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// An app that nobody has set up.
struct App {
    profile: TempDir,
    desktop: Arc<Recorder>,
    handle: Handle,
    task: JoinHandle<deskring_engine::Stopped>,
}

impl App {
    fn new() -> App {
        let profile = tempfile::tempdir().unwrap();
        let desktop = Arc::new(Recorder::default());
        let config = SecretsConfig {
            keychain: Keychain::Off,
            environment: Environment::Given(BTreeMap::new()),
            ..SecretsConfig::new(profile.path(), "deskring-test")
        };
        let engine = Engine::prepare_with(paths(profile.path()), config, desktop.clone()).unwrap();
        let handle = engine.handle();
        App { profile, desktop, handle, task: tokio::spawn(engine.run()) }
    }

    /// As the system does when somebody, or a page, opens a link.
    async fn opens(&self, link: &str) -> InvitationView {
        let want = assist::Want::Dial { text: link.to_owned(), by: DialBy::Link };
        assert_eq!(self.handle.assist(want).await.unwrap(), assist::Answer::Done);
        self.view_where(|view| view.invitation.is_some()).await.unwrap()
    }

    async fn view_where(&self, wanted: impl Fn(&deskring_engine::AppView) -> bool) -> Option<InvitationView> {
        let mut views = self.handle.view();
        let found = tokio::time::timeout(PATIENCE, views.wait_for(|view| wanted(view))).await;
        found.expect("the view comes").unwrap().invitation.clone()
    }

    async fn enroll(
        &self,
        by: InvitedBy,
        trusted: Option<&str>,
        file_permitted: bool,
    ) -> Result<Answer, Fault> {
        let trusted_certificate = trusted.map(str::to_owned);
        self.handle.ask(Want::Enroll { by, trusted_certificate, file_permitted }).await
    }

    fn draft(&self) -> PbxDraft {
        let pbx = self.settings()["pbx"].clone();
        PbxDraft {
            url: pbx["url"].as_str().unwrap().to_owned(),
            client_id: pbx["client_id"].as_str().unwrap().to_owned(),
            extensions: vec!["2001".to_owned()],
            trusted_certificate: pbx["trusted_certificate"].as_str().map(str::to_owned),
            more_addresses: serde_json::from_value(pbx["more_addresses"].clone()).unwrap_or_default(),
            client_secret: None,
        }
    }

    fn settings(&self) -> Value {
        let text = std::fs::read_to_string(self.profile.path().join("settings.json"));
        text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn simulator() -> Simulator {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    simulator.pbx().add_extension("2001", "Agent", "agent@example.com").await;
    simulator
}

fn typed(link: &str) -> InvitedBy {
    InvitedBy::Link(Typed(link.to_owned().into()))
}

fn code_of(answer: Result<Answer, Fault>) -> String {
    answer.unwrap_err().code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_opened_asks_first_and_then_connects_the_app() {
    let simulator = simulator().await;
    let gate = Gate::open(&simulator, Front::SelfSigned).await;
    let app = App::new();
    let link = gate.invite("2001").await;
    let shown = app.opens(&link).await;
    assert_eq!(shown.gateway.as_deref(), Some(gate.url.as_str()));
    app.desktop.wait_for("the settings are shown", |seen| seen.windows == 1).await;
    assert!(gate.state.agents().await.unwrap().is_empty(), "nothing is sent before somebody has agreed");
    let by = || InvitedBy::Shown(shown.id);

    // What cannot be kept is not asked for; a certificate is compared first. Neither uses the code up.
    assert_eq!(code_of(app.enroll(by(), None, false).await), "consent_needed");
    let Answer::PbxTest(test) = app.enroll(by(), None, true).await.unwrap() else { panic!() };
    assert_eq!(test.cause.as_deref(), Some("unknown_certificate"));
    assert_eq!(test.certificate.map(|shown| shown.sha256), gate.sha256);
    assert_eq!(app.settings(), Value::Null);
    assert!(gate.state.agents().await.unwrap().is_empty());

    let answer = app.enroll(by(), gate.sha256.as_deref(), true).await.unwrap();
    let Answer::Enrolled { extension, test } = answer else { panic!("{answer:?}") };
    assert_eq!((extension.as_str(), test.cause), ("2001", None));
    assert_eq!(test.extensions.iter().map(|it| it.number.as_str()).collect::<Vec<_>>(), ["2001"]);
    let agents = gate.state.agents().await.unwrap();
    let pbx = &app.settings()["pbx"];
    assert_eq!(pbx["url"], gate.url.as_str());
    assert_eq!(pbx["client_id"], agents[0].client.0.as_str());
    assert_eq!(pbx["extensions"], json!(["2001"]));
    assert_eq!(pbx["trusted_certificate"].as_str(), gate.sha256.as_deref());
    assert_eq!(pbx["more_addresses"], json!([STANDBY]));
    assert_eq!(app.view_where(|view| view.pbx.state == LinkState::Up).await, None, "it is answered");
    // And it works: a call is seen.
    let call = simulator.pbx().call_in("12125550147", "2001").await;
    app.view_where(|view| view.calls.iter().any(|known| known.call == call)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_wrong_used_or_for_nobody_is_refused_in_one_way() {
    let simulator = simulator().await;
    let gate = Gate::open(&simulator, Front::Plain).await;
    let (first, second) = (App::new(), App::new());
    let link = gate.invite("2001").await;
    assert!(matches!(first.enroll(typed(&link), None, true).await, Ok(Answer::Enrolled { .. })));
    let before = second.settings();
    assert_eq!(code_of(second.enroll(typed(&link), None, true).await), "invitation_refused");
    let code = link.rsplit_once('=').unwrap().1;
    let wrong = link.replace(code, "guessed");
    assert_eq!(code_of(second.enroll(typed(&wrong), None, true).await), "invitation_refused");
    assert_eq!(second.settings(), before, "nothing was changed");
    // Guessing is slowed as wrong secrets are, and the agents that are connected do not notice.
    for _ in 0..3 {
        assert_eq!(code_of(second.enroll(typed(&wrong), None, true).await), "invitation_refused");
    }
    let good = gate.invite("2001").await;
    assert_eq!(code_of(second.enroll(typed(&good), None, true).await), "invitation_locked");
    first.view_where(|view| view.pbx.state == LinkState::Up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_neither_enroll_nor_slip_another_gateway_in() {
    let simulator = simulator().await;
    let gate = Gate::open(&simulator, Front::Plain).await;
    let app = App::new();
    let shown = app.opens(&gate.invite("2001").await).await;
    // Another link comes while somebody reads the question.
    let evil = "deskring://enroll?gateway=https%3A%2F%2Fevil.example.com&code=a";
    app.opens(evil).await;
    app.view_where(|view| {
        view.invitation.as_ref().is_some_and(|it| it.gateway.as_deref() == Some("https://evil.example.com"))
    })
    .await;
    assert_eq!(code_of(app.enroll(InvitedBy::Shown(shown.id), None, true).await), "invitation_wrong");
    // Links that would send the code in the clear, or are none.
    for wrong in ["deskring://enroll?gateway=http%3A%2F%2Fgw.example.com&code=a", "deskring:enroll"] {
        app.opens(wrong).await;
        app.view_where(|view| view.invitation.as_ref().is_some_and(|it| it.gateway.is_none())).await;
    }
    app.handle.ask(Want::Decline).await.unwrap();
    assert_eq!(app.view_where(|view| view.invitation.is_none()).await, None);
    assert_eq!(app.settings(), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_gateway_is_told_so_and_a_policy_is_kept() {
    let simulator = simulator().await;
    let app = App::new();
    // The PBX itself does not know such a question.
    let link = format!("deskring://enroll?gateway={}&code=a", simulator.pbx_url().replace(':', "%3A"));
    assert_eq!(code_of(app.enroll(typed(&link), None, true).await), "invitation_no_gateway");
    let nobody = format!("deskring://enroll?gateway=http%3A%2F%2F127.0.0.1%3A{}&code=a", e2e::free_port());
    assert_eq!(code_of(app.enroll(typed(&nobody), None, true).await), "refused");
    let policy = json!({ "version": 1, "pbx": { "url": "https://gateway.example.com" } });
    std::fs::write(app.profile.path().join("policy.json"), policy.to_string()).unwrap();
    assert_eq!(code_of(app.enroll(typed(&link), None, true).await), "set_by_policy");
}

/// A text somewhere in a document.
fn find<'a>(document: &'a Value, name: &str) -> Option<&'a str> {
    let Value::Object(fields) = document else { return None };
    let here = fields.get(name).and_then(Value::as_str);
    here.or_else(|| fields.values().find_map(|inner| find(inner, name)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_hands_out_a_link_and_a_terminal_takes_it() {
    let simulator = simulator().await;
    let gate = Gate::open(&simulator, Front::SelfSigned).await;
    let invite = tokio::process::Command::new(e2e::program("deskring-gateway"))
        .arg("--config")
        .arg(gate.config_file())
        .args(["agent", "invite", "2001"])
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8(invite.stdout).unwrap();
    assert!(invite.status.success(), "{}", String::from_utf8_lossy(&invite.stderr));
    assert!(printed.contains("24 hours") && printed.contains("once"), "{printed}");
    let link = printed.lines().next().unwrap();
    assert!(link.starts_with("deskring://enroll?gateway=https%3A%2F%2F127.0.0.1"), "{link}");
    let profile = tempfile::tempdir().unwrap();
    let connect = async |more: &[&str]| {
        let mut program = tokio::process::Command::new(e2e::program("deskring-cli"));
        program.arg("--profile").arg(profile.path()).args(["connect", "--invite", link]).args(more);
        program.env("DESKRING_KEYCHAIN", "off").env("LC_ALL", "en_US.UTF-8").env_remove("XDG_RUNTIME_DIR");
        program.env_remove("DESKRING_PBX_CLIENT_SECRET").env("DESKRING_LOG", "trace").stdin(Stdio::null());
        let output = program.output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let (good, _, error) = connect(&["--allow-file"]).await;
    let sha256 = gate.sha256.clone().unwrap();
    let code = link.rsplit_once('=').unwrap().1;
    assert!(!error.contains(code), "the code is in the log");
    assert!(!good && error.contains(&format!("--trust {sha256}")), "{error}");
    let (good, said, error) = connect(&["--allow-file", "--trust", &sha256]).await;
    assert!(good && said.contains("extension 2001"), "{said}{error}");
    let client = &gate.state.agents().await.unwrap()[0].client.0;
    let kept = std::fs::read_to_string(profile.path().join("secrets/secrets.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    let secret = find(&kept, "pbx_client_secret").expect("the secret is kept");
    for hidden in [code, secret] {
        assert!(!error.contains(hidden) && !said.contains(hidden), "a secret was printed");
    }
    assert!(!error.contains(client), "the Client ID is in the log");
    let (good, _, error) = connect(&["--allow-file", "--trust", &sha256]).await;
    assert!(!good && error.contains("used already"), "{error}");
    // What was kept is what the next start works with.
    let admin = Admin::alone(paths(profile.path()), Arc::new(Recorder::default()));
    let Answer::Settings(view) = admin.ask(Want::Settings).await.unwrap() else { panic!() };
    assert_eq!(view.secrets["pbx_client_secret"].as_deref(), Some("file"));
    assert_eq!(view.settings["pbx"]["extensions"], json!(["2001"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_can_ask_whether_its_gateway_is_well() {
    let simulator = simulator().await;
    let mut gate = Gate::open(&simulator, Front::Plain).await;
    let config = gate.config_file();
    let asked = async || {
        let mut program = tokio::process::Command::new(e2e::program("deskring-gateway"));
        program.arg("--config").arg(&config).arg("health").output().await.unwrap().status.code()
    };
    assert_eq!(asked().await, Some(0));
    gate.stop().await;
    assert_eq!(asked().await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_changes_to_the_gateway_that_answers_and_stays_with_it() {
    let simulator = simulator().await;
    let (mut first, second) = Gate::two(&simulator).await;
    let app = App::new();
    let link = first.invite("2001").await;
    assert!(matches!(app.enroll(typed(&link), None, true).await, Ok(Answer::Enrolled { .. })));
    let changes = BTreeMap::from([("pbx.more_addresses".to_owned(), json!(format!(" {}/\n", second.url)))]);
    app.handle.ask(Want::Change { changes }).await.unwrap();
    assert_eq!(app.settings()["pbx"]["more_addresses"], json!([second.url]));
    let serves = async |gate: &Gate| {
        app.view_where(|view| view.pbx.state == LinkState::Up && view.pbx.address.as_ref() == Some(&gate.url))
            .await
    };
    serves(&first).await;
    let credentials = first.state.agents().await.unwrap();
    first.stop().await;
    serves(&second).await;
    let call = simulator.pbx().call_in("12125550147", "2001").await;
    app.view_where(|view| view.calls.iter().any(|known| known.call == call)).await;
    // The first one is back, and nobody runs there.
    first.run().await;
    let Answer::PbxTest(test) = app.handle.ask(Want::TestPbx { draft: app.draft() }).await.unwrap() else {
        panic!()
    };
    let sites: Vec<_> =
        test.sites.iter().map(|site| (site.address.as_str(), site.serves, &site.cause)).collect();
    assert_eq!(sites, [(second.url.as_str(), true, &None), (first.url.as_str(), false, &None)]);
    serves(&second).await;
    assert_eq!(
        first.state.agents().await.unwrap().len(),
        credentials.len(),
        "no other credential was needed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_trusted_at_the_address_that_shows_it_and_nowhere_else() {
    let simulator = simulator().await;
    let (first, second) =
        (Gate::open(&simulator, Front::SelfSigned).await, Gate::open(&simulator, Front::SelfSigned).await);
    let app = App::new();
    let link = first.invite("2001").await;
    let answer = app.enroll(typed(&link), first.sha256.as_deref(), true).await.unwrap();
    assert!(matches!(answer, Answer::Enrolled { .. }));
    let test = async |more: String| {
        let draft = PbxDraft { more_addresses: vec![more], ..app.draft() };
        let Answer::PbxTest(test) = app.handle.ask(Want::TestPbx { draft }).await.unwrap() else { panic!() };
        let of_second = test.sites.iter().find(|site| site.address == second.url).unwrap().clone();
        (test.cause.clone(), of_second)
    };
    let (cause, site) = test(second.url.clone()).await;
    assert_eq!((cause, site.cause.as_deref()), (None, Some("unknown_certificate")));
    assert_eq!(site.certificate.map(|shown| shown.sha256), second.sha256);
    let of_first = format!("{}#sha256={}", second.url, first.sha256.as_deref().unwrap());
    assert_eq!(test(of_first).await.1.cause.as_deref(), Some("changed_certificate"));
    let own = format!("{}#sha256={}", second.url, second.sha256.as_deref().unwrap());
    assert_eq!(test(own).await.1.cause, None);
}
