//! Owns the time formats of both vendors. Wall-clock only: deadlines use `tokio::time::Instant`.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// `2026-01-05T09:10:11.000Z`, the form Desk writes.
pub(crate) fn desk_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// Reads a time as Desk accepts it: `yyyy-MM-ddTHH:mm:ss[.S{0,3}]Z`, UTC and nothing else.
pub(crate) fn parse_desk_time(text: &str) -> Option<Timestamp> {
    let bare = text.strip_suffix('Z')?;
    let (seconds, fraction) = bare.split_once('.').unwrap_or((bare, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.len() != 19 || !digits {
        return None;
    }
    format!("{seconds}.{fraction:0<3}Z").parse().ok()
}

/// Turns the PBX's own way of writing a format (`DD/MM/YYYY hh:mm:ss PM`) into one for `strftime`.
fn pattern(vendor: &str) -> String {
    vendor
        .replace("YYYY", "%Y")
        .replace("MM", "%m")
        .replace("DD", "%d")
        .replace("HH", "%H")
        .replace("hh", "%I")
        .replace("mm", "%M")
        .replace("ss", "%S")
        .replace("PM", "%p")
        .replace("AM", "%p")
}

fn zone(offset_minutes: i32) -> TimeZone {
    TimeZone::fixed(Offset::from_seconds(offset_minutes.saturating_mul(60)).unwrap_or(Offset::UTC))
}

/// A moment in the PBX's local time and display format.
pub(crate) fn pbx_time(at: Timestamp, offset_minutes: i32, format: &str) -> String {
    at.to_zoned(zone(offset_minutes)).strftime(&pattern(format)).to_string()
}

/// Reads a moment in the PBX's display format; `None` when it is written in any other way.
pub(crate) fn parse_pbx_time(text: &str, offset_minutes: i32, format: &str) -> Option<Timestamp> {
    let civil = jiff::civil::DateTime::strptime(pattern(format), text).ok()?;
    zone(offset_minutes).to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pbx_time_reads_back_what_it_wrote() {
        let at = Timestamp::from_second(1_790_197_458).unwrap();
        for format in ["YYYY-MM-DD HH:mm:ss", "DD/MM/YYYY hh:mm:ss PM"] {
            let text = pbx_time(at, 480, format);
            assert_eq!(parse_pbx_time(&text, 480, format), Some(at), "{text}");
        }
        assert_eq!(pbx_time(at, 480, "YYYY-MM-DD HH:mm:ss"), "2026-09-24 05:04:18");
    }

    #[test]
    fn a_desk_time_needs_its_z() {
        assert!(parse_desk_time("2026-01-05T09:10:11Z").is_some());
        assert!(parse_desk_time("2026-01-05T09:10:11.0Z").is_some());
        assert!(parse_desk_time("2026-01-05T09:10:11+08:00").is_none());
        assert!(parse_desk_time("2026-01-05 09:10:11").is_none());
    }
}
