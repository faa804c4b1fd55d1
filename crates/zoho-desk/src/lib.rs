//! A client of Zoho Desk: signing in (OAuth 2.0), and the part of the REST API that phone agents need.
//!
//! Owns: Zoho's hosts, tokens, limits, error codes and record shapes.
//! Must not know: calls, the PBX, settings files, windows, words for people.
//!
//! Sources: Zoho's Desk API documentation, its OpenAPI description (`zoho/zohodesk-oas`) and the accounts
//! documentation. Where they are silent or disagree, a comment says so and `QUIRK(zoho)` marks the place.
//!
//! ```no_run
//! # async fn example(config: deskring_zoho_desk::Config) -> Result<(), deskring_zoho_desk::Error> {
//! use std::sync::Arc;
//! use deskring_zoho_desk::{Desk, Form, ForgetTokens, PhoneField};
//!
//! let desk = Desk::new(config, Arc::new(ForgetTokens))?;
//! let found = desk.search_contacts(PhoneField::Phone, &[Form::Exact("+498912345678".into())], 50).await?;
//! # Ok(()) }
//! ```

mod auth;
mod clock;
mod context;
mod cut;
mod data_center;
mod directory;
mod error;
mod find;
mod form;
mod http;
mod look;
mod owed;
mod page;
mod records;
mod revoke;
mod rights;
mod search;
mod sign_in;
mod walk;
mod write;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use deskring_redact::{ExposeSecret, Secret};

pub use crate::auth::{AccessToken, ForgetTokens, TokenStore};
pub use crate::clock::server_clock;
pub use crate::context::OpenTickets;
pub use crate::data_center::{AddressError, DataCenter, Hosts, UnknownDataCenter};
pub use crate::error::{Error, FieldError, FieldProblem, Kind, Retry};
pub use crate::form::{EntryForm, FieldKind, FormField, Module, Origin, Requirement};
pub use crate::http::Credits;
pub use crate::look::{Look, Newest, Reach};
pub use crate::owed::{CallActivity, CallDirection, CallStatus, Marker, NewCall, NewTicket};
pub use crate::page::{PageUrl, RefusedAddress};
pub use crate::records::{
    Account, AccountId, AccountRef, Agent, AgentId, CallActivityId, Contact, ContactId, Department,
    DepartmentId, NameOrder, Organization, OrganizationId, Standing, Ticket, TicketId,
};
pub use crate::revoke::revoke;
pub use crate::rights::CallActivities;
pub use crate::search::{Form, MOST_FORMS, PhoneField, SEARCH_CREDITS};
pub use crate::sign_in::{
    Application, ClientType, Door, FALLBACK_SCOPES, Granted, HOME_PAGE, Pages, REDIRECT, SCOPES,
    SIGN_IN_PATIENCE, Scopes, SignIn, SignInError, SignInFault,
};
pub use crate::walk::{NoMark, WalkEnd, WalkMark, WalkPage};
pub use crate::write::{FieldValue, NewAccount, NewContact, NumberAdded};

use crate::auth::Auth;
use crate::http::Http;

/// What one installation needs to talk to Desk.
#[derive(Clone, Debug)]
pub struct Config {
    /// The two servers.
    pub hosts: Hosts,
    /// The client id from Zoho's API console.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// The user's refresh token. It does not expire until revoked, and is bound to one organization.
    pub refresh_token: Secret,
    /// The organization of the `orgId` header. Without one, only [`Desk::organizations`] works.
    pub organization: Option<OrganizationId>,
    /// The agent's department; used where an old portal insists on one.
    pub department: Option<DepartmentId>,
    /// Time limits.
    pub timings: Timings,
}

/// Time limits and pauses. A limit covers everything: waiting for a slot, the token, repeats.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Timings {
    /// For searches on behalf of a ringing call.
    pub search: Duration,
    /// For other reads.
    pub read: Duration,
    /// For writes.
    pub write: Duration,
    /// For one request to the accounts server.
    pub token: Duration,
    /// For a TCP and TLS handshake.
    pub connect: Duration,
    /// An access token is replaced this long before it ends (Zoho's last 60 minutes), in the background; a
    /// shorter-lived one, in the last twelfth of its life.
    pub refresh_before_end: Duration,
    /// Zoho's window for counting token requests.
    pub refresh_window: Duration,
    /// How many token requests we make in one window.
    pub refreshes_per_window: usize,
    /// Pauses after `TOO_MANY_REQUESTS`; their number is the number of repeats. Jitter is added.
    pub busy_pauses: Vec<Duration>,
    /// Pauses before a read is repeated after an accident; their number is the number of repeats. Jitter is
    /// added.
    pub repeat_pauses: Vec<Duration>,
}

impl Default for Timings {
    fn default() -> Timings {
        Timings {
            search: Duration::from_secs(4),
            read: Duration::from_secs(10),
            write: Duration::from_secs(15),
            token: Duration::from_secs(10),
            connect: Duration::from_secs(5),
            refresh_before_end: Duration::from_secs(5 * 60),
            refresh_window: Duration::from_secs(10 * 60),
            refreshes_per_window: 10,
            busy_pauses: [500, 1000, 2000].map(Duration::from_millis).to_vec(),
            repeat_pauses: [200, 600].map(Duration::from_millis).to_vec(),
        }
    }
}

/// A signed-in Zoho Desk account. A clone is cheap and shares the token, the connections and the limits.
#[derive(Clone)]
pub struct Desk {
    pub(crate) http: Arc<Http>,
    pub(crate) hosts: Hosts,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) department: Option<DepartmentId>,
    /// Set once this portal has refused a contact's tickets without a department.
    pub(crate) department_needed: Arc<AtomicBool>,
}

impl Desk {
    /// Prepares a client; sends nothing.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for an organization or department id that is not a number: Zoho answers HTTP 500 to
    /// one, which would look like an accident. [`Kind::Tls`] when this computer's TLS set-up is unusable.
    pub fn new(config: Config, tokens: Arc<dyn TokenStore>) -> Result<Desk, Error> {
        if config.organization.as_ref().is_some_and(|id| !id.is_digits()) {
            return Err(Error::refused_here("orgId"));
        }
        if config.department.as_ref().is_some_and(|id| !id.is_digits()) {
            return Err(Error::refused_here("departmentId"));
        }
        let client = http::client(&config.hosts, &config.timings)?;
        let auth = Arc::new(Auth::new(client.clone(), &config, tokens));
        let http = Arc::new(Http::new(client, &config.hosts, auth, config.timings));
        Ok(Desk {
            http,
            hosts: config.hosts,
            organization: config.organization,
            department: config.department,
            department_needed: Arc::new(AtomicBool::new(false)),
        })
    }

    /// The same account, asked on behalf of this organization; tokens and limits stay shared.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] when the id is not a number.
    pub fn in_organization(&self, organization: OrganizationId) -> Result<Desk, Error> {
        if !organization.is_digits() {
            return Err(Error::refused_here("orgId"));
        }
        Ok(Desk { organization: Some(organization), ..self.clone() })
    }

    /// The organization this client asks on behalf of, when one was chosen.
    pub fn chosen_organization(&self) -> Option<&OrganizationId> {
        self.organization.as_ref()
    }

    /// The servers this client talks to.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The portal's credits as the last answer told them; `None` before the first answer.
    pub fn credits(&self) -> Option<Credits> {
        self.http.credits()
    }

    /// Whether the account still works: one read of the agent's own record (1 credit).
    ///
    /// # Errors
    /// Any; [`Kind::SignedOut`] is the one that matters.
    pub async fn check(&self) -> Result<(), Error> {
        self.my_info().await.map(|_| ())
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("organization", &self.organization).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
