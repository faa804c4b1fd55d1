//! Owns the question what a new record is asked for: the fields of the organization's layout.
//! Must not know: how a form is drawn, or its words beyond the labels that Desk tells.
//!
//! Decoding is lenient, as everywhere; a layout that cannot be read leaves the fields that Zoho's documentation
//! guarantees, because a person in a call must be able to go on.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Desk;
use crate::error::{Error, FieldError, Kind};
use crate::records::{DepartmentId, flag, rows, text};
use crate::write::further_keys;

/// What a form is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Module {
    /// Persons.
    Contacts,
    /// Companies.
    Accounts,
    /// Tickets.
    Tickets,
    /// Call activities.
    Calls,
}

impl Module {
    /// The word in paths and parameters.
    pub fn word(self) -> &'static str {
        match self {
            Module::Contacts => "contacts",
            Module::Accounts => "accounts",
            Module::Tickets => "tickets",
            Module::Calls => "calls",
        }
    }
}

/// The fields to ask for, in the order of the layout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryForm {
    /// Each API name once.
    pub fields: Vec<FormField>,
    /// Where they come from.
    pub origin: Origin,
}

/// Where the fields of a form come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Origin {
    /// The organization's layout.
    Layout,
    /// Zoho's documentation, because the layout could not be read; Desk may ask for more.
    Documentation,
}

/// One field of a form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FormField {
    /// Zoho's name of it: `lastName`, `cf_region`. That of [`FieldError::api_name`](crate::FieldError::api_name).
    pub api_name: String,
    /// What people call it, in their language if Desk has it; the API name where Desk tells nothing. Written by an
    /// administrator of Desk: text to be shown, never markup.
    pub label: String,
    /// What goes in.
    pub kind: FieldKind,
    /// Whether Desk refuses a record without it.
    pub required: Requirement,
    /// The most characters, where Desk or its documentation tells.
    pub max_length: Option<usize>,
}

/// What goes into a field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FieldKind {
    /// A text of one or more lines.
    Text,
    /// A number, with or without decimals.
    Number,
    /// A mail address.
    Email,
    /// A phone number.
    Phone,
    /// A web address.
    Url,
    /// A day, `yyyy-MM-dd`.
    Date,
    /// Yes or no.
    Boolean,
    /// One of these, to be sent exactly so.
    ///
    /// QUIRK(zoho): some portals tell no choices; then any text may be tried.
    Picklist(Vec<String>),
    /// The id of another record.
    Lookup,
    /// A kind that cannot be entered here, by Zoho's name (such as `DateTime`, `Multiselect`); without a name, a field
    /// that no request can carry. If it is required, the record must be created in Desk.
    Other(String),
}

/// Whether a field must be filled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Requirement {
    /// It must.
    Required,
    /// It may.
    Optional,
}

/// API name, kind, requirement and longest text of the fields that every portal has.
type Guaranteed = (&'static str, FieldKind, Requirement, usize);

fn guaranteed(module: Module) -> Vec<Guaranteed> {
    use Requirement::{Optional, Required};
    match module {
        Module::Contacts => vec![
            ("firstName", FieldKind::Text, Optional, 40),
            ("lastName", FieldKind::Text, Required, 200),
            ("accountId", FieldKind::Lookup, Optional, 24),
            ("email", FieldKind::Email, Optional, 255),
            ("phone", FieldKind::Phone, Optional, 50),
            ("mobile", FieldKind::Phone, Optional, 50),
            ("description", FieldKind::Text, Optional, 65_535),
        ],
        Module::Accounts => vec![
            ("accountName", FieldKind::Text, Required, 200),
            ("phone", FieldKind::Phone, Optional, 30),
            ("description", FieldKind::Text, Optional, 65_535),
        ],
        Module::Tickets => vec![
            ("subject", FieldKind::Text, Required, 1_000),
            ("contactId", FieldKind::Lookup, Required, 24),
            ("departmentId", FieldKind::Lookup, Required, 24),
            ("phone", FieldKind::Phone, Optional, 120),
            ("description", FieldKind::Text, Optional, 65_535),
        ],
        Module::Calls => vec![
            ("subject", FieldKind::Text, Required, 300),
            ("contactId", FieldKind::Lookup, Required, 24),
            ("departmentId", FieldKind::Lookup, Required, 24),
            ("startTime", FieldKind::Other(String::new()), Required, 30),
            ("direction", FieldKind::Text, Required, 8),
            ("duration", FieldKind::Number, Required, 10),
            ("status", FieldKind::Text, Required, 11),
            ("description", FieldKind::Text, Optional, 65_535),
        ],
    }
}

impl EntryForm {
    /// The form without any layout: what Zoho's documentation guarantees. Labels are API names.
    pub fn documented(module: Module) -> EntryForm {
        let field = |(api_name, kind, required, longest): Guaranteed| FormField {
            api_name: api_name.to_owned(),
            label: api_name.to_owned(),
            kind,
            required,
            max_length: Some(longest),
        };
        let fields = guaranteed(module).into_iter().map(field).collect();
        EntryForm { fields, origin: Origin::Documentation }
    }

    /// The field of this API name.
    pub fn field(&self, api_name: &str) -> Option<&FormField> {
        self.fields.iter().find(|field| field.api_name == api_name)
    }

    /// What people call the field that an error names; its API name when the form does not have it.
    pub fn label<'a>(&'a self, error: &'a FieldError) -> &'a str {
        let name = error.api_name();
        self.field(name).map_or(name, |field| &field.label)
    }

    /// The fields of a layout that can be written here, and those that are required all the same.
    fn of_layout(module: Module, fields: &[Value]) -> Option<EntryForm> {
        let mut known = BTreeSet::new();
        let mut fields: Vec<FormField> = fields
            .iter()
            .filter_map(FormField::decode)
            .map(|field| field.made_fit(module))
            .filter(|field| {
                field.required == Requirement::Required || can_be_written(module, &field.api_name)
            })
            .filter(|field| known.insert(field.api_name.clone()))
            .collect();
        if fields.is_empty() {
            return None;
        }
        // A layout cannot lift what Zoho demands, but its answer may lack a field that the agent may not see.
        for field in EntryForm::documented(module).fields {
            if field.required == Requirement::Required {
                match fields.iter_mut().find(|found| found.api_name == field.api_name) {
                    Some(found) => found.required = Requirement::Required,
                    None => fields.insert(0, field),
                }
            }
        }
        Some(EntryForm { fields, origin: Origin::Layout })
    }
}

impl FormField {
    /// Field of a layout or of `organizationFields`; nothing for one that only Desk itself writes.
    fn decode(row: &Value) -> Option<FormField> {
        let api_name = api_name(row)?;
        let label = ["i18NLabel", "displayLabel", "name"].iter().find_map(|key| text(row, key));
        let kind = FieldKind::decode(&text(row, "type").unwrap_or_default(), row);
        let required = flag(row, "isMandatory") || flag(row, "isSystemMandatory");
        let max_length = text(row, "maxLength").and_then(|length| length.parse().ok());
        (!flag(row, "isReadOnly")).then(|| FormField {
            label: label.map_or_else(|| api_name.clone(), |label| shown(&label)),
            api_name,
            kind,
            required: if required { Requirement::Required } else { Requirement::Optional },
            max_length: max_length.filter(|length| *length > 0),
        })
    }

    /// A field without a place in a request is of a kind that cannot be entered; a text is no longer than Zoho's
    /// documentation permits, whatever the layout says.
    fn made_fit(mut self, module: Module) -> FormField {
        // Desk fills these in itself: the agent who creates, and the default; a ticket's first status too.
        let by_desk = match module {
            Module::Contacts | Module::Accounts | Module::Calls => &["ownerId", "layoutId"][..],
            Module::Tickets => &["status", "layoutId"],
        };
        if by_desk.contains(&self.api_name.as_str()) {
            self.required = Requirement::Optional;
        }
        if !can_be_written(module, &self.api_name) {
            self.kind = FieldKind::Other(String::new());
        }
        let further =
            further_keys(module).iter().find(|(key, longest)| *key == self.api_name && *longest > 0);
        let own = guaranteed(module).into_iter().find(|(key, ..)| *key == self.api_name);
        let documented = further.map(|(_, longest)| *longest).or(own.map(|(.., longest)| longest));
        self.max_length = match (self.max_length, documented) {
            (Some(told), Some(documented)) => Some(told.min(documented)),
            (told, documented) => told.or(documented),
        };
        self
    }
}

impl FieldKind {
    /// QUIRK(zoho): the names of the kinds differ between layouts, fields and their descriptions.
    fn decode(kind: &str, row: &Value) -> FieldKind {
        let plain: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
        match plain.to_ascii_lowercase().as_str() {
            "text" | "singleline" | "textarea" | "multiline" | "fax" => FieldKind::Text,
            "number" | "integer" | "decimal" | "percent" | "currency" => FieldKind::Number,
            "email" => FieldKind::Email,
            "phone" => FieldKind::Phone,
            "url" | "website" => FieldKind::Url,
            "date" => FieldKind::Date,
            "boolean" | "checkbox" => FieldKind::Boolean,
            "picklist" => FieldKind::Picklist(choices(row)),
            "lookup" => FieldKind::Lookup,
            _ => FieldKind::Other(plain.chars().take(60).collect()),
        }
    }
}

/// The choices of a picklist: texts in a layout, objects around them in `organizationFields`. Not trimmed, because
/// they are compared exactly.
fn choices(row: &Value) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let values = row.get("allowedValues").and_then(Value::as_array).into_iter().flatten();
    let texts = values.filter_map(|value| value.as_str().or_else(|| value.get("value")?.as_str()));
    texts.filter(|text| !text.trim().is_empty() && seen.insert(*text)).map(str::to_owned).collect()
}

/// QUIRK(zoho): a layout may leave out `apiName`; `name` is the same for Zoho's own fields and a label for others.
fn api_name(row: &Value) -> Option<String> {
    let name = text(row, "apiName").or_else(|| text(row, "name").filter(|_| !flag(row, "isCustomField")))?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (plain && name.len() <= 100).then_some(name)
}

/// Whether an API name is that of a custom field.
pub(crate) fn is_custom(api_name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    api_name.len() <= 100 && api_name.strip_prefix("cf_").is_some_and(|name| name.chars().all(plain))
}

fn can_be_written(module: Module, api_name: &str) -> bool {
    is_custom(api_name)
        || guaranteed(module).iter().any(|(key, ..)| *key == api_name)
        || further_keys(module).iter().any(|(key, _)| *key == api_name)
}

/// A label of one line and bearable length.
fn shown(label: &str) -> String {
    label.replace(char::is_control, " ").trim().chars().take(200).collect()
}

impl Desk {
    /// What a new record is asked for: 4 credits (the list of layouts and the default one), 7 when the layout leaves
    /// out API names of custom fields. A layout changes seldom, so keep it for a day; a form of
    /// [`Origin::Documentation`] is better asked for again when it is next needed.
    ///
    /// A layout that this sign-in cannot read (no scope, no permission, not in the edition, none there, unreadable)
    /// gives [`EntryForm::documented`].
    ///
    /// # Errors
    /// Those that pass or concern the sign-in as a whole, such as [`Kind::Unreachable`] and [`Kind::SignedOut`].
    pub async fn form(&self, module: Module) -> Result<EntryForm, Error> {
        self.form_in(module, None).await
    }

    /// The same for one department: tickets and calls have layouts of their own in each.
    ///
    /// # Errors
    /// As [`Desk::form`]; [`Kind::BadRequest`] for a department that is no number.
    pub async fn form_in(
        &self,
        module: Module,
        department: Option<&DepartmentId>,
    ) -> Result<EntryForm, Error> {
        if department.is_some_and(|id| !id.is_digits()) {
            return Err(Error::refused_here("departmentId"));
        }
        match self.layout(module, department).await {
            Ok(Some(fields)) => {
                let form = EntryForm::of_layout(module, &fields);
                Ok(form.unwrap_or_else(|| EntryForm::documented(module)))
            }
            Ok(None) => Ok(EntryForm::documented(module)),
            Err(error) if is_an_answer(&error) => Ok(EntryForm::documented(module)),
            Err(error) => Err(error),
        }
    }

    /// The fields of the default layout, section by section; `None` without a layout.
    async fn layout(
        &self,
        module: Module,
        department: Option<&DepartmentId>,
    ) -> Result<Option<Vec<Value>>, Error> {
        let of_module = vec![("module", module.word().to_owned())];
        let mut query = of_module.clone();
        query.extend(department.map(|id| ("departmentId", id.to_string())));
        let layouts = self.http.send(self.read(&["layouts"], query)?).await?;
        let layouts = rows(&layouts)?;
        let default = layouts.iter().find(|layout| flag(layout, "isDefaultLayout")).or(layouts.first());
        let id = default.and_then(|layout| text(layout, "id"));
        let Some(id) = id.filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())) else { return Ok(None) };
        let layout = self.http.send(self.read(&["layouts", &id], Vec::new())?).await?;
        let sections = layout.get("sections").and_then(Value::as_array).into_iter().flatten();
        let fields = sections.filter_map(|section| section.get("fields")?.as_array()).flatten();
        let mut fields: Vec<Value> = fields.filter(|field| field.is_object()).cloned().collect();
        if fields.iter().any(|field| api_name(field).is_none()) {
            match self.http.send(self.read(&["organizationFields"], of_module)?).await {
                Ok(named) => name_fields(&mut fields, rows(&named)?),
                // Needs a scope of its own. The fields without a name are left out.
                Err(error) if is_an_answer(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(fields))
    }
}

/// Puts the API names of the organization's fields into those of the layout with the same id.
fn name_fields(fields: &mut [Value], named: &[Value]) {
    for field in fields.iter_mut().filter(|field| api_name(field).is_none()) {
        let Some(id) = text(field, "id") else { continue };
        let name = named.iter().find(|row| text(row, "id").as_ref() == Some(&id)).and_then(api_name);
        if let (Some(name), Some(field)) = (name, field.as_object_mut()) {
            field.insert("apiName".to_owned(), name.into());
        }
    }
}

/// Whether Desk answered that there is nothing to read for this sign-in.
fn is_an_answer(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::MissingScope
            | Kind::Forbidden
            | Kind::EditionLimit
            | Kind::Gone
            | Kind::BadRequest
            | Kind::Invalid
            | Kind::Malformed
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(fields: Value) -> EntryForm {
        EntryForm::of_layout(Module::Contacts, fields.as_array().unwrap()).unwrap()
    }

    #[test]
    fn a_field_is_read_however_it_is_written() {
        let form = form(json!([
            {"apiName": "lastName", "displayLabel": "Last Name", "i18NLabel": "姓", "type": "Text", "maxLength": "300",
             "isMandatory": false},
            {"name": "phone", "displayLabel": "Phone", "type": "Phone", "isSystemMandatory": "true"},
            {"apiName": "cf_region", "displayLabel": "Re\u{0}gion\n", "type": "Pick List", "maxLength": 0,
             "allowedValues": ["North ", {"id": 1, "value": "South"}, "", null, 7, "North "], "isMandatory": true},
            {"apiName": "cf_n", "type": "Decimal"}, {"apiName": "cf_u", "type": "Website"},
            {"apiName": "cf_b", "type": "Checkbox"}, {"apiName": "cf_l", "type": "LookUp"},
            {"apiName": "cf_d", "type": "Date"}, {"apiName": "cf_t", "type": "DateTime"}, {"apiName": "cf_x"},
            7, null, {"displayLabel": "no name"}, {"apiName": "cf_ odd"}, {"apiName": "cf_n", "type": "Text"},
            {"apiName": "cf_auto", "type": "Text", "isReadOnly": true}, {"apiName": "createdTime", "type": "DateTime"}
        ]));
        let names: Vec<_> = form.fields.iter().map(|field| field.api_name.as_str()).collect();
        let wanted =
            ["lastName", "phone", "cf_region", "cf_n", "cf_u", "cf_b", "cf_l", "cf_d", "cf_t", "cf_x"];
        assert_eq!(names, wanted);
        let last = form.field("lastName").unwrap();
        assert_eq!(
            (last.label.as_str(), last.required),
            ("姓", Requirement::Required),
            "whatever the layout says"
        );
        assert_eq!(last.max_length, Some(200), "and no longer than documented");
        assert_eq!(form.field("phone").unwrap().required, Requirement::Required);
        let region = form.field("cf_region").unwrap();
        assert_eq!((region.label.as_str(), region.max_length), ("Re gion", None));
        assert_eq!(region.kind, FieldKind::Picklist(vec!["North ".into(), "South".into()]));
        let kinds: Vec<_> = form.fields.iter().skip(3).map(|field| field.kind.clone()).collect();
        let other = |name: &str| FieldKind::Other(name.into());
        let [number, url, boolean, lookup, date] =
            [FieldKind::Number, FieldKind::Url, FieldKind::Boolean, FieldKind::Lookup, FieldKind::Date];
        assert_eq!(kinds, [number, url, boolean, lookup, date, other("DateTime"), other("")]);
    }

    #[test]
    fn a_required_field_that_cannot_be_sent_is_shown_and_cannot_be_entered() {
        let form = form(json!([
            {"apiName": "contract", "displayLabel": "Contract", "type": "Text", "isMandatory": true},
            {"apiName": "somethingElse", "displayLabel": "Else", "type": "Text"},
            {"apiName": "ownerId", "displayLabel": "Owner", "type": "LookUp", "isMandatory": true}
        ]));
        let names: Vec<_> = form.fields.iter().map(|field| field.api_name.as_str()).collect();
        let wanted = ["lastName", "contract", "ownerId"];
        assert_eq!(names, wanted, "the guaranteed one is there though the layout lacks it");
        assert_eq!(form.field("ownerId").unwrap().required, Requirement::Optional, "the creating agent's");
        assert_eq!(form.field("contract").unwrap().kind, FieldKind::Other(String::new()));
    }

    #[test]
    fn a_hostile_label_is_cut_and_has_no_control_characters() {
        let label = format!("\u{1b}[31m<b>{}", "长".repeat(300));
        let form = form(json!([{"apiName": "cf_a", "displayLabel": label}]));
        let shown = &form.field("cf_a").unwrap().label;
        assert!(shown.chars().count() == 200 && !shown.contains(char::is_control), "{shown}");
    }

    #[test]
    fn names_left_out_by_the_layout_are_found_by_id() {
        let mut fields = vec![json!({"id": 7, "name": "Region", "isCustomField": true}), json!({"id": "8"})];
        name_fields(&mut fields, &[json!({"id": "7", "apiName": "cf_region"}), json!({"id": "9"})]);
        assert_eq!(api_name(&fields[0]).as_deref(), Some("cf_region"));
        assert_eq!(api_name(&fields[1]), None);
    }

    #[test]
    fn nothing_readable_is_no_form() {
        assert!(EntryForm::of_layout(Module::Accounts, &[json!(7), json!({})]).is_none());
        let documented = EntryForm::documented(Module::Accounts);
        let required: Vec<_> =
            documented.fields.iter().filter(|field| field.required == Requirement::Required).collect();
        assert_eq!((required.len(), required[0].api_name.as_str()), (1, "accountName"));
    }
}
