//! The process: reads the arguments and says how it ended. Everything else is in the library.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

use clap::Parser;
use deskring_app::Arguments;

fn main() -> ExitCode {
    let began = std::time::Instant::now();
    let plain: Vec<String> =
        std::env::args_os().skip(1).map(|one| one.to_string_lossy().into_owned()).collect();
    deskring_app::answer_browser(&plain).unwrap_or_else(|| deskring_app::run(began, &Arguments::parse()))
}
