//! What an agent asks about calls and customers while they work: the history, forms for new contacts, searches, tickets,
//! calling back. Works beside the loop, which it only tells what has changed, so no call waits for it.
//!
//! Owns the order of steps; the store owns the rows, the clients their protocols. Speaks in codes. Must not know windows
//! or words.

pub(crate) mod form;
pub(crate) mod past;
mod save;
mod wire;

use std::sync::Arc;

use deskring_domain::{CallId, Choice, Record, RecordKind, Sought};
use deskring_store::{HistoryQuery, KEPT_CALLS};
use deskring_zoho_desk::{
    Account, AccountId, Contact, ContactId, EntryForm, Error, FieldKind, FormField, Module, NameOrder,
    Origin, Requirement, Ticket,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::admin::Fault;
use crate::clock::wall_ms;
use crate::desktop::Desktop;
use crate::handle::{Belongs, Clients, Message};
use crate::history::stored_view;
use crate::lookup::{Fresh, Lookup, milliseconds};
use crate::manners::Customers;
use crate::margin;
use crate::outbox::hand::{self, Beside, OutboxAsk};
use crate::run::ActWish;
use crate::suggest::{self, Suggest};
use crate::view::{self, AppView, CallView, DialView, RecordView};

pub use wire::{
    AboutView, Answer, DeskPart, DialBy, Draft, DraftAccount, FieldFault, FieldView, HistoryFilter,
    HistoryPage, Purpose, RecordKey, Sources, SuggestionView, Want,
};

/// Records that are asked about at once; more than a person sees in a list.
const MOST_ABOUT: usize = 20;
/// Records that are listed while somebody types.
const LISTED: usize = 20;

/// Answers an agent.
pub(crate) struct Assist {
    engine: mpsc::Sender<Message>,
    view: watch::Receiver<Arc<AppView>>,
    desktop: Arc<dyn Desktop>,
    /// One creation at a time: the second press of a button waits, and then finds what the first has made.
    saving: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Assist {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assist").finish_non_exhaustive()
    }
}

impl Assist {
    pub(crate) fn new(
        engine: mpsc::Sender<Message>,
        view: watch::Receiver<Arc<AppView>>,
        desktop: Arc<dyn Desktop>,
    ) -> Arc<Self> {
        Arc::new(Self { engine, view, desktop, saving: tokio::sync::Mutex::default() })
    }

    /// # Errors
    /// Codes of the catalogs; `not_running` when the engine has stopped.
    pub(crate) async fn ask(&self, want: Want) -> Result<Answer, Fault> {
        match want {
            Want::History { page } => self.history(page).await,
            Want::Form { kind } => {
                let form = self.form(module(&kind)?).await?;
                Ok(Answer::Form {
                    documented: form.origin == Origin::Documentation,
                    fields: form.fields.iter().map(field_view).collect(),
                })
            }
            Want::Draft { key } => {
                let kept = self.blocking(move |clients| Ok(journal(clients)?.draft(&key)?)).await?;
                Ok(Answer::Draft { draft: kept.and_then(|kept| form::read(&kept.json)) })
            }
            Want::KeepDraft { draft } => self.keep_draft(draft).await,
            Want::DiscardDraft { key } => {
                self.blocking(move |clients| Ok(journal(clients)?.discard_draft(&key)?)).await?;
                self.tell(Message::FormsChanged).await?;
                Ok(Answer::Done)
            }
            Want::Save { draft, anyway } => self.save(draft, anyway).await,
            Want::Find { text, kind } => self.find(&text, kind.as_deref()).await,
            Want::Suggest { text, purpose, r#in } => self.suggest(text, purpose, r#in).await,
            Want::AddNumber { call, kind, id, field } => {
                self.add_number(&call, &kind, &id, field.as_deref()).await
            }
            Want::About { records } => self.about(records).await,
            Want::OpenTicket { call } => self.open_ticket(&call).await,
            Want::Dial { text, by } => {
                let dial = Box::new(self.dial(text, by, None).await?);
                Ok(Answer::Dial { dial })
            }
            Want::Act { call, extension, act, number } => {
                let (reply, answer) = oneshot::channel();
                let wish = ActWish { call, extension, act, number };
                self.tell(Message::Act { wish, reply }).await?;
                answer.await.map_err(|_| Fault::new("not_running"))??;
                Ok(Answer::Done)
            }
            Want::CallBack { call, extension } => self.call_back(&call, &extension).await,
            Want::Outbox { ask } => self.outbox(ask).await,
        }
    }

    // The history.

    async fn history(&self, page: HistoryPage) -> Result<Answer, Fault> {
        let limit = page.limit.clamp(1, 100);
        let live: Vec<String> = self.view.borrow().calls.iter().map(|call| call.call.clone()).collect();
        let wanted = KEPT_CALLS.saturating_sub(page.offset).min(limit);
        let query = HistoryQuery {
            // One more tells whether there are more; those that are on are left out.
            limit: wanted + 1 + live.len(),
            offset: page.offset,
            missed_only: page.filter == HistoryFilter::Missed,
            who: (page.filter == HistoryFilter::Unknown).then(|| "nobody".to_owned()),
            text: page.text,
            ..HistoryQuery::default()
        };
        self.blocking(move |clients| {
            let rows = journal(clients)?.history(&query)?;
            let mut calls: Vec<CallView> = rows.iter().filter_map(stored_view).collect();
            calls.retain(|call| !live.contains(&call.call));
            let more = calls.len() > wanted && page.offset + wanted < KEPT_CALLS;
            calls.truncate(wanted);
            if let Some(manners) = &clients.manners {
                calls.iter_mut().for_each(|call| margin::refresh(call, manners, wall_ms()));
            }
            Ok(Answer::History { calls, more })
        })
        .await
    }

    // Forms.

    async fn form(&self, module: Module) -> Result<EntryForm, Fault> {
        // The agent goes on with what every organization has; Desk may ask for more when it is sent.
        Ok(self.desk().await?.form(module, None, Fresh::No).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "the layout cannot be read");
            EntryForm::documented(module)
        }))
    }

    /// A form is kept only while it is known: what is still on its way when it was saved does not bring it back.
    async fn keep_draft(&self, draft: Draft) -> Result<Answer, Fault> {
        let is_form = form::is_form(&draft.key);
        if !is_form && !form::is_note(&draft.key) {
            return Err(Fault::new("bad_request"));
        }
        self.blocking(move |clients| {
            let journal = journal(clients)?;
            let begun = journal.draft(&draft.key)?;
            if is_form && begun.is_none() {
                return Ok(());
            }
            // What became of it in Desk, the engine knows better than a window.
            let before = begun.and_then(|kept| form::read(&kept.json)).unwrap_or_default();
            let draft = Draft { sent: before.sent, ..draft };
            Ok(journal.keep_draft(&draft.key, &form::write(&draft), wall_ms())?)
        })
        .await?;
        if is_form {
            self.tell(Message::FormsChanged).await?;
        }
        Ok(Answer::Done)
    }

    // Customers.

    async fn find(&self, text: &str, kind: Option<&str>) -> Result<Answer, Fault> {
        let lookup = self.desk().await?;
        let (contacts, accounts) = find_in(&lookup, text, kind).await?;
        let contacts = contacts.iter().map(|it| RecordView::of(&lookup.of_contact(it)));
        let accounts = accounts.iter().map(|it| RecordView::of(&lookup.of_account(it)));
        Ok(Answer::Records { records: contacts.chain(accounts).collect() })
    }

    /// Desk may be slow or fail: what is known here is answered all the same.
    async fn suggest(&self, text: String, purpose: Purpose, sources: Sources) -> Result<Answer, Fault> {
        let clients = self.clients().await?;
        let (Some(sought), Some(manners)) = (Sought::read(&text), clients.manners.clone()) else {
            return Ok(Answer::Suggestions { rows: Vec::new(), desk: DeskPart::Off });
        };
        let lookup = clients.desk.clone().filter(|_| manners.customers == Customers::Live);
        let names = clients.desk.as_ref().map_or(NameOrder::ByScript, |lookup| lookup.names);
        // The index bridges the wait for Desk, and knows what Desk cannot search for.
        let is_here = lookup.is_none() || clients.index.is_some();
        let asked = async {
            match (&lookup, sources) {
                (None, _) => (DeskPart::Off, Vec::new()),
                (Some(_), Sources::Known) => (DeskPart::NotAsked, Vec::new()),
                (Some(lookup), Sources::Desk) => match find_in(lookup, &text, None).await {
                    Ok((contacts, accounts)) => {
                        (DeskPart::Answered, suggest::of_desk(&contacts, &accounts, lookup.names))
                    }
                    Err(fault) => (DeskPart::Failed { cause: fault.code }, Vec::new()),
                },
            }
        };
        let (desk, of_desk) = asked.await;
        let part = if desk == DeskPart::NotAsked { suggest::Desk::IsToAnswer } else { suggest::Desk::IsDone };
        let work = move || {
            let (mut calls, mut people) = (Vec::new(), Vec::new());
            // A database that does not answer costs its rows only.
            if let Some(journal) = clients.journal.as_deref() {
                calls = journal.history(&HistoryQuery::default()).unwrap_or_else(|error| {
                    tracing::warn!(%error, "the history cannot be read");
                    Vec::new()
                });
            }
            if is_here {
                let (index, journal) = (clients.index.as_deref(), clients.journal.as_deref());
                people = suggest::people(index, journal, names, &sought, suggest::MOST_PEOPLE);
            }
            let suggest = Suggest {
                sought,
                purpose,
                plan: &clients.plan,
                outgoing: &manners.outgoing,
                directory: &clients.directory,
                mine: &clients.mine,
            };
            suggest::views(suggest.with_desk(suggest.here(&calls, people), of_desk), part)
        };
        let rows = tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "nobody could be suggested");
            Fault::new("other")
        })?;
        Ok(Answer::Suggestions { rows, desk })
    }

    async fn about(&self, records: Vec<RecordKey>) -> Result<Answer, Fault> {
        let lookup = self.desk().await?;
        let mut known = Vec::new();
        // One after the other: a call that rings meanwhile has the connections for itself.
        for RecordKey { kind, id } in records.into_iter().take(MOST_ABOUT) {
            let Some(of_kind) = view::record_kind_of(&kind) else { continue };
            match newest_ticket(&lookup, of_kind, &id).await {
                Ok(ticket) => known.push(AboutView {
                    kind,
                    id,
                    ticket_open: ticket.as_ref().is_some_and(Ticket::is_open),
                    active_ms: ticket.as_ref().and_then(|ticket| milliseconds(ticket.modified.as_deref())),
                    ticket: ticket.and_then(|ticket| ticket.subject.or(ticket.number)),
                }),
                Err(error) => tracing::debug!(%error, "nothing is known of a record's tickets"),
            }
        }
        Ok(Answer::About { records: known })
    }

    async fn open_ticket(&self, call: &str) -> Result<Answer, Fault> {
        let record = self.call(call).await?.record().cloned().ok_or_else(|| Fault::new("no_ticket"))?;
        let kind = view::record_kind_of(&record.kind).ok_or_else(|| Fault::new("no_ticket"))?;
        let lookup = self.desk().await?;
        let open =
            past::open_tickets(&lookup, &(kind, record.id.clone())).await.map_err(|error| of_desk(&error))?;
        let ticket = match open.newest {
            Some(ticket) => Some(ticket),
            None => newest_ticket(&lookup, kind, &record.id).await.map_err(|error| of_desk(&error))?,
        };
        let ticket = ticket.ok_or_else(|| Fault::new("no_ticket"))?;
        let page = match (&ticket.web_url, lookup.portal.as_deref()) {
            (Some(url), _) => lookup.checked_page(url.as_str()),
            (None, Some(portal)) => {
                lookup.desk.hosts().ticket_page(portal, &ticket.id).ok().map(|page| page.as_str().to_owned())
            }
            (None, None) => None,
        };
        let page = page.ok_or_else(|| Fault::new("address_refused"))?;
        let desktop = self.desktop.clone();
        match tokio::task::spawn_blocking(move || desktop.open(&page)).await {
            Ok(Ok(())) => Ok(Answer::Done),
            Ok(Err(error)) => {
                tracing::warn!(error, "the browser could not be started");
                Err(Fault::new("browser_failed"))
            }
            Err(_) => Err(Fault::new("other")),
        }
    }

    /// Only to the number of one of my calls.
    async fn call_back(&self, call: &str, extension: &str) -> Result<Answer, Fault> {
        let past = self.call(call).await?;
        // Withheld, or a word in its place.
        if !past.number.chars().any(char::is_numeric) {
            return Err(Fault::new("no_number"));
        }
        self.dial(past.number, DialBy::Person, Some(extension.to_owned())).await?;
        Ok(Answer::Done)
    }

    async fn dial(&self, text: String, by: DialBy, extension: Option<String>) -> Result<DialView, Fault> {
        let (reply, answer) = oneshot::channel();
        self.tell(Message::Dial { text, by, extension, reply }).await?;
        answer.await.map_err(|_| Fault::new("not_running"))?
    }

    // What is owed to Desk.

    async fn outbox(&self, ask: OutboxAsk) -> Result<Answer, Fault> {
        let is_change = ask.is_change();
        let answered = self.blocking(move |clients| {
            let beside = Beside { desk: clients.desk.as_ref(), writing: clients.writing.as_deref() };
            hand::answer(journal(clients)?, beside, ask)
        });
        let answered = answered.await;
        // Also after a fault: somebody who saw too little will look again.
        if is_change {
            self.tell(Message::OutboxChanged).await?;
        }
        answered
    }

    // What it works with.

    /// A call, on or over, however long ago.
    async fn call(&self, call: &str) -> Result<CallView, Fault> {
        let known = {
            let view = self.view.borrow();
            view.calls.iter().chain(&view.recent).find(|known| known.call == call).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let call = call.to_owned();
        self.blocking(move |clients| {
            let rows = journal(clients)?.rows_of(&call)?;
            rows.iter().find_map(stored_view).ok_or_else(|| Fault::new("call_unknown"))
        })
        .await
    }

    async fn clients(&self) -> Result<Clients, Fault> {
        let (reply, answer) = oneshot::channel();
        self.tell(Message::Clients { reply }).await?;
        answer.await.map_err(|_| Fault::new("not_running"))
    }

    async fn desk(&self) -> Result<Lookup, Fault> {
        let clients = self.clients().await?;
        clients.desk.ok_or_else(|| Fault::new(clients.desk_cause.as_deref().unwrap_or("desk_not_set_up")))
    }

    async fn tell(&self, message: Message) -> Result<(), Fault> {
        self.engine.send(message).await.map_err(|_| Fault::new("not_running"))
    }

    async fn belongs(
        &self,
        call: &str,
        record: Record,
        number_key: String,
        how: Choice,
        form: Option<String>,
    ) -> Result<Answer, Fault> {
        let saved = RecordView::of(&record);
        let call = CallId::new(call);
        self.tell(Message::Belongs(Box::new(Belongs { call, record, number_key, how, form }))).await?;
        Ok(Answer::Saved { record: saved })
    }

    /// The database blocks; a runtime with one thread must not.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Clients) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let clients = self.clients().await?;
        tokio::task::spawn_blocking(move || work(&clients)).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a question could not be answered");
            Err(Fault::new("other"))
        })
    }
}

fn journal(clients: &Clients) -> Result<&deskring_store::Journal, Fault> {
    clients.journal.as_deref().ok_or_else(|| Fault::new("journal_unusable"))
}

impl From<deskring_store::StoreError> for Fault {
    fn from(error: deskring_store::StoreError) -> Self {
        tracing::warn!(%error, "the database did not do it");
        let code = match error {
            deskring_store::StoreError::TooLarge { .. } => "too_long",
            _ => "journal_unusable",
        };
        Self::new(code)
    }
}

/// Customers by what somebody typed. One of the two that answers is better than none.
async fn find_in(
    lookup: &Lookup,
    text: &str,
    kind: Option<&str>,
) -> Result<(Vec<Contact>, Vec<Account>), Fault> {
    let (contacts, accounts) = match kind {
        Some("contact") => (lookup.desk.find_contacts(text, LISTED).await, Ok(Vec::new())),
        Some("account") => (Ok(Vec::new()), lookup.desk.find_accounts(text, LISTED).await),
        _ => tokio::join!(lookup.desk.find_contacts(text, LISTED), lookup.desk.find_accounts(text, LISTED)),
    };
    match (contacts, accounts) {
        (Err(error), Err(_)) => Err(of_desk(&error)),
        (Err(error), Ok(accounts)) if accounts.is_empty() => Err(of_desk(&error)),
        (Ok(contacts), Err(error)) if contacts.is_empty() => Err(of_desk(&error)),
        (contacts, accounts) => Ok((contacts.unwrap_or_default(), accounts.unwrap_or_default())),
    }
}

async fn newest_ticket(lookup: &Lookup, kind: RecordKind, id: &str) -> Result<Option<Ticket>, Error> {
    match kind {
        RecordKind::Contact => lookup.desk.last_ticket(&ContactId::new(id)).await,
        RecordKind::Account => lookup.desk.last_ticket_of_account(&AccountId::new(id)).await,
    }
}

fn module(kind: &str) -> Result<Module, Fault> {
    match view::record_kind_of(kind) {
        Some(RecordKind::Contact) => Ok(Module::Contacts),
        Some(RecordKind::Account) => Ok(Module::Accounts),
        None => Err(Fault::new("bad_request")),
    }
}

pub(super) fn of_desk(error: &Error) -> Fault {
    Fault { code: error.kind().code().to_owned(), detail: error.code().map(str::to_owned) }
}

pub(crate) fn field_view(field: &FormField) -> FieldView {
    let (kind, choices) = match &field.kind {
        FieldKind::Lookup if field.api_name == "accountId" => ("account", &[][..]),
        FieldKind::Text if field.api_name == "description" => ("lines", &[][..]),
        FieldKind::Text => ("text", &[][..]),
        FieldKind::Number => ("number", &[][..]),
        FieldKind::Email => ("email", &[][..]),
        FieldKind::Phone => ("phone", &[][..]),
        FieldKind::Url => ("url", &[][..]),
        FieldKind::Date => ("date", &[][..]),
        FieldKind::Boolean => ("boolean", &[][..]),
        FieldKind::Picklist(choices) => ("choice", choices.as_slice()),
        FieldKind::Lookup | FieldKind::Other(_) => ("other", &[][..]),
    };
    FieldView {
        name: field.api_name.clone(),
        label: field.label.clone(),
        kind: kind.to_owned(),
        required: field.required == Requirement::Required,
        max_length: field.max_length,
        choices: choices.to_vec(),
    }
}
