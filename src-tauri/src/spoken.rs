//! The language everybody in the tray process speaks, which a setting may change at any time.

use std::sync::{Arc, PoisonError, RwLock};

use deskring_wording::{Language, Words};

/// The words of the moment. Cheap to clone; clones speak the same language.
#[derive(Clone)]
pub(crate) struct Spoken(Arc<RwLock<Arc<Words>>>);

impl Spoken {
    /// The language of a setting.
    pub(crate) fn of_choice(choice: &str) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(Words::of(Language::of_choice(choice))))))
    }

    /// The words now.
    pub(crate) fn words(&self) -> Arc<Words> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Speaks the language of a setting from now on.
    pub(crate) fn speak(&self, choice: &str) {
        let language = Language::of_choice(choice);
        if self.words().language() != language {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Words::of(language));
        }
    }
}
