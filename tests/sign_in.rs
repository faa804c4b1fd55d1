//! Signing in to Desk over real sockets, with a browser that follows redirects: what is granted, what each failure is
//! called, what the browser shows, and that the door survives whoever knocks. Then what is chosen from afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use deskring_engine::LOG_LIMITS;
use deskring_simulator::{
    AGENT_ID, Consent, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN,
    ORGANIZATION_ID, Options, ScopeRefusal, Simulator,
};
use deskring_zoho_desk::{
    Application, CallActivities, ClientType, Config, Desk, Door, ExposeSecret, ForgetTokens, Granted, Hosts,
    Kind, OrganizationId, Pages, SCOPES, SIGN_IN_PATIENCE, Scopes, Secret, SignIn, SignInError, SignInFault,
    Standing, Timings, revoke, server_clock,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing_subscriber::EnvFilter;

async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

/// A port below those that the system hands out, so that no other connection has it by chance.
fn free_door() -> Door {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let door = Door { port: start + NEXT.fetch_add(1, Ordering::SeqCst) };
        if is_free(door) {
            return door;
        }
    }
}

fn is_free(door: Door) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, door.port)).is_ok()
        && TcpListener::bind((Ipv6Addr::LOCALHOST, door.port)).is_ok()
}

fn hosts(simulator: &Simulator) -> Hosts {
    Hosts::custom(&simulator.accounts_url(), &simulator.desk_url()).unwrap()
}

fn application(simulator: &Simulator) -> Application {
    Application {
        hosts: hosts(simulator),
        client_id: DESK_CLIENT_ID.to_owned(),
        client_secret: DESK_CLIENT_SECRET.to_owned().into(),
        client_type: ClientType::Server,
    }
}

fn pages() -> Pages {
    let page = |word: &str| format!("<!doctype html><title>{word}</title>");
    Pages { success: page("success"), refused: page("refused"), failed: page("failed"), wrong: page("wrong") }
}

async fn begin(simulator: &Simulator, door: Door) -> SignIn {
    SignIn::begin(application(simulator), Scopes::Calls, door, pages()).await.unwrap()
}

/// Opens an address and follows redirects; gives the title of the page at the end.
async fn browse(address: &str) -> String {
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = browser.get(address).send().await.unwrap().text().await.unwrap();
    page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default().to_owned()
}

/// Signs in and browses at once.
async fn complete(sign_in: SignIn) -> (Result<Granted, SignInError>, String) {
    let address = sign_in.address().to_string();
    tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), browse(&address))
}

async fn sign_in(simulator: &Simulator) -> (Result<Granted, SignInError>, String) {
    complete(begin(simulator, free_door()).await).await
}

fn desk(simulator: &Simulator, refresh_token: Secret) -> Desk {
    let config = Config {
        hosts: hosts(simulator),
        client_id: DESK_CLIENT_ID.to_owned(),
        client_secret: DESK_CLIENT_SECRET.to_owned().into(),
        refresh_token,
        organization: Some(OrganizationId::new(ORGANIZATION_ID)),
        department: None,
        timings: Timings::default(),
    };
    Desk::new(config, Arc::new(ForgetTokens)).unwrap()
}

fn signed_in(simulator: &Simulator) -> Desk {
    desk(simulator, DESK_REFRESH_TOKEN.to_owned().into())
}

fn token_requests(simulator: &Simulator) -> usize {
    simulator.desk().requests().iter().filter(|request| request.path == "/oauth/v2/token").count()
}

async fn say(door: Door, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, door.port)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn hear(mut stream: TcpStream) -> String {
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    String::from_utf8_lossy(&heard).into_owned()
}

// The way that works.

#[tokio::test]
async fn a_user_who_agrees_is_signed_in_with_either_type_of_client() {
    for client_type in [ClientType::Server, ClientType::Desktop] {
        let simulator = simulator().await;
        let application = Application { client_type, ..application(&simulator) };
        let door = free_door();
        let sign_in = SignIn::begin(application, Scopes::Calls, door, pages()).await.unwrap();
        let (granted, page) = complete(sign_in).await;
        let granted = granted.unwrap();
        assert_eq!(page, "success");
        assert_eq!((&granted.hosts, granted.data_center), (&hosts(&simulator), None));
        let life = granted.access_token.expires_at.duration_since(SystemTime::now()).unwrap();
        assert!((3500..=3600).contains(&life.as_secs()), "{life:?}");
        let asked = simulator.desk().requests();
        let authorization = asked.iter().find(|request| request.path == "/oauth/v2/auth").unwrap();
        let challenge = authorization.parameter("code_challenge");
        assert_eq!(challenge.is_some(), client_type == ClientType::Desktop);
        let exchange = asked.iter().find(|request| request.path == "/oauth/v2/token").unwrap();
        assert_eq!(exchange.query, "", "nothing secret in an address");
        assert_eq!(exchange.body.contains("code_verifier="), client_type == ClientType::Desktop);
        let desk = desk(&simulator, granted.refresh_token);
        assert_eq!(desk.my_info().await.unwrap().id.as_str(), AGENT_ID);
        assert_eq!(desk.missing_scopes().await.unwrap(), Vec::<&str>::new());
        assert!(is_free(door), "the door is closed after use");
    }
}

#[tokio::test]
async fn the_browser_may_come_back_by_either_address_of_localhost() {
    for address in ["127.0.0.1", "[::1]"] {
        let simulator = simulator().await;
        let door = free_door();
        let sign_in = begin(&simulator, door).await;
        let back = returning(&sign_in).await;
        let visit = async {
            let mut stream = TcpStream::connect(format!("{address}:{}", door.port)).await.unwrap();
            stream.write_all(request(door, &back).as_bytes()).await.unwrap();
            hear(stream).await
        };
        let (granted, page) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), visit);
        granted.unwrap();
        assert!(page.contains("success"), "{page}");
    }
}

/// Lets the simulator agree, and gives path and query of the redirect without following it.
async fn returning(sign_in: &SignIn) -> String {
    let browser =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = browser.get(sign_in.address().as_str()).send().await.unwrap();
    let back = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    format!("{}?{}", back.path(), back.query().unwrap())
}

fn request(door: Door, target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", door.port)
}

#[tokio::test]
async fn a_user_answers_on_the_consent_page() {
    for (answer, title) in [("accept", "success"), ("reject", "refused")] {
        let simulator = simulator().await;
        simulator.desk().set(|switches| switches.consent = Consent::AskPage);
        let sign_in = begin(&simulator, free_door()).await;
        let address = sign_in.address().to_string();
        let visit = async {
            let consent = reqwest::get(&address).await.unwrap().text().await.unwrap();
            let ticket = consent.split("ticket=").nth(1).unwrap().split('"').next().unwrap();
            let choice = format!("oauth/v2/consent?ticket={ticket}&answer={answer}");
            browse(&format!("{}/{choice}", simulator.accounts_url().trim_end_matches('/'))).await
        };
        let (granted, page) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), visit);
        assert_eq!((granted.is_ok(), page.as_str()), (answer == "accept", title));
    }
}

// Ways that do not.

#[tokio::test]
async fn each_failure_has_its_code_and_the_browser_says_the_truth() {
    type Change = fn(&mut deskring_simulator::DeskSwitches);
    let cases: [(&str, &str, Change); 7] = [
        ("sign_in_refused", "refused", |switches| switches.consent = Consent::Refuse),
        ("no_refresh_token", "failed", |switches| switches.withhold_refresh_token = true),
        ("code_expired", "failed", |switches| switches.wrong_data_center = true),
        ("server_error", "failed", |switches| switches.token_endpoint_status = Some(503)),
        ("foreign_accounts_server", "failed", |switches| {
            switches.accounts_server = Some("https://accounts.zoho.com.evil.example".to_owned());
        }),
        ("foreign_accounts_server", "failed", |switches| {
            switches.accounts_server = Some("https://accounts.zoho.uk".to_owned());
        }),
        ("scope_unknown", "failed", |switches| {
            switches.unknown_scopes = vec!["Desk.calls.CREATE".to_owned()];
            switches.scope_refusal = ScopeRefusal::Redirect;
        }),
    ];
    for (code, title, change) in cases {
        let simulator = simulator().await;
        simulator.desk().set(change);
        let (granted, page) = sign_in(&simulator).await;
        assert_eq!((granted.unwrap_err().code(), page.as_str()), (code, title));
        let asked = match code {
            "sign_in_refused" | "foreign_accounts_server" | "scope_unknown" => 0,
            _ => 1,
        };
        assert_eq!(token_requests(&simulator), asked, "{code}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_told_apart() {
    let simulator = simulator().await;
    let application = Application { client_secret: "wrong".to_owned().into(), ..application(&simulator) };
    let sign_in = SignIn::begin(application, Scopes::Calls, free_door(), pages()).await.unwrap();
    let (granted, page) = complete(sign_in).await;
    let error = granted.unwrap_err();
    assert_eq!((error.kind(), page.as_str()), (SignInFault::ClientSecretWrong, "failed"));
    assert_eq!(error.detail(), Some("invalid_client_secret"));
}

#[tokio::test]
async fn unknown_scopes_for_calls_are_asked_for_by_their_other_name() {
    let simulator = simulator().await;
    simulator.desk().set(|switches| {
        switches.unknown_scopes =
            SCOPES.split(',').filter(|scope| scope.contains("calls")).map(String::from).collect();
        switches.scope_refusal = ScopeRefusal::Redirect;
    });
    let (granted, _) = sign_in(&simulator).await;
    assert_eq!(granted.unwrap_err().kind(), SignInFault::ScopeUnknown);
    let again = SignIn::begin(application(&simulator), Scopes::ActivitiesCalls, free_door(), pages());
    let (granted, page) = complete(again.await.unwrap()).await;
    assert_eq!(page, "success");
    let desk = desk(&simulator, granted.unwrap().refresh_token);
    assert_eq!(desk.can_write_calls().await.unwrap(), CallActivities::Available);
}

#[tokio::test]
async fn an_error_on_zoho_s_own_page_and_a_user_who_stays_away_end_in_a_timeout() {
    let simulator = simulator().await;
    simulator.desk().set(|switches| switches.redirect_uris = vec!["http://localhost:1/other".to_owned()]);
    let door = free_door();
    let sign_in = begin(&simulator, door).await;
    assert_eq!(browse(sign_in.address().as_str()).await, "ERROR");
    let error = sign_in.finish(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.kind(), SignInFault::TimedOut);
    assert!(is_free(door));
}

#[tokio::test]
async fn a_port_in_use_on_either_address_is_an_error_at_once() {
    let simulator = simulator().await;
    for address in ["127.0.0.1", "::1"] {
        let door = free_door();
        let other = TcpListener::bind((address, door.port)).unwrap();
        let begun = SignIn::begin(application(&simulator), Scopes::Calls, door, pages()).await;
        assert_eq!(begun.unwrap_err().code(), "port_in_use", "{address}");
        drop(other);
        assert!(is_free(door), "the other address is given back");
        begin(&simulator, door).await;
    }
}

#[tokio::test]
async fn a_second_sign_in_does_not_take_the_door_of_the_first() {
    let simulator = simulator().await;
    let door = free_door();
    let first = begin(&simulator, door).await;
    let second = SignIn::begin(application(&simulator), Scopes::Calls, door, pages()).await;
    assert_eq!(second.unwrap_err().kind(), SignInFault::PortInUse);
    complete(first).await.0.unwrap();
}

#[tokio::test]
async fn giving_up_frees_both_ports_at_once() {
    let simulator = simulator().await;
    let door = free_door();
    drop(begin(&simulator, door).await);
    assert!(is_free(door), "never waited for");
    let waiting = begin(&simulator, door).await;
    let visit = async {
        let _open = say(door, "GET /deskring HTTP/1.1\r\n").await;
        let answer = hear(say(door, &request(door, "/favicon.ico")).await).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    };
    tokio::select! {
        _ = waiting.finish(SIGN_IN_PATIENCE) => panic!("nobody came back"),
        () = visit => {}
    }
    assert!(is_free(door), "dropped while waiting");
}

// Whoever knocks.

#[tokio::test]
async fn a_wrong_state_is_turned_away_and_the_right_one_still_counts() {
    let simulator = simulator().await;
    let door = free_door();
    let sign_in = begin(&simulator, door).await;
    let back = returning(&sign_in).await;
    let visits = async {
        let mut forged = url::Url::parse(&format!("http://localhost:{}{back}", door.port)).unwrap();
        forged.set_query(Some("state=forged&code=1000.stolen"));
        assert_eq!(browse(forged.as_str()).await, "wrong");
        let spoofed = request(door, &back).replace("localhost", "evil.example");
        let answer = hear(say(door, &spoofed).await).await;
        assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
        assert_eq!(token_requests(&simulator), 0);
        browse(&format!("http://localhost:{}{back}", door.port)).await
    };
    let (granted, page) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), visits);
    granted.unwrap();
    assert_eq!(page, "success");
}

#[tokio::test]
async fn a_redirect_that_comes_twice_counts_once() {
    let simulator = simulator().await;
    let door = free_door();
    let sign_in = begin(&simulator, door).await;
    let back = request(door, &returning(&sign_in).await);
    let (first, second) = (say(door, &back).await, say(door, &back).await);
    let (granted, first, second) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), hear(first), hear(second));
    granted.unwrap();
    assert!(first.contains("success") && second.contains("success"), "{first} {second}");
    assert_eq!(token_requests(&simulator), 1);
}

#[tokio::test]
async fn two_hundred_half_open_connections_and_junk_do_not_keep_the_browser_out() {
    let simulator = simulator().await;
    let door = free_door();
    let sign_in = begin(&simulator, door).await;
    let address = sign_in.address().to_string();
    let visits = async {
        let mut crowd = Vec::new();
        for number in 0..200 {
            let text = match number % 4 {
                0 => "",
                1 => "GET /deskring HTTP/1.1\r\nHost: local",
                2 => "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
                _ => "GET /deskring?state=guess&code=1 HTTP/1.1\r\nX-Slow: ",
            };
            crowd.push(say(door, text).await);
        }
        let page = browse(&address).await;
        // The oldest were dropped to make room: they hear the end, long before their own time is up.
        let oldest = tokio::time::timeout(Duration::from_secs(4), hear(crowd.swap_remove(0))).await;
        assert!(oldest.is_ok(), "the oldest connection is still open");
        page
    };
    let (granted, page) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), visits);
    granted.unwrap();
    assert_eq!(page, "success");
    assert!(is_free(door));
}

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

#[tokio::test]
async fn nothing_secret_is_logged_at_the_most_talkative_level() {
    let ear = Ear::default();
    let filter = EnvFilter::new(format!("trace,{LOG_LIMITS}"));
    let heard = ear.clone();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || heard.clone()).init();
    let simulator = simulator().await;
    let door = free_door();
    let application = Application { client_type: ClientType::Desktop, ..application(&simulator) };
    let begun = SignIn::begin(application, Scopes::Calls, door, pages()).await.unwrap();
    let state = begun.address().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let code = returning(&begun).await;
    let visits = async {
        hear(say(door, "GET /deskring?state=fixture-of-a-guess\r\n\r\n").await).await;
        hear(say(door, &request(door, "/deskring?state=fixture-of-a-guess&code=x")).await).await;
        hear(say(door, &request(door, &code)).await).await
    };
    let (granted, _) = tokio::join!(begun.finish(SIGN_IN_PATIENCE), visits);
    let granted = granted.unwrap();
    let token = granted.refresh_token.clone();
    desk(&simulator, token.clone()).check().await.unwrap();
    revoke(&hosts(&simulator), &token, Timings::default()).await.unwrap();
    revoke(&hosts(&simulator), &token, Timings::default()).await.unwrap();
    simulator.desk().set(|switches| switches.wrong_data_center = true);
    sign_in(&simulator).await.0.unwrap_err();
    let log = String::from_utf8(ear.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("signing in failed"), "it was listened to: {log}");
    let code =
        url::form_urlencoded::parse(code.as_bytes()).find(|(name, _)| name == "code").unwrap().1.into_owned();
    for secret in [
        token.expose_secret(),
        granted.access_token.token.expose_secret(),
        DESK_CLIENT_SECRET,
        &state,
        &code,
        "fixture-of-a-guess",
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

// Afterwards.

#[tokio::test]
async fn a_revoked_token_is_signed_out_and_an_unknown_one_counts_as_revoked() {
    let simulator = simulator().await;
    let token: Secret = DESK_REFRESH_TOKEN.to_owned().into();
    let before = signed_in(&simulator);
    before.check().await.unwrap();
    revoke(&hosts(&simulator), &token, Timings::default()).await.unwrap();
    let asked = simulator.desk().requests();
    let asked: Vec<_> = asked.iter().filter(|request| request.path == "/oauth/v2/token/revoke").collect();
    assert_eq!((asked.len(), asked[0].query.as_str()), (1, ""), "not in an address");
    assert_eq!(before.check().await.unwrap_err().kind(), &Kind::SignedOut);
    revoke(&hosts(&simulator), &token, Timings::default()).await.unwrap();
    simulator.stop_desk().await;
    let error = revoke(&hosts(&simulator), &token, Timings::default()).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Refused);
}

#[tokio::test]
async fn all_departments_and_agents_are_listed_whatever_number_the_first_row_has() {
    for base in [0, 1] {
        let simulator = simulator().await;
        simulator.desk().set(|switches| switches.list_base = base);
        for number in 0..450 {
            let desk = simulator.desk();
            desk.add_department(json!({ "name": format!("Team {number}") }));
            desk.add_agent(
                json!({ "firstName": "A", "lastName": format!("{number}"), "extn": format!("{number}"),
                                   "emailId": format!("a{number}@example.com") }),
            );
        }
        simulator.desk().add_department(json!({ "name": "Closed", "isEnabled": false }));
        simulator.desk().add_agent(json!({ "lastName": "Gone", "status": "DISABLED" }));
        let desk = signed_in(&simulator);
        let departments = desk.departments().await.unwrap();
        assert_eq!(departments.len(), 451, "base {base}");
        let distinct: BTreeSet<&str> = departments.iter().map(|department| department.id.as_str()).collect();
        assert_eq!(distinct.len(), 451);
        let default: Vec<&str> = departments
            .iter()
            .filter(|department| department.standing == Standing::Default)
            .map(|department| department.id.as_str())
            .collect();
        assert_eq!(default, [DEPARTMENT_ID]);
        let agents = desk.agents().await.unwrap();
        assert_eq!(agents.len(), 453, "base {base}");
        let distinct: BTreeSet<&str> = agents.iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(distinct.len(), 453);
        let one = agents.iter().find(|agent| agent.extension.as_deref() == Some("449")).unwrap();
        assert_eq!(one.name.as_deref(), Some("A 449"));
        assert_eq!(one.email.as_deref(), Some("a449@example.com"));
        assert_eq!(one.status.as_deref(), Some("ACTIVE"));
        let pages = simulator.desk().requests();
        assert_eq!(pages.iter().filter(|request| request.path == "/api/v1/agents").count(), 3);
        let mine = desk.my_departments().await.unwrap();
        assert_eq!(mine.len(), 1);
        assert_eq!(mine[0].name.as_deref(), Some("Support"));
    }
}

#[tokio::test]
async fn each_missing_scope_is_named() {
    let simulator = simulator().await;
    let desk = signed_in(&simulator);
    assert_eq!(desk.missing_scopes().await.unwrap(), Vec::<&str>::new());
    let all: Vec<&str> = SCOPES.split(',').filter(|scope| *scope != "Desk.settings.READ").collect();
    for missing in
        ["Desk.basic.READ", "Desk.contacts.READ", "Desk.search.READ", "Desk.tickets.READ", "Desk.calls.READ"]
    {
        let left = all.iter().filter(|scope| **scope != missing).map(|scope| (*scope).to_owned()).collect();
        simulator.desk().set(|switches| switches.scopes = Some(left));
        assert_eq!(desk.missing_scopes().await.unwrap(), [missing]);
    }
    simulator.desk().set(|switches| {
        switches.scopes = None;
        switches.edition = "FREE".to_owned();
    });
    assert_eq!(desk.missing_scopes().await.unwrap(), Vec::<&str>::new(), "an edition is not a scope");
    simulator.stop_desk().await;
    assert!(desk.missing_scopes().await.is_err(), "no answer is not a missing scope");
}

#[tokio::test]
async fn call_activities_are_told_by_edition_scope_and_profile() {
    use CallActivities::{Available, NoScope, NotInEdition, NotPermitted};
    let simulator = simulator().await;
    let desk = signed_in(&simulator);
    assert_eq!(desk.can_write_calls().await.unwrap(), Available);
    for edition in ["FREE", "NEW_FREE", "FREE_2019"] {
        simulator.desk().set(|switches| switches.edition = edition.to_owned());
        assert_eq!(desk.can_write_calls().await.unwrap(), NotInEdition, "{edition}");
    }
    simulator.desk().set(|switches| {
        switches.edition = "STANDARD".to_owned();
        switches.calls_forbidden = true;
    });
    assert_eq!(desk.can_write_calls().await.unwrap(), NotPermitted);
    simulator.desk().set(|switches| switches.scopes = Some(vec!["Desk.basic.READ".to_owned()]));
    assert_eq!(desk.can_write_calls().await.unwrap(), NoScope);
    assert_eq!(desk.organizations().await.unwrap()[0].edition, "STANDARD");
}

#[tokio::test]
async fn the_clock_of_the_server_is_read_without_a_token() {
    let simulator = simulator().await;
    let time = server_clock(&hosts(&simulator), Timings::default()).await.unwrap();
    let off = time.duration_since(SystemTime::now()).unwrap_or_else(|past| past.duration());
    assert!(off < Duration::from_secs(5), "{off:?}");
    assert_eq!((token_requests(&simulator), simulator.desk().live_access_tokens()), (0, 0));
    simulator.stop_desk().await;
    let error = server_clock(&hosts(&simulator), Timings::default()).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Refused);
}
