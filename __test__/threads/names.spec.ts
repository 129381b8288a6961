import test from 'ava';
import { processName, type Node, type ProcessName } from 'tergo';
import { Random } from '../soak/random.ts';
import { waitFor } from '../support/wait-for.ts';
import { closeSharedNode, fresh, type Handle, puppet, sharedNode } from './stage.ts';
import type { PuppetProtocol } from './puppet.ts';

test.after.always(closeSharedNode);

function freshName(): ProcessName<PuppetProtocol> {
  return processName(fresh('name'));
}

test('a name that is given to a process of another thread is its name at once, for everybody', async (t) => {
  const node = await sharedNode();
  const [named, near, third] = [
    await puppet(node, 1),
    await puppet(node, 1),
    await puppet(node, 2),
  ];
  const name = freshName();
  node.registerName(name, named.pid);
  t.is(node.whereis(name), named.pid);
  t.is(node.send(name, 'from the node'), 'ok');
  t.is(await third.do('send', name, 'from a third'), 'ok');
  t.is(await near.do('send', name, 'from beside it'), 'ok');
  const messages = new Set(await named.messages(3));
  t.deepEqual(messages, new Set(['from the node', 'from a third', 'from beside it']));
  t.is(await named.do('get', 'name'), name);
  t.is((await node.fetchProcessInfo(named.pid)).name, name);
});

test('links and monitors on such a name hear of the end and of the loss of the name', async (t) => {
  const node = await sharedNode();
  const [named, third] = [await puppet(node, 1), await puppet(node, 2)];
  const watcher = await puppet(node, 0);
  const name = freshName();
  node.registerName(name, named.pid);
  await watcher.do('monitor', name);
  await third.do('monitor', name);
  await watcher.do('demonitor', name);
  await watcher.do('monitor', name);
  t.is(node.unregisterName(name), named.pid);
  const lost = { on: 'down', ended: { kind: 'name', name, reason: { code: 'unregistered' } } };
  t.like((await watcher.hears(1))[0], lost);
  t.like((await third.hears(1))[0], lost);
  node.registerName(name, named.pid);
  await third.do('monitor', name);
  named.tell({ type: 'stop' });
  t.like((await third.hears(2))[1], { on: 'down', ended: { name, reason: 'normal' } });
  await waitFor('the name to be free', () => node.whereis(name) === undefined);
});

test('a name is one for the node and a process has one, whoever gives it', async (t) => {
  const node = await sharedNode();
  const [one, two, own] = [await puppet(node, 1), await puppet(node, 2), await puppet(node, 0)];
  const name = freshName();
  node.registerName(name, one.pid);
  const taken = { code: 'taken', message: new RegExp(name) };
  t.throws(() => node.registerName(name, two.pid), taken);
  t.throws(() => node.registerName(name, own.pid), taken);
  await t.throwsAsync(two.do('registerName', name), taken);
  t.throws(() => node.registerName(freshName(), one.pid), {
    code: 'taken',
    message: /has a name already/,
  });
  await t.throwsAsync(one.do('registerName', freshName()), { code: 'taken' });
  await one.do('unregisterName');
  node.registerName(name, two.pid);
  t.is(node.whereis(name), two.pid);
});

test('a name that was taken away can be given again at once', async (t) => {
  const node = await sharedNode();
  const [one, two, own] = [await puppet(node, 1), await puppet(node, 2), await puppet(node, 0)];
  const name = freshName();
  for (let round = 0; round < 50; round++) {
    for (const { pid } of [one, two, own]) {
      node.registerName(name, pid);
      t.is(node.whereis(name), pid);
      t.is(node.unregisterName(name), pid);
      t.is(node.whereis(name), undefined);
      t.is(node.send(name, 'to nobody'), 'name-unknown');
    }
  }
  t.throws(() => node.unregisterName(name), { code: 'name-unknown' });
  node.registerName(name, one.pid);
  node.send(name, 'the last');
  t.deepEqual(await one.messages(1), ['the last']);
});

/** Whether all threads agree who has which name, the processes included. */
async function isAgreed(
  node: Node,
  names: readonly ProcessName<PuppetProtocol>[],
  all: readonly Handle[],
): Promise<boolean> {
  const living = new Set(node.processList());
  const infos = await Promise.all(
    all.filter(({ pid }) => living.has(pid)).map(({ pid }) => node.fetchProcessInfo(pid)),
  );
  for (const name of names) {
    const [first, ...others] = await Promise.all(all.map((one) => one.do('whereis', name)));
    const isOne = others.every((other) => other === first);
    if (!isOne || infos.some((info) => (info.name === name) !== (info.pid === first))) return false;
  }
  return true;
}

test('names that all threads give and take at once are the same everywhere in the end', async (t) => {
  const node = await sharedNode();
  const random = new Random(26);
  const names = Array.from({ length: 4 }, freshName);
  const counts = new Map<unknown, number>();
  for (let round = 0; round < 40; round++) {
    const all: Handle[] = [];
    for (const thread of [0, 1, 2, 0, 1, 2]) all.push(await puppet(node, thread));
    const [ending, ...givers] = all as [Handle, ...Handle[]];
    const changes = givers.map(() =>
      Array.from({ length: 60 }, () => {
        const [name, { pid }] = [random.pick(names), random.pick(all)];
        return random.oneIn(2) ? [name] : [name, pid];
      }),
    );
    const told = Promise.all(
      givers.map((giver, at) => giver.do<readonly string[]>('rename', changes[at])),
    );
    node.kill(ending.pid);
    for (const result of (await told).flat()) counts.set(result, (counts.get(result) ?? 0) + 1);
    await waitFor(`agreement in round ${round}`, () => isAgreed(node, names, givers));
    for (const { pid } of givers) node.kill(pid);
    for (const one of givers) await one.gone();
  }
  for (const result of ['ok', 'taken', 'name-unknown']) t.true((counts.get(result) ?? 0) > 100);
  const possible = ['ok', 'taken', 'name-unknown', 'process-unknown', 'process-terminated'];
  t.deepEqual(
    [...counts.keys()].filter((result) => !possible.includes(String(result))),
    [],
  );
});

test('who has ended gets no name, and the name stays free', async (t) => {
  const node = await sharedNode();
  const ended = await puppet(node, 1);
  const name = freshName();
  ended.tell({ type: 'stop' });
  await ended.gone();
  t.throws(() => node.registerName(name, ended.pid), { code: 'process-unknown' });
  const next = await puppet(node, 1);
  node.registerName(name, next.pid);
  node.kill(next.pid);
  await next.gone();
  await waitFor('the name to be free', () => node.whereis(name) === undefined);
  const last = await puppet(node, 2);
  node.registerName(name, last.pid);
  t.is(node.whereis(name), last.pid);
});
