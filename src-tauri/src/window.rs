//! The window process: one web view that draws what the running engine says. Owns the commands the page may
//! use. Must not hold any state of a call: it ends whenever a person closes it.

use std::io::{BufRead as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deskring_engine::{AppView, Command, Paths};
use deskring_local_api::{Client, ClientError};
use deskring_wording::Language;
use serde::Serialize;
use tauri::{AppHandle, Emitter as _, Manager as _, State, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::{built, context};

const LABEL: &str = "panel";
/// A page that has not said it is ready by then is shown as it is.
const READY: Duration = Duration::from_secs(5);
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
    paths: Paths,
    stage: Mutex<Stage>,
}

#[derive(Serialize)]
struct Catalog {
    language: &'static str,
    catalog: &'static str,
}

/// Shows the panel until it is closed. With `follow_stdin` the end of stdin closes it too.
pub(crate) fn run(paths: Paths, follow_stdin: bool) -> anyhow::Result<()> {
    let shared = Shared { paths, stage: Mutex::new(Stage::Waiting) };
    let builder = tauri::Builder::default()
        .manage(shared)
        .invoke_handler(tauri::generate_handler![words, stage, command, ready, close])
        .setup(move |app| {
            let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("panel.html".into()))
                .title("Deskring")
                .inner_size(380.0, 560.0)
                .min_inner_size(320.0, 400.0)
                .focused(false)
                // An empty frame tells nobody anything: it appears with its content.
                .visible(false)
                .build()?;
            tauri::async_runtime::spawn(appear_anyway(window.clone()));
            if follow_stdin {
                std::thread::Builder::new().name("orders".into()).spawn(move || follow_orders(&window))?;
            }
            tauri::async_runtime::spawn(follow_engine(app.handle().clone()));
            Ok(())
        });
    built(|| builder.build(context()))?.run_return(|_, _| {});
    Ok(())
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

#[tauri::command]
fn words() -> Catalog {
    let language = Language::of_system();
    Catalog { language: language.tag(), catalog: language.catalog() }
}

#[tauri::command]
fn stage(shared: State<'_, Shared>) -> Stage {
    shared.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Fails with the code of a cause.
#[tauri::command]
async fn command(shared: State<'_, Shared>, command: Command) -> Result<(), String> {
    let sent = async { Client::connect(&shared.paths).await?.command(command).await };
    sent.await.map_err(|error| match error {
        ClientError::NotRunning => "not_running".to_owned(),
        ClientError::Refused(code) => code,
        ClientError::Unreachable(_) | ClientError::OtherVersion { .. } => "other".to_owned(),
    })
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

#[tauri::command]
fn close(window: WebviewWindow) {
    if let Err(error) = window.close() {
        tracing::debug!(%error, "the window had closed");
    }
}
