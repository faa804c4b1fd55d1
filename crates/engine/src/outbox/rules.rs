//! From the settings to what is owed and what is written.

use std::collections::{BTreeMap, BTreeSet};

use deskring_domain::template::Template;
use deskring_domain::{ActivityRule, ContactRule, Extension, OwedRules, RecordKind, TicketCall, TicketRule};
use deskring_store::settings::{self, CallDirection, NewContactMode, TicketMoment};
use deskring_store::{Run, Settings};
use deskring_zoho_desk::Module;

use super::Writing;
use crate::connect;

/// What the administrator wants to be written; nothing where Desk is not in use.
pub(crate) fn rules(settings: &Settings) -> OwedRules {
    if !settings.desk.enabled {
        return OwedRules::default();
    }
    let (contacts, tickets, log) = (&settings.new_contacts, &settings.tickets, &settings.call_log);
    OwedRules {
        contacts: (contacts.mode == NewContactMode::Automatic).then(|| ContactRule {
            kind: match contacts.kind {
                settings::RecordKind::Contact => RecordKind::Contact,
                settings::RecordKind::Account => RecordKind::Account,
            },
            inbound: contacts.call_types.contains(&CallDirection::Inbound),
            outbound: contacts.call_types.contains(&CallDirection::Outbound),
        }),
        tickets: tickets.enabled.then(|| match tickets.when {
            TicketMoment::BeforeCall => TicketRule::Before {
                inbound: tickets.call_types.contains(&settings::TicketCall::Inbound),
                outbound: tickets.call_types.contains(&settings::TicketCall::Outbound),
            },
            TicketMoment::AfterCall => {
                TicketRule::After(tickets.call_types.iter().filter_map(|call| after(*call)).collect())
            }
        }),
        activities: log.enabled.then_some(ActivityRule {
            skip_missed_if_answered_elsewhere: log.skip_missed_if_answered_elsewhere,
        }),
        bound: bound(settings).map(|(extension, _)| Extension::new(extension)).collect::<BTreeSet<_>>(),
        sole: false,
    }
}

/// What is written, without what the PBX and Desk have told.
pub(crate) fn writing(settings: &Settings) -> Writing {
    Writing {
        run: if settings.desk.dry_run { Run::Dry } else { Run::Live },
        department: settings.desk.department_id.clone(),
        agents: bound(settings).collect(),
        ticket_subject: Template::lenient(&settings.tickets.subject),
        ticket_description: Template::lenient(&settings.tickets.description),
        call_subject: Template::lenient(&settings.call_log.subject),
        call_description: Template::lenient(&settings.call_log.description),
        serial: None,
        no_calls: None,
        names: BTreeMap::new(),
        plan: connect::plan(settings),
    }
}

/// Kinds of records that the rules write.
pub(crate) fn modules(settings: &Settings) -> Vec<Module> {
    let rules = rules(settings);
    let contacts = rules.contacts.map(|rule| match rule.kind {
        RecordKind::Contact => Module::Contacts,
        RecordKind::Account => Module::Accounts,
    });
    let tickets = rules.tickets.map(|_| Module::Tickets);
    let activities = rules.activities.map(|_| Module::Calls);
    contacts.into_iter().chain(tickets).chain(activities).collect()
}

/// Whether a record that a rule writes has this field of Desk.
pub(crate) fn fills_in(module: Module, field: &str) -> bool {
    let fields: &[&str] = match module {
        // A number is a phone or a mobile; which of the two cannot be promised.
        Module::Contacts => &["lastName"],
        Module::Accounts => &["accountName", "phone"],
        Module::Tickets => {
            &["contactId", "departmentId", "subject", "description", "phone", "channel", "assigneeId"]
        }
        Module::Calls => &[
            "contactId",
            "departmentId",
            "subject",
            "description",
            "direction",
            "status",
            "startTime",
            "duration",
            "ownerId",
        ],
    };
    fields.contains(&field)
}

fn after(call: settings::TicketCall) -> Option<TicketCall> {
    match call {
        settings::TicketCall::Inbound | settings::TicketCall::Outbound => None,
        settings::TicketCall::InboundAnswered => Some(TicketCall::InboundAnswered),
        settings::TicketCall::InboundMissed => Some(TicketCall::InboundMissed),
        settings::TicketCall::OutboundAnswered => Some(TicketCall::OutboundAnswered),
        settings::TicketCall::OutboundMissed => Some(TicketCall::OutboundMissed),
    }
}

/// Extensions and Desk's agents.
fn bound(settings: &Settings) -> impl Iterator<Item = (String, String)> {
    settings.bindings.iter().filter_map(|row| Some((row.extension.clone()?, row.agent_id.clone()?)))
}
