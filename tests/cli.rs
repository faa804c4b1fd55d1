//! The command line as a person or a service manager uses it: real processes, signals, exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::process::{Output, Stdio};
use std::time::Instant;

use deskring_simulator::Seed;
use e2e::{PATIENCE, Rig, on_profile, opened, until};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

struct Run {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

fn cli(rig: &Rig, arguments: &[&str]) -> Command {
    let mut command = on_profile(rig, "deskring-cli", arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn output(rig: &Rig, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        tokio::time::timeout(PATIENCE, cli(rig, arguments).output()).await.expect("it ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

async fn run(rig: &Rig) -> Run {
    let mut child = cli(rig, &["run", "--json"]).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    Run { child, lines }
}

impl Run {
    async fn line_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let line = self.lines.next_line().await.unwrap().expect("it runs");
                let value: Value = serde_json::from_str(&line).expect("every line is JSON");
                if wanted(&value) {
                    return value;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the line never came")
    }

    async fn ready(&mut self) {
        let mut links = Vec::new();
        while links.len() < 2 {
            let up = self.line_where(|line| line["link"]["state"] == "up").await;
            links.push(up["event"].clone());
        }
    }

    /// SIGTERM; the time it took to end, and how it ended.
    async fn terminate(mut self) -> (std::time::Duration, Option<i32>) {
        let pid = self.child.id().unwrap();
        let before = Instant::now();
        let told = std::process::Command::new("kill").arg(pid.to_string()).status().unwrap();
        assert!(told.success());
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap();
        (before.elapsed(), status.code())
    }
}

#[tokio::test]
async fn run_opens_the_tab_and_prints_what_happened_with_its_timing() {
    let rig = Rig::idle().await;
    let page = rig.contact("Lin", "+8613800138000");
    let mut run = run(&rig).await;
    run.ready().await;
    rig.simulator.pbx().wait_subscribed(1).await;
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    let line = run.line_where(|line| line["call"]["why"]["code"] == "opened_by_rule").await;
    assert_eq!((&line["event"], &line["call"]["call"]), (&json!("call"), &json!(call)));
    for step in ["notice_ms", "lookup_ms", "tab_ms"] {
        assert!(line["call"]["timing"][step].is_u64(), "{step} in {line}");
    }
    // The program has started the browser; the browser writes when it runs.
    until("a tab", || !opened(&rig).is_empty()).await;
    assert_eq!(opened(&rig), [page]);
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = run.line_where(|line| line["call"]["closed"] == true).await;
    assert_eq!(closed["call"]["outcome"], "missed");
}

#[tokio::test]
async fn sigterm_ends_run_within_two_seconds_and_keeps_its_token() {
    let rig = Rig::idle().await;
    for _ in 0..2 {
        let mut run = run(&rig).await;
        run.ready().await;
        let (took, code) = run.terminate().await;
        assert!(took.as_secs_f64() < 2.0, "it took {took:?}");
        assert_eq!(code, Some(0));
        assert_eq!(rig.simulator.pbx().live_tokens(), 1, "the second start used the first one's token");
    }
}

#[tokio::test]
async fn after_kill_9_the_next_start_just_works() {
    let rig = Rig::idle().await;
    let page = rig.contact("Lin", "+8613800138000");
    let mut first = run(&rig).await;
    first.ready().await;
    rig.simulator.pbx().wait_subscribed(1).await;
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    first.line_where(|line| line["call"]["why"]["code"] == "opened_by_rule").await;
    first.child.kill().await.unwrap();
    let mut second = run(&rig).await;
    // Told as soon as the PBX is up, perhaps before Desk is: the lines of the links are not waited for.
    let seen = second.line_where(|line| line["call"]["call"] == json!(call)).await;
    assert_eq!(seen["call"]["phase"], "ringing");
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = second.line_where(|line| line["call"]["closed"] == true).await;
    assert_eq!(closed["call"]["why"]["code"], "opened_before_restart");
    assert_eq!(opened(&rig), [page], "one tab for the call, not two");
    assert_eq!(rig.simulator.pbx().live_tokens(), 1);
}

#[tokio::test]
async fn a_second_run_on_the_profile_refuses_and_names_the_process() {
    let rig = Rig::idle().await;
    let mut first = run(&rig).await;
    first.ready().await;
    let (code, _, error) = output(&rig, &["run"]).await;
    assert_eq!(code, 1);
    assert!(error.contains(&first.child.id().unwrap().to_string()), "{error}");
}

#[tokio::test]
async fn bad_settings_are_one_line_with_file_line_and_key_and_are_kept() {
    let rig = Rig::idle().await;
    let file = rig.profile.path().join("settings.json");
    for (content, expected) in [
        ("{\"version\":1,\n \"popup\":{\"trigger\":\"rign\"}}", "settings.json:2:26: popup.trigger:"),
        ("{\"version\":1,", "settings.json:1:"),
        ("{\"version\":99}", "version 99"),
        ("{\"version\":1,\"pbx\":{\"url\":\"http://pbx.example.com\"}}", "pbx.url"),
        ("{}", "pbx.url"),
    ] {
        std::fs::write(&file, content).unwrap();
        let (code, _, error) = output(&rig, &["run"]).await;
        assert_eq!(code, 1, "{content}");
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content);
    }
    std::fs::write(&file, "{\"version\":1,").unwrap();
    let (code, _, error) = output(&rig, &["lookup", "1"]).await;
    assert_eq!((code, error.lines().count()), (1, 1), "{error}");
}

#[tokio::test]
async fn an_unreachable_pbx_is_a_link_state_not_a_crash() {
    let rig = Rig::idle().await;
    rig.simulator.stop_pbx().await;
    let mut run = run(&rig).await;
    let down = run.line_where(|line| line["event"] == "pbx" && line["link"]["state"] == "down").await;
    assert_eq!(down["link"]["cause"], "refused");
    assert!(down["link"]["retry_at_ms"].is_i64());
    rig.simulator.start_pbx().await;
    run.line_where(|line| line["event"] == "pbx" && line["link"]["state"] == "up").await;
}

#[tokio::test]
async fn lookup_says_who_and_which_written_form_hit_with_and_without_an_engine() {
    let rig = Rig::idle_with(deskring_simulator::Options { seed: Seed::Empty, ..Default::default() }).await;
    let page = rig.contact("Lin", "138-0013-8000");
    let alone = output(&rig, &["lookup", "13800138000", "--json"]).await;
    let mut first = run(&rig).await;
    first.ready().await;
    let served = output(&rig, &["lookup", "13800138000", "--json"]).await;
    for (code, text, _) in [alone, served] {
        let report: Value = serde_json::from_str(&text).unwrap();
        let hit = &report["matches"][0];
        assert_eq!(code, 0);
        assert_eq!(report["e164"], "+8613800138000");
        assert_eq!((&hit["name"], &hit["web_url"]), (&json!("Lin"), &json!(page)));
        assert_eq!((&hit["field"], &hit["form"]), (&json!("mobile"), &json!("138-0013-8000")));
    }
    let (code, text, _) = output(&rig, &["lookup", "+12125550100"]).await;
    assert_eq!(code, 0);
    assert!(text.contains("+12125550100"), "{text}");
}

#[tokio::test]
async fn lookup_without_desk_says_why_and_fails() {
    let rig = Rig::idle().await;
    rig.simulator.stop_desk().await;
    let (code, text, error) = output(&rig, &["lookup", "13800138000"]).await;
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(error.contains("Zoho Desk") && error.lines().count() == 1, "{error}");
}

#[tokio::test]
async fn status_shows_links_and_calls_and_watches_changes() {
    let rig = Rig::idle().await;
    let (code, _, error) = output(&rig, &["status"]).await;
    assert_eq!((code, error.lines().count()), (1, 1), "{error}");
    rig.contact("Lin", "+8613800138000");
    let mut engine = run(&rig).await;
    engine.ready().await;
    rig.simulator.pbx().wait_subscribed(1).await;
    let mut watch = cli(&rig, &["status", "--json", "--watch"]).spawn().unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut watch = Run { child: watch, lines };
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    watch.line_where(|view| view["calls"][0]["call"] == json!(call)).await;
    engine.line_where(|line| line["call"]["why"]["code"] == "opened_by_rule").await;
    let (code, text, _) = output(&rig, &["status"]).await;
    assert_eq!(code, 0);
    assert!(text.contains("PBX: Connected") && text.contains("Lin"), "{text}");
}

#[tokio::test]
async fn a_hostile_name_cannot_write_into_the_terminal() {
    let rig = Rig::idle().await;
    rig.contact("Eve\u{1b}]0;owned\u{7}\u{202e}\nPBX: Connected", "+8613800138000");
    let mut engine = run(&rig).await;
    engine.ready().await;
    rig.simulator.pbx().wait_subscribed(1).await;
    rig.simulator.pbx().call_in("13800138000", "1001").await;
    engine.line_where(|line| line["call"]["who"]["state"] == "known").await;
    let (_, text, _) = output(&rig, &["status"]).await;
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    assert_eq!(
        text.lines().filter(|line| line.contains("PBX: Connected")).count(),
        2,
        "one line each: {text}"
    );
    let (_, text, _) = output(&rig, &["lookup", "13800138000"]).await;
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
}
