//! What an agent does to a call of theirs: declining, hanging up, holding, muting, sending it on. The core says what can be
//! done at this moment and by which legs; the PBX may refuse it all the same, and says why. Must not know faces.

use std::collections::BTreeSet;

use deskring_domain::{Act, CallId, Controls, DialLink, Entry, Extension, LinkFault, Phase};
use deskring_yeastar as pbx;
use tokio::sync::oneshot;

use super::{Back, Dirty, Engine};
use crate::admin::Fault;
use crate::connect;
use crate::manners::Refusal;
use crate::view::CallView;

/// What is known of acts beside the calls.
#[derive(Default)]
pub(super) struct Acting {
    /// What this PBX does not know.
    absent: BTreeSet<Act>,
    /// Calls in which I am silenced; the PBX does not tell.
    muted: BTreeSet<(String, String)>,
}

/// An act, by its code.
#[derive(Debug)]
pub(crate) struct ActWish {
    pub(crate) call: String,
    pub(crate) extension: String,
    pub(crate) act: String,
    /// Where a call is sent.
    pub(crate) number: Option<String>,
}

impl Acting {
    /// What can be done with a call that is on.
    pub(super) fn write(&self, view: &mut CallView, controls: &Controls) {
        let possible = controls.acts.iter().filter(|act| !self.absent.contains(act));
        view.acts = possible.map(|act| act.code().to_owned()).collect();
        view.muted = self.muted.contains(&(view.call.clone(), view.extension.clone()));
    }

    /// Nobody is silenced in a call that is over.
    pub(super) fn follow(&mut self, entry: &Entry) {
        if entry.phase == Phase::Over {
            self.muted.remove(&(entry.call.as_str().to_owned(), entry.extension.as_str().to_owned()));
        }
    }
}

impl Engine {
    pub(super) fn on_act(&mut self, wish: ActWish, reply: oneshot::Sender<Result<(), Fault>>) {
        match self.begin_act(&wish) {
            Ok((act, client, order)) => {
                let back = self.back_sender.clone();
                tokio::spawn(async move {
                    let answer = perform(&client, order).await;
                    // An error means that the loop has ended, or that nobody waits; so below.
                    let _ = reply.send(match &answer {
                        Ok(()) => Ok(()),
                        Err(error) => Err(Fault {
                            code: connect::pbx_cause(error.kind()).to_owned(),
                            detail: connect::pbx_detail(error),
                        }),
                    });
                    let _ = back.send(Back::Acted { wish, act, answer });
                });
            }
            Err(fault) => {
                let _ = reply.send(Err(fault));
            }
        }
    }

    /// Whether a notice can offer to end this call while it rings here.
    pub(super) fn refusal(&self, call: &CallId) -> Refusal {
        let mut mine = self.machine.setup().mine.iter();
        let can = mine.any(|me| self.machine.controls(call, me).acts.contains(&Act::Decline));
        if can && !self.acting.absent.contains(&Act::Decline) { Refusal::Offered } else { Refusal::Off }
    }

    fn begin_act(&self, wish: &ActWish) -> Result<(Act, pbx::Pbx, Order), Fault> {
        let (call, me) = (CallId::new(wish.call.clone()), Extension::new(wish.extension.clone()));
        let controls = self.machine.controls(&call, &me);
        let not_now = || Fault::new("act_not_now");
        // While my own phone rings for a call that I dialed, hanging up is refusing it.
        let is_it =
            |act: &Act| act.code() == wish.act || (*act == Act::Decline && wish.act == Act::HangUp.code());
        let act = controls.acts.iter().copied().find(is_it).ok_or_else(not_now)?;
        let mine = controls.mine.ok_or_else(not_now)?.as_str().to_owned();
        let order = match act {
            Act::Decline | Act::HangUp => Order::HangUp(mine),
            Act::Hold => Order::Hold(mine),
            Act::Resume => Order::Resume(mine),
            Act::Mute if self.acting.muted.contains(&(wish.call.clone(), wish.extension.clone())) => {
                Order::Unmute(mine)
            }
            Act::Mute => Order::Mute(mine),
            Act::Transfer => {
                let moved = controls.other.ok_or_else(not_now)?.as_str().to_owned();
                let link = DialLink::typed(wish.number.as_deref().unwrap_or_default());
                let number =
                    self.dialed(&link.map_err(|fault: LinkFault| Fault::new(fault.code()))?)?.number();
                Order::Transfer(pbx::Transfer { moved, number, permission: wish.extension.clone() })
            }
        };
        let client = self.pbx.client().cloned().ok_or_else(|| Fault::new("pbx_not_connected"))?;
        Ok((act, client, order))
    }

    pub(super) fn on_acted(&mut self, wish: ActWish, act: Act, answer: Result<(), pbx::Error>) {
        match (answer, act) {
            (Ok(()), Act::Mute) => {
                let is_it = |entry: &Entry| {
                    entry.call.as_str() == wish.call && entry.extension.as_str() == wish.extension
                };
                // The answer may come when the call is over.
                let is_on =
                    self.machine.entries().iter().any(|entry| is_it(entry) && entry.phase != Phase::Over);
                let key = (wish.call, wish.extension);
                if !self.acting.muted.remove(&key) && is_on {
                    self.acting.muted.insert(key);
                }
            }
            (Ok(()), Act::Decline | Act::HangUp | Act::Hold | Act::Resume | Act::Transfer) => {}
            (Err(error), _) => {
                tracing::info!(%error, act = act.code(), "the PBX did not do it");
                if *error.kind() == pbx::Kind::TooOld {
                    self.acting.absent.insert(act);
                }
                // Its answer may have been lost: the calls tell what became of it.
                self.ask_pbx();
            }
        }
        self.dirty = Dirty::Yes;
    }
}

/// What the PBX is told.
enum Order {
    HangUp(String),
    Hold(String),
    Resume(String),
    Mute(String),
    Unmute(String),
    Transfer(pbx::Transfer),
}

async fn perform(client: &pbx::Pbx, order: Order) -> Result<(), pbx::Error> {
    match order {
        Order::HangUp(channel) => client.hang_up(&channel).await,
        Order::Hold(channel) => client.hold(&channel).await,
        Order::Resume(channel) => client.unhold(&channel).await,
        Order::Mute(channel) => client.mute(&channel).await,
        Order::Unmute(channel) => client.unmute(&channel).await,
        Order::Transfer(transfer) => client.transfer_blind(&transfer).await,
    }
}

#[cfg(test)]
mod tests {
    use deskring_domain::Who;
    use serde_json::json;

    use super::*;
    use crate::values::tests::view;

    #[test]
    fn nobody_stays_silenced_in_a_call_that_is_over() {
        let mut entry = view(json!({})).entry(Who::Nobody).unwrap();
        let mut acting = Acting::default();
        for extension in ["1001", "1002"] {
            acting.muted.insert((entry.call.as_str().to_owned(), extension.to_owned()));
        }
        entry.phase = Phase::Talking;
        acting.follow(&entry);
        assert_eq!(acting.muted.len(), 2);
        entry.phase = Phase::Over;
        acting.follow(&entry);
        assert_eq!(
            acting.muted.iter().map(|(_, extension)| extension.as_str()).collect::<Vec<_>>(),
            ["1002"]
        );
    }
}
