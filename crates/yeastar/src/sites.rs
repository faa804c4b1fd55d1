//! The addresses at which the same system is reached: one for a PBX, several for gateways that stand in for each other.
//!
//! Owns: which of them is asked, and which is next. Stays with the one that answered last; all of them are tried before
//! anything is called away. Must not know: what is asked, or how long to wait between two rounds.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::ClientConfig;

use crate::{
    address::{Address, AddressError},
    config::Timings,
    error::{Error, Kind, Retry},
    tls::{self, Fingerprint},
};

/// An address, and the certificate that is trusted there although nobody vouches for it.
///
/// Written as the address, with `#sha256=…` behind it where a certificate is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Where it listens.
    pub address: Address,
    /// Accept exactly this certificate, and ask the system about no other. `None`: the system decides.
    pub trusted_certificate: Option<Fingerprint>,
}

/// A text is no site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// What stands behind `#` is not the SHA-256 of a certificate.
    #[error("what follows the address is not #sha256= with 64 hexadecimal digits")]
    Certificate,
}

impl FromStr for Site {
    type Err = SiteError;

    fn from_str(text: &str) -> Result<Site, SiteError> {
        let (address, pin) = text.split_once('#').map_or((text, None), |(address, pin)| (address, Some(pin)));
        let read = |pin: &str| {
            let digits = pin.trim().strip_prefix("sha256=").ok_or(SiteError::Certificate)?;
            digits.parse().map_err(|_| SiteError::Certificate)
        };
        Ok(Site { address: Address::parse(address)?, trusted_certificate: pin.map(read).transpose()? })
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        match &self.trusted_certificate {
            Some(pin) => write!(f, "#sha256={pin}"),
            None => Ok(()),
        }
    }
}

/// A site with what it takes to talk to it.
pub(crate) struct Line {
    pub(crate) site: Site,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) client: reqwest::Client,
}

/// All of them; never empty.
pub(crate) struct Sites {
    first: Line,
    others: Vec<Line>,
    current: AtomicUsize,
}

impl Sites {
    pub(crate) fn new(sites: Vec<Site>, timings: &Timings) -> Result<Sites, Error> {
        let count = u32::try_from(sites.len()).unwrap_or(u32::MAX).max(1);
        let mut lines = Vec::new();
        for site in sites {
            let tls = tls::client_config(site.address.scheme(), site.trusted_certificate)?;
            let client = crate::http::client(&tls, timings, count)?;
            lines.push(Line { site, tls, client });
        }
        let mut lines = lines.into_iter();
        let first = lines.next().ok_or_else(|| Error::new(Kind::Other))?;
        Ok(Sites { first, others: lines.collect(), current: AtomicUsize::new(0) })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.others.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The one that is asked first.
    pub(crate) fn current(&self) -> &Line {
        self.at(self.current.load(Ordering::Relaxed))
    }

    /// Each once, the current one first.
    pub(crate) fn round(&self) -> impl Iterator<Item = (usize, &Line)> {
        let (count, from) = (self.others.len() + 1, self.current.load(Ordering::Relaxed));
        (0..count).map(move |step| {
            let index = (from + step) % count;
            (index, self.at(index))
        })
    }

    /// This one answers.
    pub(crate) fn stay(&self, index: usize) {
        self.current.store(index, Ordering::Relaxed);
    }

    /// This one asked to be left; what is asked next goes elsewhere.
    pub(crate) fn leave(&self, index: usize) {
        let next = (index + 1) % (self.others.len() + 1);
        // An error means that somebody has left it already.
        let _ = self.current.compare_exchange(index, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn at(&self, index: usize) -> &Line {
        index.checked_sub(1).and_then(|other| self.others.get(other)).unwrap_or(&self.first)
    }
}

/// Whether another site may do what this one did not: it was not reached, is not whom it should be, or only stands by.
/// Never after a request that may have been carried out.
pub(crate) fn is_of_site(error: &Error) -> bool {
    let of_way = matches!(
        error.kind(),
        Kind::NameNotFound
            | Kind::Refused
            | Kind::TimedOut
            | Kind::Unreachable
            | Kind::UnknownCertificate { .. }
            | Kind::ChangedCertificate { .. }
            | Kind::Tls
            | Kind::Malformed
            | Kind::Silent
            | Kind::Closed
            | Kind::Handshake { .. }
    );
    of_way && error.code().is_none() && error.retry() != Retry::Unknown
}

/// Of two failures the one that a person can do something about: a certificate to compare, else the first.
pub(crate) fn more_telling(first: Option<Error>, second: Error) -> Error {
    let asks = |error: &Error| {
        matches!(error.kind(), Kind::UnknownCertificate { .. } | Kind::ChangedCertificate { .. })
    };
    match first {
        Some(first) if asks(&first) || !asks(&second) => first,
        _ => second,
    }
}

#[cfg(test)]
mod tests;
