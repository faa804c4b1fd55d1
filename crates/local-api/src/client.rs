//! Talks to a running engine.

use std::io;
use std::time::Duration;

use deskring_engine::admin::{self, Fault, Want};
use deskring_engine::{AppView, Command, Paths, Report, assist};
use interprocess::local_socket::tokio::Stream;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};

use crate::transport;
use crate::wire::{Answer, Ask, Hello, LONGEST_ANSWER, PROTOCOL, Tell, What};

/// An engine on the same computer answers at once, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// A lookup waits for Desk.
const LOOKUP_PATIENCE: Duration = Duration::from_secs(30);
/// Setting up may wait for a keychain's dialog, for the PBX and for Desk, one after the other.
const SET_UP_PATIENCE: Duration = Duration::from_secs(90);

/// A connection to a running engine.
#[derive(Debug)]
pub struct Client {
    reader: BufReader<ReadHalf<Stream>>,
    writer: WriteHalf<Stream>,
    next_id: u64,
    hello: Hello,
}

/// Why a running engine could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No engine runs on this profile.
    #[error("Deskring is not running on this profile")]
    NotRunning,
    /// An engine runs but the socket cannot be used.
    #[error("the running Deskring cannot be reached: {0}")]
    Unreachable(#[source] io::Error),
    /// The engine is of another version that speaks otherwise.
    #[error("the running Deskring is version {version}; restart it")]
    OtherVersion {
        /// Its version.
        version: String,
    },
    /// The engine said no, with a code of the catalogs.
    #[error("{0}")]
    Refused(Fault),
}

impl ClientError {
    fn of(error: io::Error) -> Self {
        Self::Unreachable(error)
    }
}

impl Client {
    /// Connects to the engine of a profile.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`] when there is none; see [`ClientError`].
    pub async fn connect(paths: &Paths) -> Result<Self, ClientError> {
        let stream = transport::connect(paths).await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::NotRunning,
            _ => ClientError::of(error),
        })?;
        let (reader, writer) = tokio::io::split(stream);
        let mut reader = BufReader::new(reader);
        let hello: Hello = within(PATIENCE, line(&mut reader)).await?;
        if hello.protocol != PROTOCOL {
            return Err(ClientError::OtherVersion { version: hello.deskring });
        }
        Ok(Self { reader, writer, next_id: 1, hello })
    }

    /// Who runs the engine.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The view now.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn view(&mut self) -> Result<AppView, ClientError> {
        match self.ask(What::View, PATIENCE).await? {
            Answer::View { view } => Ok(*view),
            other => Err(unexpected(other)),
        }
    }

    /// Has a command taken.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn command(&mut self, command: Command) -> Result<(), ClientError> {
        match self.ask(What::Command { command }, PATIENCE).await? {
            Answer::Done => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    /// Asks whose number this is.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the code of the cause; see [`ClientError`].
    pub async fn look_up(&mut self, number: &str) -> Result<Report, ClientError> {
        match self.ask(What::LookUp { number: number.to_owned() }, LOOKUP_PATIENCE).await? {
            Answer::Report { report } => Ok(report),
            other => Err(unexpected(other)),
        }
    }

    /// Asks for something of setting up.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when it was not done; see [`ClientError`].
    pub async fn set_up(&mut self, want: Want) -> Result<admin::Answer, ClientError> {
        match self.ask(What::SetUp { want }, SET_UP_PATIENCE).await? {
            Answer::SetUp { answer } => Ok(*answer),
            other => Err(unexpected(other)),
        }
    }

    /// Asks for something of calls and customers.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when it was not done; see [`ClientError`].
    pub async fn assist(&mut self, want: assist::Want) -> Result<assist::Answer, ClientError> {
        match self.ask(What::Assist { want }, SET_UP_PATIENCE).await? {
            Answer::Assist { answer } => Ok(*answer),
            other => Err(unexpected(other)),
        }
    }

    /// The view now and each time it changes.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn watch(mut self) -> Result<Watch, ClientError> {
        self.send(What::Watch).await?;
        // Kept: closing our half would tell the server that we are gone.
        Ok(Watch { reader: self.reader, _writer: self.writer })
    }

    async fn ask(&mut self, what: What, patience: Duration) -> Result<Answer, ClientError> {
        let id = self.send(what).await?;
        let reader = &mut self.reader;
        within(patience, async {
            loop {
                let tell: Tell = line(reader).await?;
                if tell.id == id {
                    return Ok(tell.what);
                }
            }
        })
        .await
    }

    async fn send(&mut self, what: What) -> Result<u64, ClientError> {
        let id = self.next_id;
        self.next_id += 1;
        let mut text =
            serde_json::to_vec(&Ask { id, what }).map_err(|error| ClientError::of(error.into()))?;
        text.push(b'\n');
        within(PATIENCE, self.writer.write_all(&text)).await?;
        Ok(id)
    }
}

/// Views as they come. Cheap to hold; dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    reader: BufReader<ReadHalf<Stream>>,
    _writer: WriteHalf<Stream>,
}

impl Watch {
    /// The next view; `None` when the engine has ended.
    pub async fn next(&mut self) -> Option<AppView> {
        loop {
            let tell: Tell = line(&mut self.reader).await.ok()?;
            match tell.what {
                Answer::View { view } => return Some(*view),
                Answer::Failed { .. } => return None,
                Answer::Done | Answer::Report { .. } | Answer::SetUp { .. } | Answer::Assist { .. } => {}
            }
        }
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, ClientError> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done.map_err(ClientError::of),
        Err(_) => Err(ClientError::of(io::ErrorKind::TimedOut.into())),
    }
}

async fn line<T: DeserializeOwned>(reader: &mut BufReader<ReadHalf<Stream>>) -> io::Result<T> {
    let mut line = Vec::new();
    let limit = u64::try_from(LONGEST_ANSWER).unwrap_or(u64::MAX);
    reader.take(limit).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&line)?)
}

fn unexpected(answer: Answer) -> ClientError {
    match answer {
        Answer::Failed { code, detail } => ClientError::Refused(Fault { code, detail }),
        Answer::View { .. }
        | Answer::Done
        | Answer::Report { .. }
        | Answer::SetUp { .. }
        | Answer::Assist { .. } => {
            ClientError::of(io::Error::new(io::ErrorKind::InvalidData, "an answer to another question"))
        }
    }
}
