import type { EventMeta } from '../event/event-message.ts';
import type { Pid } from '../process/pid.ts';
import type { EventOf, MessageOf, RequestOf } from '../protocol/protocol.ts';

declare const protocol: unique symbol;

/** Ties a class to its protocol, for the type checker only. */
export interface Speaks<P> {
  readonly [protocol]: P;
}

/**
 * What can be spawned as `P` with init arguments `Args`: a class whose callbacks cover the whole
 * protocol. `handleMessage`, `handleCall` and `handleEvent` are asked for exactly where `P` has that union.
 */
export interface Behaviour<P, Args extends readonly unknown[]> {
  new (): Callbacks<P, Args> & Handlers<P>;
}

interface Callbacks<P, Args extends readonly unknown[]> extends Speaks<P> {
  init?: (...args: Args) => unknown;
}

type Handlers<P> = ([MessageOf<P>] extends [never] ? unknown : HandlesMessages<P>) &
  ([RequestOf<P>] extends [never] ? unknown : HandlesCalls<P>) &
  ([EventOf<P>] extends [never] ? unknown : HandlesEvents<P>);

/** Asked of a class whose protocol has messages. */
export interface HandlesMessages<P> {
  /** Takes a message. */
  handleMessage: (message: MessageOf<P>, from: Pid<unknown>) => unknown;
}

/** Asked of a class whose protocol has requests. */
export interface HandlesCalls<P> {
  /** Answers a call. */
  handleCall: (request: RequestOf<P>, from: Pid<unknown>) => unknown;
}

/** Asked of a class whose protocol has events. */
export interface HandlesEvents<P> {
  /** Takes a message of an event. */
  handleEvent: (message: EventOf<P>, event: EventMeta) => unknown;
}
