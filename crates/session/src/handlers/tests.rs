//! Against private folders; nearly every case is also put to `gio`, where it is
//! installed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::{
    Places, SCHEMES, SessionError, TelHandler, default_for_tel, has_default_apps_page, offer_for_links,
    takes_links,
};

const CONFIG: &str = "config/mimeapps.list";
const CACHE: &str = "system/applications/mimeinfo.cache";

struct Session {
    folder: TempDir,
    /// What the entries start; without it `gio` would not count them.
    bin: PathBuf,
}

impl Session {
    /// With two programs for links: Deskring's entry, as our package installs it, and another.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for program in ["deskring", "dialer"] {
            std::os::unix::fs::symlink("/bin/true", bin.join(program)).unwrap();
        }
        let session = Self { folder, bin };
        session.install("system/applications/Deskring.desktop", "Deskring", "deskring %u");
        session.install("system/applications/org.example.Dialer.desktop", "Dialer", "dialer %u");
        session
    }

    fn install(&self, file: &str, name: &str, exec: &str) {
        self.write(file, &format!("[Desktop Entry]\nType=Application\nName={name}\nExec={exec}\n"));
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.folder.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn choose(&self, file: &str, group: &str, ids: &str) {
        self.write(
            file,
            &format!("[{group}]\nx-scheme-handler/tel={ids}\nx-scheme-handler/sip=no.desktop\n"),
        );
    }

    fn variable(&self, name: &str) -> Option<std::ffi::OsString> {
        let folder = match name {
            "XDG_CONFIG_HOME" => "config",
            "XDG_CONFIG_DIRS" => "etc",
            "XDG_DATA_HOME" => "data",
            "XDG_DATA_DIRS" => "system",
            "PATH" => return std::env::var_os("PATH"),
            "XDG_CURRENT_DESKTOP" => return Some("Example:XFCE".into()),
            _ => return None,
        };
        Some(self.folder.path().join(folder).into_os_string())
    }

    fn handler(&self) -> TelHandler {
        let handler = default_for_tel(&Places::of(|name| self.variable(name)));
        self.agrees_with_gio(&handler);
        handler
    }

    fn agrees_with_gio(&self, handler: &TelHandler) {
        let mut gio = Command::new("gio");
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([self.bin.clone()].into_iter().chain(std::env::split_paths(&usual)));
        gio.args(["mime", "x-scheme-handler/tel"]).env("LC_ALL", "C.UTF-8").env("PATH", path.unwrap());
        for name in
            ["XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_CURRENT_DESKTOP"]
        {
            gio.env(name, self.variable(name).unwrap());
        }
        let Ok(answer) = gio.output() else {
            eprintln!("skipped: no gio");
            return;
        };
        let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
        let first = answer.lines().next().unwrap_or_default();
        let expected = match handler {
            TelHandler::Ours => ": Deskring.desktop",
            TelHandler::Other(_) => "Dialer.desktop",
            TelHandler::None => "No default applications for “x-scheme-handler/tel”",
            TelHandler::Unknown => panic!("never on Linux"),
        };
        assert!(first.ends_with(expected), "we say {handler:?}, gio says {answer}");
    }
}

fn dialer() -> TelHandler {
    TelHandler::Other("Dialer".into())
}

#[test]
fn nobody_handles_links_until_somebody_is_chosen() {
    let session = Session::new();
    assert_eq!(session.handler(), TelHandler::None);
    session.choose(CONFIG, "Default Applications", "Deskring.desktop");
    assert_eq!(session.handler(), TelHandler::Ours);
    session.choose(CONFIG, "Default Applications", "org.example.Dialer.desktop");
    assert_eq!(session.handler(), dialer());
}

#[test]
fn the_user_s_choice_comes_before_the_system_s_and_the_desktop_s_before_the_general() {
    let session = Session::new();
    session.choose("etc/mimeapps.list", "Default Applications", "Deskring.desktop");
    assert_eq!(session.handler(), TelHandler::Ours);
    session.choose(CONFIG, "Default Applications", "org.example.Dialer.desktop");
    assert_eq!(session.handler(), dialer());
    session.choose("config/xfce-mimeapps.list", "Default Applications", "Deskring.desktop");
    assert_eq!(session.handler(), TelHandler::Ours);
}

#[test]
fn a_choice_that_is_not_installed_is_passed_over() {
    let session = Session::new();
    session.choose(CONFIG, "Default Applications", "gone.desktop;../x.desktop;Deskring.desktop;");
    assert_eq!(session.handler(), TelHandler::Ours);
}

#[test]
fn without_a_choice_it_is_whoever_can() {
    let session = Session::new();
    session.write(CACHE, "[MIME Cache]\nx-scheme-handler/tel=org.example.Dialer.desktop;Deskring.desktop;\n");
    assert_eq!(session.handler(), dialer());
    session.choose(CONFIG, "Removed Associations", "org.example.Dialer.desktop;");
    assert_eq!(session.handler(), TelHandler::Ours);
    session.choose(CONFIG, "Added Associations", "org.example.Dialer.desktop;");
    assert_eq!(session.handler(), dialer());
}

#[test]
fn an_entry_of_the_user_s_own_replaces_the_system_s() {
    let session = Session::new();
    session.choose(CONFIG, "Default Applications", "Deskring.desktop");
    session.install("data/applications/Deskring.desktop", "Mine", "/nowhere/deskring %u");
    assert_eq!(default_for_tel(&Places::of(|name| session.variable(name))), TelHandler::Ours);
    session.write(
        "data/applications/Deskring.desktop",
        "[Desktop Entry]\nType=Application\nName=Mine\nExec=deskring\nHidden=true\n",
    );
    // As the specification says and Plasma does; GLib falls back to the entry behind the hidden one.
    assert_eq!(default_for_tel(&Places::of(|name| session.variable(name))), TelHandler::None);
}

#[test]
fn an_entry_may_lie_in_a_folder_and_may_have_no_name() {
    let session = Session::new();
    session.install("data/applications/example/Dialer.desktop", "", "dialer %u");
    session.choose(CONFIG, "Default Applications", "example-Dialer.desktop");
    let handler = default_for_tel(&Places::of(|name| session.variable(name)));
    assert_eq!(handler, TelHandler::Other("example-Dialer.desktop".into()));
}

#[test]
fn without_any_folder_there_is_none() {
    let nowhere = Places::of(|name| (name == "XDG_DATA_DIRS").then(|| "/nowhere".into()));
    assert_eq!(default_for_tel(&nowhere), TelHandler::None);
}

/// A program of this name, such as a build of ours that nobody installed.
fn build_in(folder: &std::path::Path) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let program = folder.join("deskring");
    fs::copy("/bin/true", &program).unwrap();
    program
}

#[test]
fn a_build_becomes_a_candidate_and_never_the_default() {
    for odd in ["bin2", r#"it's "my" $HOME `x` 100%U ;[a]"#] {
        let session = Session::new();
        session.choose(CONFIG, "Default Applications", "org.example.Dialer.desktop");
        let places = Places::of(|name| session.variable(name));
        let program = build_in(&session.folder.path().join(odd));
        assert!(!takes_links(&places, &program), "the package's entry says nothing of links here");
        offer_for_links(&places, &program).unwrap();
        assert!(takes_links(&places, &program));
        let elsewhere = build_in(&session.folder.path().join("elsewhere"));
        assert!(!takes_links(&places, &elsewhere), "that is another build");
        assert_eq!(session.handler(), dialer(), "the choice stays");
        let file = session.folder.path().join("data/applications/Deskring.desktop");
        match Command::new("desktop-file-validate").arg(&file).output() {
            Ok(answer) => assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stdout)),
            Err(_) => eprintln!("skipped: no desktop-file-validate"),
        }
        if Command::new("update-desktop-database").arg("--version").output().is_ok() {
            let index = fs::read_to_string(file.with_file_name("mimeinfo.cache")).unwrap();
            for scheme in SCHEMES {
                assert!(index.contains(&format!("x-scheme-handler/{scheme}=Deskring.desktop")), "{index}");
            }
        }
        session.choose(CONFIG, "Default Applications", "Deskring.desktop");
        assert_eq!(default_for_tel(&places), TelHandler::Ours, "once somebody chose it");
    }
}

#[test]
fn the_package_s_entry_is_a_candidate_for_the_same_links() {
    let session = Session::new();
    let template = include_str!("../../../../packaging/deskring.desktop");
    session.write("system/applications/Deskring.desktop", &template.replace("{{exec}}", "deskring"));
    let places = Places::of(|name| session.variable(name));
    assert!(takes_links(&places, &session.bin.join("deskring")));
    let kinds: String = SCHEMES.iter().map(|scheme| format!("x-scheme-handler/{scheme};")).collect();
    assert!(template.lines().any(|line| line == format!("MimeType={kinds}")), "{template}");
    assert!(template.lines().any(|line| line == "Exec={{exec}} %u"), "{template}");
}

#[test]
fn without_a_home_folder_there_is_no_candidate() {
    let session = Session::new();
    let refused = offer_for_links(&Places::of(|_| None), &build_in(&session.folder.path().join("b")));
    assert!(matches!(refused, Err(SessionError::NoHome)));
}

#[test]
fn the_page_for_default_programs_is_that_of_the_desktop_where_it_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let of = |desktop: &str| {
        Places::of(|name| match name {
            "PATH" => Some(folder.path().into()),
            "XDG_CURRENT_DESKTOP" => Some(desktop.into()),
            _ => None,
        })
    };
    for program in ["gnome-control-center", "systemsettings5", "xfce4-mime-settings"] {
        assert!(!["ubuntu:GNOME", "KDE", "XFCE"].iter().all(|desktop| has_default_apps_page(&of(desktop))));
        fs::write(folder.path().join(program), "").unwrap();
    }
    for (desktop, has) in
        [("ubuntu:GNOME", true), ("KDE", true), ("XFCE", true), ("LXDE", false), ("", false)]
    {
        assert_eq!(has_default_apps_page(&of(desktop)), has, "{desktop}");
    }
}
