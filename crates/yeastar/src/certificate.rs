//! What a certificate says of itself, for a person who decides whether to trust it.
//!
//! Owns: reading names and dates from a certificate, and making foreign text fit to be shown. Must not know:
//! whether the certificate is trusted. Nothing here is proven: anybody can write any name into a certificate, so
//! only the fingerprint is to be compared.

use std::{fmt::Write, time::SystemTime};

use x509_cert::{der::Decode, name::Name};

use crate::tls::Fingerprint;

/// More than this of a text is not shown.
const SHOWN_CHARS: usize = 200;

/// A certificate as it was shown to us. What cannot be read is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the whole; the only part that cannot be made up.
    pub fingerprint: Fingerprint,
    /// Whom it names, as RFC 4514 writes it: `CN=pbx.example.com,O=Example`. Without control and direction
    /// characters, 200 characters at most.
    pub subject: Option<String>,
    /// Who signed it, in the same form.
    pub issuer: Option<String>,
    /// From when it is valid.
    pub not_before: Option<SystemTime>,
    /// Until when it is valid.
    pub not_after: Option<SystemTime>,
}

impl Certificate {
    /// Reads a certificate in DER form, whatever it is.
    pub(crate) fn read(der: &[u8]) -> Certificate {
        let read = x509_cert::Certificate::from_der(der).ok();
        let content = read.as_ref().map(x509_cert::Certificate::tbs_certificate);
        Certificate {
            fingerprint: Fingerprint::of(der),
            subject: content.and_then(|content| shown(content.subject())),
            issuer: content.and_then(|content| shown(content.issuer())),
            not_before: content.map(|content| content.validity().not_before.to_system_time()),
            not_after: content.map(|content| content.validity().not_after.to_system_time()),
        }
    }
}

fn shown(name: &Name) -> Option<String> {
    let mut text = String::new();
    // Not `to_string`, which panics when a part of the name cannot be written.
    write!(text, "{name}").ok()?;
    Some(printable(&text)).filter(|text| !text.is_empty())
}

/// Foreign text without what would disturb its surroundings: control characters, characters that turn the
/// direction of writing, and those nobody sees. 200 characters at most.
pub(crate) fn printable(text: &str) -> String {
    let disturbs = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.trim().chars().filter(|c| !disturbs(*c)).take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn made(subject: &[(DnType, &str)]) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["pbx.example.com".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in subject {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2055, 1, 1);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn at(seconds: u64) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn a_certificate_tells_whom_it_names_and_how_long_it_lasts() {
        let der = made(&[(DnType::CommonName, "pbx.example.com"), (DnType::OrganizationName, "示例, Ltd")]);
        let read = Certificate::read(&der);
        let subject = read.subject.clone().unwrap();
        assert!(subject.contains("CN=pbx.example.com"), "{subject}");
        assert!(subject.contains("O=示例\\, Ltd"), "{subject}");
        assert_eq!(read.issuer, read.subject, "it is signed by itself");
        assert_eq!(read.fingerprint, Fingerprint::of(&der));
        assert_eq!((read.not_before, read.not_after), (at(1_735_689_600), at(2_682_374_400)));
    }

    #[test]
    fn a_name_cannot_disturb_what_is_written_around_it() {
        let hostile = format!("good\u{202e}dab\u{7}\n\u{85}\u{200b}\u{2066}\u{e0041}{}", "x".repeat(10_000));
        let subject = Certificate::read(&made(&[(DnType::CommonName, &hostile)])).subject.unwrap();
        assert!(subject.starts_with("CN=gooddab"), "{subject}");
        assert_eq!(subject.chars().count(), SHOWN_CHARS);
        assert!(subject.chars().all(|c| c.is_ascii_graphic()), "{subject:?}");
    }

    #[test]
    fn whatever_is_cut_or_turned_in_a_certificate_it_is_read_without_harm() {
        let der = made(&[(DnType::CommonName, "pbx.example.com")]);
        for length in 0..der.len() {
            assert_eq!(Certificate::read(&der[..length]).subject, None, "{length}");
        }
        for index in 0..der.len() {
            for turned in [0x00, 0x7f, 0x80, 0xff, der[index] ^ 1] {
                let mut der = der.clone();
                der[index] = turned;
                let read = Certificate::read(&der);
                assert!(read.subject.is_none_or(|text| text.chars().count() <= SHOWN_CHARS));
            }
        }
    }

    #[test]
    fn a_certificate_without_a_name_has_none() {
        assert_eq!(Certificate::read(&made(&[])).subject, None);
    }
}
