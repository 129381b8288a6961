import {
  Actor,
  noreply,
  processName,
  TergoError,
  type ErrorCode,
  type MaybePromise,
  type Next,
  type Node,
  type Pid,
} from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { recordLog } from '../support/log-records.ts';
import { gone, holdings, holdsAgain, quietNode, spawnWitness } from '../support/witness.ts';
import { turn, waitFor, within } from '../support/wait-for.ts';

type Doomed = { message: unknown };
type Init = (self: Unborn) => MaybePromise<void>;

/** Its end is seen by nobody, as it was never up. */
class Unborn extends Actor<Doomed> {
  #t!: ExecutionContext;

  override init(t: ExecutionContext, init: Init): MaybePromise<void> {
    this.#t = t;
    return init(this);
  }

  override handleMessage(): Next {
    return this.#t.fail('no message may be handled');
  }

  override terminate(): void {
    this.#t.fail('terminate must not run');
  }
}

const name = processName<Doomed>('unborn');
const failure = new Error('cannot begin');

const failing: Readonly<
  Record<string, { init: Init; code?: ErrorCode; is?: Error; initTimeoutMs?: number }>
> = {
  throws: {
    init: () => {
      throw failure;
    },
    is: failure,
  },
  'rejects at once': { init: () => Promise.reject(failure), is: failure },
  'rejects later': {
    init: async () => {
      await turn();
      throw failure;
    },
    is: failure,
  },
  'takes too long': {
    init: () => new Promise(() => undefined),
    code: 'timeout',
    initTimeoutMs: 500,
  },
  'kills itself': {
    init: (self) => {
      self.node.kill(self.pid);
    },
    code: 'process-terminated',
  },
  'kills itself before its first await': {
    init: async (self) => {
      self.node.kill(self.pid);
      await turn();
    },
    code: 'process-terminated',
  },
  'kills itself after an await': {
    init: async (self) => {
      await turn();
      self.node.kill(self.pid);
    },
    code: 'process-terminated',
  },
  'kills itself and never settles': {
    init: (self) => {
      self.node.kill(self.pid);
      return new Promise(() => undefined);
    },
    code: 'process-terminated',
  },
};

/** Spawns, sees it fail, and that the node holds what it held before. */
async function fails(
  t: ExecutionContext,
  node: Node,
  init: Init,
  initTimeoutMs = 5000,
): Promise<Error> {
  const before = await holdings(node);
  const spawned = node.spawn(Unborn, { name, args: [t, init], initTimeoutMs });
  const error = await t.throwsAsync(within('the failure', () => spawned));
  t.is(node.whereis(name), undefined);
  await holdsAgain(node, before);
  return error as Error;
}

for (const [how, { init, code, is, initTimeoutMs = 5000 }] of Object.entries(failing)) {
  test(`an init that ${how} rejects the spawn and leaves nothing behind`, async (t) => {
    const node = await quietNode(t);
    const records = recordLog(node);
    const error = await fails(t, node, init, initTimeoutMs);
    if (is !== undefined) t.is(error, is);
    if (code !== undefined) t.is((error as TergoError).code, code);
    t.like(node.info(), { processes: 0, spawned: 1, terminated: 1, registeredNames: 0 });
    t.deepEqual(records, []);
    t.is((await spawnWitness(node, { name: 'unborn' })).pid, node.whereis(name) as never);
  });

  test(`messages to an init that ${how} are dropped, and calls rejected`, async (t) => {
    const node = await quietNode(t);
    const spawned = node.spawn(Unborn, {
      name,
      initTimeoutMs,
      args: [
        t,
        (self) => {
          self.send(self.pid, 'to itself');
          return init(self);
        },
      ],
    });
    const outcome = t.throwsAsync(spawned);
    const asked = node.processList().length === 1;
    const call = asked
      ? t.throwsAsync(node.inspect(name), { code: 'process-terminated' })
      : undefined;
    await outcome;
    await call;
    await waitFor('the dropped message', () => node.info().messagesDropped === 1);
    t.is(node.info().pendingCalls, 0);
  });

  test(`children linked to the parent end with an init that ${how}`, async (t) => {
    const node = await quietNode(t);
    let child: Pid<never> | undefined;
    let orphan: Pid<never> | undefined;
    await t.throwsAsync(
      node.spawn(Unborn, {
        initTimeoutMs,
        args: [
          t,
          async (self) => {
            ({ pid: child } = await spawnWitness(node, {
              parent: self as never,
              linkParent: true,
            }));
            ({ pid: orphan } = await spawnWitness(node, { parent: self as never }));
            return init(self);
          },
        ],
      }),
    );
    await gone(node, { pid: child as Pid<never> });
    t.is(node.processState(orphan as Pid<never>), 'sleep');
  });
}

test('the timeout of init is initTimeoutMs, and its error says what to do', async (t) => {
  const node = await quietNode(t);
  const error = await fails(t, node, () => new Promise(() => undefined), 20);
  t.true(TergoError.is(error, 'timeout'));
  t.regex(error.message, /init of Unborn took over 20 ms; raise initTimeoutMs/);
});

test('a timeout of 0 is none', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  class Slow extends Actor {
    override init(): Promise<void> {
      return promise;
    }
  }
  const spawned = node.spawn(Slow, { initTimeoutMs: 0 });
  t.is(node.info().pendingTimers, 0);
  resolve();
  t.is(node.processState(await spawned), 'sleep');
});

test('without initTimeoutMs an asynchronous init is timed all the same', async (t) => {
  const node = await quietNode(t);
  class Slow extends Actor {
    override init(): Promise<void> {
      return new Promise(() => undefined);
    }
  }
  const refused = t.throwsAsync(node.spawn(Slow), { code: 'process-terminated' });
  t.is(node.info().pendingTimers, 1);
  await node.stopForce();
  await refused;
});

test('an abandoned init that goes on can do no harm', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const after = Promise.withResolvers<readonly unknown[]>();
  const { pid } = await spawnWitness(node);
  const error = await fails(
    t,
    node,
    async (self) => {
      await promise;
      const sent = self.send(pid, () => t.fail('nothing may come'));
      const called = await self.call(pid, {} as never).catch((reason: TergoError) => reason.code);
      const spawned = await self.spawn(Unborn as never).catch((reason: TergoError) => reason.code);
      after.resolve([sent, called, spawned, self.state]);
    },
    20,
  );
  t.true(TergoError.is(error, 'timeout'));
  resolve();
  t.deepEqual(await after.promise, ['not-allowed', 'not-allowed', 'not-allowed', 'terminated']);
});

test('a killed init rejects the spawn at once, though it goes on', async (t) => {
  const node = await quietNode(t);
  const spawned = node.spawn(Unborn, { name, args: [t, () => new Promise(() => undefined)] });
  const pid = node.whereis(name) as Pid<Doomed>;
  t.is(node.processState(pid), 'init');
  const refused = t.throwsAsync(spawned, {
    code: 'process-terminated',
    message: /ended before its init was over \(kill\)/,
  });
  node.kill(pid);
  await refused;
  t.is(node.processState(pid), 'terminated');
});

test('a constructor that throws rejects the spawn and frees the name', async (t) => {
  const node = await quietNode(t);
  const before = await holdings(node);
  class Unmade extends Actor<Doomed> {
    readonly field = ((): number => {
      throw failure;
    })();
    override handleMessage(): Next {
      return noreply;
    }
    override terminate(): void {
      t.fail('there is nothing to terminate');
    }
  }
  await t.throwsAsync(node.spawn(Unmade, { name }), { is: failure });
  t.is(node.whereis(name), undefined);
  t.like(node.info(), { processes: 0, terminated: 1 });
  await holdsAgain(node, before);
});

test('a constructor may log, read the environment and know who it is', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  class Talkative extends Actor {
    readonly born = [this.pid, this.name, this.state, this.info().behaviour];
    constructor() {
      super();
      this.log.info('hello', { born: this.born });
    }
  }
  const pid = await node.spawn(Talkative, { name: 'talkative' as never });
  t.is(records.length, 1);
  t.like(records[0], { source: { pid, name: 'talkative', behaviour: 'Talkative' } });
  t.deepEqual(records[0]?.fields['born'], [pid, 'talkative', 'init', 'Talkative']);
});

test('what init throws that is no error rejects the spawn as it is', async (t) => {
  const node = await quietNode(t);
  class Odd extends Actor {
    override init(): void {
      throw 'a string';
    }
  }
  await node.spawn(Odd).then(
    () => t.fail(),
    (error: unknown) => t.is(error, 'a string'),
  );
});

test('a failing init inside a process does not end the process that spawns', async (t) => {
  const node = await quietNode(t);
  const { run, pid } = await spawnWitness(node);
  class Bad extends Actor {
    override init(): void {
      throw failure;
    }
  }
  for (const options of [{}, { linkChild: true }, { linkParent: true }]) {
    const result = await run((self) => self.spawn(Bad, options).catch((error: Error) => error));
    t.is(result, failure);
  }
  t.is(node.processState(pid), 'running');
  t.deepEqual(node.processInfo(pid).links, []);
});
