//! What every face shows: one snapshot of links, calls and settings, in codes and plain values. The words are
//! in `ui/i18n`; whoever draws a view composes them.
//!
//! Times are milliseconds since 1970 (UTC), durations are milliseconds. Numbers are as the PBX gave them;
//! `number_text` is for reading.

use std::collections::BTreeMap;

use deskring_domain::{
    CallId, ChosenWhen, Direction, Entry, Extension, FailedSide, FailureReason, Involved, Mode, Moment,
    OpenedBy, Other, Outcome, Pause, Phase, Plan, Record, RecordKind, Rules, Timing, Who, Why,
};
use serde::{Deserialize, Serialize};

use crate::manners::Caller;
use crate::names::Names;
pub use crate::outbox::hand::{OutboxRowView, OutboxView, RefusedField, WrittenRecord};

/// Everything there is to see.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AppView {
    /// The engine's version.
    pub version: String,
    /// Link to the PBX.
    pub pbx: LinkView,
    /// Link to Zoho Desk.
    pub desk: LinkView,
    /// My extensions.
    pub extensions: Vec<String>,
    /// The pop-up rule.
    pub popup: PopupView,
    /// Calls that are on, oldest first.
    pub calls: Vec<CallView>,
    /// Calls that are over for me, newest first.
    pub recent: Vec<CallView>,
    /// Missed calls that nobody has looked at or called back.
    #[serde(default)]
    pub missed: u64,
    /// What is wrong with the settings; codes with the key they are about.
    pub problems: Vec<ProblemView>,
    /// What the quick check after waking up, or after a change of the network, found wrong.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// The language to speak: `system`, or the tag of one.
    #[serde(default)]
    pub language: String,
    /// Signing in to Desk, since the start.
    #[serde(default)]
    pub sign_in: Option<SignInView>,
    /// A gateway whose link was opened: a person has to say whether to join it.
    #[serde(default)]
    pub invitation: Option<InvitationView>,
    /// How much of a caller others may see who look at the screen: `name`, `masked_number` or `hidden`.
    #[serde(default)]
    pub caller_shown: String,
    /// Forms begun and neither saved nor discarded, the youngest first.
    #[serde(default)]
    pub drafts: Vec<DraftView>,
    /// The form that is being filled in, by its key.
    #[serde(default)]
    pub form: Option<String>,
    /// What an agent may choose from after a call; empty when there is nothing to choose.
    #[serde(default)]
    pub dispositions: Vec<String>,
    /// What somebody wants to be called.
    #[serde(default)]
    pub dial: Option<DialView>,
    /// The keys that dial what is selected.
    #[serde(default)]
    pub shortcut: ShortcutView,
    /// What is owed to Desk and not there yet.
    #[serde(default)]
    pub outbox: OutboxView,
    /// Raised whenever a call of the history changes.
    #[serde(default)]
    pub history: u64,
    /// Who is known on this computer, and how that list does.
    #[serde(default)]
    pub index: IndexView,
    /// What is copied to the phonebook of the PBX.
    #[serde(default)]
    pub sync: SyncView,
}

/// How copying to the phonebook of the PBX goes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SyncView {
    /// Empty while it is switched off; `idle`, `copying` (a record of a call), `running` (all of them), `waiting` or
    /// `refused`.
    pub state: String,
    /// Who stands in the way: `pbx`, `desk`, `computer` or `phonebook`.
    pub side: Option<String>,
    /// Code of why it waits or is refused.
    pub cause: Option<String>,
    /// The other side's own words about it; not translated.
    pub detail: Option<String>,
    /// When it is tried again.
    pub retry_at_ms: Option<i64>,
    /// The phonebook's name.
    pub phonebook: Option<String>,
    /// Copying all: `running`, `stopped` or `done`; `None` when nobody has begun to.
    pub round: Option<String>,
    /// Its step: `looking`, `copying` or `tidying`.
    pub step: Option<String>,
    /// Records that were created or written anew.
    pub copied: u64,
    /// Records that stood there already.
    pub same: u64,
    /// Records that become no entry.
    pub skipped: u64,
    /// Records that the PBX refused.
    pub failed: u64,
    /// How many records Desk had when copying all was begun, where it says so.
    #[serde(default)]
    pub total: Option<u64>,
    /// Records that were looked at, in a minute.
    pub per_minute: Option<u64>,
    /// Records of calls that wait.
    pub waiting: u64,
    /// Credits of Desk that are left for today, when they are known.
    pub credits_left: Option<u64>,
    /// When copying all was begun.
    pub began_ms: Option<i64>,
}

/// The index of people on this computer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct IndexView {
    /// `off`, `building`, `fresh` or `paused`.
    pub state: String,
    /// Why it is off or pauses.
    pub cause: Option<String>,
    /// How many people it has.
    pub people: u64,
    /// How many Desk had when the reading began, where it says so.
    #[serde(default)]
    pub total: Option<u64>,
    /// When Desk was last asked what has changed.
    pub as_of_ms: Option<i64>,
    /// What it has cost today, in credits.
    pub spent: u64,
    /// What it may cost a day.
    pub budget: u64,
}

impl IndexView {
    pub(crate) fn off(cause: &str) -> IndexView {
        IndexView { state: "off".to_owned(), cause: Some(cause.to_owned()), ..IndexView::default() }
    }
}

/// The keys that dial what is selected, and what became of them.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ShortcutView {
    /// As the settings have them.
    pub keys: Option<String>,
    /// Whether they work.
    pub state: ShortcutState,
}

/// Whether the shortcut works; with words in the catalogs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortcutState {
    /// There is none.
    #[default]
    Off,
    /// The desktop has not been asked yet; for ever where there is none.
    Waiting,
    /// It works.
    On,
    /// Another program has these keys.
    Taken,
    /// The desktop knows no such keys, or gives none away.
    Unusable,
    /// On Wayland no program may take keys.
    Wayland,
}

/// How signing in to Desk goes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SignInView {
    /// A person has to agree in the browser.
    Waiting {
        /// The page to agree on.
        address: String,
        /// When it is given up.
        until_ms: i64,
    },
    /// Signed in.
    Done,
    /// Not signed in.
    Failed {
        /// Code of the cause.
        cause: String,
        /// Details that are not translated.
        detail: Option<String>,
    },
}

/// Whether to join a gateway.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InvitationView {
    /// Another one has another.
    pub id: u64,
    /// The gateway's address; `None` when the link could not be read.
    pub gateway: Option<String>,
}

/// A link to the PBX or to Desk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LinkView {
    /// Where it stands.
    pub state: LinkState,
    /// Code of the cause when it is not up.
    pub cause: Option<String>,
    /// The other side's own words or details about the cause; not translated.
    pub detail: Option<String>,
    /// When it is tried again; `None` when it is up, or waits for a person.
    pub retry_at_ms: Option<i64>,
    /// Since when it is in this state.
    pub since_ms: i64,
    /// Which of several addresses serves.
    #[serde(default)]
    pub address: Option<String>,
}

/// Where a link stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Settings are missing.
    NotSetUp,
    /// Switched off in the settings.
    Disabled,
    /// First attempt under way.
    Connecting,
    /// Working.
    Up,
    /// Not working; tried again by itself.
    Down,
    /// Not working, and only a person can help.
    Stopped,
}

/// The pop-up rule as it is now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PopupView {
    /// `automatic`, `manual` or `off`.
    pub mode: String,
    /// `ring`, `answer` or `hangup`.
    pub trigger: String,
    /// Set while paused.
    pub pause: Option<PauseView>,
}

/// A pause of pop-ups.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PauseView {
    /// When it ends by itself; `None` when it does not.
    pub until_ms: Option<i64>,
}

/// A problem with a setting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProblemView {
    /// The key in `settings.json`, such as `pbx.url`.
    pub key: String,
    /// Code of what is wrong.
    pub code: String,
}

/// One line of the doctor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at, such as `pbx_credentials`; words are `doctor-check-…`.
    pub check: String,
    /// How it is.
    pub state: FindingState,
    /// What was found, such as `clock_off`; words are `doctor-…` and, when it needs one, `doctor-fix-…`.
    pub code: String,
    /// Values for the words.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// How a line of the doctor is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// As it should be.
    Ok,
    /// Not looked at, with the reason.
    Skipped,
    /// Works, but not as it should.
    Warn,
    /// Does not work.
    Fail,
}

/// My part of a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallView {
    /// The PBX's id of the call.
    pub call: String,
    /// Which of my extensions.
    pub extension: String,
    /// `inbound`, `outbound`, `internal`; `None` while not known.
    pub direction: Option<String>,
    /// The other side's number; empty when withheld or not reported.
    pub number: String,
    /// The number as people here write it.
    pub number_text: String,
    /// `ringing`, `dialing`, `talking`, `held`, `over`.
    pub phase: String,
    /// Who it is.
    pub who: WhoView,
    /// Queue, ring group or IVR number it came through.
    pub path: Option<String>,
    /// The name of that queue, ring group or IVR.
    #[serde(default)]
    pub path_name: Option<String>,
    /// The name of the colleague, in a call between extensions.
    #[serde(default)]
    pub colleague: Option<String>,
    /// The number the caller dialed.
    pub did: Option<String>,
    /// `answered`, `missed`, `answered_elsewhere`, `voicemail`, `failed`, `not_seen`; `None` while it is on.
    pub outcome: Option<String>,
    /// The colleague who took it, or the PBX's words for a failure.
    pub outcome_detail: Option<String>,
    /// What those words for a failure mean, and whether it was my own phone: a code, where they are known.
    #[serde(default)]
    pub failure: Option<String>,
    /// What became of the tab.
    pub why: WhyView,
    /// Why the Helpdesk button is disabled; `None` when it works.
    pub button_off: Option<String>,
    /// First report.
    pub began_ms: i64,
    /// When I was connected.
    pub answered_ms: Option<i64>,
    /// When my part ended.
    pub over_ms: Option<i64>,
    /// From the event to the notice, the answer and the tab.
    pub timing: TimingView,
    /// Nothing more is expected.
    pub closed: bool,
    /// The number as it is compared: one for all notations; empty when withheld, internal or not reported.
    #[serde(default)]
    pub number_key: String,
    /// The record was chosen by a person.
    #[serde(default)]
    pub chosen: Option<ChosenView>,
    /// The name of the number that the caller dialed.
    #[serde(default)]
    pub did_name: Option<String>,
    /// A contact may be created for it, or its number added to one.
    #[serde(default)]
    pub can_create: bool,
    /// What helps within three seconds; `None` until something is known.
    #[serde(default)]
    pub context: Option<ContextView>,
    /// What the agent is asked, or has said, after the call; `None` where nothing is asked.
    #[serde(default)]
    pub wrap_up: Option<WrapUpView>,
    /// All our extensions whose phones rang or called, where there were others than this one.
    #[serde(default)]
    pub ours: Vec<String>,
    /// Who of them spoke with the other side, in that order.
    #[serde(default)]
    pub spoke: Vec<String>,
    /// Nobody here saw the call; the PBX's call details told it afterwards.
    #[serde(default)]
    pub filled_in: bool,
    /// What the PBX wrote down of my part.
    #[serde(default)]
    pub details: Option<DetailsView>,
    /// What I can do with it now, in this order: `decline`, `hang_up`, `hold`, `resume`, `transfer`, `mute`.
    #[serde(default)]
    pub acts: Vec<String>,
    /// I am silenced, as far as that was done here.
    #[serde(default)]
    pub muted: bool,
}

/// What the PBX wrote down of my part of a call; times in seconds.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct DetailsView {
    /// From answer to end; above 0 also where a voicemail or a menu answered.
    pub talk_s: u64,
    /// How long the phone rang, where the PBX says.
    pub ring_s: Option<u64>,
    /// From start to end.
    pub duration_s: u64,
    /// Name of the trunk.
    pub trunk: Option<String>,
    /// File name of the recording.
    pub recording: Option<String>,
}

/// What helps an agent within three seconds.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ContextView {
    /// The customer's open tickets; `None` until they are known.
    pub tickets: Option<TicketsView>,
    /// Calls with this number since midnight, this one not counted.
    pub today: u64,
    /// The call with this number before this one.
    pub last: Option<PastView>,
    /// Who spoke with this number last, before this call.
    pub spoke: Option<SpokeView>,
}

/// Open tickets of a customer.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct TicketsView {
    /// How many.
    pub open: usize,
    /// There may be more.
    pub more: bool,
    /// Subject of the one that was changed last.
    pub newest: Option<String>,
}

/// An earlier call with the same number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PastView {
    /// When it began.
    pub at_ms: i64,
    /// As [`CallView::direction`].
    pub direction: Option<String>,
    /// As [`CallView::outcome`].
    pub outcome: Option<String>,
}

/// Who spoke with a number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SpokeView {
    /// When that call began.
    pub at_ms: i64,
    /// The extension.
    pub extension: String,
    /// Its name.
    pub name: Option<String>,
    /// It is one of mine.
    pub me: bool,
}

/// What an agent is asked after a call.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct WrapUpView {
    /// Neither saved nor skipped yet.
    pub asked: bool,
    /// What came of it, one of [`AppView::dispositions`] or one of before the list changed.
    pub disposition: Option<String>,
    /// What the agent wrote down.
    pub note: Option<String>,
}

/// A number that somebody wants to be called, until the call is on or it has come to nothing.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DialView {
    /// Which wish it is.
    pub id: u64,
    /// `typing`: somebody wants to type a number; the window that lets them dismisses it. `asking`: somebody must say
    /// yes. `waiting`: the PBX is not connected. `dialing`: my phone rings first. `failed`.
    pub state: String,
    /// With `asking`, why: `emergency`, `premium`, `new_number` and so on. With `failed`, the code of the cause.
    pub reason: Option<String>,
    /// More about the cause, such as the PBX's own words.
    pub detail: Option<String>,
    /// What those words mean, as in [`CallView::failure`].
    pub failure: Option<String>,
    /// What is dialed, with blanks: nothing else is dialed for it. As far as it could be read.
    pub shown: String,
    /// The number as people write it.
    pub number_text: String,
    /// Whose number it is, where it is known.
    pub name: Option<String>,
    /// The extension to ask for.
    pub ext: Option<String>,
    /// Keys to be pressed later; they are not dialed.
    pub post_dial: Option<String>,
    /// It belongs to another country.
    pub abroad: bool,
    /// `person`, `link`, `page`, `clipboard`.
    pub by: String,
    /// The page's host.
    pub host: Option<String>,
    /// The PBX's id of the call, as soon as it has told it.
    pub call: Option<String>,
}

impl std::fmt::Debug for DialView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DialView")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("reason", &self.reason)
            .field("by", &self.by)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// A form begun and not done with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftView {
    /// Its name.
    pub key: String,
    /// The call it belongs to.
    pub call: String,
    /// Which of my extensions had the call.
    pub extension: String,
    /// `contact` or `account`.
    pub kind: String,
    /// The number for reading.
    pub number_text: String,
    /// The name as far as it was typed.
    pub name: String,
    /// When it was last changed.
    pub at_ms: i64,
}

/// A choice among several records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChosenView {
    /// How many there were.
    pub among: usize,
    /// It was made for an earlier call of the number and remembered.
    pub earlier: bool,
}

/// Who the other side is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WhoView {
    /// `not_asked`, `searching`, `known`, `several`, `nobody`, `withheld`, `failed`; `hidden` where others may not see
    /// who calls.
    pub state: String,
    /// The matching records.
    pub records: Vec<RecordView>,
    /// Code of the cause when it failed.
    pub cause: Option<String>,
}

/// A contact or an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordView {
    /// `contact` or `account`.
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
    /// The company of a contact.
    pub company: Option<String>,
    /// Address of its page; `None` when it was refused.
    pub page: Option<String>,
    /// Mail address, where it is known.
    #[serde(default)]
    pub email: Option<String>,
    /// Last change in Desk, where it is known.
    #[serde(default)]
    pub changed_ms: Option<i64>,
}

/// What became of a call's tab, or why there is none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WhyView {
    /// Stable code, such as `opened_by_rule` or `no_match`.
    pub code: String,
    /// How many records match.
    pub count: Option<usize>,
    /// The colleague who took it.
    pub extension: Option<String>,
    /// The moment of the rule, or the code of a cause.
    pub detail: Option<String>,
}

/// Milliseconds from the event that showed the call.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct TimingView {
    /// Until the notification was asked for.
    pub notice_ms: Option<u32>,
    /// Until it was known whose number it is.
    pub lookup_ms: Option<u32>,
    /// Until the browser was asked for the tab.
    pub tab_ms: Option<u32>,
}

impl AppView {
    /// As others may see it who look at the screen: names and numbers as far as the setting permits.
    #[must_use]
    pub fn as_others_see(&self) -> Self {
        let mut view = self.clone();
        let shown = Caller::of_code(&view.caller_shown);
        if shown != Caller::Name {
            for call in view.calls.iter_mut().chain(&mut view.recent) {
                call.mask(shown);
            }
            for draft in &mut view.drafts {
                draft.name.clear();
                draft.number_text = shown.of_number(&draft.number_text);
            }
            view.outbox.mask(shown);
            if let Some(dial) = &mut view.dial {
                dial.name = None;
                dial.shown = shown.of_number(&dial.shown);
                dial.number_text = shown.of_number(&dial.number_text);
                (dial.ext, dial.post_dial) = (None, None);
            }
        }
        view
    }
}

impl LinkView {
    /// A link in a state that needs no explanation.
    pub fn plain(state: LinkState, now_ms: i64) -> Self {
        Self { state, cause: None, detail: None, retry_at_ms: None, since_ms: now_ms, address: None }
    }

    /// Whether a person would call it a change; another time of the next attempt is not.
    pub(crate) fn is_news_after(&self, before: &Self) -> bool {
        (self.state, &self.cause) != (before.state, &before.cause)
    }
}

impl PopupView {
    pub(crate) fn of(rules: &Rules, now_ms: i64) -> Self {
        let pause = rules.pause.filter(|_| rules.is_paused(now_ms)).map(|pause| PauseView {
            until_ms: match pause {
                Pause::UntilResumed => None,
                Pause::Until(end_ms) => Some(end_ms),
            },
        });
        Self { mode: mode(rules.mode).into(), trigger: moment(rules.moment).into(), pause }
    }
}

impl CallView {
    /// Projects what the core knows.
    pub(crate) fn of(entry: &Entry, plan: &Plan, names: &Names) -> Self {
        let number = match &entry.other {
            Other::Outside(number) => number.clone(),
            Other::Colleague(extension) => extension.as_str().to_owned(),
            Other::NotReported => String::new(),
        };
        let number_text = match &entry.other {
            Other::Outside(number) => plan.read(number).for_people(plan),
            Other::Colleague(_) | Other::NotReported => number.clone(),
        };
        let (outcome, outcome_detail) = match &entry.outcome {
            None => (None, None),
            Some(outcome) => {
                let (code, detail) = outcome_code(outcome);
                (Some(code.to_owned()), detail)
            }
        };
        Self {
            call: entry.call.as_str().to_owned(),
            extension: entry.extension.as_str().to_owned(),
            direction: entry.direction.map(|direction| direction_code(direction).to_owned()),
            number,
            number_text,
            phase: phase(entry.phase).to_owned(),
            who: WhoView::of(&entry.who),
            path_name: entry.path.as_deref().and_then(|path| names.of(path)).map(str::to_owned),
            path: entry.path.clone(),
            colleague: match &entry.other {
                Other::Colleague(extension) => names.of(extension.as_str()).map(str::to_owned),
                Other::Outside(_) | Other::NotReported => None,
            },
            did_name: entry.did.as_deref().and_then(|did| names.of_dialed(did)).map(str::to_owned),
            did: entry.did.clone(),
            outcome,
            outcome_detail,
            failure: match &entry.outcome {
                Some(Outcome::Failed(Some(reason))) => failure_code(reason),
                _ => None,
            },
            why: WhyView::of(&entry.why),
            button_off: button_off(entry).map(str::to_owned),
            began_ms: entry.began_ms,
            answered_ms: entry.answered_ms,
            over_ms: entry.over_ms,
            timing: TimingView::of(entry.timing),
            closed: entry.closed,
            number_key: match &entry.other {
                Other::Outside(number) => plan.read(number).key().to_owned(),
                Other::Colleague(_) | Other::NotReported => String::new(),
            },
            chosen: entry.chosen.map(|chosen| ChosenView {
                among: chosen.among,
                earlier: chosen.when == ChosenWhen::Earlier,
            }),
            can_create: false,
            context: None,
            wrap_up: None,
            ours: Vec::new(),
            spoke: Vec::new(),
            filled_in: false,
            details: entry.record.as_ref().map(|record| DetailsView {
                talk_s: record.talk_duration_s,
                ring_s: record.ring_s.filter(|seconds| *seconds > 0),
                duration_s: record.duration_s,
                trunk: record.trunk.clone(),
                recording: record.recording.clone(),
            }),
            acts: Vec::new(),
            muted: false,
        }
    }

    /// What the core would say of a call that it has forgotten, or never knew; nothing for one whose outcome is not
    /// known.
    pub(crate) fn entry(&self, who: Who) -> Option<Entry> {
        let outcome = match self.outcome.as_deref()? {
            "answered" => Outcome::Answered,
            "missed" => Outcome::Missed,
            "answered_elsewhere" => {
                Outcome::AnsweredElsewhere(self.outcome_detail.clone().map(Extension::new))
            }
            "voicemail" => Outcome::Voicemail,
            "failed" => Outcome::Failed(None),
            _ => Outcome::NotSeen,
        };
        let direction = match self.direction.as_deref()? {
            "inbound" => Direction::Inbound,
            "outbound" => Direction::Outbound,
            _ => return None,
        };
        Some(Entry {
            call: CallId::new(self.call.clone()),
            extension: Extension::new(self.extension.clone()),
            direction: Some(direction),
            other: Other::Outside(self.number.clone()),
            who,
            chosen: None,
            path: self.path.clone(),
            did: self.did.clone(),
            phase: Phase::Over,
            outcome: Some(outcome),
            why: Why::CallNotReported,
            began_ms: self.began_ms,
            answered_ms: self.answered_ms,
            over_ms: self.over_ms,
            timing: Timing::default(),
            record: None,
            closed: true,
        })
    }

    /// Our extensions in it, as it was kept.
    pub(crate) fn involved(&self) -> Involved {
        let all =
            |names: &[String]| names.iter().map(|name| Extension::new(name.clone())).collect::<Vec<_>>();
        let mut involved = Involved { all: all(&self.ours).into_iter().collect(), spoke: all(&self.spoke) };
        let me = Extension::new(self.extension.clone());
        if self.outcome.as_deref() == Some("answered") && !involved.spoke.contains(&me) {
            involved.spoke.push(me.clone());
        }
        involved.all.insert(me);
        involved
    }

    /// Keeps who of us was in it.
    pub(crate) fn set_involved(&mut self, involved: &Involved) {
        let names =
            |all: &mut dyn Iterator<Item = &Extension>| all.map(|one| one.as_str().to_owned()).collect();
        self.ours = if involved.all.len() > 1 { names(&mut involved.all.iter()) } else { Vec::new() };
        self.spoke = names(&mut involved.spoke.iter());
    }

    /// Has it belong to this record.
    pub(crate) fn choose(&mut self, record: RecordView) {
        self.chosen = Some(ChosenView { among: self.who.records.len(), earlier: false });
        self.who = WhoView { state: "known".to_owned(), records: vec![record], cause: None };
        self.why = WhyView::of(&Why::Opened(OpenedBy::Agent));
        self.button_off = None;
    }

    /// Without names, and without more of the number than its end.
    fn mask(&mut self, shown: Caller) {
        self.number = shown.of_number(&self.number);
        self.number_text = shown.of_number(&self.number_text);
        self.number_key.clear();
        if shown == Caller::Hidden {
            "hidden".clone_into(&mut self.who.state);
        }
        self.colleague = None;
        for record in &mut self.who.records {
            (record.name, record.company, record.email) = (String::new(), None, None);
        }
        if let Some(tickets) = self.context.as_mut().and_then(|context| context.tickets.as_mut()) {
            tickets.newest = None;
        }
        if let Some(wrap_up) = &mut self.wrap_up {
            wrap_up.note = None;
        }
    }

    /// The only record, or the chosen one.
    pub fn record(&self) -> Option<&RecordView> {
        match self.who.records.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether my part is over.
    pub fn is_over(&self) -> bool {
        self.phase == phase(Phase::Over)
    }
}

impl WhoView {
    pub(crate) fn of(who: &Who) -> Self {
        let (state, records, cause) = match who {
            Who::NotAsked => ("not_asked", Vec::new(), None),
            Who::Searching => ("searching", Vec::new(), None),
            Who::Known(record) => ("known", vec![RecordView::of(record)], None),
            Who::Several(records) => ("several", records.iter().map(RecordView::of).collect(), None),
            Who::Nobody => ("nobody", Vec::new(), None),
            Who::Withheld => ("withheld", Vec::new(), None),
            Who::Failed(code) => ("failed", Vec::new(), Some((*code).to_owned())),
        };
        Self { state: state.to_owned(), records, cause }
    }

    /// Back to what the core says, with addresses that are not checked.
    pub(crate) fn who(&self) -> Who {
        let records =
            || self.records.iter().filter_map(|view| Some(view.record(record_kind_of(&view.kind)?)));
        match self.state.as_str() {
            "known" => records().next().map_or(Who::Failed("unknown"), Who::Known),
            "several" => Who::Several(records().collect()),
            "nobody" => Who::Nobody,
            "withheld" => Who::Withheld,
            "not_asked" => Who::NotAsked,
            _ => Who::Failed("unknown"),
        }
    }
}

impl RecordView {
    /// Whether it is this record of Desk.
    pub(crate) fn is(&self, kind: RecordKind, id: &str) -> bool {
        self.kind == record_kind(kind) && self.id == id
    }

    /// Back to a record, with an address that is not checked.
    pub(crate) fn record(&self, kind: RecordKind) -> Record {
        Record {
            kind,
            id: self.id.clone(),
            name: self.name.clone(),
            company: self.company.clone(),
            page: self.page.clone(),
            email: self.email.clone(),
            changed_ms: self.changed_ms,
        }
    }

    /// Projects a record.
    pub fn of(record: &Record) -> Self {
        Self {
            kind: record_kind(record.kind).to_owned(),
            id: record.id.clone(),
            name: record.name.clone(),
            company: record.company.clone(),
            page: record.page.clone(),
            email: record.email.clone(),
            changed_ms: record.changed_ms,
        }
    }
}

impl WhyView {
    /// Projects a reason.
    pub fn of(why: &Why) -> Self {
        let plain = |code: &str| Self { code: code.to_owned(), count: None, extension: None, detail: None };
        match why {
            Why::Opened(OpenedBy::Rule(at)) => {
                Self { detail: Some(moment(*at).to_owned()), ..plain("opened_by_rule") }
            }
            Why::Opened(OpenedBy::Agent) => plain("opened_by_agent"),
            Why::Undecided => plain("undecided"),
            Why::Internal => plain("internal"),
            Why::Outbound => plain("outbound"),
            Why::ManualMode => plain("manual_mode"),
            Why::SwitchedOff => plain("switched_off"),
            Why::Paused => plain("paused"),
            Why::DeskDisabled => plain("desk_disabled"),
            Why::DeskNotSetUp => plain("desk_not_set_up"),
            Why::NumberWithheld => plain("number_withheld"),
            Why::NumberNotReported => plain("number_not_reported"),
            Why::NoMatch => plain("no_match"),
            Why::SeveralMatches(count) => Self { count: Some(*count), ..plain("several_matches") },
            Why::LookupFailed(cause) => Self { detail: Some((*cause).to_owned()), ..plain("lookup_failed") },
            Why::AnsweredElsewhere(by) => Self {
                extension: by.as_ref().map(|by| by.as_str().to_owned()),
                ..plain("answered_elsewhere")
            },
            Why::NotAnswered => plain("not_answered"),
            Why::EndedBeforeMatch => plain("ended_before_match"),
            Why::OpenedBeforeRestart => plain("opened_before_restart"),
            Why::AddressRefused => plain("address_refused"),
            Why::BrowserFailed => plain("browser_failed"),
            Why::LinkWasDown => plain("link_was_down"),
            Why::CallNotReported => plain("call_not_reported"),
        }
    }
}

impl TimingView {
    fn of(timing: Timing) -> Self {
        Self { notice_ms: timing.notified_ms, lookup_ms: timing.looked_up_ms, tab_ms: timing.opened_ms }
    }
}

/// Why the Helpdesk button can do nothing for this call.
fn button_off(entry: &Entry) -> Option<&'static str> {
    match (&entry.other, &entry.who) {
        (Other::Colleague(_), _) => Some("internal"),
        (Other::NotReported, _) => Some("number_not_reported"),
        (Other::Outside(_), Who::Known(record)) if record.page.is_none() => Some("address_refused"),
        // Pressed while searching, it opens when the answer comes; after a failure it asks once more.
        (Other::Outside(_), Who::Known(_) | Who::Searching | Who::Failed(_)) => None,
        (Other::Outside(_), Who::Several(_)) => Some("several_matches"),
        (Other::Outside(_), Who::Nobody) => Some("no_match"),
        (Other::Outside(_), Who::Withheld) => Some("number_withheld"),
        (Other::Outside(_), Who::NotAsked) => Some("desk_not_in_use"),
    }
}

pub(crate) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Automatic => "automatic",
        Mode::Manual => "manual",
        Mode::Off => "off",
    }
}

pub(crate) fn moment(moment: Moment) -> &'static str {
    match moment {
        Moment::Ring => "ring",
        Moment::Answer => "answer",
        Moment::HangUp => "hangup",
    }
}

pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Ringing => "ringing",
        Phase::Dialing => "dialing",
        Phase::Talking => "talking",
        Phase::Held => "held",
        Phase::Over => "over",
    }
}

pub(crate) fn direction_code(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    }
}

/// The code of a kind of record.
pub fn record_kind(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Contact => "contact",
        RecordKind::Account => "account",
    }
}

pub(crate) fn record_kind_of(code: &str) -> Option<RecordKind> {
    [RecordKind::Contact, RecordKind::Account].into_iter().find(|kind| record_kind(*kind) == code)
}

fn outcome_code(outcome: &Outcome) -> (&'static str, Option<String>) {
    match outcome {
        Outcome::Answered => ("answered", None),
        Outcome::Missed => ("missed", None),
        Outcome::AnsweredElsewhere(by) => {
            ("answered_elsewhere", by.as_ref().map(|by| by.as_str().to_owned()))
        }
        Outcome::Voicemail => ("voicemail", None),
        Outcome::Failed(reason) => ("failed", reason.as_ref().map(|reason| reason.text.clone())),
        Outcome::NotSeen => ("not_seen", None),
    }
}

/// What to say of a failed call; nothing when only the PBX's own words tell.
pub(crate) fn failure_code(reason: &FailureReason) -> Option<String> {
    match (reason.side, reason.code) {
        (FailedSide::Theirs, code) => code.map(str::to_owned),
        (FailedSide::Mine, Some(code @ ("busy" | "declined" | "do_not_disturb" | "timed_out"))) => {
            Some(format!("own_phone_{code}"))
        }
        (FailedSide::Mine, Some("unavailable" | "unreachable" | "not_found" | "gone")) => {
            Some("own_phone_unreachable".to_owned())
        }
        // What the PBX does not permit has nothing to do with a phone.
        (FailedSide::Mine, Some(code @ ("no_dial_permission" | "outbound_restricted" | "congestion"))) => {
            Some(code.to_owned())
        }
        (FailedSide::Mine, _) => Some("own_phone".to_owned()),
    }
}
