//! Counters as TypeScript sees them.

#![expect(
    clippy::cast_precision_loss,
    reason = "JavaScript's numbers are exact up to 2^53, which no counter reaches"
)]

use napi_derive::napi;
use tergo_core::{Counters, ProcessCounters};

/// The counters of a scheduler, since it began where nothing else is said.
#[napi(object, use_nullable = true)]
pub struct BindingCounters {
    /// Processes that were spawned.
    pub spawned: f64,
    /// Processes that ended.
    pub terminated: f64,
    /// Messages that were sent to a process.
    pub sent: f64,
    /// Messages of any kind that were handed over, less those that came back.
    pub delivered: f64,
    /// Messages that were not delivered, because the process was or went away.
    pub dropped: f64,
    /// Messages that were published.
    pub events_published: f64,
    /// Published messages that were put into mailboxes.
    pub events_delivered: f64,
    /// Published messages that found a full mailbox.
    pub events_dropped: f64,
    /// Turns that were taken.
    pub turns: f64,
    /// Processes alive now.
    pub processes: f64,
    /// Names registered now.
    pub names: f64,
    /// Aliases that exist now.
    pub aliases: f64,
    /// Events registered now.
    pub events: f64,
    /// Links that stand now.
    pub links: f64,
    /// Monitors that stand now.
    pub monitors: f64,
    /// Timers that run now.
    pub timers: f64,
    /// Messages in mailboxes now.
    pub messages: f64,
}

impl From<Counters> for BindingCounters {
    fn from(counters: Counters) -> Self {
        Self {
            spawned: counters.spawned as f64,
            terminated: counters.terminated as f64,
            sent: counters.sent as f64,
            delivered: counters.delivered as f64,
            dropped: counters.dropped as f64,
            events_published: counters.events_published as f64,
            events_delivered: counters.events_delivered as f64,
            events_dropped: counters.events_dropped as f64,
            turns: counters.turns as f64,
            processes: counters.processes as f64,
            names: counters.names as f64,
            aliases: counters.aliases as f64,
            events: counters.events as f64,
            links: counters.links as f64,
            monitors: counters.monitors as f64,
            timers: counters.timers as f64,
            messages: counters.messages as f64,
        }
    }
}

/// The counters of one process.
#[napi(object, use_nullable = true)]
pub struct BindingProcessCounters {
    /// Messages in the urgent queue now.
    pub urgent: f64,
    /// Messages in the system queue now.
    pub system: f64,
    /// Messages in the main queue now.
    pub main: f64,
    /// Messages in the log queue now.
    pub log: f64,
    /// Messages handed over, less those that came back.
    pub delivered: f64,
    /// Links that it has made and that stand.
    pub links: f64,
    /// Monitors that it has made and that stand.
    pub monitors: f64,
    /// Aliases that it has.
    pub aliases: f64,
    /// Events that it publishes.
    pub events: f64,
}

impl From<ProcessCounters> for BindingProcessCounters {
    fn from(counters: ProcessCounters) -> Self {
        let [urgent, system, main, log] = counters.queued.map(f64::from);
        Self {
            urgent,
            system,
            main,
            log,
            delivered: counters.delivered as f64,
            links: counters.links.into(),
            monitors: counters.monitors.into(),
            aliases: counters.aliases.into(),
            events: counters.events.into(),
        }
    }
}
