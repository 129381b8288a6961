//! What a scheduler that has joined a fabric can do with it. Without a fabric there is nothing there.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands strings over by value"
)]
#![expect(
    clippy::missing_errors_doc,
    reason = "these comments become those of binding.d.ts, which has no such section"
)]

use std::sync::Arc;

use napi::bindgen_prelude::{ArrayBuffer, Function, Result};
use napi::{Env, Error};
use napi_derive::napi;
use tergo_core::{BlobBytes, Block, Fallback};
use tergo_net::wire::{Algorithm, Compression};

use crate::binding_network::whole;
use crate::binding_scheduler::BindingScheduler;
use crate::external_memory::array_buffer;
use crate::waking;

/// What `open` answers without a chunk.
const NONE: u32 = u32::MAX;

/// How much is on its way to a thread or connection, bytes.
#[napi(object)]
pub struct BindingOnTheWay {
    /// Of chunks, from whomever.
    pub chunk_bytes: f64,
    /// Beside the frames, from whomever.
    pub blob_bytes: f64,
    /// Of both, from this thread.
    pub own_bytes: f64,
    /// So many of those may be.
    pub limit: f64,
}

#[napi]
impl BindingScheduler {
    /// Calls back on this thread when frames came while it slept, with true within a call of `doze` (of another node). Does not keep
    /// the process alive.
    #[napi]
    pub fn on_wake(&self, env: &Env, callback: Function<'_, bool, ()>) -> Result<()> {
        if let Some(fabric) = self.fabric() {
            let (waker, sleeper) = waking::waker(*env, &callback)?;
            self.handle().keep_sleeper(sleeper);
            fabric.on_wake(self.handle().thread(), waker);
        }
        Ok(())
    }

    /// Hands over what the open chunk for a thread has, closes it and opens the next: its number, or all
    /// ones when the quota is used up or nobody is there.
    #[napi]
    pub fn open(&self, thread: u32, is_forced: bool) -> u32 {
        let opened = self
            .handle()
            .call(|scheduler| scheduler.open(thread, is_forced));
        opened.unwrap_or(NONE)
    }

    /// Whether somebody receives what is written for a member, or it has ended; the frame that says so may be on its way yet.
    #[napi]
    pub fn reaches(&self, member: u32) -> bool {
        let reaches = self.handle().call(|scheduler| scheduler.reaches(member));
        reaches.unwrap_or(false)
    }

    /// The highest id of any process of the node so far: those of a thread that begins later have higher ones.
    #[napi]
    #[allow(clippy::cast_precision_loss, reason = "ids stay far below 2^53")]
    pub fn last_id(&self) -> f64 {
        self.fabric().map_or(0.0, |fabric| fabric.last_id() as f64)
    }

    /// Closes the chunk for a member that is gone: nothing is written into it any more.
    #[napi]
    pub fn forget(&self, member: u32) {
        self.handle()
            .call(|scheduler| scheduler.close_chunk(member));
    }

    /// The time of this OS process by which threads and connections say when calls are over, whole ms.
    #[napi]
    pub fn steady_ms(&self) -> f64 {
        (tergo_net::steady_now().as_secs_f64() * 1000.0).floor()
    }

    /// The memory of a chunk. Throws when there is none of that number.
    #[napi]
    pub fn chunk<'env>(&self, env: &'env Env, number: u32) -> Result<ArrayBuffer<'env>> {
        let chunk = self.fabric().and_then(|fabric| fabric.chunk(number));
        buffer_over(env, chunk)?.ok_or_else(|| Error::from_reason("there is no such chunk"))
    }

    /// What a thread shows of its processes; null when it has no block of that number.
    #[napi]
    pub fn presence<'env>(
        &self,
        env: &'env Env,
        thread: u32,
        block: u32,
    ) -> Result<Option<ArrayBuffer<'env>>> {
        buffer_over(
            env,
            self.fabric()
                .and_then(|fabric| fabric.presence(thread, block)),
        )
    }

    /// What a thread shows of its addresses; null when it has no block of that number.
    #[napi]
    pub fn address_presence<'env>(
        &self,
        env: &'env Env,
        thread: u32,
        block: u32,
    ) -> Result<Option<ArrayBuffer<'env>>> {
        let fabric = self.fabric();
        buffer_over(
            env,
            fabric.and_then(|fabric| fabric.address_presence(thread, block)),
        )
    }

    /// Where this thread shows the calls that peers have made by name, and that it has taken; null without other threads.
    #[napi]
    pub fn named_calls<'env>(
        &self,
        env: &'env Env,
        block: u32,
    ) -> Result<Option<ArrayBuffer<'env>>> {
        let thread = self.handle().thread();
        let fabric = self.fabric();
        buffer_over(
            env,
            fabric.and_then(|fabric| fabric.named_calls(thread, block)),
        )
    }

    /// What a thread counts. Throws when there is no such thread.
    #[napi]
    pub fn statistics<'env>(&self, env: &'env Env, thread: u32) -> Result<ArrayBuffer<'env>> {
        let block = self.fabric().and_then(|fabric| fabric.statistics(thread));
        buffer_over(env, block)?.ok_or_else(|| Error::from_reason("there is no such thread"))
    }

    /// The ring of another thread, to look at only; null while nobody has its place.
    #[napi]
    pub fn ring_of<'env>(&self, env: &'env Env, thread: u32) -> Result<Option<ArrayBuffer<'env>>> {
        let ring = self.fabric().and_then(|fabric| fabric.ring(thread));
        ring.map(|ring| array_buffer(env, ring)).transpose()
    }

    /// Whether some thread of the node has this name; then the results say who.
    #[napi]
    pub fn find_name(&self, name: String) -> bool {
        let found = self.handle().call(|scheduler| scheduler.find_name(&name));
        found.unwrap_or(false)
    }

    /// Whether some thread of the node has this event; then the results say who.
    #[napi]
    pub fn find_event(&self, name: String) -> bool {
        let found = self.handle().call(|scheduler| scheduler.find_event(&name));
        found.unwrap_or(false)
    }

    /// Reserves a name for a process of another thread, which is to be told; gives a verdict.
    #[napi]
    pub fn reserve_name(&self, thread: u32, slot: u32, generation: u32, name: String) -> u32 {
        self.ask(|scheduler| scheduler.reserve_name(thread, slot, generation, &name))
    }

    /// Takes a name that another thread has reserved for a process; gives a verdict, and the address in `RESULT_A` and
    /// `RESULT_B`. If the process has ended, the name is free.
    #[napi]
    pub fn take_name(&self, slot: u32, generation: u32, name: String) -> u32 {
        self.ask(|scheduler| scheduler.take_name(slot, generation, &name))
    }

    /// Frees a name for all threads; true when somebody had it: then the results say who, whose thread is to be told.
    #[napi]
    pub fn withdraw_name(&self, name: String) -> bool {
        let had = self
            .handle()
            .call(|scheduler| scheduler.withdraw_name(&name));
        had.unwrap_or(false)
    }

    /// An address that stands for something of another thread, in `RESULT_A` and `RESULT_B`; given up by
    /// `RELEASE`.
    #[napi]
    pub fn add_proxy(&self, is_event: bool) {
        self.handle()
            .call(|scheduler| scheduler.add_proxy(is_event));
    }

    /// How much is on its way to a thread or connection.
    #[napi]
    #[allow(clippy::cast_precision_loss, reason = "bytes stay far below 2^53")]
    pub fn on_the_way(&self, member: u32) -> BindingOnTheWay {
        let own = self.handle().thread();
        let fabric = self.fabric();
        let way = fabric.map(|fabric| fabric.on_the_way(own, member));
        let way = way.unwrap_or_default();
        BindingOnTheWay {
            chunk_bytes: way.chunk_bytes as f64,
            blob_bytes: way.blob_bytes as f64,
            own_bytes: way.own_bytes as f64,
            limit: way.limit as f64,
        }
    }

    /// Shows to other threads where a process of this one wants messages to go for which there is no room: name and tag.
    #[napi]
    pub fn show_fallback(&self, slot: u32, generation: u32, to: String, tag: String) {
        if let Some(fabric) = self.fabric() {
            let thread = self.handle().thread();
            fabric.show_fallback(thread, slot, generation, Fallback { to, tag });
        }
    }

    /// What a process of another thread has shown so: name and tag; null when it has no fallback.
    #[napi]
    pub fn fallback(&self, thread: u32, slot: u32, generation: u32) -> Option<Vec<String>> {
        let fallback = self.fabric()?.fallback(thread, slot, generation)?;
        Some(vec![fallback.to, fallback.tag])
    }

    /// Keeps a copy of bytes for a thread: its number, or 0 when too much is on its way there. Of the same message `of_same`
    /// bytes are kept already.
    #[napi]
    pub fn put_blob(&self, thread: u32, bytes: &[u8], of_same: f64, is_forced: bool) -> u32 {
        let number = self
            .handle()
            .call(|scheduler| scheduler.put_blob(thread, bytes, whole(of_same), is_forced));
        number.unwrap_or(0)
    }

    /// Keeps the bytes of that number, which were kept for a thread and not yet taken, for another one, too, without a
    /// copy: the number there, or 0 when they are gone or too much is on its way there.
    #[napi]
    pub fn share_blob(&self, thread: u32, blob: u32, is_forced: bool) -> u32 {
        let number = self
            .handle()
            .call(|scheduler| scheduler.share_blob(thread, blob, is_forced));
        number.unwrap_or(0)
    }

    /// The bytes of that number, without a copy; null when they are gone.
    #[napi]
    pub fn take_blob<'env>(
        &self,
        env: &'env Env,
        number: u32,
    ) -> Result<Option<ArrayBuffer<'env>>> {
        let bytes = self.fabric().and_then(|fabric| fabric.take_blob(number));
        bytes
            .map(|bytes| match bytes {
                BlobBytes::Own(bytes) => ArrayBuffer::from_data(env, bytes),
                BlobBytes::Shared(bytes) => array_buffer(env, bytes),
            })
            .transpose()
    }

    /// The number of a way of compressing, for the frames of processes that have chosen it: `algorithm` 1 lz4, 2 zstd,
    /// 3 gzip; 0: there are too many ways already. Throws for an algorithm that there is not.
    #[napi]
    pub fn profile(&self, algorithm: u32, level: u32, threshold_bytes: u32) -> Result<u32> {
        let algorithm = match algorithm {
            1 => Algorithm::Lz4,
            2 => Algorithm::Zstd,
            3 => Algorithm::Gzip,
            other => {
                let text = format!("there is no algorithm {other} to compress with");
                return Err(Error::from_reason(text));
            }
        };
        let compression = Compression {
            algorithm,
            level: level.min(u8::MAX.into()) as u8,
            threshold: threshold_bytes,
        };
        let profiles = self.profiles();
        Ok(profiles.map_or(0, |profiles| profiles.number(compression)))
    }

    /// The number of an object shape; 0 when no more can be had.
    #[napi]
    pub fn shape(&self, text: String) -> u32 {
        self.fabric().map_or(0, |fabric| fabric.shape(&text))
    }

    /// The object shape that the peer behind a connection has told by that number; null when there is none.
    #[napi]
    pub fn peer_shape(&self, seat: u32, number: u32) -> Option<String> {
        let text = self.fabric()?.peer_shape(seat, number)?;
        Some(text.to_string())
    }

    /// The object shape of a number; null when there is none.
    #[napi]
    pub fn shape_text(&self, number: u32) -> Option<String> {
        let text = self.fabric()?.shape_text(number)?;
        Some(text.to_string())
    }

    /// The number of a variant of an object shape, which no peer is told of; 0 when no more can be had.
    #[napi]
    pub fn variant(&self, text: String) -> u32 {
        self.fabric().map_or(0, |fabric| fabric.variant(&text))
    }

    /// The variant of a number; null when there is none.
    #[napi]
    pub fn variant_text(&self, number: u32) -> Option<String> {
        let text = self.fabric()?.variant_text(number)?;
        Some(text.to_string())
    }
}

fn buffer_over(env: &Env, block: Option<Arc<Block>>) -> Result<Option<ArrayBuffer<'_>>> {
    block.map(|block| array_buffer(env, block)).transpose()
}
