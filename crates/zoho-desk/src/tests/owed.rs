//! Tickets and call activities: what is sent, what follows a refusal, and how a lost one is found again.

use serde_json::{Value, json};

use super::*;

const HOUR: i64 = 3_600_000;
/// 2026-01-05T09:10:00Z
const BEGAN: i64 = 1_767_604_200_000;

fn marker() -> Marker {
    Marker::new("Call 1767604200.12 (Deskring)").unwrap()
}

fn ticket() -> NewTicket {
    NewTicket {
        contact: ContactId::new("42"),
        department: DepartmentId::new("6"),
        subject: " Inbound\nAnswered ".into(),
        description: "from Muster &lt;+49&gt;<br>".into(),
        marker: marker(),
        phone: Some("+498912345678".into()),
        channel: Some("Phone".into()),
        assignee: Some(AgentId::new("5")),
        account: None,
        extra: [("cf_region".to_owned(), FieldValue::Text("North".into()))].into(),
    }
}

fn call() -> NewCall {
    NewCall {
        contact: ContactId::new("42"),
        department: DepartmentId::new("6"),
        subject: "Extension Call".into(),
        description: "spoke to Muster".into(),
        marker: marker(),
        direction: CallDirection::Inbound,
        status: CallStatus::Completed,
        started_ms: BEGAN,
        duration_s: 125,
        owner: Some(AgentId::new("5")),
        ticket: Some(TicketId::new("9")),
        extra: Default::default(),
    }
}

fn sent(server: &Server, path: &str) -> Vec<Value> {
    let posts = server.seen(path).into_iter().filter(|seen| seen.line.starts_with("POST /api"));
    posts.map(|seen| serde_json::from_str(&seen.body).unwrap()).collect()
}

fn refused(fields: &[(&str, &str)]) -> Reply {
    let rows: Vec<_> = fields
        .iter()
        .map(|(field, kind)| json!({ "fieldName": field, "errorType": kind, "errorMessage": "" }))
        .collect();
    status(422, &json!({ "errorCode": "INVALID_DATA", "message": "", "errors": rows }).to_string())
}

#[tokio::test]
async fn a_ticket_goes_out_with_its_marker_below_the_description() {
    let server = server(|_| ok(r#"{"id":"9","ticketNumber":"101","subject":"Inbound Answered"}"#)).await;
    let created = desk(&server).create_ticket(&ticket()).await.unwrap();
    assert_eq!((created.id.as_str(), created.number.as_deref()), ("9", Some("101")));
    assert_eq!(
        sent(&server, "/tickets"),
        [json!({
            "contactId": "42", "departmentId": "6", "subject": "Inbound Answered",
            "description": "from Muster &lt;+49&gt;<br><br><br>Call 1767604200.12 (Deskring)",
            "phone": "+498912345678", "channel": "Phone", "assigneeId": "5", "cf": { "cf_region": "North" },
        })]
    );
}

#[tokio::test]
async fn a_call_activity_goes_out_with_everything_that_any_source_demands() {
    let server = server(|_| {
        ok(r#"{"id":"77","contactId":"42","direction":"inbound","startTime":"2026-01-05T09:10:00Z","duration":"125",
            "webUrl":"https://desk.zoho.eu/support/x/ShowHomePage.do#Calls/dv/77"}"#)
    })
    .await;
    let created = desk(&server).create_call(&call()).await.unwrap();
    assert_eq!((created.id.as_str(), created.started_ms), ("77", Some(BEGAN)));
    assert_eq!((created.direction, created.web_url.is_some()), (Some(CallDirection::Inbound), true));
    assert_eq!(
        sent(&server, "/calls"),
        [json!({
            "contactId": "42", "departmentId": "6", "subject": "Extension Call",
            "description": "spoke to Muster\n\nCall 1767604200.12 (Deskring)", "direction": "inbound",
            "startTime": "2026-01-05T09:10:00.000Z", "duration": 125, "status": "Completed", "ownerId": "5",
            "ticketId": "9",
        })]
    );
}

#[tokio::test]
async fn what_is_too_long_is_cut_and_a_number_that_zoho_refuses_is_left_out() {
    let server = server(|_| ok(r#"{"id":"9"}"#)).await;
    let desk = desk(&server);
    let long = NewTicket {
        subject: "题".repeat(2_000),
        description: "&amp;<br>".repeat(20_000),
        phone: Some("(089) 123".into()),
        channel: None,
        ..ticket()
    };
    desk.create_ticket(&long).await.unwrap();
    let (subject, description) = (format!("{}x", "s".repeat(400)), "d".repeat(70_000));
    desk.create_call(&NewCall { subject, description, ..call() }).await.unwrap();
    let ticket = sent(&server, "/tickets").remove(0);
    assert_eq!((ticket.get("phone"), ticket.get("channel")), (None, None));
    for body in [ticket, sent(&server, "/calls").remove(0)] {
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        assert_eq!(text("subject").chars().count(), 255);
        assert!(text("description").chars().count() <= 65_535);
        assert!(text("description").ends_with(marker().as_str()), "the marker is never cut off");
    }
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_before_sending() {
    let server = server(|_| ok("{}")).await;
    let desk = desk(&server);
    let odd = NewTicket {
        contact: ContactId::new("../1"),
        subject: " \n".into(),
        assignee: Some(AgentId::new("me")),
        extra: [("subject".to_owned(), FieldValue::Text("x".into()))].into(),
        ..ticket()
    };
    let error = desk.create_ticket(&odd).await.unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(|field| field.field.as_str()).collect();
    assert_eq!(
        (*error.kind(), fields),
        (Kind::BadRequest, vec!["contactId", "subject", "assigneeId", "subject"])
    );
    let error = desk.create_call(&NewCall { started_ms: i64::MAX, ..call() }).await.unwrap_err();
    assert_eq!(error.fields()[0].field, "startTime");
    assert!(desk.find_ticket(&odd, 0).await.is_err());
    assert!(server.seen("").is_empty());
}

#[test]
fn a_marker_is_a_line_that_nobody_rewrites() {
    for good in ["Call 1767604200.12 (Deskring)", "Deskring #12345678/1767604200.12"] {
        assert_eq!(Marker::new(good).unwrap().as_str(), good);
    }
    for bad in [
        "",
        "Call 1",
        "two\nlines of it",
        "<b>Call 1.2</b>",
        "Call  1767604200",
        " Call 1.2 ",
        "通话 1767604200.12",
        "#1767604200",
    ] {
        assert_eq!(Marker::new(bad), None, "{bad}");
    }
}

#[tokio::test]
async fn a_channel_that_the_portal_does_not_have_is_left_out() {
    let server = server(|seen| {
        if seen.body.contains("channel") { refused(&[("/channel", "invalid")]) } else { ok(r#"{"id":"9"}"#) }
    })
    .await;
    desk(&server).create_ticket(&ticket()).await.unwrap();
    assert_eq!(sent(&server, "/tickets").len(), 2);
}

#[tokio::test]
async fn any_other_refusal_is_told_with_its_fields_and_labels() {
    let server = server(|seen| {
        if seen.line.contains("/layouts?") {
            return ok(r#"{"data":[{"id":"31","isDefaultLayout":true}]}"#);
        }
        if seen.line.contains("/layouts/31") {
            return ok(r#"{"sections":[{"fields":[
                {"apiName":"subject","displayLabel":"Subject","type":"Text","isMandatory":true,"maxLength":255},
                {"apiName":"status","displayLabel":"Status","type":"Picklist","isMandatory":true},
                {"apiName":"cf_region","displayLabel":"Region","type":"Text","isMandatory":true},
                {"apiName":"cf_topic","i18NLabel":"主题","type":"Picklist","isMandatory":true,"allowedValues":["A"]},
                {"apiName":"priority","displayLabel":"Priority","type":"Picklist"}]}]}"#);
        }
        refused(&[("/cf/cf_topic", "missing"), ("/channel", "invalid")])
    })
    .await;
    let desk = desk(&server);
    let error = desk.create_ticket(&ticket()).await.unwrap_err();
    assert_eq!((*error.kind(), error.retry()), (Kind::Invalid, Retry::Never));
    assert_eq!(sent(&server, "/tickets").len(), 1, "leaving out the channel would not have helped");
    let form = desk.form_in(Module::Tickets, Some(&DepartmentId::new("6"))).await.unwrap();
    let labels: Vec<_> = error.fields().iter().map(|field| form.label(field)).collect();
    assert_eq!(labels, ["主题", "channel"]);
    let unfilled: Vec<_> = ticket().unfilled(&form).into_iter().map(|field| field.label.as_str()).collect();
    assert_eq!(unfilled, ["主题"], "the region is filled in, and Desk fills in the status");
    assert!(server.seen("/layouts?")[0].line.contains("module=tickets&departmentId=6 "));
    assert!(call().unfilled(&EntryForm::documented(Module::Calls)).is_empty());
}

#[tokio::test]
async fn a_call_refused_with_400_goes_out_once_more_with_less() {
    let server = server(|seen| {
        if seen.body.len() > 1_000 {
            status(400, r#"{"errorCode":"BAD_REQUEST"}"#)
        } else {
            ok(r#"{"id":"77"}"#)
        }
    })
    .await;
    let desk = desk(&server);
    desk.create_call(&NewCall { description: "d".repeat(2_000), ..call() }).await.unwrap();
    let bodies = sent(&server, "/calls");
    let description = bodies[1]["description"].as_str().unwrap();
    assert!(description.len() < 510 && description.ends_with(marker().as_str()), "{description}");
}

#[tokio::test]
async fn a_short_call_refused_with_400_stays_refused() {
    let server = server(|_| status(400, r#"{"errorCode":"BAD_REQUEST"}"#)).await;
    let error = desk(&server).create_call(&call()).await.unwrap_err();
    assert_eq!((*error.kind(), error.retry()), (Kind::BadRequest, Retry::Never));
    assert_eq!(sent(&server, "/calls").len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_never_followed_by_a_second_try() {
    for fault in ["hang up", "500", "half", "no id"] {
        let server = server(move |_| match fault {
            "hang up" => Reply::HangUp,
            "500" => status(500, r#"{"errorCode":"INTERNAL_SERVER_ERROR"}"#),
            "half" => ok(r#"{"id":"#),
            _ => ok("{}"),
        })
        .await;
        let desk = desk(&server);
        assert_eq!(desk.create_ticket(&ticket()).await.unwrap_err().retry(), Retry::Unknown, "{fault}");
        let long = NewCall { description: "d".repeat(2_000), ..call() };
        assert_eq!(desk.create_call(&long).await.unwrap_err().retry(), Retry::Unknown, "{fault}");
        assert_eq!((sent(&server, "/tickets").len(), sent(&server, "/calls").len()), (1, 1), "{fault}");
    }
}

#[tokio::test]
async fn a_refused_call_tells_whether_there_are_call_activities_at_all() {
    use CallActivities::*;
    for (code, body, expected) in [
        (403, r#"{"errorCode":"LICENSE_ACCESS_LIMITED"}"#, Some(NotInEdition)),
        (422, r#"{"errorCode":"LICENSE_ACCESS_LIMITED"}"#, Some(NotInEdition)),
        (403, r#"{"errorCode":"FORBIDDEN"}"#, Some(NotPermitted)),
        (403, r#"{"errorCode":"SCOPE_MISMATCH"}"#, Some(NoScope)),
        (404, r#"{"errorCode":"URL_NOT_FOUND"}"#, Some(NotInEdition)),
        (404, "<html>", Some(NotInEdition)),
        (422, r#"{"errorCode":"MODULE_NOT_AVAILABLE"}"#, Some(NotInEdition)),
        (422, r#"{"errorCode":"UNPROCESSABLE_ENTITY"}"#, None),
        (
            422,
            r#"{"errorCode":"INVALID_DATA","errors":[{"fieldName":"/contactId","errorType":"invalid"}]}"#,
            None,
        ),
        (400, r#"{"errorCode":"BAD_REQUEST"}"#, None),
        (500, "", None),
        (429, r#"{"errorCode":"TOO_MANY_REQUESTS"}"#, None),
    ] {
        let server = server(move |_| status(code, body)).await;
        let error = desk(&server).create_call(&call()).await.unwrap_err();
        assert_eq!(CallActivities::told_by(&error), expected, "{code} {body}");
    }
    let here = crate::error::Error::refused_here("subject");
    assert_eq!(CallActivities::told_by(&here), None);
}

/// A list of rows, newest first, each with an id, a subject and minutes since the call began.
fn tickets(rows: &[(u32, &str, i64)]) -> Reply {
    let rows: Vec<_> = rows
        .iter()
        .map(|(id, subject, minutes)| {
            let created = crate::owed::desk_time(BEGAN + minutes * 60_000).unwrap();
            json!({ "id": id.to_string(), "subject": subject, "createdTime": created, "contactId": "42" })
        })
        .collect();
    if rows.is_empty() { status(204, "") } else { ok(&json!({ "data": rows }).to_string()) }
}

fn marked(id: &str) -> Reply {
    let description = format!("<div>from Muster<br>{}</div>", marker().as_str().replace(' ', "&nbsp;"));
    ok(&json!({ "id": id, "subject": "x", "description": description, "isTrashed": true }).to_string())
}

fn lines(server: &Server) -> Vec<String> {
    let path = |seen: Seen| seen.line.replace("GET /api/v1/", "").replace(" HTTP/1.1", "");
    server.seen("GET ").into_iter().map(path).collect()
}

const OWN: &str = "contacts/42/tickets?sortBy=-createdTime&limit=99";
const ALL: &str = "tickets?sortBy=-createdTime&limit=99";

#[tokio::test]
async fn a_lost_ticket_is_found_among_those_of_its_contact() {
    let server = server(|seen| match seen.line.as_str() {
        line if line.contains(OWN) => {
            tickets(&[(3, "other", 5), (2, "Inbound Answered", 1), (1, "old", -99_999)])
        }
        line if line.contains("/tickets/2 ") => marked("2"),
        line => panic!("{line}"),
    })
    .await;
    let Look::Found(found) = desk(&server).find_ticket(&ticket(), BEGAN).await.unwrap() else { panic!() };
    assert_eq!(found.id.as_str(), "2", "also from the trash: it was written once");
    assert_eq!(lines(&server), [OWN, "tickets/2"], "the one with its subject first");
}

#[tokio::test]
async fn a_list_that_tells_descriptions_is_believed() {
    let server = server(|_| {
        let row = json!({ "id": "2", "description": format!("Hi\n{}", marker().as_str()) });
        ok(&json!({ "data": [row] }).to_string())
    })
    .await;
    assert!(matches!(desk(&server).find_ticket(&ticket(), BEGAN).await.unwrap(), Look::Found(_)));
    assert_eq!(lines(&server), [OWN]);
}

#[tokio::test]
async fn a_ticket_that_the_contact_s_list_does_not_know_yet_is_found_among_all() {
    for answer in [(204, ""), (404, ""), (422, r#"{"errorCode":"UNPROCESSABLE_ENTITY"}"#)] {
        let server = server(move |seen| match seen.line.as_str() {
            line if line.contains("/contacts/42/tickets") => status(answer.0, answer.1),
            line if line.contains(ALL) => tickets(&[(2, "Inbound Answered", 1)]),
            line if line.contains("/tickets/2 ") => marked("2"),
            line => panic!("{line}"),
        })
        .await;
        let look = desk(&server).find_ticket(&ticket(), BEGAN).await.unwrap();
        assert!(matches!(look, Look::Found(_)), "{answer:?}");
        let with_department = lines(&server).iter().any(|line| line.contains("departmentId=6"));
        assert_eq!(with_department, answer.0 == 422);
    }
}

#[tokio::test]
async fn a_ticket_is_absent_only_when_all_that_could_be_it_were_looked_at() {
    let server = server(|seen| match seen.line.as_str() {
        line if line.contains(OWN) || line.contains(ALL) => tickets(&[(3, "other", 5), (1, "old", -99_999)]),
        line if line.contains("/tickets/3 ") => {
            ok(r#"{"id":"3","description":"Call 1767604200.123 (Deskring)"}"#)
        }
        line => panic!("{line}"),
    })
    .await;
    assert_eq!(desk(&server).find_ticket(&ticket(), BEGAN).await.unwrap(), Look::Absent);
    assert_eq!(lines(&server), [OWN, "tickets/3", ALL, "tickets/3"]);
}

#[tokio::test]
async fn too_many_tickets_to_look_at_leave_it_open() {
    let server = server(|seen| {
        if !seen.line.contains("sortBy") {
            return ok(r#"{"id":"1","description":"another"}"#);
        }
        let rows: Vec<_> = (1..=40).map(|id| (id, "other", 5)).collect();
        tickets(&rows)
    })
    .await;
    assert_eq!(desk(&server).find_ticket(&ticket(), BEGAN).await.unwrap(), Look::Unsure);
}

#[tokio::test]
async fn a_look_that_fails_says_so() {
    let server = server(|_| status(503, "")).await;
    let desk = desk(&server);
    assert_eq!(desk.find_ticket(&ticket(), BEGAN).await.unwrap_err().retry(), Retry::Backoff);
    assert_eq!(desk.find_call(&call()).await.unwrap_err().retry(), Retry::Backoff);
}

/// Rows of calls: id, contact, seconds after the call of this test began.
fn calls(rows: impl IntoIterator<Item = (u32, &'static str, i64)>) -> Reply {
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(id, contact, seconds)| {
            let started = crate::owed::desk_time(BEGAN + seconds * 1000).unwrap();
            json!({ "id": id.to_string(), "contactId": contact, "startTime": started, "direction": "inbound" })
        })
        .collect();
    if rows.is_empty() { status(204, "") } else { ok(&json!({ "data": rows }).to_string()) }
}

#[tokio::test]
async fn a_lost_call_is_found_by_the_moment_it_began_and_its_marker() {
    let server = server(|seen| match seen.line.as_str() {
        line if line.contains("/calls?") => {
            calls([(5, "42", 60), (4, "7", 0), (3, "42", 0), (2, "42", -60), (1, "42", -120)])
        }
        line if line.contains("/calls/3 ") => ok(r#"{"id":"3","description":"another of this second"}"#),
        line if line.contains("/calls/4 ") => marked("4"),
        line => panic!("{line}"),
    })
    .await;
    let Look::Found(found) = desk(&server).find_call(&call()).await.unwrap() else { panic!() };
    assert_eq!(found.id.as_str(), "4", "its contact may have been merged");
    assert_eq!(lines(&server), ["calls?departmentId=6&sortBy=-startTime&limit=99", "calls/3", "calls/4"]);
}

/// A long list of calls, one each second, of which the youngest began `youngest` seconds after the call of this test;
/// the page that a question wants.
fn paged(line: &str, youngest: i64, many: i64) -> Reply {
    let number = |name: &str| {
        let (_, rest) = line.split_once(name)?;
        rest.split(['&', ' ']).next()?.parse::<i64>().ok()
    };
    let (from, limit) = (number("from=").unwrap_or(0), number("limit=").unwrap());
    let rows = (from..(from + limit).min(many)).map(|at| {
        let id = u32::try_from(9_000_000 - at).unwrap();
        (id, "7", youngest - at)
    });
    calls(rows.collect::<Vec<_>>())
}

#[tokio::test]
async fn calls_are_read_back_to_the_moment_and_no_further() {
    // So many are younger; of those of the second, give or take one, each is looked at.
    for (younger, most_questions) in [(50, 1), (149, 4), (450, 8), (4_700, 16)] {
        let server = server(move |seen| match seen.line.as_str() {
            line if line.contains("/calls?") => paged(line, younger, 6_000),
            line if line.contains("/calls/") => ok(r#"{"id":"1","description":""}"#),
            line => panic!("{line}"),
        })
        .await;
        assert_eq!(desk(&server).find_call(&call()).await.unwrap(), Look::Absent, "{younger}");
        let questions = server.seen("/calls?").len();
        assert!(questions <= most_questions, "{questions} for {younger}");
        assert_eq!(server.seen("/calls/").len(), 3, "{younger}");
    }
}

#[tokio::test]
async fn a_call_among_thousands_of_younger_ones_is_found() {
    let server = server(|seen| match seen.line.as_str() {
        line if line.contains("/calls?") => paged(line, 2_345, 6_000),
        line if line.contains("/calls/8997655 ") => marked("8997655"),
        line => ok(&format!(r#"{{"id":"1","description":"{}"}}"#, line.len())),
    })
    .await;
    let Look::Found(found) = desk(&server).find_call(&call()).await.unwrap() else { panic!() };
    assert_eq!(found.id.as_str(), "8997655");
}

#[tokio::test]
async fn a_moment_too_far_back_leaves_it_open() {
    let server = server(|seen| paged(&seen.line, 90_000, 100_000)).await;
    assert_eq!(desk(&server).find_call(&call()).await.unwrap(), Look::Unsure);
    assert!(server.seen("/calls?").len() <= 8);
}

#[tokio::test]
async fn a_list_that_does_not_page_leaves_it_open() {
    let server = server(|_| calls((0..99).map(|n| (2_000 - n, "7", 149 - i64::from(n))))).await;
    assert_eq!(desk(&server).find_call(&call()).await.unwrap(), Look::Unsure);
    assert!(server.seen("/calls?").len() <= 8);
}

#[tokio::test]
async fn the_newest_contacts_and_accounts_are_listed_and_not_searched() {
    let server = server(|seen| {
        let created = crate::owed::desk_time(BEGAN).unwrap();
        let row = |id: i64| json!({ "id": id.to_string(), "phone": "+49", "createdTime": created });
        let rows: Vec<_> =
            if seen.line.contains("/accounts") { vec![row(1)] } else { (1..=99).map(row).collect() };
        ok(&json!({ "data": rows }).to_string())
    })
    .await;
    let desk = desk(&server);
    let accounts = desk.newest_accounts(BEGAN).await.unwrap();
    assert_eq!((accounts.records.len(), accounts.reach), (1, Reach::Whole));
    let contacts = desk.newest_contacts(BEGAN + 2 * HOUR).await.unwrap();
    assert_eq!(
        (contacts.records.len(), contacts.reach),
        (99, Reach::Whole),
        "all of a page, whatever its time"
    );
    assert_eq!(desk.newest_contacts(BEGAN).await.unwrap().reach, Reach::Cut);
    assert_eq!(
        lines(&server)[..2],
        ["accounts?sortBy=-createdTime&limit=99", "contacts?include=accounts&sortBy=-createdTime&limit=99"]
    );
}

#[test]
fn what_is_written_is_in_no_debug_output() {
    let shown = format!("{:?} {:?}", ticket(), call());
    assert!(!shown.contains("Muster") && !shown.contains("4989"), "{shown}");
}
