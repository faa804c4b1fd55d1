//! A sign-in against a small accounts server and raw connections: what no well-behaved simulator would send.

use std::sync::atomic::{AtomicU16, Ordering::SeqCst};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::fake::{Reply, Server, ok, status};

const TOKENS: &str = r#"{"access_token":"1000.access","refresh_token":"1000.refresh","expires_in":3600}"#;

/// A port below those that the system hands out, so that no other connection has it by chance.
fn free_door() -> Door {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = start + NEXT.fetch_add(1, SeqCst);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
            && std::net::TcpListener::bind(("::1", port)).is_ok()
        {
            return Door { port };
        }
    }
}

fn application(server: &Server) -> Application {
    Application {
        hosts: Hosts::custom(&server.address, &server.address).unwrap(),
        client_id: "1000.CLIENT".into(),
        client_secret: Secret::from("the+secret".to_owned()),
        client_type: ClientType::Desktop,
    }
}

fn pages() -> Pages {
    Pages {
        success: "SUCCESS".into(),
        refused: "REFUSED".into(),
        failed: "FAILED".into(),
        wrong: "WRONG".into(),
    }
}

async fn begin(server: &Server, door: Door) -> SignIn {
    SignIn::begin(application(server), Scopes::Calls, door, pages()).await.unwrap()
}

fn parameter(sign_in: &SignIn, name: &str) -> Option<String> {
    let mut pairs = sign_in.address().query_pairs();
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Opens a connection and writes to it.
async fn say(door: Door, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", door.port)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

fn get(door: Door, target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", door.port)
}

/// Everything that comes until the other side closes.
async fn hear(mut stream: TcpStream) -> String {
    let mut heard = Vec::new();
    // A reset instead of an end is an end, too.
    let _ = stream.read_to_end(&mut heard).await;
    String::from_utf8_lossy(&heard).into_owned()
}

fn redirect(sign_in: &SignIn, more: &str) -> String {
    format!("/deskring?state={}{more}", parameter(sign_in, "state").unwrap())
}

#[test]
fn the_usual_door_is_at_the_addresses_to_register() {
    assert_eq!(
        (Door::default().home_page(), Door::default().redirect()),
        (HOME_PAGE.into(), REDIRECT.into())
    );
    assert_eq!(SCOPES.replace("Desk.calls.", "Desk.activities.calls."), FALLBACK_SCOPES);
}

#[tokio::test]
async fn the_consent_page_is_asked_as_zoho_documents_it() {
    let server = Server::start(|_| ok(TOKENS)).await;
    for (client_type, scopes) in
        [(ClientType::Server, Scopes::Calls), (ClientType::Desktop, Scopes::ActivitiesCalls)]
    {
        let door = free_door();
        let application = Application { client_type, ..application(&server) };
        let sign_in = SignIn::begin(application, scopes, door, pages()).await.unwrap();
        let given = |name: &str| parameter(&sign_in, name);
        assert_eq!(sign_in.address().path(), "/oauth/v2/auth");
        assert_eq!(given("response_type").as_deref(), Some("code"));
        assert_eq!(given("client_id").as_deref(), Some("1000.CLIENT"));
        assert_eq!(given("redirect_uri"), Some(format!("http://localhost:{}/deskring", door.port)));
        assert_eq!(given("scope").as_deref(), Some(scopes.as_str()));
        assert_eq!(given("access_type").as_deref(), Some("offline"));
        assert_eq!(given("prompt").as_deref(), Some("consent"));
        assert!(given("state").unwrap().len() >= 22, "128 bits at least");
        let method = given("code_challenge_method");
        match client_type {
            ClientType::Server => assert_eq!((method, given("code_challenge")), (None, None)),
            ClientType::Desktop => assert_eq!(method.as_deref(), Some("S256")),
        }
    }
}

#[tokio::test]
async fn the_code_is_exchanged_once_and_nothing_secret_is_shown() {
    let server = Server::start(|_| ok(TOKENS)).await;
    let door = free_door();
    let sign_in = begin(&server, door).await;
    let state = parameter(&sign_in, "state").unwrap();
    assert!(!format!("{sign_in:?}").contains(&state));
    let request = get(door, &redirect(&sign_in, "&code=1000.c%2Bde&location=eu"));
    let (first, again) = (say(door, &request).await, say(door, &request).await);
    let (granted, first, again) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), hear(first), hear(again));
    let granted = granted.unwrap();
    assert_eq!(granted.refresh_token.expose_secret(), "1000.refresh");
    assert_eq!(granted.access_token.token.expose_secret(), "1000.access");
    assert_eq!(granted.data_center, None);
    assert!(!format!("{granted:?}").contains("1000."));
    for answer in [first, again] {
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("SUCCESS"), "{answer}");
        for header in [
            "content-security-policy: default-src 'none'; style-src 'unsafe-inline'\r\n",
            "cache-control: no-store\r\n",
            "referrer-policy: no-referrer\r\n",
            "x-content-type-options: nosniff\r\n",
            "content-type: text/html; charset=utf-8\r\n",
        ] {
            assert!(answer.contains(header), "{header} in {answer}");
        }
    }
    let seen = server.seen("");
    assert_eq!(seen.len(), 1, "a repetition is shown the outcome and exchanges nothing");
    assert_eq!(seen[0].line, "POST /oauth/v2/token HTTP/1.1", "no secret in the address");
    let form: Vec<(String, String)> =
        url::form_urlencoded::parse(seen[0].body.as_bytes()).into_owned().collect();
    let back = door.redirect();
    for pair in [
        ("grant_type", "authorization_code"),
        ("client_id", "1000.CLIENT"),
        ("client_secret", "the+secret"),
        ("redirect_uri", back.as_str()),
        ("code", "1000.c+de"),
    ] {
        assert!(form.iter().any(|(name, value)| (name.as_str(), value.as_str()) == pair), "{pair:?}");
    }
    assert!(form.iter().any(|(name, _)| name == "code_verifier"));
}

#[tokio::test]
async fn what_is_not_the_redirect_of_this_sign_in_is_turned_away_and_waited_out() {
    let server = Server::start(|_| ok(TOKENS)).await;
    let door = free_door();
    let sign_in = begin(&server, door).await;
    let right = redirect(&sign_in, "&code=1000.code");
    let state = parameter(&sign_in, "state").unwrap();
    let with_host = |host: &str| format!("GET {right} HTTP/1.1\r\n{host}\r\n");
    let ours = format!("Host: localhost:{}\r\n", door.port);
    let requests = [
        (get(door, "/favicon.ico"), "404"),
        (get(door, "/"), "404"),
        (get(door, "/deskring/"), "404"),
        (get(door, "/deskring"), "400"),
        (get(door, "/deskring?code=1000.code"), "400"),
        (get(door, "/deskring?state=&code=1000.code"), "400"),
        (get(door, "/deskring?state=wrong&code=1000.code"), "400"),
        (get(door, &format!("/deskring?state={}&code=x", &state[1..])), "400"),
        (get(door, &format!("/deskring?state={state}")), "400"),
        (get(door, &format!("/deskring?state={state}&code=")), "400"),
        (get(door, &format!("/deskring?state={state}&code=a&code=b")), "400"),
        (get(door, &format!("/deskring?state={state}&state={state}&code=a")), "400"),
        (get(door, &right).replacen("GET", "POST", 1), "405"),
        (get(door, &right).replacen("GET", "OPTIONS", 1), "405"),
        (get(door, &right).replacen("GET", "HEAD", 1), "200"),
        (with_host("Host: evil.example\r\n"), "421"),
        (with_host(&format!("Host: 127.0.0.1:{}\r\n", door.port)), "421"),
        (with_host("Host: localhost\r\n"), "421"),
        (with_host(&format!("Host: localhost:{}.evil.example\r\n", door.port)), "421"),
        (with_host(&format!("{ours}Host: evil.example\r\n")), "421"),
        (with_host(""), "421"),
        (format!("GET http://evil.example{right} HTTP/1.1\r\n{ours}\r\n"), "421"),
        (format!("GET {right} HTTP/1.1\r\n{ours}X: {}\r\n\r\n", "x".repeat(40_000)), "431"),
        ("\u{0}\u{1}\u{2} junk \r\n\r\n".to_owned(), "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), ""),
        ("\u{16}\u{3}\u{1}\u{2}".to_owned(), ""),
    ];
    let visits = async {
        for (request, expected) in &requests {
            let mut stream = say(door, request).await;
            if expected.is_empty() {
                stream.shutdown().await.unwrap();
            }
            let answer = hear(stream).await;
            let start = format!("HTTP/1.1 {expected}");
            // What hyper cannot read it may leave unanswered, when its end is a reset.
            let silent = answer.is_empty() && matches!(*expected, "" | "400" | "431");
            assert!(silent || answer.starts_with(&start), "{request:?} was answered {answer:?}");
            assert!(!answer.contains("SUCCESS") && !answer.contains(&state), "{answer}");
        }
        assert!(server.seen("").is_empty());
        hear(say(door, &get(door, &right)).await).await
    };
    let (granted, page) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), visits);
    granted.unwrap();
    assert!(page.ends_with("SUCCESS"), "{page}");
    assert_eq!(server.seen("").len(), 1);
}

#[tokio::test]
async fn a_connection_that_says_nothing_or_speaks_slowly_is_closed_in_time() {
    let server = Server::start(|_| ok(TOKENS)).await;
    let door = free_door();
    let sign_in = begin(&server, door).await;
    let visits = async {
        let silent = say(door, "").await;
        let slow = say(door, "GET /deskring HTTP/1.1\r\nHost: loc").await;
        let until_closed = async { tokio::join!(hear(silent), hear(slow)) };
        tokio::time::timeout(Duration::from_secs(30), until_closed).await.expect("both are closed");
    };
    tokio::select! {
        result = sign_in.finish(SIGN_IN_PATIENCE) => panic!("finished by {result:?}"),
        () = visits => {}
    }
}

#[tokio::test]
async fn a_body_without_end_does_not_keep_the_browser_out() {
    let server = Server::start(|_| ok(TOKENS)).await;
    let door = free_door();
    let sign_in = begin(&server, door).await;
    let right = get(door, &redirect(&sign_in, "&code=1000.code"));
    let visits = async {
        let head = format!("POST /deskring HTTP/1.1\r\nHost: localhost:{}\r\n", door.port);
        let mut endless = say(door, &format!("{head}Transfer-Encoding: chunked\r\n\r\n")).await;
        let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
        // Until the other side has enough of it.
        while endless.write_all(chunk.as_bytes()).await.is_ok() {}
        hear(say(door, &right).await).await
    };
    let (granted, page) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), visits);
    granted.unwrap();
    assert!(page.ends_with("SUCCESS"), "{page}");
}

#[tokio::test]
async fn a_foreign_accounts_server_receives_nothing() {
    let server = Server::start(|_| ok(TOKENS)).await;
    let foreign = Server::start(|_| ok(TOKENS)).await;
    let door = free_door();
    let sign_in = begin(&server, door).await;
    let named = url::form_urlencoded::byte_serialize(foreign.address.as_bytes()).collect::<String>();
    let request = get(door, &redirect(&sign_in, &format!("&code=1000.code&accounts-server={named}")));
    let visit = async { hear(say(door, &request).await).await };
    let (granted, page) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), visit);
    assert_eq!(granted.unwrap_err().kind(), SignInFault::ForeignAccountsServer);
    assert!(page.ends_with("FAILED"), "{page}");
    assert!(server.seen("").is_empty() && foreign.seen("").is_empty());
}

#[tokio::test]
async fn a_failed_exchange_is_told_by_its_kind_and_only_a_general_error_is_tried_again() {
    for (answer, code, requests) in [
        (r#"{"error":"invalid_code"}"#, "code_expired", 1),
        (r#"{"error":"invalid_client_secret"}"#, "client_secret_wrong", 1),
        (r#"{"error":"Access Denied","status":"failure"}"#, "throttled", 1),
        (r#"{"error":"general_error"}"#, "server_error", 2),
        (r#"{"access_token":"1000.access","expires_in":3600}"#, "no_refresh_token", 1),
        (r#"{"access_token":"1000.access","refresh_token":""}"#, "no_refresh_token", 1),
        ("<html>", "malformed", 1),
        ("", "unreachable", 1),
    ] {
        let server = Server::start(move |_| match answer {
            "" => Reply::HangUp,
            "<html>" => status(403, answer),
            _ => ok(answer),
        })
        .await;
        let door = free_door();
        let sign_in = begin(&server, door).await;
        let request = get(door, &redirect(&sign_in, "&code=1000.code"));
        let visit = async { hear(say(door, &request).await).await };
        let (granted, page) = tokio::join!(sign_in.finish(SIGN_IN_PATIENCE), visit);
        let error = granted.unwrap_err();
        assert_eq!(error.code(), code, "{answer}");
        assert!(page.ends_with("FAILED"), "{page}");
        assert_eq!(server.seen("").len(), requests, "{answer}");
        assert!(!format!("{error:?} {error}").contains("1000."), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_who_does_not_come_back_is_waited_for_and_no_longer() {
    let server = Server::start(|_| ok(TOKENS)).await;
    let door = free_door();
    let sign_in = begin(&server, door).await;
    let began = tokio::time::Instant::now();
    let error = sign_in.finish(SIGN_IN_PATIENCE).await.unwrap_err();
    assert_eq!(error.code(), "sign_in_timed_out");
    assert_eq!(began.elapsed().as_secs(), SIGN_IN_PATIENCE.as_secs());
}
