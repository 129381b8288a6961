use super::Message;
use crate::NIL;

/// Nodes that an empty pool keeps in any case (12 MiB).
const KEEP_NODES: usize = 1 << 20;
/// After being emptied so many times it gives back what it has not needed meanwhile. A flood that comes again and again
/// would be slowed by a sixth if each one had to ask the system for its memory.
const PATIENCE: u32 = 1024;

/// A message in a singly linked list.
#[derive(Clone, Copy, Debug)]
struct Node {
    next: u32,
    message: Message,
}

/// The nodes of all queues of a scheduler, with a free list.
#[derive(Debug)]
pub(crate) struct MessagePool {
    nodes: Vec<Node>,
    free: u32,
    in_use: u32,
    /// How often it was emptied since it looked what it needs.
    emptied: u32,
    /// Nodes that were needed at most since then.
    peak: usize,
}

impl MessagePool {
    /// An empty pool.
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            free: NIL,
            in_use: 0,
            emptied: 0,
            peak: 0,
        }
    }

    /// Puts a message into a node of its own that links to `next`.
    #[inline]
    pub fn add(&mut self, message: Message, next: u32) -> u32 {
        self.in_use += 1;
        let node = Node { next, message };
        let index = self.free;
        if let Some(reused) = self.nodes.get_mut(index as usize) {
            self.free = reused.next;
            *reused = node;
            return index;
        }
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    /// The message of a node, and the node after it.
    #[inline]
    pub fn read(&self, index: u32) -> (Message, u32) {
        let node = self.nodes[index as usize];
        (node.message, node.next)
    }

    /// Lets a node be followed by `next`.
    #[inline]
    pub fn link(&mut self, index: u32, next: u32) {
        self.nodes[index as usize].next = next;
    }

    /// Frees the `count` nodes of a chain, which nobody refers to any more.
    #[inline]
    pub fn release(&mut self, first: u32, last: u32, count: u32) {
        self.in_use -= count;
        if self.in_use == 0 {
            self.reset();
            return;
        }
        self.link(last, self.free);
        self.free = first;
    }

    /// Shows the payload of each message that is in use, in no order; looks at all nodes.
    pub fn each_payload(&mut self, mut each: impl FnMut(&mut u32)) {
        let mut is_free = vec![false; self.nodes.len()];
        let mut at = self.free;
        while let Some(node) = self.nodes.get(at as usize) {
            is_free[at as usize] = true;
            at = node.next;
        }
        for (node, is_free) in self.nodes.iter_mut().zip(is_free) {
            if !is_free {
                each(&mut node.message.payload);
            }
        }
    }

    /// Nodes that hold a message.
    pub fn in_use(&self) -> u32 {
        self.in_use
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
    }

    /// Starts anew: the next messages lie side by side again, however the free list was mixed up.
    fn reset(&mut self) {
        self.peak = self.peak.max(self.nodes.len());
        self.nodes.clear();
        self.free = NIL;
        self.emptied += 1;
        if self.emptied == PATIENCE {
            self.nodes.shrink_to(self.peak.max(KEEP_NODES));
            (self.emptied, self.peak) = (0, 0);
        }
    }
}
