//! The tray app as a person meets it: the real program on a real (virtual) desktop, its icon and menu through the
//! desktop's own protocol, its notifications as the notification service gets them, its window in WebKit.
//!
//! Needs the session that `./dev test` makes; without a display every test says so and passes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deskring_engine::view::LinkState;
use deskring_local_api::Client;
use e2e::{PATIENCE, Rig, on_profile, opened, program};
use fantoccini::{Client as Page, ClientBuilder, Locator};
use futures_util::StreamExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::process::{Child, Command};
use zbus::zvariant::{OwnedValue, Structure, Value};
use zbus::{Connection, MatchRule, MessageStream};

const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

/// A running tray app on a rig's profile.
struct App {
    rig: Rig,
    child: Child,
    bus: Connection,
}

fn has_display(test: &str) -> bool {
    let has = std::env::var_os("DISPLAY").is_some();
    if !has {
        eprintln!("skipped: {test}: no display; ./dev test brings one");
    }
    has
}

fn deskring(rig: &Rig, arguments: &[&str]) -> Command {
    on_profile(rig, "deskring", arguments)
}

/// Waits for a condition that only asking can tell.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(25));
        loop {
            pause.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never: {what}"))
}

impl App {
    async fn start() -> App {
        App::on(Rig::idle().await).await
    }

    async fn on(rig: Rig) -> App {
        let child = deskring(&rig, &["--hidden"]).spawn().unwrap();
        let bus = Connection::session().await.unwrap();
        let app = App { rig, child, bus };
        until("both links are up", async || {
            let view = Client::connect(&app.rig.paths()).await.ok()?.view().await.ok()?;
            (view.pbx.state == LinkState::Up && view.desk.state == LinkState::Up).then_some(())
        })
        .await;
        app.rig.simulator.pbx().wait_subscribed(1).await;
        app
    }

    fn opened(&self) -> Vec<String> {
        opened(&self.rig)
    }

    async fn wait_opened(&self, count: usize) -> Vec<String> {
        until("a tab", async || Some(self.opened()).filter(|opened| opened.len() >= count)).await
    }

    /// The bus name and path of our tray icon.
    async fn item(&self) -> (String, String) {
        until("our tray icon", async || {
            let items = get(
                &self.bus,
                "org.kde.StatusNotifierWatcher",
                "/StatusNotifierWatcher",
                "org.kde.StatusNotifierWatcher",
                "RegisteredStatusNotifierItems",
            )
            .await?;
            let items: Vec<String> = items.try_into().ok()?;
            for item in items {
                let (name, path) = item.split_at(item.find('/')?);
                let owner = self
                    .bus
                    .call_method(
                        Some("org.freedesktop.DBus"),
                        "/org/freedesktop/DBus",
                        Some("org.freedesktop.DBus"),
                        "GetConnectionUnixProcessID",
                        &(name),
                    )
                    .await
                    .ok()?;
                if owner.body().deserialize::<u32>().ok() == self.child.id() {
                    return Some((name.to_owned(), path.to_owned()));
                }
            }
            None
        })
        .await
    }

    async fn icon(&self) -> String {
        let (name, path) = self.item().await;
        get(&self.bus, &name, &path, ITEM, "IconName").await.unwrap().try_into().unwrap()
    }

    /// Lines of the menu: id, text, whether it can be pressed.
    async fn menu(&self) -> Vec<(i32, String, bool)> {
        let (name, path) = self.item().await;
        let menu: OwnedValue = get(&self.bus, &name, &path, ITEM, "Menu").await.unwrap();
        let menu = match &*menu {
            Value::ObjectPath(path) => path.to_string(),
            other => panic!("not a menu: {other:?}"),
        };
        let nothing: Vec<&str> = Vec::new();
        let answer = self
            .bus
            .call_method(
                Some(name.as_str()),
                menu.as_str(),
                Some(MENU),
                "GetLayout",
                &(0_i32, -1_i32, nothing),
            )
            .await
            .unwrap();
        let body = answer.body();
        let (_, (id, properties, children)): (u32, Node) = body.deserialize().unwrap();
        let mut lines = Vec::new();
        note(id, &properties, &mut lines);
        for child in &children {
            flatten(child, &mut lines);
        }
        lines
    }

    async fn menu_with(&self, text: &str) -> (i32, String, bool) {
        until(&format!("a menu line {text:?}"), async || {
            self.menu().await.into_iter().find(|(_, line, _)| line.contains(text))
        })
        .await
    }

    async fn press(&self, text: &str) {
        let (id, _, _) = self.menu_with(text).await;
        let (name, path) = self.item().await;
        let menu = get(&self.bus, &name, &path, ITEM, "Menu").await.unwrap();
        let menu = match &*menu {
            Value::ObjectPath(path) => path.to_string(),
            other => panic!("not a menu: {other:?}"),
        };
        let event = (id, "clicked", Value::from(""), 0_u32);
        self.bus.call_method(Some(name.as_str()), menu.as_str(), Some(MENU), "Event", &event).await.unwrap();
    }

    /// Processes below the tray app.
    fn descendants(&self) -> Vec<u32> {
        let mut all = Vec::new();
        let mut next = vec![self.child.id().unwrap()];
        while let Some(pid) = next.pop() {
            for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
                let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
                for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
                    all.push(child);
                    next.push(child);
                }
            }
        }
        all
    }
}

async fn get(
    bus: &Connection,
    name: &str,
    path: &str,
    interface: &str,
    property: &str,
) -> Option<OwnedValue> {
    let properties = Some("org.freedesktop.DBus.Properties");
    let answer = bus.call_method(Some(name), path, properties, "Get", &(interface, property)).await.ok()?;
    answer.body().deserialize().ok()
}

/// A menu node: id, properties, children.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

fn flatten(node: &OwnedValue, lines: &mut Vec<(i32, String, bool)>) {
    let node: Structure<'_> = node.try_clone().unwrap().try_into().unwrap();
    let (id, properties, children): Node = node.try_into().unwrap();
    note(id, &properties, lines);
    for child in &children {
        flatten(child, lines);
    }
}

fn note(id: i32, properties: &HashMap<String, OwnedValue>, lines: &mut Vec<(i32, String, bool)>) {
    let text = properties.get("label").and_then(|text| String::try_from(text.try_clone().unwrap()).ok());
    let enabled = properties.get("enabled").and_then(|enabled| bool::try_from(enabled).ok());
    if let Some(text) = text {
        lines.push((id, text.replace('_', ""), enabled.unwrap_or(true)));
    }
}

/// What the notification service is asked, seen from the side.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Show { replaces: u32, summary: String, body: String, actions: Vec<String> },
    Close,
}

/// Listens to everything that is sent to the notification service.
async fn eavesdrop() -> Arc<Mutex<Vec<Asked>>> {
    let bus = Connection::session().await.unwrap();
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::MethodCall)
        .interface("org.freedesktop.Notifications")
        .unwrap()
        .build();
    let monitor = zbus::fdo::MonitoringProxy::new(&bus).await.unwrap();
    monitor.become_monitor(&[rule], 0).await.unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    tokio::spawn(async move {
        let mut messages = MessageStream::from(&bus);
        while let Some(Ok(message)) = messages.next().await {
            let header = message.header();
            let asked = match header.member().map(|member| member.as_str()) {
                Some("Notify") => {
                    let body = message.body();
                    type Notify<'b> = (
                        &'b str,
                        u32,
                        &'b str,
                        String,
                        String,
                        Vec<String>,
                        HashMap<&'b str, Value<'b>>,
                        i32,
                    );
                    let Ok((_, replaces, _, summary, body, actions, _, _)) = body.deserialize::<Notify<'_>>()
                    else {
                        continue;
                    };
                    Asked::Show { replaces, summary, body, actions }
                }
                Some("CloseNotification") => Asked::Close,
                _ => continue,
            };
            log.lock().unwrap().push(asked);
        }
    });
    heard
}

async fn heard(log: &Mutex<Vec<Asked>>, what: &str, wanted: impl Fn(&Asked) -> bool) -> Asked {
    until(what, async || log.lock().unwrap().iter().find(|asked| wanted(asked)).cloned()).await
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
    until("the icon changes its shape", async || (app.icon().await != idle).then_some(())).await;
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
    until("WebKit runs below the tray process", async || {
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
    until("everything of the window is gone", async || app.descendants().is_empty().then_some(())).await;
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
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _driver = Command::new("WebKitWebDriver")
        .arg(format!("--port={port}"))
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .envs([("LC_ALL", "en_US.UTF-8"), ("LANG", "en_US.UTF-8")])
        .env_remove("XDG_RUNTIME_DIR")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let binary = program("deskring");
    let profile = app.rig.profile.path();
    let wanted = serde_json::json!({ "webkitgtk:browserOptions": {
        "binary": binary, "args": ["--profile", profile, "--window", "panel"],
    }});
    let page_shown = until("a session with the window", async || {
        ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .ok()
    })
    .await;
    let call = app.rig.simulator.pbx().call_in("13800139994", "1001").await;
    let text = until("the caller's name as text", async || {
        let body = content(&page_shown).await?;
        body.contains("<img src=x").then_some(body)
    })
    .await;
    assert!(text.contains("Ringing") && text.contains("138 0013 9994"), "{text}");
    assert!(page_shown.find(Locator::Css("img[src='x']")).await.is_err(), "a name became markup");
    app.wait_opened(1).await;
    page_shown.find(Locator::Css("button.open")).await.unwrap().click().await.unwrap();
    assert_eq!(app.wait_opened(2).await[1], page);
    app.rig.simulator.pbx().hang_up(&call, "caller").await;
    until("the reason in the history", async || content(&page_shown).await?.contains("Missed").then_some(()))
        .await;
    page_shown.close().await.unwrap();
}

/// All text of the page, also where a line is cut off for lack of room.
async fn content(page: &Page) -> Option<String> {
    let content = page.execute("return document.body.textContent", Vec::new()).await.ok()?;
    content.as_str().map(str::to_owned)
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
