//! The settings window as a person uses it: the real window in WebKit, with the mouse and the keyboard, in both
//! languages, from nothing to a working pop-up and back. Engine, simulator, sockets and files are real; the browser
//! of the sign-in is a client that follows what the window asked to be opened.
//!
//! Needs the session that `./dev test` makes; without a display every test says so and passes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use deskring_domain::template::Variable;
use deskring_engine::admin::{Answer, KeptSecret, Typed, Want};
use deskring_engine::view::LinkState;
use deskring_engine::{AppView, Engine, Handle, Stopped, assist};
use deskring_local_api::{Client, Server};
use deskring_simulator::{
    AGENT_ID, CLIENT_ID, CLIENT_SECRET, Consent, DEPARTMENT_ID, DESK_CLIENT_ID, DESK_CLIENT_SECRET,
    ORGANIZATION_ID, Options,
};
use deskring_store::{Environment, Keychain, SecretsConfig};
use deskring_wording::{Language, Part, Words};
use e2e::gateway::{Front, Gate, STANDBY};
use e2e::screen::{Keyboard, Look, Screen, turn};
use e2e::tray::{App, Asked, Programs, eavesdrop, heard};
use e2e::{PATIENCE, Rig, eventually, free_port, on_profile, opened, secrets, until};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Every page of the window.
const PAGES: [&str; 14] = [
    "phone-system",
    "zoho-desk",
    "agents",
    "pop-up",
    "new-contacts",
    "tickets",
    "call-log",
    "contact-sync",
    "matching-lab",
    "click-to-call",
    "notifications",
    "general",
    "doctor",
    "setup",
];

/// The display has one clipboard for all windows.
static CLIPBOARD: Mutex<()> = Mutex::const_new(());

/// An engine that a window talks to, on a simulator, with secrets kept in the profile.
struct House {
    rig: Rig,
    engine: Option<(Handle, JoinHandle<Stopped>, Server)>,
}

impl House {
    /// Settings in order, both secrets kept, nobody signed in.
    async fn signed_out(options: Options) -> House {
        let mut house = House { rig: Rig::idle_with(options).await, engine: None };
        let door = free_port();
        house.rig.set(|settings| {
            settings["desk"]["redirect_port"] = json!(door);
            settings["bindings"] = json!([]);
        });
        house.start();
        for (secret, text) in [(KeptSecret::Pbx, CLIENT_SECRET), (KeptSecret::Desk, DESK_CLIENT_SECRET)] {
            let text = Typed(text.to_owned().into());
            house.want(Want::KeepSecret { secret, text, file_permitted: true }).await;
        }
        house.view_where(|view| view.pbx.state == LinkState::Up).await;
        house
    }

    /// The same after signing in.
    async fn signed_in() -> House {
        let house = House::signed_out(Options::default()).await;
        let answer = house.want(Want::SignIn { other_scopes: false, file_permitted: true }).await;
        let Answer::SignIn { address } = answer else { panic!("{answer:?}") };
        browse(&address).await;
        house.view_where(|view| view.desk.state == LinkState::Up).await;
        house.rig.simulator.pbx().wait_subscribed(1).await;
        house
    }

    fn start(&mut self) {
        let config = SecretsConfig {
            keychain: Keychain::Off,
            environment: Environment::Given(BTreeMap::new()),
            ..SecretsConfig::new(self.rig.profile.path(), "deskring-test")
        };
        let engine = Engine::prepare_with(self.rig.paths(), config, self.rig.desktop.clone()).unwrap();
        let handle = engine.handle();
        let server = Server::start(handle.clone(), &self.rig.paths()).unwrap();
        self.engine = Some((handle, tokio::spawn(engine.run()), server));
    }

    async fn stop(&mut self) {
        let (handle, task, server) = self.engine.take().unwrap();
        handle.stop().await;
        tokio::time::timeout(PATIENCE, task).await.expect("the engine stops").unwrap();
        drop(server);
    }

    async fn want(&self, want: Want) -> Answer {
        Client::connect(&self.rig.paths()).await.unwrap().set_up(want).await.unwrap()
    }

    async fn view_where(&self, wanted: impl Fn(&AppView) -> bool) {
        let mut views = self.engine.as_ref().unwrap().0.view();
        let found = tokio::time::timeout(PATIENCE, views.wait_for(|view| wanted(view))).await.is_ok();
        assert!(found, "the view never came; it is {:#?}", self.engine.as_ref().unwrap().0.view().borrow());
    }

    async fn window(&self, look: Look) -> Screen {
        let screen = Screen::open(&self.rig, "settings", look).await;
        screen.shows("[data-stage=connected] #work:enabled").await;
        screen
    }

    /// Waits until the file on the disk holds a value.
    async fn saved(&self, key: &str, value: &Value) {
        saved(&self.rig, key, value).await;
    }
}

/// A setting in the file on the disk.
fn setting(rig: &Rig, key: &str) -> Value {
    let text = std::fs::read_to_string(rig.profile.path().join("settings.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    key.split('.').fold(all, |at, part| at[part].clone())
}

async fn saved(rig: &Rig, key: &str, value: &Value) {
    let looking = until("the value", || setting(rig, key) == *value);
    let found = tokio::time::timeout(PATIENCE / 2, looking).await.is_ok();
    assert!(found, "{key} is {} in the file, not {value}", setting(rig, key));
}

/// What the person's browser shows at an address.
async fn browse(address: &str) -> String {
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    browser.get(address).send().await.unwrap().text().await.unwrap()
}

/// Presses `accept` or `reject` on the consent page at an address, and gives the page that follows.
async fn consent(rig: &Rig, address: &str, answer: &str) -> String {
    let page = browse(address).await;
    assert!(page.contains("Sample Ltd") && page.contains(">Accept<") && page.contains(">Reject<"), "{page}");
    let ticket = page.split("ticket=").nth(1).unwrap().split('"').next().unwrap();
    let accounts = rig.simulator.accounts_url();
    browse(&format!("{accounts}/oauth/v2/consent?ticket={ticket}&answer={answer}")).await
}

/// The pages that the browser was asked for, other than contacts.
async fn sign_in_address(rig: &Rig, count: usize) -> String {
    let accounts = rig.simulator.accounts_url();
    let asked = || opened(rig).into_iter().filter(|page| page.starts_with(&accounts)).collect::<Vec<_>>();
    until("the browser is asked for the page to sign in at", || asked().len() >= count).await;
    asked()[count - 1].clone()
}

fn language(look: Look) -> Language {
    if look.language == "zh" { Language::Chinese } else { Language::English }
}

fn words(look: Look) -> Words {
    Words::with_parts(language(look), &Part::ALL)
}

/// Texts of one line in a language's catalogs.
fn lines(language: Language) -> BTreeMap<String, String> {
    let catalogs = Part::ALL.map(|part| language.catalog(part)).join("\n");
    let entries = catalogs.lines().filter_map(|line| line.split_once(" = "));
    entries
        .filter(|(key, text)| !key.starts_with([' ', '#']) && !text.contains('{'))
        .map(|(key, text)| (key.to_owned(), text.trim().to_owned()))
        .collect()
}

/// Words of the other language, and keys without words, that can be seen.
async fn foreign(screen: &Screen, look: Look) -> Vec<String> {
    let own = lines(language(look));
    let own_texts: BTreeSet<_> = own.values().collect();
    let all = Language::ALL.into_iter().flat_map(lines).collect::<Vec<_>>();
    let foreign: BTreeSet<_> =
        all.iter().map(|(_, text)| text).filter(|text| !own_texts.contains(text)).collect();
    let script = "const texts = []; \
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); \
        while (walker.nextNode()) if (walker.currentNode.parentElement.checkVisibility()) texts.push(walker.currentNode.data.trim()); \
        for (const it of document.querySelectorAll('[title], [placeholder], [aria-label]')) \
        if (it.checkVisibility()) texts.push(it.title, it.placeholder, it.ariaLabel); \
        return texts.filter(Boolean)";
    let seen = screen.ask(script, &[]).await;
    let seen = seen.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
    seen.filter(|text| foreign.contains(text) || own.contains_key(text)).collect()
}

/// What somebody who cannot see, hear or hold a mouse would stumble over, and words that nobody translated.
async fn inspect(screen: &Screen, look: Look, place: &str) {
    let barriers = screen.audit().await;
    assert!(barriers.is_empty(), "{place} {look:?}: {barriers:#?}");
    let foreign = foreign(screen, look).await;
    assert!(foreign.is_empty(), "{place} {look:?}: {foreign:?}");
}

// The first set-up

async fn the_first_set_up(look: Look) {
    let words = words(look);
    let rig = Rig::idle_with(Options { pbx_tls: true, ..Options::default() }).await;
    let door = free_port();
    // Nothing but a port of this test's own: other tests run beside it.
    let nothing = json!({ "version": 1, "desk": { "redirect_port": door } });
    std::fs::write(rig.profile.path().join("settings.json"), nothing.to_string()).unwrap();
    rig.simulator.desk().set(|switches| switches.consent = Consent::AskPage);
    let contact = rig.contact("王小明", "+8613800138000");
    let mut tray = on_profile(&rig, "deskring", &[]);
    tray.envs([("LC_ALL", look.locale()), ("LANG", look.locale())]);
    for name in secrets().keys() {
        tray.env_remove(name);
    }
    let child = tray.spawn().unwrap();
    let app = App::of(rig, child).await;
    let rig = &app.rig;
    eventually("the tray opens a window by itself", async || (!app.descendants().is_empty()).then_some(()))
        .await;
    let screen = Screen::open(rig, "settings", look).await;
    screen.shows("#page-setup").await;
    screen.shows("#work:enabled").await;
    screen.sees("#page-setup h1", &words.text("settings-nav-setup")).await;
    screen.shoot("setup-1-empty").await;
    inspect(&screen, look, "first step").await;

    // The phone system, pasted from a chat with all that comes along.
    let wide = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_ascii_digit() { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c })
            .collect()
    };
    let url = rig.simulator.pbx_url();
    screen.paste("#pbx-url", &format!(" \u{feff}{}\n", wide(&url))).await;
    screen.paste("#pbx-client-id", &format!("\t{CLIENT_ID} \r\n")).await;
    screen.fill("#pbx-client-secret", CLIENT_SECRET).await;
    screen.paste("#pbx-extensions", "１００２").await;
    screen.choose("#numbers-country", "CN").await;
    screen.fill("#numbers-area-code", "592").await;
    screen.press("#pbx-test").await;
    screen.shows("#pbx-result [data-cause=unknown_certificate]").await;
    let fingerprint = rig.simulator.pbx_certificate_sha256().unwrap();
    let shown = |text: String| text.to_lowercase().replace([':', '\n', ' '], "").contains(&fingerprint);
    assert!(shown(screen.sees("#pbx-result", "SHA-256").await));
    screen.shoot("setup-2-certificate").await;
    inspect(&screen, look, "certificate").await;
    screen.press("#certificate-trust").await;
    screen.sees("#confirm h2", &words.text("settings-certificate-trust-title")).await;
    assert!(shown(screen.sees("#confirm", "SHA-256").await));
    screen.shoot("setup-3-trust").await;
    inspect(&screen, look, "question").await;
    screen.keys(ESCAPE).await;
    screen.hides("#confirm").await;
    assert_eq!(screen.value("#pbx-trusted-certificate").await, "", "Escape trusts nobody");
    screen.press("#certificate-trust").await;
    screen.press("#confirm-yes").await;
    let result = screen.sees("#pbx-result", &words.text("settings-test-passed")).await;
    for fact in ["P560", "Bo Lin", "37."] {
        assert!(result.contains(fact), "{fact} in {result}");
    }
    screen.shoot("setup-4-tested").await;
    inspect(&screen, look, "tested").await;
    // Without a keychain a file is asked for first.
    screen.press("#setup-next").await;
    screen.shows("#pbx-client-secret-consent-yes").await;
    screen.shoot("setup-5-consent-to-file").await;
    inspect(&screen, look, "consent to a file").await;
    assert!(!rig.profile.path().join("secrets/secrets.json").exists());
    screen.press("#pbx-client-secret-consent-yes").await;

    // Zoho Desk, refused first and then accepted on the consent page.
    screen.shows("#setup-step #desk-form").await;
    saved(rig, "pbx.url", &json!(url)).await;
    saved(rig, "pbx.client_id", &json!(CLIENT_ID)).await;
    saved(rig, "pbx.trusted_certificate", &json!(fingerprint)).await;
    saved(rig, "pbx.extensions", &json!(["1002"])).await;
    saved(rig, "numbers.country", &json!("CN")).await;
    screen.choose("#desk-data-center", "custom").await;
    screen.fill("#desk-accounts-url", &rig.simulator.accounts_url()).await;
    screen.fill("#desk-desk-url", &rig.simulator.desk_url()).await;
    {
        let _alone = CLIPBOARD.lock().await;
        let redirect = format!("http://localhost:{door}/");
        let address = screen.sees("#desk-redirect", &redirect).await;
        screen.press("[aria-describedby=desk-redirect-label]").await;
        screen.sees("[aria-describedby=desk-redirect-label]", &words.text("settings-copied")).await;
        screen.press("#desk-client-id").await;
        screen.keys(PASTE).await;
        screen.has("#desk-client-id", &address).await;
    }
    screen.fill("#desk-client-id", DESK_CLIENT_ID).await;
    screen.fill("#desk-client-secret", DESK_CLIENT_SECRET).await;
    screen.shoot("setup-6-desk").await;
    inspect(&screen, look, "Zoho Desk").await;
    screen.press("#desk-sign-in").await;
    let address = sign_in_address(rig, 1).await;
    screen.shows("#sign-in-cancel").await;
    screen.shoot("setup-7-waiting").await;
    inspect(&screen, look, "waiting").await;
    let refused = consent(rig, &address, "reject").await;
    assert!(refused.contains(&words.text("sign-in-title-refused")), "{refused}");
    screen.shows("#sign-in [data-cause=sign_in_refused]").await;
    screen.sees("#sign-in", &words.text("settings-fix-sign-in-refused")).await;
    screen.shoot("setup-8-refused").await;
    inspect(&screen, look, "refused").await;
    screen.press("#desk-sign-in").await;
    let address = sign_in_address(rig, 2).await;
    let accepted = consent(rig, &address, "accept").await;
    assert!(accepted.contains(&words.text("sign-in-title-success")), "{accepted}");
    screen.sees("#sign-in", &words.text("settings-signed-in")).await;
    screen.choose("#desk-organization-id", ORGANIZATION_ID).await;
    saved(rig, "desk.organization_id", &json!(ORGANIZATION_ID)).await;
    screen.choose("#desk-department-id", DEPARTMENT_ID).await;
    saved(rig, "desk.department_id", &json!(DEPARTMENT_ID)).await;
    screen.shows("#desk-status[data-status=connected]").await;
    screen.shoot("setup-9-signed-in").await;
    inspect(&screen, look, "signed in").await;

    // Who am I: not 1002, whom the PBX has under another address.
    screen.press("#setup-next").await;
    screen.sees("#setup-step", "agent@example.com").await;
    screen.has("#my-extension", "1001").await;
    screen.shoot("setup-10-me").await;
    inspect(&screen, look, "who am I").await;
    screen.press("#my-extension-use").await;
    saved(rig, "pbx.extensions", &json!(["1001"])).await;

    // A call to try it.
    screen.press("#setup-next").await;
    screen.shows(".trial[data-phase=waiting]").await;
    rig.simulator.pbx().wait_subscribed(1).await;
    screen.shoot("setup-11-try").await;
    inspect(&screen, look, "try it").await;
    eventually("1001 is watched", async || {
        let view = Client::connect(&rig.paths()).await.ok()?.view().await.ok()?;
        (view.extensions == ["1001"] && view.pbx.state == LinkState::Up).then_some(())
    })
    .await;
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    screen.sees(".trial", "王小明").await;
    until("the contact's page is asked for", || opened(rig).contains(&contact)).await;
    screen.shows(".happened [data-happened=tab][data-state=up]").await;
    screen.shoot("setup-12-call").await;
    inspect(&screen, look, "a call").await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    screen.shows(".trial[data-phase=over]").await;
    screen.press("#setup-next").await;
    screen.shows("#page-pop-up").await;

    let file = std::fs::read_to_string(rig.profile.path().join("settings.json")).unwrap();
    for secret in [CLIENT_SECRET, DESK_CLIENT_SECRET] {
        assert!(!file.contains(secret), "a secret among the settings");
        assert!(
            !screen.ask("return document.documentElement.outerHTML", &[]).await.to_string().contains(secret)
        );
        let values =
            screen.ask("return [...document.querySelectorAll('input')].map((it) => it.value).join()", &[]);
        assert!(!values.await.to_string().contains(secret), "a secret stays in the page");
    }
    screen.close().await;
}

/// `Escape`, and `Ctrl+V`, as WebDriver's keyboard knows them.
const ESCAPE: &str = "\u{e00c}";
const PASTE: &str = "\u{e009}v\u{e009}";
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_pop_up_in_english() {
    let Some(_turn) = turn("from_nothing_to_a_pop_up_in_english", Keyboard::Shared).await else { return };
    the_first_set_up(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_pop_up_in_chinese() {
    let Some(_turn) = turn("from_nothing_to_a_pop_up_in_chinese", Keyboard::Shared).await else { return };
    the_first_set_up(Look::CHINESE).await;
}

// Every section

/// What a person does with a control.
#[derive(Clone, Copy)]
enum Act {
    Switch,
    /// One of a drop-down list.
    Pick(&'static str),
    /// One of several that stand below each other.
    Tick(&'static str),
    Type(&'static str),
    Paste(&'static str),
}

use Act::{Paste, Pick, Switch, Tick, Type};

/// Page, key, what is done, what is in the file then. What is saved with a button comes last: it breaks the links.
fn controls() -> Vec<(&'static str, &'static str, Act, Value)> {
    let other_department = json!("189200000000006908");
    vec![
        ("zoho-desk", "desk.dry_run", Switch, json!(true)),
        ("pop-up", "popup.trigger", Tick("answer"), json!("answer")),
        ("pop-up", "popup.mode", Tick("manual"), json!("manual")),
        ("new-contacts", "new_contacts.kind", Pick("account"), json!("account")),
        ("new-contacts", "new_contacts.call_types", Tick("outbound"), json!(["inbound"])),
        ("new-contacts", "new_contacts.mode", Tick("manual"), json!("manual")),
        ("tickets", "tickets.enabled", Switch, json!(true)),
        ("tickets", "tickets.when", Tick("before_call"), json!("before_call")),
        ("tickets", "tickets.call_types", Tick("inbound"), json!(["outbound"])),
        ("tickets", "tickets.subject", Type("Call {{Call_From}}"), json!("Call {{Call_From}}")),
        ("tickets", "tickets.description", Paste("one\r\ntwo  "), json!("one\ntwo")),
        ("call-log", "call_log.enabled", Switch, json!(true)),
        ("call-log", "call_log.skip_missed_if_answered_elsewhere", Switch, json!(false)),
        ("call-log", "call_log.subject", Type("Talk"), json!("Talk")),
        ("call-log", "call_log.description", Type("{{Time}}"), json!("{{Time}}")),
        ("call-log", "call_log.wrap_up", Switch, json!(true)),
        ("call-log", "call_log.dispositions", Paste("Sold\n\n Call back \n"), json!(["Sold", "Call back"])),
        ("contact-sync", "contact_sync.always_query", Switch, json!(true)),
        ("contact-sync", "contact_sync.index_credits", Type("500"), json!(500)),
        ("contact-sync", "contact_sync.index", Tick("off"), json!("off")),
        ("contact-sync", "contact_sync.enabled", Switch, json!(true)),
        ("contact-sync", "contact_sync.phonebook", Type("Zoho"), json!("Zoho")),
        ("contact-sync", "contact_sync.module", Pick("accounts"), json!("accounts")),
        ("click-to-call", "click_to_call.confirm", Tick("always"), json!("always")),
        ("click-to-call", "click_to_call.international_prefix", Paste(" ００\n"), json!("00")),
        ("click-to-call", "click_to_call.shortcut", Type("Ctrl+Alt+D"), json!("Ctrl+Alt+D")),
        ("click-to-call", "click_to_call.allow_native_messaging", Switch, json!(true)),
        ("notifications", "notifications.level", Tick("quiet"), json!("quiet")),
        ("notifications", "notifications.caller", Tick("masked_number"), json!("masked_number")),
        ("notifications", "notifications.quiet_from", Type("2130"), json!("21:30")),
        ("notifications", "notifications.quiet_until", Paste("６：１５"), json!("06:15")),
        ("general", "general.name_order", Pick("last_first"), json!("last_first")),
        ("general", "general.start_at_login", Switch, json!(true)),
        ("general", "general.language", Pick("en"), json!("en")),
        ("zoho-desk", "desk.department_id", Pick("189200000000006908"), other_department),
        ("zoho-desk", "desk.organization_id", Pick(""), Value::Null),
        ("zoho-desk", "desk.enabled", Switch, json!(false)),
        ("zoho-desk", "desk.accounts_url", Type("https://a.example.com"), json!("https://a.example.com")),
        ("zoho-desk", "desk.desk_url", Type("https://d.example.com"), json!("https://d.example.com")),
        ("zoho-desk", "desk.redirect_port", Type("５0123"), json!(50123)),
        ("zoho-desk", "desk.client_type", Tick("desktop"), json!("desktop")),
        ("zoho-desk", "desk.client_id", Paste(" 1000.ＡＢＣ "), json!("1000.ABC")),
        ("zoho-desk", "desk.data_center", Pick("cn"), json!("cn")),
        ("phone-system", "numbers.country", Pick("US"), json!("US")),
        ("phone-system", "numbers.area_code", Type("212"), json!("212")),
        ("phone-system", "numbers.outside_line_prefix", Type("9"), json!("9")),
        ("phone-system", "pbx.extensions", Paste("1003，1004"), json!(["1003", "1004"])),
        ("phone-system", "pbx.client_id", Type("another"), json!("another")),
        ("phone-system", "pbx.trusted_certificate", Type(SHA256_WITH_COLONS), json!(SHA256_WITH_COLONS)),
        (
            "phone-system",
            "pbx.more_addresses",
            Paste("https://gw2.example.com，https://gw3.example.com\n"),
            json!(["https://gw2.example.com", "https://gw3.example.com"]),
        ),
        (
            "phone-system",
            "pbx.url",
            Type("https://pbx.example.com:8088"),
            json!("https://pbx.example.com:8088"),
        ),
    ]
}

const SHA256_WITH_COLONS: &str = "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:\
    AB:AB:AB:AB";

/// `pbx.url` is `pbx-url` in the page.
fn id(key: &str) -> String {
    format!("#{}", key.replace(['.', '_'], "-"))
}

async fn act(screen: &Screen, key: &str, act: Act) {
    match act {
        Switch => screen.press(&id(key)).await,
        Pick(value) => screen.choose(&id(key), value).await,
        Tick(value) => screen.press(&id(&format!("{key}.{value}"))).await,
        Type(text) => screen.fill(&id(key), text).await,
        Paste(text) => screen.paste(&id(key), text).await,
    }
}

async fn every_section(look: Look) {
    let house = House::signed_in().await;
    house.rig.simulator.desk().add_department(json!({ "id": "189200000000006908", "name": "Back office" }));
    let screen = house.window(look).await;
    for page in PAGES {
        screen.go(page).await;
        if page == "agents" {
            screen.sees("#page-agents table", "agent@example.com").await;
        }
        screen.shoot(&format!("section-{page}")).await;
        inspect(&screen, look, page).await;
    }
    let driven: BTreeSet<_> = controls().into_iter().map(|(_, key, ..)| key).chain(["bindings"]).collect();
    let there = screen
        .ask(
            "return [...new Set([...document.querySelectorAll('[data-key]')].map((it) => it.dataset.key))]",
            &[],
        )
        .await;
    let there: BTreeSet<_> = there.as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    assert_eq!(driven, there, "every control is driven here, bindings in a test of their own");

    let (mut page, mut by_form) = ("", Vec::new());
    for (on, key, how, value) in controls() {
        if on != page {
            assert!(by_form.is_empty());
            screen.go(on).await;
            page = on;
        }
        if key == "new_contacts.kind" {
            screen.press("#new-contacts-on").await;
            house.saved("new_contacts.mode", &json!("automatic")).await;
        }
        if key == "contact_sync.phonebook" {
            // What is needed now is said.
            screen.shows(&format!("[data-field='{key}'] .wrong")).await;
        }
        if key == "desk.accounts_url" {
            screen.choose("#desk-data-center", "custom").await;
        }
        if matches!(key, "pbx.trusted_certificate" | "pbx.more_addresses" | "desk.redirect_port") {
            let script = "document.querySelector(arguments[0]).closest('details').open = true";
            screen.ask(script, &[json!(id(key))]).await;
        }
        act(&screen, key, how).await;
        if matches!(on, "phone-system") || (on == "zoho-desk" && DESK_FORM.contains(&key)) {
            by_form.push((key, value));
            if matches!(key, "pbx.url" | "desk.data_center") {
                let save = if on == "zoho-desk" { "#desk-form-save" } else { "#pbx-form-save" };
                let unsaved = format!("{} [data-state=unsaved]", save.trim_end_matches("-save"));
                screen.shows(&unsaved).await;
                screen.press(save).await;
                // As a person does whose pointer missed a button that was moving.
                if tokio::time::timeout(PATIENCE / 3, screen.hides(&unsaved)).await.is_err() {
                    screen.press(save).await;
                }
                for (key, value) in by_form.drain(..) {
                    house.saved(key, &value).await;
                }
            }
        } else {
            house.saved(key, &value).await;
        }
        match key {
            "popup.trigger" => house.view_where(|view| view.popup.trigger == "answer").await,
            "popup.mode" => house.view_where(|view| view.popup.mode == "manual").await,
            "desk.enabled" => house.view_where(|view| view.desk.state == LinkState::Disabled).await,
            "pbx.url" => house.view_where(|view| view.extensions == ["1003", "1004"]).await,
            _ => {}
        }
    }
    assert_eq!(house.rig.desktop.now().autostart.len(), 1, "the desktop was told to start it at login");
    screen.close().await;
}

const DESK_FORM: [&str; 6] = [
    "desk.redirect_port",
    "desk.accounts_url",
    "desk.desk_url",
    "desk.client_type",
    "desk.client_id",
    "desk.data_center",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_control_changes_its_setting_at_once_in_english() {
    let Some(_turn) = turn("every_control_changes_its_setting_at_once_in_english", Keyboard::Shared).await
    else {
        return;
    };
    every_section(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_control_changes_its_setting_at_once_in_chinese() {
    let Some(_turn) = turn("every_control_changes_its_setting_at_once_in_chinese", Keyboard::Shared).await
    else {
        return;
    };
    every_section(Look::CHINESE).await;
}

// A gateway's invitation

async fn an_invitation(look: Look) {
    let words = words(look);
    let house = House::signed_out(Options::default()).await;
    let gate = Gate::open(&house.rig.simulator, Front::SelfSigned).await;
    let screen = house.window(look).await;
    screen.go("phone-system").await;
    screen.fill("#numbers-area-code", "755").await;
    screen.fill("#pbx-client-id", "typed and never saved").await;
    screen.go("pop-up").await;
    let link = gate.invite("1001").await;
    let open = async || {
        let want = assist::Want::Dial { text: link.clone(), by: assist::DialBy::Link };
        house.engine.as_ref().unwrap().0.assist(want).await.unwrap();
    };
    open().await;
    screen.shows("body[data-page=phone-system] #invitation").await;
    let host = gate.url.trim_start_matches("https://");
    screen
        .sees("#invitation h2", &words.with("settings-invitation-title", &[("gateway", host.into())]))
        .await;
    screen.sees("#invitation", &house.rig.simulator.pbx_url()).await;
    screen.shoot("invitation-1-asked").await;
    inspect(&screen, look, "invitation").await;
    assert!(gate.state.agents().await.unwrap().is_empty(), "a link enrolls nobody");

    screen.press("#invitation-connect").await;
    screen.shows("#invitation-result [data-cause=unknown_certificate]").await;
    screen.shoot("invitation-2-certificate").await;
    inspect(&screen, look, "certificate of the gateway").await;
    screen.press("#invitation-result #certificate-trust").await;
    screen.press("#confirm-yes").await;
    screen
        .sees("#pbx-result", &words.with("settings-invitation-done", &[("extension", "1001".into())]))
        .await;
    screen.hides("#invitation").await;
    house.saved("pbx.url", &json!(gate.url)).await;
    house.saved("pbx.trusted_certificate", &json!(gate.sha256)).await;
    screen.has("#pbx-url", &gate.url).await;
    let agents = gate.state.agents().await.unwrap();
    screen.has("#pbx-client-id", &agents[0].client.0).await;
    screen.has("#numbers-area-code", "755").await;
    screen.shoot("invitation-3-connected").await;
    inspect(&screen, look, "connected").await;

    // Another gateway shows another certificate, which is trusted at its own address.
    let second = Gate::open(&house.rig.simulator, Front::SelfSigned).await;
    screen.shows("#pbx-more-addresses").await;
    screen.has("#pbx-more-addresses", STANDBY).await;
    screen.paste("#pbx-more-addresses", &second.url).await;
    screen.press("#pbx-test").await;
    screen.shows("#sites [data-state=serves]").await;
    screen.shows("#sites [data-state=unknown_certificate]").await;
    screen.shoot("invitation-4-two-gateways").await;
    inspect(&screen, look, "two gateways").await;
    screen.press("#sites [data-state=unknown_certificate] button").await;
    screen.press("#confirm-yes").await;
    screen.shows("#sites [data-state=answers]").await;
    let pinned = format!("{}#sha256={}", second.url, second.sha256.as_deref().unwrap());
    screen.has("#pbx-more-addresses", &pinned).await;
    screen.press("#pbx-form-save").await;
    house.saved("pbx.more_addresses", &json!([pinned])).await;

    // A code works once; the words say what to do.
    open().await;
    screen.press("#invitation-connect").await;
    screen.press("#invitation-result #certificate-trust").await;
    screen.press("#confirm-yes").await;
    screen
        .sees(
            "#invitation-result [data-cause=invitation_refused]",
            &words.text("settings-fix-invitation-refused"),
        )
        .await;
    screen.shoot("invitation-5-used").await;
    inspect(&screen, look, "used").await;
    screen.press("#invitation-later").await;
    screen.hides("#invitation").await;
    // What is no invitation says so; one that is pasted as an address is as good as an opened one.
    screen.paste("#pbx-url", "deskring://enroll?gateway=http%3A%2F%2Fgw.example.com&code=a").await;
    screen.sees("#invitation h2", &words.text("settings-invitation-wrong-title")).await;
    screen.hides("#invitation-connect").await;
    screen.has("#pbx-url", &gate.url).await;
    screen.shoot("invitation-6-wrong").await;
    inspect(&screen, look, "wrong").await;
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_invitation_asks_before_it_connects_in_english() {
    let Some(_turn) = turn("an_opened_invitation_asks_before_it_connects_in_english", Keyboard::Shared).await
    else {
        return;
    };
    an_invitation(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_invitation_asks_before_it_connects_in_chinese() {
    let Some(_turn) = turn("an_opened_invitation_asks_before_it_connects_in_chinese", Keyboard::Shared).await
    else {
        return;
    };
    an_invitation(Look::CHINESE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_said_beside_the_field_and_stays_typed() {
    let Some(_turn) =
        turn("what_is_refused_is_said_beside_the_field_and_stays_typed", Keyboard::Shared).await
    else {
        return;
    };
    let house = House::signed_in().await;
    let screen = house.window(Look::ENGLISH).await;
    for (page, key, text, code) in [
        ("notifications", "notifications.quiet_from", "25:99", "not_a_time"),
        ("click-to-call", "click_to_call.international_prefix", "0x", "not_a_prefix"),
        ("click-to-call", "click_to_call.shortcut", "banana", "not_a_shortcut"),
    ] {
        screen.go(page).await;
        screen.fill(&id(key), text).await;
        let said = words(Look::ENGLISH).of_code("problem", code, &[]);
        screen.sees(&format!("[data-field='{key}'] .wrong"), &said).await;
        assert_eq!(screen.value(&id(key)).await, text);
        let field = id(key);
        screen.shows(&format!("{field}[aria-invalid=true]")).await;
        inspect(&screen, Look::ENGLISH, key).await;
        screen.shoot(&format!("refused-{page}")).await;
        assert_eq!(setting(&house.rig, key), Value::Null);
        screen.press(&format!("[data-field='{key}'] .undo")).await;
        screen.has(&field, "").await;
        screen.hides(&format!("[data-field='{key}'] .wrong")).await;
    }
    screen.go("phone-system").await;
    screen.fill("#pbx-url", "ftp://pbx.example.com").await;
    screen.fill("#numbers-area-code", "five").await;
    screen.press("#pbx-form-save").await;
    screen.shows("[data-field='pbx.url'] .wrong").await;
    screen.shows("[data-field='numbers.area_code'] .wrong").await;
    assert_eq!(screen.value("#pbx-url").await, "ftp://pbx.example.com");
    screen.focuses("#pbx-url").await;
    assert_eq!(setting(&house.rig, "pbx.url"), house.rig.simulator.pbx_url());
    screen.shoot("refused-phone-system").await;
    screen.close().await;
}

// Templates

/// What a template says for the person who writes it, in every field that is one.
async fn templates(look: Look) {
    let words = words(look);
    let house = House::signed_in().await;
    house.rig.contact("<b onclick=x>Ann</b> &amp;", "+8613800138000");
    let screen = house.window(look).await;
    // Off or on: it is shown what would be written.
    screen.go("tickets").await;
    screen.sees("#tickets-subject-preview", "Inbound ANSWERED - from Alex Chen<+12025550143>").await;
    screen.sees("#tickets-subject-preview[data-of=example]", &words.text("settings-preview-example")).await;
    screen.sees("#tickets-description-preview", "to Robin Li<1001>").await;
    screen.shoot("templates-example").await;
    inspect(&screen, look, "an example").await;

    // The next call takes its place, in a window that nobody touches.
    let call = house.rig.simulator.pbx().call_in("13800138000", "1001").await;
    house.view_where(|view| view.calls.iter().any(|call| call.who.state == "known")).await;
    house.rig.simulator.pbx().answer(&call, "1001").await;
    house.view_where(|view| view.calls.iter().any(|call| call.answered_ms.is_some())).await;
    house.rig.simulator.pbx().hang_up(&call, "caller").await;
    let name = "<b onclick=x>Ann</b> &amp;";
    let said = format!("Inbound ANSWERED - from {name}<13800138000>");
    screen.sees("#tickets-subject-preview[data-of=last_call]", &said).await;
    screen.sees("#tickets-subject-preview", &words.text("settings-preview-last-call")).await;
    // HTML in Desk, and yet what the caller is called and nothing else.
    screen.sees("#tickets-description-preview", &said).await;
    assert_eq!(screen.ask("return document.querySelectorAll('.template b').length", &[]).await, 0);

    screen.press("#tickets-enabled").await;
    house.saved("tickets.enabled", &json!(true)).await;
    screen.go("call-log").await;
    screen.press("#call-log-enabled").await;
    house.saved("call_log.enabled", &json!(true)).await;
    for (page, key) in [
        ("tickets", "tickets.subject"),
        ("tickets", "tickets.description"),
        ("call-log", "call_log.subject"),
        ("call-log", "call_log.description"),
    ] {
        screen.go(page).await;
        let (field, own) = (id(key), format!("[data-field='{key}']"));
        screen.sees(&format!("{own} .preview"), &words.text("settings-preview-last-call")).await;
        screen.hides(&format!("{own} .flaws")).await;
        screen.shows(&format!("{field}[aria-invalid=false]")).await;

        // Told while it is typed, before anything is saved.
        screen.press(&field).await;
        screen.ask("document.querySelector(arguments[0]).select()", &[json!(field)]).await;
        screen.keys("To {{Cal_From}}, {{if}}").await;
        let flaw = words.with("settings-flaw-unknown-variable", &[("written", "Cal_From".into())]);
        let meant = [
            ("line", 1.into()),
            ("column", 6.into()),
            ("flaw", flaw.into()),
            ("suggestion", "Call_From".into()),
        ];
        let sentence = plain(&words.with("settings-flaw-with-suggestion", &meant));
        screen.sees(&format!("{own} .flaws"), &sentence).await;
        screen.sees(&format!("{own} .flaws"), &words.text("settings-flaw-no-condition")).await;
        screen.sees(&format!("{own} .preview"), "To ,").await;
        screen.shows(&format!("{field}[aria-invalid=true][aria-describedby~='{}-flaws']", &field[1..])).await;
        screen.shoot(&format!("templates-flaw-{}", &field[1..])).await;
        inspect(&screen, look, key).await;
        assert_ne!(setting(&house.rig, key), "To {{Cal_From}}, {{if}}", "nothing is saved while it is typed");
        screen.ask("document.activeElement.blur()", &[]).await;
        house.saved(key, &json!("To {{Cal_From}}, {{if}}")).await;
        screen.shows(&format!("{own} .flaws li")).await;

        // Every variable there is, each with its meaning; put in where the cursor is, also without a mouse.
        screen.press(&format!("{own} summary")).await;
        let script = "return [...document.querySelectorAll(`${arguments[0]} .variable`)] \
            .map((it) => [it.dataset.variable, it.querySelector('.help').textContent])";
        let offered = screen.ask(script, &[json!(own)]).await;
        let offered: Vec<_> = offered.as_array().unwrap().iter().map(|it| it[0].as_str().unwrap()).collect();
        assert_eq!(offered, Variable::ALL.map(Variable::name));
        screen.shoot(&format!("templates-variables-{}", &field[1..])).await;
        inspect(&screen, look, "variables").await;
        screen.fill(&field, "from on").await;
        house.saved(key, &json!("from on")).await;
        screen.ask("document.querySelector(arguments[0]).setSelectionRange(5, 5)", &[json!(field)]).await;
        let button = format!("{own} [data-variable=Call_From_Number]");
        screen.ask("document.querySelector(arguments[0]).focus()", &[json!(button)]).await;
        screen.keys(ENTER).await;
        house.saved(key, &json!("from {{Call_From_Number}}on")).await;
        screen.focuses(&field).await;
        screen.keys("!").await;
        screen.has(&field, "from {{Call_From_Number}}!on").await;
        screen.sees(&format!("{own} .preview"), "from 13800138000!on").await;
        screen.hides(&format!("{own} .flaws")).await;
        screen.press(&format!("{own} [data-variable=Agent]")).await;
        screen.has(&field, "from {{Call_From_Number}}!{{Agent}}on").await;
        screen.sees(&format!("{own} .preview"), "!Ana Agenton").await;
    }

    // Who may not be seen by others is not shown here either.
    let shown =
        |caller: &str| Want::Change { changes: [("notifications.caller".into(), json!(caller))].into() };
    house.want(shown("hidden")).await;
    screen.sees("#call-log-subject-preview[data-of=example]", "from +12025550143!").await;
    house.want(shown("name")).await;
    screen.sees("#call-log-subject-preview[data-of=last_call]", "from 13800138000!").await;
    screen.close().await;
}

/// Without the marks around values.
fn plain(text: &str) -> String {
    text.replace(|c| ('\u{2066}'..='\u{2069}').contains(&c), "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_tells_its_mistakes_and_what_it_says_of_the_last_call_in_english() {
    let Some(_turn) =
        turn("a_template_tells_its_mistakes_and_what_it_says_of_the_last_call_in_english", Keyboard::Shared)
            .await
    else {
        return;
    };
    templates(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_tells_its_mistakes_and_what_it_says_of_the_last_call_in_chinese() {
    let Some(_turn) =
        turn("a_template_tells_its_mistakes_and_what_it_says_of_the_last_call_in_chinese", Keyboard::Shared)
            .await
    else {
        return;
    };
    templates(Look::CHINESE).await;
}

async fn numbers(look: Look) {
    let house = House::signed_out(Options::default()).await;
    let words = words(look);
    let screen = house.window(look).await;
    // What is shown without its blanks is what the PBX gets.
    let dialed = async |box_of: &str, digits: &str| {
        let script = "return [...document.querySelector(arguments[0])?.textContent ?? ''].filter((c) => /[0-9+]/.test(c))\
            .join('') === arguments[1]";
        let place = format!("#{box_of}-told [data-of=dialed] bdi");
        screen.when(&format!("{digits} would be dialed"), script, &[json!(place), json!(digits)]).await;
    };
    screen.go("phone-system").await;
    screen.fill("#try-number", "+1 212 555 0100").await;
    dialed("try-number", "0012125550100").await;
    screen.sees("#try-number-told [data-of=dialed]", &words.text("dial-abroad")).await;
    screen.sees("#try-number-told [data-of=read]", "+1 212-555-0100").await;
    // A rule that is typed counts before it is saved.
    screen.fill("#numbers-outside-line-prefix", "9").await;
    dialed("try-number", "90012125550100").await;
    screen.fill("#try-number", "110").await;
    screen.sees("#try-number-told", &words.text("dial-doubt-emergency")).await;
    screen.fill("#try-number", "张三").await;
    screen.sees("#try-number-told", &words.text("cause-not-a-number")).await;
    screen.fill("#try-number", "13800138000").await;
    screen.sees("#try-number-told", &words.text("settings-try-mobile")).await;
    screen.shoot("try-number").await;
    inspect(&screen, look, "a number that is tried").await;
    screen.go("click-to-call").await;
    screen.fill("#click-to-call-international-prefix", "011").await;
    screen.fill("#try-dialing", "+1 212 555 0100").await;
    dialed("try-dialing", "01112125550100").await;
    screen.shoot("try-dialing").await;
    inspect(&screen, look, "a number that is tried for dialing").await;
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_tried_by_rules_as_they_are_typed_in_english() {
    let Some(_turn) = turn("numbers_are_tried_by_rules_as_they_are_typed_in_english", Keyboard::Shared).await
    else {
        return;
    };
    numbers(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_tried_by_rules_as_they_are_typed_in_chinese() {
    let Some(_turn) = turn("numbers_are_tried_by_rules_as_they_are_typed_in_chinese", Keyboard::Shared).await
    else {
        return;
    };
    numbers(Look::CHINESE).await;
}

// What goes wrong with the phone system

#[tokio::test(flavor = "multi_thread")]
async fn the_test_names_what_is_wrong_with_the_phone_system() {
    let Some(_turn) = turn("the_test_names_what_is_wrong_with_the_phone_system", Keyboard::Shared).await
    else {
        return;
    };
    let house = House::signed_out(Options { pbx_tls: true, ..Options::default() }).await;
    let words = words(Look::ENGLISH);
    let screen = house.window(Look::ENGLISH).await;
    screen.go("phone-system").await;
    screen.fill("#pbx-client-secret", "not-the-secret-of-this-client").await;
    let before = usize::from(tries(&screen).await);
    let after = usize::from(tries(&screen).await);
    assert_eq!(after + 1, before, "one try less");
    screen.shoot("wrong-secret").await;
    screen.fill("#pbx-client-secret", "").await;

    screen.fill("#pbx-url", "https://no-such-host.invalid:8088").await;
    screen.press("#pbx-test").await;
    screen.sees("#pbx-result [data-cause=name_not_found]", &words.text("settings-fix-name-not-found")).await;

    let other = Rig::idle_with(Options { pbx_tls: true, ..Options::default() }).await;
    screen.fill("#pbx-url", &other.simulator.pbx_url()).await;
    screen.press("#pbx-test").await;
    screen
        .sees("#pbx-result [data-cause=changed_certificate]", &words.text("settings-fix-changed-certificate"))
        .await;
    let shown = screen.sees("#pbx-result", &words.text("settings-certificate-expected")).await;
    let shown = shown.to_lowercase().replace([':', '\n', ' '], "");
    for simulator in [&house.rig.simulator, &other.simulator] {
        assert!(shown.contains(&simulator.pbx_certificate_sha256().unwrap()), "{shown}");
    }
    screen.shoot("changed-certificate").await;
    inspect(&screen, Look::ENGLISH, "changed certificate").await;
    screen.press("#certificate-trust").await;
    screen.shows("#confirm-yes:disabled").await;
    screen.shoot("changed-certificate-question").await;
    inspect(&screen, Look::ENGLISH, "changed certificate, asked").await;
    screen.press("#confirm-no").await;
    screen.hides("#confirm").await;
    let kept = house.rig.simulator.pbx_certificate_sha256().unwrap();
    assert_eq!(setting(&house.rig, "pbx.trusted_certificate"), kept, "nothing is trusted in passing");
    screen.close().await;
}

/// Tests once and gives how many tries the page says are left.
async fn tries(screen: &Screen) -> u8 {
    screen.press("#pbx-test").await;
    screen.hides("#pbx-test[aria-busy=true]").await;
    let said = screen.sees("#pbx-result [data-cause=credentials]", "more tr").await;
    said.split(" more tr").next().unwrap().split(' ').next_back().unwrap().parse().unwrap()
}

// Agents

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_bound_by_mail_and_by_hand_among_hundreds() {
    let Some(_turn) = turn("agents_are_bound_by_mail_and_by_hand_among_hundreds", Keyboard::Shared).await
    else {
        return;
    };
    let house = House::signed_in().await;
    let (desk, pbx) = (house.rig.simulator.desk(), house.rig.simulator.pbx());
    for number in ["1007", "1008"] {
        pbx.add_extension(number, "Twin", "twin@example.com").await;
    }
    desk.add_agent(json!({ "firstName": "Twin", "emailId": "twin@example.com" }));
    let hana = desk.add_agent(json!({ "firstName": "Hana", "emailId": "hana@example.com" }));
    for number in 0..300 {
        desk.add_agent(
            json!({ "firstName": format!("Agent {number}"), "emailId": format!("a{number}@example.com") }),
        );
    }
    let screen = house.window(Look::ENGLISH).await;
    screen.go("agents").await;
    screen.sees("#page-agents table", "hana@example.com").await;
    let rows = screen.ask("return document.querySelectorAll('#page-agents tbody tr').length", &[]).await;
    assert_eq!(rows, 305);
    screen.press("#bind-email").await;
    screen.sees("#page-agents .messages", "twin@example.com").await;
    let bound = |extension: &str| {
        let all = setting(&house.rig, "bindings");
        let row = all.as_array().unwrap().iter().find(|row| row["extension"] == extension)?;
        Some(row["agent_id"].as_str().unwrap().to_owned())
    };
    until("the signed-in agent is bound", || bound("1001").as_deref() == Some(AGENT_ID)).await;
    screen.shoot("agents-bound").await;
    inspect(&screen, Look::ENGLISH, "hundreds of agents").await;
    screen.fill("#agents-filter", "hana").await;
    let hers = format!("tr:not([hidden]) select[data-agent='{hana}']");
    screen.shows(&hers).await;
    let shown = "return [...document.querySelectorAll('#page-agents tbody tr')].filter((it) => it.checkVisibility()).length === 1";
    screen.when("only one row", shown, &[]).await;
    screen.choose(&hers, "1004").await;
    until("she is bound by hand", || bound("1004").as_deref() == Some(hana.as_str())).await;
    screen.choose(&hers, "").await;
    until("she is not bound", || bound("1004").is_none()).await;
    screen.close().await;
}

// Policy

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_sets_is_locked_with_its_reason() {
    let Some(_turn) = turn("what_the_policy_sets_is_locked_with_its_reason", Keyboard::Shared).await else {
        return;
    };
    let mut house = House::signed_in().await;
    house.stop().await;
    let policy = house.rig.paths().policy;
    let set = json!({ "version": 1, "popup": { "mode": "off" }, "notifications": { "caller": "hidden" }, "bindings": [],
        "pbx": { "url": house.rig.simulator.pbx_url() } });
    std::fs::write(&policy, set.to_string()).unwrap();
    house.start();
    for look in [Look::ENGLISH, Look::CHINESE.dark()] {
        let screen = house.window(look).await;
        let file = policy.display().to_string();
        for (page, key, control) in [
            ("pop-up", "popup.mode", "#popup-mode-off:checked"),
            ("notifications", "notifications.caller", "#notifications-caller-hidden:checked"),
            ("phone-system", "pbx.url", "#pbx-url"),
        ] {
            screen.go(page).await;
            screen.shows(&format!("{control}:disabled")).await;
            screen.sees(&format!("[data-field='{key}'] .lock"), &file).await;
            screen.shoot(&format!("locked-{page}")).await;
            inspect(&screen, look, page).await;
        }
        screen.go("agents").await;
        screen.sees("#page-agents .messages", &file).await;
        screen.shows("#bind-email:disabled").await;
        // What the policy says nothing about can still be changed.
        screen.go("notifications").await;
        screen.shows("#notifications-level-quiet:enabled").await;
        screen.close().await;
    }
}

// Disable and disconnect

async fn disabled_and_disconnected(look: Look) {
    let words = words(look);
    let house = House::signed_in().await;
    let screen = house.window(look).await;
    screen.go("zoho-desk").await;
    screen.shows("#desk-status[data-status=connected]").await;
    screen.press("#desk-enabled").await;
    screen.sees("#desk-status[data-status=disabled]", &words.text("settings-status-disabled")).await;
    house.view_where(|view| view.desk.state == LinkState::Disabled).await;
    assert_eq!(setting(&house.rig, "desk.client_id"), DESK_CLIENT_ID, "everything is kept");
    screen.shoot("disabled").await;
    inspect(&screen, look, "disabled").await;
    screen.press("#desk-enabled").await;
    screen.sees("#desk-status[data-status=connected]", &words.text("settings-status-connected")).await;

    screen.press("#desk-disconnect").await;
    let question = screen.sees("#confirm", &words.text("settings-disconnect-stays")).await;
    for stays in ["phonebook", "desk", "pbx"] {
        assert!(question.contains(&words.text(&format!("settings-disconnect-stays-{stays}"))), "{question}");
    }
    screen.focuses("#confirm-no").await;
    screen.shoot("disconnect").await;
    inspect(&screen, look, "disconnect").await;
    screen.keys(ESCAPE).await;
    screen.hides("#confirm").await;
    screen.focuses("#desk-disconnect").await;
    assert_eq!(setting(&house.rig, "desk.client_id"), DESK_CLIENT_ID);
    screen.press("#desk-disconnect").await;
    screen.press("#confirm-yes").await;
    screen
        .sees("#desk-status[data-status=not_connected]", &words.text("settings-status-not-connected"))
        .await;
    house.saved("desk.client_id", &Value::Null).await;
    assert_eq!(setting(&house.rig, "pbx.client_id"), CLIENT_ID);
    let gone = house.rig.simulator.desk().requests();
    assert!(gone.iter().any(|request| request.path == "/oauth/v2/token/revoke"), "the token is given back");
    screen.has("#desk-client-id", "").await;
    screen.hides("#desk-disconnect").await;
    screen.shoot("disconnected").await;
    inspect(&screen, look, "disconnected").await;
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zoho_desk_is_switched_off_and_on_and_disconnected_in_english() {
    let Some(_turn) =
        turn("zoho_desk_is_switched_off_and_on_and_disconnected_in_english", Keyboard::Shared).await
    else {
        return;
    };
    disabled_and_disconnected(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zoho_desk_is_switched_off_and_on_and_disconnected_in_chinese() {
    let Some(_turn) =
        turn("zoho_desk_is_switched_off_and_on_and_disconnected_in_chinese", Keyboard::Shared).await
    else {
        return;
    };
    disabled_and_disconnected(Look::CHINESE).await;
}

// Language

#[tokio::test(flavor = "multi_thread")]
async fn another_language_is_spoken_everywhere_at_once_and_what_was_typed_stays() {
    let Some(_turn) =
        turn("another_language_is_spoken_everywhere_at_once_and_what_was_typed_stays", Keyboard::Shared)
            .await
    else {
        return;
    };
    let log = eavesdrop().await;
    let app = App::start().await;
    app.menu_with("Settings").await;
    let screen = Screen::open(&app.rig, "settings", Look::ENGLISH).await;
    screen.shows("#work:enabled").await;
    screen.go("phone-system").await;
    screen.fill("#pbx-client-id", "half-typed").await;
    screen.go("general").await;
    screen.choose("#general-language", "zh-CN").await;
    screen.sees("#page-general h1", "通用").await;
    inspect(&screen, Look::CHINESE, "general").await;
    for page in PAGES {
        screen.go(page).await;
        let foreign = foreign(&screen, Look::CHINESE).await;
        assert!(foreign.is_empty(), "{page}: {foreign:?}");
    }
    screen.go("phone-system").await;
    assert_eq!(screen.value("#pbx-client-id").await, "half-typed");
    app.menu_with(&words(Look::CHINESE).text("tray-settings")).await;
    app.rig.contact("Mei", "+8613800139992");
    app.rig.simulator.pbx().call_in("13800139992", "1001").await;
    heard(&log, "a notification in Chinese", |asked| {
        matches!(asked, Asked::Show { summary, body, actions, .. } if summary.contains("Mei")
            && [body.as_str()].into_iter().chain(actions.iter().map(String::as_str)).any(|text| !text.is_ascii()))
    })
    .await;
    screen.go("general").await;
    screen.choose("#general-language", "en").await;
    screen.sees("#page-general h1", "General").await;
    app.menu_with("Settings").await;
    screen.close().await;
}

// The engine goes and comes back

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_survives_the_engine() {
    let Some(_turn) = turn("what_is_typed_survives_the_engine", Keyboard::Shared).await else { return };
    let mut house = House::signed_in().await;
    let words = words(Look::ENGLISH);
    let screen = house.window(Look::ENGLISH).await;
    screen.go("phone-system").await;
    screen.fill("#numbers-area-code", "21").await;
    house.stop().await;
    screen.sees("#banner", &words.text("panel-gone-title")).await;
    screen.shows("[data-stage=gone] #work:disabled").await;
    screen.shoot("engine-gone").await;
    inspect(&screen, Look::ENGLISH, "no engine").await;
    assert_eq!(screen.value("#numbers-area-code").await, "21");
    house.start();
    screen.hides("#banner .note").await;
    screen.shows("#work:enabled").await;
    assert_eq!(screen.value("#numbers-area-code").await, "21");
    screen.press("#pbx-form-save").await;
    house.saved("numbers.area_code", &json!("21")).await;
    screen.close().await;
}

// The doctor

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_lists_what_it_found_and_its_report_holds_no_secret() {
    let Some(_turn) =
        turn("the_doctor_lists_what_it_found_and_its_report_holds_no_secret", Keyboard::Shared).await
    else {
        return;
    };
    let house = House::signed_in().await;
    for look in [Look::ENGLISH, Look::CHINESE] {
        let words = words(look);
        let screen = house.window(look).await;
        screen.go("doctor").await;
        screen.press("#doctor-run").await;
        screen.sees("#doctor-run", &words.text("settings-doctor-again")).await;
        screen.shows("#findings [data-finding=pbx_credentials][data-state=ok]").await;
        let count = screen.ask("return document.querySelectorAll('#findings li').length", &[]).await;
        assert!(count.as_u64().unwrap() >= 10, "{count}");
        screen.shoot("doctor").await;
        inspect(&screen, look, "doctor").await;
        let _alone = CLIPBOARD.lock().await;
        screen.press("#doctor-copy").await;
        screen.sees("#doctor-copy", &words.text("settings-copied")).await;
        screen.go("tickets").await;
        screen.press("#tickets-enabled").await;
        screen.press("#tickets-description").await;
        screen.keys(PASTE).await;
        screen
            .when(
                "the report is pasted",
                "return document.querySelector('#tickets-description').value.includes('pbx_credentials')",
                &[],
            )
            .await;
        let report = screen.value("#tickets-description").await;
        for secret in [CLIENT_SECRET, DESK_CLIENT_SECRET, CLIENT_ID, DESK_CLIENT_ID] {
            assert!(!report.contains(secret), "{report}");
        }
        screen.press("#tickets-enabled").await;
        house.saved("tickets.enabled", &json!(false)).await;
        screen.close().await;
    }
}

// Hostile paste

#[tokio::test(flavor = "multi_thread")]
async fn no_paste_breaks_the_page() {
    let Some(_turn) = turn("no_paste_breaks_the_page", Keyboard::Shared).await else { return };
    let house = House::signed_in().await;
    let screen = house.window(Look::ENGLISH).await;
    // What is off otherwise takes no text.
    for (page, switch, key) in [
        ("tickets", "#tickets-enabled", "tickets.enabled"),
        ("call-log", "#call-log-enabled", "call_log.enabled"),
        ("call-log", "#call-log-wrap-up", "call_log.wrap_up"),
    ] {
        screen.go(page).await;
        screen.press(switch).await;
        house.saved(key, &json!(true)).await;
    }
    let hostile = [
        "one\ntwo\r\nthree\t\0four".to_owned(),
        "x".repeat(10_000),
        "<script>document.body.dataset.hacked = 1</script><img src=x onerror=\"document.body.dataset.hacked = 1\">"
            .to_owned(),
        "\u{202e}gnp.exe\u{2066}\u{200f}\u{feff}{ $field } { settings-title }".to_owned(),
        "﷽".repeat(500),
    ];
    for page in PAGES.into_iter().filter(|page| *page != "setup") {
        screen.go(page).await;
        screen.ask("for (const it of document.querySelectorAll('details')) it.open = true", &[]).await;
        let script = "return [...document.querySelectorAll(`#page-${arguments[0]} :is(input:not([type]), input[type=text], \
            input[type=password], input[type=search], textarea)`)].filter((it) => it.checkVisibility() && !it.disabled).map((it) => `#${it.id}`)";
        let fields = screen.ask(script, &[json!(page)]).await;
        for field in fields.as_array().unwrap().iter().map(|field| field.as_str().unwrap()) {
            for text in &hostile {
                screen.paste(field, text).await;
            }
        }
        if let "phone-system" = page {
            screen.press("#pbx-form-save").await;
            screen.press("#pbx-test").await;
            screen.hides("#pbx-test[aria-busy=true]").await;
        }
        if let "zoho-desk" = page {
            screen.press("#desk-form-save").await;
        }
        screen.shoot(&format!("hostile-{page}")).await;
        let wide = screen
            .ask("const it = document.querySelector('main'); return it.scrollWidth > it.clientWidth", &[])
            .await;
        assert_eq!(wide, false, "{page} is wider than its window");
    }
    assert_eq!(screen.ask("return document.body.dataset.hacked ?? null", &[]).await, Value::Null);
    assert_eq!(screen.ask("return document.querySelectorAll('img, #pages script').length", &[]).await, 0);
    // It still works.
    screen.go("pop-up").await;
    screen.press("#popup-mode-off").await;
    house.saved("popup.mode", &json!("off")).await;
    screen.close().await;
}

// Links to phone numbers

async fn the_way_to_be_chosen_for_links(look: Look) {
    let words = words(look);
    let rig = Rig::idle().await;
    let programs = Programs::new();
    programs.install(
        "org.example.Dialer.desktop",
        "[Desktop Entry]\nType=Application\nName=Dialer <b>\u{202e}\nExec=true %u\n",
    );
    programs.choose("org.example.Dialer.desktop", &["tel"]).await;
    // The page of this desktop, as far as anybody sees from here.
    let (page, shown) = (programs.path("bin/xfce4-mime-settings"), programs.path("shown"));
    std::fs::write(&page, format!("#!/bin/sh\nprintf . >>'{}'\n", shown.display())).unwrap();
    std::fs::set_permissions(&page, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut tray = on_profile(&rig, "deskring", &["--hidden"]);
    std::fs::create_dir_all(programs.path("config/chromium")).unwrap();
    let child = programs.of(&mut tray).spawn().unwrap();
    let app = App::of(rig, child).await;
    let connected = async || Client::connect(&app.rig.paths()).await.ok().map(drop);
    eventually("the tray app listens", connected).await;
    let screen = Screen::open(&app.rig, "settings", look).await;
    screen.shows("[data-stage=connected] #work:enabled").await;
    screen.go("click-to-call").await;
    // The browser's extension.
    let of_chromium = |key: &str| words.with(key, &[("browser", "Chromium".into())]);
    screen.sees("#browsers", &of_chromium("settings-browsers-no")).await;
    screen.press("#browsers-offer").await;
    screen.sees("#browsers", &of_chromium("settings-browsers-user")).await;
    screen.sees("#browsers-off", &words.text("settings-browsers-off")).await;
    let host = programs.path("config/chromium/NativeMessagingHosts/com.deskring.host.json");
    let manifest: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&host).unwrap()).unwrap();
    assert_eq!(manifest["path"], json!(e2e::program("deskring")));
    let profile = std::fs::read_to_string(programs.path("config/deskring/browser-profile")).unwrap();
    assert_eq!(std::path::Path::new(&profile), app.rig.profile.path());
    screen.shoot("browsers").await;
    screen.press("#browsers-withdraw").await;
    screen.sees("#browsers", &of_chromium("settings-browsers-no")).await;
    assert!(!host.exists());
    screen.sees("#links-state[data-tel=elsewhere]", "Dialer <b>").await;
    screen.sees("#links-command", "xdg-mime default Deskring.desktop x-scheme-handler/tel").await;
    screen.sees("#links-offer", &words.text("settings-links-offer")).await;
    screen.shoot("links-1-elsewhere").await;
    inspect(&screen, look, "another program").await;
    screen.press("#links-offer").await;
    screen.hides("#links-offer").await;
    screen.focuses("#links-page").await;
    screen.shows("#links-state[data-tel=elsewhere]").await;
    let entry = std::fs::read_to_string(programs.path("data/applications/Deskring.desktop")).unwrap();
    assert!(entry.contains("x-scheme-handler/tel;") && entry.contains(" %u"), "{entry}");
    screen.shoot("links-2-candidate").await;
    inspect(&screen, look, "a candidate").await;
    screen.press("#links-page").await;
    until("the system's page", || shown.exists()).await;
    // What the person does there, or in a terminal; then they come back.
    programs.choose("Deskring.desktop", &["tel"]).await;
    screen.ask("dispatchEvent(new Event('focus'))", &[]).await;
    screen.sees("#links-state[data-tel=ours]", &words.text("settings-links-ours")).await;
    screen.hides("#links-command").await;
    screen.shoot("links-3-ours").await;
    inspect(&screen, look, "Deskring").await;
    // What cannot be written is said.
    std::fs::remove_dir_all(programs.path("data")).unwrap();
    std::fs::write(programs.path("data"), "").unwrap();
    screen.ask("dispatchEvent(new Event('focus'))", &[]).await;
    screen.press("#links-offer").await;
    screen.sees("#page-click-to-call [role=alert]", &words.text("cause-links-failed")).await;
    screen.shoot("links-4-failed").await;
    inspect(&screen, look, "no list").await;
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_be_chosen_for_links_in_english() {
    let Some(_turn) = turn("the_way_to_be_chosen_for_links_in_english", Keyboard::Shared).await else {
        return;
    };
    the_way_to_be_chosen_for_links(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_be_chosen_for_links_in_chinese() {
    let Some(_turn) = turn("the_way_to_be_chosen_for_links_in_chinese", Keyboard::Shared).await else {
        return;
    };
    the_way_to_be_chosen_for_links(Look::CHINESE).await;
}

// Contact sync

async fn all_contacts_are_synced(look: Look) {
    let words = words(look);
    let house = House::signed_in().await;
    let desk = house.rig.simulator.desk();
    for at in 0..40 {
        let contact = json!({ "lastName": format!("Person {at}"), "mobile": format!("+86138{at:08}") });
        desk.add_contact(contact);
    }
    desk.add_contact(json!({ "lastName": "Silent <b>" }));
    house.rig.simulator.pbx().by_hand("phonebook/create", &json!({ "name": "Helpdesk" })).unwrap();
    let changes = BTreeMap::from([
        ("contact_sync.phonebook".to_owned(), json!("Helpdesk")),
        ("contact_sync.enabled".to_owned(), json!(true)),
    ]);
    house.want(Want::Change { changes }).await;
    // Slow enough to be watched and stopped.
    house.rig.simulator.pbx().set(|switches| switches.delay_ms = 600);
    let screen = house.window(look).await;
    screen.go("contact-sync").await;
    screen.sees("#sync-now", &words.text("settings-sync-now")).await;
    screen.press("#sync-now").await;
    // Live: the numbers come while it goes on.
    screen.shows("#sync-state[data-state=running]").await;
    screen.sees("#sync-facts", &words.text("sync-round-running")).await;
    screen.sees("#sync-facts", &words.text("sync-step-copying")).await;
    screen.shoot("sync-1-running").await;
    inspect(&screen, look, "sync under way").await;
    screen.press("#sync-stop").await;
    screen.sees("#sync-facts", &words.text("sync-round-stopped")).await;
    assert!(house.rig.simulator.pbx().company_contacts().len() < 40);
    house.rig.simulator.pbx().set(|switches| switches.delay_ms = 0);
    screen.press("#sync-now").await;
    screen.sees("#sync-facts", &words.text("sync-round-done")).await;
    screen.press("#page-contact-sync summary").await;
    screen.sees("#sync-left-out", &words.text("not-synced-no-number")).await;
    screen.sees("#sync-left-out", "Silent <b>").await;
    screen.shoot("sync-2-done").await;
    inspect(&screen, look, "sync done").await;
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_contacts_are_synced_in_english() {
    let Some(_turn) = turn("all_contacts_are_synced_in_english", Keyboard::Shared).await else { return };
    all_contacts_are_synced(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_contacts_are_synced_in_chinese() {
    let Some(_turn) = turn("all_contacts_are_synced_in_chinese", Keyboard::Shared).await else { return };
    all_contacts_are_synced(Look::CHINESE).await;
}

// The matching lab

async fn the_matching_lab(look: Look) {
    let mut house = House { rig: Rig::idle().await, engine: None };
    let desk = house.rig.simulator.desk();
    desk.add_contact(json!({ "lastName": "Lin <b>", "phone": "0592-5503309", "mobile": "138 0013 8000" }));
    desk.add_contact(json!({ "lastName": "Zhang", "phone": "+865965503309" }));
    house.rig.start_indexing().await;
    let server = Server::start(house.rig.handle(), &house.rig.paths()).unwrap();
    house.rig.ready().await;
    house.rig.view_where(|view| view.index.state == "fresh").await;
    for number in ["5503309", "5503309", "+12125550100"] {
        let call = house.rig.simulator.pbx().call_in(number, "1001").await;
        house.rig.simulator.pbx().hang_up(&call, "caller").await;
        house.rig.closed(&call).await;
    }
    let screen = house.window(look).await;
    screen.go("matching-lab").await;
    let words = words(look);
    screen.sees("#lab-decision", &words.text("lab-empty")).await;

    // Why.
    screen.fill("#lab-number", "9").await;
    screen.sees("#lab-means", &words.text("lab-no-means")).await;
    screen.fill("#lab-number", "5503309").await;
    screen.sees("#lab-means", "+865925503309").await;
    screen.sees("#lab-decision", "Lin <b>").await;
    screen.sees("[data-part=readings]", &words.with("lab-step-area-code", &[("value", "592".into())])).await;
    screen.sees("[data-part=searches]", "GET /api/v1/contacts/search?phone=%2B865925503309").await;
    screen.sees("[data-part=searches]", &words.text("lab-search-not-asked")).await;
    screen.sees("[data-part=hits]", &words.text("lab-rule-same-number")).await;
    screen.sees("[data-part=hits]", &words.text("lab-not-only-ending")).await;
    screen.shoot("lab-1-explained").await;
    inspect(&screen, look, "the lab explains").await;
    let searches = || {
        let requests = house.rig.simulator.desk().requests();
        requests.iter().filter(|request| request.query.contains("phone=")).count()
    };
    let before = searches();
    screen.press("#lab-ask-desk").await;
    screen.sees("[data-part=searches]", &words.text("lab-search-not-needed")).await;
    screen.sees("[data-part=hits]", &words.text("lab-source-desk")).await;
    assert_eq!(searches(), before + 1, "only when the button was pressed");
    house.rig.simulator.desk().fault_next(100, deskring_simulator::Fault::Status(403));
    screen.fill("#lab-number", "+442079460018").await;
    screen.sees("[data-part=hits]", &words.text("lab-no-hits")).await;
    screen.press("#lab-ask-desk").await;
    screen.shows("#lab-decision[data-state=failed]").await;
    screen.shoot("lab-4-failed").await;
    inspect(&screen, look, "the lab and a Desk that refuses").await;
    house.rig.simulator.desk().clear_faults();
    screen.fill("#lab-number", "anonymous").await;
    screen.sees("#lab-decision", &words.text("lab-decision-withheld")).await;

    // What if.
    screen.sees("#lab-same", &words.text("lab-what-if-same")).await;
    assert_eq!(
        (screen.value("#lab-country").await, screen.value("#lab-area-code").await),
        ("CN".into(), "592".into())
    );
    screen.fill("#lab-area-code", "596").await;
    screen.hides("#lab-same").await;
    screen.press("#lab-run").await;
    screen.sees("#lab-state", "2").await;
    screen.sees("[data-count=matched]", "2 → 2").await;
    screen.sees("[data-count=others]", "2").await;
    screen.sees("[data-part=changed] li", "Lin <b> → Zhang").await;
    screen.ask("document.querySelector('#lab-outcome').scrollIntoView({ block: 'end' })", &[]).await;
    screen.shoot("lab-2-what-if").await;
    inspect(&screen, look, "the lab tries rules").await;
    assert_eq!(setting(&house.rig, "numbers.area_code"), json!("592"), "trying changes nothing");
    screen.press("#lab-take-over").await;
    house.saved("numbers.area_code", &json!("596")).await;
    screen.sees("#lab-same", &words.text("lab-what-if-same")).await;
    screen.fill("#lab-area-code", "none").await;
    screen.press("#lab-take-over").await;
    screen.sees("#page-matching-lab [role=alert]", &words.text("problem-not-digits")).await;
    assert_eq!(setting(&house.rig, "numbers.area_code"), json!("596"), "what is refused is not saved");
    screen.fill("#lab-area-code", "５９２").await;
    screen.press("#lab-take-over").await;
    house.saved("numbers.area_code", &json!("592")).await;

    // Without contacts on this computer Desk is asked only after a question with its price.
    screen.go("contact-sync").await;
    screen.press("#contact-sync-index-off").await;
    house.saved("contact_sync.index", &json!("off")).await;
    house.rig.view_where(|view| view.index.state == "off").await;
    screen.go("matching-lab").await;
    screen.fill("#lab-area-code", "596").await;
    let before = searches();
    screen.press("#lab-run").await;
    screen.shows("#lab-offer").await;
    screen.shoot("lab-3-offer").await;
    inspect(&screen, look, "the lab offers Zoho Desk").await;
    assert_eq!(searches(), before);
    house.rig.simulator.desk().set(|switches| switches.delay_ms = 300);
    screen.press("#lab-with-desk").await;
    screen.press("#lab-stop").await;
    screen.sees("#lab-state", &words.text("lab-what-if-stopped")).await;
    house.rig.simulator.desk().set(|switches| switches.delay_ms = 0);
    screen.press("#lab-go-on").await;
    screen.sees("#lab-outcome", &words.text("lab-what-if-with-desk")).await;
    screen.sees("[data-part=changed] li", "Lin <b> → Zhang").await;
    screen.close().await;
    drop(server);
    house.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matching_lab_in_english() {
    let Some(_turn) = turn("the_matching_lab_in_english", Keyboard::Shared).await else { return };
    the_matching_lab(Look::ENGLISH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matching_lab_in_chinese() {
    let Some(_turn) = turn("the_matching_lab_in_chinese", Keyboard::Shared).await else { return };
    the_matching_lab(Look::CHINESE.dark()).await;
}

// Accessibility

#[tokio::test(flavor = "multi_thread")]
async fn the_dark_pages_have_no_barriers_either() {
    let Some(_turn) = turn("the_dark_pages_have_no_barriers_either", Keyboard::Shared).await else { return };
    let house = House::signed_in().await;
    for look in [Look::ENGLISH.dark(), Look::CHINESE.dark()] {
        let screen = house.window(look).await;
        for page in PAGES {
            screen.go(page).await;
            if page == "agents" {
                screen.sees("#page-agents table", "agent@example.com").await;
            }
            screen.shoot(&format!("section-{page}")).await;
            inspect(&screen, look, page).await;
        }
        screen.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_window_has_no_barriers() {
    let Some(_turn) = turn("the_calls_window_has_no_barriers", Keyboard::Shared).await else { return };
    let house = House::signed_in().await;
    house.rig.contact("王小明", "+8613800138000");
    let pbx = house.rig.simulator.pbx();
    let before = pbx.call_in("13800138000", "1001").await;
    pbx.hang_up(&before, "caller").await;
    pbx.call_in("13800138000", "1001").await;
    for look in [Look::ENGLISH, Look::CHINESE, Look::ENGLISH.dark(), Look::CHINESE.dark()] {
        let screen = Screen::open(&house.rig, "panel", look).await;
        screen.sees("#calls", "王小明").await;
        screen.shoot("panel").await;
        inspect(&screen, look, "panel").await;
        screen.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_alone_reaches_everything_in_the_first_set_up() {
    let Some(_turn) =
        turn("the_keyboard_alone_reaches_everything_in_the_first_set_up", Keyboard::Alone).await
    else {
        return;
    };
    let house = House::signed_in().await;
    let screen = house.window(Look::ENGLISH).await;
    for step in ["telephone", "desk", "me", "try"] {
        screen.go("setup").await;
        screen.press(&format!("#step-{step}")).await;
        screen.shows(&format!("[data-step={step}][data-state=current]")).await;
        if step == "me" {
            screen.sees("#setup-step", "agent@example.com").await;
        }
        let script = "window.wanted = new Set([...document.querySelectorAll('#page-setup :is(input, select, textarea, button, a[href], summary)')] \
            .filter((it) => it.checkVisibility() && !it.disabled && it.tabIndex >= 0 && (it.type !== 'radio' || it.checked))); \
            document.querySelector('#page-setup h1').focus(); return wanted.size";
        let count = screen.ask(script, &[]).await.as_u64().unwrap();
        for _ in 0..count + 5 {
            screen.keys(TAB).await;
            let script = "const it = document.activeElement; const box = it.getBoundingClientRect(); const { outlineStyle, boxShadow } = getComputedStyle(it); \
                const mine = wanted.delete(it); if (!mine) return ''; \
                const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); \
                const seen = top && (it.contains(top) || top.contains(it) || it.labels?.length); \
                const marked = (outlineStyle !== 'none' || boxShadow !== 'none'); \
                return (marked ? '' : `${it.id || it.outerHTML} does not show the focus `) + (seen ? '' : `${it.id || it.outerHTML} is covered`)";
            assert_eq!(screen.ask(script, &[]).await, "", "{step}");
        }
        let left = screen.ask("return [...wanted].map((it) => it.id || it.outerHTML)", &[]).await;
        assert_eq!(left, json!([]), "{step}: the Tab key reaches all");
    }
    // Without a mouse from one step to the next.
    screen.ask("document.querySelector('#step-telephone').focus()", &[]).await;
    screen.keys(ENTER).await;
    screen.shows("[data-step=telephone][data-state=current]").await;
    screen.close().await;
}
