//! The index beside the loop: when it is opened, built and thrown away, and who answers a lookup, it or Desk. Must not
//! know how it is filled.

use std::sync::Arc;
use std::time::Duration;

use deskring_domain::{CallId, Input, Record};
use deskring_store::Index;
use deskring_zoho_desk as desk;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::{Back, Dirty, Engine};
use crate::index::{Builder, OFF, Query, Wanted};
use crate::lookup::{Found, Lookup};
use crate::view::IndexView;

/// Desk has this long for a caller whom the index knows.
const BRIDGE: Duration = Duration::from_secs(1);

/// The index, and what fills it.
pub(super) struct Indexing {
    wanted: Option<Wanted>,
    index: Option<Arc<Index>>,
    builder: Option<AbortHandle>,
    /// For which link the builder works.
    generation: u64,
    pub(super) view: IndexView,
    tell: mpsc::UnboundedSender<IndexView>,
}

impl Indexing {
    pub(super) fn new() -> (Indexing, mpsc::UnboundedReceiver<IndexView>) {
        let (tell, told) = mpsc::unbounded_channel();
        let indexing = Indexing {
            wanted: None,
            index: None,
            builder: None,
            generation: 0,
            view: IndexView::off(OFF),
            tell,
        };
        (indexing, told)
    }

    fn query(&self) -> Query {
        self.wanted.as_ref().map_or(Query::WhenUnknown, |wanted| wanted.query)
    }

    fn stop(&mut self) {
        if let Some(builder) = self.builder.take() {
            builder.abort();
        }
    }

    /// Also for those who still hold it: the file is free then.
    fn close(&mut self) {
        self.stop();
        if let Some(index) = self.index.take() {
            index.close();
        }
    }
}

impl Drop for Indexing {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Engine {
    /// The settings or the link to Desk are new.
    pub(super) fn change_index(&mut self, wanted: Option<Wanted>) {
        if let Some(wanted) = wanted {
            self.indexing.close();
            match &wanted.key {
                Ok(key) => match Index::open(&self.paths.profile, key) {
                    Ok(index) => self.indexing.index = Some(Arc::new(index)),
                    Err(error) => {
                        tracing::warn!(%error, "the index cannot be opened");
                        self.indexing.view = IndexView::off("index_not_opened");
                    }
                },
                Err(cause) => {
                    if *cause == OFF {
                        noted(Index::remove(&self.paths.profile));
                    }
                    self.indexing.view = IndexView::off(cause);
                }
            }
            self.indexing.wanted = Some(wanted);
        }
        let Some(lookup) = &mut self.desk.lookup else {
            self.indexing.stop();
            if self.indexing.index.is_some() {
                self.indexing.view.state = "paused".to_owned();
                self.indexing.view.cause.clone_from(&self.desk.view.cause);
            }
            return;
        };
        lookup.index = self.indexing.index.clone();
        if self.indexing.builder.is_some() && self.indexing.generation == self.desk.generation {
            return;
        }
        self.indexing.stop();
        let (Some(index), Some(wanted)) = (&self.indexing.index, &self.indexing.wanted) else { return };
        let builder = Builder {
            index: index.clone(),
            lookup: lookup.clone(),
            budget: wanted.budget,
            plan: wanted.plan.clone(),
            tell: self.indexing.tell.clone(),
        };
        self.indexing.generation = self.desk.generation;
        self.indexing.builder = Some(tokio::spawn(builder.run()).abort_handle());
    }

    /// Everybody is forgotten and read anew.
    pub(super) fn rebuild_index(&mut self) {
        self.forget_index();
        let wanted = self.indexing.wanted.clone();
        self.change_index(wanted);
    }

    /// Nobody is to be known here any more, until the settings or the link to Desk are new.
    pub(super) fn forget_index(&mut self) {
        self.indexing.close();
        if let Some(lookup) = &mut self.desk.lookup {
            lookup.index = None;
        }
        noted(Index::remove(&self.paths.profile));
        self.indexing.view = IndexView { state: "paused".to_owned(), ..IndexView::default() };
        self.dirty = Dirty::Yes;
    }

    pub(super) fn on_index(&mut self, view: IndexView) {
        // One that was stopped may have told before.
        if self.indexing.builder.is_none() {
            return;
        }
        self.indexing.view = view;
        self.dirty = Dirty::Yes;
    }

    /// Whose number it is: from here, from Desk, or from here where Desk is slow or away.
    pub(super) fn find(&self, lookup: Lookup, call: CallId, number: String, attempt: u8) -> Option<Input> {
        let known = lookup.known(&number);
        if !known.is_empty() && self.indexing.query() == Query::WhenUnknown {
            let answer = Ok(self.matched(&number, records(known)));
            return Some(Input::LookedUp { call, attempt, answer });
        }
        let (back, link) = (self.back_sender.clone(), self.desk.generation);
        tokio::spawn(async move {
            let answer = if known.is_empty() {
                lookup.find(&number).await
            } else {
                bridged(&lookup, &number, known).await
            };
            // An error means that the loop has ended.
            let _ = back.send(Back::LookedUp { call, number, attempt, link, answer });
        });
        None
    }

    /// The index, where there is one.
    pub(super) fn index(&self) -> Option<&Arc<Index>> {
        self.indexing.index.as_ref()
    }

    /// Whether an answer of Desk is kept in the index, and need not be anywhere else.
    pub(super) fn is_indexed(&self) -> bool {
        self.indexing.index.is_some()
    }

    /// Whether an answer of a short while ago will do. Where there is an index, it is about a record that was created
    /// here, and that Desk's search does not know yet, or says that nobody has the number.
    pub(super) fn may_recall(&self, lookup: &Lookup, number: &str, records: &[Record]) -> bool {
        match self.indexing.query() {
            // The index may have learned since whom nobody knew a minute ago.
            Query::WhenUnknown => !records.is_empty() || lookup.known(number).is_empty(),
            Query::Always => self.is_indexed() && !records.is_empty(),
        }
    }
}

/// Desk's answer, or what is known here when there is none in time. A late one still reaches the index.
async fn bridged(lookup: &Lookup, number: &str, known: Vec<Found>) -> Result<Vec<Found>, desk::Error> {
    let (asking, number) = (lookup.clone(), number.to_owned());
    let asked = tokio::spawn(async move { asking.find(&number).await });
    match tokio::time::timeout(BRIDGE, asked).await {
        Ok(Ok(Ok(found))) => Ok(found),
        Ok(_) | Err(_) => Ok(known),
    }
}

fn records(found: Vec<Found>) -> Vec<Record> {
    found.into_iter().map(|found| found.record).collect()
}

fn noted(result: std::io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "the index could not be deleted");
    }
}
