//! The simulated Yeastar PBX: its handle for tests, and what its parts share.

mod acts;
mod api;
mod call_api;
mod calls;
mod contacts;
mod directory;
mod frames;
mod records;
mod scenarios;
mod socket;
mod switches;
mod tokens;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

pub use acts::CallIn;
pub(crate) use acts::{Act, Told};
pub(crate) use api::router;
pub use scenarios::SCENARIOS;
pub use switches::{
    BadToken, ByeMode, CdrTime, EmptyCalls, Expiry, FrameMode, HoldShownBy, HttpFault, Message, Mute,
    PbxSwitches, RingFrames, TrunkMonitor,
};

use crate::journal::{Journal, Request};
use crate::net::{Scissors, lock};
use calls::{Event, Exchange};
use contacts::Contacts;
use directory::{Directory, Extension};
use frames::Frame;
use socket::Listener;
use tokens::Tokens;

/// The Client ID of the PBX application.
pub const CLIENT_ID: &str = "Qm7vZ2simulatedPbxClientId0000001";
/// The Client Secret of the PBX application.
pub const CLIENT_SECRET: &str = "simulated-pbx-client-secret-0001";

/// How long the condition waits of the handle wait before they give up.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a frame held back for reordering waits for the next one.
const HELD_BACK: Duration = Duration::from_millis(150);

/// What the parts of the PBX share.
pub(crate) struct Core {
    pub(crate) journal: Arc<Journal>,
    pub(crate) tokens: Mutex<Tokens>,
    pub(crate) tokens_changed: watch::Sender<u64>,
    pub(crate) mute: Mutex<Mute>,
    pub(crate) exchange: Mutex<Exchange>,
    pub(crate) contacts: Mutex<Contacts>,
    switches: Mutex<PbxSwitches>,
    listeners: Mutex<Vec<Listener>>,
    held: Mutex<Option<Frame>>,
    next_listener: AtomicU64,
    frames_sent: AtomicU64,
}

impl Core {
    pub(crate) fn switches(&self) -> PbxSwitches {
        lock(&self.switches).clone()
    }

    pub(crate) fn attach(&self, frames: mpsc::UnboundedSender<Utf8Bytes>, scissors: Scissors) -> u64 {
        let id = self.next_listener.fetch_add(1, Ordering::Relaxed);
        lock(&self.listeners).push(Listener {
            id,
            topics: BTreeSet::new(),
            subscribed: false,
            frames,
            scissors,
        });
        self.journal.touch();
        id
    }

    pub(crate) fn detach(&self, id: u64) {
        lock(&self.listeners).retain(|listener| listener.id != id);
        self.journal.touch();
    }

    pub(crate) fn subscribe(&self, id: u64, topics: BTreeSet<i64>) {
        if let Some(listener) = lock(&self.listeners).iter_mut().find(|listener| listener.id == id) {
            listener.subscribed = true;
            listener.topics = topics;
        }
        self.journal.touch();
    }

    fn deliver(&self, frame: &Frame) {
        for listener in lock(&self.listeners).iter().filter(|listener| listener.wants(frame)) {
            let _ = listener.frames.send(frame.text.clone());
            self.frames_sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends a frame to whom it concerns, twice or out of order when the switches say so.
    pub(crate) fn emit(self: &Arc<Core>, frame: Frame, switches: &PbxSwitches) {
        self.journal.frame(frame.kind.unwrap_or_default(), frame.text.as_str());
        let mut ready = vec![frame];
        {
            let mut held = lock(&self.held);
            if switches.reorder_frames && held.is_none() {
                *held = ready.pop();
                let core = Arc::clone(self);
                tokio::spawn(async move {
                    tokio::time::sleep(HELD_BACK).await;
                    let last = lock(&core.held).take();
                    if let Some(last) = last {
                        core.deliver(&last);
                    }
                });
            } else {
                ready.extend(held.take());
            }
        }
        for frame in ready {
            self.deliver(&frame);
            if switches.duplicate_frames {
                self.deliver(&frame);
            }
        }
    }

    /// Works on the calls and sends what comes of it, in the same order for everybody.
    pub(crate) fn work<T>(
        self: &Arc<Core>,
        work: impl FnOnce(&mut Exchange, &PbxSwitches) -> anyhow::Result<(T, Vec<Event>)>,
    ) -> anyhow::Result<T> {
        let switches = self.switches();
        let mut exchange = lock(&self.exchange);
        let (result, events) = work(&mut exchange, &switches)?;
        for event in &events {
            self.emit(Frame::event(event, &exchange.directory.serial, &switches), &switches);
        }
        drop(exchange);
        self.journal.touch();
        Ok(result)
    }

    pub(crate) fn act(self: &Arc<Core>, call: &str, act: &Act) -> anyhow::Result<String> {
        self.work(|exchange, switches| exchange.act(call, act, switches))
    }

    fn tokens_touched(&self) {
        self.tokens_changed.send_modify(|count| *count += 1);
        self.journal.touch();
    }
}

/// The simulated PBX. All clones are the same PBX.
///
/// Calls go by the id that is `call_id` in event 30011. Misuse in a test (an unknown call, an extension that
/// does not ring) panics with a message that says what was wrong.
#[derive(Clone)]
pub struct Pbx {
    pub(crate) core: Arc<Core>,
}

impl Pbx {
    pub(crate) fn new(journal: Arc<Journal>) -> Pbx {
        let core = Core {
            journal,
            tokens: Mutex::default(),
            tokens_changed: watch::channel(0).0,
            mute: Mutex::new(Mute::Nothing),
            exchange: Mutex::new(Exchange::new(Directory::demo())),
            contacts: Mutex::default(),
            switches: Mutex::default(),
            listeners: Mutex::default(),
            held: Mutex::default(),
            next_listener: AtomicU64::new(1),
            frames_sent: AtomicU64::new(0),
        };
        Pbx { core: Arc::new(core) }
    }

    #[allow(clippy::panic, reason = "a test that scripts an impossible call must fail where it does so")]
    #[track_caller]
    fn must<T>(result: anyhow::Result<T>) -> T {
        match result {
            Ok(value) => value,
            Err(error) => panic!("the simulated PBX cannot do that: {error:#}"),
        }
    }

    #[track_caller]
    fn perform(&self, call: &str, act: Act) -> String {
        Pbx::must(self.core.act(call, &act))
    }

    /// Somebody outside calls; `to` is an extension, queue, ring group or menu, and rings at once.
    pub async fn call_in(&self, from: &str, to: &str) -> String {
        self.call_in_with(CallIn { from: from.to_owned(), to: to.to_owned(), ..CallIn::default() }).await
    }

    /// As [`Pbx::call_in`], with the dialled number and the trunk.
    pub async fn call_in_with(&self, detail: CallIn) -> String {
        Pbx::must(self.start_call_in(&detail))
    }

    pub(crate) fn start_call_in(&self, detail: &CallIn) -> anyhow::Result<String> {
        let id = self.core.work(|exchange, switches| exchange.call_in(detail, switches))?;
        if self.core.switches().control_inbound {
            // The PBX waits at most ten seconds for a verdict, then routes as usual.
            let core = Arc::clone(&self.core);
            let call = id.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(10)).await;
                let _ = core.act(&call, &Act::AcceptInbound);
            });
        }
        Ok(id)
    }

    /// An extension dials out on its phone: it hears ringback, nothing rings yet.
    pub async fn call_out(&self, extension: &str, number: &str) -> String {
        Pbx::must(self.core.work(|exchange, switches| exchange.call_out(extension, number, switches)))
    }

    /// An extension calls another number of the same PBX.
    pub async fn call_internal(&self, from: &str, to: &str) -> String {
        Pbx::must(self.core.work(|exchange, switches| exchange.call_internal(from, to, switches)))
    }

    /// The dialled number rings.
    pub async fn remote_ring(&self, call: &str) {
        self.perform(call, Act::RemoteRing);
    }

    /// The dialled number rings, told by SIP 183.
    pub async fn remote_early_media(&self, call: &str) {
        self.perform(call, Act::RemoteEarlyMedia);
    }

    /// The dialled number answers.
    pub async fn remote_answer(&self, call: &str) {
        self.perform(call, Act::RemoteAnswer);
    }

    /// The dialled number cannot be reached: 30015 with `reason`, then the end.
    pub async fn remote_fails(&self, call: &str, reason: &str) {
        self.perform(call, Act::RemoteFails { reason: reason.to_owned() });
    }

    /// One more extension rings, as when a queue tries its agents one after another.
    pub async fn ring(&self, call: &str, extension: &str) {
        self.perform(call, Act::Ring { extension: extension.to_owned() });
    }

    /// An extension stops ringing while the call goes on; in a queue 30026 follows.
    pub async fn stop_ringing(&self, call: &str, extension: &str) {
        self.perform(call, Act::StopRinging { extension: extension.to_owned() });
    }

    /// A ringing extension answers; the others stop ringing. After a dial: the own phone is picked up.
    pub async fn answer(&self, call: &str, extension: &str) {
        self.perform(call, Act::Answer { extension: extension.to_owned() });
    }

    /// A menu answers while the extension still rings: the inbound leg says ANSWERED.
    pub async fn ivr_answer(&self, call: &str, ivr: &str) {
        self.perform(call, Act::IvrAnswer { ivr: ivr.to_owned() });
    }

    /// An extension puts the other party on hold.
    pub async fn hold(&self, call: &str, extension: &str) {
        self.perform(call, Act::Hold { extension: extension.to_owned() });
    }

    /// Ends a hold.
    pub async fn resume(&self, call: &str, extension: &str) {
        self.perform(call, Act::Resume { extension: extension.to_owned() });
    }

    /// `who` is `caller`, `callee` or an extension. A ringing extension declines.
    pub async fn hang_up(&self, call: &str, who: &str) {
        self.perform(call, Act::HangUp { who: who.to_owned() });
    }

    /// The voicemail takes the call; end it with [`Pbx::hang_up`].
    pub async fn voicemail(&self, call: &str) {
        self.perform(call, Act::Voicemail);
    }

    /// Another extension picks the ringing call up.
    pub async fn pick_up(&self, call: &str, by_extension: &str) {
        self.perform(call, Act::PickUp { by: by_extension.to_owned() });
    }

    /// The extension forwards the call (30014), then `to` rings.
    pub async fn forward(&self, call: &str, from_extension: &str, to: &str) {
        self.perform(call, Act::Forward { from: from_extension.to_owned(), to: to.to_owned() });
    }

    /// The extension transfers the call blindly (30013); returns the id the call goes on under.
    pub async fn blind_transfer(&self, call: &str, by: &str, to: &str) -> String {
        let act = Act::BlindTransfer { by: by.to_owned(), to: to.to_owned(), told: Told::ByEvent };
        self.perform(call, act)
    }

    /// The extension asks back at `to`; returns the id of the consult call.
    pub async fn attended_transfer(&self, call: &str, by: &str, to: &str) -> String {
        self.perform(call, Act::AttendedTransfer { by: by.to_owned(), to: to.to_owned() })
    }

    /// Completes an attended transfer (30013); `call` is the first call. Returns the id that goes on.
    pub async fn complete_transfer(&self, call: &str, by: &str) -> String {
        self.perform(call, Act::CompleteTransfer { by: by.to_owned() })
    }

    /// Ends the consult call and takes the first one off hold.
    pub async fn cancel_transfer(&self, call: &str, by: &str) {
        self.perform(call, Act::CancelTransfer { by: by.to_owned() });
    }

    /// Joins extensions into the call (30024).
    pub async fn conference(&self, call: &str, extensions: &[&str]) {
        let extensions = extensions.iter().map(|extension| (*extension).to_owned()).collect();
        self.perform(call, Act::Conference { extensions });
    }

    /// Makes the call older, so that durations in 30012 are not all zero.
    pub async fn let_time_pass(&self, call: &str, seconds: u32) {
        self.perform(call, Act::LetTimePass { seconds: i64::from(seconds) });
    }

    /// Ids of the live calls, oldest first.
    pub fn calls(&self) -> Vec<String> {
        lock(&self.core.exchange).calls.iter().map(|call| call.id.clone()).collect()
    }

    /// The live parties of a call in the shape of 30011; empty when it is over.
    pub fn members(&self, call: &str) -> Vec<Value> {
        lock(&self.core.exchange).call(call).map(|call| call.members()).unwrap_or_default()
    }

    /// Channels of the live parties that a client has muted, which the PBX itself tells nobody.
    pub fn muted_channels(&self, call: &str) -> Vec<String> {
        let exchange = lock(&self.core.exchange);
        let Ok(call) = exchange.call(call) else { return Vec::new() };
        let muted = call.legs.iter().filter(|leg| leg.is_live() && leg.muted);
        muted.map(|leg| leg.channel.clone()).collect()
    }

    /// The rows of `cdr/list` so far, oldest first.
    pub fn records(&self) -> Vec<Value> {
        let switches = self.core.switches();
        lock(&self.core.exchange).records.iter().map(|record| record.row(&switches)).collect()
    }

    /// Adds an extension; an existing one with this number is replaced. 30022 is sent.
    pub async fn add_extension(&self, number: &str, name: &str, email: &str) {
        let option = {
            let mut exchange = lock(&self.core.exchange);
            let list = &mut exchange.directory.extensions;
            let before = list.len();
            list.retain(|extension| extension.number != number);
            let replaced = list.len() < before;
            let id = list.iter().map(|extension| extension.id).max().unwrap_or(24) + 1;
            list.push(Extension {
                id,
                number: number.to_owned(),
                name: name.to_owned(),
                email: email.to_owned(),
                mobile: String::new(),
                presence: "available".to_owned(),
                registered: true,
                outbound: true,
            });
            if replaced { "UPDATE" } else { "CREATE" }
        };
        self.send_event(30022, json!({ "ext_number": number, "option": option })).await;
    }

    /// Adds a queue that rings all these extensions at once; an existing one with this number is replaced.
    pub fn add_queue(&self, number: &str, name: &str, members: &[String]) {
        let list = &mut lock(&self.core.exchange).directory.queues;
        list.retain(|queue| queue.number != number);
        let id = list.iter().map(|queue| queue.id).max().unwrap_or(0) + 1;
        let (number, name, members) = (number.to_owned(), name.to_owned(), members.to_vec());
        list.push(directory::Group { id, number, name, members });
    }

    /// A phone registers or vanishes (30007, when monitored).
    pub async fn register(&self, extension: &str, registered: Registration) {
        let online = registered == Registration::Registered;
        if let Some(row) =
            lock(&self.core.exchange).directory.extensions.iter_mut().find(|row| row.number == extension)
        {
            row.registered = online;
        }
        if self.core.switches().extension_monitor {
            let status = if online { "Registered" } else { "Unregistered" };
            let msg = json!({
                "extension": extension, "kind": "Sip", "status": status, "registered_ip": "192.0.2.9",
            });
            self.send_event(30007, msg).await;
        }
    }

    /// An extension's presence changes (30009, when monitored): `available`, `away`, `do_not_disturb` …
    pub async fn presence(&self, extension: &str, status: &str) {
        if let Some(row) =
            lock(&self.core.exchange).directory.extensions.iter_mut().find(|row| row.number == extension)
        {
            row.presence = status.to_owned();
        }
        if self.core.switches().extension_monitor {
            self.send_event(30009, json!({ "extension": extension, "status": status })).await;
        }
    }

    /// Sends raw text to every subscribed socket, whatever its topics.
    pub async fn send(&self, frame: &str) {
        self.core.emit(Frame::raw(frame), &self.core.switches());
    }

    /// Sends an event to the sockets that subscribed to it, with `msg` written as the switches say.
    pub async fn send_event(&self, kind: i64, msg: Value) {
        let switches = self.core.switches();
        let serial = lock(&self.core.exchange).directory.serial.clone();
        self.core.emit(Frame::event(&Event { kind, msg }, &serial, &switches), &switches);
    }

    /// Resets the connection of every socket.
    pub async fn drop_sockets(&self) {
        let listeners = std::mem::take(&mut *lock(&self.core.listeners));
        for listener in listeners {
            listener.scissors.cut();
        }
        self.core.journal.touch();
    }

    /// Keeps sockets open but silent.
    pub fn mute(&self, on: Mute) {
        *lock(&self.core.mute) = on;
        self.core.journal.touch();
    }

    /// What is muted.
    pub fn muted(&self) -> Mute {
        *lock(&self.core.mute)
    }

    /// Ends all access tokens; refresh tokens go on working.
    pub fn expire_access_tokens(&self) {
        lock(&self.core.tokens).expire_access();
        self.core.tokens_touched();
    }

    /// Ends all tokens, as re-issuing the Client Secret does.
    pub fn revoke_everything(&self) {
        lock(&self.core.tokens).revoke_everything();
        self.core.tokens_touched();
    }

    /// Lifts the block of addresses, as an administrator does.
    pub fn unblock(&self) {
        lock(&self.core.tokens).unblock();
        self.core.journal.touch();
    }

    /// True while an address is blocked after bad credentials.
    pub fn blocked(&self) -> bool {
        lock(&self.core.tokens).blocked()
    }

    /// Access tokens alive now, of at most [`PbxSwitches::max_tokens`].
    pub fn live_tokens(&self) -> usize {
        lock(&self.core.tokens).live()
    }

    /// Sockets open now.
    pub fn sockets(&self) -> usize {
        lock(&self.core.listeners).len()
    }

    /// Sockets open and subscribed to something now.
    pub fn subscribed_sockets(&self) -> usize {
        lock(&self.core.listeners).iter().filter(|listener| !listener.topics.is_empty()).count()
    }

    /// Frames handed to sockets so far.
    pub fn frames_sent(&self) -> u64 {
        self.core.frames_sent.load(Ordering::Relaxed)
    }

    /// Every request so far, oldest first, the socket handshakes among them.
    pub fn requests(&self) -> Vec<Request> {
        self.core.journal.requests(|request| request.side == "pbx")
    }

    /// The switches as they are.
    pub fn switches(&self) -> PbxSwitches {
        self.core.switches()
    }

    /// Every company contact, the oldest first.
    pub fn company_contacts(&self) -> Vec<Value> {
        lock(&self.core.contacts).all()
    }

    /// Every phonebook.
    pub fn phonebooks(&self) -> Vec<Value> {
        lock(&self.core.contacts).books()
    }

    /// Creates or changes a contact or a phonebook as an administrator does, by the API's own name and body. Returns the
    /// answer.
    ///
    /// # Errors
    /// The body of the refusal.
    pub fn by_hand(&self, name: &str, body: &Value) -> Result<Value, Value> {
        lock(&self.core.contacts).by_hand(name, body)
    }

    /// Changes switches.
    pub fn set(&self, change: impl FnOnce(&mut PbxSwitches)) {
        change(&mut lock(&self.core.switches));
        self.core.journal.touch();
    }

    /// Waits until this many sockets are subscribed. Panics after ten seconds.
    #[allow(clippy::panic, reason = "a test that waits in vain must say so")]
    pub async fn wait_subscribed(&self, sockets: usize) {
        let mut changes = self.core.journal.changes();
        let reached = async {
            while self.subscribed_sockets() < sockets {
                let _ = changes.changed().await;
            }
        };
        if tokio::time::timeout(PATIENCE, reached).await.is_err() {
            let now = self.subscribed_sockets();
            panic!("waited {PATIENCE:?} for {sockets} subscribed sockets on the PBX, there are {now}");
        }
    }

    /// Sends the events of a busy PBX, all of them calls to extensions 9000 and up; returns how many.
    pub async fn storm(&self, frames_per_second: u32, seconds: u32) -> u64 {
        const TICKS: u32 = 50;
        let switches = self.core.switches();
        let serial = lock(&self.core.exchange).directory.serial.clone();
        let mut pace = tokio::time::interval(Duration::from_secs(1) / TICKS);
        let mut sent = 0_u64;
        self.core.journal.line(json!({
            "what": "note", "at": jiff::Timestamp::now().to_string(), "side": "pbx",
            "text": format!("storm: {frames_per_second} frames/s for {seconds} s"),
        }));
        for second in 0..seconds {
            // Rendered a second ahead, so that the pace is kept by sending alone.
            let frames: Vec<Frame> = (0..frames_per_second)
                .map(|index| storm_frame(u64::from(second) * u64::from(frames_per_second) + u64::from(index)))
                .map(|event| Frame::event(&event, &serial, &switches))
                .collect();
            let per_tick = frames.len().div_ceil(TICKS as usize).max(1);
            let mut ticks = 0;
            for chunk in frames.chunks(per_tick) {
                pace.tick().await;
                ticks += 1;
                for frame in chunk {
                    self.core.deliver(frame);
                    sent += 1;
                }
            }
            for _ in ticks..TICKS {
                pace.tick().await;
            }
        }
        sent
    }
}

/// Whether a phone is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// The phone is reachable.
    Registered,
    /// The phone is gone.
    Unregistered,
}

/// The frames of a storm are whole calls of four frames each, to extension 9000 and up.
fn storm_frame(index: u64) -> Event {
    let (call, step) = (index / 4, index % 4);
    let (inbound, extension) = match step {
        0 => ("ALERT", "RING"),
        1 => ("ANSWERED", "ANSWER"),
        2 => ("ANSWERED", "BYE"),
        _ => ("BYE", "BYE"),
    };
    let number = 9000 + call % 1000;
    let msg = json!({
        "call_id": format!("1790000000.{}", 100_000 + call),
        "members": [
            { "inbound": {
                "from": format!("+1212555{:04}", 100 + call % 100), "to": "5503300", "trunk_name": "SIP-Trunk",
                "channel_id": format!("PJSIP/trunk-SIP-Trunk-endpoint-{:08x}", 0x1000_0000 + call),
                "member_status": inbound, "call_path": "",
            }},
            { "extension": {
                "number": number.to_string(), "channel_id": format!("PJSIP/{number}-{:08x}", 0x2000_0000 + call),
                "member_status": extension, "call_path": "",
            }},
        ],
    });
    Event { kind: 30011, msg }
}
