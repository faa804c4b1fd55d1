//! Shows notices where `notify-rust` speaks to the system: without buttons, and without taking them away.

use std::collections::BTreeMap;
use std::path::PathBuf;

use deskring_engine::domain::CallId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{Order, Press, Text};

/// Runs until all senders are gone.
pub(super) fn run(
    mut orders: UnboundedReceiver<Order>,
    _presses: UnboundedSender<Press>,
    _icon: Option<PathBuf>,
) {
    let mut shown: BTreeMap<CallId, Text> = BTreeMap::new();
    while let Some(order) = orders.blocking_recv() {
        match order {
            Order::Show { call, text, level: _ } => {
                if shown.get(&call) != Some(&text) {
                    show(&text.title, &text.lines.join("\n"));
                    shown.insert(call, text);
                }
            }
            Order::Withdraw { call } => {
                shown.remove(&call);
            }
            Order::Calm { .. } => {}
            Order::Say { title, body } => show(&title, &body),
            Order::End { done } => {
                // An error means that nobody waits any more.
                let _ = done.send(());
            }
        }
    }
}

fn show(title: &str, body: &str) {
    if let Err(error) = notify_rust::Notification::new().appname("Deskring").summary(title).body(body).show()
    {
        tracing::warn!(%error, "a notification could not be shown");
    }
}
