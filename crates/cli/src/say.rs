//! What is printed, and nothing else. Codes become words through the catalogs; numbers and names are printed
//! without the characters that would let a caller write into somebody's terminal.

mod lab;

use std::io::Write;

use deskring_engine::admin::{BindingView, Directory, Finding, FindingState, NotSyncedView};
use deskring_engine::view::{
    AppView, CallView, DialView, IndexView, LinkState, LinkView, OutboxRowView, ProblemView, RefusedField,
    SyncView, WhyView,
};
use deskring_engine::{Happening, Paths, Report, SignInEnd};
use deskring_wording::{Language, Part, Words, key_of};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

/// As much of words that the other side chooses.
const LONGEST_WORDS: usize = 80;

/// One line on stderr.
pub(crate) fn error(error: &anyhow::Error) {
    let line = clean(&format!("{error:#}"));
    // Nowhere left to say it.
    let _ = writeln!(std::io::stderr(), "deskring-cli: {line}");
}

/// The words for whoever uses this profile.
pub(crate) fn voice(paths: &Paths) -> Voice {
    Voice::of_choice(&deskring_engine::language(paths))
}

/// The words this person gets.
pub(crate) struct Voice(Words);

impl Voice {
    /// In the language of a setting.
    pub(crate) fn of_choice(choice: &str) -> Self {
        let parts = [Part::Shared, Part::Settings, Part::Doctor, Part::Lab];
        Self(Words::with_parts(Language::of_choice(choice), &parts))
    }

    /// The page for the browser at the end of signing in.
    pub(crate) fn sign_in_page(&self, end: SignInEnd) -> String {
        deskring_wording::page(
            &self.0,
            &key_of("sign-in-title", end.code()),
            &key_of("sign-in-text", end.code()),
        )
    }

    /// One line about something that happened.
    pub(crate) fn happening(&self, happening: &Happening<'_>) -> String {
        let words = &self.0;
        let what = match happening {
            Happening::Pbx(link) => format!("{}: {}", words.text("link-pbx"), link_text(words, link)),
            Happening::Desk(link) => format!("{}: {}", words.text("link-desk"), link_text(words, link)),
            Happening::Call(call) => call_text(words, call),
            Happening::Checked(findings) => {
                let lines = findings.iter().map(|found| finding(words, found));
                lines.collect::<Vec<_>>().join("; ")
            }
        };
        format!("{}  {what}", Zoned::now().strftime("%H:%M:%S"))
    }

    /// Links, calls, recent calls.
    pub(crate) fn view(&self, view: &AppView) -> String {
        let words = &self.0;
        let mut lines = vec![
            format!("{}: {}", words.text("link-pbx"), link_text(words, &view.pbx)),
            format!("{}: {}", words.text("link-desk"), link_text(words, &view.desk)),
        ];
        lines.push(index_text(words, &view.index));
        if !view.sync.state.is_empty() {
            lines.push(sync_text(words, &view.sync));
        }
        lines.extend(view.problems.iter().map(|found| format!("! {}", self.problem(found))));
        lines.extend(view.findings.iter().map(|found| format!("! {}", finding(words, found))));
        if view.outbox.by_gateway {
            lines.push(words.text("outbox-by-gateway"));
        }
        if view.outbox.dry_run {
            lines.push(format!("! {}", words.text("outbox-dry-run")));
        }
        if view.outbox.wedged > 0 {
            lines.push(format!("! {}", self.count("outbox-not-written", view.outbox.wedged)));
        }
        for call in &view.calls {
            lines.push(format!("* {}", call_text(words, call)));
        }
        for call in &view.recent {
            lines.push(format!("  {}  {}", local_time(call.began_ms), call_text(words, call)));
        }
        lines.join("\n")
    }

    /// Who has a number.
    pub(crate) fn report(&self, report: &Report) -> String {
        let words = &self.0;
        let meaning = report.e164.as_deref().unwrap_or("-");
        let mut lines = vec![format!("{} → {meaning}", clean(&report.number))];
        if report.matches.is_empty() {
            lines.push(words.text("why-no-match"));
        }
        for hit in &report.matches {
            let company =
                hit.account.as_deref().map(|account| format!(", {}", clean(account))).unwrap_or_default();
            let kind = words.of_code("record", &hit.kind, &[]);
            lines.push(format!("{kind} {}  {}{company}", hit.id, clean(&hit.name)));
            lines.push(format!("    {} = {}  ({})", hit.field, clean(&hit.stored), clean(&hit.form)));
            lines.push(format!("    {}", hit.web_url.as_deref().unwrap_or("-")));
        }
        lines.join("\n")
    }

    /// `settings.json: pbx.url: …`
    pub(crate) fn problem(&self, problem: &ProblemView) -> String {
        format!("settings.json: {}: {}", clean(&problem.key), self.0.of_code("problem", &problem.code, &[]))
    }

    /// Why Desk gave no answer.
    pub(crate) fn desk_cause(&self, code: &str) -> String {
        format!("{}: {}", self.0.text("link-desk"), self.cause(code))
    }

    /// How contact sync goes.
    pub(crate) fn sync(&self, sync: &SyncView) -> String {
        let words = &self.0;
        let mut lines = vec![sync_text(words, sync)];
        if let Some(round) = &sync.round {
            lines.push(words.of_code("sync-round", round, &[]));
            lines.extend(sync.step.as_ref().map(|step| words.of_code("sync-step", step, &[])));
            let counts = [
                ("copied", sync.copied.into()),
                ("same", sync.same.into()),
                ("skipped", sync.skipped.into()),
                ("failed", sync.failed.into()),
            ];
            lines.push(words.with("sync-counts", &counts));
            if let Some(total) = sync.total {
                let done = sync.copied + sync.same + sync.skipped + sync.failed;
                lines.push(words.with("sync-total", &[("done", done.into()), ("total", total.into())]));
            }
        }
        lines.extend(sync.per_minute.map(|count| self.count("sync-speed", count)));
        lines.extend(
            Some(sync.waiting).filter(|count| *count > 0).map(|count| self.count("sync-queue", count)),
        );
        lines.extend(sync.credits_left.map(|count| self.count("sync-credits", count)));
        lines.join("\n")
    }

    /// A record that is not in the phonebook.
    pub(crate) fn not_synced(&self, row: &NotSyncedView) -> String {
        let who = row.label.as_deref().map_or_else(|| row.id.clone(), clean);
        format!("{} {who}: {}", row.id, self.0.of_code("not-synced", &row.reason, &[]))
    }

    /// The words of a cause.
    pub(crate) fn cause(&self, code: &str) -> String {
        self.0.of_code("cause", code, &[])
    }

    /// A sentence of the catalogs.
    pub(crate) fn text(&self, key: &str) -> String {
        self.0.text(key)
    }

    /// A sentence of the catalogs with one value.
    pub(crate) fn with(&self, key: &str, name: &str, value: &str) -> String {
        self.0.with(key, &[(name, clean(value).into())])
    }

    /// Where Desk stands, in the words of the manual, and why.
    pub(crate) fn desk_status(&self, link: &LinkView) -> String {
        let cause = link.cause.as_deref();
        let status = match link.state {
            LinkState::Up => "connected",
            LinkState::Disabled => "disabled",
            _ if matches!(cause, Some("signed_out" | "desk_sign_in_missing")) => "sign_in_needed",
            LinkState::NotSetUp | LinkState::Connecting | LinkState::Down | LinkState::Stopped => {
                "not_connected"
            }
        };
        let status = self.0.of_code("settings-status", status, &[]);
        match cause {
            Some(cause) => format!("{status}: {}", self.cause(cause)),
            None => status,
        }
    }

    /// All that the doctor found: a mark, what was looked at, what was found, and how to mend it.
    pub(crate) fn findings(&self, findings: &[Finding]) -> String {
        let lines = findings.iter().flat_map(|found| {
            let mark = match found.state {
                FindingState::Ok => "✓",
                FindingState::Skipped => "·",
                FindingState::Warn => "!",
                FindingState::Fail => "✗",
            };
            let name = self.0.of_code("doctor-check", &found.check, &[]);
            let first = format!("{mark} {name}: {}", finding(&self.0, found));
            let fix = fix(&self.0, found).map(|fix| format!("    → {fix}"));
            std::iter::once(first).chain(fix)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A call in one line.
    pub(crate) fn call(&self, call: &CallView) -> String {
        call_text(&self.0, call)
    }

    /// A number that is to be called: the sentence, and before it is dialed all there is to know.
    pub(crate) fn dial(&self, dial: &DialView) -> String {
        let words = &self.0;
        let name = dial.name.as_deref().map(clean).unwrap_or_default();
        let parts = [name, clean(&dial.number_text)].into_iter().filter(|part| !part.is_empty());
        let who = parts.collect::<Vec<_>>().join(" · ");
        let about_who = |key: &str| words.with(key, &[("who", who.clone().into())]);
        let reason = dial.reason.as_deref().unwrap_or("other");
        match dial.state.as_str() {
            "waiting" => about_who("dial-waiting"),
            "dialing" => about_who("dial-dialing"),
            "failed" => {
                let cause = words.of_code("cause", reason, &[]);
                let detail = dial.detail.as_deref();
                if reason == "call_failed" {
                    let told = failure_text(words, dial.failure.as_deref(), detail);
                    return format!("{}. {told}", self.with("dial-failed", "cause", &cause));
                }
                let detail = detail.map(|detail| format!(" ({})", clean(detail))).unwrap_or_default();
                self.with("dial-failed", "cause", &format!("{cause}{detail}"))
            }
            _ => {
                let mut lines = vec![
                    about_who("dial-ask"),
                    words.of_code("dial-doubt", reason, &[]),
                    self.with("dial-number", "shown", &dial.shown),
                ];
                lines.extend(dial.abroad.then(|| words.text("dial-abroad")));
                lines.extend(dial.ext.as_deref().map(|ext| self.with("dial-ext", "ext", ext)));
                lines.extend(dial.post_dial.as_deref().map(|keys| self.with("dial-keys", "keys", keys)));
                lines.join(" ")
            }
        }
    }

    /// A row of the outbox: what it is, why it is as it is, and what to do.
    pub(crate) fn outbox_row(&self, row: &OutboxRowView) -> String {
        let words = &self.0;
        let values = [
            ("key", clean(&row.key).into()),
            ("what", outbox_what(words, row).into()),
            ("state", words.of_code("outbox-state", &row.state, &[]).into()),
        ];
        let mut lines = vec![words.with("cli-outbox-row", &values)];
        lines.extend(outbox_why(words, row).map(|why| format!("    {why}")));
        lines.extend(
            row.waits_for.as_deref().map(|key| format!("    {}", self.with("cli-outbox-waits", "key", key))),
        );
        if row.state == "wedged" {
            let fix = key_of("outbox-do", row.reason.as_deref().unwrap_or_default());
            let fix = if words.has(&fix) { fix } else { "outbox-do-other".to_owned() };
            lines.push(format!("    → {}", words.text(&fix)));
        }
        lines.join("\n")
    }

    /// All there is to see of a row.
    pub(crate) fn outbox_entry(&self, row: &OutboxRowView) -> String {
        let mut lines = vec![self.outbox_row(row)];
        if row.attempts > 0 {
            lines.push(format!(
                "    {}",
                self.0.with("cli-outbox-attempts", &[("count", row.attempts.into())])
            ));
        }
        if let Some(record) = &row.record {
            let record = record.url.as_ref().unwrap_or(&record.id);
            lines.push(format!("    {}", self.with("cli-outbox-written", "record", record)));
        }
        for text in [&row.subject, &row.description].into_iter().flatten() {
            lines.extend(text.lines().map(|line| format!("    | {}", clean(line))));
        }
        if !row.payload.is_null() {
            let payload = serde_json::to_string_pretty(&row.payload).unwrap_or_default();
            lines.extend(payload.lines().map(|line| format!("    {}", clean(line))));
        }
        lines.join("\n")
    }

    /// A sentence of the catalogs about so many.
    pub(crate) fn count(&self, key: &str, count: u64) -> String {
        self.0.with(key, &[("count", count.into())])
    }

    /// What was bound, and who was not.
    pub(crate) fn bound(&self, bound: &[BindingView], ambiguous: &[String]) -> String {
        let mut lines = vec![self.0.with("cli-bound", &[("count", bound.len().into())])];
        lines.extend(bound.iter().map(|row| format!("{} = {}", clean(&row.extension), clean(&row.agent_id))));
        lines.extend(ambiguous.iter().map(|who| self.with("cli-ambiguous", "who", who)));
        lines.join("\n")
    }

    /// Agents and their extensions, one a line.
    pub(crate) fn directory(&self, directory: &Directory) -> String {
        let mut lines = Vec::new();
        for agent in &directory.agents {
            let bound: Vec<&str> = directory
                .bindings
                .iter()
                .filter(|row| row.agent_id == agent.id)
                .map(|row| row.extension.as_str())
                .collect();
            let bound = if bound.is_empty() { "-".to_owned() } else { bound.join(",") };
            let email = clean(agent.email.as_deref().unwrap_or("-"));
            lines.push(format!("{bound}\t{}\t{}\t{email}", clean(&agent.id), clean(&agent.name)));
        }
        for cause in [&directory.agents_cause, &directory.extensions_cause].into_iter().flatten() {
            lines.push(format!("! {}", self.cause(cause)));
        }
        lines.join("\n")
    }
}

fn outbox_what(words: &Words, row: &OutboxRowView) -> String {
    let name = row.name.as_deref().map(clean).unwrap_or_default();
    let number = clean(&row.number_text);
    let who = [name, number].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let who = if who.is_empty() { words.text("caller-unknown") } else { who };
    let key = key_of("outbox-what", &row.kind);
    let key = if words.has(&key) { key } else { "outbox-what-other".to_owned() };
    words.with(&key, &[("who", who.into())])
}

/// Nothing where there is nothing to say: it waits for its turn, or is in Desk.
fn outbox_why(words: &Words, row: &OutboxRowView) -> Option<String> {
    let reason = row.reason.as_deref()?;
    let (own, cause) = (key_of("outbox-why", reason), key_of("cause", reason));
    let why = if words.has(&own) {
        words.text(&own)
    } else if words.has(&cause) {
        words.text(&cause)
    } else {
        let code = row.code.as_deref().unwrap_or(reason);
        words.with("outbox-why-code", &[("code", clean(code).into())])
    };
    let field = |field: &RefusedField| {
        let key = key_of("outbox-field", &field.problem);
        let key = if words.has(&key) { key } else { "outbox-field-other".to_owned() };
        words.with(&key, &[("label", clean(&field.label).into())])
    };
    let fields: Vec<String> = row.fields.iter().map(field).collect();
    if fields.is_empty() {
        return Some(why);
    }
    Some(words.with("outbox-why-fields", &[("why", why.into()), ("fields", fields.join("; ").into())]))
}

fn finding(words: &Words, found: &Finding) -> String {
    let key = key_of("doctor", &found.code);
    if words.has(&key) {
        return words.with(&key, &values(found));
    }
    words.of_code("cause", &found.code, &[])
}

fn fix(words: &Words, found: &Finding) -> Option<String> {
    if matches!(found.state, FindingState::Ok | FindingState::Skipped) {
        return None;
    }
    let key = key_of("doctor-fix", &found.code);
    words.has(&key).then(|| words.with(&key, &values(found)))
}

fn values(found: &Finding) -> Vec<(&str, deskring_wording::Value<'static>)> {
    found.values.iter().map(|(name, value)| (name.as_str(), clean(value).into())).collect()
}

/// The same for programs.
pub(crate) fn happening_json(happening: &Happening<'_>) -> Value {
    let at = Timestamp::now().as_millisecond();
    match happening {
        Happening::Pbx(link) => json!({ "at_ms": at, "event": "pbx", "link": link }),
        Happening::Desk(link) => json!({ "at_ms": at, "event": "desk", "link": link }),
        Happening::Call(call) => json!({ "at_ms": at, "event": "call", "call": call }),
        Happening::Checked(findings) => json!({ "at_ms": at, "event": "check", "findings": findings }),
    }
}

/// A problem with the settings that leaves nothing to run.
pub(crate) fn is_fatal(problem: &ProblemView) -> bool {
    let harmless = matches!(problem.code.as_str(), "unknown_key" | "secret_in_settings");
    let later = ["deskring.db", "new_contacts", "tickets", "call_log", "contact_sync", "bindings"];
    // Without a country only international numbers match; that is a warning.
    let no_country = problem.key == "numbers.country" && problem.code == "missing";
    !harmless && !no_country && !later.iter().any(|section| problem.key.starts_with(section))
}

fn link_text(words: &Words, link: &LinkView) -> String {
    let state = match link.state {
        LinkState::NotSetUp => "link-state-not-set-up",
        LinkState::Disabled => "link-state-disabled",
        LinkState::Connecting => "link-state-connecting",
        LinkState::Up => "link-state-up",
        LinkState::Down => "link-state-down",
        LinkState::Stopped => "link-state-stopped",
    };
    let mut text = words.text(state);
    if let Some(cause) = &link.cause {
        text = format!("{text}: {}", words.of_code("cause", cause, &[]));
    }
    if let Some(detail) = &link.detail {
        text = format!("{text} ({})", clean(detail));
    }
    if let Some(address) = &link.address {
        text = format!("{text} ({})", clean(address));
    }
    text
}

fn sync_text(words: &Words, sync: &SyncView) -> String {
    let state = if sync.state.is_empty() { "off" } else { &sync.state };
    let phonebook = sync.phonebook.as_deref().map(clean).unwrap_or_default();
    let text = words.of_code("sync", state, &[("phonebook", phonebook.into())]);
    match &sync.cause {
        Some(cause) => format!("{text}: {}", words.of_code("cause", cause, &[])),
        None => text,
    }
}

fn index_text(words: &Words, index: &IndexView) -> String {
    let values = [
        ("people", index.people.into()),
        ("total", index.total.unwrap_or(0).into()),
        ("spent", index.spent.into()),
        ("budget", index.budget.into()),
    ];
    let text = words.of_code("index", &index.state, &values);
    match &index.cause {
        Some(cause) => format!("{text}: {}", words.of_code("cause", cause, &[])),
        None => text,
    }
}

fn call_text(words: &Words, call: &CallView) -> String {
    let name =
        call.who.records.first().filter(|_| call.who.state == "known").map(|record| clean(&record.name));
    let number = if call.number_text.is_empty() { "-".to_owned() } else { clean(&call.number_text) };
    let party = name.map_or(number.clone(), |name| format!("{name} {number}"));
    let direction = call.direction.as_deref().unwrap_or("unknown");
    let state = match &call.outcome {
        Some(outcome) if call.is_over() => words.of_code("outcome", outcome, &[]),
        _ => words.of_code("phase", &call.phase, &[]),
    };
    let mut text = format!("{} {party}: {state}", words.of_code("direction", direction, &[]));
    if call.outcome.as_deref() == Some("failed") && (call.failure.is_some() || call.outcome_detail.is_some())
    {
        let told = failure_text(words, call.failure.as_deref(), call.outcome_detail.as_deref());
        text = format!("{text}. {told}");
    } else if call.why.code != "undecided" {
        text = format!("{text}. {}", why_text(words, &call.why));
    }
    if let (Some(chosen), [record]) =
        (call.chosen.filter(|chosen| chosen.among > 1), call.who.records.as_slice())
    {
        let code = if chosen.earlier { "chosen_earlier" } else { "chosen" };
        let values = [("count", chosen.among.into()), ("name", clean(&record.name).into())];
        text = format!("{text}. {}", words.of_code("why", code, &values));
    }
    let timing = call.timing;
    let steps = [
        ("timing-notice", timing.notice_ms),
        ("timing-lookup", timing.lookup_ms),
        ("timing-tab", timing.tab_ms),
    ];
    let steps: Vec<String> =
        steps.iter().filter_map(|(key, ms)| ms.map(|ms| words.with(key, &[("ms", ms.into())]))).collect();
    if steps.is_empty() { text } else { format!("{text} [{}]", steps.join(", ")) }
}

/// Why the PBX could not make a call, and what to do; in its own words where nobody knows them.
fn failure_text(words: &Words, failure: Option<&str>, raw: Option<&str>) -> String {
    match failure.filter(|code| words.has(&key_of("failure", code))) {
        Some(code) => words.of_code("failure", code, &[]),
        None => {
            let raw: String = clean(raw.unwrap_or_default()).chars().take(LONGEST_WORDS).collect();
            words.with("failure-in-words-of-pbx", &[("words", raw.into())])
        }
    }
}

fn why_text(words: &Words, why: &WhyView) -> String {
    let detail = why.detail.as_deref().unwrap_or_default();
    let values = [
        ("moment", detail.to_owned().into()),
        ("cause", words.of_code("cause", detail, &[]).into()),
        ("extension", why.extension.clone().unwrap_or_else(|| "none".into()).into()),
        ("count", why.count.unwrap_or_default().into()),
    ];
    words.of_code("why", &why.code, &values)
}

fn local_time(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.to_zoned(TimeZone::system()).strftime("%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

/// Without control characters and direction marks: a caller chooses this text.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .collect()
}
