//! Owns what can be set on the simulated Desk and its accounts server, and the faults of single requests.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the consent page does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Redirects at once with a code.
    Approve,
    /// Redirects at once with `error=access_denied`.
    Refuse,
    /// Shows a page with two buttons.
    AskPage,
}

/// How the accounts server refuses a scope it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeRefusal {
    /// On a page of its own; the program that waits hears nothing.
    OwnPage,
    /// Redirects with `error=invalid_scope`.
    Redirect,
}

/// What goes wrong with one API request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes this many milliseconds late.
    Delay(u64),
    /// The connection is reset before anything is done.
    Reset,
    /// This HTTP status instead of the answer; nothing is done.
    Status(u16),
    /// The answer's JSON ends in the middle; the work is done.
    TruncatedJson,
    /// 401 as an HTML page.
    Html401,
    /// 429 without `Retry-After`: too many at once.
    TooManyRequests,
    /// 429 with `Retry-After`: the day's credits are used up.
    CreditsExhausted {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// The work is done, then the connection is reset.
    LostAnswer,
}

/// Everything that can be set on Desk and its accounts server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskSwitches {
    /// Delay of every API answer.
    pub delay_ms: u64,
    /// Life of an access token.
    pub access_token_seconds: u64,
    /// HTTP status of a throttled token request. QUIRK(zoho): 400 and 200 were both seen.
    pub throttle_status: u16,
    /// Token requests per refresh token in ten minutes.
    pub refreshes_per_window: usize,
    /// Time until a record created or changed through the API is found by search.
    pub index_lag_seconds: u64,
    /// `edition` of the organization; one with FREE in it has no call activities.
    pub edition: String,
    /// Credits left today; each request takes some.
    pub credits_left: u64,
    /// `Retry-After` once the credits are used up.
    pub credits_retry_after: u64,
    /// Most requests at once; `None` = as the edition has it.
    pub concurrency: Option<usize>,
    /// Every 401 is an HTML page.
    pub html_401: bool,
    /// What the consent page does.
    pub consent: Consent,
    /// The scopes tokens really carry; `None` = those asked for.
    pub scopes: Option<Vec<String>>,
    /// Scopes the consent page does not know although they are documented.
    pub unknown_scopes: Vec<String>,
    /// How the consent page refuses a scope it does not know.
    pub scope_refusal: ScopeRefusal,
    /// No code is exchanged for a refresh token, whatever was asked for.
    pub withhold_refresh_token: bool,
    /// A custom field tickets must have (`cf_…`).
    pub mandatory_ticket_field: Option<String>,
    /// Fields of the contacts' layout that are added to the usual ones, or laid over those of the same `apiName`.
    /// A create without a field that has `isMandatory` is refused, so is a value that is none of `allowedValues`.
    pub contact_fields: Vec<Value>,
    /// The same for accounts.
    pub account_fields: Vec<Value>,
    /// Layouts leave out the `apiName` of custom fields; `organizationFields` tells it.
    pub hide_layout_api_names: bool,
    /// Layouts and fields are answered with this error code (403), or with 204 when it is empty.
    pub layout_refusal: Option<String>,
    /// Field-level security hides `mobile`.
    pub hide_mobile: bool,
    /// Number of the first row of lists. QUIRK(zoho): 0 and 1 are both documented.
    pub list_base: u8,
    /// A request without the `orgId` header is refused.
    pub org_id_required: bool,
    /// Unknown keys in a body are refused.
    pub strict_bodies: bool,
    /// A second contact with the same e-mail is refused as `duplicate`.
    pub refuse_duplicate_email: bool,
    /// The agent's profile may not touch calls: 403 FORBIDDEN.
    pub calls_forbidden: bool,
    /// The accounts server acts as another data center: it knows no code and no client.
    pub wrong_data_center: bool,
    /// `accounts-server` of the redirect when it should lie.
    pub accounts_server: Option<String>,
    /// `location` of the redirect.
    pub location: String,
    /// Redirect addresses registered for the client; empty = every one on localhost.
    pub redirect_uris: Vec<String>,
    /// The token endpoint answers with this HTTP status and an HTML body.
    pub token_endpoint_status: Option<u16>,
    /// `webUrl` is missing from records.
    pub hide_web_url: bool,
}

impl Default for DeskSwitches {
    fn default() -> DeskSwitches {
        DeskSwitches {
            delay_ms: 0,
            access_token_seconds: 3600,
            throttle_status: 400,
            refreshes_per_window: 10,
            index_lag_seconds: 60,
            edition: "PROFESSIONAL".to_owned(),
            credits_left: 75_000,
            credits_retry_after: 3600,
            concurrency: None,
            html_401: false,
            consent: Consent::Approve,
            scopes: None,
            unknown_scopes: Vec::new(),
            scope_refusal: ScopeRefusal::OwnPage,
            withhold_refresh_token: false,
            mandatory_ticket_field: None,
            contact_fields: Vec::new(),
            account_fields: Vec::new(),
            hide_layout_api_names: false,
            layout_refusal: None,
            hide_mobile: false,
            list_base: 1,
            org_id_required: true,
            strict_bodies: true,
            refuse_duplicate_email: false,
            calls_forbidden: false,
            wrong_data_center: false,
            accounts_server: None,
            location: "us".to_owned(),
            redirect_uris: Vec::new(),
            token_endpoint_status: None,
            hide_web_url: false,
        }
    }
}
