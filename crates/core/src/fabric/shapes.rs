use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;

use crate::sync::{Mutex, SharedWord, lock};

/// The shapes of objects that were sent, one table for all threads: numbers count from 1.
#[derive(Debug)]
pub(crate) struct Shapes {
    state: Mutex<State>,
    count: SharedWord,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    numbers: FxHashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Shapes {
    /// A table in which so many have a number.
    pub fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            count: SharedWord::new(0),
            limit,
        }
    }

    /// The number of a shape; 0 when no more can be had.
    pub fn number(&self, text: &str) -> u32 {
        let mut state = lock(&self.state);
        if let Some(number) = state.numbers.get(text) {
            return *number;
        }
        if state.texts.len() == self.limit {
            return 0;
        }
        let text: Arc<str> = text.into();
        state.texts.push(Arc::clone(&text));
        let number = state.texts.len() as u32;
        state.numbers.insert(text, number);
        self.count.store(number, Ordering::Release);
        number
    }

    /// How many shapes have a number.
    #[inline]
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// The shape of a number.
    pub fn text(&self, number: u32) -> Option<Arc<str>> {
        let index = (number as usize).checked_sub(1)?;
        lock(&self.state).texts.get(index).map(Arc::clone)
    }
}
