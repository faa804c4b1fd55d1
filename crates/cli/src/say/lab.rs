//! What the matching lab found, as lines for a terminal.

use deskring_engine::{
    ChangedView, ComparedField, ComparedView, CountsView, Explanation, HitView, ReadingView, RecordName,
    SearchView, WhatIfView,
};
use deskring_wording::Words;

use super::{Voice, clean};

impl Voice {
    /// Why a number is whose it is.
    pub(crate) fn explanation(&self, told: &Explanation) -> String {
        let words = &self.0;
        let means = told.e164.clone().unwrap_or_else(|| words.text("lab-no-means"));
        let mut lines = vec![format!("{} → {means}", clean(&told.number)), String::new()];
        lines.push(line(words, &words.text("lab-decision"), &decision(words, told)));
        let mut part = |title: &str, empty: &str, inner: Vec<String>| {
            lines.push(String::new());
            lines.push(line(words, &words.text(title), ""));
            let inner = if inner.is_empty() { vec![words.text(empty)] } else { inner };
            lines.extend(inner.into_iter().map(|line| format!("  {line}")));
        };
        let readings = told.readings.iter().map(|one| reading(words, one)).collect();
        part("lab-readings", "lab-no-readings", readings);
        let mut searches: Vec<String> = told.searches.iter().flat_map(|one| search(words, one)).collect();
        if told.spent > 0 {
            searches.push(self.count("lab-spent", told.spent));
        }
        part("lab-searches", "lab-no-searches", searches);
        part("lab-here", "lab-no-index", known(words, told));
        let mut hits: Vec<String> = told.hits.iter().flat_map(|one| hit(words, one)).collect();
        if told.others > 0 {
            hits.push(words.with("lab-others", &[("count", told.others.into())]));
        }
        part("lab-hits", "lab-no-hits", hits);
        lines.join("\n")
    }

    /// What other rules would change.
    pub(crate) fn what_if(&self, view: &WhatIfView, rows: &[ChangedView]) -> String {
        let words = &self.0;
        if view.numbers == 0 {
            return words.text("lab-what-if-no-calls");
        }
        let mut lines = vec![match view.people {
            Some(people) => self.count("lab-what-if-with-index", people),
            None => words.text("lab-what-if-with-desk"),
        }];
        for (title, counts) in
            [("lab-count-calls", &view.place.tally.calls), ("lab-count-numbers", &view.place.tally.numbers)]
        {
            lines.push(line(words, &words.text(title), &counts.all.to_string()));
            lines.extend(counted(words, counts).into_iter().map(|line| format!("  {line}")));
        }
        if rows.is_empty() {
            lines.push(words.text("lab-none-changed"));
            return lines.join("\n");
        }
        lines.push(line(words, &words.text("lab-changed"), ""));
        lines.extend(rows.iter().map(|row| format!("  {}", changed(words, row))));
        lines.join("\n")
    }
}

fn line(words: &Words, title: &str, text: &str) -> String {
    words.with("lab-line", &[("title", title.into()), ("text", text.into())]).trim_end().to_owned()
}

fn decision(words: &Words, told: &Explanation) -> String {
    let decision = &told.decision;
    let cause = words.of_code("cause", told.cause.as_deref().unwrap_or("other"), &[]);
    let values = [
        ("name", decision.record.as_ref().map(|record| name(words, record)).unwrap_or_default().into()),
        ("count", decision.count.into()),
        ("cause", cause.into()),
    ];
    let mut parts = vec![words.of_code("lab-decision", &decision.code, &values)];
    if let Some(by) = &decision.by {
        let source = words.of_code("lab-source", by, &[]);
        parts.push(words.with("lab-decided-by", &[("source", source.into())]));
    }
    if let Some(rule) = &decision.rule {
        let rule = words.of_code("lab-rule", rule, &[]);
        parts.push(words.with("lab-decided-rule", &[("rule", rule.into())]));
    }
    parts.join(" ")
}

fn reading(words: &Words, one: &ReadingView) -> String {
    let steps = one
        .steps
        .iter()
        .map(|step| words.of_code("lab-step", &step.code, &[("value", clean(&step.value).into())]));
    let mark = if one.verdict == "taken" { "*" } else { "-" };
    let means = one.means.as_deref().map(|means| format!(" → {means}")).unwrap_or_default();
    let verdict = words.of_code("lab-verdict", &one.verdict, &[]);
    let how: Vec<String> = steps.chain([verdict]).collect();
    format!("{mark} {}", line(words, &format!("{}{means}", clean(&one.text)), &how.join(" · ")))
}

fn search(words: &Words, one: &SearchView) -> [String; 2] {
    let cause = words.of_code("cause", one.cause.as_deref().unwrap_or("other"), &[]);
    let state = [("cause", cause.into()), ("count", one.hits.unwrap_or_default().into())];
    let title = [
        ("step", one.step.into()),
        ("kind", words.of_code("record", &one.kind, &[]).into()),
        ("field", words.of_code("lab-search-field", &one.field, &[]).into()),
    ];
    let state = words.of_code("lab-search", &one.state, &state);
    [line(words, &words.with("lab-search", &title), &state), format!("  GET {}", one.target)]
}

fn known(words: &Words, told: &Explanation) -> Vec<String> {
    let index = match told.alike {
        Some(count) => words.with("lab-alike", &[("count", count.into())]),
        None => words.text("lab-no-index"),
    };
    let kept = match told.kept.as_deref() {
        None => words.text("lab-no-kept"),
        Some([]) => words.text("lab-kept-nobody"),
        Some(records) => words.with("lab-kept", &[("names", names(words, records).into())]),
    };
    let choice = match &told.choice {
        None => words.text("lab-no-choice"),
        Some(record) => words.with("lab-choice", &[("name", name(words, record).into())]),
    };
    let always = if told.always_query { "lab-always-query-on" } else { "lab-always-query-off" };
    vec![index, kept, choice, words.text(always)]
}

fn hit(words: &Words, one: &HitView) -> Vec<String> {
    let kind = words.of_code("record", &one.record.kind, &[]);
    let counts = words.text(if one.counts { "lab-counts" } else { "lab-counts-not" });
    let sources = one.sources.iter().map(|source| words.of_code("lab-source", source, &[]));
    let sources = sources.collect::<Vec<_>>().join(", ");
    let mark = if one.counts { "*" } else { "-" };
    let why = why(words, &one.why);
    let who = format!("{mark} {kind} {} {}", clean(&one.record.id), name(words, &one.record));
    let mut lines = vec![line(words, &who, &format!("{counts} · {why} ({sources})"))];
    lines
        .extend(one.fields.iter().flat_map(|field| compared(words, field)).map(|line| format!("    {line}")));
    lines
}

fn compared(words: &Words, field: &ComparedField) -> Vec<String> {
    let title = words.of_code("lab-field", &field.field, &[]);
    let told = |one: &ComparedView| {
        let means = one.means.as_deref().map(|means| format!(" → {means}")).unwrap_or_default();
        line(words, &title, &format!("{}{means} · {}", clean(&one.text), why(words, &one.why)))
    };
    field.numbers.iter().map(told).collect()
}

fn why(words: &Words, code: &str) -> String {
    let rule = words.of_code("lab-rule", code, &[]);
    if rule == code { words.of_code("lab-not", code, &[]) } else { rule }
}

fn counted(words: &Words, counts: &CountsView) -> Vec<String> {
    let turned =
        |key: &str, before: u32, after: u32| line(words, &words.text(key), &format!("{before} → {after}"));
    let mut lines = vec![
        turned("lab-count-matched", counts.matched_before, counts.matched_after),
        turned("lab-count-ambiguous", counts.ambiguous_before, counts.ambiguous_after),
    ];
    for (key, count) in [
        ("lab-count-gained", counts.gained),
        ("lab-count-lost", counts.lost),
        ("lab-count-newly-ambiguous", counts.newly_ambiguous),
        ("lab-count-others", counts.others),
    ] {
        lines.push(line(words, &words.text(key), &count.to_string()));
    }
    lines
}

fn changed(words: &Words, row: &ChangedView) -> String {
    let calls = words.with("lab-row-calls", &[("count", row.calls.into())]);
    let change = words.of_code("lab-change", &row.change, &[]);
    let (before, after) = (names(words, &row.before), names(words, &row.after));
    line(words, &format!("{} ({calls})", clean(&row.number)), &format!("{change} · {before} → {after}"))
}

fn names(words: &Words, records: &[RecordName]) -> String {
    if records.is_empty() {
        return words.text("lab-nobody");
    }
    records.iter().map(|record| name(words, record)).collect::<Vec<_>>().join(", ")
}

fn name(words: &Words, record: &RecordName) -> String {
    let company = record.account.as_deref().map(clean).filter(|company| !company.is_empty());
    match (clean(&record.name), company) {
        (name, _) if name.is_empty() => {
            format!("{} {}", words.of_code("record", &record.kind, &[]), clean(&record.id))
        }
        (name, Some(company)) => format!("{name} ({company})"),
        (name, None) => name,
    }
}
