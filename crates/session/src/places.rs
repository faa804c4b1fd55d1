//! Where this session keeps its files, and what it calls itself.
//!
//! Owns: the variables of the XDG Base Directory specification and of the display. Must not know: what is in the
//! folders.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the environment says of this session, read once. Asking the functions of this crate with another one asks
/// about another session.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub struct Places {
    /// Where absolute places of the system begin.
    pub(crate) root: PathBuf,
    pub(crate) home: Option<PathBuf>,
    pub(crate) config_home: Option<PathBuf>,
    /// Behind `config_home`, the most important first.
    pub(crate) config_dirs: Vec<PathBuf>,
    pub(crate) data_home: Option<PathBuf>,
    /// Where Windows keeps what belongs to one computer.
    pub(crate) local_data: Option<PathBuf>,
    /// Behind `data_home`, the most important first.
    pub(crate) data_dirs: Vec<PathBuf>,
    /// Where programs are looked for, in this order.
    pub(crate) program_dirs: Vec<PathBuf>,
    desktop: Option<String>,
    kind: SessionKind,
}

/// Which display this session has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionKind {
    /// Wayland, perhaps with X11 beside it.
    Wayland,
    /// X11 only.
    X11,
    /// The one of Windows or macOS.
    Native,
    /// None: a server, or a terminal from afar.
    None,
}

impl Places {
    /// Those of this process.
    pub fn of_system() -> Self {
        let home = || std::env::home_dir().map(PathBuf::into_os_string);
        Self::of(|name| std::env::var_os(name).or_else(|| (name == "HOME").then(home).flatten()))
    }

    /// Those that these variables describe. As the specification wants it, relative folders do not count.
    pub fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let folder = |name| set(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = folder("HOME");
        let below_home = |path| home.as_ref().map(|home| home.join(path));
        let folders = |name, usual: &[&str]| match set(name) {
            Some(paths) => std::env::split_paths(&paths).filter(|path| path.is_absolute()).collect(),
            None => usual.iter().map(PathBuf::from).collect(),
        };
        let kind = if !cfg!(target_os = "linux") {
            SessionKind::Native
        } else if set("WAYLAND_DISPLAY").is_some() {
            SessionKind::Wayland
        } else if set("DISPLAY").is_some() {
            SessionKind::X11
        } else {
            SessionKind::None
        };
        Self {
            config_home: folder("XDG_CONFIG_HOME").or_else(|| below_home(".config")),
            config_dirs: folders("XDG_CONFIG_DIRS", &["/etc/xdg"]),
            data_home: folder("XDG_DATA_HOME").or_else(|| below_home(".local/share")),
            local_data: folder("LOCALAPPDATA"),
            data_dirs: folders("XDG_DATA_DIRS", &["/usr/local/share", "/usr/share"]),
            program_dirs: folders("PATH", &[]),
            desktop: set("XDG_CURRENT_DESKTOP").map(|name| name.to_string_lossy().into_owned()),
            kind,
            home,
            root: PathBuf::from("/"),
        }
    }

    /// The same in another system's tree.
    #[cfg(test)]
    #[cfg(target_os = "linux")]
    pub(crate) fn below(self, root: &std::path::Path) -> Self {
        Self { root: root.to_owned(), ..self }
    }

    /// What the desktop calls itself, such as `XFCE` or `ubuntu:GNOME`; for reports only.
    pub fn desktop_name(&self) -> Option<String> {
        self.desktop.clone()
    }

    /// Which display there is.
    pub fn session_kind(&self) -> SessionKind {
        self.kind
    }

    /// Where a program with this name lies.
    #[cfg(target_os = "linux")]
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        self.program_dirs.iter().map(|folder| folder.join(name)).find(|file| file.is_file())
    }

    /// The names of the desktop, the most particular first.
    #[cfg(target_os = "linux")]
    pub(crate) fn desktops(&self) -> impl Iterator<Item = &str> {
        self.desktop.iter().flat_map(|names| names.split(':')).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::path::Path;

    use super::*;

    fn with(variables: &[(&str, &str)]) -> Places {
        let value =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        Places::of(value)
    }

    #[test]
    fn without_any_variable_only_the_system_s_folders_are_left() {
        let places = with(&[]);
        assert_eq!((places.config_home.as_ref(), places.data_home.as_ref()), (None, None));
        assert_eq!(places.config_dirs, [Path::new("/etc/xdg")]);
        assert_eq!(places.data_dirs, [Path::new("/usr/local/share"), Path::new("/usr/share")]);
        assert_eq!((places.desktop_name(), places.session_kind()), (None, SessionKind::None));
    }

    #[test]
    fn relative_and_empty_folders_do_not_count() {
        let places = with(&[
            ("HOME", "/home/lin"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", ""),
            ("XDG_DATA_DIRS", "share:/opt/share:"),
        ]);
        assert_eq!(places.config_home.as_deref(), Some(Path::new("/home/lin/.config")));
        assert_eq!(places.data_home.as_deref(), Some(Path::new("/home/lin/.local/share")));
        assert_eq!(places.data_dirs, [Path::new("/opt/share")]);
    }

    #[test]
    fn a_session_on_wayland_is_that_also_with_x11_beside_it() {
        let both = with(&[("WAYLAND_DISPLAY", "wayland-0"), ("DISPLAY", ":0")]);
        assert_eq!(both.session_kind(), SessionKind::Wayland);
        assert_eq!(with(&[("DISPLAY", ":0")]).session_kind(), SessionKind::X11);
        assert_eq!(with(&[("DISPLAY", "")]).session_kind(), SessionKind::None);
    }

    #[test]
    fn a_desktop_may_have_several_names() {
        let places = with(&[("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")]);
        assert_eq!(places.desktop_name().as_deref(), Some("ubuntu:GNOME"));
        assert_eq!(places.desktops().collect::<Vec<_>>(), ["ubuntu", "GNOME"]);
    }
}
