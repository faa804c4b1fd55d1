//! Owns the text of frames: the outer object, and `msg` as a string or an object.

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};

use super::calls::Event;
use super::switches::{Message, PbxSwitches};

/// From this event on the documentation shows `msg` as an object and leaves `sn` out of some.
const FIRST_OBJECT: i64 = 30025;

pub(crate) const ACCEPTED: &str = r#"{"errcode":0,"errmsg":"SUCCESS"}"#;
pub(crate) const TOKEN_EXPIRED: &str = r#"{"errcode":10004,"errmsg":"TOKEN EXPIRED"}"#;
pub(crate) const HEARTBEAT: &str = "heartbeat";
pub(crate) const HEARTBEAT_RESPONSE: &str = "heartbeat response";

/// A frame ready to be sent; cloning it copies no text.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// `None` goes to every subscribed socket, whatever it asked for.
    pub(crate) kind: Option<i64>,
    pub(crate) text: Utf8Bytes,
}

impl Frame {
    pub(crate) fn raw(text: &str) -> Frame {
        Frame { kind: None, text: text.into() }
    }

    pub(crate) fn event(event: &Event, serial: &str, switches: &PbxSwitches) -> Frame {
        Frame { kind: Some(event.kind), text: render(event.kind, &event.msg, serial, switches).into() }
    }
}

pub(crate) fn render(kind: i64, msg: &Value, serial: &str, switches: &PbxSwitches) -> String {
    // QUIRK(yeastar): `msg` is JSON inside a string on the wire, though the documentation prints it bare.
    let as_string = switches.message == Message::String && kind < FIRST_OBJECT;
    let msg = if as_string { Value::String(msg.to_string()) } else { msg.clone() };
    let without_serial = !switches.serial_number || matches!(kind, 30022 | 30023 | 30025 | 30026);
    if without_serial {
        json!({ "type": kind, "msg": msg }).to_string()
    } else {
        json!({ "type": kind, "sn": serial, "msg": msg }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pbx::acts::{Act, CallIn};
    use crate::pbx::calls::Exchange;
    use crate::pbx::directory::Directory;
    use crate::pbx::switches::{ByeMode, FrameMode, TrunkMonitor};

    /// `"in ALERT, 1001 RING"` for a 30011, the number and a word for others.
    fn line(event: &Event) -> String {
        if event.kind != 30011 {
            let detail = event.msg["status"].as_str().or(event.msg["reason"].as_str()).unwrap_or_default();
            let who = event.msg["extension"].as_str().unwrap_or_default();
            return format!("{} {who} {detail}", event.kind).replace("  ", " ").trim().to_owned();
        }
        let members = event.msg["members"].as_array().unwrap().iter().map(|member| {
            let (kind, leg) = member.as_object().unwrap().iter().next().unwrap();
            let name = match kind.as_str() {
                "inbound" => "in",
                "outbound" => "out",
                _ => leg["number"].as_str().unwrap(),
            };
            format!("{name} {}", leg["member_status"].as_str().unwrap())
        });
        members.collect::<Vec<_>>().join(", ")
    }

    fn quiet() -> PbxSwitches {
        PbxSwitches { extension_monitor: false, alert_frame: false, ..PbxSwitches::default() }
    }

    fn exchange() -> Exchange {
        Exchange::new(Directory::demo())
    }

    fn inbound(to: &str) -> CallIn {
        CallIn { from: "+12125550147".to_owned(), to: to.to_owned(), ..CallIn::default() }
    }

    fn play(switches: &PbxSwitches, to: &str, acts: &[Act]) -> Vec<String> {
        let mut exchange = exchange();
        let (id, mut events) = exchange.call_in(&inbound(to), switches).unwrap();
        for act in acts {
            events.extend(exchange.act(&id, act, switches).unwrap().1);
        }
        events.iter().map(line).collect()
    }

    fn answer(extension: &str) -> Act {
        Act::Answer { extension: extension.to_owned() }
    }

    fn hang_up(who: &str) -> Act {
        Act::HangUp { who: who.to_owned() }
    }

    #[test]
    fn snapshot_frames_list_every_live_party_and_the_one_that_just_left() {
        let lines = play(&quiet(), "1001", &[answer("1001"), hang_up("1001")]);
        let wanted = [
            "in ALERT, 1001 RING",
            "in ANSWERED, 1001 ANSWER",
            "in ANSWERED, 1001 BYE",
            "in BYE",
            "30012 ANSWERED",
        ];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn delta_frames_list_only_who_changed() {
        let switches = PbxSwitches { frame_mode: FrameMode::Delta, alert_frame: true, ..quiet() };
        let lines = play(&switches, "1001", &[answer("1001"), hang_up("caller")]);
        let wanted =
            ["in ALERT", "1001 RING", "in ANSWERED, 1001 ANSWER", "in BYE", "1001 BYE", "30012 ANSWERED"];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn a_single_bye_frame_lists_all_who_leave() {
        let switches = PbxSwitches { bye_mode: ByeMode::SingleFrame, ..quiet() };
        let lines = play(&switches, "1001", &[hang_up("caller")]);
        assert_eq!(lines, ["in ALERT, 1001 RING", "in BYE, 1001 BYE", "30012 NO ANSWER"]);
    }

    #[test]
    fn a_queue_answers_itself_while_its_agents_ring_and_a_ring_group_does_not() {
        let lines = play(&quiet(), "6400", &[answer("1002"), hang_up("1002")]);
        assert_eq!(lines[0], "in ANSWERED, 1001 RING, 1002 RING, 1003 RING");
        assert_eq!(lines[1], "in ANSWERED, 1001 RING, 1002 ANSWER, 1003 RING");
        assert_eq!(lines[2], "in ANSWERED, 1001 BYE, 1002 ANSWER, 1003 RING");
        let lines = play(&quiet(), "6300", &[]);
        assert_eq!(lines, ["in ALERT, 1001 RING, 1002 RING"]);
    }

    #[test]
    fn a_queue_call_nobody_took_is_not_answered() {
        let stop = Act::StopRinging { extension: "1001".to_owned() };
        let lines = play(&quiet(), "6400", &[stop, hang_up("caller")]);
        assert!(lines.contains(&"30026".to_owned()), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "30012 NO ANSWER");
    }

    #[test]
    fn extension_states_come_only_with_the_monitor() {
        let switches = PbxSwitches { extension_monitor: true, ..quiet() };
        let lines = play(&switches, "1001", &[answer("1001"), hang_up("caller")]);
        for state in ["30008 1001 Ringing", "30008 1001 Busy", "30008 1001 Idle"] {
            assert!(lines.contains(&state.to_owned()), "{lines:?}");
        }
    }

    #[test]
    fn an_unmonitored_trunk_hides_its_legs_or_the_whole_call() {
        let hidden = PbxSwitches { trunk_monitor: TrunkMonitor::MembersMissing, ..quiet() };
        assert_eq!(play(&hidden, "1001", &[]), ["1001 RING"]);
        let silent = PbxSwitches { trunk_monitor: TrunkMonitor::NoFrames, ..quiet() };
        assert_eq!(play(&silent, "1001", &[hang_up("caller")]), ["30012 NO ANSWER"]);
    }

    #[test]
    fn each_leg_of_a_queue_call_may_have_its_own_details() {
        let switches = PbxSwitches { cdr_frames: 9, ..quiet() };
        let lines = play(&switches, "6400", &[answer("1002"), hang_up("1002")]);
        let details: Vec<_> = lines.iter().filter(|line| line.starts_with("30012")).collect();
        assert_eq!(details, ["30012 ANSWERED", "30012 NO ANSWER", "30012 ANSWERED", "30012 NO ANSWER"]);
        let early = PbxSwitches { cdr_before_bye: true, ..quiet() };
        let lines = play(&early, "1001", &[hang_up("caller")]);
        assert_eq!(lines[1..], ["30012 NO ANSWER", "in BYE, 1001 RING", "1001 BYE"]);
    }

    #[test]
    fn a_dial_rings_the_own_phone_first_and_needs_permission_to_go_out() {
        let mut exchange = exchange();
        let switches = quiet();
        let (id, events) = exchange.dial("1001", "+12125550147", "1001", false, &switches).unwrap();
        assert_eq!(events.iter().map(line).collect::<Vec<_>>(), ["1001 RING"]);
        let (_, events) = exchange.act(&id, &answer("1001"), &switches).unwrap();
        assert_eq!(events.iter().map(line).collect::<Vec<_>>(), ["1001 ANSWERED", "1001 ANSWERED, out RING"]);
        let (_, events) = exchange.act(&id, &Act::RemoteAnswer, &switches).unwrap();
        assert_eq!(events.iter().map(line).collect::<Vec<_>>(), ["1001 ANSWERED, out ANSWER"]);
        let (_, events) = exchange.dial("1005", "+12125550147", "1005", false, &switches).unwrap();
        assert_eq!(events.iter().map(line).collect::<Vec<_>>(), ["30015 NO Dial Permission"]);
    }

    #[test]
    fn an_attended_transfer_ends_with_the_other_two_under_one_id() {
        for keeps in [true, false] {
            let switches = PbxSwitches { transfer_keeps_call_id: keeps, ..quiet() };
            let mut exchange = exchange();
            let (id, _) = exchange.call_in(&inbound("1001"), &switches).unwrap();
            exchange.act(&id, &answer("1001"), &switches).unwrap();
            let by = "1001".to_owned();
            let consult = Act::AttendedTransfer { by: by.clone(), to: "1002".to_owned() };
            let (consult, events) = exchange.act(&id, &consult, &switches).unwrap();
            assert_eq!(
                events.iter().map(line).collect::<Vec<_>>(),
                ["in ANSWERED, 1001 HOLD", "1001 ALERT, 1002 RING"]
            );
            exchange.act(&consult, &answer("1002"), &switches).unwrap();
            let (stays, events) = exchange.act(&id, &Act::CompleteTransfer { by }, &switches).unwrap();
            assert_eq!(stays == id, keeps);
            assert_eq!(events[0].kind, 30013);
            assert_eq!(exchange.calls.len(), 1);
            let left = exchange.call(&stays).unwrap();
            assert_eq!(left.members().len(), 2, "{events:?}");
        }
    }

    #[test]
    fn the_message_is_json_in_a_string_below_30025_and_an_object_above() {
        let mut switches = PbxSwitches::default();
        let msg = json!({ "extension": "1001" });
        let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        assert!(read(render(30008, &msg, "SN", &switches))["msg"].is_string());
        assert!(read(render(30026, &msg, "SN", &switches))["msg"].is_object());
        assert!(read(render(30026, &msg, "SN", &switches)).get("sn").is_none());
        switches.message = Message::Object;
        assert!(read(render(30008, &msg, "SN", &switches))["msg"].is_object());
    }
}
