import test from 'ava';
import type { Alias } from 'tergo';
import { closeShared, places, sharedPlace, witnessGone, witnessOn } from '../support/places.ts';
import { gone, holdings, holdsAgain, quietNode, spawnWitness } from '../support/witness.ts';

test('aliases are listed oldest first; a deleted one is missing, the others stay', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  const aliases = await self.run((witness) => [
    witness.createAlias(),
    witness.createAlias(),
    witness.createAlias(),
  ]);
  t.is(new Set(aliases.map(String)).size, 3);
  t.deepEqual(node.processInfo(self.pid).aliases, aliases);
  await self.run((witness) => witness.deleteAlias(aliases[1]!));
  t.deepEqual(await self.run((witness) => witness.aliases), [aliases[0]!, aliases[2]!]);
  t.is(node.info().registeredAliases, 2);
});

test.after.always(closeShared);

for (const place of places) {
  test(`what is sent to an alias reaches its process, until the alias is deleted${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const self = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const alias = (await self.run((witness) => witness.createAlias())) as Alias<unknown>;
    t.is(await sender.run((witness) => witness.send(alias, 'by alias')), 'ok');
    t.like(await self.heard(), { length: 1, 0: { message: 'by alias' } });
    await self.run((witness) => witness.deleteAlias(alias));
    t.is(await sender.run((witness) => witness.send(alias, 'too late')), 'alias-unknown');
    t.is((await self.heard()).length, 1);
  });

  test(`only its process may delete an alias: alias-owner for others, alias-unknown the second time${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const [self, other] = [await witnessOn(node, place.other), await witnessOn(node, place.self)];
    const alias = await self.run((witness) => witness.createAlias());
    await t.throwsAsync(
      other.run((witness) => witness.deleteAlias(alias)),
      { code: 'alias-owner' },
    );
    await self.run((witness) => witness.deleteAlias(alias));
    await t.throwsAsync(
      self.run((witness) => witness.deleteAlias(alias)),
      { code: 'alias-unknown' },
    );
  });

  test(`a relation on an alias does not outlive it, though its place is used again${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const [self, watcher] = [await witnessOn(node, place.other), await witnessOn(node, place.self)];
    const first = await self.run((witness) => witness.createAlias());
    await watcher.run((witness) => witness.monitor(first));
    await self.run((witness) => witness.deleteAlias(first));
    await self.run((witness) => witness.createAlias());
    t.is((await watcher.heard()).length, 1);
    node.kill(self.pid);
    await witnessGone(node, self);
    t.is((await watcher.heard()).length, 1);
  });
}

test('the aliases of a process end with it', async (t) => {
  const node = await quietNode(t);
  const before = await holdings(node);
  const self = await spawnWitness(node);
  const alias = await self.run((witness) => {
    for (let count = 0; count < 99; count += 1) witness.createAlias();
    return witness.createAlias();
  });
  t.is(node.info().registeredAliases, 100);
  node.kill(self.pid);
  await gone(node, self);
  t.is(
    node.send(alias, () => undefined),
    'alias-unknown',
  );
  await holdsAgain(node, before);
});

test('an alias is not used again: a hundred thousand in a row are all different, and leave nothing behind', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  const before = await holdings(node);
  const texts = await self.run((witness) => {
    const seen = new Set<string>();
    for (let count = 0; count < 100_000; count += 1) {
      const alias = witness.createAlias();
      seen.add(alias.alias);
      witness.deleteAlias(alias);
    }
    return seen;
  });
  t.is(texts.size, 100_000);
  await holdsAgain(node, before);
});

test('an alias knows its node and its text form, and prints it', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  const alias = await self.run((witness) => witness.createAlias());
  t.is(alias.node, 'quiet@localhost');
  t.regex(alias.alias, /^Alias#<[0-9A-F]{8}\.\d+>$/);
  t.is(String(alias), alias.alias);
  t.deepEqual(JSON.parse(JSON.stringify(alias)), { node: alias.node, alias: alias.alias });
});
