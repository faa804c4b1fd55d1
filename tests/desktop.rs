//! The tray app as a person meets it: the real program on a real (virtual) desktop, its icon and menu through the
//! desktop's own protocol, its notifications as the notification service gets them, its window in WebKit.
//!
//! Needs the session that `./dev test` makes; without a display every test says so and passes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::screen::{Look, Screen, has_display};
use e2e::tray::{App, Asked, eavesdrop, heard};
use e2e::{PATIENCE, Rig, eventually, on_profile};
use fantoccini::Locator;
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
    heard(&log, "the notification is taken away", |asked| *asked == Asked::Close).await;
    app.menu_with("Recent calls").await;
    app.menu_with("Lin").await;
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
