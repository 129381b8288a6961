import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { LogRecord, Node, Pid, TergoError } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import type { PuppetProtocol } from './puppet.ts';
import { puppet, puppets, threadNode } from './stage.ts';
import { Puppets } from './trees.ts';

const behaviors = [puppets, new URL('./trees.ts', import.meta.url)];
/** A thread that ends so often within ten seconds, and once more, is left down. */
const ENDS = 5;

// So slow that all of it happens within ten seconds, however long threads take to start on a busy machine. The other threads
// have the time as it is, by which the time of a call must not be over when it arrives.
const now = performance.now.bind(performance);
let leapt = 0;
const timeoutMs = 600_000;
performance.now = () => now() / 20 + leapt;

interface Stage {
  readonly node: Node;
  readonly log: readonly LogRecord[];
  /** Ends a thread; resolves when the node knows it. */
  end(thread?: number): Promise<void>;
}

async function stage(t: ExecutionContext, modules: readonly URL[] = behaviors): Promise<Stage> {
  const node = await threadNode(t, { behaviors: modules });
  const log = recordLog(node);
  const ended = (): number => log.filter(({ message }) => message.includes('has ended')).length;
  const end = async (thread = 1): Promise<void> => {
    const before = ended();
    const victim = await puppet(node, thread);
    victim.tell({ type: 'exit process', code: 1 });
    await waitFor(`the end of thread ${thread}`, () => ended() > before);
  };
  return { node, log, end };
}

test.serial(
  'a thread that ends again and again is left down, and spawns there say so',
  async (t) => {
    const { node, log, end } = await stage(t);
    for (let times = 0; times <= ENDS; times++) await end();
    await t.throwsAsync(puppet(node, 1), { code: 'thread-terminated' });
    t.true(log.some(({ message }) => message.includes('left down')));
    t.false(node.info().threads[1]!.isUp);
    const from = await puppet(node, 2);
    const spawn = (thread: number | 'any'): Promise<unknown> =>
      from.do('spawnPuppet', { thread, args: [{}] });
    await t.throwsAsync(spawn(1), { code: 'thread-terminated' });
    const elsewhere = await Promise.all(Array.from({ length: 6 }, () => spawn('any')));
    t.is(elsewhere.length, 6);
    const pool = await node.spawn(Puppets, { args: [6] });
    const ask = { type: 'who asks' } as never;
    const asked = Array.from({ length: 6 }, () => node.call(pool, ask, { timeoutMs }));
    t.is((await Promise.all(asked)).length, 6);
  },
);

test.serial('a thread that ends now and then is started anew each time', async (t) => {
  const { node, end } = await stage(t);
  for (let times = 0; times < ENDS; times++) await end();
  await puppet(node, 1);
  leapt += 10_000;
  await end();
  await puppet(node, 1);
  t.is(node.info().threads[1]!.restarts, ENDS + 1);
});

test.serial('a thread that is started anew knows that another one is left down', async (t) => {
  const { node, end } = await stage(t);
  for (let times = 0; times <= ENDS; times++) await end();
  const { restarts } = node.info().threads[1]!;
  await end(2);
  const there = await puppet(node, 2);
  const error = await t.throwsAsync<TergoError>(there.do('spawnPuppet', { thread: 1 }));
  t.is(error?.code, 'thread-terminated');
  t.regex(error?.message ?? '', /is left down/);
  for (let times = 0; times < 3; times++) {
    const pid = await there.do<Pid<PuppetProtocol>>('spawnPuppet', { thread: 'any' });
    t.not('thread' in pid ? pid.thread : 0, 1);
  }
  t.deepEqual(await there.do('threads'), [
    [true, 0],
    [false, restarts],
    [true, 1],
  ]);
  const pool = await node.spawn(Puppets, { thread: 2, args: [6] });
  t.is((pool as { readonly thread?: number }).thread, 2);
});

for (const [title, leapMs] of [
  ['cannot be imported any more', 0],
  ['cannot be imported any more, and take long to say so', 11_000],
] as const)
  test.serial(`a thread whose modules ${title} is left down`, async (t) => {
    const sign = join(scratchFolder(t), 'sign');
    process.env['TERGO_TEST_RELAPSE'] = sign;
    t.teardown(() => delete process.env['TERGO_TEST_RELAPSE']);
    const relapse = new URL('./relapse.ts', import.meta.url);
    const { node, end } = await stage(t, [puppets, relapse]);
    await puppet(node, 1);
    writeFileSync(sign, '');
    node.addLogger('leaps', {
      log: ({ message }) => {
        if (message.includes('has ended')) leapt += leapMs;
      },
    });
    await end();
    await t.throwsAsync(puppet(node, 1), { code: 'thread-terminated', message: /is left down/ });
  });
