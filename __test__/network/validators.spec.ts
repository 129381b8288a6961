import test, { type ExecutionContext } from 'ava';
import {
  Actor,
  type FallbackMessage,
  type MaybePromise,
  type Next,
  noreply,
  processName,
  type Node,
  type NodeOptions,
  Pool,
  poolSpec,
  type PoolSpec,
  processId,
  type ProcessValidators,
  spawnName,
  startNode,
  validators,
} from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  Account,
  accountName,
  type AccountProtocol,
  additions,
  forAccounts,
  requests,
  Savings,
  schemaOf,
} from './account.ts';
import { networkNode, networkOf, showWay } from './cluster.ts';

const ACCOUNT = new URL('./account.ts', import.meta.url);
const far = processId(accountName, 'b@localhost');

interface Nodes {
  readonly a: Node;
  readonly b: Node;
}

/** Node b has the validators. */
async function nodes(
  t: ExecutionContext,
  list: readonly (ProcessValidators | URL)[],
  options: NodeOptions = {},
): Promise<Nodes> {
  const a = await networkNode('a@localhost');
  t.teardown(() => a.stopForce());
  const b = await networkNode('b@localhost', { validators: list }, options);
  t.teardown(() => b.stopForce());
  showWay(a, b);
  await a.network.connect('b@localhost');
  return { a, b };
}

const add = (by: unknown): AccountProtocol['message'] => ({ type: 'add', by }) as never;
const take = (by: unknown): { type: 'take'; by: number } => ({ type: 'take', by }) as never;

/** What holds wherever the process lives, and whatever the validators are for. */
async function holds(t: ExecutionContext, { a, b }: Nodes): Promise<void> {
  const records = recordLog(b);
  a.send(far, add(1));
  a.send(far, add('two'));
  a.send(far, add('3'));
  await a.sendImportant(far, add([4]));
  await a.sendImportant(far, add(500));
  t.deepEqual(await a.call(far, { type: 'seen' }), [1, 3, 100]);
  t.is(await a.call(far, take('7')), 7);
  const refused = await t.throwsAsync(a.call(far, take('much')), { code: 'incorrect' });
  t.regex(refused!.message, /^the request to .* the validators of \w+: by: must be a number$/);
  b.send(accountName, add('anything'));
  t.is(await b.call(accountName, take('of this node')), 'of this node' as never);
  t.deepEqual(await a.call(far, { type: 'seen' }), [1, 3, 100, 'anything']);
  await waitFor('the log', () => records.some(({ message }) => message.includes('was dropped')));
  const [told, more] = records.filter(({ message }) => message.includes('was dropped'));
  t.is(told?.level, 'warning');
  t.like(told?.fields, { name: 'account', lost: 1 });
  t.regex(String(told?.fields?.['reason']), /by: must be a number$/);
  t.false(JSON.stringify(told?.fields?.['reason']).includes('two'));
  t.true(more === undefined || (more.fields?.['lost'] as number) > 0);
}

for (const behaviour of [Account, Savings])
  test(`what another node sends to a ${behaviour.name} passes the validators of its class`, async (t) => {
    const { a, b } = await nodes(t, [forAccounts]);
    const dropped = b.info().messagesDropped;
    await b.spawn(behaviour, { name: accountName });
    await holds(t, { a, b });
    t.is(b.info().messagesDropped, dropped + 2);
  });

test('of much that does not pass one is told each second, with how many there were', async (t) => {
  const { a, b } = await nodes(t, [forAccounts]);
  await b.spawn(Account, { name: accountName });
  const records = recordLog(b);
  const before = b.info().messagesDropped;
  const told = (): unknown[] =>
    records
      .filter(({ message }) => message.includes('was dropped'))
      .map(({ fields }) => fields?.['lost']);
  const send = (): Promise<void> => a.sendImportant(far, add('much'));
  for (let count = 0; count < 20; count++) await send();
  await waitFor('the first', () => told().length > 0);
  t.true(told().length < 20, `${told().length} of 20 are told`);
  await waitFor(
    'how many followed',
    async () => {
      await send();
      return told().length > 1;
    },
    30_000,
  );
  const [first, rest] = told() as number[];
  t.is(first, 1);
  t.true(rest! > 1, `${rest} were told at once`);
  t.true(first! + rest! <= b.info().messagesDropped - before);
});

test('so it is on another thread, which imports them by URL', async (t) => {
  const both = await nodes(t, [ACCOUNT], { threads: 2, behaviors: [ACCOUNT] });
  await both.b.spawn(Account, { name: accountName, thread: 1 });
  await holds(t, both);
});

test('so it is for the process that has a name, as long as it has it', async (t) => {
  const forName = validators(accountName, { message: additions, request: requests });
  const { a, b } = await nodes(t, [forName]);
  const lent = spawnName<AccountProtocol>('account');
  b.network.enableSpawn(lent, Account);
  const pid = await a.network.node(b.name)!.spawn(lent, { name: accountName });
  await holds(t, { a, b });
  await t.throwsAsync(a.call(pid, take('by pid')), { code: 'incorrect' });
  b.unregisterName(accountName);
  t.is(await a.call(pid, take('free')), 'free' as never);
  await b.spawn(Account, { name: accountName });
  await t.throwsAsync(a.call(far, take('by name')), { code: 'incorrect' });
});

test('all that apply must pass, that of the class first: the next one gets what it made', async (t) => {
  const seen: unknown[] = [];
  const message = schemaOf((value) => {
    seen.push((value as { by: unknown }).by);
    return { value: value as AccountProtocol['message'] };
  });
  const { a, b } = await nodes(t, [validators(accountName, { message }), forAccounts]);
  await b.spawn(Account, { name: accountName });
  a.send(far, add('5'));
  a.send(far, add('no'));
  t.deepEqual(await a.call(far, { type: 'seen' }), [5]);
  t.deepEqual(seen, [5]);
});

test('a schema that throws or answers with a promise lets nothing pass, and the process lives on', async (t) => {
  const throws = schemaOf<AccountProtocol['message']>(() => {
    throw new Error('out of order');
  });
  const late = schemaOf<AccountProtocol['request']>(() => Promise.reject(new Error('never seen')));
  const { a, b } = await nodes(t, [validators(accountName, { message: throws, request: late })]);
  const records = recordLog(b);
  const pid = await b.spawn(Account, { name: accountName });
  a.send(far, add(1));
  await t.throwsAsync(a.call(far, take(1)), {
    code: 'incorrect',
    message: /only synchronous ones/,
  });
  await waitFor('the log', () => records.length > 0);
  t.regex(
    String(records.find(({ level }) => level === 'warning')?.fields?.['reason']),
    /the schema failed: out of order/,
  );
  t.deepEqual(await b.call(pid, { type: 'seen' }), []);
});

test('of a long reason, which may quote what a stranger wrote, only the beginning is told', async (t) => {
  const quoting = schemaOf<AccountProtocol['request']>(() => ({
    issues: [{ message: 'x'.repeat(100_000) }],
  }));
  const { a, b } = await nodes(t, [validators(accountName, { request: quoting })]);
  await b.spawn(Account, { name: accountName });
  const refused = await t.throwsAsync(a.call(far, take(1)), { code: 'incorrect' });
  t.regex(refused!.message, /: x{200}…$/);
});

class Accounts extends Pool<AccountProtocol> {
  override init(): PoolSpec<AccountProtocol> {
    return poolSpec(Account, { size: 1 });
  }
}

test('what comes for a pool passes its validators before it is handed on', async (t) => {
  const { a, b } = await nodes(t, [
    validators(accountName, { message: additions, request: requests }),
  ]);
  await b.spawn(Accounts, { name: accountName });
  a.send(far, add('1'));
  a.send(far, add('one'));
  t.deepEqual(await a.call(far, { type: 'seen' }), [1]);
  await t.throwsAsync(a.call(far, take('one')), { code: 'incorrect' });
});

/** Is in its first message until it is let go. */
class Busy extends Account {
  static readonly gate: PromiseWithResolvers<Next> = Promise.withResolvers();

  override handleMessage(): MaybePromise<Next> {
    return Busy.gate.promise;
  }
}

/** Waits in its first message, takes the name in the next one. */
class Late extends Account {
  static readonly gate: PromiseWithResolvers<Next> = Promise.withResolvers();

  override handleMessage(message: AccountProtocol['message']): MaybePromise<Next> {
    if (message.by === 0) return Late.gate.promise;
    if (message.by === 1) this.registerName(accountName);
    return super.handleMessage(message);
  }
}

test('what stands in the mailbox behind the message in which it takes the name passes those of the name', async (t) => {
  const { a, b } = await nodes(t, [validators(accountName, { message: additions })]);
  const lent = spawnName<AccountProtocol>('late');
  b.network.enableSpawn(lent, Late);
  const pid = await a.network.node(b.name)!.spawn(lent);
  for (const by of [0, 'free', 1, 'two', '3']) await a.sendImportant(pid, add(by));
  Late.gate.resolve(noreply);
  t.deepEqual(await a.call(pid, { type: 'seen' }), ['free', 1, 3]);
});

class Rest extends Actor<{ message: FallbackMessage }> {
  static readonly seen: unknown[] = [];

  override handleMessage({ message }: FallbackMessage): Next {
    Rest.seen.push(message);
    return noreply;
  }
}

test('what finds the mailbox full passes the validators before it goes to the fallback process', async (t) => {
  const { a, b } = await nodes(t, [forAccounts]);
  await b.spawn(Rest, { name: processName('rest') });
  const fallback = { to: processName<{ message: FallbackMessage }>('rest'), tag: 'full' };
  await b.spawn(Busy, { name: accountName, mailboxSize: 1, fallback });
  await a.sendImportant(far, add(1));
  for (const by of [2, 'three', '4', 5]) a.send(far, add(by));
  await waitFor('the last one', () => Rest.seen.some((one) => (one as { by: number }).by === 5));
  t.deepEqual(Rest.seen.slice(-2), [add(4), add(5)]);
  t.false(Rest.seen.some((one) => (one as { by: unknown }).by === 'three'));
  Busy.gate.resolve(noreply);
});

test('validators are checked by key', (t) => {
  const bad = (target: unknown, schemas: unknown, message: RegExp): void => {
    t.throws(() => validators(target as never, schemas as never), { code: 'incorrect', message });
  };
  bad(Account, { message: {} }, /^schemas\.message must be a Standard Schema/);
  bad(
    Account,
    { request: { '~standard': { version: 2, validate: () => 1 } } },
    /^schemas\.request /,
  );
  bad(Account, { message: additions, event: additions }, /^schemas\.event must be left out/);
  bad(Account, {}, /^schemas must be /);
  bad(Account, undefined, /^schemas must be /);
  bad(Map, { message: additions }, /^target must be a class/);
  bad(undefined, { message: additions }, /^target /);
  bad('', { message: additions }, /^target /);
});

test('the option is checked by key', async (t) => {
  const refused = async (
    list: unknown,
    message: RegExp,
    options: NodeOptions = {},
  ): Promise<void> => {
    const network = networkOf({ validators: list as never });
    const start = startNode('a@localhost', { log: { disableConsole: true }, ...options, network });
    await t.throwsAsync(start, { code: 'incorrect', message });
  };
  await refused({}, /^options\.network\.validators must be a list/);
  await refused(
    [forAccounts, additions],
    /^options\.network\.validators\[1\] must be what validators gives/,
  );
  await refused(['./account.ts'], /^options\.network\.validators\[0\] /);
  await refused([ACCOUNT, forAccounts], /^options\.network\.validators\[1\] must be the URL/, {
    threads: 2,
  });
  const none = new URL('./cluster.ts', import.meta.url);
  await refused(
    [none],
    /^options\.network\.validators: file:.*cluster\.ts must be a module that exports/,
  );
  const lost = new URL('./no-such-module.ts', import.meta.url);
  await refused([lost], /^options\.network\.validators: file:.*cannot be imported/);
});
