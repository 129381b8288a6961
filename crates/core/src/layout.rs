//! The numbers of the shared rings: written once here, generated into `ts/native/layout.ts`.
//!
//! What they mean is told in `docs/design/crossing.md`.

/// Declares each constant and a table of all of them, from which the TypeScript side is generated.
macro_rules! layout {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: u32 = $value;)*

        /// Every constant of this module with its name, in order.
        pub const ALL: &[(&str, u32)] = &[$((stringify!($name), $name)),*];
    };
}

/// Few under miri, which looks at every word of a slice whenever the slice is handed on.
const RING_WORDS: u32 = if cfg!(any(miri, loom)) { 1024 } else { 32_768 };
/// Few under loom and miri, which keep a history of every word.
const WORDS_A_BLOCK: u32 = if cfg!(loom) {
    64
} else if cfg!(miri) {
    2048
} else {
    65_536
};

layout! {
    /// Words of the header.
    HEADER_WORDS = 32;
    /// Most slots that one `grant` hands out.
    GRANT_MAX = if cfg!(any(miri, loom)) { 64 } else { 1024 };
    /// Words of the outbox.
    OUT_WORDS = RING_WORDS;
    /// Words of the inbox.
    IN_WORDS = RING_WORDS;
    /// First of the port words: how far the open chunk for each member of the fabric is written, bytes.
    PORT_AT = HEADER_WORDS;
    /// Most threads of a node; also the number of the first seat of a connection.
    MAX_THREADS = 64;
    /// Most threads and connections of a node.
    MAX_SEATS = MAX_THREADS + 1024;
    /// First of the words with a bit for each member, the lowest first: something was written for it since the last hand-over.
    PORT_MARKS_AT = PORT_AT + MAX_SEATS;
    /// First word of the grant area.
    GRANT_AT = PORT_MARKS_AT + MAX_SEATS / 32;
    /// First word of the outbox.
    OUT_AT = GRANT_AT + 2 * GRANT_MAX;
    /// First word of the inbox.
    IN_AT = OUT_AT + OUT_WORDS;
    /// Words of the whole shared block.
    TOTAL_WORDS = IN_AT + IN_WORDS;

    /// Header: words written in the outbox.
    OUT_USED = 0;
    /// Header: words written in the inbox.
    IN_USED = 1;
    /// Header: the time in ms, low word.
    NOW_LO = 2;
    /// Header: the time in ms, high word.
    NOW_HI = 3;
    /// Header: 0, or what was wrong with the last drain.
    STATUS = 4;
    /// Header: offset of the offending command.
    STATUS_AT = 5;
    /// Header: 1 when the next turn has work already.
    MORE = 6;
    /// Header: the next timer's time in ms, low word.
    NEXT_TIMER_LO = 7;
    /// Header: the next timer's time in ms, high word.
    NEXT_TIMER_HI = 8;
    /// Header: pairs in the grant area.
    GRANTED = 9;
    /// Header: first process id of the granted block, low word.
    ID_LO = 10;
    /// Header: first process id of the granted block, high word.
    ID_HI = 11;
    /// Header: first result of a synchronous call.
    RESULT_A = 12;
    /// Header: second result of a synchronous call.
    RESULT_B = 13;
    /// Header: 1 while the driver runs.
    BUSY = 14;
    /// Header: changes with every callback.
    PROGRESS = 15;
    /// Header: slot of the process whose callback runs; with `CURRENT_OVER`: whose callback has run last; all ones: none has yet.
    CURRENT = 16;
    /// Header: how long the current callback has blocked, ms.
    BLOCKED_MS = 17;
    /// Header: whose callback blocks.
    BLOCKED_SLOT = 18;
    /// Header: 1 when the watchdog must be woken.
    WATCHDOG_ASLEEP = 19;
    /// Header: further results of a synchronous call.
    RESULT_C = 20;
    /// Header: fourth result.
    RESULT_D = 21;
    /// Header: fifth result.
    RESULT_E = 22;
    /// Header: sixth result.
    RESULT_F = 23;
    /// Header: seventh result.
    RESULT_G = 24;
    /// Header: eighth result.
    RESULT_H = 25;

    /// Bit in `CURRENT`: no callback runs.
    CURRENT_OVER = 0x0100_0000;

    /// Words of a command.
    COMMAND_WORDS = 4;
    /// Words of a control record.
    CONTROL_WORDS = 3;
    /// Shift of the kind in a command's first word.
    COMMAND_KIND_SHIFT = 8;
    /// Shift of the queue in a command's first word.
    COMMAND_QUEUE_SHIFT = 12;
    /// Shift of the op in a record's first word.
    RECORD_OP_SHIFT = 24;
    /// Mask of the slot in a record's first word; also the highest slot.
    SLOT_MASK = 0x00FF_FFFF;
    /// Shift of the queue in a tag.
    TAG_QUEUE_SHIFT = 4;
    /// Shift of the extra in a tag.
    TAG_EXTRA_SHIFT = 6;
    /// Bit of the tag in `REC_DROPPED` of a frame that came when its process was not there, any more or ever: it has waited in no mailbox.
    TAG_CAME_LATE = 1 << 7;

    /// Command: a message.
    OP_SEND = 1;
    /// Command: takes a granted slot.
    OP_SPAWN = 2;
    /// Command: `init` is over.
    OP_READY = 3;
    /// Command: the process is gone.
    OP_EXIT = 4;
    /// Command: takes no message for now.
    OP_SUSPEND = 5;
    /// Command: takes messages again.
    OP_RESUME = 6;
    /// Command: the unread rest of a slice.
    OP_RETURN = 7;
    /// Command: link or monitor.
    OP_RELATE = 8;
    /// Command: unlink or demonitor.
    OP_UNRELATE = 9;
    /// Command: gives up a name, alias or event.
    OP_RELEASE = 10;
    /// Command: publishes an event.
    OP_PUBLISH = 11;
    /// Command: starts a timer.
    OP_TIMER_START = 12;
    /// Command: cancels a timer.
    OP_TIMER_CANCEL = 13;
    /// Command: bounds a mailbox.
    OP_LIMIT = 14;

    /// Record: messages of one process.
    REC_SLICE = 0;
    /// Record: a message that was not delivered.
    REC_DROPPED = 1;
    /// Record: how many mailboxes hold a payload.
    REC_SHARED = 2;
    /// Record: a relation is gone without firing.
    REC_FREED = 3;
    /// Record: what became of a relate or unrelate.
    REC_VERDICT = 4;
    /// Record: a timer is due.
    REC_TIMER = 5;
    /// Record: a control frame of another thread.
    REC_FAR = 6;
    /// Record: an important message is in the mailbox of its target.
    REC_PLACED = 7;
    /// Record: a message of another node found the mailbox of its target full.
    REC_REFUSED = 8;

    /// Queue: exits and inspections.
    QUEUE_URGENT = 0;
    /// Queue: high priority, downs, event notices.
    QUEUE_SYSTEM = 1;
    /// Queue: everything else.
    QUEUE_MAIN = 2;
    /// Queue: log records.
    QUEUE_LOG = 3;

    /// Kind: a message.
    KIND_MESSAGE = 0;
    /// Kind: a request of a call.
    KIND_REQUEST = 1;
    /// Kind: a published event.
    KIND_EVENT = 2;
    /// Kind: an exit signal from a process.
    KIND_SIGNAL = 3;
    /// Kind: a link fired.
    KIND_EXIT = 4;
    /// Kind: a monitor fired.
    KIND_DOWN = 5;
    /// Kind: the first subscriber came.
    KIND_EVENT_START = 6;
    /// Kind: the last subscriber left.
    KIND_EVENT_STOP = 7;
    /// Kind: the answer to a non-blocking request.
    KIND_RESPONSE = 8;
    /// Kind: a log record.
    KIND_LOG = 9;
    /// Kind: an inspection.
    KIND_INSPECT = 10;
    /// Kind: a message that carries the address it was sent to.
    KIND_ADDRESSED = 11;
    /// Kind: a plain message whose value stands in a frame.
    KIND_FAR = 12;

    /// Relation kind bit 0: 0 link, 1 monitor.
    RELATION_MONITOR = 1;
    /// Relation kind bit 1: the target is a node.
    RELATION_NODE = 2;
    /// Relation kind bit: hears of the end only, takes no events.
    RELATION_SILENT = 4;
    /// Target kind: a process.
    TARGET_PID = 0;
    /// Target kind: a name.
    TARGET_NAME = 1;
    /// Target kind: an alias.
    TARGET_ALIAS = 2;
    /// Target kind: an event.
    TARGET_EVENT = 3;

    /// Verdict: done.
    VERDICT_OK = 0;
    /// Verdict: no such process.
    VERDICT_PROCESS_UNKNOWN = 1;
    /// Verdict: the relation exists already.
    VERDICT_TARGET_EXIST = 2;
    /// Verdict: there is no such relation.
    VERDICT_TARGET_UNKNOWN = 3;
    /// Verdict: no such name.
    VERDICT_NAME_UNKNOWN = 4;
    /// Verdict: no such alias.
    VERDICT_ALIAS_UNKNOWN = 5;
    /// Verdict: no such event.
    VERDICT_EVENT_UNKNOWN = 6;
    /// Verdict of a synchronous call: the name belongs to somebody else.
    VERDICT_TAKEN = 7;

    /// Status: nothing was wrong.
    STATUS_OK = 0;
    /// Status: unknown op.
    STATUS_BAD_OP = 1;
    /// Status: a slot that was never granted.
    STATUS_BAD_SLOT = 2;
    /// Status: the outbox was cut off or overrun.
    STATUS_TRUNCATED = 3;
    /// Status: a return outside of the inbox.
    STATUS_BAD_RETURN = 4;
    /// Status: an address that does not exist.
    STATUS_BAD_ADDRESS = 5;
    /// Status: a timer index that is too far off.
    STATUS_BAD_TIMER = 6;
    /// Status: Rust panicked; the node cannot go on.
    STATUS_PANIC = 9;

    /// Bit of a payload that is the number of a frame.
    FAR = 0x8000_0000;
    /// Words of a block of shared memory.
    BLOCK_WORDS = WORDS_A_BLOCK;
    /// Words of a frame before its payload.
    FRAME_WORDS = 8;
    /// Shift of the kind in a frame's first word.
    FRAME_KIND_SHIFT = 4;
    /// Shift of the queue in a frame's first word.
    FRAME_QUEUE_SHIFT = 8;
    /// Shift of the flags in a frame's first word.
    FRAME_FLAGS_SHIFT = 12;
    /// Shift of the format in a frame's first word.
    FRAME_FORMAT_SHIFT = 16;
    /// Frame op: goes into a mailbox.
    FRAME_MESSAGE = 1;
    /// Frame op: goes to the TypeScript of the thread.
    FRAME_CONTROL = 2;
    /// Frame op: a plain message as one before it in the chunk, with another value; between threads only.
    FRAME_AGAIN = 3;
    /// Words of such a frame before its payload.
    AGAIN_WORDS = 2;
    /// Shift in its first word of how far before it that one stands, which has the whole head, in steps of eight bytes.
    AGAIN_BACK_SHIFT = 4;
    /// The largest such distance.
    AGAIN_BACK_MAX = 0xFFF;
    /// Frame format: a whole number in place of the length, and no payload.
    FORMAT_INT = 0;
    /// Frame format: a request whose value is a whole number, which stands in a word after the two before each value.
    FORMAT_INT_REQUEST = 254;
    /// Shift of when its call is over in the second word before the value of a request.
    DEADLINE_SHIFT = 1;
    /// Frame flag: the payload begins with blob numbers.
    FLAG_BLOBS = 1;
    /// Frame flag: the last blob is the whole value.
    FLAG_WHOLE = 2;
    /// Frame flag: the sender wants to know whether it reached the mailbox.
    FLAG_IMPORTANT = 4;
    /// Frame flag: the target is a name, which stands before the value.
    FLAG_NAMED = 8;
    /// In place of the slot of the target: the frame tells of one that a peer has sent to a name, and waits for, and that
    /// has ended with the thread in place of the generation.
    ORPHAN_SLOT = SLOT_MASK;
    /// Words of what a thread shows of a call that a peer has made by name, and that it has taken: its number, and the station
    /// (64 times the seat, and the thread there) of who waits; 0: none.
    NAMED_CALL_WORDS = 2;
    /// Shift of the seat of a connection in a frame's last word: 0 there for a process of this node.
    FRAME_SEAT_SHIFT = 21;
    /// In its place in a frame for a connection: it may overtake others of its sender. The bits below are the number
    /// of a profile, which says how it is compressed, or 0.
    FRAME_UNORDERED = 1 << 10;
    /// What is taken from a connection's number to fit there.
    FRAME_SEAT_BASE = MAX_THREADS - 1;
    /// Frame format: the bytes are explained by the op of the control frame.
    FORMAT_RAW = 255;
    /// Op of a control frame: nobody waits for the answer to a call any more. The same holds of it as of `CONTROL_PUBLISHED`.
    CONTROL_CANCEL = 4;
    /// Op of a control frame: a wish to watch something. Thread 0 answers it for a thread that is not there.
    CONTROL_WATCH = 7;
    /// Op of a control frame: what was published. A peer may send it to several threads at once.
    CONTROL_PUBLISHED = 12;
    /// Op of a control frame: a thread of the peer has ended. The same holds of it.
    CONTROL_THREAD_ENDED = 36;
    /// Op of a control frame: a peer has this seat from now on; creation, features, name.
    CONTROL_PEER_UP = 62;
    /// Op of a control frame: the peer of this seat is gone, and nothing more comes from it.
    CONTROL_PEER_GONE = 63;
    /// Words of what is shown of a process slot.
    PRESENCE_WORDS = 4;
    /// Presence flag: the mailbox is bounded.
    PRESENCE_BOUNDED = 1;
    /// Presence flag: what finds the mailbox full goes elsewhere.
    PRESENCE_FALLBACK = 2;
    /// Presence flag: it wants to hear what routers cannot hand on.
    PRESENCE_HEARS_ROUTERS = 4;
    /// Shift of the gauge in the flags of a presence.
    PRESENCE_GAUGE_SHIFT = 8;
    /// Words of a gauge: a count for each queue, then the limit.
    GAUGE_WORDS = 8;

    /// Words of the statistics of a thread: of the one that is there now, then at `STAT_PAST` as many for those that had its place before.
    STAT_WORDS = 128;
    /// Statistics: living processes.
    STAT_PROCESSES = 0;
    /// Statistics: processes in the run queue.
    STAT_RUN_QUEUE = 1;
    /// Statistics: messages handed over, two words; as all that begin at even numbers from here.
    STAT_DELIVERED = 2;
    /// Statistics: frames that came.
    STAT_FRAMES_IN = 4;
    /// Statistics: ranges of frames that were handed over to other threads.
    STAT_RANGES_OUT = 6;
    /// Statistics: processes spawned.
    STAT_SPAWNED = 8;
    /// Statistics: processes ended.
    STAT_TERMINATED = 10;
    /// Statistics: events published.
    STAT_EVENTS_PUBLISHED = 12;
    /// Statistics: event messages put into mailboxes.
    STAT_EVENTS_DELIVERED = 14;
    /// Statistics: event messages that found a full mailbox.
    STAT_EVENTS_DROPPED = 16;
    /// Statistics: messages that ended with their target.
    STAT_DROPPED = 18;
    /// Statistics: chunks and blobs that were refused because the quota was used up.
    STAT_REFUSALS = 20;
    /// Statistics: chunks and blobs beyond the quota, for what must not be lost.
    STAT_FORCED = 22;
    /// Statistics: wake-ups received.
    STAT_WAKE_UPS = 24;
    /// Statistics: frames that were moved, so that the chunks they waited in are free.
    STAT_EVACUATED = 26;
    /// Statistics: links, one word; so all from here.
    STAT_LINKS = 28;
    /// Statistics: monitors.
    STAT_MONITORS = 29;
    /// Statistics: timers.
    STAT_TIMERS = 30;
    /// Statistics: messages in mailboxes.
    STAT_MESSAGES = 31;
    /// Statistics: names, aliases and events.
    STAT_NAMES = 32;
    /// Statistics: aliases.
    STAT_ALIASES = 33;
    /// Statistics: events.
    STAT_EVENTS = 34;
    /// Statistics: the first of the words that TypeScript writes.
    STAT_JS = 48;
    /// Statistics: the first of those among them that are counts, of two words each.
    STAT_JS_COUNTS = 54;
    /// How many these are; the first is messages whose target has ended.
    STAT_JS_COUNTED = 3;
    /// Statistics: so many words on, the sum of a count for all that had the place before.
    STAT_PAST = 64;
}

/// The text of `ts/native/layout.ts`.
pub fn typescript() -> String {
    let mut text = String::from(
        "// Generated from crates/core/src/layout.rs by `cargo run -p tergo-core --example layout`.\n\
         // docs/design/crossing.md tells what the numbers mean.\n\n",
    );
    for (name, value) in ALL {
        text.extend(["export const ", name, " = ", &value.to_string(), ";\n"]);
    }
    text
}
