// Messages between three processes of the system. Every few seconds a random one is killed and begins anew, stands still
// for a while, or ends a connection.
// usage: node chaos.ts [--messages N] [--seconds N] [--harm-every MS] [--seed N] [--tls]     prints a report as one JSON line
// Ends after so many messages, or so many seconds if they are given.
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { NetworkOptions } from 'tergo';
import { Random } from '../../soak/random.ts';
import { waitFor } from '../../support/wait-for.ts';
import { networkOf } from '../cluster.ts';
import type { Counts } from './chaos-actors.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress } from './member.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000000' },
    seconds: { type: 'string' },
    tls: { type: 'boolean', default: false },
    'harm-every': { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
});
const messages = Number(values.messages);
const seconds = values.seconds === undefined ? Infinity : Number(values.seconds);
const harmEveryMs = Number(values['harm-every']);
const seed = Number(values.seed);

const NAMES = ['x@localhost', 'y@localhost', 'z@localhost'];
/** One has a small window, one connections of several links. */
const SPECIAL: Readonly<Record<string, NetworkOptions>> = {
  'y@localhost': { windowBytes: 256 * 1024 },
  'z@localhost': { poolSize: 3 },
};
const BURSTS = [1, 50, 1000];
const LOOK_EVERY_MS = 200;
const KEEP_ALIVE_MS = 500;
const PATIENCE_MS = 60_000;
const program = fileURLToPath(new URL('./chaos-member.ts', import.meta.url));
interface Place {
  readonly os: MemberProcess;
  readonly address: MemberAddress;
  counts: readonly Counts[];
}

console.log(`network soak: ${messages} messages, seed ${seed}`);
const random = new Random(seed);
const places = new Map<string, Place>();
/** Of those that were killed. */
const past: Counts[] = [];
const faults: string[] = [];
const harms = { kill: 0, pause: 0, disconnect: 0 };

const begin = performance.now();
for (const name of NAMES) await launch(name);
for (const name of NAMES) await occupy(name);

let harmAt = performance.now() + harmEveryMs;
let toldAt = begin;
while (!isOver()) {
  await delay(LOOK_EVERY_MS);
  await Promise.all(NAMES.map(look));
  if (performance.now() > harmAt) {
    await harm(random.pick(NAMES));
    harmAt = performance.now() + random.between(harmEveryMs / 2, (harmEveryMs * 3) / 2);
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
for (const [name, { counts }] of places)
  for (const { asked, answered, rejected } of counts)
    if (asked !== answered + rejected) complain(`calls of ${name} have not settled`);
if (harms.kill === 0 || sum('downs') === 0) complain('nobody was killed, or nobody noticed');
for (const fault of faults) complain(fault);
await Promise.all([...places.values()].map(({ os }) => os.kill()));

/** A node without streams, on the port of the one before it. */
async function launch(name: string): Promise<void> {
  const os = MemberProcess.begin({ program });
  const port = places.get(name)?.address.port ?? 0;
  const network = networkOf({
    ...{ keepAliveMs: KEEP_ALIVE_MS, acceptors: [{ port, portCount: 1 }] },
    ...(values.tls ? { tls: 'self-signed' } : {}),
    ...SPECIAL[name],
  });
  const address = await os.do<MemberAddress>('start', name, network);
  places.set(name, { os, address, counts: [] });
}

/** Tells it where the others are, and lets it send to them. */
async function occupy(name: string): Promise<void> {
  const { os } = places.get(name)!;
  const others = NAMES.filter((other) => other !== name);
  for (const other of others) await os.do('route', places.get(other)!.address, values.tls);
  for (const other of others) for (const burst of BURSTS) await os.do('stream', other, burst);
}

async function harm(name: string): Promise<void> {
  const dice = random.between(0, 9);
  // The first is killed, however short the soak is.
  if (harms.kill === 0 || dice < 5) await kill(name);
  else if (dice < 7) await pause(name);
  else await disconnect(name);
}

async function kill(name: string): Promise<void> {
  await look(name);
  const { os, counts } = places.get(name)!;
  await os.kill();
  harms.kill += 1;
  past.push(...counts);
  await launch(name);
  await occupy(name);
}

/** Shorter than what is taken for silence, or longer. */
async function pause(name: string): Promise<void> {
  const { os } = places.get(name)!;
  os.pause();
  harms.pause += 1;
  await delay(random.between(0, 6 * KEEP_ALIVE_MS));
  os.resume();
}

async function disconnect(name: string): Promise<void> {
  harms.disconnect += 1;
  const other = random.pick(NAMES.filter((one) => one !== name));
  await places.get(name)!.os.do('disconnect', other);
}

/** What it says of itself now. */
async function look(name: string): Promise<void> {
  const place = places.get(name)!;
  const known = new Set(faultsOf(place.counts));
  place.counts = await place.os.do<readonly Counts[]>('counts');
  for (const fault of faultsOf(place.counts))
    if (!known.has(fault)) faults.push(`${name}: ${fault}`);
}

function faultsOf(all: readonly Counts[]): readonly string[] {
  return all.flatMap((counts) => counts.faults);
}

function sum(key: Exclude<keyof Counts, 'faults'>): number {
  const all = [...past, ...[...places.values()].flatMap(({ counts }) => counts)];
  return all.reduce((total, counts) => total + counts[key], 0);
}

function report(): object {
  return {
    ...{ seed, ...harms, ms: Math.round(elapsed()) },
    ...{ received: sum('received'), asked: sum('asked') },
    ...{ answered: sum('answered'), rejected: sum('rejected') },
    ...{ downs: sum('downs'), epochs: sum('epochs'), faults: faults.length },
  };
}

/** At the first fault, or when there was enough of all. */
function isOver(): boolean {
  if (faults.length > 0) return true;
  return harms.kill > 0 && (sum('received') >= messages || elapsed() >= seconds * 1000);
}

function elapsed(): number {
  return performance.now() - begin;
}

function complain(text: string): void {
  console.error(text);
  process.exitCode = 1;
}
