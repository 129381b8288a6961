import { median } from '../suite.ts';
import {
  crossThreadCallGoals,
  crossThreadGoals,
  eventLoopGoals,
  largeGoals,
  lossGoals,
  memoryGoals,
  pubsubRows,
  topologyRows,
  isMet,
  type OwnGoal,
  textOf,
} from './own-goals.ts';

/** One JSON line of one system. */
export interface Figures {
  readonly system: string;
  readonly suite: string;
  readonly ops: number;
  readonly seconds: number;
  readonly rate: number;
  readonly rss_bytes_per_process?: number;
  /** The same work without what the suite measures, in the same run. */
  readonly direct_rate?: number;
  /** What else the suite measures, under the names of its JSON line. */
  readonly [extra: string]: string | number | undefined;
}

/** A suite and what Tergo is to reach in it. */
export interface Comparison {
  readonly suite: string;
  /** What is counted. */
  readonly unit: string;
  /** At least so many times the peer's rate. */
  readonly timesErgo?: number;
  readonly timesErlang?: number;
  /** At least this rate. */
  readonly rate?: number;
  /** At most so many resident bytes for each process. */
  readonly bytes?: number;
  /** Who else does it; Ergo and Erlang, unless it says otherwise. */
  readonly peers?: readonly string[];
  /** It takes minutes: only when it is asked for. */
  readonly isLong?: boolean;
  /** Further figures, and what they are to reach. */
  readonly goals?: readonly OwnGoal[];
}

const NONE: readonly string[] = [];

export const comparisons: readonly Comparison[] = [
  { suite: 'local-1-1', unit: 'messages/s', timesErgo: 7, timesErlang: 3 },
  { suite: 'local-n-n', unit: 'messages/s', timesErgo: 8, timesErlang: 3 },
  { suite: 'cross-thread-1-1', unit: 'messages/s', peers: NONE, goals: crossThreadGoals },
  { suite: 'cross-thread-call', unit: 'calls/s', peers: NONE, goals: crossThreadCallGoals },
  { suite: 'event-loop-delay', unit: 'ticks/s', peers: NONE, goals: eventLoopGoals },
  { suite: 'pingpong', unit: 'hops/s', timesErlang: 5 },
  { suite: 'call', unit: 'calls/s', timesErgo: 4 },
  { suite: 'spawn', unit: 'processes/s', timesErgo: 10, bytes: 500 },
  { suite: 'events', unit: 'deliveries/s', rate: 10_000_000 },
  { suite: 'pool', unit: 'messages/s', peers: NONE },
  { suite: 'supervisor-restart', unit: 'restarts/s', peers: NONE },
  { suite: 'network-1-1', unit: 'messages/s', timesErgo: 8, goals: topologyRows },
  { suite: 'network-n-n', unit: 'messages/s', timesErgo: 8, goals: topologyRows },
  { suite: 'network-object-1-1', unit: 'messages/s', timesErgo: 4, goals: topologyRows },
  { suite: 'network-object-n-n', unit: 'messages/s', timesErgo: 4, goals: topologyRows },
  { suite: 'network-call', unit: 'calls/s', timesErgo: 1.5, goals: topologyRows },
  { suite: 'network-call-100', unit: 'calls/s', timesErgo: 8, goals: topologyRows },
  { suite: 'network-large', unit: 'blocks/s', peers: NONE, goals: largeGoals },
  { suite: 'network-loss', unit: 'losses/s', peers: NONE, goals: lossGoals },
  {
    suite: 'network-memory',
    unit: 'operations/s',
    peers: NONE,
    isLong: true,
    goals: memoryGoals,
  },
  { suite: 'pubsub', unit: 'deliveries/s', timesErgo: 20, peers: ['ergo'], goals: pubsubRows },
];

/** The median of one figure of one system in one suite, if it ran there. */
export function medianOf(
  figures: readonly Figures[],
  system: string,
  suite: string,
  key = 'rate',
): number | undefined {
  const values = figures
    .filter((one) => one.system === system && one.suite === suite)
    .map((one) => one[key])
    .filter((value) => typeof value === 'number');
  return values.length === 0 ? undefined : median(values);
}

/** A Markdown table of medians, their ratios and the goals. */
export function tableOf(chosen: readonly Comparison[], figures: readonly Figures[]): string {
  const lines = [
    '| suite | Tergo | Ergo | Erlang | × Ergo | × Erlang | goal |',
    '|---|---:|---:|---:|---:|---:|---|',
  ];
  for (const comparison of chosen) {
    const { suite, unit } = comparison;
    const [ours, ergo, erlang] = three((system) => medianOf(figures, system, suite));
    const cells = [
      millions(ours),
      millions(ergo),
      millions(erlang),
      times(ours, ergo),
      times(ours, erlang),
    ];
    const direct = medianOf(figures, 'tergo', suite, 'direct_rate');
    const last = direct === undefined ? rateGoal(comparison) : `directly ${millions(direct)}`;
    lines.push(row(`${suite}, M ${unit}`, [...cells, last]));
    for (const goal of comparison.goals ?? []) {
      const [value, beside] = sides(goal, figures, suite);
      const cells = [number(value), '', '', number(beside), '', textOf(goal)];
      lines.push(row(`${suite}, ${goal.name}`, cells));
    }
    if (comparison.bytes === undefined) continue;
    const bytes = three((system) => medianOf(figures, system, suite, 'rss_bytes_per_process'));
    lines.push(
      row('resident bytes per idle process', [
        ...bytes.map(whole),
        '',
        '',
        `≤ ${comparison.bytes}`,
      ]),
    );
  }
  return lines.join('\n');
}

/** The goals that these figures do not reach; one whose peer did not run is not judged. */
export function unmetGoals(chosen: readonly Comparison[], figures: readonly Figures[]): string[] {
  return chosen.flatMap((comparison) => {
    const { suite, timesErgo, timesErlang, rate, bytes } = comparison;
    const ours = medianOf(figures, 'tergo', suite) ?? 0;
    const ownBytes = medianOf(figures, 'tergo', suite, 'rss_bytes_per_process') ?? 0;
    const below = (peer: string, factor = 0): boolean =>
      ours < factor * (medianOf(figures, peer, suite) ?? 0);
    const missed = (comparison.goals ?? []).filter(
      (goal) => !isMet(goal, ...sides(goal, figures, suite)),
    );
    return [
      ...missed.map((goal) => `${suite}: ${goal.name} is not ${textOf(goal)}`),
      below('ergo', timesErgo) ? `${suite}: less than ${timesErgo} × Ergo` : '',
      below('erlang', timesErlang) ? `${suite}: less than ${timesErlang} × Erlang` : '',
      ours < (rate ?? 0) ? `${suite}: less than ${millions(rate)} M/s` : '',
      ownBytes > (bytes ?? Infinity)
        ? `${suite}: ${whole(ownBytes)} bytes a process, over ${bytes}`
        : '',
    ].filter((text) => text !== '');
  });
}

/** A figure and what stands beside it. */
function sides(
  { key, beside }: OwnGoal,
  figures: readonly Figures[],
  suite: string,
): [number | undefined, number | undefined] {
  const other = beside === undefined ? undefined : medianOf(figures, 'tergo', suite, beside);
  return [medianOf(figures, 'tergo', suite, key), other];
}

function number(value: number | undefined): string {
  return value === undefined ? '' : value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

function three(value: (system: string) => number | undefined): (number | undefined)[] {
  return ['tergo', 'ergo', 'erlang'].map(value);
}

function rateGoal({ timesErgo, timesErlang, rate }: Comparison): string {
  const goals = [
    timesErgo === undefined ? '' : `≥ ${timesErgo} × Ergo`,
    timesErlang === undefined ? '' : `≥ ${timesErlang} × Erlang`,
    rate === undefined ? '' : `≥ ${rate / 1e6}`,
  ];
  return goals.filter((goal) => goal !== '').join(', ');
}

function row(name: string, cells: readonly string[]): string {
  return `| ${[name, ...cells].join(' | ')} |`;
}

function millions(rate: number | undefined): string {
  if (rate === undefined) return '–';
  return (rate / 1e6).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

function whole(value: number | undefined): string {
  return value === undefined ? '–' : String(Math.round(value));
}

function times(ours: number | undefined, peer: number | undefined): string {
  return ours === undefined || peer === undefined ? '–' : (ours / peer).toFixed(1);
}
