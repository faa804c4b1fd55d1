//! The PBX's interface as an agent's app knows it, for one extension.
//!
//! Owns: every endpoint there is, and whether this agent may use it so. What is not here is refused as a PBX refuses
//! what it does not know. Must not know: how the PBX is asked, how a socket is served.
//!
//! Source of the shapes: Yeastar developer guide, as the client in `deskring-yeastar` reads them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension as Of, Path, Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use deskring_redact::{ExposeSecret, Secret};
use deskring_yeastar::{Address, AutoAnswer, Dial, Error, Invitation, Note, Retry, Transfer};
use serde_json::{Map, Value, json};

use crate::book::Reach;
use crate::config::Directory;
use crate::guard::Guard;
use crate::hub::Hub;
use crate::lease::Lease;
use crate::metrics::Metrics;
use crate::socket;
use crate::state::{ACCESS, ClientId, Holder, Pair, REFRESH, Refused, State};
use crate::upstream::Upstream;
use crate::wall_seconds as now;
use crate::writer::Slot;

/// A body larger than this is none of ours.
pub(crate) const BODY_LIMIT_BYTES: usize = 64 << 10;
/// A number longer than this is none.
const NUMBER_LIMIT: usize = 64;
const ROWS_AT_MOST: usize = 10_000;

/// What the requests work with.
pub(crate) struct Gateway {
    pub(crate) lease: Lease,
    pub(crate) state: State,
    pub(crate) hub: Hub,
    pub(crate) upstream: Upstream,
    pub(crate) guard: Guard,
    pub(crate) metrics: Arc<Metrics>,
    /// What writes to Desk for everybody, while it is our turn.
    pub(crate) writer: Slot,
    /// Addresses that agents use.
    pub(crate) public: Vec<Address>,
    /// What agents learn of each other, and of customers.
    pub(crate) directory: Directory,
}

/// Where a request came from, after trusted proxies.
#[derive(Clone, Copy)]
pub(crate) struct From(pub(crate) IpAddr);

pub(crate) type Asked = BTreeMap<String, String>;
pub(crate) type Answer = Result<Value, Refusal>;

/// Why a request is not answered with what it asked for.
pub(crate) enum Refusal {
    /// In the PBX's envelope.
    Code(i64, &'static str, Value),
    /// As the PBX put it.
    OfPbx(i64, String),
    /// Nothing that looks like an answer: the PBX may have acted, and the app must look before it tries again.
    Unknown,
    /// Nor that: nothing was done, and tokens are as good as before.
    Unavailable,
}

const EXPIRED: Refusal = Refusal::Code(10004, "TOKEN EXPIRED", Value::Null);
const NO_SUCH: Refusal = Refusal::Code(10001, "INTERFACE NOT EXISTED", Value::Null);
pub(crate) const NOT_FOUND: Refusal = Refusal::Code(60001, "DATA NOT FOUND", Value::Null);

/// Everything agents may ask for.
pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/openapi/v1.0/subscribe", routing::get(subscribe))
        .route("/openapi/v1.0/{*endpoint}", routing::get(answer).post(answer))
        .route(Invitation::ENDPOINT, routing::post(enroll))
        .with_state(gateway)
}

async fn subscribe(
    Shared(gateway): Shared<Arc<Gateway>>,
    Query(query): Query<Asked>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let looked_up = Instant::now();
    match gateway.holder(&query).await {
        Ok(holder) => socket::accept(gateway, holder, looked_up, upgrade),
        Err(refusal) => refusal.into_response(),
    }
}

async fn answer(
    Shared(gateway): Shared<Arc<Gateway>>,
    Of(from): Of<From>,
    Path(endpoint): Path<String>,
    Query(query): Query<Asked>,
    method: axum::http::Method,
    body: Bytes,
) -> Response {
    let is_post = method == axum::http::Method::POST;
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    told(&gateway, gateway.answer(&endpoint, is_post, from.0, &query, &body).await)
}

/// The one question that no PBX knows.
async fn enroll(Shared(gateway): Shared<Arc<Gateway>>, Of(from): Of<From>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    told(&gateway, gateway.enroll(from.0, &body).await)
}

fn told(gateway: &Gateway, answer: Answer) -> Response {
    match answer {
        Ok(answer) => {
            gateway.metrics.answered.inc();
            envelope(&answer)
        }
        Err(refusal) => {
            gateway.metrics.refused.inc();
            refusal.into_response()
        }
    }
}

impl Gateway {
    async fn answer(
        &self,
        endpoint: &str,
        is_post: bool,
        from: IpAddr,
        query: &Asked,
        body: &Value,
    ) -> Answer {
        match (endpoint, is_post) {
            ("get_token", true) => return self.get_token(from, body).await,
            ("refresh_token", true) => return self.refresh_token(body).await,
            _ => {}
        }
        let holder = self.holder(query).await?;
        match (endpoint, is_post) {
            ("del_token", _) => {
                self.state.give_back(query.get("access_token").map_or("", String::as_str)).await?;
                Ok(success(json!({})))
            }
            ("call/query", false) => {
                let calls = self.hub.calls_of(&holder.extension);
                let asked = query.get("call_id");
                let calls = calls.iter().filter(|call| asked.is_none_or(|id| *id == call.id));
                // QUIRK(yeastar): when there is none, `data` is left out.
                let data: Vec<Value> = calls.map(deskring_yeastar::Call::encode).collect();
                Ok(success(if data.is_empty() { json!({}) } else { json!({ "data": data }) }))
            }
            ("call/dial", true) => self.dial(&holder, body).await,
            ("call/hangup" | "call/hold" | "call/unhold" | "call/mute" | "call/unmute", true) => {
                self.act(endpoint, &holder, body).await
            }
            ("call/transfer", true) => self.transfer(&holder, body).await,
            ("system/information", false) => self.information().await,
            ("deskring/note", true) => self.note(&holder, body).await,
            ("extension/list" | "extension/search" | "extension/query" | "extension/get", false) => {
                self.extensions(endpoint, query).await
            }
            ("queue/list", false) => self.features(endpoint, query).await,
            ("ringgroup/list" | "ivr/list", false) => self.features(endpoint, query).await,
            ("cdr/list" | "cdr/search", false) => self.call_log(endpoint, &holder, query).await,
            (
                "phonebook/list" | "company_contact/list" | "company_contact/search" | "company_contact/get",
                false,
            ) => self.read_contacts(endpoint, query).await,
            ("phonebook/create" | "company_contact/create" | "company_contact/update", true)
            | ("company_contact/delete", false) => self.write_contacts(endpoint, query, body).await,
            _ => Err(NO_SUCH),
        }
    }

    async fn holder(&self, query: &Asked) -> Result<Holder, Refusal> {
        let access = query.get("access_token").ok_or(EXPIRED)?;
        Ok(self.state.holder(access, now()).await?)
    }

    async fn get_token(&self, from: IpAddr, body: &Value) -> Answer {
        let client = ClientId(text(body, "username")?.to_owned());
        let secret = Secret::from(text(body, "password")?.to_owned());
        self.unlocked(from, &client)?;
        match self.state.grant(&client, &secret, now()).await {
            Ok((holder, pair)) => {
                self.guard.right(from, &client);
                if let Some(writer) = self.writer.get() {
                    writer.meet(&holder.extension);
                }
                Ok(tokens(&pair))
            }
            Err(Refused::Unknown) => {
                self.guard.wrong(from, &client, Instant::now());
                self.metrics.wrong_secrets.inc();
                tracing::warn!(%from, "wrong credentials");
                Err(Refusal::Code(40005, "INVALID CLIENT ID", Value::Null))
            }
            Err(Refused::TooMany) => Err(Refusal::Code(60002, "MAX LIMITATION EXCEEDED", Value::Null)),
            Err(refused @ Refused::Database(_)) => Err(refused.into()),
        }
    }

    fn unlocked(&self, from: IpAddr, client: &ClientId) -> Result<(), Refusal> {
        let Some(left) = self.guard.locked(from, client, Instant::now()) else { return Ok(()) };
        let left = json!({ "block_expire_time": left.as_secs() + 1 });
        Err(Refusal::Code(70004, "ACCOUNT IP BLOCKED", left))
    }

    /// A code that an administrator handed out becomes a credential. Wrong, used and old ones are told apart for nobody,
    /// and counted as wrong secrets are.
    async fn enroll(&self, from: IpAddr, body: &Value) -> Answer {
        // No credential is called so.
        let codes = ClientId(String::new());
        let code = text(body, "code")?;
        self.unlocked(from, &codes)?;
        let enrolled = self.state.enroll(code, now()).await.map_err(|error| {
            tracing::error!(%error, "the database failed");
            Refusal::Unavailable
        })?;
        let Some((extension, credentials)) = enrolled else {
            self.guard.wrong(from, &codes, Instant::now());
            self.metrics.wrong_secrets.inc();
            tracing::warn!(%from, "a code that is none any more");
            return Err(NOT_FOUND);
        };
        self.guard.right(from, &codes);
        let addresses: Vec<String> = self.public.iter().map(ToString::to_string).collect();
        Ok(success(json!({
            "client_id": credentials.client.0, "client_secret": credentials.secret.expose_secret(),
            "extension": extension.as_str(), "addresses": addresses,
        })))
    }

    async fn refresh_token(&self, body: &Value) -> Answer {
        let (_, pair) = self.state.renew(text(body, "refresh_token")?, now()).await?;
        Ok(tokens(&pair))
    }

    /// The caller is always the agent's own extension, and so is the permission.
    async fn dial(&self, holder: &Holder, body: &Value) -> Answer {
        let me = holder.extension.as_str();
        for name in ["caller", "dial_permission"] {
            let given = body.get(name).and_then(Value::as_str).filter(|given| !given.is_empty());
            if given.is_some_and(|given| given != me) || (given.is_none() && name == "caller") {
                return Err(invalid(name));
            }
        }
        let auto_answer = match body.get("auto_answer").and_then(Value::as_str) {
            None | Some("no" | "") => AutoAnswer::No,
            Some("yes") => AutoAnswer::Yes,
            Some(_) => return Err(invalid("auto_answer")),
        };
        let dial = Dial {
            caller: me.to_owned(),
            callee: number(body, "callee")?,
            permission: Some(me.to_owned()),
            auto_answer,
        };
        let call = self.upstream.pbx.dial(&dial).await?;
        if let Some(call) = &call {
            self.hub.dialed(call, &holder.extension);
        }
        Ok(success(json!({ "call_id": call })))
    }

    async fn act(&self, endpoint: &str, holder: &Holder, body: &Value) -> Answer {
        let channel = text(body, "channel_id")?;
        if self.hub.own(&holder.extension, channel) == Reach::No {
            return Err(NOT_FOUND);
        }
        let pbx = &self.upstream.pbx;
        match endpoint {
            "call/hangup" => pbx.hang_up(channel).await?,
            "call/hold" => pbx.hold(channel).await?,
            "call/unhold" => pbx.unhold(channel).await?,
            "call/mute" => pbx.mute(channel).await?,
            _ => pbx.unmute(channel).await?,
        }
        Ok(success(json!({})))
    }

    async fn transfer(&self, holder: &Holder, body: &Value) -> Answer {
        // Attended transfers need words of the PBX that nobody has written down.
        if text(body, "type")? != "blind" {
            return Err(invalid("type"));
        }
        let me = holder.extension.as_str();
        if body.get("dial_permission").and_then(Value::as_str).is_some_and(|given| given != me) {
            return Err(invalid("dial_permission"));
        }
        let moved = text(body, "channel_id")?;
        if self.hub.may_move(&holder.extension, moved) == Reach::No {
            return Err(NOT_FOUND);
        }
        let transfer =
            Transfer { moved: moved.to_owned(), number: number(body, "number")?, permission: me.to_owned() };
        self.upstream.pbx.transfer_blind(&transfer).await?;
        Ok(success(json!({})))
    }

    /// What the agent says of a call: no endpoint of a PBX's.
    async fn note(&self, holder: &Holder, body: &Value) -> Answer {
        let Some(writer) = self.writer.get() else { return Err(NO_SUCH) };
        let given = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let call = number(body, "call_id")?;
        let note = Note { call, disposition: given("disposition"), text: given("note") };
        if writer.note(&holder.extension, note).await {
            Ok(success(json!({})))
        } else {
            Err(Refusal::Unknown)
        }
    }

    async fn information(&self) -> Answer {
        let information = self.upstream.information().await?;
        Ok(success(json!({ "data": {
            "device_name": information.device_name, "model_name": information.model, "sn": information.serial,
            "firmware_version": information.firmware, "system_time": information.system_time,
            "timestamp": information.timestamp, "system_date_format": information.date_format,
            "system_time_format": information.time_format, "up_time": information.uptime_seconds,
        } })))
    }

    async fn extensions(&self, endpoint: &str, query: &Asked) -> Answer {
        let lists = self.upstream.lists().await?;
        let row = |extension: &deskring_yeastar::Extension| {
            let mobile = extension.mobile.clone().filter(|_| self.directory.mobile_numbers);
            deskring_yeastar::Extension { mobile, ..extension.clone() }.encode()
        };
        let mut rows = lists.extensions.iter().map(row);
        let id_is = |row: &Value, id: &str| row["id"].as_i64().is_some_and(|has| has.to_string() == id);
        let asked = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        match endpoint {
            "extension/list" => page(rows.collect(), query, "data"),
            "extension/search" => {
                let wanted = asked("search_value").to_lowercase();
                let fits = |row: &Value| {
                    let fields = ["number", "caller_id_name", "email_addr"];
                    fields.iter().any(|field| {
                        row[*field].as_str().is_some_and(|has| has.to_lowercase().contains(&wanted))
                    })
                };
                page(rows.filter(fits).collect(), query, "data")
            }
            "extension/query" => {
                let ids: Vec<&str> = asked("ids").split(',').map(str::trim).collect();
                page(rows.filter(|row| ids.iter().any(|id| id_is(row, id))).collect(), query, "data")
            }
            _ => {
                let row = rows.find(|row| id_is(row, asked("id"))).ok_or(NOT_FOUND)?;
                Ok(success(json!({ "data": row })))
            }
        }
    }

    async fn features(&self, endpoint: &str, query: &Asked) -> Answer {
        let lists = self.upstream.lists().await?;
        // QUIRK(yeastar): queues are under a name of their own.
        let (features, list) = match endpoint {
            "queue/list" => (&lists.queues, "queue_list"),
            "ringgroup/list" => (&lists.ring_groups, "data"),
            _ => (&lists.ivrs, "data"),
        };
        page(features.iter().map(deskring_yeastar::Feature::encode).collect(), query, list)
    }

    async fn call_log(&self, endpoint: &str, holder: &Holder, query: &Asked) -> Answer {
        let at = |name: &str| -> Result<Option<SystemTime>, Refusal> {
            let Some(given) = query.get(name).filter(|_| endpoint == "cdr/search") else { return Ok(None) };
            let seconds = given
                .parse()
                .map_err(|_| invalid(if name == "start_time" { "start_time" } else { "end_time" }))?;
            Ok(Some(UNIX_EPOCH + Duration::from_secs(seconds)))
        };
        let (since, until) = (at("start_time")?.unwrap_or(UNIX_EPOCH), at("end_time")?);
        let rows = self.upstream.log_of(&holder.extension, since).await?;
        let is = |has: &Option<String>, name: &str| {
            query.get(name).is_none_or(|wanted| has.as_ref() == Some(wanted))
        };
        let mut rows: Vec<&deskring_yeastar::LoggedCall> = rows
            .iter()
            .filter(|row| until.is_none_or(|until| row.started_at.is_none_or(|at| at <= until)))
            .filter(|row| is(&row.record.from, "call_from") && is(&row.record.to, "call_to"))
            .collect();
        if query.get("order_by").is_some_and(|order| order == "asc") {
            rows.reverse();
        }
        page(rows.into_iter().map(deskring_yeastar::LoggedCall::encode).collect(), query, "data")
    }
}

pub(crate) fn success(fields: Value) -> Value {
    with_code(0, "SUCCESS", fields)
}

/// The envelope around these fields, an object or nothing.
fn with_code(code: i64, text: &str, fields: Value) -> Value {
    let mut fields = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.insert("errcode".to_owned(), json!(code));
    fields.insert("errmsg".to_owned(), json!(text));
    Value::Object(fields)
}

fn tokens(pair: &Pair) -> Value {
    success(json!({
        "access_token": pair.access.expose_secret(), "access_token_expire_time": ACCESS.as_secs(),
        "refresh_token": pair.refresh.expose_secret(), "refresh_token_expire_time": REFRESH.as_secs(),
    }))
}

fn page(rows: Vec<Value>, query: &Asked, list: &str) -> Answer {
    let of = |name: &str, otherwise: usize| {
        query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (number, size) = (of("page", 1).max(1), of("page_size", ROWS_AT_MOST).clamp(1, ROWS_AT_MOST));
    let total = rows.len();
    let rows: Vec<Value> = rows.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
    Ok(success(json!({ "total_number": total, list: rows })))
}

pub(crate) fn text<'a>(body: &'a Value, name: &'static str) -> Result<&'a str, Refusal> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(|| invalid(name))
}

fn number(body: &Value, name: &'static str) -> Result<String, Refusal> {
    let number = text(body, name)?;
    let is_one = number.len() <= NUMBER_LIMIT
        && !number.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    is_one.then(|| number.to_owned()).ok_or_else(|| invalid(name))
}

pub(crate) fn invalid(name: &'static str) -> Refusal {
    let list = json!({ "invalid_param_list": [{ "value": name, "validation_type": "invalid" }] });
    Refusal::Code(40002, "PARAMETER ERROR", list)
}

impl std::convert::From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        match refused {
            Refused::Unknown => EXPIRED,
            Refused::TooMany => Refusal::Code(60002, "MAX LIMITATION EXCEEDED", Value::Null),
            Refused::Database(error) => {
                tracing::error!(%error, "the database failed");
                Refusal::Unavailable
            }
        }
    }
}

impl std::convert::From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error.code() {
            // The gateway's own token is nothing an agent could renew.
            Some(code) if error.retry() != Retry::SignIn => Refusal::OfPbx(code, error.to_string()),
            _ => {
                tracing::warn!(%error, "the PBX did not answer");
                Refusal::Unknown
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = match self {
            Refusal::Unknown => return StatusCode::BAD_GATEWAY.into_response(),
            Refusal::Unavailable => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Refusal::OfPbx(code, text) => with_code(code, &text, Value::Null),
            Refusal::Code(code, text, more) => with_code(code, text, more),
        };
        envelope(&body)
    }
}

/// QUIRK(yeastar): the status is 200 for refusals, too.
fn envelope(body: &Value) -> Response {
    let kind =
        [(header::CONTENT_TYPE, "application/json;charset=UTF-8"), (header::CACHE_CONTROL, "no-store")];
    (kind, body.to_string()).into_response()
}
