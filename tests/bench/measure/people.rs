//! The index of people and the phonebook at the size of a large portal, by `deskring-cli run` as a process that is
//! killed on the way. Must not look into the process other than the system, its files and its output do.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use deskring_domain::Plan;
use deskring_engine::AppView;
use deskring_engine::admin::Want;
use deskring_simulator::Fault;
use deskring_store::{Index, IndexKey, IndexSize};
use serde_json::{Value, json};

use super::Effort;
use super::figure::{COUNT, Figure, Limit, Times};
use super::process::{self, Program, until_within};
use super::stage::Stage;

/// Known, so that the file can be opened here.
const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const BOOK: &str = "Helpdesk";
const KILLS: u32 = 3;
const LOOKUPS: u32 = 10_000;
/// As for the other calls: more than any agent gets.
const PACE: Duration = Duration::from_millis(100);
const NAMED_MS: f64 = 5.0;
const BYTES_EACH: f64 = 200.0;
const GROWTH_MIB: f64 = 5.0;
/// Half a million in this time is slow; longer, and something is stuck.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Everybody is read, with kills on the way; then callers are named with Desk away.
pub(crate) async fn index(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::set_with(|settings| {
        settings["contact_sync"] = json!({ "index_credits": 60_000 });
    })
    .await?;
    let desk = stage.simulator.desk();
    desk.set_crowd(effort.people);
    let began = Instant::now();
    let mut program = run(&stage)?;
    let mut early = None;
    for kill in 1..=KILLS {
        let wanted = u64::from(effort.people * kill / (KILLS + 1));
        watch(&stage, |view| view.index.people >= wanted.max(1)).await?;
        early.get_or_insert(process::memory(program.pid)?);
        program.kill().await?;
        program = run(&stage)?;
    }
    watch(&stage, |view| view.index.people > 0 && view.index.state == "building").await?;
    let restarted = process::memory(program.pid)?;
    watch(&stage, |view| view.index.state == "fresh").await?;
    let lasted = began.elapsed();
    let whole = process::memory(program.pid)?;
    let key = IndexKey::read(&KEY.to_owned().into()).context("the key")?;
    let index = Index::open(&stage.profile(), &key)?;
    let size = index.size()?;
    let walks = desk.requests().iter().filter(|asked| asked.query.contains("modifiedTimeRange")).count();

    let alone = lookups(&index, effort.people)?;
    drop(index);
    desk.fault_next(1_000_000, Fault::Status(503));
    let named = named(&stage, &mut program, effort).await?;
    program.end().await?;

    let people = f64::from(effort.people);
    let lost = f64::from(effort.people.abs_diff(size.contacts));
    let growth = whole.pss - restarted.pss.min(early.map_or(restarted.pss, |early| early.pss));
    #[allow(clippy::cast_precision_loss, reason = "a file of 2^52 bytes fits nowhere")]
    let bytes = (size.bytes as f64 - name_bytes(&stage, effort.people)) / people;
    let how = format!(
        "{} contacts in the simulated Desk, read by `deskring-cli run`, killed {KILLS} times",
        effort.people
    );
    Ok(vec![
        Figure::of_value("index: people missing or there twice", lost, COUNT, Limit::AtMost(0.0), &how)
            .with(&format!("{walks} requests of 3 credits")),
        Figure::of_value("index: until everybody was read", lasted.as_secs_f64(), "s", Limit::None, &how),
        Figure::of_value(
            "index: bytes a contact, without its name",
            bytes,
            "bytes",
            Limit::AtMost(BYTES_EACH),
            "size of index.db, less the bytes of first and last names, by contact",
        )
        .with(&told(&size)),
        Figure::of_value(
            "index: memory growth from its first part to its end",
            growth,
            "MiB",
            Limit::AtMost(GROWTH_MIB),
            "PSS at the end less the smaller of those at a quarter and after the last kill",
        )
        .with(&format!("PSS {:.1} MiB at the end", whole.pss)),
        p99("index: a look at the file", &alone, "random people, in this process, a quarter of them unknown"),
        p99(
            "index: PBX event → named, Desk away",
            &named,
            "ten calls a second; until the line of `deskring-cli run --json` with the name was read",
        ),
    ])
}

/// A phonebook that has everybody already is looked through, with kills on the way: nothing is written, nobody doubled.
pub(crate) async fn phonebook(effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::set_with(|settings| {
        settings["contact_sync"] = json!({ "enabled": true, "phonebook": BOOK, "index": "off" });
    })
    .await?;
    stage.simulator.desk().set_crowd(effort.people);
    fill(&stage, effort.people)?;
    let began = Instant::now();
    let mut program = run(&stage)?;
    stage.connected().await?;
    let wish = async || stage.client().await.ok()?.set_up(Want::SyncNow).await.ok();
    until_within(PATIENCE, "took the wish", wish).await?;
    let mut early = None;
    for kill in 1..=KILLS {
        let wanted = u64::from(effort.people * kill / (KILLS + 1));
        watch(&stage, |view| view.sync.same >= wanted.max(1)).await?;
        early.get_or_insert(process::memory(program.pid)?);
        program.kill().await?;
        program = run(&stage)?;
    }
    let end = watch(&stage, |view| view.sync.round.as_deref() == Some("done")).await?.sync.clone();
    let lasted = began.elapsed();
    let whole = process::memory(program.pid)?;
    program.end().await?;
    let there = stage.simulator.pbx().company_contacts().len();
    let pbx = stage.simulator.pbx();
    let writes = ["company_contact/create", "company_contact/update", "company_contact/delete"];
    let written =
        pbx.requests().iter().filter(|asked| writes.iter().any(|one| asked.path.ends_with(one))).count();
    let wrong = u32::try_from(there)?.abs_diff(effort.people) + u32::try_from(written)?;
    let growth = whole.pss - early.map_or(whole.pss, |early| early.pss);
    let how = format!("a phonebook of {} entries and as many contacts, killed {KILLS} times", effort.people);
    ensure!(end.failed == 0 && end.skipped == 0, "some were not what they should be: {end:?}");
    Ok(vec![
        Figure::of_value(
            "phonebook: entries doubled, lost or written for nothing",
            wrong.into(),
            COUNT,
            Limit::AtMost(0.0),
            &how,
        ),
        Figure::of_value("phonebook: until all were looked at", lasted.as_secs_f64(), "s", Limit::None, &how),
        Figure::of_value(
            "phonebook: memory growth from its first part to its end",
            growth,
            "MiB",
            Limit::AtMost(GROWTH_MIB),
            "PSS at the end less that at a quarter",
        )
        .with(&format!("PSS {:.1} MiB at the end", whole.pss)),
    ])
}

fn run(stage: &Stage) -> anyhow::Result<Program> {
    stage.start_with("deskring-cli", &["run", "--json"], &[("DESKRING_INDEX_KEY", KEY)])
}

/// The view when it is so.
async fn watch(stage: &Stage, is_so: impl Fn(&AppView) -> bool) -> anyhow::Result<AppView> {
    until_within(PATIENCE, "came so far", async || {
        let view = stage.client().await.ok()?.view().await.ok()?;
        is_so(&view).then_some(view)
    })
    .await
}

/// Somebody of the crowd, or, each fourth time, nobody.
fn somebody(at: u32, people: u32) -> u32 {
    let spread = at.wrapping_mul(2_654_435_761) % people;
    if at % 4 == 3 { people + spread } else { spread }
}

fn lookups(index: &Index, people: u32) -> anyhow::Result<Times> {
    let plan = plan()?;
    let mut times = Times::default();
    for at in 0..LOOKUPS {
        let wanted = somebody(at, people);
        let number = format!("138{wanted:08}");
        let began = Instant::now();
        let keys: Vec<String> = plan.read(&number).index_keys(&plan).into_iter().collect();
        let found = index.whose(&keys)?;
        times.push(began.elapsed());
        // Whose numbers end alike come along; the whole number decides.
        ensure!(wanted >= people || !found.is_empty(), "{wanted} was not found");
    }
    Ok(times)
}

async fn named(stage: &Stage, program: &mut Program, effort: Effort) -> anyhow::Result<Times> {
    let mut output = program.output.take().context("its output")?;
    let mut times = Times::default();
    let mut pace = tokio::time::interval(PACE);
    for at in 0..u32::try_from(effort.calls)? {
        pace.tick().await;
        let number = format!("138{:08}", somebody(at * 4, effort.people));
        let began = Instant::now();
        let call = stage.simulator.pbx().call_in(&number, "1001").await;
        let is_named = |line: &str| {
            let line: Value = serde_json::from_str(line).ok()?;
            let about = line.get("call")?;
            let named = about.pointer("/who/records/0/name").is_some_and(Value::is_string);
            (about.get("call") == Some(&json!(call)) && named).then_some(())
        };
        let (told, ()) = output.find("named the caller", is_named).await?;
        times.push(told.duration_since(began));
        stage.simulator.pbx().hang_up(&call, "caller").await;
    }
    Ok(times)
}

/// Entries as Deskring writes them, made by somebody else.
fn fill(stage: &Stage, people: u32) -> anyhow::Result<()> {
    let pbx = stage.simulator.pbx();
    let refused = |error: Value| anyhow::anyhow!("the simulated PBX refused: {error}");
    let book = pbx.by_hand("phonebook/create", &json!({ "name": BOOK })).map_err(refused)?;
    let book = book.get("id").cloned().context("its id")?;
    let plan = plan()?;
    let kinds = ["mobile_number", "mobile_number2", "other_number"];
    for at in 0..people {
        let contact = stage.simulator.desk().of_crowd(at);
        let text = |key: &str| contact.get(key).and_then(Value::as_str).unwrap_or_default();
        let numbers = plan.read_all(text("mobile"));
        let numbers: Vec<Value> = kinds
            .iter()
            .zip(&numbers)
            .map(|(kind, reading)| json!({ "num_type": kind, "number": reading.key() }))
            .collect();
        let entry = json!({
            "first_name": text("firstName"), "last_name": text("lastName"), "company": "", "email": text("email"),
            "remark": format!("Deskring contact {}", text("id")), "number_list": numbers,
            "phonebook_id_list": [book],
        });
        pbx.by_hand("company_contact/create", &entry).map_err(refused)?;
    }
    Ok(())
}

/// As in the settings of the stage.
fn plan() -> anyhow::Result<Plan> {
    Plan::new("CN", "592", "").map_err(|_| anyhow::anyhow!("no such country"))
}

fn name_bytes(stage: &Stage, people: u32) -> f64 {
    let bytes = |at: u32| {
        let person = stage.simulator.desk().of_crowd(at);
        let length = |key: &str| person.get(key).and_then(Value::as_str).map_or(0, str::len);
        f64::from(u32::try_from(length("firstName") + length("lastName")).unwrap_or(u32::MAX))
    };
    (0..people).map(bytes).sum()
}

fn told(size: &IndexSize) -> String {
    #[allow(clippy::cast_precision_loss, reason = "a file of 2^52 bytes fits nowhere")]
    let all = size.bytes as f64 / 1024.0 / 1024.0;
    format!("index.db {all:.1} MiB, mail addresses, pages, numbers as stored and their keys included")
}

fn p99(what: &str, times: &Times, how: &str) -> Figure {
    let value = times.percentile(99);
    Figure::of_value(&format!("{what}, p99"), value, "ms", Limit::AtMost(NAMED_MS), how).with(&format!(
        "p50 {:.3} ms, max {:.3} ms",
        times.percentile(50),
        times.percentile(100)
    ))
}
