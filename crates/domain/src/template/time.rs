//! Owns how seconds are written as dates and lengths. The calendar is computed here because this crate has neither
//! clock nor time zones.
//! Must not know: variables, where the seconds come from.

/// Times outside are from no call.
const YEARS: std::ops::RangeInclusive<i64> = 1..=9999;

/// A length of time as `hh:mm:ss`, with more digits for the hours where it needs them.
pub(super) fn length(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A moment by a pattern: `yyyy yy MM M dd d HH H hh h mm m ss s SSS a`, `Z` or `z` or both for the zone (`Z` in UTC,
/// else `+08:00`), `'…'` for a text; all else stands for itself. Nothing for a time of no calendar.
pub(super) fn format(seconds: i64, offset_s: i32, pattern: &str) -> String {
    let Some(at) = Civil::of(seconds, offset_s) else { return String::new() };
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| c == first || (matches!(first, 'Z' | 'z') && matches!(c, 'Z' | 'z'));
        let run = rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(run);
        rest = after;
        let hour12 = if at.hour % 12 == 0 { 12 } else { at.hour % 12 };
        match (first, word.len()) {
            ('\'', quotes) => {
                // Two are one; an odd one opens a text.
                out.push_str(&"'".repeat(quotes / 2));
                if quotes % 2 == 1 {
                    let (text, after) = rest.split_once('\'').unwrap_or((rest, ""));
                    out.push_str(text);
                    rest = after;
                }
            }
            ('y', 2) => out.push_str(&padded(at.year % 100, 2)),
            ('y', width) => out.push_str(&padded(at.year, width)),
            ('M', width @ 1..=2) => out.push_str(&padded(at.month, width)),
            ('d', width @ 1..=2) => out.push_str(&padded(at.day, width)),
            ('H', width @ 1..=2) => out.push_str(&padded(at.hour, width)),
            ('h', width @ 1..=2) => out.push_str(&padded(hour12, width)),
            ('m', width @ 1..=2) => out.push_str(&padded(at.minute, width)),
            ('s', width @ 1..=2) => out.push_str(&padded(at.second, width)),
            // The PBX tells seconds only.
            ('S', width @ 1..=9) => out.push_str(&padded(0, width)),
            ('a', 1..=2) => out.push_str(if at.hour < 12 { "AM" } else { "PM" }),
            ('Z' | 'z', _) => out.push_str(&zone(offset_s)),
            _ => out.push_str(word),
        }
    }
    out
}

fn padded(number: i64, width: usize) -> String {
    format!("{number:0width$}", width = width.min(9))
}

fn zone(offset_s: i32) -> String {
    if offset_s == 0 {
        return "Z".to_owned();
    }
    let minutes = offset_s.unsigned_abs() / 60;
    let sign = if offset_s < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A moment of the calendar.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Civil {
    fn of(seconds: i64, offset_s: i32) -> Option<Civil> {
        let seconds = seconds.checked_add(i64::from(offset_s))?;
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Howard Hinnant's civil_from_days: years begin in March, so that the leap day is the last of its year.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        YEARS.contains(&year).then_some(Civil {
            year,
            month,
            day,
            hour: of_day / 3_600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
        })
    }
}
