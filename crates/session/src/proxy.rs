//! Which proxy a request goes through.
//!
//! Owns: nothing but the question. The answer comes from the very code that our HTTP library asks
//! (`hyper_util::client::proxy::matcher`, with the same features). Must not know: who is called, and why.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// The proxy between us and `url`, as `host:port`; never with the user and the password that may stand in its
/// address. `None` when the request goes straight there.
///
/// From `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (also in lower case), on Windows and macOS also from
/// the system's settings. Blocks on those settings, never on the network. True for requests to Desk; a PBX and
/// everything on this computer are always asked without a proxy.
pub fn proxy_for(url: &Url) -> Option<String> {
    between(&Matcher::from_system(), url)
}

fn between(matcher: &Matcher, url: &Url) -> Option<String> {
    let target: Uri = url.as_str().parse().ok()?;
    let proxy = matcher.intercept(&target)?;
    let address = proxy.uri();
    let port = address.port_u16().unwrap_or(match address.scheme_str() {
        Some("https") => 443,
        Some(scheme) if scheme.starts_with("socks") => 1080,
        _ => 80,
    });
    Some(format!("{}:{port}", address.host()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_proxy_is_named_by_host_and_port_only() {
        for (proxy, named) in [
            ("http://proxy.example.com:3128", "proxy.example.com:3128"),
            ("http://lin:s3cret@proxy.example.com:3128/path", "proxy.example.com:3128"),
            ("http://lin:s3c@ret@proxy.example.com:3128", "proxy.example.com:3128"),
            ("http://lin:s3cret@proxy.example.com", "proxy.example.com:80"),
            ("https://proxy.example.com", "proxy.example.com:443"),
            ("socks5h://lin:s3cret@proxy.example.com", "proxy.example.com:1080"),
            ("proxy.example.com:8080", "proxy.example.com:8080"),
            ("http://[::1]:3128", "[::1]:3128"),
        ] {
            let matcher = Matcher::builder().all(proxy).build();
            assert_eq!(between(&matcher, &url("https://desk.zoho.com/")).as_deref(), Some(named), "{proxy}");
        }
    }

    #[test]
    fn hosts_that_are_excepted_are_reached_straight() {
        let matcher = Matcher::builder().https("proxy.example.com:1").no("zoho.com, 192.0.2.0/24").build();
        assert_eq!(between(&matcher, &url("https://desk.zoho.com/")), None);
        assert_eq!(between(&matcher, &url("https://192.0.2.9:8088/")), None);
        assert!(between(&matcher, &url("https://desk.zoho.eu/")).is_some());
        assert_eq!(between(&matcher, &url("http://desk.zoho.eu/")), None);
    }

    #[test]
    fn what_is_no_proxy_is_none() {
        for proxy in ["", "ftp://proxy.example.com", "not a proxy"] {
            assert_eq!(between(&Matcher::builder().all(proxy).build(), &url("https://desk.zoho.com/")), None);
        }
    }
}
