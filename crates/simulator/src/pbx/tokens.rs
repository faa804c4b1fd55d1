//! Owns the PBX's token rules: pairs, the limit of eight, and the lock-out of an address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::switches::PbxSwitches;
use crate::http::random_text;

/// An answer with an error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) text: &'static str,
}

impl Refusal {
    pub(crate) const TOKEN_EXPIRED: Refusal = Refusal { code: 10004, text: "TOKEN EXPIRED" };
    pub(crate) const TOO_MANY: Refusal = Refusal { code: 60002, text: "MAX LIMITATION EXCEEDED" };
    pub(crate) const BLOCKED: Refusal = Refusal { code: 70004, text: "ACCOUNT IP BLOCKED" };

    pub(crate) fn body(self) -> Value {
        json!({ "errcode": self.code, "errmsg": self.text })
    }
}

struct Pair {
    access: String,
    access_until: Instant,
    refresh: String,
    refresh_until: Instant,
    /// Access tokens this pair had before a refresh; they work to their end but take no slot.
    earlier: Vec<(String, Instant)>,
}

#[derive(Default)]
struct Address {
    failures: u32,
    blocked_until: Option<Instant>,
}

#[derive(Default)]
pub(crate) struct Tokens {
    pairs: Vec<Pair>,
    addresses: HashMap<IpAddr, Address>,
}

impl Tokens {
    pub(crate) fn get(
        &mut self,
        from: IpAddr,
        correct: Credentials,
        switches: &PbxSwitches,
    ) -> Result<Value, Refusal> {
        self.check_block(from)?;
        if correct == Credentials::Wrong {
            let address = self.addresses.entry(from).or_default();
            address.failures += 1;
            if address.failures >= switches.lockout_after {
                address.failures = 0;
                address.blocked_until = Some(Instant::now() + Duration::from_secs(switches.lockout_seconds));
            }
            return Err(Refusal { code: switches.bad_credentials_code, text: "INVALID CLIENT ID" });
        }
        self.addresses.remove(&from);
        if switches.get_token_invalidates {
            self.pairs.clear();
        }
        if self.live() >= switches.max_tokens {
            return Err(Refusal::TOO_MANY);
        }
        let pair = new_pair(switches);
        let body = pair.body(switches);
        self.pairs.push(pair);
        Ok(body)
    }

    pub(crate) fn refresh(
        &mut self,
        from: IpAddr,
        token: &str,
        switches: &PbxSwitches,
    ) -> Result<Value, Refusal> {
        self.check_block(from)?;
        let now = Instant::now();
        let Some(pair) = self.pairs.iter_mut().find(|pair| pair.refresh == token && pair.refresh_until > now)
        else {
            return Err(Refusal::TOKEN_EXPIRED);
        };
        let mut fresh = new_pair(switches);
        fresh.earlier = std::mem::take(&mut pair.earlier);
        fresh.earlier.retain(|(_, until)| *until > now);
        if !switches.refresh_kills_old_access {
            fresh.earlier.push((std::mem::take(&mut pair.access), pair.access_until));
        }
        let body = fresh.body(switches);
        *pair = fresh;
        Ok(body)
    }

    /// Ends a pair and frees its slot.
    pub(crate) fn delete(&mut self, access: &str) -> Result<(), Refusal> {
        let now = Instant::now();
        let before = self.pairs.len();
        self.pairs.retain(|pair| !pair.admits(access, now));
        if self.pairs.len() == before { Err(Refusal::TOKEN_EXPIRED) } else { Ok(()) }
    }

    pub(crate) fn is_valid(&self, access: &str) -> bool {
        let now = Instant::now();
        self.pairs.iter().any(|pair| pair.admits(access, now))
    }

    /// When this token ends by itself.
    pub(crate) fn until(&self, access: &str) -> Option<Instant> {
        self.pairs.iter().find_map(|pair| {
            if pair.access == access {
                return Some(pair.access_until);
            }
            pair.earlier.iter().find(|(token, _)| token == access).map(|(_, until)| *until)
        })
    }

    /// Slots in use: one per pair whose access token is alive.
    pub(crate) fn live(&mut self) -> usize {
        let now = Instant::now();
        self.pairs.retain(|pair| pair.access_until > now || pair.refresh_until > now);
        self.pairs.iter().filter(|pair| pair.access_until > now).count()
    }

    pub(crate) fn expire_access(&mut self) {
        let now = Instant::now();
        for pair in &mut self.pairs {
            pair.access_until = now;
            pair.earlier.clear();
        }
    }

    pub(crate) fn revoke_everything(&mut self) {
        self.pairs.clear();
    }

    /// What an administrator does under Security > Blocked IPs.
    pub(crate) fn unblock(&mut self) {
        self.addresses.clear();
    }

    pub(crate) fn blocked(&self) -> bool {
        let now = Instant::now();
        self.addresses.values().any(|address| address.blocked_until.is_some_and(|until| until > now))
    }

    fn check_block(&mut self, from: IpAddr) -> Result<(), Refusal> {
        let Some(address) = self.addresses.get_mut(&from) else { return Ok(()) };
        match address.blocked_until {
            Some(until) if until > Instant::now() => Err(Refusal::BLOCKED),
            Some(_) => {
                address.blocked_until = None;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Whether the client id and secret were right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    Right,
    Wrong,
}

impl Pair {
    fn admits(&self, access: &str, now: Instant) -> bool {
        (self.access == access && self.access_until > now)
            || self.earlier.iter().any(|(token, until)| token == access && *until > now)
    }

    fn body(&self, switches: &PbxSwitches) -> Value {
        json!({
            "errcode": 0, "errmsg": "SUCCESS",
            "access_token_expire_time": switches.token_seconds, "access_token": self.access,
            "refresh_token_expire_time": switches.refresh_seconds, "refresh_token": self.refresh,
        })
    }
}

fn new_pair(switches: &PbxSwitches) -> Pair {
    let now = Instant::now();
    Pair {
        access: random_text(32),
        access_until: now + Duration::from_secs(switches.token_seconds),
        refresh: random_text(32),
        refresh_until: now + Duration::from_secs(switches.refresh_seconds),
        earlier: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn access(body: &Value) -> String {
        body["access_token"].as_str().unwrap().to_owned()
    }

    fn refresh(body: &Value) -> String {
        body["refresh_token"].as_str().unwrap().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn the_ninth_token_is_refused_until_one_is_given_back_or_expires() {
        let switches = PbxSwitches::default();
        let mut tokens = Tokens::default();
        let first = tokens.get(HERE, Credentials::Right, &switches).unwrap();
        for _ in 0..7 {
            tokens.get(HERE, Credentials::Right, &switches).unwrap();
        }
        assert_eq!(tokens.get(HERE, Credentials::Right, &switches), Err(Refusal::TOO_MANY));
        tokens.delete(&access(&first)).unwrap();
        tokens.get(HERE, Credentials::Right, &switches).unwrap();
        assert_eq!(tokens.get(HERE, Credentials::Right, &switches), Err(Refusal::TOO_MANY));
        tokio::time::advance(Duration::from_secs(1801)).await;
        tokens.get(HERE, Credentials::Right, &switches).unwrap();
        assert_eq!(tokens.live(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_gives_a_new_pair_in_the_same_slot_and_ends_the_old_refresh_token() {
        let switches = PbxSwitches { max_tokens: 1, ..PbxSwitches::default() };
        let mut tokens = Tokens::default();
        let first = tokens.get(HERE, Credentials::Right, &switches).unwrap();
        let second = tokens.refresh(HERE, &refresh(&first), &switches).unwrap();
        assert_ne!(access(&first), access(&second));
        assert_eq!(tokens.live(), 1);
        assert!(tokens.is_valid(&access(&first)), "the old access token lives on by default");
        assert_eq!(tokens.refresh(HERE, &refresh(&first), &switches), Err(Refusal::TOKEN_EXPIRED));
        let kills = PbxSwitches { refresh_kills_old_access: true, ..switches };
        let third = tokens.refresh(HERE, &refresh(&second), &kills).unwrap();
        assert!(!tokens.is_valid(&access(&second)));
        assert!(tokens.is_valid(&access(&third)));
    }

    #[tokio::test(start_paused = true)]
    async fn five_bad_credentials_in_a_row_block_the_address_for_a_while() {
        let switches = PbxSwitches::default();
        let mut tokens = Tokens::default();
        for _ in 0..4 {
            assert_eq!(tokens.get(HERE, Credentials::Wrong, &switches).unwrap_err().code, 40004);
        }
        let pair = tokens.get(HERE, Credentials::Right, &switches).unwrap();
        for _ in 0..5 {
            assert_eq!(tokens.get(HERE, Credentials::Wrong, &switches).unwrap_err().code, 40004);
        }
        assert_eq!(tokens.get(HERE, Credentials::Right, &switches), Err(Refusal::BLOCKED));
        assert_eq!(tokens.refresh(HERE, &refresh(&pair), &switches), Err(Refusal::BLOCKED));
        assert!(tokens.is_valid(&access(&pair)), "a token in hand goes on working");
        tokio::time::advance(Duration::from_secs(601)).await;
        tokens.get(HERE, Credentials::Right, &switches).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn get_token_leaves_earlier_tokens_alone_unless_told_otherwise() {
        let mut switches = PbxSwitches::default();
        let mut tokens = Tokens::default();
        let first = tokens.get(HERE, Credentials::Right, &switches).unwrap();
        tokens.get(HERE, Credentials::Right, &switches).unwrap();
        assert!(tokens.is_valid(&access(&first)));
        switches.get_token_invalidates = true;
        tokens.get(HERE, Credentials::Right, &switches).unwrap();
        assert!(!tokens.is_valid(&access(&first)));
    }
}
