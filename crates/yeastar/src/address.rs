//! The address of a PBX.
//!
//! Owns: what an administrator may type as the PBX address, and how request and socket addresses are made of
//! it. Must not know: tokens, HTTP, sockets.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// Where a PBX listens: scheme, host and port, never a path.
///
/// `https://pbx.example:8088` for an appliance or software PBX, `https://name.ras.yeastar.com` through remote
/// access, `https://tenant.region.yeastarcloud.com` for a cloud PBX. Plain `http` is accepted for a loopback
/// host only, because the access token travels in the query.
///
/// Source: Yeastar developer guide, "API basics: request URL".
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(Url);

/// Why a text is not the address of a PBX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AddressError {
    /// Nothing but blanks.
    #[error("the PBX address is empty")]
    Empty,
    /// Not an address with a scheme and a host, for example because `https://` is missing.
    #[error("the PBX address is not of the form https://host:port")]
    NotAnAddress,
    /// A scheme other than `https` (or `http`).
    #[error("the PBX address must begin with https://")]
    Scheme,
    /// Plain `http` to a host that is not this machine: the token would be readable on the network.
    #[error("plain http is accepted for this machine only")]
    PlainHttp,
    /// A user name or a password in front of the host.
    #[error("the PBX address must not contain a user name")]
    UserInfo,
    /// Something after the host and port.
    #[error("the PBX address must end after the host and port")]
    Path,
    /// A query or a fragment.
    #[error("the PBX address must not contain a query")]
    Query,
}

impl Address {
    /// Reads an address as typed. Surrounding blanks and a trailing slash are tolerated.
    ///
    /// # Errors
    /// [`AddressError`] says which rule is broken.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if !text.contains("://") {
            return Err(AddressError::NotAnAddress);
        }
        let url = Url::parse(text).map_err(|_| AddressError::NotAnAddress)?;
        let loopback = match url.host() {
            None => return Err(AddressError::NotAnAddress),
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
        };
        match (url.scheme(), loopback) {
            ("https", _) | ("http", true) => {}
            ("http", false) => return Err(AddressError::PlainHttp),
            _ => return Err(AddressError::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Query);
        }
        if url.path().chars().any(|c| c != '/') {
            return Err(AddressError::Path);
        }
        if url.port() == Some(0) {
            return Err(AddressError::NotAnAddress);
        }
        let mut url = url;
        url.set_path("");
        Ok(Address(url))
    }

    /// The address of an API endpoint, without a query: `…/openapi/v1.0/{endpoint}`, or from the root when it begins
    /// with a slash.
    pub(crate) fn endpoint(&self, endpoint: &str) -> Url {
        let mut url = self.0.clone();
        if endpoint.starts_with('/') {
            url.set_path(endpoint);
        } else {
            url.set_path(&format!("/openapi/v1.0/{endpoint}"));
        }
        url
    }

    /// The address of the event socket, with the token in its query. Secret: print it with `SafeUrl` only.
    pub(crate) fn socket(&self, access_token: &str) -> Url {
        let mut url = self.endpoint("subscribe");
        // Both changes are between special schemes, which the parser always allows.
        let changed = url.set_scheme(match self.scheme() {
            Scheme::Tls => "wss",
            Scheme::Plain => "ws",
        });
        debug_assert!(changed.is_ok());
        url.query_pairs_mut().append_pair("access_token", access_token);
        url
    }

    pub(crate) fn scheme(&self) -> Scheme {
        if self.0.scheme() == "https" { Scheme::Tls } else { Scheme::Plain }
    }

    /// Host (an IPv6 address without brackets) and port, for connecting.
    pub(crate) fn host_and_port(&self) -> (String, u16) {
        let host = match self.0.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            // `parse` refuses an address without a host.
            None => String::new(),
        };
        (host, self.0.port_or_known_default().unwrap_or(443))
    }
}

/// Is the connection protected?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `https`, `wss`.
    Tls,
    /// `http`, `ws`; loopback only.
    Plain,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        Address::parse(text)
    }
}

impl fmt::Display for Address {
    /// `https://host:port` without a trailing slash; a default port is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_an_administrator_types_it() {
        let cases = [
            ("https://pbx.example:8088", "https://pbx.example:8088"),
            ("  https://PBX.example:8088/ \n", "https://pbx.example:8088"),
            ("https://tenant.eu.yeastarcloud.com:443", "https://tenant.eu.yeastarcloud.com"),
            ("https://192.0.2.7:8088//", "https://192.0.2.7:8088"),
            ("https://[2001:db8::7]:8088", "https://[2001:db8::7]:8088"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:80", "http://[::1]"),
            ("HTTP://localhost:1234/", "http://localhost:1234"),
        ];
        for (text, shown) in cases {
            assert_eq!(Address::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let cases = [
            ("", AddressError::Empty),
            (" \t", AddressError::Empty),
            ("pbx.example", AddressError::NotAnAddress),
            ("pbx.example:8088", AddressError::NotAnAddress),
            ("https://", AddressError::NotAnAddress),
            ("https://pbx.example:99999", AddressError::NotAnAddress),
            ("https://pbx.example:0", AddressError::NotAnAddress),
            ("ftp://pbx.example", AddressError::Scheme),
            ("wss://pbx.example", AddressError::Scheme),
            ("http://pbx.example", AddressError::PlainHttp),
            ("http://192.0.2.7:80", AddressError::PlainHttp),
            ("http://localhost.example", AddressError::PlainHttp),
            ("https://admin@pbx.example", AddressError::UserInfo),
            ("https://admin:pw@pbx.example", AddressError::UserInfo),
            ("https://pbx.example/openapi", AddressError::Path),
            ("https://pbx.example/?a=1", AddressError::Query),
            ("https://pbx.example#x", AddressError::Query),
        ];
        for (text, error) in cases {
            assert_eq!(Address::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn endpoint_and_socket_addresses_are_made_of_it() {
        let tls = Address::parse("https://pbx.example:8088/").unwrap();
        assert_eq!(tls.endpoint("call/query").as_str(), "https://pbx.example:8088/openapi/v1.0/call/query");
        assert_eq!(
            tls.socket("a+b&c").as_str(),
            "wss://pbx.example:8088/openapi/v1.0/subscribe?access_token=a%2Bb%26c"
        );
        assert_eq!(tls.host_and_port(), ("pbx.example".to_owned(), 8088));
        let plain = Address::parse("http://[::1]").unwrap();
        assert_eq!(plain.socket("t").as_str(), "ws://[::1]/openapi/v1.0/subscribe?access_token=t");
        assert_eq!(plain.host_and_port(), ("::1".to_owned(), 80));
    }
}
