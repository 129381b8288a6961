use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::sync::{Mutex, lock};

/// So many shapes have a number.
const MAX_SHAPES: usize = 4096;

/// The shapes of objects that were sent, one table for all threads: numbers count from 1.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    numbers: FxHashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Shapes {
    /// The number of a shape; 0 when no more can be had.
    pub fn number(&self, text: &str) -> u32 {
        let mut state = lock(&self.state);
        if let Some(number) = state.numbers.get(text) {
            return *number;
        }
        if state.texts.len() == MAX_SHAPES {
            return 0;
        }
        let text: Arc<str> = text.into();
        state.texts.push(Arc::clone(&text));
        let number = state.texts.len() as u32;
        state.numbers.insert(text, number);
        number
    }

    /// The shape of a number.
    pub fn text(&self, number: u32) -> Option<Arc<str>> {
        let index = (number as usize).checked_sub(1)?;
        lock(&self.state).texts.get(index).map(Arc::clone)
    }
}
