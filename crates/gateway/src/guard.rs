//! Wrong secrets: who tries too often waits.
//!
//! Owns: how long an address, and a credential from an address, has to wait. A wrong secret never reaches the PBX, so
//! it never counts there. Must not know: what was tried.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::state::ClientId;

/// A credential's wrong secrets in a row from one address before it is locked there, as the PBX counts them.
const TRIES_OF_A_CLIENT: u32 = 5;
/// The same of an address with any credentials: a whole office may sit behind one.
const TRIES_OF_AN_ADDRESS: u32 = 30;
/// How long it is locked; doubles with every further try.
const LOCKED: Duration = Duration::from_secs(60);
/// But not longer.
const LOCKED_AT_MOST: Duration = Duration::from_secs(30 * 60);
/// Tries older than this are forgotten.
const MEMORY: Duration = Duration::from_secs(60 * 60);
/// So many are remembered of each kind; beyond it, the oldest are forgotten.
const REMEMBERED: usize = 20_000;

/// Remembers wrong secrets.
#[derive(Default)]
pub(crate) struct Guard {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    addresses: Tries<IpAddr>,
    clients: Tries<(IpAddr, ClientId)>,
}

impl Guard {
    /// How long this one still has to wait before its secret is looked at.
    pub(crate) fn locked(&self, address: IpAddr, client: &ClientId, now: Instant) -> Option<Duration> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let address_waits = inner.addresses.locked(&address, now);
        address_waits.max(inner.clients.locked(&(address, client.clone()), now))
    }

    /// It was wrong.
    pub(crate) fn wrong(&self, address: IpAddr, client: &ClientId, now: Instant) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.addresses.count(address, TRIES_OF_AN_ADDRESS, now);
        inner.clients.count((address, client.clone()), TRIES_OF_A_CLIENT, now);
    }

    /// It was right. The address keeps its count: one right secret does not excuse guessing others.
    pub(crate) fn right(&self, address: IpAddr, client: &ClientId) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clients.of.remove(&(address, client.clone()));
    }
}

struct Tries<K> {
    of: HashMap<K, Tried>,
}

impl<K> Default for Tries<K> {
    fn default() -> Self {
        Self { of: HashMap::new() }
    }
}

struct Tried {
    times: u32,
    last: Instant,
    until: Option<Instant>,
}

impl<K: Eq + Hash + Clone> Tries<K> {
    fn locked(&self, key: &K, now: Instant) -> Option<Duration> {
        let until = self.of.get(key)?.until?;
        (until > now).then(|| until - now)
    }

    fn count(&mut self, key: K, free: u32, now: Instant) {
        if self.of.len() >= REMEMBERED && !self.of.contains_key(&key) {
            self.of.retain(|_, tried| now.duration_since(tried.last) < MEMORY);
            if self.of.len() >= REMEMBERED
                && let Some(oldest) =
                    self.of.iter().min_by_key(|(_, tried)| tried.last).map(|(key, _)| key.clone())
            {
                self.of.remove(&oldest);
            }
        }
        let tried = self.of.entry(key).or_insert(Tried { times: 0, last: now, until: None });
        if now.duration_since(tried.last) >= MEMORY {
            tried.times = 0;
        }
        tried.times += 1;
        tried.last = now;
        if let Some(beyond) = tried.times.checked_sub(free) {
            let factor = 2_u32.saturating_pow(beyond.min(16));
            tried.until = Some(now + LOCKED.saturating_mul(factor).min(LOCKED_AT_MOST));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_credential_is_locked_where_it_was_guessed_and_nowhere_else() {
        let (guard, now) = (Guard::default(), Instant::now());
        let (here, there): (IpAddr, IpAddr) =
            (Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::new(192, 0, 2, 2).into());
        let (one, two) = (ClientId("one".into()), ClientId("two".into()));
        for _ in 0..TRIES_OF_A_CLIENT - 1 {
            guard.wrong(here, &one, now);
        }
        assert_eq!(guard.locked(here, &one, now), None);
        guard.wrong(here, &one, now);
        assert_eq!(guard.locked(here, &one, now), Some(LOCKED));
        assert_eq!((guard.locked(there, &one, now), guard.locked(here, &two, now)), (None, None));
        assert_eq!(guard.locked(here, &one, now + LOCKED), None);
        guard.wrong(here, &one, now + LOCKED);
        assert_eq!(guard.locked(here, &one, now + LOCKED), Some(LOCKED * 2), "longer each time");
        guard.right(here, &one);
        assert_eq!(guard.locked(here, &one, now + LOCKED), None);
    }

    #[test]
    fn an_address_that_guesses_many_is_locked_for_all() {
        let (guard, now) = (Guard::default(), Instant::now());
        let here: IpAddr = Ipv4Addr::new(192, 0, 2, 1).into();
        for try_of in 0..TRIES_OF_AN_ADDRESS {
            guard.wrong(here, &ClientId(try_of.to_string()), now);
        }
        assert_eq!(guard.locked(here, &ClientId("any".into()), now), Some(LOCKED));
        for _ in 0..40 {
            guard.wrong(here, &ClientId("any".into()), now);
        }
        assert_eq!(guard.locked(here, &ClientId("any".into()), now), Some(LOCKED_AT_MOST));
        assert_eq!(guard.locked(here, &ClientId("any".into()), now + MEMORY), None);
    }
}
