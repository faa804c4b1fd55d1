//! The process: reads the arguments and says how it ended. Everything else is in the library.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

use clap::Parser;
use deskring_app::Arguments;

fn main() -> ExitCode {
    deskring_app::run(std::time::Instant::now(), &Arguments::parse())
}
