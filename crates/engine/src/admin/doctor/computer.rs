//! The computer's part: keychain, notifications, tray, `tel:` links, starting at sign-in.
//!
//! Owns: what each answer of the desktop means for somebody who waits for calls. Must not know: PBX and Desk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use deskring_session::{self as session, Autostart, DoNotDisturb, Notifications, Places, TelHandler};
use deskring_store::{ChainState, Settings};

use super::super::Admin;
use super::{KEYCHAIN_WITHIN, Line, name_of};
use crate::view::Finding;

const ORDER: [&str; 5] = ["keychain", "notifications", "tray", "tel_links", "autostart"];
/// A tray host that is there answers at once.
const TRAY_WITHIN: Duration = Duration::from_millis(1500);

impl Admin {
    pub(super) async fn computer(self: &Arc<Self>, settings: Option<&Settings>) -> Vec<Finding> {
        let mut line = Line::new(&ORDER);
        let asked = self.blocking(|admin| Ok(admin.secrets.chain_state()));
        let (chain, service, quiet, tray) = tokio::join!(
            tokio::time::timeout(KEYCHAIN_WITHIN, asked),
            session::notification_service(),
            session::do_not_disturb(),
            tokio::time::timeout(TRAY_WITHIN, session::has_tray_host()),
        );
        // One that keeps us waiting shows its user a dialog.
        keychain(&mut line, chain.unwrap_or(Ok(ChainState::Locked)).unwrap_or(ChainState::Failed));
        notifications(&mut line, &service, quiet);
        match tray {
            Ok(true) => line.ok("tray", "tray_shown", &[]),
            Ok(false) | Err(_) => line.warn("tray", "tray_not_shown", &[]),
        }
        let asked = tokio::task::spawn_blocking(|| {
            let places = Places::of_system();
            let autostart = tray_app().map(|program| session::starts_at_login(&places, &program));
            (session::default_for_tel(&places), autostart)
        });
        if let Ok((tel, starts)) = asked.await {
            tel_links(&mut line, &tel);
            let wanted = settings.is_some_and(|settings| settings.general.start_at_login);
            autostart(&mut line, starts.as_ref(), wanted);
        }
        line.finish()
    }
}

fn keychain(line: &mut Line, state: ChainState) {
    match state {
        ChainState::Works => line.ok("keychain", "keychain_works", &[]),
        ChainState::Absent => line.warn("keychain", "keychain_absent", &[]),
        ChainState::Locked => line.fail("keychain", "keychain_locked", &[]),
        ChainState::Failed => line.fail("keychain", "keychain_failed", &[]),
    }
}

fn notifications(line: &mut Line, service: &Notifications, quiet: DoNotDisturb) {
    let service = match service {
        Notifications::Absent => return line.fail("notifications", "notifications_absent", &[]),
        Notifications::Native => return line.ok("notifications", "notifications_native", &[]),
        Notifications::Service(service) => service,
    };
    let name = [("name", service.name.as_str())];
    match (quiet, service.has_buttons()) {
        (DoNotDisturb::On, _) => line.warn("notifications", "notifications_held_back", &name),
        (DoNotDisturb::Off | DoNotDisturb::Unknown, true) => {
            line.ok("notifications", "notifications_with_buttons", &name);
        }
        (DoNotDisturb::Off | DoNotDisturb::Unknown, false) => {
            line.warn("notifications", "notifications_without_buttons", &name);
        }
    }
}

fn tel_links(line: &mut Line, handler: &TelHandler) {
    match handler {
        TelHandler::Ours => line.ok("tel_links", "tel_links_ours", &[]),
        TelHandler::Other(program) => {
            line.warn("tel_links", "tel_links_elsewhere", &[("program", program)]);
        }
        TelHandler::None => line.warn("tel_links", "tel_links_nobody", &[]),
        TelHandler::Unknown => line.not_told("tel_links"),
    }
}

fn autostart(line: &mut Line, starts: Option<&Autostart>, wanted: bool) {
    match starts {
        Some(Autostart::On) => line.ok("autostart", "autostart_on", &[]),
        Some(Autostart::Off) if wanted => line.warn("autostart", "autostart_lost", &[]),
        Some(Autostart::Off) => line.ok("autostart", "autostart_off", &[]),
        Some(Autostart::Broken { program }) => {
            line.warn("autostart", "autostart_elsewhere", &[("program", &name_of(Path::new(program)))]);
        }
        None => line.not_told("autostart"),
    }
}

/// The program that a session starts: the tray app, also when a terminal's program asks.
pub(in crate::admin) fn tray_app() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let is_terminal = program.file_stem()?.to_str()?.ends_with("-cli");
    if !is_terminal {
        return Some(program);
    }
    Some(program.with_file_name(format!("deskring{}", std::env::consts::EXE_SUFFIX)))
}

#[cfg(test)]
mod tests {
    use deskring_session::NotificationService;

    use super::*;
    use crate::view::FindingState::{self, Fail, Ok, Warn};

    fn said(say: impl FnOnce(&mut Line)) -> (FindingState, String) {
        let mut line = Line::new(&[]);
        say(&mut line);
        let finding = line.finish().remove(0);
        (finding.state, finding.code)
    }

    #[test]
    fn a_keychain_is_well_waiting_broken_or_not_there() {
        for (chain, state, code) in [
            (ChainState::Works, Ok, "keychain_works"),
            (ChainState::Absent, Warn, "keychain_absent"),
            (ChainState::Locked, Fail, "keychain_locked"),
            (ChainState::Failed, Fail, "keychain_failed"),
        ] {
            assert_eq!(said(|line| keychain(line, chain)), (state, code.to_owned()));
        }
    }

    #[test]
    fn notifications_need_a_service_with_buttons_that_is_not_told_to_be_quiet() {
        let service = |capabilities: &[&str]| {
            Notifications::Service(NotificationService {
                name: "notes".into(),
                vendor: String::new(),
                version: String::new(),
                capabilities: capabilities.iter().map(|capability| (*capability).to_owned()).collect(),
            })
        };
        for (service, quiet, state, code) in [
            (Notifications::Absent, DoNotDisturb::Unknown, Fail, "notifications_absent"),
            (Notifications::Native, DoNotDisturb::Unknown, Ok, "notifications_native"),
            (service(&["actions"]), DoNotDisturb::Off, Ok, "notifications_with_buttons"),
            (service(&["actions"]), DoNotDisturb::Unknown, Ok, "notifications_with_buttons"),
            (service(&["actions"]), DoNotDisturb::On, Warn, "notifications_held_back"),
            (service(&["body"]), DoNotDisturb::Off, Warn, "notifications_without_buttons"),
        ] {
            assert_eq!(said(|line| notifications(line, &service, quiet)), (state, code.to_owned()));
        }
    }

    #[test]
    fn starting_at_sign_in_is_compared_with_what_is_wanted_and_tells_no_folder() {
        for (starts, wanted, state, code) in [
            (Autostart::On, true, Ok, "autostart_on"),
            (Autostart::Off, true, Warn, "autostart_lost"),
            (Autostart::Off, false, Ok, "autostart_off"),
        ] {
            assert_eq!(said(|line| autostart(line, Some(&starts), wanted)), (state, code.to_owned()));
        }
        let mut line = Line::new(&[]);
        autostart(&mut line, Some(&Autostart::Broken { program: "/home/ana/old/deskring".into() }), true);
        let finding = line.finish().remove(0);
        assert_eq!((finding.state, finding.code.as_str()), (Warn, "autostart_elsewhere"));
        assert_eq!(finding.values["program"], "deskring");
    }
}
