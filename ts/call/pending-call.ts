import type { ExitReason } from '../error/exit-reason.ts';
import type { SendResult } from '../error/send-result.ts';
import type { CallOrigin } from '../far/arrived-request.ts';
import { NOWHERE, type Station } from '../far/station.ts';
import type { CallQueue } from './call-deadlines.ts';
import type { LocalPid } from '../process/pid.ts';
import type { NamedProcess } from '../process/process-id.ts';
import type { ProcessExtra } from '../process/process-record.ts';

/** How a call is answered. */
export type CallAnswer = { readonly value: unknown } | { readonly error: Error };

/** What the caller is told; one of them, once. */
export interface Settlement {
  /** What these settle, if somebody may wait for it. */
  readonly promise?: Promise<unknown>;
  /** Where it comes from, if that is elsewhere. */
  readonly origin?: CallOrigin;
  /** Of one from elsewhere: what is to be done once it is over. */
  readonly onOver?: (() => void) | undefined;
  /** Of one from elsewhere: why it was rejected in place of being resolved. */
  readonly refusal?: SendResult | undefined;
  resolve(value: unknown): void;
  reject(error: Error): void;
  /**
   * The same for a caller elsewhere, resolving when its side has taken the answer; rejects with why not. Throws
   * `unsupported`, and nothing is settled then. Without it the caller is here, and has the answer at once.
   */
  readonly confirm?: (answer: CallAnswer) => Promise<void>;
}

/** Who waits for the answer: a process of this thread, or the pid of one elsewhere. */
export interface CallEnd {
  readonly pid: LocalPid;
  /** Head of the list of its unsettled calls. */
  calls: PendingCall | undefined;
  /** Messages it has sent. */
  sent: number;
  readonly reason: ExitReason | undefined;
}

/** Who must answer: a process of this thread, the pid of one elsewhere, or a name on another node. */
export interface CallTarget {
  readonly pid: LocalPid | NamedProcess;
  readonly reason: ExitReason | undefined;
  readonly extra: ProcessExtra | undefined;
}

/**
 * One request on its way: the payload of its message, and the entry of the caller's list of
 * unsettled calls. A request whose call has settled (timeout, abort, the caller's end) is dropped
 * where it is met.
 */
export class PendingCall {
  /** Of one from another node: what validators made of it. */
  request: unknown;
  readonly caller: CallEnd;
  /** Who must answer: the target, or whom it was forwarded to. */
  target: CallTarget;
  readonly timeoutMs: number;
  /** When it times out, ms since the node's start; -1 until somebody has to know. */
  deadline = -1;
  settlement: Settlement | undefined;
  /** Among which it stands of those that time out, and between which of them. */
  timing: CallQueue | undefined = undefined;
  earlier: PendingCall | undefined = undefined;
  later: PendingCall | undefined = undefined;
  /** Text form of the reference, made when somebody asks for it. */
  ref: string | undefined = undefined;
  /** The name or alias it was sent to, for split handling. */
  address: unknown = undefined;
  /** Whether its caller wants to know at once when it is not placed, and of no peer that cannot tell. */
  isImportant = false;
  /** Whether somebody other than the running callback may answer it. */
  isHeld = false;
  /** Its number among the calls that are answered elsewhere; -1: it is none of them. */
  farNumber = -1;
  /** Who answers it, if that is elsewhere and known. */
  station: Station = NOWHERE;
  /** Undoes the listener on the caller's abort signal. */
  unlisten: (() => void) | undefined = undefined;
  previous: PendingCall | undefined = undefined;
  next: PendingCall | undefined = undefined;

  constructor(
    request: unknown,
    caller: CallEnd,
    target: CallTarget,
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

  get origin(): CallOrigin | undefined {
    return this.settlement?.origin;
  }

  get isSettled(): boolean {
    return this.settlement === undefined;
  }
}
