//! A PBX for this crate's own tests: answers requests by a rule the test gives, and hands every event socket
//! to the test. Not a simulator: it knows only what a test tells it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use deskring_redact::Secret;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{Message, protocol::CloseFrame},
};

use crate::{Address, Config, Feed, Pbx, Timings, TokenPair, TokenStore};

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) endpoint: String,
    pub(crate) head: String,
    pub(crate) token: String,
    pub(crate) body: Value,
}

pub(crate) enum Reply {
    Json(Value),
    /// Status without an envelope; refuses a socket.
    Status(u16),
    /// Closes without a word.
    Nothing,
    /// Stays open without a word.
    Silence,
    /// Lets a socket open; default answers otherwise.
    Default,
}

type Rule = Box<dyn FnMut(&Asked) -> Reply + Send>;

pub(crate) struct Fake {
    pub(crate) address: Address,
    pub(crate) sockets: mpsc::UnboundedReceiver<Wire>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// The PBX's end of an event socket.
pub(crate) struct Wire {
    pub(crate) token: String,
    pub(crate) head: String,
    socket: WebSocketStream<TcpStream>,
}

impl Fake {
    /// Listens. `rule` sees every request first.
    pub(crate) async fn start(rule: impl FnMut(&Asked) -> Reply + Send + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let (sender, sockets) = mpsc::unbounded_channel();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (rule, seen): (Arc<Mutex<Rule>>, _) = (Arc::new(Mutex::new(Box::new(rule))), asked.clone());
        let issued = Arc::new(Mutex::new(0_u32));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (rule, seen, sender, issued) =
                    (rule.clone(), seen.clone(), sender.clone(), issued.clone());
                tokio::spawn(answer(stream, rule, seen, sender, issued));
            }
        });
        Fake { address, sockets, asked }
    }

    pub(crate) fn asked(&self, endpoint: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|asked| asked.endpoint == endpoint).cloned().collect()
    }

    pub(crate) fn count(&self, endpoint: &str) -> usize {
        self.asked(endpoint).len()
    }

    pub(crate) async fn socket(&mut self) -> Wire {
        timeout(PATIENCE, self.sockets.recv()).await.expect("a socket in time").unwrap()
    }

    /// The next socket, subscribed.
    pub(crate) async fn subscribed(&mut self) -> Wire {
        let mut wire = self.socket().await;
        assert!(wire.hear().await.contains("topic_list"));
        wire.say(r#"{"errcode":0,"errmsg":"SUCCESS"}"#).await;
        wire
    }

    pub(crate) fn pbx(&self, timings: Timings, store: Arc<Kept>) -> Pbx {
        let config = Config {
            address: self.address.clone(),
            client_id: "client-id".into(),
            client_secret: Secret::from("client-s3cret"),
            trusted_certificate: None,
            others: Vec::new(),
            timings,
        };
        Pbx::new(config, store).unwrap()
    }

    /// A running link.
    pub(crate) fn link(&self, timings: Timings) -> (Pbx, mpsc::Receiver<Feed>) {
        let (pbx, (sender, receiver)) = (self.pbx(timings, Arc::default()), mpsc::channel(8));
        let running = pbx.clone();
        tokio::spawn(async move { running.run(sender).await });
        (pbx, receiver)
    }
}

async fn answer(
    mut stream: TcpStream,
    rule: Arc<Mutex<Rule>>,
    seen: Arc<Mutex<Vec<Asked>>>,
    sender: mpsc::UnboundedSender<Wire>,
    issued: Arc<Mutex<u32>>,
) {
    // The handshake must be left in the stream for the socket library.
    let mut peeked = [0; 8192];
    let head = loop {
        let count = stream.peek(&mut peeked).await.unwrap_or(0);
        let text = String::from_utf8_lossy(&peeked[..count]).into_owned();
        if count == 0 || text.contains("\r\n\r\n") {
            break text;
        }
        tokio::task::yield_now().await;
    };
    let Some((head, _)) = head.split_once("\r\n\r\n") else { return };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let endpoint = path.trim_start_matches("/openapi/v1.0/").to_owned();
    let token = query.rsplit_once("access_token=").map_or("", |(_, token)| token).to_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let is_socket = endpoint == "subscribe";
    let mut body = vec![0; if is_socket { 0 } else { length }];
    if !is_socket {
        stream.read_exact(&mut vec![0; head.len() + 4]).await.unwrap();
        stream.read_exact(&mut body).await.unwrap();
    }
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let asked = Asked { endpoint: endpoint.clone(), head: head.to_owned(), token: token.clone(), body };
    seen.lock().unwrap().push(asked.clone());
    let reply = (rule.lock().unwrap())(&asked);
    let text = match reply {
        Reply::Nothing => return,
        Reply::Silence => std::future::pending().await,
        Reply::Status(status) => {
            format!("HTTP/1.1 {status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        }
        Reply::Default if is_socket => {
            let head = head.to_owned();
            if let Ok(socket) = accept_async(stream).await {
                let _ = sender.send(Wire { token, head, socket });
            }
            return;
        }
        Reply::Default => envelope(&match endpoint.as_str() {
            "get_token" | "refresh_token" => {
                let mut issued = issued.lock().unwrap();
                *issued += 1;
                tokens(&issued.to_string(), 1800)
            }
            _ => json!({"errcode": 0, "errmsg": "SUCCESS"}),
        }),
        Reply::Json(answer) => envelope(&answer),
    };
    if is_socket {
        let _ = stream.read(&mut peeked).await;
    }
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn envelope(answer: &Value) -> String {
    let body = answer.to_string();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A token answer: `access-{name}`, `refresh-{name}`.
pub(crate) fn tokens(name: &str, seconds: u64) -> Value {
    json!({"errcode": 0, "errmsg": "SUCCESS", "access_token": format!("access-{name}"),
        "access_token_expire_time": seconds, "refresh_token": format!("refresh-{name}"),
        "refresh_token_expire_time": 86400})
}

pub(crate) fn refusal(code: i64) -> Reply {
    Reply::Json(json!({"errcode": code, "errmsg": "WORDS"}))
}

impl Wire {
    pub(crate) async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn ring(&mut self, id: &str) {
        let msg = json!({"call_id": id, "members": [{"extension": {"number": "2002",
            "channel_id": "PJSIP/2002-1", "member_status": "RING"}}]});
        self.say(&json!({"type": 30011, "sn": "1", "msg": msg.to_string()}).to_string()).await;
    }

    /// The next text.
    pub(crate) async fn hear(&mut self) -> String {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(_)) => {}
                end => panic!("{end:?}"),
            }
        }
    }

    /// Ends it with a code.
    pub(crate) async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).await.unwrap();
    }

    /// Waits until the client closes.
    pub(crate) async fn closed(&mut self) {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Answers heartbeats for ever.
    pub(crate) fn beat(mut self) {
        tokio::spawn(async move {
            while let Some(Ok(message)) = self.socket.next().await {
                if message == Message::text("heartbeat")
                    && self.socket.send(Message::text("heartbeat response")).await.is_err()
                {
                    return;
                }
            }
        });
    }
}

/// A token store in memory.
#[derive(Default)]
pub(crate) struct Kept(pub(crate) Mutex<Option<TokenPair>>);

impl Kept {
    pub(crate) fn with(access_age: Duration) -> Arc<Kept> {
        let issued_at = SystemTime::now() - access_age;
        Arc::new(Kept(Mutex::new(Some(TokenPair {
            access: Secret::from("access-kept"),
            refresh: Secret::from("refresh-kept"),
            access_expires_at: issued_at + Duration::from_secs(1800),
            refresh_expires_at: issued_at + Duration::from_secs(86400),
            issued_at,
        }))))
    }
}

impl TokenStore for Kept {
    fn load(&self) -> Option<TokenPair> {
        self.0.lock().unwrap().clone()
    }

    fn save(&self, pair: &TokenPair) {
        *self.0.lock().unwrap() = Some(pair.clone());
    }

    fn clear(&self) {
        *self.0.lock().unwrap() = None;
    }
}

/// Patient where a test must not fail for slowness, quick where it waits.
pub(crate) fn quick() -> Timings {
    Timings {
        reconnect_min: Duration::from_millis(10),
        reconnect_max: Duration::from_millis(50),
        repeat_min: Duration::from_millis(5),
        drain: Duration::from_millis(300),
        requests_per_second: 1000,
        ..Timings::default()
    }
}

pub(crate) async fn next(feed: &mut mpsc::Receiver<Feed>) -> Feed {
    timeout(PATIENCE, feed.recv()).await.expect("news in time").expect("a running link")
}
