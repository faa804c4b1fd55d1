//! The page with the figures and the machine they are of. Must not measure.

use std::fmt::Write as _;

use jiff::Zoned;

use super::figure::{Figure, Verdict};

/// `docs/performance.md`.
pub(crate) fn page(figures: &[Figure], quick: bool) -> String {
    let mut page = String::from("# Performance\n\n");
    page.push_str(
        "Written by `./dev bench`: it builds for release, starts a desktop of its own, measures, and\n\
         replaces this file. The figures are of one run on this machine; another one gives others. PBX and\n\
         Zoho Desk are the simulator on the same machine, the PBX over TLS.\n\n",
    );
    if quick {
        page.push_str("**A quick run with few samples: for trying the bench out, not for quoting.**\n\n");
    }
    if cfg!(debug_assertions) {
        page.push_str("**Of a debug build: not what users get.**\n\n");
    }
    let _ = write!(page, "{}\n\n", machine());
    page.push_str("| What | Figure | Limit | | How it is measured |\n|---|---|---|---|---|\n");
    for figure in figures {
        let verdict = match figure.verdict {
            Verdict::Met | Verdict::Missed => figure.verdict.word(),
            Verdict::Unlimited => "",
        };
        let limit = if figure.limit.is_empty() { "none" } else { &figure.limit };
        let cells = [figure.what.as_str(), &figure.value, limit, verdict, &figure.how].map(cell);
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page.push_str(
        "\nPSS is the proportional share of memory: pages that several processes use count in parts, so the\n\
         libraries a panel has loaded too weigh less; no other Deskring ran. The private part is what would\n\
         be free without Deskring. A window is a process of its own, so its memory is gone when it closes.\n",
    );
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rows = [
        ("Date", Zoned::now().date().to_string()),
        ("Cores", cores.to_string()),
        ("Processor", field("/proc/cpuinfo", "model name", ':')),
        ("Memory", memory(&field("/proc/meminfo", "MemTotal", ':'))),
        ("System", field("/etc/os-release", "PRETTY_NAME", '=').trim_matches('"').to_owned()),
        ("Kernel", std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default()),
        ("Command", "`./dev bench`".to_owned()),
    ];
    let rows = rows.map(|(name, value)| format!("- {name}: {}", value.trim()));
    rows.join("\n")
}

fn memory(kib: &str) -> String {
    match kib.trim_end_matches(" kB").parse::<f64>() {
        Ok(kib) => format!("{:.1} GiB", kib / 1024.0 / 1024.0),
        Err(_) => kib.to_owned(),
    }
}

/// `NAME <separator> VALUE` in one of the system's files.
fn field(file: &str, name: &str, separator: char) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let found = text.lines().find_map(|line| {
        let (key, value) = line.split_once(separator)?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    found.unwrap_or_else(|| "unknown".to_owned())
}
