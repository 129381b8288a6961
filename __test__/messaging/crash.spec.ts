import test from 'ava';
import { processName, TergoError, type Exit, type ExitReason } from 'tergo';
import { logOf, spawnScript } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';
import { bringAbout, isAnswered, occasions } from './callbacks.ts';

const manners = {
  throws: (error: Error) => () => {
    throw error;
  },
  'rejects later': (error: Error) => () => turn().then(() => Promise.reject(error)),
};

for (const occasion of occasions) {
  for (const [manner, failWith] of Object.entries(manners)) {
    test(`a process whose ${occasion.callback} ${manner} ends with that error, told to terminate and logged once`, async (t) => {
      const node = await quietNode(t);
      const records = logOf(node);
      const ends: [ExitReason, Exit | undefined][] = [];
      const error = new Error('on purpose');
      const { pid, outcome } = await bringAbout(node, occasion, failWith(error), {
        terminate: (_self, reason, exit) => void ends.push([reason, exit]),
      });
      if (isAnswered(occasion)) {
        const refused = await t.throwsAsync(outcome, { code: 'process-terminated' });
        t.is((refused as TergoError).cause, error);
      }
      await waitFor('the end', () => ends.length > 0);
      await turn();
      t.deepEqual(ends, [[error, undefined]]);
      t.is(node.processState(pid), 'terminated');
      const crashes = records.filter(({ message }) => message === 'process crashed');
      t.is(crashes.length, 1);
      t.like(crashes[0], {
        level: 'error',
        source: { pid, behaviour: 'Improvised' },
        fields: { error },
      });
      t.is(node.info().pendingCalls, 0);
    });
  }
}

for (const [manner, failWith] of Object.entries(manners)) {
  test(`a spawn rejects with the very error when init ${manner}, and no terminate runs`, async (t) => {
    const node = await quietNode(t);
    const before = node.info();
    const error = new Error('on purpose');
    const script = { init: failWith(error), terminate: () => t.fail('there was nothing to end') };
    t.is(await t.throwsAsync(spawnScript(node, script, { name: processName('again') })), error);
    await turn();
    const { processes, registeredNames, slabEntries } = node.info();
    t.deepEqual([processes, registeredNames], [0, 0]);
    t.is(slabEntries, before.slabEntries);
  });

  test(`when terminate ${manner}, that is logged and the reason of the end stays what it was`, async (t) => {
    const node = await quietNode(t);
    const records = logOf(node);
    const error = new Error('on purpose');
    const reasons: ExitReason[] = [];
    const target = await spawnScript(node, { terminate: failWith(error) });
    const watcher = await spawnScript(node, {
      init: (self) => self.monitor(target),
      handleDown: (_self, { reason }) => void reasons.push(reason),
    });
    node.sendExit(target, 'shutdown');
    await waitFor('the log', () => records.length > 0);
    await node.inspect(watcher);
    t.deepEqual(reasons, ['shutdown']);
    t.is(records.length, 1);
    t.like(records[0], { level: 'error', message: 'terminate failed', fields: { error } });
  });
}

test('what a callback throws that is no error becomes one, with what was thrown as its cause', async (t) => {
  const node = await quietNode(t);
  for (const thrown of ['text', undefined, null, 7, Symbol('odd')]) {
    const ended = Promise.withResolvers<ExitReason>();
    const target = await spawnScript(node, {
      handleMessage: () => {
        throw thrown;
      },
      terminate: (_self, reason) => ended.resolve(reason),
    });
    node.send(target, 1);
    const reason = await ended.promise;
    t.true(reason instanceof Error);
    t.is((reason as Error).cause, thrown);
  }
});

test('what waits in the mailbox of a process that crashes is dropped and counted, and its callers are told', async (t) => {
  const node = await quietNode(t);
  const error = new Error('on purpose');
  const taken: unknown[] = [];
  const target = await spawnScript(node, {
    handleMessage: (_self, message) => {
      taken.push(message);
      if (message === 'crash') throw error;
    },
    handleCall: () => t.fail('it is gone'),
  });
  for (const message of ['before', 'crash', 'after', 'after']) node.send(target, message);
  const refused = await t.throwsAsync(node.call(target, { type: 'x' }), {
    code: 'process-terminated',
    message: /on purpose/,
  });
  t.is((refused as TergoError).cause, error);
  t.deepEqual(taken, ['before', 'crash']);
  t.is(node.info().messagesDropped, 2);
  t.is(node.send(target, 'late'), 'process-unknown');
});

test('a crash of one process leaves the other processes of the same turn alone', async (t) => {
  const node = await quietNode(t);
  const got: unknown[] = [];
  const handleMessage = (_self: unknown, number: number): void => {
    if (number % 2 === 0) throw new Error('on purpose');
    got.push(number);
  };
  const pids = await Promise.all(
    Array.from({ length: 100 }, () => spawnScript(node, { handleMessage })),
  );
  for (const [number, pid] of pids.entries()) node.send(pid, number);
  await waitFor('all', () => got.length === 50 && node.info().processes === 50);
  t.is(node.info().terminated, 50);
});
