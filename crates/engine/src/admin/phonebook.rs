//! What a person asks about the copies of Desk's records: on this computer, and in the phonebook of the PBX.

use std::sync::Arc;

use deskring_yeastar::Members;

use super::wire::{Answer, Fault, NotSyncedView, PhonebookView};
use super::{Admin, Wish};
use crate::connect;
use crate::handle::Message;
use crate::phonebook::current;

/// Rows of one answer.
const PAGE: usize = 100;

impl Admin {
    pub(super) async fn wish_copies(self: &Arc<Self>, wish: Wish) -> Result<Answer, Fault> {
        if self.engine.is_none() {
            return Err(Fault::new("not_running"));
        }
        let settings = self.blocking(Self::loaded).await?;
        if wish == Wish::Everything && crate::phonebook::wanted(&settings).is_none() {
            return Err(Fault::new("sync_off"));
        }
        self.tell(Message::Copies(wish)).await;
        Ok(Answer::Done)
    }

    pub(super) async fn rebuild_index(self: &Arc<Self>) -> Result<Answer, Fault> {
        match self.clients().await.index {
            Some(_) => {
                self.tell(Message::RebuildIndex).await;
                Ok(Answer::Done)
            }
            None => Err(Fault::new("no_index")),
        }
    }

    pub(super) async fn not_synced(self: &Arc<Self>, offset: usize) -> Result<Answer, Fault> {
        let Some(journal) = self.clients().await.journal else { return Err(Fault::new("not_running")) };
        let listed = self.blocking(move |_| {
            let Some(book) = current(&journal) else { return Ok(Vec::new()) };
            journal.not_synced(&book, offset, PAGE + 1).map_err(|error| {
                tracing::warn!(%error, "what is not in the phonebook cannot be read");
                Fault::new("other")
            })
        });
        let mut rows = listed.await?;
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let rows = rows.into_iter().map(|row| NotSyncedView {
            kind: row.kind,
            id: row.id,
            label: row.label,
            reason: row.reason.unwrap_or_default(),
        });
        Ok(Answer::NotSynced { rows: rows.collect(), more })
    }

    pub(super) async fn phonebooks(self: &Arc<Self>) -> Result<Answer, Fault> {
        let Some(client) = self.clients().await.pbx else { return Err(Fault::new("not_running")) };
        let books = client.phonebooks().await.map_err(|error| Fault {
            code: connect::pbx_cause(error.kind()).to_owned(),
            detail: connect::pbx_detail(&error),
        })?;
        let mut phonebooks: Vec<PhonebookView> = books
            .into_iter()
            .map(|book| PhonebookView {
                name: book.name,
                count: book.count,
                everybody: book.members == Members::Everybody,
            })
            .collect();
        phonebooks.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Answer::Phonebooks { phonebooks })
    }
}
