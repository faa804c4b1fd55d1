//! Generates Tauri's context. The capabilities live beside the shell's code, not at the top.

fn main() -> Result<(), String> {
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/*.json");
    tauri_build::try_build(attributes).map_err(|error| format!("tauri-build: {error:#}"))
}
