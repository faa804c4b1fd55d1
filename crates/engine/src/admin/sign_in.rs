//! Signing in to Desk from the first click to an organization, a department and a kept token. The accounts server's
//! protocol is the client's; here is what comes before and after it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use deskring_store::settings::{ClientType, DataCenter};
use deskring_store::{Consent, Place, Secret, SecretName, Settings};
use deskring_zoho_desk as desk;
use deskring_zoho_desk::TokenStore as _;
use serde_json::{Value, json};

use super::wire::{Fault, Typed};
use super::{Admin, of_desk, of_secrets};
use crate::clock::wall_ms;
use crate::connect;
use crate::desktop::SignInEnd;
use crate::tokens::DeskTokens;
use crate::view::SignInView;

impl Admin {
    /// Opens the door for the browser's return and gives the address to open. The rest happens by itself and is told
    /// through the view; an earlier attempt ends.
    ///
    /// # Errors
    /// What keeps it from beginning: no client, no secret, a port in use.
    pub(super) async fn begin_sign_in(
        self: &Arc<Self>,
        scopes: desk::Scopes,
        consent: Consent,
    ) -> Result<String, Fault> {
        self.cancel_sign_in().await;
        let sign_in = self.open_door(scopes).await?;
        let address = sign_in.address().to_string();
        self.tell_sign_in(waiting(&address)).await;
        // An answer of the loop: whoever looks from now on sees this sign-in and not the end of an earlier one.
        let _ = self.clients().await;
        let admin = self.clone();
        let task = tokio::spawn(async move {
            let view = match admin.follow(sign_in, scopes, consent).await {
                Ok(()) => SignInView::Done,
                Err(fault) => SignInView::Failed { cause: fault.code, detail: fault.detail },
            };
            admin.tell_sign_in(view).await;
        });
        *self.signing_in.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        Ok(address)
    }

    /// Signs in from a terminal: `show` is given each address a person has to open.
    ///
    /// # Errors
    /// Why it did not come to a kept token.
    pub async fn sign_in_here(
        self: &Arc<Self>,
        scopes: desk::Scopes,
        file_permitted: bool,
        show: impl Fn(&str),
    ) -> Result<(), Fault> {
        let consent = super::consent(file_permitted);
        let sign_in = self.open_door(scopes).await?;
        show(sign_in.address().as_str());
        let end = self.finish(sign_in, consent).await;
        let Some(other) = other_scopes(&end, scopes) else { return end };
        let again = self.open_door(other).await?;
        show(again.address().as_str());
        self.finish(again, consent).await
    }

    /// Closes the door, when one is open.
    pub(super) async fn cancel_sign_in(&self) {
        let task = self.signing_in.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && !task.is_finished()
        {
            task.abort();
            // Ends with the port free; the only error is that it was aborted.
            let _ = task.await;
            let cause = "sign_in_cancelled".to_owned();
            self.tell_sign_in(SignInView::Failed { cause, detail: None }).await;
        }
    }

    async fn open_door(self: &Arc<Self>, scopes: desk::Scopes) -> Result<desk::SignIn, Fault> {
        let (application, door) = self
            .blocking(|admin| {
                let settings = admin.loaded()?;
                let secret = admin.secrets.get(SecretName::DeskClientSecret);
                // What cannot be kept is not asked for.
                if let Ok(Some(Place::Environment)) = admin.secrets.place(SecretName::DeskRefreshToken) {
                    return Err(Fault::new("set_by_environment"));
                }
                Ok((application(&settings, secret)?, connect::door(&settings)))
            })
            .await?;
        let page = |end| self.desktop.sign_in_page(end);
        let pages = desk::Pages {
            success: page(SignInEnd::Success),
            refused: page(SignInEnd::Refused),
            failed: page(SignInEnd::Failed),
            wrong: page(SignInEnd::Stray),
        };
        desk::SignIn::begin(application, scopes, door, pages).await.map_err(of_sign_in)
    }

    /// Waits for the person, a second time when the page has to be another one.
    async fn follow(
        self: &Arc<Self>,
        sign_in: desk::SignIn,
        scopes: desk::Scopes,
        consent: Consent,
    ) -> Result<(), Fault> {
        let end = self.finish(sign_in, consent).await;
        let Some(other) = other_scopes(&end, scopes) else { return end };
        let again = self.open_door(other).await?;
        let address = again.address().to_string();
        self.tell_sign_in(waiting(&address)).await;
        let desktop = self.desktop.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = desktop.open(&address) {
                tracing::warn!(error, "the browser could not be started");
            }
        });
        self.finish(again, consent).await
    }

    async fn finish(self: &Arc<Self>, sign_in: desk::SignIn, consent: Consent) -> Result<(), Fault> {
        let granted = sign_in.finish(desk::SIGN_IN_PATIENCE).await.map_err(of_sign_in)?;
        let before = self.kept_sign_in().await?;
        let token = Typed(granted.refresh_token.clone());
        if let Err(fault) = self.keep(SecretName::DeskRefreshToken, token, consent).await {
            give_back(&granted.hosts, &granted.refresh_token).await;
            return Err(fault);
        }
        let first = self.settle(granted).await;
        // The earlier token is given back only when nobody works with it any more.
        self.apply().await;
        if let Some((old, hosts)) = before {
            give_back(&hosts, &old).await;
        }
        first
    }

    /// Puts the choices in that have only one sensible answer, so that calls pop from now on.
    async fn settle(self: &Arc<Self>, granted: desk::Granted) -> Result<(), Fault> {
        let center = granted.data_center;
        let (saved, client) = self
            .blocking(move |admin| {
                let mut settings = admin.loaded()?;
                let saved = settings.desk.clone();
                if let Some(center) = center {
                    settings.desk.data_center = stored(center);
                }
                settings.desk.organization_id = None;
                let secret = admin.secrets.get(SecretName::DeskClientSecret);
                let token = Ok(Some(granted.refresh_token.clone()));
                let client =
                    connect::desk_with(&settings, secret, token, &admin.secrets).map_err(Fault::new)?;
                // Bought with the code already: asking for another one would count against Zoho's limit.
                DeskTokens { secrets: admin.secrets.clone(), owner: connect::owner(&granted.refresh_token) }
                    .save(&granted.access_token);
                Ok((saved, client))
            })
            .await?;
        let mut changes = BTreeMap::from([("desk.enabled".to_owned(), json!(true))]);
        if let Some(center) = center {
            changes.insert("desk.data_center".to_owned(), json!(stored(center)));
        }
        let organizations = client.organizations().await.map_err(|error| of_desk(&error))?;
        let wanted = saved.organization_id.clone().map(desk::OrganizationId::new);
        if let Some(chosen) = connect::chosen(&organizations, wanted.as_ref()) {
            changes.insert("desk.organization_id".to_owned(), json!(chosen.id.as_str()));
            let inside = client.in_organization(chosen.id.clone()).map_err(|error| of_desk(&error))?;
            let mine = inside.my_departments().await.unwrap_or_default();
            let known = saved.department_id.as_deref();
            if !mine.iter().any(|department| Some(department.id.as_str()) == known) {
                let first = mine.first().map_or(Value::Null, |department| json!(department.id.as_str()));
                changes.insert("desk.department_id".to_owned(), first);
            }
        }
        self.blocking(move |admin| {
            let locked = admin.read()?.locked;
            changes.retain(|key, _| !locked.contains(key));
            admin.save_all(&changes)
        })
        .await
    }
}

/// A console that does not know the usual name of a right is asked for the other one.
fn other_scopes(end: &Result<(), Fault>, scopes: desk::Scopes) -> Option<desk::Scopes> {
    match (end, scopes) {
        (Err(fault), desk::Scopes::Calls) if fault.code == "scope_unknown" => {
            Some(desk::Scopes::ActivitiesCalls)
        }
        (_, desk::Scopes::Calls | desk::Scopes::ActivitiesCalls) => None,
    }
}

/// Zoho keeps twenty tokens for a user and drops the oldest silently: one that is not used is given back.
pub(super) async fn give_back(hosts: &desk::Hosts, token: &Secret) {
    if let Err(error) = desk::revoke(hosts, token, desk::Timings::default()).await {
        tracing::warn!(%error, "Zoho was not told that a sign-in is given back");
    }
}

fn waiting(address: &str) -> SignInView {
    let patience = i64::try_from(desk::SIGN_IN_PATIENCE.as_millis()).unwrap_or(0);
    SignInView::Waiting { address: address.to_owned(), until_ms: wall_ms() + patience }
}

fn application(
    settings: &Settings,
    secret: Result<Option<Secret>, deskring_store::SecretsError>,
) -> Result<desk::Application, Fault> {
    let client_id = settings.desk.client_id.clone().ok_or_else(|| Fault::new("desk_client_id_missing"))?;
    let client_secret = match secret {
        Ok(Some(secret)) => secret,
        Ok(None) => return Err(Fault::new("desk_secret_missing")),
        Err(error) => return Err(of_secrets(&error)),
    };
    Ok(desk::Application {
        hosts: connect::hosts(settings).map_err(Fault::new)?,
        client_id,
        client_secret,
        client_type: match settings.desk.client_type {
            ClientType::Server => desk::ClientType::Server,
            ClientType::Desktop => desk::ClientType::Desktop,
        },
    })
}

fn of_sign_in(error: desk::SignInError) -> Fault {
    Fault { code: error.code().to_owned(), detail: error.detail().map(str::to_owned) }
}

fn stored(center: desk::DataCenter) -> DataCenter {
    match center {
        desk::DataCenter::Us => DataCenter::Us,
        desk::DataCenter::Eu => DataCenter::Eu,
        desk::DataCenter::In => DataCenter::In,
        desk::DataCenter::Au => DataCenter::Au,
        desk::DataCenter::Jp => DataCenter::Jp,
        desk::DataCenter::Cn => DataCenter::Cn,
        desk::DataCenter::Ca => DataCenter::Ca,
        desk::DataCenter::Sa => DataCenter::Sa,
        desk::DataCenter::Sg => DataCenter::Sg,
        desk::DataCenter::Ae => DataCenter::Ae,
    }
}
