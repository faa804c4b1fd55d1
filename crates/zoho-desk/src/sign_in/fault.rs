//! Owns what can go wrong while signing in: the one table from Zoho's answers to [`SignInFault`].
//! Must not know: sockets.

use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, Kind, tame};

/// Why a sign-in failed. Carries no code, no state, no token and no address.
#[derive(Clone, Debug)]
pub struct SignInError {
    fault: SignInFault,
    detail: Option<String>,
    cause: Option<Error>,
}

/// What a caller decides on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum SignInFault {
    /// The user said no on Zoho's page, or Zoho did for a reason of its own; see [`SignInError::detail`].
    Refused,
    /// The user did not come back. Also when Zoho shows an error on its own page: it does not tell us.
    TimedOut,
    /// Another program has the port of the redirect address.
    PortInUse,
    /// The redirect names an accounts server that is none of Zoho's. Nothing was sent to it.
    ForeignAccountsServer,
    /// The accounts server does not know the client id (also: wrong data center, Multi-DC off).
    ClientUnknown,
    /// The client secret is wrong (perhaps that of another data center).
    ClientSecretWrong,
    /// The redirect address is not the registered one.
    RedirectNotRegistered,
    /// Zoho gave no refresh token: to be begun again.
    NoRefreshToken,
    /// The code was used already, is older than two minutes, or belongs to another data center.
    CodeExpired,
    /// Zoho does not know one of the scopes. After [`Scopes::Calls`](super::Scopes::Calls), to be begun again with
    /// [`Scopes::ActivitiesCalls`](super::Scopes::ActivitiesCalls).
    ScopeUnknown,
    /// Too many requests: Zoho counts ten minutes.
    Throttled,
    /// The exchange with the accounts server failed as any other may.
    Exchange(Kind),
}

impl SignInFault {
    /// A stable code for journals and translations.
    pub fn code(self) -> &'static str {
        match self {
            SignInFault::Refused => "sign_in_refused",
            SignInFault::TimedOut => "sign_in_timed_out",
            SignInFault::PortInUse => "port_in_use",
            SignInFault::ForeignAccountsServer => "foreign_accounts_server",
            SignInFault::ClientUnknown => Kind::ClientUnknown.code(),
            SignInFault::ClientSecretWrong => Kind::ClientSecretWrong.code(),
            SignInFault::RedirectNotRegistered => "redirect_not_registered",
            SignInFault::NoRefreshToken => "no_refresh_token",
            SignInFault::CodeExpired => "code_expired",
            SignInFault::ScopeUnknown => "scope_unknown",
            SignInFault::Throttled => Kind::Throttled.code(),
            SignInFault::Exchange(kind) => kind.code(),
        }
    }
}

impl SignInError {
    /// What happened.
    pub fn kind(&self) -> SignInFault {
        self.fault
    }

    /// [`SignInFault::code`].
    pub fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// Zoho's own error code, for details and support.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Of the `error` in a redirect.
    ///
    /// QUIRK(zoho): which values there are is not documented beyond `access_denied`; any other ends the sign-in too.
    pub(super) fn of_redirect(code: &str) -> SignInError {
        let fault = match code {
            "invalid_scope" => SignInFault::ScopeUnknown,
            "invalid_client" => SignInFault::ClientUnknown,
            "invalid_redirect_uri" => SignInFault::RedirectNotRegistered,
            "general_error" | "server_error" => SignInFault::Exchange(Kind::ServerError),
            _ => SignInFault::Refused,
        };
        SignInError { fault, detail: tame(code), cause: None }
    }

    /// Of an exchange that brought no token. The codes mean something else here than for a refresh token.
    pub(super) fn of_exchange(error: Error) -> SignInError {
        let fault = match (error.code(), *error.kind()) {
            (Some("invalid_code"), _) => SignInFault::CodeExpired,
            (Some("access_denied"), _) => SignInFault::Refused,
            (Some("invalid_redirect_uri"), _) => SignInFault::RedirectNotRegistered,
            (_, Kind::ClientUnknown) => SignInFault::ClientUnknown,
            (_, Kind::ClientSecretWrong) => SignInFault::ClientSecretWrong,
            (_, Kind::Throttled) => SignInFault::Throttled,
            (_, kind) => SignInFault::Exchange(kind),
        };
        SignInError { fault, detail: error.code().map(str::to_owned), cause: Some(error) }
    }
}

impl From<SignInFault> for SignInError {
    fn from(fault: SignInFault) -> SignInError {
        SignInError { fault, detail: None, cause: None }
    }
}

impl From<Error> for SignInError {
    fn from(error: Error) -> SignInError {
        SignInError::of_exchange(error)
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zoho sign-in: {}", self.code())?;
        match &self.detail {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

impl StdError for SignInError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::of_token_answer;

    #[test]
    fn every_refusal_of_a_code_has_its_own_kind() {
        for (body, code) in [
            (r#"{"error":"invalid_code"}"#, "code_expired"),
            (r#"{"error":"access_denied"}"#, "sign_in_refused"),
            (r#"{"error":"invalid_redirect_uri"}"#, "redirect_not_registered"),
            (r#"{"error":"invalid_client"}"#, "client_unknown"),
            (r#"{"error":"invalid_client_secret"}"#, "client_secret_wrong"),
            (r#"{"error":"Access Denied","status":"failure"}"#, "throttled"),
            (r#"{"error":"general_error"}"#, "server_error"),
            (r#"{"error":"something_new"}"#, "other"),
            ("<html>", "malformed"),
        ] {
            let error = SignInError::of_exchange(of_token_answer(200, body.as_bytes(), Duration::ZERO));
            assert_eq!(error.code(), code, "{body}");
        }
    }

    #[test]
    fn any_error_in_a_redirect_ends_the_sign_in_and_shows_no_more_than_a_code() {
        for (given, code) in [
            ("access_denied", "sign_in_refused"),
            ("invalid_scope", "scope_unknown"),
            ("invalid_client", "client_unknown"),
            ("invalid_redirect_uri", "redirect_not_registered"),
            ("server_error", "server_error"),
            ("something_new", "sign_in_refused"),
        ] {
            let error = SignInError::of_redirect(given);
            assert_eq!((error.code(), error.detail()), (code, Some(given)));
        }
        assert_eq!(SignInError::of_redirect("<b>call 0900</b>").detail(), None);
    }
}
