import { setMaxListeners } from 'node:events';
import test from 'ava';
import { TergoError, type Caller, type Pid } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { Court } from './herald.ts';
import type { PuppetProtocol } from './puppet.ts';
import {
  closeSharedNode,
  everyPlaces,
  fresh,
  Handle,
  puppet,
  sharedNode,
  threadNode,
} from './stage.ts';

test.after.always(closeSharedNode);

for (const { title, one, other } of everyPlaces) {
  test(`a call is answered, and both see the same pids, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other, { name: fresh('server') });
    const request = { type: 'who asks', list: [1, 2] };
    const expected = ['answered', [from.pid, to.pid, request]];
    t.deepEqual(await from.do('callAndTell', to.pid, request, 5000), expected);
    t.deepEqual(await from.do('callAndTell', await to.do('get', 'name'), request, 5000), expected);
    t.deepEqual(await from.do('callAndTell', await to.do('createAlias'), request, 5000), expected);
  });

  test(`a call to who crashes on it rejects with the cause, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other, { logLevel: 'disabled' });
    const answer = await from.do<[string, TergoError]>(
      'callAndTell',
      to.pid,
      { type: 'fail' },
      5000,
    );
    const [how, error] = answer;
    t.is(how, 'rejected');
    t.is(error.code, 'process-terminated');
    t.true(error.cause instanceof RangeError);
    t.is((error.cause as Error).message, 'it failed');
    await to.gone();
  });

  test(`a call to nobody rejects, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    to.tell({ type: 'stop' });
    await to.gone();
    const [, error] = await from.do<[string, TergoError]>(
      'callAndTell',
      to.pid,
      { type: 'x' },
      5000,
    );
    t.is(error.code, 'process-unknown');
  });

  test(`a call that nobody answers rejects, by itself or in time, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const [, none] = await from.do<[string, TergoError]>(
      'callAndTell',
      to.pid,
      { type: 'silence' },
      5000,
    );
    t.is(none.code, 'no-reply');
    const [, late] = await from.do<[string, TergoError]>(
      'callAndTell',
      to.pid,
      { type: 'keep' },
      30,
    );
    t.is(late.code, 'timeout');
    await waitFor('the answer to be ignored', async () => {
      const results = await to.do<readonly string[]>('answerKept', 1);
      return results.length === 0 || results[0] === 'response-ignored' || results[0] === 'ok';
    });
    t.deepEqual(await from.do('callAndTell', to.pid, { type: 'still there' }, 5000), [
      'answered',
      { type: 'still there' },
    ]);
  });

  test(`a call that timed out while it waited is dropped unseen, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const { open } = await to.shut();
    const [, late] = await from.do<[string, TergoError]>(
      'callAndTell',
      to.pid,
      { type: 'keep' },
      30,
    );
    t.is(late.code, 'timeout');
    await open();
    t.is(await to.do('keptCaller'), undefined);
  });

  test(`a call that waits in a mailbox rejects when its target ends, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    await to.shut();
    const answer = from.do<[string, TergoError]>('callAndTell', to.pid, { type: 'x' }, 10_000);
    await waitFor('the call', async () => (await node.fetchProcessInfo(to.pid)).mailbox > 0);
    node.kill(to.pid);
    const [, error] = await answer;
    t.is(error.code, 'process-terminated');
    t.is(error.cause, 'kill');
  });

  test(`a call is answered later, also by somebody else, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const third = await puppet(node, one === 0 ? 1 : 0);
    const first = from.do('callAndTell', to.pid, { type: 'keep' }, 5000);
    await waitFor('the caller', async () => (await to.do('keptCaller')) !== undefined);
    t.deepEqual(await to.do('answerKept', 'late'), ['ok']);
    t.deepEqual(await first, ['answered', 'late']);
    const second = from.do('callAndTell', to.pid, { type: 'keep' }, 5000);
    const caller = await waitFor('the caller', () => to.do('keptCaller'));
    t.is(await third.do('answerCaller', caller, 'from a third'), 'ok');
    t.deepEqual(await second, ['answered', 'from a third']);
  });

  test(`an answer for a caller that has ended is ignored, whoever gives it, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    from.tell({ type: 'wait for', whom: to.pid });
    const caller = await waitFor('the caller', () => to.do('keptCaller'));
    node.kill(from.pid);
    await from.gone();
    for (const thread of [0, 1, 2]) {
      const third = await puppet(node, thread);
      await waitFor('the end to be known', async () => {
        return (await third.do('answerCaller', caller, 'late')) === 'response-ignored';
      });
    }
    t.deepEqual(await to.do('answerKept', 'late'), ['response-ignored']);
  });

  for (const last of [0, 1, 2]) {
    test(`a call is passed on to thread ${last} and answered from there, ${title}`, async (t) => {
      const node = await sharedNode();
      const from = await puppet(node, one);
      const to = await puppet(node, other);
      const third = await puppet(node, last);
      const request = { type: 'pass on', to: third.pid };
      const answer = await from.do<unknown[]>('callAndTell', to.pid, request, 5000);
      t.deepEqual(answer, ['answered', [from.pid, third.pid, request]]);
    });
  }

  test(`an important answer resolves when its caller has it, and rejects when nobody waits, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const third = await puppet(node, one === 0 ? 1 : 0);
    for (const answering of [to, third]) {
      await to.do('forgetCallers');
      const asked = from.do('callAndTell', to.pid, { type: 'keep' }, 60_000);
      const caller = await waitFor('the caller', () => to.do('keptCaller'));
      await answering.do('sendResponseImportant', caller, 'sure');
      t.deepEqual(await asked, ['answered', 'sure']);
      await t.throwsAsync(answering.do('sendResponseImportant', caller, 'twice'), {
        code: 'response-ignored',
      });
    }
    await to.do('forgetCallers');
    from.do('callAndTell', to.pid, { type: 'keep' }, 60_000).catch(() => undefined);
    const caller = await waitFor('the caller', () => to.do('keptCaller'));
    node.kill(from.pid);
    await from.gone();
    await t.throwsAsync(third.do('sendResponseImportant', caller, 'late'), {
      code: 'process-unknown',
    });
  });

  test(`who answers a call that has timed out is told so, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const caller = await waitFor('the caller', async () => {
      const asked = from.do('callAndTell', to.pid, { type: 'keep' }, 500);
      t.like(await asked, ['rejected', { code: 'timeout' }]);
      // On a busy machine it may have timed out before it was taken, and then it is not.
      return to.do<Caller<unknown> | undefined>('keptCaller');
    });
    await waitFor(
      'the reason',
      async () => {
        const told = to.do('sendResponseImportant', caller, 'late');
        return (await t.throwsAsync<TergoError>(told))?.code === 'timeout';
      },
      3000,
    );
  });

  test(`a last word is an answer, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const answer = await from.do('callAndTell', to.pid, { type: 'stop' }, 5000);
    t.deepEqual(answer, ['answered', 'last word']);
    await to.gone();
  });

  test(`a request brings its response to the mailbox, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const ref = await from.do('sendRequest', to.pid, { type: 'x' });
    const [notice] = await from.hears(1);
    t.like(notice, { on: 'response', response: { ref, value: { type: 'x' } } });
  });

  test(`many calls at once each get their own answer, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const calls = Array.from({ length: 500 }, (_, n) => ({ type: 'n', n }));
    const answers = await Promise.all(calls.map((call) => node.call(to.pid, call as never)));
    t.deepEqual(answers as unknown[], calls);
    t.is((await node.fetchProcessInfo(from.pid)).pendingCalls, 0);
    await waitFor('no call to be left', () => node.info().pendingCalls < 100);
  });
}

test.serial(
  'calls that were aborted while they waited are dropped unseen, however many they are',
  async (t) => {
    const node = await sharedNode();
    const to = await puppet(node, 1);
    const { open } = await to.shut();
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const options = { signal: abort.signal, timeoutMs: 60_000 };
    const calls = Array.from({ length: 6000 }, (_, n) => node.call(to.pid, n as never, options));
    const settled = Promise.allSettled(calls);
    abort.abort();
    await settled;
    await open();
    t.deepEqual(await to.do('keptNumbers'), []);
  },
);

test.serial(
  'calls to processes that are killed tell so, however many are killed at once',
  async (t) => {
    const node = await threadNode(t, { behaviors: [new URL('./herald.ts', import.meta.url)] });
    const court = new Handle(node, await node.spawn(Court, { thread: 1 }));
    const pids = await court.do<Pid<PuppetProtocol>[]>('spawnPuppets', 6000);
    const done = court.do('killAll', pids);
    const calls = await Promise.allSettled(pids.map((pid) => node.call(pid, 'x' as never)));
    await done;
    const codes = calls.map((call) => (call.status === 'rejected' ? call.reason.code : undefined));
    t.deepEqual([...new Set(codes)], ['process-terminated']);
  },
);
