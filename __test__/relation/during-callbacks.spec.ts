import test from 'ava';
import { Actor, type ExitReason, type Pid } from 'tergo';
import { closedGate } from '../support/clerk-places.ts';
import {
  closeShared,
  infoOf,
  placedNode,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  gone,
  holdings,
  holdsAgain,
  quietNode,
  spawnWitness,
  type Handle,
} from '../support/witness.ts';

test.after.always(closeShared);

for (const place of places) {
  test(`while the promise of a callback is pending, notices wait; they come first after it${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const gate = await closedGate(node);
    const { gate: asked } = gate.wait() as { gate: Pid<unknown> };
    const target = await witnessOn(node, place.other);
    const self = await witnessOn(node, place.self, { trapExit: true });
    await self.run((witness) => witness.link(target.pid));
    await self.run((witness) => witness.monitor(target.pid));
    const held = self.run((each) => each.call(asked, { type: 'wait' }, { timeoutMs: 60_000 }));
    await gate.entered;
    node.send(self.pid as Pid<unknown>, 'behind');
    node.kill(target.pid);
    await gone(node, target);
    await waitFor('what waits', async () => (await infoOf(node, self.pid)).mailbox === 3);
    t.deepEqual(self.seen, []);
    gate.open();
    await held;
    t.deepEqual(
      (await self.heard()).map(({ on }) => on),
      ['exit', 'down', 'message'],
    );
  });

  test(`a link of a process that is killed while it waits for it leaves nothing behind${place.title}`, async (t) => {
    const node = await placedNode(t, place);
    const target = await witnessOn(node, place.other);
    await settled(node);
    const { links, processes } = node.info();
    for (let round = 0; round < 5; round++) {
      const self = await witnessOn(node, place.self);
      // Whether that is taken before it ends is not known.
      void self.run((each) => each.link(target.pid)).catch(() => undefined);
      node.kill(self.pid);
      await gone(node, self);
      await settled(node);
    }
    t.like(node.info(), { links, processes });
    t.deepEqual(await target.heard(), []);
  });
}

// What a test makes an `init` or a `terminate` do is a function, which cannot travel.
test('links made in init hold from then on, and a target that ends during init takes the process along', async (t) => {
  class Linked extends Actor {
    override async init(to: Handle, then: () => void): Promise<void> {
      await this.link(to.pid);
      then();
    }
  }
  const node = await quietNode(t);
  const before = await holdings(node);
  const [first, second] = [await spawnWitness(node), await spawnWitness(node)];
  const pid = await node.spawn(Linked, { args: [first, () => undefined] });
  t.deepEqual(node.processInfo(pid).links, [{ kind: 'pid', pid: first.pid }]);
  node.kill(first.pid);
  await gone(node, { pid });

  const late = await node.spawn(Linked, { args: [second, () => node.kill(second.pid)] });
  await gone(node, { pid: late });
  await holdsAgain(node, before);
});

test('an init that links to nobody rejects the spawn with that error and leaves nothing behind', async (t) => {
  class Linked extends Actor {
    override async init(to: Handle): Promise<void> {
      await this.monitor(to.pid);
      await this.link('nobody');
    }
  }
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const before = await holdings(node);
  const spawned = node.spawn(Linked, { args: [target] });
  await t.throwsAsync(spawned, { code: 'process-unknown', message: /nobody/ });
  await holdsAgain(node, before);
});

test('in terminate the links are gone and none can be made, but others have been told already', async (t) => {
  class Last extends Actor<{ message: never }> {
    #attempts!: Promise<unknown>[];
    #target!: Handle;
    override async init(target: Handle, attempts: Promise<unknown>[]): Promise<void> {
      this.#attempts = attempts;
      this.#target = target;
      this.registerEvent('last');
      await this.link(target.pid);
    }
    override handleMessage(): never {
      throw new Error('never sent');
    }
    override async terminate(_reason: ExitReason): Promise<void> {
      const { pid } = this.#target;
      this.#attempts.push(this.link(pid), this.monitor(pid), this.unlink(pid));
      await Promise.allSettled(this.#attempts);
    }
  }
  const node = await quietNode(t);
  const [target, watcher] = [await spawnWitness(node), await spawnWitness(node)];
  const attempts: Promise<unknown>[] = [];
  const pid = await node.spawn(Last, { args: [target, attempts] });
  await watcher.run((self) => self.monitor(pid));
  node.kill(pid);
  t.is(attempts.length, 3);
  for (const attempt of attempts) await t.throwsAsync(attempt, { code: 'not-allowed' });
  t.deepEqual(await watcher.heard(), [{ on: 'down', ended: { kind: 'pid', pid, reason: 'kill' } }]);
  t.like(node.info(), { links: 0, monitors: 0, registeredEvents: 0 });
});

test('a process that is killed while it waits for its link leaves none behind', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const before = await holdings(node);
  const self = await spawnWitness(node);
  node.send(self.pid, async (witness) => {
    const linking = witness.link(target.pid);
    node.kill(self.pid);
    await linking;
  });
  await gone(node, self);
  await holdsAgain(node, before);
  t.deepEqual(
    self.seen.map(({ on }) => on),
    ['terminate'],
  );
});
