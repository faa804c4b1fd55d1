//! Owns the lists to choose from: departments and agents, page by page.
//! Must not know: who chooses, or for what.

use std::collections::BTreeSet;

use crate::Desk;
use crate::error::Error;
use crate::records::{Agent, Department, Record, list, rows};

/// The documented maximum for departments and agents.
const PAGE: usize = 200;
/// The highest `from` that Zoho accepts.
const LAST_FROM: usize = 4999;

impl Desk {
    /// The enabled departments of the organization: 3 credits for each 200.
    ///
    /// # Errors
    /// Any.
    pub async fn departments(&self) -> Result<Vec<Department>, Error> {
        self.all("departments", ("isEnabled", "true"), |department: &Department| department.id.to_string())
            .await
    }

    /// The departments of the agent whose token it is; the one to work in is usually among them.
    ///
    /// # Errors
    /// Any.
    pub async fn my_departments(&self) -> Result<Vec<Department>, Error> {
        // Takes no parameters, so it has no pages.
        list(&self.http.send(self.read(&["myDepartments"], Vec::new())?).await?)
    }

    /// The active agents of the organization: 3 credits for each 200.
    ///
    /// # Errors
    /// Any.
    pub async fn agents(&self) -> Result<Vec<Agent>, Error> {
        let mut agents =
            self.all("agents", ("status", "ACTIVE"), |agent: &Agent| agent.id.to_string()).await?;
        agents.retain(Agent::is_active);
        Ok(agents)
    }

    /// All pages of a list.
    ///
    /// QUIRK(zoho): sources disagree whether the first row has the number 0 or 1. So the first page names none, and
    /// each further one begins at the count of rows so far: with base 0 that is the next row, with base 1 the last
    /// one once more, and doubles are dropped.
    async fn all<T: Record>(
        &self,
        path: &str,
        filter: (&'static str, &str),
        id: impl Fn(&T) -> String,
    ) -> Result<Vec<T>, Error> {
        let mut found: Vec<T> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut from = 0;
        while from <= LAST_FROM {
            let mut query = vec![(filter.0, filter.1.to_owned()), ("limit", PAGE.to_string())];
            if from > 0 {
                query.push(("from", from.to_string()));
            }
            let answer = self.http.send(self.read(&[path], query)?).await?;
            let (count, before) = (rows(&answer)?.len(), seen.len());
            found.extend(list::<T>(&answer)?.into_iter().filter(|record| seen.insert(id(record))));
            from += count;
            // The last page, or a server that does not look at `from`.
            if count < PAGE || seen.len() == before {
                return Ok(found);
            }
        }
        tracing::warn!(path, rows = from, "the list is longer than Desk tells");
        Ok(found)
    }
}
