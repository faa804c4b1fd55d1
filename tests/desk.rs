//! The Desk client over real sockets: one token for everybody, errors by kind, limits, what is sent and what is
//! never sent, and the records as the engine needs them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use deskring_simulator::{
    AGENT_ID, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, Fault, ORGANIZATION_ID,
    Options, PORTAL, Request, Simulator,
};
use deskring_zoho_desk::{
    AccessToken, AccountId, Config, ContactId, DepartmentId, Desk, EntryForm, Error, FieldKind, FieldProblem,
    FieldValue, ForgetTokens, Form, Hosts, Kind, Module, NameOrder, NewAccount, NewContact, NumberAdded,
    OrganizationId, Origin, PhoneField, Requirement, Retry, Timings, TokenStore, WalkEnd, WalkMark,
};
use e2e::{PATIENCE, until};
use serde_json::{Value, json};

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
    let account = NewAccount { name: "Acme 2".to_owned(), ..NewAccount::default() };
    desk.create_account(&account).await.unwrap();
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
    assert_eq!(
        (found[0].name(NameOrder::ByScript).as_str(), found[0].phone.as_deref()),
        ("Jing Lin", Some("05925503309"))
    );
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

// Forms and new records.

fn named(last: &str) -> NewContact {
    NewContact { last_name: last.to_owned(), ..NewContact::default() }
}

fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.to_owned())
}

/// The organization's own fields: one that must be chosen, and one for each further kind of value.
fn own_fields() -> Vec<Value> {
    vec![
        json!({ "apiName": "cf_region", "displayLabel": "Region", "i18NLabel": "地区 <b>", "type": "Picklist",
            "isMandatory": true, "allowedValues": ["North", "华南"] }),
        json!({ "apiName": "cf_seats", "displayLabel": "Seats", "type": "Number" }),
        json!({ "apiName": "cf_vip", "displayLabel": "VIP", "type": "Checkbox" }),
        json!({ "apiName": "email", "isMandatory": true }),
    ]
}

fn spent(simulator: &Simulator, before: u64) -> u64 {
    before - simulator.desk().switches().credits_left
}

#[tokio::test]
async fn a_form_has_the_fields_of_the_layout_with_their_labels() {
    for (hidden, credits) in [(false, 4), (true, 7)] {
        let simulator = simulator().await;
        simulator.desk().set(|switches| {
            switches.contact_fields = own_fields();
            switches.hide_layout_api_names = hidden;
        });
        let before = simulator.desk().switches().credits_left;
        let form = client(&simulator).form(Module::Contacts).await.unwrap();
        assert_eq!((form.origin, spent(&simulator, before)), (Origin::Layout, credits));
        let region = form.field("cf_region").unwrap();
        assert_eq!((region.label.as_str(), region.required), ("地区 <b>", Requirement::Required));
        assert_eq!(region.kind, FieldKind::Picklist(vec!["North".to_owned(), "华南".to_owned()]));
        assert_eq!(form.field("cf_vip").unwrap().kind, FieldKind::Boolean);
        let email = form.field("email").unwrap();
        assert_eq!((email.required, &email.kind), (Requirement::Required, &FieldKind::Email));
        let last = form.field("lastName").unwrap();
        assert_eq!((last.label.as_str(), last.max_length), ("Last Name", Some(200)));
        assert_eq!(form.field("accountId").unwrap().kind, FieldKind::Lookup);
        assert!(form.field("createdTime").is_none(), "nobody can enter it");
    }
}

#[tokio::test]
async fn a_layout_that_cannot_be_read_leaves_the_documented_form() {
    for refusal in ["SCOPE_MISMATCH", "FORBIDDEN", "LICENSE_ACCESS_LIMITED", ""] {
        let simulator = simulator().await;
        simulator.desk().set(|switches| switches.layout_refusal = Some(refusal.to_owned()));
        let desk = client(&simulator);
        for module in [Module::Contacts, Module::Accounts] {
            let form = desk.form(module).await.unwrap();
            assert_eq!(form, EntryForm::documented(module), "{refusal}");
        }
    }
    let simulator = simulator().await;
    let desk = client(&simulator);
    simulator.desk().fault_next(9, Fault::Status(503));
    let error = desk.form(Module::Contacts).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::ServerError, Retry::Backoff), "which may pass");
}

#[tokio::test]
async fn a_required_field_that_is_missing_is_named_as_the_form_names_it() {
    let simulator = simulator().await;
    simulator.desk().set(|switches| switches.contact_fields = own_fields());
    let desk = client(&simulator);
    let form = desk.form(Module::Contacts).await.unwrap();
    let error = desk.create_contact(&named("Lin")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_duplicate()), (&Kind::Invalid, false));
    let refused: Vec<_> = error
        .fields()
        .iter()
        .map(|field| (form.field(field.api_name()).unwrap().label.as_str(), field.problem))
        .collect();
    assert_eq!(refused, [("Email", FieldProblem::Missing), ("地区 <b>", FieldProblem::Missing)]);

    let mut new = named("Lin");
    new.email = Some("lin@example.com".to_owned());
    new.extra.insert("cf_region".to_owned(), text("East"));
    let error = desk.create_contact(&new).await.unwrap_err();
    let field = &error.fields()[0];
    assert_eq!(
        (field.field.as_str(), field.api_name(), field.problem),
        ("cf/cf_region", "cf_region", FieldProblem::Invalid)
    );

    new.extra = BTreeMap::from([
        ("cf_region".to_owned(), text("华南")),
        ("cf_seats".to_owned(), FieldValue::Number(" 12 ".to_owned())),
        ("cf_vip".to_owned(), FieldValue::Boolean(true)),
        ("title".to_owned(), text("Buyer")),
        ("city".to_owned(), text("  ")),
    ]);
    new.description = Some("met at the fair\nsecond line".to_owned());
    let made = desk.create_contact(&new).await.unwrap();
    let stored = simulator.desk().record(made.id.as_str()).unwrap();
    assert_eq!(stored["cf"], json!({ "cf_region": "华南", "cf_seats": 12, "cf_vip": true }));
    assert_eq!((&stored["title"], &stored["city"]), (&json!("Buyer"), &Value::Null));
    assert_eq!(stored["description"], "met at the fair\nsecond line");
}

#[tokio::test]
async fn everything_wrong_with_a_form_is_told_at_once_and_nothing_is_sent() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    let mut new = named(&"长".repeat(201));
    new.first_name = Some("x".repeat(300));
    new.mobile = Some("(0592) 1".to_owned());
    new.account = Some(AccountId::new("1/../2"));
    new.extra = BTreeMap::from([
        ("accountName".to_owned(), text("Acme")),
        ("cf_../x".to_owned(), text("x")),
        ("cf_seats".to_owned(), FieldValue::Number("twelve".to_owned())),
        ("lastName".to_owned(), text("twice")),
        ("title".to_owned(), text(&"x".repeat(101))),
    ]);
    let error = desk.create_contact(&new).await.unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(|field| field.field.as_str()).collect();
    let wanted = [
        "lastName",
        "firstName",
        "mobile",
        "accountId",
        "accountName",
        "cf_../x",
        "cf/cf_seats",
        "lastName",
        "title",
    ];
    assert_eq!((error.kind(), fields.as_slice()), (&Kind::BadRequest, wanted.as_slice()));
    let error = desk.create_account(&NewAccount::default()).await.unwrap_err();
    assert_eq!(
        (error.fields()[0].api_name(), error.fields()[0].problem),
        ("accountName", FieldProblem::Missing)
    );
    assert!(simulator.desk().requests().is_empty());
}

#[tokio::test]
async fn a_name_of_any_kind_arrives_as_it_is() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    for name in ["陈静", "<script>alert(1)</script>", "O'Neil & \"Söhne\" {x} ${y}", "👩‍💻", &"长".repeat(200)]
    {
        let made = desk.create_contact(&named(name)).await.unwrap();
        assert_eq!(desk.contact(&made.id).await.unwrap().last_name.as_deref(), Some(name));
    }
    let made = desk.create_contact(&named(" Lin\r\n\tJing\u{0} ")).await.unwrap();
    assert_eq!(made.last_name.as_deref(), Some("Lin   Jing"), "one line");
    let account = NewAccount { name: "鹭岛贸易".repeat(50), ..NewAccount::default() };
    let account = desk.create_account(&account).await.unwrap();
    let mut new = named("Lin");
    new.account = Some(account.id.clone());
    let made = desk.create_contact(&new).await.unwrap();
    assert_eq!(desk.contact(&made.id).await.unwrap().account.unwrap().name, account.name);
}

#[tokio::test]
async fn somebody_with_the_same_mail_address_is_found_before_and_after_creating() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    sim.set(|switches| switches.refuse_duplicate_email = true);
    let desk = client(&simulator);
    assert_eq!(desk.contacts_with_email("lin@example.com").await.unwrap(), []);
    let mut new = named("Lin");
    new.email = Some("Lin@example.com".to_owned());
    let made = desk.create_contact(&new).await.unwrap();
    let error = desk.create_contact(&new).await.unwrap_err();
    assert!(error.is_duplicate());
    assert_eq!((error.fields()[0].api_name(), error.retry()), ("email", Retry::Never));
    assert_eq!(desk.contacts_with_email("lin@example.com").await.unwrap(), [], "not yet searchable");
    sim.index_now();
    let before = sim.switches().credits_left;
    let found = desk.contacts_with_email(" lin@example.com ").await.unwrap();
    assert_eq!((found.len(), &found[0].id, spent(&simulator, before)), (1, &made.id, 3));
    let sent = sim.requests().len();
    for hostile in
        ["", "lin", "@", "lin@", "*@example.com", "a,b@example.com", "a b@example.com", "${x}@y", "a(b)@c.d"]
    {
        let error = desk.contacts_with_email(hostile).await.unwrap_err();
        assert_eq!((error.kind(), error.fields()[0].api_name()), (&Kind::BadRequest, "email"), "{hostile}");
    }
    assert_eq!(sim.requests().len(), sent);
}

// A number for somebody who is known already.

#[tokio::test]
async fn a_number_goes_into_an_empty_field_and_never_over_another() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let desk = client(&simulator);
    let account = sim.add_account(json!({ "accountName": "Acme", "phone": null }));
    let id = ContactId::new(
        sim.add_contact(json!({ "lastName": "Lin", "phone": "(0592) 550-3309", "accountId": account })),
    );
    let before = sim.switches().credits_left;
    let NumberAdded::Saved(saved) = desk.add_number(&id, PhoneField::Mobile, "+8613800138000").await.unwrap()
    else {
        panic!("not saved")
    };
    assert_eq!((saved.mobile.as_deref(), spent(&simulator, before)), (Some("+8613800138000"), 2));
    assert_eq!(saved.account.unwrap().name.as_deref(), Some("Acme"), "the company is not lost on the way");
    assert!(saved.web_url.is_some());
    let writes = sim.writes();
    assert_eq!((writes.len(), writes[0].method.as_str()), (1, "PATCH"));
    assert_eq!(writes[0].body, json!({ "mobile": "+8613800138000" }), "only what changes");

    let again = desk.add_number(&id, PhoneField::Mobile, "+86 138-0013-8000").await.unwrap();
    assert!(matches!(again, NumberAdded::Present(_)), "{again:?}");
    let other = desk.add_number(&id, PhoneField::Phone, "+8613800138000").await.unwrap();
    let NumberAdded::Occupied(contact) = other else { panic!("{other:?}") };
    assert_eq!(contact.phone.as_deref(), Some("(0592) 550-3309"));
    assert_eq!(sim.writes().len(), 1);

    let account = AccountId::new(account);
    let saved = desk.add_account_number(&account, "+865925503300").await.unwrap();
    assert!(
        matches!(saved, NumberAdded::Saved(account) if account.phone.as_deref() == Some("+865925503300"))
    );
    let other = desk.add_account_number(&account, "+865925503301").await.unwrap();
    assert!(matches!(other, NumberAdded::Occupied(_)), "{other:?}");
}

#[tokio::test]
async fn a_number_is_not_added_to_what_cannot_be_seen_or_is_gone() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let desk = client(&simulator);
    let id = ContactId::new(sim.add_contact(json!({ "lastName": "Lin", "mobile": "+8613800138000" })));
    sim.set(|switches| switches.hide_mobile = true);
    let hidden = desk.add_number(&id, PhoneField::Mobile, "+8613800138001").await.unwrap();
    assert!(matches!(hidden, NumberAdded::Hidden(_)), "{hidden:?}");
    sim.set(|switches| switches.hide_mobile = false);
    for hostile in ["", "+", "(212) 555", "１２３", "1;2", &"1".repeat(51)] {
        let error = desk.add_number(&id, PhoneField::Phone, hostile).await.unwrap_err();
        assert_eq!((error.kind(), error.fields()[0].api_name()), (&Kind::BadRequest, "phone"), "{hostile}");
    }
    let scopes = ["Desk.contacts.READ", "Desk.basic.READ"].map(str::to_owned).to_vec();
    sim.set(|switches| switches.scopes = Some(scopes));
    let error = desk.add_number(&id, PhoneField::Phone, "+4989").await.unwrap_err();
    assert_eq!(error.kind(), &Kind::MissingScope);
    sim.set(|switches| switches.scopes = None);
    sim.remove_contact(id.as_str());
    let error = desk.add_number(&id, PhoneField::Phone, "+4989").await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Gone);
    let account = AccountId::new(sim.add_account(json!({ "accountName": "Acme" })));
    sim.remove_account(account.as_str());
    assert_eq!(desk.account(&account).await.unwrap_err().kind(), &Kind::Gone);
    assert_eq!(desk.add_account_number(&account, "+4989").await.unwrap_err().kind(), &Kind::Gone);
    assert_eq!(sim.writes().len(), 0);
}

#[tokio::test]
async fn a_number_whose_answer_is_lost_was_written_once_and_is_found_there_afterwards() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let desk = client(&simulator);
    let id = ContactId::new(sim.add_contact(json!({ "lastName": "Lin" })));
    desk.check().await.unwrap();
    sim.fault_next(1, Fault::Delay(0));
    sim.fault_next(1, Fault::LostAnswer);
    let error = desk.add_number(&id, PhoneField::Phone, "+4989").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&Kind::AnswerLost, Retry::Unknown));
    assert_eq!(sim.writes().len(), 1);
    let again = desk.add_number(&id, PhoneField::Phone, "+4989").await.unwrap();
    assert!(matches!(again, NumberAdded::Present(_)), "{again:?}");
    sim.fault_next(2, Fault::TooManyRequests);
    let busy = desk.add_number(&id, PhoneField::Mobile, "+4989").await.unwrap();
    assert!(matches!(busy, NumberAdded::Saved(_)), "a busy portal looked at nothing: {busy:?}");
    assert_eq!(sim.writes().len(), 2);
}

// What a person types.

async fn found(desk: &Desk, text: &str) -> Vec<String> {
    let found = desk.find_contacts(text, 10).await.unwrap();
    found.iter().map(|contact| contact.name(NameOrder::ByScript)).collect()
}

#[tokio::test]
async fn people_are_found_by_what_a_person_types_of_them_the_last_changed_first() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let account = sim.add_account(json!({ "accountName": "Müller & Co (HK)" }));
    for (first, last, phone, mobile, email, year) in [
        ("Jing", "Lin", "+86 592 5503309", "", "jing@example.com", 2024),
        ("Ana", "Lindner", "(089) 1234", "", "ana@example.com", 2026),
        ("静", "陈", "", "+8613800138000", "chen@example.com", 2025),
        ("", "欧阳静", "", "", "", 2023),
    ] {
        sim.add_contact(json!({ "firstName": first, "lastName": last, "phone": phone, "mobile": mobile,
            "email": email, "accountId": account, "modifiedTime": format!("{year}-01-05T09:10:11.000Z") }));
    }
    let desk = client(&simulator);
    for (typed, names, credits) in [
        ("li", vec!["Ana Lindner", "Jing Lin"], 3),
        (" LIN ", vec!["Ana Lindner", "Jing Lin"], 3),
        ("jing li", vec!["Jing Lin"], 6),
        ("Lin Jing", vec!["Jing Lin"], 6),
        ("jing@", vec!["Jing Lin"], 3),
        ("陈静", vec!["陈静"], 6),
        ("欧阳静", vec!["欧阳静"], 6),
        ("5503309", vec!["Jing Lin"], 6),
        ("138 0013 8000", vec!["陈静"], 6),
        ("013800138000", vec!["陈静"], 6),
        ("Müller & Co (HK)", vec!["Ana Lindner", "陈静", "Jing Lin", "欧阳静"], 3),
        ("Müller & Söhne", vec![], 3),
        ("nobody", vec![], 3),
    ] {
        let before = sim.switches().credits_left;
        assert_eq!(found(&desk, typed).await, names, "{typed}");
        assert_eq!(spent(&simulator, before), credits, "{typed}");
    }
    assert_eq!(desk.find_contacts("li", 1).await.unwrap()[0].name(NameOrder::ByScript), "Ana Lindner");
    sim.fault_next(3, Fault::TooManyRequests);
    assert_eq!(found(&desk, "li").await.len(), 2, "a busy portal is asked again");
    sim.fault_next(1, Fault::CreditsExhausted { retry_after: 60 });
    assert_eq!(desk.find_accounts("li", 1).await.unwrap_err().kind(), &Kind::CreditsExhausted);
    assert_eq!(sim.requests().iter().filter(|request| request.status == Some(422)).count(), 0);
}

#[tokio::test]
async fn nothing_a_person_can_type_is_refused_by_desk() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    sim.add_contact(json!({ "lastName": "Lin", "phone": "1", "mobile": "1", "email": "a@example.com" }));
    sim.add_account(json!({ "accountName": "Acme" }));
    let desk = client(&simulator);
    let long = "长".repeat(300);
    for typed in [
        "",
        " ",
        "a",
        "*",
        "**",
        "***",
        "?",
        "${notempty}",
        "${empty}",
        ",,,,",
        "a,b,c",
        "()",
        "(((089",
        "#&#&",
        "&from=9",
        "a*",
        "*a",
        "<script>",
        "\u{202e}\u{202d}",
        "\n\n",
        "' OR 1=1 --",
        "../../..",
        "%2B%00",
        "𠀀𠀁",
        "ا ب",
        "👩‍💻👩‍💻",
        "--",
        "+++",
        "@@",
        "a@b@c",
        &long,
        &"1".repeat(300),
        &"a ".repeat(300),
    ] {
        let people = desk.find_contacts(typed, 10).await.unwrap();
        let companies = desk.find_accounts(typed, 10).await.unwrap();
        assert_eq!((people.len(), companies.len()), (0, 0), "{typed:?} finds nobody here");
    }
    for request in requests(&simulator, "desk") {
        assert!(matches!(request.status, Some(200 | 204)), "{} {}", request.query, request.outcome);
        assert!(request.query.len() < 4000, "{}", request.query.len());
    }
}

#[tokio::test]
async fn companies_are_found_by_the_beginning_of_their_name() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    for (name, year) in [("Acme (HK) Ltd", 2024), ("Acme & Sons", 2026), ("鹭岛贸易", 2025), ("Other", 2025)]
    {
        sim.add_account(
            json!({ "accountName": name, "modifiedTime": format!("{year}-01-05T09:10:11.000Z") }),
        );
    }
    let desk = client(&simulator);
    for (typed, names) in [
        ("ac", vec!["Acme & Sons", "Acme (HK) Ltd"]),
        ("Acme (hk)", vec!["Acme (HK) Ltd"]),
        ("acme & so", vec!["Acme & Sons"]),
        ("鹭岛", vec!["鹭岛贸易"]),
        ("me", vec![]),
    ] {
        let before = sim.switches().credits_left;
        let found = desk.find_accounts(typed, 10).await.unwrap();
        let found: Vec<_> = found.iter().map(|account| account.name.as_deref().unwrap()).collect();
        assert_eq!((found, spent(&simulator, before)), (names, 3), "{typed}");
    }
}

// What an agent wants to know.

#[tokio::test]
async fn open_tickets_are_counted_with_the_newest_of_them() {
    let simulator = simulator().await;
    let sim = simulator.desk();
    let desk = client(&simulator);
    let account = sim.add_account(json!({ "accountName": "Acme" }));
    let id = sim.add_contact(json!({ "lastName": "Lin", "accountId": account }));
    let contact = ContactId::new(&id);
    let nothing = desk.open_tickets(&contact, 50).await.unwrap();
    assert_eq!((nothing.count, nothing.more, nothing.newest), (0, false, None));
    assert_eq!(desk.last_ticket(&contact).await.unwrap(), None);
    let hostile = format!("<img src=x onerror=alert(1)>\u{202e}{}", "长".repeat(300));
    for (subject, status, year) in [
        ("closed last", "Closed", 2026),
        (hostile.as_str(), "Open", 2025),
        ("waiting", "On Hold", 2024),
        ("old", "Open", 2023),
    ] {
        sim.add_ticket(json!({ "contactId": id, "accountId": account, "subject": subject, "status": status,
            "modifiedTime": format!("{year}-01-05T09:10:11.000Z") }));
    }
    let before = sim.switches().credits_left;
    let open = desk.open_tickets(&contact, 50).await.unwrap();
    assert_eq!((open.count, open.more, spent(&simulator, before)), (3, false, 3));
    let newest = open.newest.unwrap();
    assert_eq!(newest.subject.as_deref(), Some(hostile.as_str()));
    assert_eq!(newest.modified.as_deref(), Some("2025-01-05T09:10:11.000Z"));
    assert!(newest.number.is_some());
    desk.page(newest.web_url.as_ref().unwrap(), None).unwrap();
    assert!(desk.ticket_page(PORTAL, &newest.id).unwrap().as_str().ends_with(newest.id.as_str()));
    let few = desk.open_tickets(&contact, 2).await.unwrap();
    assert_eq!((few.count, few.more), (1, true), "there may be more than were looked at");
    let of_account = desk.open_tickets_of_account(&AccountId::new(&account), 50).await.unwrap();
    assert_eq!((of_account.count, of_account.newest.unwrap().id), (3, newest.id));
    let last = desk.last_ticket(&contact).await.unwrap().unwrap();
    assert_eq!(last.subject.as_deref(), Some("closed last"));

    sim.remove_contact(&id);
    assert_eq!(desk.open_tickets(&contact, 5).await.unwrap_err().kind(), &Kind::Gone);
    sim.fault_next(1, Fault::CreditsExhausted { retry_after: 60 });
    let error = desk.open_tickets_of_account(&AccountId::new(&account), 5).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::CreditsExhausted);
}

/// A time of the simulated Desk, this many seconds after a fixed one.
fn changed(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(1_750_000_000 + seconds).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

fn add_changed(simulator: &Simulator, seconds: i64) -> String {
    simulator.desk().add_contact(json!({ "lastName": "Walked", "modifiedTime": changed(seconds) }))
}

/// Walks from a mark to the end; the ids in the order they came, the pages, the crowded seconds.
async fn walk(desk: &Desk, mut mark: WalkMark) -> (Vec<String>, usize, Vec<i64>, WalkMark) {
    let (mut ids, mut crowded) = (Vec::new(), Vec::new());
    for pages in 1..200 {
        // Kept and read back, as by a program that starts again.
        let page = desk.walk_contacts(mark.to_string().parse().unwrap()).await.unwrap();
        ids.extend(page.records.into_iter().map(|contact| contact.id.to_string()));
        crowded.extend(page.crowded_ms);
        mark = page.next;
        if page.end == WalkEnd::Reached {
            return (ids, pages, crowded, mark);
        }
    }
    panic!("the walk does not end");
}

#[tokio::test]
async fn a_walk_brings_every_record_past_every_ceiling() {
    let simulator = simulator().await;
    let mut all: Vec<String> = (0..1500).map(|number| add_changed(&simulator, number / 3)).collect();
    let (mut ids, pages, crowded, mark) = walk(&client(&simulator), WalkMark::BEGINNING).await;
    ids.sort();
    ids.dedup();
    all.sort();
    assert_eq!(ids, all);
    assert!(pages <= 18, "{pages} pages");
    assert_eq!(crowded, Vec::<i64>::new());
    let asked = requests(&simulator, "desk");
    assert!(asked.iter().all(|request| !request.query.contains("from=")), "no offset, so 3 credits each");

    // Later: what has changed since, and nothing else.
    let late = add_changed(&simulator, 5000);
    simulator.desk().remove_contact(&all[0]);
    let (ids, pages, _, _) = walk(&client(&simulator), mark).await;
    assert!(ids.contains(&late) && ids.len() <= 4 && pages == 1, "{ids:?}");
}

#[tokio::test]
async fn a_second_with_more_records_than_desk_lists_is_told_and_passed() {
    let simulator = simulator().await;
    for _ in 0..1200 {
        add_changed(&simulator, 10);
    }
    let (before, after) = (add_changed(&simulator, 0), add_changed(&simulator, 11));
    let (mut ids, _, crowded, _) = walk(&client(&simulator), WalkMark::BEGINNING).await;
    ids.sort();
    ids.dedup();
    assert!(ids.contains(&before) && ids.contains(&after));
    assert!((1000..1200).contains(&ids.len()), "{}", ids.len());
    assert_eq!(crowded, [1_750_000_010_000]);
}

#[tokio::test]
async fn a_crowded_second_within_the_offsets_is_read_whole() {
    let simulator = simulator().await;
    let all: BTreeSet<String> = (0..700).map(|_| add_changed(&simulator, 10)).collect();
    let (ids, _, crowded, _) = walk(&client(&simulator), WalkMark::BEGINNING).await;
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), all);
    assert_eq!(crowded, Vec::<i64>::new());
}

#[tokio::test]
async fn an_empty_portal_is_walked_in_one_request_and_accounts_in_theirs() {
    let simulator = simulator().await;
    let desk = client(&simulator);
    let page = desk.walk_contacts(WalkMark::BEGINNING).await.unwrap();
    assert_eq!((page.records.len(), page.end, page.next), (0, WalkEnd::Reached, WalkMark::BEGINNING));
    let account =
        simulator.desk().add_account(json!({ "accountName": "Acme Ltd", "modifiedTime": changed(7) }));
    let page = desk.walk_accounts(WalkMark::BEGINNING).await.unwrap();
    assert_eq!(page.records[0].id.as_str(), account);
    assert_eq!(page.next.ms(), 1_750_000_007_000);
    assert_eq!(desk.credits().unwrap().last_weight, 3);
}
