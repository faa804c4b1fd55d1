//! Company contacts and the phonebooks they stand in.
//!
//! Owns: their requests and every shape they come in. Must not know: whose contacts these are, or what marks ours.
//!
//! The PBX knows no idempotency key. When the answer to [`Pbx::create_entry`] is lost, its
//! [`Error::retry`] is [`Retry::Unknown`](crate::Retry::Unknown): search before creating again.
//!
//! Source: Yeastar developer guide, "Company Contact", "Phonebook".

use std::{collections::BTreeMap, fmt};

use serde_json::{Value, json};

use crate::{
    error::{Effect, Error, Kind},
    event::{integer, string},
    http::Ask,
    pbx::Pbx,
};

/// A gateway's own code, which no PBX uses: its administrator has not allowed this.
pub const NOT_PERMITTED: i64 = 90403;
/// So many entries are asked for at once: some hundred kilobytes.
const PAGE: usize = 1000;
/// More pages than the largest PBX has entries for.
const PAGES: usize = 1000;

/// Names a phonebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhonebookId(pub i64);

/// Names a company contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub i64);

/// A phonebook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phonebook {
    /// Its id.
    pub id: PhonebookId,
    /// Its name; nothing keeps two from having the same.
    pub name: String,
    /// Who stands in it.
    pub members: Members,
    /// How many, when the PBX tells.
    pub count: Option<u64>,
}

/// Who stands in a phonebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// Every company contact of the PBX.
    Everybody,
    /// Those that were put into it.
    Chosen,
}

/// What a number of an entry is for. An entry has at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum NumberKind {
    Business,
    Business2,
    BusinessFax,
    Mobile,
    Mobile2,
    Home,
    Home2,
    HomeFax,
    Other,
}

impl NumberKind {
    /// All of them.
    pub const ALL: [NumberKind; 9] = [
        NumberKind::Business,
        NumberKind::Business2,
        NumberKind::BusinessFax,
        NumberKind::Mobile,
        NumberKind::Mobile2,
        NumberKind::Home,
        NumberKind::Home2,
        NumberKind::HomeFax,
        NumberKind::Other,
    ];

    /// QUIRK(yeastar): lists and details have names of their own.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            NumberKind::Business => ("business", "business_number"),
            NumberKind::Business2 => ("business2", "business_number2"),
            NumberKind::BusinessFax => ("business_fax", "business_fax"),
            NumberKind::Mobile => ("mobile", "mobile_number"),
            NumberKind::Mobile2 => ("mobile2", "mobile_number2"),
            NumberKind::Home => ("home", "home_number"),
            NumberKind::Home2 => ("home2", "home_number2"),
            NumberKind::HomeFax => ("home_fax", "home_fax"),
            NumberKind::Other => ("other", "other_number"),
        }
    }
}

/// What an entry says. Empty texts are empty fields. `Debug` shows the remark only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The PBX demands one.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// May be empty.
    pub company: String,
    /// May be empty.
    pub email: String,
    /// A line for administrators.
    pub remark: String,
    /// The PBX demands one.
    pub numbers: BTreeMap<NumberKind, String>,
}

/// A company contact as it stands on the PBX. `Debug` shows id and remark only.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// The whole name, in the order that the PBX is set to show names in.
    pub name: String,
    /// May be empty.
    pub company: String,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub remark: String,
    /// Those that are not empty.
    pub numbers: BTreeMap<NumberKind, String>,
    /// The phonebooks it stands in.
    pub books: Vec<PhonebookId>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("remark", &self.remark).finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).field("remark", &self.remark).finish_non_exhaustive()
    }
}

impl Entry {
    fn read(row: &Value) -> Option<Entry> {
        let text = |name: &str| string(row, name).unwrap_or_default();
        let whole = format!("{} {}", text("first_name"), text("last_name"));
        let name = string(row, "contact_name").unwrap_or_else(|| whole.trim().to_owned());
        let listed = row.get("number_list").and_then(Value::as_array);
        let number = |kind: NumberKind| {
            let (in_lists, in_details) = kind.names();
            let of_detail = listed.and_then(|list| {
                let one = list.iter().find(|one| string(one, "num_type").as_deref() == Some(in_details))?;
                string(one, "number")
            });
            of_detail.or_else(|| string(row, in_lists)).map(|number| (kind, number))
        };
        let books = ["phonebook_list", "phonebook_id_list"].into_iter().filter_map(|name| row.get(name));
        let books = books.filter_map(Value::as_array).flatten();
        Some(Entry {
            id: EntryId(integer(row, "id")?),
            name,
            company: text("company"),
            email: text("email"),
            remark: text("remark"),
            numbers: NumberKind::ALL.into_iter().filter_map(number).collect(),
            books: books
                .filter_map(|book| integer(book, "id").or_else(|| book.as_i64()))
                .map(PhonebookId)
                .collect(),
        })
    }
}

impl Person {
    /// What a request to create or update says, and the phonebooks it names. `None` when something in it is not as the
    /// PBX wants it.
    pub fn read(body: &Value) -> Option<(Person, Vec<PhonebookId>)> {
        let text = |name: &str| string(body, name).unwrap_or_default();
        let mut numbers = BTreeMap::new();
        for row in body.get("number_list")?.as_array()? {
            let named = string(row, "num_type")?;
            let kind = NumberKind::ALL.into_iter().find(|kind| kind.names().1 == named)?;
            if numbers.insert(kind, string(row, "number")?).is_some() {
                return None;
            }
        }
        let books = body.get("phonebook_id_list").and_then(Value::as_array).into_iter().flatten();
        let books: Option<Vec<PhonebookId>> = books.map(|id| id.as_i64().map(PhonebookId)).collect();
        let person = Person {
            first_name: string(body, "first_name").filter(|name| !name.is_empty())?,
            last_name: text("last_name"),
            company: text("company"),
            email: text("email"),
            remark: text("remark"),
            numbers,
        };
        (!person.numbers.is_empty()).then_some((person, books?))
    }

    /// Every field, so that what is empty is cleared.
    fn body(&self, books: &[PhonebookId]) -> Value {
        let numbers: Vec<Value> = self
            .numbers
            .iter()
            .map(|(kind, number)| json!({ "num_type": kind.names().1, "number": number }))
            .collect();
        let books: Vec<i64> = books.iter().map(|book| book.0).collect();
        json!({
            "first_name": self.first_name, "last_name": self.last_name, "company": self.company,
            "email": self.email, "remark": self.remark, "number_list": numbers, "phonebook_id_list": books,
        })
    }
}

impl Error {
    /// Whether the PBX has no room for another one.
    pub fn is_full(&self) -> bool {
        self.code() == Some(60002)
    }

    /// Whether the gateway in front of the PBX does not permit it.
    pub fn is_not_permitted(&self) -> bool {
        self.code() == Some(NOT_PERMITTED)
    }

    /// Whether the PBX has it already.
    pub fn is_duplicate(&self) -> bool {
        self.code() == Some(40003)
    }
}

impl Pbx {
    /// All phonebooks. A PBX whose plan has none knows no such interface: [`Kind::TooOld`].
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn phonebooks(&self) -> Result<Vec<Phonebook>, Error> {
        let read = |row: &Value| {
            let counts = ["total", "total_number", "contacts_total", "contact_count", "total_contacts"];
            let everybody = string(row, "member_select").as_deref() == Some("sel_all");
            Some(Phonebook {
                id: PhonebookId(integer(row, "id")?),
                name: string(row, "name")?,
                members: if everybody { Members::Everybody } else { Members::Chosen },
                count: counts
                    .into_iter()
                    .find_map(|name| integer(row, name))
                    .and_then(|count| u64::try_from(count).ok()),
            })
        };
        Ok(self.0.rows(Ask::read("phonebook/list")).await?.iter().filter_map(read).collect())
    }

    /// Makes an empty phonebook. The id is not told by every firmware.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn create_phonebook(&self, name: &str) -> Result<Option<PhonebookId>, Error> {
        let body = json!({ "name": name, "member_select": "sel_specific" });
        let answer = self.0.ask(Ask::write("phonebook/create", body)).await?;
        Ok(integer(&answer, "id").map(PhonebookId))
    }

    /// Deletes a phonebook. One that is not there is deleted.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn delete_phonebook(&self, id: PhonebookId) -> Result<(), Error> {
        gone(self.0.ask(removal("phonebook/delete", id.0)).await)
    }

    /// All company contacts, page by page.
    pub fn entries(&self) -> Entries {
        Entries { pbx: self.clone(), page: 0, seen: 0, first: None, ended: false }
    }

    /// One page of them, counted from 1, and how many there are.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn entries_at(&self, page: usize, rows: usize) -> Result<EntriesPage, Error> {
        let page = self.0.page_of(Ask::read("company_contact/list"), page, rows).await?;
        Ok(EntriesPage { entries: page.rows.iter().filter_map(Entry::read).collect(), total: page.total })
    }

    /// Company contacts that have this text somewhere; which fields are searched, the PBX decides.
    ///
    /// # Errors
    /// Transport faults and refusals; none is not an error.
    pub async fn search_entries(&self, text: &str) -> Result<Vec<Entry>, Error> {
        let ask = Ask::read("company_contact/search").with("search_value", text);
        Ok(self.0.first_rows(ask, PAGE).await?.iter().filter_map(Entry::read).collect())
    }

    /// One company contact; `None` when it is not there.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn entry(&self, id: EntryId) -> Result<Option<Entry>, Error> {
        let answer = match self.0.ask(Ask::read("company_contact/get").with("id", id.0)).await {
            Err(error) if error.kind() == &Kind::NotFound => return Ok(None),
            answer => answer?,
        };
        let row = match answer.get("data") {
            Some(Value::Array(rows)) => rows.first(),
            row => row,
        };
        Ok(row.and_then(Entry::read).filter(|entry| entry.id == id))
    }

    /// Makes a company contact in a phonebook. The id is not told by every firmware.
    ///
    /// # Errors
    /// Transport faults and refusals; see the head of this file.
    pub async fn create_entry(&self, person: &Person, book: PhonebookId) -> Result<Option<EntryId>, Error> {
        let answer = self.0.ask(Ask::write("company_contact/create", person.body(&[book]))).await?;
        Ok(integer(&answer, "id").map(EntryId))
    }

    /// Writes all fields of a company contact anew.
    ///
    /// # Errors
    /// Transport faults and refusals; [`Kind::NotFound`] when it is not there.
    pub async fn update_entry(
        &self,
        id: EntryId,
        person: &Person,
        books: &[PhonebookId],
    ) -> Result<(), Error> {
        let mut body = person.body(books);
        if let Value::Object(fields) = &mut body {
            fields.insert("id".to_owned(), json!(id.0));
        }
        self.0.ask(Ask::write("company_contact/update", body)).await.map(drop)
    }

    /// Deletes a company contact. One that is not there is deleted.
    ///
    /// # Errors
    /// Transport faults and refusals.
    pub async fn delete_entry(&self, id: EntryId) -> Result<(), Error> {
        gone(self.0.ask(removal("company_contact/delete", id.0)).await)
    }
}

/// Some company contacts of a PBX.
#[derive(Debug)]
pub struct EntriesPage {
    /// In the PBX's order.
    pub entries: Vec<Entry>,
    /// How many there are on all pages, when the PBX tells.
    pub total: Option<usize>,
}

/// All company contacts of a PBX, page by page.
#[derive(Debug)]
pub struct Entries {
    pbx: Pbx,
    page: usize,
    seen: usize,
    first: Option<EntryId>,
    ended: bool,
}

impl Entries {
    /// The next ones; `None` when there are no more.
    ///
    /// # Errors
    /// Transport faults and refusals; the same page is asked for next time.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, Error> {
        if self.ended {
            return Ok(None);
        }
        let page = self.pbx.0.page(Ask::read("company_contact/list"), self.page + 1).await?;
        self.page += 1;
        self.seen += page.rows.len();
        let entries: Vec<Entry> = page.rows.iter().filter_map(Entry::read).collect();
        let first = entries.first().map(|entry| entry.id);
        // A firmware that ignores `page` sends the same rows for ever.
        let repeated = self.page > 1 && first == self.first;
        self.first = first;
        self.ended = match page.total {
            Some(total) => self.seen >= total || page.rows.is_empty(),
            None => page.rows.len() < PAGE,
        } || self.page >= PAGES;
        self.ended |= repeated;
        Ok((!repeated && !entries.is_empty()).then_some(entries))
    }
}

/// QUIRK(yeastar): deleting is a GET.
fn removal(endpoint: &'static str, id: i64) -> Ask {
    Ask { effect: Effect::Write, ..Ask::read(endpoint).with("id", id) }
}

fn gone(answer: Result<Value, Error>) -> Result<(), Error> {
    match answer {
        Err(error) if error.kind() != &Kind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        Retry, Timings,
        fake::{Fake, Reply},
    };

    #[test]
    fn an_entry_is_the_same_from_a_list_and_from_its_detail() {
        let row = json!({"id": "7", "contact_name": "Fang Wang", "company": "Example", "email": "", "remark": "r",
            "mobile": "+8613800138000", "home2": 12345, "business": "", "phonebook_list": [{"id": "5", "name": "x"}]});
        let detail = json!({"id": 7, "first_name": "Fang", "last_name": "Wang", "company": "Example", "remark": "r",
            "number_list": [{"num_type": "mobile_number", "number": "+8613800138000"},
                {"num_type": "home_number2", "number": "12345"}, {"num_type": "fax", "number": "1"}],
            "phonebook_id_list": [5]});
        let entry = Entry::read(&row).unwrap();
        assert_eq!(Some(&entry), Entry::read(&detail).as_ref());
        assert_eq!((entry.id, entry.books.as_slice()), (EntryId(7), [PhonebookId(5)].as_slice()));
        assert_eq!(entry.numbers.len(), 2);
        assert_eq!(Entry::read(&json!({"contact_name": "without an id"})), None);
        assert!(!format!("{entry:?}").contains("Fang"));
    }

    #[tokio::test]
    async fn phonebooks_come_with_what_the_pbx_tells_of_them() {
        let fake = Fake::start(|asked| match asked.endpoint.as_str() {
            "phonebook/list" => Reply::Json(json!({"errcode": 0, "phonebook_list": [
                {"id": 1, "name": "All", "member_select": "sel_all", "total": "12"},
                {"id": "2", "name": "Ours"}, {"name": "no id"}]})),
            _ => Reply::Default,
        })
        .await;
        let books = fake.pbx(Timings::default(), Arc::default()).phonebooks().await.unwrap();
        assert_eq!(
            books,
            [
                Phonebook {
                    id: PhonebookId(1),
                    name: "All".into(),
                    members: Members::Everybody,
                    count: Some(12)
                },
                Phonebook { id: PhonebookId(2), name: "Ours".into(), members: Members::Chosen, count: None },
            ]
        );
    }

    #[tokio::test]
    async fn a_firmware_that_ignores_pages_ends_the_walk() {
        let fake = Fake::start(|asked| match asked.endpoint.as_str() {
            "company_contact/list" => {
                Reply::Json(json!({"errcode": 0, "total_number": 4, "data": [{"id": 1}, {"id": 2}]}))
            }
            _ => Reply::Default,
        })
        .await;
        let mut entries = fake.pbx(Timings::default(), Arc::default()).entries();
        assert_eq!(entries.next().await.unwrap().unwrap().len(), 2);
        assert_eq!(entries.next().await.unwrap(), None);
        assert_eq!(entries.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_lost_answer_to_a_creation_means_look_first() {
        let fake = Fake::start(|asked| match asked.endpoint.as_str() {
            "company_contact/create" => Reply::Nothing,
            "company_contact/get" | "company_contact/delete" => {
                Reply::Json(json!({"errcode": 60001, "errmsg": "DATA NOT FOUND"}))
            }
            _ => Reply::Default,
        })
        .await;
        let pbx = fake.pbx(Timings::default(), Arc::default());
        let person = Person {
            first_name: "Fang".into(),
            numbers: BTreeMap::from([(NumberKind::Mobile, "+12125550100".into())]),
            ..Person::default()
        };
        let lost = pbx.create_entry(&person, PhonebookId(5)).await.unwrap_err();
        assert_eq!((lost.retry(), fake.count("company_contact/create")), (Retry::Unknown, 1));
        let body = &fake.asked("company_contact/create")[0].body;
        assert_eq!((&body["last_name"], &body["phonebook_id_list"]), (&json!(""), &json!([5])));
        assert_eq!(body["number_list"], json!([{"num_type": "mobile_number", "number": "+12125550100"}]));
        assert_eq!(pbx.entry(EntryId(1)).await.unwrap(), None);
        pbx.delete_entry(EntryId(1)).await.unwrap();
    }
}
