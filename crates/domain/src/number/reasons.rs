//! Why a number is read as it is, and why a stored field has it or has not: for people who ask.
//!
//! Owns the codes of the reasons; what they tell of is done by the code that reads and compares for every call. Must not
//! know words, or where a field comes from.

use std::collections::BTreeSet;

use super::{
    Meaning, Plan, Reading, SHORTEST_LOCAL, digits_of, groups, is_invisible, last, numbers_in,
    without_extension,
};
use rlibphonenumber::PhoneNumberFormat;

/// One way to read a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interpretation {
    /// What was read, after the plan's steps.
    pub text: String,
    /// What was taken off, put in front and recognized, in this order.
    pub steps: Vec<Step>,
    /// What it means, in international form.
    pub means: Option<String>,
    /// Whether this is the one that counts.
    pub verdict: Verdict,
}

/// What becomes of a way to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The first that makes a number: it counts.
    Taken,
    /// No number of any country.
    NoNumber,
    /// A number, but an earlier way made one already.
    Later,
}

/// Something that was done to a text to read it, with the digits it was done with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// An extension behind the number was left out.
    Extension(String),
    /// The prefix of an outside line was taken off.
    OutsideLine(String),
    /// A prefix of calls abroad stands for a `+`.
    InternationalPrefix(String),
    /// The trunk prefix of the country was taken off.
    Trunk(String),
    /// The area code at home was put in front.
    AreaCode(String),
    /// A country code is written, with its `+` or what stands for it.
    CountryCode(String),
    /// A country code is written, without its `+`.
    BareCountryCode(String),
    /// The code of the home country was put in front.
    HomeCountry(String),
}

/// By which rule a stored number is the same as another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// Both mean the same number in international form.
    SameNumber,
    /// It is stored as the number's own country writes it, without the country.
    National,
    /// One of the two is no full number, and its digits are one of the usual ways to write the other.
    WrittenForm,
    /// Neither is a full number, and the digits are the same.
    SameDigits,
}

/// Why a stored number is another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Difference {
    /// There are no digits.
    NoDigits,
    /// It only ends alike.
    OnlyEnding,
    /// It is another number.
    OtherNumber,
}

/// A number in a stored field, compared with a reading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredNumber {
    /// As stored.
    pub text: String,
    /// What it means, in international form.
    pub means: Option<String>,
    /// Why it is the same number, or why not.
    pub verdict: Result<Agreement, Difference>,
}

impl Plan {
    /// Every way in which a text is read, in order, each meaning once. The first that makes a number is what
    /// [`Plan::read`] gives.
    pub fn interpretations(&self, written: &str) -> Vec<Interpretation> {
        let reading = self.read(written);
        if reading.is_withheld() {
            return Vec::new();
        }
        let mut all: Vec<Interpretation> = Vec::new();
        let mut taken = None;
        for attempt in self.attempts(&reading.raw, &reading.digits) {
            let meaning = self.parse(&attempt.text);
            let means = meaning.as_ref().map(|meaning| meaning.e164.clone());
            let is_known = all
                .iter()
                .any(|known| known.text == attempt.text || (known.means.is_some() && known.means == means));
            if is_known {
                continue;
            }
            let verdict = match (&means, &taken) {
                (None, _) => Verdict::NoNumber,
                (Some(_), None) => Verdict::Taken,
                (Some(_), Some(_)) => Verdict::Later,
            };
            taken = taken.or_else(|| means.clone());
            let mut steps = extension_of(&reading.raw).into_iter().chain(attempt.steps).collect::<Vec<_>>();
            steps.extend(meaning.iter().flat_map(|meaning| recognized(&attempt.text, meaning)));
            let text = without_extension(&attempt.text).trim().to_owned();
            all.push(Interpretation { text, steps, means, verdict });
        }
        all
    }
}

impl Reading {
    /// Each number of a stored field, and why it is this one or is not.
    pub fn compared_with(&self, stored: &str, plan: &Plan) -> Vec<StoredNumber> {
        let compared: Vec<StoredNumber> =
            numbers_in(stored).into_iter().map(|one| self.compared(one, plan)).collect();
        match compared.split_first() {
            // The whole of a field with several numbers is of interest only when it is one itself.
            Some((whole, parts)) if !parts.is_empty() && whole.verdict.is_err() => parts.to_vec(),
            _ => compared,
        }
    }

    /// Under which keys an index that was made by whichever plan may have a field that has this number by this plan.
    ///
    /// An index made by this plan has them under [`Reading::index_keys`]. Another plan may have read a short local
    /// number without its area code, or behind the prefix of an outside line: then only its own digits lead to it.
    pub fn index_keys_of_any_plan(&self, plan: &Plan) -> BTreeSet<String> {
        let mut keys = self.index_keys(plan);
        let area = plan.area_code_without_trunk_prefix();
        for meaning in &self.meanings {
            let nsn = meaning.number.get_national_significant_number();
            if let Some(local) = nsn.strip_prefix(area).filter(|local| local.len() >= SHORTEST_LOCAL) {
                keys.insert(last(local, super::INDEX_KEY));
                keys.insert(last(&format!("{}{local}", plan.outside_line_prefix), super::INDEX_KEY));
            }
        }
        keys
    }

    fn compared(&self, stored: &str, plan: &Plan) -> StoredNumber {
        let theirs = plan.read(stored);
        let alike = || {
            let ends = |reading: &Reading| {
                let digits = digits_of(reading.key());
                (digits.len() >= super::INDEX_KEY).then(|| last(&digits, super::INDEX_KEY))
            };
            ends(self).is_some() && ends(self) == ends(&theirs)
        };
        let verdict = self.agreement(&theirs, plan).ok_or_else(|| match theirs.is_withheld() {
            true => Difference::NoDigits,
            false if alike() => Difference::OnlyEnding,
            false => Difference::OtherNumber,
        });
        let text: String = stored.chars().filter(|c| !is_invisible(*c)).collect();
        StoredNumber { text: text.trim().to_owned(), means: theirs.e164().map(str::to_owned), verdict }
    }
}

impl Verdict {
    /// Stable, for the catalogs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::NoNumber => "no_number",
            Self::Later => "later",
        }
    }
}

impl Step {
    /// Stable, for the catalogs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Extension(_) => "extension",
            Self::OutsideLine(_) => "outside_line",
            Self::InternationalPrefix(_) => "international_prefix",
            Self::Trunk(_) => "trunk",
            Self::AreaCode(_) => "area_code",
            Self::CountryCode(_) => "country_code",
            Self::BareCountryCode(_) => "bare_country_code",
            Self::HomeCountry(_) => "home_country",
        }
    }

    /// With which digits.
    pub fn value(&self) -> &str {
        match self {
            Self::Extension(value)
            | Self::OutsideLine(value)
            | Self::InternationalPrefix(value)
            | Self::Trunk(value)
            | Self::AreaCode(value)
            | Self::CountryCode(value)
            | Self::BareCountryCode(value)
            | Self::HomeCountry(value) => value,
        }
    }
}

impl Agreement {
    /// Stable, for the catalogs.
    pub fn code(self) -> &'static str {
        match self {
            Self::SameNumber => "same_number",
            Self::National => "national",
            Self::WrittenForm => "written_form",
            Self::SameDigits => "same_digits",
        }
    }
}

impl Difference {
    /// Stable, for the catalogs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoDigits => "no_digits",
            Self::OnlyEnding => "only_ending",
            Self::OtherNumber => "other_number",
        }
    }
}

fn extension_of(raw: &str) -> Option<Step> {
    let extension = digits_of(raw.strip_prefix(without_extension(raw))?);
    (!extension.is_empty()).then_some(Step::Extension(extension))
}

/// What the number library recognized in a text: it does not say, but what is left over tells.
fn recognized(text: &str, meaning: &Meaning) -> Vec<Step> {
    let written = without_extension(text);
    let digits = digits_of(written);
    let nsn = meaning.number.get_national_significant_number();
    let country = meaning.number.country_code.to_string();
    let international = format!("{country}{nsn}");
    if written.trim_start().starts_with(['+', '＋', '(']) && written.contains(['+', '＋']) {
        return vec![Step::CountryCode(country)];
    }
    let national = groups(&meaning.number.format_as(PhoneNumberFormat::National)).concat();
    if digits == nsn {
        return vec![Step::HomeCountry(country)];
    }
    if digits == international && digits != national {
        return vec![Step::BareCountryCode(country)];
    }
    if let Some(prefix) = digits.strip_suffix(international.as_str()).filter(|_| digits != national) {
        return vec![Step::InternationalPrefix(prefix.to_owned()), Step::CountryCode(country)];
    }
    match digits.strip_suffix(nsn.as_str()) {
        Some(trunk) => vec![Step::Trunk(trunk.to_owned()), Step::HomeCountry(country)],
        None => vec![Step::HomeCountry(country)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn xiamen() -> Plan {
        Plan::new("CN", "592", "9").unwrap()
    }

    fn taken(plan: &Plan, written: &str) -> Interpretation {
        let all = plan.interpretations(written);
        all.iter().find(|one| one.verdict == Verdict::Taken).cloned().unwrap_or_else(|| panic!("{all:?}"))
    }

    fn steps(plan: &Plan, written: &str) -> String {
        let steps = taken(plan, written).steps;
        steps.iter().map(|step| format!("{} {}", step.code(), step.value())).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn every_rule_that_read_a_number_is_named() {
        for (written, told) in [
            ("13800138000", "home_country 86"),
            ("+8613800138000", "country_code 86"),
            ("008613800138000", "international_prefix 00, country_code 86"),
            ("8613800138000", "bare_country_code 86"),
            ("013800138000", "trunk 0, home_country 86"),
            ("0592-5503309", "trunk 0, home_country 86"),
            ("+865925503309", "country_code 86"),
            ("5503309", "area_code 592, home_country 86"),
            ("9,05925503309", "outside_line 9, trunk 0, home_country 86"),
            ("9,0012125550100", "outside_line 9, international_prefix 00, country_code 1"),
            ("95503309", "outside_line 9, area_code 592, home_country 86"),
            ("０５９２５５０３３０９", "trunk 0, home_country 86"),
            ("400-800-1234", "home_country 86"),
            ("+1 (212) 555-0100 x12", "extension 12, country_code 1"),
            ("(+86) 138 0013 8000", "country_code 86"),
        ] {
            assert_eq!(steps(&xiamen(), written), told, "{written}");
        }
        let new_york = Plan::new("US", "212", "").unwrap();
        assert_eq!(steps(&new_york, "(212) 555-0100"), "home_country 1");
        assert_eq!(steps(&new_york, "1-212-555-0100"), "bare_country_code 1");
        assert_eq!(steps(&new_york, "555-0100"), "area_code 212, home_country 1");
    }

    #[test]
    fn a_short_number_and_a_hidden_one_have_no_reading_that_counts() {
        let short = xiamen().interpretations("1001");
        assert!(short.iter().all(|one| one.verdict == Verdict::NoNumber && one.means.is_none()), "{short:?}");
        assert!(!short.is_empty());
        assert_eq!(xiamen().interpretations("anonymous"), []);
    }

    #[test]
    fn the_ways_that_were_not_taken_are_told_too() {
        let all = xiamen().interpretations("5503309");
        assert_eq!(all.first().map(|one| one.verdict), Some(Verdict::NoNumber));
        let later = xiamen().interpretations("2125550100");
        assert!(later.iter().filter(|one| one.verdict == Verdict::Taken).count() <= 1, "{later:?}");
    }

    #[test]
    fn the_rule_that_makes_a_stored_field_the_same_number_is_named() {
        for (caller, stored, verdict) in [
            ("13800138000", "138-0013-8000 ext 2", Ok(Agreement::SameNumber)),
            ("+12125550100", "(212) 555-0100", Ok(Agreement::National)),
            ("+12125550100", "5550100", Err(Difference::OnlyEnding)),
            ("13800138000", "13900138001", Err(Difference::OtherNumber)),
            ("13800138000", "+1 380 013 8000", Err(Difference::OnlyEnding)),
            ("13800138000", "no phone", Err(Difference::NoDigits)),
            ("1001", "1001", Ok(Agreement::SameDigits)),
            ("95588", "95588", Ok(Agreement::SameDigits)),
        ] {
            let compared = xiamen().read(caller).compared_with(stored, &xiamen());
            assert_eq!(compared.first().map(|one| one.verdict), Some(verdict), "{caller} {stored}");
        }
        let nowhere = Plan::new("", "", "").unwrap();
        let compared = nowhere.read("+12125550100").compared_with("212 555 0100", &nowhere);
        assert_eq!(compared.first().map(|one| one.verdict), Some(Ok(Agreement::WrittenForm)));
    }

    #[test]
    fn of_a_field_with_two_numbers_each_is_compared() {
        let compared = xiamen().read("13800138000").compared_with("0592-5503309; 138 0013 8000", &xiamen());
        let texts: Vec<&str> = compared.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts, ["0592-5503309", "138 0013 8000"]);
        assert_eq!(compared.last().map(|one| one.verdict), Some(Ok(Agreement::SameNumber)));
    }

    fn plans() -> impl Strategy<Value = Plan> {
        let countries = prop::sample::select(vec!["", "CN", "US", "GB", "DE"]);
        let areas = prop::sample::select(vec!["", "592", "212", "20", "01", "2"]);
        let outside = prop::sample::select(vec!["", "9", "0"]);
        (countries, areas, outside).prop_map(|(country, area, line)| Plan::new(country, area, line).unwrap())
    }

    fn numbers() -> impl Strategy<Value = String> {
        prop_oneof![
            "[+]?(86|1|44|49)?(592|212|20|30)?[0-9]{6,8}",
            "0?(592|20)[- ]?[2-9][0-9]{5,7}",
            "9?[2-9][0-9]{5,6}",
            "[0-9]{3,6}",
            "[(]?212[)]? 555-01[0-9]{2}( x[0-9]{1,3})?",
            "[ -~]{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn what_is_told_is_what_is_done(plan in plans(), written in numbers(), stored in numbers()) {
            let reading = plan.read(&written);
            let told = plan.interpretations(&written);
            let means = told.iter().find(|one| one.verdict == Verdict::Taken).and_then(|one| one.means.clone());
            prop_assert_eq!(means.as_deref(), reading.e164());
            let compared = reading.compared_with(&stored, &plan);
            prop_assert_eq!(compared.iter().any(|one| one.verdict.is_ok()), reading.is_in(&stored, &plan));
        }

        #[test]
        fn an_index_of_another_plan_leads_to_everybody(
            made in plans(), asked in plans(), written in numbers(), stored in numbers()
        ) {
            for caller in [&written, &stored] {
                let reading = asked.read(caller);
                if reading.is_in(&stored, &asked) {
                    let kept = made.index_keys_in(&stored);
                    let keys = reading.index_keys_of_any_plan(&asked);
                    prop_assert!(!kept.is_disjoint(&keys), "{:?} {:?}", kept, keys);
                }
            }
        }
    }
}
