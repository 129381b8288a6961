import test from 'ava';
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

test('what is sent to an alias reaches its process, until the alias is deleted', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  const alias = await self.run((witness) => witness.createAlias());
  const reached: string[] = [];
  t.is(
    node.send(alias, () => void reached.push('by alias')),
    'ok',
  );
  await self.run((witness) => witness.deleteAlias(alias));
  t.is(
    node.send(alias, () => void reached.push('too late')),
    'alias-unknown',
  );
  await self.heard();
  t.deepEqual(reached, ['by alias']);
});

test('only its process may delete an alias: alias-owner for others, alias-unknown the second time', async (t) => {
  const node = await quietNode(t);
  const [self, other] = [await spawnWitness(node), await spawnWitness(node)];
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

test('a relation on an alias does not outlive it, though its place is used again', async (t) => {
  const node = await quietNode(t);
  const [self, watcher] = [await spawnWitness(node), await spawnWitness(node)];
  const first = await self.run((witness) => witness.createAlias());
  await watcher.run((witness) => witness.monitor(first));
  await self.run((witness) => {
    witness.deleteAlias(first);
    witness.createAlias();
  });
  t.is((await watcher.heard()).length, 1);
  node.kill(self.pid);
  await gone(node, self);
  t.is((await watcher.heard()).length, 1);
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
