//! What a template can say of a call, from what is kept of it.

use deskring_domain::template::{Named, Values};

use crate::outbox::started_ms;
use crate::view::CallView;

/// The values of a call. Words are those of the PBX's call details.
pub(crate) fn values(view: &CallView) -> Values {
    let outside = Named {
        name: match view.who.records.as_slice() {
            [only] => Some(only.name.clone()),
            _ => None,
        },
        number: Some(view.number.clone()),
    };
    let mine = Named { name: None, number: Some(view.extension.clone()) };
    let is_outbound = view.direction.as_deref() == Some("outbound");
    let (from, to) = if is_outbound { (mine.clone(), outside) } else { (outside, mine.clone()) };
    let status = match view.outcome.as_deref() {
        Some("answered" | "answered_elsewhere") => "ANSWERED",
        Some("voicemail") => "VOICEMAIL",
        Some("failed") => "FAILED",
        _ => "NO ANSWER",
    };
    let seconds = |from: Option<i64>, to: Option<i64>| u64::try_from((to? - from?) / 1000).ok();
    Values {
        started_s: Some(started_ms(&view.call).unwrap_or(view.began_ms) / 1000),
        communication_type: Some(if is_outbound { "Outbound" } else { "Inbound" }.to_owned()),
        call_status: Some(status.to_owned()),
        call_log_status: Some(status.to_owned()),
        from,
        to,
        talk_s: seconds(view.answered_ms, view.over_ms),
        duration_s: seconds(Some(view.began_ms), view.over_ms),
        queue: Named { name: view.path_name.clone(), number: view.path.clone() },
        did: Named { name: view.did_name.clone(), number: view.did.clone() },
        agent: mine,
        note: view.wrap_up.as_ref().and_then(|said| said.note.clone()),
        disposition: view.wrap_up.as_ref().and_then(|said| said.disposition.clone()),
        call_id: Some(view.call.clone()),
        ..Values::default()
    }
}
