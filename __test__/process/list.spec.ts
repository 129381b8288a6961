import { Actor, type Node, type Pid, type ProcessListOptions, type ProcessShortInfo } from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { quietNode, spawnWitness } from '../support/witness.ts';

class Idle extends Actor {}

interface Crowd {
  readonly node: Node;
  readonly pids: readonly Pid<{}>[];
}

/** A node with ten processes. */
async function crowd(t: ExecutionContext, size = 10): Promise<Crowd> {
  const node = await quietNode(t);
  const pids: Pid<{}>[] = [];
  for (let count = 0; count < size; count++) pids.push(await node.spawn(Idle));
  return { node, pids };
}

/** The positions, in the order of their spawn, of what a list shows. */
function shown({ node, pids }: Crowd, options?: ProcessListOptions): number[] {
  return node.processListShortInfo(options).map(({ pid }) => pids.indexOf(pid as Pid<{}>));
}

function isEven({ pid }: ProcessShortInfo): boolean {
  return pid.id % 2 === 0;
}

const everyone = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

test('lists are ordered by id and leave the node itself out', async (t) => {
  const all = await crowd(t);
  t.deepEqual(shown(all), everyone);
  t.deepEqual(all.node.processList(), all.pids);
  for (const start of [0, 1, 1000, 1001]) t.deepEqual(shown(all, { start }), everyone);
});

test('limit is how many at most, 100 without one', async (t) => {
  const all = await crowd(t, 130);
  t.is(shown(all).length, 100);
  t.deepEqual(shown(all, { limit: 3 }), [0, 1, 2]);
  t.is(shown(all, { limit: 1000 }).length, 130);
});

test('start is the first id, so that pages follow each other', async (t) => {
  const all = await crowd(t);
  const id = (position: number): number => all.pids[position]?.id ?? 0;
  t.deepEqual(shown(all, { start: id(4) }), [4, 5, 6, 7, 8, 9]);
  t.deepEqual(shown(all, { start: id(4), limit: 2 }), [4, 5]);
  t.deepEqual(shown(all, { start: id(9) }), [9]);
  t.deepEqual(shown(all, { start: id(9) + 1 }), []);

  const seen: number[] = [];
  for (let start = 1001; ;) {
    const page = all.node.processListShortInfo({ start, limit: 4 });
    seen.push(...page.map(({ pid }) => all.pids.indexOf(pid as Pid<{}>)));
    const last = page.at(-1);
    if (last === undefined) break;
    start = last.pid.id + 1;
  }
  t.deepEqual(seen, everyone);
});

test('a negative start counts from the newest backwards', async (t) => {
  const all = await crowd(t);
  t.deepEqual(shown(all, { start: -1 }), everyone.toReversed());
  t.deepEqual(shown(all, { start: -1, limit: 3 }), [9, 8, 7]);
  t.deepEqual(shown(all, { start: -3, limit: 2 }), [7, 6]);
  t.deepEqual(shown(all, { start: -10 }), [0]);
  t.deepEqual(shown(all, { start: -11 }), []);
});

test('a filter sees the short information and is not counted against the limit', async (t) => {
  const all = await crowd(t);
  await spawnWitness(all.node, { name: 'odd one out' });
  const even = all.pids.map(({ id }, position) => (id % 2 === 0 ? position : -1));
  const expected = even.filter((position) => position >= 0);
  t.deepEqual(shown(all, { filter: isEven }).slice(0, 5), expected);
  t.deepEqual(shown(all, { filter: isEven, limit: 2 }), expected.slice(0, 2));
  t.deepEqual(shown(all, { filter: () => false }), []);
  const named = all.node.processListShortInfo({ filter: ({ name }) => name !== undefined });
  t.like(named, { length: 1, 0: { name: 'odd one out', behaviour: 'Witness' } });
});

test('what a filter throws reaches who asked', async (t) => {
  const { node } = await crowd(t, 1);
  const failure = new Error('choosy');
  const filter = (): never => {
    throw failure;
  };
  t.throws(() => node.processListShortInfo({ filter }), { is: failure });
});

test('those that ended are not in the list, and order does not suffer', async (t) => {
  const all = await crowd(t);
  for (const position of [0, 3, 9]) all.node.kill(all.pids[position] as Pid<{}>);
  const newest = await all.node.spawn(Idle);
  t.deepEqual(shown(all), [1, 2, 4, 5, 6, 7, 8, -1]);
  t.is(all.node.processList().at(-1), newest);
});

test('short information is the cheap part of the whole', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node, { name: 'one' });
  const [short] = node.processListShortInfo();
  const { uptimeMs: _short, ...rest } = short ?? ({} as never);
  t.like(node.processInfo(pid), rest);
  t.deepEqual(Object.keys(rest).toSorted(), [
    'application',
    'behaviour',
    'leader',
    'logLevel',
    'mailbox',
    'messagesIn',
    'messagesOut',
    'name',
    'parent',
    'pid',
    'state',
    'thread',
  ]);
});

const wrong: Readonly<Record<string, readonly unknown[]>> = {
  start: ['1', 1.5, Number.NaN, null, Infinity],
  limit: [0, -1, 1.5, '5', null],
  filter: [5, 'name', {}, null],
  strat: [5],
};

for (const [key, values] of Object.entries(wrong)) {
  test(`a wrong ${key} is named`, async (t) => {
    const { node } = await crowd(t, 1);
    for (const value of values) {
      t.throws(() => node.processListShortInfo({ [key]: value } as never), {
        code: 'incorrect',
        message: new RegExp(`^options\\.${key} must be`),
      });
    }
    for (const options of [null, 5]) {
      t.throws(() => node.processListShortInfo(options as never), { code: 'incorrect' });
    }
  });
}
