//! The Desk client over real sockets: one token for everybody, errors by kind, limits, what is sent and what is
//! never sent, and the records as the engine needs them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use deskring_simulator::{
    AGENT_ID, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, Fault, ORGANIZATION_ID,
    Options, PORTAL, Request, Simulator,
};
use deskring_zoho_desk::{
    AccessToken, AccountId, Config, ContactId, DepartmentId, Desk, Error, FieldProblem, ForgetTokens, Form,
    Hosts, Kind, NewAccount, NewContact, OrganizationId, PhoneField, Retry, Timings, TokenStore,
};
use e2e::{PATIENCE, until};
use serde_json::json;

/// The protocol in a hurry.
fn quick() -> Timings {
    Timings {
        search: Duration::from_secs(10),
        busy_pauses: vec![Duration::from_millis(5); 3],
        repeat_pauses: vec![Duration::from_millis(5); 2],
        ..Timings::default()
    }
}

async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

fn config(simulator: &Simulator) -> Config {
    Config {
        hosts: Hosts::custom(&simulator.accounts_url(), &simulator.desk_url()).unwrap(),
        client_id: DESK_CLIENT_ID.to_owned(),
        client_secret: DESK_CLIENT_SECRET.to_owned().into(),
        refresh_token: DESK_REFRESH_TOKEN.to_owned().into(),
        organization: Some(OrganizationId::new(ORGANIZATION_ID)),
        department: Some(DepartmentId::new(DEPARTMENT_ID)),
        timings: quick(),
    }
}

fn client(simulator: &Simulator) -> Desk {
    Desk::new(config(simulator), Arc::new(ForgetTokens)).unwrap()
}

#[derive(Default)]
struct Memory(Mutex<Option<AccessToken>>);

impl TokenStore for Memory {
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

fn requests(simulator: &Simulator, side: &str) -> Vec<Request> {
    simulator.desk().requests().into_iter().filter(|request| request.side == side).collect()
}

fn token_requests(simulator: &Simulator) -> usize {
    requests(simulator, "accounts").len()
}

fn exact(number: &str) -> Vec<Form> {
    vec![Form::Exact(number.to_owned())]
}

async fn search(desk: &Desk, number: &str) -> Result<Vec<String>, Error> {
    let found = desk.search_contacts(PhoneField::Mobile, &exact(number), 50).await?;
    Ok(found.into_iter().map(|contact| contact.id.to_string()).collect())
}

/// Twenty searches at once.
async fn twenty(desk: &Desk) -> Vec<Result<Vec<String>, Error>> {
    let searches: Vec<_> = (0..20)
        .map(|_| {
            let desk = desk.clone();
            tokio::spawn(async move { search(&desk, "+8613800138000").await })
        })
        .collect();
    let mut results = Vec::new();
    for search in searches {
        results.push(search.await.unwrap());
    }
    results
}

// The token.

#[tokio::test]
async fn twenty_searches_at_once_cause_one_token_request() {
    let simulator = simulator().await;
    let id = simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": "+8613800138000" }));
    let desk = client(&simulator);
    for result in twenty(&desk).await {
        assert_eq!(result.unwrap(), std::slice::from_ref(&id));
    }
    assert_eq!((token_requests(&simulator), simulator.desk().live_access_tokens()), (1, 1));
    let asked = &requests(&simulator, "accounts")[0];
    assert!(asked.query.is_empty(), "secrets travel in the body, not in the address");
}

#[tokio::test]
async fn a_restarted_program_goes_on_with_the_token_it_had() {
    let simulator = simulator().await;
    let memory = Arc::new(Memory::default());
    for _ in 0..3 {
        Desk::new(config(&simulator), memory.clone()).unwrap().check().await.unwrap();
    }
    assert_eq!(token_requests(&simulator), 1);
}

#[tokio::test]
async fn an_expired_token_costs_one_refresh_and_one_repeat_for_everybody_together() {
    for html in [false, true] {
        let simulator = simulator().await;
        simulator.desk().set(|switches| switches.html_401 = html);
        let desk = client(&simulator);
        desk.check().await.unwrap();
        simulator.desk().expire_access_tokens();
        let before = requests(&simulator, "desk").len();
        for result in twenty(&desk).await {
            assert_eq!(result.unwrap(), Vec::<String>::new());
        }
        assert_eq!(token_requests(&simulator), 2);
        let after = requests(&simulator, "desk").len() - before;
        assert!((20..=40).contains(&after), "{after} requests");
        let refused =
            requests(&simulator, "desk").iter().filter(|request| request.status == Some(401)).count();
        assert_eq!(after - refused, 20, "each search was answered once");
    }
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_means_signed_out_and_is_not_asked_about_again() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    simulator.desk().fault_next(2, Fault::Html401);
    let error = desk.check().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::SignedOut, Retry::SignIn));
    assert_eq!(token_requests(&simulator), 2);
    let error = desk.check().await.unwrap_err();
    assert_eq!(error.kind(), &Kind::SignedOut);
    assert_eq!((token_requests(&simulator), requests(&simulator, "desk").len()), (2, 2));
}

#[tokio::test]
async fn a_revoked_account_is_signed_out_with_one_question() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    desk.check().await.unwrap();
    simulator.desk().revoke();
    for _ in 0..3 {
        for result in twenty(&desk).await {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.retry()), (&Kind::SignedOut, Retry::SignIn));
        }
    }
    assert_eq!(token_requests(&simulator), 2);
    let asked = requests(&simulator, "desk").len();
    assert!(asked <= 21, "{asked} requests");
}

#[tokio::test]
async fn a_throttled_token_request_is_waited_for_and_is_no_sign_out() {
    for status in [400, 200] {
        let simulator = simulator().await;
        simulator.desk().set(|switches| {
            switches.refreshes_per_window = 0;
            switches.throttle_status = status;
        });
        let desk = client(&simulator);
        for _ in 0..3 {
            let error = desk.check().await.unwrap_err();
            assert_eq!(error.kind(), &Kind::Throttled, "{status}");
            assert!(
                matches!(error.retry(), Retry::After(pause) if pause > Duration::from_secs(500)),
                "{error:?}"
            );
        }
        assert_eq!((token_requests(&simulator), requests(&simulator, "desk").len()), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn a_refused_client_is_told_by_what_is_wrong_with_it() {
    let simulator = simulator().await;
    let kind = async |config: Config| {
        let error = Desk::new(config, Arc::new(ForgetTokens)).unwrap().check().await.unwrap_err();
        (*error.kind(), error.retry())
    };
    let other_id = Config { client_id: "1000.OTHER".to_owned(), ..config(&simulator) };
    assert_eq!(kind(other_id).await, (Kind::ClientUnknown, Retry::SignIn));
    let other_secret = Config { client_secret: "other".to_owned().into(), ..config(&simulator) };
    assert_eq!(kind(other_secret).await, (Kind::ClientSecretWrong, Retry::SignIn));
    let other_user = Config { refresh_token: "1000.other".to_owned().into(), ..config(&simulator) };
    assert_eq!(kind(other_user).await, (Kind::SignedOut, Retry::SignIn));
    simulator.desk().set(|switches| switches.wrong_data_center = true);
    assert_eq!(kind(config(&simulator)).await, (Kind::ClientUnknown, Retry::SignIn));
    simulator.desk().set(|switches| {
        switches.wrong_data_center = false;
        switches.token_endpoint_status = Some(503);
    });
    assert_eq!(kind(config(&simulator)).await, (Kind::ServerError, Retry::Backoff));
}

// Errors.

#[tokio::test]
async fn every_refusal_has_its_kind_and_is_not_repeated() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let desk = client(&simulator);
    desk.check().await.unwrap();
    let gone = desk.contact(&ContactId::new("1")).await.unwrap_err();
    assert_eq!((gone.kind(), gone.retry(), gone.status()), (&Kind::Gone, Retry::Never, Some(404)));
    let gone = desk.account(&AccountId::new("1")).await.unwrap_err();
    assert_eq!(gone.kind(), &Kind::Gone);
    let gone = desk.tickets_of(&ContactId::new("1"), 5).await.unwrap_err();
    assert_eq!(gone.kind(), &Kind::Gone);

    sim.set(|switches| switches.scopes = Some(vec!["Desk.basic.READ".to_owned()]));
    let scope = search(&desk, "1").await.unwrap_err();
    assert_eq!(
        (scope.kind(), scope.retry(), scope.code()),
        (&Kind::MissingScope, Retry::SignIn, Some("SCOPE_MISMATCH"))
    );
    sim.set(|switches| switches.scopes = None);

    let other = desk.in_organization(OrganizationId::new("4711")).unwrap();
    let mismatch = search(&other, "1").await.unwrap_err();
    assert_eq!((mismatch.kind(), mismatch.retry()), (&Kind::OtherOrganization, Retry::SignIn));

    sim.set(|switches| switches.refuse_duplicate_email = true);
    let new = NewContact {
        last_name: "Lin".to_owned(),
        email: Some("lin@example.com".to_owned()),
        ..NewContact::default()
    };
    desk.create_contact(&new).await.unwrap();
    let duplicate = desk.create_contact(&new).await.unwrap_err();
    assert_eq!((duplicate.kind(), duplicate.retry()), (&Kind::Invalid, Retry::Never));
    assert_eq!(duplicate.fields()[0].problem, FieldProblem::Duplicate);

    let refusals: Vec<_> = requests(&simulator, "desk")
        .into_iter()
        .filter(|request| request.status.is_some_and(|status| status >= 400))
        .map(|request| (request.path, request.status.unwrap()))
        .collect();
    assert_eq!(refusals.len(), 6, "{refusals:?}");
    assert_eq!(token_requests(&simulator), 1, "none of them is a reason for another token");
}

#[tokio::test]
async fn a_read_survives_two_accidents_and_not_three() {
    for (fault, kind) in [
        (Fault::Reset, Kind::Unreachable),
        (Fault::Status(500), Kind::ServerError),
        (Fault::Status(503), Kind::ServerError),
        (Fault::TruncatedJson, Kind::Malformed),
    ] {
        let simulator = simulator().await;
        let id = simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": "+8613800138000" }));
        let desk = client(&simulator);
        desk.check().await.unwrap();
        let before = requests(&simulator, "desk").len();
        simulator.desk().fault_next(2, fault);
        assert_eq!(search(&desk, "+8613800138000").await.unwrap(), [id], "{fault:?}");
        assert_eq!(requests(&simulator, "desk").len() - before, 3, "{fault:?}");
        simulator.desk().fault_next(9, fault);
        let error = search(&desk, "+8613800138000").await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (&kind, Retry::Backoff), "{fault:?}");
        assert_eq!(simulator.desk().planned_faults(), 6, "{fault:?}");
    }
}

#[tokio::test]
async fn a_write_goes_out_once_whatever_happens_to_it() {
    for (fault, written) in [
        (Fault::Reset, 0),
        (Fault::Status(500), 0),
        (Fault::Status(503), 0),
        (Fault::TruncatedJson, 1),
        (Fault::LostAnswer, 1),
    ] {
        let simulator = simulator().await;
        let desk = client(&simulator);
        desk.check().await.unwrap();
        simulator.desk().fault_next(1, fault);
        let new = NewContact { last_name: "Lin".to_owned(), ..NewContact::default() };
        let error = desk.create_contact(&new).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Unknown, "{fault:?}: {error:?}");
        let posts = requests(&simulator, "desk").iter().filter(|request| request.method == "POST").count();
        assert_eq!((posts, simulator.desk().writes().len()), (1, written), "{fault:?}");
    }
}

#[tokio::test]
async fn a_search_that_takes_too_long_ends_in_time() {
    let simulator = simulator().await;
    let timings = Timings { search: Duration::from_millis(300), ..quick() };
    let desk = Desk::new(Config { timings, ..config(&simulator) }, Arc::new(ForgetTokens)).unwrap();
    desk.check().await.unwrap();
    simulator.desk().fault_next(1, Fault::Delay(3_600_000));
    let error = search(&desk, "1").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::TimedOut, Retry::Backoff));
    assert_eq!(search(&desk, "1").await.unwrap(), Vec::<String>::new(), "the next one is not held up");
}

// Limits.

#[tokio::test]
async fn no_more_than_three_requests_are_ever_under_way() {
    let simulator = simulator().await;
    simulator.desk().set(|switches| switches.delay_ms = 20);
    let desk = client(&simulator);
    for result in twenty(&desk).await {
        result.unwrap();
    }
    assert_eq!(simulator.desk().most_in_flight(), 3);
}

#[tokio::test]
async fn a_portal_that_is_busy_is_asked_again_after_a_pause_and_then_left_alone() {
    let simulator = simulator().await;
    let pauses = [40, 80, 160].map(Duration::from_millis).to_vec();
    let timings = Timings { busy_pauses: pauses, ..quick() };
    let desk = Desk::new(Config { timings, ..config(&simulator) }, Arc::new(ForgetTokens)).unwrap();
    desk.check().await.unwrap();
    simulator.desk().fault_next(3, Fault::TooManyRequests);
    let started = Instant::now();
    search(&desk, "1").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(140), "{:?}", started.elapsed());
    simulator.desk().fault_next(9, Fault::TooManyRequests);
    let error = search(&desk, "1").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::TooManyRequests, Retry::Backoff));
    assert_eq!(simulator.desk().planned_faults(), 5);
}

#[tokio::test]
async fn the_concurrency_of_the_smallest_edition_is_enough() {
    let simulator = simulator().await;
    simulator.desk().set(|switches| {
        switches.edition = "FREE".to_owned();
        switches.delay_ms = 10;
    });
    for result in twenty(&client(&simulator)).await {
        result.unwrap();
    }
    assert!(requests(&simulator, "desk").iter().all(|request| request.status == Some(204)));
}

#[tokio::test]
async fn used_up_credits_silence_everything_for_as_long_as_desk_says() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    desk.check().await.unwrap();
    let sent = requests(&simulator, "desk").len();
    simulator.desk().fault_next(1, Fault::CreditsExhausted { retry_after: 2 });
    let started = Instant::now();
    let error = search(&desk, "1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (&Kind::CreditsExhausted, Retry::After(Duration::from_secs(2)))
    );
    for result in twenty(&desk).await {
        let error = result.unwrap_err();
        assert!(matches!(error.retry(), Retry::After(pause) if pause <= Duration::from_secs(2)), "{error:?}");
    }
    assert_eq!(requests(&simulator, "desk").len(), sent + 1);
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while search(&desk, "1").await.is_err() {
        looks.tick().await;
        assert!(started.elapsed() < PATIENCE, "never asked again");
    }
    assert!(started.elapsed() >= Duration::from_millis(1900), "{:?}", started.elapsed());
    assert_eq!(requests(&simulator, "desk").len(), sent + 2);
}

#[tokio::test]
async fn credits_are_told_by_every_answer() {
    let simulator = simulator().await;
    simulator.desk().set(|switches| switches.credits_left = 100);
    let desk = client(&simulator);
    assert!(desk.credits().is_none());
    search(&desk, "1").await.unwrap();
    assert_eq!(desk.credits().map(|credits| (credits.left, credits.last_weight)), Some((97, 3)));
}

// What is sent.

#[tokio::test]
async fn what_desk_would_refuse_is_never_sent() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    for hostile in
        ["(212) 555", "1#2", "1&phone=2", "*1234567", "1,2", "${notempty}", "", " ", "+", "1\n2", "١٢٣"]
    {
        let error = desk.search_contacts(PhoneField::Phone, &exact(hostile), 50).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (&Kind::BadRequest, Retry::Never), "{hostile:?}");
    }
    for hostile in ["12", "*123", "(5) 5503309"] {
        let forms = [Form::EndsWith(hostile.to_owned())];
        assert_eq!(
            desk.search_contacts(PhoneField::Phone, &forms, 50).await.unwrap_err().kind(),
            &Kind::BadRequest
        );
    }
    let many: Vec<_> = (0..31).map(|n| Form::Exact(format!("138001380{n:02}"))).collect();
    assert_eq!(
        desk.search_contacts(PhoneField::Phone, &many, 50).await.unwrap_err().kind(),
        &Kind::BadRequest
    );
    assert_eq!(desk.search_contacts(PhoneField::Phone, &[], 50).await.unwrap(), []);
    for hostile in ["ab", "(212) 555", "a&b", "a*"] {
        assert_eq!(
            desk.search_accounts(hostile, 50).await.unwrap_err().kind(),
            &Kind::BadRequest,
            "{hostile}"
        );
    }
    for id in ["", "../organizations", "1?x=y", "1 2"] {
        assert_eq!(desk.contact(&ContactId::new(id)).await.unwrap_err().kind(), &Kind::BadRequest, "{id}");
    }
    let bracketed = NewContact {
        last_name: "Lin".to_owned(),
        phone: Some("(0592) 5503309".to_owned()),
        ..NewContact::default()
    };
    assert_eq!(desk.create_contact(&bracketed).await.unwrap_err().kind(), &Kind::BadRequest);
    assert_eq!(desk.create_contact(&NewContact::default()).await.unwrap_err().kind(), &Kind::BadRequest);
    assert!(simulator.desk().requests().is_empty());
}

#[tokio::test]
async fn a_whole_session_sends_nothing_desk_does_not_list() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let account = sim.add_account(json!({ "accountName": "Acme", "phone": "+865925503300" }));
    let contact =
        sim.add_contact(json!({ "lastName": "Lin", "mobile": "+8613800138000", "accountId": account }));
    let desk = client(&simulator);
    desk.organizations().await.unwrap();
    desk.organization(&OrganizationId::new(ORGANIZATION_ID)).await.unwrap();
    desk.my_info().await.unwrap();
    let forms: Vec<_> = (0..30).map(|n| Form::Exact(format!("+86 138-0013.80/{n:02}"))).collect();
    for field in [PhoneField::Phone, PhoneField::Mobile] {
        desk.search_contacts(field, &forms, 50).await.unwrap();
        desk.search_contacts(field, &[Form::EndsWith("550-3309".to_owned())], 500).await.unwrap();
    }
    desk.search_accounts("+865925503300", 50).await.unwrap();
    desk.search_accounts("鹭岛 O'Neil & ".trim_end_matches(" & "), 50).await.unwrap();
    desk.contact(&ContactId::new(&contact)).await.unwrap();
    desk.account(&AccountId::new(&account)).await.unwrap();
    desk.tickets_of(&ContactId::new(&contact), 5).await.unwrap();
    desk.create_contact(&NewContact {
        last_name: "Mei".to_owned(),
        phone: Some("+1 212-555".to_owned()),
        ..NewContact::default()
    })
    .await
    .unwrap();
    desk.create_account(&NewAccount { name: "Acme 2".to_owned(), phone: None }).await.unwrap();
    let sent = requests(&simulator, "desk");
    assert_eq!(sent.len(), 14);
    for request in sent {
        assert!(
            request.status.is_some_and(|status| status < 300),
            "{} {}: {}",
            request.path,
            request.query,
            request.outcome
        );
        let organization = (request.path != "/api/v1/organizations").then_some(ORGANIZATION_ID);
        assert_eq!(request.org_id.as_deref(), organization, "{}", request.path);
        assert!(!request.query.contains(['+', '(', ')', '#', ' ']), "{}", request.query);
    }
}

#[tokio::test]
async fn a_plus_arrives_as_a_plus() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    let id = simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": "+86 138 0013 8000" }));
    assert_eq!(search(&desk, "+86 138 0013 8000").await.unwrap(), [id]);
    assert_eq!(search(&desk, "86 138 0013 8000").await.unwrap(), Vec::<String>::new());
    let sent = requests(&simulator, "desk");
    assert!(sent[0].query.starts_with("mobile=%2B86%20138"), "{}", sent[0].query);
}

// Records.

#[tokio::test]
async fn nobody_is_an_empty_list_in_every_form_desk_has_for_it() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    assert_eq!(search(&desk, "+8613800138000").await.unwrap(), Vec::<String>::new());
    assert_eq!(desk.search_accounts("nobody", 50).await.unwrap(), []);
    let contact = simulator.desk().add_contact(json!({ "lastName": "Lin" }));
    assert_eq!(desk.tickets_of(&ContactId::new(contact), 5).await.unwrap(), []);
}

#[tokio::test]
async fn a_search_finds_what_is_stored_in_any_of_the_forms_and_by_its_end() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let desk = client(&simulator);
    let account = sim.add_account(json!({ "accountName": "Acme" }));
    let plain = sim.add_contact(
        json!({ "firstName": "Jing", "lastName": "Lin", "phone": "05925503309", "accountId": account }),
    );
    let bracketed = sim.add_contact(json!({ "lastName": "Mei", "phone": "(0592) 550-3309" }));
    sim.add_contact(json!({ "lastName": "Other", "mobile": "05925503309" }));
    let forms: Vec<_> =
        ["+865925503309", "05925503309", "0592-5503309"].map(|form| Form::Exact(form.to_owned())).to_vec();
    let found = desk.search_contacts(PhoneField::Phone, &forms, 50).await.unwrap();
    assert_eq!(found.iter().map(|contact| contact.id.as_str()).collect::<Vec<_>>(), [&plain]);
    assert_eq!((found[0].name().as_str(), found[0].phone.as_deref()), ("Jing Lin", Some("05925503309")));
    let company = found[0].account.as_ref().unwrap();
    assert_eq!((company.id.as_str(), company.name.as_deref()), (account.as_str(), Some("Acme")));
    let found =
        desk.search_contacts(PhoneField::Phone, &[Form::EndsWith("550-3309".to_owned())], 50).await.unwrap();
    assert_eq!(found.iter().map(|contact| contact.id.as_str()).collect::<Vec<_>>(), [&bracketed]);
}

#[tokio::test]
async fn a_page_of_hits_is_cut_at_what_desk_permits() {
    let simulator = simulator().await;
    for _ in 0..120 {
        simulator.desk().add_contact(json!({ "lastName": "Many", "mobile": "+8613800138000" }));
    }
    let desk = client(&simulator);
    for (limit, found) in [(0, 1), (5, 5), (99, 99), (1000, 99)] {
        let contacts =
            desk.search_contacts(PhoneField::Mobile, &exact("+8613800138000"), limit).await.unwrap();
        assert_eq!(contacts.len(), found, "{limit}");
    }
}

#[tokio::test]
async fn a_new_contact_is_known_by_its_id_at_once_and_by_search_later() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    let new = NewContact {
        last_name: "Lin".to_owned(),
        mobile: Some("+8613800138000".to_owned()),
        ..NewContact::default()
    };
    let made = desk.create_contact(&new).await.unwrap();
    assert_eq!(desk.contact(&made.id).await.unwrap().mobile.as_deref(), Some("+8613800138000"));
    assert_eq!(search(&desk, "+8613800138000").await.unwrap(), Vec::<String>::new());
    simulator.desk().index_now();
    assert_eq!(search(&desk, "+8613800138000").await.unwrap(), [made.id.to_string()]);
    simulator.desk().remove_contact(made.id.as_str());
    assert_eq!(desk.contact(&made.id).await.unwrap_err().kind(), &Kind::Gone);
    assert_eq!(search(&desk, "+8613800138000").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn fields_the_agent_may_not_see_are_absent_and_no_error() {
    let simulator = simulator().await;
    simulator.desk().set(|switches| {
        switches.hide_mobile = true;
        switches.hide_web_url = true;
    });
    simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": "+8613800138000" }));
    let found =
        client(&simulator).search_contacts(PhoneField::Mobile, &exact("+8613800138000"), 5).await.unwrap();
    assert_eq!((found.len(), &found[0].mobile, &found[0].web_url), (1, &None, &None));
}

#[tokio::test]
async fn a_contact_s_tickets_come_newest_change_first_with_who_works_on_them() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let contact = sim.add_contact(json!({ "lastName": "Lin" }));
    let other = sim.add_contact(json!({ "lastName": "Mei" }));
    for (subject, status, changed) in [
        ("old", "Closed", "2024-01-05T09:10:11.000Z"),
        ("new", "Open", "2026-01-05T09:10:11.000Z"),
        ("mid", "On Hold", "2025-01-05T09:10:11.000Z"),
    ] {
        sim.add_ticket(json!({ "contactId": contact, "subject": subject, "status": status, "modifiedTime": changed, "assigneeId": AGENT_ID }));
    }
    sim.add_ticket(json!({ "contactId": other, "subject": "theirs" }));
    let desk = client(&simulator);
    let tickets = desk.tickets_of(&ContactId::new(&contact), 2).await.unwrap();
    let subjects: Vec<_> = tickets.iter().map(|ticket| ticket.subject.as_deref().unwrap()).collect();
    assert_eq!(subjects, ["new", "mid"]);
    let first = &tickets[0];
    assert_eq!(
        (first.status_type.as_deref(), first.assignee.as_ref().map(|id| id.as_str())),
        (Some("Open"), Some(AGENT_ID))
    );
    assert!(first.number.is_some() && first.department.is_some());
    desk.page(first.web_url.as_ref().unwrap(), None).unwrap();
}

#[tokio::test]
async fn the_pages_desk_names_pass_the_check_and_others_do_not() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let desk = client(&simulator);
    let id = sim.add_contact(json!({ "lastName": "Lin" }));
    let contact = desk.contact(&ContactId::new(&id)).await.unwrap();
    let page = desk.page(contact.web_url.as_ref().unwrap(), None).unwrap();
    assert_eq!(page.as_str(), sim.web_url(&id));
    let account = AccountId::new(sim.add_account(json!({ "accountName": "Acme" })));
    let account = desk.account(&account).await.unwrap();
    desk.page(account.web_url.as_ref().unwrap(), None).unwrap();
    let built = desk.contact_page(PORTAL, &contact.id).unwrap();
    assert!(built.as_str().starts_with(&simulator.desk_url()), "{built}");
    for other in [
        simulator.accounts_url(),
        simulator.control_url(),
        simulator.pbx_url(),
        "https://evil.example/".to_owned(),
    ] {
        sim.change_contact(&id, json!({ "webUrl": other }));
        let contact = desk.contact(&contact.id).await.unwrap();
        desk.page(contact.web_url.as_ref().unwrap(), None).unwrap_err();
    }
}

#[tokio::test]
async fn who_we_are_is_told_without_choosing_an_organization_first() {
    let simulator = simulator().await;
    let nowhere =
        Desk::new(Config { organization: None, ..config(&simulator) }, Arc::new(ForgetTokens)).unwrap();
    let organizations = nowhere.organizations().await.unwrap();
    assert_eq!((organizations.len(), organizations[0].portal_name.as_deref()), (1, Some(PORTAL)));
    assert_eq!(nowhere.my_info().await.unwrap_err().kind(), &Kind::OtherOrganization);
    let here = nowhere.in_organization(organizations[0].id.clone()).unwrap();
    let me = here.my_info().await.unwrap();
    assert_eq!((me.id.as_str(), me.extension.as_deref()), (AGENT_ID, Some("1001")));
    assert_eq!(token_requests(&simulator), 1, "the token is shared");
}

#[tokio::test]
async fn a_desk_that_is_away_is_refused_and_asked_again_when_it_is_back() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    desk.check().await.unwrap();
    simulator.stop_desk().await;
    let error = desk.check().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::Refused, Retry::Backoff));
    simulator.start_desk().await;
    until("the port is open", || {
        std::net::TcpStream::connect(simulator.desk_url().trim_start_matches("http://")).is_ok()
    })
    .await;
    desk.check().await.unwrap();
}
