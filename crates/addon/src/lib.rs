//! The glue between Node.js and `tergo-core`: converts, calls, converts, and decides nothing.
//!
//! `docs/design/crossing.md` specifies what travels; the hot path is `entries()`, whose functions
//! take no arguments.

#![deny(unsafe_op_in_unsafe_fn)]

pub mod binding_cookie;
mod binding_counters;
mod binding_entries;
mod binding_fabric;
mod binding_network;
mod binding_network_info;
mod binding_registrar;
mod binding_resolver;
pub mod binding_route;
mod binding_scheduler;
pub mod binding_tls;
#[cfg(unix)]
mod event_loop;
mod external_memory;
mod fabric_access;
mod js_callback;
#[cfg(unix)]
mod js_thread;
#[cfg(unix)]
mod libuv;
#[cfg(unix)]
mod loop_meter;
#[cfg(unix)]
mod loop_waker;
mod scheduler_handle;
mod voice;
mod waking;
mod watchdog_thread;
mod watched_loop;

pub use binding_counters::{BindingCounters, BindingProcessCounters};
pub use binding_fabric::BindingFabric;
pub use binding_network::BindingNetwork;
pub use binding_scheduler::BindingScheduler;
