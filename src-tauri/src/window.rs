//! The window process: one web view that draws what the running engine says. Owns the commands every page may use;
//! those of the settings are in [`settings`]. Must not hold any state of a call: it ends whenever a person closes it.

mod settings;

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deskring_engine::admin::Fault;
use deskring_engine::{AppView, Command, Paths, Window, assist};
use deskring_local_api::{Client, ClientError};
use deskring_wording::{Language, Part};
use serde::Serialize;
use tauri::{AppHandle, Emitter as _, Manager as _, State, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::phrases::clean;
use crate::{built, context};

/// A page that has not said it is ready by then is shown as it is.
const READY: Duration = Duration::from_secs(5);
/// No list of windows shows more.
const LONGEST_TITLE: usize = 120;
/// An engine that has gone is looked for this often.
const AGAIN: Duration = Duration::from_millis(700);

/// What the page shows.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
enum Stage {
    /// Not connected yet.
    Waiting,
    /// The engine's view.
    Connected { view: Box<AppView> },
    /// No engine.
    Gone,
    /// An engine that speaks otherwise.
    OtherVersion,
}

struct Shared {
    window: Window,
    paths: Paths,
    logs: Option<PathBuf>,
    stage: Mutex<Stage>,
    language: Mutex<Language>,
}

#[derive(Serialize)]
struct Catalog {
    language: &'static str,
    catalog: String,
}

/// Shows a window until it is closed. With `follow_stdin` the end of stdin closes it too.
pub(crate) fn run(
    window: Window,
    paths: Paths,
    logs: Option<PathBuf>,
    language: &str,
    follow_stdin: bool,
) -> anyhow::Result<()> {
    let language = Mutex::new(Language::of_choice(language));
    let shared = Shared { window, paths, logs, stage: Mutex::new(Stage::Waiting), language };
    let builder = tauri::Builder::default().manage(shared).setup(move |app| {
        let window = open(app.handle(), window)?;
        tauri::async_runtime::spawn(appear_anyway(window.clone()));
        if follow_stdin {
            std::thread::Builder::new().name("orders".into()).spawn(move || follow_orders(&window))?;
        }
        tauri::async_runtime::spawn(follow_engine(app.handle().clone()));
        Ok(())
    });
    // A page can ask only what its window is for.
    let builder = match window {
        Window::Panel => builder.invoke_handler(tauri::generate_handler![
            words, stage, command, assist, title, ready, present, close
        ]),
        Window::Settings => builder.invoke_handler(tauri::generate_handler![
            words,
            stage,
            command,
            ready,
            close,
            settings::want,
            settings::open_external,
            settings::save_file,
            settings::open_folder,
            settings::about
        ]),
    };
    built(|| builder.build(context()))?.run_return(|_, _| {});
    Ok(())
}

fn open(app: &AppHandle, window: Window) -> tauri::Result<WebviewWindow> {
    let (label, page, size, least) = match window {
        Window::Panel => ("panel", "panel.html", (380.0, 560.0), (320.0, 400.0)),
        Window::Settings => ("settings", "settings.html", (900.0, 680.0), (560.0, 480.0)),
    };
    WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        .title("Deskring")
        .inner_size(size.0, size.1)
        .min_inner_size(least.0, least.1)
        // The panel may come up during a call; a person who asks for the settings wants to type.
        .focused(window == Window::Settings)
        // An empty frame tells nobody anything: it appears with its content.
        .visible(false)
        .build()
}

/// Each line of the tray process brings the window to the front; its end closes it.
fn follow_orders(window: &WebviewWindow) {
    for _order in std::io::stdin().lock().lines().map_while(Result::ok) {
        let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        match shown {
            // Told to the tray process, which opens another window when this one was closing.
            Ok(()) => drop(writeln!(std::io::stdout(), "presented")),
            Err(error) => tracing::debug!(%error, "the window could not be brought to the front"),
        }
    }
    window.app_handle().exit(0);
}

/// Hands every view to the page, and looks for the engine while there is none.
async fn follow_engine(app: AppHandle) {
    loop {
        let connected = match Client::connect(&app.state::<Shared>().paths).await {
            Ok(client) => client.watch().await,
            Err(error) => Err(error),
        };
        match connected {
            Ok(mut views) => {
                while let Some(view) = views.next().await {
                    speak(&app, Language::of_choice(&view.language));
                    show(&app, Stage::Connected { view: Box::new(view) });
                }
                show(&app, Stage::Gone);
            }
            Err(ClientError::OtherVersion { .. }) => show(&app, Stage::OtherVersion),
            Err(error) => {
                tracing::debug!(%error, "no engine");
                show(&app, Stage::Gone);
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn show(app: &AppHandle, stage: Stage) {
    *app.state::<Shared>().stage.lock().unwrap_or_else(PoisonError::into_inner) = stage.clone();
    if let Err(error) = app.emit("stage", stage) {
        tracing::debug!(%error, "the page was not told");
    }
}

fn speak(app: &AppHandle, language: Language) {
    let shared = app.state::<Shared>();
    let mut spoken = shared.language.lock().unwrap_or_else(PoisonError::into_inner);
    if *spoken != language {
        *spoken = language;
        if let Err(error) = app.emit("language", ()) {
            tracing::debug!(%error, "the page was not told");
        }
    }
}

/// The first thing that a page asks: its styles are there by now, and putting a window on the screen takes longer than
/// drawing the page. So the small window comes up with its content; the settings wait until they have theirs.
#[tauri::command]
fn words(window: WebviewWindow, shared: State<'_, Shared>) -> Catalog {
    if shared.window == Window::Panel {
        appear(&window);
    }
    let language = *shared.language.lock().unwrap_or_else(PoisonError::into_inner);
    let parts: &[Part] = match shared.window {
        Window::Panel => &[Part::Shared, Part::Panel],
        Window::Settings => &[Part::Shared, Part::Settings, Part::Doctor, Part::Lab],
    };
    let catalog = parts.iter().map(|part| language.catalog(*part)).collect::<Vec<_>>().join("\n");
    Catalog { language: language.tag(), catalog }
}

#[tauri::command]
fn stage(shared: State<'_, Shared>) -> Stage {
    shared.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Fails with the code of a cause.
#[tauri::command]
async fn command(shared: State<'_, Shared>, command: Command) -> Result<(), String> {
    let sent = async { Client::connect(&shared.paths).await?.command(command).await };
    sent.await.map_err(|error| settings::fault(error).code)
}

/// Asks the engine about calls and customers.
#[tauri::command]
async fn assist(shared: State<'_, Shared>, request: assist::Want) -> Result<assist::Answer, Fault> {
    let asked = async { Client::connect(&shared.paths).await?.assist(request).await };
    asked.await.map_err(settings::fault)
}

/// What the window is called in the list of windows.
#[tauri::command]
fn title(window: WebviewWindow, text: String) {
    if let Err(error) = window.set_title(&clean(&text, LONGEST_TITLE)) {
        tracing::debug!(%error, "the window could not be renamed");
    }
}

#[tauri::command]
fn ready(window: WebviewWindow) {
    appear(&window);
}

async fn appear_anyway(window: WebviewWindow) {
    tokio::time::sleep(READY).await;
    appear(&window);
}

fn appear(window: &WebviewWindow) {
    if let Err(error) = window.show() {
        tracing::debug!(%error, "the window could not be shown");
    }
}

/// Somebody asked for it in the tray menu, and wants to type.
#[tauri::command]
fn present(window: WebviewWindow) {
    if let Err(error) = window.show().and_then(|()| window.set_focus()) {
        tracing::debug!(%error, "the window could not be brought to the front");
    }
}

#[tauri::command]
fn close(window: WebviewWindow) {
    if let Err(error) = window.close() {
        tracing::debug!(%error, "the window had closed");
    }
}
