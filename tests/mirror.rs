//! A writer whose machine is lost: another one goes on from the rows that a mirror has kept, and from nothing else. Over
//! real sockets; the mirror is a map in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deskring_engine::{Change, Engine, Journal, Line, Mirror, MirrorFault, Stopped};
use deskring_simulator::Simulator;
use deskring_yeastar::{CentralWriting, Feed, Pbx};
use e2e::{Recorder, once_each, pbx_config, secrets, until, unwritten, written};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Rows by table and key, and which machine may write.
#[derive(Default)]
struct Rows {
    rows: Mutex<BTreeMap<(String, String), String>>,
    turn: Mutex<usize>,
}

/// One machine's way to them.
struct Way {
    to: Arc<Rows>,
    of: usize,
}

impl Mirror for Way {
    fn commit(&self, changes: &[Change]) -> Result<(), MirrorFault> {
        if *self.to.turn.lock().unwrap() != self.of {
            return Err(MirrorFault::NotKept(std::io::Error::other("another machine's turn")));
        }
        let mut rows = self.to.rows.lock().unwrap();
        for Change { table, key, row } in changes.iter().cloned() {
            match row {
                Some(row) => rows.insert((table, key), row),
                None => rows.remove(&(table, key)),
            };
        }
        Ok(())
    }
}

impl Rows {
    fn all(&self) -> Vec<Change> {
        let rows = self.rows.lock().unwrap();
        let change = |((table, key), row): (&(String, String), &String)| Change {
            table: table.clone(),
            key: key.clone(),
            row: Some(row.clone()),
        };
        rows.iter().map(change).collect()
    }
}

/// A machine that runs the engine of a gateway.
struct Machine {
    folder: TempDir,
    engine: JoinHandle<Stopped>,
    link: JoinHandle<()>,
}

impl Machine {
    /// Goes on from the rows, where there are some.
    async fn start(simulator: &Simulator, rows: &Arc<Rows>, turn: usize) -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = e2e::settings(simulator);
        settings["new_contacts"] = json!({ "mode": "automatic", "kind": "contact" });
        settings["tickets"] = json!({ "enabled": true });
        settings["call_log"] = json!({ "enabled": true });
        std::fs::write(folder.path().join("settings.json"), settings.to_string()).unwrap();
        *rows.turn.lock().unwrap() = turn;
        drop(Journal::restore(folder.path(), Journal::schema_version(), &rows.all()).unwrap());
        let client = Pbx::new(pbx_config(simulator), e2e::Memory::new()).unwrap();
        let (sender, mut said) = mpsc::channel(1024);
        let (heard, feed) = mpsc::channel(1024);
        let runner = client.clone();
        let link = tokio::spawn(async move {
            let relay = async {
                while let Some(feed) = said.recv().await {
                    let feed = match feed {
                        Feed::Up { calls, .. } => {
                            Feed::Up { calls, central: Some(CentralWriting { since_s: 0, until_s: None }) }
                        }
                        other => other,
                    };
                    heard.send(feed).await.unwrap();
                }
            };
            tokio::join!(runner.run(sender), relay);
        });
        let mirror = Arc::new(Way { to: rows.clone(), of: turn });
        let given = secrets().into_iter().map(|(name, value)| (name, value.into())).collect();
        let paths = e2e::paths(folder.path());
        let line = Line { client, feed };
        let engine =
            Engine::of_gateway(paths, line, given, Some(mirror), Arc::new(Recorder::default())).unwrap();
        Machine { folder, engine: tokio::spawn(engine.run()), link }
    }

    /// As a machine ends whose power fails: its disk is gone, too.
    async fn lose(self) {
        self.engine.abort();
        self.link.abort();
        let _ = (self.engine.await, self.link.await);
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_takes_over_from_the_mirror_loses_and_doubles_nothing() {
    let simulator = Simulator::start(deskring_simulator::Options::default()).await.unwrap();
    // Of one person's many tickets of a moment, nobody could tell whether one is in Desk already.
    for last in 0..10 {
        let mobile = format!("+86138001380{last:02}");
        simulator.desk().add_contact(json!({ "lastName": format!("Person {last}"), "mobile": mobile }));
    }
    let rows = Arc::new(Rows::default());
    let pbx = simulator.pbx();
    let mut machine = Machine::start(&simulator, &rows, 1).await;
    pbx.wait_subscribed(1).await;
    let mut calls = BTreeSet::new();
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    for at in 0..40 {
        pace.tick().await;
        let call = pbx.call_in(&format!("138001380{:02}", at % 10), "1001").await;
        if at % 3 > 0 {
            pbx.answer(&call, "1001").await;
        }
        if at == 20 {
            // Neither its file nor a word of it is left; it was about to write the calls of a moment ago.
            until("something is owed", || {
                rows.rows.lock().unwrap().keys().any(|(table, _)| table == "outbox")
            })
            .await;
            machine.lose().await;
            machine = Machine::start(&simulator, &rows, 2).await;
        }
        pbx.hang_up(&call, "caller").await;
        calls.insert(call);
    }
    let left = || unwritten(machine.path());
    written(&simulator, calls.len(), Duration::from_secs(120), left).await;
    once_each(&simulator, &calls);
    let journal = Journal::open(machine.path()).unwrap();
    let same = || {
        let (mut here, mut there) = (journal.everything().unwrap(), rows.all());
        here.sort();
        there.sort();
        here == there
    };
    until("the mirror is as the file", same).await;
    machine.lose().await;
}
