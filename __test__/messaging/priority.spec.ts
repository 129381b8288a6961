import test from 'ava';
import { noreply, processName, type Pid, type Priority } from 'tergo';
import {
  inside,
  spawnCollector,
  spawnGated,
  spawnPuppet,
  spawnScript,
} from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

test('what waits is taken by priority: max, then high, then normal, each in the order of sending', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  for (const number of [1, 2]) {
    for (const priority of ['normal', 'high', 'max'] as const) {
      node.send(pid, `${priority} ${number}`, { priority });
    }
  }
  open();
  await waitFor('all', () => got.length === 6);
  t.deepEqual(got, ['max 1', 'max 2', 'high 1', 'high 2', 'normal 1', 'normal 2']);
});

for (const priority of ['high', 'max'] as const) {
  test(`a ${priority} message that a callback sends to its own process goes before all that waits in main`, async (t) => {
    const node = await quietNode(t);
    const got: unknown[] = [];
    const target = await spawnScript(node, {
      handleMessage: (self, message) => {
        got.push(message);
        if (message === 1 || message === 3) self.send(self.pid, `after ${message}`, { priority });
        return noreply;
      },
    });
    for (const number of [1, 2, 3, 4]) node.send(target, number);
    await waitFor('all', () => got.length === 6);
    t.deepEqual(got, [1, 'after 1', 2, 3, 'after 3', 4]);
  });

  test(`a ${priority} message to another process overtakes what that one was granted already`, async (t) => {
    const node = await quietNode(t);
    const target = await spawnCollector(node);
    const sender = await spawnPuppet(node);
    // Both are granted their messages in one turn; the sender runs first.
    const sent = inside(node, sender, (self) => self.send(target.pid, priority, { priority }));
    for (const number of [1, 2, 3]) node.send(target.pid, number);
    t.is(await sent, 'ok');
    await waitFor('all', () => target.got.length === 4);
    t.deepEqual(target.got, [priority, 1, 2, 3]);
  });
}

test('a max message overtakes high ones that were granted already', async (t) => {
  const node = await quietNode(t);
  const got: unknown[] = [];
  const target = await spawnScript(node, {
    handleMessage: (self, message) => {
      got.push(message);
      if (message === 'high 1') self.send(self.pid, 'max', { priority: 'max' });
      return noreply;
    },
  });
  node.send(target, 'normal');
  node.send(target, 'high 1', { priority: 'high' });
  node.send(target, 'high 2', { priority: 'high' });
  await waitFor('all', () => got.length === 4);
  t.deepEqual(got, ['high 1', 'max', 'high 2', 'normal']);
});

test('a message that comes from outside while a slice waits for its next turn overtakes the rest of it', async (t) => {
  const node = await quietNode(t);
  const got: unknown[] = [];
  const target: Pid<unknown> = await spawnScript(node, {
    handleMessage: (_self, message) => {
      got.push(message);
      if (message === 1) {
        setImmediate(() => node.send(target, 'high', { priority: 'high' }));
        block(10);
      }
      return noreply;
    },
  });
  for (const number of [1, 2, 3]) node.send(target, number);
  await waitFor('all', () => got.length === 4);
  t.deepEqual(got, [1, 'high', 2, 3]);
});

test('calls wait by their priority, too', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  const answers = (['normal', 'high', 'max'] as const).map((priority) =>
    node.call(pid, { type: priority }, { priority }),
  );
  open();
  await Promise.all(answers);
  t.deepEqual(got, [{ type: 'max' }, { type: 'high' }, { type: 'normal' }]);
});

test('a process sends with its own priority unless the send names one', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  const sender = await spawnPuppet(node, { priority: 'high' });
  await inside(node, sender, (self) => {
    t.is(self.priority, 'high');
    self.send(pid, 'named normal', { priority: 'normal' });
    self.send(pid, 'own high');
    self.priority = 'max';
    self.send(pid, 'own max');
    self.priority = 'normal';
    self.send(pid, 'own normal');
    self.send(pid, 'named max', { priority: 'max' });
  });
  open();
  await waitFor('all', () => got.length === 5);
  t.deepEqual(got, ['own max', 'named max', 'own high', 'named normal', 'own normal']);
  t.is(node.processInfo(sender).priority, 'normal');
});

test("a process's own priority holds for its calls", async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  node.send(pid, 'waits');
  const caller = await spawnPuppet(node, { priority: 'max' });
  const answer = await inside(node, caller, (self) => [self.call(pid, { type: 'call' })]);
  open();
  await Promise.all(answer);
  await waitFor('both', () => got.length === 2);
  t.deepEqual(got, [{ type: 'call' }, 'waits']);
});

test('a process starts with the priority normal, takes the three and refuses anything else [L10]', async (t) => {
  const node = await quietNode(t);
  const puppet = await spawnPuppet(node);
  await inside(node, puppet, (self) => {
    t.is(self.priority, 'normal');
    self.priority = 'max';
    t.is(self.priority, 'max');
    for (const nonsense of ['urgent', 1, undefined, null]) {
      t.throws(() => (self.priority = nonsense as Priority), {
        code: 'incorrect',
        message: /priority/,
      });
    }
    t.is(self.priority, 'max');
  });
});

test('an exit signal goes before what waits at normal and high priority', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  for (const priority of ['normal', 'high'] as const) node.send(pid, priority, { priority });
  node.sendExit(pid, 'shutdown');
  open();
  await waitFor('the end', () => node.processState(pid) === 'terminated');
  t.deepEqual(got, []);
});

test('an inspection goes before what waits at high priority', async (t) => {
  const node = await quietNode(t);
  const order: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const target = await spawnScript(node, {
    handleMessage: async (_self, message) => {
      order.push(message);
      if (message === 'first') await gate.promise;
      return noreply;
    },
    handleInspect: () => (order.push('inspect'), {}),
  });
  node.send(target, 'first');
  await waitFor('the first', () => order.length === 1);
  node.send(target, 'high', { priority: 'high' });
  const inspected = node.inspect(target);
  gate.resolve();
  await inspected;
  await waitFor('all', () => order.length === 3);
  t.deepEqual(order, ['first', 'inspect', 'high']);
});

test('a down message goes before what waits in main, and an exit before that', async (t) => {
  const node = await quietNode(t);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const [monitored, linked] = [await spawnPuppet(node), await spawnPuppet(node)];
  const watcher = await spawnScript(node, {
    init: async (self) => {
      self.trapExit = true;
      await self.monitor(monitored);
      await self.link(linked);
    },
    handleMessage: async (_self, message: string) => {
      order.push(message);
      await gate.promise;
      return noreply;
    },
    handleDown: () => (order.push('down'), noreply),
    handleExit: () => (order.push('exit'), noreply),
  });
  node.send(watcher, 'first');
  await waitFor('the first', () => order.length === 1);
  node.send(watcher, 'second');
  node.kill(monitored);
  node.kill(linked);
  gate.resolve();
  await waitFor('all', () => order.length === 4);
  t.deepEqual(order, ['first', 'exit', 'down', 'second']);
});

test('a priority that is none is refused by every send', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnCollector(node, { name: processName('target') });
  const bad = { priority: 'urgent' as Priority };
  const refused = { code: 'incorrect', message: /priority/ };
  t.throws(() => node.send(pid, 1, bad), refused);
  t.throws(() => node.sendAfter(pid, 1, 1, bad), refused);
  await t.throwsAsync(node.sendImportant(pid, 1, bad), refused);
  await t.throwsAsync(node.call(pid, { type: 'x' }, bad), refused);
});

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
