//! Owns writing a file so that a crash, a full disk or a second reader never sees half of it.
//! Must not know: what is in the file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces `dir/name` in one step; the old file stays whole when anything fails. The new file is readable by
/// its owner only (on Windows: by whom the folder lets in).
pub(crate) fn replace(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    // In the same folder, because a rename is atomic only within one file system. tempfile creates it 0600.
    let mut temporary = tempfile::Builder::new().prefix(name).suffix(".new").tempfile_in(dir)?;
    temporary.write_all(content)?;
    // Before the rename: otherwise a power cut can leave the new name with no content.
    temporary.as_file().sync_all()?;
    temporary.persist(dir.join(name)).map_err(|fault| fault.error)?;
    sync_folder(dir);
    Ok(())
}

/// Makes the rename itself durable. Best effort: not every file system can, and the content is safe already.
fn sync_folder(dir: &Path) {
    if cfg!(unix)
        && let Ok(folder) = File::open(dir)
        && let Err(fault) = folder.sync_all()
    {
        tracing::debug!(%fault, "the folder could not be synchronized");
    }
}

/// Creates a folder, and its parents, for its owner only.
pub(crate) fn private_folder(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Moves a file out of the way without overwriting one moved before: `settings.json.unreadable-1`, `-2`, ….
pub(crate) fn set_aside(path: &Path, mark: &str) -> io::Result<PathBuf> {
    let target = free_name(path, mark)?;
    fs::rename(path, &target)?;
    Ok(target)
}

/// Keeps a copy beside a file, named as by [`set_aside`]. No file, no copy.
pub(crate) fn keep_copy(path: &Path, mark: &str) -> io::Result<()> {
    let content = match fs::read(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(()),
        content => content?,
    };
    let target = free_name(path, mark)?;
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut copy = options.open(target)?;
    copy.write_all(&content)?;
    copy.sync_all()
}

fn free_name(path: &Path, mark: &str) -> io::Result<PathBuf> {
    let mut number = 1_u32;
    loop {
        let target = with_suffix(path, &format!(".{mark}-{number}"));
        if !target.try_exists()? {
            return Ok(target);
        }
        number += 1;
    }
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
