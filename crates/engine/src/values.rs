//! What a call says in a template: from the view that the journal keeps to the values of the variables. Pure. Must not
//! know what a template looks like, or where its text goes.

use deskring_domain::Direction;
use deskring_domain::template::{Named, Values};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::outbox::started_ms;
use crate::view::{CallView, direction_code};

/// The values of my part of a call, in the words of the PBX's call details, so that a template that was written for
/// the PBX says the same here.
///
/// `agent` is the name of the extension, where it is known; `zone` is the time zone of the PBX, for which this
/// computer's has to do: no interface of the PBX tells it. While a call is on, what it will have come to is not known
/// and leaves nothing. What the PBX wrote down counts for more than what was seen here.
pub(crate) fn values(view: &CallView, agent: Option<&str>, zone: &TimeZone) -> Values {
    // Read from the call's id where that is possible: there all agents' programs read the same.
    let started_ms = started_ms(&view.call).unwrap_or(view.began_ms);
    let me = Named { name: agent.map(str::to_owned), number: Some(view.extension.clone()) };
    let (from, to) = if direction(view) == Some(Direction::Outbound) {
        (me.clone(), other_side(view))
    } else {
        // Between extensions the view does not tell who called; the colleague stands first, as a caller does.
        (other_side(view), me.clone())
    };
    let lengths = Lengths::of(view);
    Values {
        started_s: Some(started_ms.div_euclid(1000)),
        utc_offset_s: utc_offset_s(started_ms, zone),
        time_pattern: None,
        communication_type: direction(view).map(|direction| type_words(direction).to_owned()),
        call_status: status(view).map(str::to_owned),
        // The same: a template knows.
        call_log_status: None,
        from,
        to,
        talk_s: lengths.talk_s,
        ring_s: lengths.ring_s,
        duration_s: lengths.duration_s,
        did: Named { name: view.did_name.clone(), number: view.did.clone() },
        trunk: view.details.as_ref().and_then(|details| details.trunk.clone()),
        queue: Named { name: view.path_name.clone(), number: view.path.clone() },
        agent: me,
        recording: view.details.as_ref().and_then(|details| details.recording.clone()),
        note: view.wrap_up.as_ref().and_then(|said| said.note.clone()),
        disposition: view.wrap_up.as_ref().and_then(|said| said.disposition.clone()),
        call_id: Some(view.call.clone()),
    }
}

/// How far a zone is ahead of UTC at a moment.
pub(crate) fn utc_offset_s(at_ms: i64, zone: &TimeZone) -> i32 {
    Timestamp::from_millisecond(at_ms).map_or(0, |at| zone.to_offset(at).seconds())
}

fn direction(view: &CallView) -> Option<Direction> {
    let code = view.direction.as_deref()?;
    [Direction::Inbound, Direction::Outbound, Direction::Internal]
        .into_iter()
        .find(|direction| direction_code(*direction) == code)
}

fn type_words(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
        Direction::Internal => "Internal",
    }
}

/// The customer or the colleague. Of several customers none is named.
fn other_side(view: &CallView) -> Named {
    let filled = |text: &String| !text.trim().is_empty();
    let record = view.record().and_then(|record| {
        Some(record.name.clone()).filter(filled).or_else(|| record.company.clone().filter(filled))
    });
    Named { name: record.or_else(|| view.colleague.clone()), number: Some(view.number.clone()) }
}

/// How my leg stands or came out. A call that a colleague took was not answered by me: the PBX has a row of its own for
/// each of us.
fn status(view: &CallView) -> Option<&'static str> {
    match view.outcome.as_deref() {
        Some("answered") => Some("ANSWERED"),
        Some("missed" | "answered_elsewhere") => Some("NO ANSWER"),
        Some("voicemail") => Some("VOICEMAIL"),
        Some("failed") if is_busy(view.outcome_detail.as_deref()) => Some("BUSY"),
        Some("failed") => Some("FAILED"),
        // `not_seen`: nobody here knows.
        Some(_) => None,
        None if view.answered_ms.is_some() => Some("ANSWERED"),
        None if view.is_over() => None,
        None => Some("RINGING"),
    }
}

/// Whether the PBX's words for a failure mean that they were busy: its own, or the codes of SIP.
fn is_busy(words: Option<&str>) -> bool {
    let words = words.unwrap_or_default().to_ascii_lowercase();
    words.contains("busy") || words.contains("486") || words.contains("600")
}

/// How long the parts of a call were, as far as that can be known.
#[derive(Default)]
struct Lengths {
    talk_s: Option<u64>,
    ring_s: Option<u64>,
    duration_s: Option<u64>,
}

impl Lengths {
    fn of(view: &CallView) -> Self {
        let seconds =
            |from_ms: i64, to_ms: i64| u64::try_from(to_ms.saturating_sub(from_ms) / 1000).unwrap_or(0);
        let over_ms = view.over_ms.filter(|_| view.outcome.as_deref() != Some("not_seen"));
        let Some(over_ms) = over_ms else {
            return Self {
                ring_s: view.answered_ms.map(|answered_ms| seconds(view.began_ms, answered_ms)),
                ..Self::default()
            };
        };
        // As in the call details: nobody spoke for no time, which is not the same as not known. A voicemail or a menu
        // that answered is nobody.
        let spoke = view.outcome.as_deref() == Some("answered");
        if let Some(details) = &view.details {
            let talk_s = if spoke { details.talk_s } else { 0 };
            let ring_s = details.ring_s.unwrap_or(details.duration_s.saturating_sub(talk_s));
            return Self { talk_s: Some(talk_s), ring_s: Some(ring_s), duration_s: Some(details.duration_s) };
        }
        Self {
            talk_s: Some(view.answered_ms.map_or(0, |answered_ms| seconds(answered_ms, over_ms))),
            ring_s: Some(seconds(view.began_ms, view.answered_ms.unwrap_or(over_ms))),
            duration_s: Some(seconds(view.began_ms, over_ms)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use deskring_domain::template::{Escape, Template};
    use serde_json::json;

    use super::*;

    /// 2026-09-24 08:00:00 in UTC.
    const BEGAN_MS: i64 = 1_790_236_800_000;

    /// A call from outside that was rung for 5 seconds and talked for 65, with these keys changed.
    pub(crate) fn view(changes: serde_json::Value) -> CallView {
        let mut view = json!({
            "call": "1790236800.77", "extension": "1001", "direction": "inbound",
            "number": "13800138000", "number_text": "138 0013 8000", "phase": "over",
            "who": { "state": "known", "cause": null, "records": [{
                "kind": "contact", "id": "1", "name": "Ann Lee", "company": "Sample Ltd", "page": null,
            }] },
            "path": "6400", "path_name": "Sales", "did": "5503300", "did_name": "Hotline",
            "outcome": "answered", "outcome_detail": null,
            "why": { "code": "opened_by_rule", "count": null, "extension": null, "detail": "ring" },
            "button_off": null, "began_ms": BEGAN_MS, "answered_ms": BEGAN_MS + 5_900,
            "over_ms": BEGAN_MS + 70_900, "timing": {}, "closed": true, "number_key": "+8613800138000",
            "wrap_up": { "asked": false, "disposition": "Sold", "note": "Wants two" },
        });
        let serde_json::Value::Object(changes) = changes else { panic!("{changes} is no object") };
        view.as_object_mut().unwrap().extend(changes);
        serde_json::from_value(view).unwrap()
    }

    fn says(template: &str, view: &CallView) -> String {
        let values = values(view, Some("Bo Lin"), &TimeZone::fixed(jiff::tz::offset(8)));
        Template::parse(template).unwrap().render(&values, Escape::None)
    }

    #[test]
    fn a_call_from_outside_says_what_the_call_details_would() {
        let view = view(json!({}));
        for (template, text) in [
            ("{{Time}}", "2026-09-24 16:00:00"),
            ("{{StartTimeUnix}}", "1790236800"),
            ("{{Communication_Type}} {{Call_Status}} {{Call_Log_Status}}", "Inbound ANSWERED ANSWERED"),
            ("{{Call_From}} {{Call_To}}", "Ann Lee<13800138000> Bo Lin<1001>"),
            ("{{Ring_Duration}} {{Talk_Duration}} {{Call_Duration}}", "00:00:05 00:01:05 00:01:10"),
            ("{{DID}} {{DID_Number}} {{Queue}}", "Hotline 5503300 Sales"),
            ("{{Extension}} {{Agent}}", "1001 Bo Lin"),
            ("{{Note}} {{Disposition}} {{Call_Id}}", "Wants two Sold 1790236800.77"),
            ("{{Trunk}}{{Recording}}", ""),
        ] {
            assert_eq!(says(template, &view), text, "{template}");
        }
    }

    #[test]
    fn what_the_pbx_wrote_down_counts_for_more_than_what_was_seen() {
        let details =
            json!({ "talk_s": 61, "ring_s": 4, "duration_s": 66, "trunk": "Line 1", "recording": "a.wav" });
        let lengths = "{{Ring_Duration}}/{{Talk_Duration}}/{{Call_Duration}} {{Trunk}} {{Recording}}";
        let answered = view(json!({ "details": details }));
        assert_eq!(says(lengths, &answered), "00:00:04/00:01:01/00:01:06 Line 1 a.wav");
        let no_ring =
            json!({ "talk_s": 61, "ring_s": null, "duration_s": 66, "trunk": null, "recording": null });
        assert_eq!(says(lengths, &view(json!({ "details": no_ring }))), "00:00:05/00:01:01/00:01:06  ");
        let voicemail = view(json!({ "details": no_ring, "outcome": "voicemail", "answered_ms": null }));
        assert_eq!(says(lengths, &voicemail), "00:01:06/00:00:00/00:01:06  ");
    }

    #[test]
    fn of_a_call_to_outside_the_agent_is_the_caller() {
        let outbound = view(json!({ "direction": "outbound", "path": null, "path_name": null }));
        assert_eq!(says("{{Call_From}} {{Call_To}}", &outbound), "Bo Lin<1001> Ann Lee<13800138000>");
        assert_eq!(says("{{Communication_Type}} {{Agent}}{{Queue}}", &outbound), "Outbound Bo Lin");
    }

    #[test]
    fn a_colleague_and_a_company_are_named_and_one_of_several_is_not() {
        let nobody = json!({ "state": "nobody", "records": [], "cause": null });
        let colleague =
            json!({ "direction": "internal", "number": "1002", "colleague": "Cy", "who": nobody });
        let template = "{{Communication_Type}} {{Call_From}}";
        assert_eq!(says(template, &view(colleague)), "Internal Cy<1002>");
        let record =
            |name: &str| json!({ "kind": "account", "id": "1", "name": name, "company": "Sample Ltd" });
        let who = |records| json!({ "who": { "state": "known", "records": records, "cause": null } });
        assert_eq!(says(template, &view(who(json!([record(" ")])))), "Inbound Sample Ltd<13800138000>");
        assert_eq!(says(template, &view(who(json!([record("A"), record("B")])))), "Inbound 13800138000");
        let withheld = view(json!({ "number": "", "who": nobody }));
        assert_eq!(says("{{if .Call_From}}somebody{{else}}nobody{{end}}", &withheld), "nobody");
    }

    #[test]
    fn every_outcome_has_the_pbx_s_word() {
        for (outcome, detail, word) in [
            ("missed", None, "NO ANSWER"),
            ("answered_elsewhere", Some("1002"), "NO ANSWER"),
            ("voicemail", None, "VOICEMAIL"),
            ("failed", None, "FAILED"),
            ("failed", Some("404 Not Found"), "FAILED"),
            ("failed", Some("486 Busy Here"), "BUSY"),
            ("failed", Some("USER BUSY"), "BUSY"),
            ("not_seen", None, ""),
        ] {
            let view = view(json!({ "outcome": outcome, "outcome_detail": detail, "answered_ms": null }));
            assert_eq!(says("{{Call_Status}}", &view), word, "{outcome} {detail:?}");
            assert_eq!(says("{{Call_Log_Status}}", &view), word, "{outcome} {detail:?}");
        }
    }

    #[test]
    fn nobody_spoke_for_no_time_and_what_nobody_saw_has_no_length() {
        let lengths = "{{Ring_Duration}}/{{Talk_Duration}}/{{Call_Duration}}";
        let missed = view(json!({ "outcome": "missed", "answered_ms": null }));
        assert_eq!(says(lengths, &missed), "00:01:10/00:00:00/00:01:10");
        let not_seen = view(json!({ "outcome": "not_seen", "answered_ms": null }));
        assert_eq!(says(lengths, &not_seen), "//");
        // A clock that was set back meanwhile.
        let back = view(json!({ "over_ms": BEGAN_MS - 3_600_000 }));
        assert_eq!(says(lengths, &back), "00:00:05/00:00:00/00:00:00");
    }

    #[test]
    fn a_call_that_is_on_says_how_it_stands_and_not_how_it_came_out() {
        let on = |phase: &str, answered_ms: Option<i64>| {
            view(json!({ "phase": phase, "outcome": null, "answered_ms": answered_ms, "over_ms": null,
                "closed": false, "wrap_up": null }))
        };
        let template = "{{Call_Status}}/{{Ring_Duration}}/{{Talk_Duration}}/{{Note}}";
        assert_eq!(says(template, &on("ringing", None)), "RINGING///");
        assert_eq!(says(template, &on("talking", Some(BEGAN_MS + 5_000))), "ANSWERED/00:00:05//");
    }

    #[test]
    fn an_id_without_a_time_leaves_the_first_report() {
        let view = view(json!({ "call": "abc", "began_ms": 1_790_236_801_999_i64 }));
        assert_eq!(says("{{StartTimeUnix}}", &view), "1790236801");
    }
}
