import { asMessage } from '../codec/unencodable.ts';
import type { SendResult } from '../error/send-result.ts';
import { knownCode } from '../error/known-code.ts';
import { type ErrorCode, TergoError } from '../error/tergo-error.ts';
import {
  FRAME_MESSAGE,
  KIND_ADDRESSED,
  KIND_EVENT,
  KIND_FAR,
  KIND_SIGNAL,
  QUEUE_MAIN,
  QUEUE_URGENT,
} from '../native/layout.ts';
import { failure, toldText, type Sender, type Signal } from '../node/messaging.ts';
import { flagsOf } from '../network/features.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import { LocalPid } from '../process/pid.ts';
import { EXPORTED, ProcessRecord } from '../process/process-record.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import { type FrameHead, PREFIX_ADDRESSED, PREFIX_PLAIN } from './frame-head.ts';
import { fullWay } from './full-way.ts';
import type { Loss } from './loss.ts';
import { Numbers } from './numbers.ts';
import { tellError } from './portable-error.ts';
import type { RemoteHome } from './remote-home.ts';
import { RemoteName } from './remote-name.ts';
import { RemotePid } from './remote-pid.ts';
import { placing } from './request-patience.ts';
import { PLAIN_WAY } from './compression-profiles.ts';
import { HOME_THREAD, NOWHERE, seatOf, type Station } from './station.ts';

/** A message for another node. */
interface Letter {
  readonly to: RemotePid | RemoteName;
  readonly kind: typeof KIND_FAR | typeof KIND_EVENT | typeof KIND_SIGNAL;
  readonly queue: number;
  readonly value: unknown;
  readonly alias: LocalAlias | undefined;
  readonly from: LocalPid;
  readonly way: number;
  /** The number by which it is confirmed; 0: it is not important. */
  readonly number: number;
}

/** An important message that is not known to be placed. */
interface Unplaced {
  readonly to: RemotePid | RemoteName;
  /** What is shown of the target. */
  readonly about: string;
  station: Station;
  readonly timer: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Messages and exit signals to processes of other nodes. */
export class RemoteMessages {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #unplaced = new Map<number, Unplaced>();
  readonly #numbers: Numbers;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#numbers = new Numbers(far.firstNumber, (number) => this.#unplaced.has(number));
    far.controls.on(Control.placed, (arrived) => this.#placed(arrived));
    far.controls.on(Control.notPlaced, (arrived) => this.#notPlaced(arrived));
  }

  /** A plain message of a process that may send and has set nothing, to the main queue. Throws `unencodable`. */
  send(sender: ProcessRecord, to: RemotePid, message: unknown): SendResult {
    const { seat, peers } = to.home;
    if (seat < 0 || peers !== this.#far.peers)
      return this.#runtime.messaging.sendResolved(sender, to, message);
    const { freeze } = this.#runtime;
    if (freeze !== undefined) freeze(message);
    sender.flags |= EXPORTED;
    try {
      if (!this.#far.writer.writeRemote(seat, to, sender.pid, message)) {
        if (!peers.isEnding(to.home)) return this.#full();
        this.#runtime.counters.dropped += 1;
      }
    } catch (error) {
      return tooLarge(error);
    }
    sender.sent += 1;
    return 'ok';
  }

  /** A message; `alias` is the one by which its target was found. Throws `unencodable`. */
  deliver(
    sender: Sender,
    to: RemotePid | RemoteName,
    queue: number,
    value: unknown,
    address: string | LocalAlias | undefined,
  ): SendResult {
    const { freeze } = this.#runtime;
    if (freeze !== undefined) freeze(value);
    const alias = address instanceof LocalAlias ? address : undefined;
    const extra = sender instanceof ProcessRecord ? sender.extra : undefined;
    if (extra?.isImportant === true)
      return this.#confirmed(sender as ProcessRecord, to, queue, value, alias);
    const way = this.#far.profiles.wayOf(extra);
    const letter = { to, kind: KIND_FAR, queue, value, alias, from: sender.pid, way, number: 0 };
    try {
      if (!this.#post(letter as Letter)) return this.#full();
    } catch (error) {
      return tooLarge(error);
    }
    sender.sent += 1;
    return 'ok';
  }

  /** A message of a process all of whose messages are important: what becomes of one that is sent is told by the log. */
  #confirmed(
    sender: ProcessRecord,
    to: RemotePid | RemoteName,
    queue: number,
    value: unknown,
    alias: LocalAlias | undefined,
  ): SendResult {
    const { log } = this.#runtime;
    const features = this.#far.peers.connectedAs(to.node)?.features;
    if (features !== undefined && !flagsOf(features).importantDelivery) return 'unsupported';
    let confirmed: Promise<void> | undefined;
    try {
      confirmed = this.#postImportant(sender, to, queue, value, alias);
    } catch (error) {
      return tooLarge(error);
    }
    if (confirmed === undefined) return this.#full();
    confirmed.catch((error: Error) => {
      const fields = { from: sender.pid, to: alias ?? addressOf(to), error };
      log.warning('an important message was not placed', fields);
    });
    return 'ok';
  }

  /** Resolves when the message is in the mailbox there; rejects with why it is not. */
  async deliverImportant(
    sender: ProcessRecord,
    to: RemotePid | RemoteName,
    queue: number,
    value: unknown,
    alias: LocalAlias | undefined,
  ): Promise<void> {
    const { freeze } = this.#runtime;
    if (freeze !== undefined) freeze(value);
    const confirmed = this.#postImportant(sender, to, queue, value, alias);
    if (confirmed === undefined) throw fullWay(this.#far, to);
    return confirmed;
  }

  /** The promise of its confirmation; `undefined` when there is no room for it. Throws `unencodable`, `too-large`. */
  #postImportant(
    sender: ProcessRecord,
    to: RemotePid | RemoteName,
    queue: number,
    value: unknown,
    alias: LocalAlias | undefined,
  ): Promise<void> | undefined {
    const { promise, number } = this.#expect(to, alias);
    const { pid: from, extra } = sender;
    const way = this.#far.profiles.wayOf(extra);
    let isPosted = false;
    try {
      isPosted = this.#post({ to, kind: KIND_FAR, queue, value, alias, from, way, number });
    } finally {
      // Nobody waits for the confirmation of what has not left.
      if (!isPosted) this.#settle(number);
    }
    if (!isPosted) return undefined;
    sender.sent += 1;
    return promise;
  }

  /** What a pool or router hands on: a message, or what an event carried. Throws `unencodable`. */
  handOn(
    to: RemotePid | RemoteName,
    kind: typeof KIND_FAR | typeof KIND_EVENT,
    value: unknown,
    from: LocalPid,
  ): boolean {
    const rest = { alias: undefined, way: this.#far.profiles.plainWay, number: 0 };
    return this.#post({ to, kind, queue: QUEUE_MAIN, value, from, ...rest });
  }

  signal(to: RemotePid, { from, reason }: Signal, queue: number = QUEUE_URGENT): void {
    const rest = { alias: undefined, way: PLAIN_WAY, number: 0 };
    this.#post({ to, kind: KIND_SIGNAL, queue, value: reason, from, ...rest });
  }

  /** Nobody there confirms anything. */
  lose({ takes, reason }: Loss): void {
    for (const [number, { station, to }] of [...this.#unplaced])
      if (takes(station, to)) this.#settle(number)?.reject(reason);
  }

  /** An important message of another node has reached its mailbox; the core says so. */
  confirm(frame: number): void {
    const { reader, controls } = this.#far;
    const [number] = reader.prefix(frame);
    const station = reader.stationOf(frame);
    if (number === 0 || !this.#far.canReach(station)) return;
    if (!this.#far.messages.hasAddress(frame)) this.refuse(frame, 'alias-unknown');
    else controls.send(station, Control.placed, number);
  }

  /** One has not, and `code` says why. */
  refuse(frame: number, code: ErrorCode): void {
    const { reader, controls } = this.#far;
    const station = reader.stationOf(frame);
    const [number] = reader.prefix(frame);
    if (number > 0 && this.#far.canReach(station))
      controls.send(station, Control.notPlaced, number, code);
  }

  /** Writes it, or keeps it until there is a connection; false when there is no room for it. */
  #post(letter: Letter): boolean {
    const { peers } = this.#far;
    const home = peers.connectedAs(letter.to.node);
    if (home === undefined) {
      if (letter.kind !== KIND_SIGNAL) this.#far.refuseUnencodable(letter.value);
      return this.#postLater(letter);
    }
    if (this.#write(home, letter)) return true;
    if (!peers.isEnding(home)) return false;
    // As all that was said before it and has not arrived: over the next connection it would come after a gap of which nobody has heard.
    this.#lost(letter, failure('no-connection', letter.to.node));
    return true;
  }

  #postLater(letter: Letter): boolean {
    const { to } = letter;
    const { peers } = this.#far;
    return peers.reach(to.node, {
      go: (reached) => {
        if (to instanceof RemotePid && to.home !== reached)
          return this.#lost(letter, failure('process-incarnation', to));
        if (this.#write(reached, letter)) return;
        const isEnding = peers.isEnding(reached);
        this.#lost(letter, isEnding ? failure('no-connection', to.node) : fullWay(this.#far, to));
      },
      lost: (error) => this.#lost(letter, error),
      isUnheard: letter.number === 0,
    });
  }

  /** What waited for a connection does not go its way. */
  #lost({ number }: Letter, error: Error): void {
    if (number > 0) this.#settle(number)?.reject(error);
    else this.#runtime.counters.dropped += 1;
  }

  #write(home: RemoteHome, letter: Letter): boolean {
    const { kind, queue, value, alias, from, way, number } = letter;
    const isForced = kind === KIND_SIGNAL;
    const isOwn = !(from instanceof FarPid) && !(from instanceof RemotePid);
    this.#far.pids.keep(from);
    if (number > 0) home.requireImportant();
    const unplaced = number > 0 ? this.#unplaced.get(number) : undefined;
    // It has timed out while it waited for a connection.
    if (number > 0 && unplaced === undefined) return true;
    const target = this.#targetOf(home, letter);
    if (unplaced !== undefined) unplaced.station = target.station;
    const isPlain = alias === undefined && isOwn;
    const isNamed = target.name !== undefined;
    // Only an important message says which form its value has: so does one that is handed on to a name, as number 0.
    const isImportant = number > 0 || (isNamed && !isPlain && kind === KIND_FAR);
    const form = isPlain ? PREFIX_PLAIN : PREFIX_ADDRESSED;
    const prefix = isImportant ? ([number, form] as const) : undefined;
    const own = kind === KIND_FAR && (isNamed || !isPlain) ? KIND_ADDRESSED : kind;
    const rest = { op: FRAME_MESSAGE, kind: own, queue, prefix, isForced, way } as const;
    const head: FrameHead = { ...target, ...rest, isImportant };
    const sender = isOwn ? from : this.#runtime.core.pid;
    const first = isOwn ? [] : [from];
    const { writer } = this.#far;
    if (kind === KIND_SIGNAL)
      return tellError(value, (portable) => writer.write(head, sender, portable));
    const isBare = isPlain || kind !== KIND_FAR;
    return isBare
      ? writer.write(head, sender, value)
      : asMessage(/^message\[1\]/, () => writer.write(head, sender, [alias, value, ...first]));
  }

  #targetOf(
    home: RemoteHome,
    { to }: Letter,
  ): Pick<FrameHead, 'station' | 'first' | 'second' | 'name'> {
    if (to instanceof RemoteName)
      return { station: home.stationOf(HOME_THREAD), first: 0, second: 0, name: to.name };
    const { thread, farSlot: first, generation: second } = to;
    return { station: home.stationOf(thread), first, second, name: undefined };
  }

  #expect(
    to: RemotePid | RemoteName,
    alias: LocalAlias | undefined,
  ): { readonly promise: Promise<void>; readonly number: number } {
    const number = this.#numbers.next();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const about = String(alias ?? to.pid);
    const { ms, text } = placing(about);
    const timer = this.#runtime.timers.start(ms, () => {
      this.#settle(number)?.reject(new TergoError('timeout', text));
    });
    this.#unplaced.set(number, { to, about, station: NOWHERE, timer, resolve, reject });
    return { promise, number };
  }

  #settle(number: number): Unplaced | undefined {
    const unplaced = this.#unplaced.get(number);
    if (unplaced === undefined) return undefined;
    this.#unplaced.delete(number);
    this.#runtime.timers.cancel(unplaced.timer);
    this.#runtime.driver.letPromisesRun();
    return unplaced;
  }

  #placed({ station, number }: Arrived): void {
    if (this.#isFrom(station, number)) this.#settle(number)?.resolve();
  }

  #notPlaced({ station, number, value }: Arrived): void {
    if (!this.#isFrom(station, number)) return;
    const unplaced = this.#settle(number)!;
    const text = toldText(String(value), unplaced.about);
    unplaced.reject(new TergoError(knownCode(String(value)), text));
  }

  /** The thread there may be another one than was thought: a name is looked up on arrival. */
  #isFrom(station: Station, number: number): boolean {
    const unplaced = this.#unplaced.get(number);
    return unplaced !== undefined && seatOf(unplaced.station) === seatOf(station);
  }

  #full(): SendResult {
    this.#runtime.counters.mailboxFull += 1;
    return 'process-mailbox-full';
  }
}

/** The result for an error that tells of the state of a peer; every other one is thrown on. */
function tooLarge(error: unknown): SendResult {
  if (TergoError.is(error, 'too-large')) return 'too-large';
  throw error;
}

/** What is shown of a target. */
export function addressOf({ pid }: RemotePid | RemoteName): string {
  return String(pid);
}
