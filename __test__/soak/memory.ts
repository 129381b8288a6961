/**
 * What may be grown by after warm-up: a part, and so many bytes. V8 and the allocator keep pages of what has ended for a while, so
 * the resident bytes lie on plateaus that come and go: what is lost for ever raises the low ones too. The heap can be measured closer.
 */
const allowed = {
  rss: { quantile: 0.1, part: 0.1, bytes: 8 * 2 ** 20 },
  heapUsed: { quantile: 0.5, part: 0.05, bytes: 2 ** 20 },
};
const sampleEveryMs = 100;

/** What the second and the last quarter of a run had, in bytes: the median of the heap, the lowest tenth of what was resident. */
export interface Growth {
  readonly second: number;
  readonly last: number;
  readonly isFlat: boolean;
}

/** Memory over the time of a run, read after a forced garbage collection. */
export class MemorySamples {
  readonly #samples: NodeJS.MemoryUsage[] = [];
  #sampledAt = -Infinity;

  get count(): number {
    return this.#samples.length;
  }

  /** Takes a sample if the last one is long enough ago. Throws without `--expose-gc`. */
  take(): void {
    if (performance.now() - this.#sampledAt < sampleEveryMs) return;
    if (globalThis.gc === undefined) throw new Error('run this with node --expose-gc');
    globalThis.gc();
    this.#samples.push(process.memoryUsage());
    this.#sampledAt = performance.now();
  }

  /** Whether the memory that is resident, or that the JavaScript heap uses, has stayed as it was. */
  growth(of: 'rss' | 'heapUsed'): Growth {
    const quarter = Math.floor(this.count / 4);
    const values = this.#samples.map((sample) => sample[of]);
    const { quantile, part, bytes } = allowed[of];
    const second = quantileOf(values.slice(quarter, 2 * quarter), quantile);
    const last = quantileOf(values.slice(-quarter), quantile);
    const isFlat = quarter > 0 && last <= second * (1 + part) + bytes;
    return { second, last, isFlat };
  }
}

function quantileOf(values: readonly number[], quantile: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * quantile)] ?? 0;
}
