//! Items that differ from the one before in their value only.

use super::Link;
use crate::TakeValue;
use crate::link::credit::cost;
use crate::link::frame::FRAGMENT_BYTES;

impl Link {
    /// The item that was sent last once more, with each of these values, of which the bytes stand in `payload`: as long as it
    /// stands in the batch that is being filled, and there is room. Gives how many there was room for.
    #[inline]
    pub fn send_again(&mut self, values: &[u32], payload: &[u8]) -> usize {
        let is_number = self.out.has_number();
        let largest = self.max_message.0.min(FRAGMENT_BYTES as u64) as usize;
        let (mut sent, mut left) = (0, payload);
        for value in values {
            let length = if is_number { 0 } else { *value as usize };
            let stands_there = self.is_last_plain && self.out.is_plain();
            let may_go = stands_there && self.has_room() && length <= largest;
            let Some((bytes, rest)) = left.split_at_checked(length).filter(|_| may_go) else {
                break;
            };
            self.credit.spend(cost(length as u64, self.credit.window()));
            self.out.item_again(*value, bytes, &mut self.counters);
            (sent, left) = (sent + 1, rest);
        }
        sent
    }

    /// Gives the values of the items that come next to `take`, as long as they differ from the last in their value only, and
    /// `is_value` holds of those that are bytes; gives what they take of the window. It ends before what is wrong.
    #[inline]
    pub fn values(&mut self, is_value: impl Fn(&[u8]) -> bool, take: &mut TakeValue<'_>) -> u64 {
        let (window, room) = (self.debt.window(), self.debt.room());
        let largest = self.max_message.1;
        let (mut count, mut costs) = (0, 0);
        self.inbound.values(is_value, |integer, bytes| {
            let length = bytes.len() as u64;
            let all = costs + cost(length, window);
            let is_taken = length <= largest && all <= room && take(integer, bytes);
            if is_taken {
                (count, costs) = (count + 1, all);
            }
            is_taken
        });
        self.counters.items_in += count;
        self.debt.count(costs);
        costs
    }
}
