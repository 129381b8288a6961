import ava from 'ava';
import type { Node, NodeRoute, TergoError } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { B, never, PATIENCE_MS, rejection, stage, timeoutMs } from './registrar-faults.ts';

// A registrar of the user's own that is asked for many nodes at once. One after another: each starts nodes of its own.
const test = ava.serial;

const MOST_CALLS = 64;
const MOST_WAITING = 1024;

/** Asks where nodes are that nobody knows; what each of them is told. */
function askFor(a: Node, count: number, prefix: string): Promise<TergoError>[] {
  return Array.from({ length: count }, (_, at) =>
    rejection(a.network.route(`${prefix}${at}@localhost`)),
  );
}

/** How many calls are under way, and how many were at most. */
function counter(): { calls: number; open: number; most: number; begin(): void; end(): void } {
  return {
    ...{ calls: 0, open: 0, most: 0 },
    begin() {
      this.calls += 1;
      this.most = Math.max(this.most, (this.open += 1));
    },
    end() {
      this.open -= 1;
    },
  };
}

test('all who ask for a node at the same time share one call', async (t) => {
  const answer = Promise.withResolvers<NodeRoute[]>();
  const asked: string[] = [];
  const { directory, a, other } = await stage(t, {
    resolve: (node) => {
      asked.push(node);
      return answer.promise;
    },
  });
  const b = await other(B);
  const both = [a.network.route(B), a.network.connect(B), a.network.route(B)];
  // What was asked later has been answered: so what was asked before has come, too.
  const unknown = a.network.route('c@localhost');
  await waitFor('both questions', () => asked.length >= 2);
  answer.resolve([...directory.announcements.get(B)!.routes]);
  await Promise.all([...both, unknown]);
  t.deepEqual(asked.slice(0, 2), [B, 'c@localhost']);
  t.is(a.network.node(B)?.creation, b.creation);
});

test('of many nodes 64 are asked for at once, the others when it is their turn', async (t) => {
  const count = counter();
  const answers: (() => void)[] = [];
  const { a } = await stage(t, {
    timeoutMs: PATIENCE_MS,
    resolve: async () => {
      count.begin();
      await new Promise<void>((resolve) => answers.push(resolve));
      count.end();
      return [];
    },
  });
  const told = askFor(a, 200, 'n');
  await waitFor('as many as may be', () => count.open === MOST_CALLS);
  while (count.calls < 200 || answers.length > 0) {
    answers.shift()?.();
    await waitFor('the next', () => count.open > 0 || count.calls === 200);
  }
  t.deepEqual(new Set((await Promise.all(told)).map(({ code }) => code)), new Set(['no-route']));
  t.deepEqual([count.calls, count.most], [200, MOST_CALLS]);
});

test('who asks when 1024 wait already is told so at once', async (t) => {
  const { a, failures } = await stage(t, { timeoutMs: PATIENCE_MS, resolve: never });
  const told = askFor(a, MOST_CALLS + MOST_WAITING + 1, 'n');
  const first = await Promise.race(told);
  t.is(first.code, 'no-connection');
  t.regex(first.message, /has failed at resolve: 64 calls are under way and 1024 wait/);
  t.deepEqual(failures(), ['resolve']);
  await a.stop();
  await Promise.all(told);
});

test('calls that never settle are counted, and one at a time is made until one goes well', async (t) => {
  let isHanging = true;
  let awaited = counter();
  const { a } = await stage(t, {
    timeoutMs,
    resolve: (_, { signal }) => {
      awaited.begin();
      const was = awaited;
      signal.addEventListener('abort', () => was.end());
      return isHanging ? never() : [];
    },
  });
  await Promise.all(askFor(a, MOST_CALLS, 'first'));
  t.is(awaited.calls, MOST_CALLS);
  awaited = counter();
  const told = await Promise.all(askFor(a, MOST_CALLS, 'second'));
  t.deepEqual(new Set(told.map(({ code }) => code)), new Set(['no-connection']));
  t.true(awaited.calls > 0);
  t.is(awaited.most, 1);
  isHanging = false;
  const found = await Promise.all(askFor(a, MOST_CALLS, 'third'));
  t.deepEqual(new Set(found.map(({ code }) => code)), new Set(['no-route']));
});
