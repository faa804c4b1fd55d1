//! What nobody here saw: calls that ended while the program was off or the PBX out of reach, and callers whom Desk could
//! not name at the time. Both are filled in as soon as somebody can tell, once. Must not know how a row is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deskring_domain::{CallId, Direction, Extension, Input, Match, Phase, Record, Who, Why};
use deskring_store::HistoryQuery;
use deskring_yeastar as pbx;
use tokio::time::Instant;

use super::{Back, Engine};
use crate::clock::wall_ms;
use crate::from_pbx;
use crate::history::Replaces;
use crate::view::{self, CallView, DetailsView, WhoView};

/// A fact: until when every call is known, in milliseconds since 1970.
const KNOWN_UNTIL: &str = "calls_known_until";
/// Call details of longer ago are not asked for.
const LONGEST_MS: i64 = 7 * 24 * 3600 * 1000;
/// With a damaged database, this much of what was owed is lost.
const LOST_MS: i64 = 24 * 3600 * 1000;
/// A call is written down when it ends, under the time it began.
const LONGEST_CALL_MS: i64 = 2 * 3600 * 1000;
/// Numbers that are looked up again in one go.
const MOST_UNNAMED: usize = 50;
/// Call details are written down a moment after the call: they are read once more.
pub(super) const READ_AGAIN: Duration = Duration::from_secs(60);

/// A lookup that failed while Desk answered others is made again after this …
const NAME_AGAIN: Duration = Duration::from_secs(30);
/// … and after this, when it failed then as well.
const NAME_LATER: Duration = Duration::from_secs(5 * 60);

/// Nobody has said who that was: Desk did not answer, or was not waited for.
const UNNAMED: [&str; 2] = ["failed", "searching"];

/// Calls of my extensions, as the PBX wrote them down.
pub(super) type Logged = Vec<CallView>;

impl Engine {
    /// The PBX can be asked: what did nobody here see?
    pub(super) fn read_up_on_calls(&self) {
        let now_ms = wall_ms();
        let known_until = self.history.fact(KNOWN_UNTIL).and_then(|text| text.parse::<i64>().ok());
        let known_until = match (known_until, self.history.replaces()) {
            (Some(known_until), _) => known_until,
            // What the damaged one knew to be owed is found again; each is looked for in Desk first.
            (None, Replaces::ADamagedOne) => now_ms - LOST_MS,
            // What was before the first time is not ours.
            (None, Replaces::Nothing) => {
                return self.history.keep_fact(KNOWN_UNTIL, &now_ms.to_string());
            }
        };
        if self.owing.rules.are_empty() {
            return;
        }
        let Some(client) = self.pbx.client().cloned() else { return };
        let since_ms = known_until.max(now_ms - LONGEST_MS) - LONGEST_CALL_MS;
        let since = UNIX_EPOCH + Duration::from_millis(u64::try_from(since_ms).unwrap_or(0));
        let mine = self.machine.setup().mine.clone();
        let ours = self.told.names.extensions().chain(mine.iter().map(Extension::as_str));
        let ours: BTreeSet<String> = ours.map(str::to_owned).collect();
        let back = self.back_sender.clone();
        tokio::spawn(async move {
            match client.logged_calls(since).await {
                Ok(rows) => {
                    // An error means that the loop has ended.
                    let _ = back.send(Back::Logged { until_ms: now_ms, calls: logged(&rows, &mine, &ours) });
                }
                Err(error) => tracing::info!(%error, "the PBX does not tell which calls there were"),
            }
        });
    }

    /// Nothing is missing up to now, while the PBX tells everything.
    pub(super) fn know_calls_until_now(&self) {
        if self.pbx.view.state == view::LinkState::Up && self.filled_in && self.history.trouble().is_none() {
            self.history.keep_fact(KNOWN_UNTIL, &wall_ms().to_string());
        }
    }

    pub(super) fn on_logged(&mut self, until_ms: i64, calls: Logged) {
        for call in calls {
            self.fill_in(call);
        }
        self.filled_in = true;
        self.history.keep_fact(KNOWN_UNTIL, &until_ms.to_string());
        self.name_the_unnamed();
    }

    /// A call that the PBX wrote down: what we know of it ourselves is worth more, except how it came out, where nobody
    /// here saw that to its end.
    fn fill_in(&mut self, mut call: CallView) {
        if self.machine.entries().iter().any(|entry| entry.call.as_str() == call.call && !entry.closed) {
            return;
        }
        let plan = &self.machine.setup().plan;
        let reading = plan.read(&call.number);
        (call.number_text, call.number_key) = (reading.for_people(plan), reading.key().to_owned());
        let path_name = call.path.as_deref().and_then(|path| self.told.names.of(path)).map(str::to_owned);
        call.path_name = path_name;
        if reading.is_withheld() {
            call.who = WhoView::of(&Who::Withheld);
        }
        if let Some(past) = self.history.find_row(&call.call, &call.extension) {
            let saw_end = past.outcome.as_deref().is_some_and(|outcome| outcome != "not_seen");
            if saw_end && past.closed {
                return;
            }
            let how = if saw_end { &past } else { &call };
            call = CallView {
                outcome: how.outcome.clone(),
                outcome_detail: how.outcome_detail.clone(),
                failure: how.failure.clone(),
                phase: call.phase,
                answered_ms: past.answered_ms.or(call.answered_ms),
                over_ms: past.over_ms.or(call.over_ms),
                ours: call.ours,
                spoke: call.spoke,
                details: past.details.or(call.details),
                closed: true,
                filled_in: !saw_end,
                ..past
            };
        }
        let who = call.who.who();
        self.keep_past(&call, who);
    }

    /// A call is over and nobody knows whose it was. Desk may answer all the time and have missed only this one: nothing
    /// but the clock leads back to it.
    pub(super) fn name_again_soon(&mut self) {
        let at = Instant::now() + NAME_AGAIN;
        self.name_at = Some(self.name_at.map_or(at, |known| known.min(at)));
    }

    /// Desk can be asked again: every caller whom it could not name gets another try.
    pub(super) fn name_all(&mut self) {
        self.name_at = None;
        self.tried.clear();
        self.name_the_unnamed();
    }

    /// Who were those whom Desk could not name?
    pub(super) fn name_the_unnamed(&mut self) {
        let Some(lookup) = self.desk.lookup.clone() else { return };
        if self.desk.view.state != view::LinkState::Up {
            return;
        }
        let of = |who: &str| HistoryQuery {
            who: Some(who.to_owned()),
            since_ms: Some(wall_ms() - LONGEST_MS),
            ..HistoryQuery::default()
        };
        let mut unnamed: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        let failed = UNNAMED.into_iter().flat_map(|who| self.history.search(&of(who)));
        for call in failed.collect::<Vec<_>>() {
            let over = call.outcome.is_some() && !call.number_key.is_empty();
            if unnamed.len() < MOST_UNNAMED
                && over
                && self.tried.insert((call.call.clone(), call.extension.clone()))
            {
                unnamed.entry(call.number).or_default().push((call.call, call.extension));
            }
        }
        if unnamed.is_empty() {
            return;
        }
        let back = self.back_sender.clone();
        // One after the other: a call that rings now is looked up beside them.
        tokio::spawn(async move {
            let mut failed = false;
            for (number, calls) in unnamed {
                match lookup.find(&number).await {
                    Ok(found) => {
                        let records: Vec<Record> = found.into_iter().map(|found| found.record).collect();
                        for (call, extension) in calls {
                            // An error means that the loop has ended; so below.
                            let _ = back.send(Back::Named { call, extension, records: records.clone() });
                        }
                    }
                    Err(error) => {
                        failed = true;
                        tracing::debug!(%error, "the caller is still not known");
                    }
                }
            }
            let _ = back.send(Back::NameOthers { failed });
        });
    }

    pub(super) fn on_some_named(&mut self, failed: bool) {
        if failed {
            self.name_at.get_or_insert(Instant::now() + NAME_LATER);
        }
        self.name_the_unnamed();
    }

    pub(super) fn on_named(&mut self, call: &str, extension: &str, records: Vec<Record>) {
        if self.is_known(call) {
            let number = self.history.find_row(call, extension).map(|past| past.number).unwrap_or_default();
            let found = self.matched(&number, records);
            return self.tell(self.clock.now(), Input::NamedLater { call: CallId::new(call), found });
        }
        let Some(mut past) = self.history.find_row(call, extension) else { return };
        if !UNNAMED.contains(&past.who.state.as_str()) {
            return;
        }
        let who = match self.matched(&past.number, records) {
            Match::Nobody => Who::Nobody,
            Match::One(record) | Match::Chosen { record, .. } => Who::Known(record),
            Match::Several(records) => Who::Several(records),
        };
        past.who = WhoView::of(&who);
        past.closed = true;
        self.keep_past(&past, who);
        self.dirty = super::Dirty::Yes;
    }
}

/// The calls of my extensions among these rows; a call has a row for each leg.
fn logged(rows: &[pbx::LoggedCall], mine: &BTreeSet<Extension>, ours: &BTreeSet<String>) -> Logged {
    let mut calls: BTreeMap<&str, Vec<&pbx::LoggedCall>> = BTreeMap::new();
    for row in rows {
        if let Some(call) = &row.record.call_id {
            calls.entry(call).or_default().push(row);
        }
    }
    let mut logged = Vec::new();
    for (call, rows) in calls {
        for me in mine {
            logged.extend(logged_call(call, &rows, me, ours));
        }
    }
    logged
}

fn logged_call(
    call: &str,
    rows: &[&pbx::LoggedCall],
    me: &Extension,
    ours: &BTreeSet<String>,
) -> Option<CallView> {
    let direction = match rows.first()?.record.kind {
        pbx::RecordKind::Inbound => Direction::Inbound,
        pbx::RecordKind::Outbound => Direction::Outbound,
        pbx::RecordKind::Internal | pbx::RecordKind::Other(_) => return None,
    };
    // Of a call from outside, the called side of a row is one of us; of one to outside, the calling side.
    let side = |row: &pbx::LoggedCall| match direction {
        Direction::Outbound => row.record.from.clone(),
        Direction::Inbound | Direction::Internal => row.record.to.clone(),
    };
    let own: Vec<_> = rows.iter().filter(|row| side(row).as_deref() == Some(me.as_str())).collect();
    let first = own.first()?;
    let spoke = |row: &&&pbx::LoggedCall| {
        row.record.status == pbx::RecordStatus::Answered && row.record.talk_duration.unwrap_or(0) > 0
    };
    let answered = own.iter().find(|row| spoke(row));
    let mut all: Vec<String> =
        rows.iter().filter_map(|row| side(row)).filter(|one| ours.contains(one)).collect();
    all.sort();
    all.dedup();
    let mut speakers: Vec<(Option<SystemTime>, String)> = rows
        .iter()
        .filter(|row| spoke(row))
        .filter_map(|row| Some((row.started_at, side(row).filter(|one| ours.contains(one))?)))
        .collect();
    speakers.sort();
    let elsewhere = speakers.first().map(|(_, one)| one.clone());
    let outcome = match (answered, &elsewhere, first.record.status.clone()) {
        (Some(_), _, _) => "answered",
        (None, Some(_), _) if direction == Direction::Inbound => "answered_elsewhere",
        (None, _, pbx::RecordStatus::Voicemail) => "voicemail",
        (None, _, pbx::RecordStatus::Failed | pbx::RecordStatus::Busy)
            if direction == Direction::Outbound =>
        {
            "failed"
        }
        (None, _, _) => "missed",
    };
    let ms =
        |at: SystemTime| i64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).ok();
    let row = answered.unwrap_or(first);
    let began_ms = row.started_at.and_then(ms).or_else(|| crate::outbox::started_ms(call))?;
    let long_ms = |seconds: Option<u32>| i64::from(seconds.unwrap_or(0)) * 1000;
    let over_ms = began_ms + long_ms(row.record.duration);
    let number = match direction {
        Direction::Outbound => row.record.to.clone(),
        Direction::Inbound | Direction::Internal => row.record.from.clone(),
    };
    // What the call came through has a row of its own that leads to none of us.
    let path = rows.iter().filter_map(|row| side(row)).find(|one| !ours.contains(one));
    Some(CallView {
        failure: None,
        call: call.to_owned(),
        extension: me.as_str().to_owned(),
        direction: Some(view::direction_code(direction).to_owned()),
        number: number.unwrap_or_default(),
        number_text: String::new(),
        phase: view::phase(Phase::Over).to_owned(),
        who: WhoView { state: "failed".to_owned(), records: Vec::new(), cause: None },
        path: path.filter(|_| direction == Direction::Inbound),
        path_name: None,
        colleague: None,
        did: row.record.did_number.clone(),
        outcome: Some(outcome.to_owned()),
        outcome_detail: elsewhere.filter(|_| outcome == "answered_elsewhere"),
        why: view::WhyView::of(&Why::CallNotReported),
        button_off: None,
        began_ms,
        answered_ms: answered.map(|row| over_ms - long_ms(row.record.talk_duration)),
        over_ms: Some(over_ms),
        timing: view::TimingView::default(),
        closed: true,
        number_key: String::new(),
        chosen: None,
        did_name: row.record.did_name.clone(),
        can_create: false,
        context: None,
        wrap_up: None,
        ours: all,
        spoke: speakers.into_iter().map(|(_, one)| one).collect(),
        filled_in: true,
        details: Some(DetailsView {
            talk_s: row.record.talk_duration.map_or(0, u64::from),
            ring_s: row.record.agent_ring_seconds.map(u64::from).filter(|seconds| *seconds > 0),
            duration_s: row.record.duration.map_or(0, u64::from),
            trunk: from_pbx::trunk(&row.record, Some(direction)),
            recording: row.record.recording.clone(),
        }),
        acts: Vec::new(),
        muted: false,
    })
}
