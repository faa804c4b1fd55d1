//! What an agent can do with a call right now, and which legs that takes. Owns the table of phase and act; the legs
//! are picked in [`crate::tracker`]. Must not know how an act is performed, or whether this PBX supports it.

use crate::call::{Channel, Phase};

/// What I can do with a call at this moment. Nothing when my part of it is over.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Controls {
    /// My live leg: what is hung up, declined, held, resumed and muted.
    pub mine: Option<Channel>,
    /// The live leg of the other side: what a blind transfer moves. `None` when there is nobody, or more than one.
    pub other: Option<Channel>,
    /// What can be done, in the order it is offered.
    pub acts: Vec<Act>,
}

/// Something an agent does to a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Act {
    /// Refuses a call that rings here.
    ///
    /// QUIRK(yeastar): there is no such request; hanging up the channel that rings acts as that. Inferred, the
    /// developer guide ("Call control") knows hanging up only.
    Decline,
    /// Ends my part of the call.
    HangUp,
    /// Puts the other side on hold.
    Hold,
    /// Takes the other side back from hold.
    ///
    /// QUIRK(yeastar): it is not documented which member shows HOLD, so the side that holds is not known. When it
    /// is the other one, the PBX may refuse this.
    Resume,
    /// Sends the other side to another number, blindly; my part is over then.
    Transfer,
    /// Silences my side, or lets it be heard again: the PBX never tells which of both it is.
    Mute,
}

impl Act {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Decline => "decline",
            Self::HangUp => "hang_up",
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Transfer => "transfer",
            Self::Mute => "mute",
        }
    }
}

impl Controls {
    /// A transfer moves exactly one leg of the other side; without it there is nothing to offer.
    pub(crate) fn new(phase: Phase, mine: Channel, other: Option<Channel>) -> Self {
        let acts: &[Act] = match phase {
            Phase::Ringing => &[Act::Decline],
            Phase::Dialing => &[Act::HangUp],
            Phase::Talking => &[Act::HangUp, Act::Hold, Act::Transfer, Act::Mute],
            Phase::Held => &[Act::HangUp, Act::Resume, Act::Transfer],
            Phase::Over => return Self::default(),
        };
        let possible = |act: &Act| *act != Act::Transfer || other.is_some();
        let acts = acts.iter().copied().filter(possible).collect();
        Self { mine: Some(mine), other, acts }
    }
}
