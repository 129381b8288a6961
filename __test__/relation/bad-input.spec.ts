import test from 'ava';
import { processId, processName } from 'tergo';
import { everyValue } from '../support/bad-values.ts';
import { waitFor } from '../support/wait-for.ts';
import { holdings, quietNode, spawnWitness, type Witness } from '../support/witness.ts';

/** A function of this area with one argument to spoil; any wrong value must be refused by its name. */
interface Spoilable {
  readonly title: string;
  readonly argument: string;
  call(self: Witness, bad: never): unknown;
}

const spoilables: readonly Spoilable[] = [
  { title: 'link', argument: 'target', call: (self, bad) => self.link(bad) },
  { title: 'unlink', argument: 'target', call: (self, bad) => self.unlink(bad) },
  { title: 'monitor', argument: 'target', call: (self, bad) => self.monitor(bad) },
  { title: 'demonitor', argument: 'target', call: (self, bad) => self.demonitor(bad) },
  { title: 'linkNode', argument: 'node', call: (self, bad) => self.linkNode(bad) },
  { title: 'monitorNode', argument: 'node', call: (self, bad) => self.monitorNode(bad) },
  { title: 'registerName', argument: 'name', call: (self, bad) => self.registerName(bad) },
  { title: 'deleteAlias', argument: 'alias', call: (self, bad) => self.deleteAlias(bad) },
  {
    title: 'node.registerName of a name',
    argument: 'name',
    call: (self, bad) => self.node.registerName(bad, self.pid as never),
  },
  {
    title: 'node.registerName of a pid',
    argument: 'pid',
    call: (self, bad) => self.node.registerName('name', bad),
  },
  {
    title: 'node.unregisterName',
    argument: 'name',
    call: (self, bad) => self.node.unregisterName(bad),
  },
  { title: 'node.whereis', argument: 'name', call: (self, bad) => self.node.whereis(bad) },
  { title: 'processName', argument: 'name', call: (_self, bad) => processName(bad) },
  {
    title: 'processId of a name',
    argument: 'name',
    call: (_self, bad) => processId(bad, 'far@away'),
  },
  { title: 'processId of a node', argument: 'node', call: (_self, bad) => processId('name', bad) },
];

for (const { title, argument, call } of spoilables) {
  test(`${title} refuses every wrong ${argument} by its name, and changes nothing`, async (t) => {
    const node = await quietNode(t);
    const self = await spawnWitness(node);
    const before = await holdings(node);
    for (const [value, bad] of everyValue) {
      const attempt = self.run(async (witness) => await call(witness, bad as never));
      const error = await t.throwsAsync(attempt, { code: 'incorrect' }, value);
      t.true(error?.message.startsWith(`${argument} must be`), `${value}: ${error?.message}`);
    }
    t.deepEqual(await holdings(node), before);
  });
}

const badNodes = ['name', '@', 'a@', '@b', 'a@b@c', 'a b@c', `${'x'.repeat(255)}@host`];

for (const { title, call } of spoilables.filter(({ argument }) => argument === 'node')) {
  test(`${title} refuses a string that is no node name`, async (t) => {
    const node = await quietNode(t);
    const self = await spawnWitness(node);
    for (const bad of badNodes) {
      const attempt = self.run(async (witness) => await call(witness, bad as never));
      await t.throwsAsync(attempt, { code: 'incorrect', message: /^node must be/ }, bad);
    }
  });
}

for (const flag of ['trapExit', 'splitHandle'] as const) {
  test(`${flag} takes true and false and nothing else`, async (t) => {
    const node = await quietNode(t);
    const self = await spawnWitness(node);
    for (const [value, bad] of everyValue) {
      if (typeof bad === 'boolean') continue;
      const attempt = self.run((witness) => void (witness[flag] = bad as never));
      const message = new RegExp(`^${flag} must be true or false`);
      await t.throwsAsync(attempt, { code: 'incorrect', message }, value);
    }
    t.false(await self.run((witness) => witness[flag]));
  });
}

test('a process that is stopped by bad input in a callback takes that error as its reason', async (t) => {
  const node = await quietNode(t);
  const [self, watcher] = [await spawnWitness(node), await spawnWitness(node)];
  await watcher.run((witness) => witness.monitor(self.pid));
  node.send(self.pid, async (witness) => {
    await witness.link(42 as never);
  });
  await waitFor('the down message', () => watcher.seen.length === 1);
  t.like(watcher.seen[0], { on: 'down', ended: { kind: 'pid', pid: self.pid } });
});
