import test from 'ava';
import { processName, TergoError, unhandled, type Exit, type ExitReason } from 'tergo';
import { gatedOn } from '../support/clerk-places.ts';
import { logOf, spawnScript } from '../support/improvise.ts';
import { infoOf, isReason, placedNode, places, settled, witnessOn } from '../support/places.ts';
import { quietNode, reasonOf } from '../support/witness.ts';
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

for (const place of places) {
  test(`what waits in the mailbox of a process that crashes is dropped and counted, and its callers are told${place.title}`, async (t) => {
    const node = await placedNode(t, place);
    const error = new Error('on purpose');
    const { pid, open } = await gatedOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const watcher = await witnessOn(node, place.self);
    await watcher.run((self) => self.monitor(pid));
    const messages = ['before', { type: 'crash', value: error }, 'after', 'after'];
    await sender.run((self) => messages.map((message) => self.send(pid, message)));
    const refused = t.throwsAsync(
      sender.run((self) => self.call(pid, { type: 'bare' })),
      { code: 'process-terminated', message: /on purpose/ },
    );
    await waitFor('all', async () => (await infoOf(node, pid)).mailbox === 5);
    const { messagesDropped } = node.info();
    open();
    isReason(t, place, (await refused).cause as Error, error);
    await waitFor('the end', () => watcher.seen.length > 0);
    isReason(t, place, reasonOf(watcher.seen[0]), error);
    await settled(node);
    t.is(node.info().messagesDropped, messagesDropped + 2);
    t.is(await sender.run((self) => self.send(pid, 'late')), 'process-unknown');
  });
}

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

test('a message that unhandled meets ends its process by unsupported, whatever it holds', async (t) => {
  const node = await quietNode(t);
  const loop: Record<string, unknown> = { type: 'loop' };
  loop['itself'] = loop;
  for (const message of [{ type: 'count', by: 1n } as Record<string, unknown>, loop]) {
    const ends: ExitReason[] = [];
    const pid = await spawnScript(node, {
      handleMessage: (_self, given) => unhandled(given as never),
      terminate: (_self, reason) => void ends.push(reason),
    });
    node.send(pid, message);
    await waitFor('the end', () => ends.length > 0);
    t.like(ends[0], { code: 'unsupported' });
    t.true((ends[0] as Error).message.includes(`type: '${String(message['type'])}'`));
  }
});
