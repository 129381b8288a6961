import type { LogLevel } from '../log/log-level.ts';
import { RUNNING, WAITING, ZOMBIE } from '../process/process-record.ts';
import { VERSION } from '../version.ts';
import type { Runtime } from './runtime.ts';

/** What a node counts. All since its start. Source: Ergo `gen.NodeInfo`. */
export interface NodeInfo {
  readonly name: string;
  readonly creation: number;
  readonly uptimeMs: number;
  /** Of the package. */
  readonly version: string;
  readonly logLevel: LogLevel;
  readonly loggers: readonly string[];
  /** Processes that live now. */
  readonly processes: number;
  /** Of these, with a callback on the stack or a promise of one pending. */
  readonly processesRunning: number;
  /** Of these, killed inside a callback that has not returned. */
  readonly processesZombie: number;
  readonly spawned: number;
  readonly terminated: number;
  /** Applications that are loaded; the system application is one of them. */
  readonly applications: number;
  /** Of these, those that run. */
  readonly applicationsRunning: number;
  readonly registeredNames: number;
  readonly registeredAliases: number;
  readonly registeredEvents: number;
  /** Links and monitors that have not fired. */
  readonly links: number;
  readonly monitors: number;
  /** Calls that are not settled. */
  readonly pendingCalls: number;
  readonly pendingTimers: number;
  /** Cron jobs, disabled ones as well. */
  readonly cronJobs: number;
  /** Entries that were put into mailboxes and taken out of them. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Messages whose target ended before it took them. */
  readonly messagesDropped: number;
  /** Sends that found a full mailbox. */
  readonly mailboxFull: number;
  readonly eventsPublished: number;
  readonly eventsDelivered: number;
  /** Event messages that found a full mailbox. */
  readonly eventsDropped: number;
  /** Callbacks that blocked the thread for 100 ms or more. */
  readonly blockedCallbacks: number;
  /** Messages, reasons and relations that the core holds by number. */
  readonly slabEntries: number;
}

/** Collects the counters of a node. @internal */
export function describeNode(runtime: Runtime): NodeInfo {
  const { home, driver, native, counters, names, events, calls, hub } = runtime;
  driver.outbox.flush();
  const core = native.counters();
  const living = runtime.shutdown.living();
  const withFlag = (flag: number): number =>
    living.filter(({ flags }) => (flags & flag) !== 0).length;
  return {
    name: home.node,
    creation: home.creation,
    uptimeMs: driver.readNow(),
    version: VERSION,
    logLevel: runtime.logLevel,
    loggers: hub.names(),
    processes: living.length,
    processesRunning: withFlag(RUNNING | WAITING),
    processesZombie: withFlag(ZOMBIE),
    // The core process is none that somebody spawned.
    spawned: counters.spawned - 1,
    terminated: counters.terminated,
    ...runtime.applications.counts(),
    registeredNames: names.size,
    registeredAliases: counters.aliases,
    registeredEvents: events.size,
    links: core.links,
    monitors: core.monitors,
    pendingCalls: calls.size,
    pendingTimers: core.timers,
    cronJobs: runtime.cron.size,
    messagesIn: core.delivered + core.messages,
    messagesOut: core.delivered,
    messagesDropped: counters.dropped,
    mailboxFull: counters.mailboxFull,
    eventsPublished: core.eventsPublished,
    eventsDelivered: core.eventsDelivered,
    eventsDropped: core.eventsDropped,
    blockedCallbacks: counters.blocked,
    slabEntries: driver.slab.size,
  };
}
