import test from 'ava';
import { processId, processName, type ProcessName } from 'tergo';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import {
  gone,
  holdings,
  holdsAgain,
  quietNode,
  spawnWitness,
  type WitnessProtocol,
} from '../support/witness.ts';

const name: ProcessName<WitnessProtocol> = processName('one');

test.after.always(closeShared);

for (const place of places) {
  test(`a name is free, taken, free again: registered, refused to a second process, given up${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = processName<WitnessProtocol>(freshName('one'));
    const [first, second] = [await witnessOn(node, place.other), await witnessOn(node, place.self)];
    t.is(node.whereis(name), undefined);
    await first.run((self) => self.registerName(name));
    t.is(node.whereis(name), first.pid);
    t.is((await infoOf(node, first.pid)).name, name);
    t.throws(() => node.registerName(name, second.pid), { code: 'taken' });
    await t.throwsAsync(
      second.run((self) => self.registerName(name)),
      { code: 'taken' },
    );

    await first.run((self) => self.unregisterName());
    t.is(node.whereis(name), undefined);
    t.is((await infoOf(node, first.pid)).name, undefined);
    node.registerName(name, second.pid);
    t.is(node.whereis(name), second.pid);
    if (!place.isThreaded) t.is(node.info().registeredNames, 1);
  });

  test(`a process has one name at most: a second one is taken, until the first is given up${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = processName<WitnessProtocol>(freshName('one'));
    const self = await witnessOn(node, place.other, { name });
    const otherName = processName<WitnessProtocol>(freshName('other'));
    t.throws(() => node.registerName(otherName, self.pid), { code: 'taken' });
    await t.throwsAsync(
      self.run((witness) => witness.registerName(otherName)),
      { code: 'taken' },
    );
    t.is(node.whereis(otherName), undefined);
    t.is(node.unregisterName(name), self.pid);
    node.registerName(otherName, self.pid);
    await settled(node);
    t.is((await infoOf(node, self.pid)).name, otherName);
  });

  test(`giving up a name that there is not throws name-unknown${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = processName<WitnessProtocol>(freshName('one'));
    const self = await witnessOn(node, place.other, { name });
    t.throws(() => node.unregisterName(processName(freshName('other'))), { code: 'name-unknown' });
    await self.run((witness) => witness.unregisterName());
    t.throws(() => node.unregisterName(name), { code: 'name-unknown' });
    await t.throwsAsync(
      self.run((witness) => witness.unregisterName()),
      { code: 'name-unknown' },
    );
  });

  test(`a name is free again when its process ends, and messages to it find nobody${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = processName<WitnessProtocol>(freshName('one'));
    const before = await holdings(node);
    const self = await witnessOn(node, place.other, { name });
    node.kill(self.pid);
    await gone(node, self);
    t.is(node.whereis(name), undefined);
    t.is(
      node.send(name, () => undefined),
      'name-unknown',
    );
    if (!place.isThreaded) await holdsAgain(node, before);
    const heir = await witnessOn(node, place.self, { name });
    t.is(node.whereis(name), heir.pid);
  });

  test(`a relation on a name follows the name that it was made on, not its next holder${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = processName<WitnessProtocol>(freshName('one'));
    const [first, second] = [
      await witnessOn(node, place.other, { name }),
      await witnessOn(node, place.self),
    ];
    const watcher = await witnessOn(node, place.self);
    await watcher.run((self) => self.monitor(name));
    node.unregisterName(name);
    node.registerName(name, second.pid);
    t.is((await watcher.heard()).length, 1);

    await watcher.run((self) => self.monitor(processId(name, node.name)));
    node.kill(first.pid);
    await gone(node, first);
    t.is((await watcher.heard()).length, 1);
    node.kill(second.pid);
    await gone(node, second);
    t.deepEqual((await watcher.heard()).slice(1), [
      { on: 'down', ended: { kind: 'name', name, node: node.name, reason: 'kill' } },
    ]);
  });
}

test('a spawn with a taken name rejects and spawns nothing', async (t) => {
  const node = await quietNode(t);
  await spawnWitness(node, { name });
  const { spawned } = node.info();
  await t.throwsAsync(spawnWitness(node, { name }), { code: 'taken', message: /'one'/ });
  t.like(node.info(), { spawned, processes: 1 });
});

test('the node gives a name to its process by pid; a process that has ended is unknown', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  node.kill(self.pid);
  await gone(node, self);
  t.throws(() => node.registerName(name, self.pid), { code: 'process-unknown' });
  t.is(node.info().registeredNames, 0);
});

test('names of processes, aliases and names of events do not get in the way of each other', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node, { name });
  await self.run((witness) => {
    witness.registerEvent('one');
    witness.createAlias();
  });
  t.like(node.info(), { registeredNames: 1, registeredEvents: 1, registeredAliases: 1 });
  await self.run((witness) => witness.unregisterName());
  t.deepEqual(node.processInfo(self.pid).events, ['one']);
});

test('names of any 255 bytes are fine; longer ones and empty ones are not', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  for (const good of ['x'.repeat(255), 'ü'.repeat(127), '名前 mit space\n', '__proto__']) {
    node.registerName(processName<WitnessProtocol>(good), self.pid);
    t.is(node.unregisterName(processName<WitnessProtocol>(good)), self.pid);
  }
  for (const bad of ['', 'x'.repeat(256), 'ü'.repeat(128)]) {
    const refusal = { code: 'incorrect', message: /^name must be/ };
    t.throws(() => node.registerName(bad as typeof name, self.pid), refusal);
    t.throws(() => processName(bad), refusal);
  }
});
