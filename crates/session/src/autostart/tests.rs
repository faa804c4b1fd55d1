//! Against private folders, and against the desktop's own tools where they are installed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::entry::Entry;
use crate::{Autostart, Places, SessionError, Start, start_at_login, starts_at_login};

/// Blanks, quotes and everything that a shell or the format would take for its own.
const ODD: [&str; 2] = [r#"it's "my" $HOME `x` 100%U \n 电话;[a]"#, r#"it's "my" $HOME `x` a=b \n 电话;[a]"#];

struct Session {
    folder: TempDir,
    places: Places,
    program: PathBuf,
}

impl Session {
    fn new() -> Self {
        Self::of("XFCE")
    }

    fn of(desktop: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).into_os_string();
        let places = Places::of(|name| match name {
            "XDG_CONFIG_HOME" => Some(path("config")),
            "XDG_CONFIG_DIRS" => Some(path("etc")),
            "XDG_CURRENT_DESKTOP" => Some(desktop.into()),
            _ => None,
        });
        let program = program_in(&folder.path().join("bin"), "");
        Self { folder, places, program }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config/autostart/Deskring.desktop")
    }

    fn everybody_s(&self) -> PathBuf {
        self.folder.path().join("etc/autostart/Deskring.desktop")
    }

    fn state(&self) -> Autostart {
        starts_at_login(&self.places, &self.program)
    }

    fn set(&self, start: Start) {
        start_at_login(&self.places, start, &self.program).unwrap();
    }

    /// As a desktop's own tool would.
    fn append(&self, line: &str) {
        let text = fs::read_to_string(self.file()).unwrap();
        fs::write(self.file(), text + line + "\n").unwrap();
    }
}

fn program_in(folder: &Path, lines: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let program = folder.join("deskring");
    fs::write(&program, format!("#!/bin/sh\n{lines}")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

#[test]
fn it_starts_once_it_was_asked_to_and_no_longer_once_not() {
    let session = Session::new();
    assert_eq!(session.state(), Autostart::Off);
    session.set(Start::AtLogin);
    assert_eq!(session.state(), Autostart::On);
    session.set(Start::AtLogin);
    assert_eq!(session.state(), Autostart::On);
    session.set(Start::ByHand);
    session.set(Start::ByHand);
    assert_eq!(session.state(), Autostart::Off);
    assert!(!session.file().exists());
}

#[test]
fn the_program_is_started_in_the_tray_only() {
    let session = Session::new();
    session.set(Start::AtLogin);
    let text = fs::read_to_string(session.file()).unwrap();
    assert!(text.lines().any(|line| line.starts_with("Exec=") && line.ends_with(" --hidden")), "{text}");
}

#[test]
fn a_path_with_odd_characters_survives() {
    for odd in ODD {
        let mut session = Session::new();
        session.program = program_in(&session.folder.path().join(odd), "");
        session.set(Start::AtLogin);
        assert_eq!(session.state(), Autostart::On);
        assert_eq!(Entry::read(&session.file()).unwrap().program().as_deref(), session.program.to_str());
    }
}

#[test]
fn desktops_accept_the_entry() {
    for odd in ODD {
        let mut session = Session::new();
        session.program = program_in(&session.folder.path().join(odd), "");
        session.set(Start::AtLogin);
        match Command::new("desktop-file-validate").arg(session.file()).output() {
            Ok(answer) => assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stdout)),
            Err(_) => eprintln!("skipped: no desktop-file-validate"),
        }
    }
}

#[test]
fn desktops_start_a_program_with_an_odd_path() {
    for odd in ODD {
        let mut session = Session::new();
        let told = session.folder.path().join("told");
        let lines =
            format!("printf '%s\\n' \"$0\" \"$@\" >'{0}.new' && mv '{0}.new' '{0}'\n", told.display());
        session.program = program_in(&session.folder.path().join(odd), &lines);
        session.set(Start::AtLogin);
        let Ok(answer) = Command::new("gio").arg("launch").arg(session.file()).output() else {
            eprintln!("skipped: no gio");
            return;
        };
        assert!(answer.status.success(), "{odd}: {}", String::from_utf8_lossy(&answer.stderr));
        let deadline = Instant::now() + Duration::from_secs(20);
        while !told.exists() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        let expected = format!("{}\n--hidden\n", session.program.display());
        assert_eq!(fs::read_to_string(told).unwrap(), expected);
    }
}

#[test]
fn what_a_desktop_s_own_tool_switched_off_is_off_until_somebody_asks_again() {
    for line in ["Hidden=true", "X-GNOME-Autostart-enabled=false", "OnlyShowIn=KDE;", "NotShowIn=XFCE;"] {
        let session = Session::new();
        session.set(Start::AtLogin);
        session.append(line);
        assert_eq!(session.state(), Autostart::Off, "{line}");
        session.set(Start::AtLogin);
        assert_eq!(session.state(), Autostart::On, "{line}");
    }
}

#[test]
fn an_entry_for_another_program_is_broken_and_says_which() {
    let session = Session::new();
    write(&session.file(), "[Desktop Entry]\nType=Application\nExec=\"/opt/old one/deskring\" --hidden\n");
    assert_eq!(session.state(), Autostart::Broken { program: "/opt/old one/deskring".into() });
    write(&session.file(), "[Desktop Entry]\nType=Application\n");
    assert_eq!(session.state(), Autostart::Broken { program: String::new() });
    write(&session.file(), "\u{0}\n=\n[");
    assert_eq!(session.state(), Autostart::Broken { program: String::new() });
    session.set(Start::AtLogin);
    assert_eq!(session.state(), Autostart::On);
}

#[test]
fn a_link_to_the_program_and_its_bare_name_are_the_program() {
    let session = Session::new();
    let link = session.folder.path().join("link");
    std::os::unix::fs::symlink(&session.program, &link).unwrap();
    write(&session.file(), &format!("[Desktop Entry]\nExec={}\n", link.display()));
    assert_eq!(session.state(), Autostart::On);
    write(&session.file(), "[Desktop Entry]\nExec=deskring --hidden\n");
    assert_eq!(session.state(), Autostart::On);
}

#[test]
fn an_entry_for_everybody_counts_and_is_hidden_rather_than_removed() {
    let session = Session::new();
    write(&session.everybody_s(), &format!("[Desktop Entry]\nExec={}\n", session.program.display()));
    assert_eq!(session.state(), Autostart::On);
    session.set(Start::ByHand);
    assert_eq!(session.state(), Autostart::Off);
    assert!(session.everybody_s().exists());
    session.set(Start::AtLogin);
    assert_eq!(session.state(), Autostart::On);
}

#[test]
fn what_a_session_could_not_start_is_refused() {
    let session = Session::new();
    let folder = |name: &str| program_in(&session.folder.path().join(name), "");
    let (with_a_line, unwritable) = (folder("two\nlines"), folder("100%=1"));
    let (relative, deleted) = (Path::new("bin/deskring"), Path::new("/usr/bin/deskring (deleted)"));
    for program in [relative, deleted, &with_a_line, &unwritable] {
        let refused = start_at_login(&session.places, Start::AtLogin, program);
        assert!(matches!(refused, Err(SessionError::UnusableProgram { .. })), "{}", program.display());
    }
    assert!(!session.file().exists());
}

#[test]
fn without_a_home_folder_nothing_is_written_and_nothing_starts() {
    let session = Session::new();
    let nowhere = Places::of(|_| None);
    let refused = start_at_login(&nowhere, Start::AtLogin, &session.program);
    assert!(matches!(refused, Err(SessionError::NoHome)));
    assert!(matches!(start_at_login(&nowhere, Start::ByHand, &session.program), Err(SessionError::NoHome)));
    assert_eq!(starts_at_login(&nowhere, &session.program), Autostart::Off);
}

#[test]
fn a_list_that_cannot_be_written_says_so() {
    let session = Session::new();
    fs::write(session.folder.path().join("config"), "a file where the folder should be").unwrap();
    let refused = start_at_login(&session.places, Start::AtLogin, &session.program).unwrap_err();
    assert_eq!(refused.code(), "autostart_unwritable");
    assert!(refused.to_string().contains("config/autostart"), "{refused}");
}

#[test]
fn a_desktop_without_a_name_starts_it_as_well() {
    let session = Session::of("");
    session.set(Start::AtLogin);
    assert_eq!(session.state(), Autostart::On);
}
