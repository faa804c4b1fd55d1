//! The doctor: looks at everything a call needs, from the name of the PBX to the button of a notification, and says
//! what is wrong with each. Changes no setting; costs one token of the PBX at most, given back, and fewer than
//! twenty of Desk's credits.
//!
//! Four lines of questions run side by side: the computer, the PBX, Desk, the copies of Desk's records. Within a line a failure leaves the later
//! questions unasked, because they would only say the same again. What is found is copied to other people: values
//! are hosts, versions, numbers of extensions and names of programs, never secrets and never names of persons. Must
//! not mend anything.

mod computer;
mod copies;
mod helpdesk;
mod telephone;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deskring_store::{Loaded, SettingsError};

use super::Admin;
use super::wire::Fault;
use crate::connect;
use crate::view::{Finding, FindingState};
pub(super) use computer::tray_app;

/// Clocks further apart than this make calls and tokens look older or younger than they are.
const CLOCK_OFF_SECONDS: u64 = 60;
/// A keychain that is open answers at once; a locked one waits for its user.
const KEYCHAIN_WITHIN: Duration = Duration::from_secs(3);

/// Values for the words of a finding.
type Values<'a> = &'a [(&'a str, &'a str)];

/// One line of questions as it is answered.
struct Line {
    /// Every question, in the order in which they are asked and told.
    order: &'static [&'static str],
    found: Vec<Finding>,
}

impl Line {
    fn new(order: &'static [&'static str]) -> Self {
        Self { order, found: Vec::new() }
    }

    /// One finding for each question: the worst.
    fn say(&mut self, check: &str, state: FindingState, code: &str, values: Values<'_>) {
        let values: BTreeMap<String, String> =
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let finding = Finding { check: check.to_owned(), state, code: code.to_owned(), values };
        match self.found.iter_mut().find(|known| known.check == check) {
            Some(known) if known.state < state => *known = finding,
            Some(_) => {}
            None => self.found.push(finding),
        }
    }

    fn ok(&mut self, check: &str, code: &str, values: Values<'_>) {
        self.say(check, FindingState::Ok, code, values);
    }

    fn warn(&mut self, check: &str, code: &str, values: Values<'_>) {
        self.say(check, FindingState::Warn, code, values);
    }

    fn fail(&mut self, check: &str, code: &str, values: Values<'_>) {
        self.say(check, FindingState::Fail, code, values);
    }

    /// The other side does not say.
    fn not_told(&mut self, check: &str) {
        self.say(check, FindingState::Skipped, "not_told", &[]);
    }

    fn first_open(&self) -> Option<&'static str> {
        self.order.iter().find(|check| !self.found.iter().any(|known| known.check == **check)).copied()
    }

    /// In order; what was not asked any more is there as well.
    fn finish(mut self) -> Vec<Finding> {
        while let Some(check) = self.first_open() {
            self.say(check, FindingState::Skipped, "after_failure", &[]);
        }
        // What has no place of its own, such as settings, comes first.
        self.found.sort_by_key(|finding| self.order.iter().position(|check| *check == finding.check));
        self.found
    }
}

impl Admin {
    /// Everything. Takes twelve seconds at most when nobody answers.
    pub async fn check_everything(self: &Arc<Self>) -> Vec<Finding> {
        let mut line = Line::new(&["settings"]);
        let Some(loaded) = self.check_settings(&mut line).await else {
            return [line.finish(), self.computer(None).await].concat();
        };
        let settings = &loaded.settings;
        let (computer, pbx, desk, copies) = tokio::join!(
            self.computer(Some(settings)),
            self.telephone(settings),
            self.helpdesk(settings),
            self.copies()
        );
        [line.finish(), computer, pbx, desk, copies].concat()
    }

    /// What sleep and other networks break and no link tells by itself: the clock, and somebody between Desk and us.
    /// One request without a token; only what is wrong. The keychain is left alone: a locked one would ask its user
    /// for a password each time the computer wakes up.
    pub(crate) async fn quick_check(self: &Arc<Self>) -> Vec<Finding> {
        let Ok(Ok(loaded)) = self.load().await else { return Vec::new() };
        let mut line = Line::new(&[]);
        if let Ok(hosts) = connect::hosts(&loaded.settings)
            && loaded.settings.desk.enabled
            && loaded.settings.desk.client_id.is_some()
        {
            helpdesk::look_around(&mut line, &hosts).await;
        }
        line.found.retain(|finding| {
            matches!((finding.check.as_str(), finding.code.as_str()), ("clock", "clock_off") | (_, "tls"))
        });
        line.found
    }

    async fn check_settings(self: &Arc<Self>, line: &mut Line) -> Option<Loaded> {
        let loaded = match self.load().await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(error)) => {
                unreadable(line, &error);
                return None;
            }
            Err(fault) => {
                line.fail("settings", &fault.code, &[("system", "computer")]);
                return None;
            }
        };
        let problems = connect::problems(&loaded);
        match problems.first() {
            None => line.ok("settings", "settings_good", &[]),
            Some(first) => {
                let count = problems.len().to_string();
                let values =
                    [("key", first.key.as_str()), ("problem", first.code.as_str()), ("count", &count)];
                line.warn("settings", "settings_problem", &values);
            }
        }
        if let Some(policy) = &loaded.policy {
            line.ok("policy", "policy_in_force", &[("file", &name_of(policy))]);
        }
        Some(loaded)
    }

    async fn load(self: &Arc<Self>) -> Result<Result<Loaded, SettingsError>, Fault> {
        self.blocking(|admin| {
            Ok(deskring_store::settings::load_with(&admin.paths.profile, &admin.paths.policy))
        })
        .await
    }
}

/// Which file and where in it. Not what the reader expected there, which may quote a secret in the wrong place.
fn unreadable(line: &mut Line, error: &SettingsError) {
    let (code, file, place) = match error {
        SettingsError::Unreadable { file, .. } | SettingsError::NotSaved { file, .. } => {
            ("settings_unreadable", file, String::new())
        }
        SettingsError::Malformed { file, line, column, key, .. } => {
            ("settings_malformed", file, format!("{line}:{column} {key}"))
        }
        SettingsError::Newer { file, .. } => ("settings_newer", file, String::new()),
    };
    line.fail("settings", code, &[("file", &name_of(file)), ("place", place.trim())]);
}

/// A file without its folder, which often names a person.
fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
