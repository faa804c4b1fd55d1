//! Owns `company_contact/*` and `phonebook/*`, and the short-lived links to recordings.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::api::{Answer, invalid, not_found, page, paging, refusal, success};
use crate::http::{Call, random_text};

const LINK_LIFE: Duration = Duration::from_secs(30 * 60);

/// Body names of numbers and the row names they appear under.
const SLOTS: [(&str, &str); 9] = [
    ("business_number", "business"),
    ("business_number2", "business2"),
    ("business_fax", "business_fax"),
    ("mobile_number", "mobile"),
    ("mobile_number2", "mobile2"),
    ("home_number", "home"),
    ("home_number2", "home2"),
    ("home_fax", "home_fax"),
    ("other_number", "other"),
];

#[derive(Default)]
pub(crate) struct Contacts {
    contacts: BTreeMap<i64, Value>,
    phonebooks: BTreeMap<i64, Value>,
    next: i64,
    links: BTreeMap<String, Instant>,
}

impl Contacts {
    /// A new link to a recording, valid for thirty minutes.
    pub(crate) fn link(&mut self, recording: &str) -> String {
        let now = Instant::now();
        self.links.retain(|_, until| *until > now);
        let file = format!("Recording-{}-{recording}", random_text(8));
        self.links.insert(file.clone(), now + LINK_LIFE);
        format!("/api/download/{file}")
    }

    pub(crate) fn link_works(&self, file: &str) -> bool {
        self.links.get(file).is_some_and(|until| *until > Instant::now())
    }

    /// Every company contact, the oldest first.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.contacts.values().cloned().collect()
    }

    /// Every phonebook.
    pub(crate) fn books(&self) -> Vec<Value> {
        self.phonebooks.values().cloned().collect()
    }

    /// As an administrator does it on the pages of the PBX.
    pub(crate) fn by_hand(&mut self, name: &str, body: &Value) -> Answer {
        match name {
            "phonebook/create" => self.create_phonebook(body),
            "company_contact/create" => self.create(body),
            "company_contact/update" => self.update(body),
            _ => Err(not_found()),
        }
    }

    /// `None` when the endpoint is not about contacts.
    pub(crate) fn answer(&mut self, name: &str, post: bool, call: &Call, body: &Value) -> Option<Answer> {
        Some(match (name, post) {
            ("company_contact/list", false) => self.list(call),
            ("company_contact/search", false) => {
                let wanted = call.parameter("search_value").unwrap_or_default().to_lowercase();
                page(call, self.rows(|row| row.to_string().to_lowercase().contains(&wanted)), "data")
            }
            ("company_contact/get", false) => self.one(call, &self.contacts),
            ("company_contact/query", false) => several(call, &self.contacts),
            ("company_contact/create", true) => self.create(body),
            ("company_contact/update", true) => self.update(body),
            ("company_contact/delete", false) => {
                id(call).and_then(|id| self.contacts.remove(&id).map(|_| success()).ok_or_else(not_found))
            }
            ("phonebook/list" | "phonebook/search", false) => {
                page(call, self.phonebooks.values().cloned().collect(), "data")
            }
            ("phonebook/query", false) => several(call, &self.phonebooks),
            ("phonebook/get", false) => self.phonebook(call),
            ("phonebook/create", true) => self.create_phonebook(body),
            ("phonebook/update", true) => self.update_phonebook(body),
            ("phonebook/delete", false) => {
                id(call).and_then(|id| self.phonebooks.remove(&id).map(|_| success()).ok_or_else(not_found))
            }
            _ => return None,
        })
    }

    fn one(&self, call: &Call, from: &BTreeMap<i64, Value>) -> Answer {
        let row = from.get(&id(call)?).ok_or_else(not_found)?;
        Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "data": row }))
    }

    /// By id, unless it is asked for otherwise; without making the rows of half a million that nobody sees.
    fn list(&self, call: &Call) -> Answer {
        let asked = |name: &str| call.parameter(name).unwrap_or_default();
        if !matches!(asked("sort_by"), "" | "id") || asked("order_by") == "desc" {
            return page(call, self.rows(|_| true), "data");
        }
        let (skipped, size) = paging(call)?;
        let shown = self.contacts.values().skip(skipped).take(size);
        let rows: Vec<Value> = shown.map(|detail| self.row(detail)).collect();
        let total = self.contacts.len();
        Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "total_number": total, "data": rows }))
    }

    fn rows(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.contacts.values().map(|detail| self.row(detail)).filter(wanted).collect()
    }

    /// The flat row of lists, made from the detail.
    fn row(&self, detail: &Value) -> Value {
        let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = format!("{} {}", text("first_name"), text("last_name"));
        let mut row = json!({
            "id": detail.get("id"), "contact_name": name.trim(), "company": text("company"),
            "email": text("email"), "remark": text("remark"), "phonebook_list": detail.get("phonebook_list"),
        });
        let numbers = detail.get("number_list").and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(row) = row.as_object_mut() {
            for (kind, slot) in SLOTS {
                let number = numbers.iter().find(|number| number.get("num_type") == Some(&json!(kind)));
                let number = number.and_then(|number| number.get("number")).cloned();
                row.insert(slot.to_owned(), number.unwrap_or_else(|| json!("")));
            }
        }
        row
    }

    fn check(&self, body: &Value) -> Result<(), Value> {
        if body.get("first_name").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(invalid("first_name"));
        }
        let numbers =
            body.get("number_list").and_then(Value::as_array).ok_or_else(|| invalid("number_list"))?;
        let mut seen = Vec::new();
        for number in numbers {
            let kind = number.get("num_type").and_then(Value::as_str).unwrap_or_default();
            // A row has one slot per kind.
            if !SLOTS.iter().any(|(known, _)| *known == kind) || seen.contains(&kind) {
                return Err(invalid("num_type"));
            }
            seen.push(kind);
        }
        Ok(())
    }

    fn detail(&self, body: &Value, id: i64) -> Value {
        let mut detail = body.clone();
        let books = body.get("phonebook_id_list").and_then(Value::as_array).cloned().unwrap_or_default();
        let books: Vec<Value> = books
            .iter()
            .filter_map(Value::as_i64)
            .filter_map(|id| self.phonebooks.get(&id))
            .map(|book| json!({ "id": book.get("id"), "name": book.get("name") }))
            .collect();
        if let Some(detail) = detail.as_object_mut() {
            detail.remove("phonebook_id_list");
            detail.insert("phonebook_list".to_owned(), json!(books));
            detail.insert("id".to_owned(), json!(id));
        }
        detail
    }

    fn create(&mut self, body: &Value) -> Answer {
        self.check(body)?;
        self.next += 1;
        let detail = self.detail(body, self.next);
        self.contacts.insert(self.next, detail);
        Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "id": self.next }))
    }

    fn update(&mut self, body: &Value) -> Answer {
        let id = body.get("id").and_then(Value::as_i64).ok_or_else(|| invalid("id"))?;
        self.check(body)?;
        if !self.contacts.contains_key(&id) {
            return Err(not_found());
        }
        let detail = self.detail(body, id);
        self.contacts.insert(id, detail);
        Ok(success())
    }

    fn phonebook(&self, call: &Call) -> Answer {
        let id = id(call)?;
        let mut book = self.phonebooks.get(&id).cloned().ok_or_else(not_found)?;
        let all = book.get("member_select") == Some(&json!("sel_all"));
        let member = |row: &Value| {
            let books = row.get("phonebook_list").and_then(Value::as_array);
            all || books.is_some_and(|books| books.iter().any(|book| book.get("id") == Some(&json!(id))))
        };
        let rows = self.rows(member);
        if let Some(book) = book.as_object_mut() {
            book.insert("total".to_owned(), json!(rows.len()));
            book.insert("contacts_list".to_owned(), json!(rows));
        }
        Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "data": book }))
    }

    fn create_phonebook(&mut self, body: &Value) -> Answer {
        let name = body.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| invalid("name"))?;
        let select = body.get("member_select").and_then(Value::as_str).unwrap_or("sel_specific");
        if !matches!(select, "sel_all" | "sel_specific") {
            return Err(invalid("member_select"));
        }
        // Only one phonebook may hold everybody.
        let taken = |book: &Value| book.get("member_select") == Some(&json!("sel_all"));
        if select == "sel_all" && self.phonebooks.values().any(taken) {
            return Err(refusal(40003, "DUPLICATE KEY VALUE"));
        }
        self.next += 1;
        let id = self.next;
        self.phonebooks.insert(id, json!({ "id": id, "name": name, "member_select": select }));
        self.move_contacts(id, body);
        Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "id": id }))
    }

    fn update_phonebook(&mut self, body: &Value) -> Answer {
        let id = body.get("id").and_then(Value::as_i64).ok_or_else(|| invalid("id"))?;
        let book = self.phonebooks.get_mut(&id).and_then(Value::as_object_mut).ok_or_else(not_found)?;
        if let Some(name) = body.get("name").and_then(Value::as_str) {
            book.insert("name".to_owned(), json!(name));
        }
        self.move_contacts(id, body);
        Ok(success())
    }

    /// Two spellings of the lists are in the field; both work.
    fn move_contacts(&mut self, book: i64, body: &Value) {
        let ids = |names: [&str; 2]| -> Vec<i64> {
            let list = names.iter().find_map(|name| body.get(*name)).and_then(Value::as_array);
            list.map(|list| list.iter().filter_map(Value::as_i64).collect()).unwrap_or_default()
        };
        let name = self.phonebooks.get(&book).and_then(|book| book.get("name")).cloned();
        for (list, add) in [
            (ids(["add_contacts_id_list", "add_contacts_ids_list"]), true),
            (ids(["del_contacts_id_list", "del_contacts_ids_list"]), false),
        ] {
            for id in list {
                let Some(detail) = self.contacts.get_mut(&id).and_then(Value::as_object_mut) else {
                    continue;
                };
                let books = detail.entry("phonebook_list").or_insert_with(|| json!([]));
                let Some(books) = books.as_array_mut() else { continue };
                books.retain(|other| other.get("id") != Some(&json!(book)));
                if add {
                    books.push(json!({ "id": book, "name": name }));
                }
            }
        }
    }
}

fn id(call: &Call) -> Result<i64, Value> {
    call.parameter("id").and_then(|id| id.parse().ok()).ok_or_else(|| invalid("id"))
}

fn several(call: &Call, from: &BTreeMap<i64, Value>) -> Answer {
    let ids = call.parameter("ids").ok_or_else(|| invalid("ids"))?;
    let rows: Vec<&Value> =
        ids.split(',').filter_map(|id| id.trim().parse().ok()).filter_map(|id: i64| from.get(&id)).collect();
    if rows.is_empty() {
        Err(not_found())
    } else {
        Ok(json!({ "errcode": 0, "errmsg": "SUCCESS", "data": rows }))
    }
}
