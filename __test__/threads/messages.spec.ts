import test from 'ava';
import { processId, type LogRecord, type TergoError } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { closeSharedNode, everyPlaces, fresh, Handle, puppet, sharedNode } from './stage.ts';

test.after.always(closeSharedNode);

/** What has to survive the way, each compared by `deepEqual`. */
const values: readonly (readonly [title: string, value: unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['booleans', [true, false]],
  ['whole numbers', [0, 1, -1, 127, -128, 128, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53 - 1]],
  ['other numbers', [0.5, -1.5e300, Number.NaN, Infinity, -Infinity]],
  ['bigints', [0n, -1n, 2n ** 64n, -(2n ** 200n)]],
  ['strings', ['', 'a', 'naïve', '日本語', '🎭', 'x'.repeat(100), '日'.repeat(3000), '\0']],
  ['a string that is no well-formed text', '\ud800 alone'],
  ['lists', [[], [1, [2, [3]]], ['a', undefined, null]]],
  ['objects', { a: 1, b: { c: [{ d: 'e' }] }, 'odd key!': true, '': 0 }],
  ['a key that would change the prototype', JSON.parse('{"__proto__": {"polluted": true}}')],
  [
    'a table with many keys',
    Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i])),
  ],
  [
    'a Map',
    new Map<unknown, unknown>([
      ['a', 1],
      [{ key: true }, new Map([[1, 2]])],
    ]),
  ],
  ['a Set', new Set<unknown>([1, 'a', null])],
  ['a Date', new Date(1_700_000_000_123)],
  ['a RegExp', /a+b/giu],
  ['a URL', new URL('https://example.org/path?q=1#x')],
  ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
  ['a Buffer', Buffer.from('bytes')],
  ['typed arrays', [new Uint8Array(3), new Float64Array([0.5, -1]), new BigInt64Array([-1n])]],
  ['a part of a typed array', new Uint16Array([1, 2, 3, 4]).subarray(1, 3)],
  ['a DataView', new DataView(new Uint8Array([9, 8]).buffer)],
  ['an error', new TypeError('wrong', { cause: new Error('deeper') })],
  ['an error with properties', Object.assign(new Error('no'), { code: 'ENOENT', errno: -2 })],
];

for (const { title, one, other } of everyPlaces) {
  for (const [what, value] of values) {
    test(`${what} arrive as they are, ${title}`, async (t) => {
      const node = await sharedNode();
      const from = await puppet(node, one);
      const to = await puppet(node, other);
      t.is(await from.do('send', to.pid, { value }), 'ok');
      const [notice] = await to.hears(1);
      t.deepEqual(notice, { on: 'message', message: { value }, from: from.pid });
      t.deepEqual(await from.do('callAndTell', to.pid, { type: 'echo', value }, 5000), [
        'answered',
        { type: 'echo', value },
      ]);
    });
  }

  test(`messages keep their order, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const count = 20_000;
    t.is(await from.do('flood', to.pid, count), count);
    const messages = await to.messages(count);
    t.is(messages.length, count);
    t.true(messages.every((message, index) => message === index));
  });

  test(`large values arrive whole, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
    const value = {
      bytes,
      text: 'y'.repeat(400_000),
      list: Array.from({ length: 50_000 }, (_, i) => i),
    };
    t.is(await from.do('send', to.pid, value), 'ok');
    t.deepEqual(await to.messages(1), [value]);
  });

  test(`pids, aliases, process ids and references arrive as the same, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one, { name: fresh('named') });
    const to = await puppet(node, other);
    const alias = await from.do('createAlias');
    const id = processId('somebody', node.name);
    t.is(await from.do('send', to.pid, [from.pid, to.pid, node.pid, alias, id]), 'ok');
    const [message] = await to.messages(1);
    const [a, b, c, d, e] = message as readonly unknown[];
    t.is(a, from.pid);
    t.is(b, to.pid);
    t.is(c, node.pid);
    t.is(d, alias);
    t.deepEqual(e, id);
  });

  test(`the pid of a process that has ended comes back as the same, ${title}`, async (t) => {
    const node = await sharedNode();
    const ended = await puppet(node, one);
    const keeper = await puppet(node, other);
    const teller = await puppet(node, one);
    await keeper.do('monitor', ended.pid);
    ended.tell({ type: 'stop' });
    const [notice] = await keeper.hears(1);
    t.is((notice as { ended: { pid: unknown } }).ended.pid, ended.pid);
    t.is(await teller.do('send', keeper.pid, [ended.pid]), 'ok');
    const [, message] = await keeper.messages(2);
    t.is((message as unknown[])[0], ended.pid);
  });

  for (const how of ['pid', 'name', 'process id', 'alias'] as const) {
    test(`a message by ${how} arrives, and split handling tells how, ${title}`, async (t) => {
      const node = await sharedNode();
      const name = fresh('target');
      const from = await puppet(node, one);
      const to = await puppet(node, other, { name, splitHandle: true });
      const alias = await to.do('createAlias');
      const address = { pid: to.pid, name, 'process id': processId(name, node.name), alias }[how];
      t.is(await from.do('send', address, 'hello'), 'ok');
      const [notice] = await to.hears(1);
      const by = { pid: undefined, name, 'process id': name, alias }[how];
      const expected = { on: 'message', message: 'hello', from: from.pid };
      t.deepEqual(notice, by === undefined ? expected : { ...expected, by });
    });
  }

  test(`what was sent and asked by an alias arrives, though that is given up before it is taken, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const alias = await to.do('createAlias');
    const gate = await to.shut();
    t.is(await from.do('send', alias, 'in time'), 'ok');
    await from.do('sendImportant', alias, 'confirmed');
    const asked = from.do('callAndTell', alias, { type: 'echo' }, 60_000);
    await waitFor('all to wait', async () => (await node.fetchProcessInfo(to.pid)).mailbox === 3);
    const order = { type: 'do', op: 'deleteAlias', args: [alias] } as never;
    const deleted = node.call(to.pid, order, { priority: 'max', timeoutMs: 60_000 });
    await gate.open();
    await deleted;
    t.deepEqual(await asked, ['answered', { type: 'echo' }]);
    t.deepEqual(await to.messages(2), ['in time', 'confirmed']);
    t.is(await from.do('send', alias, 'too late'), 'alias-unknown');
  });

  test(`a send to who has ended says so, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other, { name: fresh('gone') });
    const alias = await to.do('createAlias');
    const name = await to.do('get', 'name');
    to.tell({ type: 'stop' });
    await to.gone();
    t.is(await from.do('send', to.pid, 1), 'process-unknown');
    t.is(await from.do('send', alias, 1), 'alias-unknown');
    t.is(await from.do('send', name, 1), 'name-unknown');
    t.is(await from.do('send', 'nobody has this name', 1), 'name-unknown');
  });

  test(`priorities go before what waits, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const orders = [
      ['first'],
      ['normal'],
      ['high', { priority: 'high' }],
      ['max', { priority: 'max' }],
    ];
    const { open } = await to.shut();
    t.deepEqual(await from.do('sendAll', to.pid, orders), ['ok', 'ok', 'ok', 'ok']);
    await open();
    t.deepEqual(await to.messages(4), ['max', 'high', 'first', 'normal']);
  });

  test(`a bounded mailbox refuses what is too much, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other, { mailboxSize: 3 });
    const before = node.info().mailboxFull;
    const { open } = await to.shut();
    for (let sent = 0; sent < 3; sent++) t.is(await from.do('send', to.pid, sent), 'ok');
    t.is(await from.do('send', to.pid, 'too much'), 'process-mailbox-full');
    await t.throwsAsync(from.do('call', to.pid, { type: 'echo' }), {
      code: 'process-mailbox-full',
    });
    await open();
    await waitFor('the count', () => node.info().mailboxFull > before);
    await waitFor('room', async () => (await from.do('send', to.pid, 'again')) === 'ok');
    const messages = await waitFor('the messages', async () => {
      const got = await to.messages(1);
      return got.includes('again') && got;
    });
    t.deepEqual(messages, [0, 1, 2, 'again']);
  });

  test(`what finds a mailbox full goes to the fallback, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const name = fresh('fallback');
    const fallback = await puppet(node, one, { name });
    const to = await puppet(node, other, {
      mailboxSize: 1,
      fallback: { to: name as never, tag: 'T' },
    });
    const { open } = await to.shut();
    t.is(await from.do('send', to.pid, 'there'), 'ok');
    t.is(await from.do('send', to.pid, 'over'), 'ok');
    const [notice] = await fallback.hears(1);
    await open();
    const message = { type: 'fallback', pid: to.pid, tag: 'T', message: 'over' };
    t.deepEqual(notice, { on: 'message', message, from: from.pid });
  });

  test(`a delayed message comes, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    await from.do('later', to.pid, { type: 'tick' }, 20);
    t.deepEqual(await to.messages(1), [{ type: 'tick' }]);
  });

  test(`an inspection is answered, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const to = await puppet(node, other);
    const answer = await from.do('inspect', to.pid, 'a', 'b');
    t.deepEqual(answer, { items: 'a b', from: from.pid.toString(), seen: '0' });
  });

  test(`a name belongs to one process of the node, ${title}`, async (t) => {
    const node = await sharedNode();
    const name = fresh('unique');
    const holder = await puppet(node, one, { name });
    t.is(node.whereis(name as never), holder.pid);
    const error = await t.throwsAsync<TergoError>(puppet(node, other, { name }));
    t.is(error?.code, 'taken');
    const second = await puppet(node, other);
    await t.throwsAsync(second.do('registerName', name), { code: 'taken' });
    t.is(node.unregisterName(name as never), holder.pid);
    await waitFor('the name to be free', () => node.whereis(name as never) === undefined);
    await second.do('registerName', name);
    t.is(node.whereis(name as never), second.pid);
  });

  test(`children know their parent, and who spawned them hears why one did not come up, ${title}`, async (t) => {
    const node = await sharedNode();
    const parent = await puppet(node, one, { logLevel: 'disabled' });
    const pid = await parent.do('spawnPuppet', { thread: other, args: [{}] });
    const child = new Handle(node, pid as Handle['pid']);
    t.is(await child.do('get', 'parent'), parent.pid);
    t.is(await child.do('get', 'leader'), node.pid);
    const args = [{ fails: 'not today' }];
    const error = await t.throwsAsync(parent.do('spawnPuppet', { thread: other, args }));
    t.true(error instanceof RangeError);
    t.is(error?.message, 'not today');
  });

  test(`a killed process is gone, ${title}`, async (t) => {
    const node = await sharedNode();
    const to = await puppet(node, other);
    node.kill(to.pid);
    await to.gone();
    t.is(node.send(to.pid, 1), 'process-unknown');
  });

  test(`what a process logs reaches the loggers of the node, ${title}`, async (t) => {
    const node = await sharedNode();
    const to = await puppet(node, other);
    const records: unknown[] = [];
    const name = fresh('logger');
    const filter = ({ source }: LogRecord): boolean =>
      source.type === 'process' && source.pid === to.pid;
    node.addLogger(
      name,
      { log: ({ message, fields, source }) => void records.push([message, fields, source]) },
      { filter },
    );
    await to.do('write', 'something', { number: 1, when: new Date(0) });
    await waitFor('the record', () => records.length > 0);
    node.removeLogger(name);
    const source = {
      type: 'process',
      node: node.name,
      pid: to.pid,
      name: undefined,
      behaviour: 'Puppet',
    };
    t.deepEqual(records, [['something', { number: 1, when: new Date(0) }, source]]);
  });
}
