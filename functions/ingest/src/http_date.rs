//! Parses the `Date` header. Pure.

use chrono::{DateTime, Datelike as _, Months, NaiveDateTime, Utc};

/// Parses a `Date` in each form that a recipient must accept, and with `UTC` in place of `GMT`, which X has
/// been observed to send.
///
/// `now` determines the century of a two-digit year. Source: RFC 9110, section 5.6.7.
pub(crate) fn parse(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    // The day name is redundant, so it is not checked against the date.
    let Some((_, rest)) = text.split_once(',') else {
        let (_, asctime) = text.split_once(' ')?;
        return at(asctime, "%b %e %H:%M:%S %Y");
    };
    let (date_time, zone) = rest.trim().rsplit_once(' ')?;
    if !["GMT", "UTC", "UT", "Z", "+0000"].iter().any(|utc| zone.eq_ignore_ascii_case(utc)) {
        return None;
    }
    let (date, time) = date_time.trim_end().rsplit_once(' ')?;
    let Some((day_month, year)) = date.rsplit_once('-') else { return at(date_time, "%d %b %Y %H:%M:%S") };
    match (year.len(), year.parse::<i32>().ok()?) {
        (2, year) => {
            let century = now.year() / 100 * 100;
            let in_century = |century: i32| at(&format!("{day_month}-{} {time}", century + year), "%d-%b-%Y %H:%M:%S");
            let date = in_century(century);
            // A year more than 50 years ahead means the past century. A leap day may exist in only one of the two.
            date.filter(|date| *date <= now + Months::new(50 * 12)).or_else(|| in_century(century - 100))
        }
        _ => at(date_time, "%d-%b-%Y %H:%M:%S"),
    }
}

fn at(text: &str, form: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text.trim(), form).ok().map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_rfc_and_the_suffix_utc_are_parsed() {
        let now = "2026-11-23T14:05:00Z".parse().unwrap();
        for (text, want) in [
            ("Mon, 23 Nov 2026 14:04:30 GMT", Some("2026-11-23T14:04:30Z")),
            ("Mon, 23 Nov 2026 14:04:30 UTC", Some("2026-11-23T14:04:30Z")),
            ("Mon, 23 Nov 2026 14:04:30 +0000", Some("2026-11-23T14:04:30Z")),
            ("Tue, 23 Nov 2026 14:04:30 GMT", Some("2026-11-23T14:04:30Z")), // wrong day of the week
            (" Sun, 01 Nov 2026 14:04:30 gmt ", Some("2026-11-01T14:04:30Z")),
            ("Monday, 23-Nov-26 14:04:30 GMT", Some("2026-11-23T14:04:30Z")),
            ("Monday, 23-Nov-26 14:04:30 UTC", Some("2026-11-23T14:04:30Z")),
            ("Monday, 23-Nov-2026 14:04:30 GMT", Some("2026-11-23T14:04:30Z")),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
            ("Monday, 23-Nov-76 14:00:00 GMT", Some("2076-11-23T14:00:00Z")), // exactly 50 years ahead
            ("Tuesday, 24-Nov-76 14:00:00 GMT", Some("1976-11-24T14:00:00Z")),
            ("Tuesday, 29-Feb-00 14:00:00 GMT", Some("2000-02-29T14:00:00Z")),
            ("Mon Nov 23 14:04:30 2026", Some("2026-11-23T14:04:30Z")),
            ("Sun Nov  1 14:04:30 2026", Some("2026-11-01T14:04:30Z")),
            ("Mon, 23 Nov 2026 14:04:30 BRT", None),
            ("Mon, 23 Nov 2026 14:04:30", None),
            ("2026-11-23T14:04:30Z", None),
            ("yesterday", None),
            ("", None),
            (",", None),
            ("-", None),
        ] {
            assert_eq!(parse(text, now), want.map(|want| want.parse().unwrap()), "{text}");
        }
    }
}
