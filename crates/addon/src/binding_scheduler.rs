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

use crate::binding_counters::{BindingCounters, BindingEventCounters, BindingProcessCounters};
use crate::binding_entries;
use crate::binding_fabric;
#[cfg(unix)]
use crate::event_loop::EventLoop;
use crate::external_memory::array_buffer;
#[cfg(unix)]
use crate::js_thread::JsThread;
use crate::scheduler_handle::SchedulerHandle;
use crate::watchdog_thread;

/// What an event has besides its name.
#[napi(object)]
pub struct BindingEventTraits {
    /// Its producer hears of the first and the last subscriber.
    pub notify: bool,
    /// What other threads need to know of who may publish; 0: anybody may.
    pub guard: u32,
}

/// The scheduler of one JS thread. `docs/design/crossing.md` tells how it is used.
///
/// Every method hands over the commands in the outbox first. After `close` all of them do nothing.
#[napi]
pub struct BindingScheduler {
    handle: Rc<SchedulerHandle>,
}

#[napi]
impl BindingScheduler {
    /// A scheduler without processes.
    #[napi(constructor)]
    #[allow(clippy::new_without_default, reason = "only JavaScript makes one")]
    pub fn new() -> Self {
        Self {
            handle: Rc::new(SchedulerHandle::new(Scheduler::new())),
        }
    }

    /// The scheduler of one thread of a node that has several. Throws when there is no such fabric, or
    /// the place is taken. It ends with its environment, however that ends.
    #[napi(factory)]
    pub fn join(env: &Env, fabric: u32, thread: u32) -> Result<Self> {
        let scheduler = binding_fabric::join(fabric, thread)?;
        #[cfg(unix)]
        if let Some(event_loop) = EventLoop::of(*env) {
            Scheduler::set_os_thread(JsThread::new(event_loop));
        }
        let handle = Rc::new(SchedulerHandle::new(scheduler));
        let weak = Rc::downgrade(&handle);
        env.add_env_cleanup_hook(weak, |weak| {
            if let Some(handle) = weak.upgrade() {
                handle.close();
            }
        })?;
        Ok(Self { handle })
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
        ts_return_type = "{ turn: () => void, flush: () => void, grant: () => void, handOver: () => void, nap: () => void }"
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

    /// The counters of an event; null when it is not registered.
    #[napi]
    pub fn event_counters(&self, index: u32, generation: u32) -> Option<BindingEventCounters> {
        self.handle
            .call(|scheduler| scheduler.event_counters(index, generation))?
            .map(BindingEventCounters::from)
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

    /// Ends all processes without a word and frees the tables. The second time it does nothing.
    #[napi]
    pub fn close(&self) {
        self.handle.close();
    }

    /// What other threads share with it.
    pub(crate) fn fabric(&self) -> Option<&Arc<Fabric>> {
        self.handle.fabric()
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
