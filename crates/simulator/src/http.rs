//! Owns the few HTTP helpers both servers use: reading a request whole, queries, and broken answers.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use axum::extract::Request as HttpRequest;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rand::Rng;
use rand::distr::Alphanumeric;
use serde_json::Value;

use crate::journal::Request;

const LARGEST_BODY: usize = 4 << 20;

/// A request read to its end.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) raw_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Call {
    pub(crate) async fn read(request: HttpRequest) -> Call {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        Call {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: url::form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
            raw_query,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn record(&self, side: &'static str) -> Request {
        Request {
            id: 0,
            side,
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.raw_query.clone(),
            user_agent: self.header("user-agent").map(str::to_owned),
            org_id: self.header("orgid").map(str::to_owned),
            at: String::new(),
            body: self.body.clone(),
            status: None,
            outcome: String::new(),
        }
    }
}

pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub(crate) fn with_type(code: u16, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status(code);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(crate) fn json(code: u16, body: &Value) -> Response {
    with_type(code, "application/json;charset=UTF-8", body.to_string())
}

pub(crate) fn html(code: u16, body: &'static str) -> Response {
    with_type(code, "text/html;charset=UTF-8", body)
}

pub(crate) fn empty(code: u16) -> Response {
    status(code).into_response()
}

/// An answer that never comes; used after the connection was cut.
pub(crate) async fn never() -> Response {
    std::future::pending().await
}

/// Letters and digits, as in the tokens of both vendors.
pub(crate) fn random_text(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

/// One percent-encoded path segment; a plus sign stays one.
pub(crate) fn decode(segment: &str) -> String {
    let pair = format!("x={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
