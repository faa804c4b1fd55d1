//! The client against a small server over real sockets.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::fake::{Reply, Seen, Server, ok, status};
use crate::*;

mod owed;

const TOKEN: &str = "POST /oauth/v2/token";

fn timings() -> Timings {
    Timings {
        busy_pauses: vec![Duration::from_millis(1); 3],
        repeat_pauses: vec![Duration::from_millis(1); 2],
        ..Timings::default()
    }
}

fn desk_at(address: &str, timings: Timings, store: Arc<dyn TokenStore>) -> Desk {
    let config = Config {
        hosts: Hosts::custom(address, address).unwrap(),
        client_id: "1000.CLIENT".into(),
        client_secret: Secret::from("the+secret".to_owned()),
        refresh_token: Secret::from("1000.refresh".to_owned()),
        organization: Some(OrganizationId::new("700000001")),
        department: Some(DepartmentId::new("1892000000006907")),
        timings,
    };
    Desk::new(config, store).unwrap()
}

fn desk(server: &Server) -> Desk {
    desk_at(&server.address, timings(), Arc::new(ForgetTokens))
}

fn token(name: &str) -> Reply {
    ok(&format!(r#"{{"access_token":"{name}","expires_in":3600,"token_type":"Bearer"}}"#))
}

/// Answers token requests with t1, t2, … and leaves the rest to the test.
async fn server(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
    let tokens = AtomicUsize::new(0);
    Server::start(move |seen| {
        if seen.line.starts_with(TOKEN) {
            return token(&format!("t{}", tokens.fetch_add(1, SeqCst) + 1));
        }
        answer(seen)
    })
    .await
}

fn exact(number: &str) -> Vec<Form> {
    vec![Form::Exact(number.into())]
}

const AGENT: &str = r#"{"id":"5","name":"Ana Agent","extn":"1001"}"#;

#[derive(Default)]
struct Kept(Mutex<Option<AccessToken>>);

impl Kept {
    fn with(name: &str, left: Duration) -> Arc<Kept> {
        let token =
            AccessToken { token: Secret::from(name.to_owned()), expires_at: SystemTime::now() + left };
        Arc::new(Kept(Mutex::new(Some(token))))
    }
    fn name(&self) -> Option<String> {
        self.0.lock().unwrap().as_ref().map(|token| token.token.expose_secret().to_owned())
    }
}

impl TokenStore for Kept {
    fn load(&self) -> Option<AccessToken> {
        self.0.lock().unwrap().clone()
    }
    fn save(&self, token: &AccessToken) {
        *self.0.lock().unwrap() = Some(token.clone());
    }
    fn clear(&self) {
        *self.0.lock().unwrap() = None;
    }
}

/// Waits for a condition, with a deadline.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_search_asks_for_all_forms_at_once() {
    let server = server(|_| {
        ok(r#"{"data":[{"id":"1","lastName":"A"},{"id":"1","lastName":"A"},{"id":"2"}],"count":3}"#)
    })
    .await;
    let forms = [
        Form::Exact("+498912345678".into()),
        Form::Exact("089 123".into()),
        Form::EndsWith("12345678".into()),
    ];
    let found = desk(&server).search_contacts(PhoneField::Mobile, &forms, 500).await.unwrap();
    assert_eq!(found.iter().map(|contact| contact.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let seen = server.seen("/api/");
    assert_eq!(seen.len(), 1);
    assert_eq!(
        seen[0].line,
        "GET /api/v1/contacts/search?mobile=%2B498912345678,089%20123,*12345678&limit=99 HTTP/1.1"
    );
    assert_eq!(seen[0].header("authorization"), Some("Zoho-oauthtoken t1"));
    assert_eq!(seen[0].header("orgid"), Some("700000001"));
    assert_eq!(seen[0].header("accept"), Some("application/json"));
    let seen = server.seen(TOKEN);
    assert_eq!(
        seen[0].body,
        "grant_type=refresh_token&refresh_token=1000.refresh&client_id=1000.CLIENT&client_secret=the%2Bsecret"
    );
    assert_eq!(seen[0].line, "POST /oauth/v2/token HTTP/1.1", "no secret in the address");
}

#[tokio::test]
async fn a_form_that_zoho_would_refuse_is_refused_before_sending() {
    let server = server(|_| ok("{}")).await;
    let desk = desk(&server);
    for forms in [exact("(089) 123"), exact("1,2"), vec![Form::Exact("1".into()); 31]] {
        let error = desk.search_contacts(PhoneField::Phone, &forms, 10).await.unwrap_err();
        assert_eq!((*error.kind(), error.retry()), (Kind::BadRequest, Retry::Never));
        assert_eq!(error.fields()[0].field, "phone");
    }
    assert!(desk.search_contacts(PhoneField::Phone, &[], 10).await.unwrap().is_empty());
    assert!(desk.search_accounts("ab", 10).await.is_err());
    assert!(desk.contact(&ContactId::new("../1")).await.is_err());
    assert!(server.seen("").is_empty());
}

#[tokio::test]
async fn only_the_list_of_organizations_goes_without_an_organization() {
    let server = server(|seen| {
        if seen.line.contains("/organizations/") {
            return ok(r#"{"id":"700000001","customDomain":"help.example.com"}"#);
        }
        ok(r#"{"data":[{"id":700000001,"portalName":"acme","edition":"FREE","isDefault":true}]}"#)
    })
    .await;
    let mut lost = desk(&server);
    lost.organization = None;
    assert_eq!(*lost.check().await.unwrap_err().kind(), Kind::OtherOrganization);
    let all = lost.organizations().await.unwrap();
    assert_eq!((all[0].id.as_str(), all[0].standing), ("700000001", Standing::Default));
    assert_eq!(server.seen("/organizations")[0].header("orgid"), None);
    let found = lost.in_organization(all[0].id.clone()).unwrap();
    let one = found.organization(&all[0].id).await.unwrap();
    assert_eq!(one.custom_domain.as_deref(), Some("help.example.com"));
    assert_eq!(server.seen("includeCustomDomain=true")[0].header("orgid"), Some("700000001"));
    assert!(lost.in_organization(OrganizationId::new("acme")).is_err());
}

#[tokio::test]
async fn no_content_is_an_empty_list() {
    let server = server(|_| status(204, "")).await;
    let desk = desk(&server);
    assert!(desk.search_contacts(PhoneField::Phone, &exact("+4989"), 10).await.unwrap().is_empty());
    assert!(desk.search_accounts("+4989", 10).await.unwrap().is_empty());
    assert!(desk.tickets_of(&ContactId::new("1"), 10).await.unwrap().is_empty());
    assert_eq!(*desk.contact(&ContactId::new("1")).await.unwrap_err().kind(), Kind::Gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_cause_one_token_request() {
    let server = server(|_| ok(AGENT)).await;
    let desk = desk(&server);
    let mut calls = Vec::new();
    for _ in 0..20 {
        let desk = desk.clone();
        calls.push(tokio::spawn(async move { desk.check().await }));
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.seen(TOKEN).len(), 1);
    assert_eq!(server.seen("/myinfo").len(), 20);
}

#[tokio::test]
async fn many_callers_share_one_failed_token_request() {
    let server = Server::start(|_| ok(r#"{"error":"something_else"}"#)).await;
    let desk = desk(&server);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let desk = desk.clone();
        tasks.spawn(async move { desk.check().await });
    }
    for result in tasks.join_all().await {
        assert_eq!(result.unwrap_err().code(), Some("something_else"));
    }
    assert_eq!(server.seen(TOKEN).len(), 1, "callers who waited take the result");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_token_is_replaced_once_for_everybody() {
    let server = server(|seen| match seen.header("authorization") {
        Some("Zoho-oauthtoken t1") => status(401, "<html>who are you</html>"),
        _ => ok(AGENT),
    })
    .await;
    let desk = desk(&server);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let desk = desk.clone();
        tasks.spawn(async move { desk.check().await });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    assert_eq!(server.seen(TOKEN).len(), 2);
}

#[tokio::test]
async fn a_fresh_token_that_is_rejected_means_signed_out() {
    let server = server(|_| status(401, r#"{"errorCode":"INVALID_OAUTH"}"#)).await;
    let store = Kept::with("old", Duration::from_secs(3600));
    let desk = desk_at(&server.address, timings(), store.clone());
    for _ in 0..3 {
        let error = desk.check().await.unwrap_err();
        assert_eq!((*error.kind(), error.retry()), (Kind::SignedOut, Retry::SignIn));
    }
    assert_eq!(server.seen(TOKEN).len(), 1, "and further requests cost no token request");
    assert_eq!(server.seen("/myinfo").len(), 2);
    assert_eq!(store.name(), None);
}

#[tokio::test]
async fn a_revoked_refresh_token_is_asked_about_once() {
    let server = Server::start(|_| ok(r#"{"error":"invalid_code"}"#)).await;
    let desk = desk(&server);
    for _ in 0..3 {
        assert_eq!(*desk.check().await.unwrap_err().kind(), Kind::SignedOut);
    }
    assert_eq!(server.seen("").len(), 1);
}

#[tokio::test]
async fn being_throttled_is_not_a_sign_out_and_is_waited_for() {
    let server = Server::start(|_| status(400, r#"{"error":"Access Denied","status":"failure"}"#)).await;
    let store = Kept::with("old", Duration::ZERO);
    let desk = desk_at(&server.address, timings(), store.clone());
    for _ in 0..3 {
        let error = desk.check().await.unwrap_err();
        assert_eq!(*error.kind(), Kind::Throttled);
        let Retry::After(wait) = error.retry() else { panic!("{error:?}") };
        assert!((590..=600).contains(&wait.as_secs()), "{wait:?}");
    }
    assert_eq!(server.seen("").len(), 1);
    assert!(store.name().is_some());
}

#[tokio::test]
async fn a_general_error_is_tried_once_more() {
    let tries = AtomicUsize::new(0);
    let server =
        Server::start(move |seen| match (seen.line.starts_with(TOKEN), tries.fetch_add(1, SeqCst)) {
            (true, 0) => ok(r#"{"error":"general_error"}"#),
            (true, _) => token("t"),
            (false, _) => ok(AGENT),
        })
        .await;
    desk(&server).check().await.unwrap();
    assert_eq!(server.seen(TOKEN).len(), 2);
    let server = Server::start(|_| ok(r#"{"error":"general_error"}"#)).await;
    assert_eq!(*desk(&server).check().await.unwrap_err().kind(), Kind::ServerError);
    assert_eq!(server.seen(TOKEN).len(), 2);
}

#[tokio::test]
async fn we_never_ask_for_more_tokens_than_the_window_permits() {
    let server = Server::start(|_| ok(r#"{"error":"odd"}"#)).await;
    let desk = desk(&server);
    for _ in 0..10 {
        assert_eq!(*desk.check().await.unwrap_err().kind(), Kind::Other);
    }
    assert_eq!(*desk.check().await.unwrap_err().kind(), Kind::Throttled);
    assert_eq!(server.seen(TOKEN).len(), 10);
}

#[tokio::test]
async fn a_token_survives_a_restart() {
    let server = server(|_| ok(AGENT)).await;
    let store: Arc<Kept> = Arc::default();
    desk_at(&server.address, timings(), store.clone()).check().await.unwrap();
    until("the token is kept", || store.name().as_deref() == Some("t1")).await;
    desk_at(&server.address, timings(), store.clone()).check().await.unwrap();
    assert_eq!(server.seen(TOKEN).len(), 1);
    let expired = Kept::with("old", Duration::ZERO);
    desk_at(&server.address, timings(), expired.clone()).check().await.unwrap();
    until("the new token is kept", || expired.name().as_deref() == Some("t2")).await;
}

#[tokio::test]
async fn nobody_waits_for_a_token_that_is_replaced_early() {
    let server =
        Server::start(|seen| if seen.line.starts_with(TOKEN) { Reply::Silence } else { ok(AGENT) }).await;
    let desk = desk_at(&server.address, timings(), Kept::with("old", Duration::from_secs(200)));
    for _ in 0..3 {
        desk.check().await.unwrap();
    }
    until("the replacement is asked for", || server.seen(TOKEN).len() == 1).await;
}

#[tokio::test]
async fn too_many_at_once_is_repeated_and_used_up_credits_are_not() {
    let tries = AtomicUsize::new(0);
    let server = server(move |_| match tries.fetch_add(1, SeqCst) {
        0..2 => status(429, r#"{"errorCode":"TOO_MANY_REQUESTS"}"#),
        2 => ok(AGENT),
        _ => Reply::Answer(429, "Retry-After: 3600\r\n", r#"{"errorCode":"THRESHOLD_EXCEEDED"}"#.into()),
    })
    .await;
    let desk = desk(&server);
    desk.check().await.unwrap();
    assert_eq!(server.seen("/myinfo").len(), 3);
    for _ in 0..3 {
        let error = desk.check().await.unwrap_err();
        assert_eq!(*error.kind(), Kind::CreditsExhausted);
        let Retry::After(wait) = error.retry() else { panic!("{error:?}") };
        assert!((3590..=3600).contains(&wait.as_secs()), "{wait:?}");
    }
    assert_eq!(server.seen("/myinfo").len(), 4, "silent until the credits are back");
}

#[tokio::test]
async fn a_busy_portal_gives_the_error_back_when_the_repeats_are_used_up() {
    let server = server(|_| status(429, r#"{"errorCode":"TOO_MANY_REQUESTS"}"#)).await;
    let error = desk(&server).check().await.unwrap_err();
    assert_eq!((*error.kind(), error.retry()), (Kind::TooManyRequests, Retry::Backoff));
    assert_eq!(server.seen("/myinfo").len(), 4);
}

#[tokio::test]
async fn a_read_is_repeated_after_an_accident_at_most_twice() {
    for accident in ["500", "hang up", "half"] {
        let tries = AtomicUsize::new(0);
        let server = server(move |_| match (tries.fetch_add(1, SeqCst), accident) {
            (2.., _) => ok(AGENT),
            (_, "500") => status(500, r#"{"errorCode":"INTERNAL_SERVER_ERROR"}"#),
            (_, "hang up") => Reply::HangUp,
            _ => ok(r#"{"id":"5","na"#),
        })
        .await;
        desk(&server).check().await.unwrap();
        assert_eq!(server.seen("/myinfo").len(), 3, "{accident}");
    }
    let server = server(|_| status(503, "")).await;
    assert_eq!(*desk(&server).check().await.unwrap_err().kind(), Kind::ServerError);
    assert_eq!(server.seen("/myinfo").len(), 3);
}

#[tokio::test]
async fn a_write_is_never_repeated_and_says_when_it_may_have_been_done() {
    let new = NewContact { last_name: "Muster".into(), phone: Some("+4989".into()), ..NewContact::default() };
    for fault in ["500", "hang up", "half", "no id", "silence"] {
        let server = server(move |_| match fault {
            "500" => status(500, r#"{"errorCode":"INTERNAL_SERVER_ERROR"}"#),
            "hang up" => Reply::HangUp,
            "half" => ok(r#"{"id":"5","na"#),
            "no id" => ok("{}"),
            _ => Reply::Silence,
        })
        .await;
        let short = Timings { write: Duration::from_millis(300), ..timings() };
        let desk = desk_at(&server.address, short, Arc::new(ForgetTokens));
        let error = desk.create_contact(&new).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Unknown, "{fault}: {error:?}");
        assert_eq!(server.seen("/contacts").len(), 1, "{fault}");
    }
}

#[tokio::test]
async fn a_refused_write_names_the_fields() {
    let server = server(|seen| {
        assert_eq!(seen.body, r#"{"accountId":"7","lastName":"Muster","phone":"+4989"}"#);
        status(422, r#"{"errorCode":"INVALID_DATA","errors":[{"fieldName":"/phone","errorType":"invalid"}]}"#)
    })
    .await;
    let new = NewContact {
        last_name: "Muster".into(),
        phone: Some("+4989".into()),
        account: Some(AccountId::new("7")),
        ..NewContact::default()
    };
    let error = desk(&server).create_contact(&new).await.unwrap_err();
    assert_eq!((*error.kind(), error.retry()), (Kind::Invalid, Retry::Never));
    assert_eq!(error.fields(), [FieldError { field: "phone".into(), problem: FieldProblem::Invalid }]);
}

#[tokio::test]
async fn a_search_without_an_answer_ends_in_time() {
    let server = server(|_| Reply::Silence).await;
    let short = Timings { search: Duration::from_millis(100), ..timings() };
    let desk = desk_at(&server.address, short, Arc::new(ForgetTokens));
    let error = desk.search_contacts(PhoneField::Phone, &exact("+4989"), 10).await.unwrap_err();
    assert_eq!((*error.kind(), error.retry()), (Kind::TimedOut, Retry::Backoff));
    assert_eq!(server.seen("/search").len(), 1);
}

#[tokio::test]
async fn a_search_finds_a_free_slot_beside_any_background_work() {
    let server =
        server(|seen| if seen.line.contains("/myinfo") { Reply::Silence } else { status(204, "") }).await;
    let desk = desk(&server);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let desk = desk.clone();
        tasks.spawn(async move { desk.check().await });
    }
    until("background work is in flight", || server.seen("/myinfo").len() == 2).await;
    desk.search_contacts(PhoneField::Phone, &exact("+4989"), 10).await.unwrap();
    assert_eq!(server.seen("/myinfo").len(), 2);
}

#[tokio::test]
async fn a_closed_port_is_refused_and_not_a_sign_out() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = desk_at(&address, timings(), Arc::new(ForgetTokens)).check().await.unwrap_err();
    assert_eq!((*error.kind(), error.retry()), (Kind::Refused, Retry::Backoff));
    assert!(!format!("{error:?}").contains("/oauth"), "no request address in {error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_not_talked_to() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 1024];
            let _ = stream.read(&mut hello).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = desk_at(&address, timings(), Arc::new(ForgetTokens)).check().await.unwrap_err();
    assert_eq!((*error.kind(), error.retry()), (Kind::Tls, Retry::Backoff));
}

#[tokio::test]
async fn a_new_record_that_zoho_would_refuse_is_refused_before_sending() {
    let server = server(|_| ok("{}")).await;
    let desk = desk(&server);
    let contact = |last: &str, phone: &str| NewContact {
        last_name: last.into(),
        phone: Some(phone.into()),
        ..NewContact::default()
    };
    for (new, field) in [
        (contact(" ", "+4989"), "lastName"),
        (contact(&"x".repeat(201), "+4989"), "lastName"),
        (contact("A", "(089) 1"), "phone"),
        (contact("A", ""), "phone"),
    ] {
        let error = desk.create_contact(&new).await.unwrap_err();
        assert_eq!((*error.kind(), error.fields()[0].field.as_str()), (Kind::BadRequest, field));
    }
    let account = NewAccount::default();
    assert_eq!(desk.create_account(&account).await.unwrap_err().fields()[0].field, "accountName");
    assert!(server.seen("").is_empty());
}

#[tokio::test]
async fn a_redirect_does_not_receive_the_token() {
    let elsewhere = Server::start(|_| ok("{}")).await;
    let location: &'static str = format!("Location: {}/x\r\n", elsewhere.address).leak();
    let server = server(move |_| Reply::Answer(302, location, String::new())).await;
    assert_eq!(*desk(&server).check().await.unwrap_err().kind(), Kind::Other);
    assert!(elsewhere.seen("").is_empty());
}

#[tokio::test]
async fn a_portal_that_wants_a_department_for_tickets_is_asked_again_with_it() {
    let server = server(|seen| {
        if !seen.line.contains("departmentId=1892000000006907") {
            return status(422, r#"{"errorCode":"UNPROCESSABLE_ENTITY"}"#);
        }
        ok(r#"{"data":[{"id":"9","ticketNumber":101,"subject":"Hi","statusType":"Open",
            "assignee":{"id":"5","firstName":"Ana","lastName":"Agent"},"department":{"id":"3","name":"Support"}}]}"#)
    })
    .await;
    let desk = desk(&server);
    for _ in 0..2 {
        let tickets = desk.tickets_of(&ContactId::new("1"), 10).await.unwrap();
        assert_eq!(tickets[0].number.as_deref(), Some("101"));
        assert_eq!(tickets[0].assignee_name.as_deref(), Some("Ana Agent"));
    }
    let seen = server.seen("/contacts/1/tickets");
    assert_eq!(seen.len(), 3, "the second time at once");
    assert_eq!(
        seen[0].line,
        "GET /api/v1/contacts/1/tickets?include=assignee,departments&sortBy=-modifiedTime&limit=10 HTTP/1.1"
    );
}

#[tokio::test]
async fn an_unknown_id_is_gone_whatever_the_status() {
    for (code, body) in [
        (404, "URL_NOT_FOUND"),
        (404, "INVALID_DATA"),
        (404, "SOMETHING_NEW"),
        (422, "UNPROCESSABLE_ENTITY"),
        (422, "INVALID_DATA"),
    ] {
        let server = server(move |_| status(code, &format!(r#"{{"errorCode":"{body}"}}"#))).await;
        let desk = desk(&server);
        assert_eq!(*desk.contact(&ContactId::new("1")).await.unwrap_err().kind(), Kind::Gone);
        assert_eq!(*desk.account(&AccountId::new("1")).await.unwrap_err().kind(), Kind::Gone);
    }
}

#[tokio::test]
async fn credits_are_read_from_the_headers() {
    let server = server(|_| {
        let headers = "X-Rate-Limit-Remaining-v3: 4991\r\nX-Rate-Limit-Request-Weight-v3: 3\r\n";
        Reply::Answer(200, headers, AGENT.into())
    })
    .await;
    let desk = desk(&server);
    assert_eq!(desk.credits(), None);
    desk.check().await.unwrap();
    assert_eq!(desk.credits(), Some(Credits { left: 4991, last_weight: 3 }));
}

#[test]
fn an_organization_that_is_no_number_is_refused_at_once() {
    let config = Config {
        hosts: Hosts::of(DataCenter::Us),
        client_id: String::new(),
        client_secret: Secret::from("s3cret".to_owned()),
        refresh_token: Secret::from("1000.refresh".to_owned()),
        organization: Some(OrganizationId::new("acme")),
        department: None,
        timings: Timings::default(),
    };
    let shown = format!("{config:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("1000.refresh"), "{shown}");
    let error = Desk::new(config, Arc::new(ForgetTokens)).unwrap_err();
    assert_eq!(error.fields()[0].field, "orgId");
}

#[tokio::test]
async fn a_list_ends_with_an_empty_page_and_with_a_server_that_does_not_page() {
    let page = |first: usize| {
        let rows: Vec<String> = (first..first + 200).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
        ok(&format!(r#"{{"data":[{}]}}"#, rows.join(",")))
    };
    let full = server(move |seen| if seen.line.contains("from=") { status(204, "") } else { page(1) }).await;
    assert_eq!(desk(&full).agents().await.unwrap().len(), 200);
    let seen = full.seen("/agents");
    assert_eq!(seen[0].line, "GET /api/v1/agents?status=ACTIVE&limit=200 HTTP/1.1");
    assert_eq!(seen[1].line, "GET /api/v1/agents?status=ACTIVE&limit=200&from=200 HTTP/1.1");
    let deaf = server(move |_| page(1)).await;
    assert_eq!(desk(&deaf).departments().await.unwrap().len(), 200);
    assert_eq!(deaf.seen("/departments").len(), 2);
    let empty = server(|_| status(204, "")).await;
    assert!(desk(&empty).agents().await.unwrap().is_empty());
    assert!(desk(&empty).my_departments().await.unwrap().is_empty());
    let endless = AtomicUsize::new(0);
    let endless = server(move |_| page(endless.fetch_add(200, SeqCst))).await;
    assert_eq!(desk(&endless).agents().await.unwrap().len(), 5000, "no page begins beyond 4,999");
}

#[tokio::test]
async fn only_active_agents_are_listed_whatever_the_server_sends() {
    let server = server(|_| {
        ok(r#"{"data":[{"id":"1","status":"ACTIVE"},{"id":"2","status":"DISABLED"},{"id":"3"}]}"#)
    })
    .await;
    let agents = desk(&server).agents().await.unwrap();
    assert_eq!(agents.iter().map(|agent| agent.id.as_str()).collect::<Vec<_>>(), ["1", "3"]);
}

#[tokio::test]
async fn a_token_is_given_back_in_a_body_and_as_documented_only_if_that_is_not_understood() {
    let give_back = async |server: &Server| {
        let hosts = Hosts::custom(&server.address, &server.address).unwrap();
        revoke(&hosts, &Secret::from("1000.re+fresh".to_owned()), timings()).await
    };
    let both = Server::start(|_| ok(r#"{"status":"success"}"#)).await;
    give_back(&both).await.unwrap();
    let seen = both.seen("");
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line, "POST /oauth/v2/token/revoke HTTP/1.1");
    assert_eq!(seen[0].body, "token=1000.re%2Bfresh");
    for unknown in
        [status(400, r#"{"error":"invalid_token"}"#), status(400, ""), ok(r#"{"error":"invalid_code"}"#)]
    {
        let Reply::Answer(code, _, body) = unknown else { unreachable!() };
        let documented = Server::start(move |seen| match seen.line.contains("token=1000.re%2Bfresh") {
            true => ok(r#"{"status":"success"}"#),
            false => status(code, &body),
        })
        .await;
        give_back(&documented).await.unwrap();
        assert_eq!(documented.seen("").len(), 2);
    }
    let gone = Server::start(|_| status(400, r#"{"error":"invalid_token"}"#)).await;
    give_back(&gone).await.unwrap();
    for (code, body, kind) in [
        (500, "", Kind::ServerError),
        (200, r#"{"error":"Access Denied","status":"failure"}"#, Kind::Throttled),
        (302, "", Kind::Malformed),
    ] {
        let server = Server::start(move |_| status(code, body)).await;
        let error = give_back(&server).await.unwrap_err();
        assert_eq!(*error.kind(), kind);
        assert!(!format!("{error:?} {error}").contains("1000."), "{error:?}");
    }
}

#[tokio::test]
async fn the_server_s_clock_is_asked_of_the_other_server_when_one_does_not_tell() {
    const DATE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let mute = Server::start(|_| ok("{}")).await;
    let clock = Server::start(|_| Reply::Answer(401, DATE, String::new())).await;
    let hosts = Hosts::custom(&mute.address, &clock.address).unwrap();
    let time = server_clock(&hosts, timings()).await.unwrap();
    assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
    assert_eq!(clock.seen("")[0].header("authorization"), None);
    let hosts = Hosts::custom(&mute.address, &mute.address).unwrap();
    assert_eq!(*server_clock(&hosts, timings()).await.unwrap_err().kind(), Kind::Malformed);
}

#[tokio::test]
async fn call_activities_that_answer_oddly_are_not_there() {
    for (code, body) in
        [(404, "URL_NOT_FOUND"), (422, "UNPROCESSABLE_ENTITY"), (403, "LICENSE_ACCESS_LIMITED")]
    {
        let server = server(move |_| status(code, &format!(r#"{{"errorCode":"{body}"}}"#))).await;
        assert_eq!(desk(&server).can_write_calls().await.unwrap(), CallActivities::NotInEdition, "{body}");
    }
    let free = server(|seen| match seen.line.contains("/organizations/") {
        true => ok(r#"{"id":"700000001","edition":"NEW_FREE"}"#),
        false => status(204, ""),
    })
    .await;
    assert_eq!(desk(&free).can_write_calls().await.unwrap(), CallActivities::NotInEdition);
    let broken = server(|_| status(500, "")).await;
    assert_eq!(*desk(&broken).can_write_calls().await.unwrap_err().kind(), Kind::ServerError);
}

#[tokio::test]
async fn a_record_in_the_trash_is_gone() {
    for body in [r#"{"id":"1","isTrashed":true}"#, r#"{"id":"1","isDeleted":"true"}"#] {
        let server = server(move |_| ok(body)).await;
        let desk = desk(&server);
        assert_eq!(*desk.contact(&ContactId::new("1")).await.unwrap_err().kind(), Kind::Gone);
        assert_eq!(*desk.account(&AccountId::new("1")).await.unwrap_err().kind(), Kind::Gone);
        let error = desk.add_number(&ContactId::new("1"), PhoneField::Phone, "+4989").await.unwrap_err();
        assert_eq!(*error.kind(), Kind::Gone);
        assert!(server.seen("PATCH").is_empty());
    }
}

#[tokio::test]
async fn a_change_whose_answer_tells_nothing_may_have_been_made() {
    for body in ["", "{}", "[]", r#"{"id":null}"#, "<html>"] {
        let server = server(move |seen| match seen.line.starts_with("PATCH") {
            true => ok(body),
            false => ok(r#"{"id":"1","lastName":"Lin","phone":null}"#),
        })
        .await;
        let error =
            desk(&server).add_number(&ContactId::new("1"), PhoneField::Phone, "+4989").await.unwrap_err();
        assert_eq!((*error.kind(), error.retry()), (Kind::AnswerLost, Retry::Unknown), "{body}");
        let seen = server.seen("PATCH");
        assert_eq!((seen.len(), seen[0].body.as_str()), (1, r#"{"phone":"+4989"}"#));
        assert_eq!(seen[0].line, "PATCH /api/v1/contacts/1 HTTP/1.1");
    }
}

#[tokio::test]
async fn a_layout_of_any_shape_gives_a_form() {
    for layouts in
        ["{}", r#"{"data":[]}"#, r#"{"data":[{"layoutName":"x"}]}"#, r#"{"data":[{"id":"../1"}]}"#, "[]"]
    {
        let server = server(move |_| ok(layouts)).await;
        let form = desk(&server).form(Module::Accounts).await.unwrap();
        assert_eq!(form, EntryForm::documented(Module::Accounts), "{layouts}");
        assert_eq!(server.seen("/api/v1").len(), 1, "{layouts}");
    }
    for layout in ["[]", "7", r#"{"sections":7}"#, r#"{"sections":[7,{"fields":[7,{}]},{}]}"#] {
        let server = server(move |seen| match seen.line.contains("/layouts?") {
            true => ok(r#"{"data":[{"id":3},{"id":"4","isDefaultLayout":true}]}"#),
            false => ok(layout),
        })
        .await;
        let form = desk(&server).form(Module::Contacts).await.unwrap();
        assert_eq!(form, EntryForm::documented(Module::Contacts), "{layout}");
        assert_eq!(server.seen("/layouts?module=contacts ").len(), 1);
        assert_eq!(server.seen("/layouts/4 ").len(), 1, "the default one");
    }
}

#[tokio::test]
async fn what_was_entered_is_in_no_debug_output() {
    let extra = [("cf_a".to_owned(), FieldValue::Text("Muster".into()))].into();
    let contact = NewContact { last_name: "Muster".into(), extra, ..NewContact::default() };
    let account = NewAccount { name: "Muster".into(), ..NewAccount::default() };
    let value = FieldValue::Number("4711".into());
    let shown = format!("{contact:?} {account:?} {value:?}");
    assert!(!shown.contains("Muster") && !shown.contains("4711"), "{shown}");
}
