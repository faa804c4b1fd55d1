//! What is not dialed without asking.

use super::emergency;
use crate::number::{Plan, Reading, Tariff, digits_of};

/// Why somebody is asked before a number is dialed, whatever the setting says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Caution {
    /// It calls the police, the fire brigade or an ambulance, or may do so.
    Emergency,
    /// It is a code for the PBX or the network: `*73`.
    FeatureCode,
    /// The call costs more than a call.
    Premium,
    /// Who calls pays a part of it.
    SharedCost,
    /// A satellite telephone, or another network that belongs to no country. Calls cost a lot.
    Satellite,
}

/// Codes of no country, by ITU-T E.164's list of assigned codes: Inmarsat, satellite networks, and the two shared by
/// international networks, some of which are satellites and all of which are dear.
const SATELLITE: [&str; 4] = ["870", "881", "882", "883"];
/// Universal personal numbers and international premium rate, by the same list.
const PREMIUM: [&str; 2] = ["878", "979"];
/// International shared cost.
const SHARED_COST: &str = "808";

impl Caution {
    /// For catalogs and protocols.
    pub fn code(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::FeatureCode => "feature_code",
            Self::Premium => "premium",
            Self::SharedCost => "shared_cost",
            Self::Satellite => "satellite",
        }
    }

    /// Of a number outside that is no emergency number itself. `international_prefix` as the PBX expects it.
    pub(super) fn of(reading: &Reading, plan: &Plan, international_prefix: &str) -> Option<Self> {
        let digits = digits_of(reading.raw());
        let variants = || [Some(digits.as_str()), plan.without_outside_line(&digits)].into_iter().flatten();
        let country = plan.country();
        let may_call_for_help = |digits: &str| {
            emergency::is_emergency(country.as_deref(), digits)
                || emergency::begins_like_one(country.as_deref(), digits)
        };
        // `+86 110` is no number, yet who knows what the network makes of it.
        let at_home = plan.without_country_code(&digits).filter(|_| reading.has_country_code());
        if reading.e164().is_none() && variants().chain(at_home).any(may_call_for_help) {
            return Some(Self::Emergency);
        }
        let international = match reading.e164() {
            Some(e164) => vec![e164.trim_start_matches('+')],
            None if reading.has_country_code() => vec![digits.as_str()],
            // Not a number we know, yet the network may.
            None => variants()
                .flat_map(|digits| ["00", international_prefix].map(|prefix| digits.strip_prefix(prefix)))
                .flatten()
                .collect(),
        };
        let begins = |codes: &[&str]| {
            international.iter().any(|digits| codes.iter().any(|code| digits.starts_with(code)))
        };
        match reading.tariff() {
            _ if begins(&SATELLITE) => Some(Self::Satellite),
            Tariff::Premium => Some(Self::Premium),
            Tariff::SharedCost => Some(Self::SharedCost),
            Tariff::Ordinary if begins(&PREMIUM) => Some(Self::Premium),
            Tariff::Ordinary if begins(&[SHARED_COST]) => Some(Self::SharedCost),
            Tariff::Ordinary => None,
        }
    }
}
