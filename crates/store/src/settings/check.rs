//! Owns what a value must look like, as codes that name the key.
//! Must not know: files, words for people.

use std::collections::BTreeSet;

use url::{Host, Url};

use super::{DataCenter, NewContactMode, Settings, TicketCall, TicketMoment};

/// A value that cannot work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The key, such as `pbx.url`.
    pub key: &'static str,
    /// What is wrong.
    pub what: ProblemKind,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProblemKind {
    /// It must be filled in.
    Missing,
    /// Not a web address of a host.
    NotAnAddress,
    /// Neither https nor http on this computer.
    NotEncrypted,
    /// Carries a user name or password.
    UserInfo,
    /// Not all digits.
    NotDigits,
    /// Too long.
    TooLong,
    /// Twice in a list.
    Duplicate,
    /// Not two letters.
    NotACountry,
    /// Not a SHA-256 fingerprint: 64 hex digits, colons permitted.
    NotAFingerprint,
    /// Does not go together with another value.
    DoesNotFit,
}

impl ProblemKind {
    /// A stable code for translations.
    pub fn code(self) -> &'static str {
        match self {
            ProblemKind::Missing => "missing",
            ProblemKind::NotAnAddress => "not_an_address",
            ProblemKind::NotEncrypted => "not_encrypted",
            ProblemKind::UserInfo => "user_info",
            ProblemKind::NotDigits => "not_digits",
            ProblemKind::TooLong => "too_long",
            ProblemKind::Duplicate => "duplicate",
            ProblemKind::NotACountry => "not_a_country",
            ProblemKind::NotAFingerprint => "not_a_fingerprint",
            ProblemKind::DoesNotFit => "does_not_fit",
        }
    }
}

/// The longest extension number of the PBX.
const LONGEST_EXTENSION: usize = 16;
/// Far above any of Zoho's ids.
const LONGEST_ID: usize = 24;

/// Everything that keeps these settings from working; what belongs to a feature that is off is not asked for.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut say = |key, what: Option<ProblemKind>| found.extend(what.map(|what| Problem { key, what }));

    let pbx = &settings.pbx;
    say("pbx.url", required(pbx.url.as_deref(), address));
    say("pbx.client_id", required(pbx.client_id.as_deref(), |_| None));
    if pbx.extensions.is_empty() {
        say("pbx.extensions", Some(ProblemKind::Missing));
    }
    say("pbx.extensions", pbx.extensions.iter().find_map(|text| digits(text, LONGEST_EXTENSION)));
    say("pbx.extensions", duplicate(pbx.extensions.iter().map(String::as_str)));
    say("pbx.trusted_certificate", pbx.trusted_certificate.as_deref().and_then(fingerprint));

    let numbers = &settings.numbers;
    say("numbers.country", required(numbers.country.as_deref(), country));
    say("numbers.area_code", numbers.area_code.as_deref().and_then(|text| digits(text, 8)));
    say(
        "numbers.outside_line_prefix",
        numbers.outside_line_prefix.as_deref().and_then(|text| digits(text, 8)),
    );

    let desk = &settings.desk;
    if desk.enabled {
        match desk.data_center {
            DataCenter::Custom => {
                say("desk.accounts_url", required(desk.accounts_url.as_deref(), address));
                say("desk.desk_url", required(desk.desk_url.as_deref(), address));
            }
            DataCenter::Us
            | DataCenter::Eu
            | DataCenter::In
            | DataCenter::Au
            | DataCenter::Jp
            | DataCenter::Cn
            | DataCenter::Ca
            | DataCenter::Sa
            | DataCenter::Sg
            | DataCenter::Ae => {}
        }
        say("desk.client_id", required(desk.client_id.as_deref(), |_| None));
        // Without an organization the first of the account is offered; without a department nothing is written.
        say("desk.organization_id", desk.organization_id.as_deref().and_then(|id| digits(id, LONGEST_ID)));
        let writes = settings.tickets.enabled || settings.call_log.enabled;
        let department = desk.department_id.as_deref();
        say("desk.department_id", if writes { required(department, id) } else { department.and_then(id) });
    }

    for binding in &settings.bindings {
        say(
            "bindings.extension",
            required(binding.extension.as_deref(), |text| digits(text, LONGEST_EXTENSION)),
        );
        say("bindings.agent_id", required(binding.agent_id.as_deref(), id));
    }
    say(
        "bindings.extension",
        duplicate(settings.bindings.iter().filter_map(|binding| binding.extension.as_deref())),
    );

    if settings.new_contacts.mode == NewContactMode::Automatic && settings.new_contacts.call_types.is_empty()
    {
        say("new_contacts.call_types", Some(ProblemKind::Missing));
    }
    let tickets = &settings.tickets;
    if tickets.enabled {
        let fits = |call: &TicketCall| match call {
            TicketCall::Inbound | TicketCall::Outbound => tickets.when == TicketMoment::BeforeCall,
            TicketCall::InboundAnswered
            | TicketCall::InboundMissed
            | TicketCall::OutboundAnswered
            | TicketCall::OutboundMissed => tickets.when == TicketMoment::AfterCall,
        };
        if tickets.call_types.is_empty() {
            say("tickets.call_types", Some(ProblemKind::Missing));
        } else if !tickets.call_types.iter().all(fits) {
            say("tickets.call_types", Some(ProblemKind::DoesNotFit));
        }
        say("tickets.subject", template(&tickets.subject));
    }
    if settings.call_log.enabled {
        say("call_log.subject", template(&settings.call_log.subject));
    }
    if settings.contact_sync.enabled {
        say("contact_sync.phonebook", required(settings.contact_sync.phonebook.as_deref(), |_| None));
    }
    found
}

fn required(value: Option<&str>, rule: impl Fn(&str) -> Option<ProblemKind>) -> Option<ProblemKind> {
    value.map_or(Some(ProblemKind::Missing), rule)
}

fn template(text: &str) -> Option<ProblemKind> {
    text.trim().is_empty().then_some(ProblemKind::Missing)
}

fn digits(text: &str, longest: usize) -> Option<ProblemKind> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(ProblemKind::NotDigits)
    } else {
        (text.len() > longest).then_some(ProblemKind::TooLong)
    }
}

fn id(text: &str) -> Option<ProblemKind> {
    digits(text, LONGEST_ID)
}

fn duplicate<'a>(texts: impl Iterator<Item = &'a str>) -> Option<ProblemKind> {
    let mut seen = BTreeSet::new();
    let mut texts = texts;
    texts.any(|text| !seen.insert(text)).then_some(ProblemKind::Duplicate)
}

fn country(text: &str) -> Option<ProblemKind> {
    let letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    (!letters).then_some(ProblemKind::NotACountry)
}

fn fingerprint(text: &str) -> Option<ProblemKind> {
    let hex: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let fits = hex.len() == 64 && hex.iter().all(u8::is_ascii_hexdigit);
    (!fits).then_some(ProblemKind::NotAFingerprint)
}

fn address(text: &str) -> Option<ProblemKind> {
    let Ok(url) = Url::parse(text) else { return Some(ProblemKind::NotAnAddress) };
    if !url.has_host() || url.query().is_some() || url.fragment().is_some() {
        return Some(ProblemKind::NotAnAddress);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some(ProblemKind::UserInfo);
    }
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let fits = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    (!fits).then_some(ProblemKind::NotEncrypted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Binding;

    fn complete() -> Settings {
        let mut settings = Settings::default();
        settings.pbx.url = Some("https://pbx.example.com:8088".into());
        settings.pbx.client_id = Some("client".into());
        settings.pbx.extensions = vec!["1001".into()];
        settings.numbers.country = Some("CN".into());
        settings.desk.client_id = Some("1000.X".into());
        settings
    }

    /// The problems after one change of complete settings, as `key: code`.
    fn after(change: impl FnOnce(&mut Settings)) -> Vec<String> {
        let mut settings = complete();
        change(&mut settings);
        check(&settings).iter().map(|problem| format!("{}: {}", problem.key, problem.what.code())).collect()
    }

    #[test]
    fn the_defaults_lack_only_what_nobody_can_guess() {
        let missing: Vec<_> = check(&Settings::default()).iter().map(|problem| problem.key).collect();
        let expected = ["pbx.url", "pbx.client_id", "pbx.extensions", "numbers.country", "desk.client_id"];
        assert_eq!(missing, expected);
        assert_eq!(check(&complete()), []);
    }

    #[test]
    fn addresses_must_be_encrypted_or_on_this_computer() {
        let url = |text: &str| after(|settings| settings.pbx.url = Some(text.into()));
        assert_eq!(url("http://127.0.0.1:8088"), [""; 0]);
        assert_eq!(url("http://[::1]:8088"), [""; 0]);
        assert_eq!(url("http://pbx.example.com"), ["pbx.url: not_encrypted"]);
        assert_eq!(url("http://127.0.0.1.evil.example"), ["pbx.url: not_encrypted"]);
        assert_eq!(url("https://a:b@pbx.example.com"), ["pbx.url: user_info"]);
        assert_eq!(url("pbx.example.com"), ["pbx.url: not_an_address"]);
        assert_eq!(url("https://pbx.example.com/?x"), ["pbx.url: not_an_address"]);
    }

    #[test]
    fn extensions_are_distinct_digits() {
        let extensions = |list: &[&str]| {
            after(|settings| settings.pbx.extensions = list.iter().map(|text| (*text).to_owned()).collect())
        };
        assert_eq!(extensions(&["1001", "1002"]), [""; 0]);
        assert_eq!(extensions(&[]), ["pbx.extensions: missing"]);
        assert_eq!(extensions(&["1001", "1001"]), ["pbx.extensions: duplicate"]);
        assert_eq!(extensions(&["10a"]), ["pbx.extensions: not_digits"]);
        assert_eq!(extensions(&[""]), ["pbx.extensions: not_digits"]);
        assert_eq!(extensions(&["12345678901234567"]), ["pbx.extensions: too_long"]);
    }

    #[test]
    fn every_other_rule_names_its_key() {
        assert_eq!(after(|s| s.numbers.country = Some("CHN".into())), ["numbers.country: not_a_country"]);
        assert_eq!(after(|s| s.numbers.area_code = Some("+592".into())), ["numbers.area_code: not_digits"]);
        assert_eq!(
            after(|s| s.desk.data_center = DataCenter::Custom),
            ["desk.accounts_url: missing", "desk.desk_url: missing"]
        );
        assert_eq!(
            after(|s| s.desk.organization_id = Some("acme".into())),
            ["desk.organization_id: not_digits"]
        );
        assert_eq!(after(|s| s.tickets.enabled = true), ["desk.department_id: missing"]);
        assert_eq!(
            after(|s| s.pbx.trusted_certificate = Some("ab:cd".into())),
            ["pbx.trusted_certificate: not_a_fingerprint"]
        );
        assert_eq!(after(|s| s.pbx.trusted_certificate = Some(["AB"; 32].join(":"))), [""; 0]);
        let binding = |extension: &str, agent: &str| Binding {
            extension: Some(extension.into()),
            agent_id: Some(agent.into()),
            ..Binding::default()
        };
        assert_eq!(
            after(|s| s.bindings = vec![binding("1001", "1"), binding("1001", "x")]),
            ["bindings.agent_id: not_digits", "bindings.extension: duplicate"]
        );
        assert_eq!(
            after(|s| {
                s.tickets.enabled = true;
                s.desk.department_id = Some("1".into());
                s.tickets.call_types = vec![TicketCall::Inbound];
            }),
            ["tickets.call_types: does_not_fit"]
        );
        assert_eq!(
            after(|s| {
                s.desk.enabled = false;
                s.desk.client_id = None;
            }),
            [""; 0],
            "nothing is asked of a Desk that is switched off"
        );
    }
}
