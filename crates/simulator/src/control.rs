//! Owns the control port: the JSON by which people and scripts drive the simulator, and the page itself.
//! Other web pages must not be able to: every request is checked for where it comes from.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_stream::wrappers::{BroadcastStream, WatchStream};

use crate::desk::{Desk, Fault};
use crate::http::{self, Call};
use crate::journal::Journal;
use crate::net::lock;
use crate::pbx::{Act, CallIn, Mute, Pbx, Registration, SCENARIOS, Told};
use crate::{Ports, Urls};

const PAGE: &str = include_str!("../page/index.html");
const ASSETS: [(&str, &str, &str); 4] = [
    ("/app.js", "text/javascript;charset=UTF-8", include_str!("../page/app.js")),
    ("/words.js", "text/javascript;charset=UTF-8", include_str!("../page/words.js")),
    ("/switches.js", "text/javascript;charset=UTF-8", include_str!("../page/switches.js")),
    ("/style.css", "text/css;charset=UTF-8", include_str!("../page/style.css")),
];
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone)]
struct Control {
    pbx: Pbx,
    desk: Desk,
    journal: Arc<Journal>,
    ports: Weak<Ports>,
    urls: Arc<Urls>,
}

pub(crate) fn router(pbx: Pbx, desk: Desk, journal: Arc<Journal>, ports: Weak<Ports>, urls: Urls) -> Router {
    let control = Control { pbx, desk, journal, ports, urls: Arc::new(urls) };
    Router::new().fallback(answer).with_state(control)
}

async fn answer(State(control): State<Control>, request: Request) -> Response {
    if let Err(reason) = admit(request.method().as_str(), request.headers()) {
        return http::json(403, &json!({ "error": reason }));
    }
    if request.method() == "GET" && request.uri().path() == "/control/events" {
        return control.events();
    }
    let call = Call::read(request).await;
    if let Some(response) = asset(&call) {
        return response;
    }
    match control.perform(&call).await {
        Ok(Some(body)) => http::json(200, &body),
        Ok(None) => http::json(404, &json!({ "error": "no such control" })),
        Err(error) => http::json(422, &json!({ "error": format!("{error:#}") })),
    }
}

/// True for the names this computer has for itself.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

/// A foreign page can send requests here, and with a rebound name even read answers: `Host` must be
/// loopback, `Origin` must be this very origin, and writes must be JSON, which needs a preflight.
fn admit(method: &str, headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).ok_or("a Host header is needed")?;
    if !is_loopback(host) {
        return Err("the Host must be loopback");
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let same = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://")) == Some(host);
        if !same {
            return Err("only the page of this simulator may do that");
        }
    }
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
        && method != "GET"
    {
        return Err("only the page of this simulator may do that");
    }
    match method {
        "GET" | "HEAD" => Ok(()),
        "POST" | "PATCH" => {
            let json = text(header::CONTENT_TYPE).is_some_and(|kind| {
                kind.split(';')
                    .next()
                    .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
            });
            if json { Ok(()) } else { Err("Content-Type: application/json is needed") }
        }
        _ => Err("this method is not used here"),
    }
}

fn asset(call: &Call) -> Option<Response> {
    if call.method != "GET" {
        return None;
    }
    let mut response = match call.path.as_str() {
        "/" => http::html(200, PAGE),
        path => {
            let (_, kind, body) = ASSETS.iter().find(|(name, _, _)| *name == path)?;
            http::with_type(200, kind, *body)
        }
    };
    let head = response.headers_mut();
    head.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    head.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    head.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}

fn field<'a>(body: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    body.get(name).and_then(Value::as_str).with_context(|| format!("\"{name}\" is needed"))
}

fn owned(body: &Value, name: &str) -> anyhow::Result<String> {
    field(body, name).map(str::to_owned)
}

fn done() -> anyhow::Result<Option<Value>> {
    Ok(Some(json!({ "done": true })))
}

impl Control {
    /// Server-sent events: `line` for each log line, `state` whenever the state may have changed.
    fn events(&self) -> Response {
        let lines = BroadcastStream::new(self.journal.feed())
            .filter_map(|line| async move { line.ok() })
            .map(|line| Event::default().event("line").data(line));
        let states = WatchStream::new(self.journal.changes())
            .map(|change| Event::default().event("state").data(change.to_string()));
        let both = tokio_stream::StreamExt::merge(lines, states).map(Ok::<Event, Infallible>);
        Sse::new(both).keep_alive(KeepAlive::default()).into_response()
    }

    async fn perform(&self, call: &Call) -> anyhow::Result<Option<Value>> {
        let body = call.json();
        let path: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        let get = call.method == "GET";
        let post = call.method == "POST";
        let patch = call.method == "PATCH";
        match path.as_slice() {
            ["control", "state"] if get => Ok(Some(self.state())),
            ["control", "lines"] if get => Ok(Some(json!(self.journal.lines()))),
            ["control", "writes"] if get => Ok(Some(json!(self.desk.writes()))),
            ["control", "requests"] if get => {
                let side = call.parameter("side");
                let wanted = self.journal.requests(|request| side.is_none_or(|side| request.side == side));
                Ok(Some(json!(wanted)))
            }
            ["control", "forget"] if post => {
                self.journal.forget();
                lock(&self.desk.core.writes).clear();
                done()
            }
            ["control", "calls"] if post => self.start_call(&body).await,
            ["control", "calls"] if get => Ok(Some(self.calls())),
            ["control", "calls", id, act] if post => {
                let act = read_act(act, &body)?;
                let Some(act) = act else { return Ok(None) };
                Ok(Some(json!({ "call_id": self.pbx.core.act(id, &act)? })))
            }
            ["control", "scenarios"] if get => Ok(Some(json!(SCENARIOS))),
            ["control", "scenarios", name] if post => self.play(name, &body),
            ["control", "pbx", "switches"] if get => Ok(Some(json!(self.pbx.switches()))),
            ["control", "pbx", "switches"] if patch => {
                let changed = serde_json::from_value(patched(json!(self.pbx.switches()), &body))?;
                self.pbx.set(|switches| *switches = changed);
                Ok(Some(json!(self.pbx.switches())))
            }
            ["control", "desk", "switches"] if get => Ok(Some(json!(self.desk.switches()))),
            ["control", "desk", "switches"] if patch => {
                let changed = serde_json::from_value(patched(json!(self.desk.switches()), &body))?;
                self.desk.set(|switches| *switches = changed);
                Ok(Some(json!(self.desk.switches())))
            }
            ["control", "desk", "faults"] if post => {
                let fault: Fault = serde_json::from_value(body.get("fault").cloned().unwrap_or_default())
                    .context("\"fault\" is not one I know")?;
                let count = body.get("count").and_then(Value::as_u64).unwrap_or(1).min(10_000);
                self.desk.fault_next(usize::try_from(count)?, fault);
                done()
            }
            ["control", "desk", "records", module] if get => Ok(Some(json!(self.desk.records(module)))),
            ["control", "desk", "records", module] if post => {
                let id = match *module {
                    "contacts" => self.desk.add_contact(body),
                    "accounts" => self.desk.add_account(body),
                    "tickets" => self.desk.add_ticket(body),
                    "agents" => self.desk.add_agent(body),
                    _ => return Ok(None),
                };
                Ok(Some(json!({ "id": id })))
            }
            ["control", "pbx", act] if post => self.pbx_act(act, &body).await,
            ["control", "desk", act] if post => self.desk_act(act).await,
            _ => Ok(None),
        }
    }

    fn calls(&self) -> Value {
        let exchange = lock(&self.pbx.core.exchange);
        let rows: Vec<Value> = exchange
            .calls
            .iter()
            .map(|call| {
                let parties: Vec<Value> = call
                    .legs
                    .iter()
                    .map(|leg| {
                        json!({
                            "extension": leg.extension(), "status": leg.status.word(), "channel": leg.channel,
                            "trunk": leg.is_trunk(),
                        })
                    })
                    .collect();
                json!({
                    "id": call.id, "direction": call.direction.word().to_lowercase(), "from": call.from,
                    "to": call.to, "started": call.started.to_string(), "group": call.group,
                    "consults": call.consults.as_ref().map(|(of, _)| of), "waiting": call.waiting_for,
                    "voicemail": call.voicemail, "parties": parties,
                })
            })
            .collect();
        json!(rows)
    }

    fn state(&self) -> Value {
        let open = |port: fn(&Ports) -> &crate::net::Port| {
            self.ports.upgrade().is_some_and(|ports| port(&ports).is_open())
        };
        let (extensions, queues, groups, ivrs) = {
            let exchange = lock(&self.pbx.core.exchange);
            let directory = &exchange.directory;
            let pair = |number: &str, name: &str| json!({ "number": number, "name": name });
            (
                directory.extensions.iter().map(|row| pair(&row.number, &row.name)).collect::<Vec<_>>(),
                directory.queues.iter().map(|row| pair(&row.number, &row.name)).collect::<Vec<_>>(),
                directory.ring_groups.iter().map(|row| pair(&row.number, &row.name)).collect::<Vec<_>>(),
                directory.ivrs.iter().map(|row| pair(&row.number, &row.name)).collect::<Vec<_>>(),
            )
        };
        let people = self.desk.records("contacts");
        let people: Vec<Value> = people
            .iter()
            .filter_map(|row| {
                let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
                let number = if text("phone").is_empty() { text("mobile") } else { text("phone") };
                let name = format!("{} {}", text("firstName"), text("lastName"));
                (!number.is_empty()).then(|| {
                    json!({ "id": text("id"), "name": name.trim(), "number": number, "web_url": text("webUrl") })
                })
            })
            .collect();
        json!({
            "urls": {
                "pbx": self.urls.pbx, "accounts": self.urls.accounts, "desk": self.urls.desk,
                "control": self.urls.control,
            },
            "pbx": {
                "open": open(|ports| &ports.pbx), "sockets": self.pbx.sockets(),
                "subscribed": self.pbx.subscribed_sockets(), "tokens": self.pbx.live_tokens(),
                "blocked": self.pbx.blocked(), "muted": self.pbx.muted(), "frames_sent": self.pbx.frames_sent(),
                "extensions": extensions, "queues": queues, "ring_groups": groups, "ivrs": ivrs,
                "switches": self.pbx.switches(),
            },
            "desk": {
                "open": open(|ports| &ports.desk), "access_tokens": self.desk.live_access_tokens(),
                "searches": self.desk.searches(), "most_in_flight": self.desk.most_in_flight(),
                "planned_faults": self.desk.planned_faults(), "writes": self.desk.writes().len(),
                "people": people, "switches": self.desk.switches(),
            },
            "calls": self.calls(),
        })
    }

    async fn start_call(&self, body: &Value) -> anyhow::Result<Option<Value>> {
        let (from, to) = (field(body, "from")?, field(body, "to")?);
        let id = match field(body, "direction")? {
            "inbound" => {
                let optional = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
                self.pbx.start_call_in(&CallIn {
                    from: from.to_owned(),
                    to: to.to_owned(),
                    did: optional("did"),
                    trunk: optional("trunk"),
                })?
            }
            "outbound" => self.pbx.call_out(from, to).await,
            "internal" => {
                self.pbx.core.work(|exchange, switches| exchange.call_internal(from, to, switches))?
            }
            "dial" => self.pbx.dial(from, to).await,
            other => bail!("{other} is no direction"),
        };
        Ok(Some(json!({ "call_id": id })))
    }

    /// Starts a scenario and does not wait for its end.
    fn play(&self, name: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        if !SCENARIOS.contains(&name) {
            return Ok(None);
        }
        let number = body.get("number").and_then(Value::as_str).unwrap_or("+12125550147").to_owned();
        let pause = body.get("pause_ms").and_then(Value::as_u64).unwrap_or(1500).min(60_000);
        let (pbx, name) = (self.pbx.clone(), name.to_owned());
        tokio::spawn(async move {
            // Somebody may hang up on the page meanwhile; the play then simply ends.
            if let Err(error) = pbx.play(&name, &number, Duration::from_millis(pause)).await {
                tracing::info!("scenario {name} ended early: {error:#}");
            }
        });
        done()
    }

    async fn pbx_act(&self, act: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        match act {
            "drop-sockets" => self.pbx.drop_sockets().await,
            "expire-tokens" => self.pbx.expire_access_tokens(),
            "revoke-everything" => self.pbx.revoke_everything(),
            "unblock" => self.pbx.unblock(),
            "mute" => {
                let mute: Mute = serde_json::from_value(body.get("mute").cloned().unwrap_or_default())?;
                self.pbx.mute(mute);
            }
            "send" => self.pbx.send(field(body, "frame")?).await,
            "send-event" => {
                let kind = body.get("type").and_then(Value::as_i64).context("\"type\" is needed")?;
                self.pbx.send_event(kind, body.get("msg").cloned().unwrap_or_default()).await;
            }
            "register" => {
                let online = body.get("registered").and_then(Value::as_bool).unwrap_or(true);
                let state = if online { Registration::Registered } else { Registration::Unregistered };
                self.pbx.register(field(body, "extension")?, state).await;
            }
            "presence" => self.pbx.presence(field(body, "extension")?, field(body, "status")?).await,
            "storm" => {
                let number = |name: &str, default: u64, most: u64| {
                    u32::try_from(body.get(name).and_then(Value::as_u64).unwrap_or(default).min(most))
                };
                let (rate, seconds) = (number("frames_per_second", 200, 10_000)?, number("seconds", 5, 600)?);
                let pbx = self.pbx.clone();
                tokio::spawn(async move { pbx.storm(rate, seconds).await });
            }
            "stop" => {
                if let Some(ports) = self.ports.upgrade() {
                    ports.pbx.close().await;
                    self.journal.touch();
                }
            }
            "start" => {
                if let Some(ports) = self.ports.upgrade() {
                    ports.pbx.open().await?;
                    self.journal.touch();
                }
            }
            _ => return Ok(None),
        }
        done()
    }

    async fn desk_act(&self, act: &str) -> anyhow::Result<Option<Value>> {
        match act {
            "expire-tokens" => self.desk.expire_access_tokens(),
            "revoke" => self.desk.revoke(),
            "index-now" => self.desk.index_now(),
            "clear-faults" => self.desk.clear_faults(),
            "stop" => {
                if let Some(ports) = self.ports.upgrade() {
                    ports.desk.close().await;
                    ports.accounts.close().await;
                    self.journal.touch();
                }
            }
            "start" => {
                if let Some(ports) = self.ports.upgrade() {
                    ports.desk.open().await?;
                    ports.accounts.open().await?;
                    self.journal.touch();
                }
            }
            _ => return Ok(None),
        }
        done()
    }
}

/// The switches with the keys of `change` put over them.
fn patched(mut switches: Value, change: &Value) -> Value {
    if let (Some(switches), Some(change)) = (switches.as_object_mut(), change.as_object()) {
        switches.extend(change.clone());
    }
    switches
}

fn read_act(name: &str, body: &Value) -> anyhow::Result<Option<Act>> {
    Ok(Some(match name {
        "ring" => Act::Ring { extension: owned(body, "extension")? },
        "stop-ringing" => Act::StopRinging { extension: owned(body, "extension")? },
        "answer" => Act::Answer { extension: owned(body, "extension")? },
        "ivr-answer" => Act::IvrAnswer { ivr: owned(body, "ivr")? },
        "remote-ring" => Act::RemoteRing,
        "remote-early-media" => Act::RemoteEarlyMedia,
        "remote-answer" => Act::RemoteAnswer,
        "remote-fails" => {
            let reason = body.get("reason").and_then(Value::as_str).unwrap_or("486 Busy Here").to_owned();
            Act::RemoteFails { reason }
        }
        "hold" => Act::Hold { extension: owned(body, "extension")? },
        "resume" => Act::Resume { extension: owned(body, "extension")? },
        "hangup" => Act::HangUp { who: owned(body, "who")? },
        "voicemail" => Act::Voicemail,
        "pickup" => Act::PickUp { by: owned(body, "by")? },
        "forward" => Act::Forward { from: owned(body, "from")?, to: owned(body, "to")? },
        "transfer" => {
            let (by, to) = (owned(body, "by")?, owned(body, "to")?);
            match body.get("type").and_then(Value::as_str).unwrap_or("blind") {
                "attended" => Act::AttendedTransfer { by, to },
                _ => Act::BlindTransfer { by, to, told: Told::ByEvent },
            }
        }
        "complete-transfer" => Act::CompleteTransfer { by: owned(body, "by")? },
        "cancel-transfer" => Act::CancelTransfer { by: owned(body, "by")? },
        "conference" => {
            let list =
                body.get("extensions").and_then(Value::as_array).context("\"extensions\" is needed")?;
            let extensions = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            Act::Conference { extensions }
        }
        "accept-inbound" => Act::AcceptInbound,
        "refuse-inbound" => Act::RefuseInbound,
        "let-time-pass" => {
            Act::LetTimePass { seconds: body.get("seconds").and_then(Value::as_i64).unwrap_or(60) }
        }
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_the_own_page_and_local_scripts_may_control_the_simulator() {
        let json = ("content-type", "application/json");
        let host = ("host", "127.0.0.1:18080");
        assert!(admit("POST", &headers(&[host, json])).is_ok(), "a script sends no Origin");
        assert!(admit("POST", &headers(&[host, json, ("origin", "http://127.0.0.1:18080")])).is_ok());
        for origin in ["https://evil.example.com", "http://127.0.0.1:9", "http://localhost:18080", "null"] {
            let mut all = headers(&[host, json]);
            all.insert(header::ORIGIN, HeaderValue::from_static(origin));
            assert!(admit("POST", &all).is_err(), "{origin}");
        }
    }

    #[test]
    fn a_rebound_name_and_a_plain_form_are_refused() {
        let json = ("content-type", "application/json");
        assert!(admit("GET", &headers(&[("host", "evil.example.com")])).is_err());
        assert!(admit("GET", &headers(&[("host", "127.0.0.1.evil.example.com:18080")])).is_err());
        assert!(admit("GET", &headers(&[])).is_err());
        let host = ("host", "localhost:18080");
        assert!(admit("POST", &headers(&[host, ("content-type", "text/plain")])).is_err());
        assert!(admit("POST", &headers(&[host])).is_err());
        assert!(admit("PATCH", &headers(&[host, json])).is_ok());
        assert!(admit("DELETE", &headers(&[host, json])).is_err());
    }
}
