//! From the time in an old board's row to an id that keeps the rows' order.

use std::time::{Duration, SystemTime};

use domain::MessageId;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

/// The moment of a `create_time` as MySQL writes it: `2024-03-10 02:30:00`, with or without a fraction.
///
/// A time that a clock showed twice is taken for the first of the two; one that it skipped, as if it had
/// not been set forward yet.
pub fn moment(create_time: &str, zone: &TimeZone) -> Result<Timestamp, &'static str> {
    let civil: DateTime = create_time
        .parse()
        .map_err(|_| "its create_time is no time")?;
    zone.to_ambiguous_timestamp(civil)
        .compatible()
        .map_err(|_| "its create_time is no time")
}

/// The id of an old row: the same in every run. Of rows of one millisecond, the one with the greater old id
/// has the greater id.
pub fn id(moment: Timestamp, table: &str, old_id: i64) -> Result<MessageId, &'static str> {
    let (Ok(milliseconds), Ok(order)) = (
        u64::try_from(moment.as_millisecond()),
        u64::try_from(old_id),
    ) else {
        return Err("its create_time lies before 1970");
    };
    let digest = Sha256::digest(format!("{table}\0{old_id}"));
    let apart = u128::from(digest[0]) << 8 | u128::from(digest[1]);
    Ok(MessageId::from_parts(
        milliseconds,
        u128::from(order) << 16 | apart,
    ))
}

/// Whether an id's time has not come yet; it would stand above all messages until then. A clock may be wrong
/// by a few minutes.
pub fn is_in_future(id: MessageId) -> bool {
    id > MessageId::least_of(SystemTime::now() + CLOCKS_DIFFER, Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(create_time: &str, zone: &str) -> String {
        let zone = jiff::fmt::temporal::DateTimeParser::new()
            .parse_time_zone(zone)
            .unwrap();
        moment(create_time, &zone).unwrap().to_string()
    }

    #[test]
    fn a_time_is_one_of_its_zone() {
        for (zone, utc) in [
            ("UTC", "2024-07-01T12:00:00.5Z"),
            ("Asia/Taipei", "2024-07-01T04:00:00.5Z"),
            ("America/New_York", "2024-07-01T16:00:00.5Z"),
            ("+05:30", "2024-07-01T06:30:00.5Z"),
        ] {
            assert_eq!(at("2024-07-01 12:00:00.500", zone), utc);
        }
    }

    #[test]
    fn a_time_that_was_skipped_or_shown_twice_has_one_moment_all_the_same() {
        let new_york = "America/New_York";
        assert_eq!(at("2024-03-10 02:30:00", new_york), "2024-03-10T07:30:00Z");
        assert_eq!(at("2024-11-03 01:30:00", new_york), "2024-11-03T05:30:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in ["0000-00-00 00:00:00", "2024-02-30 00:00:00", "", "now"] {
            assert!(moment(wrong, &TimeZone::UTC).is_err(), "{wrong}");
        }
        let before = moment("1969-12-31 23:59:59", &TimeZone::UTC).unwrap();
        assert!(id(before, "message", 1).is_err());
    }

    #[test]
    fn ids_are_in_the_order_of_time_and_then_of_the_old_ids() {
        let first = moment("2024-07-01 12:00:00", &TimeZone::UTC).unwrap();
        let second = moment("2024-07-01 12:00:01", &TimeZone::UTC).unwrap();
        let id = |moment, old| id(moment, "message", old).unwrap();
        let sorted = [
            id(first, 0),
            id(first, 9),
            id(first, 10),
            id(first, i64::MAX),
            id(second, 1),
        ];
        assert!(sorted.is_sorted_by(|a, b| a < b));
        assert_eq!(id(first, 9), id(first, 9));
        assert_eq!(sorted[4].created_at(), "2024-07-01T12:00:01.000Z");
    }

    #[test]
    fn rows_of_two_tables_do_not_meet() {
        let moment = moment("2024-07-01 12:00:00", &TimeZone::UTC).unwrap();
        assert_ne!(id(moment, "message", 1), id(moment, "board", 1));
    }
}
