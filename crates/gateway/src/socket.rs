//! One agent's event socket.
//!
//! Owns: subscription, heartbeats, the ends of it. Must not know: what is told and why.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout};

use crate::api::Gateway;
use crate::hub::{Ending, Listener};
use crate::state::Holder;

/// Without a word of the agent for this long, it is gone.
const IDLE: Duration = Duration::from_secs(60);
/// How long a frame may take to leave.
const SENDING: Duration = Duration::from_secs(5);
const FRAME_LIMIT_BYTES: usize = 16 << 10;
/// An agent says little and each of thousands has these buffers.
const BUFFER_BYTES: usize = 1 << 10;

/// Opens the socket; not while the PBX is away, so that nobody believes to hear what happens.
pub(crate) fn accept(
    gateway: Arc<Gateway>,
    holder: Holder,
    looked_up: std::time::Instant,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(listener) = gateway.hub.listen(&holder, looked_up) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(FRAME_LIMIT_BYTES)
        .max_frame_size(FRAME_LIMIT_BYTES)
        .on_upgrade(move |socket| serve(socket, listener, holder.until))
}

/// Until it ends. The token's end is told as the PBX tells it.
async fn serve(mut socket: WebSocket, mut listener: Listener, until: i64) {
    let left = u64::try_from(until.saturating_sub(crate::wall_seconds())).unwrap_or(0);
    let token_ends = Instant::now() + Duration::from_secs(left);
    let mut idle_at = Instant::now() + IDLE;
    loop {
        tokio::select! {
            frame = listener.frames.recv() => {
                // The line was cut; why is told beside.
                let Some(frame) = frame else {
                    let why = *listener.ending.borrow();
                    return end(socket, why).await;
                };
                if !send(&mut socket, frame).await {
                    return;
                }
            }
            _ = listener.ending.changed() => {
                let why = *listener.ending.borrow();
                return end(socket, why).await;
            }
            message = socket.recv() => {
                let Some(Ok(message)) = message else { return };
                idle_at = Instant::now() + IDLE;
                let Message::Text(text) = message else { continue };
                if let Some(answer) = hear(&listener, &text)
                    && !send(&mut socket, answer).await
                {
                    return;
                }
            }
            () = sleep_until(idle_at) => return end(socket, None).await,
            () = sleep_until(token_ends) => {
                send(&mut socket, Utf8Bytes::from_static(r#"{"errcode":10004,"errmsg":"TOKEN EXPIRED"}"#)).await;
                return end(socket, None).await;
            }
        }
    }
}

fn hear(listener: &Listener, text: &str) -> Option<Utf8Bytes> {
    if text == "heartbeat" {
        return Some(Utf8Bytes::from_static("heartbeat response"));
    }
    let asked: Value = serde_json::from_str(text).ok()?;
    let topics: Vec<i64> = asked.get("topic_list")?.as_array()?.iter().filter_map(Value::as_i64).collect();
    Some(listener.subscribe(&topics))
}

async fn send(socket: &mut WebSocket, text: Utf8Bytes) -> bool {
    matches!(timeout(SENDING, socket.send(Message::Text(text))).await, Ok(Ok(())))
}

async fn end(mut socket: WebSocket, why: Option<Ending>) {
    let (code, reason) = match why {
        None => (1000, ""),
        Some(Ending::Revoked) => (1008, "revoked"),
        Some(Ending::TooSlow) => (1008, "too slow: events were not read"),
        Some(Ending::NoPbx) => (1013, "the PBX is away"),
        Some(Ending::Standby) => (1013, "this gateway does not serve any more"),
        Some(Ending::Stopping) => (1012, "the gateway restarts"),
    };
    let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
    // Who does not read does not hear this either.
    let _ = timeout(Duration::from_secs(1), socket.send(close)).await;
}
