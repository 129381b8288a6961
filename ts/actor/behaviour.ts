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

type Handlers<P> = ([MessageOf<P>] extends [never]
  ? unknown
  : { handleMessage: (message: MessageOf<P>, from: Pid<unknown>) => unknown }) &
  ([RequestOf<P>] extends [never]
    ? unknown
    : { handleCall: (request: RequestOf<P>, from: Pid<unknown>) => unknown }) &
  ([EventOf<P>] extends [never]
    ? unknown
    : { handleEvent: (message: EventOf<P>, event: EventMeta) => unknown });
