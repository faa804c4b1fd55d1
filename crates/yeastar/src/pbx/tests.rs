use std::sync::atomic::{AtomicUsize, Ordering};

use deskring_redact::ExposeSecret;
use serde_json::json;

use super::*;
use crate::{
    Address, AutoAnswer, Dial, Retry, Secret, Transfer,
    fake::{Fake, Kept, Reply, quick, refusal},
};

fn dial() -> Dial {
    Dial {
        caller: "2002".into(),
        callee: "5550100".into(),
        permission: Some("2002".into()),
        auto_answer: AutoAnswer::No,
    }
}

fn transfer() -> Transfer {
    Transfer { moved: "PJSIP/trunk-1".into(), number: "5550100".into(), permission: "2002".into() }
}

/// Answers one endpoint in turn, the last answer for ever.
fn in_turn(
    endpoint: &'static str,
    replies: Vec<fn() -> Reply>,
) -> impl FnMut(&crate::fake::Asked) -> Reply + Send {
    let turn = AtomicUsize::new(0);
    move |asked| {
        if asked.endpoint != endpoint {
            return Reply::Default;
        }
        let index = turn.fetch_add(1, Ordering::Relaxed).min(replies.len() - 1);
        replies[index]()
    }
}

#[tokio::test]
async fn ten_requests_at_once_sign_in_once_and_the_token_is_kept() {
    let (pbx, kept) = (Fake::start(|_| Reply::Default).await, Arc::new(Kept::default()));
    let handle = pbx.pbx(quick(), kept.clone());
    let requests: Vec<_> = (0..10)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.calls().await })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap().unwrap(), []);
    }
    assert_eq!((pbx.count("get_token"), pbx.count("call/query")), (1, 10));
    let pair = kept.0.lock().unwrap().clone().unwrap();
    assert_eq!((pair.access.expose_secret(), pair.refresh.expose_secret()), ("access-1", "refresh-1"));
}

#[tokio::test]
async fn a_token_that_somebody_else_renewed_is_read_again_when_told() {
    let (pbx, kept) = (Fake::start(|_| Reply::Default).await, Kept::with(Duration::ZERO));
    let handle = pbx.pbx(quick(), kept.clone());
    handle.calls().await.unwrap();
    let mut renewed = kept.0.lock().unwrap().clone().unwrap();
    renewed.access = Secret::from("access-renewed");
    *kept.0.lock().unwrap() = Some(renewed);
    handle.calls().await.unwrap();
    handle.read_token_again().await;
    handle.calls().await.unwrap();
    let used: Vec<_> = pbx.asked("call/query").into_iter().map(|asked| asked.token).collect();
    assert_eq!(used, ["access-kept", "access-kept", "access-renewed"]);
    assert_eq!((pbx.count("get_token"), pbx.count("refresh_token")), (0, 0));
}

#[tokio::test]
async fn a_kept_token_is_used_while_it_is_good_and_refreshed_when_it_is_not() {
    for (age_seconds, gets, refreshes, token) in [
        (0, 0, 0, "access-kept"),
        (1600, 0, 1, "access-1"),
        (7200, 0, 1, "access-1"),
        (90_000, 1, 0, "access-1"),
    ] {
        let pbx = Fake::start(|_| Reply::Default).await;
        let handle = pbx.pbx(quick(), Kept::with(Duration::from_secs(age_seconds)));
        handle.calls().await.unwrap();
        assert_eq!((pbx.count("get_token"), pbx.count("refresh_token")), (gets, refreshes), "{age_seconds}");
        assert_eq!(pbx.asked("call/query")[0].token, token);
    }
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_signs_in_once() {
    let pbx = Fake::start(in_turn("refresh_token", vec![|| Reply::Nothing])).await;
    let handle = pbx.pbx(quick(), Kept::with(Duration::from_secs(1600)));
    handle.calls().await.unwrap();
    assert_eq!((pbx.count("get_token"), pbx.count("refresh_token")), (1, 1));
}

#[tokio::test]
async fn a_refused_refresh_signs_in() {
    let pbx = Fake::start(in_turn("refresh_token", vec![|| refusal(10004)])).await;
    let handle = pbx.pbx(quick(), Kept::with(Duration::from_secs(7200)));
    handle.calls().await.unwrap();
    assert_eq!((pbx.count("get_token"), pbx.count("refresh_token")), (1, 1));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_repeated_once_even_a_write() {
    let pbx = Fake::start(in_turn(
        "call/dial",
        vec![|| refusal(10004), || Reply::Json(json!({"errcode": 0, "call_id": "1.1"}))],
    ))
    .await;
    let handle = pbx.pbx(quick(), Arc::default());
    assert_eq!(handle.dial(&dial()).await.unwrap().as_deref(), Some("1.1"));
    assert_eq!((pbx.count("get_token"), pbx.count("refresh_token"), pbx.count("call/dial")), (1, 1, 2));
    let body = json!({"caller": "2002", "callee": "5550100", "dial_permission": "2002", "auto_answer": "no"});
    assert_eq!(pbx.asked("call/dial")[1].body, body);

    let pbx = Fake::start(in_turn("call/query", vec![|| refusal(10005)])).await;
    let handle = pbx.pbx(quick(), Arc::default());
    let error = handle.calls().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::TokenExpired, Retry::SignIn));
    assert_eq!((pbx.count("refresh_token"), pbx.count("call/query")), (1, 2));
}

#[tokio::test]
async fn a_read_is_repeated_twice_and_a_write_never() {
    let pbx = Fake::start(|asked| match asked.endpoint.as_str() {
        "call/query" | "call/hangup" => Reply::Nothing,
        _ => Reply::Default,
    })
    .await;
    let handle = pbx.pbx(quick(), Arc::default());
    let error = handle.calls().await.unwrap_err();
    assert_eq!((error.kind(), error.retry(), pbx.count("call/query")), (&Kind::Closed, Retry::Backoff, 3));
    let error = handle.hang_up("PJSIP/2002-1").await.unwrap_err();
    assert_eq!((error.retry(), pbx.count("call/hangup")), (Retry::Unknown, 1));
}

#[tokio::test]
async fn every_act_on_a_member_sends_its_channel_and_nothing_else() {
    let pbx = Fake::start(|_| Reply::Default).await;
    let handle = pbx.pbx(quick(), Arc::default());
    let channel = "PJSIP/2002-000000b6";
    handle.hang_up(channel).await.unwrap();
    handle.hold(channel).await.unwrap();
    handle.unhold(channel).await.unwrap();
    handle.mute(channel).await.unwrap();
    handle.unmute(channel).await.unwrap();
    for endpoint in ["call/hangup", "call/hold", "call/unhold", "call/mute", "call/unmute"] {
        let asked = pbx.asked(endpoint);
        assert_eq!(asked.len(), 1, "{endpoint}");
        assert!(asked[0].head.starts_with("POST "), "{endpoint}");
        assert_eq!(asked[0].body, json!({"channel_id": channel}), "{endpoint}");
    }
}

#[tokio::test]
async fn a_blind_transfer_says_who_is_moved_where_and_by_whose_right() {
    let pbx = Fake::start(|_| Reply::Default).await;
    pbx.pbx(quick(), Arc::default()).transfer_blind(&transfer()).await.unwrap();
    let body = json!({"type": "blind", "channel_id": "PJSIP/trunk-1", "number": "5550100",
        "dial_permission": "2002"});
    assert_eq!(pbx.asked("call/transfer")[0].body, body);
}

#[tokio::test]
async fn a_refused_act_keeps_the_code_of_the_pbx_and_is_not_repeated() {
    for (code, kind) in [
        (10001, Kind::TooOld),
        (40002, Kind::Parameter),
        (60001, Kind::NotFound),
        (60002, Kind::Other),
        (70099, Kind::Other),
    ] {
        let pbx = Fake::start(move |asked| match asked.endpoint.as_str() {
            "call/mute" | "call/unmute" | "call/transfer" => refusal(code),
            _ => Reply::Default,
        })
        .await;
        let handle = pbx.pbx(quick(), Arc::default());
        for error in [
            handle.mute("PJSIP/2002-1").await.unwrap_err(),
            handle.unmute("PJSIP/2002-1").await.unwrap_err(),
            handle.transfer_blind(&transfer()).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.code()), (&kind, Some(code)));
        }
        for endpoint in ["call/mute", "call/unmute", "call/transfer"] {
            assert_eq!(pbx.count(endpoint), 1, "{endpoint} {code}");
        }
    }
}

#[test]
fn what_is_printed_of_a_call_to_make_or_to_move_shows_no_number() {
    let printed = format!("{:?} {:?}", dial(), transfer());
    assert!(printed.contains("•••00"), "{printed}");
    for number in ["5550100", "2002", "PJSIP"] {
        assert!(!printed.contains(number), "{number} in {printed}");
    }
}

#[tokio::test]
async fn an_idle_pbx_has_no_calls_in_whichever_way_it_says_so() {
    for reply in [
        (|| refusal(60001)) as fn() -> Reply,
        || Reply::Json(json!({"errcode": 0, "errmsg": "SUCCESS"})),
        || Reply::Json(json!({"errcode": "0", "data": null})),
        || Reply::Json(json!({"errcode": 0, "data": []})),
    ] {
        let pbx = Fake::start(in_turn("call/query", vec![reply])).await;
        assert_eq!(pbx.pbx(quick(), Arc::default()).calls().await.unwrap(), []);
    }
}

#[tokio::test]
async fn all_tokens_taken_is_told_with_the_pause_and_not_asked_again() {
    let pbx = Fake::start(in_turn("get_token", vec![|| refusal(60002)])).await;
    let handle = pbx.pbx(quick(), Arc::default());
    for _ in 0..3 {
        let error = handle.calls().await.unwrap_err();
        assert_eq!(error.kind(), &Kind::TooManyTokens);
        assert!(
            matches!(error.retry(), Retry::After(pause) if pause > Duration::from_secs(290)),
            "{error:?}"
        );
    }
    assert_eq!(pbx.count("get_token"), 1);
}

#[tokio::test]
async fn a_page_of_something_else_is_malformed() {
    for status in [200, 404, 502] {
        let pbx = Fake::start(move |_| Reply::Status(status)).await;
        let error = pbx.pbx(quick(), Arc::default()).calls().await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (&Kind::Malformed, Retry::Backoff), "{status}");
    }
}

#[tokio::test]
async fn a_caller_who_loses_patience_does_not_lose_the_token() {
    let pbx = Fake::start(|_| Reply::Default).await;
    let handle = pbx.pbx(quick(), Arc::default());
    // Polled once, then dropped, while the sign-in is under way.
    tokio::select! {
        biased;
        _ = handle.calls() => panic!("too quick"),
        () = std::future::ready(()) => {}
    }
    handle.calls().await.unwrap();
    assert_eq!((pbx.count("get_token"), pbx.count("call/query")), (1, 1));
}

#[tokio::test]
async fn lists_are_paged_and_a_firmware_that_ignores_pages_does_not_loop() {
    let page = json!((0..1000).map(|n| json!({"id": n, "number": n.to_string()})).collect::<Vec<_>>());
    let pbx = Fake::start(move |asked| match asked.endpoint.as_str() {
        "extension/list" if asked.head.contains("page=3") => {
            Reply::Json(json!({"errcode": 0, "total_number": 2001, "data": [{"number": "x"}]}))
        }
        "extension/list" if asked.head.contains("page=2") => {
            let rows: Vec<_> = (1000..2000).map(|n| json!({"number": n, "caller_id_name": "Ana"})).collect();
            Reply::Json(json!({"errcode": 0, "total_number": 2001, "data": rows}))
        }
        "extension/list" => Reply::Json(json!({"errcode": 0, "total_number": 2001, "data": page})),
        "ringgroup/list" => Reply::Json(json!({"errcode": 0, "total_number": 9999, "data": page})),
        "queue/list" => {
            Reply::Json(json!({"errcode": 0, "queue_list": [{"id": 1, "number": "6400", "name": "Support"}]}))
        }
        "ivr/list" if asked.head.contains("page") => refusal(40002),
        "ivr/list" => Reply::Json(json!({"errcode": 0, "data": [{"number": "6200"}, {"name": "no number"}]})),
        _ => Reply::Default,
    })
    .await;
    let handle = pbx.pbx(quick(), Arc::default());
    let extensions = handle.extensions().await.unwrap();
    assert_eq!((extensions.len(), extensions[1500].name.as_deref()), (2001, Some("Ana")));
    assert_eq!(handle.ring_groups().await.unwrap().len(), 1000);
    assert_eq!(pbx.count("ringgroup/list"), 2);
    assert_eq!(handle.queues().await.unwrap()[0].name.as_deref(), Some("Support"));
    assert_eq!(handle.ivrs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_dead_address_is_told_apart_and_no_error_shows_a_secret() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let config = Config {
        address: Address::parse(&format!("http://127.0.0.1:{port}")).unwrap(),
        client_id: "client-id".into(),
        client_secret: Secret::from("client-s3cret"),
        trusted_certificate: None,
        others: Vec::new(),
        timings: quick(),
    };
    let shown = format!("{config:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    let error = Pbx::new(config, Kept::with(Duration::ZERO)).unwrap().calls().await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Refused);
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = source {
        for secret in ["access-kept", "s3cret"] {
            assert!(
                !error.to_string().contains(secret) && !format!("{error:?}").contains(secret),
                "{error:?}"
            );
        }
        source = error.source();
    }
}

#[tokio::test]
async fn a_name_without_address_is_told_apart() {
    let config = Config {
        address: Address::parse("https://pbx.invalid").unwrap(),
        client_id: String::new(),
        client_secret: Secret::from(""),
        trusted_certificate: Some(crate::Fingerprint::of(b"")),
        others: Vec::new(),
        timings: quick(),
    };
    let error = Pbx::new(config, Kept::with(Duration::ZERO)).unwrap().calls().await.unwrap_err();
    assert_eq!(error.kind(), &Kind::NameNotFound, "{error:?}");
}

/// Answers every request over TLS with an idle PBX. The thread ends with the test process.
fn tls_server() -> (Address, crate::Fingerprint) {
    use std::io::{Read, Write};

    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let fingerprint = crate::Fingerprint::of(made.cert.der());
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address =
        Address::parse(&format!("https://localhost:{}", listener.local_addr().unwrap().port())).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut request = [0; 4096];
            if stream.read(&mut request).is_ok_and(|count| count > 0) {
                let body = r#"{"errcode":0,"errmsg":"SUCCESS"}"#;
                let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (address, fingerprint)
}

#[tokio::test]
async fn both_transports_tell_an_unknown_and_a_changed_certificate_and_accept_the_trusted_one() {
    let (address, fingerprint) = tls_server();
    let pbx = |trusted_certificate| {
        let config = Config {
            address: address.clone(),
            client_id: String::new(),
            client_secret: Secret::from(""),
            trusted_certificate,
            others: Vec::new(),
            timings: quick(),
        };
        Pbx::new(config, Kept::with(Duration::ZERO)).unwrap()
    };
    let other = crate::Fingerprint::of(b"");
    let is_changed = |kind: &Kind| {
        matches!(kind, Kind::ChangedCertificate { expected, found, certificate }
        if (*expected, *found, certificate.fingerprint) == (other, fingerprint, fingerprint))
    };
    let is_unknown = |kind: &Kind| matches!(kind, Kind::UnknownCertificate { fingerprint: seen, .. } if *seen == fingerprint);

    assert_eq!(pbx(Some(fingerprint)).calls().await.unwrap(), []);
    let error = pbx(Some(other)).calls().await.unwrap_err();
    assert!(is_changed(error.kind()), "{error:?}");
    let error = pbx(None).calls().await.unwrap_err();
    assert!(is_unknown(error.kind()), "{error:?}");

    for (trusted, unknown) in [(None, true), (Some(other), false)] {
        let (sender, mut feed) = mpsc::channel(8);
        let handle = pbx(trusted);
        tokio::spawn(async move { handle.run(sender).await });
        let Feed::Down { error, retry_in: Some(_) } = crate::fake::next(&mut feed).await else { panic!() };
        assert!(if unknown { is_unknown(error.kind()) } else { is_changed(error.kind()) }, "{error:?}");
    }
}

thread_local! {
    /// What is logged on this thread, while a test wants it.
    static LOG: std::cell::RefCell<Option<Vec<u8>>> = const { std::cell::RefCell::new(None) };
}

/// Writes for the thread that logs, so that tests beside each other do not read each other's lines.
struct ThisThread;

impl std::io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.iter_mut().for_each(|log| log.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_and_no_number_is_logged_at_any_level() {
    // For the whole process: with one for this thread only, a line that another thread reaches first, without
    // a subscriber, may stay switched off.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(|| ThisThread)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    LOG.set(Some(Vec::new()));

    let mut pbx = Fake::start(in_turn("call/query", vec![|| Reply::Default, || refusal(10004)])).await;
    let (handle, mut feed) = pbx.link(quick());
    let mut wire = pbx.subscribed().await;
    crate::fake::next(&mut feed).await;
    wire.ring("1.1").await;
    crate::fake::next(&mut feed).await;
    let _ = handle.calls().await;
    let _ = handle.dial(&dial()).await;
    let _ = handle.mute("PJSIP/2002-000000b6").await;
    let _ = handle.transfer_blind(&transfer()).await;
    drop(wire);
    crate::fake::next(&mut feed).await;

    let log = String::from_utf8(LOG.take().unwrap()).unwrap();
    // The port is a chance number and may look like any other.
    let (_, port) = pbx.address.host_and_port();
    let log = log.replace(&port.to_string(), "port");
    assert!(log.contains("access_token=…") && log.contains("the link is up"), "{log}");
    for secret in ["access-1", "access-2", "refresh-", "s3cret", "2002", "5550100"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
