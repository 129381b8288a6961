import { FRAME_UNORDERED } from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import { algorithmOf, levelOf } from '../network/compression-levels.ts';
import type { Compression } from '../process/compression.ts';
import type { ProcessExtra } from '../process/process-record.ts';

/** As sent in order and not compressed. */
export const PLAIN_WAY = 0;
/** Nothing is larger. */
const MAX_THRESHOLD = 2 ** 32 - 1;

/** How messages travel to other nodes: by which profile they are compressed, and whether their order matters. */
export class CompressionProfiles {
  /** How what processes send is compressed that have set nothing. */
  readonly plain: Compression;
  /** The way of such processes. */
  readonly plainWay: number;
  readonly #native: BindingScheduler;
  /** Of settings that some process has. */
  readonly #numbers = new WeakMap<Compression, number>();

  constructor(native: BindingScheduler, plain: Compression) {
    this.#native = native;
    this.plain = plain;
    this.plainWay = this.#compressedWay(plain);
  }

  /** The way of what a process sends: the bits in the last word of a frame. */
  wayOf(extra: ProcessExtra | undefined): number {
    if (extra === undefined) return this.plainWay;
    return this.orderedWayOf(extra) | (extra.keepsNetworkOrder ? 0 : FRAME_UNORDERED);
  }

  /** The same for what stays in its order whatever the process says: what it answers and publishes. */
  orderedWayOf(extra: ProcessExtra | undefined): number {
    const settings = extra?.compression;
    return settings === undefined ? this.plainWay : this.#compressedWay(settings);
  }

  #compressedWay(settings: Compression): number {
    if (!settings.enabled) return PLAIN_WAY;
    const known = this.#numbers.get(settings);
    if (known !== undefined) return known;
    const threshold = Math.min(settings.thresholdBytes, MAX_THRESHOLD);
    const number = this.#native.profile(algorithmOf(settings), levelOf(settings), threshold);
    this.#numbers.set(settings, number);
    return number;
  }
}
