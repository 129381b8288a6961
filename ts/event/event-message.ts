import type { EventName } from './event-name.ts';

/** Where and when a published message comes from. */
export interface EventMeta {
  /** The event's name. */
  readonly name: string;
  /** The node of its producer. */
  readonly node: string;
  /** When it was published, ns since 1970. */
  readonly timestampNs: bigint;
}

/** A published message with its origin. */
export interface EventMessage<T> extends EventMeta {
  /** What was published. */
  readonly message: T;
}

/** The right to publish an event; plain data that may be handed to another process. */
export interface Publisher<T> {
  /** The event it is for. */
  readonly event: EventName<T>;
  /** The secret that proves the right. */
  readonly token: string;
}

/** A `Publisher` of whatever event. @internal */
export interface AnyPublisher {
  readonly event: string;
  readonly token: string;
}

/** How an event behaves. */
export interface EventOptions {
  /** How many of the last messages a new subscriber gets as backlog; 0 by default. */
  readonly buffer?: number;
  /** Tell the producer by `handleEventStart` and `handleEventStop` when the first subscriber comes and the last one leaves; false by default. */
  readonly notify?: boolean;
  /** Whoever knows the name may publish, without a `Publisher`; false by default. */
  readonly open?: boolean;
}
