//! What a written number means here, and how people may have written it in Desk.
//!
//! Parsing and formatting are libphonenumber's; this file owns only the plan (home country, area code,
//! outside-line prefix), the order in which readings are tried, and the list of written forms. Must not
//! know who asks or where the forms are sent.

mod reasons;

use std::collections::BTreeSet;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

pub use reasons::{Agreement, Difference, Interpretation, Step, StoredNumber, Verdict};

/// How numbers are written and dialed at the agent's desk.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Plan {
    region: Option<Region>,
    area_code: String,
    outside_line_prefix: String,
}

/// The country is not one libphonenumber knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownCountry;

/// One number as written, and everything it may mean under a plan.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    raw: String,
    digits: String,
    meanings: Vec<Meaning>,
}

#[derive(Clone, PartialEq, Debug)]
struct Meaning {
    number: PhoneNumber,
    e164: String,
}

/// One way to read a text, and what the plan did to it for that.
struct Attempt {
    text: String,
    steps: Vec<Step>,
}

/// What kind of line a number is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// A mobile phone.
    Mobile,
    /// Everything else, and what nobody can tell, as in countries whose mobile numbers look like all others.
    Other,
}

/// What a call to a number costs whoever dials it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tariff {
    /// What calls cost, or what nobody can tell.
    Ordinary,
    /// A part is paid by the one who is called: Chinese 400, German 0180.
    SharedCost,
    /// More than a call: American 900, German 0900, British 0843, 09 and 070.
    Premium,
}

/// The code that the countries of North America share.
const NORTH_AMERICA: i32 = 1;
/// Fewer digits than this are a short code or an extension: they are compared whole, never by their end.
const SHORTEST_FULL_NUMBER: usize = 7;
/// Shorter than this is a service number (95588), not a number of the home area.
const SHORTEST_LOCAL: usize = 6;
/// Digits without a country are taken for a foreign number only when there are this many.
const LONG_ENOUGH_WITHOUT_COUNTRY: usize = 9;
/// Digits at the end of a number that lead to it in an index: all written forms of a number share them, and few
/// numbers do.
const INDEX_KEY: usize = 7;
/// Desk takes at most this many comma-separated values in one field.
const MOST_FORMS: usize = 30;
/// Desk stores at most this many characters of a number.
const LONGEST_FORM: usize = 50;
/// No number has more digits in its last groups.
const LONGEST_ENDING: usize = 30;
/// A stored field longer than this is not a phone field; nobody parses it.
const LONGEST_FIELD: usize = 200;

impl Plan {
    /// A plan for a home country (ISO 3166 letters, any case; empty for none), an area code with or without
    /// its trunk prefix, and the digits dialed for an outside line.
    ///
    /// # Errors
    /// When the country is not known.
    pub fn new(country: &str, area_code: &str, outside_line_prefix: &str) -> Result<Self, UnknownCountry> {
        let country = country.trim().to_ascii_uppercase();
        let region = match country.as_str() {
            "" => None,
            code => {
                let region = code.parse::<Region>().map_err(|_| UnknownCountry)?;
                let known = PHONE_NUMBER_UTIL.get_supported_regions().any(|known| known == region);
                Some(known.then_some(region).ok_or(UnknownCountry)?)
            }
        };
        Ok(Self {
            region,
            area_code: digits_of(area_code),
            outside_line_prefix: digits_of(outside_line_prefix),
        })
    }

    /// The numbers of a stored field, in the order in which they are written.
    pub fn read_all(&self, stored: &str) -> Vec<Reading> {
        let all = numbers_in(stored);
        // The first is the whole field; it is the number when there are no parts.
        let parts = if all.len() > 1 { all.get(1..).unwrap_or_default() } else { &all };
        let readings = parts.iter().map(|part| self.read(part));
        readings.filter(|reading| !reading.is_withheld() && !reading.key().is_empty()).collect()
    }

    /// Reads a number as the PBX or a person wrote it. Never fails: what cannot be understood keeps its
    /// digits and is compared literally.
    pub fn read(&self, written: &str) -> Reading {
        let raw: String = written.chars().take(LONGEST_FIELD).filter(|c| !is_invisible(*c)).collect();
        let raw = raw.trim().to_owned();
        let digits = digits_of(without_extension(&raw));
        let mut meanings: Vec<Meaning> = Vec::new();
        for attempt in self.attempts(&raw, &digits) {
            let Some(meaning) = self.parse(&attempt.text) else { continue };
            if !meanings.iter().any(|known| known.e164 == meaning.e164) {
                meanings.push(meaning);
            }
            // The literal reading wins; later ones only stand in for one that means nothing.
            break;
        }
        Reading { raw, digits, meanings }
    }

    /// Every way to read the text, most literal first.
    fn attempts(&self, raw: &str, digits: &str) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        let mut add = |text: String, steps: &[Step]| attempts.push(Attempt { text, steps: steps.to_vec() });
        let abroad = Step::InternationalPrefix("00".to_owned());
        add(raw.to_owned(), &[]);
        if let Some(rest) = digits.strip_prefix("00") {
            // Not an international prefix everywhere, but nothing else begins like this.
            add(format!("+{rest}"), std::slice::from_ref(&abroad));
        }
        let mut bodies = vec![(digits.to_owned(), Vec::new())];
        if !self.outside_line_prefix.is_empty()
            && let Some(rest) = digits.strip_prefix(self.outside_line_prefix.as_str())
        {
            let outside = Step::OutsideLine(self.outside_line_prefix.clone());
            add(rest.to_owned(), std::slice::from_ref(&outside));
            if let Some(rest) = rest.strip_prefix("00") {
                add(format!("+{rest}"), &[outside.clone(), abroad]);
            }
            bodies.push((rest.to_owned(), vec![outside]));
        }
        if !self.area_code.is_empty() {
            for (body, mut steps) in bodies {
                if body.len() >= SHORTEST_LOCAL && !body.starts_with('0') {
                    steps.push(Step::AreaCode(self.area_code.clone()));
                    add(format!("{}{body}", self.area_code), &steps);
                }
            }
        }
        if !raw.contains('+') && digits.len() >= 10 {
            // Country code written without its plus.
            add(format!("+{digits}"), &[]);
        }
        attempts
    }

    fn parse(&self, text: &str) -> Option<Meaning> {
        let number = PHONE_NUMBER_UTIL.parse(text, self.region).ok()?;
        if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
            return None;
        }
        let mut number = number;
        number.extension = None;
        let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
        Some(Meaning { number, e164 })
    }

    /// Under which keys an index keeps a stored field: an ending for each number in it. Every number that
    /// [is in](Reading::is_in) the field has one of them among its [own](Reading::index_keys); so may have others.
    pub fn index_keys_in(&self, stored: &str) -> BTreeSet<String> {
        let readings = numbers_in(stored).into_iter().map(|one| self.read(one));
        readings.flat_map(|reading| reading.endings_of_meaning().collect::<Vec<_>>()).collect()
    }

    /// The home country, ISO 3166 letters.
    pub(crate) fn country(&self) -> Option<String> {
        self.region.map(|region| region.to_string())
    }

    fn country_code(&self) -> Option<i32> {
        self.region.and_then(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region))
    }

    /// These digits without the prefix of an outside line, when there is one and they begin with it.
    pub(crate) fn without_outside_line<'a>(&self, digits: &'a str) -> Option<&'a str> {
        digits
            .strip_prefix(self.outside_line_prefix.as_str())
            .filter(|_| !self.outside_line_prefix.is_empty())
    }

    /// These digits without the code of the home country, when they begin with it.
    pub(crate) fn without_country_code<'a>(&self, digits: &'a str) -> Option<&'a str> {
        digits.strip_prefix(&self.country_code()?.to_string())
    }

    fn area_code_without_trunk_prefix(&self) -> &str {
        self.area_code.trim_start_matches('0')
    }
}

impl Reading {
    /// The text it was read from, without invisible characters.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// No digits at all: withheld, anonymous, or a name in place of a number.
    pub fn is_withheld(&self) -> bool {
        self.digits.is_empty()
    }

    /// The international form `+8613800138000`, when it is a full number.
    pub fn e164(&self) -> Option<&str> {
        self.meanings.first().map(|meaning| meaning.e164.as_str())
    }

    /// What identifies the number in a cache: the international form, else the digits.
    pub fn key(&self) -> &str {
        self.e164().unwrap_or(&self.digits)
    }

    /// What kind of line it is.
    pub fn line(&self) -> Line {
        match self.meanings.first().map(|meaning| meaning.number.get_type()) {
            Some(PhoneNumberType::Mobile) => Line::Mobile,
            Some(_) | None => Line::Other,
        }
    }

    /// What a call costs, as far as the number says.
    pub fn tariff(&self) -> Tariff {
        match self.meanings.first().map(|meaning| meaning.number.get_type()) {
            // Personal numbers follow their owner and are billed like premium ones: British 070.
            Some(PhoneNumberType::PremiumRate | PhoneNumberType::PersonalNumber) => Tariff::Premium,
            Some(PhoneNumberType::SharedCost) => Tariff::SharedCost,
            Some(_) | None => Tariff::Ordinary,
        }
    }

    /// Whether it belongs to another country than the plan's, also when only its country code is understood. Nobody
    /// knows without a home country.
    pub fn is_abroad(&self, plan: &Plan) -> bool {
        let elsewhere = match self.meanings.first() {
            Some(meaning) => !meaning.is_of_home(plan),
            None => self.has_country_code() && plan.without_country_code(&self.digits).is_none(),
        };
        plan.region.is_some() && elsewhere
    }

    /// Whether it is written with a `+`.
    pub(crate) fn has_country_code(&self) -> bool {
        self.raw.starts_with(['+', '＋'])
    }

    /// The digits to dial for it: the outside line, then as people of the country dial it, or abroad with
    /// `international_prefix` (`00`, `+`). What is not understood is dialed as it is written.
    pub fn dialed(&self, plan: &Plan, international_prefix: &str) -> String {
        self.dialed_in_groups(plan, international_prefix).concat()
    }

    /// The same in groups, for reading.
    pub(crate) fn dialed_in_groups(&self, plan: &Plan, international_prefix: &str) -> Vec<String> {
        let body = match self.meanings.first() {
            None => {
                let groups = groups_of_any_script(without_extension(&self.raw));
                if self.has_country_code() { abroad(international_prefix, groups) } else { groups }
            }
            Some(meaning) if meaning.is_of_home(plan) => meaning.national_groups(),
            // Countries that share a code dial each other without an international prefix; those of North America
            // with the 1 of their long distance.
            Some(meaning) if plan.country_code() == Some(NORTH_AMERICA) && meaning.shares_code(plan) => {
                let mut groups = vec![NORTH_AMERICA.to_string()];
                groups.extend(meaning.national_groups());
                groups
            }
            Some(meaning) if meaning.shares_code(plan) => meaning.national_groups(),
            Some(meaning) => {
                let written = meaning.number.format_as(PhoneNumberFormat::International);
                abroad(international_prefix, groups(&written))
            }
        };
        let outside_line = Some(plan.outside_line_prefix.clone()).filter(|prefix| !prefix.is_empty());
        outside_line.into_iter().chain(body).collect()
    }

    /// As people of the number's country write it, for reading.
    pub fn for_people(&self, plan: &Plan) -> String {
        match self.meanings.first() {
            None => self.raw.clone(),
            Some(meaning) if meaning.is_of_home(plan) => {
                meaning.number.format_as(PhoneNumberFormat::National).into_owned()
            }
            Some(meaning) => meaning.number.format_as(PhoneNumberFormat::International).into_owned(),
        }
    }

    /// Up to 30 ways this number may be stored, likeliest first, made of characters Desk accepts in a search:
    /// no parentheses, no commas.
    ///
    /// QUIRK(zoho): a search compares with what is stored, character by character; nothing promises that it
    /// looks at digits only.
    pub fn written_forms(&self, plan: &Plan) -> Vec<String> {
        let mut forms = Forms::default();
        for meaning in &self.meanings {
            forms.add_meaning(meaning, plan);
        }
        forms.add(&self.raw);
        forms.add(&self.digits);
        forms.list
    }

    /// Endings long enough to be telling, for a wildcard search: `*550 3309`. Empty for short numbers.
    pub fn endings(&self) -> Vec<String> {
        let mut forms = Forms::default();
        let ends: Vec<Vec<String>> = match self.meanings.first() {
            Some(meaning) => vec![
                groups(&meaning.number.format_as(PhoneNumberFormat::National)),
                groups(&meaning.number.format_as(PhoneNumberFormat::International)),
            ],
            None => vec![vec![self.digits.clone()]],
        };
        for groups in ends {
            let all = groups.concat();
            if all.len() < SHORTEST_FULL_NUMBER {
                continue;
            }
            forms.add(&last(&all, SHORTEST_FULL_NUMBER));
            // As many whole groups from the end as make a telling number.
            let mut tail: Vec<String> = Vec::new();
            for group in groups.iter().rev() {
                tail.insert(0, group.clone());
                if tail.concat().len() >= SHORTEST_FULL_NUMBER {
                    break;
                }
            }
            if tail.concat().len() > LONGEST_ENDING {
                continue;
            }
            for separator in ["-", " ", "."] {
                forms.add(&tail.join(separator));
            }
        }
        forms.list
    }

    /// Whether a stored field holds this number. The field may hold several numbers, an extension, full-width
    /// digits or any punctuation. Compares meanings, then whole digit strings; never a mere ending.
    pub fn is_in(&self, stored: &str, plan: &Plan) -> bool {
        numbers_in(stored).iter().any(|one| self.agreement(&plan.read(one), plan).is_some())
    }

    /// Under which keys an index may have this number.
    pub fn index_keys(&self, plan: &Plan) -> BTreeSet<String> {
        let written = self.digit_forms(plan).into_iter().map(|digits| last(&digits, INDEX_KEY));
        let national = self
            .meanings
            .iter()
            .map(|meaning| last(&meaning.number.get_national_significant_number(), INDEX_KEY));
        self.endings_of_meaning().chain(written).chain(national).collect()
    }

    fn endings_of_meaning(&self) -> impl Iterator<Item = String> {
        let digits = [self.e164().map(digits_of), Some(self.digits.clone())];
        digits
            .into_iter()
            .flatten()
            .filter(|digits| !digits.is_empty())
            .map(|digits| last(&digits, INDEX_KEY))
    }

    /// By which rule a stored number is this one.
    fn agreement(&self, stored: &Reading, plan: &Plan) -> Option<Agreement> {
        if self.is_withheld() || stored.is_withheld() {
            return None;
        }
        let (is_so, rule) = match (self.e164(), stored.e164()) {
            (Some(mine), Some(theirs)) if mine == theirs => (true, Agreement::SameNumber),
            // `(212) 555-0100` reads as a Shanghai number in China, yet a caller from New York is that number.
            (Some(_), Some(_)) => (self.is_nationally(&stored.raw, &stored.digits), Agreement::National),
            // `+1 380 013 8000` is no number, and not the Chinese mobile phone with these digits either.
            (Some(_), None) if stored.has_country_code() => return None,
            (Some(_), None) => (self.digit_forms(plan).contains(&stored.digits), Agreement::WrittenForm),
            (None, Some(_)) => (stored.digit_forms(plan).contains(&self.digits), Agreement::WrittenForm),
            (None, None) => (self.digits == stored.digits, Agreement::SameDigits),
        };
        is_so.then_some(rule)
    }

    /// Whether these digits, written without a country, are this number as its own country writes it.
    fn is_nationally(&self, raw: &str, digits: &str) -> bool {
        let international = raw.contains(['+', '＋']) || digits.starts_with("00");
        !international
            && digits.len() >= LONG_ENOUGH_WITHOUT_COUNTRY
            && self.meanings.iter().any(|meaning| {
                let national = groups(&meaning.number.format_as(PhoneNumberFormat::National)).concat();
                digits == national || digits == meaning.number.get_national_significant_number()
            })
    }

    /// The digits of every written form: what a foreign national number looks like when it is stored without
    /// its country.
    fn digit_forms(&self, plan: &Plan) -> BTreeSet<String> {
        self.written_forms(plan)
            .iter()
            .map(|form| digits_of(form))
            .filter(|digits| digits.len() >= SHORTEST_FULL_NUMBER)
            .collect()
    }
}

impl Meaning {
    fn is_of_home(&self, plan: &Plan) -> bool {
        plan.region.is_some() && self.number.get_region_code() == plan.region
    }

    fn shares_code(&self, plan: &Plan) -> bool {
        plan.country_code() == Some(self.number.country_code)
    }

    fn national_groups(&self) -> Vec<String> {
        groups(&self.number.format_as(PhoneNumberFormat::National))
    }
}

#[derive(Default)]
struct Forms {
    list: Vec<String>,
}

impl Forms {
    fn add(&mut self, form: &str) {
        let clean = form.trim();
        let allowed = !clean.is_empty()
            && clean.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | ' ' | '/'))
            && clean.len() <= LONGEST_FORM
            && clean.chars().any(|c| c.is_ascii_digit());
        if allowed && self.list.len() < MOST_FORMS && !self.list.iter().any(|known| known == clean) {
            self.list.push(clean.to_owned());
        }
    }

    fn add_meaning(&mut self, meaning: &Meaning, plan: &Plan) {
        let number = &meaning.number;
        let country = number.country_code.to_string();
        let nsn = number.get_national_significant_number();
        let international = groups(&number.format_as(PhoneNumberFormat::International));
        let national_text = number.format_as(PhoneNumberFormat::National);
        let national = groups(&national_text);
        let trunk = national.concat();
        // In the order of likelihood: the list is cut at 30.
        self.add(&meaning.e164);
        self.add(&nsn);
        self.add(&trunk);
        self.add(&format!("{country}{nsn}"));
        self.add(&format!("00{country}{nsn}"));
        self.add(&format!("0{nsn}"));
        self.add(&national_text);
        for separator in ["-", " ", "."] {
            self.add(&national.join(separator));
            self.add(&format!("+{}", international.join(separator)));
        }
        let area = number.get_length_of_geographical_area_code();
        let (code, rest) = nsn.split_at_checked(area).unwrap_or(("", &nsn));
        if !code.is_empty() {
            let prefix = trunk.strip_suffix(nsn.as_str()).unwrap_or_default();
            for separator in ["-", " "] {
                self.add(&format!("{prefix}{code}{separator}{rest}"));
                self.add(&format!("+{country}{separator}{code}{separator}{rest}"));
            }
            self.add(&format!("+{country} {code}{rest}"));
        }
        self.add(&format!("+{country} {nsn}"));
        self.add(&format!("+{country}-{nsn}"));
        self.add(&format!("{country}-{}", national.join("-")));
        if let Some(local) = nsn.strip_prefix(plan.area_code_without_trunk_prefix())
            && !plan.area_code.is_empty()
            && number.get_region_code() == plan.region
        {
            self.add(local);
            if let Some((_, rest)) = national.split_first() {
                self.add(&rest.join("-"));
                self.add(&rest.join(" "));
            }
        }
        if !plan.outside_line_prefix.is_empty() {
            self.add(&format!("{}{trunk}", plan.outside_line_prefix));
        }
    }
}

/// The groups of digits of a formatted number.
fn groups(formatted: &str) -> Vec<String> {
    formatted
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .map(str::to_owned)
        .collect()
}

/// As [`groups`], of a text that may have digits of any script.
fn groups_of_any_script(written: &str) -> Vec<String> {
    written.split(|c: char| !c.is_numeric()).map(digits_of).filter(|group| !group.is_empty()).collect()
}

/// A number with its country code, as it is dialed from here. A `+` stands in front of digits, other prefixes alone.
fn abroad(international_prefix: &str, mut groups: Vec<String>) -> Vec<String> {
    match (international_prefix, groups.first_mut()) {
        ("+", Some(country)) => country.insert(0, '+'),
        (prefix, _) => groups.insert(0, prefix.to_owned()),
    }
    groups
}

fn last(text: &str, count: usize) -> String {
    let skip = text.chars().count().saturating_sub(count);
    text.chars().skip(skip).collect()
}

/// ASCII digits of any script's decimal digits; everything else is dropped.
pub(crate) fn digits_of(text: &str) -> String {
    PHONE_NUMBER_UTIL.normalize_digits_only(text).to_string()
}

/// Marks that change how text looks and not what it says: direction marks, zero-width characters, controls.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// `+1 212 555 0100 x12` without ` x12`.
fn without_extension(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let cut = [";ext=", " ext", " x", "#", "转", "分机"].iter().filter_map(|mark| lower.find(mark)).min();
    cut.and_then(|at| text.get(..at)).unwrap_or(text)
}

/// A field may hold two numbers: `138…; 0592-…`, `0592-5503309/5503310`.
fn numbers_in(field: &str) -> Vec<&str> {
    let cut: &str =
        field.char_indices().nth(LONGEST_FIELD).and_then(|(at, _)| field.get(..at)).unwrap_or(field);
    let mut numbers = vec![cut];
    numbers.extend(
        cut.split([';', ',', '/', '|', '\n', '；', '，', '、', '／'])
            .filter(|part| *part != cut && !part.trim().is_empty()),
    );
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn china() -> Plan {
        Plan::new("CN", "592", "9").unwrap()
    }

    #[test]
    fn a_field_with_several_numbers_has_each_of_them() {
        let keys = |stored: &str| -> Vec<String> {
            china().read_all(stored).iter().map(|reading| reading.key().to_owned()).collect()
        };
        assert_eq!(keys("138-0013-8000"), ["+8613800138000"]);
        assert_eq!(keys("13800138000; 0592-5503309"), ["+8613800138000", "+865925503309"]);
        assert_eq!(keys(" / none"), Vec::<String>::new());
        assert_eq!(keys(""), Vec::<String>::new());
    }

    #[test]
    fn every_way_to_write_a_number_at_home_means_the_same() {
        let plan = china();
        for (written, meant) in [
            ("13800138000", "+8613800138000"),
            ("+8613800138000", "+8613800138000"),
            ("008613800138000", "+8613800138000"),
            ("8613800138000", "+8613800138000"),
            ("013800138000", "+8613800138000"),
            ("138-0013-8000", "+8613800138000"),
            ("0592-5503309", "+865925503309"),
            ("+865925503309", "+865925503309"),
            ("5503309", "+865925503309"),
            ("9,05925503309", "+865925503309"),
            ("905925503309", "+865925503309"),
            ("０５９２５５０３３０９", "+865925503309"),
            ("(0592) 550-3309", "+865925503309"),
            ("400-800-1234", "+864008001234"),
            ("+1 (212) 555-0100 x12", "+12125550100"),
            ("0012125550100", "+12125550100"),
            ("\u{202e}13800138000\u{202c}", "+8613800138000"),
        ] {
            assert_eq!(plan.read(written).e164(), Some(meant), "{written}");
        }
    }

    #[test]
    fn a_number_is_dialed_as_people_dial_it_here() {
        for (written, dialed) in [
            ("+86 138 0013 8000", "913800138000"),
            ("913800138000", "913800138000"),
            ("5503309", "905925503309"),
            ("+1 (212) 555-0100 x12", "90012125550100"),
            ("95588", "995588"),
        ] {
            let plan = china();
            assert_eq!(plan.read(written).dialed(&plan, "00"), dialed, "{written}");
        }
        let plan = Plan::new("US", "", "").unwrap();
        assert_eq!(plan.read("+8613800138000").dialed(&plan, "+"), "+8613800138000");
    }

    #[test]
    fn neighbors_with_the_same_code_are_dialed_without_an_international_prefix() {
        for (home, written, dialed) in [
            ("US", "+1 212 555 0100", "2125550100"),
            ("US", "+1 416 555 0100", "14165550100"),
            ("CA", "+1 212 555 0100", "12125550100"),
            ("GB", "+44 1534 600900", "01534600900"),
            ("US", "+44 7700 900123", "011447700900123"),
            ("", "+44 7700 900123", "011447700900123"),
            ("", "+800 1234 5678", "01180012345678"),
            ("GB", "+999 123 4567", "0119991234567"),
        ] {
            let plan = Plan::new(home, "", "").unwrap();
            assert_eq!(plan.read(written).dialed(&plan, "011"), dialed, "{home} {written}");
        }
    }

    #[test]
    fn a_mobile_number_is_told_from_others_where_that_can_be_told() {
        for (written, line) in [
            ("13800138000", Line::Mobile),
            ("0592 550 3309", Line::Other),
            ("+1 212 555 0100", Line::Other),
            ("110", Line::Other),
        ] {
            assert_eq!(china().read(written).line(), line, "{written}");
        }
    }

    #[test]
    fn short_numbers_keep_their_digits() {
        for short in ["1001", "95588", "110"] {
            let reading = china().read(short);
            assert_eq!((reading.e164(), reading.key()), (None, short));
        }
    }

    #[test]
    fn a_caller_without_digits_is_withheld() {
        for withheld in ["", " ", "anonymous", "Anonymous", "Restricted", "\u{200f}"] {
            assert!(china().read(withheld).is_withheld(), "{withheld:?}");
        }
    }

    #[test]
    fn a_number_is_found_however_it_was_stored() {
        let plan = china();
        let mobile = plan.read("+8613800138000");
        for stored in [
            "13800138000",
            "138-0013-8000 ext 2",
            "+86 138 0013 8000",
            "(+86)13800138000",
            "０１３８００１３８０００",
            "5503309; 138 0013 8000",
            "0592-5503309/13800138000",
        ] {
            assert!(mobile.is_in(stored, &plan), "{stored}");
        }
        let foreign = plan.read("+12125550100");
        for stored in ["(212) 555-0100", "212.555.0100", "1-212-555-0100", "+1 212 555 0100 x7"] {
            assert!(foreign.is_in(stored, &plan), "{stored}");
        }
    }

    #[test]
    fn a_number_that_only_ends_alike_is_not_the_same() {
        let plan = china();
        let mobile = plan.read("13800138000");
        for stored in ["13900138000", "0138000", "8000", "+18001380000", "+1 380 013 8000", "", "no phone"] {
            assert!(!mobile.is_in(stored, &plan), "{stored}");
        }
        assert!(!plan.read("1001").is_in("0592-5501001", &plan));
    }

    #[test]
    fn written_forms_fit_one_request_and_hold_the_usual_ones() {
        let forms = china().read("05925503309").written_forms(&china());
        assert!(forms.len() <= 30, "{}", forms.len());
        for usual in [
            "+865925503309",
            "05925503309",
            "5925503309",
            "865925503309",
            "00865925503309",
            "0592-5503309",
            "0592 5503309",
            "0592-550-3309",
            "+86 592 550 3309",
            "+86-592-5503309",
            "5503309",
        ] {
            assert!(forms.iter().any(|form| form == usual), "{usual} is not in {forms:?}");
        }
        assert!(forms.iter().all(|form| !form.contains([',', '(', ')', '#', '&'])), "{forms:?}");
    }

    #[test]
    fn american_forms_cover_dashes_dots_and_the_leading_one() {
        let plan = Plan::new("US", "212", "").unwrap();
        let forms = plan.read("2125550100").written_forms(&plan);
        for usual in [
            "+12125550100",
            "2125550100",
            "12125550100",
            "212-555-0100",
            "212 555 0100",
            "212.555.0100",
            "+1 212 555 0100",
            "+1-212-555-0100",
            "1-212-555-0100",
            "555-0100",
        ] {
            assert!(forms.iter().any(|form| form == usual), "{usual} is not in {forms:?}");
        }
        let endings = plan.read("2125550100").endings();
        assert!(endings.contains(&"555-0100".to_owned()), "{endings:?}");
    }

    #[test]
    fn hostile_text_is_neither_a_number_nor_a_form() {
        let plan = china();
        for text in
            ["<script>1</script>", "13800138000&x=1", "'; DROP TABLE", &"9".repeat(5_000), "+++", "\u{0}1"]
        {
            let reading = plan.read(text);
            for ending in reading.endings() {
                assert!(ending.len() <= 40, "{ending}");
            }
            for form in reading.written_forms(&plan) {
                assert!(form.len() <= 50, "{form}");
                assert!(
                    form.chars().all(|c| !matches!(c, '&' | '<' | '>' | ',' | '(' | ')' | '#')),
                    "{form}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_country_is_refused_and_none_is_allowed() {
        assert_eq!(Plan::new("XX", "", "").unwrap_err(), UnknownCountry);
        let plan = Plan::new("", "", "").unwrap();
        assert_eq!(plan.read("+8613800138000").e164(), Some("+8613800138000"));
        assert_eq!(plan.read("13800138000").e164(), None);
    }
}
