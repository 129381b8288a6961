import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNode } from 'tergo';
import { Primes } from '../primes.ts';

test('primes are counted on another thread', async () => {
  const behaviors = [new URL('../primes.ts', import.meta.url)];
  const options = { threads: 2, behaviors, log: { disableConsole: true } };
  await using node = await startNode('test@localhost', options);
  const primes = await node.spawn(Primes, { thread: 1 });
  assert.equal((await node.fetchProcessInfo(primes)).thread, 1);
  assert.equal(await node.call(primes, { type: 'count', below: 100 }), 25);
});
