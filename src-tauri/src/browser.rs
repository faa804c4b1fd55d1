//! What a browser starts for our extension: this program, which answers one message and ends.
//!
//! Owns which profile that is about: a browser passes no arguments of ours. Must not draw or print anything.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use deskring_engine::Paths;
use deskring_local_api::browser;

/// In the usual profile's folder: the other profile that browsers are about.
const PROFILE: &str = "browser-profile";

/// Answers the browser's one message.
pub(crate) fn answer(arguments: &[String]) -> anyhow::Result<()> {
    let usual = crate::usual_profile().context("this account has no home folder")?;
    let paths = Paths::for_profile(&chosen(&usual));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answered = browser::answer(&paths, arguments, io::stdin(), io::stdout());
    runtime.block_on(answered).context("the browser has gone")
}

/// From now on browsers are about this profile.
pub(crate) fn remember(profile: &Path) -> io::Result<()> {
    let usual = crate::usual_profile().ok_or(io::ErrorKind::NotFound)?;
    keep(&usual, &std::path::absolute(profile)?)
}

fn keep(usual: &Path, profile: &Path) -> io::Result<()> {
    let file = usual.join(PROFILE);
    if profile == usual {
        return match std::fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    std::fs::create_dir_all(usual)?;
    std::fs::write(file, profile.as_os_str().as_encoded_bytes())
}

/// The profile that was remembered, while it is there; else the usual one.
fn chosen(usual: &Path) -> PathBuf {
    let other = std::fs::read_to_string(usual.join(PROFILE)).map(PathBuf::from);
    other.ok().filter(|other| other.is_absolute() && other.is_dir()).unwrap_or_else(|| usual.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_about_the_profile_that_was_last_remembered() {
        let folder = std::env::temp_dir().join(format!("deskring-browser-{}", std::process::id()));
        let (usual, other) = (folder.join("usual"), folder.join("other \u{7535}"));
        std::fs::create_dir_all(&other).unwrap();
        assert_eq!(chosen(&usual), usual);
        keep(&usual, &other).unwrap();
        assert_eq!(chosen(&usual), other);
        keep(&usual, &usual).unwrap();
        assert_eq!(chosen(&usual), usual);
        keep(&usual, &other).unwrap();
        std::fs::remove_dir(&other).unwrap();
        assert_eq!(chosen(&usual), usual, "a profile that is gone");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
