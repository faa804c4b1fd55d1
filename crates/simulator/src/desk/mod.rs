//! The simulated Zoho Desk with its accounts server: its handle for tests, and what its parts share.

mod api;
mod checks;
mod crowd;
mod layouts;
mod limits;
mod oauth;
mod records;
mod routes;
mod search;
mod switches;
mod web;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::Value;

pub(crate) use api::router as desk_router;
pub use switches::{Consent, DeskSwitches, Fault, ScopeRefusal};
pub(crate) use web::router as accounts_router;

use crate::journal::{Journal, Request};
use crate::net::lock;
use crowd::Crowd;
use limits::Limits;
use oauth::OAuth;
use records::{Indexed, Module, Records};

/// Client ID of the OAuth client.
pub const DESK_CLIENT_ID: &str = "1000.SIMULATEDDESKCLIENT0000000001";
/// Client secret of the OAuth client.
pub const DESK_CLIENT_SECRET: &str = "simulated-desk-client-secret-0000000001";
/// A refresh token that works without a sign-in, with every scope Deskring asks for.
pub const DESK_REFRESH_TOKEN: &str = "1000.5imu1atedrefreshtoken0000000001.5imu1atedrefreshtoken0000000002";
/// The organization the tokens are bound to.
pub const ORGANIZATION_ID: &str = "700000001";
/// The first department; all agents belong to it.
pub const DEPARTMENT_ID: &str = "189200000000006907";
/// The agent the tokens belong to (agent@example.com, extension 1001).
pub const AGENT_ID: &str = "189200000000056007";
/// The portal's name in web addresses.
pub const PORTAL: &str = "sampleltd";

/// Something that was changed in Desk through the API.
#[derive(Clone, Debug, Serialize)]
pub struct Write {
    /// When, ISO 8601.
    pub at: String,
    /// `POST` or `PATCH`.
    pub method: String,
    /// The path below `/api/v1`, as `/contacts`.
    pub path: String,
    /// `contacts`, `accounts`, `tickets`, `calls` or `comments`.
    pub module: &'static str,
    /// The id of the record made or changed.
    pub id: String,
    /// The body that was sent.
    pub body: Value,
    /// The client got no answer ([`Fault::LostAnswer`]).
    pub answer_lost: bool,
}

pub(crate) struct Core {
    pub(crate) journal: Arc<Journal>,
    pub(crate) oauth: Mutex<OAuth>,
    pub(crate) records: Mutex<Records>,
    pub(crate) limits: Limits,
    pub(crate) writes: Mutex<Vec<Write>>,
    pub(crate) accounts_url: String,
    pub(crate) desk_url: String,
    pub(crate) wishes: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
    switches: Mutex<DeskSwitches>,
}

impl Core {
    pub(crate) fn switches(&self) -> DeskSwitches {
        lock(&self.switches).clone()
    }

    /// Takes credits if there are enough; returns what is left either way.
    fn pay(&self, credits: u64) -> Result<u64, u64> {
        let mut switches = lock(&self.switches);
        match switches.credits_left.checked_sub(credits) {
            Some(left) => {
                switches.credits_left = left;
                Ok(left)
            }
            None => Err(switches.credits_left),
        }
    }
}

/// The simulated Desk. All clones are the same Desk.
#[derive(Clone)]
pub struct Desk {
    pub(crate) core: Arc<Core>,
}

impl Desk {
    pub(crate) fn new(journal: Arc<Journal>, accounts_url: String, desk_url: String) -> Desk {
        let core = Core {
            journal,
            oauth: Mutex::new(OAuth::new()),
            records: Mutex::new(Records::new(desk_url.clone())),
            limits: Limits::default(),
            writes: Mutex::default(),
            accounts_url,
            desk_url,
            wishes: Mutex::default(),
            switches: Mutex::default(),
        };
        Desk { core: Arc::new(core) }
    }

    fn add(&self, module: Module, record: Value) -> String {
        let added = lock(&self.core.records).insert(module, record, Indexed::AtOnce);
        self.core.journal.touch();
        records::text(&added, "id").to_owned()
    }

    /// Adds a contact, searchable at once; missing keys get defaults. Returns the id.
    pub fn add_contact(&self, contact: Value) -> String {
        self.add(Module::Contacts, contact)
    }

    /// Adds a contact the way a colleague makes one just now: lists have it at once, search knows it after the index
    /// lag. Returns the id.
    pub fn add_fresh_contact(&self, contact: Value) -> String {
        let lag = std::time::Duration::from_secs(self.core.switches().index_lag_seconds);
        let added = lock(&self.core.records).insert(Module::Contacts, contact, Indexed::After(lag));
        self.core.journal.touch();
        records::text(&added, "id").to_owned()
    }

    /// A crowd of so many contacts beside the others, at most ten million, in place of an earlier one. They are found by
    /// the time of their change and by their number, and are not in [`Desk::records`] before somebody reads one by id.
    pub fn set_crowd(&self, size: u32) {
        lock(&self.core.records).crowd = Crowd::of(size);
        self.core.journal.touch();
    }

    /// One of the crowd, as the API shows it.
    pub fn of_crowd(&self, at: u32) -> Value {
        lock(&self.core.records).asleep(Crowd::person(at))
    }

    /// Adds an account, searchable at once. Returns the id.
    pub fn add_account(&self, account: Value) -> String {
        self.add(Module::Accounts, account)
    }

    /// Adds a ticket, searchable at once. Returns the id.
    pub fn add_ticket(&self, ticket: Value) -> String {
        self.add(Module::Tickets, ticket)
    }

    /// Adds a call activity, as if written earlier. Returns the id.
    pub fn add_call(&self, call: Value) -> String {
        self.add(Module::Calls, call)
    }

    /// Adds an agent. Returns the id.
    pub fn add_agent(&self, agent: Value) -> String {
        lock(&self.core.records).add_agent(agent)
    }

    /// Adds a department, to which no agent belongs yet. Returns the id.
    pub fn add_department(&self, department: Value) -> String {
        lock(&self.core.records).add_department(department)
    }

    /// Changes a contact behind the client's back; search knows after the index lag.
    pub fn change_contact(&self, id: &str, change: Value) {
        let lag = std::time::Duration::from_secs(self.core.switches().index_lag_seconds);
        lock(&self.core.records).update(Module::Contacts, id, change, Indexed::After(lag));
        self.core.journal.touch();
    }

    /// Moves a contact to the trash: `GET` by id answers 404 and search finds nothing.
    pub fn remove_contact(&self, id: &str) {
        lock(&self.core.records).trash(Module::Contacts, id);
        self.core.journal.touch();
    }

    /// Changes an account behind the client's back; search knows after the index lag.
    pub fn change_account(&self, id: &str, change: Value) {
        let lag = std::time::Duration::from_secs(self.core.switches().index_lag_seconds);
        lock(&self.core.records).update(Module::Accounts, id, change, Indexed::After(lag));
        self.core.journal.touch();
    }

    /// Moves an account to the trash: `GET` by id answers 404 and search finds nothing.
    pub fn remove_account(&self, id: &str) {
        lock(&self.core.records).trash(Module::Accounts, id);
        self.core.journal.touch();
    }

    /// Records of a module (`contacts`, `accounts`, `tickets`, `calls`, `comments`), oldest first.
    pub fn records(&self, module: &str) -> Vec<Value> {
        let modules = [Module::Contacts, Module::Accounts, Module::Tickets, Module::Calls, Module::Comments];
        let records = lock(&self.core.records);
        let module = modules.into_iter().find(|known| known.word() == module);
        module.map(|module| records.all(module).cloned().collect()).unwrap_or_default()
    }

    /// A record by id, whatever its module.
    pub fn record(&self, id: &str) -> Option<Value> {
        lock(&self.core.records).any(id).map(|(_, value)| value.clone())
    }

    /// Everything written through the API, oldest first.
    pub fn writes(&self) -> Vec<Write> {
        lock(&self.core.writes).clone()
    }

    /// Every API and accounts request so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.core.journal.requests(|request| request.side != "pbx")
    }

    /// Search requests so far.
    pub fn searches(&self) -> usize {
        self.core.limits.searches()
    }

    /// Makes all records searchable as they are now.
    pub fn index_now(&self) {
        lock(&self.core.records).index_now();
    }

    /// The switches as they are.
    pub fn switches(&self) -> DeskSwitches {
        self.core.switches()
    }

    /// Changes switches.
    pub fn set(&self, change: impl FnOnce(&mut DeskSwitches)) {
        change(&mut lock(&self.core.switches));
        self.core.journal.touch();
    }

    /// The next `n` API requests fail this way, after the faults planned earlier.
    pub fn fault_next(&self, n: usize, fault: Fault) {
        self.core.limits.plan_faults(n, fault);
        self.core.journal.touch();
    }

    /// The same for the next `n` API requests that change something; others pass.
    pub fn fault_next_writes(&self, n: usize, fault: Fault) {
        self.core.limits.plan_write_faults(n, fault);
        self.core.journal.touch();
    }

    /// Forgets planned faults.
    pub fn clear_faults(&self) {
        self.core.limits.clear_faults();
        self.core.journal.touch();
    }

    /// Faults still to come.
    pub fn planned_faults(&self) -> usize {
        self.core.limits.planned()
    }

    /// Signs another agent in; their refresh token.
    pub fn sign_in_another(&self) -> String {
        lock(&self.core.oauth).grant_to_another()
    }

    /// Ends all access tokens; refresh tokens go on working.
    pub fn expire_access_tokens(&self) {
        lock(&self.core.oauth).expire_access_tokens();
        self.core.journal.touch();
    }

    /// Ends every token: a refresh answers `invalid_code` from now on.
    pub fn revoke(&self) {
        lock(&self.core.oauth).revoke_all();
        self.core.journal.touch();
    }

    /// Access tokens alive now.
    pub fn live_access_tokens(&self) -> usize {
        lock(&self.core.oauth).live_access_tokens()
    }

    /// The most API requests that were running at once.
    pub fn most_in_flight(&self) -> usize {
        self.core.limits.most()
    }

    /// The address in a record's `webUrl`; that of a contact when the id is unknown.
    pub fn web_url(&self, id: &str) -> String {
        let records = lock(&self.core.records);
        let module = records.any(id).map_or(Module::Contacts, |(module, _)| module);
        records.web_url(module, id)
    }
}
