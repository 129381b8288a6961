import { checkName } from '../error/check.ts';
import { checkAnyNode } from '../node/node-name.ts';

declare const payload: unique symbol;

/** The name of an event, with the type of its messages; at run time the plain string. */
export type EventName<T> = string & {
  /** @ignore */
  readonly [payload]?: (message: T) => T;
};

/** An event of a given node. */
export interface EventId<T> {
  /** Its name there. */
  readonly name: EventName<T>;
  /** The node of its producer. */
  readonly node: string;
}

/** An event to subscribe to: a name on this node, or an `eventId`. */
export type EventTarget<T> = EventName<T> | EventId<T>;

/** Some event, whatever it carries: fit to take a subscription back. */
export type AnyEvent = string | { readonly name: string; readonly node: string };

/**
 * Gives the name of an event the type of its messages. Throws `incorrect` for an empty or too long name.
 *
 * @example
 * const prices: EventName<Price> = eventName('prices');
 */
export function eventName<T>(name: string): EventName<T> {
  checkName('name', name);
  return name;
}

/**
 * Addresses an event of another node. Throws `incorrect` for a bad name or node name.
 *
 * @example
 * await this.monitorEvent(eventId(prices, 'market@localhost'));
 */
export function eventId<T>(name: EventName<T>, node: string): EventId<T> {
  checkName('name', name);
  checkAnyNode('node', node);
  return { name, node };
}
