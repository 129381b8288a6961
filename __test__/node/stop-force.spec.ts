import { Actor, type ExitReason } from 'tergo';
import test from 'ava';
import { recordLog } from '../support/log-records.ts';
import { hang, quietNode, spawnWitness } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

/** Its `terminate` never settles. */
class Clinging extends Actor {
  override terminate(): Promise<void> {
    return new Promise(() => undefined);
  }
}

test('stopForce kills every process without asking and reports all of them', async (t) => {
  const node = await quietNode(t);
  const idle = await spawnWitness(node, { trapExit: true });
  const hanging = await hang(await spawnWitness(node));
  const records = recordLog(node);
  t.deepEqual(await node.stopForce(), { killed: [idle.pid, hanging] });
  t.is(idle.seen.length, 1);
  t.like(idle.seen[0], { on: 'terminate', reason: 'kill' });
  t.false(node.isAlive);
  t.deepEqual(records, []);
});

test('stopForce ends a stop that still waits for a process', async (t) => {
  const node = await quietNode(t);
  const orderly = await spawnWitness(node);
  const hanging = await hang(await spawnWitness(node));
  const stopped = node.stop();
  await waitFor('the orderly one', () => orderly.seen.length > 0);
  t.like(orderly.seen[0], { reason: 'shutdown' });
  t.true(node.isAlive);
  const report = await node.stopForce();
  t.deepEqual(report, { killed: [hanging] });
  t.is(await stopped, report);
});

test('stopForce right after stop does not wait either', async (t) => {
  const node = await quietNode(t);
  const hanging = await hang(await spawnWitness(node));
  const stopped = node.stop();
  const report = await node.stopForce();
  t.true(report.killed.includes(hanging));
  t.is(await stopped, report);
});

test('stopForce ends a stop that waits for a terminate which never settles', async (t) => {
  const node = await quietNode(t);
  await node.spawn(Clinging);
  const stopped = node.stop();
  await waitFor('terminate', () => node.processList().length === 0);
  t.true(node.isAlive);
  t.deepEqual(await node.stopForce(), { killed: [] });
  t.deepEqual(await stopped, { killed: [] });
});

test('stopForce waits for no terminate', async (t) => {
  const node = await quietNode(t);
  const pid = await node.spawn(Clinging);
  t.deepEqual(await node.stopForce(), { killed: [pid] });
  t.false(node.isAlive);
});

test('a process may stop its own node by force', async (t) => {
  const node = await quietNode(t);
  const reasons: ExitReason[] = [];
  class Tyrant extends Actor<{ message: 'go' }> {
    override handleMessage(): Promise<never> {
      void this.node.stopForce();
      t.true(this.node.isAlive);
      return new Promise(() => undefined);
    }
    override terminate(reason: ExitReason): void {
      reasons.push(reason);
    }
  }
  const pid = await node.spawn(Tyrant);
  node.send(pid, 'go');
  await node.wait(5000);
  t.deepEqual(reasons, ['kill']);
});

test('a spawn whose init is pending rejects', async (t) => {
  const node = await quietNode(t);
  class Endless extends Actor {
    override init(): Promise<void> {
      return new Promise(() => undefined);
    }
  }
  const refused = t.throwsAsync(node.spawn(Endless), { code: 'process-terminated' });
  await node.stopForce();
  await refused;
});

test('calls of processes and from outside settle', async (t) => {
  const node = await quietNode(t);
  class Silent extends Actor<{ request: { type: 'ask' } }> {
    override handleCall(): Promise<never> {
      return new Promise(() => undefined);
    }
  }
  const silent = await node.spawn(Silent);
  const { pid, run } = await spawnWitness(node);
  const expected = { code: 'process-terminated' } as const;
  const outside = t.throwsAsync(node.call(silent, { type: 'ask' }), expected);
  const inside = t.throwsAsync(
    run((self) => self.call(silent, { type: 'ask' })),
    expected,
  );
  await waitFor('the calls', () => node.processState(pid) === 'wait-response');
  await node.stopForce();
  await outside;
  await inside;
});
