/// When a thread asks who may have brought it frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glance {
    /// It has nothing to do now, and looks whether something has come.
    Around,
    /// The last time: it sleeps now.
    Last,
    /// It has slept, and is awake.
    Awake,
}
