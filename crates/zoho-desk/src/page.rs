//! Owns the question "may this address be opened in the agent's browser?".
//! Must not know: how a browser is started.
//!
//! A `webUrl` is data from a server and a caller can influence what stands near it, so it is opened only when
//! it is a page of the configured Desk host or of the organization's own domain.

use std::fmt;

use url::{Host, Url};

use crate::Desk;
use crate::data_center::{Hosts, is_loopback};
use crate::records::{AccountId, ContactId, TicketId};

/// An address that passed the check; the only kind that may be opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageUrl(Url);

impl PageUrl {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an address is not opened. Carries nothing of the address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, thiserror::Error)]
pub enum RefusedAddress {
    /// Not an absolute address.
    #[error("not a web address")]
    NotAnAddress,
    /// Neither https nor the permitted loopback http.
    #[error("another scheme than https")]
    Scheme,
    /// Has a user name or a password in it, the usual disguise of another host.
    #[error("user name or password in the address")]
    UserInfo,
    /// Contains control characters, plain or encoded.
    #[error("control characters in the address")]
    ControlCharacter,
    /// Another host than Desk's or the organization's.
    #[error("another host than Desk's")]
    OtherHost,
    /// The right host, another port.
    #[error("another port than Desk's")]
    OtherPort,
    /// The portal name cannot be part of an address.
    #[error("unusable portal name")]
    Portal,
    /// The record id is not a number.
    #[error("unusable record id")]
    Id,
}

impl RefusedAddress {
    /// A stable code for journals and translations.
    pub fn code(self) -> &'static str {
        match self {
            RefusedAddress::NotAnAddress => "not_an_address",
            RefusedAddress::Scheme => "scheme",
            RefusedAddress::UserInfo => "user_info",
            RefusedAddress::ControlCharacter => "control_character",
            RefusedAddress::OtherHost => "other_host",
            RefusedAddress::OtherPort => "other_port",
            RefusedAddress::Portal => "portal",
            RefusedAddress::Id => "id",
        }
    }
}

impl Hosts {
    /// Checks an address: https on the Desk host or on `custom_domain` (a host name, or an https address of
    /// one), on the right port; plain http only when the configured Desk server itself is loopback http.
    ///
    /// # Errors
    /// Says why not.
    pub fn page(&self, url: &Url, custom_domain: Option<&str>) -> Result<PageUrl, RefusedAddress> {
        if !matches!(url.scheme(), "https" | "http") {
            return Err(RefusedAddress::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RefusedAddress::UserInfo);
        }
        if has_control_character(url.as_str()) {
            return Err(RefusedAddress::ControlCharacter);
        }
        let on_desk = url.host() == self.desk.host();
        if url.scheme() == "http" && !(on_desk && self.desk.scheme() == "http" && is_loopback(url)) {
            return Err(RefusedAddress::Scheme);
        }
        if on_desk {
            // The scheme too: an https address on the loopback simulator is not its page.
            let same = url.scheme() == self.desk.scheme()
                && url.port_or_known_default() == self.desk.port_or_known_default();
            return if same { Ok(PageUrl(url.clone())) } else { Err(RefusedAddress::OtherPort) };
        }
        let own = custom_domain.and_then(host_of);
        if own.is_none() || own.as_deref() != url.host_str() {
            return Err(RefusedAddress::OtherHost);
        }
        if url.port().is_some() {
            return Err(RefusedAddress::OtherPort);
        }
        Ok(PageUrl(url.clone()))
    }

    /// The same for an address that is still text, before the parser smooths over line breaks and tabs.
    ///
    /// # Errors
    /// Says why not.
    pub fn page_from(&self, text: &str, custom_domain: Option<&str>) -> Result<PageUrl, RefusedAddress> {
        if text.chars().any(char::is_control) {
            return Err(RefusedAddress::ControlCharacter);
        }
        self.page(&Url::parse(text).map_err(|_| RefusedAddress::NotAnAddress)?, custom_domain)
    }

    /// The page of a contact whose record came without a `webUrl`.
    ///
    /// QUIRK(zoho): no document shows this path; it is inferred from those of tickets and accounts.
    ///
    /// # Errors
    /// [`RefusedAddress::Portal`] or [`RefusedAddress::Id`].
    pub fn contact_page(&self, portal: &str, id: &ContactId) -> Result<PageUrl, RefusedAddress> {
        self.details(portal, "contacts", id.as_str())
    }

    /// The page of an account whose record came without a `webUrl`.
    ///
    /// # Errors
    /// [`RefusedAddress::Portal`] or [`RefusedAddress::Id`].
    pub fn account_page(&self, portal: &str, id: &AccountId) -> Result<PageUrl, RefusedAddress> {
        self.details(portal, "accounts", id.as_str())
    }

    /// The page of a ticket whose record came without a `webUrl`.
    ///
    /// # Errors
    /// [`RefusedAddress::Portal`] or [`RefusedAddress::Id`].
    pub fn ticket_page(&self, portal: &str, id: &TicketId) -> Result<PageUrl, RefusedAddress> {
        self.details(portal, "tickets", id.as_str())
    }

    fn details(&self, portal: &str, module: &str, id: &str) -> Result<PageUrl, RefusedAddress> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if portal.is_empty() || portal.len() > 100 || !portal.chars().all(plain) {
            return Err(RefusedAddress::Portal);
        }
        if id.is_empty() || id.len() > 24 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RefusedAddress::Id);
        }
        let mut url = self.desk.clone();
        url.set_path(&format!("/agent/{portal}/all/{module}/details/{id}"));
        Ok(PageUrl(url))
    }
}

impl Desk {
    /// See [`Hosts::page`].
    ///
    /// # Errors
    /// Says why not.
    pub fn page(&self, url: &Url, custom_domain: Option<&str>) -> Result<PageUrl, RefusedAddress> {
        self.hosts.page(url, custom_domain)
    }

    /// See [`Hosts::contact_page`].
    ///
    /// # Errors
    /// Says why not.
    pub fn contact_page(&self, portal: &str, id: &ContactId) -> Result<PageUrl, RefusedAddress> {
        self.hosts.contact_page(portal, id)
    }

    /// See [`Hosts::ticket_page`].
    ///
    /// # Errors
    /// Says why not.
    pub fn ticket_page(&self, portal: &str, id: &TicketId) -> Result<PageUrl, RefusedAddress> {
        self.hosts.ticket_page(portal, id)
    }
}

/// The host of an organization's own domain: a public DNS name, never an address of a machine.
fn host_of(domain: &str) -> Option<String> {
    let domain = domain.trim();
    let domain = domain.strip_prefix("https://").unwrap_or(domain);
    let domain = domain.strip_suffix('/').unwrap_or(domain);
    // Through the same parser as the address it is compared with: case, IDN and odd digits come out alike.
    let url = Url::parse(&format!("https://{domain}/")).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.port().is_none();
    match url.host() {
        Some(Host::Domain(name)) if bare && url.username().is_empty() && name.contains('.') => {
            (!name.ends_with('.')).then(|| name.to_owned())
        }
        _ => None,
    }
}

/// Plain, or encoded as `%00`–`%1F` or `%7F`.
fn has_control_character(address: &str) -> bool {
    address.chars().any(char::is_control)
        || address.split('%').skip(1).any(|rest| {
            let byte = rest.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
            byte.is_some_and(|byte| byte.is_ascii_control())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataCenter;

    const OWN: Option<&str> = Some("help.example.com");

    fn check(text: &str) -> Result<String, RefusedAddress> {
        Hosts::of(DataCenter::Us).page_from(text, OWN).map(|page| page.to_string())
    }

    #[test]
    fn pages_of_desk_and_of_the_own_domain_pass() {
        let page = "https://desk.zoho.com/support/acme/ShowHomePage.do#Contacts/dv/1892000000042032";
        assert_eq!(check(page), Ok(page.to_owned()));
        assert!(check("HTTPS://DESK.ZOHO.COM/agent/acme/all/contacts/details/1").is_ok(), "the same host");
        assert!(check("https://desk.zoho.com:443/x").is_ok());
        assert!(check("https://help.example.com/agent/acme/all/contacts/details/1").is_ok());
    }

    #[test]
    fn nothing_else_passes() {
        use RefusedAddress::*;
        for (address, why) in [
            ("javascript:alert(1)", Scheme),
            ("JaVaScRiPt:alert(1)//https://desk.zoho.com/", Scheme),
            ("data:text/html,<script>", Scheme),
            ("file:///etc/passwd", Scheme),
            ("file://desk.zoho.com/share/x.exe", Scheme),
            ("ftp://desk.zoho.com/", Scheme),
            ("tel:+4989", Scheme),
            ("view-source:https://desk.zoho.com/", Scheme),
            ("blob:https://desk.zoho.com/1", Scheme),
            ("http://desk.zoho.com/", Scheme),
            ("http://127.0.0.1/", Scheme),
            ("desk.zoho.com/x", NotAnAddress),
            ("//desk.zoho.com/x", NotAnAddress),
            ("", NotAnAddress),
            ("https://desk.zoho.com@evil.example/", UserInfo),
            ("https://desk.zoho.com%40evil.example/", NotAnAddress),
            ("https://desk.zoho.com:pw@evil.example/", UserInfo),
            ("https://user@desk.zoho.com/", UserInfo),
            ("https://evil.example/?https://desk.zoho.com/", OtherHost),
            ("https://evil.example\\@desk.zoho.com/", OtherHost),
            ("https://evil.example#@desk.zoho.com/", OtherHost),
            ("https://desk.zoho.com.evil.example/", OtherHost),
            ("https://xdesk.zoho.com/", OtherHost),
            ("https://zoho.com/", OtherHost),
            ("https://a.desk.zoho.com/", OtherHost),
            ("https://desk.zoho.com./", OtherHost),
            ("https://desk.zoho.eu/", OtherHost),
            ("https://desk.zoho.com/%0d%0aX: y", ControlCharacter),
            ("https://desk.zoho.com/\r\nX", ControlCharacter),
            ("https://desk.zo\tho.com/", ControlCharacter),
            ("https://desk.zoho.com/#%00", ControlCharacter),
            ("https://desk.zohо.com/", OtherHost), // the last o is Cyrillic
            ("https://xn--desk-zoho.com/", NotAnAddress),
            ("https://desk.xn--zoh-kza.com/", OtherHost),
            ("https://desk.zoho.com:8443/", OtherPort),
            ("https://help.example.com:8443/", OtherPort),
            ("https://127.0.0.1/", OtherHost),
            ("https://[::1]/", OtherHost),
        ] {
            assert_eq!(check(address), Err(why), "{address}");
        }
    }

    #[test]
    fn a_full_width_disguise_of_the_same_host_is_the_same_host() {
        // IDNA maps these letters to plain ones, in the browser as here.
        assert!(check("https://ｄｅｓｋ.zoho.com/").unwrap().starts_with("https://desk.zoho.com/"));
    }

    #[test]
    fn the_own_domain_must_be_a_public_name() {
        let hosts = Hosts::of(DataCenter::Us);
        let check = |domain: &str, url: &str| hosts.page_from(url, Some(domain)).is_ok();
        assert!(check("https://help.example.com/", "https://help.example.com/x"));
        assert!(check("HELP.example.com", "https://help.example.com/x"));
        assert!(!check("127.0.0.1", "https://127.0.0.1/x"));
        assert!(!check("0x7f000001", "https://127.0.0.1/x"));
        assert!(!check("localhost", "https://localhost/x"));
        assert!(!check("", "https://example.com/x"));
        assert!(!check("a.example/path", "https://a.example/x"));
        assert!(!check("u@a.example", "https://a.example/x"));
    }

    #[test]
    fn plain_http_only_on_the_configured_loopback_server() {
        let hosts = Hosts::custom("http://127.0.0.1:4001", "http://127.0.0.1:4002").unwrap();
        let check = |url: &str| hosts.page_from(url, None).map(|_| ());
        assert_eq!(check("http://127.0.0.1:4002/support/x"), Ok(()));
        assert_eq!(check("http://127.0.0.1:4001/"), Err(RefusedAddress::OtherPort));
        assert_eq!(check("http://127.0.0.1/"), Err(RefusedAddress::OtherPort));
        assert_eq!(check("https://127.0.0.1:4002/"), Err(RefusedAddress::OtherPort));
        assert_eq!(check("http://localhost:4002/"), Err(RefusedAddress::Scheme));
    }

    #[test]
    fn the_inferred_page_takes_only_digits_and_a_plain_portal() {
        let hosts = Hosts::of(DataCenter::Eu);
        let page =
            |portal: &str, id: &str| hosts.contact_page(portal, &ContactId::new(id)).map(|p| p.to_string());
        assert_eq!(
            page("acme", "1892000000042032"),
            Ok("https://desk.zoho.eu/agent/acme/all/contacts/details/1892000000042032".into())
        );
        assert_eq!(page("../x", "1"), Err(RefusedAddress::Portal));
        assert_eq!(page("", "1"), Err(RefusedAddress::Portal));
        assert_eq!(page("acme", "1?x"), Err(RefusedAddress::Id));
        assert_eq!(page("acme", ""), Err(RefusedAddress::Id));
    }
}
