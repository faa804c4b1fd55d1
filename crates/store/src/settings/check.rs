//! Owns what a value must look like, as codes that name the key.
//! Must not know: files, words for people.

use std::collections::BTreeSet;

use url::{Host, Url};

use super::tidy::invisible;
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
    /// Not a time of the day such as `08:30`.
    NotATime,
    /// Neither digits nor `+`.
    NotAPrefix,
    /// Not a key with at least one of Ctrl, Alt, Shift and the like, such as `Ctrl+Alt+D`.
    NotAShortcut,
    /// Does not go together with another value.
    DoesNotFit,
    /// Not of the kind this key has, or none of the words it knows.
    WrongValue,
    /// No such key.
    UnknownKey,
    /// The policy sets it.
    Locked,
    /// A secret, which does not belong among settings.
    SecretInSettings,
    /// Written by a newer version.
    NewerVersion,
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
            ProblemKind::NotATime => "not_a_time",
            ProblemKind::NotAPrefix => "not_a_prefix",
            ProblemKind::NotAShortcut => "not_a_shortcut",
            ProblemKind::DoesNotFit => "does_not_fit",
            ProblemKind::WrongValue => "wrong_value",
            ProblemKind::UnknownKey => "unknown_key",
            ProblemKind::Locked => "locked",
            ProblemKind::SecretInSettings => "secret_in_settings",
            ProblemKind::NewerVersion => "settings_newer",
        }
    }
}

/// More gateways than anybody has.
const MOST_ADDRESSES: usize = 8;
/// The longest extension number of the PBX.
const LONGEST_EXTENSION: usize = 16;
/// Far above any of Zoho's ids.
const LONGEST_ID: usize = 24;
/// Dialed before a number.
const LONGEST_PREFIX: usize = 8;
/// Of any other technical text, in characters, as all of these.
const LONGEST_TECHNICAL: usize = 512;
/// Of a subject or name.
const LONGEST_LINE: usize = 500;
/// Of a description.
const LONGEST_LINES: usize = 20_000;
/// Of what came of a call; it has to fit on a button.
const LONGEST_DISPOSITION: usize = 60;

/// Everything that keeps these settings from working. What belongs to a feature that is off is not asked for, but
/// what is there must be well formed.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut say = |key, what: Option<ProblemKind>| found.extend(what.map(|what| Problem { key, what }));

    let pbx = &settings.pbx;
    say("pbx.url", text(&pbx.url, Needed::Yes, address));
    say("pbx.more_addresses", pbx.more_addresses.iter().find_map(|text| site(text)));
    let all =
        pbx.url.iter().chain(&pbx.more_addresses).map(|text| text.split('#').next().unwrap_or_default());
    say("pbx.more_addresses", duplicate(all));
    say("pbx.more_addresses", (pbx.more_addresses.len() > MOST_ADDRESSES).then_some(ProblemKind::TooLong));
    say("pbx.client_id", text(&pbx.client_id, Needed::Yes, technical));
    if pbx.extensions.is_empty() {
        say("pbx.extensions", Some(ProblemKind::Missing));
    }
    say("pbx.extensions", pbx.extensions.iter().find_map(|text| digits(text, LONGEST_EXTENSION)));
    say("pbx.extensions", duplicate(pbx.extensions.iter().map(String::as_str)));
    say("pbx.trusted_certificate", text(&pbx.trusted_certificate, Needed::No, fingerprint));

    let numbers = &settings.numbers;
    let prefix = |text: &str| digits(text, LONGEST_PREFIX);
    say("numbers.country", text(&numbers.country, Needed::Yes, country));
    say("numbers.area_code", text(&numbers.area_code, Needed::No, prefix));
    say("numbers.outside_line_prefix", text(&numbers.outside_line_prefix, Needed::No, prefix));

    let desk = &settings.desk;
    let custom = Needed::when(desk.enabled && desk.data_center == DataCenter::Custom);
    say("desk.accounts_url", text(&desk.accounts_url, custom, address));
    say("desk.desk_url", text(&desk.desk_url, custom, address));
    say("desk.client_id", text(&desk.client_id, Needed::when(desk.enabled), technical));
    // Below 1024 a port belongs to the system's own programs.
    say("desk.redirect_port", (desk.redirect_port < 1024).then_some(ProblemKind::WrongValue));
    // Without an organization the first of the account is offered; without a department nothing is written.
    say("desk.organization_id", text(&desk.organization_id, Needed::No, id));
    let writes = desk.enabled && (settings.tickets.enabled || settings.call_log.enabled);
    say("desk.department_id", text(&desk.department_id, Needed::when(writes), id));

    for binding in &settings.bindings {
        let extension = |text: &str| digits(text, LONGEST_EXTENSION);
        say("bindings.extension", text(&binding.extension, Needed::Yes, extension));
        say("bindings.agent_id", text(&binding.agent_id, Needed::Yes, id));
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
    }
    say("tickets.subject", subject(&tickets.subject, Needed::when(tickets.enabled)));
    say("tickets.description", too_long(&tickets.description, LONGEST_LINES));

    let log = &settings.call_log;
    say("call_log.subject", subject(&log.subject, Needed::when(log.enabled)));
    say("call_log.description", too_long(&log.description, LONGEST_LINES));
    say("call_log.dispositions", log.dispositions.iter().find_map(|text| disposition(text)));
    say("call_log.dispositions", duplicate(log.dispositions.iter().map(String::as_str)));

    let sync = &settings.contact_sync;
    say(
        "contact_sync.phonebook",
        text(&sync.phonebook, Needed::when(sync.enabled), |name| too_long(name, LONGEST_LINE)),
    );

    let dialing = &settings.click_to_call;
    say(
        "click_to_call.international_prefix",
        text(&dialing.international_prefix, Needed::No, international_prefix),
    );
    say("click_to_call.shortcut", text(&dialing.shortcut, Needed::No, shortcut));

    let notices = &settings.notifications;
    say("notifications.quiet_from", text(&notices.quiet_from, Needed::No, time));
    say("notifications.quiet_until", text(&notices.quiet_until, Needed::No, time));
    match (&notices.quiet_from, &notices.quiet_until) {
        (None, Some(_)) => say("notifications.quiet_from", Some(ProblemKind::DoesNotFit)),
        (Some(_), None) => say("notifications.quiet_until", Some(ProblemKind::DoesNotFit)),
        // Nobody could tell whether that is never or always.
        (Some(from), Some(until)) if from == until => {
            say("notifications.quiet_until", Some(ProblemKind::DoesNotFit));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    found
}

/// Whether a value must be there.
#[derive(Clone, Copy)]
enum Needed {
    Yes,
    No,
}

impl Needed {
    fn when(condition: bool) -> Needed {
        if condition { Needed::Yes } else { Needed::No }
    }

    /// What there is to say of nothing.
    fn missing(self) -> Option<ProblemKind> {
        match self {
            Needed::Yes => Some(ProblemKind::Missing),
            Needed::No => None,
        }
    }
}

fn text(
    value: &Option<String>,
    needed: Needed,
    rule: impl Fn(&str) -> Option<ProblemKind>,
) -> Option<ProblemKind> {
    value.as_deref().map_or_else(|| needed.missing(), rule)
}

fn too_long(text: &str, longest: usize) -> Option<ProblemKind> {
    (text.chars().count() > longest).then_some(ProblemKind::TooLong)
}

fn technical(text: &str) -> Option<ProblemKind> {
    too_long(text, LONGEST_TECHNICAL)
}

fn subject(text: &str, needed: Needed) -> Option<ProblemKind> {
    if blank(text) { needed.missing() } else { too_long(text, LONGEST_LINE) }
}

fn disposition(text: &str) -> Option<ProblemKind> {
    if blank(text) { Some(ProblemKind::WrongValue) } else { too_long(text, LONGEST_DISPOSITION) }
}

fn blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || invisible(c))
}

fn digits(text: &str, longest: usize) -> Option<ProblemKind> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(if text.len() > LONGEST_TECHNICAL { ProblemKind::TooLong } else { ProblemKind::NotDigits })
    } else {
        (text.len() > longest).then_some(ProblemKind::TooLong)
    }
}

fn id(text: &str) -> Option<ProblemKind> {
    digits(text, LONGEST_ID)
}

fn international_prefix(text: &str) -> Option<ProblemKind> {
    if text == "+" {
        return None;
    }
    digits(text, LONGEST_PREFIX).map(|what| match what {
        ProblemKind::NotDigits => ProblemKind::NotAPrefix,
        other => other,
    })
}

/// `HH:MM`
fn time(text: &str) -> Option<ProblemKind> {
    let below = |text: &str, limit: u8| {
        text.len() == 2
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u8>().is_ok_and(|number| number < limit)
    };
    let fits = text.split_once(':').is_some_and(|(hour, minute)| below(hour, 24) && below(minute, 60));
    (!fits).then(|| technical(text).unwrap_or(ProblemKind::NotATime))
}

/// At least one modifier, then one key. Which keys there are is for the desktop to say.
fn shortcut(text: &str) -> Option<ProblemKind> {
    const MODIFIERS: [&str; 9] =
        ["alt", "cmd", "cmdorctrl", "command", "control", "ctrl", "option", "shift", "super"];
    let modifier = |word: &str| MODIFIERS.contains(&word.to_ascii_lowercase().as_str());
    let key = |word: &str| {
        (1..=12).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !modifier(word)
    };
    let fits =
        text.rsplit_once('+').is_some_and(|(before, last)| key(last) && before.split('+').all(modifier));
    (!fits).then(|| technical(text).unwrap_or(ProblemKind::NotAShortcut))
}

fn duplicate<'a>(texts: impl Iterator<Item = &'a str>) -> Option<ProblemKind> {
    let mut seen = BTreeSet::new();
    let mut texts = texts;
    texts.any(|text| !seen.insert(text)).then_some(ProblemKind::Duplicate)
}

fn country(text: &str) -> Option<ProblemKind> {
    let letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    (!letters).then(|| technical(text).unwrap_or(ProblemKind::NotACountry))
}

fn fingerprint(text: &str) -> Option<ProblemKind> {
    let hex: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let fits = hex.len() == 64 && hex.iter().all(u8::is_ascii_hexdigit);
    (!fits).then(|| technical(text).unwrap_or(ProblemKind::NotAFingerprint))
}

/// Whether an address holds a name or password.
pub(super) fn carries_user_info(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

/// An address, and the certificate that is trusted there.
fn site(text: &str) -> Option<ProblemKind> {
    let (at, pin) = text.split_once('#').map_or((text, None), |(at, pin)| (at, Some(pin)));
    address(at).or_else(|| fingerprint(pin?.strip_prefix("sha256=").unwrap_or_default()))
}

fn address(text: &str) -> Option<ProblemKind> {
    if let Some(what) = technical(text) {
        return Some(what);
    }
    let Ok(url) = Url::parse(text) else { return Some(ProblemKind::NotAnAddress) };
    if !url.has_host() || url.query().is_some() || url.fragment().is_some() {
        return Some(ProblemKind::NotAnAddress);
    }
    if carries_user_info(text) {
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
    fn more_addresses_are_as_safe_as_the_first_and_none_is_there_twice() {
        let more = |list: &[&str]| {
            after(|s| s.pbx.more_addresses = list.iter().map(|text| (*text).to_owned()).collect())
        };
        let pinned = format!("https://gw2.example.com#sha256={}", "ab".repeat(32));
        assert_eq!(more(&["https://gw1.example.com:8443", &pinned]), [""; 0]);
        assert_eq!(more(&["http://gw1.example.com"]), ["pbx.more_addresses: not_encrypted"]);
        assert_eq!(more(&["https://gw1.example.com#sha256=ab"]), ["pbx.more_addresses: not_a_fingerprint"]);
        assert_eq!(more(&["https://gw1.example.com#top"]), ["pbx.more_addresses: not_a_fingerprint"]);
        assert_eq!(more(&["https://pbx.example.com:8088"]), ["pbx.more_addresses: duplicate"]);
        let many: Vec<String> = (0..9).map(|count| format!("https://gw{count}.example.com")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(more(&many), ["pbx.more_addresses: too_long"]);
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

    #[test]
    fn what_is_there_is_well_formed_also_when_it_is_not_in_use() {
        let off = |change: fn(&mut Settings)| {
            after(|settings| {
                settings.desk.enabled = false;
                change(settings);
            })
        };
        assert_eq!(
            off(|s| s.desk.accounts_url = Some("javascript:x".into())),
            ["desk.accounts_url: not_an_address"]
        );
        assert_eq!(off(|s| s.desk.redirect_port = 443), ["desk.redirect_port: wrong_value"]);
        assert_eq!(off(|s| s.desk.client_id = Some("x".repeat(513))), ["desk.client_id: too_long"]);
        assert_eq!(off(|s| s.tickets.subject = "x".repeat(501)), ["tickets.subject: too_long"]);
        assert_eq!(
            off(|s| s.tickets.subject = "主".repeat(500)),
            [""; 0],
            "characters are counted, not bytes"
        );
        assert_eq!(off(|s| s.call_log.description = "x".repeat(20_001)), ["call_log.description: too_long"]);
        assert_eq!(
            off(|s| s.contact_sync.phonebook = Some("x".repeat(501))),
            ["contact_sync.phonebook: too_long"]
        );
        assert_eq!(off(|s| s.numbers.country = Some("x".repeat(10_000))), ["numbers.country: too_long"]);
    }

    #[test]
    fn dispositions_are_distinct_and_fit_on_a_button() {
        let dispositions = |list: &[&str]| {
            after(|settings| {
                settings.call_log.dispositions = list.iter().map(|text| (*text).into()).collect()
            })
        };
        assert_eq!(dispositions(&["Sold", "再联系"]), [""; 0]);
        assert_eq!(dispositions(&["Sold", "Sold"]), ["call_log.dispositions: duplicate"]);
        assert_eq!(dispositions(&[&"再".repeat(61)]), ["call_log.dispositions: too_long"]);
        assert_eq!(dispositions(&["\u{200b} "]), ["call_log.dispositions: wrong_value"]);
    }

    #[test]
    fn dialing_takes_digits_or_a_plus_and_keys_with_a_modifier() {
        let prefix = |text: &str| after(|s| s.click_to_call.international_prefix = Some(text.into()));
        assert_eq!(prefix("+"), [""; 0]);
        assert_eq!(prefix("00"), [""; 0]);
        assert_eq!(prefix("+00"), ["click_to_call.international_prefix: not_a_prefix"]);
        assert_eq!(prefix("000000000"), ["click_to_call.international_prefix: too_long"]);
        let shortcut = |text: &str| after(|s| s.click_to_call.shortcut = Some(text.into()));
        for fits in ["Ctrl+Alt+D", "super+F5", "CmdOrCtrl+Shift+Space"] {
            assert_eq!(shortcut(fits), [""; 0], "{fits}");
        }
        for wrong in ["D", "Ctrl", "Ctrl+", "+D", "Ctrl++D", "Ctrl+Alt", "D+Ctrl", "Ctrl+<x>", "Ctrl+Dd+E"] {
            assert_eq!(shortcut(wrong), ["click_to_call.shortcut: not_a_shortcut"], "{wrong}");
        }
    }

    #[test]
    fn quiet_hours_have_two_ends() {
        let quiet = |from: Option<&str>, until: Option<&str>| {
            after(|settings| {
                settings.notifications.quiet_from = from.map(Into::into);
                settings.notifications.quiet_until = until.map(Into::into);
            })
        };
        assert_eq!(quiet(None, None), [""; 0]);
        assert_eq!(quiet(Some("22:00"), Some("07:30")), [""; 0]);
        assert_eq!(quiet(Some("00:00"), Some("23:59")), [""; 0]);
        assert_eq!(quiet(Some("22:00"), None), ["notifications.quiet_until: does_not_fit"]);
        assert_eq!(quiet(None, Some("07:30")), ["notifications.quiet_from: does_not_fit"]);
        assert_eq!(quiet(Some("07:30"), Some("07:30")), ["notifications.quiet_until: does_not_fit"]);
        for wrong in ["24:00", "12:60", "1200", "12:0", "+1:00", "12:00:00", "noon"] {
            assert_eq!(
                quiet(Some(wrong), Some("01:00")),
                ["notifications.quiet_from: not_a_time"],
                "{wrong}"
            );
        }
    }
}
