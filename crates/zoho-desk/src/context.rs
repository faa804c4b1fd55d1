//! Owns what an agent wants to know of a person or a company within three seconds: their tickets.
//! Must not know: calls, windows.

use std::sync::atomic::Ordering;

use crate::Desk;
use crate::error::Error;
use crate::records::{AccountId, ContactId, Ticket, gone, list, rows};
use crate::search::{LARGEST_PAGE, page};

/// The open tickets of a contact or an account, as far as was looked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OpenTickets {
    /// How many of the tickets looked at are open.
    pub count: usize,
    /// Whether there may be tickets beyond those looked at, open or not: show "at least `count`".
    pub more: bool,
    /// The open ticket that was changed last.
    pub newest: Option<Ticket>,
}

/// One page of a list of tickets.
struct Page {
    tickets: Vec<Ticket>,
    full: bool,
}

impl Desk {
    /// A contact's tickets, the last changed first: 3 credits. `limit` is cut to 1–99.
    ///
    /// QUIRK(zoho): whether `departmentId` is needed differs between the sources. It is left out; a portal that
    /// answers 422 is asked again with [`Config::department`](crate::Config::department), and from then on so
    /// at once.
    ///
    /// # Errors
    /// [`Kind::Gone`](crate::Kind::Gone) when there is no such contact; otherwise any.
    pub async fn tickets_of(&self, contact: &ContactId, limit: usize) -> Result<Vec<Ticket>, Error> {
        Ok(self.contact_tickets(contact, limit).await?.tickets)
    }

    /// How many of a contact's tickets are open, and the newest of them: 3 credits, whatever the `limit`, which is
    /// cut to 1–99 and says how many tickets are looked at. There is no cheaper count: Zoho's own costs 50.
    ///
    /// Open is every ticket whose status is not of the kind `Closed`, those on hold too. The page of the newest is
    /// to be checked by [`Desk::page`], as every address.
    ///
    /// # Errors
    /// [`Kind::Gone`](crate::Kind::Gone) when there is no such contact; otherwise any.
    pub async fn open_tickets(&self, contact: &ContactId, limit: usize) -> Result<OpenTickets, Error> {
        Ok(open(self.contact_tickets(contact, limit).await?))
    }

    /// The same for an account: 3 credits.
    ///
    /// # Errors
    /// [`Kind::Gone`](crate::Kind::Gone) when there is no such account; otherwise any.
    pub async fn open_tickets_of_account(
        &self,
        account: &AccountId,
        limit: usize,
    ) -> Result<OpenTickets, Error> {
        if !account.is_digits() {
            return Err(Error::refused_here("accountId"));
        }
        Ok(open(self.tickets("accounts", account.as_str(), limit).await?))
    }

    /// A contact's ticket that was changed last, open or not: 3 credits for each contact, so ask only for rows that
    /// a person sees.
    ///
    /// Desk tells no "last activity": the change of this ticket and that of the contact ([`Contact::modified`],
    /// which every search brings along) are the nearest to one. A contact's history and call activities would cost
    /// 3 credits more each, and their lists by contact are not documented.
    ///
    /// [`Contact::modified`]: crate::Contact::modified
    ///
    /// # Errors
    /// [`Kind::Gone`](crate::Kind::Gone) when there is no such contact; otherwise any.
    pub async fn last_ticket(&self, contact: &ContactId) -> Result<Option<Ticket>, Error> {
        Ok(self.tickets_of(contact, 1).await?.into_iter().next())
    }

    /// The same for an account: 3 credits.
    ///
    /// # Errors
    /// [`Kind::Gone`](crate::Kind::Gone) when there is no such account; otherwise any.
    pub async fn last_ticket_of_account(&self, account: &AccountId) -> Result<Option<Ticket>, Error> {
        if !account.is_digits() {
            return Err(Error::refused_here("accountId"));
        }
        Ok(self.tickets("accounts", account.as_str(), 1).await?.tickets.into_iter().next())
    }

    async fn contact_tickets(&self, contact: &ContactId, limit: usize) -> Result<Page, Error> {
        if !contact.is_digits() {
            return Err(Error::refused_here("contactId"));
        }
        self.tickets("contacts", contact.as_str(), limit).await
    }

    async fn tickets(&self, module: &str, owner: &str, limit: usize) -> Result<Page, Error> {
        let query = vec![
            ("include", "assignee,departments".to_owned()),
            ("sortBy", "-modifiedTime".to_owned()),
            ("limit", page(limit)),
        ];
        let path = [module, owner, "tickets"];
        let with_department = self.department.as_ref().map(|department| {
            let mut query = query.clone();
            query.push(("departmentId", department.to_string()));
            query
        });
        let answer = if self.department_needed.load(Ordering::Relaxed)
            && let Some(query) = with_department
        {
            self.http.send(self.read(&path, query)?).await
        } else {
            match (self.http.send(self.read(&path, query)?).await, with_department) {
                (Err(error), Some(query)) if error.status() == Some(422) => {
                    let answer = self.http.send(self.read(&path, query)?).await;
                    self.department_needed.fetch_or(answer.is_ok(), Ordering::Relaxed);
                    answer
                }
                (answer, _) => answer,
            }
        };
        let answer = answer.map_err(gone)?;
        Ok(Page { full: rows(&answer)?.len() >= limit.clamp(1, LARGEST_PAGE), tickets: list(&answer)? })
    }
}

fn open(page: Page) -> OpenTickets {
    let mut open: Vec<Ticket> = page.tickets.into_iter().filter(Ticket::is_open).collect();
    // Asked for in this order; a portal that sorts otherwise must not change which one is the newest.
    open.sort_by(|one, other| other.modified.cmp(&one.modified));
    OpenTickets { count: open.len(), more: page.full, newest: open.into_iter().next() }
}
