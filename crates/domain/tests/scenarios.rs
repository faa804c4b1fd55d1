//! Plays the text scenarios in `scenarios/` and compares what the machine does with what they say.
//!
//! A scenario is its own transcript: lines with a time are what happens, lines with `>` are what the machine
//! did about it. Each is played twice, once with frames that list every party and once with frames that
//! list only what changed, and must come out the same. `UPDATE_SCENARIOS=1 cargo test -p deskring-domain`
//! writes the transcripts anew; read the difference before you keep it.
//!
//! ```text
//! == name of the scenario
//! mine 1001 1003                    settings; defaults: mine 1001, automatic at ring
//! 0.0  in(13800138000) alert        a frame; `in(..)` and `out(..)` are trunk legs, digits are extensions
//! 0.1  1001 ring via 6400
//! 0.3  found Lin                    the answer to the lookup: a name, names, `nobody`, `failed`, `failed for good`
//! 0.3  found Lin Mei, Lin chosen earlier
//! 2.0  chosen Lin                   the agent says whose call it is; `created Lin`: made for this number just now
//! 5.0  B: 1001 ring                 a frame of another call
//! 9.0  record inbound answered 13800138000>1001 talk 12
//! 9.5  can 1001                     asks what this extension can do with the call, by which leg and to which
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use deskring_domain::machine::{Again, LookupFailure, OpenFailure};
use deskring_domain::{
    Act, CallId, CallRecord, Channel, Choice, Chosen, ChosenWhen, Controls, DeskUse, Direction, Effect,
    Entry, Extension, FailedSide, FailureReason, Input, LegReport, Machine, Match, Mode, Moment, Now,
    OpenedBy, Other, Outcome, Party, Pause, Phase, Plan, Record, RecordKind, RecordStatus, Rules, Setup,
    Status, Who, Why,
};

#[derive(Clone, Copy, PartialEq)]
enum Frames {
    Snapshot,
    Delta,
}

const EPOCH_MS: i64 = 1_790_000_000_000;

struct Play {
    machine: Machine,
    frames: Frames,
    now: Now,
    calls: BTreeMap<String, Vec<LegReport>>,
    asked: BTreeMap<String, u8>,
    /// What was last said of each call and extension: the phase, and whom the agent chose.
    said: BTreeMap<(String, String), String>,
    browser: Result<(), OpenFailure>,
    out: String,
}

#[test]
fn every_scenario_comes_out_as_written_in_both_frame_modes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 4, "the scenarios are gone");
    let mut failures = String::new();
    for file in files {
        let written = std::fs::read_to_string(&file).unwrap();
        let played = play_file(&written, Frames::Snapshot);
        if std::env::var_os("UPDATE_SCENARIOS").is_some() {
            std::fs::write(&file, &played).unwrap();
        } else if played != written {
            difference(&mut failures, &file, "snapshot", &written, &played);
        }
        let delta = play_file(&written, Frames::Delta);
        if delta != played {
            difference(&mut failures, &file, "delta", &played, &delta);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn difference(failures: &mut String, file: &std::path::Path, mode: &str, left: &str, right: &str) {
    let line = left.lines().zip(right.lines()).position(|(a, b)| a != b).unwrap_or(0);
    let context =
        |text: &str| text.lines().skip(line.saturating_sub(6)).take(10).collect::<Vec<_>>().join("\n");
    let (expected, got) = (context(left), context(right));
    writeln!(
        failures,
        "{} ({mode}) line {}:\n--- expected\n{expected}\n--- got\n{got}\n",
        file.display(),
        line + 1
    )
    .unwrap();
}

fn play_file(text: &str, frames: Frames) -> String {
    let mut out = String::new();
    let mut play: Option<Play> = None;
    let mut settings: Vec<String> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with('>') || trimmed.ends_with(" tick") {
            continue;
        }
        if trimmed.starts_with("==") {
            finish(&mut play, &mut out);
            settings.clear();
        } else if trimmed.chars().next().is_some_and(|c| c.is_ascii_digit()) {
            let play = play.get_or_insert_with(|| Play::new(&settings, frames));
            play.event(trimmed);
            out.push_str(&std::mem::take(&mut play.out));
            continue;
        } else if trimmed.is_empty() {
            finish(&mut play, &mut out);
        } else if !trimmed.starts_with('#') {
            settings.push(trimmed.to_owned());
        }
        out.push_str(line);
        out.push('\n');
    }
    finish(&mut play, &mut out);
    out
}

/// Lets every timer run out, so that each call ends with its reason.
fn finish(play: &mut Option<Play>, out: &mut String) {
    if let Some(mut play) = play.take() {
        let end = play.now.mono + Duration::from_secs(30);
        play.pass_to(end);
        out.push_str(&play.out);
    }
}

impl Play {
    fn new(settings: &[String], frames: Frames) -> Self {
        let mut mine = BTreeSet::from([Extension::new("1001")]);
        let mut rules = Rules { mode: Mode::Automatic, moment: Moment::Ring, pause: None, desk: DeskUse::On };
        let mut opened = Vec::new();
        let mut browser = Ok(());
        for line in settings {
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["mine", extensions @ ..] => mine = extensions.iter().map(|e| Extension::new(*e)).collect(),
                ["mode", "manual"] => rules.mode = Mode::Manual,
                ["mode", "off"] => rules.mode = Mode::Off,
                ["moment", "answer"] => rules.moment = Moment::Answer,
                ["moment", "hangup"] => rules.moment = Moment::HangUp,
                ["paused"] => rules.pause = Some(Pause::UntilResumed),
                ["desk", "disabled"] => rules.desk = DeskUse::Disabled,
                ["desk", "not", "set", "up"] => rules.desk = DeskUse::NotSetUp,
                ["opened", "before", "restart"] => opened.push(CallId::new("A")),
                ["browser", "broken"] => browser = Err(OpenFailure::Browser),
                other => panic!("unknown setting {other:?}"),
            }
        }
        let plan = Plan::new("CN", "592", "").unwrap();
        Self {
            machine: Machine::new(Setup { mine, rules, plan }, opened),
            frames,
            now: Now { mono: Duration::from_secs(1_000), wall_ms: EPOCH_MS },
            calls: BTreeMap::new(),
            asked: BTreeMap::new(),
            said: BTreeMap::new(),
            browser,
            out: String::new(),
        }
    }

    fn event(&mut self, line: &str) {
        let (time, rest) = line.split_once(char::is_whitespace).unwrap();
        let at = Duration::from_secs(1_000) + Duration::from_secs_f64(time.parse().unwrap());
        self.pass_to(at);
        writeln!(self.out, "{time:>6}  {}", rest.trim()).unwrap();
        let rest = rest.trim();
        let (call, rest) = match rest.split_once(": ") {
            Some((call, rest)) if call.len() == 1 => (call, rest),
            _ => ("A", rest),
        };
        if let Some(me) = rest.strip_prefix("can ") {
            return self.say_controls(call, me);
        }
        let input = self.input(call, rest);
        self.feed(input);
    }

    fn say_controls(&mut self, call: &str, me: &str) {
        let Controls { mine, other, acts } = self.machine.controls(&CallId::new(call), &Extension::new(me));
        let leg = |channel: Option<Channel>| {
            let channel = channel.as_ref().map_or("-", Channel::as_str);
            channel.trim_start_matches("PJSIP/").trim_end_matches(&format!("-{call}")).to_owned()
        };
        let acts: Vec<_> = acts.into_iter().map(Act::code).collect();
        let acts = if acts.is_empty() { "nothing".to_owned() } else { acts.join(" ") };
        writeln!(self.out, "        > {acts}; mine {}, other {}", leg(mine), leg(other)).unwrap();
    }

    fn pass_to(&mut self, at: Duration) {
        while let Some(deadline) = self.machine.next_deadline().filter(|deadline| *deadline <= at) {
            self.set(deadline.max(self.now.mono));
            let before = self.out.len();
            writeln!(self.out, "{:>6.1}  tick", self.now.mono.as_secs_f64() - 1_000.0).unwrap();
            let header = self.out.len();
            self.feed(Input::Tick);
            if self.out.len() == header {
                self.out.truncate(before);
            }
        }
        self.set(at);
    }

    fn set(&mut self, mono: Duration) {
        self.now.mono = mono;
        self.now.wall_ms = EPOCH_MS + i64::try_from(mono.as_millis()).unwrap() - 1_000_000;
    }

    fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.machine.handle(self.now, input) {
                self.say(&effect);
                match effect {
                    Effect::Notify(notice) => inputs.push(Input::Notified { call: notice.call }),
                    Effect::Open { call, by, .. } => {
                        inputs.push(Input::Opened { call, by, result: self.browser });
                    }
                    Effect::LookUp { call, attempt, .. } => {
                        self.asked.insert(call.as_str().to_owned(), attempt);
                    }
                    Effect::Withdraw { .. }
                    | Effect::RememberChoice { .. }
                    | Effect::Journal(_)
                    | Effect::AskPbx => {}
                }
            }
        }
    }

    fn say(&mut self, effect: &Effect) {
        let line = match effect {
            Effect::Notify(notice) => {
                let path = notice.path.as_ref().map(|path| format!(" via {path}")).unwrap_or_default();
                format!("notify {:?}{path}: {}", notice.number, who(&notice.who))
            }
            Effect::Withdraw { call } => format!("withdraw {call}"),
            Effect::LookUp { number, attempt, .. } => format!("look up {number} ({attempt})"),
            Effect::Open { record, by: OpenedBy::Rule(_), .. } => format!("open {}", record.name),
            Effect::Open { record, by: OpenedBy::Agent, .. } => format!("open {} for the agent", record.name),
            Effect::RememberChoice { number, record } => format!("remember {} for {number}", record.name),
            Effect::AskPbx => "ask the PBX for its calls".into(),
            Effect::Journal(entry) => {
                let key = (entry.call.to_string(), entry.extension.to_string());
                let saying = format!("{}{}", phase(entry), chosen(entry));
                let changed = self.said.insert(key, saying.clone()).as_ref() != Some(&saying);
                if entry.closed {
                    closing(entry)
                } else if changed {
                    format!("{} {} {saying}", entry.call, entry.extension)
                } else {
                    return;
                }
            }
        };
        writeln!(self.out, "        > {line}").unwrap();
    }

    fn input(&mut self, call: &str, rest: &str) -> Input {
        let id = CallId::new(call);
        let words: Vec<&str> = rest.split_whitespace().collect();
        match words.as_slice() {
            ["found", "failed"] => self.answer(&id, Err(failure(Again::Soon))),
            ["found", "failed", "for", "good"] => self.answer(&id, Err(failure(Again::Useless))),
            ["found", "nobody"] => self.answer(&id, Ok(Match::Nobody)),
            ["found", names @ .., earlier, "chosen", "earlier"] => {
                let found = Match::of(names.iter().map(|name| record(name)).collect());
                self.answer(&id, Ok(found.with_earlier_choice(RecordKind::Contact, &record(earlier).id)))
            }
            ["found", names @ ..] => {
                self.answer(&id, Ok(Match::of(names.iter().map(|name| record(name)).collect())))
            }
            ["chosen", name] => Input::Chosen { call: id, record: record(name), how: Choice::Picked },
            ["created", name] => Input::Chosen { call: id, record: record(name), how: Choice::Created },
            ["button"] => Input::OpenRequested { call: None },
            ["resume", "pop-ups"] => Input::Paused(None),
            ["pause", "for", seconds] => {
                let seconds: i64 = seconds.parse().unwrap();
                Input::Paused(Some(Pause::Until(self.now.wall_ms + 1000 * seconds)))
            }
            ["idle", extension] => Input::Idle { extension: Extension::new(*extension) },
            ["busy", extension] => Input::Busy { extension: Extension::new(*extension) },
            ["fails", reason @ ..] => {
                let text = reason.join(" ");
                let reason = FailureReason { code: None, text, side: FailedSide::Theirs };
                Input::Failed { call: id, reason, legs: Vec::new() }
            }
            ["resync", "nothing"] => Input::Resynced { calls: Vec::new() },
            ["resync"] => {
                let live = |legs: &Vec<LegReport>| legs.iter().any(|leg| leg.status != Status::Bye);
                let calls = self.calls.iter().filter(|(_, legs)| live(legs));
                let calls = calls
                    .map(|(id, legs)| {
                        let up = legs.iter().filter(|leg| leg.status != Status::Bye).cloned().collect();
                        (CallId::new(id.clone()), up)
                    })
                    .collect();
                Input::Resynced { calls }
            }
            ["unseen", ..] => {
                // Happens on the PBX while nobody listens.
                self.change(call, rest.trim_start_matches("unseen").trim());
                Input::Tick
            }
            ["again", ..] => {
                let legs = rest
                    .trim_start_matches("again")
                    .split(',')
                    .map(|leg| parse_leg(call, leg.trim()))
                    .collect();
                Input::Legs { call: id, legs }
            }
            ["record", direction, status, parties, "talk", talk] => {
                let (from, to) = parties.split_once('>').unwrap();
                Input::Ended { call: id, record: cdr(direction, status, from, to, talk.parse().unwrap()) }
            }
            _ => {
                let changed = self.change(call, rest);
                let all = self.calls.get(call).cloned().unwrap_or_default();
                let gone = |leg: &LegReport| leg.status == Status::Bye && !changed.contains(leg);
                let legs = match self.frames {
                    Frames::Delta => changed,
                    Frames::Snapshot => all.into_iter().filter(|leg| !gone(leg)).collect(),
                };
                Input::Legs { call: id, legs }
            }
        }
    }

    fn change(&mut self, call: &str, rest: &str) -> Vec<LegReport> {
        let known = self.calls.entry(call.to_owned()).or_default();
        let mut changed = Vec::new();
        for text in rest.split(',') {
            let mut leg = parse_leg(call, text.trim());
            if let Some(before) = known.iter_mut().find(|known| known.channel == leg.channel) {
                if matches!(&leg.party, Party::Inbound { from, .. } if from.is_empty())
                    || matches!(&leg.party, Party::Outbound { to, .. } if to.is_empty())
                {
                    leg.party = before.party.clone();
                }
                leg.path = leg.path.or(before.path.clone());
                *before = leg.clone();
            } else {
                known.push(leg.clone());
            }
            changed.push(leg);
        }
        changed
    }

    fn answer(&self, id: &CallId, answer: Result<Match, LookupFailure>) -> Input {
        let attempt = self.asked.get(id.as_str()).copied().expect("nothing was looked up");
        Input::LookedUp { call: id.clone(), attempt, answer }
    }
}

fn failure(again: Again) -> LookupFailure {
    LookupFailure { code: "timed_out", again }
}

fn record(name: &str) -> Record {
    let name = name.trim_end_matches(',');
    Record {
        kind: RecordKind::Contact,
        id: name.bytes().map(|byte| byte.to_string()).collect(),
        name: name.into(),
        company: None,
        page: (name != "Mallory").then(|| "https://desk.example.com/1".into()),
        email: None,
        changed_ms: None,
    }
}

/// `in(13800138000) alert`, `1001#2 ring via 6400`, `out answer`
fn parse_leg(call: &str, text: &str) -> LegReport {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [name, status, rest @ ..] = words.as_slice() else { panic!("not a leg: {text:?}") };
    let (label, number) = match name.split_once('(') {
        Some((label, number)) => (label, number.trim_end_matches(')')),
        None => (*name, ""),
    };
    let trunk = "peer-to-41".to_owned();
    let party = match label.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "in" => Party::Inbound { from: number.into(), to: "05925503301".into(), trunk },
        "out" => Party::Outbound { from: "1001".into(), to: number.into(), trunk },
        _ => Party::Extension(Extension::new(label.split('#').next().unwrap())),
    };
    let status = match *status {
        "alert" => Status::Alert,
        "ring" => Status::Ring,
        "early" => Status::EarlyMedia,
        "answered" => Status::Answered,
        "answer" => Status::Answer,
        "hold" => Status::Hold,
        "bye" => Status::Bye,
        "wobbles" => Status::Unknown,
        other => panic!("unknown status {other:?}"),
    };
    let path = match rest {
        ["via", path] => Some((*path).to_owned()),
        _ => None,
    };
    LegReport { party, channel: Channel::new(format!("PJSIP/{label}-{call}")), status, path }
}

fn cdr(direction: &str, status: &str, from: &str, to: &str, talk: u64) -> CallRecord {
    CallRecord {
        uid: format!("{from}-{to}"),
        from: from.into(),
        to: to.into(),
        status: match status {
            "answered" => RecordStatus::Answered,
            "noanswer" => RecordStatus::NoAnswer,
            "busy" => RecordStatus::Busy,
            "voicemail" => RecordStatus::Voicemail,
            "failed" => RecordStatus::Failed,
            "abandoned" => RecordStatus::Abandoned,
            other => panic!("unknown status {other:?}"),
        },
        direction: match direction {
            "inbound" => Some(Direction::Inbound),
            "outbound" => Some(Direction::Outbound),
            "internal" => Some(Direction::Internal),
            _ => None,
        },
        duration_s: talk,
        talk_duration_s: talk,
        ring_s: None,
        trunk: None,
        recording: None,
        started: "2026-09-24 00:04:18".into(),
    }
}

fn who(who: &Who) -> String {
    match who {
        Who::NotAsked => "not asked".into(),
        Who::Searching => "searching".into(),
        Who::Known(record) => record.name.clone(),
        Who::Several(records) => format!("{} matches", records.len()),
        Who::Nobody => "nobody".into(),
        Who::Withheld => "withheld".into(),
        Who::Failed(code) => format!("failed {code}"),
    }
}

fn phase(entry: &Entry) -> &'static str {
    match entry.phase {
        Phase::Ringing => "ringing",
        Phase::Dialing => "dialing",
        Phase::Talking => "talking",
        Phase::Held => "held",
        Phase::Over => "over",
    }
}

fn chosen(entry: &Entry) -> String {
    let Some(Chosen { among, when }) = entry.chosen else { return String::new() };
    let when = match when {
        ChosenWhen::Now => "chosen",
        ChosenWhen::Earlier => "chosen earlier",
    };
    format!("; {}, {when} among {among}", who(&entry.who))
}

fn closing(entry: &Entry) -> String {
    let direction = match entry.direction {
        Some(Direction::Inbound) => "inbound",
        Some(Direction::Outbound) => "outbound",
        Some(Direction::Internal) => "internal",
        None => "unknown",
    };
    let other = match &entry.other {
        Other::Outside(number) => number.clone(),
        Other::Colleague(extension) => extension.to_string(),
        Other::NotReported => "?".into(),
    };
    let outcome = match &entry.outcome {
        Some(Outcome::Answered) => "answered".to_owned(),
        Some(Outcome::Missed) => "missed".into(),
        Some(Outcome::AnsweredElsewhere(by)) => {
            format!("answered by {}", by.as_ref().map_or("?", |by| by.as_str()))
        }
        Some(Outcome::Voicemail) => "voicemail".into(),
        Some(Outcome::Failed(Some(FailureReason { text, side: FailedSide::Mine, .. }))) => {
            format!("failed at my phone {text}")
        }
        Some(Outcome::Failed(reason)) => {
            format!("failed {}", reason.as_ref().map_or("?", |reason| reason.text.as_str()))
        }
        Some(Outcome::NotSeen) => "end not seen".into(),
        None => "no outcome".into(),
    };
    let why = match &entry.why {
        Why::Opened(OpenedBy::Rule(moment)) => format!("opened at {moment:?}").to_lowercase(),
        Why::Opened(OpenedBy::Agent) => "opened by the agent".into(),
        other => format!("no tab: {other:?}"),
    };
    let chosen = chosen(entry);
    format!("{} {} closed: {direction} {other}, {outcome}; {why}{chosen}", entry.call, entry.extension)
}
