//! The browser extension in real Chromium, on pages that imitate Desk: what gets a button, what a page may do to its
//! nodes, and that only a person's press hands a number over, as a link or to the app. What is opened as a link ends at
//! an `xdg-open` of ours, which the browser finds first; the app's host is a script that writes down what it is asked.
//!
//! Needs `chromium` and `chromedriver`; without them every test says so and passes. No display is needed.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use e2e::chromium::{Chromium, EXTENSION_ID, extension, has_chromium, root};
use e2e::{eventually, until};
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Mutex, MutexGuard};

/// Browsers are heavy: one after the other.
static TURN: Mutex<()> = Mutex::const_new(());

struct Browser {
    page: Client,
    pages: String,
    folder: TempDir,
    chromium: Chromium,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    /// With the extension, for a country; `None` when there is no browser.
    async fn open(country: &str) -> Option<Browser> {
        if !has_chromium("the extension") {
            return None;
        }
        let turn = TURN.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let pages = serve_pages().await;
        program(&folder.path().join("bin/xdg-open"), "echo \"$1\" >>\"$(dirname \"$0\")/../opened\"");
        let mut arguments = extension(folder.path());
        arguments.extend(["--headless=new", "--lang=en", "--window-size=1100,1000"].map(str::to_owned));
        let path = std::env::var("PATH").unwrap();
        let chromium =
            Chromium::open(&folder.path().join("profile"), &arguments, (&pages, &["tel"]), |driver| {
                driver.env("PATH", format!("{}:{path}", folder.path().join("bin").display()));
                driver.env("LANGUAGE", "en");
            })
            .await;
        let browser = Browser { page: chromium.page.clone(), chromium, pages, folder, _turn: turn };
        browser.keep(json!({ "country": country })).await;
        Some(browser)
    }

    /// Changes what the extension keeps, as its settings page does.
    async fn keep(&self, changes: Value) {
        self.chromium.keep(changes).await;
    }

    async fn go(&self, page: &str) {
        self.page.goto(&format!("{}/{page}", self.pages)).await.unwrap();
    }

    async fn ask(&self, script: &str) -> Value {
        self.page.execute(&format!("return {script}"), Vec::new()).await.unwrap()
    }

    async fn when(&self, script: &str) {
        eventually(script, async || (self.ask(script).await == json!(true)).then_some(())).await;
    }

    async fn host(&self, place: &str) -> Element {
        self.page.find(Locator::Css(&format!("{place} deskring-call"))).await.unwrap()
    }

    async fn press(&self, place: &str) {
        self.host(place).await.click().await.unwrap();
    }

    fn written(&self, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// An app's host that writes down what it is asked and answers this.
    fn answer(&self, answer: &Value) {
        let text = answer.to_string();
        let host = self.folder.path().join("host");
        // Four bytes of length come first, both ways.
        let lines = format!(
            "dd bs=65536 count=1 2>/dev/null | tail -c +5 >>\"$(dirname \"$0\")/asked\"\n\
             echo >>\"$(dirname \"$0\")/asked\"\nprintf '\\{:03o}\\000\\000\\000%s' '{text}'",
            text.len()
        );
        program(&host, &lines);
        let manifest = json!({ "name": "com.deskring.host", "description": "Deskring", "path": host,
            "type": "stdio", "allowed_origins": [format!("chrome-extension://{EXTENSION_ID}/")] });
        let hosts = self.folder.path().join("profile/NativeMessagingHosts");
        std::fs::create_dir_all(&hosts).unwrap();
        std::fs::write(hosts.join("com.deskring.host.json"), manifest.to_string()).unwrap();
    }
}

fn program(path: &Path, lines: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Serves the test pages; gives their origin.
async fn serve_pages() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    request.push(byte);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let name = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
                let page = std::fs::read(root().join("extension/tests/pages").join(name)).unwrap_or_default();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    page.len()
                );
                let _ = stream.write_all(&[head.as_bytes(), page.as_slice()].concat()).await;
            });
        }
    });
    origin
}

#[tokio::test]
async fn numbers_get_a_button_and_nothing_else_does() {
    let Some(browser) = Browser::open("GB").await else { return };
    browser.go("texts.html").await;
    browser.ask("defineLate()").await;
    eventually("each place has its buttons", async || {
        let wrong = browser.ask("check()").await;
        (wrong == json!([])).then_some(())
    })
    .await;

    let button = browser.host("#two").await.shadow_root().await.unwrap();
    let button = button.find(Locator::Css("button")).await.unwrap();
    let label = button.attr("aria-label").await.unwrap();
    assert_eq!(label.as_deref(), Some("Call +1 212 555 0123, extension 45"));
    let inside = browser.ask("document.querySelector('#two deskring-call').shadowRoot").await;
    assert_eq!(inside, Value::Null, "a page does not look in");
    browser.page.close().await.unwrap();
}

#[tokio::test]
async fn what_becomes_an_editor_gets_its_text_back_at_once() {
    let Some(browser) = Browser::open("GB").await else { return };
    browser.go("texts.html").await;
    browser.when("check().every((line) => line.startsWith('late-shadow'))").await;
    let script = "(document.querySelector('#two').contentEditable = 'true', Promise.resolve().then(() => \
        [document.querySelector('#two').childNodes.length, document.querySelector('#two').textContent]))";
    let text = "Call +1 212 555 0123 ext. 45 or 020 7946 0018 after 12:30, please.";
    assert_eq!(browser.ask(script).await, json!([1, text]));
    browser.page.close().await.unwrap();
}

#[tokio::test]
async fn a_page_may_do_to_its_nodes_what_it_always_did() {
    let Some(browser) = Browser::open("GB").await else { return };
    browser.go("rendering.html").await;
    browser.when("buttons('list') === 20 && buttons('kept') === 1 && buttons('lit') === 1").await;

    // Before the next paint, whatever is split is whole again.
    let script =
        "(write('Now 020 7946 0018 or +44 7700 900204'), Promise.resolve().then(() => text('kept')))";
    assert_eq!(browser.ask(script).await, json!("Now 020 7946 0018 or +44 7700 900204"));
    browser.when("buttons('kept') === 2").await;
    for (step, then) in [
        ("write('nothing')", "text('kept') === 'nothing' && buttons('kept') === 0"),
        ("write('Call +44 7700 900201 now')", "buttons('kept') === 1"),
        ("insertBeforeKept('X ')", "text('kept') === 'X Call +44 7700 900201 now' && buttons('kept') === 1"),
        ("removeKept()", "text('kept') === 'X ' && buttons('kept') === 0"),
        ("insertKept()", "text('kept') === 'X Call +44 7700 900201 now' && buttons('kept') === 1"),
        ("lit('New +44 7700 900205 x')", "text('lit') === 'New +44 7700 900205 x' && buttons('lit') === 1"),
        ("clearLit()", "text('lit') === '' && buttons('lit') === 0"),
        ("html('a +44 7700 900206 b')", "text('html') === 'a +44 7700 900206 b' && buttons('html') === 1"),
        ("reverse()", "nodes('list') === 20 && buttons('list') === 20"),
        ("go('contact-1', '+44 7700 900210')", "buttons('view') === 1"),
        ("go('contact-2', '+44 7700 900211')", "buttons('view') === 1"),
        ("copy()", "buttons('view') === 20 && text('view') === text('list')"),
        ("edit(true)", "buttons('list') === 19"),
        ("edit(false)", "buttons('list') === 20"),
    ] {
        // Some steps give a node, which a driver cannot carry.
        browser.ask(&format!("void {step}")).await;
        browser.when(then).await;
    }
    // Two who want different things must not go on for ever.
    browser.ask("void go('contact-3', '+44 7700 900212')").await;
    browser.when("buttons('view') === 1").await;
    browser.ask("void refuse()").await;
    browser.when("refused === 3 && text('view').includes('+44 7700 900212')").await;
    assert_eq!(browser.ask("errors").await, json!([]));
    browser.page.close().await.unwrap();
}

#[tokio::test]
async fn only_a_person_s_press_opens_a_link() {
    let Some(browser) = Browser::open("GB").await else { return };
    browser.go("texts.html").await;
    browser.when("all() >= 19").await;
    // Scripts of the page, and a button that cannot be seen.
    browser
        .ask(
            "(() => { const it = document.querySelector('#plus deskring-call'); it.click(); \
              it.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true })); \
              document.querySelector('#china').style.opacity = 0; })()",
        )
        .await;
    browser.press("#china").await;

    browser.press("#row").await;
    until("the link is opened", || !browser.written("opened").is_empty()).await;
    browser.press("#two").await;
    until("the second link is opened", || browser.written("opened").len() > 1).await;
    // A mail's body stands in a frame that may not leave its page.
    browser.page.find(Locator::Css("#sandboxed")).await.unwrap().enter_frame().await.unwrap();
    browser.press("body").await;
    browser.page.enter_parent_frame().await.unwrap();
    until("the frame's link is opened", || browser.written("opened").len() > 2).await;
    let opened = browser.written("opened");
    assert_eq!(opened, ["tel:+447700900126", "tel:+12125550123;ext=45", "tel:+447700900135"]);
    assert_eq!(browser.ask("rowClicks").await, json!(0), "a row below a button is not pressed");
    browser.page.close().await.unwrap();
}

#[tokio::test]
async fn the_app_gets_numbers_when_it_was_chosen_and_links_are_left_for_when_it_is_away() {
    let Some(browser) = Browser::open("GB").await else { return };
    browser.keep(json!({ "handover": "app" })).await;
    browser.go("texts.html").await;
    browser.when("all() >= 19").await;

    browser.press("#row").await;
    until("the link is opened without an app", || browser.written("opened") == ["tel:+447700900126"]).await;

    browser.answer(&json!({ "ok": true }));
    browser.press("#two").await;
    until("the app is asked", || browser.written("asked").len() == 1).await;
    let asked: Value = serde_json::from_str(&browser.written("asked")[0]).unwrap();
    let wanted =
        json!({ "v": 1, "type": "dial", "number": "+12125550123;ext=45", "origin": browser.pages.as_str() });
    assert_eq!(asked, wanted);

    browser.page.find(Locator::Css("#tel-link")).await.unwrap().click().await.unwrap();
    until("the page's own links go to the app", || browser.written("asked").len() == 2).await;

    browser.answer(&json!({ "ok": false, "code": "not-allowed" }));
    browser.press("#plus").await;
    browser.when("document.querySelectorAll('html > deskring-call').length === 1").await;
    until("the app is asked", || browser.written("asked").len() == 3).await;
    browser.answer(&json!({ "ok": false, "code": "not-running" }));
    browser.press("#small").await;
    until("the link starts the app", || browser.written("opened").len() == 2).await;
    assert_eq!(browser.written("opened"), ["tel:+447700900126", "tel:+447700900128"]);
    browser.page.close().await.unwrap();
}

#[tokio::test]
async fn a_site_that_is_switched_off_is_as_it_was() {
    let Some(browser) = Browser::open("GB").await else { return };
    browser.go("texts.html").await;
    browser.when("all() >= 19").await;
    let page = browser.page.window().await.unwrap();
    let settings = browser.page.new_window(true).await.unwrap().handle;
    browser.page.switch_to_window(settings).await.unwrap();
    browser.keep(json!({ "off": ["http://127.0.0.1"] })).await;
    browser.page.switch_to_window(page).await.unwrap();
    browser.when("all() === 0").await;
    assert_eq!(browser.ask("document.querySelector('#two').childNodes.length").await, json!(1));
    browser.page.close().await.unwrap();
}

#[tokio::test]
async fn five_thousand_numbers_do_not_stop_a_page() {
    let Some(browser) = Browser::open("").await else { return };
    browser.go("many.html").await;
    browser.when("buttons() === 5000").await;
    browser.ask("void fill(5000)").await;
    browser.when("buttons() === 5000").await;
    let longest = browser.ask("longest").await;
    assert!(longest.as_f64().unwrap() < 500.0, "the page stood still for {longest} ms");
    browser.page.close().await.unwrap();
}
