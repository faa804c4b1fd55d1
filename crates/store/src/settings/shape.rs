//! Owns the shape of `settings.json`: its keys, their types and their defaults.
//! Must not know: files, what a setting does.
//!
//! Texts are tidied while they are read, by what their key means: see the functions in `lenient`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{VERSION, lenient};

/// Keys we do not know: those of a newer version, or typing errors.
pub(super) type Unknown = Map<String, Value>;

/// Everything an administrator or agent can set. Secrets are not here, see [`Secrets`](crate::Secrets).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Settings {
    /// Version of the file's shape.
    pub version: u32,
    /// The telephone system.
    pub pbx: Pbx,
    /// How numbers are read.
    pub numbers: Numbers,
    /// Zoho Desk.
    pub desk: Desk,
    /// Which Desk agent belongs to which extension.
    pub bindings: Vec<Binding>,
    /// Opening the caller's page.
    pub popup: Popup,
    /// Creating contacts for unknown numbers.
    pub new_contacts: NewContacts,
    /// Creating tickets.
    pub tickets: Tickets,
    /// Writing calls to Desk.
    pub call_log: CallLog,
    /// Copying matched contacts to the PBX.
    pub contact_sync: ContactSync,
    /// Calling the numbers of web pages and links.
    pub click_to_call: ClickToCall,
    /// What a notification shows, and when it may disturb.
    pub notifications: Notifications,
    /// The program itself.
    pub general: General,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            version: VERSION,
            pbx: Pbx::default(),
            numbers: Numbers::default(),
            desk: Desk::default(),
            bindings: Vec::new(),
            popup: Popup::default(),
            new_contacts: NewContacts::default(),
            tickets: Tickets::default(),
            call_log: CallLog::default(),
            contact_sync: ContactSync::default(),
            click_to_call: ClickToCall::default(),
            notifications: Notifications::default(),
            general: General::default(),
            unknown: Unknown::new(),
        }
    }
}

/// `pbx`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Pbx {
    /// `https://pbx.example.com:8088`
    #[serde(deserialize_with = "lenient::address")]
    pub url: Option<String>,
    /// Where the same system is reached as well: gateways that stand in for each other. An address, with
    /// `#sha256=` and a fingerprint behind it where a certificate is to be trusted although nobody vouches for it.
    #[serde(deserialize_with = "lenient::addresses")]
    pub more_addresses: Vec<String>,
    /// Client id of the PBX's API page.
    #[serde(deserialize_with = "lenient::technical")]
    pub client_id: Option<String>,
    /// The watched extensions, digits. One text such as `1001, 1002` is read as a list.
    #[serde(deserialize_with = "lenient::extensions")]
    pub extensions: Vec<String>,
    /// SHA-256 of a certificate to be trusted although nobody vouches for it; hex, colons permitted.
    #[serde(deserialize_with = "lenient::fingerprint")]
    pub trusted_certificate: Option<String>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `numbers`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Numbers {
    /// ISO 3166 code of the country whose national notation the PBX shows. No default: a wrong one would match
    /// the wrong people.
    #[serde(deserialize_with = "lenient::country")]
    pub country: Option<String>,
    /// Area code for local numbers, without the trunk prefix.
    #[serde(deserialize_with = "lenient::technical")]
    pub area_code: Option<String>,
    /// Digits dialed to get an outside line.
    #[serde(deserialize_with = "lenient::technical")]
    pub outside_line_prefix: Option<String>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `desk`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Desk {
    /// Where the account lives.
    pub data_center: DataCenter,
    /// With `custom`: the accounts server.
    #[serde(deserialize_with = "lenient::address")]
    pub accounts_url: Option<String>,
    /// With `custom`: the Desk server.
    #[serde(deserialize_with = "lenient::address")]
    pub desk_url: Option<String>,
    /// As what the client was registered in Zoho's API console.
    pub client_type: ClientType,
    /// Client id of Zoho's API console.
    #[serde(deserialize_with = "lenient::technical")]
    pub client_id: Option<String>,
    /// Port on this computer where the browser comes back to after signing in. It is part of the redirect address
    /// registered with Zoho.
    #[serde(deserialize_with = "lenient::port")]
    pub redirect_port: u16,
    /// The organization (portal).
    #[serde(deserialize_with = "lenient::technical")]
    pub organization_id: Option<String>,
    /// The department of tickets and calls.
    #[serde(deserialize_with = "lenient::technical")]
    pub department_id: Option<String>,
    /// `false`: do not talk to Desk at all.
    pub enabled: bool,
    /// `true`: what the rules would write to Desk is only shown.
    pub dry_run: bool,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk {
            data_center: DataCenter::Us,
            accounts_url: None,
            desk_url: None,
            client_type: ClientType::Server,
            client_id: None,
            redirect_port: 53682,
            organization_id: None,
            department_id: None,
            enabled: true,
            dry_run: false,
            unknown: Unknown::new(),
        }
    }
}

/// A row of `bindings`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Binding {
    /// The extension, digits.
    #[serde(deserialize_with = "lenient::technical")]
    pub extension: Option<String>,
    /// Desk's id of the agent.
    #[serde(deserialize_with = "lenient::technical")]
    pub agent_id: Option<String>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `popup`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Popup {
    /// Whether a page opens by itself.
    pub mode: PopupMode,
    /// When.
    pub trigger: PopupTrigger,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for Popup {
    fn default() -> Popup {
        Popup { mode: PopupMode::Automatic, trigger: PopupTrigger::Ring, unknown: Unknown::new() }
    }
}

/// `new_contacts`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct NewContacts {
    /// Whether unknown numbers become records.
    pub mode: NewContactMode,
    /// Which kind.
    pub kind: RecordKind,
    /// With `automatic`: of which calls.
    pub call_types: Vec<CallDirection>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for NewContacts {
    fn default() -> NewContacts {
        NewContacts {
            mode: NewContactMode::Off,
            kind: RecordKind::Contact,
            call_types: vec![CallDirection::Inbound, CallDirection::Outbound],
            unknown: Unknown::new(),
        }
    }
}

/// `tickets`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Tickets {
    /// Whether calls become tickets.
    pub enabled: bool,
    /// When.
    pub when: TicketMoment,
    /// Of which calls: `inbound` and `outbound` before, the other four after the call.
    pub call_types: Vec<TicketCall>,
    /// Template, one line.
    #[serde(deserialize_with = "lenient::line")]
    pub subject: String,
    /// Template; lines end with `\n`.
    #[serde(deserialize_with = "lenient::lines")]
    pub description: String,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for Tickets {
    fn default() -> Tickets {
        Tickets {
            enabled: false,
            when: TicketMoment::AfterCall,
            call_types: vec![
                TicketCall::InboundAnswered,
                TicketCall::InboundMissed,
                TicketCall::OutboundAnswered,
                TicketCall::OutboundMissed,
            ],
            subject: "{{Communication_Type}} {{Call_Status}} - from {{Call_From}}".to_owned(),
            description: "{{Communication_Type}} {{Call_Status}} - from {{Call_From}} to {{Call_To}}"
                .to_owned(),
            unknown: Unknown::new(),
        }
    }
}

/// `call_log`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct CallLog {
    /// Whether calls are written to Desk.
    pub enabled: bool,
    /// Template, one line.
    #[serde(deserialize_with = "lenient::line")]
    pub subject: String,
    /// Template; lines end with `\n`.
    #[serde(deserialize_with = "lenient::lines")]
    pub description: String,
    /// Of a queue or ring group, only the agent who answered gets an entry.
    pub skip_missed_if_answered_elsewhere: bool,
    /// After a call the agent is asked what came of it.
    pub wrap_up: bool,
    /// What may have come of a call, for the agent to choose from.
    #[serde(deserialize_with = "lenient::list_of_lines")]
    pub dispositions: Vec<String>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for CallLog {
    fn default() -> CallLog {
        CallLog {
            enabled: false,
            subject: "Extension Call".to_owned(),
            description:
                "Call: {{Time}} {{Call_Log_Status}} from {{Call_From}} to {{Call_To}} {{Talk_Duration}}"
                    .to_owned(),
            skip_missed_if_answered_elsewhere: true,
            wrap_up: false,
            dispositions: Vec::new(),
            unknown: Unknown::new(),
        }
    }
}

/// `contact_sync`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct ContactSync {
    /// Whether matched contacts are copied to the PBX.
    pub enabled: bool,
    /// Which module of Desk.
    pub module: SyncModule,
    /// The PBX's phonebook.
    #[serde(deserialize_with = "lenient::optional_line")]
    pub phonebook: Option<String>,
    /// Ask Desk for every call, also when the number is known here.
    pub always_query: bool,
    /// Whether Desk's people are kept on this computer, by number.
    pub index: IndexKept,
    /// Credits of Desk a day for that.
    #[serde(deserialize_with = "lenient::credits")]
    pub index_credits: u16,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Default for ContactSync {
    fn default() -> Self {
        Self {
            enabled: false,
            module: SyncModule::default(),
            phonebook: None,
            always_query: false,
            index: IndexKept::default(),
            index_credits: 3_000,
            unknown: Unknown::new(),
        }
    }
}

/// `click_to_call`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct ClickToCall {
    /// Which numbers are dialed only after the agent said yes.
    pub confirm: DialConfirmation,
    /// What the PBX expects before a country code: digits, or `+`.
    #[serde(deserialize_with = "lenient::technical")]
    pub international_prefix: Option<String>,
    /// Keys that dial the selected number anywhere, such as `Ctrl+Alt+D`; none when not set.
    #[serde(deserialize_with = "lenient::shortcut")]
    pub shortcut: Option<String>,
    /// Whether the browser's extension may talk to the program.
    pub allow_native_messaging: bool,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `notifications`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Notifications {
    /// How much they disturb.
    pub level: NoticeLevel,
    /// How much of the caller they show.
    pub caller: CallerShown,
    /// From when they are quiet, `HH:MM` on this computer's clock; needs `quiet_until`, which may be earlier:
    /// then the night lies between.
    #[serde(deserialize_with = "lenient::time")]
    pub quiet_from: Option<String>,
    /// Until when they are quiet.
    #[serde(deserialize_with = "lenient::time")]
    pub quiet_until: Option<String>,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `general`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct General {
    /// What the program speaks.
    pub language: Language,
    /// How first and last name become one; as the PBX's setting "name display format", which its interface does not
    /// tell.
    pub name_order: NameOrder,
    /// Whether it starts when its user logs in.
    pub start_at_login: bool,
    /// Unknown keys, kept.
    #[serde(flatten)]
    pub unknown: Unknown,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$row:meta])* $variant:ident),+ $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$row])* $variant),+ }
    )*};
}

codes! {
    /// `desk.data_center`
    DataCenter {
        /// zoho.com
        Us,
        /// zoho.eu
        Eu,
        /// zoho.in
        In,
        /// zoho.com.au
        Au,
        /// zoho.jp
        Jp,
        /// zoho.com.cn
        Cn,
        /// zohocloud.ca
        Ca,
        /// zoho.sa
        Sa,
        /// zoho.sg
        Sg,
        /// zoho.ae
        Ae,
        /// `accounts_url` and `desk_url`
        Custom,
    }
    /// `desk.client_type`: decides how the program proves itself while signing in.
    ClientType {
        /// "Server-based Applications": by its secret.
        Server,
        /// "Mobile-based Applications" and desktop ones: also by PKCE.
        Desktop,
    }
    /// `popup.mode`
    PopupMode {
        /// Opens by itself.
        Automatic,
        /// Opens when the agent says so.
        Manual,
        /// Never.
        Off,
    }
    /// `popup.trigger`
    PopupTrigger {
        /// When it rings.
        Ring,
        /// When it is answered.
        Answer,
        /// When it ends.
        Hangup,
    }
    /// `new_contacts.mode`
    NewContactMode {
        /// Never.
        Off,
        /// When the agent says so.
        Manual,
        /// By itself.
        Automatic,
    }
    /// `new_contacts.kind`
    RecordKind {
        /// A person.
        Contact,
        /// A company.
        Account,
    }
    /// `new_contacts.call_types`
    CallDirection {
        /// From outside.
        Inbound,
        /// To outside.
        Outbound,
    }
    /// `tickets.when`
    TicketMoment {
        /// When it rings or is dialed.
        BeforeCall,
        /// When it has ended.
        AfterCall,
    }
    /// `tickets.call_types`
    TicketCall {
        /// Before the call: from outside.
        Inbound,
        /// Before the call: to outside.
        Outbound,
        /// After the call.
        InboundAnswered,
        /// After the call.
        InboundMissed,
        /// After the call.
        OutboundAnswered,
        /// After the call.
        OutboundMissed,
    }
    /// `contact_sync.module`
    #[derive(Default)]
    SyncModule {
        /// People.
        #[default]
        Contacts,
        /// Companies.
        Accounts,
    }
    /// `contact_sync.index`
    #[derive(Default)]
    IndexKept {
        /// Encrypted; there is no other way.
        #[default]
        Encrypted,
        /// Not at all.
        Off,
    }
    /// `click_to_call.confirm`
    #[derive(Default)]
    DialConfirmation {
        /// All.
        Always,
        /// Those never dialed before.
        #[default]
        NewNumbers,
        /// None.
        Never,
    }
    /// `notifications.level`
    #[derive(Default)]
    NoticeLevel {
        /// No sound, and gone soon.
        Quiet,
        /// As the desktop does it.
        #[default]
        Normal,
        /// Stays until it is answered or the call is over.
        Insistent,
    }
    /// `notifications.caller`
    #[derive(Default)]
    CallerShown {
        /// Name and number.
        #[default]
        Name,
        /// Only the end of the number.
        MaskedNumber,
        /// Only that somebody calls.
        Hidden,
    }
    /// `general.name_order`
    #[derive(Default)]
    NameOrder {
        /// Names in Chinese characters last name first and joined, all others first name first.
        #[default]
        Automatic,
        /// First name, blank, last name.
        FirstLast,
        /// Last name, blank, first name.
        LastFirst,
        /// Last name and first name without a blank.
        LastFirstJoined,
    }
    /// `general.language`
    #[derive(Default)]
    Language {
        /// That of the desktop.
        #[default]
        System,
        /// English.
        #[serde(rename = "en")]
        English,
        /// Simplified Chinese.
        #[serde(rename = "zh-CN")]
        Chinese,
    }
}
