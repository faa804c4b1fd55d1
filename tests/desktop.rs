//! The tray app as a person meets it: the real program on a real (virtual) desktop, its icon and menu through the
//! desktop's own protocol, its notifications as the notification service gets them, its window in WebKit.
//!
//! Needs the session that `./dev test` makes; without a display every test says so and passes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::admin::Want;
use deskring_engine::view::ShortcutState;
use deskring_local_api::Client;
use e2e::chromium::{Chromium, extension, has_chromium};
use e2e::screen::{Look, Screen, has_display};
use e2e::tray::{App, Asked, Programs, eavesdrop, heard};
use e2e::{PATIENCE, Rig, eventually, on_profile, program, surround};
use fantoccini::Locator;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;

fn deskring(rig: &Rig, arguments: &[&str]) -> Command {
    on_profile(rig, "deskring", arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_changes_icon_menu_and_notification_and_opens_the_tab() {
    if !has_display("a_call_changes_icon_menu_and_notification_and_opens_the_tab") {
        return;
    }
    let log = eavesdrop().await;
    let app = App::start().await;
    let page = app.rig.contact("Lin <b>&\u{202e}", "+8613800139991");
    let idle = app.icon().await;
    app.menu_with("extension 1001").await;
    let call = app.rig.simulator.pbx().call_in("13800139991", "1001").await;
    heard(&log, "the number at once", |asked| {
        matches!(asked, Asked::Show { replaces: 0, summary, .. } if summary.contains("138 0013 9991"))
    })
    .await;
    let named = heard(&log, "the name in its place", |asked| {
        matches!(asked, Asked::Show { replaces, summary, .. } if *replaces > 0 && summary.contains("Lin"))
    })
    .await;
    let Asked::Show { summary, actions, .. } = named else { panic!() };
    assert!(!summary.contains('\u{202e}'), "{summary:?}");
    assert!(actions.iter().any(|action| action == "Open contact"), "{actions:?}");
    assert_eq!(app.wait_opened(1).await[0], page);
    eventually("the icon changes its shape", async || (app.icon().await != idle).then_some(())).await;
    app.press("Open in Helpdesk").await;
    assert_eq!(app.wait_opened(2).await[1], page);
    app.rig.simulator.pbx().hang_up(&call, "caller").await;
    heard(&log, "the notification is taken away", |asked| matches!(asked, Asked::Close(_))).await;
    app.menu_with("Recent calls").await;
    app.menu_with("Lin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_disturbs_and_tells_as_much_as_the_settings_say() {
    if !has_display("a_notification_disturbs_and_tells_as_much_as_the_settings_say") {
        return;
    }
    let log = eavesdrop().await;
    for (number, level, caller, title, loud) in [
        ("13800139601", "quiet", "name", "138 0013 9601", (0, -1, true)),
        ("13800139602", "normal", "masked_number", "•••02", (1, -1, false)),
        ("13800139603", "insistent", "hidden", "Incoming call", (2, 0, false)),
    ] {
        let rig = Rig::idle().await;
        rig.set(|settings| settings["notifications"] = json!({ "level": level, "caller": caller }));
        let app = App::on(rig).await;
        app.rig.contact(&format!("Lin {number}"), number);
        log.lock().unwrap().clear();
        let call = app.rig.simulator.pbx().call_in(number, "1001").await;
        let first = heard(
            &log,
            title,
            |asked| matches!(asked, Asked::Show { replaces: 0, summary, .. } if summary.contains(title)),
        )
        .await;
        let Asked::Show { urgency, timeout, silent, .. } = first else { panic!() };
        assert_eq!((urgency, timeout, silent), loud, "{level}");
        app.wait_opened(1).await;
        app.rig.simulator.pbx().answer(&call, "1001").await;
        // Other tests' notices are on the same bus; where names may be seen, this one has one.
        let is_named = |summary: &str, body: &str| format!("{summary} {body}").contains(number);
        heard(&log, "no longer urgent, and no sound", |asked| {
            matches!(asked, Asked::Show { replaces, urgency, silent: true, summary, body, .. }
                if *replaces > 0 && *urgency < 2 && (caller != "name" || is_named(summary, body)))
        })
        .await;
        app.rig.simulator.pbx().hang_up(&call, "caller").await;
        heard(&log, "it is taken away", |asked| matches!(asked, Asked::Close(_))).await;
        let all = format!("{:?}", log.lock().unwrap());
        assert_eq!(all.contains("Lin 1380"), caller == "name", "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_caller_is_made_a_contact_from_the_menu_which_shows_the_form() {
    if !has_display("an_unknown_caller_is_made_a_contact_from_the_menu_which_shows_the_form") {
        return;
    }
    let log = eavesdrop().await;
    let rig = Rig::idle().await;
    rig.set(|settings| settings["new_contacts"] = json!({ "mode": "manual" }));
    let app = App::on(rig).await;
    let call = app.rig.simulator.pbx().call_in("13800139701", "1001").await;
    let notice = heard(&log, "a button for it", |asked| {
        matches!(asked, Asked::Show { summary, actions, .. }
            if summary.contains("9701") && actions.iter().any(|action| action == "Create contact…"))
    })
    .await;
    app.press("Create contact").await;
    eventually("the form is open, in a window", async || {
        let view = Client::connect(&app.rig.paths()).await.ok()?.view().await.ok()?;
        (view.form.is_some() && !app.descendants().is_empty()).then_some(())
    })
    .await;
    // A killed window takes nothing with it: not the call, not the notification, not the form.
    let window = app.descendants()[0].to_string();
    assert!(Command::new("kill").args(["-9", &window]).status().await.unwrap().success());
    eventually("everything of the window is gone", async || app.descendants().is_empty().then_some(())).await;
    let view = Client::connect(&app.rig.paths()).await.unwrap().view().await.unwrap();
    assert_eq!((view.calls[0].phase.as_str(), view.form.is_some()), ("ringing", true));
    let Asked::Show { replaces, .. } = notice else { panic!() };
    assert!(replaces > 0 && !log.lock().unwrap().contains(&Asked::Close(replaces)));
    app.press("Show window").await;
    eventually("the window is there again", async || (!app.descendants().is_empty()).then_some(())).await;
    app.rig.simulator.pbx().hang_up(&call, "caller").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_s_name_tells_no_more_than_others_may_see() {
    if !has_display("the_window_s_name_tells_no_more_than_others_may_see") {
        return;
    }
    let rig = Rig::idle().await;
    rig.set(|settings| settings["notifications"] = json!({ "caller": "masked_number" }));
    let app = App::on(rig).await;
    app.rig.contact("Lindqvist", "13800139842");
    app.press("Show window").await;
    app.rig.simulator.pbx().call_in("13800139842", "1001").await;
    let titles = async || {
        let listed = Command::new("wmctrl").arg("-l").output().await.ok()?;
        Some(String::from_utf8_lossy(&listed.stdout).into_owned())
    };
    eventually("the call in the window's name", async || {
        titles().await.filter(|titles| titles.contains("Ringing: •••42 – Deskring")).map(drop)
    })
    .await;
    assert!(!titles().await.unwrap().contains("Lindqvist"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dial_in_the_menu_brings_the_window_with_the_keyboard_and_last_numbers_are_called_again() {
    if !has_display("dial_in_the_menu_brings_the_window_with_the_keyboard_and_last_numbers_are_called_again")
    {
        return;
    }
    let app = App::start().await;
    let call = app.rig.simulator.pbx().call_in("13800139993", "1001").await;
    app.menu_with("Ringing").await;
    app.rig.simulator.pbx().hang_up(&call, "caller").await;
    app.menu_with("Call again").await;
    app.press("Dial…").await;
    eventually("the window has the keyboard", async || {
        let active = Command::new("xdotool").args(["getactivewindow", "getwindowpid"]).output().await.ok()?;
        let pid: u32 = String::from_utf8_lossy(&active.stdout).trim().parse().ok()?;
        app.descendants().contains(&pid).then_some(())
    })
    .await;
    // The page has taken the wish up.
    eventually("the box is there", async || wish(&app.rig).await.is_none().then_some(())).await;
    // The last line with this number is that of the submenu.
    let again = app.menu().await.into_iter().rfind(|(_, line, _)| line.contains("138 0013 9993")).unwrap();
    app.press_line(again.0).await;
    eventually("the number is called", async || (dialed(&app.rig) == ["13800139993"]).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_pauses_and_resumes_pop_ups() {
    if !has_display("the_menu_pauses_and_resumes_pop_ups") {
        return;
    }
    let app = App::start().await;
    app.rig.contact("Mei", "+8613800139992");
    app.press("15 minutes").await;
    app.menu_with("Resume pop-ups").await;
    let call = app.rig.simulator.pbx().call_in("13800139992", "1001").await;
    app.menu_with("Mei").await;
    assert!(app.opened().is_empty());
    app.press("Resume pop-ups").await;
    app.wait_opened(1).await;
    app.rig.simulator.pbx().hang_up(&call, "caller").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_shows_the_window_which_takes_everything_with_it_when_closed() {
    if !has_display("a_second_start_shows_the_window_which_takes_everything_with_it_when_closed") {
        return;
    }
    let app = App::start().await;
    assert!(app.descendants().is_empty(), "no process beside the tray's at rest");
    let second = deskring(&app.rig, &[]).output().await.unwrap();
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    eventually("WebKit runs below the tray process", async || {
        let names = app
            .descendants()
            .into_iter()
            .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok());
        names.into_iter().any(|name| name.starts_with("WebKitWebProces")).then_some(())
    })
    .await;
    // As its own frame would: the window's process is told to end, not the tray's.
    let window = app.descendants()[0];
    assert!(Command::new("kill").arg(window.to_string()).status().await.unwrap().success());
    eventually("everything of the window is gone", async || app.descendants().is_empty().then_some(())).await;
    app.rig.simulator.pbx().call_in("13800139993", "1001").await;
    app.menu_with("138 0013 9993").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_shows_the_call_and_its_button_opens_the_page() {
    if !has_display("the_window_shows_the_call_and_its_button_opens_the_page") {
        return;
    }
    let app = App::start().await;
    let page = app.rig.contact("王 <img src=x onerror=alert(1)>", "+8613800139994");
    let screen = Screen::open(&app.rig, "panel", Look::ENGLISH).await;
    let call = app.rig.simulator.pbx().call_in("13800139994", "1001").await;
    let text = eventually("the caller's name as text", async || {
        let body = screen.content().await?;
        body.contains("<img src=x").then_some(body)
    })
    .await;
    assert!(text.contains("Ringing") && text.contains("138 0013 9994"), "{text}");
    assert!(screen.page.find(Locator::Css("img[src='x']")).await.is_err(), "a name became markup");
    app.wait_opened(1).await;
    screen.page.find(Locator::Css("button.open")).await.unwrap().click().await.unwrap();
    assert_eq!(app.wait_opened(2).await[1], page);
    app.rig.simulator.pbx().hang_up(&call, "caller").await;
    eventually("the reason in the history", async || {
        screen.content().await?.contains("Missed").then_some(())
    })
    .await;
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quit_in_the_menu_ends_the_app_within_two_seconds() {
    if !has_display("quit_in_the_menu_ends_the_app_within_two_seconds") {
        return;
    }
    let mut app = App::start().await;
    let before = std::time::Instant::now();
    app.press("Quit Deskring").await;
    let status = tokio::time::timeout(PATIENCE, app.child.wait()).await.unwrap().unwrap();
    assert!(status.success());
    assert!(before.elapsed().as_secs_f64() < 2.0, "{:?}", before.elapsed());
    assert_eq!(app.rig.simulator.pbx().live_tokens(), 1, "the token is kept");
}

#[tokio::test]
async fn without_a_display_it_says_what_to_run_instead() {
    let rig = Rig::idle().await;
    let output =
        deskring(&rig, &[]).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("deskring-cli run"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_offers_to_decline_its_call_and_then_to_hang_up() {
    if !has_display("a_notice_offers_to_decline_its_call_and_then_to_hang_up") {
        return;
    }
    let log = eavesdrop().await;
    let app = App::start().await;
    let has = |actions: &[String], label: &str| actions.iter().any(|action| action == label);
    let call = app.rig.simulator.pbx().call_in("13800139431", "1001").await;
    heard(&log, "a button to decline", |asked| {
        matches!(asked, Asked::Show { actions, .. } if has(actions, "Decline") && !has(actions, "Hang up"))
    })
    .await;
    app.rig.simulator.pbx().answer(&call, "1001").await;
    heard(&log, "a button to hang up, and no longer-lived notice", |asked| {
        matches!(asked, Asked::Show { replaces, actions, timeout: -1, .. }
            if *replaces > 0 && has(actions, "Hang up") && !has(actions, "Decline"))
    })
    .await;
    app.rig.simulator.pbx().hang_up(&call, "caller").await;
}

// The shortcut

/// What a settings window does.
async fn change(rig: &Rig, key: &str, value: serde_json::Value) {
    let mut client = Client::connect(&rig.paths()).await.unwrap();
    let changes = [(key.to_owned(), value)].into();
    client.set_up(deskring_engine::admin::Want::Change { changes }).await.unwrap();
}

async fn shortcut_is(rig: &Rig, state: ShortcutState) {
    eventually(&format!("the shortcut is {state:?}"), async || {
        let view = Client::connect(&rig.paths()).await.ok()?.view().await.ok()?;
        (view.shortcut.state == state).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_dial_what_is_selected_after_a_yes() {
    if !has_display("keys_dial_what_is_selected_after_a_yes") {
        return;
    }
    use arboard::{LinuxClipboardKind, SetExtLinux as _};
    let app = App::start().await;
    shortcut_is(&app.rig, ShortcutState::Off).await;
    change(&app.rig, "click_to_call.confirm", json!("never")).await;
    change(&app.rig, "click_to_call.shortcut", json!("Ctrl+Alt+J")).await;
    shortcut_is(&app.rig, ShortcutState::On).await;
    let mut here = arboard::Clipboard::new().unwrap();
    here.set().clipboard(LinuxClipboardKind::Primary).text("good morning".to_owned()).unwrap();
    let press = async || {
        assert!(Command::new("xdotool").args(["key", "ctrl+alt+j"]).status().await.unwrap().success());
    };
    press().await;
    eventually("what is no number is said", async || wish(&app.rig).await.filter(|it| it.state == "failed"))
        .await;
    here.set().clipboard(LinuxClipboardKind::Primary).text(" +44 20 7946 0027\n".to_owned()).unwrap();
    press().await;
    eventually("the agent is asked", async || wish(&app.rig).await.filter(|it| it.state == "asking")).await;
    app.menu_with("7946 0027").await;
    asked_and_called(&app.rig, "00442079460027").await;
    assert!(!logged(&app.rig).contains("20794600"), "a number in the log");

    // Somebody else has them already; then nobody.
    let other = App::start().await;
    change(&other.rig, "click_to_call.shortcut", json!("Ctrl+Alt+J")).await;
    shortcut_is(&other.rig, ShortcutState::Taken).await;
    change(&app.rig, "click_to_call.shortcut", serde_json::Value::Null).await;
    shortcut_is(&app.rig, ShortcutState::Off).await;
    change(&other.rig, "click_to_call.shortcut", json!("Ctrl+Alt+K")).await;
    shortcut_is(&other.rig, ShortcutState::On).await;

    // The way that works everywhere.
    here.set().clipboard(LinuxClipboardKind::Primary).text("+44 20 7946 0028".to_owned()).unwrap();
    let second = deskring(&app.rig, &["--dial-selection"]).output().await.unwrap();
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    asked_and_called(&app.rig, "00442079460028").await;
}

// Links

/// What the PBX was asked to call.
fn dialed(rig: &Rig) -> Vec<String> {
    let requests = rig.simulator.pbx().requests();
    let dials = requests.iter().filter(|request| request.path.ends_with("/call/dial"));
    dials
        .map(|request| {
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            body["callee"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// What the agent is asked, or told, about a number.
async fn wish(rig: &Rig) -> Option<deskring_engine::view::DialView> {
    deskring_local_api::Client::connect(&rig.paths()).await.ok()?.view().await.ok()?.dial
}

/// The agent is asked about this number, says yes, and the phone rings.
async fn asked_and_called(rig: &Rig, digits: &str) {
    let before = dialed(rig).len();
    let asked = eventually("the agent is asked", async || {
        wish(rig).await.filter(|wish| wish.state == "asking" && wish.shown.replace(' ', "") == digits)
    })
    .await;
    assert_eq!(dialed(rig).len(), before, "nothing is dialed unasked");
    let mut client = deskring_local_api::Client::connect(&rig.paths()).await.unwrap();
    client.command(deskring_engine::Command::ConfirmDial { id: asked.id }).await.unwrap();
    eventually("the phone rings", async || (dialed(rig).len() > before).then_some(())).await;
    assert_eq!(dialed(rig)[before..], [digits.to_owned()]);
}

/// A desktop on which Deskring, with the package's own entry, was chosen for links.
async fn chosen(rig: &Rig) -> Programs {
    let programs = Programs::new();
    let exec = format!("{} --profile {}", program("deskring").display(), rig.profile.path().display());
    let entry = include_str!("../packaging/deskring.desktop").replace("{{exec}}", &exec);
    programs.install("Deskring.desktop", &entry);
    programs.choose("Deskring.desktop", &["tel", "callto", "sip", "sips", "deskring"]).await;
    programs
}

/// As a program does in which somebody clicks a link.
async fn click(rig: &Rig, programs: &Programs, link: &str) {
    let mut click = Command::new("xdg-open");
    surround(programs.of(&mut click), rig);
    assert!(click.arg(link).status().await.unwrap().success(), "{link}");
}

/// Everything that was logged on a profile.
fn logged(rig: &Rig) -> String {
    let files = std::fs::read_dir(rig.profile.path().join("logs")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clicked_link_starts_deskring_and_the_next_ones_reach_it() {
    if !has_display("a_clicked_link_starts_deskring_and_the_next_ones_reach_it") {
        return;
    }
    let rig = Rig::idle().await;
    let programs = chosen(&rig).await;
    let pid = || std::fs::read_to_string(rig.profile.path().join("engine.pid")).ok();
    click(&rig, &programs, "tel:+442079460018").await;
    asked_and_called(&rig, "00442079460018").await;
    let started = pid().expect("Deskring was started");
    for (link, digits) in [
        ("callto:+442079460019", "00442079460019"),
        ("sip:+442079460020@example.com", "00442079460020"),
        ("deskring:+442079460021", "00442079460021"),
    ] {
        click(&rig, &programs, link).await;
        asked_and_called(&rig, digits).await;
    }
    assert_eq!(pid().as_ref(), Some(&started), "it is the same one");
    assert!(!logged(&rig).contains("20794600"), "a number in the log");
    assert!(Command::new("kill").arg(started.trim()).status().await.unwrap().success());
    let ended = format!("/proc/{}/exe", started.trim());
    eventually("it has ended", async || std::fs::read_link(&ended).is_err().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clicked_invitation_shows_the_settings_and_enrolls_nobody() {
    if !has_display("a_clicked_invitation_shows_the_settings_and_enrolls_nobody") {
        return;
    }
    let app = App::on(Rig::idle().await).await;
    let rig = &app.rig;
    let programs = chosen(rig).await;
    let before = rig.simulator.pbx().requests().len();
    assert!(app.descendants().is_empty());
    let link = "deskring://enroll?gateway=https%3A%2F%2Fgateway.example.com%3A8443&code=s3cretCode";
    click(rig, &programs, link).await;
    let mut client = deskring_local_api::Client::connect(&rig.paths()).await.unwrap();
    let shown = eventually("it is asked", async || client.view().await.unwrap().invitation).await;
    assert_eq!(shown.gateway.as_deref(), Some("https://gateway.example.com:8443"));
    eventually("a window opens", async || (!app.descendants().is_empty()).then_some(())).await;
    assert!(!logged(rig).contains("s3cretCode"), "the code is in the log");
    let dialed = rig.simulator.pbx().requests().split_off(before);
    assert!(!dialed.iter().any(|request| request.path.ends_with("call/dial")));
}

/// A page with these links, one below the other; gives where it is.
async fn page_with(links: &[&str]) -> String {
    let lines = links.iter().map(|link| format!("<p><a href=\"{link}\">call</a></p>"));
    let page = format!("<!doctype html><title>Links</title>{}", lines.collect::<String>());
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = connection.read(&mut [0; 4096]).await;
                let _ = connection.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_clicked_in_chromium_reaches_deskring() {
    let test = "a_link_that_is_clicked_in_chromium_reaches_deskring";
    if !has_display(test) || !has_chromium(test) {
        return;
    }
    let app = App::on(Rig::idle().await).await;
    let rig = &app.rig;
    let programs = chosen(rig).await;
    let links = ["tel:+442079460026", "callto:+442079460027", "sip:+442079460028@example.com"];
    let page = page_with(&links).await;
    let chromium =
        Chromium::open(&programs.path("browser"), &[], (&page, &["tel", "callto", "sip"]), |driver| {
            surround(programs.of(driver), rig);
        })
        .await;
    let browser = &chromium.page;
    browser.goto(&page).await.unwrap();
    for (count, link) in links.into_iter().enumerate() {
        let place = format!("p:nth-of-type({}) a", count + 1);
        browser.find(Locator::Css(&place)).await.unwrap().click().await.unwrap();
        let digits: String = link.chars().filter(char::is_ascii_digit).collect();
        asked_and_called(rig, &format!("00{digits}")).await;
    }
    browser.clone().close().await.unwrap();
}

/// The whole way: our extension in a browser of this user, on a page of Desk; the program that the browser starts for it,
/// as the button in the settings told the browser; the running app; my phone.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_on_a_page_of_desk_rings_my_phone() {
    let test = "a_number_on_a_page_of_desk_rings_my_phone";
    if !has_display(test) || !has_chromium(test) {
        return;
    }
    let rig = Rig::idle().await;
    rig.set(|settings| settings["click_to_call"] = json!({ "allow_native_messaging": true }));
    let contacts =
        ["+442079460031", "+442079460032", "+442079460033"].map(|number| rig.contact("Lin", number));
    let programs = chosen(&rig).await;
    // A browser is told when it was used before.
    let profile = programs.path("config/chromium");
    std::fs::create_dir_all(&profile).unwrap();
    let app = App::with(rig, |command| {
        programs.of(command);
    })
    .await;
    let rig = &app.rig;
    let mut client = Client::connect(&rig.paths()).await.unwrap();
    client.set_up(Want::OfferToBrowsers).await.unwrap();

    let desk = rig.simulator.desk_url();
    let chromium = Chromium::open(&profile, &extension(&programs.path("")), (&desk, &["tel"]), |driver| {
        surround(programs.of(driver), rig);
    })
    .await;
    let page = &chromium.page;
    let press = async |contact: &str| {
        page.goto(contact).await.unwrap();
        // It may be there before it can be pressed.
        eventually("the button can be pressed", async || {
            page.find(Locator::Css("deskring-call")).await.ok()?.click().await.ok()
        })
        .await;
    };
    // As it is at first: by a link.
    press(&contacts[0]).await;
    asked_and_called(rig, "00442079460031").await;
    let before =
        std::fs::read_to_string(programs.path("config/chromium/NativeMessagingHosts/com.deskring.host.json"));
    assert!(before.unwrap().contains("deskring"));
    // Handed over: no program is asked for links any more.
    std::fs::remove_file(programs.path("data/applications/Deskring.desktop")).unwrap();
    chromium.keep(json!({ "handover": "app" })).await;
    press(&contacts[1]).await;
    asked_and_called(rig, "00442079460032").await;
    let shot = page.screenshot().await.unwrap();
    std::fs::write(e2e::screen::pictures().join("extension-desk.png"), shot).unwrap();
    // Not without the agent's own yes in the settings.
    change(rig, "click_to_call.allow_native_messaging", json!(false)).await;
    press(&contacts[2]).await;
    page.wait().at_most(PATIENCE).for_element(Locator::Css("html > deskring-call")).await.unwrap();
    assert!(wish(rig).await.is_none_or(|wish| wish.state != "asking"));
    page.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_hands_its_link_over_and_ends() {
    if !has_display("a_second_start_hands_its_link_over_and_ends") {
        return;
    }
    let app = App::on(Rig::idle().await).await;
    for (arguments, digits) in [
        (&["tel:+442079460022"][..], "00442079460022"),
        (&["--hidden", "tel:+442079460023"], "00442079460023"),
    ] {
        let second = deskring(&app.rig, arguments).output().await.unwrap();
        assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
        let handed = wish(&app.rig).await.expect("it was handed over before the second start ended");
        assert_eq!(handed.shown.replace(' ', ""), digits);
    }
    assert!(dialed(&app.rig).is_empty());
    assert!(!logged(&app.rig).contains("20794600"), "a number in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_link_runs_nothing_and_breaks_nothing() {
    if !has_display("a_hostile_link_runs_nothing_and_breaks_nothing") {
        return;
    }
    let app = App::on(Rig::idle().await).await;
    let rig = &app.rig;
    let programs = chosen(rig).await;
    let trap = rig.profile.path().join("trap");
    for text in
        ["$(touch TRAP)", "`touch TRAP`", ";touch TRAP;", "\"' --version\n%U %f\u{202e}", "--quit", ""]
    {
        let link = format!("tel:{}", text.replace("TRAP", &trap.display().to_string()));
        let second = deskring(rig, &[&link]).output().await.unwrap();
        assert!(second.status.success(), "{link}: {}", String::from_utf8_lossy(&second.stderr));
        assert_eq!(wish(rig).await.unwrap().state, "failed", "{link}");
        // A control character ends some openers; what counts is that nothing else happens.
        if !text.is_empty() && !text.contains('\n') {
            click(rig, &programs, &link).await;
        }
    }
    let long = format!("tel:{}", "1".repeat(100_000));
    assert!(deskring(rig, &[&long]).status().await.unwrap().success());
    assert_eq!(wish(rig).await.unwrap().reason.as_deref(), Some("too_long"));
    let too_long = format!("tel:{}", "1".repeat(1_000_000));
    assert!(deskring(rig, &[&too_long]).status().await.is_err(), "the system does not even start it");
    let several = ["tel:+442079460024", "tel:+442079460025", "file:///etc/passwd"];
    let second = deskring(rig, &several).output().await.unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(second.status.success() && said.contains("only the first"), "{said}");
    assert_eq!(wish(rig).await.unwrap().shown.replace(' ', ""), "00442079460024");
    assert!(dialed(rig).is_empty());
    assert!(!trap.exists(), "a shell ran");
    let all = format!("{said}{}", logged(rig));
    assert!(!all.contains("20794600") && !all.contains("touch"), "a link in the log: {all}");
    app.menu_with("extension 1001").await;
}
