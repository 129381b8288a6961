import {
  FLAG_IMPORTANT,
  FLAG_NAMED,
  type FRAME_CONTROL,
  FRAME_MESSAGE,
  FRAME_SEAT_SHIFT,
  FRAME_WORDS,
} from '../native/layout.ts';
import type { Chunk } from './chunks.ts';
import { isOfPeer, type Station, threadOf } from './station.ts';

/** Bytes before the payload of a frame. */
export const HEAD_BYTES: number = 4 * FRAME_WORDS;
/** Words before the value of a request: the number of the call; what kind of value follows and, above that bit, when the call is over. */
export const PREFIX_BYTES = 8;
/** The value is the request or message. */
export const PREFIX_PLAIN = 0;
/** It stands behind the name or alias that it was sent to, and before who sent it if the frame does not say. */
export const PREFIX_ADDRESSED = 1;
/** The bit that says which of them. */
export const FORM_MASK = 1;

/** The bits of the last word of a head that are of the sender's id. */
export const ID_HIGH_MASK: number = 2 ** FRAME_SEAT_SHIFT - 1;

/** What stands in the head of a frame. */
export interface FrameHead {
  readonly station: Station;
  readonly op: typeof FRAME_MESSAGE | typeof FRAME_CONTROL;
  readonly kind: number;
  readonly queue: number;
  /** Slot of the target; of a control frame its op. */
  readonly first: number;
  /** Generation of the target; of a control frame a number that its op explains. */
  readonly second: number;
  /** The call and what follows it, for a request. */
  readonly prefix: readonly [number, number] | undefined;
  /** Whether it may go beyond the quota: what must not be lost. */
  readonly isForced: boolean;
  /** Who is to be answered, if it is not the thread of the sender: the node itself is on every thread. */
  readonly origin?: Station | undefined;
  /** The name that it goes to on another node, in place of slot and generation. */
  readonly name?: string | undefined;
  /** Whether the sender wants to know what becomes of it. */
  readonly isImportant?: boolean;
  /** How it travels to another node; see `CompressionProfiles`. */
  readonly way?: number;
}

/** The head of what most frames but messages are, requests and control frames, to be filled in for each. */
export class ShortHead implements FrameHead {
  readonly op: typeof FRAME_MESSAGE | typeof FRAME_CONTROL;
  readonly isRequest: boolean;
  station: Station = 0;
  kind = 0;
  queue = 0;
  first = 0;
  second = 0;
  /** The prefix of a request. */
  number = 0;
  form = 0;
  isForced = false;
  way = 0;
  readonly origin: undefined = undefined;
  readonly name: undefined = undefined;
  readonly isImportant = false;

  constructor(op: typeof FRAME_MESSAGE | typeof FRAME_CONTROL) {
    this.op = op;
    this.isRequest = op === FRAME_MESSAGE;
  }

  get prefix(): readonly [number, number] | undefined {
    return this.isRequest ? [this.number, this.form] : undefined;
  }
}

/** A peer is told there which of its threads the frame is for. */
export function firstWord({ station, first }: FrameHead): number {
  return isOfPeer(station) ? first | (threadOf(station) << 24) : first;
}

/** The high word of the sender's id; above that, another node is told how it travels. */
export function lastWord(high: number, { station, way = 0 }: FrameHead): number {
  return (high & ID_HIGH_MASK) | ((isOfPeer(station) ? way : 0) << FRAME_SEAT_SHIFT);
}

/** The flags that its head asks for. */
export function flagsOf({ name, isImportant }: FrameHead): number {
  return (name === undefined ? 0 : FLAG_NAMED) | (isImportant === true ? FLAG_IMPORTANT : 0);
}

/** Bytes of name and prefix. */
export function bytesBefore(head: FrameHead): number {
  const { name } = head;
  return (name === undefined ? 0 : nameBytes(Buffer.byteLength(name))) + prefixBytes(head);
}

/** Bytes of the prefix: unlike the name it counts as a part of the message. */
export function prefixBytes({ prefix }: FrameHead): number {
  return prefix === undefined ? 0 : PREFIX_BYTES;
}

function nameBytes(length: number): number {
  return (4 + length + 7) & ~7;
}

/** Gives the position after it. */
export function writeName({ words, bytes }: Chunk, at: number, name: string): number {
  const length = bytes.write(name, at + 4, 'utf8');
  words[at >> 2] = length;
  return at + nameBytes(length);
}

/** Bytes of the list of so many blobs. */
export function listBytes(count: number): number {
  return (4 * (1 + count) + 7) & ~7;
}

/** The numbers of blobs, after their count. */
export function writeList({ words }: Chunk, at: number, numbers: readonly number[]): void {
  words[at >> 2] = numbers.length;
  words.set(numbers, (at >> 2) + 1);
}
