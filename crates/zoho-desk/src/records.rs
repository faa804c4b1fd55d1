//! Owns the records of Desk as far as we read or write them, and the endpoints that fetch one by its owner or id.
//! Must not know: calls, matching.
//!
//! Decoding is lenient on purpose: Zoho's OpenAPI file and its live answers disagree about types, the fields an
//! agent may not see are silently missing, and unknown ones are added at any time. Only a record without an id
//! is no record.

use std::fmt;

use serde_json::Value;
use url::Url;

use crate::Desk;
use crate::error::{Error, Kind};
use crate::http::{Action, Organization as OrgHeader, Request};

macro_rules! id {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        ///
        /// Text, because ids exceed 2^53.
        #[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub struct $name(String);

        impl $name {
            /// Wraps an id as Zoho writes it.
            pub fn new(id: impl Into<String>) -> $name {
                $name(id.into())
            }

            /// The id as Zoho writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether it is a plain number, as all ids in requests are.
            pub fn is_digits(&self) -> bool {
                !self.0.is_empty() && self.0.len() <= 24 && self.0.bytes().all(|byte| byte.is_ascii_digit())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

id! {
    /// Names a contact.
    ContactId
    /// Names an account (a company).
    AccountId
    /// Names a ticket; not the number people use, see [`Ticket::number`].
    TicketId
    /// Names a call activity.
    CallActivityId
    /// Names an agent.
    AgentId
    /// Names an organization (a portal).
    OrganizationId
    /// Names a department.
    DepartmentId
}

/// A person whom the agents support. `Debug` shows the id only.
#[derive(Clone, Eq, PartialEq)]
pub struct Contact {
    /// The id.
    pub id: ContactId,
    /// First name.
    pub first_name: Option<String>,
    /// Last name; mandatory in Desk, but field permissions may hide it.
    pub last_name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Number as stored, any notation.
    pub phone: Option<String>,
    /// Mobile number as stored, any notation.
    pub mobile: Option<String>,
    /// The company.
    pub account: Option<AccountRef>,
    /// The page of the record; to be checked by [`Desk::page`] before it is opened.
    pub web_url: Option<Url>,
    /// Last change, `yyyy-MM-ddTHH:mm:ss.SSSZ`; sorts as text.
    pub modified: Option<String>,
}

impl Ticket {
    /// Whether somebody still has to do something about it: its kind of status, or without one its status, is not
    /// `Closed`.
    pub fn is_open(&self) -> bool {
        let status = self.status_type.as_deref().or(self.status.as_deref());
        status.is_none_or(|status| !status.eq_ignore_ascii_case("Closed"))
    }
}

impl Contact {
    /// First and last name, or what there is of a name, or nothing.
    pub fn name(&self, order: NameOrder) -> String {
        order.join(self.first_name.as_deref(), self.last_name.as_deref())
    }
}

/// How first and last name become one. The last three are those of the PBX's setting "name display format".
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash)]
pub enum NameOrder {
    /// A name in Chinese characters the Chinese way, last name first without a blank; every other first name first.
    #[default]
    ByScript,
    /// `Fang Wang`
    FirstLast,
    /// `Wang Fang`
    LastFirst,
    /// `WangFang`, for names in Chinese characters.
    LastFirstJoined,
}

impl NameOrder {
    fn join(self, first: Option<&str>, last: Option<&str>) -> String {
        let han = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}');
        let (Some(first), Some(last)) = (first, last) else {
            return first.or(last).unwrap_or_default().to_owned();
        };
        match self {
            NameOrder::ByScript if first.chars().chain(last.chars()).all(han) => format!("{last}{first}"),
            NameOrder::ByScript | NameOrder::FirstLast => format!("{first} {last}"),
            NameOrder::LastFirst => format!("{last} {first}"),
            NameOrder::LastFirstJoined => format!("{last}{first}"),
        }
    }
}

/// The account a contact belongs to, as embedded in the contact.
#[derive(Clone, Eq, PartialEq)]
pub struct AccountRef {
    /// The id.
    pub id: AccountId,
    /// The company's name.
    pub name: Option<String>,
}

/// A company. `Debug` shows the id only.
#[derive(Clone, Eq, PartialEq)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// The company's name.
    pub name: Option<String>,
    /// Number as stored, any notation.
    pub phone: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Web site, as stored.
    pub website: Option<String>,
    /// The page of the record; to be checked by [`Desk::page`] before it is opened.
    pub web_url: Option<Url>,
    /// Last change, `yyyy-MM-ddTHH:mm:ss.SSSZ`; sorts as text.
    pub modified: Option<String>,
}

/// A ticket. `Debug` shows id and number only: a subject is what a customer wrote.
#[derive(Clone, Eq, PartialEq)]
pub struct Ticket {
    /// The id.
    pub id: TicketId,
    /// The number people use, `#101`.
    pub number: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// Per portal, perhaps translated.
    pub status: Option<String>,
    /// `Open`, `Closed` or `On Hold`.
    pub status_type: Option<String>,
    /// The page of the record; to be checked by [`Desk::page`] before it is opened.
    pub web_url: Option<Url>,
    /// `yyyy-MM-ddTHH:mm:ss.SSSZ`.
    pub created: Option<String>,
    /// Last change, same form.
    pub modified: Option<String>,
    /// Who works on it.
    pub assignee: Option<AgentId>,
    /// That agent's name.
    pub assignee_name: Option<String>,
    /// Its department.
    pub department: Option<Department>,
}

/// A department.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Department {
    /// The id.
    pub id: DepartmentId,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is the organization's default; a ticket does not tell.
    pub standing: Standing,
}

/// A portal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Organization {
    /// The id, for the `orgId` header.
    pub id: OrganizationId,
    /// The company's name.
    pub name: Option<String>,
    /// The slug in web addresses.
    pub portal_name: Option<String>,
    /// `FREE…`, `EXPRESS`, `STANDARD`, `PROFESSIONAL`, `ENTERPRISE`, `ULTIMATE`, `ZOHOONE`, or one not yet known;
    /// empty when not told.
    pub edition: String,
    /// IANA name.
    pub time_zone: Option<String>,
    /// The portal's own host name; only from [`Desk::organization`].
    pub custom_domain: Option<String>,
    /// Whether Zoho calls it the user's default: the one to try first.
    pub standing: Standing,
}

/// Whether Zoho marks one of several as the default.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The default.
    Default,
    /// Any other.
    Ordinary,
}

/// An agent of Desk. `Debug` shows the id only.
#[derive(Clone, Eq, PartialEq)]
pub struct Agent {
    /// The id, for owner and assignee.
    pub id: AgentId,
    /// Full name.
    pub name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// The PBX extension that an administrator may have entered (`extn`).
    pub extension: Option<String>,
    /// `ACTIVE`, `DISABLED`, …
    pub status: Option<String>,
    /// Departments the agent belongs to.
    pub departments: Vec<DepartmentId>,
    /// IANA name.
    pub time_zone: Option<String>,
}

impl Agent {
    /// Whether the agent can be worked with; an agent of unknown status can.
    pub(crate) fn is_active(&self) -> bool {
        self.status.as_deref().is_none_or(|status| status.eq_ignore_ascii_case("ACTIVE"))
    }
}

macro_rules! debug_without_people {
    ($($name:ident { $($shown:ident),+ })*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($shown), &self.$shown))+.finish_non_exhaustive()
            }
        }
    )*};
}

debug_without_people! {
    Contact { id, modified }
    AccountRef { id }
    Account { id, modified }
    Ticket { id, number, status_type }
    Agent { id, status }
}

impl Desk {
    /// The organizations of the user; the token works for one of them only. Carries no `orgId`.
    ///
    /// # Errors
    /// Any.
    pub async fn organizations(&self) -> Result<Vec<Organization>, Error> {
        let request = Request {
            action: Action::Read,
            path: vec!["organizations".into()],
            query: Vec::new(),
            organization: OrgHeader::None,
        };
        list(&self.http.send(request).await?)
    }

    /// One organization with its own domain, if it has one.
    ///
    /// # Errors
    /// Any.
    pub async fn organization(&self, id: &OrganizationId) -> Result<Organization, Error> {
        if !id.is_digits() {
            return Err(Error::refused_here("organizationId"));
        }
        let request = Request {
            action: Action::Read,
            path: vec!["organizations".into(), id.to_string()],
            query: vec![("includeCustomDomain", "true".into())],
            organization: OrgHeader::This(id.clone()),
        };
        one(&self.http.send(request).await.map_err(gone)?)
    }

    /// The agent whose token it is.
    ///
    /// QUIRK(zoho): `/agents/me` is documented as well but is 404 in some portals; `/myinfo` works.
    ///
    /// # Errors
    /// Any.
    pub async fn my_info(&self) -> Result<Agent, Error> {
        one(&self.http.send(self.read(&["myinfo"], Vec::new())?).await?)
    }

    /// One contact with its account: 1 credit. Fresh, unlike the search.
    ///
    /// # Errors
    /// [`Kind::Gone`] when there is none, or none any more (deleted, merged into another); otherwise any.
    pub async fn contact(&self, id: &ContactId) -> Result<Contact, Error> {
        if !id.is_digits() {
            return Err(Error::refused_here("contactId"));
        }
        let request = self.read(&["contacts", id.as_str()], vec![("include", "accounts,owner".into())])?;
        living(&self.http.send(request).await.map_err(gone)?)
    }

    /// One account: 1 credit. Fresh, unlike the search.
    ///
    /// # Errors
    /// [`Kind::Gone`] when there is none, or none any more (deleted, merged into another); otherwise any.
    pub async fn account(&self, id: &AccountId) -> Result<Account, Error> {
        if !id.is_digits() {
            return Err(Error::refused_here("accountId"));
        }
        living(&self.http.send(self.read(&["accounts", id.as_str()], Vec::new())?).await.map_err(gone)?)
    }

    pub(crate) fn read(&self, path: &[&str], query: Vec<(&'static str, String)>) -> Result<Request, Error> {
        Ok(Request {
            action: Action::Read,
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
            query,
            organization: self.organization_header()?,
        })
    }

    /// QUIRK(zoho): newer texts call the header optional, older ones mandatory; with it a mismatch is an error
    /// instead of an empty list. So it is always sent, except where there is nothing to send yet.
    pub(crate) fn organization_header(&self) -> Result<OrgHeader, Error> {
        let id = self.organization.clone();
        id.map(OrgHeader::This).ok_or_else(|| Error::new(Kind::OtherOrganization))
    }
}

/// QUIRK(zoho): an unknown id is answered with 404 or 422, depending on the module.
pub(crate) fn gone(error: Error) -> Error {
    if matches!(error.status(), Some(404 | 422)) { error.with_kind(Kind::Gone) } else { error }
}

/// A record asked for by its id. One in the trash is gone: Desk shows no page for it, and what is written to it
/// is lost.
pub(crate) fn living<T: Record>(answer: &Value) -> Result<T, Error> {
    if is_trashed(answer) { Err(Error::new(Kind::Gone)) } else { one(answer) }
}

/// Something Zoho sends as an object with an id.
pub(crate) trait Record: Sized {
    fn decode(value: &Value) -> Option<Self>;
}

/// A single record. An empty answer (204 where 200 is promised) means that there is none.
pub(crate) fn one<T: Record>(answer: &Value) -> Result<T, Error> {
    if answer.is_null() {
        return Err(Error::new(Kind::Gone));
    }
    T::decode(answer).ok_or_else(|| Error::new(Kind::Malformed))
}

/// The rows of a list, `{"data": [...]}`; 204, an empty body and an absent or empty `data` all mean "none".
pub(crate) fn rows(answer: &Value) -> Result<&[Value], Error> {
    match answer {
        Value::Null => Ok(&[]),
        Value::Object(object) => match object.get("data") {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(rows)) => Ok(rows),
            Some(_) => Err(Error::new(Kind::Malformed)),
        },
        _ => Err(Error::new(Kind::Malformed)),
    }
}

/// The records of a list, without trashed ones and those without an id.
pub(crate) fn list<T: Record>(answer: &Value) -> Result<Vec<T>, Error> {
    let rows = rows(answer)?;
    let records: Vec<T> = rows.iter().filter(|row| !is_trashed(row)).filter_map(T::decode).collect();
    if records.is_empty() && !rows.is_empty() && !rows.iter().all(is_trashed) {
        return Err(Error::new(Kind::Malformed));
    }
    Ok(records)
}

pub(crate) fn is_trashed(row: &Value) -> bool {
    ["isTrashed", "isDeleted"].iter().any(|key| flag(row, key))
}

pub(crate) fn flag(row: &Value, key: &str) -> bool {
    match row.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// A text, or a number as text; blank and null are nothing.
pub(crate) fn text(row: &Value, key: &str) -> Option<String> {
    match row.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An address that is none is nothing; one with control characters inside is a trick, and also nothing (the
/// parser would drop line breaks and tabs silently).
pub(crate) fn link(row: &Value, key: &str) -> Option<Url> {
    let text = text(row, key)?;
    if text.chars().any(char::is_control) { None } else { Url::parse(&text).ok() }
}

fn account_ref(row: &Value) -> Option<AccountRef> {
    let embedded = row.get("account").filter(|account| account.is_object());
    let id = embedded.and_then(|account| text(account, "id")).or_else(|| text(row, "accountId"))?;
    Some(AccountRef {
        id: AccountId(id),
        name: embedded.and_then(|account| text(account, "accountName").or_else(|| text(account, "name"))),
    })
}

impl Record for Contact {
    fn decode(row: &Value) -> Option<Contact> {
        Some(Contact {
            id: ContactId(text(row, "id")?),
            first_name: text(row, "firstName"),
            last_name: text(row, "lastName"),
            email: text(row, "email"),
            phone: text(row, "phone"),
            mobile: text(row, "mobile"),
            account: account_ref(row),
            web_url: link(row, "webUrl"),
            modified: text(row, "modifiedTime"),
        })
    }
}

impl Record for Account {
    fn decode(row: &Value) -> Option<Account> {
        Some(Account {
            id: AccountId(text(row, "id")?),
            name: text(row, "accountName"),
            phone: text(row, "phone"),
            email: text(row, "email"),
            website: text(row, "website"),
            web_url: link(row, "webUrl"),
            modified: text(row, "modifiedTime"),
        })
    }
}

impl Record for Ticket {
    fn decode(row: &Value) -> Option<Ticket> {
        let assignee = row.get("assignee").filter(|assignee| assignee.is_object());
        let department = row.get("department").filter(|department| department.is_object());
        let department_id =
            department.and_then(|department| text(department, "id")).or_else(|| text(row, "departmentId"));
        Some(Ticket {
            id: TicketId(text(row, "id")?),
            number: text(row, "ticketNumber"),
            subject: text(row, "subject"),
            status: text(row, "status"),
            status_type: text(row, "statusType"),
            web_url: link(row, "webUrl"),
            created: text(row, "createdTime"),
            modified: text(row, "modifiedTime"),
            assignee: assignee
                .and_then(|assignee| text(assignee, "id"))
                .or_else(|| text(row, "assigneeId"))
                .map(AgentId),
            assignee_name: assignee.and_then(full_name),
            department: department_id.map(|id| Department {
                id: DepartmentId(id),
                name: department.and_then(|department| text(department, "name")),
                standing: Standing::Ordinary,
            }),
        })
    }
}

/// Zoho's own `name` puts the first name first whatever the language.
fn full_name(person: &Value) -> Option<String> {
    let order = NameOrder::ByScript;
    let name = order.join(text(person, "firstName").as_deref(), text(person, "lastName").as_deref());
    if name.is_empty() { text(person, "name") } else { Some(name) }
}

impl Record for Organization {
    fn decode(row: &Value) -> Option<Organization> {
        // The shape of `customDomain` is not documented: a name, an address, or an object around one.
        let custom_domain = text(row, "customDomain").or_else(|| {
            let object = row.get("customDomain")?;
            ["domain", "customDomain", "domainName", "url"].iter().find_map(|key| text(object, key))
        });
        Some(Organization {
            id: OrganizationId(text(row, "id")?),
            name: text(row, "companyName"),
            portal_name: text(row, "portalName"),
            edition: text(row, "edition").unwrap_or_default(),
            time_zone: text(row, "timeZone"),
            custom_domain,
            standing: standing(row),
        })
    }
}

fn standing(row: &Value) -> Standing {
    if flag(row, "isDefault") { Standing::Default } else { Standing::Ordinary }
}

impl Record for Department {
    fn decode(row: &Value) -> Option<Department> {
        let id = DepartmentId(text(row, "id")?);
        Some(Department { id, name: text(row, "name"), standing: standing(row) })
    }
}

impl Record for Agent {
    fn decode(row: &Value) -> Option<Agent> {
        let departments = row.get("associatedDepartmentIds").and_then(Value::as_array);
        Some(Agent {
            id: AgentId(text(row, "id")?),
            name: full_name(row),
            email: text(row, "emailId"),
            extension: text(row, "extn"),
            status: text(row, "status"),
            departments: departments
                .into_iter()
                .flatten()
                .filter_map(|id| match id {
                    Value::String(id) => Some(id.clone()),
                    Value::Number(id) => Some(id.to_string()),
                    _ => None,
                })
                .map(DepartmentId)
                .collect(),
            time_zone: text(row, "timeZone"),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_contact_is_read_however_it_is_written() {
        let contact = Contact::decode(&json!({
            "id": 1_892_000_000_042_032_123_u64, "firstName": null, "lastName": "Muster", "phone": 498_912_345_678_u64,
            "mobile": "  ", "account": {"id": 7, "accountName": "Muster AG", "website": null},
            "webUrl": "https://desk.zoho.eu/support/x/ShowHomePage.do#Contacts/dv/1", "somethingNew": {"a": []}
        }))
        .unwrap();
        assert_eq!(contact.id.as_str(), "1892000000042032123");
        assert_eq!(contact.name(NameOrder::ByScript), "Muster");
        assert_eq!(contact.phone.as_deref(), Some("498912345678"));
        assert_eq!(contact.mobile, None);
        let account = contact.account.unwrap();
        assert_eq!((account.id.as_str(), account.name.as_deref()), ("7", Some("Muster AG")));
        assert!(contact.web_url.is_some());
    }

    #[test]
    fn only_the_id_is_needed() {
        let contact = Contact::decode(&json!({"id": "1", "account": "odd", "webUrl": 7})).unwrap();
        assert_eq!(contact.name(NameOrder::ByScript), "");
        assert_eq!((contact.account, contact.web_url), (None, None));
        assert!(Contact::decode(&json!({"lastName": "Muster"})).is_none());
        assert!(Ticket::decode(&json!({"id": "1"})).is_some());
        assert!(Agent::decode(&json!({"id": 1})).is_some());
        assert!(Organization::decode(&json!({"id": 700_000_001})).is_some());
        assert!(Account::decode(&json!({"id": "1"})).is_some());
    }

    #[test]
    fn every_kind_of_nothing_is_an_empty_list() {
        for nothing in
            [json!(null), json!({}), json!({"data": null}), json!({"data": []}), json!({"count": 0})]
        {
            assert_eq!(list::<Contact>(&nothing).unwrap(), []);
        }
        for odd in [json!([]), json!("x"), json!({"data": 7}), json!({"data": [{"name": "no id"}]})] {
            assert_eq!(*list::<Contact>(&odd).unwrap_err().kind(), Kind::Malformed);
        }
    }

    #[test]
    fn trashed_records_and_rows_without_id_are_left_out() {
        let rows =
            json!({"data": [{"id": 1, "isTrashed": true}, {"id": 2, "isDeleted": "true"}, {}, {"id": 3}]});
        let ids: Vec<_> =
            list::<Contact>(&rows).unwrap().into_iter().map(|contact| contact.id.to_string()).collect();
        assert_eq!(ids, ["3"]);
        assert_eq!(list::<Contact>(&json!({"data": [{"id": 1, "isTrashed": true}]})).unwrap(), []);
    }

    #[test]
    fn an_address_with_a_line_break_inside_is_dropped() {
        let contact = Contact::decode(&json!({"id": "1", "webUrl": "https://desk.zo\nho.com/"})).unwrap();
        assert_eq!(contact.web_url, None);
    }

    #[test]
    fn the_own_domain_is_found_in_every_shape() {
        let domain = |value: Value| {
            Organization::decode(&json!({"id": 1, "customDomain": value})).unwrap().custom_domain
        };
        assert_eq!(domain(json!("help.example.com")).as_deref(), Some("help.example.com"));
        assert_eq!(domain(json!({"domain": "help.example.com"})).as_deref(), Some("help.example.com"));
        assert_eq!(domain(json!(null)), None);
        assert_eq!(domain(json!([])), None);
    }

    #[test]
    fn debug_output_names_nobody() {
        let contact =
            Contact::decode(&json!({"id": "1", "lastName": "Muster", "phone": "+4989123"})).unwrap();
        let shown = format!("{contact:?}");
        assert!(!shown.contains("Muster") && !shown.contains("4989"), "{shown}");
    }
}
