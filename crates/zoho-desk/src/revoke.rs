//! Owns giving a refresh token back.
//! Must not know: who wants that, and what is forgotten here afterwards.

use deskring_redact::{ExposeSecret, Secret};
use serde_json::Value;

use crate::auth::{endpoint, post};
use crate::error::{Error, of_token_answer};
use crate::{Hosts, Timings, http};

/// Ends a refresh token and its access tokens. A token that Zoho does not know counts as ended.
///
/// The token goes in the body, where no server on the way writes it into its log. QUIRK(zoho): the documentation
/// shows it in the address only, and a body that is not read looks like an unknown token; so a token that is
/// unknown the first way is given back the documented way as well.
///
/// # Errors
/// Those of any exchange. Whoever disconnects forgets the token all the same.
pub async fn revoke(hosts: &Hosts, refresh_token: &Secret, timings: Timings) -> Result<(), Error> {
    let client = http::client(hosts, &timings)?;
    let plain = endpoint(hosts, "/oauth/v2/token/revoke");
    let token = [("token", refresh_token.expose_secret())];
    let (status, body) = post(&client, &plain, &token, &timings).await?;
    if outcome(status, &body, &timings)? == Outcome::Ended {
        return Ok(());
    }
    let mut documented = plain;
    documented.query_pairs_mut().extend_pairs(token);
    let (status, body) = post(&client, &documented, &[], &timings).await?;
    outcome(status, &body, &timings).map(|_| ())
}

#[derive(Eq, PartialEq)]
enum Outcome {
    Ended,
    Unknown,
}

/// QUIRK(zoho): the status of an error is not to be relied on, so the body counts.
fn outcome(status: u16, body: &[u8], timings: &Timings) -> Result<Outcome, Error> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    match answer.get("error").and_then(Value::as_str) {
        Some(code) if code.starts_with("invalid_") => Ok(Outcome::Unknown),
        None if (200..300).contains(&status) => Ok(Outcome::Ended),
        None if status == 400 => Ok(Outcome::Unknown),
        _ => Err(of_token_answer(status, body, timings.refresh_window)),
    }
}
