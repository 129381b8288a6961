use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tergo_core::layout::{
    BLOCK_WORDS, CONTROL_PEER_GONE, CONTROL_PEER_UP, FLAG_BLOBS, FLAG_IMPORTANT, FLAG_NAMED,
    FORMAT_INT, FRAME_CONTROL, FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT, FRAME_KIND_SHIFT,
    FRAME_MESSAGE, FRAME_QUEUE_SHIFT, FRAME_WORDS, GRANT_AT, GRANTED, IN_AT, IN_USED,
    KIND_ADDRESSED, KIND_FAR, MORE, OP_SPAWN, OUT_AT, OUT_USED, QUEUE_MAIN, REC_DROPPED, REC_FAR,
    REC_PLACED, REC_REFUSED, REC_SLICE, RECORD_OP_SHIFT, SLOT_MASK,
};
use tergo_core::{Block, Fabric, RingMemory, Scheduler, Verdict};

use super::{Got, PATIENCE, Pid, Received, encode};

const NONE: u32 = u32::MAX;

struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

/// One thread of a node, driven by the test.
pub struct Thread {
    pub scheduler: Scheduler,
    ring: Arc<RingMemory>,
    number: u32,
    open: std::collections::HashMap<u32, (Arc<Block>, u32)>,
    bell: Arc<Bell>,
    got: VecDeque<Got>,
    has_posted: bool,
}

impl Thread {
    pub fn join(fabric: &Arc<Fabric>, number: u32) -> Self {
        let scheduler = Scheduler::join(fabric, number).expect("the place is free");
        let bell = Arc::new(Bell {
            rung: Mutex::new(false),
            changed: Condvar::new(),
        });
        let ringer = Arc::clone(&bell);
        fabric.on_wake(
            number,
            Arc::new(move || {
                *ringer.rung.lock().expect("no panic") = true;
                ringer.changed.notify_all();
            }),
        );
        let ring = Arc::clone(scheduler.ring());
        Self {
            scheduler,
            ring,
            number,
            open: std::collections::HashMap::new(),
            bell,
            got: VecDeque::new(),
            has_posted: false,
        }
    }

    pub fn spawn(&mut self) -> Pid {
        self.scheduler.grant();
        assert!(self.ring.header(GRANTED) > 0);
        let [slot, generation] = [0, 1].map(|at| self.ring.word(GRANT_AT + at));
        self.command([OP_SPAWN, slot, generation, 1]);
        self.scheduler.flush();
        Pid {
            thread: self.number,
            slot,
            generation,
        }
    }

    pub fn name(&mut self, pid: Pid, name: &str) {
        assert_eq!(
            self.scheduler.register_name(pid.slot, pid.generation, name),
            Verdict::Ok
        );
    }

    pub fn command(&mut self, words: [u32; 4]) {
        for (at, word) in words.into_iter().enumerate() {
            self.ring.set_word(OUT_AT + at as u32, word);
        }
        self.ring.set_header(OUT_USED, 4);
    }

    /// A frame for a connection; false when there is no room.
    pub fn post(&mut self, seat: u32, head: u32, words: [u32; 6], payload: &[u8]) -> bool {
        let is_int = head >> FRAME_FORMAT_SHIFT & 0xFF == FORMAT_INT;
        let size = FRAME_WORDS + (payload.len() as u32).next_multiple_of(8) / 4;
        if !self.has_room(seat, size) {
            return false;
        }
        let (block, at) = self.open.get_mut(&seat).expect("one is open");
        block.set(*at, head);
        block.set(
            *at + 1,
            if is_int {
                words[0]
            } else {
                payload.len() as u32
            },
        );
        block.set(*at + 2, words[1]);
        block.set(*at + 3, words[2]);
        block.set(*at + 4, words[3] | self.number << 24);
        block.set(*at + 5, words[4]);
        block.set(*at + 6, words[5]);
        block.set(*at + 7, 0);
        for (index, bytes) in payload.chunks(4).enumerate() {
            let mut word = [0; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            block.set(*at + FRAME_WORDS + index as u32, u32::from_ne_bytes(word));
        }
        *at += size;
        self.ring.write_port(seat, 4 * *at);
        self.has_posted = true;
        true
    }

    /// Whether so many words have room for a connection: in the chunk that is open, or in another one.
    fn has_room(&mut self, seat: u32, size: u32) -> bool {
        let open = self.open.get(&seat);
        if open.is_some_and(|(_, at)| at + size <= BLOCK_WORDS) {
            return true;
        }
        let chunk = self.scheduler.open(seat, false);
        if chunk == NONE {
            self.open.remove(&seat);
            return false;
        }
        let fabric = self.scheduler.fabric().expect("it has joined");
        let block = fabric.chunk(chunk).expect("it is there");
        self.open.insert(seat, (block, 0));
        true
    }

    /// A whole number for a process; false when there is no room.
    pub fn send_int(&mut self, seat: u32, to: Pid, from: Pid, value: u32) -> bool {
        let head = FRAME_MESSAGE | KIND_FAR << FRAME_KIND_SHIFT | QUEUE_MAIN << FRAME_QUEUE_SHIFT;
        self.post(seat, head, words(value, to, from), &[])
    }

    /// A value for a process: a string.
    pub fn send(&mut self, seat: u32, to: Pid, from: Pid, text: &[u8]) -> bool {
        let head = FRAME_MESSAGE
            | KIND_FAR << FRAME_KIND_SHIFT
            | QUEUE_MAIN << FRAME_QUEUE_SHIFT
            | 1 << FRAME_FORMAT_SHIFT;
        self.post(seat, head, words(0, to, from), &encode(text))
    }

    pub fn send_named(&mut self, seat: u32, name: &str, from: Pid, text: &[u8]) -> bool {
        let head = FRAME_MESSAGE
            | KIND_ADDRESSED << FRAME_KIND_SHIFT
            | QUEUE_MAIN << FRAME_QUEUE_SHIFT
            | FLAG_NAMED << FRAME_FLAGS_SHIFT
            | 1 << FRAME_FORMAT_SHIFT;
        let mut payload = (name.len() as u32).to_ne_bytes().to_vec();
        payload.extend(name.as_bytes());
        payload.resize(payload.len().next_multiple_of(8), 0);
        payload.extend(encode(text));
        self.post(
            seat,
            head,
            words(
                0,
                Pid {
                    thread: 0,
                    slot: 0,
                    generation: 0,
                },
                from,
            ),
            &payload,
        )
    }

    /// A value with two words before it, as a request has them.
    pub fn send_prefixed(
        &mut self,
        seat: u32,
        (to, from): (Pid, Pid),
        (kind, prefix): (u32, [u32; 2]),
        text: &[u8],
    ) -> bool {
        let head = FRAME_MESSAGE
            | kind << FRAME_KIND_SHIFT
            | QUEUE_MAIN << FRAME_QUEUE_SHIFT
            | FLAG_IMPORTANT << FRAME_FLAGS_SHIFT
            | 1 << FRAME_FORMAT_SHIFT;
        let mut payload = prefix.map(u32::to_le_bytes).concat();
        payload.extend(encode(text));
        self.post(seat, head, words(0, to, from), &payload)
    }

    pub fn send_control(&mut self, seat: u32, op: u32, number: u32, text: &[u8]) -> bool {
        let head = FRAME_CONTROL | 1 << FRAME_FORMAT_SHIFT;
        self.post(seat, head, [0, op, number, 0, 0, 0], &encode(text))
    }

    /// Sends so many large values, of which thread 0 of a node with a quota of one chunk has room for four.
    pub fn send_blobs(&mut self, seat: u32, to: Pid, from: Pid, count: u32) {
        for _ in 0..count {
            while !self.send_blob(seat, to, from, &vec![7; 64 << 10]) {
                self.turn();
            }
        }
    }

    /// Bytes as a blob.
    pub fn send_blob(&mut self, seat: u32, to: Pid, from: Pid, bytes: &[u8]) -> bool {
        // First, as it is in a node: a blob may take all the room that there is.
        if !self.has_room(seat, FRAME_WORDS + 4) {
            return false;
        }
        let number = self.scheduler.put_blob(seat, bytes, 0, false);
        if number == 0 {
            return false;
        }
        let head = FRAME_MESSAGE
            | KIND_FAR << FRAME_KIND_SHIFT
            | QUEUE_MAIN << FRAME_QUEUE_SHIFT
            | FLAG_BLOBS << FRAME_FLAGS_SHIFT
            | 1 << FRAME_FORMAT_SHIFT;
        let mut payload = [1_u32.to_ne_bytes(), number.to_ne_bytes()].concat();
        // BLOB, Uint8Array, place 0.
        payload.extend([21, 2, 0, 0, 0, 0]);
        self.post(seat, head, words(0, to, from), &payload)
    }

    /// Nothing is written for that connection any more.
    pub fn forget(&mut self, seat: u32) {
        self.open.remove(&seat);
        self.scheduler.close_chunk(seat);
    }

    /// One turn: what came.
    pub fn turn(&mut self) -> Vec<Got> {
        self.scheduler.turn();
        let used = self.ring.header(IN_USED);
        let (mut at, mut got) = (0, Vec::new());
        while at < used {
            let [head, first, second] = [0, 1, 2].map(|word| {
                if at + word < used {
                    self.ring.word(IN_AT + at + word)
                } else {
                    0
                }
            });
            let slot = head & SLOT_MASK;
            match head >> RECORD_OP_SHIFT {
                REC_SLICE => {
                    for entry in 0..first {
                        let frame = self.ring.word(IN_AT + at + 3 + 2 * entry);
                        let frame = self.read(frame);
                        got.push(Got::Message { slot, frame });
                    }
                    at += 2 + 2 * first;
                    continue;
                }
                REC_DROPPED => got.push(Got::Dropped(self.read(second))),
                REC_REFUSED => got.push(Got::Refused(self.read(second))),
                REC_PLACED => got.push(Got::Placed(self.read(second))),
                REC_FAR => got.push(self.control(first)),
                other => panic!("unexpected record {other}"),
            }
            at += 3;
        }
        got
    }

    /// Counts the messages of one turn without looking at them.
    pub fn turn_count(&mut self) -> u64 {
        self.scheduler.turn();
        let used = self.ring.header(IN_USED);
        let (mut at, mut count) = (0, 0);
        while at < used {
            if self.ring.word(IN_AT + at) >> RECORD_OP_SHIFT == REC_SLICE {
                let entries = self.ring.word(IN_AT + at + 1);
                count += u64::from(entries);
                at += 2 + 2 * entries;
            } else {
                at += 3;
            }
        }
        count
    }

    /// Whether something was written since the last turn.
    pub fn has_posted(&mut self) -> bool {
        std::mem::take(&mut self.has_posted)
    }

    /// Whether the next turn has work already.
    pub fn has_more(&self) -> bool {
        self.ring.header(MORE) != 0
    }

    /// Waits until something comes.
    pub fn sleep(&mut self) {
        if self.has_more() || !self.scheduler.doze() {
            return;
        }
        let rung = self.bell.rung.lock().expect("no panic");
        let waiting =
            self.bell
                .changed
                .wait_timeout_while(rung, Duration::from_millis(50), |rung| !*rung);
        *waiting.expect("no panic").0 = false;
    }

    /// The first that `pick` takes; the others are kept.
    pub fn find<T>(&mut self, mut pick: impl FnMut(&Got) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self
                .got
                .iter()
                .enumerate()
                .find_map(|(at, got)| Some((at, pick(got)?)));
            if let Some((at, picked)) = found {
                self.got.remove(at);
                return picked;
            }
            assert!(
                Instant::now() < deadline,
                "it took too long; there is {:?}",
                self.got
            );
            let got = self.turn();
            self.got.extend(got);
            if self.got.is_empty() || self.got.iter().all(|got| pick(got).is_none()) {
                self.sleep();
            }
        }
    }

    /// So many messages.
    pub fn messages(&mut self, count: usize) -> Vec<Received> {
        let message = |got: &Got| match got {
            Got::Message { frame, .. } => Some(frame.clone()),
            _ => None,
        };
        (0..count).map(|_| self.find(message)).collect()
    }

    fn control(&self, number: u32) -> Got {
        let fabric = self.scheduler.fabric().expect("it has joined");
        let block = fabric.chunk(number >> 15 & 0xFFFF).expect("a chunk");
        let at = (number & 0x7FFF) * 2;
        match block.get(at + 2) {
            CONTROL_PEER_GONE => Got::Gone(block.get(at + 1)),
            CONTROL_PEER_UP => {
                let name = self.read(number).payload.split_off(24);
                Got::Up(String::from_utf8(name).expect("a name"))
            }
            op => Got::Control {
                op,
                frame: self.read(number),
            },
        }
    }

    fn read(&self, number: u32) -> Received {
        let fabric = self.scheduler.fabric().expect("it has joined");
        let block = fabric.chunk(number >> 15 & 0xFFFF).expect("a chunk");
        let at = (number & 0x7FFF) * 2;
        let head = block.get(at);
        let flags = head >> FRAME_FLAGS_SHIFT & 0xF;
        let is_int = head >> FRAME_FORMAT_SHIFT & 0xFF == FORMAT_INT;
        let length = if is_int { 0 } else { block.get(at + 1) };
        let mut first = at + FRAME_WORDS;
        let mut blobs = Vec::new();
        let mut skipped = 0;
        if flags & FLAG_BLOBS != 0 {
            let count = block.get(first);
            blobs.extend((0..count).map(|blob| {
                fabric
                    .take_blob(block.get(first + 1 + blob))
                    .expect("it is there")
                    .into_vec()
            }));
            skipped = (4 * (1 + count)).next_multiple_of(8);
            first += skipped / 4;
        }
        let payload = (first..).take((length - skipped).div_ceil(4) as usize);
        let mut payload: Vec<u8> = payload
            .flat_map(|word| block.get(word).to_ne_bytes())
            .collect();
        payload.truncate((length - skipped) as usize);
        let place = block.get(at + 4);
        Received {
            integer: block.get(at + 1),
            payload,
            blobs,
            sender: (place >> 24, place & SLOT_MASK, block.get(at + 5)),
            seat: (block.get(at + 7) >> 21) + 63,
            kind: head >> FRAME_KIND_SHIFT & 0xF,
            flags,
        }
    }
}

fn words(value: u32, to: Pid, from: Pid) -> [u32; 6] {
    [
        value,
        to.slot | to.thread << 24,
        to.generation,
        from.slot,
        from.generation,
        from.id(),
    ]
}
