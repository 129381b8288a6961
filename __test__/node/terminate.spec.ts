import { Actor, noreply, type ExitReason, type MaybePromise, type Next, type Node } from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { recordLog } from '../support/log-records.ts';
import { gone, quietNode, spawnWitness } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

type Terminate = (self: Dying, reason: ExitReason) => MaybePromise<void>;

class Dying extends Actor<{ message: string }> {
  #onTerminate: Terminate = () => undefined;

  override init(onTerminate: Terminate): void {
    this.#onTerminate = onTerminate;
  }

  override handleMessage(): Next {
    return noreply;
  }

  override terminate(reason: ExitReason): MaybePromise<void> {
    return this.#onTerminate(this, reason);
  }
}

const failure = new Error('cannot let go');

function spawnDying(node: Node, onTerminate: Terminate) {
  return node.spawn(Dying, { args: [onTerminate], name: 'dying' });
}

test('a stop waits for an asynchronous terminate', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const steps: string[] = [];
  const pid = await spawnDying(node, async () => {
    steps.push('begins');
    await promise;
    steps.push('ends');
  });
  const stopped = node.stop().then(() => steps.push('stopped'));
  await waitFor('terminate', () => steps.length > 0);
  await turn();
  t.deepEqual(steps, ['begins']);
  t.true(node.isAlive);
  t.is(node.processState(pid), 'terminated');
  resolve();
  await stopped;
  t.deepEqual(steps, ['begins', 'ends', 'stopped']);
});

test('a stop waits for the terminate of a process that had ended before', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const pid = await spawnDying(node, () => promise);
  node.kill(pid);
  let isStopped = false;
  const stopped = node.stop().then(() => (isStopped = true));
  await turn();
  t.false(isStopped);
  resolve();
  t.true(await stopped);
});

test('a terminate that never settles is left behind after the timeout, and logged', async (t) => {
  const node = await quietNode(t);
  await spawnDying(node, () => new Promise(() => undefined));
  const records = recordLog(node);
  t.deepEqual(await node.stop({ timeoutMs: 20 }), { killed: [] });
  t.is(records.length, 1);
  t.like(records[0], { level: 'error', fields: { count: 0, running: [], terminating: 1 } });
});

const failing: Readonly<Record<string, Terminate>> = {
  throws: () => {
    throw failure;
  },
  rejects: () => Promise.reject(failure),
};

for (const [how, onTerminate] of Object.entries(failing)) {
  test(`a terminate that ${how} is logged once and changes nothing else`, async (t) => {
    const node = await quietNode(t);
    const records = recordLog(node);
    const monitor = await spawnWitness(node);
    const pid = await spawnDying(node, onTerminate);
    await monitor.run((self) => self.monitor(pid));
    node.sendExit(pid, 'normal');
    await gone(node, { pid });
    await waitFor('the record', () => records.length > 0);
    t.is(records.length, 1);
    t.like(records[0], {
      level: 'error',
      message: 'terminate failed',
      source: { pid, behaviour: 'Dying' },
    });
    t.is(records[0]?.fields['error'], failure);
    const heard = await monitor.heard();
    t.like(heard[0], { on: 'down', ended: { kind: 'pid', pid, reason: 'normal' } });
    t.deepEqual(await node.stop(), { killed: [] });
  });

  test(`a crash whose terminate ${how} logs both, the crash first`, async (t) => {
    const node = await quietNode(t);
    const records = recordLog(node);
    const pid = await spawnDying(node, onTerminate);
    node.sendExit(pid, new Error('the first error'));
    await waitFor('both records', () => records.length === 2);
    t.deepEqual(
      records.map(({ message }) => message),
      ['process ended by an exit', 'terminate failed'],
    );
  });
}

test('when terminate runs, the name is free and monitors are told', async (t) => {
  const node = await quietNode(t);
  const seen: unknown[] = [];
  const pid = await spawnDying(node, (self) => {
    seen.push(node.whereis('dying'), self.name, self.state, node.info().registeredNames);
    seen.push(node.processList().length, self.signal.aborted, self.signal.reason);
  });
  node.kill(pid);
  t.deepEqual(seen, [undefined, undefined, 'terminated', 0, 0, true, 'kill']);
});

test('in terminate a process may send and call, afterwards it may not', async (t) => {
  const node = await quietNode(t);
  const heard: string[] = [];
  class Ears extends Actor<{ message: string }> {
    override handleMessage(message: string): Next {
      heard.push(message);
      return noreply;
    }
  }
  const ears = await node.spawn(Ears);
  const { promise, resolve } = Promise.withResolvers<Dying>();
  const pid = await spawnDying(node, async (self) => {
    self.send(ears, 'at once');
    await turn();
    self.send(ears, 'later');
    resolve(self);
  });
  node.kill(pid);
  const self = await promise;
  await waitFor('both messages', () => heard.length === 2);
  t.deepEqual(heard, ['at once', 'later']);
  await turn();
  t.is(self.send(ears, 'from beyond'), 'not-allowed');
  t.is(self.sendExit(ears, 'normal'), 'not-allowed');
  t.throws(() => self.sendAfter(ears, 'from beyond', 1), { code: 'not-allowed' });
  await t.throwsAsync(self.call(ears, {} as never), { code: 'not-allowed' });
  await t.throwsAsync(self.spawn(Ears), { code: 'not-allowed' });
  t.throws(() => self.createAlias(), { code: 'process-terminated' });
  t.deepEqual(heard, ['at once', 'later']);
});

test('terminate runs once, whatever else comes', async (t) => {
  const node = await quietNode(t);
  const reasons: ExitReason[] = [];
  const pid = await spawnDying(node, (self, reason) => {
    reasons.push(reason);
    t.throws(() => node.kill(self.pid), { code: 'process-unknown' });
    t.is(node.sendExit(self.pid, 'normal'), 'process-unknown');
  });
  node.sendExit(pid, 'shutdown');
  node.sendExit(pid, failure);
  await gone(node, { pid });
  await node.stop();
  t.deepEqual(reasons, ['shutdown']);
});

async function terminated(t: ExecutionContext, end: (node: Node, pid: never) => void) {
  const node = await quietNode(t);
  const reasons: ExitReason[] = [];
  const pid = await spawnDying(node, (_self, reason) => void reasons.push(reason));
  end(node, pid as never);
  await gone(node, { pid });
  return reasons;
}

test('terminate is told the reason', async (t) => {
  t.deepEqual(await terminated(t, (node, pid) => node.kill(pid)), ['kill']);
  t.deepEqual(await terminated(t, (node, pid) => node.sendExit(pid, 'normal')), ['normal']);
  const crash = await terminated(t, (node, pid) => node.sendExit(pid, failure));
  t.is(crash[0], failure);
});
