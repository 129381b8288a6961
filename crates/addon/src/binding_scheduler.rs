#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands strings over by value"
)]
#![expect(
    clippy::missing_errors_doc,
    reason = "these comments become those of binding.d.ts, which has no such section"
)]

use std::rc::Rc;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{ArrayBuffer, Object, Result, Uint32Array};
use napi_derive::napi;
use tergo_core::{EventTraits, Fabric, Scheduler, Verdict};
use tergo_net::Profiles;

use crate::binding_counters::{BindingCounters, BindingProcessCounters};
use crate::binding_entries;
use crate::binding_fabric;
#[cfg(unix)]
use crate::event_loop::EventLoop;
use crate::external_memory::array_buffer;
#[cfg(unix)]
use crate::js_thread::JsThread;
use crate::scheduler_handle::SchedulerHandle;
use crate::voice::Voice;
use crate::watchdog_thread;
use crate::watched_loop::LoopTimes;
#[cfg(unix)]
use crate::watched_loop::Meter;

/// What an event has besides its name.
#[napi(object)]
pub struct BindingEventTraits {
    /// Its producer hears of the first and the last subscriber.
    pub notify: bool,
    /// What other threads need to know of who may publish; 0: anybody may.
    pub guard: u32,
}

/// How the event loop of a thread does.
#[napi(object)]
pub struct BindingLoopTimes {
    /// Changes whenever it has done all that there was, and looks for more.
    pub turns: u32,
    /// For how long it has worked without doing so, ms; not much while it waits.
    pub unturned_ms: f64,
    /// How long it has worked, not waited, since the scheduler began, ms.
    pub worked_ms: f64,
    /// The longest that it worked without looking for more in the last ten to twenty seconds, ms.
    pub longest_ms: f64,
}

impl From<LoopTimes> for BindingLoopTimes {
    fn from(times: LoopTimes) -> Self {
        Self {
            turns: times.turns,
            unturned_ms: ms(times.unturned_ns),
            worked_ms: ms(times.worked_ns),
            longest_ms: ms(times.longest_ns),
        }
    }
}

/// The scheduler of one JS thread. `docs/design/crossing.md` tells how it is used.
///
/// Every method hands over the commands in the outbox first. After `close` all of them do nothing.
#[napi]
pub struct BindingScheduler {
    handle: Rc<SchedulerHandle>,
    /// How messages for other nodes are compressed, if it has joined a fabric.
    profiles: Option<Arc<Profiles>>,
}

#[napi]
impl BindingScheduler {
    /// A scheduler without processes.
    #[napi(constructor)]
    #[allow(clippy::new_without_default, reason = "only JavaScript makes one")]
    pub fn new(env: &Env) -> Result<Self> {
        #[cfg(unix)]
        let meter = EventLoop::of(*env).and_then(|event_loop| meter_of(&event_loop));
        #[cfg(not(unix))]
        let meter = None;
        let handle = Rc::new(SchedulerHandle::new(Scheduler::new(), meter));
        close_at_end(*env, &handle)?;
        Ok(Self {
            handle,
            profiles: None,
        })
    }

    /// The scheduler of one thread of a node that has several. Throws when there is no such fabric, or
    /// the place is taken. It ends with its environment, however that ends.
    #[napi(factory)]
    pub fn join(env: &Env, fabric: u32, thread: u32) -> Result<Self> {
        let (scheduler, profiles) = binding_fabric::join(fabric, thread)?;
        #[cfg(unix)]
        let meter = EventLoop::of(*env).and_then(|event_loop| {
            let meter = meter_of(&event_loop);
            Scheduler::set_os_thread(JsThread::new(event_loop));
            meter
        });
        #[cfg(not(unix))]
        let meter = None;
        let handle = Rc::new(SchedulerHandle::new(scheduler, meter));
        close_at_end(*env, &handle)?;
        Ok(Self {
            handle,
            profiles: Some(profiles),
        })
    }

    /// The memory of the rings: words of 32 bits, at the offsets of `layout.ts`.
    /// Throws where the runtime has no external buffers.
    #[napi]
    pub fn ring<'env>(&self, env: &'env Env) -> Result<ArrayBuffer<'env>> {
        array_buffer(env, self.handle.ring())
    }

    /// A block of the gauges of a thread's bounded mailboxes; one of its own is made when there is none.
    #[napi]
    pub fn gauge_block<'env>(
        &self,
        env: &'env Env,
        thread: u32,
        block: u32,
    ) -> Result<Option<ArrayBuffer<'env>>> {
        let memory = if thread == self.handle.thread() {
            self.handle.call(|scheduler| scheduler.gauge_block(block))
        } else {
            self.fabric()
                .and_then(|fabric| fabric.gauge_block(thread, block))
        };
        memory.map(|memory| array_buffer(env, memory)).transpose()
    }

    /// The functions of the hot path. They keep the scheduler alive.
    #[napi(
        ts_return_type = "{ turn: () => void, flush: () => void, grant: () => void, handOver: () => void, nap: () => void, doze: () => void }"
    )]
    pub fn entries<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        binding_entries::entries(env, &self.handle)
    }

    /// Registers a name for a process; gives a verdict, and the address in `RESULT_A` and `RESULT_B`.
    #[napi]
    pub fn register_name(&self, slot: u32, generation: u32, name: String) -> u32 {
        self.ask(|scheduler| scheduler.register_name(slot, generation, &name))
    }

    /// Creates an alias of a process; gives a verdict, and the address in `RESULT_A` and `RESULT_B`.
    #[napi]
    pub fn create_alias(&self, slot: u32, generation: u32) -> u32 {
        self.ask(|scheduler| scheduler.create_alias(slot, generation))
    }

    /// Registers an event of a process; gives a verdict, and the address in `RESULT_A` and `RESULT_B`.
    #[napi]
    pub fn register_event(
        &self,
        slot: u32,
        generation: u32,
        name: String,
        traits: BindingEventTraits,
    ) -> u32 {
        let BindingEventTraits { notify, guard } = traits;
        let traits = EventTraits { notify, guard };
        self.ask(|scheduler| scheduler.register_event(slot, generation, &name, traits))
    }

    /// Gives the address of a node in `RESULT_A` and `RESULT_B`, and a verdict.
    #[napi]
    pub fn node_address(&self, name: String) -> u32 {
        self.ask(|scheduler| scheduler.node_address(&name))
    }

    /// The connection to a node is lost: its relations fire with this reason.
    #[napi]
    pub fn node_down(&self, name: String, reason_payload: u32) {
        self.handle
            .call(|scheduler| scheduler.node_down(&name, reason_payload));
    }

    /// The counters of a process; null when it is not alive.
    #[napi]
    pub fn process_counters(&self, slot: u32, generation: u32) -> Option<BindingProcessCounters> {
        self.handle
            .call(|scheduler| scheduler.process_counters(slot, generation))?
            .map(BindingProcessCounters::from)
    }

    /// The relations that a process has made and that stand, two numbers each: the relation's kind
    /// with the target's kind above its two bits, and the token.
    #[napi]
    pub fn relations(&self, slot: u32, generation: u32) -> Uint32Array {
        self.handle
            .call(|scheduler| scheduler.relations(slot, generation))
            .unwrap_or_default()
            .into()
    }

    /// The counters of the whole scheduler.
    #[napi]
    pub fn counters(&self) -> BindingCounters {
        self.handle
            .call(Scheduler::counters)
            .unwrap_or_default()
            .into()
    }

    /// Lets the watchdog look again; to be called when `WATCHDOG_ASLEEP` stands.
    #[napi]
    pub fn wake_watchdog(&self) {
        watchdog_thread::wake();
    }

    /// How the event loop of a thread of this node does now, whatever that thread does; null where that cannot be measured, and while
    /// nobody has its place.
    #[napi]
    pub fn loop_times(&self, thread: u32) -> Option<BindingLoopTimes> {
        let ring = if thread == self.handle.thread() {
            Some(self.handle.ring())
        } else {
            self.fabric().and_then(|fabric| fabric.ring(thread))
        };
        watchdog_thread::loop_times(&ring?).map(BindingLoopTimes::from)
    }

    /// From now on it is written to standard error when this thread hangs, by a thread that does not: nobody else may be able to tell.
    /// `short` is what its pids begin with.
    #[napi]
    pub fn tell_hangs(&self, node: String, short: String) {
        let fabric = self.fabric().cloned();
        let voice = Voice::new(node, short, self.handle.thread(), fabric);
        watchdog_thread::tell(&self.handle.ring(), voice);
    }

    /// Ends all processes without a word and frees the tables. The second time it does nothing.
    #[napi]
    pub fn close(&self) {
        self.handle.close();
    }

    /// What other threads share with it.
    pub(crate) fn fabric(&self) -> Option<&Arc<Fabric>> {
        self.handle.fabric()
    }

    /// How messages for other nodes are compressed; none without a fabric.
    pub(crate) fn profiles(&self) -> Option<&Profiles> {
        self.profiles.as_deref()
    }

    /// The scheduler, as long as it is not closed.
    pub(crate) fn handle(&self) -> &SchedulerHandle {
        &self.handle
    }

    /// The verdict on what is asked.
    pub(crate) fn ask(&self, question: impl FnOnce(&mut Scheduler) -> Verdict) -> u32 {
        let verdict = self.handle.call(question);
        verdict.unwrap_or(Verdict::ProcessUnknown) as u32
    }
}

#[cfg(unix)]
fn meter_of(event_loop: &EventLoop) -> Option<Arc<dyn Meter>> {
    let meter = Arc::clone(event_loop.meter()?);
    Some(meter)
}

/// A scheduler ends with its environment, however that ends.
fn close_at_end(env: Env, handle: &Rc<SchedulerHandle>) -> Result<()> {
    env.add_env_cleanup_hook(Rc::downgrade(handle), |weak| {
        if let Some(handle) = weak.upgrade() {
            handle.close();
        }
    })?;
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact for the first hundred days"
)]
fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}
