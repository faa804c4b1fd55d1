//! The order of places, with keychains made for the test.

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use super::*;

const TOKEN: SecretName = SecretName::DeskRefreshToken;
const SESSION: SecretName = SecretName::PbxSession;

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn config(dir: &std::path::Path, consent: Consent) -> SecretsConfig {
    SecretsConfig {
        consent,
        keychain: Keychain::Off,
        environment: Environment::Given(BTreeMap::new()),
        ..SecretsConfig::new(dir, "deskring-test")
    }
}

fn read(secrets: &Secrets, name: SecretName) -> Option<String> {
    secrets.get(name).unwrap().map(|secret| secret.expose_secret().to_owned())
}

/// A keychain that works.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, String>>>);

impl Chain for Memory {
    fn get(&self, entry: &str) -> Result<Option<Secret>, ChainError> {
        Ok(self.0.lock().unwrap().get(entry).map(|text| secret(text)))
    }
    fn set(&self, entry: &str, secret: &Secret) -> Result<(), ChainError> {
        if secret.expose_secret().len() > 2560 {
            return Err(ChainError::TooLong);
        }
        self.0.lock().unwrap().insert(entry.to_owned(), secret.expose_secret().to_owned());
        Ok(())
    }
    fn delete(&self, entry: &str) -> Result<(), ChainError> {
        self.0.lock().unwrap().remove(entry);
        Ok(())
    }
}

/// A keychain behind a dialog that nobody closes until the test says so.
struct Dialog {
    closed: Mutex<Receiver<()>>,
    memory: Memory,
}

impl Dialog {
    fn wait(&self) {
        self.closed.lock().unwrap().recv().unwrap();
    }
}

impl Chain for Dialog {
    fn get(&self, entry: &str) -> Result<Option<Secret>, ChainError> {
        self.wait();
        self.memory.get(entry)
    }
    fn set(&self, entry: &str, secret: &Secret) -> Result<(), ChainError> {
        self.wait();
        self.memory.set(entry, secret)
    }
    fn delete(&self, entry: &str) -> Result<(), ChainError> {
        self.wait();
        self.memory.delete(entry)
    }
}

#[test]
fn the_keychain_keeps_secrets_when_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Memory::default();
    let secrets = Secrets::with(config(dir.path(), Consent::NotGiven), Box::new(chain.clone()));
    for name in SecretName::ALL {
        assert_eq!(read(&secrets, name), None);
        assert_eq!(secrets.set(name, &secret("s")).unwrap(), Place::Keychain);
        assert_eq!(secrets.place(name).unwrap(), Some(Place::Keychain));
    }
    secrets.delete(TOKEN).unwrap();
    secrets.delete(TOKEN).unwrap();
    assert_eq!(read(&secrets, TOKEN), None);
    assert_eq!(chain.0.lock().unwrap().len(), SecretName::ALL.len() - 1);
    assert!(!dir.path().join("secrets").exists());
}

#[test]
fn without_a_keychain_a_lasting_secret_needs_consent_and_a_session_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(config(dir.path(), Consent::NotGiven));
    assert!(matches!(secrets.set(TOKEN, &secret("t")), Err(SecretsError::ConsentNeeded)));
    assert_eq!(secrets.set(SESSION, &secret("{}")).unwrap(), Place::File);
    assert!(
        matches!(secrets.set(TOKEN, &secret("t")), Err(SecretsError::ConsentNeeded)),
        "a file of sessions is no consent"
    );
    secrets.set_consent(Consent::Granted);
    assert_eq!(secrets.set(TOKEN, &secret("t")).unwrap(), Place::File);
    drop(secrets);

    let secrets = Secrets::open(config(dir.path(), Consent::NotGiven));
    assert_eq!(read(&secrets, TOKEN).as_deref(), Some("t"));
    assert_eq!(read(&secrets, SESSION).as_deref(), Some("{}"));
    assert_eq!(secrets.set(TOKEN, &secret("u")).unwrap(), Place::File, "an existing file is consent");
    secrets.delete(TOKEN).unwrap();
    assert!(matches!(secrets.set(TOKEN, &secret("t")), Err(SecretsError::ConsentNeeded)), "no longer");
}

#[test]
fn consent_for_one_call_is_no_consent_for_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(config(dir.path(), Consent::NotGiven));
    assert_eq!(secrets.set_with(TOKEN, &secret("t"), Consent::Granted).unwrap(), Place::File);
    secrets.delete(TOKEN).unwrap();
    let error = secrets.set(TOKEN, &secret("t")).unwrap_err();
    assert_eq!(error.code(), "consent_needed");
    secrets.set_consent(Consent::Granted);
    assert_eq!(secrets.set_with(TOKEN, &secret("t"), Consent::NotGiven).unwrap(), Place::File);
}

/// A keychain that forgets.
struct Leaking;

impl Chain for Leaking {
    fn get(&self, _: &str) -> Result<Option<Secret>, ChainError> {
        Ok(None)
    }
    fn set(&self, _: &str, _: &Secret) -> Result<(), ChainError> {
        Ok(())
    }
    fn delete(&self, _: &str) -> Result<(), ChainError> {
        Ok(())
    }
}

#[test]
fn a_probe_tells_how_the_keychain_does_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let state = |chain: Box<dyn Chain>| {
        let config =
            SecretsConfig { patience: Duration::from_millis(50), ..config(dir.path(), Consent::NotGiven) };
        Secrets::with(config, chain).chain_state()
    };
    let memory = Memory::default();
    assert_eq!(state(Box::new(memory.clone())), ChainState::Works);
    assert!(memory.0.lock().unwrap().is_empty());
    assert_eq!(state(Box::new(Leaking)), ChainState::Failed);
    assert_eq!(state(Box::new(keychain::Absent)), ChainState::Absent);
    let (close, closed) = channel();
    assert_eq!(state(Box::new(Dialog { closed: Mutex::new(closed), memory })), ChainState::Locked);
    // The dialog is closed after all, for each step of the probe.
    (0..3).for_each(|_| close.send(()).unwrap());
    assert!(!dir.path().join("secrets").exists());
}

#[test]
fn the_environment_wins_and_is_read_only() {
    let dir = tempfile::tempdir().unwrap();
    let given = [("DESKRING_DESK_REFRESH_TOKEN", "from outside"), ("DESKRING_DESK_CLIENT_SECRET", "")];
    let given = given.into_iter().map(|(name, value)| (name.to_owned(), secret(value))).collect();
    let config =
        SecretsConfig { environment: Environment::Given(given), ..config(dir.path(), Consent::Granted) };
    let chain = Memory::default();
    chain.set(TOKEN.code(), &secret("kept")).unwrap();
    let secrets = Secrets::with(config, Box::new(chain.clone()));
    assert_eq!(read(&secrets, TOKEN).as_deref(), Some("from outside"));
    assert_eq!(secrets.place(TOKEN).unwrap(), Some(Place::Environment));
    assert!(matches!(secrets.set(TOKEN, &secret("x")), Err(SecretsError::SetByEnvironment)));
    assert_eq!(read(&secrets, SecretName::DeskClientSecret), None, "an empty variable is not set");
    let variables: Vec<_> = SecretName::ALL.into_iter().filter_map(SecretName::variable).collect();
    assert_eq!(
        variables,
        [
            "DESKRING_PBX_CLIENT_SECRET",
            "DESKRING_DESK_CLIENT_SECRET",
            "DESKRING_DESK_REFRESH_TOKEN",
            "DESKRING_INDEX_KEY"
        ]
    );
}

#[test]
fn those_who_keep_secrets_at_once_lose_none() {
    let dir = tempfile::tempdir().unwrap();
    let names = [SecretName::PbxClientSecret, SecretName::DeskClientSecret, TOKEN, SecretName::IndexKey];
    // Each with the file for itself, as the engine and a window's helper have it.
    std::thread::scope(|scope| {
        for name in names {
            let secrets = Secrets::open(config(dir.path(), Consent::Granted));
            scope.spawn(move || {
                for round in 0..50 {
                    secrets.set(name, &secret(&format!("{}-{round}", name.code()))).unwrap();
                }
            });
        }
    });
    let secrets = Secrets::open(config(dir.path(), Consent::Granted));
    for name in names {
        assert_eq!(read(&secrets, name), Some(format!("{}-49", name.code())));
    }
}

#[test]
fn a_locked_keychain_does_not_hold_the_caller_up() {
    let dir = tempfile::tempdir().unwrap();
    let (close, closed) = channel();
    let memory = Memory::default();
    let dialog = Dialog { closed: Mutex::new(closed), memory: memory.clone() };
    let config =
        SecretsConfig { patience: Duration::from_millis(50), ..config(dir.path(), Consent::Granted) };
    let secrets = Secrets::with(config, Box::new(dialog));
    assert!(matches!(secrets.get(TOKEN), Err(SecretsError::KeychainLocked)));
    assert!(matches!(secrets.set(TOKEN, &secret("late")), Err(SecretsError::KeychainLocked)));
    assert!(!dir.path().join("secrets").exists(), "no way around a locked keychain");
    // The user closes the dialogs one by one; calls come back in order, so an answer to a later one means that
    // the given-up ones are behind us.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    close.send(()).unwrap();
    loop {
        close.send(()).unwrap();
        match secrets.get(SESSION) {
            Ok(None) => break,
            other => assert!(std::time::Instant::now() < deadline, "{other:?}"),
        }
    }
    assert!(memory.0.lock().unwrap().is_empty(), "what was reported as failed does not happen later");
}

#[test]
fn a_secret_in_the_file_moves_to_the_keychain_when_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    Secrets::open(config(dir.path(), Consent::Granted)).set(TOKEN, &secret("old")).unwrap();
    let secrets = Secrets::with(config(dir.path(), Consent::NotGiven), Box::new(Memory::default()));
    assert_eq!(secrets.place(TOKEN).unwrap(), Some(Place::File));
    assert_eq!(secrets.set(TOKEN, &secret("new")).unwrap(), Place::Keychain);
    assert_eq!(read(&secrets, TOKEN).as_deref(), Some("new"));
    assert!(!dir.path().join("secrets/secrets.json").exists());
}

#[test]
fn a_session_too_long_for_the_keychain_goes_to_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = Secrets::with(config(dir.path(), Consent::NotGiven), Box::new(Memory::default()));
    let long = "x".repeat(5000);
    assert_eq!(secrets.set(SESSION, &secret(&long)).unwrap(), Place::File);
    assert_eq!(read(&secrets, SESSION), Some(long));
}

#[test]
fn a_malformed_file_is_an_error_that_shows_no_secret_and_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(config(dir.path(), Consent::Granted));
    secrets.set(TOKEN, &secret("1000.s3cret")).unwrap();
    let path = dir.path().join("secrets/secrets.json");
    for content in
        [r#"{"version":1,"secrets":"1000.s3cret"}"#, r#"{"version":2,"secrets":{}}"#, "1000.s3cret"]
    {
        fs::write(&path, content).unwrap();
        let error = secrets.get(TOKEN).unwrap_err();
        assert!(matches!(error, SecretsError::FileMalformed));
        assert!(!format!("{error:?} {error}").contains("s3cret"));
        assert!(secrets.set(TOKEN, &secret("x")).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone_and_refused_when_it_is_not() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(config(dir.path(), Consent::Granted));
    secrets.set(TOKEN, &secret("t")).unwrap();
    let path = dir.path().join("secrets/secrets.json");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir.path().join("secrets")), mode(&path)), (0o700, 0o600));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(secrets.get(TOKEN), Err(SecretsError::FileNotPrivate)));
}

#[test]
#[ignore = "needs an unlocked keychain of this system"]
fn the_systems_keychain_keeps_a_secret() {
    let dir = tempfile::tempdir().unwrap();
    let service = format!("deskring-test-{}", std::process::id());
    let config = SecretsConfig {
        environment: Environment::Given(BTreeMap::new()),
        ..SecretsConfig::new(dir.path(), service)
    };
    let secrets = Secrets::open(config);
    assert_eq!(secrets.set(TOKEN, &secret("päss")).unwrap(), Place::Keychain);
    assert_eq!(read(&secrets, TOKEN).as_deref(), Some("päss"));
    secrets.delete(TOKEN).unwrap();
    assert_eq!(read(&secrets, TOKEN), None);
}

// Its name begins like that of the test above: both run where there is a keychain.
#[test]
#[ignore = "needs an unlocked keychain of this system"]
fn the_systems_keychain_keeps_a_secret_of_a_probe() {
    let dir = tempfile::tempdir().unwrap();
    let service = format!("deskring-test-probe-{}", std::process::id());
    let secrets = Secrets::open(SecretsConfig {
        environment: Environment::Given(BTreeMap::new()),
        ..SecretsConfig::new(dir.path(), service.as_str())
    });
    assert_eq!(secrets.chain_state(), ChainState::Works);
    assert_eq!(secrets.chain_state(), ChainState::Works, "once more");
    let left = keychain::System { service }.get(&format!("probe-{}", std::process::id()));
    assert!(matches!(left, Ok(None)));
}

#[test]
#[ignore = "needs a system without a keychain"]
fn a_system_without_a_keychain_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(SecretsConfig {
        environment: Environment::Given(BTreeMap::new()),
        ..SecretsConfig::new(dir.path(), "deskring-test")
    });
    assert_eq!(read(&secrets, TOKEN), None);
    assert_eq!(secrets.chain_state(), ChainState::Absent);
    assert!(matches!(secrets.set(TOKEN, &secret("t")), Err(SecretsError::ConsentNeeded)));
}
