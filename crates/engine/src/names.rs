//! The names behind the PBX's numbers: extensions, queues, ring groups, IVRs. Read beside the loop when the link comes
//! up, and again when that is long ago; a call never waits for them. Must not know calls.

use std::collections::BTreeMap;
use std::time::Duration;

use deskring_yeastar as pbx;
use tokio::time::Instant;

/// Names change rarely; somebody who renames a queue sees it the next day at the latest, or after a new start.
const FRESH: Duration = Duration::from_secs(12 * 3600);

/// Names by number.
#[derive(Default)]
pub(crate) struct Names {
    known: BTreeMap<String, String>,
    read: Option<Instant>,
}

impl Names {
    /// The name behind a number.
    pub(crate) fn of(&self, number: &str) -> Option<&str> {
        self.known.get(number).map(String::as_str)
    }

    /// Whether they should be read, now that the PBX can be asked. Counts as read from now on.
    pub(crate) fn are_due(&mut self) -> bool {
        let due = self.read.is_none_or(|read| read.elapsed() >= FRESH);
        if due {
            self.read = Some(Instant::now());
        }
        due
    }

    /// Puts in what was read. Nothing at all means that nothing could be read: the old names stay.
    pub(crate) fn put(&mut self, names: BTreeMap<String, String>) {
        if names.is_empty() {
            self.read = None;
        } else {
            self.known = names;
        }
    }
}

/// Reads all names. A list that cannot be read is left out: an application may lack the right to it.
pub(crate) async fn read(client: &pbx::Pbx) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut put = |number: String, name: Option<String>| {
        if let Some(name) = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) {
            names.insert(number, name);
        }
    };
    match client.extensions().await {
        Ok(all) => all.into_iter().for_each(|extension| put(extension.number, extension.name)),
        Err(error) => tracing::debug!(%error, "the names of extensions are not known"),
    }
    for features in [client.queues().await, client.ring_groups().await, client.ivrs().await] {
        match features {
            Ok(all) => all.into_iter().for_each(|feature| put(feature.number, feature.name)),
            Err(error) => tracing::debug!(%error, "names of queues, ring groups or IVRs are not known"),
        }
    }
    names
}
