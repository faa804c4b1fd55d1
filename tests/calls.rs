//! Every way a call can go, from the PBX's frames to the last word in the history: outcome, reason, number of
//! tabs, notices shown and taken away. Each script runs in every mode in which a PBX may tell the same call.
//!
//! A script is a call as people make it; a mode is how the vendor's firmware words it. Each pair has a
//! simulator and an engine of its own, and many pairs run at once because a call takes seconds to settle.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::pin::Pin;
use std::sync::LazyLock;

use deskring_engine::view::CallView;
use deskring_simulator::{ByeMode, FrameMode, HoldShownBy, Message, PbxSwitches, RingFrames, TrunkMonitor};
use deskring_yeastar::{AutoAnswer, Dial};
use e2e::{Memory, Rig, pbx_config};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Rigs at the same time, over all tests of this file: each holds some sixteen files and sockets open.
static ROOM: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new((open_files() / 20).clamp(8, 200)));

/// How many files this process may open; where it cannot be asked, what the meanest system permits.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(256)
}

const LIN: &str = "13800138000";
const MEI: &str = "13800138001";

/// How one firmware may word the same call.
struct Mode {
    name: &'static str,
    switches: fn(&mut PbxSwitches),
}

const MODES: [Mode; 8] = [
    Mode { name: "snapshot", switches: |_| {} },
    Mode {
        name: "snapshot, one bye, objects, a record for each leg",
        switches: |switches| {
            switches.bye_mode = ByeMode::SingleFrame;
            switches.message = Message::Object;
            switches.cdr_frames = 3;
        },
    },
    Mode {
        name: "delta, a record for each leg, everything twice",
        switches: |switches| {
            switches.frame_mode = FrameMode::Delta;
            switches.cdr_frames = 3;
            switches.duplicate_frames = true;
        },
    },
    Mode {
        name: "delta, one bye, the record first, no serial number, no extension states",
        switches: |switches| {
            switches.serial_number = false;
            switches.extension_monitor = false;
            switches.frame_mode = FrameMode::Delta;
            switches.bye_mode = ByeMode::SingleFrame;
            switches.cdr_before_bye = true;
        },
    },
    Mode {
        name: "snapshot, three records first, objects, everything twice",
        switches: |switches| {
            switches.message = Message::Object;
            switches.cdr_before_bye = true;
            switches.cdr_frames = 3;
            switches.duplicate_frames = true;
        },
    },
    Mode { name: "snapshot, out of order", switches: |switches| switches.reorder_frames = true },
    Mode {
        name: "delta, out of order and twice",
        switches: |switches| {
            switches.frame_mode = FrameMode::Delta;
            switches.reorder_frames = true;
            switches.duplicate_frames = true;
            switches.cdr_frames = 3;
        },
    },
    Mode {
        name: "delta, no caller-only frame, no record at all",
        switches: |switches| {
            switches.frame_mode = FrameMode::Delta;
            switches.alert_frame = false;
            switches.cdr_frames = 0;
        },
    },
];

/// What a script ends with.
struct Ending {
    calls: Vec<Expected>,
    tabs: usize,
}

struct Expected {
    call: String,
    direction: &'static str,
    outcome: &'static str,
    why: &'static str,
    /// The colleague who took it.
    by: Option<&'static str>,
    path: Option<&'static str>,
    /// How many times a notice was put up and taken away again.
    notices: usize,
}

impl Expected {
    fn inbound(call: &str, outcome: &'static str, why: &'static str) -> Expected {
        let call = call.to_owned();
        Expected { call, direction: "inbound", outcome, why, by: None, path: None, notices: 1 }
    }

    fn outbound(call: &str, outcome: &'static str) -> Expected {
        let call = call.to_owned();
        Expected { call, direction: "outbound", outcome, why: "outbound", by: None, path: None, notices: 0 }
    }

    fn internal(call: &str, outcome: &'static str) -> Expected {
        let call = call.to_owned();
        Expected { call, direction: "internal", outcome, why: "internal", by: None, path: None, notices: 0 }
    }

    fn via(self, path: &'static str) -> Expected {
        Expected { path: Some(path), ..self }
    }

    fn taken_by(self, extension: &'static str) -> Expected {
        Expected { by: Some(extension), ..self }
    }

    fn rung(self, notices: usize) -> Expected {
        Expected { notices, ..self }
    }

    fn tabs(self, tabs: usize) -> Ending {
        Ending { calls: vec![self], tabs }
    }
}

type Played<'a> = Pin<Box<dyn Future<Output = Ending> + Send + 'a>>;

/// A call as people make it.
struct Script {
    name: &'static str,
    trigger: &'static str,
    settings: fn(&mut Value),
    switches: fn(&mut PbxSwitches),
    /// Only the call's record tells that it is over, or how; a PBX that sends none leaves that open for minutes.
    told_by_record: Told,
    play: for<'a> fn(&'a Rig) -> Played<'a>,
}

#[derive(Clone, Copy, PartialEq)]
enum Told {
    ByFrames,
    ByRecord,
}

impl Script {
    const fn new(
        name: &'static str,
        trigger: &'static str,
        play: for<'a> fn(&'a Rig) -> Played<'a>,
    ) -> Script {
        let (settings, switches) = ((|_| {}) as fn(&mut Value), (|_| {}) as fn(&mut PbxSwitches));
        Script { name, trigger, settings, switches, told_by_record: Told::ByFrames, play }
    }

    const fn switched(self, switches: fn(&mut PbxSwitches)) -> Script {
        Script { switches, ..self }
    }

    const fn set(self, settings: fn(&mut Value)) -> Script {
        Script { settings, ..self }
    }

    const fn told_by_record(self) -> Script {
        Script { told_by_record: Told::ByRecord, ..self }
    }
}

/// Plays all scripts in all modes at once; what fails is named by script and mode.
async fn play(scripts: Vec<Script>) {
    let mut running = JoinSet::new();
    let scripts: &'static [Script] = Box::leak(scripts.into_boxed_slice());
    for script in scripts {
        for mode in &MODES {
            let silent = mode.name.ends_with("no record at all");
            if silent && script.told_by_record == Told::ByRecord {
                continue;
            }
            running.spawn(async move {
                let failed = tokio::spawn(play_one(script, mode)).await.err();
                failed.map(|panic| {
                    let panic = panic.into_panic();
                    let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    format!("{} [{}]: {text}", script.name, mode.name)
                })
            });
        }
    }
    let failures: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

async fn play_one(script: &'static Script, mode: &'static Mode) {
    let _place = ROOM.acquire().await.unwrap();
    let mut rig = Rig::idle().await;
    rig.simulator.pbx().set(|switches| {
        (mode.switches)(switches);
        (script.switches)(switches);
    });
    rig.set(|settings| {
        settings["popup"]["trigger"] = json!(script.trigger);
        (script.settings)(settings);
    });
    rig.contact("Lin", "+8613800138000");
    rig.contact("Mei", "+86 138 0013 8001");
    rig.start().await;
    rig.ready().await;
    let ending = (script.play)(&rig).await;
    for expected in &ending.calls {
        let closed = rig.closed(&expected.call).await;
        check(&rig, expected, &closed);
    }
    assert_eq!(rig.desktop.opened().len(), ending.tabs, "tabs");
    rig.stop().await;
}

fn check(rig: &Rig, expected: &Expected, closed: &CallView) {
    let call = &expected.call;
    assert_eq!(closed.direction.as_deref(), Some(expected.direction), "direction of {closed:?}");
    assert_eq!(closed.outcome.as_deref(), Some(expected.outcome), "outcome of {closed:?}");
    assert_eq!(closed.why.code, expected.why, "reason of {closed:?}");
    assert_eq!(closed.path.as_deref(), expected.path, "path of {closed:?}");
    if expected.by.is_some() {
        assert_eq!(closed.outcome_detail.as_deref(), expected.by, "who took {closed:?}");
    }
    assert_eq!(closed.why.code.starts_with("opened"), closed.timing.tab_ms.is_some(), "timing of {closed:?}");
    let recorded = rig.desktop.now();
    let shown = recorded.notices.iter().any(|(notice, _)| notice.call.as_str() == call);
    let withdrawn = recorded.withdrawn.iter().filter(|known| *known == call).count();
    assert_eq!((shown, withdrawn), (expected.notices > 0, expected.notices), "notices of {closed:?}");
    // Whoever is told of a call is told its number from the start.
    for (notice, _) in recorded.notices.iter().filter(|(notice, _)| notice.call.as_str() == call) {
        assert_eq!(notice.number, closed.number, "the notice's number");
    }
}

async fn tabs(rig: &Rig, count: usize) {
    rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() >= count).await;
}

/// It rings here, and it is known who calls.
async fn rings(rig: &Rig, call: &str) {
    let known = |known: &CallView| {
        known.call == call
            && known.phase == "ringing"
            && !["not_asked", "searching"].contains(&known.who.state.as_str())
    };
    rig.view_where(|view| view.calls.iter().any(known)).await;
}

/// A caller rings here; returns the call.
async fn incoming(rig: &Rig, to: &str) -> String {
    let call = rig.simulator.pbx().call_in(LIN, to).await;
    rings(rig, &call).await;
    call
}

/// A caller rings here and I take it.
async fn taken(rig: &Rig, to: &str) -> String {
    let call = incoming(rig, to).await;
    rig.simulator.pbx().answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    call
}

/// A caller talks to a colleague.
async fn taken_by_colleague(rig: &Rig) -> String {
    let call = rig.simulator.pbx().call_in(LIN, "1002").await;
    rig.simulator.pbx().answer(&call, "1002").await;
    call
}

macro_rules! script {
    ($name:literal, $trigger:literal, |$rig:ident, $pbx:ident| $body:block) => {
        Script::new($name, $trigger, |$rig| {
            Box::pin(async move {
                #[allow(unused_variables)]
                let $pbx = $rig.simulator.pbx();
                $body
            })
        })
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_to_my_extension_that_i_take() {
    play(vec![
        script!("I hang up", "ring", |rig, pbx| {
            let call = taken(rig, "1001").await;
            pbx.hang_up(&call, "1001").await;
            Expected::inbound(&call, "answered", "opened_by_rule").tabs(1)
        }),
        script!("the caller hangs up", "ring", |rig, pbx| {
            let call = taken(rig, "1001").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered", "opened_by_rule").tabs(1)
        }),
        script!("the tab comes with the answer, not before", "answer", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            assert!(rig.desktop.opened().is_empty());
            pbx.answer(&call, "1001").await;
            tabs(rig, 1).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered", "opened_by_rule").tabs(1)
        }),
        script!("the tab comes with the end, not before", "hangup", |rig, pbx| {
            let call = taken(rig, "1001").await;
            assert!(rig.desktop.opened().is_empty());
            pbx.hang_up(&call, "caller").await;
            tabs(rig, 1).await;
            Expected::inbound(&call, "answered", "opened_by_rule").tabs(1)
        }),
        script!("held and resumed, shown by the holder", "ring", |rig, pbx| { held(rig).await })
            .switched(|switches| switches.hold_shown_by = HoldShownBy::Holder),
        script!("held and resumed, shown by the held", "ring", |rig, pbx| { held(rig).await })
            .switched(|switches| switches.hold_shown_by = HoldShownBy::Held),
        script!("held and resumed, shown by both", "ring", |rig, pbx| { held(rig).await })
            .switched(|switches| switches.hold_shown_by = HoldShownBy::Both),
        script!("a menu answers first, and that is not my answer", "answer", |rig, pbx| {
            let call = pbx.call_in(LIN, "6500").await;
            pbx.ring(&call, "1001").await;
            rings(rig, &call).await;
            assert!(rig.desktop.opened().is_empty());
            pbx.answer(&call, "1001").await;
            tabs(rig, 1).await;
            pbx.hang_up(&call, "1001").await;
            Expected::inbound(&call, "answered", "opened_by_rule").via("6500").tabs(1)
        }),
        script!("manual: nothing opens by itself", "ring", |rig, pbx| {
            let call = taken(rig, "1001").await;
            pbx.hang_up(&call, "1001").await;
            Expected::inbound(&call, "answered", "manual_mode").tabs(0)
        })
        .set(|settings| settings["popup"]["mode"] = json!("manual")),
        script!("a second call while I talk", "ring", |rig, pbx| {
            let first = taken(rig, "1001").await;
            let second = pbx.call_in(MEI, "1001").await;
            rings(rig, &second).await;
            tabs(rig, 2).await;
            pbx.hang_up(&second, "caller").await;
            rig.phase(&second, "over").await;
            rig.phase(&first, "talking").await;
            pbx.hang_up(&first, "1001").await;
            Ending {
                calls: vec![
                    Expected::inbound(&first, "answered", "opened_by_rule"),
                    Expected::inbound(&second, "missed", "opened_by_rule"),
                ],
                tabs: 2,
            }
        }),
    ])
    .await;
}

async fn held(rig: &Rig) -> Ending {
    let pbx = rig.simulator.pbx();
    let call = taken(rig, "1001").await;
    pbx.hold(&call, "1001").await;
    rig.phase(&call, "held").await;
    pbx.resume(&call, "1001").await;
    rig.phase(&call, "talking").await;
    pbx.hold(&call, "1001").await;
    rig.phase(&call, "held").await;
    pbx.hang_up(&call, "caller").await;
    Expected::inbound(&call, "answered", "opened_by_rule").tabs(1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_to_my_extension_that_i_do_not_take() {
    play(vec![
        script!("the caller gives up after the tab", "ring", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            tabs(rig, 1).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "missed", "opened_by_rule").tabs(1)
        }),
        script!("the caller gives up before the rule's moment", "answer", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "missed", "not_answered").tabs(0)
        }),
        script!("I decline", "hangup", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            pbx.hang_up(&call, "1001").await;
            Expected::inbound(&call, "missed", "not_answered").tabs(0)
        }),
        script!("it goes to voicemail", "answer", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            pbx.voicemail(&call).await;
            rig.phase(&call, "over").await;
            pbx.let_time_pass(&call, 20).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "voicemail", "not_answered").tabs(0)
        })
        .told_by_record(),
        script!("a menu had answered and the caller gives up", "answer", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            pbx.ivr_answer(&call, "6500").await;
            pbx.let_time_pass(&call, 9).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "missed", "not_answered").via("6500").tabs(0)
        }),
        script!("a colleague picks it up", "answer", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            pbx.pick_up(&call, "1002").await;
            rig.phase(&call, "over").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered_elsewhere", "answered_elsewhere").taken_by("1002").tabs(0)
        }),
        script!("a colleague picks it up after the tab", "ring", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            tabs(rig, 1).await;
            pbx.pick_up(&call, "1002").await;
            rig.phase(&call, "over").await;
            pbx.hang_up(&call, "1002").await;
            Expected::inbound(&call, "answered_elsewhere", "opened_by_rule").taken_by("1002").tabs(1)
        }),
        script!("the number is withheld", "ring", |rig, pbx| {
            let call = pbx.call_in("anonymous", "1001").await;
            rings(rig, &call).await;
            pbx.answer(&call, "1001").await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered", "number_withheld").tabs(0)
        }),
        script!("nobody has the number", "ring", |rig, pbx| {
            let call = pbx.call_in("13900139000", "1001").await;
            rings(rig, &call).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "missed", "no_match").tabs(0)
        }),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_to_a_queue_or_a_ring_group() {
    play(vec![
        script!("a queue call that I take", "answer", |rig, pbx| {
            let call = taken(rig, "6400").await;
            tabs(rig, 1).await;
            pbx.hang_up(&call, "1001").await;
            Expected::inbound(&call, "answered", "opened_by_rule").via("6400").tabs(1)
        }),
        script!("a queue call that a colleague takes", "answer", |rig, pbx| {
            let call = incoming(rig, "6400").await;
            pbx.answer(&call, "1002").await;
            rig.phase(&call, "over").await;
            pbx.let_time_pass(&call, 30).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered_elsewhere", "answered_elsewhere")
                .taken_by("1002")
                .via("6400")
                .tabs(0)
        }),
        script!("a queue that announces its agents one by one", "answer", |rig, pbx| {
            let call = incoming(rig, "6400").await;
            pbx.answer(&call, "1003").await;
            rig.phase(&call, "over").await;
            pbx.hang_up(&call, "1003").await;
            Expected::inbound(&call, "answered_elsewhere", "answered_elsewhere")
                .taken_by("1003")
                .via("6400")
                .tabs(0)
        })
        .switched(|switches| switches.ring_frames = RingFrames::OnePerExtension),
        script!("a queue that comes back to me", "answer", |rig, pbx| {
            let call = incoming(rig, "6400").await;
            pbx.stop_ringing(&call, "1001").await;
            rig.phase(&call, "over").await;
            pbx.ring(&call, "1001").await;
            rings(rig, &call).await;
            pbx.answer(&call, "1001").await;
            tabs(rig, 1).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered", "opened_by_rule").via("6400").rung(2).tabs(1)
        }),
        script!("a caller who gives up in the queue", "answer", |rig, pbx| {
            let call = incoming(rig, "6400").await;
            pbx.let_time_pass(&call, 40).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "missed", "not_answered").via("6400").tabs(0)
        }),
        script!("a queue call I let ring until the caller gives up elsewhere", "answer", |rig, pbx| {
            let call = incoming(rig, "6400").await;
            pbx.stop_ringing(&call, "1001").await;
            rig.phase(&call, "over").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "missed", "not_answered").via("6400").tabs(0)
        }),
        script!("a ring group call that I take", "ring", |rig, pbx| {
            let call = taken(rig, "6300").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered", "opened_by_rule").via("6300").tabs(1)
        }),
        script!("a ring group call that a colleague takes", "hangup", |rig, pbx| {
            let call = incoming(rig, "6300").await;
            pbx.answer(&call, "1002").await;
            rig.phase(&call, "over").await;
            pbx.hang_up(&call, "1002").await;
            Expected::inbound(&call, "answered_elsewhere", "answered_elsewhere")
                .taken_by("1002")
                .via("6300")
                .tabs(0)
        }),
        script!("both phones of one agent ring: one notice, one tab", "ring", |rig, pbx| {
            let call = taken(rig, "6300").await;
            tabs(rig, 1).await;
            pbx.hang_up(&call, "1001").await;
            rig.view_where(|view| {
                let rows = view.recent.iter().filter(|row| row.call == call && row.closed);
                rows.map(|row| row.extension.as_str()).collect::<Vec<_>>().len() == 2
            })
            .await;
            Ending { calls: Vec::new(), tabs: 1 }
        })
        .set(|settings| settings["pbx"]["extensions"] = json!(["1001", "1002"])),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_i_make() {
    play(vec![
        script!("dialed on the phone, answered", "ring", |rig, pbx| {
            let call = pbx.call_out("1001", LIN).await;
            pbx.remote_ring(&call).await;
            rig.phase(&call, "dialing").await;
            pbx.remote_answer(&call).await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "1001").await;
            Expected::outbound(&call, "answered").tabs(0)
        }),
        script!("dialed on the phone, not answered", "ring", |rig, pbx| {
            let call = pbx.call_out("1001", LIN).await;
            pbx.remote_early_media(&call).await;
            rig.phase(&call, "dialing").await;
            pbx.hang_up(&call, "1001").await;
            Expected::outbound(&call, "missed").tabs(0)
        }),
        script!("dialed on the phone, busy", "ring", |rig, pbx| {
            let call = pbx.call_out("1001", LIN).await;
            pbx.remote_ring(&call).await;
            rig.phase(&call, "dialing").await;
            pbx.remote_fails(&call, "486 Busy Here").await;
            Expected::outbound(&call, "failed").tabs(0)
        }),
        script!("dialed on the phone, no such number", "ring", |rig, pbx| {
            let call = pbx.call_out("1001", LIN).await;
            pbx.remote_ring(&call).await;
            rig.phase(&call, "dialing").await;
            pbx.remote_fails(&call, "NOT found").await;
            Expected::outbound(&call, "failed").tabs(0)
        }),
        script!("dialed from the computer, answered", "ring", |rig, pbx| {
            let call = dialed(rig).await;
            rig.phase(&call, "ringing").await;
            pbx.answer(&call, "1001").await;
            rig.phase(&call, "dialing").await;
            pbx.remote_answer(&call).await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "callee").await;
            Expected::outbound(&call, "answered").tabs(0)
        }),
        script!("dialed from the computer, picked up by itself", "ring", |rig, pbx| {
            let call = dialed(rig).await;
            rig.phase(&call, "dialing").await;
            pbx.remote_answer(&call).await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "1001").await;
            Expected::outbound(&call, "answered").tabs(0)
        })
        .switched(|switches| switches.phone_answers_itself = true),
        script!("dialed from the computer, my phone not picked up", "ring", |rig, pbx| {
            let call = dialed(rig).await;
            rig.phase(&call, "ringing").await;
            pbx.hang_up(&call, "1001").await;
            Expected::outbound(&call, "failed").tabs(0)
        })
        .told_by_record(),
    ])
    .await;
}

/// A dial through the API; the engine's own socket sees what comes of it.
async fn dialed(rig: &Rig) -> String {
    let client = deskring_yeastar::Pbx::new(pbx_config(&rig.simulator), Memory::new()).unwrap();
    let dial = Dial {
        caller: "1001".to_owned(),
        callee: LIN.to_owned(),
        permission: None,
        auto_answer: AutoAnswer::No,
    };
    client.dial(&dial).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_between_colleagues() {
    play(vec![
        script!("I call a colleague", "ring", |rig, pbx| {
            let call = pbx.call_internal("1001", "1002").await;
            rig.phase(&call, "dialing").await;
            pbx.answer(&call, "1002").await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "1001").await;
            Expected::internal(&call, "answered").tabs(0)
        }),
        script!("a colleague calls me", "ring", |rig, pbx| {
            let call = pbx.call_internal("1002", "1001").await;
            rig.phase(&call, "ringing").await;
            pbx.answer(&call, "1001").await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "1002").await;
            Expected::internal(&call, "answered").tabs(0)
        }),
        script!("a colleague calls me in vain", "answer", |rig, pbx| {
            let call = pbx.call_internal("1002", "1001").await;
            rig.phase(&call, "ringing").await;
            pbx.hang_up(&call, "1002").await;
            Expected::internal(&call, "missed").tabs(0)
        }),
        script!("I call in vain", "ring", |rig, pbx| {
            let call = pbx.call_internal("1001", "1002").await;
            rig.phase(&call, "dialing").await;
            pbx.hang_up(&call, "1001").await;
            Expected::internal(&call, "missed").tabs(0)
        }),
        script!("colleagues call each other, and customers call them", "ring", |rig, pbx| {
            let inside = pbx.call_internal("1002", "1003").await;
            pbx.answer(&inside, "1003").await;
            let outside = taken_by_colleague(rig).await;
            pbx.hang_up(&inside, "1003").await;
            pbx.hang_up(&outside, "caller").await;
            let mine = pbx.call_in(MEI, "1001").await;
            tabs(rig, 1).await;
            let view = rig.handle().view().borrow().clone();
            let others = view.calls.iter().chain(&view.recent).filter(|known| known.call != mine).count();
            assert_eq!(others, 0, "{view:#?}");
            pbx.hang_up(&mine, "caller").await;
            Expected::inbound(&mine, "missed", "opened_by_rule").tabs(1)
        }),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_passed_on() {
    play(vec![
        script!("I transfer the caller away, same call", "ring", |rig, pbx| { passed_on(rig).await }),
        script!("I transfer the caller away, new call", "ring", |rig, pbx| { passed_on(rig).await })
            .switched(|switches| switches.transfer_keeps_call_id = false)
            .told_by_record(),
        script!("a colleague transfers the caller to me, same call", "ring", |rig, pbx| {
            passed_to_me(rig).await
        }),
        script!("a colleague transfers the caller to me, new call", "ring", |rig, pbx| {
            passed_to_me(rig).await
        })
        .switched(|switches| switches.transfer_keeps_call_id = false),
        script!("a transfer to me that I do not take", "answer", |rig, pbx| {
            let call = taken_by_colleague(rig).await;
            let call = pbx.blind_transfer(&call, "1002", "1001").await;
            rings(rig, &call).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "missed", "not_answered").tabs(0)
        }),
        script!("I ask back and hand over, the first call goes on", "ring", |rig, pbx| {
            handed_over(rig).await
        })
        .told_by_record(),
        script!("I ask back and hand over, the second call goes on", "ring", |rig, pbx| {
            handed_over(rig).await
        })
        .switched(|switches| switches.transfer_keeps_call_id = false)
        .told_by_record(),
        script!("I ask back and take the caller back", "ring", |rig, pbx| {
            let call = taken(rig, "1001").await;
            tabs(rig, 1).await;
            let consult = pbx.attended_transfer(&call, "1001", "1002").await;
            rig.phase(&call, "held").await;
            pbx.answer(&consult, "1002").await;
            rig.phase(&consult, "talking").await;
            pbx.cancel_transfer(&call, "1001").await;
            rig.phase(&consult, "over").await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "caller").await;
            Ending {
                calls: vec![
                    Expected::inbound(&call, "answered", "opened_by_rule"),
                    Expected::internal(&consult, "answered"),
                ],
                tabs: 1,
            }
        }),
        script!(
            "a colleague asks back with me and hands over, the first call goes on",
            "answer",
            |rig, pbx| {
                let call = taken_by_colleague(rig).await;
                let consult = pbx.attended_transfer(&call, "1002", "1001").await;
                rig.phase(&consult, "ringing").await;
                pbx.answer(&consult, "1001").await;
                rig.phase(&consult, "talking").await;
                assert!(rig.desktop.opened().is_empty(), "a colleague, so far");
                let call = pbx.complete_transfer(&call, "1002").await;
                rig.phase(&call, "talking").await;
                tabs(rig, 1).await;
                pbx.hang_up(&call, "caller").await;
                // It never rang here for this caller, so there was nothing to announce.
                Expected::inbound(&call, "answered", "opened_by_rule").rung(0).tabs(1)
            }
        ),
        script!(
            "a colleague asks back with me and hands over, the second call goes on",
            "answer",
            |rig, pbx| {
                let call = taken_by_colleague(rig).await;
                let consult = pbx.attended_transfer(&call, "1002", "1001").await;
                rig.phase(&consult, "ringing").await;
                pbx.answer(&consult, "1001").await;
                rig.phase(&consult, "talking").await;
                assert!(rig.desktop.opened().is_empty(), "a colleague, so far");
                pbx.complete_transfer(&call, "1002").await;
                tabs(rig, 1).await;
                pbx.hang_up(&consult, "1001").await;
                Expected::inbound(&consult, "answered", "opened_by_rule").rung(0).tabs(1)
            }
        )
        .switched(|switches| switches.transfer_keeps_call_id = false),
        script!("my call is forwarded to a colleague", "answer", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            pbx.forward(&call, "1001", "1002").await;
            rig.phase(&call, "over").await;
            pbx.answer(&call, "1002").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered_elsewhere", "answered_elsewhere").taken_by("1002").tabs(0)
        }),
        script!("my call is forwarded to a number outside", "answer", |rig, pbx| {
            let call = incoming(rig, "1001").await;
            pbx.forward(&call, "1001", "+12125550147").await;
            rig.phase(&call, "over").await;
            pbx.remote_answer(&call).await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered_elsewhere", "answered_elsewhere").tabs(0)
        }),
        script!("a colleague's call is forwarded to me", "ring", |rig, pbx| {
            let call = pbx.call_in(LIN, "1002").await;
            pbx.forward(&call, "1002", "1001").await;
            rings(rig, &call).await;
            pbx.answer(&call, "1001").await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "1001").await;
            Expected::inbound(&call, "answered", "opened_by_rule").tabs(1)
        }),
        script!("a conference is one call", "ring", |rig, pbx| {
            let call = taken(rig, "1001").await;
            pbx.conference(&call, &["1002", "1003"]).await;
            pbx.hang_up(&call, "1002").await;
            rig.phase(&call, "talking").await;
            pbx.hang_up(&call, "1001").await;
            rig.phase(&call, "over").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "answered", "opened_by_rule").via("6800").tabs(1)
        }),
    ])
    .await;
}

async fn passed_on(rig: &Rig) -> Ending {
    let pbx = rig.simulator.pbx();
    let call = taken(rig, "1001").await;
    tabs(rig, 1).await;
    let goes_on = pbx.blind_transfer(&call, "1001", "1002").await;
    rig.phase(&call, "over").await;
    pbx.answer(&goes_on, "1002").await;
    pbx.hang_up(&goes_on, "caller").await;
    Expected::inbound(&call, "answered", "opened_by_rule").tabs(1)
}

async fn passed_to_me(rig: &Rig) -> Ending {
    let pbx = rig.simulator.pbx();
    let call = taken_by_colleague(rig).await;
    let call = pbx.blind_transfer(&call, "1002", "1001").await;
    rings(rig, &call).await;
    tabs(rig, 1).await;
    pbx.answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    pbx.hang_up(&call, "caller").await;
    Expected::inbound(&call, "answered", "opened_by_rule").tabs(1)
}

/// The caller was mine already: whichever id goes on, there is no second tab.
async fn handed_over(rig: &Rig) -> Ending {
    let pbx = rig.simulator.pbx();
    let call = taken(rig, "1001").await;
    tabs(rig, 1).await;
    let consult = pbx.attended_transfer(&call, "1001", "1002").await;
    rig.phase(&call, "held").await;
    pbx.answer(&consult, "1002").await;
    rig.phase(&consult, "talking").await;
    let goes_on = pbx.complete_transfer(&call, "1001").await;
    rig.phase(&call, "over").await;
    rig.phase(&consult, "over").await;
    pbx.hang_up(&goes_on, "caller").await;
    Ending {
        calls: vec![
            Expected::inbound(&call, "answered", "opened_by_rule"),
            Expected::internal(&consult, "answered"),
        ],
        tabs: 1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_over_a_trunk_that_is_not_monitored() {
    play(vec![
        script!("without trunk legs nobody says who calls until the record", "answer", |rig, pbx| {
            let call = pbx.call_in(LIN, "1001").await;
            rig.phase(&call, "ringing").await;
            pbx.answer(&call, "1001").await;
            pbx.hang_up(&call, "caller").await;
            let closed = rig.closed(&call).await;
            assert_eq!((closed.direction.as_deref(), closed.number.as_str()), (Some("inbound"), LIN));
            Ending { calls: Vec::new(), tabs: rig.desktop.opened().len().min(1) }
        })
        .switched(|switches| switches.trunk_monitor = TrunkMonitor::MembersMissing)
        .told_by_record(),
        script!("without frames only the record remains", "answer", |rig, pbx| {
            let call = pbx.call_in(LIN, "1001").await;
            pbx.hang_up(&call, "caller").await;
            Expected::inbound(&call, "missed", "call_not_reported").rung(0).tabs(0)
        })
        .switched(|switches| switches.trunk_monitor = TrunkMonitor::NoFrames)
        .told_by_record(),
    ])
    .await;
}
