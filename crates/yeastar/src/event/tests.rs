use serde_json::json;

use super::*;

/// A frame as it stands on the wire: `msg` is JSON inside a string.
fn wire(kind: i64, msg: Value) -> String {
    json!({"type": kind, "sn": "3633D2000000", "msg": msg.to_string()}).to_string()
}

/// A frame as the pages of newer events print it: `msg` is an object, `sn` is missing.
fn page(kind: i64, msg: Value) -> String {
    json!({"type": kind, "msg": msg}).to_string()
}

fn decoded(text: &str) -> Event {
    match Frame::decode(text) {
        Frame::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

fn extension_member(number: &str, status: Status) -> Member {
    Member {
        party: Party::Extension { number: number.into() },
        channel: format!("PJSIP/{number}-000000b6"),
        status,
        path: None,
    }
}

fn inbound_json(status: &str) -> Value {
    json!({"inbound": {"from": "5550100", "to": "2002", "trunk_name": "peer-1",
        "channel_id": "PJSIP/trunk-peer-1-endpoint-000000b5", "member_status": status, "call_path": ""}})
}

fn extension_json(number: &str, status: &str) -> Value {
    json!({"extension": {"number": number, "channel_id": format!("PJSIP/{number}-000000b6"),
        "member_status": status, "call_path": " "}})
}

#[test]
fn frames_are_classified() {
    let cases = [
        ("heartbeat response", Frame::HeartbeatAnswer),
        (" Heartbeat Response\r\n", Frame::HeartbeatAnswer),
        (r#"{"errcode":0,"errmsg":"SUCCESS"}"#, Frame::Answer { code: 0, text: "SUCCESS".into() }),
        (
            r#"{"errcode":"10004","errmsg":"TOKEN EXPIRED"}"#,
            Frame::Answer { code: 10004, text: "TOKEN EXPIRED".into() },
        ),
        (r#"{"errcode":-3}"#, Frame::Answer { code: -3, text: String::new() }),
        (r#"{"type":10000,"msg":"x"}"#, Frame::Event(Event::Other { kind: 10000 })),
        (r#"{"type":"30099"}"#, Frame::Event(Event::Other { kind: 30099 })),
        (r#"{"type":30011,"errcode":0}"#, Frame::Bad("event without its essentials")),
        (r#"{"type":30011,"msg":"{broken"}"#, Frame::Bad("event without its essentials")),
        (r#"{"type":30011,"msg":"[]"}"#, Frame::Bad("event without its essentials")),
        (r#"{"type":30011,"msg":"{}"}"#, Frame::Bad("event without its essentials")),
        (r#"{"type":1.5}"#, Frame::Bad("neither event nor answer")),
        (r#"{"type":null,"errcode":0}"#, Frame::Bad("neither event nor answer")),
        ("{}", Frame::Bad("neither event nor answer")),
        ("null", Frame::Bad("neither event nor answer")),
        ("[]", Frame::Bad("neither event nor answer")),
        ("", Frame::Bad("not JSON")),
        ("heartbeat", Frame::Bad("not JSON")),
    ];
    for (text, frame) in cases {
        assert_eq!(Frame::decode(text), frame, "{text}");
    }
}

#[test]
fn an_inbound_call_is_read_in_both_forms_of_msg() {
    let msg = json!({"call_id": "1790000000.280",
        "members": [inbound_json("ALERT"), extension_json("2002", "RING")]});
    let expected = Event::CallState(Call {
        id: "1790000000.280".into(),
        members: vec![
            Member {
                party: Party::Inbound { from: "5550100".into(), to: "2002".into(), trunk: "peer-1".into() },
                channel: "PJSIP/trunk-peer-1-endpoint-000000b5".into(),
                status: Status::Alert,
                path: None,
            },
            extension_member("2002", Status::Ring),
        ],
    });
    assert_eq!(decoded(&wire(30011, msg.clone())), expected);
    assert_eq!(decoded(&page(30011, msg)), expected);
}

#[test]
fn every_member_status_is_read_whatever_its_case() {
    let cases = [
        ("ALERT", Status::Alert),
        ("alert", Status::Alert),
        ("RING", Status::Ring),
        ("EARLYMEDIA", Status::EarlyMedia),
        ("EarlyMedia", Status::EarlyMedia),
        ("ANSWERED", Status::Answered),
        ("ANSWER", Status::Answer),
        (" HOLD ", Status::Hold),
        ("BYE", Status::Bye),
        ("PARKED", Status::Other("PARKED".into())),
        ("", Status::Other(String::new())),
    ];
    for (word, status) in cases {
        let frame = wire(30011, json!({"call_id": "1.1", "members": [extension_json("2002", word)]}));
        let Event::CallState(call) = decoded(&frame) else { panic!("{word}") };
        assert_eq!(call.members, [extension_member("2002", status)], "{word}");
    }
}

#[test]
fn a_member_that_is_not_one_is_skipped_and_the_frame_survives() {
    let members = json!([
        {"extension": {"number": "1"}, "inbound": {"from": "2"}},
        {"conference": {"number": "3"}},
        {},
        null,
        "extension",
        {"extension": null},
        {"extension": {"channel_id": "PJSIP/9-1"}},
        extension_json("2002", "RING"),
    ]);
    let Event::CallState(call) = decoded(&wire(30011, json!({"call_id": "1.1", "members": members}))) else {
        panic!()
    };
    assert_eq!(call.members, [extension_member("2002", Status::Ring)]);
}

#[test]
fn members_may_be_null_absent_or_alone() {
    for msg in [json!({"call_id": "1.1", "members": null}), json!({"call_id": "1.1"})] {
        assert_eq!(decoded(&wire(30011, msg)), Event::CallState(Call { id: "1.1".into(), members: vec![] }));
    }
    let alone = wire(30011, json!({"call_id": "1.1", "members": extension_json("2002", "BYE")}));
    let Event::CallState(call) = decoded(&alone) else { panic!() };
    assert_eq!(call.members, [extension_member("2002", Status::Bye)]);
}

#[test]
fn numbers_may_be_integers_and_a_path_is_kept() {
    let msg = json!({"call_id": "1.1", "members": [{"extension": {"number": 2002, "channel_id": "PJSIP/2002-1",
        "member_status": "RING", "call_path": 6400}}]});
    let Event::CallState(call) = decoded(&wire(30011, msg)) else { panic!() };
    assert_eq!(call.members[0].party, Party::Extension { number: "2002".into() });
    assert_eq!(call.members[0].path.as_deref(), Some("6400"));
}

#[test]
fn an_outbound_leg_transfer_and_forward_are_read() {
    let outbound = json!({"outbound": {"from": "2002", "to": "5550101", "trunk_name": "peer-1",
        "channel_id": "PJSIP/trunk-peer-1-endpoint-000000c1", "member_status": "EARLYMEDIA"}});
    let msg = json!({"call_id": "1.2", "members": [outbound]});
    let call = Call {
        id: "1.2".into(),
        members: vec![Member {
            party: Party::Outbound { from: "2002".into(), to: "5550101".into(), trunk: "peer-1".into() },
            channel: "PJSIP/trunk-peer-1-endpoint-000000c1".into(),
            status: Status::EarlyMedia,
            path: None,
        }],
    };
    assert_eq!(decoded(&wire(30013, msg.clone())), Event::Transferred(call.clone()));
    assert_eq!(decoded(&wire(30014, msg)), Event::Forwarded(call));
}

#[test]
fn a_call_record_is_read_and_blank_is_nothing() {
    let msg = json!({"call_id": "1790000000.5215", "time_start": "2026-09-24 00:04:18",
        "call_from": "0005550100", "call_to": "1002", "call_duration": 11, "talk_duration": "7",
        "src_trunk_name": "Trunk1", "dst_trunk_name": "", "pin_code": "", "status": "VOICEMAIL",
        "type": "Inbound", "recording": "", "did_number": "555000", "did_name": "", "agent_ring_time": -1,
        "uid": "2026092400041852EE8", "call_note_id": "20260924000418-0FA8E", "enb_call_note": 4,
        "is_display": 1, "realclidnum": ""});
    let Event::CallEnded(record) = decoded(&wire(30012, msg)) else { panic!() };
    let expected = CallRecord {
        call_id: Some("1790000000.5215".into()),
        uid: Some("2026092400041852EE8".into()),
        from: Some("0005550100".into()),
        to: Some("1002".into()),
        started: Some("2026-09-24 00:04:18".into()),
        duration: Some(11),
        talk_duration: Some(7),
        status: RecordStatus::Voicemail,
        kind: RecordKind::Inbound,
        source_trunk: Some("Trunk1".into()),
        destination_trunk: None,
        did_number: Some("555000".into()),
        did_name: None,
        recording: None,
        agent_ring_seconds: None,
        call_note_id: Some("20260924000418-0FA8E".into()),
    };
    assert_eq!(*record, expected);
    let bare = decoded(&wire(30012, json!({"call_id": "1.1"})));
    let Event::CallEnded(record) = bare else { panic!() };
    assert_eq!(record.status, RecordStatus::Other(String::new()));
    assert_eq!(record.kind, RecordKind::Other(String::new()));
}

#[test]
fn record_words_are_read_whatever_their_case() {
    let statuses = [
        ("ANSWERED", RecordStatus::Answered),
        ("No Answer", RecordStatus::NoAnswer),
        ("BUSY", RecordStatus::Busy),
        ("FAILED", RecordStatus::Failed),
        ("abandoned", RecordStatus::Abandoned),
        ("CHANUNAVAIL", RecordStatus::Other("CHANUNAVAIL".into())),
    ];
    for (word, status) in statuses {
        let Event::CallEnded(record) = decoded(&wire(30012, json!({"call_id": "1.1", "status": word})))
        else {
            panic!()
        };
        assert_eq!(record.status, status);
    }
    for (word, kind) in [("outbound", RecordKind::Outbound), ("INTERNAL", RecordKind::Internal)] {
        let Event::CallEnded(record) = decoded(&wire(30012, json!({"uid": "1", "type": word}))) else {
            panic!()
        };
        assert_eq!(record.kind, kind);
    }
}

#[test]
fn every_documented_reason_of_a_failed_call_is_understood_and_its_words_are_kept() {
    use FailureKind as F;
    let cases = [
        ("NO Dial Permission", Some(F::NoDialPermission)),
        ("NO Outbound Restrictin", Some(F::OutboundRestricted)),
        ("no outbound restriction", Some(F::OutboundRestricted)),
        ("Circuit/channel congestion", Some(F::Congestion)),
        ("DND", Some(F::DoNotDisturb)),
        ("Line Unreachable", Some(F::Unreachable)),
        ("User Busy", Some(F::Busy)),
        ("410 Gone", Some(F::Gone)),
        ("404 NOT found", Some(F::NotFound)),
        ("408 Request Time", Some(F::TimedOut)),
        ("480 Temporatily Unavailable", Some(F::Unavailable)),
        ("484 Address incomplete", Some(F::Incomplete)),
        ("486 Busy here", Some(F::Busy)),
        ("603 Declined", Some(F::Declined)),
        // Seen in the field.
        ("NOT found", Some(F::NotFound)),
        ("486 Busy Here", Some(F::Busy)),
        // The code says it, whatever follows.
        ("486 NOT found", Some(F::Busy)),
        ("486", Some(F::Busy)),
        ("4860 Busy", None),
        ("12 monkeys", None),
        ("1234567", None),
        ("", None),
    ];
    for (raw, kind) in cases {
        let frame = wire(30015, json!({"call_id": "1.000012", "reason": raw, "members": null}));
        let expected = Event::CallFailed {
            call_id: "1.000012".into(),
            reason: FailureReason { kind, raw: raw.into() },
            members: vec![],
        };
        assert_eq!(decoded(&frame), expected);
    }
}

#[test]
fn the_simple_events_are_read() {
    let cases = [
        (
            wire(30008, json!({"extension": "2002", "status": "Ringing"})),
            Event::ExtensionCallState { extension: "2002".into(), status: ExtensionStatus::Ringing },
        ),
        (
            wire(30008, json!({"extension": 2002, "status": "Dreaming"})),
            Event::ExtensionCallState {
                extension: "2002".into(),
                status: ExtensionStatus::Other("Dreaming".into()),
            },
        ),
        (
            wire(
                30007,
                json!({"extension": "2002", "kind": "Desktop", "status": "Unregistered", "registered_ip": ""}),
            ),
            Event::ExtensionRegistration {
                extension: "2002".into(),
                endpoint: Endpoint::Desktop,
                registration: Registration::Unregistered,
            },
        ),
        (
            page(30022, json!({"ext_number": "2002", "option": "UPDATE"})),
            Event::ExtensionChanged { extension: "2002".into(), change: ExtensionChange::Updated },
        ),
        (
            page(
                30026,
                json!({"queue_number": "6400", "agent_number": "2002", "caller_number": "5550100", "call_id": "1.1"}),
            ),
            Event::AgentRingTimeout {
                queue: "6400".into(),
                agent: "2002".into(),
                caller: Some("5550100".into()),
                call_id: Some("1.1".into()),
            },
        ),
        (page(30029, json!({"status": "Paused"})), Event::Other { kind: 30029 }),
        (wire(30012345, json!(null)), Event::Other { kind: 30012345 }),
    ];
    for (frame, event) in cases {
        assert_eq!(decoded(&frame), event, "{frame}");
    }
}

#[test]
fn hostile_frames_cost_themselves_only() {
    let deep = "[".repeat(200_000);
    assert!(matches!(Frame::decode(&deep), Frame::Bad(_)));
    let deep_inside = json!({"type": 30011, "msg": "{\"a\":".repeat(100_000)}).to_string();
    assert!(matches!(Frame::decode(&deep_inside), Frame::Bad(_)));

    let frame = wire(30008, json!({"extension": "9".repeat(500_000), "status": "\u{0}\u{1b}[2J\nIdle"}));
    let Event::ExtensionCallState { extension, status } = decoded(&frame) else { panic!() };
    assert_eq!(extension.len(), TEXT_LIMIT_CHARS);
    assert_eq!(status, ExtensionStatus::Other("[2JIdle".into()));

    for text in
        ["\u{0}", "\"", "{\"type\":30011,\"msg\":\"\\ud800\"}", "{\"type\":1e999}", "🦀", "{\"type\":"]
    {
        let _ = Frame::decode(text);
    }
    // Every prefix and every flipped character of a real frame.
    let real = wire(
        30011,
        json!({"call_id": "1.1", "members": [inbound_json("ALERT"), extension_json("2", "RING")]}),
    );
    for cut in 0..real.len() {
        if let Some(prefix) = real.get(..cut) {
            let _ = Frame::decode(prefix);
            let _ = Frame::decode(&format!("{prefix}\u{7f}{}", real.get(cut + 1..).unwrap_or_default()));
        }
    }
}

#[test]
fn debug_output_shows_no_number_and_no_name() {
    let call = json!({"call_id": "1.1", "members": [inbound_json("ALERT"), extension_json("2002", "RING")]});
    let record = json!({"call_id": "1.1", "call_from": "5550100", "call_to": "2002", "did_number": "5550100",
        "did_name": "Sales Line", "recording": "20260924-1.1-5550100-2002-Inbound.wav"});
    let frames = [
        wire(30011, call.clone()),
        wire(30013, call.clone()),
        wire(30014, call),
        wire(30012, record),
        wire(30008, json!({"extension": "2002", "status": "Idle"})),
        wire(30026, json!({"queue_number": "6400", "agent_number": "2002", "caller_number": "5550100"})),
    ];
    for frame in frames {
        let shown = format!("{:?}", decoded(&frame));
        for secret in ["5550100", "2002", "6400", "Sales"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
