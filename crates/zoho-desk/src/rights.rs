//! Owns the question what this sign-in may do, asked by cheap reads.
//! Must not know: what the answers switch on or off.

use crate::Desk;
use crate::error::{Error, Kind};

/// Whether call activities can be kept in Desk.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum CallActivities {
    /// They can.
    Available,
    /// The edition of the portal has none.
    NotInEdition,
    /// The token lacks the scope: to be signed in again.
    NoScope,
    /// The profile of the agent forbids it.
    NotPermitted,
}

impl CallActivities {
    /// A stable code for journals and translations.
    pub fn code(self) -> &'static str {
        match self {
            CallActivities::Available => "available",
            CallActivities::NotInEdition => "not_in_edition",
            CallActivities::NoScope => "no_scope",
            CallActivities::NotPermitted => "not_permitted",
        }
    }
}

impl CallActivities {
    /// What a refused [`Desk::create_call`] says about all others: `None` when it says nothing, because the fault lies in
    /// this call, in the sign-in as a whole or on the way. To be remembered until the edition, the scopes or the profile
    /// change; [`Desk::can_write_calls`] asks again without writing.
    ///
    /// QUIRK(zoho): as with [`Desk::can_write_calls`], a 404 or a 422 that names no field and is no fault of the request is
    /// read as an edition without call activities. A portal without them may answer `FORBIDDEN` as well, which is told
    /// as the profile's fault; the edition of the [organization](Desk::organization) tells more.
    pub fn told_by(error: &Error) -> Option<CallActivities> {
        match error.kind() {
            Kind::MissingScope => Some(CallActivities::NoScope),
            Kind::Forbidden => Some(CallActivities::NotPermitted),
            Kind::EditionLimit | Kind::Gone => Some(CallActivities::NotInEdition),
            Kind::BadRequest if error.status() == Some(422) && error.fields().is_empty() => {
                match error.code() {
                    // These speak of the request.
                    Some("UNPROCESSABLE_ENTITY" | "EMPTY_PAYLOAD") => None,
                    Some(_) | None => Some(CallActivities::NotInEdition),
                }
            }
            Kind::BadRequest
            | Kind::NameNotFound
            | Kind::Refused
            | Kind::TimedOut
            | Kind::Unreachable
            | Kind::Tls
            | Kind::SignedOut
            | Kind::ClientUnknown
            | Kind::ClientSecretWrong
            | Kind::Throttled
            | Kind::OtherOrganization
            | Kind::Invalid
            | Kind::TooManyRequests
            | Kind::CreditsExhausted
            | Kind::ServerError
            | Kind::Malformed
            | Kind::AnswerLost
            | Kind::Other => None,
        }
    }
}

/// A record that no portal has. Zoho looks at the scope before it looks for the record, and a fetch by id costs one
/// credit where a list costs three.
const NO_RECORD: &str = "1";

impl Desk {
    /// Whether call activities can be written, as far as reading tells: at most 4 credits. The scope and the
    /// permission to *create* are not tried.
    ///
    /// QUIRK(zoho): no page names the editions without call activities, nor the error they answer with. Those with
    /// `FREE` in their name have none; a 404 or 422 is read the same way.
    ///
    /// # Errors
    /// Those that are no answer to the question, such as [`Kind::Unreachable`] and [`Kind::SignedOut`].
    pub async fn can_write_calls(&self) -> Result<CallActivities, Error> {
        let request = self.read(&["calls"], vec![("limit", "1".to_owned())])?;
        let otherwise = match self.http.send(request).await {
            Ok(_) => CallActivities::Available,
            Err(error) if *error.kind() == Kind::MissingScope => return Ok(CallActivities::NoScope),
            Err(error) if *error.kind() == Kind::Forbidden => CallActivities::NotPermitted,
            Err(error) if is_past_the_scope(&error) => return Ok(CallActivities::NotInEdition),
            Err(error) => return Err(error),
        };
        let Some(organization) = &self.organization else { return Ok(otherwise) };
        let free = self.organization(organization).await?.edition.to_ascii_uppercase().contains("FREE");
        Ok(if free { CallActivities::NotInEdition } else { otherwise })
    }

    /// The scopes for reading that the token lacks, of those that are needed: five requests, about one credit each.
    ///
    /// Calls are named `Desk.calls.READ`, whichever of the two forms was asked for. The search needs the scope for
    /// contacts as well and cannot be judged without it; then only contacts are named.
    ///
    /// # Errors
    /// Those that are no answer to the question, such as [`Kind::Unreachable`] and [`Kind::SignedOut`].
    pub async fn missing_scopes(&self) -> Result<Vec<&'static str>, Error> {
        let mut missing = Vec::new();
        for (scope, path) in [
            ("Desk.basic.READ", &["myinfo"][..]),
            ("Desk.contacts.READ", &["contacts", NO_RECORD]),
            ("Desk.search.READ", &["contacts", "search"]),
            ("Desk.tickets.READ", &["tickets", NO_RECORD]),
            ("Desk.calls.READ", &["calls", NO_RECORD]),
        ] {
            let search = path.ends_with(&["search"]);
            if search && missing.contains(&"Desk.contacts.READ") {
                continue;
            }
            let query = if search { vec![("id", NO_RECORD.to_owned())] } else { Vec::new() };
            if self.lacks_scope(path, query).await? {
                missing.push(scope);
            }
        }
        Ok(missing)
    }

    async fn lacks_scope(&self, path: &[&str], query: Vec<(&'static str, String)>) -> Result<bool, Error> {
        match self.http.send(self.read(path, query)?).await {
            Ok(_) => Ok(false),
            Err(error) if *error.kind() == Kind::MissingScope => Ok(true),
            Err(error) if is_past_the_scope(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether Desk looked at the request and refused it for something else than its scope.
fn is_past_the_scope(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Gone | Kind::Invalid | Kind::BadRequest | Kind::Forbidden | Kind::EditionLimit
    )
}
