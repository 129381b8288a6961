import type { ExitReason } from '../error/exit-reason.ts';
import { knownCode } from '../error/known-code.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { EventMessage } from '../event/event-message.ts';
import {
  COMMAND_QUEUE_SHIFT,
  OP_PUBLISH,
  OP_RELEASE,
  RESULT_A,
  RESULT_B,
} from '../native/layout.ts';
import { failure, toldText } from '../node/messaging.ts';
import { targetText } from '../relation/relation.ts';
import { pidTarget } from './far-targets.ts';
import { Numbers } from './numbers.ts';
import type { FarPid } from './far-pid.ts';
import type { Runtime } from '../node/runtime.ts';
import type { LocalPid } from '../process/pid.ts';
import { SharedValue } from '../scheduler/slab.ts';
import { valueOr } from './arrived-value.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import type { Loss } from './loss.ts';
import { type FarTarget, Proxy, type WatchAnswer, type Wish } from './proxy.ts';
import type { Patience } from './questions.ts';
import { isOfPeer, seatOf, type Station, stationOf } from './station.ts';

/** What stands here for targets on other threads and nodes that somebody here is related to; docs/design/threads.md, Far relations. */
export class Proxies {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #byKey = new Map<string, Proxy>();
  readonly #byNumber = new Map<number, Proxy>();
  /** Those of events of other nodes, by seat and feed. */
  readonly #byFeed = new Map<number, Proxy>();
  /** Numbers for processes that are being spawned elsewhere, and the ends of those that have ended already. */
  readonly #prepared = new Map<number, Arrived[]>();
  /** Ends of which the `terminate` is not over: what resolves those who wait for it. */
  readonly #terminating = new Map<number, { readonly thread: number; resolve(): void }>();
  readonly #numbers: Numbers;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#numbers = new Numbers(far.firstNumber, (number) => this.#isInUse(number));
    far.controls.on(Control.watched, (arrived) => this.#watched(arrived));
    far.controls.on(Control.fired, (arrived) => this.#fired(arrived));
    far.controls.on(Control.over, ({ number }) => this.#over(number));
    far.controls.on(Control.published, (arrived) => this.#published(arrived));
  }

  /** The proxy of a target that somebody here is related to. */
  find({ key }: FarTarget): Proxy | undefined {
    return this.#byKey.get(key);
  }

  /**
   * Makes sure that the target is watched, then calls `ready`, in this very turn if it is already; counts
   * one use. For an event the other thread is asked every time: its backlog belongs to this moment. With `patience`
   * `ready` gets a `timeout` when no answer has come in time, and what was asked for is taken back.
   */
  use(
    target: FarTarget,
    ready: (proxy: Proxy, answer: WatchAnswer) => void,
    patience?: Patience,
  ): void {
    this.#far.refuseNested();
    const proxy = this.#byKey.get(target.key) ?? this.#make(target);
    proxy.uses += 1;
    if (proxy.isStanding && !target.isEvent) return ready(proxy, { backlog: [] });
    const isAsked = proxy.waiting.length > 0 && !target.isEvent;
    proxy.waiting.push(this.#wish(proxy, (answer) => ready(proxy, answer), patience));
    if (!isAsked) this.#far.controls.send(proxy.station, Control.watch, proxy.number, target.words);
  }

  /** A number for a process that is about to be spawned elsewhere; its thread watches it without being asked. */
  prepare(): number {
    const number = this.#numbers.next();
    this.#prepared.set(number, []);
    return number;
  }

  /** It was not spawned. */
  unprepare(number: number): void {
    this.#prepared.delete(number);
  }

  /** The relation onto an adopted process is made: its end may have been told before its spawn was. */
  catchUp(number: number): void {
    const fired = this.#prepared.get(number) ?? [];
    this.#prepared.delete(number);
    for (const arrived of fired) this.#fired(arrived);
  }

  /** The process has been spawned, and its thread watches it by the number that was prepared. */
  adopt(number: number, target: FarTarget): Proxy {
    const proxy = this.#known(number, target) ?? this.#make(target, number);
    proxy.isStanding = true;
    return proxy;
  }

  /** What it stands for was lost before it was adopted. */
  end(proxy: Proxy, reason: ExitReason): void {
    if (this.#byNumber.get(proxy.number) !== proxy) return;
    this.#forget(proxy);
    this.#fire(proxy, reason);
  }

  /** Resolves when a process of another thread has ended, as far as its thread has told. */
  endOf(pid: FarPid): Promise<void> {
    return new Promise((resolve) => {
      this.use(pidTarget(pid), (proxy, answer) => {
        if ('error' in answer) resolve();
        else proxy.ended.push(resolve);
      });
    });
  }

  /** A relation is gone; without any the target need not be watched any more. */
  release(proxy: Proxy): void {
    proxy.uses -= 1;
    if (proxy.uses > 0 || this.#byNumber.get(proxy.number) !== proxy) return;
    this.#forget(proxy);
    for (const number of proxy.numbers)
      this.#far.controls.send(proxy.station, Control.unwatch, number);
    this.#fire(proxy, 'normal');
  }

  /** Everything there has ended. */
  lose({ takes, isEnd, reason }: Loss): void {
    for (const proxy of [...this.#byNumber.values()]) {
      if (!takes(proxy.station, proxy.owner)) continue;
      this.#forget(proxy);
      const error = isEnd ? endedError(proxy) : reason;
      for (const wish of proxy.waiting.splice(0)) wish.ready({ error });
      this.#fire(proxy, reason);
    }
    for (const [number, { thread }] of [...this.#terminating])
      if (takes(thread)) this.#over(number);
  }

  #wish(proxy: Proxy, ready: Wish['ready'], patience: Patience | undefined): Wish {
    if (patience === undefined) return { isGivenUp: false, ready };
    const { timers, driver } = this.#runtime;
    const timer = timers.start(patience.ms, () => {
      wish.isGivenUp = true;
      driver.letPromisesRun();
      ready({ error: new TergoError('timeout', patience.text) });
      this.release(proxy);
    });
    const wish: Wish = {
      isGivenUp: false,
      ready: (answer) => {
        timers.cancel(timer);
        if (!wish.isGivenUp) ready(answer);
      },
    };
    return wish;
  }

  #make(target: FarTarget, number: number = this.#numbers.next()): Proxy {
    const { native, driver } = this.#runtime;
    driver.outbox.flush();
    native.addProxy(target.isEvent);
    const { ring } = driver;
    const proxy = new Proxy(number, target, ring[RESULT_A]!, ring[RESULT_B]!);
    this.#byKey.set(target.key, proxy);
    this.#byNumber.set(number, proxy);
    return proxy;
  }

  /** Somebody here has heard of the process in its `init`, and is related to it: one proxy stands for both. */
  #known(number: number, { key }: FarTarget): Proxy | undefined {
    const proxy = this.#byKey.get(key);
    if (proxy === undefined) return undefined;
    proxy.spawnNumber = number;
    this.#byNumber.set(number, proxy);
    return proxy;
  }

  #isInUse(number: number): boolean {
    return (
      this.#byNumber.has(number) || this.#prepared.has(number) || this.#terminating.has(number)
    );
  }

  #forget(proxy: Proxy): void {
    for (const number of proxy.numbers) this.#byNumber.delete(number);
    this.#unfeed(proxy);
    for (const ended of proxy.ended.splice(0)) ended();
    if (this.#byKey.get(proxy.target.key) === proxy) this.#byKey.delete(proxy.target.key);
  }

  #watched(arrived: Arrived): void {
    const proxy = this.#proxyOf(arrived);
    if (proxy === undefined) return;
    // It stands, also when of its backlog nothing can be read.
    const value = valueOr(arrived, () => []);
    if (typeof value === 'number') return this.#askElsewhere(proxy, value);
    const waiting = proxy.target.isEvent ? proxy.waiting.splice(0, 1) : proxy.waiting.splice(0);
    if (typeof value !== 'string') {
      proxy.isStanding = true;
      if (isOfPeer(arrived.station)) proxy.owner ??= this.#far.reader.from(arrived.frame);
      const [feed, backlog = []] = value as readonly [number?, (readonly unknown[])?];
      if (feed !== undefined) this.#feed(proxy, feed);
      for (const wish of waiting) wish.ready({ backlog });
      return;
    }
    const text = toldText(value, targetText(proxy.target.about));
    const error = new TergoError(knownCode(value), text);
    for (const wish of waiting) {
      if (!wish.isGivenUp) proxy.uses -= 1;
      wish.ready({ error });
    }
    if (proxy.uses > 0) return;
    this.#forget(proxy);
    this.#fire(proxy, 'normal');
  }

  /** Another node will publish by that number, whichever of its threads does. */
  #feed(proxy: Proxy, feed: number): void {
    const { target, station } = proxy;
    if (!target.isEvent || !isOfPeer(station)) return;
    this.#unfeed(proxy);
    proxy.feed = feedKey(station, feed);
    this.#byFeed.set(proxy.feed, proxy);
  }

  #unfeed(proxy: Proxy): void {
    const { feed } = proxy;
    if (feed !== undefined && this.#byFeed.get(feed) === proxy) this.#byFeed.delete(feed);
  }

  /** The name or event is on that thread of the other node. */
  #askElsewhere(proxy: Proxy, thread: number): void {
    proxy.station = stationOf(seatOf(proxy.station), thread);
    this.#far.controls.send(proxy.station, Control.watch, proxy.number, proxy.target.words);
  }

  /** A proxy of which a station may speak. */
  #proxyOf({ station, number }: Arrived): Proxy | undefined {
    const proxy = this.#byNumber.get(number);
    return proxy !== undefined && seatOf(proxy.station) === seatOf(station) ? proxy : undefined;
  }

  #fired(arrived: Arrived): void {
    const { number, station } = arrived;
    // An end is one, though its reason cannot be read.
    const value = valueOr(arrived, (error) => [error, false]);
    const proxy = this.#proxyOf(arrived);
    if (proxy === undefined) return this.#keepEarly({ station, number, frame: 0, value });
    const [reason, isTerminating] = value as [ExitReason, boolean];
    const { pid } = proxy;
    // Nobody here waits for the last words of a process of another node.
    if (isTerminating && pid !== undefined && !isOfPeer(arrived.station)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#terminating.set(number, { thread: seatOf(proxy.station), resolve });
      this.#runtime.lifecycle.holdFar(pid, promise);
    }
    this.#forget(proxy);
    // Whoever is there by now under that name may be watched for those that still wait.
    if (proxy.waiting.length > 0)
      this.#far.controls.send(proxy.station, Control.unwatch, proxy.number);
    const error = endedError(proxy);
    for (const wish of proxy.waiting.splice(0)) wish.ready({ error });
    this.#fire(proxy, reason);
  }

  /** Who may speak of the process is known once it is adopted: what each seat says first counts for it. */
  #keepEarly(arrived: Arrived): void {
    const early = this.#prepared.get(arrived.number);
    const seat = seatOf(arrived.station);
    if (early?.every(({ station }) => seatOf(station) !== seat) === true) early.push(arrived);
  }

  #over(number: number): void {
    this.#terminating.get(number)?.resolve();
    this.#terminating.delete(number);
  }

  /** All relations onto it fire, and its address is free. */
  #fire({ index, generation }: Proxy, reason: ExitReason): void {
    const { driver, dispatcher } = this.#runtime;
    const payload = driver.slab.put(new SharedValue(reason), undefined);
    driver.outbox.write(OP_RELEASE, index, generation, payload);
    dispatcher.overtakeCurrent();
  }

  /** Whoever publishes an event is of its node; if another node says that somebody else has, it loses its connection. */
  #mayPublish({ station, value }: Arrived): boolean {
    const [, , , publisher] = value as Publication;
    if (publisher === undefined || this.#far.peers.isOf(station, publisher)) return true;
    this.#far.violated(station, 'it says that a process which is none of its own has published');
    return false;
  }

  #published(arrived: Arrived): void {
    const { station, number, frame } = arrived;
    if (isOfPeer(station) && !this.#mayPublish(arrived)) return;
    const proxy = isOfPeer(station)
      ? this.#byFeed.get(feedKey(station, number))
      : this.#byNumber.get(number);
    if (proxy === undefined) return;
    const { about } = proxy.target;
    if (!('event' in about)) return;
    const [timestampNs, queue, message, publisher] = arrived.value as Publication;
    const { event: name, node } = about;
    const published: EventMessage<unknown> = { name, node, timestampNs, message };
    const { driver } = this.#runtime;
    const from = publisher ?? this.#far.reader.from(frame);
    const payload = driver.slab.put(new SharedValue(published), from);
    const op = OP_PUBLISH | (queue << COMMAND_QUEUE_SHIFT);
    driver.outbox.write(op, proxy.index, proxy.generation, payload);
  }
}

/** When, in which queue, what, and by whom if not by the producer. */
type Publication = readonly [bigint, number, unknown, LocalPid?];

/** Why nobody can be related to it any more. */
function endedError({ target: { about } }: Proxy): TergoError {
  const text = targetText(about);
  if ('event' in about) return failure('event-unknown', text);
  return failure('alias' in about ? 'alias-unknown' : 'process-unknown', text);
}

function feedKey(station: Station, feed: number): number {
  return seatOf(station) * 2 ** 32 + feed;
}
