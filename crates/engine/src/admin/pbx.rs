//! Trying a telephone system before its values are relied on.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use deskring_store::{ExposeSecret as _, SecretName};
use deskring_yeastar as pbx;

use super::wire::{CertificateView, Fault, PbxDraft, PbxTest, Switch};
use super::{Admin, bind};
use crate::connect;

/// A person waits this long for the answer at most.
const WITHIN: Duration = Duration::from_millis(4800);

impl Admin {
    /// Tries these values. What goes wrong with the PBX is part of the answer.
    ///
    /// # Errors
    /// What keeps the question from being asked: an address that is none, no secret.
    pub(super) async fn test_pbx(self: &Arc<Self>, draft: PbxDraft) -> Result<PbxTest, Fault> {
        let (extensions, address) = (draft.extensions.clone(), draft.url.trim().to_owned());
        let (client, borrowed) = self.client_for(draft).await?;
        let examination = client.examine(&extensions, WITHIN).await;
        // The link's own client does not ask again once it was refused.
        let asked = u8::from(matches!(borrowed, Borrowed::Made(_)));
        drop(borrowed);
        let mut view = test_view(&examination);
        let refused = examination.error.as_ref().map(pbx::Error::kind);
        view.tries_left = self.tries_left(address, asked, refused).await;
        Ok(view)
    }

    /// With wrong credentials, how many more the PBX will hear of before it locks this computer out. It counts all
    /// of our clients together; so do we, those of the link included.
    async fn tries_left(&self, address: String, asked: u8, error: Option<&pbx::Kind>) -> Option<u8> {
        let of_link = self.clients().await.pbx_refusals;
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = match error {
            Some(pbx::Kind::Credentials { .. }) => refusals.entry(address).or_default(),
            Some(_) => return None,
            None => {
                refusals.remove(&address);
                return None;
            }
        };
        *refused = refused.saturating_add(asked);
        Some(pbx::TRIES_UNTIL_BLOCKED.saturating_sub(refused.saturating_add(of_link)))
    }

    /// The engine's client, or one made for this question, which gives its token back when dropped.
    pub(super) async fn pbx(self: &Arc<Self>) -> Result<(pbx::Pbx, Borrowed), Fault> {
        let draft = self
            .blocking(|admin| {
                let settings = admin.loaded()?;
                Ok(PbxDraft {
                    url: settings.pbx.url.unwrap_or_default(),
                    client_id: settings.pbx.client_id.unwrap_or_default(),
                    client_secret: None,
                    extensions: settings.pbx.extensions,
                    trusted_certificate: settings.pbx.trusted_certificate,
                })
            })
            .await?;
        self.client_for(draft).await
    }

    async fn client_for(self: &Arc<Self>, draft: PbxDraft) -> Result<(pbx::Pbx, Borrowed), Fault> {
        if draft.client_secret.is_none()
            && self.is_saved(&draft).await?
            && let Some(running) = self.clients().await.pbx
        {
            return Ok((running, Borrowed::Running));
        }
        let made = self.blocking(move |admin| {
            let missing = |code: &str| Err(Fault::new(code));
            if draft.url.trim().is_empty() {
                return missing("pbx_address_missing");
            }
            if draft.client_id.trim().is_empty() {
                return missing("pbx_client_id_missing");
            }
            let secret = match draft.client_secret {
                Some(typed) => super::tidy(&typed),
                None => match admin.secrets.get(SecretName::PbxClientSecret) {
                    Ok(Some(secret)) => secret,
                    Ok(None) => return missing("pbx_secret_missing"),
                    Err(error) => return Err(super::of_secrets(&error)),
                },
            };
            if secret.expose_secret().is_empty() {
                return missing("pbx_secret_missing");
            }
            let wanted = draft.trusted_certificate.as_deref().filter(|text| !text.is_empty());
            let trusted_certificate = match wanted.map(str::parse) {
                None => None,
                Some(Ok(fingerprint)) => Some(fingerprint),
                Some(Err(_)) => return missing("pbx_certificate_wrong"),
            };
            let config = pbx::Config {
                address: pbx::Address::parse(draft.url.trim())
                    .map_err(|_| Fault::new("pbx_address_wrong"))?,
                client_id: draft.client_id.trim().to_owned(),
                client_secret: secret,
                trusted_certificate,
                timings: pbx::Timings::default(),
            };
            pbx::Pbx::new(config, Arc::new(connect::NoTokens)).map_err(|error| fault(&error))
        });
        let client = made.await?;
        Ok((client.clone(), Borrowed::Made(Some(client))))
    }

    /// Whether these are the saved values, so that the running client is the same.
    async fn is_saved(self: &Arc<Self>, draft: &PbxDraft) -> Result<bool, Fault> {
        let draft = draft.clone();
        self.blocking(move |admin| {
            let saved = admin.loaded()?.pbx;
            Ok(saved.url.as_deref() == Some(draft.url.trim())
                && saved.client_id.as_deref() == Some(draft.client_id.trim())
                && saved.trusted_certificate.as_deref().unwrap_or_default()
                    == draft.trusted_certificate.as_deref().unwrap_or_default())
        })
        .await
    }
}

/// Gives a token made for one question back: a PBX has eight.
pub(super) enum Borrowed {
    Running,
    Made(Option<pbx::Pbx>),
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Self::Made(client) = self
            && let Some(client) = client.take()
        {
            tokio::spawn(async move {
                if let Err(error) = client.sign_out().await {
                    tracing::debug!(%error, "a token was not given back; it ends by itself");
                }
            });
        }
    }
}

pub(super) fn fault(error: &pbx::Error) -> Fault {
    Fault { code: connect::pbx_cause(error.kind()).to_owned(), detail: connect::pbx_detail(error) }
}

fn test_view(examination: &pbx::Examination) -> PbxTest {
    let information = examination.information.as_ref();
    let mut view = PbxTest {
        took_ms: u64::try_from(examination.took.as_millis()).unwrap_or(u64::MAX),
        model: information.and_then(|information| information.model.clone()),
        firmware: information.and_then(|information| information.firmware.clone()),
        extensions: examination.extensions.iter().map(bind::extension_view).collect(),
        missing: examination.missing.clone(),
        extension_monitor: monitor(examination.monitors.as_ref().map(|monitors| monitors.extensions)),
        trunk_monitor: monitor(examination.monitors.as_ref().map(|monitors| monitors.trunks)),
        ..PbxTest::default()
    };
    if let Some(error) = &examination.error {
        let fault = fault(error);
        (view.cause, view.detail) = (Some(fault.code), fault.detail);
        match error.kind() {
            pbx::Kind::UnknownCertificate { certificate, reason, .. } => {
                view.certificate = Some(certificate_view(certificate, *reason));
            }
            pbx::Kind::ChangedCertificate { certificate, expected, .. } => {
                view.certificate = Some(certificate_view(certificate, pbx::Distrust::Other));
                view.expected_certificate = Some(expected.to_string());
            }
            _ => {}
        }
    }
    view
}

fn monitor(monitor: Option<pbx::Monitor>) -> Switch {
    match monitor {
        Some(pbx::Monitor::On) => Switch::On,
        Some(pbx::Monitor::Off) => Switch::Off,
        Some(pbx::Monitor::Unknown) | None => Switch::Unknown,
    }
}

fn certificate_view(certificate: &pbx::Certificate, reason: pbx::Distrust) -> CertificateView {
    let ms = |time: std::time::SystemTime| match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    };
    CertificateView {
        sha256: certificate.fingerprint.to_string(),
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        not_before_ms: certificate.not_before.map(ms),
        not_after_ms: certificate.not_after.map(ms),
        reason: match reason {
            pbx::Distrust::UnknownIssuer => "unknown_issuer",
            pbx::Distrust::WrongName => "wrong_name",
            pbx::Distrust::Expired => "expired",
            pbx::Distrust::NotYetValid => "not_yet_valid",
            pbx::Distrust::Other => "other",
        }
        .to_owned(),
    }
}
