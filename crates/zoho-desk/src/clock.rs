//! Owns the question what time it is at Zoho's.
//! Must not know: what a wrong clock breaks.

use std::time::{Duration, SystemTime};

use reqwest::header::DATE;
use url::Url;

use crate::auth::endpoint;
use crate::error::{Error, Kind};
use crate::{Hosts, Timings, http};

/// The time of Zoho's servers, to the second: the `Date` header of the accounts server or, when that one does not
/// tell, of the Desk server. Sends no token and costs no credits.
///
/// # Errors
/// [`Kind::Malformed`] when neither tells the time; [`Kind::TimedOut`] after [`Timings::read`]; otherwise those of
/// the way. A clock that is off by more than a certificate lives shows itself as [`Kind::Tls`].
pub async fn server_clock(hosts: &Hosts, timings: Timings) -> Result<SystemTime, Error> {
    let client = http::client(hosts, &timings)?;
    // The list of Zoho's accounts servers: public, small, in the Multi-DC documentation.
    let accounts = date_of(&client, endpoint(hosts, "/oauth/serverinfo"), timings.read).await;
    match accounts {
        Ok(time) => Ok(time),
        // The fault of the first says more when neither answers.
        Err(first) => date_of(&client, hosts.desk.clone(), timings.read).await.map_err(|_| first),
    }
}

async fn date_of(client: &reqwest::Client, address: Url, limit: Duration) -> Result<SystemTime, Error> {
    let answer = tokio::time::timeout(limit, client.get(address).send())
        .await
        .map_err(|_| Error::new(Kind::TimedOut))?
        .map_err(http::transport)?;
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    date.and_then(|date| httpdate::parse_http_date(date).ok()).ok_or_else(|| Error::new(Kind::Malformed))
}
