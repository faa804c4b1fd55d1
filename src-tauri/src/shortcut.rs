//! The keys that dial what is selected or copied, in any program. Owns grabbing them and reading the selection; nothing of
//! it is there while no keys are set. Must not decide what is a number.
//!
//! QUIRK(global-hotkey): on X11 it looks for keys twenty times a second, so it is let go when the keys are taken away.

use std::cell::RefCell;

use arboard::Clipboard;
use deskring_engine::view::ShortcutState;
use deskring_engine::{Command, Handle};
use deskring_session::{Places, SessionKind};
use global_hotkey::hotkey::HotKey;
use global_hotkey::{Error, GlobalHotKeyEvent, GlobalHotKeyManager, HotKeyState};
use tauri::AppHandle;

use crate::link::Link;

thread_local! {
    /// On the main thread, which Windows and macOS want; it cannot be carried to another.
    static HELD: RefCell<Option<GlobalHotKeyManager>> = const { RefCell::new(None) };
}

/// Takes these keys instead of those before, and tells the engine what became of it.
pub(crate) fn hold(app: &AppHandle, keys: Option<String>, handle: Handle) {
    let held = app.run_on_main_thread(move || {
        HELD.with_borrow_mut(|held| {
            // Those before are given back first.
            *held = None;
            let state = match keys.as_deref().map(|keys| grab(keys, &handle)) {
                None => ShortcutState::Off,
                Some(Ok(manager)) => {
                    *held = Some(manager);
                    ShortcutState::On
                }
                Some(Err(state)) => state,
            };
            tracing::info!(?state, "shortcut");
            if !handle.try_send(Command::ShortcutIs { state }) {
                tracing::warn!("the engine was not told of the shortcut");
            }
        });
    });
    if held.is_err() {
        tracing::debug!("the app ends");
    }
}

fn grab(keys: &str, handle: &Handle) -> Result<GlobalHotKeyManager, ShortcutState> {
    if Places::of_system().session_kind() == SessionKind::Wayland {
        return Err(ShortcutState::Wayland);
    }
    let keys: HotKey = keys.parse().map_err(|_| ShortcutState::Unusable)?;
    let manager = GlobalHotKeyManager::new().map_err(|_| ShortcutState::Unusable)?;
    manager.register(keys).map_err(|error| match error {
        Error::AlreadyRegistered(_) => ShortcutState::Taken,
        error => {
            tracing::info!(%error, "the keys cannot be taken");
            ShortcutState::Unusable
        }
    })?;
    let handle = handle.clone();
    GlobalHotKeyEvent::set_event_handler(Some(move |event: GlobalHotKeyEvent| {
        // When they are let go: a program that still sees keys held down may keep the selection to itself.
        if event.state == HotKeyState::Released {
            let handle = handle.clone();
            tauri::async_runtime::spawn(async move {
                match tokio::task::spawn_blocking(selected).await {
                    Ok(text) => Link::of_selection(text).dial(handle).await,
                    Err(error) => tracing::warn!(%error, "the selection could not be read"),
                }
            });
        }
    }));
    Ok(manager)
}

/// What is selected, or else copied; empty when there is neither. Asks the program that has it, and waits for that.
pub(crate) fn selected() -> String {
    let text = Clipboard::new().and_then(|mut clipboard| {
        #[cfg(target_os = "linux")]
        {
            use arboard::{GetExtLinux as _, LinuxClipboardKind};
            let selected = clipboard.get().clipboard(LinuxClipboardKind::Primary).text();
            if let Ok(text) = selected
                && !text.trim().is_empty()
            {
                return Ok(text);
            }
        }
        clipboard.get_text()
    });
    text.unwrap_or_default()
}
