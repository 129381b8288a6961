use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::ServerLimits;
use super::rate_limit::RateLimit;

/// How many addresses have a count of their own; beyond it all others share one.
const MAX_ADDRESSES: usize = 1024;

/// How often questions may come by datagram: in all, and from one address.
#[derive(Debug)]
pub(super) struct Datagrams {
    per_address: u32,
    all: RateLimit,
    others: RateLimit,
    addresses: BTreeMap<IpAddr, RateLimit>,
}

impl Datagrams {
    /// None has come.
    pub fn new(limits: &ServerLimits, now: Duration) -> Self {
        let per_address = limits.per_address;
        Self {
            per_address,
            all: RateLimit::new(limits.datagrams, limits.datagrams * 2, now),
            others: RateLimit::new(per_address, per_address * 2, now),
            addresses: BTreeMap::new(),
        }
    }

    /// Whether one more from there may be answered.
    pub fn take(&mut self, from: IpAddr, now: Duration) -> bool {
        self.of(from.to_canonical(), now).take(now) && self.all.take(now)
    }

    fn of(&mut self, from: IpAddr, now: Duration) -> &mut RateLimit {
        let is_known = self.addresses.contains_key(&from);
        if !is_known && self.addresses.len() >= MAX_ADDRESSES {
            self.addresses.retain(|_, limit| !limit.is_full(now));
        }
        if !is_known && self.addresses.len() >= MAX_ADDRESSES {
            return &mut self.others;
        }
        let per_address = self.per_address;
        let new = || RateLimit::new(per_address, per_address * 2, now);
        self.addresses.entry(from).or_insert_with(new)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn forged_addresses_cannot_fill_the_memory() {
        let now = Duration::ZERO;
        let mut datagrams = Datagrams::new(&ServerLimits::default(), now);
        let address = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(number));
        for number in 0..5000 {
            datagrams.take(address(number), now);
        }
        assert_eq!(datagrams.addresses.len(), MAX_ADDRESSES);
        assert!(datagrams.take(address(9999), Duration::from_secs(9)));
        assert_eq!(
            datagrams.addresses.len(),
            1,
            "those of long ago are forgotten"
        );
    }
}
