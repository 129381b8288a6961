/// What is done with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Op {
    /// It goes into the mailbox of a process.
    Message = 0,
    /// It goes into the mailbox of the process that has a name.
    Named = 1,
    /// It is for the TypeScript of a thread.
    Control = 2,
}

/// Where an item goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A process.
    Process {
        /// Its thread.
        thread: u8,
        /// Its slot, 24 bits.
        slot: u32,
        /// Its generation.
        generation: u32,
    },
    /// Whoever has that name, at most 255 bytes.
    Name(&'a str),
    /// A thread's TypeScript.
    Control {
        /// The thread.
        thread: u8,
        /// What is told: the frame's first word after its head.
        first: u32,
        /// The number that it explains.
        second: u32,
    },
}

/// Who sends an item: a process of the node that the link comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// Its thread.
    pub thread: u8,
    /// Its slot, 24 bits.
    pub slot: u32,
    /// Its generation.
    pub generation: u32,
    /// Its id.
    pub id: u64,
}

/// How bytes are compressed; the number is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Algorithm {
    /// The default; knows no levels.
    Lz4 = 1,
    /// Levels 1 to 19.
    Zstd = 2,
    /// Levels 1 to 9.
    Gzip = 3,
}

/// What the sending process has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Which one. One that the peer cannot read is not used.
    pub algorithm: Algorithm,
    /// How hard it tries, within the algorithm's levels.
    pub level: u8,
    /// Messages from this size on are compressed, bytes.
    pub threshold: u32,
}

/// What a frame of the fabric becomes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// Where it goes; says the op, too.
    pub target: Target<'a>,
    /// Who sends it. Items of one sender arrive in order.
    pub sender: Sender,
    /// Kind of the message, 4 bits.
    pub kind: u8,
    /// Its queue, 2 bits.
    pub queue: u8,
    /// Flags of the frame, 4 bits.
    pub flags: u8,
    /// Format of the payload. `FORMAT_INT`: it is `integer`, and there are no bytes.
    pub format: u8,
    /// The number of an item of `FORMAT_INT`.
    pub integer: i32,
    /// The bytes of all others.
    pub payload: &'a [u8],
}

impl Item<'_> {
    /// What is done with it.
    pub fn op(&self) -> Op {
        match self.target {
            Target::Process { .. } => Op::Message,
            Target::Name(_) => Op::Named,
            Target::Control { .. } => Op::Control,
        }
    }
}
