//! Where libuv's functions cannot be looked up, a thread-safe function wakes a JS thread.

use napi::Env;
use napi::bindgen_prelude::{Function, Result};

/// There is none of these.
pub enum LoopWaker {}

impl LoopWaker {
    /// Gives none.
    pub fn new(_env: &Env, _callback: &Function<'_, (), ()>) -> Result<Option<Self>> {
        Ok(None)
    }

    /// Cannot be called.
    pub fn waker(&self) -> impl Fn() + Send + Sync + 'static {
        || {}
    }
}
