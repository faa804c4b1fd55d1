//! The matching lab: why a number is whose it is, and what other rules for numbers would change. Beside a running engine
//! with its clients, or alone with what lies in the profile. Must not know how either is found out.

use std::sync::Arc;

use deskring_domain::Plan;
use deskring_store::{INDEX_FILE, Index, IndexKey, Journal, SecretName, Settings};

use super::wire::{Answer, Fault, NumberRules};
use super::{Admin, of_desk};
use crate::assist::Sources;
use crate::connect;
use crate::explain::{Bench, Explanation};
use crate::index::Query;
use crate::lookup::Lookup;
use crate::what_if::{self, WhatIf, WhatIfPlace, WhatIfView};

/// With fewer credits left the rest of the day is for calls.
const FLOOR: u64 = 1_000;

/// What the lab works with.
#[derive(Clone)]
struct Lab {
    settings: Settings,
    lookup: Result<Lookup, String>,
    journal: Option<Arc<Journal>>,
}

impl Admin {
    pub(super) async fn explain(self: &Arc<Self>, number: String, from: Sources) -> Result<Answer, Fault> {
        let mut lab = self.lab().await?;
        if let (Ok(lookup), Sources::Desk, None) = (&mut lab.lookup, from, &self.engine) {
            // Pages of records are checked by it; without it they are left out.
            if let Ok(organization) = connect::organization(&lookup.desk).await {
                lookup.set_organization(organization);
            }
        }
        let here = lab.clone();
        let mut explanation = self.blocking(move |_| Ok(here.explain(&number))).await?;
        if let (Ok(lookup), Sources::Desk) = (&lab.lookup, from) {
            explanation.ask(lookup).await;
        }
        Ok(Answer::Explanation(Box::new(explanation)))
    }

    pub(super) async fn what_if(
        self: &Arc<Self>,
        rules: NumberRules,
        from: Sources,
        place: Option<WhatIfPlace>,
    ) -> Result<Answer, Fault> {
        let lab = self.lab().await?;
        let lookup = lab.lookup.map_err(Fault::new)?;
        let journal = lab.journal.ok_or_else(|| Fault::new("journal_unusable"))?;
        let plan = plan_of(&rules, &lab.settings)?;
        let place = place.unwrap_or_else(what_if::beginning);
        let called =
            self.blocking(move |_| what_if::called(&journal, place.until_ms).map_err(Fault::from)).await?;
        let (index, desk) = (lookup.index.clone(), lookup.desk.clone());
        let what_if = Arc::new(WhatIf::new(lookup, plan));
        let (numbers, called) = (called.len(), Arc::new(called));
        let mut view = WhatIfView {
            numbers,
            source: "nobody".to_owned(),
            people: None,
            most_credits: 0,
            place,
            more: false,
            rows: Vec::new(),
        };
        match (index, from) {
            (_, Sources::Desk) => {
                if desk.credits().is_some_and(|credits| credits.left < FLOOR) {
                    return Err(Fault::new("few_credits"));
                }
                view.source = "desk".to_owned();
                (view.place, view.rows) =
                    what_if.ask_desk(&called, place).await.map_err(|error| of_desk(&error))?;
            }
            (Some(index), Sources::Known) => {
                view.source = "index".to_owned();
                let looked = self.blocking(move |_| {
                    let (place, rows) = what_if.look_here(&called, place)?;
                    let size = (place.done >= numbers).then(|| index.size()).transpose()?;
                    Ok((size, place, rows))
                });
                let (size, place, rows) = looked.await?;
                view.people = size.map(|size| u64::from(size.contacts) + u64::from(size.accounts));
                (view.place, view.rows) = (place, rows);
            }
            (None, Sources::Known) => {
                view.most_credits = self.blocking(move |_| Ok(what_if.most_credits(&called))).await?;
                return Ok(Answer::WhatIf(Box::new(view)));
            }
        }
        view.more = view.place.done < numbers;
        Ok(Answer::WhatIf(Box::new(view)))
    }

    /// The engine's clients, or what can be had without one.
    async fn lab(self: &Arc<Self>) -> Result<Lab, Fault> {
        let clients = self.clients().await;
        let is_alone = self.engine.is_none();
        self.blocking(move |admin| {
            let settings = admin.loaded()?;
            if !is_alone {
                let cause = || clients.desk_cause.unwrap_or_else(|| "desk_not_set_up".to_owned());
                return Ok(Lab {
                    settings,
                    lookup: clients.desk.ok_or_else(cause),
                    journal: clients.journal,
                });
            }
            let mut lookup = connect::lookup_alone(&settings, &admin.secrets);
            if let Ok(lookup) = &mut lookup {
                lookup.index = admin.index_alone(&settings);
            }
            let journal = Journal::open(&admin.paths.profile);
            let journal =
                journal.inspect_err(|error| tracing::warn!(%error, "the journal cannot be used")).ok();
            Ok(Lab { settings, lookup, journal: journal.map(Arc::new) })
        })
        .await
    }

    /// An index that is there; none is made for a question.
    fn index_alone(&self, settings: &Settings) -> Option<Arc<Index>> {
        let wanted = settings.contact_sync.index == deskring_store::settings::IndexKept::Encrypted;
        if !wanted || !self.paths.profile.join(INDEX_FILE).exists() {
            return None;
        }
        let key = self.secrets.get(SecretName::IndexKey).ok().flatten()?;
        Index::open(&self.paths.profile, &IndexKey::read(&key)?).ok().map(Arc::new)
    }
}

impl Lab {
    fn explain(&self, number: &str) -> Explanation {
        Explanation::of(
            number,
            &Bench {
                plan: &connect::plan(&self.settings),
                lookup: self.lookup.as_ref().map_err(String::as_str),
                journal: self.journal.as_deref(),
                query: if self.settings.contact_sync.always_query {
                    Query::Always
                } else {
                    Query::WhenUnknown
                },
            },
        )
    }
}

/// Those that are left out are the saved ones.
fn plan_of(rules: &NumberRules, settings: &Settings) -> Result<Plan, Fault> {
    let either = |typed: &Option<String>, saved: &Option<String>| {
        typed.clone().or_else(|| saved.clone()).unwrap_or_default()
    };
    let saved = &settings.numbers;
    Plan::new(
        &either(&rules.country, &saved.country),
        &either(&rules.area_code, &saved.area_code),
        &either(&rules.outside_line_prefix, &saved.outside_line_prefix),
    )
    .map_err(|_| Fault::new("not_a_country"))
}
