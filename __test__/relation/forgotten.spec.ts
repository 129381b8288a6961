import test from 'ava';
import type { Node } from 'tergo';
import { infoOf, placedNode, places, settled, witnessOn } from '../support/places.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  gone,
  holdings,
  holdsAgain,
  quietNode,
  spawnWitness,
  type Handle,
} from '../support/witness.ts';
import { addressKinds, addressOf } from './ends.ts';

const consumerCount = 1000;
const targetCount = 100;

for (const place of places) {
  for (const kind of addressKinds) {
    test(`a process that ends is forgotten by the ${kind} that it was linked to and monitored [C12]${place.title}`, async (t) => {
      const node = await placedNode(t, place);
      const target = await witnessOn(node, place.other);
      const address = await addressOf(node, target, kind);
      const other = await witnessOn(node, place.self);
      await other.run((self) => address.monitor(self));
      await settled(node);
      const { links, monitors, processes } = node.info();

      const consumer = await witnessOn(node, place.self);
      await consumer.run((self) => address.link(self));
      await consumer.run((self) => address.monitor(self));
      await settled(node);
      t.like(node.info(), { links: links + 1, monitors: monitors + 1 });
      node.kill(consumer.pid);
      await gone(node, consumer);
      await settled(node);
      t.like(node.info(), { links, monitors, processes });

      // The relation of somebody else on the same target stays and fires.
      node.kill(target.pid);
      await waitFor('the notice', () => other.seen.length > 0);
      const ended = { ...address.shown, reason: 'kill' };
      t.deepEqual((await other.heard()) as unknown[], [{ on: 'down', ended }]);
    });
  }

  test(`an end forgets only the relations of that process, whatever their targets [C12] [C13]${place.title}`, async (t) => {
    const node = await placedNode(t, place);
    const targets = [await witnessOn(node, place.other), await witnessOn(node, place.other)];
    const consumer = await witnessOn(node, place.self);
    const other = await witnessOn(node, place.self);
    for (const target of targets) {
      for (const self of [consumer, other])
        await self.run((witness) => witness.monitor(target.pid));
    }
    const shown = targets.map(({ pid }) => ({ kind: 'pid', pid }));
    node.kill(consumer.pid);
    await gone(node, consumer);
    await settled(node);
    t.is(node.info().monitors, 2);
    t.deepEqual((await infoOf(node, other.pid)).monitors as unknown[], shown);
    node.kill(targets[0]!.pid);
    await waitFor('the notice', () => other.seen.length > 0);
    t.deepEqual((await infoOf(node, other.pid)).monitors as unknown[], shown.slice(1));
  });
}

// How many it may be is tested on one thread.
test('a hundred thousand links and monitors leave nothing behind when the subscribers end', async (t) => {
  const node = await quietNode(t);
  const targets = await spawnMany(node, targetCount);
  const before = await holdings(node);
  for (let round = 0; round < 2; round += 1) {
    const consumers = await spawnMany(node, consumerCount);
    await relateAll(consumers, targets);
    t.is(node.info().links + node.info().monitors, consumerCount * targetCount);
    for (const { pid } of consumers) node.kill(pid);
    await holdsAgain(node, before);
  }
  t.deepEqual(
    targets.flatMap(({ seen }) => seen),
    [],
  );
});

test('a hundred thousand links and monitors fire once each when the targets end, and leave nothing behind', async (t) => {
  const node = await quietNode(t);
  const consumers = await spawnMany(node, consumerCount, true);
  const before = await holdings(node);
  for (let round = 1; round <= 2; round += 1) {
    const targets = await spawnMany(node, targetCount);
    await relateAll(consumers, targets);
    for (const { pid } of targets) node.kill(pid);
    for (const consumer of consumers) {
      const ended = (await consumer.heard()).slice(-targetCount).map((notice) => {
        return 'ended' in notice && notice.ended.kind === 'pid' ? notice.ended.pid : undefined;
      });
      if (consumer.seen.length !== round * targetCount || new Set(ended).size !== targetCount)
        t.fail(
          `${consumer.pid} heard ${consumer.seen.length} times of ${new Set(ended).size} ends`,
        );
    }
    await holdsAgain(node, before);
  }
  t.pass();
});

test('a hundred thousand links that are taken back leave nothing behind', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const consumer = await spawnWitness(node);
  const before = await holdings(node);
  await consumer.run(async (self) => {
    for (let round = 0; round < 1000; round += 1) {
      const made: Promise<void>[] = [];
      for (let pair = 0; pair < 50; pair += 1) {
        made.push(self.link(target.pid), self.unlink(target.pid));
        made.push(self.monitor(target.pid), self.demonitor(target.pid));
      }
      await Promise.all(made);
    }
  });
  await holdsAgain(node, before);
  t.pass();
});

test('notices that the subscriber did not live to take leave nothing behind', async (t) => {
  const node = await quietNode(t);
  const before = await holdings(node);
  const [target, consumer] = await spawnMany(node, 2);
  await consumer!.run((self) => self.monitor(target!.pid));
  await consumer!.run((self) => self.link(target!.pid));
  await consumer!.run((self) => self.registerEvent('own', { notify: true }));
  await target!.run((self) => self.monitorEvent('own'));
  // All in one turn: the exit, the down and the stop notice reach a process that ends meanwhile.
  node.kill(target!.pid);
  node.kill(consumer!.pid);
  await holdsAgain(node, before);
  t.deepEqual(
    consumer!.seen.map(({ on }) => on),
    ['event-start', 'terminate'],
  );
});

test('a process that has ended can no longer make relations, nor take back those of whoever has its slot', async (t) => {
  const node = await quietNode(t);
  const [target, late] = await spawnMany(node, 2);
  await target!.run((self) => self.registerEvent('prices'));
  const self = await late!.run((witness) => witness);
  node.kill(late!.pid);
  await gone(node, late!);
  // More than one block of slots, so that the one that became free is taken.
  const heirs = await spawnMany(node, 3000);
  for (const heir of heirs) await heir.run((witness) => witness.monitorEvent('prices'));
  for (const attempt of [
    () => self.link(target!.pid),
    () => self.monitor(target!.pid),
    () => self.linkEvent('prices'),
    () => self.unlink(target!.pid),
    () => self.demonitor(target!.pid),
    () => self.demonitorEvent('prices'),
    () => self.linkNode('far@away'),
    () => self.monitorNode('far@away'),
  ]) {
    await t.throwsAsync(attempt, { code: 'not-allowed' });
  }
  t.like(node.info(), { links: 0, monitors: heirs.length });
});

async function spawnMany(node: Node, count: number, trapExit = false): Promise<Handle[]> {
  return await Promise.all(Array.from({ length: count }, () => spawnWitness(node, { trapExit })));
}

/** Every other consumer links to all targets, the rest monitor them. */
async function relateAll(consumers: readonly Handle[], targets: readonly Handle[]): Promise<void> {
  await Promise.all(
    consumers.map((consumer, at) =>
      consumer.run((self) =>
        Promise.all(targets.map(({ pid }) => (at % 2 === 0 ? self.link(pid) : self.monitor(pid)))),
      ),
    ),
  );
}
