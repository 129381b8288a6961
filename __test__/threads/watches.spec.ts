import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { eventId, eventName, type Node, processId, processName } from 'tergo';
import { pair } from '../network/cluster.ts';
import { turn, waitFor } from '../support/wait-for.ts';
import { fresh, type Handle, puppet, threadNode } from './stage.ts';

/** Where processes of a test live. */
interface Place {
  readonly node: Node;
  readonly thread: number;
}

/** Who watches whom, by their threads. */
interface Stage {
  readonly consumers: Place;
  readonly target: Place;
}

async function onThreads(t: ExecutionContext, from: number, to: number): Promise<Stage> {
  const node = await threadNode(t);
  return { consumers: { node, thread: from }, target: { node, thread: to } };
}

async function onNodes(t: ExecutionContext, to: number): Promise<Stage> {
  const { a, b } = await pair(t);
  await a.network.connect(b.name);
  return { consumers: { node: a, thread: 0 }, target: { node: b, thread: to } };
}

const stages: readonly (readonly [string, (t: ExecutionContext) => Promise<Stage>])[] = [
  ['thread 1 that watches thread 0', (t) => onThreads(t, 1, 0)],
  ['thread 0 that watches thread 1', (t) => onThreads(t, 0, 1)],
  ['thread 1 that watches thread 2', (t) => onThreads(t, 1, 2)],
  ['a node that watches thread 0 of another', (t) => onNodes(t, 0)],
  ['a node that watches thread 1 of another', (t) => onNodes(t, 1)],
];

/** A relation on something of the target: how to make it, and how to undo it. */
type Watched = readonly [make: string, undo: string, what: unknown];

/** All that can be watched of a process. */
async function watchedOf(target: Handle): Promise<readonly Watched[]> {
  const node = target.node.name;
  const name = processName<unknown>(fresh('name'));
  const event = eventName<unknown>(fresh('event'));
  await target.do('registerName', name);
  await target.do('announce', event, {});
  const alias = await target.do('createAlias');
  return [
    ['link', 'unlink', target.pid],
    ['monitor', 'demonitor', target.pid],
    ['monitor', 'demonitor', alias],
    ['link', 'unlink', processId(name, node)],
    ['monitorEvent', 'demonitorEvent', eventId(event, node)],
  ];
}

/** What the nodes keep for values, once nothing goes on any more: each thing that is watched from elsewhere is one. */
async function entries(...nodes: readonly Node[]): Promise<readonly number[]> {
  const held = (): readonly number[] => nodes.map((node) => node.info().slabEntries);
  let before = held();
  for (let calm = 0; calm < 20;) {
    await turn();
    const now = held();
    calm = isDeepStrictEqual(now, before) ? calm + 1 : 0;
    before = now;
  }
  return before;
}

const ways: readonly (readonly [string, (who: Handle, of: readonly Watched[]) => Promise<void>])[] =
  [
    [
      'stops to watch',
      async (who, watched) => {
        for (const [, undo, what] of watched) await who.do(undo, what);
      },
    ],
    [
      'ends',
      async (who) => {
        who.tell({ type: 'stop' });
        await who.gone();
      },
    ],
  ];

for (const [where, stageOf] of stages) {
  for (const [how, leave] of ways) {
    test(`nothing is watched any more when the last consumer ${how}: ${where}`, async (t) => {
      const { consumers, target } = await stageOf(t);
      const to = await puppet(target.node, target.thread);
      const watched = await watchedOf(to);
      const nodes = [...new Set([consumers.node, target.node])];
      const before = await entries(...nodes);
      const [first, last] = [
        await puppet(consumers.node, consumers.thread),
        await puppet(consumers.node, consumers.thread),
      ];
      for (const who of [first, last])
        for (const [make, , what] of watched) await who.do(make, what);
      const all = before.at(-1)! + watched.length - 1;
      await waitFor('all to be watched', async () => (await entries(target.node)).at(-1)! >= all);
      await leave(first, watched);
      // What another one watches is still told.
      const [, , event] = watched.at(-1)!;
      await to.do('publish', (event as { readonly name: unknown }).name, 'news');
      t.deepEqual(await last.messages(1), ['news']);
      await leave(last, watched);
      const isAsBefore = async (): Promise<boolean> =>
        isDeepStrictEqual(await entries(...nodes), before);
      await waitFor('the watches to be given up', isAsBefore);
    });
  }
}
