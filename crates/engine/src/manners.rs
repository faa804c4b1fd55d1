//! How an agent wants to be told of calls and asked about them: what the settings say, in the engine's words. Owns
//! quiet hours. Must not know how a notice looks.

use deskring_domain::{Confirm, Outgoing};
use deskring_store::Settings;
use deskring_store::settings::{CallerShown, DialConfirmation, NewContactMode, NoticeLevel, RecordKind};
use jiff::civil::Time;

/// How a notice is to be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Manner {
    /// How much it disturbs.
    pub level: Level,
    /// How much of the caller it shows.
    pub caller: Caller,
    /// Whether an unknown caller may be made a contact.
    pub creation: Creation,
    /// Whether the call can be declined, and hung up later.
    pub refusal: Refusal,
}

/// Whether a notice offers to end its call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The PBX can do it.
    Offered,
    /// It cannot, or it is not my call to end.
    Off,
}

/// How much a notice disturbs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// No sound, and gone after a moment.
    Quiet,
    /// As all notices of the desktop.
    Normal,
    /// Stays until the call is answered or over.
    Insistent,
}

/// How much of a caller others may see who look at the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    /// Name and number.
    Name,
    /// The end of the number.
    MaskedNumber,
    /// That somebody calls.
    Hidden,
}

/// Whether an unknown caller may be made a contact by hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Creation {
    /// It is offered.
    Offered,
    /// It is not wanted.
    Off,
}

impl Caller {
    /// Its stable code, as the setting has it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::MaskedNumber => "masked_number",
            Self::Hidden => "hidden",
        }
    }

    /// The one with this code; an unknown one hides everything.
    pub fn of_code(code: &str) -> Self {
        let known = [Self::Name, Self::MaskedNumber].into_iter().find(|known| known.code() == code);
        known.unwrap_or(Self::Hidden)
    }

    /// As much of a number as others may see.
    pub fn of_number(self, number: &str) -> String {
        match self {
            Self::Name => number.to_owned(),
            Self::MaskedNumber => deskring_redact::mask_number(number),
            Self::Hidden => String::new(),
        }
    }
}

/// What the settings say.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Manners {
    level: Level,
    pub(crate) caller: Caller,
    quiet: Option<QuietHours>,
    pub(crate) creation: Creation,
    /// What an unknown caller is made: the code of a kind.
    pub(crate) new_kind: &'static str,
    pub(crate) wrap_up: WrapUp,
    pub(crate) dispositions: Vec<String>,
    /// Which numbers are dialed only after the agent said yes.
    pub(crate) confirm: Confirm,
    /// How calls leave the PBX.
    pub(crate) outgoing: Outgoing,
    /// Whether the browser's extension may hand numbers over.
    pub(crate) native_messaging: NativeMessaging,
    /// The keys that dial what is selected.
    pub(crate) shortcut: Option<String>,
    /// Where customers are looked for while somebody types.
    pub(crate) customers: Customers,
}

/// Where customers are looked for while somebody types a name or number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Customers {
    /// In Desk.
    Live,
    /// Among those known here.
    Kept,
}

/// Whether the browser's extension may hand numbers over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NativeMessaging {
    Allowed,
    Off,
}

/// Whether an agent is asked what came of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WrapUp {
    Asked,
    Off,
}

/// Whether the agent has paused pop-ups, which quiets notices as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Paused {
    Yes,
    No,
}

/// From a time of the day to another, over midnight when the second is the earlier one.
#[derive(Clone, Copy, PartialEq, Debug)]
struct QuietHours {
    from: Time,
    until: Time,
}

impl Manners {
    pub(crate) fn of(settings: &Settings) -> Self {
        let notifications = &settings.notifications;
        let time =
            |text: &Option<String>| text.as_deref().and_then(|text| Time::strptime("%H:%M", text).ok());
        let hours = time(&notifications.quiet_from).zip(time(&notifications.quiet_until));
        Self {
            level: match notifications.level {
                NoticeLevel::Quiet => Level::Quiet,
                NoticeLevel::Normal => Level::Normal,
                NoticeLevel::Insistent => Level::Insistent,
            },
            caller: match notifications.caller {
                CallerShown::Name => Caller::Name,
                CallerShown::MaskedNumber => Caller::MaskedNumber,
                CallerShown::Hidden => Caller::Hidden,
            },
            quiet: hours.map(|(from, until)| QuietHours { from, until }),
            creation: match settings.new_contacts.mode {
                NewContactMode::Off => Creation::Off,
                NewContactMode::Manual | NewContactMode::Automatic => Creation::Offered,
            },
            new_kind: match settings.new_contacts.kind {
                RecordKind::Contact => "contact",
                RecordKind::Account => "account",
            },
            wrap_up: if settings.call_log.wrap_up { WrapUp::Asked } else { WrapUp::Off },
            dispositions: settings.call_log.dispositions.clone(),
            confirm: match settings.click_to_call.confirm {
                DialConfirmation::Always => Confirm::Always,
                DialConfirmation::NewNumbers => Confirm::NewNumbers,
                DialConfirmation::Never => Confirm::Never,
            },
            // What cannot be a prefix is told when the settings are checked.
            outgoing: settings
                .click_to_call
                .international_prefix
                .as_deref()
                .and_then(|prefix| Outgoing::new(prefix).ok())
                .unwrap_or_default(),
            native_messaging: if settings.click_to_call.allow_native_messaging {
                NativeMessaging::Allowed
            } else {
                NativeMessaging::Off
            },
            shortcut: settings.click_to_call.shortcut.clone(),
            customers: if settings.contact_sync.always_query { Customers::Live } else { Customers::Kept },
        }
    }

    /// The manner at a time of the day.
    pub(crate) fn at(&self, time: Time, paused: Paused) -> Manner {
        let quiet = paused == Paused::Yes || self.quiet.is_some_and(|hours| hours.include(time));
        let level = if quiet { Level::Quiet } else { self.level };
        Manner { level, caller: self.caller, creation: self.creation, refusal: Refusal::Off }
    }

    /// The manner now, by this computer's clock.
    pub(crate) fn now(&self, paused: Paused) -> Manner {
        self.at(jiff::Zoned::now().time(), paused)
    }
}

impl QuietHours {
    fn include(self, time: Time) -> bool {
        if self.from <= self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manners(level: NoticeLevel, from: Option<&str>, until: Option<&str>) -> Manners {
        let mut settings = Settings::default();
        settings.notifications.level = level;
        settings.notifications.quiet_from = from.map(str::to_owned);
        settings.notifications.quiet_until = until.map(str::to_owned);
        Manners::of(&settings)
    }

    fn level(manners: &Manners, time: &str) -> Level {
        manners.at(Time::strptime("%H:%M", time).unwrap(), Paused::No).level
    }

    #[test]
    fn quiet_hours_may_lie_over_midnight() {
        let night = manners(NoticeLevel::Insistent, Some("22:00"), Some("08:00"));
        for (time, expected) in [
            ("21:59", Level::Insistent),
            ("22:00", Level::Quiet),
            ("00:00", Level::Quiet),
            ("07:59", Level::Quiet),
            ("08:00", Level::Insistent),
        ] {
            assert_eq!(level(&night, time), expected, "{time}");
        }
        let noon = manners(NoticeLevel::Normal, Some("12:00"), Some("13:00"));
        for (time, expected) in [("11:59", Level::Normal), ("12:30", Level::Quiet), ("13:00", Level::Normal)]
        {
            assert_eq!(level(&noon, time), expected, "{time}");
        }
    }

    #[test]
    fn half_of_a_pair_of_hours_is_none() {
        assert_eq!(level(&manners(NoticeLevel::Normal, Some("00:00"), None), "12:00"), Level::Normal);
        assert_eq!(level(&manners(NoticeLevel::Normal, Some("99:99"), Some("x")), "12:00"), Level::Normal);
    }

    #[test]
    fn a_pause_quiets_notices_as_well() {
        let insistent = manners(NoticeLevel::Insistent, None, None);
        assert_eq!(insistent.at(Time::midnight(), Paused::Yes).level, Level::Quiet);
        assert_eq!(insistent.at(Time::midnight(), Paused::No).level, Level::Insistent);
    }
}
