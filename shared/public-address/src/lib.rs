//! The SSRF guard: which IP addresses everybody reaches, and which are this machine's own surroundings, for whoever connects
//! to a host that somebody else named (server-side request forgery).
//!
//! This crate knows addresses alone: no name is looked up, and nothing is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The addresses by which a network without IPv4 reaches IPv4 hosts; the last 32 bits are the IPv4 address.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0], 96);
/// Addresses of 6to4, which lead to the IPv4 address in their second and third group.
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0], 16);

const fn v6([a, b, c]: [u16; 3], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

/// Whether everybody reaches the same place by this address.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>
pub fn is_public(address: IpAddr) -> bool {
    let everybody = match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    };
    everybody && !is_link_local(address)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    const SPECIAL: [([u8; 4], u8); 15] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    !SPECIAL
        .iter()
        .any(|&(network, length)| Ipv4Net::new_assert(network.into(), length).contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // The parts of the only block that is handed out (2000::/3) that lead elsewhere: protocol assignments with Teredo,
    // documentation, and 6to4, whose addresses have an IPv4 address within.
    const UNICAST: Ipv6Net = v6([0x2000, 0, 0], 3);
    const SPECIAL: [Ipv6Net; 4] = [
        v6([0x2001, 0, 0], 23),
        v6([0x2001, 0xdb8, 0], 32),
        SIX_TO_FOUR,
        v6([0x3fff, 0, 0], 20),
    ];
    if address.to_ipv4_mapped().is_some() || NAT64.contains(&address) {
        return embedded(address).is_some_and(is_public_v4);
    }
    UNICAST.contains(&address) && !SPECIAL.iter().any(|special| special.contains(&address))
}

/// Whether an address leads to this machine's own surroundings: its link, and what a cloud puts there. These services
/// answer every program of the machine, some of them with the machine's credentials, and nobody's pictures are there.
pub fn is_link_local(address: IpAddr) -> bool {
    const NETWORKS: [Ipv6Net; 4] = [
        v6([0xfe80, 0, 0], 10),
        // Instance metadata, credentials, names and time of AWS.
        v6([0xfd00, 0xec2, 0], 32),
        // A network's own NAT64 prefix, and Teredo, which goes through strangers' relays: the IPv4 host that such an
        // address leads to cannot be told from the address alone.
        v6([0x64, 0xff9b, 1], 48),
        v6([0x2001, 0, 0], 32),
    ];
    /// Instance metadata of other clouds, where it is not at a link-local address: by IPv4 of Alibaba, Azure and
    /// Oracle, by IPv6 of Oracle, Google, Scaleway, Akamai and Alibaba.
    const METADATA_V4: [Ipv4Addr; 3] = [
        Ipv4Addr::new(100, 100, 100, 200),
        Ipv4Addr::new(168, 63, 129, 16),
        Ipv4Addr::new(192, 0, 0, 192),
    ];
    const METADATA_V6: [Ipv6Addr; 5] = [
        Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
        Ipv6Addr::new(0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200),
    ];
    match address {
        IpAddr::V4(address) => address.is_link_local() || METADATA_V4.contains(&address),
        IpAddr::V6(address) => {
            METADATA_V6.contains(&address)
                || NETWORKS.iter().any(|network| network.contains(&address))
                || embedded(address).is_some_and(|address| is_link_local(address.into()))
        }
    }
}

/// The IPv4 address that an IPv6 address leads to, where it is a mapped, compatible or translated one, one of NAT64 or
/// one of 6to4; `None` for all others.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
    const TRANSLATED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96);
    const COMPATIBLE: Ipv6Net = v6([0, 0, 0], 96);
    let octets = address.octets();
    if SIX_TO_FOUR.contains(&address) {
        return octets[2..].first_chunk::<4>().copied().map(Ipv4Addr::from);
    }
    let last = octets.last_chunk::<4>().copied().map(Ipv4Addr::from);
    [MAPPED, TRANSLATED, COMPATIBLE, NAT64]
        .iter()
        .any(|network| network.contains(&address))
        .then_some(last)
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_everybody_reaches_are_public() {
        for public in [
            "8.8.8.8",
            "100.63.255.255",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn the_surroundings_of_this_machine_are_known_in_every_spelling() {
        for near in [
            "169.254.0.0",
            "169.254.169.254",
            "169.254.255.255",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254",
            "64:ff9b:1:a9fe:a9:fe00::",
            "2002:a9fe:a9fe::1",
            "2001:0:a9fe:a9fe::1",
            "fe80::1",
            "febf:ffff::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "100.100.100.200",
            "::ffff:168.63.129.16",
        ] {
            let address = near.parse().unwrap();
            assert!(is_link_local(address), "{near}");
            assert!(!is_public(address), "{near}");
        }
        for other in [
            "10.1.2.3",
            "127.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "100.100.100.201",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.1.2.3",
            "fc00::1",
            "fd00:ec1::254",
            "fec0::1",
            "2606:4700::a9fe:a9fe",
        ] {
            assert!(!is_link_local(other.parse().unwrap()), "{other}");
        }
    }
}
