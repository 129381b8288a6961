import { createHook } from 'node:async_hooks';
import test from 'ava';
import { startNode } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { puppet, puppets } from './stage.ts';

function listeners(): readonly (readonly [name: string | symbol, count: number])[] {
  return process.eventNames().map((name) => [name, process.listenerCount(name)] as const);
}

test('a node that has stopped leaves no timer and no listener behind', async (t) => {
  const before = listeners();
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  });
  hook.enable();
  t.teardown(() => hook.disable());
  const node = await startNode('leftovers@localhost', {
    ...{ threads: 2, behaviors: [puppets], log: { disableConsole: true } },
  });
  const one = await puppet(node, 1);
  await one.do('seen');
  t.true(timers.size > 0);
  await node.stop();
  await waitFor('the end of all timers', () => timers.size === 0);
  t.deepEqual(listeners(), before);
});
