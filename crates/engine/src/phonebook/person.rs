//! What a record of Desk becomes in a phonebook of the PBX, and by what such an entry is known to be ours. Pure.
//! Must not know how it gets there.

use std::collections::{BTreeMap, BTreeSet};

use deskring_domain::{Plan, RecordKind};
use deskring_yeastar::{Entry, NumberKind, Person};
use deskring_zoho_desk::{Account, Contact};
use sha2::{Digest, Sha256};

use crate::view;

/// The PBX documents no limit; its own pages take this much.
const LONGEST_TEXT: usize = 127;
const LONGEST_NUMBER: usize = 31;
/// Begins every remark of ours. What a person writes behind it stays.
const MARK: &str = "Deskring";

/// What is needed of a record.
pub(crate) struct Source {
    pub(crate) kind: RecordKind,
    pub(crate) id: String,
    first_name: String,
    last_name: String,
    company: String,
    email: String,
    phone: String,
    mobile: String,
}

impl Source {
    pub(crate) fn of_contact(contact: &Contact) -> Self {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Self {
            kind: RecordKind::Contact,
            id: contact.id.as_str().to_owned(),
            first_name: text(&contact.first_name),
            last_name: text(&contact.last_name),
            company: contact.account.as_ref().map(|account| text(&account.name)).unwrap_or_default(),
            email: text(&contact.email),
            phone: text(&contact.phone),
            mobile: text(&contact.mobile),
        }
    }

    /// A company stands there under its name.
    pub(crate) fn of_account(account: &Account) -> Self {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Self {
            kind: RecordKind::Account,
            id: account.id.as_str().to_owned(),
            first_name: text(&account.name),
            last_name: String::new(),
            company: text(&account.name),
            email: text(&account.email),
            phone: text(&account.phone),
            mobile: String::new(),
        }
    }

    /// By what a person knows it.
    pub(crate) fn label(&self) -> String {
        let name = format!("{} {}", self.first_name, self.last_name);
        let fields = [name.as_str(), &self.company, &self.email, &self.phone, &self.mobile];
        fields.into_iter().map(tidy).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// The entry it becomes, or the code of why it becomes none.
    pub(crate) fn person(&self, plan: &Plan) -> Result<Person, &'static str> {
        let (first, last) = (tidy(&self.first_name), tidy(&self.last_name));
        // The PBX demands a first name; Desk, a last one.
        let (first_name, last_name) = if first.is_empty() { (last, String::new()) } else { (first, last) };
        if first_name.is_empty() {
            return Err("no_name");
        }
        let mut numbers = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let fields = [
            (&self.mobile, [NumberKind::Mobile, NumberKind::Mobile2, NumberKind::Other]),
            (&self.phone, [NumberKind::Business, NumberKind::Business2, NumberKind::Other]),
        ];
        for (field, kinds) in fields {
            for reading in plan.read_all(field) {
                let number = reading.key();
                let free = kinds.into_iter().find(|kind| !numbers.contains_key(kind));
                if number.len() <= LONGEST_NUMBER
                    && let Some(kind) = free
                    && seen.insert(number.to_owned())
                {
                    numbers.insert(kind, number.to_owned());
                }
            }
        }
        if numbers.is_empty() {
            return Err("no_number");
        }
        // Half an address is another one.
        let email = Some(self.email.trim()).filter(|email| email.len() <= LONGEST_TEXT).map(tidy);
        Ok(Person {
            first_name,
            last_name,
            company: tidy(&self.company),
            email: email.unwrap_or_default(),
            remark: mark(self.kind, &self.id),
            numbers,
        })
    }
}

/// One line for administrators, by which an entry is found again.
pub(crate) fn mark(kind: RecordKind, id: &str) -> String {
    format!("{MARK} {} {id}", view::record_kind(kind))
}

/// Whose entry it is: kind and id of a record, when the entry is ours.
pub(crate) fn marked(entry: &Entry) -> Option<(RecordKind, String)> {
    let mut words = entry.remark.split_whitespace();
    if words.next()? != MARK {
        return None;
    }
    let kind = view::record_kind_of(words.next()?)?;
    let id = words.next()?;
    let plain = id.len() <= 24 && id.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| (kind, id.to_owned()))
}

/// What was written, as it is kept to be compared.
pub(crate) fn written(person: &Person) -> String {
    let name = format!("{}\u{1f}{}", person.first_name, person.last_name);
    format!("w{}", print(&name, &person.company, &person.email, &person.numbers))
}

/// The same of an entry that was found: the PBX shows a name as one, in an order of its own.
pub(crate) fn found(entry: &Entry) -> String {
    format!("f{}", print(&letters(&entry.name), &entry.company, &entry.email, &entry.numbers))
}

/// Whether an entry of which this is kept says what this person does.
pub(crate) fn says(kept: &str, person: &Person) -> bool {
    if kept.starts_with('f') {
        let name = letters(&format!("{}{}", person.first_name, person.last_name));
        return kept == format!("f{}", print(&name, &person.company, &person.email, &person.numbers));
    }
    kept == written(person)
}

fn letters(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().filter(|c| !c.is_whitespace()).collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

fn print(name: &str, company: &str, email: &str, numbers: &BTreeMap<NumberKind, String>) -> String {
    let mut text = format!("{name}\u{1e}{company}\u{1e}{email}");
    for (kind, number) in numbers {
        text.push_str(&format!("\u{1e}{kind:?}\u{1f}{number}"));
    }
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// One line of what the PBX takes.
fn tidy(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_TEXT).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use deskring_yeastar::{EntryId, PhonebookId};

    use super::*;

    fn source() -> Source {
        Source {
            kind: RecordKind::Contact,
            id: "1234567".into(),
            first_name: String::new(),
            last_name: "Wang".into(),
            company: "Example Ltd".into(),
            email: "fang@example.com".into(),
            phone: String::new(),
            mobile: "138-0013-8000".into(),
        }
    }

    fn person(source: &Source) -> Result<Person, &'static str> {
        source.person(&Plan::new("CN", "592", "9").unwrap())
    }

    fn entry(person: &Person, name: &str) -> Entry {
        Entry {
            id: EntryId(1),
            name: name.into(),
            company: person.company.clone(),
            email: person.email.clone(),
            remark: person.remark.clone(),
            numbers: person.numbers.clone(),
            books: vec![PhonebookId(5)],
        }
    }

    #[test]
    fn the_last_name_stands_first_where_there_is_no_first_name() {
        let made = person(&source()).unwrap();
        assert_eq!((made.first_name.as_str(), made.last_name.as_str()), ("Wang", ""));
        let both = Source { first_name: "芳".into(), last_name: "王".into(), ..source() };
        let made = person(&both).unwrap();
        assert_eq!((made.first_name.as_str(), made.last_name.as_str()), ("芳", "王"));
    }

    #[test]
    fn a_record_without_any_name_or_any_number_becomes_nothing() {
        let nameless = Source { last_name: " \n".into(), ..source() };
        assert_eq!(person(&nameless), Err("no_name"));
        assert_eq!(nameless.label(), "Example Ltd");
        let silent = Source { mobile: "none".into(), ..source() };
        assert_eq!(person(&silent), Err("no_number"));
        assert_eq!(silent.label(), "Wang");
    }

    #[test]
    fn each_number_stands_once_in_the_form_of_the_number_plan() {
        let many = Source {
            phone: "0592-5503309 / 13800138000; +1 212 555 0100, +1 212 555 0101, +1 212 555 0102".into(),
            ..source()
        };
        let numbers: Vec<_> = person(&many).unwrap().numbers.into_iter().collect();
        let expected = [
            (NumberKind::Business, "+865925503309"),
            (NumberKind::Business2, "+12125550100"),
            (NumberKind::Mobile, "+8613800138000"),
            (NumberKind::Other, "+12125550101"),
        ];
        assert_eq!(numbers, expected.map(|(kind, number)| (kind, number.to_owned())));
    }

    #[test]
    fn long_and_hostile_texts_are_cut_to_one_line() {
        let long = Source {
            last_name: "王".repeat(300),
            company: "A\r\nB\u{7}C".into(),
            email: format!("{}@example.com", "x".repeat(200)),
            ..source()
        };
        let made = person(&long).unwrap();
        assert_eq!(made.first_name.chars().count(), LONGEST_TEXT);
        assert_eq!((made.company.as_str(), made.email.as_str()), ("A B C", ""));
    }

    #[test]
    fn an_entry_is_ours_by_its_remark_alone() {
        let made = person(&source()).unwrap();
        let mut found = entry(&made, "Wang");
        assert_eq!(marked(&found), Some((RecordKind::Contact, "1234567".into())));
        found.remark.push_str(" called on Monday");
        assert_eq!(marked(&found), Some((RecordKind::Contact, "1234567".into())));
        for foreign in ["", "Deskring", "Deskring ticket 1", "Deskring contact 1x", "A Deskring contact 1"] {
            found.remark = foreign.into();
            assert_eq!(marked(&found), None, "{foreign}");
        }
    }

    #[test]
    fn what_stands_there_is_compared_whatever_the_order_of_names() {
        let made = person(&Source { first_name: "芳".into(), last_name: "王".into(), ..source() }).unwrap();
        assert!(says(&written(&made), &made));
        for shown in ["王芳", "芳 王"] {
            assert!(says(&found(&entry(&made, shown)), &made), "{shown}");
        }
        let renamed = Person { first_name: "王".into(), last_name: "芳".into(), ..made.clone() };
        assert!(!says(&written(&made), &renamed));
        let cleared = Person { email: String::new(), ..made.clone() };
        assert!(!says(&written(&made), &cleared) && !says(&found(&entry(&made, "王芳")), &cleared));
    }
}
