/// How far the threads of a node help the network's thread, so that a message need not wait until that wakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Help {
    /// Not at all: for nodes whose threads must do nothing but run processes.
    None,
    /// They write what they send, at the end of a turn.
    #[default]
    Write,
    /// They also read while they look around before they sleep: half the time to and fro when they find something,
    /// more when the network's thread, which still wakes, has to share their core.
    ReadAndWrite,
}
