//! The switches of the PBX without which it sends no events (Integrations > API > Advanced Settings).
//!
//! Owns: reading the two lists. Must not know: whether something is to be done about it, or by whom; the PBX is
//! never changed.
//!
//! Source: Yeastar developer guide, "Trunk status monitor", "Extension status monitor". It shows how the lists
//! are changed; that and how they can be read is inferred. So what is not understood is [`Monitor::Unknown`].

use std::fmt;

use serde_json::Value;

use crate::{
    directory::number,
    error::{Error, Kind},
    event::{integer, string},
    http::Ask,
    pbx::{Core, Pbx},
};

/// What the PBX is told to report. `Debug` shows no extension.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Monitors {
    /// Extensions: without it their states (30007, 30008) are not sent.
    pub extensions: Monitor,
    /// Trunks: without it calls over a trunk come without their outside party, or not at all.
    pub trunks: Monitor,
    /// Numbers of the extensions that are switched off.
    pub extensions_off: Vec<String>,
    /// Names of the trunks that are switched off.
    pub trunks_off: Vec<String>,
}

/// Whether something is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Monitor {
    /// All that was asked about is switched on.
    On,
    /// At least one is switched off.
    Off,
    /// The PBX does not say: an older firmware, no list, an empty one, or one we cannot read.
    #[default]
    Unknown,
}

impl fmt::Debug for Monitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitors")
            .field("extensions", &self.extensions)
            .field("trunks", &self.trunks)
            .field("extensions_off", &self.extensions_off.len())
            .field("trunks_off", &self.trunks_off)
            .finish()
    }
}

impl Pbx {
    /// What the PBX is told to report, of all its extensions and trunks.
    ///
    /// # Errors
    /// Transport faults, and refusals of the token or of our address. A PBX that refuses the lists themselves is
    /// no error: what it would not say is unknown.
    pub async fn monitors(&self) -> Result<Monitors, Error> {
        self.0.monitors(&[]).await
    }
}

impl Core {
    /// The same, of these extensions only; of all when there are none.
    pub(crate) async fn monitors(&self, mine: &[&str]) -> Result<Monitors, Error> {
        let (extensions, trunks) = tokio::try_join!(
            self.monitored("extension_status_monitor/list", extension),
            self.monitored("trunk_status_monitor/list", trunk),
        )?;
        let extensions = if mine.is_empty() { extensions } else { only(&extensions, mine) };
        let ((extensions, extensions_off), (trunks, trunks_off)) = (verdict(extensions), verdict(trunks));
        Ok(Monitors { extensions, trunks, extensions_off, trunks_off })
    }

    async fn monitored(
        &self,
        endpoint: &'static str,
        name: fn(&Value) -> Option<String>,
    ) -> Result<Vec<Monitored>, Error> {
        let rows = match self.rows(Ask::read(endpoint)).await {
            Err(error) if is_about_the_list(&error) => {
                tracing::debug!(endpoint, %error, "the PBX does not tell what it reports");
                Vec::new()
            }
            rows => rows?,
        };
        Ok(rows.iter().filter_map(|row| Some((name(row)?, switch(row)))).collect())
    }
}

type Monitored = (String, Monitor);

fn extension(row: &Value) -> Option<String> {
    number(row).or_else(|| string(row, "extension"))
}

fn trunk(row: &Value) -> Option<String> {
    ["name", "trunk_name", "trunk_id", "id"].iter().find_map(|field| string(row, field))
}

/// QUIRK(yeastar): the documented form of a change has `enb_call_status` with 0 or 1; take what is close to it.
fn switch(row: &Value) -> Monitor {
    let Some((field, value)) =
        row.as_object().and_then(|row| row.iter().find(|(field, _)| field.contains("call_stat")))
    else {
        return Monitor::Unknown;
    };
    match (value, integer(row, field)) {
        (Value::Bool(true), _) | (_, Some(1)) => Monitor::On,
        (Value::Bool(false), _) | (_, Some(0)) => Monitor::Off,
        _ => Monitor::Unknown,
    }
}

/// The rows of these extensions. One that is not in the list is unknown: perhaps there is no such extension.
fn only(rows: &[Monitored], mine: &[&str]) -> Vec<Monitored> {
    let of = |number: &str| rows.iter().find(|(known, _)| known == number).map(|(_, switch)| *switch);
    mine.iter().map(|number| ((*number).to_owned(), of(number).unwrap_or_default())).collect()
}

/// What the rows say together, and which of them are off.
fn verdict(rows: Vec<Monitored>) -> (Monitor, Vec<String>) {
    let all_on = !rows.is_empty() && rows.iter().all(|(_, switch)| *switch == Monitor::On);
    let off = |(name, switch)| if switch == Monitor::Off { Some(name) } else { None };
    let off: Vec<String> = rows.into_iter().filter_map(off).collect();
    let together = match (off.is_empty(), all_on) {
        (false, _) => Monitor::Off,
        (true, true) => Monitor::On,
        (true, false) => Monitor::Unknown,
    };
    (together, off)
}

/// Does the PBX refuse to tell, rather than refuse us?
fn is_about_the_list(error: &Error) -> bool {
    matches!(error.kind(), Kind::TooOld | Kind::NotFound | Kind::Parameter | Kind::Malformed | Kind::Other)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::fake::{Asked, Fake, Reply, quick, refusal};

    /// The extensions' list is this, the trunks' list is empty.
    async fn told(extensions: fn() -> Reply, mine: &[&str]) -> Result<Monitors, Error> {
        let rule = move |asked: &Asked| match asked.endpoint.as_str() {
            "extension_status_monitor/list" => extensions(),
            _ => Reply::Default,
        };
        let pbx = Fake::start(rule).await;
        pbx.pbx(quick(), Arc::default()).0.monitors(mine).await
    }

    fn mixed() -> Reply {
        Reply::Json(json!({"errcode": 0, "extension_monitor_list": [
            {"number": "1001", "enb_registration": 0, "enb_call_status": 1},
            {"ext_number": "1002", "enb_call_status": "0"},
            {"extension": 1003, "enable_call_status": true},
            {"number": "1004", "enb_call_state": 2},
            {"number": "1005"},
            {"enb_call_status": 0},
            null,
        ]}))
    }

    #[tokio::test]
    async fn one_that_is_off_makes_the_whole_off_unless_it_is_somebody_else_s() {
        for (mine, monitor, off) in [
            (&[][..], Monitor::Off, &["1002"][..]),
            (&["1001"], Monitor::On, &[]),
            (&["1001", "1003"], Monitor::On, &[]),
            (&["1001", "1002"], Monitor::Off, &["1002"]),
            (&["1004"], Monitor::Unknown, &[]),
            (&["1001", "1005"], Monitor::Unknown, &[]),
            (&["1001", "7777"], Monitor::Unknown, &[]),
        ] {
            let monitors = told(mixed, mine).await.unwrap();
            assert_eq!(monitors.extensions, monitor, "{mine:?}");
            assert_eq!(monitors.extensions_off, off, "{mine:?}");
            assert_eq!((monitors.trunks, monitors.trunks_off), (Monitor::Unknown, vec![]));
        }
    }

    #[tokio::test]
    async fn a_pbx_that_does_not_tell_leaves_it_unknown() {
        for silent in [
            || refusal(10001),
            || refusal(60001),
            || refusal(40002),
            || refusal(-2),
            || Reply::Status(404),
            || Reply::Json(json!({"errcode": 0})),
            || Reply::Json(json!({"errcode": 0, "data": [{"number": "1001"}, 7, "x", [[]]]})),
        ] {
            assert_eq!(told(silent, &[]).await.unwrap(), Monitors::default());
        }
    }

    #[tokio::test]
    async fn a_pbx_that_refuses_us_is_an_error() {
        let error = told(|| refusal(70087), &[]).await.unwrap_err();
        assert_eq!(error.kind(), &Kind::AddressNotAllowed);
    }

    #[test]
    fn printing_shows_no_extension() {
        let monitors = Monitors { extensions_off: vec!["1001".to_owned()], ..Monitors::default() };
        assert!(!format!("{monitors:?}").contains("1001"));
    }
}
