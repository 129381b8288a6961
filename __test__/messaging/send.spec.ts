import test from 'ava';
import {
  noreply,
  processId,
  processName,
  startNode,
  type Alias,
  type Pid,
  type SendResult,
  type Target,
} from 'tergo';
import { gatedOn } from '../support/clerk-places.ts';
import { inside, spawnCollector, spawnPuppet, spawnScript } from '../support/improvise.ts';
import {
  closeShared,
  freshName,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { gone, quietNode, type Handle } from '../support/witness.ts';
import { waitFor, within } from '../support/wait-for.ts';

const name = processName<unknown>('target');
const elsewhere = processId(name, 'other@localhost');

test.after.always(closeShared);

/** What came, whatever else was heard. */
function messagesOf({ seen }: Handle): unknown[] {
  return seen.map((notice) => (notice.on === 'message' ? notice.message : notice));
}

for (const place of places) {
  test(`a process sends by pid, and a float arrives intact [L15]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const to = target.pid as Pid<unknown>;
    t.is(await sender.run((self) => self.send(to, 3.14)), 'ok');
    await target.heard();
    t.deepEqual(messagesOf(target), [3.14]);
    t.is((target.seen[0] as { from: unknown }).from, sender.pid);
  });

  test(`a process sends by registered name, and by name and node [L16]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const own = processName<unknown>(`target${place.title}`);
    const target = await witnessOn(node, place.other, { name: own });
    const sender = await witnessOn(node, place.self);
    const results = await sender.run((self) => [
      self.send(own, 'by name'),
      self.send(processId(own, node.name), 'by process id'),
    ]);
    t.deepEqual(results, ['ok', 'ok']);
    await target.heard();
    t.deepEqual(messagesOf(target), ['by name', 'by process id']);
  });

  test(`a process sends by alias until the alias is deleted [L17]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const alias = (await target.run((self) => self.createAlias())) as Alias<unknown>;
    const sender = await witnessOn(node, place.self);
    t.is(await sender.run((self) => self.send(alias, 'by alias')), 'ok');
    await target.heard();
    await target.run((self) => self.deleteAlias(alias));
    t.is(await sender.run((self) => self.send(alias, 'late')), 'alias-unknown');
    await target.heard();
    t.deepEqual(messagesOf(target), ['by alias']);
  });

  test(`a send to an unknown name says so and does not throw [L18]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const sender = await witnessOn(node, place.self);
    const nobody = processName<unknown>('nobody');
    const results = await sender.run((self) => [
      self.send(nobody, 1),
      self.send(processId(nobody, node.name), 1),
    ]);
    t.deepEqual(results, ['name-unknown', 'name-unknown']);
  });

  test(`a send to a process that has ended says process-unknown by pid, alias-unknown by alias, name-unknown by name${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const own = processName<unknown>(freshName('target'));
    const target = await witnessOn(node, place.other, { name: own });
    const alias = (await target.run((self) => self.createAlias())) as Alias<unknown>;
    const sender = await witnessOn(node, place.self);
    node.kill(target.pid);
    await gone(node, target);
    await settled(node);
    const to = target.pid as Pid<unknown>;
    const results = await sender.run((self) => [
      ...[self.send(to, 1), self.send(alias, 1), self.send(own, 1)],
      self.send(processId(own, node.name), 1),
    ]);
    t.deepEqual(results, ['process-unknown', 'alias-unknown', 'name-unknown', 'name-unknown']);
  });

  test(`a full mailbox is full by every address${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const own = processName<unknown>(freshName('target'));
    const { pid, open } = await gatedOn(node, place.other, {
      ...{ name: own as never, mailboxSize: 1 },
    });
    const sender = await witnessOn(node, place.self);
    const addresses = [pid, own, processId(own, node.name)];
    t.is(await sender.run((self) => self.send(pid, 'waits')), 'ok');
    const results = await sender.run((self) => addresses.map((to) => self.send(to, 'too many')));
    t.deepEqual(
      results,
      addresses.map(() => 'process-mailbox-full'),
    );
    open();
  });

  test(`an important send resolves when the message is in the mailbox, and rejects with what send returns${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const important = (to: Target): Promise<void> =>
      sender.run((self) => self.sendImportant<unknown>(to, 'important'));
    const to = target.pid as Pid<unknown>;
    await important(to);
    await target.heard();
    t.deepEqual(messagesOf(target), ['important']);
    const bounded = await gatedOn(node, place.other, { mailboxSize: 1 });
    await important(bounded.pid);
    await t.throwsAsync(important(bounded.pid), {
      code: 'process-mailbox-full',
      message: /mailboxSize/,
    });
    bounded.open();
    const nobody = important(processName('nobody'));
    await t.throwsAsync(nobody, { code: 'name-unknown', message: /nobody/ });
    await t.throwsAsync(important(elsewhere), { code: 'no-connection' });
    node.kill(target.pid);
    await gone(node, target);
    await settled(node);
    await t.throwsAsync(important(to), { code: 'process-unknown' });
    await t.throwsAsync(important(7 as never), { code: 'incorrect' });
  });
}

test('a callback sees who sent: the process, or the node itself from outside', async (t) => {
  const node = await quietNode(t);
  const senders: unknown[] = [];
  const target = await spawnScript(node, {
    handleMessage: (_self, _message, from) => (senders.push(from), noreply),
  });
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => self.send(target, 1));
  node.send(target, 2);
  await waitFor('both messages', () => senders.length === 2);
  t.true(senders[0] === sender);
  t.true(senders[1] === node.pid);
});

test('a full mailbox is full by an alias, too', async (t) => {
  const node = await quietNode(t);
  const owner = await spawnScript(
    node,
    { handleCall: (self) => self.createAlias(), handleMessage: () => new Promise(() => undefined) },
    { name, mailboxSize: 1 },
  );
  const alias = (await node.call(owner, { type: 'alias' })) as Pid<unknown>;
  node.send(owner, 'is taken');
  await waitFor('the callback', () => node.processState(owner) === 'running');
  t.is(node.send(alias, 'waits'), 'ok');
  const addresses: readonly Target[] = [owner, name, processId(name, node.name), alias];
  for (const to of addresses) t.is(node.send(to, 'too many'), 'process-mailbox-full');
});

test('a slot that is used again does not take what is for the process that had it before', async (t) => {
  const node = await quietNode(t);
  const first = await spawnCollector(node);
  node.kill(first.pid);
  // More than the core grants at once, so that the slot comes round.
  const others = await Promise.all(Array.from({ length: 2100 }, () => spawnCollector(node)));
  t.is(node.send(first.pid, 'late'), 'process-unknown');
  await Promise.all(others.slice(0, 1).map(({ pid }) => node.inspect(pid)));
  t.deepEqual(
    others.flatMap(({ got }) => got),
    [],
  );
});

test('an address of an earlier incarnation of the node is refused as such', async (t) => {
  const earlier = await startNode('quiet@localhost', { log: { disableConsole: true } });
  const pid = await spawnScript(earlier, { handleCall: (self) => self.createAlias() });
  const alias = (await earlier.call(pid, { type: 'alias' })) as Pid<unknown>;
  await earlier.stop();
  const node = await quietNode(t);
  t.is(node.name, earlier.name);
  const { got } = await spawnCollector(node);
  t.is(node.send(pid, 1), 'process-incarnation');
  t.is(node.send(alias, 1), 'process-incarnation');
  await t.throwsAsync(node.call(pid, { type: 'x' }), { code: 'process-incarnation' });
  t.is(node.sendExit(pid, 'normal'), 'process-incarnation');
  t.deepEqual(got, []);
});

test('an address on another node is refused for want of a connection', async (t) => {
  const node = await quietNode(t);
  const other = await startNode('other@localhost', { log: { disableConsole: true } });
  t.teardown(() => other.stopForce());
  const { pid, got } = await spawnCollector(other, { name });
  const owner = await spawnScript(other, { handleCall: (self) => self.createAlias() });
  const alias = (await other.call(owner, { type: 'alias' })) as Pid<unknown>;
  t.is(node.send(pid, 1), 'no-connection');
  t.is(node.send(elsewhere, 1), 'no-connection');
  t.is(node.send(alias, 1), 'no-connection');
  t.is(node.sendExit(pid, 'shutdown'), 'no-connection');
  await t.throwsAsync(node.call(elsewhere, { type: 'x' }), { code: 'no-connection' });
  t.is(other.send(pid, 'own'), 'ok');
  await waitFor('its own message', () => got.length === 1);
});

test('after the node has stopped every send says node-terminated', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnCollector(node);
  await node.stop();
  const sends: readonly SendResult[] = [
    node.send(pid, 1),
    node.send(name, 1),
    node.sendExit(pid, 'normal'),
  ];
  t.deepEqual(sends, ['node-terminated', 'node-terminated', 'node-terminated']);
  await t.throwsAsync(node.sendImportant(pid, 1), { code: 'node-terminated' });
  await t.throwsAsync(node.call(pid, { type: 'x' }), { code: 'node-terminated' });
  t.throws(() => node.sendAfter(pid, 1, 1), { code: 'node-terminated' });
});

test('a process that has ended sends no more, but its terminate callback does', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  const ended = Promise.withResolvers<unknown[]>();
  const sender = await spawnScript(node, {
    handleMessage: async (self) => {
      await new Promise((resolve) => self.signal.addEventListener('abort', resolve));
      await Promise.resolve();
      ended.resolve([self.send(pid, 'late'), self.sendExit(pid, 'shutdown')]);
      return noreply;
    },
    terminate: (self) => void self.send(pid, 'last'),
  });
  node.send(sender, 'go');
  await waitFor('the callback', () => node.processState(sender) === 'running');
  node.kill(sender);
  t.deepEqual(await within('the end', () => ended.promise), ['not-allowed', 'not-allowed']);
  await waitFor('the last message', () => got.length === 1);
  t.deepEqual(got, ['last']);
});

test('a message is shared with its receiver, not copied', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  const message = { deep: { list: [1] }, bytes: new Uint8Array(3), make: () => 1 };
  node.send(pid, message);
  await waitFor('the message', () => got.length === 1);
  t.true(got[0] === message);
});

test('every value is a message, undefined and null among them', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  const values = [undefined, null, 0, '', false, Number.NaN, 7n, Symbol('s'), [], noreply];
  for (const value of values) t.is(node.send(pid, value), 'ok');
  await waitFor('all', () => got.length === values.length);
  t.deepEqual(got, values);
});

test('what is sent to the node itself is lost, and logged', async (t) => {
  const node = await quietNode(t);
  const lines: string[] = [];
  node.addLogger('lines', { log: ({ message }) => void lines.push(message) });
  t.is(node.send(node.pid as Pid<unknown>, 'hello'), 'ok');
  await waitFor('the log line', () => lines.some((line) => line.includes('it is lost')));
});
