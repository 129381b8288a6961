import test from 'ava';
import {
  noreply,
  stop,
  TergoError,
  type Caller,
  type ExitReason,
  type Node,
  type Pid,
} from 'tergo';
import { inside, spawnPuppet, spawnScript, type Self } from '../support/improvise.ts';
import { holdings, holdsAgain, quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

/** What a target does when its gate opens. */
type Ending = (self: Self) => unknown;

interface Target {
  readonly pid: Pid<unknown>;
  /** Lets it go on with the callback that it is in. */
  readonly open: () => void;
  readonly taken: unknown[];
}

const error = new Error('on purpose');

/** One way in which a process ends: of itself, when its gate opens, or killed from outside. */
const ends: readonly {
  readonly title: string;
  readonly reason: ExitReason;
  readonly ending?: Ending;
}[] = [
  {
    title: 'a crash',
    reason: error,
    ending: () => {
      throw error;
    },
  },
  { title: 'a normal end', reason: 'normal', ending: () => stop('normal') },
  { title: 'a stop with an error', reason: error, ending: () => stop(error) },
  { title: 'a kill', reason: 'kill' },
];

/** A process whose first callback waits for its gate and then ends in the given way. */
async function spawnTarget(node: Node, ending: Ending | undefined): Promise<Target> {
  const gate = Promise.withResolvers<void>();
  const taken: unknown[] = [];
  const act = async (self: Self, what: unknown): Promise<unknown> => {
    taken.push(what);
    await gate.promise;
    return ending?.(self);
  };
  const pid = await spawnScript(node, { handleMessage: act, handleCall: act });
  return { pid, open: gate.resolve, taken };
}

for (const { title, reason, ending } of ends) {
  const end = (node: Node, { pid, open }: Target): void => {
    if (ending === undefined) node.kill(pid);
    else open();
  };

  test(`a call that waits in the mailbox rejects with process-terminated after ${title} of its target`, async (t) => {
    const node = await quietNode(t);
    const target = await spawnTarget(node, ending);
    node.send(target.pid, 'first');
    const caller = await spawnPuppet(node);
    const calls = await inside(node, caller, (self) => [
      self.call(target.pid, { type: 'from a process' }),
      node.call(target.pid, { type: 'from outside' }),
      node.call(target.pid, { type: 'urgent' }, { priority: 'max' }),
    ]);
    await waitFor('the first message', () => target.taken.length === 1);
    t.is(node.info().pendingCalls, 3);
    end(node, target);
    for (const call of calls) {
      const refused = await t.throwsAsync(call, { instanceOf: TergoError });
      t.is(refused.code, 'process-terminated');
      t.is(refused.cause, reason);
    }
    t.deepEqual(target.taken, ['first']);
    t.is(node.info().pendingCalls, 0);
  });

  test(`a call in hand rejects with process-terminated after ${title} of its target`, async (t) => {
    const node = await quietNode(t);
    const before = await holdings(node);
    const target = await spawnTarget(node, ending);
    const call = node.call(target.pid, { type: 'x' });
    await waitFor('the request', () => target.taken.length === 1);
    end(node, target);
    const refused = await t.throwsAsync(call, { instanceOf: TergoError });
    t.is(refused.code, 'process-terminated');
    t.true(refused.message.includes(String(target.pid)));
    t.is(refused.cause, reason);
    await holdsAgain(node, before);
  });
}

/** A process that takes the caller of each request; messages are tasks for it. */
async function spawnHolder(node: Node): Promise<{ pid: Pid<unknown>; callers: Caller<unknown>[] }> {
  const callers: Caller<unknown>[] = [];
  const pid = await spawnScript(node, {
    handleCall: (self, request) => (callers.push(self.callerOf(request)), noreply),
    handleMessage: (self, task: (self: Self) => unknown) => task(self),
  });
  return { pid, callers };
}

for (const [title, reason, end] of [
  ['crashes', error, (node: Node, pid: Pid<unknown>) => node.sendExit(pid, error)],
  ['is killed', 'kill', (node: Node, pid: Pid<unknown>) => node.kill(pid)],
] as const) {
  test(`a call that is held rejects with process-terminated when its holder ${title}`, async (t) => {
    const node = await quietNode(t);
    const { pid, callers } = await spawnHolder(node);
    const calls = [1, 2, 3].map(() => node.call(pid, { type: 'x' }));
    await waitFor('the callers', () => callers.length === 3);
    end(node, pid);
    for (const call of calls) {
      const refused = await t.throwsAsync(call, { instanceOf: TergoError });
      t.is(refused.code, 'process-terminated');
      t.is(refused.cause, reason);
    }
    t.is(node.info().pendingCalls, 0);
  });
}

test('a call that was handed on outlives the orderly end of its first holder, and another answers it', async (t) => {
  const node = await quietNode(t);
  for (const reason of ['normal', 'shutdown'] as const) {
    const { pid, callers } = await spawnHolder(node);
    const other = await spawnPuppet(node);
    const call = node.call(pid, { type: 'x' });
    const caller = await waitFor('the caller', () => callers[0]);
    node.send(pid, () => stop(reason));
    await waitFor('the end', () => node.processState(pid) === 'terminated');
    t.is(node.info().pendingCalls, 1);
    t.is(await inside(node, other, (self) => self.sendResponse(caller, 'handed on')), 'ok');
    t.is(await call, 'handed on');
  }
});

test('a call that nobody holds any more times out after the orderly end of its holder', async (t) => {
  const node = await quietNode(t);
  const { pid, callers } = await spawnHolder(node);
  const call = node.call(pid, { type: 'x' }, { timeoutMs: 500 });
  await waitFor('the caller', () => callers.length === 1);
  node.send(pid, () => stop('normal'));
  await t.throwsAsync(call, { code: 'timeout' });
  t.is(node.processState(pid), 'terminated');
});

test('terminate may answer the callers that an orderly end leaves behind', async (t) => {
  const node = await quietNode(t);
  const callers: Caller<unknown>[] = [];
  const server = await spawnScript(node, {
    handleCall: (self, request) => (callers.push(self.callerOf(request)), noreply),
    terminate: (self) => {
      for (const caller of callers) self.sendResponse(caller, 'bye');
    },
  });
  const calls = [1, 2, 3].map(() => node.call(server, { type: 'x' }));
  await waitFor('the callers', () => callers.length === 3);
  node.sendExit(server, 'shutdown');
  t.deepEqual(await Promise.all(calls), ['bye', 'bye', 'bye']);
});

test('a call whose target ends in the very turn of the call rejects', async (t) => {
  const node = await quietNode(t);
  const target = await spawnPuppet(node);
  node.send(target, () => stop('normal'));
  const calls = [1, 2, 3].map(() => node.call(target, { type: 'x' }));
  for (const call of calls) await t.throwsAsync(call, { code: 'process-terminated' });
});

test('calls pending when the node stops settle', async (t) => {
  const node = await quietNode(t);
  const { pid, callers } = await spawnHolder(node);
  const { pid: slow, taken } = await spawnTarget(node, undefined);
  const calls = [
    node.call(pid, { type: 'held' }),
    node.call(slow, { type: 'in hand' }),
    node.call(slow, { type: 'queued' }),
  ];
  const settled = Promise.allSettled(calls);
  await waitFor('the requests', () => callers.length === 1 && taken.length === 1);
  await node.stop({ timeoutMs: 1 });
  const [held, ...others] = (await settled) as PromiseRejectedResult[];
  t.true(TergoError.is(held!.reason, 'node-terminated'));
  // Told of the end of the target, or of the node, whichever is known first.
  for (const { reason } of others)
    t.regex((reason as TergoError).code, /^(process|node)-terminated$/);
});
