import test from 'ava';
import { noreply, processName, type Pid, type Priority } from 'tergo';
import { closedGate, gatedOn } from '../support/clerk-places.ts';
import {
  inside,
  spawnCollector,
  spawnGated,
  spawnPuppet,
  spawnScript,
} from '../support/improvise.ts';
import { closeShared, infoOf, places, settled, sharedPlace, witnessOn } from '../support/places.ts';
import { gone, quietNode } from '../support/witness.ts';
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

test.after.always(closeShared);

for (const place of places) {
  test(`calls wait by their priority, too${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other);
    const answers: Promise<unknown>[] = [];
    for (const priority of ['normal', 'high', 'max'] as const) {
      const { run } = await witnessOn(node, place.self);
      answers.push(run((self) => self.call(pid, { type: priority }, { priority })));
    }
    await waitFor('all', async () => (await infoOf(node, pid)).mailbox === 3);
    open();
    await Promise.all(answers);
    t.deepEqual(await taken(), [{ type: 'max' }, { type: 'high' }, { type: 'normal' }]);
  });

  test(`a process sends with its own priority unless the send names one${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other);
    const sender = await witnessOn(node, place.self, { priority: 'high' });
    await sender.run((self) => [
      self.send(pid, 'named normal', { priority: 'normal' }),
      self.send(pid, 'own high'),
      self.setPriority('max'),
      self.send(pid, 'own max'),
      self.setPriority('normal'),
      self.send(pid, 'own normal'),
      self.send(pid, 'named max', { priority: 'max' }),
    ]);
    await waitFor('all', async () => (await infoOf(node, pid)).mailbox === 5);
    open();
    await settled(node);
    const wanted = ['own max', 'named max', 'own high', 'named normal', 'own normal'];
    t.deepEqual(await taken(), wanted);
    t.is((await infoOf(node, sender.pid)).priority, 'normal');
  });

  test(`a process's own priority holds for its calls${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other);
    const caller = await witnessOn(node, place.self, { priority: 'max' });
    node.send(pid, 'waits');
    const answer = caller.run((self) => self.call(pid, { type: 'call' }));
    await waitFor('both', async () => (await infoOf(node, pid)).mailbox === 2);
    open();
    await answer;
    await settled(node);
    t.deepEqual(await taken(), [{ type: 'call' }, 'waits']);
  });

  test(`an exit signal goes before what waits at normal and high priority${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, open } = await gatedOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    await sender.run((self) => self.monitor(pid));
    const priorities = ['normal', 'high'] as const;
    // Whichever of them was taken before the signal would end it for another reason.
    await sender.run((self) =>
      priorities.map((priority) => self.send(pid, { type: 'end', reason: 'normal' }, { priority })),
    );
    await sender.run((self) => self.sendExit(pid, 'shutdown'));
    await settled(node);
    open();
    await gone(node, { pid });
    t.like(await sender.heard(), [{ on: 'down', ended: { reason: 'shutdown' } }]);
  });

  test(`an inspection goes before what waits at high priority${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, open } = await gatedOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const end = { type: 'end', reason: 'normal' };
    await sender.run((self) => self.send(pid, end, { priority: 'high' }));
    const inspected = sender.run((self) => self.inspect(pid));
    await waitFor('both', async () => (await infoOf(node, pid)).mailbox === 2);
    open();
    t.like(await inspected, { items: '' });
    await gone(node, { pid });
  });

  test(`a down message goes before what waits in main, and an exit before that${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const gate = await closedGate(node);
    const { gate: asked } = gate.wait() as { gate: Pid<unknown> };
    const monitored = await witnessOn(node, place.self);
    const linked = await witnessOn(node, place.self);
    const watcher = await witnessOn(node, place.other, { trapExit: true });
    await watcher.run((self) => self.monitor(monitored.pid));
    await watcher.run((self) => self.link(linked.pid));
    const held = watcher.run((self) => self.call(asked, { type: 'wait' }, { timeoutMs: 60_000 }));
    await gate.entered;
    node.send(watcher.pid as Pid<unknown>, 'second');
    node.kill(monitored.pid);
    node.kill(linked.pid);
    await waitFor('all', async () => (await infoOf(node, watcher.pid)).mailbox === 3);
    gate.open();
    await held;
    t.deepEqual(
      (await watcher.heard()).map(({ on }) => on),
      ['exit', 'down', 'message'],
    );
  });
}

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
