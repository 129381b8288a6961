import { isDeepStrictEqual } from 'node:util';
import { type AnyPid, type Node, type ProcessListOptions, type ProcessShortInfo } from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { FarClerk } from '../support/far-clerk.ts';
import { closeShared, emptiedPlace, places, type Place } from '../support/places.ts';
import { gone } from '../support/witness.ts';

interface Crowd {
  readonly node: Node;
  readonly pids: readonly AnyPid[];
}

test.after.always(closeShared);

/** A node with ten processes, in turn on the one thread and on the other; by their ids, which on each thread only grow. */
async function crowd(t: ExecutionContext, place: Place, size = 10): Promise<Crowd> {
  const node = await emptiedPlace(t, place);
  const pids: AnyPid[] = [];
  for (let count = 0; count < size; count++) {
    const thread = count % 2 === 0 ? place.self : place.other;
    pids.push(await node.spawn(FarClerk, { thread }));
  }
  return { node, pids: pids.toSorted(byId) };
}

function byId(a: AnyPid, b: AnyPid): number {
  return a.id - b.id;
}

/** The positions among them of what a list shows. */
async function shown({ node, pids }: Crowd, options?: ProcessListOptions): Promise<number[]> {
  const list = await node.fetchProcessListShortInfo(options);
  const positions = list.map(({ pid }) => pids.indexOf(pid));
  if (node.info().threads.length > 1) return positions;
  const own = node.processListShortInfo(options).map(({ pid }) => pids.indexOf(pid));
  return isDeepStrictEqual(own, positions) ? own : [];
}

function isEven({ pid }: ProcessShortInfo): boolean {
  return pid.id % 2 === 0;
}

const everyone = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

// Who asks lives on thread 0 in each of them.
for (const place of places.filter(({ self, other }) => self <= other)) {
  const it = place.isThreaded ? test.serial : test;
  it(`lists are ordered by id and leave the node itself out${place.title}`, async (t) => {
    const all = await crowd(t, place);
    t.deepEqual(await shown(all), everyone);
    t.deepEqual(all.node.processList(), all.pids);
    for (const start of [0, 1, 1000, 1001]) t.deepEqual(await shown(all, { start }), everyone);
  });

  it(`limit is how many at most, 100 without one${place.title}`, async (t) => {
    const all = await crowd(t, place, 130);
    t.is((await shown(all)).length, 100);
    t.deepEqual(await shown(all, { limit: 3 }), [0, 1, 2]);
    t.is((await shown(all, { limit: 1000 })).length, 130);
  });

  it(`start is the first id, so that pages follow each other${place.title}`, async (t) => {
    const all = await crowd(t, place);
    const id = (position: number): number => all.pids[position]?.id ?? 0;
    t.deepEqual(await shown(all, { start: id(4) }), [4, 5, 6, 7, 8, 9]);
    t.deepEqual(await shown(all, { start: id(4), limit: 2 }), [4, 5]);
    t.deepEqual(await shown(all, { start: id(9) }), [9]);
    t.deepEqual(await shown(all, { start: id(9) + 1 }), []);

    const seen: number[] = [];
    for (let start = 1001; ;) {
      const page = await all.node.fetchProcessListShortInfo({ start, limit: 4 });
      seen.push(...page.map(({ pid }) => all.pids.indexOf(pid)));
      const last = page.at(-1);
      if (last === undefined) break;
      start = last.pid.id + 1;
    }
    t.deepEqual(seen, everyone);
  });

  it(`a negative start counts from the newest backwards${place.title}`, async (t) => {
    const all = await crowd(t, place);
    t.deepEqual(await shown(all, { start: -1 }), everyone.toReversed());
    t.deepEqual(await shown(all, { start: -1, limit: 3 }), [9, 8, 7]);
    t.deepEqual(await shown(all, { start: -3, limit: 2 }), [7, 6]);
    t.deepEqual(await shown(all, { start: -10 }), [0]);
    t.deepEqual(await shown(all, { start: -11 }), []);
  });

  it(`a filter sees the short information and is not counted against the limit${place.title}`, async (t) => {
    const all = await crowd(t, place);
    const { other: thread } = place;
    const named = await all.node.spawn(FarClerk, { name: 'odd one out', thread });
    const even = all.pids.map(({ id }, position) => (id % 2 === 0 ? position : -1));
    const expected = even.filter((position) => position >= 0);
    const positions = await shown(all, { filter: isEven });
    t.deepEqual(
      positions.filter((position) => position >= 0),
      expected,
    );
    t.deepEqual(await shown(all, { filter: isEven, limit: 2 }), expected.slice(0, 2));
    t.deepEqual(await shown(all, { filter: () => false }), []);
    const options = { filter: ({ name }: ProcessShortInfo) => name !== undefined };
    const list = await all.node.fetchProcessListShortInfo(options);
    t.is(list.length, 1);
    t.like(list[0], { pid: named, name: 'odd one out', behaviour: 'FarClerk', thread });
  });

  it(`what a filter throws reaches who asked${place.title}`, async (t) => {
    const { node } = await crowd(t, place, 2);
    const failure = new Error('choosy');
    const filter = (): never => {
      throw failure;
    };
    const isHere = place.self === 0 || place.other === 0;
    if (isHere) t.throws(() => node.processListShortInfo({ filter }), { is: failure });
    await t.throwsAsync(node.fetchProcessListShortInfo({ filter }), { is: failure });
  });

  it(`those that ended are not in the list, and order does not suffer${place.title}`, async (t) => {
    const all = await crowd(t, place);
    const { node, pids } = all;
    const victims = [0, 3, 9].map((position) => pids[position]!);
    for (const pid of victims) node.kill(pid);
    for (const pid of victims) await gone(node, { pid });
    const newest = await node.spawn(FarClerk, { thread: place.other });
    const living = [...pids.filter((pid) => !victims.includes(pid)), newest].toSorted(byId);
    const list = await node.fetchProcessListShortInfo();
    t.deepEqual(
      list.map(({ pid }) => pid),
      living,
    );
    t.deepEqual(node.processList(), living);
    const before = list.filter(({ thread, pid }) => thread === place.other && pid !== newest);
    t.true(before.every(({ pid }) => pid.id < newest.id));
  });

  it(`short information is the cheap part of the whole${place.title}`, async (t) => {
    const { node, pids } = await crowd(t, place, 2);
    const list = await node.fetchProcessListShortInfo();
    for (const short of list) {
      const { uptimeMs: _short, ...rest } = short;
      t.like(await node.fetchProcessInfo(short.pid), rest);
      t.deepEqual(Object.keys(rest).toSorted(), shortKeys);
    }
    t.deepEqual(
      list.map(({ pid }) => pid),
      pids,
    );
  });
}

const shortKeys = [
  ...['application', 'behaviour', 'leader', 'logLevel', 'mailbox', 'messagesIn', 'messagesOut'],
  ...['name', 'parent', 'pid', 'state', 'thread'],
];

const wrong: Readonly<Record<string, readonly unknown[]>> = {
  start: ['1', 1.5, Number.NaN, null, Infinity],
  limit: [0, -1, 1.5, '5', null],
  filter: [5, 'name', {}, null],
  strat: [5],
};

for (const [key, values] of Object.entries(wrong)) {
  test(`a wrong ${key} is named`, async (t) => {
    const { node } = await crowd(t, places[0]!, 1);
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
