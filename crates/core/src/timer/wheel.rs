use super::TimerEntry;
use crate::NIL;
use crate::ring::Fault;

/// Bits of the time that one level tells apart.
const LEVEL_BITS: u32 = 6;
/// Buckets of a level.
const LEVEL_BUCKETS: usize = 1 << LEVEL_BITS;
/// Levels enough for every time of 64 bits, so that nothing ever wraps.
const LEVELS: usize = u64::BITS.div_ceil(LEVEL_BITS) as usize;
/// How far behind the last timer a new index may be: a bound on what one bad command can allocate.
const MAX_GAP: usize = 1 << 16;

/// The timers that are due at about the same time, in order.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    head: u32,
    tail: u32,
}

impl Bucket {
    const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
    };
}

/// A hierarchical timer wheel with ticks of one millisecond.
///
/// A timer stands in the level of the highest bits in which its time differs from `elapsed`, in the
/// bucket of its time's value there. So all of a level's timers come before those of the next level,
/// and the lowest bucket in use of the lowest level in use is always the next one.
#[derive(Debug)]
pub(crate) struct TimerWheel {
    /// The time up to which all timers have fired, ms.
    elapsed: u64,
    entries: Vec<TimerEntry>,
    buckets: Box<[Bucket; LEVELS * LEVEL_BUCKETS]>,
    /// For each level one bit for each bucket in use.
    occupied: [u64; LEVELS],
    running: u32,
}

impl TimerWheel {
    /// A wheel without timers, at time 0.
    pub fn new() -> Self {
        Self {
            elapsed: 0,
            entries: Vec::new(),
            buckets: Box::new([Bucket::EMPTY; LEVELS * LEVEL_BUCKETS]),
            occupied: [0; LEVELS],
            running: 0,
        }
    }

    /// Starts a timer, instead of the one that ran under this index.
    pub fn start(&mut self, index: u32, timer: TimerEntry) -> Result<(), Fault> {
        let at = index as usize;
        if at >= self.entries.len() {
            if at - self.entries.len() > MAX_GAP || index == NIL {
                return Err(Fault::Timer);
            }
            self.entries.resize(at + 1, TimerEntry::IDLE);
        }
        if self.entries[at].is_running() {
            self.remove(index);
        }
        self.entries[at] = timer;
        self.insert(index);
        self.running += 1;
        Ok(())
    }

    /// Stops a timer, if it still runs and is the one of this sequence number.
    pub fn cancel(&mut self, index: u32, sequence: u32) -> Result<(), Fault> {
        let timer = self.entries.get(index as usize).ok_or(Fault::Timer)?;
        if timer.is_running() && timer.sequence == sequence {
            self.remove(index);
        }
        Ok(())
    }

    /// Moves the time forward and tells index and sequence number of each timer that is due, in the
    /// order of their times. Ticks of a repeated timer that were missed are dropped.
    pub fn advance(&mut self, now: u64, mut due: impl FnMut(u32, u32)) {
        while let Some((bucket, start)) = self.next() {
            if start > now {
                break;
            }
            self.elapsed = start;
            let is_due = bucket < LEVEL_BUCKETS;
            let mut at = self.empty(bucket);
            while at != NIL {
                let index = at;
                at = self.entries[index as usize].next;
                if is_due {
                    due(index, self.entries[index as usize].sequence);
                    self.fire(index, now);
                } else {
                    self.insert(index);
                }
            }
        }
        self.elapsed = self.elapsed.max(now);
    }

    /// A time at which there is something to do, ms: never later than the next timer's own.
    #[inline]
    pub fn next_due(&self) -> Option<u64> {
        if self.running == 0 {
            return None;
        }
        self.next().map(|(_, start)| start)
    }

    /// Timers that run.
    pub fn running(&self) -> u32 {
        self.running
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<TimerEntry>() + size_of_val(self.buckets.as_ref())
    }

    /// The first bucket in use, and the time at which it starts.
    #[inline]
    fn next(&self) -> Option<(usize, u64)> {
        let level = self.occupied.iter().position(|&buckets| buckets != 0)?;
        let place = self.occupied[level].trailing_zeros();
        let shift = level as u32 * LEVEL_BITS;
        let above = shift + LEVEL_BITS;
        let base = self
            .elapsed
            .checked_shr(above)
            .map_or(0, |high| high << above);
        let start = base | u64::from(place) << shift;
        Some((level * LEVEL_BUCKETS + place as usize, start))
    }

    fn fire(&mut self, index: u32, now: u64) {
        let timer = &mut self.entries[index as usize];
        if timer.period == 0 {
            timer.stop();
            self.running -= 1;
        } else {
            timer.skip_past(now);
            self.insert(index);
        }
    }

    fn insert(&mut self, index: u32) {
        let due = self.entries[index as usize].due.max(self.elapsed);
        let differing = (due ^ self.elapsed).checked_ilog2().unwrap_or(0);
        let level = differing / LEVEL_BITS;
        let place = (due >> (level * LEVEL_BITS)) as usize % LEVEL_BUCKETS;
        let at = level as usize * LEVEL_BUCKETS + place;
        self.occupied[level as usize] |= 1 << place;

        let last = self.buckets[at].tail;
        if last == NIL {
            self.buckets[at].head = index;
        } else {
            self.entries[last as usize].next = index;
        }
        self.buckets[at].tail = index;
        let timer = &mut self.entries[index as usize];
        timer.previous = last;
        timer.next = NIL;
        timer.bucket = at as u16;
    }

    fn remove(&mut self, index: u32) {
        let timer = &mut self.entries[index as usize];
        let (next, previous) = (timer.next, timer.previous);
        let at = usize::from(timer.bucket);
        timer.stop();
        if previous == NIL {
            self.buckets[at].head = next;
        } else {
            self.entries[previous as usize].next = next;
        }
        if next == NIL {
            self.buckets[at].tail = previous;
        } else {
            self.entries[next as usize].previous = previous;
        }
        if self.buckets[at].head == NIL {
            self.clear_bit(at);
        }
        self.running -= 1;
    }

    /// Empties a bucket and gives its first timer; the others follow by `next`.
    fn empty(&mut self, bucket: usize) -> u32 {
        self.clear_bit(bucket);
        std::mem::replace(&mut self.buckets[bucket], Bucket::EMPTY).head
    }

    fn clear_bit(&mut self, bucket: usize) {
        self.occupied[bucket / LEVEL_BUCKETS] &= !(1 << (bucket % LEVEL_BUCKETS));
    }
}
