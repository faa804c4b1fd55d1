//! The copies of Desk's records: on this computer, and in the phonebook of the PBX. Asks nobody: what the engine knows of
//! them is told. Must not know how they are made.

use std::sync::Arc;

use super::super::Admin;
use super::Line;
use crate::view::{Finding, FindingState, IndexView, SyncView};

impl Admin {
    /// Nothing where no engine runs: then nothing is copied either.
    pub(super) async fn copies(self: &Arc<Self>) -> Vec<Finding> {
        let mut line = Line::new(&["index", "phonebook"]);
        if let Some((kept, copied)) = self.clients().await.copies {
            index(&mut line, &kept);
            phonebook(&mut line, &copied);
            return line.finish();
        }
        Vec::new()
    }
}

fn index(line: &mut Line, index: &IndexView) {
    let people = index.people.to_string();
    let people = [("people", people.as_str())];
    match (index.state.as_str(), index.cause.as_deref()) {
        ("fresh", _) => line.ok("index", "index_good", &people),
        ("building", _) => line.ok("index", "index_reads", &people),
        ("off", Some("off") | None) => line.ok("index", "index_unwanted", &[]),
        // The keychain's own line says what to do about it.
        ("off", Some("consent_needed" | "keychain_absent")) => {
            line.say("index", FindingState::Skipped, "index_no_key", &[]);
        }
        ("paused", Some("index_budget")) => line.warn("index", "index_spent", &people),
        (_, cause) => line.warn("index", "index_stands", &[("cause", cause.unwrap_or_default())]),
    }
}

fn phonebook(line: &mut Line, sync: &SyncView) {
    let name = [("name", sync.phonebook.as_deref().unwrap_or_default())];
    let told = [name[0], ("cause", sync.cause.as_deref().unwrap_or_default())];
    match sync.state.as_str() {
        "" => line.ok("phonebook", "phonebook_unwanted", &[]),
        "refused" => line.fail("phonebook", "phonebook_refused", &told),
        "waiting" => line.warn("phonebook", "phonebook_waits", &told),
        _ => line.ok("phonebook", "phonebook_good", &name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::FindingState::{Fail, Ok, Skipped, Warn};

    fn of_index(state: &str, cause: Option<&str>) -> (FindingState, String) {
        let mut line = Line::new(&[]);
        let cause = cause.map(str::to_owned);
        index(&mut line, &IndexView { state: state.into(), cause, ..IndexView::default() });
        (line.found[0].state, line.found[0].code.clone())
    }

    #[test]
    fn what_stands_still_is_told_and_what_nobody_wants_is_not() {
        assert_eq!(of_index("fresh", None), (Ok, "index_good".into()));
        assert_eq!(of_index("off", Some("off")), (Ok, "index_unwanted".into()));
        assert_eq!(of_index("off", Some("consent_needed")), (Skipped, "index_no_key".into()));
        assert_eq!(of_index("off", Some("index_not_opened")), (Warn, "index_stands".into()));
        assert_eq!(of_index("paused", Some("index_budget")), (Warn, "index_spent".into()));
        let states = [("", Ok), ("idle", Ok), ("running", Ok), ("waiting", Warn), ("refused", Fail)];
        for (state, expected) in states {
            let mut line = Line::new(&[]);
            phonebook(&mut line, &SyncView { state: state.into(), ..SyncView::default() });
            assert_eq!(line.found[0].state, expected, "{state}");
        }
    }
}
