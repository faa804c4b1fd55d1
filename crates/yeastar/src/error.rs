//! What can go wrong between us and the PBX.
//!
//! Owns: the one place where an answer code, an input/output error or a TLS alert becomes a [`Kind`], and where
//! a kind becomes a [`Retry`]. Must not know: who asked, and what a user is told (the words are the UI's).

use std::{error::Error as StdError, fmt, io, sync::Arc, time::Duration};

use crate::{
    certificate::{Certificate, printable},
    tls::{self, Distrust, Fingerprint},
};

/// A failed exchange with the PBX. Cheap to clone. Neither `Display` nor `Debug` shows a token or a secret.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    answer: Option<Answer>,
    retry: Retry,
    stage: Stage,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// How far an attempt to open the event socket came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unknown,
    /// The PBX has not seen the token yet.
    BeforeToken,
    /// It was opened, and then said that another one serves.
    StandingBy,
}

/// The `errcode` and `errmsg` of an answer, verbatim as far as it is [`printable`].
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    code: i64,
    text: String,
}

/// What happened, as far as a caller decides on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The host name has no address.
    NameNotFound,
    /// Nothing listens on that port.
    Refused,
    /// No answer in time. After a write (see [`Retry::Unknown`]) the PBX may have acted all the same.
    TimedOut,
    /// No route to the PBX: no network, VPN down, firewall.
    Unreachable,
    /// The system does not vouch for the certificate of the PBX, and none is trusted by fingerprint. Show the
    /// fingerprint, let the administrator compare and trust it.
    UnknownCertificate {
        /// SHA-256 of the certificate that was shown.
        fingerprint: Fingerprint,
        /// Why the system refused it.
        reason: Distrust,
        /// What it says of itself, for the person who compares it.
        certificate: Box<Certificate>,
    },
    /// The PBX shows another certificate than the trusted one.
    ChangedCertificate {
        /// The trusted one.
        expected: Fingerprint,
        /// The one that was shown.
        found: Fingerprint,
        /// What that one says of itself.
        certificate: Box<Certificate>,
    },
    /// Any other failure of the TLS handshake: no common version, a broken signature, a revoked certificate.
    Tls,
    /// Client id or client secret refused. After [`TRIES_UNTIL_BLOCKED`](crate::TRIES_UNTIL_BLOCKED) refusals in
    /// a row the PBX blocks our address, so we stop at two: with `tries_left` 0 this client never asks again,
    /// whoever calls; build a new one with new credentials.
    Credentials {
        /// How many times this client will still ask. Not what the PBX counts: it adds up all clients.
        tries_left: u8,
    },
    /// 70004: the PBX blocks our address after too many wrong authentications.
    AddressBlocked,
    /// 70087: our address is not in the allow-list of the API application.
    AddressNotAllowed,
    /// 60002 to a token request: all 8 access tokens of the API application are in use.
    TooManyTokens,
    /// 10004, 10005, 10006: the access token is refused even though it was renewed just now.
    TokenExpired,
    /// 10001: the firmware does not know this interface (or the API is switched off).
    TooOld,
    /// 40002: the PBX refuses a parameter. Our mistake, or another format of date in this firmware.
    Parameter,
    /// 60001: no such thing.
    NotFound,
    /// The answer is not what the protocol promises: not JSON, no `errcode`, too large, an HTTP error page.
    Malformed,
    /// The event socket looks open but does not answer the heartbeat, or said nothing for too long.
    Silent,
    /// The PBX closed the connection.
    Closed,
    /// The event socket was refused with this HTTP status, and again with a fresh token.
    Handshake {
        /// HTTP status of the refusal.
        status: u16,
    },
    /// [`sign_out`](crate::Pbx::sign_out) was called: this client asks for no token any more.
    SignedOut,
    /// Anything else; [`Error::code`] and `Display` give the PBX's own code and words.
    Other,
}

/// What a caller may do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Trying again changes nothing until somebody changes something.
    Never,
    /// Not before this much time has passed.
    After(Duration),
    /// Later, with growing pauses.
    Backoff,
    /// With another token or other credentials.
    SignIn,
    /// A write without an answer: it may have happened. Look before writing again.
    Unknown,
}

/// Whether losing the answer matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Reading twice is reading.
    Read,
    /// Dialling twice is two calls.
    Write,
}

/// Which codes mean something else when they answer a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// `get_token`, `refresh_token`.
    Token,
    /// Everything else.
    Api,
}

impl Error {
    /// What happened.
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// What may be done about it.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The PBX's `errcode`, when the PBX answered with one.
    pub fn code(&self) -> Option<i64> {
        self.0.answer.as_ref().map(|answer| answer.code)
    }

    pub(crate) fn new(kind: Kind) -> Error {
        let retry = natural_retry(&kind);
        Error(Box::new(Inner { kind, answer: None, retry, stage: Stage::Unknown, source: None }))
    }

    pub(crate) fn because(kind: Kind, source: impl StdError + Send + Sync + 'static) -> Error {
        let mut error = Error::new(kind);
        error.0.source = Some(Arc::new(source));
        error
    }

    /// An answer with an `errcode` other than 0.
    pub(crate) fn answer(code: i64, text: &str, question: Question) -> Error {
        let kind = match (code, question) {
            (10004..=10006, Question::Api) => Kind::TokenExpired,
            (10001, _) => Kind::TooOld,
            (40002, _) => Kind::Parameter,
            (60001, _) => Kind::NotFound,
            // Elsewhere this code means another limit, for example too many calls.
            (60002, Question::Token) => Kind::TooManyTokens,
            (70004, _) => Kind::AddressBlocked,
            (70087, _) => Kind::AddressNotAllowed,
            _ => Kind::Other,
        };
        let mut error = Error::new(kind);
        error.0.answer = Some(Answer { code, text: printable(text) });
        error
    }

    pub(crate) fn with_kind(mut self, kind: Kind) -> Error {
        self.0.retry = natural_retry(&kind);
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_retry(mut self, retry: Retry) -> Error {
        self.0.retry = retry;
        self
    }

    /// Marks that the PBX has not seen the token, so that it cannot be blamed.
    pub(crate) fn before_token(mut self) -> Error {
        self.0.stage = Stage::BeforeToken;
        self
    }

    /// Marks that whoever was asked says to ask another one.
    pub(crate) fn standing_by(mut self) -> Error {
        self.0.stage = Stage::StandingBy;
        self
    }

    pub(crate) fn is_standing_by(&self) -> bool {
        self.0.stage == Stage::StandingBy
    }

    pub(crate) fn is_before_token(&self) -> bool {
        self.0.stage == Stage::BeforeToken
    }

    /// An input/output error below HTTP or the socket.
    pub(crate) fn io(error: io::Error) -> Error {
        let kind = io_kind(&error);
        Error::because(kind, error)
    }

    /// A transport error of the HTTP client. The address is removed first, because it carries the token.
    pub(crate) fn http(error: reqwest::Error, effect: Effect) -> Error {
        let error = error.without_url();
        let kind = if error.is_timeout() {
            Kind::TimedOut
        } else if error.is_decode() {
            Kind::Malformed
        } else {
            chain_kind(&error).unwrap_or(if error.is_connect() { Kind::Unreachable } else { Kind::Closed })
        };
        // A connection that never came about carried no request.
        let lost = effect == Effect::Write && !error.is_connect();
        let error = Error::because(kind, error);
        if lost { error.with_retry(Retry::Unknown) } else { error }
    }

    /// An error of the event socket.
    pub(crate) fn socket(error: tokio_tungstenite::tungstenite::Error) -> Error {
        use tokio_tungstenite::tungstenite::Error as Ws;
        match error {
            // Its `Debug` holds the body of the refusal, which may repeat the address: keep the status only.
            Ws::Http(response) => Error::new(Kind::Handshake { status: response.status().as_u16() }),
            Ws::Io(error) => Error::io(error),
            Ws::Tls(error) => Error::because(Kind::Tls, error),
            error @ (Ws::ConnectionClosed | Ws::AlreadyClosed) => Error::because(Kind::Closed, error),
            Ws::Protocol(error) => {
                use tokio_tungstenite::tungstenite::error::ProtocolError as P;
                let kind = match error {
                    P::ResetWithoutClosingHandshake | P::HandshakeIncomplete => Kind::Closed,
                    _ => Kind::Malformed,
                };
                Error::because(kind, error)
            }
            // Full write buffers hold our own message, which is never a secret; but there is no use in it.
            Ws::WriteBufferFull(_) => Error::new(Kind::Silent),
            error => Error::because(Kind::Malformed, error),
        }
    }
}

fn natural_retry(kind: &Kind) -> Retry {
    match kind {
        Kind::NameNotFound
        | Kind::Refused
        | Kind::TimedOut
        | Kind::Unreachable
        | Kind::Malformed
        | Kind::Silent
        | Kind::Closed
        | Kind::Handshake { .. } => Retry::Backoff,
        Kind::Credentials { tries_left: 0 } => Retry::Never,
        Kind::Credentials { .. } => Retry::Backoff,
        Kind::TokenExpired => Retry::SignIn,
        // The token actor replaces these two by what is really left of the pause.
        Kind::AddressBlocked => Retry::After(Duration::from_secs(11 * 60)),
        Kind::TooManyTokens => Retry::After(Duration::from_secs(5 * 60)),
        Kind::UnknownCertificate { .. }
        | Kind::ChangedCertificate { .. }
        | Kind::Tls
        | Kind::AddressNotAllowed
        | Kind::TooOld
        | Kind::Parameter
        | Kind::NotFound
        | Kind::SignedOut
        | Kind::Other => Retry::Never,
    }
}

fn io_kind(error: &io::Error) -> Kind {
    use io::ErrorKind as E;
    if let Some(inner) = error.get_ref()
        && let Some(kind) = chain_kind(inner)
    {
        return kind;
    }
    match error.kind() {
        E::ConnectionRefused => Kind::Refused,
        E::TimedOut => Kind::TimedOut,
        E::ConnectionReset | E::ConnectionAborted | E::UnexpectedEof | E::BrokenPipe | E::NotConnected => {
            Kind::Closed
        }
        E::InvalidData => Kind::Malformed,
        _ => Kind::Unreachable,
    }
}

/// Walks down the sources to the first error that says something.
fn chain_kind(error: &(dyn StdError + 'static)) -> Option<Kind> {
    let mut next = Some(error);
    // A chain is a handful of links; the bound only guards against a source that returns itself.
    for _ in 0..16 {
        let error = next?;
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls::kind_of(tls));
        }
        if error.downcast_ref::<LookupFailed>().is_some() {
            return Some(Kind::NameNotFound);
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io_kind(io));
        }
        // Somebody answered, but not in HTTP: `http` typed for a port that speaks TLS, or no PBX at all.
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return Some(Kind::Malformed);
        }
        next = error.source();
    }
    None
}

/// The system found no address for the name. Our own type, because the HTTP client's is private and its words
/// are not to be matched.
#[derive(Debug, thiserror::Error)]
#[error("no address found for the host name")]
pub(crate) struct LookupFailed(#[source] pub(crate) io::Error);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::NameNotFound => f.write_str("no address found for the host name of the PBX"),
            Kind::Refused => f.write_str("nothing listens at the address of the PBX"),
            Kind::TimedOut => f.write_str("the PBX did not answer in time"),
            Kind::Unreachable => f.write_str("no way to the PBX"),
            Kind::UnknownCertificate { fingerprint, reason, certificate: _ } => {
                write!(f, "the certificate of the PBX is not trusted ({reason}), SHA-256 {fingerprint}")
            }
            Kind::ChangedCertificate { expected, found, certificate: _ } => {
                write!(f, "the PBX shows certificate {found} instead of the trusted {expected}")
            }
            Kind::Tls => f.write_str("the protected connection to the PBX failed"),
            Kind::Credentials { tries_left } => {
                write!(f, "the PBX refused client id or client secret, {tries_left} tries left")
            }
            Kind::AddressBlocked => f.write_str("the PBX blocks this address after wrong authentications"),
            Kind::AddressNotAllowed => f.write_str("the PBX does not allow this address to use its API"),
            Kind::TooManyTokens => f.write_str("all access tokens of the API application are in use"),
            Kind::TokenExpired => f.write_str("the PBX refuses the access token"),
            Kind::TooOld => f.write_str("the PBX does not know this interface"),
            Kind::Parameter => f.write_str("the PBX refuses a parameter"),
            Kind::NotFound => f.write_str("the PBX found no data"),
            Kind::Malformed => f.write_str("the PBX answered something else than the protocol promises"),
            Kind::Silent => f.write_str("the event socket is open but silent"),
            Kind::Closed => f.write_str("the PBX closed the connection"),
            Kind::Handshake { status } => write!(f, "the event socket was refused with HTTP status {status}"),
            Kind::SignedOut => f.write_str("signed out"),
            Kind::Other => f.write_str("the PBX refused"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.kind)?;
        if let Some(Answer { code, text }) = &self.0.answer {
            write!(f, ": {code} {text}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind).field("retry", &self.0.retry);
        if let Some(answer) = &self.0.answer {
            out.field("code", &answer.code).field("text", &answer.text);
        }
        if let Some(source) = &self.0.source {
            out.field("source", &source.to_string());
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_kind_and_its_retry() {
        let cases = [
            (10004, Question::Api, Kind::TokenExpired, Retry::SignIn),
            (10005, Question::Api, Kind::TokenExpired, Retry::SignIn),
            (10006, Question::Api, Kind::TokenExpired, Retry::SignIn),
            (10001, Question::Api, Kind::TooOld, Retry::Never),
            (40002, Question::Api, Kind::Parameter, Retry::Never),
            (60001, Question::Api, Kind::NotFound, Retry::Never),
            (60002, Question::Token, Kind::TooManyTokens, Retry::After(Duration::from_secs(300))),
            (60002, Question::Api, Kind::Other, Retry::Never),
            (70004, Question::Api, Kind::AddressBlocked, Retry::After(Duration::from_secs(660))),
            (70087, Question::Token, Kind::AddressNotAllowed, Retry::Never),
            (-2, Question::Api, Kind::Other, Retry::Never),
            (70136, Question::Api, Kind::Other, Retry::Never),
        ];
        for (code, question, kind, retry) in cases {
            let error = Error::answer(code, "WORDS", question);
            assert_eq!((error.kind(), error.retry(), error.code()), (&kind, retry, Some(code)), "{code}");
        }
    }

    #[test]
    fn an_unknown_code_is_shown_verbatim_without_control_characters() {
        let error = Error::answer(70136, "SDK \u{1b}[31mPLAN\n NOT ENABLED", Question::Api);
        assert_eq!(error.to_string(), "the PBX refused: 70136 SDK [31mPLAN NOT ENABLED");
        assert!(Error::answer(1, &"x".repeat(10_000), Question::Api).to_string().len() < 300);
    }

    #[test]
    fn io_errors_are_told_apart_by_kind_not_by_words() {
        let cases = [
            (io::ErrorKind::ConnectionRefused, Kind::Refused),
            (io::ErrorKind::TimedOut, Kind::TimedOut),
            (io::ErrorKind::ConnectionReset, Kind::Closed),
            (io::ErrorKind::UnexpectedEof, Kind::Closed),
            (io::ErrorKind::NetworkUnreachable, Kind::Unreachable),
            (io::ErrorKind::HostUnreachable, Kind::Unreachable),
        ];
        for (io, kind) in cases {
            assert_eq!(Error::io(io::Error::from(io)).kind(), &kind);
        }
        let lookup = io::Error::other(LookupFailed(io::Error::other("x")));
        assert_eq!(Error::io(lookup).kind(), &Kind::NameNotFound);
    }
}
