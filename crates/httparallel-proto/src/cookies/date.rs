//! The dates of `Expires`, which servers write in many ways: RFC 6265bis section 5.1.1.

/// Seconds since 1970; 0 for what is before. `None` if it is no date.
pub(super) fn parse(text: &[u8]) -> Option<u64> {
    let mut found = Found::default();
    for token in text.split(|&byte| is_delimiter(byte)).filter(|token| !token.is_empty()) {
        found.take(token);
    }
    let (hour, minute, second) = found.time?;
    let (day, month, year) = (found.day?, found.month?, found.year?);
    let is_date = (1..=days_in(month, year)).contains(&day) && year >= 1601;
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(u64::try_from(seconds).unwrap_or(0))
}

/// "The cookie-date … delimiter": everything but digits, letters, `:` and some others.
fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// What the tokens have said so far: the first of each kind counts.
#[derive(Default)]
struct Found {
    time: Option<(i64, i64, i64)>,
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
}

impl Found {
    fn take(&mut self, token: &[u8]) {
        if self.time.is_none()
            && let Some(time) = time(token)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some(day) = number(token, 1..=2)
        {
            self.day = Some(day);
        } else if self.month.is_none()
            && let Some(month) = month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some(year) = number(token, 2..=4)
        {
            self.year = Some(match year {
                70..=99 => year + 1900,
                0..=69 => year + 2000,
                _ => year,
            });
        }
    }
}

/// The number that a token begins with, if it has so many digits and no more.
fn number(token: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let length = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !digits.contains(&length) {
        return None;
    }
    std::str::from_utf8(&token[..length]).ok()?.parse().ok()
}

fn time(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut parts = token.splitn(3, |&byte| byte == b':');
    let mut exact = || {
        let part = parts.next()?;
        number(part, 1..=2).filter(|_| part.len() <= 2)
    };
    let (hour, minute) = (exact()?, exact()?);
    Some((hour, minute, number(parts.next()?, 1..=2)?))
}

fn month(token: &[u8]) -> Option<i64> {
    const NAMES: &[u8] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let name = token.get(..3)?.to_ascii_lowercase();
    NAMES.chunks(3).zip(1..).find(|(known, _)| **known == name).map(|(_, number)| number)
}

fn days_in(month: i64, year: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, in the Gregorian calendar: whole years of March to February, and then the months.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // Months from March have 31, 30, 31, 30, 31 days, over and over.
    let days_of_months = (153 * month + 2) / 5;
    year * 365 + leap_days + days_of_months + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_usual_ways_to_write_a_date_are_read() {
        for text in [
            "Wed, 09 Jun 2021 10:18:14 GMT",
            "Wednesday, 09-Jun-21 10:18:14 GMT",
            "Wed Jun  9 10:18:14 2021",
            "10:18:14 9 june 2021",
            "9x Jun 2021y 10:18:14z",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(1_623_233_894), "{text}");
        }
    }

    #[test]
    fn dates_are_counted_from_1970() {
        assert_eq!(parse(b"Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(parse(b"Thu, 01 Jan 1970 00:00:01 GMT"), Some(1));
        assert_eq!(parse(b"Mon, 01 Jan 1601 00:00:00 GMT"), Some(0));
        assert_eq!(parse(b"29 Feb 2000 00:00:00"), Some(951_782_400));
        assert_eq!(parse(b"31 Dec 9999 23:59:59"), Some(253_402_300_799));
        assert_eq!(parse(b"1 Mar 70 0:0:0"), Some(59 * 86_400));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "Wed",
            "9 Jun 2021",
            "10:18:14 Jun 2021",
            "31 Jun 2021 10:18:14",
            "29 Feb 1900 10:18:14",
            "0 Jun 2021 10:18:14",
            "9 Jun 1600 10:18:14",
            "9 Jun 20210 10:18:14",
            "9 Jun 2021 24:00:00",
            "9 Jun 2021 10:18",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
