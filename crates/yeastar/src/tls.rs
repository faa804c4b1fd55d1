//! Whom we believe to be the PBX.
//!
//! Owns: the TLS settings shared by HTTP and the event socket, and the decision about a certificate: vouched
//! for by the system, or trusted by its fingerprint, or refused with the fingerprint in the error. There is no
//! way to accept anything else. Must not know: HTTP, tokens.

use std::{fmt, str::FromStr, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest, Sha256};

use crate::{
    address::Scheme,
    certificate::Certificate,
    error::{Error, Kind},
};

/// SHA-256 of the end-entity certificate (DER), as browsers and `openssl x509 -fingerprint -sha256` show it.
///
/// Reads hexadecimal digits of any case, with or without colons and blanks; prints lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// A text is not the SHA-256 fingerprint of a certificate: it has not exactly 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 fingerprint has 64 hexadecimal digits")]
pub struct FingerprintError;

impl Fingerprint {
    /// The fingerprint of a certificate in DER form.
    pub fn of(certificate_der: &[u8]) -> Fingerprint {
        Fingerprint(Sha256::digest(certificate_der).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Fingerprint, FingerprintError> {
        let mut bytes = [0_u8; 32];
        let mut digits = text.chars().filter(|c| !c.is_whitespace() && *c != ':');
        let mut digit = || digits.next().and_then(|c| c.to_digit(16)).and_then(|d| u8::try_from(d).ok());
        for byte in &mut bytes {
            let (high, low) = (digit().ok_or(FingerprintError)?, digit().ok_or(FingerprintError)?);
            *byte = high << 4 | low;
        }
        if digits.next().is_some() { Err(FingerprintError) } else { Ok(Fingerprint(bytes)) }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why the system does not vouch for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distrust {
    /// Signed by itself or by somebody the system does not know: the usual state of an on-premises PBX.
    UnknownIssuer,
    /// Issued for another name, for example because the PBX is addressed by its IP address.
    WrongName,
    /// Its time is over.
    Expired,
    /// Its time has not come: look at the clocks of both machines.
    NotYetValid,
    /// Another rule of the system's verifier.
    Other,
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Distrust::UnknownIssuer => "unknown issuer",
            Distrust::WrongName => "issued for another name",
            Distrust::Expired => "expired",
            Distrust::NotYetValid => "not yet valid",
            Distrust::Other => "refused by the system",
        })
    }
}

/// Builds the settings once; both transports share them.
pub(crate) fn client_config(scheme: Scheme, pin: Option<Fingerprint>) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let judge = match (pin, scheme) {
        (Some(pin), _) => Judge::Pinned(pin),
        // No handshake will ever ask; spare the start the reading of the system's certificates.
        (None, Scheme::Plain) => Judge::NoRoots,
        (None, Scheme::Tls) => match rustls_platform_verifier::Verifier::new(provider.clone()) {
            Ok(system) => Judge::System(Box::new(system)),
            // A machine without a certificate store can still trust a PBX by its fingerprint.
            Err(error) => {
                tracing::warn!(%error, "the system has no certificate store");
                Judge::NoRoots
            }
        },
    };
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::because(Kind::Tls, error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { judge, provider }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Decides about certificates. "Dangerous" in the library's words; every branch either proves or refuses.
#[derive(Debug)]
struct Verifier {
    judge: Judge,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Judge {
    System(Box<dyn ServerCertVerifier>),
    Pinned(Fingerprint),
    NoRoots,
}

/// Our verdict, carried through the TLS library inside its error.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Verdict(Kind);

impl Verdict {
    fn into_error(self) -> rustls::Error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(self))))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = Fingerprint::of(end_entity);
        let unknown = |reason| {
            let certificate = Box::new(Certificate::read(end_entity));
            Verdict(Kind::UnknownCertificate { fingerprint: found, reason, certificate }).into_error()
        };
        match &self.judge {
            // The name and the dates are not asked: who compared the fingerprint knows more than both say.
            Judge::Pinned(expected) if *expected == found => Ok(ServerCertVerified::assertion()),
            Judge::Pinned(expected) => {
                let certificate = Box::new(Certificate::read(end_entity));
                Err(Verdict(Kind::ChangedCertificate { expected: *expected, found, certificate })
                    .into_error())
            }
            Judge::NoRoots => Err(unknown(Distrust::UnknownIssuer)),
            Judge::System(system) => system
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| distrust(&error).map_or(error, unknown)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Is this a certificate somebody may choose to trust by its fingerprint? Not when it is revoked or not a
/// certificate at all.
fn distrust(error: &rustls::Error) -> Option<Distrust> {
    use CertificateError as C;
    let rustls::Error::InvalidCertificate(error) = error else { return None };
    match error {
        C::UnknownIssuer => Some(Distrust::UnknownIssuer),
        C::NotValidForName | C::NotValidForNameContext { .. } => Some(Distrust::WrongName),
        C::Expired | C::ExpiredContext { .. } => Some(Distrust::Expired),
        C::NotValidYet | C::NotValidYetContext { .. } => Some(Distrust::NotYetValid),
        C::BadEncoding | C::BadSignature | C::Revoked => None,
        // A self-signed certificate marked as an authority, a missing purpose, a platform's own words.
        _ => Some(Distrust::Other),
    }
}

/// What a TLS error means for the caller.
pub(crate) fn kind_of(error: &rustls::Error) -> Kind {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref::<Verdict>().map_or(Kind::Tls, |verdict| verdict.0.clone())
        }
        _ => Kind::Tls,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use rcgen::{CertificateParams, KeyPair, generate_simple_self_signed};
    use rustls::{
        ClientConnection, ServerConfig, ServerConnection,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    };

    use super::*;

    const NAME: &str = "pbx.example";

    struct Server(ServerConfig, Fingerprint);

    fn server(certificate: &rcgen::Certificate, key: &KeyPair) -> Server {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        Server(config, Fingerprint::of(certificate.der()))
    }

    fn self_signed(name: &str) -> Server {
        let made = generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        server(&made.cert, &made.signing_key)
    }

    /// Shakes hands in memory; the error is what the client would see.
    fn handshake(client: &Arc<ClientConfig>, server: Server) -> Result<(), rustls::Error> {
        let name = ServerName::try_from(NAME).unwrap();
        let mut client = ClientConnection::new(client.clone(), name).unwrap();
        let mut server = ServerConnection::new(Arc::new(server.0)).unwrap();
        for _ in 0..10 {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            let _ = server.process_new_packets();
            let mut wire = Vec::new();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        assert!(!client.is_handshaking());
        Ok(())
    }

    #[test]
    fn a_fingerprint_is_read_in_every_common_form() {
        let fingerprint = Fingerprint::of(b"certificate");
        let plain = fingerprint.to_string();
        assert_eq!(plain.len(), 64);
        let colons = plain
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).to_uppercase())
            .collect::<Vec<_>>()
            .join(":");
        for text in
            [plain.clone(), plain.to_uppercase(), colons.clone(), format!("  {}\n", colons.replace(':', " "))]
        {
            assert_eq!(text.parse(), Ok(fingerprint), "{text}");
        }
        for text in ["", "ab", &plain[1..], &format!("{plain}0"), &plain.replace(&plain[..1], "g"), "ß"] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text}");
        }
    }

    #[test]
    fn a_self_signed_certificate_is_refused_with_its_fingerprint() {
        let config = client_config(Scheme::Tls, None).unwrap();
        let server = self_signed(NAME);
        let fingerprint = server.1;
        let kind = kind_of(&handshake(&config, server).unwrap_err());
        assert!(
            matches!(kind, Kind::UnknownCertificate { fingerprint: seen, .. } if seen == fingerprint),
            "{kind:?}"
        );
    }

    #[test]
    fn the_trusted_certificate_is_accepted_whatever_its_name() {
        for name in [NAME, "yeastar.local"] {
            let server = self_signed(name);
            let config = client_config(Scheme::Tls, Some(server.1)).unwrap();
            handshake(&config, server).unwrap();
        }
    }

    #[test]
    fn another_certificate_than_the_trusted_one_is_refused_with_both() {
        let (trusted, other) = (self_signed(NAME), self_signed(NAME));
        let config = client_config(Scheme::Tls, Some(trusted.1)).unwrap();
        let found = other.1;
        let error = handshake(&config, other).unwrap_err();
        // The verdict survives its way through the layers above.
        for kind in [kind_of(&error), Error::io(io::Error::other(error)).kind().clone()] {
            let Kind::ChangedCertificate { expected, found: shown, certificate } = kind else {
                panic!("{kind:?}")
            };
            assert_eq!((expected, shown, certificate.fingerprint), (trusted.1, found, found));
            assert!(certificate.subject.is_some_and(|subject| subject.contains("CN=")));
        }
    }

    #[test]
    fn the_trusted_certificate_without_its_key_is_refused() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
        let stolen = Fingerprint::of(certificate.der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let other_key = KeyPair::generate().unwrap();
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(other_key.serialize_der()));
        let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&private).unwrap();
        let shown = rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], signer);
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
        let client = client_config(Scheme::Tls, Some(stolen)).unwrap();
        assert_eq!(kind_of(&handshake(&client, Server(config, stolen)).unwrap_err()), Kind::Tls);
    }

    #[test]
    fn a_machine_without_certificate_store_still_shows_the_fingerprint() {
        let config = client_config(Scheme::Plain, None).unwrap();
        let server = self_signed(NAME);
        let fingerprint = server.1;
        let reason = Distrust::UnknownIssuer;
        let kind = kind_of(&handshake(&config, server).unwrap_err());
        assert!(
            matches!(&kind, Kind::UnknownCertificate { fingerprint: shown, reason: why, certificate }
                if (*shown, *why, certificate.fingerprint) == (fingerprint, reason, fingerprint)),
            "{kind:?}"
        );
    }
}
