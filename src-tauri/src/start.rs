//! The tray process from start to end: one engine on one runtime on a thread of its own, the tray on the main
//! thread, and a clean end for both.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use deskring_engine::view::{LinkState, ShortcutState};
use deskring_engine::{AppView, Command, Engine, Handle, Paths, StartError, Window, assist};
use deskring_local_api::{Client, ClientError, Server};
use tauri::{AppHandle, Manager as _, RunEvent};
use tokio::sync::{Notify, mpsc};

use crate::desktop::TrayDesktop;
use crate::link::Link;
use crate::notice::{Deed, Notices, Press};
use crate::opener::{self, Opener, Requests};
use crate::spoken::Spoken;
use crate::tray::{self, Act, Drawn, Face};
use crate::{built, context, shortcut};

/// An engine that does not end within this time is left behind.
const END: Duration = Duration::from_millis(1000);
/// A Deskring that has just been started opens its door within this time.
const HAND_OVER: Duration = Duration::from_secs(3);

/// Runs until somebody quits. With a link, its number is called: by the Deskring that runs already, or by this one.
pub(crate) fn run(began: Instant, paths: Paths, hidden: bool, link: Option<Link>) -> anyhow::Result<()> {
    // The settings' language is known when they have been read; until then, the system's.
    let spoken = Spoken::of_choice("system");
    let (notices, presses) =
        Notices::start(paths.runtime.join("notice.png")).context("no thread for notifications")?;
    let (opener, requests) = opener::opener();
    let program = std::env::current_exe().context("this program's own file")?;
    let desktop = TrayDesktop {
        program: program.clone(),
        profile: paths.profile.clone(),
        spoken: spoken.clone(),
        notices: notices.clone(),
        opener: opener.clone(),
    };
    let engine = match Engine::prepare(paths.clone(), Arc::new(desktop)) {
        Ok(engine) => engine,
        Err(StartError::Running { .. }) if hidden && link.is_none() => return Ok(()),
        Err(running @ StartError::Running { .. }) => return hand_over(&paths, link).context(running),
        Err(error) => {
            let words = spoken.words();
            let body = words.with("notice-settings-body", &[("detail", error.to_string().into())]);
            notices.say(words.text("notice-settings-title"), body);
            notices.end();
            return Err(error.into());
        }
    };
    let quit = Arc::new(Notify::new());
    let handle = engine.handle();
    spoken.speak(&handle.view().borrow().language);
    if !hidden && is_new(&handle.view().borrow()) {
        opener.show(Window::Settings);
    }
    #[cfg(target_os = "macos")]
    let for_links = handle.clone();
    let desk = Counter {
        handle: handle.clone(),
        opener: opener.clone(),
        notices: notices.clone(),
        spoken: spoken.clone(),
    };
    let parts = Parts {
        program,
        paths,
        notices,
        presses,
        opener: opener.clone(),
        requests,
        spoken,
        quit: quit.clone(),
        link,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Otherwise Tauri starts a second one, with a thread for each core.
    tauri::async_runtime::set(runtime.handle().clone());
    let builder = tauri::Builder::default()
        .on_menu_event({
            move |_, event| match Act::of_id(event.id().as_ref()) {
                Some(act) => perform(act, &desk, &quit),
                None => tracing::debug!("a menu item of an earlier version"),
            }
        })
        .setup(move |app| {
            let first = tray::face(&handle.view().borrow(), &parts.spoken.words(), &tray::time_of_day);
            let icons = parts.paths.runtime.join("tray");
            app.manage(Mutex::new(tray::build(app.handle(), &first, &icons)?));
            tracing::info!(ms = began.elapsed().as_millis(), "tray ready");
            let app = app.handle().clone();
            std::thread::Builder::new().name("engine".into()).spawn(move || {
                let _end = EndsApp(app.clone());
                parts.run(&runtime, engine, &app, first);
                // A dialog of the keychain may hold a thread for as long as it is open.
                runtime.shutdown_background();
            })?;
            Ok(())
        });
    built(|| builder.build(context()))?.run_return(move |_, event| match event {
        // Closing a last window ends an app by default; only the menu and signals end this one.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        // There a link never comes on the command line.
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            let urls: Vec<_> = urls.iter().map(|url| url.as_str().into()).collect();
            if let Some(link) = crate::link::one_of(&urls) {
                tauri::async_runtime::spawn(link.dial(for_links.clone()));
            }
        }
        _ => {}
    });
    tracing::info!("ended");
    Ok(())
}

/// Nothing has been set up: the first start.
fn is_new(view: &AppView) -> bool {
    view.pbx.state == LinkState::NotSetUp && view.desk.state == LinkState::NotSetUp
}

/// Without its engine the tray would show something that is not so.
struct EndsApp(AppHandle);

impl Drop for EndsApp {
    fn drop(&mut self) {
        self.0.exit(0);
    }
}

/// Where a press of the menu goes.
struct Counter {
    handle: Handle,
    opener: Opener,
    notices: Notices,
    spoken: Spoken,
}

impl Counter {
    /// Asks for something that takes a while; what goes wrong is said in a notice.
    fn ask(&self, want: assist::Want) {
        let (handle, notices, spoken) = (self.handle.clone(), self.notices.clone(), self.spoken.clone());
        tauri::async_runtime::spawn(async move {
            if let Err(fault) = handle.assist(want).await {
                tracing::info!(code = fault.code, "a press of the menu did nothing");
                let words = spoken.words();
                let cause = words.of_code("cause", &fault.code, &[]);
                notices.say(words.text("notice-failed"), cause);
            }
        });
    }
}

fn perform(act: Act, counter: &Counter, quit: &Notify) {
    let Counter { handle, opener, .. } = counter;
    let command = match act {
        Act::Show => return opener.show(Window::Panel),
        Act::Settings => return opener.show(Window::Settings),
        Act::Quit => return quit.notify_one(),
        Act::Ticket { call } => return counter.ask(assist::Want::OpenTicket { call }),
        Act::CallBack { call, extension } => {
            return counter.ask(assist::Want::CallBack { call, extension });
        }
        Act::Create { call, extension } => {
            opener.show(Window::Panel);
            Command::BeginForm { call, extension, kind: None }
        }
        Act::Continue { key } => {
            opener.show(Window::Panel);
            Command::ContinueForm { key }
        }
        Act::Do { call, extension, act } => {
            return counter.ask(assist::Want::Act { call, extension, act, number: None });
        }
        Act::Type => Command::TypeNumber,
        Act::Dial { id } => Command::ConfirmDial { id },
        Act::Dismiss { id } => Command::DismissDial { id },
        Act::Open { call } => Command::Open { call: Some(call) },
        Act::Choose { call, kind, id } => Command::Choose { call, kind, id },
        Act::Pause { minutes } => Command::Pause { minutes },
        Act::Resume => Command::Resume,
    };
    send(handle, command);
}

fn send(handle: &Handle, command: Command) {
    if !handle.try_send(command) {
        tracing::warn!("the engine did not take a command");
    }
}

/// What the engine's thread needs.
struct Parts {
    program: PathBuf,
    paths: Paths,
    notices: Notices,
    presses: mpsc::UnboundedReceiver<Press>,
    opener: Opener,
    requests: Requests,
    spoken: Spoken,
    quit: Arc<Notify>,
    link: Option<Link>,
}

impl Parts {
    fn run(self, runtime: &tokio::runtime::Runtime, engine: Engine, app: &AppHandle, first: Face) {
        let notices = self.notices.clone();
        runtime.block_on(self.serve(engine, app, first));
        notices.end();
    }

    async fn serve(self, engine: Engine, app: &AppHandle, first: Face) {
        let handle = engine.handle();
        let server = match Server::start(handle.clone(), &self.paths) {
            Ok(server) => Some(server),
            Err(error) => {
                tracing::error!(%error, "no local socket: no window and no command line");
                None
            }
        };
        let wake = handle.clone();
        tokio::spawn(deskring_session::woke_up(move || send(&wake, Command::Wake)));
        tokio::spawn(follow(app.clone(), handle.clone(), self.spoken.clone(), first));
        let counter = Counter {
            handle: handle.clone(),
            opener: self.opener,
            notices: self.notices.clone(),
            spoken: self.spoken.clone(),
        };
        tokio::spawn(forward(self.presses, counter));
        tokio::spawn(mention_missing_tray(self.notices.clone(), self.spoken.clone()));
        if let Some(link) = self.link {
            tokio::spawn(link.dial(handle.clone()));
        }
        let end = Arc::new(Notify::new());
        let windows = tokio::spawn({
            let (end, paths, views) = (end.clone(), self.paths.clone(), handle.view());
            async move { opener::serve(self.requests, &self.program, &paths, views, end.notified()).await }
        });
        let stop = async {
            tokio::select! {
                () = self.quit.notified() => {}
                () = told_to_end() => {}
            }
            handle.stop().await;
            tokio::time::sleep(END).await;
        };
        tokio::select! {
            _ = engine.run() => {}
            () = stop => tracing::warn!("the engine did not end in time"),
        }
        end.notify_one();
        if let Err(error) = windows.await {
            tracing::debug!(%error, "the window's keeper had ended");
        }
        drop(server);
    }
}

/// Draws each view that changes something.
async fn follow(app: AppHandle, handle: Handle, spoken: Spoken, first: Face) {
    let (mut views, mut keys) = (handle.view(), None);
    let mut last = first;
    loop {
        let view = views.borrow_and_update().clone();
        spoken.speak(&view.language);
        if view.shortcut.state == ShortcutState::Waiting && keys.as_ref() != Some(&view.shortcut.keys) {
            keys = Some(view.shortcut.keys.clone());
            shortcut::hold(&app, view.shortcut.keys.clone(), handle.clone());
        }
        let face = tray::face(&view, &spoken.words(), &tray::time_of_day);
        if face != last {
            last = face.clone();
            let main = app.clone();
            let drawn = app.run_on_main_thread(move || {
                let drawn = main.state::<Mutex<Drawn>>();
                let shown = drawn.lock().unwrap_or_else(PoisonError::into_inner).show(&main, &face);
                if let Err(error) = shown {
                    tracing::error!(%error, "the tray could not be drawn");
                }
            });
            if drawn.is_err() {
                return;
            }
        }
        if views.changed().await.is_err() {
            return;
        }
    }
}

/// A notice's button is the Helpdesk button, or leads to the window.
async fn forward(mut presses: mpsc::UnboundedReceiver<Press>, counter: Counter) {
    let Counter { handle, opener, .. } = &counter;
    while let Some(Press { call, deed }) = presses.recv().await {
        let call = call.as_str().to_owned();
        let command = match deed {
            Deed::Open => Command::Open { call: Some(call) },
            Deed::Create => {
                let extension = extension_of(handle, &call);
                opener.show(Window::Panel);
                Command::BeginForm { call, extension, kind: None }
            }
            Deed::Show => {
                opener.show(Window::Panel);
                continue;
            }
            Deed::Decline | Deed::HangUp => {
                let act = if deed == Deed::Decline { "decline" } else { "hang_up" };
                let extension = extension_of(handle, &call);
                counter.ask(assist::Want::Act { call, extension, act: act.into(), number: None });
                continue;
            }
        };
        if !handle.send(command).await {
            return;
        }
    }
}

/// Which of my extensions has a call.
fn extension_of(handle: &Handle, call: &str) -> String {
    let view = handle.view();
    let view = view.borrow();
    view.calls.iter().find(|known| known.call == call).map(|it| it.extension.clone()).unwrap_or_default()
}

async fn mention_missing_tray(notices: Notices, spoken: Spoken) {
    if deskring_session::has_tray_host().await {
        return;
    }
    tracing::warn!("this desktop shows no tray icons; start Deskring again to see its window");
    let words = spoken.words();
    notices.say(words.text("notice-no-tray-title"), words.text("notice-no-tray-body"));
}

#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// A second start brings the first its link, or asks it for its window.
fn hand_over(paths: &Paths, link: Option<Link>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let deadline = tokio::time::Instant::now() + HAND_OVER;
        loop {
            match Client::connect(paths).await {
                Ok(mut client) => match link {
                    Some(link) => return Ok(link.hand_over(&mut client).await?),
                    None => return Ok(client.command(Command::Show { window: Window::Panel }).await?),
                },
                Err(ClientError::NotRunning) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => return Err(anyhow!(error)),
            }
        }
    })
}
