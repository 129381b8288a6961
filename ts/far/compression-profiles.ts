import { type Compression, NO_COMPRESSION } from '../process/compression.ts';
import type { ProcessExtra } from '../process/process-record.ts';
import { FRAME_UNORDERED } from '../native/layout.ts';

/** As sent in order and not compressed. */
export const PLAIN_WAY = 0;

/** How messages travel to other nodes: by which profile they are compressed, and whether their order matters. */
export class CompressionProfiles {
  /** Gives the number of a profile; at once on thread 0. */
  ask: ((settings: Compression) => number | Promise<number>) | undefined = undefined;
  /** That of processes that have set nothing. */
  plainWay: number = PLAIN_WAY;
  /** Of settings that some process has. */
  readonly #numbers = new WeakMap<Compression, number>();

  /** The way of what a process sends: the bits in the last word of a frame. */
  wayOf(extra: ProcessExtra | undefined): number {
    if (extra === undefined) return this.plainWay;
    const { compression, keepsNetworkOrder } = extra;
    const order = keepsNetworkOrder ? 0 : FRAME_UNORDERED;
    if (compression === NO_COMPRESSION) return this.plainWay | order;
    return compression.enabled ? this.numberOf(compression) | order : order;
  }

  /** The number of a profile; 0, not compressed, while thread 0 has not told it. */
  numberOf(settings: Compression): number {
    const known = this.#numbers.get(settings);
    if (known !== undefined) return known;
    const asked = this.ask?.(settings);
    if (typeof asked === 'number') this.#numbers.set(settings, asked);
    else if (asked !== undefined) {
      this.#numbers.set(settings, PLAIN_WAY);
      asked.then(
        (number) => this.#numbers.set(settings, number),
        () => this.#numbers.delete(settings),
      );
    }
    return this.#numbers.get(settings) ?? PLAIN_WAY;
  }
}
