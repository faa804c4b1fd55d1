//! Owns `call/*`: what a client may do to calls, and `call/query`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::acts::{Act, Told};
use super::api::{Answer, invalid, not_found, refusal, success};
use super::calls::{Direction, Exchange};
use super::directory::Target;
use super::switches::{EmptyCalls, PbxSwitches};
use super::{Core, Pbx};
use crate::http::Call;
use crate::net::lock;

/// `None` when there is no such endpoint.
pub(crate) fn answer(
    core: &Arc<Core>,
    name: &str,
    post: bool,
    call: &Call,
    body: &Value,
    switches: &PbxSwitches,
) -> Option<Answer> {
    if !post {
        return (name == "query").then(|| query(core, call, switches));
    }
    Some(match name {
        "dial" => dial(core, body),
        "hangup" => {
            on_channel(core, body, |_, channel| Ok(Act::HangUpChannel { channel: channel.to_owned() }))
        }
        "hold" => on_channel(core, body, |exchange, channel| {
            Ok(Act::Hold { extension: extension_of(exchange, channel)? })
        }),
        "unhold" => on_channel(core, body, |exchange, channel| {
            Ok(Act::Resume { extension: extension_of(exchange, channel)? })
        }),
        "mute" => on_channel(core, body, |_, channel| Ok(Act::Mute { channel: channel.to_owned() })),
        "unmute" => on_channel(core, body, |_, channel| Ok(Act::Unmute { channel: channel.to_owned() })),
        "record_start" | "record_pause" | "record_unpause" => {
            let id = find(core, body).map(|(id, _)| id);
            id.map(|id| json!({ "errcode": 0, "errmsg": "SUCCESS", "call_id": id }))
        }
        "transfer" => transfer(core, body),
        "accept_inbound" => on_channel(core, body, |_, _| Ok(Act::AcceptInbound)),
        "refuse_inbound" => on_channel(core, body, |_, _| Ok(Act::RefuseInbound)),
        "play_prompt" => text(body, "number").map(|_| success()),
        _ => return None,
    })
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Value> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(|| invalid(name))
}

/// The live call that has the channel named in the body.
fn find(core: &Core, body: &Value) -> Result<(String, String), Value> {
    let channel = text(body, "channel_id")?;
    let exchange = lock(&core.exchange);
    let live =
        exchange.calls.iter().find(|live| live.find(|leg| leg.is_live() && leg.channel == channel).is_some());
    live.map(|live| (live.id.clone(), channel.to_owned())).ok_or_else(not_found)
}

fn extension_of(exchange: &Exchange, channel: &str) -> Result<String, Value> {
    exchange
        .calls
        .iter()
        .flat_map(|live| &live.legs)
        .find(|leg| leg.is_live() && leg.channel == channel)
        .and_then(|leg| leg.extension())
        .map(str::to_owned)
        .ok_or_else(|| invalid("channel_id"))
}

fn on_channel(
    core: &Arc<Core>,
    body: &Value,
    make: impl FnOnce(&Exchange, &str) -> Result<Act, Value>,
) -> Answer {
    let (id, channel) = find(core, body)?;
    let act = make(&lock(&core.exchange), &channel)?;
    perform(core, &id, &act)
}

fn perform(core: &Arc<Core>, id: &str, act: &Act) -> Answer {
    match core.act(id, act) {
        Ok(id) => Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "call_id": id })),
        Err(_) => Err(refusal(40002, "PARAMETER ERROR")),
    }
}

fn dial(core: &Arc<Core>, body: &Value) -> Answer {
    let (caller, callee) = (text(body, "caller")?, text(body, "callee")?);
    let auto_answer = match body.get("auto_answer").and_then(Value::as_str) {
        None | Some("no" | "") => false,
        Some("yes") => true,
        Some(_) => return Err(invalid("auto_answer")),
    };
    let permission = body.get("dial_permission").and_then(Value::as_str).filter(|text| !text.is_empty());
    {
        let exchange = lock(&core.exchange);
        let callee_outside = matches!(exchange.directory.target(callee), Target::Outside(_));
        match exchange.directory.target(caller) {
            Target::Extension(number) => {
                if exchange.directory.extension(&number).is_none() {
                    return Err(invalid("caller"));
                }
            }
            // Queues, ring groups, menus and outside numbers may call outside numbers only.
            Target::Queue(..) | Target::RingGroup(..) | Target::Ivr(_) | Target::Outside(_) => {
                if !callee_outside {
                    return Err(invalid("callee"));
                }
            }
        }
        if permission.is_some_and(|number| exchange.directory.extension(number).is_none()) {
            return Err(invalid("dial_permission"));
        }
    }
    let permission = permission.unwrap_or(caller).to_owned();
    let dialled =
        core.work(|exchange, switches| exchange.dial(caller, callee, &permission, auto_answer, switches));
    match dialled {
        Ok(id) => Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "call_id": id })),
        Err(_) => Err(refusal(40002, "PARAMETER ERROR")),
    }
}

fn transfer(core: &Arc<Core>, body: &Value) -> Answer {
    let kind = text(body, "type")?;
    let (id, channel) = find(core, body)?;
    match kind {
        "blind" => {
            let to = text(body, "number")?.to_owned();
            // The channel is the party to be moved; the transferor is named by its permission.
            let by = text(body, "dial_permission")?.to_owned();
            if extension_of(&lock(&core.exchange), &channel).is_ok_and(|moved| moved == by) {
                return Err(invalid("channel_id"));
            }
            perform(core, &id, &Act::BlindTransfer { by, to, told: Told::Silently })
        }
        "attended" => {
            let by = extension_of(&lock(&core.exchange), &channel)?;
            match body.get("attended_operate").and_then(Value::as_str) {
                None => {
                    let to = text(body, "number")?.to_owned();
                    text(body, "dial_permission")?;
                    perform(core, &id, &Act::AttendedTransfer { by, to })
                }
                Some("complete") => perform(core, &first_call(core, &id), &Act::CompleteTransfer { by }),
                Some("cancel" | "abort") => {
                    perform(core, &first_call(core, &id), &Act::CancelTransfer { by })
                }
                Some(_) => Err(invalid("attended_operate")),
            }
        }
        _ => Err(invalid("type")),
    }
}

/// The channel may belong to the first call or to the consult call.
fn first_call(core: &Core, id: &str) -> String {
    let exchange = lock(&core.exchange);
    let consulted = exchange.call(id).ok().and_then(|live| live.consults.clone());
    consulted.map_or_else(|| id.to_owned(), |(first, _)| first)
}

/// QUIRK(yeastar): only `call_id` and `type` filter; an unknown parameter is ignored and returns all calls.
fn query(core: &Core, call: &Call, switches: &PbxSwitches) -> Answer {
    let exchange = lock(&core.exchange);
    let kind = match call.parameter("type").map(str::to_lowercase).as_deref() {
        None | Some("") => None,
        Some("inbound") => Some(Direction::Inbound),
        Some("outbound") => Some(Direction::Outbound),
        Some("internal") => Some(Direction::Internal),
        Some(_) => return Err(invalid("type")),
    };
    let wanted = call.parameter("call_id");
    let rows: Vec<Value> = exchange
        .calls
        .iter()
        .filter(|live| wanted.is_none_or(|id| live.id == id))
        .filter(|live| kind.is_none_or(|kind| live.direction == kind))
        .map(|live| json!({ "call_id": live.id, "members": live.members() }))
        .collect();
    if !rows.is_empty() {
        return Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "data": rows }));
    }
    match switches.empty_calls {
        EmptyCalls::NoData => Ok(success()),
        EmptyCalls::Code60001 => Err(not_found()),
    }
}

impl Pbx {
    /// Does what `POST call/dial` does; returns the call id.
    pub async fn dial(&self, caller: &str, callee: &str) -> String {
        let body = json!({ "caller": caller, "callee": callee });
        let answer = dial(&self.core, &body).unwrap_or_default();
        answer.get("call_id").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}
