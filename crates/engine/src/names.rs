//! The names behind the PBX's numbers: extensions, queues, ring groups, IVRs. Read beside the loop when the link comes
//! up, and again when that is long ago; a call never waits for them. Must not know calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use deskring_yeastar as pbx;
use tokio::time::Instant;

/// Names change rarely; somebody who renames a queue sees it the next day at the latest, or after a new start.
const FRESH: Duration = Duration::from_secs(12 * 3600);
/// Records of calls that tell the names of dialed numbers.
const LOOKED_THROUGH: usize = 200;
/// No PBX has more numbers that are called.
const MOST_DIALED: usize = 2000;

/// Names by number.
#[derive(Default)]
pub(crate) struct Names {
    directory: Arc<Directory>,
    /// Names of the numbers that callers dial (DID), as far as records of calls have told them.
    dialed: BTreeMap<String, String>,
    read: Option<Instant>,
}

/// The PBX's own numbers.
#[derive(Default)]
pub(crate) struct Directory {
    names: BTreeMap<String, String>,
    /// The extensions among them, also those without a name.
    extensions: BTreeSet<String>,
}

impl Directory {
    /// The name behind a number.
    pub(crate) fn of(&self, number: &str) -> Option<&str> {
        self.names.get(number).map(String::as_str)
    }

    /// All extensions of the PBX, as far as it tells.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = &str> {
        self.extensions.iter().map(String::as_str)
    }

    /// Whether it is a number of the PBX itself.
    pub(crate) fn has(&self, number: &str) -> bool {
        self.names.contains_key(number) || self.extensions.contains(number)
    }

    #[cfg(test)]
    pub(crate) fn with_extensions(extensions: &[(&str, &str)]) -> Self {
        let mut made = Self::default();
        for (number, name) in extensions {
            made.extensions.insert((*number).to_owned());
            if !name.is_empty() {
                made.names.insert((*number).to_owned(), (*name).to_owned());
            }
        }
        made
    }
}

impl Names {
    /// The name behind a number.
    pub(crate) fn of(&self, number: &str) -> Option<&str> {
        self.directory.of(number)
    }

    /// All extensions of the PBX, as far as it tells.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = &str> {
        self.directory.extensions()
    }

    /// The PBX's own numbers, as they are known now.
    pub(crate) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// The name of the number that a caller dialed. Where the PBX reports where the call was sent instead, that
    /// queue's or extension's.
    pub(crate) fn of_dialed(&self, did: &str) -> Option<&str> {
        self.dialed.get(did).map(String::as_str).or_else(|| self.of(did))
    }

    /// QUIRK(yeastar): no list tells the names of DIDs; the record of each call does.
    pub(crate) fn learn(&mut self, record: &pbx::CallRecord) {
        let (number, name) = (record.did_number.as_deref(), record.did_name.as_deref().map(str::trim));
        if let (Some(number), Some(name)) = (number, name)
            && !number.is_empty()
            && !name.is_empty()
            && (self.dialed.len() < MOST_DIALED || self.dialed.contains_key(number))
        {
            self.dialed.insert(number.to_owned(), name.to_owned());
        }
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
    pub(crate) fn put(&mut self, read: Read) {
        read.records.iter().for_each(|record| self.learn(record));
        if read.names.is_empty() {
            self.read = None;
        } else {
            self.directory = Arc::new(Directory { names: read.names, extensions: read.extensions });
        }
    }
}

/// What was read.
pub(crate) struct Read {
    names: BTreeMap<String, String>,
    extensions: BTreeSet<String>,
    /// Of the last calls.
    records: Vec<pbx::CallRecord>,
    /// The serial number of the PBX; empty when it does not tell, nothing when it could not be asked.
    pub(crate) serial: Option<String>,
}

/// Reads all names. A list that cannot be read is left out: an application may lack the right to it.
pub(crate) async fn read(client: &pbx::Pbx) -> Read {
    let (mut names, mut extensions) = (BTreeMap::new(), BTreeSet::new());
    let mut put = |number: String, name: Option<String>| {
        if let Some(name) = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) {
            names.insert(number, name);
        }
    };
    match client.extensions().await {
        Ok(all) => all.into_iter().for_each(|extension| {
            extensions.insert(extension.number.clone());
            put(extension.number, extension.name);
        }),
        Err(error) => tracing::debug!(%error, "the names of extensions are not known"),
    }
    for features in [client.queues().await, client.ring_groups().await, client.ivrs().await] {
        match features {
            Ok(all) => all.into_iter().for_each(|feature| put(feature.number, feature.name)),
            Err(error) => tracing::debug!(%error, "names of queues, ring groups or IVRs are not known"),
        }
    }
    let logged = client.newest_logged(LOOKED_THROUGH).await.unwrap_or_else(|error| {
        tracing::debug!(%error, "the names of dialed numbers are not known");
        Vec::new()
    });
    let serial = match client.information().await {
        Ok(information) => Some(information.serial.unwrap_or_default()),
        Err(error) if error.retry() == pbx::Retry::Never => Some(String::new()),
        Err(error) => {
            tracing::debug!(%error, "the serial number is not known");
            None
        }
    };
    Read { names, extensions, serial, records: logged.into_iter().map(|call| call.record).collect() }
}
