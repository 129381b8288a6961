import test from 'ava';
import {
  noreply,
  Pool,
  poolSpec,
  processName,
  replyError,
  stop,
  type Answer,
  type AnyPid,
  type Caller,
  type ProcessName,
} from 'tergo';
import { workerPlaces } from '../support/child-places.ts';
import { closeShared } from '../support/places.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  ascending,
  handPool,
  pooled,
  rounds,
  type Ask,
  type HandProtocol,
  type Self,
} from '../support/pooled.ts';
import { holdings, holdsAgain, spawnWitness } from '../support/witness.ts';

const ask = (answer: (self: Self, request: Ask) => Answer | Promise<Answer>): Ask => {
  return { type: 'ask', answer };
};
function yes(): Answer {
  return 'yes' as never;
}

const name: ProcessName<HandProtocol> = processName('crew');

test('a worker sees the original sender of a message and of a call', async (t) => {
  const pool = await pooled(t);
  const witness = await spawnWitness(pool.node);
  await witness.run((self) => void self.send(pool.pid, 'hello'));
  await pool.clock.settle();
  t.is(pool.got[0]?.from, witness.pid);
  const seen: AnyPid[] = [];
  const request = ask((self, one) => {
    seen.push(self.callerOf(one).pid);
    return stop('normal', 'bye' as never);
  });
  t.is(await witness.run((self) => self.call(pool.pid, request)), 'bye');
  t.deepEqual(seen, [witness.pid]);
});

test.after.always(closeShared);

// Answers that a test makes itself cannot travel, so other tests are of one thread.
for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;

  it(`order holds between one sender and one worker, and everything comes exactly once${place.title}`, async (t) => {
    const pool = await pooled(t, 4, {}, { place });
    const senders = await Promise.all(rounds(3).map(() => spawnWitness(pool.node)));
    await Promise.all(
      senders.map(({ run }) =>
        run(async (self) => {
          for (let i = 0; i < 500; i++) {
            self.send(pool.pid, i);
            if (i % 50 === 0) await Promise.resolve();
          }
        }),
      ),
    );
    await pool.settle();
    for (const { pid } of senders) {
      const own = pool.got.filter(({ from }) => from === pid);
      t.deepEqual(
        own.map(({ item }) => item as number).toSorted((a, b) => a - b),
        Array.from({ length: 500 }, (_, i) => i),
      );
      for (const worker of rounds(4)) {
        const items = own.filter(({ by }) => by === worker).map(({ item }) => item as number);
        t.deepEqual(
          items,
          items.toSorted((a, b) => a - b),
        );
      }
    }
  });

  it(`what comes by the name or an alias of the pool reaches a worker, split or not${place.title}`, async (t) => {
    for (const splits of [false, true]) {
      const pool = await pooled(t, 2, {}, { place, options: { name } });
      const alias = await pool.inside((self) => {
        self.splitHandle = splits;
        return self.createAlias();
      });
      const targets = [name, alias, pool.pid] as const;
      for (const to of targets) pool.node.send(to, 'x');
      await pool.settle();
      t.deepEqual(ascending(pool.got.map(({ by }) => by)), [1, 1, 2]);
      const answers = [];
      for (const to of targets) answers.push(await pool.node.call(to, { type: 'who' }));
      t.deepEqual(answers, [2, 1, 2]);
    }
  });

  it(`what a pool sends to itself, at once or later, goes to a worker unless it has priority${place.title}`, async (t) => {
    const pool = await pooled(t, 1, {}, { place });
    await pool.inside((self) => {
      self.send(self.pid, 'plain');
      self.send(self.pid, 'urgent', { priority: 'high' });
      self.sendAfter(self.pid, 'later', 10);
      self.sendAfter(self.pid, 'urgent later', 10, { priority: 'max' });
    });
    await pool.clock.advance(10);
    if (place.isThreaded) await waitFor('the timers', () => pool.got.length === 4);
    t.deepEqual(pool.got.map(({ by, item }) => `${by} ${String(item)}`).toSorted(), [
      '0 urgent',
      '0 urgent later',
      '1 later',
      '1 plain',
    ]);
  });

  it(`a sender whose own priority is high speaks to the pool${place.title}`, async (t) => {
    const pool = await pooled(t, 1, {}, { place });
    const witness = await spawnWitness(pool.node, { priority: 'high' });
    t.is(await witness.run((self) => self.call(pool.pid, { type: 'who' })), 0);
    t.is(
      await witness.run((self) => self.call(pool.pid, { type: 'who' }, { priority: 'normal' })),
      1,
    );
  });

  it(`while an asynchronous callback of the pool runs, nothing is handed on, and nothing is lost${place.title}`, async (t) => {
    const pool = await pooled(t, 2, {}, { place });
    const gate = Promise.withResolvers<void>();
    pool.node.send(pool.pid, () => gate.promise, { priority: 'high' });
    await pool.settle();
    for (let i = 0; i < 4; i++) pool.node.send(pool.pid, i);
    await pool.settle();
    t.is(pool.got.length, 0);
    gate.resolve();
    await pool.settle();
    t.is(pool.got.length, 4);
  });

  it(`a pool with a limited mailbox takes no more than that, and gives every place free again${place.title}`, async (t) => {
    const pool = await pooled(t, 2, {}, { place, options: { mailboxSize: 3 } });
    const gate = Promise.withResolvers<void>();
    pool.node.send(pool.pid, () => gate.promise, { priority: 'high' });
    await pool.settle();
    const results = rounds(4).map((i) => pool.node.send(pool.pid, i));
    t.deepEqual(results, ['ok', 'ok', 'ok', 'process-mailbox-full']);
    gate.resolve();
    await pool.settle();
    t.is(pool.got.length, 3);
    for (let i = 0; i < 10; i++) {
      t.is(pool.node.send(pool.pid, i), 'ok');
      await pool.settle();
    }
  });

  it(`a pool of pools hands on twice${place.title}`, async (t) => {
    const pool = await pooled(t, 1, {}, { place });
    const shared = Object.assign(pool, { started: 0 });
    class Inner extends Pool<HandProtocol> {
      override init() {
        return handPool(shared, { size: 2 }, place);
      }
    }
    class Outer extends Pool<HandProtocol> {
      override init() {
        return poolSpec(Inner, { size: 2 });
      }
    }
    const outer = await pool.node.spawn(Outer);
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await pool.node.call(outer, { type: 'who' }));
    t.deepEqual(answers, [1, 3, 2, 4, 1, 3, 2, 4]);
    const before = pool.population();
    pool.node.sendExit(outer, 'shutdown');
    await pool.settle();
    t.is(before - pool.population(), 7);
  });
}

test('a worker answers later, refuses, hands on or ends while it answers, as without a pool', async (t) => {
  const pool = await pooled(t, 2);
  const { node, pid } = pool;
  let later: Caller<unknown> | undefined;
  const late = node.call(
    pid,
    ask((self, request) => {
      later = self.callerOf(request);
      return noreply;
    }),
  );
  await pool.clock.settle();
  node.send(pid, (self) => void self.sendResponse(later!, 'late'));
  t.is(await late, 'late');
  const refused = node.call(
    pid,
    ask((_self, request) => replyError(request, new Error('no'))),
  );
  await t.throwsAsync(refused, { message: 'no' });
  const witness = await spawnWitness(node);
  const handed = ask((self, request) => {
    if ((self.pid as AnyPid) === witness.pid) return 'from the witness' as never;
    return self.forward(witness.pid, request as never);
  });
  t.is(await node.call(pid, handed), 'from the witness');
  await t.throwsAsync(
    node.call(
      pid,
      ask(() => noreply),
    ),
    { code: 'no-reply' },
  );
  const crash = node.call(
    pid,
    ask(() => {
      throw new Error('crash');
    }),
  );
  await t.throwsAsync(crash, { code: 'process-terminated' });
  t.is(
    await node.call(
      pid,
      ask(() => stop('normal', 'bye' as never)),
    ),
    'bye',
  );
});

test('a call that times out or is aborted on its way is not seen by a worker', async (t) => {
  const pool = await pooled(t, 1);
  const { node, pid } = pool;
  const gate = Promise.withResolvers<void>();
  // The worker is busy, then the pool is, so that calls wait at either place.
  node.send(pid, () => gate.promise);
  const before = await holdings(node);
  let seen = 0;
  const counted = ask((_self) => {
    seen += 1;
    return 'seen' as never;
  });
  for (const place of ['worker', 'pool']) {
    const abort = new AbortController();
    const poolGate = Promise.withResolvers<void>();
    if (place === 'pool') node.send(pid, () => poolGate.promise, { priority: 'high' });
    const timedOut = node.call(pid, counted, { timeoutMs: 10 });
    const aborted = node.call(pid, counted, { signal: abort.signal });
    const whenTimedOut = t.throwsAsync(timedOut, { code: 'timeout' });
    const whenAborted = t.throwsAsync(aborted, { code: 'aborted' });
    await pool.clock.advance(10);
    abort.abort();
    await Promise.all([whenTimedOut, whenAborted]);
    poolGate.resolve();
  }
  gate.resolve();
  await pool.clock.settle();
  t.is(seen, 0);
  await holdsAgain(node, before);
  t.is(await node.call(pid, counted), 'seen');
});

test('a worker that splits takes what came by the name of the pool like what comes to itself by pid', async (t) => {
  const pool = await pooled(t, 1, {}, { options: { name } });
  const addresses: string[] = [];
  const split = (self: Self): void => {
    self.splitHandle = true;
    Object.assign(self, {
      handleMessageName: () => noreply,
      handleCallName: (_request: unknown, _from: unknown, by: string) => addresses.push(by),
    });
  };
  await pool.inside((self) => void (self.splitHandle = true));
  pool.node.send(pool.pid, split);
  pool.node.send(name, 'x');
  t.is(await pool.node.call(name, { type: 'who' }), 1);
  t.deepEqual(
    pool.got.map(({ item }) => item),
    ['x'],
  );
  t.deepEqual(addresses, []);
});

test('at high priority a pool that splits has its own callbacks for names', async (t) => {
  const heard: unknown[] = [];
  const pool = await pooled(t, 1, {}, { options: { name } });
  await pool.inside((self) => {
    self.splitHandle = true;
    Object.assign(self, {
      handleMessageName: (item: unknown, _from: unknown, by: string) => {
        heard.push([item, by]);
        return noreply;
      },
    });
  });
  pool.node.send(name, 'admin', { priority: 'max' });
  await pool.clock.settle();
  t.deepEqual(heard, [['admin', 'crew']]);
});

test('an answer to a request of the pool, an exit that it traps not, and a down message are for the pool', async (t) => {
  const heard: unknown[] = [];
  const pool = await pooled(t, 1);
  const witness = await spawnWitness(pool.node);
  await pool.inside(async (self) => {
    Object.assign(self, {
      handleResponse: ({ ok }: { ok: boolean }) => heard.push(['response', ok]) && noreply,
      handleDown: ({ kind }: { kind: string }) => heard.push(['down', kind]) && noreply,
    });
    self.sendRequest(witness.pid, { type: 'ask', answer: yes });
    await self.monitor(witness.pid);
  });
  await pool.clock.settle();
  pool.node.kill(witness.pid);
  await pool.clock.settle();
  t.deepEqual(heard, [
    ['response', true],
    ['down', 'pid'],
  ]);
  pool.node.sendExit(pool.pid, 'shutdown');
  await pool.clock.settle();
  t.deepEqual(pool.ends, ['pool shutdown', '1 shutdown']);
});

test('a node that freezes messages freezes what goes through a pool', async (t) => {
  const pool = await pooled(t, 1, {}, { node: { freezeMessages: true } });
  t.is(await pool.who('key'), 1);
  pool.node.send(pool.pid, 'x');
  await pool.clock.settle();
  t.is(pool.got.length, 1);
});
