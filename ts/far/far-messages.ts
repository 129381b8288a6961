import { asMessage, withPath } from '../codec/unencodable.ts';
import type { SendResult } from '../error/send-result.ts';
import { incorrect } from '../error/tergo-error.ts';
import {
  FRAME_MESSAGE,
  KIND_ADDRESSED,
  KIND_EVENT,
  KIND_FAR,
  KIND_SIGNAL,
  QUEUE_MAIN,
  QUEUE_URGENT,
} from '../native/layout.ts';
import { AddressedMessage, type Sender, type Signal } from '../node/messaging.ts';
import type { SharedValue } from '../scheduler/slab.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import type { LocalPid } from '../process/pid.ts';
import { EXPORTED, type ProcessRecord, VALIDATED } from '../process/process-record.ts';
import { ByStation } from './by-station.ts';
import { Control, type ControlOp } from './control.ts';
import type { Far } from './far.ts';
import type { FarPid } from './far-pid.ts';
import { NO_VALUE } from './frame-reader.ts';
import { PREFIX_PLAIN } from './frame-head.ts';
import { isAddressed } from './peer-rules.ts';
import { tellError } from './portable-error.ts';
import { RemotePid } from './remote-pid.ts';
import { isOfPeer } from './station.ts';

/** Messages and exit signals to processes of other threads. */
export class FarMessages {
  readonly #runtime: Runtime;
  readonly #far: Far;
  /** Important messages by alias, which were opened when they came: by the number that they bear. */
  readonly #opened = new ByStation<unknown>();

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    far.controls.on(Control.kill, ({ value }) => this.#killed(value as LocalPid));
    far.controls.on(Control.publish, ({ value }) => this.#published(value));
    far.controls.on(Control.overflow, ({ value, frame }) => this.#overflowed(value, frame));
  }

  /** A plain message of a process that may send, to the main queue. Throws `unencodable`. */
  send(sender: ProcessRecord, to: FarPid, message: unknown): SendResult {
    const { presence } = to;
    if (presence.generation !== to.generation) return 'process-unknown';
    if (presence.isBounded) return this.deliver(sender, to, QUEUE_MAIN, message, undefined);
    const { freeze } = this.#runtime;
    if (freeze !== undefined) freeze(message);
    sender.flags |= EXPORTED;
    if (!this.#far.writer.writePlain(to, sender.pid, message)) return this.#full();
    sender.sent += 1;
    return 'ok';
  }

  /** A message, with the name or alias by which its target was found. Throws `unencodable`. */
  deliver(
    sender: Sender,
    to: FarPid,
    queue: number,
    message: unknown,
    address: string | LocalAlias | undefined,
  ): SendResult {
    if (!to.isAlive) return 'process-unknown';
    const { presence, thread: station } = to;
    const { freeze } = this.#runtime;
    if (freeze !== undefined) freeze(message);
    const isBounded = presence.isBounded;
    if (isBounded && !this.#far.presence.accept(to, queue))
      return this.#overflow(sender, to, message);
    this.#far.pids.keep(sender.pid);
    const isBare = address === undefined && !isDetached(sender.pid);
    const kind = isBare ? KIND_FAR : KIND_ADDRESSED;
    const value = isBare ? message : addressed(address, message, sender.pid);
    try {
      const head = { station, op: FRAME_MESSAGE, kind, queue, ...targetOf(to) } as const;
      if (this.#far.writer.write(head, this.#writable(sender.pid), value)) {
        sender.sent += 1;
        return 'ok';
      }
    } catch (error) {
      if (isBounded) this.#far.presence.retract(presence, queue);
      throw isBare ? error : withPath(error, /^message\[1\]/, 'message');
    }
    if (isBounded) this.#far.presence.retract(presence, queue);
    this.#runtime.counters.mailboxFull += 1;
    return this.#fallBack(sender, to, message);
  }

  /** What a pool or router hands on: a message, or what an event carried. Throws `unencodable`. */
  handOn(to: FarPid, kind: number, value: unknown, from: LocalPid): boolean {
    const { presence } = to;
    const isBounded = presence.isBounded;
    if (isBounded && !this.#far.presence.accept(to, QUEUE_MAIN)) return false;
    this.#far.pids.keep(from);
    const isEvent = kind === KIND_EVENT;
    const body = isEvent ? (value as SharedValue<unknown>).value : value;
    const target = { ...targetOf(to), station: to.thread, queue: QUEUE_MAIN };
    const isBare = isEvent || !isDetached(from);
    const kindThere = isEvent ? KIND_EVENT : isBare ? KIND_FAR : KIND_ADDRESSED;
    const head = { ...target, op: FRAME_MESSAGE, kind: kindThere } as const;
    const whole = isBare ? body : addressed(undefined, body, from);
    let isWritten = false;
    try {
      isWritten = this.#far.writer.write(head, this.#writable(from), whole);
    } finally {
      if (!isWritten && isBounded) this.#far.presence.retract(presence, QUEUE_MAIN);
    }
    return isWritten;
  }

  /** What stands in a mailbox of this thread and came from elsewhere; `NO_VALUE` when nobody is to have it. */
  take(record: ProcessRecord, kind: number, frame: number): unknown {
    const value = this.#read(kind, frame);
    if ((record.flags & VALIDATED) === 0 || value === NO_VALUE) return value;
    return this.#far.validation!.message(record, frame, value);
  }

  /** Whether what another node has sent and wants confirmed has come to something that stands: an alias may not. */
  hasAddress(frame: number): boolean {
    const { reader } = this.#far;
    if (reader.formOf(frame) === PREFIX_PLAIN) return true;
    const value = this.#read(KIND_ADDRESSED, frame);
    const station = reader.stationOf(frame);
    const [number] = reader.prefix(frame);
    // One of the peer that had the seat before may wait yet: it stays what it is, and this one is read anew.
    if (this.#opened.get(station, number) === undefined) this.#opened.set(station, number, value);
    return value !== NO_VALUE;
  }

  /** One that nobody will take. */
  forget(frame: number): void {
    const { reader } = this.#far;
    this.#opened.delete(reader.stationOf(frame), reader.prefix(frame)[0]);
  }

  /** What another node has sent found a mailbox of this thread full: true when it goes elsewhere. */
  fallBack(kind: number, frame: number): boolean {
    const { reader } = this.#far;
    const record = this.#runtime.records[reader.firstOf(frame)];
    if (record === undefined || record.generation !== reader.secondOf(frame)) return false;
    if (record.extra?.fallback === undefined || kind === KIND_EVENT) return false;
    const value = this.take(record, kind, frame);
    if (value === NO_VALUE) return false;
    const isAddressed = value instanceof AddressedMessage;
    const from = (isAddressed ? value.from : undefined) ?? reader.from(frame);
    const message = isAddressed ? value.message : value;
    return this.#runtime.messaging.fallBack({ pid: from, sent: 0 }, record, message) === 'ok';
  }

  signal(to: FarPid, { from, reason }: Signal, queue: number = QUEUE_URGENT): void {
    this.#far.pids.keep(from);
    const { thread: station } = to;
    const target = { ...targetOf(to), isForced: true };
    const head = { station, op: FRAME_MESSAGE, kind: KIND_SIGNAL, queue, ...target } as const;
    tellError(reason, (portable) => this.#far.writer.write(head, from, portable));
  }

  /** Publishes an event of another thread. Whether it may is found out there, and logged if not. */
  publish(
    sender: ProcessRecord,
    thread: number,
    { name, token, message, queue }: FarPublication,
  ): SendResult {
    const words = [sender.pid, name, token, message, queue];
    if (!this.#offer(thread, Control.publish, words, /^message\[3\]/)) return this.#full();
    return 'ok';
  }

  kill(to: FarPid): void {
    this.#far.controls.send(to.thread, Control.kill, 0, to);
  }

  #read(kind: number, frame: number): unknown {
    const { reader } = this.#far;
    const isAddressedKind = kind === KIND_ADDRESSED;
    const opened = isAddressedKind && reader.isImportant(frame) ? this.#close(frame) : undefined;
    if (opened !== undefined) return opened;
    const value = reader.value(frame);
    if (value === NO_VALUE || !isAddressedKind) return value;
    const name = reader.nameOf(frame);
    const isBare = !reader.isImportant(frame) || reader.formOf(frame) === PREFIX_PLAIN;
    if (name !== undefined && isBare) return new AddressedMessage(value, name);
    if (!isAddressed(value))
      return this.#far.violated(reader.stationOf(frame), 'an address is none');
    const [address, message, from] = value;
    // A thread of this node has looked when it sent.
    const isSeen = !isOfPeer(reader.stationOf(frame));
    if (!isSeen && address instanceof LocalAlias && !address.alive) {
      this.#runtime.counters.dropped += 1;
      return NO_VALUE;
    }
    return new AddressedMessage(message, address ?? name, from);
  }

  /** An opened message, which is to be taken now. */
  #close(frame: number): unknown {
    const { reader } = this.#far;
    const station = reader.stationOf(frame);
    const [number] = reader.prefix(frame);
    const opened = this.#opened.get(station, number);
    if (opened !== undefined) this.#opened.delete(station, number);
    return opened;
  }

  #published(value: unknown): void {
    const [from, name, token, message, queue] = value as Publication;
    const { events, log } = this.#runtime;
    const result = events.publishFrom(from, name, token, { message, queue });
    if (result !== 'ok') log.warning('an event was not published', { event: name, from, result });
  }

  #killed(pid: LocalPid): void {
    const record = this.#runtime.recordOf(pid);
    if (record !== undefined) this.#runtime.lifecycle.kill(record);
  }

  /** In whose name a frame is written. */
  #writable(from: LocalPid): LocalPid {
    return isDetached(from) ? this.#runtime.core.pid : from;
  }

  #full(): SendResult {
    this.#runtime.counters.mailboxFull += 1;
    return 'process-mailbox-full';
  }

  /** Its thread knows where such messages go. */
  #overflow(sender: Sender, to: FarPid, message: unknown): SendResult {
    if (!to.presence.hasFallback || this.#runtime.messaging.isFallingBack) return this.#full();
    this.#runtime.counters.mailboxFull += 1;
    const words = [sender.pid, to, message];
    if (!this.#offer(to.thread, Control.overflow, words, /^message\[2\]/))
      return this.#fallBack(sender, to, message);
    sender.sent += 1;
    return 'ok';
  }

  /** There is no room on the way to a process: what it has shown of its fallback is all that can be known of it now. */
  #fallBack(sender: Sender, to: FarPid, message: unknown): SendResult {
    const fallback = this.#far.presence.fallbackOf(to);
    return this.#runtime.messaging.fallBackTo(fallback, sender, to, message);
  }

  /** Words that have a message in them, which stands at that path. */
  #offer(thread: number, op: ControlOp, words: readonly unknown[], path: RegExp): boolean {
    return asMessage(path, () => this.#far.controls.offer(thread, op, 0, words));
  }

  #overflowed(value: unknown, frame: number): void {
    if (!Array.isArray(value)) throw incorrect('overflow', 'a list', frame);
    const [from, to, message] = value as [LocalPid, LocalPid, unknown];
    const record = this.#runtime.recordOf(to);
    const sender = { pid: from, sent: 0 };
    const result =
      record === undefined
        ? 'process-unknown'
        : this.#runtime.messaging.fallBack(sender, record, message);
    if (result !== 'ok') this.#runtime.counters.dropped += 1;
  }
}

/** What is published of another thread's event. */
export interface FarPublication {
  readonly name: string;
  readonly token: string | undefined;
  readonly message: unknown;
  readonly queue: number;
}

type Publication = [
  from: LocalPid,
  name: string,
  token: string | undefined,
  message: unknown,
  queue: number,
];

/** Whether no frame can say who this is: a process of another node whose connection may be gone when it is read. */
function isDetached(from: LocalPid): from is RemotePid {
  return from instanceof RemotePid;
}

/** The value of a frame that says itself by which address and from whom it comes. */
function addressed(
  address: string | LocalAlias | undefined,
  message: unknown,
  from: LocalPid,
): readonly unknown[] {
  return isDetached(from) ? [address, message, from] : [address, message];
}

/** How a frame names a process. */
export function targetOf({ farSlot, generation }: FarPid): {
  readonly first: number;
  readonly second: number;
  readonly prefix: undefined;
  readonly isForced: boolean;
} {
  return { first: farSlot, second: generation, prefix: undefined, isForced: false };
}
