use rustc_hash::FxHashMap;

use super::Relation;
use crate::NIL;

/// The two lists that a relation stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// All relations onto one target.
    Target,
    /// All relations of one consumer.
    Consumer,
}

/// A place in a circular doubly linked list.
#[derive(Clone, Copy, Debug)]
struct Links {
    next: u32,
    previous: u32,
}

/// A relation with its places; in a free entry only `links[0].next` counts.
#[derive(Clone, Copy, Debug)]
struct Entry {
    relation: Relation,
    links: [Links; 2],
}

/// Consumer, kinds and target of a relation, to find it by: consumer and kinds, target index.
type Key = (u32, u32);

/// All relations of a scheduler.
///
/// The heads of the lists lie with targets and consumers. So each function that changes a list takes
/// its head and gives the new one.
#[derive(Debug)]
pub(crate) struct RelationTable {
    entries: Vec<Entry>,
    free: u32,
    index: FxHashMap<Key, u32>,
    links: u32,
    monitors: u32,
}

impl RelationTable {
    /// A table without relations.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: NIL,
            index: FxHashMap::default(),
            links: 0,
            monitors: 0,
        }
    }

    /// Adds a relation that stands in no list yet; none when there is the same already.
    pub fn add(&mut self, relation: Relation) -> Option<u32> {
        let index = if self.free == NIL {
            self.entries.len() as u32
        } else {
            self.free
        };
        let mut is_new = false;
        self.index.entry(key(&relation)).or_insert_with(|| {
            is_new = true;
            index
        });
        if !is_new {
            return None;
        }
        let own = Links {
            next: index,
            previous: index,
        };
        self.store(Entry {
            relation,
            links: [own; 2],
        });
        *self.tally(relation.is_monitor) += 1;
        Some(index)
    }

    /// Finds the relation that differs from `wanted` in nothing but its token.
    pub fn find(&self, wanted: &Relation) -> Option<u32> {
        self.index.get(&key(wanted)).copied()
    }

    /// A relation.
    #[inline]
    pub fn get(&self, index: u32) -> &Relation {
        &self.entries[index as usize].relation
    }

    /// Forgets a relation that stands in no list any more.
    pub fn free(&mut self, index: u32) {
        let relation = *self.get(index);
        self.index.remove(&key(&relation));
        self.entries[index as usize].links[0].next = self.free;
        self.free = index;
        *self.tally(relation.is_monitor) -= 1;
    }

    /// Appends a relation to a list.
    pub fn append(&mut self, list: List, head: u32, index: u32) -> u32 {
        if head == NIL {
            return index;
        }
        let end = self.place(list, head).previous;
        *self.place_mut(list, index) = Links {
            next: head,
            previous: end,
        };
        self.place_mut(list, end).next = index;
        self.place_mut(list, head).previous = index;
        head
    }

    /// Takes a relation out of a list.
    pub fn unlink(&mut self, list: List, head: u32, index: u32) -> u32 {
        let Links { next, previous } = self.place(list, index);
        if next == index {
            return NIL;
        }
        self.place_mut(list, previous).next = next;
        self.place_mut(list, next).previous = previous;
        if head == index { next } else { head }
    }

    /// The relations of a list, in the order in which they were added.
    #[inline]
    pub fn iter(&self, list: List, head: u32) -> impl Iterator<Item = &Relation> {
        let mut at = head;
        std::iter::from_fn(move || {
            let entry = self.entries.get(at as usize)?;
            let next = entry.links[list as usize].next;
            at = if next == head { NIL } else { next };
            Some(&entry.relation)
        })
    }

    /// Links that stand.
    pub fn links(&self) -> u32 {
        self.links
    }

    /// Monitors that stand.
    pub fn monitors(&self) -> u32 {
        self.monitors
    }

    /// Bytes allocated, those of the index by estimate.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
            + self.index.capacity() * (size_of::<(Key, u32)>() + 1)
    }

    fn store(&mut self, entry: Entry) {
        if let Some(reused) = self.entries.get_mut(self.free as usize) {
            self.free = reused.links[0].next;
            *reused = entry;
        } else {
            self.entries.push(entry);
        }
    }

    fn tally(&mut self, is_monitor: bool) -> &mut u32 {
        if is_monitor {
            &mut self.monitors
        } else {
            &mut self.links
        }
    }

    fn place(&self, list: List, index: u32) -> Links {
        self.entries[index as usize].links[list as usize]
    }

    fn place_mut(&mut self, list: List, index: u32) -> &mut Links {
        &mut self.entries[index as usize].links[list as usize]
    }
}

/// A slot has 24 bits, which leaves eight for the kinds.
fn key(relation: &Relation) -> Key {
    let flags = u32::from(relation.is_silent) << 1 | u32::from(relation.is_monitor);
    let kinds = (relation.target.kind as u32) << 2 | flags;
    (relation.consumer | kinds << 24, relation.target.index)
}
