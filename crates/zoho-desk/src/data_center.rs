//! Owns where Zoho lives: the table of data centers and the rules for an address typed by hand.
//! Must not know: requests, tokens.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// The ten data centers that Desk's own API documentation lists.
///
/// Zoho's accounts documentation also names `uk`, Desk's does not: it is offered through [`Hosts::custom`]
/// only, because a guessed host would receive the client secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum DataCenter {
    /// United States, `zoho.com`.
    Us,
    /// Europe, `zoho.eu`.
    Eu,
    /// India, `zoho.in`.
    In,
    /// Australia, `zoho.com.au`.
    Au,
    /// Japan, `zoho.jp`.
    Jp,
    /// Mainland China, `zoho.com.cn`.
    Cn,
    /// Canada, `zohocloud.ca`.
    Ca,
    /// Saudi Arabia, `zoho.sa`.
    Sa,
    /// Singapore, `zoho.sg`.
    Sg,
    /// United Arab Emirates, `zoho.ae`.
    Ae,
}

impl DataCenter {
    /// Every data center, in the order of the documentation.
    pub const ALL: [DataCenter; 10] = [
        DataCenter::Us,
        DataCenter::Eu,
        DataCenter::In,
        DataCenter::Au,
        DataCenter::Jp,
        DataCenter::Cn,
        DataCenter::Ca,
        DataCenter::Sa,
        DataCenter::Sg,
        DataCenter::Ae,
    ];

    /// The data center of these servers, when both are those of one.
    pub fn of(hosts: &Hosts) -> Option<DataCenter> {
        DataCenter::ALL.into_iter().find(|known| Hosts::of(*known) == *hosts)
    }

    /// The code Zoho uses in the `location` parameter of its sign-in redirect.
    pub fn code(self) -> &'static str {
        match self {
            DataCenter::Us => "us",
            DataCenter::Eu => "eu",
            DataCenter::In => "in",
            DataCenter::Au => "au",
            DataCenter::Jp => "jp",
            DataCenter::Cn => "cn",
            DataCenter::Ca => "ca",
            DataCenter::Sa => "sa",
            DataCenter::Sg => "sg",
            DataCenter::Ae => "ae",
        }
    }

    /// The accounts server, which hands out tokens.
    pub fn accounts(self) -> Url {
        constant(match self {
            DataCenter::Us => "https://accounts.zoho.com/",
            DataCenter::Eu => "https://accounts.zoho.eu/",
            DataCenter::In => "https://accounts.zoho.in/",
            DataCenter::Au => "https://accounts.zoho.com.au/",
            DataCenter::Jp => "https://accounts.zoho.jp/",
            DataCenter::Cn => "https://accounts.zoho.com.cn/",
            // QUIRK(zoho): `accounts.zoho.ca` does not exist.
            DataCenter::Ca => "https://accounts.zohocloud.ca/",
            DataCenter::Sa => "https://accounts.zoho.sa/",
            DataCenter::Sg => "https://accounts.zoho.sg/",
            DataCenter::Ae => "https://accounts.zoho.ae/",
        })
    }

    /// The Desk server: REST under `/api/v1`, and the agents' pages.
    ///
    /// QUIRK(zoho): the `api_domain` in a token answer names `www.zohoapis.<tld>`, which does not serve Desk;
    /// the Desk host comes from this table and from nowhere else.
    pub fn desk(self) -> Url {
        constant(match self {
            DataCenter::Us => "https://desk.zoho.com/",
            DataCenter::Eu => "https://desk.zoho.eu/",
            DataCenter::In => "https://desk.zoho.in/",
            DataCenter::Au => "https://desk.zoho.com.au/",
            DataCenter::Jp => "https://desk.zoho.jp/",
            DataCenter::Cn => "https://desk.zoho.com.cn/",
            DataCenter::Ca => "https://desk.zohocloud.ca/",
            DataCenter::Sa => "https://desk.zoho.sa/",
            DataCenter::Sg => "https://desk.zoho.sg/",
            DataCenter::Ae => "https://desk.zoho.ae/",
        })
    }
}

impl fmt::Display for DataCenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A data center code that is not in the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown data center")]
pub struct UnknownDataCenter;

impl FromStr for DataCenter {
    type Err = UnknownDataCenter;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        DataCenter::ALL.into_iter().find(|known| known.code() == code).ok_or(UnknownDataCenter)
    }
}

/// The two servers of one Zoho account. Both are origins: their path is `/`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hosts {
    /// Hands out tokens; receives the client secret.
    pub accounts: Url,
    /// Serves the REST API and the agents' pages.
    pub desk: Url,
}

impl Hosts {
    /// The servers of a data center.
    pub fn of(data_center: DataCenter) -> Hosts {
        Hosts { accounts: data_center.accounts(), desk: data_center.desk() }
    }

    /// Servers typed by hand: https, or plain http on loopback (for a simulator), with nothing but a host and a
    /// port in them.
    pub fn custom(accounts: &str, desk: &str) -> Result<Hosts, AddressError> {
        Ok(Hosts { accounts: origin(accounts)?, desk: origin(desk)? })
    }

    /// The servers of the user who came back from Zoho's sign-in page, which names the accounts server that knows
    /// the code. These ones when it names none or theirs, those of the table when it names one of the table, and
    /// none at all for any other: whoever is named receives the client secret.
    pub(crate) fn of_user(&self, accounts_server: Option<&str>) -> Option<Hosts> {
        let Some(named) = accounts_server else { return Some(self.clone()) };
        let named = origin(named).ok()?;
        if named == self.accounts {
            return Some(self.clone());
        }
        DataCenter::ALL.into_iter().find(|known| known.accounts() == named).map(Hosts::of)
    }

    /// Whether both servers are on this computer; then no proxy stands between.
    pub fn loopback(&self) -> bool {
        is_loopback(&self.accounts) && is_loopback(&self.desk)
    }
}

/// Why an address typed by hand was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AddressError {
    /// Not an absolute address with a host.
    #[error("not a web address")]
    NotAnAddress,
    /// Neither https nor http on loopback.
    #[error("not encrypted")]
    NotEncrypted,
    /// Carries a user name or a password.
    #[error("carries a user name or password")]
    UserInfo,
    /// Carries a path, a query or a fragment.
    #[error("carries more than host and port")]
    MoreThanHost,
}

fn origin(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text.trim()).map_err(|_| AddressError::NotAnAddress)?;
    if !url.has_host() {
        return Err(AddressError::NotAnAddress);
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(AddressError::NotEncrypted),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::UserInfo);
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(AddressError::MoreThanHost);
    }
    Ok(url)
}

/// Whether the host can only mean this computer: `127.0.0.0/8`, `::1` or the reserved name `localhost`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[expect(clippy::expect_used, reason = "only the table above comes here, and a test parses every row of it")]
fn constant(address: &'static str) -> Url {
    Url::parse(address).expect("a constant address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_parses_and_pairs_up() {
        for data_center in DataCenter::ALL {
            let hosts = Hosts::of(data_center);
            let accounts = hosts.accounts.host_str().unwrap().strip_prefix("accounts.").unwrap().to_owned();
            let desk = hosts.desk.host_str().unwrap().strip_prefix("desk.").unwrap().to_owned();
            assert_eq!(accounts, desk);
            assert_eq!(data_center.code().parse(), Ok(data_center));
            assert_eq!(
                Hosts::custom(hosts.accounts.as_str(), hosts.desk.as_str()).as_ref(),
                Ok(&hosts),
                "the table obeys the rules for typed addresses"
            );
        }
        assert_eq!("uk".parse::<DataCenter>(), Err(UnknownDataCenter));
    }

    #[test]
    fn a_named_accounts_server_counts_only_when_it_is_known() {
        let eu = Hosts::of(DataCenter::Eu);
        let own = Hosts::custom("https://login.example.com:8443", "https://desk.example.com").unwrap();
        let named = |hosts: &Hosts, server: &str| hosts.of_user(Some(server));
        assert_eq!(eu.of_user(None), Some(eu.clone()));
        assert_eq!(own.of_user(None), Some(own.clone()));
        assert_eq!(named(&own, "https://login.example.com:8443"), Some(own.clone()));
        for data_center in DataCenter::ALL {
            let theirs = Hosts::of(data_center);
            assert_eq!(named(&eu, theirs.accounts.as_str()), Some(theirs.clone()));
            assert_eq!(named(&own, theirs.accounts.as_str()), Some(theirs.clone()));
            assert_eq!(DataCenter::of(&theirs), Some(data_center));
        }
        for foreign in [
            "https://accounts.zoho.com.evil.example",
            "https://accounts.zoho.com@evil.example",
            "https://evil.example/accounts.zoho.com",
            "https://accounts.zoho.com:444",
            "https://accounts.zoho.com/oauth",
            "https://accounts.zoho.com/?x",
            "http://accounts.zoho.com",
            "https://accounts.zoho.uk",
            "https://desk.zoho.com",
            "https://login.example.com",
            "https://www.zohoapis.com",
            "accounts.zoho.com",
            "//accounts.zoho.com",
            "javascript:1",
            "",
        ] {
            assert_eq!(named(&own, foreign), None, "{foreign}");
        }
        assert_eq!(DataCenter::of(&own), None);
    }

    #[test]
    fn a_typed_address_must_be_an_encrypted_origin() {
        let check = |text: &str| Hosts::custom("https://accounts.zoho.eu", text).map(|_| ());
        assert_eq!(check("https://desk.example.com"), Ok(()));
        assert_eq!(check(" https://desk.example.com:8443/ "), Ok(()));
        assert_eq!(check("http://127.0.0.1:4000"), Ok(()));
        assert_eq!(check("http://localhost:4000"), Ok(()));
        assert_eq!(check("http://[::1]:4000"), Ok(()));
        assert_eq!(check("http://desk.example.com"), Err(AddressError::NotEncrypted));
        assert_eq!(check("http://localhost.evil.example"), Err(AddressError::NotEncrypted));
        assert_eq!(check("ftp://desk.example.com"), Err(AddressError::NotEncrypted));
        assert_eq!(check("desk.example.com"), Err(AddressError::NotAnAddress));
        assert_eq!(check(""), Err(AddressError::NotAnAddress));
        assert_eq!(check("https://me:pw@desk.example.com"), Err(AddressError::UserInfo));
        assert_eq!(check("https://desk.example.com/api/v1"), Err(AddressError::MoreThanHost));
        assert_eq!(check("https://desk.example.com/?x=1"), Err(AddressError::MoreThanHost));
    }
}
