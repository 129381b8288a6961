import test from 'ava';
import { waitFor } from '../support/wait-for.ts';
import { gone, puppet } from '../threads/stage.ts';
import { type Pair, pair, part } from './cluster.ts';
import { lendSlow, slowSpawn } from './slow-start.ts';

/** The two part, and both have heard of it. */
async function apart(nodes: Pair): Promise<void> {
  await part(nodes);
  await waitFor('the other end', () => nodes.a.network.nodes().length === 0);
}

test('who knows a connection that is gone has nothing of the next one to the same node', async (t) => {
  const { a, b } = await pair(t);
  const first = await a.network.connect(b.name);
  await apart({ a, b });
  const second = await a.network.connect(b.name);
  t.false(first.isConnected);
  t.throws(() => first.info(), { code: 'no-connection' });
  await t.throwsAsync(first.applicationInfo('shop'), { code: 'no-connection' });
  await first.disconnect();
  t.true(second.isConnected);
});

test('a child that a node wanted before its connection was lost ends, though there is a new one', async (t) => {
  const { a, b } = await pair(t);
  const peer = await a.network.connect(b.name);
  const { begun, finish } = lendSlow(b);
  const refused = t.throwsAsync(peer.spawn(slowSpawn), { code: 'no-connection' });
  const child = await begun;
  await apart({ a, b });
  await refused;
  // Then all its threads are done with the first one, whose place the next one has.
  for (const thread of [0, 1]) await (await puppet(b, thread)).do('seen');
  await a.network.connect(b.name);
  await waitFor('the new one', () => b.network.nodes().length === 1);
  finish();
  await gone(b, child);
  t.deepEqual(b.network.nodes(), [a.name]);
});
