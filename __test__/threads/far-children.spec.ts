import test, { type ExecutionContext } from 'ava';
import type { Node, Pid } from 'tergo';
import { ofProcess, recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { Court, Herald, type HeraldOptions } from './herald.ts';
import { everyPlaces, gone, Handle, puppet, puppets, threadNode } from './stage.ts';

const behaviors = [puppets, new URL('./herald.ts', import.meta.url)];
const apart = everyPlaces.filter(({ one, other }) => one !== other);

function node(t: ExecutionContext): Promise<Node> {
  return threadNode(t, { behaviors });
}

async function court(on: Node, thread: number): Promise<Handle> {
  return new Handle(on, await on.spawn(Court, { thread, args: [{ trapExit: true }] }));
}

for (const { title, one, other } of everyPlaces) {
  for (const kind of ['monitor', 'link'] as const) {
    test(`a ${kind} that is made while the process starts is one and can be taken back, though its parent is linked to it, ${title}`, async (t) => {
      const world = await node(t);
      const [parent, gate] = [await court(world, one), await puppet(world, 0)];
      const watcher = await puppet(world, one, { trapExit: true });
      const args: HeraldOptions['args'] = [watcher.pid, gate.pid];
      const spawned = parent.do('spawnHerald', { thread: other, linkChild: true, args });
      const [child] = (await watcher.messages(1)) as [Pid<unknown>];
      await watcher.do(kind, child);
      await waitFor('the gate', async () => (await gate.do('keptCaller')) !== undefined);
      await gate.do('answerKept', 'open');
      t.is(await spawned, child);
      await t.throwsAsync(watcher.do(kind, child), { code: 'target-exist' });
      await watcher.do(kind === 'link' ? 'unlink' : 'demonitor', child);
      await watcher.do(kind, child);
      world.kill(child as never);
      const [exit] = await parent.hears(1);
      t.like(exit, { on: 'exit', ended: { pid: child, reason: 'kill' } });
      const fired = (await watcher.hears(2)).slice(1);
      t.like(fired, [{ ended: { pid: child, reason: 'kill' } }]);
    });
  }
}

for (const { title, one, other } of apart) {
  test(`a child with linkParent ends whose parent has ended before its thread has heard of it, and is not complained of, ${title}`, async (t) => {
    const world = await node(t);
    const log = recordLog(world);
    const [parent, watcher] = [await court(world, one), await puppet(world, other)];
    watcher.tell({ type: 'hang', ms: 300 });
    const options = { thread: other, linkParent: true, args: [watcher.pid] };
    void parent.do('spawnAndEnd', options).catch(() => undefined);
    await parent.gone();
    const [child] = (await watcher.messages(1)) as [Pid<never>];
    await gone(world, child);
    // What its thread has logged comes before its answer.
    await watcher.seen();
    t.deepEqual(ofProcess(log, child), []);
  });
}

test('who has ended while its spawn waits for a thread to come back has no child there', async (t) => {
  const world = await node(t);
  const watcher = await puppet(world, 0);
  const isUp = (): boolean => world.info().threads[1]!.isUp;
  let asked = 0;
  let hasWaited = false;
  while (!hasWaited) {
    const victim = await puppet(world, 1);
    const parent = await court(world, 0);
    victim.tell({ type: 'exit process', code: 1 });
    await waitFor('the end of the thread', () => !isUp());
    const options = { thread: 1, args: [watcher.pid] };
    void parent.do('spawnAndEnd', options).catch(() => undefined);
    await parent.gone();
    hasWaited = !isUp();
    if (!hasWaited) asked += 1;
  }
  const last = await world.spawn(Herald, { thread: 1, args: [watcher.pid] });
  const heard = await watcher.messages(1);
  t.is(heard.at(-1), last);
  t.true(heard.length <= asked + 1);
});
