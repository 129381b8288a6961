/// What a link has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounters {
    /// Items sent.
    pub items_out: u64,
    /// Items that came.
    pub items_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Bytes read.
    pub bytes_in: u64,
    /// Batches sent.
    pub batches_out: u64,
    /// Batches that came.
    pub batches_in: u64,
    /// Fragments sent.
    pub fragments_out: u64,
    /// Fragments that came.
    pub fragments_in: u64,
    /// Bytes before compression, of what was sent compressed.
    pub raw_out: u64,
    /// Bytes after it.
    pub compressed_out: u64,
    /// Bytes after decompression, of what came compressed.
    pub raw_in: u64,
    /// Bytes before it.
    pub compressed_in: u64,
    /// Times that an item met a window that was used up.
    pub blocked: u64,
    /// Time to the peer and back, µs, smoothed; 0: not known yet.
    pub round_trip_us: u64,
}

/// What a connection has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionCounters {
    /// Sums over all its links, lost ones included; the time to the peer is the best.
    pub total: LinkCounters,
    /// Links that it has.
    pub links: u16,
    /// Links that were lost and replaced.
    pub relinks: u64,
    /// Bytes that wait to be written.
    pub queued: u64,
    /// Bytes that came and are not released.
    pub owed: u64,
    /// Frames sent of which it is not known that they came.
    pub unacknowledged: u64,
}

impl LinkCounters {
    /// Adds those of another link; of two times the better one is kept.
    pub(crate) fn add(&mut self, other: &Self) {
        self.items_out += other.items_out;
        self.items_in += other.items_in;
        self.bytes_out += other.bytes_out;
        self.bytes_in += other.bytes_in;
        self.batches_out += other.batches_out;
        self.batches_in += other.batches_in;
        self.fragments_out += other.fragments_out;
        self.fragments_in += other.fragments_in;
        self.raw_out += other.raw_out;
        self.compressed_out += other.compressed_out;
        self.raw_in += other.raw_in;
        self.compressed_in += other.compressed_in;
        self.blocked += other.blocked;
        let times = [self.round_trip_us, other.round_trip_us];
        let best = times.into_iter().filter(|time| *time > 0).min();
        self.round_trip_us = best.unwrap_or(0);
    }
}
