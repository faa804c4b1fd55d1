//! What a person can ask while setting Deskring up, and what comes back: codes and plain values, the same for the
//! settings window, the command line and the local socket. Must not know how any of it is done.
//!
//! Keys of settings are dotted, such as `pbx.url`; times are milliseconds since 1970 (UTC).

use std::collections::BTreeMap;
use std::fmt;

use deskring_store::{ExposeSecret, Secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::assist::Sources;
use crate::explain::Explanation;
use crate::view::{Finding, ProblemView};
use crate::what_if::{WhatIfPlace, WhatIfView};

/// A secret on its way from a person to where it is kept. Prints nothing of itself; only writing it to the local
/// socket exposes it.
#[derive(Clone)]
pub struct Typed(pub Secret);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl PartialEq for Typed {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for Typed {}

impl Serialize for Typed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.into()))
    }
}

/// What is wanted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "snake_case")]
pub enum Want {
    /// All settings; answered by [`Answer::Settings`].
    Settings,
    /// Other values for these keys, `null` for the default. Saved in one step when nothing is refused; answered by
    /// [`Answer::Settings`].
    Change {
        /// Dotted keys with their values.
        changes: BTreeMap<String, Value>,
    },
    /// The settings without secrets, to be imported elsewhere; answered by [`Answer::Document`].
    Export,
    /// Takes exported settings over; answered by [`Answer::Settings`].
    Import {
        /// What was exported.
        document: Value,
    },
    /// Keeps a secret; answered by [`Answer::Settings`]. Without a keychain and without consent the fault is
    /// `consent_needed`.
    KeepSecret {
        /// Which.
        secret: KeptSecret,
        /// What the person typed or pasted.
        text: Typed,
        /// The person agreed to an owner-only file where there is no keychain.
        #[serde(default)]
        file_permitted: bool,
    },
    /// Tries a telephone system; answered by [`Answer::PbxTest`] within five seconds.
    TestPbx {
        /// With these values, saved or not.
        draft: PbxDraft,
    },
    /// Joins a gateway: the person has agreed to it. Answered by [`Answer::Enrolled`], or by [`Answer::PbxTest`] when a
    /// certificate is to be compared first; the code is not used up then.
    Enroll {
        /// Which gateway.
        by: InvitedBy,
        /// A certificate that the person has just compared and wants to trust.
        #[serde(default)]
        trusted_certificate: Option<String>,
        /// As for [`Want::KeepSecret`].
        #[serde(default)]
        file_permitted: bool,
    },
    /// Asks the person at the screen whether to join a gateway, as if its link had been opened; answered by
    /// [`Answer::Done`].
    Invited {
        /// The administrator's link.
        link: Typed,
    },
    /// Does not join it; answered by [`Answer::Done`].
    Decline,
    /// Begins to sign in to Desk; answered by [`Answer::SignIn`]. How it goes on is told by
    /// [`AppView::sign_in`](crate::AppView::sign_in).
    SignIn {
        /// Ask for the right to write calls by its other name: for when Zoho shows "invalid scope".
        #[serde(default)]
        other_scopes: bool,
        /// As for [`Want::KeepSecret`].
        #[serde(default)]
        file_permitted: bool,
    },
    /// Gives up signing in; answered by [`Answer::Done`].
    CancelSignIn,
    /// What to choose from after signing in; answered by [`Answer::Choices`].
    Choices,
    /// Desk's agents beside the PBX's extensions; answered by [`Answer::Directory`].
    Directory,
    /// Binds what belongs together and saves it; what is bound already stays. Answered by [`Answer::Bound`].
    Bind {
        /// What tells who belongs together.
        by: BindBy,
    },
    /// Gives the sign-in back and clears Desk's settings and secrets; answered by [`Answer::Settings`].
    Disconnect,
    /// Checks everything; answered by [`Answer::Doctor`].
    Doctor,
    /// Which program takes links to phone numbers; answered by [`Answer::Links`].
    Links,
    /// Has the system list Deskring among the programs for such links, without making it the default; answered by
    /// [`Answer::Links`].
    OfferForLinks,
    /// Shows the system's page where default programs are chosen; answered by [`Answer::Done`].
    ShowDefaultApps,
    /// Which browsers start Deskring for our extension; answered by [`Answer::Browsers`].
    Browsers,
    /// Has this user's browsers do so; answered by [`Answer::Browsers`].
    OfferToBrowsers,
    /// Has them no longer do so; answered by [`Answer::Browsers`].
    WithdrawFromBrowsers,
    /// Forgets everybody in the index and reads them from Desk anew; answered by [`Answer::Done`]. How it goes on is told
    /// by [`AppView::index`](crate::AppView::index).
    RebuildIndex,
    /// Copies all records to the phonebook, from where it was stopped; answered by [`Answer::Done`]. How it goes on is told
    /// by [`AppView::sync`](crate::AppView::sync).
    SyncNow,
    /// No more of them; answered by [`Answer::Done`].
    StopSync,
    /// Records that are not in the phonebook, with the reason; answered by [`Answer::NotSynced`].
    NotSynced {
        /// So many are left out at the beginning.
        offset: usize,
    },
    /// The phonebooks of the PBX; answered by [`Answer::Phonebooks`].
    Phonebooks,
    /// Reads a template as far as it is written, saved or not; answered by [`Answer::Template`].
    Template {
        /// Which one it is to be.
        template: TemplateKey,
        /// What is written.
        text: String,
    },
    /// Reads a number by rules as far as they are typed, saved or not; answered by [`Answer::Number`].
    Number {
        /// As a person types it, or the PBX shows it.
        text: String,
        /// By which rules.
        #[serde(default)]
        rules: NumberRules,
    },
    /// Why a number is whose it is; answered by [`Answer::Explanation`].
    Explain {
        /// As a person types it, or the PBX shows it.
        number: String,
        /// Whether Desk is asked, for credits.
        r#in: Sources,
    },
    /// What other rules for numbers would have changed for the last calls; answered by [`Answer::WhatIf`], as far as it
    /// comes in a while.
    WhatIf {
        /// Which rules; those for dialing do not matter.
        rules: NumberRules,
        /// Whether Desk is asked, for credits.
        r#in: Sources,
        /// Where the last answer ended; nothing at the beginning.
        #[serde(default)]
        place: Option<WhatIfPlace>,
    },
}

/// Rules for numbers; those that are left out are the saved ones.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberRules {
    /// ISO code of the home country.
    pub country: Option<String>,
    /// Area code at home.
    pub area_code: Option<String>,
    /// Digits for an outside line.
    pub outside_line_prefix: Option<String>,
    /// What the PBX expects before a country code.
    pub international_prefix: Option<String>,
}

/// A setting that is a template, by its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TemplateKey {
    /// A ticket's subject: one line.
    #[serde(rename = "tickets.subject")]
    TicketSubject,
    /// A ticket's description: HTML in Desk.
    #[serde(rename = "tickets.description")]
    TicketDescription,
    /// A call activity's subject: one line.
    #[serde(rename = "call_log.subject")]
    CallSubject,
    /// A call activity's description: plain text in Desk.
    #[serde(rename = "call_log.description")]
    CallDescription,
}

/// A secret that a person types.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptSecret {
    /// The secret of the PBX's API client.
    Pbx,
    /// The secret of Zoho's API client.
    Desk,
}

/// What tells which extension belongs to which agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindBy {
    /// The same mail address, letter case aside.
    Email,
    /// The extension in the agent's record in Desk.
    Extn,
}

/// A telephone system to try.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PbxDraft {
    /// `https://pbx.example.com:8088`
    pub url: String,
    /// Where it is reached as well; see the key `pbx.more_addresses`.
    pub more_addresses: Vec<String>,
    /// Client id.
    pub client_id: String,
    /// Its secret; `None` for the kept one.
    pub client_secret: Option<Typed>,
    /// My extensions.
    pub extensions: Vec<String>,
    /// A certificate that the person has just compared and wants to trust.
    pub trusted_certificate: Option<String>,
}

/// Which gateway is to be joined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitedBy {
    /// That of the administrator's link, typed or pasted by the person.
    Link(Typed),
    /// That of [`AppView::invitation`](crate::AppView::invitation) by its id: the one that was shown, and no later one.
    Shown(u64),
}

/// What comes back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The settings as they are now.
    Settings(Box<SettingsView>),
    /// Exported settings.
    Document {
        /// As `settings.json`, without secrets.
        document: Value,
    },
    /// What the telephone system answered.
    PbxTest(Box<PbxTest>),
    /// The credential is kept, the addresses and the extension are saved.
    Enrolled {
        /// For which extension.
        extension: String,
        /// What the gateway answered then.
        test: Box<PbxTest>,
    },
    /// Signing in has begun.
    SignIn {
        /// To be opened in the person's browser.
        address: String,
    },
    /// What to choose from.
    Choices(Box<Choices>),
    /// Agents and extensions.
    Directory(Box<Directory>),
    /// What was bound.
    Bound {
        /// New bindings.
        bound: Vec<BindingView>,
        /// Agents or extensions that fit more than one other; nothing was bound for them.
        ambiguous: Vec<String>,
    },
    /// What was found.
    Doctor {
        /// In the order of the checks.
        findings: Vec<Finding>,
    },
    /// Who takes links to phone numbers.
    Links(LinksView),
    /// Which browsers start Deskring for our extension.
    Browsers {
        /// Those of this user, and those that the whole computer is told of.
        browsers: Vec<BrowserView>,
    },
    /// What a template says.
    Template(Box<TemplateView>),
    /// Records that are not in the phonebook.
    NotSynced {
        /// Some of them.
        rows: Vec<NotSyncedView>,
        /// Whether there are more.
        more: bool,
    },
    /// The phonebooks of the PBX.
    Phonebooks {
        /// By name.
        phonebooks: Vec<PhonebookView>,
    },
    /// What a number means.
    Number(Box<NumberTrial>),
    /// Why a number is whose it is.
    Explanation(Box<Explanation>),
    /// What other rules would change.
    WhatIf(Box<WhatIfView>),
    /// It is done, and there is nothing to say about it.
    Done,
}

/// Why something was not done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// A code of the catalogs, family `cause`.
    pub code: String,
    /// The other side's own words, or a value such as a file's name; not translated.
    pub detail: Option<String>,
}

impl Fault {
    /// A fault that needs no details.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), detail: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        match &self.detail {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

/// All settings and what belongs beside them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SettingsView {
    /// The values in force, every key present.
    pub settings: Value,
    /// Keys that the policy file sets; they cannot be changed here.
    pub locked: Vec<String>,
    /// The policy file, when there is one.
    pub policy: Option<String>,
    /// What is wrong with the values in force.
    pub problems: Vec<ProblemView>,
    /// What was not taken. Of a change: then nothing of it was saved, except that the system's refusal to start
    /// Deskring at login comes here, too. Of an import: keys that the policy locks, or why all of it was refused. Of
    /// disconnecting: keys that could not be cleared.
    pub refused: Vec<ProblemView>,
    /// Where each secret is kept: `environment`, `keychain` or `file`; `None` when it is nowhere. Keys are
    /// `pbx_client_secret`, `desk_client_secret`, `desk_refresh_token`.
    pub secrets: BTreeMap<String, Option<String>>,
    /// Code of why the secrets could not be looked for, such as `keychain_locked`.
    pub secrets_fault: Option<String>,
    /// The home page to register with Zoho.
    pub home_page: String,
    /// The redirect address to register with Zoho.
    pub redirect: String,
    /// The profile folder.
    pub profile: String,
}

/// What a telephone system answered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PbxTest {
    /// How long it took.
    pub took_ms: u64,
    /// `P560`, …
    pub model: Option<String>,
    /// `37.20.0.20`, …
    pub firmware: Option<String>,
    /// My extensions, those that the PBX knows, with their names.
    pub extensions: Vec<ExtensionView>,
    /// My extensions that the PBX does not know.
    pub missing: Vec<String>,
    /// Whether the PBX tells of extensions.
    pub extension_monitor: Switch,
    /// Whether the PBX tells of calls over trunks.
    pub trunk_monitor: Switch,
    /// Code of what went wrong, family `cause`.
    pub cause: Option<String>,
    /// The PBX's own words or code about it.
    pub detail: Option<String>,
    /// With `credentials`: how many tries are left before the PBX would lock this computer out.
    pub tries_left: Option<u8>,
    /// With `unknown_certificate` and `changed_certificate`: the one that was shown.
    pub certificate: Option<CertificateView>,
    /// With `changed_certificate`: the SHA-256 of the one that is trusted.
    pub expected_certificate: Option<String>,
    /// Each of several addresses; empty when there is one only.
    #[serde(default)]
    pub sites: Vec<SiteView>,
}

/// One of several addresses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SiteView {
    /// `https://gateway.example.com:8443`
    pub address: String,
    /// Whether it is the one that answers.
    pub serves: bool,
    /// Code of why it cannot be asked, family `cause`.
    pub cause: Option<String>,
    /// As of [`PbxTest`].
    pub certificate: Option<CertificateView>,
    /// As of [`PbxTest`].
    pub expected_certificate: Option<String>,
}

/// Whether something is switched on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
    /// The PBX does not say.
    #[default]
    Unknown,
}

/// A certificate to be compared by a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CertificateView {
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Whom it names; `None` when it could not be read.
    pub subject: Option<String>,
    /// Who signed it.
    pub issuer: Option<String>,
    /// From when.
    pub not_before_ms: Option<i64>,
    /// Until when.
    pub not_after_ms: Option<i64>,
    /// Code of why the system does not vouch for it: `unknown_issuer`, `wrong_name`, `expired`, `not_yet_valid`,
    /// `other`.
    pub reason: String,
}

/// Who takes links to phone numbers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LinksView {
    /// Whom a click on a `tel:` link starts.
    pub tel: TelLinks,
    /// With [`TelLinks::Elsewhere`]: that program's own name, as its author wrote it.
    pub program: Option<String>,
    /// Whether the system lists this program among those that can be chosen.
    pub candidate: bool,
    /// Whether there is a page of the system for [`Want::ShowDefaultApps`].
    pub page: bool,
    /// What makes Deskring the choice in a terminal, where the system has that.
    pub command: Option<String>,
}

/// A browser, and what it starts for our extension.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BrowserView {
    /// `chromium`, `chrome`, `edge` or `firefox`.
    pub browser: String,
    /// What it starts.
    pub host: BrowserHost,
    /// With [`BrowserHost::Elsewhere`]: the file that it would start.
    pub program: Option<String>,
}

/// What a browser starts for our extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrowserHost {
    /// This Deskring, by a file of this user's.
    User,
    /// This Deskring, by a file for everybody: the package's.
    System,
    /// Another program under our name: a Deskring that was moved or removed, mostly.
    Elsewhere,
    /// Nothing.
    No,
}

/// Whom a click on a `tel:` link starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TelLinks {
    /// Deskring.
    Ours,
    /// Another program.
    Elsewhere,
    /// Nobody.
    Nobody,
    /// The system does not say.
    Unknown,
}

/// What a template says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateView {
    /// Everything that is wrong with it, in the order of the text. It can be saved and used all the same.
    pub flaws: Vec<FlawView>,
    /// What it says of a call, as a person reads it in Desk: plain text, never markup.
    pub preview: String,
    /// Of which call.
    pub of: PreviewOf,
}

/// Something wrong with a template.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FlawView {
    /// Code of what, family `settings-flaw`.
    pub code: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What stands there.
    pub written: String,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
}

/// The call of a preview.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewOf {
    /// The last one with the outside.
    LastCall,
    /// An invented one: there is no other, or its caller is not to be seen by others who look at the screen.
    Example,
}

/// An extension of the PBX.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExtensionView {
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: Option<String>,
    /// Its mail address.
    pub email: Option<String>,
}

/// An agent of Desk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AgentView {
    /// Desk's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Mail address.
    pub email: Option<String>,
    /// The extension in the agent's record.
    pub extn: Option<String>,
}

/// What to choose from after signing in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Choices {
    /// Organizations of the account.
    pub organizations: Vec<Choice>,
    /// Departments of the chosen organization, or of the one taken when none is chosen.
    pub departments: Vec<Choice>,
    /// The agent who signed in.
    pub me: Option<AgentView>,
    /// The edition of the organization, such as `PROFESSIONAL`.
    pub edition: Option<String>,
}

/// One thing to choose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// Desk's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Desk offers it first.
    pub first: bool,
}

/// Agents and extensions side by side. What one side could not tell leaves the other readable.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Directory {
    /// Desk's active agents.
    pub agents: Vec<AgentView>,
    /// Code of why there are none.
    pub agents_cause: Option<String>,
    /// The PBX's extensions.
    pub extensions: Vec<ExtensionView>,
    /// Code of why there are none.
    pub extensions_cause: Option<String>,
    /// What is bound now.
    pub bindings: Vec<BindingView>,
    /// The agent who signed in.
    pub me: Option<String>,
    /// The extension that is probably mine: bound to me, or with my mail address, or in my record.
    pub proposed_extension: Option<String>,
}

/// An extension and its agent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BindingView {
    /// The extension.
    pub extension: String,
    /// Desk's id of the agent.
    pub agent_id: String,
}

/// What a number means by the rules that were asked about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NumberTrial {
    /// What would be dialed.
    pub dial: Option<DialTrial>,
    /// Code of why nothing would be.
    pub fault: Option<String>,
    /// Whether it says that the caller's number is hidden.
    pub withheld: bool,
    /// In the international form, when there is one meaning.
    pub international: Option<String>,
    /// As people of its country write it.
    pub written: String,
    /// Whether it is a mobile phone's.
    pub mobile: bool,
    /// The forms in which Desk is searched for it.
    pub forms: Vec<String>,
}

/// What would be dialed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DialTrial {
    /// The callee that the PBX gets.
    pub digits: String,
    /// The same with blanks.
    pub shown: String,
    /// Whether it leads to the PBX itself.
    pub internal: bool,
    /// Whether it belongs to another country.
    pub abroad: bool,
    /// Whether the rules say what it means; otherwise it is dialed as it is written.
    pub understood: bool,
    /// Code of why somebody is always asked before.
    pub caution: Option<String>,
}

/// A record that is not in the phonebook.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NotSyncedView {
    /// `contact` or `account`.
    pub kind: String,
    /// Desk's id.
    pub id: String,
    /// By what a person knows it.
    pub label: Option<String>,
    /// Code of the reason: `no_name`, `no_number`, `taken` or `refused`.
    pub reason: String,
}

/// A phonebook of the PBX.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PhonebookView {
    /// Its name.
    pub name: String,
    /// How many stand in it, when the PBX tells.
    pub count: Option<u64>,
    /// Everybody stands in it, so it cannot be chosen.
    pub everybody: bool,
}
