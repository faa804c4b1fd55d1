//! What is printed, and nothing else. Codes become words through the catalogs; numbers and names are printed
//! without the characters that would let a caller write into somebody's terminal.

use std::io::Write;

use deskring_engine::view::{AppView, CallView, LinkState, LinkView, ProblemView, WhyView};
use deskring_engine::{Happening, Report};
use deskring_wording::Words;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

/// One line on stderr.
pub(crate) fn error(error: &anyhow::Error) {
    let line = clean(&format!("{error:#}"));
    // Nowhere left to say it.
    let _ = writeln!(std::io::stderr(), "deskring-cli: {line}");
}

/// One line about something that happened.
pub(crate) fn happening(happening: &Happening<'_>) -> String {
    let words = Words::for_system();
    let what = match happening {
        Happening::Pbx(link) => format!("{}: {}", words.text("link-pbx"), link_text(&words, link)),
        Happening::Desk(link) => format!("{}: {}", words.text("link-desk"), link_text(&words, link)),
        Happening::Call(call) => call_text(&words, call),
    };
    format!("{}  {what}", Zoned::now().strftime("%H:%M:%S"))
}

/// The same for programs.
pub(crate) fn happening_json(happening: &Happening<'_>) -> Value {
    let at = Timestamp::now().as_millisecond();
    match happening {
        Happening::Pbx(link) => json!({ "at_ms": at, "event": "pbx", "link": link }),
        Happening::Desk(link) => json!({ "at_ms": at, "event": "desk", "link": link }),
        Happening::Call(call) => json!({ "at_ms": at, "event": "call", "call": call }),
    }
}

/// Links, calls, recent calls.
pub(crate) fn view(view: &AppView) -> String {
    let words = Words::for_system();
    let mut lines = vec![
        format!("{}: {}", words.text("link-pbx"), link_text(&words, &view.pbx)),
        format!("{}: {}", words.text("link-desk"), link_text(&words, &view.desk)),
    ];
    lines.extend(view.problems.iter().map(|found| format!("! {}", problem(found))));
    for call in &view.calls {
        lines.push(format!("* {}", call_text(&words, call)));
    }
    for call in &view.recent {
        lines.push(format!("  {}  {}", local_time(call.began_ms), call_text(&words, call)));
    }
    lines.join("\n")
}

/// Who has a number.
pub(crate) fn report(report: &Report) -> String {
    let words = Words::for_system();
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

/// A problem with the settings that leaves nothing to run.
pub(crate) fn is_fatal(problem: &ProblemView) -> bool {
    let harmless = matches!(problem.code.as_str(), "unknown_key" | "secret_in_settings");
    let later = ["deskring.db", "new_contacts", "tickets", "call_log", "contact_sync", "bindings"];
    // Without a country only international numbers match; that is a warning.
    let no_country = problem.key == "numbers.country" && problem.code == "missing";
    !harmless && !no_country && !later.iter().any(|section| problem.key.starts_with(section))
}

/// `settings.json: pbx.url: …`
pub(crate) fn problem(problem: &ProblemView) -> String {
    let words = Words::for_system();
    format!("settings.json: {}: {}", problem.key, words.of_code("problem", &problem.code, &[]))
}

/// Why Desk gave no answer.
pub(crate) fn desk_cause(code: &str) -> String {
    let words = Words::for_system();
    format!("{}: {}", words.text("link-desk"), words.of_code("cause", code, &[]))
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
    text
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
    if call.why.code != "undecided" {
        text = format!("{text}. {}", why_text(words, &call.why));
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
