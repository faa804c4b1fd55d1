//! Owns the layouts: which fields a module has, what they are called, which of them are mandatory.

use serde_json::{Value, json};

use super::DEPARTMENT_ID;
use super::records::{Module, merge, text};
use super::switches::DeskSwitches;

/// The id of a module's only layout.
pub(crate) fn id(module: Module) -> &'static str {
    match module {
        Module::Contacts => "189200000000074011",
        Module::Accounts => "189200000000074021",
        Module::Tickets | Module::Comments => "189200000000074031",
        Module::Calls => "189200000000074041",
    }
}

fn of_word(word: &str) -> Module {
    match word {
        "contacts" => Module::Contacts,
        "accounts" => Module::Accounts,
        "calls" => Module::Calls,
        _ => Module::Tickets,
    }
}

/// A layout as the list has it.
pub(crate) fn card(module: &str) -> Value {
    json!({ "id": id(of_word(module)), "layoutName": module, "module": module, "departmentId": DEPARTMENT_ID,
        "isDefaultLayout": true, "status": "ACTIVE" })
}

/// A layout with its fields, in two sections.
pub(crate) fn layout(wanted: &str, switches: &DeskSwitches) -> Value {
    let modules = [Module::Contacts, Module::Accounts, Module::Calls];
    let module = modules.into_iter().find(|module| id(*module) == wanted).unwrap_or(Module::Tickets);
    let mut fields = fields(module.word(), switches);
    if switches.hide_layout_api_names {
        let custom = |field: &&mut Value| text(field, "apiName").starts_with("cf_");
        for field in fields.iter_mut().filter(custom) {
            if let Some(field) = field.as_object_mut() {
                field.remove("apiName");
            }
        }
    }
    let (custom, own): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|field| field.get("isCustomField") == Some(&json!(true)));
    json!({ "id": wanted, "layoutName": module.word(), "sections": [
        { "id": "1", "name": "Information", "isCustomSection": false, "fields": own },
        { "id": "2", "name": "More", "isCustomSection": true, "fields": custom },
    ] })
}

/// What people call a custom field: `cf_sales_region` is `Sales region`.
fn label(name: &str) -> String {
    let words = name.trim_start_matches("cf_").replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The fields of a module, those of the switches laid over the usual ones.
pub(crate) fn fields(module: &str, switches: &DeskSwitches) -> Vec<Value> {
    let usual: &[(&str, &str, &str, u64, bool)] = match module {
        "contacts" => &[
            ("firstName", "First Name", "Text", 40, false),
            ("lastName", "Last Name", "Text", 200, true),
            ("accountId", "Account Name", "LookUp", 300, false),
            ("email", "Email", "Email", 255, false),
            ("phone", "Phone", "Phone", 50, false),
            ("mobile", "Mobile", "Phone", 50, false),
            ("title", "Title", "Text", 100, false),
            ("description", "Description", "Textarea", 65_535, false),
            ("createdTime", "Created Time", "DateTime", 0, false),
        ],
        "accounts" => &[
            ("accountName", "Account Name", "Text", 200, true),
            ("phone", "Phone", "Phone", 30, false),
            ("website", "Website", "URL", 450, false),
            ("description", "Description", "Textarea", 65_535, false),
        ],
        _ => &[("subject", "Subject", "Text", 255, true), ("priority", "Priority", "Picklist", 120, false)],
    };
    let mut fields: Vec<Value> = usual
        .iter()
        .map(|(name, label, kind, longest, mandatory)| {
            json!({ "apiName": name, "displayLabel": label, "i18NLabel": label, "name": name, "type": kind,
            "maxLength": longest, "isMandatory": mandatory, "isSystemMandatory": mandatory })
        })
        .collect();
    let further = match module {
        "contacts" => switches.contact_fields.clone(),
        "accounts" => switches.account_fields.clone(),
        "tickets" => {
            let field = |name: &String| json!({ "apiName": name, "displayLabel": label(name), "isMandatory": true, "type": "Text" });
            switches.mandatory_ticket_field.iter().map(field).collect()
        }
        _ => Vec::new(),
    };
    for field in further {
        match fields.iter_mut().find(|usual| text(usual, "apiName") == text(&field, "apiName")) {
            Some(usual) => merge(usual, field),
            None => fields.push(field),
        }
    }
    for (place, field) in fields.iter_mut().enumerate() {
        let given = field.clone();
        let custom = text(field, "apiName").starts_with("cf_");
        *field = json!({ "id": (189_200_000_000_000_300 + place).to_string(), "type": "Text", "maxLength": 255,
            "isMandatory": false, "isCustomField": custom, "isEncryptedField": false, "isRemovable": custom,
            "allowedValues": [], "name": text(&given, "displayLabel"), "undocumentedKey": { "revision": "1" } });
        merge(field, given);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_switches_are_added_or_laid_over_the_usual_ones() {
        let mandatory = json!({ "apiName": "email", "isMandatory": true });
        let custom = json!({ "apiName": "cf_region", "displayLabel": "Region", "isMandatory": true });
        let switches = DeskSwitches { contact_fields: vec![mandatory, custom], ..DeskSwitches::default() };
        let fields = fields("contacts", &switches);
        let field = |name: &str| fields.iter().find(|field| text(field, "apiName") == name).unwrap();
        assert_eq!(
            (&field("email")["isMandatory"], &field("email")["type"]),
            (&json!(true), &json!("Email"))
        );
        assert_eq!(field("cf_region")["isCustomField"], true);
        let layout = layout(id(Module::Contacts), &switches);
        assert_eq!(layout["sections"][1]["fields"][0]["apiName"], "cf_region");
    }
}
