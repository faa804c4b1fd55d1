//! Whether somebody is asked before a number is dialed.

use super::caution::Caution;

/// Which numbers are dialed only after the agent said yes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Confirm {
    /// All.
    Always,
    /// Those that are not known yet.
    #[default]
    NewNumbers,
    /// None that can do without.
    Never,
}

/// Whether a number was called before, by us or by them, or belongs to a record of Desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// It is.
    Yes,
    /// It is new.
    No,
}

/// Who wants a number to be called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The agent, in the program itself: the dial box, the command line, a row of the history.
    Person,
    /// A link from anywhere: any page, any program.
    Link,
    /// A button that the browser's extension put into a page the user allowed it for.
    Page {
        /// The page's host, for saying where the wish came from.
        host: String,
    },
    /// A global shortcut, with what was selected or copied.
    Clipboard,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consent {
    /// Dial.
    Given,
    /// Ask first.
    Ask(Doubt),
}

/// Why somebody is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// The number itself.
    Number(Caution),
    /// The setting says all.
    EveryCall,
    /// It was never called.
    NewNumber,
    /// Nobody in the program wrote it, and the person has not seen what is dialed.
    Unseen,
}

impl Doubt {
    /// For catalogs and protocols.
    pub fn code(self) -> &'static str {
        match self {
            Self::Number(caution) => caution.code(),
            Self::EveryCall => "every_call",
            Self::NewNumber => "new_number",
            Self::Unseen => "unseen",
        }
    }
}

impl Confirm {
    /// Whether a number may be dialed now.
    ///
    /// Emergency, premium and satellite numbers and codes always ask. Numbers of shared cost ask until they are known:
    /// in China every second company has one. Then the setting decides:
    ///
    /// | | person | page | link | clipboard |
    /// |---|---|---|---|---|
    /// | always | asks | asks | asks | asks |
    /// | new numbers, number known | | | | asks |
    /// | new numbers, number new | | asks | asks | asks |
    /// | never, number known | | | | |
    /// | never, number new | | | asks | asks |
    ///
    /// A person has just typed or chosen the number, and Enter was the answer. A link can come from any page, so a new
    /// number is asked about even with "never": no page makes calls silently. What a shortcut takes from the clipboard
    /// is something its user may not have looked at.
    pub fn consent(self, known: Known, caution: Option<Caution>, origin: &Origin) -> Consent {
        match (caution, known) {
            (
                Some(
                    caution @ (Caution::Emergency
                    | Caution::FeatureCode
                    | Caution::Premium
                    | Caution::Satellite),
                ),
                _,
            )
            | (Some(caution @ Caution::SharedCost), Known::No) => {
                return Consent::Ask(Doubt::Number(caution));
            }
            (Some(Caution::SharedCost), Known::Yes) | (None, _) => {}
        }
        match (self, known, origin) {
            (Self::Always, ..) => Consent::Ask(Doubt::EveryCall),
            (Self::NewNumbers, _, Origin::Clipboard) => Consent::Ask(Doubt::Unseen),
            (Self::NewNumbers, Known::No, Origin::Link | Origin::Page { .. }) => {
                Consent::Ask(Doubt::NewNumber)
            }
            (Self::Never, Known::No, Origin::Link | Origin::Clipboard) => Consent::Ask(Doubt::Unseen),
            (Self::NewNumbers, Known::Yes, Origin::Link | Origin::Page { .. })
            | (Self::NewNumbers, _, Origin::Person)
            | (Self::Never, Known::Yes, _)
            | (Self::Never, Known::No, Origin::Person | Origin::Page { .. }) => Consent::Given,
        }
    }
}
