//! Owns the event socket: topics, heartbeats, silence, and what happens when the token ends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message as WsMessage, Utf8Bytes, WebSocket};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Core;
use super::frames::{ACCEPTED, Frame, HEARTBEAT, HEARTBEAT_RESPONSE, TOKEN_EXPIRED};
use super::switches::{Expiry, Mute};
use crate::net::{Scissors, lock};

/// A socket as the rest of the PBX sees it.
pub(crate) struct Listener {
    pub(crate) id: u64,
    pub(crate) topics: BTreeSet<i64>,
    pub(crate) subscribed: bool,
    pub(crate) frames: mpsc::UnboundedSender<Utf8Bytes>,
    pub(crate) scissors: Scissors,
}

impl Listener {
    pub(crate) fn wants(&self, frame: &Frame) -> bool {
        self.subscribed && frame.kind.is_none_or(|kind| self.topics.contains(&kind))
    }
}

/// Sends the one frame a bad token gets, and closes.
pub(crate) async fn turn_away(mut socket: WebSocket) {
    let _ = socket.send(WsMessage::Text(TOKEN_EXPIRED.into())).await;
    let _ = socket.send(WsMessage::Close(None)).await;
}

pub(crate) async fn serve(core: Arc<Core>, mut socket: WebSocket, token: String, scissors: Scissors) {
    let (sender, mut frames) = mpsc::unbounded_channel();
    let id = core.attach(sender, scissors);
    talk(&core, &mut socket, &token, id, &mut frames).await;
    core.detach(id);
}

async fn talk(
    core: &Arc<Core>,
    socket: &mut WebSocket,
    token: &str,
    id: u64,
    frames: &mut mpsc::UnboundedReceiver<Utf8Bytes>,
) {
    let mut tokens_changed = core.tokens_changed.subscribe();
    let mut silent = false;
    let mut heard = Instant::now();
    if core.switches().hello_frame
        && socket.send(WsMessage::Text(r#"{"type":10000,"msg":""}"#.into())).await.is_err()
    {
        return;
    }
    loop {
        let idle = heard + Duration::from_secs(core.switches().idle_seconds);
        let expires = lock(&core.tokens).until(token).unwrap_or_else(Instant::now);
        tokio::select! {
            frame = frames.recv() => {
                let Some(text) = frame else { return };
                if silent || *lock(&core.mute) == Mute::Everything {
                    continue;
                }
                if socket.send(WsMessage::Text(text)).await.is_err() {
                    return;
                }
            }
            message = socket.recv() => {
                let Some(Ok(message)) = message else { return };
                let WsMessage::Text(text) = message else { continue };
                heard = Instant::now();
                let Some(answer) = answer(core, id, text.as_str()) else { continue };
                let muted = match *lock(&core.mute) {
                    Mute::Nothing => false,
                    Mute::Heartbeats => answer == HEARTBEAT_RESPONSE,
                    Mute::Everything => true,
                };
                if !silent && !muted && socket.send(WsMessage::Text(answer.into())).await.is_err() {
                    return;
                }
            }
            () = tokio::time::sleep_until(idle), if !silent => {
                let _ = socket.send(WsMessage::Close(None)).await;
                return;
            }
            () = tokio::time::sleep_until(expires), if !silent => {
                if lock(&core.tokens).is_valid(token) {
                    continue;
                }
                match core.switches().expiry_on_socket {
                    Expiry::FrameThenClose => return turn_away_open(socket).await,
                    Expiry::FrameThenSilence => {
                        let _ = socket.send(WsMessage::Text(TOKEN_EXPIRED.into())).await;
                        silent = true;
                    }
                    Expiry::Silence => silent = true,
                }
            }
            changed = tokens_changed.changed(), if !silent => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

async fn turn_away_open(socket: &mut WebSocket) {
    let _ = socket.send(WsMessage::Text(TOKEN_EXPIRED.into())).await;
    let _ = socket.send(WsMessage::Close(None)).await;
}

/// What the PBX says to a text frame of the client; `None` = nothing.
pub(crate) fn answer(core: &Core, id: u64, text: &str) -> Option<String> {
    if text == HEARTBEAT {
        return Some(HEARTBEAT_RESPONSE.to_owned());
    }
    let asked: Value = serde_json::from_str(text).ok()?;
    let topics: BTreeSet<i64> =
        asked.get("topic_list")?.as_array()?.iter().filter_map(Value::as_i64).collect();
    let unknown = core.switches().unknown_topics;
    if topics.iter().any(|topic| unknown.contains(topic)) {
        return Some(r#"{"errcode":40002,"errmsg":"PARAMETER ERROR"}"#.to_owned());
    }
    // QUIRK(yeastar): a second list replaces the first; an empty one silently ends all events.
    core.subscribe(id, topics);
    Some(ACCEPTED.to_owned())
}
