//! A tiny HTTP server for the tests of this crate: one closure answers everything, every request is kept.
//! It knows nothing of Zoho; the behavior comes from each test.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a request looked like.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// What to answer.
pub(crate) enum Reply {
    Answer(u16, &'static str, String),
    /// The connection is closed without an answer.
    HangUp,
    /// No answer, ever.
    Silence,
}

pub(crate) fn ok(body: &str) -> Reply {
    Reply::Answer(200, "", body.to_owned())
}

pub(crate) fn status(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "", body.to_owned())
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, all) = (Arc::new(answer), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, all) = (Arc::clone(&answer), Arc::clone(&all));
                tokio::spawn(async move {
                    let _ = serve(stream, all, answer.as_ref()).await;
                });
            }
        });
        Server { address, seen }
    }

    pub(crate) fn seen(&self, part: &str) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.line.contains(part)).cloned().collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    all: Arc<Mutex<Vec<Seen>>>,
    answer: &(dyn Fn(&Seen) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|part| part == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let line = head.lines().next().unwrap_or_default().to_owned();
        let mut seen = Seen { line, head, body: String::new() };
        let length: usize = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
        while buffer.len() < end + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        seen.body = String::from_utf8_lossy(&buffer[end..end + length]).into_owned();
        buffer.drain(..end + length);
        all.lock().unwrap().push(seen.clone());
        match answer(&seen) {
            Reply::Answer(status, headers, body) => {
                let length =
                    if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
                let text = format!("HTTP/1.1 {status} X\r\n{length}{headers}\r\n{body}");
                stream.write_all(text.as_bytes()).await?;
            }
            Reply::HangUp => return Ok(()),
            Reply::Silence => std::future::pending().await,
        }
    }
}
