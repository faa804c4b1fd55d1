//! What other rules for numbers would have changed for the last calls. Bit by bit: each answer says where to go on, so
//! whoever asks sees how it goes and stops by asking no more.
//!
//! Owns which calls are looked at and who is compared; the core counts. Must not know windows, or who confirmed what Desk
//! is to be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use deskring_domain::{Change, Counts, Plan, Tally};
use deskring_store::{HistoryQuery, Journal, StoreError};
use deskring_zoho_desk::{Error, SEARCH_CREDITS};
use serde::{Deserialize, Serialize};

use crate::clock::wall_ms;
use crate::explain::RecordName;
use crate::lookup::{Found, Lookup, Search, steps};
use crate::view::direction_code;

/// Calls that are looked at.
const CALLS: usize = 500;
/// A call stands in the journal once for each extension that it rang.
const ROWS: usize = CALLS * 8;
/// As long as one answer may take.
const A_WHILE: Duration = Duration::from_millis(400);

/// Where to go on, and what was counted until there.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct WhatIfPlace {
    /// Later calls are left out, so that none is counted twice.
    pub until_ms: i64,
    /// Numbers that were looked at.
    pub done: usize,
    /// What was counted.
    pub tally: TallyView,
}

/// What was found so far.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WhatIfView {
    /// Numbers of the last calls, each once.
    pub numbers: usize,
    /// Who was compared: `index`, `desk`; `nobody` without an index when Desk is not to be asked.
    pub source: String,
    /// Records in the index, at the end: counting them reads the whole file.
    pub people: Option<u64>,
    /// With `nobody`: credits that asking Desk for all numbers costs at most.
    pub most_credits: u64,
    /// Numbers that were looked at, and what was counted.
    pub place: WhatIfPlace,
    /// Whether there is more to look at.
    pub more: bool,
    /// Numbers of this bit whose records change.
    pub rows: Vec<ChangedView>,
}

/// A number whose records would be others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangedView {
    /// As the phone system showed it.
    pub number: String,
    /// So many calls.
    pub calls: u32,
    /// Code of what changes, family `lab-change`.
    pub change: String,
    /// What it means now, in international form.
    pub means_before: Option<String>,
    /// What it would mean.
    pub means_after: Option<String>,
    /// Who has it now.
    pub before: Vec<RecordName>,
    /// Who would have it.
    pub after: Vec<RecordName>,
}

/// As [`Tally`], for the wire.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct TallyView {
    /// Numbers, each once.
    pub numbers: CountsView,
    /// Calls.
    pub calls: CountsView,
}

/// As [`Counts`], for the wire.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in Counts")]
pub struct CountsView {
    pub all: u32,
    pub matched_before: u32,
    pub matched_after: u32,
    pub ambiguous_before: u32,
    pub ambiguous_after: u32,
    pub gained: u32,
    pub lost: u32,
    pub newly_ambiguous: u32,
    pub others: u32,
}

/// A number of the last calls.
pub(crate) struct Called {
    number: String,
    calls: u32,
}

/// Numbers of the last calls with the outside, the newest first, each as the phone system showed it. Blocks.
pub(crate) fn called(journal: &Journal, until_ms: i64) -> Result<Vec<Called>, StoreError> {
    let rows = journal.history(&HistoryQuery { limit: ROWS, ..HistoryQuery::default() })?;
    let internal = direction_code(deskring_domain::Direction::Internal);
    let (mut calls, mut order) = (BTreeSet::new(), Vec::new());
    let mut count: BTreeMap<String, u32> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.started_ms <= until_ms) {
        if calls.len() == CALLS && !calls.contains(&row.call_id) {
            break;
        }
        if !calls.insert(row.call_id) || row.direction == internal {
            continue;
        }
        let Some(number) = row.number.filter(|number| number.chars().any(char::is_numeric)) else { continue };
        let known = count.entry(number.clone()).or_insert(0);
        *known += 1;
        if *known == 1 {
            order.push(number);
        }
    }
    Ok(order
        .into_iter()
        .map(|number| Called { calls: count.get(&number).copied().unwrap_or(1), number })
        .collect())
}

/// Now, for the first question.
pub(crate) fn beginning() -> WhatIfPlace {
    WhatIfPlace { until_ms: wall_ms(), ..WhatIfPlace::default() }
}

/// Rules side by side.
pub(crate) struct WhatIf {
    before: Lookup,
    after: Lookup,
}

/// What Desk is asked for a number under both rules.
enum Searches {
    Same(Vec<Vec<Search>>),
    Different(Vec<Vec<Search>>, Vec<Vec<Search>>),
}

impl WhatIf {
    /// The present rules are those of `lookup`.
    pub(crate) fn new(lookup: Lookup, rules: Plan) -> Self {
        Self { after: Lookup { plan: rules, ..lookup.clone() }, before: lookup }
    }

    /// Credits that Desk costs at most for these. Reads every number, so not for the loop.
    pub(crate) fn most_credits(&self, called: &[Called]) -> u64 {
        let of = |one: &Called| -> usize {
            match self.searches(&one.number) {
                Searches::Same(steps) => steps.concat().len(),
                Searches::Different(before, after) => before.concat().len() + after.concat().len(),
            }
        };
        SEARCH_CREDITS * u64::try_from(called.iter().map(of).sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// Goes on from a place for a while, in the index. Blocks.
    pub(crate) fn look_here(
        &self,
        called: &[Called],
        mut place: WhatIfPlace,
    ) -> Result<(WhatIfPlace, Vec<ChangedView>), StoreError> {
        let (began, mut rows) = (Instant::now(), Vec::new());
        for one in called.iter().skip(place.done) {
            let before = self.before.known_by_any_plan(&one.number)?;
            let after = self.after.known_by_any_plan(&one.number)?;
            rows.extend(self.count(one, &mut place, before, after));
            if began.elapsed() > A_WHILE {
                break;
            }
        }
        Ok((place, rows))
    }

    /// The same with Desk.
    pub(crate) async fn ask_desk(
        &self,
        called: &[Called],
        mut place: WhatIfPlace,
    ) -> Result<(WhatIfPlace, Vec<ChangedView>), Error> {
        let (began, mut rows) = (Instant::now(), Vec::new());
        // One after the other: a call that rings meanwhile has the connections for itself.
        for one in called.iter().skip(place.done) {
            let (before, after) = self.find(&one.number).await?;
            rows.extend(self.count(one, &mut place, before, after));
            if began.elapsed() > A_WHILE {
                break;
            }
        }
        Ok((place, rows))
    }

    /// What Desk is asked once where it would be asked the same twice.
    async fn find(&self, number: &str) -> Result<(Vec<Found>, Vec<Found>), Error> {
        let Searches::Same(steps) = self.searches(number) else {
            return Ok((self.before.find(number).await?, self.after.find(number).await?));
        };
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for step in steps {
            let answers = self.before.ask_together(&step).await;
            for (lookup, found) in [(&self.before, &mut before), (&self.after, &mut after)] {
                if found.is_empty() {
                    *found = lookup.found_in(&lookup.plan.read(number), &answers);
                }
            }
            if !before.is_empty() && !after.is_empty() {
                break;
            }
            if let Some(error) = answers.into_iter().find_map(Result::err) {
                return Err(error);
            }
        }
        Ok((before, after))
    }

    fn searches(&self, number: &str) -> Searches {
        let of = |lookup: &Lookup| steps(&lookup.plan.read(number), &lookup.plan);
        let (before, after) = (of(&self.before), of(&self.after));
        if before == after { Searches::Same(before) } else { Searches::Different(before, after) }
    }

    fn count(
        &self,
        one: &Called,
        place: &mut WhatIfPlace,
        before: Vec<Found>,
        after: Vec<Found>,
    ) -> Option<ChangedView> {
        let ids = |found: &[Found]| -> BTreeSet<(&'static str, String)> {
            found.iter().map(|it| (crate::view::record_kind(it.record.kind), it.record.id.clone())).collect()
        };
        let mut tally = Tally::from(place.tally);
        let change = tally.add(one.calls, &ids(&before), &ids(&after));
        place.tally = tally.into();
        place.done += 1;
        let means = |lookup: &Lookup| lookup.plan.read(&one.number).e164().map(str::to_owned);
        (change != Change::Same).then(|| ChangedView {
            number: one.number.clone(),
            calls: one.calls,
            change: change.code().to_owned(),
            means_before: means(&self.before),
            means_after: means(&self.after),
            before: before.into_iter().map(RecordName::of).collect(),
            after: after.into_iter().map(RecordName::of).collect(),
        })
    }
}

impl Lookup {
    /// As [`Lookup::known`], from an index that may have been made by another plan.
    fn known_by_any_plan(&self, number: &str) -> Result<Vec<Found>, StoreError> {
        let reading = self.plan.read(number);
        let Some(index) = self.index.as_ref().filter(|_| !reading.is_withheld()) else {
            return Ok(Vec::new());
        };
        let keys: Vec<String> = reading.index_keys_of_any_plan(&self.plan).into_iter().collect();
        Ok(self.found_among(&reading, &index.whose(&keys)?))
    }
}

impl From<TallyView> for Tally {
    fn from(view: TallyView) -> Self {
        Self { numbers: view.numbers.into(), calls: view.calls.into() }
    }
}

impl From<Tally> for TallyView {
    fn from(tally: Tally) -> Self {
        Self { numbers: tally.numbers.into(), calls: tally.calls.into() }
    }
}

macro_rules! alike {
    ($from:ty => $to:ty) => {
        impl From<$from> for $to {
            fn from(counts: $from) -> Self {
                Self {
                    all: counts.all,
                    matched_before: counts.matched_before,
                    matched_after: counts.matched_after,
                    ambiguous_before: counts.ambiguous_before,
                    ambiguous_after: counts.ambiguous_after,
                    gained: counts.gained,
                    lost: counts.lost,
                    newly_ambiguous: counts.newly_ambiguous,
                    others: counts.others,
                }
            }
        }
    };
}

alike!(CountsView => Counts);
alike!(Counts => CountsView);
