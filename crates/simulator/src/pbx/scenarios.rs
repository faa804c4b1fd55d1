//! Owns whole calls played from beginning to end, for the page and for scripts.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;

use super::acts::{Act, CallIn, Told};
use super::{Core, Pbx};

/// Names of the scenarios [`Pbx::play`] knows.
pub const SCENARIOS: &[&str] = &[
    "inbound_answered",
    "inbound_abandoned",
    "inbound_declined",
    "inbound_voicemail",
    "menu_then_extension",
    "queue_answered",
    "queue_answered_elsewhere",
    "queue_abandoned",
    "ring_group_answered",
    "picked_up",
    "forwarded",
    "outbound_answered",
    "outbound_busy",
    "dial_answered",
    "dial_without_permission",
    "internal",
    "held",
    "blind_transfer",
    "attended_transfer",
    "conference",
];

const ME: &str = "1001";
const COLLEAGUE: &str = "1002";
const MENU: &str = "6500";
const QUEUE: &str = "6400";
const RING_GROUP: &str = "6300";

struct Play {
    core: Arc<Core>,
    pause: Duration,
}

impl Play {
    async fn step(&self, call: &str, act: Act) -> anyhow::Result<String> {
        if !self.pause.is_zero() {
            tokio::time::sleep(self.pause).await;
        }
        self.core.act(call, &act)
    }

    async fn answer(&self, call: &str, extension: &str) -> anyhow::Result<()> {
        self.step(call, Act::Answer { extension: extension.to_owned() }).await.map(drop)
    }

    async fn hang_up(&self, call: &str, who: &str) -> anyhow::Result<()> {
        self.step(call, Act::HangUp { who: who.to_owned() }).await.map(drop)
    }
}

impl Pbx {
    /// Plays a scenario with extension 1001 as the agent and `number` as the other side, with a pause
    /// before each step. Returns the id of its first call when all is over.
    pub async fn play(&self, scenario: &str, number: &str, pause: Duration) -> anyhow::Result<String> {
        let play = Play { core: Arc::clone(&self.core), pause };
        let inbound = |to: &str| {
            self.start_call_in(&CallIn { from: number.to_owned(), to: to.to_owned(), ..CallIn::default() })
        };
        let (me, colleague) = (ME.to_owned(), COLLEAGUE.to_owned());
        let call = match scenario {
            "inbound_answered" | "inbound_abandoned" | "inbound_declined" | "inbound_voicemail"
            | "picked_up" | "forwarded" | "held" | "blind_transfer" | "attended_transfer" | "conference" => {
                inbound(ME)?
            }
            "menu_then_extension" => inbound(MENU)?,
            "queue_answered" | "queue_answered_elsewhere" | "queue_abandoned" => inbound(QUEUE)?,
            "ring_group_answered" => inbound(RING_GROUP)?,
            "outbound_answered" | "outbound_busy" => self.call_out(ME, number).await,
            "dial_answered" => self.dial(ME, number).await,
            "dial_without_permission" => return Ok(self.dial("1005", number).await),
            "internal" => self.call_internal(ME, COLLEAGUE).await,
            other => bail!("{other} is no scenario"),
        };
        match scenario {
            "inbound_answered" | "queue_answered" | "ring_group_answered" => {
                play.answer(&call, ME).await?;
                play.hang_up(&call, "caller").await?;
            }
            "inbound_abandoned" | "queue_abandoned" => play.hang_up(&call, "caller").await?,
            "inbound_declined" => play.hang_up(&call, ME).await?,
            "inbound_voicemail" => {
                play.step(&call, Act::Voicemail).await?;
                play.hang_up(&call, "caller").await?;
            }
            "menu_then_extension" => {
                play.step(&call, Act::Ring { extension: me }).await?;
                play.answer(&call, ME).await?;
                play.hang_up(&call, ME).await?;
            }
            "queue_answered_elsewhere" => {
                play.step(&call, Act::StopRinging { extension: me }).await?;
                play.answer(&call, COLLEAGUE).await?;
                play.hang_up(&call, "caller").await?;
            }
            "picked_up" => {
                play.step(&call, Act::PickUp { by: colleague }).await?;
                play.hang_up(&call, "caller").await?;
            }
            "forwarded" => {
                play.step(&call, Act::Forward { from: me, to: colleague }).await?;
                play.answer(&call, COLLEAGUE).await?;
                play.hang_up(&call, "caller").await?;
            }
            "outbound_answered" => {
                play.step(&call, Act::RemoteRing).await?;
                play.step(&call, Act::RemoteAnswer).await?;
                play.hang_up(&call, "caller").await?;
            }
            "outbound_busy" => {
                play.step(&call, Act::RemoteRing).await?;
                play.step(&call, Act::RemoteFails { reason: "486 Busy Here".to_owned() }).await?;
            }
            "dial_answered" => {
                play.answer(&call, ME).await?;
                play.step(&call, Act::RemoteAnswer).await?;
                play.hang_up(&call, ME).await?;
            }
            "internal" => {
                play.answer(&call, COLLEAGUE).await?;
                play.hang_up(&call, COLLEAGUE).await?;
            }
            "held" => {
                play.answer(&call, ME).await?;
                play.step(&call, Act::Hold { extension: me.clone() }).await?;
                play.step(&call, Act::Resume { extension: me }).await?;
                play.hang_up(&call, ME).await?;
            }
            "blind_transfer" => {
                play.answer(&call, ME).await?;
                let act = Act::BlindTransfer { by: me, to: colleague, told: Told::ByEvent };
                let goes_on = play.step(&call, act).await?;
                play.answer(&goes_on, COLLEAGUE).await?;
                play.hang_up(&goes_on, COLLEAGUE).await?;
            }
            "attended_transfer" => {
                play.answer(&call, ME).await?;
                let act = Act::AttendedTransfer { by: me.clone(), to: colleague };
                let consult = play.step(&call, act).await?;
                play.answer(&consult, COLLEAGUE).await?;
                let goes_on = play.step(&call, Act::CompleteTransfer { by: me }).await?;
                play.hang_up(&goes_on, COLLEAGUE).await?;
            }
            _ => {
                play.answer(&call, ME).await?;
                play.step(&call, Act::Conference { extensions: vec![colleague] }).await?;
                play.hang_up(&call, ME).await?;
                play.hang_up(&call, "caller").await?;
            }
        }
        Ok(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;

    #[tokio::test]
    async fn every_scenario_ends_with_nobody_on_the_line_under_every_frame_rule() {
        for keeps in [true, false] {
            let pbx = Pbx::new(Arc::new(Journal::new()));
            pbx.set(|switches| {
                switches.transfer_keeps_call_id = keeps;
                switches.cdr_before_bye = keeps;
                switches.bye_mode =
                    if keeps { super::super::ByeMode::SingleFrame } else { switches.bye_mode };
            });
            for scenario in SCENARIOS {
                pbx.play(scenario, "+12125550147", Duration::ZERO).await.expect(scenario);
                assert_eq!(pbx.calls(), Vec::<String>::new(), "{scenario}, keeps the id: {keeps}");
            }
            assert!(pbx.play("nonsense", "1", Duration::ZERO).await.is_err());
        }
    }
}
