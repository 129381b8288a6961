/** What one run came to. Only what was received and verified counts. */
export interface Run {
  readonly ops: number;
  readonly seconds: number;
  /** Further figures of the suite, in the JSON line as they are named here. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** A suite: its warm-ups and runs happen in one process, one after another. */
export interface Suite {
  /** What is counted, for the readable line. */
  readonly unit: string;
  readonly warmUps: number;
  readonly runs: number;
  /** Figures that need a process that has done nothing yet; taken before the first warm-up. */
  readonly measureCold?: () => Promise<Readonly<Record<string, number>>>;
  readonly run: () => Promise<Run>;
  /** Lets go of what the runs have shared. */
  readonly close?: () => Promise<void>;
}

/** The JSON line. */
export interface Result {
  readonly system: 'tergo';
  readonly suite: string;
  readonly ops: number;
  readonly seconds: number;
  readonly rate: number;
  readonly [extra: string]: string | number;
}

/** Throws when a figure would not be true. */
export function verify(isTrue: boolean, text: string): asserts isTrue {
  if (!isTrue) throw new Error(`the run is void: ${text}`);
}

/** Seconds from now on. */
export function stopwatch(): () => number {
  const begin = process.hrtime.bigint();
  return () => Number(process.hrtime.bigint() - begin) / 1e9;
}

/** The middle one; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (low === undefined || high === undefined) throw new Error('the median of nothing');
  return (low + high) / 2;
}

/** The one below which so many percent are; 100: the largest. Rounded to three digits behind the point. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100));
  return Math.round(sorted[index]! * 1000) / 1000;
}

/** Resident bytes of this process after a forced collection; needs `--expose-gc`. */
export function residentBytes(): number {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc');
  globalThis.gc();
  return process.memoryUsage.rss();
}
