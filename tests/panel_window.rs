//! The small window as an agent uses it during calls: cards with what helps, whose call it is when several have the
//! number, a new contact, the history, a note after the call. The real window in WebKit on a real engine and simulator,
//! in both languages, audited for accessibility; a picture of every state is kept.
//!
//! Needs the session that `./dev test` makes; without a display every test says so and passes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::assist::{Answer, DialBy, Purpose, Sources, Want};
use deskring_engine::{AppView, Command};
use deskring_local_api::Server;
use deskring_simulator::Fault;
use e2e::Rig;
use e2e::screen::{Keyboard, Look, Screen, turn};
use serde_json::{Value, json};

const NUMBER: &str = "13800138000";

/// The words of a language that a test looks for.
struct Said {
    look: Look,
    chosen: &'static str,
    forgotten: &'static str,
    tickets: &'static str,
    missing: &'static str,
    exists: &'static str,
    create: &'static str,
    called_back: &'static str,
    no_match: &'static str,
    late: &'static str,
    gone: &'static str,
    occupied: &'static str,
    hidden: &'static str,
    not_written: &'static str,
    ticket_of: &'static str,
    field: &'static str,
    sure: &'static str,
    dry: &'static str,
    would_be: &'static str,
    new_number: &'static str,
    asked_by: &'static str,
    not_called: &'static str,
    busy: &'static str,
    unmute: &'static str,
    extension: &'static str,
    desk_failed: &'static str,
    people_hidden: &'static str,
}

const ENGLISH: Said = Said {
    look: Look::ENGLISH,
    chosen: "you chose 陈静",
    forgotten: "Forgotten",
    tickets: "2 open tickets",
    missing: "Please fill this in.",
    exists: "There is somebody like this already",
    create: "Create contact…",
    called_back: "Your phone rings first…",
    no_match: "No call fits",
    late: "Zoho Desk did not answer for",
    gone: "Deskring is not running",
    occupied: "has other numbers in both fields",
    hidden: "Incoming call",
    not_written: "2 entries were not written to Zoho Desk",
    ticket_of: "Ticket for 林小芳 · 138 0013 8000",
    field: "Region must be filled in",
    sure: "Discard it?",
    dry: "Dry run: nothing is written to Zoho Desk",
    would_be: "Would be written to Zoho Desk",
    new_number: "This number was never called from here.",
    asked_by: "A link asks for it.",
    not_called: "Not called: links must not send codes",
    busy: "They are on another call. Try again later.",
    unmute: "Unmute",
    extension: "Extension",
    desk_failed: "Zoho Desk did not answer",
    people_hidden: "Customers are hidden",
};

const CHINESE: Said = Said {
    look: Look::CHINESE,
    chosen: "你选择了 陈静",
    forgotten: "已清除",
    tickets: "2 个未关闭的工单",
    missing: "请填写此项。",
    exists: "已存在相同的记录",
    create: "新建联系人…",
    called_back: "你的话机先响铃…",
    no_match: "没有符合",
    late: "Zoho Desk 用了",
    gone: "Deskring 未运行",
    occupied: "的两个号码字段都已有其他号码",
    hidden: "来电",
    not_written: "2 条记录未写入 Zoho Desk",
    ticket_of: "林小芳 · 138 0013 8000 的工单",
    field: "必须填写“Region”",
    sure: "确定放弃？",
    dry: "试运行：不会写入 Zoho Desk",
    would_be: "将写入 Zoho Desk 的内容",
    new_number: "从未呼叫过此号码。",
    asked_by: "由链接发起。",
    not_called: "未呼叫：链接不能向 PBX 发送功能码",
    busy: "对方正在通话中。请稍后再试。",
    unmute: "取消静音",
    extension: "分机",
    desk_failed: "Zoho Desk 未返回结果",
    people_hidden: "客户信息已隐藏",
};

/// A test in both languages, each in its turn at the display. With `alone` no other window takes the keyboard meanwhile:
/// a list of suggestions closes when its window loses it.
macro_rules! in_both_languages {
    ($(#[$doc:meta])* $english:ident, $chinese:ident, $run:ident) => {
        in_both_languages!(@ $(#[$doc])* $english, $chinese, $run, Keyboard::Shared);
    };
    ($(#[$doc:meta])* $english:ident, $chinese:ident, $run:ident, alone) => {
        in_both_languages!(@ $(#[$doc])* $english, $chinese, $run, Keyboard::Alone);
    };
    (@ $(#[$doc:meta])* $english:ident, $chinese:ident, $run:ident, $keyboard:expr) => {
        $(#[$doc])*
        #[tokio::test(flavor = "multi_thread")]
        async fn $english() {
            let Some(_turn) = turn(stringify!($english), $keyboard).await else { return };
            $run(&ENGLISH).await;
        }

        $(#[$doc])*
        #[tokio::test(flavor = "multi_thread")]
        async fn $chinese() {
            let Some(_turn) = turn(stringify!($chinese), $keyboard).await else { return };
            $run(&CHINESE).await;
        }
    };
}

/// An engine with a door for windows.
async fn rig(change: impl FnOnce(&mut Value)) -> (Rig, Server) {
    let rig = Rig::running_with(change).await;
    let server = Server::start(rig.handle(), &rig.paths()).unwrap();
    (rig, server)
}

fn manual(settings: &mut Value) {
    settings["new_contacts"] = json!({ "mode": "manual", "kind": "contact" });
}

/// Two contacts with one number; their pages.
fn twins(rig: &Rig) -> [String; 2] {
    let desk = rig.simulator.desk();
    let account = desk.add_account(json!({ "accountName": "Lotus Trading" }));
    let lin = json!({ "firstName": "Mei", "lastName": "Lin", "email": "mei.lin@example.com",
        "mobile": "+8613800138000", "accountId": account });
    let chen = json!({ "firstName": "静", "lastName": "陈", "mobile": "138-0013-8000" });
    let [lin, chen] = [lin, chen].map(|contact| desk.add_contact(contact));
    desk.add_ticket(json!({ "contactId": lin, "subject": "Invoice of October" }));
    [desk.web_url(&lin), desk.web_url(&chen)]
}

/// Whose call it is, as the engine says.
fn name<'a>(view: &'a AppView, call: &str) -> Option<&'a str> {
    let known = view.calls.iter().chain(&view.recent).find(|known| known.call == call)?;
    known.who.records.first().filter(|_| known.who.state == "known").map(|record| record.name.as_str())
}

/// Presses a key on whatever has the focus, as the page hears it.
async fn key(screen: &Screen, key: &str) {
    let script = "(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', \
        { key: arguments[0], bubbles: true, cancelable: true })); return true";
    screen.ask(script, &[json!(key)]).await;
}

/// Types in place of what is there, and stays in the field.
async fn type_into(screen: &Screen, css: &str, text: &str) {
    screen.shows(css).await;
    let script = "const it = document.querySelector(arguments[0]); it.focus(); it.select(); \
        return document.execCommand('insertText', false, arguments[1])";
    assert_eq!(screen.ask(script, &[json!(css), json!(text)]).await, true, "{css} takes no text");
}

/// Waits until the engine has kept what was typed.
async fn kept(rig: &Rig, key: &str, text: &str) {
    e2e::eventually(&format!("{text} is kept"), async || {
        let answer = rig.handle().assist(Want::Draft { key: key.to_owned() }).await.ok()?;
        serde_json::to_string(&answer).ok()?.contains(text).then_some(())
    })
    .await;
}

async fn audited(screen: &Screen, what: &str) {
    let violations = screen.audit().await;
    assert!(violations.is_empty(), "{what}: {violations:#?}");
}

async fn missed(rig: &Rig, number: &str) -> String {
    let call = rig.simulator.pbx().call_in(number, "1001").await;
    rig.view_where(|view| {
        view.calls.iter().any(|known| known.call == call && known.who.state != "searching")
    })
    .await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    call
}

async fn talked(rig: &Rig, number: &str) -> String {
    let call = rig.simulator.pbx().call_in(number, "1001").await;
    rig.simulator.pbx().answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    call
}

// Choosing

async fn choosing(said: &Said) {
    let (rig, _server) = rig(|_| {}).await;
    let pages = twins(&rig);
    let screen = Screen::open(&rig, "panel", said.look).await;
    let first = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.sees(".card .chooser .match", "mei.lin@example.com").await;
    screen.sees(".card .chooser .match", "Lotus Trading").await;
    screen.sees(".card .chooser .match", "陈静").await;
    screen.sees(".card .chooser .match", "Invoice of October").await;
    audited(&screen, "choosing").await;
    screen.shoot("panel-chooser").await;
    let height = "return document.querySelector('.chooser .keys').getBoundingClientRect().height";
    assert_eq!(screen.ask(height, &[]).await.as_f64(), Some(36.0), "as high as the button that was there");
    screen.shoot("panel-chooser").await;
    // The list is in the order of the engine; the digit of the second name.
    let place = "const at = [...document.querySelectorAll('.card .match')].findIndex((it) => \
        it.innerText.includes('陈静')); return String(at + 1)";
    let digit = screen.ask(place, &[]).await;
    key(&screen, digit.as_str().unwrap()).await;
    let recorded = rig.desktop.wait_for("the chosen page", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, pages[1]);
    rig.view_where(|view| name(view, &first) == Some("陈静")).await;
    screen.sees(".card", said.chosen).await;
    rig.simulator.pbx().hang_up(&first, "caller").await;
    rig.closed(&first).await;
    let second = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    rig.desktop.wait_for("the page by rule", |recorded| recorded.opened.len() == 2).await;
    screen.shoot("panel-chosen-earlier").await;
    screen.press(".card button.forget").await;
    screen.sees("body", said.forgotten).await;
    rig.simulator.pbx().hang_up(&second, "caller").await;
    rig.closed(&second).await;
    rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.shows(".card .chooser .match").await;
    assert_eq!(rig.desktop.opened().len(), 2, "nothing opens by itself any more");
    screen.close().await;
}

in_both_languages!(
    several_matches_are_chosen_by_a_digit_and_forgotten_in_english,
    several_matches_are_chosen_by_a_digit_and_forgotten_in_chinese,
    choosing
);

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_call_is_chosen_for_later_and_marked_as_seen() {
    let test = "a_missed_call_is_chosen_for_later_and_marked_as_seen";
    let Some(_turn) = turn(test, Keyboard::Shared).await else { return };
    let (rig, _server) = rig(|_| {}).await;
    let pages = twins(&rig);
    let screen = Screen::open(&rig, "panel", Look::ENGLISH).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "6400").await;
    screen.sees(".card", "via Support").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    screen.sees("#missed", "1 missed").await;
    // A list that somebody was looking at when the call ended is open already.
    let open = "const button = document.querySelector('.row button.open'); \
        if (button?.ariaExpanded === 'false') button.click(); return button !== null";
    screen.when("the row of the call", open, &[]).await;
    screen.sees(".row .chooser .match", "陈静").await;
    let pick = "[...document.querySelectorAll('.row .match')].find((it) => it.innerText.includes('陈静')).click(); \
        return true";
    screen.ask(pick, &[]).await;
    let recorded = rig.desktop.wait_for("the chosen page", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, pages[1]);
    rig.view_where(|view| name(view, &call) == Some("陈静")).await;
    screen.ask("document.querySelector('#seen-missed').click(); return true", &[]).await;
    rig.view_where(|view| view.missed == 0).await;
    // Where a desktop shows no tray, the settings are reached from here.
    screen.press("#settings").await;
    rig.desktop.wait_for("the settings asked for", |recorded| recorded.windows == 1).await;
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_matches_are_searched_and_read_lazily() {
    let Some(_turn) = turn("hundreds_of_matches_are_searched_and_read_lazily", Keyboard::Shared).await else {
        return;
    };
    let (rig, _server) = rig(|_| {}).await;
    for index in 0..120 {
        rig.contact(&format!("Twin {index:03} {}", "很长的名字".repeat(20)), NUMBER);
    }
    let screen = Screen::open(&rig, "panel", Look::ENGLISH).await;
    rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.shows(".card .filter").await;
    audited(&screen, "many matches").await;
    screen.shoot("panel-many").await;
    let asked = rig.simulator.desk().requests().iter().filter(|it| it.path.ends_with("/tickets")).count();
    assert!(asked <= 10, "only those a person sees cost credits: {asked}");
    let wide = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(screen.ask(wide, &[]).await, true, "nothing is wider than the window");
    screen.close().await;
}

// The card

async fn card(said: &Said) {
    let (rig, _server) = rig(|_| {}).await;
    let desk = rig.simulator.desk();
    let company = desk.add_account(json!({ "accountName": "Lotus Trading" }));
    let lin = desk.add_contact(json!({
        "lastName": "林", "firstName": "小芳", "mobile": NUMBER, "accountId": company,
    }));
    for (subject, status) in [("Invoice of October", "Open"), ("Delivery is late", "Open"), ("Old", "Closed")]
    {
        desk.add_ticket(json!({ "contactId": lin, "subject": subject, "status": status }));
    }
    talked(&rig, NUMBER).await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "6400").await;
    screen.sees(".card .name", "林小芳").await;
    screen.sees(".card .company", "Lotus Trading").await;
    screen.sees(".card .number", "138 0013 8000").await;
    screen.sees(".card .meta", "Support").await;
    screen.sees(".card .tickets", said.tickets).await;
    screen.sees(".card .tickets", "Delivery is late").await;
    let top = "return document.querySelector('.card .open').getBoundingClientRect().top";
    let before = screen.ask(top, &[]).await;
    audited(&screen, "ringing").await;
    screen.shoot("panel-ringing").await;
    rig.simulator.pbx().answer(&call, "1001").await;
    screen.when("talking", "return document.querySelector('.card').dataset.phase === 'talking'", &[]).await;
    assert_eq!(screen.ask(top, &[]).await, before, "nothing moves when the call is answered");
    screen.shoot("panel-talking").await;
    screen.press(".card .tickets").await;
    rig.desktop.wait_for("the ticket's page", |recorded| recorded.opened.len() == 3).await;
    screen.press(".card .open").await;
    rig.desktop.wait_for("the contact once more", |recorded| recorded.opened.len() == 4).await;
    rig.simulator.pbx().hold(&call, "1001").await;
    screen.when("held", "return document.querySelector('.card').dataset.phase === 'held'", &[]).await;
    let second = rig.simulator.pbx().call_in("13900139000", "1001").await;
    screen.when("two cards", "return document.querySelectorAll('.card').length === 2", &[]).await;
    screen.sees(".card[data-phase='ringing']", "139 0013 9000").await;
    audited(&screen, "a second call").await;
    screen.shoot("panel-second-call").await;
    let fits = "return document.querySelector('main').scrollHeight <= document.querySelector('main').clientHeight + 260";
    assert_eq!(screen.ask(fits, &[]).await, true, "both calls are in sight");
    rig.simulator.pbx().hang_up(&second, "caller").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    screen.shoot("panel-ended").await;
    screen.close().await;
}

in_both_languages!(
    a_card_shows_what_helps_and_moves_nothing_in_english,
    a_card_shows_what_helps_and_moves_nothing_in_chinese,
    card
);

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_desk_is_told_with_its_seconds() {
    let Some(_turn) = turn("a_slow_desk_is_told_with_its_seconds", Keyboard::Shared).await else { return };
    let (rig, _server) = rig(|_| {}).await;
    rig.contact("Lin", NUMBER);
    rig.simulator.desk().set(|desk| desk.delay_ms = 2300);
    let screen = Screen::open(&rig, "panel", Look::ENGLISH).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.shoot("panel-searching").await;
    rig.desktop.wait_for("the tab", |recorded| !recorded.opened.is_empty()).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    screen.sees(".row .why", ENGLISH.late).await;
    screen.close().await;
}

// A new contact

async fn creating(said: &Said) {
    let (rig, _server) = rig(manual).await;
    let desk = rig.simulator.desk();
    desk.add_account(json!({ "accountName": "Lotus Trading" }));
    desk.set(|desk| {
        desk.contact_fields = vec![
            json!({ "apiName": "cf_region", "displayLabel": "Region", "i18NLabel": "Region", "isMandatory": true,
                "type": "Picklist", "allowedValues": ["North", "South"] }),
            json!({ "apiName": "cf_hobby", "displayLabel": "Hobby", "i18NLabel": "Hobby", "type": "Text" }),
        ];
    });
    let screen = Screen::open(&rig, "panel", said.look).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.sees(".card .create", said.create).await;
    audited(&screen, "an unknown caller").await;
    screen.shoot("panel-unknown").await;
    screen.press(".card .create").await;
    screen.has("#field-mobile", "+8613800138000").await;
    screen.sees("#strip", "138 0013 8000").await;
    audited(&screen, "the form").await;
    screen.shoot("panel-form").await;
    screen.press(".form .save").await;
    screen.sees("[data-field='lastName'] .wrong", said.missing).await;
    screen.focuses("#field-lastName").await;
    audited(&screen, "the form with errors").await;
    screen.shoot("panel-form-errors").await;
    screen.fill("#field-lastName", "王").await;
    screen.fill("#field-firstName", "芳").await;
    screen.fill("#field-email", "wang@example.com").await;
    screen.choose("#field-cf_region", "North").await;
    type_into(&screen, "#field-accountId", "Lotus").await;
    screen.sees(".company-field .hit", "Lotus Trading").await;
    screen.shoot("panel-form-company").await;
    key(&screen, "ArrowDown").await;
    key(&screen, "Enter").await;
    screen.sees(".company-field .chosen", "Lotus Trading").await;
    // The window is killed; nothing that was typed is lost, the call goes on, and the form is there again.
    let draft = rig.view_where(|view| view.form.is_some()).await.form.clone().unwrap();
    kept(&rig, &draft, "Lotus Trading").await;
    screen.close().await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    screen.has("#field-lastName", "王").await;
    screen.sees(".company-field .chosen", "Lotus Trading").await;
    // A colleague was faster.
    let other = desk.add_fresh_contact(json!({ "lastName": "王芳", "mobile": NUMBER }));
    screen.press(".form .save").await;
    screen.sees(".says", said.exists).await;
    audited(&screen, "somebody is there already").await;
    screen.shoot("panel-form-exists").await;
    desk.remove_contact(&other);
    desk.fault_next(60, Fault::Status(503));
    screen.press(".form .anyway").await;
    screen.shows(".says .bad").await;
    screen.has("#field-lastName", "王").await;
    screen.shoot("panel-form-failed").await;
    desk.clear_faults();
    screen.press(".form .save").await;
    screen.hides(".form").await;
    let recorded = rig.desktop.wait_for("the contact's page", |recorded| !recorded.opened.is_empty()).await;
    let contact = desk.records("contacts").pop().unwrap();
    assert_eq!((&contact["lastName"], &contact["cf"]["cf_region"]), (&json!("王"), &json!("North")));
    assert_eq!(recorded.opened[0].0, desk.web_url(contact["id"].as_str().unwrap()));
    screen.sees(".row .name", "王芳").await;
    screen.close().await;
}

in_both_languages!(
    a_contact_is_created_through_refusals_a_killed_window_and_a_faster_colleague_in_english,
    a_contact_is_created_through_refusals_a_killed_window_and_a_faster_colleague_in_chinese,
    creating
);

async fn adding(said: &Said) {
    let (rig, _server) = rig(manual).await;
    let desk = rig.simulator.desk();
    desk.add_contact(json!({ "lastName": "Full", "mobile": "13900000000", "phone": "0592 550 2222" }));
    let free = desk.add_contact(json!({ "lastName": "Fuller", "email": "fuller@example.com" }));
    let screen = Screen::open(&rig, "panel", said.look).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.press(".card .add").await;
    screen.shows(".adding").await;
    screen.shoot("panel-add").await;
    let search = ".adding input";
    type_into(&screen, ".adding input", "Ful").await;
    screen.sees(".adding .hit", "Fuller").await;
    audited(&screen, "adding").await;
    screen.shoot("panel-add-found").await;
    let pick = "[...document.querySelectorAll('.adding .hit')].find((it) => \
        it.querySelector('.name').textContent === arguments[0]).click(); return true";
    screen.ask(pick, &[json!("Full")]).await;
    screen.sees(".adding .says", said.occupied).await;
    screen.focuses(".adding .says button").await;
    screen.ask(pick, &[json!("Fuller")]).await;
    screen.hides(search).await;
    rig.view_where(|view| name(view, &call) == Some("Fuller")).await;
    assert_eq!(desk.record(&free).unwrap()["mobile"], "+8613800138000");
    screen.sees(".card .name", "Fuller").await;
    screen.close().await;
}

in_both_languages!(
    a_number_is_added_to_a_contact_that_is_there_in_english,
    a_number_is_added_to_a_contact_that_is_there_in_chinese,
    adding
);

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_put_away_is_gone_on_with_or_discarded() {
    let Some(_turn) = turn("a_form_that_was_put_away_is_gone_on_with_or_discarded", Keyboard::Shared).await
    else {
        return;
    };
    let (rig, _server) = rig(manual).await;
    let screen = Screen::open(&rig, "panel", Look::ENGLISH).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.press(".card .create").await;
    screen.fill("#field-lastName", "Mu").await;
    rig.view_where(|view| view.drafts.iter().any(|draft| draft.name == "Mu")).await;
    key(&screen, "Escape").await;
    screen.sees(".draft", "Unfinished: Mu").await;
    screen.sees(".card .create", "Continue").await;
    audited(&screen, "a draft").await;
    screen.shoot("panel-draft").await;
    screen.press(".draft button").await;
    screen.has("#field-lastName", "Mu").await;
    screen.press(".form .discard").await;
    screen.press(".sure .bad").await;
    rig.view_where(|view| view.drafts.is_empty() && view.form.is_none()).await;
    screen.hides(".draft").await;
    // An account instead: what both have is kept.
    screen.press(".card .create").await;
    screen.has("#field-mobile", "+8613800138000").await;
    screen.ask("document.querySelector('.segment input[value=account]').click(); return true", &[]).await;
    screen.has("#field-phone", "+8613800138000").await;
    screen.fill("#field-accountName", "Lotus Trading").await;
    screen.shoot("panel-form-account").await;
    screen.press(".form .save").await;
    rig.view_where(|view| name(view, &call) == Some("Lotus Trading")).await;
    screen.close().await;
}

// The history

async fn history(said: &Said) {
    let (rig, _server) = rig(manual).await;
    let lin = rig.simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": NUMBER }));
    rig.simulator.desk().add_ticket(json!({ "contactId": lin, "subject": "Invoice" }));
    talked(&rig, NUMBER).await;
    missed(&rig, NUMBER).await;
    missed(&rig, "13900139000").await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    let count = "return document.querySelectorAll('.row').length === arguments[0]";
    screen.when("three rows", count, &[json!(3)]).await;
    audited(&screen, "the history").await;
    screen.shoot("panel-history").await;
    screen.press(".chip[data-filter='unknown']").await;
    screen.when("the unknown one", count, &[json!(1)]).await;
    screen.press(".chip[data-filter='missed']").await;
    screen.when("the missed ones", count, &[json!(2)]).await;
    type_into(&screen, "#search", "139-0013").await;
    screen.when("the one with that number", count, &[json!(1)]).await;
    type_into(&screen, "#search", "nobody <b>").await;
    screen.sees("#recent-empty", said.no_match).await;
    screen.shoot("panel-history-none").await;
    screen.ask("document.querySelector('.chip[data-filter=all]').click(); return true", &[]).await;
    type_into(&screen, "#search", "lin").await;
    screen.when("both of Lin's", count, &[json!(2)]).await;
    // By keyboard: into the list, down, open.
    key(&screen, "ArrowDown").await;
    key(&screen, "ArrowDown").await;
    key(&screen, "ArrowRight").await;
    screen.sees(".details", "→").await;
    screen.hides(".written").await;
    audited(&screen, "an open row").await;
    screen.shoot("panel-history-open").await;
    screen.press(".details [data-act='ticket']").await;
    rig.desktop.wait_for("the ticket", |recorded| recorded.opened.len() == 3).await;
    screen.press(".details [data-act='contact']").await;
    rig.desktop.wait_for("the contact", |recorded| recorded.opened.len() == 4).await;
    screen.press(".details [data-act='back']").await;
    screen.sees("#told", said.called_back).await;
    let back = rig.simulator.pbx().calls().remove(0);
    rig.simulator.pbx().answer(&back, "1001").await;
    rig.simulator.pbx().remote_ring(&back).await;
    screen.shows(".card").await;
    screen.close().await;
}

in_both_languages!(
    the_history_is_filtered_searched_opened_and_called_back_from_in_english,
    the_history_is_filtered_searched_opened_and_called_back_from_in_chinese,
    history
);

#[tokio::test(flavor = "multi_thread")]
async fn older_calls_come_while_somebody_scrolls() {
    let Some(_turn) = turn("older_calls_come_while_somebody_scrolls", Keyboard::Shared).await else { return };
    let (mut rig, server) = rig(|_| {}).await;
    drop(server);
    let call = missed(&rig, NUMBER).await;
    let shape = rig.closed(&call).await;
    rig.stop().await;
    let journal = deskring_store::Journal::open(rig.profile.path()).unwrap();
    for index in 0..180_i64 {
        let view = deskring_engine::view::CallView {
            call: format!("{index}.1"),
            began_ms: shape.began_ms - 60_000 * (index + 1),
            ..shape.clone()
        };
        let row = deskring_store::CallRow {
            call_id: view.call.clone(),
            extension: "1001".into(),
            direction: "inbound".into(),
            phase: "over".into(),
            started_ms: view.began_ms,
            detail: Some(serde_json::to_string(&view).unwrap()),
            ..deskring_store::CallRow::default()
        };
        journal.record(&row).unwrap();
    }
    drop(journal);
    rig.start().await;
    rig.ready().await;
    let _server = Server::start(rig.handle(), &rig.paths()).unwrap();
    let screen = Screen::open(&rig, "panel", Look::ENGLISH).await;
    let scroll = "document.querySelector('main').scrollTo(0, 1e9); return document.querySelectorAll('.row').length >= arguments[0]";
    screen.when("all of them", scroll, &[json!(181)]).await;
    let unique = "const keys = [...document.querySelectorAll('.row')].map((it) => it.dataset.item); \
        return new Set(keys).size === keys.length";
    assert_eq!(screen.ask(unique, &[]).await, true);
    screen.close().await;
}

// After a call

async fn wrapping_up(said: &Said) {
    let (rig, _server) = rig(|settings| {
        settings["call_log"] =
            json!({ "wrap_up": true, "dispositions": ["Solved", "再次联系", "Wrong number"] });
    })
    .await;
    rig.contact("Lin", NUMBER);
    let screen = Screen::open(&rig, "panel", said.look).await;
    let call = talked(&rig, NUMBER).await;
    screen.shows("#wrap-up textarea").await;
    audited(&screen, "a note after the call").await;
    screen
        .ask(
            "document.querySelector('#wrap-up textarea').focus(); \
        document.execCommand('insertText', false, 'wants an invoice'); return true",
            &[],
        )
        .await;
    screen.shoot("panel-wrap-up").await;
    // A killed window takes nothing with it that was typed.
    kept(&rig, &format!("wrap-up {call} 1001"), "invoice").await;
    screen.close().await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    screen.has("#wrap-up textarea", "wants an invoice").await;
    screen.ask("document.querySelector('#wrap-up input').focus(); return true", &[]).await;
    key(&screen, "2").await;
    key(&screen, "Enter").await;
    screen.hides("#wrap-up").await;
    let said_of = |view: &AppView, call: &str| {
        view.recent.iter().find(|known| known.call == call).and_then(|known| known.wrap_up.clone())
    };
    let view = rig
        .view_where(|view| said_of(view, &call).is_some_and(|wrap_up| wrap_up.disposition.is_some()))
        .await;
    let wrap_up = said_of(&view, &call).unwrap();
    assert_eq!(
        (wrap_up.disposition.as_deref(), wrap_up.note.as_deref()),
        (Some("再次联系"), Some("wants an invoice"))
    );
    talked(&rig, NUMBER).await;
    screen.shows("#wrap-up textarea").await;
    screen.ask("document.querySelector('#wrap-up textarea').focus(); return true", &[]).await;
    key(&screen, "Escape").await;
    screen.hides("#wrap-up").await;
    screen.close().await;
}

in_both_languages!(
    a_note_after_the_call_is_one_key_away_and_survives_the_window_in_english,
    a_note_after_the_call_is_one_key_away_and_survives_the_window_in_chinese,
    wrapping_up
);

// Numbers that are to be called

async fn dialing(said: &Said) {
    let (rig, _server) = rig(|_| {}).await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    let link = |text: &str| Want::Dial { text: text.to_owned(), by: DialBy::Link };
    rig.handle().assist(link("tel:+1-212-555-0123;ext=204")).await.unwrap();
    screen.sees("#dial", said.new_number).await;
    screen.sees("#dial", said.asked_by).await;
    screen.sees("#dial", "00 1 212 555 0123").await;
    screen.focuses("#dial .yes").await;
    audited(&screen, "a question before a call").await;
    screen.shoot("panel-dial-asks").await;
    key(&screen, "Escape").await;
    screen.hides("#dial").await;
    assert!(rig.simulator.pbx().calls().is_empty());
    rig.handle().assist(link("tel:*73")).await.unwrap_err();
    screen.sees("#dial", said.not_called).await;
    screen.shoot("panel-dial-failed").await;
    screen.press("#dial .no").await;
    screen.hides("#dial").await;
    // What is wrong stays to be corrected; the rest is dialed once, however often it is pressed.
    let enter = "document.querySelector('#dial-box').requestSubmit(); return true";
    type_into(&screen, "#dial-number", "nobody").await;
    screen.ask(enter, &[]).await;
    screen.shows("#failed").await;
    screen.has("#dial-number", "nobody").await;
    type_into(&screen, "#dial-number", "0592 550 3301").await;
    screen.ask(&format!("document.querySelector('#dial-box').requestSubmit(); {enter}"), &[]).await;
    e2e::until("my phone rings", || rig.simulator.pbx().calls().len() == 1).await;
    screen.shows(".card").await;
    screen.has("#dial-number", "").await;
    audited(&screen, "the box to dial from").await;
    screen.shoot("panel-dial-box").await;
    let pbx = rig.simulator.pbx();
    let [call] = pbx.calls().try_into().unwrap();
    // What the PBX says of a call that it could not put through, in words and with what to do.
    pbx.answer(&call, "1001").await;
    pbx.remote_fails(&call, "486 Busy here").await;
    rig.closed(&call).await;
    screen.sees("body", said.busy).await;
    audited(&screen, "a call that failed").await;
    screen.shoot("panel-call-failed").await;
    screen.close().await;
}

in_both_languages!(
    numbers_are_typed_asked_about_and_dialed_in_english,
    numbers_are_typed_asked_about_and_dialed_in_chinese,
    dialing
);

/// Rows below a box, each as one line.
async fn rows(screen: &Screen, css: &str) -> Vec<String> {
    let script =
        "return [...document.querySelectorAll(arguments[0] + ' .drop .hit')].map((it) => it.innerText)";
    let rows = screen.ask(script, &[json!(css)]).await;
    rows.as_array().unwrap().iter().map(|row| row.as_str().unwrap().replace('\n', " · ")).collect()
}

/// Waits until a box suggests so many.
async fn suggests(screen: &Screen, css: &str, count: usize) -> Vec<String> {
    e2e::eventually(&format!("{count} rows below {css}"), async || {
        Some(rows(screen, css).await).filter(|rows| rows.len() == count)
    })
    .await
}

/// What the arrows have chosen, as somebody who cannot see is told.
async fn chosen(screen: &Screen, css: &str) -> String {
    let script = "const id = document.querySelector(arguments[0]).getAttribute('aria-activedescendant'); \
        return id ? document.getElementById(id).innerText : ''";
    screen.ask(script, &[json!(css)]).await.as_str().unwrap().to_owned()
}

async fn suggesting(said: &Said) {
    let (rig, _server) = rig(|settings| {
        settings["contact_sync"] = json!({ "always_query": true });
        settings["click_to_call"] = json!({ "confirm": "never" });
    })
    .await;
    let desk = rig.simulator.desk();
    let account = desk.add_account(json!({ "accountName": "Lotus Trading", "phone": "+1 212 555 0100" }));
    desk.add_contact(json!({ "firstName": "Mei", "lastName": "Lin", "phone": "0592 550 3301",
        "mobile": "+8613800138000", "accountId": account }));
    missed(&rig, "+12125550147").await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    e2e::eventually("the PBX's numbers are known", async || {
        let want = Want::Suggest { text: "1003".into(), purpose: Purpose::Dial, r#in: Sources::Known };
        let answer = rig.handle().assist(want).await;
        matches!(answer, Ok(Answer::Suggestions { rows, .. }) if !rows.is_empty()).then_some(())
    })
    .await;
    // Colleagues at once, customers of Desk below them; a person with two numbers has two rows.
    type_into(&screen, "#dial-number", "lin").await;
    let rows = suggests(&screen, "#dial-box", 3).await;
    assert!(
        rows[0].contains("Bo Lin") && rows[0].contains("1002") && rows[0].contains(said.extension),
        "{rows:?}"
    );
    assert!(rows[1].contains("138 0013 8000") && rows[1].contains("Lotus Trading"), "{rows:?}");
    assert!(rows[2].contains("0592 550 3301"), "{rows:?}");
    audited(&screen, "suggestions").await;
    screen.shoot("panel-suggestions").await;
    // Arrows choose, digits stay digits, Escape closes the list and then empties the box.
    key(&screen, "ArrowDown").await;
    key(&screen, "ArrowDown").await;
    assert!(chosen(&screen, "#dial-number").await.contains("138 0013 8000"));
    screen.shoot("panel-suggestions-chosen").await;
    key(&screen, "1").await;
    assert!(rig.simulator.pbx().calls().is_empty() && chosen(&screen, "#dial-number").await.contains("138"));
    key(&screen, "Escape").await;
    suggests(&screen, "#dial-box", 0).await;
    screen.has("#dial-number", "lin").await;
    key(&screen, "Escape").await;
    screen.has("#dial-number", "").await;
    // Pinyin initials; Enter dials the chosen row.
    type_into(&screen, "#dial-number", "cj").await;
    let rows = suggests(&screen, "#dial-box", 1).await;
    assert!(rows[0].contains("陈静"), "{rows:?}");
    key(&screen, "ArrowDown").await;
    key(&screen, "Enter").await;
    e2e::until("the chosen phone is called", || rig.simulator.pbx().calls().len() == 1).await;
    screen.has("#dial-number", "").await;
    let requests = rig.simulator.pbx().requests();
    let dial = requests.iter().rfind(|request| request.path.ends_with("/call/dial")).unwrap();
    assert!(dial.body.contains("\"callee\":\"1003\""), "{}", dial.body);
    // A slow Desk delays nothing, and its answer about another text comes too late.
    desk.set(|switches| switches.delay_ms = 1_000);
    type_into(&screen, "#dial-number", "mei").await;
    screen.shows("#dial-box .drop .hint").await;
    type_into(&screen, "#dial-number", "1002").await;
    let rows = suggests(&screen, "#dial-box", 1).await;
    assert!(rows[0].contains("Bo Lin"), "{rows:?}");
    screen.shows("#dial-box .drop .hint").await;
    screen.shoot("panel-suggestions-searching").await;
    screen.hides("#dial-box .drop .hint").await;
    assert_eq!(suggests(&screen, "#dial-box", 1).await, rows);
    desk.set(|switches| switches.delay_ms = 0);
    // A number that called before, however it is written; a Desk that fails is said in a quiet line.
    rig.simulator.desk().fault_next(40, Fault::Status(503));
    type_into(&screen, "#dial-number", "212 555").await;
    screen.sees("#dial-box .drop .hint", said.desk_failed).await;
    let rows = suggests(&screen, "#dial-box", 1).await;
    assert!(rows[0].contains("+1 212-555-0147"), "{rows:?}");
    screen.shoot("panel-suggestions-desk-failed").await;
    // A row that was chosen stays chosen when Desk tells whose number it is.
    desk.clear_faults();
    desk.add_contact(json!({ "lastName": "Hollis", "phone": "+12125550147" }));
    desk.set(|switches| switches.delay_ms = 1_000);
    type_into(&screen, "#dial-number", "+1 212 555 01").await;
    screen.shows("#dial-box .drop .hint").await;
    key(&screen, "ArrowDown").await;
    screen.sees("#dial-box .drop .hit", "Hollis").await;
    assert!(chosen(&screen, "#dial-number").await.contains("Hollis"));
    screen.close().await;
}

in_both_languages!(
    people_are_suggested_while_somebody_types_in_english,
    people_are_suggested_while_somebody_types_in_chinese,
    suggesting,
    alone
);

async fn suggesting_hidden(said: &Said) {
    let (rig, _server) = rig(|settings| settings["notifications"] = json!({ "caller": "hidden" })).await;
    rig.contact("Linda Hart", NUMBER);
    let call = missed(&rig, NUMBER).await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    type_into(&screen, "#dial-number", "lin").await;
    screen.sees("#dial-box .drop .hint", said.people_hidden).await;
    assert!(!screen.content().await.unwrap().contains("Linda"));
    rig.set(|settings| settings["notifications"] = json!({ "caller": "masked_number" }));
    rig.send(Command::Reload).await;
    rig.view_where(|view| view.caller_shown == "masked_number").await;
    type_into(&screen, "#dial-number", "linda").await;
    screen.sees("#dial-box .drop .hit", "•••00").await;
    assert!(!screen.content().await.unwrap().contains("Linda"));
    // The tray's wish for a number to be typed, also while a form is in its place.
    rig.send(Command::BeginForm { call, extension: "1001".into(), kind: Some("contact".into()) }).await;
    screen.shows("#page form input").await;
    rig.send(Command::TypeNumber).await;
    screen.focuses("#dial-number").await;
    rig.view_where(|view| view.dial.is_none()).await;
    screen.close().await;
}

in_both_languages!(
    suggestions_show_others_no_more_of_a_customer_than_the_setting_permits_in_english,
    suggestions_show_others_no_more_of_a_customer_than_the_setting_permits_in_chinese,
    suggesting_hidden,
    alone
);

// What is done to a call

async fn controlling(said: &Said) {
    let (rig, _server) = rig(|_| {}).await;
    rig.contact("林小芳", NUMBER);
    let pbx = rig.simulator.pbx();
    let screen = Screen::open(&rig, "panel", said.look).await;
    let declined = pbx.call_in(NUMBER, "1001").await;
    screen.press(".controls .decline").await;
    e2e::until("it is declined", || pbx.members(&declined).is_empty()).await;
    let call = pbx.call_in(NUMBER, "1001").await;
    rig.phase(&call, "ringing").await;
    pbx.answer(&call, "1001").await;
    screen.shows(".controls .hang_up").await;
    audited(&screen, "what can be done with a call").await;
    screen.shoot("panel-controls").await;
    screen.press(".controls .hold").await;
    rig.phase(&call, "held").await;
    screen.press(".controls .resume").await;
    rig.phase(&call, "talking").await;
    screen.press(".controls .mute").await;
    screen.sees(".controls .mute", said.unmute).await;
    assert_eq!(pbx.muted_channels(&call).len(), 1);
    screen.press(".controls .mute").await;
    e2e::until("I am heard again", || pbx.muted_channels(&call).is_empty()).await;
    // What the PBX refuses is said, and what was typed stays.
    pbx.set(|switches| switches.refusals = [("call/transfer".to_owned(), 70_099)].into());
    screen.press(".controls .transfer").await;
    type_into(&screen, ".sending input", "lin").await;
    // Colleagues before customers.
    let rows = suggests(&screen, ".sending", 2).await;
    assert!(rows[0].contains("Bo Lin") && rows[1].contains("林小芳"), "{rows:?}");
    screen.shoot("panel-transfer-suggestions").await;
    type_into(&screen, ".sending input", "1002").await;
    screen.press(".sending .send").await;
    screen.shows("#failed").await;
    screen.has(".sending input", "1002").await;
    audited(&screen, "where a call is sent").await;
    screen.shoot("panel-transfer").await;
    pbx.set(|switches| switches.refusals.clear());
    screen.press(".sending .send").await;
    rig.phase(&call, "over").await;
    let rings =
        |number: &str| pbx.calls().iter().any(|call| format!("{:?}", pbx.members(call)).contains(number));
    assert!(rings("1002"), "it rings at the other extension");
    screen.close().await;
}

in_both_languages!(
    a_call_is_declined_held_muted_and_sent_on_in_english,
    a_call_is_declined_held_muted_and_sent_on_in_chinese,
    controlling,
    alone
);

// What was not written to Desk

/// Two entries that Desk refused about the only call of the history: a ticket without a region, and one that nobody may
/// write.
fn refuse(rig: &Rig, call: &str) -> deskring_store::Journal {
    let journal = deskring_store::Journal::open(rig.profile.path()).unwrap();
    let fields = json!([{ "name": "cf_region", "label": "Region", "problem": "missing" }]);
    for (key, kind, reason, fields) in
        [("call/x/1001", "call_activity", "forbidden", json!([])), ("ticket/x", "ticket", "invalid", fields)]
    {
        let payload = json!({ "of": "1001", "number": NUMBER, "number_key": "+8613800138000",
            "direction": "inbound", "contact": "1", "extra": { "cf_region": "Nowhere" } });
        let entry = deskring_store::NewEntry {
            key: key.into(),
            call_id: call.into(),
            extension: "1001".into(),
            kind: kind.into(),
            payload: payload.to_string(),
            depends_on: None,
            due_ms: 0,
            doubt: deskring_store::Doubt::None,
            run: deskring_store::Run::Live,
        };
        journal.enqueue(&[entry], 1).unwrap();
        assert_eq!(journal.claim(1, 1).unwrap().len(), 1);
        let detail = Some(json!({ "code": reason, "fields": fields }).to_string());
        let wedged = deskring_store::Settled::Wedged { reason: reason.into(), detail };
        assert!(journal.settle(key, &wedged, 2).unwrap());
    }
    journal
}

async fn unwritten(said: &Said) {
    let (mut rig, server) = rig(|_| {}).await;
    drop(server);
    rig.contact("林小芳", NUMBER);
    let call = missed(&rig, NUMBER).await;
    rig.stop().await;
    let journal = refuse(&rig, &call);
    // Nothing is sent, so that entries stay as they are left here.
    rig.set(|settings| settings["desk"]["enabled"] = json!(false));
    rig.start().await;
    let _server = Server::start(rig.handle(), &rig.paths()).unwrap();
    let screen = Screen::open(&rig, "panel", said.look).await;
    screen.sees("#unwritten summary", said.not_written).await;
    let top = "return document.querySelector('#calls').getBoundingClientRect().top";
    let before = screen.ask(top, &[]).await;
    screen.shoot("panel-unwritten-closed").await;
    screen.press("#unwritten summary").await;
    screen.sees(".entry .what", said.ticket_of).await;
    screen.sees(".entry .why", said.field).await;
    audited(&screen, "what was not written").await;
    screen.shoot("panel-unwritten").await;
    // By keyboard: to the fields, back, and to them again.
    let focus =
        "document.querySelector('.entry .correct').focus(); document.activeElement.click(); return true";
    screen.ask(focus, &[]).await;
    screen.has(".entry input", "Nowhere").await;
    screen.focuses(".entry input").await;
    audited(&screen, "the fields that Desk refuses").await;
    screen.shoot("panel-unwritten-fields").await;
    key(&screen, "Escape").await;
    screen.focuses(".entry .correct").await;
    assert_eq!(journal.entry("ticket/x").unwrap().unwrap().attempts, 1, "nothing was sent again");
    screen.ask(focus, &[]).await;
    type_into(&screen, ".entry input", "North").await;
    screen.press(".entry .send").await;
    rig.view_where(|view| view.outbox.wedged == 1 && view.outbox.pending == 1).await;
    let row = journal.entry("ticket/x").unwrap().unwrap();
    let payload: Value = serde_json::from_str(&row.payload).unwrap();
    assert_eq!((row.state.code(), &payload["extra"]["cf_region"]), ("pending", &json!("North")));
    let one = "return document.querySelectorAll('.entry').length === 1 && \
        document.querySelector('.entry').contains(document.activeElement)";
    screen.when("the focus to be on the other entry", one, &[]).await;
    // Discarding asks first, in its place.
    let press =
        "document.querySelector('.entry .discard').focus(); document.activeElement.click(); return true";
    screen.ask(press, &[]).await;
    screen.sees(".entry .discard", said.sure).await;
    assert_eq!(rig.handle().view().borrow().outbox.wedged, 1, "asking discards nothing");
    screen.ask("document.activeElement.blur(); return true", &[]).await;
    let asks = "return document.querySelector('.entry .discard.sure') === null";
    screen.when("not to ask any more", asks, &[]).await;
    screen.ask(press, &[]).await;
    screen.press(".entry .discard").await;
    rig.view_where(|view| view.outbox.wedged == 0).await;
    assert_eq!(journal.entry("call/x/1001").unwrap().unwrap().state.code(), "discarded");
    screen.hides("#unwritten").await;
    let after = screen.ask(top, &[]).await;
    assert!(after.as_f64() < before.as_f64(), "its room is given back: {after} {before}");
    screen.close().await;
}

in_both_languages!(
    what_was_not_written_is_said_corrected_retried_and_discarded_in_english,
    what_was_not_written_is_said_corrected_retried_and_discarded_in_chinese,
    unwritten
);

async fn dry_run(said: &Said) {
    let (rig, _server) = rig(|settings| {
        settings["desk"]["dry_run"] = json!(true);
        settings["new_contacts"] = json!({ "mode": "automatic", "kind": "contact" });
        settings["tickets"] =
            json!({ "enabled": true, "description": "{{Call_From}} <b>{{Call_Status}}</b>" });
        settings["call_log"] = json!({ "enabled": true });
    })
    .await;
    talked(&rig, NUMBER).await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    screen.sees("#dry-run", said.dry).await;
    screen.press(".row .more").await;
    screen.sees(".written h3", said.would_be).await;
    for (kind, part, text) in [
        ("contact", ".subject", "Automatic New Contact +8613800138000"),
        ("ticket", ".subject", NUMBER),
        ("ticket", ".text", "13800138000 ANSWERED"),
        ("call_activity", ".subject", "Extension Call"),
    ] {
        screen.sees(&format!(".written li[data-kind='{kind}'][data-state='dry'] {part}"), text).await;
    }
    audited(&screen, "what would be written").await;
    screen.shoot("panel-dry-run").await;
    assert!(rig.simulator.desk().writes().is_empty());
    screen.close().await;
}

in_both_languages!(
    a_dry_run_shows_at_each_call_what_would_be_written_in_english,
    a_dry_run_shows_at_each_call_what_would_be_written_in_chinese,
    dry_run
);

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_field_is_filled_in_as_the_organization_has_it() {
    let test = "a_refused_field_is_filled_in_as_the_organization_has_it";
    let Some(_turn) = turn(test, Keyboard::Shared).await else { return };
    let (rig, _server) = rig(|settings| {
        settings["new_contacts"] = json!({ "mode": "automatic", "kind": "contact" });
    })
    .await;
    rig.simulator.desk().set(|switches| {
        switches.contact_fields = vec![
            json!({ "apiName": "cf_region", "displayLabel": "Region", "isMandatory": true, "type": "Picklist",
                "allowedValues": ["North", "华南"] }),
            json!({ "apiName": "cf_seats", "displayLabel": "Seats", "isMandatory": true, "type": "Number" }),
        ];
    });
    talked(&rig, NUMBER).await;
    rig.view_where(|view| view.outbox.wedged == 1).await;
    let screen = Screen::open(&rig, "panel", Look::ENGLISH).await;
    screen.press("#unwritten summary").await;
    screen.press(".entry .correct").await;
    screen.shows(".entry select[name='cf_region']").await;
    screen.shoot("panel-unwritten-choices").await;
    audited(&screen, "fields of the layout").await;
    let choose = "const it = document.querySelector('.entry select'); it.value = '华南'; \
        return [...it.options].map((option) => option.value).join()";
    assert_eq!(screen.ask(choose, &[]).await, json!(",North,华南"));
    type_into(&screen, ".entry input[name='cf_seats']", "12").await;
    screen.press(".entry .send").await;
    rig.view_where(|view| view.outbox.wedged == 0 && view.outbox.pending == 0).await;
    let contacts = rig.simulator.desk().records("contacts");
    let made = contacts.iter().find(|contact| contact["cf"]["cf_region"] == "华南").expect("it was written");
    assert_eq!(made["cf"]["cf_seats"], 12);
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_nobody_in_what_was_not_written_and_a_call_finds_its_place() {
    let test = "others_see_nobody_in_what_was_not_written_and_a_call_finds_its_place";
    let Some(_turn) = turn(test, Keyboard::Shared).await else { return };
    let masked = |settings: &mut Value| settings["notifications"] = json!({ "caller": "masked_number" });
    let (mut rig, server) = rig(masked).await;
    drop(server);
    rig.contact("Lindqvist", NUMBER);
    let call = missed(&rig, NUMBER).await;
    rig.stop().await;
    refuse(&rig, &call);
    rig.start().await;
    rig.ready().await;
    let _server = Server::start(rig.handle(), &rig.paths()).unwrap();
    let screen = Screen::open(&rig, "panel", Look::ENGLISH.dark()).await;
    screen.press("#unwritten summary").await;
    screen.sees(".entry .what", "Ticket for •••00").await;
    let list = screen.ask("return document.querySelector('#unwritten').textContent", &[]).await;
    assert!(!list.as_str().unwrap().contains("Lindqvist"), "{list}");
    rig.simulator.pbx().call_in("13900139000", "1001").await;
    screen.shows(".card").await;
    let seen = "const card = document.querySelector('.card').getBoundingClientRect(); \
        return card.top + 40 < document.querySelector('footer').getBoundingClientRect().top";
    assert_eq!(screen.ask(seen, &[]).await, true, "an open list leaves room for a call");
    audited(&screen, "what was not written, in the dark").await;
    screen.shoot("panel-unwritten-call").await;
    let escape = "document.querySelector('.entry button').focus(); return true";
    screen.ask(escape, &[]).await;
    key(&screen, "Escape").await;
    screen.focuses("#unwritten summary").await;
    screen.hides(".entry").await;
    screen.close().await;
}

// Others look at the screen; nothing works; everything is strange

async fn hidden(said: &Said) {
    let (rig, _server) = rig(|settings| settings["notifications"] = json!({ "caller": "hidden" })).await;
    rig.contact("Lindqvist", NUMBER);
    missed(&rig, NUMBER).await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    screen.sees(".row .name", said.hidden).await;
    let list = screen.ask("return document.querySelector('#recent-list').textContent", &[]).await;
    assert!(
        !list.as_str().unwrap().contains("Lindqvist") && !list.as_str().unwrap().contains("138"),
        "{list}"
    );
    screen.shoot("panel-hidden").await;
    screen.press(".row .more").await;
    screen.sees(".details", "138 0013 8000").await;
    screen.close().await;
}

in_both_languages!(
    others_see_no_caller_in_the_history_until_a_row_is_opened_in_english,
    others_see_no_caller_in_the_history_until_a_row_is_opened_in_chinese,
    hidden
);

async fn empty_and_apart(said: &Said) {
    let (mut rig, server) = rig(|_| {}).await;
    let screen = Screen::open(&rig, "panel", said.look).await;
    screen.shows(".none").await;
    screen.shows("#recent-empty").await;
    audited(&screen, "nothing yet").await;
    screen.shoot("panel-empty").await;
    rig.simulator.stop_desk().await;
    rig.send(Command::Wake).await;
    rig.simulator.pbx().call_in("13900139000", "1001").await;
    screen.shows("#links:not(.well)").await;
    audited(&screen, "Desk is away").await;
    screen.shoot("panel-disconnected").await;
    drop(server);
    rig.stop().await;
    screen.sees("#apart", said.gone).await;
    screen.shoot("panel-gone").await;
    screen.close().await;
}

in_both_languages!(
    an_empty_window_and_one_without_connections_say_so_in_english,
    an_empty_window_and_one_without_connections_say_so_in_chinese,
    empty_and_apart
);

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_nobody_uses_closes_unless_a_call_is_on() {
    let test = "a_window_that_nobody_uses_closes_unless_a_call_is_on";
    let Some(_turn) = turn(test, Keyboard::Shared).await else { return };
    let (rig, _server) = rig(|_| {}).await;
    let screen = Screen::open(&rig, "panel", Look::ENGLISH).await;
    let call = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    screen.shows(".card").await;
    // Somebody else has the keyboard, and the clock goes on.
    let later = "document.hasFocus = () => false; const real = Date.now; \
        globalThis.late = (globalThis.late ?? 0) + 11 * 60_000; \
        Date.now = () => real.call(Date) + 11 * 60_000; return true";
    screen.ask(later, &[]).await;
    screen.sees(".card time", "11:0").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    screen.shows(".none").await;
    screen.ask(later, &[]).await;
    e2e::eventually("the window is gone", async || screen.content().await.is_none().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_names_change_nothing_of_the_window_also_in_the_dark_and_at_twice_the_size() {
    let test = "strange_names_change_nothing_of_the_window_also_in_the_dark_and_at_twice_the_size";
    let Some(_turn) = turn(test, Keyboard::Shared).await else { return };
    let (rig, _server) = rig(manual).await;
    let desk = rig.simulator.desk();
    let company = desk.add_account(json!({ "accountName": "W".repeat(300) }));
    for (number, contact) in [
        ("13900139001", json!({ "lastName": "<script>alert(1)</script>\u{202e}evil", "accountId": company })),
        ("13900139002", json!({ "lastName": "" })),
        ("13900139003", json!({ "lastName": "مرحبا Ж 王 🙂".repeat(20) })),
        ("13900139004", json!({ "lastName": "a\u{0300}".repeat(200) })),
    ] {
        let mut contact = contact;
        contact["mobile"] = json!(number);
        let id = desk.add_contact(contact);
        desk.add_ticket(json!({ "contactId": id, "subject": "<img src=x onerror=alert(1)>\u{202e}" }));
        missed(&rig, number).await;
    }
    let screen = Screen::open(&rig, "panel", Look::ENGLISH.dark()).await;
    rig.simulator.pbx().call_in("13900139001", "1001").await;
    rig.simulator.pbx().call_in("13900139003", "1001").await;
    screen.when("both cards", "return document.querySelectorAll('.card').length === 2", &[]).await;
    screen.sees(".card", "<script>alert(1)</script>evil").await;
    screen.sees(".card .tickets", "<img src=x onerror=alert(1)>").await;
    let markup = "return document.querySelectorAll('img, script:not([src])').length";
    assert_eq!(screen.ask(markup, &[]).await, 0, "a name became markup");
    let wide = "return document.documentElement.scrollWidth <= innerWidth && \
        document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth";
    assert_eq!(screen.ask(wide, &[]).await, true, "nothing is wider than the window");
    audited(&screen, "in the dark").await;
    screen.shoot("panel-strange").await;
    screen.ask("document.body.style.zoom = 2; return true", &[]).await;
    screen.shoot("panel-twice").await;
    screen.close().await;
}
