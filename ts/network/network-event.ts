import { type EventName, eventName } from '../event/event-name.ts';

/** What a node with a network publishes as `networkEvent`. */
export type NetworkEvent =
  /** A connection to a node is made. */
  | { readonly type: 'connected'; readonly node: string; readonly creation: number }
  /** A connection is gone, and why. */
  | {
      readonly type: 'disconnected';
      readonly node: string;
      readonly creation: number;
      readonly reason: Error;
    }
  /** A node of this host has registered, or one that a registrar of one's own tells of. */
  | { readonly type: 'joined'; readonly node: string }
  /** It is not registered any more. */
  | { readonly type: 'left'; readonly node: string }
  /**
   * Somebody wanted to connect and was not let in. Of one address one is told at once, of those that follow within 10 s how many there were and
   * why the last was not let in; `others` stands for the addresses of more than 64 at a time.
   */
  | {
      readonly type: 'rejected';
      readonly address: string;
      readonly reason: string;
      /** How many this tells of. */
      readonly count: number;
    };

/**
 * The event by which a node with a network tells of other nodes; its producer is the node itself.
 *
 * @example
 * for await (const { message } of node.subscribe(networkEvent))
 *   if (message.type === 'connected') console.log(message.node);
 */
export const networkEvent: EventName<NetworkEvent> = eventName('tergo network');
