import test from 'ava';
import { type Alias, env, envKey, type TergoError } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { fresh, puppet, puppets, threadNode } from './stage.ts';
import { Puppets } from './trees.ts';

const behaviors = [puppets, new URL('./trees.ts', import.meta.url)];
const odd = { type: 'odd', callback: () => 1 };

test('what a pool cannot hand on to another thread is lost and told, a call rejects, and the pool lives', async (t) => {
  const node = await threadNode(t, { behaviors });
  const log = recordLog(node);
  const pool = await node.spawn(Puppets, { args: [2, 'round-robin', 1, 2] });
  const { messagesDropped } = node.info();
  for (let n = 0; n < 10; n++) t.is(node.send(pool, { ...odd, n }), 'ok');
  for (let n = 0; n < 4; n++) {
    const error = await t.throwsAsync<TergoError>(node.call(pool, odd as never));
    t.is(error?.code, 'unencodable');
    t.regex(error?.message ?? '', /message\.callback is the function callback/);
  }
  t.is(node.info().messagesDropped, messagesDropped + 10);
  t.is(log.filter(({ message }) => message.includes('cannot travel')).length, 14);
  t.is(node.info().pendingCalls, 0);
  // Nothing of it counts in the bounded mailboxes of the workers.
  for (let n = 0; n < 8; n++) {
    const answer = (await node.call(pool, { type: 'who asks', n } as never)) as unknown[];
    t.is(answer[0], node.pid);
  }
});

test('what of an event cannot be handed on by a pool is lost, and the pool lives', async (t) => {
  const node = await threadNode(t, { behaviors });
  const log = recordLog(node);
  const pool = await node.spawn(Puppets, { args: [1, 'round-robin', 1], name: 'pool' as never });
  const publisher = node.registerEvent('odd' as never, {});
  await node.call(pool, { subscribe: 'odd' } as never, { priority: 'high' });
  t.is(node.sendEvent(publisher, odd as never), 'ok');
  await waitFor('the loss', () => log.some(({ message }) => message.includes('cannot travel')));
  t.is(node.whereis('pool' as never), pool as never);
});

test('a delayed message that cannot travel is refused at once; one that has become so is lost and told', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const to = await puppet(node, 1);
  t.throws(() => node.sendAfter(to.pid, odd, 1), { code: 'unencodable', message: /callback/ });
  const message: Record<string, unknown> = { fine: true };
  node.sendAfter(to.pid, message, 5);
  message['callback'] = () => 1;
  await waitFor('the loss', () =>
    log.some((record) => record.message.includes('a delayed message cannot travel')),
  );
  t.false(log.some((record) => record.message.includes('scheduler failed')));
  node.sendAfter(to.pid, 'the next', 1);
  t.deepEqual(await to.messages(1), ['the next']);
});

for (const how of ['function', 'getter', 'ring'] as const) {
  test(`an end with an error that cannot travel, a ${how}, is heard everywhere with what can`, async (t) => {
    const node = await threadNode(t);
    const log = recordLog(node);
    const target = await puppet(node, 1);
    const watchers = [await puppet(node, 0), await puppet(node, 1), await puppet(node, 2)];
    for (const watcher of watchers) await watcher.do('monitor', target.pid);
    const waiting = node.call(target.pid, { type: 'keep' } as never);
    target.tell({ type: 'crash oddly', how });
    const error = await t.throwsAsync<TergoError>(waiting);
    t.is(error?.code, 'process-terminated');
    for (const watcher of [watchers[0]!, watchers[2]!]) {
      const [notice] = await watcher.hears(1);
      t.like(notice, { on: 'down', ended: { pid: target.pid } });
      const { reason } = (notice as { ended: { reason: Error } }).ended;
      t.deepEqual([reason.name, reason.message], ['RangeError', 'odd']);
      t.true(reason.stack?.includes('puppet.ts'));
    }
    await waitFor('the log', () => log.some(({ message }) => message === 'process crashed'));
    t.false(log.some((record) => record.message.includes('scheduler failed')));
  });
}

const unreadable = [
  'unreadable',
  'no message',
  'proxy',
  'revoked',
  'revoked cause',
  'no error',
] as const;

for (const how of unreadable) {
  test(`an end with an error that nobody can read (${how}) is heard everywhere`, async (t) => {
    const node = await threadNode(t);
    const log = recordLog(node);
    for (const thread of [0, 1]) {
      const target = await puppet(node, thread);
      const watchers = [await puppet(node, 1 - thread), await puppet(node, 2)];
      for (const watcher of watchers) await watcher.do('monitor', target.pid);
      const waiting = node.call(target.pid, { type: 'keep' } as never);
      target.tell({ type: 'crash oddly', how });
      await t.throwsAsync(waiting, { code: 'process-terminated' });
      for (const watcher of watchers) t.like(await watcher.hears(1), [{ on: 'down' }]);
      await waitFor(
        'the log',
        () => log.filter(({ message }) => message === 'process crashed').length === thread + 1,
      );
      t.false(log.some((record) => record.message.includes('scheduler failed')));
      t.truthy(await puppet(node, thread));
    }
  });
}

test('an error that cannot travel answers a call of another thread with what can, whoever gives it', async (t) => {
  const node = await threadNode(t);
  const from = await puppet(node, 1);
  const to = await puppet(node, 2);
  const third = await puppet(node, 0);
  for (const who of [to, third]) {
    const asked = from.do<[string, Error]>('callAndTell', to.pid, { type: 'keep' }, 10_000);
    const caller = await waitFor('the caller', () => to.do('keptCaller'));
    t.is(await who.do('failCaller', caller), 'ok');
    const [how, error] = await asked;
    t.deepEqual([how, error.message], ['rejected', 'odd']);
    await to.do('forgetCallers');
  }
});

test('a getter of a message cannot send one itself, and what is sent then is whole', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  for (const inner of [5, 'text', { big: new Uint8Array(20_000) }]) {
    const message = {
      big: new Uint8Array(20_000),
      get part() {
        return node.send(to.pid, inner);
      },
    };
    t.throws(() => void node.send(to.pid, message), { code: 'not-allowed', message: /getter/ });
  }
  t.is(node.send(to.pid, 'the next'), 'ok');
  t.deepEqual(await to.messages(1), ['the next']);
  await waitFor('all to be given back', () => node.info().threads[1]!.blobBytes === 0);
});

test('a value with a large part arrives, however close to the end of a chunk it comes', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  const bytes = new Uint8Array(20_000).fill(3);
  const lengths = Array.from({ length: 120 }, (_, n) => 256 * 1024 - 150 + n);
  for (const length of lengths) {
    const message = { type: 'echo', text: 'x'.repeat(length), bytes };
    const answer = await node.call(to.pid, message as never);
    t.is((answer as typeof message).text.length, length);
    // Fills its chunk, so that the next message begins one.
    await node.call(to.pid, { type: 'echo', text: 'x'.repeat(250_000) } as never);
    t.is(node.send(to.pid, message), 'ok');
  }
  const messages = (await to.messages(lengths.length)) as { text: string; bytes: Uint8Array }[];
  t.deepEqual(
    messages.map(({ text }) => text.length),
    lengths,
  );
  t.true(messages.every((message) => Buffer.compare(message.bytes, bytes) === 0));
  await waitFor('all to be given back', () =>
    node.info().threads.every(({ blobBytes }) => blobBytes === 0),
  );
});

test('what is published of an event of another thread is frozen like any message', async (t) => {
  const node = await threadNode(t, { freezeMessages: true });
  const producer = await puppet(node, 1);
  const event = fresh('open');
  await producer.do('announce', event, { open: true });
  const message = { list: [1] };
  t.is(node.sendEvent(event as never, message as never), 'ok');
  t.true(Object.isFrozen(message.list));
});

/** A list of which a getter takes away the rest while it is read. */
function shrinking(): unknown[] {
  const list: unknown[] = [1, 2];
  const first = {
    get total() {
      list.length = 1;
      return 0;
    },
  };
  list.unshift(first);
  return list;
}

test('what changes its size while it is read is refused at the sender, and nobody else hears of it', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const to = await puppet(node, 1);
  const refused = { code: 'unencodable', message: /\[0\] changed its size while it was read/ };
  t.throws(() => void node.send(to.pid, [shrinking()]), refused);
  await t.throwsAsync(node.call(to.pid, [shrinking()] as never), refused);
  await t.throwsAsync(puppet(node, 1, { fails: shrinking() as never }), { code: 'unencodable' });
  t.deepEqual([node.info().pendingCalls, node.info().processes], [0, 1]);
  t.false(log.some(({ message }) => message.includes('scheduler failed')));
});

test('what is published of an event and changes its size is refused, and the next is heard', async (t) => {
  const node = await threadNode(t);
  const event = fresh('changing');
  const publisher = node.registerEvent(event as never, {});
  const far = await puppet(node, 1);
  await far.do('monitorEvent', event);
  t.throws(() => void node.sendEvent(publisher, shrinking() as never), { code: 'unencodable' });
  t.is(node.sendEvent(publisher, 'next' as never), 'ok');
  t.like((await far.hears(1))[0], { on: 'event', message: 'next' });
});

test('a detached buffer and a revoked proxy are refused with their path', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  const buffer = new ArrayBuffer(8);
  const view = new Uint8Array(buffer);
  buffer.transfer();
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  t.throws(() => void node.send(to.pid, { a: { view } }), {
    ...{ code: 'unencodable', message: /^message\.a\.view is detached/ },
  });
  t.throws(() => void node.send(to.pid, [proxy]), {
    ...{ code: 'unencodable', message: /^message\[0\] is a revoked proxy/ },
  });
});

test('the path to what cannot travel begins with what was said, whatever carries it', async (t) => {
  const node = await threadNode(t);
  const name = fresh('named') as never;
  const to = await puppet(node, 1, { name });
  const message = /^message\.callback is the function/;
  t.throws(() => void node.send(name, odd as never), { code: 'unencodable', message });
  await t.throwsAsync(node.call(name, odd as never), { code: 'unencodable', message });
  const alias = await to.do<Alias<unknown>>('createAlias');
  t.throws(() => void node.send(alias, odd), { code: 'unencodable', message });
  await t.throwsAsync(node.call(alias as never, odd as never), { code: 'unencodable', message });
  const event = fresh('open') as never;
  await to.do('announce', event, { open: true });
  t.throws(() => void node.sendEvent(event, odd as never), { code: 'unencodable', message });
  const own = node.registerEvent(fresh('own') as never, {});
  await to.do('monitorEvent', own.event);
  t.throws(() => void node.sendEvent(own, odd as never), { code: 'unencodable', message });
});

test('the path to what of a spawn cannot travel begins with the option', async (t) => {
  const node = await threadNode(t);
  const fails = odd as never;
  const args = /^args\[0\]\.fails\.callback is the function callback/;
  await t.throwsAsync(puppet(node, 1, { fails }), { code: 'unencodable', message: args });
  const key = envKey<unknown>('ODD');
  const message = /^env\[1\]\.callback is the function callback/;
  const values = [env(key, 1), env(key, odd)];
  await t.throwsAsync(puppet(node, 1, { env: values }), { code: 'unencodable', message });
});
