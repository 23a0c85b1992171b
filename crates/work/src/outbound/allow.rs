//! Networks that the operator opened, though they are not public: `127.0.0.0/8,::1/128`. Which are public is in `address.rs`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::address::{NotPublic, embedded, not_public};

/// Networks that may be reached beside the public ones. None, unless the operator says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowNetworks(Vec<Network>);

/// A network: its first address, and how many bits all its addresses begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    first: IpAddr,
    prefix: u8,
}

/// A text that should be a list of networks and is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNetworks {
    /// It is no address with a prefix.
    #[error(
        "{0} is no network. Write an address and how many bits count, as in 127.0.0.0/8 or fd00::/8, with commas between."
    )]
    Malformed(String),
    /// There are bits where the network has none, so that another network may be meant.
    #[error(
        "{given} has bits beyond its prefix. Write {meant} if the whole network is meant, or leave the prefix out for one address."
    )]
    BitsBeyond {
        /// What was written.
        given: String,
        /// The network that it lies in.
        meant: String,
    },
}

impl AllowNetworks {
    /// Why an address may not be reached, or nothing where it may.
    ///
    /// A form of IPv6 that carries IPv4 is open when all that it carries is.
    pub fn refusal(&self, address: IpAddr) -> Option<NotPublic> {
        let why = not_public(address)?;
        (!self.opens(address)).then_some(why)
    }

    fn opens(&self, address: IpAddr) -> bool {
        if self.holds(address) {
            return true;
        }
        let IpAddr::V6(outer) = address else { return false };
        embedded(outer).is_some_and(|inner| {
            inner.into_iter().flatten().map(IpAddr::V4).all(|inner| not_public(inner).is_none() || self.holds(inner))
        })
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                first == Ipv4Addr::from_bits(address.to_bits() & mask(32, self.prefix) as u32)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                first == Ipv6Addr::from_bits(address.to_bits() & mask(128, self.prefix))
            }
            _ => false,
        }
    }
}

/// The bits that count: `prefix` ones, then zeros, `length` in all.
fn mask(length: u8, prefix: u8) -> u128 {
    let zeros = u32::from(length.saturating_sub(prefix));
    u128::MAX.checked_shl(zeros).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NotNetworks;

    fn from_str(text: &str) -> Result<Self, NotNetworks> {
        let malformed = || NotNetworks::Malformed(text.chars().take(60).collect());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= most).ok_or_else(malformed)?
            }
            Some(_) => return Err(malformed()),
        };
        let first = match address {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask(32, prefix) as u32)),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask(128, prefix))),
        };
        let network = Self { first, prefix };
        if first == address {
            Ok(network)
        } else {
            Err(NotNetworks::BitsBeyond { given: text.to_owned(), meant: network.to_string() })
        }
    }
}

impl FromStr for AllowNetworks {
    type Err = NotNetworks;

    /// Networks with commas between; nothing between commas is nothing.
    fn from_str(text: &str) -> Result<Self, NotNetworks> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

impl fmt::Display for AllowNetworks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            write!(f, "{}{network}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use proptest::prelude::*;

    use super::*;

    fn allow(text: &str) -> AllowNetworks {
        text.parse().unwrap()
    }

    fn open(networks: &str, address: &str) -> bool {
        allow(networks).refusal(address.parse().unwrap()).is_none()
    }

    #[test]
    fn networks_are_read_and_written() {
        assert_eq!(allow(" 127.0.0.0/8, ::1/128,, 10.1.2.3 ").to_string(), "127.0.0.0/8,::1/128,10.1.2.3/32");
        assert_eq!(allow(""), AllowNetworks::default());
        assert_eq!(allow("0.0.0.0/0,::/0").to_string(), "0.0.0.0/0,::/0");
        for wrong in
            ["localhost", "127.0.0.0/33", "::/129", "127.0.0.0/", "127.0.0.0/+8", "127.1/8", "10.0.0.0/8/8", "*"]
        {
            assert_eq!(wrong.parse::<AllowNetworks>(), Err(NotNetworks::Malformed(wrong.to_owned())));
        }
        assert_eq!(
            "10.0.0.1/8".parse::<AllowNetworks>().map_err(|error| error.to_string()),
            Err("10.0.0.1/8 has bits beyond its prefix. Write 10.0.0.0/8 if the whole network is meant, or leave the prefix \
                 out for one address."
                .to_owned())
        );
    }

    #[test]
    fn only_what_was_opened_is_open() {
        assert!(!open("", "127.0.0.1") && open("", "93.184.216.34"));
        assert!(open("127.0.0.0/8", "127.255.255.255") && !open("127.0.0.0/8", "10.0.0.1"));
        assert!(!open("127.0.0.0/8", "::1") && open("::1", "::1"));
        assert!(open("10.1.2.3", "10.1.2.3") && !open("10.1.2.3", "10.1.2.4"));
        assert!(open("fd00::/8", "fd12::1") && !open("fd00::/8", "fc00::1"));
        assert!(open("0.0.0.0/0", "255.255.255.255") && open("::/0", "::"));
    }

    #[test]
    fn an_opened_network_is_open_in_every_form() {
        assert!(open("127.0.0.0/8", "::ffff:127.0.0.1") && open("10.0.0.0/8", "64:ff9b::10.0.0.1"));
        assert!(open("10.0.0.0/8", "2002:a00:1::1") && !open("10.0.0.0/8", "2002:7f00:1::1"));
        // Teredo by a public server to a client in 10.0.0.0/8, and by a server in a network that is shut.
        assert!(open("10.0.0.0/8", "2001:0:5db8:d822:0:0:f5ff:fffe"));
        assert!(!open("10.0.0.0/8", "2001:0:7f00:1:0:0:f5ff:fffe"));
        assert!(open("64:ff9b:1::/48", "64:ff9b:1::10.0.0.1"));
    }

    proptest! {
        #[test]
        fn a_network_holds_what_begins_with_its_bits(bits: u128, other: u128, prefix in 0u8..=128) {
            let first = Ipv6Addr::from_bits(bits & mask(128, prefix));
            let network: Network = format!("{first}/{prefix}").parse().unwrap();
            let same = prefix == 0 || (bits ^ other) >> (128 - u32::from(prefix)) == 0;
            prop_assert!(network.holds(Ipv6Addr::from_bits(bits).into()));
            prop_assert_eq!(network.holds(Ipv6Addr::from_bits(other).into()), same);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            let _ = text.parse::<AllowNetworks>();
        }
    }
}
