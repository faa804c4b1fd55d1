//! Owns what can be set on the simulated PBX: vendor variants nobody documented, limits, and faults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a 30011 frame lists. QUIRK(yeastar): not documented; both were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameMode {
    /// Every live party, and in a BYE frame the party that just left.
    Snapshot,
    /// Only the parties that changed.
    Delta,
}

/// How the end of several parties is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByeMode {
    /// One frame per leaving party, the one who hung up first.
    OneFramePerParty,
    /// One frame for all who leave.
    SingleFrame,
}

/// How `msg` is written for events below 30025. QUIRK(yeastar): the newer ones always carry an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// JSON inside a string, as real boxes do.
    String,
    /// A plain object, as some documentation pages show.
    Object,
}

/// What happens when the socket is opened with a bad token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadToken {
    /// The handshake answers HTTP 400.
    RejectHandshake,
    /// It opens, sends errcode 10004 and closes.
    OpenThenFrame,
}

/// What happens to an open socket when its token expires. QUIRK(yeastar): not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// errcode 10004, then close.
    FrameThenClose,
    /// errcode 10004, then nothing for ever.
    FrameThenSilence,
    /// Nothing for ever, without a word.
    Silence,
}

/// Which trunk legs 30011 shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrunkMonitor {
    /// All of them.
    Full,
    /// Frames come without `inbound` and `outbound` members.
    MembersMissing,
    /// No 30011 at all for calls over a trunk.
    NoFrames,
}

/// Breaks every HTTP answer of the PBX while set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpFault {
    /// No fault.
    None,
    /// The connection is reset instead of an answer.
    Reset,
    /// An HTML page with status 200, as a captive portal does.
    Html,
    /// Bytes that are not JSON.
    Garbage,
    /// This HTTP status with an HTML body.
    Status(u16),
}

/// Which form `start_time` and `end_time` of `cdr/search` must have; the other one answers 40002.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CdrTime {
    /// Unix seconds.
    Epoch,
    /// The PBX's display format.
    Format,
}

/// What `call/query` answers while nobody talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyCalls {
    /// errcode 0 without `data`.
    NoData,
    /// errcode 60001.
    Code60001,
}

/// What open sockets stop saying: a zombie connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mute {
    /// Heartbeats are not answered; events still come.
    Heartbeats,
    /// Nothing is sent at all.
    Everything,
    /// Normal.
    Nothing,
}

/// Which member shows HOLD. QUIRK(yeastar): not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldShownBy {
    /// The extension that pressed hold.
    Holder,
    /// The party that hears the music.
    Held,
    /// Both.
    Both,
}

/// How a queue or ring group announces that it rings several extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RingFrames {
    /// All in one frame.
    Together,
    /// One frame per extension.
    OnePerExtension,
}

/// Everything that can be set on the PBX.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PbxSwitches {
    /// What 30011 lists.
    pub frame_mode: FrameMode,
    /// How several ends are told.
    pub bye_mode: ByeMode,
    /// How `msg` is written.
    pub message: Message,
    /// `sn` is present in frames.
    pub serial_number: bool,
    /// Most 30012 frames per call; 0 = the details get lost.
    pub cdr_frames: u8,
    /// 30012 comes before the last BYE.
    pub cdr_before_bye: bool,
    /// Every frame is sent twice.
    pub duplicate_frames: bool,
    /// Neighboring frames change places.
    pub reorder_frames: bool,
    /// A frame with the caller alone comes before the first RING.
    pub alert_frame: bool,
    /// How several ringing extensions are announced.
    pub ring_frames: RingFrames,
    /// Which member shows HOLD.
    pub hold_shown_by: HoldShownBy,
    /// Life of an access token.
    pub token_seconds: u64,
    /// Life of a refresh token.
    pub refresh_seconds: u64,
    /// Access tokens alive at once.
    pub max_tokens: usize,
    /// Bad credentials in a row before the address is blocked.
    pub lockout_after: u32,
    /// How long the block lasts.
    pub lockout_seconds: u64,
    /// The address is not on the allow list (70087).
    pub ip_forbidden: bool,
    /// errcode for bad credentials. QUIRK(yeastar): the official number is not published.
    pub bad_credentials_code: i64,
    /// A socket opened with a bad token.
    pub bad_token_at_connect: BadToken,
    /// An open socket whose token expires.
    pub expiry_on_socket: Expiry,
    /// A silent socket is closed after this time.
    pub idle_seconds: u64,
    /// A socket says `type` 10000 first, as one client has seen.
    pub hello_frame: bool,
    /// 30007, 30008 and 30009 are sent.
    pub extension_monitor: bool,
    /// What 30011 shows of trunks.
    pub trunk_monitor: TrunkMonitor,
    /// Inbound calls wait up to ten seconds for `accept_inbound` (30016).
    pub control_inbound: bool,
    /// A refresh ends the old access token at once.
    pub refresh_kills_old_access: bool,
    /// `get_token` ends all earlier tokens.
    pub get_token_invalidates: bool,
    /// Delay of every HTTP answer.
    pub delay_ms: u64,
    /// Breaks every HTTP answer.
    pub http_fault: HttpFault,
    /// The name of the DID, as its inbound route has it.
    pub did_name: String,
    /// Accepted form of times in `cdr/search`.
    pub cdr_time: CdrTime,
    /// Display format of dates, the vendor's spelling.
    pub date_format: String,
    /// Display format of times, the vendor's spelling.
    pub time_format: String,
    /// The PBX's zone, minutes east of UTC.
    pub utc_offset_minutes: i32,
    /// A transfer goes on under the same call id.
    pub transfer_keeps_call_id: bool,
    /// `call/query` of an idle PBX.
    pub empty_calls: EmptyCalls,
    /// The caller's phone picks up by itself after `call/dial`.
    pub phone_answers_itself: bool,
    /// Answered calls are recorded.
    pub record_calls: bool,
    /// Event numbers this firmware does not know: subscribing to one answers 40002.
    pub unknown_topics: Vec<i64>,
    /// Interfaces this firmware does not know, such as `call/query`: each answers 10001.
    pub unknown_interfaces: Vec<String>,
    /// Interfaces that refuse everything, such as `call/mute`, each with the errcode it answers.
    pub refusals: BTreeMap<String, i64>,
    /// Interfaces that do what they are asked, and whose answers get lost, such as `company_contact/create`.
    pub lost_answers: Vec<String>,
    /// What `system/information` calls the firmware.
    pub firmware: String,
    /// How far the PBX's clock is ahead of ours.
    pub clock_ahead_seconds: i64,
}

impl Default for PbxSwitches {
    fn default() -> PbxSwitches {
        PbxSwitches {
            frame_mode: FrameMode::Snapshot,
            bye_mode: ByeMode::OneFramePerParty,
            message: Message::String,
            serial_number: true,
            cdr_frames: 1,
            cdr_before_bye: false,
            duplicate_frames: false,
            reorder_frames: false,
            alert_frame: true,
            ring_frames: RingFrames::Together,
            hold_shown_by: HoldShownBy::Holder,
            token_seconds: 1800,
            refresh_seconds: 86_400,
            max_tokens: 8,
            lockout_after: 5,
            lockout_seconds: 600,
            ip_forbidden: false,
            bad_credentials_code: 40004,
            bad_token_at_connect: BadToken::RejectHandshake,
            expiry_on_socket: Expiry::FrameThenClose,
            idle_seconds: 60,
            hello_frame: false,
            extension_monitor: true,
            trunk_monitor: TrunkMonitor::Full,
            control_inbound: false,
            refresh_kills_old_access: false,
            get_token_invalidates: false,
            delay_ms: 0,
            http_fault: HttpFault::None,
            did_name: String::new(),
            cdr_time: CdrTime::Epoch,
            date_format: "YYYY/MM/DD".to_owned(),
            time_format: "HH:mm:ss".to_owned(),
            utc_offset_minutes: 480,
            transfer_keeps_call_id: true,
            empty_calls: EmptyCalls::NoData,
            phone_answers_itself: false,
            record_calls: true,
            unknown_topics: Vec::new(),
            unknown_interfaces: Vec::new(),
            refusals: BTreeMap::new(),
            lost_answers: Vec::new(),
            firmware: "37.23.0.123".to_owned(),
            clock_ahead_seconds: 0,
        }
    }
}
