import test from 'ava';
import type { Node } from 'tergo';
import {
  closeShared,
  infoOf,
  places,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { gone, holdings, holdsAgain, quietNode, spawnWitness } from '../support/witness.ts';
import type { Handle, Witness } from '../support/witness.ts';

test('a chain of a thousand links falls to its end, each process for the end of the one before', async (t) => {
  const node = await quietNode(t);
  const before = await holdings(node);
  const chain = await spawnChain(node, 1000);
  const reason = new Error('the first stone');
  node.sendExit(chain[0]!.pid, reason);
  await gone(node, chain.at(-1)!);
  for (const [at, { seen }] of chain.entries()) {
    const exit = { kind: 'pid' as const, pid: chain[at - 1]?.pid ?? node.pid, reason };
    t.deepEqual(seen, [{ on: 'terminate', reason, exit }]);
  }
  await holdsAgain(node, before);
});

test('a chain falls up to the process that traps exits', async (t) => {
  const node = await quietNode(t);
  const chain = await spawnChain(node, 100, 50);
  node.kill(chain[0]!.pid);
  await gone(node, chain[49]!);
  t.deepEqual(await chain[50]!.heard(), [
    { on: 'exit', ended: { kind: 'pid', pid: chain[49]!.pid, reason: 'kill' } },
  ]);
  t.is(node.info().processes, 50);
  t.is(node.info().links, 49);
});

test('a ring of links falls once around', async (t) => {
  const node = await quietNode(t);
  const before = await holdings(node);
  const ring = await spawnChain(node, 100);
  await ring[0]!.run((self) => self.link(ring.at(-1)!.pid));
  node.kill(ring[30]!.pid);
  await holdsAgain(node, before);
  for (const { seen } of ring) t.is(seen.length, 1);
});

test.after.always(closeShared);

for (const place of places) {
  test(`two processes that link to each other end together, each told once${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const [one, other] = [await witnessOn(node, place.self), await witnessOn(node, place.other)];
    await one.run((self) => self.link(other.pid));
    await other.run((self) => self.link(one.pid));
    if (!place.isThreaded) t.is(node.info().links, 2);
    node.kill(one.pid);
    await witnessGone(node, one);
    await witnessGone(node, other);
    const exit = { kind: 'pid' as const, pid: one.pid, reason: 'kill' as const };
    t.deepEqual(other.seen, [{ on: 'terminate', reason: 'kill', exit }]);
    t.deepEqual(one.seen, [{ on: 'terminate', reason: 'kill', exit: undefined }]);
    if (!place.isThreaded) t.is(node.info().links, 0);
  });

  test(`a link is one-way: the end of the linking process does not touch its target${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const linker = await witnessOn(node, place.self);
    await linker.run((self) => self.link(target.pid));
    node.kill(linker.pid);
    await gone(node, linker);
    t.deepEqual(await target.heard(), []);
    t.not((await infoOf(node, target.pid)).state, 'terminated');
  });
}

test('one end reaches a thousand linked and monitoring processes, each once', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const around = await spawnMany(node, 1000, true);
  for (const self of around) {
    await self.run((witness) => witness.link(target.pid));
    await self.run((witness) => witness.monitor(target.pid));
  }
  node.kill(target.pid);
  for (const self of around) {
    t.deepEqual(
      (await self.heard()).map(({ on }) => on),
      ['exit', 'down'],
    );
  }
});

test('a link that is asked for before its target ends in the same turn is made, and fires', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const self = await spawnWitness(node, { trapExit: true });
  const order: string[] = [];
  await self.run((witness) => {
    void witness.link(target.pid).then(() => order.push('linked'));
    void witness.monitor(target.pid).then(() => order.push('monitored'));
    node.kill(target.pid);
  });
  const ended = { kind: 'pid' as const, pid: target.pid, reason: 'kill' as const };
  t.deepEqual(await self.heard(), [
    { on: 'exit', ended },
    { on: 'down', ended },
  ]);
  t.deepEqual(order, ['linked', 'monitored']);
  t.like(node.info(), { links: 0, monitors: 0 });
});

test('a link that is asked for after its target ended in the same turn is refused', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const self = await spawnWitness(node);
  await t.throwsAsync(
    self.run((witness) => {
      node.kill(target.pid);
      return witness.link(target.pid);
    }),
    { code: 'process-unknown' },
  );
  t.deepEqual(await self.heard(), []);
});

test('a link that is asked for and taken back in one turn does not fire', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const self = await spawnWitness(node);
  await self.run((witness) => {
    const made = Promise.all([witness.link(target.pid), witness.unlink(target.pid)]);
    node.kill(target.pid);
    return made;
  });
  t.deepEqual(await self.heard(), []);
});

test('whether an exit is trapped is decided when it is taken: on, off and on again', async (t) => {
  const node = await quietNode(t);
  const targets = await spawnMany(node, 2);
  const self = await spawnWitness(node);
  for (const { pid } of targets) await self.run((witness) => witness.link(pid));
  await self.run((witness) => void (witness.trapExit = true));
  node.kill(targets[0]!.pid);
  t.is((await self.heard()).length, 1);
  await self.run((witness) => void (witness.trapExit = false));
  node.kill(targets[1]!.pid);
  await gone(node, self);
  t.deepEqual(
    self.seen.map(({ on }) => on),
    ['exit', 'terminate'],
  );
});

const byPid = (self: Witness, parent: Handle): Promise<void> => self.link(parent.pid);
const byName = (self: Witness): Promise<void> => self.link('parent');

for (const { how, link, traps } of [
  { how: 'the link to its pid', link: byPid, traps: false },
  { how: 'the link to its name', link: byName, traps: true },
]) {
  const outcome = traps ? 'comes to a child that traps' : 'ends a child, trapping or not';
  test(`the end of the parent ${outcome} by ${how}`, async (t) => {
    const node = await quietNode(t);
    const parent = await spawnWitness(node, { name: 'parent' });
    const child = await parent.run((self) => spawnWitness(node, { parent: self, trapExit: true }));
    await child.run((self) => link(self, parent));
    node.kill(parent.pid);
    await gone(node, parent);
    if (!traps) await gone(node, child);
    else await child.heard();
    t.deepEqual(
      child.seen.map(({ on }) => on),
      [traps ? 'exit' : 'terminate'],
    );
  });
}

test('linkParent ends the child with its parent; linkChild ends the parent with its child', async (t) => {
  const node = await quietNode(t);
  const [parent, other] = await spawnMany(node, 2);
  const child = await parent!.run((self) =>
    spawnWitness(node, { parent: self, linkParent: true, trapExit: true }),
  );
  t.deepEqual(node.processInfo(child.pid).links, [{ kind: 'pid', pid: parent!.pid }]);
  node.kill(parent!.pid);
  await gone(node, child);
  t.like(child.seen, [{ on: 'terminate', reason: 'kill' }]);

  const ward = await other!.run((self) => spawnWitness(node, { parent: self, linkChild: true }));
  t.deepEqual(node.processInfo(other!.pid).links, [{ kind: 'pid', pid: ward.pid }]);
  node.kill(ward.pid);
  await gone(node, other!);
  t.like(other!.seen, [{ on: 'terminate', exit: { kind: 'pid', pid: ward.pid } }]);
});

test('links to the parent mean nothing for a process that the node spawned', async (t) => {
  const node = await quietNode(t);
  await spawnWitness(node, { linkParent: true, linkChild: true });
  t.is(node.info().links, 0);
});

async function spawnMany(node: Node, count: number, trapExit = false): Promise<Handle[]> {
  return await Promise.all(Array.from({ length: count }, () => spawnWitness(node, { trapExit })));
}

/** Processes each of which is linked to the one before; one of them may trap exits. */
async function spawnChain(node: Node, length: number, trapping?: number): Promise<Handle[]> {
  const chain: Handle[] = [];
  for (let at = 0; at < length; at += 1) {
    const next = await spawnWitness(node, { trapExit: at === trapping });
    const before = chain.at(-1);
    if (before !== undefined) await next.run((self) => self.link(before.pid));
    chain.push(next);
  }
  return chain;
}
