import type { Response } from '../call/response.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Log } from '../log/log.ts';
import type { LogRecord } from '../log/log-record.ts';
import type { Alias } from '../process/alias.ts';
import type { Envelope } from '../process/envelope.ts';
import type { Pid } from '../process/pid.ts';
import { Process } from '../process/process.ts';
import type { MessageOf, RequestOf } from '../protocol/protocol.ts';
import type { Down } from '../relation/ended.ts';
import type { RouteFailure } from '../router/routed.ts';
import { type Answer, ErrorReply, type MaybePromise, type Next, noreply } from './outcome.ts';

type Of<Kind extends Envelope['kind']> = Extract<Envelope, { kind: Kind }>;

/**
 * A process with OTP's callbacks: what `Actor`, `Supervisor` and their like have in common. All
 * callbacks are optional, all but `handleInspect` may be asynchronous, and while the promise of one
 * is pending the process takes no other message.
 */
export abstract class CallbackProcess<P> extends Process<P> {
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
  /** A monitored target ended. */
  handleDown?(down: Down): MaybePromise<Next>;
  /** The first subscriber of one of its events came (only with `notify`). */
  handleEventStart?(event: string): MaybePromise<Next>;
  /** The last subscriber left or ended (only with `notify`). */
  handleEventStop?(event: string): MaybePromise<Next>;
  /** The answer to a `sendRequest`. */
  handleResponse?(response: Response): MaybePromise<Next>;
  /** A router could not hand on a message of this process. Comes to a router itself for everything that it cannot hand on. */
  handleRouteFailed?(failure: RouteFailure): MaybePromise<Next>;
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
          return missed(this, 'handleEvent', { event: envelope.event.name });
        return this.handleEvent(envelope.event.message as never, envelope.event);
      case 'exit':
        return missed(this, 'handleExit', { exit: envelope.exit });
      case 'down':
        if (this.handleDown === undefined)
          return missed(this, 'handleDown', { down: envelope.down });
        return this.handleDown(envelope.down);
      default:
        return this.#rare(envelope);
    }
  }

  #message({ message, from, address }: Of<'message'>): MaybePromise<Next> {
    const body = message as MessageOf<P>;
    if (typeof address === 'string' && this.handleMessageName !== undefined)
      return this.handleMessageName(body, from, address);
    if (typeof address === 'object' && this.handleMessageAlias !== undefined)
      return this.handleMessageAlias(body, from, address);
    if (this.handleMessage !== undefined) return this.handleMessage(body, from);
    return missed(this, 'handleMessage', { from });
  }

  #request({ request, from, address }: Of<'request'>): MaybePromise<Answer | object> {
    const body = request as RequestOf<P>;
    if (typeof address === 'string' && this.handleCallName !== undefined)
      return this.handleCallName(body, from, address);
    if (typeof address === 'object' && this.handleCallAlias !== undefined)
      return this.handleCallAlias(body, from, address);
    if (this.handleCall !== undefined) return this.handleCall(body, from);
    return unanswered(this);
  }

  #rare(
    envelope: Of<'event-start' | 'event-stop' | 'response' | 'route-failed' | 'log' | 'inspect'>,
  ): MaybePromise<Next | object> {
    switch (envelope.kind) {
      case 'event-start':
        if (this.handleEventStart === undefined)
          return missed(this, 'handleEventStart', { event: envelope.event });
        return this.handleEventStart(envelope.event);
      case 'event-stop':
        if (this.handleEventStop === undefined)
          return missed(this, 'handleEventStop', { event: envelope.event });
        return this.handleEventStop(envelope.event);
      case 'response':
        if (this.handleResponse === undefined)
          return missed(this, 'handleResponse', { ref: envelope.response.ref });
        return this.handleResponse(envelope.response);
      case 'route-failed':
        return this.handleRouteFailed?.(envelope.failure) ?? noreply;
      case 'log':
        return this.handleLog === undefined ? noreply : this.handleLog(envelope.record);
      case 'inspect':
        return this.handleInspect?.(envelope.items, envelope.from) ?? {};
    }
  }
}

/** What a caller gets of a process that answers no calls. @internal */
export function unanswered(process: object): ErrorReply {
  const text = `${process.constructor.name} has no handleCall, so it answers no calls`;
  return new ErrorReply(new TergoError('unsupported', text));
}

/** A callback that is not there is worth a line in the log, not the end of the process. @internal */
export function missed(
  process: { readonly log: Log },
  callback: string,
  fields: Readonly<Record<string, unknown>>,
): Next {
  process.log.warning(`${callback} is not implemented; the message is lost`, fields);
  return noreply;
}
