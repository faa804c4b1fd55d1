//! From the profile on disk to links that can be run: paths, settings, secrets, tokens.
//!
//! Owns the translation of settings into what the core and the two clients want. Reading secrets may block
//! behind a dialog of the keychain, so [`connect`] is called beside the loop. Must not know calls.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskring_domain::{DeskUse, Extension, Mode, Moment, OwedRules, Plan, Rules, Setup};
use deskring_store::settings::{DataCenter, Language, NameOrder, PopupMode, PopupTrigger, Warning};
use deskring_store::{
    ExposeSecret, Keychain, Loaded, LockError, ProfileLock, Secret, SecretName, Secrets, SecretsConfig,
    SecretsError, Settings, SettingsError,
};
use deskring_yeastar as pbx;
use deskring_zoho_desk as desk;
use sha2::{Digest, Sha256};

use crate::index;
use crate::lookup::{Forms, Lookup, Report};
use crate::manners::Manners;
use crate::outbox::{self, Writing};
use crate::phonebook;
use crate::run::StartError;
use crate::tokens::{DeskTokens, PbxTokens};
use crate::view::{LinkState, LinkView, ProblemView};

/// Where an engine keeps things.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paths {
    /// Settings, journal, lock; for the owner only.
    pub profile: PathBuf,
    /// The local socket; for the owner only, gone after a restart of the computer where the system has such a
    /// folder.
    pub runtime: PathBuf,
    /// The administrator's settings for everybody on this computer; usually not there.
    pub policy: PathBuf,
}

impl Paths {
    /// The paths of a profile folder. The runtime folder is below `XDG_RUNTIME_DIR` where there is one,
    /// otherwise inside the profile; its name depends on the profile's, so profiles do not meet.
    pub fn for_profile(profile: &Path) -> Self {
        let profile = real(&std::path::absolute(profile).unwrap_or_else(|_| profile.to_owned()));
        let runtime = match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
            // The name is short because a socket's path may have 107 bytes at most.
            Some(base) if base.is_absolute() && base.is_dir() => {
                base.join("deskring").join(short_name(&profile))
            }
            _ => profile.join("run"),
        };
        Self { profile, runtime, policy: deskring_store::settings::policy_file() }
    }

    /// Whether the settings there can be read.
    ///
    /// # Errors
    /// In words with file, line and key.
    pub fn check(&self) -> Result<(), deskring_store::SettingsError> {
        deskring_store::settings::load_with(&self.profile, &self.policy).map(drop)
    }
}

/// Without links, also for a folder that is not there yet: every program must get the same name for it.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        (Err(_), _, _) => path.to_owned(),
    }
}

fn short_name(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// What one reading of the profile gives.
pub(crate) struct Connections {
    /// For the core; `None` when the file could not be read and the old settings stay.
    pub setup: Option<Setup>,
    /// Where the PBX is, or a gateway before it.
    pub address: Option<String>,
    /// A client for the PBX, or why there is none.
    pub pbx: Result<pbx::Pbx, LinkView>,
    /// Equal keys mean equal links.
    pub pbx_key: u64,
    /// A client for Desk, or why there is none.
    pub desk: Result<Lookup, LinkView>,
    /// Equal keys mean equal links.
    pub desk_key: u64,
    /// What is wrong with the settings.
    pub problems: Vec<ProblemView>,
    /// The language to speak; `None` when the file could not be read and the old one stays.
    pub language: Option<String>,
    /// How the agent is told and asked; `None` likewise.
    pub manners: Option<Manners>,
    /// What is owed to Desk, and what is written; `None` likewise.
    pub owed: Option<(OwedRules, Writing)>,
    /// How people are kept on this computer; `None` likewise.
    pub index: Option<index::Wanted>,
    /// What is copied to the phonebook; `None` likewise.
    pub copies: Option<Option<phonebook::Wanted>>,
}

/// What is known of the organization after sign-in.
#[derive(Clone)]
pub(crate) struct Organization {
    /// Desk's id; empty when there is none.
    pub id: String,
    pub edition: String,
    pub portal: Option<String>,
    pub custom_domain: Option<String>,
}

pub(crate) fn lock(paths: &Paths) -> Result<ProfileLock, StartError> {
    ProfileLock::acquire(&paths.profile).map_err(|error| match error {
        LockError::Held { pid } => StartError::Running { pid },
        LockError::Unusable(source) => {
            StartError::Profile { path: paths.profile.display().to_string(), source }
        }
    })
}

/// The usual secrets of a profile: environment, keychain, owner-only file. `DESKRING_KEYCHAIN=off` leaves the
/// keychain alone, for servers and containers that have none to ask.
pub(crate) fn secrets(paths: &Paths) -> SecretsConfig {
    let off = std::env::var_os("DESKRING_KEYCHAIN").is_some_and(|value| value == "off");
    SecretsConfig {
        keychain: if off { Keychain::Off } else { Keychain::System },
        ..SecretsConfig::new(&paths.profile, format!("deskring-{}", short_name(&paths.profile)))
    }
}

/// Reads the profile and prepares both clients. Blocks while the keychain asks its user.
pub(crate) fn connect(paths: &Paths, secrets: SecretsConfig) -> Connections {
    let loaded = match deskring_store::settings::load_with(&paths.profile, &paths.policy) {
        Ok(loaded) => loaded,
        Err(error) => {
            tracing::error!(%error, "the settings cannot be read; the last good ones stay");
            let nothing = || LinkView::plain(LinkState::NotSetUp, crate::clock::wall_ms());
            return Connections {
                setup: None,
                address: None,
                pbx: Err(nothing()),
                pbx_key: 0,
                desk: Err(nothing()),
                desk_key: 0,
                problems: vec![unreadable(&error)],
                language: None,
                manners: None,
                owed: None,
                index: None,
                copies: None,
            };
        }
    };
    let settings = &loaded.settings;
    let secrets = Arc::new(Secrets::open(secrets));
    let pbx_secret = secrets.get(SecretName::PbxClientSecret);
    let desk_secret = secrets.get(SecretName::DeskClientSecret);
    let refresh_token = secrets.get(SecretName::DeskRefreshToken);
    Connections {
        pbx_key: key((
            (&settings.pbx.url, &settings.pbx.more_addresses),
            &settings.pbx.client_id,
            &settings.pbx.trusted_certificate,
            &settings.pbx.extensions,
            exposed(&pbx_secret),
        )),
        desk_key: key((
            (
                settings.desk.enabled,
                settings.desk.data_center,
                &settings.desk.accounts_url,
                &settings.desk.desk_url,
            ),
            (&settings.desk.client_id, &settings.desk.organization_id, &settings.desk.department_id),
            (exposed(&desk_secret), exposed(&refresh_token)),
            (&settings.numbers.country, &settings.numbers.area_code, &settings.numbers.outside_line_prefix),
            settings.general.name_order,
        )),
        address: settings.pbx.url.clone(),
        pbx: pbx_client(settings, pbx_secret, &secrets),
        desk: desk_client(settings, desk_secret, refresh_token, &secrets),
        setup: Some(setup(settings)),
        problems: problems(&loaded),
        language: Some(language(settings)),
        manners: Some(Manners::of(settings)),
        owed: Some((outbox::rules(settings), outbox::writing(settings))),
        index: Some(index::wanted(settings, &secrets)),
        copies: Some(phonebook::wanted(settings)),
    }
}

/// The language that a profile wants to be spoken to in: `system`, or the tag of one.
pub fn profile_language(paths: &Paths) -> String {
    let loaded = deskring_store::settings::load_with(&paths.profile, &paths.policy);
    // Settings that cannot be read are complained about elsewhere.
    loaded.map_or_else(|_| "system".to_owned(), |loaded| language(&loaded.settings))
}

/// `system`, or the tag of a language.
pub(crate) fn language(settings: &Settings) -> String {
    match settings.general.language {
        Language::System => "system",
        Language::English => "en",
        Language::Chinese => "zh-CN",
    }
    .to_owned()
}

fn exposed<E>(secret: &Result<Option<Secret>, E>) -> Option<&str> {
    secret.as_ref().ok()?.as_ref().map(ExposeSecret::expose_secret)
}

fn key(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What the core is told. A missing or unknown country leaves the plan without one.
pub(crate) fn setup(settings: &Settings) -> Setup {
    Setup {
        mine: settings
            .pbx
            .extensions
            .iter()
            .map(|number| Extension::new(number.trim()))
            .collect::<BTreeSet<_>>(),
        rules: Rules {
            mode: match settings.popup.mode {
                PopupMode::Automatic => Mode::Automatic,
                PopupMode::Manual => Mode::Manual,
                PopupMode::Off => Mode::Off,
            },
            moment: match settings.popup.trigger {
                PopupTrigger::Ring => Moment::Ring,
                PopupTrigger::Answer => Moment::Answer,
                PopupTrigger::Hangup => Moment::HangUp,
            },
            pause: None,
            desk: if settings.desk.enabled { DeskUse::On } else { DeskUse::Disabled },
        },
        plan: plan(settings),
    }
}

pub(crate) fn plan(settings: &Settings) -> Plan {
    let numbers = &settings.numbers;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Plan::new(&text(&numbers.country), &text(&numbers.area_code), &text(&numbers.outside_line_prefix))
        .or_else(|_| Plan::new("", &text(&numbers.area_code), &text(&numbers.outside_line_prefix)))
        .unwrap_or_default()
}

fn names(settings: &Settings) -> desk::NameOrder {
    match settings.general.name_order {
        NameOrder::Automatic => desk::NameOrder::ByScript,
        NameOrder::FirstLast => desk::NameOrder::FirstLast,
        NameOrder::LastFirst => desk::NameOrder::LastFirst,
        NameOrder::LastFirstJoined => desk::NameOrder::LastFirstJoined,
    }
}

/// The links before the secrets are read.
pub(crate) fn first_views(settings: &Settings, now_ms: i64) -> (LinkView, LinkView) {
    let state = |ready: bool| if ready { LinkState::Connecting } else { LinkState::NotSetUp };
    let desk =
        if settings.desk.enabled { state(settings.desk.client_id.is_some()) } else { LinkState::Disabled };
    (LinkView::plain(state(settings.pbx.url.is_some()), now_ms), LinkView::plain(desk, now_ms))
}

/// Values that cannot work, and keys nobody reads.
pub(crate) fn problems(loaded: &Loaded) -> Vec<ProblemView> {
    let mut problems: Vec<ProblemView> = deskring_store::settings::check(&loaded.settings)
        .into_iter()
        .map(|problem| ProblemView { key: problem.key.into(), code: problem.what.code().into() })
        .collect();
    let country = loaded.settings.numbers.country.as_deref().unwrap_or_default();
    if Plan::new(country, "", "").is_err() && !problems.iter().any(|problem| problem.key == "numbers.country")
    {
        problems.push(ProblemView { key: "numbers.country".into(), code: "not_a_country".into() });
    }
    problems.extend(loaded.warnings.iter().map(|warning| match warning {
        Warning::UnknownKey(key) => ProblemView { key: key.clone(), code: "unknown_key".into() },
        Warning::SecretInSettings(key) => ProblemView { key: key.clone(), code: "secret_in_settings".into() },
    }));
    problems
}

fn unreadable(error: &SettingsError) -> ProblemView {
    let (key, code) = match error {
        SettingsError::Unreadable { .. } | SettingsError::NotSaved { .. } => {
            (String::new(), "settings_unreadable")
        }
        SettingsError::Malformed { key, .. } => (key.clone(), "settings_malformed"),
        SettingsError::Newer { .. } => (String::new(), "settings_newer"),
    };
    // The policy can be at fault as well.
    let file = match error {
        SettingsError::Unreadable { file, .. }
        | SettingsError::Malformed { file, .. }
        | SettingsError::Newer { file, .. }
        | SettingsError::NotSaved { file, .. } => file.file_name().unwrap_or_default().to_string_lossy(),
    };
    ProblemView { key: format!("{file} {key}").trim().to_owned(), code: code.into() }
}

fn stopped(cause: &str) -> LinkView {
    LinkView {
        cause: Some(cause.to_owned()),
        ..LinkView::plain(LinkState::NotSetUp, crate::clock::wall_ms())
    }
}

fn pbx_client(
    settings: &Settings,
    secret: Result<Option<Secret>, SecretsError>,
    secrets: &Arc<Secrets>,
) -> Result<pbx::Pbx, LinkView> {
    let url = settings.pbx.url.as_deref().ok_or_else(|| stopped("pbx_address_missing"))?;
    let client_id = settings.pbx.client_id.clone().ok_or_else(|| stopped("pbx_client_id_missing"))?;
    if settings.pbx.extensions.is_empty() {
        return Err(stopped("extension_missing"));
    }
    let client_secret = needed(secret, "pbx_secret_missing").map_err(stopped)?;
    let address = pbx::Address::parse(url).map_err(|_| stopped("pbx_address_wrong"))?;
    let trusted_certificate = match settings.pbx.trusted_certificate.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|_| stopped("pbx_certificate_wrong"))?),
    };
    let others = others(settings.pbx.more_addresses.iter()).map_err(stopped)?;
    let tokens = PbxTokens { secrets: secrets.clone(), owner: format!("{url} {client_id}") };
    let config = pbx::Config {
        address,
        client_id,
        client_secret,
        trusted_certificate,
        others,
        timings: pbx::Timings::default(),
    };
    pbx::Pbx::new(config, Arc::new(tokens)).map_err(|error| {
        tracing::error!(%error, "the PBX client cannot be used");
        stopped(pbx_cause(error.kind()))
    })
}

/// The other sites of settings.
///
/// # Errors
/// The code of what is wrong with one of them.
pub(crate) fn others<'a>(texts: impl Iterator<Item = &'a String>) -> Result<Vec<pbx::Site>, &'static str> {
    let read = |text: &String| match text.parse() {
        Ok(site) => Ok(site),
        Err(pbx::SiteError::Address(_)) => Err("pbx_address_wrong"),
        Err(pbx::SiteError::Certificate) => Err("pbx_certificate_wrong"),
    };
    texts.map(read).collect()
}

fn desk_client(
    settings: &Settings,
    secret: Result<Option<Secret>, SecretsError>,
    refresh_token: Result<Option<Secret>, SecretsError>,
    secrets: &Arc<Secrets>,
) -> Result<Lookup, LinkView> {
    if !settings.desk.enabled {
        return Err(LinkView::plain(LinkState::Disabled, crate::clock::wall_ms()));
    }
    let desk = desk_with(settings, secret, refresh_token, secrets).map_err(stopped)?;
    Ok(Lookup {
        desk,
        plan: plan(settings),
        names: names(settings),
        custom_domain: None,
        portal: None,
        forms: Forms::default(),
        index: None,
    })
}

/// A client for Desk, also where Desk is disabled.
///
/// # Errors
/// The code of what is missing.
pub(crate) fn desk_alone(settings: &Settings, secrets: &Arc<Secrets>) -> Result<desk::Desk, &'static str> {
    let secret = secrets.get(SecretName::DeskClientSecret);
    let refresh_token = secrets.get(SecretName::DeskRefreshToken);
    desk_with(settings, secret, refresh_token, secrets)
}

/// The same with a refresh token from elsewhere.
///
/// # Errors
/// The code of what is missing.
pub(crate) fn desk_with(
    settings: &Settings,
    secret: Result<Option<Secret>, SecretsError>,
    refresh_token: Result<Option<Secret>, SecretsError>,
    secrets: &Arc<Secrets>,
) -> Result<desk::Desk, &'static str> {
    let section = &settings.desk;
    let client_id = section.client_id.clone().ok_or("desk_client_id_missing")?;
    let hosts = hosts(settings)?;
    let client_secret = needed(secret, "desk_secret_missing")?;
    let refresh_token = needed(refresh_token, "desk_sign_in_missing")?;
    let tokens = DeskTokens { secrets: secrets.clone(), owner: owner(&refresh_token) };
    let config = desk::Config {
        hosts,
        client_id,
        client_secret,
        refresh_token,
        organization: section.organization_id.clone().map(desk::OrganizationId::new),
        department: section.department_id.clone().map(desk::DepartmentId::new),
        timings: desk::Timings::default(),
    };
    desk::Desk::new(config, Arc::new(tokens)).map_err(|error| {
        tracing::error!(%error, "the Desk client cannot be used");
        error.kind().code()
    })
}

/// Where the browser comes back to when somebody signs in.
pub(crate) fn door(settings: &Settings) -> desk::Door {
    desk::Door { port: settings.desk.redirect_port }
}

/// Which refresh token an access token was bought with, without telling the token.
pub(crate) fn owner(refresh_token: &Secret) -> String {
    let digest = Sha256::digest(refresh_token.expose_secret().as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The organization that is asked: the wanted one, else the one Zoho calls the default, else the first.
pub(crate) fn chosen<'a>(
    all: &'a [desk::Organization],
    wanted: Option<&desk::OrganizationId>,
) -> Option<&'a desk::Organization> {
    all.iter()
        .find(|organization| Some(&organization.id) == wanted)
        .or_else(|| all.iter().find(|organization| organization.standing == desk::Standing::Default))
        .or_else(|| all.first())
}

/// Keeps no token: for a client that is asked once.
pub(crate) struct NoTokens;

impl pbx::TokenStore for NoTokens {
    fn load(&self) -> Option<pbx::TokenPair> {
        None
    }
    fn save(&self, _: &pbx::TokenPair) {}
    fn clear(&self) {}
}

pub(crate) fn hosts(settings: &Settings) -> Result<desk::Hosts, &'static str> {
    let section = &settings.desk;
    let center = match section.data_center {
        DataCenter::Us => desk::DataCenter::Us,
        DataCenter::Eu => desk::DataCenter::Eu,
        DataCenter::In => desk::DataCenter::In,
        DataCenter::Au => desk::DataCenter::Au,
        DataCenter::Jp => desk::DataCenter::Jp,
        DataCenter::Cn => desk::DataCenter::Cn,
        DataCenter::Ca => desk::DataCenter::Ca,
        DataCenter::Sa => desk::DataCenter::Sa,
        DataCenter::Sg => desk::DataCenter::Sg,
        DataCenter::Ae => desk::DataCenter::Ae,
        DataCenter::Custom => {
            let accounts = section.accounts_url.as_deref().unwrap_or_default();
            let desk = section.desk_url.as_deref().unwrap_or_default();
            return desk::Hosts::custom(accounts, desk).map_err(|_| "desk_address_wrong");
        }
    };
    Ok(desk::Hosts::of(center))
}

fn needed(
    secret: Result<Option<Secret>, SecretsError>,
    missing: &'static str,
) -> Result<Secret, &'static str> {
    match secret {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(missing),
        Err(error) => {
            tracing::warn!(%error, "a secret cannot be read");
            Err(error.code())
        }
    }
}

/// Looks a number up with the profile's settings, for when no engine runs.
///
/// # Errors
/// A code: of what is missing in the settings, or of what went wrong with Desk.
pub async fn lookup_once(paths: &Paths, number: &str) -> Result<Report, LookupOnceError> {
    let (settings_paths, config) = (paths.clone(), secrets(paths));
    let prepared = tokio::task::spawn_blocking(move || {
        let loaded = deskring_store::settings::load_with(&settings_paths.profile, &settings_paths.policy)?;
        Ok(lookup_alone(&loaded.settings, &Arc::new(Secrets::open(config))))
    });
    let mut lookup = match prepared.await {
        Ok(Ok(Ok(lookup))) => lookup,
        Ok(Ok(Err(code))) => return Err(LookupOnceError::Code(code)),
        Ok(Err(error)) => return Err(LookupOnceError::Settings(error)),
        Err(_) => return Err(LookupOnceError::Code("not_running".into())),
    };
    let failed = |error: desk::Error| LookupOnceError::Code(error.kind().code().to_owned());
    let organization = organization(&lookup.desk).await.map_err(failed)?;
    lookup.set_organization(organization);
    lookup.report(number).await.map_err(failed)
}

/// Asks Desk without an engine. Knows neither the organization nor an index yet.
///
/// # Errors
/// The code of what is missing, or that Desk is disabled.
pub(crate) fn lookup_alone(settings: &Settings, secrets: &Arc<Secrets>) -> Result<Lookup, String> {
    let secret = secrets.get(SecretName::DeskClientSecret);
    let refresh_token = secrets.get(SecretName::DeskRefreshToken);
    desk_client(settings, secret, refresh_token, secrets)
        .map_err(|link| link.cause.unwrap_or_else(|| "desk_disabled".into()))
}

/// Why [`lookup_once`] has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupOnceError {
    /// The settings cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A code of the catalogs.
    #[error("{0}")]
    Code(String),
}

/// Who we are in Desk: also the test that the sign-in still works.
pub(crate) async fn organization(client: &desk::Desk) -> Result<Organization, desk::Error> {
    let all = client.organizations().await?;
    let Some(chosen) = chosen(&all, client.chosen_organization()) else {
        return Ok(Organization {
            id: String::new(),
            edition: String::new(),
            portal: None,
            custom_domain: None,
        });
    };
    // Not every plan tells it; without it pages on the portal's own domain are refused, and that is said.
    let custom_domain = match client.organization(&chosen.id).await {
        Ok(organization) => organization.custom_domain,
        Err(error) => {
            tracing::debug!(%error, "the organization's own domain is not known");
            None
        }
    };
    Ok(Organization {
        id: chosen.id.as_str().to_owned(),
        edition: chosen.edition.clone(),
        portal: chosen.portal_name.clone(),
        custom_domain,
    })
}

/// Stable codes, each with its words in the catalogs.
pub(crate) fn pbx_cause(kind: &pbx::Kind) -> &'static str {
    match kind {
        pbx::Kind::NameNotFound => "name_not_found",
        pbx::Kind::Refused => "refused",
        pbx::Kind::TimedOut => "timed_out",
        pbx::Kind::Unreachable => "unreachable",
        pbx::Kind::UnknownCertificate { .. } => "unknown_certificate",
        pbx::Kind::ChangedCertificate { .. } => "changed_certificate",
        pbx::Kind::Tls => "tls",
        pbx::Kind::Credentials { .. } => "credentials",
        pbx::Kind::AddressBlocked => "address_blocked",
        pbx::Kind::AddressNotAllowed => "address_not_allowed",
        pbx::Kind::TooManyTokens => "too_many_tokens",
        pbx::Kind::TokenExpired => "token_expired",
        pbx::Kind::TooOld => "too_old",
        pbx::Kind::Parameter => "parameter",
        pbx::Kind::NotFound => "not_found",
        pbx::Kind::Malformed => "malformed",
        pbx::Kind::Silent => "silent",
        pbx::Kind::Closed => "closed",
        pbx::Kind::Handshake { .. } => "handshake",
        pbx::Kind::SignedOut => "signed_out",
        pbx::Kind::Other => "other",
    }
}

/// What a person needs besides the cause: the fingerprint to compare, or the PBX's own words.
pub(crate) fn pbx_detail(error: &pbx::Error) -> Option<String> {
    match error.kind() {
        pbx::Kind::UnknownCertificate { fingerprint, .. } => Some(fingerprint.to_string()),
        pbx::Kind::ChangedCertificate { found, .. } => Some(found.to_string()),
        pbx::Kind::Credentials { tries_left } => Some(tries_left.to_string()),
        _ => error.code().map(|code| format!("errcode {code}")),
    }
}
