//! Forms as they are kept: their names, what is in them before anybody types, and how they go to the disk and back.
//! Must not know Desk.

use std::collections::BTreeMap;

use deskring_domain::{Line, Plan};
use deskring_store::Draft as Kept;

use super::wire::Draft;
use crate::view::DraftView;

/// What the name of a form begins with; others in the same place are of the window.
const FORM: &str = "form ";
/// A note after a call that is being written.
const NOTE: &str = "wrap-up ";
/// No name is longer: a number, or the PBX's id of a call and an extension.
const LONGEST_KEY: usize = 200;

/// One form for each number, or for each call without one.
pub(crate) fn key_of(number_key: &str, call: &str) -> String {
    if number_key.is_empty() { format!("{FORM}call {call}") } else { format!("{FORM}{number_key}") }
}

pub(super) fn is_form(key: &str) -> bool {
    key.starts_with(FORM) && key.len() <= LONGEST_KEY
}

pub(super) fn is_note(key: &str) -> bool {
    key.starts_with(NOTE) && key.len() <= LONGEST_KEY
}

/// A form in which nothing was typed yet.
pub(crate) fn begin(key: &str, call: &str, extension: &str, number: &str, kind: &str, plan: &Plan) -> Draft {
    Draft {
        key: key.to_owned(),
        call: call.to_owned(),
        extension: extension.to_owned(),
        number: number.to_owned(),
        kind: kind.to_owned(),
        values: prefilled(number, kind, plan),
        account: None,
        sent: false,
    }
}

/// The number in the field that fits it, in international form where it is a full number. An account has one field for
/// numbers of all kinds.
fn prefilled(number: &str, kind: &str, plan: &Plan) -> BTreeMap<String, String> {
    let reading = plan.read(number);
    if reading.is_withheld() {
        return BTreeMap::new();
    }
    let field = match reading.line() {
        Line::Mobile if kind != "account" => "mobile",
        Line::Mobile | Line::Other => "phone",
    };
    BTreeMap::from([(field.to_owned(), reading.key().to_owned())])
}

/// Whether nothing was typed.
pub(crate) fn is_untouched(draft: &Draft, plan: &Plan) -> bool {
    let reading = plan.read(&draft.number);
    let is_number = |name: &str, value: &str| matches!(name, "phone" | "mobile") && value == reading.key();
    let is_as_before = |(name, value): (&String, &String)| value.trim().is_empty() || is_number(name, value);
    !draft.sent && draft.account.is_none() && draft.values.iter().all(is_as_before)
}

pub(crate) fn read(json: &str) -> Option<Draft> {
    // Its own words may quote what was typed.
    let complain =
        |error: &serde_json::Error| tracing::warn!(kind = ?error.classify(), "a form cannot be read");
    serde_json::from_str(json).inspect_err(complain).ok()
}

pub(crate) fn write(draft: &Draft) -> String {
    // A form is text by text; nothing in it can fail.
    serde_json::to_string(draft).unwrap_or_default()
}

/// A kept form in a list; nothing for what is no form.
pub(crate) fn view(kept: &Kept, plan: &Plan) -> Option<DraftView> {
    let draft = read(&kept.json).filter(|_| is_form(&kept.key))?;
    let typed =
        |name: &str| draft.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let person: Vec<&str> = [typed("firstName"), typed("lastName")].into_iter().flatten().collect();
    Some(DraftView {
        key: kept.key.clone(),
        number_text: plan.read(&draft.number).for_people(plan),
        name: if draft.kind == "account" {
            typed("accountName").unwrap_or_default().to_owned()
        } else {
            person.join(" ")
        },
        call: draft.call,
        extension: draft.extension,
        kind: draft.kind,
        at_ms: kept.at_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn china() -> Plan {
        Plan::new("CN", "592", "").unwrap()
    }

    fn begun(number: &str) -> Draft {
        begin("form x", "1.1", "1001", number, "contact", &china())
    }

    #[test]
    fn the_number_stands_in_the_field_that_fits_it_in_international_form() {
        for (number, field, value) in [
            ("13800138000", "mobile", "+8613800138000"),
            ("0592 5503309", "phone", "+865925503309"),
            ("+1 212 555 0100", "phone", "+12125550100"),
            ("95588", "phone", "95588"),
        ] {
            let values = begun(number).values;
            assert_eq!(values.get(field).map(String::as_str), Some(value), "{number}: {values:?}");
            assert_eq!(values.len(), 1, "{number}");
        }
        assert!(begun("anonymous").values.is_empty());
        let account = begin("form x", "1.1", "1001", "13800138000", "account", &china());
        assert_eq!(account.values["phone"], "+8613800138000");
    }

    #[test]
    fn a_form_is_touched_when_something_else_than_the_number_stands_in_it() {
        let form = begun("13800138000");
        assert!(is_untouched(&form, &china()));
        let typed = |name: &str, value: &str| {
            let mut form = form.clone();
            form.values.insert(name.into(), value.into());
            is_untouched(&form, &china())
        };
        assert!(typed("lastName", "  "));
        assert!(!typed("lastName", "Wang"));
        assert!(!typed("mobile", "+8613800138001"));
        assert!(!is_untouched(&Draft { sent: true, ..form.clone() }, &china()));
    }

    #[test]
    fn only_forms_are_listed() {
        let kept = |key: &str, json: &str| Kept { key: key.into(), json: json.into(), at_ms: 5 };
        let json = r#"{"kind":"contact","number":"13800138000","values":{"lastName":"王","firstName":"芳"}}"#;
        let listed = view(&kept("form +8613800138000", json), &china()).unwrap();
        assert_eq!((listed.name.as_str(), listed.number_text.as_str()), ("芳 王", "138 0013 8000"));
        assert_eq!(view(&kept("wrap-up 1.1 1001", json), &china()), None);
        assert_eq!(view(&kept("form x", "not json"), &china()), None);
    }
}
