import type { LocalPid } from '../process/pid.ts';
import type { ProcessRecord } from '../process/process-record.ts';

/** What the caller is told; both at most once, and never both. */
export interface Settlement {
  /** What these settle, if somebody may wait for it. */
  readonly promise?: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * One request on its way: the payload of its message, and the entry of the caller's list of
 * unsettled calls. A request whose call has settled (timeout, abort, the caller's end) is dropped
 * where it is met.
 */
export class PendingCall {
  readonly request: unknown;
  readonly caller: ProcessRecord;
  /** Who must answer: the target, or whom it was forwarded to. */
  target: ProcessRecord;
  readonly timeoutMs: number;
  /** When it times out, ms since the node's start; -1 until somebody has to know. */
  deadline = -1;
  settlement: Settlement | undefined;
  /** The wheel's entry for the deadline; -1: none yet. */
  timer = -1;
  /** Text form of the reference, made when somebody asks for it. */
  ref: string | undefined = undefined;
  /** The name or alias it was sent to, for split handling. */
  address: unknown = undefined;
  /** Whether somebody other than the running callback may answer it. */
  isHeld = false;
  /** Undoes the listener on the caller's abort signal. */
  unlisten: (() => void) | undefined = undefined;
  previous: PendingCall | undefined = undefined;
  next: PendingCall | undefined = undefined;

  constructor(
    request: unknown,
    caller: ProcessRecord,
    target: ProcessRecord,
    timeoutMs: number,
    settlement: Settlement,
  ) {
    this.request = request;
    this.caller = caller;
    this.target = target;
    this.timeoutMs = timeoutMs;
    this.settlement = settlement;
  }

  get from(): LocalPid {
    return this.caller.pid;
  }

  get isSettled(): boolean {
    return this.settlement === undefined;
  }
}
