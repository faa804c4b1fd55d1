//! `lookup`: whose number is this, through the running engine when there is one.

use std::io::Write;
use std::process::ExitCode;

use anyhow::anyhow;
use deskring_engine::{LookupOnceError, Paths, Report, lookup_once};
use deskring_local_api::{Client, ClientError};

use crate::{Format, say};

pub(crate) async fn lookup(paths: &Paths, number: &str, format: Format) -> anyhow::Result<ExitCode> {
    let report = match Client::connect(paths).await {
        Ok(mut client) => client.look_up(number).await.map_err(|error| match error {
            ClientError::Refused(code) => anyhow!(say::voice(paths).desk_cause(&code.code)),
            other => other.into(),
        })?,
        Err(ClientError::NotRunning) => without_engine(paths, number).await?,
        Err(other) => return Err(other.into()),
    };
    let text = match format {
        Format::Text => say::voice(paths).report(&report),
        Format::Json => serde_json::to_string(&report)?,
    };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

async fn without_engine(paths: &Paths, number: &str) -> anyhow::Result<Report> {
    lookup_once(paths, number).await.map_err(|error| match error {
        LookupOnceError::Settings(error) => error.into(),
        LookupOnceError::Code(code) => anyhow!(say::voice(paths).desk_cause(&code)),
    })
}
