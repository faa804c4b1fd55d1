//! Trying the rules for numbers: what would be dialed for one, and whose a caller with these digits would be. Asks
//! nobody. Must not know windows.

use std::sync::Arc;

use deskring_domain::{DialKind, DialLink, Line, Outgoing, Plan};
use deskring_store::settings::Settings;

use super::Admin;
use super::wire::{DialTrial, Fault, NumberRules, NumberTrial};

impl Admin {
    /// With these rules, saved or not; those that are left out are the saved ones.
    pub(super) async fn try_number(
        self: &Arc<Self>,
        text: String,
        rules: NumberRules,
    ) -> Result<NumberTrial, Fault> {
        let clients = self.clients().await;
        self.blocking(move |admin| {
            let settings = admin.loaded()?;
            let is_internal = |digits: &str| {
                clients.directory.has(digits) || clients.mine.iter().any(|mine| mine == digits)
            };
            Ok(tried(&text, &rules, &settings, is_internal))
        })
        .await
    }
}

fn tried(
    text: &str,
    rules: &NumberRules,
    settings: &Settings,
    is_internal: impl Fn(&str) -> bool,
) -> NumberTrial {
    let either = |typed: &Option<String>, saved: &Option<String>| {
        typed.clone().or_else(|| saved.clone()).unwrap_or_default()
    };
    let country = either(&rules.country, &settings.numbers.country);
    let area_code = either(&rules.area_code, &settings.numbers.area_code);
    let outside_line = either(&rules.outside_line_prefix, &settings.numbers.outside_line_prefix);
    // What cannot be used is refused where it is typed; here it counts for nothing.
    let plan = Plan::new(&country, &area_code, &outside_line)
        .or_else(|_| Plan::new("", &area_code, &outside_line))
        .unwrap_or_default();
    let prefix =
        rules.international_prefix.clone().or_else(|| settings.click_to_call.international_prefix.clone());
    let outgoing = prefix.and_then(|prefix| Outgoing::new(&prefix).ok()).unwrap_or_default();
    let reading = plan.read(text);
    let dial = match DialLink::typed(text) {
        Err(fault) => Err(fault.code()),
        Ok(link) => outgoing.dial(&link, &plan, is_internal).map_err(|_| "number_too_long"),
    };
    NumberTrial {
        dial: dial.as_ref().ok().map(|dialed| DialTrial {
            digits: dialed.number(),
            shown: dialed.shown().to_owned(),
            internal: dialed.kind == DialKind::Internal,
            abroad: dialed.abroad,
            understood: dialed.understood,
            caution: dialed.caution.map(|caution| caution.code().to_owned()),
        }),
        fault: dial.err().map(str::to_owned),
        withheld: reading.is_withheld(),
        international: reading.e164().map(str::to_owned),
        written: reading.for_people(&plan),
        mobile: reading.line() == Line::Mobile,
        forms: if reading.is_withheld() { Vec::new() } else { reading.written_forms(&plan) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(country: &str, area_code: &str, outside_line: &str, international: &str) -> NumberRules {
        let some = |text: &str| Some(text.to_owned());
        NumberRules {
            country: some(country),
            area_code: some(area_code),
            outside_line_prefix: some(outside_line),
            international_prefix: some(international),
        }
    }

    fn of(text: &str, rules: &NumberRules) -> NumberTrial {
        tried(text, rules, &Settings::default(), |digits| digits == "1002")
    }

    #[test]
    fn what_is_shown_is_what_would_be_dialed() {
        let xiamen = rules("CN", "592", "9", "00");
        for (text, digits, internal, abroad) in [
            ("5503301", "905925503301", false, false),
            ("+1 212 555 0100", "90012125550100", false, true),
            ("13800138000", "913800138000", false, false),
            ("1002", "1002", true, false),
            ("110", "110", false, false),
        ] {
            let dial = of(text, &xiamen).dial.unwrap();
            assert_eq!(
                (dial.digits.as_str(), dial.internal, dial.abroad),
                (digits, internal, abroad),
                "{text}"
            );
        }
        let with_plus = rules("CN", "592", "", "+");
        assert_eq!(of("+1 212 555 0100", &with_plus).dial.unwrap().digits, "+12125550100");
        assert_eq!(of("110", &xiamen).dial.unwrap().caution.as_deref(), Some("emergency"));
    }

    #[test]
    fn a_caller_is_read_as_it_would_be_looked_for() {
        let trial = of("05925503301", &rules("CN", "592", "", "00"));
        assert_eq!(trial.international.as_deref(), Some("+865925503301"));
        assert!(!trial.withheld && !trial.mobile);
        assert!(trial.forms.iter().any(|form| form == "+865925503301"), "{:?}", trial.forms);
        assert!(of("13800138000", &rules("CN", "592", "", "00")).mobile);
        let hidden = of("anonymous", &rules("CN", "592", "", "00"));
        assert!(hidden.withheld && hidden.forms.is_empty() && hidden.dial.is_none());
    }

    #[test]
    fn rules_that_cannot_be_used_count_for_nothing_and_no_number_is_said() {
        let trial = of("02079460018", &rules("Atlantis", "", "", "zero"));
        assert_eq!(trial.dial.unwrap().digits, "02079460018");
        for text in ["", "abc", "(", &"9".repeat(400), "1;2,3"] {
            let trial = of(text, &rules("CN", "592", "9", "00"));
            assert!(trial.dial.is_none() == trial.fault.is_some(), "{text}");
        }
    }
}
