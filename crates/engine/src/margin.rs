//! What stands in the margin of a call, beside what the core says: what helps the agent within three seconds, and what
//! they are asked after it. Never delays anything: it comes when it comes. Must not know how it is fetched.

use std::collections::{BTreeMap, BTreeSet};

use deskring_domain::{Entry, RecordKind, Who};

use crate::manners::{Creation, Manners, WrapUp};
use crate::names::Names;
use crate::view::{CallView, ContextView, SpokeView, TicketsView, WrapUpView};

/// After this long nobody remembers a call well enough to be asked.
const ASKED_FOR_MS: i64 = 60 * 60 * 1000;

/// Of the calls that the core knows.
#[derive(Default)]
pub(crate) struct Margin {
    contexts: BTreeMap<String, Context>,
    /// What was said of a call and an extension while the core still knew it.
    said: BTreeMap<(String, String), WrapUpView>,
}

#[derive(Default)]
struct Context {
    view: ContextView,
    /// Whose tickets are known, or being asked for.
    tickets_of: Option<(RecordKind, String)>,
}

impl Margin {
    /// Whether a call has a context already, or is to get one now.
    pub(crate) fn has(&self, call: &str) -> bool {
        self.contexts.contains_key(call)
    }

    pub(crate) fn begin(&mut self, call: &str, view: ContextView) {
        self.contexts.insert(call.to_owned(), Context { view, tickets_of: None });
    }

    /// Whose tickets are to be asked for, now that it is known whose call it is; each record once.
    pub(crate) fn wants_tickets(&mut self, entry: &Entry) -> Option<(RecordKind, String)> {
        let Who::Known(record) = &entry.who else { return None };
        let context = self.contexts.get_mut(entry.call.as_str())?;
        let whose = (record.kind, record.id.clone());
        if context.tickets_of.as_ref() == Some(&whose) {
            return None;
        }
        context.tickets_of = Some(whose.clone());
        context.view.tickets = None;
        Some(whose)
    }

    /// The tickets of a record, for the calls that are that record's.
    pub(crate) fn put_tickets(&mut self, call: &str, whose: &(RecordKind, String), tickets: TicketsView) {
        if let Some(context) = self.contexts.get_mut(call)
            && context.tickets_of.as_ref() == Some(whose)
        {
            context.view.tickets = Some(tickets);
        }
    }

    /// Who spoke with the caller, as the PBX tells; what is known already stays when it is newer.
    pub(crate) fn put_spoke(&mut self, call: &str, spoke: SpokeView) {
        if let Some(Context { view, .. }) = self.contexts.get_mut(call)
            && view.spoke.as_ref().is_none_or(|known| known.at_ms < spoke.at_ms)
        {
            view.spoke = Some(spoke);
        }
    }

    /// What the agent said of a call.
    pub(crate) fn say(&mut self, call: &str, extension: &str, said: WrapUpView) {
        self.said.insert((call.to_owned(), extension.to_owned()), said);
    }

    /// Forgets all calls but these.
    pub(crate) fn keep_only(&mut self, known: &BTreeSet<String>) {
        self.contexts.retain(|call, _| known.contains(call));
        self.said.retain(|(call, _), _| known.contains(call));
    }

    /// Writes it beside a call that the core knows.
    pub(crate) fn write(&self, view: &mut CallView, manners: &Manners, names: &Names) {
        view.can_create = can_create(view, manners);
        view.context = self.contexts.get(&view.call).map(|context| context.view.clone());
        if let Some(spoke) = view.context.as_mut().and_then(|context| context.spoke.as_mut()) {
            spoke.name = names.of(&spoke.extension).map(str::to_owned);
        }
        view.wrap_up = match self.said.get(&(view.call.clone(), view.extension.clone())) {
            Some(said) => Some(said.clone()),
            None if is_to_be_asked(view, manners) => {
                Some(WrapUpView { asked: true, ..WrapUpView::default() })
            }
            None => None,
        };
    }
}

/// A call of the history, by the settings and the time of now.
pub(crate) fn refresh(view: &mut CallView, manners: &Manners, now_ms: i64) {
    view.can_create = can_create(view, manners);
    if let Some(wrap_up) = &mut view.wrap_up {
        let is_recent = view.over_ms.is_some_and(|over| now_ms - over < ASKED_FOR_MS);
        wrap_up.asked &= manners.wrap_up == WrapUp::Asked && is_recent;
    }
}

fn can_create(view: &CallView, manners: &Manners) -> bool {
    manners.creation == Creation::Offered && view.who.state == "nobody" && !view.number.is_empty()
}

fn is_to_be_asked(view: &CallView, manners: &Manners) -> bool {
    manners.wrap_up == WrapUp::Asked
        && view.is_over()
        && view.outcome.as_deref() == Some("answered")
        && matches!(view.direction.as_deref(), Some("inbound" | "outbound"))
}
