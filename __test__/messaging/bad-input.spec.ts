import test, { type ExecutionContext } from 'ava';
import {
  noreply,
  processId,
  processName,
  TergoError,
  type Messenger,
  type Node,
  type Pid,
} from 'tergo';
import { inside, logOf, spawnGated, spawnPuppet, type Self } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

/** One call of a public function with one wrong argument, which stands for `junk`. */
type Attempt<By> = (by: By, pid: Pid<unknown>, junk: never) => unknown;

/** Wrong arguments of one kind: how the message names them, and what is not one. */
interface Kind {
  readonly named: RegExp;
  readonly junk: readonly unknown[];
}

const request = { type: 'x' };
const lookAlike = { node: 'quiet@localhost', id: 1001, creation: 1 };
const noNumbers = [null, '5', Number.NaN, -1, 2 ** 32, Number.POSITIVE_INFINITY, {}, true, 5n];

const kinds = {
  to: {
    named: /^to must be a pid, a process name, a process id or an alias, but is /,
    junk: [undefined, null, 7, true, '', {}, [], lookAlike, Symbol('s'), () => 1, new Date()],
  },
  toPid: {
    named: /^to must be a pid, but is /,
    junk: [undefined, null, 7, 'name', {}, lookAlike, processId(processName('n'), 'a@b')],
  },
  pid: { named: /^pid must be a pid, but is /, junk: [undefined, null, 7, 'name', {}, lookAlike] },
  options: { named: /^options must be an object, but is /, junk: [null, 7, 'high', true, []] },
  unknownOption: { named: /^options\.priorty must be left out/, junk: [{ priorty: 'high' }] },
  priority: {
    named: /^(options\.)?priority must be 'normal'/,
    junk: [{ priority: 'urgent' }, { priority: 1 }, { priority: null }],
  },
  timeoutMs: {
    named: /^options\.timeoutMs must be a number of ms from 1 to/,
    junk: [0, ...noNumbers].map((timeoutMs) => ({ timeoutMs })),
  },
  signal: {
    named: /^options\.signal must be an AbortSignal/,
    junk: [null, 7, {}, new AbortController(), 'x'].map((signal) => ({ signal })),
  },
  important: {
    named: /^options\.important must be true or false/,
    junk: [null, 1, 'yes'].map((important) => ({ important })),
  },
  label: {
    named: /^options\.label must be a string/,
    junk: [null, 7, {}].map((label) => ({ label })),
  },
  afterMs: { named: /^afterMs must be a number of ms from 0 to/, junk: [undefined, ...noNumbers] },
  everyMs: {
    named: /^everyMs must be a number of ms from 1 to/,
    junk: [undefined, 0, ...noNumbers],
  },
  reason: {
    named: /^reason must be 'normal', 'shutdown', 'kill' or an Error, but is /,
    junk: [undefined, null, 7, 'crash', {}, true],
  },
  items: { named: /^items must be strings/, junk: [undefined, null, 7, {}] },
  flag: { named: /must be true or false, but is /, junk: [undefined, null, 1, 'yes'] },
  key: {
    named: /^name must be a non-empty string of at most 255 bytes/,
    junk: [undefined, null, 7, '', 'x'.repeat(256), 'ü'.repeat(128), {}],
  },
  nodeName: {
    named:
      /^node must be 'name@host' with one '@', both halves non-empty and without spaces, at most 255 bytes, but is /,
    junk: [undefined, null, 7, '', 'a', '@b', 'a@', 'a@b@c', 'a b@c', `a@${'x'.repeat(254)}`],
  },
} as const satisfies Record<string, Kind>;

type Table<By> = readonly (readonly [title: string, kind: keyof typeof kinds, Attempt<By>])[];

/** What a process and the node both have. */
const ofBoth: Table<Messenger & Pick<Node, 'inspect'>> = [
  ['send', 'to', (by, _pid, junk) => by.send(junk, 1 as never)],
  ['send', 'options', (by, pid, junk) => by.send(pid, 1, junk)],
  ['send', 'unknownOption', (by, pid, junk) => by.send(pid, 1, junk)],
  ['send', 'priority', (by, pid, junk) => by.send(pid, 1, junk)],
  ['sendImportant', 'to', (by, _pid, junk) => by.sendImportant(junk, 1 as never)],
  ['sendImportant', 'options', (by, pid, junk) => by.sendImportant(pid, 1, junk)],
  ['sendImportant', 'priority', (by, pid, junk) => by.sendImportant(pid, 1, junk)],
  ['sendAfter', 'to', (by, _pid, junk) => by.sendAfter(junk, 1 as never, 1)],
  ['sendAfter', 'afterMs', (by, pid, junk) => by.sendAfter(pid, 1, junk)],
  ['sendAfter', 'options', (by, pid, junk) => by.sendAfter(pid, 1, 1, junk)],
  ['sendAfter', 'unknownOption', (by, pid, junk) => by.sendAfter(pid, 1, 1, junk)],
  ['sendAfter', 'priority', (by, pid, junk) => by.sendAfter(pid, 1, 1, junk)],
  ['sendExit', 'toPid', (by, _pid, junk) => by.sendExit(junk, 'normal')],
  ['sendExit', 'reason', (by, pid, junk) => by.sendExit(pid, junk)],
  ['call', 'to', (by, _pid, junk) => by.call(junk, request as never)],
  ['call', 'options', (by, pid, junk) => by.call(pid, request, junk)],
  ['call', 'unknownOption', (by, pid, junk) => by.call(pid, request, junk)],
  ['call', 'priority', (by, pid, junk) => by.call(pid, request, junk)],
  ['call', 'timeoutMs', (by, pid, junk) => by.call(pid, request, junk)],
  ['call', 'signal', (by, pid, junk) => by.call(pid, request, junk)],
  ['call', 'important', (by, pid, junk) => by.call(pid, request, junk)],
  ['inspect', 'to', (by, _pid, junk) => by.inspect(junk)],
  ['inspect', 'items', (by, pid, junk) => by.inspect(pid, junk)],
];

const ofNode: Table<Node> = [
  ['kill', 'pid', (by, _pid, junk) => by.kill(junk)],
  ['processInfo', 'pid', (by, _pid, junk) => by.processInfo(junk)],
  ['processState', 'pid', (by, _pid, junk) => by.processState(junk)],
];

const ofProcess: Table<Self> = [
  ['sendEvery', 'to', (by, _pid, junk) => by.sendEvery(junk, 1 as never, 1)],
  ['sendEvery', 'everyMs', (by, pid, junk) => by.sendEvery(pid, 1, junk)],
  ['sendEvery', 'options', (by, pid, junk) => by.sendEvery(pid, 1, 1, junk)],
  ['sendEvery', 'priority', (by, pid, junk) => by.sendEvery(pid, 1, 1, junk)],
  ['sendExitAfter', 'toPid', (by, _pid, junk) => by.sendExitAfter(junk, 'normal', 1)],
  ['sendExitAfter', 'reason', (by, pid, junk) => by.sendExitAfter(pid, junk, 1)],
  ['sendExitAfter', 'afterMs', (by, pid, junk) => by.sendExitAfter(pid, 'normal', junk)],
  ['sendRequest', 'to', (by, _pid, junk) => by.sendRequest(junk, request as never)],
  ['sendRequest', 'options', (by, pid, junk) => by.sendRequest(pid, request, junk)],
  ['sendRequest', 'unknownOption', (by, pid, junk) => by.sendRequest(pid, request, junk)],
  ['sendRequest', 'priority', (by, pid, junk) => by.sendRequest(pid, request, junk)],
  ['sendRequest', 'timeoutMs', (by, pid, junk) => by.sendRequest(pid, request, junk)],
  ['sendRequest', 'label', (by, pid, junk) => by.sendRequest(pid, request, junk)],
  ['sendRequest', 'important', (by, pid, junk) => by.sendRequest(pid, request, junk)],
  ['forward', 'to', (by, _pid, junk) => by.forward(junk, 1 as never)],
  ['trapExit', 'flag', (by, _pid, junk) => (by.trapExit = junk)],
  ['splitHandle', 'flag', (by, _pid, junk) => (by.splitHandle = junk)],
];

const ofModule: Table<undefined> = [
  ['processName', 'key', (_by, _pid, junk) => processName(junk)],
  ['processId', 'key', (_by, _pid, junk) => processId(junk, 'a@b')],
  ['processId', 'nodeName', (_by, _pid, junk) => processId(processName('name'), junk)],
];

async function refuses<By>(
  t: ExecutionContext,
  by: By,
  pid: Pid<unknown>,
  [, kind, attempt]: Table<By>[number],
): Promise<void> {
  const { named, junk } = kinds[kind];
  for (const value of junk) {
    await t.throwsAsync(
      async () => {
        await attempt(by, pid, value as never);
      },
      { instanceOf: TergoError, code: 'incorrect', message: named },
    );
  }
}

/** Runs the attempts of a table inside of a process. */
async function refusesInside(
  t: ExecutionContext,
  node: Node,
  pid: Pid<unknown>,
  row: Table<Self>[number],
): Promise<void> {
  const puppet = await spawnPuppet(node);
  const done = Promise.withResolvers<void>();
  node.send(puppet, async (self: Self) => {
    await refuses(t, self, pid, row).then(done.resolve, done.reject);
    return noreply;
  });
  await done.promise;
}

/** What a refused call must leave behind: nothing. */
async function leavesNothing(
  t: ExecutionContext,
  attempt: (node: Node, pid: Pid<unknown>) => Promise<void>,
): Promise<void> {
  const node = await quietNode(t);
  const records = logOf(node);
  const { pid, got } = await spawnGated(node);
  await attempt(node, pid);
  const { pendingCalls, pendingTimers } = node.info();
  t.deepEqual([pendingCalls, pendingTimers, node.processInfo(pid).mailbox], [0, 0, 0]);
  t.deepEqual([got, records], [[], []]);
  t.is(node.processState(pid), 'running');
}

for (const row of [...ofBoth, ...ofNode]) {
  test(`node.${row[0]} names a wrong ${row[1]}`, async (t) => {
    await leavesNothing(t, (node, pid) => refuses(t, node, pid, row));
  });
}

for (const row of [...ofBoth, ...ofProcess]) {
  test(`process.${row[0]} names a wrong ${row[1]}`, async (t) => {
    await leavesNothing(t, (node, pid) => refusesInside(t, node, pid, row));
  });
}

for (const row of ofModule) {
  test(`${row[0]} names a wrong ${row[1]}`, async (t) => {
    await refuses(t, undefined, undefined as never, row);
  });
}

test('what cannot be frozen is refused by every send, and takes no place in a limited mailbox', async (t) => {
  const node = await quietNode(t, { freezeMessages: true });
  const { pid, got, open } = await spawnGated(node, { mailboxSize: 1 });
  const puppet = await spawnPuppet(node);
  const bytes = { type: 'x', deep: [new Uint8Array(1)] };
  const refused = { code: 'incorrect', message: /^message\.deep\.0 cannot be frozen/ };
  const sends: readonly ((by: Self) => unknown)[] = [
    (by) => by.send(pid, bytes),
    (by) => by.sendImportant(pid, bytes),
    (by) => by.sendAfter(pid, bytes, 1),
    (by) => by.sendEvery(pid, bytes, 1),
    (by) => by.call(pid, bytes),
    (by) => by.sendRequest(pid, bytes),
  ];
  for (const send of sends) {
    await t.throwsAsync(async () => {
      const [result] = await inside(node, puppet, (self) => [send(self)]);
      await result;
    }, refused);
  }
  t.deepEqual([node.info().pendingCalls, node.info().pendingTimers], [0, 0]);
  t.is(node.send(pid, 'fits'), 'ok');
  t.is(node.send(pid, 'does not'), 'process-mailbox-full');
  open();
  await waitFor('the message', () => got.length > 0);
  t.deepEqual(got, ['fits']);
});

test('a process id that is a literal is named in errors, and so is what a node without a network lacks', async (t) => {
  const node = await quietNode(t);
  const request = { type: 'x' } as never;
  await t.throwsAsync(node.call({ name: 'nobody', node: node.name }, request), {
    code: 'name-unknown',
    message: `<'nobody'@'${node.name}'>: no process has this name`,
  });
  await t.throwsAsync(node.call({ name: 'till', node: 'shop@localhost' }, request), {
    code: 'no-connection',
    message: /^<'till'@'shop@localhost'>: .*startNode was not given the option network$/,
  });
});
