//! The one loop that joins the PBX, Zoho Desk, the store and the call core. No desktop: whoever runs the
//! engine hands it a [`Desktop`] and reads [`AppView`]s.
//!
//! Owns: the order of things ([`run`](mod@run)), the translation at each border (`from_pbx`, `lookup`), and what
//! every face shows ([`view`]). Must not know Tauri, a tray, a window or a language: it speaks in codes.

pub mod admin;
pub mod assist;
mod clock;
mod connect;
mod desktop;
mod explain;
mod from_pbx;
mod handle;
mod history;
mod index;
mod links;
mod lookup;
mod manners;
mod margin;
mod names;
mod outbox;
mod phonebook;
mod run;
mod suggest;
mod tokens;
mod values;
pub mod view;
mod what_if;

pub use admin::Admin;
pub use connect::{LookupOnceError, Paths, lookup_once, profile_language as language};
pub use desktop::{Autostart, Desktop, Happening, SignInEnd};
pub use explain::{
    ComparedView, DecisionView, Explanation, FieldView as ComparedField, HitView, ReadingView, RecordName,
    SearchView, StepView,
};
pub use handle::{Command, Handle, Window};
pub use links::Line;
pub use lookup::{Found, Hit, Lookup, Report};
pub use manners::{Caller, Creation, Level, Manner, Refusal};
pub use outbox::hand as outbox_by_hand;
pub use run::{Engine, StartError, Stopped};
pub use view::AppView;
pub use what_if::{ChangedView, CountsView, TallyView, WhatIfPlace, WhatIfView};

pub use deskring_domain as domain;
pub use deskring_store::{Change, Journal, Mirror, MirrorFault, Secret};
pub use deskring_zoho_desk::Scopes;

/// What every log filter of a program with this engine ends with, whatever else it asks for. Below these levels
/// the network libraries print whole requests, addresses with the access token in them included, and the number
/// library prints every number it reads.
pub const LOG_LIMITS: &str = "tungstenite=warn,tokio_tungstenite=warn,hyper=warn,hyper_util=warn,h2=warn,\
     reqwest=warn,rustls=warn,rlibphonenumber=off";
