import type { BindingScheduler } from '../native/load.ts';
import { BUSY, IN_USED, MORE, WATCHDOG_ASLEEP } from '../native/layout.ts';
import { Alarm } from './alarm.ts';
import { type Clock, type ClockMember, systemClock } from './clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import { NodeTime } from './node-time.ts';
import { Outbox } from './outbox.ts';
import { Slab } from './slab.ts';
import { TimeSlice } from './time-slice.ts';

// Taken before a test framework can put fake timers in their place.
const { setImmediate, setTimeout } = globalThis;
const { nextTick } = process;

/** The longest that the testing kit runs a node without letting anything else in, ms. */
const RUN_NOW_MS = 1000;
/** Microtasks from the settlement of a promise to the message that its continuation sends: an async callback needs that many. */
const LAPS = 4;
/** How soon the driver rests after a frame that went without it, ms. */
const REST_MS = 25;
const RESOLVED = Promise.resolve();

/** What the driver tells to others. */
export interface DriverEvents {
  /** Before libuv may wait: whatever was put off until now. */
  onRest(): void;
  /** Whether `onRest` may be put off. */
  mayNap(): boolean;
  /** A turn failed; unless it was the last, the driver goes on with the next. */
  onFailure(error: unknown, isLast: boolean): void;
}

/** Where a driver runs. */
export interface DriverPlace {
  /** When the node started, by the clock of this thread; now by default. */
  readonly startedAt?: number | undefined;
  /** Whether the node has other threads. */
  readonly isShared: boolean;
}

/**
 * Runs turns as long as there is work, a time slice at once, then yields to libuv; without work it
 * sleeps behind one alarm. How a message flows through it: docs/design/crossing.md.
 */
export class Driver implements ClockMember {
  readonly slab: Slab = new Slab();
  /** What stands behind the tokens of relations. Apart from what comes and goes with messages, which starts anew when all is gone. */
  readonly tokens: Slab = new Slab();
  readonly slice: TimeSlice;
  readonly ring: Uint32Array;
  readonly outbox: Outbox;
  /** Microtasks to let pass between the next turns. */
  #laps = 0;
  /** Whether a microtask has passed since the last turn. */
  #hasHopped = false;
  readonly #native: BindingScheduler;
  readonly #turnNative: () => void;
  readonly #napNative: () => void;
  readonly #dozeNative: () => void;
  readonly #alarm: Alarm;
  readonly #events: DriverEvents;
  readonly #time: NodeTime;
  readonly #leaveClock: (() => void) | undefined;
  /** Whether other threads send frames here. */
  readonly #isShared: boolean;
  #dispatcher!: Dispatcher;
  #isRunning = false;
  /** Whether libuv has just called, on account of frames: it need not have its turn before the driver sleeps. */
  #isFresh = false;
  #settles = false;
  #restsSoon = false;
  /** Whether something was put off until the driver rests. */
  #isOwing = false;
  #closed = false;

  constructor(
    native: BindingScheduler,
    clock: Clock,
    events: DriverEvents,
    { startedAt, isShared }: DriverPlace,
  ) {
    const entries = native.entries();
    this.#native = native;
    this.#turnNative = entries.turn;
    this.#napNative = entries.nap;
    this.#dozeNative = entries.doze;
    this.#events = events;
    this.#isShared = isShared;
    this.ring = new Uint32Array(native.ring());
    this.#time = new NodeTime(clock, startedAt ?? clock.now(), this.ring);
    this.slice = new TimeSlice(this.#time);
    this.outbox = new Outbox(this.ring, this.slab, entries, {
      wake: () => this.#wake(),
      handedOver: () => this.#restSoon(),
    });
    this.#alarm = new Alarm(
      this.ring,
      clock,
      () => this.readNow(),
      // While turns ran the next sleep sets it anew.
      () => (this.outbox.asleep ? this.#wake() : this.settleSoon()),
    );
    this.#leaveClock = clock.join?.(this);
    if (isShared) native.onWake((isWithinCall) => this.#onFrames(isWithinCall));
  }

  /** Takes the reader of the inbox, and sleeps until there is work. */
  start(dispatcher: Dispatcher): void {
    this.#dispatcher = dispatcher;
    this.#settle();
  }

  /** Whole ms since the node's start, as of the last reading of the clock. */
  get now(): number {
    return this.#time.whole;
  }

  /** The same, read now if the driver sleeps: the last reading may be long ago then. */
  recentNow(): number {
    if (this.outbox.asleep) this.#time.read();
    return this.now;
  }

  /** The same, read now. */
  readNow(): number {
    this.#time.read();
    return this.now;
  }

  /** The whole ms after which `delayMs` are over for certain, counted from the `NOW` that the core will see. */
  wholeDelay(delayMs: number): number {
    return this.#time.wholeDelay(delayMs);
  }

  /** Whether nothing will run before an alarm goes off or something comes from outside. */
  get isAtRest(): boolean {
    return this.#closed || (this.outbox.asleep && !this.#settles);
  }

  /**
   * Runs at once what can run without waiting, for the testing kit; what depends on promises comes later as
   * always, and so does what is left after a second. Inside a callback it does nothing: that would run one
   * inside another.
   */
  runNow(): void {
    if (this.#closed || this.#isRunning) return;
    const until = systemClock.now() + RUN_NOW_MS;
    this.#isRunning = true;
    try {
      do this.#startSlice();
      while ((!this.#dispatcher.walk() || this.#turn()) && systemClock.now() < until);
    } catch (error) {
      this.#events.onFailure(error, this.outbox.isBroken);
    } finally {
      this.#isRunning = false;
      this.ring[BUSY] = 0;
    }
  }

  /** A promise was settled or is pending: let what waits for it go on between the next turns. */
  letPromisesRun(): void {
    this.#laps = LAPS;
  }

  /** Whether what callbacks have done, or will when promises go on, is for other threads or nodes. */
  get isAwaited(): boolean {
    return this.#isShared && (this.outbox.hasFrames || this.#laps > 0);
  }

  /** What is put off until the driver rests is done before long, though nothing may wake it. */
  settleSoon(): void {
    if (this.#settles) return;
    this.#settles = true;
    // Once all promises have gone on. A turn of libuv is dear beside an answer that comes at once.
    if (this.#isShared && !this.slice.isLoopDue) nextTick(this.#settle);
    else setImmediate(this.#settleByLoop);
  }

  /** Ends all turns; nothing keeps the OS process alive any more. */
  close(): void {
    this.#closed = true;
    this.#leaveClock?.();
    this.slice.isExpired = true;
    this.#alarm.cancel();
    this.outbox.asleep = false;
    this.ring[BUSY] = 0;
    this.#native.close();
  }

  #rise(): void {
    this.outbox.asleep = false;
    this.ring[BUSY] = 1;
    if (this.ring[WATCHDOG_ASLEEP] !== 0) this.#native.wakeWatchdog();
  }

  #wake(): void {
    this.#rise();
    // Woken before libuv had its turn, the slice goes on: otherwise promises alone could keep libuv out forever.
    void RESOLVED.then(this.#settles ? this.#resume : this.#begin);
  }

  /** A new time slice after a turn of libuv. */
  readonly #beginByLoop = (): void => {
    this.slice.looped();
    this.#begin();
  };

  /** A new time slice. */
  readonly #begin = (): void => {
    if (this.#closed) return;
    this.#startSlice();
    this.#run();
  };

  #startSlice(): void {
    this.slice.begin();
    this.ring[BUSY] = 1;
  }

  /** Goes on with a slice that was paused, if it is not over. */
  readonly #resume = (): void => {
    if (this.#closed) return;
    if (this.slice.goesOn()) this.#run();
    else this.#yield();
  };

  readonly #run = (): void => {
    this.#isRunning = true;
    try {
      if (this.#closed) return;
      this.#turns();
    } catch (error) {
      this.#events.onFailure(error, this.outbox.isBroken);
      if (!this.#closed) setImmediate(this.#beginByLoop);
    } finally {
      this.#isRunning = false;
    }
  };

  #turns(): void {
    // What promises have written meanwhile.
    if (!this.#dispatcher.isRead) this.outbox.handOver();
    for (;;) {
      const isRead = this.#dispatcher.walk();
      if (this.slice.isExpired) return this.#yield();
      if (!isRead && this.#stretch()) return;
      if (this.#laps > 0 && this.#hop()) return;
      if (isRead && !this.#turn()) return this.#pause();
    }
  }

  /** In the middle of the inbox: what was written goes out. True when promises go on before the rest is read. */
  #stretch(): boolean {
    this.outbox.handOver();
    if (this.#laps === 0) return false;
    void RESOLVED.then(this.#run);
    return true;
  }

  /** Lets one microtask pass before the next turn; false when it has. */
  #hop(): boolean {
    this.#hasHopped = !this.#hasHopped;
    if (!this.#hasHopped) return false;
    this.#laps -= 1;
    void RESOLVED.then(this.#run);
    return true;
  }

  /** One turn of the core; false when nothing came of it and nothing is left. */
  #turn(): boolean {
    const { ring, outbox } = this;
    outbox.seal();
    outbox.hasFrames = false;
    this.#turnNative();
    const used = ring[IN_USED]!;
    this.#dispatcher.open(used);
    if (used !== 0) return true;
    // A fault stands until it is read, so it need not be looked for in every turn.
    outbox.check();
    return ring[MORE] !== 0 || !outbox.isEmpty;
  }

  /** The slice is over and work is left: libuv first. */
  #yield(): void {
    if (this.#closed) return;
    this.outbox.handOver();
    this.outbox.check();
    this.slice.end();
    this.#events.onRest();
    setImmediate(this.#beginByLoop);
  }

  /** No work for now. What sleep needs is put off: a continuation may bring work at once. */
  #pause(): void {
    this.outbox.asleep = true;
    if (!this.#isFresh || !this.#nap()) this.settleSoon();
  }

  /**
   * Sleeps at once, if nothing is to be done before: who waits for what was answered may be waiting for this core. What can
   * wait is put off.
   */
  #nap(): boolean {
    if (!this.slice.isShort() || !this.#events.mayNap() || !this.#alarm.isSet) return false;
    this.#napNative();
    if (this.ring[MORE] !== 0) return false;
    this.slice.end();
    this.outbox.hasHandedOver = false;
    this.#isOwing = true;
    this.#restSoon();
    this.ring[BUSY] = 0;
    return true;
  }

  readonly #settleByLoop = (): void => {
    this.slice.looped();
    this.#settle();
  };

  readonly #settle = (): void => {
    this.#settles = false;
    if (this.#closed || !this.outbox.asleep) return;
    this.#isOwing = false;
    this.outbox.asleep = false;
    this.outbox.hasHandedOver = false;
    this.slice.end();
    this.#events.onRest();
    this.outbox.flush();
    this.outbox.asleep = true;
    if (this.ring[MORE] !== 0) return this.#wake();
    // The alarm first: what is watched for in `doze` must not be waited for in vain.
    this.#alarm.set();
    if (this.#isShared) this.#dozeNative();
    if (this.ring[MORE] !== 0) return this.#wake();
    this.ring[BUSY] = 0;
  };

  /** What was put off until the driver rests must not wait for long, though nothing comes. */
  #restSoon(): void {
    if (this.#restsSoon) return;
    this.#restsSoon = true;
    setTimeout(this.#rest, REST_MS).unref();
  }

  readonly #rest = (): void => {
    this.#restsSoon = false;
    if ((this.#isOwing || this.outbox.hasHandedOver) && !this.#settles) this.#settle();
  };

  /** Frames came from another thread while this one slept. */
  #onFrames(isWithinCall: boolean): void {
    if (!this.outbox.asleep || this.#closed) return;
    if (this.#settles || isWithinCall) return this.#wake();
    this.#rise();
    this.#isFresh = true;
    this.#beginByLoop();
    this.#isFresh = false;
  }
}
