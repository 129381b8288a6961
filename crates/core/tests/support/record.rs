use tergo_core::RingMemory;
use tergo_core::layout::{
    IN_AT, IN_USED, REC_DROPPED, REC_FAR, REC_FREED, REC_PLACED, REC_REFUSED, REC_SHARED,
    REC_SLICE, REC_TIMER, REC_VERDICT, RECORD_OP_SHIFT, SLOT_MASK, TAG_EXTRA_SHIFT,
    TAG_QUEUE_SHIFT,
};

/// A message as it stands in a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub tag: u32,
    pub payload: u32,
}

impl Entry {
    pub fn new(kind: u32, queue: u32, extra: u32, payload: u32) -> Self {
        let tag = kind | queue << TAG_QUEUE_SHIFT | extra << TAG_EXTRA_SHIFT;
        Self { tag, payload }
    }

    pub fn kind(self) -> u32 {
        self.tag & 0xF
    }

    pub fn queue(self) -> usize {
        (self.tag >> TAG_QUEUE_SHIFT & 3) as usize
    }

    pub fn extra(self) -> u32 {
        self.tag >> TAG_EXTRA_SHIFT
    }
}

/// A record of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Slice {
        slot: u32,
        /// Where its first entry stands in the inbox.
        offset: u32,
        entries: Vec<Entry>,
    },
    Dropped {
        slot: u32,
        entry: Entry,
    },
    Placed {
        slot: u32,
        entry: Entry,
    },
    Refused {
        slot: u32,
        entry: Entry,
    },
    Shared {
        payload: u32,
        count: u32,
    },
    Freed {
        token: u32,
    },
    Verdict {
        token: u32,
        status: u32,
    },
    Timer {
        index: u32,
        sequence: u32,
    },
    Far {
        frame: u32,
    },
}

/// Reads the whole inbox; fails when a control record comes after a slice.
pub fn read_inbox(ring: &RingMemory) -> Vec<Record> {
    let used = ring.header(IN_USED);
    let (mut at, mut records, mut had_slice) = (0, Vec::new(), false);
    while at < used {
        let (record, words) = read_record(ring, at);
        let is_slice = matches!(record, Record::Slice { .. });
        assert!(is_slice || !had_slice, "a control record after a slice");
        had_slice |= is_slice;
        records.push(record);
        at += words;
    }
    assert_eq!(at, used, "the last record is whole");
    records
}

fn read_record(ring: &RingMemory, at: u32) -> (Record, u32) {
    let [head, first, second] = [0, 1, 2].map(|offset| inbox(ring, at + offset));
    let slot = head & SLOT_MASK;
    let record = match head >> RECORD_OP_SHIFT {
        REC_SLICE => {
            let entries = (0..first).map(|entry| Entry {
                tag: inbox(ring, at + 2 + 2 * entry),
                payload: inbox(ring, at + 3 + 2 * entry),
            });
            let (offset, entries) = (at + 2, entries.collect());
            let slice = Record::Slice {
                slot,
                offset,
                entries,
            };
            return (slice, 2 + 2 * first);
        }
        REC_DROPPED => Record::Dropped {
            slot,
            entry: Entry {
                tag: first,
                payload: second,
            },
        },
        REC_PLACED => Record::Placed {
            slot,
            entry: Entry {
                tag: first,
                payload: second,
            },
        },
        REC_REFUSED => Record::Refused {
            slot,
            entry: Entry {
                tag: first,
                payload: second,
            },
        },
        REC_SHARED => Record::Shared {
            payload: first,
            count: second,
        },
        REC_FREED => Record::Freed { token: first },
        REC_VERDICT => Record::Verdict {
            token: first,
            status: second,
        },
        REC_TIMER => Record::Timer {
            index: first,
            sequence: second,
        },
        REC_FAR => Record::Far { frame: first },
        op => panic!("there is no record {op}"),
    };
    (record, 3)
}

fn inbox(ring: &RingMemory, at: u32) -> u32 {
    ring.word(IN_AT + at)
}
