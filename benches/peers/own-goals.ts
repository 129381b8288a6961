/** What a figure of a suite that only Tergo runs is to reach. */
export interface OwnGoal {
  readonly name: string;
  /** The figure, under its name in the JSON line. */
  readonly key: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The figure beside it, from the same run. */
  readonly beside?: string;
  /** At least so many times what stands beside it. */
  readonly times?: number;
  /** At most so large a part of what stands beside it. */
  readonly part?: number;
}

const object = { name: 'small object/s', key: 'rate', beside: 'baseline_rate' };
const int = { name: 'small int/s', key: 'int_rate', beside: 'int_baseline_rate' };
const text = { name: '1 KiB string/s', key: 'text_rate', beside: 'text_baseline_rate' };

export const crossThreadGoals: readonly OwnGoal[] = [
  { ...object, atLeast: 3_000_000, times: 8 },
  { ...int, atLeast: 20_000_000 },
  { ...text, times: 3 },
];

export const crossThreadCallGoals: readonly OwnGoal[] = [
  { name: 'steady p50, µs', key: 'p50_us', beside: 'baseline_p50_us', atMost: 15, part: 1 / 4 },
  { name: 'sparse p50, µs', key: 'sparse_p50_us', beside: 'baseline_sparse_p50_us', part: 1 },
  { name: 'idle CPU, %', key: 'idle_cpu_percent', atMost: 0.1 },
];

export const eventLoopGoals: readonly OwnGoal[] = [
  { name: 'p99, ms', key: 'p99_ms', beside: 'same_thread_p99_ms', atMost: 5 },
];

/** The same work by where the two nodes are. */
export const topologyRows: readonly OwnGoal[] = [
  { name: 'one JS thread', key: 'one_thread_rate' },
  { name: 'two JS threads', key: 'two_threads_rate' },
  { name: 'two OS processes', key: 'two_processes_rate' },
  { name: 'two JS threads, TLS', key: 'two_threads_tls_rate' },
];

export const pubsubRows: readonly OwnGoal[] = [
  { name: 'one JS thread', key: 'one_thread_rate' },
  { name: 'three JS threads', key: 'threads_rate' },
];

export const largeGoals: readonly OwnGoal[] = [
  { name: 'bytes/s, two JS threads', key: 'two_threads_bytes_per_second' },
  { name: 'bytes/s, two OS processes', key: 'two_processes_bytes_per_second' },
  { name: 'bytes/s', key: 'bytes_per_second', beside: 'tokio_bytes_per_second', times: 0.5 },
  { name: 'p99 of calls beside 100 MB, ms', key: 'calls_beside_p99_ms', atMost: 10 },
];

export const lossGoals: readonly OwnGoal[] = [
  { name: 'p99 of a reset to its notice, ms', key: 'reset_p99_ms', atMost: 500 },
  {
    name: 'p99 of silence to its notice, ms',
    key: 'silence_p99_ms',
    beside: 'silence_bound_ms',
    part: 1.05,
  },
  {
    name: 'p99 of connecting beside 2,000 silent sockets, ms',
    key: 'connect_beside_silent_p99_ms',
    atMost: 500,
  },
];

export const memoryGoals: readonly OwnGoal[] = [
  {
    name: 'resident bytes, last quarter beside the third',
    key: 'rss_last_quarter',
    beside: 'rss_third_quarter',
    part: 1.05,
  },
];

/** Whether it is reached; a figure that was not taken is not. */
export function isMet(goal: OwnGoal, value: number | undefined, beside?: number): boolean {
  if (value === undefined) return false;
  const { atLeast = -Infinity, atMost = Infinity, times, part } = goal;
  if (value < atLeast || value > atMost) return false;
  if (times === undefined && part === undefined) return true;
  if (beside === undefined) return false;
  return value >= (times ?? -Infinity) * beside && value <= (part ?? Infinity) * beside;
}

/** The goal in words. */
export function textOf({ atLeast, atMost, times, part }: OwnGoal): string {
  const goals = [
    atLeast === undefined ? '' : `≥ ${atLeast.toLocaleString('en-US')}`,
    atMost === undefined ? '' : `≤ ${atMost}`,
    times === undefined ? '' : `≥ ${times} × what stands beside it`,
    part === undefined ? '' : `≤ ${part} × what stands beside it`,
  ];
  return goals.filter((goal) => goal !== '').join(', ');
}
