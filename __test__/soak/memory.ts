/** What the medians may grow by after warm-up: a part, and so many bytes. The heap can be measured closer. */
const allowed = {
  rss: { part: 0.1, bytes: 8 * 2 ** 20 },
  heapUsed: { part: 0.05, bytes: 2 ** 20 },
};
const sampleEveryMs = 100;

/** Medians of the second and of the last quarter of a run, in bytes. */
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
    const second = median(values.slice(quarter, 2 * quarter));
    const last = median(values.slice(-quarter));
    const isFlat = quarter > 0 && last <= second * (1 + allowed[of].part) + allowed[of].bytes;
    return { second, last, isFlat };
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
