// A suite of vitest, which runs it in processes of its own: `frameworks.spec.ts` starts it and reads its report.
import { threadId } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { startNode } from 'tergo';
import { Wanderer } from './where.ts';

test('a behaviour of its own file lives on another thread', async () => {
  const behaviors = [new URL('where.ts', import.meta.url)];
  await using node = await startNode('vitest@localhost', { threads: 2, behaviors });
  const pid = await node.spawn(Wanderer, { thread: 1 });
  expect(await node.call(pid, { type: 'where' })).not.toBe(threadId);
});
