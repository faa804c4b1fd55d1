//! Owns the records made last: a list knows them at once, while the search learns of them after some minutes.
//! Must not know: what is looked for among them.

use crate::Desk;
use crate::error::Error;
use crate::records::{Account, Contact, Record, list};
use crate::search::page;

impl Desk {
    /// The contacts created last, the youngest first: 3 credits. `limit` is cut to 1–99.
    ///
    /// To be looked through before a contact is created, and after the answer to a creation was lost.
    ///
    /// # Errors
    /// Any.
    pub async fn newest_contacts(&self, limit: usize) -> Result<Vec<Contact>, Error> {
        self.newest("contacts", vec![("include", "accounts".to_owned())], limit).await
    }

    /// The same for accounts: 3 credits.
    ///
    /// # Errors
    /// Any.
    pub async fn newest_accounts(&self, limit: usize) -> Result<Vec<Account>, Error> {
        self.newest("accounts", Vec::new(), limit).await
    }

    async fn newest<T: Record>(
        &self,
        module: &str,
        mut query: Vec<(&'static str, String)>,
        limit: usize,
    ) -> Result<Vec<T>, Error> {
        query.extend([("sortBy", "-createdTime".to_owned()), ("limit", page(limit))]);
        list(&self.http.send(self.read(&[module], query)?).await?)
    }
}
