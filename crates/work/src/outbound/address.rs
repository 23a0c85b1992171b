//! Which addresses are public: a pure judgement of one address, by the registries of IANA. What the operator opened is in
//! `allow.rs`, names are in `resolver.rs`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotPublic {
    /// This machine itself.
    Loopback,
    /// No address at all, or "this network": many systems take it for themselves.
    Unspecified,
    /// A private network, which routers keep inside.
    Private,
    /// The cable or radio that the machine hangs on; clouds answer there with their secrets.
    LinkLocal,
    /// Between a provider and its customers.
    CarrierGrade,
    /// Many receivers at once.
    Multicast,
    /// Everybody on a network at once.
    Broadcast,
    /// Set aside for the protocols themselves.
    Protocol,
    /// Set aside for examples in texts.
    Documentation,
    /// Set aside for measuring network equipment.
    Benchmarking,
    /// A private network of IPv6.
    UniqueLocal,
    /// A private network of IPv6, in the form that was given up.
    SiteLocal,
    /// Thrown away by routers.
    Discard,
    /// A hash that looks like an address.
    Orchid,
    /// Translated to IPv4 by a network's own rules, which cannot be known from outside.
    LocalTranslation,
    /// Not given to anybody.
    Reserved,
}

impl fmt::Display for NotPublic {
    /// The end of the sentence "The address leads to 10.0.0.5, which is …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine itself",
            Self::Unspecified => "no address of any machine",
            Self::Private | Self::UniqueLocal | Self::SiteLocal => "in a private network",
            Self::LinkLocal => "on the local link only",
            Self::CarrierGrade => "inside a provider's network",
            Self::Multicast => "for many receivers at once",
            Self::Broadcast => "for everybody on a network at once",
            Self::Protocol => "set aside for network protocols",
            Self::Documentation => "set aside for examples",
            Self::Benchmarking => "set aside for measuring networks",
            Self::Discard => "where everything is thrown away",
            Self::Orchid => "a name for a key and no machine",
            Self::LocalTranslation => "translated by rules of a local network",
            Self::Reserved => "not in use on the internet",
        })
    }
}

/// Why an address is not public, or nothing where it is. IPv4 inside IPv6 is judged by the IPv4 address.
pub fn not_public(address: IpAddr) -> Option<NotPublic> {
    match address {
        IpAddr::V4(address) => not_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => inner.into_iter().flatten().find_map(not_public_v4),
            None => not_public_v6(address),
        },
    }
}

/// The IPv4 addresses that an IPv6 address stands for, where it is a form that carries some. Teredo has two: that of the
/// client, and that of the server which passes packets on.
pub fn embedded(address: Ipv6Addr) -> Option<[Option<Ipv4Addr>; 2]> {
    let bits = address.to_bits();
    let at = |right: u32| Ipv4Addr::from_bits((bits >> right) as u32);
    let one = |inner: Ipv4Addr| Some([Some(inner), None]);
    match address.segments() {
        // ::, ::1: addresses of their own (RFC 4291, sections 2.5.2 and 2.5.3).
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // ::a.b.c.d, IPv4-compatible (RFC 4291, 2.5.5.1), ::ffff:a.b.c.d, IPv4-mapped (2.5.5.2),
        // ::ffff:0:a.b.c.d, IPv4-translated (RFC 2765, 2.1), and 64:ff9b::/96, NAT64 (RFC 6052, 2.1).
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => {
            one(at(0))
        }
        // 2002::/16, 6to4 (RFC 3056, section 2).
        [0x2002, ..] => one(at(80)),
        // 2001::/32, Teredo: server, and client with its bits turned over (RFC 4380, section 4).
        [0x2001, 0, ..] => Some([Some(Ipv4Addr::from_bits(!(bits as u32))), Some(at(64))]),
        _ => None,
    }
}

/// After the IANA IPv4 Special-Purpose Address Registry (RFC 6890).
fn not_public_v4(address: Ipv4Addr) -> Option<NotPublic> {
    Some(match address.octets() {
        [0, ..] => NotPublic::Unspecified,                                    // RFC 791, 3.2
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => NotPublic::Private, // RFC 1918
        [100, 64..=127, ..] => NotPublic::CarrierGrade,                       // RFC 6598
        [127, ..] => NotPublic::Loopback,                                     // RFC 1122, 3.2.1.3
        [169, 254, ..] => NotPublic::LinkLocal,                               // RFC 3927
        // RFC 6890, 2.1; RFC 7526: relays of 6to4, given up
        [192, 0, 0, _] | [192, 88, 99, _] => NotPublic::Protocol,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => NotPublic::Documentation, // RFC 5737
        [198, 18..=19, ..] => NotPublic::Benchmarking,                                     // RFC 2544
        [255, 255, 255, 255] => NotPublic::Broadcast,                                      // RFC 919
        [224..=239, ..] => NotPublic::Multicast,                                           // RFC 5771
        [240..=255, ..] => NotPublic::Reserved,                                            // RFC 1112, section 4
        _ => return None,
    })
}

/// After the IANA IPv6 Special-Purpose Address Registry; forms that carry IPv4 are judged before.
fn not_public_v6(address: Ipv6Addr) -> Option<NotPublic> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => NotPublic::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => NotPublic::Loopback,
        // RFC 8215. How the IPv4 address is folded in is the network's choice among five ways (RFC 6052, 2.2), so that an
        // address can be public read in one way and private in another: all of it is refused.
        [0x64, 0xff9b, 1, ..] => NotPublic::LocalTranslation,
        [0x100, 0, 0, 0 | 1, ..] => NotPublic::Discard, // RFC 6666, and RFC 9780 beside it
        [0x2001, 2, 0, ..] => NotPublic::Benchmarking,  // RFC 5180
        [0x2001, 0x10..=0x2f, ..] => NotPublic::Orchid, // RFC 4843, RFC 7343
        [0x2001, 0x1..=0x1ff, ..] => NotPublic::Protocol, // RFC 2928
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => NotPublic::Documentation, // RFC 3849, RFC 9637
        [0xfc00..=0xfdff, ..] => NotPublic::UniqueLocal, // RFC 4193
        [0xfe80..=0xfebf, ..] => NotPublic::LinkLocal,  // RFC 4291, 2.5.6
        [0xfec0..=0xfeff, ..] => NotPublic::SiteLocal,  // RFC 3879
        [0xff00..=0xffff, ..] => NotPublic::Multicast,  // RFC 4291, 2.7
        // Only 2000::/3 was ever given out (IANA IPv6 Address Space).
        [0x2000..=0x3fff, ..] => return None,
        _ => NotPublic::Reserved,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use proptest::prelude::*;

    use super::NotPublic as N;
    use super::*;

    fn judged(text: &str) -> Option<NotPublic> {
        not_public(text.parse().unwrap())
    }

    /// Every block, its first and last address, and the neighbours on both sides that are not of it.
    const V4: &[(&str, &str, NotPublic)] = &[
        ("0.0.0.0", "0.255.255.255", N::Unspecified),
        ("10.0.0.0", "10.255.255.255", N::Private),
        ("100.64.0.0", "100.127.255.255", N::CarrierGrade),
        ("127.0.0.0", "127.255.255.255", N::Loopback),
        ("169.254.0.0", "169.254.255.255", N::LinkLocal),
        ("172.16.0.0", "172.31.255.255", N::Private),
        ("192.0.0.0", "192.0.0.255", N::Protocol),
        ("192.0.2.0", "192.0.2.255", N::Documentation),
        ("192.88.99.0", "192.88.99.255", N::Protocol),
        ("192.168.0.0", "192.168.255.255", N::Private),
        ("198.18.0.0", "198.19.255.255", N::Benchmarking),
        ("198.51.100.0", "198.51.100.255", N::Documentation),
        ("203.0.113.0", "203.0.113.255", N::Documentation),
        ("224.0.0.0", "239.255.255.255", N::Multicast),
        ("240.0.0.0", "255.255.255.254", N::Reserved),
        ("255.255.255.255", "255.255.255.255", N::Broadcast),
    ];

    const V6: &[(&str, &str, NotPublic)] = &[
        ("::", "::", N::Unspecified),
        ("::1", "::1", N::Loopback),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", N::LocalTranslation),
        ("100::", "100::1:ffff:ffff:ffff:ffff", N::Discard),
        ("2001:1::", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", N::Protocol),
        ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", N::Benchmarking),
        ("2001:2:1::", "2001:f:ffff:ffff:ffff:ffff:ffff:ffff", N::Protocol),
        ("2001:10::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", N::Orchid),
        ("2001:30::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", N::Protocol),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", N::Documentation),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", N::Documentation),
        ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", N::Reserved),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", N::UniqueLocal),
        ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", N::Reserved),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", N::LinkLocal),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", N::SiteLocal),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", N::Multicast),
    ];

    #[test]
    fn every_block_ends_where_its_rfc_says() {
        for &(first, last, why) in V4 {
            let (first, last): (Ipv4Addr, Ipv4Addr) = (first.parse().unwrap(), last.parse().unwrap());
            for inside in [first, last] {
                assert_eq!(not_public(inside.into()), Some(why), "{inside}");
            }
            let around = [first.to_bits().checked_sub(1), last.to_bits().checked_add(1)];
            for outside in around.into_iter().flatten().map(Ipv4Addr::from_bits) {
                assert_ne!(not_public(outside.into()), Some(why), "{outside} beside {first}");
            }
        }
        for &(first, last, why) in V6 {
            let (first, last): (Ipv6Addr, Ipv6Addr) = (first.parse().unwrap(), last.parse().unwrap());
            for inside in [first, last] {
                assert_eq!(not_public(inside.into()), Some(why), "{inside}");
            }
            let around = [first.to_bits().checked_sub(1), last.to_bits().checked_add(1)];
            for outside in around.into_iter().flatten().map(Ipv6Addr::from_bits) {
                assert_ne!(not_public(outside.into()), Some(why), "{outside} beside {first}");
            }
        }
    }

    #[test]
    fn what_lies_between_the_blocks_is_public() {
        for public in [
            "1.0.0.0",
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::",
            "2001:200::",
            "2001:db7:ffff::",
            "2001:db9::",
            "2003::",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "3ffe:ffff::",
        ] {
            assert_eq!(judged(public), None, "{public}");
        }
    }

    #[test]
    fn ipv4_inside_ipv6_is_judged_by_what_is_inside() {
        for (inside, why) in [
            ("::ffff:127.0.0.1", N::Loopback),
            ("::ffff:10.0.0.5", N::Private),
            ("::ffff:0:192.168.1.1", N::Private),
            ("::127.0.0.1", N::Loopback),
            ("::2", N::Unspecified),
            ("64:ff9b::169.254.169.254", N::LinkLocal),
            ("64:ff9b::a00:1", N::Private),
            ("2002:7f00:1::", N::Loopback),
            ("2002:c0a8:101::5", N::Private),
            ("2002:6440::1", N::CarrierGrade),
            // The client is 192.168.1.1 turned over, the server public; then the other way round.
            ("2001:0:5db8:d822:0:0:3f57:fefe", N::Private),
            ("2001:0:a00:1:0:0:a247:27dd", N::Private),
        ] {
            assert_eq!(judged(inside), Some(why), "{inside}");
        }
        for public in [
            "::ffff:93.184.216.34",
            "::93.184.216.34",
            "64:ff9b::93.184.216.34",
            "2002:5db8:d822::1",
            "2001:0:5db8:d822:0:0:a247:27dd",
        ] {
            assert_eq!(judged(public), None, "{public}");
        }
    }

    proptest! {
        #[test]
        fn no_wrapping_makes_an_address_public(bits: u32, low: u64, client: u32) {
            let inner = Ipv4Addr::from_bits(bits);
            let why = not_public(inner.into());
            let wide = u128::from(bits);
            let wrapped = [
                0xffff << 32 | wide,
                0xffff << 48 | wide,
                0x0064_ff9b << 96 | wide,
                0x2002 << 112 | wide << 80 | u128::from(low),
            ];
            for outer in wrapped.map(Ipv6Addr::from_bits) {
                prop_assert_eq!(not_public(outer.into()), why, "{} is {}", outer, inner);
            }
            if bits > 1 {
                prop_assert_eq!(not_public(Ipv6Addr::from_bits(wide).into()), why);
            }
            let teredo = |server: u32, client: u32| {
                Ipv6Addr::from_bits(0x2001 << 112 | u128::from(server) << 64 | u128::from(!client))
            };
            if why.is_some() {
                prop_assert!(not_public(teredo(client, bits).into()).is_some());
                prop_assert!(not_public(teredo(bits, client).into()).is_some());
            }
        }

        #[test]
        fn what_the_standard_library_calls_local_is_never_public(bits: u32, wide: u128) {
            let address = Ipv4Addr::from_bits(bits);
            if address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast()
                || address.is_broadcast() || address.is_documentation() || address.is_unspecified()
            {
                prop_assert!(not_public(address.into()).is_some(), "{}", address);
            }
            let address = Ipv6Addr::from_bits(wide);
            if address.is_loopback() || address.is_unspecified() || address.is_multicast()
                || address.is_unique_local() || address.is_unicast_link_local()
            {
                prop_assert!(not_public(address.into()).is_some(), "{}", address);
            }
        }
    }
}
