/// Where a process slot is in its life.
///
/// | from | on | to |
/// |---|---|---|
/// | `Vacant` | grant | `Granted` |
/// | `Granted` | `SPAWN` | `Starting` or, when ready at once, `Running` |
/// | `Starting` | `READY` | `Running` |
/// | `Running` | `SUSPEND` | `Suspended` |
/// | `Suspended` | `RESUME` | `Running` |
/// | `Starting`, `Running`, `Suspended` | `EXIT` | `Vacant`, with the next generation at its next grant |
///
/// A command that is not in the table is late, and does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Lifecycle {
    /// Nobody's: never granted, in quarantine, or free.
    Vacant,
    /// TypeScript may spawn a process here.
    Granted,
    /// Alive; `init` is not over, so messages wait.
    Starting,
    /// Alive; takes messages.
    Running,
    /// Alive; a callback's promise is pending, so messages wait.
    Suspended,
}

impl Lifecycle {
    /// Whether there is a process that messages can be sent to.
    #[inline]
    pub fn is_alive(self) -> bool {
        self >= Self::Starting
    }
}
