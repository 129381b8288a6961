use std::fmt::Write as _;
use std::sync::Arc;

use tergo_core::Fabric;
use tergo_core::layout::{BLOCK_WORDS, PRESENCE_WORDS};

/// Puts into words that a thread hangs, for standard error.
pub struct Voice {
    node: String,
    /// What pids of the node begin with.
    short: String,
    thread: u32,
    /// Where it stands who lives in which slot; none on a node with one thread.
    fabric: Option<Arc<Fabric>>,
}

impl Voice {
    /// That of a thread of a node.
    pub fn new(node: String, short: String, thread: u32, fabric: Option<Arc<Fabric>>) -> Self {
        Self {
            node,
            short,
            thread,
            fabric,
        }
    }

    /// `slot` is that of the process whose callback runs, or has run last.
    pub fn hangs(&self, ms: u64, slot: Option<u32>, is_running: bool) -> String {
        let Self { node, thread, .. } = self;
        let mut text = format!(
            "tergo: {node}: thread {thread} hangs; none of its processes can run: atLeastMs={ms}"
        );
        if let Some(pid) = slot.and_then(|slot| self.pid(slot)) {
            let who = if is_running { "pid" } else { "lastPid" };
            // Writing to a string does not fail.
            let _ = write!(text, " {who}={pid}");
        }
        text.push('\n');
        text
    }

    fn pid(&self, slot: u32) -> Option<String> {
        // Slot 0 is the node itself.
        let fabric = self.fabric.as_ref().filter(|_| slot != 0)?;
        let at = slot * PRESENCE_WORDS;
        let block = fabric.presence(self.thread, at / BLOCK_WORDS)?;
        let word = |word| block.get(at % BLOCK_WORDS + word);
        let (generation, low, high) = (word(0), word(2), word(3));
        (generation != 0).then(|| format!("<{}.{high}.{low}>", self.short))
    }
}
