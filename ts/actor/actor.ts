import type { Response } from '../call/response.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { LogRecord } from '../log/log-record.ts';
import type { Alias } from '../process/alias.ts';
import type { Envelope } from '../process/envelope.ts';
import type { Pid } from '../process/pid.ts';
import { Process } from '../process/process.ts';
import { isPlain } from '../process/process-context.ts';
import type { MessageOf, RequestOf } from '../protocol/protocol.ts';
import type { Down, Exit } from '../relation/ended.ts';
import { type Answer, ErrorReply, type MaybePromise, type Next, noreply } from './outcome.ts';

type Of<Kind extends Envelope['kind']> = Extract<Envelope, { kind: Kind }>;

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
export abstract class Actor<P = {}> extends Process<P> {
  /** A message that was sent to its name; only with `splitHandle`. */
  handleMessageName?(message: MessageOf<P>, from: Pid<unknown>, name: string): MaybePromise<Next>;
  /** A message that was sent to one of its aliases; only with `splitHandle`. */
  handleMessageAlias?(
    message: MessageOf<P>,
    from: Pid<unknown>,
    alias: Alias<never>,
  ): MaybePromise<Next>;
  /** A call to its name; only with `splitHandle`. */
  handleCallName?(request: RequestOf<P>, from: Pid<unknown>, name: string): MaybePromise<Answer>;
  /** A call to one of its aliases; only with `splitHandle`. */
  handleCallAlias?(
    request: RequestOf<P>,
    from: Pid<unknown>,
    alias: Alias<never>,
  ): MaybePromise<Answer>;
  /** A linked target ended or an exit signal came, and `trapExit` is on. Never from the parent: its exit ends the process. */
  handleExit?(exit: Exit): MaybePromise<Next>;
  /** A monitored target ended. */
  handleDown?(down: Down): MaybePromise<Next>;
  /** The first subscriber of one of its events came (only with `notify`). */
  handleEventStart?(event: string): MaybePromise<Next>;
  /** The last subscriber left or ended (only with `notify`). */
  handleEventStop?(event: string): MaybePromise<Next>;
  /** The answer to a `sendRequest`. */
  handleResponse?(response: Response): MaybePromise<Next>;
  /** A log record; only of a process that was made a logger by `node.addLogger`. */
  handleLog?(record: LogRecord): MaybePromise<Next>;
  /** Describes itself, for `inspect`; `items` are what the asker wants to know of. */
  handleInspect?(items: readonly string[], from: Pid<unknown>): Readonly<Record<string, string>>;

  /** Calls the callback that an entry of the mailbox is for. Override it only to see every entry; then call `super.receive`. */
  override receive(envelope: Envelope): MaybePromise<Next | Answer | object> {
    switch (envelope.kind) {
      case 'message':
        return this.#message(envelope);
      case 'request':
        return this.#request(envelope);
      case 'event':
        if (this.handleEvent === undefined)
          return this.#missed('handleEvent', { event: envelope.event.name });
        return this.handleEvent(envelope.event.message as never, envelope.event);
      case 'exit':
        if (this.handleExit === undefined)
          return this.#missed('handleExit', { exit: envelope.exit });
        return this.handleExit(envelope.exit);
      case 'down':
        if (this.handleDown === undefined)
          return this.#missed('handleDown', { down: envelope.down });
        return this.handleDown(envelope.down);
      default:
        return this.#rare(envelope);
    }
  }

  /** @internal */
  override [isPlain](): boolean {
    return this.handleMessage !== undefined && this.receive === Actor.prototype.receive;
  }

  #message({ message, from, address }: Of<'message'>): MaybePromise<Next> {
    const body = message as MessageOf<P>;
    if (typeof address === 'string' && this.handleMessageName !== undefined)
      return this.handleMessageName(body, from, address);
    if (typeof address === 'object' && this.handleMessageAlias !== undefined)
      return this.handleMessageAlias(body, from, address);
    if (this.handleMessage !== undefined) return this.handleMessage(body, from);
    return this.#missed('handleMessage', { from });
  }

  #request({ request, from, address }: Of<'request'>): MaybePromise<Answer | object> {
    const body = request as RequestOf<P>;
    if (typeof address === 'string' && this.handleCallName !== undefined)
      return this.handleCallName(body, from, address);
    if (typeof address === 'object' && this.handleCallAlias !== undefined)
      return this.handleCallAlias(body, from, address);
    if (this.handleCall !== undefined) return this.handleCall(body, from);
    return this.#unanswered('handleCall');
  }

  #rare(
    envelope: Of<'event-start' | 'event-stop' | 'response' | 'log' | 'inspect'>,
  ): MaybePromise<Next | object> {
    switch (envelope.kind) {
      case 'event-start':
        if (this.handleEventStart === undefined)
          return this.#missed('handleEventStart', { event: envelope.event });
        return this.handleEventStart(envelope.event);
      case 'event-stop':
        if (this.handleEventStop === undefined)
          return this.#missed('handleEventStop', { event: envelope.event });
        return this.handleEventStop(envelope.event);
      case 'response':
        if (this.handleResponse === undefined)
          return this.#missed('handleResponse', { ref: envelope.response.ref });
        return this.handleResponse(envelope.response);
      case 'log':
        return this.handleLog === undefined ? noreply : this.handleLog(envelope.record);
      case 'inspect':
        return this.handleInspect?.(envelope.items, envelope.from) ?? {};
    }
  }

  /** A callback that is not there is worth a line in the log, not the end of the process. */
  #missed(callback: string, fields: Readonly<Record<string, unknown>>): Next {
    this.log.warning(`${callback} is not implemented; the message is lost`, fields);
    return noreply;
  }

  #unanswered(callback: string): object {
    const text = `${this.constructor.name} has no ${callback}, so it answers no calls`;
    return new ErrorReply(new TergoError('unsupported', text));
  }
}
