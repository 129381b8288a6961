// Sends to a process of the system that stands still, and talks with another one meanwhile.
// usage: node --expose-gc stall.ts [--seconds N] [--keep-alive MS]     prints a report as one JSON line
import { parseArgs } from 'node:util';
import { Actor, noreply, type Next, processId, processName, startNode, type Down } from 'tergo';
import { turn, waitFor } from '../../support/wait-for.ts';
import type { PuppetProtocol } from '../../threads/puppet.ts';
import { networkOf } from '../cluster.ts';
import { MemberProcess } from './member-process.ts';
import type { PlainEvent } from './member.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    'keep-alive': { type: 'string', default: '15000' },
  },
});
const seconds = Number(values.seconds);
const keepAliveMs = Number(values['keep-alive']);

const B = 'b@localhost';
const C = 'c@localhost';
const PAYLOAD = Buffer.alloc(1000, 7);
const PATIENCE_MS = 4 * keepAliveMs + 10_000;
/** What may wait for one peer: the windows of its links, what waits here, what the system keeps of each socket. */
const BOUND_BYTES = 96 * 2 ** 20;
const WARM_UP_MS = 1000;

const bob = processId(processName<PuppetProtocol>('bob'), B);
const carol = processId(processName<PuppetProtocol>('carol'), C);

/** Hears of the end of bob. */
class Watcher extends Actor<{ message: never }> {
  static readonly downs: Down[] = [];

  override async init(): Promise<void> {
    await this.monitor(bob);
  }

  override handleMessage(): Next {
    return noreply;
  }

  override handleDown(down: Down): Next {
    Watcher.downs.push(down);
    return noreply;
  }
}

const network = networkOf({ keepAliveMs });
const [osB, osC] = [MemberProcess.begin(), MemberProcess.begin()];
const sink = 'sink';
const b = await osB.start({ name: B, network, puppets: ['bob', sink] });
const c = await osC.start({ name: C, network, puppets: ['carol'] });
const node = await startNode('a@localhost', { log: { disableConsole: true }, network });
for (const { name, host, port } of [b, c]) {
  node.network.addRoute(`^${name}$`, { host, port });
  await node.network.connect(name);
}
await node.spawn(Watcher);
await osB.do('order', B, sink, 'seen');

const before = await flood(WARM_UP_MS, () => false);
osB.pause();
globalThis.gc?.();
const atPause = process.memoryUsage().rss;
let rssMost = 0;
const stalled = await flood(seconds * 1000, () => {
  rssMost = Math.max(rssMost, process.memoryUsage().rss);
  return false;
});
const noticed = await waitFor('the connection to end', () => Watcher.downs[0], PATIENCE_MS);
await waitFor('the connection to be gone', () => !node.network.nodes().includes(B), PATIENCE_MS);

osB.resume();
await waitFor('b to notice', async () =>
  (await osB.do<readonly PlainEvent[]>('events', B)).some(({ type }) => type === 'disconnected'),
);
// What was sent meanwhile may still be in its way.
const after = await waitFor(
  'b to answer',
  () => node.call(bob, 'hello' as never, { timeoutMs: 10_000 }).catch(() => undefined),
  PATIENCE_MS,
);
const stillThere = await node.call(carol, 'hello' as never, { timeoutMs: 10_000 });
const reason = ('reason' in noticed ? noticed.reason : undefined) as { code?: string } | undefined;

const report = {
  ...{ seconds, keepAliveMs, before, stalled, grownBytes: rssMost - atPause },
  ...{ downs: Watcher.downs.length, code: reason?.code, after, stillThere },
};
console.log(JSON.stringify(report));
expect(report.grownBytes < BOUND_BYTES, `the sender has grown by ${report.grownBytes} bytes`);
expect(stalled.refused > 0, 'the sender was never told to stop');
expect(stalled.answered > 0, 'the other peer has not answered');
expect(stalled.perSecond * 4 > before.perSecond, 'the other peer was slowed');
expect(Watcher.downs.length === 1, `the monitor has fired ${Watcher.downs.length} times`);
expect(reason?.code === 'no-connection', `the monitor has fired with ${reason?.code}`);
expect(after === 'hello' && stillThere === 'hello', 'not all can be reached in the end');
await node.stopForce();
await Promise.all([osB.kill(), osC.kill()]);

function expect(isSo: boolean, complaint: string): void {
  if (isSo) return;
  console.error(complaint);
  process.exitCode = 1;
}

/** Sends to b as much as it takes, while c is asked one question after another; counts both. */
async function flood(
  ms: number,
  isOver: () => boolean,
): Promise<{ sent: number; refused: number; answered: number; perSecond: number }> {
  const counts = { sent: 0, refused: 0, answered: 0 };
  const until = performance.now() + ms;
  const talk = askCarol(until, () => (counts.answered += 1));
  while (performance.now() < until && !isOver()) {
    for (let left = 100; left > 0; left -= 1) {
      if (node.send(processId(processName(sink), B), PAYLOAD as never) === 'ok') counts.sent += 1;
      else counts.refused += 1;
    }
    await turn();
  }
  await talk;
  return { ...counts, perSecond: Math.round((counts.answered * 1000) / ms) };
}

async function askCarol(until: number, onAnswer: () => void): Promise<void> {
  while (performance.now() < until) {
    // Rejects, and ends the program, if she does not answer.
    await node.call(carol, 'hello' as never, { timeoutMs: 5000 });
    onAnswer();
  }
}
