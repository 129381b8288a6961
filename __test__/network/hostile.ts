import { createRequire } from 'node:module';
import type { Node } from 'tergo';
import { Codec } from '../../ts/codec/codec.ts';
import type { CodecExtension, CodecWorld } from '../../ts/codec/codec-world.ts';
import { memoryOf } from '../../ts/codec/memory.ts';
import type * as binding from '../../ts/native/binding.d.ts';
import {
  FRAME_CONTROL,
  FRAME_FORMAT_SHIFT,
  FRAME_KIND_SHIFT,
  FRAME_MESSAGE,
  FRAME_QUEUE_SHIFT,
  IN_AT,
  IN_USED,
  PORT_AT,
  PORT_MARKS_AT,
  REC_FAR,
  RECORD_OP_SHIFT,
} from '../../ts/native/layout.ts';
import { platformSuffix } from '../../ts/native/load.ts';
import { waitFor } from '../support/wait-for.ts';
import { COOKIE } from './cluster.ts';

const require = createRequire(import.meta.url);
const native = require(`../../dist/native/tergo.${platformSuffix()}.node`) as typeof binding;

const FORMAT_VALUE = 1;
const HEAD_WORDS = 8;

/** Stands for whatever an extension's plain value is. */
export class Forged {
  readonly type: number;
  readonly plain: unknown;

  constructor(type: number, plain: unknown) {
    this.type = type;
    this.plain = plain;
  }
}

function extension(type: number): CodecExtension {
  const isOne = (value: unknown): boolean => value instanceof Forged && value.type === type;
  return {
    Class: Object.defineProperty(class extends Forged {}, Symbol.hasInstance, { value: isOne }),
    type,
    write: (value) => (value as Forged).plain,
    read: (plain) => plain,
  };
}

/** What a codec needs that writes no shapes and no blobs. */
const world: CodecWorld = {
  extensions: [1, 2, 3, 4].map(extension),
  shape: () => 0,
  shapeText: () => undefined,
  isForThread: false,
  variant: () => 0,
  variantText: () => undefined,
  putBlob: () => 0,
  takeBlob: () => new ArrayBuffer(0),
};

/** What a hostile node writes of a frame. */
export interface RawFrame {
  readonly op?: typeof FRAME_MESSAGE | typeof FRAME_CONTROL;
  readonly kind?: number;
  readonly queue?: number;
  /** Slot of the target, or op of a control frame. */
  readonly first: number;
  readonly second?: number;
  readonly value?: unknown;
  /** Whole bytes in place of a value. */
  readonly bytes?: Uint8Array;
  /** Of these bytes. */
  readonly format?: number;
  /** The words before the value of a request. */
  readonly prefix?: readonly [number, number];
  /** Of whom it says that it comes; by default the node itself, on thread 0. */
  readonly from?: HostileProcess;
}

/** A process that a hostile node speaks for. */
export interface HostileProcess {
  readonly thread: number;
  readonly slot?: number;
  readonly generation?: number;
  readonly id?: number;
}

/** A control frame that has come. */
export interface HeardControl {
  readonly op: number;
  readonly number: number;
}

/** Who a hostile node is, and how it writes. */
export interface HostileOptions {
  readonly creation?: number;
  /** Whether it tells of the shapes of its objects. */
  readonly hasShapes?: boolean;
}

/** A node that knows the cookie and says what it likes, written by hand. */
export class Hostile {
  readonly #scheduler: binding.BindingScheduler;
  readonly #ring: Uint32Array;
  readonly #entries: ReturnType<binding.BindingScheduler['entries']>;
  readonly #network: binding.BindingNetwork;
  readonly #codec: Codec;
  readonly name: string;
  readonly seat: number;
  readonly #controls: HeardControl[] = [];
  #at = 0;
  #chunk: { readonly words: Uint32Array; readonly bytes: Buffer } | undefined;

  private constructor(parts: {
    scheduler: binding.BindingScheduler;
    network: binding.BindingNetwork;
    name: string;
    seat: number;
    hasShapes?: boolean;
  }) {
    const shape = (text: string): number => parts.scheduler.shape(text);
    this.#codec = new Codec(parts.hasShapes === true ? { ...world, shape } : world);
    this.#scheduler = parts.scheduler;
    this.#network = parts.network;
    this.name = parts.name;
    this.seat = parts.seat;
    this.#ring = new Uint32Array(parts.scheduler.ring());
    this.#entries = parts.scheduler.entries();
  }

  static async connect(to: Node, name: string, options: HostileOptions = {}): Promise<Hostile> {
    const { creation, hasShapes = false } = options;
    const { scheduler, network } = Hostile.#dial(to, name, creation);
    const up = await waitFor('the connection', () => upOf(network));
    return new Hostile({ scheduler, network, name, seat: up.seat!, hasShapes });
  }

  /** Connects before the thread of the caller does anything else. */
  static arrive(to: Node, name: string): Hostile {
    const { scheduler, network } = Hostile.#dial(to, name);
    const seat = spinFor(() => upOf(network))!.seat!;
    return new Hostile({ scheduler, network, name, seat });
  }

  /** The same, and leaves. */
  static visit(to: Node, name: string): void {
    Hostile.arrive(to, name).leave();
  }

  static #dial(
    to: Node,
    name: string,
    creation = Date.now(),
  ): { scheduler: binding.BindingScheduler; network: binding.BindingNetwork } {
    const fabric = new native.BindingFabric(1, 64);
    const scheduler = native.BindingScheduler.join(fabric.id, 0);
    const network = new native.BindingNetwork(fabric.id, {
      ...{ name, creation, cookie: Buffer.from(COOKIE), software: 'hostile' },
      controls: Array.from({ length: 64 }, (_, op) => op),
      extensions: [1, 2, 3, 4],
    });
    const [acceptor] = to.network.acceptors();
    const way = { host: acceptor!.host, port: acceptor!.port, isTls: false };
    network.addRoute({ pattern: '.', weight: 0, ...way });
    network.connect(to.name);
    return { scheduler, network };
  }

  /** Writes a frame and hands it over. */
  say({ op = FRAME_CONTROL, kind = 0, queue = 2, first, second = 0, ...rest }: RawFrame): void {
    const { words, bytes } = this.#open();
    const at = this.#at >> 2;
    const { prefix } = rest;
    const start = this.#at + 4 * HEAD_WORDS;
    const valueAt = start + (prefix === undefined ? 0 : 8);
    if (prefix !== undefined) words.set(prefix, start >> 2);
    let end: number;
    if (rest.bytes === undefined)
      end = this.#codec.encodeBytes(rest.value, memoryOf(bytes), valueAt);
    else end = valueAt + Buffer.from(rest.bytes).copy(bytes, valueAt);
    words.fill(0, at, at + HEAD_WORDS);
    words[at] =
      op |
      (kind << FRAME_KIND_SHIFT) |
      (queue << FRAME_QUEUE_SHIFT) |
      ((rest.format ?? FORMAT_VALUE) << FRAME_FORMAT_SHIFT);
    words[at + 1] = end - start;
    words[at + 2] = first;
    words[at + 3] = second;
    const { thread, slot = 0, generation = 0, id = 1 } = rest.from ?? { thread: 0 };
    words[at + 4] = (slot | (thread << 24)) >>> 0;
    words[at + 5] = generation;
    words[at + 6] = id;
    this.#at = (end + 7) & ~7;
    this.#ring[PORT_AT + this.seat] = this.#at;
    this.#ring[PORT_MARKS_AT + (this.seat >> 5)]! |= 1 << (this.seat & 31);
    this.#turn();
  }

  /** The control frames that have come so far, in order. */
  heard(): readonly HeardControl[] {
    this.#turn();
    return this.#controls;
  }

  /** Whether the connection has ended. */
  async isCutOff(): Promise<void> {
    await waitFor('the end of the connection', () => {
      this.#turn();
      return this.#network.connections().length === 0;
    });
  }

  get isConnected(): boolean {
    this.#turn();
    return this.#network.connections().length > 0;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#network.close(resolve));
    this.#scheduler.close();
  }

  /** The same before the thread of the caller does anything else. */
  leave(): void {
    this.#turn();
    this.#network.close(() => undefined);
    spinFor(() => this.#network.connections().length === 0);
    // Until the other side has read it, too.
    const until = performance.now() + 100;
    spinFor(() => performance.now() > until);
    this.#scheduler.close();
  }

  /** It has no processes: what comes are records of three words. */
  #turn(): void {
    this.#entries.turn();
    const ring = this.#ring;
    const end = IN_AT + ring[IN_USED]!;
    for (let at = IN_AT; at < end; at += 3) {
      if (ring[at]! >>> RECORD_OP_SHIFT !== REC_FAR) continue;
      const frame = ring[at + 1]!;
      const words = new Uint32Array(this.#scheduler.chunk((frame >>> 15) & 0xffff));
      const [op, number] = words.subarray(((frame & 0x7fff) << 1) + 2);
      this.#controls.push({ op: op!, number: number! });
    }
  }

  #open(): { readonly words: Uint32Array; readonly bytes: Buffer } {
    if (this.#chunk !== undefined && this.#at < 128 * 1024) return this.#chunk;
    const buffer = this.#scheduler.chunk(this.#scheduler.open(this.seat, true));
    this.#at = 0;
    this.#chunk = { words: new Uint32Array(buffer), bytes: Buffer.from(buffer) };
    return this.#chunk;
  }
}

function upOf(network: binding.BindingNetwork): binding.BindingNetworkEvent | undefined {
  return network.events().find(({ kind }) => kind === 'up');
}

/** Keeps the thread until there is something, 30 s at most. */
export function spinFor<T>(look: () => T): T {
  const until = performance.now() + 30_000;
  for (;;) {
    const found = look();
    if (found || performance.now() > until) return found;
  }
}
