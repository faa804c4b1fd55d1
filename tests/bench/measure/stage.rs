//! Where a real program plays: a PBX and a Desk of its own, a profile for them, and a browser that only
//! writes down what it is asked to open. Must not measure.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::Context as _;
use deskring_engine::Paths;
use deskring_engine::view::LinkState;
use deskring_local_api::Client;
use deskring_simulator::{Options, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::process::{Program, until};

/// A simulator and a profile; the PBX speaks TLS, as they do.
pub(crate) struct Stage {
    /// PBX and Desk.
    pub(crate) simulator: Simulator,
    folder: TempDir,
}

impl Stage {
    /// A new one.
    pub(crate) async fn set() -> anyhow::Result<Self> {
        Self::set_with(|_| {}).await
    }

    /// One with other settings.
    pub(crate) async fn set_with(change: impl FnOnce(&mut Value)) -> anyhow::Result<Self> {
        let simulator = Simulator::start(Options { pbx_tls: true, ..Options::default() }).await?;
        let stage = Self { simulator, folder: tempfile::tempdir()? };
        std::fs::create_dir(stage.profile())?;
        let mut settings = e2e::settings(&stage.simulator);
        change(&mut settings);
        std::fs::write(stage.profile().join("settings.json"), settings.to_string())?;
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >>'{}'\n", stage.opened_file().display());
        std::fs::write(stage.browser(), script)?;
        std::fs::set_permissions(stage.browser(), std::fs::Permissions::from_mode(0o755))?;
        std::fs::write(stage.opened_file(), "")?;
        Ok(stage)
    }

    /// Where its files are.
    pub(crate) fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    fn browser(&self) -> PathBuf {
        self.folder.path().join("browser")
    }

    fn opened_file(&self) -> PathBuf {
        self.folder.path().join("opened.txt")
    }

    /// Starts one of our programs on the profile.
    pub(crate) fn start(&self, name: &str, arguments: &[&str]) -> anyhow::Result<Program> {
        self.start_with(name, arguments, &[])
    }

    /// With more in its environment.
    pub(crate) fn start_with(
        &self,
        name: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Program> {
        let mut command = Command::new(e2e::program(name));
        command.envs(variables.iter().copied());
        command.args(arguments).arg("--profile").arg(self.profile());
        command.envs(e2e::secrets()).env("BROWSER", self.browser()).env_remove("DESKRING_LOG");
        Program::start(command).with_context(|| name.to_owned())
    }

    /// The door to the running program.
    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        Client::connect(&Paths::for_profile(&self.profile())).await.context("its local socket")
    }

    /// Waits until the program is subscribed and signed in.
    pub(crate) async fn connected(&self) -> anyhow::Result<()> {
        let is_up = async || {
            let view = self.client().await.ok()?.view().await.ok()?;
            (view.pbx.state == LinkState::Up && view.desk.state == LinkState::Up).then_some(())
        };
        until("were both links up", is_up).await?;
        self.simulator.pbx().wait_subscribed(1).await;
        Ok(())
    }

    /// A contact with this number; returns its page.
    pub(crate) fn contact(&self, number: &str) -> String {
        let id = self.simulator.desk().add_contact(json!({ "lastName": "Lin", "mobile": number }));
        self.simulator.desk().web_url(&id)
    }

    /// The tabs asked for so far.
    pub(crate) fn opened(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.opened_file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
