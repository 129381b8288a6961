import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { type Node, noreply, type TergoError } from 'tergo';
import { type Self, spawnScript } from '../support/improvise.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { turn, waitFor } from '../support/wait-for.ts';
import { everyPlaces, fresh, puppet, puppets, threadNode } from './stage.ts';
import { Witness } from './witness.ts';

/** Blocks a thread, until what it gives is called. */
async function holdThread(
  t: ExecutionContext,
  node: Node,
  thread: number,
): Promise<() => Promise<void>> {
  const witness = await node.spawn(Witness, { thread });
  const sign = join(scratchFolder(t), 'go');
  const looked = node.call(witness, { type: 'look', sign }, { timeoutMs: 60_000 });
  return async () => {
    writeFileSync(sign, '');
    await looked;
  };
}

const held = { behaviors: [puppets, new URL('./witness.ts', import.meta.url)] };

/** Messages of which the way between two threads holds only some. */
const bulky = { text: 'b'.repeat(8000) };

test('the way to another thread is bounded: what finds it full is refused, counted, and loses nothing', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  const { open } = await to.shut();
  let sent = 0;
  while (node.send(to.pid, { ...bulky, sent }) === 'ok') sent += 1;
  t.true(sent > 1000 && sent < 10_000, `${sent} messages of 8 KB were taken`);
  const before = node.info();
  t.is(node.send(to.pid, bulky), 'process-mailbox-full');
  await t.throwsAsync(node.call(to.pid, bulky as never), { code: 'process-mailbox-full' });
  t.true(node.info().mailboxFull > before.mailboxFull);
  await waitFor('the count', () => node.info().threads[0]!.refusals > 0);
  t.true(node.info().threads[1]!.arenaBytes > 8_000_000);
  const neighbour = await puppet(node, 2);
  t.is(node.send(neighbour.pid, 'another way'), 'ok');
  t.deepEqual(await neighbour.messages(1), ['another way']);
  await open();
  const count = await waitFor('all', async () => {
    const { messagesIn, mailbox } = await node.fetchProcessInfo(to.pid);
    return mailbox === 0 && messagesIn > sent && messagesIn;
  });
  t.true(count >= sent);
  await waitFor('room', () => node.send(to.pid, 'last') === 'ok');
  t.is((await to.messages(sent + 1)).at(-1), 'last');
});

test('what is on its way to a thread that hangs is seen at once, and so is what was refused here', async (t) => {
  const node = await threadNode(t, held);
  const to = await puppet(node, 1);
  const { threads } = node.info();
  const release = await holdThread(t, node, 1);
  while (node.send(to.pid, bulky) === 'ok');
  const [own, other] = node.info().threads;
  t.true(other!.arenaBytes >= threads[1]!.arenaBytes + 8_000_000, `${other!.arenaBytes} bytes`);
  t.true(own!.refusals > threads[0]!.refusals, `${own!.refusals} refusals`);
  t.is(node.send(to.pid, new Uint8Array(1_000_000)), 'process-mailbox-full');
  const neighbour = await puppet(node, 2);
  const releaseOther = await holdThread(t, node, 2);
  t.is(node.send(neighbour.pid, new Uint8Array(1_000_000)), 'ok');
  t.true(node.info().threads[2]!.blobBytes >= 1_000_000);
  await release();
  await releaseOther();
});

test('what finds the way to a thread full goes to the fallback, wherever that can be reached', async (t) => {
  const node = await threadNode(t, held);
  const name = fresh('fallback') as never;
  const near = await puppet(node, 0, { name });
  const fallback = { to: name, tag: 'instead' };
  const to = await puppet(node, 1, { mailboxSize: 100_000, fallback });
  const bare = await puppet(node, 1, { mailboxSize: 100_000 });
  const release = await holdThread(t, node, 1);
  let sent = 0;
  while (node.send(bare.pid, bulky) === 'ok') sent += 1;
  t.true(sent > 1000);
  const { mailboxFull } = node.info();
  t.is(node.send(to.pid, { ...bulky, n: 1 }), 'ok');
  t.is(node.send(bare.pid, bulky), 'process-mailbox-full');
  t.is(node.info().mailboxFull, mailboxFull + 2);
  const [message] = await near.messages(1);
  t.like(message, { type: 'fallback', pid: to.pid, tag: 'instead', message: { n: 1 } });
  await release();
  await waitFor('room', () => node.send(bare.pid, 'last') === 'ok');
});

test('a fallback on the thread to which the way is full, or that has ended, takes nothing', async (t) => {
  const node = await threadNode(t, held);
  const name = fresh('fallback') as never;
  const same = await puppet(node, 1, { name });
  const gone = { to: fresh('nobody') as never, tag: 'gone' };
  const one = await puppet(node, 1, { mailboxSize: 100_000, fallback: { to: name, tag: 'same' } });
  const other = await puppet(node, 1, { mailboxSize: 100_000, fallback: gone });
  const release = await holdThread(t, node, 1);
  while (node.send(same.pid, bulky) === 'ok');
  t.is(node.send(one.pid, bulky), 'process-mailbox-full');
  t.is(node.send(other.pid, bulky), 'process-mailbox-full');
  await release();
});

for (const { title, one, other } of everyPlaces) {
  test(`what finds the fallback full, too, goes no further, ${title}`, async (t) => {
    const node = await threadNode(t);
    const [second, last] = [fresh('second'), fresh('last')] as never[];
    const witness = await puppet(node, other, { name: last! });
    const chain = [
      await puppet(node, other, { mailboxSize: 1, fallback: { to: second!, tag: 'instead' } }),
      await puppet(node, one, {
        ...{ mailboxSize: 1, name: second!, fallback: { to: last!, tag: 'further' } },
      }),
    ];
    const shut = await Promise.all(chain.map((handle) => handle.shut()));
    for (const { pid } of chain) t.is(node.send(pid, 'fills it'), 'ok');
    const from = await puppet(node, one);
    const { messagesDropped } = node.info();
    // That it was lost is known where the first one lives.
    const isTold = (await from.do('send', chain[0]!.pid, 'over')) === 'process-mailbox-full';
    t.is(isTold, one === other);
    if (!isTold)
      await waitFor('the loss', () => node.info().messagesDropped === messagesDropped + 1);
    t.deepEqual(await witness.seen(), []);
    for (const { open } of shut) await open();
  });
}

test('what finds the way full takes no room in a bounded mailbox', async (t) => {
  const node = await threadNode(t, held);
  const [filler, to] = [await puppet(node, 1), await puppet(node, 1, { mailboxSize: 1 })];
  const release = await holdThread(t, node, 1);
  while (node.send(filler.pid, bulky) === 'ok');
  t.is(node.send(to.pid, bulky), 'process-mailbox-full');
  await t.throwsAsync(node.call(to.pid, bulky as never), { code: 'process-mailbox-full' });
  await release();
  await waitFor('room on the way', () =>
    filler.do('keptCaller').then(
      () => true,
      () => false,
    ),
  );
  t.is(node.send(to.pid, 'it has room'), 'ok');
  const taken = await waitFor('the message', () => to.messages(1).catch(() => undefined));
  t.deepEqual(taken, ['it has room']);
});

test('a call that finds the way full is told so, and not of a mailbox', async (t) => {
  const node = await threadNode(t, held);
  const to = await puppet(node, 1);
  const release = await holdThread(t, node, 1);
  while (node.send(to.pid, bulky) === 'ok');
  const message = /: the way from thread 0 to thread 1 is full \(1[56]\.\d of 16 MiB\); try later/;
  const full = { code: 'process-mailbox-full', message } as const;
  await t.throwsAsync(node.call(to.pid, bulky as never), full);
  await t.throwsAsync(node.sendImportant(to.pid, bulky), full);
  await release();
});

test('what must not be lost passes the bound: ends, answers and exits', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  const watcher = await puppet(node, 1);
  const target = await puppet(node, 0);
  await watcher.do('monitor', target.pid);
  const { open } = await to.shut();
  while (node.send(to.pid, bulky) === 'ok');
  const before = node.info().threads[0]!;
  t.is(before.forced, 0);
  target.tell({ type: 'stop' });
  node.kill(to.pid);
  await to.gone();
  const [notice] = await waitFor('the end', () => watcher.hears(1).catch(() => undefined));
  t.like(notice, { on: 'down', ended: { reason: 'normal' } });
  await waitFor('the count', () => node.info().threads[0]!.forced > 0);
  await open();
});

test('what must not be lost takes no more than it needs: it makes no room for the rest', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  const { open } = await to.shut();
  while (node.send(to.pid, bulky) === 'ok');
  const arenaBytes = await waitFor('what is on its way to be told', async () => {
    // The other thread tells at its next turn.
    await turn();
    const told = node.info().threads[1]!.arenaBytes;
    return told >= 63 * 2 ** 18 && told;
  });
  for (let round = 0; round < 50; round++) {
    // A question to the other thread is forced; what follows it is not.
    void node.call(to.pid, { type: 'keep' } as never, { timeoutMs: 60_000 }).catch(() => undefined);
    node.sendExit(to.pid, 'normal');
    t.is(node.send(to.pid, bulky), 'process-mailbox-full');
    await turn();
  }
  const after = node.info().threads[1]!.arenaBytes;
  t.true(after <= arenaBytes + 3 * 2 ** 18, `${after} after ${arenaBytes}`);
  await open();
});

test('a process that takes nothing does not fill the way for others by the few messages that wait', async (t) => {
  const node = await threadNode(t);
  const slow = await puppet(node, 1);
  const busy = await puppet(node, 1);
  const { open } = await slow.shut();
  const chunk = 'b'.repeat(16_000);
  let sent = 0;
  for (let round = 0; round < 150; round++) {
    if (node.send(slow.pid, { round }) === 'ok') sent += 1;
    for (let part = 0; part < 20; part++) node.send(busy.pid, { chunk });
    await busy.do('keptCaller');
  }
  t.is(sent, 150);
  await open();
  const messages = await slow.messages(150);
  t.deepEqual(
    messages,
    Array.from({ length: 150 }, (_, round) => ({ round })),
  );
});

test('large values on their way are bounded, too, and one that is too large for the bound goes alone', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  const { open } = await to.shut();
  const bytes = new Uint8Array(40_000_000).fill(7);
  t.is(node.send(to.pid, bytes), 'ok');
  t.is(node.send(to.pid, new Uint8Array(100_000)), 'process-mailbox-full');
  await waitFor('the count', () => node.info().threads[1]!.blobBytes >= 40_000_000);
  await open();
  const [arrived] = await to.hears(1);
  t.is(Buffer.compare((arrived as { message: Uint8Array }).message, bytes), 0);
  await waitFor('the way to be free', () => node.info().threads[1]!.blobBytes === 0);
  t.is(node.send(to.pid, new Uint8Array(100_000)), 'ok');
});

test('a value of many large parts that are too large for the bound together goes alone as well', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  const { open } = await to.shut();
  const parts = Array.from({ length: 40 }, (_, n) => new Uint8Array(1_000_000).fill(n));
  t.is(node.send(to.pid, new Uint8Array(100_000)), 'ok');
  t.is(node.send(to.pid, parts), 'process-mailbox-full');
  await open();
  await to.hears(1);
  await waitFor('the way to be free', () => node.info().threads[1]!.blobBytes === 0);
  const shut = await to.shut();
  const whole = { parts, text: 'x'.repeat(300_000) };
  t.is(node.send(to.pid, whole), 'ok');
  t.is(node.send(to.pid, new Uint8Array(100_000)), 'process-mailbox-full');
  await shut.open();
  const [, arrived] = await to.messages(2);
  // `t.deepEqual` takes half a minute for so many bytes.
  t.true(isDeepStrictEqual(arrived, whole));
  await waitFor('the way to be free', () => node.info().threads[1]!.blobBytes === 0);
});

test('large values that nobody takes are given back', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  await to.shut();
  for (let n = 0; n < 10; n++) t.is(node.send(to.pid, new Uint8Array(1_000_000)), 'ok');
  node.kill(to.pid);
  await to.gone();
  await waitFor('all to be given back', () => node.info().threads[1]!.blobBytes === 0);
  t.pass();
});

/** What cannot travel, and how the error names it. */
const unencodable: readonly (readonly [title: string, value: unknown, path: RegExp])[] = [
  [
    'a function',
    { work: { callback: () => 1 } },
    /message\.work\.callback is the function callback/,
  ],
  ['a nameless function', [() => 1], /message\[0\] is a function/],
  ['a symbol', { tag: Symbol('x') }, /message\.tag is a symbol/],
  ['a promise', new Map([['p', Promise.resolve()]]), /message\.get\('p'\) is a Promise/],
  ['a WeakMap', { odd: { 'a key': new WeakMap() } }, /message\.odd\["a key"\] is a WeakMap/],
  ['a stream of the web', { body: new ReadableStream() }, /message\.body is a ReadableStream/],
  ['a shared buffer', new Set([new SharedArrayBuffer(1)]), /is a SharedArrayBuffer/],
];

for (const [title, value, path] of unencodable) {
  test(`${title} is refused at the sender, who is told where it is`, async (t) => {
    const node = await threadNode(t);
    const to = await puppet(node, 1);
    const error = t.throws<TergoError>(() => void node.send(to.pid, value));
    t.is(error?.code, 'unencodable');
    t.regex(error?.message ?? '', path);
    await t.throwsAsync(node.call(to.pid, { value } as never), { code: 'unencodable' });
    t.is(node.info().pendingCalls, 0);
    t.is(node.send(to.pid, 'fine'), 'ok');
    t.deepEqual(await to.messages(1), ['fine']);
  });
}

test('what was refused takes no room in a bounded mailbox', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1, { mailboxSize: 2 });
  for (let n = 0; n < 5; n++) {
    t.throws(() => void node.send(to.pid, { n, callback: () => 1 }), { code: 'unencodable' });
    await t.throwsAsync(node.call(to.pid, { callback: () => 1 } as never), { code: 'unencodable' });
  }
  const { open } = await to.shut();
  t.is(node.send(to.pid, 1), 'ok');
  t.is(node.send(to.pid, 2), 'ok');
  t.is(node.send(to.pid, 3), 'process-mailbox-full');
  await open();
  // The question about them needs room, too.
  const taken = await waitFor('room', () => to.messages(2).catch(() => undefined));
  t.deepEqual(taken, [1, 2]);
});

test('a call that could not be handed on takes no room in a bounded mailbox', async (t) => {
  const node = await threadNode(t, held);
  const [filler, to] = [await puppet(node, 1), await puppet(node, 1, { mailboxSize: 1 })];
  const handleCall = (self: Self, request: unknown): unknown => {
    try {
      return self.forward(to.pid, request as never);
    } catch {
      return noreply;
    }
  };
  const between = await spawnScript(node, { handleCall });
  const asked = node.call(between as never, { callback: () => 1 } as never);
  await t.throwsAsync(asked, { code: 'unencodable' });
  const release = await holdThread(t, node, 1);
  while (node.send(filler.pid, bulky) === 'ok');
  await t.throwsAsync(node.call(between as never, bulky as never), { message: /is full \(1/ });
  await release();
  t.is(
    await waitFor('room', () =>
      to.do('get', 'name').then(
        () => 'room',
        () => undefined,
      ),
    ),
    'room',
  );
});

test('what refers to itself is refused, and what is deep is not', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  const ring: { list: unknown[] } = { list: [] };
  ring.list.push({ ring });
  const error = t.throws<TergoError>(() => void node.send(to.pid, ring));
  t.regex(error?.message ?? '', /message\.list\[0\]\.ring refers to what it is part of/);
  let deep: unknown = 'bottom';
  for (let level = 0; level < 900; level++) deep = level % 2 === 0 ? [deep] : { deep };
  t.is(node.send(to.pid, deep), 'ok');
  t.deepEqual(await to.messages(1), [deep]);
});

test('an answer that cannot travel ends who gave it, and tells the caller', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1, { logLevel: 'disabled' });
  const error = await t.throwsAsync<TergoError>(to.do('get', 'signal'));
  t.true(['unencodable', 'process-terminated'].includes(error?.code ?? ''));
  t.regex(`${error?.message} ${(error?.cause as Error | undefined)?.message}`, /AbortSignal/);
});

test('a message that is frozen by its node is frozen for its sender, whichever thread it goes to', async (t) => {
  const node = await threadNode(t, { freezeMessages: true });
  const to = await puppet(node, 1);
  const message = { list: [1] };
  t.is(node.send(to.pid, message), 'ok');
  t.true(Object.isFrozen(message.list));
});
