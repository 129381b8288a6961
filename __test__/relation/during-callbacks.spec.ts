import test from 'ava';
import { Actor, type ExitReason } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import {
  gone,
  holdings,
  holdsAgain,
  quietNode,
  spawnWitness,
  type Handle,
} from '../support/witness.ts';

test('while the promise of a callback is pending, notices wait; they come first after it', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const self = await spawnWitness(node, { trapExit: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  const order: string[] = [];
  node.send(self.pid, async (witness) => {
    await witness.link(target.pid);
    await witness.monitor(target.pid);
    node.send(self.pid, () => void order.push(`message after ${self.seen.length} notices`));
    node.kill(target.pid);
    await promise;
    order.push(`callback over after ${self.seen.length} notices`);
  });
  await gone(node, target);
  await waitFor('what waits', () => node.processInfo(self.pid).mailbox === 3);
  resolve();
  t.deepEqual(
    (await self.heard()).map(({ on }) => on),
    ['exit', 'down'],
  );
  t.deepEqual(order, ['callback over after 0 notices', 'message after 2 notices']);
});

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
