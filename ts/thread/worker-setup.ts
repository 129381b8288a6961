import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode } from '../error/tergo-error.ts';
import type { LogLevel } from '../log/log-level.ts';
import type { SecurityOptions } from '../node/node-options.ts';
import type { Compression } from '../process/compression.ts';

/** What a worker is given with its start: values that `structuredClone` carries. */
export interface WorkerSetup {
  /** The number of the fabric that it joins. */
  readonly fabric: number;
  readonly thread: number;
  readonly threads: number;
  readonly incarnation: number;
  readonly node: string;
  readonly creation: number;
  readonly hasNetwork: boolean;
  readonly compression: Compression;
  /** When the node started, ms since 1970, as exactly as the machine tells. */
  readonly startedAtMs: number;
  /** URLs of the modules that export behaviours. */
  readonly behaviors: readonly string[];
  /** URLs of the modules that export validators. */
  readonly validators: readonly string[];
  readonly logLevel: LogLevel;
  readonly security: SecurityOptions;
  readonly freezeMessages: boolean;
}

/** What a worker finds as its `workerData`. */
export interface WorkerData {
  readonly setup: WorkerSetup;
  /** Where it says how its start goes. */
  reports?: MessagePort;
}

/** What a worker says before it talks by frames. */
export type WorkerReport =
  | { readonly type: 'imports'; readonly module: string }
  | { readonly type: 'ready' }
  | WorkerFailure;

/** Why it does not come up. */
export interface WorkerFailure {
  readonly type: 'failed';
  /** That of a `TergoError`. */
  readonly code: ErrorCode | undefined;
  readonly error: Error;
}
