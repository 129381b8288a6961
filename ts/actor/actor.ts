import type { Envelope } from '../process/envelope.ts';
import { shortCuts } from '../process/process-context.ts';
import type { Exit } from '../relation/ended.ts';
import { PLAIN, PLAIN_CALLS } from '../process/process-record.ts';
import { CallbackProcess } from './callback-process.ts';
import type { Answer, MaybePromise, Next } from './outcome.ts';

/**
 * The general behaviour. Extend it and write the callbacks that the protocol asks for; all are
 * optional, all but `handleInspect` may be asynchronous, and while the promise of one is pending the
 * process takes no other message. What a callback throws ends the process with that error as its
 * reason. Source: Ergo `act.Actor`, OTP `gen_server`.
 *
 * @example
 * class Counter extends Actor<{ message: Add; request: Total }> {
 *   total = 0;
 *   override handleMessage({ by }: Add): Next { this.total += by; return noreply; }
 *   override handleCall(request: Total): Answer { return reply(request, this.total); }
 * }
 */
export abstract class Actor<P = {}> extends CallbackProcess<P> {
  /** A linked target ended or an exit signal came, and `trapExit` is on. Never from the parent: its exit ends the process. */
  handleExit?(exit: Exit): MaybePromise<Next>;

  /** Calls the callback that an entry of the mailbox is for. Override it only to see every entry; then call `super.receive`. */
  override receive(envelope: Envelope): MaybePromise<Next | Answer | object> {
    if (envelope.kind === 'exit' && this.handleExit !== undefined)
      return this.handleExit(envelope.exit);
    return super.receive(envelope);
  }

  /** @internal */
  override [shortCuts](): number {
    if (this.receive !== plainReceive) return 0;
    const messages = this.handleMessage === undefined ? 0 : PLAIN;
    return messages | (this.handleCall === undefined ? 0 : PLAIN_CALLS);
  }
}

/** What is laid over the prototype later, to see every entry, is no short cut. */
const plainReceive = Actor.prototype.receive;
