//! The socket: a Unix socket with owner-only rights, or a named pipe that only its owner may open.
//!
//! Owns its name, its rights and the check of who is at the other end. The Windows part is compiled by the
//! release workflow and has not been run by us.

use std::io;

use deskring_engine::Paths;
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::tokio::Stream as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name, ToFsName};

/// Opens the socket. The caller holds the profile's lock, so a socket that is there already is a leftover.
pub(crate) fn listen(paths: &Paths) -> io::Result<Listener> {
    // Not to be reclaimed when the listener goes: its task ends a moment after its server, and by then the name
    // can be the next server's. `Server` removes it.
    let options = ListenerOptions::new().name(name(paths)?).reclaim_name(false);
    let options = owner_only(options, paths)?;
    options.create_tokio()
}

pub(crate) async fn connect(paths: &Paths) -> io::Result<Stream> {
    Stream::connect(name(paths)?).await
}

#[cfg(unix)]
fn name(paths: &Paths) -> io::Result<Name<'static>> {
    paths.runtime.join("engine.sock").to_fs_name::<GenericFilePath>().map(Name::into_owned)
}

#[cfg(windows)]
fn name(paths: &Paths) -> io::Result<Name<'static>> {
    // Pipes live in one name space for the whole computer; the runtime folder's path is unique in it.
    let unique = paths.runtime.to_string_lossy().replace(['\\', '/', ':'], "-");
    format!(r"\\.\pipe\deskring-{unique}").to_fs_name::<GenericFilePath>().map(Name::into_owned)
}

#[cfg(unix)]
fn owner_only<'n>(options: ListenerOptions<'n>, paths: &Paths) -> io::Result<ListenerOptions<'n>> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    use interprocess::os::unix::local_socket::ListenerOptionsExt;

    let folder = &paths.runtime;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Fails where the folder is somebody else's.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    match std::fs::remove_file(folder.join("engine.sock")) {
        Ok(()) => tracing::debug!("a leftover socket was removed"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(options.mode(0o600))
}

#[cfg(windows)]
fn owner_only<'n>(options: ListenerOptions<'n>, _: &Paths) -> io::Result<ListenerOptions<'n>> {
    use interprocess::os::windows::local_socket::ListenerOptionsExt;
    use interprocess::os::windows::security_descriptor::SecurityDescriptor;
    use widestring::u16cstr;

    // Protected: everything for the owner and for the system, nothing for anybody else.
    let descriptor = SecurityDescriptor::deserialize(u16cstr!("D:P(A;;GA;;;OW)(A;;GA;;;SY)"))?;
    Ok(options.security_descriptor(descriptor))
}

/// Whether the other end belongs to the user who runs this process, or is root, who can read its memory anyway: a
/// service runs as a user that nobody can be.
#[cfg(unix)]
pub(crate) fn is_same_user(stream: &Stream, paths: &Paths) -> bool {
    use std::os::unix::fs::MetadataExt;

    use interprocess::local_socket::traits::StreamCommon as _;

    // The folder was made, or claimed, by this user a moment ago.
    let me = std::fs::metadata(&paths.runtime).map(|folder| folder.uid());
    let peer = stream.peer_creds().ok().and_then(|peer| peer.euid());
    matches!((me, peer), (Ok(me), Some(peer)) if peer == me || peer == 0)
}

/// The pipe's descriptor admits nobody else.
#[cfg(windows)]
pub(crate) fn is_same_user(_: &Stream, _: &Paths) -> bool {
    true
}
