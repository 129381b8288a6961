// usage: npm run bench -- SUITE [--json]
import { parseArgs } from 'node:util';
import { stopSharedNode } from './bench-node.ts';
import { median, type Result, type Run, type Suite } from './suite.ts';

const suites: Readonly<Record<string, () => Promise<{ readonly suite: Suite }>>> = {
  'local-1-1': () => import('./suites/local-1-1.ts'),
  'local-n-n': () => import('./suites/local-n-n.ts'),
  'cross-thread-1-1': () => import('./suites/cross-thread-1-1.ts'),
  'cross-thread-call': () => import('./suites/cross-thread-call.ts'),
  'event-loop-delay': () => import('./suites/event-loop-delay.ts'),
  'network-1-1': () => import('./suites/network-1-1.ts'),
  'network-n-n': () => import('./suites/network-n-n.ts'),
  'network-object-1-1': () => import('./suites/network-object-1-1.ts'),
  'network-object-n-n': () => import('./suites/network-object-n-n.ts'),
  'network-call': () => import('./suites/network-call.ts'),
  'network-call-100': () => import('./suites/network-call-100.ts'),
  'network-large': () => import('./suites/network-large.ts'),
  'network-loss': () => import('./suites/network-loss.ts'),
  'network-memory': () => import('./suites/network-memory.ts'),
  pubsub: () => import('./suites/pubsub.ts'),
  pingpong: () => import('./suites/pingpong.ts'),
  call: () => import('./suites/call.ts'),
  spawn: () => import('./suites/spawn.ts'),
  events: () => import('./suites/events.ts'),
  import: () => import('./suites/import.ts'),
  start: () => import('./suites/start.ts'),
  idle: () => import('./suites/idle.ts'),
  log: () => import('./suites/log.ts'),
  pool: () => import('./suites/pool.ts'),
  'supervisor-restart': () => import('./suites/supervisor-restart.ts'),
  typecheck: () => import('./suites/typecheck.ts'),
};

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [name = ''] = positionals;
const load = Object.hasOwn(suites, name) ? suites[name] : undefined;
if (load === undefined || positionals.length !== 1) {
  console.error(
    `usage: npm run bench -- SUITE [--json]\nSUITE is one of ${Object.keys(suites).join(' ')}`,
  );
  process.exitCode = 2;
} else {
  const { suite } = await load();
  const result = await measure(name, suite);
  await suite.close?.();
  await stopSharedNode();
  console.log(values.json ? JSON.stringify(result) : readable(result, suite));
}

async function measure(suite: string, { measureCold, warmUps, runs, run }: Suite): Promise<Result> {
  const cold = await measureCold?.();
  const first = warmUps > 0 ? await run() : undefined;
  for (let i = 1; i < warmUps; i++) await run();
  const done: Run[] = [];
  for (let i = 0; i < runs; i++) done.push(await run());
  const [{ ops, extra } = { ops: 0 }] = done;
  const seconds = median(done.map((one) => one.seconds));
  const rates = done.map((one) => one.ops / one.seconds);
  const spread =
    runs > 1 ? { rate_min: round(Math.min(...rates)), rate_max: round(Math.max(...rates)) } : {};
  const rate = round(ops / seconds);
  const begun = first === undefined ? {} : { rate_first: round(first.ops / first.seconds) };
  return { system: 'tergo', suite, ops, seconds, rate, ...spread, ...begun, ...cold, ...extra };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function readable({ suite, rate, ops, seconds, ...rest }: Result, { unit, runs }: Suite): string {
  const extra = Object.entries(rest)
    .filter(([key]) => !['system', 'rate_min', 'rate_max'].includes(key))
    .map(([key, value]) => `, ${key.replaceAll('_', ' ')} ${value}`)
    .join('');
  const low = rest['rate_min'];
  const high = rest['rate_max'];
  if (low === undefined || high === undefined) return `${suite}: ${format(ops)} ${unit}${extra}`;
  const range = `${format(Number(low))} to ${format(Number(high))}`;
  return `${suite}: ${format(rate)} ${unit}/s (median of ${runs} runs, ${range}; ${format(ops)} in ${seconds.toFixed(3)} s)${extra}`;
}

function format(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}
