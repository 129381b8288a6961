use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::event::NetworkEvent;
use crate::hub::Hub;
use crate::sync::lock;

/// Of one address somebody who is not let in is told of at most that often.
const INTERVAL: Duration = Duration::from_secs(10);
/// Of so many addresses; those of more are told of as one.
const MOST_ADDRESSES: usize = 64;
/// What stands for the address of these.
const OTHERS: &str = "others";

/// Those who were not let in, so that strangers cannot fill the log: the first of an address is told at once, of those that
/// follow soon how many there were.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    lately: Mutex<Lately>,
}

/// By address; none: that of all the others.
type Lately = HashMap<Option<IpAddr>, Held>;

/// Of whom was told lately.
#[derive(Debug)]
struct Held {
    /// Until then only counted.
    until: Duration,
    /// So many are not told of yet.
    left_out: u64,
    /// Why the last of them was not let in.
    reason: String,
}

/// What is to be done about somebody who was not let in.
#[derive(Debug, PartialEq, Eq)]
enum Then {
    /// Tell of him as of that address.
    Tell(String),
    /// Look at this time what was left out.
    Look(Duration),
    /// Nothing: somebody will look.
    Count,
}

impl Rejections {
    /// Somebody was not let in.
    pub fn tell(hub: &Arc<Hub>, address: IpAddr, reason: String) {
        let now = hub.clock.now();
        let then = hub.rejections.note(address, &reason, now);
        match then {
            Then::Tell(address) => hub.events.push(NetworkEvent::Rejected {
                address,
                reason,
                count: 1,
            }),
            Then::Count => {}
            Then::Look(at) => {
                let (due, at, hub) = (at, hub.clock.instant(at), Arc::downgrade(hub));
                tokio::spawn(async move {
                    tokio::time::sleep_until(at).await;
                    if let Some(hub) = hub.upgrade() {
                        Self::tell_of_the_rest(&hub, due);
                    }
                });
            }
        }
    }

    /// Not before it is due, though clocks may differ a little.
    fn tell_of_the_rest(hub: &Hub, due: Duration) {
        for event in hub.rejections.due(hub.clock.now().max(due)) {
            hub.events.push(event);
        }
    }

    fn note(&self, address: IpAddr, reason: &str, now: Duration) -> Then {
        let mut lately = lock(&self.lately);
        if lately.len() >= MOST_ADDRESSES {
            lately.retain(|_, held| held.left_out > 0 || now < held.until);
        }
        let is_known = lately.contains_key(&Some(address));
        let is_one_of_many = !is_known && lately.len() >= MOST_ADDRESSES;
        let key = (!is_one_of_many).then_some(address);
        if let Some(held) = lately.get_mut(&key)
            && (now < held.until || held.left_out > 0)
        {
            held.left_out += 1;
            reason.clone_into(&mut held.reason);
            return if held.left_out == 1 {
                Then::Look(held.until)
            } else {
                Then::Count
            };
        }
        let held = Held {
            until: now + INTERVAL,
            left_out: 0,
            reason: String::new(),
        };
        lately.insert(key, held);
        Then::Tell(name_of(key))
    }

    /// Those that were left out, as far as their time has come.
    fn due(&self, now: Duration) -> Vec<NetworkEvent> {
        let mut lately = lock(&self.lately);
        let due = lately
            .iter_mut()
            .filter(|(_, held)| held.left_out > 0 && held.until <= now);
        due.map(|(key, held)| {
            held.until = now + INTERVAL;
            NetworkEvent::Rejected {
                address: name_of(*key),
                reason: std::mem::take(&mut held.reason),
                count: std::mem::take(&mut held.left_out),
            }
        })
        .collect()
    }
}

fn name_of(address: Option<IpAddr>) -> String {
    address.map_or_else(|| OTHERS.to_owned(), |address| address.to_string())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn rejected(address: &str, reason: &str, count: u64) -> NetworkEvent {
        NetworkEvent::Rejected {
            address: address.to_owned(),
            reason: reason.to_owned(),
            count,
        }
    }

    #[test]
    fn the_first_of_an_address_is_told_and_of_the_next_how_many_there_were() {
        let rejections = Rejections::default();
        let told = rejections.note(address(1), "one", secs(0));
        assert_eq!(told, Then::Tell("0.0.0.1".to_owned()));
        let looked = rejections.note(address(1), "two", secs(1));
        assert_eq!(looked, Then::Look(secs(10)));
        assert_eq!(rejections.note(address(1), "three", secs(2)), Then::Count);
        let other = rejections.note(address(2), "one", secs(2));
        assert_eq!(other, Then::Tell("0.0.0.2".to_owned()));
        assert_eq!(rejections.due(secs(9)), []);
        assert_eq!(rejections.due(secs(10)), [rejected("0.0.0.1", "three", 2)]);
        assert_eq!(rejections.due(secs(20)), []);
    }

    #[test]
    fn what_comes_after_that_is_told_once_an_interval() {
        let rejections = Rejections::default();
        rejections.note(address(1), "one", secs(0));
        rejections.note(address(1), "two", secs(1));
        assert_eq!(rejections.due(secs(10)).len(), 1);
        let looked = rejections.note(address(1), "three", secs(11));
        assert_eq!(looked, Then::Look(secs(20)));
        assert_eq!(rejections.due(secs(20)), [rejected("0.0.0.1", "three", 1)]);
        let told = rejections.note(address(1), "four", secs(30));
        assert_eq!(told, Then::Tell("0.0.0.1".to_owned()));
    }

    #[test]
    fn of_many_addresses_most_are_told_of_as_one() {
        let rejections = Rejections::default();
        let told = (0..1000).filter(|number| {
            let then = rejections.note(address(*number), "bad", secs(0));
            matches!(then, Then::Tell(_))
        });
        assert_eq!(told.count(), MOST_ADDRESSES + 1);
        let left_out = 1000 - MOST_ADDRESSES as u64 - 1;
        assert_eq!(
            rejections.due(secs(10)),
            [rejected(OTHERS, "bad", left_out)]
        );
        let told = rejections.note(address(5000), "bad", secs(100));
        assert_eq!(told, Then::Tell("0.0.19.136".to_owned()));
    }
}
