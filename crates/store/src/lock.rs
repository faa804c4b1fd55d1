//! Owns "one engine per profile".
//! Must not know: what the engine does, or how a second start hands its work over.
//!
//! The operating system holds the lock, so it is free again after a crash or `kill -9`. The process id stands in
//! a file of its own, because on Windows a locked file cannot be read by others.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::file;

const LOCK_FILE: &str = "engine.lock";
const PID_FILE: &str = "engine.pid";

/// While it lives, no other process gets the lock of this profile.
#[derive(Debug)]
pub struct ProfileLock {
    file: File,
    pid_file: PathBuf,
}

/// Why the lock was not acquired.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another engine uses this profile")]
    Held {
        /// Which one, if it could be read; for messages only.
        pid: Option<u32>,
    },
    /// The profile folder cannot be used at all.
    #[error("the profile folder cannot be used")]
    Unusable(#[source] io::Error),
}

impl ProfileLock {
    /// Takes the lock of a profile folder, which is created when missing. Never waits.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn acquire(dir: &Path) -> Result<ProfileLock, LockError> {
        file::private_folder(dir).map_err(LockError::Unusable)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // In a folder that cannot be written, what is there is locked, if need be the folder itself: a call is worth
        // more than a note of it.
        let lock = match options.open(dir.join(LOCK_FILE)) {
            Err(fault) if is_read_only(&fault) => {
                File::open(dir.join(LOCK_FILE)).or_else(|_| File::open(dir))
            }
            opened => opened,
        };
        let lock = lock.map_err(LockError::Unusable)?;
        let pid_file = dir.join(PID_FILE);
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: read_pid(&pid_file) }),
            Err(TryLockError::Error(fault)) => return Err(LockError::Unusable(fault)),
        }
        if let Err(fault) = fs::write(&pid_file, format!("{}\n", std::process::id())) {
            tracing::debug!(%fault, "the process id could not be written");
        }
        Ok(ProfileLock { file: lock, pid_file })
    }
}

impl Drop for ProfileLock {
    fn drop(&mut self) {
        // The lock file stays: removing it would let two processes lock two different files of one name.
        // The id goes while the lock is held, so nobody else can have written one in between.
        if let Err(fault) = fs::remove_file(&self.pid_file) {
            tracing::debug!(%fault, "the process id could not be removed");
        }
        // Closing is not enough: a program that is just being started has the file, too, until it runs.
        if let Err(fault) = self.file.unlock() {
            tracing::debug!(%fault, "the lock could not be given back");
        }
    }
}

fn is_read_only(fault: &io::Error) -> bool {
    matches!(fault.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn read_pid(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_at_once_whoever_else_has_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let first = ProfileLock::acquire(dir.path()).unwrap();
        // As a child process has it between its birth and its program.
        let inherited = first.file.try_clone().unwrap();
        drop(first);
        ProfileLock::acquire(dir.path()).unwrap();
        drop(inherited);
    }

    #[test]
    fn a_second_engine_is_told_who_has_the_profile() {
        let dir = tempfile::tempdir().unwrap();
        let profile = dir.path().join("new/profile");
        let first = ProfileLock::acquire(&profile).unwrap();
        match ProfileLock::acquire(&profile) {
            Err(LockError::Held { pid }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        assert!(!profile.join(PID_FILE).exists());
        drop(ProfileLock::acquire(&profile).unwrap());
    }

    #[test]
    fn what_a_killed_engine_left_behind_is_in_nobodys_way() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(LOCK_FILE), "").unwrap();
        fs::write(dir.path().join(PID_FILE), "999999999 garbage").unwrap();
        let _lock = ProfileLock::acquire(dir.path()).unwrap();
        assert_eq!(read_pid(&dir.path().join(PID_FILE)), Some(std::process::id()));
    }

    #[test]
    fn a_profile_that_is_a_file_is_unusable() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(matches!(ProfileLock::acquire(&dir.path().join("file")), Err(LockError::Unusable(_))));
    }
}
