//! Trying a template while it is written: what is wrong with it, and what it says of a call. Must not know windows.

use std::collections::BTreeMap;
use std::sync::Arc;

use deskring_domain::template::{Escape, Named, Template, TemplateError, Values};
use deskring_store::Journal;
use deskring_store::settings::CallerShown;
use jiff::tz::TimeZone;

use super::Admin;
use super::wire::{Fault, FlawView, PreviewOf, TemplateKey, TemplateView};
use crate::clock::wall_ms;
use crate::history::{RECENT, stored_view};
use crate::outbox;
use crate::values::{utc_offset_s, values};
use crate::view::CallView;

/// A person reads no more of it; a note that a template repeats could make it very long.
const LONGEST_PREVIEW: usize = 20_000;

/// The call of a preview.
struct Sample {
    values: Values,
    /// The other side's number.
    number: String,
    of: PreviewOf,
}

impl Admin {
    pub(super) async fn try_template(
        self: &Arc<Self>,
        key: TemplateKey,
        text: String,
    ) -> Result<TemplateView, Fault> {
        let clients = self.clients().await;
        self.blocking(move |admin| {
            let sample = admin.sample(clients.journal, &clients.agents);
            Ok(tried(key, &text, &sample))
        })
        .await
    }

    /// The last call with the outside. An invented one stands in where there is none, and where callers are masked:
    /// nobody who opens the settings has asked to see who called.
    fn sample(&self, journal: Option<Arc<Journal>>, agents: &BTreeMap<String, String>) -> Sample {
        let zone = TimeZone::system();
        let shown = self.loaded().is_ok_and(|settings| settings.notifications.caller == CallerShown::Name);
        let last = if shown { self.last_call(journal) } else { None };
        last.map_or_else(
            || example(wall_ms(), &zone),
            |view| Sample {
                values: values(&view, agents.get(&view.extension).map(String::as_str), &zone),
                number: view.number,
                of: PreviewOf::LastCall,
            },
        )
    }

    /// The journal is the engine's where one runs.
    fn last_call(&self, journal: Option<Arc<Journal>>) -> Option<CallView> {
        let journal = match journal {
            None if self.engine.is_none() => Some(Arc::new(Journal::open(&self.paths.profile).ok()?)),
            given => given,
        }?;
        last_outside(&journal)
    }
}

/// The last call with the outside that is over: one that is on does not tell yet how it came out.
fn last_outside(journal: &Journal) -> Option<CallView> {
    let rows = journal.recent(RECENT);
    let rows = rows.inspect_err(|error| tracing::warn!(%error, "the last call cannot be read")).ok()?;
    let outside = |view: &CallView| {
        matches!(view.direction.as_deref(), Some("inbound" | "outbound"))
            && view.outcome.is_some()
            && !view.number.is_empty()
    };
    rows.iter().filter_map(stored_view).find(outside)
}

/// A call that nobody made, with numbers that are kept free for such. What would need words is named by its variable
/// instead: there are no words here.
fn example(now_ms: i64, zone: &TimeZone) -> Sample {
    let named = |name: &str, number: &str| Named { name: Some(name.into()), number: Some(number.into()) };
    let (caller, agent) = (named("Alex Chen", "+12025550143"), named("Robin Li", "1001"));
    let (talk_s, ring_s) = (154, 8);
    let started_ms = now_ms - 300_000;
    let started_s = started_ms.div_euclid(1000);
    let values = Values {
        started_s: Some(started_s),
        utc_offset_s: utc_offset_s(started_ms, zone),
        communication_type: Some("Inbound".into()),
        call_status: Some("ANSWERED".into()),
        from: caller,
        to: agent.clone(),
        talk_s: Some(talk_s),
        ring_s: Some(ring_s),
        duration_s: Some(talk_s + ring_s),
        did: named("[DID_Name]", "+12025550100"),
        queue: named("[Queue]", "6400"),
        agent,
        trunk: Some("[Trunk]".into()),
        recording: Some("[Recording]".into()),
        note: Some("[Note]".into()),
        disposition: Some("[Disposition]".into()),
        call_id: Some(format!("{started_s}.1")),
        ..Values::default()
    };
    Sample { values, number: "+12025550143".into(), of: PreviewOf::Example }
}

fn tried(key: TemplateKey, text: &str, sample: &Sample) -> TemplateView {
    let errors = Template::parse(text).err().unwrap_or_default();
    let template = Template::lenient(text);
    let said = match key {
        TemplateKey::TicketDescription => as_seen(&template.render(&sample.values, Escape::Html)),
        TemplateKey::CallDescription => {
            outbox::with_note(template.render(&sample.values, Escape::None), &template, &sample.values)
        }
        TemplateKey::TicketSubject | TemplateKey::CallSubject => {
            let said = template.render(&sample.values, Escape::None);
            let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
            // As it is written to Desk, which takes no record without a subject.
            if line.is_empty() { sample.number.clone() } else { line }
        }
    };
    TemplateView {
        flaws: errors.iter().map(|error| flaw(text, error)).collect(),
        preview: said.trim().chars().take(LONGEST_PREVIEW).collect(),
        of: sample.of,
    }
}

fn flaw(text: &str, error: &TemplateError) -> FlawView {
    FlawView {
        code: error.kind.code().to_owned(),
        line: error.place.line,
        column: error.place.column,
        written: text.get(error.place.span.clone()).unwrap_or_default().to_owned(),
        suggestion: error.suggestion.map(str::to_owned),
    }
}

/// HTML as a person reads it: tags are gone, but for the lines they make.
pub(crate) fn as_seen(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, mark) = rest.split_at(at);
        out.push_str(before);
        rest = if let Some((name, after)) = tag(mark) {
            let begun = !out.is_empty() && !out.ends_with('\n');
            if name == "br" || (begun && LINES.contains(&name.as_str())) {
                out.push('\n');
            }
            after
        } else {
            let entity = ENTITIES.iter().find_map(|(code, c)| Some((*c, mark.strip_prefix(code)?)));
            let mut chars = mark.chars();
            let plain = chars.next().unwrap_or_default();
            let (c, after) = entity.unwrap_or((plain, chars.as_str()));
            out.push(c);
            after
        };
    }
    out.push_str(rest);
    out
}

/// Elements that stand on lines of their own.
const LINES: [&str; 15] =
    ["p", "div", "ul", "ol", "li", "tr", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"];

/// What values are escaped with, and the two that authors write.
const ENTITIES: [(&str, char); 7] = [
    ("&amp;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&#39;", '\''),
    ("&apos;", '\''),
    ("&nbsp;", ' '),
];

/// The name of a tag that a text begins with, and what comes after it. `a < b` has none.
fn tag(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('<')?;
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
        return None;
    }
    let (inside, after) = inside.split_once('>')?;
    let name = inside.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
    Some((name.unwrap_or_default().to_ascii_lowercase(), after))
}

#[cfg(test)]
mod tests {
    use deskring_store::CallRow;
    use serde_json::json;

    use super::*;
    use crate::values::tests::view;

    fn sample_of(view: &CallView) -> Sample {
        Sample {
            values: values(view, Some("Bo Lin"), &TimeZone::UTC),
            number: view.number.clone(),
            of: PreviewOf::LastCall,
        }
    }

    /// What the agent of the call below wrote down, as it is appended.
    const NOTE: &str = "\n\none\ntwo <br> three";

    fn preview(key: TemplateKey, text: &str) -> String {
        let hostile = json!({ "state": "known", "cause": null, "records": [
            { "kind": "contact", "id": "1", "name": "<b>A&B</b> &lt;i", "company": null },
        ] });
        let wrap_up = json!({ "asked": false, "disposition": null, "note": "one\ntwo <br> three" });
        let view = view(json!({ "who": hostile, "wrap_up": wrap_up }));
        tried(key, text, &sample_of(&view)).preview
    }

    #[test]
    fn everything_wrong_is_told_with_its_place_and_what_was_meant() {
        let text = "主题 {{Cal_From}}\n{{Zzzzzzzz}} {{Note";
        let tried = tried(TemplateKey::TicketDescription, text, &sample_of(&view(json!({}))));
        let flaws: Vec<_> = tried
            .flaws
            .iter()
            .map(|it| (it.code.as_str(), it.line, it.column, it.written.as_str(), it.suggestion.as_deref()))
            .collect();
        assert_eq!(flaws[0], ("unknown_variable", 1, 6, "Cal_From", Some("Call_From")));
        assert_eq!(flaws[1], ("unknown_variable", 2, 3, "Zzzzzzzz", None));
        assert_eq!((flaws[2].0, flaws[2].1, flaws[2].2), ("unclosed", 2, 14));
        assert_eq!(flaws.len(), 3);
        assert_eq!(tried.preview, "主题 \n {{Note", "it says what it will say all the same");
    }

    #[test]
    fn markup_of_a_caller_is_read_as_it_was_written_in_every_text() {
        let name = "<b>A&B</b> &lt;i";
        for key in [
            TemplateKey::TicketSubject,
            TemplateKey::TicketDescription,
            TemplateKey::CallSubject,
            TemplateKey::CallDescription,
        ] {
            let said = preview(key, "{{Call_From_Name}}");
            assert_eq!(said.strip_suffix(NOTE).unwrap_or(&said), name, "{key:?}");
        }
    }

    #[test]
    fn a_note_stands_below_a_call_s_description_that_leaves_it_out() {
        assert_eq!(preview(TemplateKey::CallDescription, "said"), format!("said{NOTE}"));
        assert_eq!(preview(TemplateKey::CallDescription, "{{Note}}!"), "one\ntwo <br> three!");
        assert_eq!(preview(TemplateKey::TicketDescription, "said"), "said");
    }

    #[test]
    fn markup_of_the_author_is_read_as_desk_shows_it_where_desk_takes_it() {
        let text =
            "<p>From <b class=\"x\">{{Call_From_Number}}</b> &amp; a < b &copy</p><div>to<br/>{{Note}}</div>";
        assert_eq!(
            preview(TemplateKey::TicketDescription, text),
            "From 13800138000 & a < b &copy\nto\none\ntwo <br> three"
        );
        assert_eq!(
            preview(TemplateKey::CallDescription, "<b>{{Call_From_Number}}</b>"),
            format!("<b>13800138000</b>{NOTE}")
        );
        assert_eq!(preview(TemplateKey::TicketDescription, "one\ntwo"), "one\ntwo");
        assert_eq!(preview(TemplateKey::TicketDescription, "a <b"), "a <b", "half a tag");
    }

    #[test]
    fn a_subject_is_one_line_and_never_empty() {
        assert_eq!(preview(TemplateKey::CallSubject, " {{Note}}  end "), "one two <br> three end");
        for key in [TemplateKey::TicketSubject, TemplateKey::CallSubject] {
            assert_eq!(preview(key, "{{Recording}} "), "13800138000");
        }
        assert_eq!(preview(TemplateKey::TicketDescription, "{{Recording}}"), "");
    }

    #[test]
    fn a_preview_ends_somewhere() {
        let text = "{{Call_From}}".repeat(10_000);
        assert_eq!(preview(TemplateKey::CallDescription, &text).chars().count(), LONGEST_PREVIEW);
    }

    #[test]
    fn the_example_leaves_no_blank() {
        let sample = example(1_790_236_800_000, &TimeZone::UTC);
        let silent: Vec<_> = deskring_domain::template::Variable::ALL
            .into_iter()
            .map(|variable| variable.name())
            .filter(|name| {
                tried(TemplateKey::TicketDescription, &format!("{{{{{name}}}}}"), &sample).preview.is_empty()
            })
            .collect();
        assert_eq!(silent, Vec::<&str>::new());
    }

    #[test]
    fn the_call_is_the_last_one_with_the_outside_that_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert!(last_outside(&journal).is_none());
        let keep = |started_ms: i64, changes: serde_json::Value| {
            let mut view = view(changes);
            view.call = format!("{started_ms}.1");
            journal
                .record(&CallRow {
                    call_id: view.call.clone(),
                    extension: view.extension.clone(),
                    started_ms,
                    detail: serde_json::to_string(&view).ok(),
                    ..CallRow::default()
                })
                .unwrap();
        };
        keep(1, json!({}));
        keep(2, json!({ "direction": "outbound" }));
        keep(3, json!({ "direction": "internal" }));
        keep(4, json!({ "outcome": null, "over_ms": null, "phase": "talking", "closed": false }));
        keep(5, json!({ "number": "" }));
        assert_eq!(last_outside(&journal).map(|view| view.call).as_deref(), Some("2.1"));
    }
}
