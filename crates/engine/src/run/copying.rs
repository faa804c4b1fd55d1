//! The phonebook beside the loop: what its copier works with, which records of calls it is given, and what it tells. Must
//! not know how a record is copied.

use std::collections::VecDeque;

use deskring_domain::{CallId, Entry, Who};
use tokio::sync::{mpsc, watch};

use super::{Dirty, Engine};
use crate::clock::wall_ms;
use crate::phonebook::{Copier, Wanted, Wiring, Wish};
use crate::view::{self, LinkState, SyncView};

/// Calls whose record was given to the copier: each once, however often it is written down.
const REMEMBERED: usize = 256;

/// The line to the copier.
pub(super) struct Copying {
    pub(super) wanted: Option<Wanted>,
    wiring: watch::Sender<Wiring>,
    wishes: mpsc::UnboundedSender<Wish>,
    /// For the copier, until it is started.
    ends: Option<(mpsc::UnboundedReceiver<Wish>, mpsc::UnboundedSender<SyncView>)>,
    /// Which link to Desk the wiring has.
    generation: u64,
    given: VecDeque<(CallId, String)>,
    pub(super) view: SyncView,
}

impl Copying {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<SyncView>) {
        let (wishes, wished) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        let copying = Self {
            wanted: None,
            wiring: watch::Sender::new(Wiring::default()),
            wishes,
            ends: Some((wished, tell)),
            generation: 0,
            given: VecDeque::new(),
            view: SyncView::default(),
        };
        (copying, told)
    }
}

impl Engine {
    /// Begins to copy. Without a journal nothing would be found again, so nothing is copied.
    pub(super) fn start_copier(&mut self) {
        if let (Some(journal), Some((wishes, tell))) = (self.history.journal(), self.copying.ends.take()) {
            let copier = Copier::new(journal.clone(), self.copying.wiring.subscribe(), wishes, tell);
            tokio::spawn(copier.run());
        }
    }

    /// Tells the copier what it works with, when that has changed.
    pub(super) fn wire_copier(&mut self) {
        let generation = self.desk.generation;
        let same_link = std::mem::replace(&mut self.copying.generation, generation) == generation;
        let up = |state| state == LinkState::Up;
        let pbx = self.pbx.client().filter(|_| up(self.pbx.view.state));
        let desk = self.desk.lookup.as_ref().filter(|_| up(self.desk.view.state));
        let wanted = self.wanted_copies();
        self.copying.wiring.send_if_modified(|wiring| {
            let same_pbx = match (&wiring.pbx, pbx) {
                (Some(one), Some(other)) => one.is_same_as(other),
                (one, other) => one.is_none() && other.is_none(),
            };
            let same_desk = same_link && wiring.desk.is_some() == desk.is_some();
            if same_pbx && same_desk && wiring.wanted.as_ref() == wanted {
                return false;
            }
            *wiring = Wiring { wanted: wanted.cloned(), pbx: pbx.cloned(), desk: desk.cloned() };
            true
        });
    }

    /// Nothing where a gateway writes: it copies as well.
    fn wanted_copies(&self) -> Option<&Wanted> {
        self.copying.wanted.as_ref().filter(|_| !self.owing.central.is_elsewhere())
    }

    pub(super) fn wish_copies(&self, wish: Wish) {
        // An error means that there is no journal to copy with.
        let _ = self.copying.wishes.send(wish);
    }

    pub(super) fn on_copied(&mut self, view: SyncView) {
        if view != self.copying.view {
            self.copying.view = view;
            self.dirty = Dirty::Yes;
        }
    }

    /// The record of a call is to be in the phonebook.
    pub(super) fn copy_record_of(&mut self, entry: &Entry) {
        let (Some(wanted), Who::Known(record)) = (self.wanted_copies(), &entry.who) else { return };
        if wanted.dry_run || record.kind != wanted.kind {
            return;
        }
        let given = (entry.call.clone(), record.id.clone());
        if self.copying.given.contains(&given) {
            return;
        }
        let Some(journal) = self.history.journal() else { return };
        match journal.sync_later(view::record_kind(record.kind), &record.id, wall_ms()) {
            Ok(()) => {
                self.copying.given.push_back(given);
                if self.copying.given.len() > REMEMBERED {
                    self.copying.given.pop_front();
                }
                self.wish_copies(Wish::Look);
            }
            Err(error) => tracing::warn!(%error, "a record of a call is not kept for the phonebook"),
        }
    }
}
