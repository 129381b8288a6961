import type { SendOptions } from '../call/call-options.ts';
import type { SendResult } from '../error/send-result.ts';
import type { EventMessage, EventOptions, Publisher } from '../event/event-message.ts';
import type { AnyEvent, EventName, EventTarget } from '../event/event-name.ts';
import type { EventOf } from '../protocol/protocol.ts';
import type { Alias } from './alias.ts';
import { context } from './process-context.ts';
import { ProcessMessaging } from './process-messaging.ts';
import type { ProcessName } from './process-name.ts';
import type { AnyTarget } from './target.ts';

/** How a process is tied to others: links, monitors, events, names, aliases. */
export abstract class ProcessRelations<P> extends ProcessMessaging<P> {
  /**
   * Links to a target: when it ends, this process ends for the same reason, or gets it in
   * `handleExit` if it traps exits. One-way (Ergo, unlike Erlang): the target does not notice.
   * Rejects with `process-unknown`, `alias-unknown`, `target-exist` (linked already), `not-allowed`
   * (itself), `no-connection`.
   */
  link(target: AnyTarget): Promise<void> {
    return this[context].runtime.relations.relate(this[context], 'link', target);
  }

  /** Takes a link back; rejects with `target-unknown` when there is none. */
  unlink(target: AnyTarget): Promise<void> {
    return this[context].runtime.relations.unrelate(this[context], 'link', target);
  }

  /**
   * Monitors a target: when it ends, or its name or alias is given up, `handleDown` is called once.
   * Rejects like `link`, but a process may monitor itself.
   */
  monitor(target: AnyTarget): Promise<void> {
    return this[context].runtime.relations.relate(this[context], 'monitor', target);
  }

  /** Takes a monitor back; rejects with `target-unknown` when there is none. */
  demonitor(target: AnyTarget): Promise<void> {
    return this[context].runtime.relations.unrelate(this[context], 'monitor', target);
  }

  /**
   * Links to a node: an exit when the connection to it is lost. Connects first if there is none. Rejects with
   * `no-route`, `no-connection` and what else a dial fails with, `target-exist`; `not-allowed` for this node.
   */
  linkNode(node: string): Promise<void> {
    return this[context].runtime.relations.relateNode(this[context], 'link', node);
  }

  /** Takes a `linkNode` back; rejects with `target-unknown` when there is none. */
  unlinkNode(node: string): Promise<void> {
    return this[context].runtime.relations.unrelateNode(this[context], 'link', node);
  }

  /** Monitors a node: a down when the connection to it is lost. Rejects like `linkNode`. */
  monitorNode(node: string): Promise<void> {
    return this[context].runtime.relations.relateNode(this[context], 'monitor', node);
  }

  /** Takes a `monitorNode` back; rejects with `target-unknown` when there is none. */
  demonitorNode(node: string): Promise<void> {
    return this[context].runtime.relations.unrelateNode(this[context], 'monitor', node);
  }

  /**
   * Subscribes to an event and links to it: its end is an exit. Messages come to `handleEvent`;
   * resolves with the buffered backlog, oldest first. Rejects with `event-unknown`, `target-exist`,
   * `no-connection`.
   */
  linkEvent<T extends EventOf<P>>(event: EventTarget<T>): Promise<readonly EventMessage<T>[]> {
    return this[context].runtime.events.subscribe(this[context], 'link', event) as Promise<
      readonly EventMessage<T>[]
    >;
  }

  /** Subscribes to an event and monitors it: its end is a down. Otherwise like `linkEvent`. */
  monitorEvent<T extends EventOf<P>>(event: EventTarget<T>): Promise<readonly EventMessage<T>[]> {
    return this[context].runtime.events.subscribe(this[context], 'monitor', event) as Promise<
      readonly EventMessage<T>[]
    >;
  }

  /** Takes a `linkEvent` back; rejects with `target-unknown` when there is none. */
  unlinkEvent(event: AnyEvent): Promise<void> {
    return this[context].runtime.events.unsubscribe(this[context], 'link', event);
  }

  /** Takes a `monitorEvent` back; rejects with `target-unknown` when there is none. */
  demonitorEvent(event: AnyEvent): Promise<void> {
    return this[context].runtime.events.unsubscribe(this[context], 'monitor', event);
  }

  /**
   * Registers an event with this process as its producer; gives the right to publish. Throws `taken`.
   *
   * @example
   * this.#prices = this.registerEvent(prices, { buffer: 10, notify: true });
   */
  registerEvent<T>(event: EventName<T>, options: EventOptions = {}): Publisher<T> {
    return this[context].runtime.events.register(this[context], event, options);
  }

  /** Gives an event up; its subscribers hear `unregistered`. Throws `event-unknown`, `event-owner`. */
  unregisterEvent(event: string): void {
    this[context].runtime.events.unregister(this[context], event);
  }

  /**
   * Publishes to all subscribers; by name only if the event is open, else `event-owner`. A full mailbox drops the message,
   * counted; so does a node that takes nothing as large, logged once. Subscribers share the message, those of other threads a copy of it for each thread; runs of 16 KiB of bytes
   * or more are one for all of these: nobody may change what was published.
   */
  sendEvent<T>(
    publisher: Publisher<T> | EventName<T>,
    message: NoInfer<T>,
    options?: SendOptions,
  ): SendResult {
    return this[context].runtime.events.publish(this[context], publisher, message, options);
  }

  /** Registers this process under a name; it can have one. Throws `taken`, `incorrect`. */
  registerName(name: ProcessName<P>): void {
    this[context].runtime.names.register(this[context], name);
  }

  /** Gives its name up: who is linked to the name or monitors it hears `unregistered`. Throws `name-unknown` when it has none. */
  unregisterName(): void {
    this[context].runtime.names.unregisterOf(this[context]);
  }

  /** A further address of this process, revocable by `deleteAlias`. */
  createAlias(): Alias<P> {
    return this[context].runtime.aliases.create(this[context]) as Alias<unknown> as Alias<P>;
  }

  /** Revokes an alias: who is linked to it or monitors it hears `unregistered`. Throws `alias-unknown`, `alias-owner`. */
  deleteAlias(alias: Alias<P>): void {
    this[context].runtime.aliases.delete(this[context], alias);
  }

  /** Asks a process to describe itself by `handleInspect`; rejects like `call`. */
  inspect(
    target: AnyTarget,
    ...items: readonly string[]
  ): Promise<Readonly<Record<string, string>>> {
    return this[context].runtime.answers.inspect(this[context], target, items);
  }
}
