import {
  Actor,
  noreply,
  type Answer,
  type MaybePromise,
  type Next,
  type Node,
  type Pid,
  type ProcessState,
  type Request,
} from 'tergo';
import test from 'ava';
import { gone, quietNode, spawnWitness } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

type Ask = Request<{ type: 'ask' }, number>;

/** Answers nobody until it is told to. */
class Oracle extends Actor<{ request: Ask }> {
  override handleCall(): Promise<never> {
    return new Promise(() => undefined);
  }
}

/** What the three ways to ask say of a process. */
function statesOf(node: Node, pid: Pid<never>): ProcessState[] {
  const short = node.processListShortInfo().find((info) => info.pid === pid);
  return [node.processState(pid), node.processInfo(pid).state, short?.state ?? 'terminated'];
}

function all(state: ProcessState): ProcessState[] {
  return [state, state, state];
}

test('a process without a message to take sleeps', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  t.deepEqual(statesOf(node, pid), all('sleep'));
});

test('a process whose callback runs is running, also as others see it', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<ProcessState[]>();
  node.send(pid, () => resolve(statesOf(node, pid)));
  t.deepEqual(await promise, all('running'));
  await waitFor('sleep', () => node.processState(pid) === 'sleep');
});

test('a process whose callback waits for something is running', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<void>();
  const busy = run(() => promise);
  await waitFor('the callback', () => node.processState(pid) !== 'sleep');
  t.deepEqual(statesOf(node, pid), all('running'));
  resolve();
  await busy;
  await waitFor('sleep', () => node.processState(pid) === 'sleep');
});

test('a process whose callback waits for a call is in wait-response', async (t) => {
  const node = await quietNode(t);
  const oracle = await node.spawn(Oracle);
  const { pid, run } = await spawnWitness(node);
  const abort = new AbortController();
  const call = run((self) => self.call(oracle, { type: 'ask' }, { signal: abort.signal }));
  await waitFor('the call', () => node.processState(pid) === 'wait-response');
  t.deepEqual(statesOf(node, pid), all('wait-response'));
  t.is(node.processInfo(pid).pendingCalls, 1);
  abort.abort();
  await t.throwsAsync(call, { code: 'aborted' });
  await waitFor('sleep', () => node.processState(pid) === 'sleep');
  t.is(node.processInfo(pid).pendingCalls, 0);
});

test('a process that is called and has not answered is running', async (t) => {
  const node = await quietNode(t);
  const oracle = await node.spawn(Oracle);
  const refused = t.throwsAsync(node.call(oracle, { type: 'ask' }));
  await waitFor('the call', () => node.processState(oracle) !== 'sleep');
  t.is(node.processState(oracle), 'running');
  await node.stopForce();
  await refused;
});

test('a process that was killed inside its callback is a zombie until that returns', async (t) => {
  const node = await quietNode(t);
  const { pid, seen } = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  node.send(pid, (self) => {
    node.kill(pid);
    const zombies = node.processListShortInfo().map(({ state }) => state);
    resolve([self.state, node.processState(pid), zombies, node.info().processesZombie]);
    t.deepEqual(seen, []);
  });
  t.deepEqual(await promise, ['zombie', 'zombie', ['zombie'], 1]);
  await gone(node, { pid });
  t.like(seen, { length: 1, 0: { on: 'terminate', reason: 'kill' } });
  t.like(node.info(), { processesZombie: 0, processes: 0 });
});

test('a process that has ended is terminated, in terminate already', async (t) => {
  const node = await quietNode(t);
  const states: ProcessState[] = [];
  class Dying extends Actor {
    override terminate(): void {
      states.push(this.state, node.processState(this.pid));
    }
  }
  const pid = await node.spawn(Dying);
  node.kill(pid);
  t.deepEqual(states, ['terminated', 'terminated']);
  t.is(node.processState(pid), 'terminated');
  t.throws(() => node.processInfo(pid), { code: 'process-unknown' });
});

test('the state of what is no pid is refused', async (t) => {
  const node = await quietNode(t);
  for (const bad of [undefined, null, 5, 'name', {}, { node: 'a@b', id: 1001, creation: 1 }]) {
    t.throws(() => node.processState(bad as never), {
      code: 'incorrect',
      message: /^pid must be a pid/,
    });
    t.throws(() => node.processInfo(bad as never), { code: 'incorrect' });
    t.throws(() => node.kill(bad as never), { code: 'incorrect' });
  }
});

test('a pending promise blocks only its own process', async (t) => {
  const node = await quietNode(t);
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = await spawnWitness(node);
  const busy = waiting.run(async () => {
    await promise;
    order.push('first of the waiting one');
  });
  const next = waiting.run(() => void order.push('second of the waiting one'));
  const other = await spawnWitness(node);
  for (const step of ['one', 'two', 'three']) await other.run(() => void order.push(step));
  resolve();
  await Promise.all([busy, next]);
  t.deepEqual(order, [
    'one',
    'two',
    'three',
    'first of the waiting one',
    'second of the waiting one',
  ]);
});

test('a process takes one message at a time, whatever waits', async (t) => {
  const node = await quietNode(t);
  let inside = 0;
  let most = 0;
  class Careful extends Actor<{ message: number; request: Ask }> {
    override async handleMessage(turns: number): Promise<Next> {
      await this.#stay(turns);
      return noreply;
    }
    override handleCall(): MaybePromise<Answer> {
      return this.#stay(1).then(() => 7 as never);
    }
    async #stay(turns: number): Promise<void> {
      inside += 1;
      most = Math.max(most, inside);
      for (let count = 0; count < turns; count++) await Promise.resolve();
      inside -= 1;
    }
  }
  const pid = await node.spawn(Careful);
  const priorities = ['normal', 'high', 'max'] as const;
  for (let count = 0; count < 300; count++) {
    const priority = priorities[count % 3] ?? 'normal';
    node.send(pid, count % 7, { priority });
  }
  t.is(await node.call(pid, { type: 'ask' }), 7);
  t.is(most, 1);
});
