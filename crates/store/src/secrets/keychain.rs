//! Owns talking to the keychain without being held up by it.
//! Must not know: files, environment.
//!
//! A locked keychain blocks the caller behind a dialog for as long as the user likes, so all calls run one after
//! another on a thread of their own and the caller stops waiting after a while. A call that nobody waits for any
//! more is not begun.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use deskring_redact::{ExposeSecret, Secret};

/// What a keychain may say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ChainError {
    /// There is none on this system.
    Absent,
    /// It waits for its user, or its user refused.
    Locked,
    /// It does not take values of this length (Windows: 2560 bytes).
    TooLong,
    /// Anything else.
    Failed,
}

/// A keychain: named entries.
pub(super) trait Chain: Send + Sync {
    fn get(&self, entry: &str) -> Result<Option<Secret>, ChainError>;
    fn set(&self, entry: &str, secret: &Secret) -> Result<(), ChainError>;
    fn delete(&self, entry: &str) -> Result<(), ChainError>;
}

/// That of the operating system.
///
/// Known limit of the library: whether there is one is decided at the first call and stays so until the program
/// ends.
pub(super) struct System {
    pub(super) service: String,
}

impl System {
    fn entry(&self, name: &str) -> Result<keyring::Entry, ChainError> {
        keyring::Entry::new(&self.service, name).map_err(|fault| meaning(&fault))
    }
}

impl Chain for System {
    fn get(&self, entry: &str) -> Result<Option<Secret>, ChainError> {
        match self.entry(entry)?.get_password() {
            Ok(secret) => Ok(Some(Secret::from(secret))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(fault) => Err(meaning(&fault)),
        }
    }

    fn set(&self, entry: &str, secret: &Secret) -> Result<(), ChainError> {
        self.entry(entry)?.set_password(secret.expose_secret()).map_err(|fault| meaning(&fault))
    }

    fn delete(&self, entry: &str) -> Result<(), ChainError> {
        match self.entry(entry)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(fault) => Err(meaning(&fault)),
        }
    }
}

fn meaning(fault: &keyring::Error) -> ChainError {
    match fault {
        keyring::Error::NoDefaultStore => ChainError::Absent,
        keyring::Error::NoStorageAccess(_) => ChainError::Locked,
        keyring::Error::TooLong(..) => ChainError::TooLong,
        // Not the text of the fault: some variants carry the secret.
        _ => ChainError::Failed,
    }
}

/// No keychain.
pub(super) struct Absent;

impl Chain for Absent {
    fn get(&self, _: &str) -> Result<Option<Secret>, ChainError> {
        Err(ChainError::Absent)
    }
    fn set(&self, _: &str, _: &Secret) -> Result<(), ChainError> {
        Err(ChainError::Absent)
    }
    fn delete(&self, _: &str) -> Result<(), ChainError> {
        Err(ChainError::Absent)
    }
}

type Job = Box<dyn FnOnce(&dyn Chain) + Send>;

/// The thread that talks to the keychain. Started with the first call; ends when this is dropped and the call
/// under way, if any, has come back.
pub(super) struct Helper {
    chain: Arc<dyn Chain>,
    patience: Duration,
    jobs: Mutex<Option<Sender<Job>>>,
}

impl Helper {
    pub(super) fn new(chain: Box<dyn Chain>, patience: Duration) -> Helper {
        Helper { chain: Arc::from(chain), patience, jobs: Mutex::new(None) }
    }

    pub(super) fn get(&self, entry: &'static str) -> Result<Option<Secret>, ChainError> {
        self.run(move |chain| chain.get(entry))
    }

    pub(super) fn set(&self, entry: &'static str, secret: &Secret) -> Result<(), ChainError> {
        let secret = secret.clone();
        self.run(move |chain| chain.set(entry, &secret))
    }

    pub(super) fn delete(&self, entry: &'static str) -> Result<(), ChainError> {
        self.run(move |chain| chain.delete(entry))
    }

    /// Keeps an entry, reads it and takes it away again, as one call: what is given up halfway is still cleaned up.
    pub(super) fn probe(&self) -> Result<(), ChainError> {
        // Two programs may ask at once.
        let entry = format!("probe-{}", std::process::id());
        self.run(move |chain| {
            chain.set(&entry, &Secret::from("probe".to_owned()))?;
            let read = chain.get(&entry);
            chain.delete(&entry)?;
            match read? {
                Some(secret) if secret.expose_secret() == "probe" => Ok(()),
                Some(_) | None => Err(ChainError::Failed),
            }
        })
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Chain) -> Result<T, ChainError> + Send + 'static,
    ) -> Result<T, ChainError> {
        let (answer, answered) = channel();
        let given_up = Arc::new(AtomicBool::new(false));
        let forgotten = Arc::clone(&given_up);
        let job: Job = Box::new(move |chain| {
            if !forgotten.load(Ordering::Acquire) {
                // Nobody may be listening any more; then the answer is of no use.
                let _ = answer.send(work(chain));
            }
        });
        self.hand_over(job)?;
        answered.recv_timeout(self.patience).unwrap_or_else(|_| {
            given_up.store(true, Ordering::Release);
            Err(ChainError::Locked)
        })
    }

    fn hand_over(&self, job: Job) -> Result<(), ChainError> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match jobs.as_ref() {
            None => job,
            Some(sender) => match sender.send(job) {
                Ok(()) => return Ok(()),
                // The thread is gone: a keychain library panicked. A new one takes over.
                Err(unsent) => unsent.0,
            },
        };
        let (sender, received) = channel::<Job>();
        let chain = Arc::clone(&self.chain);
        thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || {
                for job in received {
                    job(chain.as_ref());
                }
            })
            .map_err(|_| ChainError::Failed)?;
        sender.send(job).map_err(|_| ChainError::Failed)?;
        *jobs = Some(sender);
        Ok(())
    }
}
