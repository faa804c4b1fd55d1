//! Generates Tauri's context. The capabilities live beside the shell's code, not at the top.

#![allow(clippy::print_stdout, reason = "how a build script talks to Cargo")]

fn main() -> Result<(), String> {
    // Tauri watches its usual folder only.
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/*.json");
    tauri_build::try_build(attributes).map_err(|error| format!("tauri-build: {error:#}"))
}
