// Messages between three processes of the system, of which a random one is killed every few seconds and begins anew.
// usage: node chaos.ts [--messages N] [--seconds N] [--kill-every MS] [--seed N]     prints a report as one JSON line
// Ends after so many messages, or so many seconds if they are given.
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from '../../soak/random.ts';
import { waitFor } from '../../support/wait-for.ts';
import { networkOf } from '../cluster.ts';
import type { Counts } from './chaos-member.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress } from './member.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000000' },
    seconds: { type: 'string' },
    'kill-every': { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
});
const messages = Number(values.messages);
const seconds = values.seconds === undefined ? Infinity : Number(values.seconds);
const killEveryMs = Number(values['kill-every']);
const seed = Number(values.seed);

const NAMES = ['x@localhost', 'y@localhost', 'z@localhost'];
const BURSTS = [1, 50, 1000];
const LOOK_EVERY_MS = 200;
const PATIENCE_MS = 60_000;
const program = fileURLToPath(new URL('./chaos-member.ts', import.meta.url));
const NOTHING: Counts = {
  ...{ received: 0, asked: 0, answered: 0, rejected: 0, downs: 0, epochs: 0, faults: [] },
};

interface Place {
  readonly os: MemberProcess;
  readonly address: MemberAddress;
  counts: Counts;
}

console.log(`network soak: ${messages} messages, seed ${seed}`);
const random = new Random(seed);
const places = new Map<string, Place>();
/** Of those that were killed. */
const past: Counts[] = [];
const faults: string[] = [];
let kills = 0;

const begin = performance.now();
for (const name of NAMES) await launch(name);
for (const name of NAMES) await occupy(name);

let killAt = performance.now() + killEveryMs;
let toldAt = begin;
while (sum('received') < messages && elapsed() < seconds * 1000 && faults.length === 0) {
  await delay(LOOK_EVERY_MS);
  await Promise.all(NAMES.map(look));
  if (performance.now() > killAt) {
    await killOne(random.pick(NAMES));
    killAt = performance.now() + random.between(killEveryMs / 2, (killEveryMs * 3) / 2);
  }
  if (performance.now() - toldAt < 10_000) continue;
  toldAt = performance.now();
  console.log(JSON.stringify(report()));
}
await Promise.all([...places.values()].map(({ os }) => os.do('stop')));
for (const [name, { os }] of places)
  await waitFor(`the streams of ${name} to end`, () => os.do<boolean>('isIdle'), PATIENCE_MS);
await Promise.all(NAMES.map(look));

console.log(JSON.stringify(report()));
for (const [name, { counts }] of places) {
  const { asked, answered, rejected } = counts;
  if (asked !== answered + rejected) complain(`calls of ${name} have not settled`);
}
if (kills === 0 || sum('downs') === 0) complain('nobody was killed, or nobody noticed');
for (const fault of faults) complain(fault);
await Promise.all([...places.values()].map(({ os }) => os.kill()));

/** A node without streams, on the port of the one before it. */
async function launch(name: string): Promise<void> {
  const os = MemberProcess.begin({ program });
  const port = places.get(name)?.address.port ?? 0;
  const network = networkOf({ acceptors: [{ port, portCount: 1 }] });
  const address = await os.do<MemberAddress>('start', { name, network });
  places.set(name, { os, address, counts: NOTHING });
}

/** Tells it where the others are, and lets it send to them. */
async function occupy(name: string): Promise<void> {
  const { os } = places.get(name)!;
  const others = NAMES.filter((other) => other !== name);
  for (const other of others) await os.do('route', places.get(other)!.address);
  for (const other of others) for (const burst of BURSTS) await os.do('stream', other, burst);
}

async function killOne(name: string): Promise<void> {
  await look(name);
  const { os, counts } = places.get(name)!;
  await os.kill();
  kills += 1;
  past.push(counts);
  await launch(name);
  await occupy(name);
}

/** What it says of itself now. */
async function look(name: string): Promise<void> {
  const place = places.get(name)!;
  const told = place.counts.faults.length;
  place.counts = await place.os.do<Counts>('counts');
  for (const fault of place.counts.faults.slice(told)) faults.push(`${name}: ${fault}`);
}

function sum(key: Exclude<keyof Counts, 'faults'>): number {
  const all = [...past, ...[...places.values()].map(({ counts }) => counts)];
  return all.reduce((total, counts) => total + counts[key], 0);
}

function report(): object {
  return {
    ...{ seed, kills, ms: Math.round(elapsed()) },
    ...{ received: sum('received'), asked: sum('asked') },
    ...{ answered: sum('answered'), rejected: sum('rejected') },
    ...{ downs: sum('downs'), epochs: sum('epochs'), faults: faults.length },
  };
}

function elapsed(): number {
  return performance.now() - begin;
}

function complain(text: string): void {
  console.error(text);
  process.exitCode = 1;
}
