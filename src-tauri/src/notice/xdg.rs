//! Shows notices on a freedesktop desktop, through `notify-rust`.
//!
//! Each notice has a task of its own that waits for its button and takes changes to it. A change goes over the
//! connection that sent the notice first. QUIRK(gnome-shell): when the connection that sent the first notice of
//! a process closes, all notices of that process go; so a handle is kept until no notice is left.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use deskring_engine::Level;
use deskring_engine::domain::CallId;
use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout, Urgency};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::{Deed, Order, Press, Text};

/// A service that does not answer within this time is left alone until the next notice.
const PATIENCE: Duration = Duration::from_secs(2);
/// The button.
const PRESS: &str = "press";
/// The button that ends the call.
const END: &str = "end";
/// A press on the notice itself.
const DEFAULT: &str = "default";

/// Runs until all senders are gone. `icon` is a picture file for services that show one.
pub(super) fn run(orders: UnboundedReceiver<Order>, presses: UnboundedSender<Press>, icon: Option<PathBuf>) {
    match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => {
            runtime.block_on(Thread::new(presses, icon).serve(orders));
            // A service that hangs must not keep us.
            runtime.shutdown_background();
        }
        Err(error) => tracing::error!(%error, "no notifications"),
    }
}

/// What became of a call's notice.
enum Shown {
    /// A task shows it and takes changes; it ends when the sender is gone.
    Now { changes: UnboundedSender<Notification>, text: Text, level: Level, stage: Stage },
    /// A person closed it or pressed its button; it does not come back.
    Closed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It rings.
    Rings,
    /// I have answered, or it is about something else: for as long as the service likes.
    Calm,
}

/// Whether a notice comes or changes; a change makes no sound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    New,
    Change,
}

/// How a task of a notice ended.
struct Ended {
    call: CallId,
    how: How,
    /// To be kept until no notice is left.
    handle: Option<NotificationHandle>,
}

enum How {
    Pressed,
    /// Its call is to end.
    Refused,
    ClosedByPerson,
    /// We took it away.
    Withdrawn,
    Failed(String),
}

struct Thread {
    presses: UnboundedSender<Press>,
    icon: Option<PathBuf>,
    service: Option<Service>,
    shown: BTreeMap<CallId, Shown>,
    ended: (UnboundedSender<Ended>, UnboundedReceiver<Ended>),
    kept: Vec<NotificationHandle>,
    /// Tasks that have not ended.
    running: usize,
    /// Whether it has been said that there is no service.
    silent: Silence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Silence {
    NotYet,
    Said,
}

impl Thread {
    fn new(presses: UnboundedSender<Press>, icon: Option<PathBuf>) -> Self {
        Self {
            presses,
            icon,
            service: None,
            shown: BTreeMap::new(),
            ended: mpsc::unbounded_channel(),
            kept: Vec::new(),
            running: 0,
            silent: Silence::NotYet,
        }
    }

    async fn serve(mut self, mut orders: UnboundedReceiver<Order>) {
        loop {
            tokio::select! {
                biased;
                Some(ended) = self.ended.1.recv() => self.on_ended(ended),
                order = orders.recv() => match order {
                    Some(order) => self.on_order(order).await,
                    None => return,
                },
            }
        }
    }

    async fn on_order(&mut self, order: Order) {
        match order {
            Order::Show { call, text, level } => {
                let stage = match self.shown.get(&call) {
                    Some(Shown::Closed) => return,
                    Some(Shown::Now { stage, .. }) => *stage,
                    None => Stage::Rings,
                };
                self.put(call, text, level, stage).await;
            }
            // Dropping its sender ends the task, which takes the notice away.
            Order::Withdraw { call } => drop(self.shown.remove(&call)),
            Order::Calm { call } => {
                let call = CallId::new(call);
                if let Some(Shown::Now { text, level, stage: Stage::Rings, .. }) = self.shown.get(&call) {
                    let (text, level) = (text.clone(), *level);
                    self.put(call, text, level, Stage::Calm).await;
                }
            }
            Order::Say { title, body } => self.say(&title, &body).await,
            Order::End { done } => {
                self.shown.clear();
                while self.running > 0 {
                    let Some(ended) = self.ended.1.recv().await else { break };
                    self.on_ended(ended);
                }
                // An error means that nobody waits any more; so below.
                let _ = done.send(());
            }
        }
    }

    /// Shows the notice of a call, or changes it.
    async fn put(&mut self, call: CallId, text: Text, level: Level, stage: Stage) {
        let turn = if self.shown.contains_key(&call) { Turn::Change } else { Turn::New };
        let notification = self.notification(&text, level, stage, turn).await;
        if let Some(Shown::Now { changes, text: shown, level: loud, stage: before }) =
            self.shown.get_mut(&call)
        {
            (*shown, *loud, *before) = (text, level, stage);
            // An error means that it has just ended, which is told next.
            let _ = changes.send(notification);
            return;
        }
        let (changes, wanted) = mpsc::unbounded_channel();
        let ended = self.ended.0.clone();
        self.running += 1;
        self.shown.insert(call.clone(), Shown::Now { changes, text, level, stage });
        tokio::spawn(async move {
            // A panic of the library costs this notice only.
            let shown = tokio::spawn(show(notification, wanted)).await;
            let (how, handle) = shown.unwrap_or_else(|error| (How::Failed(error.to_string()), None));
            let _ = ended.send(Ended { call, how, handle });
        });
    }

    fn on_ended(&mut self, ended: Ended) {
        self.running -= 1;
        self.kept.extend(ended.handle);
        match ended.how {
            How::Pressed => {
                let deed = match self.shown.insert(ended.call.clone(), Shown::Closed) {
                    Some(Shown::Now { text: Text { button: Some((deed, _)), .. }, .. }) => deed,
                    Some(Shown::Now { .. } | Shown::Closed) | None => Deed::Show,
                };
                let _ = self.presses.send(Press { call: ended.call, deed });
            }
            How::Refused => {
                let deed = match self.shown.insert(ended.call.clone(), Shown::Closed) {
                    // Whoever pressed "Decline" while the call was being answered did not want to hang up.
                    Some(Shown::Now { stage: Stage::Calm, .. }) => Deed::HangUp,
                    Some(Shown::Now { stage: Stage::Rings, .. } | Shown::Closed) | None => Deed::Decline,
                };
                let _ = self.presses.send(Press { call: ended.call, deed });
            }
            How::ClosedByPerson => {
                self.shown.insert(ended.call, Shown::Closed);
            }
            How::Withdrawn => {}
            How::Failed(error) => {
                self.shown.remove(&ended.call);
                self.no_service(&error);
            }
        }
        if self.running == 0 {
            self.kept.clear();
        }
    }

    fn no_service(&mut self, error: &str) {
        self.service = None;
        if std::mem::replace(&mut self.silent, Silence::Said) == Silence::NotYet {
            tracing::warn!(
                error,
                "the desktop shows no notifications; calls are in the tray menu and the window"
            );
        }
    }

    async fn say(&mut self, title: &str, body: &str) {
        let text = Text {
            title: title.into(),
            talking: title.into(),
            lines: vec![body.into()],
            button: None,
            end: None,
        };
        let notification = self.notification(&text, Level::Normal, Stage::Calm, Turn::New).await;
        match tokio::time::timeout(PATIENCE, notification.show_async()).await {
            Ok(Ok(handle)) => self.kept.push(handle),
            Ok(Err(error)) => self.no_service(&error.to_string()),
            Err(_) => self.no_service("no answer"),
        }
    }

    async fn notification(&mut self, text: &Text, level: Level, stage: Stage, turn: Turn) -> Notification {
        let service = match self.service {
            Some(service) => service,
            None => *self.service.insert(Service::ask().await),
        };
        let mut notification = Notification::new();
        let title = if stage == Stage::Rings { &text.title } else { &text.talking };
        notification.appname("Deskring").summary(title).body(&service.body(&text.lines));
        notification.hint(Hint::DesktopEntry("deskring".into()));
        notification
            .hint(Hint::SuppressSound(level == Level::Quiet || stage == Stage::Calm || turn == Turn::Change));
        if let Some(icon) = self.icon.as_ref().and_then(|icon| icon.to_str()) {
            notification.icon(icon);
        }
        if stage == Stage::Rings {
            notification.hint(Hint::Category("call.incoming".into()));
        }
        match (level, stage) {
            (Level::Quiet, _) => {
                notification.urgency(Urgency::Low).timeout(Timeout::Default).hint(Hint::Transient(true));
            }
            (Level::Insistent, Stage::Rings) => {
                notification.urgency(Urgency::Critical).timeout(Timeout::Never);
                notification.hint(Hint::SoundName("phone-incoming-call".into()));
            }
            (Level::Normal, _) | (Level::Insistent, Stage::Calm) => {
                notification.urgency(Urgency::Normal).timeout(Timeout::Default);
            }
        }
        match (service.buttons, &text.button) {
            (Buttons::None, _) | (Buttons::DefaultIsOne, None) => {}
            (Buttons::AndDefault, Some((_, label))) => {
                notification.action(DEFAULT, label).action(PRESS, label);
            }
            // A press on the notice itself shows the window.
            (Buttons::AndDefault, None) => {
                notification.action(DEFAULT, &text.title);
            }
            (Buttons::DefaultIsOne, Some((_, label))) => {
                notification.action(PRESS, label);
            }
        }
        if let (Buttons::AndDefault | Buttons::DefaultIsOne, Some(end)) = (service.buttons, &text.end) {
            notification.action(END, if stage == Stage::Rings { &end.ringing } else { &end.talking });
        }
        notification
    }
}

/// Shows one notice until a person is done with it or the sender of its changes is gone.
async fn show(
    first: Notification,
    mut changes: UnboundedReceiver<Notification>,
) -> (How, Option<NotificationHandle>) {
    let mut handle = match tokio::time::timeout(PATIENCE, first.show_async()).await {
        Ok(Ok(handle)) => handle,
        Ok(Err(error)) => return (How::Failed(error.to_string()), None),
        Err(_) => return (How::Failed("no answer".into()), None),
    };
    loop {
        let mut answer = None;
        let change = tokio::select! {
            () = handle.wait_for_action_async(|response| answer = Some(response.clone())) => None,
            change = changes.recv() => Some(change),
        };
        match (change, answer) {
            (Some(None), _) => {
                let closed = tokio::time::timeout(PATIENCE, handle.close_async()).await;
                return match closed {
                    Ok(()) => (How::Withdrawn, Some(handle)),
                    Err(_) => (How::Failed("no answer".into()), None),
                };
            }
            (Some(Some(mut next)), _) => {
                // Only the newest of several changes is worth showing.
                while let Ok(newer) = changes.try_recv() {
                    next = newer;
                }
                // The library's change blocks, and a service may hang.
                let changed = tokio::task::spawn_blocking(move || {
                    *handle = next;
                    handle.update().map(|()| handle)
                });
                handle = match tokio::time::timeout(PATIENCE, changed).await {
                    Ok(Ok(Ok(handle))) => handle,
                    Ok(Ok(Err(error))) => return (How::Failed(error.to_string()), None),
                    Ok(Err(_)) | Err(_) => return (How::Failed("no answer".into()), None),
                };
            }
            (None, Some(NotificationResponse::Action(action))) if action == PRESS => {
                return (How::Pressed, Some(handle));
            }
            (None, Some(NotificationResponse::Action(action))) if action == END => {
                return (How::Refused, Some(handle));
            }
            (None, Some(NotificationResponse::Default)) => return (How::Pressed, Some(handle)),
            (None, Some(NotificationResponse::Closed(_))) => return (How::ClosedByPerson, Some(handle)),
            (None, Some(_)) => {}
            (None, None) => return (How::Failed("the connection was closed".into()), Some(handle)),
        }
    }
}

/// What the notification service can do.
#[derive(Clone, Copy)]
struct Service {
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
    /// A service that does not say what it can gets plain text without buttons.
    async fn ask() -> Self {
        let asked = tokio::task::spawn_blocking(|| {
            let about = notify_rust::get_server_information().ok();
            (notify_rust::get_capabilities().unwrap_or_default(), about)
        });
        let (capabilities, about) = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Default::default(),
        };
        let can = |wanted: &str| capabilities.iter().any(|capability| capability == wanted);
        let is_xfce = about.is_some_and(|about| about.name.to_ascii_lowercase().contains("xfce"));
        Self {
            buttons: match (can("actions"), is_xfce) {
                (false, _) => Buttons::None,
                (true, true) => Buttons::DefaultIsOne,
                (true, false) => Buttons::AndDefault,
            },
            markup: if can("body-markup") { Markup::Body } else { Markup::None },
        }
    }

    fn body(self, lines: &[String]) -> String {
        let lines = lines.join("\n");
        match self.markup {
            Markup::None => lines,
            Markup::Body => escaped(&lines),
        }
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
