import test from 'ava';
import { processId, processName } from 'tergo';
import { inside, spawnGated, spawnPuppet, spawnScript, type Self } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';

const name = processName<unknown>('described');

function describe(self: Self, items: readonly string[], from: unknown): Record<string, string> {
  return { name: String(self.name), items: items.join(), from: String(from) };
}

test('the node and a process inspect by pid, name, process id and alias; handleInspect hears what is asked and who asks', async (t) => {
  const node = await quietNode(t);
  const target = await spawnScript(
    node,
    { handleInspect: describe, handleCall: (self) => self.createAlias() },
    { name },
  );
  const alias = await node.call(target, { type: 'alias' });
  const asker = await spawnPuppet(node);
  for (const to of [target, name, processId(name, node.name), alias] as (typeof target)[]) {
    const wanted = { name, items: 'a,b' };
    t.deepEqual(await node.inspect(to, 'a', 'b'), { ...wanted, from: String(node.pid) });
    const answer = await inside(node, asker, (self) => [self.inspect(to, 'a', 'b')]);
    t.deepEqual(await answer[0], { ...wanted, from: String(asker) });
  }
});

test('a process without handleInspect describes itself by nothing', async (t) => {
  const node = await quietNode(t);
  t.deepEqual(await node.inspect(await spawnScript(node, {})), {});
});

test('an inspection of what is not there, of oneself and with items that are no text is refused', async (t) => {
  const node = await quietNode(t);
  const dead = await spawnScript(node, {});
  node.kill(dead);
  const puppet = await spawnPuppet(node);
  await t.throwsAsync(node.inspect(dead), { code: 'process-unknown' });
  await t.throwsAsync(node.inspect(name), { code: 'name-unknown' });
  await t.throwsAsync(node.inspect(processId(name, 'other@localhost')), { code: 'no-connection' });
  await t.throwsAsync(node.inspect(7 as never), { code: 'incorrect', message: /^to / });
  await t.throwsAsync(node.inspect(puppet, 7 as never), { code: 'incorrect', message: /^items / });
  const [own] = await inside(node, puppet, (self) => [self.inspect(self.pid)]);
  await t.throwsAsync(own, { code: 'not-allowed' });
  t.is(node.info().pendingCalls, 0);
});

test('an inspection rejects when its target ends before it answers', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnGated(node);
  const before = node.info().slabEntries;
  const answer = node.inspect(pid);
  node.kill(pid);
  await t.throwsAsync(answer, { code: 'process-terminated' });
  t.deepEqual([node.info().pendingCalls, node.info().slabEntries], [0, before]);
});
