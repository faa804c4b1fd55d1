//! `deskring-gateway`: holds the one credential of a PBX and gives every agent a socket of their own extension.
//!
//! To an agent's app the gateway is the PBX: same addresses, same envelopes, same frames.
//!
//! ```text
//! PBX ──► upstream ──► hub ──► socket ──► agents' apps
//!   ▲     one link     book          ▲
//!   └────────────────── api ◄────────┘
//!                        │
//!                      state   agents, tokens, codes
//!                    database ◄── lease   which of several gateways serves
//! ```
//!
//! What upstream hears goes to the [`writer`] too, where the gateway writes to Desk for everybody.
//!
//! Whatever an agent hears or may do is decided in two places: [`book`] for events and channels, [`api`] for requests.
//! What is not understood is not passed on.

mod api;
mod book;
pub mod config;
mod contacts;
mod database;
mod guard;
mod hub;
mod lease;
mod metrics;
mod serve;
mod shared;
mod socket;
mod state;
#[cfg(test)]
#[path = "../../../tests/support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "others use the rest of it")]
mod test_server;
mod upstream;
mod writer;

use std::time::{SystemTime, UNIX_EPOCH};

pub use book::Extension;
pub use config::Config;
pub use database::{Place, Server};
pub use serve::{CONTROL_SOCKET, Running, start};
pub use state::{Agent, ClientId, Credentials, Pair, Refused, State};
pub use writer::writer_paths;

/// Seconds since 1970.
pub fn wall_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
