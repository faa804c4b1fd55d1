//! Setting up: settings, secrets, signing in, binding, checking. Works beside a running engine, whose loop it only
//! tells what has changed, and just as well alone, for a terminal on a server.
//!
//! Owns the order of steps; the store owns files, the clients their protocols. Speaks in codes. Must not know
//! windows, arguments or words.

mod bind;
mod doctor;
mod enroll;
mod lab;
mod links;
mod number;
mod pbx;
mod phonebook;
mod sign_in;
pub(crate) mod template;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use deskring_store::settings::{self, Changed, ProblemKind};
use deskring_store::{
    Consent, ExposeSecret as _, Index, Journal, Loaded, Place, Secret, SecretName, Secrets, SecretsConfig,
    SecretsError, Settings, SettingsError,
};
use deskring_zoho_desk as desk;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::connect::{self, Paths};
use crate::desktop::{Autostart, Desktop};
use crate::handle::{Clients, Command, Message};
use crate::phonebook::Wish;
pub use crate::view::{Finding, FindingState};
use crate::view::{ProblemView, SignInView};

pub use wire::{
    AgentView, Answer, BindBy, BindingView, BrowserHost, BrowserView, CertificateView, Choice, Choices,
    DialTrial, Directory, ExtensionView, Fault, FlawView, InvitedBy, KeptSecret, LinksView, NotSyncedView,
    NumberRules, NumberTrial, PbxDraft, PbxTest, PhonebookView, PreviewOf, SettingsView, SiteView, Switch,
    TelLinks, TemplateKey, TemplateView, Typed, Want,
};

/// Disconnecting puts these back to what they were before Desk was connected; with their sections.
const OF_DESK: [&str; 7] =
    ["desk", "bindings", "popup", "new_contacts", "tickets", "call_log", "contact_sync"];

/// Far above any secret of a PBX or of Zoho.
const LONGEST_SECRET: usize = 512;

/// Sets a profile up.
pub struct Admin {
    paths: Paths,
    secrets: Arc<Secrets>,
    desktop: Arc<dyn Desktop>,
    engine: Option<mpsc::Sender<Message>>,
    signing_in: Mutex<Option<JoinHandle<()>>>,
    refusals: pbx::Refusals,
    opened: Mutex<enroll::Opened>,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").field("profile", &self.paths.profile).finish_non_exhaustive()
    }
}

impl Admin {
    /// For a profile on which no engine runs.
    pub fn alone(paths: Paths, desktop: Arc<dyn Desktop>) -> Arc<Self> {
        let secrets = connect::secrets(&paths);
        Self::new(paths, secrets, desktop, None)
    }

    /// Beside an engine's loop.
    pub(crate) fn of_engine(
        paths: Paths,
        secrets: SecretsConfig,
        desktop: Arc<dyn Desktop>,
        engine: mpsc::Sender<Message>,
    ) -> Arc<Self> {
        Self::new(paths, secrets, desktop, Some(engine))
    }

    fn new(
        paths: Paths,
        secrets: SecretsConfig,
        desktop: Arc<dyn Desktop>,
        engine: Option<mpsc::Sender<Message>>,
    ) -> Arc<Self> {
        let secrets = Arc::new(Secrets::open(secrets));
        Arc::new(Self {
            paths,
            secrets,
            desktop,
            engine,
            signing_in: Mutex::default(),
            refusals: pbx::Refusals::default(),
            opened: Mutex::default(),
        })
    }

    /// Does what is wanted.
    ///
    /// # Errors
    /// See [`Fault`]; nothing was changed then.
    pub async fn ask(self: &Arc<Self>, want: Want) -> Result<Answer, Fault> {
        match want {
            Want::Settings => self.settings(Vec::new()).await,
            Want::Change { changes } => self.change(changes).await,
            Want::Export => {
                let document = self.blocking(|admin| {
                    settings::export(&admin.paths.profile, &admin.paths.policy).map_err(of_settings)
                });
                Ok(Answer::Document { document: document.await? })
            }
            Want::Import { document } => self.import(document).await,
            Want::KeepSecret { secret, text, file_permitted } => {
                let name = match secret {
                    KeptSecret::Pbx => SecretName::PbxClientSecret,
                    KeptSecret::Desk => SecretName::DeskClientSecret,
                };
                self.keep(name, text, consent(file_permitted)).await?;
                self.reloaded(Vec::new()).await
            }
            Want::TestPbx { draft } => Ok(Answer::PbxTest(Box::new(self.test_pbx(draft).await?))),
            Want::Enroll { by, trusted_certificate, file_permitted } => {
                self.enroll(by, trusted_certificate, consent(file_permitted)).await
            }
            Want::Invited { link } => {
                self.invited(link.0.expose_secret()).await;
                Ok(Answer::Done)
            }
            Want::Decline => {
                self.decline().await;
                Ok(Answer::Done)
            }
            Want::SignIn { other_scopes, file_permitted } => {
                let scopes = if other_scopes { desk::Scopes::ActivitiesCalls } else { desk::Scopes::Calls };
                let address = self.begin_sign_in(scopes, consent(file_permitted)).await?;
                Ok(Answer::SignIn { address })
            }
            Want::CancelSignIn => {
                self.cancel_sign_in().await;
                Ok(Answer::Done)
            }
            Want::Choices => Ok(Answer::Choices(Box::new(self.choices().await?))),
            Want::Directory => Ok(Answer::Directory(Box::new(self.directory().await?))),
            Want::Bind { by } => self.bind(by).await,
            Want::Disconnect => self.disconnect().await,
            Want::Doctor => Ok(Answer::Doctor { findings: self.check_everything().await }),
            Want::Links => self.links().await,
            Want::OfferForLinks => {
                self.on_desktop(|desktop| desktop.offer_for_links()).await?;
                self.links().await
            }
            Want::ShowDefaultApps => {
                self.on_desktop(|desktop| desktop.show_default_apps()).await?;
                Ok(Answer::Done)
            }
            Want::Browsers => self.browsers().await,
            Want::OfferToBrowsers => {
                self.on_desktop(|desktop| desktop.offer_to_browsers()).await?;
                self.browsers().await
            }
            Want::WithdrawFromBrowsers => {
                self.on_desktop(|desktop| desktop.withdraw_from_browsers()).await?;
                self.browsers().await
            }
            Want::Number { text, rules } => Ok(Answer::Number(Box::new(self.try_number(text, rules).await?))),
            Want::RebuildIndex => self.rebuild_index().await,
            Want::Explain { number, r#in } => self.explain(number, r#in).await,
            Want::WhatIf { rules, r#in, place } => self.what_if(rules, r#in, place).await,
            Want::SyncNow => self.wish_copies(Wish::Everything).await,
            Want::StopSync => self.wish_copies(Wish::Stop).await,
            Want::NotSynced { offset } => self.not_synced(offset).await,
            Want::Phonebooks => self.phonebooks().await,
            Want::Template { template, text } => {
                Ok(Answer::Template(Box::new(self.try_template(template, text).await?)))
            }
        }
    }

    async fn settings(self: &Arc<Self>, refused: Vec<ProblemView>) -> Result<Answer, Fault> {
        self.blocking(move |admin| admin.settings_now(refused)).await
    }

    /// The same, after the engine was told to take over what is kept and saved now.
    async fn reloaded(self: &Arc<Self>, refused: Vec<ProblemView>) -> Result<Answer, Fault> {
        self.tell(Message::Command(Command::Reload)).await;
        self.settings(refused).await
    }

    fn settings_now(&self, refused: Vec<ProblemView>) -> Result<Answer, Fault> {
        let loaded = self.read()?;
        let door = connect::door(&loaded.settings);
        let names = [SecretName::PbxClientSecret, SecretName::DeskClientSecret, SecretName::DeskRefreshToken];
        let (mut secrets, mut secrets_fault) = (BTreeMap::new(), None);
        for name in names {
            let place = self.secrets.place(name).unwrap_or_else(|error| {
                secrets_fault = Some(error.code().to_owned());
                None
            });
            secrets.insert(name.code().to_owned(), place.map(|place: Place| place.code().to_owned()));
        }
        let view = SettingsView {
            settings: serde_json::to_value(&loaded.settings).unwrap_or_default(),
            locked: loaded.locked.iter().cloned().collect(),
            policy: loaded.policy.as_ref().map(|path| path.display().to_string()),
            problems: connect::problems(&loaded),
            refused,
            secrets,
            secrets_fault,
            home_page: door.home_page(),
            redirect: door.redirect(),
            profile: self.paths.profile.display().to_string(),
        };
        Ok(Answer::Settings(Box::new(view)))
    }

    async fn change(self: &Arc<Self>, changes: BTreeMap<String, Value>) -> Result<Answer, Fault> {
        let sets_autostart = changes.contains_key("general.start_at_login");
        let refused = self
            .blocking(move |admin| {
                let changed = admin.save(&changes)?;
                Ok(refusals(&changed, sets_autostart.then(|| admin.apply_autostart(&changed)).flatten()))
            })
            .await?;
        self.reloaded(refused).await
    }

    async fn import(self: &Arc<Self>, document: Value) -> Result<Answer, Fault> {
        let refused = self
            .blocking(move |admin| {
                let changed = settings::import(&admin.paths.profile, &admin.paths.policy, &document)
                    .map_err(of_settings)?;
                Ok(refusals(&changed, admin.apply_autostart(&changed)))
            })
            .await?;
        self.reloaded(refused).await
    }

    /// The system is told what was saved; what it refuses is said beside the switch.
    fn apply_autostart(&self, changed: &Changed) -> Option<ProblemView> {
        if !changed.refused.is_empty() {
            return None;
        }
        let wanted = &changed.loaded.settings.general;
        let autostart = if wanted.start_at_login { Autostart::AtLogin } else { Autostart::ByHand };
        let refused = self.desktop.set_autostart(autostart).err()?;
        Some(ProblemView { key: "general.start_at_login".into(), code: refused.into() })
    }

    async fn keep(self: &Arc<Self>, name: SecretName, text: Typed, consent: Consent) -> Result<Place, Fault> {
        // What is copied from a web page brings blanks and line ends along; no secret of theirs has any.
        let secret = tidy(&text);
        self.blocking(move |admin| {
            let length = secret.expose_secret().len();
            if length == 0 {
                return Err(Fault::new("secret_empty"));
            }
            if length > LONGEST_SECRET {
                return Err(Fault::new("secret_too_long"));
            }
            admin.secrets.set_with(name, &secret, consent).map_err(|error| of_secrets(&error))
        })
        .await
    }

    async fn disconnect(self: &Arc<Self>) -> Result<Answer, Fault> {
        self.cancel_sign_in().await;
        if let Some((token, hosts)) = self.kept_sign_in().await? {
            // The local copy goes all the same; without the client's secret it is of little use to anybody.
            sign_in::give_back(&hosts, &token).await;
        }
        let cleared = self.blocking(|admin| {
            let names = [SecretName::DeskRefreshToken, SecretName::DeskSession, SecretName::DeskClientSecret];
            for name in names {
                admin.secrets.delete(name).map_err(|error| of_secrets(&error))?;
            }
            let locked = admin.read()?.locked;
            let keys = keys_of_desk().into_iter().filter(|key| !locked.contains(key));
            let mut changes: BTreeMap<_, _> = keys.map(|key| (key, Value::Null)).collect();
            let changed = admin.save(&changes)?;
            if changed.refused.is_empty() {
                return Ok(changed);
            }
            // A default may not go together with what the policy sets; the rest is cleared all the same.
            for refusal in &changed.refused {
                changes.remove(&refusal.key);
            }
            admin.save(&changes)
        });
        let refused = refusals(&cleared.await?, None);
        self.forget_contacts().await?;
        self.reloaded(refused).await
    }

    /// The database is the engine's where one runs.
    async fn forget_contacts(self: &Arc<Self>) -> Result<(), Fault> {
        if self.engine.is_some() {
            self.tell(Message::ForgetContacts).await;
            return Ok(());
        }
        self.blocking(|admin| {
            let cleared = Journal::open(&admin.paths.profile).and_then(|journal| journal.forget_people());
            if let Err(error) = cleared {
                tracing::warn!(%error, "the contacts of Desk could not be forgotten; they are within days");
            }
            if let Err(error) = Index::remove(&admin.paths.profile) {
                tracing::warn!(%error, "the index of contacts could not be deleted");
            }
            Ok(())
        })
        .await
    }

    /// The sign-in that is kept now, with the servers that gave it.
    async fn kept_sign_in(self: &Arc<Self>) -> Result<Option<(Secret, desk::Hosts)>, Fault> {
        self.blocking(|admin| {
            let settings = admin.loaded()?;
            let token = admin.secrets.get(SecretName::DeskRefreshToken).ok().flatten();
            Ok(token.zip(connect::hosts(&settings).ok()))
        })
        .await
    }

    fn read(&self) -> Result<Loaded, Fault> {
        settings::load_with(&self.paths.profile, &self.paths.policy).map_err(of_settings)
    }

    fn loaded(&self) -> Result<Settings, Fault> {
        Ok(self.read()?.settings)
    }

    /// What is refused is part of the answer.
    fn save(&self, changes: &BTreeMap<String, Value>) -> Result<Changed, Fault> {
        settings::change(&self.paths.profile, &self.paths.policy, changes).map_err(of_settings)
    }

    /// For changes of our own making, of which none should be refused.
    fn save_all(&self, changes: &BTreeMap<String, Value>) -> Result<(), Fault> {
        match self.save(changes)?.refused.first() {
            None => Ok(()),
            Some(refusal) => {
                Err(Fault { code: refusal.what.code().to_owned(), detail: Some(refusal.key.clone()) })
            }
        }
    }

    /// Files and the keychain block; a runtime with one thread must not.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let admin = self.clone();
        tokio::task::spawn_blocking(move || work(&admin)).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a step of setting up failed");
            Err(Fault::new("other"))
        })
    }

    async fn tell(&self, message: Message) {
        if let Some(engine) = &self.engine {
            // An error means that the loop has ended; the next one reads everything anew.
            let _ = engine.send(message).await;
        }
    }

    /// Until the engine works with what is kept and saved now.
    async fn apply(&self) {
        let (applied, done) = oneshot::channel();
        self.tell(Message::Reload { applied }).await;
        // An error means that there is no loop.
        let _ = done.await;
    }

    async fn tell_sign_in(&self, view: SignInView) {
        self.tell(Message::SignIn(view)).await;
    }

    /// The engine's own clients, so that asking costs no token.
    async fn clients(&self) -> Clients {
        let Some(engine) = &self.engine else { return Clients::default() };
        let (reply, answer) = oneshot::channel();
        if engine.send(Message::Clients { reply }).await.is_err() {
            return Clients::default();
        }
        answer.await.unwrap_or_default()
    }

    /// A client for Desk: the engine's, or one made for this question.
    async fn desk(self: &Arc<Self>) -> Result<desk::Desk, Fault> {
        if let Some(lookup) = self.clients().await.desk {
            return Ok(lookup.desk);
        }
        let made =
            self.blocking(|admin| connect::desk_alone(&admin.loaded()?, &admin.secrets).map_err(Fault::new));
        made.await
    }
}

/// Every key of the sections that belong to Desk.
fn keys_of_desk() -> Vec<String> {
    let all = serde_json::to_value(Settings::default()).unwrap_or_default();
    let keys = OF_DESK.iter().flat_map(|section| match all.get(section) {
        Some(Value::Object(keys)) => keys.keys().map(|key| format!("{section}.{key}")).collect(),
        Some(_) | None => vec![(*section).to_owned()],
    });
    keys.collect()
}

fn tidy(text: &Typed) -> Secret {
    let plain: String = text
        .0
        .expose_secret()
        .chars()
        .filter(|c| c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()))
        .collect();
    plain.into()
}

fn consent(file_permitted: bool) -> Consent {
    if file_permitted { Consent::Granted } else { Consent::NotGiven }
}

fn refusals(changed: &Changed, autostart: Option<ProblemView>) -> Vec<ProblemView> {
    let refused = changed
        .refused
        .iter()
        .map(|refusal| ProblemView { key: refusal.key.clone(), code: refusal.what.code().to_owned() });
    let locked = changed
        .skipped
        .iter()
        .map(|key| ProblemView { key: key.clone(), code: ProblemKind::Locked.code().to_owned() });
    refused.chain(locked).chain(autostart).collect()
}

fn of_settings(error: SettingsError) -> Fault {
    let code = match &error {
        SettingsError::Unreadable { .. } => "settings_unreadable",
        SettingsError::Malformed { .. } => "settings_malformed",
        SettingsError::Newer { .. } => "settings_newer",
        SettingsError::NotSaved { .. } => "settings_not_saved",
    };
    Fault { code: code.into(), detail: Some(error.to_string()) }
}

fn of_secrets(error: &SecretsError) -> Fault {
    Fault::new(error.code())
}

fn of_desk(error: &desk::Error) -> Fault {
    Fault { code: error.kind().code().to_owned(), detail: error.code().map(str::to_owned) }
}
