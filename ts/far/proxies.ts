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
import { isOfPeer, seatOf, type Station, stationOf, threadOf } from './station.ts';

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
    proxy.waiting.push(this.#wish(proxy, ready, patience));
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

  #wish(
    of: Proxy,
    ready: (proxy: Proxy, answer: WatchAnswer) => void,
    patience: Patience | undefined,
  ): Wish {
    const wish: Wish = {
      ...{ of, isGivenUp: false },
      ready: (answer) => {
        if (timer !== undefined) timers.cancel(timer);
        if (!wish.isGivenUp) ready(wish.of, answer);
      },
    };
    const { timers, driver } = this.#runtime;
    const giveUp = (text: string): void => {
      wish.isGivenUp = true;
      driver.letPromisesRun();
      ready(wish.of, { error: new TergoError('timeout', text) });
      this.release(wish.of);
    };
    const timer = patience && timers.start(patience.ms, () => giveUp(patience.text));
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
    if (typeof value === 'string') return this.#refused(proxy, value);
    if (typeof value === 'number') {
      // Where it stands already, somebody was told who had asked before.
      const isGone = proxy.isStanding && value !== threadOf(proxy.station);
      return isGone ? this.#askAnew(proxy) : this.#askElsewhere(proxy, value);
    }
    const [feed, backlog = []] = value as readonly [number?, (readonly unknown[])?];
    if (feed !== undefined && isOfPeer(arrived.station)) {
      const key = feedKey(arrived.station, feed);
      if (proxy.feed !== undefined && proxy.feed !== key) return this.#askAnew(proxy);
      const known = this.#byFeed.get(key);
      if (known !== undefined && known !== proxy) return this.#join(proxy, known, backlog);
      // Another thread may have been asked since: this one watches.
      proxy.station = arrived.station;
      proxy.feed = key;
      this.#byFeed.set(key, proxy);
    }
    proxy.isStanding = true;
    if (isOfPeer(arrived.station)) proxy.owner ??= this.#far.reader.from(arrived.frame);
    for (const wish of this.#answered(proxy)) wish.ready({ backlog });
  }

  /** Those who wait for this answer: each wish for an event has its own. */
  #answered({ target, waiting }: Proxy): readonly Wish[] {
    return target.isEvent ? waiting.splice(0, 1) : waiting.splice(0);
  }

  #refused(proxy: Proxy, code: string): void {
    const text = toldText(code, targetText(proxy.target.about));
    const error = new TergoError(knownCode(code), text);
    for (const wish of this.#answered(proxy)) {
      if (!wish.isGivenUp) proxy.uses -= 1;
      wish.ready({ error });
    }
    if (proxy.uses > 0) return;
    this.#forget(proxy);
    this.#fire(proxy, 'normal');
  }

  /**
   * The answer is about another event of that name than this stands for: one of the two has ended, and the word of that is on its way over another
   * link. Which of them, whoever has the name by now says.
   */
  #askAnew(proxy: Proxy): void {
    const { target } = proxy;
    proxy.isOutdated = true;
    if (this.#byKey.get(target.key) === proxy) this.#byKey.delete(target.key);
    for (const wish of this.#answered(proxy)) this.#wishAnew(wish);
  }

  /** Whoever has the name of the event by now is asked. */
  #wishAnew(wish: Wish): void {
    const { target } = wish.of;
    if (wish.isGivenUp) return;
    const next = this.#byKey.get(target.key) ?? this.#make(target);
    this.#pass(wish, next);
    next.waiting.push(wish);
    this.#far.controls.send(next.station, Control.watch, next.number, target.words);
  }

  /** What was asked for anew is the event that an earlier proxy stands for. */
  #join(proxy: Proxy, known: Proxy, backlog: readonly unknown[]): void {
    known.isOutdated = false;
    this.#byKey.set(known.target.key, known);
    for (const wish of this.#answered(proxy)) {
      if (!wish.isGivenUp) this.#pass(wish, known);
      wish.ready({ backlog });
    }
  }

  /** The wish is one for another proxy from now on. */
  #pass(wish: Wish, to: Proxy): void {
    const from = wish.of;
    wish.of = to;
    to.uses += 1;
    this.release(from);
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
    if (!this.#isOwn(proxy, arrived)) return;
    const [reason, isTerminating] = value as [ExitReason, boolean];
    const { pid } = proxy;
    // Nobody here waits for the last words of a process of another node.
    if (isTerminating && pid !== undefined && !isOfPeer(arrived.station)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#terminating.set(number, { thread: seatOf(proxy.station), resolve });
      this.#runtime.lifecycle.holdFar(pid, promise);
    }
    this.#forget(proxy);
    this.#answerLate(proxy);
    this.#fire(proxy, reason);
  }

  /** What it stood for has ended; there may be another one of that name by now. */
  #answerLate(proxy: Proxy): void {
    const wishes = proxy.waiting.splice(0);
    const error = endedError(proxy);
    for (const wish of wishes)
      if (proxy.feed === undefined) wish.ready({ error });
      else this.#wishAnew(wish);
    // The other side may watch that by the same number.
    if (wishes.length > 0 || proxy.isOutdated)
      this.#far.controls.send(proxy.station, Control.unwatch, proxy.number);
  }

  /** Of an event of another node the end of the one before it, or after it, may come over another link. */
  #isOwn({ feed, owner }: Proxy, { frame }: Arrived): boolean {
    return feed === undefined || owner === this.#far.reader.from(frame);
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
