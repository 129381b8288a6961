use std::fmt::Write as _;
use std::time::Duration;

use tergo_wire::{
    Agreement, CloseReason, Connection, ConnectionCounters, Delivery, Incoming, Item, LinkError,
    LinkLoss, SendError, Sender, Target,
};

use super::take_line;

const MALFORMED: LinkError = LinkError("a line says nothing");

/// An item is a line of numbers and its payload in hexadecimal digits.
pub struct Lines {
    input: Vec<u8>,
    space: Vec<u8>,
    output: Vec<u8>,
    /// The payload or shape that came last.
    payload: Vec<u8>,
    shape: String,
    announced: u32,
    heard: u32,
    is_closed: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            input: Vec::new(),
            space: vec![0; 4096],
            output: Vec::new(),
            payload: Vec::new(),
            shape: String::new(),
            announced: 0,
            heard: 0,
            is_closed: false,
        }
    }
}

impl Lines {
    fn item(&mut self, words: &[String]) -> Option<Incoming<'_>> {
        let (digits, numbers) = words.split_last()?;
        let numbers: Vec<i64> = numbers.iter().flat_map(|word| word.parse()).collect();
        let numbers: [i64; 13] = numbers.try_into().ok()?;
        let pairs = digits.as_bytes().chunks(2);
        let bytes = pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        self.payload = bytes.collect::<Option<_>>()?;
        let [
            target,
            thread,
            first,
            second,
            kind,
            queue,
            flags,
            format,
            integer,
            from @ ..,
        ] = numbers;
        let target = match target {
            0 => Target::Process {
                thread: thread as u8,
                slot: first as u32,
                generation: second as u32,
            },
            1 => Target::Control {
                thread: thread as u8,
                first: first as u32,
                second: second as u32,
            },
            _ => Target::Name("somebody"),
        };
        let sender = Sender {
            thread: from[0] as u8,
            slot: from[1] as u32,
            generation: from[2] as u32,
            id: from[3] as u64,
        };
        let item = Item {
            target,
            sender,
            kind: kind as u8,
            queue: queue as u8,
            flags: flags as u8,
            format: format as u8,
            integer: integer as i32,
            payload: &self.payload,
        };
        Some(Incoming::Item {
            item,
            blobs: Vec::new(),
            cost: 0,
        })
    }
}

impl Connection for Lines {
    fn open(&mut self, _agreement: &Agreement, _now: Duration) {}

    fn announce(&mut self, text: &str) {
        self.announced += 1;
        self.output.extend(format!("shape {text}\n").into_bytes());
    }

    fn announced(&self) -> u32 {
        self.announced
    }

    fn send(
        &mut self,
        item: &Item<'_>,
        _delivery: Delivery,
        blobs: &mut Vec<Vec<u8>>,
    ) -> Result<(), SendError> {
        if self.is_closed {
            return Err(SendError::Closed);
        }
        let (is_control, thread, first, second) = match item.target {
            Target::Process {
                thread,
                slot,
                generation,
            } => (0, thread, slot, generation),
            Target::Control {
                thread,
                first,
                second,
            } => (1, thread, first, second),
            Target::Name(_) => return Err(SendError::TooLarge),
        };
        if !blobs.is_empty() {
            return Err(SendError::TooLarge);
        }
        let Item {
            sender,
            kind,
            queue,
            flags,
            format,
            integer,
            payload,
            ..
        } = item;
        let mut line = format!(
            "{is_control} {thread} {first} {second} {kind} {queue} {flags} {format} {integer} {} {} {} {} ",
            sender.thread, sender.slot, sender.generation, sender.id
        );
        for byte in *payload {
            let _ = write!(line, "{byte:02x}");
        }
        line.push('\n');
        self.output.extend(line.into_bytes());
        Ok(())
    }

    fn output(&mut self, _place: u16, _now: Duration) -> &[u8] {
        &self.output
    }

    fn written(&mut self, _place: u16, count: usize, _now: Duration) {
        self.output.drain(..count);
    }

    fn space(&mut self, _place: u16) -> &mut [u8] {
        &mut self.space
    }

    fn has_space(&self, _place: u16) -> bool {
        true
    }

    fn filled(&mut self, _place: u16, count: usize, _now: Duration) {
        self.input.extend(&self.space[..count]);
    }

    fn next(&mut self, _place: u16, _now: Duration) -> Result<Option<Incoming<'_>>, LinkError> {
        let Some(words) = take_line(&mut self.input) else {
            return Ok(None);
        };
        match words[0].as_str() {
            "bye" => Ok(Some(Incoming::Goodbye(CloseReason::Stopping))),
            "shape" => {
                self.heard += 1;
                self.shape = words[1..].join(" ");
                Ok(Some(Incoming::Shape {
                    number: self.heard,
                    text: &self.shape,
                }))
            }
            _ => self.item(&words).map(Some).ok_or(MALFORMED),
        }
    }

    fn release(&mut self, _bytes: u64) {}

    fn tick(&mut self, _now: Duration) -> Option<u16> {
        None
    }

    fn next_deadline(&self) -> Option<Duration> {
        None
    }

    fn probe(&mut self, _now: Duration, _deadline: Duration) {}

    fn lost(&mut self, _place: u16) -> LinkLoss {
        LinkLoss::Fatal
    }

    fn close(&mut self, _reason: CloseReason) {
        self.is_closed = true;
        self.output.extend(b"bye\n");
    }

    fn counters(&self) -> ConnectionCounters {
        ConnectionCounters::default()
    }
}
