//! Tests that mostly wait, in one program so that they wait together. Each file stands for itself.

#[path = "beside_calls.rs"]
mod beside_calls;
#[path = "choosing.rs"]
mod choosing;
#[path = "dialing.rs"]
mod dialing;
#[path = "disk.rs"]
mod disk;
#[path = "exactly_once.rs"]
mod exactly_once;
#[path = "gateway.rs"]
mod gateway;
#[path = "gateway_cluster.rs"]
mod gateway_cluster;
#[path = "gateway_hostile.rs"]
mod gateway_hostile;
#[path = "gateway_state.rs"]
mod gateway_state;
#[path = "gateway_writer.rs"]
mod gateway_writer;
#[path = "index.rs"]
mod index;
#[path = "joining.rs"]
mod joining;
#[path = "matching_lab.rs"]
mod matching_lab;
#[path = "mirror.rs"]
mod mirror;
#[path = "outbox_by_hand.rs"]
mod outbox_by_hand;
#[path = "owed.rs"]
mod owed;
#[path = "phonebook.rs"]
mod phonebook;
