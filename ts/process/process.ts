import type { Speaks } from '../actor/behaviour.ts';
import type { Answer, MaybePromise, Next } from '../actor/outcome.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { EventMeta } from '../event/event-message.ts';
import type { EventOf, MessageOf, RequestOf } from '../protocol/protocol.ts';
import type { Exit } from '../relation/ended.ts';
import type { Envelope } from './envelope.ts';
import type { LocalPid, Pid } from './pid.ts';
import { incorrect } from '../error/tergo-error.ts';
import { aftermath, handOn, initialise, shortCuts, supervises } from './process-context.ts';
import { ProcessRelations } from './process-relations.ts';

/** An instance as the runtime sees it: its callbacks take what comes. @internal */
export type AnyProcess = Process<{ message: unknown; request: unknown; event: unknown }>;

/** Carries the protocol, for the type checker only: there is nothing to initialise. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Process<P> extends Speaks<P> {}

/**
 * The low-level behaviour: extend it and write `receive` to take every entry of the mailbox as it
 * comes. `Actor` stands on it; most programs want that. Source: Ergo `gen.ProcessBehavior`.
 *
 * @example
 * class Tap extends Process<{ message: unknown }> {
 *   override receive(envelope: Envelope): Next { console.log(envelope.kind); return noreply; }
 *   override handleMessage(): Next { return noreply; } // never called; tells the types what it takes
 * }
 */
export abstract class Process<P> extends ProcessRelations<P> {
  /**
   * Takes one entry of the mailbox. What it returns is the outcome; for a `request` the answer. What it
   * throws ends the process.
   */
  abstract receive(envelope: Envelope): MaybePromise<Next | Answer | undefined | object>;

  /** Runs once before the first message; what it throws makes the spawn reject. */
  init?(...args: never[]): MaybePromise<unknown>;

  /** What may go to its callback without passing `receive`: the flags `PLAIN` and `PLAIN_CALLS`. @internal */
  [shortCuts](): number {
    return 0;
  }

  /** Runs `init`; its result, or the promise's, is awaited before the first message. @internal */
  [initialise](args: readonly unknown[]): unknown {
    return this.init?.(...(args as never[]));
  }

  /** Whether a stop of the node leaves this process's end to this one. @internal */
  [supervises]?(pid: LocalPid): boolean;

  /** Hands on an entry of its main queue, whose value stands in the slab; only with the flag `HANDS_ON`. @internal */
  [handOn]?(kind: number, payload: number): void;

  /** What is still to be over when this process has ended; `undefined`: nothing. @internal */
  [aftermath]?(): Promise<void> | undefined;

  /** Takes a message. */
  handleMessage?(message: MessageOf<P>, from: Pid<unknown>): MaybePromise<Next>;
  /** Answers a call. */
  handleCall?(request: RequestOf<P>, from: Pid<unknown>): MaybePromise<Answer>;
  /** Takes a message of an event that the process subscribes to. */
  handleEvent?(message: EventOf<P>, event: EventMeta): MaybePromise<Next>;
  /**
   * Runs when the process has ended: its name is free, its links and monitors have fired; it may still
   * send. `exit` tells which link or signal brought the end, if one did. What it throws is logged.
   */
  terminate?(reason: ExitReason, exit?: Exit): MaybePromise<void>;
}

/** Throws `incorrect` unless this is a class that can be spawned. @internal */
export function checkBehaviour(
  behaviour: unknown,
  argument: string = 'behaviour',
): asserts behaviour is new () => AnyProcess {
  if (typeof behaviour !== 'function' || !(behaviour.prototype instanceof Process))
    throw incorrect(argument, 'a class that extends Actor, Supervisor or Process', behaviour);
}
