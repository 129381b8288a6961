use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::sync::lock;

/// Those who have dialled this node and have not proved yet who they are.
///
/// When there are too many the longest of those who have said nothing has to go: so silence costs nobody else his
/// place, and somebody who talks keeps his.
#[derive(Debug)]
pub(crate) struct WaitingRoom {
    guests: Mutex<Guests>,
    most: usize,
    most_of_an_address: usize,
}

#[derive(Debug, Default)]
struct Guests {
    /// In order of their arrival.
    all: BTreeMap<u64, Guest>,
    last: u64,
    /// How many had to go, or were not let in.
    turned_away: u64,
}

#[derive(Debug)]
struct Guest {
    address: IpAddr,
    has_spoken: bool,
    leave: Arc<Notify>,
}

/// A place in the waiting room, given up when it is dropped.
#[derive(Debug)]
pub(crate) struct Seated {
    room: Arc<WaitingRoom>,
    number: u64,
    /// Told when the guest has to go.
    pub leave: Arc<Notify>,
}

impl WaitingRoom {
    /// For so many in total, and of one address.
    pub fn new(most: usize, most_of_an_address: usize) -> Arc<Self> {
        Arc::new(Self {
            guests: Mutex::default(),
            most: most.max(1),
            most_of_an_address: most_of_an_address.max(1),
        })
    }

    /// Lets somebody in, if need be in place of one who has said nothing; none when all have.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Seated> {
        let mut guests = lock(&self.guests);
        let of_address = guests.count(|guest| guest.address == address);
        let has_room = (of_address < self.most_of_an_address
            || guests.show_out(|guest| guest.address == address))
            && (guests.all.len() < self.most || guests.show_out(|_| true));
        if !has_room {
            guests.turned_away += 1;
            return None;
        }
        guests.last += 1;
        let number = guests.last;
        let leave = Arc::new(Notify::new());
        let guest = Guest {
            address,
            has_spoken: false,
            leave: Arc::clone(&leave),
        };
        guests.all.insert(number, guest);
        Some(Seated {
            room: Arc::clone(self),
            number,
            leave,
        })
    }

    /// Those who wait, and those who had to go or were not let in.
    pub fn counts(&self) -> (usize, u64) {
        let guests = lock(&self.guests);
        (guests.all.len(), guests.turned_away)
    }
}

impl Guests {
    fn count(&self, is_meant: impl Fn(&Guest) -> bool) -> usize {
        self.all.values().filter(|guest| is_meant(guest)).count()
    }

    /// The longest of those who have said nothing goes; false when all have said something.
    fn show_out(&mut self, is_meant: impl Fn(&Guest) -> bool) -> bool {
        let silent = self
            .all
            .iter()
            .find(|(_, guest)| !guest.has_spoken && is_meant(guest));
        let Some(number) = silent.map(|(number, _)| *number) else {
            return false;
        };
        if let Some(guest) = self.all.remove(&number) {
            guest.leave.notify_one();
        }
        self.turned_away += 1;
        true
    }
}

impl Seated {
    /// The guest has said something.
    pub fn has_spoken(&self) {
        if let Some(guest) = lock(&self.room.guests).all.get_mut(&self.number) {
            guest.has_spoken = true;
        }
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        lock(&self.room.guests).all.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::WaitingRoom;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    #[test]
    fn the_longest_of_the_silent_goes_when_somebody_comes_and_who_has_spoken_stays() {
        let room = WaitingRoom::new(3, 2);
        let first = room.enter(address(1));
        let second = room.enter(address(1));
        first.as_ref().inspect(|seated| seated.has_spoken());
        let third = room.enter(address(1));
        assert!(third.is_some());
        assert_eq!(room.counts(), (2, 1));
        second.as_ref().inspect(|seated| seated.has_spoken());
        third.as_ref().inspect(|seated| seated.has_spoken());
        assert!(room.enter(address(1)).is_none(), "both have spoken");
        assert!(room.enter(address(2)).is_some(), "another address has room");
        drop((first, third));
        assert_eq!(room.counts().0, 0);
    }
    #[test]
    fn of_all_addresses_together_there_are_no_more_than_may_be() {
        let room = WaitingRoom::new(2, 2);
        let first = room.enter(address(1));
        let second = room.enter(address(2));
        let third = room.enter(address(3));
        assert!(third.is_some(), "the longest of the silent has gone");
        assert_eq!(room.counts(), (2, 1));
        for seated in second.iter().chain(&third) {
            seated.has_spoken();
        }
        assert!(room.enter(address(4)).is_none(), "all have spoken");
        assert_eq!(room.counts(), (2, 2));
        drop((first, second));
        assert!(room.enter(address(4)).is_some());
    }
}
