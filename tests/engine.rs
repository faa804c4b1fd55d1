//! The whole line over real sockets: a PBX event in, the caller's Desk page out, and a reason for every call.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use deskring_engine::Command;
use deskring_simulator::{ByeMode, FrameMode};
use e2e::Rig;
use serde_json::json;

#[tokio::test]
async fn a_known_caller_s_page_opens_at_ring() {
    let rig = Rig::running().await;
    let page = rig.contact("Lin", "+8613800138000");
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
    assert_eq!(recorded.notices[0].0.number, "13800138000");
    rig.simulator.pbx().answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    rig.simulator.pbx().hang_up(&call, "1001").await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.outcome.as_deref(), closed.why.code.as_str()), (Some("answered"), "opened_by_rule"));
    assert!(
        closed.timing.notice_ms.is_some()
            && closed.timing.lookup_ms.is_some()
            && closed.timing.tab_ms.is_some()
    );
    assert_eq!(rig.desktop.opened().len(), 1);
}

#[tokio::test]
async fn every_frame_and_bye_mode_opens_one_tab() {
    for frames in [FrameMode::Snapshot, FrameMode::Delta] {
        for bye in [ByeMode::OneFramePerParty, ByeMode::SingleFrame] {
            let rig = Rig::running_with(|settings| settings["popup"]["trigger"] = json!("answer")).await;
            rig.simulator.pbx().set(|switches| {
                switches.frame_mode = frames;
                switches.bye_mode = bye;
                switches.duplicate_frames = true;
            });
            let page = rig.contact("Lin", "+8613800138000");
            let call = rig.simulator.pbx().call_in("13800138000", "6400").await;
            rig.phase(&call, "ringing").await;
            rig.simulator.pbx().answer(&call, "1001").await;
            rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
            rig.simulator.pbx().hang_up(&call, "caller").await;
            let closed = rig.closed(&call).await;
            assert_eq!(closed.outcome.as_deref(), Some("answered"), "{frames:?} {bye:?}");
            assert_eq!(rig.desktop.opened(), [page], "{frames:?} {bye:?}");
        }
    }
}

#[tokio::test]
async fn two_contacts_with_one_number_open_nothing_by_themselves() {
    let rig = Rig::running().await;
    rig.contact("Lin", "+8613800138000");
    rig.contact("Mei", "138-0013-8000");
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    rig.view_where(|view| view.calls.iter().any(|known| known.who.state == "several")).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = rig.closed(&call).await;
    assert_eq!((closed.why.code.as_str(), closed.why.count), ("several_matches", Some(2)));
    assert!(rig.desktop.opened().is_empty());
}

#[tokio::test]
async fn the_helpdesk_button_opens_in_manual_mode_and_after_the_call() {
    let rig = Rig::running_with(|settings| settings["popup"]["mode"] = json!("manual")).await;
    let page = rig.contact("Lin", "+8613800138000");
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    rig.view_where(|view| view.calls.iter().any(|known| known.who.state == "known")).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    let closed = rig.closed(&call).await;
    assert_eq!(closed.why.code, "manual_mode");
    rig.send(Command::Open { call: Some(call) }).await;
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
}

#[tokio::test]
async fn a_call_of_an_earlier_run_still_opens_from_the_history() {
    let mut rig = Rig::running().await;
    let page = rig.contact("Lin", "+8613800138000");
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    rig.desktop.wait_for("a tab", |recorded| recorded.opened.len() == 1).await;
    rig.simulator.pbx().hang_up(&call, "caller").await;
    rig.closed(&call).await;
    rig.stop().await;
    rig.start().await;
    rig.ready().await;
    assert_eq!(rig.handle().view().borrow().recent[0].call, call);
    rig.send(Command::Open { call: Some(call) }).await;
    let recorded = rig.desktop.wait_for("the tab once more", |recorded| recorded.opened.len() == 2).await;
    assert_eq!(recorded.opened[1].0, page);
}

#[tokio::test]
async fn a_queue_and_a_colleague_are_told_by_name() {
    let rig = Rig::running().await;
    let named = |view: &deskring_engine::AppView, call: &str| {
        let known = view.calls.iter().chain(&view.recent).find(|known| known.call == call)?;
        known.path_name.clone().or(known.colleague.clone())
    };
    let queue = rig.simulator.pbx().call_in("13800138000", "6400").await;
    let view = rig.view_where(|view| named(view, &queue).is_some()).await;
    assert_eq!(named(&view, &queue).as_deref(), Some("Support"));
    rig.simulator.pbx().hang_up(&queue, "caller").await;
    rig.closed(&queue).await;
    let colleague = rig.simulator.pbx().call_internal("1002", "1001").await;
    let view = rig.view_where(|view| named(view, &colleague).is_some()).await;
    assert_eq!(named(&view, &colleague).as_deref(), Some("Bo Lin"));
    // From now on a notice names the queue as well.
    let again = rig.simulator.pbx().call_in("13900139001", "6400").await;
    rig.desktop
        .wait_for("a notice with the queue's name", |recorded| {
            recorded
                .notices
                .iter()
                .any(|(notice, _)| notice.call.as_str() == again && notice.path.as_deref() == Some("Support"))
        })
        .await;
}
