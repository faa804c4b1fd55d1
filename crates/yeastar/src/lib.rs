//! Client of a Yeastar P-Series PBX: its OpenAPI over HTTP and its event socket.
//!
//! Knows nothing of our other crates except `deskring-redact`. It decodes what the PBX says and keeps the
//! connection; what a call means to an agent is decided elsewhere.
//!
//! ```text
//! address ─┐                       ┌─ directory    names behind numbers
//! config ──┤                       ├─ control      acting on calls
//! sites ───┤                       ├─ phonebook    company contacts
//! tls ─────┼─► http ──► token ──► pbx
//! error ───┤   one      one        ├─ socket       the link: events in, Feed out
//! event ───┘   request  token      ├─ call_log     what happened while nobody listened
//!                                  ├─ examination  what is wrong: all of the above, tried once
//!                                  └─ invitation   a gateway's code that becomes a credential
//! ```
//!
//! [`Pbx`] is the handle. [`Pbx::run`] is the link and tells everything through one bounded channel of
//! [`Feed`]. Errors are for deciding: [`Error::kind`] and [`Error::retry`], never words.
//!
//! Logs carry no token, and numbers only masked and below INFO. That holds for this crate: the socket library
//! prints whole requests at TRACE under the target `tungstenite`, so a program must keep that target above it.
//!
//! Vendor behavior that differs from what one would expect is marked `QUIRK(yeastar)` in the source.

mod address;
mod call_log;
mod central;
mod certificate;
mod config;
mod control;
mod directory;
mod encode;
mod error;
mod event;
mod examination;
#[cfg(test)]
mod fake;
mod http;
mod invitation;
mod monitors;
mod pbx;
mod phonebook;
mod sites;
mod socket;
mod tls;
mod token;

pub use deskring_redact::{ExposeSecret, Secret};

pub use crate::{
    address::{Address, AddressError},
    call_log::LoggedCall,
    central::{CentralWriting, RecordMade},
    certificate::Certificate,
    config::{Config, Timings, TokenPair, TokenStore},
    control::{AutoAnswer, Dial, Note, Transfer},
    directory::{Extension, Feature, Information},
    error::{Error, Kind, Retry},
    event::{
        Call, CallRecord, Endpoint, Event, ExtensionChange, ExtensionStatus, FailureKind, FailureReason,
        Member, Party, RecordKind, RecordStatus, Registration, Status,
    },
    examination::Examination,
    invitation::{Enrolled, Invitation, NotAnInvitation},
    monitors::{Monitor, Monitors},
    pbx::Pbx,
    phonebook::{
        Entries, EntriesPage, Entry, EntryId, Members, NOT_PERMITTED, NumberKind, Person, Phonebook,
        PhonebookId,
    },
    sites::{Site, SiteError},
    socket::{Feed, SocketTrial},
    tls::{Distrust, Fingerprint, FingerprintError},
    token::TRIES_UNTIL_BLOCKED,
};
