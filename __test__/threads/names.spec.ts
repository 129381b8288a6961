import test from 'ava';
import { processName, type ProcessName } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { closeSharedNode, fresh, puppet, sharedNode } from './stage.ts';
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
