import { inspect } from 'node:util';
import { Actor, eventName, processName, type Alias, type Priority } from 'tergo';
import test from 'ava';
import { quietNode, spawnWitness, type WitnessProtocol } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

const first = processName<WitnessProtocol>('first');
const second = processName<WitnessProtocol>('second');

test('the node of a process is the very object that startNode gave [L2]', async (t) => {
  const node = await quietNode(t);
  const { run } = await spawnWitness(node);
  t.is(await run((self) => self.node), node);
});

test('a process has one name, may give it up and take another [L4]', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node, { name: first });
  await run((self) => {
    t.is(self.name, 'first');
    t.throws(() => self.registerName(second), { code: 'taken', message: /'first' already/ });
    self.unregisterName();
    t.is(self.name, undefined);
    t.throws(() => self.unregisterName(), { code: 'name-unknown', message: /has no name/ });
    self.registerName(second);
    t.is(self.name, 'second');
  });
  t.is(node.whereis(first), undefined);
  t.is(node.whereis(second), pid);
});

test('the pid of a process is what spawn gave [L5]', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  t.is(await run((self) => self.pid), pid);
  t.like(pid, { node: node.name, creation: node.creation });
  t.deepEqual(JSON.parse(JSON.stringify(pid)), {
    node: node.name,
    id: pid.id,
    creation: node.creation,
  });
  t.is(inspect(pid), String(pid));
  t.regex(String(pid), new RegExp(`^<[0-9A-F]{8}\\.0\\.${pid.id}>$`));
});

test('parent and leader of what the node spawns are the node [L6]', async (t) => {
  const node = await quietNode(t);
  const { run } = await spawnWitness(node);
  await run((self) => {
    t.is(self.parent, node.pid);
    t.is(self.leader, node.pid);
  });
});

test('uptime begins at 0, however long the node was idle, and grows [L7]', async (t) => {
  const node = await quietNode(t);
  const idleSince = performance.now();
  while (performance.now() - idleSince < 50) await turn();
  class Newborn extends Actor {
    readonly atBirth = this.uptimeMs;
  }
  let newborn: Newborn | undefined;
  class Seen extends Newborn {
    override init(): void {
      // oxlint-disable-next-line no-this-alias
      newborn = this;
    }
  }
  const begin = performance.now();
  await node.spawn(Seen);
  t.true((newborn?.atBirth ?? Infinity) <= performance.now() - begin + 1);
  await waitFor('a later time', () => (newborn?.uptimeMs ?? 0) > 1);
});

test('a process is running inside of its callback [L8]', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<string[]>();
  node.send(pid, (self) => resolve([self.state, node.processState(pid), self.info().state]));
  t.deepEqual(await promise, ['running', 'running', 'running']);
});

test('the priority of what a process sends is normal until it sets another [L10]', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  await run((self) => {
    t.is(self.priority, 'normal');
    self.priority = 'max';
    t.is(self.priority, 'max');
    for (const bad of ['urgent', '', 1, null, undefined]) {
      t.throws(() => (self.priority = bad as Priority), {
        code: 'incorrect',
        message: /^priority must be 'normal', 'high' or 'max'/,
      });
    }
    t.is(self.priority, 'max');
  });
  t.is(node.processInfo(pid).priority, 'max');
  t.is(
    await spawnWitness(node, { priority: 'high' }).then((high) =>
      high.run((self) => self.priority),
    ),
    'high',
  );
});

test('a message waits in the queue of its priority [L10]', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  const sender = await spawnWitness(node);
  await sender.run((self) => {
    for (const priority of ['normal', 'high', 'max'] as const) {
      self.priority = priority;
      self.send(pid, () => undefined);
    }
    self.send(pid, () => undefined, { priority: 'normal' });
    t.deepEqual(node.processInfo(pid).queues, { urgent: 1, system: 1, main: 2, log: 0 });
  });
});

test('aliases are listed in the order of their creation [L11]', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  await run((self) => {
    t.deepEqual(self.aliases, []);
    const one = self.createAlias();
    const two = self.createAlias();
    t.not(one as Alias<unknown>, two as Alias<unknown>);
    t.notDeepEqual(String(one), String(two));
    t.deepEqual(self.aliases, [one, two]);
    self.deleteAlias(one);
    t.deepEqual(self.aliases, [two]);
    t.throws(() => self.deleteAlias(one), { code: 'alias-unknown' });
    t.deepEqual(self.aliases, [two]);
    t.deepEqual(node.processInfo(pid).aliases, [two] as never);
  });
});

test('events are listed in the order of their registration [L12]', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  await run((self) => {
    t.deepEqual(self.events, []);
    self.registerEvent(eventName('one'));
    self.registerEvent(eventName('two'));
    t.deepEqual(self.events, ['one', 'two']);
    self.unregisterEvent('one');
    t.deepEqual(self.events, ['two']);
    t.throws(() => self.unregisterEvent('one'), { code: 'event-unknown' });
  });
  t.deepEqual(node.processInfo(pid).events, ['two']);
});

test('the parent of a child is who spawned it, and a child may have a name [L13]', async (t) => {
  const node = await quietNode(t);
  const parent = await spawnWitness(node);
  const child = await parent.run((self) => spawnWitness(node, { parent: self }));
  const named = await parent.run((self) => spawnWitness(node, { parent: self, name: first }));
  t.is(await child.run((self) => self.parent), parent.pid);
  t.is(await child.run((self) => self.name), undefined);
  t.is(await named.run((self) => self.parent), parent.pid);
  t.is(await named.run((self) => self.name), 'first');
  t.is(node.whereis(first), named.pid);
});

test('flags are off at first, and only booleans set them', async (t) => {
  const node = await quietNode(t);
  const { run } = await spawnWitness(node);
  await run((self) => {
    for (const flag of ['trapExit', 'splitHandle'] as const) {
      t.false(self[flag]);
      for (const bad of [1, 'yes', null, undefined]) {
        t.throws(() => (self[flag] = bad as never), {
          code: 'incorrect',
          message: new RegExp(`^${flag} must be true or false`),
        });
      }
      t.false(self[flag]);
      self[flag] = true;
      t.true(self[flag]);
    }
  });
});

test('a process prints as its class and pid', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  await run((self) => t.is(inspect(self), `Witness ${pid}`));
});

test('the signal of a process aborts with its end, and with the reason', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  const signal = await run((self) => self.signal);
  t.is(await run((self) => self.signal), signal);
  t.false(signal.aborted);
  node.kill(pid);
  t.true(signal.aborted);
  t.is(signal.reason, 'kill');
});

test('the signal of a process that has ended is aborted', async (t) => {
  const node = await quietNode(t);
  const { run, pid } = await spawnWitness(node);
  const self = await run((witness) => ({ witness }));
  node.kill(pid);
  t.true(self.witness.signal.aborted);
  t.is(self.witness.signal.reason, 'kill');
});

test('a class made by hand is no process', async (t) => {
  const node = await quietNode(t);
  class Counter extends Actor {}
  const expected = {
    code: 'not-allowed',
    message: 'new Counter() makes no process; use spawn(Counter)',
  } as const;
  t.throws(() => new Counter(), expected);
  class Nesting extends Actor {
    readonly inner = new Counter();
  }
  await t.throwsAsync(node.spawn(Nesting), expected);
  const { run } = await spawnWitness(node);
  await run(() => t.throws(() => new Counter(), expected));
  t.is(node.info().processes, 1);
});
