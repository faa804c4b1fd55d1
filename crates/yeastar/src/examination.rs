//! One look at everything a person can get wrong: address, certificate, credentials, extensions, switches.
//!
//! Owns: the order of the questions, the time they may take together, and what is left when one of them fails.
//! Must not know: what a finding means to a person, or how it is mended.

use std::{collections::HashSet, fmt, time::Duration};

use tokio::time::{Instant, timeout};

use crate::{
    directory::{Extension, Information},
    error::{Error, Kind},
    http::look_up,
    monitors::Monitors,
    pbx::Pbx,
    token::Want,
};

/// What [`Pbx::examine`] found. `Debug` masks numbers and names.
#[derive(Clone, Default)]
pub struct Examination {
    /// How long it took.
    pub took: Duration,
    /// The PBX about itself.
    pub information: Option<Information>,
    /// My extensions as far as the PBX knows them, in the order they were asked about.
    pub extensions: Vec<Extension>,
    /// My extensions that the PBX does not know; none when it did not tell its extensions.
    pub missing: Vec<String>,
    /// Whether the PBX reports my extensions and its trunks; with no extension asked about, of all.
    pub monitors: Option<Monitors>,
    /// What went wrong first. What was found besides is there all the same.
    pub error: Option<Error>,
}

impl fmt::Debug for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Examination")
            .field("took", &self.took)
            .field("information", &self.information)
            .field("extensions", &self.extensions)
            .field("missing", &self.missing.len())
            .field("monitors", &self.monitors)
            .field("error", &self.error)
            .finish()
    }
}

/// What the questions brought so far; an answer that is not there yet is `None`.
#[derive(Default)]
struct Findings {
    host: Host,
    information: Option<Result<Information, Error>>,
    extensions: Option<Result<Vec<Extension>, Error>>,
    monitors: Option<Result<Monitors, Error>>,
}

/// Whether the name of the PBX could be looked up.
#[derive(Clone, Copy, Default)]
enum Host {
    #[default]
    Unknown,
    Known,
}

impl Pbx {
    /// Tries everything once and never takes longer than `within`: looks the host name up, signs in, then asks for
    /// the PBX itself, for `mine` among its extensions, and for what it reports. It never fails as a whole:
    /// [`Examination::error`] names the exact cause, and what was found before or besides it is there.
    ///
    /// When the time is over the error is [`Kind::TimedOut`], or [`Kind::NameNotFound`] when by then nobody had
    /// answered for the host name, or what had gone wrong before.
    ///
    /// A client that was made only for this has taken one of the PBX's 8 access tokens: give it a
    /// [`TokenStore`](crate::TokenStore) of its own (not the one of the client in use) and call
    /// [`sign_out`](Pbx::sign_out) afterwards, also after a failure, because a sign-in that was under way when
    /// the time was over may still have succeeded. Such a client counts
    /// [`tries_left`](Kind::Credentials::tries_left) from its own beginning, while the PBX counts all clients of
    /// this computer together ([`TRIES_UNTIL_BLOCKED`](crate::TRIES_UNTIL_BLOCKED)).
    pub async fn examine(&self, mine: &[String], within: Duration) -> Examination {
        let (began, mut seen) = (Instant::now(), HashSet::new());
        let mine: Vec<&str> =
            mine.iter().map(|number| number.trim()).filter(|n| !n.is_empty() && seen.insert(*n)).collect();
        let mut findings = Findings::default();
        let ending = match timeout(within, findings.gather(self, &mine)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(elapsed) => Some(match findings.host {
                Host::Unknown => Error::because(Kind::NameNotFound, elapsed),
                Host::Known => Error::because(Kind::TimedOut, elapsed),
            }),
        };
        let mut errors = Vec::new();
        let information = good(findings.information, &mut errors);
        let known = good(findings.extensions, &mut errors);
        let monitors = good(findings.monitors, &mut errors);
        let (mut extensions, mut missing) = (Vec::new(), Vec::new());
        if let Some(known) = known {
            for number in mine {
                match known.iter().find(|extension| extension.number == number) {
                    Some(extension) => extensions.push(extension.clone()),
                    None => missing.push(number.to_owned()),
                }
            }
        }
        let error = errors.into_iter().next().or(ending);
        Examination { took: began.elapsed(), information, extensions, missing, monitors, error }
    }
}

impl Findings {
    async fn gather(&mut self, pbx: &Pbx, mine: &[&str]) -> Result<(), Error> {
        // With several sites the name of one does not matter.
        if !pbx.has_several_sites() {
            let (host, port) = pbx.site().address.host_and_port();
            look_up(&host, port).await.map_err(|error| Error::because(Kind::NameNotFound, error))?;
        }
        self.host = Host::Known;
        // One refusal is enough; three questions would bring it three times.
        pbx.0.tokens.access(Want::Valid).await?;
        let Findings { host: _, information, extensions, monitors } = self;
        tokio::join!(
            async { *information = Some(pbx.information().await) },
            async { *extensions = Some(pbx.extensions().await) },
            async { *monitors = Some(pbx.0.monitors(mine).await) },
        );
        Ok(())
    }
}

/// An answer, or its error to the others.
fn good<T>(answer: Option<Result<T, Error>>, errors: &mut Vec<Error>) -> Option<T> {
    answer?.map_err(|error| errors.push(error)).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::{
        Address, Config, Monitor,
        fake::{Asked, Fake, Kept, Reply, quick, refusal},
    };

    fn mine() -> Vec<String> {
        ["1002", " 1001 ", "", "7777", "1002"].map(str::to_owned).to_vec()
    }

    fn answers(asked: &Asked) -> Reply {
        Reply::Json(match asked.endpoint.as_str() {
            "system/information" => json!({"errcode": 0, "data": {"firmware_version": "37.23.0.123"}}),
            "extension/list" => json!({"errcode": 0, "data": [
                {"number": "1001", "caller_id_name": "Ana"}, {"number": "1002"}, {"number": "1003"}]}),
            "extension_status_monitor/list" => json!({"errcode": 0, "data": [
                {"number": "1001", "enb_call_status": 1}, {"number": "1002", "enb_call_status": 1},
                {"number": "1003", "enb_call_status": 0}]}),
            "trunk_status_monitor/list" => json!({"errcode": 0, "data": [
                {"name": "one", "enb_call_status": 1}, {"name": "two", "enb_call_status": 0}]}),
            _ => return Reply::Default,
        })
    }

    #[tokio::test]
    async fn mine_are_told_in_my_order_and_each_once() {
        let pbx = Fake::start(answers).await;
        let found = pbx.pbx(quick(), Arc::default()).examine(&mine(), Duration::from_secs(5)).await;
        let numbers: Vec<_> = found.extensions.iter().map(|known| known.number.as_str()).collect();
        assert_eq!((numbers, found.missing), (vec!["1002", "1001"], vec!["7777".to_owned()]));
        // An extension of mine that does not exist says nothing about the switch.
        let monitors = found.monitors.unwrap();
        assert_eq!((monitors.extensions, monitors.trunks), (Monitor::Unknown, Monitor::Off));
        assert_eq!(monitors.trunks_off, ["two"]);
        assert!(found.error.is_none(), "{:?}", found.error);
    }

    #[tokio::test]
    async fn a_question_that_is_refused_takes_nothing_from_the_others() {
        let pbx = Fake::start(|asked| match asked.endpoint.as_str() {
            "extension/list" => refusal(10001),
            _ => answers(asked),
        })
        .await;
        let found = pbx.pbx(quick(), Arc::default()).examine(&mine(), Duration::from_secs(5)).await;
        assert_eq!(found.error.unwrap().kind(), &Kind::TooOld);
        assert!(found.information.is_some() && found.monitors.is_some());
        assert!(found.extensions.is_empty() && found.missing.is_empty(), "nobody knows which are missing");
    }

    #[tokio::test]
    async fn when_the_time_is_over_what_came_by_then_is_told() {
        let pbx = Fake::start(|asked| match asked.endpoint.as_str() {
            "extension/list" => Reply::Silence,
            _ => answers(asked),
        })
        .await;
        let found = pbx.pbx(quick(), Arc::default()).examine(&mine(), Duration::from_secs(1)).await;
        assert_eq!(found.error.unwrap().kind(), &Kind::TimedOut);
        assert_eq!(found.information.unwrap().firmware.as_deref(), Some("37.23.0.123"));
        assert!(found.monitors.is_some() && found.missing.is_empty());
        assert!(found.took >= Duration::from_secs(1), "{:?}", found.took);
    }

    #[tokio::test]
    async fn when_nobody_answers_for_the_host_name_the_name_is_the_cause() {
        let config = Config {
            address: Address::parse("https://no-such-pbx.invalid:8088").unwrap(),
            client_id: "client-id".into(),
            client_secret: "client-s3cret".into(),
            trusted_certificate: None,
            others: Vec::new(),
            timings: quick(),
        };
        let pbx = Pbx::new(config, Arc::new(Kept::default())).unwrap();
        let found = pbx.examine(&mine(), Duration::ZERO).await;
        assert_eq!(found.error.unwrap().kind(), &Kind::NameNotFound);
    }

    #[tokio::test]
    async fn printing_shows_no_extension() {
        let pbx = Fake::start(answers).await;
        let found = pbx.pbx(quick(), Arc::default()).examine(&mine(), Duration::from_secs(5)).await;
        let printed = format!("{found:?}");
        assert!(!printed.contains("7777") && !printed.contains("1001"), "{printed}");
        assert!(printed.contains("37.23.0.123"), "{printed}");
    }
}
