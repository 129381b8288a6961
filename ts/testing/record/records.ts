import type { CronFallback } from '../../cron/cron-job.ts';
import type { CronRun } from '../../cron/cron-run.ts';
import type { ExitReason } from '../../error/exit-reason.ts';
import type { SendResult } from '../../error/send-result.ts';
import type { EventMeta, EventOptions } from '../../event/event-message.ts';
import type { LogFields } from '../../log/log-record.ts';
import type { LogLevel } from '../../log/log-level.ts';
import type { Alias } from '../../process/alias.ts';
import type { AnyPid } from '../../process/pid.ts';
import type { Priority } from '../../process/priority.ts';
import type { ProcessOptions } from '../../process/process-options.ts';
import type { AnyTarget } from '../../process/target.ts';
import type { Response } from '../../call/response.ts';
import type { Down, Exit } from '../../relation/ended.ts';

/** How far an operation is that may take its time or fail. */
export type State = 'pending' | 'done' | 'failed';

/** What becomes of an operation that may take its time or fail. */
export interface Attempt {
  /** `pending` until it is over. */
  readonly state: State;
  /** What it threw or rejected with, once it has `failed`. */
  readonly error: Error | undefined;
}

/** A class that can be spawned, whatever it takes. */
export type AnyBehaviour = abstract new (...args: never[]) => unknown;

/** What was done by or to a process, by kind. Each record also has what `RecordBase` has. */
export interface RecordFields {
  /** `send`, `sendImportant`, and what a timer sends. */
  readonly send: {
    readonly to: AnyTarget;
    readonly message: unknown;
    readonly priority: Priority;
    /** Whether it was sent at once or because a timer fired. */
    readonly via: 'send' | 'timer';
    /** What it gave; `undefined` when it threw. */
    readonly result: SendResult | undefined;
  };
  /** `sendExit`. */
  readonly 'send-exit': {
    readonly to: AnyPid;
    readonly reason: ExitReason;
    /** What it gave; `undefined` when it threw. */
    readonly result: SendResult | undefined;
  };
  /** `sendAfter`, `sendEvery`, `sendExitAfter`: the starting, not the firing. */
  readonly timer: Attempt & {
    readonly to: AnyTarget;
    /** The message; for `sendExitAfter` the reason. */
    readonly message: unknown;
    readonly afterMs: number;
    readonly isRepeated: boolean;
    readonly isExit: boolean;
    /** Whether it was cancelled before it was over. */
    readonly isCancelled: boolean;
  };
  /** `call`. */
  readonly call: Attempt & {
    readonly to: AnyTarget;
    readonly request: unknown;
    /** `undefined`: none was given. */
    readonly timeoutMs: number | undefined;
    /** What was answered, once it is `done`. */
    readonly reply: unknown;
  };
  /** `sendRequest`; what comes of it is `receive-response`. */
  readonly request: Attempt & {
    readonly to: AnyTarget;
    readonly request: unknown;
    readonly timeoutMs: number | undefined;
    readonly label: string | undefined;
    readonly ref: string | undefined;
  };
  /** `cancelRequest`. */
  readonly 'cancel-request': { readonly ref: string; readonly result: boolean };
  /** The answer to a call: returned from `handleCall`, or by `sendResponse`, `sendResponseError` and the important ones of these. */
  readonly reply: {
    /** Who called. */
    readonly to: AnyPid;
    /** What was asked, if the answering process was asked itself. */
    readonly request: unknown;
    /** The answer, unless it is an error; of a promise what it has come to, once it has. */
    readonly value: unknown;
    readonly error: Error | undefined;
    readonly via: 'return' | 'send-response';
    /** What it gave, or an important one rejected with; `undefined` when it threw or has not settled. */
    readonly result: SendResult | undefined;
  };
  /** `forward` of a message or call in hand; what a pool or a router hands on. */
  readonly forward: {
    readonly to: AnyTarget;
    readonly message: unknown;
    /** Whether it was the call in hand. */
    readonly isCall: boolean;
  };
  /** `spawn`; children of supervisors and pools, too. */
  readonly spawn: Attempt & {
    readonly behaviour: AnyBehaviour;
    readonly args: readonly unknown[];
    readonly name: string | undefined;
    /** The other options. */
    readonly options: ProcessOptions;
    /** The child, as soon as there is one: before its `init`. */
    readonly pid: AnyPid | undefined;
  };
  readonly link: Attempt & { readonly target: AnyTarget };
  readonly unlink: Attempt & { readonly target: AnyTarget };
  readonly monitor: Attempt & { readonly target: AnyTarget };
  readonly demonitor: Attempt & { readonly target: AnyTarget };
  /** `linkEvent` and `monitorEvent`. */
  readonly subscribe: Attempt & { readonly event: string; readonly via: 'link' | 'monitor' };
  /** `unlinkEvent` and `demonitorEvent`. */
  readonly unsubscribe: Attempt & { readonly event: string; readonly via: 'link' | 'monitor' };
  readonly 'register-event': Attempt & { readonly event: string; readonly options: EventOptions };
  readonly 'unregister-event': Attempt & { readonly event: string };
  /** `sendEvent`. */
  readonly publish: {
    readonly event: string;
    readonly message: unknown;
    readonly priority: Priority;
    /** What it gave; `undefined` when it threw. */
    readonly result: SendResult | undefined;
  };
  readonly 'register-name': Attempt & { readonly name: string };
  readonly 'unregister-name': Attempt & { readonly name: string };
  readonly 'create-alias': Attempt & { readonly alias: Alias<never> | undefined };
  readonly 'delete-alias': Attempt & { readonly alias: Alias<never> };
  /** Asking another process to describe itself. */
  readonly inspect: Attempt & {
    readonly target: AnyTarget;
    readonly items: readonly string[];
    readonly answer: Readonly<Record<string, string>> | undefined;
  };
  /** `node.cron.addJob`. */
  readonly 'cron-add': Attempt & {
    /** The name of the job. */
    readonly job: string;
    readonly spec: string;
    readonly timeZone: string | undefined;
    /** The description of what it does. */
    readonly action: string;
    readonly fallback: CronFallback | undefined;
    readonly isEnabled: boolean;
  };
  /** `node.cron.removeJob`. */
  readonly 'cron-remove': Attempt & { readonly job: string };
  /** `node.cron.enableJob`. */
  readonly 'cron-enable': Attempt & { readonly job: string };
  /** `node.cron.disableJob`. */
  readonly 'cron-disable': Attempt & { readonly job: string };
  /** A run of a job, because its time has come or by `node.cron.runJob`; `done` when the run is over. */
  readonly 'cron-run': Attempt & Omit<CronRun, 'node'>;
  readonly log: {
    readonly level: Exclude<LogLevel, 'disabled'>;
    readonly message: string;
    readonly fields: LogFields;
  };
  /** `node.kill`. */
  readonly kill: { readonly target: AnyPid };
  /** The end of a process, just before its `terminate`; also of one whose `init` failed. */
  readonly terminate: {
    readonly reason: ExitReason;
    /** The exit that brought it, if one did. */
    readonly exit: Exit | undefined;
  };
  /** A message or call is handed to a process. */
  readonly deliver: {
    readonly to: AnyPid;
    readonly from: AnyPid;
    /** The message, or the request of the call. */
    readonly message: unknown;
    readonly isCall: boolean;
  };
  /** The exit of a linked target, or an exit signal: trapped, or the end of the process. */
  readonly 'receive-exit': { readonly to: AnyPid; readonly exit: Exit };
  readonly 'receive-down': { readonly to: AnyPid; readonly down: Down };
  readonly 'receive-event': {
    readonly to: AnyPid;
    readonly event: string;
    readonly message: unknown;
    readonly meta: EventMeta;
  };
  /** The answer to a `sendRequest`. */
  readonly 'receive-response': { readonly to: AnyPid; readonly response: Response };
  /** Another process asks this one to describe itself. */
  readonly 'receive-inspect': {
    readonly to: AnyPid;
    readonly from: AnyPid;
    readonly items: readonly string[];
  };
  /** The first subscriber of an event came, or the last one left. */
  readonly 'receive-notice': {
    readonly to: AnyPid;
    readonly notice: 'event-start' | 'event-stop';
    readonly event: string;
  };
}

/** What can be recorded. */
export type Kind = keyof RecordFields;

/** All kinds. */
export const KINDS: readonly string[] = Object.keys({
  send: 0,
  'send-exit': 0,
  timer: 0,
  call: 0,
  request: 0,
  'cancel-request': 0,
  reply: 0,
  forward: 0,
  spawn: 0,
  link: 0,
  unlink: 0,
  monitor: 0,
  demonitor: 0,
  subscribe: 0,
  unsubscribe: 0,
  'register-event': 0,
  'unregister-event': 0,
  publish: 0,
  'register-name': 0,
  'unregister-name': 0,
  'create-alias': 0,
  'delete-alias': 0,
  inspect: 0,
  'cron-add': 0,
  'cron-remove': 0,
  'cron-enable': 0,
  'cron-disable': 0,
  'cron-run': 0,
  log: 0,
  kill: 0,
  terminate: 0,
  deliver: 0,
  'receive-exit': 0,
  'receive-down': 0,
  'receive-event': 0,
  'receive-response': 0,
  'receive-inspect': 0,
  'receive-notice': 0,
} satisfies Record<Kind, 0>);

/** What every record has. */
export interface RecordBase<K extends Kind = Kind> {
  readonly kind: K;
  /** Who did it; for `deliver` and the `receive-…` kinds whom it reached. The node's own pid for what the node did. */
  readonly by: AnyPid;
  /** The name of the node. */
  readonly node: string;
  /** When, ms since the node's start, by its clock. */
  readonly atMs: number;
}

/** A record of one kind. */
export type RecordOf<K extends Kind> = RecordBase<K> & RecordFields[K];

/** Some record; `kind` tells which. */
export type AnyRecord = { readonly [K in Kind]: RecordOf<K> }[Kind];
