//! What stands beside a call: what helps within three seconds, the history with its filters, notes after a call, how
//! notices are shown, and calling back. Over real sockets and across restarts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::assist::{AboutView, Answer, HistoryFilter, HistoryPage, RecordKey, Want};
use deskring_engine::view::{CallView, ContextView};
use deskring_engine::{Caller, Command, Level};
use deskring_simulator::Fault;
use e2e::Rig;
use serde_json::{Value, json};

const NUMBER: &str = "13800138000";

/// A call that is answered, talked in, and over.
async fn talk(rig: &Rig, number: &str, to: &str, by: &str) -> String {
    let call = rig.simulator.pbx().call_in(number, to).await;
    rig.simulator.pbx().answer(&call, by).await;
    rig.simulator.pbx().let_time_pass(&call, 20).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    call
}

async fn missed(rig: &Rig, number: &str) -> String {
    let call = rig.simulator.pbx().call_in(number, "1001").await;
    let is_decided = |known: &CallView| {
        let is_known = known.who.state == "known" && known.why.code != "opened_by_rule";
        known.call == call && known.who.state != "searching" && !is_known
    };
    rig.view_where(|view| view.calls.iter().any(is_decided)).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    call
}

fn ticket(contact: &str, subject: &str, status: &str) -> Value {
    json!({ "contactId": contact, "subject": subject, "status": status })
}

async fn context(rig: &Rig, call: &str, wanted: impl Fn(&ContextView) -> bool) -> ContextView {
    let of_call = |view: &deskring_engine::AppView| {
        view.calls.iter().find(|known| known.call == call).and_then(|known| known.context.clone())
    };
    let view = rig.view_where(|view| of_call(view).is_some_and(|context| wanted(&context))).await;
    of_call(&view).unwrap()
}

async fn history(rig: &Rig, page: HistoryPage) -> (Vec<CallView>, bool) {
    match rig.handle().assist(Want::History { page }).await.unwrap() {
        Answer::History { calls, more } => (calls, more),
        other => panic!("{other:?}"),
    }
}

fn page(filter: HistoryFilter, text: &str) -> HistoryPage {
    HistoryPage { filter, text: text.into(), offset: 0, limit: 50 }
}

// What helps in a call

#[tokio::test]
async fn a_call_shows_open_tickets_earlier_calls_and_who_spoke() {
    let rig = Rig::running().await;
    let desk = rig.simulator.desk();
    let lin = desk.add_contact(json!({ "lastName": "Lin", "mobile": NUMBER }));
    desk.add_ticket(ticket(&lin, "Old matter", "Closed"));
    desk.add_ticket(ticket(&lin, "Invoice", "On Hold"));
    desk.add_ticket(ticket(&lin, "Delivery <b>late</b>", "Open"));
    let first = talk(&rig, NUMBER, "1001", "1001").await;
    rig.closed(&first).await;
    let second = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    let known = context(&rig, &second, |it| it.tickets.is_some() && it.spoke.is_some()).await;
    let tickets = known.tickets.unwrap();
    assert_eq!(
        (tickets.open, tickets.more, tickets.newest.as_deref()),
        (2, false, Some("Delivery <b>late</b>"))
    );
    assert_eq!(known.today, 1);
    assert_eq!(known.last.unwrap().outcome.as_deref(), Some("answered"));
    let spoke = known.spoke.unwrap();
    assert_eq!((spoke.extension.as_str(), spoke.me), ("1001", true));
    rig.handle().assist(Want::OpenTicket { call: second.clone() }).await.unwrap();
    let recorded = rig.desktop.wait_for("the ticket", |recorded| recorded.opened.len() == 3).await;
    let newest = desk.records("tickets").last().unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(recorded.opened[2].0, desk.web_url(&newest));
}

#[tokio::test]
async fn a_colleague_who_spoke_with_the_caller_is_named() {
    let rig = Rig::running().await;
    rig.contact("Lin", NUMBER);
    rig.view_where(|view| !view.extensions.is_empty()).await;
    talk(&rig, NUMBER, "1002", "1002").await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    let known = context(&rig, &call, |it| it.spoke.as_ref().is_some_and(|spoke| spoke.name.is_some())).await;
    let spoke = known.spoke.unwrap();
    assert_eq!((spoke.extension.as_str(), spoke.name.as_deref(), spoke.me), ("1002", Some("Bo Lin"), false));
}

#[tokio::test]
async fn what_helps_delays_neither_the_notice_nor_the_tab() {
    let rig = Rig::running().await;
    let lin = rig.simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": NUMBER }));
    rig.simulator.desk().add_ticket(ticket(&lin, "Invoice", "Open"));
    let first = missed(&rig, NUMBER).await;
    assert_eq!(rig.closed(&first).await.why.code, "opened_by_rule");
    // From now on Desk answers nobody in time; the caller is known, the tickets never come.
    rig.simulator.desk().set(|desk| desk.delay_ms = 60_000);
    let second = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    let recorded = rig.desktop.wait_for("the tab", |recorded| recorded.opened.len() == 2).await;
    assert!(recorded.notices.iter().any(|(notice, _)| notice.call.as_str() == second));
    let known = context(&rig, &second, |it| it.today == 1).await;
    assert_eq!(known.tickets, None);
}

#[tokio::test]
async fn the_number_that_was_dialed_has_its_name() {
    let rig = Rig::idle().await;
    rig.simulator.pbx().set(|pbx| pbx.did_name = "Hotline".into());
    let mut rig = rig;
    rig.start().await;
    rig.ready().await;
    let first = talk(&rig, NUMBER, "1001", "1001").await;
    let closed = rig.closed(&first).await;
    let did = closed.did.expect("the simulator names the DID");
    let second = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    let view = rig.view_where(|view| view.calls.iter().any(|known| known.call == second)).await;
    assert_eq!(
        (view.calls[0].did.as_deref(), view.calls[0].did_name.as_deref()),
        (Some(did.as_str()), Some("Hotline"))
    );
}

#[tokio::test]
async fn what_helps_to_choose_is_told_for_each_record() {
    let rig = Rig::running().await;
    let desk = rig.simulator.desk();
    let lin = desk.add_contact(json!({ "lastName": "Lin", "mobile": NUMBER, "email": "lin@example.com" }));
    let mei = desk.add_contact(json!({ "lastName": "Mei", "mobile": NUMBER }));
    desk.add_ticket(ticket(&lin, "Invoice", "Closed"));
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    let view = rig.view_where(|view| view.calls.iter().any(|known| known.who.state == "several")).await;
    let known = view.calls.iter().find(|known| known.call == call).unwrap();
    let of_lin = known.who.records.iter().find(|record| record.id == lin).unwrap();
    assert_eq!(of_lin.email.as_deref(), Some("lin@example.com"));
    assert!(of_lin.changed_ms.is_some());
    let keys = [&lin, &mei].map(|id| RecordKey { kind: "contact".into(), id: id.clone() });
    let Answer::About { records } =
        rig.handle().assist(Want::About { records: keys.to_vec() }).await.unwrap()
    else {
        panic!()
    };
    let about = |id: &str| -> &AboutView { records.iter().find(|record| record.id == id).unwrap() };
    assert_eq!((about(&lin).ticket.as_deref(), about(&lin).ticket_open), (Some("Invoice"), false));
    assert_eq!((about(&mei).ticket.as_deref(), about(&mei).active_ms), (None, None));
}

// The history

#[tokio::test]
async fn the_history_is_filtered_searched_and_read_page_by_page_across_restarts() {
    let mut rig = Rig::running().await;
    rig.contact("Lin", NUMBER);
    let mut calls = vec![talk(&rig, NUMBER, "1001", "1001").await];
    rig.closed(&calls[0]).await;
    calls.push(missed(&rig, NUMBER).await);
    calls.push(missed(&rig, "13900139000").await);
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    let ids =
        |found: &(Vec<CallView>, bool)| found.0.iter().map(|call| call.call.clone()).collect::<Vec<_>>();
    let all = history(&rig, page(HistoryFilter::All, "")).await;
    assert_eq!(ids(&all), [calls[2].clone(), calls[1].clone(), calls[0].clone()]);
    assert_eq!(
        ids(&history(&rig, page(HistoryFilter::Missed, "")).await),
        calls[1..].iter().rev().cloned().collect::<Vec<_>>()
    );
    assert_eq!(ids(&history(&rig, page(HistoryFilter::Unknown, "")).await), [calls[2].clone()]);
    assert_eq!(
        ids(&history(&rig, page(HistoryFilter::All, "lin")).await),
        calls[..2].iter().rev().cloned().collect::<Vec<_>>()
    );
    assert_eq!(ids(&history(&rig, page(HistoryFilter::Missed, "139-0013")).await), [calls[2].clone()]);
    assert_eq!(ids(&history(&rig, page(HistoryFilter::All, "nobody")).await), [""; 0]);
    let first = history(&rig, HistoryPage { limit: 2, ..HistoryPage::default() }).await;
    assert_eq!((ids(&first), first.1), (vec![calls[2].clone(), calls[1].clone()], true));
    let second = history(&rig, HistoryPage { limit: 2, offset: 2, ..HistoryPage::default() }).await;
    assert_eq!((ids(&second), second.1), (vec![calls[0].clone()], false));
    // A call that is on is no history.
    rig.simulator.pbx().call_in(NUMBER, "1001").await;
    rig.view_where(|view| !view.calls.is_empty()).await;
    assert_eq!(history(&rig, page(HistoryFilter::All, "")).await.0.len(), 3);
}

#[tokio::test]
async fn each_call_of_the_history_has_its_reason_and_timing() {
    let rig = Rig::running().await;
    rig.contact("Lin", NUMBER);
    let call = missed(&rig, NUMBER).await;
    let (calls, _) = history(&rig, HistoryPage { limit: 1, ..HistoryPage::default() }).await;
    assert_eq!((calls[0].call.as_str(), calls[0].why.code.as_str()), (call.as_str(), "opened_by_rule"));
    let timing = calls[0].timing;
    assert!(timing.notice_ms <= timing.lookup_ms && timing.lookup_ms <= timing.tab_ms, "{timing:?}");
    assert!(timing.tab_ms.is_some());
}

#[tokio::test]
async fn a_call_of_the_history_is_called_back_once_through_my_own_phone() {
    let rig = Rig::running().await;
    let call = missed(&rig, NUMBER).await;
    let want = |extension: &str| Want::CallBack { call: call.clone(), extension: extension.into() };
    assert_eq!(rig.handle().assist(want("1002")).await.unwrap_err().code, "no_extension", "not mine");
    let handle = rig.handle();
    let (one, two) = tokio::join!(handle.assist(want("1001")), handle.assist(want("1001")));
    assert_eq!((one.unwrap(), two.unwrap()), (Answer::Done, Answer::Done));
    e2e::until("my phone rings", || !rig.simulator.pbx().calls().is_empty()).await;
    let dials: Vec<_> =
        rig.simulator.pbx().requests().into_iter().filter(|it| it.path.ends_with("call/dial")).collect();
    assert_eq!(dials.len(), 1, "two presses, one call");
    assert!(
        dials[0].body.contains(r#""caller":"1001""#) && dials[0].body.contains(NUMBER),
        "{:?}",
        dials[0].body
    );
    let back = rig.simulator.pbx().calls().remove(0);
    rig.simulator.pbx().answer(&back, "1001").await;
    rig.simulator.pbx().remote_ring(&back).await;
    rig.view_where(|view| view.missed == 0).await;
}

#[tokio::test]
async fn what_cannot_be_done_for_a_call_says_why() {
    let rig = Rig::running().await;
    let call = missed(&rig, "anonymous").await;
    let ask = async |want| rig.handle().assist(want).await.unwrap_err().code;
    assert_eq!(ask(Want::CallBack { call: call.clone(), extension: "1001".into() }).await, "no_number");
    assert_eq!(ask(Want::OpenTicket { call: call.clone() }).await, "no_ticket");
    assert_eq!(ask(Want::OpenTicket { call: "9.9".into() }).await, "call_unknown");
    rig.contact("Lin", NUMBER);
    let call = missed(&rig, NUMBER).await;
    assert_eq!(ask(Want::OpenTicket { call: call.clone() }).await, "no_ticket");
    rig.simulator.desk().fault_next(20, Fault::Status(503));
    assert_eq!(ask(Want::OpenTicket { call }).await, "server_error");
}

// After a call

#[tokio::test]
async fn after_an_answered_call_a_note_is_asked_for_and_kept_across_restarts() {
    let mut rig = Rig::running_with(|settings| {
        settings["call_log"] = json!({ "wrap_up": true, "dispositions": ["Solved", "Call back"] });
    })
    .await;
    rig.contact("Lin", NUMBER);
    let call = talk(&rig, NUMBER, "1001", "1001").await;
    let asked = |view: &deskring_engine::AppView, call: &str| {
        let known = view.recent.iter().find(|known| known.call == call);
        known.and_then(|known| known.wrap_up.clone()).is_some_and(|wrap_up| wrap_up.asked)
    };
    let view = rig.view_where(|view| asked(view, &call)).await;
    assert_eq!(view.dispositions, ["Solved", "Call back"]);
    rig.send(Command::WrapUp {
        call: call.clone(),
        extension: "1001".into(),
        disposition: Some("Solved".into()),
        note: Some("  wants an invoice\n<b>now</b> ".into()),
    })
    .await;
    rig.view_where(|view| !asked(view, &call)).await;
    rig.closed(&call).await;
    let second = talk(&rig, NUMBER, "1001", "1001").await;
    rig.view_where(|view| asked(view, &second)).await;
    rig.send(Command::SkipWrapUp { call: second.clone(), extension: "1001".into() }).await;
    rig.view_where(|view| !asked(view, &second)).await;
    rig.closed(&second).await;
    rig.kill().await;
    rig.start().await;
    rig.ready().await;
    let (calls, _) = history(&rig, page(HistoryFilter::All, "")).await;
    let said = |call: &str| calls.iter().find(|known| known.call == call).unwrap().wrap_up.clone().unwrap();
    assert_eq!(said(&call).note.as_deref(), Some("wants an invoice\n<b>now</b>"));
    assert_eq!((said(&call).disposition.as_deref(), said(&call).asked), (Some("Solved"), false));
    assert_eq!((said(&second).note, said(&second).asked), (None, false));
}

#[tokio::test]
async fn nothing_is_asked_after_a_missed_or_internal_call_or_where_it_is_not_wanted() {
    let rig = Rig::running_with(|settings| settings["call_log"] = json!({ "wrap_up": true })).await;
    let call = missed(&rig, NUMBER).await;
    assert_eq!(rig.closed(&call).await.wrap_up, None);
    let internal = rig.simulator.pbx().call_internal("1002", "1001").await;
    rig.simulator.pbx().answer(&internal, "1001").await;
    rig.phase(&internal, "talking").await;
    rig.simulator.pbx().hang_up(&internal, "1002").await;
    assert_eq!(rig.closed(&internal).await.wrap_up, None);
    let rig = Rig::running().await;
    let call = talk(&rig, NUMBER, "1001", "1001").await;
    assert_eq!(rig.closed(&call).await.wrap_up, None);
}

// Notices and privacy

#[tokio::test]
async fn a_notice_is_as_loud_and_as_telling_as_the_settings_say() {
    for (level, caller, expected) in [
        ("quiet", "hidden", (Level::Quiet, Caller::Hidden)),
        ("normal", "masked_number", (Level::Normal, Caller::MaskedNumber)),
        ("insistent", "name", (Level::Insistent, Caller::Name)),
    ] {
        let rig = Rig::running_with(|settings| {
            settings["notifications"] = json!({ "level": level, "caller": caller });
        })
        .await;
        missed(&rig, NUMBER).await;
        let manner = rig.desktop.now().manners[0];
        assert_eq!((manner.level, manner.caller), expected);
        // Quiet all day long.
        rig.set(|settings| {
            settings["notifications"] =
                json!({ "level": level, "caller": caller, "quiet_from": "00:00", "quiet_until": "23:59" });
        });
        let minute = jiff::Zoned::now().time();
        if minute.hour() == 23 && minute.minute() == 59 {
            continue;
        }
        rig.send(Command::Reload).await;
        let before = rig.desktop.now().manners.len();
        let quiet = async {
            loop {
                missed(&rig, "13900139000").await;
                let manners = rig.desktop.now().manners;
                if manners[before..].iter().any(|manner| manner.level == Level::Quiet) {
                    break;
                }
            }
        };
        tokio::time::timeout(e2e::PATIENCE, quiet).await.expect("quiet hours come into force");
    }
}

#[tokio::test]
async fn a_pause_makes_notices_quiet_until_it_ends() {
    let rig = Rig::running_with(|settings| settings["notifications"] = json!({ "level": "insistent" })).await;
    rig.send(Command::Pause { minutes: Some(15) }).await;
    missed(&rig, NUMBER).await;
    assert_eq!(rig.desktop.now().manners[0].level, Level::Quiet);
    rig.send(Command::Resume).await;
    missed(&rig, NUMBER).await;
    assert_eq!(rig.desktop.now().manners.last().unwrap().level, Level::Insistent);
}

#[tokio::test]
async fn others_see_neither_names_nor_numbers_in_a_masked_view() {
    let rig = Rig::running_with(|settings| {
        settings["notifications"] = json!({ "caller": "masked_number" });
        settings["new_contacts"] = json!({ "mode": "manual" });
    })
    .await;
    let lin = rig.simulator.desk().add_contact(json!({ "lastName": "Lindqvist", "mobile": NUMBER }));
    rig.simulator.desk().add_ticket(ticket(&lin, "Secret matter", "Open"));
    missed(&rig, NUMBER).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    context(&rig, &call, |it| it.tickets.is_some()).await;
    let view = rig.view_where(|view| view.calls.iter().any(|known| known.who.state == "known")).await;
    for (shown, seen) in
        [("masked_number", "•••00"), ("hidden", "hidden"), ("from a newer version", "hidden")]
    {
        let mut view = view.as_ref().clone();
        view.caller_shown = shown.into();
        let masked = serde_json::to_string(&view.as_others_see()).unwrap();
        for secret in ["Lindqvist", "13800", "138 0013", "Secret matter"] {
            assert!(!masked.contains(secret), "{secret} in {masked}");
        }
        assert!(masked.contains(seen), "{seen} not in {masked}");
    }
}
