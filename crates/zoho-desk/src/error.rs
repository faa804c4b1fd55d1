//! Owns what went wrong and what a caller may do about it: the one table from Zoho's answers to [`Kind`], and
//! from [`Kind`] to [`Retry`]. Pure: nothing here waits, sends or logs.
//! Must not know: which endpoint was asked.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// How long to stay silent after `THRESHOLD_EXCEEDED` when Zoho did not say (it always should).
const CREDITS_PAUSE: Duration = Duration::from_secs(10 * 60);
/// Credits come back once a day, so no honest `Retry-After` is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// A failed exchange with Zoho. Carries no token, no number, no name and no address of a
/// request.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    code: Option<String>,
    status: Option<u16>,
    fields: Vec<FieldError>,
    wait: Option<Duration>,
    trace: Trace,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Whether the failed exchange may have changed something in Desk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trace {
    /// Nothing can have been changed.
    None,
    /// A write went out and nobody knows what became of it.
    Possible,
}

/// What a caller decides on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Kind {
    /// The host name could not be resolved.
    NameNotFound,
    /// The host refused the connection.
    Refused,
    /// No answer within the time limit of the operation.
    TimedOut,
    /// Any other fault on the way: no route, connection reset, connection closed early.
    Unreachable,
    /// No trustworthy TLS connection: unknown issuer, wrong name, expired, or a middle box.
    Tls,
    /// The refresh token is revoked, or a fresh access token was rejected.
    SignedOut,
    /// The accounts server does not know the client id (also: wrong data center, Multi-DC off).
    ClientUnknown,
    /// The client secret is wrong (perhaps that of another data center).
    ClientSecretWrong,
    /// Too many token requests; not a sign-out.
    Throttled,
    /// The token lacks a scope that this operation needs.
    MissingScope,
    /// The token is bound to another organization, or no organization has been chosen yet.
    OtherOrganization,
    /// The agent's profile does not permit it.
    Forbidden,
    /// The edition of the portal does not have this feature.
    EditionLimit,
    /// No such record: 404, or 422 when a record was asked for by id.
    Gone,
    /// Field values were refused; see [`Error::fields`].
    Invalid,
    /// The request itself is wrong, or was refused here before sending.
    BadRequest,
    /// More calls at once than the edition permits.
    TooManyRequests,
    /// The credits of the day are used up; see [`Retry::After`].
    CreditsExhausted,
    /// Zoho had an accident.
    ServerError,
    /// The answer is not what the documentation promises: cut off, HTML, no JSON.
    Malformed,
    /// A write went out and its answer did not arrive: look in Desk before sending it again.
    AnswerLost,
    /// Anything else; [`Error::code`] may tell.
    Other,
}

impl Kind {
    /// A stable code for journals and translations.
    pub fn code(self) -> &'static str {
        match self {
            Kind::NameNotFound => "name_not_found",
            Kind::Refused => "refused",
            Kind::TimedOut => "timed_out",
            Kind::Unreachable => "unreachable",
            Kind::Tls => "tls",
            Kind::SignedOut => "signed_out",
            Kind::ClientUnknown => "client_unknown",
            Kind::ClientSecretWrong => "client_secret_wrong",
            Kind::Throttled => "throttled",
            Kind::MissingScope => "missing_scope",
            Kind::OtherOrganization => "other_organization",
            Kind::Forbidden => "forbidden",
            Kind::EditionLimit => "edition_limit",
            Kind::Gone => "gone",
            Kind::Invalid => "invalid",
            Kind::BadRequest => "bad_request",
            Kind::TooManyRequests => "too_many_requests",
            Kind::CreditsExhausted => "credits_exhausted",
            Kind::ServerError => "server_error",
            Kind::Malformed => "malformed",
            Kind::AnswerLost => "answer_lost",
            Kind::Other => "other",
        }
    }
}

/// When the same operation may be tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// Not without a change.
    Never,
    /// After this long.
    After(Duration),
    /// Later, with growing pauses.
    Backoff,
    /// After the user has signed in again or put the settings right.
    SignIn,
    /// It may have been done already: look in Desk first.
    Unknown,
}

/// One refused field of a write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldError {
    /// Zoho's API name of the field, such as `lastName` or `cf/cf_region` (their JSON Pointer without its first slash).
    pub field: String,
    /// What is wrong with it.
    pub problem: FieldProblem,
}

impl FieldError {
    /// The name of the field as forms have it ([`FormField::api_name`](crate::FormField::api_name)): `cf_region` for
    /// `cf/cf_region`.
    pub fn api_name(&self) -> &str {
        self.field.rsplit('/').next().unwrap_or_default()
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FieldProblem {
    /// It is mandatory and was not sent.
    Missing,
    /// Its value does not fit.
    Invalid,
    /// Its value is taken by another record.
    Duplicate,
    /// A problem this version does not know.
    Other,
}

impl Error {
    /// What happened.
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// When to try again.
    pub fn retry(&self) -> Retry {
        retry_of(self.0.kind, self.0.wait, self.0.trace)
    }

    /// The refused fields: by Desk for [`Kind::Invalid`], here before sending for [`Kind::BadRequest`].
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// Whether Desk refused a record because another one has the same e-mail (or another value that must be
    /// unique).
    ///
    /// QUIRK(zoho): no document says whether Desk does so, or creates a second record.
    pub fn is_duplicate(&self) -> bool {
        self.0.fields.iter().any(|field| field.problem == FieldProblem::Duplicate)
    }

    /// Zoho's own error code (`SCOPE_MISMATCH`, `invalid_code`, …), for details and support.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    pub(crate) fn new(kind: Kind) -> Error {
        Error(Box::new(Inner {
            kind,
            code: None,
            status: None,
            fields: Vec::new(),
            wait: None,
            trace: Trace::None,
            source: None,
        }))
    }

    /// A request refused before it was sent, because this field could not be right.
    pub(crate) fn refused_here(field: &str) -> Error {
        Error::refused_fields(vec![FieldError { field: field.to_owned(), problem: FieldProblem::Invalid }])
    }

    /// The same for several.
    pub(crate) fn refused_fields(fields: Vec<FieldError>) -> Error {
        let mut error = Error::new(Kind::BadRequest);
        error.0.fields = fields;
        error
    }

    pub(crate) fn from_source(kind: Kind, source: impl StdError + Send + Sync + 'static) -> Error {
        let mut error = Error::new(kind);
        error.0.source = Some(Arc::new(source));
        error
    }

    pub(crate) fn with_kind(mut self, kind: Kind) -> Error {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_wait(mut self, wait: Duration) -> Error {
        self.0.wait = Some(wait.min(LONGEST_PAUSE));
        self
    }

    pub(crate) fn with_trace(mut self, trace: Trace) -> Error {
        self.0.trace = trace;
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Error {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn wait(&self) -> Option<Duration> {
        self.0.wait
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zoho: {}", self.0.kind.code())?;
        if let Some(code) = &self.0.code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("status", &self.0.status)
            .field("fields", &self.0.fields)
            .field("retry", &self.retry())
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// The one place where a retry is decided.
pub(crate) fn retry_of(kind: Kind, wait: Option<Duration>, trace: Trace) -> Retry {
    if trace == Trace::Possible {
        return Retry::Unknown;
    }
    match kind {
        Kind::AnswerLost => Retry::Unknown,
        // Tls too: a captive portal or a wrong clock goes away, and nothing was sent.
        Kind::NameNotFound
        | Kind::Refused
        | Kind::TimedOut
        | Kind::Unreachable
        | Kind::Tls
        | Kind::TooManyRequests
        | Kind::ServerError
        | Kind::Malformed => Retry::Backoff,
        Kind::Throttled | Kind::CreditsExhausted => Retry::After(wait.unwrap_or(CREDITS_PAUSE)),
        Kind::SignedOut
        | Kind::ClientUnknown
        | Kind::ClientSecretWrong
        | Kind::MissingScope
        | Kind::OtherOrganization => Retry::SignIn,
        Kind::Forbidden
        | Kind::EditionLimit
        | Kind::Gone
        | Kind::Invalid
        | Kind::BadRequest
        | Kind::Other => Retry::Never,
    }
}

/// Classifies an error answer of the Desk server, by `errorCode` first and by status when there is none.
/// Never by message text: messages are translated and their wording changes.
///
/// QUIRK(zoho): a 401 may be an HTML page, so the body is allowed to be anything.
pub(crate) fn of_answer(status: u16, body: &[u8], retry_after: Option<Duration>) -> Error {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let code = body.as_ref().and_then(|body| body.get("errorCode")).and_then(Value::as_str).and_then(tame);
    let kind = match code.as_deref() {
        Some("INVALID_OAUTH" | "UNAUTHORIZED") => Kind::SignedOut,
        Some("SCOPE_MISMATCH") => Kind::MissingScope,
        Some("OAUTH_ORG_MISMATCH") => Kind::OtherOrganization,
        Some("FORBIDDEN" | "ONLY_LIVECHAT_USER") => Kind::Forbidden,
        Some("LICENSE_ACCESS_LIMITED") => Kind::EditionLimit,
        Some("URL_NOT_FOUND") => Kind::Gone,
        Some("INVALID_DATA") => Kind::Invalid,
        Some(
            "BAD_REQUEST"
            | "METHOD_NOT_ALLOWED"
            | "RESOURCE_SIZE_EXCEEDED"
            | "UNSUPPORTED_MEDIA_TYPE"
            | "UNPROCESSABLE_ENTITY"
            | "EMPTY_PAYLOAD",
        ) => Kind::BadRequest,
        Some("THRESHOLD_EXCEEDED") => Kind::CreditsExhausted,
        Some("TOO_MANY_REQUESTS") => Kind::TooManyRequests,
        Some("INTERNAL_SERVER_ERROR") => Kind::ServerError,
        Some(_) | None => match status {
            401 => Kind::SignedOut,
            403 => Kind::Forbidden,
            404 => Kind::Gone,
            400 | 405 | 413 | 415 | 422 => Kind::BadRequest,
            // Only the daily limit comes with Retry-After.
            429 if retry_after.is_some() => Kind::CreditsExhausted,
            429 => Kind::TooManyRequests,
            500..=599 => Kind::ServerError,
            _ => Kind::Other,
        },
    };
    let mut error = Error::new(kind).with_status(status);
    error.0.code = code;
    if kind == Kind::CreditsExhausted {
        error = error.with_wait(retry_after.unwrap_or(CREDITS_PAUSE));
    }
    if let Some(rows) = body.as_ref().and_then(|body| body.get("errors")).and_then(Value::as_array) {
        error.0.fields = rows.iter().filter_map(field_error).collect();
    }
    error
}

fn field_error(row: &Value) -> Option<FieldError> {
    let field = row.get("fieldName")?.as_str()?;
    let field: String = field.strip_prefix('/').unwrap_or(field).chars().take(100).collect();
    let problem = match row.get("errorType").and_then(Value::as_str) {
        Some("missing") => FieldProblem::Missing,
        Some("invalid") => FieldProblem::Invalid,
        Some("duplicate") => FieldProblem::Duplicate,
        _ => FieldProblem::Other,
    };
    Some(FieldError { field, problem })
}

/// Classifies an answer of the accounts server that has no access token in it.
///
/// QUIRK(zoho): errors of the accounts server usually arrive with HTTP 200, the throttle with 400 or 200; only
/// the body tells. `Access Denied` (throttled) and `access_denied` (refused) are different things.
pub(crate) fn of_token_answer(status: u16, body: &[u8], window: Duration) -> Error {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let code = body.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str).and_then(tame);
    let kind = match code.as_deref() {
        Some("invalid_code" | "access_denied") => Kind::SignedOut,
        Some("invalid_client") => Kind::ClientUnknown,
        Some("invalid_client_secret") => Kind::ClientSecretWrong,
        Some("Access Denied") => Kind::Throttled,
        Some("general_error") => Kind::ServerError,
        Some(_) => Kind::Other,
        None if status == 429 => Kind::Throttled,
        None if status >= 500 => Kind::ServerError,
        None => Kind::Malformed,
    };
    let mut error = Error::new(kind).with_status(status);
    error.0.code = code;
    if kind == Kind::Throttled { error.with_wait(window) } else { error }
}

/// A code goes into journals and windows, so it may only look like a code.
pub(crate) fn tame(code: &str) -> Option<String> {
    let plain = code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '));
    (plain && (1..=60).contains(&code.len())).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn of(status: u16, code: &str) -> (Kind, Retry) {
        let body = format!(r#"{{"errorCode":"{code}","message":"words that nobody reads"}}"#);
        let error = of_answer(status, body.as_bytes(), None);
        assert_eq!(error.code(), Some(code));
        (*error.kind(), error.retry())
    }

    #[test]
    fn every_documented_code_has_a_kind_and_a_retry() {
        let table = [
            (400, "BAD_REQUEST", Kind::BadRequest, Retry::Never),
            (401, "UNAUTHORIZED", Kind::SignedOut, Retry::SignIn),
            (401, "INVALID_OAUTH", Kind::SignedOut, Retry::SignIn),
            (403, "SCOPE_MISMATCH", Kind::MissingScope, Retry::SignIn),
            (403, "OAUTH_ORG_MISMATCH", Kind::OtherOrganization, Retry::SignIn),
            (403, "FORBIDDEN", Kind::Forbidden, Retry::Never),
            (403, "LICENSE_ACCESS_LIMITED", Kind::EditionLimit, Retry::Never),
            (403, "ONLY_LIVECHAT_USER", Kind::Forbidden, Retry::Never),
            (404, "URL_NOT_FOUND", Kind::Gone, Retry::Never),
            (405, "METHOD_NOT_ALLOWED", Kind::BadRequest, Retry::Never),
            (413, "RESOURCE_SIZE_EXCEEDED", Kind::BadRequest, Retry::Never),
            (415, "UNSUPPORTED_MEDIA_TYPE", Kind::BadRequest, Retry::Never),
            (422, "INVALID_DATA", Kind::Invalid, Retry::Never),
            (422, "UNPROCESSABLE_ENTITY", Kind::BadRequest, Retry::Never),
            (422, "EMPTY_PAYLOAD", Kind::BadRequest, Retry::Never),
            (429, "TOO_MANY_REQUESTS", Kind::TooManyRequests, Retry::Backoff),
            (429, "THRESHOLD_EXCEEDED", Kind::CreditsExhausted, Retry::After(CREDITS_PAUSE)),
            (500, "INTERNAL_SERVER_ERROR", Kind::ServerError, Retry::Backoff),
            (403, "SOMETHING_NEW", Kind::Forbidden, Retry::Never),
            (418, "SOMETHING_NEW", Kind::Other, Retry::Never),
        ];
        for (status, code, kind, retry) in table {
            assert_eq!(of(status, code), (kind, retry), "{status} {code}");
        }
    }

    #[test]
    fn an_answer_without_json_is_classified_by_status() {
        let html = b"<html><body>You are not authenticated</body></html>";
        let kind = |status, after| *of_answer(status, html, after).kind();
        assert_eq!(kind(401, None), Kind::SignedOut);
        assert_eq!(kind(404, None), Kind::Gone);
        assert_eq!(kind(429, None), Kind::TooManyRequests);
        assert_eq!(kind(429, Some(HOUR)), Kind::CreditsExhausted);
        assert_eq!(kind(503, None), Kind::ServerError);
        assert_eq!(kind(302, None), Kind::Other);
    }

    #[test]
    fn the_daily_limit_waits_as_long_as_zoho_says_but_never_longer_than_a_day() {
        let body = br#"{"errorCode":"THRESHOLD_EXCEEDED"}"#;
        assert_eq!(of_answer(429, body, Some(HOUR)).retry(), Retry::After(HOUR));
        assert_eq!(of_answer(429, body, Some(HOUR * 900)).retry(), Retry::After(LONGEST_PAUSE));
    }

    #[test]
    fn refused_fields_are_named() {
        let body = br#"{"errorCode":"INVALID_DATA","errors":[
            {"fieldName":"/lastName","errorType":"missing","errorMessage":""},
            {"fieldName":"/cf/cf_region","errorType":"odd"}, {"errorType":"missing"}, 7]}"#;
        let error = of_answer(422, body, None);
        assert_eq!(
            error.fields(),
            [
                FieldError { field: "lastName".into(), problem: FieldProblem::Missing },
                FieldError { field: "cf/cf_region".into(), problem: FieldProblem::Other }
            ]
        );
    }

    #[test]
    fn token_answers_are_classified_by_body_whatever_the_status() {
        let of = |body: &str| {
            let both = [200, 400].map(|status| *of_token_answer(status, body.as_bytes(), HOUR).kind());
            assert_eq!(both[0], both[1]);
            (both[0], of_token_answer(200, body.as_bytes(), HOUR).retry())
        };
        assert_eq!(of(r#"{"error":"invalid_code"}"#), (Kind::SignedOut, Retry::SignIn));
        assert_eq!(of(r#"{"error":"access_denied"}"#), (Kind::SignedOut, Retry::SignIn));
        assert_eq!(of(r#"{"error":"invalid_client"}"#), (Kind::ClientUnknown, Retry::SignIn));
        assert_eq!(of(r#"{"error":"invalid_client_secret"}"#), (Kind::ClientSecretWrong, Retry::SignIn));
        assert_eq!(of(r#"{"error":"general_error"}"#), (Kind::ServerError, Retry::Backoff));
        assert_eq!(
            of(r#"{"error_description":"…","error":"Access Denied","status":"failure"}"#),
            (Kind::Throttled, Retry::After(HOUR))
        );
        assert_eq!(of("<html>"), (Kind::Malformed, Retry::Backoff));
        assert_eq!(*of_token_answer(502, b"<html>", HOUR).kind(), Kind::ServerError);
    }

    #[test]
    fn a_write_without_an_answer_is_never_simply_repeated() {
        assert_eq!(Error::new(Kind::AnswerLost).retry(), Retry::Unknown);
        assert_eq!(Error::new(Kind::ServerError).with_trace(Trace::Possible).retry(), Retry::Unknown);
    }

    #[test]
    fn a_code_that_is_a_sentence_or_a_secret_is_dropped() {
        let body = br#"{"errorCode":"<b>call +49 89 123</b>"}"#;
        assert_eq!(of_answer(400, body, None).code(), None);
    }
}
