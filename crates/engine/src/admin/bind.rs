//! Which extension belongs to which agent: reading both lists, and deciding who belongs together. Must not guess:
//! whoever fits twice is left to a person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deskring_zoho_desk as desk;
use serde_json::json;

use super::wire::{AgentView, Answer, BindBy, BindingView, Choice, Choices, Directory, ExtensionView, Fault};
use super::{Admin, of_desk};
use crate::connect;
use crate::handle::{Command, Message};

impl Admin {
    /// Organizations, departments and who signed in.
    pub(super) async fn choices(self: &Arc<Self>) -> Result<Choices, Fault> {
        let client = self.desk().await?;
        let all = client.organizations().await.map_err(|error| of_desk(&error))?;
        let chosen = connect::chosen(&all, client.chosen_organization());
        let organizations = all.iter().map(|organization| Choice {
            id: organization.id.as_str().to_owned(),
            name: organization.name.clone().unwrap_or_default(),
            first: Some(&organization.id) == chosen.map(|chosen| &chosen.id),
        });
        let mut choices = Choices {
            organizations: organizations.collect(),
            edition: chosen.map(|chosen| chosen.edition.clone()).filter(|edition| !edition.is_empty()),
            ..Choices::default()
        };
        if let Some(chosen) = chosen {
            let inside = client.in_organization(chosen.id.clone()).map_err(|error| of_desk(&error))?;
            let (departments, mine, me) =
                tokio::join!(inside.departments(), inside.my_departments(), inside.my_info());
            let mine = mine.unwrap_or_default();
            let mine: BTreeSet<&str> = mine.iter().map(|department| department.id.as_str()).collect();
            let departments = departments.map_err(|error| of_desk(&error))?;
            choices.departments = departments
                .iter()
                .map(|department| Choice {
                    id: department.id.as_str().to_owned(),
                    name: department.name.clone().unwrap_or_default(),
                    first: mine.contains(department.id.as_str()),
                })
                .collect();
            choices.me = me.ok().map(|me| agent_view(&me));
        }
        Ok(choices)
    }

    /// Agents and extensions; one side may fail without the other.
    pub(super) async fn directory(self: &Arc<Self>) -> Result<Directory, Fault> {
        let bindings = self.blocking(|admin| Ok(bindings(&admin.loaded()?))).await?;
        let agents = async {
            let client = self.desk().await?;
            let (agents, me) = tokio::join!(client.agents(), client.my_info());
            Ok::<_, Fault>((agents.map_err(|error| of_desk(&error))?, me.ok()))
        };
        let extensions = async {
            let (client, borrowed) = self.pbx().await?;
            let extensions = client.extensions().await.map_err(|error| super::pbx::fault(&error));
            borrowed.give_back().await;
            extensions
        };
        let (agents, extensions) = tokio::join!(agents, extensions);
        let mut directory = Directory { bindings, ..Directory::default() };
        match agents {
            Ok((agents, me)) => {
                directory.me = me.as_ref().map(|me| me.id.as_str().to_owned());
                directory.agents = agents.iter().map(agent_view).collect();
            }
            Err(fault) => directory.agents_cause = Some(fault.code),
        }
        match extensions {
            Ok(extensions) => directory.extensions = extensions.iter().map(extension_view).collect(),
            Err(fault) => directory.extensions_cause = Some(fault.code),
        }
        directory.proposed_extension = proposal(&directory);
        Ok(directory)
    }

    /// Binds who belongs together and saves it.
    pub(super) async fn bind(self: &Arc<Self>, by: BindBy) -> Result<Answer, Fault> {
        let directory = self.directory().await?;
        if let Some(code) = directory.agents_cause.clone().or(directory.extensions_cause.clone()) {
            return Err(Fault::new(code));
        }
        let Pairs { bound, ambiguous } = pairs(&directory, by);
        if !bound.is_empty() {
            let all: Vec<_> = directory.bindings.iter().chain(&bound).cloned().collect();
            self.save_bindings(all).await?;
        }
        Ok(Answer::Bound { bound, ambiguous })
    }

    async fn save_bindings(self: &Arc<Self>, all: Vec<BindingView>) -> Result<(), Fault> {
        let rows: Vec<_> =
            all.iter().map(|row| json!({ "extension": row.extension, "agent_id": row.agent_id })).collect();
        let changes = BTreeMap::from([("bindings".to_owned(), json!(rows))]);
        self.blocking(move |admin| admin.save_all(&changes)).await?;
        self.tell(Message::Command(Command::Reload)).await;
        Ok(())
    }
}

fn bindings(settings: &deskring_store::Settings) -> Vec<BindingView> {
    let rows = settings.bindings.iter();
    let rows = rows.filter_map(|row| row.extension.clone().zip(row.agent_id.clone()));
    rows.map(|(extension, agent_id)| BindingView { extension, agent_id }).collect()
}

fn agent_view(agent: &desk::Agent) -> AgentView {
    AgentView {
        id: agent.id.as_str().to_owned(),
        name: agent.name.clone().unwrap_or_default(),
        email: agent.email.clone(),
        extn: agent.extension.clone(),
    }
}

pub(super) fn extension_view(extension: &deskring_yeastar::Extension) -> ExtensionView {
    ExtensionView {
        number: extension.number.clone(),
        name: extension.name.clone(),
        email: extension.email.clone(),
    }
}

/// My extension: bound to me, or with my mail address, or in my record; nothing where more than one fits.
fn proposal(directory: &Directory) -> Option<String> {
    let me = directory.agents.iter().find(|agent| Some(&agent.id) == directory.me.as_ref())?;
    let bound: Vec<_> = directory.bindings.iter().filter(|row| row.agent_id == me.id).collect();
    if let [only] = bound.as_slice() {
        return Some(only.extension.clone());
    }
    [BindBy::Email, BindBy::Extn].into_iter().find_map(|by| {
        let fitting: Vec<_> =
            directory.extensions.iter().filter(|extension| belong(me, extension, by)).collect();
        match fitting.as_slice() {
            [only] => Some(only.number.clone()),
            _ => None,
        }
    })
}

struct Pairs {
    bound: Vec<BindingView>,
    ambiguous: Vec<String>,
}

/// Everybody not bound yet who has exactly one counterpart, and is that one's only one. The rest of those who fit
/// somebody are ambiguous, by the agent's name or mail address.
fn pairs(directory: &Directory, by: BindBy) -> Pairs {
    let bound_agents: BTreeSet<&str> = directory.bindings.iter().map(|row| row.agent_id.as_str()).collect();
    let bound_extensions: BTreeSet<&str> =
        directory.bindings.iter().map(|row| row.extension.as_str()).collect();
    let agents: Vec<&AgentView> =
        directory.agents.iter().filter(|agent| !bound_agents.contains(agent.id.as_str())).collect();
    let extensions: Vec<&ExtensionView> = directory
        .extensions
        .iter()
        .filter(|extension| !bound_extensions.contains(extension.number.as_str()))
        .collect();
    let (mut bound, mut ambiguous) = (Vec::new(), Vec::new());
    for agent in &agents {
        let fitting: Vec<_> = extensions.iter().filter(|extension| belong(agent, extension, by)).collect();
        match fitting.as_slice() {
            [] => {}
            [only] if agents.iter().filter(|other| belong(other, only, by)).count() == 1 => {
                bound.push(BindingView { extension: only.number.clone(), agent_id: agent.id.clone() });
            }
            _ => ambiguous.push(agent.email.clone().unwrap_or_else(|| agent.name.clone())),
        }
    }
    Pairs { bound, ambiguous }
}

fn belong(agent: &AgentView, extension: &ExtensionView, by: BindBy) -> bool {
    let (left, right) = match by {
        BindBy::Email => (agent.email.as_deref(), extension.email.as_deref()),
        BindBy::Extn => (agent.extn.as_deref(), Some(extension.number.as_str())),
    };
    let plain =
        |text: Option<&str>| text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    plain(left).is_some_and(|left| Some(left) == plain(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(id: &str, email: &str, extn: &str) -> AgentView {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        AgentView { id: id.into(), name: format!("Agent {id}"), email: given(email), extn: given(extn) }
    }

    fn extension(number: &str, email: &str) -> ExtensionView {
        let email = Some(email.to_owned()).filter(|text| !text.is_empty());
        ExtensionView { number: number.into(), name: None, email }
    }

    fn directory() -> Directory {
        Directory {
            agents: vec![
                agent("1", "Ana@Example.com ", ""),
                agent("2", "bo@example.com", "1002"),
                agent("3", "twin@example.com", ""),
                agent("4", "twin@example.com", ""),
                agent("5", "", ""),
                agent("6", "done@example.com", ""),
                agent("7", "two@example.com", ""),
            ],
            extensions: vec![
                extension("1001", "ana@example.com"),
                extension("1002", ""),
                extension("1003", "twin@example.com"),
                extension("1004", ""),
                extension("1005", "done@example.com"),
                extension("1006", "two@example.com"),
                extension("1007", "TWO@example.com"),
            ],
            bindings: vec![BindingView { extension: "1004".into(), agent_id: "6".into() }],
            ..Directory::default()
        }
    }

    fn bound(by: BindBy) -> (Vec<(String, String)>, Vec<String>) {
        let pairs = pairs(&directory(), by);
        (pairs.bound.into_iter().map(|row| (row.extension, row.agent_id)).collect(), pairs.ambiguous)
    }

    #[test]
    fn mail_addresses_bind_whatever_their_letter_case_and_never_guess() {
        let (bound, ambiguous) = bound(BindBy::Email);
        assert_eq!(bound, [("1001".to_owned(), "1".to_owned())]);
        assert_eq!(ambiguous, ["twin@example.com", "twin@example.com", "two@example.com"]);
    }

    #[test]
    fn the_extension_in_desk_binds() {
        assert_eq!(bound(BindBy::Extn).0, [("1002".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn my_extension_is_the_bound_one_then_that_with_my_address_then_that_of_my_record() {
        let mine = |me: &str| proposal(&Directory { me: Some(me.into()), ..directory() });
        assert_eq!(mine("6").as_deref(), Some("1004"), "bound, although another has the address");
        assert_eq!(mine("1").as_deref(), Some("1001"));
        assert_eq!(mine("2").as_deref(), Some("1002"));
        assert_eq!(mine("7"), None, "two extensions have this address");
        assert_eq!(mine("5"), None);
        assert_eq!(mine("9"), None);
    }
}
