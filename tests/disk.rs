//! A database that cannot be used: calls pop all the same, it is said why nothing is kept, nothing is destroyed, and what
//! was owed meanwhile gets to Desk afterwards, once. Over real sockets and real file systems; those tests that need a
//! file system of their own say that they skip where none can be mounted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command as Program;

use deskring_engine::Command;
use e2e::{Rig, until};
use serde_json::{Value, json};

const NUMBER: &str = "13800138000";
const E164: &str = "+8613800138000";

fn everything(settings: &mut Value) {
    settings["tickets"] = json!({ "enabled": true });
    settings["call_log"] = json!({ "enabled": true });
}

/// A small file system over the profile folder.
struct Disk(PathBuf);

impl Disk {
    /// Nothing where that is not permitted.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    fn over(profile: &Path) -> Option<Disk> {
        let path = profile.canonicalize().unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs"], &path);
        if !mounted {
            eprintln!("skipped: this test needs the right to mount a file system");
        }
        mounted.then(|| Disk(path))
    }

    fn remount(&self, how: &str) {
        assert!(mount(&["-o", &format!("remount,{how}")], &self.0));
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        for size in [64 * 1024, 4096, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Program::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    Program::new("mount").args(arguments).arg(at).output().is_ok_and(|output| output.status.success())
}

fn count(rig: &Rig, module: &str) -> usize {
    rig.simulator.desk().records(module).len()
}

async fn written(rig: &Rig, each: usize) {
    until("everything owed is in Desk", || count(rig, "tickets") >= each && count(rig, "calls") >= each)
        .await;
    assert_eq!((count(rig, "tickets"), count(rig, "calls")), (each, each));
}

/// A call that rings, is answered and ends; it was announced, and its tab opened.
async fn call(rig: &Rig) -> String {
    let pbx = rig.simulator.pbx();
    let before = rig.desktop.now();
    let call = pbx.call_in(NUMBER, "1001").await;
    rig.desktop
        .wait_for("a notice and a tab", |now| {
            now.notices.len() > before.notices.len() && now.opened.len() > before.opened.len()
        })
        .await;
    pbx.answer(&call, "1001").await;
    rig.phase(&call, "talking").await;
    pbx.hang_up(&call, "caller").await;
    rig.closed(&call).await;
    call
}

/// What the agent is told about the database.
async fn told(rig: &Rig, code: Option<&str>) {
    let of_database = |view: &deskring_engine::AppView| {
        let problem = view.problems.iter().find(|problem| problem.key == "deskring.db");
        problem.map(|problem| problem.code.clone())
    };
    rig.view_where(|view| of_database(view).as_deref() == code).await;
}

#[tokio::test]
async fn on_a_full_disk_calls_pop_and_what_they_owe_is_kept_when_there_is_room() {
    let mut rig = Rig::idle().await;
    let Some(disk) = Disk::over(rig.profile.path()) else { return };
    rig.set(everything);
    rig.contact("Wang", E164);
    rig.start().await;
    rig.ready().await;
    disk.fill();
    call(&rig).await;
    call(&rig).await;
    told(&rig, Some("journal_full")).await;
    assert_eq!(count(&rig, "tickets"), 0);
    disk.make_room();
    rig.send(Command::Wake).await;
    written(&rig, 2).await;
    told(&rig, None).await;
    rig.kill().await;
    rig.start().await;
    rig.ready().await;
    assert_eq!(rig.handle().view().borrow().recent.len(), 2);
    call(&rig).await;
    written(&rig, 3).await;
    rig.stop().await;
}

#[tokio::test]
async fn on_a_read_only_profile_calls_pop_and_are_filled_in_when_it_can_be_written() {
    let mut rig = Rig::idle().await;
    let Some(disk) = Disk::over(rig.profile.path()) else { return };
    rig.set(everything);
    rig.contact("Wang", E164);
    rig.start().await;
    rig.ready().await;
    call(&rig).await;
    written(&rig, 1).await;
    rig.stop().await;
    disk.remount("ro");
    rig.start().await;
    rig.ready().await;
    told(&rig, Some("journal_read_only")).await;
    call(&rig).await;
    assert_eq!(count(&rig, "tickets"), 1);
    rig.stop().await;
    disk.remount("rw");
    rig.start().await;
    rig.ready().await;
    told(&rig, None).await;
    written(&rig, 2).await;
    rig.stop().await;
}

/// Where SQLite keeps the version of the schema, and ours.
const VERSION: std::ops::Range<usize> = 60..64;

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let mut rig = Rig::running_with(everything).await;
    rig.contact("Wang", E164);
    call(&rig).await;
    written(&rig, 1).await;
    rig.stop().await;
    let path = rig.profile.path().join("deskring.db");
    let ours = fs::read(&path).unwrap();
    let mut newer = ours.clone();
    newer[VERSION].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&path, &newer).unwrap();
    rig.start().await;
    rig.ready().await;
    told(&rig, Some("journal_newer")).await;
    call(&rig).await;
    rig.stop().await;
    assert!(fs::read(&path).unwrap() == newer, "not a byte is changed");
    assert_eq!(count(&rig, "tickets"), 1);
    // The newer Deskring is back, which knows it.
    fs::write(&path, &ours).unwrap();
    rig.start().await;
    rig.ready().await;
    written(&rig, 2).await;
}

#[tokio::test]
async fn a_damaged_database_is_set_aside_and_nothing_is_written_twice() {
    let mut rig = Rig::running_with(everything).await;
    rig.contact("Wang", E164);
    call(&rig).await;
    written(&rig, 1).await;
    rig.stop().await;
    let missed = rig.simulator.pbx().call_in(NUMBER, "1001").await;
    rig.simulator.pbx().hang_up(&missed, "caller").await;
    let path = rig.profile.path().join("deskring.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0xA5);
    fs::write(&path, &bytes).unwrap();
    rig.start().await;
    rig.ready().await;
    told(&rig, Some("journal_was_damaged")).await;
    assert!(fs::read(rig.profile.path().join("deskring.db.corrupt-1")).unwrap() == bytes);
    // The call that nobody here saw is written, and the one of before is found in Desk.
    written(&rig, 2).await;
    call(&rig).await;
    written(&rig, 3).await;
}
