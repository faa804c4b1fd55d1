//! What the settings page may ask of its process beside what every page may. The engine does the work; here is only
//! what needs this person's desktop: browser, clipboard, folders.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use deskring_engine::admin::{Answer, Fault, Want};
use deskring_engine::view::SignInView;
use deskring_local_api::{Client, ClientError};
use directories::UserDirs;
use serde::{Deserialize, Serialize};
use tauri::State;

use super::Shared;

/// Where help texts point to: Zoho's API console in each of its data centers, and the two makers' pages. Nothing else
/// is opened from here.
const KNOWN_HOSTS: [&str; 12] = [
    "api-console.zoho.com",
    "api-console.zoho.eu",
    "api-console.zoho.in",
    "api-console.zoho.com.au",
    "api-console.zoho.jp",
    "api-console.zoho.com.cn",
    "api-console.zohocloud.ca",
    "api-console.zoho.sa",
    "api-console.zoho.sg",
    "api-console.zoho.ae",
    "help.yeastar.com",
    "www.zoho.com",
];
/// No exported settings come near this.
const LONGEST_FILE: usize = 1024 * 1024;

#[derive(Serialize)]
pub(super) struct About {
    version: &'static str,
    logs: Option<PathBuf>,
    profile: PathBuf,
    desktop: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Folder {
    Logs,
    Profile,
}

/// Asks the engine.
#[tauri::command]
pub(super) async fn want(shared: State<'_, Shared>, request: Want) -> Result<Answer, Fault> {
    let asked = async { Client::connect(&shared.paths).await?.set_up(request).await };
    asked.await.map_err(fault)
}

/// Opens a page of those known, or the one to sign in at, which the engine itself names.
#[tauri::command]
pub(super) async fn open_external(shared: State<'_, Shared>, address: String) -> Result<(), Fault> {
    if !is_known(&address) && !is_sign_in(&shared, &address).await {
        tracing::warn!("the page asked for an address that is none of its business");
        return Err(Fault::new("address_refused"));
    }
    open(&address).await
}

/// Writes a new file into the person's downloads and says where it is. An existing file is never replaced.
#[tauri::command]
pub(super) fn save_file(name: String, text: String) -> Result<String, Fault> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if text.len() > LONGEST_FILE || !name.chars().all(plain) || name.starts_with('.') {
        return Err(Fault::new("not_saved"));
    }
    let folder = UserDirs::new().and_then(|user| {
        let downloads = user.download_dir().filter(|folder| folder.is_dir()).map(Path::to_owned);
        downloads.or_else(|| Some(user.home_dir().to_owned()))
    });
    let folder = folder.ok_or_else(|| Fault::new("not_saved"))?;
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, "txt"));
    for number in 1..100 {
        let numbered = if number == 1 { name.clone() } else { format!("{stem}-{number}.{ending}") };
        let path = folder.join(numbered);
        match std::fs::File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).map_err(|error| not_saved(&error))?;
                return Ok(path.display().to_string());
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(not_saved(&error)),
        }
    }
    Err(Fault::new("not_saved"))
}

fn not_saved(error: &std::io::Error) -> Fault {
    Fault { code: "not_saved".into(), detail: Some(error.to_string()) }
}

/// Shows one of our folders in the system's file browser.
#[tauri::command]
pub(super) async fn open_folder(shared: State<'_, Shared>, which: Folder) -> Result<(), Fault> {
    let folder = match which {
        Folder::Logs => shared.logs.clone().ok_or_else(|| Fault::new("not_found"))?,
        Folder::Profile => shared.paths.profile.clone(),
    };
    let opened = tokio::task::spawn_blocking(move || open::that_detached(folder)).await;
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Fault { code: "not_opened".into(), detail: Some(error.to_string()) }),
        Err(_) => Err(Fault::new("not_opened")),
    }
}

/// What this program is and where it keeps things.
#[tauri::command]
pub(super) fn about(shared: State<'_, Shared>) -> About {
    About {
        version: env!("CARGO_PKG_VERSION"),
        logs: shared.logs.clone(),
        profile: shared.paths.profile.clone(),
        desktop: deskring_session::Places::of_system().desktop_name(),
    }
}

/// What the page is told when the engine did not do something.
pub(super) fn fault(error: ClientError) -> Fault {
    match error {
        ClientError::NotRunning => Fault::new("not_running"),
        ClientError::Refused(fault) => fault,
        ClientError::Unreachable(error) => Fault { code: "other".into(), detail: Some(error.to_string()) },
        ClientError::OtherVersion { version } => Fault { code: "other".into(), detail: Some(version) },
    }
}

fn is_known(address: &str) -> bool {
    tauri::Url::parse(address).is_ok_and(|url| {
        let plain = url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        plain && url.host_str().is_some_and(|host| KNOWN_HOSTS.contains(&host))
    })
}

async fn is_sign_in(shared: &Shared, address: &str) -> bool {
    let view = async { Client::connect(&shared.paths).await?.view().await };
    let Ok(view) = view.await else { return false };
    matches!(view.sign_in, Some(SignInView::Waiting { address: known, .. }) if known == address)
}

async fn open(address: &str) -> Result<(), Fault> {
    let address = address.to_owned();
    let opened = tokio::task::spawn_blocking(move || webbrowser::open(&address)).await;
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the browser could not be started");
            Err(Fault::new("browser_failed"))
        }
        Err(_) => Err(Fault::new("browser_failed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_two_makers_are_opened() {
        for known in [
            "https://api-console.zoho.com/",
            "https://api-console.zoho.com.cn/",
            "https://api-console.zohocloud.ca/",
            "https://help.yeastar.com/zh-cn/",
        ] {
            assert!(is_known(known), "{known}");
        }
        for other in [
            "https://api-console.zoho.evil.example/",
            "https://api-console.zoho.com.evil.example/",
            "https://api-console.zoho.com@evil.example/",
            "http://api-console.zoho.com/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://help.yeastar.com.evil.example/",
            "https://somebody@help.yeastar.com/",
            "https://help.yeastar.com:8443/",
        ] {
            assert!(!is_known(other), "{other}");
        }
    }
}
