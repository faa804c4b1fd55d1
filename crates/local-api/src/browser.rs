//! Native messaging: a browser starts this process for one message of our extension, and reads one answer.
//!
//! Owns the message contract of `extension/README.md` and who may ask. Decides nothing: the running engine does. Prints
//! nothing but the answer.

use std::io::{self, Read, Write};

use deskring_engine::Paths;
use deskring_engine::admin::{Answer as SetUp, Want as SetUpWant};
use deskring_engine::assist::{DialBy, Want};
use deskring_session::{OUR_FIREFOX_ID as FIREFOX, OUR_ORIGIN as CHROMIUM};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Client, ClientError};

/// No message of the extension is longer.
const LONGEST: u32 = 4096;
/// A host's name has at most so many characters.
const LONGEST_HOST: usize = 253;

/// What the extension asks. Unknown fields are those of a newer one.
#[derive(Deserialize)]
struct Ask {
    v: u32,
    r#type: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    origin: String,
}

/// Whether a browser started this process for our extension: by the arguments after the program's name.
pub fn is_asked(arguments: &[String]) -> bool {
    match arguments {
        // Chromium names who asks; on Windows more follows.
        [origin, ..] if origin == CHROMIUM => true,
        // Firefox: the path of the host's manifest, and who asks.
        [_, id, ..] => id == FIREFOX,
        [] | [_] => false,
    }
}

/// Whether a browser started this process at all, for whomever.
pub fn is_browser(arguments: &[String]) -> bool {
    let by_chromium = arguments.first().is_some_and(|origin| origin.starts_with("chrome-extension://"));
    by_chromium || matches!(arguments, [path, _, ..] if path.ends_with("com.deskring.host.json"))
}

/// Reads one message, asks the running engine, and writes the answer.
///
/// # Errors
/// When the browser has gone.
pub async fn answer(
    paths: &Paths,
    arguments: &[String],
    mut from: impl Read,
    mut to: impl Write,
) -> io::Result<()> {
    let answer = match (is_asked(arguments), read(&mut from)?) {
        (false, _) => refused("not-allowed"),
        (true, None) => refused("bad-message"),
        (true, Some(ask)) => ask_engine(paths, ask).await,
    };
    let text = answer.to_string();
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_ne_bytes())?;
    to.write_all(text.as_bytes())?;
    to.flush()
}

fn read(from: &mut impl Read) -> io::Result<Option<Ask>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_ne_bytes(length);
    if length > LONGEST {
        return Ok(None);
    }
    let mut text = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    from.read_exact(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}

async fn ask_engine(paths: &Paths, ask: Ask) -> Value {
    if ask.v != 1 {
        return refused("update");
    }
    let mut client = match Client::connect(paths).await {
        Ok(client) => client,
        Err(ClientError::OtherVersion { .. }) => return refused("update"),
        Err(_) => return refused("not-running"),
    };
    match ask.r#type.as_str() {
        "dial" if !is_number(&ask.number) => refused("bad-number"),
        "dial" => {
            let by = DialBy::Page { host: host(&ask.origin) };
            match client.assist(Want::Dial { text: ask.number, by }).await {
                Ok(_) => json!({ "ok": true }),
                Err(ClientError::Refused(fault)) => refused(code(&fault.code)),
                Err(_) => refused("not-running"),
            }
        }
        "status" => match client.set_up(SetUpWant::Settings).await {
            Ok(SetUp::Settings(view)) => {
                let setting = |place: &str| view.settings.pointer(place).cloned().unwrap_or_default();
                if setting("/click_to_call/allow_native_messaging") != Value::Bool(true) {
                    return refused("not-allowed");
                }
                let mut answer = json!({ "ok": true, "app": client.hello().deskring });
                if let (Value::String(country), Some(answer)) =
                    (setting("/numbers/country"), answer.as_object_mut())
                {
                    answer.insert("country".to_owned(), json!(country.to_ascii_uppercase()));
                }
                answer
            }
            Ok(_) | Err(_) => refused("not-running"),
        },
        _ => refused("update"),
    }
}

fn refused(code: &str) -> Value {
    json!({ "ok": false, "code": code })
}

/// The extension's word for the engine's.
fn code(fault: &str) -> &'static str {
    match fault {
        "not_allowed" => "not-allowed",
        "too_many_dials" => "too-many",
        "not_running" => "not-running",
        "no_extension" => "not-set-up",
        _ => "bad-number",
    }
}

/// `+49…`, perhaps with an extension: the contract has nothing else.
fn is_number(text: &str) -> bool {
    let (number, ext) = text.split_once(";ext=").map_or((text, None), |(number, ext)| (number, Some(ext)));
    let are_digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let digits = number.strip_prefix('+').unwrap_or_default();
    digits.len() >= 5
        && !digits.starts_with('0')
        && are_digits(digits, 15)
        && ext.is_none_or(|ext| are_digits(ext, 9))
}

/// The host of a page's origin, for a person to read; cut where it is longer than any.
fn host(origin: &str) -> String {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.chars().filter(|c| c.is_ascii_graphic()).take(LONGEST_HOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(all: &[&str]) -> Vec<String> {
        all.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn only_our_extension_is_answered() {
        for (all, asked, browser) in [
            (&[CHROMIUM][..], true, true),
            (&[CHROMIUM, "--parent-window=0"][..], true, true),
            (&["chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"][..], false, true),
            (&["/usr/lib/mozilla/native-messaging-hosts/com.deskring.host.json", FIREFOX][..], true, true),
            (&["/x/com.deskring.host.json", "other@example.com"][..], false, true),
            (&["tel:+12125550123"][..], false, false),
            (&[][..], false, false),
        ] {
            assert_eq!((is_asked(&arguments(all)), is_browser(&arguments(all))), (asked, browser), "{all:?}");
        }
    }

    #[test]
    fn only_international_numbers_are_handed_on() {
        for good in ["+12125550123", "+442079460018;ext=204"] {
            assert!(is_number(good), "{good}");
        }
        for bad in [
            "",
            "12125550123",
            "+1",
            "+0212555",
            "+1212555*73",
            "+12125550123;ext=",
            "+1212555;ext=1;x=2",
            "+１２１２",
        ] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn a_page_is_named_by_its_host() {
        assert_eq!(host("https://desk.zoho.eu"), "desk.zoho.eu");
        assert_eq!(host("https://desk.example.com:8443/x?y"), "desk.example.com:8443");
        assert_eq!(host("no origin at all"), "nooriginatall");
        assert_eq!(host(&format!("https://{}", "a".repeat(500))).len(), 253);
    }
}
