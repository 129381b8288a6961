/// How much is on its way to a member, seen at once by everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnTheWay {
    /// Bytes of chunks, from whomever.
    pub chunk_bytes: u64,
    /// Bytes beside the frames, from whomever.
    pub blob_bytes: u64,
    /// Bytes of both from the one who asks.
    pub own_bytes: u64,
    /// So many of those may be.
    pub limit: u64,
}
