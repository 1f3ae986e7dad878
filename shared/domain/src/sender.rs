use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{BoardSecret, since_1970};

const DAY: Duration = Duration::from_hours(24);
/// How long a sender is known at least after the day is over, so that moderators can act on last night.
const KNOWN_AFTER: Duration = Duration::from_hours(12);
/// Bytes of the HMAC that are kept: with the day before them, 64 characters.
const KEPT: usize = 29;

/// Whoever posts from an address on a day (UTC): the day's number, and an HMAC of day and address. The address
/// is not in it, and on another day it is another sender.
///
/// As text, senders sort by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(String);

/// Makes senders.
#[derive(Clone)]
pub struct Senders(Hmac<Sha256>);

impl Senders {
    /// The senders of the board with this secret.
    pub fn new(secret: &BoardSecret) -> Self {
        Self(secret.mac("corkboard sender"))
    }

    /// Who posts from `address` now. A household has a whole /64 of IPv6; an IPv4 address that is written as
    /// IPv6 is the same. Without an address, all are one.
    pub fn sender(&self, address: Option<IpAddr>, now: SystemTime) -> Sender {
        let day = day(now);
        let mut mac = self.0.clone();
        mac.update(&day.to_be_bytes());
        match address.map(|address| address.to_canonical()) {
            None => {}
            Some(IpAddr::V4(address)) => mac.update(&address.octets()),
            Some(IpAddr::V6(address)) => mac.update(&address.octets()[..8]),
        }
        let mut text = of_day(day);
        for byte in &mac.finalize().into_bytes()[..KEPT] {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Sender(text)
    }
}

impl Sender {
    /// The sender as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A sender as it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// A text that sorts above the senders of all earlier days, and below those of today.
    pub fn today_from(now: SystemTime) -> String {
        of_day(day(now))
    }

    /// A text that sorts above every sender that is to be forgotten, and below all others. Each is forgotten between 12
    /// and 36 hours after it posted first, which leaves time until the 48 hours that are promised.
    pub fn forgotten_below(now: SystemTime) -> String {
        of_day(day(now - KNOWN_AFTER))
    }
}

/// Days since 1970.
fn day(now: SystemTime) -> u64 {
    since_1970(now).as_secs() / DAY.as_secs()
}

fn of_day(day: u64) -> String {
    format!("{day:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senders() -> Senders {
        Senders::new(&BoardSecret::new("0123456789abcdef0123456789abcdef").unwrap())
    }

    fn at(hours: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_000 + hours)
    }

    fn of(address: &str) -> Sender {
        senders().sender(Some(address.parse().unwrap()), at(1))
    }

    #[test]
    fn a_sender_is_an_address_on_a_day() {
        assert_eq!(of("192.0.2.1"), of("192.0.2.1"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        let tomorrow = senders().sender(Some("192.0.2.1".parse().unwrap()), at(25));
        assert_ne!(of("192.0.2.1").as_str()[6..], tomorrow.as_str()[6..]);
        assert_eq!(of("192.0.2.1").as_str().len(), 64);
        assert_eq!(
            senders().sender(None, at(1)),
            senders().sender(None, at(23))
        );
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender() {
        assert_eq!(
            of("2001:db8:0:1::1"),
            of("2001:db8:0:1:ffff:ffff:ffff:ffff")
        );
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
    }

    #[test]
    fn a_sender_is_forgotten_between_12_and_36_hours_after_it_posted() {
        let posted = |hours| senders().sender(None, at(hours)).as_str().to_owned();
        for (hours, now, is_forgotten) in [
            (0, 23, false),
            (0, 35, false),
            (23, 35, false),
            (0, 36, true),
            (23, 36, true),
            (24, 36, false),
        ] {
            assert_eq!(
                posted(hours) < Sender::forgotten_below(at(now)),
                is_forgotten,
                "{hours} {now}"
            );
        }
    }

    #[test]
    fn another_secret_makes_other_senders() {
        let other = Senders::new(&BoardSecret::new("fedcba9876543210fedcba9876543210").unwrap());
        assert_ne!(other.sender(None, at(1)), senders().sender(None, at(1)));
    }
}
