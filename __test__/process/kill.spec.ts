import {
  Actor,
  noreply,
  type AnyPid,
  type Next,
  type Pid,
  type Request,
  type TergoError,
} from 'tergo';
import test from 'ava';
import { clerkOn, closedGate, gatedOn } from '../support/clerk-places.ts';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import {
  gone,
  holdings,
  holdsAgain,
  quietNode,
  spawnWitness,
  type Handle,
} from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

type Ask = Request<{ type: 'ask' }, number>;

/** Holds the calls it gets. */
class Oracle extends Actor<{ message: unknown; request: Ask }> {
  override handleMessage(): Next {
    return noreply;
  }

  override handleCall(): Promise<never> {
    return new Promise(() => undefined);
  }
}

const nothing = (): void => undefined;

const kill = (by: Handle, { pid }: { readonly pid: AnyPid }): Promise<unknown> =>
  by.run((self) => self.killOther(pid));

test.after.always(closeShared);

for (const place of places) {
  test(`a sleeping process ends at once, trapping or not${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const killer = await witnessOn(node, place.self);
    for (const trapExit of [false, true]) {
      const name = freshName('victim');
      const victim = await witnessOn(node, place.other, { trapExit, name });
      await kill(killer, victim);
      if (!place.isThreaded) t.is(node.processState(victim.pid), 'terminated');
      await witnessGone(node, victim);
      await waitFor('the name to be free', () => node.whereis(name as never) === undefined);
      t.deepEqual(victim.seen, [{ on: 'terminate', reason: 'kill', exit: undefined }]);
      await settled(node);
      t.is(await killer.run((self) => self.send(victim.pid as Pid<unknown>, 1)), 'process-unknown');
    }
  });

  test(`a process that is killed takes nothing of what waits for it${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const victim = await gatedOn(node, place.other);
    const killer = await witnessOn(node, place.self);
    await killer.run((self) => self.monitor(victim.pid));
    await killer.run((self) =>
      Array.from({ length: 10 }, () =>
        self.send(victim.pid, { type: 'end', reason: 'normal' }, { priority: 'max' }),
      ),
    );
    await waitFor('all', async () => (await infoOf(node, victim.pid)).mailbox === 10);
    const dropped = node.info().messagesDropped;
    await kill(killer, victim);
    await gone(node, victim);
    t.like(await killer.heard(), [{ on: 'down', ended: { reason: 'kill' } }]);
    await waitFor('the dropped', () => node.info().messagesDropped >= dropped + 10);
    victim.open();
  });

  test(`the callers of a killed process are told${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const gate = await closedGate(node);
    const victim = await clerkOn(node, place.other);
    const [first, second] = [await witnessOn(node, place.self), await witnessOn(node, place.self)];
    const taken = first.run((self) => self.call(victim.pid, gate.wait() as never));
    await gate.entered;
    const waiting = second.run((self) => self.call(victim.pid, { type: 'x' }));
    const told = [taken, waiting].map((call) =>
      t.throwsAsync<TergoError>(call, { code: 'process-terminated' }),
    );
    await waitFor('the second', async () => (await infoOf(node, victim.pid)).mailbox === 1);
    const killer = await witnessOn(node, place.self);
    await kill(killer, victim);
    for (const error of await Promise.all(told)) t.is(error?.cause, 'kill');
    gate.open();
  });
}

test('what waits for a killed process is dropped and counted', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  for (let count = 0; count < 10; count++) node.send(pid, () => t.fail('it was killed before'));
  node.kill(pid);
  t.is(
    node.send(pid, () => undefined),
    'process-unknown',
  );
  await waitFor('the dropped', () => node.info().messagesDropped === 10);
  t.is(node.processList().length, 0);
});

test('a process that waits for a promise ends at once, and what it does later is void', async (t) => {
  const node = await quietNode(t);
  const other = await spawnWitness(node);
  const { pid, seen, run } = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<void>();
  const later = run(async (self) => {
    await promise;
    return [self.send(other.pid, () => t.fail()), self.state, self.signal.aborted];
  });
  await waitFor('the callback', () => node.processState(pid) === 'running');
  node.kill(pid);
  t.is(node.processState(pid), 'terminated');
  t.is(seen.length, 1);
  resolve();
  t.deepEqual(await later, ['not-allowed', 'terminated', true]);
  await turn();
  t.is(seen.length, 1);
});

test('a process that waits for a call ends at once, and its call rejects', async (t) => {
  const node = await quietNode(t);
  const oracle = await node.spawn(Oracle);
  const before = await holdings(node);
  const { pid, run } = await spawnWitness(node);
  const call = run((self) => self.call(oracle, { type: 'ask' }));
  await waitFor('the call', () => node.processState(pid) === 'wait-response');
  node.kill(pid);
  t.is(node.processState(pid), 'terminated');
  await t.throwsAsync(call, { code: 'process-terminated', message: /caller .* has ended/ });
  t.is(node.info().pendingCalls, 0);
  await holdsAgain(node, before);
});

test('a zombie finishes its callback, out of reach and without a voice', async (t) => {
  const node = await quietNode(t);
  const other = await spawnWitness(node);
  const { pid, seen } = await spawnWitness(node, { name: 'zombie' });
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  node.send(pid, (self) => {
    node.kill(pid);
    const reached = [node.send(pid, nothing), node.send('zombie' as never, nothing as never)];
    const spoken = [self.send(other.pid, nothing), self.sendExit(other.pid, 'normal')];
    resolve([...reached, node.sendExit(pid, 'normal'), ...spoken, seen.length]);
  });
  node.send(pid, () => t.fail('a zombie takes no further message'));
  const unknown = 'process-unknown';
  t.deepEqual(await promise, [unknown, unknown, unknown, 'not-allowed', 'not-allowed', 0]);
  await gone(node, { pid });
  t.deepEqual(await other.heard(), []);
  t.like(seen, { length: 1, 0: { reason: 'kill' } });
});

test('a zombie can neither be killed again nor start a timer, call or spawn', async (t) => {
  const node = await quietNode(t);
  const other = await spawnWitness(node);
  const { pid } = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  node.send(pid, (self) => {
    node.kill(pid);
    const results = [
      () => node.kill(pid),
      () => self.sendAfter(other.pid, nothing, 1),
      () => self.call(other.pid, {} as never),
      () => self.spawn(Oracle),
    ].map(async (action) => action());
    resolve(results.map((result) => result.catch(({ code }: TergoError) => code)));
  });
  const codes = await Promise.all(await promise);
  t.deepEqual(codes, ['process-unknown', 'not-allowed', 'not-allowed', 'not-allowed']);
});

test('a zombie that returns stop, throws or waits ends with the reason kill', async (t) => {
  const node = await quietNode(t);
  const endings: ((self: { sendExit: unknown }) => unknown)[] = [
    () => undefined,
    () => {
      throw new Error('too late');
    },
    () => Promise.reject(new Error('too late')),
    () => new Promise(() => undefined),
  ];
  for (const ending of endings) {
    const { pid, seen } = await spawnWitness(node);
    node.send(pid, (self) => {
      node.kill(pid);
      return ending(self) as undefined;
    });
    await gone(node, { pid });
    t.like(seen, { length: 1, 0: { on: 'terminate', reason: 'kill' } });
  }
});

test('the call that a zombie has in hand rejects', async (t) => {
  const node = await quietNode(t);
  class Suicidal extends Actor<{ request: Ask }> {
    override handleCall(): Promise<never> {
      node.kill(this.pid);
      return new Promise(() => undefined);
    }
  }
  const pid = await node.spawn(Suicidal);
  const error = await t.throwsAsync(node.call(pid, { type: 'ask' }), {
    code: 'process-terminated',
  });
  t.is(error?.cause, 'kill');
});

test('a child may kill its parent in the middle of the callback that spawns it', async (t) => {
  const node = await quietNode(t);
  const parent = await spawnWitness(node);
  class Patricide extends Actor {
    override init(): void {
      node.kill(this.parent);
      t.is(node.processState(this.parent), 'zombie');
    }
  }
  const { promise, resolve } = Promise.withResolvers<unknown>();
  node.send(parent.pid, (self) => resolve(self.spawn(Patricide, { linkChild: true })));
  const child = (await promise) as never;
  await gone(node, parent);
  t.is(node.processState(child), 'sleep');
  t.like(parent.seen, { length: 1, 0: { reason: 'kill' } });
});

test('the node cannot be killed', async (t) => {
  const node = await quietNode(t);
  t.throws(() => node.kill(node.pid), { code: 'not-allowed', message: /stop it/ });
  t.is(node.sendExit(node.pid, 'kill'), 'not-allowed');
  t.true(node.isAlive);
});

test('a kill in the middle of many messages lets the others go on', async (t) => {
  const node = await quietNode(t);
  const handled = new Map<string, number>();
  class Count extends Actor<{ message: { name: string; kill: boolean } }> {
    override handleMessage({ name, kill }: { name: string; kill: boolean }): Next {
      handled.set(name, (handled.get(name) ?? 0) + 1);
      if (kill) node.kill(this.pid);
      return noreply;
    }
  }
  const [victim, survivor] = [await node.spawn(Count), await node.spawn(Count)];
  for (let count = 0; count < 100; count++) {
    node.send(victim, { name: 'victim', kill: count === 49 });
    node.send(survivor, { name: 'survivor', kill: false });
  }
  await waitFor('the rest', () => handled.get('survivor') === 100);
  t.is(handled.get('victim'), 50);
  t.is(node.processState(victim), 'terminated');
});
