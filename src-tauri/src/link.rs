//! A link that the system starts Deskring with, on its way to an engine: this process's own or that of a Deskring which
//! runs already. Must not know what a link means, and must not log it: it is whatever a page or a mail says.

use std::ffi::OsString;

use deskring_engine::Handle;
use deskring_engine::assist::{DialBy, Want};
use deskring_local_api::{Client, ClientError};

/// No number of a phone comes near this. One character more goes on, so that the engine sees what is too long.
const LONGEST: usize = 512;

/// As it came, apart from its length.
pub(crate) struct Link(String, DialBy);

/// The first of what is on the command line; one click is one call.
pub(crate) fn one_of(links: &[OsString]) -> Option<Link> {
    let (first, others) = links.split_first()?;
    if !others.is_empty() {
        tracing::warn!(others = others.len(), "several links at once: only the first is taken");
    }
    Some(Link(first.to_string_lossy().chars().take(LONGEST + 1).collect(), DialBy::Link))
}

impl Link {
    /// What somebody has selected or copied.
    pub(crate) fn of_selection(text: String) -> Self {
        Self(text.trim().chars().take(LONGEST + 1).collect(), DialBy::Clipboard)
    }

    fn want(self) -> Want {
        Want::Dial { text: self.0, by: self.1 }
    }

    /// To this process's own engine, which keeps it until the phone system is connected.
    pub(crate) async fn dial(self, handle: Handle) {
        if let Err(fault) = handle.assist(self.want()).await {
            refused(&fault.code);
        }
    }

    /// To the engine that runs already. What that refuses, it shows to the person itself.
    pub(crate) async fn hand_over(self, client: &mut Client) -> Result<(), ClientError> {
        match client.assist(self.want()).await {
            Ok(_) => Ok(()),
            Err(ClientError::Refused(fault)) => {
                refused(&fault.code);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn refused(code: &str) {
    tracing::warn!(code, "a link was not dialed");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(links: &[&str]) -> Option<String> {
        let links: Vec<OsString> = links.iter().map(OsString::from).collect();
        one_of(&links).map(|link| link.0)
    }

    #[test]
    fn the_first_link_is_taken_as_it_is() {
        assert_eq!(text(&[]), None);
        assert_eq!(text(&["tel:$(x) 1", "tel:2"]).as_deref(), Some("tel:$(x) 1"));
        assert_eq!(text(&[""]).as_deref(), Some(""));
    }

    #[test]
    fn a_link_that_is_too_long_arrives_as_too_long() {
        let long = "\u{7535}".repeat(100_000);
        assert_eq!(text(&[&long]).map(|text| text.chars().count()), Some(LONGEST + 1));
        assert_eq!(text(&[&"1".repeat(LONGEST)]).map(|text| text.len()), Some(LONGEST));
    }
}
