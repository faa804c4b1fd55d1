//! The handle of one PBX.
//!
//! Owns: putting the parts together, and the path every authenticated request takes: token, exchange, one
//! renewal when the PBX refuses the token, two repetitions of a read after a transport fault. Must not know:
//! what a call means to us.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

use crate::{
    config::{Config, Timings, TokenStore},
    error::{Effect, Error, Kind},
    event::Call,
    http::{Ask, Http},
    sites::{Site, Sites},
    socket::{self, Feed},
    token::{Tokens, Want},
};

/// One PBX as one API application. Cheap to clone; clones share the token, the limits and the link.
#[derive(Clone)]
pub struct Pbx(pub(crate) Arc<Core>);

/// What the parts of the client share.
pub(crate) struct Core {
    pub(crate) sites: Arc<Sites>,
    pub(crate) timings: Timings,
    pub(crate) tokens: Tokens,
    pub(crate) wake: Notify,
    http: Http,
}

impl Pbx {
    /// Makes the handle; nothing is sent and nothing is loaded yet.
    ///
    /// # Errors
    /// [`Kind::Tls`] or [`Kind::Other`] when the transports cannot be built on this system.
    pub fn new(config: Config, store: Arc<dyn TokenStore>) -> Result<Pbx, Error> {
        let Config { address, client_id, client_secret, trusted_certificate, others, timings } = config;
        let first = Site { address, trusted_certificate };
        let sites = Arc::new(Sites::new([vec![first], others].concat(), &timings)?);
        let http = Http::new(sites.clone(), &timings);
        let tokens = Tokens::new(http.clone(), client_id, client_secret, timings.clone(), store);
        Ok(Pbx(Arc::new(Core { sites, timings, tokens, wake: Notify::new(), http })))
    }

    /// The link: connects, subscribes, asks for the current calls, forwards events, heartbeats, renews the
    /// token and reconnects, until the receiver of `feed` is dropped or this future is. Waits while the
    /// channel is full and never drops an event. Run it once per PBX.
    ///
    /// After every gap: [`Feed::Up`] with the calls of that moment, then the events since the subscription in
    /// their order. Subscribing comes first, and until the calls are known the socket is not read, so events
    /// wait in it and a snapshot never follows an event that is newer. An event may be older than the snapshot
    /// before it; states only ever move forward, so the receiver treats it as a late frame.
    ///
    /// Before the token ends a second socket is opened with the next token and only then the first one is
    /// closed. That leaves no gap, so there is no `Up`, but some events may arrive twice.
    pub async fn run(&self, feed: mpsc::Sender<Feed>) {
        socket::run(self.0.clone(), feed).await;
    }

    /// The computer woke up, the network or a setting of the PBX changed: check the link now. A link that is up
    /// sends a heartbeat and expects the answer within [`Timings::answer_timeout`]; one that is down tries
    /// again at once, except that wrong credentials are not tried again and pauses the PBX wants are kept.
    pub fn wake(&self) {
        self.0.tokens.told();
        self.0.wake.notify_one();
    }

    /// Somebody else may have used the store meanwhile: the token is read from there again before it is used.
    pub async fn read_token_again(&self) {
        self.0.tokens.read_again().await;
    }

    /// Whether both are clones of one handle.
    pub fn is_same_as(&self, other: &Pbx) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The site that answered last, or is asked first.
    pub fn site(&self) -> Site {
        self.0.sites.current().site.clone()
    }

    /// Whether there is more than one.
    pub fn has_several_sites(&self) -> bool {
        self.0.sites.count() > 1
    }

    /// Knocks at each of several sites: whether somebody answers there whose certificate is trusted. No token is shown.
    /// Where there is one only, asking it anything tells as much, and nothing is done.
    pub async fn knock(&self, within: Duration) -> Vec<(Site, Result<(), Error>)> {
        let round = self.0.sites.round().filter(|_| self.has_several_sites());
        let knocks = round.map(|(_, line)| async {
            let asked = timeout(within, line.client.get(line.site.address.endpoint("/")).send()).await;
            let answered = match asked {
                Ok(answer) => answer.map(drop).map_err(|error| Error::http(error, Effect::Read)),
                Err(elapsed) => Err(Error::because(Kind::TimedOut, elapsed)),
            };
            (line.site.clone(), answered)
        });
        futures_util::future::join_all(knocks).await
    }

    /// The calls of this moment, all members of each, caller first (`call/query`). An idle PBX has none.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn calls(&self) -> Result<Vec<Call>, Error> {
        self.0.calls().await
    }

    /// Gives the access token back (`del_token`) and clears the store. This handle asks for nothing any more:
    /// its requests fail with [`Kind::SignedOut`] and its link goes down. Returns within
    /// [`Timings::sign_out`]; what is not done by then goes on alone, as long as the runtime lives.
    ///
    /// # Errors
    /// The PBX could not be told; the store is cleared all the same, and the token ends by itself.
    /// [`Kind::TimedOut`]: not told *yet*.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let result = self.0.tokens.sign_out().await;
        self.0.wake.notify_one();
        result
    }
}

impl std::fmt::Debug for Pbx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pbx").field("address", &self.0.sites.current().site.address).finish_non_exhaustive()
    }
}

impl Core {
    /// Asks with a token.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Value, Error> {
        let (mut want, mut renewals_left, mut repeats_left) = (Want::Valid, 1_u8, 2_u32);
        loop {
            let access = self.tokens.access(want).await?;
            let error = match self.http.exchange(&ask, Some(&access.token)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.kind() == &Kind::TokenExpired && renewals_left > 0 {
                // The PBX refused before doing anything, so even a write may be repeated.
                renewals_left -= 1;
                want = Want::Instead(access.generation);
            } else if ask.effect == Effect::Read && repeats_left > 0 && is_transport_fault(&error) {
                let pause = self.timings.repeat_min * (3 - repeats_left);
                tokio::time::sleep(jittered(pause)).await;
                repeats_left -= 1;
                want = Want::Valid;
            } else {
                return Err(error);
            }
        }
    }

    pub(crate) async fn calls(&self) -> Result<Vec<Call>, Error> {
        match self.ask(Ask::read("call/query")).await {
            Ok(answer) => Ok(match answer.get("data") {
                Some(Value::Array(calls)) => calls.iter().filter_map(Call::read).collect(),
                Some(call @ Value::Object(_)) => Call::read(call).into_iter().collect(),
                // QUIRK(yeastar): an idle PBX leaves `data` out.
                _ => Vec::new(),
            }),
            // QUIRK(yeastar): or answers 60001.
            Err(error) if error.kind() == &Kind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Did the request perhaps not arrive, for a reason that may be over in a moment?
fn is_transport_fault(error: &Error) -> bool {
    let transport = matches!(
        error.kind(),
        Kind::NameNotFound | Kind::Refused | Kind::TimedOut | Kind::Unreachable | Kind::Closed
    );
    transport && error.code().is_none()
}

/// Between half and all of it, so that many clients do not come back in step.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests;
