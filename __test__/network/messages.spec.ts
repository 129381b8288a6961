import test from 'ava';
import { type Alias, type Pid, processId, processName, type TergoError } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import type { PuppetProtocol } from '../threads/puppet.ts';
import { fresh, type Handle, puppet } from '../threads/stage.ts';
import {
  closeSharedPair,
  networkNode,
  pair,
  part,
  receivers,
  sharedPair,
  showWay,
} from './cluster.ts';

test.after.always(closeSharedPair);

for (const { title, thread } of receivers) {
  test(`D6: a message by pid arrives, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const value = {
      text: 'naïve',
      list: [1, 2.5, null],
      when: new Date(5),
      bytes: Buffer.from('x'),
    };
    t.is(await from.do('send', to.pid, value), 'ok');
    const [notice] = await to.hears(1);
    t.like(notice, { on: 'message', message: value });
    t.is(String((notice as { from: unknown }).from), String(from.pid));
  });

  test(`a message that is deeply nested arrives, and the connection stands, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    let deep: unknown = 'bottom';
    for (let level = 0; level < 900; level++) deep = level % 2 === 0 ? [deep] : { deep };
    t.is(await from.do('send', to.pid, [deep]), 'ok');
    t.deepEqual(await to.messages(1), [[deep]]);
    t.deepEqual(a.network.nodes(), ['b@localhost']);
  });

  test(`objects with the same keys arrive whole, however many there are, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    const value = numbers.map((n) => ({ id: n, 'a name': `${n}`, constructor: [n], '"]; //': n }));
    t.is(await from.do('send', to.pid, value), 'ok');
    const [got] = (await to.messages(1)) as [readonly object[]];
    t.deepEqual(got, value);
    for (const [index, object] of got.entries())
      t.deepEqual(Object.keys(object), Object.keys(value[index]!));
  });

  test(`D7: an important message by pid is confirmed, to an unknown one refused, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    await from.do('sendImportant', to.pid, 'important');
    t.deepEqual(await to.messages(1), ['important']);
    b.kill(to.pid);
    await to.gone();
    const error = await t.throwsAsync<TergoError>(from.do('sendImportant', to.pid, 'late'));
    t.is(error?.code, 'process-unknown');
  });

  test(`D8: a message by name arrives, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const name = processName<PuppetProtocol>(fresh('named'));
    const from = await puppet(a, 0);
    const to = await puppet(b, thread, { name, splitHandle: true });
    const id = processId(name, 'b@localhost');
    t.is(await from.do('send', id, { by: 'name' }), 'ok');
    t.is(await from.do('send', id, 42), 'ok');
    const notices = await to.hears(2);
    t.like(notices[0], { message: { by: 'name' }, by: name });
    t.like(notices[1], { message: 42, by: name });
  });

  test(`D9: an important message by name is confirmed, to an unknown one refused, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const name = processName<PuppetProtocol>(fresh('named'));
    const from = await puppet(a, 0);
    const to = await puppet(b, thread, { name });
    await from.do('sendImportant', processId(name, 'b@localhost'), 'important');
    t.deepEqual(await to.messages(1), ['important']);
    const nobody = processId(processName(fresh('nobody')), 'b@localhost');
    const error = await t.throwsAsync<TergoError>(from.do('sendImportant', nobody, 'late'));
    t.is(error?.code, 'process-unknown');
  });

  test(`D10, D11: a message by alias arrives while the alias stands, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread, { splitHandle: true });
    const alias = await to.do('createAlias');
    t.is(await from.do('send', alias, 'by alias'), 'ok');
    await from.do('sendImportant', alias, 'important');
    const notices = await to.hears(2);
    t.like(notices[0], { message: 'by alias' });
    t.is(String((notices[0] as { by: unknown }).by), String(alias));
    t.like(notices[1], { message: 'important' });
    await to.do('deleteAlias', alias);
    const error = await t.throwsAsync<TergoError>(from.do('sendImportant', alias, 'late'));
    t.is(error?.code, 'alias-unknown');
  });

  test(`important messages by alias keep their place among all others, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const to = await puppet(b, thread);
    const alias = await to.do<Alias<PuppetProtocol>>('createAlias');
    t.is(a.send(to.pid, 0), 'ok');
    const confirmed = [a.sendImportant(alias, 1), a.sendImportant(to.pid, 2)];
    t.is(a.send(alias, 3), 'ok');
    confirmed.push(a.sendImportant(alias, 4));
    t.is(a.send(to.pid, 5), 'ok');
    await Promise.all(confirmed);
    t.deepEqual(await to.messages(6), [0, 1, 2, 3, 4, 5]);
  });

  test(`an important message by alias that was confirmed is taken, though the alias is given up meanwhile, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const alias = await to.do('createAlias');
    const gate = await to.shut();
    await from.do('sendImportant', alias, 'confirmed');
    const order = { type: 'do', op: 'deleteAlias', args: [alias] } as never;
    const deleted = b.call(to.pid, order, { priority: 'max', timeoutMs: 60_000 });
    await gate.open();
    await deleted;
    t.deepEqual(await to.messages(1), ['confirmed']);
  });

  test(`D14: an exit reason arrives with code, message and cause, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread, { trapExit: true });
    const reason = Object.assign(new RangeError('far away', { cause: new Error('deeper') }), {
      code: 'E_FAR',
    });
    t.is(await from.do('sendExit', to.pid, reason), 'ok');
    const [notice] = (await to.hears(1)) as readonly { ended: { reason: Error } }[];
    const arrived = notice?.ended.reason as RangeError & { code: string };
    t.true(arrived instanceof RangeError);
    t.is(arrived.message, 'far away');
    t.is(arrived.code, 'E_FAR');
    t.is((arrived.cause as Error).message, 'deeper');
  });

  test(`messages keep their order, large ones among them, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const messages = Array.from({ length: 400 }, (_, index) =>
      index % 50 === 7 ? { index, bytes: new Uint8Array(40_000).fill(index) } : { index },
    );
    t.deepEqual(
      new Set(
        await from.do<string[]>(
          'sendAll',
          to.pid,
          messages.map((message) => [message]),
        ),
      ),
      new Set(['ok']),
    );
    const heard = (await to.messages(400)) as readonly { index: number; bytes?: Uint8Array }[];
    t.deepEqual(
      heard.map(({ index }) => index),
      messages.map(({ index }) => index),
    );
    t.true(heard.every(({ index, bytes }) => bytes === undefined || bytes[39_999] === index % 256));
  });

  test(`what finds a mailbox full goes to the fallback, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const name = processName<PuppetProtocol>(fresh('fallback'));
    const from = await puppet(a, 0);
    const other = await puppet(b, thread, { name });
    const to = await puppet(b, thread, {
      mailboxSize: 3,
      fallback: { to: name as never, tag: 'late' },
    });
    const gate = await to.shut();
    await from.do('flood', to.pid, 10);
    const [first] = (await other.messages(1)) as readonly { type: string; tag: string }[];
    t.like(first, { type: 'fallback', tag: 'late' });
    await gate.open();
  });

  test(`a message is handed on to another node with its first sender, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const asker = await puppet(a, 0);
    const to = await puppet(b, thread);
    const last = await puppet(a, 0);
    const [from, by] = (await a.call<never>(
      to.pid as never,
      { type: 'pass on', to: last.pid } as never,
      { timeoutMs: 60_000 },
    )) as unknown as [Pid, Pid];
    t.is(String(by), String(last.pid));
    t.is(String(from), String(a.pid));
    t.true(String(asker.pid).length > 0);
  });
}

test('pids that come over the network are the same object each time', async (t) => {
  const { a, b } = await sharedPair();
  const from = await puppet(b, 0);
  const to = await puppet(a, 0);
  await from.do('send', to.pid, { own: from.pid, yours: to.pid });
  await from.do('send', to.pid, { own: from.pid, yours: to.pid });
  const [one, other] = (await to.messages(2)) as readonly { own: Pid; yours: Pid }[];
  t.is(one?.own, other?.own);
  t.is(one?.yours, to.pid);
  const [first] = (await to.hears(1)) as unknown as readonly { from: Pid }[];
  t.is(first?.from, one?.own);
  t.is(one?.own.node, 'b@localhost');
  t.is(one?.own.creation, b.creation);
});

test('a name that can be none is refused where it is sent, and ends no connection', async (t) => {
  const { a, b } = await sharedPair();
  const to = await puppet(b, 0);
  const peer = await a.network.connect(b.name);
  for (const name of ['', 'x'.repeat(256)]) {
    const id = { name, node: b.name } as never;
    t.throws(() => a.send(id, 'lost' as never), { code: 'incorrect' });
    await t.throwsAsync(a.call(id, 'lost' as never), { code: 'incorrect' });
  }
  await a.sendImportant(to.pid, 'fine' as never);
  t.true(peer.isConnected);
});

test('what cannot travel is refused where it is sent', async (t) => {
  const { a, b } = await sharedPair();
  const from = await puppet(a, 0);
  const to = await puppet(b, 0);
  t.throws(() => a.send(to.pid, { call: () => 1 }), { code: 'unencodable' });
  t.is(await from.do('send', to.pid, 'fine'), 'ok');
});

test('a send connects by itself, and what was sent meanwhile arrives in order', async (t) => {
  const { a, b } = await pair(t);
  const to = await puppet(b, 0);
  const from = await puppet(a, 0);
  t.is(await from.do('flood', to.pid, 500), 500);
  const messages = await to.messages(500);
  t.true(messages.every((message, index) => message === index));
});

test('a send to where no route leads is lost and counted; calls and important sends hear why', async (t) => {
  const { a } = await pair(t);
  const nobody = processId(processName('nobody'), 'nobody@localhost');
  const before = a.info().messagesDropped;
  t.is(a.send(nobody, 'lost' as never), 'ok');
  await waitFor('the loss', () => a.info().messagesDropped > before);
  await t.throwsAsync(a.sendImportant(nobody, 'lost' as never), { code: 'no-route' });
  await t.throwsAsync(a.call(nobody as never, { type: 'x' } as never), { code: 'no-route' });
});

for (const { title, thread } of receivers)
  test(`D12: what is larger than the peer takes is refused by the send, ${title}`, async (t) => {
    const { a, b } = await pair(t, { maxMessageSize: 100_000 });
    const to = await puppet(b, thread);
    await a.network.connect('b@localhost');
    t.is(a.send(to.pid, Buffer.alloc(101_000)), 'too-large');
    t.is(a.send(to.pid, 'x'.repeat(101_000)), 'too-large');
    t.is(a.send(to.pid, Buffer.alloc(90_000)), 'ok');
    const nobody = processId(processName('nobody'), 'b@localhost');
    t.is(a.send(nobody, Buffer.alloc(101_000) as never), 'too-large');
    const careful = await puppet(a, 0, { important: true });
    t.is(await careful.do('send', to.pid, 'x'.repeat(101_000)), 'too-large');
    t.is((await to.messages(1)).length, 1);
  });

test('what is too large is told also of what connects, and of what waits for the connection', async (t) => {
  const name = processName<PuppetProtocol>('named');
  const id = processId(name, 'b@localhost');
  const large = 'x'.repeat(9000);
  const asks = [
    (from: Handle): Promise<unknown> => from.do('sendImportant', id, large),
    (from: Handle): Promise<unknown> => from.do('call', id, { type: 'echo', large }),
  ];
  for (const thread of [0, 1])
    for (const ask of asks) {
      const a = await networkNode('a@localhost', {}, { threads: 2 });
      const b = await networkNode('b@localhost', { maxMessageSize: 4096 });
      t.teardown(async () => {
        await a.stopForce();
        await b.stopForce();
      });
      showWay(a, b);
      await puppet(b, 0, { name });
      await t.throwsAsync(ask(await puppet(a, thread)), { code: 'too-large' });
      const peer = await a.network.connect('b@localhost');
      t.is(peer.info().refused, 0);
    }
});

test('the words before a request count as a part of it', async (t) => {
  const { a, b } = await pair(t, { maxMessageSize: 4096 });
  const [from, to] = [await puppet(a, 0), await puppet(b, 0)];
  await from.do('call', to.pid, 'small');
  const sizes = Array.from({ length: 20 }, (_, index) => 4080 + index);
  const calls = sizes.map((size) => {
    const asked = from.do('call', to.pid, 'x'.repeat(size), { timeoutMs: 60_000 });
    return asked.then(
      () => 'answered',
      (error: TergoError) => error.code,
    );
  });
  const results = new Set(await Promise.all(calls));
  t.deepEqual([...results].toSorted(), ['answered', 'too-large']);
});

for (const { title, thread } of receivers)
  test(`D13: a compressed message arrives intact, and is smaller on its way, ${title}`, async (t) => {
    const { a, b } = await pair(t);
    const from = await puppet(a, 0, { compression: { enabled: true, type: 'zstd' } });
    const to = await puppet(b, thread);
    const peer = await a.network.connect('b@localhost');
    const text = 'again and again '.repeat(20_000);
    t.is(await from.do('send', to.pid, { text }), 'ok');
    t.deepEqual(await to.messages(1), [{ text }]);
    t.true(peer.info().compressionRatioOut < 0.2);
  });

test('what is smaller than the threshold of compression is sent as it is, also if it is large', async (t) => {
  const { a, b } = await pair(t);
  const compression = { enabled: true, thresholdBytes: 2 ** 40 }; // beyond 32 bits
  const from = await puppet(a, 0, { compression });
  const to = await puppet(b, 0);
  await from.do('sendImportant', to.pid, 'again and again '.repeat(20_000));
  t.is(a.network.node(b.name)?.info().compressionRatioOut, 1);
});

test('a node that is not there may be back in the same incarnation', async (t) => {
  const nodes = await pair(t);
  const { a, b } = nodes;
  const to = await puppet(b, 0);
  await a.network.connect('b@localhost');
  await part(nodes);
  await b.stopForce();
  t.is(a.send(to.pid, 'nobody takes this'), 'ok');
});
