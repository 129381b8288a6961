import { ALL_THREADS, type Recipient } from './audience.ts';
import { Control, type ControlOp } from './control.ts';
import { TergoError } from '../error/tergo-error.ts';
import { FRAME_CONTROL } from '../native/layout.ts';
import type { LocalPid } from '../process/pid.ts';
import { type FrameReader, NO_VALUE } from './frame-reader.ts';
import { ShortHead } from './frame-head.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { CompressionProfiles } from './compression-profiles.ts';
import { isFittingControl, isForPeers } from './peer-rules.ts';
import { tellError } from './portable-error.ts';
import { isOfPeer, type Station } from './station.ts';

/** One control frame as it arrives. */
export interface Arrived {
  /** Who sent it. */
  readonly station: Station;
  readonly number: number;
  readonly frame: number;
  /** Decoded on first use, which throws `malformed` when it cannot be read: then it is lost, unless somebody waits for it. */
  readonly value: unknown;
}

/** Who did not get what was published. */
export interface Missed {
  /** So many had no room for it. */
  readonly full: number;
  /** Nodes that take nothing as large. */
  readonly tooLarge: readonly Station[];
}

const NOBODY: Missed = { full: 0, tooLarge: [] };

/** Sends control frames, and hands those that arrive to whom they concern. */
export class Controls {
  readonly #writer: FrameWriter;
  readonly #reader: FrameReader;
  readonly #node: LocalPid;
  readonly #profiles: CompressionProfiles;
  readonly #onViolation: (station: Station, how: string) => void;
  readonly #handlers: ((arrived: Arrived) => void)[] = [];
  /** One for all frames, since the writer keeps none. */
  readonly #head: ShortHead = new ShortHead(FRAME_CONTROL);

  constructor(
    writer: FrameWriter,
    reader: FrameReader,
    node: LocalPid,
    onViolation: (station: Station, how: string) => void,
    profiles: CompressionProfiles,
  ) {
    this.#profiles = profiles;
    this.#onViolation = onViolation;
    this.#writer = writer;
    this.#reader = reader;
    this.#node = node;
  }

  on(op: ControlOp, handler: (arrived: Arrived) => void): void {
    this.#handlers[op] = handler;
  }

  /**
   * Cannot be refused for want of room; lost when the thread has ended. Throws `unencodable`, to a node `too-large`. `way` is how it
   * travels to another node; by default as what processes send that have set nothing.
   */
  send(station: Station, op: ControlOp, number: number, value?: unknown, way?: number): void {
    this.#writer.writeShort(this.#headOf(station, op, number, true, way), this.#node, value);
  }

  /** The same in one order with what a process of this thread sends. */
  sendFrom(from: LocalPid, station: Station, op: ControlOp, number: number, value: unknown): void {
    this.#writer.write(this.#headOf(station, op, number, true), from, value);
  }

  /** The same as `send` for an end or a failure, of which somebody must hear: of an error as much as can be told. */
  tell(station: Station, op: ControlOp, number: number, value: unknown): void {
    tellError(value, (portable) => this.send(station, op, number, portable));
  }

  /** The same in one order with what a process of this thread sends. */
  tellFrom(from: LocalPid, station: Station, op: ControlOp, number: number, value: unknown): void {
    tellError(value, (portable) => this.sendFrom(from, station, op, number, portable));
  }

  /** The same as `tell` to all threads of another node: `first` is its thread 0. */
  tellAll(first: Station, op: ControlOp, number: number, value?: unknown): void {
    tellError(value, (portable) => {
      const head = this.#headOf(first, op | ALL_THREADS, number, true);
      this.#writer.write(head, this.#node, portable);
    });
  }

  /** The same as `send`, but false when there is no room. */
  offer(station: Station, op: ControlOp, number: number, value: unknown): boolean {
    return this.#writer.writeShort(this.#headOf(station, op, number, false), this.#node, value);
  }

  /** A published message to several threads and nodes, encoded once for all. Throws `unencodable`. */
  publish(recipients: readonly Recipient[], from: LocalPid, value: unknown, way: number): Missed {
    let full = 0;
    let isWritten = false;
    let tooLarge: Station[] | undefined;
    for (const { station, first, second } of recipients) {
      const head = this.#headOf(station, first, second, false, way);
      try {
        const isAccepted: boolean = isWritten
          ? this.#writer.repeat(head, from, value)
          : this.#writer.write(head, from, value);
        isWritten ||= isAccepted;
        if (!isAccepted) full += 1;
      } catch (error) {
        if (!TergoError.is(error, 'too-large')) throw error;
        (tooLarge ??= []).push(station);
      }
    }
    return full === 0 && tooLarge === undefined ? NOBODY : { full, tooLarge: tooLarge ?? [] };
  }

  take(frame: number): void {
    const reader = this.#reader;
    const station = reader.stationOf(frame);
    const op = reader.firstOf(frame);
    if (isOfPeer(station)) return this.#takeFromPeer(station, op, frame);
    try {
      this.#handlers[op]!(new FromThread(reader, station, frame));
    } catch (error) {
      // It was told when it was found.
      if (error !== reader.trouble) throw error;
    }
  }

  /** What another node says is looked at before anybody acts on it. */
  #takeFromPeer(station: Station, op: number, frame: number): void {
    const reader = this.#reader;
    const number = reader.secondOf(frame);
    if (op === Control.peerUp)
      return this.#handlers[op]!({ station, number, frame, value: undefined });
    const isOpen = op === Control.peerGone || isForPeers(op);
    if (!isOpen) return this.#onViolation(station, `it may not send the control frame ${op}`);
    const value = reader.value(frame);
    if (value === NO_VALUE) return;
    if (op !== Control.peerGone && !isFittingControl(op, value))
      return this.#onViolation(station, `the control frame ${op} does not carry what it must`);
    this.#handlers[op]!({ station, number, frame, value });
  }

  /** Throws while a value is being written, whose head it would be. */
  #headOf(
    station: Station,
    first: number,
    second: number,
    isForced: boolean,
    way: number = this.#profiles.plainWay,
  ): ShortHead {
    this.#writer.refuseNested();
    const head = this.#head;
    head.station = station;
    head.first = first;
    head.second = second;
    head.isForced = isForced;
    head.way = way;
    return head;
  }
}

/** What another thread of this node says. */
class FromThread implements Arrived {
  readonly #reader: FrameReader;
  readonly station: Station;
  readonly number: number;
  readonly frame: number;

  constructor(reader: FrameReader, station: Station, frame: number) {
    this.#reader = reader;
    this.station = station;
    this.number = reader.secondOf(frame);
    this.frame = frame;
  }

  get value(): unknown {
    const value = this.#reader.value(this.frame);
    if (value === NO_VALUE) throw this.#reader.trouble;
    return value;
  }
}
