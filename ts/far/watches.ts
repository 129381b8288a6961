import { asMessage } from '../codec/unencodable.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { ErrorCode } from '../error/tergo-error.ts';
import type { EventMessage } from '../event/event-message.ts';
import {
  COMMAND_KIND_SHIFT,
  COMMAND_QUEUE_SHIFT,
  MAX_THREADS,
  OP_RELATE,
  OP_UNRELATE,
  RELATION_MONITOR,
  RELATION_SILENT,
  TARGET_ALIAS,
  TARGET_EVENT,
  TARGET_NAME,
  TARGET_PID,
} from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import { LocalPid } from '../process/pid.ts';
import { Relation, type RelationTarget } from '../relation/relation.ts';
import { audienceOf, type Recipient, type Watcher } from './audience.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import type { Loss } from './loss.ts';
import type { RemoteHome } from './remote-home.ts';
import { Numbers } from './numbers.ts';
import { isOfPeer, type Station } from './station.ts';
import { travellingBacklog } from './travelling-backlog.ts';

/** So many events of a thread may be watched: a feed is one word of a frame. */
const LAST_FEED = 2 ** 32 / MAX_THREADS - 1;

/** A target of this thread by its address in the core. */
interface Place {
  readonly kind: number;
  readonly index: number;
  readonly generation: number;
  readonly about: RelationTarget;
  /** Whose it is: all that is told of it stands in one order with what that process sends. */
  readonly owner: LocalPid;
}

/** The thread of this node on which something is that another node asks for. */
type Elsewhere = number;

/** The node's own monitor on a target of this thread that others watch: one, however many there are. */
export class Watch extends Relation {
  readonly place: Place;
  /** By which other nodes know what is published of it; 0: it is of no event. */
  readonly feed: number;
  /** The proxies elsewhere that stand for it. */
  readonly #watchers = new Map<string, Watcher>();
  #audience: readonly Recipient[] | undefined;
  token = -1;
  /** The nodes of which it was told that something published was too large for them. */
  missedBy: WeakSet<RemoteHome> | undefined;

  constructor(place: Place, feed: number) {
    super('monitor', place.about, undefined, false);
    this.place = place;
    this.feed = feed;
  }

  get watchers(): ReadonlyMap<string, Watcher> {
    return this.#watchers;
  }

  /** Who gets what is published. */
  get audience(): readonly Recipient[] {
    return (this.#audience ??= audienceOf(this.#watchers.values(), this.feed));
  }

  add(key: string, watcher: Watcher): void {
    this.#watchers.set(key, watcher);
    this.#audience = undefined;
  }

  remove(key: string): void {
    this.#watchers.delete(key);
    this.#audience = undefined;
  }
}

/** What others watch of the targets of this thread. */
export class Watches {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #byPlace = new Map<string, Watch>();
  readonly #byWatcher = new Map<string, Watch>();
  /** Of the events that others watch. */
  readonly #feeds = new Set<number>();
  readonly #numbers: Numbers;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    const isInUse = (number: number): boolean => this.#feeds.has(this.#feedOf(number));
    this.#numbers = new Numbers(far.firstNumber % LAST_FEED, isInUse, LAST_FEED);
    far.controls.on(Control.watch, (arrived) => this.#watch(arrived));
    far.controls.on(Control.unwatch, ({ station, number }) => this.#leave(station, number));
  }

  /** How many targets of this thread others watch. */
  get size(): number {
    return this.#byPlace.size;
  }

  /** A process that was spawned for another thread, which wants to hear of its end. */
  watchSpawned(station: Station, number: number, pid: LocalPid): void {
    this.#add(this.#pidPlace(pid), station, number);
  }

  /** The target of a watch has ended: all who watch it are told, once. */
  fired(watch: Watch, reason: ExitReason): void {
    this.#forget(watch);
    const { about } = watch.place;
    const termination =
      'pid' in about ? this.#runtime.lifecycle.terminationOf(about.pid) : undefined;
    const { controls } = this.#far;
    for (const [key, { station, number }] of watch.watchers) {
      this.#byWatcher.delete(key);
      // Each gets as much as fits there: it is no fault of the others what one takes.
      const words = [reason, termination !== undefined];
      controls.tellFrom(watch.place.owner, station, Control.fired, number, words);
      if (!isOfPeer(station))
        void termination?.then(() => controls.send(station, Control.over, number));
    }
  }

  /** Publishes to the threads and nodes that have subscribers; counts those that had no room. Throws `unencodable`. */
  publish(watch: Watch, from: LocalPid, queue: number, message: EventMessage<unknown>): number {
    const { owner } = watch.place;
    const words = [message.timestampNs, queue, message.message];
    // Of an open event, or with what its producer has given away.
    if (from !== owner) words.push(from);
    const { controls, profiles } = this.#far;
    const way = profiles.orderedWayOf(this.#runtime.recordOf(owner)?.extra);
    const { full, tooLarge } = asMessage(/^message\[2\]/, () =>
      controls.publish(watch.audience, owner, words, way),
    );
    for (const station of tooLarge) this.#missed(watch, station);
    return full;
  }

  /** Nobody there watches anything any more. */
  lose({ takes }: Loss): void {
    for (const watch of [...this.#byPlace.values()]) {
      for (const { station, number } of [...watch.watchers.values()])
        if (takes(station)) this.#leave(station, number);
    }
  }

  /** The watch on an event, by which others hear of what it publishes. */
  ofEvent(index: number, generation: number): Watch | undefined {
    return this.#byPlace.get(`${TARGET_EVENT}.${index}.${generation}`);
  }

  /** What was published is larger than a node takes. */
  #missed(watch: Watch, station: Station): void {
    const { counters, log } = this.#runtime;
    counters.dropped += 1;
    const peer = this.#far.peers.ownerOf(station);
    watch.missedBy ??= new WeakSet();
    if (peer === undefined || watch.missedBy.has(peer)) return;
    watch.missedBy.add(peer);
    const { about, owner: from } = watch.place;
    const event = 'event' in about ? about.event : '';
    const text = 'what was published is too large for a node; told once, and counted each time';
    log.warning(text, { event, node: peer.node, from });
  }

  #watch({ station, number, value }: Arrived): void {
    const { controls } = this.#far;
    const place = this.#find(value);
    if (typeof place !== 'object') return controls.send(station, Control.watched, number, place);
    const key = watcherKey(station, number);
    const watch = this.#byWatcher.get(key) ?? this.#add(place, station, number);
    const { feed } = watch;
    // By whom its end will be told, too.
    const { about, owner } = watch.place;
    const answer = (words: readonly unknown[]): void =>
      controls.sendFrom(owner, station, Control.watched, number, words);
    if (!('event' in about)) return answer([]);
    const backlog = this.#runtime.events.backlogOf(about.event);
    try {
      answer([feed, backlog]);
    } catch (error) {
      const travelling = travellingBacklog(this.#far, station, backlog);
      this.#leftOut(about.event, station, backlog.length - travelling.length, error);
      answer([feed, travelling]);
    }
  }

  /** Who subscribes does not get all of the backlog, and hears nothing of that: its node has no right to fail for it. */
  #leftOut(event: string, station: Station, messages: number, error: unknown): void {
    const { counters, log } = this.#runtime;
    counters.dropped += messages;
    const node = this.#far.peers.ownerOf(station)?.node;
    const fields = { event, messages, error, ...(node === undefined ? {} : { node }) };
    log.warning('a subscriber did not get all of the backlog of an event', fields);
  }

  #add(place: Place, station: Station, number: number): Watch {
    const watch = this.#byPlace.get(keyOf(place)) ?? this.#begin(place);
    const key = watcherKey(station, number);
    watch.add(key, { station, number });
    this.#byWatcher.set(key, watch);
    return watch;
  }

  #begin(place: Place): Watch {
    const watch = new Watch(place, place.kind === TARGET_EVENT ? this.#nextFeed() : 0);
    this.#byPlace.set(keyOf(place), watch);
    watch.token = this.#runtime.driver.tokens.put(watch, undefined);
    this.#write(OP_RELATE, place, watch.token);
    return watch;
  }

  /** A word that no other thread of this node gives: a publication does not say of which thread the event is. */
  #nextFeed(): number {
    const feed = this.#feedOf(this.#numbers.next());
    this.#feeds.add(feed);
    return feed;
  }

  #feedOf(number: number): number {
    return number * MAX_THREADS + this.#far.thread;
  }

  #forget({ place, feed }: Watch): void {
    this.#byPlace.delete(keyOf(place));
    this.#feeds.delete(feed);
  }

  #leave(station: Station, number: number): void {
    const key = watcherKey(station, number);
    const watch = this.#byWatcher.get(key);
    if (watch === undefined) return;
    this.#byWatcher.delete(key);
    watch.remove(key);
    if (watch.watchers.size > 0) return;
    this.#forget(watch);
    const ask = new Relation('monitor', watch.place.about, undefined, true);
    this.#write(OP_UNRELATE, watch.place, this.#runtime.driver.tokens.put(ask, undefined));
  }

  #write(op: number, { kind, index }: Place, token: number): void {
    const bits = (RELATION_MONITOR | RELATION_SILENT) << COMMAND_KIND_SHIFT;
    const { core, driver } = this.#runtime;
    const words = op | bits | (kind << COMMAND_QUEUE_SHIFT);
    driver.outbox.write(words, core.pid.slot, index, token);
  }

  /** What `words` names, on which thread it is, or why it is not there. */
  #find(words: unknown): Place | Elsewhere | ErrorCode {
    if (words instanceof LocalPid) {
      const record = this.#runtime.recordOf(words);
      return record?.isAlive === true ? this.#pidPlace(words) : 'process-unknown';
    }
    if (words instanceof LocalAlias) {
      const { index, generation, owner } = words;
      // Another thread or node has something else at that address.
      const isOwn = this.#runtime.recordOf(owner) !== undefined;
      if (!isOwn || !words.alive) return 'alias-unknown';
      return { kind: TARGET_ALIAS, index, generation, about: { alias: words }, owner };
    }
    const [kind, name] = words as ['name' | 'event', string];
    return kind === 'name' ? this.#namePlace(name) : this.#eventPlace(name);
  }

  #pidPlace(pid: LocalPid): Place {
    const { slot: index, generation } = pid;
    return { kind: TARGET_PID, index, generation, about: { pid }, owner: pid };
  }

  #namePlace(name: string): Place | Elsewhere | ErrorCode {
    const entry = this.#runtime.names.lookUp(name);
    if (entry === undefined) return 'process-unknown';
    if (!('record' in entry)) return entry.thread;
    const { index, generation, record } = entry;
    const about = { name, node: this.#runtime.home.node };
    return { kind: TARGET_NAME, index, generation, about, owner: record.pid };
  }

  #eventPlace(name: string): Place | Elsewhere | ErrorCode {
    const event = this.#runtime.events.find(name);
    if (event === 'event-unknown') return this.#far.names.event(name)?.thread ?? event;
    if (typeof event === 'string') return event;
    const { index, generation, owner } = event;
    const about = { event: name, node: this.#runtime.home.node };
    return { kind: TARGET_EVENT, index, generation, about, owner: owner.pid };
  }
}

function keyOf({ kind, index, generation }: Place): string {
  return `${kind}.${index}.${generation}`;
}

function watcherKey(station: Station, number: number): string {
  return `${station}.${number}`;
}
