//! Shows notices through `org.freedesktop.Notifications`.
//!
//! One connection for all of them. GNOME Shell takes every notice of a process away when the connection that
//! sent its first one closes, and presses of a button would be missed between two connections, so this is
//! spoken directly and not through a crate that connects for each notice.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use deskring_engine::domain::CallId;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use zbus::zvariant::{DynamicType, Structure, StructureBuilder, Value};
use zbus::{Connection, MatchRule, Message, MessageStream};

use super::{Order, Text};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// A service that does not answer within this time is left alone until the next notice.
const PATIENCE: Duration = Duration::from_secs(2);
/// Signals that wait while a notice is being sent.
const SIGNALS: usize = 64;
/// Never by itself.
const STAY: i32 = 0;
const SERVICE_DECIDES: i32 = -1;
const CRITICAL: u8 = 2;
const NORMAL: u8 = 1;
/// The button that opens the contact.
const OPEN: &str = "open";
/// A press on the notice itself.
const DEFAULT: &str = "default";

static ICON: tauri::image::Image<'static> = tauri::include_image!("icons/app-64.png");

/// Runs until all senders are gone.
pub(super) fn run(orders: UnboundedReceiver<Order>, presses: UnboundedSender<CallId>) {
    match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime.block_on(Thread::new(presses).serve(orders)),
        Err(error) => tracing::error!(%error, "no notifications"),
    }
}

/// What became of a call's notice.
enum Shown {
    /// It is there, under the service's number.
    As { id: u32, text: Text, manner: Manner },
    /// A person closed it or pressed its button; it does not come back.
    Closed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It rings: stays in sight.
    Urgent,
    /// I have answered, or it is about something else: for as long as the service likes.
    Calm,
}

struct Thread {
    presses: UnboundedSender<CallId>,
    service: Option<Service>,
    shown: BTreeMap<CallId, Shown>,
    /// Whether it has been said that there is no service.
    silent: bool,
}

impl Thread {
    fn new(presses: UnboundedSender<CallId>) -> Self {
        Self { presses, service: None, shown: BTreeMap::new(), silent: false }
    }

    async fn serve(mut self, mut orders: UnboundedReceiver<Order>) {
        loop {
            tokio::select! {
                biased;
                signal = next_signal(&mut self.service) => match signal {
                    Some(signal) => self.on_signal(&signal),
                    None => self.service = None,
                },
                order = orders.recv() => match order {
                    Some(order) => self.on_order(order).await,
                    None => return,
                },
            }
        }
    }

    async fn on_order(&mut self, order: Order) {
        match order {
            Order::Show { call, text } => self.show(call, text).await,
            Order::Withdraw { call } => {
                if let Some(Shown::As { id, .. }) = self.shown.remove(&call) {
                    self.close(id).await;
                }
            }
            Order::Calm { call } => self.calm(CallId::new(call)).await,
            Order::Say { title, body } => {
                self.send(0, &title, &[body], None, Manner::Calm).await;
            }
            Order::End { done } => {
                for shown in std::mem::take(&mut self.shown).into_values() {
                    if let Shown::As { id, .. } = shown {
                        self.close(id).await;
                    }
                }
                // An error means that nobody waits any more; so below.
                let _ = done.send(());
            }
        }
    }

    async fn show(&mut self, call: CallId, text: Text) {
        let (replaces, manner) = match self.shown.get(&call) {
            Some(Shown::Closed) => return,
            Some(Shown::As { id, manner, .. }) => (*id, *manner),
            None => (0, Manner::Urgent),
        };
        self.put(call, replaces, text, manner).await;
    }

    async fn calm(&mut self, call: CallId) {
        if let Some(Shown::As { id, text, manner: Manner::Urgent }) = self.shown.get(&call) {
            let (id, text) = (*id, text.clone());
            self.put(call, id, text, Manner::Calm).await;
        }
    }

    async fn put(&mut self, call: CallId, replaces: u32, text: Text, manner: Manner) {
        let title = match manner {
            Manner::Urgent => &text.title,
            Manner::Calm => &text.talking,
        };
        if let Some(id) = self.send(replaces, title, &text.lines, text.button.as_deref(), manner).await {
            self.shown.insert(call, Shown::As { id, text, manner });
        }
    }

    async fn send(
        &mut self,
        replaces: u32,
        title: &str,
        lines: &[String],
        button: Option<&str>,
        manner: Manner,
    ) -> Option<u32> {
        let sent = tokio::time::timeout(PATIENCE, async {
            let service = match &mut self.service {
                Some(service) => service,
                none => none.insert(Service::connect().await?),
            };
            service.notify(replaces, title, lines, button, manner).await
        });
        let error = match sent.await {
            Ok(Ok(id)) => {
                self.silent = false;
                return Some(id);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        self.service = None;
        if !std::mem::replace(&mut self.silent, true) {
            tracing::warn!(
                error,
                "the desktop shows no notifications; calls are in the tray menu and the window"
            );
        }
        None
    }

    async fn close(&mut self, id: u32) {
        let Some(service) = &self.service else { return };
        let closed = tokio::time::timeout(PATIENCE, service.call("CloseNotification", &(id,))).await;
        if !matches!(closed, Ok(Ok(_))) {
            tracing::debug!("a notice was gone already");
        }
    }

    fn on_signal(&mut self, signal: &Message) {
        let header = signal.header();
        match header.member().map(|member| member.as_str()) {
            Some("ActionInvoked") => {
                let Ok((id, action)) = signal.body().deserialize::<(u32, String)>() else { return };
                let Some(call) = self.call_of(id) else { return };
                if action == OPEN || action == DEFAULT {
                    self.shown.insert(call.clone(), Shown::Closed);
                    let _ = self.presses.send(call);
                }
            }
            Some("NotificationClosed") => {
                let Ok((id, _reason)) = signal.body().deserialize::<(u32, u32)>() else { return };
                if let Some(call) = self.call_of(id) {
                    self.shown.insert(call, Shown::Closed);
                }
            }
            _ => {}
        }
    }

    fn call_of(&self, id: u32) -> Option<CallId> {
        self.shown
            .iter()
            .find(|(_, shown)| matches!(shown, Shown::As { id: known, .. } if *known == id))
            .map(|(call, _)| call.clone())
    }
}

async fn next_signal(service: &mut Option<Service>) -> Option<Message> {
    match service {
        Some(service) => service.signals.next().await.and_then(Result::ok),
        None => std::future::pending().await,
    }
}

struct Service {
    connection: Connection,
    signals: MessageStream,
    buttons: Buttons,
    markup: Markup,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Buttons {
    None,
    /// Buttons, and a press on the notice itself.
    AndDefault,
    /// QUIRK(xfce4-notifyd): draws the press on the notice itself as one more button.
    DefaultIsOne,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Markup {
    None,
    Body,
}

impl Service {
    async fn connect() -> zbus::Result<Self> {
        let connection = Connection::session().await?;
        let rule =
            MatchRule::builder().msg_type(zbus::message::Type::Signal).interface(NAME)?.path(PATH)?.build();
        let signals = MessageStream::for_match_rule(rule, &connection, Some(SIGNALS)).await?;
        let mut service = Self { connection, signals, buttons: Buttons::None, markup: Markup::None };
        let capabilities: Vec<String> = service.call("GetCapabilities", &()).await?.body().deserialize()?;
        let can = |wanted: &str| capabilities.iter().any(|capability| capability == wanted);
        if can("body-markup") {
            service.markup = Markup::Body;
        }
        if can("actions") {
            let about: (String, String, String, String) =
                service.call("GetServerInformation", &()).await?.body().deserialize()?;
            let is_xfce = about.0.to_ascii_lowercase().contains("xfce");
            service.buttons = if is_xfce { Buttons::DefaultIsOne } else { Buttons::AndDefault };
            tracing::debug!(service = about.0, version = about.2, ?capabilities, "notifications");
        }
        Ok(service)
    }

    async fn notify(
        &self,
        replaces: u32,
        title: &str,
        lines: &[String],
        button: Option<&str>,
        manner: Manner,
    ) -> zbus::Result<u32> {
        let lines = lines.join("\n");
        let body = match self.markup {
            Markup::None => lines,
            Markup::Body => escaped(&lines),
        };
        let actions: Vec<&str> = match (button, self.buttons) {
            (None, _) | (_, Buttons::None) => Vec::new(),
            (Some(label), Buttons::AndDefault) => vec![DEFAULT, label, OPEN, label],
            (Some(label), Buttons::DefaultIsOne) => vec![OPEN, label],
        };
        let (urgency, stay) = match manner {
            Manner::Urgent => (CRITICAL, STAY),
            Manner::Calm => (NORMAL, SERVICE_DECIDES),
        };
        let mut hints: HashMap<&str, Value<'_>> = HashMap::from([
            ("urgency", Value::U8(urgency)),
            ("suppress-sound", Value::Bool(true)),
            ("desktop-entry", Value::from("deskring")),
            ("image-data", Value::from(icon())),
        ]);
        if manner == Manner::Urgent {
            hints.insert("category", Value::from("call.incoming"));
        }
        let arguments = ("Deskring", replaces, "deskring", title, body, actions, hints, stay);
        self.call("Notify", &arguments).await?.body().deserialize()
    }

    async fn call<B>(&self, method: &str, body: &B) -> zbus::Result<Message>
    where
        B: serde::Serialize + DynamicType,
    {
        self.connection.call_method(Some(NAME), PATH, Some(NAME), method, body).await
    }
}

/// The icon as pixels, since a Deskring that is not installed has none by name.
fn icon() -> Structure<'static> {
    let (width, height) = (ICON.width().cast_signed(), ICON.height().cast_signed());
    let built = StructureBuilder::new()
        .add_field(width)
        .add_field(height)
        .add_field(width * 4)
        .add_field(true)
        .add_field(8_i32)
        .add_field(4_i32)
        .add_field(ICON.rgba().to_vec())
        .build();
    match built {
        Ok(icon) => icon,
        Err(_) => Structure::from((0_i32,)),
    }
}

/// For services that read markup in the body. The title is plain for all of them.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_is_shown_and_not_obeyed() {
        assert_eq!(escaped("<b>A & B</b> &lt;"), "&lt;b&gt;A &amp; B&lt;/b&gt; &amp;lt;");
    }
}
