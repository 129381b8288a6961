import { randomUUID } from 'node:crypto';
import { type SendOptions, checkSendOptions } from '../call/call-options.ts';
import { checkBoolean, checkInteger, checkName, checkOptions } from '../error/check.ts';
import type { SendResult } from '../error/send-result.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import {
  COMMAND_QUEUE_SHIFT,
  OP_PUBLISH,
  QUEUE_MAIN,
  RESULT_A,
  RESULT_B,
  VERDICT_OK,
  VERDICT_PROCESS_UNKNOWN,
} from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import { checkAnyNode } from '../node/node-name.ts';
import type { Runtime } from '../node/runtime.ts';
import { queueOf } from '../process/priority.ts';
import { isMute, type ProcessRecord } from '../process/process-record.ts';
import type { FarName } from '../far/far-names.ts';
import type { FarTarget } from '../far/proxy.ts';
import type { LocalPid } from '../process/pid.ts';
import type { RelationKind } from '../relation/relation.ts';
import { timestampNs } from '../scheduler/clock.ts';
import { SharedValue } from '../scheduler/slab.ts';
import type { AnyPublisher, EventMessage, EventOptions } from './event-message.ts';
import { EventRecord } from './event-record.ts';

/** Tags carry 26 bits of an address's generation. */
const GENERATION_MASK = 0x03ff_ffff;

/** The events of a node: who may publish, what they carried last. The core fans them out. */
export class EventTable {
  readonly #runtime: Runtime;
  readonly #byName = new Map<string, EventRecord>();
  readonly #byIndex: (EventRecord | undefined)[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Throws `taken` when there is such an event, `incorrect` for bad options. */
  register(owner: ProcessRecord, name: string, options: EventOptions): AnyPublisher {
    checkName('event', name);
    checkEventOptions(options);
    const { native, driver, home } = this.#runtime;
    driver.outbox.flush();
    const { pid, generation } = owner;
    const token = randomUUID();
    const guard = options.open === true ? 0 : guardOf(token);
    const traits = { notify: options.notify ?? false, guard };
    const verdict = native.registerEvent(pid.slot, generation, name, traits);
    if (verdict === VERDICT_PROCESS_UNKNOWN)
      throw new TergoError('process-terminated', `${pid} has ended`);
    if (verdict !== VERDICT_OK)
      throw new TergoError('taken', `there is an event '${name}' on ${home.node} already`);
    const [index, own] = [driver.ring[RESULT_A]!, driver.ring[RESULT_B]!];
    const origin = { name, node: home.node, owner, index, generation: own, token };
    const event = new EventRecord(origin, options);
    this.#byName.set(name, event);
    this.#byIndex[index] = event;
    owner.more.events.push(event);
    return { event: name, token };
  }

  /** Gives an event up: its subscribers hear `unregistered`. Throws `event-unknown`, `event-owner`. */
  unregister(owner: ProcessRecord, name: string): void {
    checkName('event', name);
    const event = this.#byName.get(name);
    if (event === undefined) {
      const isElsewhere = this.#runtime.far?.names.event(name) !== undefined;
      throw failure(isElsewhere ? 'event-owner' : 'event-unknown', name);
    }
    if (event.owner !== owner) throw failure('event-owner', name);
    this.forget(event);
    owner.more.events = owner.more.events.filter((other) => other !== event);
    const reason = new TergoError('unregistered', `the event '${name}' was given up`);
    this.#runtime.relations.release(event, reason);
  }

  /** Its producer has ended; the core releases the event with it. */
  forget(event: EventRecord): void {
    this.#byName.delete(event.name);
    this.#byIndex[event.index] = undefined;
  }

  /** The event that `target` addresses, or why there is none. Throws `incorrect` for what is no address. */
  find(target: unknown): EventRecord | 'event-unknown' | 'no-connection' {
    const name = typeof target === 'object' ? nameInId(target) : target;
    checkName('event', name);
    const node = typeof target === 'object' ? nodeInId(target) : this.#runtime.home.node;
    checkAnyNode('event.node', node);
    if (node !== this.#runtime.home.node) return 'no-connection';
    return this.#byName.get(name) ?? 'event-unknown';
  }

  /** The event of a start or stop notice, unless it is gone. */
  at(index: number, generation: number): EventRecord | undefined {
    const event = this.#byIndex[index];
    return event !== undefined && (event.generation & GENERATION_MASK) === generation
      ? event
      : undefined;
  }

  publish(
    sender: ProcessRecord,
    publisher: AnyPublisher | string,
    message: unknown,
    options?: SendOptions,
  ): SendResult {
    if (isMute(sender)) return 'not-allowed';
    if (options !== undefined) checkSendOptions(options);
    const event = this.#byName.get(nameOf(publisher));
    if (event === undefined) return this.#publishElsewhere(sender, publisher, message, options);
    if (!event.isOpen && (typeof publisher === 'string' || publisher.token !== event.token))
      return 'event-owner';
    const { freeze, clock } = this.#runtime;
    if (freeze !== undefined) freeze(message);
    const published: EventMessage<unknown> = {
      name: event.name,
      node: event.node,
      timestampNs: timestampNs(clock),
      message,
    };
    const queue =
      options?.priority === undefined
        ? (sender.extra?.queue ?? QUEUE_MAIN)
        : queueOf(options.priority);
    this.#send(sender.pid, event, published, queue);
    if (queue !== QUEUE_MAIN) this.#runtime.dispatcher.overtakeCurrent();
    return 'ok';
  }

  /** A process of another thread publishes an event of this one. */
  publishFrom(
    from: LocalPid,
    name: string,
    token: string | undefined,
    what: Published,
  ): SendResult {
    const event = this.#byName.get(name);
    if (event === undefined) return 'event-unknown';
    if (!event.isOpen && token !== event.token) return 'event-owner';
    const { message, queue } = what;
    const origin = { name, node: event.node, timestampNs: timestampNs(this.#runtime.clock) };
    const published = { ...origin, message };
    this.#send(from, event, published, queue);
    return 'ok';
  }

  /** The last messages of an event of this thread, oldest first. */
  backlogOf(name: string): readonly EventMessage<unknown>[] {
    return this.#byName.get(name)?.backlog() ?? [];
  }

  /** To the subscribers of this thread, and once to each other thread that has some. */
  #send(from: LocalPid, event: EventRecord, message: EventMessage<unknown>, queue: number): void {
    const { driver, far } = this.#runtime;
    const watch = far?.watches.ofEvent(event.index, event.generation);
    if (watch !== undefined) {
      if (far!.watches.publish(watch, from, queue, message) > 0)
        this.#runtime.counters.mailboxFull += 1;
    }
    // What cannot travel has thrown before anybody got it.
    event.keep(message);
    const payload = driver.slab.put(new SharedValue(message), from);
    const op = OP_PUBLISH | (queue << COMMAND_QUEUE_SHIFT);
    driver.outbox.write(op, event.index, event.generation, payload);
  }

  #publishElsewhere(
    sender: ProcessRecord,
    publisher: AnyPublisher | string,
    message: unknown,
    options: SendOptions | undefined,
  ): SendResult {
    const { far, isStopped } = this.#runtime;
    if (isStopped) return 'node-terminated';
    const name = nameOf(publisher);
    const found = far?.names.event(name);
    if (found === undefined) return 'event-unknown';
    const queue = this.#runtime.messaging.queueFor(sender, options);
    const token = typeof publisher === 'string' ? undefined : publisher.token;
    if (found.guard !== 0 && (token === undefined || guardOf(token) !== found.guard))
      return 'event-owner';
    const { freeze } = this.#runtime;
    if (freeze !== undefined) freeze(message);
    return far!.messages.publish(sender, found.thread, { name, token, message, queue });
  }

  /** Resolves when the node of an event is connected, and rejects with why it is not; `undefined`: nobody has to be dialled. */
  reach(target: unknown): Promise<unknown> | undefined {
    const { far } = this.#runtime;
    if (far === undefined || this.find(target) !== 'no-connection') return undefined;
    const node = String(nodeInId(target as object));
    return far.peers.connectedAs(node) === undefined ? far.peers.connect(node) : undefined;
  }

  /** Subscribes; resolves with the backlog, oldest first. Rejects with `event-unknown`, `target-exist`, `no-connection`. */
  async subscribe(
    consumer: ProcessRecord,
    kind: RelationKind,
    target: unknown,
  ): Promise<readonly EventMessage<unknown>[]> {
    const event = this.find(target);
    if (typeof event === 'string') return this.#subscribeElsewhere(consumer, kind, target, event);
    // The snapshot and the command stand at one point of the order: nothing is missed and nothing comes twice.
    const backlog = event.backlog();
    await this.#runtime.relations.subscribe(consumer, kind, event);
    return backlog;
  }

  async #subscribeElsewhere(
    consumer: ProcessRecord,
    kind: RelationKind,
    target: unknown,
    why: 'event-unknown' | 'no-connection',
  ): Promise<readonly EventMessage<unknown>[]> {
    const { far } = this.#runtime;
    const name = textOf(target);
    if (why === 'no-connection' && far !== undefined) {
      const node = String(nodeInId(target as object));
      const remote = (): FarTarget => far.links.remoteEvent(name, node);
      const missed = await far.links.relateRemote(consumer, kind, node, remote);
      return missed as readonly EventMessage<unknown>[];
    }
    const found = this.#elsewhere(target, why);
    if (found === undefined) throw failure(why, addressText(target));
    const backlog = await far!.links.relate(consumer, kind, far!.links.eventTarget(name, found));
    return backlog as readonly EventMessage<unknown>[];
  }

  #elsewhere(target: unknown, why: 'event-unknown' | 'no-connection'): FarName | undefined {
    if (why !== 'event-unknown') return undefined;
    return this.#runtime.far?.names.event(textOf(target));
  }

  /** The event of another thread, or of a node that is connected. */
  #targetElsewhere(target: unknown, why: 'event-unknown' | 'no-connection'): FarTarget | undefined {
    const { far } = this.#runtime;
    const name = textOf(target);
    if (why === 'no-connection') {
      const node = String(nodeInId(target as object));
      if (far?.peers.connectedAs(node) === undefined) return undefined;
      return far.links.remoteEvent(name, node);
    }
    const found = this.#elsewhere(target, why);
    return found && far?.links.eventTarget(name, found);
  }

  /** Takes a subscription back; rejects with `target-unknown` when there is none. */
  async unsubscribe(consumer: ProcessRecord, kind: RelationKind, target: unknown): Promise<void> {
    const event = this.find(target);
    if (typeof event === 'string') {
      const found = this.#targetElsewhere(target, event);
      if (found !== undefined) return this.#runtime.far!.links.unrelate(consumer, kind, found);
      const text = `there is no such ${kind} on the event; it may have fired already`;
      throw new TergoError('target-unknown', text);
    }
    await this.#runtime.relations.unsubscribe(consumer, kind, event);
  }
}

/** What other threads see of a token, so that they can refuse at once who has another one: its first eight digits, never 0. */
function guardOf(token: string): number {
  return Number.parseInt(token, 16) || 1;
}

function nameOf(publisher: AnyPublisher | string): string {
  if (typeof publisher === 'string') return publisher;
  if (typeof publisher === 'object' && publisher !== null && typeof publisher.event === 'string')
    return publisher.event;
  throw incorrect('publisher', 'what registerEvent gave, or the name of an open event', publisher);
}

/** What a process of another thread publishes. */
export interface Published {
  readonly message: unknown;
  readonly queue: number;
}

function textOf(target: unknown): string {
  return String(typeof target === 'object' ? nameInId(target) : target);
}

function nameInId(target: object | null): unknown {
  return target !== null && 'name' in target ? target.name : undefined;
}

function addressText(target: unknown): string {
  return typeof target === 'object' ? `${nameInId(target)} on ${nodeInId(target)}` : String(target);
}

function nodeInId(target: object | null): unknown {
  return target !== null && 'node' in target ? target.node : undefined;
}

function checkEventOptions(options: EventOptions): void {
  checkOptions('options', options, ['buffer', 'notify', 'open']);
  if (options.buffer !== undefined) checkInteger('options.buffer', options.buffer, 0, 1_000_000);
  if (options.notify !== undefined) checkBoolean('options.notify', options.notify);
  if (options.open !== undefined) checkBoolean('options.open', options.open);
}
