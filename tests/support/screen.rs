//! One of our windows in a real web view, driven through WebDriver: pressing, typing and pasting as a person does,
//! waiting for what should come, pictures, and an audit of its accessibility.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{Rig, browser, eventually, program};

/// What of an audit counts: barriers, not matters of taste.
const SERIOUS: [&str; 2] = ["serious", "critical"];

/// Whether there is a display; says so when a test is skipped for want of one.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub fn has_display(test: &str) -> bool {
    let has = std::env::var_os("DISPLAY").is_some();
    if !has {
        eprintln!("skipped: {test}: no display; ./dev test brings one");
    }
    has
}

/// Where pictures are kept for people to look at.
pub fn pictures() -> PathBuf {
    let folder = build_folder().join("screens");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Whether a test needs the one keyboard of the display for itself: only one window has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    Shared,
    Alone,
}

/// A test's turn at the display.
pub struct Turn {
    _shared: Option<RwLockReadGuard<'static, ()>>,
    _alone: Option<RwLockWriteGuard<'static, ()>>,
}

/// Waits for a test's turn at the display; `None` when there is no display.
pub async fn turn(test: &str, keyboard: Keyboard) -> Option<Turn> {
    static DISPLAY: RwLock<()> = RwLock::const_new(());
    if !has_display(test) {
        return None;
    }
    Some(match keyboard {
        Keyboard::Shared => Turn { _shared: Some(DISPLAY.read().await), _alone: None },
        Keyboard::Alone => Turn { _shared: None, _alone: Some(DISPLAY.write().await) },
    })
}

/// What the system of a window is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// `en` or `zh`.
    pub language: &'static str,
    pub theme: Theme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Look {
    pub const ENGLISH: Look = Look { language: "en", theme: Theme::Light };
    pub const CHINESE: Look = Look { language: "zh", theme: Theme::Light };

    pub const fn dark(self) -> Look {
        Look { theme: Theme::Dark, ..self }
    }

    /// As the variables of a process name it.
    pub fn locale(self) -> &'static str {
        if self.language == "zh" { "zh_CN.UTF-8" } else { "en_US.UTF-8" }
    }

    fn name(self) -> String {
        let theme = match self.theme {
            Theme::Light => "",
            Theme::Dark => "-dark",
        };
        format!("{}{theme}", self.language)
    }
}

/// A window that is driven. Dropping it ends the window.
pub struct Screen {
    pub page: Client,
    look: Look,
    _driver: Child,
}

impl Screen {
    /// Opens `panel` or `settings` on a rig's profile; whichever engine runs there is its.
    pub async fn open(rig: &Rig, window: &str, look: Look) -> Screen {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut driver = Command::new("WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("DESKRING_KEYCHAIN", "off")
            .env("BROWSER", browser(rig))
            .envs([("LC_ALL", look.locale()), ("LANG", look.locale())])
            .env_remove("LANGUAGE")
            // The socket inside the profile, where the rig expects it.
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        if look.theme == Theme::Dark {
            driver.env("GTK_THEME", "Adwaita:dark");
        }
        let driver = driver.spawn().unwrap();
        let wanted = json!({ "webkitgtk:browserOptions": {
            "binary": program("deskring"), "args": ["--profile", rig.profile.path(), "--window", window],
        }});
        let page = eventually("a session with the window", async || {
            ClientBuilder::new(HttpConnector::new())
                .capabilities(wanted.as_object().unwrap().clone())
                .connect(&format!("http://127.0.0.1:{port}"))
                .await
                .ok()
        })
        .await;
        let screen = Screen { page, look, _driver: driver };
        screen
            .when(
                "the page has its language",
                "return document.documentElement.lang && document.body.textContent.trim()",
                &[],
            )
            .await;
        screen
    }

    pub async fn close(self) {
        self.page.close().await.unwrap();
    }

    // Asking the page

    /// Runs a script; arguments are `arguments[0]`, …
    pub async fn ask(&self, script: &str, arguments: &[Value]) -> Value {
        match self.page.execute(script, arguments.to_vec()).await {
            Ok(value) => value,
            Err(error) => panic!("{script}: {error}"),
        }
    }

    /// Waits until a script gives something true, and gives it.
    pub async fn when(&self, what: &str, script: &str, arguments: &[Value]) -> Value {
        let found = async {
            eventually(what, async || {
                let value = self.page.execute(script, arguments.to_vec()).await.ok()?;
                let truth = !matches!(&value, Value::Null | Value::Bool(false)) && value != "" && value != 0;
                truth.then_some(value)
            })
            .await
        };
        // What a person would see says more than that it never came.
        match tokio::time::timeout(crate::PATIENCE - std::time::Duration::from_secs(2), found).await {
            Ok(value) => value,
            Err(_) => {
                let picture = self.shoot(&failed()).await;
                panic!(
                    "never: {what}; a picture is {}; the page says: {}",
                    picture.display(),
                    self.content().await.unwrap_or_default()
                )
            }
        }
    }

    /// All text of the page, also where a line is cut off for lack of room.
    pub async fn content(&self) -> Option<String> {
        let content = self.page.execute("return document.body.textContent", Vec::new()).await.ok()?;
        content.as_str().map(str::to_owned)
    }

    /// Waits until something that can be seen has this text, and gives all of it.
    pub async fn sees(&self, css: &str, text: &str) -> String {
        let script = "return [...document.querySelectorAll(arguments[0])].filter((it) => it.checkVisibility()) \
            .map((it) => it.innerText.replaceAll(/[\\u2066-\\u2069]/g, '')).find((it) => it.includes(arguments[1]))";
        let seen = self.when(&format!("{text:?} in {css}"), script, &[json!(css), json!(text)]).await;
        seen.as_str().unwrap().to_owned()
    }

    /// Waits until something can be seen.
    pub async fn shows(&self, css: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])].some((it) => it.checkVisibility())";
        self.when(&format!("{css} to be seen"), script, &[json!(css)]).await;
    }

    /// Waits until nothing of this can be seen.
    pub async fn hides(&self, css: &str) {
        let script =
            "return ![...document.querySelectorAll(arguments[0])].some((it) => it.checkVisibility())";
        self.when(&format!("{css} to be gone"), script, &[json!(css)]).await;
    }

    /// Waits until somebody who types now types there; the window need not be in front.
    pub async fn focuses(&self, css: &str) {
        let script = "return document.activeElement?.matches(arguments[0])";
        self.when(&format!("the focus on {css}"), script, &[json!(css)]).await;
    }

    pub async fn value(&self, css: &str) -> String {
        let value = self.ask("return document.querySelector(arguments[0]).value", &[json!(css)]).await;
        value.as_str().unwrap().to_owned()
    }

    /// Waits until a control has a value.
    pub async fn has(&self, css: &str, value: &str) {
        let script = "return document.querySelector(arguments[0])?.value === arguments[1]";
        self.when(&format!("{css} to be {value:?}"), script, &[json!(css), json!(value)]).await;
    }

    // Acting as a person

    /// Goes to a page of the window by its name in the address, such as `zoho-desk`.
    pub async fn go(&self, page: &str) {
        self.ask("location.hash = arguments[0]", &[json!(page)]).await;
        self.shows(&format!("#page-{page}")).await;
    }

    /// What can be used, in the middle of the window, as somebody who scrolls there sees it.
    async fn reach(&self, css: &str) -> Element {
        let script = "const it = document.querySelector(arguments[0]); \
            if (!it || !it.checkVisibility() || it.matches(':disabled')) return false; \
            it.scrollIntoView({ block: 'center', behavior: 'instant' }); return true";
        self.when(&format!("{css} can be used"), script, &[json!(css)]).await;
        self.page.find(Locator::Css(css)).await.unwrap()
    }

    pub async fn press(&self, css: &str) {
        let element = self.reach(css).await;
        if let Err(error) = element.click().await {
            let picture = self.shoot(&failed()).await;
            panic!("{css} cannot be pressed: {error}; a picture is {}", picture.display());
        }
    }

    /// Types in place of what is there, and goes on to the next field.
    pub async fn fill(&self, css: &str, text: &str) {
        let keys = if text.is_empty() { String::from(char::from(Key::Delete)) } else { text.to_owned() };
        loop {
            let element = self.reach(css).await;
            let select = "const it = document.querySelector(arguments[0]); it.focus(); it.select()";
            self.ask(select, &[json!(css)]).await;
            element.send_keys(&keys).await.unwrap();
            // What was saved a moment before may have been drawn in between, and the selection be gone.
            let value = self.value(css).await;
            if text.is_empty() || value.len() <= text.len() || !value.ends_with(text) {
                break;
            }
        }
        self.leave(css).await;
    }

    /// Pastes in place of what is there, and goes on to the next field.
    pub async fn paste(&self, css: &str, text: &str) {
        self.reach(css).await;
        let script = "const it = document.querySelector(arguments[0]); it.focus(); it.select(); \
            return document.execCommand('insertText', false, arguments[1])";
        assert_eq!(self.ask(script, &[json!(css), json!(text)]).await, true, "{css} takes no paste");
        self.leave(css).await;
    }

    async fn leave(&self, css: &str) {
        self.ask("document.querySelector(arguments[0]).blur()", &[json!(css)]).await;
    }

    pub async fn choose(&self, css: &str, value: &str) {
        let script = "return [...document.querySelector(arguments[0]).options].some((it) => it.value === arguments[1])";
        self.when(&format!("{value} among those of {css}"), script, &[json!(css), json!(value)]).await;
        // A list that is being loaded again just now cannot be used for a moment.
        eventually(&format!("{value} can be chosen in {css}"), async || {
            self.reach(css).await.select_by_value(value).await.ok()
        })
        .await;
    }

    pub async fn keys(&self, keys: &str) {
        self.page.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    // Looking

    /// Keeps a picture of the window as `target/screens/NAME-LANGUAGE.png`, for people to look at.
    pub async fn shoot(&self, name: &str) -> PathBuf {
        let path = pictures().join(format!("{name}-{}.png", self.look.name()));
        // What has just changed is drawn with the next frame.
        let drawn =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        self.page.execute_async(drawn, Vec::new()).await.unwrap();
        std::fs::write(&path, self.page.screenshot().await.unwrap()).unwrap();
        path
    }

    /// Barriers that axe-core finds on what is shown now, as lines to be read.
    pub async fn audit(&self) -> Vec<String> {
        let file = build_folder().join("tools/axe.min.js");
        let Ok(engine) = std::fs::read_to_string(&file) else {
            panic!("{} is not there: run ./dev test, which fetches it", file.display())
        };
        if self.ask("return typeof axe", &[]).await == "undefined" {
            self.ask(&format!("{engine}; window.axe = axe"), &[]).await;
        }
        let script = "const [serious, done] = arguments; \
            axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations \
            .filter((it) => serious.includes(it.impact)).flatMap((it) => it.nodes.map((node) => \
            `${it.impact} ${it.id}: ${node.target.join(' ')}: ${node.failureSummary}`))), (error) => done([String(error)]))";
        let found = self.page.execute_async(script, vec![json!(SERIOUS)]).await.unwrap();
        found.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }
}

/// A picture of its own for each test that fails.
fn failed() -> String {
    format!("failed-{}", std::thread::current().name().unwrap_or("test"))
}

/// `target`, or wherever cargo builds.
fn build_folder() -> PathBuf {
    program("deskring").parent().and_then(Path::parent).unwrap().to_owned()
}
