//! What is said of proxies beside what our HTTP library does, in a process with variables of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;

const TARGET: &str = "http://desk.example.com/";
const VARIABLES: [&str; 9] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
];

/// What `inside` says with these variables.
fn inside_with(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "inside", "--nocapture"]).stdout(Stdio::piped()).kill_on_drop(true);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    command
}

#[tokio::test]
#[ignore = "started by the other tests"]
async fn inside() {
    let url = url::Url::parse(TARGET).unwrap();
    println!("said {:?}", deskring_session::proxy_for(&url));
    if std::env::var_os("HTTP_PROXY").is_some() {
        let answer = reqwest::get(url).await.unwrap();
        println!("got {}", answer.status().as_u16());
    }
}

#[tokio::test]
async fn the_named_proxy_is_the_one_that_the_http_library_asks() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let variable = format!("http://lin:s3cret@{address}");
    let child = inside_with(&[("HTTP_PROXY", &variable)]).spawn().unwrap();
    let asked = async {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let mut request = [0; 64];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
        let line = String::from_utf8_lossy(&request[..length]).into_owned();
        assert!(line.starts_with(&format!("GET {TARGET} ")), "{line}");
        let output = child.wait_with_output().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said = tokio::time::timeout(Duration::from_secs(60), asked).await.expect("nobody asked the proxy");
    assert!(said.contains(&format!("said Some(\"{address}\")")), "{said}");
    assert!(said.contains("got 204") && !said.contains("s3cret"), "{said}");
}

#[tokio::test]
async fn without_variables_and_with_an_exception_there_is_none() {
    let excepted = [("all_proxy", "http://proxy.example.com:1"), ("no_proxy", "example.com")];
    for variables in [&[][..], &excepted] {
        let output = inside_with(variables).output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("said None"), "{variables:?}: {said}");
    }
}
