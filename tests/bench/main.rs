//! `deskring-bench`: the figures of `docs/performance.md`, measured on the programs that lie beside it. Run
//! it with `./dev bench`, which gives it a release build, a desktop and a keychain of its own.

#[cfg(target_os = "linux")]
mod measure;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    measure::main()
}

/// Memory and processor time are read from `/proc`, the tray from the session bus.
#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    use std::io::Write as _;

    let _ = writeln!(std::io::stderr(), "deskring-bench: figures are taken on Linux only");
    std::process::ExitCode::from(2)
}
