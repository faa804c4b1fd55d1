//! Trying a telephone system before its values are relied on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use deskring_store::{ExposeSecret as _, SecretName, settings};
use deskring_yeastar as pbx;
use serde_json::json;
use tokio::time::Instant;

use super::wire::{CertificateView, Fault, PbxDraft, PbxTest, SiteView, Switch, Typed};
use super::{Admin, bind};
use crate::connect;

/// A person waits this long for the answer at most.
const WITHIN: Duration = Duration::from_millis(4800);
/// How long a refusal counts; a PBX blocks an address for about as long.
const REFUSALS_COUNT_FOR: Duration = Duration::from_secs(600);

impl Admin {
    /// Tries these values. What goes wrong with the PBX is part of the answer.
    ///
    /// # Errors
    /// What keeps the question from being asked: an address that is none, no secret.
    pub(super) async fn test_pbx(self: &Arc<Self>, draft: PbxDraft) -> Result<PbxTest, Fault> {
        let (values, secret) = tidied(draft);
        let (address, extensions) = (values.url.clone().unwrap_or_default(), values.extensions.clone());
        let (client, borrowed) = self.client_for(values, secret).await?;
        let examining = self.examine(&address, &client, &borrowed, &extensions, WITHIN);
        let (examined, knocks) = tokio::join!(examining, client.knock(WITHIN));
        let Some(examined) = examined else { return Ok(held_back()) };
        let mut view = test_view(&examined.examination);
        view.sites = sites(&client, knocks);
        if let Some(left) = examined.tries_left {
            (view.tries_left, view.detail) = (Some(left), Some(left.to_string()));
        }
        Ok(view)
    }

    /// Examines, and counts what the PBX refuses. `None`: not asked, because a refusal would have locked this computer
    /// out.
    pub(super) async fn examine(
        &self,
        address: &str,
        client: &pbx::Pbx,
        borrowed: &Borrowed,
        extensions: &[String],
        within: Duration,
    ) -> Option<Examined> {
        let of_link = self.clients().await.pbx_refusals;
        // The link's own client does not ask again once it was refused.
        let asks = matches!(borrowed, Borrowed::Made(..));
        if asks && self.refusals.left(address, of_link) <= 1 {
            return None;
        }
        let examination = client.examine(extensions, within).await;
        let mut tries_left = None;
        if let Some(pbx::Kind::Credentials { .. }) = examination.error.as_ref().map(pbx::Error::kind) {
            if asks {
                self.refusals.count(address);
            }
            tries_left = Some(self.refusals.left(address, of_link));
        } else if asks && examination.information.is_some() {
            self.refusals.forget(address);
        }
        Some(Examined { examination, tries_left })
    }

    /// The engine's client, or one made for this question, which gives its token back when dropped.
    pub(super) async fn pbx(self: &Arc<Self>) -> Result<(pbx::Pbx, Borrowed), Fault> {
        let saved = self.blocking(|admin| Ok(admin.loaded()?.pbx)).await?;
        self.client_for(saved, None).await
    }

    async fn client_for(
        self: &Arc<Self>,
        values: settings::Pbx,
        secret: Option<Typed>,
    ) -> Result<(pbx::Pbx, Borrowed), Fault> {
        if secret.is_none()
            && self.is_saved(&values).await?
            && let Some(running) = self.clients().await.pbx
        {
            return Ok((running, Borrowed::Running));
        }
        let made = self.blocking(move |admin| {
            let missing = |code: &str| Fault::new(code);
            let url = values.url.ok_or_else(|| missing("pbx_address_missing"))?;
            let client_id = values.client_id.ok_or_else(|| missing("pbx_client_id_missing"))?;
            let secret = match secret {
                Some(typed) => super::tidy(&typed),
                None => match admin.secrets.get(SecretName::PbxClientSecret) {
                    Ok(secret) => secret.ok_or_else(|| missing("pbx_secret_missing"))?,
                    Err(error) => return Err(super::of_secrets(&error)),
                },
            };
            match secret.expose_secret().len() {
                0 => return Err(missing("pbx_secret_missing")),
                length if length > super::LONGEST_SECRET => return Err(missing("secret_too_long")),
                _ => {}
            }
            let trusted_certificate = values.trusted_certificate.as_deref().map(str::parse).transpose();
            let config = pbx::Config {
                address: pbx::Address::parse(&url).map_err(|_| missing("pbx_address_wrong"))?,
                client_id,
                client_secret: secret,
                trusted_certificate: trusted_certificate.map_err(|_| missing("pbx_certificate_wrong"))?,
                others: connect::others(values.more_addresses.iter()).map_err(missing)?,
                timings: pbx::Timings::default(),
            };
            pbx::Pbx::new(config, Arc::new(connect::NoTokens)).map_err(|error| fault(&error))
        });
        let client = made.await?;
        Ok((client.clone(), Borrowed::Made(Some(client))))
    }

    /// Whether these are the saved values, so that the running client is the same.
    async fn is_saved(self: &Arc<Self>, values: &settings::Pbx) -> Result<bool, Fault> {
        let values = values.clone();
        self.blocking(move |admin| {
            let saved = admin.loaded()?.pbx;
            if saved.url.is_none() {
                return Ok(false);
            }
            Ok((saved.url, saved.more_addresses, saved.client_id, saved.trusted_certificate)
                == (values.url, values.more_addresses, values.client_id, values.trusted_certificate))
        })
        .await
    }
}

/// What an examination brought.
pub(super) struct Examined {
    pub(super) examination: pbx::Examination,
    /// With wrong credentials: how many more the PBX will hear of before it locks this computer out.
    pub(super) tries_left: Option<u8>,
}

/// A draft as it would be saved: without what was pasted along.
fn tidied(draft: PbxDraft) -> (settings::Pbx, Option<Typed>) {
    let texts = json!({
        "url": draft.url, "client_id": draft.client_id, "extensions": draft.extensions,
        "trusted_certificate": draft.trusted_certificate, "more_addresses": draft.more_addresses,
    });
    // Texts and a list of texts are what these keys take.
    (serde_json::from_value(texts).unwrap_or_default(), draft.client_secret)
}

/// Wrong credentials in a row, by the PBX's address: it counts them, too, and then locks this computer out. Clients
/// made for one question know nothing of each other.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, (u8, Instant)>>);

impl Refusals {
    /// How many more the PBX will hear of before it locks this computer out. It counts all of our clients together;
    /// so do we, that of the link included.
    fn left(&self, address: &str, of_link: u8) -> u8 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = all.get(address).filter(|(_, last)| last.elapsed() < REFUSALS_COUNT_FOR);
        let ours = recent.map_or(0, |(count, _)| *count);
        pbx::TRIES_UNTIL_BLOCKED.saturating_sub(ours.saturating_add(of_link))
    }

    fn count(&self, address: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last) = all.entry(address.to_owned()).or_insert((0, Instant::now()));
        if last.elapsed() >= REFUSALS_COUNT_FOR {
            *count = 0;
        }
        (*count, *last) = (count.saturating_add(1), Instant::now());
    }

    /// The PBX counts anew after a sign-in.
    fn forget(&self, address: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
    }
}

/// What is said instead of the one try that could lock this computer out, and the running link with it.
fn held_back() -> PbxTest {
    PbxTest { cause: Some("credentials".to_owned()), tries_left: Some(0), ..PbxTest::default() }
}

/// Gives a token made for one question back: a PBX has eight.
pub(super) enum Borrowed {
    /// Of the engine; nothing to give back.
    Running,
    /// Until it is given back.
    Made(Option<pbx::Pbx>),
}

impl Borrowed {
    /// Waits until it is back: a program that asks one question ends right after.
    pub(super) async fn give_back(mut self) {
        if let Self::Made(client) = &mut self
            && let Some(client) = client.take()
        {
            sign_out(client).await;
        }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Self::Made(client) = self
            && let Some(client) = client.take()
        {
            tokio::spawn(sign_out(client));
        }
    }
}

async fn sign_out(client: pbx::Pbx) {
    if let Err(error) = client.sign_out().await {
        tracing::debug!(%error, "a token was not given back; it ends by itself");
    }
}

/// What is said of a system that was not reached, with the certificate to compare where that is why.
pub(super) fn failed(error: &pbx::Error) -> PbxTest {
    let examination = pbx::Examination { error: Some(error.clone()), ..pbx::Examination::default() };
    test_view(&examination)
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
        (view.certificate, view.expected_certificate) = certificates(error);
    }
    view
}

/// The certificate to be compared, and the one that is trusted.
fn certificates(error: &pbx::Error) -> (Option<CertificateView>, Option<String>) {
    match error.kind() {
        pbx::Kind::UnknownCertificate { certificate, reason, .. } => {
            (Some(certificate_view(certificate, *reason)), None)
        }
        pbx::Kind::ChangedCertificate { certificate, expected, .. } => {
            (Some(certificate_view(certificate, pbx::Distrust::Other)), Some(expected.to_string()))
        }
        _ => (None, None),
    }
}

/// What is said of each of several sites.
fn sites(client: &pbx::Pbx, knocks: Vec<(pbx::Site, Result<(), pbx::Error>)>) -> Vec<SiteView> {
    let serving = client.site().address;
    let view = |(site, knock): (pbx::Site, Result<(), pbx::Error>)| {
        let (certificate, expected_certificate) = knock.as_ref().err().map(certificates).unwrap_or_default();
        SiteView {
            address: site.address.to_string(),
            serves: site.address == serving && knock.is_ok(),
            cause: knock.err().map(|error| connect::pbx_cause(error.kind()).to_owned()),
            certificate,
            expected_certificate,
        }
    };
    knocks.into_iter().map(view).collect()
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
