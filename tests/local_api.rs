//! The one door to a running engine: who gets in, what a bad client can do, and what happens to leftovers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use deskring_engine::view::LinkState;
use deskring_engine::{Command, Engine, StartError, Window};
use deskring_local_api::{Client, ClientError, Server};
use e2e::{PATIENCE, Recorder, Rig};
use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::traits::tokio::Stream as _;
use interprocess::local_socket::{GenericFilePath, ToFsName as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn served() -> (Rig, Server) {
    let rig = Rig::running().await;
    let server = Server::start(rig.handle(), &rig.paths()).unwrap();
    (rig, server)
}

/// A connection that speaks no protocol.
async fn raw(rig: &Rig) -> Stream {
    let name = rig.paths().runtime.join("engine.sock").to_fs_name::<GenericFilePath>().unwrap().into_owned();
    Stream::connect(name).await.unwrap()
}

#[tokio::test]
async fn a_client_sees_links_and_calls_and_gives_commands() {
    let (rig, _server) = served().await;
    let page = rig.contact("Lin", "+8613800138000");
    let mut client = Client::connect(&rig.paths()).await.unwrap();
    assert_eq!(client.view().await.unwrap().pbx.state, LinkState::Up);
    client.command(Command::Pause { minutes: Some(15) }).await.unwrap();
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    let view = rig.view_where(|view| view.calls.iter().any(|known| known.who.state == "known")).await;
    assert_eq!(view.calls[0].why.code, "paused");
    assert!(view.popup.pause.as_ref().unwrap().until_ms.is_some());
    client.command(Command::Open { call: Some(call) }).await.unwrap();
    let recorded = rig.desktop.wait_for("a tab", |recorded| !recorded.opened.is_empty()).await;
    assert_eq!(recorded.opened[0].0, page);
    let report = client.look_up("0592-5503309").await.unwrap();
    assert_eq!((report.e164.as_deref(), report.matches.len()), (Some("+865925503309"), 0));
    client.command(Command::Show { window: Window::Panel }).await.unwrap();
    rig.desktop.wait_for("the window", |recorded| recorded.windows == 1).await;
}

#[tokio::test]
async fn a_watcher_gets_the_newest_view_and_the_end() {
    let (mut rig, server) = served().await;
    let mut watch = Client::connect(&rig.paths()).await.unwrap().watch().await.unwrap();
    assert!(watch.next().await.is_some());
    let call = rig.simulator.pbx().call_in("13800138000", "1001").await;
    let ringing = async {
        loop {
            let view = watch.next().await.expect("the engine runs");
            if view.calls.iter().any(|known| known.call == call) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, ringing).await.unwrap();
    rig.stop().await;
    drop(server);
    let end = async { while watch.next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, end).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_socket_and_its_folder_are_the_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (rig, _server) = served().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&rig.paths().runtime), 0o700);
    assert_eq!(mode(&rig.paths().runtime.join("engine.sock")), 0o600);
}

#[tokio::test]
async fn a_socket_left_behind_by_a_crash_is_replaced() {
    let rig = Rig::running().await;
    std::fs::create_dir_all(rig.paths().runtime).unwrap();
    #[cfg(unix)]
    drop(std::os::unix::net::UnixListener::bind(rig.paths().runtime.join("engine.sock")).unwrap());
    assert!(matches!(Client::connect(&rig.paths()).await, Err(ClientError::NotRunning)));
    let _server = Server::start(rig.handle(), &rig.paths()).unwrap();
    Client::connect(&rig.paths()).await.unwrap().view().await.unwrap();
}

#[tokio::test]
async fn garbage_and_endless_lines_harm_nobody_else() {
    let (rig, _server) = served().await;
    let mut good = Client::connect(&rig.paths()).await.unwrap();
    for junk in [b"\0\xff\n".to_vec(), b"{\"id\":1}\n".to_vec(), b"[]\n".repeat(50), vec![b'x'; 300_000]] {
        let mut bad = raw(&rig).await;
        // The server may have hung up before all of it was sent.
        let _ = bad.write_all(&junk).await;
        let _ = bad.flush().await;
        let mut answer = vec![0; 64];
        let heard =
            tokio::time::timeout(PATIENCE, bad.read(&mut answer)).await.expect("an answer or the end");
        assert!(heard.is_ok());
        good.view().await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_never_reads_does_not_slow_the_engine() {
    let (rig, _server) = served().await;
    let mut deaf = Vec::new();
    for _ in 0..5 {
        let mut stream = raw(&rig).await;
        stream.write_all(b"{\"id\":1,\"ask\":\"watch\"}\n").await.unwrap();
        let asks = b"{\"id\":2,\"ask\":\"view\"}\n".repeat(3_000);
        // Its own pipe fills up at some point; that is the point.
        let _ = tokio::time::timeout(Duration::from_millis(100), stream.write_all(&asks)).await;
        deaf.push(stream);
    }
    let mut client = Client::connect(&rig.paths()).await.unwrap();
    for minutes in 1..200 {
        client.command(Command::Pause { minutes: Some(minutes) }).await.unwrap();
    }
    client.view().await.unwrap();
}

#[tokio::test]
async fn a_second_engine_on_the_profile_says_who_has_it() {
    let rig = Rig::running().await;
    let second = Engine::prepare(rig.paths(), Arc::new(Recorder::default()));
    match second {
        Err(StartError::Running { pid }) => assert_eq!(pid, Some(std::process::id())),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two engines on one profile"),
    }
}

#[tokio::test]
async fn nobody_answers_when_no_engine_runs() {
    let rig = Rig::idle().await;
    assert!(matches!(Client::connect(&rig.paths()).await, Err(ClientError::NotRunning)));
}
