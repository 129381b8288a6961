/// What only the runtime knows of an OS thread, and can do with it.
pub trait OsThread {
    /// Whether something else than the nodes waits for it.
    fn is_wanted(&self) -> bool;

    /// Goes to another core than the one that it runs on, if it may.
    fn leave_core(&self);
}
