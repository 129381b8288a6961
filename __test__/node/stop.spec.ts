import {
  Actor,
  noreply,
  startNode,
  type Answer,
  type ExitReason,
  type Next,
  type Request,
} from 'tergo';
import { virtualClock } from 'tergo/testing';
import test from 'ava';
import { recordLog } from '../support/log-records.ts';
import { hold } from '../support/hold.ts';
import { hang, quietNode, spawnWitness } from '../support/witness.ts';
import { turn, waitFor, within } from '../support/wait-for.ts';

test('stop ends every process with the reason shutdown and reports nobody', async (t) => {
  const node = await quietNode(t);
  const witnesses = await Promise.all(Array.from({ length: 50 }, () => spawnWitness(node)));
  const records = recordLog(node);
  t.deepEqual(await node.stop(), { killed: [] });
  for (const { pid, seen } of witnesses) {
    t.is(node.processState(pid), 'terminated');
    t.is(seen.length, 1);
    t.like(seen[0], { on: 'terminate', reason: 'shutdown' });
  }
  t.deepEqual(records, []);
  t.false(node.isAlive);
});

test('trapping exits does not help against a stop', async (t) => {
  const node = await quietNode(t);
  const parent = await spawnWitness(node, { trapExit: true });
  const child = await parent.run((self) =>
    spawnWitness(node, { parent: self, trapExit: true, linkParent: true }),
  );
  t.deepEqual(await node.stop({ timeoutMs: 5000 }), { killed: [] });
  for (const { seen } of [parent, child]) {
    t.is(seen.length, 1);
    t.like(seen[0], { on: 'terminate', reason: 'shutdown' });
  }
});

test('the shutdown goes before the messages that wait', async (t) => {
  const node = await quietNode(t);
  const handled: number[] = [];
  const witness = await spawnWitness(node);
  const { pid } = witness;
  const release = await hold(witness);
  for (let index = 0; index < 100; index++) node.send(pid, () => void handled.push(index));
  const stopped = node.stop();
  await turn();
  await release();
  t.deepEqual(await stopped, { killed: [] });
  t.deepEqual(handled, []);
});

test('a second stop gets the report of the first', async (t) => {
  const node = await quietNode(t);
  const hanging = await hang(await spawnWitness(node));
  const first = node.stop({ timeoutMs: 20 });
  const second = node.stop({ timeoutMs: 60_000 });
  const report = await first;
  t.deepEqual(report.killed, [hanging]);
  t.is(await second, report);
  t.is(await node.stop(), report);
  t.is(await node.stopForce(), report);
});

test('a process that waits for a promise ends as soon as that settles', async (t) => {
  const node = await quietNode(t);
  const witness = await spawnWitness(node);
  const { seen } = witness;
  const release = await hold(witness);
  const stopped = node.stop();
  await turn();
  t.deepEqual(seen, []);
  t.true(node.isAlive);
  await release();
  t.deepEqual(await stopped, { killed: [] });
  t.like(seen[0], { on: 'terminate', reason: 'shutdown' });
});

test('processes that do not end in time are killed and reported', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const orderly = await spawnWitness(node);
  const stuck = [await spawnWitness(node, { name: 'stuck' }), await spawnWitness(node)];
  const pids = await Promise.all(stuck.map(hang));
  const records = recordLog(node);
  const stopped = node.stop({ timeoutMs: 30 });
  await waitFor('the orderly end', () => orderly.seen.length > 0);
  await clock.advance(30);
  t.deepEqual(await stopped, { killed: pids });
  t.like(orderly.seen[0], { reason: 'shutdown' });
  for (const { seen } of stuck) t.like(seen[0], { on: 'terminate', reason: 'kill' });
  t.is(records.length, 1);
  t.like(records[0], {
    level: 'error',
    message: 'processes did not end in time; those left are killed',
    fields: {
      count: 2,
      running: [`${pids[0]} 'stuck' Witness running`, `${pids[1]} Witness running`],
    },
  });
});

test('who keeps a node from stopping is told every five seconds', async (t) => {
  const node = await quietNode(t);
  const pid = await hang(await spawnWitness(node, { name: 'stuck' }));
  const records = recordLog(node);
  const stopped = node.stop();
  await waitFor('the first report', () => records.length > 0, 20_000);
  t.like(records[0], {
    level: 'warning',
    message: 'the node waits for processes to end',
    fields: {
      count: 1,
      running: [`${pid} 'stuck' Witness running`],
      terminating: 0,
      applications: [],
    },
  });
  await node.stopForce();
  t.deepEqual(await stopped, { killed: [pid] });
});

test('the shutdownTimeoutMs of the node is how long a stop waits', async (t) => {
  const node = await quietNode(t, { log: { disableConsole: true }, shutdownTimeoutMs: 25 });
  const pid = await hang(await spawnWitness(node));
  t.deepEqual(await node.stop(), { killed: [pid] });
});

test('a timeout of 0 waits for nobody', async (t) => {
  const node = await quietNode(t);
  const idle = await spawnWitness(node);
  const pid = await hang(await spawnWitness(node));
  const { killed } = await node.stop({ timeoutMs: 0 });
  t.true(killed.includes(pid));
  t.is(idle.seen.length, 1);
  t.false(node.isAlive);
});

test('a bad timeout is refused and stops nothing', async (t) => {
  const node = await quietNode(t);
  for (const timeoutMs of [-1, Number.NaN, '5', null, Infinity]) {
    await t.throwsAsync(node.stop({ timeoutMs: timeoutMs as number }), {
      code: 'incorrect',
      message: /^options\.timeoutMs must be/,
    });
  }
  for (const options of [null, 5]) {
    await t.throwsAsync(node.stop(options as never), { code: 'incorrect' });
  }
  await t.throwsAsync(node.stop({ timeout: 5 } as never), {
    code: 'incorrect',
    message: /^options\.timeout must be left out/,
  });
  await t.throwsAsync(node.wait(-1), { code: 'incorrect', message: /^timeoutMs must be/ });
  t.true(node.isAlive);
  await t.notThrowsAsync(spawnWitness(node));
});

test('nothing can be spawned while a node stops', async (t) => {
  const node = await quietNode(t);
  const { run } = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const spawned = run(async (self) => {
    started.resolve();
    await promise;
    await spawnWitness(node, { parent: self });
  });
  await started.promise;
  const stopped = node.stop();
  await t.throwsAsync(spawnWitness(node), { code: 'node-terminated' });
  resolve();
  await t.throwsAsync(spawned, { code: 'node-terminated' });
  t.deepEqual(await stopped, { killed: [] });
});

test('a process whose init is pending ends right after it', async (t) => {
  const node = await quietNode(t);
  const ends: ExitReason[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  class Slow extends Actor<{ message: string }> {
    override async init(): Promise<void> {
      await promise;
    }
    override handleMessage(): Next {
      t.fail('the shutdown goes before what was sent during init');
      return noreply;
    }
    override terminate(reason: ExitReason): void {
      ends.push(reason);
    }
  }
  const spawned = node.spawn(Slow, { name: 'slow' });
  node.send('slow' as never, 'early' as never);
  const stopped = node.stop();
  await turn();
  t.true(node.isAlive);
  resolve();
  const pid = await spawned;
  t.deepEqual(await stopped, { killed: [] });
  t.deepEqual(ends, ['shutdown']);
  t.is(node.processState(pid), 'terminated');
});

test('an init that does not end is killed with the rest, and its spawn rejects', async (t) => {
  const node = await quietNode(t);
  class Endless extends Actor {
    override init(): Promise<void> {
      return new Promise(() => undefined);
    }
    override terminate(): void {
      t.fail('it was never up');
    }
  }
  const spawned = node.spawn(Endless);
  const [pid] = node.processList();
  const refused = t.throwsAsync(spawned, { code: 'process-terminated' });
  t.deepEqual(await node.stop({ timeoutMs: 20 }), { killed: [pid] });
  await refused;
});

test('a process that is told to end and sends a message on the way reaches the others', async (t) => {
  const node = await quietNode(t);
  const heard: string[] = [];
  class Heir extends Actor<{ message: string }> {
    override handleMessage(message: string): Next {
      heard.push(message);
      return noreply;
    }
  }
  const heir = await node.spawn(Heir);
  class Dying extends Actor {
    override terminate(): void {
      heard.push(this.send(heir, 'farewell'));
    }
  }
  const pid = await node.spawn(Dying);
  node.sendExit(pid, 'shutdown');
  await waitFor('the farewell', () => heard.length === 2);
  t.deepEqual(heard, ['ok', 'farewell']);
});

test('await using stops the node at the end of the block', async (t) => {
  const { promise, resolve } = Promise.withResolvers<ExitReason>();
  class Last extends Actor {
    override terminate(reason: ExitReason): void {
      resolve(reason);
    }
  }
  let outer;
  {
    await using node = await startNode('block@localhost', { log: { disableConsole: true } });
    await node.spawn(Last);
    outer = node;
    t.true(outer.isAlive);
  }
  t.false(outer.isAlive);
  t.is(await promise, 'shutdown');
});

test('wait resolves with the end of the node, and times out before', async (t) => {
  const node = await quietNode(t);
  await t.throwsAsync(node.wait(5), { code: 'timeout' });
  const waits = [node.wait(), node.wait(60_000), node.wait()];
  let isOver = false;
  const over = Promise.all(waits).then(() => (isOver = true));
  await turn();
  t.false(isOver);
  await node.stop();
  t.true(await over);
});

test('a pending call from outside settles with the stop', async (t) => {
  const node = await quietNode(t);
  class Silent extends Actor<{ request: { type: 'ask' } }> {
    override handleCall(): Promise<never> {
      return new Promise(() => undefined);
    }
  }
  const pid = await node.spawn(Silent);
  const call = t.throwsAsync(node.call(pid, { type: 'ask' }), { code: 'process-terminated' });
  await node.stop({ timeoutMs: 10 });
  await call;
});

test('a call that nobody answers any more settles with the stop', async (t) => {
  const node = await quietNode(t);
  const taken = Promise.withResolvers<void>();
  class Forgetful extends Actor<{ request: Request<{ type: 'ask' }, number> }> {
    override handleCall(request: { type: 'ask' }): Answer {
      this.callerOf(request);
      taken.resolve();
      return noreply;
    }
  }
  const pid = await node.spawn(Forgetful);
  const asked = node.call(pid, { type: 'ask' }, { timeoutMs: 600_000 });
  const call = t.throwsAsync(asked, { code: 'node-terminated' });
  await taken.promise;
  await node.stop();
  await within('the end of the call', () => call);
});
