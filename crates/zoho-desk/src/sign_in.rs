//! Owns signing in: the address of Zoho's consent page, what its redirect means, and the exchange of the code for a
//! refresh token.
//! Must not know: how a browser is opened, where tokens are kept, words for people.
//!
//! Sources: Zoho's accounts documentation (authorization request, access token, Multi-DC, mobile and desktop apps).

mod fault;
mod gate;
mod listener;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deskring_redact::{ExposeSecret, Secret};
use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use url::Url;

pub use self::fault::{SignInError, SignInFault};
use self::gate::{Arrival, Gate, Verdict};
use self::listener::Listener;
use crate::auth::{self, AccessToken, request_token};
use crate::data_center::{DataCenter, Hosts};
use crate::error::{Error, Kind};
use crate::{Timings, http};

/// The home page to register in Zoho's API console. Nothing answers there except during a sign-in.
pub const HOME_PAGE: &str = "http://localhost:53682";
/// The redirect address to register in Zoho's API console, letter by letter.
///
/// QUIRK(zoho): `http://127.0.0.1` is refused and `http://localhost` is not; a port that changes would not match
/// the registered one.
pub const REDIRECT: &str = "http://localhost:53682/deskring";
/// How long to wait for the user, usually.
pub const SIGN_IN_PATIENCE: Duration = Duration::from_secs(5 * 60);
/// What is asked for.
pub const SCOPES: &str = "Desk.basic.READ,Desk.settings.READ,Desk.search.READ,Desk.contacts.READ,\
    Desk.contacts.CREATE,Desk.contacts.UPDATE,Desk.tickets.READ,Desk.tickets.CREATE,Desk.tickets.UPDATE,\
    Desk.calls.READ,Desk.calls.CREATE";
/// What is asked for where Zoho does not know the scopes for calls by their shorter name.
pub const FALLBACK_SCOPES: &str = "Desk.basic.READ,Desk.settings.READ,Desk.search.READ,Desk.contacts.READ,\
    Desk.contacts.CREATE,Desk.contacts.UPDATE,Desk.tickets.READ,Desk.tickets.CREATE,Desk.tickets.UPDATE,\
    Desk.activities.calls.READ,Desk.activities.calls.CREATE";

/// The path of [`REDIRECT`].
const PATH: &str = "/deskring";

/// The OAuth client as it is registered in Zoho's API console.
#[derive(Clone, Debug)]
pub struct Application {
    /// Where it is registered, or where the user is.
    pub hosts: Hosts,
    /// Client id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// Its type.
    pub client_type: ClientType,
}

/// The type of an OAuth client, as the API console calls it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum ClientType {
    /// "Server-based Applications". PKCE is not documented for it, so none is sent.
    Server,
    /// "Mobile-based / Desktop Applications". Zoho insists on PKCE (`S256`).
    Desktop,
}

/// Which scopes to ask for.
///
/// QUIRK(zoho): the OpenAPI description names both forms of the scopes for calls, the documentation neither, and
/// one scope that Zoho does not know fails the whole request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Scopes {
    /// [`SCOPES`]: to be tried first.
    Calls,
    /// [`FALLBACK_SCOPES`].
    ActivitiesCalls,
}

impl Scopes {
    /// The list as Zoho wants it, separated by commas.
    pub fn as_str(self) -> &'static str {
        match self {
            Scopes::Calls => SCOPES,
            Scopes::ActivitiesCalls => FALLBACK_SCOPES,
        }
    }
}

/// Where the browser comes back to: a port of this computer, the one of [`REDIRECT`] unless a test needs another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Door {
    /// The port, on 127.0.0.1 and on ::1.
    pub port: u16,
}

impl Default for Door {
    fn default() -> Door {
        Door { port: 53682 }
    }
}

impl Door {
    /// The home page to register, see [`HOME_PAGE`].
    pub fn home_page(self) -> String {
        format!("http://{}", self.host())
    }

    /// The redirect address to register, see [`REDIRECT`].
    pub fn redirect(self) -> String {
        format!("{}{PATH}", self.home_page())
    }

    /// What a browser that was sent here has in its `Host` header.
    fn host(self) -> String {
        format!("localhost:{}", self.port)
    }
}

/// What the browser shows when it comes back, each a whole HTML document. It may bring its own style; scripts,
/// images and fonts are forbidden.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pages {
    /// Signed in.
    pub success: String,
    /// The user said no.
    pub refused: String,
    /// The user said yes, and it failed all the same.
    pub failed: String,
    /// An address that does not belong to this sign-in.
    pub wrong: String,
}

/// A finished sign-in.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The user's servers, perhaps of another data center than the application's.
    pub hosts: Hosts,
    /// Their data center, unless they are custom ones.
    pub data_center: Option<DataCenter>,
    /// Good until revoked, for the organization chosen on the consent page.
    pub refresh_token: Secret,
    /// The first access token, so that none has to be asked for at once.
    pub access_token: AccessToken,
}

/// A sign-in under way: holds both ports until it is finished or dropped.
pub struct SignIn {
    application: Application,
    redirect: String,
    address: Url,
    verifier: Option<PkceCodeVerifier>,
    listener: Listener,
    gate: Arc<Gate>,
    arrival: oneshot::Receiver<Arrival>,
    verdict: watch::Sender<Option<Verdict>>,
    timings: Timings,
}

impl SignIn {
    /// Opens the door and prepares the address of the consent page.
    ///
    /// # Errors
    /// [`SignInFault::PortInUse`] when another program has the port on 127.0.0.1 or on ::1. A computer without
    /// IPv6 does with the first.
    pub async fn begin(
        application: Application,
        scopes: Scopes,
        door: Door,
        pages: Pages,
    ) -> Result<SignIn, SignInError> {
        let listener = Listener::bind(door).await?;
        let redirect = door.redirect();
        let back = RedirectUrl::new(redirect.clone())
            .map_err(|fault| Error::from_source(Kind::BadRequest, fault))?;
        let consent = auth::endpoint(&application.hosts, "/oauth/v2/auth");
        let client = BasicClient::new(ClientId::new(application.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(consent))
            .set_redirect_uri(back);
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            // QUIRK(zoho): separated by commas, so the whole list goes as one.
            .add_scope(Scope::new(scopes.as_str().to_owned()))
            // QUIRK(zoho): without both there is no refresh token for a user who has consented before.
            .add_extra_param("access_type", "offline")
            .add_extra_param("prompt", "consent");
        let verifier = match application.client_type {
            ClientType::Server => None,
            ClientType::Desktop => {
                let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
                request = request.set_pkce_challenge(challenge);
                Some(verifier)
            }
        };
        let (address, state) = request.url();
        let (claim, arrival) = oneshot::channel();
        let (verdict, verdicts) = watch::channel(None);
        let gate = Arc::new(Gate::new(door, state, pages, claim, verdicts));
        let timings = Timings::default();
        Ok(SignIn { application, redirect, address, verifier, listener, gate, arrival, verdict, timings })
    }

    /// The consent page, to be opened in the user's browser. Carries the `state` of this sign-in: not for logs.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// Waits for the user, exchanges the code, and only then answers the browser, so that its page tells the
    /// truth. Both ports are free when this returns or is dropped.
    ///
    /// # Errors
    /// Any but [`SignInFault::PortInUse`].
    pub async fn finish(self, patience: Duration) -> Result<Granted, SignInError> {
        let SignIn { mut listener, gate, .. } = self;
        let arrival = tokio::select! {
            never = listener.serve(&gate) => match never {},
            arrival = timeout(patience, self.arrival) => arrival,
        };
        // The other end lives as long as the gate, so it cannot have been dropped.
        let Ok(Ok(arrival)) = arrival else { return Err(SignInFault::TimedOut.into()) };
        let exchange = exchange(arrival, &self.application, &self.redirect, self.verifier, &self.timings);
        let result = tokio::select! {
            never = listener.serve(&gate) => match never {},
            result = exchange => result,
        };
        if let Err(error) = &result {
            tracing::debug!(%error, "signing in failed");
        }
        self.verdict.send_replace(Some(match &result {
            Ok(_) => Verdict::Success,
            Err(error) if error.kind() == SignInFault::Refused => Verdict::Refused,
            Err(_) => Verdict::Failed,
        }));
        listener.close(&gate).await;
        result
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("redirect", &self.redirect).finish_non_exhaustive()
    }
}

async fn exchange(
    arrival: Arrival,
    application: &Application,
    redirect: &str,
    verifier: Option<PkceCodeVerifier>,
    timings: &Timings,
) -> Result<Granted, SignInError> {
    let (code, accounts_server) = match arrival {
        Arrival::Code { code, accounts_server } => (code, accounts_server),
        Arrival::Error(code) => return Err(SignInError::of_redirect(&code)),
    };
    let hosts = application
        .hosts
        .of_user(accounts_server.as_deref())
        .ok_or_else(|| SignInError::from(SignInFault::ForeignAccountsServer))?;
    let client = http::client(&hosts, timings)?;
    let endpoint = auth::endpoint(&hosts, auth::TOKEN);
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", application.client_id.as_str()),
        ("client_secret", application.client_secret.expose_secret()),
        ("redirect_uri", redirect),
        ("code", code.expose_secret()),
    ];
    if let Some(verifier) = &verifier {
        form.push(("code_verifier", verifier.secret()));
    }
    let mut granted = request_token(&client, &endpoint, &form, timings).await;
    if granted.as_ref().is_err_and(code_still_good) {
        let pause = timings.busy_pauses.first().copied().unwrap_or_default();
        tokio::time::sleep(http::jittered(pause)).await;
        granted = request_token(&client, &endpoint, &form, timings).await;
    }
    let granted = granted.map_err(SignInError::of_exchange)?;
    let refresh_token = granted.refresh_token.ok_or(SignInFault::NoRefreshToken)?;
    let data_center = DataCenter::of(&hosts);
    Ok(Granted { hosts, data_center, refresh_token, access_token: granted.access_token })
}

/// A code works once: it is sent again only when Zoho says that it did nothing, or was not reached.
fn code_still_good(error: &Error) -> bool {
    matches!(error.kind(), Kind::NameNotFound | Kind::Refused) || error.code() == Some("general_error")
}

#[cfg(test)]
mod tests;
