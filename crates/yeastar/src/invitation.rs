//! A one-time code that an administrator of a gateway hands out, and the credential it becomes.
//!
//! Owns: the link that carries the code, and the one request that uses it up. Must not know: who asked the person, or
//! where the credential is kept. A link is whatever a page or a mail says: nothing is sent before a person has agreed to
//! the gateway it names.

use std::{fmt, sync::Arc};

use deskring_redact::{ExposeSecret, Secret};
use serde_json::{Value, json};
use url::Url;

use crate::{
    address::Address,
    config::Timings,
    error::{Error, Kind},
    event::string,
    http::{Ask, Http},
    sites::{Site, Sites},
    tls::Fingerprint,
};

/// `deskring://enroll?gateway=…&code=…`
const SCHEME: &str = "deskring";
const WORD: &str = "enroll";
/// No code, Client ID or secret of a gateway comes near this.
const LONGEST: usize = 256;
/// The longest extension number of a PBX.
const LONGEST_EXTENSION: usize = 16;
/// More gateways than anybody has.
const MOST_ADDRESSES: usize = 8;

/// Which gateway, and the code for it. `Debug` shows the gateway only.
#[derive(Clone)]
pub struct Invitation {
    gateway: Address,
    code: Secret,
}

/// What a code became: all that an app needs to connect.
pub struct Enrolled {
    /// Client ID.
    pub client_id: String,
    /// Client Secret.
    pub client_secret: Secret,
    /// The one extension it sees and acts for.
    pub extension: String,
    /// Where to connect: the gateway that answered, then the others that it names.
    pub addresses: Vec<Address>,
}

/// A link is no invitation, or names a gateway to which nothing secret may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is not an invitation of a gateway")]
pub struct NotAnInvitation;

impl Invitation {
    /// Where a gateway takes codes.
    pub const ENDPOINT: &'static str = "/deskring/v1/enroll";

    /// One to hand out.
    pub fn new(gateway: Address, code: Secret) -> Invitation {
        Invitation { gateway, code }
    }

    /// Whether a text means to be one, well written or not.
    pub fn is_meant(text: &str) -> bool {
        Url::parse(text.trim()).is_ok_and(|url| {
            let word = url.host_str().unwrap_or(url.path());
            url.scheme() == SCHEME && word.eq_ignore_ascii_case(WORD)
        })
    }

    /// Reads a link.
    ///
    /// # Errors
    /// It is none: the gateway's address is missing, not `https` (`http` only on this computer) or there twice, or the
    /// code is not letters and digits.
    pub fn read(link: &str) -> Result<Invitation, NotAnInvitation> {
        if !Invitation::is_meant(link) {
            return Err(NotAnInvitation);
        }
        let url = Url::parse(link.trim()).map_err(|_| NotAnInvitation)?;
        let one = |wanted: &str| {
            let mut all =
                url.query_pairs().filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
            all.next().filter(|_| all.next().is_none()).ok_or(NotAnInvitation)
        };
        let gateway = Address::parse(&one("gateway")?).map_err(|_| NotAnInvitation)?;
        let code = one("code")?;
        let is_code =
            (1..=LONGEST).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_code.then(|| Invitation::new(gateway, code.into())).ok_or(NotAnInvitation)
    }

    /// The link, as [`read`](Invitation::read) reads it.
    pub fn link(&self) -> Secret {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("gateway", &self.gateway.to_string());
        query.append_pair("code", self.code.expose_secret());
        format!("{SCHEME}://{WORD}?{}", query.finish()).into()
    }

    /// The gateway it leads to.
    pub fn gateway(&self) -> &Address {
        &self.gateway
    }

    /// Uses the code up. It is used up also when the answer is lost.
    ///
    /// # Errors
    /// [`Kind::NotFound`]: the code is wrong, used or too old. [`Kind::AddressBlocked`]: too many wrong ones from here.
    /// [`Kind::TooOld`] and [`Kind::Malformed`]: whoever answers is no gateway. Transport faults.
    pub async fn accept(&self, trusted: Option<Fingerprint>) -> Result<Enrolled, Error> {
        let timings = Timings::default();
        let site = Site { address: self.gateway.clone(), trusted_certificate: trusted };
        let http = Http::new(Arc::new(Sites::new(vec![site], &timings)?), &timings);
        let ask = Ask::token(Invitation::ENDPOINT, json!({ "code": self.code.expose_secret() }));
        let answer = http.exchange(&ask, None).await?;
        self.enrolled(&answer).ok_or_else(|| Error::new(Kind::Malformed))
    }

    fn enrolled(&self, answer: &Value) -> Option<Enrolled> {
        let text = |name: &str| {
            string(answer, name)
                .filter(|text| text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_graphic()))
        };
        let extension = text("extension")?;
        let is_number =
            extension.len() <= LONGEST_EXTENSION && extension.bytes().all(|byte| byte.is_ascii_digit());
        let named = answer.get("addresses").and_then(Value::as_array);
        let others = named
            .into_iter()
            .flatten()
            .take(MOST_ADDRESSES)
            .filter_map(|address| Address::parse(address.as_str()?).ok())
            // Nobody but this computer's own gateway may send an app to this computer in the clear.
            .filter(|address| address.scheme() == self.gateway.scheme() && *address != self.gateway);
        let mut addresses = vec![self.gateway.clone()];
        for other in others {
            if !addresses.contains(&other) {
                addresses.push(other);
            }
        }
        is_number.then_some(Enrolled {
            client_id: text("client_id")?,
            client_secret: text("client_secret")?.into(),
            extension,
            addresses,
        })
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_what_was_written_into_it() {
        let gateway = Address::parse("https://gateway.example.com:8443").unwrap();
        let link = Invitation::new(gateway.clone(), "aB3".to_owned().into()).link();
        assert_eq!(
            link.expose_secret(),
            "deskring://enroll?gateway=https%3A%2F%2Fgateway.example.com%3A8443&code=aB3"
        );
        for same in
            [link.expose_secret(), " DESKRING:enroll?code=aB3&gateway=https://gateway.example.com:8443/\n"]
        {
            let read = Invitation::read(same).unwrap();
            assert_eq!((read.gateway(), read.code.expose_secret()), (&gateway, "aB3"), "{same}");
            assert!(!format!("{read:?}").contains("aB3"));
        }
    }

    #[test]
    fn a_link_of_a_stranger_leads_nowhere_in_the_clear() {
        for wrong in [
            "",
            "deskring:dial?number=1",
            "deskring://enroll",
            "deskring://enroll?gateway=https%3A%2F%2Fgw.example.com",
            "deskring://enroll?code=aB3",
            "deskring://enroll?gateway=http%3A%2F%2Fgw.example.com&code=aB3",
            "deskring://enroll?gateway=https%3A%2F%2Fa%40gw.example.com&code=aB3",
            "deskring://enroll?gateway=https%3A%2F%2Fgw.example.com%2Fx&code=aB3",
            "deskring://enroll?gateway=javascript%3Aalert(1)&code=aB3",
            "deskring://enroll?gateway=https%3A%2F%2Fa.example.com&gateway=https%3A%2F%2Fb.example.com&code=aB3",
            "deskring://enroll?gateway=https%3A%2F%2Fgw.example.com&code=a%0Ab",
            "https://enroll/?gateway=https%3A%2F%2Fgw.example.com&code=aB3",
        ] {
            assert!(Invitation::read(wrong).is_err(), "{wrong}");
        }
        let long = format!("deskring://enroll?gateway=https%3A%2F%2Fgw.example.com&code={}", "a".repeat(257));
        assert!(Invitation::is_meant(&long) && Invitation::read(&long).is_err());
        assert!(!Invitation::is_meant("deskring:dial?number=1") && !Invitation::is_meant("tel:1"));
    }

    #[test]
    fn what_a_gateway_names_is_taken_only_as_far_as_it_is_safe() {
        let gateway = Address::parse("https://gw1.example.com").unwrap();
        let invitation = Invitation::new(gateway, "x".to_owned().into());
        let answer = |extension: &str, client: &str| {
            json!({ "client_id": client, "client_secret": "s", "extension": extension, "addresses": [
                "https://gw1.example.com", "https://gw2.example.com", "https://gw2.example.com/",
                "http://127.0.0.1:1", "http://gw3.example.com", "javascript:x", 5] })
        };
        let enrolled = invitation.enrolled(&answer("2001", "id")).unwrap();
        let shown: Vec<String> = enrolled.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["https://gw1.example.com", "https://gw2.example.com"]);
        for (extension, client) in
            [("20a1", "id"), ("", "id"), ("2001", ""), ("2001", "i d"), ("2001", &"x".repeat(300))]
        {
            assert!(invitation.enrolled(&answer(extension, client)).is_none(), "{extension} {client}");
        }
    }
}
