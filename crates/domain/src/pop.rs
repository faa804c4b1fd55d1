//! When a tab opens, and the one reason when it does not. Decides from facts alone; the facts are gathered by
//! [`crate::machine`]. Must not know timers, Desk or the browser.

use crate::call::{Direction, Extension, Phase};
use crate::tracker::Taker;

/// Who decides that a tab opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The rule does, for inbound external calls.
    Automatic,
    /// Only the agent, with the Helpdesk button.
    Manual,
    /// No pop-ups are wanted; the button still works.
    Off,
}

/// The event of a call at which the rule opens the tab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// It rings at my phone.
    Ring,
    /// I answer.
    Answer,
    /// A call I spoke in ends.
    HangUp,
}

/// Whether Desk can be asked at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeskUse {
    /// Yes.
    On,
    /// Switched off in the settings; everything is kept.
    Disabled,
    /// Not signed in, or settings are missing.
    NotSetUp,
}

/// Pop-ups switched off for a while by the agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// Until resumed by hand.
    UntilResumed,
    /// Until this time, in milliseconds since 1970 (UTC).
    Until(i64),
}

/// Everything the decision depends on besides the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Who decides.
    pub mode: Mode,
    /// When.
    pub moment: Moment,
    /// Set while the agent does not want pop-ups.
    pub pause: Option<Pause>,
    /// Whether Desk can be asked.
    pub desk: DeskUse,
}

/// Who opened a tab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenedBy {
    /// The rule, at this moment.
    Rule(Moment),
    /// The agent, with the Helpdesk button or by choosing a record.
    Agent,
}

/// What became of a call's tab. Every call ends with exactly one of these.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// A tab was opened.
    Opened(OpenedBy),
    /// Nothing decided yet.
    Undecided,
    /// Between extensions.
    Internal,
    /// Automatic pop-ups are for inbound calls only.
    Outbound,
    /// The mode is manual.
    ManualMode,
    /// The mode is off.
    SwitchedOff,
    /// The agent paused pop-ups.
    Paused,
    /// Zoho Desk is disabled in the settings.
    DeskDisabled,
    /// Zoho Desk is not set up.
    DeskNotSetUp,
    /// The caller withheld the number.
    NumberWithheld,
    /// The PBX never said who the other side was.
    NumberNotReported,
    /// No contact or account has the number.
    NoMatch,
    /// So many records have it; the agent chooses.
    SeveralMatches(usize),
    /// Desk could not be asked; the code of the cause.
    LookupFailed(&'static str),
    /// It rang here, somebody else took it.
    AnsweredElsewhere(Option<Extension>),
    /// The rule waits for an answer and there was none.
    NotAnswered,
    /// It was over before Desk answered.
    EndedBeforeMatch,
    /// A tab for this call had been opened before Deskring was restarted.
    OpenedBeforeRestart,
    /// The record's address is not one of Desk's; nothing is opened.
    AddressRefused,
    /// The browser could not be started.
    BrowserFailed,
    /// It ended while the link to the PBX was down.
    LinkWasDown,
    /// The PBX told of the call only when it was over: its trunk is not monitored.
    CallNotReported,
}

/// How far the question "whose number is this" has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Not asked or not answered yet.
    Pending,
    /// One record, and its page may be opened.
    One,
    /// One record, but its address is not one of Desk's.
    OneRefused,
    /// Several.
    Several(usize),
    /// None.
    Nobody,
    /// The number is withheld, so there is nothing to ask.
    Withheld,
    /// Desk could not be asked; the code of the cause.
    Failed(&'static str),
}

/// The facts about a call, seen from one extension, that decide.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// `None` while the other side is not reported.
    pub direction: Option<Direction>,
    /// Where my part stands.
    pub phase: Phase,
    /// Whether I ever spoke with the other side.
    pub talked: bool,
    /// Who else took it.
    pub taken_by: Option<Taker>,
    /// Whose number it is.
    pub answer: Answer,
    /// Wall clock in milliseconds since 1970 (UTC).
    pub wall_ms: i64,
}

/// The decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Open the page now.
    Open,
    /// Not yet; should the call close like this, the reason is the one given.
    Wait(Why),
    /// Not for this call.
    No(Why),
}

impl Rules {
    /// Decides for the facts as they are now. The same facts give the same decision.
    pub fn decide(&self, facts: &Facts) -> Decision {
        match facts.direction {
            None => return Decision::Wait(Why::NumberNotReported),
            Some(Direction::Internal) => return Decision::No(Why::Internal),
            Some(Direction::Outbound) => return Decision::No(Why::Outbound),
            Some(Direction::Inbound) => {}
        }
        match self.mode {
            Mode::Automatic => {}
            Mode::Manual => return Decision::No(Why::ManualMode),
            Mode::Off => return Decision::No(Why::SwitchedOff),
        }
        match self.desk {
            DeskUse::On => {}
            DeskUse::Disabled => return Decision::No(Why::DeskDisabled),
            DeskUse::NotSetUp => return Decision::No(Why::DeskNotSetUp),
        }
        if !facts.talked && facts.phase == Phase::Over {
            // A queue may ring me again, so this is final only when the call closes.
            return Decision::Wait(match &facts.taken_by {
                Some(other) => Why::AnsweredElsewhere(other.extension().cloned()),
                None => self.reason_for_missed(facts.answer),
            });
        }
        if !self.reached(facts) {
            return Decision::Wait(Why::NotAnswered);
        }
        match facts.answer {
            Answer::Pending => return Decision::Wait(Why::EndedBeforeMatch),
            Answer::Nobody => return Decision::Wait(Why::NoMatch),
            Answer::Several(count) => return Decision::Wait(Why::SeveralMatches(count)),
            Answer::Withheld => return Decision::No(Why::NumberWithheld),
            Answer::Failed(code) => return Decision::Wait(Why::LookupFailed(code)),
            Answer::OneRefused => return Decision::No(Why::AddressRefused),
            Answer::One => {}
        }
        // Last, so that a pause is the reason only where a tab would have opened.
        if self.is_paused(facts.wall_ms) { Decision::No(Why::Paused) } else { Decision::Open }
    }

    /// Whether the agent's pause holds at this time.
    pub fn is_paused(&self, wall_ms: i64) -> bool {
        match self.pause {
            None => false,
            Some(Pause::UntilResumed) => true,
            Some(Pause::Until(end_ms)) => wall_ms < end_ms,
        }
    }

    fn reached(&self, facts: &Facts) -> bool {
        match self.moment {
            // Picked up without ever ringing here, or seen only after a reconnect: later than the ring is
            // past the ring.
            Moment::Ring => facts.phase == Phase::Ringing || facts.talked,
            Moment::Answer => facts.talked,
            Moment::HangUp => facts.talked && facts.phase == Phase::Over,
        }
    }

    /// It rang here and nobody took it: the rule may not have been reached, or Desk was too slow.
    fn reason_for_missed(&self, answer: Answer) -> Why {
        match (self.moment, answer) {
            (Moment::Answer | Moment::HangUp, _) => Why::NotAnswered,
            (Moment::Ring, Answer::Nobody) => Why::NoMatch,
            (Moment::Ring, Answer::Several(count)) => Why::SeveralMatches(count),
            (Moment::Ring, Answer::Withheld) => Why::NumberWithheld,
            (Moment::Ring, Answer::Failed(code)) => Why::LookupFailed(code),
            (Moment::Ring, Answer::OneRefused) => Why::AddressRefused,
            (Moment::Ring, Answer::Pending | Answer::One) => Why::EndedBeforeMatch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(mode: Mode, moment: Moment) -> Rules {
        Rules { mode, moment, pause: None, desk: DeskUse::On }
    }

    fn ringing() -> Facts {
        Facts {
            direction: Some(Direction::Inbound),
            phase: Phase::Ringing,
            talked: false,
            taken_by: None,
            answer: Answer::One,
            wall_ms: 0,
        }
    }

    #[test]
    fn each_moment_opens_at_its_own_event_only() {
        let talking = Facts { phase: Phase::Talking, talked: true, ..ringing() };
        let over = Facts { phase: Phase::Over, ..talking.clone() };
        for (moment, at_ring, at_answer, at_end) in [
            (Moment::Ring, true, true, true),
            (Moment::Answer, false, true, true),
            (Moment::HangUp, false, false, true),
        ] {
            let rules = rules(Mode::Automatic, moment);
            assert_eq!(rules.decide(&ringing()) == Decision::Open, at_ring, "{moment:?} at ring");
            assert_eq!(rules.decide(&talking) == Decision::Open, at_answer, "{moment:?} at answer");
            assert_eq!(rules.decide(&over) == Decision::Open, at_end, "{moment:?} at the end");
        }
    }

    #[test]
    fn several_matches_wait_for_the_agent_and_never_open_the_first() {
        let facts = Facts { answer: Answer::Several(2), ..ringing() };
        let decision = rules(Mode::Automatic, Moment::Ring).decide(&facts);
        assert_eq!(decision, Decision::Wait(Why::SeveralMatches(2)));
    }

    #[test]
    fn a_pause_ends_by_itself() {
        let paused = Rules { pause: Some(Pause::Until(1_000)), ..rules(Mode::Automatic, Moment::Ring) };
        assert_eq!(paused.decide(&Facts { wall_ms: 999, ..ringing() }), Decision::No(Why::Paused));
        assert_eq!(paused.decide(&Facts { wall_ms: 1_000, ..ringing() }), Decision::Open);
    }

    #[test]
    fn a_call_somebody_else_took_is_not_opened_here() {
        let other = Extension::new("1002");
        let facts =
            Facts { phase: Phase::Over, taken_by: Some(Taker::Colleague(other.clone())), ..ringing() };
        let decision = rules(Mode::Automatic, Moment::Ring).decide(&facts);
        assert_eq!(decision, Decision::Wait(Why::AnsweredElsewhere(Some(other))));
    }

    #[test]
    fn colleagues_and_outgoing_calls_never_open_by_rule() {
        for (direction, why) in [(Direction::Internal, Why::Internal), (Direction::Outbound, Why::Outbound)] {
            let facts = Facts { direction: Some(direction), ..ringing() };
            assert_eq!(rules(Mode::Automatic, Moment::Ring).decide(&facts), Decision::No(why));
        }
    }
}
