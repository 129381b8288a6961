import { incorrect } from '../error/tergo-error.ts';
import type { EventMeta } from '../event/event-message.ts';
import type { Envelope } from '../process/envelope.ts';
import type { Pid } from '../process/pid.ts';
import { context } from '../process/process-context.ts';
import { HANDS_ON } from '../process/process-record.ts';
import type { EventOf, MessageOf, RequestOf } from '../protocol/protocol.ts';
import type { Exit } from '../relation/ended.ts';
import { CallbackProcess, missed, unanswered } from './callback-process.ts';
import type { Answer, MaybePromise, Next } from './outcome.ts';

/**
 * A process that hands on what comes to it at normal priority: what `Pool` and `Router` have in common.
 * Messages, calls and events go to another process as they are, sender and all, and a call is answered by
 * whom it reaches. What comes at high or max priority is for the process itself, and so are exits, down
 * messages, responses and inspections.
 */
export abstract class ForwardingProcess<P> extends CallbackProcess<P> {
  constructor() {
    super();
    this[context].flags |= HANDS_ON;
  }

  /** A linked target ended or an exit signal came, and `trapExit` is on. Never from the parent: its exit ends the process. */
  handleExit?(exit: Exit): MaybePromise<Next>;

  /** Takes a message of high or max priority. Unless it is overridden, that is lost and logged. */
  override handleMessage(_message: MessageOf<P>, from: Pid<unknown>): MaybePromise<Next> {
    return missed(this, 'handleMessage', { from });
  }

  /** Answers a call of high or max priority. Unless it is overridden, that is rejected with `unsupported`. */
  override handleCall(_request: RequestOf<P>, _from: Pid<unknown>): MaybePromise<Answer> {
    // The caller is told by the outcome.
    return unanswered(this) as object as Answer;
  }

  /** Takes what was published at high or max priority. Unless it is overridden, that is lost and logged. */
  override handleEvent(_message: EventOf<P>, event: EventMeta): MaybePromise<Next> {
    return missed(this, 'handleEvent', { event: event.name });
  }

  /** Calls the callback that an entry is for that is for the process itself. Override it only to see those; then call `super.receive`. */
  override receive(envelope: Envelope): MaybePromise<Next | Answer | object> {
    if (envelope.kind === 'exit' && this.handleExit !== undefined)
      return this.handleExit(envelope.exit);
    return super.receive(envelope);
  }
}

/** Throws `incorrect` unless a process has an `init`; for the constructors of those that need one. @internal */
export function checkInit(process: { readonly init?: unknown }): void {
  if (typeof process.init === 'function') return;
  const name = process.constructor.name;
  throw incorrect(`init of ${name}`, 'a method that returns the spec', process.init);
}
