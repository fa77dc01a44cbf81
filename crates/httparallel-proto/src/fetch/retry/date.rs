//! HTTP's dates: RFC 9110 section 5.6.7, in all three forms that a recipient has to accept.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// The moment that a date names. `None` if it is none, or before 1970. `now` tells the century of the obsolete form
/// with two digits for the year. The name of the day is not compared with the date.
pub(super) fn parse(text: &str, now: SystemTime) -> Option<SystemTime> {
    let words: Vec<&str> = text.split_ascii_whitespace().take(7).collect();
    let (day, month, year, time) = match words[..] {
        // Sun, 06 Nov 1994 08:49:37 GMT, or the form of C's asctime, Sun Nov  6 08:49:37 1994
        [_, day, month, year, time, "GMT"] | [_, month, day, time, year] => {
            (day, month, digits(year, 4)?, time)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT
        [_, date, time, "GMT"] => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, digits(parts.next()?, 2)?);
            if parts.next().is_some() {
                return None;
            }
            (day, month, full_year(year, now), time)
        }
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let day = digits(day, day.len().clamp(1, 2))?;
    let days = days_since_epoch(year, month, day)?;
    let since = Duration::from_secs(days * SECONDS_PER_DAY + seconds_of_day(time)?);
    UNIX_EPOCH.checked_add(since)
}

fn digits(text: &str, count: usize) -> Option<u64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Hours, minutes, seconds; a leap second counts as the one after.
fn seconds_of_day(time: &str) -> Option<u64> {
    let mut parts = time.split(':').map(|part| digits(part, 2));
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let valid = hours < 24 && minutes < 60 && seconds <= 60 && parts.next().is_none();
    valid.then_some(hours * 3600 + minutes * 60 + seconds)
}

/// RFC 9110 section 5.6.7: a year that "appears to be more than 50 years in the future" is "the most recent year in the
/// past that had the same last two digits".
fn full_year(two_digits: u64, now: SystemTime) -> u64 {
    let days = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / SECONDS_PER_DAY;
    // Exact to a day or so, at a distance of 50 years.
    let this_year = 1970 + days * 400 / (365 * 400 + 97);
    let latest = this_year + 50;
    latest - (latest - two_digits) % 100
}

/// The days from 1970 to a date of the Gregorian calendar.
fn days_since_epoch(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if year < 1970 || day == 0 || day > length {
        return None;
    }
    let leap_years = |before: u64| (before - 1) / 4 - (before - 1) / 100 + (before - 1) / 400;
    let before_year = (year - 1970) * 365 + leap_years(year) - leap_years(1970);
    let before_month =
        [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][usize::try_from(month - 1).ok()?];
    Some(before_year + before_month + u64::from(is_leap && month > 2) + day - 1)
}
