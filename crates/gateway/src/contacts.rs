//! Company contacts and phonebooks, as far as they are an agent's business: everybody reads them, and where the
//! administrator allows it an app copies contacts of Desk there.
//!
//! Owns: which entries an app may write: those that Deskring made, by their mark, and no others. Must not know: how the
//! PBX is asked.

use deskring_yeastar::{Entry, EntryId, NOT_PERMITTED, Person};
use serde_json::{Value, json};

use crate::api::{Answer, Asked, Gateway, NOT_FOUND, Refusal, invalid, success, text};

/// Begins the remark of every entry that Deskring makes; then come the kind and the id of a record of Desk.
const MARK: &str = "Deskring";
const KINDS: [&str; 2] = ["contact", "account"];
const ID_LIMIT: usize = 24;
/// The PBX's own pages take less.
const TEXT_LIMIT: usize = 255;
const SEARCH_LIMIT: usize = 255;
const ROWS_AT_MOST: usize = 1000;

const NOT_ALLOWED: Refusal = Refusal::Code(NOT_PERMITTED, "NOT PERMITTED BY THE GATEWAY", Value::Null);

impl Gateway {
    pub(crate) async fn read_contacts(&self, endpoint: &str, query: &Asked) -> Answer {
        let pbx = &self.upstream.pbx;
        let asked = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        match endpoint {
            "phonebook/list" => {
                let books = pbx.phonebooks().await?;
                let rows: Vec<Value> = books.iter().map(deskring_yeastar::Phonebook::encode).collect();
                Ok(success(json!({ "total_number": rows.len(), "data": rows })))
            }
            "company_contact/list" => {
                let number = |name: &str| asked(name).parse::<usize>().ok();
                let (page, size) =
                    (number("page").unwrap_or(1).max(1), number("page_size").unwrap_or(ROWS_AT_MOST));
                let page = pbx.entries_at(page, size.clamp(1, ROWS_AT_MOST)).await?;
                let rows: Vec<Value> = page.entries.iter().map(Entry::encode).collect();
                Ok(success(json!({ "total_number": page.total, "data": rows })))
            }
            "company_contact/search" => {
                let wanted = asked("search_value");
                if wanted.is_empty() || wanted.len() > SEARCH_LIMIT {
                    return Err(invalid("search_value"));
                }
                let rows: Vec<Value> = pbx.search_entries(wanted).await?.iter().map(Entry::encode).collect();
                Ok(success(json!({ "total_number": rows.len(), "data": rows })))
            }
            _ => {
                let entry = pbx.entry(id(asked("id"))?).await?.ok_or(NOT_FOUND)?;
                Ok(success(json!({ "data": entry.encode() })))
            }
        }
    }

    pub(crate) async fn write_contacts(&self, endpoint: &str, query: &Asked, body: &Value) -> Answer {
        if !self.directory.agents_write_contacts {
            return Err(NOT_ALLOWED);
        }
        let pbx = &self.upstream.pbx;
        match endpoint {
            "phonebook/create" => {
                // One that holds everybody would be everybody's.
                if text(body, "member_select")? != "sel_specific" {
                    return Err(invalid("member_select"));
                }
                let made = pbx.create_phonebook(short(text(body, "name")?, "name")?).await?;
                Ok(success(json!({ "id": made.map(|id| id.0) })))
            }
            "company_contact/create" => {
                let (person, books) = person(body)?;
                let [book] = books[..] else { return Err(invalid("phonebook_id_list")) };
                let made = pbx.create_entry(&person, book).await?;
                Ok(success(json!({ "id": made.map(|id| id.0) })))
            }
            "company_contact/update" => {
                let (person, books) = person(body)?;
                let entry = self.ours(&body["id"].to_string()).await?;
                // Whose it is stays what it is.
                if mark(&entry.remark) != mark(&person.remark) {
                    return Err(invalid("remark"));
                }
                pbx.update_entry(entry.id, &person, &books).await?;
                Ok(success(json!({})))
            }
            _ => {
                let entry = self.ours(query.get("id").map(String::as_str).unwrap_or_default()).await?;
                pbx.delete_entry(entry.id).await?;
                Ok(success(json!({})))
            }
        }
    }

    /// An entry that Deskring made, as the PBX has it now.
    async fn ours(&self, asked: &str) -> Result<Entry, Refusal> {
        let entry = self.upstream.pbx.entry(id(asked)?).await?.ok_or(NOT_FOUND)?;
        if mark(&entry.remark).is_some() { Ok(entry) } else { Err(NOT_ALLOWED) }
    }
}

fn id(text: &str) -> Result<EntryId, Refusal> {
    text.parse().ok().filter(|id| *id > 0).map(EntryId).ok_or_else(|| invalid("id"))
}

fn short<'a>(text: &'a str, name: &'static str) -> Result<&'a str, Refusal> {
    if text.chars().count() <= TEXT_LIMIT { Ok(text) } else { Err(invalid(name)) }
}

/// What an entry is to say; with a mark, so that it is ours from its first moment.
fn person(body: &Value) -> Result<(Person, Vec<deskring_yeastar::PhonebookId>), Refusal> {
    let (person, books) = Person::read(body).ok_or_else(|| invalid("number_list"))?;
    let texts = [&person.first_name, &person.last_name, &person.company, &person.email, &person.remark];
    for text in texts.into_iter().chain(person.numbers.values()) {
        short(text, "first_name")?;
    }
    if mark(&person.remark).is_none() { Err(invalid("remark")) } else { Ok((person, books)) }
}

/// Kind and id of the record of Desk that an entry of ours stands for.
fn mark(remark: &str) -> Option<(&str, &str)> {
    let mut words = remark.split_whitespace();
    if words.next()? != MARK {
        return None;
    }
    let (kind, id) = (words.next()?, words.next()?);
    let is_id = id.len() <= ID_LIMIT && id.bytes().all(|byte| byte.is_ascii_digit());
    (KINDS.contains(&kind) && is_id).then_some((kind, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_deskring_made_bears_its_mark() {
        assert_eq!(mark("Deskring contact 123"), Some(("contact", "123")));
        assert_eq!(mark(" Deskring account 9 and what somebody wrote"), Some(("account", "9")));
        for other in [
            "",
            "Deskring",
            "Deskring contact",
            "Deskring contact x1",
            "Deskring lead 1",
            "By hand",
            "xDeskring contact 1",
        ] {
            assert_eq!(mark(other), None, "{other}");
        }
    }
}
