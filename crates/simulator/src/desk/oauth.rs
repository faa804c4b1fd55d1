//! Owns the accounts server's rules: codes, refresh tokens, access tokens, and their limits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::switches::DeskSwitches;
use super::{DESK_CLIENT_ID, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN};
use crate::http::random_text;

const CODE_LIFE: Duration = Duration::from_secs(120);
const WINDOW: Duration = Duration::from_secs(600);
const ACCESS_TOKENS: usize = 10;
const REFRESH_TOKENS: usize = 20;

/// The scopes the pre-issued refresh token has.
pub(crate) const FULL_SCOPES: &str = "Desk.basic.READ,Desk.settings.READ,Desk.search.READ,Desk.contacts.READ,\
    Desk.contacts.CREATE,Desk.contacts.UPDATE,Desk.contacts.DELETE,Desk.tickets.READ,Desk.tickets.CREATE,\
    Desk.tickets.UPDATE,Desk.tickets.DELETE,Desk.calls.READ,Desk.calls.CREATE,Desk.calls.UPDATE,Desk.calls.DELETE";

struct Code {
    redirect_uri: String,
    scopes: BTreeSet<String>,
    until: Instant,
    offline: bool,
    challenge: Option<(String, String)>,
}

struct Grant {
    scopes: BTreeSet<String>,
    /// Starts of the access tokens given out in the running window.
    given: VecDeque<Instant>,
}

struct Access {
    scopes: BTreeSet<String>,
    until: Instant,
    refresh: String,
}

pub(crate) struct OAuth {
    codes: BTreeMap<String, Code>,
    grants: BTreeMap<String, Grant>,
    /// Oldest first, so that the eleventh token can end the first.
    order: Vec<String>,
    access: VecDeque<(String, Access)>,
    consented: bool,
}

/// What the browser asked for at `/oauth/v2/auth`.
pub(crate) struct Wish<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) offline: bool,
    pub(crate) prompt_consent: bool,
    pub(crate) challenge: Option<(String, String)>,
}

/// A token answer: HTTP status and body. QUIRK(zoho): most errors come with 200.
pub(crate) type TokenAnswer = (u16, Value);

fn error(name: &str) -> TokenAnswer {
    (200, json!({ "error": name }))
}

fn scopes(text: &str) -> BTreeSet<String> {
    text.split(',').map(|scope| scope.trim().to_owned()).filter(|scope| !scope.is_empty()).collect()
}

impl OAuth {
    pub(crate) fn new() -> OAuth {
        let mut oauth = OAuth {
            codes: BTreeMap::new(),
            grants: BTreeMap::new(),
            order: Vec::new(),
            access: VecDeque::new(),
            consented: false,
        };
        oauth.grant(DESK_REFRESH_TOKEN.to_owned(), scopes(FULL_SCOPES));
        oauth
    }

    fn grant(&mut self, refresh: String, scopes: BTreeSet<String>) {
        self.grants.insert(refresh.clone(), Grant { scopes, given: VecDeque::new() });
        self.order.push(refresh);
        if self.order.len() > REFRESH_TOKENS {
            // QUIRK(zoho): the 21st silently deletes the oldest.
            let oldest = self.order.remove(0);
            self.end(&oldest);
        }
    }

    /// A refresh token of another user, whose tokens do not count among the first one's.
    pub(crate) fn grant_to_another(&mut self) -> String {
        let refresh = format!("1000.{}.{}", random_text(32).to_lowercase(), random_text(32).to_lowercase());
        self.grants.insert(refresh.clone(), Grant { scopes: scopes(FULL_SCOPES), given: VecDeque::new() });
        refresh
    }

    fn end(&mut self, refresh: &str) {
        self.grants.remove(refresh);
        self.order.retain(|known| known != refresh);
        self.access.retain(|(_, access)| access.refresh != refresh);
    }

    /// Whether the redirect address may be used at all.
    pub(crate) fn redirect_allowed(uri: &str, switches: &DeskSwitches) -> bool {
        if !switches.redirect_uris.is_empty() {
            return switches.redirect_uris.iter().any(|known| known == uri);
        }
        // QUIRK(zoho): 127.0.0.1 is refused, localhost works.
        url::Url::parse(uri)
            .is_ok_and(|uri| matches!(uri.scheme(), "http" | "https") && uri.host_str() == Some("localhost"))
    }

    /// True when every scope asked for exists; one unknown scope fails the whole request.
    pub(crate) fn scopes_known(text: &str, switches: &DeskSwitches) -> bool {
        let wanted = scopes(text);
        let groups = [
            "basic",
            "settings",
            "search",
            "contacts",
            "accounts",
            "tickets",
            "calls",
            "activities.calls",
            "tasks",
            "events",
            "articles",
            "agents",
            "departments",
            "organization",
            "layouts",
            "webhooks",
        ];
        !wanted.is_empty()
            && wanted.iter().all(|scope| !switches.unknown_scopes.contains(scope))
            && wanted.iter().all(|scope| {
                let rest = scope.strip_prefix("Desk.").and_then(|rest| rest.rsplit_once('.'));
                rest.is_some_and(|(group, verb)| {
                    groups.contains(&group) && matches!(verb, "READ" | "CREATE" | "UPDATE" | "DELETE" | "ALL")
                })
            })
    }

    /// The user said yes: a code, valid for two minutes, once.
    pub(crate) fn consent(&mut self, wish: &Wish<'_>) -> String {
        let code = format!("1000.{}.{}", random_text(32).to_lowercase(), random_text(32).to_lowercase());
        let offline = wish.offline && (wish.prompt_consent || !self.consented);
        self.consented = true;
        self.codes.insert(
            code.clone(),
            Code {
                redirect_uri: wish.redirect_uri.to_owned(),
                scopes: scopes(wish.scope),
                until: Instant::now() + CODE_LIFE,
                offline,
                challenge: wish.challenge.clone(),
            },
        );
        code
    }

    /// `POST /oauth/v2/token`.
    pub(crate) fn token(&mut self, form: &BTreeMap<String, String>, switches: &DeskSwitches) -> TokenAnswer {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if switches.wrong_data_center {
            let code = field("grant_type") == "authorization_code";
            return error(if code { "invalid_code" } else { "invalid_client" });
        }
        if field("client_id") != DESK_CLIENT_ID {
            return error("invalid_client");
        }
        if field("client_secret") != DESK_CLIENT_SECRET {
            return error("invalid_client_secret");
        }
        match field("grant_type") {
            "authorization_code" => self.exchange(form, switches),
            "refresh_token" => self.refresh(field("refresh_token"), switches),
            _ => error("general_error"),
        }
    }

    fn exchange(&mut self, form: &BTreeMap<String, String>, switches: &DeskSwitches) -> TokenAnswer {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let Some(code) = self.codes.get(field("code")) else { return error("invalid_code") };
        if code.until <= Instant::now() {
            return error("invalid_code");
        }
        if code.redirect_uri != field("redirect_uri") {
            return error("invalid_redirect_uri");
        }
        if let Some((challenge, method)) = &code.challenge {
            let verifier = field("code_verifier");
            let given =
                if method == "S256" { base64url(&Sha256::digest(verifier)) } else { verifier.to_owned() };
            if given != *challenge {
                return error("invalid_code");
            }
        }
        let Some(code) = self.codes.remove(field("code")) else { return error("invalid_code") };
        let refresh = format!("1000.{}.{}", random_text(32).to_lowercase(), random_text(32).to_lowercase());
        self.grant(refresh.clone(), code.scopes.clone());
        let mut body = self.access_token(&refresh, code.scopes, switches);
        // QUIRK(zoho): without access_type=offline, or on a second consent without prompt=consent, there is none.
        if code.offline
            && !switches.withhold_refresh_token
            && let Some(body) = body.as_object_mut()
        {
            body.insert("refresh_token".to_owned(), json!(refresh));
        }
        (200, body)
    }

    fn refresh(&mut self, refresh: &str, switches: &DeskSwitches) -> TokenAnswer {
        let now = Instant::now();
        let Some(grant) = self.grants.get_mut(refresh) else { return error("invalid_code") };
        while grant.given.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            grant.given.pop_front();
        }
        if grant.given.len() >= switches.refreshes_per_window {
            let body = json!({
                "error_description":
                    "You have made too many requests continuously. Please try again after some time.",
                "error": "Access Denied", "status": "failure",
            });
            return (switches.throttle_status, body);
        }
        grant.given.push_back(now);
        let scopes = grant.scopes.clone();
        (200, self.access_token(refresh, scopes, switches))
    }

    fn access_token(&mut self, refresh: &str, scopes: BTreeSet<String>, switches: &DeskSwitches) -> Value {
        let token = format!("1000.{}.{}", random_text(32).to_lowercase(), random_text(32).to_lowercase());
        let now = Instant::now();
        self.access.retain(|(_, access)| access.until > now);
        let alive = self.access.iter().filter(|(_, access)| access.refresh == refresh).count();
        if alive >= ACCESS_TOKENS
            && let Some(oldest) = self.access.iter().position(|(_, access)| access.refresh == refresh)
        {
            self.access.remove(oldest);
        }
        let until = now + Duration::from_secs(switches.access_token_seconds);
        self.access.push_back((token.clone(), Access { scopes, until, refresh: refresh.to_owned() }));
        json!({
            "access_token": token, "api_domain": "https://www.zohoapis.com", "token_type": "Bearer",
            "expires_in": switches.access_token_seconds,
        })
    }

    /// `POST /oauth/v2/token/revoke`.
    pub(crate) fn revoke(&mut self, token: &str) -> TokenAnswer {
        if self.grants.contains_key(token) {
            self.end(token);
            return (200, json!({ "status": "success" }));
        }
        (400, json!({ "error": "invalid_token" }))
    }

    /// The scopes of a living access token.
    pub(crate) fn scopes_of(&self, access: &str) -> Option<BTreeSet<String>> {
        let now = Instant::now();
        self.access
            .iter()
            .find(|(token, access_token)| token == access && access_token.until > now)
            .map(|(_, access)| access.scopes.clone())
    }

    pub(crate) fn expire_access_tokens(&mut self) {
        self.access.clear();
    }

    pub(crate) fn revoke_all(&mut self) {
        self.access.clear();
        self.grants.clear();
        self.order.clear();
        self.codes.clear();
    }

    pub(crate) fn live_access_tokens(&self) -> usize {
        let now = Instant::now();
        self.access.iter().filter(|(_, access)| access.until > now).count()
    }
}

/// Base64 for URLs without padding, as PKCE writes its challenge.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..=chunk.len() {
            let index = (word >> (18 - 6 * position)) & 63;
            text.push(ALPHABET.get(index as usize).copied().map_or('A', char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: &str = "http://localhost:53682/callback";

    fn form(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let client = [("client_id", DESK_CLIENT_ID), ("client_secret", DESK_CLIENT_SECRET)];
        client.iter().chain(pairs).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn wish(offline: bool, prompt_consent: bool) -> Wish<'static> {
        Wish { redirect_uri: BACK, scope: FULL_SCOPES, offline, prompt_consent, challenge: None }
    }

    fn exchange(code: &str) -> BTreeMap<String, String> {
        form(&[("grant_type", "authorization_code"), ("redirect_uri", BACK), ("code", code)])
    }

    fn refresh() -> BTreeMap<String, String> {
        form(&[("grant_type", "refresh_token"), ("refresh_token", DESK_REFRESH_TOKEN)])
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_works_once_and_for_two_minutes() {
        let (mut oauth, switches) = (OAuth::new(), DeskSwitches::default());
        let code = oauth.consent(&wish(true, true));
        let (status, body) = oauth.token(&exchange(&code), &switches);
        assert_eq!(status, 200);
        assert!(body["refresh_token"].is_string());
        assert_eq!(oauth.token(&exchange(&code), &switches).1["error"], "invalid_code");
        let late = oauth.consent(&wish(true, true));
        tokio::time::advance(Duration::from_secs(121)).await;
        assert_eq!(oauth.token(&exchange(&late), &switches).1["error"], "invalid_code");
    }

    #[tokio::test(start_paused = true)]
    async fn each_wrong_part_of_a_token_request_has_its_own_error_with_status_200() {
        let (mut oauth, switches) = (OAuth::new(), DeskSwitches::default());
        let code = oauth.consent(&wish(true, true));
        let mut try_with = |key: &str, value: &str| {
            let mut form = exchange(&code);
            form.insert(key.to_owned(), value.to_owned());
            oauth.token(&form, &switches)
        };
        assert_eq!(try_with("client_id", "x"), (200, json!({ "error": "invalid_client" })));
        assert_eq!(try_with("client_secret", "x"), (200, json!({ "error": "invalid_client_secret" })));
        let elsewhere = "http://localhost:1/other";
        assert_eq!(try_with("redirect_uri", elsewhere), (200, json!({ "error": "invalid_redirect_uri" })));
        let elsewhere = DeskSwitches { wrong_data_center: true, ..switches };
        assert_eq!(oauth.token(&exchange(&code), &elsewhere).1["error"], "invalid_code");
        assert_eq!(oauth.token(&refresh(), &elsewhere).1["error"], "invalid_client");
    }

    #[test]
    fn a_redirect_to_127_0_0_1_is_refused_and_to_localhost_accepted() {
        let mut switches = DeskSwitches::default();
        assert!(OAuth::redirect_allowed(BACK, &switches));
        assert!(!OAuth::redirect_allowed("http://127.0.0.1:53682/callback", &switches));
        assert!(!OAuth::redirect_allowed("deskring://callback", &switches));
        switches.redirect_uris = vec!["http://localhost:1/only".to_owned()];
        assert!(!OAuth::redirect_allowed(BACK, &switches));
    }

    #[tokio::test(start_paused = true)]
    async fn the_eleventh_living_access_token_ends_the_first() {
        let mut oauth = OAuth::new();
        let switches = DeskSwitches { refreshes_per_window: 100, ..DeskSwitches::default() };
        let tokens: Vec<String> = (0..11)
            .map(|_| oauth.token(&refresh(), &switches).1["access_token"].as_str().unwrap().to_owned())
            .collect();
        assert!(oauth.scopes_of(&tokens[0]).is_none());
        assert!(oauth.scopes_of(&tokens[1]).is_some());
        assert_eq!(oauth.live_access_tokens(), 10);
        tokio::time::advance(Duration::from_secs(3601)).await;
        assert!(oauth.scopes_of(&tokens[10]).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_eleventh_refresh_in_ten_minutes_is_throttled_until_the_window_ends() {
        let (mut oauth, mut switches) = (OAuth::new(), DeskSwitches::default());
        for _ in 0..10 {
            let (status, body) = oauth.token(&refresh(), &switches);
            assert_eq!(status, 200);
            assert!(body.get("refresh_token").is_none(), "a refresh answer has no refresh token");
        }
        let (status, body) = oauth.token(&refresh(), &switches);
        assert_eq!((status, body["error"].as_str().unwrap()), (400, "Access Denied"));
        switches.throttle_status = 200;
        assert_eq!(oauth.token(&refresh(), &switches).0, 200);
        tokio::time::advance(WINDOW).await;
        assert!(oauth.token(&refresh(), &switches).1["access_token"].is_string());
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_first_consent_or_one_with_prompt_gives_a_refresh_token() {
        let (mut oauth, switches) = (OAuth::new(), DeskSwitches::default());
        let mut has_refresh = |offline, prompt| {
            let code = oauth.consent(&wish(offline, prompt));
            oauth.token(&exchange(&code), &switches).1.get("refresh_token").is_some()
        };
        assert!(has_refresh(true, false), "the first consent");
        assert!(!has_refresh(true, false), "the second one without prompt=consent");
        assert!(has_refresh(true, true));
        assert!(!has_refresh(false, true), "without access_type=offline");
    }

    #[test]
    fn a_revoked_refresh_token_is_an_invalid_code() {
        let (mut oauth, switches) = (OAuth::new(), DeskSwitches::default());
        assert_eq!(oauth.revoke("unknown").0, 400);
        assert_eq!(oauth.revoke(DESK_REFRESH_TOKEN), (200, json!({ "status": "success" })));
        assert_eq!(oauth.token(&refresh(), &switches).1["error"], "invalid_code");
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_with_a_challenge_needs_the_right_verifier() {
        // The pair of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Some(("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(), "S256".to_owned()));
        let (mut oauth, switches) = (OAuth::new(), DeskSwitches::default());
        let code = oauth.consent(&Wish { challenge, ..wish(true, true) });
        assert_eq!(oauth.token(&exchange(&code), &switches).1["error"], "invalid_code");
        let mut form = exchange(&code);
        form.insert("code_verifier".to_owned(), verifier.to_owned());
        assert!(oauth.token(&form, &switches).1["access_token"].is_string());
    }

    #[test]
    fn one_unknown_scope_fails_the_whole_wish() {
        let mut switches = DeskSwitches::default();
        assert!(OAuth::scopes_known(FULL_SCOPES, &switches));
        assert!(OAuth::scopes_known("Desk.activities.calls.CREATE", &switches));
        assert!(!OAuth::scopes_known("Desk.basic.READ,Desk.nonsense.READ", &switches));
        switches.unknown_scopes = vec!["Desk.calls.READ".to_owned()];
        assert!(!OAuth::scopes_known(FULL_SCOPES, &switches));
    }
}
