//! Setting up from a terminal: real processes with and without a running engine, what they print in English and in
//! Chinese, their exit codes, and what they never print.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;

use deskring_local_api::Server;
use deskring_simulator::{
    AGENT_ID, CLIENT_SECRET, Consent, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN, ORGANIZATION_ID, ScopeRefusal,
};
use e2e::{PATIENCE, Rig, free_port, on_profile, opened, until};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A profile whose secrets are what the test keeps, and a port of its own for the browser.
struct Terminal {
    rig: Rig,
    door: u16,
}

/// How a program ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    error: String,
}

#[derive(Clone, Copy)]
enum Speaks {
    English,
    Chinese,
}

impl Terminal {
    async fn new() -> Terminal {
        let terminal = Terminal { rig: Rig::idle().await, door: free_port() };
        terminal.set(|_| {});
        terminal
    }

    /// With both client secrets kept.
    async fn with_secrets() -> Terminal {
        let terminal = Terminal::new().await;
        terminal.hears(&["secret", "set", "pbx", "--allow-file"], CLIENT_SECRET).await.good();
        terminal.hears(&["secret", "set", "desk", "--allow-file"], DESK_CLIENT_SECRET).await.good();
        terminal
    }

    /// And signed in.
    async fn signed_in() -> Terminal {
        let terminal = Terminal::with_secrets().await;
        let mut sign_in = terminal.program(&["desk", "sign-in", "--no-browser"]);
        assert_eq!(browse(&sign_in.line().await).await, "Signed in");
        sign_in.ends().await.good();
        terminal
    }

    fn set(&self, change: impl FnOnce(&mut Value)) {
        self.rig.set(|settings| {
            settings["desk"]["redirect_port"] = json!(self.door);
            change(settings);
        });
    }

    fn file(&self) -> Value {
        let text = std::fs::read_to_string(self.rig.profile.path().join("settings.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn command(&self, arguments: &[&str], speaks: Speaks) -> Command {
        let mut command = on_profile(&self.rig, "deskring-cli", arguments);
        for name in e2e::secrets().keys() {
            command.env_remove(name);
        }
        let language = match speaks {
            Speaks::English => "en_US.UTF-8",
            Speaks::Chinese => "zh_CN.UTF-8",
        };
        command.env("LANG", language).env("LC_ALL", language);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs to its end with nothing on its standard input.
    async fn says(&self, arguments: &[&str]) -> Said {
        self.hears(arguments, "").await
    }

    async fn hears(&self, arguments: &[&str], input: &str) -> Said {
        self.speaks(Speaks::English, arguments, input).await
    }

    async fn chinese(&self, arguments: &[&str]) -> Said {
        self.speaks(Speaks::Chinese, arguments, "").await
    }

    async fn speaks(&self, speaks: Speaks, arguments: &[&str], input: &str) -> Said {
        let mut child = self.command(arguments, speaks).spawn().unwrap();
        // It may have ended without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let output =
            tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), error: text(output.stderr) }
    }

    /// Starts a program whose lines are read one by one.
    fn program(&self, arguments: &[&str]) -> Program {
        let mut child = self.command(arguments, Speaks::English).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Program { child, lines, seen: Vec::new() }
    }

    /// An engine that runs until it is dropped; ready when the PBX is up.
    async fn engine(&self) -> Program {
        let mut run = self.program(&["run", "--json"]);
        run.line_where(|line| line["event"] == "pbx" && line["link"]["state"] == "up").await;
        run
    }

    fn tokens_given_back(&self) -> usize {
        let all = self.rig.simulator.desk().requests();
        all.iter().filter(|request| request.path == "/oauth/v2/token/revoke").count()
    }
}

impl Said {
    #[track_caller]
    fn good(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        self.out.trim()
    }

    /// One line, the exit code of a failure, and nothing for a program that reads the output.
    #[track_caller]
    fn bad(&self) -> &str {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{self:?}");
        let line = self.error.lines().last().unwrap_or_default();
        line.strip_prefix("deskring-cli: ").unwrap_or_else(|| panic!("{self:?}"))
    }
}

struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What [`Program::line_where`] passed over.
    seen: Vec<Value>,
}

impl Program {
    async fn line(&mut self) -> String {
        match tokio::time::timeout(PATIENCE, self.lines.next_line()).await {
            Ok(line) => line.unwrap().expect("it runs"),
            Err(_) => panic!("it says nothing; before it said {:#?}", self.seen),
        }
    }

    async fn line_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = serde_json::from_str(&self.line().await).expect("every line is JSON");
            if wanted(&line) {
                return line;
            }
            self.seen.push(line);
        }
    }

    /// Desk has been up since it runs.
    async fn desk_up(&mut self) {
        let up = |line: &Value| line["event"] == "desk" && line["link"]["state"] == "up";
        if !self.seen.iter().any(up) {
            self.line_where(up).await;
        }
    }

    async fn ends(mut self) -> Said {
        let (mut out, mut error) = (String::new(), String::new());
        let ending = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                out.push_str(&line);
                out.push('\n');
            }
            self.child.stderr.take().unwrap().read_to_string(&mut error).await.unwrap();
            self.child.wait().await.unwrap()
        };
        let status = tokio::time::timeout(PATIENCE, ending).await.expect("it ends");
        Said { code: status.code().unwrap(), out, error }
    }
}

/// Opens an address and follows redirects; gives the heading of the page at the end.
async fn browse(address: &str) -> String {
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = browser.get(address).send().await.unwrap().text().await.unwrap();
    page.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next()).unwrap_or_default().to_owned()
}

// Secrets.

#[tokio::test]
async fn a_secret_comes_from_standard_input_and_goes_to_a_file_only_when_that_was_permitted() {
    let terminal = Terminal::new().await;
    let refused = terminal.hears(&["secret", "set", "pbx"], CLIENT_SECRET).await;
    assert!(refused.bad().contains("no keychain"), "{refused:?}");
    let kept =
        terminal.hears(&["secret", "set", "pbx", "--allow-file"], &format!("{CLIENT_SECRET}\r\n")).await;
    assert_eq!(kept.good(), "The secret is kept in a file that only you can read.");
    assert_eq!(kept.error, "", "no prompt where nobody types");
    let mut engine = terminal.engine().await;
    let kept = terminal.hears(&["secret", "set", "desk"], DESK_CLIENT_SECRET).await;
    assert_eq!(kept.good(), "The secret is kept in a file that only you can read.");
    engine.line_where(|line| line["link"]["cause"] == "desk_sign_in_missing").await;
    for (arguments, input) in [(["secret", "set", "pbx"], ""), (["secret", "set", "desk"], " \n")] {
        terminal.hears(&arguments, input).await.bad();
    }
    terminal.hears(&["secret", "set", "pbx"], &"x".repeat(1000)).await.bad();
    terminal.hears(&["secret", "set", "pbx"], &"x".repeat(1_000_000)).await.bad();
    let chinese = terminal.speaks(Speaks::Chinese, &["secret", "set", "pbx"], CLIENT_SECRET).await;
    assert_eq!(chinese.good(), "密钥保存在仅你可读的文件中。");
    let file = std::fs::read_to_string(terminal.rig.profile.path().join("settings.json")).unwrap();
    assert!(!file.contains(CLIENT_SECRET) && !file.contains(DESK_CLIENT_SECRET));
}

#[tokio::test]
async fn a_secret_is_no_argument_and_no_setting() {
    let terminal = Terminal::new().await;
    let before = terminal.file();
    let said = terminal.says(&["secret", "set", "pbx", "hunter2"]).await;
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    for key in ["pbx.client_secret", "desk.client_secret", "desk.refresh_token"] {
        let said = terminal.says(&["settings", "set", &format!("{key}=hunter2"), "popup.mode=off"]).await;
        assert!(said.bad().contains(key) && !said.error.contains("hunter2"), "{said:?}");
    }
    assert_eq!(terminal.file(), before);
}

#[tokio::test]
async fn a_secret_of_the_environment_is_not_replaced() {
    let terminal = Terminal::new().await;
    let mut command = terminal.command(&["secret", "set", "pbx", "--allow-file"], Speaks::English);
    let mut child = command.env("DESKRING_PBX_CLIENT_SECRET", CLIENT_SECRET).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"another").await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("environment variable"));
}

// Signing in.

#[tokio::test]
async fn sign_in_prints_the_address_and_ends_when_the_browser_came_back_with_and_without_an_engine() {
    let terminal = Terminal::with_secrets().await;
    terminal.set(|settings| settings["desk"]["organization_id"] = Value::Null);
    let mut alone = terminal.program(&["desk", "sign-in", "--no-browser"]);
    assert_eq!(browse(&alone.line().await).await, "Signed in");
    let said = alone.ends().await;
    assert_eq!(said.good(), "Signed in");
    assert!(said.error.contains("Open this address"), "{said:?}");
    assert_eq!(terminal.file()["desk"]["organization_id"], ORGANIZATION_ID);

    let mut engine = terminal.engine().await;
    let page = terminal.rig.contact("Lin", "+8613800138000");
    let mut served = terminal.program(&["desk", "sign-in", "--no-browser"]);
    let address = served.line().await;
    assert!(opened(&terminal.rig).is_empty());
    assert_eq!(browse(&address).await, "Signed in");
    assert_eq!(served.ends().await.good(), "Signed in");
    assert_eq!(terminal.tokens_given_back(), 1, "that of the first sign-in");
    engine.line_where(|line| line["event"] == "desk" && line["link"]["state"] == "connecting").await;
    engine.line_where(|line| line["event"] == "desk" && line["link"]["state"] == "up").await;
    terminal.rig.simulator.pbx().wait_subscribed(1).await;
    terminal.rig.simulator.pbx().call_in("13800138000", "1001").await;
    engine.line_where(|line| line["call"]["why"]["code"] == "opened_by_rule").await;
    until("a tab", || opened(&terminal.rig) == [page.clone()]).await;
}

#[tokio::test]
async fn sign_in_opens_the_browser_unless_it_is_told_not_to() {
    let terminal = Terminal::with_secrets().await;
    let mut sign_in = terminal.program(&["desk", "sign-in"]);
    let address = sign_in.line().await;
    until("the browser", || opened(&terminal.rig) == [address.clone()]).await;
    browse(&address).await;
    sign_in.ends().await.good();
}

#[tokio::test]
async fn a_failed_sign_in_says_why_with_and_without_an_engine() {
    let terminal = Terminal::new().await;
    let said = terminal.says(&["desk", "sign-in", "--no-browser"]).await;
    assert_eq!(said.bad(), "the Zoho client secret is missing");
    let terminal = Terminal::with_secrets().await;
    terminal.rig.simulator.desk().set(|switches| switches.consent = Consent::Refuse);
    let mut engine = None;
    for _ in 0..2 {
        let mut sign_in = terminal.program(&["desk", "sign-in", "--no-browser"]);
        assert_eq!(browse(&sign_in.line().await).await, "Not signed in");
        let said = sign_in.ends().await;
        assert_eq!((said.code, said.out.as_str()), (1, ""));
        assert_eq!(said.error.lines().count(), 2, "the hint and the cause: {said:?}");
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, terminal.door)).unwrap();
        let said = terminal.says(&["desk", "sign-in", "--no-browser"]).await;
        assert_eq!(said.code, 1);
        assert!(said.error.contains("port"), "{said:?}");
        drop(taken);
        if engine.is_none() {
            engine = Some(terminal.engine().await);
        }
    }
    drop(engine);
}

#[tokio::test]
async fn a_scope_that_zoho_does_not_know_is_asked_for_by_its_other_name_with_and_without_an_engine() {
    let terminal = Terminal::with_secrets().await;
    terminal.rig.simulator.desk().set(|switches| {
        switches.unknown_scopes = vec!["Desk.calls.CREATE".to_owned()];
        switches.scope_refusal = ScopeRefusal::Redirect;
    });
    let mut engine = None;
    for _ in 0..2 {
        let mut sign_in = terminal.program(&["desk", "sign-in", "--no-browser"]);
        assert_eq!(browse(&sign_in.line().await).await, "Not signed in");
        let second = sign_in.line().await;
        assert!(second.contains("activities.calls"), "{second}");
        assert_eq!(browse(&second).await, "Signed in");
        sign_in.ends().await.good();
        if engine.is_none() {
            engine = Some(terminal.engine().await);
        }
    }
    drop(engine);
    let mut sign_in = terminal.program(&["desk", "sign-in", "--no-browser", "--other-scopes"]);
    assert_eq!(browse(&sign_in.line().await).await, "Signed in");
    sign_in.ends().await.good();
}

// Where Desk stands.

#[tokio::test]
async fn status_names_all_four_states_with_an_engine() {
    let terminal = Terminal::with_secrets().await;
    let mut engine = terminal.engine().await;
    let status = async |expected: &str, chinese: &str| {
        let said = terminal.says(&["desk", "status"]).await;
        assert!(said.good().contains(expected), "{said:?}");
        let said = terminal.chinese(&["desk", "status"]).await;
        assert!(said.good().contains(chinese), "{said:?}");
    };
    status("Sign-in needed: sign in to Zoho Desk first", "需要授权").await;
    let mut sign_in = terminal.program(&["desk", "sign-in", "--no-browser"]);
    browse(&sign_in.line().await).await;
    sign_in.ends().await.good();
    engine.line_where(|line| line["event"] == "desk" && line["link"]["state"] == "up").await;
    status("Connected", "已连接").await;
    assert_eq!(terminal.says(&["desk", "disable"]).await.good(), "Saved.");
    engine.line_where(|line| line["event"] == "desk" && line["link"]["state"] == "disabled").await;
    status("Disabled", "禁用").await;
    assert_eq!(terminal.chinese(&["desk", "enable"]).await.good(), "已保存。");
    engine.line_where(|line| line["event"] == "desk" && line["link"]["state"] == "up").await;
    terminal.rig.simulator.desk().revoke();
    terminal.rig.simulator.pbx().call_in("13900000001", "1001").await;
    engine.line_where(|line| line["event"] == "desk" && line["link"]["state"] == "stopped").await;
    status("Sign-in needed: the sign-in has ended", "需要授权").await;
    assert_eq!(terminal.hears(&["desk", "disconnect"], "y\n").await.good(), "Zoho Desk is disconnected.");
    engine.line_where(|line| line["event"] == "desk" && line["link"]["state"] == "not_set_up").await;
    status("Not connected", "未连接").await;
}

#[tokio::test]
async fn status_without_an_engine_says_what_the_profile_tells() {
    let terminal = Terminal::with_secrets().await;
    assert_eq!(terminal.says(&["desk", "status"]).await.good(), "Sign-in needed");
    let terminal = Terminal::signed_in().await;
    assert_eq!(terminal.says(&["desk", "status"]).await.good(), "Signed in; Deskring is not running");
    terminal.says(&["desk", "disable"]).await.good();
    assert_eq!(terminal.says(&["desk", "status"]).await.good(), "Disabled");
    assert_eq!(terminal.chinese(&["desk", "status"]).await.good(), "禁用");
    terminal.says(&["desk", "enable"]).await.good();
    assert_eq!(terminal.file()["desk"]["enabled"], true);
}

#[tokio::test]
async fn disconnecting_asks_first_and_leaves_nothing_of_desk_behind() {
    let terminal = Terminal::signed_in().await;
    let page = terminal.rig.contact("Lin", "+8613800138000");
    let mut engine = terminal.engine().await;
    terminal.rig.simulator.pbx().wait_subscribed(1).await;
    terminal.rig.simulator.pbx().call_in("13800138000", "1001").await;
    engine.line_where(|line| line["call"]["why"]["code"] == "opened_by_rule").await;
    until("a tab", || opened(&terminal.rig) == [page.clone()]).await;
    engine.child.kill().await.unwrap();

    let before = terminal.file();
    for answer in ["", "n\n", "\n", "no\n", "yess\n"] {
        let said = terminal.hears(&["desk", "disconnect"], answer).await;
        assert_eq!(said.bad(), "nothing was changed");
        assert!(said.error.contains("Continue?"), "{said:?}");
    }
    assert_eq!((terminal.file(), terminal.tokens_given_back()), (before.clone(), 0));
    assert_eq!(terminal.says(&["desk", "disconnect", "--yes"]).await.good(), "Zoho Desk is disconnected.");
    assert_eq!(terminal.tokens_given_back(), 1);
    let after = terminal.file();
    assert_eq!((&after["pbx"], &after["numbers"]), (&before["pbx"], &before["numbers"]));
    assert!(after.get("desk").is_none() && after.get("bindings").is_none(), "{after}");
    let secrets = std::fs::read_to_string(terminal.rig.profile.path().join("secrets/secrets.json")).unwrap();
    assert!(secrets.contains(CLIENT_SECRET) && !secrets.contains(DESK_CLIENT_SECRET));
    let journal = deskring_store::Journal::open(terminal.rig.profile.path()).unwrap();
    assert_eq!(journal.cache_get("+8613800138000", 0).unwrap(), None, "no contact of Desk stays");
    let chinese = terminal.speaks(Speaks::Chinese, &["desk", "disconnect"], "是\n").await;
    assert_eq!(chinese.good(), "已断开 Zoho Desk 连接。");
}

// Binding.

#[tokio::test]
async fn agents_are_bound_by_mail_address_by_extn_and_by_hand_with_and_without_an_engine() {
    let terminal = Terminal::signed_in().await;
    let desk = terminal.rig.simulator.desk();
    let eva = desk.add_agent(json!({ "firstName": "Eva", "emailId": "eva@example.com", "extn": "1004" }));
    let mut engine = None;
    for _ in 0..2 {
        terminal.set(|settings| settings["bindings"] = json!([]));
        let list = terminal.says(&["bind", "--list"]).await;
        assert_eq!(list.good().lines().count(), 4, "{list:?}");
        assert!(list.good().contains(&format!("-\t{AGENT_ID}\tAna Agent\tagent@example.com")), "{list:?}");
        let bound = terminal.says(&["bind", "--by-email"]).await;
        assert_eq!(bound.good().lines().next(), Some("Bound: 3"), "{bound:?}");
        assert_eq!(terminal.chinese(&["bind", "--by-email"]).await.good(), "没有新的绑定");
        let bound = terminal.says(&["bind", "--by-extn"]).await;
        assert_eq!(bound.good(), format!("Bound: 1\n1004 = {eva}"));
        assert_eq!(terminal.says(&["bind", "1001=", "1004=", "1005=EVA@example.com"]).await.good(), "Saved.");
        let list = terminal.says(&["bind", "--list"]).await;
        assert!(list.good().contains(&format!("1005\t{eva}\tEva\teva@example.com")), "{list:?}");
        assert!(list.good().contains(&format!("-\t{AGENT_ID}\t")), "{list:?}");
        let said = terminal.says(&["bind", "1006=nobody@example.com"]).await;
        assert!(said.bad().contains("1006=nobody@example.com"), "{said:?}");
        terminal.says(&["bind", "1006"]).await.bad();
        terminal.says(&["bind", &format!("10x6={eva}")]).await.bad();
        if engine.is_none() {
            engine = Some(terminal.engine().await);
        }
    }
    drop(engine);
}

#[tokio::test]
async fn asking_without_an_engine_leaves_no_token_behind_on_the_pbx() {
    let terminal = Terminal::signed_in().await;
    for _ in 0..3 {
        terminal.says(&["bind", "--list"]).await.good();
        assert_eq!(terminal.rig.simulator.pbx().live_tokens(), 0);
    }
    terminal.says(&["doctor"]).await;
    assert_eq!(terminal.rig.simulator.pbx().live_tokens(), 0);
}

#[tokio::test]
async fn what_desk_and_settings_contain_cannot_write_into_the_terminal() {
    let terminal = Terminal::signed_in().await;
    let hostile = "Eve\u{1b}]0;owned\u{7}\u{202e}";
    let desk = terminal.rig.simulator.desk();
    for number in ["1006", "1007"] {
        terminal.rig.simulator.pbx().add_extension(number, hostile, &format!("{hostile}@example.com")).await;
    }
    desk.add_agent(json!({ "lastName": hostile, "emailId": format!("{hostile}@example.com") }));
    terminal.set(|settings| settings[hostile] = json!(1));
    let hostile_import = json!({ "popup": { (format!("token{hostile}")): 1 } }).to_string();
    let quiet = |said: &Said| {
        let all = format!("{}{}", said.out, said.error);
        assert!(all.contains("Eve"), "it was said at all: {said:?}");
        assert!(!all.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
    };
    quiet(&terminal.says(&["bind", "--list"]).await);
    quiet(&terminal.says(&["bind", &format!("1006={hostile}")]).await);
    quiet(&terminal.says(&["settings", "check"]).await);
    quiet(&terminal.says(&["settings", "set", hostile]).await);
    quiet(&terminal.hears(&["settings", "import", "-"], &hostile_import).await);
    let _engine = terminal.engine().await;
    quiet(&terminal.says(&["status"]).await);
}

// Settings.

#[tokio::test]
async fn settings_are_changed_and_checked_with_and_without_an_engine() {
    let terminal = Terminal::with_secrets().await;
    let mut engine = None;
    for trigger in ["answer", "hangup"] {
        let changes =
            ["settings", "set", &format!("popup.trigger={trigger}"), "pbx.extensions=[\"1001\",\"1002\"]"];
        assert_eq!(terminal.says(&changes).await.good(), "Saved.");
        assert_eq!(terminal.file()["popup"]["trigger"], trigger);
        assert_eq!(terminal.file()["pbx"]["extensions"], json!(["1001", "1002"]));
        assert_eq!(terminal.says(&["settings", "check"]).await.good(), "The settings are good.");
        assert_eq!(terminal.chinese(&["settings", "check"]).await.good(), "设置无误。");
        let said = terminal.says(&["settings", "set", "popup.mode=off", "popup.trigger=never"]).await;
        assert!(said.bad().contains("popup.trigger"), "{said:?}");
        assert_ne!(terminal.file()["popup"]["mode"], "off");
        assert!(terminal.says(&["settings", "set", "popup.mode"]).await.bad().contains("popup.mode"));
        assert_eq!(terminal.says(&["settings", "set", "popup.trigger="]).await.good(), "Saved.");
        assert_eq!(terminal.file()["popup"].get("trigger"), None);
        if engine.is_none() {
            engine = Some(terminal.engine().await);
        }
    }
    terminal.says(&["settings", "set", "general.language=zh-CN"]).await.good();
    assert_eq!(
        terminal.says(&["settings", "check"]).await.good(),
        "设置无误。",
        "the setting wins over the system"
    );
    drop(engine);
    terminal.set(|settings| settings["pbx"]["url"] = json!("http://pbx.example.com"));
    let said = terminal.says(&["settings", "check"]).await;
    assert_eq!(said.code, 1);
    assert!(said.out.contains("pbx.url"), "{said:?}");
}

#[tokio::test]
async fn settings_travel_from_one_profile_to_another() {
    let terminal = Terminal::with_secrets().await;
    terminal.says(&["settings", "set", "tickets.subject=主题", "popup.mode=manual"]).await.good();
    let exported = terminal.says(&["settings", "export"]).await;
    let document: Value = serde_json::from_str(exported.good()).unwrap();
    assert_eq!(document["tickets"]["subject"], "主题");
    for secret in [CLIENT_SECRET, DESK_CLIENT_SECRET, DESK_REFRESH_TOKEN] {
        assert!(!exported.out.contains(secret));
    }
    let other = Terminal::with_secrets().await;
    std::fs::write(other.rig.profile.path().join("settings.json"), "{}").unwrap();
    // With the mark that some editors of Windows put first.
    let pasted = format!("\u{feff}{}", exported.out);
    assert_eq!(other.hears(&["settings", "import", "-"], &pasted).await.good(), "Saved.");
    assert_eq!(other.says(&["settings", "export"]).await.out, exported.out);
    let file = other.rig.profile.path().join("exported.json");
    std::fs::write(&file, &exported.out).unwrap();
    let _engine = other.engine().await;
    assert_eq!(other.chinese(&["settings", "import", file.to_str().unwrap()]).await.good(), "已保存。");
    for junk in ["", "{", "[]", "7", "{\"version\":2}", "{\"pbx\":{\"client_secret\":\"x\"}}"] {
        let said = other.hears(&["settings", "import", "-"], junk).await;
        said.bad();
    }
    other.says(&["settings", "import", "no-such-file.json"]).await.bad();
    other.hears(&["settings", "import", "-"], &"x".repeat(2_000_000)).await.bad();
    assert_eq!(other.says(&["settings", "export"]).await.out, exported.out);
}

#[tokio::test]
async fn what_the_policy_sets_is_said_and_the_rest_is_taken_over() {
    let mut terminal = Terminal::new().await;
    let policy = json!({ "version": 1, "popup": { "trigger": "answer" } });
    std::fs::write(terminal.rig.paths().policy, policy.to_string()).unwrap();
    terminal.rig.start().await;
    // The engine knows the test's policy; a program without one would read that of this computer.
    let _server = Server::start(terminal.rig.handle(), &terminal.rig.paths()).unwrap();
    let document = json!({ "version": 1, "popup": { "mode": "manual", "trigger": "hangup" } });
    let said = terminal.hears(&["settings", "import", "-"], &document.to_string()).await;
    assert_eq!(said.good(), "Saved.");
    assert!(said.error.contains("popup.trigger"), "{said:?}");
    assert_eq!(terminal.file()["popup"], json!({ "mode": "manual", "trigger": "ring" }));
    let said = terminal.says(&["settings", "set", "popup.mode=off", "popup.trigger=ring"]).await;
    assert!(said.bad().contains("popup.trigger"), "{said:?}");
    assert_eq!(terminal.file()["popup"]["mode"], "manual");
}

// The rest.

#[tokio::test]
async fn doctor_prints_json_for_programs_and_marks_for_people() {
    let terminal = Terminal::signed_in().await;
    let mut engine = None;
    for _ in 0..2 {
        let said = terminal.says(&["doctor", "--json"]).await;
        let findings: Value = serde_json::from_str(&said.out).unwrap();
        let all = findings.as_array().unwrap();
        assert!(all.iter().any(|finding| finding["check"] == "pbx_credentials" && finding["state"] == "ok"));
        let failed = all.iter().any(|finding| finding["state"] == "fail");
        assert_eq!(said.code, i32::from(failed));
        for said in [terminal.says(&["doctor"]).await, terminal.chinese(&["doctor"]).await] {
            assert!(said.out.lines().any(|line| line.starts_with('✓')), "{said:?}");
            assert!(!said.out.contains(CLIENT_SECRET) && !said.out.contains(DESK_CLIENT_SECRET));
        }
        if engine.is_none() {
            engine = Some(terminal.engine().await);
        }
    }
    drop(engine);
}

#[tokio::test]
async fn a_wrong_argument_explains_itself() {
    let terminal = Terminal::new().await;
    for (arguments, expected) in [
        (vec!["secret", "set", "fax"], "possible values: pbx, desk"),
        (vec!["secret"], "Usage"),
        (vec!["desk"], "Usage"),
        (vec!["desk", "explode"], "unrecognized subcommand"),
        (vec!["bind"], "EXT=AGENT"),
        (vec!["bind", "--list", "--by-email"], "cannot be used with"),
        (vec!["bind", "--list", "1001=5"], "cannot be used with"),
        (vec!["settings", "set"], "KEY=VALUE"),
        (vec!["settings", "import"], "<FILE>"),
        (vec!["doctor", "--xml"], "--xml"),
    ] {
        let said = terminal.says(&arguments).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{arguments:?}");
        assert!(said.error.contains(expected), "{arguments:?}: {said:?}");
    }
    let help = terminal.says(&["--help"]).await;
    for word in ["secret", "desk", "bind", "settings", "doctor"] {
        assert!(help.good().contains(word), "{word}");
    }
}

#[tokio::test]
async fn a_profile_with_nothing_in_it_is_set_up_to_the_end_from_the_terminal() {
    let terminal = Terminal::new().await;
    let (file, simulator) = (terminal.rig.profile.path().join("settings.json"), &terminal.rig.simulator);
    let whole = terminal.file();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(terminal.says(&["settings", "check"]).await.code, 1);
    assert_eq!(terminal.says(&["desk", "status"]).await.good(), "Not connected");
    let text = |key: &str, value: &Value| format!("{key}={}", value.as_str().unwrap());
    let set = [
        text("pbx.url", &json!(simulator.pbx_url())),
        text("pbx.client_id", &whole["pbx"]["client_id"]),
        "pbx.extensions=1001".to_owned(),
        "numbers.country=cn".to_owned(),
        "desk.data_center=custom".to_owned(),
        text("desk.accounts_url", &whole["desk"]["accounts_url"]),
        text("desk.desk_url", &whole["desk"]["desk_url"]),
        text("desk.client_id", &whole["desk"]["client_id"]),
        format!("desk.redirect_port={}", terminal.door),
    ];
    let arguments: Vec<&str> =
        ["settings", "set"].into_iter().chain(set.iter().map(String::as_str)).collect();
    assert_eq!(terminal.says(&arguments).await.good(), "Saved.");
    terminal.hears(&["secret", "set", "pbx", "--allow-file"], CLIENT_SECRET).await.good();
    terminal.hears(&["secret", "set", "desk"], DESK_CLIENT_SECRET).await.good();
    let mut sign_in = terminal.program(&["desk", "sign-in", "--no-browser"]);
    assert_eq!(browse(&sign_in.line().await).await, "Signed in");
    sign_in.ends().await.good();
    terminal.says(&["bind", "--by-email"]).await.good();
    assert_eq!(terminal.says(&["settings", "check"]).await.good(), "The settings are good.");
    let page = terminal.rig.contact("Lin", "+8613800138000");
    let mut engine = terminal.engine().await;
    engine.desk_up().await;
    simulator.pbx().wait_subscribed(1).await;
    simulator.pbx().call_in("13800138000", "1001").await;
    engine.line_where(|line| line["call"]["why"]["code"] == "opened_by_rule").await;
    until("a tab", || opened(&terminal.rig) == [page.clone()]).await;
}
