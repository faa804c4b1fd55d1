//! Joining a gateway by the link that its administrator handed out. Owns the order: what cannot be kept is not asked
//! for, because the code works once. Nothing is sent before a person has agreed: any page can open a link.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use deskring_store::{Consent, SecretName};
use deskring_yeastar as pbx;
use pbx::ExposeSecret as _;
use serde_json::{Value, json};

use super::wire::{Answer, Fault, InvitedBy, PbxDraft, PbxTest, Typed};
use super::{Admin, of_secrets};
use crate::handle::{Command, Message, Window};
use crate::view::InvitationView;

/// Without these the credential is of no use.
const NEEDED: [&str; 3] = ["pbx.url", "pbx.client_id", "pbx.extensions"];

/// The last link that was opened.
#[derive(Default)]
pub(super) struct Opened {
    /// Counts them, so that none is taken for another.
    latest: u64,
    /// `None` when it could not be read, or is answered.
    invitation: Option<pbx::Invitation>,
}

impl Admin {
    /// Somebody, or a page, opened a link. The person at the screen is asked; no answer is waited for.
    pub(crate) async fn invited(&self, link: &str) {
        let invitation = pbx::Invitation::read(link).ok();
        let gateway = invitation.as_ref().map(|invitation| invitation.gateway().to_string());
        let id = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            opened.latest += 1;
            opened.invitation = invitation;
            opened.latest
        };
        let view = InvitationView { id, gateway };
        self.tell(Message::Invited(Some(view))).await;
        self.tell(Message::Command(Command::Show { window: Window::Settings })).await;
    }

    /// The person does not want to.
    pub(super) async fn decline(&self) {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).invitation = None;
        self.tell(Message::Invited(None)).await;
    }

    /// The person has agreed.
    ///
    /// # Errors
    /// Why there is no credential. A certificate that a person has to compare is an answer.
    pub(super) async fn enroll(
        self: &Arc<Self>,
        by: InvitedBy,
        trusted: Option<String>,
        consent: Consent,
    ) -> Result<Answer, Fault> {
        let invitation = match by {
            InvitedBy::Link(link) => pbx::Invitation::read(link.0.expose_secret()).ok(),
            InvitedBy::Shown(shown) => {
                let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
                opened.invitation.clone().filter(|_| opened.latest == shown)
            }
        };
        let invitation = invitation.ok_or_else(|| Fault::new("invitation_wrong"))?;
        let fingerprint = trusted.as_deref().filter(|text| !text.is_empty()).map(str::parse).transpose();
        let fingerprint = fingerprint.map_err(|_| Fault::new("pbx_certificate_wrong"))?;
        self.blocking(move |admin| admin.could_keep(consent)).await?;
        let enrolled = match invitation.accept(fingerprint).await {
            Ok(enrolled) => enrolled,
            Err(error) if is_of_certificate(&error) => {
                return Ok(Answer::PbxTest(Box::new(super::pbx::failed(&error))));
            }
            Err(error) => return Err(refused(&error)),
        };
        let extension = enrolled.extension.clone();
        self.keep(SecretName::PbxClientSecret, Typed(enrolled.client_secret.clone()), consent).await?;
        self.blocking(move |admin| admin.save_enrolled(&enrolled, trusted)).await?;
        self.decline().await;
        self.apply().await;
        // It is connected, whatever the test says.
        let test = self.test_saved().await.unwrap_or_else(|fault| PbxTest {
            cause: Some(fault.code),
            detail: fault.detail,
            ..PbxTest::default()
        });
        Ok(Answer::Enrolled { extension, test: Box::new(test) })
    }

    fn could_keep(&self, consent: Consent) -> Result<(), Fault> {
        self.secrets.could_set(SecretName::PbxClientSecret, consent).map_err(|error| of_secrets(&error))?;
        let locked = self.read()?.locked;
        match NEEDED.iter().find(|key| locked.contains(**key)) {
            Some(key) => Err(Fault { code: "set_by_policy".into(), detail: Some((*key).to_owned()) }),
            None => Ok(()),
        }
    }

    fn save_enrolled(&self, enrolled: &pbx::Enrolled, trusted: Option<String>) -> Result<(), Fault> {
        let mut addresses = enrolled.addresses.iter().map(ToString::to_string);
        let url = addresses.next();
        let others: Vec<String> = addresses.collect();
        let mut changes: BTreeMap<String, Value> = BTreeMap::from([
            ("pbx.url".to_owned(), json!(url)),
            ("pbx.more_addresses".to_owned(), json!(others)),
            ("pbx.client_id".to_owned(), json!(enrolled.client_id)),
            ("pbx.extensions".to_owned(), json!([enrolled.extension])),
            ("pbx.trusted_certificate".to_owned(), json!(trusted)),
        ]);
        let locked = self.read()?.locked;
        changes.retain(|key, _| !locked.contains(key));
        self.save_all(&changes)
    }

    async fn test_saved(self: &Arc<Self>) -> Result<PbxTest, Fault> {
        let saved = self.blocking(|admin| Ok(admin.loaded()?.pbx)).await?;
        self.test_pbx(PbxDraft {
            url: saved.url.unwrap_or_default(),
            more_addresses: saved.more_addresses,
            client_id: saved.client_id.unwrap_or_default(),
            client_secret: None,
            extensions: saved.extensions,
            trusted_certificate: saved.trusted_certificate,
        })
        .await
    }
}

fn is_of_certificate(error: &pbx::Error) -> bool {
    matches!(error.kind(), pbx::Kind::UnknownCertificate { .. } | pbx::Kind::ChangedCertificate { .. })
}

fn refused(error: &pbx::Error) -> Fault {
    let code = match error.kind() {
        pbx::Kind::NotFound => "invitation_refused",
        pbx::Kind::AddressBlocked => "invitation_locked",
        // A PBX, a page of a web server, a gateway that is too old.
        pbx::Kind::TooOld | pbx::Kind::Malformed => "invitation_no_gateway",
        _ => return super::pbx::fault(error),
    };
    Fault::new(code)
}
