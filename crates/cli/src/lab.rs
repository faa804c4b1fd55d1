//! The matching lab: `lookup --explain` and `what-if`, through the running engine when there is one.

use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use deskring_engine::admin::{Answer, NumberRules, Want};
use deskring_engine::assist::Sources;
use deskring_engine::{ChangedView, Paths};
use serde_json::json;

use crate::Format;
use crate::say;
use crate::set_up::{ask, print, unexpected};

/// Rules to try; those that are left out are the saved ones.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// Country of the phone system, two letters
    #[arg(long)]
    country: Option<String>,
    /// Area code at home; empty for none
    #[arg(long)]
    area_code: Option<String>,
    /// Digits for an outside line; empty for none
    #[arg(long)]
    outside_line_prefix: Option<String>,
    /// Compare with Zoho Desk, for API credits, instead of the contacts on this computer
    #[arg(long)]
    ask_desk: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn explain(paths: &Paths, number: String, format: Format) -> anyhow::Result<ExitCode> {
    let Answer::Explanation(told) = ask(paths, Want::Explain { number, r#in: Sources::Desk }).await? else {
        return unexpected();
    };
    match format {
        Format::Json => print(&serde_json::to_string(&told)?),
        Format::Text => print(&say::voice(paths).explanation(&told)),
    }
}

pub(crate) async fn what_if(paths: &Paths, wanted: Rules) -> anyhow::Result<ExitCode> {
    let voice = say::voice(paths);
    let rules = NumberRules {
        country: wanted.country,
        area_code: wanted.area_code,
        outside_line_prefix: wanted.outside_line_prefix,
        international_prefix: None,
    };
    let from = if wanted.ask_desk { Sources::Desk } else { Sources::Known };
    let (mut place, mut rows) = (None, Vec::<ChangedView>::new());
    let view = loop {
        let want = Want::WhatIf { rules: rules.clone(), r#in: from, place };
        let Answer::WhatIf(view) = ask(paths, want).await? else { return unexpected() };
        if view.source == "nobody" && view.numbers > 0 {
            return Err(anyhow!(voice.count("cli-what-if-no-index", view.most_credits)));
        }
        rows.extend(view.rows.iter().cloned());
        if !view.more {
            break view;
        }
        place = Some(view.place);
    };
    if wanted.json {
        let told = json!({ "source": view.source, "numbers": view.numbers, "tally": view.place.tally, "rows": rows });
        return print(&told.to_string());
    }
    print(&voice.what_if(&view, &rows))
}
