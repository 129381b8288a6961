use std::sync::atomic::Ordering;

use crate::sync::{Mutex, SharedWord, fence, lock};

/// Frames that lie side by side in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The chunk.
    pub chunk: u32,
    /// The thread that wrote them.
    pub sender: u32,
    /// First word.
    pub from: u32,
    /// The word after the last.
    pub to: u32,
    /// Whether nothing more comes in this chunk.
    pub is_last: bool,
}

/// How many words lie in these ranges.
pub(crate) fn words_of<'a>(ranges: impl IntoIterator<Item = &'a Range>) -> u64 {
    let words = ranges.into_iter().map(|range| range.to - range.from);
    words.map(u64::from).sum()
}

/// What is on its way to one thread, and whether that sleeps.
#[derive(Debug, Default)]
pub(crate) struct Inject {
    queue: Mutex<Queue>,
    pending: SharedWord,
    asleep: SharedWord,
    /// The incarnation that receives, for those who only look; 0: nobody does.
    current: SharedWord,
}

#[derive(Debug, Default)]
struct Queue {
    ranges: Vec<Range>,
    is_open: bool,
    /// How often somebody began to receive here.
    incarnation: u32,
}

impl Inject {
    /// Somebody receives from now on.
    pub fn open(&self) {
        let mut queue = lock(&self.queue);
        queue.is_open = true;
        queue.incarnation = queue.incarnation.wrapping_add(1);
        self.current.store(queue.incarnation, Ordering::SeqCst);
    }

    /// Nobody does any more; gives what was under way.
    pub fn close(&self) -> Vec<Range> {
        let mut queue = lock(&self.queue);
        queue.is_open = false;
        self.current.store(0, Ordering::SeqCst);
        self.pending.store(0, Ordering::SeqCst);
        self.asleep.store(0, Ordering::SeqCst);
        std::mem::take(&mut queue.ranges)
    }

    /// Who receives: the how many-th at this place; none when nobody does.
    pub fn incarnation(&self) -> Option<u32> {
        let queue = lock(&self.queue);
        queue.is_open.then_some(queue.incarnation)
    }

    /// Whether an incarnation still receives; may be late, which `push` is not.
    #[inline]
    pub fn is_current(&self, incarnation: u32) -> bool {
        self.current.load(Ordering::Relaxed) == incarnation
    }

    /// Adds a range for one incarnation: whether it must be woken, or none when it does not receive any more.
    pub fn push(&self, range: Range, incarnation: u32) -> Option<bool> {
        {
            let mut queue = lock(&self.queue);
            if !queue.is_open || queue.incarnation != incarnation {
                return None;
            }
            queue.ranges.push(range);
            self.pending.store(1, Ordering::SeqCst);
        }
        // Pairs with the fence in `fall_asleep`: one of the two sees what the other wrote.
        fence(Ordering::SeqCst);
        let sleeps = self.asleep.load(Ordering::SeqCst) == 1;
        Some(sleeps && self.asleep.swap(0, Ordering::SeqCst) == 1)
    }

    /// Whether something waits; may be late.
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Relaxed) != 0
    }

    /// Whether the receiver sleeps; may be late.
    #[inline]
    pub fn is_asleep(&self) -> bool {
        self.asleep.load(Ordering::Relaxed) != 0
    }

    /// How many words wait.
    pub fn waiting_words(&self) -> u64 {
        words_of(&lock(&self.queue).ranges)
    }

    /// Moves all that waits to the end of `ranges`.
    pub fn take(&self, ranges: &mut Vec<Range>) {
        let mut queue = lock(&self.queue);
        self.pending.store(0, Ordering::SeqCst);
        ranges.append(&mut queue.ranges);
    }

    /// The receiver is about to sleep: true when it may, after which the next `push` wakes it.
    pub fn fall_asleep(&self) -> bool {
        self.asleep.store(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if self.pending.load(Ordering::SeqCst) == 0 {
            return true;
        }
        self.asleep.store(0, Ordering::SeqCst);
        false
    }

    /// The receiver is awake: nobody need wake it.
    #[inline]
    pub fn stay_awake(&self) {
        if self.asleep.load(Ordering::Relaxed) != 0 {
            self.asleep.store(0, Ordering::SeqCst);
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use loom::sync::Arc;
    use loom::thread;

    use super::{Inject, Range};

    fn range(sender: u32, from: u32) -> Range {
        let to = from + 1;
        Range {
            chunk: 0,
            sender,
            from,
            to,
            is_last: false,
        }
    }

    fn opened() -> Arc<Inject> {
        let inject = Arc::new(Inject::default());
        inject.open();
        inject
    }

    #[test]
    fn a_receiver_that_falls_asleep_is_woken_or_sees_what_came() {
        loom::model(|| {
            let inject = opened();
            let sender = {
                let inject = Arc::clone(&inject);
                thread::spawn(move || inject.push(range(1, 0), 1))
            };
            let sleeps = inject.fall_asleep();
            let must_wake = sender.join().unwrap();
            if sleeps {
                assert_eq!(must_wake, Some(true), "it would sleep for ever");
            }
            let mut ranges = Vec::new();
            inject.take(&mut ranges);
            assert_eq!(ranges, [range(1, 0)]);
        });
    }

    #[test]
    fn of_two_senders_one_at_most_wakes_and_nothing_is_lost() {
        loom::model(|| {
            let inject = opened();
            let senders = [1, 2].map(|sender| {
                let inject = Arc::clone(&inject);
                thread::spawn(move || inject.push(range(sender, 0), 1))
            });
            let sleeps = inject.fall_asleep();
            let woken = senders.map(|sender| sender.join().unwrap() == Some(true));
            assert!(woken.iter().filter(|woken| **woken).count() <= 1);
            assert!(!sleeps || woken.contains(&true));
            let mut ranges = Vec::new();
            inject.take(&mut ranges);
            assert_eq!(ranges.len(), 2);
        });
    }

    #[test]
    fn ranges_of_one_sender_keep_their_order_while_they_are_taken() {
        loom::model(|| {
            let inject = opened();
            let sender = {
                let inject = Arc::clone(&inject);
                thread::spawn(move || {
                    inject.push(range(1, 0), 1);
                    inject.push(range(1, 1), 1);
                })
            };
            let mut ranges = Vec::new();
            if inject.is_pending() {
                inject.take(&mut ranges);
            }
            sender.join().unwrap();
            if inject.is_pending() {
                inject.take(&mut ranges);
            }
            assert_eq!(ranges, [range(1, 0), range(1, 1)]);
        });
    }

    #[test]
    fn what_is_pushed_while_it_closes_is_given_back_or_refused() {
        loom::model(|| {
            let inject = opened();
            let sender = {
                let inject = Arc::clone(&inject);
                thread::spawn(move || inject.push(range(1, 0), 1).is_some())
            };
            let given_back = inject.close();
            let was_taken = sender.join().unwrap();
            assert_eq!(was_taken, !given_back.is_empty());
        });
    }

    #[test]
    fn what_was_meant_for_one_that_has_left_never_reaches_its_successor() {
        loom::model(|| {
            let inject = opened();
            let sender = {
                let inject = Arc::clone(&inject);
                thread::spawn(move || inject.push(range(1, 0), 1).is_some())
            };
            let given_back = inject.close();
            inject.open();
            assert_eq!(inject.incarnation(), Some(2));
            let was_taken = sender.join().unwrap();
            assert_eq!(was_taken, !given_back.is_empty());
            let mut ranges = Vec::new();
            inject.take(&mut ranges);
            assert!(ranges.is_empty());
        });
    }
}
