//! Whom somebody may mean who types a name or number to call: colleagues, numbers of earlier calls, customers. Owns where
//! they are looked for, in which order they stand, and which of them are the same. Must not know windows, or how well a
//! text fits (the core's [`Sought`]).
//!
//! What is known here is answered at once. Customers of Desk come below it, later, and move nothing that stands there: a
//! row that jumps under the pointer calls somebody else.

use std::time::{Duration, Instant};

use deskring_domain::seek::is_same_name;
use deskring_domain::{DialLink, Fit, Outgoing, Plan, Sought};
use deskring_store::{CallRow, Index, IndexedRecord, Journal, RecordCode};
use deskring_zoho_desk::{Account, Contact, NameOrder};

use crate::assist::{Purpose, SuggestionView};
use crate::index;
use crate::names::Directory;

/// Rows of a list.
const MOST: usize = 8;
/// Colleagues before others get a place, so that a large company does not hide its customers.
const MOST_COLLEAGUES: usize = 4;
/// Rows that stand before Desk has answered.
const BEFORE_DESK: usize = 5;
/// For opening the index: as long as somebody does not notice.
const SCAN: Duration = Duration::from_millis(150);
/// Records of the local memory that are looked through, and of those that fit.
const LOOKED_THROUGH: u32 = 2000;
pub(crate) const MOST_PEOPLE: usize = 40;

/// Who it is; in the order of rank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Extension,
    /// A number of an earlier call.
    Recent,
    Contact,
    Account,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::Recent => "recent",
            Self::Contact => "contact",
            Self::Account => "account",
        }
    }

    fn of_record(code: &str) -> Self {
        if code == "account" { Self::Account } else { Self::Contact }
    }
}

/// Somebody with one number.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) company: String,
    /// As it is stored, in any notation.
    pub(crate) number: String,
}

/// Somebody who fits.
pub(crate) struct Row {
    person: Person,
    fit: Fit,
    /// By what the number is compared.
    key: String,
    number_text: String,
}

/// What is needed to read numbers, and for which question.
pub(crate) struct Suggest<'a> {
    pub(crate) sought: Sought,
    pub(crate) purpose: Purpose,
    pub(crate) plan: &'a Plan,
    pub(crate) outgoing: &'a Outgoing,
    pub(crate) directory: &'a Directory,
    pub(crate) mine: &'a [String],
}

/// Customers who are known on this computer and fit; each number of theirs is one of them. The only place that reads them
/// for a list. Those of the index come first, as far as there is time to open it.
pub(crate) fn people(
    index: Option<&Index>,
    journal: Option<&Journal>,
    names: NameOrder,
    sought: &Sought,
    limit: usize,
) -> Vec<Person> {
    let fits = |it: &Person| sought.fit(&it.name, &it.company, &[&it.number]).is_some();
    let mut people: Vec<Person> = Vec::new();
    if let Some(index) = index {
        let until = Instant::now() + SCAN;
        let scan = index.people(|record| of_index(record, names).iter().any(fits), limit, until);
        match scan {
            Ok(scan) => {
                people.extend(scan.found.iter().flat_map(|record| of_index(record, names)).filter(fits))
            }
            Err(error) => tracing::warn!(%error, "the index cannot be read"),
        }
    }
    let remembered = journal.map(|journal| journal.cached_records(LOOKED_THROUGH)).transpose();
    let remembered = remembered.unwrap_or_else(|error| {
        tracing::warn!(%error, "the known customers cannot be read");
        None
    });
    let remembered = remembered.into_iter().flatten().map(|(number, record)| Person {
        kind: Kind::of_record(&record.kind),
        name: record.name.unwrap_or_default(),
        company: record.account.unwrap_or_default(),
        number,
    });
    people.extend(remembered.filter(fits));
    people.truncate(limit);
    people
}

fn of_index(record: &IndexedRecord, names: NameOrder) -> Vec<Person> {
    match record.kind {
        RecordCode::Contact => of_desk(&[index::contact(record)], &[], names),
        RecordCode::Account => of_desk(&[], &[index::account(record)], names),
    }
}

/// Customers as Desk tells them, each number by itself.
pub(crate) fn of_desk(contacts: &[Contact], accounts: &[Account], names: NameOrder) -> Vec<Person> {
    let of_contact = |contact: &Contact| {
        let company = contact.account.as_ref().and_then(|account| account.name.clone());
        let person = |number: String| Person {
            kind: Kind::Contact,
            name: contact.name(names),
            company: company.clone().unwrap_or_default(),
            number,
        };
        [&contact.mobile, &contact.phone].map(|number| number.clone().map(person))
    };
    let of_account = |account: &Account| {
        let name = account.name.clone().unwrap_or_default();
        Some(Person { kind: Kind::Account, name, company: String::new(), number: account.phone.clone()? })
    };
    let contacts = contacts.iter().flat_map(of_contact).flatten();
    contacts.chain(accounts.iter().filter_map(of_account)).collect()
}

impl Suggest<'_> {
    /// What is known here, the best first: colleagues, numbers of these calls (the youngest first), these people.
    pub(crate) fn here(&self, calls: &[CallRow], people: Vec<Person>) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for number in self.directory.extensions() {
            let name = self.directory.of(number).unwrap_or_default().to_owned();
            let number = number.to_owned();
            let colleague = Person { kind: Kind::Extension, name, company: String::new(), number };
            self.add(&mut rows, colleague, "", None);
        }
        if self.purpose == Purpose::Dial {
            for call in calls {
                let Some(number) = call.number.clone() else { continue };
                let name = call.name.clone().filter(|name| !name.is_empty());
                let name = name.or_else(|| self.directory.of(&number).map(str::to_owned)).unwrap_or_default();
                let company = call.company.clone().unwrap_or_default();
                let caller = Person { kind: Kind::Recent, name, company, number };
                self.add(&mut rows, caller, call.number_key.as_deref().unwrap_or_default(), None);
            }
        }
        for person in people {
            self.add(&mut rows, person, "", None);
        }
        self.ordered(rows)
    }

    /// The same with customers of Desk; the first rows stay where they are.
    pub(crate) fn with_desk(&self, here: Vec<Row>, people: Vec<Person>) -> Vec<Row> {
        let known = here.len();
        let mut rows = here;
        for person in people {
            // Desk also looks where there is nothing to show, such as in mail addresses; a number must be this one.
            let at_least = Some(Fit::Inside).filter(|_| !self.sought.is_number());
            self.add(&mut rows, person, "", at_least);
        }
        let of_desk = self.ordered(rows.split_off(known));
        let rest = rows.split_off(known.min(BEFORE_DESK));
        rows.into_iter().chain(of_desk).chain(rest).collect()
    }

    /// Takes in somebody who fits and has a number that can be called; who is there already is there once.
    fn add(&self, rows: &mut Vec<Row>, person: Person, key: &str, at_least: Option<Fit>) {
        let fit = |numbers: &[&str]| self.sought.fit(&person.name, &person.company, numbers);
        // Reading a number takes longer than comparing digits, and most of them do not fit.
        let fits = fit(&[&person.number, key]);
        let Some(rough) = fits.or(at_least) else { return };
        if self.mine.contains(&person.number) {
            return;
        }
        let Some((key, number_text)) = self.number(&person.number) else { return };
        let row = Row {
            fit: fit(&[&number_text, &key]).map_or(rough, |fine| fine.min(rough)),
            key,
            number_text,
            person,
        };
        match rows.iter_mut().find(|known| known.is(&row)) {
            Some(known) => known.take(row),
            None => rows.push(row),
        }
    }

    /// By what a number is compared, and how it is written here. Codes for the PBX are nobody's number: whoever can
    /// write into a record must not have an agent dial one.
    fn number(&self, stored: &str) -> Option<(String, String)> {
        let link = DialLink::typed(stored).ok().filter(|link| !link.is_code())?;
        let is_internal = |digits: &str| self.directory.has(digits);
        let dialed = self.outgoing.dial(&link, self.plan, is_internal).ok()?;
        let text = match link.ext() {
            Some(ext) => format!("{} #{ext}", dialed.written),
            None => dialed.written,
        };
        Some((dialed.key, text))
    }

    fn ordered(&self, mut rows: Vec<Row>) -> Vec<Row> {
        rows.sort_by_key(|row| (row.fit == Fit::Inside, row.person.kind, row.fit));
        if self.purpose == Purpose::Transfer {
            return rows;
        }
        let mut colleagues = 0;
        let (first, rest): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| {
            colleagues += usize::from(row.person.kind == Kind::Extension);
            row.person.kind != Kind::Extension || colleagues <= MOST_COLLEAGUES
        });
        first.into_iter().chain(rest).collect()
    }
}

impl Row {
    fn is(&self, other: &Row) -> bool {
        let (one, two) = (&self.person, &other.person);
        let is_past = |person: &Person| matches!(person.kind, Kind::Extension | Kind::Recent);
        self.key == other.key
            && (is_past(one) && is_past(two)
                || one.name.is_empty()
                || two.name.is_empty()
                || is_same_name(&one.name, &two.name))
    }

    /// What another source knows of the same.
    fn take(&mut self, other: Row) {
        self.fit = self.fit.min(other.fit);
        if self.person.name.is_empty() {
            self.person.name = other.person.name;
        }
        if self.person.company.is_empty() {
            self.person.company = other.person.company;
        }
    }
}

/// As many as a list has; fewer while Desk has not answered.
pub(crate) fn views(rows: Vec<Row>, desk: Desk) -> Vec<SuggestionView> {
    let most = if desk == Desk::IsToAnswer { BEFORE_DESK } else { MOST };
    let view = |Row { person, number_text, .. }: Row| SuggestionView {
        kind: person.kind.code().to_owned(),
        name: Some(person.name).filter(|name| !name.is_empty()),
        company: Some(person.company).filter(|company| !company.is_empty()),
        number: person.number,
        number_text,
    };
    rows.into_iter().take(most).map(view).collect()
}

/// Whether rows of Desk are still to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Desk {
    IsToAnswer,
    IsDone,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, number: &str) -> CallRow {
        CallRow {
            number: Some(number.into()),
            number_key: Some(plan().read(number).key().into()),
            name: Some(name.into()),
            ..CallRow::default()
        }
    }

    fn contact(name: &str, company: &str, number: &str) -> Person {
        Person { kind: Kind::Contact, name: name.into(), company: company.into(), number: number.into() }
    }

    fn plan() -> Plan {
        Plan::new("CN", "592", "").unwrap()
    }

    /// `kind name number` of each row.
    fn asked(
        text: &str,
        purpose: Purpose,
        calls: &[CallRow],
        here: &[Person],
        desk: &[Person],
    ) -> Vec<String> {
        let extensions = [("1001", "Ana Agent"), ("1002", "Bo Lin"), ("1003", "陈静"), ("1009", "")];
        let directory = Directory::with_extensions(&extensions);
        told(text, purpose, &directory, calls, here, desk)
    }

    fn told(
        text: &str,
        purpose: Purpose,
        directory: &Directory,
        calls: &[CallRow],
        here: &[Person],
        desk: &[Person],
    ) -> Vec<String> {
        let (plan, outgoing) = (plan(), Outgoing::default());
        let mine = ["1001".to_owned()];
        let sought = Sought::read(text).unwrap();
        let suggest = Suggest { sought, purpose, plan: &plan, outgoing: &outgoing, directory, mine: &mine };
        let rows = suggest.with_desk(suggest.here(calls, here.to_vec()), desk.to_vec());
        let line = |row: SuggestionView| {
            format!("{} {} {}", row.kind, row.name.unwrap_or_default(), row.number_text)
        };
        views(rows, Desk::IsDone).into_iter().map(line).collect()
    }

    #[test]
    fn colleagues_stand_before_calls_and_those_before_customers() {
        let calls = [call("Lin Mei", "13800138000")];
        let people = [contact("Linda Hart", "", "+1 212 555 0100"), contact("Olin Gray", "", "+12125550101")];
        assert_eq!(
            asked("lin", Purpose::Dial, &calls, &people, &[]),
            [
                "extension Bo Lin 1002",
                "recent Lin Mei 138 0013 8000",
                "contact Linda Hart +1 212-555-0100",
                "contact Olin Gray +1 212-555-0101"
            ]
        );
        // A call is sent to somebody, not to whoever called before.
        assert_eq!(asked("lin", Purpose::Transfer, &calls, &people, &[]).len(), 3);
    }

    #[test]
    fn the_beginning_of_a_word_beats_the_inside_whoever_it_is() {
        let people = [contact("Bo", "", "+12125550100")];
        let calls = [call("Rambo", "13800138000")];
        assert_eq!(
            asked("bo", Purpose::Dial, &calls, &people, &[]),
            ["extension Bo Lin 1002", "contact Bo +1 212-555-0100", "recent Rambo 138 0013 8000"]
        );
    }

    #[test]
    fn nobody_is_there_twice_and_each_number_is() {
        let calls = [call("", "013800138000"), call("", "13800138000")];
        let lin = |number: &str| contact("林小芳", "Lotus", number);
        let people = [lin("+8613800138000"), lin("0592-5503301"), lin("+86 138-0013-8000")];
        assert_eq!(asked("138", Purpose::Dial, &calls, &people, &people), ["recent 林小芳 138 0013 8000"]);
        assert_eq!(
            asked("lxf", Purpose::Dial, &calls, &people, &people),
            ["contact 林小芳 138 0013 8000", "contact 林小芳 0592 550 3301"]
        );
        // Two people with one number are two.
        let twins = [contact("Mia", "", "13800138000"), contact("Noah", "", "13800138000")];
        assert_eq!(asked("138", Purpose::Dial, &[], &twins, &[]).len(), 2);
    }

    #[test]
    fn customers_of_desk_come_below_what_stands_there() {
        let names: Vec<String> = (0..9).map(|at| format!("Li {at}")).collect();
        let at = |at: usize, name: &str| call(name, &format!("1380013800{at}"));
        let calls: Vec<CallRow> = names.iter().enumerate().map(|(n, name)| at(n, name)).collect();
        let before = asked("li", Purpose::Dial, &calls, &[], &[]);
        let desk = [contact("Li of Desk", "", "+12125550100"), contact("Li 0", "", "13800138000")];
        let after = asked("li", Purpose::Dial, &calls, &[], &desk);
        assert_eq!((before.len(), after.len()), (MOST, MOST));
        assert_eq!(before[..BEFORE_DESK], after[..BEFORE_DESK]);
        assert_eq!(after[BEFORE_DESK], "contact Li of Desk +1 212-555-0100");
    }

    #[test]
    fn a_large_company_does_not_hide_its_customers() {
        let all: Vec<(String, String)> = (0..30).map(|n| (format!("20{n:02}"), format!("Li {n}"))).collect();
        let all: Vec<(&str, &str)> =
            all.iter().map(|(number, name)| (number.as_str(), name.as_str())).collect();
        let directory = Directory::with_extensions(&all);
        let people = [contact("Li Na", "", "13800138000")];
        let rows = told("li", Purpose::Dial, &directory, &[], &people, &[]);
        assert_eq!(rows[MOST_COLLEAGUES], "contact Li Na 138 0013 8000");
        assert_eq!(rows.len(), MOST);
        let rows = told("li", Purpose::Transfer, &directory, &[], &people, &[]);
        assert!(rows.iter().all(|row| row.starts_with("extension")));
    }

    #[test]
    fn what_is_no_number_or_a_code_or_mine_is_not_offered() {
        let numbers = ["*73", "*21*13800138000#", "", "anonymous", "see notes", "1001"];
        let people: Vec<Person> = numbers.iter().map(|number| contact("Eve", "", number)).collect();
        assert_eq!(asked("eve", Purpose::Dial, &[], &people, &people), Vec::<String>::new());
        assert_eq!(asked("100", Purpose::Dial, &[call("", "1001")], &[], &[]).len(), 3);
    }

    #[test]
    fn what_desk_found_elsewhere_is_shown_and_another_number_is_not() {
        let desk = [contact("Grace", "", "+12125550147"), contact("Grace", "", "13800138000")];
        assert_eq!(asked("grace@example.com", Purpose::Dial, &[], &[], &desk).len(), 2);
        assert_eq!(asked("138", Purpose::Dial, &[], &[], &desk), ["contact Grace 138 0013 8000"]);
    }

    #[test]
    fn an_extension_without_a_name_and_one_to_ask_for_are_shown_with_their_numbers() {
        assert_eq!(asked("1009", Purpose::Dial, &[], &[], &[]), ["extension  1009"]);
        let desk = [contact("Grace", "", "+1 212 555 0147 ext 12")];
        assert_eq!(asked("grace", Purpose::Dial, &[], &[], &desk), ["contact Grace +1 212-555-0147 #12"]);
    }
}
