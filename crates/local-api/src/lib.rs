//! The one door to a running engine: views out, commands in, over a socket that only the same user can open.
//!
//! Lines of JSON, one message each. The tray app's windows, the command line, a second start and the
//! browser's extension ([`browser`]) come in here. Owns the wire ([`wire`]), the server and the client. Must
//! not know what a command does or how a view is drawn.

pub mod browser;
mod client;
mod server;
mod transport;
pub mod wire;

pub use client::{Client, ClientError, Watch};
pub use server::Server;
