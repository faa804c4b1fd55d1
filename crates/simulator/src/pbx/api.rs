//! Owns the OpenAPI over HTTP: the rules every request meets, and which endpoint answers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::switches::{BadToken, CdrTime, HttpFault, PbxSwitches, TrunkMonitor};
use super::tokens::{Credentials, Refusal};
use super::{CLIENT_ID, CLIENT_SECRET, Core, call_api, socket};
use crate::clock::{parse_pbx_time, pbx_time};
use crate::http::{self, Call};
use crate::net::{Peer, lock};

/// An answer's body; `Err` carries a body with an error number. Both travel with HTTP 200.
pub(crate) type Answer = Result<Value, Value>;

const BASE: &str = "/openapi/v1.0/";
const DEFAULT_PAGE: usize = 10_000;

pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new().fallback(answer).with_state(core)
}

pub(crate) fn refusal(code: i64, text: &str) -> Value {
    json!({ "errcode": code, "errmsg": text })
}

/// 40002 with the parameter that is wrong.
pub(crate) fn invalid(name: &str) -> Value {
    json!({
        "errcode": 40002, "errmsg": "PARAMETER ERROR",
        "invalid_param_list": [{ "value": name, "validation_type": "required" }],
    })
}

pub(crate) fn not_found() -> Value {
    refusal(60001, "DATA NOT FOUND")
}

fn unknown_interface() -> Value {
    refusal(10001, "INTERFACE NOT EXISTED")
}

pub(crate) fn success() -> Value {
    json!({ "errcode": 0, "errmsg": "SUCCESS" })
}

async fn answer(
    State(core): State<Arc<Core>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    let call = Call::read(request).await;
    let id = core.journal.arrived(call.record("pbx"));
    let switches = core.switches();
    if call.path == "/openapi/v1.0/subscribe" {
        let response = open_socket(&core, &peer, upgrade, &call, &switches);
        core.journal.answered(id, Some(response.status().as_u16()), "");
        return response;
    }
    if switches.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(switches.delay_ms)).await;
    }
    let mut response = match switches.http_fault {
        HttpFault::Reset => {
            core.journal.answered(id, None, "reset");
            peer.scissors.cut();
            return http::never().await;
        }
        HttpFault::Html => http::html(200, "<!doctype html><title>Sign in to the guest network</title>"),
        HttpFault::Garbage => http::with_type(200, "application/json", "{\"errcode\":0,\"err"),
        HttpFault::Status(code) => http::with_type(code, "text/html", "<h1>Simulated failure</h1>"),
        HttpFault::None => {
            let answer = respond(&core, &peer, &call, &switches, id);
            let name = call.path.strip_prefix(BASE).unwrap_or_default();
            if switches.lost_answers.iter().any(|lost| lost == name) {
                peer.scissors.cut();
                return http::never().await;
            }
            answer
        }
    };
    // QUIRK(yeastar): every request takes a new TCP connection.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    if switches.http_fault != HttpFault::None {
        core.journal.answered(id, Some(response.status().as_u16()), "fault");
    }
    response
}

fn respond(core: &Arc<Core>, peer: &Peer, call: &Call, switches: &PbxSwitches, id: u64) -> Response {
    if let Some(file) = call.path.strip_prefix("/api/download/") {
        let response = recording(core, call, &http::decode(file));
        core.journal.answered(id, Some(response.status().as_u16()), "");
        return response;
    }
    // QUIRK(yeastar): errors, too, come with HTTP 200.
    let body = dispatch(core, peer.address.ip(), call, switches).unwrap_or_else(|error| error);
    let outcome = match body.get("errcode").and_then(Value::as_i64) {
        Some(0) | None => String::new(),
        Some(code) => format!("{code} {}", body.get("errmsg").and_then(Value::as_str).unwrap_or_default()),
    };
    core.journal.answered(id, Some(200), &outcome);
    http::json(200, &body)
}

fn open_socket(
    core: &Arc<Core>,
    peer: &Peer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    call: &Call,
    switches: &PbxSwitches,
) -> Response {
    let agent = call.header("user-agent").is_some_and(|agent| !agent.is_empty());
    if !agent {
        return http::json(400, &invalid("User-Agent"));
    }
    let token = call.parameter("access_token").unwrap_or_default().to_owned();
    let valid = !switches.ip_forbidden && lock(&core.tokens).is_valid(&token);
    let Ok(upgrade) = upgrade else { return http::json(400, &Refusal::TOKEN_EXPIRED.body()) };
    if valid {
        let core = Arc::clone(core);
        let scissors = peer.scissors.clone();
        return upgrade.on_upgrade(move |stream| socket::serve(core, stream, token, scissors));
    }
    match switches.bad_token_at_connect {
        BadToken::RejectHandshake => http::json(400, &Refusal::TOKEN_EXPIRED.body()),
        BadToken::OpenThenFrame => upgrade.on_upgrade(socket::turn_away),
    }
}

fn dispatch(core: &Arc<Core>, from: IpAddr, call: &Call, switches: &PbxSwitches) -> Answer {
    if call.header("user-agent").is_none_or(str::is_empty) {
        return Err(invalid("User-Agent"));
    }
    if switches.ip_forbidden {
        return Err(refusal(70087, "IP FORBIDDEN"));
    }
    let Some(name) = call.path.strip_prefix(BASE) else { return Err(unknown_interface()) };
    if switches.unknown_interfaces.iter().any(|unknown| unknown == name) {
        return Err(unknown_interface());
    }
    let post = call.method == "POST";
    let body = if post { call.json() } else { Value::Null };
    if post && !body.is_object() {
        return Err(invalid("body"));
    }
    match (name, post) {
        ("get_token", true) => return get_token(core, from, &body, switches),
        ("refresh_token", true) => {
            let token =
                body.get("refresh_token").and_then(Value::as_str).ok_or_else(|| invalid("refresh_token"))?;
            let answer = lock(&core.tokens).refresh(from, token, switches);
            core.tokens_touched();
            return answer.map_err(|refusal| blocked_body(refusal, switches));
        }
        _ => {}
    }
    // The token travels in the query only; a Bearer header is ignored.
    let token = call.parameter("access_token").unwrap_or_default();
    if !lock(&core.tokens).is_valid(token) {
        return Err(Refusal::TOKEN_EXPIRED.body());
    }
    if (name, post) == ("del_token", false) {
        let answer = lock(&core.tokens).delete(token);
        core.tokens_touched();
        return answer.map(|()| success()).map_err(Refusal::body);
    }
    if let Some(code) = switches.refusals.get(name) {
        return Err(refusal(*code, "FAILURE"));
    }
    if let Some(name) = name.strip_prefix("call/") {
        return call_api::answer(core, name, post, call, &body, switches).unwrap_or(Err(unknown_interface()));
    }
    if let Some(answer) = lock(&core.contacts).answer(name, post, call, &body) {
        return answer;
    }
    directory(core, name, post, call, &body, switches).unwrap_or(Err(unknown_interface()))
}

fn get_token(core: &Core, from: IpAddr, body: &Value, switches: &PbxSwitches) -> Answer {
    let text = |name: &str| body.get(name).and_then(Value::as_str).ok_or_else(|| invalid(name));
    let right = text("username")? == CLIENT_ID && text("password")? == CLIENT_SECRET;
    let credentials = if right { Credentials::Right } else { Credentials::Wrong };
    let answer = lock(&core.tokens).get(from, credentials, switches);
    core.tokens_touched();
    answer.map_err(|refusal| blocked_body(refusal, switches))
}

fn blocked_body(refusal: Refusal, switches: &PbxSwitches) -> Value {
    let mut body = refusal.body();
    if refusal == Refusal::BLOCKED
        && let Some(body) = body.as_object_mut()
    {
        body.insert("block_expire_time".to_owned(), json!(switches.lockout_seconds));
    }
    body
}

/// Cuts a list to the page asked for and wraps it as the PBX does.
pub(crate) fn page(call: &Call, mut rows: Vec<Value>, key: &str) -> Answer {
    let (skipped, size) = paging(call)?;
    if let Some(sort) = call.parameter("sort_by") {
        let sort = if sort == "time" { "timestamp" } else { sort };
        rows.sort_by_key(|row| sort_key(row.get(sort)));
    }
    match call.parameter("order_by") {
        None | Some("asc") => {}
        Some("desc") => rows.reverse(),
        Some(_) => return Err(invalid("order_by")),
    }
    let total = rows.len();
    let rows: Vec<Value> = rows.into_iter().skip(skipped).take(size).collect();
    Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "total_number": total, key: rows }))
}

/// How many rows are before the page that is asked for, and how many are on it.
pub(crate) fn paging(call: &Call) -> Result<(usize, usize), Value> {
    let number = |name: &str, default: usize| match call.parameter(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().ok().filter(|value| *value > 0).ok_or_else(|| invalid(name)),
    };
    let (page, size) = (number("page", 1)?, number("page_size", DEFAULT_PAGE)?);
    if size > DEFAULT_PAGE {
        return Err(invalid("page_size"));
    }
    Ok(((page - 1).saturating_mul(size), size))
}

fn sort_key(value: Option<&Value>) -> (i64, String) {
    match value {
        Some(Value::Number(number)) => (number.as_i64().unwrap_or_default(), String::new()),
        Some(Value::String(text)) => (0, text.clone()),
        _ => (0, String::new()),
    }
}

/// One row by `id`, or several by `ids`.
fn by_id(call: &Call, rows: Vec<Value>) -> Answer {
    let id = call.parameter("id").ok_or_else(|| invalid("id"))?;
    let wanted = |row: &Value| row.get("id").and_then(Value::as_i64) == id.parse().ok();
    let row = rows.into_iter().find(wanted).ok_or_else(not_found)?;
    Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "data": row }))
}

fn by_ids(call: &Call, rows: Vec<Value>) -> Answer {
    let ids: Vec<&str> = call.parameter("ids").ok_or_else(|| invalid("ids"))?.split(',').collect();
    let wanted = |row: &Value| row.get("id").is_some_and(|value| ids.contains(&value.to_string().as_str()));
    let rows: Vec<Value> = rows.into_iter().filter(wanted).collect();
    if rows.is_empty() {
        Err(not_found())
    } else {
        Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "data": rows }))
    }
}

fn directory(
    core: &Core,
    name: &str,
    post: bool,
    call: &Call,
    body: &Value,
    switches: &PbxSwitches,
) -> Option<Answer> {
    if post {
        return match name {
            "trunk_status_monitor/update" => Some(set_trunk_monitor(core, body)),
            "extension_status_monitor/update" => Some(set_extension_monitor(core, body)),
            "queue/agent_login" | "queue/agent_pause" => Some(Ok(success())),
            _ => None,
        };
    }
    let exchange = lock(&core.exchange);
    let directory = &exchange.directory;
    Some(match name {
        "extension/list" => page(call, directory.extension_rows(), "data"),
        "extension/search" => {
            let wanted = call.parameter("search_value").unwrap_or_default().to_lowercase();
            let fits = |row: &Value| {
                ["number", "caller_id_name", "email_addr"].iter().any(|key| {
                    row.get(*key)
                        .and_then(Value::as_str)
                        .is_some_and(|text| text.to_lowercase().contains(&wanted))
                })
            };
            page(call, directory.extension_rows().into_iter().filter(fits).collect(), "data")
        }
        "extension/get" => by_id(call, directory.extension_rows()),
        "extension/query" => by_ids(call, directory.extension_rows()),
        // QUIRK(yeastar): this one list has a key of its own.
        "queue/list" => page(call, directory.queue_rows(), "queue_list"),
        "queue/query" => by_ids(call, directory.queue_rows()),
        "queue/agent_status" => page(call, directory.extension_rows(), "data"),
        "queue/call_status" => queue_calls(&exchange, call),
        "ringgroup/list" => page(call, directory.ring_group_rows(), "data"),
        "ringgroup/get" => by_id(call, directory.ring_group_rows()),
        "ivr/list" => page(call, directory.ivr_rows(), "data"),
        "ivr/get" => by_id(call, directory.ivr_rows()),
        "trunk/list" => page(call, vec![json!({ "id": 1, "name": directory.trunk, "status": 1 })], "data"),
        "system/information" => Ok(information(&directory.serial, switches)),
        "system/capacity" => Ok(json!({
            "errcode": 0, "errmsg": "SUCCESS",
            "data": { "max_extensions": 50, "extensions": directory.extensions.len(), "max_concurrent_calls": 25 },
        })),
        "system/get_menuoptions" => Ok(json!({
            "errcode": 0, "errmsg": "SUCCESS",
            "data": { "extension_list": directory.extension_rows(), "queue_list": directory.queue_rows(),
                "trunk_list": [{ "id": 1, "name": directory.trunk }] },
        })),
        "trunk_status_monitor/list" => {
            let shown = i32::from(switches.trunk_monitor == TrunkMonitor::Full);
            let control = i32::from(switches.control_inbound);
            let row = json!({
                "trunk_id": 1, "name": directory.trunk, "enb_call_status": shown,
                "enb_control_inbound_call": control,
            });
            Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "trunk_monitor_list": [row] }))
        }
        "extension_status_monitor/list" => {
            let on = i32::from(switches.extension_monitor);
            let row = |number: &str| json!({ "number": number, "enb_registration": on, "enb_call_status": on, "enb_presence": on });
            let rows: Vec<Value> = directory.extensions.iter().map(|e| row(&e.number)).collect();
            Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "extension_monitor_list": rows }))
        }
        "cdr/list" => {
            page(call, exchange.records.iter().map(|record| record.row(switches)).collect(), "data")
        }
        "cdr/search" => search_records(&exchange, call, switches),
        "recording/list" | "recording/search" => {
            let rows = exchange.records.iter().filter(|record| !record.recording.is_empty());
            let uid = call.parameter("uid");
            let rows = rows.filter(|record| uid.is_none_or(|uid| record.uid == uid));
            page(call, rows.map(|record| record.recording_row(switches)).collect(), "data")
        }
        "recording/download" => download_link(core, &exchange, call),
        _ => return None,
    })
}

fn set_trunk_monitor(core: &Core, body: &Value) -> Answer {
    let row = body
        .get("trunk_monitor_list")
        .and_then(Value::as_array)
        .and_then(|rows| rows.first())
        .ok_or_else(|| invalid("trunk_monitor_list"))?;
    let flag = |name: &str| row.get(name).and_then(Value::as_i64);
    let mut switches = lock(&core.switches);
    if let Some(on) = flag("enb_call_status") {
        switches.trunk_monitor = if on == 1 { TrunkMonitor::Full } else { TrunkMonitor::MembersMissing };
    }
    if let Some(on) = flag("enb_control_inbound_call") {
        switches.control_inbound = on == 1;
    }
    Ok(success())
}

fn set_extension_monitor(core: &Core, body: &Value) -> Answer {
    let row = body
        .get("extension_monitor_list")
        .and_then(Value::as_array)
        .and_then(|rows| rows.first())
        .ok_or_else(|| invalid("extension_monitor_list"))?;
    let on = row.get("enb_call_status").and_then(Value::as_i64).unwrap_or(1) == 1;
    lock(&core.switches).extension_monitor = on;
    Ok(success())
}

fn queue_calls(exchange: &super::Exchange, call: &Call) -> Answer {
    let queue = call.parameter("queue_id").ok_or_else(|| invalid("queue_id"))?;
    let number = exchange
        .directory
        .queues
        .iter()
        .find(|row| row.id.to_string() == queue)
        .map(|row| row.number.clone())
        .ok_or_else(not_found)?;
    let calls: Vec<_> = exchange.calls.iter().filter(|live| live.group.as_deref() == Some(&number)).collect();
    let answered = |live: &super::calls::Call| {
        live.find(|leg| leg.role == super::calls::Role::Callee && leg.status.is_connected()).is_some()
    };
    let row = |live: &&super::calls::Call| json!({ "call_id": live.id, "caller_number": live.from });
    let active: Vec<Value> = calls.iter().filter(|live| answered(live)).map(row).collect();
    let ringing: Vec<Value> = calls.iter().filter(|live| !answered(live)).map(row).collect();
    // QUIRK(yeastar): an idle queue answers "not found" and still sends the whole skeleton.
    let (code, text) = if calls.is_empty() { (60001, "DATA NOT FOUND") } else { (0, "SUCCESS") };
    Ok(json!({
        "errcode": code, "errmsg": text, "waiting_list": [], "waiting_calls": 0,
        "active_calls": active.len(), "active_list": active,
        "ringing_calls": ringing.len(), "ringing_list": ringing,
    }))
}

fn information(serial: &str, switches: &PbxSwitches) -> Value {
    let now = Timestamp::now();
    let now = now.checked_add(SignedDuration::from_secs(switches.clock_ahead_seconds)).unwrap_or(now);
    let format = format!("{} {}", switches.date_format, switches.time_format);
    json!({
        "errcode": 0, "errmsg": "SUCCESS",
        "data": {
            "device_name": "Simulated PBX", "model_name": "P560", "sn": serial, "hardware_version": "V1.00",
            "firmware_version": switches.firmware, "up_time": 86_400,
            "system_time": pbx_time(now, switches.utc_offset_minutes, &format),
            "system_date_format": switches.date_format, "system_time_format": switches.time_format,
            "timestamp": now.as_second(),
        },
    })
}

fn search_records(exchange: &super::Exchange, call: &Call, switches: &PbxSwitches) -> Answer {
    let format = format!("{} {}", switches.date_format, switches.time_format);
    let moment = |name: &str| match call.parameter(name) {
        None => Ok(None),
        Some(text) => {
            let read = match switches.cdr_time {
                CdrTime::Epoch => text.parse().ok().and_then(|at| Timestamp::from_second(at).ok()),
                CdrTime::Format => parse_pbx_time(text, switches.utc_offset_minutes, &format),
            };
            read.map(Some).ok_or_else(|| {
                json!({
                    "errcode": 40002, "errmsg": "PARAMETER ERROR",
                    "invalid_param_list": [{ "value": name, "validation_type": "datetime" }],
                })
            })
        }
    };
    let (from, until) = (moment("start_time")?, moment("end_time")?);
    let text = |name: &str| call.parameter(name).filter(|text| !text.is_empty());
    let rows = exchange
        .records
        .iter()
        .filter(|record| from.is_none_or(|from| record.time >= from))
        .filter(|record| until.is_none_or(|until| record.time <= until))
        .filter(|record| text("call_from").is_none_or(|number| record.from == number))
        .filter(|record| text("call_to").is_none_or(|number| record.to == number))
        .filter(|record| text("status").is_none_or(|status| record.status == status))
        .filter(|record| text("did").is_none_or(|did| did.split(':').next() == Some(record.did.as_str())))
        .map(|record| record.row(switches))
        .collect();
    page(call, rows, "data")
}

fn download_link(core: &Core, exchange: &super::Exchange, call: &Call) -> Answer {
    let record = exchange
        .records
        .iter()
        .filter(|record| !record.recording.is_empty())
        .find(|record| match (call.parameter("id"), call.parameter("file")) {
            (Some(id), _) => record.id.to_string() == id,
            (None, Some(file)) => record.recording == file,
            (None, None) => false,
        })
        .ok_or_else(not_found)?;
    let path = lock(&core.contacts).link(&record.recording);
    Ok(json!({
        "errcode": 0, "errmsg": "SUCCESS", "file": record.recording, "download_resource_url": path,
    }))
}

/// The file behind a link, for thirty minutes.
fn recording(core: &Core, call: &Call, file: &str) -> Response {
    if !lock(&core.tokens).is_valid(call.parameter("access_token").unwrap_or_default()) {
        return http::json(200, &Refusal::TOKEN_EXPIRED.body());
    }
    if !lock(&core.contacts).link_works(file) {
        return http::json(200, &not_found());
    }
    // One second of silence, 8 kHz, 8 bit, mono.
    let mut wave = Vec::with_capacity(8044);
    wave.extend_from_slice(
        b"RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data",
    );
    wave.extend_from_slice(&8000_u32.to_le_bytes());
    wave.resize(8044, 0x80);
    http::with_type(200, "audio/wav", wave)
}
