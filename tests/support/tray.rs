//! The tray app on a real (virtual) desktop: its icon and menu through the desktop's own protocol, and its
//! notifications as the notification service gets them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use deskring_engine::view::LinkState;
use deskring_local_api::Client;
use futures_util::StreamExt as _;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use zbus::zvariant::{OwnedValue, Structure, Value};
use zbus::{Connection, MatchRule, MessageStream};

use crate::{Rig, eventually, on_profile, opened};

const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

/// Folders of a test's own for what a desktop keeps of programs: which there are, and which takes what.
pub struct Programs(TempDir);

impl Programs {
    #[allow(clippy::new_without_default, reason = "makes folders")]
    pub fn new() -> Programs {
        let programs = Programs(tempfile::tempdir().unwrap());
        for folder in ["config", "data/applications", "bin"] {
            std::fs::create_dir_all(programs.path(folder)).unwrap();
        }
        programs
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// A process that sees these folders, and the programs in `bin` before others.
    pub fn of<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([self.path("bin")].into_iter().chain(std::env::split_paths(&usual)));
        command.env("XDG_CONFIG_HOME", self.path("config")).env("XDG_DATA_HOME", self.path("data"));
        command.env("PATH", path.unwrap())
    }

    /// Adds an entry of a program.
    pub fn install(&self, id: &str, text: &str) {
        std::fs::write(self.path("data/applications").join(id), text).unwrap();
    }

    /// What a person does in a terminal to choose a program.
    pub async fn choose(&self, id: &str, schemes: &[&str]) {
        let mut choosing = Command::new("xdg-mime");
        self.of(choosing.args(["default", id]));
        choosing.args(schemes.iter().map(|scheme| format!("x-scheme-handler/{scheme}")));
        assert!(choosing.status().await.unwrap().success());
    }
}

/// A running tray app on a rig's profile.
pub struct App {
    pub rig: Rig,
    pub child: Child,
    bus: Connection,
}

impl App {
    pub async fn start() -> App {
        App::on(Rig::idle().await).await
    }

    pub async fn on(rig: Rig) -> App {
        let child = on_profile(&rig, "deskring", &["--hidden"]).spawn().unwrap();
        let app = App::of(rig, child).await;
        eventually("both links are up", async || {
            let view = Client::connect(&app.rig.paths()).await.ok()?.view().await.ok()?;
            (view.pbx.state == LinkState::Up && view.desk.state == LinkState::Up).then_some(())
        })
        .await;
        app.rig.simulator.pbx().wait_subscribed(1).await;
        app
    }

    /// Takes over a tray app that has just been started.
    pub async fn of(rig: Rig, child: Child) -> App {
        App { rig, child, bus: Connection::session().await.unwrap() }
    }

    pub fn opened(&self) -> Vec<String> {
        opened(&self.rig)
    }

    pub async fn wait_opened(&self, count: usize) -> Vec<String> {
        eventually("a tab", async || Some(self.opened()).filter(|opened| opened.len() >= count)).await
    }

    /// The bus name and path of our tray icon.
    pub async fn item(&self) -> (String, String) {
        eventually("our tray icon", async || {
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

    pub async fn icon(&self) -> String {
        let (name, path) = self.item().await;
        get(&self.bus, &name, &path, ITEM, "IconName").await.unwrap().try_into().unwrap()
    }

    /// Lines of the menu: id, text, whether it can be pressed.
    pub async fn menu(&self) -> Vec<(i32, String, bool)> {
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

    pub async fn menu_with(&self, text: &str) -> (i32, String, bool) {
        eventually(&format!("a menu line {text:?}"), async || {
            self.menu().await.into_iter().find(|(_, line, _)| line.contains(text))
        })
        .await
    }

    pub async fn press(&self, text: &str) {
        let (id, _, _) = self.menu_with(text).await;
        self.press_line(id).await;
    }

    /// Presses a line by its id.
    pub async fn press_line(&self, id: i32) {
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
    pub fn descendants(&self) -> Vec<u32> {
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
pub enum Asked {
    Show {
        replaces: u32,
        summary: String,
        body: String,
        actions: Vec<String>,
        /// 0, 1 or 2.
        urgency: u8,
        /// Milliseconds; 0 for ever, -1 as the service likes.
        timeout: i32,
        silent: bool,
    },
    /// The notice with this number is to go.
    Close(u32),
}

/// Listens to everything that is sent to the notification service.
pub async fn eavesdrop() -> Arc<Mutex<Vec<Asked>>> {
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
                    let Ok((_, replaces, _, summary, body, actions, hints, timeout)) =
                        body.deserialize::<Notify<'_>>()
                    else {
                        continue;
                    };
                    let urgency = match hints.get("urgency") {
                        Some(Value::U8(urgency)) => *urgency,
                        other => panic!("no urgency: {other:?}"),
                    };
                    let silent = hints.get("suppress-sound") == Some(&Value::Bool(true));
                    Asked::Show { replaces, summary, body, actions, urgency, timeout, silent }
                }
                Some("CloseNotification") => match message.body().deserialize() {
                    Ok(id) => Asked::Close(id),
                    Err(_) => continue,
                },
                _ => continue,
            };
            log.lock().unwrap().push(asked);
        }
    });
    heard
}

pub async fn heard(log: &Mutex<Vec<Asked>>, what: &str, wanted: impl Fn(&Asked) -> bool) -> Asked {
    eventually(what, async || log.lock().unwrap().iter().find(|asked| wanted(asked)).cloned()).await
}
